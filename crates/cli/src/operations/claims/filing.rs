//! A provider's claims: compiled from FHIR Claims, submitted, passed on to the next insurer.

use super::eligibility::predict;
use super::told::{self, Told};
use super::ConsortiumKey;
use crate::operations::documents::Document;
use crate::operations::{plans, OperationError, Suite};
use salus_client::message::Executed;
use salus_client::{blake2b_256, client_account, domain_account, AccountId32, CallError, Keypair};
use salus_domain::adjudicate::LineOutcome;
use salus_domain::claim::Submission;
use salus_domain::codes::Category;
use salus_domain::commitment;
use salus_domain::ids::{ClaimId, PlanId};
use salus_fhir::claim::{ClaimOptions, CompiledClaim};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_interface::claims::{Claim, ClaimAdjudicated, ClaimPended, ClaimStatus, ClaimsError, Receipt};

/// A claim, ready to be submitted.
#[derive(Clone, Debug)]
pub struct PreparedClaim {
    /// What the document says.
    pub compiled: CompiledClaim,
    /// What the contract is told.
    pub submission: Submission,
    /// Who claims.
    pub provider: AccountId32,
}

impl PreparedClaim {
    /// Its id under a plan: known before it is submitted.
    #[must_use]
    pub fn id(&self, plan: PlanId) -> ClaimId {
        claim_id(plan, &self.provider, &self.submission)
    }
}

/// The id of a provider's claim under a plan.
#[must_use]
pub fn claim_id(plan: PlanId, provider: &AccountId32, submission: &Submission) -> ClaimId {
    commitment::claim_id(&blake2b_256, plan, domain_account(provider), submission.reference)
}

/// The category of a line that names none.
pub const DEFAULT_CATEGORY: Category = Category::MedicalCare;

/// How a claim of a plan that pays in `asset`, under the name of the claim's currency, is compiled: a line without a category
/// has the default one.
#[must_use]
pub fn options(asset: Asset) -> ClaimOptions {
    ClaimOptions { default_category: Some(DEFAULT_CATEGORY), ..ClaimOptions::new(asset) }
}

/// Compiles a provider's FHIR Claim against a plan.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::WrongParty`] where another provider makes it or another insurer is to
/// pay, [`OperationError::UnknownReference`], [`OperationError::NoPlan`].
pub async fn prepare(
    suite: &Suite,
    provider: &AccountId32,
    plan: PlanId,
    options: &ClaimOptions,
    document: &Document,
    directory: &Directory,
    key: &ConsortiumKey,
) -> Result<PreparedClaim, OperationError> {
    let prepared = prepare_for_its_provider(suite, plan, options, document, directory, key).await?;
    document.ensure_is(directory, "Claim.provider", &prepared.compiled.provider, provider)?;
    Ok(prepared)
}

/// As [`prepare`], whoever its provider is: for asking what it would come to.
///
/// # Errors
/// As [`prepare`], but for another provider's.
pub async fn prepare_for_its_provider(
    suite: &Suite,
    plan_id: PlanId,
    options: &ClaimOptions,
    document: &Document,
    directory: &Directory,
    key: &ConsortiumKey,
) -> Result<PreparedClaim, OperationError> {
    let compiled = document.compile(|bytes| salus_fhir::claim::compile(bytes, options))?;
    let provider = document.resolve(directory, "Claim.provider", &compiled.provider)?;
    let member = document.resolve(directory, "Claim.patient", &compiled.patient)?;
    if let Some(named) = &compiled.insurer {
        let insurer = client_account(plans::plan(suite, plan_id).await?.insurer);
        document.ensure_is(directory, "Claim.insurer", named, &insurer)?;
    }
    let submission = compiled.submission(plan_id, domain_account(&member), domain_account(&provider), &key.0);
    Ok(PreparedClaim { compiled, submission, provider })
}

/// Submits a claim; it is adjudicated in the same call, also by the plan that pays after.
///
/// # Errors
/// [`OperationError::Claims`].
pub async fn submit(
    suite: &Suite,
    provider: &Keypair,
    claim: &PreparedClaim,
    secondary: Option<PlanId>,
) -> Result<Executed<Vec<Receipt>>, OperationError> {
    Ok(suite.deployment.claims().submit(&claim.submission, secondary).submit(&suite.chain, provider).await?)
}

