//! Claims: from FHIR documents onto the chain, back from its events, and decided without a chain.

pub mod asked;
pub mod balances;
pub mod eligibility;
pub mod explained;
pub mod filing;
pub mod simulation;
pub mod told;

pub use filing::{prepare, submit, PreparedClaim};

use super::plans::{self, money::token_of};
use super::{OperationError, Suite};
use crate::values::{asset, show_claim};
use salus_client::blake2b_256;
use salus_domain::adjudicate::Split;
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_fhir::decimal::Asset;
use salus_interface::claims::{Claim, Plan};
use scale::Encode;

/// The key that a consortium of insurers and providers shares: it keeps procedure codes, service days and claim numbers
/// from everybody else, and lets its members see duplicates.
#[derive(Clone)]
pub struct ConsortiumKey(pub [u8; 32]);

impl ConsortiumKey {
    /// By what people see whether they have the same key: 16 hexadecimal digits of BLAKE2b-256, from which nobody learns the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = blake2b_256(&(b"salus/consortium-key".as_slice(), self.0).encode());
        hex::encode(hash).chars().take(16).collect()
    }
}

/// A plan on the chain, and how its amounts are written.
///
/// # Errors
/// [`OperationError::NoPlan`], [`OperationError::Client`].
pub async fn plan_and_asset(suite: &Suite, plan: PlanId) -> Result<(Plan, Asset), OperationError> {
    let plan = plans::plan(suite, plan).await?;
    let token = token_of(&suite.chain, plan.asset).await?;
    Ok((plan, asset(&token.symbol, &token)))
}

/// A claim on the chain.
///
/// # Errors
/// [`OperationError::NoClaim`].
pub async fn claim(suite: &Suite, claim: ClaimId) -> Result<Claim, OperationError> {
    let found = suite.deployment.claims().claim(claim).read(&suite.chain).await?;
    found.ok_or_else(|| OperationError::NoClaim(show_claim(claim)))
}

/// Splits of several lines or claims together, part by part. What does not fit into 128 bits stays at the largest number.
pub fn sum<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Split {
    let add = |a: Amount, b: Amount| Amount(a.0.saturating_add(b.0));
    splits.into_iter().fold(Split::default(), |sum, one| Split {
        submitted: add(sum.submitted, one.submitted),
        adjustment: add(sum.adjustment, one.adjustment),
        prior_payer: add(sum.prior_payer, one.prior_payer),
        deductible: add(sum.deductible, one.deductible),
        copay: add(sum.copay, one.copay),
        coinsurance: add(sum.coinsurance, one.coinsurance),
        noncovered: add(sum.noncovered, one.noncovered),
        payer: add(sum.payer, one.payer),
    })
}
