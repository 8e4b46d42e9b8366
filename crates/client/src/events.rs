//! What contracts emitted.

use crate::chain::Chain;
use crate::error::ClientError;
use salus_domain::time::Timestamp;
use scale::Decode;
use subxt::config::SubstrateConfig;
use subxt::utils::AccountId32;

/// An event of a contract, as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractEvent {
    /// Which contract emitted it.
    pub contract: AccountId32,
    /// Its place among the events of the block.
    pub index: u32,
    /// Its topics: the first is the hash of its signature.
    pub topics: Vec<[u8; 32]>,
    /// Its fields, SCALE-encoded.
    pub data: Vec<u8>,
}

impl ContractEvent {
    /// Reads a `Contracts.ContractEmitted` event; `None` where it is not one.
    pub(crate) fn read(event: &subxt::events::Event<'_, SubstrateConfig>) -> Option<Self> {
        let (contract, data) = <([u8; 32], Vec<u8>)>::decode(&mut event.field_bytes()).ok()?;
        let topics = event.topics().iter().map(|topic| topic.0).collect();
        Some(Self { contract: AccountId32(contract), index: event.index(), topics, data })
    }

    /// The event as one of the contract's types, or `None` where it is another one.
    #[must_use]
    pub fn decode<E: salus_interface::event::Event>(&self) -> Option<E> {
        let signature = E::SIGNATURE.replace(char::is_whitespace, "");
        if self.topics.first() != Some(&crate::blake2b_256(signature.as_bytes())) {
            return None;
        }
        let rest = &mut self.data.as_slice();
        E::decode(rest).ok().filter(|_| rest.is_empty())
    }
}

/// An event with its place and time.
#[derive(Clone, Debug)]
pub struct Located {
    /// The number of the block.
    pub block: u64,
    /// The time of the block.
    pub time: Timestamp,
    /// The event.
    pub event: ContractEvent,
}

impl Chain {
    /// All events of `contract` in the blocks `from..=to`, in order. `progress` is told after each block.
    ///
    /// # Errors
    /// [`ClientError::Node`], also where the node has discarded the state of a block.
    pub async fn contract_events(
        &self,
        contract: &AccountId32,
        from: u64,
        to: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<Located>, ClientError> {
        let mut found = Vec::new();
        for block in from..=to {
            let at = self.at_number(block).await?;
            let mut time = None;
            for event in at.events().fetch().await?.iter() {
                let event = event.map_err(|error| ClientError::Node(error.to_string()))?;
                if (event.pallet_name(), event.event_name()) != ("Contracts", "ContractEmitted") {
                    continue;
                }
                let Some(event) = ContractEvent::read(&event).filter(|event| event.contract == *contract) else {
                    continue;
                };
                let time = match time {
                    Some(time) => time,
                    None => *time.insert(self.time_at(&at).await?),
                };
                found.push(Located { block, time, event });
            }
            progress(block);
        }
        Ok(found)
    }
}
