//! A node over JSON-RPC, by the typed client.

use super::{Decided, Node, NotDone, Question, Standing};
use ink_primitives::AccountId;
use salus_client::contracts::AccessGrants;
use salus_client::deployment::Deployment;
use salus_client::{ink_account, AccountId32, CallError, Chain, ClientError, Head, Keypair};
use salus_domain::ids::{Account, Hash, RecordId};
use salus_interface::access::{AccessDecided, AccessDecision, AccessError, Log, Record, Redemption, Release};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A node at an address. It need not answer yet: the connection is made when it is first asked, and made anew when it
/// broke.
pub struct ChainNode {
    url: String,
    deployment: Deployment,
    grants: AccessGrants,
    account: Keypair,
    chain: Arc<OnceCell<Chain>>,
}

impl ChainNode {
    /// The node at `url`; `account` signs what is submitted.
    #[must_use]
    pub fn new(url: String, deployment: Deployment, account: Keypair) -> Self {
        let grants = deployment.grants();
        Self { url, deployment, grants, account, chain: Arc::default() }
    }

    /// The connection, to a node of the deployment's chain. Whoever gives up waiting does not break off the attempt.
    async fn chain(&self) -> Result<Chain, ClientError> {
        if let Some(chain) = self.chain.get() {
            return Ok(chain.clone());
        }
        let (cell, url, deployment) = (Arc::clone(&self.chain), self.url.clone(), self.deployment.clone());
        let connecting = tokio::spawn(async move {
            let connect = || async {
                let chain = Chain::connect(&url).await?;
                deployment.ensure_of(&chain).map_err(|error| ClientError::Node(error.to_string()))?;
                Ok(chain)
            };
            cell.get_or_try_init(connect).await.cloned()
        });
        connecting.await.map_err(|error| ClientError::Node(error.to_string()))?
    }
}

const fn ink(account: Account) -> AccountId32 {
    AccountId32(account.0)
}

fn id(account: Account) -> AccountId {
    ink_account(&ink(account))
}

impl From<CallError<AccessError>> for NotDone {
    fn from(error: CallError<AccessError>) -> Self {
        tracing::warn!(%error, "a transaction was not carried out");
        match error {
            CallError::Refused(refusal) => Self::Refused(refusal),
            CallError::Client(_) => Self::Failed,
        }
    }
}

impl Node for ChainNode {
    fn url(&self) -> &str {
        &self.url
    }

    async fn standing(&self) -> Result<Standing, ClientError> {
        let chain = self.chain().await?;
        let (head, is_syncing) = tokio::try_join!(chain.finalised(), chain.is_syncing())?;
        Ok(Standing { head, is_syncing })
    }

    async fn block(&self, number: u64) -> Result<Head, ClientError> {
        self.chain().await?.block(number).await
    }

    async fn decisions(&self, block: u64) -> Result<Vec<Decided>, ClientError> {
        let events = self.chain().await?.contract_events(self.grants.address(), block, block, |_| {}).await?;
        let decided = |event: &salus_client::ContractEvent| Some((event.index, event.decode::<AccessDecided>()?));
        Ok(events.iter().filter_map(|located| decided(&located.event)).collect())
    }

    async fn record(&self, at: &Head, record: RecordId) -> Result<Option<Record>, ClientError> {
        self.grants.record(record).read_at(&self.chain().await?, at).await
    }

    async fn may_access(
        &self,
        at: &Head,
        question: Question,
    ) -> Result<Result<AccessDecision, AccessError>, ClientError> {
        let Question { accessor, record, purpose, action, link } = question;
        let query = self.grants.may_access(id(accessor), record, purpose, action, link.map(id));
        query.read_at(&self.chain().await?, at).await
    }

    async fn key_of(&self, at: &Head, account: Account) -> Result<Option<[u8; 32]>, ClientError> {
        self.grants.encryption_key(id(account)).read_at(&self.chain().await?, at).await
    }

    async fn redemption(&self, at: &Head, link: Account) -> Result<Option<Redemption>, ClientError> {
        self.grants.redemption(id(link)).read_at(&self.chain().await?, at).await
    }

    async fn is_auditor(&self, at: &Head, account: Account) -> Result<bool, ClientError> {
        let (chain, account) = (self.chain().await?, id(account));
        if self.grants.vouched(account).read_at(&chain, at).await?.is_authority {
            return Ok(true);
        }
        Ok(self.grants.setup().read_at(&chain, at).await?.governor == account)
    }

    async fn is_credentialed(&self, at: &Head, account: Account) -> Result<bool, ClientError> {
        Ok(self.grants.principal(id(account)).read_at(&self.chain().await?, at).await?.is_some())
    }

    async fn log(&self, at: Option<&Head>, account: Account) -> Result<Log, ClientError> {
        let (chain, query) = (self.chain().await?, self.grants.log(id(account)));
        match at {
            Some(at) => query.read_at(&chain, at).await,
            None => query.read(&chain).await,
        }
    }

    async fn anchor(&self, size: u64, root: Hash, proof: Vec<Hash>) -> Result<(), NotDone> {
        let chain = self.chain().await.map_err(CallError::from)?;
        self.grants.anchor(size, root, proof).submit(&chain, &self.account).await?;
        Ok(())
    }

    async fn log_release(&self, number: u64, release: Release) -> Result<(), NotDone> {
        let chain = self.chain().await.map_err(CallError::from)?;
        self.grants.log_release(number, release).submit(&chain, &self.account).await?;
        Ok(())
    }
}
