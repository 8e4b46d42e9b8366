//! What the tests share: a chain with access grants, a consent registry and tokens, on which a plan covers a member. Each
//! subject has a file of its own, plans have this one; what holds for every sequence of calls is in `properties.rs`.

#![allow(clippy::unwrap_used)]

#[path = "anew_tests.rs"]
mod anew;
#[path = "appeals_tests.rs"]
mod appeals;
#[path = "authorisations_tests.rs"]
mod authorisations;
#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "coordination_tests.rs"]
mod coordination;
#[path = "coverages_tests.rs"]
mod coverages;
#[path = "desk_tests.rs"]
mod desk;
#[path = "filing_tests.rs"]
mod filing;
#[path = "ledger_properties.rs"]
mod ledger;
#[path = "others_tests.rs"]
mod others;
#[path = "plans_tests.rs"]
mod plans;
#[path = "properties.rs"]
mod properties;
#[path = "rebuilt_properties.rs"]
mod rebuilt;
#[path = "reversals_tests.rs"]
mod reversals;
#[path = "run_properties.rs"]
mod run;
#[path = "settlement_tests.rs"]
mod settlement;
#[path = "steps_properties.rs"]
mod steps;
#[path = "../testing.rs"]
mod testing;
#[path = "tokens_tests.rs"]
mod tokens;
#[path = "used_properties.rs"]
mod used;

use crate::claims::Claims;
use common::{account, claims as samples, period};
use desk::Desk as _;
use ink::env::{test, DefaultEnvironment};
use others::{begin, others, GRANTS, REGISTRY};
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{Category, CategorySet, ReasonSet};
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, PlanTerms, YEAR};
use salus_domain::time::{Timestamp, DAY};
use salus_interface::claims::{
    Asset, Claim, ClaimAdjudicated, ClaimStatus, Enrolment, Filing, Pool, Procedure, Receipt, Ruling,
};
use testing::{at, calls, contract, events, id, new_chain, owns, paying};

const INSURER: u8 = 1;
const OTHER_INSURER: u8 = 2;
const PROVIDER: u8 = 3;
const OTHER_PROVIDER: u8 = 4;
const MEMBER: u8 = 5;
const CHILD: u8 = 6;
const ARBITER: u8 = 7;
const STRANGER: u8 = 8;
const TOKEN: u8 = 0xB0;
const PLAN: PlanId = PlanId(0);
const SECOND: PlanId = PlanId(1);
const UNKNOWN: PlanId = PlanId(9);
/// What an account of the engine holds at least.
const EXISTENTIAL: u128 = 1_000_000;
const FUNDS: u128 = 1_000_000;
const NOW: Timestamp = day(1_000);
const WORDS: Hash = Hash([0x77; 32]);
const DEADLINES: Deadlines = Deadlines {
    filing: 100 * DAY,
    authorisation: 10 * DAY,
    settlement: 30 * DAY,
    appeal: 60 * DAY,
    review: 20 * DAY,
    reversal: 90 * DAY,
};

const fn day(number: u64) -> Timestamp {
    Timestamp(number * DAY)
}

/// Covers medical care and, where it was authorised, maternity; the patient bears a fifth.
fn terms() -> PlanTerms {
    let share = samples::share(0, 2_000);
    let authorised = Benefit { authorisation: true, ..samples::benefit(share) };
    PlanTerms {
        covered: CategorySet::of(&[Category::MedicalCare, Category::Maternity]),
        exceptions: vec![(Category::Maternity, authorised)],
        networked: false,
        deadlines: DEADLINES,
        ..samples::plan(share, vec![])
    }
}

fn enrolment(member: u8) -> Enrolment {
    let period = period(day(900).0, day(1_200).0);
    Enrolment { member: id(member), subscriber: id(MEMBER), period, secondary: false }
}

/// A contract without plans, on an empty chain.
fn bare() -> Claims {
    new_chain();
    begin();
    at(NOW);
    for other in [REGISTRY, GRANTS, TOKEN] {
        test::set_contract::<DefaultEnvironment>(id(other));
    }
    others(|others| others.tokens.entry(id(TOKEN)).or_default().balances.insert(id(INSURER), 10 * FUNDS));
    owns(contract(), EXISTENTIAL);
    for who in 1..=STRANGER {
        owns(id(who), 10 * EXISTENTIAL);
    }
    Claims::new(id(REGISTRY), id(GRANTS)).unwrap()
}

