//! Covering members in bulk, by their FHIR Coverages.

use crate::operations::documents::{ensure_is_one_of, resolve};
use crate::operations::{OperationError, Suite};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use salus_client::{client_account, ink_account, AccountId32, CallError, ClientError, Cost, Evidence, Keypair};
use salus_domain::ids::PlanId;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::coverage::{years, CompiledCoverage};
use salus_fhir::directory::Directory;
use salus_interface::claims::{ClaimsError, Coverage, Enrolment, MAX_BATCH, MAX_COVERAGES};
use std::collections::VecDeque;

/// How many members' coverages are read at the same time.
const AT_ONCE: usize = 16;

/// The enrolments of a FHIR Coverage of a file, whose payor is `insurer`, one for each year. `until` is when a coverage ends that
/// does not say so itself.
///
/// # Errors
/// [`OperationError::UnknownReference`], [`OperationError::WrongParty`],
/// [`OperationError::OpenCoverage`], [`OperationError::EmptyCoverage`], [`OperationError::TooManyYears`].
pub fn of(
    file: &str,
    compiled: &CompiledCoverage,
    directory: &Directory,
    insurer: &AccountId32,
    until: Option<Timestamp>,
) -> Result<Vec<Enrolment>, OperationError> {
    ensure_is_one_of(file, directory, "Coverage.payor", &compiled.payor, std::slice::from_ref(insurer))?;
    let member = resolve(file, directory, "Coverage.beneficiary", &compiled.member)?;
    let subscriber = resolve(file, directory, "Coverage.subscriber", &compiled.subscriber)?;
    let file = || file.to_owned();
    let end = match (compiled.period.end, until) {
        (Timestamp::MAX, Some(until)) => until,
        (Timestamp::MAX, None) => {
            let next = "state it there, or give the end of all that have none (--until)";
            return Err(OperationError::OpenCoverage { file: file(), side: "end", next });
        }
        (end, _) => end,
    };
    if compiled.period.start == Timestamp::MIN {
        let next = "state it there: annual limits count from it on";
        return Err(OperationError::OpenCoverage { file: file(), side: "start", next });
    }
    let years = years(Period { end, ..compiled.period }, end).unwrap_or_default();
    match years.len() {
        0 => return Err(OperationError::EmptyCoverage { file: file() }),
        1..=MAX_COVERAGES => {}
        _ => return Err(OperationError::TooManyYears { file: file(), limit: MAX_COVERAGES }),
    }
    let (member, subscriber) = (ink_account(&member), ink_account(&subscriber));
    let secondary = compiled.is_secondary();
    Ok(years.into_iter().map(|period| Enrolment { member, subscriber, period, secondary }).collect())
}

/// What became of enrolments.
#[derive(Debug, Default)]
pub struct Covered {
    /// How many are covered by this.
    pub covered: usize,
    /// How many were covered before, just so.
    pub before: usize,
    /// Who was refused, and by what rule.
    pub refused: Vec<(Enrolment, ClaimsError)>,
    /// Where each batch stands on the chain.
    pub evidence: Vec<Evidence>,
    /// In a dry run, what each batch would need, and the fee.
    pub forecasts: Vec<(Cost, u128)>,
    /// Why it was not brought to its end. Doing it again is harmless.
    pub stopped: Option<OperationError>,
}

/// Covers members, as many in each transaction as one takes. Doing it again, also after it broke off, changes nothing for those
/// who are covered. `go_on` is told how many are done, and answers whether to go on: where it does not, why it
/// stopped is [`OperationError::Interrupted`]. In a dry run nothing is submitted.
pub async fn cover(
    suite: &Suite,
    insurer: &Keypair,
    plan: PlanId,
    mut enrolments: Vec<Enrolment>,
    dry_run: bool,
    mut go_on: impl FnMut(usize) -> bool,
) -> Covered {
    // A member's coverages are made in their order.
    enrolments.sort_by_key(|enrolment| enrolment.period.start);
    let mut covered = Covered::default();
    let mut queue: VecDeque<Vec<Enrolment>> = enrolments.chunks(MAX_BATCH).map(<[_]>::to_vec).collect();
    while let Some(batch) = queue.pop_front() {
        match covered.some(suite, insurer, plan, batch, dry_run).await {
            Ok(rest) => rest.into_iter().rev().for_each(|batch| queue.push_front(batch)),
            Err(error) => {
                covered.stopped = Some(error);
                break;
            }
        }
        if !go_on(covered.covered + covered.before + covered.refused.len()) && !queue.is_empty() {
            covered.stopped = Some(OperationError::Interrupted);
            break;
        }
    }
    covered
}

impl Covered {
    /// Covers a batch, or says what is left of it.
    async fn some(
        &mut self,
        suite: &Suite,
        insurer: &Keypair,
        plan: PlanId,
        batch: Vec<Enrolment>,
        dry_run: bool,
    ) -> Result<Vec<Vec<Enrolment>>, OperationError> {
        let message = suite.deployment.claims().cover(plan, &batch);
        let error = if dry_run {
            let forecast = message.forecast(&suite.chain, insurer).await;
            forecast.map(|forecast| self.forecasts.push((forecast.cost, forecast.fee))).err()
        } else {
            let executed = message.submit(&suite.chain, insurer).await;
            executed.map(|executed| self.evidence.push(executed.evidence)).err()
        };
        match (error, batch.as_slice()) {
            (None, _) => {
                self.covered += batch.len();
                Ok(Vec::new())
            }
            (Some(CallError::Refused(ClaimsError::AlreadyCovered)), _) => self.not_before(suite, plan, batch).await,
            (Some(CallError::Refused(error)), [one]) if is_about_one(error) => {
                self.refused.push((*one, error));
                Ok(Vec::new())
            }
            (Some(CallError::Refused(error)), several) if several.len() > 1 && is_about_one(error) => Ok(halves(batch)),
            (Some(CallError::Client(ClientError::Trapped { .. })), several) if several.len() > 1 => Ok(halves(batch)),
            (Some(error), _) => Err(error.into()),
        }
    }

