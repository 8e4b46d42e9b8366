//! What opening a record gives.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::{
    commitment::{commit, verify_commitment, ContentDigest, SALT_BYTES},
    RecordRef, VaultError,
};

/// A record version, opened in memory. Content and salt are wiped when this is dropped, and not shown by `Debug`.
///
/// That it opened means it was sealed by somebody who named this recipient, not by whom: compare it with the
/// commitment on the chain ([`Opened::verify_commitment`]) before relying on it.
pub struct Opened {
    pub(crate) record: RecordRef,
    pub(crate) media_type: String,
    pub(crate) salt: Zeroizing<[u8; SALT_BYTES]>,
    pub(crate) content: Zeroizing<Vec<u8>>,
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

    /// The content, at most [`crate::MAX_OPEN_BYTES`].
    pub fn content(&self) -> &[u8] {
        &self.content
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
    pub fn into_content(self) -> Zeroizing<Vec<u8>> {
        self.content
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

/// What is known of a record version whose content was written elsewhere. The salt is wiped when this is dropped.
///
/// As with [`Opened`], compare it with the commitment on the chain before relying on what was written.
pub struct Unsealed {
    pub(crate) record: RecordRef,
    pub(crate) media_type: String,
    pub(crate) salt: [u8; SALT_BYTES],
    pub(crate) content_bytes: u64,
    pub(crate) digest: ContentDigest,
}

impl Unsealed {
    /// Which version this is.
    pub fn record(&self) -> RecordRef {
        self.record
    }

    /// The media type given when sealing.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The number of bytes of content.
    pub fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    /// The salt of the commitment.
    pub fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// The commitment to the content under this salt.
    pub fn commitment(&self) -> [u8; 32] {
        self.digest.commit(&self.salt)
    }

    /// Whether `commitment`, as read from the chain, is the one to this content.
    ///
    /// Errors: [`VaultError::CommitmentMismatch`].
    pub fn verify_commitment(&self, commitment: &[u8; 32]) -> Result<(), VaultError> {
        if self.commitment() != *commitment {
            return Err(VaultError::CommitmentMismatch);
        }
        Ok(())
    }
}

impl Drop for Unsealed {
    fn drop(&mut self) {
        self.salt.zeroize();
    }
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsealed")
            .field("record", &self.record)
            .field("media_type", &self.media_type)
            .field("content_bytes", &self.content_bytes)
            .finish_non_exhaustive()
    }
}
