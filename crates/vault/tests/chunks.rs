//! Content of several chunks, of which some are not where they were sealed.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench, MEDIA_TYPE};
use salus_vault::{EncryptionKeyPair, VaultError};

/// Plaintext and tag.
const CHUNK: usize = 65_536 + 16;
const HEADER: usize = 79 + MEDIA_TYPE.len() + 19;

fn content(bytes: usize, seed: usize) -> Vec<u8> {
    (0..bytes).map(|at| ((at * 7 + seed) % 251) as u8).collect()
}

/// A vault with one record of three full chunks and a last one of 1000 bytes.
async fn four_chunks() -> (Bench, EncryptionKeyPair, Vec<u8>) {
    let (bench, owner) = (Bench::new(), pair(1));
    let content = content(3 * 65_536 - 32 + 1000, 0);
    bench.seal_bytes(reference(1, 1), &content, &owner).await;
    (bench, owner, content)
}

async fn assert_refused(bench: &Bench, owner: &EncryptionKeyPair, object: Vec<u8>, what: &str) {
    let path = bench.content_path(reference(1, 1)).await;
    let original = bench.read(&path).await;
    assert_ne!(object, original);
    bench.write(&path, object).await;
    let refused = bench.vault.open(reference(1, 1), owner).await;
    assert!(matches!(refused, Err(VaultError::ContentTampered { .. })), "{what}: {refused:?}");

    // What was written before the fault was found is authentic, and from the beginning.
    let mut written = vec![];
    let refused = bench.vault.open_to(reference(1, 1), owner, &mut written).await;
    assert!(matches!(refused, Err(VaultError::ContentTampered { .. })), "{what}: {refused:?}");
    bench.write(&path, original).await;
    let genuine = bench.vault.open(reference(1, 1), owner).await.unwrap();
    assert!(genuine.content().starts_with(&written), "{what}");
}

fn chunks_of(object: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (header, chunks) = object.split_at(HEADER);
    (header.to_vec(), chunks.chunks(CHUNK).map(<[u8]>::to_vec).collect())
}

fn object_of(header: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [header, &chunks.concat()].concat()
}

#[tokio::test]
async fn chunks_that_change_places_are_refused() {
    let (bench, owner, _) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    let (header, chunks) = chunks_of(&object);
    assert_eq!(chunks.len(), 4);
    for (one, other) in [(0, 1), (1, 2), (0, 2), (0, 3), (2, 3)] {
        let mut swapped = chunks.clone();
        swapped.swap(one, other);
        assert_refused(&bench, &owner, object_of(&header, &swapped), &format!("{one} and {other} swapped")).await;
    }
}

#[tokio::test]
async fn chunks_that_are_missing_or_there_twice_are_refused() {
    let (bench, owner, _) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    let (header, chunks) = chunks_of(&object);
    for at in 0..chunks.len() {
        let mut dropped = chunks.clone();
        dropped.remove(at);
        assert_refused(&bench, &owner, object_of(&header, &dropped), &format!("{at} dropped")).await;
        let mut doubled = chunks.clone();
        doubled.insert(at, chunks[at].clone());
        assert_refused(&bench, &owner, object_of(&header, &doubled), &format!("{at} doubled")).await;
        let cut = object_of(&header, &chunks[..at]);
        assert_refused(&bench, &owner, cut, &format!("cut before {at}")).await;
        let mut appended = chunks.clone();
        appended.push(chunks[at].clone());
        assert_refused(&bench, &owner, object_of(&header, &appended), &format!("{at} appended")).await;
    }
}

#[tokio::test]
async fn a_cut_within_the_chunks_is_refused_wherever_it_is() {
    let (bench, owner, _) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    let around = |at: usize| [at - 17, at - 16, at - 15, at - 1, at + 1, at + 15, at + 16, at + 17];
    let cuts = (1..4).flat_map(|chunk| around(HEADER + chunk * CHUNK)).chain([HEADER, HEADER + 16, object.len() - 1]);
    for cut in cuts {
        assert_refused(&bench, &owner, object[..cut].to_vec(), &format!("cut at {cut}")).await;
    }
}

#[tokio::test]
async fn a_flipped_bit_in_any_chunk_is_refused() {
    let (bench, owner, _) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    for at in (HEADER..object.len()).step_by(9973).chain([object.len() - 1]) {
        let mut flipped = object.clone();
        flipped[at] ^= 0x10;
        assert_refused(&bench, &owner, flipped, &format!("byte {at} changed")).await;
    }
}

#[tokio::test]
async fn chunks_of_another_record_or_version_or_sealing_do_not_fit() {
    let (bench, owner, content) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    let (header, chunks) = chunks_of(&object);
    for other in [reference(2, 1), reference(1, 2)] {
        bench.seal_bytes(other, &content, &owner).await;
        let foreign = chunks_of(&bench.read(&bench.content_path(other).await).await).1;
        for at in 0..chunks.len() {
            let mut spliced = chunks.clone();
            spliced[at].clone_from(&foreign[at]);
            assert_refused(&bench, &owner, object_of(&header, &spliced), &format!("{at} spliced")).await;
        }
    }
}

#[tokio::test]
async fn a_changed_chunk_size_is_refused() {
    let (bench, owner, _) = four_chunks().await;
    let object = bench.read(&bench.content_path(reference(1, 1)).await).await;
    assert_eq!(object[74..78], 65_536u32.to_be_bytes());
    for size in [0, 1, 31, 32, 65_535, 65_537, 1 << 20, (1 << 20) + 1, u32::MAX] {
        let mut changed = object.clone();
        changed[74..78].copy_from_slice(&size.to_be_bytes());
        assert_refused(&bench, &owner, changed, &format!("chunks of {size} bytes")).await;
    }
}

/// The stages of sealing: a chunk, a batch of 16 chunks, an upload in parts of 5 MiB.
#[tokio::test]
async fn content_of_every_size_around_a_boundary_comes_back() {
    let (bench, owner) = (Bench::new(), pair(1));
    let (chunk, batch) = (65_536 - 32, 16 * 65_536 - 32);
    let sizes = [chunk, batch].into_iter().flat_map(|at| at - 1..=at + 1);
    let part = 5 * 1024 * 1024;
    for (version, size) in (1..).zip(sizes.chain([0, 1, 2 * batch + 32, part - 6 * 1024, part, 2 * part + 1])) {
        let content = content(size, 3);
        bench.seal_bytes(reference(1, version), &content, &owner).await;
        let mut written = vec![];
        let unsealed = bench.vault.open_to(reference(1, version), &owner, &mut written).await.unwrap();
        assert!(written == content, "{size} bytes");
        assert_eq!(unsealed.content_bytes(), size as u64);
        unsealed.verify_commitment(&salus_vault::commit(&common::SALT, &content)).unwrap();
    }
}
