//! What holds after every sequence of messages by anybody, against [`Model`].

use super::common::cases;
use super::deposits::Deposits;
use super::events::told;
use super::keys::{link_id, signature};
use super::logs::{consistency, root};
use super::model::{released, Given, Ids, Model, Step, GOVERNOR};
use super::testing::{at, balance, calls, contract, count, id, new_chain, owns, paying};
use super::{blake2b_256, terms, AccessGrants, EMERGENCY_TERMS, EXISTENTIAL, REGISTRY};
use crate::keys::is_weak;
use ink::env::{test, DefaultEnvironment};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use salus_domain::codes::{Action, Purpose, Role, RoleSet};
use salus_domain::commitment::record_id;
use salus_domain::ids::{Hash, RecordId};
use salus_domain::request::Principal;
use salus_domain::time::{Period, Timestamp};
use salus_interface::access::{
    AccessDecided, AccessError, AccessGrants as _, Agreement, Condition, EmergencyGround, Finding, RecordTerms, Side,
};

/// The governor is 0, authorities are mostly 1 and 2, organisations 3 and 4, providers 5 and 6, patients 7 and 8; 9 is
/// nobody in particular.
const PEOPLE: u8 = 10;
const AUTHORITIES: [u8; 2] = [1, 2];
const ORGANISATIONS: [u8; 2] = [3, 4];
const PROVIDERS: [u8; 2] = [5, 6];
const PATIENTS: [u8; 2] = [7, 8];
/// Who has no account here, and for whom authorities vouch all the same: so that lists become full.
const OTHER_ORGANISATIONS: std::ops::Range<u8> = 60..70;
/// What everybody has at first.
const FUNDS: u128 = 1_000 * EMERGENCY_TERMS.bond.0;
/// Records that are named, of which not all are there.
const RECORDS: usize = 4;
const LINKS: std::ops::Range<u8> = 80..83;

/// Mostly one of these, else anybody.
fn mostly(these: &[u8]) -> impl Strategy<Value = u8> {
    prop_oneof![12 => select(these.to_vec()), 1 => 0..PEOPLE]
}

fn roles() -> impl Strategy<Value = RoleSet> {
    prop_oneof![
        4 => Just(RoleSet::of(&[Role::Doctor, Role::Nurse])),
        4 => subsequence(vec![Role::Doctor, Role::Nurse, Role::Researcher], 0..=3)
            .prop_map(|roles| roles.into_iter().collect()),
    ]
}

fn until() -> impl Strategy<Value = u64> {
    prop_oneof![3 => (0..30u64).prop_map(|number| 100 * number), 1 => 0..3_000u64, 2 => Just(u64::MAX)]
}

fn record_terms() -> impl Strategy<Value = RecordTerms> {
    let period = prop_oneof![Just(None), Just(Some((10, 20))), Just(Some((5, 5)))];
    (0..3u8, period).prop_map(|(number, period)| RecordTerms {
        data_period: period.map(|(start, end)| Period { start: Timestamp(start), end: Timestamp(end) }),
        ..terms(number)
    })
}

fn conditions() -> impl Strategy<Value = Option<Condition>> {
    let good = (subsequence((5..PEOPLE).collect::<Vec<_>>(), 1..=3), 1..3u8);
    let any = (vec(0..PEOPLE, 0..10), 0..4u8);
    prop_oneof![3 => good.prop_map(Some), 1 => any.prop_map(Some), 2 => Just(None)].prop_map(|condition| {
        let (parties, needed) = condition?;
        Some(Condition { parties: parties.into_iter().map(id).collect(), needed })
    })
}

fn findings() -> impl Strategy<Value = Finding> {
    prop_oneof![
        2 => Just(Finding::Justified),
        2 => Just(Finding::Unjustified { suspend: false }),
        1 => Just(Finding::Unjustified { suspend: true }),
    ]
}

