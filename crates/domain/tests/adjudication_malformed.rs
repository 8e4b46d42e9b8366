//! What makes terms and claims malformed, cause by cause.

mod common;

use common::account;
use common::claims::{benefit, limit, line, plan, second, share};
use salus_domain::claim::{ClaimMalformed, Line, ServiceDay, Submission, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use salus_domain::ids::{Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms, TermsMalformed, MAX_LIMITS, YEAR};
use salus_domain::time::{Timestamp, DAY};

// Terms.

fn terms() -> PlanTerms {
    plan(share(10, 2_000), vec![limit(Measure::Deductible, 100)])
}

#[test]
fn terms_that_cover_nothing_are_refused() {
    assert_eq!(PlanTerms { covered: CategorySet::EMPTY, ..terms() }.validate(), Err(TermsMalformed::CoversNothing));
}

#[test]
fn terms_that_name_a_category_twice_are_refused() {
    let own = benefit(share(0, 0));
    let exceptions = vec![(Category::Maternity, own), (Category::Surgical, own), (Category::Maternity, own)];
    assert_eq!(PlanTerms { exceptions, ..terms() }.validate(), Err(TermsMalformed::RepeatedCategory));
}

#[test]
fn a_coinsurance_above_the_whole_is_refused_wherever_it_stands() {
    for (basis_points, expected) in [(10_000, Ok(())), (10_001, Err(TermsMalformed::CoinsuranceAboveWhole))] {
        let high = CostShare { coinsurance: BasisPoints(basis_points), ..share(0, 0) };
        let inside = Benefit { in_network: high, ..benefit(share(0, 0)) };
        let outside = Benefit { out_of_network: Some(high), ..benefit(share(0, 0)) };
        for own in [inside, outside] {
            assert_eq!(PlanTerms { benefit: own, ..terms() }.validate(), expected);
            let exceptions = vec![(Category::Maternity, own)];
            assert_eq!(PlanTerms { exceptions, ..terms() }.validate(), expected);
        }
    }
}

#[test]
fn more_limits_than_the_bound_are_refused() {
    let one = |category: &Category| Limit { category: Some(*category), ..limit(Measure::Benefit, 1) };
    let limits: Vec<_> = Category::ALL.iter().take(MAX_LIMITS + 1).map(one).collect();
    assert_eq!(PlanTerms { limits: limits[1..].to_vec(), ..terms() }.validate(), Ok(()));
    assert_eq!(PlanTerms { limits, ..terms() }.validate(), Err(TermsMalformed::TooManyLimits));
}

#[test]
fn two_limits_about_the_same_are_refused() {
    let one = limit(Measure::Benefit, 1);
    let about_others = [
        Limit { measure: Measure::OutOfPocket, ..one },
        Limit { category: Some(Category::MedicalCare), ..one },
        Limit { network: Some(Network::In), ..one },
        Limit { unit: Unit::Family, ..one },
        Limit { term: Term::Day, ..one },
    ];
    for other in about_others {
        assert_eq!(PlanTerms { limits: vec![one, other], ..terms() }.validate(), Ok(()), "{other:?}");
    }
    let limits = vec![one, about_others[0], limit(Measure::Benefit, 2)];
    assert_eq!(PlanTerms { limits, ..terms() }.validate(), Err(TermsMalformed::RepeatedLimit));
}

#[test]
fn a_deadline_of_more_than_a_year_is_refused() {
    let set: [fn(&mut Deadlines); 6] = [
        |all| all.filing = YEAR + 1,
        |all| all.authorisation = YEAR + 1,
        |all| all.settlement = YEAR + 1,
        |all| all.appeal = YEAR + 1,
        |all| all.review = YEAR + 1,
        |all| all.reversal = YEAR + 1,
    ];
    for set in set {
        let mut terms = terms();
        set(&mut terms.deadlines);
        assert_eq!(terms.validate(), Err(TermsMalformed::DeadlineTooLong));
    }
}

// Claims.

fn day(date: u64) -> ServiceDay {
    ServiceDay { date: Timestamp(date * DAY), nullifier: Hash([date as u8; 32]) }
}

fn submission(days: Vec<ServiceDay>, lines: Vec<Line>) -> Submission {
    let prior_decided = lines.iter().any(|line| line.prior_paid > Amount::ZERO);
    Submission { plan: PlanId(0), member: account(1), reference: Hash([2; 32]), prior_decided, days, lines }
}

fn check(days: Vec<ServiceDay>, lines: Vec<Line>) -> Result<(), ClaimMalformed> {
    submission(days, lines).validate(Timestamp(20 * DAY))
}

#[test]
fn a_claim_within_the_bounds_is_well_formed() {
    let lines: Vec<_> = (0..MAX_LINES).map(|n| Line { day: n as u8 % 2, ..line(u128::MAX / 50).line }).collect();
    assert_eq!(check(vec![day(20), day(1)], lines), Ok(()));
    assert_eq!(check(vec![day(1)], vec![second(5, 5).line]), Ok(()));
}

#[test]
fn a_claim_without_lines_is_refused() {
    assert_eq!(check(vec![], vec![]), Err(ClaimMalformed::NoLines));
}

#[test]
fn more_lines_than_the_bound_are_refused() {
    assert_eq!(check(vec![day(1)], vec![line(1).line; MAX_LINES + 1]), Err(ClaimMalformed::TooManyLines));
}

#[test]
fn more_days_than_lines_are_refused() {
    assert_eq!(check(vec![day(1), day(2)], vec![line(1).line]), Err(ClaimMalformed::TooManyDays));
}

#[test]
fn a_line_of_a_day_that_is_not_listed_is_refused() {
    assert_eq!(check(vec![], vec![line(1).line]), Err(ClaimMalformed::UnknownDay));
    let lines = vec![line(1).line, Line { day: 1, ..line(1).line }];
    assert_eq!(check(vec![day(1)], lines), Err(ClaimMalformed::UnknownDay));
}

#[test]
fn a_day_without_a_line_is_refused() {
    let lines = vec![line(1).line; 2];
    assert_eq!(check(vec![day(1), day(2)], lines), Err(ClaimMalformed::UnusedDay));
}

#[test]
fn a_day_that_is_listed_twice_is_refused() {
    let lines = || vec![line(1).line; 3];
    let same_date = ServiceDay { nullifier: Hash([99; 32]), ..day(1) };
    let same_nullifier = ServiceDay { date: Timestamp(3 * DAY), ..day(1) };
    for repeated in [day(1), same_date, same_nullifier] {
        assert_eq!(check(vec![day(1), day(2), repeated], lines()), Err(ClaimMalformed::RepeatedDay));
    }
}

#[test]
fn a_day_that_is_not_midnight_is_refused() {
    for beside in [DAY - 1, DAY + 1, 1] {
        let moment = ServiceDay { date: Timestamp(beside), ..day(1) };
        assert_eq!(check(vec![moment], vec![line(1).line]), Err(ClaimMalformed::NotMidnight));
    }
}

#[test]
fn a_service_in_the_future_is_refused() {
    assert_eq!(check(vec![day(20)], vec![line(1).line]), Ok(()));
    assert_eq!(check(vec![day(21)], vec![line(1).line]), Err(ClaimMalformed::FutureService));
}

#[test]
fn a_line_for_nothing_is_refused() {
    let none = Line { quantity: 0, ..line(1).line };
    assert_eq!(check(vec![day(1)], vec![line(1).line, none]), Err(ClaimMalformed::ZeroQuantity));
    assert_eq!(check(vec![day(1)], vec![line(1).line, line(0).line]), Err(ClaimMalformed::ZeroAmount));
}

#[test]
fn a_prior_payment_above_the_charge_is_refused() {
    assert_eq!(check(vec![day(1)], vec![second(5, 6).line]), Err(ClaimMalformed::PriorPaidAboveSubmitted));
    let undecided = Submission { prior_decided: false, ..submission(vec![day(1)], vec![second(5, 1).line]) };
    assert_eq!(undecided.validate(Timestamp(20 * DAY)), Err(ClaimMalformed::PriorPaidUndecided));
}

#[test]
fn a_sum_that_does_not_fit_is_refused() {
    let half = line(u128::MAX / 2).line;
    assert_eq!(check(vec![day(1)], vec![half, half, line(1).line]), Ok(()));
    assert_eq!(check(vec![day(1)], vec![half, half, line(2).line]), Err(ClaimMalformed::Overflow));
}
