//! `salus plan members`: who is covered, as the events tell it.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::plans;
use crate::output::{progress, table, through_blocks, Report};
use crate::values::{period_json, show_account, show_day};
use salus_client::Located;
use salus_domain::ids::PlanId;
use salus_interface::claims::{CoverageEnded, Enrolment, MembersCovered};
use serde_json::json;

/// Lists a plan's coverages, the latest of each member last.
///
/// # Errors
/// [`Failure`].
pub(super) async fn members(global: &GlobalOptions, plan: PlanId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    plans::plan(&suite, plan).await?;
    let covered = covered(&through_blocks(plans::events(&suite, progress())).await?, plan);
    let mut rows = vec![["member", "from", "until", "terms", "family of", "pays"].map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for (version, it) in &covered {
        let family = match it.subscriber == it.member {
            true => String::new(),
            false => name(&directory, it.subscriber.as_ref()),
        };
        let pays = if it.secondary { "second" } else { "first" };
        let period = [it.period.start, it.period.end].map(show_day);
        let [from, until] = period;
        rows.push(vec![
            name(&directory, it.member.as_ref()),
            from,
            until,
            version.to_string(),
            family,
            pays.to_owned(),
        ]);
        list.push(json!({
            "member": show_account(it.member.as_ref()),
            "subscriber": show_account(it.subscriber.as_ref()),
            "secondary": it.secondary,
            "version": version,
            "period": period_json(it.period),
        }));
    }
    let report = Report::default().field("plan", plan.0).field("members", list);
    Ok(match covered.is_empty() {
        true => report.line(format!("nobody was ever covered under plan {}", plan.0)),
        false => report.lines(table(&rows, &[0, 1, 2, 4, 5])),
    })
}

/// The coverages of a plan with the version of their terms, in the order in which they were made.
fn covered(events: &[Located], plan: PlanId) -> Vec<(u32, Enrolment)> {
    let mut covered: Vec<(u32, Enrolment)> = Vec::new();
    for Located { event, .. } in events {
        if let Some(made) = event.decode::<MembersCovered>().filter(|made| made.plan == plan) {
            covered.extend(made.enrolments.into_iter().map(|enrolment| (made.version, enrolment)));
        } else if let Some(ended) = event.decode::<CoverageEnded>().filter(|ended| ended.plan == plan) {
            let is_it =
                |it: &Enrolment| it.member == ended.member && it.period.start < ended.end && ended.end < it.period.end;
            if let Some((_, it)) = covered.iter_mut().rev().find(|(_, it)| is_it(it)) {
                it.period.end = ended.end;
            }
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::located;
    use salus_domain::time::{Period, Timestamp};

    fn enrolled(member: u8, start: u64, end: u64) -> Enrolment {
        let period = Period { start: Timestamp(start), end: Timestamp(end) };
        Enrolment { member: [member; 32].into(), subscriber: [member; 32].into(), period, secondary: false }
    }

    #[test]
    fn a_coverage_that_was_ended_early_is_told_with_its_new_end() {
        let (plan, version) = (PlanId(0), 2);
        let enrolments = vec![enrolled(1, 0, 10), enrolled(1, 10, 20), enrolled(2, 0, 20)];
        let events = [
            located(&MembersCovered { plan, version, enrolments }),
            located(&MembersCovered { plan: PlanId(1), version, enrolments: vec![enrolled(3, 0, 9)] }),
            located(&CoverageEnded { plan, member: [1; 32].into(), end: Timestamp(15) }),
        ];
        let ends: Vec<_> = covered(&events, plan).iter().map(|(_, it)| it.period.end.0).collect();
        assert_eq!(ends, [10, 15, 20]);
    }
}
