//! Opening into a file.

use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{folder, EncryptionKeyPair, RecordRef, Unsealed, Vault, VaultError};

/// How much is handed to the file at a time.
const WRITE_BYTES: usize = 2 * 1024 * 1024;

impl Vault {
    /// Decrypts a record version into a file, which is replaced if it exists.
    ///
    /// The content goes to a file next to it that only its owner may read (0600), is flushed to disk, and takes its place
    /// when all of it is authentic and, if `commitment` is given, the content that it commits to. Otherwise nothing is
    /// left. The file keeps those permissions.
    ///
    /// Errors: those of [`Vault::open_to`], [`VaultError::CommitmentMismatch`].
    pub async fn open_file(
        &self,
        record: RecordRef,
        key: &EncryptionKeyPair,
        file: impl AsRef<Path>,
        commitment: Option<&[u8; 32]>,
    ) -> Result<Unsealed, VaultError> {
        let target = file.as_ref().to_path_buf();
        // `Path::parent` of a bare name is empty.
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        // Removed when dropped.
        let partial = tempfile::Builder::new().prefix(".salus-").suffix(".partial").tempfile_in(&folder);
        let partial = partial.map_err(VaultError::Target)?;
        let handle = partial.as_file().try_clone().map_err(VaultError::Target)?;
        let mut out = tokio::fs::File::from_std(handle);
        out.set_max_buf_size(WRITE_BYTES);
        let unsealed = self.open_to(record, key, &mut out).await?;
        if let Some(commitment) = commitment {
            unsealed.verify_commitment(commitment)?;
        }
        out.sync_all().await.map_err(VaultError::Target)?;
        drop(out);
        put_in_place(partial, &target, &folder)?;
        Ok(unsealed)
    }
}

fn put_in_place(partial: NamedTempFile, target: &Path, folder: &Path) -> Result<(), VaultError> {
    partial.persist(target).map_err(|error| VaultError::Target(error.error))?;
    folder::flush(folder).map_err(VaultError::Target)
}
