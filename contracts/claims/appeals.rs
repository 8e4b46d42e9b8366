//! Appeals and reversals. Caller and time are arguments.

use crate::book::Freed;
use crate::claims::Claims;
use crate::plans;
use ink::primitives::AccountId;
use salus_domain::codes::ReasonSet;
use salus_domain::ids::{ClaimId, Hash};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::claims::{
    Appeal, AppealAnswered, AppealDecided, AppealStatus, Claim, ClaimAppealed, ClaimReversed, ClaimStatus, ClaimsError,
    Filing, Ruling,
};
use salus_interface::emit;

/// How many claims before it, each taken back, a claim can free. Nobody has so many insurers; who builds a longer chain finds its
/// older claims passed on for good.
const MAX_CHAIN: usize = 8;

/// Whether somebody may appeal.
#[inline(never)]
fn is_party(claim: &Claim, who: AccountId) -> bool {
    who == claim.member || who == claim.provider
}

/// Whether an appeal against the claim is open.
pub fn is_open(claim: &Claim) -> bool {
    claim.appeal.is_some_and(|appeal| appeal.status.is_open())
}

/// Whether an appeal against the claim is open, and its arbiter still has time.
pub fn waits(claim: &Claim, now: Timestamp) -> bool {
    is_open(claim) && claim.appeal.is_some_and(|appeal| now < appeal.deadline)
}

impl Claims {
    pub(crate) fn do_appeal(&mut self, id: ClaimId, set_aside: ReasonSet, statement: Hash) -> Result<(), ClaimsError> {
        let (by, now) = (self.caller(), self.now());
        let mut claim = self.register.get(id)?;
        if !is_party(&claim, by) {
            return Err(ClaimsError::NotParty);
        }
        if !claim.status.stands() {
            return Err(ClaimsError::NotAdjudicated);
        }
        if claim.appeal.is_some() {
            return Err(ClaimsError::AlreadyAppealed);
        }
        if !set_aside.is_subset(ReasonSet::APPEALABLE) {
            return Err(ClaimsError::NotAppealable);
        }
        let deadlines = self.plans.terms(claim.plan, claim.version)?.deadlines;
        if now >= claim.decided.plus(deadlines.appeal) {
            return Err(ClaimsError::TooLate);
        }
        let appeal = Appeal { set_aside, deadline: now.plus(deadlines.review), status: AppealStatus::Open };
        claim.appeal = Some(appeal);
        self.register.write(id, &claim);
        emit(ClaimAppealed { claim: id, by, appeal, statement });
        Ok(())
    }

    pub(crate) fn do_answer_appeal(&self, id: ClaimId, statement: Hash) -> Result<(), ClaimsError> {
        let claim = self.register.get(id)?;
        self.plans.of_insurer(claim.plan, self.caller())?;
        if !is_open(&claim) {
            return Err(ClaimsError::NotAppealed);
        }
        emit(AppealAnswered { claim: id, statement });
        Ok(())
    }

