//! An append-only log of opaque entries in a file, the Merkle proofs of it (RFC 9162 section 2.1), and its audit against
//! roots that somebody else keeps.
//!
//! [`Log`] is for the one service that writes. [`LogFile`] is for auditors: it reads a copy, takes no lock, and never
//! writes. The README has the format of the file.

mod audit;
mod error;
mod file;
mod format;
mod log;
mod proof;
mod tree;

pub use audit::{audit, Anchor, Finding, Report};
pub use error::LogError;
pub use file::{Entry, LogFile};
pub use format::{leaf_of, Id, MAX_ENTRY};
pub use log::{Appended, Log, Recovered};
pub use proof::{BadProof, InclusionProof, MAX_JSON};
pub use tree::Tree;

/// SHA-256, as [`salus_domain::merkle`] takes it.
pub fn sha_256(input: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(input).into()
}
