//! Why a log refuses.

use std::io;

/// Why a log cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened, made or locked.
    #[error("the log's file cannot be opened")]
    Open(#[source] io::Error),
    /// Another process, or another [`crate::Log`] of this one, has it open for writing.
    #[error("the log is in use by another writer")]
    Locked,
    /// The file does not begin as a log does.
    #[error("the file is not a log")]
    NotALog,
    /// What is in the file there is not an entry, or has an id that an earlier entry has.
    #[error("the log is damaged at entry {index}, byte {offset}")]
    Damaged {
        /// The first entry that is not as it was written.
        index: u64,
        /// Where in the file it begins.
        offset: u64,
    },
    /// The file cannot be read.
    #[error("the log cannot be read")]
    Read(#[source] io::Error),
    /// The entry has more than [`crate::MAX_ENTRY`] bytes.
    #[error("an entry of {length} bytes is too long")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// The log has another entry with that id.
    #[error("entry {index} has that id and other content")]
    OtherEntry {
        /// Where it is.
        index: u64,
    },
    /// The log has fewer entries than that.
    #[error("the log has {size} entries")]
    Beyond {
        /// How many it has.
        size: u64,
    },
    /// The entry could not be written, for instance because the disk is full. The log is as it was, and can be used.
    #[error("the entry was not written: {0}")]
    Write(io::ErrorKind),
    /// The entry was written and may not outlive a loss of power, or could not be taken back. Whether it is in the log shows
    /// when the log is opened again; appending it again then is safe. Until then, nothing can be appended.
    #[error("whether the entry was written is not certain: {0}")]
    Unsure(io::ErrorKind),
    /// An earlier entry is [`LogError::Unsure`]: the log can be read, and must be opened again to be appended to.
    #[error("the log must be opened again, since an earlier write failed")]
    Poisoned,
}
