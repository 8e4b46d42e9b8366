//! The salted commitment that stands for a record on the chain.

use sha2::{Digest, Sha256};

use crate::{random::random, VaultError};

/// Length of a salt in bytes.
pub const SALT_BYTES: usize = 32;

const DOMAIN: &str = "salus/record-commitment/v1";

/// The commitment to `content` under `salt`:
/// `SHA-256(len(domain) as one byte || domain || salt (32) || SHA-256(content))` with the domain
/// `salus/record-commitment/v1`.
///
/// With a random salt that stays secret, the commitment tells nothing about the content, however guessable that is.
pub fn commit(salt: &[u8; SALT_BYTES], content: &[u8]) -> [u8; 32] {
    let mut domain = Vec::with_capacity(1 + DOMAIN.len());
    crate::format::write_domain(&mut domain, DOMAIN);
    Sha256::new().chain_update(domain).chain_update(salt).chain_update(Sha256::digest(content)).finalize().into()
}

/// Whether `commitment` is the one to `content` under `salt`.
///
/// Errors: [`VaultError::CommitmentMismatch`].
pub fn verify_commitment(commitment: &[u8; 32], salt: &[u8; SALT_BYTES], content: &[u8]) -> Result<(), VaultError> {
    if commit(salt, content) != *commitment {
        return Err(VaultError::CommitmentMismatch);
    }
    Ok(())
}

/// A fresh salt from the operating system's randomness. One per record version; it is secret until the record is
/// shared.
///
/// Errors: [`VaultError::NoRandomness`].
pub fn random_salt() -> Result<[u8; SALT_BYTES], VaultError> {
    Ok(*random()?)
}
