//! Access grants. What each message does stands on the trait: [`salus_interface::access::AccessGrants`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod credentials;
mod records;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod access_grants {
    use crate::credentials::{is_weak, Credentials};
    use crate::records::{access_request, Records};
    use ink::codegen::TraitCallBuilder;
    use ink::prelude::vec::Vec;
    use ink::storage::Mapping;
    use salus_domain::codes::{Action, Purpose, RoleSet};
    use salus_domain::commitment::record_id;
    use salus_domain::evaluate::{Answer, Evaluation};
    use salus_domain::ids::RecordId;
    use salus_domain::request::{Principal, Request};
    use salus_domain::time;
    use salus_interface::access::{
        self, AccessDecided, AccessDecision, AccessError, AuthorityAdded, AuthorityRemoved, Credential,
        CredentialReinstated, CredentialSuspended, Ground, KeyPublished, ProviderCredentialed, Record, RecordAmended,
        RecordRegistered, RecordTerms, Refusal,
    };
    use salus_interface::account;
    use salus_interface::consent::ConsentRegistry;

    /// Holds credentials, encryption keys and commitments to records. Access itself leaves only events.
    #[ink(storage)]
    pub struct AccessGrants {
        governor: AccountId,
        consent_registry: AccountId,
        credentials: Credentials,
        keys: Mapping<AccountId, [u8; 32]>,
        records: Records,
    }

    impl AccessGrants {
        /// Access grants that ask `consent_registry`, with the caller as governor.
        ///
        /// # Errors
        /// [`AccessError::NotAContract`] where `consent_registry` is not one.
        #[ink(constructor)]
        pub fn new(consent_registry: AccountId) -> Result<Self, AccessError> {
            if !Self::env().is_contract(&consent_registry) {
                return Err(AccessError::NotAContract);
            }
            Ok(Self {
                governor: Self::env().caller(),
                consent_registry,
                credentials: Credentials::default(),
                keys: Mapping::default(),
                records: Records::default(),
            })
        }

        fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }

        fn ensure_governor(&self) -> Result<(), AccessError> {
            if self.env().caller() == self.governor {
                Ok(())
            } else {
                Err(AccessError::NotGovernor)
            }
        }

        /// The guard of what only the patient and credentialed providers may do.
        fn ensure_may_describe(&self, caller: AccountId, patient: AccountId) -> Result<(), AccessError> {
            if caller == patient || self.credentials.principal(caller, self.now()).is_ok() {
                Ok(())
            } else {
                Err(AccessError::NotCredentialed)
            }
        }

        fn ask_registry(&self, patient: AccountId, request: Request) -> Result<Evaluation, AccessError> {
            let registry: ink::contract_ref!(ConsentRegistry) = self.consent_registry.into();
            registry
                .call()
                .decide(patient, request)
                .try_invoke()
                .map_err(|_| AccessError::ConsentRegistryFailed)?
                .map_err(|_| AccessError::ConsentRegistryFailed)
        }

