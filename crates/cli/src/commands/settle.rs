//! `salus claim settle`: one claim by a message of its own, several in batches.

use crate::context::{Carried, GlobalOptions};
use crate::failure::{Exit, Failure};
use crate::operations::Suite;
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use salus_client::message::Executed;
use salus_client::rules::Rule;
use salus_client::{CallError, Token};
use salus_domain::ids::ClaimId;
use salus_domain::money::Amount;
use salus_interface::claims::{ClaimSettled, ClaimsError, MAX_BATCH};
use serde_json::{json, Value};

/// What became of the claims.
#[derive(Default)]
struct Settlement {
    settled: Vec<(ClaimId, Amount)>,
    refused: Vec<(ClaimId, ClaimsError)>,
}

/// Settles claims.
///
/// # Errors
/// [`Failure`]; of several claims, those that are refused are a part of the report, which then ends with
/// [`Exit::Refused`].
pub async fn run(global: &GlobalOptions, claims: &[ClaimId]) -> Result<Report, Failure> {
    let claims = unique(claims);
    match claims.as_slice() {
        [claim] => one(global, *claim).await,
        several => batches(global, several).await,
    }
}

/// Each claim once, in order: the same claim twice is one claim.
fn unique(claims: &[ClaimId]) -> Vec<ClaimId> {
    let mut unique: Vec<ClaimId> = Vec::with_capacity(claims.len());
    for claim in claims {
        if !unique.contains(claim) {
            unique.push(*claim);
        }
    }
    unique
}

async fn one(global: &GlobalOptions, claim: ClaimId) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let carried = global.carry_out(&chain, &signer, &deployment.claims().settle(claim)).await?;
    let amount = match &carried {
        Carried::Planned(forecast) => forecast.value,
        Carried::Done(executed) => executed.event::<ClaimSettled>()?.amount,
    };
    let shown = chain.token().show(amount.0);
    let (would, did) = (
        format!("settle claim {} by paying {shown} to its provider", claim.0),
        format!("claim {} is settled: {shown} are paid to its provider", claim.0),
    );
    let report = carried.report(chain.token(), &would, &did);
    // A list, as for several claims.
    let report = match &carried {
        Carried::Planned(forecast) => report.field("forecast", vec![forecast_json(forecast.cost, forecast.fee)]),
        Carried::Done(executed) => report.field("evidence", vec![evidence_json(&executed.evidence)]),
    };
    let settlement = Settlement { settled: vec![(claim, amount)], refused: Vec::new() };
    Ok(settlement.fields(report))
}

async fn batches(global: &GlobalOptions, claims: &[ClaimId]) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let token = chain.token();
    let mut settlement = Settlement::default();
    let (mut proofs, mut details) = (Vec::new(), Vec::new());
    let mut broken_off = None;
    for batch in claims.chunks(MAX_BATCH) {
        let message = deployment.claims().settle_batch(batch);
        match global.carry_out(&chain, &signer, &message).await {
            Ok(Carried::Planned(forecast)) => {
                settlement.add(batch, &forecast.value, None);
                proofs.push(forecast_json(forecast.cost, forecast.fee));
                details.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
            }
            Ok(Carried::Done(executed)) => {
                settlement.add(batch, &executed.forecast, Some(&paid(&executed)));
                proofs.push(evidence_json(&executed.evidence));
                details.push(evidence_line(&executed.evidence, token));
            }
            // What was settled before is settled: it is told, and then what broke off.
            Err(failure) if !proofs.is_empty() => {
                broken_off = Some(failure);
                break;
            }
            Err(failure) => return Err(failure),
        }
    }
    let count = settlement.settled.len();
    let total = token.show(settlement.total().0);
    let report = match global.dry_run {
        true => Report::default().planned(&format!("settle {count} of {} claims by paying {total}", claims.len())),
        false => Report::default().done(&format!("{count} of {} claims settled: {total} paid", claims.len())),
    };
    let report = report.lines(details).lines(settlement.lines(token));
    let report = report.field(if global.dry_run { "forecast" } else { "evidence" }, proofs);
    let report = settlement.fields(report);
    Ok(match broken_off {
        Some(failure) => report
            .line(format!("broke off: {}\n  next: {}", failure.message, failure.next_step))
            .field("brokenOff", json!({ "code": failure.code, "message": failure.message }))
            .exit(failure.exit),
        None => report,
    })
}

