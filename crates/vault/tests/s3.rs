//! A vault in an S3-compatible store, over HTTP.

#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "common/s3.rs"]
mod server;

use salus_vault::{EncryptionKeyPair, RecordRef, ShareOutcome, UnshareOutcome, Vault, VaultError};
use server::Server;

const SALT: [u8; 32] = [7; 32];
const NO_OPTIONS: [(&str, &str); 0] = [];

fn record(number: u8) -> RecordRef {
    RecordRef { record: [number; 32].into(), version: 1 }
}

fn pair(seed: u8) -> EncryptionKeyPair {
    EncryptionKeyPair::from_seed(&[seed; 32])
}

async fn vault() -> (Server, Vault) {
    let server = Server::start().await;
    let vault = Vault::from_url("s3://clinic/vaults/one", server.options()).unwrap();
    (server, vault)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_through_its_whole_life_in_a_bucket() {
    let (server, vault) = vault().await;
    let (owner, doctor, next) = (pair(1), pair(2), pair(3));
    let keys = [owner.public_key()];
    vault.seal(record(1), "text/plain", b"content", &SALT, &keys).await.unwrap();
    assert!(server.state.lock().unwrap().objects.keys().all(|key| key.starts_with("vaults/one/records/")));
    assert_eq!(vault.records().await.unwrap(), [record(1)]);
    let again = vault.seal(record(1), "text/plain", b"content", &SALT, &keys).await;
    assert!(matches!(again, Err(VaultError::AlreadySealed { .. })));

    let to = doctor.public_key();
    assert_eq!(vault.share(record(1), &owner, &to).await.unwrap(), ShareOutcome::Created);
    assert_eq!(vault.share(record(1), &owner, &to).await.unwrap(), ShareOutcome::AlreadyThere);
    assert_eq!(vault.open(record(1), &doctor).await.unwrap().content(), b"content");
    assert_eq!(vault.unshare(record(1), &to).await.unwrap(), UnshareOutcome::Removed);
    assert_eq!(vault.unshare(record(1), &to).await.unwrap(), UnshareOutcome::NotThere);

    let rotated = vault.rotate(&owner, &next.public_key(), |_, _| {}).await.unwrap();
    assert_eq!(rotated.moved, [record(1)]);
    assert_eq!(vault.recipients(record(1)).await.unwrap(), [next.public_key()]);
    vault.open(record(1), &next).await.unwrap();

    let destruction = vault.destroy(&record(1).record).await.unwrap();
    assert_eq!(destruction.objects().len(), 3);
    assert_eq!(vault.destroy(&record(1).record).await.unwrap(), destruction);
    assert!(matches!(vault.open(record(1), &next).await, Err(VaultError::Destroyed { .. })));
    let left: Vec<_> = server.state.lock().unwrap().objects.keys().cloned().collect();
    assert!(left.len() == 2 && left.iter().all(|key| key.ends_with("/closed") || key.ends_with("/destroyed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_content_is_uploaded_in_parts() {
    let (server, vault) = vault().await;
    let owner = pair(1);
    let content: Vec<u8> = (0..13_000_000u32).map(|at| at as u8).collect();
    let sealed = vault.seal(record(1), "application/dicom", &content, &SALT, &[owner.public_key()]).await.unwrap();
    assert_eq!(server.state.lock().unwrap().multipart, 1);
    let opened = vault.open(record(1), &owner).await.unwrap();
    assert!(opened.content() == content);
    opened.verify_commitment(&sealed.commitment).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_sealings_at_once_in_a_bucket_exactly_one_wins() {
    let (server, _) = vault().await;
    let owner = pair(1);
    let keys = [owner.public_key()];
    let runs = (0..8u8).map(|run| {
        let vault = Vault::from_url("s3://clinic", server.options()).unwrap();
        tokio::spawn(async move { vault.seal(record(1), "text/plain", &[run; 1000], &SALT, &keys).await.map(|_| run) })
    });
    let mut winners = vec![];
    for finished in futures_util::future::join_all(runs).await {
        match finished.unwrap() {
            Ok(run) => winners.push(run),
            Err(error) => assert!(matches!(error, VaultError::AlreadySealed { .. }), "{error:?}"),
        }
    }
    let [winner] = winners[..] else {
        panic!("winners: {winners:?}");
    };
    let vault = Vault::from_url("s3://clinic", server.options()).unwrap();
    assert_eq!(vault.open(record(1), &owner).await.unwrap().content(), [winner; 1000]);
    // What the others wrote is gone.
    assert_eq!(server.state.lock().unwrap().objects.len(), 3);
}

#[tokio::test]
async fn a_vault_is_found_by_the_url_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/vault", folder.path().display());
    let owner = pair(1);
    let vault = Vault::from_url(&url, NO_OPTIONS).unwrap();
    vault.seal(record(1), "text/plain", b"content", &SALT, &[owner.public_key()]).await.unwrap();
    let vault = Vault::local(folder.path().join("vault")).unwrap();
    assert_eq!(vault.records().await.unwrap(), [record(1)]);
}

#[test]
fn a_url_of_no_vault_is_refused() {
    for wrong in ["records", "", "file://host/folder", "/folder"] {
        let refused = Vault::from_url(wrong, NO_OPTIONS);
        assert!(matches!(refused, Err(VaultError::InvalidUrl { ref url }) if url == wrong), "{refused:?}");
    }
    for scheme in ["ftp", "https", "memory"] {
        let refused = Vault::from_url(&format!("{scheme}://host/folder"), NO_OPTIONS);
        assert!(matches!(refused, Err(VaultError::UnsupportedUrl { scheme: ref s }) if s == scheme), "{refused:?}");
    }
}
