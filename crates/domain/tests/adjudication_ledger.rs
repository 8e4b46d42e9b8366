//! The book of one plan: what it keeps, what it forgets, and what depends on the order of claims.

mod common;

use common::claims::{benefit, limit, plan, share, terms, CATEGORIES};
use common::{account, cases};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use salus_domain::adjudicate::{Adjudication, Authorisation};
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{Category, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::ids::{Account, CodeTag, Hash, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership, Place};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, Limit, PlanTerms};
use salus_domain::time::{Period, Timestamp, DAY};
use std::collections::BTreeSet;

const PROVIDER: Account = account(9);
const SUBSCRIBER: Account = account(1);

/// Midnight of a day, by its number.
const fn at(day: u64) -> Timestamp {
    Timestamp(day * DAY)
}

const fn span(start: u64, end: u64) -> Period {
    Period { start: at(start), end: at(end) }
}

const fn member(byte: u8, subscriber: Account) -> Membership {
    Membership { member: account(byte), subscriber, period: span(10, 100), since: at(10), secondary: false }
}

fn facts() -> Facts {
    Facts { now: at(50), network: Network::In, credentialed: true, consented: true, set_aside: ReasonSet::EMPTY }
}

const fn code(byte: u8) -> CodeTag {
    CodeTag([byte; 16])
}

/// The day of this date; its nullifier is the member's.
fn day(member: &Membership, date: u64) -> ServiceDay {
    ServiceDay { date: at(date), nullifier: Hash([member.member.0[0] ^ (date as u8) << 3; 32]) }
}

/// One unit of medical care of this code, on the claim's first day.
const fn line(byte: u8, submitted: u128) -> Line {
    let category = Category::MedicalCare;
    Line { day: 0, code: code(byte), category, quantity: 1, submitted: Amount(submitted), prior_paid: Amount::ZERO }
}

/// Another insurer has decided where it paid, or where this is said.
fn submission(member: &Membership, decided: bool, days: Vec<ServiceDay>, lines: Vec<Line>) -> Submission {
    let prior_decided = decided || lines.iter().any(|line| line.prior_paid > Amount::ZERO);
    Submission { plan: PlanId(0), member: member.member, reference: Hash([0; 32]), prior_decided, days, lines }
}

fn claim(member: &Membership, dates: &[u64], lines: Vec<Line>) -> Submission {
    let days = dates.iter().map(|date| day(member, *date)).collect();
    let claim = submission(member, false, days, lines);
    assert_eq!(claim.validate(at(200)), Ok(()));
    claim
}

fn missing(_: CodeTag, _: Timestamp) -> Authorisation {
    Authorisation::Missing
}

/// What the plan pays of each line.
fn paid(outcome: &Adjudication) -> Vec<u128> {
    outcome.lines.iter().map(|outcome| outcome.split.payer.0).collect()
}

fn pay(ledger: &mut Ledger, member: &Membership, date: u64, line: Line) -> u128 {
    paid(&ledger.adjudicate(member, &facts(), PROVIDER, &claim(member, &[date], vec![line]), missing))[0]
}

fn benefit_of(unit: Unit, term: Term) -> Ledger {
    Ledger::new(plan(share(0, 0), vec![Limit { unit, term, ..limit(Measure::Benefit, 100) }]), [])
}

#[test]
fn use_is_kept_for_whom_and_how_long_the_limit_says() {
    let own = member(1, SUBSCRIBER);
    let next_year = Membership { period: span(100, 200), since: at(100), ..own };
    let sister = member(2, SUBSCRIBER);
    // 80 of 100 were paid to `own` on day 20; what 80 more are paid.
    for (unit, term, [same_day, other_day, other_year, sisters]) in [
        (Unit::Individual, Term::Annual, [20, 0, 80, 80]),
        (Unit::Family, Term::Annual, [20, 0, 80, 0]),
        (Unit::Individual, Term::Day, [20, 80, 80, 80]),
        (Unit::Family, Term::Day, [20, 80, 80, 0]),
        (Unit::Individual, Term::Lifetime, [20, 0, 0, 80]),
        (Unit::Family, Term::Lifetime, [20, 0, 0, 0]),
    ] {
        let mut ledger = benefit_of(unit, term);
        assert_eq!(pay(&mut ledger, &own, 20, line(1, 80)), 80);
        let place = own.place(unit, term, at(20));
        assert_eq!(ledger.used(place), [(ledger.terms().limits[0].kind(), 80)]);
        let more = [
            pay(&mut ledger, &own, 20, line(2, 80)),
            pay(&mut ledger, &own, 21, line(1, 80)),
            pay(&mut ledger, &next_year, 120, line(1, 80)),
            pay(&mut ledger, &sister, 20, line(1, 80)),
        ];
        assert_eq!(more, [same_day, other_day, other_year, sisters], "{unit:?} {term:?}");
        let stranger = member(3, account(3));
        assert_eq!(pay(&mut ledger, &stranger, 20, line(1, 80)), 80);
    }
}

