//! What an insurer promises and what a provider claims: plan terms, claim lines, and the bounds that both keep.

use crate::codes::{Category, CategorySet};
use crate::ids::{Account, CodeTag, Hash, PlanId};
use crate::money::{Amount, BasisPoints};
use crate::time::Timestamp;
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// How many lines one claim has.
pub const MAX_LINES: usize = 50;

/// What the patient bears of a covered service in one category, after the deductible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct CostShare {
    /// A fixed amount per line.
    pub copay: Amount,
    /// A share of what is left.
    pub coinsurance: BasisPoints,
}

/// What a plan pays for (FHIR `InsurancePlan.plan`). Amounts are in minor units of the plan's asset; limits hold per
/// member and coverage period.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct PlanTerms {
    /// What the member bears before the plan pays anything.
    pub deductible: Amount,
    /// Where no exception names the category.
    pub cost_share: CostShare,
    /// Categories that have a cost share of their own, each at most once.
    pub exceptions: Vec<(Category, CostShare)>,
    /// The most that the member bears of deductible, copay and coinsurance.
    pub out_of_pocket_maximum: Amount,
    /// The most that the plan pays.
    pub benefit_maximum: Amount,
    /// How long after the start of the coverage the plan pays nothing, in milliseconds.
    pub waiting_period: u64,
    /// The categories that the plan pays for.
    pub covered: CategorySet,
    /// How long the insurer may hold back an adjudicated claim, in milliseconds; after that anybody may settle it.
    pub settlement_period: u64,
}

/// Why plan terms are not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum TermsMalformed {
    /// A coinsurance is above 10,000 basis points.
    CoinsuranceAboveWhole,
    /// Two exceptions name the same category.
    RepeatedCategory,
    /// No category is covered.
    CoversNothing,
}

impl PlanTerms {
    /// Checks the bounds and the shape.
    ///
    /// # Errors
    /// The first [`TermsMalformed`] that is found.
    pub fn validate(&self) -> Result<(), TermsMalformed> {
        if self.covered.is_empty() {
            return Err(TermsMalformed::CoversNothing);
        }
        let mut seen = CategorySet::EMPTY;
        for (category, _) in &self.exceptions {
            if seen.contains(*category) {
                return Err(TermsMalformed::RepeatedCategory);
            }
            seen = seen.with(*category);
        }
        let mut shares = self.exceptions.iter().map(|(_, share)| share).chain([&self.cost_share]);
        if shares.any(|share| !share.coinsurance.is_valid()) {
            return Err(TermsMalformed::CoinsuranceAboveWhole);
        }
        Ok(())
    }

    /// What the patient bears in `category`.
    #[must_use]
    pub fn cost_share(&self, category: Category) -> CostShare {
        self.exceptions.iter().find(|(named, _)| *named == category).map_or(self.cost_share, |(_, share)| *share)
    }
}

/// A day on which services were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ServiceDay {
    /// The day: midnight UTC.
    pub date: Timestamp,
    /// What its lines' nullifiers have in common: [`crate::commitment::service_day`].
    pub nullifier: Hash,
}

/// One line of a claim (FHIR `Claim.item`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Line {
    /// The place of its day in [`Submission::days`].
    pub day: u8,
    /// Commitment to the procedure code: [`crate::commitment::code_tag`].
    pub code: CodeTag,
    /// The kind of benefit.
    pub category: Category,
    /// How many were given, at least 1.
    pub quantity: u32,
    /// What is charged for all of them, in minor units, more than 0.
    pub submitted: Amount,
    /// What another insurer paid for them, in minor units, at most `submitted`.
    pub prior_paid: Amount,
}

/// A claim as its provider makes it (FHIR `Claim`).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Submission {
    /// The plan that is to pay.
    pub plan: PlanId,
    /// The member who was treated.
    pub member: Account,
    /// The provider's number of the claim: [`crate::commitment::claim_reference`]. It is accepted once per provider.
    pub reference: Hash,
    /// The days of service, each once.
    pub days: Vec<ServiceDay>,
    /// The lines, 1 to [`MAX_LINES`].
    pub lines: Vec<Line>,
}

/// Why a claim is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum ClaimMalformed {
    /// It has no line.
    NoLines,
    /// It has more than [`MAX_LINES`] lines.
    TooManyLines,
    /// It has more days than lines.
    TooManyDays,
    /// A line's day is not among the days.
    UnknownDay,
    /// A day has no line.
    UnusedDay,
    /// A day is listed twice.
    RepeatedDay,
    /// A service lies in the future.
    FutureService,
    /// A quantity is 0.
    ZeroQuantity,
    /// Nothing is charged for a line.
    ZeroAmount,
    /// Another insurer paid more than was charged.
    PriorPaidAboveSubmitted,
    /// The amounts do not add up within 128 bits.
    Overflow,
}

impl Submission {
    /// Checks the bounds and the shape; `now` is the time of the block.
    ///
    /// # Errors
    /// The first [`ClaimMalformed`] that is found.
    pub fn validate(&self, now: Timestamp) -> Result<(), ClaimMalformed> {
        if self.lines.is_empty() {
            return Err(ClaimMalformed::NoLines);
        }
        if self.lines.len() > MAX_LINES {
            return Err(ClaimMalformed::TooManyLines);
        }
        if self.days.len() > self.lines.len() {
            return Err(ClaimMalformed::TooManyDays);
        }
        for (place, day) in self.days.iter().enumerate() {
            if !self.lines.iter().any(|line| usize::from(line.day) == place) {
                return Err(ClaimMalformed::UnusedDay);
            }
            if day.date > now {
                return Err(ClaimMalformed::FutureService);
            }
            if self.days.iter().skip(place + 1).any(|other| other.nullifier == day.nullifier || other.date == day.date)
            {
                return Err(ClaimMalformed::RepeatedDay);
            }
        }
        let mut total = Amount::ZERO;
        for line in &self.lines {
            if usize::from(line.day) >= self.days.len() {
                return Err(ClaimMalformed::UnknownDay);
            }
            if line.quantity == 0 {
                return Err(ClaimMalformed::ZeroQuantity);
            }
            if line.submitted == Amount::ZERO {
                return Err(ClaimMalformed::ZeroAmount);
            }
            if line.prior_paid > line.submitted {
                return Err(ClaimMalformed::PriorPaidAboveSubmitted);
            }
            total = total.checked_add(line.submitted).ok_or(ClaimMalformed::Overflow)?;
        }
        Ok(())
    }
}