    /// The batch without those who are covered just so.
    async fn not_before(
        &mut self,
        suite: &Suite,
        plan: PlanId,
        batch: Vec<Enrolment>,
    ) -> Result<Vec<Vec<Enrolment>>, OperationError> {
        let held = batch.iter().map(|enrolment| async move {
            let held = suite.deployment.claims().coverages(plan, enrolment.member).read(&suite.chain).await?;
            Ok::<_, OperationError>((enrolment, held))
        });
        let held: Vec<(&Enrolment, Vec<Coverage>)> = stream::iter(held).buffered(AT_ONCE).try_collect().await?;
        let is_there = |held: &[Coverage], enrolment| held.iter().any(|coverage| is_it(coverage, enrolment));
        let rest = held.iter().filter(|(enrolment, held)| !is_there(held, enrolment));
        let rest: Vec<Enrolment> = rest.map(|(enrolment, _)| **enrolment).collect();
        self.before += batch.len() - rest.len();
        Ok(match rest.as_slice() {
            [] => Vec::new(),
            [one] if rest.len() == batch.len() => {
                self.refused.push((*one, ClaimsError::AlreadyCovered));
                Vec::new()
            }
            _ if rest.len() == batch.len() => halves(rest),
            _ => vec![rest],
        })
    }
}

/// Whether it is one member that a batch was refused for.
const fn is_about_one(error: ClaimsError) -> bool {
    matches!(
        error,
        ClaimsError::AlreadyCovered
            | ClaimsError::EmptyPeriod
            | ClaimsError::PeriodTooLong
            | ClaimsError::TooManyCoverages
    )
}

fn halves(mut batch: Vec<Enrolment>) -> Vec<Vec<Enrolment>> {
    let second = batch.split_off(batch.len() / 2);
    vec![batch, second]
}

fn is_it(coverage: &Coverage, enrolment: &Enrolment) -> bool {
    (coverage.period, coverage.subscriber, coverage.secondary)
        == (enrolment.period, enrolment.subscriber, enrolment.secondary)
}

/// The member of an enrolment.
#[must_use]
pub fn member(enrolment: &Enrolment) -> AccountId32 {
    client_account(enrolment.member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{show_day, time};
    use salus_domain::ids::Account;
    use salus_fhir::coverage::compile;
    use serde_json::json;

    const INSURER: [u8; 32] = [3; 32];

    fn directory() -> Directory {
        let people = [("Patient/rosa", [1; 32]), ("Patient/juan", [2; 32]), ("Organization/unity", INSURER)];
        people.into_iter().map(|(name, account)| (name.to_owned(), Account(account))).collect()
    }

    fn coverage(start: &str, end: &str) -> serde_json::Value {
        let mut period = json!({});
        for (name, date) in [("start", start), ("end", end)].into_iter().filter(|(_, date)| !date.is_empty()) {
            period[name] = date.into();
        }
        json!({
            "resourceType": "Coverage",
            "status": "active",
            "order": 2,
            "subscriber": { "reference": "Patient/juan" },
            "beneficiary": { "reference": "Patient/rosa" },
            "payor": [{ "reference": "Organization/unity" }],
            "period": period,
        })
    }

    fn enrolled(start: &str, end: &str, until: Option<&str>) -> Result<Vec<Enrolment>, OperationError> {
        let refused = |refused| OperationError::Document { file: "coverage.json".into(), refused };
        let compiled = compile(coverage(start, end).to_string().as_bytes()).map_err(refused)?;
        let until = until.and_then(|until| time(until).ok());
        of("coverage.json", &compiled, &directory(), &AccountId32(INSURER), until)
    }

    #[test]
    fn a_coverage_of_years_is_one_for_each_year_of_the_same_family() -> Result<(), OperationError> {
        let enrolments = enrolled("2027-03-15", "2029-04-30", None)?;
        let days: Vec<_> = enrolments.iter().map(|it| [it.period.start, it.period.end].map(show_day)).collect();
        assert_eq!(days, [["2027-03-15", "2028-03-15"], ["2028-03-15", "2029-03-15"], ["2029-03-15", "2029-05-01"]]);
        assert!(enrolments
            .iter()
            .all(|it| it.secondary && it.subscriber == [2; 32].into() && it.member == [1; 32].into()));
        Ok(())
    }

    #[test]
    fn an_open_coverage_needs_an_end_and_one_without_a_start_is_refused() -> Result<(), OperationError> {
        let open = enrolled("2027-01-01", "", None);
        assert!(matches!(open, Err(OperationError::OpenCoverage { side: "end", .. })), "{open:?}");
        assert_eq!(enrolled("2027-01-01", "", Some("2029-01-01T00:00:00Z"))?.len(), 2);
        let endless = enrolled("", "2029-01-01", None);
        assert!(matches!(endless, Err(OperationError::OpenCoverage { side: "start", .. })), "{endless:?}");
        Ok(())
    }

    #[test]
    fn a_coverage_that_ends_before_it_begins_or_of_too_many_years_is_refused() {
        let empty = enrolled("2027-01-01", "", Some("2026-01-01T00:00:00Z"));
        assert!(matches!(empty, Err(OperationError::EmptyCoverage { .. })), "{empty:?}");
        let long = enrolled("2027-01-01", "2099-01-01", None);
        assert!(matches!(long, Err(OperationError::TooManyYears { limit: MAX_COVERAGES, .. })), "{long:?}");
    }
}
