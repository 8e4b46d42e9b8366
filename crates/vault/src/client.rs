//! What a reader does with the objects of a vault that somebody else keeps: no store, only bytes.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    envelope::{self, Envelope},
    key::ContentKey,
    opened::Unsealed,
    stream::{self, Hashing},
    EncryptionKeyPair, EncryptionPublicKey, RecordRef, VaultError, MAX_CONTENT_BYTES,
};

/// Decrypts the content of a record version into a writer, given the envelope for `key` and the content object, as
/// [`crate::Vault::envelope`] and [`crate::Vault::content_stream`] give them out. As with [`crate::Vault::open_to`], what
/// was written is all of it once this returns `Ok`, and not before.
///
/// Errors: [`VaultError::EnvelopeTampered`], [`VaultError::ContentTampered`], [`VaultError::WrongRecordOrVersion`],
/// [`VaultError::WrongRecipient`], [`VaultError::WrongSealing`] where the two do not belong together,
/// [`VaultError::KeyMismatch`], [`VaultError::UnsupportedFormat`], [`VaultError::ForeignObject`],
/// [`VaultError::Truncated`], [`VaultError::TooLarge`], [`VaultError::Source`], [`VaultError::Target`],
/// [`VaultError::ShutDown`].
pub async fn unwrap_and_decrypt(
    record: RecordRef,
    envelope: &[u8],
    content: impl AsyncRead,
    key: &EncryptionKeyPair,
    out: impl AsyncWrite,
) -> Result<Unsealed, VaultError> {
    let content_key = Envelope::read(envelope, record, key.public_key())?.unwrap(key)?;
    decrypt(record, &content_key, content, out).await
}

pub(crate) async fn decrypt(
    record: RecordRef,
    content_key: &ContentKey,
    content: impl AsyncRead,
    out: impl AsyncWrite,
) -> Result<Unsealed, VaultError> {
    let found = stream::open(record, content_key, content, MAX_CONTENT_BYTES, Hashing::Hashed, out).await?;
    // It was asked for.
    let digest = found.digest.ok_or(VaultError::ContentTampered { record })?;
    Ok(Unsealed { record, media_type: found.media_type, salt: *found.salt, content_bytes: found.content_bytes, digest })
}

/// The envelope for one more recipient, made from one's own.
///
/// Errors: those of [`unwrap_and_decrypt`] that are about the envelope, [`VaultError::InvalidPublicKey`],
/// [`VaultError::NoRandomness`].
pub fn rewrap(
    record: RecordRef,
    envelope: &[u8],
    key: &EncryptionKeyPair,
    to: &EncryptionPublicKey,
) -> Result<Vec<u8>, VaultError> {
    let content_key = Envelope::read(envelope, record, key.public_key())?.unwrap(key)?;
    envelope::wrap(record, to, &content_key, getrandom::fill)
}
