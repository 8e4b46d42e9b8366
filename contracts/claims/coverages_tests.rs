//! Coverages: who is covered when, and how that ends.

use super::testing::{newest, refused, taken_back};
use super::*;
use ink::primitives::AccountId;
use salus_domain::codes::Reason;
use salus_interface::claims::{ClaimsError, Coverage, CoverageEnded, MembersCovered, MAX_BATCH, MAX_COVERAGES};

fn between(member: u8, start: u64, end: u64) -> Enrolment {
    Enrolment { period: period(day(start).0, day(end).0), ..enrolment(member) }
}

fn coverage(enrolment: Enrolment) -> Coverage {
    let Enrolment { subscriber, period, secondary, .. } = enrolment;
    Coverage { period, subscriber, secondary, version: 0, used: vec![] }
}

#[test]
fn members_are_covered_in_bulk() {
    let mut claims = claims();
    calls(id(INSURER));
    let enrolments = vec![between(CHILD, 950, 1_000), between(STRANGER, 950, 1_000), between(CHILD, 1_000, 1_100)];
    claims.cover(PLAN, enrolments.clone()).unwrap();
    let told = MembersCovered { plan: PLAN, version: 0, enrolments: enrolments.clone() };
    assert_eq!(newest::<MembersCovered>(), told);
    assert_eq!(claims.coverages(PLAN, id(CHILD)), [coverage(enrolments[0]), coverage(enrolments[2])]);
    assert_eq!(claims.coverages(PLAN, id(STRANGER)), [coverage(enrolments[1])]);
    assert_eq!(claims.coverages(PLAN, id(PROVIDER)), []);
}

#[test]
fn a_coverage_that_is_refused_covers_nobody_of_its_batch() {
    let mut claims = claims();
    calls(id(INSURER));
    for (wrong, why) in [
        (between(MEMBER, 950, 950), ClaimsError::EmptyPeriod),
        (between(MEMBER, 1_200, 1_567), ClaimsError::PeriodTooLong),
        (between(MEMBER, 1_199, 1_300), ClaimsError::AlreadyCovered),
        (between(MEMBER, 100, 200), ClaimsError::AlreadyCovered),
    ] {
        refused(|| claims.cover(PLAN, vec![wrong]), why);
        taken_back(|| claims.cover(PLAN, vec![between(CHILD, 950, 1_000), wrong]), why);
        assert_eq!(claims.coverages(PLAN, id(CHILD)), []);
    }
    claims.cover(PLAN, vec![between(MEMBER, 1_200, 1_566)]).unwrap();
    refused(|| claims.cover(PLAN, vec![enrolment(CHILD); MAX_BATCH + 1]), ClaimsError::BatchTooLarge);
    let many = (0..MAX_BATCH).map(|number| Enrolment { member: AccountId::from([number as u8; 32]), ..enrolment(0) });
    let many = many.filter(|one| one.member != id(MEMBER)).collect();
    claims.cover(PLAN, many).unwrap();
}

#[test]
fn a_member_has_sixteen_coverages_at_most() {
    let mut claims = claims();
    calls(id(INSURER));
    let next = |number: u64| between(MEMBER, 1_200 + number, 1_201 + number);
    for number in 1..MAX_COVERAGES as u64 {
        claims.cover(PLAN, vec![next(number)]).unwrap();
    }
    refused(|| claims.cover(PLAN, vec![next(MAX_COVERAGES as u64)]), ClaimsError::TooManyCoverages);
}

#[test]
fn a_coverage_ends_earlier_and_never_in_the_past() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.cover(PLAN, vec![between(MEMBER, 1_300, 1_400)]).unwrap();
    refused(|| claims.end_coverage(PLAN, id(MEMBER), Timestamp(NOW.0 - 1)), ClaimsError::InThePast);
    for end in [day(1_200), day(1_250), day(1_300), day(1_400)] {
        refused(|| claims.end_coverage(PLAN, id(MEMBER), end), ClaimsError::NotCovered);
    }
    refused(|| claims.end_coverage(PLAN, id(CHILD), day(1_100)), ClaimsError::NotCovered);
    claims.end_coverage(PLAN, id(MEMBER), NOW).unwrap();
    assert_eq!(newest::<CoverageEnded>(), CoverageEnded { plan: PLAN, member: id(MEMBER), end: NOW });
    claims.end_coverage(PLAN, id(MEMBER), day(1_301)).unwrap();
    let kept = [between(MEMBER, 900, 1_000), between(MEMBER, 1_300, 1_301)].map(coverage);
    assert_eq!(claims.coverages(PLAN, id(MEMBER)), kept);
}

#[test]
fn services_are_covered_by_the_coverage_of_their_first_day() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.end_coverage(PLAN, id(MEMBER), NOW).unwrap();
    claims.cover(PLAN, vec![between(MEMBER, 1_000, 1_100)]).unwrap();
    at(day(1_001));
    let second = Line { day: 1, ..line(2, 100) };
    let days = vec![service_day(1_000), service_day(999)];
    let receipt = submit(&mut claims, Submission { days, ..submission(1, &[line(1, 100), second]) });
    let reasons = receipt.adjudication.lines.iter().map(|line| line.reasons.contains(Reason::CoverageInactive));
    assert_eq!(reasons.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_family_shares_its_limits_and_others_do_not() {
    use salus_domain::codes::{Measure, Unit};
    let limit = salus_domain::plan::Limit { unit: Unit::Family, ..samples::limit(Measure::Benefit, 100) };
    let mut claims = claims_under(PlanTerms { limits: vec![limit], ..terms() });
    calls(id(INSURER));
    let stranger = Enrolment { subscriber: id(STRANGER), ..enrolment(STRANGER) };
    claims.cover(PLAN, vec![enrolment(CHILD), stranger]).unwrap();
    let mut paid = |member, number| {
        let submission = Submission { member: account(member), ..submission(number, &[line(number, 100)]) };
        submit(&mut claims, submission).adjudication.total.payer.0
    };
    assert_eq!([paid(MEMBER, 1), paid(CHILD, 2), paid(STRANGER, 3)], [80, 20, 80]);
    let place = salus_interface::claims::Place {
        unit: Unit::Family,
        account: id(MEMBER),
        term: salus_interface::claims::Since::Annual(day(900)),
    };
    assert_eq!(claims.used(PLAN, place), [(limit.kind(), 100)]);
    assert_eq!(claims.used(SECOND, place), []);
}

#[test]
fn a_waiting_period_counts_from_the_start_of_cover_without_a_break() {
    for (gap, reason) in [(0, false), (1, true)] {
        let mut claims = claims();
        let terms = PlanTerms { benefit: Benefit { waiting_period: 30 * DAY, ..terms().benefit }, ..terms() };
        calls(id(INSURER));
        claims.revise_plan(PLAN, terms).unwrap();
        claims.cover(PLAN, vec![between(CHILD, 800, 990 - gap), between(CHILD, 990, 1_100)]).unwrap();
        let member = salus_interface::account(id(CHILD));
        let receipt = submit(&mut claims, Submission { member, ..submission(1, &[line(1, 100)]) });
        assert_eq!(receipt.adjudication.lines[0].reasons.contains(Reason::WaitingPeriod), reason);
    }
}