/// Opens a plan, covers the member under it, and funds it.
fn open(claims: &mut Claims, insurer: u8, asset: Asset, terms: PlanTerms, funds: u128) -> PlanId {
    calls(id(insurer));
    let plan = claims.open_plan(asset, id(ARBITER), 1, terms).unwrap();
    claims.cover(plan, vec![enrolment(MEMBER)]).unwrap();
    if funds > 0 {
        fund(claims, insurer, plan, funds);
    }
    plan
}

fn fund(claims: &mut Claims, by: u8, plan: PlanId, amount: u128) {
    let value = if claims.plan(plan).unwrap().asset == Asset::Native { amount } else { 0 };
    paying(id(by), value, || claims.fund(plan, Amount(amount))).unwrap();
}

/// A plan with these terms and [`FUNDS`] under which the member is covered; its provider calls.
fn claims_under(terms: PlanTerms) -> Claims {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Native, terms, FUNDS);
    calls(id(PROVIDER));
    claims
}

fn claims() -> Claims {
    claims_under(terms())
}

/// The same, and another insurer's plan.
fn two_plans() -> Claims {
    let mut claims = claims();
    open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    calls(id(PROVIDER));
    claims
}

fn code(number: u8) -> CodeTag {
    CodeTag([number; 16])
}

/// One unit of medical care.
fn line(number: u8, submitted: u128) -> Line {
    Line {
        day: 0,
        code: code(number),
        category: Category::MedicalCare,
        quantity: 1,
        submitted: Amount(submitted),
        prior_paid: Amount::ZERO,
    }
}

/// Maternity, which needs an authorisation.
fn maternity(number: u8, quantity: u32, submitted: u128) -> Line {
    Line { category: Category::Maternity, quantity, ..line(number, submitted) }
}

fn service_day(number: u64) -> ServiceDay {
    ServiceDay { date: day(number), nullifier: Hash([number.to_le_bytes()[0]; 32]) }
}

/// A claim for services of the day before [`NOW`].
fn submission(reference: u8, lines: &[Line]) -> Submission {
    Submission {
        plan: PLAN,
        member: account(MEMBER),
        reference: Hash([reference; 32]),
        prior_decided: lines.iter().any(|line| line.prior_paid > Amount::ZERO),
        days: vec![service_day(999)],
        lines: lines.to_vec(),
    }
}

fn claim_id(plan: PlanId, provider: u8, reference: u8) -> ClaimId {
    crate::decisions::claim_id(plan, id(provider), Hash([reference; 32]))
}

/// A claim of the provider's under the plan.
fn own(reference: u8) -> ClaimId {
    claim_id(PLAN, PROVIDER, reference)
}

/// Submits a claim for one plan.
fn submit(claims: &mut Claims, submission: Submission) -> Receipt {
    calls(id(PROVIDER));
    let [receipt] = claims.submit(submission, None).unwrap().try_into().unwrap();
    receipt
}

/// Submits a claim with one line of 100, of which the plan pays 80.
fn submit_one(claims: &mut Claims, reference: u8) -> ClaimId {
    submit(claims, submission(reference, &[line(reference, 100)])).claim
}

/// What was claimed and decided last of a claim, as the events tell it.
fn filing(claim: ClaimId) -> Filing {
    events::<ClaimAdjudicated>().into_iter().rfind(|event| event.claim == claim).unwrap().filing
}

fn known(claims: &Claims, claim: ClaimId) -> Claim {
    claims.claim(claim).unwrap()
}

fn status(claims: &Claims, claim: ClaimId) -> ClaimStatus {
    known(claims, claim).status
}

/// `funded, paid, reserved, owed, free`.
fn pool(claims: &Claims, plan: PlanId) -> [u128; 5] {
    let pool = claims.plan(plan).unwrap().pool;
    let Pool { funded, paid, reserved, owed } = pool;
    [funded, paid, reserved, owed, pool.free()].map(|amount| amount.0)
}

fn procedure(number: u8) -> Procedure {
    Procedure { plan: PLAN, member: id(MEMBER), provider: id(PROVIDER), code: code(number) }
}

/// The insurer authorises so many units.
fn authorise(claims: &mut Claims, number: u8, quantity: u32) {
    calls(id(INSURER));
    claims.decide_authorisation(procedure(number), Some((quantity, Timestamp::MAX))).unwrap();
    calls(id(PROVIDER));
}

/// The insurer settles a claim.
fn settle(claims: &mut Claims, claim: ClaimId) {
    calls(claims.plan(known(claims, claim).plan).unwrap().insurer);
    assert!(matches!(claims.settle(vec![claim]).unwrap()[..], [Ok(_)]));
    calls(id(PROVIDER));
}

fn overturn(claim: ClaimId, set_aside: ReasonSet) -> Ruling {
    Ruling::Overturned { set_aside, filing: filing(claim) }
}
