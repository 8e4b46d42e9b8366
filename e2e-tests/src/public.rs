//! What the chain shows to everybody who looks, past the contracts' own messages.

use crate::raw::Raw;
use crate::Result;
use salus_client::AccountId32;
use scale::Decode;
use std::collections::BTreeMap;
use subxt::dynamic;
use subxt::rpcs::rpc_params;
use subxt::utils::H256;

/// How many keys a node lists at once, at the most.
const PAGE: usize = 1000;

/// Everything that a contract keeps: its cells, by key. A cell of a mapping has a key of its own: where the contract keeps
/// the mapping, and the key in it.
pub type Cells = BTreeMap<Vec<u8>, Vec<u8>>;

impl Raw {
    /// Everything that a contract keeps, as of the newest block.
    ///
    /// # Errors
    /// The node's.
    pub async fn cells(&self, contract: &AccountId32) -> Result<Cells> {
        let best = self.rpc.chain_get_block_hash(None).await?;
        let trie = self.trie(contract).await?;
        let mut keys: Vec<String> = Vec::new();
        loop {
            let last = keys.last().cloned();
            let page = self.transport.request("childstate_getKeysPaged", rpc_params![&trie, "0x", PAGE, last, best]);
            let page: Vec<String> = page.await?;
            let is_last = page.len() < PAGE;
            keys.extend(page);
            if is_last {
                break;
            }
        }
        let values = self.transport.request("childstate_getStorageEntries", rpc_params![&trie, &keys, best]);
        let values: Vec<Option<String>> = values.await?;
        let cells = keys.iter().zip(values).filter_map(|(key, value)| Some((key, value?)));
        cells.map(|(key, value)| Ok((mapping_key(&unhex(key)?), unhex(&value)?))).collect()
    }

    /// The transactions of a block, as they are in it.
    ///
    /// # Errors
    /// The node's.
    pub async fn transactions(&self, block: u64) -> Result<Vec<Vec<u8>>> {
        let block = self.rpc.chain_get_block(Some(self.hash_of(block).await?)).await?.ok_or("no such block")?;
        Ok(block.block.extrinsics.into_iter().map(|extrinsic| extrinsic.0).collect())
    }

    /// All events of a block, as they are in its state.
    ///
    /// # Errors
    /// The node's.
    pub async fn events(&self, block: u64) -> Result<Vec<u8>> {
        let at = self.client.at_block(block).await?;
        Ok(at.events().fetch().await?.bytes().to_vec())
    }

    /// The keys and values of all that the chain itself keeps, as of the newest block. What contracts keep is not among it.
    ///
    /// # Errors
    /// The node's.
    pub async fn state(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let best = self.rpc.chain_get_block_hash(None).await?;
        let pairs: Vec<(String, String)> = self.transport.request("state_getPairs", rpc_params!["0x", best]).await?;
        pairs.iter().map(|(key, value)| Ok((unhex(key)?, unhex(value)?))).collect()
    }

    async fn hash_of(&self, block: u64) -> Result<H256> {
        let hash = self.rpc.chain_get_block_hash(Some(block.into())).await?;
        Ok(hash.ok_or("no such block")?)
    }

    /// Under what the node finds what a contract keeps.
    async fn trie(&self, contract: &AccountId32) -> Result<String> {
        let address = dynamic::storage::<(AccountId32,), dynamic::Value>("Contracts", "ContractInfoOf");
        let at = self.best().await?;
        let info = at.storage().fetch(address, (*contract,)).await?;
        let trie = Vec::<u8>::decode(&mut info.bytes())?;
        Ok(format!("0x{}", hex::encode([b":child_storage:default:".as_slice(), &trie].concat())))
    }
}

/// The key that the contract gave. The pallet puts 16 bytes of its hash in front.
fn mapping_key(key: &[u8]) -> Vec<u8> {
    key.get(16..).unwrap_or_default().to_vec()
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    Ok(hex::decode(text.trim_start_matches("0x"))?)
}
