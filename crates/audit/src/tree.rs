//! A Merkle tree whose nodes are kept, so that roots and proofs of every size it ever had need few hashes.

use crate::sha_256;
use salus_domain::ids::Hash;
use salus_domain::merkle::{self, consistency_places, inclusion_places, Place};

/// A Merkle tree in memory: 64 bytes a leaf. Every answer but [`Tree::push`] takes at most 64 hashes.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The complete nodes, by level: from the leaves up.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// A tree without leaves.
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The leaf at that index.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.complete(0, index)
    }

    /// Adds a leaf: one hash on average, and one for each level at most.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(node);
            let [.., left, right] = nodes.as_slice() else { return };
            if nodes.len() % 2 == 1 {
                return;
            }
            node = merkle::node(&sha_256, *left, *right);
        }
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.range(0, self.size()).unwrap_or_else(|| merkle::empty_root(&sha_256))
    }

    /// The root when it had `size` leaves, if it has so many.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(merkle::empty_root(&sha_256)),
            _ if size > self.size() => None,
            _ => self.range(0, size),
        }
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves, as
    /// [`verify_inclusion`](merkle::verify_inclusion) takes it. `None` where there is no such leaf or no such tree.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        let there = index < size && size <= self.size();
        there.then(|| inclusion_places(index, size).map(|place| self.node(place, size)).collect())?
    }

    /// The proof that the tree of the first `new` leaves begins with that of the first `old`, as
    /// [`verify_consistency`](merkle::verify_consistency) takes it. `None` where there are no such trees.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        let there = old <= new && new <= self.size();
        there.then(|| consistency_places(old, new).map(|place| self.node(place, new)).collect())?
    }

    /// A node of the tree of the first `size` leaves.
    fn node(&self, place: Place, size: u64) -> Option<Hash> {
        let start = place.index << place.level;
        let end = start.saturating_add(1 << place.level);
        if end <= size {
            self.complete(place.level, place.index)
        } else {
            self.range(start, size)
        }
    }

    /// The node over the leaves from `start`, which is a multiple of a power of two not smaller than their number, up to
    /// `end`: its complete subtrees, put together from the right.
    fn range(&self, start: u64, end: u64) -> Option<Hash> {
        let (mut at, mut top) = (end, None);
        while at > start {
            let level = (at - start).trailing_zeros();
            let left = self.complete(level, (at >> level) - 1)?;
            top = Some(top.map_or(left, |right| merkle::node(&sha_256, left, right)));
            at -= 1 << level;
        }
        top
    }

    fn complete(&self, level: u32, index: u64) -> Option<Hash> {
        self.levels.get(level as usize)?.get(usize::try_from(index).ok()?).copied()
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}