/// Who does what.
fn steps() -> impl Strategy<Value = (u8, Step)> {
    let anybody = || 0..PEOPLE;
    let (authority, organisation) = (|| mostly(&AUTHORITIES), || mostly(&ORGANISATIONS));
    let (provider, patient) = (|| mostly(&[5, 5, 6, 6, 3]), || mostly(&PATIENTS));
    let treating = || mostly(&[5, 6, 7, 8]);
    let purposes = || select(vec![Purpose::Treat, Purpose::Btg, Purpose::Hresch]);
    let agreed = prop_oneof![2 => (1..3u32, purposes(), until()).prop_map(Some), 1 => Just(None)];
    let link = || prop_oneof![2 => Just(None), 1 => LINKS.prop_map(Some)];
    let lapse = select(vec![1, 50, 99, 100, 101, 199, 200, 300]);
    let off = prop_oneof![8 => Just(0i8), 1 => Just(-1i8), 1 => Just(1i8)];
    let own = (organisation(), provider(), roles(), until(), any::<bool>()).prop_map(
        |(organisation, provider, roles, until, vouch)| {
            let suspend = Step::Suspend(provider, organisation, until % 200 == 0);
            (organisation, if vouch { Step::Vouch(provider, organisation, roles, until) } else { suspend })
        },
    );
    let credentials = prop_oneof![
        2 => (mostly(&[GOVERNOR]), 1..4u8).prop_map(|(who, named)| (who, Step::AddAuthority(named))),
        1 => (mostly(&[GOVERNOR]), 1..4u8).prop_map(|(who, named)| (who, Step::RemoveAuthority(named))),
        4 => (authority(), mostly(&[2, 3, 4]), roles(), until(), prop::bool::weighted(0.2))
            .prop_map(|(who, named, roles, until, off)| (who, Step::Accredit(named, roles, until, off))),
        4 => (authority(), provider(), organisation(), roles(), until())
            .prop_map(|(who, provider, named, roles, until)| (who, Step::Vouch(provider, named, roles, until))),
        6 => (authority(), Just(PROVIDERS[0]), OTHER_ORGANISATIONS, roles(), until())
            .prop_map(|(who, provider, named, roles, until)| (who, Step::Vouch(provider, named, roles, until))),
        5 => own,
        4 => (authority(), provider(), organisation(), any::<bool>())
            .prop_map(|(who, provider, named, on)| (who, Step::Suspend(provider, named, on))),
    ];
    let records = prop_oneof![
        1 => (anybody(), 0..3u8).prop_map(|(who, key)| (who, Step::PublishKey(key))),
        1 => anybody().prop_map(|who| (who, Step::RevokeKey)),
        3 => (treating(), patient(), record_terms()).prop_map(|(who, of, terms)| (who, Step::Register(of, terms))),
        2 => (treating(), 0..RECORDS, record_terms()).prop_map(|(who, place, terms)| (who, Step::Amend(place, terms))),
        1 => (anybody(), 0..2 * RECORDS).prop_map(|(who, place)| (who, Step::Erase(place))),
        5 => (treating(), 0..RECORDS, conditions())
            .prop_map(|(who, place, text)| (who, Step::SetCondition(place, text))),
        5 => (5..PEOPLE, 0..RECORDS, provider(), agreed)
            .prop_map(|(who, place, of, agreed)| (who, Step::SetAgreement(place, of, agreed))),
        3 => (provider(), LINKS, 0..3u8, prop::bool::weighted(0.8))
            .prop_map(|(who, link, key, signed)| (who, Step::Redeem(link, key, signed))),
        6 => (mostly(&[5, 6, 7]), 0..RECORDS, purposes(), link())
            .prop_map(|(who, place, purpose, link)| (who, Step::Ask(place, purpose, link))),
    ];
    let emergencies = prop_oneof![
        6 => (provider(), patient(), off).prop_map(|(who, of, off)| (who, Step::BreakGlass(of, off))),
        2 => (patient(), provider()).prop_map(|(who, of)| (who, Step::Dispute(of))),
        4 => (authority(), provider(), patient(), findings())
            .prop_map(|(who, provider, patient, finding)| (who, Step::Review(provider, patient, finding))),
        3 => (anybody(), provider(), patient())
            .prop_map(|(who, provider, patient)| (who, Step::Forfeit(provider, patient))),
    ];
    let logs = prop_oneof![
        2 => (mostly(&[9]), 0..9u64, prop::bool::weighted(0.2))
            .prop_map(|(who, size, forked)| (who, Step::Anchor(size, forked))),
        1 => (mostly(&[9]), 0..5u64).prop_map(|(who, number)| (who, Step::LogRelease(number))),
    ];
    prop_oneof![
        8 => credentials,
        9 => records,
        7 => emergencies,
        3 => logs,
        2 => lapse.prop_map(|time| (0, Step::Wait(time))),
    ]
}

