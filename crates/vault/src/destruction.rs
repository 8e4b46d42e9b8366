//! The list of what was destroyed of a record: what it is made of, and how it is stored.

use sha2::{Digest, Sha256};

use crate::{
    format::{write_domain, write_prelude, Reader},
    ObjectKind, RecordId, RecordRef, VaultError,
};

const DIGEST_DOMAIN: &str = "salus/vault-destruction/v2";

/// An object that was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DestroyedObject {
    /// Its path in the store. In a local vault this may also be a file that a write left unfinished.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Proof of what was destroyed of a record: every object that there was of any version, complete or not. Nobody gets
/// content or key from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    record: RecordId,
    objects: Vec<DestroyedObject>,
}

impl Destruction {
    /// `objects` in any order. Of two with one path only one is kept.
    pub(crate) fn new(record: RecordId, mut objects: Vec<DestroyedObject>) -> Self {
        objects.sort_unstable();
        objects.dedup_by(|one, other| one.path == other.path);
        Self { record, objects }
    }

    /// The record that was destroyed.
    pub fn record(&self) -> RecordId {
        self.record
    }

    /// What was destroyed, in the order of the paths.
    pub fn objects(&self) -> &[DestroyedObject] {
        &self.objects
    }

    /// The one encoding: prelude, number of objects (4), and of each the length of its path (2), path, size (8), SHA-256
    /// (32).
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_prelude(&mut bytes, ObjectKind::Destruction, of_record(self.record));
        // Neither numbers of objects nor paths of a store come near these limits: keys of S3 have at most 1024 bytes,
        // paths of a file system 4096.
        bytes.extend_from_slice(&(self.objects.len() as u32).to_be_bytes());
        for object in &self.objects {
            bytes.extend_from_slice(&(object.path.len() as u16).to_be_bytes());
            bytes.extend_from_slice(object.path.as_bytes());
            bytes.extend_from_slice(&object.bytes.to_be_bytes());
            bytes.extend_from_slice(&object.sha256);
        }
        bytes
    }

    /// Reads [`Destruction::encode`], and nothing else: paths that are not ascending are refused.
    ///
    /// Errors: [`VaultError::ForeignObject`], [`VaultError::UnsupportedFormat`],
    /// [`VaultError::WrongRecordOrVersion`], [`VaultError::Truncated`].
    pub fn decode(bytes: &[u8], record: RecordId) -> Result<Self, VaultError> {
        let foreign = || VaultError::ForeignObject { kind: ObjectKind::Destruction };
        let mut reader = Reader::past_prelude(bytes, ObjectKind::Destruction, of_record(record))?;
        let count = u32::from_be_bytes(*reader.array()?);
        let mut objects: Vec<DestroyedObject> = vec![];
        for _ in 0..count {
            let len = u16::from_be_bytes(*reader.array()?);
            let path = reader.slice(usize::from(len))?.to_vec();
            let path = String::from_utf8(path).map_err(|_| foreign())?;
            if objects.last().is_some_and(|last| last.path >= path) {
                return Err(foreign());
            }
            let bytes = u64::from_be_bytes(*reader.array()?);
            objects.push(DestroyedObject { path, bytes, sha256: *reader.array()? });
        }
        match reader.is_at_end() {
            true => Ok(Self { record, objects }),
            false => Err(foreign()),
        }
    }

    /// `SHA-256(len(domain) as one byte || domain || encoding)`: what can be published in its place.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        write_domain(&mut bytes, DIGEST_DOMAIN);
        Sha256::new().chain_update(bytes).chain_update(self.encode()).finalize().into()
    }
}

/// What concerns a record as a whole has version 0 in its prelude.
pub(crate) fn of_record(record: RecordId) -> RecordRef {
    RecordRef { record, version: 0 }
}
