//! Plans, their pools and fees, and who is covered. Caller and time are arguments.
//!
//! What changes with every claim (a pool, a coverage) lies in cells apart from what does not (a plan's terms, fees).

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::adjudicate::Accumulators;
use salus_domain::claim::{PlanTerms, Submission};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{ClaimsError, Coverage, Pool, MAX_COVERAGES};

/// Every plan.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
#[allow(clippy::type_complexity, reason = "in what the macro makes")]
pub struct Plans {
    next: u32,
    plans: Mapping<PlanId, KeptPlan>,
    pools: Mapping<PlanId, Pool>,
    fees: Mapping<(PlanId, CodeTag), Fee>,
    coverages: Mapping<(PlanId, AccountId), Vec<Coverage>>,
}

/// What of a plan does not change.
#[derive(Clone)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct KeptPlan {
    /// Who opened it.
    pub insurer: AccountId,
    /// What it promises.
    pub terms: PlanTerms,
}

/// What is allowed for one of a procedure.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Fee(Amount);

salus_interface::kept_in_one_cell!(KeptPlan, Fee);

impl Plans {
    /// Adds a plan with an empty pool.
    pub fn open(&mut self, insurer: AccountId, terms: &PlanTerms) -> Result<PlanId, ClaimsError> {
        terms.validate().map_err(ClaimsError::TermsMalformed)?;
        let id = PlanId(self.next);
        self.next = self.next.checked_add(1).ok_or(ClaimsError::IdsUsedUp)?;
        self.plans.insert(id, &KeptPlan { insurer, terms: terms.clone() });
        Ok(id)
    }

    /// A plan.
    pub fn get(&self, plan: PlanId) -> Result<KeptPlan, ClaimsError> {
        self.plans.get(plan).ok_or(ClaimsError::PlanNotFound)
    }

    /// The guard of what only the insurer may do.
    pub fn ensure_insurer(&self, plan: PlanId, caller: AccountId) -> Result<(), ClaimsError> {
        if self.get(plan)?.insurer == caller {
            Ok(())
        } else {
            Err(ClaimsError::NotInsurer)
        }
    }

    /// A plan's money; nothing where there is no such plan.
    pub fn pool(&self, plan: PlanId) -> Pool {
        self.pools.get(plan).unwrap_or_default()
    }

    /// Sets a plan's money: for taking back what [`Plans::pay_reserved`] did.
    pub fn write_pool(&mut self, plan: PlanId, pool: Pool) {
        self.pools.insert(plan, &pool);
    }

    /// Adds money to a pool.
    pub fn fund(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        self.get(plan)?;
        if amount == Amount::ZERO {
            return Err(ClaimsError::NothingTransferred);
        }
        let mut pool = self.pool(plan);
        pool.funded = pool.funded.checked_add(amount).ok_or(ClaimsError::PoolOverflow)?;
        self.write_pool(plan, pool);
        Ok(())
    }

    /// Takes free money out of a pool. Does not check who calls.
    pub fn withdraw(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        let mut pool = self.pool(plan);
        if amount > pool.free() {
            return Err(ClaimsError::PoolTooSmall);
        }
        pool.funded = pool.funded.minus(amount);
        self.write_pool(plan, pool);
        Ok(())
    }

    /// Keeps free money for a claim.
    pub fn reserve(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        let mut pool = self.pool(plan);
        if amount > pool.free() {
            return Err(ClaimsError::PoolTooSmall);
        }
        pool.reserved = pool.reserved.checked_add(amount).ok_or(ClaimsError::PoolOverflow)?;
        self.write_pool(plan, pool);
        Ok(())
    }

    /// Counts money that was reserved as paid.
    pub fn pay_reserved(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        let mut pool = self.pool(plan);
        pool.reserved = pool.reserved.checked_sub(amount).ok_or(ClaimsError::PoolTooSmall)?;
        pool.paid = pool.paid.checked_add(amount).ok_or(ClaimsError::PoolOverflow)?;
        self.write_pool(plan, pool);
        Ok(())
    }

    /// Sets fees. Does not check who calls.
    pub fn set_fees(&mut self, plan: PlanId, fees: &[(CodeTag, Amount)]) {
        for (code, amount) in fees {
            self.fees.insert((plan, *code), &Fee(*amount));
        }
    }

    /// What is allowed for one of a procedure.
    pub fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount> {
        self.fees.get((plan, code)).map(|Fee(amount)| amount)
    }

    /// A member's coverages, the earliest first.
    pub fn coverages(&self, plan: PlanId, member: AccountId) -> Vec<Coverage> {
        self.coverages.get((plan, member)).unwrap_or_default()
    }

    /// The coverage that counts for a claim: the one in force on its first day of service.
    pub fn coverage_for(&self, submission: &Submission, member: AccountId) -> Option<Coverage> {
        let first = submission.days.iter().map(|day| day.date).min()?;
        self.coverages(submission.plan, member).into_iter().find(|coverage| coverage.period.contains(first))
    }

    /// Adds a coverage after all that there are. Does not check who calls.
    pub fn cover(&mut self, plan: PlanId, member: AccountId, period: Period) -> Result<(), ClaimsError> {
        if !period.is_valid() {
            return Err(ClaimsError::EmptyPeriod);
        }
        let mut coverages = self.coverages(plan, member);
        if coverages.last().is_some_and(|latest| latest.period.end > period.start) {
            return Err(ClaimsError::AlreadyCovered);
        }
        if coverages.len() >= MAX_COVERAGES {
            return Err(ClaimsError::TooManyCoverages);
        }
        coverages.push(Coverage { period, used: Accumulators::default() });
        self.coverages.insert((plan, member), &coverages);
        Ok(())
    }

    /// Ends the coverage that lasts until `end` at `end`. Does not check who calls.
    pub fn end_coverage(
        &mut self,
        plan: PlanId,
        member: AccountId,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<(), ClaimsError> {
        if end < now {
            return Err(ClaimsError::InThePast);
        }
        let mut coverages = self.coverages(plan, member);
        let coverage = coverages
            .iter_mut()
            .find(|coverage| coverage.period.start < end && end < coverage.period.end)
            .ok_or(ClaimsError::NotCovered)?;
        coverage.period.end = end;
        self.coverages.insert((plan, member), &coverages);
        Ok(())
    }

    /// Writes down what a member has used of a coverage's limits.
    pub fn use_limits(&mut self, plan: PlanId, member: AccountId, period: Period, used: Accumulators) {
        let mut coverages = self.coverages(plan, member);
        if let Some(coverage) = coverages.iter_mut().find(|coverage| coverage.period == period) {
            coverage.used = used;
            self.coverages.insert((plan, member), &coverages);
        }
    }
}
