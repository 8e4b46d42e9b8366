//! What more of one thing never makes of another (DESIGN, section 5), and where that ends.

mod common;

use common::cases;
use common::claims::{benefit, claims, limit, line, line_in, plan, share, standing, Claim, CATEGORIES, DAYS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use salus_domain::adjudicate::{adjudicate, KnownLine, LineOutcome};
use salus_domain::claim::Line;
use salus_domain::codes::{Category, CategorySet, Measure, ReasonSet, Term};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, Limit, PlanTerms};
use salus_domain::time::Timestamp;

/// The same terms with a coinsurance of at least `more`, each exception's and the general one.
fn dearer(terms: &PlanTerms, more: &[u16]) -> PlanTerms {
    let mut terms = terms.clone();
    let benefits = terms.exceptions.iter_mut().map(|(_, benefit)| benefit).chain([&mut terms.benefit]);
    for (benefit, more) in benefits.zip(more) {
        let Benefit { in_network, out_of_network, .. } = benefit;
        for share in [Some(in_network), out_of_network.as_mut()].into_iter().flatten() {
            share.coinsurance = share.coinsurance.max(BasisPoints(*more));
        }
    }
    assert_eq!(terms.validate(), Ok(()));
    terms
}

fn coinsurances() -> impl Strategy<Value = Vec<u16>> {
    vec(prop_oneof![1 => 0..=10_000u16, 1 => Just(10_000)], 3)
}

/// Claims in which nothing is denied and the limits are so narrow that each line reaches several.
fn narrow() -> impl Strategy<Value = Claim> {
    let category = select(CATEGORIES.as_slice());
    let charges = vec((1..50u128, category, 0..DAYS as u8), 1..6);
    let numbers = vec(0..60u128, 24);
    (claims(), charges, numbers, vec(0..20u128, 3)).prop_map(|(mut claim, charges, numbers, copays)| {
        let known = |(submitted, category, day): (u128, Category, u8)| {
            let known = line_in(category, submitted);
            KnownLine { line: Line { day, ..known.line }, ..known }
        };
        claim.lines = charges.into_iter().map(known).collect();
        claim.standing = standing();
        claim.used.clear();
        claim.terms.covered = CategorySet::ALL;
        let terms = &mut claim.terms;
        let benefits = terms.exceptions.iter_mut().map(|(_, benefit)| benefit).chain([&mut terms.benefit]);
        for (own, copay) in benefits.zip(copays) {
            *own = Benefit { deductible: own.deductible, ..benefit(share(copay, own.in_network.coinsurance.0)) };
        }
        for (limit, narrow) in terms.limits.iter_mut().zip(numbers) {
            limit.limit = narrow;
        }
        claim
    })
}

/// By what limits are told apart, but for the general ones.
#[derive(Clone, Copy, Debug)]
enum By {
    Category,
    Day,
}

/// Leaves out-of-pocket and benefit maxima that are nested: of two maxima of one kind that count for one line, one
/// counts for every line of the other; and a benefit maximum that counts for a line of an out-of-pocket maximum counts
/// for every line of that.
fn nest(limits: &mut Vec<Limit>, by: By) {
    let maximum = |limit: &Limit| matches!(limit.measure, Measure::OutOfPocket | Measure::Benefit);
    let (category, daily) = (|limit: &Limit| limit.category.is_some(), |limit: &Limit| limit.term == Term::Day);
    limits.retain(|limit| {
        let other = match by {
            By::Category => daily(limit),
            By::Day => category(limit),
        };
        !maximum(limit) || !other
    });
    let narrow = |limit: &Limit| category(limit) || daily(limit);
    let general = limits.iter().any(|limit| limit.measure == Measure::OutOfPocket && !narrow(limit));
    limits.retain(|limit| limit.measure != Measure::Benefit || !general || !narrow(limit));
}

/// What the patient and the plan pay of a claim.
fn shared(terms: &PlanTerms, claim: &Claim) -> (Amount, Amount) {
    let total = Claim { terms: terms.clone(), ..claim.clone() }.adjudicate().0.total;
    (total.patient(), total.payer)
}

/// The outcome of one line of a claim, as if it were the first.
fn first(claim: &Claim, terms: &PlanTerms, set_aside: ReasonSet, known: &KnownLine) -> LineOutcome {
    let mut claim = Claim { terms: terms.clone(), ..claim.clone() };
    claim.standing.set_aside = claim.standing.set_aside.union(set_aside);
    let mut counters = claim.counters();
    adjudicate(&claim.terms, &claim.standing, &mut counters, vec![*known]).lines[0]
}

