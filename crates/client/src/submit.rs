//! Signing, submitting and watching transactions.

use crate::chain::{AtBlock, Chain};
use crate::error::ClientError;
use crate::inclusion::{Attempt, Failure, Included, Whereabouts};
use std::time::Duration;
use subxt::client::OnlineClientAtBlockImpl;
use subxt::config::substrate::SubstrateExtrinsicParamsBuilder;
use subxt::config::SubstrateConfig;
use subxt::error::ExtrinsicError;
use subxt::transactions::{Payload, TransactionProgress, TransactionStatus};
use subxt::utils::{AccountId32, MultiAddress};
use subxt_signer::sr25519::Keypair;

/// For how many blocks a transaction stays valid.
const MORTALITY: u64 = 64;
/// How often a transaction is signed anew because another one was faster with its nonce.
const NONCE_RETRIES: usize = 8;
/// How long a node tells nothing of a transaction before the chain is asked whether its nonce is used.
const SILENCE: Duration = Duration::from_secs(10);
/// By what a node says that it forgot a transaction for another one of the same account, which is not in a block yet.
const USURPED: &str = "usurped";

/// A transaction that is in the node's pool, and what it takes to sign it anew.
pub(crate) struct InPool<P> {
    chain: Chain,
    call: P,
    signer: Keypair,
    attempt: Attempt,
    progress: TransactionProgress<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>,
}

impl Chain {
    /// Sends tokens to several accounts, and waits until all of them are in a block. Amounts are in the token's smallest
    /// unit.
    ///
    /// # Errors
    /// [`ClientError::NoFunds`], [`ClientError::Dispatch`], [`ClientError::Node`].
    pub async fn transfer_all(&self, from: &Keypair, to: &[(AccountId32, u128)]) -> Result<(), ClientError> {
        let mut sent = Vec::new();
        for (account, amount) in to {
            let arguments = (MultiAddress::<AccountId32, ()>::Id(*account), *amount);
            let call = subxt::dynamic::transaction("Balances", "transfer_keep_alive", arguments);
            sent.push(submit(self, call, from).await?);
        }
        for transfer in sent {
            transfer.included(false).await?;
        }
        Ok(())
    }
}

/// What the fee for `call` would be, in the token's smallest unit.
pub(crate) async fn fee(chain: &Chain, call: &impl Payload, signer: &Keypair) -> Result<u128, ClientError> {
    let at = chain.best().await?;
    let nonce = chain.next_nonce(&signer.public_key().to_account_id()).await?;
    let signed = sign(&at, call, signer, nonce)?;
    signed.partial_fee_estimate().await.map_err(|error| ClientError::Node(error.to_string()))
}

/// Signs `call` and puts it into the node's pool. Many can be on their way at the same time: the account's next nonce is
/// taken and used under a lock.
pub(crate) async fn submit<P: Payload>(chain: &Chain, call: P, signer: &Keypair) -> Result<InPool<P>, ClientError> {
    let account = signer.public_key().to_account_id();
    let lock = chain.submitting(&account).await;
    let _held = lock.lock().await;
    let mut tries = 0;
    loop {
        let at = chain.best().await?;
        let nonce = chain.next_nonce(&account).await?;
        match sign(&at, &call, signer, nonce)?.submit_and_watch().await {
            Ok(progress) => {
                let (extrinsic, signed_at) = (progress.extrinsic_hash(), at.block_number());
                let attempt = Attempt { extrinsic, account, nonce, signed_at };
                return Ok(InPool { chain: chain.clone(), call, signer: signer.clone(), attempt, progress });
            }
            // Another process signs for the same account.
            Err(error) if tries < NONCE_RETRIES && is_nonce_taken(&told_by_node(&error)) => tries += 1,
            Err(error) => return Err(not_included(chain, &account, told_by_node(&error)).await),
        }
    }
}

