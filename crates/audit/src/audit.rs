//! What an auditor does: the log against the roots that were anchored where the log's keeper cannot change them.

use crate::tree::Tree;
use salus_domain::ids::Hash;
use std::ops::Range;

/// The root of a log of `size` entries, and where that was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor<P> {
    /// How many entries the log had.
    pub size: u64,
    /// The root of its tree then.
    pub root: Hash,
    /// Where the anchor is, for instance a block.
    pub place: P,
}

/// A log that is what was anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many entries it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
    /// How many anchors it was compared with.
    pub anchors: usize,
    /// How many entries come after the last anchor. Nothing vouches for them yet.
    pub not_anchored: u64,
}

/// What does not fit. Ranges are of indices, without their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<P> {
    /// An anchor is about fewer entries than the one before it: the anchors are not of one log that only grew.
    Shrunk {
        /// The anchor.
        anchor: Anchor<P>,
        /// What the one before it was about.
        before: u64,
    },
    /// The first anchor that is about more entries than the log has.
    Missing {
        /// The anchor.
        anchor: Anchor<P>,
        /// The entries that the log does not have.
        entries: Range<u64>,
    },
    /// The first anchor whose root the log does not have. Whatever comes after it cannot fit either, and is not reported.
    Changed {
        /// The anchor.
        anchor: Anchor<P>,
        /// What it covers beyond the last anchor that fits: among these entries one was edited, inserted, deleted or moved.
        /// Empty where that anchor is about the same size, and contradicts this one.
        entries: Range<u64>,
        /// The root that the log has at that size.
        found: Hash,
    },
}

/// Compares a log with its anchors, which are in the order in which they were written down. Takes O(log n) hashes for each.
///
/// # Errors
///
/// What was found, in the order of the anchors.
pub fn audit<P: Clone>(tree: &Tree, anchors: &[Anchor<P>]) -> Result<Report, Vec<Finding<P>>> {
    let mut findings = Vec::new();
    let (mut before, mut fitting) = (0, 0);
    let (mut changed, mut missing) = (false, false);
    for anchor in anchors {
        if anchor.size < before {
            findings.push(Finding::Shrunk { anchor: anchor.clone(), before });
        }
        before = anchor.size;
        match tree.root_at(anchor.size) {
            Some(found) if found == anchor.root => fitting = fitting.max(anchor.size),
            Some(found) if !changed => {
                changed = true;
                let entries = fitting.min(anchor.size)..anchor.size;
                findings.push(Finding::Changed { anchor: anchor.clone(), entries, found });
            }
            None if !missing => {
                missing = true;
                let entries = tree.size()..anchor.size;
                findings.push(Finding::Missing { anchor: anchor.clone(), entries });
            }
            _ => {}
        }
    }
    if findings.is_empty() {
        let (size, root) = (tree.size(), tree.root());
        Ok(Report { size, root, anchors: anchors.len(), not_anchored: size - fitting })
    } else {
        Err(findings)
    }
}
