//! The messages with plain arguments: which of them the contract takes in a box is no matter of a test's.

#![allow(clippy::useless_conversion)]

use super::Claims;
use ink::primitives::AccountId;
use salus_domain::claim::Submission;
use salus_domain::codes::ReasonSet;
use salus_domain::counters::Used;
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time::Timestamp;
use salus_interface::claims::{
    self, AppealStatus, Asset, Authorisation, Claim, ClaimsError, Coverage, Enrolment, Filing, Place, Plan, Procedure,
    Receipt, Ruling,
};

type Answer<T> = Result<T, ClaimsError>;

macro_rules! desk {
    (
        { $(fn $name:ident(&mut self $(, $arg:ident: $Arg:ty)*) -> $Out:ty;)+ }
        { $(fn $read:ident(&self $(, $by:ident: $By:ty)*) -> $Told:ty;)+ }
    ) => {
        /// Every message of claims.
        pub trait Desk {
            $(fn $name(&mut self $(, $arg: $Arg)*) -> $Out;)+
            $(fn $read(&self $(, $by: $By)*) -> $Told;)+
        }

        impl Desk for Claims {
            $(fn $name(&mut self $(, $arg: $Arg)*) -> $Out {
                claims::Claims::$name(self $(, $arg.into())*)
            })+
            $(fn $read(&self $(, $by: $By)*) -> $Told {
                claims::Claims::$read(self $(, $by.into())*)
            })+
        }
    };
}

desk! {{
    fn open_plan(&mut self, asset: Asset, arbiter: AccountId, fee_pages: u16, terms: PlanTerms) -> Answer<PlanId>;
    fn revise_plan(&mut self, plan: PlanId, terms: PlanTerms) -> Answer<u32>;
    fn set_frozen(&mut self, plan: PlanId, frozen: bool) -> Answer<()>;
    fn fund(&mut self, plan: PlanId, amount: Amount) -> Answer<()>;
    fn withdraw(&mut self, plan: PlanId, amount: Amount) -> Answer<()>;
    fn set_fees(&mut self, plan: PlanId, page: u8, fees: Vec<Fee>) -> Answer<()>;
    fn set_network(&mut self, plan: PlanId, providers: Vec<AccountId>, listed: bool) -> Answer<()>;
    fn cover(&mut self, plan: PlanId, enrolments: Vec<Enrolment>) -> Answer<()>;
    fn end_coverage(&mut self, plan: PlanId, member: AccountId, end: Timestamp) -> Answer<()>;
    fn request_authorisation(&mut self, plan: PlanId, member: AccountId, code: CodeTag, quantity: u32) -> Answer<()>;
    fn decide_authorisation(&mut self, procedure: Procedure, grant: Option<(u32, Timestamp)>) -> Answer<()>;
    fn submit(&mut self, submission: Submission, secondary: Option<PlanId>) -> Answer<Vec<Receipt>>;
    fn pass_on(&mut self, claim: ClaimId, filing: Filing, plan: PlanId) -> Answer<Receipt>;
    fn retry(&mut self, claim: ClaimId) -> Answer<Receipt>;
    fn withdraw_claim(&mut self, claim: ClaimId) -> Answer<()>;
    fn settle(&mut self, claims: Vec<ClaimId>) -> Answer<Vec<Answer<Amount>>>;
    fn appeal(&mut self, claim: ClaimId, set_aside: ReasonSet, statement: Hash) -> Answer<()>;
    fn answer_appeal(&mut self, claim: ClaimId, statement: Hash) -> Answer<()>;
    fn decide_appeal(&mut self, claim: ClaimId, ruling: Ruling, statement: Hash) -> Answer<AppealStatus>;
    fn reverse(&mut self, claim: ClaimId, statement: Hash, filing: Filing) -> Answer<Amount>;
    fn repay(&mut self, plan: PlanId, provider: AccountId, amount: Amount) -> Answer<()>;
}{
    fn plan(&self, plan: PlanId) -> Option<Plan>;
    fn terms(&self, plan: PlanId, version: u32) -> Option<PlanTerms>;
    fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount>;
    fn in_network(&self, plan: PlanId, provider: AccountId) -> bool;
    fn coverages(&self, plan: PlanId, member: AccountId) -> Vec<Coverage>;
    fn used(&self, plan: PlanId, place: Place) -> Used;
    fn authorisation(&self, procedure: Procedure) -> Option<Authorisation>;
    fn claim(&self, claim: ClaimId) -> Option<Claim>;
    fn debt(&self, plan: PlanId, provider: AccountId) -> Amount;
    fn setup(&self) -> (AccountId, AccountId);
}}