#[test]
fn what_the_chain_knows_is_taken_over() {
    let own = member(2, SUBSCRIBER);
    let mut ledger = benefit_of(Unit::Family, Term::Annual);
    let kind = ledger.terms().limits[0].kind();
    let place = Place { account: SUBSCRIBER, unit: Unit::Family, term: Term::Annual, since: at(10) };
    assert_eq!(place, own.place(Unit::Family, Term::Annual, at(77)));
    ledger.set_used(place, vec![(kind, 70)]);
    ledger.add_services(PROVIDER, day(&own, 20).nullifier, [code(1)]);
    let decided =
        ledger.adjudicate(&own, &facts(), PROVIDER, &claim(&own, &[20], vec![line(1, 80), line(2, 80)]), missing);
    assert_eq!((paid(&decided), decided.lines[0].reasons), (vec![0, 30], Reason::Duplicate.into()));
    assert_eq!(ledger.used(place), [(kind, 100)]);
}

#[test]
fn a_service_is_paid_once_for_each_provider_and_day() {
    let own = member(1, SUBSCRIBER);
    let mut ledger = Ledger::new(plan(share(0, 0), vec![]), []);
    let lines = vec![line(1, 10), line(1, 10), Line { day: 1, ..line(1, 10) }, line(2, 10)];
    let once = claim(&own, &[20, 21], lines);
    assert_eq!(paid(&ledger.adjudicate(&own, &facts(), PROVIDER, &once, missing)), [10, 0, 10, 10]);
    assert_eq!(paid(&ledger.adjudicate(&own, &facts(), PROVIDER, &once, missing)), [0, 0, 0, 0]);
    assert_eq!(paid(&ledger.adjudicate(&own, &facts(), account(8), &once, missing)), [10, 0, 10, 10]);
}

#[test]
fn a_service_that_was_denied_can_be_claimed_again() {
    let own = member(1, SUBSCRIBER);
    let mut ledger = Ledger::new(plan(share(0, 0), vec![]), []);
    let submission = claim(&own, &[20], vec![line(1, 10)]);
    let without = Facts { consented: false, ..facts() };
    assert_eq!(paid(&ledger.adjudicate(&own, &without, PROVIDER, &submission, missing)), [0]);
    assert_eq!(paid(&ledger.adjudicate(&own, &facts(), PROVIDER, &submission, missing)), [10]);
}

#[test]
fn what_the_plan_does_not_cover_takes_nothing_away() {
    let own = member(1, SUBSCRIBER);
    let terms = PlanTerms { covered: Category::MedicalCare.into(), ..plan(share(0, 0), vec![]) };
    let uncovered = Line { category: Category::Surgical, ..line(1, 10) };
    let lines = vec![uncovered, line(1, 10), uncovered];
    let decide = |set_aside| {
        let facts = Facts { set_aside, ..facts() };
        let mut ledger = Ledger::new(terms.clone(), []);
        let decided = ledger.adjudicate(&own, &facts, PROVIDER, &claim(&own, &[20], lines.clone()), missing);
        decided.lines.iter().map(|line| (line.split.payer.0, line.reasons)).collect::<Vec<_>>()
    };
    let duplicate = (0, Reason::Duplicate.into());
    assert_eq!(decide(ReasonSet::EMPTY), [(0, Reason::NotCovered.into()), (10, ReasonSet::EMPTY), duplicate]);
    // Where an appeal sets that aside, it is paid, and once only.
    assert_eq!(decide(Reason::NotCovered.into()), [(10, ReasonSet::EMPTY), duplicate, duplicate]);
}

