//! Who acts for a patient: what they may do, when, and until when.

use salus_client::Keypair;
use salus_domain::codes::{Power, PowerSet};
use salus_domain::ids::ConsentId;
use salus_domain::mandate::{Mandate, MandateMalformed};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::{agreed, mandate, order, without_tokens};
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, for_payment, for_treatment, DAY};
use salus_e2e_tests::{account, id, node_of_my_own, Result, World};
use salus_interface::consent::{CarriedOut, ConsentError, Done, Instruction, Order, RelayError};

const FIRST: ConsentId = ConsentId(0);

/// The patient makes somebody a proxy.
async fn names(world: &World, proxy: &Keypair, mandate: Mandate) -> Result {
    world.run(&world.patient, world.registry.name_proxy(id(proxy), &mandate)).await?;
    assert_eq!(world.read(world.registry.mandate(id(&world.patient), id(proxy))).await?, Some(mandate));
    Ok(())
}

/// Somebody does something for the patient, and it must succeed.
async fn acts(world: &World, who: &Keypair, instruction: Instruction) -> Result<Done> {
    let done = world.run(who, world.registry.carry_out(&[order(&world.patient, instruction.clone())])).await?;
    let [CarriedOut { order: told, proxy, nonce, .. }] = &done.carried_out()[..] else {
        return Err("one order has one answer".into());
    };
    assert_eq!((told, *proxy, *nonce), (&order(&world.patient, instruction), Some(id(who)), None));
    Ok(done.forecast[0])
}

/// Somebody tries to do something for the patient, by a transaction and by a signature, and nothing is written.
async fn is_refused(world: &World, who: &Keypair, instruction: Instruction) -> Result<ConsentError> {
    let before = world.kept().await?;
    let ordered = order(&world.patient, instruction);
    let message = world.registry.carry_out(std::slice::from_ref(&ordered));
    let sent = world.raw.call(who, world.registry.address(), 0, message.input()).await?;
    assert!(sent.is_err_and(|reason| reason.contains("ContractReverted")));
    let refusal = world.refused(who, message).await?;
    assert_eq!(world.kept().await?, before);
    let nonce = world.read(world.registry.nonce(id(who))).await?;
    let signed = world.signed(who, ordered, nonce);
    assert_eq!(world.relays_in_vain(&[signed]).await?, [RelayError::Refused(refusal)]);
    Ok(refusal)
}

/// Every instruction, with the power that it needs: each power alone suffices for its own and for no other.
#[tokio::test]
async fn a_proxy_does_what_it_has_the_power_for_and_nothing_else() -> Result {
    let world = World::new().await?;
    let (proxy, patient) = (&world.researcher, id(&world.patient));
    let (text, other) = (for_treatment(&world.doctor), for_payment(&world.insurer));
    world.consents(&text).await?;
    world.consents(&text).await?;
    for proposer in [&world.doctor, &world.insurer] {
        world.run(proposer, world.registry.propose(patient, &other)).await?;
    }
    let all = [
        (Power::Record, Instruction::Record(text.clone()), Done::Recorded(ConsentId(2))),
        (Power::Amend, Instruction::Amend(FIRST, other.clone()), Done::Amended(1)),
        (Power::Answer, Instruction::Accept(id(&world.doctor), agreed(&other)), Done::Recorded(ConsentId(3))),
        (Power::Answer, Instruction::Reject(id(&world.insurer)), Done::Rejected),
        (Power::Revoke, Instruction::Revoke(ConsentId(1)), Done::Revoked(1)),
        (Power::Revoke, Instruction::RevokeAll, Done::Revoked(3)),
    ];
    for (_, instruction, _) in &all {
        assert_eq!(is_refused(&world, proxy, instruction.clone()).await?, ConsentError::NotMandated);
    }
    for (power, instruction, done) in all {
        let others: PowerSet = Power::ALL.iter().copied().filter(|other| *other != power).collect();
        names(&world, proxy, mandate(others)).await?;
        assert_eq!(is_refused(&world, proxy, instruction.clone()).await?, ConsentError::NotMandated);
        names(&world, proxy, mandate(power.into())).await?;
        assert_eq!(acts(&world, proxy, instruction).await?, done);
    }
    assert_eq!(world.counts(patient).await?, (7, 0, 0));
    Ok(())
}

