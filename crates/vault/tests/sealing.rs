//! Sealing, opening, sharing and listing, when nothing is wrong.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench, CONTENT, MEDIA_TYPE, SALT};
use proptest::prelude::*;
use salus_vault::{
    commit, random_salt, verify_commitment, EncryptionKeyPair, EncryptionPublicKey, RecordId, ShareOutcome,
    UnshareOutcome, Vault, VaultError,
};

fn block_on<T>(future: impl std::future::Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

#[tokio::test]
async fn what_was_sealed_opens_for_every_recipient() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    let record = reference(9, 4);
    let keys = [owner.public_key(), doctor.public_key(), owner.public_key()];
    let sealed = bench.vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &keys).await.unwrap();
    assert_eq!(sealed.record, record);
    assert_eq!(sealed.commitment, commit(&SALT, CONTENT));
    assert_eq!(sealed.recipients.len(), 2);
    let stored = bench.read(&bench.content_path(record).await).await;
    assert_eq!(sealed.content_object_bytes, stored.len() as u64);

    for reader in [&owner, &doctor] {
        let opened = bench.vault.open(record, reader).await.unwrap();
        assert_eq!(opened.record(), record);
        assert_eq!(opened.media_type(), MEDIA_TYPE);
        assert_eq!(opened.content(), CONTENT);
        assert_eq!(opened.salt(), &SALT);
        assert_eq!(opened.commitment(), sealed.commitment);
        opened.verify_commitment(&sealed.commitment).unwrap();
        assert_eq!(opened.into_content().as_slice(), CONTENT);
    }
}

#[tokio::test]
async fn a_local_vault_keeps_its_records_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new").join("vault");
    let owner = EncryptionKeyPair::generate().unwrap();
    let record = reference(1, 0);
    let vault = Vault::local(&folder).unwrap();
    vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &[owner.public_key()]).await.unwrap();
    drop(vault);

    let vault = Vault::local(&folder).unwrap();
    assert_eq!(vault.records().await.unwrap(), [record]);
    let opened = vault.open(record, &owner).await.unwrap();
    assert_eq!(opened.content(), CONTENT);
}

