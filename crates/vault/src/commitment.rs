//! The salted commitment that stands for a record on the chain.

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

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
    ContentDigest(Sha256::digest(content).into()).commit(salt)
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

/// SHA-256 of content: all that a salt derived from the content, and a commitment to it, need of it. It confirms a
/// guess at the content, so it is as secret as the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The commitment to the content under `salt`, as [`commit`] has it.
    pub fn commit(&self, salt: &[u8; SALT_BYTES]) -> [u8; 32] {
        let mut domain = Vec::with_capacity(1 + DOMAIN.len());
        crate::format::write_domain(&mut domain, DOMAIN);
        Sha256::new().chain_update(domain).chain_update(salt).chain_update(self.0).finalize().into()
    }
}

impl From<[u8; 32]> for ContentDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentDigest").finish_non_exhaustive()
    }
}

/// The digest of content that comes from a reader, read once and not kept; for a commitment under a salt that is
/// derived from the content.
///
/// Errors: [`VaultError::Source`].
pub async fn digest_reader(content: impl AsyncRead) -> Result<ContentDigest, VaultError> {
    let mut content = std::pin::pin!(content);
    let mut buffer = Zeroizing::new(vec![0; 256 * 1024]);
    let mut hash = Sha256::new();
    loop {
        let read = content.read(&mut buffer).await.map_err(VaultError::Source)?;
        if read == 0 {
            return Ok(ContentDigest(hash.finalize().into()));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}
