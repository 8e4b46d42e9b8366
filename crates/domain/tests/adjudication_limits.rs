//! Steps 3 and 5 to 7 of adjudication (DESIGN, section 5): limits, authorised units and other insurers, each number
//! worked by hand.

mod common;

use common::claims::Claim;
use common::claims::{
    adds_up, benefit, limit, line, line_in, plan, second, share, split, standing, units, used_of, with_fee,
};
use salus_domain::adjudicate::{Authorisation, KnownLine, LineOutcome, Standing};
use salus_domain::claim::Line;
use salus_domain::codes::{Category, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::Slot;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Limit, PlanTerms};
use salus_domain::time::Timestamp;

/// Deductible 100, copay 10, coinsurance 20 %, at most 500 out of pocket, at most 10,000 from the plan.
fn terms() -> PlanTerms {
    plan(
        share(10, 2_000),
        vec![limit(Measure::Deductible, 100), limit(Measure::OutOfPocket, 500), limit(Measure::Benefit, 10_000)],
    )
}

/// A plan that pays everything, within these limits.
fn generous(limits: Vec<Limit>) -> PlanTerms {
    plan(share(0, 0), limits)
}

/// The outcomes, and what is used then of the limits in the order of the terms; of daily ones, on the first day.
fn decide(terms: &PlanTerms, used: &[u128], lines: &[KnownLine]) -> (Vec<LineOutcome>, Vec<u128>) {
    decide_with(standing(), terms, used, lines)
}

fn decide_with(
    standing: Standing,
    terms: &PlanTerms,
    used: &[u128],
    lines: &[KnownLine],
) -> (Vec<LineOutcome>, Vec<u128>) {
    let slot = |limit: &Limit| Slot { unit: limit.unit, term: limit.term, day: 0 };
    let used = terms.limits.iter().zip(used).map(|(limit, used)| (slot(limit), vec![(limit.kind(), *used)])).collect();
    let claim = Claim { standing, used, days: 2, ..Claim::new(terms, lines.to_vec()) };
    let (result, counters) = claim.adjudicate();
    assert!(result.lines.iter().all(|outcome| adds_up(&outcome.split)), "{result:?}");
    (result.lines, terms.limits.iter().map(|limit| used_of(&counters, limit, 0)).collect())
}

/// The outcome of one line.
fn one(terms: &PlanTerms, used: &[u128], known: KnownLine) -> (LineOutcome, Vec<u128>) {
    let (lines, used) = decide(terms, used, &[known]);
    (lines[0], used)
}

/// What the plan pays, line by line.
fn paid(terms: &PlanTerms, lines: &[KnownLine]) -> Vec<u128> {
    decide(terms, &[], lines).0.iter().map(|outcome| outcome.split.payer.0).collect()
}

fn of_category(category: Category, limit: Limit) -> Limit {
    Limit { category: Some(category), ..limit }
}

fn of_network(network: Network, limit: Limit) -> Limit {
    Limit { network: Some(network), ..limit }
}

fn of_family(limit: Limit) -> Limit {
    Limit { unit: Unit::Family, ..limit }
}

fn each(term: Term, limit: Limit) -> Limit {
    Limit { term, ..limit }
}

fn authorised(units: u32, known: KnownLine) -> KnownLine {
    KnownLine { authorisation: Authorisation::Granted(units), ..known }
}

fn on_the_second_day(known: KnownLine) -> KnownLine {
    KnownLine { line: Line { day: 1, ..known.line }, date: Timestamp(1_001), ..known }
}

// Step 3: services, units and their authorisation.

#[test]
fn services_above_their_number_are_denied() {
    let terms = generous(vec![limit(Measure::Services, 2)]);
    let (lines, used) = decide(&terms, &[], &[line(10), units(9, line(20)), line(30)]);
    assert_eq!(lines[1].quantity, 9, "services are lines, not units");
    assert_eq!(lines[2].reasons, Reason::FrequencyLimit.into());
    assert_eq!((lines[2].split, used), (split(30, 0, 0, [0, 0, 0, 30], 0), vec![2]));
}

#[test]
fn a_service_that_only_uses_the_deductible_counts_and_a_denied_one_does_not() {
    let limits = vec![limit(Measure::Deductible, 100), limit(Measure::Services, 2)];
    let denied = KnownLine { duplicate: true, ..line(10) };
    let (lines, used) = decide(&generous(limits), &[], &[line(40), denied, line(40), line(40)]);
    let covered: Vec<_> = lines.iter().map(LineOutcome::is_covered).collect();
    assert_eq!((covered, used), (vec![true, false, true, false], vec![80, 2]));
}