/// What the node says of a transaction that it did not take. Why one is invalid stands only in the data of its answer.
fn told_by_node(error: &ExtrinsicError) -> String {
    use subxt::error::{BackendError, RpcError};
    let ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(subxt::rpcs::Error::User(
        answer,
    )))) = error
    else {
        return error.to_string();
    };
    match &answer.data {
        Some(data) => format!("{}: {}", answer.message, data.get().trim_matches('"')),
        None => answer.message.clone(),
    }
}

fn is_nonce_taken(error: &str) -> bool {
    ["outdated", "Priority is too low", "Already Imported"].iter().any(|cause| error.contains(cause))
}

async fn not_included(chain: &Chain, account: &AccountId32, error: String) -> ClientError {
    if !error.contains("Inability to pay") {
        return ClientError::NotIncluded(error);
    }
    let free = chain.balance(account).await.unwrap_or_default();
    ClientError::NoFunds {
        account: account.to_string(),
        free: chain.token().show(free),
        needed: "the fee and a deposit".to_owned(),
    }
}

type Signed = subxt::transactions::SubmittableTransaction<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

fn sign(at: &AtBlock, call: &impl Payload, signer: &Keypair, nonce: u64) -> Result<Signed, ClientError> {
    let params = SubstrateExtrinsicParamsBuilder::<SubstrateConfig>::new()
        .nonce(nonce)
        .mortal_from_unchecked(MORTALITY, at.block_number(), at.block_hash())
        .build();
    let cannot = |error: ExtrinsicError| ClientError::Node(error.to_string());
    at.transactions().create_signable_offline(call, params).map_err(cannot)?.sign(signer).map_err(cannot)
}

impl<P: Payload> InPool<P> {
    /// Who signed it.
    pub(crate) const fn signer(&self) -> &Keypair {
        &self.signer
    }

    /// Waits until it is in a block; with `finalised`, until that block is final. Where another process that signs for the
    /// same account was faster with the nonce, it is signed anew with the next one.
    pub(crate) async fn included(mut self, finalised: bool) -> Result<Included, Failure> {
        let mut tries = 0;
        loop {
            let reason = match self.watch(finalised).await? {
                Told::Included(included) => return Ok(included),
                Told::NotIncluded(reason) => reason,
            };
            match self.attempt.find(&self.chain, finalised).await? {
                Whereabouts::InBlock(included) => return Ok(included),
                Whereabouts::Nowhere if reason.contains(USURPED) => {
                    return Err(self.attempt.unconfirmed(reason).into())
                }
                Whereabouts::Overtaken if tries < NONCE_RETRIES => {
                    tries += 1;
                    self = submit(&self.chain, self.call, &self.signer).await?;
                }
                Whereabouts::Nowhere | Whereabouts::Overtaken => return Err(ClientError::NotIncluded(reason).into()),
            }
        }
    }

    /// What the node tells of it. Of several transactions with one nonce, it tells that all are in the block in which one is.
    async fn watch(&mut self, finalised: bool) -> Result<Told, Failure> {
        let attempt = self.attempt;
        loop {
            let Ok(told) = tokio::time::timeout(SILENCE, self.progress.next()).await else {
                // A node does not always tell what it forgot.
                if attempt.next_nonce(&self.chain.best().await?).await? > attempt.nonce {
                    return Ok(Told::NotIncluded("the node told nothing more of it".to_owned()));
                }
                continue;
            };
            let Some(status) = told else {
                return Err(attempt.unconfirmed("the node stopped telling of it").into());
            };
            let block = match status.map_err(|error| attempt.unconfirmed(error))? {
                TransactionStatus::InBestBlock(block) if !finalised => block,
                TransactionStatus::InFinalizedBlock(block) => block,
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => return Ok(Told::NotIncluded(message)),
                _ => continue,
            };
            let at = block.at().await.map_err(|error| attempt.unconfirmed(error))?;
            return Ok(match attempt.read(&at).await? {
                Some(included) => Told::Included(included),
                None => Told::NotIncluded("another transaction of the account took its place".to_owned()),
            });
        }
    }
}

/// What a node tells of a transaction.
enum Told {
    Included(Included),
    NotIncluded(String),
}
