//! Claims: plans and their pools, coverage, adjudication and settlement.

use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::adjudicate::{Accumulators, Adjudication, LineOutcome, Split};
use salus_domain::claim::{ClaimMalformed, PlanTerms, Submission, TermsMalformed};
#[cfg(feature = "contract")]
use salus_domain::ids::Hash;
use salus_domain::ids::{ClaimId, CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};

/// How many fees one message sets at the most.
pub const MAX_FEES: usize = 200;
/// How many claims one message settles at the most.
pub const MAX_BATCH: usize = 50;
/// How many coverages of one member under one plan are kept.
pub const MAX_COVERAGES: usize = 16;
/// How many services one provider can claim for one member on one day.
pub const MAX_SERVICES_PER_DAY: usize = 100;

/// Adjudicates claims line by line and pays them from the plan's pool. Amounts are in the smallest unit of the chain's
/// native token.
#[cfg(feature = "contract")]
#[ink::trait_definition]
pub trait Claims {
    /// Opens a plan of the caller's, who becomes its insurer. Returns its id. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::TermsMalformed`], [`ClaimsError::IdsUsedUp`].
    ///
    /// # Events
    /// [`PlanOpened`].
    #[ink(message)]
    fn open_plan(&mut self, terms: PlanTerms) -> Result<PlanId, ClaimsError>;

    /// Adds the transferred value to a plan's pool. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NothingTransferred`].
    ///
    /// # Events
    /// [`PoolFunded`].
    #[ink(message, payable)]
    fn fund(&mut self, plan: PlanId) -> Result<(), ClaimsError>;

