//! Rule by rule, up to where other contracts are asked: the off-chain engine calls none, so that whole claims are
//! tested on a node. What holds for every sequence of calls is in `properties.rs`; claims and services are in
//! `register_tests.rs`.

#![allow(clippy::unwrap_used)]

#[path = "../../crates/domain/tests/common/mod.rs"]
mod common;
#[path = "properties.rs"]
mod properties;
#[path = "register_tests.rs"]
mod register;
#[path = "../testing.rs"]
mod testing;

use crate::claims::Claims;
use crate::plans::Plans;
use common::{account, period};
use ink::env::test::{set_account_balance, set_value_transferred};
use ink::env::DefaultEnvironment;
use ink::storage::traits::Storable;
use salus_domain::adjudicate::{Accumulators, Split};
use salus_domain::claim::{ClaimMalformed, CostShare, Line, PlanTerms, ServiceDay, Submission, TermsMalformed};
use salus_domain::codes::{Category, CategorySet};
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{
    Claim, ClaimStatus, Claims as _, ClaimsError, Coverage, CoverageEnded, FeesSet, MemberCovered, Plan, PlanOpened,
    Pool, PoolFunded, PoolWithdrawn, MAX_COVERAGES, MAX_FEES,
};
use testing::{at, balance, calls, contract, count, id, new_chain, newest};

const NOW: Timestamp = Timestamp(1_000);
const INSURER: u8 = 1;
const OTHER_INSURER: u8 = 2;
const PROVIDER: u8 = 3;
const MEMBER: u8 = 4;
const STRANGER: u8 = 5;
const PLAN: PlanId = PlanId(0);
const UNKNOWN: PlanId = PlanId(9);
/// What an account of the engine holds at least.
const EXISTENTIAL: u128 = 1_000_000;

fn terms() -> PlanTerms {
    PlanTerms {
        deductible: Amount::ZERO,
        cost_share: CostShare { copay: Amount::ZERO, coinsurance: BasisPoints(2_000) },
        exceptions: Vec::new(),
        out_of_pocket_maximum: Amount::UNLIMITED,
        benefit_maximum: Amount::UNLIMITED,
        waiting_period: 0,
        covered: CategorySet::of(&[Category::Consultation]),
        settlement_period: 500,
    }
}

fn code(number: u8) -> CodeTag {
    CodeTag([number; 16])
}

fn line(day: u8, number: u8) -> Line {
    Line {
        day,
        code: code(number),
        category: Category::Consultation,
        quantity: 1,
        submitted: Amount(100),
        prior_paid: Amount::ZERO,
    }
}

/// A claim for services of these days, each a line's day and code.
fn submission(days: &[u64], lines: &[(u8, u8)]) -> Submission {
    Submission {
        plan: PLAN,
        member: account(MEMBER),
        reference: Hash([1; 32]),
        days: days.iter().map(|day| ServiceDay { date: Timestamp(*day), nullifier: Hash([*day as u8; 32]) }).collect(),
        lines: lines.iter().map(|(day, number)| line(*day, *number)).collect(),
    }
}

fn funds(claims: &mut Claims, plan: PlanId, amount: u128) -> Result<(), ClaimsError> {
    set_value_transferred::<DefaultEnvironment>(amount);
    let funded = claims.fund(plan);
    set_value_transferred::<DefaultEnvironment>(0);
    if funded.is_ok() {
        set_account_balance::<DefaultEnvironment>(contract(), balance(contract()).max(EXISTENTIAL) + amount);
    }
    funded
}

/// Claims at [`NOW`] with [`PLAN`] of the insurer's and another plan of another's; the insurer calls.
fn claims() -> Claims {
    new_chain();
    at(NOW);
    for other in [0xAA, 0xBB] {
        ink::env::test::set_contract::<DefaultEnvironment>(id(other));
    }
    let mut claims = Claims::new(id(0xAA), id(0xBB)).unwrap();
    for insurer in [INSURER, OTHER_INSURER] {
        calls(id(insurer));
        claims.open_plan(terms()).unwrap();
    }
    calls(id(INSURER));
    claims
}

/// The same, with so much money in each pool.
fn claims_with_money(amount: u128) -> Claims {
    let mut claims = claims();
    for plan in [PLAN, PlanId(1)] {
        funds(&mut claims, plan, amount).unwrap();
    }
    claims
}

/// A claim that was adjudicated, with its money reserved.
fn adjudicated(claims: &mut Claims, number: u64, payer: u128) -> ClaimId {
    claims.plans.reserve(PLAN, Amount(payer)).unwrap();
    let claim = Claim {
        plan: PLAN,
        member: id(MEMBER),
        provider: id(PROVIDER),
        status: ClaimStatus::Adjudicated,
        total: Split { submitted: Amount(payer), payer: Amount(payer), ..Split::default() },
        due: NOW.plus(500),
    };
    claims.register.write(ClaimId(number), &claim);
    ClaimId(number)
}

