//! Adjudication (DESIGN, section 5) by examples worked by hand, and what makes terms and claims malformed.

use salus_domain::adjudicate::{adjudicate, Accumulators, Adjudication, KnownLine, LineOutcome, Split, Standing};
use salus_domain::claim::{
    ClaimMalformed, CostShare, Line, PlanTerms, ServiceDay, Submission, TermsMalformed, MAX_LINES,
};
use salus_domain::codes::{Category, CategorySet, Liability, Reason, ReasonSet};
use salus_domain::ids::{Account, CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::time::{Period, Timestamp};

const DAY: Timestamp = Timestamp(1_000);

const fn share(copay: u128, coinsurance: u16) -> CostShare {
    CostShare { copay: Amount(copay), coinsurance: BasisPoints(coinsurance) }
}

/// Deductible 100, copay 10, coinsurance 20 %, at most 500 out of pocket, at most 10,000 from the plan.
fn terms() -> PlanTerms {
    PlanTerms {
        deductible: Amount(100),
        cost_share: share(10, 2_000),
        exceptions: vec![(Category::Maternity, share(0, 0)), (Category::DentalCare, share(50, 5_000))],
        out_of_pocket_maximum: Amount(500),
        benefit_maximum: Amount(10_000),
        waiting_period: 0,
        covered: CategorySet::of(&[Category::MedicalCare, Category::Maternity, Category::DentalCare]),
        settlement_period: 0,
    }
}

/// A plan that pays everything, without a limit.
fn generous() -> PlanTerms {
    PlanTerms {
        deductible: Amount::ZERO,
        cost_share: share(0, 0),
        exceptions: vec![],
        out_of_pocket_maximum: Amount::UNLIMITED,
        benefit_maximum: Amount::UNLIMITED,
        ..terms()
    }
}

fn standing() -> Standing {
    let coverage = Period { start: Timestamp(500), end: Timestamp(2_000) };
    Standing { coverage: Some(coverage), credentialed: true, consented: true }
}

fn used(deductible: u128, out_of_pocket: u128, benefit: u128) -> Accumulators {
    Accumulators { deductible: Amount(deductible), out_of_pocket: Amount(out_of_pocket), benefit: Amount(benefit) }
}

/// A line of medical care.
fn line(submitted: u128) -> KnownLine {
    let line = Line {
        day: 0,
        code: CodeTag([0; 16]),
        category: Category::MedicalCare,
        quantity: 1,
        submitted: Amount(submitted),
        prior_paid: Amount::ZERO,
    };
    KnownLine { line, date: DAY, fee: None, duplicate: false }
}

fn line_in(category: Category, submitted: u128) -> KnownLine {
    let known = line(submitted);
    KnownLine { line: Line { category, ..known.line }, ..known }
}

/// A line for which another insurer paid `prior`.
fn second(submitted: u128, prior: u128) -> KnownLine {
    let known = line(submitted);
    KnownLine { line: Line { prior_paid: Amount(prior), ..known.line }, ..known }
}

fn with_fee(fee: u128, quantity: u32, known: KnownLine) -> KnownLine {
    KnownLine { line: Line { quantity, ..known.line }, fee: Some(Amount(fee)), ..known }
}

fn settle(terms: &PlanTerms, used: Accumulators, lines: &[KnownLine]) -> Adjudication {
    assert_eq!(terms.validate(), Ok(()));
    let result = adjudicate(terms, standing(), used, lines);
    for LineOutcome { split, .. } in &result.lines {
        let spent = split.payer.0 + split.patient().0 + split.adjustment.0 + split.prior_payer.0;
        assert_eq!(split.submitted.0, spent);
    }
    result
}

/// The outcome of one line by itself.
fn one(terms: &PlanTerms, used: Accumulators, known: KnownLine) -> (Split, ReasonSet, Accumulators) {
    let result = settle(terms, used, &[known]);
    assert_eq!(result.total, result.lines[0].split);
    (result.lines[0].split, result.lines[0].reasons, result.accumulators)
}

/// `submitted = adjustment + prior payer + (deductible + copay + coinsurance + noncovered) + payer`.
fn split(submitted: u128, adjustment: u128, prior: u128, patient: [u128; 4], payer: u128) -> Split {
    let [deductible, copay, coinsurance, noncovered] = patient.map(Amount);
    Split {
        submitted: Amount(submitted),
        adjustment: Amount(adjustment),
        prior_payer: Amount(prior),
        deductible,
        copay,
        coinsurance,
        noncovered,
        payer: Amount(payer),
    }
}

// Step 1: what is denied, and who bears it.

#[test]
fn each_denial_has_a_reason_and_somebody_who_bears_it() {
    let known = second(1_000, 300);
    let uncovered = KnownLine { line: Line { category: Category::Surgical, ..known.line }, ..known };
    let duplicate = KnownLine { duplicate: true, ..known };
    let covered =
        |start, end| Standing { coverage: Some(Period { start: Timestamp(start), end: Timestamp(end) }), ..standing() };
    let waiting = PlanTerms { waiting_period: 501, ..terms() };
    // 700 of the 1,000 are left: the other insurer paid 300.
    let patient = split(1_000, 0, 300, [0, 0, 0, 700], 0);
    let provider = split(1_000, 700, 300, [0, 0, 0, 0], 0);
    for (terms, standing, known, reason, expected) in [
        (terms(), Standing { coverage: None, ..standing() }, known, Reason::CoverageInactive, patient),
        (terms(), covered(1_001, 2_000), known, Reason::CoverageInactive, patient),
        (terms(), covered(500, 1_000), known, Reason::CoverageInactive, patient),
        (waiting, standing(), known, Reason::WaitingPeriod, patient),
        (terms(), Standing { credentialed: false, ..standing() }, known, Reason::NotCredentialed, provider),
        (terms(), Standing { consented: false, ..standing() }, known, Reason::NoConsent, provider),
        (terms(), standing(), duplicate, Reason::Duplicate, provider),
        (terms(), standing(), uncovered, Reason::NotCovered, patient),
    ] {
        let before = used(30, 40, 50);
        let result = adjudicate(&terms, standing, before, &[known]);
        assert_eq!(result.lines, [LineOutcome { split: expected, reasons: reason.into() }], "{reason:?}");
        assert!(result.lines[0].is_denied());
        assert_eq!(result.accumulators, before, "a denied line uses no limit");
        let bears = if expected == patient { Liability::Patient } else { Liability::Provider };
        assert_eq!(reason.denial(), Some(bears));
    }
}

#[test]
fn only_six_reasons_deny() {
    assert_eq!(Reason::ALL.iter().filter(|reason| reason.denial().is_some()).count(), 6);
    let (_, reasons, _) = one(&terms(), used(0, 0, 0), second(1_000, 300));
    assert!(!LineOutcome { split: Split::default(), reasons }.is_denied());
}

#[test]
fn the_first_reason_to_deny_is_the_one_that_is_given() {
    let nothing = Standing { coverage: None, credentialed: false, consented: false };
    let known = KnownLine { duplicate: true, ..line_in(Category::Surgical, 10) };
    let waiting = PlanTerms { waiting_period: 10_000, ..terms() };
    let mut standing = nothing;
    let reason = |standing, known| adjudicate(&waiting, standing, used(0, 0, 0), &[known]).lines[0].reasons;
    assert_eq!(reason(standing, known), Reason::CoverageInactive.into());
    standing.coverage = Some(Period::ALWAYS);
    assert_eq!(reason(standing, known), Reason::WaitingPeriod.into());
    let reason = |standing, known| adjudicate(&terms(), standing, used(0, 0, 0), &[known]).lines[0].reasons;
    assert_eq!(reason(standing, known), Reason::NotCredentialed.into());
    standing.credentialed = true;
    assert_eq!(reason(standing, known), Reason::NoConsent.into());
    standing.consented = true;
    assert_eq!(reason(standing, known), Reason::Duplicate.into());
    assert_eq!(reason(standing, KnownLine { duplicate: false, ..known }), Reason::NotCovered.into());
}

#[test]
fn the_waiting_period_is_over_at_its_end() {
    // Covered from 500, served at 1,000.
    for (waiting_period, denied) in [(499, false), (500, false), (501, true), (u64::MAX, true)] {
        let terms = PlanTerms { waiting_period, ..terms() };
        assert_eq!(settle(&terms, used(0, 0, 0), &[line(10)]).lines[0].is_denied(), denied, "{waiting_period}");
    }
}

// Step 2: the fee schedule.

#[test]
fn what_is_above_the_fee_schedule_is_adjusted() {
    for (known, adjustment, payer) in [
        (line(100), 0, 100),                         // no entry: all is allowed
        (with_fee(30, 3, line(100)), 10, 90),        // 3 × 30 = 90
        (with_fee(40, 3, line(100)), 0, 100),        // 3 × 40 = 120: not more than was charged
        (with_fee(0, 1, line(100)), 100, 0),         // allowed: nothing
        (with_fee(u128::MAX, 2, line(100)), 0, 100), // the product does not fit: it is above any charge
    ] {
        let (result, reasons, _) = one(&generous(), used(0, 0, 0), known);
        assert_eq!(result, split(100, adjustment, 0, [0; 4], payer));
        assert_eq!(reasons.contains(Reason::FeeSchedule), adjustment > 0);
        assert_eq!(result.allowed(), Amount(100 - adjustment));
    }
}

// Step 4: deductible, copay, coinsurance.

#[test]
fn deductible_then_copay_then_coinsurance() {
    // 1,000 - 100 deductible = 900; - 10 copay = 890; 20 % of it = 178; the plan pays 712.
    let (result, reasons, accumulators) = one(&terms(), used(0, 0, 0), line(1_000));
    assert_eq!(result, split(1_000, 0, 0, [100, 10, 178, 0], 712));
    assert_eq!(result.patient(), Amount(288));
    assert_eq!(reasons, ReasonSet::of(&[Reason::Deductible, Reason::Copay, Reason::Coinsurance]));
    assert_eq!(accumulators, used(100, 288, 712));
}

#[test]
fn a_charge_can_end_within_each_step() {
    for (submitted, before, patient, payer) in [
        (60, used(0, 0, 0), [60, 0, 0, 0], 0),     // all of it within the deductible
        (100, used(0, 0, 0), [100, 0, 0, 0], 0),   // exactly the deductible
        (105, used(0, 0, 0), [100, 5, 0, 0], 0),   // 5 of the copay of 10
        (60, used(70, 0, 0), [30, 10, 4, 0], 16),  // 30 are left of the deductible; 60 - 30 - 10 = 20; 20 % = 4
        (60, used(100, 0, 0), [0, 10, 10, 0], 40), // no deductible left; 50; 20 % = 10
    ] {
        assert_eq!(one(&terms(), before, line(submitted)).0, split(submitted, 0, 0, patient, payer), "{submitted}");
    }
}

#[test]
fn coinsurance_is_rounded_down() {
    for (basis_points, submitted, coinsurance) in [
        (3_333, 1, 0),          // 0.3333
        (3_333, 3, 0),          // 0.9999
        (3_333, 100, 33),       // 33.33
        (3_334, 10_001, 3_334), // 3,334.3334
        (9_999, 10_000, 9_999),
        (9_999, 9_999, 9_998), // 9,998.0001
        (10_000, 77, 77),
        (0, 77, 0),
    ] {
        let terms = PlanTerms { cost_share: share(0, basis_points), ..generous() };
        let expected = split(submitted, 0, 0, [0, 0, coinsurance, 0], submitted - coinsurance);
        assert_eq!(one(&terms, used(0, 0, 0), line(submitted)).0, expected, "{basis_points} of {submitted}");
    }
}

#[test]
fn an_exception_has_its_own_cost_share_but_the_same_deductible() {
    let before = used(60, 0, 0);
    // 200 - 40 deductible = 160, no copay, no coinsurance.
    assert_eq!(one(&terms(), before, line_in(Category::Maternity, 200)).0, split(200, 0, 0, [40, 0, 0, 0], 160));
    // 200 - 40 = 160; - 50 = 110; 50 % = 55; the plan pays 55.
    assert_eq!(one(&terms(), before, line_in(Category::DentalCare, 200)).0, split(200, 0, 0, [40, 50, 55, 0], 55));
    // 200 - 40 = 160; - 10 = 150; 20 % = 30; the plan pays 120.
    assert_eq!(one(&terms(), before, line_in(Category::MedicalCare, 200)).0, split(200, 0, 0, [40, 10, 30, 0], 120));
}

#[test]
fn a_line_sees_what_the_lines_before_it_used() {
    let lines = [line(80), line_in(Category::Surgical, 999), line(80)];
    let result = settle(&terms(), used(0, 0, 0), &lines);
    let splits: Vec<_> = result.lines.iter().map(|outcome| outcome.split).collect();
    // 80 of the deductible; denied; 20 of the deductible, 60 - 10 = 50, 20 % = 10, the plan pays 40.
    let expected =
        [split(80, 0, 0, [80, 0, 0, 0], 0), split(999, 0, 0, [0, 0, 0, 999], 0), split(80, 0, 0, [20, 10, 10, 0], 40)];
    assert_eq!(splits, expected);
    assert_eq!(result.total, split(1_159, 0, 0, [100, 10, 10, 999], 40));
    assert_eq!(result.accumulators, used(100, 120, 40));
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
        (501, [0, 0, 0, 0]), // the plan's limit was lowered meanwhile
    ] {
        let (result, reasons, accumulators) = one(&terms(), used(0, before, 0), line(1_000));
        let bears: u128 = patient.iter().sum();
        assert_eq!(result, split(1_000, 0, 0, patient, 1_000 - bears), "{before}");
        assert_eq!(reasons.contains(Reason::OutOfPocketMaximum), before > 212);
        assert_eq!(accumulators, used(patient[0], before + bears, 1_000 - bears));
    }
}