        fn decide(
            &self,
            accessor: AccountId,
            record: &Record,
            purpose: Purpose,
            action: Action,
        ) -> Result<AccessDecision, AccessError> {
            let version = record.version;
            if accessor == record.patient {
                return Ok(AccessDecision::Permitted { version, ground: Ground::Patient });
            }
            let principal = match self.credentials.principal(accessor, self.now()) {
                Ok(principal) => principal,
                Err(refusal) => return Ok(AccessDecision::Refused(refusal)),
            };
            let evaluation = self.ask_registry(record.patient, access_request(principal, record, purpose, action))?;
            let deciding = evaluation.deciding.first().copied();
            Ok(match (evaluation.answer, deciding) {
                (Answer::Permit, Some(consent)) => {
                    AccessDecision::Permitted { version, ground: Ground::Consent(consent) }
                }
                (Answer::Deny, Some(consent)) => AccessDecision::Refused(Refusal::DeniedBy(consent)),
                (Answer::NoConsent, _) => AccessDecision::Refused(Refusal::NoConsent),
                // An answer that names no consent is none that a registry gives.
                (Answer::Permit | Answer::Deny, None) => return Err(AccessError::ConsentRegistryFailed),
            })
        }
    }

    impl access::AccessGrants for AccessGrants {
        #[ink(message)]
        fn add_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
            self.ensure_governor()?;
            if self.credentials.add_authority(authority) {
                self.env().emit_event(AuthorityAdded { authority });
            }
            Ok(())
        }

        #[ink(message)]
        fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
            self.ensure_governor()?;
            self.credentials.remove_authority(authority)?;
            self.env().emit_event(AuthorityRemoved { authority });
            Ok(())
        }

        #[ink(message)]
        fn credential(
            &mut self,
            provider: AccountId,
            organisation: AccountId,
            roles: RoleSet,
            valid_until: time::Timestamp,
        ) -> Result<(), AccessError> {
            let authority = self.credentials.ensure_authority(self.env().caller())?;
            let now = self.now();
            let credential = Credential { authority, organisation, roles, valid_until, suspended: false };
            self.credentials.vouch(provider, credential, now)?;
            self.env().emit_event(ProviderCredentialed { provider, credential });
            Ok(())
        }

        #[ink(message)]
        fn suspend(
            &mut self,
            provider: AccountId,
            organisation: AccountId,
            suspended: bool,
        ) -> Result<(), AccessError> {
            let authority = self.credentials.ensure_authority(self.env().caller())?;
            self.credentials.suspend(authority, provider, organisation, suspended)?;
            if suspended {
                self.env().emit_event(CredentialSuspended { provider, organisation });
            } else {
                self.env().emit_event(CredentialReinstated { provider, organisation });
            }
            Ok(())
        }

        #[ink(message)]
        fn publish_key(&mut self, key: [u8; 32]) -> Result<(), AccessError> {
            let account = self.env().caller();
            if is_weak(&key) {
                return Err(AccessError::WeakKey);
            }
            self.keys.insert(account, &key);
            self.env().emit_event(KeyPublished { account, key });
            Ok(())
        }

        #[ink(message)]
        fn register_record(&mut self, patient: AccountId, record: RecordTerms) -> Result<RecordId, AccessError> {
            let custodian = self.env().caller();
            self.ensure_may_describe(custodian, patient)?;
            let hash = |input: &[u8]| self.env().hash_bytes::<ink::env::hash::Blake2x256>(input);
            let id = record_id(&hash, account(custodian), record.commitment);
            self.records.register(id, patient, custodian, record)?;
            self.env().emit_event(RecordRegistered { patient, record: id, custodian, terms: record });
            Ok(id)
        }

        #[ink(message)]
        fn amend_record(&mut self, record: RecordId, terms: RecordTerms) -> Result<u32, AccessError> {
            let custodian = self.env().caller();
            let known = self.records.of_custodian(record, custodian)?;
            self.ensure_may_describe(custodian, known.patient)?;
            let amended = self.records.amend(record, known, terms)?;
            let Record { patient, version, .. } = amended;
            self.env().emit_event(RecordAmended { patient, record, version, terms });
            Ok(version)
        }

        #[ink(message)]
        fn request_access(
            &mut self,
            record: RecordId,
            purpose: Purpose,
            action: Action,
        ) -> Result<AccessDecision, AccessError> {
            let accessor = self.env().caller();
            let known = self.records.get(record).ok_or(AccessError::NotFound)?;
            let decision = self.decide(accessor, &known, purpose, action)?;
            let patient = known.patient;
            self.env().emit_event(AccessDecided { patient, record, accessor, purpose, action, decision });
            Ok(decision)
        }

        #[ink(message)]
        fn principal(&self, account: AccountId) -> Option<Principal> {
            self.credentials.principal(account, self.now()).ok()
        }

        #[ink(message)]
        fn credentials(&self, account: AccountId) -> Vec<Credential> {
            self.credentials.of(account)
        }

        #[ink(message)]
        fn encryption_key(&self, account: AccountId) -> Option<[u8; 32]> {
            self.keys.get(account)
        }

        #[ink(message)]
        fn record(&self, record: RecordId) -> Option<Record> {
            self.records.get(record)
        }

        #[ink(message)]
        fn is_authority(&self, account: AccountId) -> bool {
            self.credentials.is_authority(account)
        }

        #[ink(message)]
        fn governor(&self) -> AccountId {
            self.governor
        }

        #[ink(message)]
        fn consent_registry(&self) -> AccountId {
            self.consent_registry
        }
    }
}

#[cfg(test)]
mod tests;
