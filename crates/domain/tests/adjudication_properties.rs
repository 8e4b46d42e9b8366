//! What holds for every plan and every claim (DESIGN, section 5).

mod common;

use common::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use salus_domain::adjudicate::{adjudicate, Accumulators, Adjudication, KnownLine, Split, Standing};
use salus_domain::claim::{CostShare, Line, PlanTerms, ServiceDay, Submission, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Liability, Reason};
use salus_domain::ids::{Account, CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::time::{Period, Timestamp};
use scale::{Decode, DecodeAll, Encode};

/// What is put to adjudication.
#[derive(Clone, Debug)]
struct Claim {
    terms: PlanTerms,
    standing: Standing,
    used: Accumulators,
    lines: Vec<KnownLine>,
}

impl Claim {
    fn adjudicate(&self) -> Adjudication {
        adjudicate(&self.terms, self.standing, self.used, &self.lines)
    }
}

const CATEGORIES: [Category; 3] = [Category::MedicalCare, Category::Maternity, Category::DentalCare];

/// The most that each of [`MAX_LINES`] lines can charge.
const MOST: u128 = u128::MAX / MAX_LINES as u128;

fn charges() -> impl Strategy<Value = u128> {
    prop_oneof![10 => 1..1_000u128, 2 => 1..=MOST, 1 => MOST - 2..=MOST]
}

fn limits() -> impl Strategy<Value = Amount> {
    prop_oneof![
        6 => (0..3_000u128).prop_map(Amount),
        1 => Just(Amount::ZERO),
        1 => any::<u128>().prop_map(Amount),
        1 => Just(Amount::UNLIMITED),
    ]
}

fn shares() -> impl Strategy<Value = CostShare> {
    let copay = prop_oneof![6 => (0..100u128).prop_map(Amount), 1 => any::<u128>().prop_map(Amount)];
    let coinsurance = prop_oneof![4 => 0..=10_000u16, 1 => Just(10_000), 1 => Just(0)].prop_map(BasisPoints);
    (copay, coinsurance).prop_map(|(copay, coinsurance)| CostShare { copay, coinsurance })
}

fn terms() -> impl Strategy<Value = PlanTerms> {
    let exceptions = (subsequence(&CATEGORIES, 0..=2), vec(shares(), 2))
        .prop_map(|(named, own)| named.into_iter().zip(own).collect());
    let covered = prop_oneof![3 => Just(CategorySet::ALL), 1 => subsequence(&CATEGORIES, 1..3).prop_map(|some| some.into_iter().collect())];
    let waiting = prop_oneof![5 => Just(0), 1 => 0..10u64, 1 => Just(u64::MAX)];
    (limits(), shares(), exceptions, limits(), limits(), covered, waiting).prop_map(
        |(deductible, cost_share, exceptions, out_of_pocket_maximum, benefit_maximum, covered, waiting_period)| {
            PlanTerms {
                deductible,
                cost_share,
                exceptions,
                out_of_pocket_maximum,
                benefit_maximum,
                waiting_period,
                covered,
                settlement_period: 0,
            }
        },
    )
}

fn lines() -> impl Strategy<Value = KnownLine> {
    let prior = prop_oneof![3 => Just(0u16), 1 => any::<u16>(), 1 => Just(u16::MAX)];
    let fees = prop_oneof![2 => Just(None), 2 => (0..800u128).prop_map(Some), 1 => any::<u128>().prop_map(Some)];
    let quantities = prop_oneof![4 => Just(1), 2 => 1..5u32, 1 => Just(u32::MAX)];
    (select(CATEGORIES.as_slice()), quantities, charges(), prior, fees, 0..12u64, prop::bool::weighted(0.1)).prop_map(
        |(category, quantity, submitted, prior, fee, date, duplicate)| {
            // A share of what is charged: nothing, a part, or all of it.
            let prior_paid = submitted / 65_535 * u128::from(prior) + submitted % 65_535 * u128::from(prior) / 65_535;
            let (submitted, prior_paid) = (Amount(submitted), Amount(prior_paid));
            let line = Line { day: 0, code: CodeTag([0; 16]), category, quantity, submitted, prior_paid };
            KnownLine { line, date: Timestamp(date), fee: fee.map(Amount), duplicate }
        },
    )
}

/// A part of `limit` that was used before.
fn part(limit: Amount, share: u16) -> Amount {
    BasisPoints(share).of(limit)
}

fn claims() -> impl Strategy<Value = Claim> {
    let standing = (prop::bool::weighted(0.95), prop::bool::weighted(0.95), prop::bool::weighted(0.95)).prop_map(
        |(covered, credentialed, consented)| Standing {
            coverage: covered.then_some(Period { start: Timestamp(1), end: Timestamp(11) }),
            credentialed,
            consented,
        },
    );
    let several = prop_oneof![12 => vec(lines(), 1..6), 1 => vec(lines(), 1..=MAX_LINES)];
    let used = || prop_oneof![2 => Just(0u16), 2 => 0..=10_000u16, 1 => Just(10_000)];
    (terms(), standing, (used(), used(), used()), several).prop_map(|(terms, standing, used, lines)| {
        let used = Accumulators {
            deductible: part(terms.deductible, used.0),
            out_of_pocket: part(terms.out_of_pocket_maximum, used.1),
            benefit: part(terms.benefit_maximum, used.2),
        };
        Claim { terms, standing, used, lines }
    })
}

fn adds_up(split: &Split) -> Result<(), TestCaseError> {
    let parts = [split.payer, split.patient(), split.adjustment, split.prior_payer];
    let sum = parts.into_iter().try_fold(Amount::ZERO, |sum, part| sum.checked_add(part));
    prop_assert_eq!(Some(split.submitted), sum, "submitted = payer + patient + adjustment + prior payer");
    Ok(())
}

fn out_of_pocket(split: &Split) -> Amount {
    split.patient().minus(split.noncovered)
}

/// Amount by amount.
fn amounts(split: &Split) -> [u128; 8] {
    let Split { submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer } = *split;
    [submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer].map(|amount| amount.0)
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn submitted_is_payer_patient_adjustment_and_prior_payer(claim in claims()) {
        let result = claim.adjudicate();
        adds_up(&result.total)?;
        prop_assert_eq!(result.lines.len(), claim.lines.len());
        for (outcome, known) in result.lines.iter().zip(&claim.lines) {
            adds_up(&outcome.split)?;
            prop_assert_eq!(outcome.split.submitted, known.line.submitted);
            prop_assert_eq!(outcome.split.prior_payer, known.line.prior_paid);
        }
    }

    #[test]
    fn the_total_is_the_sum_of_the_lines(claim in claims()) {
        let result = claim.adjudicate();
        for (place, total) in amounts(&result.total).into_iter().enumerate() {
            let sum: u128 = result.lines.iter().map(|outcome| amounts(&outcome.split)[place]).sum();
            prop_assert_eq!(total, sum);
        }
    }

    #[test]
    fn accumulators_stay_within_their_limits_and_never_fall(claim in claims()) {
        let (terms, before, result) = (&claim.terms, claim.used, claim.adjudicate());
        let after = result.accumulators;
        prop_assert!(before.deductible <= after.deductible && after.deductible <= terms.deductible);
        prop_assert!(before.out_of_pocket <= after.out_of_pocket && after.out_of_pocket <= terms.out_of_pocket_maximum);
        prop_assert!(before.benefit <= after.benefit && after.benefit <= terms.benefit_maximum);
        prop_assert_eq!(after.deductible.checked_sub(before.deductible), Some(result.total.deductible));
        let denied = result.lines.iter().filter(|outcome| outcome.is_denied());
        prop_assert!(denied.into_iter().all(|outcome| out_of_pocket(&outcome.split) == Amount::ZERO));
        prop_assert_eq!(after.out_of_pocket.checked_sub(before.out_of_pocket), Some(out_of_pocket(&result.total)));
        prop_assert_eq!(after.benefit.checked_sub(before.benefit), Some(result.total.payer));
    }

    /// A plan whose limits were lowered below what was used pays no panic and raises nothing further.
    #[test]
    fn accumulators_above_their_limits_stay_as_they_are(claim in claims(), used: (u128, u128, u128)) {
        let used = Accumulators { deductible: Amount(used.0), out_of_pocket: Amount(used.1), benefit: Amount(used.2) };
        let after = Claim { used, ..claim.clone() }.adjudicate().accumulators;
        for (before, after, limit) in [
            (used.deductible, after.deductible, claim.terms.deductible),
            (used.out_of_pocket, after.out_of_pocket, claim.terms.out_of_pocket_maximum),
            (used.benefit, after.benefit, claim.terms.benefit_maximum),
        ] {
            let holds = if before > limit { after == before } else { before <= after && after <= limit };
            prop_assert!(holds, "{:?}, then {:?}, limit {:?}", before, after, limit);
        }
    }

    #[test]
    fn denied_lines_pay_nothing_and_use_no_limits(claim in claims()) {
        let result = claim.adjudicate();
        let mut rest = claim.clone();
        let mut kept = Vec::new();
        rest.lines.clear();
        for (outcome, known) in result.lines.iter().zip(&claim.lines) {
            let denials: Vec<_> = outcome.reasons.iter().filter_map(Reason::denial).collect();
            if denials.is_empty() {
                rest.lines.push(*known);
                kept.push(*outcome);
                continue;
            }
            let left = known.line.submitted.minus(known.line.prior_paid);
            let [adjustment, noncovered] = match denials[0] {
                Liability::Patient => [Amount::ZERO, left],
                Liability::Provider => [left, Amount::ZERO],
            };
            let (submitted, prior_payer) = (known.line.submitted, known.line.prior_paid);
            let expected = Split { submitted, prior_payer, adjustment, noncovered, ..Split::default() };
            prop_assert_eq!(outcome.split, expected);
            prop_assert_eq!(outcome.reasons.iter().count(), 1);
        }
        // Without them, the others come out the same.
        let without = rest.adjudicate();
        prop_assert_eq!(without.lines, kept);
        prop_assert_eq!(without.accumulators, result.accumulators);
    }

    #[test]
    fn a_covered_line_keeps_every_limit(claim in claims()) {
        for (outcome, known) in claim.adjudicate().lines.iter().zip(&claim.lines) {
            if outcome.is_denied() {
                continue;
            }
            let split = &outcome.split;
            let fee = known.fee.and_then(|fee| fee.times(known.line.quantity)).unwrap_or(Amount::UNLIMITED);
            let allowed = fee.min(known.line.submitted);
            prop_assert!(split.payer <= allowed.minus(split.prior_payer), "a secondary payer pays what the first left");
            prop_assert!(split.patient() <= allowed.minus(split.prior_payer), "and the patient no more");
            let share = claim.terms.cost_share(known.line.category);
            prop_assert!(split.copay <= share.copay && split.coinsurance <= share.coinsurance.of(allowed));
            for (reason, part) in [
                (Reason::FeeSchedule, split.adjustment),
                (Reason::PriorPayer, split.prior_payer),
                (Reason::Deductible, split.deductible),
                (Reason::Copay, split.copay),
                (Reason::Coinsurance, split.coinsurance),
            ] {
                prop_assert_eq!(outcome.reasons.contains(reason), part > Amount::ZERO, "{:?}", reason);
            }
            prop_assert!(split.noncovered == Amount::ZERO || outcome.reasons.contains(Reason::BenefitMaximum));
        }
    }

    #[test]
    fn a_claim_comes_out_the_same_in_two(claim in claims(), at: prop::sample::Index) {
        let whole = claim.adjudicate();
        let (first, second) = claim.lines.split_at(at.index(claim.lines.len() + 1));
        let first = Claim { lines: first.to_vec(), ..claim.clone() }.adjudicate();
        let second = Claim { used: first.accumulators, lines: second.to_vec(), ..claim }.adjudicate();
        prop_assert_eq!(whole.lines, [first.lines, second.lines].concat());
        prop_assert_eq!(whole.accumulators, second.accumulators);
    }

    /// Without a restriction, also across lines that share limits: what a line with a higher coinsurance uses up of the
    /// deductible or the out-of-pocket maximum it takes off later lines at most one for one; and what the plan saves on
    /// it is at most what it pays more, within the benefit maximum, later. This is about the claim: a single later line
    /// may well cost the patient less, because the out-of-pocket maximum is reached before it.
    #[test]
    fn a_higher_coinsurance_never_lowers_the_patients_share_of_a_claim(claim in claims(), more in vec(0..=10_000u16, 3)) {
        let mut dearer = claim.clone();
        let shares = dearer.terms.exceptions.iter_mut().map(|(_, share)| share);
        for (share, more) in shares.chain([&mut dearer.terms.cost_share]).zip(more) {
            share.coinsurance = share.coinsurance.max(BasisPoints(more));
        }
        prop_assert_eq!(dearer.terms.validate(), Ok(()));
        let (before, after) = (claim.adjudicate().total, dearer.adjudicate().total);
        prop_assert!(before.patient() <= after.patient(), "{:?} and {:?}", before, after);
        prop_assert!(before.payer >= after.payer);
    }

    #[test]
    fn the_largest_amounts_come_out_exactly(claim in claims(), lines in vec(lines(), MAX_LINES), below in 0..3u128) {
        let mut claim = Claim { lines, ..claim };
        for known in &mut claim.lines {
            known.line.submitted = Amount(MOST - below);
            known.line.prior_paid = known.line.prior_paid.min(known.line.submitted);
        }
        let days = vec![ServiceDay { date: Timestamp(0), nullifier: Hash([0; 32]) }];
        let lines = claim.lines.iter().map(|known| known.line).collect();
        let submission = Submission { plan: PlanId(0), member: Account([0; 32]), reference: Hash([0; 32]), days, lines };
        prop_assert_eq!(submission.validate(Timestamp(0)), Ok(()));
        let result = claim.adjudicate();
        adds_up(&result.total)?;
        prop_assert_eq!(result.total.submitted, Amount((MOST - below) * MAX_LINES as u128));
    }

    #[test]
    fn a_share_is_what_it_is_in_longer_arithmetic(amount: u128, share in 0..=10_000u16) {
        // amount × share / 10,000, in two halves of 64 bits.
        let (high, low) = (amount >> 64, amount & u128::from(u64::MAX));
        let high = high * u128::from(share);
        let low = low * u128::from(share) + ((high % 10_000) << 64);
        prop_assert_eq!(BasisPoints(share).of(Amount(amount)), Amount(((high / 10_000) << 64) + low / 10_000));
    }
}

fn round_trips<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let decoded = T::decode_all(&mut value.encode().as_slice());
    prop_assert_eq!(decoded.as_ref(), Ok(value));
    Ok(())
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn what_is_encoded_decodes_to_the_same(claim in claims(), ids: (u32, [u8; 32], [u8; 32])) {
        let result = claim.adjudicate();
        round_trips(&result)?;
        round_trips(&claim.terms)?;
        round_trips(&claim.terms.validate())?;
        let days = claim.lines.iter().map(|known| ServiceDay { date: known.date, nullifier: Hash(ids.1) }).collect();
        let lines = claim.lines.iter().map(|known| known.line).collect();
        let (plan, member, reference) = (PlanId(ids.0), Account(ids.1), Hash(ids.2));
        let submission = Submission { plan, member, reference, days, lines };
        round_trips(&submission)?;
        round_trips(&submission.validate(Timestamp(5)))?;
    }

    #[test]
    fn random_bytes_are_refused_or_canonical(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(terms) = PlanTerms::decode_all(&mut bytes.as_slice()) {
            prop_assert_eq!(terms.encode(), bytes.clone());
        }
        if let Ok(submission) = Submission::decode_all(&mut bytes.as_slice()) {
            prop_assert_eq!(submission.encode(), bytes);
        }
    }

    #[test]
    fn damaged_terms_are_refused_or_canonical(terms in terms(), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = terms.encode();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(damaged) = PlanTerms::decode_all(&mut bytes.as_slice()) {
            prop_assert_eq!(damaged.encode(), bytes);
        }
    }
}
