//! Merkle trees: the reference vectors of Certificate Transparency, the definitions of RFC 6962 as they stand there, and
//! another library.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use proptest::prelude::*;
use salus_domain::ids::Hash;
use salus_domain::merkle::{
    consistency_places, empty_root, inclusion_places, leaf, node, verify_consistency, verify_inclusion, Frontier,
    Place, ProofError,
};
use sha2::{Digest, Sha256};

mod common;

fn sha_256(input: &[u8]) -> [u8; 32] {
    Sha256::digest(input).into()
}

/// The entries `0`, `1`, …, each as the leaf of its decimal text.
fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf(&sha_256, index.to_string().as_bytes())).collect()
}

/// The largest power of two that is smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// `MTH` of RFC 6962 section 2.1.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash(sha_256(b"")),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash(sha_256(&[&[1], &mth(left).0[..], &mth(right).0[..]].concat()))
        }
    }
}

/// `PATH` of RFC 6962 section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = match index.checked_sub(left.len()) {
        None => (path(index, left), mth(right)),
        Some(index) => (path(index, right), mth(left)),
    };
    path.push(sibling);
    path
}

/// `SUBPROOF` of RFC 6962 section 2.1.2.
fn subproof(old: usize, leaves: &[Hash], complete: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if complete { Vec::new() } else { vec![mth(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = match old.checked_sub(left.len()) {
        None | Some(0) => (subproof(old, left, complete), mth(right)),
        Some(old) => (subproof(old, right, false), mth(left)),
    };
    proof.push(sibling);
    proof
}

/// `PROOF` of RFC 6962 section 2.1.2, and nothing for the empty tree.
fn proof(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    if old == 0 {
        Vec::new()
    } else {
        subproof(old, leaves, true)
    }
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(&sha_256, *leaf));
    frontier
}

fn hash(hex: &str) -> Result<Hash, hex::FromHexError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes)?;
    Ok(Hash(bytes))
}

