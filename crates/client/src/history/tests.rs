//! What stands and what was done after each kind of event.

use super::*;
use crate::events::ContractEvent;
use crate::AccountId32;
use salus_domain::codes::{Power, PowerSet};
use salus_domain::consent::{Base, MAX_ACTIVE_CONSENTS};
use salus_domain::ids::Hash;
use salus_domain::time::Period;
use salus_interface::consent::{
    CarriedOut, ConsentProposed, Done, Instruction, Order, OrdersCarriedOut, ProposalWithdrawn,
};
use salus_interface::event::Event;

const ROSA: u8 = 1;
const ADAMS: u8 = 2;
const PROXY: u8 = 3;

fn who(n: u8) -> AccountId {
    AccountId::from([n; 32])
}

fn consent(source: u8, end: u64) -> Consent {
    let period = Period { start: Timestamp(0), end: Timestamp(end) };
    Consent { base: Base::Deny, period, source: Hash([source; 32]), provisions: Vec::new() }
}

fn mandate() -> Mandate {
    Mandate { powers: PowerSet::of(&[Power::Record]), period: Period::ALWAYS }
}

/// An event in a block of its own; blocks are a second apart.
fn at<E: Event>(block: u64, event: &E) -> Located {
    let signature = E::SIGNATURE.replace(char::is_whitespace, "");
    let topics = vec![crate::blake2b_256(signature.as_bytes())];
    let event = ContractEvent { contract: AccountId32([9; 32]), index: 0, topics, data: event.encode() };
    Located { block, time: Timestamp(block * 1000), event }
}

fn order(instruction: Instruction, proxy: Option<u8>, nonce: Option<u32>, done: Done, epoch: u32) -> CarriedOut {
    let order = Order { patient: who(ROSA), instruction };
    CarriedOut { order, proxy: proxy.map(who), nonce, done, epoch }
}

/// What the patient does by a message.
fn own(block: u64, instruction: Instruction, done: Done, epoch: u32) -> Located {
    at(block, &OrdersCarriedOut { orders: vec![order(instruction, None, None, done, epoch)] })
}

fn recorded(block: u64, id: u32, epoch: u32, consent: Consent) -> Located {
    own(block, Instruction::Record(consent), Done::Recorded(ConsentId(id)), epoch)
}

fn whats(history: &History) -> Vec<What> {
    history.acts_of(who(ROSA)).map(|act| act.what.clone()).collect()
}

#[test]
fn revisions_stay_while_only_the_newest_stands() -> Result<(), HistoryError> {
    let (first, second) = (consent(1, 9), consent(2, 9));
    let amended = own(2, Instruction::Amend(ConsentId(0), second.clone()), Done::Amended(1), 2);
    let mut history = History::of(&[recorded(1, 0, 1, first.clone()), amended])?;
    assert_eq!(history.consent(who(ROSA), ConsentId(0)), Some(&second));
    let summary = ConsentSummary { id: ConsentId(0), revision: 1, period: second.period };
    assert_eq!((history.in_force(who(ROSA)), history.epoch(who(ROSA))), (vec![summary], 2));
    history.apply(&own(3, Instruction::Revoke(ConsentId(0)), Done::Revoked(1), 3))?;
    assert_eq!(history.consent(who(ROSA), ConsentId(0)), None);
    let all =
        [What::Recorded(ConsentId(0), first), What::Amended(ConsentId(0), 1, second), What::Revoked(ConsentId(0))];
    assert_eq!(whats(&history), all);
    let by = history.acts().iter().map(|act| (act.block, act.time, act.by, act.nonce));
    assert_eq!(by.collect::<Vec<_>>()[2], (3, Timestamp(3000), Some(who(ROSA)), None));
    Ok(())
}

#[test]
fn revoking_all_leaves_nothing_and_ids_go_on() -> Result<(), HistoryError> {
    let events = [
        recorded(1, 0, 1, consent(1, 9)),
        recorded(1, 1, 2, consent(2, 9)),
        own(2, Instruction::RevokeAll, Done::Revoked(2), 3),
        recorded(3, 2, 4, consent(3, 9_000)),
    ];
    let history = History::of(&events)?;
    assert_eq!(history.in_force(who(ROSA)).iter().map(|one| one.id.0).collect::<Vec<_>>(), [2]);
    Ok(())
}

