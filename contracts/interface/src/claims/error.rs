//! Why claims refuse.

use salus_domain::claim::ClaimMalformed;
use salus_domain::plan::TermsMalformed;

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
    /// Only the plan's insurer may do that (or, to settle, anybody once the claim is due).
    NotInsurer,
    /// Only the plan's arbiter may do that (or, to grant just what an appeal asks for, the insurer, and once its deadline is over the
    /// claim's member and provider).
    NotArbiter,
    /// Only the claim's provider may do that.
    NotProvider,
    /// Only the claim's member or provider may do that.
    NotParty,
    /// The plan takes no claims at the moment.
    PlanFrozen,
    /// The value that was sent along is not the amount; with a PSP22 token, no value is sent along.
    WrongValue,
    /// No amount was given.
    NothingTransferred,
    /// The pool's free money does not suffice.
    PoolTooSmall,
    /// The pool's sums do not fit into 128 bits.
    PoolOverflow,
    /// The chain or the token refused the transfer.
    TransferFailed,
    /// More at once than one message takes.
    BatchTooLarge,
    /// A page of the fee schedule that there is not, or a procedure that is not on this page or not in order.
    NotOnThisPage,
    /// The number of pages is no power of 2, or too large.
    WrongPages,
    /// A period ends before it begins.
    EmptyPeriod,
    /// A coverage lasts longer than a year.
    PeriodTooLong,
    /// It cannot take effect in the past.
    InThePast,
    /// The member's earlier coverage is not over by then.
    AlreadyCovered,
    /// The member is not covered under this plan at that time.
    NotCovered,
    /// The member has had as many coverages under this plan as are kept.
    TooManyCoverages,
    /// Nothing can be asked for or granted of 0 units.
    ZeroQuantity,
    /// The procedure's authorisation is asked for, refused, or granted and not used up.
    AlreadyRequested,
    /// The provider submitted a claim with this reference to this plan before.
    DuplicateClaim,
    /// More services than one provider can claim for one member on one day.
    TooManyServices,
    /// The claim is not pended.
    NotPended,
    /// The claim still waits for its authorisation.
    AuthorisationMissing,
    /// The claim is not decided, or not any more.
    NotAdjudicated,
    /// The claim was paid before.
    AlreadySettled,
    /// The claim was decided, and nothing is to be paid.
    NothingToPay,
    /// The claim is not paid.
    NotSettled,
    /// The deadline is over.
    TooLate,
    /// There was an appeal against this claim; or the insurer lost it, and cannot reverse the claim.
    AlreadyAppealed,
    /// There is no open appeal against this claim.
    NotAppealed,
    /// The appeal has to be decided first.
    AppealOpen,
    /// An appeal cannot set that aside.
    NotAppealable,
    /// The filing is not this claim's.
    WrongFiling,
    /// The claim was passed on to another insurer, whose claim has to be taken back first.
    PassedOn,
    /// The plan is the one that decided before, or pays in another asset.
    WrongPlan,
    /// The provider owes the pool less than that.
    NothingOwed,
    /// No ids are left.
    IdsUsedUp,
    /// Access grants did not answer; nothing was decided.
    AccessGrantsFailed,
    /// The consent registry did not answer; nothing was decided.
    ConsentRegistryFailed,
    /// An address is not a contract's.
    NotAContract,
}
