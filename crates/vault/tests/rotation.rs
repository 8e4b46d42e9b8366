//! Replacing a recipient's key.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench, CONTENT};
use salus_vault::{EncryptionPublicKey, Rotated, VaultError};

#[tokio::test]
async fn a_rotated_key_opens_nothing_and_the_new_one_everything_the_old_one_did() {
    let bench = Bench::new();
    let (old, new, other) = (pair(1), pair(2), pair(3));
    bench.seal(reference(1, 1), &[&old]).await;
    bench.seal(reference(1, 2), &[&old, &other]).await;
    bench.seal(reference(2, 1), &[&other]).await;
    let content = bench.read(&bench.content_path(reference(1, 1)).await).await;

    let mut told = vec![];
    let progress = |record, rotated: &Rotated| told.push((record, matches!(rotated, Rotated::Moved)));
    let rotation = bench.vault.rotate(&old, &new.public_key(), progress).await.unwrap();
    assert!(rotation.is_complete());
    assert_eq!(rotation.moved, [reference(1, 1), reference(1, 2)]);
    assert_eq!(told, [(reference(1, 1), true), (reference(1, 2), true), (reference(2, 1), false)]);

    for record in [reference(1, 1), reference(1, 2)] {
        assert_eq!(bench.vault.open(record, &new).await.unwrap().content(), CONTENT);
        let refused = bench.vault.open(record, &old).await;
        assert!(matches!(refused, Err(VaultError::NoEnvelope { .. })));
    }
    assert!(bench.vault.open(reference(1, 2), &other).await.is_ok());
    assert_eq!(bench.vault.recipients(reference(2, 1)).await.unwrap(), [other.public_key()]);
    assert_eq!(bench.read(&bench.content_path(reference(1, 1)).await).await, content);

    let again = bench.vault.rotate(&old, &new.public_key(), |_, _| {}).await.unwrap();
    assert!(again.is_complete() && again.moved.is_empty());
}

#[tokio::test]
async fn an_envelope_of_the_new_key_that_does_not_open_is_replaced() {
    let bench = Bench::new();
    let (old, new) = (pair(1), pair(2));
    let record = reference(1, 1);
    bench.seal(record, &[&old]).await;
    bench.vault.share(record, &old, &new.public_key()).await.unwrap();
    let path = bench.envelope_path(record, new.public_key()).await;
    bench.write(&path, b"spoilt").await;
    bench.vault.rotate(&old, &new.public_key(), |_, _| {}).await.unwrap();
    assert_eq!(bench.vault.open(record, &new).await.unwrap().content(), CONTENT);
}

#[tokio::test]
async fn a_version_that_cannot_be_moved_keeps_its_envelope_and_does_not_hold_up_the_others() {
    let bench = Bench::new();
    let (old, new) = (pair(1), pair(2));
    bench.seal(reference(1, 1), &[&old]).await;
    bench.seal(reference(2, 1), &[&old]).await;
    let path = bench.envelope_path(reference(1, 1), old.public_key()).await;
    let original = bench.read(&path).await;
    bench.write(&path, &original[..100]).await;
    let rotation = bench.vault.rotate(&old, &new.public_key(), |_, _| {}).await.unwrap();
    assert_eq!(rotation.moved, [reference(2, 1)]);
    assert!(matches!(rotation.failed[..], [(record, VaultError::Truncated { .. })] if record == reference(1, 1)));
    assert!(!rotation.is_complete());
    assert_eq!(bench.vault.recipients(reference(1, 1)).await.unwrap(), [old.public_key()]);

    bench.write(&path, original).await;
    let rotation = bench.vault.rotate(&old, &new.public_key(), |_, _| {}).await.unwrap();
    assert_eq!(rotation.moved, [reference(1, 1)]);
}

#[tokio::test]
async fn a_key_is_not_rotated_to_itself_or_to_one_that_is_no_good() {
    let bench = Bench::new();
    let old = pair(1);
    bench.seal(reference(1, 1), &[&old]).await;
    let refused = bench.vault.rotate(&old, &old.public_key(), |_, _| {}).await;
    assert!(matches!(refused, Err(VaultError::RotationToItself)));
    let zero = EncryptionPublicKey::from([0; 32]);
    let refused = bench.vault.rotate(&old, &zero, |_, _| {}).await;
    assert!(matches!(refused, Err(VaultError::InvalidPublicKey { key }) if key == zero));
    assert_eq!(bench.vault.recipients(reference(1, 1)).await.unwrap(), [old.public_key()]);
}
