//! What the messages of claims take and give back.

use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::adjudicate::{self, Adjudication, LineOutcome, Split};
use salus_domain::claim::Submission;
use salus_domain::codes::{Network, ReasonSet, Unit};
use salus_domain::counters::Used;
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};

/// What a plan pays in. Amounts are in its smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Asset {
    /// The native token of the chain.
    Native,
    /// The PSP22 token of this contract (<https://github.com/w3f/PSPs/blob/master/PSPs/psp-22.md>).
    Psp22(AccountId),
}

/// A plan's money: `funded = paid + reserved + free`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, scale::Encode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Pool {
    /// What was paid in, less what the insurer withdrew.
    pub funded: Amount,
    /// What was paid to providers, less what they paid back.
    pub paid: Amount,
    /// What is kept for claims that are adjudicated and not settled.
    pub reserved: Amount,
    /// What providers have to pay back of reversed claims; a part of `paid`.
    pub owed: Amount,
}

impl scale::Decode for Pool {
    /// As one array, which is less code in a contract.
    fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
        let [funded, paid, reserved, owed] = <[u128; 4]>::decode(input)?.map(Amount);
        Ok(Self { funded, paid, reserved, owed })
    }
}

impl Pool {
    /// What is neither paid nor reserved.
    #[must_use]
    pub const fn free(&self) -> Amount {
        self.funded.minus(self.paid).minus(self.reserved)
    }
}

/// A plan. Its terms are read by version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Plan {
    /// Who opened it.
    pub insurer: AccountId,
    /// Who decides appeals.
    pub arbiter: AccountId,
    /// What it pays in.
    pub asset: Asset,
    /// The newest version of its terms, from 0 on. It holds for coverages that are made from now on.
    pub version: u32,
    /// Whether it takes no claims at the moment.
    pub frozen: bool,
    /// How many pages its fee schedule has: a power of 2. See [`salus_domain::plan::fee_page`].
    pub fee_pages: u16,
    /// Its money.
    pub pool: Pool,
}

/// Somebody who is to be covered (FHIR `Coverage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Enrolment {
    /// The member (`beneficiary`).
    pub member: AccountId,
    /// Who holds the family's contract (`subscriber`): members with the same one, whose coverages begin at the same time, share
    /// the family's limits.
    pub subscriber: AccountId,
    /// When services are covered (`period`); a year at most.
    pub period: Period,
    /// Whether another insurer pays first (`order` above 1).
    pub secondary: bool,
}

/// A member's coverage under a plan.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Coverage {
    /// When services are covered.
    pub period: Period,
    /// Who holds the family's contract.
    pub subscriber: AccountId,
    /// Whether another insurer pays first.
    pub secondary: bool,
    /// The version of the plan's terms that holds.
    pub version: u32,
    /// What the member used of the annual limits.
    pub used: Used,
}

impl Coverage {
    /// Since when the member is covered without a break: the start of the first of those, among all of the member's, that this one
    /// continues. Waiting periods count from it.
    #[must_use]
    pub fn since(&self, all: &[Self]) -> Timestamp {
        let mut since = self.period.start;
        for before in all.iter().rev() {
            if before.period.end == since {
                since = before.period.start;
            }
        }
        since
    }
}

/// Where use of limits is kept that is not a member's own of one coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Place {
    /// Whose use counts.
    pub unit: Unit,
    /// The member, or the family's subscriber.
    pub account: AccountId,
    /// For how long it adds up.
    pub term: Since,
}

/// For how long use adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Since {
    /// Coverages that begin at this time.
    Annual(Timestamp),
    /// This day: midnight UTC.
    Day(Timestamp),
    /// For ever.
    Lifetime,
}

/// A prior authorisation (FHIR `Claim` with the use `preauthorization`): of a procedure for a member by a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Authorisation {
    /// The provider asked for it, and the insurer has not decided. From `deadline` on it counts as granted.
    Requested {
        /// For how many units.
        quantity: u32,
        /// By when the insurer has to decide.
        deadline: Timestamp,
    },
    /// The insurer granted it.
    Granted {
        /// How many units are left.
        quantity: u32,
        /// The last moment at which a service may be given.
        until: Timestamp,
    },
    /// The insurer refused it.
    Refused,
}

impl Authorisation {
    /// As it counts at `now`: what was asked for counts as granted, for good, once the insurer's time is over.
    #[must_use]
    pub const fn in_effect(self, now: Timestamp) -> Self {
        match self {
            Self::Requested { quantity, deadline } if now.0 >= deadline.0 => {
                Self::Granted { quantity, until: Timestamp::MAX }
            }
            other => other,
        }
    }

    /// What it is worth, as it counts, for a service on `date`.
    #[must_use]
    pub const fn worth(self, date: Timestamp) -> adjudicate::Authorisation {
        match self {
            Self::Refused => adjudicate::Authorisation::Refused,
            Self::Granted { quantity, until } if quantity > 0 && date.0 <= until.0 => {
                adjudicate::Authorisation::Granted(quantity)
            }
            Self::Requested { .. } | Self::Granted { .. } => adjudicate::Authorisation::Missing,
        }
    }
}