#[test]
fn the_fee_schedule_is_that_of_the_plan() {
    let own = member(1, SUBSCRIBER);
    let fees = [Fee { code: code(1), price: Amount(3) }, Fee { code: code(2), price: Amount(70) }];
    let mut ledger = Ledger::new(plan(share(0, 0), vec![]), fees);
    let lines = vec![Line { quantity: 2, ..line(1, 10) }, line(2, 60), line(3, 50)];
    assert_eq!(paid(&ledger.adjudicate(&own, &facts(), PROVIDER, &claim(&own, &[20], lines), missing)), [6, 60, 50]);
}

#[test]
fn the_coverage_is_that_of_the_first_day_of_service() {
    let own = member(1, SUBSCRIBER);
    let mut ledger = Ledger::new(plan(share(0, 0), vec![]), []);
    let facts = Facts { now: at(100), ..facts() };
    let lines = vec![line(1, 10), Line { day: 1, ..line(2, 10) }];
    let mut decide = |dates: [u64; 2]| {
        let decided = ledger.adjudicate(&own, &facts, PROVIDER, &claim(&own, &dates, lines.clone()), missing);
        decided.lines.iter().map(|line| line.is_covered()).collect::<Vec<_>>()
    };
    assert_eq!(decide([100, 99]), [false, true], "the second day is the first; the coverage ends before 100");
    assert_eq!(decide([9, 10]), [false, false], "on the first day there was none");
    assert_eq!(decide([98, 10]), [true, true]);
}

#[test]
fn lines_of_one_procedure_share_its_authorisation() {
    let own = member(1, SUBSCRIBER);
    let asking = Benefit { authorisation: true, ..benefit(share(0, 0)) };
    let free = (Category::Maternity, benefit(share(0, 0)));
    let terms = PlanTerms { benefit: asking, exceptions: vec![free], ..plan(share(0, 0), vec![]) };
    let units = |day, quantity| Line { day, quantity, ..line(1, u128::from(quantity)) };
    let without = Line { category: Category::Maternity, ..units(0, 2) };
    // 5 units: none for the first line, which needs none; 3; none for the duplicate; the 2 that are left, of 4.
    let lines = vec![without, units(1, 3), units(1, 3), units(2, 4)];
    let mut ledger = Ledger::new(terms, []);
    let mut decide = |dates: &[u64], lines: &[Line], until| {
        let granted = |_, date| if date <= at(until) { Authorisation::Granted(5) } else { Authorisation::Missing };
        ledger.adjudicate(&own, &facts(), PROVIDER, &claim(&own, dates, lines.to_vec()), granted)
    };
    let decided = decide(&[20, 21, 22], &lines, 21);
    assert!(decided.is_pended(), "the authorisation is over on the third day");
    let decided = decide(&[20, 21, 22], &lines, 22);
    assert_eq!(decided.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 3, 0, 2]);
    assert_eq!(decided.lines[3].reasons, Reason::AuthorisationExceeded.into());
    // Of a service of which nothing was authorised, nothing was claimed.
    let decided = decide(&[23, 24], &[units(0, 5), units(1, 1)], 24);
    assert_eq!(decided.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [5, 0]);
    assert_eq!(decide(&[24], &[units(0, 1)], 24).lines[0].quantity, 1);
}

#[test]
fn a_secondary_coverage_waits_for_the_first_insurer() {
    let own = Membership { secondary: true, ..member(1, SUBSCRIBER) };
    let decide = |prior_decided, prior| {
        let mut ledger = Ledger::new(plan(share(0, 0), vec![]), []);
        let lines = vec![Line { prior_paid: Amount(prior), ..line(1, 10) }];
        let claim = submission(&own, prior_decided, vec![day(&own, 20)], lines);
        paid(&ledger.adjudicate(&own, &facts(), PROVIDER, &claim, missing))[0]
    };
    assert_eq!([decide(false, 0), decide(true, 0), decide(true, 4)], [0, 10, 6], "also where the first paid nothing");
}

// Any plan, any claims.

/// A claim of one of four members in two families, and whether its lines are authorised.
type Case = (Membership, Submission, Facts, Authorisation);

fn lines() -> impl Strategy<Value = Line> {
    let quantity = prop_oneof![3 => Just(1), 1 => 1..5u32];
    (0..3u8, 0..4u8, select(CATEGORIES.as_slice()), quantity, 1..900u128, 0..3u128).prop_map(
        |(day, byte, category, quantity, submitted, prior)| {
            let prior_paid = Amount(submitted * prior / 4);
            Line { day, category, quantity, prior_paid, ..line(byte, submitted) }
        },
    )
}

