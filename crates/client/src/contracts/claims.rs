use ink_primitives::AccountId;
use salus_domain::claim::Submission;
use salus_domain::codes::ReasonSet;
use salus_domain::counters::Used;
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time::Timestamp;
use salus_interface::claims::{
    AppealStatus, Asset, Authorisation, Claim, ClaimsError, Coverage, Enrolment, Filing, Place, Plan, Procedure,
    Receipt, Ruling,
};

super::contract! {
    /// [`salus_interface::claims`] on a chain.
    Claims, errors ClaimsError;
    messages {
        fn open_plan(asset: Asset, arbiter: AccountId, fee_pages: u16, terms: &PlanTerms) -> PlanId;
        fn revise_plan(plan: PlanId, terms: &PlanTerms) -> u32;
        fn set_frozen(plan: PlanId, frozen: bool) -> ();
        #[transfers amount of asset] fn fund(plan: PlanId, amount: Amount) -> ();
        fn withdraw(plan: PlanId, amount: Amount) -> ();
        fn set_fees(plan: PlanId, page: u8, fees: &[Fee]) -> ();
        fn set_network(plan: PlanId, providers: &[AccountId], listed: bool) -> ();
        fn cover(plan: PlanId, enrolments: &[Enrolment]) -> ();
        fn end_coverage(plan: PlanId, member: AccountId, end: Timestamp) -> ();
        fn request_authorisation(plan: PlanId, member: AccountId, code: CodeTag, quantity: u32) -> ();
        fn decide_authorisation(procedure: Procedure, grant: Option<(u32, Timestamp)>) -> ();
        fn submit(submission: &Submission, secondary: Option<PlanId>) -> Vec<Receipt>;
        fn pass_on(claim: ClaimId, filing: &Filing, plan: PlanId) -> Receipt;
        fn retry(claim: ClaimId) -> Receipt;
        fn withdraw_claim(claim: ClaimId) -> ();
        fn settle(claims: &[ClaimId]) -> Vec<Result<Amount, ClaimsError>>;
        fn appeal(claim: ClaimId, set_aside: ReasonSet, statement: Hash) -> ();
        fn answer_appeal(claim: ClaimId, statement: Hash) -> ();
        fn decide_appeal(claim: ClaimId, ruling: &Ruling, statement: Hash) -> AppealStatus;
        fn reverse(claim: ClaimId, statement: Hash, filing: &Filing) -> Amount;
        #[transfers amount of asset] fn repay(plan: PlanId, provider: AccountId, amount: Amount) -> ();
    }
    queries {
        fn plan(plan: PlanId) -> Option<Plan>;
        fn terms(plan: PlanId, version: u32) -> Option<PlanTerms>;
        fn fee(plan: PlanId, code: CodeTag) -> Option<Amount>;
        fn in_network(plan: PlanId, provider: AccountId) -> bool;
        fn coverages(plan: PlanId, member: AccountId) -> Vec<Coverage>;
        fn used(plan: PlanId, place: Place) -> Used;
        fn authorisation(procedure: Procedure) -> Option<Authorisation>;
        fn claim(claim: ClaimId) -> Option<Claim>;
        fn debt(plan: PlanId, provider: AccountId) -> Amount;
        fn setup() -> (AccountId, AccountId);
    }
}
