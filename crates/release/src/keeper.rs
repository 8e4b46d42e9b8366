//! What brings the log onto the chain. It keeps nothing of its own: how far the chain is, it reads from the chain, before
//! every step. So it can end anywhere and go on.

use crate::entry::Outcome;
use crate::nodes::{NoNode, Node, NotDone};
use crate::service::Service;
use salus_interface::access::{Anchor, Release};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout, timeout_at, Instant};

/// Between two attempts after one that failed.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the last attempts may take when the service ends.
const LAST: Duration = Duration::from_secs(10);

/// After how many entries the root is anchored, unless it is said otherwise.
pub(crate) const ENTRIES: u64 = 256;
/// After how long the root is anchored, and the chain looked at again, unless it is said otherwise.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// The least age at which an entry that is not anchored stops the releases.
const OVERDUE: Duration = Duration::from_secs(10 * 60);

/// How the log comes onto the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogMode {
    /// The root of the log is anchored: after so many entries, or after so long where there are new ones, and when the
    /// service ends.
    Batch {
        /// After how many entries.
        entries: u64,
        /// After how long.
        interval: Duration,
    },
    /// Every release is logged as an event, in a block, before the envelope is handed out. The root is anchored as well, after
    /// 256 entries or a minute: refusals and changes are proven by it.
    Event,
}

impl LogMode {
    /// After how many entries, and after how long, the root is anchored.
    const fn pace(self) -> (u64, Duration) {
        match self {
            Self::Batch { entries, interval } => (if entries == 0 { 1 } else { entries }, interval),
            Self::Event => (ENTRIES, INTERVAL),
        }
    }

    /// How old an entry may become that is not anchored, until nothing is released any more: ten times as old as it should,
    /// and ten minutes at least.
    #[must_use]
    pub fn max_unanchored(self) -> Duration {
        self.pace().1.saturating_mul(10).max(OVERDUE)
    }
}

/// Why the log is not the one that the chain knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogMismatch {
    /// Entries are missing.
    #[error("the log was lost in part: {anchored} entries are anchored, and it has {size}\n  next: restore the log; do not start without it")]
    Lost {
        /// How many the chain knows.
        anchored: u64,
        /// How many there are.
        size: u64,
    },
    /// Entries were changed.
    #[error("the log was tampered with: its first {anchored} entries are not those that are anchored\n  next: restore the log, and find out who changed it")]
    Tampered {
        /// How many the chain knows.
        anchored: u64,
    },
    /// Releases are missing.
    #[error("the log was lost in part: {logged} releases are on the chain, and it has {releases}\n  next: restore the log; do not start without it")]
    ReleasesLost {
        /// How many the chain knows.
        logged: u64,
        /// How many there are.
        releases: u64,
    },
}

/// How far the chain was brought.
struct Step {
    /// Which size of the log was looked at.
    done: u64,
    /// What is anchored, where that was due.
    anchored: Option<u64>,
}

/// Longer than any process lives: 30 years.
fn far_away() -> Instant {
    let now = Instant::now();
    now.checked_add(Duration::from_secs(30 * 365 * 86_400)).unwrap_or(now)
}

/// Why the chain could not be brought further.
enum Stuck {
    /// Again later.
    Later,
    /// Never.
    Mismatch(LogMismatch),
}

impl From<NoNode> for Stuck {
    fn from(_: NoNode) -> Self {
        Self::Later
    }
}

impl From<NotDone> for Stuck {
    fn from(_: NotDone) -> Self {
        Self::Later
    }
}

