//! `salus claim reverse` and `salus claim repay`.

use super::plan::pay;
use super::statement::Statement;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::claims::{
    self,
    told::{self, Told},
};
use crate::operations::plans::{self, money::token_of};
use crate::operations::{account_of, appeals};
use crate::output::{progress, through_blocks, Report};
use crate::values::{self, show_claim};
use salus_client::ink_account;
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_interface::claims::{ClaimReversed, ClaimsError};

/// The help behind the options of `reverse`.
pub const REVERSE_HELP: &str = "Example:
  salus claim reverse 6b0e000000000000000000000000000000000000000000000000000000000001 \
--statement-file reason.txt --suri //Eve

The provider's; of a settled claim, within the plan's deadline, the insurer's. What the claim used of limits is free again, and what was
paid is owed to the pool: it is set off against what the provider is paid next, or paid back with salus claim repay. Services of a claim
that was passed on are free again once the next insurer's claim is taken back too. What was claimed is read from the events of the chain.
The chain has a commitment to the statement only: keep statement and salt.

JSON: dryRun, claim, plan, owed, heldBy [claim] (the claims of later insurers, which still hold the services), statement (commitment),
salt, evidence|forecast.";

/// The help behind the options of `repay`.
pub const REPAY_HELP: &str = "Example:
  salus claim repay --plan 0 --suri //Charlie
  salus claim repay --plan 0 --amount 12.5 --provider Practitioner/dr-adams --directory samples/directory.json --suri //Ferdie

Anybody's. Of a PSP22 token as with salus plan fund.

JSON: dryRun, plan, provider, amount, allowance|null, evidence|forecast; error {code, rule, nextStep, message} (then evidence is null) as
of salus plan fund.";

/// What is reversed.
#[derive(Clone, Debug, clap::Args)]
pub struct ReverseOptions {
    /// The claim's id
    #[arg(value_parser = values::claim)]
    claim: ClaimId,
    /// Why.
    #[command(flatten)]
    statement: Statement,
}

/// What is paid back.
#[derive(Clone, Debug, clap::Args)]
pub struct RepayOptions {
    /// The plan's number
    #[arg(long)]
    plan: u32,
    /// How much, in whole units of what the plan pays in: 250.5 [default: all that is owed]
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Option<String>,
    /// Who owes it: an account, or a reference of the directory [default: the signer]
    #[arg(long, value_name = "ACCOUNT")]
    provider: Option<String>,
}

/// Takes a claim back.
///
/// # Errors
/// [`Failure`].
pub async fn reverse(global: &GlobalOptions, options: &ReverseOptions) -> Result<Report, Failure> {
    let (signer, words, id) = (global.signer()?, options.statement.words()?, options.claim);
    let salt = appeals::salt(&signer, id, &words);
    let committed = appeals::committed(salt, &words);
    let suite = global.suite().await?;
    let claim = claims::claim(&suite, id).await?;
    let token = token_of(&suite.chain, plans::plan(&suite, claim.plan).await?.asset).await?;
    let filing = through_blocks(told::filing(&suite, id, progress())).await?;
    let all = match claim.passed_on {
        true => through_blocks(told::all(&suite, progress())).await?,
        false => Vec::new(),
    };
    let holding = told::after(&all, id);
    let message = suite.deployment.claims().reverse(id, committed, &filing);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    let carried = carried.told(|owed| *owed, |done| done.event::<ClaimReversed>().map(|told| told.owed))?;
    let (shown, owed) = (show_claim(id), *carried.answer());
    let (would, did) = (
        format!("take claim {shown} back: {} would be owed to the pool", token.show(owed.0)),
        format!("claim {shown} is taken back: {} are owed to the pool", token.show(owed.0)),
    );
    Ok(carried
        .report(suite.chain.token(), &would, &did)
        .lines(holding.iter().map(|told| still_holding(told)))
        .line(format!("  keep the statement, and its salt {}", hex::encode(salt)))
        .field("claim", shown)
        .field("heldBy", holding.iter().map(|told| show_claim(told.claim)).collect::<Vec<_>>())
        .field("plan", claim.plan.0)
        .field("owed", owed.0.to_string())
        .field("statement", hex::encode(committed.0))
        .field("salt", hex::encode(salt)))
}

/// That a later insurer's claim holds what was claimed, and what frees it.
fn still_holding(told: &Told) -> String {
    let (claim, way) = (show_claim(told.claim), if told.status.is_pended() { "withdraw" } else { "reverse" });
    let free = format!("take it back too (`salus claim {way} {claim}`)");
    format!("  the next insurer's claim still holds the services: before they are claimed anew, {free}")
}

/// Pays back what a provider owes.
///
/// # Errors
/// [`Failure`].
pub async fn repay(global: &GlobalOptions, options: &RepayOptions) -> Result<Report, Failure> {
    let from = global.signer()?;
    let provider = match &options.provider {
        Some(provider) => global.account(provider)?,
        None => account_of(&from),
    };
    let suite = global.suite().await?;
    let plan = PlanId(options.plan);
    let asset = plans::plan(&suite, plan).await?.asset;
    let token = token_of(&suite.chain, asset).await?;
    let owed = suite.deployment.claims().debt(plan, ink_account(&provider)).read(&suite.chain).await?;
    let amount = match &options.amount {
        Some(text) => super::plan::amount(text, &token)?,
        None => owed,
    };
    if amount > owed || owed == Amount::ZERO {
        let refused: Failure = salus_client::CallError::Refused(ClaimsError::NothingOwed).into();
        let owes =
            if owed == Amount::ZERO { "nothing".to_owned() } else { format!("no more than {}", token.show(owed.0)) };
        return Err(Failure { message: format!("refused: {provider} owes plan {} {owes}", options.plan), ..refused });
    }
    let message = suite.deployment.claims().repay(plan, ink_account(&provider), amount, asset);
    let what = format!("{} of what {provider} owes plan {}", token.show(amount.0), options.plan);
    let words = [format!("pay back {what}"), format!("paid back {what}")];
    let report = pay(global, &suite, &from, asset, amount, &message, &words).await?;
    let report = report.field("plan", options.plan).field("provider", provider.to_string());
    Ok(report.field("amount", amount.0.to_string()))
}
