//! What holds after every sequence of calls by anybody, against [`Model`].

use super::common::{account, cases, consents, evaluations, period, periods, requests, Case};
use super::model::{agreed, person, Model, Told, PEOPLE};
use super::orders::{here, signed};
use super::testing::{at, calls, count, id, new_chain, newest};
use super::{ConsentRegistry, Consents, Desk, GENESIS, MAX_ACTIVE_CONSENTS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use salus_domain::codes::{Power, PowerSet};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::evaluate;
use salus_domain::ids::ConsentId;
use salus_domain::mandate::Mandate;
use salus_domain::request::Request;
use salus_domain::time::Timestamp;
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentProposed, ConsentRegistry as _, ConsentSummary, Done, Order, OrdersCarriedOut,
    ProposalWithdrawn, RelayError, SignedOrder, MAX_PAGE,
};

/// For whom, and what.
type ToldFor = (u8, Told);

#[derive(Clone, Debug)]
enum Step {
    /// The caller's own message.
    Own(u8, Told),
    Propose(u8, u8, Consent),
    Withdraw(u8, u8),
    /// A batch, by whoever calls.
    Batch(u8, Vec<ToldFor>),
    /// What was signed by whom: how far the nonce and the deadline are off, and whether the signature is genuine.
    Relay(Vec<(u8, ToldFor, i8, i8, bool)>),
    Wait(u64),
    Ask(u8, Request),
}

fn who() -> impl Strategy<Value = u8> {
    0..PEOPLE
}

fn told(ids: u32, consents: impl Strategy<Value = Consent> + Clone + 'static) -> impl Strategy<Value = Told> + Clone {
    let powers = subsequence(Power::ALL, 0..=4).prop_map(|powers| powers.into_iter().collect::<PowerSet>());
    prop_oneof![
        6 => consents.clone().prop_map(Told::Record),
        3 => (0..ids, consents).prop_map(|(id, consent)| Told::Amend(id, consent)),
        2 => (0..ids).prop_map(Told::Revoke),
        1 => Just(Told::RevokeAll),
        2 => (who(), prop::bool::weighted(0.8)).prop_map(|(who, as_proposed)| Told::Accept(who, as_proposed)),
        1 => who().prop_map(Told::Reject),
        3 => (who(), powers, periods()).prop_map(|(who, powers, period)| Told::NameProxy(who, powers, period)),
        1 => who().prop_map(Told::RemoveProxy),
    ]
    .boxed()
}

fn steps(ids: u32, consents: impl Strategy<Value = Consent> + Clone + 'static) -> impl Strategy<Value = Step> {
    let told = told(ids, consents.clone());
    // Mostly for oneself.
    let told_for = |told: BoxedStrategy<Told>| (who(), prop::bool::weighted(0.6), who(), told);
    let batch = (who(), vec(told_for(told.clone().boxed()), 0..5)).prop_map(|(caller, orders)| {
        let orders = orders.into_iter().map(|(_, own, patient, told)| (if own { caller } else { patient }, told));
        Step::Batch(caller, orders.collect())
    });
    let off = || prop_oneof![8 => Just(0i8), 1 => Just(-1i8), 1 => Just(1i8)];
    let late = prop_oneof![9 => Just(1i8), 1 => Just(0i8)];
    let relay = vec((told_for(told.clone().boxed()), off(), late, prop::bool::weighted(0.9)), 0..5);
    let relay = relay.prop_map(|orders| {
        let orders = orders.into_iter().map(|((by, own, patient, told), nonce, deadline, genuine)| {
            (by, (if own { by } else { patient }, told), nonce, deadline, genuine)
        });
        Step::Relay(orders.collect())
    });
    prop_oneof![
        8 => (who(), told).prop_map(|(who, told)| Step::Own(who, told)),
        3 => (who(), who(), consents).prop_map(|(who, patient, consent)| Step::Propose(who, patient, consent)),
        1 => (who(), who()).prop_map(|(who, patient)| Step::Withdraw(who, patient)),
        3 => batch,
        4 => relay,
        2 => (1u64..4).prop_map(Step::Wait),
        4 => (who(), requests()).prop_map(|(who, request)| Step::Ask(who, request)),
    ]
}

/// Does what the caller can do by a message of its own; what it gave, as an order would.
fn own(registry: &mut ConsentRegistry, model: &Model, who: u8, told: &Told) -> Result<Done, ConsentError> {
    match told {
        Told::Record(consent) => registry.record(consent.clone()).map(Done::Recorded),
        Told::Amend(id, consent) => registry.amend(ConsentId(*id), consent.clone()).map(Done::Amended),
        Told::Revoke(id) => registry.revoke(ConsentId(*id)).map(|()| Done::Revoked(1)),
        Told::RevokeAll => registry.revoke_all().map(Done::Revoked),
        Told::Accept(proposer, as_proposed) => {
            let proposed = model.proposals.get(&(who, *proposer)).filter(|_| *as_proposed);
            let agreed = proposed.map_or(salus_domain::ids::Hash([1; 32]), agreed);
            registry.accept(person(*proposer), agreed).map(Done::Recorded)
        }
        Told::Reject(proposer) => registry.reject(person(*proposer)).map(|()| Done::Rejected),
        Told::NameProxy(proxy, powers, period) => {
            let mandate = Mandate { powers: *powers, period: *period };
            registry.name_proxy(person(*proxy), mandate).map(|()| Done::ProxyNamed)
        }
        Told::RemoveProxy(proxy) => registry.remove_proxy(person(who), person(*proxy)).map(|()| Done::ProxyRemoved),
    }
}

