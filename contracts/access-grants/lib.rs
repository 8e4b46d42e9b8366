//! Access grants. What each message does stands on the trait: [`salus_interface::access::AccessGrants`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod conditions;
mod credentials;
mod emergencies;
mod keys;
mod logs;
mod records;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod access_grants {
    use crate::conditions::Conditions;
    use crate::credentials::{Credentials, Valid};
    use crate::emergencies::{self, Emergencies, Payout};
    use crate::keys::Keys;
    use crate::logs::Logs;
    use crate::records::{access_request, Records};
    use ink::codegen::TraitCallBuilder;
    use ink::env::hash::{Blake2x256, Sha2x256};
    use ink::prelude::vec::Vec;
    use salus_domain::codes::{Action, Power, Purpose, RoleSet};
    use salus_domain::commitment::{link_group, record_id, redemption};
    use salus_domain::evaluate::{Answer, Evaluation};
    use salus_domain::ids::{self, RecordId};
    use salus_domain::request::{Principal, Request};
    use salus_domain::time;
    use salus_interface::access::{
        self, AccessDecided, AccessDecision, AccessError, Accreditation, Agreement, AgreementChanged, Anchor,
        AuthorityAdded, AuthorityRemoved, Condition, ConditionSet, Credential, Emergency, EmergencyChanged,
        EmergencyGround, EmergencyState, EmergencyTerms, Finding, Ground, KeyPublished, KeyRevoked, LinkRedeemed, Log,
        OrganisationAccredited, ProviderCredentialed, Record, RecordAmended, RecordErased, RecordRegistered,
        RecordTerms, Redemption, Refusal, Release, ReleaseLogged, RootAnchored, Setup, Side, Standing, Vouched,
        PERMIT_LIFETIME,
    };
    use salus_interface::consent::ConsentRegistry;
    use salus_interface::{account, answer, emit, keep_apart};

    /// Holds credentials, encryption keys, commitments to records, emergencies with their bonds, and anchors of logs. Access
    /// itself leaves only events. The root never changes: every message ends by [`answer`].
    #[ink(storage)]
    pub struct AccessGrants {
        setup: Setup,
        credentials: Credentials,
        keys: Keys,
        records: Records,
        conditions: Conditions,
        emergencies: Emergencies,
        logs: Logs,
    }

    /// A request for access, as it is decided.
    struct Asked {
        accessor: AccountId,
        record: RecordId,
        purpose: Purpose,
        action: Action,
        link: Option<AccountId>,
    }

    /// Why access is not granted.
    enum No {
        /// That is the answer.
        Refused(Refusal),
        /// There is no answer.
        Failed(AccessError),
    }

    impl AccessGrants {
        /// Access grants that ask `consent_registry`, with the caller as governor. An emergency costs and allows what
        /// `emergency_terms` says, for good.
        ///
        /// # Errors
        /// [`AccessError::NotAContract`] where `consent_registry` is not one; [`AccessError::BadTerms`].
        #[ink(constructor)]
        pub fn new(consent_registry: AccountId, emergency_terms: EmergencyTerms) -> Result<Self, AccessError> {
            if !Self::env().is_contract(&consent_registry) {
                return Err(AccessError::NotAContract);
            }
            emergencies::ensure_well_formed(&emergency_terms, Self::env().minimum_balance())?;
            keep_apart!(AccessGrants as access::AccessGrants: accredit, credential, suspend, register_record, amend_record, erase_record, set_condition, set_agreement, redeem, request_access, break_glass, dispute, review, anchor, log_release, verify_inclusion);
            Ok(Self {
                setup: Setup { governor: Self::env().caller(), consent_registry, emergency: emergency_terms },
                credentials: Credentials::default(),
                keys: Keys::default(),
                records: Records::default(),
                conditions: Conditions::default(),
                emergencies: Emergencies::default(),
                logs: Logs::default(),
            })
        }

        fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }

        fn ensure_governor(&self) -> Result<(), AccessError> {
            if self.env().caller() == self.setup.governor {
                Ok(())
            } else {
                Err(AccessError::NotGovernor)
            }
        }

        /// The guard of what only credentialed providers may do.
        fn ensure_credentialed(&self, caller: AccountId) -> Result<(), AccessError> {
            self.credentials.valid(caller, self.now()).map(drop).map_err(|_| AccessError::NotCredentialed)
        }

        /// The guard of what only the patient and credentialed providers may do.
        fn ensure_may_describe(&self, caller: AccountId, patient: AccountId) -> Result<(), AccessError> {
            if caller == patient {
                return Ok(());
            }
            self.ensure_credentialed(caller)
        }

        /// The guard of what only the patient may do, and whom the patient gave power over records.
        fn ensure_patient(&self, caller: AccountId, patient: AccountId) -> Result<(), AccessError> {
            if caller == patient {
                return Ok(());
            }
            let mandate = self.registry().call().mandate(patient, caller).try_invoke();
            let mandate = mandate.ok().and_then(Result::ok).ok_or(AccessError::ConsentRegistryFailed)?;
            if mandate.is_some_and(|mandate| mandate.allows(Power::Records, self.now())) {
                Ok(())
            } else {
                Err(AccessError::NotPatient)
            }
        }

        fn registry(&self) -> ink::contract_ref!(ConsentRegistry) {
            self.setup.consent_registry.into()
        }

        fn ask_registry(&self, patient: AccountId, request: Request) -> Result<Evaluation, AccessError> {
            let answer = self.registry().call().decide(patient, request).try_invoke();
            answer.ok().and_then(Result::ok).ok_or(AccessError::ConsentRegistryFailed)
        }

        fn decide(&self, asked: &Asked, record: &Record) -> Result<AccessDecision, AccessError> {
            match self.ground(asked, record) {
                Ok((ground, until)) => {
                    let until = until.min(self.now().plus(PERMIT_LIFETIME));
                    Ok(AccessDecision::Permitted { version: record.version, ground, until })
                }
                Err(No::Refused(refusal)) => Ok(AccessDecision::Refused(refusal)),
                Err(No::Failed(error)) => Err(error),
            }
        }

        /// On what ground access is granted, and until when that holds.
        fn ground(&self, asked: &Asked, record: &Record) -> Result<(Ground, time::Timestamp), No> {
            let Asked { accessor, purpose, action, .. } = *asked;
            let now = self.now();
            if record.erased {
                return Err(No::Refused(Refusal::Erased));
            }
            if accessor == record.patient {
                return Ok((Ground::Patient, time::Timestamp::MAX));
            }
            let Valid { mut principal, until } = self.credentials.valid(accessor, now).map_err(No::Refused)?;
            if purpose == Purpose::Btg {
                if let Some(emergency) = self.emergencies.in_force(accessor, record.patient, now) {
                    let ground = Ground::Emergency { number: emergency.number };
                    return Ok((ground, until.min(emergency.access_until)));
                }
            }
            if let Some(link) = asked.link {
                if self.keys.redemption(link).is_none_or(|redemption| redemption.provider != accessor) {
                    return Err(No::Refused(Refusal::NotRedeemed));
                }
                principal.organisations.push(link_group(&blake2b_256, account(link)));
            }
            let evaluation = self.ask_registry(record.patient, access_request(principal, record, purpose, action));
            let evaluation = evaluation.map_err(No::Failed)?;
            if evaluation.answer == Answer::NoConsent {
                return Err(No::Refused(Refusal::NoConsent));
            }
            // An answer that names no consent is none that a registry gives.
            let consent = evaluation.deciding.first().copied();
            let consent = consent.ok_or(No::Failed(AccessError::ConsentRegistryFailed))?;
            if evaluation.answer == Answer::Deny {
                return Err(No::Refused(Refusal::DeniedBy(consent)));
            }
            let agreed = self.conditions.met_until(asked.record, record, accessor, purpose, now);
            let agreed_until = agreed.ok_or(No::Refused(Refusal::NotAgreed))?;
            Ok((Ground::Consent(consent), until.min(agreed_until)))
        }