fn registered(by: u8, terms: &RecordTerms) -> RecordId {
    record_id(&blake2b_256, salus_interface::account(id(by)), terms.commitment)
}

fn root_of(size: u64, forked: bool) -> Hash {
    root(size, fork(forked))
}

/// From which entry on a log is the other one.
const fn fork(forked: bool) -> u64 {
    if forked {
        2
    } else {
        u64::MAX
    }
}

/// The id of a record by its place; one that is not there beyond.
pub fn record_at(model: &Model, place: usize) -> RecordId {
    model.records.get(place).map_or(RecordId([0xEE; 32]), |(record, _)| *record)
}

/// What the contract gives.
fn send(grants: &mut AccessGrants, model: &Model, caller: u8, step: &Step) -> Result<Given, AccessError> {
    calls(id(caller));
    let record = |place: usize| record_at(model, place);
    match step {
        Step::Wait(_) => Ok(()),
        Step::AddAuthority(named) => grants.add_authority(id(*named)),
        Step::RemoveAuthority(named) => grants.remove_authority(id(*named)),
        Step::Accredit(named, roles, until, off) => grants.accredit(id(*named), *roles, Timestamp(*until), *off),
        Step::Vouch(provider, named, roles, until) => {
            grants.credential(id(*provider), id(*named), *roles, Timestamp(*until))
        }
        Step::Suspend(provider, named, on) => grants.suspend(id(*provider), id(*named), *on),
        Step::PublishKey(key) => grants.publish_key([*key; 32]),
        Step::RevokeKey => grants.revoke_key(),
        Step::Register(patient, terms) => return grants.register_record(id(*patient), *terms).map(Given::Record),
        Step::Amend(place, terms) => return grants.amend_record(record(*place), *terms).map(Given::Version),
        Step::Erase(place) => grants.erase_record(record(*place)),
        Step::SetCondition(place, condition) => grants.set_condition(record(*place), condition.clone()),
        Step::SetAgreement(place, accessor, agreement) => {
            let agreement =
                agreement.map(|(version, purpose, until)| Agreement { version, purpose, until: Timestamp(until) });
            grants.set_agreement(record(*place), id(*accessor), agreement)
        }
        Step::Redeem(link, key, signed) => {
            let at = if *signed { contract() } else { id(0xC1) };
            grants.redeem(link_id(*link), [*key; 32], signature(*link, at, id(caller), [*key; 32]))
        }
        Step::Ask(place, purpose, link) => {
            let asked = grants.request_access(record(*place), *purpose, Action::Access, link.map(link_id));
            return asked.map(Given::Decision);
        }
        Step::BreakGlass(patient, off) => {
            let value = EMERGENCY_TERMS.bond.0.saturating_add_signed((*off).into());
            paying(id(caller), value, || {
                grants.break_glass(id(*patient), EmergencyGround::ThreatToPatient, Hash([caller; 32]))
            })
        }
        Step::Dispute(provider) => grants.dispute(id(caller), id(*provider)),
        Step::Review(provider, patient, finding) => grants.review(id(*provider), id(*patient), *finding),
        Step::Forfeit(provider, patient) => grants.forfeit(id(*provider), id(*patient)),
        Step::Anchor(size, forked) => {
            let before = grants.log(id(caller)).anchor.map_or(0, |anchor| anchor.size);
            grants.anchor(*size, root_of(*size, *forked), consistency(before, *size, fork(*forked)))
        }
        Step::LogRelease(number) => grants.log_release(*number, released(*number)),
    }
    .map(|()| Given::Nothing)
}

