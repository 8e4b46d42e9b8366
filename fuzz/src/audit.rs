//! Logs and proofs from somebody else.

use salus_audit::{leaf_of, sha_256, InclusionProof, LogFile, Tree};
use salus_domain::ids::Hash;
use salus_domain::merkle::{self, consistency_places, inclusion_places, verify_consistency, verify_inclusion};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

/// In memory where the system has such a folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = ["/dev/shm", "/tmp"].map(PathBuf::from).into_iter().find(|folder| folder.is_dir());
    folder.unwrap_or_default().join(format!("salus-fuzz-{}", std::process::id()))
});

/// The file of a log, as an auditor reads it: as it is, and with its checksums and leaves put right.
pub fn log(data: &[u8]) {
    read(data);
    read(&well_formed(data));
}

fn read(bytes: &[u8]) {
    fs::write(&*FILE, bytes).expect("a file in memory");
    let log = LogFile::read(&*FILE);
    // Open files stay readable.
    fs::remove_file(&*FILE).expect("it was written");
    let Ok(log) = log else { return };
    let size = log.tree().size();
    let mut length = bytes.len().min(16) as u64;
    for index in 0..size {
        let entry = log.entry(index).expect("it was checked");
        assert_eq!(log.find(&entry.id), Some(index));
        assert_eq!(log.tree().leaf(index), Some(leaf_of(&entry.id, &entry.bytes)));
        length += (8 + 32 + entry.bytes.len() + 32) as u64;
        let proof = log.prove(index, size).expect("it is among them");
        proof.verify().expect("it is right");
        assert_eq!(proof.root, log.tree().root());
    }
    let torn = if bytes.len() < 16 { bytes.len() as u64 } else { bytes.len() as u64 - length };
    assert_eq!(log.torn_bytes(), torn);
}

/// The same bytes with the header, the checksums of the lengths and the leaves that they must have, as far as there are
/// whole entries.
fn well_formed(data: &[u8]) -> Vec<u8> {
    let mut bytes = b"salus-audit-log1".to_vec();
    let mut rest = data.get(16..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_first_chunk::<40>() {
        let length = usize::from(u16::from_le_bytes([head[0], head[1]]));
        let Some((entry, behind)) = behind.split_at_checked(length) else { break };
        let Some((_, behind)) = behind.split_at_checked(32) else { break };
        let length = (length as u32).to_le_bytes();
        let id = <[u8; 32]>::try_from(&head[8..]).expect("32 bytes");
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&crc32fast::hash(&length).to_le_bytes());
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(entry);
        bytes.extend_from_slice(&leaf_of(&id, entry).0);
        rest = behind;
    }
    bytes.extend_from_slice(rest);
    bytes
}

/// The JSON of a proof of inclusion. One that holds does not hold any more once a bit of it is another.
pub fn proof(data: &[u8]) {
    let Ok(proof) = InclusionProof::from_json(data) else { return };
    let written = serde_json::to_vec(&proof).expect("what was read can be written");
    assert_eq!(InclusionProof::from_json(&written).expect("what was written can be read"), proof);
    if proof.verify().is_err() {
        return;
    }
    let refused = |change: &dyn Fn(&mut InclusionProof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        assert!(changed.verify().is_err(), "a proof was changed and holds");
    };
    refused(&|proof| proof.leaf.0[0] ^= 1);
    refused(&|proof| proof.root.0[31] ^= 1);
    refused(&|proof| proof.id[7] ^= 1);
    refused(&|proof| proof.entry.push(0));
    refused(&|proof| proof.path.push(Hash([0; 32])));
    for place in 0..proof.path.len() {
        refused(&|proof| proof.path[place].0[3] ^= 1);
    }
}

/// Proofs of inclusion and of consistency: right ones, changed ones and invented ones.
pub fn merkle(data: &[u8]) {
    let Some((numbers, data)) = data.split_first_chunk::<24>() else { return };
    let number = |at: usize| numbers[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (one, other, bit) = (number(0), number(8), number(16) as usize);
    invented(data, one, other);
    let (hashes, rest) = data.as_chunks::<32>();
    let mut tree = Tree::new();
    hashes.iter().for_each(|hash| tree.push(Hash(*hash)));
    rest.iter().for_each(|byte| tree.push(merkle::leaf(&sha_256, &[*byte])));
    let size = tree.size();
    if size == 0 {
        return;
    }

    let index = one % size;
    let (leaf, root) = (tree.leaf(index).expect("it is there"), tree.root());
    let path = tree.inclusion(index, size).expect("it is there");
    assert_eq!(verify_inclusion(&sha_256, leaf, index, size, &path, root), Ok(()));
    for (leaf, path, root) in changed(leaf, &path, root, bit) {
        assert!(verify_inclusion(&sha_256, leaf, index, size, &path, root).is_err());
    }

    let old = other % size + 1;
    let old_root = tree.root_at(old).expect("it was as large");
    let proof = tree.consistency(old, size).expect("it was as large");
    assert_eq!(verify_consistency(&sha_256, old, old_root, size, root, &proof), Ok(()));
    for (old_root, proof, root) in changed(old_root, &proof, root, bit) {
        assert!(verify_consistency(&sha_256, old, old_root, size, root, &proof).is_err());
    }
}

/// The three, each with one bit changed that `bit` chooses.
fn changed(from: Hash, path: &[Hash], root: Hash, bit: usize) -> impl Iterator<Item = (Hash, Vec<Hash>, Hash)> + '_ {
    let flip = move |mut hash: Hash| {
        hash.0[bit / 8 % 32] ^= 1 << (bit % 8);
        hash
    };
    let place = bit / 256 % path.len().max(1);
    let mut other_path = path.to_vec();
    other_path.iter_mut().skip(place).take(1).for_each(|hash| *hash = flip(*hash));
    let ends = [(flip(from), path.to_vec(), root), (from, path.to_vec(), flip(root))];
    ends.into_iter().chain((!path.is_empty()).then_some((from, other_path, root)))
}

/// Sizes of any magnitude, with as many hashes as a proof between them has.
fn invented(data: &[u8], one: u64, other: u64) {
    let hash = |at: usize| Hash(data.as_chunks::<32>().0.get(at).copied().unwrap_or_default());
    let path: Vec<Hash> = inclusion_places(one, other).enumerate().map(|(at, _)| hash(at)).collect();
    assert!(path.len() <= 64);
    let _ = verify_inclusion(&sha_256, hash(0), one, other, &path, hash(1));
    let proof: Vec<Hash> = consistency_places(one, other).enumerate().map(|(at, _)| hash(at)).collect();
    assert!(proof.len() <= 65);
    let _ = verify_consistency(&sha_256, one, hash(0), other, hash(1), &proof);
}
