//! What is refused before anything is written, and failures of the surroundings.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use common::{pair, reference, Bench, CONTENT, MEDIA_TYPE, SALT};
use salus_vault::{EncryptionPublicKey, Vault, VaultError, MAX_CONTENT_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

fn key(text: &str) -> EncryptionPublicKey {
    text.parse().unwrap()
}

/// The u-coordinates of order 1, 2, 4 and 8, on the curve and its twist.
fn low_order_points() -> [EncryptionPublicKey; 5] {
    [
        key("0000000000000000000000000000000000000000000000000000000000000000"),
        key("0100000000000000000000000000000000000000000000000000000000000000"),
        key("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        key("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        key("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ]
}

/// Encodings that X25519 would reduce to another one.
fn non_canonical_encodings() -> [EncryptionPublicKey; 4] {
    let mut high_bit = *pair(1).public_key().as_bytes();
    high_bit[31] |= 0x80;
    [
        high_bit.into(),
        key("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        key("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        key("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ]
}

#[tokio::test]
async fn nothing_is_wrapped_for_a_public_key_that_is_no_good() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    for bad in low_order_points().into_iter().chain(non_canonical_encodings()) {
        let refused = bench.vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &[owner.public_key(), bad]).await;
        assert!(matches!(refused, Err(VaultError::InvalidPublicKey { key }) if key == bad), "{bad}: {refused:?}");
        assert!(bench.paths().await.is_empty());
    }

    bench.seal(record, &[&owner]).await;
    let before = bench.paths().await;
    for bad in low_order_points().into_iter().chain(non_canonical_encodings()) {
        let refused = bench.vault.share(record, &owner, &bad).await;
        assert!(matches!(refused, Err(VaultError::InvalidPublicKey { key }) if key == bad), "{bad}: {refused:?}");
    }
    assert_eq!(bench.paths().await, before);
}

#[tokio::test]
async fn the_largest_canonical_encoding_is_not_taken_for_a_reduced_one() {
    // 2^255 - 21 is below p and a point of large order.
    let largest = key("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let sealed = Bench::new().vault.seal(reference(1, 1), MEDIA_TYPE, CONTENT, &SALT, &[largest]).await;
    assert_eq!(sealed.unwrap().recipients, [largest]);
}

#[tokio::test]
async fn sealing_for_nobody_is_refused() {
    let bench = Bench::new();
    let refused = bench.vault.seal(reference(1, 1), MEDIA_TYPE, CONTENT, &SALT, &[]).await;
    assert!(matches!(refused, Err(VaultError::NoRecipients)));
    assert!(bench.paths().await.is_empty());
}

#[tokio::test]
async fn a_media_type_that_is_none_is_refused() {
    let bench = Bench::new();
    let keys = [pair(1).public_key()];
    let long = format!("text/{}", "x".repeat(251));
    for wrong in ["", "text", "/plain", "text/", "text/pl\nain", "text/übel", &long] {
        let refused = bench.vault.seal(reference(1, 1), wrong, CONTENT, &SALT, &keys).await;
        assert!(matches!(refused, Err(VaultError::InvalidMediaType)), "{wrong}");
    }
    let longest = format!("text/{}", "x".repeat(250));
    bench.vault.seal(reference(1, 1), &longest, CONTENT, &SALT, &keys).await.unwrap();
    let opened = bench.vault.open(reference(1, 1), &pair(1)).await.unwrap();
    assert_eq!(opened.media_type(), longest);
}

/// A reader without end that counts what was taken from it.
struct Endless<'a>(&'a mut u64);

impl AsyncRead for Endless<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let taken = buffer.remaining();
        buffer.initialize_unfilled();
        buffer.advance(taken);
        *self.0 += taken as u64;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_stream_is_not_read_at_all_for_a_version_that_exists() {
    let bench = Bench::new();
    let owner = pair(1);
    bench.seal(reference(1, 1), &[&owner]).await;
    let mut taken = 0;
    let keys = [owner.public_key()];
    let refused = bench.vault.seal_reader(reference(1, 1), MEDIA_TYPE, Endless(&mut taken), &SALT, &keys).await;
    assert!(matches!(refused, Err(VaultError::AlreadySealed { .. })));
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn content_from_a_stream_comes_back() {
    let bench = Bench::new();
    let owner = pair(1);
    let content = tokio::io::repeat(0x42).take(100_000);
    let keys = [owner.public_key()];
    bench.vault.seal_reader(reference(1, 1), MEDIA_TYPE, content, &SALT, &keys).await.unwrap();
    let opened = bench.vault.open(reference(1, 1), &owner).await.unwrap();
    assert!(opened.content() == [0x42; 100_000]);
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.dcm");
    let size = MAX_CONTENT_BYTES + 1;
    // Sparse: it has a size, but no bytes on disk.
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(size).unwrap();
    let bench = Bench::new();
    let keys = [pair(1).public_key()];
    let seal = |path| bench.vault.seal_file(reference(1, 1), MEDIA_TYPE, path, &SALT, &keys);
    let refused = seal(path).await;
    assert!(matches!(refused, Err(VaultError::TooLarge { actual, .. }) if actual == size));

    let refused = seal(folder.path().join("missing")).await;
    assert!(matches!(refused, Err(VaultError::Source(_))));
}

/// A reader that fails after some bytes.
struct Failing(usize);

impl AsyncRead for Failing {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.0 == 0 {
            return Poll::Ready(Err(std::io::Error::other("cable pulled")));
        }
        let taken = buffer.remaining().min(self.0);
        buffer.initialize_unfilled_to(taken);
        buffer.advance(taken);
        self.0 -= taken;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_source_that_fails_midway_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let keys = [pair(1).public_key()];
    // Within the first part of an upload, and beyond it.
    for bytes in [0, 100_000, 15_000_000] {
        let refused = vault.seal_reader(reference(1, 1), MEDIA_TYPE, Failing(bytes), &SALT, &keys).await;
        assert!(matches!(refused, Err(VaultError::Source(_))), "{refused:?}");
        assert!(common::files_below(folder.path()).is_empty());
    }
}

#[tokio::test]
async fn content_from_a_file_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("observation.json");
    let bench = Bench::new();
    let owner = pair(1);
    let keys = [owner.public_key()];
    for (version, content) in [(0, vec![]), (1, CONTENT.to_vec()), (2, vec![7; 300_000]), (3, vec![7; 20_000_000])] {
        std::fs::write(&path, &content).unwrap();
        let record = reference(1, version);
        bench.vault.seal_file(record, MEDIA_TYPE, &path, &SALT, &keys).await.unwrap();
        let opened = bench.vault.open(record, &owner).await.unwrap();
        assert!(opened.content() == content);
    }
}

#[test]
fn a_vault_cannot_be_made_below_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = Vault::local(file.join("vault"));
    assert!(matches!(refused, Err(VaultError::CreateFolder(_))));
}

#[tokio::test]
async fn a_failing_store_is_reported_as_such() {
    let folder = tempfile::tempdir().unwrap();
    // Where the vault needs a folder there is a file.
    std::fs::write(folder.path().join("records"), b"").unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let refused = vault.seal(reference(1, 1), MEDIA_TYPE, CONTENT, &SALT, &[pair(1).public_key()]).await;
    assert!(matches!(refused, Err(VaultError::Store(_))), "{refused:?}");
}
