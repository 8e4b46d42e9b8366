//! What no honest client sends: each ends in a typed error or leaves no trace.

use salus_client::contracts::ConsentRegistry;
use salus_client::{blake2b_256, signer, AccountId32, ClientError};
use salus_domain::claim::{ClaimMalformed, Line, ServiceDay, Submission};
use salus_domain::consent::{Actor, Decision, Provision};
use salus_domain::ids::{ConsentId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::Fee;
use salus_domain::time::Timestamp;
use salus_e2e_tests::samples::{consent, day, for_treatment, line, submission, terms, DAY, UNIT};
use salus_e2e_tests::{account, id, person, Result, World};
use salus_interface::claims::{Asset, ClaimStatus, ClaimsError};
use scale::{Compact, Encode};

/// All that the calls of these tests could change.
async fn state(world: &World) -> Result<String> {
    let patient = id(&world.patient);
    let listed = world.read(world.registry.in_force(patient, ConsentId(0), 64)).await?;
    let epoch = world.read(world.registry.epoch(patient)).await?;
    let plan = world.read(world.claims.plan(PlanId(0))).await?;
    let coverages = world.read(world.claims.coverages(PlanId(0), patient)).await?;
    let opened = world.read(world.claims.plan(PlanId(1))).await?;
    let principal = world.read(world.grants.principal(id(&world.doctor))).await?;
    let held = world.chain.balance(world.claims.address()).await?;
    Ok(format!("{listed:?} {epoch} {plan:?} {coverages:?} {opened:?} {principal:?} {held}"))
}

fn selector(name: &str) -> Vec<u8> {
    blake2b_256(name.as_bytes())[..4].to_vec()
}

/// Sends bytes that must fail in the contract, as a real transaction.
async fn fails(world: &World, contract: &AccountId32, input: &[u8]) -> Result {
    let before = state(world).await?;
    let sent = world.raw.call(&world.patient, contract, 0, input).await?;
    let reason = sent.err().ok_or_else(|| format!("it succeeded: {}", hex::encode(&input[..input.len().min(64)])))?;
    let clean = ["ContractReverted", "ContractTrapped", "OutputBufferTooSmall"];
    assert!(clean.iter().any(|name| reason.contains(name)), "{reason}");
    assert_eq!(state(world).await?, before);
    Ok(())
}

#[tokio::test]
async fn bytes_that_are_no_message_are_reverted() -> Result {
    let world = World::new().await?;
    let noise: Vec<u8> = (0..200u8).map(|byte| byte.wrapping_mul(151)).collect();
    for contract in [world.registry.address(), world.grants.address(), world.claims.address()] {
        for input in [&[][..], &[0x00], &[0xde, 0xad, 0xbe, 0xef], &[0xff; 64], &noise] {
            fails(&world, contract, input).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn truncated_arguments_are_reverted() -> Result {
    let world = World::new().await?;
    let input = world.registry.record(&for_treatment(&world.doctor)).input().to_vec();
    for length in [4, 5, input.len() / 2, input.len() - 1] {
        fails(&world, world.registry.address(), &input[..length]).await?;
    }
    let now = world.now().await?;
    let today = day(&world.doctor, &world.patient, now, 1);
    let claimed = submission(PlanId(0), &world.patient, 1, today, vec![line(1, 1)]);
    let input = world.claims.submit(&claimed, None).input().to_vec();
    for length in [8, input.len() / 2, input.len() - 1] {
        fails(&world, world.claims.address(), &input[..length]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_length_that_is_not_kept_is_reverted() -> Result {
    let world = World::new().await?;
    let start = (selector("ConsentRegistry::record"), 2u8, 0u64, u64::MAX, [1u8; 32]).encode();
    // The tuple's first field is a vector with its length in front: not a part of an input.
    let start = &start[1..];
    for length in [33, 1 << 14, u32::MAX] {
        fails(&world, world.registry.address(), &[start, &Compact(length).encode()].concat()).await?;
    }
    let anchor = [selector("AccessGrants::anchor"), 7u64.encode(), vec![0; 32], Compact(u32::MAX).encode()].concat();
    fails(&world, world.grants.address(), &anchor).await?;
    let settle = selector("Claims::settle");
    fails(&world, world.claims.address(), &[settle, Compact(u32::MAX).encode()].concat()).await
}

/// Rule 7: what is unknown is never skipped.
#[tokio::test]
async fn a_code_that_nobody_knows_is_reverted() -> Result {
    let world = World::new().await?;
    let good = world.registry.record(&for_treatment(&world.doctor)).input().to_vec();
    assert_eq!(good[4], 2, "the base decision");
    let mut unknown_base = good.clone();
    unknown_base[4] = 3;
    fails(&world, world.registry.address(), &unknown_base).await?;

    let treat = 1u64.to_le_bytes();
    let purposes = good.windows(8).rposition(|window| window == treat).ok_or("the purposes")?;
    let mut unknown_purpose = good;
    unknown_purpose[purposes + 7] = 0x80;
    fails(&world, world.registry.address(), &unknown_purpose).await?;

    for (purpose, action, link) in [(200, 1, 0), (1, 200, 0), (1, 1, 2)] {
        let request = selector("AccessGrants::request_access");
        let input = [request, vec![0; 32], vec![purpose, action, link]].concat();
        fails(&world, world.grants.address(), &input).await?;
    }
    let finding = [selector("AccessGrants::review"), vec![0; 64], vec![2]].concat();
    fails(&world, world.grants.address(), &finding).await
}

#[tokio::test]
async fn an_input_above_the_bounds_is_refused_however_large() -> Result {
    let world = World::new().await?;
    let actors = vec![Actor::Account(person(&world.doctor)); 16];
    let provision = |depth| Provision { actors: actors.clone(), ..Provision::new(depth, Decision::Permit) };
    let many = consent(vec![provision(1); 32]);
    let huge = consent(vec![provision(1); 120]);
    let crowded = consent(vec![Provision { actors: vec![actors[0]; 400], ..Provision::new(1, Decision::Permit) }]);
    let deep = consent((1..=200).map(|depth| Provision::new(depth, Decision::Deny)).collect());
    assert!(many.encoded_size() > 16 * 1024 && huge.encoded_size() > 60 * 1024);
    for above in [&many, &huge, &crowded, &deep] {
        let record = world.registry.record(above);
        fails(&world, world.registry.address(), record.input()).await?;
        assert!(record.submit(&world.chain, &world.patient).await.is_err());
    }
    let noise = [selector("ConsentRegistry::record"), vec![0x55; 200 * 1024]].concat();
    fails(&world, world.registry.address(), &noise).await
}

#[tokio::test]
async fn a_message_to_another_contract_is_reverted_and_told_from_an_answer() -> Result {
    let world = World::new().await?;
    let text = for_treatment(&world.doctor);
    for wrong in [world.claims.address(), world.grants.address()] {
        fails(&world, wrong, world.registry.record(&text).input()).await?;
        let confused = ConsentRegistry::at(*wrong);
        let error = confused.record(&text).submit(&world.chain, &world.patient).await.err().ok_or("it succeeded")?;
        assert!(error.to_string().contains("salus verify"), "{error}");
        let read = confused.epoch(id(&world.patient)).read(&world.chain).await;
        assert!(matches!(read, Err(ClientError::Undecodable { .. } | ClientError::Trapped { .. })), "{read:?}");
    }
    let nowhere = ConsentRegistry::at(account(&world.stranger));
    let read = nowhere.epoch(id(&world.patient)).read(&world.chain).await;
    assert!(matches!(read, Err(ClientError::NoContract(_))), "{read:?}");
    Ok(())
}

#[tokio::test]
async fn a_transaction_cannot_be_replayed() -> Result {
    let world = World::new().await?;
    let done = world.run(&world.patient, world.registry.record(&for_treatment(&world.doctor))).await?;
    let bytes = world.raw.extrinsic(&done.evidence).await?;
    let before = state(&world).await?;
    let refused = world.raw.rpc.author_submit_extrinsic(&bytes).await;
    let reason = refused.err().ok_or("it was accepted a second time")?.to_string();
    assert!(!reason.is_empty());
    assert_eq!(state(&world).await?, before);

    // Nor be turned into another one under the same signature.
    let mut forged = bytes;
    if let Some(last) = forged.last_mut() {
        *last ^= 1;
    }
    assert!(world.raw.rpc.author_submit_extrinsic(&forged).await.is_err());
    assert_eq!(state(&world).await?, before);
    Ok(())
}

#[tokio::test]
async fn value_is_taken_only_where_it_is_due() -> Result {
    let world = World::new().await?;
    let before = state(&world).await?;
    let record = world.registry.record(&for_treatment(&world.doctor));
    let open = world.claims.open_plan(Asset::Native, id(&world.arbiter), 1, &terms());
    let publish = world.grants.publish_key([9; 32]);
    for (contract, message) in [
        (world.registry.address(), record.input()),
        (world.grants.address(), publish.input()),
        (world.claims.address(), open.input()),
    ] {
        let sent = world.raw.call(&world.patient, contract, UNIT, message).await?;
        assert!(sent.is_err());
    }
    assert_eq!(state(&world).await?, before);
    Ok(())
}

/// Every variant of [`ClaimMalformed`].
#[tokio::test]
async fn a_claim_that_is_not_well_formed_is_refused_by_the_rule_that_it_breaks() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 10 * UNIT).await?;
    let now = world.now().await?;
    let (today, before) = (day(&world.doctor, &world.patient, now, 1), day(&world.doctor, &world.patient, now, 2));
    let good = submission(plan, &world.patient, 1, today, vec![line(1, UNIT)]);
    let lines = |lines: Vec<Line>| Submission { lines, ..good.clone() };
    let days = |days: Vec<ServiceDay>, count: u8| Submission {
        days,
        lines: (0..count).map(|number| line(number, 1)).collect(),
        ..good.clone()
    };
    let future = ServiceDay { date: today.date.plus(3 * DAY), nullifier: Hash([3; 32]) };
    let moment = ServiceDay { date: today.date.plus(1), ..today };
    let same_date = ServiceDay { nullifier: Hash([4; 32]), ..today };
    let same_nullifier = ServiceDay { date: Timestamp(today.date.0 - 5 * DAY), ..today };
    let huge = |number: u8| line(number, u128::MAX / 2 + 1);
    let broken = [
        (lines(Vec::new()), ClaimMalformed::NoLines),
        (lines((0..51).map(|number| line(number, 1)).collect()), ClaimMalformed::TooManyLines),
        (lines(vec![line(1, 1); 300]), ClaimMalformed::TooManyLines),
        (days(vec![today, before], 1), ClaimMalformed::TooManyDays),
        (days(Vec::new(), 1), ClaimMalformed::UnknownDay),
        (lines(vec![line(1, 1), Line { day: 1, ..line(2, 1) }]), ClaimMalformed::UnknownDay),
        (lines(vec![line(1, 1), Line { day: 255, ..line(2, 1) }]), ClaimMalformed::UnknownDay),
        (days(vec![today, before], 2), ClaimMalformed::UnusedDay),
        (days(vec![today, today], 2), ClaimMalformed::RepeatedDay),
        (days(vec![today, same_date], 2), ClaimMalformed::RepeatedDay),
        (days(vec![today, same_nullifier], 2), ClaimMalformed::RepeatedDay),
        (days(vec![moment], 1), ClaimMalformed::NotMidnight),
        (days(vec![future], 1), ClaimMalformed::FutureService),
        (lines(vec![Line { quantity: 0, ..line(1, 1) }]), ClaimMalformed::ZeroQuantity),
        (lines(vec![line(1, 0)]), ClaimMalformed::ZeroAmount),
        (lines(vec![Line { prior_paid: Amount(2), ..line(1, 1) }]), ClaimMalformed::PriorPaidAboveSubmitted),
        (lines(vec![Line { prior_paid: Amount(1), ..line(1, 1) }]), ClaimMalformed::PriorPaidUndecided),
        (lines(vec![huge(1), huge(2)]), ClaimMalformed::Overflow),
    ];
    let unchanged = state(&world).await?;
    for (claim, why) in broken {
        let error = world.refused(&world.doctor, world.claims.submit(&claim, None)).await?;
        assert_eq!(error, ClaimsError::Malformed(why));
    }
    let nowhere = Submission { plan: PlanId(plan.0 + 1), ..good.clone() };
    assert_eq!(world.refused(&world.doctor, world.claims.submit(&nowhere, None)).await?, ClaimsError::PlanNotFound);
    assert_eq!(state(&world).await?, unchanged);
    world.claims_for(&good).await?;
    Ok(())
}

#[tokio::test]
async fn amounts_at_the_edge_are_exact() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 10 * UNIT).await?;
    let today = day(&world.doctor, &world.patient, world.now().await?, 1);
    let all = submission(plan, &world.patient, 1, today, vec![line(1, u128::MAX)]);
    let receipt = world.claims_for(&all).await?;
    assert_eq!(receipt.status, ClaimStatus::AwaitsFunds, "no pool has that");
    let total = receipt.adjudication.total;
    assert_eq!(total.payer.0 + total.coinsurance.0, u128::MAX);

    // A fee times a quantity that does not fit is above any charge.
    let fees = [Fee { code: salus_e2e_tests::samples::code(2), price: Amount(u128::MAX) }];
    world.run(&world.insurer, world.claims.set_fees(plan, 0, &fees)).await?;
    let many = vec![Line { quantity: u32::MAX, ..line(2, 100) }];
    let receipt = world.claims_for(&submission(plan, &world.patient, 2, today, many)).await?;
    assert_eq!(receipt.adjudication.total.payer, Amount(80));
    let withdraw = world.claims.withdraw(plan, Amount::UNLIMITED);
    assert_eq!(world.refused(&world.insurer, withdraw).await?, ClaimsError::PoolTooSmall);

    let far_too_much =
        world.claims.fund(plan, Amount(u128::MAX), Asset::Native).submit(&world.chain, &world.insurer).await;
    let error = far_too_much.err().ok_or("it succeeded")?.to_string();
    assert!(error.contains("cannot pay"), "{error}");
    Ok(())
}

#[tokio::test]
async fn someone_elses_signature_is_of_no_use() -> Result {
    let world = World::new().await?;
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let revoke = world.registry.revoke(given);
    let before = state(&world).await?;
    for other in [&world.doctor, &world.governor, &signer::from_suri("//Alice")?] {
        let sent = world.raw.call(other, world.registry.address(), 0, revoke.input()).await?;
        assert!(sent.err().is_some_and(|reason| reason.contains("ContractReverted")));
    }
    assert_eq!(state(&world).await?, before);
    Ok(())
}
