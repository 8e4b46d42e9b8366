//! What somebody could have relayed to harm the registry, the relayer or the others in the same transaction.

use salus_client::relay::{self, Outcome};
use salus_client::{blake2b_256, Keypair};
use salus_domain::codes::{Power, Role};
use salus_domain::consent::{Actor, Base, Consent, Decision, Malformed, Provision, MAX_ACTIVE_CONSENTS};
use salus_domain::ids::ConsentId;
use salus_e2e_tests::orders::{mandate, order, without_tokens};
use salus_e2e_tests::samples::{consent, for_treatment, UNIT};
use salus_e2e_tests::{account, id, person, Result, World};
use salus_interface::consent::{ConsentError, Done, Instruction, RelayError, SignedOrder, MAX_ORDERS};
use scale::{Compact, Encode};

const FIRST: ConsentId = ConsentId(0);

/// So many provisions with so many actors each.
fn crowded(provisions: usize, actors: usize, actor: Actor) -> Consent {
    let provision = Provision { actors: vec![actor; actors], ..Provision::new(1, Decision::Permit) };
    consent(vec![provision; provisions])
}

/// Sends a relay that must fail as a whole, as a real transaction: nothing is written.
async fn fails(world: &World, input: &[u8]) -> Result {
    let before = world.kept().await?;
    let sent = world.raw.call(&world.stranger, world.registry.address(), 0, input).await?;
    let reason = sent.err().ok_or("it succeeded")?;
    let clean = ["ContractReverted", "ContractTrapped", "OutputBufferTooSmall"];
    assert!(clean.iter().any(|name| reason.contains(name)), "{reason}");
    assert_eq!(world.kept().await?, before);
    Ok(())
}

fn grants(world: &World, patients: &[Keypair]) -> Vec<SignedOrder> {
    let grant = |patient| world.own(patient, Instruction::Record(for_treatment(&world.doctor)), 0);
    patients.iter().map(grant).collect()
}

#[tokio::test]
async fn one_message_carries_out_128_orders_and_no_more() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(MAX_ORDERS + 1)?;
    let orders: Vec<_> = patients.iter().map(|patient| world.own(patient, Instruction::RevokeAll, 0)).collect();
    let message = world.registry.relay(&world.place(), &orders);
    fails(&world, message.input()).await?;
    assert_eq!(world.refused(&world.stranger, message).await?, ConsentError::TooManyOrders);
    let own = vec![order(&world.patient, Instruction::RevokeAll); MAX_ORDERS + 1];
    let refused = world.refused(&world.patient, world.registry.carry_out(&own)).await?;
    assert_eq!(refused, ConsentError::TooManyOrders);

    assert_eq!(world.relays(&orders[1..]).await?, [Ok(Done::Revoked(0)); MAX_ORDERS]);
    let own = world.run(&world.patient, world.registry.carry_out(&own[1..])).await?;
    assert_eq!(own.forecast, [Done::Revoked(0); MAX_ORDERS]);
    Ok(())
}

#[tokio::test]
async fn a_text_above_the_bounds_is_refused_by_its_rule_and_holds_up_nobody() -> Result {
    let world = World::new().await?;
    let doctor = Actor::Account(person(&world.doctor));
    let deep = (1..=200).map(|depth| Provision::new(depth, Decision::Deny)).collect();
    let hostile = [
        (crowded(1, 900, doctor), ConsentError::Malformed(Malformed::TooManyActors)),
        (crowded(1, 4_000, Actor::Role(Role::Doctor)), ConsentError::Malformed(Malformed::TooManyActors)),
        (crowded(1_000, 0, doctor), ConsentError::Malformed(Malformed::TooManyProvisions)),
        (crowded(33, 0, doctor), ConsentError::Malformed(Malformed::TooManyProvisions)),
        (crowded(28, 30, doctor), ConsentError::Malformed(Malformed::TooManyActors)),
        (consent(deep), ConsentError::Malformed(Malformed::TooManyProvisions)),
        (crowded(32, 16, doctor), ConsentError::TooLarge),
        (crowded(32, 7, doctor), ConsentError::TooLarge),
    ];
    let attacker = &without_tokens(1)?[0];
    for (text, error) in hostile {
        let others = without_tokens(2)?;
        let [first, last] = &grants(&world, &others)[..] else { return Err("two patients have two grants".into()) };
        let middle = world.own(attacker, Instruction::Record(text), 0);
        let answers = world.relays(&[first.clone(), middle.clone(), last.clone()]).await?;
        let done = Ok(Done::Recorded(FIRST));
        assert_eq!(answers, [done, Err(RelayError::Refused(error)), done]);
        assert_eq!(world.relays_in_vain(&[middle]).await?, [RelayError::Refused(error)]);
    }
    assert_eq!(world.counts(id(attacker)).await?, (0, 0, 0));
    Ok(())
}

