//! The tree's roots and proofs, and proofs in JSON.

mod common;

use common::{entries, written, Outcome};
use proptest::prelude::*;
use salus_audit::{leaf_of, sha_256, BadProof, InclusionProof, Tree, MAX_ENTRY, MAX_JSON};
use salus_domain::ids::Hash;
use salus_domain::merkle::{verify_consistency, verify_inclusion, Frontier, ProofError};

/// A tree, and its roots from size 0 on, made without it.
fn tree(size: u64) -> (Tree, Vec<Hash>) {
    let (mut tree, mut frontier) = (Tree::new(), Frontier::new());
    let mut roots = vec![frontier.root(&sha_256)];
    for index in 0..size {
        let leaf = leaf_of(&common::id(index), &[]);
        tree.push(leaf);
        frontier.push(&sha_256, leaf);
        roots.push(frontier.root(&sha_256));
        assert_eq!((tree.size(), tree.root(), tree.leaf(index)), (index + 1, frontier.root(&sha_256), Some(leaf)));
    }
    (tree, roots)
}

fn proves(tree: &Tree, roots: &[Hash], small: u64, size: u64) -> Result<(), ProofError> {
    let none = ProofError::IndexBeyondSize;
    let (small_root, root) = (roots[small as usize], roots[size as usize]);
    if small < size {
        let proof = tree.inclusion(small, size).ok_or(none)?;
        verify_inclusion(&sha_256, tree.leaf(small).ok_or(none)?, small, size, &proof, root)?;
    }
    let proof = tree.consistency(small, size).ok_or(none)?;
    verify_consistency(&sha_256, small, small_root, size, root, &proof)
}

#[test]
fn every_small_tree_proves_all_that_it_ever_was() {
    let (tree, roots) = tree(70);
    for size in 0..=70 {
        assert_eq!(tree.root_at(size), Some(roots[size as usize]));
        for small in 0..=size {
            assert_eq!(proves(&tree, &roots, small, size), Ok(()), "{small} of {size}");
        }
    }
    assert_eq!((tree.root_at(71), tree.leaf(70)), (None, None));
    assert_eq!((tree.inclusion(0, 71), tree.inclusion(7, 7)), (None, None));
    assert_eq!((tree.consistency(0, 71), tree.consistency(8, 7)), (None, None));
}

#[test]
fn a_large_tree_proves_all_that_it_ever_was() -> Outcome {
    let (tree, roots) = tree(5_000);
    let long = std::env::var("SALUS_LONG").is_ok_and(|value| value == "1");
    let config = ProptestConfig { cases: if long { 100_000 } else { 2_000 }, ..ProptestConfig::default() };
    let sizes = (0..=5_000_u64, 0..=5_000_u64);
    proptest::test_runner::TestRunner::new(config).run(&sizes, |(one, other)| {
        prop_assert_eq!(proves(&tree, &roots, one.min(other), one.max(other)), Ok(()));
        Ok(())
    })?;
    Ok(())
}

fn proof() -> Result<InclusionProof, Box<dyn std::error::Error>> {
    Ok(written(&entries(11))?.1.prove(9, 11)?)
}

#[test]
fn a_proof_goes_through_json() -> Outcome {
    let proof = proof()?;
    let json = serde_json::to_value(&proof)?;
    assert_eq!((&json["logSize"], &json["index"]), (&11.into(), &9.into()));
    assert_eq!(json["leaf"], hex::encode(proof.leaf.0));
    assert_eq!(json["entry"], hex::encode(&common::entry(9).bytes));
    assert_eq!(json["id"], hex::encode(common::id(9)));
    assert_eq!(json["path"][0], hex::encode(proof.path[0].0));
    assert_eq!(json["root"], hex::encode(proof.root.0));
    assert_eq!(
        (json["path"].as_array().map(Vec::len), json.as_object().map(|fields| fields.len())),
        (Some(3), Some(7))
    );
    let read = InclusionProof::from_json(&serde_json::to_vec(&proof)?)?;
    assert_eq!(read, proof);
    read.verify()?;
    Ok(())
}