    /// Pays `amount` out of what is free in the pool, to the insurer. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::PoolTooSmall`],
    /// [`ClaimsError::TransferFailed`].
    ///
    /// # Events
    /// [`PoolWithdrawn`].
    #[ink(message)]
    fn withdraw(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError>;

    /// Sets what the plan allows for one of each procedure; at most [`MAX_FEES`] at once. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::BatchTooLarge`].
    ///
    /// # Events
    /// [`FeesSet`].
    #[ink(message)]
    fn set_fees(&mut self, plan: PlanId, fees: Vec<(CodeTag, Amount)>) -> Result<(), ClaimsError>;

    /// Covers a member under a plan for a period (FHIR `Coverage`), with limits of its own: what was used of an earlier
    /// coverage's does not count. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::EmptyPeriod`],
    /// [`ClaimsError::TooManyCoverages`]; [`ClaimsError::AlreadyCovered`] where the member's latest coverage is not over
    /// by the start of this one.
    ///
    /// # Events
    /// [`MemberCovered`].
    #[ink(message)]
    fn cover(&mut self, plan: PlanId, member: AccountId, period: Period) -> Result<(), ClaimsError>;

    /// Ends a member's coverage at `end`, earlier than it would have. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`]; [`ClaimsError::NotCovered`] where no coverage has
    /// begun before `end` and lasts until then; [`ClaimsError::InThePast`] where `end` has passed.
    ///
    /// # Events
    /// [`CoverageEnded`].
    #[ink(message)]
    fn end_coverage(&mut self, plan: PlanId, member: AccountId, end: Timestamp) -> Result<(), ClaimsError>;

    /// Submits a claim and adjudicates it. The caller is its provider and its payee.
    ///
    /// The coverage in force on the first day of service is the one that counts: services under two coverages are two
    /// claims. Lines are denied, each with its reason, where the coverage was not in force, the provider is not credentialed (of
    /// which access grants are asked) or the patient's consent does not permit the insurer's use for payment (of which
    /// the consent registry is asked). What is to be paid is reserved. Where the pool cannot cover it, the claim is
    /// pended: [`Claims::retry`]. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::Malformed`], [`ClaimsError::PlanNotFound`], [`ClaimsError::DuplicateClaim`] where the caller used
    /// the reference before, [`ClaimsError::TooManyServices`], [`ClaimsError::IdsUsedUp`],
    /// [`ClaimsError::AccessGrantsFailed`], [`ClaimsError::ConsentRegistryFailed`].
    ///
    /// # Events
    /// [`ClaimSubmitted`], then [`ClaimAdjudicated`] or [`ClaimPended`].
    #[ink(message)]
    fn submit(&mut self, submission: Submission) -> Result<Receipt, ClaimsError>;

    /// Adjudicates a pended claim anew, as if it were submitted now. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotPended`], [`ClaimsError::PoolTooSmall`] where the pool still
    /// cannot cover it, and as [`Claims::submit`].
    ///
    /// # Events
    /// [`ClaimAdjudicated`].
    #[ink(message)]
    fn retry(&mut self, claim: ClaimId) -> Result<Receipt, ClaimsError>;

    /// Pays an adjudicated claim to its provider. Returns what was paid. Who may call: the insurer; once the plan's
    /// settlement period is over, anybody.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotAdjudicated`], [`ClaimsError::AlreadySettled`],
    /// [`ClaimsError::NothingToPay`], [`ClaimsError::NotInsurer`], [`ClaimsError::TransferFailed`].
    ///
    /// # Events
    /// [`ClaimSettled`].
    #[ink(message)]
    fn settle(&mut self, claim: ClaimId) -> Result<Amount, ClaimsError>;

    /// Settles several claims, at most [`MAX_BATCH`]. One that is refused does not keep the others back: the answer has
    /// a result for each, in order. Who may call: as for [`Claims::settle`], claim by claim.
    ///
    /// # Errors
    /// [`ClaimsError::BatchTooLarge`]; for each claim as [`Claims::settle`].
    ///
    /// # Events
    /// [`ClaimSettled`] for each that was paid.
    #[ink(message)]
    fn settle_batch(&mut self, claims: Vec<ClaimId>) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError>;

    /// A plan and its pool.
    #[ink(message)]
    fn plan(&self, plan: PlanId) -> Option<Plan>;

    /// What the plan allows for one of a procedure.
    #[ink(message)]
    fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount>;

    /// A member's coverages, the earliest first, and what was used of their limits; at most [`MAX_COVERAGES`].
    #[ink(message)]
    fn coverages(&self, plan: PlanId, member: AccountId) -> Vec<Coverage>;

    /// A claim.
    #[ink(message)]
    fn claim(&self, claim: ClaimId) -> Option<Claim>;

    /// The claim that `provider` submitted under `reference`.
    #[ink(message)]
    fn claim_by_reference(&self, provider: AccountId, reference: Hash) -> Option<ClaimId>;

    /// The consent registry that is asked.
    #[ink(message)]
    fn consent_registry(&self) -> AccountId;

    /// The access grants that are asked.
    #[ink(message)]
    fn access_grants(&self) -> AccountId;
}

/// A plan's money: `funded = paid + reserved + free`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Pool {
    /// What was paid in, less what the insurer withdrew.
    pub funded: Amount,
    /// What was paid to providers.
    pub paid: Amount,
    /// What is kept for claims that are adjudicated and not settled.
    pub reserved: Amount,
}

impl Pool {
    /// What is neither paid nor reserved.
    #[must_use]
    pub const fn free(&self) -> Amount {
        self.funded.minus(self.paid).minus(self.reserved)
    }
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Plan {
    /// Who opened it.
    pub insurer: AccountId,
    /// What it promises.
    pub terms: PlanTerms,
    /// Its money.
    pub pool: Pool,
}

/// A member's coverage under a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Coverage {
    /// When services are covered.
    pub period: Period,
    /// What was used of the limits.
    pub used: Accumulators,
}

/// Where a claim stands. It goes one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ClaimStatus {
    /// The pool could not cover it; nothing is reserved.
    Pended,
    /// Decided; what is to be paid is reserved.
    Adjudicated,
    /// Paid.
    Settled,
}

/// A claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Claim {
    /// The plan that is to pay.
    pub plan: PlanId,
    /// Who was treated.
    pub member: AccountId,
    /// Who is to be paid.
    pub provider: AccountId,
    /// Where it stands.
    pub status: ClaimStatus,
    /// Where the money goes.
    pub total: Split,
    /// From when on anybody may settle it.
    pub due: Timestamp,
}

#[cfg(feature = "contract")]
crate::kept_in_one_cell!(Pool, Coverage, Claim);