/// The reference data of Certificate Transparency: entries, and the roots of the trees of the first 0 to 8 of them.
const ENTRIES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn reference() -> Result<Vec<Hash>, hex::FromHexError> {
    ENTRIES.iter().map(|entry| Ok(leaf(&sha_256, &hex::decode(entry)?))).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() -> Result<(), hex::FromHexError> {
    let leaves = reference()?;
    for (size, root) in ROOTS.into_iter().enumerate() {
        let tree = frontier(&leaves[..size]);
        assert_eq!((tree.size(), tree.root(&sha_256)), (size as u64, hash(root)?));
    }
    assert_eq!(empty_root(&sha_256), hash(ROOTS[0])?);
    assert_eq!(node(&sha_256, leaves[0], leaves[1]), hash(ROOTS[2])?);
    Ok(())
}

#[test]
fn proofs_of_certificate_transparency_hold() -> Result<(), Box<dyn std::error::Error>> {
    let leaves = reference()?;
    let a = hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7")?;
    let b = hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e")?;
    let c = hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")?;
    let d = hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")?;
    let e = hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0")?;
    let f = hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a")?;
    let (four, eight) = (hash(ROOTS[4])?, hash(ROOTS[8])?);
    let included = |index, size, proof: &[Hash], root| {
        verify_inclusion(&sha_256, leaves[index as usize], index, size, proof, root)
    };
    assert_eq!(included(0, 1, &[], hash(ROOTS[1])?), Ok(()));
    assert_eq!(included(0, 8, &[a, b, c], eight), Ok(()));
    assert_eq!(included(5, 8, &[d, e, four], eight), Ok(()));
    assert_eq!(included(2, 3, &[hash(ROOTS[2])?], hash(ROOTS[3])?), Ok(()));
    let grown = |old, old_root, new, new_root, proof: &[Hash]| {
        verify_consistency(&sha_256, old, old_root, new, new_root, proof)
    };
    assert_eq!(grown(1, hash(ROOTS[1])?, 8, eight, &[a, b, c]), Ok(()));
    assert_eq!(grown(6, hash(ROOTS[6])?, 8, eight, &[f, e, four]), Ok(()));
    assert_eq!(grown(2, hash(ROOTS[2])?, 5, hash(ROOTS[5])?, &[b, d]), Ok(()));
    Ok(())
}

#[test]
fn every_leaf_of_every_small_tree_has_its_proof_and_no_other() {
    let all = leaves(42);
    for size in 1..=40 {
        let (leaves, root) = (&all[..size], mth(&all[..size]));
        for index in 0..size {
            let path = path(index, leaves);
            let verdict = |leaf, at| verify_inclusion(&sha_256, leaf, at as u64, size as u64, &path, root);
            for (at, other) in all.iter().enumerate().take(size + 2) {
                assert_eq!(verdict(leaves[index], at).is_ok(), at == index, "{index} at {at} of {size}");
                assert_eq!(verdict(leaves[index], at) == Err(ProofError::IndexBeyondSize), at >= size);
                assert_eq!(verdict(*other, index).is_ok(), at == index, "{at} at {index} of {size}");
            }
        }
    }
}

#[test]
fn any_two_small_trees_have_their_proof_and_no_other() {
    let all = leaves(24);
    let root = |size: usize| mth(&all[..size]);
    for new in 0..=all.len() {
        for old in 0..=new {
            let proof = proof(old, &all[..new]);
            for from in 0..=all.len() {
                let verdict = verify_consistency(&sha_256, from as u64, root(from), new as u64, root(new), &proof);
                // The empty proof is that of equal sizes, and of the empty tree.
                let expected = from == old || proof.is_empty() && (from == 0 || from == new);
                assert_eq!(verdict.is_ok(), expected, "{old}, {from} to {new}");
                assert_eq!(verdict == Err(ProofError::Shrunk), from > new);
            }
        }
    }
}

#[test]
fn an_empty_tree_is_the_beginning_of_all_and_needs_no_proof() {
    let (empty, one, other) = (empty_root(&sha_256), Hash([1; 32]), Hash([2; 32]));
    let grown = |old, old_root, new, new_root, proof: &[Hash]| {
        verify_consistency(&sha_256, old, old_root, new, new_root, proof)
    };
    assert_eq!(grown(0, empty, 7, one, &[]), Ok(()));
    assert_eq!(grown(0, empty, u64::MAX, one, &[]), Ok(()));
    assert_eq!(grown(0, empty, 7, one, &[other]), Err(ProofError::WrongLength));
    assert_eq!(grown(0, empty, 0, empty, &[]), Ok(()));
    assert_eq!(grown(0, empty, 0, one, &[]), Err(ProofError::WrongRoot));
}

#[test]
fn a_tree_of_the_same_size_has_the_same_root_and_needs_no_proof() {
    let (one, other) = (Hash([1; 32]), Hash([2; 32]));
    let grown = |new_root, proof: &[Hash]| verify_consistency(&sha_256, 7, one, 7, new_root, proof);
    assert_eq!(grown(one, &[]), Ok(()));
    assert_eq!(grown(one, &[other]), Err(ProofError::WrongLength));
    assert_eq!(grown(other, &[]), Err(ProofError::WrongRoot));
}

#[test]
fn a_tree_does_not_shrink() {
    let root = Hash([1; 32]);
    assert_eq!(verify_consistency(&sha_256, 8, root, 7, root, &[]), Err(ProofError::Shrunk));
    assert_eq!(verify_consistency(&sha_256, u64::MAX, root, 0, root, &[root; 65]), Err(ProofError::Shrunk));
}

#[test]
fn a_proof_of_a_wrong_length_is_refused_before_anything_is_hashed() {
    let never = |_: &[u8]| -> [u8; 32] { unreachable!("hashed") };
    let root = Hash([1; 32]);
    for length in (0..70).filter(|length| *length != 64) {
        let proof = vec![root; length];
        let verdict = verify_inclusion(&never, root, 0, u64::MAX, &proof, root);
        assert_eq!(verdict, Err(ProofError::WrongLength));
        // From a power of two the proof leaves out the old root.
        let verdict = verify_consistency(&never, 1, root, u64::MAX, root, &proof);
        assert_eq!(verdict, Err(ProofError::WrongLength));
    }
    for length in (0..70).filter(|length| *length != 65) {
        let verdict = verify_consistency(&never, 3, root, u64::MAX, root, &vec![root; length]);
        assert_eq!(verdict, Err(ProofError::WrongLength));
    }
}

#[test]
fn the_longest_proofs_are_those_of_the_largest_trees() {
    let root = Hash([1; 32]);
    let inclusion = |index| verify_inclusion(&sha_256, root, index, u64::MAX, &[root; 64], root);
    assert_eq!(inclusion(0), Err(ProofError::WrongRoot));
    assert_eq!(inclusion(u64::MAX), Err(ProofError::IndexBeyondSize));
    let consistency = verify_consistency(&sha_256, 3, root, u64::MAX, root, &[root; 65]);
    assert_eq!(consistency, Err(ProofError::WrongOldRoot));
}

#[test]
fn a_proof_fails_at_the_root_that_is_wrong() {
    let all = leaves(7);
    let (old, new, other) = (mth(&all[..3]), mth(&all), Hash([1; 32]));
    let proof = proof(3, &all);
    let grown = |old, new| verify_consistency(&sha_256, 3, old, 7, new, &proof);
    assert_eq!(grown(old, new), Ok(()));
    assert_eq!(grown(other, new), Err(ProofError::WrongOldRoot));
    assert_eq!(grown(old, other), Err(ProofError::WrongRoot));
    let included = |root| verify_inclusion(&sha_256, all[2], 2, 7, &path(2, &all), root);
    assert_eq!(included(new), Ok(()));
    assert_eq!(included(other), Err(ProofError::WrongRoot));
}

#[test]
fn an_inner_node_is_not_a_leaf() {
    let (left, right) = (leaf(&sha_256, b"left"), leaf(&sha_256, b"right"));
    let forged = leaf(&sha_256, &[left.0, right.0].concat());
    assert_ne!(forged, node(&sha_256, left, right));
    assert_ne!(node(&sha_256, left, right), node(&sha_256, right, left));
}

/// What a stranger may do to a list of hashes.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(usize, u8),
    Drop(usize),
    Add(usize, Hash),
    Repeat(usize),
    Swap(usize, usize),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let place = any::<usize>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        place().prop_map(Mutation::Drop),
        (place(), any::<[u8; 32]>()).prop_map(|(at, hash)| Mutation::Add(at, Hash(hash))),
        place().prop_map(Mutation::Repeat),
        (place(), place()).prop_map(|(one, other)| Mutation::Swap(one, other)),
    ]
}

