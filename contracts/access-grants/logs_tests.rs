//! Logs of release: anchors that only move forward, and entries that are written once.

use super::*;
use salus_domain::ids::RecordId;
use salus_domain::merkle;
use salus_interface::access::{Anchor, Log, Release, ReleaseLogged, RootAnchored};

pub fn sha_256(input: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    ink::env::hash_bytes::<ink::env::hash::Sha2x256>(input, &mut digest);
    digest
}

/// The leaf of an entry of one of two logs, which are the same up to the entry `fork`.
fn leaf(number: u64, fork: u64) -> Hash {
    let kind = if number < fork { b'a' } else { b'b' };
    merkle::leaf(&sha_256, &[kind, number as u8])
}

/// The root of the leaves from `start` to `end`, as RFC 9162, section 2.1.1, defines it.
fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => merkle::empty_root(&sha_256),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            merkle::node(&sha_256, root_of(left), root_of(right))
        }
    }
}

pub fn leaves(size: u64, fork: u64) -> Vec<Hash> {
    (0..size).map(|number| leaf(number, fork)).collect()
}

pub fn root(size: u64, fork: u64) -> Hash {
    root_of(&leaves(size, fork))
}

fn nodes(places: impl Iterator<Item = merkle::Place>, leaves: &[Hash]) -> Vec<Hash> {
    let node = |place: merkle::Place| {
        let start = (place.index << place.level) as usize;
        root_of(&leaves[start..leaves.len().min(start + (1 << place.level))])
    };
    places.map(node).collect()
}

/// The proof that the log of `new` entries begins with that of `old`.
pub fn consistency(old: u64, new: u64, fork: u64) -> Vec<Hash> {
    nodes(merkle::consistency_places(old, new), &leaves(new, fork))
}

const ONE: u64 = u64::MAX;

#[test]
fn an_anchor_moves_forward_only_and_the_same_again_changes_nothing() {
    let mut grants = grants();
    calls(id(DOCTOR));
    assert_eq!(grants.log(id(DOCTOR)), Log::default());
    assert_eq!(grants.anchor(3, root(3, ONE), Vec::new()), Ok(()));
    let first = Anchor { size: 3, root: root(3, ONE), at: NOW };
    let empty = merkle::empty_root(&sha_256);
    let told = RootAnchored { log: id(DOCTOR), anchor: first, previous_size: 0, previous_root: empty };
    assert_eq!(newest::<RootAnchored>(), told);
    at(LATER);
    let before = count();
    assert_eq!(grants.anchor(3, root(3, ONE), Vec::new()), Ok(()));
    assert_eq!((grants.log(id(DOCTOR)).anchor, count()), (Some(first), before), "not even its time");

    assert_eq!(grants.anchor(7, root(7, ONE), consistency(3, 7, ONE)), Ok(()));
    let second = Anchor { size: 7, root: root(7, ONE), at: LATER };
    let told = RootAnchored { log: id(DOCTOR), anchor: second, previous_size: 3, previous_root: first.root };
    assert_eq!(newest::<RootAnchored>(), told);
    assert_eq!(grants.log(id(DOCTOR)), Log { anchor: Some(second), written: 0 });
    assert_eq!(grants.log(id(STRANGER)), Log::default(), "everybody has a log of their own");
}

