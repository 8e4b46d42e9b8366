//! Signing, submitting and watching transactions.

use crate::chain::{AtBlock, Chain};
use crate::error::ClientError;
use crate::inclusion::{Attempt, Failure, Included, Whereabouts};
use std::future::Future;
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
/// How a node is listened to that tells nothing of a transaction.
const PATIENCE: Patience = Patience { silence: Duration::from_secs(10), longest: Duration::from_secs(600) };
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
        let signed = sign(&at, &call, signer, nonce)?;
        let attempt = Attempt { extrinsic: signed.hash(), account, nonce, signed_at: at.block_number() };
        match signed.submit_and_watch().await {
            Ok(progress) => {
                return Ok(InPool { chain: chain.clone(), call, signer: signer.clone(), attempt, progress });
            }
            Err(error) => match told_by_node(&error) {
                // Another process signs for the same account.
                Some(reason) if tries < NONCE_RETRIES && is_nonce_taken(&reason) => tries += 1,
                Some(reason) => return Err(not_included(chain, &account, reason).await),
                None => return Err(attempt.unconfirmed(error)),
            },
        }
    }
}

/// What the node says of a transaction that it did not take; `None` where it gave no answer, and may have taken it. Why one
/// is invalid stands only in the data of its answer.
fn told_by_node(error: &ExtrinsicError) -> Option<String> {
    use subxt::error::{BackendError, RpcError};
    match error {
        ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(
            subxt::rpcs::Error::User(answer),
        ))) => Some(match &answer.data {
            Some(data) => format!("{}: {}", answer.message, data.get().trim_matches('"')),
            None => answer.message.clone(),
        }),
        ExtrinsicError::ErrorSubmittingTransaction(_) => None,
        other => Some(other.to_string()),
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
                Told::TooLate => {
                    let reason = format!("no block took it, and {MORTALITY} blocks later none can any more");
                    return Err(ClientError::NotIncluded(reason).into());
                }
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
        let (attempt, chain) = (self.attempt, self.chain.clone());
        loop {
            let told = match hear(self.progress.next(), || look(&chain, attempt), PATIENCE).await? {
                Heard::Word(told) => told,
                Heard::Seen(told) => return Ok(told),
                Heard::Nothing => {
                    let minutes = PATIENCE.longest.as_secs() / 60;
                    return Err(attempt
                        .unconfirmed(format!("the node told nothing of it for {minutes} minutes"))
                        .into());
                }
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
    /// It is in no block, and has become invalid.
    TooLate,
}

/// For how long a node may be silent.
#[derive(Clone, Copy)]
struct Patience {
    /// After how long the chain is looked at, again and again.
    silence: Duration,
    /// After how long nothing is expected of the node any more.
    longest: Duration,
}

/// What came of listening.
#[derive(Debug, PartialEq, Eq)]
enum Heard<T, S> {
    /// The node's word.
    Word(T),
    /// What the chain shows already.
    Seen(S),
    /// The node was silent, and the chain shows nothing.
    Nothing,
}

/// Waits for the node's word. A node does not always tell what it forgot: while it is silent, the chain is looked at.
async fn hear<T, S, E, L: Future<Output = Result<Option<S>, E>>>(
    word: impl Future<Output = T>,
    look: impl Fn() -> L,
    patience: Patience,
) -> Result<Heard<T, S>, E> {
    let heard = async {
        let mut word = std::pin::pin!(word);
        loop {
            if let Ok(word) = tokio::time::timeout(patience.silence, &mut word).await {
                return Ok(Heard::Word(word));
            }
            if let Some(seen) = look().await? {
                return Ok(Heard::Seen(seen));
            }
        }
    };
    tokio::time::timeout(patience.longest, heard).await.unwrap_or(Ok(Heard::Nothing))
}

/// What the chain shows of a transaction of which the node tells nothing; `None` while it can still get into a block.
async fn look(chain: &Chain, attempt: Attempt) -> Result<Option<Told>, Failure> {
    let at = chain.best().await.map_err(|error| attempt.unconfirmed(error))?;
    Ok(shown(&attempt, at.block_number(), attempt.next_nonce(&at).await?))
}

/// What the newest block and the account's next nonce there show.
fn shown(attempt: &Attempt, newest: u64, next_nonce: u64) -> Option<Told> {
    if next_nonce > attempt.nonce {
        return Some(Told::NotIncluded("the node told nothing more of it".to_owned()));
    }
    (newest >= attempt.signed_at.saturating_add(MORTALITY)).then_some(Told::TooLate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use subxt::utils::H256;

    const SHORT: Patience = Patience { silence: Duration::from_millis(1), longest: Duration::from_millis(50) };
    /// A test that waits so long fails by its outcome.
    const LONG: Patience = Patience { silence: Duration::from_millis(1), longest: Duration::from_secs(60) };

    type Outcome = Result<Heard<&'static str, &'static str>, &'static str>;

    fn nothing_to_see() -> std::future::Ready<Result<Option<&'static str>, &'static str>> {
        ready(Ok(None))
    }

    #[tokio::test]
    async fn a_node_that_stays_silent_is_not_waited_for_without_end() {
        let heard: Outcome = hear(pending::<&str>(), nothing_to_see, SHORT).await;
        assert_eq!(heard, Ok(Heard::Nothing));
        // Nor one that does not even answer.
        let heard: Outcome = hear(pending::<&str>(), pending, SHORT).await;
        assert_eq!(heard, Ok(Heard::Nothing));
    }

    #[tokio::test]
    async fn what_the_chain_shows_ends_the_waiting() {
        let heard: Outcome = hear(pending::<&str>(), || ready(Ok(Some("seen"))), LONG).await;
        assert_eq!(heard, Ok(Heard::Seen("seen")));
        let heard: Outcome = hear(pending::<&str>(), || ready(Err("gone")), LONG).await;
        assert_eq!(heard, Err("gone"));
    }

    #[tokio::test]
    async fn a_word_that_comes_late_is_heard() {
        let word = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            "word"
        };
        let heard: Outcome = hear(word, nothing_to_see, LONG).await;
        assert_eq!(heard, Ok(Heard::Word("word")));
    }

    #[test]
    fn a_transaction_is_waited_for_as_long_as_a_block_can_take_it() {
        let attempt = Attempt { extrinsic: H256::zero(), account: AccountId32([1; 32]), nonce: 5, signed_at: 100 };
        assert!(shown(&attempt, 163, 5).is_none());
        assert!(matches!(shown(&attempt, 164, 5), Some(Told::TooLate)));
        assert!(matches!(shown(&attempt, 164, 6), Some(Told::NotIncluded(_))), "it may be in a block");
        assert!(matches!(shown(&attempt, 101, 6), Some(Told::NotIncluded(_))));
    }
}
