//! Adjudication (DESIGN, section 5), rule by rule: each number worked by hand.

mod common;

use common::claims::{adds_up, benefit, kept, limit, line, line_in, plan, second, share, split, standing, units};
use common::claims::{used_of, with_fee, Claim, DENIALS};
use salus_domain::adjudicate::{adjudicate, Adjudication, Authorisation, KnownLine, LineOutcome, Split, Standing};
use salus_domain::claim::Line;
use salus_domain::codes::{Category, CategorySet, Liability, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::Slot;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, Limit, PlanTerms};
use salus_domain::time::{Period, Timestamp};

/// Deductible 100, copay 10, coinsurance 20 %, at most 500 out of pocket, at most 10,000 from the plan; maternity care
/// free and dental care dearer.
fn terms() -> PlanTerms {
    let limits =
        vec![limit(Measure::Deductible, 100), limit(Measure::OutOfPocket, 500), limit(Measure::Benefit, 10_000)];
    PlanTerms {
        covered: CategorySet::of(&[Category::MedicalCare, Category::Maternity, Category::DentalCare]),
        exceptions: vec![
            (Category::Maternity, benefit(share(0, 0))),
            (Category::DentalCare, benefit(share(50, 5_000))),
        ],
        ..plan(share(10, 2_000), limits)
    }
}

/// A plan that pays everything, within these limits.
fn generous(limits: Vec<Limit>) -> PlanTerms {
    plan(share(0, 0), limits)
}

/// What was used before, of the limits in the order of the terms.
fn after(terms: &PlanTerms, used: &[u128], lines: Vec<KnownLine>) -> Claim {
    let slot = |limit: &Limit| Slot { unit: limit.unit, term: limit.term, day: 0 };
    let used = terms.limits.iter().zip(used).map(|(limit, used)| (slot(limit), vec![(limit.kind(), *used)])).collect();
    Claim { used, ..Claim::new(terms, lines) }
}

/// The outcome, and what is used then of the limits in the order of the terms.
fn settle(claim: &Claim) -> (Adjudication, Vec<u128>) {
    let (result, counters) = claim.adjudicate();
    assert!(result.lines.iter().all(|outcome| adds_up(&outcome.split)), "{result:?}");
    (result, claim.terms.limits.iter().map(|limit| used_of(&counters, limit, 0)).collect())
}

/// The outcome of one line by itself.
fn one(terms: &PlanTerms, used: &[u128], known: KnownLine) -> (Split, ReasonSet, Vec<u128>) {
    let (result, used) = settle(&after(terms, used, vec![known]));
    assert_eq!(result.total, result.lines[0].split);
    (result.lines[0].split, result.lines[0].reasons, used)
}

/// The splits of several lines.
fn splits(terms: &PlanTerms, lines: &[KnownLine]) -> Vec<Split> {
    settle(&Claim::new(terms, lines.to_vec())).0.lines.iter().map(|outcome| outcome.split).collect()
}

fn known_as(authorisation: Authorisation, known: KnownLine) -> KnownLine {
    KnownLine { authorisation, ..known }
}

fn authorised(units: u32, known: KnownLine) -> KnownLine {
    known_as(Authorisation::Granted(units), known)
}

// Step 1, and what the plan does not cover: what is denied, and who bears it.

