//! `salus claim submit` and `salus claim retry`.

use super::lines::{lines_json, lines_table, split_json};
use super::reading::{assumed_json, assumed_lines, Reading};
use super::unlisted::unlisted_of;
use super::word;
use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::claims::eligibility::unlisted;
use crate::operations::claims::filing::{self, Decision};
use crate::operations::claims::{self, plan_and_asset};
use crate::operations::documents::Document;
use crate::operations::{account_of, Suite};
use crate::output::{progress, through_blocks, Report};
use crate::values::show_claim;
use salus_domain::adjudicate::LineOutcome;
use salus_domain::codes::Reason;
use salus_domain::ids::{ClaimId, PlanId};
use salus_fhir::decimal::Asset;
use salus_interface::claims::{ClaimStatus, Receipt};
use serde_json::{json, Value};
use std::convert::Infallible;
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim submit samples/claim.json --plan 0 --directory samples/directory.json --consortium-key-file consortium.key \
--suri //Charlie
  salus claim submit samples/claim.json --plan 0 --secondary 1 --suri //Charlie

The claim's id follows from the plan, the provider and the provider's number of it. What is on the chain already is shown, and
nothing is submitted: after a crash, do the same again. A claim that waits is replaced by what is submitted under its number.

JSON: dryRun, changed (false: it was decided before), claim, plan, status: awaits-funds|awaits-authorisation|adjudicated|settled|
reversed, lines [{line, submitted, allowed, adjustment, priorPayer, deductible, copay, coinsurance, noncovered, payer, patient,
quantity, denied, pended, reasons}], total (the same amounts), secondary|null {claim, plan, status, lines, total}, assumed [{path,
what}], unlisted [line] (not in the plan's fee schedule), evidence|forecast.";

/// What is submitted, and to whom.
#[derive(Clone, Debug, clap::Args)]
pub struct SubmitOptions {
    /// A FHIR R4 Claim
    file: PathBuf,
    /// The number of the plan that is to pay
    #[arg(long)]
    plan: u32,
    /// The number of the plan that pays after it: it decides in the same transaction
    #[arg(long)]
    secondary: Option<u32>,
    /// The currency in which the claim counts; one of it is one token
    #[arg(long, default_value = "USD")]
    currency: String,
    #[command(flatten)]
    reading: Reading,
}

/// Submits.
///
/// # Errors
/// [`Failure`].
pub async fn submit(global: &GlobalOptions, options: &SubmitOptions) -> Result<Report, Failure> {
    let (provider, key, directory) = (global.signer()?, global.consortium_key()?, global.directory()?);
    let document = Document::read(&options.file)?;
    let suite = global.suite().await?;
    let (plan, secondary) = (PlanId(options.plan), options.secondary.map(PlanId));
    let (_, paid_in) = plan_and_asset(&suite, plan).await?;
    let reading = options.reading.options(Asset { currency: options.currency.clone(), ..paid_in.clone() })?;
    let account = account_of(&provider);
    let prepared = claims::prepare(&suite, &account, plan, &reading, &document, &directory, &key).await?;
    let claim = prepared.id(plan);
    let unlisted = unlisted(&suite, plan, &prepared.submission).await?;
    let before = filing::before(&suite, claim, &prepared.submission, progress());
    let report = match through_blocks(before).await? {
        Some(first) => {
            let second = match secondary {
                Some(plan) => through_blocks(filing::passed_on(&suite, claim, prepared.id(plan), progress())).await?,
                None => None,
            };
            let next = secondary.filter(|_| second.is_none()).and_then(|plan| pass_it_on(&first, plan));
            let all: Vec<Decision> = std::iter::once(first).chain(second).collect();
            unchanged(global, claim, &all, &paid_in).lines(next)
        }
        None => {
            let carried = if global.dry_run {
                let message = suite.deployment.claims().submit(&prepared.submission, secondary);
                Carried::Planned(message.forecast(&suite.chain, &provider).await?)
            } else {
                Carried::Done(claims::submit(&suite, &provider, &prepared, secondary).await?)
            };
            let plans: Vec<PlanId> = [Some(plan), secondary].into_iter().flatten().collect();
            told(&suite, &carried, &plans, ["submit", "is submitted"], &paid_in)
        }
    };
    let assumed = &prepared.compiled.assumed;
    Ok(report
        .field("assumed", assumed_json(assumed))
        .lines(assumed_lines(assumed))
        .lines(unlisted_of(&unlisted, prepared.submission.lines.len(), &key))
        .field("unlisted", unlisted))
}

/// How a claim that is there already, and that the next plan has not decided, comes to it: only what was decided and stands can.
fn pass_it_on(first: &Decision, plan: PlanId) -> Option<String> {
    matches!(first.status, ClaimStatus::Adjudicated | ClaimStatus::Settled).then(|| {
        let (id, plan) = (show_claim(first.claim), plan.0);
        format!("  next: pass it on (`salus claim pass-on {id} --plan {plan}`)")
    })
}

/// What is said of a claim that is on the chain already.
#[must_use]
pub fn unchanged(global: &GlobalOptions, claim: ClaimId, all: &[Decision], asset: &Asset) -> Report {
    let report = Report::default()
        .field("dryRun", global.dry_run)
        .field("changed", false)
        .field("evidence", Value::Null)
        .line(format!("claim {} is there already, and nothing was done", show_claim(claim)));
    decisions(report, all, asset)
}

/// Adjudicates a claim that waits anew.
///
/// # Errors
/// [`Failure`].
pub async fn retry(global: &GlobalOptions, claim: ClaimId) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let suite = global.suite().await?;
    let plan = claims::claim(&suite, claim).await?.plan;
    let (_, paid_in) = plan_and_asset(&suite, plan).await?;
    let message = suite.deployment.claims().retry(claim);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    Ok(told(&suite, &alone(carried), &[plan], ["adjudicate", "is adjudicated anew"], &paid_in))
}

