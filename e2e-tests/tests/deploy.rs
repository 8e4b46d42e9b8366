//! Deploying, finding again, verifying; and what a client says where that is not possible.

use salus_client::bundle::{Bundle, Bundles};
use salus_client::deployment::{deploy, verify, DeployError, Deployment, Mode, Outcome, Step, EMERGENCY_TERMS};
use salus_client::{blake2b_256, ink_account, signer, CallError, Chain, ClientError};
use salus_domain::ids::Hash;
use salus_e2e_tests::samples::for_treatment;
use salus_e2e_tests::{account, bundles, bundles_folder, id, Result, World};
use salus_interface::access::AccessError;
use salus_interface::claims::ClaimsError;
use scale::{Decode, Encode};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn new(arguments: &impl Encode) -> Vec<u8> {
    [&blake2b_256(b"new")[..4], &arguments.encode()].concat()
}

async fn steps(world: &World, salt: &[u8], mode: Mode) -> Result<(Deployment, Vec<Step>)> {
    let mut steps = Vec::new();
    let bundles = bundles()?;
    let told = |step: &Step| steps.push(step.clone());
    let deployed = deploy(&world.chain, &world.stranger, &bundles, salt, EMERGENCY_TERMS, mode, told).await?;
    Ok((deployed, steps))
}

fn outcomes(steps: &[Step]) -> Vec<&'static str> {
    let name = |step: &Step| match step.outcome {
        Outcome::Unchanged => "unchanged",
        Outcome::Instantiated(_) => "instantiated",
        Outcome::Planned(_) => "planned",
    };
    steps.iter().map(name).collect()
}

#[tokio::test]
async fn deploying_twice_changes_nothing() -> Result {
    let world = World::new().await?;
    let (planned, priced) = steps(&world, b"a", Mode::DryRun).await?;
    assert_eq!(outcomes(&priced), ["planned"; 3]);
    let (first, done) = steps(&world, b"a", Mode::DeployNow).await?;
    assert_eq!(outcomes(&done), ["instantiated"; 3]);
    assert_eq!(planned.claims.address, first.claims.address, "an address is known before");
    let before = world.chain.balance(&account(&world.stranger)).await?;
    let (second, again) = steps(&world, b"a", Mode::DeployNow).await?;
    assert_eq!(outcomes(&again), ["unchanged"; 3]);
    assert_eq!(Deployment { block: first.block, ..second }, first);
    assert_eq!(world.chain.balance(&account(&world.stranger)).await?, before, "and costs nothing");
    Ok(())
}

#[tokio::test]
async fn another_salt_gives_another_suite() -> Result {
    let world = World::new().await?;
    let (first, _) = steps(&world, b"a", Mode::DeployNow).await?;
    let (second, done) = steps(&world, b"b", Mode::DeployNow).await?;
    assert_eq!(outcomes(&done), ["instantiated"; 3]);
    assert_ne!(first.consent_registry.address, second.consent_registry.address);
    assert_eq!(first.consent_registry.code_hash, second.consent_registry.code_hash);
    Ok(())
}