#[test]
fn a_service_of_which_no_unit_is_paid_for_is_not_counted() {
    let limits = vec![limit(Measure::Quantity, 3), limit(Measure::Services, 2)];
    let (lines, used) = decide(&generous(limits), &[3], &[units(2, line(50))]);
    assert_eq!((lines[0].quantity, lines[0].reasons), (0, Reason::QuantityLimit.into()));
    assert_eq!((lines[0].split, used), (split(50, 0, 0, [0, 0, 0, 50], 0), vec![3, 0]));
}

#[test]
fn of_more_units_than_the_plan_pays_for_the_charge_counts_in_proportion() {
    // 3 units are left: 3/7 of 100 are 42.86, of which 42 count; the patient bears the other 58.
    let terms = generous(vec![limit(Measure::Quantity, 5)]);
    let (outcome, used) = one(&terms, &[2], units(7, line(100)));
    assert_eq!((outcome.split, outcome.quantity), (split(100, 0, 0, [0, 0, 0, 58], 42), 3));
    assert_eq!((outcome.reasons, used), (Reason::QuantityLimit.into(), vec![5]));
    // The fee is that of the units that count: 3 × 10 = 30 of 42.
    let (outcome, _) = one(&terms, &[2], with_fee(10, units(7, line(100))));
    assert_eq!(outcome.split, split(100, 12, 0, [0, 0, 0, 58], 30));
    assert_eq!(outcome.reasons, ReasonSet::of(&[Reason::QuantityLimit, Reason::FeeSchedule]));
}

#[test]
fn units_that_the_plan_does_not_pay_for_are_not_out_of_pocket() {
    // 2 of 4 units: 200 of 400. 200 - 100 = 100; - 10 = 90; 20 % = 18; the plan pays 72.
    let limits = [terms().limits, vec![limit(Measure::Quantity, 2)]].concat();
    let (outcome, used) = one(&PlanTerms { limits, ..terms() }, &[], units(4, line(400)));
    assert_eq!((outcome.split, used), (split(400, 0, 0, [100, 10, 18, 200], 72), vec![100, 128, 72, 2]));
}

#[test]
fn of_more_units_than_are_authorised_the_provider_bears_the_rest() {
    let own = Benefit { authorisation: true, ..benefit(share(0, 0)) };
    let terms = PlanTerms { benefit: own, ..generous(vec![limit(Measure::Quantity, 100)]) };
    for (left, quantity, adjustment) in [(0, 0, 90), (1, 1, 60), (2, 2, 30), (3, 3, 0), (u32::MAX, 3, 0)] {
        let (outcome, used) = one(&terms, &[], authorised(left, units(3, line(90))));
        assert_eq!(outcome.split, split(90, adjustment, 0, [0; 4], 90 - adjustment), "{left}");
        assert_eq!((outcome.quantity, used), (quantity, vec![u128::from(quantity)]));
        assert_eq!(outcome.reasons.contains(Reason::AuthorisationExceeded), left < 3);
        assert_eq!(outcome.is_covered(), left > 0, "a service of which nothing is authorised can be claimed again");
    }
}

#[test]
fn an_authorisation_is_asked_for_only_where_the_plan_says_so() {
    for authorisation in [Authorisation::Missing, Authorisation::Refused, Authorisation::Granted(0)] {
        let (outcome, _) = one(&generous(vec![]), &[], KnownLine { authorisation, ..line(90) });
        assert_eq!(outcome.split, split(90, 0, 0, [0; 4], 90));
    }
}

#[test]
fn authorised_units_above_a_limit_are_the_patients_and_the_others_the_providers() {
    // 10 units for 100; 6 are authorised, of which the plan pays for 4: 40 to the provider's adjustment, 20 to the
    // patient.
    let own = Benefit { authorisation: true, ..benefit(share(0, 0)) };
    let terms = PlanTerms { benefit: own, ..generous(vec![limit(Measure::Quantity, 4)]) };
    let (outcome, _) = one(&terms, &[], authorised(6, units(10, line(100))));
    assert_eq!(outcome.split, split(100, 40, 0, [0, 0, 0, 20], 40));
    assert_eq!(outcome.reasons, ReasonSet::of(&[Reason::AuthorisationExceeded, Reason::QuantityLimit]));
}

// Which limits count.

