//! Events are enough to rebuild all that the registry keeps.

use ink_primitives::AccountId;
use salus_client::history::{History, What};
use salus_client::Keypair;
use salus_domain::codes::{Power, PowerSet};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision, MAX_ACTIVE_CONSENTS};
use salus_domain::ids::ConsentId;
use salus_domain::mandate::Mandate;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::{agreed, mandate, order, without_tokens};
use salus_e2e_tests::public::Cells;
use salus_e2e_tests::samples::{consent, for_payment, for_treatment, DAY};
use salus_e2e_tests::{id, node_of_my_own, person, Result, World};
use salus_interface::consent::{ConsentError, Instruction, RelayError, SignedOrder};
use scale::Encode;
use std::collections::{BTreeMap, BTreeSet};

/// A text that has a cell of its own.
fn long(world: &World) -> Consent {
    let actors = vec![Actor::Account(person(&world.doctor)); 16];
    let provision = Provision { actors, ..Provision::new(1, Decision::Permit) };
    consent(vec![provision; 5])
}

/// Every message for itself: recorded, amended, revoked, and made room for.
async fn own_messages(world: &World) -> Result {
    let (ours, theirs) = (&world.patient, &world.stranger);
    let opt_in = Consent { base: Base::Permit, ..consent(Vec::new()) };
    let period = Period { start: Timestamp(0), end: world.now().await?.plus(DAY) };
    let dated = Consent { period, ..for_treatment(&world.doctor) };
    world.run(ours, world.registry.record(&dated)).await?;
    world.run(theirs, world.registry.record(&opt_in)).await?;
    world.run(ours, world.registry.record(&long(world))).await?;
    world.run(ours, world.registry.record(&for_treatment(&world.researcher))).await?;
    world.run(ours, world.registry.amend(ConsentId(1), &opt_in)).await?;
    world.run(ours, world.registry.revoke(ConsentId(0))).await?;
    world.run(theirs, world.registry.revoke_all()).await?;
    world.run(theirs, world.registry.revoke_all()).await?;
    world.run(ours, world.registry.amend(ConsentId(2), &long(world))).await?;
    world.run(ours, world.registry.amend(ConsentId(1), &for_payment(&world.doctor))).await?;

    // A full list, of which half is over a day later.
    let lasting = for_payment(&world.insurer);
    let texts = [&dated, &lasting].into_iter().cycle().take(MAX_ACTIVE_CONSENTS);
    let orders: Vec<_> = texts.map(|text| order(theirs, Instruction::Record(text.clone()))).collect();
    world.run(theirs, world.registry.carry_out(&orders)).await?;
    world.refused(theirs, world.registry.record(&lasting)).await?;
    world.chain.advance_clock(DAY).await?;
    world.run(theirs, world.registry.record(&long(world))).await?;
    Ok(())
}

/// Proposals that stand, were exchanged, accepted, rejected and withdrawn.
async fn proposals(world: &World, others: &[Keypair]) -> Result {
    let (ours, text) = (id(&world.patient), for_treatment(&world.doctor));
    world.run(&world.doctor, world.registry.propose(ours, &for_payment(&world.doctor))).await?;
    world.run(&world.doctor, world.registry.propose(ours, &text)).await?;
    world.run(&world.patient, world.registry.accept(id(&world.doctor), agreed(&text))).await?;
    for proposer in [&world.doctor, &world.insurer, &world.researcher] {
        world.run(proposer, world.registry.propose(ours, &long(world))).await?;
        world.run(proposer, world.registry.propose(id(&others[0]), &text)).await?;
    }
    world.run(&world.patient, world.registry.reject(id(&world.insurer))).await?;
    world.run(&world.researcher, world.registry.withdraw(ours)).await?;
    let answers = [
        world.own(&others[0], Instruction::Accept(id(&world.insurer), agreed(&text)), 0),
        world.own(&others[0], Instruction::Reject(id(&world.researcher)), 1),
    ];
    assert!(world.relays(&answers).await?.iter().all(std::result::Result::is_ok));
    Ok(())
}

