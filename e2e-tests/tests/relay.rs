//! Patients without tokens sign, and anybody relays.

use salus_client::deployment::{deploy, Mode, EMERGENCY_TERMS};
use salus_client::ink_account;
use salus_client::relay::{self, Outcome};
use salus_domain::codes::{Action, Purpose};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{ConsentId, Hash};
use salus_e2e_tests::orders::{order, without_tokens};
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, for_payment, for_treatment, record, DAY};
use salus_e2e_tests::{account, bundles, endless, id, node_of_my_own, Result, World};
use salus_interface::access::{AccessDecided, AccessDecision, Ground, Refusal};
use salus_interface::consent::{ConsentError, Done, Instruction, Order, Place, RelayError, SignedOrder};

const FIRST: ConsentId = ConsentId(0);
/// What a message's input may have, in bytes.
const MAX_INPUT: usize = 32 * 1024;

#[tokio::test]
async fn one_transaction_carries_out_what_many_patients_without_tokens_signed() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(40)?;
    let text = for_treatment(&world.doctor);
    let grants: Vec<_> =
        patients.iter().map(|patient| world.own(patient, Instruction::Record(text.clone()), 0)).collect();
    let relayed = relay::submit(&world.chain, &world.stranger, &world.registry, &grants).await;
    assert!(relayed.stopped.is_none(), "{:?}", relayed.stopped);
    assert_eq!(relayed.transactions.len(), 1);
    assert_eq!(relayed.outcomes, [Outcome::Done(Done::Recorded(FIRST), 0); 40]);
    for patient in &patients {
        assert_eq!(world.chain.balance(&account(patient)).await?, 0);
        assert_eq!(world.counts(id(patient)).await?, (1, 1, 1));
        assert_eq!(world.read(world.registry.consent(id(patient), FIRST)).await?.as_ref(), Some(&text));
    }

    let revokes: Vec<_> = patients.iter().map(|patient| world.own(patient, Instruction::Revoke(FIRST), 1)).collect();
    assert_eq!(world.relays(&revokes).await?, [Ok(Done::Revoked(1)); 40]);
    for patient in &patients {
        assert_eq!(world.counts(id(patient)).await?, (2, 2, 0));
    }
    Ok(())
}

#[tokio::test]
async fn a_hundred_signed_grants_fit_into_one_transaction() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(100)?;
    let text = for_treatment(&world.doctor);
    let grants: Vec<_> =
        patients.iter().map(|patient| world.own(patient, Instruction::Record(text.clone()), 0)).collect();
    let message = world.registry.relay(&world.place(), &grants);
    assert!(message.input().len() <= MAX_INPUT, "{}", message.input().len());
    assert_eq!(world.relays(&grants).await?, [Ok(Done::Recorded(FIRST)); 100]);
    for patient in &patients {
        assert_eq!(world.counts(id(patient)).await?, (1, 1, 1));
    }
    Ok(())
}

#[tokio::test]
async fn whoever_removes_something_is_given_its_deposit() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(2)?;
    let (payer, remover) = (&world.stranger, &world.researcher);
    let grants: Vec<_> = patients
        .iter()
        .map(|patient| world.own(patient, Instruction::Record(for_treatment(&world.doctor)), 0))
        .collect();
    let revokes: Vec<_> = patients.iter().map(|patient| world.own(patient, Instruction::RevokeAll, 1)).collect();
    let mut deposits = Vec::new();
    for (who, orders) in [(payer, grants), (remover, revokes)] {
        let message = world.registry.relay(&world.place(), &orders);
        let (_, cost) = message.dry_run(&world.chain, &account(who)).await?;
        let before = world.chain.balance(&account(who)).await?;
        let fee = world.run(who, message).await?.evidence.fee;
        let after = world.chain.balance(&account(who)).await?;
        assert_eq!(i128::try_from(before)? - i128::try_from(after)?, i128::try_from(fee)? + cost.deposit);
        deposits.push(cost.deposit);
    }
    assert!(deposits[0] > 0 && deposits[1] < 0, "{deposits:?}");
    assert!(deposits[0] > -deposits[1], "the patients' files stay, with their nonces: {deposits:?}");
    Ok(())
}

