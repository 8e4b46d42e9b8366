//! Reading documents from files, within bounds.

use super::OperationError;
use salus_client::AccountId32;
use salus_fhir::directory::Directory;
use salus_fhir::{Refused, RefusedReason};
use serde::de::IgnoredAny;
use std::io::Read;
use std::path::Path;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}\n  next: check the path")]
    Unreadable(String, std::io::Error),
    /// It is too large.
    #[error("{file} is larger than {} MiB\n  next: {}", limit >> 20, if *bundles { "split it: any number of files and folders are read" } else { "make it smaller, or check the path" })]
    TooLarge {
        /// The file.
        file: String,
        /// The limit, in bytes.
        limit: u64,
        /// Whether it was read where any number of files and Bundles are.
        bundles: bool,
    },
}

/// A format in which documents come, and that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Format {
    /// UTF-8 behind a byte order mark, which JSON does not have (RFC 8259, 8.1).
    #[error("it begins with a byte order mark\n  next: save it as UTF-8 without one")]
    ByteOrderMark,
    /// UTF-16.
    #[error("it is UTF-16\n  next: save it as UTF-8")]
    Utf16,
    /// XML.
    #[error("it is XML, which is not read\n  next: get it as JSON")]
    Xml,
    /// Several JSON documents one behind the other: NDJSON, JSON Lines.
    #[error("it holds several JSON documents\n  next: give each a file of its own{}", if *bundles { ", or put them into a Bundle" } else { "" })]
    Several {
        /// Whether it was read where Bundles are.
        bundles: bool,
    },
}

impl Format {
    /// The format of what is not one JSON document, where it is one of these.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => return Some(Self::ByteOrderMark),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'{', ..] | [b'{', 0, ..] => return Some(Self::Utf16),
            _ if bytes.trim_ascii_start().first() == Some(&b'<') => return Some(Self::Xml),
            _ => {}
        }
        let mut all = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
        matches!([all.next(), all.next()], [Some(Ok(_)), Some(Ok(_))]).then_some(Self::Several { bundles: false })
    }
}

/// Why a file's document was refused: where it is not JSON at all, by its format.
#[must_use]
pub fn refused(file: String, bytes: &[u8], refused: Refused) -> OperationError {
    let is_json = !matches!(refused.reason, RefusedReason::NotJson { .. });
    match Format::of(bytes).filter(|_| !is_json) {
        Some(format) => OperationError::Format { file, format },
        None => OperationError::Document { file, refused },
    }
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
        return Err(FileError::TooLarge { file: name, limit, bundles: false });
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
    /// [`OperationError::Document`], [`OperationError::Format`].
    pub fn compile<T>(&self, compile: impl FnOnce(&[u8]) -> Result<T, Refused>) -> Result<T, OperationError> {
        compile(&self.bytes).map_err(|error| refused(self.file.clone(), &self.bytes, error))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn read_as(bytes: &[u8]) -> String {
        let document = Document { file: "t.json".into(), bytes: bytes.to_vec() };
        let failure = document.compile(salus_fhir::coverage::compile).map_err(Failure::from).err();
        failure.map(|it| format!("{} {}: {}", it.code, it.message, it.next_step)).unwrap_or_default()
    }

    #[test]
    fn what_is_not_json_is_called_by_its_format() {
        let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, said, next) in [
            (b"\xef\xbb\xbf{}".as_slice(), "it begins with a byte order mark", "save it as UTF-8 without one"),
            (b"\xff\xfe{\0", "it is UTF-16", "save it as UTF-8"),
            (&utf16, "it is UTF-16", "save it as UTF-8"),
            (b"\n <Coverage/>", "it is XML, which is not read", "get it as JSON"),
            (b"{}\n{}\n", "it holds several JSON documents", "give each a file of its own"),
        ] {
            assert_eq!(read_as(bytes), format!("document t.json: {said}: {next}"));
        }
        assert!(read_as(b"{").contains("this is not JSON"));
        assert!(read_as(b"{\"resourceType\":\"Patient\"}").contains("Patient"));
    }

    #[test]
    fn a_claim_for_another_insurer_is_about_the_plan_and_one_of_another_provider_about_who_signs() {
        let [ours, theirs] = [[1; 32], [2; 32]].map(AccountId32);
        let directory: Directory =
            [("Organization/x".to_owned(), salus_domain::ids::Account(theirs.0))].into_iter().collect();
        let next = |element| {
            let named = ensure_is_one_of("t.json", &directory, element, "Organization/x", &[ours]);
            named.map_err(Failure::from).err().map(|failure| failure.next_step).unwrap_or_default()
        };
        assert!(next("Claim.insurer").contains("`salus plan show`"));
        assert!(next("CoverageEligibilityRequest.insurer").contains("--plan"));
        assert!(next("Claim.provider").starts_with("sign as"));
    }
}
