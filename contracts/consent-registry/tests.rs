//! Rule by rule; what holds for every sequence of calls is in `properties.rs`.

#![allow(clippy::unwrap_used)]

#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "properties.rs"]
mod properties;
#[path = "../testing.rs"]
mod testing;

use crate::consent_registry::ConsentRegistry;
use crate::registry::Consents;
use common::{account, consent, period};
use salus_domain::codes::{Action, Purpose, Role, RoleSet};
use salus_domain::consent::{
    Actor, Audience, Base, Consent, Decision, Malformed, Provision, MAX_ACTIVE_CONSENTS, MAX_ACTORS, MAX_DEPTH,
    MAX_PROVISIONS,
};
use salus_domain::evaluate::{Answer, Deciding};
use salus_domain::ids::ConsentId;
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{
    ConsentAmended, ConsentError, ConsentRecorded, ConsentRegistry as _, ConsentRevoked, ConsentSummary,
    MAX_ENCODED_CONSENT, MAX_PAGE,
};
use scale::Encode;
use testing::{at, calls, count, events, id, new_chain, newest, write_cell};

const NOW: Timestamp = Timestamp(1_000);

fn opt_in() -> Consent {
    consent(Base::Permit, Vec::new())
}

fn until(end: u64) -> Consent {
    Consent { period: period(0, end), ..opt_in() }
}

/// A consent that speaks to one account only.
fn for_account(byte: u8) -> Consent {
    let actors = vec![Actor::Account(account(byte))];
    consent(Base::Silent, vec![Provision { actors, ..Provision::new(1, Decision::Permit) }])
}

fn asked_by(byte: u8) -> Request {
    Request {
        principal: Principal { account: account(byte), organisations: Vec::new(), roles: RoleSet::EMPTY },
        purpose: Purpose::Treat,
        action: Action::Access,
        confidentiality: None,
        sensitivity: None,
        classes: None,
        data_period: None,
    }
}

/// A registry at [`NOW`], called by patient 1.
fn registry() -> ConsentRegistry {
    new_chain();
    at(NOW);
    calls(id(1));
    ConsentRegistry::new()
}

fn ids(consents: &[ConsentSummary]) -> Vec<u32> {
    consents.iter().map(|summary| summary.id.0).collect()
}

#[test]
fn a_recorded_consent_is_kept_listed_and_told() {
    let mut registry = registry();
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(0)));
    assert_eq!(
        newest::<ConsentRecorded>(),
        ConsentRecorded { patient: id(1), id: ConsentId(0), epoch: 1, consent: opt_in() }
    );
    assert_eq!(registry.consent(id(1), ConsentId(0)), Some(opt_in()));
    let listed = [ConsentSummary { id: ConsentId(0), revision: 0, period: Period::ALWAYS }];
    assert_eq!(registry.in_force(id(1), ConsentId(0), MAX_PAGE), listed);
    assert_eq!(registry.epoch(id(1)), 1);
}

#[test]
fn patients_do_not_see_or_change_each_others_consents() {
    let mut registry = registry();
    registry.record(opt_in()).unwrap();
    calls(id(2));
    assert_eq!(registry.amend(ConsentId(0), for_account(9)), Err(ConsentError::NotFound));
    assert_eq!(registry.revoke(ConsentId(0)), Err(ConsentError::NotFound));
    assert_eq!(registry.revoke_all(), Ok(0));
    assert_eq!(registry.record(for_account(9)), Ok(ConsentId(0)), "each counts for itself");
    assert_eq!(registry.consent(id(1), ConsentId(0)), Some(opt_in()));
    assert_eq!(registry.decide(id(2), asked_by(3)).answer, Answer::NoConsent);
    assert_eq!(registry.decide(id(1), asked_by(3)).answer, Answer::Permit);
    assert_eq!((registry.epoch(id(1)), registry.epoch(id(2)), registry.epoch(id(3))), (1, 1, 0));
}

#[test]
fn an_amended_consent_keeps_its_id_and_decides_at_once() {
    let mut registry = registry();
    registry.record(for_account(9)).unwrap();
    assert_eq!(registry.decide(id(1), asked_by(8)).answer, Answer::NoConsent);
    assert_eq!(registry.amend(ConsentId(0), for_account(8)), Ok(1));
    let told = ConsentAmended { patient: id(1), id: ConsentId(0), revision: 1, epoch: 2, consent: for_account(8) };
    assert_eq!(newest::<ConsentAmended>(), told);
    let evaluation = registry.decide(id(1), asked_by(8));
    assert_eq!(evaluation.answer, Answer::Permit);
    assert_eq!(evaluation.deciding, [Deciding { consent: ConsentId(0), provision: Some(0) }]);
    assert_eq!(registry.decide(id(1), asked_by(9)).answer, Answer::NoConsent);
    assert_eq!(registry.amend(ConsentId(0), for_account(7)), Ok(2));
    assert_eq!(registry.in_force(id(1), ConsentId(0), 1)[0].revision, 2);
}

