//! What holds after every sequence of calls by anybody, against models that are plain lists.

use super::common::cases;
use super::testing::{at, calls, count, id, new_chain};
use super::{is_weak, terms, AccessGrants};
use ink::primitives::AccountId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use salus_domain::codes::{Role, RoleSet};
use salus_domain::ids::RecordId;
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessError, AccessGrants as _, Credential, Record};
use std::collections::BTreeMap;

/// Who calls and is spoken of: the governor is 0, authorities are some of 0 to 3, providers 4 and 5.
const PEOPLE: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    Add(u8, u8),
    Remove(u8, u8),
    Vouch(u8, u8, u8, Vec<Role>, u64),
    Suspend(u8, u8, u8, bool),
    Register(u8, u8, u8),
    Amend(u8, usize, u8),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let anybody = || 0..PEOPLE;
    let governor = || prop_oneof![6 => Just(0u8), 1 => anybody()];
    let authority = || prop_oneof![6 => 0..4u8, 1 => anybody()];
    let provider = || 4..PEOPLE;
    let organisation = || 50..62u8;
    let roles = || vec(select(vec![Role::Doctor, Role::Nurse]), 0..3);
    prop_oneof![
        3 => (governor(), 0..4u8).prop_map(|(caller, named)| Step::Add(caller, named)),
        1 => (governor(), 0..4u8).prop_map(|(caller, named)| Step::Remove(caller, named)),
        12 => (authority(), provider(), organisation(), roles(), 0..30u64)
            .prop_map(|(caller, provider, place, roles, until)| Step::Vouch(caller, provider, place, roles, until)),
        4 => (authority(), provider(), organisation(), any::<bool>())
            .prop_map(|(caller, provider, place, suspended)| Step::Suspend(caller, provider, place, suspended)),
        3 => (anybody(), anybody(), 0..4u8).prop_map(|(caller, patient, number)| Step::Register(caller, patient, number)),
        3 => (anybody(), 0..4usize, 0..4u8).prop_map(|(caller, record, number)| Step::Amend(caller, record, number)),
        2 => (1..4u64).prop_map(Step::Wait),
    ]
}

#[derive(Debug, Default)]
struct Model {
    now: Timestamp,
    authorities: Vec<AccountId>,
    vouched: BTreeMap<AccountId, Vec<Credential>>,
    /// Who registered which commitment.
    registered: Vec<(u8, u8)>,
    records: Vec<(RecordId, Record)>,
}

impl Model {
    fn is_valid(&self, credential: &Credential) -> bool {
        self.authorities.contains(&credential.authority) && credential.valid_until > self.now && !credential.suspended
    }

    fn principal(&self, provider: AccountId) -> Option<Principal> {
        let all = self.vouched.get(&provider)?;
        let valid: Vec<_> = all.iter().filter(|credential| self.is_valid(credential)).collect();
        let roles = valid.iter().fold(RoleSet::EMPTY, |roles, one| roles.union(one.roles));
        let organisations: Vec<_> = valid.iter().map(|one| salus_interface::account(one.organisation)).collect();
        let account = salus_interface::account(provider);
        (!organisations.is_empty()).then_some(Principal { account, organisations, roles })
    }

    fn vouch(&mut self, caller: AccountId, provider: AccountId, new: Credential) -> Result<(), AccessError> {
        if !self.authorities.contains(&caller) {
            return Err(AccessError::NotAuthority);
        }
        if new.roles.is_empty() {
            return Err(AccessError::NoRoles);
        }
        if new.valid_until <= self.now {
            return Err(AccessError::AlreadyOver);
        }
        let all = self.vouched.entry(provider).or_default();
        if let Some(known) = all.iter_mut().find(|known| known.organisation == new.organisation) {
            if known.authority != caller && self.authorities.contains(&known.authority) {
                return Err(AccessError::OtherAuthority);
            }
        }
        let lasts = |known: &Credential| self.authorities.contains(&known.authority) && known.valid_until > self.now;
        let known = |known: &Credential| known.organisation == new.organisation;
        if all.len() == Principal::MAX_ORGANISATIONS {
            if all.iter().all(|one| lasts(one) && !known(one)) {
                return Err(AccessError::TooManyCredentials);
            }
            all.retain(|one| known(one) || lasts(one));
        }
        match all.iter_mut().find(|one| known(one)) {
            Some(place) => *place = new,
            None => all.push(new),
        }
        Ok(())
    }

    fn suspend(
        &mut self,
        caller: AccountId,
        provider: AccountId,
        organisation: AccountId,
        suspended: bool,
    ) -> Result<(), AccessError> {
        if !self.authorities.contains(&caller) {
            return Err(AccessError::NotAuthority);
        }
        let all = self.vouched.entry(provider).or_default();
        let known = all.iter_mut().find(|one| one.organisation == organisation).ok_or(AccessError::NotFound)?;
        if known.authority != caller {
            return Err(AccessError::OtherAuthority);
        }
        known.suspended = suspended;
        Ok(())
    }
}

