//! Opening into files and writers, and digests of readers.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use common::{files_below, pair, reference, Bench, CONTENT, SALT};
use salus_vault::{commit, digest_reader, VaultError};
use tokio::io::{AsyncReadExt, AsyncWrite};

#[tokio::test]
async fn an_opened_file_has_the_content_and_is_for_its_owner_only() {
    let (bench, owner) = (Bench::new(), pair(1));
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("scan.dcm");
    for (version, content) in [(1, vec![]), (2, CONTENT.to_vec()), (3, vec![8; 3_000_000])] {
        bench.seal_bytes(reference(1, version), &content, &owner).await;
        let commitment = commit(&SALT, &content);
        let opened = bench.vault.open_file(reference(1, version), &owner, &target, Some(&commitment)).await.unwrap();
        assert_eq!(opened.content_bytes(), content.len() as u64);
        assert!(std::fs::read(&target).unwrap() == content);
        assert_eq!(files_below(folder.path()), std::slice::from_ref(&target));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&target).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn a_file_that_could_not_be_opened_whole_leaves_nothing_and_replaces_nothing() {
    let (bench, owner) = (Bench::new(), pair(1));
    let record = reference(1, 1);
    bench.seal_bytes(record, &[8; 3_000_000], &owner).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("scan.dcm");
    std::fs::write(&target, b"what was there").unwrap();
    let unharmed = || {
        assert_eq!(files_below(folder.path()), std::slice::from_ref(&target));
        assert_eq!(std::fs::read(&target).unwrap(), b"what was there");
    };

    let refused = bench.vault.open_file(record, &owner, &target, Some(&[0; 32])).await;
    assert!(matches!(refused, Err(VaultError::CommitmentMismatch)));
    unharmed();
    // The last byte is the last to be looked at; all before it has been written by then.
    let path = bench.content_path(record).await;
    let mut object = bench.read(&path).await;
    *object.last_mut().unwrap() ^= 1;
    bench.write(&path, object).await;
    let refused = bench.vault.open_file(record, &owner, &target, None).await;
    assert!(matches!(refused, Err(VaultError::ContentTampered { .. })));
    unharmed();
    let refused = bench.vault.open_file(record, &owner, folder.path().join("missing/scan.dcm"), None).await;
    assert!(matches!(refused, Err(VaultError::Target(_))));
    unharmed();
}

/// A writer that is full.
struct Full;

impl AsyncWrite for Full {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Err(std::io::ErrorKind::StorageFull.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_writer_that_fails_is_reported_as_such() {
    let (bench, owner) = (Bench::new(), pair(1));
    bench.seal(reference(1, 1), &[&owner]).await;
    let refused = bench.vault.open_to(reference(1, 1), &owner, Full).await;
    assert!(matches!(refused, Err(VaultError::Target(_))), "{refused:?}");
}

#[tokio::test]
async fn the_digest_of_a_reader_commits_to_what_it_gave() {
    for content in [vec![], CONTENT.to_vec(), vec![5; 700_000]] {
        let digest = digest_reader(content.as_slice()).await.unwrap();
        assert_eq!(digest.commit(&SALT), commit(&SALT, &content));
    }
    let shown = format!("{:?}", digest_reader(CONTENT).await.unwrap());
    assert_eq!(shown, "ContentDigest { .. }");
}

#[tokio::test]
async fn the_debug_output_of_an_unsealed_record_shows_no_salt() {
    let (bench, owner) = (Bench::new(), pair(1));
    bench.seal(reference(1, 1), &[&owner]).await;
    let unsealed = bench.vault.open_to(reference(1, 1), &owner, tokio::io::sink()).await.unwrap();
    let shown = format!("{unsealed:?}");
    assert!(shown.contains("content_bytes: 47") && !shown.contains("salt") && !shown.contains("digest"), "{shown}");
}

#[tokio::test]
async fn a_reader_is_sealed_as_it_comes() {
    let (bench, owner) = (Bench::new(), pair(1));
    let keys = [owner.public_key()];
    let content = tokio::io::repeat(0x42).take(2_500_000);
    let sealed = bench.vault.seal_reader(reference(1, 1), "text/plain", content, &SALT, &keys).await.unwrap();
    assert_eq!(sealed.commitment, commit(&SALT, &[0x42; 2_500_000]));
}
