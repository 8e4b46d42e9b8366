//! What stands for one account, by the rules of the registry's storage. Whatever breaks one of them is `None`: the events
//! are not all there.

use ink_primitives::AccountId;
use salus_domain::consent::{Consent, MAX_ACTIVE_CONSENTS};
use salus_domain::ids::ConsentId;
use salus_domain::mandate::Mandate;
use salus_domain::time::Timestamp;
use salus_interface::consent::ConsentSummary;
use std::collections::BTreeMap;

/// A consent that is recorded and not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How often it was amended.
    pub revision: u32,
    /// What was decided.
    pub consent: Consent,
}

/// What stands for an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its epoch.
    pub epoch: u32,
    /// The nonce of its next signed order.
    pub nonce: u32,
    /// Its consents.
    pub consents: BTreeMap<ConsentId, Held>,
    /// What is proposed to it, by who proposes.
    pub proposals: BTreeMap<AccountId, Consent>,
    /// What others may do for it.
    pub mandates: BTreeMap<AccountId, Mandate>,
    /// The id of its next consent.
    next: u32,
}

impl Standing {
    /// Its consents, as the registry lists them.
    #[must_use]
    pub fn in_force(&self) -> Vec<ConsentSummary> {
        let summary = |(id, held): (&ConsentId, &Held)| ConsentSummary {
            id: *id,
            revision: held.revision,
            period: held.consent.period,
        };
        self.consents.iter().map(summary).collect()
    }

    /// Records a consent; returns those that made room for it.
    pub(super) fn record(&mut self, id: ConsentId, consent: &Consent, now: Timestamp) -> Option<Vec<ConsentId>> {
        if id.0 != self.next {
            return None;
        }
        let over: Vec<ConsentId> = match self.consents.len() < MAX_ACTIVE_CONSENTS {
            true => Vec::new(),
            false => self.consents.iter().filter(|(_, it)| it.consent.period.end <= now).map(|(id, _)| *id).collect(),
        };
        self.consents.retain(|id, _| !over.contains(id));
        if self.consents.len() >= MAX_ACTIVE_CONSENTS {
            return None;
        }
        self.next = id.0.checked_add(1)?;
        self.consents.insert(id, Held { revision: 0, consent: consent.clone() });
        self.changed();
        Some(over)
    }

    pub(super) fn amend(&mut self, id: ConsentId, revision: u32, consent: &Consent) -> Option<()> {
        let held = self.consents.get_mut(&id).filter(|held| held.revision.checked_add(1) == Some(revision))?;
        *held = Held { revision, consent: consent.clone() };
        self.changed();
        Some(())
    }

    pub(super) fn revoke(&mut self, id: ConsentId) -> Option<()> {
        self.consents.remove(&id)?;
        self.changed();
        Some(())
    }

    pub(super) fn revoke_all(&mut self, count: u32) -> Option<()> {
        if usize::try_from(count) != Ok(self.consents.len()) {
            return None;
        }
        self.consents.clear();
        if count > 0 {
            self.changed();
        }
        Some(())
    }

    /// Uses a nonce.
    pub(super) fn sign(&mut self, nonce: u32) -> Option<()> {
        if nonce != self.nonce {
            return None;
        }
        self.nonce = nonce.checked_add(1)?;
        Some(())
    }

    fn changed(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }
}
