//! Sealing, opening and sharing.

use std::{path::Path, sync::Arc};

use object_store::{local::LocalFileSystem, ObjectStore};
use tokio::io::AsyncRead;

use crate::{
    commitment::{commit, SALT_BYTES},
    content::{self, check_media_type, check_size, ContentKey, Opened},
    envelope, manifest,
    manifest::SealingId,
    random::random,
    source::read_bounded,
    store::{content_path, envelope_path, manifest_path, Objects},
    EncryptionKeyPair, EncryptionPublicKey, RecordId, RecordRef, VaultError,
};

/// What sealing made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The version that is now in the vault.
    pub record: RecordRef,
    /// The commitment to its content, for the chain.
    pub commitment: [u8; 32],
    /// The size of the encrypted content object in bytes.
    pub content_object_bytes: u64,
    /// Who can open it: the recipients given, each once, in order.
    pub recipients: Vec<EncryptionPublicKey>,
}

/// What sharing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareOutcome {
    /// A new envelope is in the vault.
    Created,
    /// The recipient had an envelope already; it was left as it is.
    AlreadyThere,
}

/// What unsharing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnshareOutcome {
    /// The envelope is gone.
    Removed,
    /// There was none.
    NotThere,
}

/// Encrypted records in an object store.
pub struct Vault {
    objects: Objects,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault in any store that can create an object only if it does not exist (`PutMode::Create`).
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { objects: Objects::new(store) }
    }

    /// A vault in a local folder. Folders that do not exist are created, on Unix with permissions 0700; one that
    /// exists keeps the permissions it has. Writes are flushed to disk before they count as done. The file system
    /// must know hard links.
    ///
    /// Errors: [`VaultError::CreateFolder`], [`VaultError::Store`].
    pub fn local(folder: impl AsRef<Path>) -> Result<Self, VaultError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder.as_ref()).map_err(VaultError::CreateFolder)?;
        let store = LocalFileSystem::new_with_prefix(folder.as_ref())?.with_fsync(true);
        Ok(Self::new(Arc::new(store)))
    }

    /// Encrypts `content` under a fresh key and wraps that key for each of the recipients (of which one had better be
    /// the owner).
    ///
    /// The record is in the vault once this returns, and not before its last write: the content is written first,
    /// then the envelopes, then the manifest. What an interrupted run left behind is not visible, does not hinder the
    /// next run, and is removed by it. Of several runs for one version at the same time exactly one wins.
    ///
    /// Errors: [`VaultError::TooLarge`] above [`crate::MAX_CONTENT_BYTES`], [`VaultError::InvalidMediaType`],
    /// [`VaultError::NoRecipients`], [`VaultError::InvalidPublicKey`], [`VaultError::AlreadySealed`] (whatever the
    /// bytes: a version never changes), [`VaultError::NoRandomness`], [`VaultError::Store`].
    pub async fn seal(
        &self,
        record: RecordRef,
        media_type: &str,
        content: &[u8],
        salt: &[u8; SALT_BYTES],
        recipients: &[EncryptionPublicKey],
    ) -> Result<Sealed, VaultError> {
        check_size(content.len() as u64)?;
        self.check_unsealed(record).await?;
        let mut recipients = recipients.to_vec();
        recipients.sort_unstable();
        recipients.dedup();
        if recipients.is_empty() {
            return Err(VaultError::NoRecipients);
        }

        // All that can be refused is refused before anything is written.
        let key = ContentKey::generate()?;
        let envelopes = recipients
            .iter()
            .map(|recipient| envelope::wrap(record, recipient, &key, getrandom::fill))
            .collect::<Result<Vec<_>, _>>()?;
        let object = content::seal(record, media_type, content, salt, &key)?;
        drop(key);
        let commitment = commit(salt, content);

        let content_object_bytes = object.len() as u64;
        let sealing = SealingId(*random()?);
        let objects = &self.objects;
        objects.create(&content_path(record, sealing), object).await?;
        for (recipient, envelope) in recipients.iter().zip(envelopes) {
            objects.create(&envelope_path(record, sealing, recipient), envelope).await?;
        }
        let manifest = manifest::write(record, sealing);
        if !objects.create(&manifest_path(record), manifest).await? {
            // Another run was faster. Leftovers are invisible, so failing to remove them is no failure of this call.
            let _ = objects.discard_sealing(record, sealing).await;
            return Err(VaultError::AlreadySealed { record });
        }
        let _ = objects.discard_other_sealings(record, sealing).await;
        Ok(Sealed { record, commitment, content_object_bytes, recipients })
    }

    /// [`Vault::seal`] for content that comes from a reader. It is read into memory up to the limit; a longer one is
    /// refused as soon as the limit is passed.
    ///
    /// Errors: those of [`Vault::seal`], [`VaultError::Source`].
    pub async fn seal_reader(
        &self,
        record: RecordRef,
        media_type: &str,
        content: impl AsyncRead,
        salt: &[u8; SALT_BYTES],
        recipients: &[EncryptionPublicKey],
    ) -> Result<Sealed, VaultError> {
        // The cheap reasons to refuse come before reading.
        check_media_type(media_type)?;
        self.check_unsealed(record).await?;
        let content = read_bounded(content, 0).await?;
        self.seal(record, media_type, &content, salt, recipients).await
    }

    /// [`Vault::seal`] for content that is in a file. A file above the limit is refused by its size, unread.
    ///
    /// Errors: those of [`Vault::seal`], [`VaultError::Source`].
    pub async fn seal_file(
        &self,
        record: RecordRef,
        media_type: &str,
        file: impl AsRef<Path>,
        salt: &[u8; SALT_BYTES],
        recipients: &[EncryptionPublicKey],
    ) -> Result<Sealed, VaultError> {
        check_media_type(media_type)?;
        self.check_unsealed(record).await?;
        let file = tokio::fs::File::open(file).await.map_err(VaultError::Source)?;
        let size = file.metadata().await.map_err(VaultError::Source)?.len();
        check_size(size)?;
        let content = read_bounded(file, size).await?;
        self.seal(record, media_type, &content, salt, recipients).await
    }

    /// Decrypts a record version for the holder of `key`. The caller compares the result with the chain
    /// ([`Opened::verify_commitment`]).
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::NoEnvelope`], [`VaultError::ContentMissing`]; for objects that
    /// are not what was sealed [`VaultError::ContentTampered`], [`VaultError::EnvelopeTampered`],
    /// [`VaultError::WrongRecordOrVersion`], [`VaultError::WrongRecipient`], [`VaultError::UnsupportedFormat`],
    /// [`VaultError::ForeignObject`], [`VaultError::Truncated`], [`VaultError::TooLarge`]; [`VaultError::Store`].
    pub async fn open(&self, record: RecordRef, key: &EncryptionKeyPair) -> Result<Opened, VaultError> {
        let sealing = self.sealing(record).await?;
        Ok(self.open_with_key(record, sealing, key).await?.0)
    }

    /// Wraps the content key for one more recipient, by someone who can open the record. The content is decrypted on
    /// the way, so that a key that does not fit it is never passed on.
    ///
    /// Errors: those of [`Vault::open`], [`VaultError::InvalidPublicKey`], [`VaultError::NoRandomness`].
    pub async fn share(
        &self,
        record: RecordRef,
        key: &EncryptionKeyPair,
        to: &EncryptionPublicKey,
    ) -> Result<ShareOutcome, VaultError> {
        let sealing = self.sealing(record).await?;
        let (_, content_key) = self.open_with_key(record, sealing, key).await?;
        let envelope = envelope::wrap(record, to, &content_key, getrandom::fill)?;
        let path = envelope_path(record, sealing, to);
        Ok(match self.objects.create(&path, envelope).await? {
            true => ShareOutcome::Created,
            false => ShareOutcome::AlreadyThere,
        })
    }

    /// Removes the envelope of a recipient. No key is needed: who may do this is who may write to the store.
    ///
    /// It takes back nothing that was already read, nor a copy of the envelope made before. Without its last envelope
    /// the content can never be opened again.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Store`], and those of an unreadable manifest.
    pub async fn unshare(&self, record: RecordRef, from: &EncryptionPublicKey) -> Result<UnshareOutcome, VaultError> {
        let sealing = self.sealing(record).await?;
        let path = envelope_path(record, sealing, from);
        Ok(match self.objects.delete(&path).await? {
            true => UnshareOutcome::Removed,
            false => UnshareOutcome::NotThere,
        })
    }

    /// All record versions in the vault, in order.
    ///
    /// Errors: [`VaultError::Store`].
    pub async fn records(&self) -> Result<Vec<RecordRef>, VaultError> {
        self.objects.records().await
    }

    /// The versions of one record, ascending; empty if there is no such record.
    ///
    /// Errors: [`VaultError::Store`].
    pub async fn versions(&self, record: &RecordId) -> Result<Vec<u32>, VaultError> {
        let versions = self.objects.versions(record).await?;
        Ok(versions.iter().map(|record| record.version).collect())
    }

    /// The public keys a record version has envelopes for, in order. That an envelope is there does not mean it opens.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Store`], and those of an unreadable manifest.
    pub async fn recipients(&self, record: RecordRef) -> Result<Vec<EncryptionPublicKey>, VaultError> {
        let sealing = self.sealing(record).await?;
        self.objects.recipients(record, sealing).await
    }

    async fn check_unsealed(&self, record: RecordRef) -> Result<(), VaultError> {
        if self.objects.exists(&manifest_path(record)).await? {
            return Err(VaultError::AlreadySealed { record });
        }
        Ok(())
    }

    async fn sealing(&self, record: RecordRef) -> Result<SealingId, VaultError> {
        let bytes = self.objects.small(&manifest_path(record)).await?;
        manifest::read(&bytes.ok_or(VaultError::NotFound { record })?, record)
    }

    async fn open_with_key(
        &self,
        record: RecordRef,
        sealing: SealingId,
        key: &EncryptionKeyPair,
    ) -> Result<(Opened, ContentKey), VaultError> {
        let recipient = key.public_key();
        let envelope = envelope_path(record, sealing, &recipient);
        let envelope = self.objects.small(&envelope).await?.ok_or(VaultError::NoEnvelope { record, recipient })?;
        let content_key = envelope::unwrap(&envelope, record, key)?;
        let object =
            self.objects.content(&content_path(record, sealing)).await?.ok_or(VaultError::ContentMissing { record })?;
        let opened = content::open(object, record, &content_key)?;
        Ok((opened, content_key))
    }
}