/// The receipt of one plan as a list.
#[must_use]
pub fn alone(carried: Carried<Receipt>) -> Carried<Vec<Receipt>> {
    let list = |receipt: &Receipt| vec![receipt.clone()];
    match carried.told(list, |done| Ok::<_, Infallible>(list(&done.forecast))) {
        Ok(carried) => carried,
        Err(never) => match never {},
    }
}

/// What was decided: by the events where it is on the chain, by the dry run where it is not; after what would be done to the
/// claim, or what was.
#[must_use]
pub fn told(
    suite: &Suite,
    carried: &Carried<Vec<Receipt>>,
    plans: &[PlanId],
    [would, did]: [&str; 2],
    asset: &Asset,
) -> Report {
    let all = match carried {
        Carried::Planned(forecast) => filing::forecast(&forecast.value, plans),
        Carried::Done(executed) => filing::decided(executed, &executed.forecast),
    };
    let claim = all.first().map(|first| show_claim(first.claim)).unwrap_or_default();
    let (would, did) = (format!("{would} claim {claim}"), format!("claim {claim} {did}"));
    let report = carried.report(suite.chain.token(), &would, &did).field("changed", true);
    decisions(report, &all, asset)
}

/// With the decisions, of which the second is that of the plan that pays after.
fn decisions(report: Report, all: &[Decision], asset: &Asset) -> Report {
    let mut report = report;
    for one in all {
        let total = claims::sum(one.lines.iter().map(|line| &line.split));
        let (plan, payer) = (one.plan.0, format!("{} {}", asset.format(total.payer), asset.currency));
        report = report
            .line(match one.status {
                ClaimStatus::AwaitsFunds => format!("plan {plan}: it waits, because the pool cannot cover {payer}"),
                ClaimStatus::AwaitsAuthorisation => format!("plan {plan}: it waits for a prior authorisation"),
                ClaimStatus::Reversed => format!("plan {plan}: it was taken back; the plan was to pay {payer}"),
                decided => format!("plan {plan}: {}, the plan pays {payer}", word(decided)),
            })
            .lines(lines_table(&one.lines, &total, asset))
            .lines(next(one.claim, one.status))
            .lines(claimed_before(one));
    }
    let mut list = all.iter().map(decision_json);
    if let Some(Value::Object(first)) = list.next() {
        report = report.fields(Value::Object(first));
    }
    report.field("secondary", list.next())
}