    pub(crate) fn do_decide_appeal(
        &mut self,
        id: ClaimId,
        ruling: Ruling,
        statement: Hash,
    ) -> Result<AppealStatus, ClaimsError> {
        let (by, now) = (self.caller(), self.now());
        let mut claim = self.register.get(id)?;
        let Some(appeal) = claim.appeal.filter(|appeal| appeal.status.is_open()) else {
            return Err(ClaimsError::NotAppealed);
        };
        let plan = self.plans.get(claim.plan)?;
        let late = now >= appeal.deadline;
        let arbiter = by == plan.arbiter && !late;
        // Silence was a yes: who appealed has it carried out.
        let ends = arbiter || late && is_party(&claim, by);
        // What the insurer granted stays granted.
        let granted = appeal.status == AppealStatus::Granted;
        let as_it_is = if granted { AppealStatus::Overturned } else { AppealStatus::Upheld };
        let (status, set_aside) = match ruling {
            Ruling::Upheld if arbiter => (as_it_is, appeal.set_aside),
            Ruling::Upheld => return Err(ClaimsError::NotArbiter),
            Ruling::Overturned { set_aside, filing } => {
                // Others can only grant what is asked for.
                let grants = (ends || by == plan.insurer) && set_aside == appeal.set_aside;
                if !arbiter && !grants {
                    return Err(ClaimsError::NotArbiter);
                }
                if !set_aside.is_subset(ReasonSet::APPEALABLE) {
                    return Err(ClaimsError::NotAppealable);
                }
                // The later insurer counts on what was paid before.
                if claim.passed_on {
                    return Err(ClaimsError::PassedOn);
                }
                self.decided(id, &filing)?;
                let anew = self.decide_anew(id, &mut claim, filing, set_aside, arbiter, now)?;
                // What was granted is ended as it is.
                if !(anew || arbiter || granted && ends) {
                    return Err(ClaimsError::NothingToPay);
                }
                match (ends, anew) {
                    // The insurer cannot end it with less than an arbiter would give.
                    (false, _) => (AppealStatus::Granted, set_aside),
                    (true, true) => (AppealStatus::Overturned, set_aside),
                    (true, false) => (as_it_is, appeal.set_aside),
                }
            }
        };
        claim.appeal = Some(Appeal { status, set_aside, ..appeal });
        self.register.write(id, &claim);
        emit(AppealDecided { claim: id, by, status, set_aside, statement });
        Ok(status)
    }

    pub(crate) fn do_reverse(&mut self, id: ClaimId, statement: Hash, filing: &Filing) -> Result<Amount, ClaimsError> {
        let (by, now) = (self.caller(), self.now());
        let mut claim = self.decided(id, filing)?;
        let mut plan = self.plans.get(claim.plan)?;
        let open = if by == claim.provider { waits(&claim, now) } else { is_open(&claim) };
        if by != claim.provider {
            if by != plan.insurer {
                return Err(ClaimsError::NotInsurer);
            }
            if claim.status != ClaimStatus::Settled {
                return Err(ClaimsError::NotSettled);
            }
            if claim.appeal.is_some_and(|appeal| appeal.status == AppealStatus::Overturned) {
                return Err(ClaimsError::AlreadyAppealed);
            }
            let deadlines = self.plans.terms(claim.plan, claim.version)?.deadlines;
            // An appeal does not use the time up.
            let since = claim.appeal.map_or(claim.decided, |appeal| appeal.deadline.max(claim.decided));
            if now >= since.plus(deadlines.reversal) {
                return Err(ClaimsError::TooLate);
            }
        }
        if open {
            return Err(ClaimsError::AppealOpen);
        }
        let freed = match claim.passed_on {
            true => Freed::None,
            false if self.unlink(claim.prior) => Freed::All,
            false => Freed::Own,
        };
        self.release(&claim, filing, freed)?;
        let owed = claim.paid;
        plans::reverse(&mut plan.pool, owed, claim.total.payer.minus(owed))?;
        self.plans.write(claim.plan, &plan);
        if owed > Amount::ZERO {
            // A part of what the pool is owed, which fits.
            let debt = self.plans.debt(claim.plan, claim.provider);
            self.plans.write_debt(claim.plan, claim.provider, Amount(debt.0.saturating_add(owed.0)));
        }
        claim.status = ClaimStatus::Reversed;
        self.register.write(id, &claim);
        emit(ClaimReversed { claim: id, by, owed, statement });
        Ok(owed)
    }

    /// Lets the claim before this one be passed on again; of claims that were taken back, the one before those. Tells whether all
    /// were taken back.
    pub(crate) fn unlink(&mut self, mut prior: Option<ClaimId>) -> bool {
        let mut all = false;
        for _ in 0..MAX_CHAIN {
            let Some((id, mut before)) = prior.and_then(|id| Some((id, self.register.find(id)?))) else { break };
            before.passed_on = false;
            self.register.write(id, &before);
            all = before.status == ClaimStatus::Reversed;
            prior = before.prior.filter(|_| all);
        }
        all && prior.is_none()
    }
}
