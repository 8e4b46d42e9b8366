//! Rule by rule; what holds for every sequence of calls is in `properties.rs`.

#![allow(clippy::unwrap_used)]

#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "model.rs"]
mod model;
#[path = "orders_tests.rs"]
mod orders;
#[path = "properties.rs"]
mod properties;
#[path = "../testing.rs"]
mod testing;

use crate::consent_registry::ConsentRegistry;
use crate::file::MAX_INLINE;
use crate::registry::{Consents, Desk};
use common::{account, consent, period};
use salus_domain::codes::{Action, Power, PowerSet, Purpose, Role, RoleSet};
use salus_domain::commitment;
use salus_domain::consent::{
    Actor, Audience, Base, Consent, Decision, Malformed, Provision, MAX_ACTIVE_CONSENTS, MAX_ACTORS, MAX_DEPTH,
    MAX_PROVISIONS,
};
use salus_domain::evaluate::{Answer, Deciding};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::{Mandate, MandateMalformed};
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentProposed, ConsentRegistry as _, ConsentSummary, Done, Instruction, Order,
    OrdersCarriedOut, ProposalWithdrawn, MAX_ENCODED_CONSENT, MAX_PAGE,
};
use scale::Encode;
use testing::{at, calls, count, id, new_chain, newest, write_cell};

const NOW: Timestamp = Timestamp(1_000);
const GENESIS: Hash = Hash([0xEE; 32]);

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
    ConsentRegistry::new(GENESIS)
}

fn ids(consents: &[ConsentSummary]) -> Vec<u32> {
    consents.iter().map(|summary| summary.id.0).collect()
}

/// What the newest event tells of the one order of patient 1 that was carried out.
fn carried_out(instruction: Instruction, done: Done, epoch: u32) {
    let order = Order { patient: id(1), instruction };
    let orders = vec![CarriedOut { order, proxy: None, nonce: None, done, epoch }];
    assert_eq!(newest::<OrdersCarriedOut>(), OrdersCarriedOut { orders });
}

#[test]
fn a_recorded_consent_is_kept_listed_and_told() {
    let mut registry = registry();
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(0)));
    carried_out(Instruction::Record(opt_in()), Done::Recorded(ConsentId(0)), 1);
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
    carried_out(Instruction::Amend(ConsentId(0), for_account(8)), Done::Amended(1), 2);
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
    carried_out(Instruction::Revoke(ConsentId(0)), Done::Revoked(1), 2);
    assert_eq!(registry.consent(id(1), ConsentId(0)), None);
    assert_eq!(registry.decide(id(1), asked_by(3)).answer, Answer::NoConsent);
    assert_eq!(registry.revoke(ConsentId(0)), Err(ConsentError::NotFound));
    assert_eq!(registry.amend(ConsentId(0), opt_in()), Err(ConsentError::NotFound));
    assert_eq!(registry.record(opt_in()), Ok(ConsentId(1)));
}