        /// The effects come first; a transfer that fails takes them back.
        fn pay_out(
            &self,
            provider: AccountId,
            patient: AccountId,
            by: AccountId,
            Payout { emergency, to }: &Payout,
        ) -> Result<(), AccessError> {
            self.env().transfer(*to, emergency.bond.0).map_err(|_| AccessError::TransferFailed)?;
            emit(EmergencyChanged { patient, provider, by, emergency: *emergency });
            Ok(())
        }
    }

    fn blake2b_256(input: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        ink::env::hash_bytes::<Blake2x256>(input, &mut digest);
        digest
    }

    fn sha_256(input: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        ink::env::hash_bytes::<Sha2x256>(input, &mut digest);
        digest
    }

    impl access::AccessGrants for AccessGrants {
        #[ink(message)]
        fn add_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
            self.ensure_governor()?;
            if self.credentials.add_authority(authority) {
                emit(AuthorityAdded { authority });
            }
            answer(Ok(()))
        }

        #[ink(message)]
        fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
            self.ensure_governor()?;
            self.credentials.remove_authority(authority)?;
            emit(AuthorityRemoved { authority });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn accredit(
            &mut self,
            organisation: AccountId,
            roles: RoleSet,
            valid_until: time::Timestamp,
            suspended: bool,
        ) -> Result<(), AccessError> {
            let authority = self.credentials.ensure_authority(self.env().caller())?;
            let accreditation = Accreditation { authority, roles, valid_until, suspended };
            let now = self.now();
            self.credentials.accredit(organisation, &accreditation, now)?;
            emit(OrganisationAccredited { organisation, accreditation });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn credential(
            &mut self,
            provider: AccountId,
            organisation: AccountId,
            roles: RoleSet,
            valid_until: time::Timestamp,
        ) -> Result<(), AccessError> {
            let now = self.now();
            let issuer = self.credentials.ensure_issuer(self.env().caller(), organisation, roles, now)?;
            let credential = Credential { issuer, organisation, roles, valid_until, standing: Standing::Good };
            self.credentials.vouch(provider, credential, now)?;
            emit(ProviderCredentialed { provider, credential });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn suspend(
            &mut self,
            provider: AccountId,
            organisation: AccountId,
            suspended: bool,
        ) -> Result<(), AccessError> {
            let caller = self.env().caller();
            let credential = self.credentials.suspend(caller, provider, organisation, suspended)?;
            emit(ProviderCredentialed { provider, credential });
            answer(Ok(()))
        }

        #[ink(message)]
        fn publish_key(&mut self, key: [u8; 32]) -> Result<(), AccessError> {
            let account = self.env().caller();
            self.keys.publish(account, &key)?;
            emit(KeyPublished { account, key });
            answer(Ok(()))
        }

        #[ink(message)]
        fn revoke_key(&mut self) -> Result<(), AccessError> {
            let account = self.env().caller();
            self.keys.revoke(account)?;
            emit(KeyRevoked { account });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn register_record(&mut self, patient: AccountId, record: RecordTerms) -> Result<RecordId, AccessError> {
            let custodian = self.env().caller();
            self.ensure_may_describe(custodian, patient)?;
            let id = record_id(&blake2b_256, account(custodian), record.commitment);
            self.records.register(id, patient, custodian, record)?;
            emit(RecordRegistered { patient, record: id, custodian, terms: record });
            answer(Ok(id))
        }

        #[ink(message)]
        #[inline(never)]
        fn amend_record(&mut self, record: RecordId, terms: RecordTerms) -> Result<u32, AccessError> {
            let custodian = self.env().caller();
            let mut known = self.records.of_custodian(record, custodian)?;
            self.ensure_may_describe(custodian, known.patient)?;
            let patient = known.patient;
            let version = self.records.amend(record, &mut known, terms)?;
            emit(RecordAmended { patient, record, version, terms });
            answer(Ok(version))
        }

        #[ink(message)]
        #[inline(never)]
        fn erase_record(&mut self, record: RecordId) -> Result<(), AccessError> {
            let by = self.env().caller();
            let mut known = self.records.standing(record)?;
            let patient = known.patient;
            self.ensure_patient(by, patient)?;
            self.records.erase(record, &mut known);
            emit(RecordErased { patient, record, by });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn set_condition(&mut self, record: RecordId, condition: Option<Condition>) -> Result<(), AccessError> {
            let caller = self.env().caller();
            let (mut known, side) = self.records.of_side(record, caller)?;
            let patient = known.patient;
            self.ensure_may_describe(caller, patient)?;
            if known.erased && condition.is_some() {
                return Err(AccessError::Erased);
            }
            self.conditions.set(record, side, condition.as_ref())?;
            self.records.note_condition(record, &mut known, side, condition.is_some());
            emit(ConditionSet { patient, record, side, condition });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn set_agreement(
            &mut self,
            record: RecordId,
            accessor: AccountId,
            agreement: Option<Agreement>,
        ) -> Result<(), AccessError> {
            let (party, now) = (self.env().caller(), self.now());
            let known = self.records.get(record).ok_or(AccessError::NotFound)?;
            match &agreement {
                Some(_) if known.erased => return Err(AccessError::Erased),
                Some(agreement) => {
                    self.conditions.ensure_party(record, &known, &party)?;
                    self.conditions.agree(record, accessor, party, agreement, now)?;
                }
                None => self.conditions.disagree(record, accessor, party)?,
            }
            emit(AgreementChanged { patient: known.patient, record, accessor, party, agreement });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn redeem(&mut self, link: AccountId, key: [u8; 32], signature: [u8; 64]) -> Result<(), AccessError> {
            let provider = self.env().caller();
            self.ensure_credentialed(provider)?;
            let this = account(self.env().account_id());
            let signed = redemption(&blake2b_256, this, account(link), account(provider), key);
            let verified = self.env().sr25519_verify(&signature, &signed, link.as_ref()).is_ok();
            if self.keys.redeem(link, &Redemption { provider, key }, verified)? {
                emit(LinkRedeemed { link, provider, key });
            }
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn request_access(
            &mut self,
            record: RecordId,
            purpose: Purpose,
            action: Action,
            link: Option<AccountId>,
        ) -> Result<AccessDecision, AccessError> {
            let accessor = self.env().caller();
            let known = self.records.get(record).ok_or(AccessError::NotFound)?;
            let decision = self.decide(&Asked { accessor, record, purpose, action, link }, &known)?;
            let patient = known.patient;
            emit(AccessDecided { patient, record, accessor, purpose, action, link, decision });
            answer(Ok(decision))
        }

        #[ink(message)]
        fn may_access(
            &self,
            accessor: AccountId,
            record: RecordId,
            purpose: Purpose,
            action: Action,
            link: Option<AccountId>,
        ) -> Result<AccessDecision, AccessError> {
            let known = self.records.get(record).ok_or(AccessError::NotFound)?;
            self.decide(&Asked { accessor, record, purpose, action, link }, &known)
        }

        #[ink(message, payable)]
        #[inline(never)]
        fn break_glass(
            &mut self,
            patient: AccountId,
            ground: EmergencyGround,
            statement: ids::Hash,
        ) -> Result<(), AccessError> {
            let (provider, now) = (self.env().caller(), self.now());
            self.ensure_credentialed(provider)?;
            // What is paid to this contract could not be paid out.
            if patient == self.env().account_id() {
                return Err(AccessError::OwnEmergency);
            }
            if self.env().transferred_value() != self.setup.emergency.bond.0 {
                return Err(AccessError::WrongBond);
            }
            let emergency =
                self.emergencies.open(provider, patient, &self.setup.emergency, (ground, statement), now)?;
            emit(EmergencyChanged { patient, provider, by: provider, emergency });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn dispute(&mut self, patient: AccountId, provider: AccountId) -> Result<(), AccessError> {
            let (by, now) = (self.env().caller(), self.now());
            self.ensure_patient(by, patient)?;
            let emergency = self.emergencies.dispute(provider, patient, now)?;
            emit(EmergencyChanged { patient, provider, by, emergency });
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn review(&mut self, provider: AccountId, patient: AccountId, finding: Finding) -> Result<(), AccessError> {
            let (reviewer, now) = (self.credentials.ensure_authority(self.env().caller())?, self.now());
            let payout = self.emergencies.review(reviewer, provider, patient, finding, now)?;
            if payout.emergency.state == EmergencyState::Barred {
                self.credentials.bar(provider);
            }
            answer(self.pay_out(provider, patient, reviewer, &payout))
        }

        #[ink(message)]
        fn forfeit(&mut self, provider: AccountId, patient: AccountId) -> Result<(), AccessError> {
            let now = self.now();
            let payout = self.emergencies.forfeit(provider, patient, now)?;
            answer(self.pay_out(provider, patient, self.env().caller(), &payout))
        }

        #[ink(message)]
        #[inline(never)]
        fn anchor(&mut self, size: u64, root: ids::Hash, proof: Vec<ids::Hash>) -> Result<(), AccessError> {
            let (log, at) = (self.env().caller(), self.now());
            let anchor = Anchor { size, root, at };
            if let Some((previous_size, previous_root)) = self.logs.anchor(&sha_256, log, anchor, &proof)? {
                emit(RootAnchored { log, anchor, previous_size, previous_root });
            }
            answer(Ok(()))
        }

        #[ink(message)]
        #[inline(never)]
        fn log_release(&mut self, number: u64, release: Release) -> Result<(), AccessError> {
            let log = self.env().caller();
            self.logs.take_number(log, number)?;
            emit(ReleaseLogged { log, number, release });
            answer(Ok(()))
        }

        #[ink(message)]
        fn principal(&self, account: AccountId) -> Option<Principal> {
            self.credentials.valid(account, self.now()).ok().map(|valid| valid.principal)
        }

        #[ink(message)]
        fn vouched(&self, account: AccountId) -> Vouched {
            Vouched {
                is_authority: self.credentials.is_authority(account),
                accreditation: self.credentials.accreditation(account),
                credentials: self.credentials.of(account),
            }
        }

        #[ink(message)]
        fn encryption_key(&self, account: AccountId) -> Option<[u8; 32]> {
            self.keys.of(account)
        }

        #[ink(message)]
        fn record(&self, record: RecordId) -> Option<Record> {
            self.records.get(record).map(|record| *record)
        }

        #[ink(message)]
        fn condition(&self, record: RecordId, side: Side) -> Option<Condition> {
            self.conditions.get(record, side)
        }

        #[ink(message)]
        fn redemption(&self, link: AccountId) -> Option<Redemption> {
            self.keys.redemption(link)
        }

        #[ink(message)]
        fn emergency(&self, provider: AccountId, patient: AccountId) -> Option<Emergency> {
            self.emergencies.get(provider, patient)
        }

        #[ink(message)]
        fn log(&self, account: AccountId) -> Log {
            self.logs.get(account)
        }

        #[ink(message)]
        #[inline(never)]
        fn verify_inclusion(&self, log: AccountId, leaf: ids::Hash, index: u64, proof: Vec<ids::Hash>) -> bool {
            self.logs.has(&sha_256, log, (leaf, index), &proof)
        }

        #[ink(message)]
        fn setup(&self) -> Setup {
            self.setup
        }
    }
}

#[cfg(test)]
mod tests;