/// The list after the mutation, or nothing where that is the same list.
fn mutated(proof: &[Hash], mutation: &Mutation) -> Option<Vec<Hash>> {
    let (mut new, size) = (proof.to_vec(), proof.len());
    match mutation {
        Mutation::Add(at, hash) => new.insert(at % (size + 1), *hash),
        _ if proof.is_empty() => {}
        Mutation::Flip(at, bit) => new[at % size].0[usize::from(bit / 8)] ^= 1 << (bit % 8),
        Mutation::Drop(at) => drop(new.remove(at % size)),
        Mutation::Repeat(at) => new.insert(at % size, proof[at % size]),
        Mutation::Swap(one, other) => new.swap(one % size, other % size),
    }
    (new != proof).then_some(new)
}

/// The node at a place of the tree over the leaves.
fn at(place: Place, leaves: &[Hash]) -> Hash {
    let (start, width) = ((place.index << place.level) as usize, 1 << place.level);
    mth(&leaves[start..leaves.len().min(start + width)])
}

#[test]
fn the_places_of_a_proof_are_where_its_hashes_are() {
    let all = leaves(40);
    for size in 0..=all.len() {
        let leaves = &all[..size];
        for small in 0..size {
            let places = inclusion_places(small as u64, size as u64);
            assert_eq!(places.map(|place| at(place, leaves)).collect::<Vec<_>>(), path(small, leaves));
            let places = consistency_places(small as u64, size as u64);
            assert_eq!(places.map(|place| at(place, leaves)).collect::<Vec<_>>(), proof(small, leaves));
        }
    }
}

#[test]
fn there_are_no_places_where_there_is_no_proof() {
    for (index, size) in [(0, 0), (1, 1), (u64::MAX, 7), (u64::MAX, u64::MAX)] {
        assert_eq!(inclusion_places(index, size).next(), None);
        assert_eq!(consistency_places(index, size).next(), None);
    }
    assert_eq!(inclusion_places(0, u64::MAX).count(), 64);
    assert_eq!(consistency_places(3, u64::MAX).count(), 65);
}

/// A size up to 200, and a smaller number.
fn sizes() -> impl Strategy<Value = (usize, usize)> {
    (1..=200_usize).prop_flat_map(|size| (Just(size), 0..size))
}

