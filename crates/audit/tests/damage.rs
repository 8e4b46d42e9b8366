//! Files that are not as they were written: what a crash leaves is cut off, everything else is refused.

mod common;

use common::{append, entries, entry, read, written, Outcome, Place};
use salus_audit::{Log, LogError, LogFile, Recovered};
use std::fs;

/// How long the header is, and what an entry of no bytes takes.
const HEADER: usize = 16;
const RECORD: usize = 72;

#[test]
fn an_entry_that_is_cut_anywhere_is_cut_off_and_reported() -> Outcome {
    let place = Place::new()?;
    let (path, all) = (place.path(), entries(40));
    append(&Log::open(&path)?, &all)?;
    let whole = fs::read(&path)?;
    let last = whole.len() - RECORD - all[39].bytes.len();
    for cut in last..whole.len() {
        fs::write(&path, &whole[..cut])?;
        let torn_bytes = (cut - last) as u64;
        let file = LogFile::read(&path)?;
        assert_eq!((file.tree().size(), file.torn_bytes()), (39, torn_bytes));
        assert_eq!(fs::metadata(&path)?.len(), cut as u64);
        let log = Log::open(&path)?;
        assert_eq!((log.size(), log.recovered()), (39, (torn_bytes > 0).then_some(Recovered { torn_bytes })));
        assert_eq!(fs::metadata(&path)?.len(), last as u64);
        append(&log, &[entry(39)])?;
        assert_eq!(fs::read(&path)?, whole);
    }
    Ok(())
}

#[test]
fn a_log_that_was_just_being_made_is_made() -> Outcome {
    let place = Place::new()?;
    let path = place.path();
    drop(Log::open(&path)?);
    let header = fs::read(&path)?;
    assert_eq!(header.len(), HEADER);
    for cut in 0..HEADER {
        fs::write(&path, &header[..cut])?;
        assert_eq!(LogFile::read(&path)?.torn_bytes(), cut as u64);
        let log = Log::open(&path)?;
        assert_eq!(log.recovered(), (cut > 0).then_some(Recovered { torn_bytes: cut as u64 }));
        append(&log, &entries(2))?;
        assert_eq!(read(&path)?, entries(2));
    }
    Ok(())
}

#[test]
fn a_file_of_something_else_is_refused_and_left_alone() -> Outcome {
    let place = Place::new()?;
    for content in [&b"no"[..], b"something else altogether", &[0; 100]] {
        fs::write(place.path(), content)?;
        assert!(matches!(Log::open(place.path()), Err(LogError::NotALog)));
        assert!(matches!(LogFile::read(place.path()), Err(LogError::NotALog)));
        assert_eq!(fs::read(place.path())?, content);
    }
    Ok(())
}

#[test]
fn what_can_not_be_opened_or_read_is_said() -> Outcome {
    let place = Place::new()?;
    assert!(matches!(LogFile::read(place.path()), Err(LogError::Open(_))));
    assert!(matches!(Log::open(place.path().join("nowhere")), Err(LogError::Open(_))));
    fs::create_dir(place.path())?;
    assert!(matches!(Log::open(place.path()), Err(LogError::Open(_))));
    assert!(matches!(LogFile::read(place.path()), Err(LogError::Read(_))));
    Ok(())
}

/// One bit, at any byte of any entry: the entry is named, and nothing is cut off.
#[test]
fn a_flipped_bit_is_damage_wherever_it_is() -> Outcome {
    let all = entries(6);
    let (place, _) = written(&all)?;
    let path = place.path();
    let whole = fs::read(&path)?;
    let mut offset = HEADER;
    for (index, entry) in all.iter().enumerate() {
        let end = offset + RECORD + entry.bytes.len();
        for byte in offset..end {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1 << (byte % 8);
            fs::write(&path, &flipped)?;
            let (at, begins) = (index as u64, offset as u64);
            let expected =
                |error| matches!(error, LogError::Damaged { index, offset } if (index, offset) == (at, begins));
            assert!(Log::open(&path).is_err_and(expected), "byte {byte}");
            assert!(LogFile::read(&path).is_err_and(expected), "byte {byte}");
            assert_eq!(fs::read(&path)?, flipped);
        }
        offset = end;
    }
    assert_eq!(offset, whole.len());
    Ok(())
}

#[test]
fn an_entry_that_is_there_twice_is_damage() -> Outcome {
    let (place, _) = written(&entries(1))?;
    let mut whole = fs::read(place.path())?;
    whole.extend_from_within(HEADER..);
    fs::write(place.path(), whole)?;
    let offset = (HEADER + RECORD) as u64;
    assert!(matches!(Log::open(place.path()), Err(LogError::Damaged { index: 1, offset: o }) if o == offset));
    Ok(())
}

#[test]
fn an_entry_that_changed_under_an_open_log_is_not_given_out() -> Outcome {
    let place = Place::new()?;
    let log = Log::open(place.path())?;
    append(&log, &entries(3))?;
    let (mut whole, last) = (fs::read(place.path())?, 2 * RECORD + HEADER + 1);
    whole[last + 50] ^= 1;
    fs::write(place.path(), &whole)?;
    assert!(matches!(log.entry(2), Err(LogError::Damaged { index: 2, offset }) if offset == last as u64));
    assert!(matches!(log.prove(2, 3), Err(LogError::Damaged { index: 2, .. })));
    fs::write(place.path(), &whole[..last])?;
    assert!(matches!(log.entry(2), Err(LogError::Read(_))));
    assert_eq!(log.entry(1)?, entry(1));
    Ok(())
}
