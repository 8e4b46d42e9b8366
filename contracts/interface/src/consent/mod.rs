//! The consent registry: what patients decided, and what that means for a request.

mod events;
mod order;

pub use events::{ConsentProposed, OrdersCarriedOut, ProposalWithdrawn};
pub use order::{CarriedOut, Done, Instruction, Order, Place, RelayError, SignedOrder, MAX_ORDERS};

#[cfg(feature = "contract")]
use alloc::vec::Vec;
#[cfg(feature = "contract")]
use ink_primitives::AccountId;
#[cfg(feature = "contract")]
use salus_domain::consent::Consent;
use salus_domain::consent::Malformed;
#[cfg(feature = "contract")]
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::ConsentId;
#[cfg(feature = "contract")]
use salus_domain::ids::Hash;
#[cfg(feature = "contract")]
use salus_domain::mandate::Mandate;
use salus_domain::mandate::MandateMalformed;
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
///
/// What a patient does can be done in four ways, with the same effect: by the patient's own message; in a batch
/// ([`ConsentRegistry::carry_out`]); by a proxy, who acts within a mandate; and by a signature that anybody relays
/// ([`ConsentRegistry::relay`]), so that a patient needs no tokens.
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
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn record(&mut self, consent: Consent) -> Result<ConsentId, ConsentError>;

    /// Replaces a consent of the caller's by another text, effective at once. Its id stays, its revision goes up by one
    /// and is returned; what it was before stays in the events.
    ///
    /// # Errors
    /// [`ConsentError::NotFound`], and as [`ConsentRegistry::record`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn amend(&mut self, id: ConsentId, consent: Consent) -> Result<u32, ConsentError>;

    /// Revokes a consent of the caller's, effective at once: no later decision counts it. Its storage deposit goes back
    /// to the caller.
    ///
    /// # Errors
    /// [`ConsentError::NotFound`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn revoke(&mut self, id: ConsentId) -> Result<(), ConsentError>;

    /// Revokes every consent of the caller's, effective at once. Returns how many there were; none is not an error.
    ///
    /// # Errors
    /// None that is its own.
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn revoke_all(&mut self) -> Result<u32, ConsentError>;

    /// Asks a patient for a consent (FHIR `Consent.status` `proposed`). It decides nothing until the patient accepts it.
    /// Each account has one proposal per patient: another one takes its place.
    ///
    /// Who may call: anybody; the caller pays the storage deposit. Accepting or rejecting gives it to who does so,
    /// [`ConsentRegistry::withdraw`] to the caller.
    ///
    /// # Errors
    /// [`ConsentError::Malformed`], [`ConsentError::TooLarge`], [`ConsentError::AlreadyOver`].
    ///
    /// # Events
    /// [`ConsentProposed`].
    #[ink(message)]
    fn propose(&mut self, patient: AccountId, consent: Consent) -> Result<(), ConsentError>;

    /// Takes back what the caller proposes to `patient`.
    ///
    /// # Errors
    /// [`ConsentError::NoProposal`].
    ///
    /// # Events
    /// [`ProposalWithdrawn`].
    #[ink(message)]
    fn withdraw(&mut self, patient: AccountId) -> Result<(), ConsentError>;

    /// Records what `proposer` proposes to the caller as a consent of the caller's, and returns its id. `proposal` says
    /// what the caller agrees to: [`salus_domain::commitment::proposal`].
    ///
    /// # Errors
    /// [`ConsentError::NoProposal`], [`ConsentError::ProposalChanged`], and as [`ConsentRegistry::record`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn accept(&mut self, proposer: AccountId, proposal: Hash) -> Result<ConsentId, ConsentError>;

    /// Rejects what `proposer` proposes to the caller.
    ///
    /// # Errors
    /// [`ConsentError::NoProposal`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn reject(&mut self, proposer: AccountId) -> Result<(), ConsentError>;

    /// Lets `proxy` act for the caller by [`ConsentRegistry::carry_out`] and [`ConsentRegistry::relay`]; a mandate that it
    /// has already is replaced.
    ///
    /// # Errors
    /// [`ConsentError::MandateMalformed`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn name_proxy(&mut self, proxy: AccountId, mandate: Mandate) -> Result<(), ConsentError>;

    /// Takes the mandate that `proxy` has from `patient` back, effective at once. Who may call: the patient, and the proxy.
    ///
    /// # Errors
    /// [`ConsentError::NotMandated`], [`ConsentError::NoProxy`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`].
    #[ink(message)]
    fn remove_proxy(&mut self, patient: AccountId, proxy: AccountId) -> Result<(), ConsentError>;

    /// Carries out several orders one after the other, all or none of them, and says of each what it did. Who may call: for
    /// each order its patient, or a proxy with the power for it ([`Instruction::power`]).
    ///
    /// # Errors
    /// [`ConsentError::TooManyOrders`], [`ConsentError::NotMandated`], and the first order's that is refused.
    ///
    /// # Events
    /// [`OrdersCarriedOut`], as many as it takes.
    #[ink(message)]
    fn carry_out(&mut self, orders: Vec<Order>) -> Result<Vec<Done>, ConsentError>;

    /// Carries out orders that patients or their proxies signed off line. Each stands for itself: one that is refused
    /// writes nothing and does not hold up the others. Who may call: anybody; the caller pays fee and deposit, and is given
    /// the deposit of what an order removes.
    ///
    /// `place` says where the signatures are to count.
    ///
    /// # Errors
    /// [`ConsentError::OtherChain`], [`ConsentError::OtherContract`], [`ConsentError::TooManyOrders`]; for an order
    /// [`RelayError`].
    ///
    /// # Events
    /// [`OrdersCarriedOut`], as many as it takes, with those that were carried out.
    #[ink(message)]
    fn relay(&mut self, place: Place, orders: Vec<SignedOrder>) -> Result<Vec<Result<Done, RelayError>>, ConsentError>;

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

    /// What `proposer` proposes to the patient.
    #[ink(message)]
    fn proposal(&self, patient: AccountId, proposer: AccountId) -> Option<Consent>;

    /// What `proxy` may do for the patient, and when; also where that is over.
    #[ink(message)]
    fn mandate(&self, patient: AccountId, proxy: AccountId) -> Option<Mandate>;

    /// The nonce that the account's next signed order must have.
    #[ink(message)]
    fn nonce(&self, account: AccountId) -> u32;

    /// The hash of the genesis block of the chain for which signatures count, as who deployed the contract stated it.
    #[ink(message)]
    fn genesis(&self) -> Hash;
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
    /// The patient has as many active consents as one patient may have.
    TooManyActive,
    /// The patient has no such consent in force.
    NotFound,
    /// The account has used up all ids, revisions or nonces.
    IdsUsedUp,
    /// That account proposes nothing to the patient.
    NoProposal,
    /// What is proposed is not what was to be accepted.
    ProposalChanged,
    /// The mandate is not well-formed.
    MandateMalformed(MandateMalformed),
    /// That account is no proxy of the patient's.
    NoProxy,
    /// The caller, or who signed, may not do that for the patient.
    NotMandated,
    /// There are more than [`MAX_ORDERS`] orders.
    TooManyOrders,
    /// The signatures are for another chain.
    OtherChain,
    /// The signatures are for another contract.
    OtherContract,
}