#[test]
fn each_denial_has_a_reason_and_somebody_who_bears_it() {
    let known = second(1_000, 300);
    let covered =
        |start, end| Standing { coverage: Some(Period { start: Timestamp(start), end: Timestamp(end) }), ..standing() };
    let with = |own: Benefit| PlanTerms { benefit: own, ..terms() };
    let own = terms().benefit;
    let waiting = with(Benefit { waiting_period: 501, ..own });
    let at_home = with(Benefit { out_of_network: None, ..own });
    let asking = with(Benefit { authorisation: true, ..own });
    let filing = PlanTerms { deadlines: Deadlines { filing: 999, ..terms().deadlines }, ..terms() };
    let once = PlanTerms { limits: vec![limit(Measure::Services, 0)], ..terms() };
    let uncovered = KnownLine { line: Line { category: Category::Surgical, ..known.line }, ..known };
    let duplicate = KnownLine { duplicate: true, ..known };
    let refused = known_as(Authorisation::Refused, known);
    let away = Standing { network: Network::Out, ..standing() };
    let behind = Standing { other_first: true, ..standing() };
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
        (filing, standing(), known, Reason::FilingDeadline, provider),
        (terms(), standing(), uncovered, Reason::NotCovered, patient),
        (at_home, away, known, Reason::OutOfNetwork, patient),
        (terms(), behind, known, Reason::OtherPayerFirst, provider),
        (once, standing(), known, Reason::FrequencyLimit, patient),
        (asking.clone(), standing(), refused, Reason::AuthorisationRefused, provider),
        (asking, standing(), known, Reason::AuthorisationMissing, provider),
    ] {
        let claim = Claim { standing, ..after(&terms, &[30, 40, 50], vec![known]) };
        let (result, counters) = claim.adjudicate();
        let expected_outcome = LineOutcome { split: expected, quantity: 0, authorised: 0, reasons: reason.into() };
        assert_eq!(result.lines, [expected_outcome], "{reason:?}");
        assert_eq!(kept(&counters), kept(&claim.counters()), "a denied line uses no limit");
        let pended = reason == Reason::AuthorisationMissing;
        assert_eq!((result.is_pended(), result.lines[0].is_denied()), (pended, !pended));
        assert!(!result.lines[0].is_covered());
        let bears = if expected == patient { Liability::Patient } else { Liability::Provider };
        assert_eq!(reason.denial(), Some(bears).filter(|_| !pended));
    }
}

#[test]
fn eleven_reasons_deny_and_one_pends() {
    assert_eq!(Reason::ALL.iter().filter(|reason| reason.denial().is_some()).count(), 11);
    let (result, _) = settle(&after(&terms(), &[], vec![second(1_000, 300)]));
    assert!(result.lines[0].is_covered() && !result.is_pended());
}

#[test]
fn the_first_reason_to_deny_is_the_one_that_is_given() {
    let own = Benefit { waiting_period: u64::MAX, out_of_network: None, authorisation: true, ..terms().benefit };
    let limits = vec![limit(Measure::Services, 0)];
    let deadlines = Deadlines { filing: 0, ..terms().deadlines };
    let worst = PlanTerms { benefit: own, limits, deadlines, ..terms() };
    let mut claim = Claim::new(&worst, vec![KnownLine { duplicate: true, ..line_in(Category::Surgical, 10) }]);
    let standing = &mut claim.standing;
    (standing.credentialed, standing.consented, standing.network) = (false, false, Network::Out);
    (standing.coverage, standing.other_first) = (None, true);
    let mut given = Vec::new();
    let remedies: [fn(&mut Claim); 12] = [
        |claim| claim.standing.coverage = Some(Period::ALWAYS),
        |claim| claim.terms.benefit.waiting_period = 0,
        |claim| claim.standing.credentialed = true,
        |claim| claim.standing.consented = true,
        |claim| claim.lines[0].duplicate = false,
        |claim| claim.terms.deadlines.filing = 10_000,
        |claim| claim.terms.covered = CategorySet::ALL,
        |claim| claim.standing.network = Network::In,
        |claim| claim.standing.other_first = false,
        |claim| claim.terms.limits.clear(),
        |claim| claim.lines[0].authorisation = Authorisation::Refused,
        |claim| claim.lines[0].authorisation = Authorisation::Granted(1),
    ];
    for remedy in remedies {
        given.extend(claim.adjudicate().0.lines[0].reasons.iter());
        remedy(&mut claim);
    }
    assert_eq!(given, DENIALS);
    assert!(claim.adjudicate().0.lines[0].is_covered());
}