#[test]
fn a_revoked_consent_is_gone_with_its_text_and_its_id_is_not_used_again() {
    let mut registry = registry();
    registry.record(opt_in()).unwrap();
    assert_eq!(registry.revoke(ConsentId(0)), Ok(()));
    assert_eq!(newest::<ConsentRevoked>(), ConsentRevoked { patient: id(1), id: ConsentId(0), epoch: 2 });
    assert_eq!(registry.consent(id(1), ConsentId(0)), None);
    assert_eq!(registry.decide(id(1), asked_by(3)).answer, Answer::NoConsent);
    assert_eq!(registry.revoke(ConsentId(0)), Err(ConsentError::NotFound));
    assert_eq!(registry.amend(ConsentId(0), opt_in()), Err(ConsentError::NotFound));
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(1)));
}

#[test]
fn revoke_all_tells_of_each_in_the_order_of_their_ids() {
    let mut registry = registry();
    assert_eq!(registry.revoke_all(), Ok(0), "none is not an error");
    assert_eq!((registry.epoch(id(1)), count()), (0, 0), "and changes nothing");
    for _ in 0..3 {
        registry.record(opt_in()).unwrap();
    }
    registry.revoke(ConsentId(1)).unwrap();
    assert_eq!(registry.revoke_all(), Ok(2));
    let told = events::<ConsentRevoked>();
    let told: Vec<_> = told.iter().skip(1).map(|event| (event.patient, event.id.0, event.epoch)).collect();
    assert_eq!(told, [(id(1), 0, 5), (id(1), 2, 5)]);
    assert_eq!(registry.in_force(id(1), ConsentId(0), MAX_PAGE), []);
}

#[test]
fn a_malformed_consent_is_refused_by_the_rule_that_it_breaks_and_nothing_is_written() {
    let permit = |depth| Provision::new(depth, Decision::Permit);
    let too_many_actors = vec![Actor::Account(account(1)); MAX_ACTORS + 1];
    let broken = [
        (consent(Base::Deny, (1..=MAX_DEPTH + 1).map(permit).collect()), Malformed::TooDeep),
        (consent(Base::Deny, vec![permit(1); MAX_PROVISIONS + 1]), Malformed::TooManyProvisions),
        (consent(Base::Deny, vec![Provision { actors: too_many_actors, ..permit(1) }]), Malformed::TooManyActors),
        (consent(Base::Deny, vec![permit(2)]), Malformed::BrokenNesting),
        (Consent { period: period(2_000, 2_000), ..opt_in() }, Malformed::EmptyPeriod),
        (consent(Base::Silent, Vec::new()), Malformed::SaysNothing),
    ];
    let mut registry = registry();
    registry.record(opt_in()).unwrap();
    for (consent, rule) in broken {
        assert_eq!(registry.record(consent.clone()), Err(ConsentError::Malformed(rule)));
        assert_eq!(registry.amend(ConsentId(0), consent), Err(ConsentError::Malformed(rule)));
    }
    assert_eq!((registry.epoch(id(1)), count()), (1, 1));
    assert_eq!(registry.consent(id(1), ConsentId(0)), Some(opt_in()));
}

#[test]
fn a_consent_that_is_over_is_refused_to_the_millisecond() {
    let mut registry = registry();
    assert_eq!(registry.record(until(NOW.0)), Err(ConsentError::AlreadyOver));
    assert_eq!(registry.record(until(NOW.0 + 1)), Ok(ConsentId(0)));
    assert_eq!(registry.amend(ConsentId(0), until(NOW.0)), Err(ConsentError::AlreadyOver));
    assert_eq!(registry.decide(id(1), asked_by(3)).answer, Answer::Permit);
    at(NOW.plus(1));
    assert_eq!(registry.decide(id(1), asked_by(3)).answer, Answer::NoConsent);
}

