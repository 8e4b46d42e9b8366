//! Records: sealed in the vault, committed to on the chain, shared, opened against a permit, and given up.

pub mod content;
pub mod export;
pub mod listing;

use super::links::Link;
use super::{account_of, keys, OperationError, Suite};
use crate::operations::envelopes::{Envelopes, InMemory};
use content::{Content, Described};
use salus_client::message::Executed;
use salus_client::{blake2b_256, domain_account, ink_account, AccountId32, ClientError, Evidence, Keypair};
use salus_domain::codes::{Action, Purpose};
use salus_domain::commitment::record_id;
use salus_domain::ids::{Hash, RecordId};
use salus_interface::access::{AccessDecided, AccessDecision, Record, RecordTerms};
use salus_interface::event::Event;
use salus_release::wire::PermitPlace;
use salus_vault::{EncryptionPublicKey, RecordRef, Vault, VaultError};

/// A record that is in the vault and on the chain.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its id.
    pub record: RecordId,
    /// The number of its version.
    pub version: u32,
    /// What is said of it on the chain.
    pub terms: RecordTerms,
    /// Where it was registered; `None` where it was there already.
    pub evidence: Option<Evidence>,
}

/// The id that a record will have.
#[must_use]
pub fn id_of(terms: &RecordTerms, registrant: &AccountId32) -> RecordId {
    record_id(&blake2b_256, domain_account(registrant), terms.commitment)
}

/// A version of a record, as the vault names it.
#[must_use]
pub fn sealed(record: RecordId, version: u32) -> RecordRef {
    RecordRef { record: record.0.into(), version }
}

/// Seals content in the vault, for the patient and for whoever registers it, and registers it on the chain. Doing it again
/// after an interruption completes it.
///
/// # Errors
/// [`OperationError::NoEncryptionKey`] where the patient has published none, [`OperationError::Vault`],
/// [`OperationError::Access`].
pub async fn register(
    suite: &Suite,
    vault: &Vault,
    registrant: &Keypair,
    patient: &AccountId32,
    content: &Content,
) -> Result<Registered, OperationError> {
    let described = content.describe(patient, registrant).await?;
    let terms = described.terms;
    let record = id_of(&terms, &account_of(registrant));
    let grants = suite.deployment.grants();
    let known = grants.record(record).read(&suite.chain).await?;
    if known.is_some_and(|known| known.version != 1 || known.erased) {
        return Ok(Registered { record, version: 1, terms, evidence: None });
    }
    let message = grants.register_record(ink_account(patient), terms);
    if known.is_none() {
        // What the contract would refuse is not sealed.
        message.dry_run(&suite.chain, &account_of(registrant)).await?;
    }
    let recipients = [keys::published(suite, patient).await?, keys::own(suite, registrant).await?.public_key()];
    seal(vault, sealed(record, 1), content, &described, &recipients).await?;
    if known.is_some() {
        return Ok(Registered { record, version: 1, terms, evidence: None });
    }
    let executed = message.submit(&suite.chain, registrant).await?;
    Ok(Registered { record, version: 1, terms, evidence: Some(executed.evidence) })
}

