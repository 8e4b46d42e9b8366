//! What a provider claims: days, lines, and the bounds that they keep.

use crate::codes::Category;
use crate::ids::{Account, CodeTag, Hash, PlanId};
use crate::money::Amount;
use crate::time::{Period, Timestamp, DAY};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// How many lines one claim has.
pub const MAX_LINES: usize = 50;

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
    /// What another insurer paid for them, in minor units, at most `submitted`; 0 unless
    /// [`Submission::prior_decided`].
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
    /// Whether another insurer has decided before, whatever it paid: then a coverage that pays after another one pays. On this
    /// chain the claim that it decided tells, elsewhere it is the provider's word (FHIR `Claim.insurance.claimResponse`).
    pub prior_decided: bool,
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
    /// A day is not midnight UTC.
    NotMidnight,
    /// A service lies in the future.
    FutureService,
    /// A quantity is 0.
    ZeroQuantity,
    /// Nothing is charged for a line.
    ZeroAmount,
    /// Another insurer paid more than was charged.
    PriorPaidAboveSubmitted,
    /// Another insurer paid, and is said not to have decided.
    PriorPaidUndecided,
    /// The amounts do not add up within 128 bits.
    Overflow,
}

impl Submission {
    /// From the first day of service to the end of the last. A claim without days, which is malformed, has none: it ends before it
    /// begins.
    #[must_use]
    pub fn period(&self) -> Period {
        let mut period = Period { start: Timestamp::MAX, end: Timestamp::MIN };
        for day in &self.days {
            period = Period { start: period.start.min(day.date), end: period.end.max(day.date.plus(DAY)) };
        }
        period
    }

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
            if day.date.0.checked_rem(DAY) != Some(0) {
                return Err(ClaimMalformed::NotMidnight);
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
            if line.prior_paid > Amount::ZERO && !self.prior_decided {
                return Err(ClaimMalformed::PriorPaidUndecided);
            }
            total = total.checked_add(line.submitted).ok_or(ClaimMalformed::Overflow)?;
        }
        Ok(())
    }
}