#[test]
fn an_anchor_that_does_not_continue_the_one_before_is_refused() {
    let mut grants = grants();
    calls(id(DOCTOR));
    assert_eq!(grants.anchor(0, root(1, ONE), Vec::new()), Err(AccessError::NotConsistent), "empty, with a root");
    assert_eq!(grants.anchor(0, root(0, ONE), Vec::new()), Ok(()), "an empty log is no news");
    assert_eq!((grants.log(id(DOCTOR)), newest::<AuthorityAdded>().authority), (Log::default(), id(OTHER_AUTHORITY)));
    assert_eq!(grants.anchor(3, root(3, ONE), vec![root(3, ONE)]), Err(AccessError::NotConsistent));
    grants.anchor(3, root(3, ONE), Vec::new()).unwrap();
    let (kept, before) = (grants.log(id(DOCTOR)), count());
    let good = consistency(3, 7, ONE);
    let mut wrong = good.clone();
    wrong[1].0[0] ^= 1;
    for (size, root, proof) in [
        (2, root(2, ONE), Vec::new()),
        (2, root(2, ONE), consistency(2, 3, ONE)),
        (0, root(0, ONE), Vec::new()),
        (3, root(3, 2), Vec::new()),
        (7, root(7, 2), consistency(3, 7, 2)),
        (7, root(7, 3), good.clone()),
        (9, root(7, ONE), good.clone()),
        (7, root(7, ONE), wrong),
        (7, root(7, ONE), good[1..].to_vec()),
        (7, root(7, ONE), Vec::new()),
        (7, root(7, ONE), vec![root(1, ONE); 200]),
    ] {
        assert_eq!(grants.anchor(size, root, proof), Err(AccessError::NotConsistent));
    }
    assert_eq!((grants.log(id(DOCTOR)), count()), (kept, before));
    assert_eq!(grants.anchor(7, root(7, 3), consistency(3, 7, 3)), Ok(()), "what was not anchored is not fixed");
}

#[test]
fn what_is_in_a_log_is_proved_against_its_anchor_and_nothing_else_is() {
    let mut grants = grants();
    calls(id(DOCTOR));
    let leaf = leaf(4, ONE);
    let proof = nodes(merkle::inclusion_places(4, 7), &leaves(7, ONE));
    let verify = |grants: &AccessGrants, log, leaf, index, proof: &[Hash]| {
        grants.verify_inclusion(id(log), leaf, index, proof.to_vec())
    };
    assert!(!verify(&grants, DOCTOR, leaf, 4, &proof));
    grants.log_release(0, release(0)).unwrap();
    assert!(!verify(&grants, DOCTOR, leaf, 4, &proof), "written is not anchored");
    grants.anchor(7, root(7, ONE), Vec::new()).unwrap();
    assert!(verify(&grants, DOCTOR, leaf, 4, &proof));
    assert!(!verify(&grants, STRANGER, leaf, 4, &proof), "it is in one log");
    assert!(!verify(&grants, DOCTOR, root(1, ONE), 4, &proof));
    for index in [0, 3, 5, 7, u64::MAX] {
        assert!(!verify(&grants, DOCTOR, leaf, index, &proof));
    }
    for proof in [&proof[1..], &[], &vec![leaf; 999], &[&proof[..], &[leaf]].concat()] {
        assert!(!verify(&grants, DOCTOR, leaf, 4, proof));
    }
}

pub fn release(number: u8) -> Release {
    Release {
        record: RecordId([number; 32]),
        version: 1,
        accessor: id(DOCTOR),
        permit_block: 7,
        permit_event: 3,
        leaf: Hash([number; 32]),
    }
}

#[test]
fn an_entry_is_written_once_and_in_order() {
    let mut grants = grants();
    calls(id(DOCTOR));
    assert_eq!(grants.log_release(1, release(1)), Err(AccessError::OutOfOrder));
    for number in 0..3u8 {
        assert_eq!(grants.log_release(number.into(), release(number)), Ok(()));
        let told = ReleaseLogged { log: id(DOCTOR), number: number.into(), release: release(number) };
        assert_eq!(newest::<ReleaseLogged>(), told);
        for again in [0, u64::from(number), u64::from(number) + 2, u64::MAX] {
            assert_eq!(grants.log_release(again, release(9)), Err(AccessError::OutOfOrder));
        }
    }
    grants.anchor(5, root(5, ONE), Vec::new()).unwrap();
    let log = grants.log(id(DOCTOR));
    assert_eq!((log.written, log.anchor.map(|anchor| anchor.size)), (3, Some(5)), "one does not move the other");
    calls(id(STRANGER));
    assert_eq!(grants.log_release(0, release(0)), Ok(()), "everybody counts for itself");
}