/// Where a claim stands. It goes one way, but for an appeal that adjudicates anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ClaimStatus {
    /// It waits for money in the pool; nothing is reserved.
    AwaitsFunds,
    /// It waits for a prior authorisation; nothing is reserved.
    AwaitsAuthorisation,
    /// Decided; what is to be paid is reserved.
    Adjudicated,
    /// Paid.
    Settled,
    /// Taken back: what was paid is owed, and what it used of limits and services is free again.
    Reversed,
}

impl ClaimStatus {
    /// Whether it waits to be decided.
    #[must_use]
    pub const fn is_pended(self) -> bool {
        matches!(self, Self::AwaitsFunds | Self::AwaitsAuthorisation)
    }

    /// Whether it is decided, and the decision stands.
    #[must_use]
    pub const fn stands(self) -> bool {
        matches!(self, Self::Adjudicated | Self::Settled)
    }
}

/// A claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Claim {
    /// The plan that is to pay.
    pub plan: PlanId,
    /// The version of its terms by which it was decided.
    pub version: u32,
    /// Who was treated.
    pub member: AccountId,
    /// Who is to be paid.
    pub provider: AccountId,
    /// Where it stands.
    pub status: ClaimStatus,
    /// Where the money goes; of a pended claim, where it would have gone.
    pub total: Split,
    /// What of `total.payer` was paid, or set off against what the provider owed.
    pub paid: Amount,
    /// When it was decided; of a pended claim, when it was submitted for the first time.
    pub decided: Timestamp,
    /// From when on anybody may settle it.
    pub due: Timestamp,
    /// The commitment to its [`Filing`]: [`salus_domain::commitment::filing`].
    pub filing: Hash,
    /// The appeal against it.
    pub appeal: Option<Appeal>,
    /// The claim of the insurer that decided before this one.
    pub prior: Option<ClaimId>,
    /// Whether it was passed on to the next insurer.
    pub passed_on: bool,
}

/// An appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Appeal {
    /// The denials that are to be set aside: of [`ReasonSet::APPEALABLE`].
    pub set_aside: ReasonSet,
    /// By when the arbiter has to decide.
    pub deadline: Timestamp,
    /// Where it stands.
    pub status: AppealStatus,
}

/// Where an appeal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum AppealStatus {
    /// The arbiter has to decide.
    Open,
    /// The insurer granted what is asked for: the claim was adjudicated anew. The arbiter can still give more.
    Granted,
    /// The decision stands.
    Upheld,
    /// The claim was adjudicated anew.
    Overturned,
}

impl AppealStatus {
    /// Whether its arbiter can still decide.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Granted)
    }
}

/// How an appeal is decided.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Ruling {
    /// The decision stands.
    Upheld,
    /// The claim is adjudicated anew, by what holds now.
    Overturned {
        /// The denials that do not count: of [`ReasonSet::APPEALABLE`].
        set_aside: ReasonSet,
        /// What was claimed and decided, as the events tell it.
        filing: Filing,
    },
}

/// What was claimed and how it was decided. The chain keeps its commitment only; the events tell it.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Filing {
    /// What was claimed.
    pub submission: Submission,
    /// Whether the provider was in the plan's network.
    pub network: Network,
    /// The lines whose services the claims of earlier insurers have claimed: bit `n` is line `n`.
    pub held: u64,
    /// When it was submitted to the plan for the first time, or passed on to it: what the deadline for filing is measured by.
    pub filed: Timestamp,
    /// The outcome line by line; of a pended claim none.
    pub lines: Vec<LineOutcome>,
}

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

/// What was settled of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Payment {
    /// The claim.
    pub claim: ClaimId,
    /// What it was settled with.
    pub amount: Amount,
    /// How much of that was set off against what the provider owed the pool of reversed claims.
    pub withheld: Amount,
}

/// By what an authorisation is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Procedure {
    /// The plan.
    pub plan: PlanId,
    /// Who is to be treated.
    pub member: AccountId,
    /// Who is to treat.
    pub provider: AccountId,
    /// What: [`salus_domain::commitment::code_tag`].
    pub code: CodeTag,
}

impl scale::Decode for Procedure {
    /// Into its place, without a step between: that is half the code.
    fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
        let nobody = AccountId::from([0; 32]);
        let mut found = Self { plan: PlanId::decode(input)?, member: nobody, provider: nobody, code: CodeTag([0; 16]) };
        input.read(found.member.as_mut())?;
        input.read(found.provider.as_mut())?;
        input.read(&mut found.code.0)?;
        Ok(found)
    }
}

#[cfg(feature = "contract")]
crate::kept_in_one_cell!(Plan, Coverage, Claim, Authorisation, Filing);