#[test]
fn revoke_all_tells_once_how_many_there_were() {
    let mut registry = registry();
    assert_eq!(registry.revoke_all(), Ok(0), "none is not an error");
    assert_eq!(registry.epoch(id(1)), 0, "and changes nothing");
    for _ in 0..3 {
        registry.record(opt_in()).unwrap();
    }
    registry.revoke(ConsentId(1)).unwrap();
    assert_eq!(registry.revoke_all(), Ok(2));
    carried_out(Instruction::RevokeAll, Done::Revoked(2), 5);
    assert_eq!(registry.in_force(id(1), ConsentId(0), MAX_PAGE), []);
    assert_eq!(registry.consent(id(1), ConsentId(0)), None);
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

/// A file as it lies in its cell: epoch, next id, nonce, entries, texts. Its one consent has no text.
fn write_file(next: u32, revision: u32, inline: u16) {
    let entry = (ConsentId(0), revision, Period::ALWAYS, Audience::EVERYONE, inline);
    write_cell("Consents::files", id(1), &(u32::MAX, next, u32::MAX, vec![entry], vec![0xFF_u8; usize::from(inline)]));
}

fn in_storage<T>(does: impl FnOnce(&mut Consents, &mut Desk) -> T) -> (T, Consents) {
    let (mut consents, mut desk) = (Consents::default(), Desk::default());
    let done = does(&mut consents, &mut desk);
    consents.put_back(desk);
    (done, consents)
}

#[test]
fn ids_that_are_used_up_are_not_used_again() {
    new_chain();
    write_file(u32::MAX - 1, 0, 0);
    let record = || in_storage(|consents, desk| consents.record(desk, id(1), &opt_in(), NOW));
    assert_eq!(record().0, Ok(ConsentId(u32::MAX - 1)));
    let (refused, consents) = record();
    assert_eq!(refused, Err(ConsentError::IdsUsedUp));
    assert_eq!(consents.epoch(id(1)), 0, "the epoch begins again");
}

#[test]
fn revisions_that_are_used_up_are_not_used_again() {
    new_chain();
    write_file(1, u32::MAX - 1, 0);
    let amend = || in_storage(|consents, desk| consents.amend(desk, id(1), ConsentId(0), &opt_in(), NOW)).0;
    assert_eq!(amend(), Ok(u32::MAX));
    assert_eq!(amend(), Err(ConsentError::IdsUsedUp));
}

#[test]
fn a_text_that_cannot_be_read_denies_and_is_never_skipped() {
    for inline in [0, 4] {
        new_chain();
        write_file(1, 0, inline);
        let evaluation = Consents::default().decide(id(1), &asked_by(3), NOW);
        assert_eq!(evaluation.answer, Answer::Deny);
        assert_eq!(evaluation.deciding, [Deciding { consent: ConsentId(0), provision: None }]);
    }
}

fn cells() -> usize {
    ink::env::test::count_used_storage_cells::<ink::env::DefaultEnvironment>(&testing::contract()).unwrap()
}

fn reads_and_writes() -> (usize, usize) {
    ink::env::test::get_contract_storage_rw::<ink::env::DefaultEnvironment>(&testing::contract())
}

#[test]
fn short_texts_cost_one_read_and_one_write_per_change_and_one_read_per_decision() {
    new_chain();
    let before = reads_and_writes();
    for number in 0..5 {
        in_storage(|consents, desk| consents.record(desk, id(1), &for_account(number), NOW)).0.unwrap();
    }
    assert_eq!(reads_and_writes(), (before.0 + 5, before.1 + 5));
    let consents = Consents::default();
    assert_eq!(consents.decide(id(1), &asked_by(3), NOW).answer, Answer::Permit);
    assert_eq!(consents.decide(id(1), &asked_by(11), NOW).answer, Answer::NoConsent);
    assert_eq!(reads_and_writes(), (before.0 + 7, before.1 + 5));
}

/// As [`for_account`], of more than a third of what lies in the file.
fn long_for_account(byte: u8) -> Consent {
    let mut consent = for_account(byte);
    consent.provisions[0].actors.resize(16, Actor::Account(account(byte)));
    consent
        .provisions
        .push(Provision { actors: vec![Actor::Account(account(byte)); 6], ..Provision::new(2, Decision::Permit) });
    assert!(consent.encoded_size() > MAX_INLINE / 3);
    consent
}

#[test]
fn a_decision_reads_only_the_long_texts_that_can_match() {
    new_chain();
    for number in 0..10 {
        in_storage(|consents, desk| consents.record(desk, id(1), &long_for_account(number), NOW)).0.unwrap();
    }
    let consents = Consents::default();
    let before = reads_and_writes().0;
    assert_eq!(consents.decide(id(1), &asked_by(8), NOW).answer, Answer::Permit);
    assert_eq!(reads_and_writes().0 - before, 2, "the file and one text");
    assert_eq!(consents.decide(id(1), &asked_by(0), NOW).answer, Answer::Permit);
    assert_eq!(reads_and_writes().0 - before, 3, "the file, in which the first text lies");
    assert_eq!(consents.decide(id(1), &asked_by(11), NOW).answer, Answer::NoConsent);
    assert_eq!(reads_and_writes().0 - before, 4, "the file");
}

#[test]
fn texts_move_between_file_and_cell_as_they_grow_and_shrink() {
    let mut registry = registry();
    for number in 0..4 {
        registry.record(long_for_account(number)).unwrap();
    }
    let all =
        |registry: &ConsentRegistry| (0..4).map(|id_| registry.consent(id(1), ConsentId(id_))).collect::<Vec<_>>();
    assert_eq!(all(&registry), (0..4).map(|number| Some(long_for_account(number))).collect::<Vec<_>>());
    assert_eq!(cells(), 3, "the file, and two texts that do not fit into it");
    registry.amend(ConsentId(3), for_account(13)).unwrap();
    registry.amend(ConsentId(0), for_account(10)).unwrap();
    registry.amend(ConsentId(2), long_for_account(12)).unwrap();
    registry.revoke(ConsentId(1)).unwrap();
    assert_eq!(all(&registry), [Some(for_account(10)), None, Some(long_for_account(12)), Some(for_account(13))]);
    registry.amend(ConsentId(0), long_for_account(20)).unwrap();
    assert_eq!(all(&registry), [Some(long_for_account(20)), None, Some(long_for_account(12)), Some(for_account(13))]);
    assert_eq!(cells(), 1, "all of them fit into the file now");
}

fn proposal_of(consent: &Consent) -> Hash {
    commitment::proposal(&orders::blake2b_256, consent)
}

#[test]
fn what_is_proposed_decides_nothing_until_the_patient_accepts_it() {
    let mut registry = registry();
    calls(id(9));
    assert_eq!(registry.propose(id(1), for_account(9)), Ok(()));
    let told = ConsentProposed { patient: id(1), proposer: id(9), consent: for_account(9) };
    assert_eq!(newest::<ConsentProposed>(), told);
    assert_eq!(registry.proposal(id(1), id(9)), Some(for_account(9)));
    assert_eq!(registry.decide(id(1), asked_by(9)).answer, Answer::NoConsent);
    assert_eq!(registry.epoch(id(1)), 0);
    calls(id(1));
    assert_eq!(registry.accept(id(9), proposal_of(&for_account(9))), Ok(ConsentId(0)));
    carried_out(Instruction::Accept(id(9), proposal_of(&for_account(9))), Done::Recorded(ConsentId(0)), 1);
    assert_eq!(registry.decide(id(1), asked_by(9)).answer, Answer::Permit);
    assert_eq!(registry.proposal(id(1), id(9)), None);
    assert_eq!(registry.accept(id(9), proposal_of(&for_account(9))), Err(ConsentError::NoProposal));
}

#[test]
fn a_patient_accepts_only_what_the_patient_has_seen() {
    let mut registry = registry();
    calls(id(9));
    registry.propose(id(1), for_account(9)).unwrap();
    registry.propose(id(1), opt_in()).unwrap();
    calls(id(1));
    assert_eq!(registry.accept(id(9), proposal_of(&for_account(9))), Err(ConsentError::ProposalChanged));
    assert_eq!(registry.proposal(id(1), id(9)), Some(opt_in()), "it stands");
    assert_eq!(registry.accept(id(9), proposal_of(&opt_in())), Ok(ConsentId(0)));
}

#[test]
fn a_proposal_is_rejected_by_the_patient_and_withdrawn_by_who_made_it() {
    let mut registry = registry();
    let propose = |registry: &mut ConsentRegistry| {
        calls(id(9));
        registry.propose(id(1), opt_in()).unwrap();
    };
    propose(&mut registry);
    assert_eq!(registry.reject(id(9)), Err(ConsentError::NoProposal), "it is not for the caller");
    calls(id(1));
    assert_eq!(registry.withdraw(id(1)), Err(ConsentError::NoProposal), "it is not the caller's");
    assert_eq!(registry.reject(id(9)), Ok(()));
    carried_out(Instruction::Reject(id(9)), Done::Rejected, 0);
    propose(&mut registry);
    assert_eq!(registry.withdraw(id(1)), Ok(()));
    assert_eq!(newest::<ProposalWithdrawn>(), ProposalWithdrawn { patient: id(1), proposer: id(9) });
    assert_eq!(registry.proposal(id(1), id(9)), None);
}

#[test]
fn a_proposal_that_could_never_count_is_refused_when_it_is_made_and_when_it_is_accepted() {
    let mut registry = registry();
    let silent = consent(Base::Silent, Vec::new());
    assert_eq!(registry.propose(id(2), silent), Err(ConsentError::Malformed(Malformed::SaysNothing)));
    assert_eq!(registry.propose(id(2), until(NOW.0)), Err(ConsentError::AlreadyOver));
    registry.propose(id(2), until(NOW.0 + 1)).unwrap();
    at(NOW.plus(1));
    calls(id(2));
    let agreed = proposal_of(&until(NOW.0 + 1));
    assert_eq!(registry.accept(id(1), agreed), Err(ConsentError::AlreadyOver));
    assert_eq!(registry.proposal(id(2), id(1)), Some(until(NOW.0 + 1)), "it can still be rejected");
}

fn mandate(powers: &[Power], end: u64) -> Mandate {
    Mandate { powers: PowerSet::of(powers), period: period(0, end) }
}

#[test]
fn a_proxy_is_named_replaced_and_removed_by_the_patient() {
    let mut registry = registry();
    let (first, second) = (mandate(&[Power::Revoke], 2_000), mandate(&[Power::Record], 3_000));
    assert_eq!(registry.name_proxy(id(2), first), Ok(()));
    carried_out(Instruction::NameProxy(id(2), first), Done::ProxyNamed, 0);
    assert_eq!(registry.name_proxy(id(2), second), Ok(()));
    assert_eq!(registry.mandate(id(1), id(2)), Some(second));
    assert_eq!(registry.mandate(id(2), id(1)), None);
    assert_eq!(registry.remove_proxy(id(1), id(2)), Ok(()));
    carried_out(Instruction::RemoveProxy(id(2)), Done::ProxyRemoved, 0);
    assert_eq!(registry.mandate(id(1), id(2)), None);
    assert_eq!(registry.remove_proxy(id(1), id(2)), Err(ConsentError::NoProxy));
}

#[test]
fn a_mandate_is_given_back_by_the_proxy_and_taken_by_nobody_else() {
    let mut registry = registry();
    registry.name_proxy(id(2), mandate(&[Power::Revoke], 2_000)).unwrap();
    calls(id(3));
    assert_eq!(registry.remove_proxy(id(1), id(2)), Err(ConsentError::NotMandated));
    calls(id(2));
    assert_eq!(registry.remove_proxy(id(1), id(2)), Ok(()));
}

#[test]
fn a_mandate_that_could_never_be_used_is_refused() {
    let mut registry = registry();
    let refused = [
        (mandate(&[], 2_000), MandateMalformed::NoPowers),
        (mandate(&[Power::Record], 0), MandateMalformed::EmptyPeriod),
        (mandate(&[Power::Record], NOW.0), MandateMalformed::AlreadyOver),
    ];
    for (mandate, rule) in refused {
        assert_eq!(registry.name_proxy(id(2), mandate), Err(ConsentError::MandateMalformed(rule)));
    }
    assert_eq!((registry.mandate(id(1), id(2)), count()), (None, 0));
}
