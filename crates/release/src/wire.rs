//! The JSON that the service and its client exchange. Bytes are lower-case hexadecimal, unless it says otherwise; accounts
//! are in SS58.

use crate::entry::{Entry, NotAnEntry};
use salus_audit::Id;
use salus_client::AccountId32;
use salus_domain::ids::Hash;
use serde::{Deserialize, Serialize};

/// 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hex32(#[serde(with = "hex::serde")] pub [u8; 32]);

impl From<Hash> for Hex32 {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

impl From<Hex32> for Hash {
    fn from(hex: Hex32) -> Self {
        Self(hex.0)
    }
}

/// Where a permit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermitPlace {
    /// The number of the block.
    pub block: u64,
    /// The place of the event `AccessDecided` among the events of the block.
    pub event: u32,
}

/// `POST /v1/releases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Which record.
    pub record: Hex32,
    /// Which version.
    pub version: u32,
    /// The permit.
    pub permit: PermitPlace,
    /// The X25519 key that the caller can open an envelope with: the caller's, or the link's where the permit was given under
    /// one. Where it is not the key that is on the chain, nothing is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Hex32>,
}

/// An entry of the log, as whoever made the request is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryRef {
    /// Its index, from 0.
    pub index: u64,
    /// Its id: that of the request; for what an erasure destroyed, that of the list (see the README).
    pub id: Hex32,
    /// Its leaf (RFC 9162, section 2.1.1).
    pub leaf: Hex32,
}

/// The answer to [`ReleaseRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// The envelope, in base64 (RFC 4648, section 4).
    pub envelope: String,
    /// For which key it is.
    pub key: Hex32,
    /// Where the ciphertext is: path and query. Good for 15 minutes, for the same account.
    pub content: String,
    /// The entry that was written first.
    pub entry: EntryRef,
    /// The number of the final block as of which it was decided.
    pub height: u64,
}

/// The answer to putting an envelope into the vault, or taking one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvelopeChanged {
    /// Whether that changed anything.
    pub changed: bool,
    /// The entry of it.
    pub entry: EntryRef,
}

/// An object that was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DestroyedObject {
    /// Its path in the store.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Hex32,
}

/// The answer to `POST /v1/records/{record}/erasure`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destroyed {
    /// What was destroyed.
    pub objects: Vec<DestroyedObject>,
    /// The digest of the list (`salus_vault::Destruction::digest`).
    pub digest: Hex32,
    /// The entry of it.
    pub entry: EntryRef,
}

/// What is anchored of the log, as of a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchored {
    /// How many entries.
    pub size: u64,
    /// The root.
    pub root: Hex32,
}

/// An entry with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// Its index, from 0.
    pub index: u64,
    /// Its id.
    pub id: Hex32,
    /// Its leaf.
    pub leaf: Hex32,
    /// Its bytes: a SCALE-encoded [`Entry`].
    #[serde(with = "hex::serde")]
    pub entry: Vec<u8>,
    /// The siblings from the leaf up to the anchored root; `None` where it is not anchored yet.
    pub proof: Option<Vec<Hex32>>,
}

impl LogEntry {
    /// What it says.
    ///
    /// # Errors
    /// [`NotAnEntry`].
    pub fn read(&self) -> Result<Entry, NotAnEntry> {
        Entry::decode_bytes(&self.entry)
    }

    /// The id, as the log has it.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id.0
    }
}

/// A page of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entries {
    /// The entries, in the order of the log.
    pub entries: Vec<LogEntry>,
    /// What the proofs lead to.
    pub anchored: Option<Anchored>,
    /// The number of the final block as of which it is anchored.
    pub height: u64,
    /// With what `from` to go on; `None` at the end.
    pub next: Option<u64>,
}

/// The answer to `GET /v1/log/head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogHead {
    /// The service's account: whose log it is on the chain.
    pub account: AccountId32,
    /// How many entries the log has.
    pub size: u64,
    /// Its root.
    pub root: Hex32,
    /// What is anchored of it.
    pub anchored: Option<Anchored>,
    /// The number of the final block as of which it is anchored.
    pub height: u64,
}

/// The answer to `GET /v1/log/proof` and `GET /v1/log/consistency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hashes {
    /// The hashes, in the order of RFC 9162.
    pub hashes: Vec<Hex32>,
    /// The root that they lead to.
    pub root: Hex32,
}

/// How one node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeHealth {
    /// Its number in the configuration, from 0.
    pub node: usize,
    /// Its newest final block; `None` where it does not answer.
    pub final_height: Option<u64>,
}

/// The answer to `GET /health`, with 200 where the service can release, else with 503.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Why nothing can be released; `None` where it can.
    pub code: Option<String>,
    /// The number of the newest final block.
    pub final_height: Option<u64>,
    /// Its time, in Unix milliseconds.
    pub final_time: Option<u64>,
    /// The nodes.
    pub nodes: Vec<NodeHealth>,
    /// How many entries the log has.
    pub log_size: u64,
    /// How many of them are anchored, as of the final block.
    pub anchored_size: Option<u64>,
    /// How many are not anchored, as of the newest block that was looked at.
    #[serde(default)]
    pub unanchored: u64,
    /// How old the oldest of these is, in milliseconds.
    #[serde(default)]
    pub unanchored_for: Option<u64>,
}

/// Why a request was not carried out: the body of every answer with another status than 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Which rejection it is: the name in the README.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub next: String,
    /// The contract's refusal by name, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The entry of it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<EntryRef>,
}
