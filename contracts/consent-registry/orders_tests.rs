//! Orders: in a batch, by proxies, and signed off line.

use super::testing::{at, calls, contract, count, events, id, newest};
use super::{asked_by, for_account, mandate, opt_in, proposal_of, registry, until, ConsentRegistry, GENESIS, NOW};
use ink::primitives::AccountId;
use salus_domain::codes::Power;
use salus_domain::consent::Consent;
use salus_domain::evaluate::Answer;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::time::Timestamp;
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentRegistry as _, Done, Instruction, Order, OrdersCarriedOut, Place, RelayError,
    SignedOrder, MAX_ORDERS, MAX_PAGE,
};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

/// BLAKE2b-256, as the chain has it.
pub fn blake2b_256(input: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    ink::env::hash_bytes::<ink::env::hash::Blake2x256>(input, &mut digest);
    digest
}

/// Somebody who can sign, by number.
pub fn keypair(seed: u8) -> Keypair {
    MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

/// The account of [`keypair`].
pub fn signer(seed: u8) -> AccountId {
    keypair(seed).public.to_bytes().into()
}

/// Where the tests' signatures count.
pub fn here() -> Place {
    Place { genesis: GENESIS, contract: contract() }
}

fn order(patient: AccountId, instruction: Instruction) -> Order {
    Order { patient, instruction }
}

/// An order that `by` signs; a proxy where that is not the patient.
pub fn signed(by: u8, order: Order, nonce: u32, deadline: Timestamp, place: &Place) -> SignedOrder {
    let proxy = Some(signer(by)).filter(|signer| *signer != order.patient);
    let mut signed = SignedOrder { order, proxy, nonce, deadline, signature: [0; 64] };
    let bytes = signed.signed_bytes(&blake2b_256, place);
    signed.signature = keypair(by).sign_simple(b"substrate", &bytes).to_bytes();
    signed
}

fn record(by: u8, nonce: u32, consent: Consent) -> SignedOrder {
    signed(by, order(signer(by), Instruction::Record(consent)), nonce, Timestamp::MAX, &here())
}

fn relay_one(registry: &mut ConsentRegistry, signed: SignedOrder) -> Result<Done, RelayError> {
    let [done] = registry.relay(here(), vec![signed]).unwrap()[..] else { panic!("one order has one answer") };
    done
}

#[test]
fn a_batch_is_told_in_one_event_that_says_what_each_order_did() {
    let mut registry = registry();
    let all = [
        Instruction::Record(opt_in()),
        Instruction::Record(for_account(9)),
        Instruction::Amend(ConsentId(1), for_account(8)),
        Instruction::Revoke(ConsentId(0)),
        Instruction::NameProxy(id(2), mandate(&[Power::Revoke], 2_000)),
        Instruction::RemoveProxy(id(2)),
        Instruction::RevokeAll,
        Instruction::RevokeAll,
    ];
    let orders: Vec<_> = all.into_iter().map(|instruction| order(id(1), instruction)).collect();
    let done = [
        Done::Recorded(ConsentId(0)),
        Done::Recorded(ConsentId(1)),
        Done::Amended(1),
        Done::Revoked(1),
        Done::ProxyNamed,
        Done::ProxyRemoved,
        Done::Revoked(1),
        Done::Revoked(0),
    ];
    assert_eq!(registry.carry_out(orders.clone()), Ok(done.to_vec()));
    assert_eq!(count(), 1);
    let epochs = [1, 2, 3, 4, 4, 4, 5, 5];
    let told: Vec<_> = orders
        .into_iter()
        .zip(done)
        .zip(epochs)
        .map(|((order, done), epoch)| CarriedOut { order, proxy: None, nonce: None, done, epoch })
        .collect();
    assert_eq!(newest::<OrdersCarriedOut>().orders, told);
    assert_eq!((registry.epoch(id(1)), registry.mandate(id(1), id(2))), (5, None));
}

#[test]
fn a_batch_that_is_too_large_for_one_event_is_told_in_several() {
    let mut registry = registry();
    let orders: Vec<_> = (0..64).map(|_| order(id(1), Instruction::Record(for_account(9)))).collect();
    let all = [orders.clone(), vec![order(id(1), Instruction::RevokeAll)], orders[..60].to_vec()].concat();
    assert_eq!(registry.carry_out(all.clone()).map(|done| done.len()), Ok(125));
    let told: Vec<_> = events::<OrdersCarriedOut>();
    assert!(told.len() > 1 && told.iter().all(|event| scale::Encode::encoded_size(event) <= 15 * 1024 + 4));
    let orders: Vec<_> = told.into_iter().flat_map(|event| event.orders).map(|told| told.order).collect();
    assert_eq!(orders, all);
    assert_eq!(registry.in_force(id(1), ConsentId(0), MAX_PAGE).len(), 60);
}

#[test]
fn more_orders_than_one_message_carries_out_are_refused() {
    let mut registry = registry();
    let orders = vec![order(id(1), Instruction::RevokeAll); MAX_ORDERS + 1];
    assert_eq!(registry.carry_out(orders[1..].to_vec()).map(|done| done.len()), Ok(MAX_ORDERS));
    assert_eq!(registry.carry_out(orders), Err(ConsentError::TooManyOrders));
    let relayed = vec![record(1, 0, opt_in()); MAX_ORDERS + 1];
    assert_eq!(registry.relay(here(), relayed), Err(ConsentError::TooManyOrders));
    assert_eq!(registry.carry_out(Vec::new()), Ok(Vec::new()), "none is not an error");
    assert_eq!(registry.relay(here(), Vec::new()), Ok(Vec::new()));
}

#[test]
fn a_batch_with_a_refused_order_is_refused_by_the_rule_of_that_order() {
    let mut registry = registry();
    let orders = vec![order(id(1), Instruction::Record(opt_in())), order(id(1), Instruction::Revoke(ConsentId(7)))];
    assert_eq!(registry.carry_out(orders), Err(ConsentError::NotFound));
    assert_eq!(count(), 0);
}

#[test]
fn a_proxy_does_what_it_has_the_power_for_and_nothing_else() {
    let each = [
        (Power::Record, Instruction::Record(opt_in())),
        (Power::Amend, Instruction::Amend(ConsentId(0), opt_in())),
        (Power::Revoke, Instruction::Revoke(ConsentId(0))),
        (Power::Revoke, Instruction::RevokeAll),
        (Power::Answer, Instruction::Accept(id(9), proposal_of(&opt_in()))),
        (Power::Answer, Instruction::Reject(id(9))),
    ];
    for (needed, instruction) in each {
        for power in Power::ALL {
            let mut registry = registry();
            registry.record(opt_in()).unwrap();
            registry.name_proxy(id(2), mandate(&[*power], 2_000)).unwrap();
            calls(id(9));
            registry.propose(id(1), opt_in()).unwrap();
            calls(id(2));
            let done = registry.carry_out(vec![order(id(1), instruction.clone())]);
            assert_eq!(done.is_ok(), *power == needed, "{instruction:?} with {power:?}");
            if done.is_ok() {
                assert_eq!(newest::<OrdersCarriedOut>().orders[0].proxy, Some(id(2)));
            } else {
                assert_eq!(done, Err(ConsentError::NotMandated));
            }
        }
    }
}

#[test]
fn no_mandate_lets_a_proxy_name_or_remove_others() {
    let mut registry = registry();
    let all = mandate(Power::ALL, 2_000);
    registry.name_proxy(id(2), all).unwrap();
    registry.name_proxy(id(3), all).unwrap();
    calls(id(2));
    for instruction in
        [Instruction::NameProxy(id(4), all), Instruction::NameProxy(id(2), all), Instruction::RemoveProxy(id(3))]
    {
        assert_eq!(registry.carry_out(vec![order(id(1), instruction)]), Err(ConsentError::NotMandated));
    }
    let given_back = order(id(1), Instruction::RemoveProxy(id(2)));
    assert_eq!(registry.carry_out(vec![given_back]), Ok(vec![Done::ProxyRemoved]));
    let late = order(id(1), Instruction::RevokeAll);
    assert_eq!(registry.carry_out(vec![late]), Err(ConsentError::NotMandated));
}

#[test]
fn a_mandate_counts_from_its_start_until_its_end_to_the_millisecond() {
    let mut registry = registry();
    let mut given = mandate(&[Power::Revoke], NOW.0 + 10);
    given.period.start = NOW.plus(5);
    registry.name_proxy(id(2), given).unwrap();
    calls(id(2));
    let mut at_time = |now: Timestamp| {
        at(now);
        registry.carry_out(vec![order(id(1), Instruction::RevokeAll)]).is_ok()
    };
    assert_eq!([4, 5, 9, 10].map(|later| at_time(NOW.plus(later))), [false, true, true, false]);
}

#[test]
fn a_signed_order_is_relayed_by_anybody_and_uses_its_nonce() {
    let mut registry = registry();
    calls(id(77));
    assert_eq!(relay_one(&mut registry, record(1, 0, for_account(9))), Ok(Done::Recorded(ConsentId(0))));
    assert_eq!(registry.decide(signer(1), asked_by(9)).answer, Answer::Permit);
    assert_eq!((registry.nonce(signer(1)), registry.nonce(id(77))), (1, 0));
    let told = newest::<OrdersCarriedOut>();
    let [told] = &told.orders[..] else { panic!("one order is told") };
    assert_eq!((told.proxy, told.nonce, told.epoch), (None, Some(0), 1));
    let revoke = signed(1, order(signer(1), Instruction::RevokeAll), 1, Timestamp::MAX, &here());
    assert_eq!(relay_one(&mut registry, revoke), Ok(Done::Revoked(1)));
    assert_eq!(registry.decide(signer(1), asked_by(9)).answer, Answer::NoConsent);
}

#[test]
fn what_was_relayed_before_is_a_replay() {
    let mut registry = registry();
    let first = record(1, 0, opt_in());
    assert_eq!(relay_one(&mut registry, first.clone()), Ok(Done::Recorded(ConsentId(0))));
    assert_eq!(relay_one(&mut registry, first.clone()), Err(RelayError::NonceUsed));
    let second = record(1, 1, opt_in());
    let both = vec![second.clone(), second, first];
    let done = [Ok(Done::Recorded(ConsentId(1))), Err(RelayError::NonceUsed), Err(RelayError::NonceUsed)];
    assert_eq!(registry.relay(here(), both), Ok(done.to_vec()));
}

#[test]
fn an_order_whose_predecessor_is_missing_waits() {
    let mut registry = registry();
    assert_eq!(relay_one(&mut registry, record(1, 1, opt_in())), Err(RelayError::NonceAhead));
    let both = vec![record(1, 0, opt_in()), record(1, 1, opt_in())];
    let done = [Ok(Done::Recorded(ConsentId(0))), Ok(Done::Recorded(ConsentId(1)))];
    assert_eq!(registry.relay(here(), both), Ok(done.to_vec()));
}

#[test]
fn a_signature_counts_before_its_deadline_only() {
    let mut registry = registry();
    let until = |deadline| signed(1, order(signer(1), Instruction::RevokeAll), 0, deadline, &here());
    assert_eq!(relay_one(&mut registry, until(NOW)), Err(RelayError::DeadlineOver));
    assert_eq!(relay_one(&mut registry, until(NOW.plus(1))), Ok(Done::Revoked(0)));
}

#[test]
fn a_signature_for_another_chain_or_contract_is_refused() {
    let mut registry = registry();
    let other_chain = Place { genesis: Hash([1; 32]), ..here() };
    let other_contract = Place { contract: id(5), ..here() };
    for (place, error) in [(other_chain, ConsentError::OtherChain), (other_contract, ConsentError::OtherContract)] {
        let made_there = signed(1, order(signer(1), Instruction::Record(opt_in())), 0, Timestamp::MAX, &place);
        assert_eq!(registry.relay(place, vec![made_there.clone()]), Err(error));
        assert_eq!(relay_one(&mut registry, made_there), Err(RelayError::BadSignature), "whatever the relayer says");
    }
    assert_eq!((registry.nonce(signer(1)), count()), (0, 0));
}

#[test]
fn an_order_of_which_any_field_was_changed_is_refused() {
    let mut registry = registry();
    registry.name_proxy(signer(2), mandate(Power::ALL, 2_000)).unwrap();
    let before = count();
    let good = record(1, 0, until(NOW.0 + 1));
    let mut changed = Vec::new();
    let mut change = |does: fn(&mut SignedOrder)| {
        let mut one = good.clone();
        does(&mut one);
        changed.push(one);
    };
    change(|one| one.order.patient = signer(2));
    change(|one| one.proxy = Some(signer(2)));
    change(|one| one.proxy = Some(one.order.patient));
    change(|one| one.deadline = NOW.plus(1));
    change(|one| one.signature[0] ^= 1);
    change(|one| one.signature[63] ^= 128);
    change(|one| one.signature = [0; 64]);
    change(|one| one.order.instruction = Instruction::RevokeAll);
    change(|one| one.order.instruction = Instruction::Record(until(NOW.0 + 2)));
    change(|one| one.order.instruction = Instruction::Amend(ConsentId(0), until(NOW.0 + 1)));
    for one in changed {
        assert_eq!(relay_one(&mut registry, one.clone()), Err(RelayError::BadSignature), "{one:?}");
    }
    let mut one = good.clone();
    one.nonce = 1;
    assert_eq!(relay_one(&mut registry, one), Err(RelayError::NonceAhead));
    assert_eq!(count(), before, "nothing was told");
    assert_eq!(relay_one(&mut registry, good), Ok(Done::Recorded(ConsentId(0))), "and nothing was used up");
}

#[test]
fn a_refused_order_does_not_hold_up_the_others_and_keeps_its_nonce() {
    let mut registry = registry();
    let orders = vec![
        record(1, 0, opt_in()),
        record(2, 0, until(NOW.0)),
        signed(3, order(signer(3), Instruction::Revoke(ConsentId(0))), 0, Timestamp::MAX, &here()),
        record(1, 1, opt_in()),
        record(2, 0, opt_in()),
    ];
    let done = [
        Ok(Done::Recorded(ConsentId(0))),
        Err(RelayError::Refused(ConsentError::AlreadyOver)),
        Err(RelayError::Refused(ConsentError::NotFound)),
        Ok(Done::Recorded(ConsentId(1))),
        Ok(Done::Recorded(ConsentId(0))),
    ];
    assert_eq!(registry.relay(here(), orders), Ok(done.to_vec()));
    assert_eq!([1, 2, 3].map(|who| registry.nonce(signer(who))), [2, 1, 0]);
    assert_eq!(newest::<OrdersCarriedOut>().orders.len(), 3);
}

#[test]
fn a_proxy_signs_for_the_patient_with_a_nonce_of_its_own() {
    let mut registry = registry();
    let name = Instruction::NameProxy(signer(2), mandate(&[Power::Record], 2_000));
    let for_patient =
        |nonce| signed(2, order(signer(1), Instruction::Record(opt_in())), nonce, Timestamp::MAX, &here());
    assert_eq!(
        relay_one(&mut registry, for_patient(0)),
        Err(RelayError::Refused(ConsentError::NotMandated)),
        "not before it is named"
    );
    let orders = vec![
        signed(1, order(signer(1), name), 0, Timestamp::MAX, &here()),
        for_patient(0),
        record(1, 1, opt_in()),
        for_patient(1),
    ];
    let done = [
        Ok(Done::ProxyNamed),
        Ok(Done::Recorded(ConsentId(0))),
        Ok(Done::Recorded(ConsentId(1))),
        Ok(Done::Recorded(ConsentId(2))),
    ];
    assert_eq!(registry.relay(here(), orders), Ok(done.to_vec()));
    assert_eq!((registry.nonce(signer(1)), registry.nonce(signer(2))), (2, 2));
    assert_eq!((registry.epoch(signer(1)), registry.epoch(signer(2))), (3, 0));
    let epochs: Vec<_> = newest::<OrdersCarriedOut>().orders.iter().map(|told| (told.nonce, told.epoch)).collect();
    assert_eq!(epochs, [(Some(0), 0), (Some(0), 1), (Some(1), 2), (Some(1), 3)]);
}