proptest! {
    #![proptest_config(cases(1))]

    /// Of one line, whatever the limits are.
    #[test]
    fn a_higher_coinsurance_never_lowers_the_patients_share_of_a_line(claim in claims(), more in coinsurances()) {
        let dearer = dearer(&claim.terms, &more);
        for known in &claim.lines {
            let [before, after] = [&claim.terms, &dearer].map(|terms| first(&claim, terms, ReasonSet::EMPTY, known));
            prop_assert!(before.split.patient() <= after.split.patient(), "{:?} and {:?}", before, after);
            prop_assert!(before.split.payer >= after.split.payer);
            prop_assert_eq!(before.quantity, after.quantity);
        }
    }

    /// Of a claim, where the maxima are nested ([`nest`]): what a line with a higher coinsurance uses up of an
    /// out-of-pocket maximum it takes off later lines at most once, and what the plan saves on it is paid at most once
    /// more, within a benefit maximum, later. Deductibles, numbers of services and of units may be limited in any way.
    /// A single later line may well cost the patient less: the out-of-pocket maximum is reached before it. Where the
    /// maxima are not nested, it does not hold: the examples below are the ways in which two of them can cross.
    #[test]
    fn a_higher_coinsurance_never_lowers_the_patients_share_of_a_claim_with_nested_maxima(
        claim in prop_oneof![1 => claims(), 3 => narrow()],
        more in coinsurances(),
        by in select(vec![By::Category, By::Day]),
        out_of_pocket in prop::bool::weighted(0.7),
    ) {
        let mut claim = claim;
        claim.terms.limits.retain(|limit| out_of_pocket || limit.measure != Measure::OutOfPocket);
        nest(&mut claim.terms.limits, by);
        let (before, after) = (shared(&claim.terms, &claim), shared(&dearer(&claim.terms, &more), &claim));
        prop_assert!(before.0 <= after.0 && before.1 >= after.1, "{:?} and {:?}", before, after);
    }

    /// Of one line, with the same use before: what is set aside never makes the plan pay less. Of a whole claim it may:
    /// the line that is paid uses up what later lines would have got.
    #[test]
    fn setting_a_reason_aside_never_lowers_what_the_plan_pays_for_the_line(
        claim in claims(),
        set_aside in vec(select(ReasonSet::APPEALABLE.iter().collect::<Vec<_>>()), 1..4),
    ) {
        let set_aside: ReasonSet = set_aside.into_iter().collect();
        for known in &claim.lines {
            let before = first(&claim, &claim.terms, ReasonSet::EMPTY, known);
            let after = first(&claim, &claim.terms, set_aside, known);
            prop_assert!(before.split.payer <= after.split.payer, "{:?} and {:?}", before, after);
            prop_assert!(!after.reasons.intersects(set_aside));
            if before.is_covered() {
                prop_assert!(after.is_covered() && before.quantity <= after.quantity);
            }
        }
    }

    /// A wider limit of one kind never makes the plan pay less of a line: it promises more or the patient bears less.
    #[test]
    fn a_wider_limit_never_lowers_what_the_plan_pays_for_a_line(
        claim in claims(),
        at: prop::sample::Index,
        more: u128,
    ) {
        if claim.terms.limits.is_empty() {
            return Ok(());
        }
        let mut wider = claim.terms.clone();
        let place = at.index(wider.limits.len());
        let limit = &mut wider.limits[place];
        limit.limit = limit.limit.saturating_add(more);
        let for_the_patient = matches!(limit.measure, Measure::Deductible | Measure::OutOfPocket);
        for known in &claim.lines {
            let payer = |terms| first(&claim, terms, ReasonSet::EMPTY, known).split.payer;
            let [before, after] = [payer(&claim.terms), payer(&wider)];
            let holds = if for_the_patient { before >= after } else { before <= after };
            prop_assert!(holds, "{:?} and {:?}", before, after);
        }
    }
}

// Where a higher coinsurance lowers the patient's share of a claim.

/// A plan with this coinsurance for medical care and another for maternity; no deductible, no copay.
fn two(medical: u16, maternity: u16, limits: Vec<Limit>) -> PlanTerms {
    PlanTerms {
        exceptions: vec![(Category::Maternity, benefit(share(0, maternity)))],
        ..plan(share(0, medical), limits)
    }
}

