//! How each event changes what stands.

use super::{Act, History, HistoryError, Standing, What};
use crate::events::Located;
use ink_primitives::AccountId;
use salus_domain::consent::Consent;
use salus_domain::ids::ConsentId;
use salus_interface::consent::{CarriedOut, ConsentProposed, Done, Instruction, OrdersCarriedOut, ProposalWithdrawn};

/// Who did something, and how.
#[derive(Clone, Copy)]
struct Doer {
    by: Option<AccountId>,
    nonce: Option<u32>,
}

impl Doer {
    const fn own(by: AccountId) -> Self {
        Self { by: Some(by), nonce: None }
    }
}

impl History {
    /// Takes in the next event of the registry.
    ///
    /// # Errors
    /// [`HistoryError::Unreadable`], [`HistoryError::Gap`]. What was taken in before stays; part of this event may be, too.
    pub fn apply(&mut self, located: &Located) -> Result<(), HistoryError> {
        let (block, event) = (located.block, &located.event);
        let followed = if let Some(it) = event.decode::<ConsentProposed>() {
            self.account(it.patient).proposals.insert(it.proposer, it.consent.clone());
            self.note(located, Doer::own(it.proposer), it.patient, What::Proposed(it.proposer, it.consent));
            Some(())
        } else if let Some(it) = event.decode::<ProposalWithdrawn>() {
            let what = What::Withdrawn(it.proposer);
            self.close(located, Doer::own(it.proposer), it.patient, it.proposer, what)
        } else if let Some(it) = event.decode::<OrdersCarriedOut>() {
            it.orders.into_iter().try_for_each(|order| self.order(located, order))
        } else {
            return Err(HistoryError::Unreadable { block });
        };
        followed.ok_or(HistoryError::Gap { block })
    }

    fn order(&mut self, located: &Located, carried_out: CarriedOut) -> Option<()> {
        let CarriedOut { order, proxy, nonce, done, epoch } = carried_out;
        let (patient, by) = (order.patient, proxy.unwrap_or(order.patient));
        let doer = Doer { by: Some(by), nonce };
        if let Some(nonce) = nonce {
            self.account(by).sign(nonce)?;
        }
        match (order.instruction, done) {
            (Instruction::Record(consent), Done::Recorded(id)) => {
                self.record(located, doer, patient, id, consent, epoch)
            }
            (Instruction::Amend(id, consent), Done::Amended(revision)) => {
                self.change(located, doer, patient, epoch, What::Amended(id, revision, consent))
            }
            (Instruction::Revoke(id), Done::Revoked(1)) => {
                self.change(located, doer, patient, epoch, What::Revoked(id))
            }
            (Instruction::RevokeAll, Done::Revoked(count)) => {
                self.change(located, doer, patient, epoch, What::AllRevoked(count))
            }
            (Instruction::Accept(proposer, _), Done::Recorded(id)) => {
                self.accept(located, doer, (patient, proposer), id, epoch)
            }
            (Instruction::Reject(proposer), Done::Rejected) => {
                self.close(located, doer, patient, proposer, What::Rejected(proposer))
            }
            (Instruction::NameProxy(proxy, mandate), Done::ProxyNamed) => {
                self.account(patient).mandates.insert(proxy, mandate);
                self.note(located, doer, patient, What::ProxyNamed(proxy, mandate));
                Some(())
            }
            (Instruction::RemoveProxy(proxy), Done::ProxyRemoved) => self.remove_proxy(located, doer, patient, proxy),
            _ => None,
        }
    }

    /// A consent is amended or revoked.
    fn change(&mut self, at: &Located, doer: Doer, patient: AccountId, epoch: u32, what: What) -> Option<()> {
        let account = self.account(patient);
        match &what {
            What::Amended(id, revision, consent) => account.amend(*id, *revision, consent)?,
            What::Revoked(id) => account.revoke(*id)?,
            What::AllRevoked(count) => account.revoke_all(*count)?,
            _ => return None,
        }
        (account.epoch == epoch).then_some(())?;
        self.note(at, doer, patient, what);
        Some(())
    }

    fn record(
        &mut self,
        at: &Located,
        doer: Doer,
        patient: AccountId,
        id: ConsentId,
        consent: Consent,
        epoch: u32,
    ) -> Option<()> {
        self.write(at, patient, id, &consent, epoch)?;
        self.note(at, doer, patient, What::Recorded(id, consent));
        Some(())
    }

    fn accept(
        &mut self,
        at: &Located,
        doer: Doer,
        (patient, proposer): (AccountId, AccountId),
        id: ConsentId,
        epoch: u32,
    ) -> Option<()> {
        let consent = self.account(patient).proposals.remove(&proposer)?;
        self.write(at, patient, id, &consent, epoch)?;
        self.note(at, doer, patient, What::Accepted(proposer, id, consent));
        Some(())
    }

    /// Adds a consent, and notes those that made room for it.
    fn write(&mut self, at: &Located, patient: AccountId, id: ConsentId, consent: &Consent, epoch: u32) -> Option<()> {
        let account = self.account(patient);
        let over = account.record(id, consent, at.time)?;
        (account.epoch == epoch).then_some(())?;
        for lapsed in over {
            self.note(at, Doer { by: None, nonce: None }, patient, What::Lapsed(lapsed));
        }
        Some(())
    }

    fn close(&mut self, at: &Located, doer: Doer, patient: AccountId, proposer: AccountId, what: What) -> Option<()> {
        self.account(patient).proposals.remove(&proposer)?;
        self.note(at, doer, patient, what);
        Some(())
    }

    fn remove_proxy(&mut self, at: &Located, doer: Doer, patient: AccountId, proxy: AccountId) -> Option<()> {
        self.account(patient).mandates.remove(&proxy)?;
        self.note(at, doer, patient, What::ProxyRemoved(proxy));
        Some(())
    }

    fn note(&mut self, at: &Located, Doer { by, nonce }: Doer, patient: AccountId, what: What) {
        self.acts.push(Act { block: at.block, time: at.time, patient, by, nonce, what });
    }

    fn account(&mut self, account: AccountId) -> &mut Standing {
        self.accounts.entry(account).or_default()
    }
}
