//! Sealing, opening and sharing.

use std::{path::Path, sync::Arc};

use object_store::{local::LocalFileSystem, ObjectStore};
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use crate::{
    commitment::SALT_BYTES,
    content::{check_media_type, max_object_bytes, Sealer},
    envelope::{self, Envelope},
    folder::{self, Folder},
    key::ContentKey,
    manifest::{Manifest, SealingId},
    opened::{Opened, Unsealed},
    random::random,
    store::{closed_path, content_path, envelope_path, manifest_path, Objects, Stored, Upload},
    stream::{self, Hashing},
    EncryptionKeyPair, EncryptionPublicKey, RecordId, RecordRef, VaultError, MAX_CONTENT_BYTES,
};

/// The largest content that [`Vault::open`] holds in memory, in bytes: 64 MiB.
pub const MAX_OPEN_BYTES: u64 = 64 * 1024 * 1024;

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
    pub(crate) objects: Objects,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault in any store that can create an object only if it does not exist (`PutMode::Create`).
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { objects: Objects::new(store, None) }
    }

    /// A vault in a local folder. Folders that do not exist are created, on Unix with permissions 0700; one that
    /// exists keeps the permissions it has. Writes and removals are flushed to disk before they count as done. The file
    /// system must know hard links.
    ///
    /// Errors: [`VaultError::CreateFolder`], [`VaultError::Store`].
    pub fn local(folder: impl AsRef<Path>) -> Result<Self, VaultError> {
        let folder = Folder::create(folder.as_ref())?;
        if let Some(parent) = folder.path().parent() {
            // A parent that this user may not read was not created here, and so neither is the entry in it.
            let _ = folder::flush(parent);
        }
        let store = LocalFileSystem::new_with_prefix(folder.path())?.with_fsync(true);
        Ok(Self { objects: Objects::new(Arc::new(store), Some(folder)) })
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
    /// bytes: a version never changes), [`VaultError::Destroyed`], [`VaultError::NoRandomness`],
    /// [`VaultError::Store`], [`VaultError::ShutDown`].
    pub async fn seal(
        &self,
        record: RecordRef,
        media_type: &str,
        content: &[u8],
        salt: &[u8; SALT_BYTES],
        recipients: &[EncryptionPublicKey],
    ) -> Result<Sealed, VaultError> {
        self.seal_reader(record, media_type, content, salt, recipients).await
    }

    /// [`Vault::seal`] for content that comes from a reader, encrypted as it comes. Content that is too long is refused
    /// as soon as the limit is passed.
    ///
    /// What the reader gives is what is sealed: whoever derived the salt from the content ([`crate::digest_reader`])
    /// compares the commitment in [`Sealed`] with the one expected.
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
        self.seal_bounded(record, media_type, content, salt, recipients, MAX_CONTENT_BYTES).await
    }

    /// [`Vault::seal_reader`] with another limit, in bytes.
    pub(crate) async fn seal_bounded(
        &self,
        record: RecordRef,
        media_type: &str,
        content: impl AsyncRead,
        salt: &[u8; SALT_BYTES],
        recipients: &[EncryptionPublicKey],
        limit: u64,
    ) -> Result<Sealed, VaultError> {
        check_media_type(media_type)?;
        self.check_open(&record.record).await?;
        if self.objects.exists(&manifest_path(record)).await? {
            return Err(VaultError::AlreadySealed { record });
        }
        let mut recipients = recipients.to_vec();
        recipients.sort_unstable();
        recipients.dedup();
        if recipients.is_empty() {
            return Err(VaultError::NoRecipients);
        }

        // All that can be refused unread is refused before anything is written.
        let key = ContentKey::generate()?;
        let envelopes = recipients
            .iter()
            .map(|recipient| envelope::wrap(record, recipient, &key, getrandom::fill))
            .collect::<Result<Vec<_>, _>>()?;
        let sealer = Sealer::new(record, media_type, &key)?;
        let manifest = Manifest { sealing: SealingId(*random()?), check: key.check(record) };
        drop(key);

        let objects = &self.objects;
        let mut upload = Upload::new(objects, content_path(record, manifest.sealing));
        let digest = match stream::seal(sealer, salt, content, limit, &mut upload).await {
            Ok(digest) => digest,
            Err(error) => {
                upload.abort().await;
                return Err(error);
            }
        };
        let content_object_bytes = upload.finish().await?;
        for (recipient, envelope) in recipients.iter().zip(envelopes) {
            objects.create(&envelope_path(record, manifest.sealing, recipient), envelope).await?;
        }
        // Leftovers are invisible, so failing to remove them is no failure of this call.
        if !objects.create(&manifest_path(record), manifest.write(record)).await? {
            // Another run was faster.
            let _ = objects.discard_sealing(record, manifest.sealing).await;
            return Err(VaultError::AlreadySealed { record });
        }
        // A destruction that began in the meantime may have missed what was written after it looked.
        if let Err(error) = self.check_open(&record.record).await {
            if matches!(error, VaultError::Destroyed { .. }) {
                objects.delete(&manifest_path(record)).await?;
                objects.discard_sealing(record, manifest.sealing).await?;
            }
            return Err(error);
        }
        let _ = objects.discard_other_sealings(record, manifest.sealing).await;
        Ok(Sealed { record, commitment: digest.commit(salt), content_object_bytes, recipients })
    }

    /// [`Vault::seal_reader`] for content that is in a file. A file above the limit is refused by its size, unread.
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
        let file = tokio::fs::File::open(file).await.map_err(VaultError::Source)?;
        let actual = file.metadata().await.map_err(VaultError::Source)?.len();
        if actual > MAX_CONTENT_BYTES {
            return Err(VaultError::TooLarge { limit: MAX_CONTENT_BYTES, actual });
        }
        self.seal_reader(record, media_type, file, salt, recipients).await
    }

    /// Decrypts a record version of at most [`MAX_OPEN_BYTES`] for the holder of `key`, in memory. The caller compares
    /// the result with the chain ([`Opened::verify_commitment`]).
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::NoEnvelope`],
    /// [`VaultError::ContentMissing`]; for objects that are not what was sealed [`VaultError::ContentTampered`],
    /// [`VaultError::EnvelopeTampered`], [`VaultError::WrongRecordOrVersion`], [`VaultError::WrongSealing`],
    /// [`VaultError::KeyMismatch`], [`VaultError::WrongRecipient`], [`VaultError::UnsupportedFormat`],
    /// [`VaultError::ForeignObject`], [`VaultError::Truncated`], [`VaultError::TooLarge`]; [`VaultError::Store`],
    /// [`VaultError::ShutDown`].
    pub async fn open(&self, record: RecordRef, key: &EncryptionKeyPair) -> Result<Opened, VaultError> {
        let (content_key, object) = self.unlock(record, key, MAX_OPEN_BYTES).await?;
        // The object is larger than its content, so the memory is never moved, which would leave content behind.
        let mut content = Zeroizing::new(Vec::with_capacity(object.bytes() as usize));
        let opening =
            stream::open(record, &content_key, object.reader(), MAX_OPEN_BYTES, Hashing::NotHashed, &mut *content);
        let found = opening.await?;
        Ok(Opened { record, media_type: found.media_type, salt: found.salt, content })
    }

    /// Decrypts a record version into a writer, as it is read.
    ///
    /// Only authentic bytes are written, but they are the beginning of the content and no more until this returns
    /// `Ok`: who cannot take back what was written should use [`Vault::open_file`].
    ///
    /// Errors: those of [`Vault::open`], where [`VaultError::TooLarge`] is above [`crate::MAX_CONTENT_BYTES`], and
    /// [`VaultError::Target`].
    pub async fn open_to(
        &self,
        record: RecordRef,
        key: &EncryptionKeyPair,
        out: impl AsyncWrite,
    ) -> Result<Unsealed, VaultError> {
        let (content_key, object) = self.unlock(record, key, MAX_CONTENT_BYTES).await?;
        crate::client::decrypt(record, &content_key, object.reader(), out).await
    }

    /// Wraps the content key for one more recipient, by someone who can open the record. The content is not touched;
    /// that the key fits it is told by the key check.
    ///
    /// Errors: those of [`Vault::open`] that are not about content, [`VaultError::InvalidPublicKey`],
    /// [`VaultError::NoRandomness`].
    pub async fn share(
        &self,
        record: RecordRef,
        key: &EncryptionKeyPair,
        to: &EncryptionPublicKey,
    ) -> Result<ShareOutcome, VaultError> {
        let manifest = self.manifest(record).await?;
        let content_key = self.content_key(record, manifest, key).await?;
        let envelope = envelope::wrap(record, to, &content_key, getrandom::fill)?;
        self.add_envelope(record, manifest, to, envelope).await
    }

    /// Removes the envelope of a recipient, from the disk where the vault is a local folder. No key is needed: who may
    /// do this is who may write to the store.
    ///
    /// It takes back nothing that was already read, nor a copy of the envelope made before. Without its last envelope
    /// the content can never be opened again.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::Store`], [`VaultError::Folder`], and
    /// those of an unreadable manifest.
    pub async fn unshare(&self, record: RecordRef, from: &EncryptionPublicKey) -> Result<UnshareOutcome, VaultError> {
        let sealing = self.manifest(record).await?.sealing;
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
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::Store`], and those of an unreadable
    /// manifest.
    pub async fn recipients(&self, record: RecordRef) -> Result<Vec<EncryptionPublicKey>, VaultError> {
        let sealing = self.manifest(record).await?.sealing;
        self.objects.recipients(record, sealing).await
    }

    /// Refuses a record that was destroyed.
    pub(crate) async fn check_open(&self, record: &RecordId) -> Result<(), VaultError> {
        match self.objects.exists(&closed_path(record)).await? {
            true => Err(VaultError::Destroyed { record: *record }),
            false => Ok(()),
        }
    }

    pub(crate) async fn manifest(&self, record: RecordRef) -> Result<Manifest, VaultError> {
        self.check_open(&record.record).await?;
        let bytes = self.objects.small(&manifest_path(record)).await?;
        Manifest::read(&bytes.ok_or(VaultError::NotFound { record })?, record)
    }

    pub(crate) async fn content_key(
        &self,
        record: RecordRef,
        manifest: Manifest,
        key: &EncryptionKeyPair,
    ) -> Result<ContentKey, VaultError> {
        let recipient = key.public_key();
        let envelope = self.objects.small(&envelope_path(record, manifest.sealing, &recipient)).await?;
        let envelope = envelope.ok_or(VaultError::NoEnvelope { record, recipient })?;
        Envelope::read(&envelope, record, recipient)?.of_sealing(manifest.check)?.unwrap(key)
    }

    /// The content object of a version, of at most `limit` bytes of content.
    pub(crate) async fn content(
        &self,
        record: RecordRef,
        manifest: Manifest,
        limit: u64,
    ) -> Result<Stored, VaultError> {
        let path = content_path(record, manifest.sealing);
        let object = self.objects.get(&path, max_object_bytes(limit)).await?;
        object.ok_or(VaultError::ContentMissing { record })
    }

    async fn unlock(
        &self,
        record: RecordRef,
        key: &EncryptionKeyPair,
        limit: u64,
    ) -> Result<(ContentKey, Stored), VaultError> {
        let manifest = self.manifest(record).await?;
        let content_key = self.content_key(record, manifest, key).await?;
        Ok((content_key, self.content(record, manifest, limit).await?))
    }

    /// Puts an envelope where there is none.
    pub(crate) async fn add_envelope(
        &self,
        record: RecordRef,
        manifest: Manifest,
        recipient: &EncryptionPublicKey,
        envelope: Vec<u8>,
    ) -> Result<ShareOutcome, VaultError> {
        let path = envelope_path(record, manifest.sealing, recipient);
        if !self.objects.create(&path, envelope).await? {
            return Ok(ShareOutcome::AlreadyThere);
        }
        self.withdraw_if_closed(record, manifest, recipient).await?;
        Ok(ShareOutcome::Created)
    }

    /// Takes back an envelope that a destruction, begun in the meantime, may have missed.
    pub(crate) async fn withdraw_if_closed(
        &self,
        record: RecordRef,
        manifest: Manifest,
        recipient: &EncryptionPublicKey,
    ) -> Result<(), VaultError> {
        let still_open = self.check_open(&record.record).await;
        if matches!(still_open, Err(VaultError::Destroyed { .. })) {
            self.objects.delete(&envelope_path(record, manifest.sealing, recipient)).await?;
        }
        still_open
    }
}
