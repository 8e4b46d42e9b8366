//! A log that is written to. What waits is written together: one write and one fdatasync for all who ask meanwhile.

use crate::audit::{audit, Anchor, Finding, Report};
use crate::file::{Entry, Place};
use crate::format::{encode, leaf_of, scan, Contents, Id, HEADER, HEADER_LENGTH, MAX_ENTRY};
use crate::proof::InclusionProof;
use crate::LogError;
use salus_domain::ids::Hash;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::mem;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Where an entry is that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its index, from 0.
    pub index: u64,
    /// Its leaf.
    pub leaf: Hash,
    /// Whether an earlier request, or one at the same time, had appended it.
    pub was_there: bool,
}

/// What opening a log cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many bytes there were of an entry that was being written when the writer died. Nobody was told that it is there.
    pub torn_bytes: u64,
}

/// A log, and the only one that writes to its file. Shared between threads by reference; the calls block.
///
/// Only what is durable can be seen: sizes, roots and proofs never tell of an entry that could still be lost.
pub struct Log {
    file: File,
    recovered: Option<Recovered>,
    state: Mutex<State>,
}

struct State {
    contents: Contents,
    /// What goes into the next write.
    next: Batch,
    /// Ids that are in `next`, or in the batch that is being written.
    waiting: HashMap<Id, Arc<Signal>>,
    writing: bool,
    poisoned: bool,
}

/// What is written at once.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The ids, the leaves and the lengths of the records.
    records: Vec<(Id, Hash, u64)>,
    signal: Arc<Signal>,
}

/// What became of a batch. Waited for with the lock of the state.
#[derive(Default)]
struct Signal {
    changed: Condvar,
    outcome: OnceLock<Result<(), Failure>>,
}

#[derive(Clone, Copy)]
enum Failure {
    Write(io::ErrorKind),
    Unsure(io::ErrorKind),
    Poisoned,
}

impl From<Failure> for LogError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Write(kind) => Self::Write(kind),
            Failure::Unsure(kind) => Self::Unsure(kind),
            Failure::Poisoned => Self::Poisoned,
        }
    }
}