#[tokio::test]
async fn a_deployment_that_broke_off_is_taken_up_where_it_stopped() -> Result {
    let world = World::new().await?;
    let code = bundles()?.consent_registry.code;
    let registry = world.raw.instantiate(&world.stranger, &code, &new(&world.chain.genesis_hash()), b"half").await??;
    let (whole, done) = steps(&world, b"half", Mode::DeployNow).await?;
    assert_eq!(outcomes(&done), ["unchanged", "instantiated", "instantiated"]);
    assert_eq!(whole.consent_registry.address, registry);
    let findings = verify(&world.chain, &whole, &bundles()?).await?;
    assert!(findings.iter().all(|finding| finding.verified), "{findings:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_deployed_is_verified() -> Result {
    let world = World::new().await?;
    let findings = verify(&world.chain, &world.deployment, &bundles()?).await?;
    assert_eq!(findings.len(), 3);
    assert!(findings.iter().all(|finding| finding.verified && finding.problems.is_empty()), "{findings:?}");
    Ok(())
}

#[tokio::test]
async fn other_code_another_file_and_wrong_wiring_are_found() -> Result {
    let world = World::new().await?;
    let good = bundles()?;
    let swapped = Bundles { claims: good.access_grants.clone(), ..good.clone() };
    let found = verify(&world.chain, &world.deployment, &swapped).await?;
    assert_eq!(found.iter().map(|finding| finding.verified).collect::<Vec<_>>(), [true, true, false]);
    assert!(found[2].problems.iter().any(|problem| problem.contains("its code is")), "{found:?}");

    let mut other_file = good.clone();
    other_file.consent_registry.sha256[0] ^= 1;
    let found = verify(&world.chain, &world.deployment, &other_file).await?;
    assert!(!found[0].verified && found[0].problems.len() == 1, "{found:?}");

    let (elsewhere, _) = steps(&world, b"b", Mode::DeployNow).await?;
    let crossed = Deployment { consent_registry: elsewhere.consent_registry, ..world.deployment.clone() };
    let found = verify(&world.chain, &crossed, &good).await?;
    assert_eq!(found.iter().map(|finding| finding.verified).collect::<Vec<_>>(), [true, false, false]);
    assert!(found[2].problems.iter().all(|problem| problem.contains("another consent registry")), "{found:?}");

    let mut nowhere = world.deployment.clone();
    nowhere.access_grants.address = account(&world.stranger);
    let found = verify(&world.chain, &nowhere, &good).await?;
    assert!(found[1].problems.iter().any(|problem| problem.contains("no contract")), "{found:?}");
    Ok(())
}

/// Who deploys says for which chain the registry takes signatures; it cannot tell itself.
#[tokio::test]
async fn a_registry_that_takes_signatures_for_another_chain_is_found() -> Result {
    let world = World::new().await?;
    assert_eq!(world.read(world.registry.genesis()).await?, Hash(world.chain.genesis_hash()));
    let bundles = bundles()?;
    let code = &bundles.consent_registry.code;
    let abroad = world.raw.instantiate(&world.governor, code, &new(&Hash([7; 32])), b"abroad").await??;
    let mut wrong = world.deployment.clone();
    wrong.consent_registry.address = abroad;
    let found = verify(&world.chain, &wrong, &bundles).await?;
    assert!(!found[0].verified && found[0].problems.len() == 1, "{found:?}");
    assert!(found[0].problems[0].contains("another chain"), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_bundle_that_was_tampered_with_is_not_read() -> Result {
    let bytes = std::fs::read(bundles_folder().join("claims.contract"))?;
    let mut bundle: serde_json::Value = serde_json::from_slice(&bytes)?;
    let wasm = bundle["source"]["wasm"].as_str().ok_or("no Wasm")?.to_owned();
    let last = if wasm.ends_with('0') { "1" } else { "0" };
    bundle["source"]["wasm"] = format!("{}{last}", &wasm[..wasm.len() - 1]).into();
    let error = Bundle::parse("claims.contract", &serde_json::to_vec(&bundle)?).err().ok_or("it was read")?;
    assert!(error.to_string().contains("hash"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_deployment_file_of_another_chain_is_refused() -> Result {
    let world = World::new().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("deep/dev.json");
    world.deployment.write(&file)?;
    assert_eq!(Deployment::read(&file)?, world.deployment);
    Deployment::read(&file)?.ensure_of(&world.chain)?;

    let foreign = Deployment { genesis_hash: format!("0x{}", "11".repeat(32)), ..world.deployment.clone() };
    assert!(matches!(foreign.ensure_of(&world.chain), Err(DeployError::OtherChain { .. })));
    let verified = verify(&world.chain, &foreign, &bundles()?).await;
    assert!(matches!(verified, Err(DeployError::OtherChain { .. })));
    std::fs::write(&file, "{}")?;
    assert!(matches!(Deployment::read(&file), Err(DeployError::NotADeployment(..))));
    assert!(matches!(Deployment::read(&folder.path().join("none")), Err(DeployError::File(..))));
    Ok(())
}

#[tokio::test]
async fn a_constructor_refuses_an_address_that_is_no_contracts() -> Result {
    let world = World::new().await?;
    let bundles = bundles()?;
    let nobody = id(&world.stranger);
    let registry = ink_account(world.registry.address());
    type Answer<E> = std::result::Result<std::result::Result<(), E>, ink_primitives::LangError>;

    let input = new(&(nobody, EMERGENCY_TERMS));
    let returned = world.raw.try_instantiate(&world.governor, &bundles.access_grants.code, &input).await?;
    assert!(returned.reverted());
    assert_eq!(Answer::decode(&mut returned.data.as_slice())?, Ok(Err(AccessError::NotAContract)));
    let sent = world.raw.instantiate(&world.governor, &bundles.access_grants.code, &input, b"x").await?;
    assert!(sent.err().is_some_and(|reason| reason.contains("ContractReverted")));

    for wrong in [(nobody, registry), (registry, nobody)] {
        let returned = world.raw.try_instantiate(&world.governor, &bundles.claims.code, &new(&wrong)).await?;
        assert!(returned.reverted());
        assert_eq!(Answer::decode(&mut returned.data.as_slice())?, Ok(Err(ClaimsError::NotAContract)));
    }
    Ok(())
}

#[tokio::test]
async fn an_account_without_funds_is_told_so() -> Result {
    let world = World::new().await?;
    let poor = &world.hospital;
    let record = world.registry.record(&for_treatment(&world.doctor)).submit(&world.chain, poor).await;
    assert!(matches!(record, Err(CallError::Client(ClientError::NoFunds { .. }))), "{:?}", record.err());
    let no_deposit = world.registry.revoke_all().submit(&world.chain, poor).await;
    assert!(matches!(no_deposit, Err(CallError::Client(ClientError::NoFunds { .. }))), "{:?}", no_deposit.err());
    let deployed = deploy(&world.chain, poor, &bundles()?, b"", EMERGENCY_TERMS, Mode::DeployNow, |_| {}).await;
    assert!(matches!(deployed, Err(DeployError::Client(ClientError::NoFunds { .. }))), "{:?}", deployed.err());
    assert!(signer::from_suri("no such secret").is_err());
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_no_nodes_is_refused() -> Result {
    for wrong in ["", "127.0.0.1:9944", "http://127.0.0.1:9944", "ftp://x"] {
        assert!(matches!(Chain::connect(wrong).await.err(), Some(ClientError::BadUrl(_))), "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn where_nobody_listens_or_answers_that_is_said_in_time() -> Result {
    let started = Instant::now();
    let error = Chain::connect("ws://127.0.0.1:1").await.err();
    assert!(matches!(error, Some(ClientError::Unreachable { .. })), "{error:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let error = Chain::connect(&format!("ws://{}", silent.local_addr()?)).await.err();
    assert!(matches!(error, Some(ClientError::Unreachable { .. })), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    Ok(())
}

/// The chain is the test's own, behind a proxy that renames a pallet on the way: the metadata is hexadecimal, and the new
/// name as long as the old one.
#[tokio::test]
async fn a_chain_without_contracts_is_told_from_one_with() -> Result {
    let world = World::new().await?;
    let node = world.chain.url().trim_start_matches("ws://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(node) = TcpStream::connect(&node).await else { return };
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_node, mut to_node) = node.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_node).await });
            tokio::spawn(async move {
                let (old, new) = (hex::encode("Contracts"), hex::encode("Kontracts"));
                let (mut waiting, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
                while let Ok(read) = from_node.read(&mut chunk).await {
                    waiting.extend_from_slice(&chunk[..read]);
                    while let Some(at) = waiting.windows(old.len()).position(|window| window == old.as_bytes()) {
                        waiting[at..at + new.len()].copy_from_slice(new.as_bytes());
                    }
                    // A name may lie across two reads: what could be its beginning waits for the rest.
                    let begun = (1..old.len()).rev().find(|length| waiting.ends_with(&old.as_bytes()[..*length]));
                    let ready = waiting.len() - begun.filter(|_| read > 0).unwrap_or(0);
                    if to_client.write_all(&waiting[..ready]).await.is_err() || read == 0 {
                        return;
                    }
                    waiting.drain(..ready);
                }
            });
        }
    });
    let error = Chain::connect(&format!("ws://{proxy}")).await.err();
    serving.abort();
    assert!(matches!(error, Some(ClientError::NotAContractsChain { .. })), "{error:?}");
    Ok(())
}
