//! The encrypted record vault: clinical content stored encrypted off chain.
//!
//! A record version is one content object, encrypted with XChaCha20-Poly1305 in chunks under a key of its own, and one
//! envelope per recipient holding that key, wrapped by HPKE (RFC 9180). The chain only ever sees a salted
//! [`commit`]ment; whoever can open the record finds the salt inside and can check the content against it.
//!
//! Objects live in any [`object_store::ObjectStore`]; [`Vault::local`] is a folder. The format, byte by byte, and the
//! threat model are in the crate's README.

mod buffer;
mod client;
mod commitment;
mod content;
mod destruction;
mod envelope;
mod error;
mod folder;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod key;
mod keys;
mod location;
mod manifest;
mod opened;
mod random;
mod record;
mod rotation;
mod service;
mod shredding;
mod store;
mod stream;
mod suite;
mod to_file;
mod vault;

#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod secrets_tests;

pub use client::{rewrap, unwrap_and_decrypt};
pub use commitment::{commit, digest_reader, random_salt, verify_commitment, ContentDigest, SALT_BYTES};
pub use content::MAX_CONTENT_BYTES;
pub use destruction::{DestroyedObject, Destruction};
pub use error::{ObjectKind, VaultError};
pub use format::FORMAT_VERSION;
pub use keys::{EncryptionKeyPair, EncryptionPublicKey};
pub use opened::{Opened, Unsealed};
pub use record::{RecordId, RecordRef};
pub use rotation::{Rotated, Rotation};
pub use vault::{Sealed, ShareOutcome, UnshareOutcome, Vault, MAX_OPEN_BYTES};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
