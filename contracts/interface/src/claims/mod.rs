//! Claims: plans and their pools, coverage, prior authorisation, adjudication, settlement, appeals and reversals.
//!
//! Arguments of 32 bytes and more come in boxes: ink! then moves a pointer and not the value, which makes the contract some kilobytes
//! smaller. A box is encoded like what is in it.

mod error;
mod events;
mod types;

pub use error::ClaimsError;
pub use events::*;
pub use types::*;

#[cfg(feature = "contract")]
use alloc::{boxed::Box, vec::Vec};
#[cfg(feature = "contract")]
use ink_primitives::AccountId;
#[cfg(feature = "contract")]
use salus_domain::{
    claim::Submission,
    codes::ReasonSet,
    counters::Used,
    ids::{ClaimId, CodeTag, Hash, PlanId},
    money::Amount,
    plan::{Fee, PlanTerms},
    time::Timestamp,
};

/// How many members, providers or claims one message takes at the most.
pub const MAX_BATCH: usize = 100;
/// How many coverages of one member under one plan are kept.
pub const MAX_COVERAGES: usize = 16;
/// How many services one provider can claim for one member on one day; what appeals let in comes on top of it, up to 50 more.
pub const MAX_SERVICES_PER_DAY: usize = 100;

/// Adjudicates claims line by line and pays them from the plan's pool. Amounts are in the smallest unit of the plan's
/// asset; no message takes what is to be paid from anybody.
#[cfg(feature = "contract")]
#[ink::trait_definition]
pub trait Claims {
    /// Opens a plan of the caller's, who becomes its insurer. `arbiter` decides appeals; the fee schedule has `fee_pages` pages.
    /// These and the asset stay as they are. Returns its id. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::TermsMalformed`], [`ClaimsError::WrongPages`], [`ClaimsError::IdsUsedUp`]. Whether a token is one shows when
    /// the plan is funded.
    ///
    /// # Events
    /// [`PlanOpened`].
    #[ink(message)]
    fn open_plan(
        &mut self,
        asset: Box<Asset>,
        arbiter: Box<AccountId>,
        fee_pages: u16,
        terms: Box<PlanTerms>,
    ) -> Result<PlanId, ClaimsError>;

    /// Gives a plan new terms. They hold for coverages that are made from now on: who is covered keeps the terms, and what
    /// was used of a limit counts on under the same limit of the new ones. Returns the version. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::TermsMalformed`],
    /// [`ClaimsError::IdsUsedUp`].
    ///
    /// # Events
    /// [`PlanRevised`].
    #[ink(message)]
    fn revise_plan(&mut self, plan: PlanId, terms: Box<PlanTerms>) -> Result<u32, ClaimsError>;

    /// Lets a plan take no claims for the time being, or go on. What is adjudicated is settled all the same, and appeals are
    /// decided. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`].
    ///
    /// # Events
    /// [`PlanFrozen`].
    #[ink(message)]
    fn set_frozen(&mut self, plan: PlanId, frozen: bool) -> Result<(), ClaimsError>;

