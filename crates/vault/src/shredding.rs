//! Destroying a record so that it can be shown what was destroyed.

use std::path::PathBuf;

use futures_util::{stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use tokio::io::AsyncRead;

use crate::{
    destruction::{of_record, DestroyedObject, Destruction},
    format::write_prelude,
    store::{closed_path, destroyed_path, record_path, Objects},
    ObjectKind, RecordId, Vault, VaultError,
};

/// The longest list of what was destroyed that is read: some hundred thousand objects.
const MAX_DESTRUCTION_BYTES: u64 = 64 * 1024 * 1024;

/// An object of a record, whatever it is.
struct Remains {
    name: String,
    bytes: u64,
    place: Place,
}

enum Place {
    Object(Path),
    /// In a local vault, where there are files that are no objects.
    File(PathBuf),
}

impl Vault {
    /// Destroys a record: all of its versions, and whatever interrupted runs left of them. From the first step on it
    /// cannot be sealed, opened or shared any more, nor ever again ([`VaultError::Destroyed`]).
    ///
    /// First the record is closed, then the list of its objects is written, and only then are they removed: envelopes
    /// first, then manifests, then the rest. Doing it again, after an interruption or not, removes what is still there,
    /// and gives the same list. In a local vault the removal is flushed to disk.
    ///
    /// Errors: [`VaultError::NothingToDestroy`], [`VaultError::Store`], [`VaultError::Folder`],
    /// [`VaultError::ShutDown`], and those of [`Destruction::decode`] where the list in the store is none.
    pub async fn destroy(&self, record: &RecordId) -> Result<Destruction, VaultError> {
        let destruction = match self.destruction(record).await? {
            Some(destruction) => destruction,
            None => self.list_for_destruction(record).await?,
        };
        let mut remains = self.objects.remains(record).await?;
        let mut stages = [vec![], vec![], vec![]];
        for found in remains.drain(..) {
            let stage = match found.name.split('/').collect::<Vec<_>>()[..] {
                [.., "envelopes", _] => &mut stages[0],
                [.., "manifest"] => &mut stages[1],
                _ => &mut stages[2],
            };
            stage.push(found.place);
        }
        for stage in stages {
            self.objects.remove(stage).await?;
        }
        Ok(destruction)
    }

    /// What was destroyed of a record, if it was. Its removal may still have to be completed ([`Vault::destroy`]).
    ///
    /// Errors: [`VaultError::TooLarge`], [`VaultError::Store`], and those of [`Destruction::decode`].
    pub async fn destruction(&self, record: &RecordId) -> Result<Option<Destruction>, VaultError> {
        let bytes = self.objects.read(&destroyed_path(record), MAX_DESTRUCTION_BYTES).await?;
        bytes.map(|bytes| Destruction::decode(&bytes, *record)).transpose()
    }

    async fn list_for_destruction(&self, record: &RecordId) -> Result<Destruction, VaultError> {
        let closed = closed_path(record);
        if !self.objects.exists(&closed).await? {
            if self.objects.remains(record).await?.is_empty() {
                return Err(VaultError::NothingToDestroy { record: *record });
            }
            let mut bytes = vec![];
            write_prelude(&mut bytes, ObjectKind::Destruction, of_record(*record));
            self.objects.create(&closed, bytes).await?;
        }
        // Whatever was sealed or shared before it was closed is in this list; what comes later is withdrawn by who
        // writes it.
        let mut objects = vec![];
        for found in self.objects.remains(record).await? {
            if let Some(sha256) = self.objects.digest(&found.place).await? {
                objects.push(DestroyedObject { path: found.name, bytes: found.bytes, sha256 });
            }
        }
        let destruction = Destruction::new(*record, objects);
        if self.objects.create(&destroyed_path(record), destruction.encode()).await? {
            return Ok(destruction);
        }
        // Another run was faster, and may have removed things before they were listed here.
        self.destruction(record).await?.ok_or(VaultError::Destroyed { record: *record })
    }
}

impl Objects {
    /// Everything below a record but what says that it was destroyed.
    async fn remains(&self, record: &RecordId) -> Result<Vec<Remains>, VaultError> {
        let below = record_path(record);
        let mut remains: Vec<_> = match &self.folder {
            Some(folder) => {
                let files = folder.files_below(&below).await?.into_iter();
                files
                    .map(|file| Remains { name: file.name, bytes: file.bytes, place: Place::File(file.path) })
                    .collect()
            }
            None => {
                let objects = self.store.list(Some(&below));
                let remains = objects.map_ok(|object| Remains {
                    name: object.location.to_string(),
                    bytes: object.size,
                    place: Place::Object(object.location),
                });
                remains.try_collect().await?
            }
        };
        let kept = [closed_path(record).to_string(), destroyed_path(record).to_string()];
        remains.retain(|found| !kept.contains(&found.name));
        Ok(remains)
    }

    /// SHA-256 of an object; nothing if it is gone.
    async fn digest(&self, place: &Place) -> Result<Option<[u8; 32]>, VaultError> {
        let reader: Box<dyn AsyncRead + Send + Unpin> = match place {
            Place::Object(path) => match self.get(path, u64::MAX).await? {
                Some(object) => object.reader(),
                None => return Ok(None),
            },
            Place::File(path) => match tokio::fs::File::open(path).await {
                Ok(file) => Box::new(file),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(VaultError::Folder(error)),
            },
        };
        let digest = crate::digest_reader(reader).await;
        digest.map(|digest| Some(*digest.as_bytes()))
    }

    async fn remove(&self, places: Vec<Place>) -> Result<(), VaultError> {
        let (mut files, mut objects) = (vec![], vec![]);
        for place in places {
            match place {
                Place::File(path) => files.push(path),
                Place::Object(path) => objects.push(Ok(path)),
            }
        }
        if let Some(folder) = &self.folder {
            folder.remove(files).await?;
        }
        let mut deleted = self.store.delete_stream(stream::iter(objects).boxed());
        while let Some(deleted) = deleted.next().await {
            match deleted {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
