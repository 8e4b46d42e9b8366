//! Which node is asked: the one with the newest final block, and none that is behind what was seen before.

mod chain;
mod reads;
mod seen;

pub use chain::ChainNode;
pub(crate) use reads::View;
pub use seen::SeenError;

use reads::{Blocks, Reads};
use salus_client::{ClientError, Head};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecided, AccessDecision, AccessError, Log, Record, Redemption, Release};
use seen::Seen;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// What a node says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The newest block that is final.
    pub head: Head,
    /// Whether it knows that it is catching up with others.
    pub is_syncing: bool,
}

/// Who asks to be let into what. As in `AccessGrants::may_access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Who.
    pub accessor: Account,
    /// Into what.
    pub record: RecordId,
    /// For what.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// Under which share link.
    pub link: Option<Account>,
}

/// A decision, and its place among the events of its block.
pub type Decided = (u32, AccessDecided);

/// Why a transaction did not do what it should.
#[derive(Debug)]
pub enum NotDone {
    /// The contract refused.
    Refused(AccessError),
    /// The node or the chain failed; whether it was done shows on the chain.
    Failed,
}

/// A node of the deployment's chain. Whatever does not come in time, or cannot be read, is a [`ClientError`].
pub trait Node: Send + Sync + 'static {
    /// Its address.
    fn url(&self) -> &str;
    /// What it says of itself. Fails where it is of another chain.
    fn standing(&self) -> impl Future<Output = Result<Standing, ClientError>> + Send;
    /// The block with this number.
    fn block(&self, number: u64) -> impl Future<Output = Result<Head, ClientError>> + Send;
    /// The decisions in a block.
    fn decisions(&self, block: u64) -> impl Future<Output = Result<Vec<Decided>, ClientError>> + Send;
    /// `AccessGrants::record`.
    fn record(&self, at: &Head, record: RecordId) -> impl Future<Output = Result<Option<Record>, ClientError>> + Send;
    /// `AccessGrants::may_access`.
    fn may_access(
        &self,
        at: &Head,
        question: Question,
    ) -> impl Future<Output = Result<Result<AccessDecision, AccessError>, ClientError>> + Send;
    /// `AccessGrants::encryption_key`.
    fn key_of(&self, at: &Head, account: Account)
        -> impl Future<Output = Result<Option<[u8; 32]>, ClientError>> + Send;
    /// `AccessGrants::redemption`.
    fn redemption(
        &self,
        at: &Head,
        link: Account,
    ) -> impl Future<Output = Result<Option<Redemption>, ClientError>> + Send;
    /// Whether the account is an authority or the governor.
    fn is_auditor(&self, at: &Head, account: Account) -> impl Future<Output = Result<bool, ClientError>> + Send;
    /// Whether the account has a valid credential.
    fn is_credentialed(&self, at: &Head, account: Account) -> impl Future<Output = Result<bool, ClientError>> + Send;
    /// `AccessGrants::log`, of the newest block where none is given.
    fn log(&self, at: Option<&Head>, account: Account) -> impl Future<Output = Result<Log, ClientError>> + Send;
    /// `AccessGrants::anchor`, until it is in a block.
    fn anchor(&self, size: u64, root: Hash, proof: Vec<Hash>) -> impl Future<Output = Result<(), NotDone>> + Send;
    /// `AccessGrants::log_release`, until it is in a block.
    fn log_release(&self, number: u64, release: Release) -> impl Future<Output = Result<(), NotDone>> + Send;
}

/// Why no node can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNode {
    /// None answers, or none is of the deployment's chain.
    #[error("no node of the chain answers in time")]
    Unavailable,
    /// The newest final block of all that answer is older than one that was seen before.
    #[error("the nodes are at final block {head}, and {seen} was seen before")]
    Behind {
        /// The newest.
        head: u64,
        /// The one seen before.
        seen: u64,
    },
    /// The nodes do not have the final block that was seen before.
    #[error("the nodes have another block {seen} than was seen before")]
    OtherHistory {
        /// Its number.
        seen: u64,
    },
    /// All that answer are catching up with others.
    #[error("the nodes are catching up with others")]
    Syncing,
    /// The newest final block is too old.
    #[error("the newest final block is {age} ms old")]
    TooOld {
        /// How old, by the service's clock, in milliseconds.
        age: u64,
    },
    /// What was seen cannot be written down.
    #[error("the file of the newest block cannot be written")]
    NotKept,
}

/// How nodes are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long a node may take for one answer.
    pub timeout: Duration,
    /// How old the newest final block may be.
    pub max_head_age: Option<Duration>,
}

struct Listed<N> {
    node: N,
    /// It did not answer the last time: nobody waits for it while another one does.
    suspect: AtomicBool,
    /// Whether it is being asked in the background.
    probed: AtomicBool,
    /// The number of its last known final head, plus 1; 0: it does not answer.
    height: AtomicU64,
}

/// The nodes of the chain.
pub(crate) struct Nodes<N> {
    listed: Vec<Arc<Listed<N>>>,
    patience: Patience,
    arrived: AtomicU64,
    served: Mutex<Served<N>>,
    blocks: Arc<Blocks>,
}

/// What was answered last, and to whom.
struct Served<N> {
    up_to: u64,
    answer: Result<View<N>, NoNode>,
    reads: Arc<Reads>,
    seen: Seen,
}