#[tokio::test]
async fn no_mandate_lets_a_proxy_name_proxies_or_remove_another() -> Result {
    let world = World::new().await?;
    let (proxy, other) = (&world.researcher, &world.doctor);
    names(&world, proxy, mandate(PowerSet::of(Power::ALL))).await?;
    names(&world, other, mandate(Power::Revoke.into())).await?;
    for beyond in [
        Instruction::NameProxy(id(&world.stranger), mandate(Power::Record.into())),
        Instruction::NameProxy(id(proxy), mandate(PowerSet::of(Power::ALL))),
        Instruction::RemoveProxy(id(other)),
    ] {
        assert_eq!(is_refused(&world, proxy, beyond).await?, ConsentError::NotMandated);
    }
    let remove = world.registry.remove_proxy(id(&world.patient), id(other));
    assert_eq!(world.refused(proxy, remove).await?, ConsentError::NotMandated);
    Ok(())
}

#[tokio::test]
async fn a_mandate_is_one_patients_and_one_proxys() -> Result {
    let world = World::new().await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    names(&world, &world.researcher, mandate(PowerSet::of(Power::ALL))).await?;
    for other in [&world.doctor, &world.governor, &world.insurer] {
        assert_eq!(is_refused(&world, other, Instruction::RevokeAll).await?, ConsentError::NotMandated);
    }
    // The other way round, and for somebody else.
    for patient in [&world.researcher, &world.doctor] {
        let orders = [order(patient, Instruction::Record(for_treatment(&world.doctor)))];
        let refused = world.refused(&world.patient, world.registry.carry_out(&orders)).await?;
        assert_eq!(refused, ConsentError::NotMandated);
    }
    let of_another = [order(&world.doctor, Instruction::RevokeAll)];
    let refused = world.refused(&world.researcher, world.registry.carry_out(&of_another)).await?;
    assert_eq!(refused, ConsentError::NotMandated);
    // What a proxy does by a message of its own, it does for itself.
    assert_eq!(world.run(&world.researcher, world.registry.revoke_all()).await?.forecast, 0);
    assert_eq!(world.counts(id(&world.patient)).await?, (1, 0, 1));
    Ok(())
}