/// What to do about a claim that waits, or that was taken back.
pub(super) fn next(claim: ClaimId, status: ClaimStatus) -> Option<String> {
    let claim = show_claim(claim);
    match status {
        ClaimStatus::AwaitsFunds => {
            Some(format!("  next: have the pool funded (`salus plan fund`), then `salus claim retry {claim}`"))
        }
        ClaimStatus::AwaitsAuthorisation => Some(format!(
            "  next: have it authorised, then `salus claim retry {claim}`; or withdraw it (`salus claim withdraw`)"
        )),
        ClaimStatus::Reversed => Some("  next: submit it under a new number".to_owned()),
        ClaimStatus::Adjudicated | ClaimStatus::Settled => None,
    }
}

/// What to do about lines that are denied because another claim, or a line before in this one, has the service.
fn claimed_before(decision: &Decision) -> Option<String> {
    let stands = decision.status != ClaimStatus::Reversed;
    let is_duplicate = |line: &LineOutcome| line.is_denied() && line.reasons.contains(Reason::Duplicate);
    (stands && decision.lines.iter().any(is_duplicate)).then(|| {
        "  next: see which claim has the service (`salus claim list --member`); if that one is wrong, have it taken back \
         (`salus claim reverse`), and those that it was passed on as"
            .to_owned()
    })
}

fn decision_json(decision: &Decision) -> Value {
    let total = claims::sum(decision.lines.iter().map(|line| &line.split));
    json!({
        "claim": show_claim(decision.claim),
        "plan": decision.plan.0,
        "status": word(decision.status),
        "lines": lines_json(&decision.lines),
        "total": split_json(&total),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::adjudicate::Split;
    use salus_domain::codes::ReasonSet;
    use salus_domain::money::Amount;

    fn decision(status: ClaimStatus, reasons: ReasonSet) -> Decision {
        let split = Split { submitted: Amount(75), payer: Amount(75), ..Split::default() };
        let line = LineOutcome { split, quantity: 1, authorised: 0, reasons };
        Decision { claim: ClaimId([7; 32]), plan: PlanId(3), status, lines: vec![line] }
    }

    fn said(status: ClaimStatus, reasons: ReasonSet) -> String {
        let asset = Asset { currency: "USD".into(), decimals: 0 };
        format!("{:?}", decisions(Report::default(), &[decision(status, reasons)], &asset))
    }

    #[test]
    fn only_a_claim_that_was_decided_and_stands_is_to_be_passed_on() {
        let next = |status| pass_it_on(&decision(status, ReasonSet::EMPTY), PlanId(4));
        for stands in [ClaimStatus::Adjudicated, ClaimStatus::Settled] {
            assert!(next(stands).is_some_and(|next| next.contains("salus claim pass-on") && next.contains("--plan 4")));
        }
        for other in [ClaimStatus::Reversed, ClaimStatus::AwaitsFunds, ClaimStatus::AwaitsAuthorisation] {
            assert_eq!(next(other), None);
        }
    }

    #[test]
    fn a_claim_that_was_taken_back_pays_nothing_and_needs_a_new_number() {
        let reversed = said(ClaimStatus::Reversed, ReasonSet::EMPTY);
        assert!(reversed.contains("the plan was to pay 75 USD") && !reversed.contains("the plan pays"), "{reversed}");
        assert!(reversed.contains("next: submit it under a new number"), "{reversed}");
        let paid = said(ClaimStatus::Settled, ReasonSet::EMPTY);
        assert!(paid.contains("settled, the plan pays 75 USD") && !paid.contains("next: "), "{paid}");
    }

    #[test]
    fn a_service_that_was_claimed_before_has_a_way_out() {
        let denied = said(ClaimStatus::Adjudicated, Reason::Duplicate.into());
        assert!(denied.contains("salus claim list --member") && denied.contains("salus claim reverse"), "{denied}");
        assert!(!said(ClaimStatus::Adjudicated, Reason::Copay.into()).contains("next: "));
        assert!(!said(ClaimStatus::Reversed, Reason::Duplicate.into()).contains("salus claim list"));
    }
}
