//! What is done for a patient, in a batch, by a proxy or by a signature that anybody relays.

use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::codes::Power;
use salus_domain::commitment::{self, Blake2b256};
use salus_domain::consent::Consent;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::time::Timestamp;

use super::ConsentError;

/// How many orders one message carries out at the most.
pub const MAX_ORDERS: usize = 128;

/// What is to be done with a patient's consents.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Instruction {
    /// Record a consent.
    Record(Consent),
    /// Replace a consent by another text.
    Amend(ConsentId, Consent),
    /// Revoke a consent.
    Revoke(ConsentId),
    /// Revoke every consent.
    RevokeAll,
    /// Accept what this account proposes, if it is what the hash says: [`commitment::proposal`].
    Accept(AccountId, Hash),
    /// Reject what this account proposes.
    Reject(AccountId),
    /// Make this account a proxy, or change what it may do. Only the patient can.
    NameProxy(AccountId, Mandate),
    /// Take an account's mandate back. The proxy can do so too.
    RemoveProxy(AccountId),
}

impl Instruction {
    /// The power that a proxy needs for it; `None`: no mandate gives it.
    #[must_use]
    pub const fn power(&self) -> Option<Power> {
        match self {
            Self::Record(_) => Some(Power::Record),
            Self::Amend(..) => Some(Power::Amend),
            Self::Revoke(_) | Self::RevokeAll => Some(Power::Revoke),
            Self::Accept(..) | Self::Reject(_) => Some(Power::Answer),
            Self::NameProxy(..) | Self::RemoveProxy(_) => None,
        }
    }
}

/// An instruction, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Order {
    /// Whose consents it is about.
    pub patient: AccountId,
    /// What is to be done.
    pub instruction: Instruction,
}

/// An order that was signed off line, for anybody to relay.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SignedOrder {
    /// What is to be done, and for whom.
    pub order: Order,
    /// The proxy who signed; `None`: the patient did.
    pub proxy: Option<AccountId>,
    /// The signer's next nonce: each is used once, in order.
    pub nonce: u32,
    /// The first moment at which it is too late, in Unix milliseconds.
    pub deadline: Timestamp,
    /// The sr25519 signature of [`SignedOrder::signed_bytes`], with the signing context `substrate`.
    pub signature: [u8; 64],
}

/// Where a signature counts: on one chain, for one contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Place {
    /// The hash of the chain's genesis block.
    pub genesis: Hash,
    /// The address of the contract.
    pub contract: AccountId,
}

impl SignedOrder {
    /// Who signed.
    #[must_use]
    pub const fn signer(&self) -> AccountId {
        match self.proxy {
            Some(proxy) => proxy,
            None => self.order.patient,
        }
    }

    /// What is signed: everything but the signature, and where it counts. See [`commitment::order`].
    pub fn signed_bytes(&self, hash: &impl Blake2b256, place: &Place) -> Vec<u8> {
        commitment::order(hash, &(place, &self.order, &self.proxy, self.nonce, self.deadline))
    }
}

/// What an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Done {
    /// A consent is recorded, or a proposal accepted: the consent's id.
    Recorded(ConsentId),
    /// A consent is amended: its revision.
    Amended(u32),
    /// Consents are revoked: how many.
    Revoked(u32),
    /// A proposal is rejected.
    Rejected,
    /// A proxy is named.
    ProxyNamed,
    /// A proxy is removed.
    ProxyRemoved,
}

impl Done {
    /// The id of the consent that is recorded.
    #[must_use]
    pub const fn recorded(self) -> Option<ConsentId> {
        match self {
            Self::Recorded(id) => Some(id),
            _ => None,
        }
    }

    /// The revision of the consent that is amended.
    #[must_use]
    pub const fn amended(self) -> Option<u32> {
        match self {
            Self::Amended(revision) => Some(revision),
            _ => None,
        }
    }

    /// How many consents are revoked.
    #[must_use]
    pub const fn revoked(self) -> Option<u32> {
        match self {
            Self::Revoked(count) => Some(count),
            _ => None,
        }
    }
}

/// Why a relayed order was not carried out. It wrote nothing, and its nonce is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum RelayError {
    /// Its deadline is over.
    DeadlineOver,
    /// Its nonce was used before: it is a replay, or was overtaken.
    NonceUsed,
    /// An order with an earlier nonce is missing.
    NonceAhead,
    /// The signature is not the signer's for this order, on this chain, for this contract.
    BadSignature,
    /// The order itself was refused.
    Refused(ConsentError),
}

/// An order that was carried out, as an event tells it.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct CarriedOut {
    /// What was to be done, and for whom.
    pub order: Order,
    /// The proxy who acted; `None`: the patient did.
    pub proxy: Option<AccountId>,
    /// The signer's nonce that it used; `None`: it was not relayed.
    pub nonce: Option<u32>,
    /// What it did.
    pub done: Done,
    /// The patient's epoch after it.
    pub epoch: u32,
}
