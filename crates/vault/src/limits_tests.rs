//! Limits, seen from inside: no test should have to encrypt 16 GiB.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use object_store::memory::InMemory;
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use crate::{
    content::{max_object_bytes, Sealer, MAX_HEADER_BYTES},
    key::ContentKey,
    stream::{self, Hashing},
    EncryptionKeyPair, RecordRef, Vault, VaultError,
};

fn record() -> RecordRef {
    RecordRef { record: [1; 32].into(), version: 1 }
}

fn key() -> ContentKey {
    ContentKey::from(Zeroizing::new([2; 32]))
}

/// A content object with the longest media type.
fn object(content: &[u8]) -> Vec<u8> {
    let media_type = format!("text/{}", "x".repeat(250));
    let sealer = || Sealer::new(record(), &media_type, &key()).unwrap();
    let sealer = sealer();
    let header = sealer.header().to_vec();
    assert_eq!(header.len(), MAX_HEADER_BYTES);
    let plain = [&[4; 32], content].concat();
    [header, sealer.encrypt_last(Zeroizing::new(plain)).unwrap()].concat()
}

#[test]
fn the_largest_object_that_is_read_is_the_largest_that_is_written() {
    // With the salt: less than a chunk, one byte less than one, one, one more, and several.
    for content in [0, 1000, 65_503, 65_504, 65_505, 300_000] {
        assert_eq!(object(&vec![3; content]).len() as u64, max_object_bytes(content as u64));
    }
}

#[tokio::test]
async fn a_stream_of_exactly_the_limit_is_sealed_and_one_byte_more_is_not() {
    let owner = EncryptionKeyPair::from_seed(&[5; 32]);
    let keys = [owner.public_key()];
    // Below, at and above the sizes of a chunk and of a batch, and more than fits into one part of an upload.
    for limit in [0, 1, 65_503, 65_504, 65_505, 1_048_543, 1_048_544, 1_048_545, 5_300_000] {
        let store = Arc::new(InMemory::new());
        let vault = Vault::new(store.clone());
        let mut left = tokio::io::repeat(1).take(limit + 10);
        let refused = vault.seal_bounded(record(), "text/plain", &mut left, &[4; 32], &keys, limit).await;
        assert!(matches!(refused, Err(VaultError::TooLarge { limit: l, actual }) if l == limit && actual == l + 1));
        assert_eq!(left.limit(), 9, "one byte past the limit is read, and no more");
        assert!(vault.records().await.unwrap().is_empty());

        let exact = tokio::io::repeat(1).take(limit);
        vault.seal_bounded(record(), "text/plain", exact, &[4; 32], &keys, limit).await.unwrap();
        let opened = vault.open(record(), &owner).await.unwrap();
        assert!(opened.content() == vec![1; limit as usize]);
    }
}

#[tokio::test]
async fn nothing_beyond_the_limit_is_written_when_opening() {
    let object = object(&[3; 100_000]);
    for (limit, fits) in [(100_000, true), (99_999, false), (0, false)] {
        let mut out = vec![];
        let found = stream::open(record(), &key(), object.as_slice(), limit, Hashing::Hashed, &mut out).await;
        match fits {
            true => assert_eq!(found.unwrap().content_bytes, 100_000),
            false => assert!(matches!(found, Err(VaultError::TooLarge { .. }))),
        }
        assert!(out.len() as u64 <= limit);
    }
}
