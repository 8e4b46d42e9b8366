//! Signing, submitting and watching transactions.

use crate::chain::{AtBlock, Chain};
use crate::dry_run::name_of;
use crate::error::ClientError;
use crate::events::ContractEvent;
use subxt::client::OnlineClientAtBlockImpl;
use subxt::config::substrate::SubstrateExtrinsicParamsBuilder;
use subxt::config::SubstrateConfig;
use subxt::error::{ExtrinsicError, TransactionEventsError};
use subxt::transactions::{Payload, TransactionProgress, TransactionStatus};
use subxt::utils::{AccountId32, MultiAddress};
use subxt_signer::sr25519::Keypair;

/// For how many blocks a transaction stays valid.
const MORTALITY: u64 = 64;
/// How often a transaction is signed anew because another one was faster with its nonce.
const NONCE_RETRIES: usize = 3;

/// Where a transaction stands on the chain, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The number of the block.
    pub block: u64,
    /// The hash of the block, in hex with `0x`.
    pub block_hash: String,
    /// The hash of the extrinsic, in hex with `0x`.
    pub extrinsic: String,
    /// The fee that was paid, in the token's smallest unit.
    pub fee: u128,
}

/// A transaction that is in the node's pool.
pub(crate) struct InPool {
    progress: TransactionProgress<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>,
}

/// A transaction that is in a block and succeeded.
pub(crate) struct Included {
    pub evidence: Evidence,
    pub events: Vec<ContractEvent>,
    /// Addresses of contracts that it instantiated.
    pub instantiated: Vec<[u8; 32]>,
}

/// Why a transaction did not do what it should.
pub(crate) enum Failure {
    Client(ClientError),
    /// It is in a block, and the pallet refused it: the reason by name.
    Dispatch(String),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
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
            sent.push(submit(self, &call, from).await?);
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
pub(crate) async fn submit(chain: &Chain, call: &impl Payload, signer: &Keypair) -> Result<InPool, ClientError> {
    let account = signer.public_key().to_account_id();
    let lock = chain.submitting(&account).await;
    let _held = lock.lock().await;
    let mut tries = 0;
    loop {
        let at = chain.best().await?;
        let nonce = chain.next_nonce(&account).await?;
        match sign(&at, call, signer, nonce)?.submit_and_watch().await {
            Ok(progress) => return Ok(InPool { progress }),
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

impl InPool {
    /// Waits until it is in a block; with `finalised`, until that block is final.
    pub(crate) async fn included(mut self, finalised: bool) -> Result<Included, Failure> {
        let extrinsic = format!("0x{}", hex::encode(self.progress.extrinsic_hash()));
        let unconfirmed = |reason: String| ClientError::Unconfirmed { extrinsic: extrinsic.clone(), reason };
        loop {
            let Some(status) = self.progress.next().await else {
                return Err(unconfirmed("the node stopped telling of it".to_owned()).into());
            };
            let status = status.map_err(|error| unconfirmed(error.to_string()))?;
            let block = match status {
                TransactionStatus::InBestBlock(block) if !finalised => block,
                TransactionStatus::InFinalizedBlock(block) => block,
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => return Err(ClientError::NotIncluded(message).into()),
                _ => continue,
            };
            let at = block.at().await.map_err(|error| unconfirmed(error.to_string()))?;
            let events = match block.wait_for_success().await {
                Ok(events) => events,
                Err(TransactionEventsError::ExtrinsicFailed(error)) => return Err(Failure::Dispatch(name_of(&error))),
                Err(error) => return Err(unconfirmed(error.to_string()).into()),
            };
            let mut included = Included {
                evidence: Evidence {
                    block: at.block_number(),
                    block_hash: format!("0x{}", hex::encode(block.block_hash())),
                    extrinsic: extrinsic.clone(),
                    fee: 0,
                },
                events: Vec::new(),
                instantiated: Vec::new(),
            };
            for event in events.iter() {
                let event = event.map_err(|error| unconfirmed(error.to_string()))?;
                match (event.pallet_name(), event.event_name()) {
                    ("Contracts", "ContractEmitted") => included.events.extend(ContractEvent::read(&event)),
                    ("Contracts", "Instantiated") => {
                        // Deployer, then contract.
                        let contract: Option<[u8; 32]> =
                            event.field_bytes().get(32..64).and_then(|id| id.try_into().ok());
                        included.instantiated.extend(contract);
                    }
                    ("TransactionPayment", "TransactionFeePaid") => {
                        // Who, then the fee, then the tip.
                        let fee = event.field_bytes().get(32..48).and_then(|fee| fee.try_into().ok());
                        included.evidence.fee = fee.map(u128::from_le_bytes).unwrap_or_default();
                    }
                    _ => {}
                }
            }
            return Ok(included);
        }
    }
}

impl From<Failure> for ClientError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Client(error) => error,
            Failure::Dispatch(reason) => Self::Dispatch(reason),
        }
    }
}
