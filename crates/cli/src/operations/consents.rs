//! Consent from a FHIR document.

use super::documents::{ensure_is_one_of, Document};
use super::{account_of, secret_of, OperationError, Suite};
use salus_client::message::{Executed, Message};
use salus_client::{blake2b_256, ink_account, AccountId32, Keypair};
use salus_domain::commitment::consent_source;
use salus_domain::consent::Consent;
use salus_domain::ids::ConsentId;
use salus_fhir::consent::{compile, CompiledConsent, ConsentStatus};
use salus_fhir::directory::Directory;
use salus_interface::consent::{ConsentError, ConsentSummary, MAX_PAGE};

/// Who puts a document on the chain, and whose consent it is to be.
#[derive(Clone)]
pub struct Author<'a> {
    /// Who does it: the patient, a proxy, or who proposes it.
    pub key: &'a Keypair,
    /// The patient.
    pub patient: AccountId32,
    /// The accounts by which the document may name the patient.
    pub named: Vec<AccountId32>,
}

impl<'a> Author<'a> {
    /// A patient, whom the document names by the account itself.
    #[must_use]
    pub fn own(patient: &'a Keypair) -> Self {
        let account = account_of(patient);
        Self { key: patient, patient: account, named: vec![account] }
    }

    /// The salt of the commitment to the document. It follows from the author's secret, so that the author can open the
    /// commitment later and nobody else can guess the document. Where the author acts for others, each of them has another
    /// one: the same document for two accounts does not show that they belong together.
    fn salt(&self) -> [u8; 32] {
        let own = secret_of(self.key, "salus-consent-source");
        match account_of(self.key) == self.patient {
            true => own,
            false => blake2b_256(&[own, self.patient.0].concat()),
        }
    }
}

/// Compiles a patient's consent, with the commitment to its document.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::WrongParty`] where it is another patient's,
/// [`OperationError::UnknownReference`].
pub fn compile_by(
    document: &Document,
    directory: &Directory,
    author: &Author<'_>,
) -> Result<CompiledConsent, OperationError> {
    let mut compiled = document.compile(|bytes| compile(bytes, directory))?;
    ensure_is_one_of(&document.file, directory, "Consent.patient", &compiled.patient, &author.named)?;
    compiled.consent.source = consent_source(&blake2b_256, author.salt(), &document.bytes);
    Ok(compiled)
}

/// As [`compile_by`], for a patient's own document.
///
/// # Errors
/// As [`compile_by`].
pub fn compile_own(
    document: &Document,
    directory: &Directory,
    patient: &Keypair,
) -> Result<CompiledConsent, OperationError> {
    compile_by(document, directory, &Author::own(patient))
}

/// Compiles what is to be proposed, for the patient whom the document names.
///
/// # Errors
/// As [`compile_by`].
pub fn compile_proposal(
    document: &Document,
    directory: &Directory,
    proposer: &Keypair,
) -> Result<(AccountId32, CompiledConsent), OperationError> {
    let named = document.compile(|bytes| compile(bytes, directory))?.patient;
    let patient = document.resolve(directory, "Consent.patient", &named)?;
    let author = Author { key: proposer, patient, named: vec![patient] };
    Ok((patient, compile_by(document, directory, &author)?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::signer::{for_relationship, from_suri};
    use salus_domain::ids::{Account, Hash};

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    const DOCUMENT: &str = r#"{"resourceType":"Consent","status":"active","patient":{"reference":"Patient/rosa"},
        "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTOUT"}]}}"#;

    fn document() -> Document {
        Document { file: "consent.json".into(), bytes: DOCUMENT.as_bytes().to_vec() }
    }

    fn directory(rosa: &AccountId32) -> Directory {
        [("Patient/rosa".to_owned(), Account(rosa.0))].into_iter().collect()
    }

    fn committed(author: &Author<'_>) -> Result<Hash> {
        Ok(compile_by(&document(), &directory(&author.patient), author)?.consent.source)
    }

    #[test]
    fn two_relationships_commit_differently_to_the_same_document() -> Result {
        let key = from_suri("//Dave")?;
        let (mercy, unity) = (for_relationship(&key, "mercy")?, for_relationship(&key, "unity")?);
        let all = [committed(&Author::own(&key))?, committed(&Author::own(&mercy))?, committed(&Author::own(&unity))?];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2], "{all:?}");
        assert_eq!(committed(&Author::own(&mercy))?, all[1], "the patient can open it again");
        Ok(())
    }

    #[test]
    fn who_acts_for_two_accounts_commits_differently_for_each() -> Result {
        let proxy = from_suri("//Eve")?;
        let of = |patient: [u8; 32]| {
            let patient = AccountId32(patient);
            committed(&Author { key: &proxy, patient, named: vec![patient] })
        };
        assert_ne!(of([1; 32])?, of([2; 32])?);
        assert_ne!(of([1; 32])?, committed(&Author::own(&proxy))?);
        Ok(())
    }

    #[test]
    fn a_document_names_the_patient_or_the_account_behind_the_relationship() -> Result {
        let key = from_suri("//Dave")?;
        let mercy = for_relationship(&key, "mercy")?;
        let behind = account_of(&key);
        let author = Author { key: &mercy, patient: account_of(&mercy), named: vec![account_of(&mercy), behind] };
        assert!(compile_by(&document(), &directory(&behind), &author).is_ok());
        let other = compile_by(&document(), &directory(&AccountId32([9; 32])), &author);
        assert!(matches!(other, Err(OperationError::WrongParty { .. })));
        let own = compile_own(&document(), &directory(&behind), &mercy);
        assert!(matches!(own, Err(OperationError::WrongParty { .. })));
        Ok(())
    }
}
