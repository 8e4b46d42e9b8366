//! A vault's folder where the object store is a local one: what an object store has no words for.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::VaultError;

/// The root folder of a local vault.
#[derive(Clone)]
pub(crate) struct Folder(PathBuf);

/// A file in a folder.
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    /// Relative to the root, with `/` between its parts.
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

impl Folder {
    /// Creates folders that do not exist, with permissions 0700.
    ///
    /// Errors: `CreateFolder`.
    pub(crate) fn create(path: &Path) -> Result<Self, VaultError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(VaultError::CreateFolder)?;
        path.canonicalize().map(Self).map_err(VaultError::CreateFolder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Flushes to disk that an object is there no more.
    pub(crate) async fn flush_removal(&self, object: &object_store::path::Path) -> Result<(), VaultError> {
        let file = object.parts().fold(self.0.clone(), |path, part| path.join(part.as_ref()));
        blocking(move || flush(file.parent().unwrap_or(&file))).await
    }

    /// Every file below, those that the object store does not show included, in order.
    pub(crate) async fn files_below(&self, prefix: &object_store::path::Path) -> Result<Vec<FoundFile>, VaultError> {
        let root = self.0.clone();
        let start = prefix.parts().fold(self.0.clone(), |path, part| path.join(part.as_ref()));
        blocking(move || {
            let mut found = vec![];
            collect(&root, &start, &mut found)?;
            found.sort_unstable_by(|one: &FoundFile, other| one.name.cmp(&other.name));
            Ok(found)
        })
        .await
    }

    /// Removes files, and flushes to disk that they are there no more. One that is gone already is no error.
    pub(crate) async fn remove(&self, files: Vec<PathBuf>) -> Result<(), VaultError> {
        blocking(move || {
            let mut folders: Vec<PathBuf> = vec![];
            for file in files {
                absent_is_fine(std::fs::remove_file(&file))?;
                folders.extend(file.parent().map(Path::to_path_buf));
            }
            folders.sort_unstable();
            folders.dedup();
            folders.iter().try_for_each(|folder| flush(folder))
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, VaultError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(VaultError::Folder),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(VaultError::ShutDown),
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<FoundFile>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        // Not of what a link points to: only what is in the folder is the vault's.
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            collect(root, &path, found)?;
            continue;
        }
        let parts = path.strip_prefix(root).unwrap_or(&path).iter().map(|part| part.to_string_lossy());
        let name = parts.collect::<Vec<_>>().join("/");
        found.push(FoundFile { name, bytes: metadata.len(), path });
    }
    Ok(())
}

/// Flushes a folder's entries to disk. Elsewhere than on Unix folders cannot be flushed.
pub(crate) fn flush(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    absent_is_fine(std::fs::File::open(folder).and_then(|folder| folder.sync_all()))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
