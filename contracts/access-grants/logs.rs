//! Logs of release: the newest root of each, and how many entries were written as events. The caller and the hash function
//! are arguments.

use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::ids::Hash;
use salus_domain::merkle::{self, Sha256};
use salus_interface::access::{AccessError, Anchor, Log};
use salus_interface::Cells;

/// One log for each account that keeps one.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Logs {
    logs: Mapping<AccountId, Log>,
}

impl Logs {
    /// Moves the anchor of a log forward, and returns the size and root before. `None`: nothing changed.
    pub fn anchor(
        &mut self,
        hash: &impl Sha256,
        account: AccountId,
        anchor: Anchor,
        proof: &[Hash],
    ) -> Result<Option<(u64, Hash)>, AccessError> {
        let mut log = self.get(account);
        let (size, root) = log.anchor.map_or_else(|| (0, merkle::empty_root(hash)), |last| (last.size, last.root));
        merkle::verify_consistency(hash, size, root, anchor.size, anchor.root, proof)
            .map_err(|_| AccessError::NotConsistent)?;
        if anchor.size == size {
            return Ok(None);
        }
        log.anchor = Some(anchor);
        self.logs.put(&account, &log);
        Ok(Some((size, root)))
    }

    /// Takes the next number of a log.
    pub fn take_number(&mut self, account: AccountId, number: u64) -> Result<(), AccessError> {
        let mut log = self.get(account);
        if number != log.written {
            return Err(AccessError::OutOfOrder);
        }
        log.written = number.saturating_add(1);
        self.logs.put(&account, &log);
        Ok(())
    }

    /// How a log stands.
    pub fn get(&self, account: AccountId) -> Log {
        self.logs.read(&account).unwrap_or_default()
    }

    /// Whether an entry is in a log, as it is anchored.
    pub fn has(&self, hash: &impl Sha256, log: AccountId, (leaf, index): (Hash, u64), proof: &[Hash]) -> bool {
        self.get(log)
            .anchor
            .is_some_and(|anchor| merkle::verify_inclusion(hash, leaf, index, anchor.size, proof, anchor.root).is_ok())
    }
}
