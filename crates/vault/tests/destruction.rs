//! Destroying a record, and what is left of it.

#![allow(clippy::unwrap_used)]

mod common;

use common::{files_below, pair, reference, Bench, CONTENT, MEDIA_TYPE, SALT};
use object_store::path::Path;
use salus_vault::{Destruction, ObjectKind, RecordId, Vault, VaultError};
use sha2::{Digest, Sha256};

async fn two_versions() -> Bench {
    let bench = Bench::new();
    bench.seal(reference(1, 1), &[&pair(1), &pair(2)]).await;
    bench.seal(reference(1, 2), &[&pair(1)]).await;
    bench.seal(reference(2, 1), &[&pair(1)]).await;
    bench
}

fn id() -> RecordId {
    reference(1, 1).record
}

#[tokio::test]
async fn a_destruction_lists_every_object_with_its_size_and_hash() {
    let bench = two_versions().await;
    // What an interrupted run left counts, too.
    let leftover: Path = format!("records/{}/3/{}/content", id(), "0".repeat(32)).into();
    bench.write(&leftover, b"half").await;
    let mut expected = vec![];
    for path in bench.paths().await {
        if path.as_ref().contains(&id().to_string()) {
            let bytes = bench.read(&path).await;
            let sha256: [u8; 32] = Sha256::digest(&bytes).into();
            expected.push((path.to_string(), bytes.len() as u64, sha256));
        }
    }
    expected.sort();
    assert_eq!(expected.len(), 8);

    let destruction = bench.vault.destroy(&id()).await.unwrap();
    let listed: Vec<_> =
        destruction.objects().iter().map(|object| (object.path.clone(), object.bytes, object.sha256)).collect();
    assert_eq!(listed, expected);
    assert_eq!(destruction.record(), id());

    // Nothing is left but the words that it was destroyed; the other record is as it was.
    let left = bench.paths().await;
    let of_it: Vec<_> = left.iter().filter(|path| path.as_ref().contains(&id().to_string())).collect();
    assert_eq!(of_it.len(), 2, "{of_it:?}");
    assert_eq!(bench.vault.records().await.unwrap(), [reference(2, 1)]);
    assert!(bench.vault.open(reference(2, 1), &pair(1)).await.is_ok());
}

#[tokio::test]
async fn a_destroyed_record_is_never_sealed_shared_or_opened_again() {
    let bench = two_versions().await;
    let own = bench.vault.envelope(reference(1, 1), &pair(1).public_key()).await.unwrap().unwrap();
    bench.vault.destroy(&id()).await.unwrap();
    let (vault, key, to) = (&bench.vault, pair(1), pair(3).public_key());
    let mut refusals = vec![];
    for version in [1, 2, 3] {
        let record = reference(1, version);
        refusals.push(vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &[to]).await.err());
        refusals.push(vault.share(record, &key, &to).await.err());
        refusals.push(vault.unshare(record, &to).await.err());
        refusals.push(vault.open(record, &key).await.err());
        refusals.push(vault.open_to(record, &key, tokio::io::sink()).await.err());
        refusals.push(vault.envelope(record, &key.public_key()).await.err());
        refusals.push(vault.put_envelope(record, &key.public_key(), &own).await.err());
        refusals.push(vault.content_stream(record).await.err());
        refusals.push(vault.recipients(record).await.err());
    }
    for refused in refusals {
        assert!(matches!(refused, Some(VaultError::Destroyed { record }) if record == id()), "{refused:?}");
    }
    assert!(vault.versions(&id()).await.unwrap().is_empty());
    assert_eq!(bench.paths().await.len(), 2 + 3);
}

#[tokio::test]
async fn destroying_again_gives_the_same_list_and_removes_what_came_back() {
    let bench = two_versions().await;
    let mut before = vec![];
    for path in bench.paths().await {
        before.push((path.clone(), bench.read(&path).await));
    }
    let first = bench.vault.destroy(&id()).await.unwrap();
    // As after an interruption in the middle of the removal, or a restored copy.
    for (path, bytes) in &before {
        bench.write(path, bytes.clone()).await;
    }
    let opened = bench.vault.open(reference(1, 1), &pair(1)).await;
    assert!(matches!(opened, Err(VaultError::Destroyed { .. })));
    assert_eq!(bench.vault.records().await.unwrap(), [reference(2, 1)]);

    let second = bench.vault.destroy(&id()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(first.digest(), second.digest());
    assert_eq!(bench.vault.destruction(&id()).await.unwrap(), Some(first));
    assert_eq!(bench.paths().await.len(), 2 + 3);
}

#[tokio::test]
async fn a_record_that_was_closed_and_no_more_counts_as_destroyed_and_can_be_completed() {
    let bench = two_versions().await;
    let closed: Path = format!("records/{}/closed", id()).into();
    bench.write(&closed, b"").await;
    let opened = bench.vault.open(reference(1, 1), &pair(1)).await;
    assert!(matches!(opened, Err(VaultError::Destroyed { .. })));
    assert_eq!(bench.vault.destruction(&id()).await.unwrap(), None);
    assert_eq!(bench.vault.destroy(&id()).await.unwrap().objects().len(), 7);
}

#[tokio::test]
async fn there_is_nothing_to_destroy_of_a_record_that_never_was() {
    let bench = two_versions().await;
    let unknown = RecordId::from([9; 32]);
    let refused = bench.vault.destroy(&unknown).await;
    assert!(matches!(refused, Err(VaultError::NothingToDestroy { record }) if record == unknown));
    assert_eq!(bench.vault.destruction(&unknown).await.unwrap(), None);
    // It can still be sealed.
    bench.seal(reference(9, 1), &[&pair(1)]).await;
}

#[tokio::test]
async fn unfinished_files_of_a_local_vault_are_destroyed_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let keys = [pair(1).public_key()];
    vault.seal(reference(1, 1), MEDIA_TYPE, CONTENT, &SALT, &keys).await.unwrap();
    let version = folder.path().join(format!("records/{}/1", id()));
    std::fs::write(version.join("manifest#1"), b"half").unwrap();
    let destruction = vault.destroy(&id()).await.unwrap();
    let unfinished = format!("records/{}/1/manifest#1", id());
    assert!(destruction.objects().iter().any(|object| object.path == unfinished && object.bytes == 4));
    assert_eq!(destruction.objects().len(), 4);
    assert_eq!(files_below(folder.path()).len(), 2);
    assert_eq!(vault.destroy(&id()).await.unwrap(), destruction);
}