#[test]
fn a_full_list_makes_room_only_when_it_is_full() -> Result<(), HistoryError> {
    let mut events: Vec<_> = (0..MAX_ACTIVE_CONSENTS as u32)
        .map(|id| recorded(1, id, id + 1, consent(0, if id % 32 == 5 { 2_000 } else { 90_000 })))
        .collect();
    let full = History::of(&events)?;
    assert_eq!(full.in_force(who(ROSA)).len(), MAX_ACTIVE_CONSENTS);
    // At 2000 ms the two that end then are over.
    events.push(recorded(2, 64, 65, consent(0, 90_000)));
    let history = History::of(&events)?;
    assert_eq!(history.in_force(who(ROSA)).len(), MAX_ACTIVE_CONSENTS - 1);
    let lapsed: Vec<_> = whats(&history).into_iter().filter(|what| matches!(what, What::Lapsed(_))).collect();
    assert_eq!(lapsed, [What::Lapsed(ConsentId(5)), What::Lapsed(ConsentId(37))]);
    // One more fits without anything making room.
    events.push(recorded(3, 65, 66, consent(0, 90_000)));
    assert_eq!(History::of(&events)?.in_force(who(ROSA)).len(), MAX_ACTIVE_CONSENTS);
    // And where nothing is over, no event can tell of another one.
    events.push(recorded(3, 66, 67, consent(0, 90_000)));
    assert!(matches!(History::of(&events), Err(HistoryError::Gap { block: 3 })));
    Ok(())
}

#[test]
fn proposals_stand_until_they_are_answered() -> Result<(), HistoryError> {
    let proposed = |consent| at(1, &ConsentProposed { patient: who(ROSA), proposer: who(ADAMS), consent });
    let accept = Instruction::Accept(who(ADAMS), Hash([0; 32]));
    let mut history = History::of(&[proposed(consent(1, 9)), proposed(consent(2, 9))])?;
    assert_eq!(history.proposal(who(ROSA), who(ADAMS)), Some(&consent(2, 9)), "the later one took its place");
    history.apply(&own(2, accept, Done::Recorded(ConsentId(0)), 1))?;
    assert_eq!(history.proposal(who(ROSA), who(ADAMS)), None);
    assert_eq!(history.consent(who(ROSA), ConsentId(0)), Some(&consent(2, 9)));
    for answer in [
        own(3, Instruction::Reject(who(ADAMS)), Done::Rejected, 1),
        at(3, &ProposalWithdrawn { patient: who(ROSA), proposer: who(ADAMS) }),
    ] {
        history.apply(&proposed(consent(3, 9)))?;
        history.apply(&answer)?;
        assert_eq!(history.proposal(who(ROSA), who(ADAMS)), None);
    }
    let done: Vec<_> = history.acts().iter().map(|act| (act.by, act.what.clone())).collect();
    assert_eq!(done[2], (Some(who(ROSA)), What::Accepted(who(ADAMS), ConsentId(0), consent(2, 9))));
    assert_eq!(done[4], (Some(who(ROSA)), What::Rejected(who(ADAMS))));
    assert_eq!(done[6], (Some(who(ADAMS)), What::Withdrawn(who(ADAMS))));
    Ok(())
}

#[test]
fn mandates_stand_until_they_are_taken_back() -> Result<(), HistoryError> {
    let named = own(1, Instruction::NameProxy(who(PROXY), mandate()), Done::ProxyNamed, 0);
    let removed = order(Instruction::RemoveProxy(who(PROXY)), Some(PROXY), None, Done::ProxyRemoved, 0);
    let removed = at(2, &OrdersCarriedOut { orders: vec![removed] });
    let mut history = History::of(&[named])?;
    assert_eq!(history.mandate(who(ROSA), who(PROXY)), Some(&mandate()));
    history.apply(&removed)?;
    assert_eq!(history.mandate(who(ROSA), who(PROXY)), None);
    assert_eq!(history.acts()[1].by, Some(who(PROXY)));
    assert!(matches!(history.apply(&removed), Err(HistoryError::Gap { block: 2 })));
    Ok(())
}