#[test]
fn an_out_of_pocket_maximum_of_zero_leaves_all_to_the_plan() {
    let terms = PlanTerms { out_of_pocket_maximum: Amount::ZERO, ..terms() };
    let (result, reasons, _) = one(&terms, used(0, 0, 0), line(1_000));
    assert_eq!((result, reasons), (split(1_000, 0, 0, [0; 4], 1_000), Reason::OutOfPocketMaximum.into()));
}

// Step 6: the benefit maximum.

#[test]
fn above_the_benefit_maximum_the_patient_pays_and_it_does_not_count_as_out_of_pocket() {
    // The plan would pay 712.
    for (before, noncovered) in [(9_288, 0), (9_289, 1), (9_900, 612), (10_000, 712), (10_001, 712)] {
        let (result, reasons, accumulators) = one(&terms(), used(0, 0, before), line(1_000));
        assert_eq!(result, split(1_000, 0, 0, [100, 10, 178, noncovered], 712 - noncovered), "{before}");
        assert_eq!(reasons.contains(Reason::BenefitMaximum), noncovered > 0);
        assert_eq!(accumulators, used(100, 288, before + 712 - noncovered));
    }
}

#[test]
fn what_the_out_of_pocket_maximum_takes_off_the_benefit_maximum_can_put_back() {
    // 50 are left out of pocket, so that the plan promises 950; 600 of it are left.
    let (result, reasons, accumulators) = one(&terms(), used(100, 450, 9_400), line(1_000));
    assert_eq!(result, split(1_000, 0, 0, [0, 10, 40, 350], 600));
    let expected = [Reason::Copay, Reason::Coinsurance, Reason::OutOfPocketMaximum, Reason::BenefitMaximum];
    assert_eq!(reasons, ReasonSet::of(&expected));
    assert_eq!(accumulators, used(100, 500, 10_000));
}