/// Too much for a contract's memory or its buffer: the transaction fails, and what it should have done for others can be
/// done by another one.
#[tokio::test]
async fn what_is_too_much_to_be_read_fails_as_a_whole_and_writes_nothing() -> Result {
    let world = World::new().await?;
    let attacker = &without_tokens(1)?[0];
    let others = grants(&world, &without_tokens(3)?);
    let doctor = Actor::Account(person(&world.doctor));
    let hostile = [crowded(1, 15_000, Actor::Role(Role::Doctor)), crowded(1, 3_000, doctor), crowded(120, 16, doctor)]
        .map(|text| world.own(attacker, Instruction::Record(text), 0));
    for order in &hostile {
        let orders = [&others[..1], std::slice::from_ref(order), &others[1..]].concat();
        fails(&world, world.registry.relay(&world.place(), &orders).input()).await?;
    }
    let relay = &blake2b_256(b"ConsentRegistry::relay")[..4];
    let begun = [relay, &world.place().encode()].concat();
    for count in [1, 128, 1 << 14, u32::MAX] {
        fails(&world, &[&begun[..], &Compact(count).encode()].concat()).await?;
        fails(&world, &[&begun[..], &Compact(count).encode(), &others[0].encode()[..150]].concat()).await?;
    }
    for noise in [60, 1_000, 30_000, 200_000] {
        fails(&world, &[&begun[..], &Compact(128u32).encode(), &vec![0x55; noise]].concat()).await?;
    }
    assert_eq!(world.relays(&others).await?, [Ok(Done::Recorded(FIRST)); 3]);
    assert_eq!(world.counts(id(attacker)).await?, (0, 0, 0));
    Ok(())
}

/// Each of these would make the whole transaction fail, and the orders of others with it.
#[tokio::test]
async fn the_client_relays_what_can_be_relayed_around_orders_that_are_too_large() -> Result {
    let world = World::new().await?;
    let attackers = without_tokens(4)?;
    let others = without_tokens(4)?;
    let good = grants(&world, &others);
    let doctor = Actor::Account(person(&world.doctor));
    let hostile = [
        (crowded(1, 15_000, Actor::Role(Role::Doctor)), ConsentError::Malformed(Malformed::TooManyActors)),
        (crowded(1, 3_000, doctor), ConsentError::Malformed(Malformed::TooManyActors)),
        (crowded(120, 16, doctor), ConsentError::Malformed(Malformed::TooManyProvisions)),
        (crowded(32, 16, doctor), ConsentError::TooLarge),
    ];
    let huge: Vec<_> = attackers
        .iter()
        .zip(&hostile)
        .map(|(attacker, (text, _))| world.own(attacker, Instruction::Record(text.clone()), 0))
        .collect();
    let orders = [&good[..2], &huge, &good[2..]].concat();
    let relayed = relay::submit(&world.chain, &world.stranger, &world.registry, &orders).await;
    assert!(relayed.stopped.is_none(), "{:?}", relayed.stopped);
    for (outcome, (_, error)) in relayed.outcomes[2..6].iter().zip(&hostile) {
        assert_eq!(*outcome, Outcome::Refused(RelayError::Refused(*error)));
    }
    for (patient, outcome) in others.iter().zip([0, 1, 6, 7].map(|at| relayed.outcomes[at])) {
        assert!(matches!(outcome, Outcome::Done(Done::Recorded(FIRST), _)), "{outcome:?}");
        assert_eq!(world.counts(id(patient)).await?, (1, 1, 1));
    }
    Ok(())
}

/// Fills the lists of patients who have no tokens: somebody acts for them, and pays.
async fn fill(world: &World, patients: &[Keypair]) -> Result {
    world.raw.endow(&[account(&world.doctor)], 2_000 * UNIT).await?;
    let name = Instruction::NameProxy(id(&world.doctor), mandate(Power::Record.into()));
    let named: Vec<_> = patients.iter().map(|patient| world.own(patient, name.clone(), 0)).collect();
    world.relays(&named).await?;
    let text = Consent { base: Base::Permit, ..consent(Vec::new()) };
    for two in patients.chunks(2) {
        let all = |patient| vec![order(patient, Instruction::Record(text.clone())); MAX_ACTIVE_CONSENTS];
        let orders: Vec<_> = two.iter().flat_map(all).collect();
        world.run(&world.doctor, world.registry.carry_out(&orders)).await?;
    }
    Ok(())
}

/// Each order makes the contract read and write as much as an account can have. Where that is too much for one transaction,
/// it fails as a whole, and the client takes several.
#[tokio::test]
async fn orders_for_as_many_full_lists_as_a_message_can_name_are_all_carried_out() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(MAX_ORDERS)?;
    fill(&world, &patients).await?;
    let mut nonce = 1;
    for (instruction, done, left) in
        [(Instruction::Revoke(ConsentId(5)), Done::Revoked(1), 63), (Instruction::RevokeAll, Done::Revoked(63), 0)]
    {
        let orders: Vec<_> = patients.iter().map(|patient| world.own(patient, instruction.clone(), nonce)).collect();
        let before = world.kept().await?;
        let at_once = world.registry.relay(&world.place(), &orders);
        let sent = world.raw.call(&world.stranger, world.registry.address(), 0, at_once.input()).await?;
        if sent.is_err() {
            assert_eq!(world.kept().await?, before);
            let relayed = relay::submit(&world.chain, &world.stranger, &world.registry, &orders).await;
            assert!(relayed.stopped.is_none(), "{:?}", relayed.stopped);
            let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Done(what, _) if *what == done);
            assert!(relayed.outcomes.iter().all(is_done), "{:?}", relayed.outcomes);
        }
        nonce += 1;
        for patient in &patients {
            let (_, next, listed) = world.counts(id(patient)).await?;
            assert_eq!((next, listed), (nonce, left));
        }
    }
    Ok(())
}
