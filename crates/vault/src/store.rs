//! Where the objects of a vault are, and how they are read and written.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use futures_util::{stream::BoxStream, StreamExt, TryStreamExt};
use object_store::{
    path::Path, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    WriteMultipart,
};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::{
    folder::Folder, manifest::SealingId, record::parse_hex32, EncryptionPublicKey, RecordId, RecordRef, VaultError,
};

/// Envelopes and manifests are far smaller; anything larger is not read.
const MAX_SMALL_OBJECT_BYTES: u64 = 4096;

/// What an upload of more than one part sends at a time. S3 takes no part but the last below 5 MiB, and 10 000 parts.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// How many parts are on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// How much of a file is read at a time.
const READ_BYTES: usize = 512 * 1024;

/// The objects of a vault, by name.
pub(crate) struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder, where the store is one.
    pub(crate) folder: Option<Folder>,
}

/// `records/<record id>`
pub(crate) fn record_path(record: &RecordId) -> Path {
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

/// `records/<record id>/closed`: from the moment this exists, nothing of the record counts any more.
pub(crate) fn closed_path(record: &RecordId) -> Path {
    record_path(record).join("closed")
}

/// `records/<record id>/destroyed`: the list of what was destroyed.
pub(crate) fn destroyed_path(record: &RecordId) -> Path {
    record_path(record).join("destroyed")
}

/// The version whose manifest is at `path`; nothing for any other path, or one this vault would have spelt otherwise.
fn record_of_manifest(path: &Path) -> Option<RecordRef> {
    let mut parts = path.as_ref().split('/').skip(1);
    let record = RecordRef { record: parts.next()?.parse().ok()?, version: parts.next()?.parse().ok()? };
    (manifest_path(record) == *path).then_some(record)
}

impl Objects {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, folder: Option<Folder>) -> Self {
        Self { store, folder }
    }

    /// Writes a new object, whole or not at all. `false` if there is one already; that one is left as it is.
    pub(crate) async fn create(&self, path: &Path, bytes: impl Into<PutPayload>) -> Result<bool, VaultError> {
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

    /// Writes an object, whole or not at all, whether there was one or not.
    pub(crate) async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), VaultError> {
        self.store.put(path, bytes.into()).await?;
        Ok(())
    }

    /// An envelope or a manifest.
    pub(crate) async fn small(&self, path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(path, MAX_SMALL_OBJECT_BYTES).await
    }

    /// An object of at most `limit` bytes. The size is known before the bytes are fetched; a larger object is refused
    /// unread.
    pub(crate) async fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, VaultError> {
        let Some(object) = self.get(path, limit).await? else {
            return Ok(None);
        };
        Ok(Some(object.0.bytes().await?.into()))
    }

    /// As [`Objects::read`], to be read piece by piece.
    pub(crate) async fn get(&self, path: &Path, limit: u64) -> Result<Option<Stored>, VaultError> {
        let object = match self.store.get(path).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let actual = object.meta.size;
        if actual > limit {
            return Err(VaultError::TooLarge { limit, actual });
        }
        Ok(Some(Stored(object)))
    }

    /// `false` if there was none.
    pub(crate) async fn delete(&self, path: &Path) -> Result<bool, VaultError> {
        // Asked first, because some stores delete what is not there without saying so.
        if !self.exists(path).await? {
            return Ok(false);
        }
        let deleted = match self.store.delete(path).await {
            Ok(()) => true,
            Err(object_store::Error::NotFound { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if let Some(folder) = &self.folder {
            folder.flush_removal(path).await?;
        }
        Ok(deleted)
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
        let paths: BTreeSet<_> = paths.into_iter().collect();
        let mut records: Vec<_> = paths.iter().filter_map(record_of_manifest).collect();
        records.retain(|record| !paths.contains(&closed_path(&record.record)));
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

/// An object that was found, and is still to be read.
pub(crate) struct Stored(GetResult);

impl Stored {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.meta.size
    }

    pub(crate) fn reader(self) -> Box<dyn AsyncRead + Send + Unpin> {
        match self.0.payload {
            GetResultPayload::File(file, _) => {
                let mut file = tokio::fs::File::from_std(file);
                file.set_max_buf_size(READ_BYTES);
                Box::new(file)
            }
            GetResultPayload::Stream(stream) => Box::new(StreamReader::new(stream.map_err(std::io::Error::other))),
        }
    }

    pub(crate) fn stream(self) -> BoxStream<'static, Result<Bytes, VaultError>> {
        match self.0.payload {
            GetResultPayload::File(file, path) => {
                let mut file = tokio::fs::File::from_std(file);
                file.set_max_buf_size(READ_BYTES);
                let failed = move |source| {
                    let path = path.display();
                    object_store::Error::Generic {
                        store: "LocalFileSystem",
                        source: format!("{path}: {source}").into(),
                    }
                };
                ReaderStream::with_capacity(file, READ_BYTES).map_err(move |error| failed(error).into()).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(VaultError::from).boxed(),
        }
    }
}

/// An object that is written piece by piece and is there when it is finished, not before. A small one is written at
/// once.
pub(crate) struct Upload<'a> {
    objects: &'a Objects,
    path: Path,
    held: Vec<Bytes>,
    parts: Option<WriteMultipart>,
    bytes: u64,
}

impl<'a> Upload<'a> {
    pub(crate) fn new(objects: &'a Objects, path: Path) -> Self {
        Self { objects, path, held: vec![], parts: None, bytes: 0 }
    }

    pub(crate) async fn put(&mut self, bytes: Bytes) -> Result<(), VaultError> {
        self.bytes += bytes.len() as u64;
        self.held.push(bytes);
        if self.parts.is_none() && self.bytes <= PART_BYTES as u64 {
            return Ok(());
        }
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => {
                let upload = self.objects.store.put_multipart(&self.path).await?;
                none.insert(WriteMultipart::new_with_chunk_size(upload, PART_BYTES))
            }
        };
        for bytes in self.held.drain(..) {
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.put(bytes);
        }
        Ok(())
    }

    /// The size of the object.
    pub(crate) async fn finish(self) -> Result<u64, VaultError> {
        match self.parts {
            Some(parts) => {
                parts.finish().await?;
            }
            None => {
                self.objects.create(&self.path, PutPayload::from_iter(self.held)).await?;
            }
        }
        Ok(self.bytes)
    }

    /// Leaves nothing behind. What the store cannot remove is no object yet.
    pub(crate) async fn abort(self) {
        if let Some(parts) = self.parts {
            let _ = parts.abort().await;
        }
    }
}

/// The sealing in the fourth part of a path.
fn sealing_of(path: &Path) -> Option<SealingId> {
    let part = path.as_ref().split('/').nth(3)?;
    let mut bytes = [0; 16];
    hex::decode_to_slice(part, &mut bytes).ok()?;
    Some(SealingId(bytes))
}
