//! Where the objects of a vault are, and how they are read and written.

use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::{path::Path, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use crate::{
    content::MAX_OBJECT_BYTES, manifest::SealingId, record::parse_hex32, EncryptionPublicKey, RecordId, RecordRef,
    VaultError,
};

/// Envelopes and manifests are far smaller; anything larger is not read.
const MAX_SMALL_OBJECT_BYTES: u64 = 4096;

/// The objects of a vault, by name.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
}

/// `records/<record id>`
fn record_path(record: &RecordId) -> Path {
    Path::from_iter(["records".to_string(), record.to_string()])
}

/// `records/<record id>/<version>`
fn version_path(record: RecordRef) -> Path {
    record_path(&record.record).join(record.version.to_string())
}

/// `records/<record id>/<version>/manifest`
pub(crate) fn manifest_path(record: RecordRef) -> Path {
    version_path(record).join("manifest")
}

/// `records/<record id>/<version>/<sealing>`
fn sealing_path(record: RecordRef, sealing: SealingId) -> Path {
    version_path(record).join(sealing.to_string())
}

/// `records/<record id>/<version>/<sealing>/content`
pub(crate) fn content_path(record: RecordRef, sealing: SealingId) -> Path {
    sealing_path(record, sealing).join("content")
}

/// `records/<record id>/<version>/<sealing>/envelopes`
fn envelopes_path(record: RecordRef, sealing: SealingId) -> Path {
    sealing_path(record, sealing).join("envelopes")
}

/// `records/<record id>/<version>/<sealing>/envelopes/<recipient>`
pub(crate) fn envelope_path(record: RecordRef, sealing: SealingId, recipient: &EncryptionPublicKey) -> Path {
    envelopes_path(record, sealing).join(recipient.to_string())
}

/// The version whose manifest is at `path`; nothing for any other path, or one this vault would have spelt otherwise.
fn record_of_manifest(path: &Path) -> Option<RecordRef> {
    let mut parts = path.as_ref().split('/').skip(1);
    let record = RecordRef { record: parts.next()?.parse().ok()?, version: parts.next()?.parse().ok()? };
    (manifest_path(record) == *path).then_some(record)
}

impl Objects {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Writes a new object, whole or not at all. `false` if there is one already; that one is left as it is.
    pub(crate) async fn create(&self, path: &Path, bytes: Vec<u8>) -> Result<bool, VaultError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(path, bytes.into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn exists(&self, path: &Path) -> Result<bool, VaultError> {
        match self.store.head(path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A content object.
    pub(crate) async fn content(&self, path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(path, MAX_OBJECT_BYTES).await
    }

    /// An envelope or a manifest.
    pub(crate) async fn small(&self, path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(path, MAX_SMALL_OBJECT_BYTES).await
    }

    /// The size is known before the bytes are fetched; a larger object is refused unread.
    async fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, VaultError> {
        let object = match self.store.get(path).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let actual = object.meta.size;
        if actual > limit {
            return Err(VaultError::TooLarge { limit, actual });
        }
        Ok(Some(object.bytes().await?.into()))
    }

    /// `false` if there was none.
    pub(crate) async fn delete(&self, path: &Path) -> Result<bool, VaultError> {
        // Asked first, because some stores delete what is not there without saying so.
        if !self.exists(path).await? {
            return Ok(false);
        }
        match self.store.delete(path).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn list(&self, prefix: Path) -> Result<Vec<Path>, VaultError> {
        Ok(self.store.list(Some(&prefix)).map_ok(|object| object.location).try_collect().await?)
    }

    /// All complete record versions, in order.
    pub(crate) async fn records(&self) -> Result<Vec<RecordRef>, VaultError> {
        self.complete_below(Path::from("records")).await
    }

    /// All complete versions of one record, in order.
    pub(crate) async fn versions(&self, record: &RecordId) -> Result<Vec<RecordRef>, VaultError> {
        self.complete_below(record_path(record)).await
    }

    async fn complete_below(&self, prefix: Path) -> Result<Vec<RecordRef>, VaultError> {
        let paths = self.list(prefix).await?;
        let mut records: Vec<_> = paths.iter().filter_map(record_of_manifest).collect();
        records.sort_unstable();
        Ok(records)
    }

    /// All recipients with an envelope, in order.
    pub(crate) async fn recipients(
        &self,
        record: RecordRef,
        sealing: SealingId,
    ) -> Result<Vec<EncryptionPublicKey>, VaultError> {
        let paths = self.list(envelopes_path(record, sealing)).await?;
        let mut recipients: Vec<EncryptionPublicKey> = paths
            .iter()
            .filter_map(|path| parse_hex32(path.filename()?).ok().map(Into::into))
            .filter(|recipient| paths.contains(&envelope_path(record, sealing, recipient)))
            .collect();
        recipients.sort_unstable();
        recipients.dedup();
        Ok(recipients)
    }

    /// Removes what runs of `seal` other than `keep` left behind. Files that no run of `seal` wrote are left alone.
    pub(crate) async fn discard_other_sealings(&self, record: RecordRef, keep: SealingId) -> Result<(), VaultError> {
        for path in self.list(version_path(record)).await? {
            let Some(sealing) = sealing_of(&path) else {
                continue;
            };
            if sealing != keep && path.prefix_matches(&sealing_path(record, sealing)) {
                self.delete(&path).await?;
            }
        }
        Ok(())
    }

    /// Removes what one run of `seal` left behind.
    pub(crate) async fn discard_sealing(&self, record: RecordRef, sealing: SealingId) -> Result<(), VaultError> {
        for path in self.list(sealing_path(record, sealing)).await? {
            self.delete(&path).await?;
        }
        Ok(())
    }
}

/// The sealing in the fourth part of a path.
fn sealing_of(path: &Path) -> Option<SealingId> {
    let part = path.as_ref().split('/').nth(3)?;
    let mut bytes = [0; 16];
    hex::decode_to_slice(part, &mut bytes).ok()?;
    Some(SealingId(bytes))
}
