//! A node that a test tells what to say.

use crate::nodes::{Decided, Node, NotDone, Question, Standing};
use salus_audit::sha_256;
use salus_client::{ClientError, Head};
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::merkle::verify_consistency;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecision, AccessError, Anchor, Log, Record, Redemption, Release};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What it says.
#[derive(Default)]
pub struct Chain {
    pub hangs: bool,
    pub fails: bool,
    pub is_syncing: bool,
    pub number: u64,
    pub time: Timestamp,
    /// Part of every hash: another history has another one.
    pub history: u8,
    pub decisions: HashMap<u64, Vec<Decided>>,
    pub records: HashMap<RecordId, Record>,
    pub answers: HashMap<(Account, RecordId), Result<AccessDecision, AccessError>>,
    pub keys: HashMap<Account, [u8; 32]>,
    pub redemptions: HashMap<Account, Redemption>,
    pub auditors: HashSet<Account>,
    pub credentialed: HashSet<Account>,
    pub anchor: Option<Anchor>,
    pub releases: Vec<Release>,
    /// How often it was asked where it stands, and anything else.
    pub asked: (u64, u64),
    /// A transaction is carried out, and the node says that it failed.
    pub loses_answers: bool,
}

#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<Chain>>);

impl Fake {
    pub fn chain(&self) -> MutexGuard<'_, Chain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T>(&self, read: impl FnOnce(&Chain) -> T) -> Result<T, ClientError> {
        self.chain().asked.1 += 1;
        if self.chain().hangs {
            std::future::pending::<()>().await;
        }
        let chain = self.chain();
        if chain.fails {
            return Err(ClientError::Node("it was told to fail".into()));
        }
        Ok(read(&chain))
    }
}

impl Chain {
    fn head(&self, number: u64) -> Head {
        Head { number, hash: [self.history; 32].map(|byte| byte ^ number as u8), time: self.time }
    }
}

impl Node for Fake {
    fn url(&self) -> &str {
        "fake"
    }

    async fn standing(&self) -> Result<Standing, ClientError> {
        self.chain().asked.0 += 1;
        self.read(|chain| Standing { head: chain.head(chain.number), is_syncing: chain.is_syncing }).await
    }

    async fn block(&self, number: u64) -> Result<Head, ClientError> {
        self.read(|chain| chain.head(number)).await
    }

    async fn decisions(&self, block: u64) -> Result<Vec<Decided>, ClientError> {
        self.read(|chain| chain.decisions.get(&block).cloned().unwrap_or_default()).await
    }

    async fn record(&self, _: &Head, record: RecordId) -> Result<Option<Record>, ClientError> {
        self.read(|chain| chain.records.get(&record).copied()).await
    }

    async fn may_access(
        &self,
        _: &Head,
        question: Question,
    ) -> Result<Result<AccessDecision, AccessError>, ClientError> {
        let answer = |chain: &Chain| chain.answers.get(&(question.accessor, question.record)).copied();
        Ok(self.read(answer).await?.unwrap_or(Err(AccessError::NotFound)))
    }

    async fn key_of(&self, _: &Head, account: Account) -> Result<Option<[u8; 32]>, ClientError> {
        self.read(|chain| chain.keys.get(&account).copied()).await
    }

    async fn redemption(&self, _: &Head, link: Account) -> Result<Option<Redemption>, ClientError> {
        self.read(|chain| chain.redemptions.get(&link).copied()).await
    }

    async fn is_auditor(&self, _: &Head, account: Account) -> Result<bool, ClientError> {
        self.read(|chain| chain.auditors.contains(&account)).await
    }

    async fn is_credentialed(&self, _: &Head, account: Account) -> Result<bool, ClientError> {
        self.read(|chain| chain.credentialed.contains(&account)).await
    }

    async fn log(&self, _: Option<&Head>, _: Account) -> Result<Log, ClientError> {
        self.read(|chain| Log { anchor: chain.anchor, written: chain.releases.len() as u64 }).await
    }

    async fn anchor(&self, size: u64, root: Hash, proof: Vec<Hash>) -> Result<(), NotDone> {
        let mut chain = self.chain();
        let (old, old_root) = chain.anchor.map_or((0, Hash([0; 32])), |anchor| (anchor.size, anchor.root));
        let consistent = verify_consistency(&sha_256, old, old_root, size, root, &proof);
        consistent.map_err(|_| NotDone::Refused(AccessError::NotConsistent))?;
        chain.anchor = Some(Anchor { size, root, at: chain.time });
        if chain.loses_answers {
            return Err(NotDone::Failed);
        }
        Ok(())
    }

    async fn log_release(&self, number: u64, release: Release) -> Result<(), NotDone> {
        let mut chain = self.chain();
        if number != chain.releases.len() as u64 {
            return Err(NotDone::Refused(AccessError::OutOfOrder));
        }
        chain.releases.push(release);
        if chain.loses_answers {
            return Err(NotDone::Failed);
        }
        Ok(())
    }
}
