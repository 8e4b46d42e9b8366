//! The newest final block that was ever seen, in a file: a service that starts again does not believe a node that is behind.

use scale::{Decode, DecodeAll, Encode};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeenError {
    /// It cannot be read.
    #[error("the file of the newest block, {0}, cannot be read")]
    Read(PathBuf, #[source] io::Error),
    /// It is not one.
    #[error("{0} is not a file of the newest block")]
    Damaged(PathBuf),
}

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Newest {
    pub number: u64,
    pub hash: [u8; 32],
}

pub(super) struct Seen {
    file: PathBuf,
    newest: Option<Newest>,
    /// The number that is in the file. Whoever asked may have given up while its block was being written: it must not come
    /// after a newer one.
    written: Arc<Mutex<u64>>,
}

impl Seen {
    pub(super) fn open(file: PathBuf) -> Result<Self, SeenError> {
        let newest = match std::fs::read(&file) {
            Ok(bytes) => {
                let newest = Newest::decode_all(&mut bytes.as_slice());
                Some(newest.map_err(|_| SeenError::Damaged(file.clone()))?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(SeenError::Read(file, error)),
        };
        let written = Arc::new(Mutex::new(newest.map_or(0, |newest| newest.number)));
        Ok(Self { file, newest, written })
    }

    pub(super) const fn newest(&self) -> Option<Newest> {
        self.newest
    }

    /// Writes a newer block down before anybody uses it. Tells whether it is another one than before.
    pub(super) async fn advance(&mut self, number: u64, hash: [u8; 32]) -> io::Result<bool> {
        let newest = Newest { number, hash };
        if self.newest == Some(newest) {
            return Ok(false);
        }
        let (file, written) = (self.file.clone(), Arc::clone(&self.written));
        let write = move || {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            if number >= *written {
                replace(&file, &newest.encode())?;
                *written = number;
            }
            Ok::<_, io::Error>(())
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)??;
        self.newest = Some(newest);
        Ok(true)
    }
}

/// Replaces a file, durably: all of it or nothing. What an interrupted run left behind is written over.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".new");
    let mut new = File::create(&unfinished)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_seen_outlives_the_process() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("head");
        let mut seen = Seen::open(file.clone())?;
        assert_eq!(seen.newest(), None);
        assert!(seen.advance(7, [1; 32]).await?);
        assert!(!seen.advance(7, [1; 32]).await?);
        assert_eq!(Seen::open(file.clone())?.newest(), Some(Newest { number: 7, hash: [1; 32] }));
        std::fs::write(&file, b"something else")?;
        assert!(matches!(Seen::open(file), Err(SeenError::Damaged(_))), "never taken for a chain without a past");
        Ok(())
    }
}