/// What was decided of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The claim.
    pub claim: ClaimId,
    /// The plan.
    pub plan: PlanId,
    /// Where it stands.
    pub status: ClaimStatus,
    /// The outcome line by line; of a pended claim, what it would have been.
    pub lines: Vec<LineOutcome>,
}

/// What a dry run answered, plan by plan. `plans` are those that were to decide, in their order.
#[must_use]
pub fn forecast(receipts: &[Receipt], plans: &[PlanId]) -> Vec<Decision> {
    let decision = |(receipt, plan): (&Receipt, &PlanId)| Decision {
        claim: receipt.claim,
        plan: *plan,
        status: receipt.status,
        lines: receipt.adjudication.lines.clone(),
    };
    receipts.iter().zip(plans).map(decision).collect()
}

/// What a transaction told, plan by plan: where others came in between, it is the truth, and not what the dry run
/// answered. Only the lines of a pended claim are not told.
#[must_use]
pub fn decided<T>(executed: &Executed<T>, receipts: &[Receipt]) -> Vec<Decision> {
    let read = |event: &salus_client::ContractEvent| {
        if let Some(it) = event.decode::<ClaimAdjudicated>() {
            let plan = it.filing.submission.plan;
            return Some(Decision { claim: it.claim, plan, status: ClaimStatus::Adjudicated, lines: it.filing.lines });
        }
        let it = event.decode::<ClaimPended>()?;
        let answered = receipts.iter().find(|receipt| receipt.claim == it.claim && receipt.status == it.status);
        let lines = answered.map(|receipt| receipt.adjudication.lines.clone()).unwrap_or_default();
        Some(Decision { claim: it.claim, plan: it.submission.plan, status: it.status, lines })
    };
    executed.events.iter().filter_map(read).collect()
}

/// What is on the chain of a claim that is about to be submitted, if it is that claim; `None`: there is none, or one that waits and
/// says something else, which this one replaces.
///
/// # Errors
/// [`ClaimsError::DuplicateClaim`] as [`OperationError::Claims`], where something else was decided under the same number.
pub async fn before(
    suite: &Suite,
    claim: ClaimId,
    submission: &Submission,
    progress: impl FnMut(u64),
) -> Result<Option<Decision>, OperationError> {
    let Some(found) = suite.deployment.claims().claim(claim).read(&suite.chain).await? else { return Ok(None) };
    let told = told::one(suite, claim, progress).await?;
    if told.submission == *submission {
        return Ok(Some(decision(suite, &found, &told).await?));
    }
    match found.status.is_pended() {
        true => Ok(None),
        false => Err(CallError::Refused(ClaimsError::DuplicateClaim).into()),
    }
}

/// What is on the chain of a claim that was passed on from `prior`; `None`: it was not, or was taken back, after which it can be
/// passed on once more.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn passed_on(
    suite: &Suite,
    prior: ClaimId,
    claim: ClaimId,
    progress: impl FnMut(u64),
) -> Result<Option<Decision>, OperationError> {
    let found = suite.deployment.claims().claim(claim).read(&suite.chain).await?;
    let stands = |found: &Claim| found.prior == Some(prior) && found.status != ClaimStatus::Reversed;
    let Some(found) = found.filter(stands) else { return Ok(None) };
    let told = told::one(suite, claim, progress).await?;
    Ok(Some(decision(suite, &found, &told).await?))
}

async fn decision(suite: &Suite, found: &Claim, told: &Told) -> Result<Decision, OperationError> {
    let lines = outcomes(suite, found, told).await?;
    Ok(Decision { claim: told.claim, plan: found.plan, status: found.status, lines })
}

/// What was decided line by line. No event tells it of a claim that waits: what would be decided now is asked or, where another
/// insurer decided before and where the plan takes no claims, computed.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn outcomes(suite: &Suite, claim: &Claim, told: &Told) -> Result<Vec<LineOutcome>, OperationError> {
    if let Some(filing) = told.filing.as_ref().filter(|_| !claim.status.is_pended()) {
        return Ok(filing.lines.clone());
    }
    if claim.prior.is_none() {
        let message = suite.deployment.claims().submit(&told.submission, None);
        match message.dry_run(&suite.chain, &told.provider).await {
            Ok((receipts, _)) => {
                return Ok(receipts.into_iter().next().map(|receipt| receipt.adjudication.lines).unwrap_or_default());
            }
            Err(CallError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let now = suite.chain.now().await?;
    Ok(predict(suite, claim.plan, &told.provider, &told.submission, now).await?.lines)
}
