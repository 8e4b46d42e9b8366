//! What an insurer does with its plans, and the money that goes into them and out.

use crate::claims::Claims;
use crate::{payments, plans};
use ink::codegen::Env;
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time;
use salus_interface::claims::{
    Asset, Authorisation, AuthorisationChanged, ClaimsError, CoverageEnded, DebtPaid, Enrolment, FeesSet,
    MembersCovered, NetworkSet, Plan, PlanFrozen, PlanOpened, PlanRevised, PoolFunded, PoolWithdrawn, Procedure,
    MAX_BATCH,
};
use salus_interface::emit;

impl Claims {
    pub(crate) fn do_open_plan(
        &mut self,
        asset: Asset,
        arbiter: AccountId,
        fee_pages: u16,
        terms: PlanTerms,
    ) -> Result<PlanId, ClaimsError> {
        let insurer = self.caller();
        let plan = self.plans.open(insurer, arbiter, asset, fee_pages, &terms)?;
        emit(PlanOpened { insurer, plan, arbiter, asset, fee_pages, terms });
        Ok(plan)
    }

    pub(crate) fn do_revise_plan(&mut self, plan: PlanId, terms: PlanTerms) -> Result<u32, ClaimsError> {
        let mut found = self.plans.of_insurer(plan, self.caller())?;
        let version = self.plans.revise(plan, &mut found, &terms)?;
        emit(PlanRevised { plan, version, terms });
        Ok(version)
    }

    pub(crate) fn do_set_frozen(&mut self, plan: PlanId, frozen: bool) -> Result<(), ClaimsError> {
        let mut found = self.plans.of_insurer(plan, self.caller())?;
        found.frozen = frozen;
        self.plans.write(plan, &found);
        emit(PlanFrozen { plan, frozen });
        Ok(())
    }

    /// Takes money for a plan in. Tells what arrived.
    fn take_in(&self, plan: &Plan, amount: Amount) -> Result<Amount, ClaimsError> {
        let (from, this) = (self.caller(), self.env().account_id());
        payments::take_in(plan.asset, from, this, Amount(self.env().transferred_value()), amount)
    }

    pub(crate) fn do_fund(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        let mut found = self.plans.get(plan)?;
        let amount = self.take_in(&found, amount)?;
        plans::fund(&mut found.pool, amount)?;
        self.plans.write(plan, &found);
        emit(PoolFunded { plan, from: self.caller(), amount });
        Ok(())
    }

    pub(crate) fn do_withdraw(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
        let insurer = self.caller();
        let mut found = self.plans.of_insurer(plan, insurer)?;
        plans::withdraw(&mut found.pool, amount)?;
        self.plans.write(plan, &found);
        payments::pay(found.asset, insurer, amount)?;
        emit(PoolWithdrawn { plan, amount });
        Ok(())
    }

    pub(crate) fn do_set_fees(&mut self, plan: PlanId, page: u8, fees: Vec<Fee>) -> Result<(), ClaimsError> {
        let found = self.plans.of_insurer(plan, self.caller())?;
        self.plans.set_fees(plan, &found, page, &fees)?;
        emit(FeesSet { plan, page, fees });
        Ok(())
    }

    pub(crate) fn do_set_network(
        &mut self,
        plan: PlanId,
        providers: Vec<AccountId>,
        listed: bool,
    ) -> Result<(), ClaimsError> {
        self.plans.of_insurer(plan, self.caller())?;
        if providers.len() > MAX_BATCH {
            return Err(ClaimsError::BatchTooLarge);
        }
        self.plans.set_network(plan, &providers, listed);
        emit(NetworkSet { plan, providers, listed });
        Ok(())
    }

    pub(crate) fn do_cover(&mut self, plan: PlanId, enrolments: Vec<Enrolment>) -> Result<(), ClaimsError> {
        let version = self.plans.of_insurer(plan, self.caller())?.version;
        if enrolments.len() > MAX_BATCH {
            return Err(ClaimsError::BatchTooLarge);
        }
        for enrolment in &enrolments {
            self.coverages.cover(plan, version, enrolment)?;
        }
        emit(MembersCovered { plan, version, enrolments });
        Ok(())
    }

    pub(crate) fn do_end_coverage(
        &mut self,
        plan: PlanId,
        member: AccountId,
        end: time::Timestamp,
    ) -> Result<(), ClaimsError> {
        self.plans.of_insurer(plan, self.caller())?;
        let now = self.now();
        self.coverages.end(plan, member, end, now)?;
        emit(CoverageEnded { plan, member, end });
        Ok(())
    }

    pub(crate) fn do_decide_authorisation(
        &mut self,
        procedure: Procedure,
        grant: Option<(u32, time::Timestamp)>,
    ) -> Result<(), ClaimsError> {
        self.plans.of_insurer(procedure.plan, self.caller())?;
        let authorisation = match grant {
            Some((0, _)) => return Err(ClaimsError::ZeroQuantity),
            Some((quantity, until)) => Authorisation::Granted { quantity, until },
            None => Authorisation::Refused,
        };
        let before = self.register.authorisation(procedure).map(|before| before.in_effect(self.now()));
        if let Some(Authorisation::Granted { quantity: left @ 1.., until: last }) = before {
            if !grant.is_some_and(|(quantity, until)| quantity >= left && until >= last) {
                return Err(ClaimsError::TooLate);
            }
        }
        self.register.write_authorisation(procedure, &authorisation);
        emit(AuthorisationChanged { member: procedure.member, procedure, authorisation });
        Ok(())
    }

    pub(crate) fn do_repay(&mut self, plan: PlanId, provider: AccountId, amount: Amount) -> Result<(), ClaimsError> {
        let mut found = self.plans.get(plan)?;
        let debt = self.plans.debt(plan, provider);
        if amount > debt {
            return Err(ClaimsError::NothingOwed);
        }
        let amount = self.take_in(&found, amount)?;
        plans::repay(&mut found.pool, amount);
        self.plans.write(plan, &found);
        self.plans.write_debt(plan, provider, debt.minus(amount));
        emit(DebtPaid { plan, provider, amount });
        Ok(())
    }
}
