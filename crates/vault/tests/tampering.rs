//! Objects that are not what was sealed.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench, CONTENT, MEDIA_TYPE, SALT};
use object_store::path::Path;
use proptest::prelude::*;
use salus_vault::{EncryptionKeyPair, ObjectKind, RecordRef, VaultError};

/// Puts `bytes` at `path`, tries to open, and puts back what was there.
async fn open_with(
    bench: &Bench,
    path: &Path,
    bytes: Vec<u8>,
    record: RecordRef,
    key: &EncryptionKeyPair,
) -> VaultError {
    let original = bench.read(path).await;
    bench.write(path, bytes).await;
    let refused = bench.vault.open(record, key).await.unwrap_err();
    bench.write(path, original).await;
    refused
}

fn block_on<T>(future: impl std::future::Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_flipped_bit_anywhere_in_the_content_is_refused(
        content in proptest::collection::vec(any::<u8>(), 0..600),
        position: prop::sample::Index,
        bit in 0..8u32,
    ) {
        block_on(async {
            let bench = Bench::new();
            let owner = pair(1);
            let record = reference(1, 1);
            bench.vault
                .seal(record, MEDIA_TYPE, &content, &SALT, &[owner.public_key()])
                .await
                .unwrap();
            let path = bench.content_path(record).await;
            let mut bytes = bench.read(&path).await;
            let at = position.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let refused = open_with(&bench, &path, bytes, record, &owner).await;
            prop_assert!(is_expected_of_content(at, &refused), "byte {at}: {refused:?}");
            Ok(())
        })?;
    }

    #[test]
    fn foreign_bytes_in_place_of_any_object_are_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        after_prelude: bool,
        which in 0..3usize,
    ) {
        block_on(async {
            let bench = Bench::new();
            let owner = pair(1);
            let record = reference(1, 1);
            bench.seal(record, &[&owner]).await;
            let path = match which {
                0 => bench.manifest_path(record).await,
                1 => bench.content_path(record).await,
                _ => bench.envelope_path(record, owner.public_key()).await,
            };
            let mut foreign = bytes;
            if after_prelude {
                foreign.splice(..0, bench.read(&path).await[..42].to_vec());
            }
            open_with(&bench, &path, foreign, record, &owner).await;
            Ok::<(), TestCaseError>(())
        })?;
    }
}

/// The clear header is checked field by field, everything after it by the tags.
fn is_expected_of_content(at: usize, error: &VaultError) -> bool {
    let kind_is_content = |kind: &ObjectKind| *kind == ObjectKind::Content;
    match at {
        0..4 => matches!(error, VaultError::ForeignObject { kind } if kind_is_content(kind)),
        4..6 => matches!(error, VaultError::UnsupportedFormat { kind, .. } if kind_is_content(kind)),
        6..42 => {
            matches!(error, VaultError::WrongRecordOrVersion { kind, .. } if kind_is_content(kind))
        }
        42..74 => matches!(error, VaultError::WrongSealing { kind, .. } if kind_is_content(kind)),
        // The length of the media type: what it says may be more than there is.
        78 => matches!(error, VaultError::Truncated { .. } | VaultError::ContentTampered { .. }),
        _ => matches!(error, VaultError::ContentTampered { .. }),
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_an_envelope_is_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let path = bench.envelope_path(record, owner.public_key()).await;
    let original = bench.read(&path).await;
    assert_eq!(original.len(), 186);
    for position in 0..original.len() * 8 {
        let (at, bit) = (position / 8, position % 8);
        let mut bytes = original.clone();
        bytes[at] ^= 1 << bit;
        let refused = open_with(&bench, &path, bytes, record, &owner).await;
        // The unused top bit of the encapsulated key is bound, too: HPKE derives from its bytes.
        let expected = match at {
            0..4 => matches!(refused, VaultError::ForeignObject { .. }),
            4..6 => matches!(refused, VaultError::UnsupportedFormat { .. }),
            6..42 => matches!(refused, VaultError::WrongRecordOrVersion { .. }),
            42..74 => matches!(refused, VaultError::WrongSealing { kind: ObjectKind::Envelope, .. }),
            74..106 => matches!(refused, VaultError::WrongRecipient { .. }),
            _ => matches!(refused, VaultError::EnvelopeTampered { .. }),
        };
        assert!(expected, "bit {bit} of byte {at}: {refused:?}");
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_in_a_manifest_is_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let path = bench.manifest_path(record).await;
    let original = bench.read(&path).await;
    assert_eq!(original.len(), 90);
    for position in 0..original.len() * 8 {
        let mut bytes = original.clone();
        bytes[position / 8] ^= 1 << (position % 8);
        let refused = open_with(&bench, &path, bytes, record, &owner).await;
        let expected = match position / 8 {
            0..4 => matches!(refused, VaultError::ForeignObject { .. }),
            4..6 => matches!(refused, VaultError::UnsupportedFormat { .. }),
            6..42 => matches!(refused, VaultError::WrongRecordOrVersion { .. }),
            // It names a sealing that does not exist.
            42..58 => matches!(refused, VaultError::NoEnvelope { .. }),
            // It names a key that the envelope does not hold.
            _ => matches!(refused, VaultError::WrongSealing { kind: ObjectKind::Envelope, .. }),
        };
        assert!(expected, "bit {position}: {refused:?}");
    }
}

#[tokio::test]
async fn every_object_cut_at_any_length_is_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    for (path, expected_kind) in [
        (bench.manifest_path(record).await, ObjectKind::Manifest),
        (bench.content_path(record).await, ObjectKind::Content),
        (bench.envelope_path(record, owner.public_key()).await, ObjectKind::Envelope),
    ] {
        let original = bench.read(&path).await;
        // What is cut within the chunks of content is a last chunk that does not authenticate.
        let clear = match expected_kind {
            ObjectKind::Content => 79 + MEDIA_TYPE.len() + 19,
            _ => original.len(),
        };
        for len in 0..original.len() {
            let refused = open_with(&bench, &path, original[..len].to_vec(), record, &owner).await;
            let expected = match refused {
                VaultError::Truncated { kind, expected, actual } => {
                    len < clear && kind == expected_kind && actual == len as u64 && expected > actual
                }
                VaultError::ContentTampered { .. } => len >= clear,
                _ => false,
            };
            assert!(expected, "{expected_kind} of {len} bytes: {refused:?}");
        }
    }
}

#[tokio::test]
async fn bytes_after_the_end_of_an_object_are_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let longer = |mut bytes: Vec<u8>| {
        bytes.push(0);
        bytes
    };

    let path = bench.content_path(record).await;
    let bytes = longer(bench.read(&path).await);
    let refused = open_with(&bench, &path, bytes, record, &owner).await;
    assert!(matches!(refused, VaultError::ContentTampered { .. }));

    let path = bench.envelope_path(record, owner.public_key()).await;
    let bytes = longer(bench.read(&path).await);
    let refused = open_with(&bench, &path, bytes, record, &owner).await;
    assert!(matches!(refused, VaultError::EnvelopeTampered { .. }));

    let path = bench.manifest_path(record).await;
    let bytes = longer(bench.read(&path).await);
    let refused = open_with(&bench, &path, bytes, record, &owner).await;
    assert!(matches!(refused, VaultError::ForeignObject { kind: ObjectKind::Manifest }));
}

