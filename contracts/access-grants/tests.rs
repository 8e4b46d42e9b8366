//! Rule by rule: setup, authorities and credentials. Each other subject has a file of its own; what holds for every
//! sequence of calls is in `properties.rs`. What asks the consent registry is tested on a node: the off-chain engine calls no
//! other contract.

#![allow(clippy::unwrap_used)]

#[path = "accreditation_tests.rs"]
mod accreditation;
#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "conditions_tests.rs"]
mod conditions;
#[path = "deposits_properties.rs"]
mod deposits;
#[path = "emergencies_tests.rs"]
mod emergencies;
#[path = "events_properties.rs"]
mod events;
#[path = "keys_tests.rs"]
mod keys;
#[path = "logs_tests.rs"]
mod logs;
#[path = "model.rs"]
mod model;
#[path = "properties.rs"]
mod properties;
#[path = "records_tests.rs"]
mod records;
#[path = "../testing.rs"]
mod testing;

use crate::access_grants::AccessGrants;
use crate::credentials::Credentials;
use common::{account, period};
use ink::primitives::AccountId;
use salus_domain::codes::{Class, Confidentiality, Role, RoleSet, Sensitivity, SensitivitySet};
use salus_domain::ids::Hash;
use salus_domain::money::Amount;
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessError, AccessGrants as _, AuthorityAdded, AuthorityRemoved, Credential, EmergencyTerms, ProviderCredentialed,
    RecordTerms, Refusal, Setup, Standing,
};
use testing::{at, calls, contract, count, id, new_chain, newest, owns};

const NOW: Timestamp = Timestamp(1_000);
const LATER: Timestamp = Timestamp(2_000);
const GOVERNOR: u8 = 1;
const AUTHORITY: u8 = 2;
const OTHER_AUTHORITY: u8 = 3;
const DOCTOR: u8 = 4;
const PATIENT: u8 = 5;
const HOSPITAL: u8 = 6;
const STRANGER: u8 = 7;
const REGISTRY: u8 = 0xAA;
/// What an account of the engine holds at least.
const EXISTENTIAL: u128 = 1_000_000;
const EMERGENCY_TERMS: EmergencyTerms = EmergencyTerms { bond: Amount(2 * EXISTENTIAL), access: 100, review: 300 };

fn blake2b_256(input: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    ink::env::hash_bytes::<ink::env::hash::Blake2x256>(input, &mut digest);
    digest
}

