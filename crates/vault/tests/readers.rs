//! The readers of foreign bytes, without a vault: whatever they are given, they answer.

#![allow(clippy::unwrap_used)]

mod common;

use common::{pair, reference, Bench};
use proptest::prelude::*;
use salus_vault::{fuzzing, VaultError};

/// One genuine object of each kind, as a place to begin from: manifest, envelope, content, destruction.
fn genuine() -> [Vec<u8>; 4] {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (bench, record, owner) = (Bench::new(), reference(1, 1), pair(1));
        bench.seal(record, &[&owner]).await;
        let manifest = bench.read(&bench.manifest_path(record).await).await;
        let envelope = bench.read(&bench.envelope_path(record, owner.public_key()).await).await;
        let content = bench.read(&bench.content_path(record).await).await;
        let destruction = bench.vault.destroy(&record.record).await.unwrap().encode();
        [manifest, envelope, content, destruction]
    })
}

fn read(kind: usize, bytes: &[u8]) -> Result<(), VaultError> {
    let (record, owner) = (reference(1, 1), pair(1));
    match kind {
        0 => fuzzing::manifest(bytes, record),
        1 => fuzzing::envelope(bytes, record, owner.public_key()),
        2 => fuzzing::content_header(bytes, record).map(drop),
        _ => fuzzing::destruction(bytes, record.record),
    }
}

#[test]
fn genuine_objects_are_read() {
    let objects = genuine();
    for (kind, bytes) in objects.iter().enumerate() {
        read(kind, bytes).unwrap();
    }
    fuzzing::unwrap(&objects[1], reference(1, 1), &pair(1)).unwrap();
    // The header can be read by everybody, the rest by who has the key.
    let refused = fuzzing::content(&objects[2], reference(1, 1), [0; 32]);
    assert!(matches!(refused, Err(VaultError::WrongSealing { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_answered(
        kind in 0..4usize,
        kept in 0..260usize,
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        thread_local!(static GENUINE: [Vec<u8>; 4] = genuine());
        let bytes = GENUINE.with(|genuine| {
            let start = &genuine[kind][..kept.min(genuine[kind].len())];
            [start, &rest].concat()
        });
        if let Err(refused) = read(kind, &bytes) {
            let expected = matches!(
                refused,
                VaultError::Truncated { .. }
                    | VaultError::ForeignObject { .. }
                    | VaultError::UnsupportedFormat { .. }
                    | VaultError::WrongRecordOrVersion { .. }
                    | VaultError::WrongRecipient { .. }
                    | VaultError::EnvelopeTampered { .. }
                    | VaultError::ContentTampered { .. }
            );
            prop_assert!(expected, "{refused:?}");
        }
        // Neither with a key: nothing but the genuine object opens.
        if kind == 1 && fuzzing::unwrap(&bytes, reference(1, 1), &pair(1)).is_ok() {
            prop_assert!(GENUINE.with(|genuine| genuine[1] == bytes));
        }
        if kind == 2 {
            prop_assert!(fuzzing::content(&bytes, reference(1, 1), [7; 32]).is_err());
        }
    }
}
