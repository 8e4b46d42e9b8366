//! The client under load, and where things break.

use salus_client::{signer, Chain, ClientError};
use salus_domain::ids::ConsentId;
use salus_e2e_tests::samples::for_treatment;
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Each makes the patient's list longer, so that the next one needs more than its dry run did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_transactions_of_one_account_are_on_their_way_at_once() -> Result {
    let world = World::new().await?;
    let mut sent = JoinSet::new();
    for _ in 0..20 {
        let (chain, patient) = (world.chain.clone(), world.patient.clone());
        let record = world.registry.record(&for_treatment(&world.doctor));
        sent.spawn(async move { record.submit(&chain, &patient).await });
    }
    let mut ids = Vec::new();
    while let Some(done) = sent.join_next().await {
        ids.push(done??.recorded()?.0);
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
    let listed = world.read(world.registry.in_force(id(&world.patient), ConsentId(0), 64)).await?;
    assert_eq!(listed.len(), 20);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_clients_of_one_account_do_not_lose_each_others_transactions() -> Result {
    let world = World::new().await?;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Chain::connect(world.chain.url()).await?);
    }
    let mut sent = JoinSet::new();
    for number in 0..24 {
        let chain = clients[number % clients.len()].clone();
        let patient = world.patient.clone();
        let record = world.registry.record(&for_treatment(&world.doctor));
        sent.spawn(async move { record.submit(&chain, &patient).await });
    }
    while let Some(done) = sent.join_next().await {
        done??;
    }
    let listed = world.read(world.registry.in_force(id(&world.patient), ConsentId(0), 64)).await?;
    assert_eq!(listed.len(), 24, "each of them once");
    Ok(())
}

#[tokio::test]
async fn a_transaction_does_not_stay_valid_for_ever() -> Result {
    let world = World::new().await?;
    let done = world.run(&world.patient, world.registry.record(&for_treatment(&world.doctor))).await?;
    let bytes = world.raw.extrinsic(&done.evidence).await?;
    // Length (4 bytes from 64 on, 2 below 16 KiB), version, signer with its kind, signature with its kind, then the era.
    let prefix = match bytes[0] & 0b11 {
        0 => 1,
        1 => 2,
        _ => 4,
    };
    assert_eq!(bytes[prefix], 0x84, "a signed transaction of version 4");
    let era = prefix + 1 + 33 + 65;
    assert_ne!(bytes[era], 0, "0 is the immortal era");
    let period = 2u64 << (bytes[era] & 0b1111);
    assert_eq!(period, 64);
    Ok(())
}

#[tokio::test]
async fn an_answer_says_where_it_stands_and_what_it_cost() -> Result {
    let world = World::new().await?;
    let record = world.registry.record(&for_treatment(&world.doctor));
    let forecast = record.forecast(&world.chain, &world.patient).await?;
    assert!(forecast.fee > 0 && forecast.cost.deposit > 0 && forecast.cost.ref_time > 0);
    let patient = salus_e2e_tests::account(&world.patient);
    let before = world.chain.balance(&patient).await?;
    let done = record.submit_final(&world.chain, &world.patient).await?;
    assert!(done.evidence.fee > 0);
    let spent = before - world.chain.balance(&patient).await?;
    assert_eq!(spent, done.evidence.fee + u128::try_from(forecast.cost.deposit)?);
    assert!(world.chain.finalised_block_number().await? >= done.evidence.block);
    let there = world.chain.contract_events(world.registry.address(), done.evidence.block, done.evidence.block, |_| {});
    assert_eq!(there.await?.len(), 1);
    Ok(())
}

/// A key pair's own `Debug` shows its secret (schnorrkel's does). So nothing that the client gives out may hold one.
#[tokio::test]
async fn nothing_that_the_client_gives_out_shows_a_secret() -> Result {
    let world = World::new().await?;
    let record = world.registry.record(&for_treatment(&world.doctor));
    let done = record.submit(&world.chain, &world.patient).await?;
    let refused = world.registry.revoke(ConsentId(99)).submit(&world.chain, &world.patient).await.err();
    let poor = world.registry.revoke_all().submit(&world.chain, &world.hospital).await.err();
    let given_out = format!("{record:?} {done:?} {refused:?} {poor:?} {:?}", world.deployment);
    for who in [&world.patient, &world.hospital, &world.governor] {
        let shown = format!("{who:?}");
        let secret = shown.split("public").next().unwrap_or_default();
        let numbers: Vec<_> = secret.match_indices('[').filter_map(|(at, _)| secret.get(at..at + 40)).collect();
        assert!(!numbers.is_empty(), "there is a secret to look for");
        assert!(numbers.iter().all(|bytes| !given_out.contains(bytes)));
        assert!(!given_out.contains("SecretKey") && !given_out.contains("Keypair"));
    }
    for secret in ["seed that is no seed", "0x30313233"] {
        let error = signer::from_suri(secret).err();
        let shown = format!("{error:?} {}", error.as_ref().map(ToString::to_string).unwrap_or_default());
        assert!(error.is_some() && !shown.contains(secret), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn a_node_that_is_gone_is_a_typed_error_in_bounded_time() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    tokio::task::spawn_blocking(|| node.stop()).await??;
    let started = Instant::now();
    let read = world.registry.epoch(id(&world.patient)).read(&world.chain).await;
    assert!(matches!(read, Err(ClientError::Node(_) | ClientError::Unreachable { .. })), "{read:?}");
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    Ok(())
}
