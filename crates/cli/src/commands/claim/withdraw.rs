//! `salus claim withdraw`.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::Suite;
use crate::output::Report;
use crate::values::show_claim;
use salus_domain::ids::ClaimId;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim withdraw 6b0e000000000000000000000000000000000000000000000000000000000001 --suri //Charlie

The provider's, as long as the claim waits. What is decided is taken back with salus claim reverse; to correct a claim that waits,
submit it anew under the same number.

JSON: dryRun, claim, evidence|forecast.";

/// Withdraws.
///
/// # Errors
/// [`Failure`].
pub async fn withdraw(global: &GlobalOptions, claim: ClaimId) -> Result<Report, Failure> {
    let provider = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let carried = global.carry_out(&chain, &provider, &deployment.claims().withdraw_claim(claim)).await?;
    let id = show_claim(claim);
    let (would, did) = (format!("withdraw claim {id}"), format!("claim {id} is withdrawn: nothing of it is kept"));
    Ok(carried.report(chain.token(), &would, &did).field("claim", id))
}