/// What the events say was paid: they are the truth where others came in between.
fn paid<T>(executed: &Executed<T>) -> Vec<(ClaimId, Amount)> {
    let events = executed.events.iter().filter_map(|event| event.decode::<ClaimSettled>());
    events.map(|event| (event.claim, event.amount)).collect()
}

impl Settlement {
    /// Adds a batch: by what was paid, where it is known, else by the answers.
    fn add(&mut self, batch: &[ClaimId], answers: &[Result<Amount, ClaimsError>], paid: Option<&[(ClaimId, Amount)]>) {
        for (claim, answer) in batch.iter().zip(answers) {
            let paid = paid.map(|paid| paid.iter().find(|(other, _)| other == claim).map(|(_, amount)| *amount));
            match (paid, answer) {
                (Some(Some(amount)), _) => self.settled.push((*claim, amount)),
                (None, Ok(amount)) => self.settled.push((*claim, *amount)),
                (_, Err(error)) => self.refused.push((*claim, *error)),
                // Somebody else settled it just before.
                (Some(None), Ok(_)) => self.refused.push((*claim, ClaimsError::AlreadySettled)),
            }
        }
    }

    fn total(&self) -> Amount {
        Amount(self.settled.iter().fold(0, |sum: u128, (_, amount)| sum.saturating_add(amount.0)))
    }

    fn lines(&self, token: &Token) -> Vec<String> {
        let settled =
            self.settled.iter().map(|(claim, amount)| format!("  claim {}: {}", claim.0, token.show(amount.0)));
        let refused = self.refused.iter().map(|(claim, error)| {
            format!("  claim {}: REFUSED, {}\n    next: {}", claim.0, error.rule(), error.next_step())
        });
        settled.chain(refused).collect()
    }

    fn fields(&self, report: Report) -> Report {
        let settled: Vec<Value> = (self.settled.iter())
            .map(|(claim, amount)| json!({ "claim": claim.0, "amount": amount.0.to_string() }))
            .collect();
        let refused: Vec<Value> = (self.refused.iter())
            .map(|(claim, error)| {
                let failure = Failure::from(CallError::Refused(*error));
                json!({
                    "claim": claim.0,
                    "code": failure.code,
                    "rule": failure.rule,
                    "nextStep": failure.next_step,
                })
            })
            .collect();
        let exit = if refused.is_empty() { Exit::Done } else { Exit::Refused };
        let report = report.field("settled", settled).field("refused", refused);
        report.field("total", self.total().0.to_string()).exit(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_is_named_twice_is_settled_once() {
        let ids = [1, 2, 1].map(ClaimId);
        assert_eq!(unique(&ids), [ClaimId(1), ClaimId(2)]);
    }

    #[test]
    fn events_come_before_what_the_dry_run_answered() {
        let mut settlement = Settlement::default();
        let batch = [1, 2, 3].map(ClaimId);
        let answers = [Ok(Amount(10)), Ok(Amount(20)), Err(ClaimsError::NothingToPay)];
        settlement.add(&batch, &answers, Some(&[(ClaimId(1), Amount(11))]));
        assert_eq!(settlement.settled, [(ClaimId(1), Amount(11))]);
        assert_eq!(
            settlement.refused,
            [(ClaimId(2), ClaimsError::AlreadySettled), (ClaimId(3), ClaimsError::NothingToPay)]
        );
        assert_eq!(settlement.total(), Amount(11));
    }

    #[test]
    fn one_refused_claim_of_several_shows_in_the_exit_code() {
        let mut settlement = Settlement::default();
        settlement.add(&[ClaimId(1)], &[Ok(Amount(1))], None);
        assert_eq!(settlement.fields(Report::default()).exit_code(), Exit::Done);
        settlement.add(&[ClaimId(2)], &[Err(ClaimsError::NotInsurer)], None);
        assert_eq!(settlement.fields(Report::default()).exit_code(), Exit::Refused);
    }
}