impl<N: Node> Nodes<N> {
    /// `file` keeps the newest final block that was seen, over restarts.
    pub(crate) fn new(nodes: Vec<N>, patience: Patience, file: PathBuf) -> Result<Self, SeenError> {
        let listed = nodes.into_iter().map(|node| {
            let (suspect, probed) = (AtomicBool::new(false), AtomicBool::new(false));
            Arc::new(Listed { node, suspect, probed, height: AtomicU64::new(0) })
        });
        let seen = Seen::open(file)?;
        let served = Served { up_to: 0, answer: Err(NoNode::Unavailable), reads: Arc::default(), seen };
        Ok(Self {
            listed: listed.collect(),
            patience,
            arrived: AtomicU64::new(0),
            served: Mutex::new(served),
            blocks: Arc::default(),
        })
    }

    /// The chain as of its newest final block, asked for after this was called: what is final before a request arrives is
    /// seen by it. All who wait at the same time share one question.
    pub(crate) async fn view(&self, now: Timestamp) -> Result<View<N>, NoNode> {
        let number = self.arrived.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let mut served = self.served.lock().await;
        if served.up_to < number {
            let up_to = self.arrived.load(Ordering::SeqCst);
            let answer = self.ask(&mut served).await;
            served.answer = answer;
            served.up_to = up_to;
        }
        let view = served.answer.clone()?;
        let age = now.0.saturating_sub(view.head().time.0);
        match self.patience.max_head_age {
            Some(max) if u128::from(age) > max.as_millis() => Err(NoNode::TooOld { age }),
            _ => Ok(view),
        }
    }

    /// The newest final block of each node, as far as it answers.
    pub(crate) fn heights(&self) -> Vec<Option<u64>> {
        self.listed.iter().map(|listed| listed.height.load(Ordering::Relaxed).checked_sub(1)).collect()
    }

    async fn ask(&self, served: &mut Served<N>) -> Result<View<N>, NoNode> {
        // A node that hangs holds nobody up as long as another one answers: it is asked in the background.
        let (suspects, others): (Vec<_>, Vec<_>) =
            self.listed.iter().cloned().partition(|listed| listed.suspect.load(Ordering::Relaxed));
        suspects.iter().for_each(|listed| listed.probe(self.patience.timeout));
        let mut standings = self.gather(others).await;
        if standings.iter().all(|(_, standing)| standing.is_syncing) {
            standings.extend(self.gather(suspects).await);
        }
        let syncing = !standings.is_empty();
        let newest = standings.into_iter().filter(|(_, standing)| !standing.is_syncing);
        let Some((listed, Standing { head, .. })) = newest.max_by_key(|(_, standing)| standing.head.number) else {
            return Err(if syncing { NoNode::Syncing } else { NoNode::Unavailable });
        };
        if let Some(seen) = served.seen.newest() {
            if head.number < seen.number {
                return Err(NoNode::Behind { head: head.number, seen: seen.number });
            }
            if head.hash != seen.hash {
                let timeout = tokio::time::timeout(self.patience.timeout, listed.node.block(seen.number));
                let block = timeout.await.map_err(|_| NoNode::Unavailable)?.map_err(|_| NoNode::Unavailable)?;
                if block.hash != seen.hash {
                    return Err(NoNode::OtherHistory { seen: seen.number });
                }
            }
        }
        if served.seen.advance(head.number, head.hash).await.map_err(|_| NoNode::NotKept)? {
            served.reads = Arc::default();
        }
        let (reads, blocks) = (Arc::clone(&served.reads), Arc::clone(&self.blocks));
        Ok(View::new(Handle(listed), head, self.patience.timeout, reads, blocks))
    }

    async fn gather(&self, nodes: Vec<Arc<Listed<N>>>) -> Vec<(Arc<Listed<N>>, Standing)> {
        let timeout = self.patience.timeout;
        let asked: JoinSet<_> = nodes
            .into_iter()
            .map(|listed| async move {
                let standing = listed.ask(timeout).await;
                standing.map(|standing| (listed, standing))
            })
            .collect();
        asked.join_all().await.into_iter().flatten().collect()
    }
}

impl<N: Node> Listed<N> {
    /// Asks in the background, unless it is being asked.
    fn probe(self: &Arc<Self>, timeout: Duration) {
        if !self.probed.swap(true, Ordering::Relaxed) {
            let listed = Arc::clone(self);
            tokio::spawn(async move {
                listed.ask(timeout).await;
                listed.probed.store(false, Ordering::Relaxed);
            });
        }
    }

    async fn ask(&self, timeout: Duration) -> Option<Standing> {
        let standing = match tokio::time::timeout(timeout, self.node.standing()).await {
            Ok(Ok(standing)) => Some(standing),
            Ok(Err(error)) => {
                tracing::warn!(node = self.node.url(), %error, "the node does not answer as it should");
                None
            }
            Err(_) => {
                tracing::warn!(node = self.node.url(), "the node does not answer in time");
                None
            }
        };
        self.suspect.store(standing.is_none(), Ordering::Relaxed);
        self.height.store(standing.map_or(0, |standing| standing.head.number.saturating_add(1)), Ordering::Relaxed);
        standing
    }
}

/// One of the nodes, shared.
pub(crate) struct Handle<N>(Arc<Listed<N>>);

impl<N> Clone for Handle<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> Handle<N> {
    pub(crate) fn node(&self) -> &N {
        &self.0.node
    }
}
