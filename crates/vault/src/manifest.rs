//! The manifest: written last, it makes a sealing the record version.

use crate::{
    format::{write_prelude, Reader, PRELUDE_BYTES},
    key::{KeyCheck, KEY_CHECK_BYTES},
    ObjectKind, RecordRef, VaultError,
};

/// The random name of one run of `seal`, under which its objects are stored. Two runs for the same version never
/// share an object, so neither can spoil the other's; the manifest says whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealingId(pub(crate) [u8; 16]);

impl std::fmt::Display for SealingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Which sealing is the record version.
#[derive(Clone, Copy)]
pub(crate) struct Manifest {
    pub(crate) sealing: SealingId,
    pub(crate) check: KeyCheck,
}

impl Manifest {
    pub(crate) fn write(&self, record: RecordRef) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PRELUDE_BYTES + 16 + KEY_CHECK_BYTES);
        write_prelude(&mut bytes, ObjectKind::Manifest, record);
        bytes.extend_from_slice(&self.sealing.0);
        bytes.extend_from_slice(&self.check.0);
        bytes
    }

    /// Errors: `ForeignObject`, `UnsupportedFormat`, `WrongRecordOrVersion`, `Truncated`.
    pub(crate) fn read(bytes: &[u8], record: RecordRef) -> Result<Self, VaultError> {
        let mut reader = Reader::past_prelude(bytes, ObjectKind::Manifest, record)?;
        let manifest = Self { sealing: SealingId(*reader.array()?), check: KeyCheck(*reader.array()?) };
        if !reader.is_at_end() {
            return Err(VaultError::ForeignObject { kind: ObjectKind::Manifest });
        }
        Ok(manifest)
    }
}
