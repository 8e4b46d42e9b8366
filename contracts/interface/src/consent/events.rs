//! What the registry tells. Together with the blocks' times, events are enough to rebuild its whole state.

use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::consent::Consent;

use super::CarriedOut;

/// Somebody asks a patient for a consent, in place of what the same account asked for before.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ConsentProposed {
    /// The patient.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// Who asks.
    pub proposer: AccountId,
    /// What for.
    pub consent: Consent,
}

/// Who proposed something took it back.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ProposalWithdrawn {
    /// The patient.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// Who asked.
    pub proposer: AccountId,
}

/// Orders were carried out one after the other: of a batch, of a relay, or the one that a message such as `record` is. So
/// every change has one form, whoever makes it. One message can leave several such events.
///
/// No patient is a topic: a topic costs more than everything else that is written for an order, and a chain keeps topics for
/// one block only.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct OrdersCarriedOut {
    /// What was carried out.
    pub orders: Vec<CarriedOut>,
}

crate::event::signatures! {
    ConsentProposed(AccountId, AccountId, Consent);
    ProposalWithdrawn(AccountId, AccountId);
    OrdersCarriedOut(Vec<CarriedOut>);
}
