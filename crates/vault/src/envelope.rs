//! The content key, wrapped for one recipient.

use zeroize::Zeroizing;

use crate::{
    format::{write_domain, write_prelude, Reader, PRELUDE_BYTES},
    key::{ContentKey, KeyCheck, KEY_CHECK_BYTES},
    random::Fill,
    suite::{self, ENC_BYTES, TAG_BYTES},
    EncryptionKeyPair, EncryptionPublicKey, ObjectKind, RecordRef, VaultError,
};

const INFO_DOMAIN: &str = "salus/vault-envelope-info/v2";
const AAD_DOMAIN: &str = "salus/vault-envelope-aad/v2";
const WRAPPED_BYTES: usize = 32 + TAG_BYTES;

/// Length of every envelope: prelude, key check (32), recipient (32), encapsulated key (32), wrapped key (32 + 16).
pub(crate) const ENVELOPE_BYTES: usize = PRELUDE_BYTES + KEY_CHECK_BYTES + 32 + ENC_BYTES + WRAPPED_BYTES;

/// `info`: domain, record id, version, recipient. It goes into the derivation of the wrapping key.
fn info(record: RecordRef, recipient: &EncryptionPublicKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    write_domain(&mut bytes, INFO_DOMAIN);
    bytes.extend_from_slice(record.record.as_bytes());
    bytes.extend_from_slice(&record.version.to_be_bytes());
    bytes.extend_from_slice(recipient.as_bytes());
    bytes
}

/// `aad`: domain and the clear header of the envelope, which has the format version and the key check, too.
fn aad(header: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    write_domain(&mut bytes, AAD_DOMAIN);
    bytes.extend_from_slice(header);
    bytes
}

/// Refuses a public key that nothing can be wrapped for.
///
/// Errors: `InvalidPublicKey`, `NoRandomness`.
pub(crate) fn check_recipient(recipient: &EncryptionPublicKey) -> Result<(), VaultError> {
    suite::seal(recipient, &[], &[], &[], getrandom::fill).map(drop)
}

/// Errors: `InvalidPublicKey`, `NoRandomness`.
pub(crate) fn wrap(
    record: RecordRef,
    recipient: &EncryptionPublicKey,
    key: &ContentKey,
    fill: Fill,
) -> Result<Vec<u8>, VaultError> {
    let mut bytes = Vec::with_capacity(ENVELOPE_BYTES);
    write_prelude(&mut bytes, ObjectKind::Envelope, record);
    bytes.extend_from_slice(&key.check(record).0);
    bytes.extend_from_slice(recipient.as_bytes());
    let (enc, wrapped) = suite::seal(recipient, &info(record, recipient), &aad(&bytes), key.as_bytes(), fill)?;
    bytes.extend_from_slice(&enc);
    bytes.extend_from_slice(&wrapped);
    Ok(bytes)
}

/// An envelope as anybody can read it.
pub(crate) struct Envelope<'a> {
    record: RecordRef,
    pub(crate) check: KeyCheck,
    pub(crate) recipient: EncryptionPublicKey,
    header: &'a [u8],
    enc: &'a [u8; ENC_BYTES],
    wrapped: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of `record` for `recipient`.
    ///
    /// Errors: `ForeignObject`, `UnsupportedFormat`, `WrongRecordOrVersion`, `WrongRecipient`, `Truncated`,
    /// `EnvelopeTampered` for bytes beyond its end.
    pub(crate) fn read(bytes: &'a [u8], record: RecordRef, recipient: EncryptionPublicKey) -> Result<Self, VaultError> {
        let mut reader = Reader::past_prelude(bytes, ObjectKind::Envelope, record)?;
        let check = KeyCheck(*reader.array()?);
        let found = EncryptionPublicKey::from(*reader.array::<32>()?);
        if found != recipient {
            return Err(VaultError::WrongRecipient { expected: recipient, found });
        }
        let header = reader.consumed();
        let enc = reader.array::<ENC_BYTES>()?;
        let wrapped = reader.slice(WRAPPED_BYTES)?;
        if !reader.is_at_end() {
            return Err(VaultError::EnvelopeTampered { record, recipient });
        }
        Ok(Self { record, check, recipient, header, enc, wrapped })
    }

    /// Refuses an envelope of another sealing than the one of `check`.
    ///
    /// Errors: `WrongSealing`.
    pub(crate) fn of_sealing(self, check: KeyCheck) -> Result<Self, VaultError> {
        if self.check != check {
            return Err(VaultError::WrongSealing { kind: ObjectKind::Envelope, record: self.record });
        }
        Ok(self)
    }

    /// The content key, which is the one of the key check.
    ///
    /// Errors: `EnvelopeTampered`, `KeyMismatch`.
    pub(crate) fn unwrap(&self, pair: &EncryptionKeyPair) -> Result<ContentKey, VaultError> {
        let (record, recipient) = (self.record, self.recipient);
        let tampered = || VaultError::EnvelopeTampered { record, recipient };
        let info = info(record, &recipient);
        let key = suite::open(pair.secret(), self.enc, &info, &aad(self.header), self.wrapped);
        let key = key.map_err(|_| tampered())?;
        let mut array = Zeroizing::new([0; 32]);
        // The plaintext of 48 bytes of ciphertext has 32.
        let key: &[u8; 32] = key.as_slice().try_into().map_err(|_| tampered())?;
        array.copy_from_slice(key);
        let key = ContentKey::from(array);
        if key.check(record) != self.check {
            return Err(VaultError::KeyMismatch { record, recipient });
        }
        Ok(key)
    }
}
