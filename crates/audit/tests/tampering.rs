//! Somebody who may write the file, and knows its format, changes what is in it: the anchors tell.

mod common;

use common::{entries, entry, written, Outcome};
use salus_audit::{audit, leaf_of, Anchor, Entry, Finding, LogFile, Report, Tree};

/// An anchor after every ten entries; its place is its number.
fn anchors(file: &LogFile) -> Vec<Anchor<u64>> {
    let sizes = (0..).zip((10..=file.tree().size()).step_by(10));
    sizes.filter_map(|(place, size)| Some(Anchor { size, root: file.tree().root_at(size)?, place })).collect()
}

/// What an audit finds in a log of 45 entries that was anchored at 10, 20, 30 and 40, after `tamper`.
fn found(tamper: impl FnOnce(&mut Vec<Entry>)) -> Result<Vec<Finding<u64>>, Box<dyn std::error::Error>> {
    let mut entries = entries(45);
    let (_place, honest) = written(&entries)?;
    let anchors = anchors(&honest);
    assert_eq!(honest.audit(&anchors), Ok(report(&honest, 4, 5)));
    tamper(&mut entries);
    let (_place, tampered) = written(&entries)?;
    Ok(tampered.audit(&anchors).err().unwrap_or_default())
}

fn report(file: &LogFile, anchors: usize, not_anchored: u64) -> Report {
    Report { size: file.tree().size(), root: file.tree().root(), anchors, not_anchored }
}

/// The place of the only finding, which is a change, and the range that it names.
fn change(findings: &[Finding<u64>]) -> Option<(u64, std::ops::Range<u64>)> {
    match findings {
        [Finding::Changed { anchor, entries, found }] if *found != anchor.root => Some((anchor.place, entries.clone())),
        _ => None,
    }
}

#[test]
fn an_edited_entry_is_found() -> Outcome {
    let findings = found(|entries| entries[25].bytes[0] ^= 1)?;
    assert_eq!(change(&findings), Some((2, 20..30)));
    Ok(())
}

#[test]
fn an_edited_id_is_found() -> Outcome {
    let findings = found(|entries| entries[9].id[0] ^= 1)?;
    assert_eq!(change(&findings), Some((0, 0..10)));
    Ok(())
}

#[test]
fn a_deleted_entry_is_found() -> Outcome {
    let findings = found(|entries| drop(entries.remove(30)))?;
    assert_eq!(change(&findings), Some((3, 30..40)));
    Ok(())
}

#[test]
fn an_inserted_entry_is_found() -> Outcome {
    let findings = found(|entries| entries.insert(10, entry(1000)))?;
    assert_eq!(change(&findings), Some((1, 10..20)));
    Ok(())
}

#[test]
fn entries_in_another_order_are_found() -> Outcome {
    let findings = found(|entries| entries.swap(11, 12))?;
    assert_eq!(change(&findings), Some((1, 10..20)));
    Ok(())
}

#[test]
fn a_truncated_log_is_found() -> Outcome {
    let findings = found(|entries| entries.truncate(25))?;
    assert!(
        matches!(&findings[..], [Finding::Missing { anchor: Anchor { place: 2, .. }, entries }] if *entries == (25..30))
    );
    Ok(())
}

/// Two logs with the same first 25 entries, of which one was anchored.
#[test]
fn a_fork_is_found() -> Outcome {
    let findings = found(|entries| {
        entries.truncate(25);
        entries.extend((100..120).map(entry));
    })?;
    assert_eq!(change(&findings), Some((2, 20..30)));
    Ok(())
}

/// What nobody vouches for can be changed: the report says how much that is.
#[test]
fn a_change_after_the_last_anchor_is_not_found() -> Outcome {
    let findings = found(|entries| entries[40].bytes[0] ^= 1)?;
    assert_eq!(findings, []);
    Ok(())
}

#[test]
fn a_log_without_anchors_is_not_vouched_for() -> Outcome {
    let (_place, file) = written(&entries(7))?;
    assert_eq!(file.audit::<u64>(&[]), Ok(report(&file, 0, 7)));
    Ok(())
}

#[test]
fn an_edit_and_a_truncation_are_both_found() -> Outcome {
    let findings = found(|entries| {
        entries.truncate(35);
        entries[3].bytes[0] ^= 1;
    })?;
    let [Finding::Changed { entries: changed, .. }, Finding::Missing { entries: missing, .. }] = &findings[..] else {
        return Err(format!("{findings:?}").into());
    };
    assert_eq!((changed, missing), (&(0..10), &(35..40)));
    Ok(())
}

#[test]
fn anchors_that_shrink_are_found() -> Outcome {
    let (_place, file) = written(&entries(45))?;
    let mut anchors = anchors(&file);
    anchors.swap(1, 2);
    let findings = file.audit(&anchors).err().unwrap_or_default();
    assert_eq!(findings, [Finding::Shrunk { anchor: anchors[2], before: 30 }]);
    Ok(())
}

#[test]
fn anchors_that_contradict_each_other_are_found() -> Outcome {
    let (_place, file) = written(&entries(45))?;
    let mut anchors = anchors(&file);
    let other = Anchor { root: anchors[0].root, ..anchors[1] };
    anchors.insert(2, other);
    let findings = file.audit(&anchors).err().unwrap_or_default();
    assert_eq!(findings, [Finding::Changed { anchor: other, entries: 20..20, found: anchors[1].root }]);
    Ok(())
}

/// An auditor who has the entries from anywhere needs no file.
#[test]
fn entries_alone_can_be_audited() -> Outcome {
    let entries = entries(45);
    let (_place, file) = written(&entries)?;
    let leaf = |entry: &Entry| leaf_of(&entry.id, &entry.bytes);
    let tree: Tree = entries.iter().map(leaf).collect();
    assert_eq!(audit(&tree, &anchors(&file)), Ok(report(&file, 4, 5)));
    let tree: Tree = entries.iter().skip(1).map(leaf).collect();
    assert!(audit(&tree, &anchors(&file)).is_err());
    Ok(())
}
