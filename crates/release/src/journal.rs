//! The log, with what is looked up in it: whose entries, and which of them are releases.

use crate::entry::{Entry, EntryV1, Outcome};
use crate::wire::EntryRef;
use salus_audit::{leaf_of, Id, Log, LogError};
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::time::Timestamp;
use scale::Encode;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is that of something else.
    #[error("entry {0} of the log is not one of a release service")]
    Foreign(u64),
    /// The process is ending.
    #[error("the process is ending")]
    Ending,
}

/// An entry that is in the log.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub index: u64,
    pub id: Id,
    pub leaf: Hash,
    pub bytes: Vec<u8>,
    pub entry: EntryV1,
}

impl Kept {
    pub(crate) fn reference(&self) -> EntryRef {
        EntryRef { index: self.index, id: crate::wire::Hex32(self.id), leaf: self.leaf.into() }
    }
}

#[derive(Default)]
struct Index {
    /// How many entries are in it.
    size: u64,
    by_patient: HashMap<Account, Vec<u64>>,
    /// The indices of the releases, in order.
    releases: Vec<u64>,
    /// For which keys a version was released to an account.
    released: HashMap<(RecordId, u32, Account), Vec<[u8; 32]>>,
    /// To which accounts anything was released for a key.
    holders: HashMap<[u8; 32], Vec<Account>>,
    /// The newest entry about the envelope of a version for a key.
    changes: HashMap<(RecordId, u32, [u8; 32]), u64>,
    /// When each entry was written.
    times: Vec<Timestamp>,
}

fn insert_once<T: PartialEq>(to: &mut Vec<T>, value: T) {
    if !to.contains(&value) {
        to.push(value);
    }
}

/// The log of the service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    index: Mutex<Index>,
    broken: AtomicBool,
    size: watch::Sender<u64>,
}

impl Journal {
    /// Reads the log, and makes it where there is none. Blocks.
    pub(crate) fn open(file: &Path) -> Result<Self, JournalError> {
        let log = Log::open(file)?;
        let (size, _) = watch::channel(log.size());
        let inner = Inner { log, index: Mutex::default(), broken: AtomicBool::new(false), size };
        inner.catch_up()?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes an entry durably, unless there is one with this id: then that one is the answer.
    pub(crate) async fn append(&self, id: Id, entry: EntryV1) -> Result<Kept, JournalError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.append(id, entry)).await.map_err(|_| JournalError::Ending)?
    }

    /// The entry with this id.
    pub(crate) async fn find(&self, id: Id) -> Result<Option<Kept>, JournalError> {
        match self.inner.log.find(&id) {
            Some(index) => self.read(index).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn read(&self, index: u64) -> Result<Kept, JournalError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.read(index)).await.map_err(|_| JournalError::Ending)?
    }

    /// At most `count` entries from an index on.
    pub(crate) async fn page(&self, from: u64, to: u64, count: u64) -> Result<Vec<Kept>, JournalError> {
        let to = to.min(self.size()).min(from.saturating_add(count));
        self.read_all((from..to).collect()).await
    }

    /// At most `count` entries about a patient, from an index on.
    pub(crate) async fn about(&self, patient: Account, from: u64, count: usize) -> Result<Vec<Kept>, JournalError> {
        let indices = {
            let index = self.index();
            let all = index.by_patient.get(&patient).map_or(&[][..], Vec::as_slice);
            let start = all.partition_point(|index| *index < from);
            all.iter().skip(start).take(count).copied().collect()
        };
        self.read_all(indices).await
    }

    /// For which keys a version was ever released to an account.
    pub(crate) fn released(&self, record: RecordId, version: u32, to: Account) -> Vec<[u8; 32]> {
        self.index().released.get(&(record, version, to)).cloned().unwrap_or_default()
    }

    /// Whether anything was ever released for a key to another account than this one.
    pub(crate) fn is_held_by_another(&self, key: &[u8; 32], than: Account) -> bool {
        self.index().holders.get(key).is_some_and(|holders| holders.iter().any(|holder| *holder != than))
    }

    /// The newest entry about the envelope of a version for a key.
    pub(crate) fn last_change(&self, record: RecordId, version: u32, key: [u8; 32]) -> Option<u64> {
        self.index().changes.get(&(record, version, key)).copied()
    }

    /// When an entry was written.
    pub(crate) fn time_of(&self, entry: u64) -> Option<Timestamp> {
        self.index().times.get(usize::try_from(entry).ok()?).copied()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.inner.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_all(&self, indices: Vec<u64>) -> Result<Vec<Kept>, JournalError> {
        let inner = Arc::clone(&self.inner);
        let read = move || indices.into_iter().map(|index| inner.read(index)).collect();
        tokio::task::spawn_blocking(read).await.map_err(|_| JournalError::Ending)?
    }

    /// How many releases there are.
    pub(crate) fn releases(&self) -> u64 {
        self.index().releases.len() as u64
    }

    /// The index of the release with this number.
    pub(crate) fn release(&self, number: u64) -> Option<u64> {
        let index = self.index();
        index.releases.get(usize::try_from(number).ok()?).copied()
    }

    /// The number of the release at this index.
    pub(crate) fn number_of(&self, entry: u64) -> Option<u64> {
        let index = self.index();
        index.releases.binary_search(&entry).ok().map(|number| number as u64)
    }

    /// Tells of every growth.
    pub(crate) fn growth(&self) -> watch::Receiver<u64> {
        self.inner.size.subscribe()
    }

    /// Whether it cannot be written to before the service starts again.
    pub(crate) fn is_broken(&self) -> bool {
        self.inner.broken.load(Ordering::Relaxed)
    }

    /// Nothing is written any more.
    pub(crate) fn break_off(&self) {
        self.inner.broken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn size(&self) -> u64 {
        self.inner.log.size()
    }

    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        self.inner.log.root_at(size)
    }

    pub(crate) fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        self.inner.log.inclusion(index, size)
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.inner.log.consistency(old, new)
    }
}

