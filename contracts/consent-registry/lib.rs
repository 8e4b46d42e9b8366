//! The consent registry. What each message does stands on the trait: [`salus_interface::consent::ConsentRegistry`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod file;
mod registry;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod consent_registry {
    use crate::registry::{Consents, Desk};
    use ink::env::hash::Blake2x256;
    use ink::prelude::vec::Vec;
    use salus_domain::consent::Consent;
    use salus_domain::evaluate::Evaluation;
    use salus_domain::ids::{self, ConsentId};
    use salus_domain::mandate::Mandate;
    use salus_domain::request::Request;
    use salus_domain::time;
    use salus_interface::consent::{
        self, CarriedOut, ConsentError, ConsentProposed, ConsentSummary, Done, Instruction, Order, OrdersCarriedOut,
        Place, ProposalWithdrawn, RelayError, SignedOrder, MAX_ORDERS,
    };
    use salus_interface::{answer, keep_apart};
    use scale::Encode;

    /// How many bytes of orders one event tells: what a chain takes as an event, 16 KiB, less room for its head.
    const MAX_TOLD: usize = 15 * 1024;
    /// How many bytes [`CarriedOut`] has beside the order.
    const MAX_ABOUT_ORDER: usize = 48;

    /// Holds every patient's consents. It has no owner and no switch: what a patient recorded, only that patient and its
    /// proxies change.
    #[ink(storage)]
    pub struct ConsentRegistry {
        genesis: [u8; 32],
        consents: Consents,
    }

    impl ConsentRegistry {
        /// An empty registry on the chain with this genesis hash, for which signatures are to count. A contract cannot look
        /// it up; whoever uses the registry compares it with the chain.
        #[ink(constructor)]
        pub fn new(genesis: ids::Hash) -> Self {
            keep_apart!(ConsentRegistry as consent::ConsentRegistry: record, amend, revoke, revoke_all, propose, withdraw, accept, reject, name_proxy, remove_proxy, carry_out, relay, decide, consent, in_force, proposal);
            Self { genesis: genesis.0, consents: Consents::default() }
        }

        fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }

        /// Begins work on so many orders.
        fn begin(&self, orders: usize) -> Work {
            Work { now: self.now(), several: orders > 1, ..Work::default() }
        }

        /// Carries out one order of the caller's for itself.
        fn carry_out_own(&mut self, instruction: Instruction) -> Result<Done, ConsentError> {
            let patient = self.env().caller();
            self.carry_out_one(patient, Order { patient, instruction })
        }

        /// Carries out one order of the caller's.
        fn carry_out_one(&mut self, caller: AccountId, order: Order) -> Result<Done, ConsentError> {
            let done = self.carry_out_all(caller, Vec::from([order]))?;
            done.first().copied().ok_or(ConsentError::NotFound)
        }

        fn carry_out_all(&mut self, caller: AccountId, orders: Vec<Order>) -> Result<Vec<Done>, ConsentError> {
            let mut work = self.begin(orders.len());
            let mut all = Vec::with_capacity(orders.len());
            for order in orders {
                all.push(self.carry_out_next(&mut work, caller, order, None)?);
            }
            self.finish(work);
            Ok(all)
        }

        /// Carries out an order of `by`, who signed it with `nonce` or calls.
        fn carry_out_next(
            &mut self,
            work: &mut Work,
            by: AccountId,
            order: Order,
            nonce: Option<u32>,
        ) -> Result<Done, ConsentError> {
            let done = self.consents.carry_out(&mut work.desk, by, &order, work.now, &hash)?;
            let epoch = self.consents.epoch_on(&work.desk, order.patient);
            let proxy = Some(by).filter(|by| *by != order.patient);
            // One order fits into an event, whatever it is.
            let size = if work.several { order.encode().len().saturating_add(MAX_ABOUT_ORDER) } else { 0 };
            if work.size.saturating_add(size) > MAX_TOLD {
                self.tell(core::mem::take(&mut work.told));
                work.size = 0;
            }
            work.size = work.size.saturating_add(size);
            work.told.push(CarriedOut { order, proxy, nonce, done, epoch });
            Ok(done)
        }

        /// Writes what was changed, and tells what is not told yet.
        fn finish(&mut self, work: Work) {
            self.consents.put_back(work.desk);
            self.tell(work.told);
        }

