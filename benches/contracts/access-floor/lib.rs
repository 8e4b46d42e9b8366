//! What a request for access cannot do without on the side of access grants: the same cells are read and the same event is
//! emitted, and nothing is decided.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod access_floor {
    use ink::prelude::vec::Vec;
    use ink::storage::Mapping;
    use salus_domain::codes::{Action, Purpose};
    use salus_domain::ids::RecordId;
    use salus_interface::access::{AccessDecided, AccessDecision, AccessError, Credential, Record, Setup};
    use salus_interface::{answer, emit};

    /// The cells that a request for access reads.
    #[ink(storage)]
    pub struct AccessFloor {
        setup: Setup,
        records: Mapping<RecordId, Record>,
        credentials: Mapping<AccountId, Vec<Credential>>,
        authorities: Mapping<AccountId, ()>,
    }

    impl AccessFloor {
        /// Cells of a record, of the caller's credential and of who issued it.
        #[ink(constructor)]
        pub fn new(setup: Setup, id: RecordId, record: Record, provider: AccountId, credential: Credential) -> Self {
            let (mut records, mut credentials) = (Mapping::new(), Mapping::new());
            let mut authorities = Mapping::new();
            records.insert(id, &record);
            credentials.insert(provider, &ink::prelude::vec![credential]);
            authorities.insert(credential.issuer, &());
            Self { setup, records, credentials, authorities }
        }

        /// Reads the cells, and emits `decision` as the answer.
        ///
        /// # Errors
        /// [`AccessError::NotFound`] where a cell is not there.
        #[ink(message)]
        pub fn request_access(
            &mut self,
            record: RecordId,
            purpose: Purpose,
            action: Action,
            decision: AccessDecision,
        ) -> Result<AccessDecision, AccessError> {
            let accessor = self.env().caller();
            let known = self.records.get(record).ok_or(AccessError::NotFound)?;
            let credentials = self.credentials.get(accessor).unwrap_or_default();
            let credential = credentials.first().ok_or(AccessError::NotFound)?;
            if !self.authorities.contains(credential.issuer) {
                return Err(AccessError::NotFound);
            }
            let patient = known.patient;
            emit(AccessDecided { patient, record, accessor, purpose, action, link: None, decision });
            answer(Ok(decision))
        }
    }
}