fn on_day(day: u8, known: KnownLine) -> KnownLine {
    KnownLine { line: Line { day, ..known.line }, date: Timestamp(1_000 + u64::from(day)), ..known }
}

/// What the patient bears of each line.
fn borne(terms: &PlanTerms, lines: &[KnownLine]) -> Vec<u128> {
    let claim = Claim { days: 2, ..Claim::new(terms, lines.to_vec()) };
    claim.adjudicate().0.lines.iter().map(|outcome| outcome.split.patient().0).collect()
}

/// The first line uses up the out-of-pocket maximum in place of the second, and leaves the third the category's
/// maximum: what it costs more is saved twice.
#[test]
fn a_general_out_of_pocket_maximum_and_a_categorys_benefit_maximum_can_turn_it_round() {
    let medical = Limit { category: Some(Category::MedicalCare), ..limit(Measure::Benefit, 10) };
    let limits = vec![limit(Measure::OutOfPocket, 10), medical];
    let lines = [line(10), line_in(Category::Maternity, 10), line(10)];
    assert_eq!(borne(&two(0, 10_000, limits.clone()), &lines), [0, 10, 10]);
    assert_eq!(borne(&two(10_000, 10_000, limits), &lines), [10, 0, 0]);
}

#[test]
fn a_general_out_of_pocket_maximum_and_a_days_benefit_maximum_can_turn_it_round() {
    let day = Limit { term: Term::Day, ..limit(Measure::Benefit, 10) };
    let limits = vec![limit(Measure::OutOfPocket, 10), day];
    let maternity = |day| on_day(day, line_in(Category::Maternity, 10));
    let lines = [on_day(0, line(10)), maternity(1), maternity(0)];
    assert_eq!(borne(&two(0, 10_000, limits.clone()), &lines), [0, 10, 10]);
    assert_eq!(borne(&two(10_000, 10_000, limits), &lines), [10, 0, 0]);
}

/// One line counts for the category's maximum and for the day's, and takes the place of a line in each.
#[test]
fn out_of_pocket_maxima_of_a_category_and_of_a_day_can_turn_it_round() {
    let medical = Limit { category: Some(Category::MedicalCare), ..limit(Measure::OutOfPocket, 10) };
    let day = Limit { term: Term::Day, ..limit(Measure::OutOfPocket, 10) };
    let lines = [on_day(0, line(10)), on_day(1, line(5)), on_day(0, line_in(Category::Maternity, 5))];
    let with_copay =
        |coinsurance| PlanTerms { benefit: benefit(share(5, coinsurance)), ..two(0, 10_000, vec![medical, day]) };
    assert_eq!(borne(&with_copay(0), &lines), [5, 5, 5]);
    assert_eq!(borne(&with_copay(10_000), &lines), [10, 0, 0]);
}

/// What the plan saves on one line is left for one line of the category and for one of the day.
#[test]
fn benefit_maxima_of_a_category_and_of_a_day_can_turn_it_round() {
    let medical = Limit { category: Some(Category::MedicalCare), ..limit(Measure::Benefit, 10) };
    let day = Limit { term: Term::Day, ..limit(Measure::Benefit, 10) };
    let lines = [on_day(0, line(10)), on_day(1, line(100)), on_day(0, line_in(Category::Maternity, 10))];
    let limits = vec![medical, day];
    assert_eq!(borne(&two(0, 0, limits.clone()), &lines), [0, 100, 10]);
    assert_eq!(borne(&two(5_000, 0, limits), &lines), [5, 95, 5]);
}

#[test]
fn what_is_set_aside_for_one_line_can_be_missing_for_another() {
    let terms = plan(share(0, 0), vec![limit(Measure::Benefit, 100)]);
    let fee = |known| KnownLine { fee: Some(Amount(20)), ..known };
    let claim = Claim::new(&terms, vec![fee(line(100)), line(80)]);
    let mut appealed = claim.clone();
    appealed.standing.set_aside = ReasonSet::APPEALABLE;
    let paid =
        |claim: &Claim| claim.adjudicate().0.lines.iter().map(|outcome| outcome.split.payer.0).collect::<Vec<_>>();
    assert_eq!(paid(&claim), [20, 80]);
    assert_eq!(paid(&appealed), [100, 0]);
}