/// Mandates that stand, were replaced, taken back, given back and are over; and what was done by them.
async fn proxies(world: &World, others: &[Keypair]) -> Result {
    let all = mandate(PowerSet::of(Power::ALL));
    let until = world.now().await?.plus(DAY);
    let brief = Mandate { period: Period { start: Timestamp(0), end: until }, ..mandate(Power::Amend.into()) };
    let ours = id(&world.patient);
    for (proxy, given) in
        [(&world.researcher, brief), (&world.researcher, all), (&world.doctor, all), (&others[1], all)]
    {
        world.run(&world.patient, world.registry.name_proxy(id(proxy), &given)).await?;
    }
    world.run(&world.stranger, world.registry.name_proxy(id(&world.doctor), &brief)).await?;
    let text = for_payment(&world.insurer);
    let acts = [
        order(&world.patient, Instruction::Record(text.clone())),
        order(&world.researcher, Instruction::Record(text.clone())),
        order(&world.patient, Instruction::Amend(ConsentId(2), text.clone())),
        order(&world.patient, Instruction::Revoke(ConsentId(1))),
    ];
    world.run(&world.researcher, world.registry.carry_out(&acts)).await?;
    let signed = [
        world.signed(&others[1], order(&world.patient, Instruction::Record(long(world))), 0),
        world.own(&others[1], Instruction::Record(text.clone()), 1),
        world.signed(&others[1], order(&world.patient, Instruction::Reject(id(&world.governor))), 2),
        world.signed(&others[1], order(&world.patient, Instruction::RemoveProxy(id(&others[1]))), 2),
    ];
    let answers = world.relays(&signed).await?;
    assert_eq!(answers[2], Err(RelayError::Refused(ConsentError::NoProposal)));
    world.run(&world.doctor, world.registry.remove_proxy(ours, id(&world.doctor))).await?;
    world.chain.advance_clock(DAY).await?;
    Ok(())
}

/// Relays that are told in several events, of which some orders were refused, and one of which nothing was done.
async fn relays(world: &World, others: &[Keypair]) -> Result {
    let text = for_treatment(&world.doctor);
    let mut orders: Vec<_> =
        others.iter().map(|patient| world.own(patient, Instruction::Record(text.clone()), 0)).collect();
    orders.extend(others.iter().map(|patient| world.own(patient, Instruction::Record(for_payment(&world.insurer)), 1)));
    orders.push(SignedOrder { nonce: 7, ..orders[0].clone() });
    orders.push(world.own(&others[0], Instruction::Revoke(ConsentId(9)), 2));
    orders.push(world.own(&others[0], Instruction::Amend(ConsentId(0), long(world)), 2));
    orders.push(world.own(&others[1], Instruction::RevokeAll, 2));
    let message = world.registry.relay(&world.place(), &orders);
    let done = world.run(&world.stranger, message).await?;
    assert_eq!(done.forecast.iter().filter(|answer| answer.is_err()).count(), 2);
    assert!(done.events.len() > 1, "more than one event tells it");
    world.relays_in_vain(&orders[..3]).await?;
    Ok(())
}

/// Proposals and mandates: what is kept by two accounts.
type ByTwo = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

/// What the registry must keep by its history: the accounts that have a file, and what is kept by two accounts.
fn expected(history: &History) -> (BTreeSet<AccountId>, ByTwo) {
    let (mut files, mut cells) = (BTreeSet::new(), ByTwo::new());
    for (account, standing) in history.accounts() {
        if (standing.epoch, standing.nonce) != (0, 0) {
            files.insert(account);
        }
        let proposals = standing.proposals.iter().map(|(proposer, consent)| (proposer, consent.encode()));
        let mandates = standing.mandates.iter().map(|(proxy, mandate)| (proxy, mandate.encode()));
        for (other, value) in proposals.chain(mandates) {
            cells.entry((account, other).encode()).or_default().insert(value);
        }
    }
    (files, cells)
}

