//! A log that is only read.

use crate::audit::{audit, Anchor, Finding, Report};
use crate::format::{decode, scan, Contents, Id};
use crate::proof::InclusionProof;
use crate::tree::Tree;
use crate::LogError;
use salus_domain::ids::Hash;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name that it was appended by.
    pub id: Id,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A log as an auditor reads it: checked from the first byte to the last, and never written to. Of a file that is being
/// appended to, it has what was there when it was read, entries included that are not acknowledged yet.
pub struct LogFile {
    file: File,
    contents: Contents,
    torn_bytes: u64,
}

impl LogFile {
    /// Reads and checks the file. A last entry that is not complete is left out: see [`LogFile::torn_bytes`].
    ///
    /// # Errors
    ///
    /// [`LogError::Open`], [`LogError::Read`], [`LogError::NotALog`], [`LogError::Damaged`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let file = File::open(path).map_err(LogError::Open)?;
        let (contents, torn_bytes) = scan(&file)?;
        Ok(Self { file, contents, torn_bytes })
    }

    /// How many bytes of an incomplete entry are at the end.
    pub const fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The tree over its entries, which knows the roots and the proofs of every size.
    pub const fn tree(&self) -> &Tree {
        &self.contents.tree
    }

    /// Where the entry with that id is.
    pub fn find(&self, id: &Id) -> Option<u64> {
        self.contents.ids.get(id).copied()
    }

    /// An entry, checked again.
    ///
    /// # Errors
    ///
    /// [`LogError::Beyond`], [`LogError::Read`], [`LogError::Damaged`] where the file was changed meanwhile.
    pub fn entry(&self, index: u64) -> Result<Entry, LogError> {
        Place::of(&self.contents, index)?.read(&self.file)
    }

    /// Some entries, one after the other. Each fails like [`LogFile::entry`].
    pub fn entries(&self, range: Range<u64>) -> impl Iterator<Item = Result<Entry, LogError>> + '_ {
        range.map(|index| self.entry(index))
    }

    /// The proof that entry `index` is among the first `size`, to be handed on.
    ///
    /// # Errors
    ///
    /// As [`LogFile::entry`]; [`LogError::Beyond`] also where the log has fewer than `size` entries, or `size` none at `index`.
    pub fn prove(&self, index: u64, size: u64) -> Result<InclusionProof, LogError> {
        Place::of(&self.contents, index)?.prove(&self.contents.tree, size)?.complete(&self.file)
    }

    /// Checks the log against what was anchored: see [`audit`].
    ///
    /// # Errors
    ///
    /// What was found, in the order of the anchors.
    pub fn audit<P: Clone>(&self, anchors: &[Anchor<P>]) -> Result<Report, Vec<Finding<P>>> {
        audit(&self.contents.tree, anchors)
    }
}

/// Where an entry is, and what its leaf is: enough to read and check it without holding on to the rest.
pub struct Place {
    index: u64,
    offset: u64,
    length: usize,
    leaf: Hash,
}

impl Place {
    pub fn of(contents: &Contents, index: u64) -> Result<Self, LogError> {
        let beyond = || LogError::Beyond { size: contents.tree.size() };
        let leaf = contents.tree.leaf(index).ok_or_else(beyond)?;
        let (offset, length) = contents.record(index).ok_or_else(beyond)?;
        Ok(Self { index, offset, length, leaf })
    }

    pub fn read(&self, file: &File) -> Result<Entry, LogError> {
        let mut record = vec![0; self.length];
        file.read_exact_at(&mut record, self.offset).map_err(LogError::Read)?;
        match decode(&record) {
            Some((id, bytes, leaf)) if leaf == self.leaf => Ok(Entry { id, bytes: bytes.to_vec() }),
            _ => Err(LogError::Damaged { index: self.index, offset: self.offset }),
        }
    }

    pub fn prove(self, tree: &Tree, size: u64) -> Result<Proof, LogError> {
        let beyond = || LogError::Beyond { size: tree.size() };
        let path = tree.inclusion(self.index, size).ok_or_else(beyond)?;
        let root = tree.root_at(size).ok_or_else(beyond)?;
        Ok(Proof { place: self, size, path, root })
    }
}

/// A proof whose entry is still to be read.
pub struct Proof {
    place: Place,
    size: u64,
    path: Vec<Hash>,
    root: Hash,
}

impl Proof {
    pub fn complete(self, file: &File) -> Result<InclusionProof, LogError> {
        let Entry { id, bytes } = self.place.read(file)?;
        let Place { index, leaf, .. } = self.place;
        Ok(InclusionProof { log_size: self.size, index, leaf, entry: bytes, id, path: self.path, root: self.root })
    }
}
