//! How the log comes onto the chain.

use super::{assemble, Differently, Fixture, Result};
use crate::keeper::ENTRIES;
use crate::{LogMode, Service};
use salus_domain::ids::Hash;
use salus_domain::time::Timestamp;
use salus_interface::access::Anchor;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const BATCH: LogMode = LogMode::Batch { entries: 4, interval: Duration::from_secs(60) };

async fn until(mut holds: impl FnMut() -> bool) -> Result {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        if Instant::now() > deadline {
            return Err("it never comes to that".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

struct Keeping(watch::Sender<bool>, tokio::task::JoinHandle<()>);

impl Keeping {
    fn start<N: crate::Node>(service: &Arc<Service<N>>, mode: LogMode) -> Self {
        let (ending, told) = watch::channel(false);
        Self(ending, tokio::spawn(Arc::clone(service).keep(mode, told)))
    }

    async fn end(self) -> Result {
        self.0.send(true)?;
        Ok(self.1.await?)
    }
}

fn anchored(world: &Fixture) -> u64 {
    world.node.chain().anchor.map_or(0, |anchor| anchor.size)
}

#[tokio::test]
async fn roots_are_anchored_after_some_entries_after_some_time_and_at_the_end() -> Result {
    let world = Fixture::new().await?;
    let keeping = Keeping::start(&world.service, BATCH);
    for _ in 0..4 {
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    until(|| anchored(&world) == 4).await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    assert_eq!(anchored(&world), 4, "not for every one");
    keeping.end().await?;
    assert_eq!(anchored(&world), 5);

    let soon = LogMode::Batch { entries: 1_000, interval: Duration::from_millis(20) };
    let keeping = Keeping::start(&world.service, soon);
    world.release(&world.doctor, &world.question()).await?.ok()?;
    until(|| anchored(&world) == 6).await?;
    keeping.end().await
}

#[tokio::test]
async fn an_answer_that_is_lost_neither_loses_nor_doubles_anything() -> Result {
    for mode in [BATCH, LogMode::Event] {
        let world = Fixture::with(Differently { mode, ..Differently::default() }).await?;
        world.node.chain().loses_answers = true;
        let keeping = Keeping::start(&world.service, mode);
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.push(world.release(&world.doctor, &world.question()).await?);
        }
        let there = || match mode {
            LogMode::Event => world.node.chain().releases.len() == 4,
            LogMode::Batch { .. } => anchored(&world) == 4,
        };
        until(there).await?;
        keeping.end().await?;
        let leaves: Vec<_> = world.node.chain().releases.iter().map(|release| release.leaf).collect();
        for (number, leaf) in leaves.into_iter().enumerate() {
            assert_eq!(leaf, world.service.journal.read(number as u64).await?.leaf);
        }
    }
    Ok(())
}

#[tokio::test]
async fn releases_that_are_not_on_the_chain_yet_come_there_first() -> Result {
    let differently = || Differently { mode: LogMode::Event, ..Differently::default() };
    let world = Fixture::with(differently()).await?;
    for _ in 0..3 {
        let refused = world.release(&world.doctor, &world.question()).await?.rejected()?;
        assert_eq!(refused.1, "not_logged");
    }
    let Fixture { folder, node, service, app, clock, .. } = world;
    drop((service, app));
    let service = assemble(folder.path(), vec![node.clone()], &clock, differently()).await?;
    let keeping = Keeping::start(&service, LogMode::Event);
    until(|| node.chain().releases.len() == 3).await?;
    keeping.end().await?;
    assert_eq!(node.chain().releases.iter().map(|release| release.permit_event).collect::<Vec<_>>(), [3, 3, 3]);
    Ok(())
}

/// What the chain knows, and what the start says of it.
#[tokio::test]
async fn a_log_that_is_not_the_one_on_the_chain_does_not_start() -> Result {
    let world = Fixture::new().await?;
    for _ in 0..3 {
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    let root = world.service.journal.root_at(2)?;
    let Fixture { folder, node, service, app, clock, .. } = world;
    drop((service, app));
    let anchor = |size, root| Some(Anchor { size, root, at: super::NOW });
    for (anchor, told) in [
        (anchor(4, root), Some("lost in part: 4 entries are anchored, and it has 3")),
        (anchor(2, Hash([0; 32])), Some("tampered with: its first 2 entries")),
        (anchor(2, root), None),
        (None, None),
    ] {
        node.chain().anchor = anchor;
        let started = assemble(folder.path(), vec![node.clone()], &clock, Differently::default()).await;
        match (started, told) {
            (Ok(_), None) => {}
            (Err(error), Some(told)) => assert!(error.to_string().contains(told), "{error}"),
            (Ok(_), Some(told)) => return Err(format!("started, in spite of: {told}").into()),
            (Err(error), None) => return Err(error),
        }
    }
    let release = salus_interface::access::Release {
        record: salus_domain::ids::RecordId([7; 32]),
        version: 1,
        accessor: [0; 32].into(),
        permit_block: 0,
        permit_event: 0,
        leaf: root,
    };
    node.chain().releases = vec![release; 4];
    let started = assemble(folder.path(), vec![node.clone()], &clock, Differently::default()).await;
    let told = started.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.contains("4 releases are on the chain, and it has 3"), "{told}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_released_any_more_once_another_log_is_anchored() -> Result {
    let world = Fixture::new().await?;
    world.node.chain().anchor = Some(Anchor { size: 9, root: Hash([0; 32]), at: super::NOW });
    let keeping = Keeping::start(&world.service, BATCH);
    until(|| world.service.journal.is_broken()).await?;
    let refused = world.release(&world.doctor, &world.question()).await?.rejected()?;
    assert_eq!(refused.1, "log_failed");
    drop(keeping);
    Ok(())
}

#[tokio::test]
async fn in_event_mode_refusals_are_anchored_too() -> Result {
    let world = Fixture::with(Differently { mode: LogMode::Event, ..Differently::default() }).await?;
    let keeping = Keeping::start(&world.service, LogMode::Event);
    // The first look may find some entries already.
    for _ in 0..2 * ENTRIES {
        let refused = world.release(&world.stranger, &world.question()).await?.rejected()?;
        assert_eq!(refused.1, "other_accessor");
    }
    until(|| anchored(&world) >= ENTRIES).await?;
    keeping.end().await?;
    assert_eq!((anchored(&world), world.node.chain().releases.len()), (2 * ENTRIES, 0));

    // And the start compares them.
    world.node.chain().anchor = Some(Anchor { size: 2, root: Hash([0; 32]), at: super::NOW });
    let Fixture { folder, node, service, app, clock, .. } = world;
    drop((service, app));
    let differently = Differently { mode: LogMode::Event, ..Differently::default() };
    let started = assemble(folder.path(), vec![node], &clock, differently).await;
    let told = started.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.contains("tampered with"), "{told}");
    Ok(())
}

#[tokio::test]
async fn an_anchor_that_is_gone_with_its_block_is_made_again_without_new_entries() -> Result {
    let world = Fixture::new().await?;
    let soon = LogMode::Batch { entries: 1, interval: Duration::from_millis(20) };
    let keeping = Keeping::start(&world.service, soon);
    world.release(&world.doctor, &world.question()).await?.ok()?;
    until(|| anchored(&world) == 1).await?;
    world.node.chain().anchor = None;
    until(|| anchored(&world) == 1).await?;
    keeping.end().await
}

#[tokio::test]
async fn nothing_is_released_while_entries_are_not_anchored_for_too_long() -> Result {
    let world = Fixture::new().await?;
    let pass = |time: Duration| {
        let now = world.clock.fetch_add(time.as_millis() as u64, Ordering::Relaxed) + time.as_millis() as u64;
        let mut chain = world.node.chain();
        (chain.number, chain.time) = (chain.number + 1, Timestamp(now));
        let until = chain.time.plus(1_000);
        let answers = chain.answers.values_mut();
        answers.for_each(|answer| *answer = Ok(super::permitted(1, until)));
    };
    let question = world.question();
    let ask = || {
        world.permit(|permit| permit.decision = super::permitted(1, Timestamp(u64::MAX)));
        world.release(&world.doctor, &question)
    };
    ask().await?.ok()?;
    pass(BATCH.max_unanchored());
    ask().await?.ok()?;
    pass(Duration::from_millis(1));
    let refused = ask().await?;
    assert_eq!(refused.rejected()?, super::rejected(503, "not_logged"));
    assert_eq!(world.service.journal.size(), 2);
    let health = world.raw("GET", "/health", None, b"").await?;
    let said = (health.status.as_u16(), health.json()?);
    assert_eq!((said.0, &said.1["code"], &said.1["unanchored"]), (503, &"not_logged".into(), &2.into()));
    assert_eq!(said.1["unanchoredFor"].as_u64(), Some(600_001));

    let keeping = Keeping::start(&world.service, BATCH);
    until(|| anchored(&world) == 2).await?;
    keeping.end().await?;
    ask().await?.ok()?;
    let health = world.raw("GET", "/health", None, b"").await?.ok()?;
    assert_eq!(health["unanchored"], 1);
    Ok(())
}

#[test]
fn entries_may_wait_ten_intervals_and_ten_minutes_at_least() {
    let batch = |seconds| LogMode::Batch { entries: 1, interval: Duration::from_secs(seconds) };
    for (mode, seconds) in [(batch(1), 600), (batch(120), 1_200), (LogMode::Event, 600)] {
        assert_eq!(mode.max_unanchored(), Duration::from_secs(seconds));
    }
}