#[test]
fn a_consent_is_refused_one_byte_above_the_largest() {
    let named = |accounts: usize, roles: usize| {
        let mut actors = vec![Actor::Account(account(1)); accounts];
        actors.resize(accounts + roles, Actor::Role(Role::Nurse));
        Provision { actors, ..Provision::new(1, Decision::Permit) }
    };
    // Fourteen full provisions, some that name nobody, and one that makes up for the rest.
    let of_size = |size| {
        let actors = (0..=MAX_ACTORS).flat_map(|all| (0..=all).map(move |accounts| (accounts, all - accounts)));
        let mut sizes = actors.flat_map(|(accounts, roles)| (0..12).map(move |bare| (accounts, roles, bare)));
        let found = sizes.find_map(|(accounts, roles, bare)| {
            let mut provisions = vec![named(MAX_ACTORS, 0); 14];
            provisions.resize(14 + bare, named(0, 0));
            provisions.push(named(accounts, roles));
            Some(consent(Base::Deny, provisions)).filter(|consent| consent.encoded_size() == size)
        });
        found.unwrap()
    };
    let mut registry = registry();
    let largest = of_size(MAX_ENCODED_CONSENT);
    assert_eq!(registry.record(largest.clone()), Ok(ConsentId(0)));
    assert_eq!(registry.consent(id(1), ConsentId(0)), Some(largest));
    let above = of_size(MAX_ENCODED_CONSENT + 1);
    assert_eq!(registry.record(above.clone()), Err(ConsentError::TooLarge));
    assert_eq!(registry.amend(ConsentId(0), above), Err(ConsentError::TooLarge));
}

#[test]
fn a_full_list_refuses_one_more_until_one_is_revoked_or_over() {
    let mut registry = registry();
    for number in 0..MAX_ACTIVE_CONSENTS {
        registry.record(if number < 2 { until(NOW.0 + 1) } else { opt_in() }).unwrap();
    }
    assert_eq!(registry.record(opt_in()), Err(ConsentError::TooManyActive));
    assert_eq!(registry.amend(ConsentId(5), opt_in()), Ok(1), "an amended one needs no room");
    registry.revoke(ConsentId(5)).unwrap();
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(64)));
    at(NOW.plus(1));
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(65)), "the two that are over make room");
    assert_eq!(registry.consent(id(1), ConsentId(0)), None);
    assert_eq!(registry.consent(id(1), ConsentId(1)), None);
    assert_eq!(registry.in_force(id(1), ConsentId(0), MAX_PAGE).len(), MAX_ACTIVE_CONSENTS - 1);
}

#[test]
fn a_list_is_read_page_by_page() {
    let mut registry = registry();
    for _ in 0..MAX_ACTIVE_CONSENTS {
        registry.record(opt_in()).unwrap();
    }
    registry.revoke(ConsentId(2)).unwrap();
    assert_eq!(ids(&registry.in_force(id(1), ConsentId(1), 3)), [1, 3, 4]);
    assert_eq!(ids(&registry.in_force(id(1), ConsentId(62), u32::MAX)), [62, 63]);
    assert_eq!(registry.in_force(id(1), ConsentId(0), u32::MAX).len(), MAX_ACTIVE_CONSENTS - 1);
    assert_eq!(registry.in_force(id(1), ConsentId(0), 0), []);
    assert_eq!(registry.in_force(id(1), ConsentId(64), 1), []);
    assert_eq!(registry.in_force(id(2), ConsentId(0), 1), []);
}

/// An index as it lies in its cell: epoch, next id, entries.
fn write_index(next: u32, revision: u32) {
    let entry = (ConsentId(0), revision, Period::ALWAYS, Audience::EVERYONE);
    write_cell("Consents::indexes", id(1), &(u32::MAX, next, vec![entry]));
}

#[test]
fn ids_that_are_used_up_are_not_used_again() {
    new_chain();
    let mut consents = Consents::default();
    write_index(u32::MAX - 1, 0);
    assert_eq!(consents.record(id(1), &opt_in(), NOW), Ok((ConsentId(u32::MAX - 1), 0)), "the epoch begins again");
    assert_eq!(consents.record(id(1), &opt_in(), NOW), Err(ConsentError::IdsUsedUp));
    assert_eq!(consents.epoch(id(1)), 0);
}

#[test]
fn revisions_that_are_used_up_are_not_used_again() {
    new_chain();
    let mut consents = Consents::default();
    write_index(1, u32::MAX - 1);
    assert_eq!(consents.amend(id(1), ConsentId(0), &opt_in(), NOW), Ok((u32::MAX, 0)));
    assert_eq!(consents.amend(id(1), ConsentId(0), &opt_in(), NOW), Err(ConsentError::IdsUsedUp));
}

#[test]
fn a_decision_reads_only_the_texts_that_can_match() {
    new_chain();
    let mut consents = Consents::default();
    for number in 0..10 {
        consents.record(id(1), &for_account(number), NOW).unwrap();
    }
    let reads = || ink::env::test::get_contract_storage_rw::<ink::env::DefaultEnvironment>(&testing::contract()).0;
    let before = reads();
    assert_eq!(consents.decide(id(1), &asked_by(3), NOW).answer, Answer::Permit);
    assert_eq!(reads() - before, 2, "the index and one text");
    assert_eq!(consents.decide(id(1), &asked_by(11), NOW).answer, Answer::NoConsent);
    assert_eq!(reads() - before, 3, "the index");
}
