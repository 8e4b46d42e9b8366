//! Appeals and reversals. Caller and time are arguments.

use crate::book::Freed;
use crate::claims::Claims;
use crate::plans;
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash};
use salus_domain::money::Amount;
use salus_interface::claims::{
    Appeal, AppealAnswered, AppealDecided, AppealStatus, Claim, ClaimAppealed, ClaimReversed, ClaimStatus, ClaimsError,
    Filing, Ruling,
};
use salus_interface::emit;

/// The reasons that an authorisation takes care of.
const AUTHORISATION: ReasonSet =
    ReasonSet::of(&[Reason::AuthorisationMissing, Reason::AuthorisationRefused, Reason::AuthorisationExceeded]);

/// Whether an appeal against the claim waits for its arbiter.
pub fn is_open(claim: &Claim) -> bool {
    claim.appeal.is_some_and(|appeal| appeal.status == AppealStatus::Open)
}

impl Claims {
    pub(crate) fn do_appeal(&mut self, id: ClaimId, set_aside: ReasonSet, statement: Hash) -> Result<(), ClaimsError> {
        let (by, now) = (self.caller(), self.now());
        let mut claim = self.register.get(id)?;
        if by != claim.member && by != claim.provider {
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
        let Some(appeal) = claim.appeal.filter(|_| is_open(&claim)) else { return Err(ClaimsError::NotAppealed) };
        let plan = self.plans.get(claim.plan)?;
        let arbiter = by == plan.arbiter;
        let (status, set_aside) = match ruling {
            Ruling::Upheld if arbiter => (AppealStatus::Upheld, appeal.set_aside),
            Ruling::Upheld => return Err(ClaimsError::NotArbiter),
            Ruling::Overturned { set_aside, filing } => {
                // Others can only grant what is asked for.
                let grants = (now >= appeal.deadline || by == plan.insurer) && set_aside == appeal.set_aside;
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
                let more = self.decide_anew(id, &mut claim, filing, set_aside, now)?;
                if !more && !arbiter {
                    return Err(ClaimsError::NothingToPay);
                }
                (if more { AppealStatus::Overturned } else { AppealStatus::Upheld }, set_aside)
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
        let overturned = claim.appeal.filter(|appeal| appeal.status == AppealStatus::Overturned);
        if by != claim.provider {
            if by != plan.insurer {
                return Err(ClaimsError::NotInsurer);
            }
            if claim.status != ClaimStatus::Settled {
                return Err(ClaimsError::NotSettled);
            }
            if overturned.is_some() {
                return Err(ClaimsError::AlreadyAppealed);
            }
            let deadlines = self.plans.terms(claim.plan, claim.version)?.deadlines;
            if now >= claim.decided.plus(deadlines.reversal) {
                return Err(ClaimsError::TooLate);
            }
        }
        if is_open(&claim) {
            return Err(ClaimsError::AppealOpen);
        }
        // What an appeal set aside was not taken from an authorisation.
        let overruled = overturned.is_some_and(|appeal| appeal.set_aside.intersects(AUTHORISATION));
        let freed = match self.unlink(claim.prior) {
            _ if claim.passed_on => Freed::None,
            true => Freed::All,
            false => Freed::Own,
        };
        self.release(&claim, filing, !overruled, freed)?;
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

    /// Lets the claim before this one be passed on again. Tells whether it was the first insurer's and was taken back.
    pub(crate) fn unlink(&mut self, prior: Option<ClaimId>) -> bool {
        let Some(id) = prior else { return false };
        let Some(mut before) = self.register.find(id) else { return false };
        before.passed_on = false;
        self.register.write(id, &before);
        before.status == ClaimStatus::Reversed && before.prior.is_none()
    }
}
