use ink_primitives::AccountId;
use salus_domain::claim::{PlanTerms, Submission};
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{Claim, ClaimsError, Coverage, Plan, Receipt};

super::contract! {
    /// [`salus_interface::claims::Claims`] on a chain.
    Claims, errors ClaimsError;
    messages {
        fn open_plan(terms: &PlanTerms) -> PlanId;
        #[pays amount] fn fund(plan: PlanId) -> ();
        fn withdraw(plan: PlanId, amount: Amount) -> ();
        fn set_fees(plan: PlanId, fees: &[(CodeTag, Amount)]) -> ();
        fn cover(plan: PlanId, member: AccountId, period: Period) -> ();
        fn end_coverage(plan: PlanId, member: AccountId, end: Timestamp) -> ();
        fn submit(submission: &Submission) -> Receipt;
        fn retry(claim: ClaimId) -> Receipt;
        fn settle(claim: ClaimId) -> Amount;
        fn settle_batch(claims: &[ClaimId]) -> Vec<Result<Amount, ClaimsError>>;
    }
    queries {
        fn plan(plan: PlanId) -> Option<Plan>;
        fn fee(plan: PlanId, code: CodeTag) -> Option<Amount>;
        fn coverages(plan: PlanId, member: AccountId) -> Vec<Coverage>;
        fn claim(claim: ClaimId) -> Option<Claim>;
        fn claim_by_reference(provider: AccountId, reference: Hash) -> Option<ClaimId>;
        fn consent_registry() -> AccountId;
        fn access_grants() -> AccountId;
    }
}
