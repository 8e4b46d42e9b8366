//! The key that a record version's content is encrypted under, and what of it may be seen.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{format::write_domain, random::random, RecordRef, VaultError};

const CHECK_DOMAIN: &str = "salus/vault-key-check/v2";

/// Length of a [`KeyCheck`] in bytes.
pub(crate) const KEY_CHECK_BYTES: usize = 32;

/// A content key; wiped when dropped. It has no `Debug` so that it cannot be printed.
pub(crate) struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    pub(crate) fn generate() -> Result<Self, VaultError> {
        random().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `SHA-256(len(domain) as one byte || domain || record id || version (4) || key (32))`.
    pub(crate) fn check(&self, record: RecordRef) -> KeyCheck {
        let mut domain = Vec::with_capacity(1 + CHECK_DOMAIN.len());
        write_domain(&mut domain, CHECK_DOMAIN);
        let check = Sha256::new()
            .chain_update(domain)
            .chain_update(record.record.as_bytes())
            .chain_update(record.version.to_be_bytes())
            .chain_update(self.as_bytes());
        KeyCheck(check.finalize().into())
    }
}

impl From<Zeroizing<[u8; 32]>> for ContentKey {
    fn from(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

/// A commitment to a content key, in clear in every object of a sealing.
///
/// Keys are random, so it tells nothing about the key, and it is another one for every run of `seal`: it says which
/// objects belong together, to those who hold no key, and which key fits them, to those who hold one. XChaCha20-Poly1305
/// does not do the latter: one can make bytes that open under two keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyCheck(pub(crate) [u8; KEY_CHECK_BYTES]);
