//! The consent registry. What each message does stands on the trait: [`salus_interface::consent::ConsentRegistry`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod registry;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod consent_registry {
    use crate::registry::Consents;
    use ink::prelude::vec::Vec;
    use salus_domain::consent::Consent;
    use salus_domain::evaluate::Evaluation;
    use salus_domain::ids::ConsentId;
    use salus_domain::request::Request;
    use salus_domain::time;
    use salus_interface::consent::{
        self, ConsentAmended, ConsentError, ConsentRecorded, ConsentRevoked, ConsentSummary,
    };

    /// Holds every patient's consents. It has no owner and no switch: what a patient recorded, only that patient
    /// changes.
    #[ink(storage)]
    #[derive(Default)]
    pub struct ConsentRegistry {
        consents: Consents,
    }

    impl ConsentRegistry {
        /// An empty registry.
        #[ink(constructor)]
        pub fn new() -> Self {
            Self::default()
        }

        fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }
    }

    impl consent::ConsentRegistry for ConsentRegistry {
        #[ink(message)]
        fn record(&mut self, consent: Consent) -> Result<ConsentId, ConsentError> {
            let patient = self.env().caller();
            let now = self.now();
            let (id, epoch) = self.consents.record(patient, &consent, now)?;
            self.env().emit_event(ConsentRecorded { patient, id, epoch, consent });
            Ok(id)
        }

        #[ink(message)]
        fn amend(&mut self, id: ConsentId, consent: Consent) -> Result<u32, ConsentError> {
            let patient = self.env().caller();
            let now = self.now();
            let (revision, epoch) = self.consents.amend(patient, id, &consent, now)?;
            self.env().emit_event(ConsentAmended { patient, id, revision, epoch, consent });
            Ok(revision)
        }

        #[ink(message)]
        fn revoke(&mut self, id: ConsentId) -> Result<(), ConsentError> {
            let patient = self.env().caller();
            let epoch = self.consents.revoke(patient, id)?;
            self.env().emit_event(ConsentRevoked { patient, id, epoch });
            Ok(())
        }

        #[ink(message)]
        fn revoke_all(&mut self) -> Result<u32, ConsentError> {
            let patient = self.env().caller();
            let (revoked, epoch) = self.consents.revoke_all(patient);
            let mut count = 0u32;
            for id in revoked {
                self.env().emit_event(ConsentRevoked { patient, id, epoch });
                count = count.saturating_add(1);
            }
            Ok(count)
        }

        #[ink(message)]
        fn decide(&self, patient: AccountId, request: Request) -> Evaluation {
            self.consents.decide(patient, &request, self.now())
        }

        #[ink(message)]
        fn consent(&self, patient: AccountId, id: ConsentId) -> Option<Consent> {
            self.consents.consent(patient, id)
        }

        #[ink(message)]
        fn in_force(&self, patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary> {
            self.consents.in_force(patient, from, limit)
        }

        #[ink(message)]
        fn epoch(&self, patient: AccountId) -> u32 {
            self.consents.epoch(patient)
        }
    }
}

#[cfg(test)]
mod tests;
