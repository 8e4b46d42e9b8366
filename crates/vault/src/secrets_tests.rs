//! That secrets stay where they belong, seen from inside, where the content key is known.

#![allow(clippy::unwrap_used)]

use zeroize::Zeroizing;

use crate::{
    envelope::{self, Envelope},
    key::ContentKey,
    EncryptionKeyPair, RecordRef, ShareOutcome, Vault, VaultError,
};

const RECORD: [u8; 32] = [7; 32];

fn record() -> RecordRef {
    RecordRef { record: RECORD.into(), version: 1 }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}

#[tokio::test]
async fn neither_plaintext_nor_salt_nor_any_key_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let seed = *b"a seed that must not be written!";
    let salt = *b"a salt that is for readers only!";
    let marker = b"PATIENT-MARKER-4711";
    let content = marker.repeat(50);
    let pair = EncryptionKeyPair::from_seed(&seed);
    let grantee = EncryptionKeyPair::generate().unwrap();
    vault.seal(record(), "text/plain", &content, &salt, &[pair.public_key()]).await.unwrap();
    let shared = vault.share(record(), &pair, &grantee.public_key()).await;
    assert_eq!(shared.unwrap(), ShareOutcome::Created);

    let files = files_below(folder.path());
    assert_eq!(files.len(), 4, "{files:?}");
    let own_envelope = files.iter().find(|file| file.ends_with(pair.public_key().to_string())).unwrap();
    let own_envelope = std::fs::read(own_envelope).unwrap();
    let key = Envelope::read(&own_envelope, record(), pair.public_key()).unwrap().unwrap(&pair).unwrap();

    use hpke::Serializable;
    let secret = pair.secret().to_bytes();
    let forbidden: [&[u8]; 5] = [marker, &salt, &seed, key.as_bytes(), &secret];
    for file in files {
        let stored = std::fs::read(&file).unwrap();
        for secret in forbidden {
            let found = stored.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} holds a secret", file.display());
        }
    }
}

#[test]
fn an_envelope_is_not_made_of_missing_randomness() {
    let pair = EncryptionKeyPair::from_seed(&[1; 32]);
    let key = ContentKey::from(Zeroizing::new([2; 32]));
    let wrapped = envelope::wrap(record(), &pair.public_key(), &key, |_| Err(getrandom::Error::UNSUPPORTED));
    assert!(matches!(wrapped, Err(VaultError::NoRandomness)));
}

#[test]
fn the_debug_output_of_a_key_pair_shows_the_public_key_only() {
    use hpke::Serializable;
    let pair = EncryptionKeyPair::from_seed(&[0xab; 32]);
    let shown = format!("{pair:?} {pair:#?}");
    assert!(shown.contains(&pair.public_key().to_string()));
    let secret = pair.secret().to_bytes();
    assert!(!shown.contains(&hex::encode(secret)));
    assert!(!shown.contains(&format!("{:?}", secret.as_slice())));
    assert!(!shown.contains("secret"));
}