/// What a provider gets back for a claim.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Receipt {
    /// The claim's id.
    pub claim: ClaimId,
    /// Where it stands.
    pub status: ClaimStatus,
    /// The outcome line by line; of a pended claim, what it would have been.
    pub adjudication: Adjudication,
}

/// Why claims refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ClaimsError {
    /// The plan's terms are not well-formed.
    TermsMalformed(TermsMalformed),
    /// The claim is not well-formed.
    Malformed(ClaimMalformed),
    /// There is no such plan.
    PlanNotFound,
    /// There is no such claim.
    ClaimNotFound,
    /// Only the plan's insurer may do that (or, to settle, anybody once the settlement period is over).
    NotInsurer,
    /// No value was transferred.
    NothingTransferred,
    /// The pool's free money does not suffice.
    PoolTooSmall,
    /// The pool's sums do not fit into 128 bits.
    PoolOverflow,
    /// The chain refused the transfer.
    TransferFailed,
    /// More at once than one message takes.
    BatchTooLarge,
    /// A period ends before it begins.
    EmptyPeriod,
    /// It cannot take effect in the past.
    InThePast,
    /// The member's earlier coverage is not over by then.
    AlreadyCovered,
    /// The member is not covered under this plan at that time.
    NotCovered,
    /// The member has had as many coverages under this plan as are kept.
    TooManyCoverages,
    /// The provider submitted this claim before, as the claim that is named.
    DuplicateClaim(ClaimId),
    /// More services than one provider can claim for one member on one day.
    TooManyServices,
    /// The claim is not pended.
    NotPended,
    /// The claim is pended.
    NotAdjudicated,
    /// The claim was paid before.
    AlreadySettled,
    /// The claim was decided, and nothing is to be paid.
    NothingToPay,
    /// No ids are left.
    IdsUsedUp,
    /// Access grants did not answer; nothing was decided.
    AccessGrantsFailed,
    /// The consent registry did not answer; nothing was decided.
    ConsentRegistryFailed,
    /// An address given at instantiation is not a contract's.
    NotAContract,
}

/// An insurer opened a plan.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PlanOpened {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// Its insurer.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub insurer: AccountId,
    /// What it promises.
    pub terms: PlanTerms,
}

/// Somebody paid into a plan's pool.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PoolFunded {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// Who paid.
    pub from: AccountId,
    /// How much.
    pub amount: Amount,
}

/// An insurer took free money out of a pool.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PoolWithdrawn {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// How much.
    pub amount: Amount,
}

/// An insurer set fees.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct FeesSet {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// What is allowed for one of each.
    pub fees: Vec<(CodeTag, Amount)>,
}

/// An insurer covered a member.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct MemberCovered {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// The member.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub member: AccountId,
    /// When.
    pub period: Period,
}

/// An insurer ended a coverage early.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct CoverageEnded {
    /// The plan.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub plan: PlanId,
    /// The member.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub member: AccountId,
    /// The first moment that is no longer covered.
    pub end: Timestamp,
}

/// A provider submitted a claim.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimSubmitted {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// The provider.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// What was claimed.
    pub submission: Submission,
}

/// A claim was decided.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimAdjudicated {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// The outcome line by line.
    pub lines: Vec<LineOutcome>,
    /// From when on anybody may settle it.
    pub due: Timestamp,
}

/// A claim waits for money.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimPended {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// What would have been paid.
    pub amount: Amount,
}

/// A claim was paid.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimSettled {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// Who was paid.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// How much.
    pub amount: Amount,
}

crate::event::signatures! {
    PlanOpened(PlanId, AccountId, PlanTerms);
    PoolFunded(PlanId, AccountId, Amount);
    PoolWithdrawn(PlanId, Amount);
    FeesSet(PlanId, Vec<(CodeTag, Amount)>);
    MemberCovered(PlanId, AccountId, Period);
    CoverageEnded(PlanId, AccountId, Timestamp);
    ClaimSubmitted(ClaimId, AccountId, Submission);
    ClaimAdjudicated(ClaimId, Vec<LineOutcome>, Timestamp);
    ClaimPended(ClaimId, Amount);
    ClaimSettled(ClaimId, AccountId, Amount);
}
