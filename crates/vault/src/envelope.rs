//! The content key, wrapped for one recipient.

use zeroize::Zeroizing;

use crate::{
    content::ContentKey,
    format::{write_domain, write_prelude, Reader, PRELUDE_BYTES},
    random::Fill,
    suite::{self, ENC_BYTES, TAG_BYTES},
    EncryptionKeyPair, EncryptionPublicKey, ObjectKind, RecordRef, VaultError,
};

const INFO_DOMAIN: &str = "salus/vault-envelope-info/v1";
const AAD_DOMAIN: &str = "salus/vault-envelope-aad/v1";

/// Length of every envelope: prelude, recipient (32), encapsulated key (32), wrapped key (32 + 16).
pub(crate) const ENVELOPE_BYTES: usize = PRELUDE_BYTES + 32 + ENC_BYTES + 32 + TAG_BYTES;

fn header(record: RecordRef, recipient: &EncryptionPublicKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ENVELOPE_BYTES);
    write_prelude(&mut bytes, ObjectKind::Envelope, record);
    bytes.extend_from_slice(recipient.as_bytes());
    bytes
}

/// `info`: domain, record id, version, recipient. It goes into the derivation of the wrapping key.
fn info(record: RecordRef, recipient: &EncryptionPublicKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    write_domain(&mut bytes, INFO_DOMAIN);
    bytes.extend_from_slice(record.record.as_bytes());
    bytes.extend_from_slice(&record.version.to_be_bytes());
    bytes.extend_from_slice(recipient.as_bytes());
    bytes
}

/// `aad`: domain and the clear header of the envelope, which has the format version, too.
fn aad(header: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    write_domain(&mut bytes, AAD_DOMAIN);
    bytes.extend_from_slice(header);
    bytes
}

/// Errors: `InvalidPublicKey`, `NoRandomness`.
pub(crate) fn wrap(
    record: RecordRef,
    recipient: &EncryptionPublicKey,
    key: &ContentKey,
    fill: Fill,
) -> Result<Vec<u8>, VaultError> {
    let mut bytes = header(record, recipient);
    let (enc, wrapped) = suite::seal(recipient, &info(record, recipient), &aad(&bytes), key.as_bytes(), fill)?;
    bytes.extend_from_slice(&enc);
    bytes.extend_from_slice(&wrapped);
    Ok(bytes)
}

/// Errors: `ForeignObject`, `UnsupportedFormat`, `WrongRecordOrVersion`, `WrongRecipient`, `Truncated`,
/// `EnvelopeTampered`.
pub(crate) fn unwrap(bytes: &[u8], record: RecordRef, pair: &EncryptionKeyPair) -> Result<ContentKey, VaultError> {
    let recipient = pair.public_key();
    let tampered = || VaultError::EnvelopeTampered { record, recipient };

    let mut reader = Reader::past_prelude(bytes, ObjectKind::Envelope, record)?;
    let found = EncryptionPublicKey::from(*reader.array::<32>()?);
    if found != recipient {
        return Err(VaultError::WrongRecipient { expected: recipient, found });
    }
    let aad = aad(reader.consumed());
    let enc = reader.array::<ENC_BYTES>()?;
    let wrapped = reader.slice(32 + TAG_BYTES)?;
    if !reader.is_at_end() {
        return Err(tampered());
    }
    let key = suite::open(pair.secret(), enc, &info(record, &recipient), &aad, wrapped).map_err(|_| tampered())?;
    let mut array = Zeroizing::new([0; 32]);
    // The plaintext of 48 bytes of ciphertext has 32.
    let key: &[u8; 32] = key.as_slice().try_into().map_err(|_| tampered())?;
    array.copy_from_slice(key);
    Ok(ContentKey::from(array))
}