#[tokio::test]
async fn content_of_another_record_or_version_is_refused_as_such() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let path = bench.content_path(record).await;
    for other in [reference(2, 1), reference(1, 2)] {
        bench.seal(other, &[&owner]).await;
        let foreign = bench.read(&bench.content_path(other).await).await;

        let refused = open_with(&bench, &path, foreign.clone(), record, &owner).await;
        assert!(matches!(
            refused,
            VaultError::WrongRecordOrVersion { kind: ObjectKind::Content, expected, found }
                if expected == record && found == other
        ));

        // Relabelled to fit, it is of another sealing, and with that label, too, it no longer authenticates.
        let mut relabelled = foreign;
        relabelled[6..38].copy_from_slice(record.record.as_bytes());
        relabelled[38..42].copy_from_slice(&record.version.to_be_bytes());
        let refused = open_with(&bench, &path, relabelled.clone(), record, &owner).await;
        assert!(matches!(refused, VaultError::WrongSealing { kind: ObjectKind::Content, .. }));
        let own = bench.read(&path).await;
        relabelled[42..74].copy_from_slice(&own[42..74]);
        let refused = open_with(&bench, &path, relabelled, record, &owner).await;
        assert!(matches!(refused, VaultError::ContentTampered { .. }));
    }
}

#[tokio::test]
async fn a_whole_record_moved_under_another_name_is_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let (from, to) = (reference(1, 1), reference(1, 2));
    bench.seal(from, &[&owner]).await;
    let relabel = |mut bytes: Vec<u8>| {
        bytes[38..42].copy_from_slice(&to.version.to_be_bytes());
        bytes
    };
    // Everything is copied, and every clear header made to fit.
    for path in bench.paths().await {
        let moved = path.as_ref().replacen("/1/", "/2/", 1);
        bench.write(&moved.into(), relabel(bench.read(&path).await)).await;
    }
    let refused = bench.vault.open(to, &owner).await.unwrap_err();
    assert!(matches!(refused, VaultError::EnvelopeTampered { .. }));
    assert!(bench.vault.open(from, &owner).await.is_ok());
}

