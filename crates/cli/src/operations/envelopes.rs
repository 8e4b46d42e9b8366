//! Where the envelopes and the ciphertexts of records are: in a vault at hand, or behind a release service, which hands them
//! out against permits alone.

use super::links::Link;
use super::records::{self, sealed, Asked, Permit};
use super::{account_of, keys, OperationError, Suite};
use futures_util::StreamExt;
use salus_audit::leaf_of;
use salus_client::{ink_account, Keypair};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_release::client::{ReleaseClient, ReleaseError};
use salus_release::entry::{Entry, Outcome};
use salus_release::wire::EntryRef;
use salus_vault::{
    rewrap, unwrap_and_decrypt, EncryptionKeyPair, EncryptionPublicKey, RecordRef, ShareOutcome, Unsealed,
    UnshareOutcome, Vault, VaultError, MAX_OPEN_BYTES,
};
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio_util::io::StreamReader;
use zeroize::Zeroizing;

/// How often, and how far apart, a service is asked whether it knows the block of a permit as final: half a minute in all.
const LOOKS: usize = 60;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Where envelopes and ciphertexts are.
pub enum Envelopes {
    /// In a vault that can be read.
    Vault(Vault),
    /// Behind a release service, asked in the name of one account.
    Service(Box<ReleaseClient>),
}

/// Content that was opened in memory. It is wiped when it is dropped.
#[derive(Debug)]
pub struct InMemory {
    /// The content.
    pub content: Zeroizing<Vec<u8>>,
    /// Its media type.
    pub media_type: String,
    /// What the service wrote down of it; `None` where it was opened from a vault at hand.
    pub entry: Option<EntryRef>,
}

/// What was destroyed of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestroyedInAll {
    /// The digest of the list of it (`salus_vault::Destruction::digest`).
    pub digest: [u8; 32],
    /// How many objects.
    pub objects: usize,
    /// How many bytes.
    pub bytes: u64,
    /// What the service wrote down of it.
    pub entry: Option<EntryRef>,
}

