//! `salus plan fund` and `withdraw`.

use super::{amount, Money};
use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::plans::{self, money};
use crate::operations::{account_of, Suite};
use crate::output::{evidence_json, evidence_line, forecast_json, Report};
use salus_client::message::Message;
use salus_client::{CallError, ClientError, Evidence, Keypair, Token};
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
(then evidence is null) where claims were allowed to take it, and then took nothing, or it is not known whether they did
(chain.unconfirmed).";

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
            let paid = message.submit(&suite.chain, from).await.map(|paid| paid.evidence);
            Ok(after_allowance(&allowed.evidence, paid, did, token))
        }
    }
}

/// What became of the payment behind an allowance: where it was not made, or that is not known, why.
fn after_allowance(
    allowed: &Evidence,
    paid: Result<Evidence, CallError<ClaimsError>>,
    did: &str,
    token: &Token,
) -> Report {
    let (said, and_then) = match &paid {
        Ok(_) => (did, ""),
        Err(CallError::Client(ClientError::Unconfirmed { .. })) => {
            ("claims may take that of the token; whether it was paid is not known", "")
        }
        Err(_) => {
            ("claims may take that of the token, and took nothing", "; then do the same again, which allows no more")
        }
    };
    let report =
        Report::default().done(said).line(evidence_line(allowed, token)).field("allowance", evidence_json(allowed));
    let failure: Failure = match paid {
        Ok(paid) => return report.evidence(&paid, token),
        Err(error) => error.into(),
    };
    report
        .line(format!("{}\n  next: {}{and_then}", failure.message, failure.next_step))
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

    fn said(paid: Result<Evidence, CallError<ClaimsError>>) -> (Exit, String) {
        let token = Token { symbol: "UNIT".into(), decimals: 12 };
        let report = after_allowance(&in_block(7), paid, "added it", &token);
        (report.exit_code(), format!("{report:?}"))
    }

    fn in_block(block: u64) -> Evidence {
        Evidence { block, block_hash: "0xb".into(), extrinsic: "0xe".into(), fee: 1 }
    }

    #[test]
    fn what_claims_may_take_is_said_where_they_then_took_nothing() {
        let (exit, said) = said(Err(CallError::Refused(ClaimsError::TransferFailed)));
        assert_eq!(exit, Exit::Refused);
        assert!(said.contains("allowance") && said.contains("block 7") && said.contains("took nothing"), "{said}");
        assert!(said.contains("claims.TransferFailed") && said.contains("then do the same again"), "{said}");
    }

    #[test]
    fn a_payment_of_which_nothing_was_learnt_is_looked_for_before_it_is_made_again() {
        let (extrinsic, reason) = ("0xabc".to_owned(), "gone".to_owned());
        let (exit, said) = said(Err(ClientError::Unconfirmed { extrinsic, reason }.into()));
        assert_eq!(exit, Exit::Chain);
        assert!(said.contains("allowance") && said.contains("block 7"), "{said}");
        assert!(said.contains("whether it was paid is not known") && !said.contains("took nothing"), "{said}");
        assert!(said.contains("0xabc") && said.contains("next: look for it before doing the same again"), "{said}");
        assert!(said.contains("chain.unconfirmed") && !said.contains("then do the same again"), "{said}");
    }

    #[test]
    fn what_was_paid_has_its_own_evidence() {
        let (exit, said) = said(Ok(in_block(8)));
        assert_eq!(exit, Exit::Done);
        assert!(said.contains("added it") && said.contains("block 7") && said.contains("block 8"), "{said}");
    }
}
