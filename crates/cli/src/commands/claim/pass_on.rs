//! `salus claim pass-on`: coordination of benefits.

use super::submit::{alone, told, unchanged};

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::claims::{self, filing, plan_and_asset, told as events};
use crate::output::{progress, through_blocks, Report};
use crate::values::{self, show_claim};
use salus_client::client_account;
use salus_domain::ids::{ClaimId, PlanId};

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim pass-on 6b0e000000000000000000000000000000000000000000000000000000000001 --plan 1 --suri //Charlie

The provider's, once the first insurer has decided: the same lines, of which is counted as paid before what earlier insurers pay. What
was claimed is read from the events of the chain. Where the plan has decided already, that is shown.

JSON: dryRun, changed, claim (that of the next insurer), plan, status, lines, total as of salus claim submit, prior,
evidence|forecast.";

/// Which claim, to whom.
#[derive(Clone, Debug, clap::Args)]
pub struct PassOnOptions {
    /// The claim's id
    #[arg(value_parser = values::claim)]
    claim: ClaimId,
    /// The number of the plan that pays next
    #[arg(long)]
    plan: u32,
}

/// Passes on.
///
/// # Errors
/// [`Failure`].
pub async fn pass_on(global: &GlobalOptions, options: &PassOnOptions) -> Result<Report, Failure> {
    let (provider, plan) = (global.signer()?, PlanId(options.plan));
    let suite = global.suite().await?;
    let prior = claims::claim(&suite, options.claim).await?;
    let (_, paid_in) = plan_and_asset(&suite, plan).await?;
    let filing = through_blocks(events::filing(&suite, options.claim, progress())).await?;
    let next = filing::claim_id(plan, &client_account(prior.provider), &filing.submission);
    let report = match through_blocks(filing::passed_on(&suite, options.claim, next, progress())).await? {
        Some(found) => unchanged(global, next, &[found], &paid_in),
        None => {
            let message = suite.deployment.claims().pass_on(options.claim, &filing, plan);
            let carried = global.carry_out(&suite.chain, &provider, &message).await?;
            told(&suite, &alone(carried), &[plan], ["pass it on as", "is what it was passed on as"], &paid_in)
        }
    };
    Ok(report.field("prior", show_claim(options.claim)))
}