#[test]
fn a_benefit_maximum_of_zero_leaves_all_to_the_patient() {
    let terms = PlanTerms { benefit_maximum: Amount::ZERO, ..generous() };
    let (result, reasons, _) = one(&terms, used(0, 0, 0), line(1_000));
    assert_eq!((result, reasons), (split(1_000, 0, 0, [0, 0, 0, 1_000], 0), Reason::BenefitMaximum.into()));
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
        let (result, reasons, accumulators) = one(&terms(), used(0, 0, 0), second(1_000, prior));
        assert_eq!(result, split(1_000, 0, prior, patient, payer), "{prior}");
        assert_eq!(reasons.contains(Reason::PriorPayer), prior > 0);
        assert_eq!(accumulators, used(patient[0], patient.iter().sum(), payer));
    }
}

#[test]
fn a_prior_payer_who_paid_more_than_is_allowed_leaves_nothing_to_pay() {
    // 600 are allowed of 1,000.
    for (prior, adjustment, payer) in [(500, 400, 100), (600, 400, 0), (700, 300, 0), (1_000, 0, 0)] {
        let known = with_fee(600, 1, second(1_000, prior));
        let (result, reasons, _) = one(&generous(), used(0, 0, 0), known);
        assert_eq!(result, split(1_000, adjustment, prior, [0; 4], payer), "{prior}");
        assert_eq!(reasons.contains(Reason::FeeSchedule), adjustment > 0);
    }
}

