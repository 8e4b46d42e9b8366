//! What became of patients' consents, rebuilt from what the registry told: who did what when, and what stands now.
//!
//! A fold over the registry's events. It keeps the rules of the registry's storage, so that what it ends with is what the
//! registry's queries answer; where the events contradict that, some are missing, and it says so.

mod fold;
mod standing;

pub use standing::{Held, Standing};

use crate::chain::Chain;
use crate::contracts::ConsentRegistry;
use crate::error::ClientError;
use crate::events::Located;
use ink_primitives::AccountId;
use salus_domain::consent::Consent;
use salus_domain::ids::ConsentId;
use salus_domain::mandate::Mandate;
use salus_domain::time::Timestamp;
use salus_interface::consent::ConsentSummary;
use std::collections::BTreeMap;

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// An event that the registry does not have.
    #[error("block {block} has an event of the consent registry that cannot be read: it is not the contract that this client was made for\n  next: run `salus verify`")]
    Unreadable {
        /// The number of the block.
        block: u64,
    },
    /// An event that cannot follow those before it.
    #[error("what the consent registry told in block {block} does not follow from what it told before: events are missing\n  next: check that `block` in the deployment file is not after the one in which it was deployed")]
    Gap {
        /// The number of the block.
        block: u64,
    },
    /// The chain, or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Something that was done with a patient's consents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The number of the block.
    pub block: u64,
    /// The time of the block.
    pub time: Timestamp,
    /// Whose consents it is about.
    pub patient: AccountId,
    /// Who did it; `None`: nobody ([`What::Lapsed`]).
    pub by: Option<AccountId>,
    /// The nonce of the signed order; `None`: it was not relayed.
    pub nonce: Option<u32>,
    /// What was done.
    pub what: What,
}

/// What can be done with a patient's consents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A consent was recorded.
    Recorded(ConsentId, Consent),
    /// A consent was replaced by another text: its revision from then on.
    Amended(ConsentId, u32, Consent),
    /// A consent was revoked.
    Revoked(ConsentId),
    /// Every consent was revoked: how many there were.
    AllRevoked(u32),
    /// A consent that was over made room for another one.
    Lapsed(ConsentId),
    /// This account asked for a consent.
    Proposed(AccountId, Consent),
    /// What this account asked for was recorded.
    Accepted(AccountId, ConsentId, Consent),
    /// What this account asked for was rejected.
    Rejected(AccountId),
    /// This account took back what it asked for.
    Withdrawn(AccountId),
    /// This account was named a proxy, or what it may do was changed.
    ProxyNamed(AccountId, Mandate),
    /// This account's mandate was taken back.
    ProxyRemoved(AccountId),
}

/// All that was done with the consents of a registry, and what stands after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    accounts: BTreeMap<AccountId, Standing>,
    acts: Vec<Act>,
}

impl History {
    /// Reads the history of `registry` from the blocks `from` to the newest one. `progress` is told after each block.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn read(
        chain: &Chain,
        registry: &ConsentRegistry,
        from: u64,
        progress: impl FnMut(u64),
    ) -> Result<Self, HistoryError> {
        let newest = chain.block_number().await?;
        Self::of(&chain.contract_events(registry.address(), from, newest, progress).await?)
    }

    /// The history that these events tell: all events of one registry, in order.
    ///
    /// # Errors
    /// [`HistoryError::Unreadable`], [`HistoryError::Gap`].
    pub fn of(events: &[Located]) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        events.iter().try_for_each(|event| history.apply(event))?;
        Ok(history)
    }

    /// Everything that was done, the earliest first.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// What was done with the consents of `patient`, the earliest first.
    pub fn acts_of(&self, patient: AccountId) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| act.patient == patient)
    }

    /// All that stands for an account; `None` where nothing was ever done for it and it signed nothing.
    #[must_use]
    pub fn standing(&self, account: AccountId) -> Option<&Standing> {
        self.accounts.get(&account)
    }

    /// The accounts of which the registry ever told, each with what stands for it.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Standing)> {
        self.accounts.iter().map(|(account, standing)| (*account, standing))
    }

    /// As the query of this name.
    #[must_use]
    pub fn consent(&self, patient: AccountId, id: ConsentId) -> Option<&Consent> {
        self.standing(patient)?.consents.get(&id).map(|held| &held.consent)
    }

    /// As the query of this name, all pages.
    #[must_use]
    pub fn in_force(&self, patient: AccountId) -> Vec<ConsentSummary> {
        self.standing(patient).map(Standing::in_force).unwrap_or_default()
    }

    /// As the query of this name.
    #[must_use]
    pub fn epoch(&self, patient: AccountId) -> u32 {
        self.standing(patient).map_or(0, |standing| standing.epoch)
    }

    /// As the query of this name.
    #[must_use]
    pub fn proposal(&self, patient: AccountId, proposer: AccountId) -> Option<&Consent> {
        self.standing(patient)?.proposals.get(&proposer)
    }

    /// As the query of this name.
    #[must_use]
    pub fn mandate(&self, patient: AccountId, proxy: AccountId) -> Option<&Mandate> {
        self.standing(patient)?.mandates.get(&proxy)
    }

    /// As the query of this name.
    #[must_use]
    pub fn nonce(&self, account: AccountId) -> u32 {
        self.standing(account).map_or(0, |standing| standing.nonce)
    }
}

#[cfg(test)]
mod tests;