async fn seal(
    vault: &Vault,
    version: RecordRef,
    content: &Content,
    described: &Described,
    recipients: &[EncryptionPublicKey],
) -> Result<bool, OperationError> {
    let reader = content.checked(described).await?;
    match vault.seal_reader(version, &content.media_type, reader, &described.salt, recipients).await {
        Ok(_) => Ok(true),
        Err(VaultError::AlreadySealed { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What amending a record with this content comes to: the number of the version, and whether it is there already.
///
/// # Errors
/// [`OperationError::NoRecord`].
pub async fn next_version(
    suite: &Suite,
    record: RecordId,
    described: &Described,
) -> Result<(Record, u32, bool), OperationError> {
    let known = on_chain(suite, record).await?;
    match known.terms == described.terms {
        true => Ok((known, known.version, true)),
        false => Ok((known, known.version.saturating_add(1), false)),
    }
}

/// Seals a new version of a record in the vault, for all who can open the one before, and commits to it on the chain.
/// Doing it again after an interruption completes it.
///
/// # Errors
/// [`OperationError::NoRecord`], [`OperationError::Vault`], [`OperationError::Access`],
/// [`OperationError::SealedOtherwise`] where an attempt with other content broke off.
pub async fn amend(
    suite: &Suite,
    vault: &Vault,
    custodian: &Keypair,
    record: RecordId,
    content: &Content,
) -> Result<Registered, OperationError> {
    let patient = salus_client::client_account(on_chain(suite, record).await?.patient);
    let described = content.describe(&patient, custodian).await?;
    let (_, version, there) = next_version(suite, record, &described).await?;
    let message = suite.deployment.grants().amend_record(record, described.terms);
    if !there {
        message.dry_run(&suite.chain, &account_of(custodian)).await?;
    }
    let own = keys::own(suite, custodian).await?;
    let mut recipients = vec![keys::published(suite, &patient).await?, own.public_key()];
    match vault.recipients(sealed(record, version.saturating_sub(1))).await {
        Ok(before) => recipients.extend(before),
        // The version before is in another vault: nobody can open it in this one.
        Err(VaultError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let at = sealed(record, version);
    if !seal(vault, at, content, &described, &recipients).await? {
        let pair = keys::opener(vault, at, custodian).await?;
        let found = vault.open_to(at, &pair, tokio::io::sink()).await?;
        if found.commitment() != described.terms.commitment.0 {
            return Err(OperationError::SealedOtherwise { version });
        }
    }
    let evidence = match there {
        true => None,
        false => Some(message.submit(&suite.chain, custodian).await?.evidence),
    };
    Ok(Registered { record, version, terms: described.terms, evidence })
}

/// What the chain knows of a record.
///
/// # Errors
/// [`OperationError::NoRecord`].
pub async fn on_chain(suite: &Suite, record: RecordId) -> Result<Record, OperationError> {
    let known = suite.deployment.grants().record(record).read(&suite.chain).await?;
    known.ok_or_else(|| OperationError::NoRecord(hex::encode(record.0)))
}

/// Wraps a record's key for another account, as somebody who can open it. That account still needs a permit. Returns whether that
/// is new.
///
/// # Errors
/// [`OperationError::NoRecord`], [`OperationError::NoEncryptionKey`], those of [`Envelopes::share`].
pub async fn share(
    suite: &Suite,
    envelopes: &Envelopes,
    owner: &Keypair,
    record: RecordId,
    with: &AccountId32,
) -> Result<bool, OperationError> {
    let to = keys::published(suite, with).await?;
    share_with_key(suite, envelopes, owner, record, &to).await
}

/// As [`share`], for an encryption key.
///
/// # Errors
/// As [`share`].
pub async fn share_with_key(
    suite: &Suite,
    envelopes: &Envelopes,
    owner: &Keypair,
    record: RecordId,
    to: &EncryptionPublicKey,
) -> Result<bool, OperationError> {
    let version = sealed(record, on_chain(suite, record).await?.version);
    envelopes.share(suite, owner, version, to).await
}

/// What is asked for of a record.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The record.
    pub record: RecordId,
    /// What for.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// The share link under which it is asked for.
    pub link: Option<&'a Link>,
}

/// Asks for access to a record. The decision is an event on the chain, permit or refusal, in a block that is final.
///
/// # Errors
/// [`OperationError::Access`]. A refusal is not an error here.
pub async fn request_access(
    suite: &Suite,
    accessor: &Keypair,
    asked: Asked<'_>,
) -> Result<(AccessDecided, Executed<AccessDecision>), OperationError> {
    let Asked { record, purpose, action, link } = asked;
    let link = link.map(|link| ink_account(&link.account()));
    let message = suite.deployment.grants().request_access(record, purpose, action, link);
    let executed = message.submit_final(&suite.chain, accessor).await?;
    Ok((executed.event::<AccessDecided>()?, executed))
}

/// A permit: the decision that let the accessor in, and what may be opened.
#[derive(Clone, Debug)]
pub struct Permit {
    /// The decision.
    pub decided: AccessDecided,
    /// The transaction.
    pub evidence: Evidence,
    /// Where the decision stands, for a release service.
    pub place: PermitPlace,
    /// The version that may be opened.
    pub version: RecordRef,
    /// What the chain commits to.
    pub commitment: Hash,
}

/// Asks for access; a refusal is an error.
///
/// # Errors
/// [`OperationError::AccessRefused`], [`OperationError::Access`], [`OperationError::AmendedMeanwhile`].
pub async fn permit(suite: &Suite, accessor: &Keypair, asked: Asked<'_>) -> Result<Permit, OperationError> {
    let (decided, executed) = request_access(suite, accessor, asked).await?;
    let version = match decided.decision {
        AccessDecision::Permitted { version, .. } => version,
        AccessDecision::Refused(refusal) => return Err(OperationError::AccessRefused(refusal)),
    };
    let known = on_chain(suite, asked.record).await?;
    // What the chain commits to is the newest version.
    if known.version != version {
        return Err(OperationError::AmendedMeanwhile { permitted: version, newest: known.version });
    }
    let at = executed.events.iter().find(|event| event.decode::<AccessDecided>().is_some());
    let event = at.map(|event| event.index).ok_or(ClientError::NoEvent(AccessDecided::NAME))?;
    let place = PermitPlace { block: executed.evidence.block, event };
    let (commitment, version) = (known.terms.commitment, sealed(asked.record, version));
    Ok(Permit { decided, evidence: executed.evidence, place, version, commitment })
}

/// Asks for access, and opens the record in memory if it is granted: at most [`salus_vault::MAX_OPEN_BYTES`]. What is opened is
/// checked against the commitment on the chain.
///
/// # Errors
/// As [`permit`] and [`Envelopes::open`].
pub async fn open(
    suite: &Suite,
    envelopes: &Envelopes,
    accessor: &Keypair,
    asked: Asked<'_>,
) -> Result<(InMemory, Permit), OperationError> {
    let permit = permit(suite, accessor, asked).await?;
    Ok((envelopes.open(accessor, &permit, asked.link).await?, permit))
}