fn claims_of(members: std::ops::Range<u8>) -> impl Strategy<Value = Case> {
    let facts = (any::<bool>(), prop::bool::weighted(0.9)).prop_map(|(inside, consented)| {
        let network = if inside { Network::In } else { Network::Out };
        Facts { network, consented, ..facts() }
    });
    let dates = subsequence((18..24u64).collect::<Vec<_>>(), 3);
    let authorisation = prop_oneof![
        3 => (0..9u32).prop_map(Authorisation::Granted),
        1 => Just(Authorisation::Missing),
        1 => Just(Authorisation::Refused),
    ];
    (members, any::<(bool, bool)>(), dates, vec(lines(), 1..5), facts, authorisation).prop_map(
        |(byte, (secondary, decided), dates, lines, facts, authorisation)| {
            let own = Membership { secondary, ..member(byte, account(1 + (byte - 1) / 2 * 2)) };
            let days = dates.iter().map(|date| day(&own, *date)).collect();
            let submission = submission(&own, decided, days, lines);
            (own, submission, facts, authorisation)
        },
    )
}

fn decide(ledger: &mut Ledger, (member, submission, facts, authorisation): &Case) -> Adjudication {
    ledger.adjudicate(member, facts, PROVIDER, submission, |_, _| *authorisation)
}

fn fees() -> impl Strategy<Value = Vec<Fee>> {
    vec((0..4u8, 0..500u128).prop_map(|(byte, price)| Fee { code: code(byte), price: Amount(price) }), 0..3)
}

/// Whether two claims, one after the other, come out the same in the other order.
fn commute(ledger: &Ledger, one: &Case, other: &Case) -> bool {
    let [mut forth, mut back] = [ledger.clone(), ledger.clone()];
    let in_order = (decide(&mut forth, one), decide(&mut forth, other));
    let (second, first) = (decide(&mut back, other), decide(&mut back, one));
    // Places that were looked at and not used have no use written down: their order does not matter.
    in_order == (first, second) && forth == back
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn claims_of_two_families_commute(
        terms in terms(),
        fees in fees(),
        before in vec(claims_of(1..5), 0..4),
        one in claims_of(1..3),
        other in claims_of(3..5),
    ) {
        let mut ledger = Ledger::new(terms, fees);
        for case in &before {
            decide(&mut ledger, case);
        }
        prop_assert!(commute(&ledger, &one, &other));
    }

    #[test]
    fn claims_of_two_members_commute_where_no_limit_is_the_familys(
        terms in terms(),
        before in vec(claims_of(1..3), 0..4),
        one in claims_of(1..2),
        other in claims_of(2..3),
    ) {
        let mut terms = terms;
        terms.limits.retain(|limit| limit.unit == Unit::Individual);
        let mut ledger = Ledger::new(terms, []);
        for case in &before {
            decide(&mut ledger, case);
        }
        prop_assert!(commute(&ledger, &one, &other));
    }

    #[test]
    fn over_any_claims_use_keeps_its_limits_and_no_service_is_paid_twice(
        terms in terms(),
        fees in fees(),
        all in vec(claims_of(1..5), 1..12),
    ) {
        let mut ledger = Ledger::new(terms.clone(), fees);
        let mut services = BTreeSet::new();
        for case in &all {
            let before = ledger.clone();
            let decided = decide(&mut ledger, case);
            prop_assert!(common::claims::adds_up(&decided.total));
            if decided.is_pended() {
                prop_assert!(ledger == before, "what waits uses nothing");
                continue;
            }
            let (own, submission, ..) = case;
            for (line, outcome) in submission.lines.iter().zip(&decided.lines).filter(|(_, line)| line.is_covered()) {
                let service = (submission.days[usize::from(line.day)].nullifier, line.code);
                prop_assert!(services.insert(service), "{:?} is covered once, not {:?}", service, outcome);
            }
            for limit in &terms.limits {
                for service in &submission.days {
                    let used = ledger.used(own.place(limit.unit, limit.term, service.date));
                    let used = used.iter().find(|(kind, _)| *kind == limit.kind()).map_or(0, |(_, used)| *used);
                    prop_assert!(used <= limit.limit);
                }
            }
        }
    }
}
