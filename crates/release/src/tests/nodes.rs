//! Which node is believed.

use super::fake::Fake;
use super::{assemble, rejected, Differently, Fixture, Result, NOW};
use crate::nodes::{NoNode, Nodes, Patience};
use salus_domain::time::Timestamp;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const PATIENCE: Patience = Patience { timeout: Duration::from_secs(2), max_head_age: None };

fn node(number: u64) -> Fake {
    let fake = Fake::default();
    fake.chain().number = number;
    fake
}

#[tokio::test]
async fn the_node_with_the_newest_final_block_is_asked() -> Result {
    let folder = tempfile::tempdir()?;
    let (behind, ahead, syncing) = (node(5), node(7), node(9));
    syncing.chain().is_syncing = true;
    let all = vec![behind, ahead.clone(), syncing];
    let nodes = Nodes::new(all, PATIENCE, folder.path().join("head"))?;
    assert_eq!(nodes.view(NOW).await?.head().number, 7);
    assert_eq!(nodes.heights(), [Some(5), Some(7), Some(9)]);
    ahead.chain().fails = true;
    assert_eq!(nodes.view(NOW).await.map(drop), Err(NoNode::Behind { head: 5, seen: 7 }));
    assert_eq!(nodes.heights(), [Some(5), None, Some(9)]);
    ahead.chain().fails = false;
    let deadline = Instant::now() + Duration::from_secs(5);
    while nodes.view(NOW).await.is_err() {
        assert!(Instant::now() < deadline, "it is asked again in the background");
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_node_that_hangs_holds_nobody_up_twice() -> Result {
    let folder = tempfile::tempdir()?;
    let (hanging, live) = (node(5), node(5));
    hanging.chain().hangs = true;
    let nodes = Nodes::new(vec![hanging, live.clone()], PATIENCE, folder.path().join("head"))?;
    nodes.view(NOW).await?;
    let before = Instant::now();
    for _ in 0..20 {
        nodes.view(NOW).await?;
    }
    assert!(before.elapsed() < PATIENCE.timeout, "{:?}", before.elapsed());
    live.chain().hangs = true;
    assert_eq!(nodes.view(NOW).await.map(drop), Err(NoNode::Unavailable));
    Ok(())
}

#[tokio::test]
async fn a_restart_does_not_forget_how_far_the_chain_was() -> Result {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("head");
    Nodes::new(vec![node(7)], PATIENCE, file.clone())?.view(NOW).await?;
    let nodes = Nodes::new(vec![node(6)], PATIENCE, file.clone())?;
    assert_eq!(nodes.view(NOW).await.map(drop), Err(NoNode::Behind { head: 6, seen: 7 }));

    for number in [7, 8] {
        let other = node(number);
        other.chain().history = 1;
        let nodes = Nodes::new(vec![other], PATIENCE, file.clone())?;
        assert_eq!(nodes.view(NOW).await.map(drop), Err(NoNode::OtherHistory { seen: 7 }), "{number}");
    }
    assert_eq!(Nodes::new(vec![node(8)], PATIENCE, file)?.view(NOW).await?.head().number, 8);
    Ok(())
}

#[tokio::test]
async fn all_who_wait_share_a_question_that_was_put_after_they_came() -> Result {
    let folder = tempfile::tempdir()?;
    let fake = node(5);
    let nodes = std::sync::Arc::new(Nodes::new(vec![fake.clone()], PATIENCE, folder.path().join("head"))?);
    nodes.view(NOW).await?;
    let before = fake.chain().asked.0;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let nodes = std::sync::Arc::clone(&nodes);
        waiting.spawn(async move { nodes.view(NOW).await.map(|view| view.head().number) });
    }
    while let Some(number) = waiting.join_next().await {
        assert_eq!(number?, Ok(5));
    }
    let asked = fake.chain().asked.0 - before;
    assert!(asked < 50, "{asked}");
    fake.chain().number = 6;
    assert_eq!(nodes.view(NOW).await?.head().number, 6, "an answer from before is no answer");
    Ok(())
}

/// Every cause, as a caller is told of it; then it works again.
#[tokio::test]
async fn without_a_node_that_can_be_believed_nothing_is_released() -> Result {
    type Change = fn(&mut super::fake::Chain);
    let cases: [(Change, Change, &str); 5] = [
        (|chain| chain.fails = true, |chain| chain.fails = false, "node_unavailable"),
        (|chain| chain.hangs = true, |chain| chain.hangs = false, "node_unavailable"),
        (|chain| chain.is_syncing = true, |chain| chain.is_syncing = false, "node_behind"),
        (|chain| chain.number -= 1, |chain| chain.number += 1, "node_behind"),
        (|chain| chain.history = 1, |chain| chain.history = 0, "node_behind"),
    ];
    for (breaks, mends, code) in cases {
        let world = Fixture::new().await?;
        breaks(&mut world.node.chain());
        let answer = world.release(&world.doctor, &world.question()).await?;
        assert_eq!(answer.rejected()?, rejected(503, code));
        let health = world.raw("GET", "/health", None, b"").await?;
        assert_eq!((health.status.as_u16(), health.json()?["code"].as_str()), (503, Some(code)));
        assert_eq!(world.service.journal.size(), 0);
        mends(&mut world.node.chain());
        world.release(&world.doctor, &world.question()).await?.ok()?;
        let health = world.raw("GET", "/health", None, b"").await?.ok()?;
        assert_eq!((health["finalHeight"].as_u64(), health["logSize"].as_u64()), (Some(10), Some(1)));
    }
    Ok(())
}

#[tokio::test]
async fn a_chain_that_stands_still_is_not_believed_for_ever() -> Result {
    let world = Fixture::new().await?;
    world.clock.store(NOW.0 + 120_000, Ordering::Relaxed);
    world.release(&world.doctor, &world.question()).await?.ok()?;
    world.clock.store(NOW.0 + 120_001, Ordering::Relaxed);
    let answer = world.release(&world.doctor, &world.question()).await?;
    assert_eq!(answer.rejected()?, rejected(503, "node_behind"));
    {
        let mut chain = world.node.chain();
        (chain.number, chain.time) = (11, Timestamp(NOW.0 + 500));
    }
    world.release(&world.doctor, &world.question()).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn a_block_that_cannot_be_written_down_is_not_used() -> Result {
    let world = Fixture::new().await?;
    std::fs::remove_dir_all(world.folder.path().join("log"))?;
    world.node.chain().number = 11;
    let answer = world.release(&world.doctor, &world.question()).await?;
    assert_eq!(answer.rejected()?, rejected(503, "node_unavailable"));
    Ok(())
}

#[tokio::test]
async fn a_start_waits_for_a_node_that_is_starting() -> Result {
    let world = Fixture::new().await?;
    let other = tempfile::tempdir()?;
    std::fs::create_dir(other.path().join("log"))?;
    world.node.chain().fails = true;
    let before = world.node.chain().asked.0;
    let mends = async {
        while world.node.chain().asked.0 < before + 2 {
            tokio::task::yield_now().await;
        }
        world.node.chain().fails = false;
    };
    let patient = Differently { start: Duration::from_secs(10), ..Differently::default() };
    let (started, ()) = tokio::join!(assemble(other.path(), vec![world.node.clone()], &world.clock, patient), mends);
    assert!(started.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_service_without_a_node_does_not_start() -> Result {
    let world = Fixture::new().await?;
    let other = tempfile::tempdir()?;
    std::fs::create_dir(other.path().join("log"))?;
    world.node.chain().fails = true;
    let failed = assemble(other.path(), vec![world.node.clone()], &world.clock, Differently::default()).await;
    let told = failed.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.starts_with(&NoNode::Unavailable.to_string()), "{told}");
    Ok(())
}
