//! What the log says of one request.

use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::time::Timestamp;
use salus_interface::access::Refusal;
use scale::{Decode, DecodeAll, Encode};

/// An entry of the log, SCALE-encoded. The index of the variant is the version of the format.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Entry {
    /// The first format.
    #[codec(index = 1)]
    V1(EntryV1),
}

/// What was asked for, in which final block it was decided, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EntryV1 {
    /// When, by the service's clock.
    pub at: Timestamp,
    /// Which record.
    pub record: RecordId,
    /// Which version; 0: the record as a whole.
    pub version: u32,
    /// Whose data it is.
    pub patient: Account,
    /// Who asked.
    pub accessor: Account,
    /// What the permit says; `None` where none was found, or none was needed.
    pub permit: Option<Permit>,
    /// The number of the final block as of which it was decided.
    pub head_number: u64,
    /// Its hash.
    pub head_hash: Hash,
    /// What came of it.
    pub outcome: Outcome,
    /// Random, so that nobody who only sees the leaf can guess the rest.
    pub salt: [u8; 16],
}

/// The permit that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Permit {
    /// The number of the block in which it stands.
    pub block: u64,
    /// Its place among the events of that block.
    pub event: u32,
    /// For what.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// Under which share link.
    pub link: Option<Account>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// The envelope for this X25519 key was handed out.
    #[codec(index = 0)]
    Released {
        /// The key.
        key: [u8; 32],
    },
    /// Nothing was handed out.
    #[codec(index = 1)]
    Refused(Reason),
    /// The vault's objects of an erased record were destroyed.
    #[codec(index = 2)]
    Erased {
        /// The digest of what was destroyed.
        digest: Hash,
    },
    /// An envelope for this key is put into the vault. Written before it is done; where the vault refuses the bytes, nothing
    /// is put.
    #[codec(index = 3)]
    EnvelopePut {
        /// The key.
        key: [u8; 32],
    },
    /// The envelope for this key is taken out of the vault. Written before it is done.
    #[codec(index = 4)]
    EnvelopeRemoved {
        /// The key.
        key: [u8; 32],
    },
    /// The vault's objects of an erased record are about to be destroyed. What there was is in the entry that follows.
    #[codec(index = 5)]
    ErasureBegun,
}

/// Why nothing was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reason {
    /// The block of the permit is not final.
    #[codec(index = 0)]
    PermitNotFinal,
    /// There is no decision at that place.
    #[codec(index = 1)]
    NoPermit,
    /// The decision is about somebody else.
    #[codec(index = 2)]
    OtherAccessor,
    /// The decision is about another record.
    #[codec(index = 3)]
    OtherRecord,
    /// The decision is about another version.
    #[codec(index = 4)]
    OtherVersion,
    /// The decision is a refusal.
    #[codec(index = 5)]
    PermitRefused(Refusal),
    /// The permit is over.
    #[codec(index = 6)]
    PermitOver,
    /// The contract, asked again, refuses.
    #[codec(index = 7)]
    Refused(Refusal),
    /// The contract, asked again, permits another version.
    #[codec(index = 8)]
    Superseded,
    /// The caller has no key on the chain, or not the one that it asked for.
    #[codec(index = 9)]
    KeyRevoked,
    /// The vault has no envelope for the key.
    #[codec(index = 10)]
    NoEnvelope,
    /// The permit is for an action that does not need the content.
    #[codec(index = 11)]
    OtherAction,
}

/// Bytes that are no entry of a known format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not an entry of a log of releases")]
pub struct NotAnEntry;

impl Entry {
    /// Reads an entry, whoever it is from.
    ///
    /// # Errors
    /// [`NotAnEntry`], also where bytes are left over.
    pub fn decode_bytes(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        Self::decode_all(&mut &*bytes).map_err(|_| NotAnEntry)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn entry(outcome: Outcome) -> EntryV1 {
        EntryV1 {
            at: Timestamp(5),
            record: RecordId([1; 32]),
            version: 2,
            patient: Account([3; 32]),
            accessor: Account([4; 32]),
            permit: Some(Permit { block: 6, event: 7, purpose: Purpose::Treat, action: Action::Access, link: None }),
            head_number: 8,
            head_hash: Hash([9; 32]),
            outcome,
            salt: [10; 16],
        }
    }

    #[test]
    fn an_entry_is_what_was_encoded() {
        for outcome in [
            Outcome::Released { key: [1; 32] },
            Outcome::Refused(Reason::Refused(Refusal::NoConsent)),
            Outcome::Erased { digest: Hash([2; 32]) },
        ] {
            let written = Entry::V1(entry(outcome));
            let bytes = written.encode();
            assert_eq!(bytes[0], 1, "the version");
            assert_eq!(Entry::decode_bytes(&bytes), Ok(written));
        }
    }

    #[test]
    fn bytes_that_are_left_over_or_missing_are_refused() {
        let bytes = Entry::V1(entry(Outcome::Released { key: [1; 32] })).encode();
        for length in 0..bytes.len() {
            assert_eq!(Entry::decode_bytes(&bytes[..length]), Err(NotAnEntry));
        }
        assert_eq!(Entry::decode_bytes(&[bytes, vec![0]].concat()), Err(NotAnEntry));
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_an_entry_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(entry) = Entry::decode_bytes(&bytes) {
                prop_assert_eq!(entry.encode(), bytes);
            }
        }

        #[test]
        fn a_damaged_entry_is_an_entry_or_refused(at in 0usize..200, to in any::<u8>()) {
            let mut bytes = Entry::V1(entry(Outcome::Refused(Reason::NoPermit))).encode();
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(entry) = Entry::decode_bytes(&bytes) {
                prop_assert_eq!(entry.encode(), bytes);
            }
        }
    }
}
