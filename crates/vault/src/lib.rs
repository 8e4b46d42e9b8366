//! The encrypted record vault: clinical content stored encrypted off chain.
//!
//! A record version is one content object, encrypted with XChaCha20-Poly1305 under a key of its own, and one
//! envelope per recipient holding that key, wrapped by HPKE (RFC 9180). The chain only ever sees a salted
//! [`commit`]ment; whoever can open the record finds the salt inside and can check the content against it.
//!
//! Objects live in any [`object_store::ObjectStore`]; [`Vault::local`] is a folder. The format, byte by byte, and the
//! threat model are in the crate's README.

mod commitment;
mod content;
mod envelope;
mod error;
mod format;
mod keys;
mod manifest;
mod random;
mod record;
mod source;
mod store;
mod suite;
mod vault;

#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod secrets_tests;

pub use commitment::{commit, random_salt, verify_commitment, SALT_BYTES};
pub use content::{Opened, MAX_CONTENT_BYTES};
pub use error::{ObjectKind, VaultError};
pub use format::FORMAT_VERSION;
pub use keys::{EncryptionKeyPair, EncryptionPublicKey};
pub use record::{RecordId, RecordRef};
pub use vault::{Sealed, ShareOutcome, UnshareOutcome, Vault};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
