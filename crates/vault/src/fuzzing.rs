//! The readers of foreign bytes, without a store around them, for fuzzing and measuring: each takes any bytes and must
//! neither panic nor need more memory than they are worth. Not part of the interface.

#![allow(missing_docs)]

use crate::{
    content::Header,
    envelope::{self, Envelope},
    key::ContentKey,
    manifest::Manifest,
    Destruction, EncryptionKeyPair, EncryptionPublicKey, RecordId, RecordRef, VaultError,
};

pub fn manifest(bytes: &[u8], record: RecordRef) -> Result<(), VaultError> {
    Manifest::read(bytes, record).map(drop)
}

pub fn envelope(bytes: &[u8], record: RecordRef, recipient: EncryptionPublicKey) -> Result<(), VaultError> {
    Envelope::read(bytes, record, recipient).map(drop)
}

pub fn unwrap(bytes: &[u8], record: RecordRef, key: &EncryptionKeyPair) -> Result<(), VaultError> {
    Envelope::read(bytes, record, key.public_key())?.unwrap(key).map(drop)
}

/// An envelope for `to`.
pub fn wrap(record: RecordRef, to: &EncryptionPublicKey, key: [u8; 32]) -> Result<Vec<u8>, VaultError> {
    envelope::wrap(record, to, &ContentKey::from(zeroize::Zeroizing::new(key)), getrandom::fill)
}

pub fn content_header(bytes: &[u8], record: RecordRef) -> Result<usize, VaultError> {
    Header::read(bytes, record).map(|header| header.bytes)
}

/// A whole content object; its plaintext, salt first.
pub fn content(bytes: &[u8], record: RecordRef, key: [u8; 32]) -> Result<Vec<u8>, VaultError> {
    let header = Header::read(bytes, record)?;
    let opener = header.opener(&ContentKey::from(zeroize::Zeroizing::new(key)))?;
    let mut chunks = bytes.get(header.bytes..).unwrap_or_default().to_vec();
    opener.decrypt_last(&mut chunks)?;
    Ok(chunks)
}

pub fn destruction(bytes: &[u8], record: RecordId) -> Result<(), VaultError> {
    Destruction::decode(bytes, record).map(drop)
}