impl Inner {
    fn append(&self, id: Id, entry: EntryV1) -> Result<Kept, JournalError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(LogError::Poisoned.into());
        }
        let bytes = Entry::V1(entry.clone()).encode();
        match self.log.append(id, &bytes) {
            Ok(appended) => {
                self.catch_up()?;
                Ok(Kept { index: appended.index, id, leaf: appended.leaf, bytes, entry })
            }
            // The same request at the same time: its salt differs. The first one stands.
            Err(LogError::OtherEntry { index }) => self.read(index),
            Err(error) => {
                if matches!(error, LogError::Unsure(_) | LogError::Poisoned) {
                    self.broken.store(true, Ordering::Relaxed);
                }
                Err(error.into())
            }
        }
    }

    fn read(&self, index: u64) -> Result<Kept, JournalError> {
        let kept = self.log.entry(index)?;
        let Ok(Entry::V1(entry)) = Entry::decode_bytes(&kept.bytes) else { return Err(JournalError::Foreign(index)) };
        let leaf = leaf_of(&kept.id, &kept.bytes);
        Ok(Kept { index, id: kept.id, leaf, bytes: kept.bytes, entry })
    }

    /// Entries come into the index in the order of the log, whoever comes first.
    fn catch_up(&self) -> Result<(), JournalError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        while index.size < self.log.size() {
            let at = index.size;
            let entry = self.read(at)?.entry;
            index.by_patient.entry(entry.patient).or_default().push(at);
            index.times.push(entry.at);
            let (record, version, accessor) = (entry.record, entry.version, entry.accessor);
            match entry.outcome {
                Outcome::Released { key } => {
                    index.releases.push(at);
                    insert_once(index.released.entry((record, version, accessor)).or_default(), key);
                    insert_once(index.holders.entry(key).or_default(), accessor);
                }
                Outcome::EnvelopePut { key } | Outcome::EnvelopeRemoved { key } => {
                    index.changes.insert((record, version, key), at);
                }
                Outcome::Refused(_) | Outcome::Erased { .. } | Outcome::ErasureBegun => {}
            }
            index.size = at.saturating_add(1);
        }
        self.size.send_replace(index.size);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;
    use crate::entry::Reason;
    use salus_domain::ids::RecordId;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn an_id_has_one_entry_however_often_and_at_once_it_is_written() -> Result {
        let folder = tempfile::tempdir()?;
        let journal = Journal::open(&folder.path().join("log"))?;
        let mut writes = tokio::task::JoinSet::new();
        for salt in 0..16 {
            let journal = journal.clone();
            let entry = EntryV1 { salt: [salt; 16], ..entry(Outcome::Released { key: [1; 32] }) };
            writes.spawn(async move { journal.append([7; 32], entry).await });
        }
        let mut salts = Vec::new();
        while let Some(kept) = writes.join_next().await {
            let kept = kept??;
            assert_eq!(kept.index, 0);
            salts.push(kept.entry.salt);
        }
        assert!(salts.iter().all(|salt| *salt == salts[0]), "the first one stands for all");
        assert_eq!((journal.size(), journal.releases()), (1, 1));
        Ok(())
    }

    #[tokio::test]
    async fn a_log_that_is_opened_again_finds_the_same() -> Result {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("log");
        let patient = Account([3; 32]);
        for number in 0..6u8 {
            let journal = Journal::open(&file)?;
            let outcome =
                if number % 2 == 0 { Outcome::Released { key: [1; 32] } } else { Outcome::Refused(Reason::NoPermit) };
            let patient = Account([3 + number / 4; 32]);
            journal.append([number; 32], EntryV1 { patient, record: RecordId([number; 32]), ..entry(outcome) }).await?;
        }
        let journal = Journal::open(&file)?;
        assert_eq!((journal.size(), journal.releases()), (6, 3));
        assert_eq!((journal.release(2), journal.number_of(4), journal.number_of(3)), (Some(4), Some(2), None));
        let about = journal.about(patient, 1, 2).await?;
        assert_eq!(about.iter().map(|kept| kept.index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(journal.about(Account([4; 32]), 0, 9).await?.len(), 2);
        assert_eq!(journal.page(4, 99, 100).await?.len(), 2);
        Ok(())
    }

    #[test]
    fn a_log_of_something_else_is_refused() -> Result {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("log");
        Log::open(&file)?.append([1; 32], b"something else")?;
        assert!(matches!(Journal::open(&file), Err(JournalError::Foreign(0))));
        Ok(())
    }
}
