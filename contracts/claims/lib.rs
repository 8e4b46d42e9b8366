//! Claims. What each message does stands on the trait: [`salus_interface::claims::Claims`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod plans;
mod register;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod claims {
    use crate::plans::Plans;
    use crate::register::{payment_request, Adjudicated, Register};
    use ink::codegen::TraitCallBuilder;
    use ink::prelude::vec::Vec;
    use salus_domain::adjudicate::{adjudicate, Standing};
    use salus_domain::claim::{PlanTerms, Submission};
    use salus_domain::evaluate::Answer;
    use salus_domain::ids::{self, ClaimId, CodeTag, PlanId};
    use salus_domain::money::Amount;
    use salus_domain::time::{self, Period};
    use salus_interface::access::AccessGrants;
    use salus_interface::claims::{
        self, Claim, ClaimAdjudicated, ClaimPended, ClaimSettled, ClaimStatus, ClaimSubmitted, ClaimsError, Coverage,
        CoverageEnded, FeesSet, MemberCovered, Plan, PlanOpened, PoolFunded, PoolWithdrawn, Receipt, MAX_BATCH,
        MAX_FEES,
    };
    use salus_interface::consent::ConsentRegistry;
    use salus_interface::keep_apart;

    /// Holds plans with their pools, coverages and claims. The contract's balance is the sum of the pools' money that is
    /// not paid.
    #[ink(storage)]
    pub struct Claims {
        consent_registry: AccountId,
        access_grants: AccountId,
        pub(crate) plans: Plans,
        pub(crate) register: Register,
    }

    impl Claims {
        /// Claims that ask `consent_registry` and `access_grants`.
        ///
        /// # Errors
        /// [`ClaimsError::NotAContract`] where one of them is not one.
        #[ink(constructor)]
        pub fn new(consent_registry: AccountId, access_grants: AccountId) -> Result<Self, ClaimsError> {
            if !Self::env().is_contract(&consent_registry) || !Self::env().is_contract(&access_grants) {
                return Err(ClaimsError::NotAContract);
            }
            keep_apart!(
                Claims as claims::Claims:
                open_plan, fund, withdraw, set_fees, cover, end_coverage, submit, retry, settle, settle_batch, plan, fee, coverages
            );
            Ok(Self { consent_registry, access_grants, plans: Plans::default(), register: Register::default() })
        }

        fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }

        fn is_credentialed(&self, provider: AccountId) -> Result<bool, ClaimsError> {
            let grants: ink::contract_ref!(AccessGrants) = self.access_grants.into();
            let answer = grants.call().principal(provider).try_invoke();
            Ok(answer
                .map_err(|_| ClaimsError::AccessGrantsFailed)?
                .map_err(|_| ClaimsError::AccessGrantsFailed)?
                .is_some())
        }

        fn is_consented(&self, insurer: AccountId, submission: &Submission) -> Result<bool, ClaimsError> {
            let registry: ink::contract_ref!(ConsentRegistry) = self.consent_registry.into();
            let member = AccountId::from(submission.member.0);
            let answer = registry.call().decide(member, payment_request(insurer, submission)).try_invoke();
            let evaluation = answer
                .map_err(|_| ClaimsError::ConsentRegistryFailed)?
                .map_err(|_| ClaimsError::ConsentRegistryFailed)?;
            Ok(evaluation.answer == Answer::Permit)
        }

        /// Decides a claim by the rules of `domain`, from what this contract keeps and the two others answer now.
        /// Writes nothing.
        fn decide(&self, provider: AccountId, submission: &Submission) -> Result<Adjudicated, ClaimsError> {
            submission.validate(self.now()).map_err(ClaimsError::Malformed)?;
            let plan = self.plans.get(submission.plan)?;
            let member = AccountId::from(submission.member.0);
            let coverage = self.plans.coverage_for(submission, member);
            let standing = Standing {
                coverage: coverage.map(|coverage| coverage.period),
                credentialed: self.is_credentialed(provider)?,
                consented: self.is_consented(plan.insurer, submission)?,
            };
            let used = coverage.map(|coverage| coverage.used).unwrap_or_default();
            let lines = self
                .register
                .known_lines(provider, submission, plan.terms.covered, |code| self.plans.fee(submission.plan, code))?;
            let adjudication = adjudicate(&plan.terms, standing, used, &lines);
            Ok(Adjudicated { coverage, adjudication, due: self.now().plus(plan.terms.settlement_period) })
        }

