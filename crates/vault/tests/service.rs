//! A vault kept by somebody who holds no keys, and readers who hold one.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench, CONTENT, SALT};
use futures_util::TryStreamExt;
use salus_vault::{
    commit, rewrap, unwrap_and_decrypt, EncryptionPublicKey, ObjectKind, RecordRef, ShareOutcome, Vault, VaultError,
};

async fn ciphertext(vault: &Vault, record: RecordRef) -> Vec<u8> {
    let (bytes, stream) = vault.content_stream(record).await.unwrap();
    let pieces: Vec<_> = stream.try_collect().await.unwrap();
    let content = pieces.concat();
    assert_eq!(content.len() as u64, bytes);
    content
}

#[tokio::test]
async fn a_reader_opens_and_passes_on_what_a_service_gives_out() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let (vault, to) = (&bench.vault, doctor.public_key());
    assert_eq!(vault.envelope(record, &to).await.unwrap(), None);
    let own = vault.envelope(record, &owner.public_key()).await.unwrap().unwrap();

    let for_doctor = rewrap(record, &own, &owner, &to).unwrap();
    assert_eq!(vault.put_envelope(record, &to, &for_doctor).await.unwrap(), ShareOutcome::Created);
    assert_eq!(vault.put_envelope(record, &to, &for_doctor).await.unwrap(), ShareOutcome::AlreadyThere);
    let another = rewrap(record, &own, &owner, &to).unwrap();
    let refused = vault.put_envelope(record, &to, &another).await;
    assert!(matches!(refused, Err(VaultError::OtherEnvelope { recipient, .. }) if recipient == to));
    assert_eq!(vault.envelope(record, &to).await.unwrap().unwrap(), for_doctor);

    let content = ciphertext(vault, record).await;
    let mut out = vec![];
    let unsealed = unwrap_and_decrypt(record, &for_doctor, content.as_slice(), &doctor, &mut out).await.unwrap();
    assert_eq!(out, CONTENT);
    assert_eq!(unsealed.record(), record);
    assert_eq!(unsealed.salt(), &SALT);
    unsealed.verify_commitment(&commit(&SALT, CONTENT)).unwrap();
    let refused = unsealed.verify_commitment(&commit(&SALT, b"other"));
    assert!(matches!(refused, Err(VaultError::CommitmentMismatch)));
}

#[tokio::test]
async fn a_local_vault_streams_content_of_many_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let owner = pair(1);
    let content = vec![9; 1_500_000];
    vault.seal(reference(1, 1), "text/plain", &content, &SALT, &[owner.public_key()]).await.unwrap();
    let envelope = vault.envelope(reference(1, 1), &owner.public_key()).await.unwrap().unwrap();
    let encrypted = ciphertext(&vault, reference(1, 1)).await;
    let mut out = vec![];
    unwrap_and_decrypt(reference(1, 1), &envelope, encrypted.as_slice(), &owner, &mut out).await.unwrap();
    assert!(out == content);
}

#[tokio::test]
async fn an_envelope_that_belongs_elsewhere_is_not_stored() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    let record = reference(1, 1);
    let to = doctor.public_key();
    bench.seal(record, &[&owner]).await;
    let good = {
        let own = bench.vault.envelope(record, &owner.public_key()).await.unwrap().unwrap();
        rewrap(record, &own, &owner, &to).unwrap()
    };
    let before = bench.paths().await;

    for other in [reference(2, 1), reference(1, 2)] {
        bench.seal(other, &[&doctor]).await;
        let foreign = bench.vault.envelope(other, &to).await.unwrap().unwrap();
        let refused = bench.vault.put_envelope(record, &to, &foreign).await;
        assert!(matches!(refused, Err(VaultError::WrongRecordOrVersion { kind: ObjectKind::Envelope, .. })));
    }
    let elsewhere = Bench::new();
    elsewhere.seal(record, &[&doctor]).await;
    let foreign = elsewhere.vault.envelope(record, &to).await.unwrap().unwrap();
    let refused = bench.vault.put_envelope(record, &to, &foreign).await;
    assert!(matches!(refused, Err(VaultError::WrongSealing { .. })));
    let refused = bench.vault.put_envelope(record, &pair(3).public_key(), &good).await;
    assert!(matches!(refused, Err(VaultError::WrongRecipient { .. })));
    for len in 0..good.len() {
        let refused = bench.vault.put_envelope(record, &to, &good[..len]).await;
        assert!(matches!(refused, Err(VaultError::Truncated { .. })), "{len}");
    }
    let refused = bench.vault.put_envelope(record, &to, &[&good[..], b"0"].concat()).await;
    assert!(matches!(refused, Err(VaultError::EnvelopeTampered { .. })));
    let zero = EncryptionPublicKey::from([0; 32]);
    let refused = bench.vault.put_envelope(record, &zero, &good).await;
    assert!(matches!(refused, Err(VaultError::InvalidPublicKey { .. })));
    let refused = bench.vault.put_envelope(reference(7, 7), &to, &good).await;
    assert!(matches!(refused, Err(VaultError::NotFound { .. })));

    let after = bench.paths().await;
    assert!(before.iter().all(|path| after.contains(path)));
    assert_eq!(bench.vault.recipients(record).await.unwrap(), [owner.public_key()]);
}

#[tokio::test]
async fn an_envelope_with_an_encapsulated_key_that_is_no_good_does_not_open() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let own = bench.vault.envelope(record, &owner.public_key()).await.unwrap().unwrap();
    // Points of order 1, 2, 4 and 8, and encodings of p and above.
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        let mut bad = own.clone();
        hex::decode_to_slice(point, &mut bad[106..138]).unwrap();
        let refused = rewrap(record, &bad, &owner, &pair(2).public_key());
        assert!(matches!(refused, Err(VaultError::EnvelopeTampered { .. })), "{point}: {refused:?}");
    }
}

#[tokio::test]
async fn content_and_envelope_that_do_not_belong_together_do_not_open() {
    let (bench, elsewhere, owner) = (Bench::new(), Bench::new(), pair(1));
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    elsewhere.seal(record, &[&owner]).await;
    let envelope = bench.vault.envelope(record, &owner.public_key()).await.unwrap().unwrap();
    let content = ciphertext(&elsewhere.vault, record).await;
    let mut out = vec![];
    let refused = unwrap_and_decrypt(record, &envelope, content.as_slice(), &owner, &mut out).await;
    assert!(matches!(refused, Err(VaultError::WrongSealing { kind: ObjectKind::Content, .. })), "{refused:?}");
    let refused = unwrap_and_decrypt(reference(1, 2), &envelope, content.as_slice(), &owner, &mut out).await;
    assert!(matches!(refused, Err(VaultError::WrongRecordOrVersion { .. })));
    let refused = unwrap_and_decrypt(record, &envelope, content.as_slice(), &pair(2), &mut out).await;
    assert!(matches!(refused, Err(VaultError::WrongRecipient { .. })));
    assert!(out.is_empty());
}