#[tokio::test]
async fn an_envelope_of_another_record_version_or_recipient_is_refused_as_such() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    let record = reference(1, 1);
    bench.seal(record, &[&owner, &doctor]).await;
    let path = bench.envelope_path(record, owner.public_key()).await;

    for other in [reference(2, 1), reference(1, 2)] {
        bench.seal(other, &[&owner]).await;
        let foreign = bench.envelope_path(other, owner.public_key()).await;
        let foreign = bench.read(&foreign).await;
        let refused = open_with(&bench, &path, foreign.clone(), record, &owner).await;
        assert!(matches!(
            refused,
            VaultError::WrongRecordOrVersion { kind: ObjectKind::Envelope, expected, found }
                if expected == record && found == other
        ));
        let mut relabelled = foreign;
        relabelled[6..38].copy_from_slice(record.record.as_bytes());
        relabelled[38..42].copy_from_slice(&record.version.to_be_bytes());
        let refused = open_with(&bench, &path, relabelled.clone(), record, &owner).await;
        assert!(matches!(refused, VaultError::WrongSealing { kind: ObjectKind::Envelope, .. }));
        let own = bench.read(&path).await;
        relabelled[42..74].copy_from_slice(&own[42..74]);
        let refused = open_with(&bench, &path, relabelled, record, &owner).await;
        assert!(matches!(refused, VaultError::EnvelopeTampered { .. }));
    }

    let doctors = bench.envelope_path(record, doctor.public_key()).await;
    let doctors = bench.read(&doctors).await;
    let refused = open_with(&bench, &path, doctors.clone(), record, &owner).await;
    assert!(matches!(refused, VaultError::WrongRecipient { expected, found }
        if expected == owner.public_key() && found == doctor.public_key()));
    let mut relabelled = doctors;
    relabelled[74..106].copy_from_slice(owner.public_key().as_bytes());
    let refused = open_with(&bench, &path, relabelled, record, &owner).await;
    assert!(matches!(refused, VaultError::EnvelopeTampered { .. }));
}

#[tokio::test]
async fn a_changed_media_type_is_refused() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let path = bench.content_path(record).await;
    let mut bytes = bench.read(&path).await;
    assert_eq!(&bytes[79..79 + MEDIA_TYPE.len()], MEDIA_TYPE.as_bytes());
    bytes[79..79 + MEDIA_TYPE.len()].copy_from_slice(b"application/dicom+xml");
    let refused = open_with(&bench, &path, bytes, record, &owner).await;
    assert!(matches!(refused, VaultError::ContentTampered { .. }));
}

#[tokio::test]
async fn a_record_without_its_content_says_so() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    bench.remove(&bench.content_path(record).await).await;
    let refused = bench.vault.open(record, &owner).await;
    assert!(matches!(refused, Err(VaultError::ContentMissing { record: r }) if r == record));
}

#[tokio::test]
async fn an_oversized_object_is_refused_unread() {
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let path = bench.envelope_path(record, owner.public_key()).await;
    let refused = open_with(&bench, &path, vec![0; 4097], record, &owner).await;
    assert!(matches!(refused, VaultError::TooLarge { limit: 4096, actual: 4097 }));

    let folder = tempfile::tempdir().unwrap();
    let vault = salus_vault::Vault::local(folder.path()).unwrap();
    let keys = [owner.public_key()];
    vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &keys).await.unwrap();
    let version = folder.path().join(format!("records/{}/1", record.record));
    let sealing =
        std::fs::read_dir(version).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    // Sparse: half a gigabyte of size, no bytes on disk. In memory only so much is opened.
    let size = 500 * 1024 * 1024;
    let file = std::fs::File::create(sealing.join("content")).unwrap();
    file.set_len(size).unwrap();
    let refused = vault.open(record, &owner).await;
    assert!(matches!(refused, Err(VaultError::TooLarge { actual, .. }) if actual == size));
}

#[tokio::test]
async fn a_forged_record_opens_but_does_not_match_the_commitment() {
    // Whoever can write to the store can seal something else for a recipient; only the chain tells.
    let bench = Bench::new();
    let owner = pair(1);
    let record = reference(1, 1);
    let commitment = salus_vault::commit(&SALT, CONTENT);
    let keys = [owner.public_key()];
    bench.vault.seal(record, MEDIA_TYPE, b"forged", &SALT, &keys).await.unwrap();
    let opened = bench.vault.open(record, &owner).await.unwrap();
    let refused = opened.verify_commitment(&commitment);
    assert!(matches!(refused, Err(VaultError::CommitmentMismatch)));
}

#[tokio::test]
async fn a_key_that_does_not_fit_the_content_is_not_passed_on() {
    let bench = Bench::new();
    let (owner, doctor) = (pair(1), pair(2));
    let record = reference(1, 1);
    bench.seal(record, &[&owner]).await;
    let other = Bench::new();
    other.seal(record, &[&owner]).await;
    // A genuine envelope for the same record and recipient, of another sealing.
    let foreign = other.envelope_path(record, owner.public_key()).await;
    let foreign = other.read(&foreign).await;
    let path = bench.envelope_path(record, owner.public_key()).await;
    bench.write(&path, foreign).await;
    let refused = bench.vault.share(record, &owner, &doctor.public_key()).await;
    assert!(matches!(refused, Err(VaultError::WrongSealing { kind: ObjectKind::Envelope, .. })));
    assert_eq!(bench.vault.recipients(record).await.unwrap(), [owner.public_key()]);
}
