//! `salus plan fund` and `withdraw`.

use super::{amount, Money};
use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::plans::{self, money};
use crate::operations::{account_of, Suite};
use crate::output::{evidence_json, evidence_line, forecast_json, Report};
use salus_client::message::Message;
use salus_client::{CallError, Keypair, Token};
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_interface::claims::{Asset, ClaimsError};
use serde_json::Value;

/// The help behind the options of `fund`.
pub const HELP: &str = "Example:
  salus plan fund 0 250.5 --suri //Eve

Anybody's. Of a PSP22 token, claims are first allowed to take as much as they may not take already, by a transaction of its own; in a
dry run only that is priced then. What counts is what arrives in the pool.

JSON: dryRun, plan, amount, allowance|null (evidence or forecast of allowing it), evidence|forecast; error {code, rule, nextStep, message}
where claims were allowed to take it, and then took nothing.";

/// Adds money to a pool.
///
/// # Errors
/// [`Failure`].
pub(super) async fn fund(global: &GlobalOptions, given: &Money) -> Result<Report, Failure> {
    let from = global.signer()?;
    let suite = global.suite().await?;
    let plan = PlanId(given.plan);
    let asset = plans::plan(&suite, plan).await?.asset;
    let paid_in = money::token_of(&suite.chain, asset).await?;
    let amount = amount(&given.amount, &paid_in)?;
    let message = suite.deployment.claims().fund(plan, amount, asset);
    let what = format!("{} to the pool of plan {}", paid_in.show(amount.0), given.plan);
    let words = [format!("add {what}"), format!("added {what}")];
    let report = pay(global, &suite, &from, asset, amount, &message, &words).await?;
    Ok(report.field("plan", given.plan).field("amount", amount.0.to_string()))
}

/// Sends a message that moves an amount of an asset to claims, once claims may take it.
///
/// # Errors
/// [`Failure`]; where claims were let take it before, that is a part of the report, with the failure.
pub async fn pay(
    global: &GlobalOptions,
    suite: &Suite,
    from: &Keypair,
    asset: Asset,
    amount: Amount,
    message: &Message<(), ClaimsError>,
    [would, did]: &[String; 2],
) -> Result<Report, Failure> {
    let token = suite.chain.token();
    let Some(allowance) = money::allowance(suite, &account_of(from), asset, amount).await? else {
        let carried = global.carry_out(&suite.chain, from, message).await?;
        return Ok(carried.report(token, would, did).field("allowance", Value::Null));
    };
    match global.carry_out(&suite.chain, from, &allowance).await? {
        Carried::Planned(forecast) => {
            let allowance = forecast_json(forecast.cost, forecast.fee);
            let would = format!("let claims take that of the token, then {would}");
            Ok(Carried::Planned(forecast).report(token, &would, did).field("allowance", allowance))
        }
        Carried::Done(allowed) => {
            let paid = message.submit(&suite.chain, from).await;
            let said = paid.as_ref().map_or("claims may take that of the token, and took nothing", |_| did.as_str());
            let report = Report::default()
                .done(said)
                .line(evidence_line(&allowed.evidence, token))
                .field("allowance", evidence_json(&allowed.evidence));
            Ok(match paid {
                Ok(paid) => report.evidence(&paid.evidence, token),
                Err(error) => allowed_only(report, &error.into()),
            })
        }
    }
}

/// With why nothing was paid of what claims were let take.
fn allowed_only(report: Report, failure: &Failure) -> Report {
    let Failure { message, next_step, .. } = failure;
    report
        .line(format!("{message}\n  next: {next_step}; then do the same again, which allows no more"))
        .field("evidence", Value::Null)
        .field("error", failure.json())
        .exit(failure.exit)
}

/// Takes free money out of a pool.
///
/// # Errors
/// [`Failure`].
pub(super) async fn withdraw(global: &GlobalOptions, given: &Money) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let suite = global.suite().await?;
    let plan = PlanId(given.plan);
    let found = plans::plan(&suite, plan).await?;
    let paid_in: Token = money::token_of(&suite.chain, found.asset).await?;
    let amount = amount(&given.amount, &paid_in)?;
    if amount == Amount::ZERO {
        return Err(CallError::Refused(ClaimsError::NothingTransferred).into());
    }
    let message = suite.deployment.claims().withdraw(plan, amount);
    let carried = match global.carry_out(&suite.chain, &insurer, &message).await {
        Err(refused) if refused.code == "claims.PoolTooSmall" => {
            let next_step = format!("withdraw no more than what is free: {}", paid_in.show(found.pool.free().0));
            return Err(Failure { next_step, ..refused });
        }
        carried => carried?,
    };
    let what = format!("{} from the pool of plan {}", paid_in.show(amount.0), given.plan);
    let report = carried.report(suite.chain.token(), &format!("withdraw {what}"), &format!("withdrew {what}"));
    Ok(report.field("plan", given.plan).field("amount", amount.0.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    #[test]
    fn what_claims_may_take_is_said_where_they_then_took_nothing() {
        let refused = Failure::from(CallError::Refused(ClaimsError::TransferFailed));
        let report = allowed_only(Report::default().field("allowance", "evidence"), &refused);
        assert_eq!(report.exit_code(), Exit::Refused);
        let said = format!("{report:?}");
        assert!(said.contains("allowance") && said.contains("claims.TransferFailed"), "{said}");
        assert!(said.contains("then do the same again"), "{said}");
    }
}