fn pool(claims: &Claims) -> Pool {
    claims.plan(PLAN).unwrap().pool
}

#[test]
fn addresses_that_are_no_contracts_are_refused() {
    new_chain();
    ink::env::test::set_contract::<DefaultEnvironment>(id(0xAA));
    assert_eq!(Claims::new(id(0xAA), id(1)).err(), Some(ClaimsError::NotAContract));
    assert_eq!(Claims::new(id(1), id(0xAA)).err(), Some(ClaimsError::NotAContract));
    let claims = claims();
    assert_eq!((claims.consent_registry(), claims.access_grants()), (id(0xAA), id(0xBB)));
}

#[test]
fn a_plan_belongs_to_whoever_opens_it() {
    let mut claims = claims();
    let told = PlanOpened { plan: PlanId(1), insurer: id(OTHER_INSURER), terms: terms() };
    assert_eq!(newest::<PlanOpened>(), told);
    assert_eq!(claims.plan(PLAN), Some(Plan { insurer: id(INSURER), terms: terms(), pool: Pool::default() }));
    assert_eq!(claims.plan(UNKNOWN), None);
    assert_eq!(claims.open_plan(terms()), Ok(PlanId(2)));
}

#[test]
fn malformed_terms_are_refused_by_the_rule_that_they_break() {
    let mut claims = claims();
    let before = count();
    let above = CostShare { copay: Amount::ZERO, coinsurance: BasisPoints(10_001) };
    let twice = vec![(Category::Surgical, terms().cost_share); 2];
    let broken = [
        (PlanTerms { covered: CategorySet::EMPTY, ..terms() }, TermsMalformed::CoversNothing),
        (PlanTerms { exceptions: twice, ..terms() }, TermsMalformed::RepeatedCategory),
        (PlanTerms { cost_share: above, ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
    ];
    for (terms, rule) in broken {
        assert_eq!(claims.open_plan(terms), Err(ClaimsError::TermsMalformed(rule)));
    }
    assert_eq!((claims.plan(PlanId(2)), count()), (None, before));
}

#[test]
fn plan_ids_that_are_used_up_are_not_used_again() {
    new_chain();
    let mut plans = <Plans as Storable>::decode(&mut (u32::MAX - 1).to_le_bytes().as_slice()).unwrap();
    assert_eq!(plans.open(id(INSURER), &terms()), Ok(PlanId(u32::MAX - 1)));
    assert_eq!(plans.open(id(INSURER), &terms()), Err(ClaimsError::IdsUsedUp));
    assert_eq!(plans.get(PlanId(u32::MAX)).err(), Some(ClaimsError::PlanNotFound));
}

#[test]
fn anybody_funds_a_pool_with_what_is_transferred() {
    let mut claims = claims();
    calls(id(STRANGER));
    assert_eq!(funds(&mut claims, PLAN, 70), Ok(()));
    assert_eq!(newest::<PoolFunded>(), PoolFunded { plan: PLAN, from: id(STRANGER), amount: Amount(70) });
    assert_eq!(pool(&claims), Pool { funded: Amount(70), ..Pool::default() });
    let before = count();
    assert_eq!(funds(&mut claims, PLAN, 0), Err(ClaimsError::NothingTransferred));
    assert_eq!(funds(&mut claims, UNKNOWN, 1), Err(ClaimsError::PlanNotFound));
    assert_eq!(claims.plans.fund(PLAN, Amount::UNLIMITED), Err(ClaimsError::PoolOverflow));
    assert_eq!((pool(&claims).free(), count()), (Amount(70), before));
}

#[test]
fn the_insurer_withdraws_free_money_and_nobody_else_any() {
    let mut claims = claims_with_money(70);
    adjudicated(&mut claims, 0, 30);
    for caller in [OTHER_INSURER, PROVIDER, MEMBER, STRANGER] {
        calls(id(caller));
        assert_eq!(claims.withdraw(PLAN, Amount(1)), Err(ClaimsError::NotInsurer));
    }
    calls(id(INSURER));
    assert_eq!(claims.withdraw(UNKNOWN, Amount(1)), Err(ClaimsError::PlanNotFound));
    assert_eq!(claims.withdraw(PLAN, Amount(41)), Err(ClaimsError::PoolTooSmall), "30 are reserved");
    assert_eq!(claims.withdraw(PLAN, Amount::UNLIMITED), Err(ClaimsError::PoolTooSmall));
    let before = balance(id(INSURER));
    assert_eq!(claims.withdraw(PLAN, Amount(40)), Ok(()));
    assert_eq!(newest::<PoolWithdrawn>(), PoolWithdrawn { plan: PLAN, amount: Amount(40) });
    assert_eq!(balance(id(INSURER)), before + 40);
    assert_eq!(pool(&claims), Pool { funded: Amount(30), paid: Amount::ZERO, reserved: Amount(30) });
    assert_eq!(claims.plan(PlanId(1)).unwrap().pool.free(), Amount(70), "pools are apart");
}

#[test]
fn a_withdrawal_that_the_chain_refuses_is_an_error() {
    let mut claims = claims();
    claims.plans.fund(PLAN, Amount(5)).unwrap();
    let before = count();
    assert_eq!(claims.withdraw(PLAN, Amount(5)), Err(ClaimsError::TransferFailed));
    assert_eq!(count(), before);
}

#[test]
fn the_insurer_sets_fees_and_replaces_them() {
    let mut claims = claims();
    let fees = vec![(code(1), Amount(5)), (code(2), Amount::ZERO), (code(1), Amount(7))];
    assert_eq!(claims.set_fees(PLAN, fees.clone()), Ok(()));
    assert_eq!(newest::<FeesSet>(), FeesSet { plan: PLAN, fees });
    let known = [1, 2, 3].map(|number| claims.fee(PLAN, code(number)));
    assert_eq!(known, [Some(Amount(7)), Some(Amount::ZERO), None], "the last one of a code holds");
    assert_eq!(claims.fee(PlanId(1), code(1)), None);
    assert_eq!(claims.set_fees(PLAN, vec![(code(1), Amount(9)); MAX_FEES]), Ok(()));
    let too_many = vec![(code(1), Amount(1)); MAX_FEES + 1];
    assert_eq!(claims.set_fees(PLAN, too_many), Err(ClaimsError::BatchTooLarge));
    assert_eq!(claims.set_fees(UNKNOWN, Vec::new()), Err(ClaimsError::PlanNotFound));
    calls(id(OTHER_INSURER));
    assert_eq!(claims.set_fees(PLAN, vec![(code(1), Amount(1))]), Err(ClaimsError::NotInsurer));
    assert_eq!(claims.fee(PLAN, code(1)), Some(Amount(9)));
}

#[test]
fn coverages_follow_each_other_with_limits_of_their_own() {
    let mut claims = claims();
    assert_eq!(claims.cover(PLAN, id(MEMBER), period(10, 20)), Ok(()));
    let told = MemberCovered { plan: PLAN, member: id(MEMBER), period: period(10, 20) };
    assert_eq!(newest::<MemberCovered>(), told);
    let used = Accumulators { deductible: Amount(1), out_of_pocket: Amount(2), benefit: Amount(3) };
    claims.plans.use_limits(PLAN, id(MEMBER), period(10, 20), used);
    claims.plans.use_limits(PLAN, id(MEMBER), period(10, 21), Accumulators::default());
    assert_eq!(claims.cover(PLAN, id(MEMBER), period(15, 15)), Err(ClaimsError::EmptyPeriod));
    for again in [period(19, 30), period(0, 5), period(10, 20)] {
        assert_eq!(claims.cover(PLAN, id(MEMBER), again), Err(ClaimsError::AlreadyCovered));
    }
    assert_eq!(claims.cover(PLAN, id(MEMBER), period(20, 30)), Ok(()));
    let (first, second) = (period(10, 20), period(20, 30));
    let expected = [Coverage { period: first, used }, Coverage { period: second, used: Accumulators::default() }];
    assert_eq!(claims.coverages(PLAN, id(MEMBER)), expected);
    assert_eq!(claims.coverages(PlanId(1), id(MEMBER)), []);
    calls(id(OTHER_INSURER));
    assert_eq!(claims.cover(PLAN, id(MEMBER), period(30, 40)), Err(ClaimsError::NotInsurer));
    assert_eq!(claims.cover(UNKNOWN, id(MEMBER), period(30, 40)), Err(ClaimsError::PlanNotFound));
}

#[test]
fn so_many_coverages_of_a_member_are_kept_and_no_more() {
    let mut claims = claims();
    let year = |number: usize| period(number as u64, number as u64 + 1);
    for number in 0..MAX_COVERAGES {
        claims.cover(PLAN, id(MEMBER), year(number)).unwrap();
    }
    assert_eq!(claims.cover(PLAN, id(MEMBER), year(MAX_COVERAGES)), Err(ClaimsError::TooManyCoverages));
    assert_eq!(claims.cover(PLAN, id(STRANGER), year(MAX_COVERAGES)), Ok(()));
}

#[test]
fn a_coverage_is_ended_early_and_not_in_the_past() {
    let mut claims = claims();
    claims.cover(PLAN, id(MEMBER), Period { start: Timestamp(900), end: Timestamp(2_000) }).unwrap();
    let mut end = |at: u64| claims.end_coverage(PLAN, id(MEMBER), Timestamp(at));
    assert_eq!(end(NOW.0 - 1), Err(ClaimsError::InThePast));
    assert_eq!(end(2_000), Err(ClaimsError::NotCovered), "it would not be earlier");
    assert_eq!(end(1_500), Ok(()));
    assert_eq!(end(1_500), Err(ClaimsError::NotCovered));
    assert_eq!(end(NOW.0), Ok(()), "now is not yet the past");
    let told = CoverageEnded { plan: PLAN, member: id(MEMBER), end: NOW };
    assert_eq!(newest::<CoverageEnded>(), told);
    assert_eq!(claims.coverages(PLAN, id(MEMBER))[0].period, period(900, NOW.0));
    assert_eq!(claims.cover(PLAN, id(MEMBER), period(1_200, 1_300)), Ok(()), "another begins after it");
    let before_it = claims.end_coverage(PLAN, id(MEMBER), Timestamp(1_200));
    assert_eq!(before_it, Err(ClaimsError::NotCovered), "it has not begun by then");
    assert_eq!(claims.end_coverage(UNKNOWN, id(MEMBER), NOW), Err(ClaimsError::PlanNotFound));
    assert_eq!(claims.end_coverage(PLAN, id(STRANGER), NOW), Err(ClaimsError::NotCovered));
    calls(id(MEMBER));
    assert_eq!(claims.end_coverage(PLAN, id(MEMBER), NOW), Err(ClaimsError::NotInsurer));
}

#[test]
fn the_coverage_of_the_first_day_of_service_counts() {
    let mut claims = claims();
    for period in [period(10, 20), period(25, 30)] {
        claims.cover(PLAN, id(MEMBER), period).unwrap();
    }
    let counts = |days: &[u64]| {
        let found = claims.plans.coverage_for(&submission(days, &[]), id(MEMBER));
        found.map(|coverage| coverage.period.start.0)
    };
    assert_eq!(counts(&[10]), Some(10));
    assert_eq!(counts(&[26, 19, 27]), Some(10), "whatever the order");
    assert_eq!(counts(&[29, 25]), Some(25));
    assert_eq!(counts(&[20]), None, "between two");
    assert_eq!(counts(&[26, 9]), None);
    assert_eq!(counts(&[]), None);
}

#[test]
fn money_is_reserved_out_of_what_is_free_and_paid_out_of_what_is_reserved() {
    let mut claims = claims_with_money(100);
    let plans = &mut claims.plans;
    assert_eq!(plans.reserve(PLAN, Amount(101)), Err(ClaimsError::PoolTooSmall));
    assert_eq!(plans.reserve(PLAN, Amount(60)), Ok(()));
    assert_eq!(plans.reserve(PLAN, Amount(41)), Err(ClaimsError::PoolTooSmall));
    assert_eq!(plans.pay_reserved(PLAN, Amount(61)), Err(ClaimsError::PoolTooSmall));
    assert_eq!(plans.pay_reserved(PLAN, Amount(20)), Ok(()));
    let pool = Pool { funded: Amount(100), paid: Amount(20), reserved: Amount(40) };
    assert_eq!((plans.pool(PLAN), plans.pool(PLAN).free()), (pool, Amount(40)));
    assert_eq!(plans.reserve(UNKNOWN, Amount::ZERO), Ok(()), "nothing of nothing");
    assert_eq!(plans.reserve(UNKNOWN, Amount(1)), Err(ClaimsError::PoolTooSmall));
}

#[test]
fn a_claim_is_refused_before_others_are_asked() {
    let mut claims = claims();
    calls(id(PROVIDER));
    assert_eq!(claims.submit(submission(&[5], &[])), Err(ClaimsError::Malformed(ClaimMalformed::NoLines)));
    let future = submission(&[NOW.0 + 1], &[(0, 1)]);
    assert_eq!(claims.submit(future), Err(ClaimsError::Malformed(ClaimMalformed::FutureService)));
    let nobodys = Submission { plan: UNKNOWN, ..submission(&[5], &[(0, 1)]) };
    assert_eq!(claims.submit(nobodys), Err(ClaimsError::PlanNotFound));
    assert_eq!(claims.claim_by_reference(id(PROVIDER), Hash([1; 32])), None, "nothing is written");
    let first = claims.register.next(id(PROVIDER), Hash([1; 32])).unwrap();
    assert_eq!(claims.submit(submission(&[5], &[(0, 1)])), Err(ClaimsError::DuplicateClaim(first)));
}
