//! The content of a record version, encrypted under a key of its own.

use std::fmt;

use chacha20poly1305::{
    aead::{AeadInOut, KeyInit},
    XChaCha20Poly1305,
};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    commitment::{commit, verify_commitment, SALT_BYTES},
    format::{write_domain, write_prelude, Reader, PRELUDE_BYTES},
    random::random,
    ObjectKind, RecordRef, VaultError,
};

/// The largest content, in bytes: 64 MiB.
pub const MAX_CONTENT_BYTES: u64 = 64 * 1024 * 1024;

const AAD_DOMAIN: &str = "salus/vault-content/v1";
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const MAX_MEDIA_TYPE_BYTES: usize = u8::MAX as usize;

/// The largest content object: prelude, content length (4), media type with its length (1 + 255), nonce, salt,
/// content and tag.
pub(crate) const MAX_OBJECT_BYTES: u64 =
    (PRELUDE_BYTES + 4 + 1 + MAX_MEDIA_TYPE_BYTES + NONCE_BYTES + SALT_BYTES + TAG_BYTES) as u64 + MAX_CONTENT_BYTES;

/// A content key; wiped when dropped. It has no `Debug` so that it cannot be printed.
pub(crate) struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    pub(crate) fn generate() -> Result<Self, VaultError> {
        random().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<Zeroizing<[u8; 32]>> for ContentKey {
    fn from(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) in place; returns the tag, or nothing for more than the cipher can
/// take (256 GiB).
pub(crate) fn encrypt_in_place(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    buffer: &mut [u8],
) -> Option<[u8; TAG_BYTES]> {
    XChaCha20Poly1305::new(key.into()).encrypt_inout_detached(nonce.into(), aad, buffer.into()).ok().map(Into::into)
}

/// The reverse of [`encrypt_in_place`]; nothing if the tag is wrong, and then nothing was decrypted.
pub(crate) fn decrypt_in_place(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG_BYTES],
) -> Option<()> {
    XChaCha20Poly1305::new(key.into()).decrypt_inout_detached(nonce.into(), aad, buffer.into(), tag.into()).ok()
}

fn aad(header: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(AAD_DOMAIN.len() + 1 + header.len());
    write_domain(&mut bytes, AAD_DOMAIN);
    bytes.extend_from_slice(header);
    bytes
}

/// Refuses what is not `type/subtype` (RFC 6838 section 4.2, with parameters) in at most 255 printable ASCII
/// characters.
pub(crate) fn check_media_type(media_type: &str) -> Result<(), VaultError> {
    let printable = media_type.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let split = media_type.split_once('/').is_some_and(|(main, sub)| !main.is_empty() && !sub.is_empty());
    if !printable || !split || media_type.len() > MAX_MEDIA_TYPE_BYTES {
        return Err(VaultError::InvalidMediaType);
    }
    Ok(())
}

/// Refuses more than [`MAX_CONTENT_BYTES`].
pub(crate) fn check_size(bytes: u64) -> Result<(), VaultError> {
    if bytes > MAX_CONTENT_BYTES {
        return Err(VaultError::TooLarge { limit: MAX_CONTENT_BYTES, actual: bytes });
    }
    Ok(())
}

/// The content object.
///
/// Errors: `TooLarge`, `InvalidMediaType`, `NoRandomness`.
pub(crate) fn seal(
    record: RecordRef,
    media_type: &str,
    content: &[u8],
    salt: &[u8; SALT_BYTES],
    key: &ContentKey,
) -> Result<Vec<u8>, VaultError> {
    check_size(content.len() as u64)?;
    check_media_type(media_type)?;
    let nonce = random::<NONCE_BYTES>()?;

    // Large enough from the start: growing would leave plaintext behind in freed memory.
    let mut bytes =
        Vec::with_capacity(PRELUDE_BYTES + 5 + media_type.len() + NONCE_BYTES + SALT_BYTES + content.len() + TAG_BYTES);
    write_prelude(&mut bytes, ObjectKind::Content, record);
    // Both lengths fit: they were checked above.
    bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
    bytes.push(media_type.len() as u8);
    bytes.extend_from_slice(media_type.as_bytes());
    let aad = aad(&bytes);
    bytes.extend_from_slice(nonce.as_slice());
    let start = bytes.len();
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(content);
    let Some(tag) = encrypt_in_place(key.as_bytes(), &nonce, &aad, &mut bytes[start..]) else {
        bytes.zeroize();
        return Err(VaultError::TooLarge { limit: MAX_CONTENT_BYTES, actual: content.len() as u64 });
    };
    bytes.extend_from_slice(&tag);
    Ok(bytes)
}

/// Errors: `ForeignObject`, `UnsupportedFormat`, `WrongRecordOrVersion`, `Truncated`, `ContentTampered`.
pub(crate) fn open(bytes: Vec<u8>, record: RecordRef, key: &ContentKey) -> Result<Opened, VaultError> {
    let tampered = || VaultError::ContentTampered { record };

    let mut reader = Reader::past_prelude(&bytes, ObjectKind::Content, record)?;
    let content_len = u32::from_be_bytes(*reader.array()?) as usize;
    let [media_type_len] = *reader.array()?;
    let media_type = reader.slice(usize::from(media_type_len))?.to_vec();
    let aad = aad(reader.consumed());
    let nonce = *reader.array::<NONCE_BYTES>()?;
    let start = reader.position();
    let encrypted_len = content_len.saturating_add(SALT_BYTES);
    reader.slice(encrypted_len)?;
    let tag = *reader.array::<TAG_BYTES>()?;
    if !reader.is_at_end() {
        return Err(tampered());
    }

    let media_type = String::from_utf8(media_type).map_err(|_| tampered())?;
    let mut buffer = Zeroizing::new(bytes);
    // The reader has been past both positions, so they are within the buffer, in this order.
    let encrypted = &mut buffer[start..start + encrypted_len];
    decrypt_in_place(key.as_bytes(), &nonce, &aad, encrypted, &tag).ok_or_else(tampered)?;
    let mut salt = [0; SALT_BYTES];
    salt.copy_from_slice(&encrypted[..SALT_BYTES]);
    Ok(Opened { record, media_type, salt, content: start + SALT_BYTES..start + encrypted_len, buffer })
}

/// A record version, opened. Content and salt are wiped when this is dropped, and not shown by `Debug`.
///
/// That it opened means it was sealed by somebody who named this recipient, not by whom: compare it with the
/// commitment on the chain ([`Opened::verify_commitment`]) before relying on it.
pub struct Opened {
    record: RecordRef,
    media_type: String,
    salt: [u8; SALT_BYTES],
    buffer: Zeroizing<Vec<u8>>,
    content: std::ops::Range<usize>,
}

impl Opened {
    /// Which version this is.
    pub fn record(&self) -> RecordRef {
        self.record
    }

    /// The media type given when sealing.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The content, at most [`MAX_CONTENT_BYTES`].
    pub fn content(&self) -> &[u8] {
        &self.buffer[self.content.clone()]
    }

    /// The salt of the commitment.
    pub fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// The commitment to this content under this salt.
    pub fn commitment(&self) -> [u8; 32] {
        commit(&self.salt, self.content())
    }

    /// Whether `commitment`, as read from the chain, is the one to this content.
    ///
    /// Errors: [`VaultError::CommitmentMismatch`].
    pub fn verify_commitment(&self, commitment: &[u8; 32]) -> Result<(), VaultError> {
        verify_commitment(commitment, &self.salt, self.content())
    }

    /// The content alone, still wiped when dropped.
    pub fn into_content(mut self) -> Zeroizing<Vec<u8>> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.truncate(self.content.end);
        buffer.drain(..self.content.start);
        buffer
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.salt.zeroize();
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("record", &self.record)
            .field("media_type", &self.media_type)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
