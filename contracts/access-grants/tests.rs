//! Rule by rule; records and access to them are in `records_tests.rs`, what holds for every sequence of calls in
//! `properties.rs`. What asks the consent registry is tested on a node: the off-chain engine calls no other contract.

#![allow(clippy::unwrap_used)]

#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "properties.rs"]
mod properties;
#[path = "records_tests.rs"]
mod records;
#[path = "../testing.rs"]
mod testing;

use crate::access_grants::AccessGrants;
use crate::credentials::{is_weak, Credentials};
use crate::records::{access_request, Records};
use common::{account, period};
use ink::primitives::AccountId;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Role, RoleSet, Sensitivity, SensitivitySet};
use salus_domain::commitment::record_id;
use salus_domain::ids::{Hash, RecordId};
use salus_domain::request::{Principal, Request};
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessDecided, AccessDecision, AccessError, AccessGrants as _, AuthorityAdded, AuthorityRemoved, Credential,
    CredentialReinstated, CredentialSuspended, Ground, KeyPublished, ProviderCredentialed, Record, RecordAmended,
    RecordRegistered, RecordTerms, Refusal,
};
use testing::{at, calls, count, id, new_chain, newest, write_cell};

const NOW: Timestamp = Timestamp(1_000);
const LATER: Timestamp = Timestamp(2_000);
const GOVERNOR: u8 = 1;
const AUTHORITY: u8 = 2;
const OTHER_AUTHORITY: u8 = 3;
const DOCTOR: u8 = 4;
const PATIENT: u8 = 5;
const HOSPITAL: u8 = 6;
const STRANGER: u8 = 7;

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

fn credential(authority: u8, organisation: u8, role: Role, valid_until: Timestamp) -> Credential {
    Credential {
        authority: id(authority),
        organisation: id(organisation),
        roles: role.into(),
        valid_until,
        suspended: false,
    }
}

/// Access grants at [`NOW`] with two authorities and without credentials; the governor calls.
fn grants() -> AccessGrants {
    new_chain();
    at(NOW);
    let registry = id(0xAA);
    ink::env::test::set_contract::<ink::env::DefaultEnvironment>(registry);
    calls(id(GOVERNOR));
    let mut grants = AccessGrants::new(registry).unwrap();
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

#[test]
fn a_registry_that_is_no_contract_is_refused() {
    new_chain();
    assert_eq!(AccessGrants::new(id(0xAA)).err(), Some(AccessError::NotAContract));
    let grants = grants();
    assert_eq!(grants.consent_registry(), id(0xAA));
    assert_eq!(grants.governor(), id(GOVERNOR));
}

#[test]
fn only_the_governor_names_authorities() {
    let mut grants = grants();
    for caller in [AUTHORITY, DOCTOR, STRANGER] {
        calls(id(caller));
        assert_eq!(grants.add_authority(id(caller)), Err(AccessError::NotGovernor));
        assert_eq!(grants.remove_authority(id(AUTHORITY)), Err(AccessError::NotGovernor));
    }
    assert!(grants.is_authority(id(AUTHORITY)) && !grants.is_authority(id(STRANGER)));
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
    assert!(!grants.is_authority(id(AUTHORITY)));
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
    assert_eq!(vouch, Err(AccessError::OtherAuthority));
    assert_eq!(grants.suspend(id(DOCTOR), id(HOSPITAL), true), Err(AccessError::OtherAuthority));
    assert_eq!(grants.suspend(id(DOCTOR), id(STRANGER), true), Err(AccessError::NotFound));
    assert_eq!(grants.credentials(id(DOCTOR)), [credential(AUTHORITY, HOSPITAL, Role::Doctor, LATER)]);
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
    let told =
        ProviderCredentialed { provider: id(DOCTOR), credential: credential(AUTHORITY, HOSPITAL, Role::Doctor, LATER) };
    assert_eq!(newest::<ProviderCredentialed>(), told);
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), true).unwrap();
    let (provider, organisation) = (id(DOCTOR), id(HOSPITAL));
    assert_eq!(newest::<CredentialSuspended>(), CredentialSuspended { provider, organisation });
    assert_eq!(grants.principal(provider), None);
    grants.suspend(provider, organisation, false).unwrap();
    assert_eq!(newest::<CredentialReinstated>(), CredentialReinstated { provider, organisation });
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
    assert_eq!(grants.credentials(id(DOCTOR)).len(), Principal::MAX_ORGANISATIONS);
    let one_more = grants.credential(id(DOCTOR), id(HOSPITAL), doctor, LATER);
    assert_eq!(one_more, Err(AccessError::TooManyCredentials));
    assert_eq!(grants.credential(id(DOCTOR), id(21), Role::Nurse.into(), LATER), Ok(()), "it replaces one");

    at(NOW.plus(1));
    assert_eq!(grants.credential(id(DOCTOR), id(HOSPITAL), doctor, LATER), Ok(()));
    let kept = |grants: &AccessGrants| -> Vec<AccountId> {
        grants.credentials(id(DOCTOR)).iter().map(|one| one.organisation).collect()
    };
    assert!(kept(&grants).len() == 8 && !kept(&grants).contains(&id(20)));
    assert_eq!(grants.credential(id(DOCTOR), id(STRANGER), doctor, LATER), Err(AccessError::TooManyCredentials));

    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    calls(id(OTHER_AUTHORITY));
    assert_eq!(grants.credential(id(DOCTOR), id(STRANGER), doctor, LATER), Ok(()));
    assert_eq!(kept(&grants), [21, 22, 23, HOSPITAL, STRANGER].map(id));
}