#[test]
fn a_prior_payer_first_covers_what_the_plan_does_not_pay() {
    // 20 % of 1,000 is 200; of the promised 800 the plan has 500 left; so 300 are not covered.
    let terms = PlanTerms { cost_share: share(0, 2_000), benefit_maximum: Amount(500), ..generous() };
    for (prior, patient, payer) in [
        (0, [0, 0, 200, 300], 500),
        (100, [0, 0, 200, 200], 500),
        (300, [0, 0, 200, 0], 500),
        (400, [0, 0, 100, 0], 500),
        (500, [0, 0, 0, 0], 500),
        (700, [0, 0, 0, 0], 300),
    ] {
        let (result, _, accumulators) = one(&terms, used(0, 0, 0), second(1_000, prior));
        assert_eq!(result, split(1_000, 0, prior, patient, payer), "{prior}");
        assert_eq!(accumulators.out_of_pocket, Amount(patient[2]), "what is not covered does not count");
    }
}

#[test]
fn a_deductible_that_another_insurer_paid_is_not_used_up() {
    // 90 are open of 100; the deductible of 100 takes them all.
    let (result, _, accumulators) = one(&terms(), used(0, 0, 0), second(100, 10));
    assert_eq!(result, split(100, 0, 10, [90, 0, 0, 0], 0));
    assert_eq!(accumulators, used(90, 90, 0));
}

