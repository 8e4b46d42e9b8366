//! The largest amounts, the bounds of terms and claims, and what they are encoded as.

mod common;

use common::cases;
use common::claims::{adds_up, benefits, claims, limit, lines, plan, second, share, split, terms, Claim, DAYS, MOST};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, Index};
use salus_domain::adjudicate::{Adjudication, LineOutcome, Split};
use salus_domain::claim::{ClaimMalformed, Submission, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Measure};
use salus_domain::counters::Used;
use salus_domain::ids::CodeTag;
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{fee_page, Fee, Limit, PlanTerms, TermsMalformed, MAX_LIMITS, MAX_PAGES, YEAR};
use salus_domain::time::{Timestamp, DAY};
use scale::{Decode, DecodeAll, Encode};

/// 256 bits, as high and low half.
type Wide = (u128, u128);

fn wide_product(amount: u128, factor: u32) -> Wide {
    let mask = u128::from(u64::MAX);
    let low = (amount & mask) * u128::from(factor);
    let high = (amount >> 64) * u128::from(factor) + (low >> 64);
    (high >> 64, (high << 64) | (low & mask))
}

/// Bit by bit, as on paper.
fn wide_quotient((high, low): Wide, divisor: u32) -> Wide {
    let (mut rest, mut quotient) = (0u128, (0u128, 0u128));
    for bit in (0..256).rev() {
        let word = if bit < 128 { low } else { high };
        rest = rest << 1 | (word >> (bit % 128) & 1);
        let fits = rest >= u128::from(divisor);
        rest -= if fits { u128::from(divisor) } else { 0 };
        let place = if bit < 128 { &mut quotient.1 } else { &mut quotient.0 };
        *place |= u128::from(fits) << (bit % 128);
    }
    quotient
}

/// One way to spoil terms, and what is found then.
fn spoil(terms: PlanTerms, way: TermsMalformed, at: Index) -> PlanTerms {
    let mut terms = terms;
    let too_much = BasisPoints(10_001);
    match way {
        TermsMalformed::CoversNothing => terms.covered = CategorySet::EMPTY,
        TermsMalformed::RepeatedCategory => {
            let again = terms.exceptions.first().copied().unwrap_or((Category::Surgical, terms.benefit));
            terms.exceptions = vec![again, again];
        }
        TermsMalformed::CoinsuranceAboveWhole => {
            let benefits = terms.exceptions.iter_mut().map(|(_, benefit)| benefit).chain([&mut terms.benefit]);
            let mut shares: Vec<_> =
                benefits.flat_map(|own| [Some(&mut own.in_network), own.out_of_network.as_mut()]).flatten().collect();
            let at = at.index(shares.len());
            shares[at].coinsurance = too_much;
        }
        TermsMalformed::TooManyLimits => {
            let one = |category: &Category| Limit { category: Some(*category), ..limit(Measure::Benefit, 1) };
            terms.limits = Category::ALL.iter().take(MAX_LIMITS + 1).map(one).collect();
        }
        TermsMalformed::RepeatedLimit => {
            let one = terms.limits.first().copied().unwrap_or(limit(Measure::Benefit, 1));
            terms.limits = vec![one, Limit { limit: one.limit ^ 1, ..one }];
        }
        TermsMalformed::DeadlineTooLong => {
            let all = &mut terms.deadlines;
            let each = [
                &mut all.filing,
                &mut all.authorisation,
                &mut all.settlement,
                &mut all.appeal,
                &mut all.review,
                &mut all.reversal,
            ];
            *each[at.index(6)] = YEAR + 1;
        }
    }
    terms
}

const TERMS_MALFORMED: [TermsMalformed; 6] = [
    TermsMalformed::CoinsuranceAboveWhole,
    TermsMalformed::RepeatedCategory,
    TermsMalformed::CoversNothing,
    TermsMalformed::TooManyLimits,
    TermsMalformed::RepeatedLimit,
    TermsMalformed::DeadlineTooLong,
];

fn round_trips<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let decoded = T::decode_all(&mut value.encode().as_slice());
    prop_assert_eq!(decoded.as_ref(), Ok(value));
    Ok(())
}

