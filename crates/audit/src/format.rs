//! The bytes of the file. The README has the layout.

use crate::sha_256;
use crate::tree::Tree;
use crate::LogError;
use salus_domain::ids::Hash;
use salus_domain::merkle;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};

/// Who appends names an entry by it: a repeated request has the same one.
pub type Id = [u8; 32];

/// How many bytes an entry has at most.
pub const MAX_ENTRY: usize = 16 * 1024;

/// What a file begins with.
pub const HEADER: [u8; 16] = *b"salus-audit-log1";

/// How long a file with only the header is.
pub const HEADER_LENGTH: u64 = 16;

/// What stands before an entry: its length, the checksum of the length, its id.
const BEFORE: usize = 8 + 32;

/// What stands after it: its leaf.
const AFTER: usize = 32;

/// The leaf of an entry: that of its id followed by its bytes. So neither can be changed without the other's showing.
pub fn leaf_of(id: &Id, entry: &[u8]) -> Hash {
    merkle::leaf(&sha_256, &[id, entry].concat())
}

/// Adds an entry's record to what is to be written, and tells how many bytes that is. `entry` has at most [`MAX_ENTRY`]
/// bytes.
pub fn encode(id: &Id, entry: &[u8], leaf: Hash, to: &mut Vec<u8>) -> u64 {
    let length = u32::try_from(entry.len()).unwrap_or(u32::MAX).to_le_bytes();
    let before = to.len();
    to.extend_from_slice(&length);
    to.extend_from_slice(&crc32fast::hash(&length).to_le_bytes());
    to.extend_from_slice(id);
    to.extend_from_slice(entry);
    to.extend_from_slice(&leaf.0);
    (to.len() - before) as u64
}

/// One record as it stands in the file. `None` where it is not as [`encode`] makes them.
pub fn decode(record: &[u8]) -> Option<(Id, &[u8], Hash)> {
    let (before, rest) = record.split_first_chunk::<BEFORE>()?;
    let (entry, leaf) = rest.split_last_chunk::<AFTER>()?;
    let (head, id) = before.split_first_chunk::<8>()?;
    let id = Id::try_from(id).ok()?;
    let leaf = Hash(*leaf);
    (length_of(*head)? == entry.len() && leaf_of(&id, entry) == leaf).then_some((id, entry, leaf))
}

/// The length of the entry that a record begins with.
fn length_of(head: [u8; 8]) -> Option<usize> {
    let (length, checksum) = head.split_first_chunk::<4>()?;
    let length_ok = crc32fast::hash(length).to_le_bytes() == checksum;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length_ok && length <= MAX_ENTRY).then_some(length)
}

/// What is known about a file without looking into it again: 64 bytes an entry for the tree, 8 for where it is, and the
/// index of ids.
pub struct Contents {
    pub tree: Tree,
    pub ids: HashMap<Id, u64>,
    /// Where each entry's record ends.
    pub ends: Vec<u64>,
}

impl Contents {
    pub fn new() -> Self {
        Self { tree: Tree::new(), ids: HashMap::new(), ends: Vec::new() }
    }

    /// Adds an entry whose record is `length` bytes long. Nothing is added where another entry has its id.
    pub fn push(&mut self, id: Id, leaf: Hash, length: u64) -> bool {
        let new = !self.ids.contains_key(&id);
        if new {
            self.ids.insert(id, self.tree.size());
            self.ends.push(self.end() + length);
            self.tree.push(leaf);
        }
        new
    }

    /// Where the next record begins.
    pub fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(HEADER_LENGTH)
    }

    /// Where the record of an entry begins, and how long it is.
    pub fn record(&self, index: u64) -> Option<(u64, usize)> {
        let at = usize::try_from(index).ok()?;
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or(HEADER_LENGTH);
        Some((start, usize::try_from(end.checked_sub(start)?).ok()?))
    }
}

/// Reads and checks a whole file. The other number is how many bytes of an incomplete record, or of an incomplete header,
/// are at its end.
///
/// # Errors
///
/// [`LogError::Read`], [`LogError::NotALog`], [`LogError::Damaged`].
pub fn scan(mut file: &File) -> Result<(Contents, u64), LogError> {
    file.rewind().map_err(LogError::Read)?;
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut contents = Contents::new();
    let mut bytes = Vec::with_capacity(BEFORE + MAX_ENTRY + AFTER);
    if !fill(&mut input, &mut bytes, HEADER.len())? {
        let torn = HEADER.starts_with(&bytes);
        return if torn { Ok((contents, bytes.len() as u64)) } else { Err(LogError::NotALog) };
    }
    if bytes != HEADER {
        return Err(LogError::NotALog);
    }
    loop {
        bytes.clear();
        let damaged = LogError::Damaged { index: contents.tree.size(), offset: contents.end() };
        if !fill(&mut input, &mut bytes, 8)? {
            return Ok((contents, bytes.len() as u64));
        }
        let head = bytes.first_chunk::<8>().copied().unwrap_or_default();
        let Some(length) = length_of(head) else { return Err(damaged) };
        if !fill(&mut input, &mut bytes, BEFORE - 8 + length + AFTER)? {
            return Ok((contents, bytes.len() as u64));
        }
        let Some((id, _, leaf)) = decode(&bytes) else { return Err(damaged) };
        if !contents.push(id, leaf, bytes.len() as u64) {
            return Err(damaged);
        }
    }
}

/// Adds the next `count` bytes; tells whether there were as many.
fn fill(input: &mut impl Read, bytes: &mut Vec<u8>, count: usize) -> Result<bool, LogError> {
    let read = input.take(count as u64).read_to_end(bytes).map_err(LogError::Read)?;
    Ok(read == count)
}