/// What an event must tell of an order that was carried out.
fn carried_out(model: &Model, by: u8, order: Order, patient: u8, nonce: Option<u32>, done: Done) -> CarriedOut {
    let proxy = Some(person(by)).filter(|_| by != patient);
    CarriedOut { order, proxy, nonce, done, epoch: model.patient(patient).epoch }
}

fn batch(registry: &mut ConsentRegistry, model: &mut Model, by: u8, told: &[ToldFor]) -> Result<(), TestCaseError> {
    calls(person(by));
    // Off chain a refused message is not undone: what goes before a refused order is a batch, and the order another one.
    let (mut orders, mut expected, mut events) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused = None;
    for (patient, told) in told {
        let order = Order { patient: person(*patient), instruction: model.instruction(*patient, told) };
        match model.carry_out(by, *patient, told) {
            Ok(done) => {
                events.push(carried_out(model, by, order.clone(), *patient, None, done));
                orders.push(order);
                expected.push(done);
            }
            Err(error) => {
                refused = Some((order, error));
                break;
            }
        }
    }
    prop_assert_eq!(registry.carry_out(orders), Ok(expected));
    all_told(events)?;
    if let Some((order, error)) = refused {
        prop_assert_eq!(registry.carry_out(vec![order]), Err(error));
    }
    Ok(())
}

/// The newest event tells of these, if there are any.
fn all_told(orders: Vec<CarriedOut>) -> Result<(), TestCaseError> {
    if !orders.is_empty() {
        prop_assert_eq!(newest::<OrdersCarriedOut>(), OrdersCarriedOut { orders });
    }
    Ok(())
}