/// Every cell of the contract is one that the history knows, and none is missing.
fn ensure_nothing_else(history: &History, cells: &Cells) -> Result {
    let (mut files, mut by_two) = (BTreeSet::new(), ByTwo::new());
    let mut apart = 0;
    for (key, value) in cells {
        // In front of a mapping's key stands which mapping it is.
        let key = key.get(4..).ok_or("a key without its mapping")?;
        match key.len() {
            0 => assert_eq!(value.len(), 32, "the genesis hash"),
            32 => assert!(files.insert(AccountId::try_from(key).map_err(|_| "an account")?)),
            36 => {
                let (account, number) = key.split_at(32);
                let account = AccountId::try_from(account).map_err(|_| "an account")?;
                let number = ConsentId(u32::from_le_bytes(number.try_into()?));
                assert_eq!(history.consent(account, number).map(Encode::encode).as_ref(), Some(value));
                apart += 1;
            }
            64 => assert!(by_two.entry(key.to_vec()).or_default().insert(value.clone())),
            other => return Err(format!("a cell with a key of {other} bytes").into()),
        }
    }
    assert!(apart > 0, "long texts have cells of their own");
    assert_eq!((files, by_two), expected(history));
    Ok(())
}

#[tokio::test]
async fn the_whole_state_can_be_rebuilt_from_the_events() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let others = without_tokens(50)?;
    own_messages(&world).await?;
    proposals(&world, &others[..2]).await?;
    proxies(&world, &others[..2]).await?;
    relays(&world, &others[2..]).await?;

    let history = History::read(&world.chain, &world.registry, world.deployment.block, |_| {}).await?;
    let everybody: BTreeSet<_> = history.accounts().map(|(account, _)| account).collect();
    let people = [&world.patient, &world.stranger, &world.researcher, &world.doctor, &world.insurer, &world.governor];
    let everybody = &everybody | &people.into_iter().chain(&others).map(id).collect();
    for account in &everybody {
        assert_eq!(world.read(world.registry.epoch(*account)).await?, history.epoch(*account));
        assert_eq!(world.read(world.registry.nonce(*account)).await?, history.nonce(*account));
        let listed = world.read(world.registry.in_force(*account, ConsentId(0), u32::MAX)).await?;
        assert_eq!(listed, history.in_force(*account));
        for entry in listed {
            let text = world.read(world.registry.consent(*account, entry.id)).await?;
            assert_eq!(text.as_ref(), history.consent(*account, entry.id));
        }
        for other in people.map(id) {
            let proposal = world.read(world.registry.proposal(*account, other)).await?;
            assert_eq!(proposal.as_ref(), history.proposal(*account, other));
            let mandate = world.read(world.registry.mandate(*account, other)).await?;
            assert_eq!(mandate.as_ref(), history.mandate(*account, other));
        }
    }
    ensure_nothing_else(&history, &world.kept().await?)?;

    // Nothing of the story is missing, and earlier revisions are still to be read.
    let is_there = |found: fn(&What) -> bool| history.acts().iter().any(|act| found(&act.what));
    assert!(is_there(|what| matches!(what, What::Lapsed(_))) && is_there(|what| matches!(what, What::AllRevoked(1))));
    assert!(is_there(|what| matches!(what, What::Accepted(..))) && is_there(|what| matches!(what, What::Rejected(_))));
    assert!(
        is_there(|what| matches!(what, What::Withdrawn(_))) && is_there(|what| matches!(what, What::ProxyRemoved(_)))
    );
    let texts: Vec<_> = history
        .acts_of(id(&world.patient))
        .filter_map(|act| match &act.what {
            What::Recorded(ConsentId(1), text) | What::Amended(ConsentId(1), _, text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    let opt_in = Consent { base: Base::Permit, ..consent(Vec::new()) };
    assert_eq!(texts, [long(&world), opt_in, for_payment(&world.doctor)]);
    Ok(())
}
