//! The log on the chain.

use crate::support::{Running, Scene, AT_THE_END};
use salus_audit::LogFile;
use salus_domain::ids::Hash;
use salus_e2e_tests::{account, id, Result};
use salus_interface::access::ReleaseLogged;
use salus_release::{LogMismatch, LogMode, StartError};
use std::time::{Duration, Instant};

#[tokio::test]
async fn anchored_entries_are_proven_on_the_chain() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let mode = LogMode::Batch { entries: 3, interval: Duration::from_secs(600) };
    let running = Running::start(scene.config(mode)).await?;
    for _ in 0..3 {
        assert!(scene.collect(&running, permit).await?.is_ok());
    }
    let log = || world.grants.log(id(&scene.service));
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.read(log()).await?.anchor.map(|anchor| anchor.size) != Some(3) {
        assert!(Instant::now() < deadline, "it is anchored after three entries");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    scene.until_all_final().await?;
    let patient = scene.client(&running, &world.patient)?;
    let page = patient.entries_of(&account(&world.patient), 0).await?;
    assert_eq!((page.entries.len(), page.anchored.map(|anchored| anchored.size)), (3, Some(3)));
    for entry in &page.entries {
        let proof: Vec<Hash> = entry.proof.iter().flatten().copied().map(Hash::from).collect();
        let verify = |leaf| world.grants.verify_inclusion(id(&scene.service), leaf, entry.index, proof.clone());
        assert!(world.read(verify(entry.leaf.into())).await?);
        assert!(!world.read(verify(Hash([1; 32]))).await?);
    }

    assert!(scene.collect(&running, permit).await?.is_ok());
    running.stop().await?;
    let file = LogFile::read(scene.folder.path().join("releases.log"))?;
    let anchor = world.read(log()).await?.anchor.ok_or("not anchored")?;
    assert_eq!((anchor.size, anchor.root), (4, file.tree().root()), "the rest, when the service ends");
    Ok(())
}

#[tokio::test]
async fn a_log_that_was_lost_or_changed_is_not_continued() -> Result {
    let scene = Scene::new().await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    for expected in 1..=2 {
        let running = Running::start(scene.config(AT_THE_END)).await?;
        assert!(scene.collect(&running, permit).await?.is_ok());
        running.stop().await?;
        let anchor = scene.world.read(scene.world.grants.log(id(&scene.service))).await?.anchor;
        assert_eq!(anchor.map(|anchor| anchor.size), Some(expected));
    }
    let file = scene.folder.path().join("releases.log");
    let kept = std::fs::read(&file)?;
    std::fs::remove_file(&file)?;
    let lost = StartError::Mismatch(LogMismatch::Lost { anchored: 2, size: 0 }).to_string();
    assert_eq!(Running::start(scene.config(AT_THE_END)).await.err().map(|error| error.to_string()), Some(lost));

    // Another log of as many entries.
    std::fs::remove_file(&file)?;
    let log = salus_audit::Log::open(&file)?;
    let other = LogFileCopy::of(&kept)?;
    for (number, bytes) in other.entries.iter().enumerate() {
        log.append([number as u8; 32], bytes)?;
    }
    drop(log);
    let tampered = StartError::Mismatch(LogMismatch::Tampered { anchored: 2 }).to_string();
    assert_eq!(Running::start(scene.config(AT_THE_END)).await.err().map(|error| error.to_string()), Some(tampered));

    std::fs::write(&file, kept)?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    running.stop().await
}

/// The entries of a log that is only in memory.
struct LogFileCopy {
    entries: Vec<Vec<u8>>,
}

impl LogFileCopy {
    fn of(bytes: &[u8]) -> Result<Self> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), bytes)?;
        let log = LogFile::read(file.path())?;
        let entries = (0..log.tree().size()).map(|index| log.entry(index).map(|entry| entry.bytes));
        Ok(Self { entries: entries.collect::<std::result::Result<_, _>>()? })
    }
}

#[tokio::test]
async fn in_event_mode_every_release_is_numbered_on_the_chain_before_it_is_handed_out() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let from = world.chain.block_number().await?;
    let mut leaves = Vec::new();
    for _ in 0..2 {
        let running = Running::start(scene.config(LogMode::Event)).await?;
        for _ in 0..2 {
            let released = scene.collect(&running, permit).await?.map_err(|(code, _)| code)?;
            leaves.push(Hash::from(released.answer.entry.leaf));
            assert_eq!(world.read(world.grants.log(id(&scene.service))).await?.written, leaves.len() as u64);
            let refused = scene.collect_as(&running, &world.stranger, permit).await?;
            assert!(refused.is_err(), "a refusal is in the log, and no release");
        }
        running.stop().await?;
    }
    let to = world.chain.block_number().await?;
    let events = world.chain.contract_events(world.grants.address(), from, to, |_| {}).await?;
    let logged: Vec<_> = events.iter().filter_map(|found| found.event.decode::<ReleaseLogged>()).collect();
    assert_eq!(logged.iter().map(|event| event.number).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(logged.iter().map(|event| event.release.leaf).collect::<Vec<_>>(), leaves);
    for event in logged {
        assert_eq!((event.release.permit_block, event.release.permit_event), (permit.block, permit.event));
        assert_eq!((event.log, event.release.accessor), (id(&scene.service), id(&world.doctor)));
    }
    let file = LogFile::read(scene.folder.path().join("releases.log"))?;
    let anchor = world.read(world.grants.log(id(&scene.service))).await?.anchor.ok_or("not anchored")?;
    assert_eq!((anchor.size, anchor.root), (8, file.tree().root()), "the refusals are on the chain by the root");
    Ok(())
}