#[test]
fn the_waiting_period_is_over_at_its_end() {
    // Covered from 500, served at 1,000.
    for (waiting_period, denied) in [(499, false), (500, false), (501, true), (u64::MAX, true)] {
        let terms = PlanTerms { benefit: Benefit { waiting_period, ..terms().benefit }, ..terms() };
        assert_eq!(settle(&Claim::new(&terms, vec![line(10)])).0.lines[0].is_denied(), denied, "{waiting_period}");
    }
    // That of another category does not matter.
    let exceptions = vec![(Category::Maternity, Benefit { waiting_period: u64::MAX, ..terms().benefit })];
    let terms = PlanTerms { exceptions, ..terms() };
    let lines = vec![line(10), line_in(Category::Maternity, 10)];
    let (result, _) = settle(&Claim::new(&terms, lines));
    assert_eq!([result.lines[0].is_denied(), result.lines[1].is_denied()], [false, true]);
}

#[test]
fn a_service_can_be_claimed_until_the_end_of_its_filing_period() {
    // Served at 1,000, claimed at 2,000.
    for (filing, denied) in [(1_001, false), (1_000, false), (999, true), (0, true)] {
        let terms = PlanTerms { deadlines: Deadlines { filing, ..terms().deadlines }, ..terms() };
        assert_eq!(settle(&Claim::new(&terms, vec![line(10)])).0.lines[0].is_denied(), denied, "{filing}");
    }
}

#[test]
fn a_coverage_counts_from_its_start_until_before_its_end() {
    for (start, end, denied) in [(1_000, 1_001, false), (1_001, 2_000, true), (0, 1_000, true)] {
        let coverage = Some(Period { start: Timestamp(start), end: Timestamp(end) });
        let claim = Claim { standing: Standing { coverage, ..standing() }, ..Claim::new(&terms(), vec![line(10)]) };
        assert_eq!(settle(&claim).0.lines[0].is_denied(), denied);
    }
}

// Step 2: the fee schedule.

#[test]
fn what_is_above_the_fee_schedule_is_adjusted() {
    for (known, adjustment, payer) in [
        (line(100), 0, 100),                                // no entry: all is allowed
        (with_fee(30, units(3, line(100))), 10, 90),        // 3 × 30 = 90
        (with_fee(40, units(3, line(100))), 0, 100),        // 3 × 40 = 120: not more than was charged
        (with_fee(0, line(100)), 100, 0),                   // allowed: nothing
        (with_fee(u128::MAX, units(2, line(100))), 0, 100), // the product does not fit: it is above any charge
    ] {
        let (result, reasons, _) = one(&generous(vec![]), &[], known);
        assert_eq!(result, split(100, adjustment, 0, [0; 4], payer));
        assert_eq!(reasons.contains(Reason::FeeSchedule), adjustment > 0);
        assert_eq!(result.allowed(), Amount(100 - adjustment));
    }
}

// Step 4: deductible, copay, coinsurance.

#[test]
fn deductible_then_copay_then_coinsurance() {
    // 1,000 - 100 deductible = 900; - 10 copay = 890; 20 % of it = 178; the plan pays 712.
    let (result, reasons, used) = one(&terms(), &[], line(1_000));
    assert_eq!(result, split(1_000, 0, 0, [100, 10, 178, 0], 712));
    assert_eq!((result.patient(), result.cost_share()), (Amount(288), Amount(288)));
    assert_eq!(reasons, ReasonSet::of(&[Reason::Deductible, Reason::Copay, Reason::Coinsurance]));
    assert_eq!(used, [100, 288, 712]);
}