fn terms(commitment: u8) -> RecordTerms {
    RecordTerms {
        commitment: Hash([commitment; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::R,
        sensitivity: SensitivitySet::of(&[Sensitivity::Hiv, Sensitivity::Psy]),
        data_period: Some(period(10, 20)),
    }
}

fn credential(issuer: u8, organisation: u8, role: Role, valid_until: Timestamp) -> Credential {
    let (issuer, organisation) = (id(issuer), id(organisation));
    Credential { issuer, organisation, roles: role.into(), valid_until, standing: Standing::Good }
}

/// Access grants at [`NOW`] without anybody; the governor calls.
fn bare_grants() -> AccessGrants {
    new_chain();
    at(NOW);
    owns(contract(), EXISTENTIAL);
    ink::env::test::set_contract::<ink::env::DefaultEnvironment>(id(REGISTRY));
    calls(id(GOVERNOR));
    AccessGrants::new(id(REGISTRY), EMERGENCY_TERMS).unwrap()
}

/// The same with two authorities and without credentials; the governor calls.
fn grants() -> AccessGrants {
    let mut grants = bare_grants();
    for authority in [AUTHORITY, OTHER_AUTHORITY] {
        grants.add_authority(id(authority)).unwrap();
    }
    grants
}

/// The same, with a doctor at the hospital; the doctor calls.
fn grants_with_doctor() -> AccessGrants {
    let mut grants = grants();
    calls(id(AUTHORITY));
    grants.credential(id(DOCTOR), id(HOSPITAL), Role::Doctor.into(), LATER).unwrap();
    calls(id(DOCTOR));
    grants
}

fn principal(role: Role) -> Principal {
    Principal { account: account(DOCTOR), organisations: vec![account(HOSPITAL)], roles: role.into() }
}

/// How the doctor's credential for the hospital stands.
fn standing(grants: &AccessGrants) -> Option<Standing> {
    let credentials = grants.vouched(id(DOCTOR)).credentials;
    credentials.iter().find(|one| one.organisation == id(HOSPITAL)).map(|one| one.standing)
}

#[test]
fn a_registry_that_is_no_contract_is_refused() {
    new_chain();
    assert_eq!(AccessGrants::new(id(REGISTRY), EMERGENCY_TERMS).err(), Some(AccessError::NotAContract));
    let setup = Setup { governor: id(GOVERNOR), consent_registry: id(REGISTRY), emergency: EMERGENCY_TERMS };
    assert_eq!(grants().setup(), setup);
}

#[test]
fn terms_by_which_a_bond_cannot_be_paid_out_or_a_review_is_too_short_are_refused() {
    bare_grants();
    let new = |bond, access, review| {
        AccessGrants::new(id(REGISTRY), EmergencyTerms { bond: Amount(bond), access, review }).err()
    };
    assert_eq!(new(EXISTENTIAL, 1, 2), None);
    let year = 366 * salus_domain::time::DAY;
    assert_eq!(new(u128::MAX, year - 1, year), None);
    assert_eq!(new(EXISTENTIAL, 1, year + 1), Some(AccessError::BadTerms), "a bond is not locked up for good");
    for (bond, access, review) in
        [(EXISTENTIAL - 1, 1, 2), (0, 1, 2), (EXISTENTIAL, 0, 2), (EXISTENTIAL, 2, 2), (EXISTENTIAL, 3, 2)]
    {
        assert_eq!(new(bond, access, review), Some(AccessError::BadTerms));
    }
}

#[test]
fn only_the_governor_names_authorities() {
    let mut grants = grants();
    for caller in [AUTHORITY, DOCTOR, STRANGER] {
        calls(id(caller));
        assert_eq!(grants.add_authority(id(caller)), Err(AccessError::NotGovernor));
        assert_eq!(grants.remove_authority(id(AUTHORITY)), Err(AccessError::NotGovernor));
    }
    assert!(grants.vouched(id(AUTHORITY)).is_authority && !grants.vouched(id(STRANGER)).is_authority);
}

#[test]
fn an_authority_is_added_once_and_removed_once() {
    let mut grants = grants();
    assert_eq!(newest::<AuthorityAdded>(), AuthorityAdded { authority: id(OTHER_AUTHORITY) });
    let before = count();
    assert_eq!(grants.add_authority(id(AUTHORITY)), Ok(()));
    assert_eq!(count(), before, "doing it twice changes nothing");
    assert_eq!(grants.remove_authority(id(AUTHORITY)), Ok(()));
    assert_eq!(newest::<AuthorityRemoved>(), AuthorityRemoved { authority: id(AUTHORITY) });
    assert_eq!(grants.remove_authority(id(AUTHORITY)), Err(AccessError::NotFound));
    assert!(!grants.vouched(id(AUTHORITY)).is_authority);
}

#[test]
fn only_an_authority_vouches_and_suspends() {
    let mut grants = grants_with_doctor();
    for caller in [GOVERNOR, DOCTOR, STRANGER] {
        calls(id(caller));
        let vouch = grants.credential(id(caller), id(HOSPITAL), Role::Doctor.into(), LATER);
        assert_eq!(vouch, Err(AccessError::NotAuthority));
        assert_eq!(grants.suspend(id(DOCTOR), id(HOSPITAL), true), Err(AccessError::NotAuthority));
    }
    calls(id(OTHER_AUTHORITY));
    let vouch = grants.credential(id(DOCTOR), id(HOSPITAL), Role::Nurse.into(), LATER);
    assert_eq!(vouch, Err(AccessError::OtherIssuer));
    assert_eq!(grants.suspend(id(DOCTOR), id(HOSPITAL), false), Err(AccessError::OtherIssuer));
    assert_eq!(grants.suspend(id(DOCTOR), id(STRANGER), true), Err(AccessError::NotFound));
    assert_eq!(grants.vouched(id(DOCTOR)).credentials, [credential(AUTHORITY, HOSPITAL, Role::Doctor, LATER)]);
}

#[test]
fn a_credential_needs_a_role_and_a_time() {
    let mut grants = grants();
    calls(id(AUTHORITY));
    let mut vouch = |roles: RoleSet, until| grants.credential(id(DOCTOR), id(HOSPITAL), roles, until);
    assert_eq!(vouch(RoleSet::EMPTY, LATER), Err(AccessError::NoRoles));
    assert_eq!(vouch(Role::Doctor.into(), NOW), Err(AccessError::AlreadyOver));
    assert_eq!(vouch(Role::Doctor.into(), NOW.plus(1)), Ok(()));
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));
    at(NOW.plus(1));
    assert_eq!(grants.principal(id(DOCTOR)), None, "over to the millisecond");
}

#[test]
fn vouching_again_replaces_and_ends_a_suspension() {
    let mut grants = grants_with_doctor();
    let (provider, organisation) = (id(DOCTOR), id(HOSPITAL));
    let good = credential(AUTHORITY, HOSPITAL, Role::Doctor, LATER);
    assert_eq!(newest::<ProviderCredentialed>(), ProviderCredentialed { provider, credential: good });
    calls(id(AUTHORITY));
    grants.suspend(provider, organisation, true).unwrap();
    let suspended = Credential { standing: Standing::Suspended, ..good };
    assert_eq!(newest::<ProviderCredentialed>(), ProviderCredentialed { provider, credential: suspended });
    assert_eq!(grants.principal(provider), None);
    grants.suspend(provider, organisation, false).unwrap();
    assert_eq!(newest::<ProviderCredentialed>(), ProviderCredentialed { provider, credential: good });
    assert_eq!(grants.principal(provider), Some(principal(Role::Doctor)));
    grants.suspend(provider, organisation, true).unwrap();
    grants.credential(provider, organisation, Role::Nurse.into(), LATER).unwrap();
    assert_eq!(grants.principal(provider), Some(principal(Role::Nurse)));
}