#[test]
fn the_deductible_of_a_category_replaces_the_general_one() {
    let dental = of_category(Category::DentalCare, limit(Measure::Deductible, 30));
    let terms = generous(vec![limit(Measure::Deductible, 100), dental]);
    let (lines, used) =
        decide(&terms, &[], &[line_in(Category::DentalCare, 50), line(50), line_in(Category::DentalCare, 50)]);
    let deductibles: Vec<_> = lines.iter().map(|outcome| outcome.split.deductible.0).collect();
    assert_eq!((deductibles, used), (vec![30, 50, 0], vec![50, 30]));
}

#[test]
fn the_deductible_of_a_category_out_of_the_network_leaves_the_general_one_in_it() {
    let away = of_network(Network::Out, of_category(Category::MedicalCare, limit(Measure::Deductible, 300)));
    let terms = generous(vec![limit(Measure::Deductible, 100), away]);
    assert_eq!(one(&terms, &[], line(500)).0.split, split(500, 0, 0, [100, 0, 0, 0], 400));
    let (lines, used) = decide_with(Standing { network: Network::Out, ..standing() }, &terms, &[], &[line(500)]);
    assert_eq!((lines[0].split, used), (split(500, 0, 0, [300, 0, 0, 0], 200), vec![0, 300]));
}

#[test]
fn a_plan_without_a_deductible_has_none() {
    let dental = of_category(Category::DentalCare, limit(Measure::Deductible, 30));
    assert_eq!(one(&generous(vec![dental]), &[], line(500)).0.split, split(500, 0, 0, [0; 4], 500));
}

#[test]
fn an_individual_deductible_ends_with_the_familys() {
    let terms = generous(vec![limit(Measure::Deductible, 100), of_family(limit(Measure::Deductible, 150))]);
    // Of the family's 150, 90 are used by others: 60 are left, less than the member's own 100.
    let (outcome, used) = one(&terms, &[0, 90], line(500));
    assert_eq!((outcome.split.deductible, used), (Amount(60), vec![60, 150]));
    // The member's own 100 are reached, the family's 150 are not.
    let (outcome, used) = one(&terms, &[70, 70], line(500));
    assert_eq!((outcome.split.deductible, used), (Amount(30), vec![100, 100]));
}

#[test]
fn an_individual_out_of_pocket_maximum_ends_with_the_familys() {
    let limits = vec![limit(Measure::OutOfPocket, 100), of_family(limit(Measure::OutOfPocket, 150))];
    let (outcome, used) = one(&plan(share(0, 5_000), limits), &[0, 90], line(500));
    assert_eq!((outcome.split, used), (split(500, 0, 0, [0, 0, 60, 0], 440), vec![60, 150]));
    assert_eq!(outcome.reasons, ReasonSet::of(&[Reason::Coinsurance, Reason::OutOfPocketMaximum]));
}

#[test]
fn limits_of_one_network_do_not_count_for_the_other() {
    let limits = vec![
        of_network(Network::In, limit(Measure::Benefit, 100)),
        of_network(Network::Out, limit(Measure::Benefit, 30)),
        limit(Measure::Benefit, 120),
    ];
    let terms = generous(limits);
    let (lines, used) = decide(&terms, &[], &[line(110)]);
    assert_eq!((lines[0].split.payer, used.clone()), (Amount(100), vec![100, 0, 100]));
    let away = Standing { network: Network::Out, ..standing() };
    let (lines, used) = decide_with(away, &terms, &used, &[line(110)]);
    assert_eq!((lines[0].split.payer, used), (Amount(20), vec![100, 20, 120]));
}

#[test]
fn a_day_has_a_limit_of_its_own() {
    let terms = generous(vec![each(Term::Day, limit(Measure::Benefit, 100)), limit(Measure::Benefit, 170)]);
    let lines = [line(80), on_the_second_day(line(80)), line(80), on_the_second_day(line(80))];
    // 80; 80; 20 of the first day's and 10 of the year's are left: 10; nothing.
    assert_eq!(paid(&terms, &lines), [80, 80, 10, 0]);
}

#[test]
fn a_category_has_a_limit_of_its_own() {
    let dental = of_category(Category::DentalCare, limit(Measure::Benefit, 100));
    let terms = generous(vec![dental, limit(Measure::Benefit, 150)]);
    assert_eq!(paid(&terms, &[line_in(Category::DentalCare, 120), line(120)]), [100, 50]);
}

// Step 5: the out-of-pocket maximum.