proptest! {
    #![proptest_config(common::cases(1))]

    #[test]
    fn a_proof_of_inclusion_holds_and_no_mutation_of_it(
        (size, index) in sizes(), other in any::<u64>(), mutation in mutations(),
    ) {
        let leaves = leaves(size as u64);
        let (root, path) = (frontier(&leaves).root(&sha_256), path(index, &leaves));
        prop_assert_eq!(root, mth(&leaves));
        let (leaf, at, size) = (leaves[index], index as u64, size as u64);
        let verdict = |leaf, at, size, path: &[Hash], root| verify_inclusion(&sha_256, leaf, at, size, path, root);
        prop_assert_eq!(verdict(leaf, at, size, &path, root), Ok(()));
        if let Some(path) = mutated(&path, &mutation) {
            prop_assert!(verdict(leaf, at, size, &path, root).is_err());
        }
        for wrong in [other, other % size, at ^ (1 << (other % 64))].into_iter().filter(|wrong| *wrong != at) {
            prop_assert!(verdict(leaf, wrong, size, &path, root).is_err());
        }
        let shorter = (other % size) as usize;
        prop_assert!(verdict(leaf, at, shorter as u64, &path, mth(&leaves[..shorter])).is_err());
        prop_assert!(verdict(leaves[shorter], at, size, &path, root).is_err() || shorter == index);
    }

    #[test]
    fn a_proof_of_growth_holds_and_no_mutation_of_it(
        (new, old) in sizes(), other in any::<u64>(), mutation in mutations(),
    ) {
        let leaves = leaves(new as u64);
        let (old_root, new_root, proof) = (mth(&leaves[..old]), mth(&leaves), proof(old, &leaves));
        let verdict = |old: usize, old_root, new: usize, new_root, proof: &[Hash]| {
            verify_consistency(&sha_256, old as u64, old_root, new as u64, new_root, proof)
        };
        prop_assert_eq!(verdict(old, old_root, new, new_root, &proof), Ok(()));
        if let Some(proof) = mutated(&proof, &mutation) {
            prop_assert!(verdict(old, old_root, new, new_root, &proof).is_err());
        }
        let mut flipped = old_root;
        flipped.0[(other % 32) as usize] ^= 1;
        prop_assert!(old == 0 || verdict(old, flipped, new, new_root, &proof).is_err());
        prop_assert!(old == 0 || verdict(old, old_root, new, flipped, &proof).is_err());
        let wrong = (other % new as u64) as usize;
        if wrong != old && old != 0 {
            prop_assert!(wrong == 0 || verdict(wrong, mth(&leaves[..wrong]), new, new_root, &proof).is_err());
            prop_assert!(verdict(wrong, old_root, new, new_root, &proof).is_err());
            prop_assert!(verdict(old, old_root, wrong, mth(&leaves[..wrong]), &proof).is_err());
        }
    }

    #[test]
    fn proofs_are_those_of_another_library((size, old) in sizes()) {
        let mut tree = MemoryBackedTree::<ct_sha2::Sha256, String>::new();
        (0..size).for_each(|index| tree.push(index.to_string()));
        let (leaves, root) = (leaves(size as u64), tree.root());
        prop_assert_eq!(root.as_bytes().as_slice(), frontier(&leaves).root(&sha_256).0);
        let bytes = |proof: Vec<Hash>| proof.into_iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
        let ours = bytes(path(old, &leaves));
        let theirs = tree.prove_inclusion(old);
        prop_assert_eq!(theirs.as_bytes(), ours.as_slice());
        let ours = InclusionProof::<ct_sha2::Sha256>::from_bytes(ours);
        prop_assert!(root.verify_inclusion(&old.to_string(), old as u64, &ours).is_ok());
        if old > 0 {
            let ours = bytes(proof(old, &leaves));
            let theirs: ConsistencyProof<ct_sha2::Sha256> = tree.prove_consistency(size - old);
            prop_assert_eq!(theirs.as_bytes(), ours.as_slice());
        }
    }

    /// Nothing that a stranger sends panics, overflows or goes on for long.
    #[test]
    fn any_numbers_and_hashes_have_an_answer(
        (index, size) in (any::<u64>(), any::<u64>()),
        shift in 0..64_u32,
        proof in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
        root in any::<[u8; 32]>().prop_map(Hash),
    ) {
        let (index, small) = (index >> shift, size >> shift);
        prop_assert!(verify_inclusion(&sha_256, root, index, size, &proof, root).is_err() || size == 1);
        prop_assert!(verify_inclusion(&sha_256, root, index, small, &proof, root).is_err() || small == 1);
        let known = |verdict: Result<(), ProofError>, old: u64, new: u64| verdict.is_err() || old == new || old == 0;
        prop_assert!(known(verify_consistency(&sha_256, index, root, size, root, &proof), index, size));
        prop_assert!(known(verify_consistency(&sha_256, small, root, size, root, &proof), small, size));
    }
}
