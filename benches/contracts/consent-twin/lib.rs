//! A consent registry as one writes it first: a map of consents, a list per patient, indexed events. It keeps the same
//! consents with the same checks as the registry, so that what a grant and a revocation cost there can be compared.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

/// A consent as it is kept.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Granted {
    consent: salus_domain::consent::Consent,
    revision: u32,
    revoked: bool,
}

salus_interface::kept_in_one_cell!(Granted);

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod consent_twin {
    use super::Granted;
    use ink::prelude::vec::Vec;
    use ink::storage::Mapping;
    use salus_domain::consent::{Consent, MAX_ACTIVE_CONSENTS};
    use salus_interface::consent::{ConsentError, MAX_ENCODED_CONSENT};
    use scale::Encode;

    #[ink(event)]
    pub struct ConsentGranted {
        #[ink(topic)]
        patient: AccountId,
        #[ink(topic)]
        id: u32,
        consent: Consent,
    }

    #[ink(event)]
    pub struct ConsentRevoked {
        #[ink(topic)]
        patient: AccountId,
        #[ink(topic)]
        id: u32,
    }

    /// Holds every patient's consents.
    #[ink(storage)]
    #[derive(Default)]
    pub struct ConsentTwin {
        next: u32,
        consents: Mapping<(AccountId, u32), Granted>,
        of_patient: Mapping<AccountId, Vec<u32>>,
    }

    impl ConsentTwin {
        /// An empty registry.
        #[ink(constructor)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Records a consent of the caller; returns its id.
        ///
        /// # Errors
        /// As the registry's `record`.
        #[ink(message)]
        pub fn grant(&mut self, consent: Consent) -> Result<u32, ConsentError> {
            let patient = self.env().caller();
            consent.validate().map_err(ConsentError::Malformed)?;
            if consent.period.end.0 <= self.env().block_timestamp() {
                return Err(ConsentError::AlreadyOver);
            }
            if consent.encoded_size() > MAX_ENCODED_CONSENT {
                return Err(ConsentError::TooLarge);
            }
            let mut of_patient = self.of_patient.get(patient).unwrap_or_default();
            if of_patient.len() >= MAX_ACTIVE_CONSENTS {
                return Err(ConsentError::TooManyActive);
            }
            let id = self.next;
            self.next = id.checked_add(1).ok_or(ConsentError::IdsUsedUp)?;
            of_patient.push(id);
            self.of_patient.insert(patient, &of_patient);
            let granted = Granted { consent, revision: 0, revoked: false };
            self.consents.insert((patient, id), &granted);
            self.env().emit_event(ConsentGranted { patient, id, consent: granted.consent });
            Ok(id)
        }

        /// Revokes a consent of the caller's.
        ///
        /// # Errors
        /// [`ConsentError::NotFound`].
        #[ink(message)]
        pub fn revoke(&mut self, id: u32) -> Result<(), ConsentError> {
            let patient = self.env().caller();
            let mut granted = self.consents.get((patient, id)).ok_or(ConsentError::NotFound)?;
            if granted.revoked {
                return Err(ConsentError::NotFound);
            }
            granted.revoked = true;
            self.consents.insert((patient, id), &granted);
            let mut of_patient = self.of_patient.get(patient).unwrap_or_default();
            of_patient.retain(|known| *known != id);
            self.of_patient.insert(patient, &of_patient);
            self.env().emit_event(ConsentRevoked { patient, id });
            Ok(())
        }
    }
}
