//! Merkle trees of append-only logs (RFC 6962 section 2.1, RFC 9162 section 2.1): that an entry is in a log, and that a
//! log has only grown. As in [`crate::commitment`] the hash function is the caller's; here it is SHA-256.
//!
//! A proof does not tell the size of a tree: several sizes can have proofs of the same shape. Who checks one takes size
//! and root together from one place.

use crate::ids::Hash;
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A SHA-256 function.
pub trait Sha256 {
    /// The digest of `input`.
    fn sha_256(&self, input: &[u8]) -> [u8; 32];
}

impl<F: Fn(&[u8]) -> [u8; 32]> Sha256 for F {
    fn sha_256(&self, input: &[u8]) -> [u8; 32] {
        self(input)
    }
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ProofError {
    /// A tree of that size has no leaf at that index.
    IndexBeyondSize,
    /// The tree that is called the newer one is the smaller one.
    Shrunk,
    /// A proof between these sizes has another number of hashes.
    WrongLength,
    /// The hashes do not lead to the root of the older tree.
    WrongOldRoot,
    /// The hashes do not lead to the root.
    WrongRoot,
}

/// The leaf of an entry: `H(0x00 ‖ data)`.
pub fn leaf(hash: &impl Sha256, data: &[u8]) -> Hash {
    Hash(hash.sha_256(&[&[0], data].concat()))
}

/// The parent of two nodes: `H(0x01 ‖ left ‖ right)`.
pub fn node(hash: &impl Sha256, left: Hash, right: Hash) -> Hash {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Hash(hash.sha_256(&input))
}

/// The root of a tree without leaves: `H("")`.
pub fn empty_root(hash: &impl Sha256) -> Hash {
    Hash(hash.sha_256(&[]))
}

/// Checks that `leaf` is at `index`, counted from 0, in the tree of `size` leaves with the root `root` (RFC 9162 section
/// 2.1.3.2). `proof` goes from the leaf upwards, and has at most 64 hashes; one of a wrong length is refused before
/// anything is hashed.
///
/// # Errors
///
/// [`ProofError::IndexBeyondSize`], [`ProofError::WrongLength`], [`ProofError::WrongRoot`].
pub fn verify_inclusion(
    hash: &impl Sha256,
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize);
    }
    let way = way_in(index, size);
    ensure(way.clone().count() == proof.len(), ProofError::WrongLength)?;
    let top = way.zip(proof).fold(leaf, |below, (place, sibling)| {
        if place.is_left() {
            node(hash, *sibling, below)
        } else {
            node(hash, below, *sibling)
        }
    });
    ensure(top == root, ProofError::WrongRoot)
}

/// Checks that the tree of `new_size` leaves with the root `new_root` begins with the tree of `old_size` leaves with the
/// root `old_root` (RFC 9162 section 2.1.4.2). `proof` has at most 65 hashes; one of a wrong length is refused before
/// anything is hashed. Between equal sizes, and from the empty tree, it is empty.
///
/// Every tree begins with the empty one: `old_root` is not looked at where `old_size` is 0, unless `new_size` is 0 too.
///
/// # Errors
///
/// [`ProofError::Shrunk`], [`ProofError::WrongLength`], [`ProofError::WrongOldRoot`], [`ProofError::WrongRoot`].
pub fn verify_consistency(
    hash: &impl Sha256,
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::Shrunk);
    }
    if old_size == 0 || old_size == new_size {
        ensure(proof.is_empty(), ProofError::WrongLength)?;
        return ensure(old_size != new_size || old_root == new_root, ProofError::WrongRoot);
    }
    let (start, way) = way_between(old_size, new_size);
    // Where the last complete subtree of the old tree is all of it, it is the old root, and the proof leaves it out.
    let (start, rest) = if start.is_none() {
        (old_root, proof)
    } else {
        proof.split_first().map(|(start, rest)| (*start, rest)).ok_or(ProofError::WrongLength)?
    };
    ensure(way.clone().count() == rest.len(), ProofError::WrongLength)?;
    let (old, new) = way.zip(rest).fold((start, start), |(old, new), (place, sibling)| {
        if place.is_left() {
            (node(hash, *sibling, old), node(hash, *sibling, new))
        } else {
            (old, node(hash, new, *sibling))
        }
    });
    ensure(old == old_root, ProofError::WrongOldRoot)?;
    ensure(new == new_root, ProofError::WrongRoot)
}