#[tokio::test]
async fn the_list_is_read_as_it_is_written_and_nothing_else_is() {
    let bench = two_versions().await;
    let destruction = bench.vault.destroy(&id()).await.unwrap();
    let encoded = destruction.encode();
    assert_eq!(Destruction::decode(&encoded, id()).unwrap(), destruction);
    assert_eq!(bench.read(&format!("records/{}/destroyed", id()).into()).await, encoded);
    let domain = b"\x1asalus/vault-destruction/v2";
    assert_eq!(destruction.digest(), <[u8; 32]>::from(Sha256::digest([domain, &encoded[..]].concat())));

    for len in 0..encoded.len() {
        let refused = Destruction::decode(&encoded[..len], id());
        assert!(matches!(refused, Err(VaultError::Truncated { .. })), "{len}: {refused:?}");
    }
    let refused = Destruction::decode(&[&encoded[..], b"0"].concat(), id());
    assert!(matches!(refused, Err(VaultError::ForeignObject { kind: ObjectKind::Destruction })));
    let refused = Destruction::decode(&encoded, RecordId::from([2; 32]));
    assert!(matches!(refused, Err(VaultError::WrongRecordOrVersion { .. })));
    // The same objects in another order are no encoding of them.
    let entry = 2 + destruction.objects()[0].path.len() + 40;
    let second = 2 + destruction.objects()[1].path.len() + 40;
    let mut swapped = encoded.clone();
    swapped[46..46 + entry + second].rotate_left(entry);
    let refused = Destruction::decode(&swapped, id());
    assert!(matches!(refused, Err(VaultError::ForeignObject { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_destruction_among_sealings_and_sharings_lists_all_that_was_acknowledged_and_leaves_nothing() {
    for round in 0..20u8 {
        let folder = tempfile::tempdir().unwrap();
        let vault = std::sync::Arc::new(Vault::local(folder.path()).unwrap());
        vault.seal(reference(1, 0), MEDIA_TYPE, CONTENT, &SALT, &[pair(1).public_key()]).await.unwrap();
        let sealing = (1..5u32).map(|version| {
            let vault = vault.clone();
            tokio::spawn(async move {
                let sealed =
                    vault.seal(reference(1, version), MEDIA_TYPE, CONTENT, &SALT, &[pair(1).public_key()]).await;
                (format!("/{version}/manifest"), sealed.map(drop))
            })
        });
        let sharing = (0..4u8).map(|number| {
            let (vault, to) = (vault.clone(), pair(100 + number).public_key());
            tokio::spawn(async move {
                let shared = vault.share(reference(1, 0), &pair(1), &to).await;
                (format!("/{to}"), shared.map(drop))
            })
        });
        let all: Vec<_> = sealing.chain(sharing).collect();
        if round % 2 == 1 {
            tokio::task::yield_now().await;
        }
        let destruction = vault.destroy(&id()).await.unwrap();
        for task in all {
            let (name, outcome) = task.await.unwrap();
            match outcome {
                Ok(()) => assert!(
                    destruction.objects().iter().any(|object| object.path.ends_with(&name)),
                    "{name} was acknowledged and is not in the list"
                ),
                // A file of a write that is destroyed while it is written is missed by that write.
                Err(error) => assert!(
                    matches!(
                        error,
                        VaultError::Destroyed { .. } | VaultError::Store(_) | VaultError::NoEnvelope { .. }
                    ),
                    "{error:?}"
                ),
            }
        }
        // What a late writer could not take back any more goes with the next run.
        assert_eq!(vault.destroy(&id()).await.unwrap(), destruction);
        let left = files_below(folder.path());
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
