//! Appending and reading.

mod common;

use common::{append, entries, entry, id, read, written, Outcome, Place};
use salus_audit::{leaf_of, sha_256, Anchor, Appended, Log, LogError, LogFile, MAX_ENTRY};
use salus_domain::merkle::{empty_root, verify_consistency, verify_inclusion};
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

#[test]
fn what_was_appended_is_there_after_opening_again() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    assert_eq!((log.size(), log.root()), (0, empty_root(&sha_256)));
    for (index, entry) in entries(70).into_iter().enumerate() {
        let leaf = leaf_of(&entry.id, &entry.bytes);
        let appended = Appended { index: index as u64, leaf, was_there: false };
        assert_eq!(log.append(entry.id, &entry.bytes)?, appended);
        assert_eq!((log.entry(index as u64)?, log.find(&entry.id)), (entry, Some(index as u64)));
    }
    let root = log.root();
    drop(log);
    let log = Log::open(place.path())?;
    assert_eq!((log.size(), log.root(), log.recovered()), (70, root, None));
    assert_eq!(log.entries(3..70).collect::<Result<Vec<_>, _>>()?, entries(70)[3..]);
    append(&log, &[entry(70)])?;
    assert_eq!(read(&place.path())?, entries(71));
    Ok(())
}

#[test]
fn a_new_log_is_for_its_owner_only() -> Outcome {
    let place = Place::new()?;
    Log::open(place.path())?;
    assert_eq!(place.path().metadata()?.permissions().mode() & 0o777, 0o600);
    Ok(())
}

#[test]
fn a_log_has_one_writer_and_any_number_of_readers() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    assert!(matches!(Log::open(place.path()), Err(LogError::Locked)));
    append(&log, &entries(3))?;
    assert_eq!(read(&place.path())?, entries(3));
    drop(log);
    Log::open(place.path())?;
    Ok(())
}

#[test]
fn a_request_that_is_repeated_is_one_entry() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    append(&log, &entries(3))?;
    let length = place.path().metadata()?.len();
    let again = |log: &Log| log.append(id(1), &entry(1).bytes).map(|appended| (appended.index, appended.was_there));
    assert_eq!(again(&log)?, (1, true));
    drop(log);
    let log = Log::open(place.path())?;
    assert_eq!(again(&log)?, (1, true));
    assert_eq!((log.size(), place.path().metadata()?.len()), (3, length));
    Ok(())
}

#[test]
fn an_id_stands_for_one_entry_only() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    append(&log, &entries(3))?;
    assert!(matches!(log.append(id(1), b"other"), Err(LogError::OtherEntry { index: 1 })));
    assert_eq!(log.size(), 3);
    Ok(())
}

#[test]
fn an_entry_has_at_most_16_kib() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    log.append(id(0), &[7; MAX_ENTRY])?;
    let length = MAX_ENTRY + 1;
    assert!(matches!(log.append(id(1), &vec![7; length]), Err(LogError::TooLong { length: l }) if l == length));
    log.append(id(2), &[])?;
    drop(log);
    let log = Log::open(place.path())?;
    assert_eq!((log.size(), log.entry(0)?.bytes.len(), log.entry(1)?.bytes.len()), (2, MAX_ENTRY, 0));
    Ok(())
}

#[test]
fn what_is_beyond_the_log_is_refused() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    append(&log, &entries(5))?;
    let beyond = |result: Result<(), LogError>| matches!(result, Err(LogError::Beyond { size: 5 }));
    assert!(beyond(log.entry(5).map(drop)));
    assert!(beyond(log.entry(u64::MAX).map(drop)));
    assert!(beyond(log.root_at(6).map(drop)));
    assert!(beyond(log.inclusion(3, 6).map(drop)));
    assert!(beyond(log.inclusion(3, 3).map(drop)));
    assert!(beyond(log.consistency(3, 6).map(drop)));
    assert!(beyond(log.consistency(4, 3).map(drop)));
    assert!(beyond(log.prove(5, 5).map(drop)));
    assert!(beyond(log.prove(4, 6).map(drop)));
    assert!(beyond(LogFile::read(place.path())?.prove(4, 4).map(drop)));
    Ok(())
}

/// Every thread appends entries of its own, and the same entries as all the others.
#[test]
fn many_at_once_have_each_entry_once() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    let (threads, each) = (32, 20);
    let start = Barrier::new(threads as usize);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (log, start) = (&log, &start);
            scope.spawn(move || -> Result<(), LogError> {
                start.wait();
                for number in 0..each {
                    for number in [number, 1000 + thread * each + number] {
                        let appended = log.append(id(number), &entry(number).bytes)?;
                        assert_eq!(log.entry(appended.index)?, entry(number));
                        // What is acknowledged can be proven at once.
                        let size = log.size();
                        let proof = log.inclusion(appended.index, size)?;
                        let root = log.root_at(size)?;
                        let proven = verify_inclusion(&sha_256, appended.leaf, appended.index, size, &proof, root);
                        assert_eq!(proven, Ok(()));
                    }
                }
                Ok(())
            });
        }
    });
    assert_eq!(log.size(), each + threads * each);
    let mut there = read(&place.path())?;
    let mut expected: Vec<_> = (0..each).chain(1000..1000 + threads * each).map(entry).collect();
    let by_id = |entry: &salus_audit::Entry| entry.id;
    there.sort_by_key(by_id);
    expected.sort_by_key(by_id);
    assert_eq!(there, expected);
    Ok(())
}

/// Of several different entries that are appended under one id at the same time, one gets it.
#[test]
fn of_two_entries_at_once_one_gets_the_id() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    for round in 0..50 {
        let start = Barrier::new(4);
        let outcomes: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4_u8)
                .map(|content| {
                    let (log, start) = (&log, &start);
                    scope.spawn(move || {
                        start.wait();
                        log.append(id(round), &[content]).is_ok_and(|appended| !appended.was_there)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().is_ok_and(|won| won)).collect()
        });
        assert_eq!(outcomes.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(log.size(), round + 1);
    }
    Ok(())
}

#[test]
fn a_log_proves_that_it_only_grew() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    let mut heads = vec![(0, log.root())];
    for entry in entries(20) {
        append(&log, &[entry])?;
        let (size, root) = (log.size(), log.root());
        for (old, old_root) in &heads {
            let proof = log.consistency(*old, size)?;
            assert_eq!(verify_consistency(&sha_256, *old, *old_root, size, root, &proof), Ok(()));
        }
        heads.push((size, root));
    }
    let anchors: Vec<_> = heads.into_iter().map(|(size, root)| Anchor { size, root, place: () }).collect();
    assert!(log.audit(&anchors).is_ok_and(|report| (report.anchors, report.not_anchored) == (21, 0)));
    Ok(())
}

#[test]
fn an_auditor_reads_what_the_writer_wrote() -> Outcome {
    let (place, file) = written(&entries(9))?;
    let log = Log::open(place.path())?;
    assert_eq!((file.tree().size(), file.tree().root(), file.torn_bytes()), (9, log.root(), 0));
    assert_eq!((file.find(&id(4)), file.find(&id(9))), (Some(4), None));
    assert_eq!(file.entry(4)?, entry(4));
    assert_eq!(file.prove(4, 7)?, log.prove(4, 7)?);
    file.prove(4, 7)?.verify()?;
    Ok(())
}
