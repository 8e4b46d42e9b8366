//! Claims. What each message does stands on the trait: [`salus_interface::claims::Claims`].

#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod appeals;
mod book;
mod coverages;
mod decisions;
mod insurers;
mod payments;
mod plans;
mod providers;
mod register;
mod settlement;

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod claims {
    use crate::coverages::Coverages;
    use crate::plans::Plans;
    use crate::register::Register;
    use ink::prelude::{boxed::Box, vec::Vec};
    use salus_domain::claim::Submission;
    use salus_domain::codes::ReasonSet;
    use salus_domain::counters::Used;
    use salus_domain::ids::{self, ClaimId, CodeTag, PlanId};
    use salus_domain::money::Amount;
    use salus_domain::plan::{Fee, PlanTerms};
    use salus_domain::time;
    use salus_interface::claims::{
        self, AppealStatus, Asset, Authorisation, Claim, ClaimsError, Coverage, Enrolment, Filing, Place, Plan,
        Procedure, Receipt, Ruling,
    };
    use salus_interface::{answer, keep_apart, tell};

    /// Holds plans with their pools, coverages and claims. The contract's balance in each asset is what its pools have funded and
    /// not paid. The root never changes: every message ends by [`answer`] or [`tell`].
    #[ink(storage)]
    pub struct Claims {
        pub(crate) consent_registry: AccountId,
        pub(crate) access_grants: AccountId,
        pub(crate) plans: Plans,
        pub(crate) coverages: Coverages,
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
                open_plan, revise_plan, fund, withdraw, set_fees, set_network, cover, end_coverage,
                request_authorisation, decide_authorisation, submit, pass_on, retry, withdraw_claim, settle, appeal,
                decide_appeal, reverse, repay
            );
            Ok(Self {
                consent_registry,
                access_grants,
                plans: Plans::default(),
                coverages: Coverages::default(),
                register: Register::default(),
            })
        }

        pub(crate) fn caller(&self) -> AccountId {
            self.env().caller()
        }

        pub(crate) fn now(&self) -> time::Timestamp {
            time::Timestamp(self.env().block_timestamp())
        }
    }

    impl claims::Claims for Claims {
        #[ink(message)]
        #[inline(never)]
        fn open_plan(
            &mut self,
            asset: Box<Asset>,
            arbiter: Box<AccountId>,
            fee_pages: u16,
            terms: Box<PlanTerms>,
        ) -> Result<PlanId, ClaimsError> {
            answer(self.do_open_plan(*asset, *arbiter, fee_pages, *terms))
        }

        #[ink(message)]
        #[inline(never)]
        fn revise_plan(&mut self, plan: PlanId, terms: Box<PlanTerms>) -> Result<u32, ClaimsError> {
            answer(self.do_revise_plan(plan, *terms))
        }

        #[ink(message)]
        fn set_frozen(&mut self, plan: PlanId, frozen: bool) -> Result<(), ClaimsError> {
            answer(self.do_set_frozen(plan, frozen))
        }

        #[ink(message, payable)]
        #[inline(never)]
        fn fund(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
            answer(self.do_fund(plan, amount))
        }

        #[ink(message)]
        #[inline(never)]
        fn withdraw(&mut self, plan: PlanId, amount: Amount) -> Result<(), ClaimsError> {
            answer(self.do_withdraw(plan, amount))
        }

        #[ink(message)]
        #[inline(never)]
        fn set_fees(&mut self, plan: PlanId, page: u8, fees: Vec<Fee>) -> Result<(), ClaimsError> {
            answer(self.do_set_fees(plan, page, fees))
        }

        #[ink(message)]
        #[inline(never)]
        fn set_network(&mut self, plan: PlanId, providers: Vec<AccountId>, listed: bool) -> Result<(), ClaimsError> {
            answer(self.do_set_network(plan, providers, listed))
        }

        #[ink(message)]
        #[inline(never)]
        fn cover(&mut self, plan: PlanId, enrolments: Vec<Enrolment>) -> Result<(), ClaimsError> {
            answer(self.do_cover(plan, enrolments))
        }

        #[ink(message)]
        #[inline(never)]
        fn end_coverage(
            &mut self,
            plan: PlanId,
            member: Box<AccountId>,
            end: time::Timestamp,
        ) -> Result<(), ClaimsError> {
            answer(self.do_end_coverage(plan, *member, end))
        }

        #[ink(message)]
        #[inline(never)]
        fn request_authorisation(
            &mut self,
            plan: PlanId,
            member: Box<AccountId>,
            code: CodeTag,
            quantity: u32,
        ) -> Result<(), ClaimsError> {
            answer(self.do_request_authorisation(plan, *member, code, quantity))
        }

        #[ink(message)]
        #[inline(never)]
        fn decide_authorisation(
            &mut self,
            procedure: Box<Procedure>,
            grant: Option<(u32, time::Timestamp)>,
        ) -> Result<(), ClaimsError> {
            answer(self.do_decide_authorisation(*procedure, grant))
        }

        #[ink(message)]
        #[inline(never)]
        fn submit(
            &mut self,
            submission: Box<Submission>,
            secondary: Option<PlanId>,
        ) -> Result<Vec<Receipt>, ClaimsError> {
            answer(self.do_submit(*submission, secondary))
        }

        #[ink(message)]
        #[inline(never)]
        fn pass_on(&mut self, claim: Box<ClaimId>, filing: Box<Filing>, plan: PlanId) -> Result<Receipt, ClaimsError> {
            answer(self.do_pass_on(*claim, *filing, plan))
        }

        #[ink(message)]
        #[inline(never)]
        fn retry(&mut self, claim: Box<ClaimId>) -> Result<Receipt, ClaimsError> {
            answer(self.do_retry(*claim))
        }

        #[ink(message)]
        #[inline(never)]
        fn withdraw_claim(&mut self, claim: Box<ClaimId>) -> Result<(), ClaimsError> {
            answer(self.do_withdraw_claim(*claim))
        }

        #[ink(message)]
        #[inline(never)]
        fn settle(&mut self, claims: Vec<ClaimId>) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError> {
            answer(self.do_settle(&claims))
        }

        #[ink(message)]
        #[inline(never)]
        fn appeal(
            &mut self,
            claim: Box<ClaimId>,
            set_aside: ReasonSet,
            statement: Box<ids::Hash>,
        ) -> Result<(), ClaimsError> {
            answer(self.do_appeal(*claim, set_aside, *statement))
        }

        #[ink(message)]
        fn answer_appeal(&mut self, claim: Box<ClaimId>, statement: Box<ids::Hash>) -> Result<(), ClaimsError> {
            answer(self.do_answer_appeal(*claim, *statement))
        }

        #[ink(message)]
        #[inline(never)]
        fn decide_appeal(
            &mut self,
            claim: Box<ClaimId>,
            ruling: Box<Ruling>,
            statement: Box<ids::Hash>,
        ) -> Result<AppealStatus, ClaimsError> {
            answer(self.do_decide_appeal(*claim, *ruling, *statement))
        }

        #[ink(message)]
        #[inline(never)]
        fn reverse(
            &mut self,
            claim: Box<ClaimId>,
            statement: Box<ids::Hash>,
            filing: Box<Filing>,
        ) -> Result<Amount, ClaimsError> {
            answer(self.do_reverse(*claim, *statement, &filing))
        }

        #[ink(message, payable)]
        #[inline(never)]
        fn repay(&mut self, plan: PlanId, provider: Box<AccountId>, amount: Amount) -> Result<(), ClaimsError> {
            answer(self.do_repay(plan, *provider, amount))
        }

        #[ink(message)]
        fn plan(&self, plan: PlanId) -> Option<Plan> {
            tell(self.plans.get(plan).ok().map(|plan| *plan))
        }

        #[ink(message)]
        fn terms(&self, plan: PlanId, version: u32) -> Option<PlanTerms> {
            tell(self.plans.terms(plan, version).ok())
        }

        #[ink(message)]
        fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount> {
            tell(self.plans.fee(plan, code))
        }

        #[ink(message)]
        fn in_network(&self, plan: PlanId, provider: Box<AccountId>) -> bool {
            tell(self.plans.in_network(plan, *provider))
        }

        #[ink(message)]
        fn coverages(&self, plan: PlanId, member: Box<AccountId>) -> Vec<Coverage> {
            tell(self.coverages.of(plan, *member))
        }

        #[ink(message)]
        fn used(&self, plan: PlanId, place: Box<Place>) -> Used {
            tell(self.coverages.used(plan, *place))
        }

        #[ink(message)]
        fn authorisation(&self, procedure: Box<Procedure>) -> Option<Authorisation> {
            tell(self.register.authorisation(*procedure))
        }

        #[ink(message)]
        fn claim(&self, claim: Box<ClaimId>) -> Option<Claim> {
            tell(self.register.find(*claim).map(|claim| *claim))
        }

        #[ink(message)]
        fn debt(&self, plan: PlanId, provider: Box<AccountId>) -> Amount {
            tell(self.plans.debt(plan, *provider))
        }

        #[ink(message)]
        fn setup(&self) -> (AccountId, AccountId) {
            tell((self.consent_registry, self.access_grants))
        }
    }
}

#[cfg(test)]
mod tests;