#[test]
fn the_out_of_pocket_maximum_relieves_coinsurance_then_copay_then_deductible() {
    // Of 1,000 the patient would bear 100 + 10 + 178 = 288.
    for (before, patient) in [
        (212, [100, 10, 178, 0]), // 288 are left: not capped
        (213, [100, 10, 177, 0]),
        (390, [100, 10, 0, 0]),
        (395, [100, 5, 0, 0]),
        (400, [100, 0, 0, 0]),
        (460, [40, 0, 0, 0]),
        (500, [0, 0, 0, 0]),
        (501, [0, 0, 0, 0]), // the limit was lowered meanwhile
    ] {
        let (outcome, used) = one(&terms(), &[0, before], line(1_000));
        let bears: u128 = patient.iter().sum();
        assert_eq!(outcome.split, split(1_000, 0, 0, patient, 1_000 - bears), "{before}");
        assert_eq!(outcome.reasons.contains(Reason::OutOfPocketMaximum), before > 212);
        assert_eq!(used, [patient[0], before + bears, 1_000 - bears]);
    }
}

#[test]
fn an_out_of_pocket_maximum_of_zero_leaves_all_to_the_plan() {
    let terms = plan(share(10, 2_000), vec![limit(Measure::OutOfPocket, 0)]);
    let (outcome, _) = one(&terms, &[], line(1_000));
    assert_eq!(
        (outcome.split, outcome.reasons),
        (split(1_000, 0, 0, [0; 4], 1_000), Reason::OutOfPocketMaximum.into())
    );
}

// Step 6: the benefit maximum.

#[test]
fn above_the_benefit_maximum_the_patient_pays_and_it_does_not_count_as_out_of_pocket() {
    // The plan would pay 712.
    for (before, noncovered) in [(9_288, 0), (9_289, 1), (9_900, 612), (10_000, 712), (10_001, 712)] {
        let (outcome, used) = one(&terms(), &[0, 0, before], line(1_000));
        assert_eq!(outcome.split, split(1_000, 0, 0, [100, 10, 178, noncovered], 712 - noncovered), "{before}");
        assert_eq!(outcome.reasons.contains(Reason::BenefitMaximum), noncovered > 0);
        assert_eq!(used, [100, 288, before + 712 - noncovered]);
    }
}

#[test]
fn what_the_out_of_pocket_maximum_takes_off_the_benefit_maximum_can_put_back() {
    // 50 are left out of pocket, so that the plan promises 950; 600 of it are left.
    let (outcome, used) = one(&terms(), &[100, 450, 9_400], line(1_000));
    assert_eq!(outcome.split, split(1_000, 0, 0, [0, 10, 40, 350], 600));
    let expected = [Reason::Copay, Reason::Coinsurance, Reason::OutOfPocketMaximum, Reason::BenefitMaximum];
    assert_eq!((outcome.reasons, used), (ReasonSet::of(&expected), vec![100, 500, 10_000]));
}

#[test]
fn each_maximum_that_is_reached_is_named_and_no_other() {
    let dental = of_category(Category::DentalCare, limit(Measure::Benefit, 100));
    let limits = vec![
        dental,
        limit(Measure::Benefit, 300),
        each(Term::Day, limit(Measure::Benefit, 200)),
        each(Term::Lifetime, of_family(limit(Measure::Benefit, 900))),
    ];
    let terms = generous(limits);
    for (used, reasons) in [
        ([0, 0, 0, 0], vec![Reason::CategoryMaximum]),
        ([0, 200, 0, 0], vec![Reason::CategoryMaximum, Reason::BenefitMaximum]),
        ([0, 200, 100, 0], vec![Reason::CategoryMaximum, Reason::BenefitMaximum, Reason::DayMaximum]),
        ([0, 250, 100, 850], vec![Reason::BenefitMaximum, Reason::LifetimeMaximum]),
        ([0, 0, 199, 0], vec![Reason::DayMaximum]),
    ] {
        let (outcome, _) = one(&terms, &used, line_in(Category::DentalCare, 150));
        assert_eq!(outcome.reasons, reasons.into_iter().collect(), "{used:?}");
    }
    // Exactly what is left: reached, and nothing was taken off.
    assert_eq!(one(&terms, &[], line_in(Category::DentalCare, 100)).0.reasons, ReasonSet::EMPTY);
}

// Step 7: coordination of benefits.

