//! What all stored objects have in common: the first 42 bytes, and how bytes of unknown origin are read.

use crate::{ObjectKind, RecordRef, VaultError};

/// The format version this build writes, and the only one it reads.
pub const FORMAT_VERSION: u16 = 2;

/// Magic (4), format version (2), record id (32), version (4).
pub(crate) const PRELUDE_BYTES: usize = 42;

fn magic(kind: ObjectKind) -> &'static [u8; 4] {
    match kind {
        ObjectKind::Manifest => b"SVLM",
        ObjectKind::Content => b"SVLC",
        ObjectKind::Envelope => b"SVLE",
        ObjectKind::Destruction => b"SVLD",
    }
}

/// Appends the prelude of an object of `kind` that belongs to `record`.
pub(crate) fn write_prelude(out: &mut Vec<u8>, kind: ObjectKind, record: RecordRef) {
    out.extend_from_slice(magic(kind));
    out.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
    out.extend_from_slice(record.record.as_bytes());
    out.extend_from_slice(&record.version.to_be_bytes());
}

/// Appends a domain-separating string with its length in front, so that no string is the beginning of another.
pub(crate) fn write_domain(out: &mut Vec<u8>, domain: &'static str) {
    // Every domain of this crate is a literal of well under 256 bytes.
    out.push(domain.len() as u8);
    out.extend_from_slice(domain.as_bytes());
}

/// Reads an object front to back without ever going past its end.
pub(crate) struct Reader<'a> {
    kind: ObjectKind,
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Reads the prelude and refuses what is not an object of `kind` belonging to `record`.
    ///
    /// The prelude is checked here in clear, so that a misplaced object gets an error of its own, and again as
    /// authenticated data, so that editing it does not help.
    pub(crate) fn past_prelude(bytes: &'a [u8], kind: ObjectKind, record: RecordRef) -> Result<Self, VaultError> {
        let mut reader = Self { kind, bytes, position: 0 };
        if reader.array::<4>()? != magic(kind) {
            return Err(VaultError::ForeignObject { kind });
        }
        let version = u16::from_be_bytes(*reader.array()?);
        if version != FORMAT_VERSION {
            return Err(VaultError::UnsupportedFormat { kind, version });
        }
        let found =
            RecordRef { record: (*reader.array::<32>()?).into(), version: u32::from_be_bytes(*reader.array()?) };
        if found != record {
            return Err(VaultError::WrongRecordOrVersion { kind, expected: record, found });
        }
        Ok(reader)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], VaultError> {
        let truncated = self.truncated(N);
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let (array, _) = rest.split_first_chunk::<N>().ok_or(truncated)?;
        self.position += N;
        Ok(array)
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], VaultError> {
        let truncated = self.truncated(len);
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let slice = rest.get(..len).ok_or(truncated)?;
        self.position += len;
        Ok(slice)
    }

    /// Everything read so far.
    pub(crate) fn consumed(&self) -> &'a [u8] {
        self.bytes.get(..self.position).unwrap_or_default()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    fn truncated(&self, wanted: usize) -> VaultError {
        VaultError::Truncated {
            kind: self.kind,
            expected: (self.position as u64).saturating_add(wanted as u64),
            actual: self.bytes.len() as u64,
        }
    }
}
