//! Logs of releases: read from a file or a service, and compared with what the chain says of them.

use super::records::listing;
use super::{OperationError, Suite};
use salus_audit::{leaf_of, Anchor, BadProof, Finding, InclusionProof, LogError, LogFile, Report, Tree};
use salus_client::{client_account, ink_account, AccountId32};
use salus_domain::ids::Hash;
use salus_domain::time::Timestamp;
use salus_interface::access::{self, ReleaseLogged, RootAnchored};
use salus_release::client::ReleaseClient;
use salus_release::entry::{Entry, EntryV1, Outcome};
use salus_release::wire::{Entries, EntryRef, Hex32, LogEntry};
use std::path::Path;

/// Why a log or a proof cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailed {
    /// The log.
    #[error("{file}: {error}")]
    Log {
        /// Its file.
        file: String,
        /// Why.
        error: LogError,
    },
    /// The log is not as it was written: somebody changed its bytes.
    #[error("{file}: what is in the log at entry {index} is not what was written there\n  next: ask for another copy; the entries before it can be trusted")]
    Damaged {
        /// Its file.
        file: String,
        /// The entry.
        index: u64,
    },
    /// The proof.
    #[error(transparent)]
    Proof(#[from] BadProof),
    /// A service leaves entries out.
    #[error("the release service leaves out entry {0}\n  next: ask for the file of the log, and compare that with the chain")]
    LeftOut(u64),
    /// Nothing of the log is on the chain.
    #[error("nothing of a log of {0} is on the chain\n  next: check the account (--log-account)")]
    NotOnChain(AccountId32),
}

/// An entry, as it is in the log.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its index, id and leaf.
    pub place: EntryRef,
    /// What it says; `None` where it is of no format that is known.
    pub says: Option<EntryV1>,
}

impl Kept {
    /// What is in the log at an index.
    #[must_use]
    pub fn new(index: u64, id: [u8; 32], bytes: &[u8]) -> Self {
        let place = EntryRef { index, id: Hex32(id), leaf: leaf_of(&id, bytes).into() };
        Self { place, says: Entry::decode_bytes(bytes).ok().map(|Entry::V1(entry)| entry) }
    }

    const fn is_release(&self) -> bool {
        matches!(self.says, Some(EntryV1 { outcome: Outcome::Released { .. }, .. }))
    }
}

/// A log, with the tree over it.
pub struct LogCopy {
    /// The tree.
    pub tree: Tree,
    /// The entries.
    pub entries: Vec<Kept>,
    /// How many bytes of an entry that is not complete are at its end.
    pub torn_bytes: u64,
}

fn log_failed(file: &Path) -> impl FnOnce(LogError) -> OperationError {
    let file = file.display().to_string();
    |error| match error {
        LogError::Damaged { index, .. } => AuditFailed::Damaged { file, index }.into(),
        error => AuditFailed::Log { file, error }.into(),
    }
}

/// Opens the file of a log.
///
/// # Errors
/// [`OperationError::Audit`].
pub fn open(file: &Path) -> Result<LogFile, OperationError> {
    LogFile::read(file).map_err(log_failed(file))
}

/// Reads the file of a log.
///
/// # Errors
/// [`OperationError::Audit`].
pub fn read(file: &Path) -> Result<LogCopy, OperationError> {
    let log = open(file)?;
    let mut entries = Vec::new();
    for (index, entry) in (0..).zip(log.entries(0..log.tree().size())) {
        let entry = entry.map_err(log_failed(file))?;
        entries.push(Kept::new(index, entry.id, &entry.bytes));
    }
    Ok(LogCopy { tree: tree_of(&entries), entries, torn_bytes: log.torn_bytes() })
}

fn tree_of(entries: &[Kept]) -> Tree {
    let mut tree = Tree::new();
    entries.iter().for_each(|kept| tree.push(kept.place.leaf.into()));
    tree
}

/// Reads all entries of a service. An authority's, or the governor's.
///
/// # Errors
/// [`OperationError::Release`], [`AuditFailed::LeftOut`].
pub async fn collect(client: &ReleaseClient) -> Result<LogCopy, OperationError> {
    let mut entries: Vec<Kept> = Vec::new();
    let mut from = Some(0);
    while let Some(start) = from {
        let page = client.entries(start, None).await?;
        for one in &page.entries {
            if one.index != entries.len() as u64 {
                return Err(AuditFailed::LeftOut(entries.len() as u64).into());
            }
            entries.push(Kept::new(one.index, one.id(), &one.entry));
        }
        from = page.next.filter(|next| *next > start);
    }
    Ok(LogCopy { tree: tree_of(&entries), entries, torn_bytes: 0 })
}

/// The pages of entries about a patient, as a service gives them.
///
/// # Errors
/// [`OperationError::Release`].
pub async fn of_patient(client: &ReleaseClient, patient: &AccountId32) -> Result<Vec<Entries>, OperationError> {
    let mut pages = Vec::new();
    let mut from = Some(0);
    while let Some(start) = from {
        let page = client.entries_of(patient, start).await?;
        from = page.next.filter(|next| *next > start);
        pages.push(page);
    }
    Ok(pages)
}

