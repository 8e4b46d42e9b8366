//! Who is covered, and what was used of limits. Caller and time are arguments.

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::counters::Used;
use salus_domain::ids::PlanId;
use salus_domain::plan::YEAR;
use salus_domain::time::Timestamp;
use salus_interface::claims::{ClaimsError, Coverage, Enrolment, Place, MAX_COVERAGES};
use salus_interface::Cells;

/// Every coverage.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
#[allow(clippy::type_complexity, reason = "in what the macro makes")]
pub struct Coverages {
    /// What a member used of the annual limits lies with the coverage.
    coverages: Mapping<(PlanId, AccountId), Vec<Coverage>>,
    used: Mapping<(PlanId, Place), KeptUsed>,
}

/// What was used of limits.
#[derive(Default)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct KeptUsed(Used);

impl scale::EncodeLike<KeptUsed> for Used {}

salus_interface::kept_in_one_cell!(KeptUsed);

impl Coverages {
    /// A member's coverages, the earliest first.
    pub fn of(&self, plan: PlanId, member: AccountId) -> Vec<Coverage> {
        self.coverages.read(&(plan, member)).unwrap_or_default()
    }

    /// Writes a member's coverages.
    pub fn write(&mut self, plan: PlanId, member: AccountId, coverages: &Vec<Coverage>) {
        self.coverages.put(&(plan, member), coverages);
    }

    /// Adds a coverage after all that there are. Does not check who calls.
    pub fn cover(&mut self, plan: PlanId, version: u32, enrolment: &Enrolment) -> Result<(), ClaimsError> {
        let Enrolment { member, subscriber, period, secondary } = *enrolment;
        if !period.is_valid() {
            return Err(ClaimsError::EmptyPeriod);
        }
        if period.end > period.start.plus(YEAR) {
            return Err(ClaimsError::PeriodTooLong);
        }
        let mut coverages = self.of(plan, member);
        if coverages.last().is_some_and(|latest| latest.period.end > period.start) {
            return Err(ClaimsError::AlreadyCovered);
        }
        if coverages.len() >= MAX_COVERAGES {
            return Err(ClaimsError::TooManyCoverages);
        }
        coverages.push(Coverage { period, subscriber, secondary, version, used: Vec::new() });
        self.write(plan, member, &coverages);
        Ok(())
    }

    /// Ends the coverage that lasts until `end` at `end`. Does not check who calls.
    pub fn end(&mut self, plan: PlanId, member: AccountId, end: Timestamp, now: Timestamp) -> Result<(), ClaimsError> {
        if end < now {
            return Err(ClaimsError::InThePast);
        }
        let mut coverages = self.of(plan, member);
        let lasts = |coverage: &&mut Coverage| coverage.period.start < end && end < coverage.period.end;
        coverages.iter_mut().find(lasts).ok_or(ClaimsError::NotCovered)?.period.end = end;
        self.write(plan, member, &coverages);
        Ok(())
    }

    /// What was used of the limits that are kept in this place.
    pub fn used(&self, plan: PlanId, place: Place) -> Used {
        self.used.read(&(plan, place)).unwrap_or_default().0
    }

    /// Writes what was used.
    pub fn write_used(&mut self, plan: PlanId, place: Place, used: &Used) {
        self.used.put(&(plan, place), used);
    }
}
