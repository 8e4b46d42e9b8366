//! What holds for every plan and every claim (DESIGN, section 5).

mod common;

use common::cases;
use common::claims::{adds_up, amounts, claims, counted, counts, kept, limit, used_of, uses, Claim, DAYS, DENIALS};
use proptest::prelude::*;
use salus_domain::adjudicate::{adjudicate, release, Adjudication, Authorisation, KnownLine, LineOutcome, Split};
use salus_domain::codes::{Liability, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::{Counters, Slot};
use salus_domain::money::Amount;
use salus_domain::plan::{Limit, LimitKind};

/// Why the plan pays less than it promised.
const MAXIMA: ReasonSet = ReasonSet::of(&[
    Reason::BenefitMaximum,
    Reason::CategoryMaximum,
    Reason::DayMaximum,
    Reason::LifetimeMaximum,
    Reason::QuantityLimit,
]);

/// Every limit, on every day of a claim.
fn places(limits: &[Limit]) -> impl Iterator<Item = (&Limit, usize)> {
    let days = |limit: &Limit| if limit.term == Term::Day { DAYS } else { 1 };
    limits.iter().flat_map(move |limit| (0..days(limit)).map(move |day| (limit, day)))
}

/// Neither denied nor pended: steps 2 to 7 were done.
fn goes_through(outcome: &LineOutcome) -> bool {
    !outcome.is_denied() && !outcome.is_pended()
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn submitted_is_payer_patient_adjustment_and_prior_payer(claim in claims()) {
        let (result, _) = claim.adjudicate();
        prop_assert!(adds_up(&result.total), "{:?}", result.total);
        let mut sums = [0u128; 8];
        for (outcome, known) in result.lines.iter().zip(&claim.lines) {
            prop_assert!(adds_up(&outcome.split), "{:?}", outcome);
            prop_assert_eq!(outcome.split.submitted, known.line.submitted);
            let patient = outcome.split.cost_share().checked_add(outcome.split.noncovered);
            prop_assert_eq!(Some(outcome.split.patient()), patient);
            for (sum, amount) in sums.iter_mut().zip(amounts(&outcome.split)) {
                *sum += amount;
            }
        }
        prop_assert_eq!(sums, amounts(&result.total));
        prop_assert_eq!(result.lines.len(), claim.lines.len());
    }

    #[test]
    fn accumulators_stay_within_their_limits_and_never_fall(claim in claims()) {
        let before = claim.counters();
        let (_, after) = claim.adjudicate();
        for (limit, day) in places(&claim.terms.limits) {
            let (before, after) = (used_of(&before, limit, day), used_of(&after, limit, day));
            prop_assert!(before <= after && after <= limit.limit, "{} then {} of {:?}", before, after, limit);
        }
    }

    /// Each accumulator grows by what the lines that it counts use, and by nothing else.
    #[test]
    fn accumulators_grow_by_what_their_lines_use(claim in claims()) {
        let before = claim.counters();
        let (result, after) = claim.adjudicate();
        let (limits, network) = (&claim.terms.limits, claim.standing.network);
        for (limit, day) in places(limits) {
            let lines = claim.lines.iter().zip(&result.lines).filter(|(known, _)| {
                let today = limit.term != Term::Day || usize::from(known.line.day) == day;
                today && counts(limits, limit, known.line.category, network)
            });
            let used: u128 = lines.map(|(_, outcome)| uses(limit.measure, outcome)).sum();
            prop_assert_eq!(used_of(&after, limit, day) - used_of(&before, limit, day), used, "{:?}", limit);
        }
    }

    /// A plan whose limits were lowered below what was used raises nothing further.
    #[test]
    fn accumulators_above_their_limits_stay_as_they_are(mut claim in claims(), above in 1..100u128) {
        for (_, used) in &mut claim.used {
            for (kind, used) in used {
                let limit = claim.terms.limits.iter().find(|limit| limit.kind() == *kind);
                let limit = limit.map_or(0, |limit| limit.limit);
                *used = limit.saturating_add(above);
            }
        }
        let (_, after) = claim.adjudicate();
        prop_assert_eq!(kept(&after), claim.used.clone());
    }

    #[test]
    fn what_is_released_is_as_if_it_was_never_used(claim in claims(), order: prop::sample::Index) {
        let (result, mut counters) = claim.adjudicate();
        let mut lines: Vec<_> = claim.lines.iter().zip(&result.lines).collect();
        let at = order.index(lines.len());
        lines.rotate_left(at);
        for (known, outcome) in lines {
            release(&mut counters, &known.line, claim.standing.network, outcome);
        }
        prop_assert_eq!(counters, claim.counters());
    }

    #[test]
    fn what_is_stored_is_what_is_loaded(claim in claims()) {
        let (_, counters) = claim.adjudicate();
        let again = Claim { used: kept(&counters), ..claim.clone() };
        prop_assert_eq!(again.counters(), counters);
    }

    /// Where use is kept, it also falls back; and what another version of the terms limited stays as it was.
    #[test]
    fn what_is_released_is_released_where_it_is_kept(claim in claims(), other: u128) {
        let (result, mut counters) = claim.adjudicate();
        let foreign = (LimitKind(u32::MAX), other);
        let mut places = kept(&counters);
        for (known, outcome) in claim.lines.iter().zip(&result.lines) {
            release(&mut counters, &known.line, claim.standing.network, outcome);
        }
        for (slot, used) in &mut places {
            used.insert(0, foreign);
            counters.store(*slot, used);
            prop_assert_eq!(used.remove(0), foreign);
        }
        let again = Claim { used: places, ..claim.clone() };
        prop_assert_eq!(again.counters(), claim.counters());
    }

    #[test]
    fn denied_lines_pay_nothing_and_use_no_limits(claim in claims()) {
        let (result, counters) = claim.adjudicate();
        let mut rest = claim.clone();
        let mut others = Vec::new();
        rest.lines.clear();
        for (outcome, known) in result.lines.iter().zip(&claim.lines) {
            if goes_through(outcome) {
                rest.lines.push(*known);
                others.push(*outcome);
                continue;
            }
            let reasons: Vec<_> = outcome.reasons.iter().collect();
            prop_assert_eq!(reasons.len(), 1);
            prop_assert_eq!(outcome.quantity, 0);
            let left = known.line.submitted.minus(known.line.prior_paid);
            let [adjustment, noncovered] = match reasons[0].denial() {
                Some(Liability::Patient) => [Amount::ZERO, left],
                Some(Liability::Provider) => [left, Amount::ZERO],
                None => {
                    prop_assert_eq!(reasons[0], Reason::AuthorisationMissing);
                    [left, Amount::ZERO]
                }
            };
            let (submitted, prior_payer) = (known.line.submitted, known.line.prior_paid);
            let expected = Split { submitted, prior_payer, adjustment, noncovered, ..Split::default() };
            prop_assert_eq!(outcome.split, expected);
            for measure in Measure::ALL {
                prop_assert_eq!(uses(*measure, outcome), 0);
            }
        }
        // Without them, the others come out the same.
        let (without, used) = rest.adjudicate();
        prop_assert_eq!(without.lines, others);
        prop_assert_eq!(kept(&used), kept(&counters));
    }

    #[test]
    fn a_line_that_goes_through_keeps_every_promise(claim in claims()) {
        let (result, _) = claim.adjudicate();
        for (outcome, known) in result.lines.iter().zip(&claim.lines).filter(|(outcome, _)| goes_through(outcome)) {
            let (split, line) = (&outcome.split, &known.line);
            prop_assert!(outcome.quantity <= line.quantity);
            let eligible = line.submitted.part(outcome.quantity, line.quantity);
            let fee = known.fee.filter(|_| !claim.standing.set_aside.contains(Reason::FeeSchedule));
            let allowed = fee.and_then(|fee| fee.times(outcome.quantity)).unwrap_or(Amount::UNLIMITED).min(eligible);
            prop_assert!(split.payer <= allowed.minus(split.prior_payer), "a secondary payer pays what the first left");
            prop_assert!(split.cost_share() <= allowed.minus(split.prior_payer), "and the patient bears no more");
            let benefit = claim.terms.benefit(line.category);
            let share = match claim.standing.network {
                Network::In => benefit.in_network,
                Network::Out => benefit.out_of_network.unwrap_or(benefit.in_network),
            };
            prop_assert!(split.copay <= share.copay && split.coinsurance <= share.coinsurance.of(allowed));
            prop_assert!(benefit.deductible || split.deductible == Amount::ZERO);
            for (reason, part) in [
                (Reason::PriorPayer, split.prior_payer),
                (Reason::Deductible, split.deductible),
                (Reason::Copay, split.copay),
                (Reason::Coinsurance, split.coinsurance),
            ] {
                prop_assert_eq!(outcome.reasons.contains(reason), part > Amount::ZERO, "{:?}", reason);
            }
            prop_assert!(split.noncovered == Amount::ZERO || outcome.reasons.intersects(MAXIMA), "{:?}", outcome);
            let reduced = ReasonSet::of(&[Reason::FeeSchedule, Reason::AuthorisationExceeded]);
            prop_assert!(split.adjustment == Amount::ZERO || outcome.reasons.intersects(reduced), "{:?}", outcome);
            prop_assert!(outcome.quantity == line.quantity
                || outcome.reasons.intersects(ReasonSet::of(&[Reason::QuantityLimit, Reason::AuthorisationExceeded])));
        }
    }

    /// No more is covered than what the rules of step 1 and 3 let through, and nothing that they let through is denied.
    #[test]
    fn what_is_denied_is_denied_for_the_first_reason_that_holds(claim in claims()) {
        let (result, _) = claim.adjudicate();
        let standing = &claim.standing;
        for (outcome, known) in result.lines.iter().zip(&claim.lines) {
            let benefit = claim.terms.benefit(known.line.category);
            let holds = |reason| match reason {
                Reason::CoverageInactive => !standing.coverage.is_some_and(|coverage| coverage.contains(known.date)),
                Reason::WaitingPeriod => standing
                    .coverage
                    .is_some_and(|coverage| known.date.0 < coverage.start.0.saturating_add(benefit.waiting_period)),
                Reason::NotCredentialed => !standing.credentialed,
                Reason::NoConsent => !standing.consented,
                Reason::Duplicate => known.duplicate,
                Reason::FilingDeadline => standing.filed.0 - known.date.0 > claim.terms.deadlines.filing,
                Reason::NotCovered => !claim.terms.covered.contains(known.line.category),
                Reason::OutOfNetwork => standing.network == Network::Out && benefit.out_of_network.is_none(),
                Reason::OtherPayerFirst => standing.other_first,
                Reason::FrequencyLimit => outcome.reasons.contains(reason),
                Reason::AuthorisationMissing => benefit.authorisation && known.authorisation == Authorisation::Missing,
                Reason::AuthorisationRefused => benefit.authorisation && known.authorisation == Authorisation::Refused,
                _ => false,
            };
            let first = DENIALS.into_iter().find(|reason| holds(*reason) && !standing.set_aside.contains(*reason));
            match first {
                Some(reason) => prop_assert_eq!(outcome.reasons, reason.into()),
                None => prop_assert!(goes_through(outcome), "{:?}", outcome),
            }
        }
    }

    #[test]
    fn a_claim_comes_out_the_same_in_two(claim in claims(), at: prop::sample::Index) {
        let (whole, used) = claim.adjudicate();
        let (first, second) = claim.lines.split_at(at.index(claim.lines.len() + 1));
        let mut counters = claim.counters();
        let mut part = |lines: &[KnownLine]| adjudicate(&claim.terms, &claim.standing, &mut counters, lines.to_vec());
        let parts: [Adjudication; 2] = [part(first), part(second)];
        prop_assert_eq!(whole.lines, [parts[0].lines.clone(), parts[1].lines.clone()].concat());
        prop_assert_eq!(counters, used);
    }

    /// Lines that share a limit are decided in their order; the others in any.
    #[test]
    fn lines_that_share_no_limit_commute(claim in claims()) {
        let network = claim.standing.network;
        let shared = |limit: &Limit, one, other| {
            let about = |line| counts(&claim.terms.limits, limit, counted(line, network).category, network);
            let day = |line| counted(line, network).day;
            about(one) && about(other) && (limit.term != Term::Day || day(one) == day(other))
        };
        let (before, used) = claim.adjudicate();
        for at in 1..claim.lines.len() {
            if claim.terms.limits.iter().any(|limit| shared(limit, &claim.lines[at - 1], &claim.lines[at])) {
                continue;
            }
            let mut exchanged = claim.clone();
            exchanged.lines.swap(at - 1, at);
            let (mut after, counters) = exchanged.adjudicate();
            after.lines.swap(at - 1, at);
            prop_assert_eq!(&after, &before);
            prop_assert_eq!(&counters, &used);
        }
    }
}

#[test]
fn every_unit_and_term_has_a_place_of_its_own() {
    let mut seen: Vec<Slot> = Vec::new();
    for unit in Unit::ALL {
        for term in Term::ALL {
            let limits = [Limit { unit: *unit, term: *term, ..limit(Measure::Benefit, 1) }];
            let slots = Counters::new(&limits, DAYS).slots();
            assert_eq!(slots.len(), if *term == Term::Day { DAYS } else { 1 });
            assert!(slots.iter().all(|slot| !seen.contains(slot)));
            seen.extend(slots);
        }
    }
}
