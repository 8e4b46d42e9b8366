//! A proof that can be handed to anybody.

use crate::format::{leaf_of, Id, MAX_ENTRY};
use crate::sha_256;
use salus_domain::ids::Hash;
use salus_domain::merkle::{verify_inclusion, ProofError};
use serde::{Deserialize, Serialize};

/// How many bytes of JSON are read as a proof: more than the longest entry and the longest path need.
pub const MAX_JSON: usize = 64 * 1024;

/// An entry, and that it is in the log of the first `log_size` entries with the root `root`. In JSON the names are in
/// camel case, and the bytes are lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InclusionProof {
    /// How many entries the log had.
    pub log_size: u64,
    /// Where the entry is, from 0.
    pub index: u64,
    /// Its leaf.
    #[serde(with = "hash")]
    pub leaf: Hash,
    /// Its bytes.
    #[serde(with = "hex::serde")]
    pub entry: Vec<u8>,
    /// Its id.
    #[serde(with = "hex::serde")]
    pub id: Id,
    /// The siblings from the leaf upwards.
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
    /// The root of the log's tree.
    #[serde(with = "hash")]
    pub root: Hash,
}

/// Why a proof is not one.
#[derive(Debug, thiserror::Error)]
pub enum BadProof {
    /// It has more than [`MAX_JSON`] bytes.
    #[error("a proof of {0} bytes is too long")]
    TooLong(usize),
    /// It is not the JSON of a proof.
    #[error("not the JSON of a proof")]
    Json(#[from] serde_json::Error),
    /// Its entry has more than [`MAX_ENTRY`] bytes.
    #[error("an entry of {0} bytes is too long")]
    EntryTooLong(usize),
    /// The leaf is not that of the id and the entry.
    #[error("the leaf is not that of the entry")]
    WrongLeaf,
    /// The path does not lead from the leaf to the root.
    #[error("the path does not lead from the entry to the root: {0:?}")]
    Path(ProofError),
}

impl InclusionProof {
    /// Reads a proof, whoever it is from. It is not verified.
    ///
    /// # Errors
    ///
    /// [`BadProof::TooLong`], [`BadProof::Json`].
    pub fn from_json(json: &[u8]) -> Result<Self, BadProof> {
        if json.len() > MAX_JSON {
            return Err(BadProof::TooLong(json.len()));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// Checks that the proof holds in itself. It is worth something to whoever knows from elsewhere, by an anchor, that a log
    /// of `log_size` entries has the root `root`: both must be compared.
    ///
    /// # Errors
    ///
    /// [`BadProof::EntryTooLong`], [`BadProof::WrongLeaf`], [`BadProof::Path`].
    pub fn verify(&self) -> Result<(), BadProof> {
        if self.entry.len() > MAX_ENTRY {
            return Err(BadProof::EntryTooLong(self.entry.len()));
        }
        if leaf_of(&self.id, &self.entry) != self.leaf {
            return Err(BadProof::WrongLeaf);
        }
        verify_inclusion(&sha_256, self.leaf, self.index, self.log_size, &self.path, self.root).map_err(BadProof::Path)
    }
}

/// A hash in hexadecimal.
mod hash {
    use salus_domain::ids::Hash;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        hex::serde::serialize(hash.0, to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        hex::serde::deserialize(from).map(Hash)
    }
}

/// Hashes in hexadecimal, each a text of its own.
mod hashes {
    use salus_domain::ids::Hash;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Hex(#[serde(with = "super::hash")] Hash);

    pub fn serialize<S: Serializer>(hashes: &[Hash], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(hashes.iter().copied().map(Hex))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hash>, D::Error> {
        Ok(Vec::<Hex>::deserialize(from)?.into_iter().map(|Hex(hash)| hash).collect())
    }
}