impl<N: Node> Service<N> {
    /// Compares the log with what the chain knows of it. Waits for nodes that are just starting, and for a contract that is
    /// not in a final block yet.
    pub(crate) async fn check(&self, patience: Duration) -> Result<Result<(), LogMismatch>, NoNode> {
        let since = Instant::now();
        loop {
            match self.compare().await {
                Err(NoNode::Unavailable) if since.elapsed() < patience => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    async fn compare(&self) -> Result<Result<(), LogMismatch>, NoNode> {
        let view = self.nodes.view(self.now()).await?;
        let now = view.log_now(self.account).await?;
        for anchor in [view.log(self.account).await?.anchor, now.anchor] {
            if let Some(mismatch) = anchor.and_then(|anchor| self.mismatch(&anchor)) {
                return Ok(Err(mismatch));
            }
        }
        self.anchored.store(now.anchor.map_or(0, |anchor| anchor.size), Ordering::Relaxed);
        let (logged, releases) = (now.written, self.journal.releases());
        Ok(if logged > releases { Err(LogMismatch::ReleasesLost { logged, releases }) } else { Ok(()) })
    }

    fn mismatch(&self, anchor: &Anchor) -> Option<LogMismatch> {
        let anchored = anchor.size;
        match self.journal.root_at(anchored) {
            Ok(root) if root == anchor.root => None,
            Ok(_) => Some(LogMismatch::Tampered { anchored }),
            Err(_) => Some(LogMismatch::Lost { anchored, size: self.journal.size() }),
        }
    }

    /// Keeps the chain up with the log until it is told to end, and then once more. The chain is looked at again after every
    /// interval, also where nothing is new: a block that was not final may be gone.
    pub(crate) async fn keep(self: Arc<Self>, mode: LogMode, mut ending: watch::Receiver<bool>) {
        let mut growth = self.journal.growth();
        let (entries, interval) = mode.pace();
        // Where the log is when it is anchored next, and when that is at the latest.
        let (mut full, mut due) = (0, Instant::now());
        loop {
            let done = match self.advance(mode, full, due).await {
                Ok(Step { done, anchored }) => {
                    if let Some(anchored) = anchored {
                        full = anchored.saturating_add(entries);
                        // An interval that is no point in time is never over.
                        due = Instant::now().checked_add(interval).unwrap_or_else(far_away);
                    }
                    done
                }
                Err(Stuck::Later) => tokio::select! {
                    () = sleep(PAUSE) => continue,
                    _ = ending.wait_for(|ending| *ending) => break,
                },
                Err(Stuck::Mismatch(mismatch)) => {
                    tracing::error!(%mismatch, "nothing is released any more");
                    self.journal.break_off();
                    return;
                }
            };
            let more = match mode {
                LogMode::Event => done.saturating_add(1),
                LogMode::Batch { .. } => full,
            };
            tokio::select! {
                _ = timeout_at(due, growth.wait_for(|size| *size >= more)) => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
        let last = async {
            while let Err(Stuck::Later) = self.advance(mode, 0, Instant::now()).await {
                sleep(PAUSE).await;
            }
        };
        if timeout(LAST, last).await.is_err() {
            tracing::warn!("the newest entries are not on the chain yet; the next start brings them there");
        }
    }

    /// Brings the chain up to the log: in event mode the releases, and the root once the log is full or it is due.
    async fn advance(&self, mode: LogMode, full: u64, due: Instant) -> Result<Step, Stuck> {
        let done = match mode {
            LogMode::Batch { .. } => *self.journal.growth().borrow(),
            LogMode::Event => self.log_releases().await?,
        };
        let is_due = done >= full || Instant::now() >= due;
        Ok(Step { done, anchored: if is_due { Some(self.anchor().await?) } else { None } })
    }

    async fn anchor(&self) -> Result<u64, Stuck> {
        let view = self.nodes.view(self.now()).await?;
        let before = view.log_now(self.account).await?.anchor;
        if let Some(mismatch) = before.and_then(|anchor| self.mismatch(&anchor)) {
            return Err(Stuck::Mismatch(mismatch));
        }
        let (old, size) = (before.map_or(0, |anchor| anchor.size), self.journal.size());
        self.anchored.store(old, Ordering::Relaxed);
        if size > old {
            let root = self.journal.root_at(size).map_err(|_| Stuck::Later)?;
            let proof = self.journal.consistency(old, size).map_err(|_| Stuck::Later)?;
            view.node().anchor(size, root, proof).await?;
            self.anchored.store(size, Ordering::Relaxed);
        }
        Ok(size)
    }

    async fn log_releases(&self) -> Result<u64, Stuck> {
        let size = *self.journal.growth().borrow();
        let view = self.nodes.view(self.now()).await?;
        let mut number = view.log_now(self.account).await?.written;
        loop {
            if let Some(logged) = &self.logged {
                logged.send_replace(number);
            }
            let releases = self.journal.releases();
            if number > releases {
                return Err(Stuck::Mismatch(LogMismatch::ReleasesLost { logged: number, releases }));
            }
            let Some(index) = self.journal.release(number) else { return Ok(size) };
            let kept = self.journal.read(index).await.map_err(|_| Stuck::Later)?;
            let entry = kept.entry;
            let (Some(permit), Outcome::Released { .. }) = (entry.permit, entry.outcome) else {
                // A release is never written without its permit.
                return Err(Stuck::Later);
            };
            let release = Release {
                record: entry.record,
                version: entry.version,
                accessor: entry.accessor.0.into(),
                permit_block: permit.block,
                permit_event: permit.event,
                leaf: kept.leaf,
            };
            view.node().log_release(number, release).await?;
            number = number.saturating_add(1);
        }
    }
}
