//! What claims tell. It is enough to rebuild all that they keep.

use super::types::{Appeal, AppealStatus, Asset, Authorisation, ClaimStatus, Enrolment, Filing, Payment, Procedure};
use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::adjudicate::Split;
use salus_domain::claim::Submission;
use salus_domain::codes::ReasonSet;
use salus_domain::ids::{ClaimId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time::Timestamp;

/// An insurer opened a plan.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PlanOpened {
    /// Its insurer.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub insurer: AccountId,
    /// The plan.
    pub plan: PlanId,
    /// Who decides appeals.
    pub arbiter: AccountId,
    /// What it pays in.
    pub asset: Asset,
    /// How many pages its fee schedule has.
    pub fee_pages: u16,
    /// What it promises: version 0.
    pub terms: PlanTerms,
}

/// An insurer gave a plan new terms, for coverages that are made from then on.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PlanRevised {
    /// The plan.
    pub plan: PlanId,
    /// The new version.
    pub version: u32,
    /// What it promises.
    pub terms: PlanTerms,
}

/// An insurer froze a plan, or let it go on.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PlanFrozen {
    /// The plan.
    pub plan: PlanId,
    /// Whether it takes no claims.
    pub frozen: bool,
}

/// Somebody paid into a plan's pool.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PoolFunded {
    /// The plan.
    pub plan: PlanId,
    /// Who paid.
    pub from: AccountId,
    /// How much arrived.
    pub amount: Amount,
}

/// An insurer took free money out of a pool.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct PoolWithdrawn {
    /// The plan.
    pub plan: PlanId,
    /// How much.
    pub amount: Amount,
}

/// An insurer set a page of a fee schedule.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct FeesSet {
    /// The plan.
    pub plan: PlanId,
    /// The page.
    pub page: u8,
    /// All that is on it now.
    pub fees: Vec<Fee>,
}

/// An insurer took providers into a plan's network, or out of it.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct NetworkSet {
    /// The plan.
    pub plan: PlanId,
    /// The providers.
    pub providers: Vec<AccountId>,
    /// Whether they are in it now.
    pub listed: bool,
}

/// An insurer covered members.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct MembersCovered {
    /// The plan.
    pub plan: PlanId,
    /// The version of its terms that holds for them.
    pub version: u32,
    /// Who, and when.
    pub enrolments: Vec<Enrolment>,
}

/// An insurer ended a coverage early.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct CoverageEnded {
    /// The plan.
    pub plan: PlanId,
    /// The member.
    pub member: AccountId,
    /// The first moment that is no longer covered.
    pub end: Timestamp,
}

/// A provider asked for a prior authorisation, or an insurer decided about one.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AuthorisationChanged {
    /// Who is to be treated.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub member: AccountId,
    /// Of what.
    pub procedure: Procedure,
    /// How it stands now.
    pub authorisation: Authorisation,
}

/// A provider submitted a claim that waits.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimPended {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// For what it waits.
    pub status: ClaimStatus,
    /// What was claimed.
    pub submission: Submission,
    /// Who claims.
    pub provider: AccountId,
    /// The claim of the insurer that decided before.
    pub prior: Option<ClaimId>,
    /// Where the money would have gone.
    pub total: Split,
    /// When it was submitted for the first time.
    pub filed: Timestamp,
}

/// A provider withdrew a claim before it was decided.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimWithdrawn {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
}

/// A claim was decided.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimAdjudicated {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// Who claims.
    pub provider: AccountId,
    /// What was claimed, and the outcome line by line.
    pub filing: Filing,
    /// The version of the plan's terms.
    pub version: u32,
    /// The claim of the insurer that decided before.
    pub prior: Option<ClaimId>,
    /// When.
    pub decided: Timestamp,
    /// From when on anybody may settle it.
    pub due: Timestamp,
}

/// Claims of one provider were paid, in one transfer.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimsSettled {
    /// Who was paid.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// In what.
    pub asset: Asset,
    /// The claims.
    pub payments: Vec<Payment>,
}

/// A member or a provider appealed against a decision.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimAppealed {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// Who.
    pub by: AccountId,
    /// What is asked for.
    pub appeal: Appeal,
    /// The commitment to why: [`salus_domain::commitment::appeal_statement`].
    pub statement: Hash,
}

/// An insurer answered an appeal.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AppealAnswered {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// The commitment to the answer: [`salus_domain::commitment::appeal_statement`].
    pub statement: Hash,
}

/// An appeal was decided; where the status is granted, by the insurer, and its arbiter can still give more.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AppealDecided {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// Who decided.
    pub by: AccountId,
    /// How.
    pub status: AppealStatus,
    /// What was set aside by whoever adjudicated anew; where nothing was, what the appeal named.
    pub set_aside: ReasonSet,
    /// The commitment to the reason: [`salus_domain::commitment::appeal_statement`].
    pub statement: Hash,
}

/// A claim was taken back.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ClaimReversed {
    /// The claim.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub claim: ClaimId,
    /// By whom: the insurer, or the provider.
    pub by: AccountId,
    /// What the provider owes the pool for it.
    pub owed: Amount,
    /// The commitment to the reason: [`salus_domain::commitment::appeal_statement`].
    pub statement: Hash,
}

/// A provider, or somebody for it, paid back what reversed claims had paid.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct DebtPaid {
    /// The plan.
    pub plan: PlanId,
    /// The provider.
    pub provider: AccountId,
    /// How much.
    pub amount: Amount,
}

crate::event::signatures! {
    PlanOpened(AccountId, PlanId, AccountId, Asset, u16, PlanTerms);
    PlanRevised(PlanId, u32, PlanTerms);
    PlanFrozen(PlanId, bool);
    PoolFunded(PlanId, AccountId, Amount);
    PoolWithdrawn(PlanId, Amount);
    FeesSet(PlanId, u8, Vec<Fee>);
    NetworkSet(PlanId, Vec<AccountId>, bool);
    MembersCovered(PlanId, u32, Vec<Enrolment>);
    CoverageEnded(PlanId, AccountId, Timestamp);
    AuthorisationChanged(AccountId, Procedure, Authorisation);
    ClaimPended(ClaimId, ClaimStatus, Submission, AccountId, Option<ClaimId>, Split, Timestamp);
    ClaimWithdrawn(ClaimId);
    ClaimAdjudicated(ClaimId, AccountId, Filing, u32, Option<ClaimId>, Timestamp, Timestamp);
    ClaimsSettled(AccountId, Asset, Vec<Payment>);
    ClaimAppealed(ClaimId, AccountId, Appeal, Hash);
    AppealAnswered(ClaimId, Hash);
    AppealDecided(ClaimId, AccountId, AppealStatus, ReasonSet, Hash);
    ClaimReversed(ClaimId, AccountId, Amount, Hash);
    DebtPaid(PlanId, AccountId, Amount);
}

#[cfg(feature = "contract")]
crate::emit::topics_first!(
    PlanOpened,
    PlanRevised,
    PlanFrozen,
    PoolFunded,
    PoolWithdrawn,
    FeesSet,
    NetworkSet,
    MembersCovered,
    CoverageEnded,
    AuthorisationChanged,
    ClaimPended,
    ClaimWithdrawn,
    ClaimAdjudicated,
    ClaimsSettled,
    ClaimAppealed,
    AppealAnswered,
    AppealDecided,
    ClaimReversed,
    DebtPaid
);