/// An entry that a service gave out.
#[must_use]
pub fn kept(entry: &LogEntry) -> Kept {
    Kept::new(entry.index, entry.id(), &entry.entry)
}

/// Where something of a log stands on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the block.
    pub block: u64,
    /// Its time.
    pub time: Timestamp,
}

/// What the chain says of a log.
#[derive(Clone, Debug, Default)]
pub struct OnChain {
    /// The roots, in their order.
    pub anchors: Vec<Anchor<Place>>,
    /// The releases that were logged one by one, in their order.
    pub releases: Vec<(Place, access::Release)>,
}

impl OnChain {
    /// Where a log of this size was anchored with this root.
    #[must_use]
    pub fn place_of(&self, size: u64, root: Hash) -> Option<Place> {
        self.anchors.iter().find(|anchor| (anchor.size, anchor.root) == (size, root)).map(|anchor| anchor.place)
    }
}

/// What vouches for an entry that a service gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// A root on the chain, which its proof leads to.
    Anchored,
    /// It stands on the chain itself.
    Logged,
    /// Nothing yet: it came after the last root.
    NotYet,
    /// Its proof does not hold, or its root is not on the chain.
    Wrong,
}

/// Checks the proof of an entry against the chain.
#[must_use]
pub fn proven(entry: &LogEntry, page: &Entries, known: &OnChain) -> Proven {
    let leaf = Hash::from(entry.leaf);
    if leaf_of(&entry.id(), &entry.entry) != leaf {
        return Proven::Wrong;
    }
    match (&entry.proof, page.anchored) {
        (Some(path), Some(anchored)) => {
            let (log_size, root) = (anchored.size, Hash::from(anchored.root));
            let path = path.iter().copied().map(Hash::from).collect();
            let (index, id, entry) = (entry.index, entry.id(), entry.entry.clone());
            let holds = InclusionProof { log_size, index, leaf, entry, id, path, root }.verify().is_ok();
            if holds && known.place_of(log_size, root).is_some() {
                Proven::Anchored
            } else {
                Proven::Wrong
            }
        }
        _ if known.releases.iter().any(|(_, release)| release.leaf == leaf) => Proven::Logged,
        _ => Proven::NotYet,
    }
}

/// Reads what the chain says of an account's log, from the events of access grants.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn on_chain(
    suite: &Suite,
    account: &AccountId32,
    progress: impl FnMut(u64),
) -> Result<OnChain, OperationError> {
    let mut found = OnChain::default();
    for located in listing::events(suite, progress).await? {
        let place = Place { block: located.block, time: located.time };
        if let Some(RootAnchored { log, anchor, .. }) = located.event.decode() {
            if client_account(log) == *account {
                found.anchors.push(Anchor { size: anchor.size, root: anchor.root, place });
            }
        } else if let Some(ReleaseLogged { log, release, .. }) = located.event.decode() {
            if client_account(log) == *account {
                found.releases.push((place, release));
            }
        }
    }
    Ok(found)
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A root.
    Root(Finding<Place>),
    /// A release that is on the chain is not in the log.
    NoRelease {
        /// Its number.
        number: u64,
        /// Where it stands.
        place: Place,
    },
    /// A release says something else on the chain.
    OtherRelease {
        /// Its number.
        number: u64,
        /// The entry that should be it.
        index: u64,
        /// Where it stands.
        place: Place,
    },
    /// An entry is of no format that is known.
    Unreadable {
        /// Which.
        index: u64,
    },
}

/// Compares a log with what the chain says of it.
///
/// # Errors
/// What does not fit.
pub fn compare(copy: &LogCopy, on_chain: &OnChain) -> Result<Report, Vec<Found>> {
    let audited = salus_audit::audit(&copy.tree, &on_chain.anchors);
    let mut found: Vec<Found> = audited.as_ref().err().into_iter().flatten().cloned().map(Found::Root).collect();
    let mut releases = copy.entries.iter().filter(|kept| kept.is_release());
    for (number, (place, logged)) in (0..).zip(&on_chain.releases) {
        match releases.next() {
            None => found.push(Found::NoRelease { number, place: *place }),
            Some(kept) if !is_it(kept, logged) => {
                found.push(Found::OtherRelease { number, index: kept.place.index, place: *place });
                // What comes after it cannot fit either.
                break;
            }
            Some(_) => {}
        }
    }
    let unreadable = copy.entries.iter().filter(|kept| kept.says.is_none());
    found.extend(unreadable.map(|kept| Found::Unreadable { index: kept.place.index }));
    match audited {
        Ok(report) if found.is_empty() => Ok(report),
        _ => Err(found),
    }
}

fn is_it(kept: &Kept, logged: &access::Release) -> bool {
    kept.says.as_ref().is_some_and(|says| {
        Hash::from(kept.place.leaf) == logged.leaf
            && (says.record, says.version) == (logged.record, logged.version)
            && ink_account(&AccountId32(says.accessor.0)) == logged.accessor
    })
}