#[test]
fn a_secondary_payer_pays_at_most_what_the_first_left() {
    // As the first payer the plan would pay 712 of 1,000 and the patient 288.
    for (prior, patient, payer) in [
        (0, [100, 10, 178, 0], 712),
        (100, [100, 10, 78, 0], 712), // 900 are open; the plan pays its 712, 188 are left
        (180, [100, 8, 0, 0], 712),   // 820 are open; 108 are left
        (250, [38, 0, 0, 0], 712),
        (288, [0, 0, 0, 0], 712), // the other insurer paid what the patient would have borne
        (300, [0, 0, 0, 0], 700), // 700 are open, and the plan pays no more
        (999, [0, 0, 0, 0], 1),
        (1_000, [0, 0, 0, 0], 0),
    ] {
        let (outcome, used) = one(&terms(), &[], second(1_000, prior));
        assert_eq!(outcome.split, split(1_000, 0, prior, patient, payer), "{prior}");
        assert_eq!(outcome.reasons.contains(Reason::PriorPayer), prior > 0);
        assert_eq!(used, [patient[0], patient.iter().sum(), payer]);
    }
}

#[test]
fn a_prior_payer_who_paid_more_than_is_allowed_leaves_nothing_to_pay() {
    // 600 are allowed of 1,000.
    for (prior, adjustment, payer) in [(500, 400, 100), (600, 400, 0), (700, 300, 0), (1_000, 0, 0)] {
        let (outcome, _) = one(&generous(vec![]), &[], with_fee(600, second(1_000, prior)));
        assert_eq!(outcome.split, split(1_000, adjustment, prior, [0; 4], payer), "{prior}");
        assert!(outcome.reasons.contains(Reason::FeeSchedule));
    }
}

#[test]
fn a_prior_payer_first_covers_what_the_benefit_maximum_left_open() {
    // 20 % of 1,000 is 200; of the promised 800 the plan has 500 left; so 300 are not covered.
    let terms = plan(share(0, 2_000), vec![limit(Measure::Benefit, 500), limit(Measure::OutOfPocket, 9_000)]);
    for (prior, patient, payer) in [
        (0, [0, 0, 200, 300], 500),
        (100, [0, 0, 200, 200], 500),
        (300, [0, 0, 200, 0], 500),
        (400, [0, 0, 100, 0], 500),
        (500, [0, 0, 0, 0], 500),
        (700, [0, 0, 0, 0], 300),
    ] {
        let (outcome, used) = one(&terms, &[], second(1_000, prior));
        assert_eq!(outcome.split, split(1_000, 0, prior, patient, payer), "{prior}");
        assert_eq!(outcome.reasons.contains(Reason::BenefitMaximum), patient[3] > 0);
        assert_eq!(used, [payer, patient[2]], "what is not covered does not count as out of pocket");
    }
}

#[test]
fn a_prior_payer_covers_what_is_allowed_before_the_units_that_the_plan_does_not_pay_for() {
    // 4 units for 400: 1 is not authorised, 1 is above the limit, 2 count: 200, of which the fee schedule allows 150.
    // The patient bears 20 % of that, the plan 120.
    let own = Benefit { authorisation: true, ..benefit(share(0, 2_000)) };
    let terms = PlanTerms { benefit: own, ..plan(share(0, 0), vec![limit(Measure::Quantity, 2)]) };
    for (prior, adjustment, patient, payer) in [
        (0, 150, [0, 0, 30, 100], 120),
        (10, 150, [0, 0, 20, 100], 120),
        (30, 150, [0, 0, 0, 100], 120),
        (100, 150, [0, 0, 0, 100], 50),
        (150, 150, [0, 0, 0, 100], 0),
        (190, 150, [0, 0, 0, 60], 0),
        (250, 150, [0, 0, 0, 0], 0),
        (300, 100, [0, 0, 0, 0], 0),
        (400, 0, [0, 0, 0, 0], 0),
    ] {
        let (outcome, _) = one(&terms, &[], authorised(3, with_fee(75, units(4, second(400, prior)))));
        assert_eq!(outcome.split, split(400, adjustment, prior, patient, payer), "{prior}");
    }
}

#[test]
fn a_deductible_that_another_insurer_paid_is_not_used_up() {
    // 90 are open of 100; the deductible of 100 takes them all.
    let (outcome, used) = one(&terms(), &[], second(100, 10));
    assert_eq!((outcome.split, used), (split(100, 0, 10, [90, 0, 0, 0], 0), vec![90, 90, 0]));
}