#[tokio::test]
async fn a_mandate_that_could_never_be_used_is_refused() -> Result {
    let world = World::new().await?;
    let now = world.now().await?;
    let proxy = id(&world.researcher);
    let good = mandate(PowerSet::of(Power::ALL));
    let period = |start, end| Mandate { period: Period { start: Timestamp(start), end }, ..good };
    for (broken, why) in [
        (Mandate { powers: PowerSet::EMPTY, ..good }, MandateMalformed::NoPowers),
        (period(now.0 + 5, Timestamp(now.0 + 5)), MandateMalformed::EmptyPeriod),
        (period(now.0 + 6, Timestamp(now.0 + 5)), MandateMalformed::EmptyPeriod),
        (period(0, now), MandateMalformed::AlreadyOver),
    ] {
        let error = ConsentError::MandateMalformed(why);
        let name = world.registry.name_proxy(proxy, &broken);
        assert_eq!(world.refused(&world.patient, name).await?, error);
        let signed = world.own(&world.patient, Instruction::NameProxy(proxy, broken), 0);
        assert_eq!(world.relays_in_vain(&[signed]).await?, [RelayError::Refused(error)]);
    }
    assert_eq!(world.read(world.registry.mandate(id(&world.patient), proxy)).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_mandate_counts_in_its_period_and_ends_without_anybody_doing_anything() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let proxy = &world.researcher;
    let now = world.now().await?;
    let period = Period { start: now.plus(DAY), end: now.plus(3 * DAY) };
    let given = Mandate { period, ..mandate(PowerSet::of(Power::ALL)) };
    names(&world, proxy, given).await?;
    let record = || Instruction::Record(for_treatment(&world.doctor));
    assert_eq!(is_refused(&world, proxy, record()).await?, ConsentError::NotMandated);
    world.chain.advance_clock(DAY).await?;
    assert_eq!(acts(&world, proxy, record()).await?, Done::Recorded(FIRST));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(acts(&world, proxy, record()).await?, Done::Recorded(ConsentId(1)));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(is_refused(&world, proxy, record()).await?, ConsentError::NotMandated);
    assert_eq!(world.counts(id(&world.patient)).await?, (2, 0, 2), "what it did stays");

    let known = world.read(world.registry.mandate(id(&world.patient), id(proxy))).await?;
    assert_eq!(known, Some(given), "it is over, and known");
    names(&world, proxy, Mandate { period: Period { end: now.plus(9 * DAY), ..period }, ..given }).await?;
    assert_eq!(acts(&world, proxy, Instruction::RevokeAll).await?, Done::Revoked(2));
    Ok(())
}

#[tokio::test]
async fn a_mandate_is_taken_back_by_the_patient_or_given_back_by_the_proxy_and_by_nobody_else() -> Result {
    let world = World::new().await?;
    let (patient, proxy) = (id(&world.patient), &world.researcher);
    let remove = || world.registry.remove_proxy(patient, id(proxy));
    for who in [&world.patient, proxy] {
        assert_eq!(world.refused(who, remove()).await?, ConsentError::NoProxy, "there is none yet");
        names(&world, proxy, mandate(PowerSet::of(Power::ALL))).await?;
        for other in [&world.stranger, &world.doctor] {
            assert_eq!(world.refused(other, remove()).await?, ConsentError::NotMandated);
        }
        let removed = world.run(who, remove()).await?;
        let told = CarriedOut {
            order: Order { patient, instruction: Instruction::RemoveProxy(id(proxy)) },
            proxy: Some(id(who)).filter(|who| *who != patient),
            nonce: None,
            done: Done::ProxyRemoved,
            epoch: 0,
        };
        assert_eq!(removed.carried_out(), [told]);
        assert_eq!(world.read(world.registry.mandate(patient, id(proxy))).await?, None);
        assert_eq!(is_refused(&world, proxy, Instruction::RevokeAll).await?, ConsentError::NotMandated);
    }
    Ok(())
}

/// The three calls are one block's: the proxy acts, the patient takes the mandate back, the proxy acts.
#[tokio::test]
async fn a_mandate_that_is_taken_back_gives_nothing_more_in_the_same_block() -> Result {
    let world = World::new().await?;
    let (patient, proxy) = (id(&world.patient), &world.researcher);
    names(&world, proxy, mandate(Power::Record.into())).await?;
    let record = world.registry.carry_out(&[order(&world.patient, Instruction::Record(for_treatment(&world.doctor)))]);
    let remove = world.registry.remove_proxy(patient, id(proxy));
    let registry = world.registry.address();
    let records = || (proxy, contracts_call(registry, 0, record.input()));
    let removes = (&world.patient, contracts_call(registry, 0, remove.input()));
    world.in_one_block([records(), removes, records()]).await?;
    assert_eq!(world.counts(patient).await?, (1, 0, 1), "the first one only");
    Ok(())
}

#[tokio::test]
async fn what_a_proxy_signed_is_void_once_its_mandate_is_gone() -> Result {
    let world = World::new().await?;
    let people = without_tokens(2)?;
    let (patient, proxy) = (&people[0], &people[1]);
    let name = Instruction::NameProxy(id(proxy), mandate(PowerSet::of(Power::ALL)));
    let record = |nonce| world.signed(proxy, order(patient, Instruction::Record(for_treatment(&world.doctor))), nonce);
    let named_and_used = [world.own(patient, name.clone(), 0), record(0)];
    assert_eq!(world.relays(&named_and_used).await?, [Ok(Done::ProxyNamed), Ok(Done::Recorded(FIRST))]);
    let give_back = world.signed(proxy, order(patient, Instruction::RemoveProxy(id(proxy))), 1);
    let not_mandated = Err(RelayError::Refused(ConsentError::NotMandated));
    assert_eq!(world.relays(&[give_back, record(2)]).await?, [Ok(Done::ProxyRemoved), not_mandated]);
    assert_eq!(world.counts(id(proxy)).await?, (0, 2, 0), "a refused order uses no nonce");
    // Named again, what is signed and was not used counts again: only nonce and deadline end a signature.
    let again = [world.own(patient, name, 1), record(2)];
    assert_eq!(world.relays(&again).await?, [Ok(Done::ProxyNamed), Ok(Done::Recorded(ConsentId(1)))]);
    assert_eq!(world.counts(id(patient)).await?, (2, 2, 2));
    Ok(())
}

#[tokio::test]
async fn a_batch_for_several_patients_is_carried_out_as_a_whole_or_not_at_all() -> Result {
    let world = World::new().await?;
    let children = without_tokens(2)?;
    let parent = &world.patient;
    let name = Instruction::NameProxy(id(parent), mandate(PowerSet::of(&[Power::Record, Power::Revoke])));
    let named: Vec<_> = children.iter().map(|child| world.own(child, name.clone(), 0)).collect();
    world.relays(&named).await?;
    let record = |who: &Keypair| order(who, Instruction::Record(for_treatment(&world.doctor)));
    let good = [record(&children[0]), record(parent), record(&children[1]), record(&children[0])];
    for (bad, error) in [
        (order(&children[1], Instruction::Amend(FIRST, for_payment(&world.insurer))), ConsentError::NotMandated),
        (order(&children[1], Instruction::Revoke(ConsentId(9))), ConsentError::NotFound),
        (record(&world.doctor), ConsentError::NotMandated),
        (
            order(parent, Instruction::Record(consent(Vec::new()))),
            ConsentError::Malformed(salus_domain::consent::Malformed::SaysNothing),
        ),
    ] {
        let before = world.kept().await?;
        let batch = world.registry.carry_out(&[&good[..], &[bad]].concat());
        let sent = world.raw.call(parent, world.registry.address(), 0, batch.input()).await?;
        assert!(sent.is_err_and(|reason| reason.contains("ContractReverted")));
        assert_eq!(world.refused(parent, batch).await?, error);
        assert_eq!(world.kept().await?, before);
    }
    let done = world.run(parent, world.registry.carry_out(&good)).await?;
    assert_eq!(done.forecast, [0, 0, 0, 1].map(|id| Done::Recorded(ConsentId(id))));
    let told: Vec<_> = done.carried_out().into_iter().map(|it| (it.order.patient, it.proxy, it.epoch)).collect();
    let [first, second] = [&children[0], &children[1]].map(id);
    let by = Some(id(parent));
    assert_eq!(told, [(first, by, 1), (id(parent), None, 1), (second, by, 1), (first, by, 2)]);
    Ok(())
}

#[tokio::test]
async fn a_proxy_pays_the_deposit_and_is_given_back_what_it_removes() -> Result {
    let world = World::new().await?;
    let proxy = &world.researcher;
    names(&world, proxy, mandate(PowerSet::of(Power::ALL))).await?;
    let patient_has = world.chain.balance(&account(&world.patient)).await?;
    let mut paid = Vec::new();
    for instruction in [Instruction::Record(for_treatment(&world.doctor)), Instruction::Revoke(FIRST)] {
        let message = world.registry.carry_out(&[order(&world.patient, instruction)]);
        let (_, cost) = message.dry_run(&world.chain, &account(proxy)).await?;
        let before = world.chain.balance(&account(proxy)).await?;
        let fee = world.run(proxy, message).await?.evidence.fee;
        let after = world.chain.balance(&account(proxy)).await?;
        assert_eq!(i128::try_from(before)? - i128::try_from(after)?, i128::try_from(fee)? + cost.deposit);
        paid.push(cost.deposit);
    }
    assert!(paid[0] > 0 && paid[1] < 0, "{paid:?}");
    assert_eq!(world.chain.balance(&account(&world.patient)).await?, patient_has, "the patient neither pays nor gains");
    Ok(())
}
