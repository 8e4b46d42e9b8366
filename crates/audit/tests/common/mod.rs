//! What the tests share: entries, and logs of them.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part of it")]

use salus_audit::{sha_256, Entry, Id, Log, LogError, LogFile};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The id of entry `number`.
pub fn id(number: u64) -> Id {
    sha_256(&number.to_le_bytes())
}

/// Entry `number`: of 0 to 63 bytes.
pub fn entry(number: u64) -> Entry {
    let id = id(number);
    Entry { id, bytes: id.repeat(2)[..number as usize % 64].to_vec() }
}

/// Entries 0 up to `count`.
pub fn entries(count: u64) -> Vec<Entry> {
    (0..count).map(entry).collect()
}

/// Appends them in their order.
pub fn append(log: &Log, entries: &[Entry]) -> Result<(), LogError> {
    entries.iter().try_for_each(|entry| log.append(entry.id, &entry.bytes).map(drop))
}

/// A directory for a log.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { directory: TempDir::new()? })
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

/// A log with these entries, as somebody writes it who knows the format.
pub fn written(entries: &[Entry]) -> Result<(Place, LogFile), Box<dyn std::error::Error>> {
    let place = Place::new()?;
    append(&Log::open(place.path())?, entries)?;
    let file = LogFile::read(place.path())?;
    Ok((place, file))
}

/// All entries of the log in that file.
pub fn read(path: &Path) -> Result<Vec<Entry>, LogError> {
    let file = LogFile::read(path)?;
    file.entries(0..file.tree().size()).collect()
}
