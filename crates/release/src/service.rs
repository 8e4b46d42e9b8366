//! What the routes work with.

use crate::entry::{EntryV1, Outcome, Permit};
use crate::journal::{Journal, JournalError, Kept};
use crate::nodes::{Node, Nodes, View};
use crate::rejection::Rejection;
use crate::request::Target;
use crate::ticket::Tickets;
use crate::{person, Caller};
use salus_audit::Id;
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::time::Timestamp;
use salus_interface::access::Record;
use salus_vault::{Vault, VaultError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{watch, Mutex, OwnedSemaphorePermit, Semaphore};

/// How far apart the caller's clock and the service's may be, in milliseconds: two minutes.
pub const FRESHNESS: u64 = 2 * 60 * 1_000;

/// What the service is bound by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many requests are worked on at the same time.
    pub concurrency: usize,
    /// How long one may take.
    pub request: Duration,
    /// How long its body may take to arrive.
    pub body: Duration,
    /// How old an entry may be that is not anchored, until nothing is released any more.
    pub unanchored: Duration,
    /// How long a release may wait for its place on the chain.
    pub logging: Duration,
}

/// What tells the time.
pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// The service, with its nodes, its vault and its log. It holds no key that opens an envelope.
pub struct Service<N> {
    pub(crate) nodes: Nodes<N>,
    pub(crate) vault: Vault,
    pub(crate) journal: Journal,
    pub(crate) tickets: Tickets,
    /// The service's account: whose log it is on the chain.
    pub(crate) account: Account,
    pub(crate) target: Target,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) permits: Arc<Semaphore>,
    /// Held while the vault is changed: what an entry announces is done before the next entry is written.
    pub(crate) changing: Mutex<()>,
    /// How many entries were anchored, when the chain was last looked at.
    pub(crate) anchored: AtomicU64,
    /// In event mode: how many releases stand on the chain.
    pub(crate) logged: Option<watch::Sender<u64>>,
}

/// What the system's clock says.
pub(crate) fn system_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What an entry is about, beside its outcome.
pub(crate) struct About<'a> {
    pub record: RecordId,
    pub version: u32,
    pub facts: &'a Record,
    pub permit: Option<Permit>,
}

impl<N: Node> Service<N> {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The chain as of its newest final block.
    pub(crate) async fn view(&self) -> Result<View<N>, Rejection> {
        Ok(self.nodes.view(self.now()).await?)
    }

    /// Writes down what came of the caller's request. Where the same request has an entry already, that one is the answer.
    pub(crate) async fn log(
        &self,
        caller: &Caller,
        view: &View<N>,
        about: About<'_>,
        outcome: Outcome,
    ) -> Result<Kept, Rejection> {
        self.log_as(caller.id, caller.account, view, about, outcome).await
    }

    /// The same, under another id than the request's.
    pub(crate) async fn log_as(
        &self,
        id: Id,
        accessor: Account,
        view: &View<N>,
        about: About<'_>,
        outcome: Outcome,
    ) -> Result<Kept, Rejection> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| Rejection::LogFailed)?;
        let entry = EntryV1 {
            at: self.now(),
            record: about.record,
            version: about.version,
            patient: person(about.facts.patient),
            accessor,
            permit: about.permit,
            head_number: view.head().number,
            head_hash: Hash(view.head().hash),
            outcome,
            salt,
        };
        Ok(self.journal.append(id, entry).await?)
    }

    /// How many entries are not anchored, and how old the oldest of them is.
    pub(crate) fn unanchored(&self) -> (u64, Option<Duration>) {
        let anchored = self.anchored.load(Ordering::Relaxed);
        let count = self.journal.size().saturating_sub(anchored);
        let oldest = (count > 0).then(|| self.journal.time_of(anchored)).flatten();
        (count, oldest.map(|at| Duration::from_millis(self.now().0.saturating_sub(at.0))))
    }

    /// Whether the chain has been without entries for so long that nothing is released.
    pub(crate) fn is_overdue(&self) -> bool {
        self.unanchored().1.is_some_and(|age| age > self.limits.unanchored)
    }

    /// One more request is worked on; or there are too many.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, Rejection> {
        Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Rejection::Busy)
    }

    /// In event mode, waits until the release stands on the chain.
    pub(crate) async fn await_logged(&self, kept: &Kept) -> Result<(), Rejection> {
        let Some(logged) = &self.logged else { return Ok(()) };
        let not_logged = Rejection::NotLogged { entry: kept.reference() };
        let Some(number) = self.journal.number_of(kept.index) else { return Err(not_logged) };
        let mut logged = logged.subscribe();
        let there = logged.wait_for(|logged| *logged > number);
        let there = tokio::time::timeout(self.limits.logging, there).await;
        there.ok().and_then(Result::ok).map(drop).ok_or(not_logged)
    }
}

impl From<JournalError> for Rejection {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Log(salus_audit::LogError::Beyond { .. }) => Self::BeyondLog,
            error => {
                tracing::error!(%error, "the log failed");
                Self::LogFailed
            }
        }
    }
}

impl From<salus_audit::LogError> for Rejection {
    fn from(error: salus_audit::LogError) -> Self {
        JournalError::from(error).into()
    }
}

impl From<VaultError> for Rejection {
    fn from(error: VaultError) -> Self {
        use VaultError as V;
        match error {
            V::NotFound { .. } | V::NothingToDestroy { .. } | V::ContentMissing { .. } => Self::NotInVault,
            V::Destroyed { .. } => Self::Gone,
            V::OtherEnvelope { .. } => Self::OtherEnvelope,
            error => {
                tracing::error!(%error, "the vault failed");
                Self::VaultFailed
            }
        }
    }
}