impl Log {
    /// Opens a log, and makes it, readable by its owner only, where there is none. Reads and checks every entry; a last one
    /// that is not complete is cut off: see [`Log::recovered`].
    ///
    /// # Errors
    ///
    /// [`LogError::Open`], [`LogError::Locked`], [`LogError::Read`], [`LogError::NotALog`], [`LogError::Damaged`]. The file
    /// is then as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LogError> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(LogError::Open)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LogError::Locked,
            TryLockError::Error(error) => LogError::Open(error),
        })?;
        let (contents, torn_bytes) = scan(&file)?;
        make_durable(&file, path, contents.end()).map_err(LogError::Open)?;
        let recovered = (torn_bytes > 0).then_some(Recovered { torn_bytes });
        Ok(Self::new(file, contents, recovered))
    }

    fn new(file: File, contents: Contents, recovered: Option<Recovered>) -> Self {
        let (next, waiting) = (Batch::default(), HashMap::new());
        let state = Mutex::new(State { contents, next, waiting, writing: false, poisoned: false });
        Self { file, recovered, state }
    }

    /// What opening it cut off, if anything.
    pub const fn recovered(&self) -> Option<Recovered> {
        self.recovered
    }

    /// Appends an entry. When this returns, the entry outlives the process and a loss of power. An entry that is there
    /// already, by its id, is not written again: a request can be repeated.
    ///
    /// # Errors
    ///
    /// [`LogError::TooLong`], [`LogError::OtherEntry`], [`LogError::Write`], [`LogError::Unsure`], [`LogError::Poisoned`].
    pub fn append(&self, id: Id, entry: &[u8]) -> Result<Appended, LogError> {
        if entry.len() > MAX_ENTRY {
            return Err(LogError::TooLong { length: entry.len() });
        }
        let leaf = leaf_of(&id, entry);
        let mut state = self.lock();
        if let Some(index) = state.contents.ids.get(&id) {
            return state.appended(*index, leaf, true);
        }
        let joined = state.waiting.get(&id).cloned();
        let was_there = joined.is_some();
        let signal = joined.unwrap_or_else(|| state.add(id, entry, leaf));
        let outcome = loop {
            if let Some(outcome) = signal.outcome.get() {
                break *outcome;
            }
            // Whoever finds nobody writing writes what waits, which the entry then is among.
            state = if state.writing {
                signal.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.write_next(state)
            };
        };
        outcome?;
        let index = state.contents.ids.get(&id).copied().ok_or(LogError::Poisoned)?;
        state.appended(index, leaf, was_there)
    }

    fn write_next<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let batch = mem::take(&mut state.next);
        let (end, poisoned) = (state.contents.end(), state.poisoned);
        state.writing = true;
        drop(state);
        let outcome = if poisoned { Err(Failure::Poisoned) } else { self.write(end, &batch.bytes) };
        let mut state = self.lock();
        state.writing = false;
        state.poisoned |= matches!(outcome, Err(Failure::Unsure(_)));
        for (id, leaf, length) in batch.records {
            state.waiting.remove(&id);
            if outcome.is_ok() {
                state.contents.push(id, leaf, length);
            }
        }
        // Nobody else sets it.
        let _ = batch.signal.outcome.set(outcome);
        batch.signal.changed.notify_all();
        state.next.signal.changed.notify_one();
        state
    }

    fn write(&self, end: u64, bytes: &[u8]) -> Result<(), Failure> {
        if let Err(error) = self.file.write_all_at(bytes, end) {
            let undone = self.file.set_len(end).and_then(|()| self.file.sync_data());
            return Err(match undone {
                Ok(()) => Failure::Write(error.kind()),
                Err(_) => Failure::Unsure(error.kind()),
            });
        }
        // After this fails once, the kernel may report success for pages that it has thrown away.
        self.file.sync_data().map_err(|error| Failure::Unsure(error.kind()))
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.lock().contents.tree.size()
    }

    /// The root of the tree. To know the size that it belongs to, take [`Log::size`] and then [`Log::root_at`].
    pub fn root(&self) -> Hash {
        self.lock().contents.tree.root()
    }

    /// The root of the tree of the first `size` entries.
    ///
    /// # Errors
    ///
    /// [`LogError::Beyond`].
    pub fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        self.lock().within(|contents| contents.tree.root_at(size))
    }

    /// Where the entry with that id is.
    pub fn find(&self, id: &Id) -> Option<u64> {
        self.lock().contents.ids.get(id).copied()
    }

    /// An entry, checked again.
    ///
    /// # Errors
    ///
    /// [`LogError::Beyond`], [`LogError::Read`], [`LogError::Damaged`] where somebody else changed the file meanwhile.
    pub fn entry(&self, index: u64) -> Result<Entry, LogError> {
        let place = Place::of(&self.lock().contents, index)?;
        place.read(&self.file)
    }

    /// Some entries, one after the other. Each fails like [`Log::entry`].
    pub fn entries(&self, range: Range<u64>) -> impl Iterator<Item = Result<Entry, LogError>> + '_ {
        range.map(|index| self.entry(index))
    }

    /// The proof that entry `index` is among the first `size`: the siblings from the leaf upwards.
    ///
    /// # Errors
    ///
    /// [`LogError::Beyond`] where the log has fewer than `size` entries, or `size` none at `index`.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        self.lock().within(|contents| contents.tree.inclusion(index, size))
    }

    /// The proof that the log of `new` entries begins with that of `old` entries.
    ///
    /// # Errors
    ///
    /// [`LogError::Beyond`] where the log has fewer than `new` entries, or `new` is less than `old`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.lock().within(|contents| contents.tree.consistency(old, new))
    }

    /// The proof that entry `index` is among the first `size`, with the entry, to be handed on.
    ///
    /// # Errors
    ///
    /// As [`Log::entry`] and [`Log::inclusion`].
    pub fn prove(&self, index: u64, size: u64) -> Result<InclusionProof, LogError> {
        let state = self.lock();
        let proof = Place::of(&state.contents, index)?.prove(&state.contents.tree, size)?;
        drop(state);
        proof.complete(&self.file)
    }

    /// Checks the log against what was anchored: see [`audit`].
    ///
    /// # Errors
    ///
    /// What was found, in the order of the anchors.
    pub fn audit<P: Clone>(&self, anchors: &[Anchor<P>]) -> Result<Report, Vec<Finding<P>>> {
        audit(&self.lock().contents.tree, anchors)
    }

    /// No thread panics while it holds the lock, so the state is never half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds a record to the next batch.
    fn add(&mut self, id: Id, entry: &[u8], leaf: Hash) -> Arc<Signal> {
        let length = encode(&id, entry, leaf, &mut self.next.bytes);
        self.next.records.push((id, leaf, length));
        let signal = Arc::clone(&self.next.signal);
        self.waiting.insert(id, Arc::clone(&signal));
        signal
    }

    fn appended(&self, index: u64, leaf: Hash, was_there: bool) -> Result<Appended, LogError> {
        if self.contents.tree.leaf(index) == Some(leaf) {
            Ok(Appended { index, leaf, was_there })
        } else {
            Err(LogError::OtherEntry { index })
        }
    }

    fn within<T>(&self, get: impl FnOnce(&Contents) -> Option<T>) -> Result<T, LogError> {
        get(&self.contents).ok_or_else(|| LogError::Beyond { size: self.contents.tree.size() })
    }
}