#[tokio::test]
async fn an_order_counts_once() -> Result {
    let world = World::new().await?;
    let patient = &without_tokens(1)?[0];
    let grant = world.own(patient, Instruction::Record(for_treatment(&world.doctor)), 0);
    let twice = world.relays(&[grant.clone(), grant.clone()]).await?;
    assert_eq!(twice, [Ok(Done::Recorded(FIRST)), Err(RelayError::NonceUsed)]);
    assert_eq!(world.relays_in_vain(&[grant.clone(), grant.clone()]).await?, [RelayError::NonceUsed; 2]);
    world.relays(&[world.own(patient, Instruction::RevokeAll, 1)]).await?;
    assert_eq!(world.relays_in_vain(&[grant]).await?, [RelayError::NonceUsed], "nor does it come back");
    assert_eq!(world.counts(id(patient)).await?, (2, 2, 0));
    Ok(())
}

#[tokio::test]
async fn an_order_waits_for_its_turn() -> Result {
    let world = World::new().await?;
    let patient = &without_tokens(1)?[0];
    let orders = [
        world.own(patient, Instruction::Record(for_treatment(&world.doctor)), 0),
        world.own(patient, Instruction::Amend(FIRST, for_payment(&world.insurer)), 1),
        world.own(patient, Instruction::Revoke(FIRST), 2),
    ];
    assert_eq!(world.relays_in_vain(&orders[1..]).await?, [RelayError::NonceAhead; 2]);
    let last = world.own(patient, Instruction::RevokeAll, u32::MAX);
    assert_eq!(world.relays_in_vain(&[last]).await?, [RelayError::NonceAhead]);
    let done = [Ok(Done::Recorded(FIRST)), Ok(Done::Amended(1)), Ok(Done::Revoked(1))];
    assert_eq!(world.relays(&orders).await?, done, "in turn, also in one transaction");
    Ok(())
}

#[tokio::test]
async fn a_refused_order_does_not_hold_up_the_others() -> Result {
    let world = World::new().await?;
    let patients = without_tokens(6)?;
    let grant = |of: usize, nonce| world.own(&patients[of], Instruction::Record(for_treatment(&world.doctor)), nonce);
    let forged = SignedOrder { signature: grant(1, 0).signature, ..grant(2, 0) };
    let unknown = world.own(&patients[3], Instruction::Revoke(ConsentId(7)), 0);
    let silent = world.own(&patients[3], Instruction::Record(consent(Vec::new())), 0);
    let for_another = world.signed(&patients[4], order(&patients[0], Instruction::RevokeAll), 0);
    let all = [grant(0, 0), forged, grant(0, 0), unknown, grant(1, 1), silent, for_another, grant(5, 0), grant(0, 1)];
    let malformed = ConsentError::Malformed(salus_domain::consent::Malformed::SaysNothing);
    let expected = [
        Ok(Done::Recorded(FIRST)),
        Err(RelayError::BadSignature),
        Err(RelayError::NonceUsed),
        Err(RelayError::Refused(ConsentError::NotFound)),
        Err(RelayError::NonceAhead),
        Err(RelayError::Refused(malformed)),
        Err(RelayError::Refused(ConsentError::NotMandated)),
        Ok(Done::Recorded(FIRST)),
        Ok(Done::Recorded(ConsentId(1))),
    ];
    assert_eq!(world.relays(&all).await?, expected);
    for (patient, counts) in patients.iter().zip([(2, 2, 2), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (1, 1, 1)]) {
        assert_eq!(world.counts(id(patient)).await?, counts);
    }
    let mended = [grant(1, 0), grant(2, 0), grant(3, 0)];
    assert_eq!(world.relays(&mended).await?, [Ok(Done::Recorded(FIRST)); 3], "their nonces were not used");
    Ok(())
}

