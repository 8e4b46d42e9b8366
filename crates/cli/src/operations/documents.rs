//! Reading documents from files, within bounds.

use super::OperationError;
use salus_client::AccountId32;
use salus_fhir::directory::Directory;
use std::io::Read;
use std::path::Path;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}\n  next: check the path")]
    Unreadable(String, std::io::Error),
    /// It is too large.
    #[error("{file} is larger than {limit} bytes\n  next: give the document itself")]
    TooLarge {
        /// The file.
        file: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

/// The bytes of a document, at most as many as a FHIR document may have. A larger file is not read into memory.
///
/// # Errors
/// [`FileError`].
pub fn read(file: &Path) -> Result<Vec<u8>, FileError> {
    let limit = salus_fhir::MAX_DOCUMENT as u64;
    let name = file.display().to_string();
    let unreadable = |error| FileError::Unreadable(name.clone(), error);
    let mut bytes = Vec::new();
    std::fs::File::open(file).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { file: name, limit });
    }
    Ok(bytes)
}

/// A document of a file, and the file's name for errors.
#[derive(Clone, Debug)]
pub struct Document {
    /// The name of the file.
    pub file: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(file: &Path) -> Result<Self, FileError> {
        Ok(Self { file: file.display().to_string(), bytes: read(file)? })
    }

    /// Compiles the document with one of `salus_fhir`'s functions.
    ///
    /// # Errors
    /// [`OperationError::Document`].
    pub fn compile<T>(
        &self,
        compile: impl FnOnce(&[u8]) -> Result<T, salus_fhir::Refused>,
    ) -> Result<T, OperationError> {
        compile(&self.bytes).map_err(|refused| OperationError::Document { file: self.file.clone(), refused })
    }

    /// The account that a reference of the document stands for: see [`resolve`].
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve(
        &self,
        directory: &Directory,
        element: &'static str,
        reference: &str,
    ) -> Result<AccountId32, OperationError> {
        resolve(&self.file, directory, element, reference)
    }

    /// Fails unless a reference of the document stands for `expected`.
    ///
    /// # Errors
    /// As [`ensure_is_one_of`].
    pub fn ensure_is(
        &self,
        directory: &Directory,
        element: &'static str,
        reference: &str,
        expected: &AccountId32,
    ) -> Result<(), OperationError> {
        ensure_is_one_of(&self.file, directory, element, reference, std::slice::from_ref(expected))
    }
}

/// The account that a reference of a file stands for.
///
/// # Errors
/// [`OperationError::UnknownReference`].
pub fn resolve(
    file: &str,
    directory: &Directory,
    element: &'static str,
    reference: &str,
) -> Result<AccountId32, OperationError> {
    let account = directory.account(reference).ok_or_else(|| OperationError::UnknownReference {
        file: file.to_owned(),
        element,
        reference: reference.to_owned(),
    })?;
    Ok(AccountId32(account.0))
}

/// Fails unless a reference of a file stands for one of `expected`.
///
/// # Errors
/// [`OperationError::UnknownReference`], [`OperationError::WrongParty`].
pub fn ensure_is_one_of(
    file: &str,
    directory: &Directory,
    element: &'static str,
    reference: &str,
    expected: &[AccountId32],
) -> Result<(), OperationError> {
    let named = resolve(file, directory, element, reference)?;
    if expected.contains(&named) {
        return Ok(());
    }
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    Err(OperationError::WrongParty {
        file: file.to_owned(),
        element,
        named: named.to_string(),
        expected: expected.join(" or "),
    })
}
