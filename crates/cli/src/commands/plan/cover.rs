//! `salus plan cover`, `end-coverage` and `coverage`.

use crate::batches::watch;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::found::{in_files, Resource};
use crate::operations::orders::name;
use crate::operations::plans::enrolment::{self, Covered};
use crate::operations::{account_of, Suite};
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use crate::values::{self, period_json, show_account, show_period, show_time};
use salus_client::rules::Rule;
use salus_client::{ink_account, Token};
use salus_domain::ids::PlanId;
use salus_domain::time::Timestamp;
use salus_fhir::coverage::{coverages_of, CompiledCoverage};
use salus_interface::claims::{Enrolment, MAX_BATCH};
use serde_json::{json, Value};
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus plan cover 0 samples/coverage.json --directory samples/directory.json --suri //Eve
  salus plan cover 0 members/ more.json --until 2027-01-01T00:00:00Z --directory directory.json --suri //Eve

The insurer's. Files are FHIR R4 Coverages, and Bundles with any number of them; of a folder, the .json files in it. A file has at most
8 MiB; there may be any number of them. A coverage that is
longer than a year is made year by year. Members with the same subscriber, whose coverages begin at the same time, share the
family's limits; an order above 1 says that another insurer pays first.

All files are read first: where one cannot be used, that is said of each, and nobody is covered. Of a Bundle, a history, an entry that
deletes and a Bundle within it cannot be used; where more than 1000 of one Bundle cannot, what follows in it is not read. Then
members are covered in batches of 100; one who is refused does not keep the others back, and it then ends with 3. Doing it again, also after it broke off, changes
nothing for those who are covered. Ctrl-C ends it once the batch that is under way is done.

JSON: dryRun, plan, covered, before (covered just so already), coverages [{member, subscriber, secondary, period {start, end}}], refused
[{member, period, code, rule, nextStep}], evidence|forecast (a list: one for each batch), brokenOff {code, rule, nextStep, message} where a
later batch failed, passedOver [{file, holds}] (files of folders that are about something else). Where documents cannot be used:
dryRun, plan, covered: 0, documents [{name, file, code, rule, nextStep, message}], error (the first of them), passedOver.";

/// Who is covered.
#[derive(Clone, Debug, clap::Args)]
pub struct CoverOptions {
    /// The plan's number
    plan: u32,
    /// FHIR R4 Coverages, Bundles of them, or folders
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// When a coverage ends that does not say so itself (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    until: Option<Timestamp>,
}

/// Covers members.
///
/// # Errors
/// [`Failure`].
pub(super) async fn cover(global: &GlobalOptions, options: &CoverOptions) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let found = in_files(&options.files, coverages_of);
    let enrolments = match enrolments(global, options, found.resources)? {
        Ok(enrolments) => enrolments,
        Err(refused) => return Ok(refused.passed_over(&found.passed_over)),
    };
    let suite = global.suite().await?;
    let (plan, all) = (PlanId(options.plan), enrolments.len());
    let go_on = watch(all, MAX_BATCH);
    let covered = enrolment::cover(&suite, &insurer, plan, enrolments.clone(), global.dry_run, go_on).await;
    let report = told(global, &suite, options.plan, all, covered)?;
    let list: Vec<Value> = enrolments.iter().map(enrolment_json).collect();
    Ok(report.field("plan", options.plan).field("coverages", list).passed_over(&found.passed_over))
}

/// The enrolments that the files state; or what is wrong with them, file by file.
fn enrolments(
    global: &GlobalOptions,
    options: &CoverOptions,
    found: Vec<Resource<CompiledCoverage>>,
) -> Result<Result<Vec<Enrolment>, Report>, Failure> {
    let (insurer, directory) = (account_of(&global.signer()?), global.directory()?);
    let is_one = found.len() == 1;
    let mut wrong: Vec<(String, String, Failure)> = Vec::new();
    let mut enrolments = Vec::new();
    for Resource { name, file, compiled } in found {
        match compiled.and_then(|it| enrolment::of(&file, &it, &directory, &insurer, options.until)) {
            Ok(own) => enrolments.extend(own),
            Err(error) => wrong.push((name, file, error.into())),
        }
    }
    if wrong.is_empty() && enrolments.is_empty() {
        return Err(Failure::input("input.coverage", "the files hold no Coverage", "name others"));
    }
    let Some((_, _, first)) = wrong.first() else { return Ok(Ok(enrolments)) };
    // One file that cannot be used is a failure like any other.
    if is_one {
        return Err(first.clone());
    }
    let report = Report::default().field("error", first.json()).field("plan", options.plan);
    let mut report = report.line(format!("{} documents cannot be used: nobody was covered", wrong.len()));
    let mut list = Vec::new();
    for (name, file, failure) in wrong {
        // The message of a document begins with its file.
        let named = if name == file { String::new() } else { format!("{name}: ") };
        report = report.line(format!("  {named}{}\n    next: {}", failure.message, failure.next_step));
        let mut json = failure.json();
        (json["name"], json["file"]) = (name.into(), file.into());
        list.push(json);
    }
    Ok(Err(report.field("dryRun", global.dry_run).field("covered", 0).field("documents", list).exit(Exit::Input)))
}