        fn tell(&self, orders: Vec<CarriedOut>) {
            if !orders.is_empty() {
                self.env().emit_event(OrdersCarriedOut { orders });
            }
        }
    }

    /// What a message is at.
    #[derive(Default)]
    struct Work {
        desk: Desk,
        now: time::Timestamp,
        /// Whether it has several orders.
        several: bool,
        /// What is to be told in one event.
        told: Vec<CarriedOut>,
        /// How many bytes that has at the most.
        size: usize,
    }

    fn hash(input: &[u8]) -> [u8; 32] {
        let mut output = [0; 32];
        ink::env::hash_bytes::<Blake2x256>(input, &mut output);
        output
    }

    impl consent::ConsentRegistry for ConsentRegistry {
        #[ink(message)]
        #[inline(never)]
        fn record(&mut self, consent: Consent) -> Result<ConsentId, ConsentError> {
            let done = self.carry_out_own(Instruction::Record(consent));
            answer(done.and_then(|done| done.recorded().ok_or(ConsentError::NotFound)))
        }

        #[ink(message)]
        #[inline(never)]
        fn amend(&mut self, id: ConsentId, consent: Consent) -> Result<u32, ConsentError> {
            let done = self.carry_out_own(Instruction::Amend(id, consent));
            answer(done.and_then(|done| done.amended().ok_or(ConsentError::NotFound)))
        }

        #[ink(message)]
        #[inline(never)]
        fn revoke(&mut self, id: ConsentId) -> Result<(), ConsentError> {
            answer(self.carry_out_own(Instruction::Revoke(id)).map(drop))
        }

        #[ink(message)]
        #[inline(never)]
        fn revoke_all(&mut self) -> Result<u32, ConsentError> {
            let done = self.carry_out_own(Instruction::RevokeAll);
            answer(done.and_then(|done| done.revoked().ok_or(ConsentError::NotFound)))
        }

        #[ink(message)]
        #[inline(never)]
        fn propose(&mut self, patient: AccountId, consent: Consent) -> Result<(), ConsentError> {
            let (proposer, now) = (self.env().caller(), self.now());
            self.consents.propose(proposer, patient, &consent, now)?;
            self.env().emit_event(ConsentProposed { patient, proposer, consent });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn withdraw(&mut self, patient: AccountId) -> Result<(), ConsentError> {
            let proposer = self.env().caller();
            self.consents.close(patient, proposer)?;
            self.env().emit_event(ProposalWithdrawn { patient, proposer });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn accept(&mut self, proposer: AccountId, proposal: ids::Hash) -> Result<ConsentId, ConsentError> {
            let done = self.carry_out_own(Instruction::Accept(proposer, proposal));
            answer(done.and_then(|done| done.recorded().ok_or(ConsentError::NotFound)))
        }

        #[ink(message)]
        #[inline(never)]
        fn reject(&mut self, proposer: AccountId) -> Result<(), ConsentError> {
            answer(self.carry_out_own(Instruction::Reject(proposer)).map(drop))
        }

        #[ink(message)]
        #[inline(never)]
        fn name_proxy(&mut self, proxy: AccountId, mandate: Mandate) -> Result<(), ConsentError> {
            answer(self.carry_out_own(Instruction::NameProxy(proxy, mandate)).map(drop))
        }

        #[ink(message)]
        #[inline(never)]
        fn remove_proxy(&mut self, patient: AccountId, proxy: AccountId) -> Result<(), ConsentError> {
            let order = Order { patient, instruction: Instruction::RemoveProxy(proxy) };
            answer(self.carry_out_one(self.env().caller(), order).map(drop))
        }

        #[ink(message)]
        #[inline(never)]
        fn carry_out(&mut self, orders: Vec<Order>) -> Result<Vec<Done>, ConsentError> {
            if orders.len() > MAX_ORDERS {
                return Err(ConsentError::TooManyOrders);
            }
            answer(self.carry_out_all(self.env().caller(), orders))
        }

        #[ink(message)]
        #[inline(never)]
        fn relay(
            &mut self,
            place: Place,
            orders: Vec<SignedOrder>,
        ) -> Result<Vec<Result<Done, RelayError>>, ConsentError> {
            if place.genesis.0 != self.genesis {
                return Err(ConsentError::OtherChain);
            }
            if place.contract != self.env().account_id() {
                return Err(ConsentError::OtherContract);
            }
            if orders.len() > MAX_ORDERS {
                return Err(ConsentError::TooManyOrders);
            }
            let is_signed = |signed: &SignedOrder| {
                let bytes = signed.signed_bytes(&hash, &place);
                ink::env::sr25519_verify(&signed.signature, &bytes, signed.signer().as_ref()).is_ok()
            };
            let mut work = self.begin(orders.len());
            let mut all = Vec::with_capacity(orders.len());
            for signed in orders {
                let signer = signed.signer();
                let checked = self.consents.ensure_signed(&mut work.desk, &signed, work.now, is_signed);
                all.push(checked.and_then(|next| {
                    let SignedOrder { order, nonce, .. } = signed;
                    let done = self.carry_out_next(&mut work, signer, order, Some(nonce));
                    let done = done.map_err(RelayError::Refused)?;
                    self.consents.use_nonce(&mut work.desk, signer, next);
                    Ok(done)
                }));
            }
            self.finish(work);
            answer(Ok(all))
        }

        #[ink(message)]
        #[inline(never)]
        fn decide(&self, patient: AccountId, request: Request) -> Evaluation {
            self.consents.decide(patient, &request, self.now())
        }

        #[ink(message)]
        #[inline(never)]
        fn consent(&self, patient: AccountId, id: ConsentId) -> Option<Consent> {
            self.consents.consent(patient, id)
        }

        #[ink(message)]
        #[inline(never)]
        fn in_force(&self, patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary> {
            self.consents.in_force(patient, from, limit)
        }

        #[ink(message)]
        #[inline(never)]
        fn epoch(&self, patient: AccountId) -> u32 {
            self.consents.epoch(patient)
        }

        #[ink(message)]
        #[inline(never)]
        fn proposal(&self, patient: AccountId, proposer: AccountId) -> Option<Consent> {
            self.consents.proposal(patient, proposer)
        }

        #[ink(message)]
        #[inline(never)]
        fn mandate(&self, patient: AccountId, proxy: AccountId) -> Option<Mandate> {
            self.consents.mandate(patient, proxy)
        }

        #[ink(message)]
        #[inline(never)]
        fn nonce(&self, account: AccountId) -> u32 {
            self.consents.nonce(account)
        }

        #[ink(message)]
        #[inline(never)]
        fn genesis(&self) -> ids::Hash {
            ids::Hash(self.genesis)
        }
    }
}

#[cfg(test)]
mod tests;
