//! Nodes that hang, are not there, or are behind.

use crate::support::{Running, Scene, AT_THE_END, PATIENCE};
use salus_e2e_tests::{OwnNode, Result, World};
use salus_release::wire::PermitPlace;
use salus_release::{Config, NoNode, StartError};
use std::time::{Duration, Instant};

fn impatient(config: Config, urls: &[&str]) -> Config {
    let urls = urls.iter().map(|url| (*url).to_owned()).collect();
    Config { urls, rpc_timeout: Duration::from_secs(5), ..config }
}

/// The node goes on, and the service notices.
async fn works_again(node: &OwnNode, scene: &Scene, running: &Running, permit: PermitPlace) -> Result {
    node.resume()?;
    let deadline = Instant::now() + PATIENCE;
    while let Err(rejected) = scene.collect(running, permit).await?.map(drop) {
        assert_eq!(rejected.0, "node_unavailable");
        assert!(Instant::now() < deadline, "it is asked again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Where nobody listens: no port that a node of another test could be given.
const NOWHERE: &str = "ws://127.0.0.1:1";

#[tokio::test]
async fn while_the_node_hangs_nothing_is_released_and_then_it_works_again() -> Result {
    let node = OwnNode::start().await?;
    let scene = Scene::in_world(World::on(&node.url).await?).await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let running = Running::start(impatient(scene.config(AT_THE_END), &[&node.url])).await?;
    let client = scene.client(&running, &scene.world.doctor)?;
    assert!(scene.collect(&running, permit).await?.is_ok());

    node.pause()?;
    let stopped = scene.collect(&running, permit).await?.map(drop);
    let health = client.health().await?;
    works_again(&node, &scene, &running, permit).await?;
    assert_eq!(stopped, Err(("node_unavailable".to_owned(), None)));
    assert_eq!(health.code.as_deref(), Some("node_unavailable"));
    assert_eq!(client.health().await?.code, None);
    running.stop().await
}

#[tokio::test]
async fn one_node_that_answers_is_enough() -> Result {
    let node = OwnNode::start().await?;
    let scene = Scene::in_world(World::on(&node.url).await?).await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let running = Running::start(impatient(scene.config(AT_THE_END), &[NOWHERE, &node.url])).await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    node.pause()?;
    let stopped = scene.collect(&running, permit).await?.map(drop);
    works_again(&node, &scene, &running, permit).await?;
    assert_eq!(stopped, Err(("node_unavailable".to_owned(), None)));
    running.stop().await
}

/// The other node has the same genesis block and nothing else.
#[tokio::test]
async fn a_node_that_is_behind_is_never_believed() -> Result {
    let (node, behind) = (OwnNode::start().await?, OwnNode::start().await?);
    let scene = Scene::in_world(World::on(&node.url).await?).await?;
    assert_eq!(salus_client::Chain::connect(&behind.url).await?.genesis_hash(), scene.world.chain.genesis_hash());
    let permit = scene.decided(&scene.world.doctor).await?;
    let both = || impatient(scene.config(AT_THE_END), &[&behind.url, &node.url]);
    let running = Running::start(both()).await?;
    assert!(scene.collect(&running, permit).await?.is_ok(), "the newest final block is the other one's");
    node.pause()?;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(scene.collect(&running, permit).await?.map(drop));
    }
    node.resume()?;
    assert_eq!(answers, vec![Err(("node_behind".to_owned(), None)); 3]);
    running.stop().await?;

    // A restart has not forgotten how far the chain was.
    let alone = Running::start(impatient(scene.config(AT_THE_END), &[&behind.url])).await;
    assert!(matches!(alone.err(), Some(StartError::NoNode(NoNode::Behind { head: 0, .. }))));
    let running = Running::start(both()).await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    running.stop().await
}

#[tokio::test]
async fn a_node_of_another_chain_is_none() -> Result {
    let scene = Scene::new().await?;
    let mut config = scene.config(AT_THE_END);
    config.start_timeout = Duration::from_millis(500);
    config.deployment.genesis_hash = format!("0x{}", hex::encode([1; 32]));
    assert!(matches!(Running::start(config).await.err(), Some(StartError::NoNode(NoNode::Unavailable))));
    Ok(())
}

#[tokio::test]
async fn a_chain_that_stands_still_is_believed_only_where_that_was_said() -> Result {
    let node = OwnNode::start().await?;
    let scene = Scene::in_world(World::on(&node.url).await?).await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let strict = Config { max_head_age: Some(Duration::ZERO), ..scene.config(AT_THE_END) };
    assert!(matches!(Running::start(strict).await.err(), Some(StartError::NoNode(NoNode::TooOld { .. }))));
    let running = Running::start(scene.config(AT_THE_END)).await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    running.stop().await
}
