//! What the chain says as of one final block. Whatever was read of a block is kept as long as the block is the newest:
//! by its hash, a block never changes.

use super::{Decided, Handle, NoNode, Node, Question};
use salus_client::{ClientError, Head};
use salus_domain::ids::{Account, RecordId};
use salus_interface::access::{AccessDecision, AccessError, Log, Record, Redemption};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How many answers of a kind are kept; with one more, all are forgotten.
const KEPT: usize = 10_000;

/// Answers by question. Whoever asks what is being asked already waits for that answer.
struct Memo<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Hash + Eq, V: Clone> Memo<K, V> {
    async fn get<E>(&self, key: K, read: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT && !kept.contains_key(&key) {
                kept.clear();
            }
            Arc::clone(kept.entry(key).or_default())
        };
        cell.get_or_try_init(|| read).await.cloned()
    }
}

/// What was read as of a block.
#[derive(Default)]
pub(super) struct Reads {
    records: Memo<RecordId, Option<Record>>,
    answers: Memo<Question, Result<AccessDecision, AccessError>>,
    keys: Memo<Account, Option<[u8; 32]>>,
    redemptions: Memo<Account, Option<Redemption>>,
    auditors: Memo<Account, bool>,
    credentialed: Memo<Account, bool>,
    logs: Memo<Account, Log>,
}

/// The decisions in final blocks, by the number of the block: what is final has one block for each.
#[derive(Default)]
pub(super) struct Blocks(Memo<u64, Arc<Vec<Decided>>>);

/// The chain as of a final block.
pub(crate) struct View<N> {
    node: Handle<N>,
    head: Head,
    timeout: Duration,
    reads: Arc<Reads>,
    blocks: Arc<Blocks>,
}

impl<N> Clone for View<N> {
    fn clone(&self) -> Self {
        let (node, reads, blocks) = (self.node.clone(), Arc::clone(&self.reads), Arc::clone(&self.blocks));
        Self { node, head: self.head, timeout: self.timeout, reads, blocks }
    }
}

impl<N: Node> View<N> {
    pub(super) const fn new(
        node: Handle<N>,
        head: Head,
        timeout: Duration,
        reads: Arc<Reads>,
        blocks: Arc<Blocks>,
    ) -> Self {
        Self { node, head, timeout, reads, blocks }
    }

    /// The block.
    pub(crate) const fn head(&self) -> &Head {
        &self.head
    }

    /// The node, to submit to.
    pub(crate) fn node(&self) -> &N {
        self.node.node()
    }

    /// The decision at a place of a final block; `None` where there is none. The block's number is not after this one's.
    pub(crate) async fn decision(&self, block: u64, event: u32) -> Result<Option<Decided>, NoNode> {
        let read = async { Ok(Arc::new(self.within(self.node().decisions(block)).await?)) };
        let decisions = self.blocks.0.get(block, read).await?;
        Ok(decisions.iter().find(|(index, _)| *index == event).cloned())
    }

    pub(crate) async fn record(&self, record: RecordId) -> Result<Option<Record>, NoNode> {
        self.reads.records.get(record, self.within(self.node().record(&self.head, record))).await
    }

    pub(crate) async fn may_access(&self, question: Question) -> Result<Result<AccessDecision, AccessError>, NoNode> {
        self.reads.answers.get(question, self.within(self.node().may_access(&self.head, question))).await
    }

    pub(crate) async fn key_of(&self, account: Account) -> Result<Option<[u8; 32]>, NoNode> {
        self.reads.keys.get(account, self.within(self.node().key_of(&self.head, account))).await
    }

    pub(crate) async fn redemption(&self, link: Account) -> Result<Option<Redemption>, NoNode> {
        self.reads.redemptions.get(link, self.within(self.node().redemption(&self.head, link))).await
    }

    pub(crate) async fn is_auditor(&self, account: Account) -> Result<bool, NoNode> {
        self.reads.auditors.get(account, self.within(self.node().is_auditor(&self.head, account))).await
    }

    pub(crate) async fn is_credentialed(&self, account: Account) -> Result<bool, NoNode> {
        self.reads.credentialed.get(account, self.within(self.node().is_credentialed(&self.head, account))).await
    }

    /// How the log of an account stands.
    pub(crate) async fn log(&self, account: Account) -> Result<Log, NoNode> {
        self.reads.logs.get(account, self.within(self.node().log(Some(&self.head), account))).await
    }

    /// As of the newest block, final or not.
    pub(crate) async fn log_now(&self, account: Account) -> Result<Log, NoNode> {
        self.within(self.node().log(None, account)).await
    }

    async fn within<T>(&self, read: impl Future<Output = Result<T, ClientError>>) -> Result<T, NoNode> {
        match tokio::time::timeout(self.timeout, read).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(node = self.node().url(), %error, "the node does not answer as it should");
                Err(NoNode::Unavailable)
            }
            Err(_) => {
                tracing::warn!(node = self.node().url(), "the node does not answer in time");
                Err(NoNode::Unavailable)
            }
        }
    }
}