fn relay(
    registry: &mut ConsentRegistry,
    model: &mut Model,
    told: &[(u8, ToldFor, i8, i8, bool)],
) -> Result<(), TestCaseError> {
    let (mut orders, mut expected, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (by, (patient, told), nonce, deadline, genuine) in told {
        let order = Order { patient: person(*patient), instruction: model.instruction(*patient, told) };
        let nonce = model.nonce(*by).saturating_add_signed(i32::from(*nonce));
        let deadline = Timestamp(model.now.0.saturating_add_signed(i64::from(*deadline)));
        let mut one = signed(100 + by, order.clone(), nonce, deadline, &here());
        one.signature[7] ^= u8::from(!genuine);
        orders.push(one);
        let done = model.relay(*by, *patient, told, (nonce, deadline), *genuine);
        if let Ok(done) = done {
            events.push(carried_out(model, *by, order, *patient, Some(nonce), done));
        }
        expected.push(done);
    }
    let before = count();
    prop_assert_eq!(registry.relay(here(), orders.clone()), Ok(expected.clone()));
    prop_assert_eq!(count() - before, usize::from(!events.is_empty()));
    all_told(events)?;
    // Once more: nothing that was carried out is carried out again.
    let done = |(_, expected): &(SignedOrder, Result<Done, RelayError>)| expected.is_ok();
    let replay: Vec<_> = orders.into_iter().zip(expected).filter(done).map(|(order, _)| order).collect();
    let refused = vec![Err(RelayError::NonceUsed); replay.len()];
    prop_assert_eq!(registry.relay(here(), replay), Ok(refused));
    Ok(())
}

/// Takes each step in the contract and in the model, and compares.
fn agree(begin: &[Consent], steps: &[Step]) -> Result<(), TestCaseError> {
    new_chain();
    let (mut registry, mut model) = (ConsentRegistry::new(GENESIS), Model::default());
    calls(person(0));
    for consent in begin {
        model.carry_out(0, 0, &Told::Record(consent.clone())).unwrap();
        registry.record(consent.clone()).unwrap();
    }
    for step in steps {
        let before = count();
        match step {
            Step::Wait(time) => {
                model.now = model.now.plus(*time);
                at(model.now);
            }
            Step::Ask(who, request) => {
                let evaluation = registry.decide(person(*who), request.clone());
                prop_assert_eq!(evaluation, evaluate(&model.all(*who), request, model.now));
            }
            Step::Own(who, told) => {
                calls(person(*who));
                let order = Order { patient: person(*who), instruction: model.instruction(*who, told) };
                let done = own(&mut registry, &model, *who, told);
                prop_assert_eq!(done, model.carry_out(*who, *who, told));
                prop_assert_eq!(
                    count() - before,
                    usize::from(done.is_ok()),
                    "one event for each order, none for a refusal"
                );
                if let Ok(done) = done {
                    all_told(vec![carried_out(&model, *who, order, *who, None, done)])?;
                }
            }
            Step::Propose(proposer, patient, consent) => {
                calls(person(*proposer));
                let expected = model.acceptable(consent);
                prop_assert_eq!(registry.propose(person(*patient), consent.clone()), expected);
                if expected.is_ok() {
                    model.proposals.insert((*patient, *proposer), consent.clone());
                    let (patient, proposer) = (person(*patient), person(*proposer));
                    let event = ConsentProposed { patient, proposer, consent: consent.clone() };
                    prop_assert_eq!(newest::<ConsentProposed>(), event);
                }
            }
            Step::Withdraw(proposer, patient) => {
                calls(person(*proposer));
                let known = model.proposals.remove(&(*patient, *proposer)).is_some();
                let expected = if known { Ok(()) } else { Err(ConsentError::NoProposal) };
                prop_assert_eq!(registry.withdraw(person(*patient)), expected);
                prop_assert_eq!(count() - before, usize::from(known));
                if known {
                    let (patient, proposer) = (person(*patient), person(*proposer));
                    prop_assert_eq!(newest::<ProposalWithdrawn>(), ProposalWithdrawn { patient, proposer });
                }
            }
            Step::Batch(by, told) => batch(&mut registry, &mut model, *by, told)?,
            Step::Relay(told) => relay(&mut registry, &mut model, told)?,
        }
    }
    same(&registry, &model)
}

/// Storage is what the model has, and there is no text besides.
fn same(registry: &ConsentRegistry, model: &Model) -> Result<(), TestCaseError> {
    for who in 0..PEOPLE {
        let (account, patient) = (person(who), model.patient(who));
        prop_assert!(patient.kept.len() <= MAX_ACTIVE_CONSENTS);
        prop_assert_eq!(registry.epoch(account), patient.epoch);
        prop_assert_eq!(registry.nonce(account), model.nonce(who));
        let listed: Vec<_> = patient
            .kept
            .iter()
            .map(|(id, revision, consent)| ConsentSummary { id: *id, revision: *revision, period: consent.period })
            .collect();
        prop_assert_eq!(registry.in_force(account, ConsentId(0), MAX_PAGE), listed);
        let mut kept = patient.kept.iter().peekable();
        for id in (0..=patient.next).map(ConsentId) {
            let text = kept.next_if(|(known, _, _)| *known == id).map(|(_, _, consent)| consent.clone());
            prop_assert_eq!(registry.consent(account, id), text);
        }
        for other in 0..PEOPLE {
            prop_assert_eq!(registry.proposal(account, person(other)), model.proposals.get(&(who, other)).cloned());
            let mandate =
                model.mandates.get(&(who, other)).map(|(powers, period)| Mandate { powers: *powers, period: *period });
            prop_assert_eq!(registry.mandate(account, person(other)), mandate);
        }
    }
    Ok(())
}

/// Short, for one account, and over soon or never.
fn brief() -> impl Strategy<Value = Consent> + Clone {
    let one = |(byte, end): (u8, u64)| Consent {
        base: Base::Silent,
        period: period(0, if end < 12 { end } else { u64::MAX }),
        source: salus_domain::ids::Hash([byte; 32]),
        provisions: vec![Provision {
            actors: vec![Actor::Account(account(byte))],
            ..Provision::new(1, Decision::Permit)
        }],
    };
    (0..4u8, 1..24u64).prop_map(one)
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn the_registry_does_what_plain_lists_do(steps in vec(steps(6, consents().boxed()), 0..24)) {
        agree(&[], &steps)?;
    }

    #[test]
    fn leaving_out_whom_a_consent_cannot_concern_never_changes_the_answer(case in evaluations()) {
        let Case { consents, request, now } = case;
        new_chain();
        let (mut registry, mut desk) = (Consents::default(), Desk::default());
        for (_, consent) in &consents {
            registry.record(&mut desk, id(1), consent, Timestamp(0)).unwrap();
        }
        registry.put_back(desk);
        prop_assert_eq!(registry.decide(id(1), &request, now), evaluate(&consents, &request, now));
    }
}

proptest! {
    // Each case begins with a list that is almost full.
    #![proptest_config(cases(4))]

    #[test]
    fn active_consents_are_never_more_than_64_and_those_that_are_over_make_room(
        begin in vec(brief(), 58..=MAX_ACTIVE_CONSENTS),
        steps in vec(steps(70, brief()), 0..60),
    ) {
        let spares = |step: &Step| !format!("{step:?}").contains("RevokeAll");
        let steps: Vec<_> = steps.into_iter().filter(spares).collect();
        agree(&begin, &steps)?;
    }
}