/// What is read from these bytes is written as the same bytes.
fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = T::decode_all(&mut &bytes[..]) {
        prop_assert_eq!(value.encode(), bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn the_largest_amounts_come_out_exactly(claim in claims(), lines in vec(lines(), MAX_LINES), below in 0..3u128) {
        let mut claim = Claim { lines, ..claim };
        for (place, known) in claim.lines.iter_mut().enumerate() {
            let day = place % DAYS;
            let all = known.line.prior_paid == known.line.submitted;
            known.date = Timestamp(1 + day as u64);
            known.line.day = day as u8;
            known.line.submitted = Amount(MOST - below);
            known.line.prior_paid = if all { known.line.submitted } else { known.line.prior_paid };
        }
        let mut submission = claim.submission();
        (0..).zip(&mut submission.days).for_each(|(place, day)| day.date = Timestamp(place * DAY));
        prop_assert_eq!(submission.validate(Timestamp(DAYS as u64 * DAY)), Ok(()));
        let (result, _) = claim.adjudicate();
        prop_assert!(adds_up(&result.total));
        prop_assert!(result.lines.iter().all(|outcome| adds_up(&outcome.split)));
        prop_assert_eq!(result.total.submitted, Amount((MOST - below) * MAX_LINES as u128));
    }

    /// A claim of one line can charge all that there is.
    #[test]
    fn one_line_of_all_that_there_is_comes_out_exactly(claim in claims(), prior: u128, below in 0..3u128) {
        let mut claim = claim;
        claim.lines.truncate(1);
        for known in &mut claim.lines {
            known.line.submitted = Amount(u128::MAX - below);
            known.line.prior_paid = Amount(prior).min(known.line.submitted);
        }
        let (result, _) = claim.adjudicate();
        prop_assert!(adds_up(&result.total), "{:?}", result);
    }

    #[test]
    fn a_share_is_what_it_is_in_longer_arithmetic(amount: u128, share in 0..=10_000u16) {
        let expected = wide_quotient(wide_product(amount, u32::from(share)), 10_000);
        prop_assert_eq!((0, BasisPoints(share).of(Amount(amount)).0), expected);
    }

    #[test]
    fn a_part_is_what_it_is_in_longer_arithmetic(
        amount in prop_oneof![any::<u128>(), u128::MAX - 3..=u128::MAX, 0..100u128],
        of in prop_oneof![1..=u32::MAX, 1..10u32, Just(u32::MAX)],
        count: Index,
    ) {
        for count in [count.index(of as usize) as u32, of, of - 1, 0] {
            let expected = wide_quotient(wide_product(amount, count), of);
            prop_assert_eq!((0, Amount(amount).part(count, of).0), expected);
        }
    }

    #[test]
    fn generated_terms_are_well_formed_and_every_damage_is_named(
        terms in terms(),
        benefits in vec(benefits(), 2),
        way in select(TERMS_MALFORMED.as_slice()),
        at: Index,
    ) {
        let exceptions = [Category::Surgical, Category::MriScan].into_iter().zip(benefits).collect();
        let terms = PlanTerms { exceptions, ..terms };
        prop_assert_eq!(terms.validate(), Ok(()));
        prop_assert_eq!(spoil(terms, way, at).validate(), Err(way));
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same(claim in claims(), now in 0..20u64, code: [u8; 16], price: u128) {
        let (result, counters) = claim.adjudicate();
        round_trips(&result)?;
        round_trips(&claim.terms)?;
        round_trips(&claim.terms.validate())?;
        round_trips(&Fee { code: CodeTag(code), price: Amount(price) })?;
        for (_, used) in common::claims::kept(&counters) {
            round_trips::<Used>(&used)?;
        }
        let submission = claim.submission();
        round_trips(&submission)?;
        round_trips(&submission.validate(Timestamp(now)))?;
    }

    #[test]
    fn random_bytes_are_refused_or_canonical(bytes in vec(any::<u8>(), 0..300)) {
        canonical::<PlanTerms>(&bytes)?;
        canonical::<Submission>(&bytes)?;
        canonical::<Adjudication>(&bytes)?;
        canonical::<TermsMalformed>(&bytes)?;
        canonical::<ClaimMalformed>(&bytes)?;
    }

    #[test]
    fn damaged_bytes_are_refused_or_canonical(
        claim in claims(),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in prop_oneof![2 => Just(None), 1 => any::<Index>().prop_map(Some)],
    ) {
        let damaged = |mut bytes: Vec<u8>| {
            for (place, byte) in &damage {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        };
        canonical::<PlanTerms>(&damaged(claim.terms.encode()))?;
        canonical::<Submission>(&damaged(claim.submission().encode()))?;
        canonical::<Adjudication>(&damaged(claim.adjudicate().0.encode()))?;
    }

    /// A limit's name says which limits it is the same as in another version of the terms.
    #[test]
    fn limits_have_the_same_name_where_measure_category_and_network_are_the_same(one in terms(), other in terms()) {
        for one in &one.limits {
            for other in &other.limits {
                let named = |limit: &Limit| (limit.measure, limit.category, limit.network);
                prop_assert_eq!(one.kind() == other.kind(), named(one) == named(other));
            }
        }
    }

    #[test]
    fn each_procedure_has_a_page_that_is_there(code: [u8; 16], power in 0..=8u32) {
        let pages = 1u16 << power;
        let page = fee_page(CodeTag(code), pages);
        prop_assert!(u16::from(page) < pages && pages <= MAX_PAGES);
        prop_assert_eq!(u16::from(page), u16::from(code[0]) % pages);
    }
}

#[test]
fn a_prior_payment_and_a_share_that_do_not_fit_together_still_add_up() {
    // The patient would bear all of it, the other insurer paid half: together more than 128 bits.
    let most = u128::MAX;
    let terms = plan(share(0, 10_000), vec![]);
    let (result, _) = Claim::new(&terms, vec![second(most, most / 2)]).adjudicate();
    assert_eq!(result.total, split(most, 0, most / 2, [0, 0, most - most / 2, 0], 0));
}

#[test]
fn the_most_units_of_the_largest_amount_are_paid_in_proportion() {
    let known = common::claims::units(u32::MAX, common::claims::line(u128::MAX));
    let one = Claim::new(&plan(share(0, 0), vec![limit(Measure::Quantity, 1)]), vec![known]);
    let LineOutcome { split: Split { payer, noncovered, .. }, quantity, .. } = one.adjudicate().0.lines[0];
    assert_eq!((payer.0, quantity), (u128::MAX / u128::from(u32::MAX), 1));
    assert_eq!(noncovered.0, u128::MAX - payer.0);
}

#[test]
fn terms_at_every_bound_are_well_formed() {
    let mut terms = plan(share(0, 10_000), vec![]);
    terms.deadlines = salus_domain::plan::Deadlines {
        filing: YEAR,
        authorisation: YEAR,
        settlement: YEAR,
        appeal: YEAR,
        review: YEAR,
        reversal: YEAR,
    };
    let one = |category: &Category| Limit { category: Some(*category), ..limit(Measure::Benefit, 1) };
    terms.limits = Category::ALL.iter().take(MAX_LIMITS).map(one).collect();
    assert_eq!(terms.validate(), Ok(()));
}
