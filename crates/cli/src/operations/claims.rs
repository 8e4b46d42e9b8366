//! Plans from plan files, coverage and claims from FHIR documents.

use super::documents::Document;
use super::{account_of, OperationError, Suite};
use salus_client::message::Executed;
use salus_client::{client_account, domain_account, ink_account, AccountId32, Evidence, Keypair};
use salus_domain::claim::Submission;
use salus_domain::codes::Category;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_fhir::claim::{ClaimOptions, CompiledClaim};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{Plan, PlanOpened, Receipt, MAX_FEES};

/// The key that a consortium of insurers and providers shares: it keeps procedure codes, service days and claim numbers
/// from everybody else, and lets its members see duplicates.
#[derive(Clone)]
pub struct ConsortiumKey(pub [u8; 32]);

/// Opens a plan and sets its fees. Returns its id, and where each step stands on the chain.
///
/// # Errors
/// [`OperationError::Claims`].
pub async fn open_plan(
    suite: &Suite,
    insurer: &Keypair,
    plan: &PlanFile,
    key: &ConsortiumKey,
) -> Result<(PlanId, Vec<Evidence>), OperationError> {
    let claims = suite.deployment.claims();
    let opened = claims.open_plan(&plan.terms).submit(&suite.chain, insurer).await?;
    let id = opened.event::<PlanOpened>()?.plan;
    let mut evidence = vec![opened.evidence];
    for fees in plan.tagged_fees(&key.0).chunks(MAX_FEES) {
        evidence.push(claims.set_fees(id, fees).submit(&suite.chain, insurer).await?.evidence);
    }
    Ok((id, evidence))
}

/// A plan on the chain.
///
/// # Errors
/// [`OperationError::NoPlan`].
pub async fn plan(suite: &Suite, plan: PlanId) -> Result<Plan, OperationError> {
    let found = suite.deployment.claims().plan(plan).read(&suite.chain).await?;
    found.ok_or(OperationError::NoPlan(plan.0))
}

/// Covers the member of a FHIR Coverage under a plan.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::WrongParty`] where another insurer is its payor,
/// [`OperationError::UnknownReference`], [`OperationError::Claims`].
pub async fn cover(
    suite: &Suite,
    insurer: &Keypair,
    plan: PlanId,
    document: &Document,
    directory: &Directory,
) -> Result<(AccountId32, Executed<()>), OperationError> {
    let compiled = document.compile(salus_fhir::coverage::compile)?;
    document.ensure_is(directory, "Coverage.payor", &compiled.payor, &account_of(insurer))?;
    let member = document.resolve(directory, "Coverage.beneficiary", &compiled.member)?;
    let message = suite.deployment.claims().cover(plan, ink_account(&member), compiled.period);
    Ok((member, message.submit(&suite.chain, insurer).await?))
}

/// A claim, ready to be submitted.
#[derive(Clone, Debug)]
pub struct PreparedClaim {
    /// What the document says.
    pub compiled: CompiledClaim,
    /// What the contract is told.
    pub submission: Submission,
}

/// Compiles a provider's FHIR Claim against a plan.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::WrongParty`] where another provider makes it or another insurer is to
/// pay, [`OperationError::UnknownReference`], [`OperationError::NoPlan`].
pub async fn prepare(
    suite: &Suite,
    provider: &AccountId32,
    plan_id: PlanId,
    asset: Asset,
    document: &Document,
    directory: &Directory,
    key: &ConsortiumKey,
) -> Result<PreparedClaim, OperationError> {
    let options = ClaimOptions { asset, default_category: Some(Category::MedicalCare) };
    let compiled = document.compile(|bytes| salus_fhir::claim::compile(bytes, &options))?;
    document.ensure_is(directory, "Claim.provider", &compiled.provider, provider)?;
    let member = document.resolve(directory, "Claim.patient", &compiled.patient)?;
    if let Some(named) = &compiled.insurer {
        let insurer = client_account(plan(suite, plan_id).await?.insurer);
        document.ensure_is(directory, "Claim.insurer", named, &insurer)?;
    }
    let submission = compiled.submission(plan_id, domain_account(&member), domain_account(provider), &key.0);
    Ok(PreparedClaim { compiled, submission })
}

/// Submits a claim; it is adjudicated in the same call.
///
/// # Errors
/// [`OperationError::Claims`].
pub async fn submit(
    suite: &Suite,
    provider: &Keypair,
    claim: &PreparedClaim,
) -> Result<Executed<Receipt>, OperationError> {
    Ok(suite.deployment.claims().submit(&claim.submission).submit(&suite.chain, provider).await?)
}

/// Adds money to a plan's pool.
///
/// # Errors
/// [`OperationError::Claims`].
pub async fn fund(suite: &Suite, from: &Keypair, plan: PlanId, amount: Amount) -> Result<Executed<()>, OperationError> {
    Ok(suite.deployment.claims().fund(plan, amount).submit(&suite.chain, from).await?)
}