#[test]
fn of_several_reasons_the_one_closest_to_being_let_in_is_named() {
    let vouch = |which: &[u8]| {
        new_chain();
        let mut credentials = Credentials::default();
        credentials.add_authority(id(AUTHORITY));
        credentials.add_authority(id(OTHER_AUTHORITY));
        for kind in which {
            let (authority, until) = match kind {
                b'v' => (OTHER_AUTHORITY, LATER),
                b'o' => (AUTHORITY, NOW),
                _ => (AUTHORITY, LATER),
            };
            let one = credential(authority, *kind, Role::Doctor, until);
            credentials.vouch(id(DOCTOR), one, Timestamp(0)).unwrap();
            if *kind == b's' {
                credentials.suspend(id(AUTHORITY), id(DOCTOR), id(*kind), true).unwrap();
            }
        }
        credentials.remove_authority(id(OTHER_AUTHORITY)).unwrap();
        credentials.principal(id(DOCTOR), NOW).map(|principal| principal.organisations)
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

#[test]
fn a_key_is_published_by_its_owner_and_replaced() {
    let mut grants = grants();
    calls(id(DOCTOR));
    assert_eq!(grants.encryption_key(id(DOCTOR)), None);
    for key in [[9; 32], [8; 32]] {
        assert_eq!(grants.publish_key(key), Ok(()));
        assert_eq!(newest::<KeyPublished>(), KeyPublished { account: id(DOCTOR), key });
        assert_eq!(grants.encryption_key(id(DOCTOR)), Some(key));
    }
    let before = count();
    assert_eq!(grants.publish_key([0; 32]), Err(AccessError::WeakKey));
    assert_eq!((grants.encryption_key(id(DOCTOR)), count()), (Some([8; 32]), before));
    assert_eq!(grants.encryption_key(id(PATIENT)), None);
}

/// A u-coordinate by its first byte, those in the middle, and its last.
fn coordinate(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut key = [middle; 32];
    (key[0], key[31]) = (first, last);
    key
}

fn order_8() -> [[u8; 32]; 2] {
    [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ]
    .map(|text| std::array::from_fn(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap()))
}

#[test]
fn each_encoding_of_a_point_of_small_order_is_weak() {
    let mut weak = order_8().to_vec();
    weak.extend([0, 1].map(|first| coordinate(first, 0, 0)));
    weak.extend([0xec, 0xed, 0xee].map(|first| coordinate(first, 0xff, 0x7f)));
    for mut key in weak {
        assert!(is_weak(&key));
        key[31] |= 0x80;
        assert!(is_weak(&key), "the top bit does not count");
    }
}

#[test]
fn what_is_next_to_a_point_of_small_order_is_not_weak() {
    let mut sound = vec![coordinate(2, 0, 0), coordinate(0, 0, 1), coordinate(0, 0, 0x7f), [0xff; 32]];
    sound.extend([0xeb, 0xef].map(|first| coordinate(first, 0xff, 0x7f)));
    sound.extend([0xd9, 0xda, 0xdb].map(|first| coordinate(first, 0xff, 0xff)));
    for mut key in order_8() {
        // Its other encoding, p higher, does not fit into 255 bits.
        key[17] ^= 1;
        sound.push(key);
    }
    for place in 1..31 {
        for (key, bit) in [(coordinate(0, 0, 0), 1), (coordinate(0xed, 0xff, 0x7f), 0x10)] {
            let mut key = key;
            key[place] ^= bit;
            sound.push(key);
        }
    }
    for key in sound {
        assert!(!is_weak(&key), "{key:?}");
    }
}
