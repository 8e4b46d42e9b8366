//! The content object: a clear header, and the content encrypted in chunks, each of which authenticates the header and
//! its own place. Nothing here reads or writes; `stream` does.

use aead_stream::{aead, DecryptorBE32, NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::XChaCha20Poly1305;

use crate::{
    buffer::{grow, Buffer},
    commitment::SALT_BYTES,
    format::{write_domain, write_prelude, Reader, PRELUDE_BYTES},
    key::{ContentKey, KeyCheck, KEY_CHECK_BYTES},
    random::random,
    ObjectKind, RecordRef, VaultError,
};

/// The largest content, in bytes: 16 GiB.
pub const MAX_CONTENT_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// How much plaintext is encrypted in one piece. It stays within the caches of a core, and the 16 bytes of a tag are
/// nothing beside it.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// No reader needs more memory than for chunks of this size, whatever a header says.
const MAX_CHUNK_BYTES: usize = 1024 * 1024;

const AAD_DOMAIN: &str = "salus/vault-content/v2";
/// XChaCha20-Poly1305 has a nonce of 24 bytes, STREAM takes 5 of them.
const NONCE_PREFIX_BYTES: usize = 19;
pub(crate) const TAG_BYTES: usize = 16;
const MAX_MEDIA_TYPE_BYTES: usize = u8::MAX as usize;

/// The longest header: prelude, key check, chunk size (4), media type with its length (1 + 255), nonce prefix.
pub(crate) const MAX_HEADER_BYTES: usize =
    PRELUDE_BYTES + KEY_CHECK_BYTES + 4 + 1 + MAX_MEDIA_TYPE_BYTES + NONCE_PREFIX_BYTES;

/// The most bytes that an object with `content` bytes of content has.
pub(crate) const fn max_object_bytes(content: u64) -> u64 {
    let plain = content + SALT_BYTES as u64;
    MAX_HEADER_BYTES as u64 + plain + plain.div_ceil(CHUNK_BYTES as u64) * TAG_BYTES as u64
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

fn aad(header: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(AAD_DOMAIN.len() + 1 + header.len());
    write_domain(&mut bytes, AAD_DOMAIN);
    bytes.extend_from_slice(header);
    bytes
}

/// A chunk within a larger buffer: its length changes, and where it is does not.
struct Window<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl AsRef<[u8]> for Window<'_> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Window<'_> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl aead::Buffer for Window<'_> {
    fn extend_from_slice(&mut self, other: &[u8]) -> aead::Result<()> {
        let end = self.len + other.len();
        self.bytes.get_mut(self.len..end).ok_or(aead::Error)?.copy_from_slice(other);
        self.len = end;
        Ok(())
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

/// Encrypts a content object front to back.
pub(crate) struct Sealer {
    stream: StreamBE32<XChaCha20Poly1305>,
    /// How many chunks were encrypted, which is the number of the next one.
    chunks: u32,
    header: Vec<u8>,
    aad: Vec<u8>,
}

impl Sealer {
    /// Errors: `InvalidMediaType`, `NoRandomness`.
    pub(crate) fn new(record: RecordRef, media_type: &str, key: &ContentKey) -> Result<Self, VaultError> {
        Self::with_nonce(record, media_type, key, &*random()?)
    }

    /// Errors: `InvalidMediaType`.
    pub(crate) fn with_nonce(
        record: RecordRef,
        media_type: &str,
        key: &ContentKey,
        nonce: &[u8; NONCE_PREFIX_BYTES],
    ) -> Result<Self, VaultError> {
        check_media_type(media_type)?;
        let mut header = Vec::with_capacity(MAX_HEADER_BYTES);
        write_prelude(&mut header, ObjectKind::Content, record);
        header.extend_from_slice(&key.check(record).0);
        header.extend_from_slice(&(CHUNK_BYTES as u32).to_be_bytes());
        // It fits: it was checked above.
        header.push(media_type.len() as u8);
        header.extend_from_slice(media_type.as_bytes());
        header.extend_from_slice(nonce);
        let aad = aad(&header);
        Ok(Self { stream: StreamBE32::new(key.as_bytes().into(), nonce.into()), chunks: 0, header, aad })
    }

    /// The clear bytes that come before the first chunk.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Encrypts `plain`, which is a whole number of chunks, in place. Nothing if there have been too many (2^32).
    pub(crate) fn encrypt(&mut self, plain: Buffer) -> Option<Vec<u8>> {
        self.encrypt_chunks(plain, false)
    }

    /// [`Sealer::encrypt`] for the end of the content: any number of bytes but none.
    pub(crate) fn encrypt_last(mut self, plain: Buffer) -> Option<Vec<u8>> {
        self.encrypt_chunks(plain, true)
    }

    /// Back to front: each chunk moves behind the tags of those before it.
    fn encrypt_chunks(&mut self, mut plain: Buffer, last: bool) -> Option<Vec<u8>> {
        let bytes = plain.len();
        let chunks = u32::try_from(bytes.div_ceil(CHUNK_BYTES)).ok()?;
        let first = self.chunks;
        self.chunks = first.checked_add(chunks)?;
        let sealed = sealed_bytes(bytes);
        grow(&mut plain, sealed - bytes, sealed);
        plain.resize(sealed, 0);
        for chunk in (0..chunks).rev() {
            let from = chunk as usize * CHUNK_BYTES;
            let to = chunk as usize * (CHUNK_BYTES + TAG_BYTES);
            let len = CHUNK_BYTES.min(bytes - from);
            plain.copy_within(from..from + len, to);
            let mut window = Window { bytes: plain.get_mut(to..to + len + TAG_BYTES)?, len };
            let ends = last && chunk + 1 == chunks;
            self.stream.encrypt_in_place(first + chunk, ends, &self.aad, &mut window).ok()?;
        }
        // Nothing of it is plaintext any more.
        Some(std::mem::take(&mut *plain))
    }
}

/// What so much plaintext takes up when it is encrypted.
pub(crate) const fn sealed_bytes(plain: usize) -> usize {
    plain + plain.div_ceil(CHUNK_BYTES) * TAG_BYTES
}

/// The clear beginning of a content object.
pub(crate) struct Header {
    pub(crate) record: RecordRef,
    pub(crate) check: KeyCheck,
    pub(crate) media_type: String,
    /// Plaintext bytes of every chunk but the last.
    pub(crate) chunk: usize,
    /// How many bytes it takes up.
    pub(crate) bytes: usize,
    aad: Vec<u8>,
    nonce: [u8; NONCE_PREFIX_BYTES],
}

impl Header {
    /// Reads the header at the beginning of `bytes`, where anything may follow.
    ///
    /// Errors: `ForeignObject`, `UnsupportedFormat`, `WrongRecordOrVersion`, `Truncated`, `ContentTampered`.
    pub(crate) fn read(bytes: &[u8], record: RecordRef) -> Result<Self, VaultError> {
        let tampered = || VaultError::ContentTampered { record };
        let mut reader = Reader::past_prelude(bytes, ObjectKind::Content, record)?;
        let check = KeyCheck(*reader.array()?);
        let chunk = u32::from_be_bytes(*reader.array()?) as usize;
        // The first chunk has the salt.
        if !(SALT_BYTES..=MAX_CHUNK_BYTES).contains(&chunk) {
            return Err(tampered());
        }
        let [media_type_len] = *reader.array()?;
        let media_type = reader.slice(usize::from(media_type_len))?.to_vec();
        let media_type = String::from_utf8(media_type).map_err(|_| tampered())?;
        let nonce = *reader.array()?;
        let header = reader.consumed();
        Ok(Self { record, check, media_type, chunk, bytes: header.len(), aad: aad(header), nonce })
    }

    /// Begins to decrypt what comes after the header.
    ///
    /// Errors: `WrongSealing` for a key that is not this object's.
    pub(crate) fn opener(&self, key: &ContentKey) -> Result<Opener, VaultError> {
        let record = self.record;
        if key.check(record) != self.check {
            return Err(VaultError::WrongSealing { kind: ObjectKind::Content, record });
        }
        let stream = DecryptorBE32::new(key.as_bytes().into(), (&self.nonce).into());
        Ok(Opener { stream, aad: self.aad.clone(), chunk: self.chunk, record })
    }
}

/// Decrypts a content object front to back. What it gives out is authentic, except that it may not be all: that is
/// known when the last chunk is.
pub(crate) struct Opener {
    stream: DecryptorBE32<XChaCha20Poly1305>,
    aad: Vec<u8>,
    chunk: usize,
    record: RecordRef,
}

impl Opener {
    /// Decrypts `buffer`, which is a whole number of full chunks with their tags, in place: afterwards it has the
    /// plaintext alone.
    ///
    /// Errors: `ContentTampered`; what is in the buffer then must not be used.
    pub(crate) fn decrypt(&mut self, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        let whole = buffer.len();
        let end = self.decrypt_full(buffer, whole)?;
        buffer.truncate(end);
        Ok(())
    }

    /// [`Opener::decrypt`] for the end of the object.
    ///
    /// Errors: `ContentTampered`; what is in the buffer then must not be used.
    pub(crate) fn decrypt_last(mut self, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        let tampered = VaultError::ContentTampered { record: self.record };
        let sealed = self.chunk + TAG_BYTES;
        let whole = buffer.len().saturating_sub(1) / sealed * sealed;
        let end = self.decrypt_full(buffer, whole)?;
        let last = buffer.get_mut(whole..).unwrap_or_default();
        // No content ends in an empty chunk: there is one encoding of each.
        if last.len() <= TAG_BYTES {
            return Err(tampered);
        }
        let mut window = Window { len: last.len(), bytes: last };
        self.stream.decrypt_last_in_place(&self.aad, &mut window).map_err(|_| tampered)?;
        let len = window.len;
        buffer.copy_within(whole..whole + len, end);
        buffer.truncate(end + len);
        Ok(())
    }

    /// Decrypts the first `whole` bytes of the buffer and moves the plaintext to its front. How many bytes that is.
    fn decrypt_full(&mut self, buffer: &mut [u8], whole: usize) -> Result<usize, VaultError> {
        let tampered = VaultError::ContentTampered { record: self.record };
        let sealed = self.chunk + TAG_BYTES;
        let mut end = 0;
        for start in (0..whole).step_by(sealed) {
            let Some(bytes) = buffer.get_mut(start..start + sealed) else {
                return Err(tampered);
            };
            let mut window = Window { bytes, len: sealed };
            if self.stream.decrypt_next_in_place(&self.aad, &mut window).is_err() {
                return Err(tampered);
            }
            buffer.copy_within(start..start + self.chunk, end);
            end += self.chunk;
        }
        Ok(end)
    }
}
