//! Records: sealed in the vault, committed to on the chain, shared, and opened against a permit.

use super::documents::Document;
use super::{account_of, encryption_key, secret_of, OperationError, Suite};
use salus_client::message::Executed;
use salus_client::{blake2b_256, domain_account, ink_account, AccountId32, Evidence, Keypair, Located};
use salus_domain::codes::{Action, Purpose};
use salus_domain::commitment::record_id;
use salus_domain::ids::{Hash, RecordId};
use salus_fhir::record::compile;
use salus_interface::access::{AccessDecided, AccessDecision, Record, RecordTerms};
use salus_vault::{commit, EncryptionPublicKey, Opened, RecordRef, ShareOutcome, Vault, VaultError};

/// The media type of a FHIR resource (FHIR R4, section 3.1.0.1.9).
pub const FHIR_JSON: &str = "application/fhir+json";

/// A record that is in the vault and on the chain.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its id.
    pub record: RecordId,
    /// What is said of it on the chain.
    pub terms: RecordTerms,
    /// Where it was registered; `None` where it was there already.
    pub evidence: Option<Evidence>,
}

/// What is to be said of a document on the chain, and the salt of its commitment.
///
/// The salt follows from the registrant's secret, the patient and the content: registering the same document again finds
/// the record that is there.
///
/// # Errors
/// [`OperationError::Document`].
pub fn describe(
    document: &Document,
    patient: &AccountId32,
    registrant: &Keypair,
) -> Result<(RecordTerms, [u8; 32]), OperationError> {
    let compiled = document.compile(compile)?;
    let mut seed = secret_of(registrant, "salus-record-salt").to_vec();
    seed.extend_from_slice(&patient.0);
    seed.extend_from_slice(&document.bytes);
    let salt = blake2b_256(&seed);
    let terms = RecordTerms {
        commitment: Hash(commit(&salt, &document.bytes)),
        class: compiled.class,
        confidentiality: compiled.confidentiality,
        sensitivity: compiled.sensitivity,
        data_period: compiled.data_period,
    };
    Ok((terms, salt))
}

/// The id that a record will have.
#[must_use]
pub fn id_of(terms: &RecordTerms, registrant: &AccountId32) -> RecordId {
    record_id(&|input: &[u8]| blake2b_256(input), domain_account(registrant), terms.commitment)
}

