//! What can go wrong, one variant per cause.

use std::fmt;

use crate::{EncryptionPublicKey, RecordId, RecordRef};

/// The kinds of object a vault stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// The completion marker of a record version.
    Manifest,
    /// The encrypted content of a record version.
    Content,
    /// The content key, wrapped for one recipient.
    Envelope,
    /// What is left of a record that was destroyed: the list of what it consisted of.
    Destruction,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ObjectKind::Manifest => "manifest",
            ObjectKind::Content => "content",
            ObjectKind::Envelope => "envelope",
            ObjectKind::Destruction => "destruction",
        })
    }
}

/// Every error of this crate. None carries key material, salts or plaintext.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// No such record version, or its sealing was never completed.
    #[error("record {record} is not in the vault")]
    NotFound {
        /// The version asked for.
        record: RecordRef,
    },
    /// The record was destroyed, or its destruction has begun ([`crate::Vault::destroy`] completes it).
    #[error("record {record} was destroyed")]
    Destroyed {
        /// The record, with all its versions.
        record: RecordId,
    },
    /// There is nothing of this record to destroy.
    #[error("nothing of record {record} is in the vault")]
    NothingToDestroy {
        /// The record asked for.
        record: RecordId,
    },
    /// The record is sealed, but its content object is gone.
    #[error("the content of record {record} is missing from the vault")]
    ContentMissing {
        /// The version asked for.
        record: RecordRef,
    },
    /// The record was not shared with this key, or no longer is.
    #[error("record {record} has no envelope for {recipient}")]
    NoEnvelope {
        /// The version asked for.
        record: RecordRef,
        /// The key that asked.
        recipient: EncryptionPublicKey,
    },
    /// The content does not authenticate under the key of the envelope.
    #[error("the content of record {record} was tampered with")]
    ContentTampered {
        /// The version asked for.
        record: RecordRef,
    },
    /// The envelope does not authenticate under the recipient's key.
    #[error("the envelope of record {record} for {recipient} was tampered with")]
    EnvelopeTampered {
        /// The version asked for.
        record: RecordRef,
        /// The key that asked.
        recipient: EncryptionPublicKey,
    },
    /// An envelope or content of the right record and version, but of another run of sealing it: its key check is not
    /// the expected one.
    #[error("the {kind} stored for record {record} is of another sealing")]
    WrongSealing {
        /// Which object it is.
        kind: ObjectKind,
        /// The version asked for.
        record: RecordRef,
    },
    /// An envelope holds another key than its key check says. Such a key is neither used nor passed on.
    #[error("the envelope of record {record} for {recipient} holds a key of something else")]
    KeyMismatch {
        /// The version asked for.
        record: RecordRef,
        /// The key that asked.
        recipient: EncryptionPublicKey,
    },
    /// There is another envelope for this recipient; envelopes are not replaced.
    #[error("record {record} has another envelope for {recipient}")]
    OtherEnvelope {
        /// The version.
        record: RecordRef,
        /// Whom the envelope is for.
        recipient: EncryptionPublicKey,
    },
    /// Rotating a key to itself would remove the envelopes that it had just made.
    #[error("the new key is the old one")]
    RotationToItself,
    /// An object names another record or version than the one it is stored under.
    #[error("the {kind} stored for record {expected} belongs to record {found}")]
    WrongRecordOrVersion {
        /// Which object it is.
        kind: ObjectKind,
        /// The version asked for.
        expected: RecordRef,
        /// The version the object names.
        found: RecordRef,
    },
    /// An envelope names another recipient than the one it is stored under.
    #[error("the envelope stored for {expected} belongs to {found}")]
    WrongRecipient {
        /// The key that asked.
        expected: EncryptionPublicKey,
        /// The key the envelope names.
        found: EncryptionPublicKey,
    },
    /// A public key no envelope may be wrapped for: a point of low order (all-zero among them), or not the canonical
    /// encoding of a point (RFC 7748 section 5 accepts several encodings of one point; RFC 9180 binds the bytes).
    #[error("{key} is not a usable X25519 public key")]
    InvalidPublicKey {
        /// The key as given.
        key: EncryptionPublicKey,
    },
    /// A text is not 64 hexadecimal digits.
    #[error("expected 64 hexadecimal digits")]
    InvalidHex,
    /// A media type is not `type/subtype` in at most 255 printable ASCII characters.
    #[error("the media type is not type/subtype in at most 255 printable ASCII characters")]
    InvalidMediaType,
    /// Sealing for nobody: the content could never be opened.
    #[error("a record needs at least one recipient")]
    NoRecipients,
    /// Content or a stored object is larger than it may be. Nothing beyond the limit was kept in memory.
    #[error("{actual} bytes are more than the limit of {limit}")]
    TooLarge {
        /// The most that is allowed, in bytes.
        limit: u64,
        /// The size in bytes; of a stream of unknown length, how much had been seen when it was refused.
        actual: u64,
    },
    /// This record version is sealed already; a version never changes.
    #[error("record {record} is sealed already")]
    AlreadySealed {
        /// The version that exists.
        record: RecordRef,
    },
    /// An object of this vault, in a format version this build does not read.
    #[error("the {kind} has format version {version}, which is not supported")]
    UnsupportedFormat {
        /// Which object it is.
        kind: ObjectKind,
        /// The format version it states.
        version: u16,
    },
    /// The bytes are no such object of a vault at all.
    #[error("not a {kind} object of a vault")]
    ForeignObject {
        /// Which object was expected.
        kind: ObjectKind,
    },
    /// An object ends early.
    #[error("the {kind} ends after {actual} bytes, at least {expected} are needed")]
    Truncated {
        /// Which object it is.
        kind: ObjectKind,
        /// The least number of bytes that would be needed to read on.
        expected: u64,
        /// The number of bytes there are.
        actual: u64,
    },
    /// Content and salt do not add up to the commitment.
    #[error("the content does not match the commitment")]
    CommitmentMismatch,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
    /// The content to seal could not be read.
    #[error("the content to seal could not be read")]
    Source(#[source] std::io::Error),
    /// What was opened could not be written to where the caller wants it.
    #[error("the opened content could not be written")]
    Target(#[source] std::io::Error),
    /// The runtime was shut down before the work was done.
    #[error("the runtime was shut down before the work was done")]
    ShutDown,
    /// A text that should say where a vault is, is no URL.
    #[error("{url} is not a URL")]
    InvalidUrl {
        /// The text as given.
        url: String,
    },
    /// A URL of a kind of store this build has no vaults in.
    #[error("there are no vaults at {scheme}: URLs")]
    UnsupportedUrl {
        /// The scheme of the URL.
        scheme: String,
    },
    /// The folder of a local vault could not be created.
    #[error("the folder of the vault could not be created")]
    CreateFolder(#[source] std::io::Error),
    /// Objects in a local folder could not be listed or removed, or the removal not be flushed to disk.
    #[error("the folder of the vault failed")]
    Folder(#[source] std::io::Error),
    /// The object store failed.
    #[error("the object store failed")]
    Store(#[from] object_store::Error),
}