        /// Reserves what an adjudicated claim pays, and remembers what it used of limits and services.
        fn reserve(
            &mut self,
            claim: ClaimId,
            provider: AccountId,
            submission: &Submission,
            decided: Adjudicated,
        ) -> Result<Receipt, ClaimsError> {
            let Adjudicated { coverage, adjudication, due } = decided;
            let member = AccountId::from(submission.member.0);
            self.plans.reserve(submission.plan, adjudication.total.payer)?;
            if let Some(coverage) = coverage {
                self.plans.use_limits(submission.plan, member, coverage.period, adjudication.accumulators);
            }
            self.register.remember_services(provider, submission, &adjudication)?;
            let status = ClaimStatus::Adjudicated;
            let total = adjudication.total;
            self.register.write(claim, &Claim { plan: submission.plan, member, provider, status, total, due });
            self.env().emit_event(ClaimAdjudicated { claim, lines: adjudication.lines.clone(), due });
            Ok(Receipt { claim, status, adjudication })
        }

        /// The effects come first; where the chain refuses the transfer, they are taken back.
        fn pay(&mut self, id: ClaimId) -> Result<Amount, ClaimsError> {
            let claim = self.register.get(id)?;
            let amount = claim.total.payer;
            match claim.status {
                ClaimStatus::Pended => return Err(ClaimsError::NotAdjudicated),
                ClaimStatus::Settled => return Err(ClaimsError::AlreadySettled),
                ClaimStatus::Adjudicated if amount == Amount::ZERO => return Err(ClaimsError::NothingToPay),
                ClaimStatus::Adjudicated => {}
            }
            if self.now() < claim.due {
                self.plans.ensure_insurer(claim.plan, self.env().caller())?;
            }
            let pool = self.plans.pool(claim.plan);
            self.plans.pay_reserved(claim.plan, amount)?;
            self.register.write(id, &Claim { status: ClaimStatus::Settled, ..claim });
            if self.env().transfer(claim.provider, amount.0).is_err() {
                self.plans.write_pool(claim.plan, pool);
                self.register.write(id, &claim);
                return Err(ClaimsError::TransferFailed);
            }
            self.env().emit_event(ClaimSettled { claim: id, provider: claim.provider, amount });
            Ok(amount)
        }
    }

    impl claims::Claims for Claims {
        #[ink(message)]
        #[inline(never)]
        fn open_plan(&mut self, terms: PlanTerms) -> Result<PlanId, ClaimsError> {
            let insurer = self.env().caller();
            let plan = self.plans.open(insurer, &terms)?;
            self.env().emit_event(PlanOpened { plan, insurer, terms });
            Ok(plan)
        }

        #[ink(message, payable)]
        #[inline(never)]
        fn fund(&mut self, plan: PlanId) -> Result<(), ClaimsError> {
            let amount = Amount(self.env().transferred_value());
            let from = self.env().caller();
            self.plans.fund(plan, amount)?;
            self.env().emit_event(PoolFunded { plan, from, amount });
            Ok(())
        }

        #[ink(message)]
        #[inline(never)]
        fn withdraw(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
            let insurer = self.env().caller();
            self.plans.ensure_insurer(plan, insurer)?;
            self.plans.withdraw(plan, amount)?;
            self.env().transfer(insurer, amount.0).map_err(|_| ClaimsError::TransferFailed)?;
            self.env().emit_event(PoolWithdrawn { plan, amount });
            Ok(())
        }

        #[ink(message)]
        #[inline(never)]
        fn set_fees(&mut self, plan: PlanId, fees: Vec<(CodeTag, Amount)>) -> Result<(), ClaimsError> {
            self.plans.ensure_insurer(plan, self.env().caller())?;
            if fees.len() > MAX_FEES {
                return Err(ClaimsError::BatchTooLarge);
            }
            self.plans.set_fees(plan, &fees);
            self.env().emit_event(FeesSet { plan, fees });
            Ok(())
        }

        #[ink(message)]
        #[inline(never)]
        fn cover(&mut self, plan: PlanId, member: AccountId, period: Period) -> Result<(), ClaimsError> {
            self.plans.ensure_insurer(plan, self.env().caller())?;
            self.plans.cover(plan, member, period)?;
            self.env().emit_event(MemberCovered { plan, member, period });
            Ok(())
        }

        #[ink(message)]
        #[inline(never)]
        fn end_coverage(&mut self, plan: PlanId, member: AccountId, end: time::Timestamp) -> Result<(), ClaimsError> {
            self.plans.ensure_insurer(plan, self.env().caller())?;
            let now = self.now();
            self.plans.end_coverage(plan, member, end, now)?;
            self.env().emit_event(CoverageEnded { plan, member, end });
            Ok(())
        }

        #[ink(message)]
        #[inline(never)]
        fn submit(&mut self, submission: Submission) -> Result<Receipt, ClaimsError> {
            let provider = self.env().caller();
            self.register.ensure_new(provider, submission.reference)?;
            let decided = self.decide(provider, &submission)?;
            let claim = self.register.next(provider, submission.reference)?;
            self.env().emit_event(ClaimSubmitted { claim, provider, submission: submission.clone() });
            let amount = decided.adjudication.total.payer;
            if amount <= self.plans.pool(submission.plan).free() {
                return self.reserve(claim, provider, &submission, decided);
            }
            let status = ClaimStatus::Pended;
            let Adjudicated { adjudication, due, .. } = decided;
            let member = AccountId::from(submission.member.0);
            let total = adjudication.total;
            self.register.write(claim, &Claim { plan: submission.plan, member, provider, status, total, due });
            self.register.pend(claim, &submission);
            self.env().emit_event(ClaimPended { claim, amount });
            Ok(Receipt { claim, status, adjudication })
        }

        #[ink(message)]
        #[inline(never)]
        fn retry(&mut self, claim: ClaimId) -> Result<Receipt, ClaimsError> {
            let Claim { provider, status, .. } = self.register.get(claim)?;
            if status != ClaimStatus::Pended {
                return Err(ClaimsError::NotPended);
            }
            let submission = self.register.take_pended(claim)?;
            let decided = self.decide(provider, &submission)?;
            self.reserve(claim, provider, &submission, decided)
        }

        #[ink(message)]
        #[inline(never)]
        fn settle(&mut self, claim: ClaimId) -> Result<Amount, ClaimsError> {
            self.pay(claim)
        }

        #[ink(message)]
        #[inline(never)]
        fn settle_batch(&mut self, claims: Vec<ClaimId>) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError> {
            if claims.len() > MAX_BATCH {
                return Err(ClaimsError::BatchTooLarge);
            }
            Ok(claims.into_iter().map(|claim| self.pay(claim)).collect())
        }

        #[ink(message)]
        #[inline(never)]
        fn plan(&self, plan: PlanId) -> Option<Plan> {
            let kept = self.plans.get(plan).ok()?;
            Some(Plan { insurer: kept.insurer, terms: kept.terms, pool: self.plans.pool(plan) })
        }

        #[ink(message)]
        #[inline(never)]
        fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount> {
            self.plans.fee(plan, code)
        }

        #[ink(message)]
        #[inline(never)]
        fn coverages(&self, plan: PlanId, member: AccountId) -> Vec<Coverage> {
            self.plans.coverages(plan, member)
        }

        #[ink(message)]
        #[inline(never)]
        fn claim(&self, claim: ClaimId) -> Option<Claim> {
            self.register.get(claim).ok()
        }

        #[ink(message)]
        #[inline(never)]
        fn claim_by_reference(&self, provider: AccountId, reference: ids::Hash) -> Option<ClaimId> {
            self.register.by_reference(provider, reference)
        }

        #[ink(message)]
        #[inline(never)]
        fn consent_registry(&self) -> AccountId {
            self.consent_registry
        }

        #[ink(message)]
        #[inline(never)]
        fn access_grants(&self) -> AccountId {
            self.access_grants
        }
    }
}

#[cfg(test)]
mod tests;