/// Cuts the file off at `end`, writes the header where there is none, and makes sure that what was read from the file, and
/// the file's name, are on the disk: entries of a writer that died may only be in the kernel's memory.
fn make_durable(file: &File, path: &Path, end: u64) -> io::Result<()> {
    let length = file.metadata()?.len();
    if length < HEADER_LENGTH {
        file.write_all_at(&HEADER, 0)?;
    } else if length > end {
        file.set_len(end)?;
    }
    file.sync_all()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log on a device on which writing, cutting off or syncing fails.
    fn on(device: &str) -> io::Result<Log> {
        let file = OpenOptions::new().read(true).write(true).open(device)?;
        Ok(Log::new(file, Contents::new(), None))
    }

    #[test]
    fn a_write_that_can_not_be_taken_back_poisons_the_log() -> io::Result<()> {
        let log = on("/dev/full")?;
        let failed = log.append([1; 32], b"entry");
        assert!(matches!(failed, Err(LogError::Unsure(io::ErrorKind::StorageFull))));
        assert!(matches!(log.append([1; 32], b"entry"), Err(LogError::Poisoned)));
        assert_eq!((log.size(), log.find(&[1; 32])), (0, None));
        Ok(())
    }

    #[test]
    fn a_sync_that_fails_poisons_the_log() -> io::Result<()> {
        let log = on("/dev/null")?;
        assert!(matches!(log.append([1; 32], b"entry"), Err(LogError::Unsure(io::ErrorKind::InvalidInput))));
        assert!(matches!(log.append([2; 32], b"other"), Err(LogError::Poisoned)));
        assert_eq!(log.size(), 0);
        Ok(())
    }

    #[test]
    fn all_who_wait_are_told_when_a_write_fails() -> io::Result<()> {
        let log = on("/dev/full")?;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|id| {
                    (
                        id,
                        scope.spawn({
                            let log = &log;
                            move || log.append([id; 32], b"entry").is_err()
                        }),
                    )
                })
                .collect();
            for (id, thread) in threads {
                assert!(thread.join().is_ok_and(|failed| failed), "{id}");
            }
        });
        assert_eq!(log.size(), 0);
        Ok(())
    }
}
