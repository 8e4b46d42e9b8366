//! Where a transaction is on the chain, and what it did there.

use crate::chain::{AtBlock, Chain};
use crate::dry_run::name_of;
use crate::error::ClientError;
use crate::events::ContractEvent;
use std::time::Duration;
use subxt::error::DispatchError;
use subxt::utils::{AccountId32, H256};

/// How often, and how long apart, the chain is looked at for a nonce or a final block: 30 seconds in all.
const LOOKS: usize = 150;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

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

/// By what a transaction is found, or found to be impossible.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) extrinsic: H256,
    pub(crate) account: AccountId32,
    pub(crate) nonce: u64,
    /// The newest block when it was signed: it can only be in a later one.
    pub(crate) signed_at: u64,
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

/// What became of a transaction of which the node tells no more.
pub(crate) enum Whereabouts {
    /// It is in a block all the same.
    InBlock(Included),
    /// Another transaction has used its nonce: it can never be in a block, and can be signed anew.
    Overtaken,
    /// Its nonce is not used.
    Nowhere,
}

impl Attempt {
    /// That it is not known what became of it.
    pub(crate) fn unconfirmed(&self, reason: impl ToString) -> ClientError {
        ClientError::Unconfirmed { extrinsic: hex0x(&self.extrinsic), reason: reason.to_string() }
    }

    /// The first nonce of the account that no block up to this one has used.
    pub(crate) async fn next_nonce(&self, at: &AtBlock) -> Result<u64, ClientError> {
        at.transactions().account_nonce(&self.account).await.map_err(|error| self.unconfirmed(error))
    }

    /// Waits until a block has used its nonce, and looks for it in the blocks since it was signed. Only where it is in none
    /// of them can it be signed anew without being carried out twice.
    pub(crate) async fn find(self, chain: &Chain, finalised: bool) -> Result<Whereabouts, Failure> {
        for _ in 0..LOOKS {
            let at = chain.best().await.map_err(|error| self.unconfirmed(error))?;
            if self.next_nonce(&at).await? <= self.nonce {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                continue;
            }
            for number in self.signed_at.saturating_add(1)..=at.block_number() {
                let block = chain.at_number(number).await.map_err(|error| self.unconfirmed(error))?;
                let Some(included) = self.read(&block).await? else { continue };
                if finalised {
                    self.await_final(chain, number).await?;
                }
                return Ok(Whereabouts::InBlock(included));
            }
            return Ok(Whereabouts::Overtaken);
        }
        Ok(Whereabouts::Nowhere)
    }

    async fn await_final(self, chain: &Chain, number: u64) -> Result<(), ClientError> {
        for _ in 0..LOOKS {
            if chain.finalised_block_number().await.map_err(|error| self.unconfirmed(error))? >= number {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(self.unconfirmed(format!("block {number} is not final yet")))
    }

    /// What it did in a block; `None` where it is not in that one.
    pub(crate) async fn read(self, at: &AtBlock) -> Result<Option<Included>, Failure> {
        let extrinsics = at.extrinsics().fetch().await.map_err(|error| self.unconfirmed(error))?;
        for extrinsic in extrinsics.iter() {
            let extrinsic = extrinsic.map_err(|error| self.unconfirmed(error))?;
            if extrinsic.hash() == self.extrinsic {
                let events = extrinsic.events().await.map_err(|error| self.unconfirmed(error))?;
                return self.gather(at, &events).map(Some);
            }
        }
        Ok(None)
    }

    fn gather(
        self,
        at: &AtBlock,
        events: &subxt::extrinsics::ExtrinsicEvents<subxt::config::SubstrateConfig>,
    ) -> Result<Included, Failure> {
        let (block, block_hash) = (at.block_number(), hex0x(&at.block_hash()));
        let evidence = Evidence { block, block_hash, extrinsic: hex0x(&self.extrinsic), fee: 0 };
        let mut included = Included { evidence, events: Vec::new(), instantiated: Vec::new() };
        for event in events.iter() {
            let event = event.map_err(|error| self.unconfirmed(error))?;
            match (event.pallet_name(), event.event_name()) {
                ("System", "ExtrinsicFailed") => {
                    let error = DispatchError::decode_from(event.field_bytes(), at.metadata());
                    return Err(Failure::Dispatch(name_of(&error.map_err(|error| self.unconfirmed(error))?)));
                }
                ("Contracts", "ContractEmitted") => included.events.extend(ContractEvent::read(&event)),
                ("Contracts", "Instantiated") => {
                    // Deployer, then contract.
                    let contract: Option<[u8; 32]> = event.field_bytes().get(32..64).and_then(|id| id.try_into().ok());
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
        Ok(included)
    }
}

fn hex0x(hash: &H256) -> String {
    format!("0x{}", hex::encode(hash))
}

impl From<Failure> for ClientError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Client(error) => error,
            Failure::Dispatch(reason) => Self::Dispatch(reason),
        }
    }
}