#[test]
fn a_charge_can_end_within_each_step() {
    for (submitted, before, patient, payer) in [
        (60, 0, [60, 0, 0, 0], 0),     // all of it within the deductible
        (100, 0, [100, 0, 0, 0], 0),   // exactly the deductible
        (105, 0, [100, 5, 0, 0], 0),   // 5 of the copay of 10
        (60, 70, [30, 10, 4, 0], 16),  // 30 are left of the deductible; 60 - 30 - 10 = 20; 20 % = 4
        (60, 100, [0, 10, 10, 0], 40), // no deductible left; 50; 20 % = 10
    ] {
        assert_eq!(one(&terms(), &[before], line(submitted)).0, split(submitted, 0, 0, patient, payer), "{submitted}");
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
        let expected = split(submitted, 0, 0, [0, 0, coinsurance, 0], submitted - coinsurance);
        assert_eq!(one(&plan(share(0, basis_points), vec![]), &[], line(submitted)).0, expected, "{basis_points}");
    }
}

#[test]
fn an_exception_has_its_own_cost_share_but_the_same_deductible() {
    // 200 - 40 deductible = 160, no copay, no coinsurance.
    assert_eq!(one(&terms(), &[60], line_in(Category::Maternity, 200)).0, split(200, 0, 0, [40, 0, 0, 0], 160));
    // 200 - 40 = 160; - 50 = 110; 50 % = 55; the plan pays 55.
    assert_eq!(one(&terms(), &[60], line_in(Category::DentalCare, 200)).0, split(200, 0, 0, [40, 50, 55, 0], 55));
    // 200 - 40 = 160; - 10 = 150; 20 % = 30; the plan pays 120.
    assert_eq!(one(&terms(), &[60], line_in(Category::MedicalCare, 200)).0, split(200, 0, 0, [40, 10, 30, 0], 120));
}

#[test]
fn where_the_deductible_does_not_come_first_it_is_not_used() {
    let own = Benefit { deductible: false, ..benefit(share(10, 0)) };
    let terms = PlanTerms { exceptions: vec![(Category::Maternity, own)], ..terms() };
    let (result, _, used) = one(&terms, &[], line_in(Category::Maternity, 200));
    assert_eq!((result, used), (split(200, 0, 0, [0, 10, 0, 0], 190), vec![0, 10, 190]));
}

#[test]
fn a_provider_outside_of_the_network_has_a_share_of_its_own() {
    let own = Benefit { out_of_network: Some(share(30, 4_000)), ..terms().benefit };
    let terms = PlanTerms { benefit: own, ..terms() };
    let away = Standing { network: Network::Out, ..standing() };
    let claim = Claim { standing: away, ..after(&terms, &[90], vec![line(140)]) };
    // 140 - 10 deductible = 130; - 30 = 100; 40 % = 40; the plan pays 60.
    assert_eq!(settle(&claim).0.total, split(140, 0, 0, [10, 30, 40, 0], 60));
}

#[test]
fn a_line_sees_what_the_lines_before_it_used() {
    let lines = [line(80), line_in(Category::Surgical, 999), line(80)];
    // 80 of the deductible; denied; 20 of the deductible, 60 - 10 = 50, 20 % = 10, the plan pays 40.
    let expected =
        [split(80, 0, 0, [80, 0, 0, 0], 0), split(999, 0, 0, [0, 0, 0, 999], 0), split(80, 0, 0, [20, 10, 10, 0], 40)];
    assert_eq!(splits(&terms(), &lines), expected);
    let (result, used) = settle(&Claim::new(&terms(), lines.to_vec()));
    assert_eq!(result.total, split(1_159, 0, 0, [100, 10, 10, 999], 40));
    assert_eq!(used, [100, 120, 40]);
}

#[test]
fn a_claim_without_lines_moves_nothing() {
    let (result, used) = settle(&after(&terms(), &[1, 2, 3], vec![]));
    assert_eq!((result, used), (Adjudication { lines: vec![], total: Split::default() }, vec![1, 2, 3]));
}

// What an appeal sets aside.

