//! Consent from a FHIR document.

use super::documents::Document;
use super::{account_of, secret_of, OperationError, Suite};
use salus_client::message::{Executed, Message};
use salus_client::{blake2b_256, ink_account, AccountId32, Keypair};
use salus_domain::commitment::consent_source;
use salus_domain::consent::Consent;
use salus_domain::ids::ConsentId;
use salus_fhir::consent::{compile, CompiledConsent, ConsentStatus};
use salus_fhir::directory::Directory;
use salus_interface::consent::{ConsentError, ConsentSummary, MAX_PAGE};

/// Compiles a patient's consent, with the commitment to its document. The salt follows from the patient's secret, so
/// that the patient can open the commitment later and nobody else can guess the document.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::WrongParty`] where it is another patient's,
/// [`OperationError::UnknownReference`].
pub fn compile_own(
    document: &Document,
    directory: &Directory,
    patient: &Keypair,
) -> Result<CompiledConsent, OperationError> {
    let mut compiled = document.compile(|bytes| compile(bytes, directory))?;
    document.ensure_is(directory, "Consent.patient", &compiled.patient, &account_of(patient))?;
    let salt = secret_of(patient, "salus-consent-source");
    compiled.consent.source = consent_source(&|input: &[u8]| blake2b_256(input), salt, &document.bytes);
    Ok(compiled)
}

/// Whether the patient has decided: only then it can be recorded.
#[must_use]
pub fn is_decided(compiled: &CompiledConsent) -> bool {
    compiled.status == ConsentStatus::Active
}

/// The message that records a consent.
#[must_use]
pub fn record(suite: &Suite, consent: &Consent) -> Message<ConsentId, ConsentError> {
    suite.deployment.registry().record(consent)
}

/// Every consent of `patient` in force, page by page.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn in_force(suite: &Suite, patient: &AccountId32) -> Result<Vec<ConsentSummary>, OperationError> {
    let registry = suite.deployment.registry();
    let mut all: Vec<ConsentSummary> = Vec::new();
    loop {
        let from = all.last().map_or(ConsentId(0), |last| ConsentId(last.id.0.saturating_add(1)));
        let page = registry.in_force(ink_account(patient), from, MAX_PAGE).read(&suite.chain).await?;
        let is_last = page.len() < MAX_PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Revokes a consent.
///
/// # Errors
/// [`OperationError::Consent`].
pub async fn revoke(suite: &Suite, patient: &Keypair, id: ConsentId) -> Result<Executed<()>, OperationError> {
    Ok(suite.deployment.registry().revoke(id).submit(&suite.chain, patient).await?)
}
