//! Newtypes for what identifies something. No bare integer or byte array crosses a function boundary as an id.

use scale::{Decode, Encode};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    };
}

id! {
    /// An account of the chain: its 32-byte public identifier (Substrate `AccountId32`).
    Account([u8; 32])
}
id! {
    /// A consent of one patient: a number that counts up from 0 for each patient. `(patient, ConsentId)` is unique.
    ConsentId(u32)
}
id! {
    /// A record on the chain, by the hash from which [`crate::commitment::record_id`] makes it.
    RecordId([u8; 32])
}
id! {
    /// An insurance plan of the claims contract: a number that counts up from 0.
    PlanId(u32)
}
id! {
    /// A claim of the claims contract, by the hash from which [`crate::commitment::claim_id`] makes it.
    ClaimId([u8; 32])
}
id! {
    /// A 32-byte hash or commitment.
    Hash([u8; 32])
}
id! {
    /// The salted commitment to a procedure code: the first 16 bytes of a keyed hash. See [`crate::commitment`].
    CodeTag([u8; 16])
}
