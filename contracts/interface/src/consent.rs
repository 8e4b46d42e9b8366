//! The consent registry: what patients decided, and what that means for a request.

#[cfg(feature = "contract")]
use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::consent::{Consent, Malformed};
#[cfg(feature = "contract")]
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::ConsentId;
#[cfg(feature = "contract")]
use salus_domain::request::Request;
use salus_domain::time::Period;

/// The largest consent that is kept: the length of its SCALE encoding, in bytes.
pub const MAX_ENCODED_CONSENT: usize = 8 * 1024;

/// How much memory a consent may take in a contract once it is decoded, in bytes. A patient's consents together fit into
/// what a contract has, 1 MiB.
pub const MAX_DECODED_CONSENT: usize = 12 * 1024;

/// How many consents one page of [`ConsentRegistry::in_force`] has at the most.
pub const MAX_PAGE: u32 = 64;

/// Records patients' consents and decides by them. Each patient's consents are independent of all others'.
#[cfg(feature = "contract")]
#[ink::trait_definition]
pub trait ConsentRegistry {
    /// Records a consent of the caller, in force at once (from its `period.start` on).
    ///
    /// Returns its id. Who may call: any account, for itself.
    ///
    /// # Errors
    /// [`ConsentError::Malformed`], [`ConsentError::TooLarge`], [`ConsentError::AlreadyOver`],
    /// [`ConsentError::TooManyActive`], [`ConsentError::IdsUsedUp`].
    ///
    /// # Events
    /// [`ConsentRecorded`].
    #[ink(message)]
    fn record(&mut self, consent: Consent) -> Result<ConsentId, ConsentError>;

    /// Replaces a consent of the caller's by another text, effective at once. Its id stays, its revision goes up by one
    /// and is returned; what it was before stays in the events.
    ///
    /// # Errors
    /// [`ConsentError::NotFound`], and as [`ConsentRegistry::record`].
    ///
    /// # Events
    /// [`ConsentAmended`].
    #[ink(message)]
    fn amend(&mut self, id: ConsentId, consent: Consent) -> Result<u32, ConsentError>;

    /// Revokes a consent of the caller's, effective at once: no later decision counts it. Its storage deposit goes back
    /// to the caller.
    ///
    /// # Errors
    /// [`ConsentError::NotFound`].
    ///
    /// # Events
    /// [`ConsentRevoked`].
    #[ink(message)]
    fn revoke(&mut self, id: ConsentId) -> Result<(), ConsentError>;

    /// Revokes every consent of the caller's, effective at once. Returns how many there were; none is not an error.
    ///
    /// # Errors
    /// None that is its own.
    ///
    /// # Events
    /// [`ConsentRevoked`] for each, in the order of their ids.
    #[ink(message)]
    fn revoke_all(&mut self) -> Result<u32, ConsentError>;

    /// What the patient's consents answer to `request` now: the eight rules of `salus_domain::evaluate`.
    ///
    /// The registry does not look up who the principal is: the caller states it and answers for it. So anybody may ask,
    /// and an answer binds only where an enforcement point asked.
    #[ink(message)]
    fn decide(&self, patient: AccountId, request: Request) -> Evaluation;

    /// A consent that is recorded and not revoked, or `None` where the patient has none with this id; one that is over may
    /// have made room for another.
    #[ink(message)]
    fn consent(&self, patient: AccountId, id: ConsentId) -> Option<Consent>;

    /// The patient's consents that are recorded and not revoked, by id, from the first with an id of at least `from`;
    /// at most `limit` and at most [`MAX_PAGE`].
    #[ink(message)]
    fn in_force(&self, patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary>;

    /// A number that goes up with every change to the patient's consents: while it stays, so do the answers, but for
    /// the periods that begin and end.
    #[ink(message)]
    fn epoch(&self, patient: AccountId) -> u32;
}

/// A consent in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ConsentSummary {
    /// Its id.
    pub id: ConsentId,
    /// How often it was amended.
    pub revision: u32,
    /// When it counts.
    pub period: Period,
}

/// Why the registry refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ConsentError {
    /// The consent is not well-formed.
    Malformed(Malformed),
    /// It is larger than [`MAX_ENCODED_CONSENT`] or [`MAX_DECODED_CONSENT`].
    TooLarge,
    /// Its period has ended already: it could never count.
    AlreadyOver,
    /// The caller has as many active consents as one patient may have.
    TooManyActive,
    /// The caller has no such consent in force.
    NotFound,
    /// The caller has used up all ids.
    IdsUsedUp,
}

/// A patient recorded a consent.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ConsentRecorded {
    /// The patient.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The consent's id.
    pub id: ConsentId,
    /// The patient's epoch after it.
    pub epoch: u32,
    /// What was decided.
    pub consent: Consent,
}

/// A patient replaced a consent by another text.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ConsentAmended {
    /// The patient.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The consent's id.
    pub id: ConsentId,
    /// Its revision from now on.
    pub revision: u32,
    /// The patient's epoch after it.
    pub epoch: u32,
    /// What was decided.
    pub consent: Consent,
}

/// A patient revoked a consent.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ConsentRevoked {
    /// The patient.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The consent's id.
    pub id: ConsentId,
    /// The patient's epoch after it.
    pub epoch: u32,
}

crate::event::signatures! {
    ConsentRecorded(AccountId, ConsentId, u32, Consent);
    ConsentAmended(AccountId, ConsentId, u32, u32, Consent);
    ConsentRevoked(AccountId, ConsentId, u32);
}