#[test]
fn orders_count_for_whom_they_are_and_use_the_nonce_of_who_signed() -> Result<(), HistoryError> {
    let orders = vec![
        order(Instruction::NameProxy(who(PROXY), mandate()), None, Some(0), Done::ProxyNamed, 0),
        order(Instruction::Record(consent(1, 9)), Some(PROXY), Some(0), Done::Recorded(ConsentId(0)), 1),
        order(Instruction::Amend(ConsentId(0), consent(2, 9)), Some(PROXY), None, Done::Amended(1), 2),
        order(Instruction::RevokeAll, None, Some(1), Done::Revoked(1), 3),
        order(Instruction::RevokeAll, None, Some(2), Done::Revoked(0), 3),
        order(Instruction::RemoveProxy(who(PROXY)), Some(PROXY), Some(1), Done::ProxyRemoved, 3),
    ];
    let history = History::of(&[at(1, &OrdersCarriedOut { orders })])?;
    assert_eq!((history.nonce(who(ROSA)), history.nonce(who(PROXY)), history.epoch(who(ROSA))), (3, 2, 3));
    assert_eq!((history.in_force(who(ROSA)), history.mandate(who(ROSA), who(PROXY))), (Vec::new(), None));
    let second = &history.acts()[1];
    assert_eq!((second.by, second.nonce), (Some(who(PROXY)), Some(0)));
    assert_eq!(whats(&history).len(), 6);
    Ok(())
}

#[test]
fn proposals_are_answered_by_orders_too() -> Result<(), HistoryError> {
    let proposed = |proposer| ConsentProposed { patient: who(ROSA), proposer: who(proposer), consent: consent(1, 9) };
    let accepted = Instruction::Accept(who(ADAMS), Hash([0; 32]));
    let orders = vec![
        order(accepted, None, Some(0), Done::Recorded(ConsentId(0)), 1),
        order(Instruction::Reject(who(PROXY)), None, None, Done::Rejected, 1),
        order(Instruction::Revoke(ConsentId(0)), None, None, Done::Revoked(1), 2),
    ];
    let events = [at(1, &proposed(ADAMS)), at(1, &proposed(PROXY)), at(2, &OrdersCarriedOut { orders })];
    let history = History::of(&events)?;
    assert_eq!(whats(&history)[2], What::Accepted(who(ADAMS), ConsentId(0), consent(1, 9)));
    let standing = history.standing(who(ROSA)).map(|standing| standing.proposals.len());
    assert_eq!((standing, history.epoch(who(ROSA))), (Some(0), 2));
    Ok(())
}

#[test]
fn events_that_are_missing_are_noticed() {
    let gap = |events: &[Located]| matches!(History::of(events), Err(HistoryError::Gap { .. }));
    let lone = |carried_out| [at(1, &OrdersCarriedOut { orders: vec![carried_out] })];
    assert!(gap(&[recorded(1, 1, 2, consent(1, 9))]), "an earlier consent");
    assert!(gap(&[recorded(1, 0, 2, consent(1, 9))]), "an earlier change");
    assert!(gap(&[own(1, Instruction::Revoke(ConsentId(0)), Done::Revoked(1), 1)]));
    assert!(gap(&[at(1, &ProposalWithdrawn { patient: who(ROSA), proposer: who(ADAMS) })]));
    assert!(gap(&[own(1, Instruction::RevokeAll, Done::Revoked(1), 1)]));
    assert!(gap(&lone(order(Instruction::RevokeAll, None, Some(1), Done::Revoked(0), 0))), "an earlier nonce");
    assert!(gap(&lone(order(Instruction::RevokeAll, None, None, Done::Rejected, 0))), "another answer");
}

#[test]
fn an_event_that_the_registry_does_not_have_is_no_history() {
    let mut unknown = recorded(7, 0, 1, consent(1, 9));
    unknown.event.topics.clear();
    assert!(matches!(History::of(&[unknown]), Err(HistoryError::Unreadable { block: 7 })));
}