    /// Adds money to a plan's pool: of the native token, the transferred value, which `amount` names; of a PSP22 token, what
    /// arrives of `amount`, which the caller has approved. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::WrongValue`], [`ClaimsError::NothingTransferred`],
    /// [`ClaimsError::TransferFailed`], [`ClaimsError::PoolOverflow`].
    ///
    /// # Events
    /// [`PoolFunded`].
    #[ink(message, payable)]
    fn fund(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError>;

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

    /// Sets a page of the fee schedule: all fees of procedures of [`salus_domain::plan::fee_page`] `page`, in ascending order of
    /// their codes, at most [`salus_domain::plan::MAX_PAGE`]. They hold for what is adjudicated from now on. Who may call: the
    /// insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::BatchTooLarge`],
    /// [`ClaimsError::NotOnThisPage`].
    ///
    /// # Events
    /// [`FeesSet`].
    #[ink(message)]
    fn set_fees(&mut self, plan: PlanId, page: u8, fees: Vec<Fee>) -> Result<(), ClaimsError>;

    /// Takes providers into the plan's network, or out of it; at most [`MAX_BATCH`]. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::BatchTooLarge`].
    ///
    /// # Events
    /// [`NetworkSet`].
    #[ink(message)]
    fn set_network(&mut self, plan: PlanId, providers: Vec<AccountId>, listed: bool) -> Result<(), ClaimsError>;

    /// Covers members under the newest terms of a plan (FHIR `Coverage`), at most [`MAX_BATCH`]; all of them or, where one is
    /// refused, none. A coverage has annual limits of its own: what was used of an earlier one's does not count. Who may call:
    /// the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::BatchTooLarge`],
    /// [`ClaimsError::EmptyPeriod`], [`ClaimsError::PeriodTooLong`], [`ClaimsError::TooManyCoverages`];
    /// [`ClaimsError::AlreadyCovered`] where a member's latest coverage is not over by the start of this one.
    ///
    /// # Events
    /// [`MembersCovered`].
    #[ink(message)]
    fn cover(&mut self, plan: PlanId, enrolments: Vec<Enrolment>) -> Result<(), ClaimsError>;

    /// Ends a member's coverage at `end`, earlier than it would have. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`]; [`ClaimsError::NotCovered`] where no coverage has
    /// begun before `end` and lasts until then; [`ClaimsError::InThePast`] where `end` has passed.
    ///
    /// # Events
    /// [`CoverageEnded`].
    #[ink(message)]
    fn end_coverage(&mut self, plan: PlanId, member: Box<AccountId>, end: Timestamp) -> Result<(), ClaimsError>;

    /// Asks for prior authorisation of so many units of a procedure, which the caller is to give to the member. Where the
    /// insurer does not decide within the deadline of the newest terms, it counts as granted. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::ZeroQuantity`], [`ClaimsError::NotCovered`] where the member has no coverage
    /// under the plan; [`ClaimsError::AlreadyRequested`] where it is asked for already, or granted and not used up.
    ///
    /// # Events
    /// [`AuthorisationChanged`].
    #[ink(message)]
    fn request_authorisation(
        &mut self,
        plan: PlanId,
        member: Box<AccountId>,
        code: CodeTag,
        quantity: u32,
    ) -> Result<(), ClaimsError>;

    /// Grants a prior authorisation (`Some`: so many units, of services until then) or refuses it (`None`), whether it was asked
    /// for or not. Replaces what was decided before; what was granted, be it by silence, and is not used up, is neither refused
    /// nor made less or shorter. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::ZeroQuantity`]; [`ClaimsError::TooLate`] where it
    /// would take back what was granted.
    ///
    /// # Events
    /// [`AuthorisationChanged`].
    #[ink(message)]
    fn decide_authorisation(
        &mut self,
        procedure: Box<Procedure>,
        grant: Option<(u32, Timestamp)>,
    ) -> Result<(), ClaimsError>;

    /// Submits a claim and adjudicates it; with `secondary`, also to the plan that pays after this one, as [`Claims::pass_on`]
    /// does. The caller is its provider and its payee. Where the provider's claim with this reference is pended, it is
    /// replaced (corrected). Returns a receipt for each plan that decided.
    ///
    /// The coverage in force on the first day of service is the one that counts: services under two coverages are two
    /// claims. Lines are denied, each with its reason, where the coverage was not in force, the provider is not credentialed (of
    /// which access grants are asked) or the patient's consent does not permit the insurer's use for payment (of which
    /// the consent registry is asked), and so on: [`salus_domain::codes::Reason`]. What is to be paid is reserved. Where the pool
    /// cannot cover it, or a line's authorisation is missing, the whole claim is pended ([`Claims::retry`]) and not passed on. Who
    /// may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::Malformed`], [`ClaimsError::PlanNotFound`], [`ClaimsError::PlanFrozen`], [`ClaimsError::DuplicateClaim`]
    /// where the caller used the reference before, [`ClaimsError::TooManyServices`], [`ClaimsError::WrongPlan`],
    /// [`ClaimsError::AccessGrantsFailed`], [`ClaimsError::ConsentRegistryFailed`].
    ///
    /// # Events
    /// [`ClaimAdjudicated`] or [`ClaimPended`], for each plan.
    #[ink(message)]
    fn submit(&mut self, submission: Box<Submission>, secondary: Option<PlanId>) -> Result<Vec<Receipt>, ClaimsError>;

    /// Passes a claim that is decided on to the member's next insurer (coordination of benefits): the same lines, of which is
    /// counted as paid before what the earlier insurers pay; once more, where the next insurer's was taken back. Who may call: its
    /// provider.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotProvider`], [`ClaimsError::NotAdjudicated`],
    /// [`ClaimsError::WrongFiling`], [`ClaimsError::PassedOn`] where it was passed on before, [`ClaimsError::AppealOpen`]
    /// where an arbiter still has time, [`ClaimsError::WrongPlan`], and as [`Claims::submit`].
    ///
    /// # Events
    /// As [`Claims::submit`].
    #[ink(message)]
    fn pass_on(&mut self, claim: Box<ClaimId>, filing: Box<Filing>, plan: PlanId) -> Result<Receipt, ClaimsError>;

    /// Adjudicates a pended claim anew, as if it were submitted now; the deadline for filing counts from when it was. Who may call:
    /// anybody; where less comes out than before, or nothing more of a claim that awaited an authorisation, its provider.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotPended`]; [`ClaimsError::PoolTooSmall`] and
    /// [`ClaimsError::AuthorisationMissing`] where it still has to wait; [`ClaimsError::NotProvider`]; and as [`Claims::submit`].
    ///
    /// # Events
    /// [`ClaimAdjudicated`].
    #[ink(message)]
    fn retry(&mut self, claim: Box<ClaimId>) -> Result<Receipt, ClaimsError>;

    /// Withdraws a pended claim: nothing of it is kept, and its reference is free again; where claims of insurers before it were all
    /// taken back, so are their services. Who may call: its provider.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotProvider`], [`ClaimsError::NotPended`].
    ///
    /// # Events
    /// [`ClaimWithdrawn`].
    #[ink(message)]
    fn withdraw_claim(&mut self, claim: Box<ClaimId>) -> Result<(), ClaimsError>;

    /// Pays adjudicated claims to their providers, at most [`MAX_BATCH`]; those of one provider in one transfer, less what the
    /// provider owes the pool. One that is refused does not keep the others back: the answer has a result for each, in order.
    /// Who may call, claim by claim: the insurer; once a claim is due, anybody.
    ///
    /// # Errors
    /// [`ClaimsError::BatchTooLarge`]; for each claim [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotAdjudicated`],
    /// [`ClaimsError::AlreadySettled`], [`ClaimsError::NothingToPay`], [`ClaimsError::NotInsurer`],
    /// [`ClaimsError::TransferFailed`].
    ///
    /// # Events
    /// [`ClaimsSettled`] for each provider that was paid.
    #[ink(message)]
    fn settle(&mut self, claims: Vec<ClaimId>) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError>;

    /// Appeals against a decision: the arbiter is to set aside these reasons of its denials and reductions, of
    /// [`ReasonSet::APPEALABLE`]; with none, to decide anew by what holds now. What is decided is settled all the same. Who may
    /// call: the claim's member or provider.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotParty`], [`ClaimsError::NotAdjudicated`],
    /// [`ClaimsError::AlreadyAppealed`], [`ClaimsError::NotAppealable`], [`ClaimsError::TooLate`].
    ///
    /// # Events
    /// [`ClaimAppealed`].
    #[ink(message)]
    fn appeal(&mut self, claim: Box<ClaimId>, set_aside: ReasonSet, statement: Box<Hash>) -> Result<(), ClaimsError>;

    /// Says something about an open appeal. To grant it, the insurer calls [`Claims::decide_appeal`]. Who may call: the insurer.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotInsurer`], [`ClaimsError::NotAppealed`].
    ///
    /// # Events
    /// [`AppealAnswered`].
    #[ink(message)]
    fn answer_appeal(&mut self, claim: Box<ClaimId>, statement: Box<Hash>) -> Result<(), ClaimsError>;

    /// Decides an appeal. Overturned, the claim is adjudicated anew, by what holds now and with nothing of its own in the way: whoever was
    /// in the network still is, and what it used of an authorisation counts. Where that brings nothing (it pays no more and, for the
    /// arbiter, covers no line that was denied) or takes something (it pays less, or no longer covers a line), the claim stays as it was and the appeal
    /// is upheld, or where the insurer granted it, overturned as granted. What is paid more is due like a new claim, unless something is
    /// to be paid already. Who may call: until the deadline the arbiter; from the deadline on, to grant just what the appeal asks for,
    /// where it pays more, the member and the provider. The insurer may grant that at any time; the arbiter can give more then, and
    /// nobody less; after the deadline the member and the provider end that, too.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotAppealed`], [`ClaimsError::NotArbiter`],
    /// [`ClaimsError::NotAppealable`], [`ClaimsError::WrongFiling`], [`ClaimsError::PassedOn`], [`ClaimsError::TooManyServices`] where
    /// a day has 50 more than [`MAX_SERVICES_PER_DAY`], [`ClaimsError::NothingToPay`] where it
    /// would pay no more and the caller is not the arbiter; [`ClaimsError::PoolTooSmall`] where the pool cannot cover
    /// more: the appeal then stays open; [`ClaimsError::AccessGrantsFailed`], [`ClaimsError::ConsentRegistryFailed`].
    ///
    /// # Events
    /// [`ClaimAdjudicated`] where it was adjudicated anew, then [`AppealDecided`].
    #[ink(message)]
    fn decide_appeal(
        &mut self,
        claim: Box<ClaimId>,
        ruling: Box<Ruling>,
        statement: Box<Hash>,
    ) -> Result<AppealStatus, ClaimsError>;

    /// Takes a claim back: what it used of limits, services and authorisations is free again, and what was paid is owed to the
    /// pool ([`Claims::repay`]). The services of a claim that was passed on are free once the later insurers' are taken back, too.
    /// Returns what is owed. Who may call: the provider, unless an arbiter still has time to decide an appeal; of a settled claim,
    /// within the deadline after its decision and after the deadline of an appeal, the insurer, unless an appeal is open.
    ///
    /// # Errors
    /// [`ClaimsError::ClaimNotFound`], [`ClaimsError::NotAdjudicated`], [`ClaimsError::NotInsurer`],
    /// [`ClaimsError::NotSettled`], [`ClaimsError::TooLate`], [`ClaimsError::AppealOpen`], [`ClaimsError::WrongFiling`];
    /// [`ClaimsError::AlreadyAppealed`] where the insurer lost an appeal against it.
    ///
    /// # Events
    /// [`ClaimReversed`].
    #[ink(message)]
    fn reverse(
        &mut self,
        claim: Box<ClaimId>,
        statement: Box<Hash>,
        filing: Box<Filing>,
    ) -> Result<Amount, ClaimsError>;

    /// Pays back what a provider owes a pool, or a part of it: in the way of [`Claims::fund`]. Who may call: anybody.
    ///
    /// # Errors
    /// [`ClaimsError::PlanNotFound`], [`ClaimsError::NothingOwed`] where it is more than that, [`ClaimsError::WrongValue`],
    /// [`ClaimsError::NothingTransferred`], [`ClaimsError::TransferFailed`].
    ///
    /// # Events
    /// [`DebtPaid`].
    #[ink(message, payable)]
    fn repay(&mut self, plan: PlanId, provider: Box<AccountId>, amount: Amount) -> Result<(), ClaimsError>;

    /// A plan and its pool.
    #[ink(message)]
    fn plan(&self, plan: PlanId) -> Option<Plan>;

    /// A version of a plan's terms.
    #[ink(message)]
    fn terms(&self, plan: PlanId, version: u32) -> Option<PlanTerms>;

    /// What the plan allows for one unit of a procedure.
    #[ink(message)]
    fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount>;

    /// Whether a provider is in the plan's network.
    #[ink(message)]
    fn in_network(&self, plan: PlanId, provider: Box<AccountId>) -> bool;

    /// A member's coverages, the earliest first, and what was used of their limits; at most [`MAX_COVERAGES`].
    #[ink(message)]
    fn coverages(&self, plan: PlanId, member: Box<AccountId>) -> Vec<Coverage>;

    /// What was used of the limits that are kept in this place. A member's own annual use stands in [`Coverage::used`].
    #[ink(message)]
    fn used(&self, plan: PlanId, place: Box<Place>) -> Used;

    /// How a prior authorisation stands.
    #[ink(message)]
    fn authorisation(&self, procedure: Box<Procedure>) -> Option<Authorisation>;

    /// A claim.
    #[ink(message)]
    fn claim(&self, claim: Box<ClaimId>) -> Option<Claim>;

    /// What a provider owes a plan's pool.
    #[ink(message)]
    fn debt(&self, plan: PlanId, provider: Box<AccountId>) -> Amount;

    /// The consent registry and the access grants that are asked.
    #[ink(message)]
    fn setup(&self) -> (AccountId, AccountId);
}