fn told(global: &GlobalOptions, suite: &Suite, plan: u32, all: usize, covered: Covered) -> Result<Report, Failure> {
    let token: &Token = suite.chain.token();
    let stopped = covered.stopped.map(Failure::from);
    let is_nothing = covered.covered == 0 && covered.before == 0 && covered.refused.is_empty();
    let stopped = match stopped {
        Some(failure) if is_nothing => return Err(failure),
        stopped => stopped,
    };
    let count = covered.covered;
    let report = match global.dry_run {
        true => Report::default().planned(&format!("make {count} of {all} coverages under plan {plan}")),
        false => Report::default().done(&format!("{count} of {all} coverages made under plan {plan}")),
    };
    let before = Some(covered.before).filter(|before| *before > 0);
    let report = report
        .lines(before.map(|before| format!("  {before} were there just so already")))
        .lines(covered.evidence.iter().map(|it| evidence_line(it, token)).collect::<Vec<_>>())
        .lines(
            covered
                .forecasts
                .iter()
                .map(|(cost, fee)| format!("  {}", cost_line(*cost, *fee, token)))
                .collect::<Vec<_>>(),
        );
    let mut refused = Vec::new();
    let mut lines = Vec::new();
    for (enrolment, error) in &covered.refused {
        let failure = Failure::from(salus_client::CallError::Refused(*error));
        let (member, period) = (enrolment::member(enrolment), enrolment.period);
        lines.push(format!("  {member} {}: REFUSED, {}", show_period(period), error.rule()));
        lines.push(format!("    next: {}", failure.next_step));
        let mut json = failure.json();
        (json["member"], json["period"]) = (member.to_string().into(), period_json(period));
        refused.push(json);
    }
    let exit = if refused.is_empty() { Exit::Done } else { Exit::Refused };
    let (proof, proofs): (_, Vec<Value>) = match global.dry_run {
        true => ("forecast", covered.forecasts.iter().map(|(cost, fee)| forecast_json(*cost, *fee)).collect()),
        false => ("evidence", covered.evidence.iter().map(evidence_json).collect()),
    };
    let report = report
        .lines(lines)
        .field("covered", count)
        .field("before", covered.before)
        .field("refused", refused)
        .field(proof, proofs)
        .exit(exit);
    Ok(report.broken_off(stopped.as_ref()))
}

fn enrolment_json(enrolment: &Enrolment) -> Value {
    json!({
        "member": show_account(enrolment.member.as_ref()),
        "subscriber": show_account(enrolment.subscriber.as_ref()),
        "secondary": enrolment.secondary,
        "period": period_json(enrolment.period),
    })
}

/// Ends a coverage early.
///
/// # Errors
/// [`Failure`].
pub(super) async fn end_coverage(
    global: &GlobalOptions,
    plan: PlanId,
    member: &str,
    at: Timestamp,
) -> Result<Report, Failure> {
    let (insurer, member) = (global.signer()?, global.account(member)?);
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.claims().end_coverage(plan, ink_account(&member), at);
    let carried = global.carry_out(&chain, &insurer, &message).await?;
    let end = show_time(at).unwrap_or_default();
    let would = format!("end the coverage of {member} under plan {} at {end}", plan.0);
    let did = format!("the coverage of {member} under plan {} ends at {end}", plan.0);
    let report = carried.report(chain.token(), &would, &did).field("plan", plan.0);
    Ok(report.field("member", member.to_string()).field("end", end))
}

/// Shows a member's coverages.
///
/// # Errors
/// [`Failure`].
pub(super) async fn coverage(global: &GlobalOptions, plan: PlanId, member: &str) -> Result<Report, Failure> {
    let (member, directory) = (global.account(member)?, global.directory()?);
    let suite = global.suite().await?;
    crate::operations::plans::plan(&suite, plan).await?;
    let coverages = suite.deployment.claims().coverages(plan, ink_account(&member)).read(&suite.chain).await?;
    let mut list = Vec::new();
    let mut report = match coverages.is_empty() {
        true => Report::default().line(format!("{member} was never covered under plan {}", plan.0)),
        false => Report::default().line(format!("{member} under plan {}", plan.0)),
    };
    for it in &coverages {
        let second = if it.secondary { "; another insurer pays first" } else { "" };
        let family = match ink_account(&member) == it.subscriber {
            true => String::new(),
            false => format!("; in the family of {}", name(&directory, it.subscriber.as_ref())),
        };
        report = report.line(format!("  {}, terms {}{family}{second}", show_period(it.period), it.version));
        list.push(json!({
            "period": period_json(it.period),
            "subscriber": show_account(it.subscriber.as_ref()),
            "secondary": it.secondary,
            "version": it.version,
        }));
    }
    Ok(report.field("plan", plan.0).field("member", member.to_string()).field("coverages", list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_the_size_that_files_have_at_most() {
        assert!(HELP.contains(&format!("{} MiB", salus_fhir::MAX_DOCUMENT >> 20)));
    }
}
