//! Access to the objects as they are, for a service that keeps a vault and holds no keys.

use bytes::Bytes;
use futures_util::Stream;

use crate::{
    envelope::{check_recipient, Envelope},
    store::envelope_path,
    EncryptionPublicKey, RecordRef, ShareOutcome, Vault, VaultError, MAX_CONTENT_BYTES,
};

impl Vault {
    /// The envelope of a recipient, as it is stored; nothing if there is none.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::TooLarge`], [`VaultError::Store`], and
    /// those of an unreadable manifest.
    pub async fn envelope(
        &self,
        record: RecordRef,
        recipient: &EncryptionPublicKey,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let manifest = self.manifest(record).await?;
        self.objects.small(&envelope_path(record, manifest.sealing, recipient)).await
    }

    /// Stores an envelope that a reader made ([`crate::rewrap`]). It must be one of this version, for this recipient,
    /// and say that it holds this version's content key; whether it does, only the recipient can tell. Storing the same
    /// bytes again changes nothing.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::OtherEnvelope`],
    /// [`VaultError::InvalidPublicKey`]; for bytes that are no such envelope [`VaultError::ForeignObject`],
    /// [`VaultError::UnsupportedFormat`], [`VaultError::WrongRecordOrVersion`], [`VaultError::WrongRecipient`],
    /// [`VaultError::WrongSealing`], [`VaultError::Truncated`], [`VaultError::EnvelopeTampered`];
    /// [`VaultError::Store`], and those of an unreadable manifest.
    pub async fn put_envelope(
        &self,
        record: RecordRef,
        recipient: &EncryptionPublicKey,
        envelope: &[u8],
    ) -> Result<ShareOutcome, VaultError> {
        let manifest = self.manifest(record).await?;
        check_recipient(recipient)?;
        Envelope::read(envelope, record, *recipient)?.of_sealing(manifest.check)?;
        let outcome = self.add_envelope(record, manifest, recipient, envelope.to_vec()).await?;
        if outcome == ShareOutcome::AlreadyThere {
            let there = self.objects.small(&envelope_path(record, manifest.sealing, recipient)).await?;
            if there.is_some_and(|there| there != envelope) {
                return Err(VaultError::OtherEnvelope { record, recipient: *recipient });
            }
        }
        Ok(outcome)
    }

    /// The content object of a record version, encrypted as it is stored: its size in bytes, and its bytes.
    ///
    /// Errors: [`VaultError::NotFound`], [`VaultError::Destroyed`], [`VaultError::ContentMissing`],
    /// [`VaultError::TooLarge`], [`VaultError::Store`], and those of an unreadable manifest.
    pub async fn content_stream(
        &self,
        record: RecordRef,
    ) -> Result<(u64, impl Stream<Item = Result<Bytes, VaultError>> + Send + Unpin + 'static), VaultError> {
        let manifest = self.manifest(record).await?;
        let object = self.content(record, manifest, MAX_CONTENT_BYTES).await?;
        Ok((object.bytes(), object.stream()))
    }
}