#[test]
fn a_claim_without_lines_moves_nothing() {
    let before = used(1, 2, 3);
    let expected = Adjudication { lines: vec![], total: Split::default(), accumulators: before };
    assert_eq!(settle(&terms(), before, &[]), expected);
}

// Terms.

#[test]
fn terms_that_cover_nothing_are_refused() {
    assert_eq!(PlanTerms { covered: CategorySet::EMPTY, ..terms() }.validate(), Err(TermsMalformed::CoversNothing));
}

#[test]
fn terms_that_name_a_category_twice_are_refused() {
    let exceptions =
        vec![(Category::Maternity, share(0, 0)), (Category::Surgical, share(0, 0)), (Category::Maternity, share(0, 0))];
    assert_eq!(PlanTerms { exceptions, ..terms() }.validate(), Err(TermsMalformed::RepeatedCategory));
}

#[test]
fn a_coinsurance_above_the_whole_is_refused() {
    for (basis_points, expected) in [(10_000, Ok(())), (10_001, Err(TermsMalformed::CoinsuranceAboveWhole))] {
        assert_eq!(PlanTerms { cost_share: share(0, basis_points), ..terms() }.validate(), expected);
        let exceptions = vec![(Category::Maternity, share(0, basis_points))];
        assert_eq!(PlanTerms { exceptions, ..terms() }.validate(), expected);
    }
}

// Claims.

fn day(date: u64) -> ServiceDay {
    ServiceDay { date: Timestamp(date), nullifier: Hash([date as u8; 32]) }
}

fn submission(days: Vec<ServiceDay>, lines: Vec<Line>) -> Submission {
    Submission { plan: PlanId(0), member: Account([1; 32]), reference: Hash([2; 32]), days, lines }
}

fn check(days: Vec<ServiceDay>, lines: Vec<Line>) -> Result<(), ClaimMalformed> {
    submission(days, lines).validate(Timestamp(20))
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
    let same_nullifier = ServiceDay { date: Timestamp(3), ..day(1) };
    for repeated in [day(1), same_date, same_nullifier] {
        assert_eq!(check(vec![day(1), day(2), repeated], lines()), Err(ClaimMalformed::RepeatedDay));
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
}

#[test]
fn a_sum_that_does_not_fit_is_refused() {
    let half = line(u128::MAX / 2).line;
    assert_eq!(check(vec![day(1)], vec![half, half, line(1).line]), Ok(()));
    assert_eq!(check(vec![day(1)], vec![half, half, line(2).line]), Err(ClaimMalformed::Overflow));
}