/// Seals a FHIR resource in the vault, for the patient and for whoever registers it, and registers it on the chain.
/// Doing it again after an interruption completes it.
///
/// # Errors
/// [`OperationError::NoEncryptionKey`] where the patient has published none, [`OperationError::Document`],
/// [`OperationError::Vault`], [`OperationError::Access`].
pub async fn register(
    suite: &Suite,
    vault: &Vault,
    registrant: &Keypair,
    patient: &AccountId32,
    document: &Document,
) -> Result<Registered, OperationError> {
    let (terms, salt) = describe(document, patient, registrant)?;
    let record = id_of(&terms, &account_of(registrant));
    let grants = suite.deployment.grants();
    let known = grants.record(record).read(&suite.chain).await?;
    let message = grants.register_record(ink_account(patient), terms);
    if known.is_none() {
        // What the contract would refuse is not sealed.
        message.dry_run(&suite.chain, &account_of(registrant)).await?;
    }
    let recipients = [published_key(suite, patient).await?, encryption_key(registrant).public_key()];
    let version = RecordRef { record: record.0.into(), version: 1 };
    match vault.seal(version, FHIR_JSON, &document.bytes, &salt, &recipients).await {
        Ok(_) | Err(VaultError::AlreadySealed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    if known.is_some() {
        return Ok(Registered { record, terms, evidence: None });
    }
    let executed = message.submit(&suite.chain, registrant).await?;
    Ok(Registered { record, terms, evidence: Some(executed.evidence) })
}

/// The encryption key that an account published.
///
/// # Errors
/// [`OperationError::NoEncryptionKey`].
pub async fn published_key(suite: &Suite, account: &AccountId32) -> Result<EncryptionPublicKey, OperationError> {
    let key = suite.deployment.grants().encryption_key(ink_account(account)).read(&suite.chain).await?;
    key.map(EncryptionPublicKey::from).ok_or_else(|| OperationError::NoEncryptionKey(*account))
}

/// Publishes the account's encryption key, unless it is the one that is published.
///
/// # Errors
/// [`OperationError::Access`].
pub async fn publish_key(suite: &Suite, account: &Keypair) -> Result<Option<Evidence>, OperationError> {
    let key = encryption_key(account).public_key();
    let grants = suite.deployment.grants();
    let published = grants.encryption_key(ink_account(&account_of(account))).read(&suite.chain).await?;
    if published == Some(*key.as_bytes()) {
        return Ok(None);
    }
    Ok(Some(grants.publish_key(*key.as_bytes()).submit(&suite.chain, account).await?.evidence))
}

/// What the chain knows of a record.
///
/// # Errors
/// [`OperationError::NoRecord`].
pub async fn on_chain(suite: &Suite, record: RecordId) -> Result<Record, OperationError> {
    let known = suite.deployment.grants().record(record).read(&suite.chain).await?;
    known.ok_or_else(|| OperationError::NoRecord(hex::encode(record.0)))
}

/// Wraps a record's key for another account, as somebody who can open it. That account still needs a permit.
///
/// # Errors
/// [`OperationError::NoRecord`], [`OperationError::NoEncryptionKey`], [`OperationError::Vault`].
pub async fn share(
    suite: &Suite,
    vault: &Vault,
    owner: &Keypair,
    record: RecordId,
    with: &AccountId32,
) -> Result<ShareOutcome, OperationError> {
    let version = on_chain(suite, record).await?.version;
    let to = published_key(suite, with).await?;
    let version = RecordRef { record: record.0.into(), version };
    Ok(vault.share(version, &encryption_key(owner), &to).await?)
}

/// Asks for access to a record. The decision is an event on the chain, permit or refusal, in a block that is final.
///
/// # Errors
/// [`OperationError::Access`]. A refusal is not an error here.
pub async fn request_access(
    suite: &Suite,
    accessor: &Keypair,
    record: RecordId,
    purpose: Purpose,
    action: Action,
) -> Result<(AccessDecided, Executed<AccessDecision>), OperationError> {
    let message = suite.deployment.grants().request_access(record, purpose, action);
    let executed = message.submit_final(&suite.chain, accessor).await?;
    Ok((executed.event::<AccessDecided>()?, executed))
}

/// A record that was opened.
#[derive(Debug)]
pub struct OpenedRecord {
    /// Its content.
    pub content: Opened,
    /// The decision that let the accessor in.
    pub decided: AccessDecided,
    /// Where the decision stands.
    pub evidence: Evidence,
}

/// Asks for access, and opens the record in the vault if it is granted. What is opened is checked against the
/// commitment on the chain.
///
/// # Errors
/// [`OperationError::AccessRefused`], [`OperationError::Access`], [`OperationError::Vault`].
pub async fn open(
    suite: &Suite,
    vault: &Vault,
    accessor: &Keypair,
    record: RecordId,
    purpose: Purpose,
    action: Action,
) -> Result<OpenedRecord, OperationError> {
    let (decided, executed) = request_access(suite, accessor, record, purpose, action).await?;
    let version = match decided.decision {
        AccessDecision::Permitted { version, .. } => version,
        AccessDecision::Refused(refusal) => return Err(OperationError::AccessRefused(refusal)),
    };
    let content = open_version(suite, vault, accessor, record, version).await?;
    Ok(OpenedRecord { content, decided, evidence: executed.evidence })
}

/// Opens a version of a record against a permit that the accessor holds. Does not ask for one.
///
/// # Errors
/// [`OperationError::Vault`], [`OperationError::NoRecord`], [`OperationError::AmendedMeanwhile`].
pub async fn open_version(
    suite: &Suite,
    vault: &Vault,
    accessor: &Keypair,
    record: RecordId,
    version: u32,
) -> Result<Opened, OperationError> {
    let known = on_chain(suite, record).await?;
    // What the chain commits to is the newest version.
    if known.version != version {
        return Err(OperationError::AmendedMeanwhile { permitted: version, newest: known.version });
    }
    let sealed = RecordRef { record: record.0.into(), version };
    let content = vault.open(sealed, &encryption_key(accessor)).await?;
    content.verify_commitment(&known.terms.commitment.0)?;
    Ok(content)
}

/// Every decision on access to records of `patient`, the earliest first.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn accesses(
    suite: &Suite,
    patient: &AccountId32,
    progress: impl FnMut(u64),
) -> Result<Vec<(Located, AccessDecided)>, OperationError> {
    let grants = suite.deployment.grants();
    let to = suite.chain.block_number().await?;
    let events = suite.chain.contract_events(grants.address(), suite.deployment.block, to, progress).await?;
    let patient = ink_account(patient);
    let decided = events.into_iter().filter_map(|located| {
        let decided = located.event.decode::<AccessDecided>().filter(|decided| decided.patient == patient)?;
        Some((located, decided))
    });
    Ok(decided.collect())
}