#[test]
fn a_proof_of_the_longest_entry_can_be_read() -> Outcome {
    let hash = Hash([0xff; 32]);
    let (entry, path) = (vec![0xff; MAX_ENTRY], vec![hash; 64]);
    let leaf = leaf_of(&[7; 32], &entry);
    let proof = InclusionProof { log_size: u64::MAX, index: 0, leaf, entry, id: [7; 32], path, root: hash };
    let json = serde_json::to_vec_pretty(&proof)?;
    let read = InclusionProof::from_json(&json)?;
    assert!(matches!(read.verify(), Err(BadProof::Path(ProofError::WrongRoot))));
    Ok(())
}

#[test]
fn a_proof_that_is_changed_is_none() -> Outcome {
    let good = proof()?;
    good.verify()?;
    let verdict = |change: &dyn Fn(&mut InclusionProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify()
    };
    assert!(matches!(verdict(&|proof| proof.entry[0] ^= 1), Err(BadProof::WrongLeaf)));
    assert!(matches!(verdict(&|proof| proof.id[0] ^= 1), Err(BadProof::WrongLeaf)));
    assert!(matches!(verdict(&|proof| proof.leaf.0[0] ^= 1), Err(BadProof::WrongLeaf)));
    let long = verdict(&|proof| proof.entry = vec![0; MAX_ENTRY + 1]);
    assert!(matches!(long, Err(BadProof::EntryTooLong(length)) if length == MAX_ENTRY + 1));
    assert!(matches!(verdict(&|proof| proof.index = 8), Err(BadProof::Path(ProofError::WrongRoot))));
    assert!(matches!(verdict(&|proof| proof.index = 11), Err(BadProof::Path(ProofError::IndexBeyondSize))));
    assert!(matches!(verdict(&|proof| proof.log_size = 100), Err(BadProof::Path(ProofError::WrongLength))));
    assert!(matches!(verdict(&|proof| proof.path[0].0[0] ^= 1), Err(BadProof::Path(ProofError::WrongRoot))));
    assert!(matches!(verdict(&|proof| proof.root.0[0] ^= 1), Err(BadProof::Path(ProofError::WrongRoot))));
    assert!(matches!(verdict(&|proof| proof.path.truncate(2)), Err(BadProof::Path(ProofError::WrongLength))));
    Ok(())
}

#[test]
fn json_of_something_else_is_refused() -> Outcome {
    let refused = |json: &str| matches!(InclusionProof::from_json(json.as_bytes()), Err(BadProof::Json(_)));
    let good = serde_json::to_string(&proof()?)?;
    assert!(!refused(&good));
    assert!(refused("") && refused("null") && refused("[]") && refused("{}") && refused(&"[".repeat(60_000)));
    assert!(refused(&good.replace("\"index\":9", "\"index\":-9")));
    assert!(refused(&good.replace("\"index\":9", "\"index\":99999999999999999999")));
    assert!(refused(&good.replace("\"index\":9", "\"index\":9,\"index\":9")));
    assert!(refused(&good.replace("\"index\":9", "\"index\":9,\"note\":1")));
    assert!(refused(&good.replace("\"path\":[\"", "\"path\":[\"0")));
    assert!(refused(&good.replace("\"path\":[\"", "\"path\":[\"zz")));
    assert!(refused(&good.replace("\"path\":[\"", "\"path\":[\"00")));
    let long = vec![b' '; MAX_JSON + 1];
    assert!(matches!(InclusionProof::from_json(&long), Err(BadProof::TooLong(length)) if length == MAX_JSON + 1));
    Ok(())
}

/// Any bytes, and a good proof with any byte changed: an answer, no panic. What is accepted is the good proof written in
/// another way, for instance in capitals.
#[test]
fn json_of_strangers_has_an_answer() -> Outcome {
    let good = proof()?;
    let json = serde_json::to_vec(&good)?;
    let config = ProptestConfig { cases: 2_000, ..ProptestConfig::default() };
    let strategy = (0..json.len(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..200));
    proptest::test_runner::TestRunner::new(config).run(&strategy, |(at, byte, any)| {
        prop_assert!(InclusionProof::from_json(&any).is_err());
        let mut changed = json.clone();
        changed[at] = byte;
        let accepted = InclusionProof::from_json(&changed).is_ok_and(|read| read.verify().is_ok() && read != good);
        prop_assert!(!accepted || json[at].is_ascii_digit(), "{}", String::from_utf8_lossy(&changed));
        Ok(())
    })?;
    Ok(())
}