/// Takes one step in the contract and in the model; says how many events it is worth.
fn take(grants: &mut AccessGrants, model: &mut Model, step: Step) -> Result<usize, TestCaseError> {
    let told = match step {
        Step::Wait(time) => {
            model.now = model.now.plus(time);
            at(model.now);
            0
        }
        Step::Add(caller, named) => {
            calls(id(caller));
            let expected = if caller == 0 { Ok(()) } else { Err(AccessError::NotGovernor) };
            prop_assert_eq!(grants.add_authority(id(named)), expected);
            let is_new = caller == 0 && !model.authorities.contains(&id(named));
            model.authorities.extend(is_new.then_some(id(named)));
            usize::from(is_new)
        }
        Step::Remove(caller, named) => {
            calls(id(caller));
            let known = model.authorities.iter().position(|one| *one == id(named));
            let expected = match known {
                _ if caller != 0 => Err(AccessError::NotGovernor),
                None => Err(AccessError::NotFound),
                Some(place) => {
                    model.authorities.remove(place);
                    Ok(())
                }
            };
            prop_assert_eq!(grants.remove_authority(id(named)), expected);
            usize::from(expected.is_ok())
        }
        Step::Vouch(caller, provider, organisation, roles, until) => {
            calls(id(caller));
            let roles: RoleSet = roles.into_iter().collect();
            let (authority, organisation, valid_until) = (id(caller), id(organisation), Timestamp(until));
            let new = Credential { authority, organisation, roles, valid_until, suspended: false };
            let expected = model.vouch(authority, id(provider), new);
            prop_assert_eq!(grants.credential(id(provider), organisation, roles, valid_until), expected);
            usize::from(expected.is_ok())
        }
        Step::Suspend(caller, provider, organisation, suspended) => {
            calls(id(caller));
            let expected = model.suspend(id(caller), id(provider), id(organisation), suspended);
            prop_assert_eq!(grants.suspend(id(provider), id(organisation), suspended), expected);
            usize::from(expected.is_ok())
        }
        Step::Register(caller, patient, number) => {
            calls(id(caller));
            let done = grants.register_record(id(patient), terms(number));
            if caller != patient && model.principal(id(caller)).is_none() {
                prop_assert_eq!(done, Err(AccessError::NotCredentialed));
            } else if model.registered.contains(&(caller, number)) {
                prop_assert_eq!(done, Err(AccessError::AlreadyRegistered));
            } else {
                let (patient, custodian) = (id(patient), id(caller));
                let record = Record { patient, custodian, version: 1, terms: terms(number) };
                model.records.push((done.unwrap(), record));
                model.registered.push((caller, number));
            }
            usize::from(done.is_ok())
        }
        Step::Amend(caller, place, number) => {
            calls(id(caller));
            let Some(patient) = model.records.get(place).map(|(_, known)| known.patient) else { return Ok(0) };
            let may_describe = id(caller) == patient || model.principal(id(caller)).is_some();
            let Some((record, known)) = model.records.get_mut(place) else { return Ok(0) };
            let done = grants.amend_record(*record, terms(number));
            if known.custodian == id(caller) && !may_describe {
                prop_assert_eq!(done, Err(AccessError::NotCredentialed));
            } else if known.custodian == id(caller) {
                *known = Record { version: known.version + 1, terms: terms(number), ..*known };
                prop_assert_eq!(done, Ok(known.version));
            } else {
                prop_assert_eq!(done, Err(AccessError::NotCustodian));
            }
            usize::from(done.is_ok())
        }
    };
    Ok(told)
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn whoever_counts_is_vouched_for_now_by_an_authority(steps in vec(steps(), 0..80)) {
        new_chain();
        ink::env::test::set_contract::<ink::env::DefaultEnvironment>(id(0xAA));
        calls(id(0));
        let mut grants = AccessGrants::new(id(0xAA)).unwrap();
        let mut model = Model::default();
        for step in steps {
            let before = count();
            let told = take(&mut grants, &mut model, step)?;
            prop_assert_eq!(count() - before, told, "one event for each change, none for a refusal");
            for person in 0..PEOPLE {
                prop_assert_eq!(grants.principal(id(person)), model.principal(id(person)));
                let kept = grants.credentials(id(person));
                prop_assert!(kept.len() <= Principal::MAX_ORGANISATIONS);
                prop_assert_eq!(Some(kept), model.vouched.get(&id(person)).cloned().or(Some(Vec::new())));
                prop_assert_eq!(grants.is_authority(id(person)), model.authorities.contains(&id(person)));
            }
            for (record, known) in &model.records {
                prop_assert_eq!(grants.record(*record), Some(*known));
            }
        }
    }

    #[test]
    fn a_random_key_is_not_weak(key in any::<[u8; 32]>()) {
        prop_assert!(!is_weak(&key));
    }
}