impl Envelopes {
    /// Wraps the key of a record version for `to`, as somebody who can open it. Returns whether that changed anything: a service
    /// puts the new envelope in the place of one that is there. `owner`'s own is collected from it first, against a permit.
    ///
    /// # Errors
    /// [`OperationError::Vault`], [`OperationError::Release`]; those of [`records::permit`].
    pub async fn share(
        &self,
        suite: &Suite,
        owner: &Keypair,
        version: RecordRef,
        to: &EncryptionPublicKey,
    ) -> Result<bool, OperationError> {
        match self {
            Self::Vault(vault) => {
                let pair = keys::opener(vault, version, owner).await?;
                Ok(vault.share(version, &pair, to).await? == ShareOutcome::Created)
            }
            Self::Service(client) => {
                let permit = own_permit(suite, owner, RecordId(*version.record.as_bytes())).await?;
                let handed = collect(client, owner, &permit, None).await?;
                let envelope = rewrap(permit.version, &handed.envelope, &handed.pair, to)?;
                match client.put_envelope(permit.version, to, envelope).await {
                    Ok(put) => Ok(put.changed),
                    // Each wrapping gives other bytes: another one for this key opens the same.
                    Err(error) if error.code() == Some("other_envelope") => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Removes what was wrapped for `from` of all versions of a record. Returns of how many there was something.
    ///
    /// # Errors
    /// [`OperationError::Vault`], [`OperationError::Release`].
    pub async fn unshare(
        &self,
        suite: &Suite,
        record: RecordId,
        from: &EncryptionPublicKey,
    ) -> Result<usize, OperationError> {
        let mut removed = 0;
        match self {
            Self::Vault(vault) => {
                for version in vault.versions(&record.0.into()).await? {
                    if vault.unshare(sealed(record, version), from).await? == UnshareOutcome::Removed {
                        removed += 1;
                    }
                }
            }
            Self::Service(client) => {
                for version in 1..=records::on_chain(suite, record).await?.version {
                    match client.remove_envelope(sealed(record, version), from).await {
                        Ok(done) => removed += usize::from(done.changed),
                        Err(error) if matches!(error.code(), Some("not_in_vault" | "erased")) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(removed)
    }

    /// Opens what was permitted in memory: at most [`MAX_OPEN_BYTES`]. It is checked against the commitment on the chain.
    ///
    /// # Errors
    /// [`OperationError::Vault`], [`OperationError::Release`].
    pub async fn open(
        &self,
        accessor: &Keypair,
        permit: &Permit,
        link: Option<&Link>,
    ) -> Result<InMemory, OperationError> {
        match self {
            Self::Vault(vault) => {
                let opened = vault.open(permit.version, &pair(vault, accessor, permit, link).await?).await?;
                opened.verify_commitment(&permit.commitment.0)?;
                let media_type = opened.media_type().to_owned();
                Ok(InMemory { content: opened.into_content(), media_type, entry: None })
            }
            Self::Service(client) => {
                let handed = collect(client, accessor, permit, link).await?;
                let mut content = Zeroizing::new(Vec::new());
                let found = decrypt(client, &handed, permit, Some(MAX_OPEN_BYTES), &mut *content).await?;
                let media_type = found.media_type().to_owned();
                Ok(InMemory { content, media_type, entry: Some(handed.answer.entry) })
            }
        }
    }

    /// As [`Envelopes::open`], of any size, into a file that only its owner reads, and that is there only when all of it is what
    /// the chain commits to.
    ///
    /// # Errors
    /// As [`Envelopes::open`].
    pub async fn open_file(
        &self,
        accessor: &Keypair,
        permit: &Permit,
        link: Option<&Link>,
        file: &Path,
    ) -> Result<(Unsealed, Option<EntryRef>), OperationError> {
        match self {
            Self::Vault(vault) => {
                let pair = pair(vault, accessor, permit, link).await?;
                Ok((vault.open_file(permit.version, &pair, file, Some(&permit.commitment.0)).await?, None))
            }
            Self::Service(client) => {
                let handed = collect(client, accessor, permit, link).await?;
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                // Only its owner reads it; it is removed when it is dropped.
                let partial = tempfile::Builder::new().prefix(".salus-").tempfile_in(folder);
                let partial = partial.map_err(VaultError::Target)?;
                let handle = partial.as_file().try_clone().map_err(VaultError::Target)?;
                let mut out = tokio::fs::File::from_std(handle);
                let found = decrypt(client, &handed, permit, None, &mut out).await?;
                out.sync_all().await.map_err(VaultError::Target)?;
                partial.persist_noclobber(file).map_err(|error| VaultError::Target(error.error))?;
                Ok((found, Some(handed.answer.entry)))
            }
        }
    }

    /// Destroys what there is of a record that is erased on the chain; `None` where there is nothing. Of a service, what it says is
    /// compared with what it wrote into its log.
    ///
    /// # Errors
    /// [`OperationError::Vault`], [`OperationError::Release`], [`OperationError::NotAsLogged`].
    pub async fn destroy(
        &self,
        suite: &Suite,
        signer: &Keypair,
        record: RecordId,
    ) -> Result<Option<DestroyedInAll>, OperationError> {
        match self {
            Self::Vault(vault) => match vault.destroy(&record.0.into()).await {
                Ok(done) => Ok(Some(DestroyedInAll {
                    digest: done.digest(),
                    objects: done.objects().len(),
                    bytes: done.objects().iter().map(|object| object.bytes).sum(),
                    entry: None,
                })),
                Err(VaultError::NothingToDestroy { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Service(client) => {
                let done = match client.erase(record).await {
                    Ok(done) => done,
                    Err(error) if error.code() == Some("not_in_vault") => return Ok(None),
                    Err(error) => return Err(error.into()),
                };
                let known = records::on_chain(suite, record).await?;
                // Who is not the patient cannot read the entry.
                if known.patient == ink_account(&account_of(signer)) {
                    ensure_logged(client, signer, record, done.digest.0, &done.entry).await?;
                }
                Ok(Some(DestroyedInAll {
                    digest: done.digest.0,
                    objects: done.objects.len(),
                    bytes: done.objects.iter().map(|object| object.bytes).sum(),
                    entry: Some(done.entry),
                }))
            }
        }
    }
}

/// The pair that opens what was permitted: the link's where it was asked for under a link, else one of the accessor's.
async fn pair(
    vault: &Vault,
    accessor: &Keypair,
    permit: &Permit,
    link: Option<&Link>,
) -> Result<EncryptionKeyPair, VaultError> {
    match link {
        Some(link) => Ok(link.encryption_key()),
        None => keys::opener(vault, permit.version, accessor).await,
    }
}

/// A permit for the newest version of a record, for somebody whose it is or who keeps it.
pub(super) async fn own_permit(suite: &Suite, owner: &Keypair, record: RecordId) -> Result<Permit, OperationError> {
    let is_patient = records::on_chain(suite, record).await?.patient == ink_account(&account_of(owner));
    let purpose = if is_patient { Purpose::Patrqt } else { Purpose::Treat };
    records::permit(suite, owner, Asked { record, purpose, action: Action::Access, link: None }).await
}

/// What a service handed out, and the pair that opens it.
pub(super) struct Handed {
    pub(super) envelope: Vec<u8>,
    pub(super) pair: EncryptionKeyPair,
    answer: salus_release::wire::Released,
}

/// Collects the envelope of what was permitted.
pub(super) async fn collect(
    client: &ReleaseClient,
    accessor: &Keypair,
    permit: &Permit,
    link: Option<&Link>,
) -> Result<Handed, OperationError> {
    await_final(client, permit.place.block).await?;
    let record = RecordId(*permit.version.record.as_bytes());
    let release = client.release(record, permit.version.version, permit.place, None).await?;
    let key = EncryptionPublicKey::from(release.answer.key.0);
    let pair = match link {
        Some(link) => Some(link.encryption_key()).filter(|pair| pair.public_key() == key),
        None => keys::among(accessor, &[key]),
    };
    let pair = pair.ok_or(OperationError::ForeignKey { account: account_of(accessor) })?;
    Ok(Handed { envelope: release.envelope, pair, answer: release.answer })
}

/// Waits until the nodes of the service have a block as final: they may be others than the one that was asked for the permit.
/// Where the service cannot release at all, the release says why.
pub(super) async fn await_final(client: &ReleaseClient, block: u64) -> Result<(), ReleaseError> {
    for _ in 0..LOOKS {
        let health = client.health().await?;
        if health.code.is_some() || health.final_height.is_some_and(|height| height >= block) {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

/// Decrypts the ciphertext that a service streams, and checks it against the commitment on the chain. `limit`: how much of it is
/// read.
async fn decrypt(
    client: &ReleaseClient,
    handed: &Handed,
    permit: &Permit,
    limit: Option<u64>,
    out: impl AsyncWrite,
) -> Result<Unsealed, OperationError> {
    let stream = client.content(&handed.answer).await?;
    let mut read: u64 = 0;
    let bounded = stream.map(move |bytes| {
        let bytes = bytes.map_err(std::io::Error::other)?;
        read = read.saturating_add(bytes.len() as u64);
        match limit {
            Some(limit) if read > limit => Err(std::io::Error::other(VaultError::TooLarge { limit, actual: read })),
            _ => Ok(bytes),
        }
    });
    let found =
        unwrap_and_decrypt(permit.version, &handed.envelope, StreamReader::new(bounded), &handed.pair, out).await;
    let found = found.map_err(cause)?;
    found.verify_commitment(&permit.commitment.0)?;
    Ok(found)
}

/// What a stream broke by, where it is known.
fn cause(error: VaultError) -> OperationError {
    let VaultError::Source(error) = error else { return error.into() };
    let kind = error.kind();
    let Some(inner) = error.into_inner() else { return VaultError::Source(kind.into()).into() };
    match inner.downcast::<ReleaseError>() {
        Ok(error) => (*error).into(),
        Err(other) => match other.downcast::<VaultError>() {
            Ok(error) => (*error).into(),
            Err(other) => VaultError::Source(std::io::Error::new(kind, other)).into(),
        },
    }
}

/// Fails where the log of the service does not say what the service says.
async fn ensure_logged(
    client: &ReleaseClient,
    patient: &Keypair,
    record: RecordId,
    digest: [u8; 32],
    entry: &EntryRef,
) -> Result<(), OperationError> {
    let page = client.entries_of(&account_of(patient), entry.index).await?;
    let not = || OperationError::NotAsLogged { index: entry.index };
    let logged = page.entries.iter().find(|logged| logged.index == entry.index).ok_or_else(not)?;
    let Ok(Entry::V1(said)) = logged.read() else { return Err(not()) };
    let same = logged.id == entry.id
        && leaf_of(&logged.id(), &logged.entry).0 == entry.leaf.0
        && said.record == record
        && matches!(said.outcome, Outcome::Erased { digest: logged } if logged.0 == digest);
    same.then_some(()).ok_or_else(not)
}