/// Which nodes make the proof that [`verify_inclusion`] checks, in its order. None where there is no such leaf.
pub fn inclusion_places(index: u64, size: u64) -> impl Iterator<Item = Place> {
    (index < size).then(|| way_in(index, size)).into_iter().flatten()
}

/// Which nodes make the proof that [`verify_consistency`] checks, in its order. None where it is empty, or where there is
/// none.
pub fn consistency_places(old_size: u64, new_size: u64) -> impl Iterator<Item = Place> {
    let (start, way) = if old_size == 0 || old_size >= new_size {
        (None, Way { level: 0, at: 0, last: 0 })
    } else {
        way_between(old_size, new_size)
    };
    start.into_iter().chain(way)
}

/// A node of a tree: over the 2^`level` leaves from number `index` · 2^`level` on, or over as many of them as there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How far above the leaves, less than 64.
    pub level: u32,
    /// Which of its level, from 0.
    pub index: u64,
}

impl Place {
    const fn is_left(self) -> bool {
        self.index & 1 == 0
    }
}

/// The right edge of a growing tree: enough to add leaves and to tell the root, in at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, from the largest, on the left, to the smallest: one for each 1 in `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// A tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf on the right. Hashes once per level that becomes complete.
    pub fn push(&mut self, hash: &impl Sha256, leaf: Hash) {
        let mut top = leaf;
        for _ in 0..self.size.trailing_ones() {
            top = self.peaks.pop().map_or(top, |left| node(hash, left, top));
        }
        self.peaks.push(top);
        // Nobody gets to push 2^64 leaves.
        self.size = self.size.saturating_add(1);
    }

    /// The root of the tree.
    pub fn root(&self, hash: &impl Sha256) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks.reduce(|right, left| node(hash, left, right)).unwrap_or_else(|| empty_root(hash))
    }
}

/// The way up from the leaf at `index`, which is below `size`.
const fn way_in(index: u64, size: u64) -> Way {
    Way { level: 0, at: index, last: size.saturating_sub(1) }
}

/// The way up from the last complete subtree of the old tree, which is not empty, in the larger one. And that subtree's
/// place, unless it is all of the old tree.
fn way_between(old_size: u64, new_size: u64) -> (Option<Place>, Way) {
    // Less than 64, since the old size is not 0.
    let level = old_size.trailing_zeros();
    let at = old_size.saturating_sub(1) >> level;
    let start = (!old_size.is_power_of_two()).then_some(Place { level, index: at });
    (start, Way { level, at, last: new_size.saturating_sub(1) >> level })
}

/// The siblings on the way from a node up to the root.
#[derive(Clone)]
struct Way {
    /// The level of the node.
    level: u32,
    /// Its index in the level.
    at: u64,
    /// The index of the level's last node.
    last: u64,
}

impl Iterator for Way {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        // A last node without a sibling moves up as it is. It ends up on the right of somebody, or alone at the top.
        while self.last != 0 {
            let Self { level, at, last } = *self;
            *self = Self { level: level.saturating_add(1), at: at >> 1, last: last >> 1 };
            if at & 1 == 1 || at < last {
                return Some(Place { level, index: at ^ 1 });
            }
        }
        None
    }
}

fn ensure(holds: bool, otherwise: ProofError) -> Result<(), ProofError> {
    if holds {
        Ok(())
    } else {
        Err(otherwise)
    }
}