#[test]
fn what_an_appeal_sets_aside_does_not_count() {
    let mut claim = Claim::new(&generous(vec![]), vec![with_fee(30, line(100))]);
    claim.terms.benefit =
        Benefit { authorisation: true, out_of_network: None, waiting_period: 10_000, ..claim.terms.benefit };
    claim.terms.deadlines.filing = 0;
    claim.terms.covered = Category::Surgical.into();
    let standing = &mut claim.standing;
    (standing.credentialed, standing.network, standing.other_first) = (false, Network::Out, true);
    let decide = |claim: &Claim, set_aside| {
        let standing = Standing { set_aside, ..claim.standing };
        adjudicate(&claim.terms, &standing, &mut claim.counters(), claim.lines.clone()).lines[0]
    };
    // Each stands in the way alone.
    for reason in ReasonSet::APPEALABLE.iter() {
        let others: ReasonSet = ReasonSet::APPEALABLE.iter().filter(|other| *other != reason).collect();
        let mut claim = claim.clone();
        claim.lines[0].authorisation = match reason {
            Reason::AuthorisationRefused => Authorisation::Refused,
            Reason::AuthorisationExceeded => Authorisation::Granted(0),
            _ => Authorisation::Missing,
        };
        assert_eq!(decide(&claim, others).reasons, reason.into());
        assert_eq!(decide(&claim, ReasonSet::APPEALABLE).split, split(100, 0, 0, [0; 4], 100), "{reason:?}");
    }
    // Facts cannot be set aside.
    claim.standing.consented = false;
    assert_eq!(decide(&claim, ReasonSet::APPEALABLE).reasons, Reason::NoConsent.into());
}

#[test]
fn a_line_that_is_paid_out_of_the_network_after_an_appeal_has_the_share_of_the_network() {
    let own = Benefit { out_of_network: None, ..terms().benefit };
    let terms = PlanTerms { benefit: own, ..terms() };
    let set_aside = Reason::OutOfNetwork.into();
    let standing = Standing { network: Network::Out, set_aside, ..standing() };
    let claim = Claim { standing, ..Claim::new(&terms, vec![line(1_000)]) };
    assert_eq!(settle(&claim).0.total, split(1_000, 0, 0, [100, 10, 178, 0], 712));
}

/// Those that deny are above.
#[test]
fn each_reason_that_does_not_deny_is_given() {
    let daily = Limit { term: Term::Day, ..limit(Measure::Benefit, 5) };
    let lifetime = Limit { term: Term::Lifetime, ..limit(Measure::Benefit, 5) };
    let category = Limit { category: Some(Category::MedicalCare), ..limit(Measure::Benefit, 5) };
    let family = Limit { unit: Unit::Family, ..limit(Measure::Quantity, 1) };
    let asking = |limits| PlanTerms { benefit: Benefit { authorisation: true, ..terms().benefit }, ..generous(limits) };
    let paid = |limit: Limit| generous(vec![limit]);
    for (terms, known, reason) in [
        (generous(vec![]), with_fee(1, line(100)), Reason::FeeSchedule),
        (terms(), line(100), Reason::Deductible),
        (terms(), line(105), Reason::Copay),
        (terms(), line(200), Reason::Coinsurance),
        (terms(), line(10_000), Reason::OutOfPocketMaximum),
        (paid(limit(Measure::Benefit, 5)), line(100), Reason::BenefitMaximum),
        (paid(category), line(100), Reason::CategoryMaximum),
        (paid(daily), line(100), Reason::DayMaximum),
        (paid(lifetime), line(100), Reason::LifetimeMaximum),
        (paid(family), units(2, line(100)), Reason::QuantityLimit),
        (terms(), second(100, 1), Reason::PriorPayer),
        (asking(vec![]), authorised(1, units(2, line(100))), Reason::AuthorisationExceeded),
    ] {
        assert_eq!(reason.denial(), None);
        let (_, reasons, _) = one(&terms, &[], known);
        assert!(reasons.contains(reason), "{reason:?} in {reasons:?}");
    }
}