#[tokio::test]
async fn what_is_relayed_for_another_chain_or_contract_is_refused_as_a_whole() -> Result {
    let world = World::new().await?;
    let terms = EMERGENCY_TERMS;
    let other = deploy(&world.chain, &world.governor, &bundles()?, b"other", terms, Mode::DeployNow, |_| {}).await?;
    let other = other.registry();
    let patient = &without_tokens(1)?[0];
    let grant = |place: &Place| {
        let order = order(patient, Instruction::Record(for_treatment(&world.doctor)));
        relay::sign(patient, place, order, 0, salus_domain::time::Timestamp::MAX)
    };
    let here = world.place();
    let elsewhere = Place { genesis: Hash([7; 32]), ..here };
    let there = Place { contract: ink_account(other.address()), ..here };
    for (registry, place, error) in [
        (&world.registry, elsewhere, ConsentError::OtherChain),
        (&world.registry, Place { genesis: Hash([0; 32]), ..there }, ConsentError::OtherChain),
        (&world.registry, there, ConsentError::OtherContract),
        (&other, here, ConsentError::OtherContract),
    ] {
        let before = world.raw.cells(registry.address()).await?;
        for signed_for in [&here, &elsewhere, &there, &place] {
            let message = registry.relay(&place, &[grant(signed_for)]);
            let sent = world.raw.call(&world.stranger, registry.address(), 0, message.input()).await?;
            assert!(sent.is_err_and(|reason| reason.contains("ContractReverted")));
            assert_eq!(world.refused(&world.stranger, message).await?, error);
        }
        assert_eq!(world.raw.cells(registry.address()).await?, before);
    }
    // Who relays says the right place, and the patient signed for another one.
    let abroad = [grant(&elsewhere), grant(&there)];
    assert_eq!(world.relays_in_vain(&abroad).await?, [RelayError::BadSignature; 2]);
    assert_eq!(world.relays(&[grant(&here)]).await?, [Ok(Done::Recorded(FIRST))]);
    // What counts here, and is done, can still not be done there.
    let carried_over = world.run(&world.stranger, other.relay(&there, &[grant(&here)])).await?;
    assert_eq!(carried_over.forecast, [Err(RelayError::BadSignature)]);
    assert_eq!(world.read(other.nonce(id(patient))).await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_order_is_void_once_its_deadline_is_over() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let patient = &without_tokens(1)?[0];
    let now = world.now().await?;
    let until = |deadline, nonce| {
        let order = order(patient, Instruction::Record(for_treatment(&world.doctor)));
        relay::sign(patient, &world.place(), order, nonce, deadline)
    };
    assert_eq!(world.relays_in_vain(&[until(now, 0)]).await?, [RelayError::DeadlineOver]);
    let (first, second) = (until(now.plus(2 * DAY), 0), until(now.plus(2 * DAY), 1));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.relays(&[first]).await?, [Ok(Done::Recorded(FIRST))]);
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.relays_in_vain(std::slice::from_ref(&second)).await?, [RelayError::DeadlineOver]);
    let prolonged = SignedOrder { deadline: now.plus(9 * DAY), ..second };
    assert_eq!(world.relays_in_vain(&[prolonged]).await?, [RelayError::BadSignature]);
    let anew = until(now.plus(9 * DAY), 1);
    assert_eq!(world.relays(&[anew]).await?, [Ok(Done::Recorded(ConsentId(1)))], "its nonce was not used");
    Ok(())
}

/// The three calls are one block's: request, relay, request.
#[tokio::test]
async fn a_request_after_a_relayed_revoke_in_the_same_block_is_refused() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    let request = world.grants.request_access(registered, Purpose::Treat, Action::Access, None);
    let asks = || (&world.doctor, contracts_call(world.grants.address(), 0, request.input()));
    let revoke = world.own(&world.patient, Instruction::Revoke(given), 0);
    let relay = world.registry.relay(&world.place(), &[revoke]);
    let relays = (&world.stranger, contracts_call(world.registry.address(), 0, relay.input()));

    let block = world.in_one_block([asks(), relays, asks()]).await?;
    let decisions = world.told::<AccessDecided>(block).await?;
    let decisions: Vec<_> = decisions.iter().map(|event| endless(event.decision)).collect();
    let ground = Ground::Consent(Deciding { consent: given, provision: Some(0) });
    assert_eq!(
        decisions,
        [
            AccessDecision::Permitted { version: 1, ground, until: salus_domain::time::Timestamp::MAX },
            AccessDecision::Refused(Refusal::NoConsent)
        ]
    );
    assert_eq!(world.counts(id(&world.patient)).await?, (2, 1, 0));
    Ok(())
}

/// Own messages and signed orders of one account do not get into each other's way.
#[tokio::test]
async fn a_patient_with_tokens_may_do_either() -> Result {
    let world = World::new().await?;
    let first = world.consents(&for_treatment(&world.doctor)).await?;
    let signed = world.own(&world.patient, Instruction::Amend(first, for_payment(&world.insurer)), 0);
    world.run(&world.patient, world.registry.amend(first, &for_treatment(&world.researcher))).await?;
    assert_eq!(world.relays(&[signed]).await?, [Ok(Done::Amended(2))]);
    let orders = [Order { patient: id(&world.patient), instruction: Instruction::Revoke(first) }];
    assert_eq!(world.run(&world.patient, world.registry.carry_out(&orders)).await?.forecast, [Done::Revoked(1)]);
    assert_eq!(world.counts(id(&world.patient)).await?, (4, 1, 0), "only a signed order uses a nonce");
    Ok(())
}