#[cfg(unix)]
#[test]
fn a_local_vault_is_created_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("vault");
    Vault::local(&folder).unwrap();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_content_comes_back(
        content in proptest::collection::vec(any::<u8>(), 0..5000),
        record: [u8; 32],
        version: u32,
        salt: [u8; 32],
        seed: [u8; 32],
        media_type in "[a-z]{1,20}/[a-z0-9.+-]{1,40}",
    ) {
        block_on(async {
            let bench = Bench::new();
            let owner = EncryptionKeyPair::from_seed(&seed);
            let record = salus_vault::RecordRef { record: record.into(), version };
            let sealed = bench.vault
                .seal(record, &media_type, &content, &salt, &[owner.public_key()])
                .await
                .unwrap();
            let opened = bench.vault.open(record, &owner).await.unwrap();
            prop_assert_eq!(opened.content(), content.as_slice());
            prop_assert_eq!(opened.media_type(), media_type);
            prop_assert_eq!(opened.salt(), &salt);
            prop_assert!(opened.verify_commitment(&sealed.commitment).is_ok());
            prop_assert_eq!(bench.vault.records().await.unwrap(), [record]);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn sealing_the_same_content_twice_gives_unrelated_bytes() {
    let bench = Bench::new();
    let owner = pair(1);
    bench.seal(reference(1, 1), &[&owner]).await;
    bench.seal(reference(2, 1), &[&owner]).await;
    let one = bench.read(&bench.content_path(reference(1, 1)).await).await;
    let two = bench.read(&bench.content_path(reference(2, 1)).await).await;
    // Both start with a clear header of this length; nonce prefix and ciphertext follow.
    let header = 79 + MEDIA_TYPE.len();
    let same = one[header..].iter().zip(&two[header..]).filter(|(a, b)| a == b).count();
    assert!(same < 20, "{same} equal bytes");
}

#[tokio::test]
async fn a_grantee_reads_from_sharing_until_unsharing() {
    let bench = Bench::new();
    let (owner, doctor, insurer) = (pair(1), pair(2), pair(3));
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let vault = &bench.vault;

    let refused = vault.open(record, &doctor).await.unwrap_err();
    assert!(matches!(refused, VaultError::NoEnvelope { record: r, recipient }
            if r == record && recipient == doctor.public_key()));
    let refused = vault.share(record, &doctor, &insurer.public_key()).await;
    assert!(matches!(refused, Err(VaultError::NoEnvelope { .. })));

    let to = doctor.public_key();
    let share = || vault.share(record, &owner, &to);
    assert_eq!(share().await.unwrap(), ShareOutcome::Created);
    assert_eq!(share().await.unwrap(), ShareOutcome::AlreadyThere);
    let opened = vault.open(record, &doctor).await.unwrap();
    assert_eq!(opened.content(), CONTENT);

    // Whoever can open can pass on.
    vault.share(record, &doctor, &insurer.public_key()).await.unwrap();
    let mut expected = [&owner, &doctor, &insurer].map(|pair| pair.public_key());
    expected.sort();
    assert_eq!(vault.recipients(record).await.unwrap(), expected);

    let unshare = || vault.unshare(record, &to);
    assert_eq!(unshare().await.unwrap(), UnshareOutcome::Removed);
    assert_eq!(unshare().await.unwrap(), UnshareOutcome::NotThere);
    let refused = vault.open(record, &doctor).await;
    assert!(matches!(refused, Err(VaultError::NoEnvelope { .. })));
    assert!(vault.open(record, &insurer).await.is_ok());
    assert_eq!(vault.recipients(record).await.unwrap().len(), 2);
}

#[tokio::test]
async fn sharing_one_version_shares_no_other() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    bench.seal(reference(1, 1), &[&owner]).await;
    bench.seal(reference(1, 2), &[&owner]).await;
    bench.vault.share(reference(1, 1), &owner, &doctor.public_key()).await.unwrap();
    let refused = bench.vault.open(reference(1, 2), &doctor).await;
    assert!(matches!(refused, Err(VaultError::NoEnvelope { .. })));
}

#[tokio::test]
async fn a_sealed_version_is_never_replaced() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let before = bench.paths().await;
    for content in [b"other".as_slice(), CONTENT] {
        let again = bench.vault.seal(record, MEDIA_TYPE, content, &SALT, &[owner.public_key()]).await;
        assert!(matches!(again, Err(VaultError::AlreadySealed { record: r }) if r == record));
    }
    assert_eq!(bench.paths().await, before);
    let opened = bench.vault.open(record, &owner).await.unwrap();
    assert_eq!(opened.content(), CONTENT);
}

#[tokio::test]
async fn records_and_versions_are_listed_in_order_and_foreign_files_are_not() {
    let bench = Bench::new();
    let owner = pair(1);
    for (record, version) in [(2, 10), (1, 1), (2, 9)] {
        bench.seal(reference(record, version), &[&owner]).await;
    }
    let id = RecordId::from([2; 32]);
    for foreign in [
        "records/readme/1/manifest".to_string(),
        format!("records/{id}/010/manifest"),
        format!("records/{id}/11/manifest/more"),
        format!("elsewhere/{id}/12/manifest"),
    ] {
        bench.write(&foreign.into(), b"?").await;
    }
    assert_eq!(bench.vault.records().await.unwrap(), [reference(1, 1), reference(2, 9), reference(2, 10)]);
    assert_eq!(bench.vault.versions(&id).await.unwrap(), [9, 10]);
    let unknown = RecordId::from([3; 32]);
    assert!(bench.vault.versions(&unknown).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_that_is_not_there_is_not_found() {
    let bench = Bench::new();
    let owner = pair(1);
    bench.seal(reference(1, 1), &[&owner]).await;
    let record = reference(1, 2);
    let key = owner.public_key();
    let not_found = |error| matches!(error, VaultError::NotFound { record: r } if r == record);
    assert!(not_found(bench.vault.open(record, &owner).await.unwrap_err()));
    let shared = bench.vault.share(record, &owner, &key).await;
    assert!(not_found(shared.unwrap_err()));
    assert!(not_found(bench.vault.unshare(record, &key).await.unwrap_err()));
    assert!(not_found(bench.vault.recipients(record).await.unwrap_err()));
}

#[test]
fn a_commitment_holds_for_its_content_and_salt_only() {
    let commitment = commit(&SALT, CONTENT);
    verify_commitment(&commitment, &SALT, CONTENT).unwrap();
    for (salt, content) in [([0; 32], CONTENT), (SALT, b"other".as_slice())] {
        let refused = verify_commitment(&commitment, &salt, content);
        assert!(matches!(refused, Err(VaultError::CommitmentMismatch)));
    }
    assert_ne!(random_salt().unwrap(), random_salt().unwrap());
}

#[test]
fn ids_and_keys_are_read_as_they_are_written_and_nothing_else_is() {
    let text = "00ff".repeat(16);
    assert_eq!(text.parse::<RecordId>().unwrap().to_string(), text);
    let key: EncryptionPublicKey = text.to_uppercase().parse().unwrap();
    assert_eq!(key.to_string(), text);
    let spaced = format!(" {text}");
    for wrong in ["", "00", &text[2..], &spaced, &text.replace('f', "g")] {
        let refused = wrong.parse::<RecordId>();
        assert!(matches!(refused, Err(VaultError::InvalidHex)));
        let refused = wrong.parse::<EncryptionPublicKey>();
        assert!(matches!(refused, Err(VaultError::InvalidHex)));
    }
}

#[tokio::test]
async fn the_debug_output_of_an_opened_record_shows_neither_content_nor_salt() {
    let bench = Bench::new();
    let owner = pair(1);
    bench.seal(reference(1, 1), &[&owner]).await;
    let opened = bench.vault.open(reference(1, 1), &owner).await.unwrap();
    let shown = format!("{opened:?}");
    assert!(shown.contains("content_bytes: 47"), "{shown}");
    assert!(!shown.contains("salt") && !shown.contains("buffer"), "{shown}");
    assert!(!shown.contains(&format!("{SALT:?}")), "{shown}");
    assert!(!shown.contains("Observation"), "{shown}");
}

#[test]
fn all_futures_can_be_sent_between_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let bench = Bench::new();
    let (vault, owner, record) = (&bench.vault, pair(1), reference(1, 1));
    let keys = [owner.public_key()];
    block_on(async {
        let seal = sendable(vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &keys));
        seal.await.unwrap();
        sendable(vault.open(record, &owner)).await.unwrap();
        sendable(vault.share(record, &owner, &keys[0])).await.unwrap();
        sendable(vault.recipients(record)).await.unwrap();
        sendable(vault.records()).await.unwrap();
        sendable(vault.unshare(record, &keys[0])).await.unwrap();
    });
}