#[test]
fn what_a_removed_authority_vouched_for_is_void_and_holds_nobody_back() {
    let mut grants = grants_with_doctor();
    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    assert_eq!(grants.principal(id(DOCTOR)), None);
    calls(id(AUTHORITY));
    assert_eq!(grants.suspend(id(DOCTOR), id(HOSPITAL), true), Err(AccessError::NotAuthority));
    calls(id(OTHER_AUTHORITY));
    grants.credential(id(DOCTOR), id(HOSPITAL), Role::Nurse.into(), LATER).unwrap();
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Nurse)));
}

#[test]
fn a_provider_works_for_eight_organisations_and_those_that_are_void_or_over_make_room() {
    let mut grants = grants();
    let doctor = Role::Doctor.into();
    for organisation in 10..14 {
        calls(id(AUTHORITY));
        grants.credential(id(DOCTOR), id(organisation), doctor, LATER).unwrap();
        calls(id(OTHER_AUTHORITY));
        let until = if organisation == 10 { NOW.plus(1) } else { LATER };
        grants.credential(id(DOCTOR), id(organisation + 10), doctor, until).unwrap();
    }
    assert_eq!(grants.vouched(id(DOCTOR)).credentials.len(), Principal::MAX_ORGANISATIONS);
    let one_more = grants.credential(id(DOCTOR), id(HOSPITAL), doctor, LATER);
    assert_eq!(one_more, Err(AccessError::TooManyCredentials));
    assert_eq!(grants.credential(id(DOCTOR), id(21), Role::Nurse.into(), LATER), Ok(()), "it replaces one");

    at(NOW.plus(1));
    assert_eq!(grants.credential(id(DOCTOR), id(HOSPITAL), doctor, LATER), Ok(()));
    let kept = |grants: &AccessGrants| -> Vec<AccountId> {
        grants.vouched(id(DOCTOR)).credentials.iter().map(|one| one.organisation).collect()
    };
    assert_eq!(kept(&grants), [10, HOSPITAL, 11, 21, 12, 22, 13, 23].map(id), "in the place of what is over");
    assert_eq!(grants.credential(id(DOCTOR), id(STRANGER), doctor, LATER), Err(AccessError::TooManyCredentials));

    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    calls(id(OTHER_AUTHORITY));
    assert_eq!(grants.credential(id(DOCTOR), id(STRANGER), doctor, LATER), Ok(()));
    assert_eq!(kept(&grants), [STRANGER, HOSPITAL, 11, 21, 12, 22, 13, 23].map(id));
}

#[test]
fn of_several_reasons_the_one_closest_to_being_let_in_is_named() {
    let vouch = |which: &[u8]| {
        new_chain();
        let mut credentials = Credentials::default();
        credentials.add_authority(id(AUTHORITY));
        credentials.add_authority(id(OTHER_AUTHORITY));
        for kind in which {
            let (issuer, until) = match kind {
                b'v' => (OTHER_AUTHORITY, LATER),
                b'o' => (AUTHORITY, NOW),
                _ => (AUTHORITY, LATER),
            };
            let one = credential(issuer, *kind, Role::Doctor, until);
            credentials.vouch(id(DOCTOR), one, Timestamp(0)).unwrap();
            if *kind == b's' {
                credentials.suspend(id(AUTHORITY), id(DOCTOR), id(*kind), true).unwrap();
            }
        }
        credentials.remove_authority(id(OTHER_AUTHORITY)).unwrap();
        let valid = credentials.valid(id(DOCTOR), NOW)?;
        assert_eq!(valid.until, LATER);
        Ok(valid.principal.organisations)
    };
    // v(oid), o(ver), s(uspended), g(ood).
    assert_eq!(vouch(b""), Err(Refusal::NotCredentialed));
    assert_eq!(vouch(b"v"), Err(Refusal::NotCredentialed));
    for which in [b"o".as_slice(), b"vo", b"ov"] {
        assert_eq!(vouch(which), Err(Refusal::CredentialExpired));
    }
    for which in [b"s".as_slice(), b"vs", b"so", b"os", b"osv"] {
        assert_eq!(vouch(which), Err(Refusal::CredentialSuspended));
    }
    for which in [b"g".as_slice(), b"sog", b"gvso"] {
        assert_eq!(vouch(which), Ok(vec![account(b'g')]), "and only the good one counts");
    }
}
