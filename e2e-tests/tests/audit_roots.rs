//! Logs of release on the chain: roots of real logs, which only grow, and entries that are proved to be in them.

use salus_audit::Log;
use salus_domain::ids::{Hash, RecordId};
use salus_e2e_tests::{id, Result, World};
use salus_interface::access::{AccessError, Release, ReleaseLogged, RootAnchored};

/// A log with entries that begin with a word, in a folder of its own.
fn log(folder: &tempfile::TempDir, name: &str, words: &[&str]) -> Result<Log> {
    let log = Log::open(folder.path().join(name))?;
    for (number, word) in words.iter().enumerate() {
        log.append([u8::try_from(number)?; 32], word.as_bytes())?;
    }
    Ok(log)
}

#[tokio::test]
async fn the_roots_of_a_real_log_are_anchored_one_after_the_other() -> Result {
    let world = World::new().await?;
    let folder = tempfile::tempdir()?;
    let words: Vec<_> = (0..40).map(|number| format!("entry {number}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let log = log(&folder, "log", &words)?;
    let mut before = 0;
    for size in [1, 2, 3, 7, 8, 9, 31, 32, 40] {
        let anchor = world.grants.anchor(size, log.root_at(size)?, log.consistency(before, size)?);
        let told = world.run(&world.doctor, anchor).await?.event::<RootAnchored>()?;
        assert_eq!((told.log, told.anchor.size, told.previous_size), (id(&world.doctor), size, before));
        assert_eq!((told.anchor.root, told.previous_root), (log.root_at(size)?, log.root_at(before)?));
        for index in [0, size / 2, size - 1] {
            let proof = log.prove(index, size)?;
            let verify = world.grants.verify_inclusion(id(&world.doctor), proof.leaf, index, proof.path);
            assert!(world.read(verify).await?, "{index} of {size}");
        }
        before = size;
    }
    let again = world.grants.anchor(40, log.root(), Vec::new());
    assert!(world.run(&world.doctor, again).await?.events.is_empty(), "the same again is no news");
    let kept = world.read(world.grants.log(id(&world.doctor))).await?.anchor.ok_or("it is anchored")?;
    assert_eq!((kept.size, kept.root), (40, log.root()));
    Ok(())
}

#[tokio::test]
async fn a_log_that_was_rewritten_cannot_be_anchored_any_more() -> Result {
    let world = World::new().await?;
    let folder = tempfile::tempdir()?;
    let honest = log(&folder, "honest", &["a", "b", "c", "d", "e", "f"])?;
    let fork = log(&folder, "fork", &["a", "b", "x", "d", "e", "f", "g"])?;
    let owner = &world.doctor;
    world.run(owner, world.grants.anchor(5, honest.root_at(5)?, Vec::new())).await?;
    let mut bent = honest.consistency(5, 6)?;
    bent[0].0[0] ^= 1;
    for (size, root, proof) in [
        (7, fork.root(), fork.consistency(5, 7)?),
        (7, fork.root(), Vec::new()),
        (5, fork.root_at(5)?, Vec::new()),
        (4, honest.root_at(4)?, Vec::new()),
        (4, honest.root_at(4)?, honest.consistency(4, 5)?),
        (0, honest.root_at(0)?, Vec::new()),
        (6, honest.root(), bent),
        (6, honest.root(), Vec::new()),
    ] {
        let error = world.refused(owner, world.grants.anchor(size, root, proof)).await?;
        assert_eq!(error, AccessError::NotConsistent, "{size}");
    }
    let kept = world.read(world.grants.log(id(owner))).await?.anchor.ok_or("it is anchored")?;
    assert_eq!((kept.size, kept.root), (5, honest.root_at(5)?));

    // What is not in it is not proved to be, nor is it in another's.
    let (leaf, proof) = (honest.prove(2, 5)?.leaf, honest.inclusion(2, 5)?);
    let verify = |who, leaf, index, proof: &[Hash]| {
        world.read(world.grants.verify_inclusion(id(who), leaf, index, proof.to_vec()))
    };
    assert!(verify(owner, leaf, 2, &proof).await?);
    assert!(!verify(owner, fork.prove(2, 5)?.leaf, 2, &proof).await?);
    for index in [0, 3, 5] {
        assert!(!verify(owner, leaf, index, &proof).await?);
    }
    assert!(!verify(owner, leaf, 2, &proof[1..]).await?);
    assert!(!verify(&world.stranger, leaf, 2, &proof).await?, "it was never anchored");

    // Another account anchors what it likes: a log is its owner's.
    world.run(&world.stranger, world.grants.anchor(7, fork.root(), Vec::new())).await?;
    Ok(())
}

#[tokio::test]
async fn an_entry_stands_once_and_in_order() -> Result {
    let world = World::new().await?;
    let release = |byte: u8| Release {
        record: RecordId([byte; 32]),
        version: 1,
        accessor: id(&world.doctor),
        permit_block: 5,
        permit_event: 2,
        leaf: Hash([byte; 32]),
    };
    for number in 0..3u8 {
        let write = || world.grants.log_release(number.into(), release(number));
        let told = world.run(&world.stranger, write()).await?.event::<ReleaseLogged>()?;
        let expected = ReleaseLogged { log: id(&world.stranger), number: number.into(), release: release(number) };
        assert_eq!(told, expected);
        assert_eq!(world.refused(&world.stranger, write()).await?, AccessError::OutOfOrder);
    }
    let ahead = world.grants.log_release(4, release(4));
    assert_eq!(world.refused(&world.stranger, ahead).await?, AccessError::OutOfOrder);
    assert_eq!(world.read(world.grants.log(id(&world.stranger))).await?.written, 3);
    assert_eq!(world.read(world.grants.log(id(&world.doctor))).await?.written, 0);
    Ok(())
}