/// Answers, storage and money are the model's.
fn same(grants: &AccessGrants, model: &Model) -> Result<(), TestCaseError> {
    for who in (0..PEOPLE).map(id) {
        let vouched = grants.vouched(who);
        prop_assert!(vouched.credentials.len() <= Principal::MAX_ORGANISATIONS);
        prop_assert_eq!(vouched, model.vouched(who));
        prop_assert_eq!(grants.principal(who), model.principal(who).map(|(principal, _)| principal));
        prop_assert_eq!(grants.encryption_key(who), model.keys.get(&who).copied());
        prop_assert_eq!(grants.log(who), model.logs.get(&who).copied().unwrap_or_default());
        let [paid, sent] = [&model.paid, &model.sent].map(|all| all.get(&who).copied().unwrap_or_default());
        prop_assert_eq!(balance(who), FUNDS + paid - sent, "a bond goes to whom the rule names, and to nobody else");
    }
    prop_assert_eq!(balance(contract()), EXISTENTIAL + model.held(), "open bonds, and nothing else");
    for (place, (record, known)) in model.records.iter().enumerate() {
        prop_assert_eq!(grants.record(*record), Some(*known));
        for side in [Side::Patient, Side::Custodian] {
            prop_assert_eq!(grants.condition(*record, side), model.condition(place, side));
        }
    }
    for link in LINKS {
        prop_assert_eq!(grants.redemption(link_id(link)), model.redeemed.get(&link).copied());
    }
    for (provider, patient) in (0..PEOPLE).flat_map(|one| (0..PEOPLE).map(move |other| (id(one), id(other)))) {
        prop_assert_eq!(grants.emergency(provider, patient), model.emergencies.get(&(provider, patient)).copied());
    }
    Ok(())
}

/// Two authorities, two organisations of which one is accredited, and two providers, before anything else.
fn beginning() -> Vec<(u8, Step)> {
    let doctor = RoleSet::of(&[Role::Doctor]);
    vec![
        (GOVERNOR, Step::AddAuthority(1)),
        (GOVERNOR, Step::AddAuthority(2)),
        (1, Step::Accredit(3, RoleSet::of(&[Role::Doctor, Role::Nurse]), u64::MAX, false)),
        (3, Step::Vouch(5, 3, doctor, u64::MAX)),
        (2, Step::Vouch(6, 4, doctor, u64::MAX)),
        (5, Step::Register(7, terms(0))),
        (8, Step::Register(8, terms(0))),
    ]
}

fn agree(steps: Vec<(u8, Step)>) -> Result<(), TestCaseError> {
    new_chain();
    test::set_contract::<DefaultEnvironment>(id(REGISTRY));
    owns(contract(), EXISTENTIAL);
    (0..PEOPLE).for_each(|who| owns(id(who), FUNDS));
    calls(id(GOVERNOR));
    let mut grants = AccessGrants::new(id(REGISTRY), EMERGENCY_TERMS).unwrap();
    let (mut model, mut deposits) = (Model::default(), Deposits::default());
    let ids = Ids { record: &registered, root: &root_of };
    for (mut caller, step) in beginning().into_iter().chain(steps) {
        match &step {
            Step::Wait(time) => {
                model.now = model.now.plus(*time);
                at(model.now);
            }
            // Whether somebody else is a proxy, and what consents say, the engine does not ask.
            Step::Erase(place) => {
                let patient = model.records.get(*place).map(|(_, known)| known.patient);
                caller = (0..PEOPLE).find(|who| Some(id(*who)) == patient).unwrap_or(caller);
            }
            Step::Ask(place, purpose, link) if model.decides(id(caller), *place, *purpose, *link) == Ok(None) => {
                continue;
            }
            _ => {}
        }
        let before = count();
        let done = send(&mut grants, &model, caller, &step);
        let expected = model.take(caller, &step, &ids);
        let events = expected.as_ref().map_or(0, |(_, events)| *events);
        prop_assert_eq!(&done, &expected.map(|(given, _)| given), "{} {:?}", caller, step);
        prop_assert_eq!(count() - before, events, "one event for each change, none for a refusal: {:?}", step);
        if let (Step::Ask(..), Ok(Given::Decision(decision))) = (&step, done) {
            prop_assert_eq!(super::testing::newest::<AccessDecided>().decision, decision);
        }
        deposits.settle(&model, caller, &step)?;
        same(&grants, &model)?;
    }
    told(&model)
}

proptest! {
    // A case is a hundred messages, after each of which everything is compared.
    #![proptest_config(cases(40))]

    #[test]
    fn access_grants_do_what_plain_lists_do_and_hold_every_bond(steps in vec(steps(), 40..160)) {
        agree(steps)?;
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn a_random_key_is_not_weak(key in any::<[u8; 32]>()) {
        prop_assert!(!is_weak(&key));
    }
}
