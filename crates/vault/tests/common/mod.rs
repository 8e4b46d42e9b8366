//! A vault in memory whose store can be looked into and tampered with.

#![allow(clippy::unwrap_used, dead_code)]

use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::{memory::InMemory, path::Path, ObjectStore, ObjectStoreExt};
use salus_vault::{EncryptionKeyPair, EncryptionPublicKey, RecordRef, Vault};

pub const SALT: [u8; 32] = [0x5a; 32];
pub const MEDIA_TYPE: &str = "application/fhir+json";
pub const CONTENT: &[u8] = br#"{"resourceType":"Observation","status":"final"}"#;

pub fn reference(record: u8, version: u32) -> RecordRef {
    RecordRef { record: [record; 32].into(), version }
}

pub fn pair(seed: u8) -> EncryptionKeyPair {
    EncryptionKeyPair::from_seed(&[seed; 32])
}

pub struct Bench {
    pub store: Arc<InMemory>,
    pub vault: Vault,
}

impl Bench {
    pub fn new() -> Self {
        let store = Arc::new(InMemory::new());
        let vault = Vault::new(store.clone());
        Self { store, vault }
    }

    pub async fn seal(&self, record: RecordRef, recipients: &[&EncryptionKeyPair]) {
        let recipients: Vec<_> = recipients.iter().map(|pair| pair.public_key()).collect();
        self.vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &recipients).await.unwrap();
    }

    pub async fn seal_bytes(&self, record: RecordRef, content: &[u8], recipient: &EncryptionKeyPair) {
        let keys = [recipient.public_key()];
        self.vault.seal(record, MEDIA_TYPE, content, &SALT, &keys).await.unwrap();
    }

    pub async fn paths(&self) -> Vec<Path> {
        let listed = self.store.list(None).map_ok(|object| object.location);
        listed.try_collect().await.unwrap()
    }

    async fn path(&self, record: RecordRef, name: &str) -> Path {
        let folder = format!("records/{}/{}/", record.record, record.version);
        let found: Vec<_> = self
            .paths()
            .await
            .into_iter()
            .filter(|path| path.as_ref().starts_with(&folder) && path.filename() == Some(name))
            .collect();
        assert_eq!(found.len(), 1, "{name} below {folder}");
        found[0].clone()
    }

    pub async fn content_path(&self, record: RecordRef) -> Path {
        self.path(record, "content").await
    }

    pub async fn manifest_path(&self, record: RecordRef) -> Path {
        self.path(record, "manifest").await
    }

    pub async fn envelope_path(&self, record: RecordRef, to: EncryptionPublicKey) -> Path {
        self.path(record, &to.to_string()).await
    }

    pub async fn read(&self, path: &Path) -> Vec<u8> {
        let object = self.store.get(path).await.unwrap();
        object.bytes().await.unwrap().into()
    }

    pub async fn write(&self, path: &Path, bytes: impl Into<Vec<u8>>) {
        self.store.put(path, bytes.into().into()).await.unwrap();
    }

    pub async fn remove(&self, path: &Path) {
        self.store.delete(path).await.unwrap();
    }
}

/// Every file in a folder, however deep.
pub fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}
