//! Plans, claims and their outcomes: short ways to write them down, and strategies in which limits are often reached.

use super::account;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use salus_domain::adjudicate::{adjudicate, Adjudication, Authorisation, KnownLine, LineOutcome, Split, Standing};
use salus_domain::claim::{Line, ServiceDay, Submission, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::{Counted, Counters, Slot, Used};
use salus_domain::ids::{CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms, MAX_LIMITS, YEAR};
use salus_domain::time::{Period, Timestamp};

pub const CATEGORIES: [Category; 3] = [Category::MedicalCare, Category::Maternity, Category::DentalCare];

/// The most that each of [`MAX_LINES`] lines can charge.
pub const MOST: u128 = u128::MAX / MAX_LINES as u128;

/// Why a line is not paid at all, in the order in which it is asked.
pub const DENIALS: [Reason; 12] = [
    Reason::CoverageInactive,
    Reason::WaitingPeriod,
    Reason::NotCredentialed,
    Reason::NoConsent,
    Reason::Duplicate,
    Reason::FilingDeadline,
    Reason::NotCovered,
    Reason::OutOfNetwork,
    Reason::OtherPayerFirst,
    Reason::FrequencyLimit,
    Reason::AuthorisationMissing,
    Reason::AuthorisationRefused,
];

// Short ways to write values down.

pub const fn share(copay: u128, coinsurance: u16) -> CostShare {
    CostShare { copay: Amount(copay), coinsurance: BasisPoints(coinsurance) }
}

/// The same in the network and out of it; the deductible first, no authorisation, no waiting.
pub const fn benefit(share: CostShare) -> Benefit {
    Benefit {
        in_network: share,
        out_of_network: Some(share),
        deductible: true,
        authorisation: false,
        waiting_period: 0,
    }
}

/// A limit for a member and a year, of all categories, in the network and out of it.
pub const fn limit(measure: Measure, limit: u128) -> Limit {
    Limit { measure, category: None, network: None, unit: Unit::Individual, term: Term::Annual, limit }
}

pub const DEADLINES: Deadlines =
    Deadlines { filing: YEAR, authorisation: 0, settlement: 0, appeal: 0, review: 0, reversal: 0 };

/// A plan that covers every category on the same terms.
pub fn plan(share: CostShare, limits: Vec<Limit>) -> PlanTerms {
    PlanTerms {
        covered: CategorySet::ALL,
        benefit: benefit(share),
        exceptions: vec![],
        limits,
        networked: true,
        deadlines: DEADLINES,
    }
}

/// A claim of a member who is covered, by a provider of the network, in good order.
pub fn standing() -> Standing {
    Standing {
        filed: Timestamp(2_000),
        coverage: Some(Period { start: Timestamp(500), end: Timestamp(2_000) }),
        other_first: false,
        network: Network::In,
        credentialed: true,
        consented: true,
        set_aside: ReasonSet::EMPTY,
    }
}

/// One unit of medical care, given at 1,000.
pub fn line(submitted: u128) -> KnownLine {
    let line = Line {
        day: 0,
        code: CodeTag([0; 16]),
        category: Category::MedicalCare,
        quantity: 1,
        submitted: Amount(submitted),
        prior_paid: Amount::ZERO,
    };
    let authorisation = Authorisation::Missing;
    KnownLine { line, date: Timestamp(1_000), fee: None, duplicate: false, authorisation }
}

pub fn line_in(category: Category, submitted: u128) -> KnownLine {
    let known = line(submitted);
    KnownLine { line: Line { category, ..known.line }, ..known }
}

/// A line for which another insurer paid `prior`.
pub fn second(submitted: u128, prior: u128) -> KnownLine {
    let known = line(submitted);
    KnownLine { line: Line { prior_paid: Amount(prior), ..known.line }, ..known }
}

pub fn with_fee(fee: u128, known: KnownLine) -> KnownLine {
    KnownLine { fee: Some(Amount(fee)), ..known }
}

pub fn units(quantity: u32, known: KnownLine) -> KnownLine {
    KnownLine { line: Line { quantity, ..known.line }, ..known }
}

/// `submitted = adjustment + prior payer + (deductible + copay + coinsurance + noncovered) + payer`.
pub fn split(submitted: u128, adjustment: u128, prior: u128, patient: [u128; 4], payer: u128) -> Split {
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

/// Amount by amount.
pub fn amounts(split: &Split) -> [u128; 8] {
    let Split { submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer } = *split;
    [submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer].map(|amount| amount.0)
}

/// Whether what was submitted is what the four bear.
pub fn adds_up(split: &Split) -> bool {
    let parts = [split.payer, split.patient(), split.adjustment, split.prior_payer];
    let sum = parts.into_iter().try_fold(Amount::ZERO, |sum, part| sum.checked_add(part));
    sum == Some(split.submitted)
}

/// What a line uses of a limit of this measure.
pub fn uses(measure: Measure, outcome: &LineOutcome) -> u128 {
    match measure {
        Measure::Deductible => outcome.split.deductible.0,
        Measure::OutOfPocket => outcome.split.patient().minus(outcome.split.noncovered).0,
        Measure::Benefit => outcome.split.payer.0,
        Measure::Services => u128::from(outcome.quantity > 0),
        Measure::Quantity => u128::from(outcome.quantity),
    }
}

/// Whether a limit counts for a line, written a second time: it is about the line, and no deductible of the line's
/// category stands in its place.
pub fn counts(limits: &[Limit], limit: &Limit, category: Category, network: Network) -> bool {
    let about = |limit: &Limit| {
        [None, Some(category)].contains(&limit.category) && [None, Some(network)].contains(&limit.network)
    };
    let own = |other: &Limit| other.measure == Measure::Deductible && other.category.is_some() && about(other);
    let replaced = limit.measure == Measure::Deductible && limit.category.is_none() && limits.iter().any(own);
    about(limit) && !replaced
}

pub fn counted(known: &KnownLine, network: Network) -> Counted {
    Counted { category: known.line.category, network, day: usize::from(known.line.day) }
}

// A claim and what is known about it.

/// What is put to adjudication.
#[derive(Clone, Debug)]
pub struct Claim {
    pub terms: PlanTerms,
    pub standing: Standing,
    /// How many days it has.
    pub days: usize,
    /// What was used before, place by place.
    pub used: Vec<(Slot, Used)>,
    pub lines: Vec<KnownLine>,
}

impl Claim {
    /// A claim of one day before which nothing was used; each line is a service of its own.
    pub fn new(terms: &PlanTerms, mut lines: Vec<KnownLine>) -> Self {
        assert_eq!(terms.validate(), Ok(()));
        number(&mut lines);
        Self { terms: terms.clone(), standing: standing(), days: 1, used: vec![], lines }
    }

    /// What was used before.
    pub fn counters(&self) -> Counters<'_> {
        let mut counters = Counters::new(&self.terms.limits, self.days);
        for (slot, used) in &self.used {
            counters.load(*slot, used);
        }
        counters
    }

    /// The outcome, and what is used then.
    pub fn adjudicate(&self) -> (Adjudication, Counters<'_>) {
        let mut counters = self.counters();
        let outcome = adjudicate(&self.terms, &self.standing, &mut counters, self.lines.clone());
        (outcome, counters)
    }

    /// The claim as its provider would make it.
    pub fn submission(&self) -> Submission {
        let date =
            |day: usize| self.lines.iter().find(|known| usize::from(known.line.day) == day).map(|line| line.date);
        let nullifier = |day: usize| Hash([day as u8; 32]);
        let day = |day| ServiceDay { date: date(day).unwrap_or_default(), nullifier: nullifier(day) };
        Submission {
            plan: PlanId(0),
            member: account(1),
            reference: Hash([2; 32]),
            prior_decided: true,
            days: (0..self.days).map(day).collect(),
            lines: self.lines.iter().map(|known| known.line).collect(),
        }
    }
}

/// Gives each line a code of its own.
fn number(lines: &mut [KnownLine]) {
    for (number, known) in (0u8..).zip(lines) {
        known.line.code = CodeTag([number; 16]);
    }
}

/// All that is used, place by place.
pub fn kept(counters: &Counters<'_>) -> Vec<(Slot, Used)> {
    let mut counters = counters.clone();
    let slots = counters.slots();
    let read = |slot| {
        let mut used = Used::new();
        counters.store(slot, &mut used);
        (slot, used)
    };
    slots.into_iter().map(read).collect()
}

/// What is used of a limit on this day.
pub fn used_of(counters: &Counters<'_>, limit: &Limit, day: usize) -> u128 {
    let day = if limit.term == Term::Day { day } else { 0 };
    let here = |(slot, used)| (slot == Slot { unit: limit.unit, term: limit.term, day }).then_some(used);
    let used = kept(counters).into_iter().find_map(here).unwrap_or_default();
    used.iter().find(|(kind, _)| *kind == limit.kind()).map_or(0, |(_, used)| *used)
}

// Strategies.

pub fn charges() -> impl Strategy<Value = u128> {
    prop_oneof![10 => 1..1_000u128, 2 => 1..=MOST, 1 => MOST - 2..=MOST]
}

pub fn shares() -> impl Strategy<Value = CostShare> {
    let copay = prop_oneof![3 => Just(0), 4 => 0..100u128, 1 => any::<u128>()];
    let coinsurance = prop_oneof![4 => 0..=10_000u16, 1 => Just(10_000), 1 => Just(0)];
    (copay, coinsurance).prop_map(|(copay, coinsurance)| share(copay, coinsurance))
}

pub fn benefits() -> impl Strategy<Value = Benefit> {
    let waiting = prop_oneof![8 => Just(0), 1 => 0..10u64, 1 => Just(u64::MAX)];
    let out_of_network = prop_oneof![1 => Just(None), 4 => shares().prop_map(Some)];
    (shares(), out_of_network, prop::bool::weighted(0.8), prop::bool::weighted(0.2), waiting).prop_map(
        |(in_network, out_of_network, deductible, authorisation, waiting_period)| Benefit {
            in_network,
            out_of_network,
            deductible,
            authorisation,
            waiting_period,
        },
    )
}

fn limit_of() -> impl Strategy<Value = Limit> {
    let amounts = prop_oneof![8 => 0..2_000u128, 1 => Just(0), 1 => any::<u128>(), 1 => Just(u128::MAX)];
    let numbers = prop_oneof![8 => 0..6u128, 1 => any::<u128>()];
    (
        select(Measure::ALL),
        prop_oneof![2 => Just(None), 1 => select(CATEGORIES.as_slice()).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => select(Network::ALL).prop_map(Some)],
        select(Unit::ALL),
        select(Term::ALL),
        amounts,
        numbers,
    )
        .prop_map(|(measure, category, network, unit, term, amount, number)| {
            let limit = if matches!(measure, Measure::Services | Measure::Quantity) { number } else { amount };
            Limit { measure, category, network, unit, term, limit }
        })
}

pub fn limits() -> impl Strategy<Value = Vec<Limit>> {
    let several = prop_oneof![8 => vec(limit_of(), 0..8), 1 => vec(limit_of(), 0..=MAX_LIMITS)];
    several.prop_map(|drawn| {
        let mut limits: Vec<Limit> = Vec::new();
        for one in drawn {
            if !limits.iter().any(|other| Limit { limit: one.limit, ..*other } == one) {
                limits.push(one);
            }
        }
        limits
    })
}

pub fn terms() -> impl Strategy<Value = PlanTerms> {
    let exceptions = (subsequence(&CATEGORIES, 0..=2), vec(benefits(), 2))
        .prop_map(|(named, own)| named.into_iter().zip(own).collect());
    let some = subsequence(&CATEGORIES, 1..3).prop_map(|some| some.into_iter().collect());
    let covered = prop_oneof![3 => Just(CategorySet::ALL), 1 => some];
    let filing = prop_oneof![5 => Just(YEAR), 1 => 0..12u64];
    (covered, benefits(), exceptions, limits(), any::<bool>(), filing).prop_map(
        |(covered, benefit, exceptions, limits, networked, filing)| {
            let deadlines = Deadlines { filing, ..DEADLINES };
            PlanTerms { covered, benefit, exceptions, limits, networked, deadlines }
        },
    )
}

pub fn authorisations() -> impl Strategy<Value = Authorisation> {
    prop_oneof![
        1 => Just(Authorisation::Missing),
        1 => Just(Authorisation::Refused),
        6 => prop_oneof![0..6u32, Just(u32::MAX)].prop_map(Authorisation::Granted),
    ]
}

/// A line; its date is set later.
pub fn lines() -> impl Strategy<Value = KnownLine> {
    let prior = prop_oneof![3 => Just(0u16), 1 => any::<u16>(), 1 => Just(u16::MAX)];
    let fees = prop_oneof![2 => Just(None), 2 => (0..800u128).prop_map(Some), 1 => any::<u128>().prop_map(Some)];
    let quantities = prop_oneof![4 => Just(1), 2 => 1..5u32, 1 => Just(u32::MAX)];
    let duplicate = prop::bool::weighted(0.1);
    (select(CATEGORIES.as_slice()), quantities, charges(), prior, fees, 0..DAYS as u8, duplicate, authorisations())
        .prop_map(|(category, quantity, submitted, prior, fee, day, duplicate, authorisation)| {
            // A share of what is charged: nothing, a part, or all of it.
            let prior_paid = submitted / 65_535 * u128::from(prior) + submitted % 65_535 * u128::from(prior) / 65_535;
            let (submitted, prior_paid) = (Amount(submitted), Amount(prior_paid));
            let line = Line { day, code: CodeTag([0; 16]), category, quantity, submitted, prior_paid };
            KnownLine { line, date: Timestamp(0), fee: fee.map(Amount), duplicate, authorisation }
        })
}

pub fn standings() -> impl Strategy<Value = Standing> {
    let mostly = || prop::bool::weighted(0.95);
    let set_aside = prop_oneof![
        3 => Just(ReasonSet::EMPTY),
        1 => any::<u32>().prop_map(|bits| {
            ReasonSet::APPEALABLE.iter().filter(|reason| bits >> *reason as u8 & 1 == 1).collect()
        }),
    ];
    (mostly(), mostly(), mostly(), mostly(), prop_oneof![2 => Just(Network::In), 1 => Just(Network::Out)], set_aside)
        .prop_map(|(covered, first, credentialed, consented, network, set_aside)| Standing {
            filed: Timestamp(14),
            coverage: covered.then_some(Period { start: Timestamp(1), end: Timestamp(11) }),
            other_first: !first,
            network,
            credentialed,
            consented,
            set_aside,
        })
}

/// How many days a generated claim has.
pub const DAYS: usize = 3;

/// Claims, of which each line is a service of its own, before which each limit was used in part, wholly or not at all.
pub fn claims() -> impl Strategy<Value = Claim> {
    let several = prop_oneof![12 => vec(lines(), 1..6), 1 => vec(lines(), 1..=MAX_LINES)];
    let dates = subsequence((0..12u64).collect::<Vec<_>>(), DAYS);
    let used = vec(prop_oneof![2 => Just(0u16), 2 => 0..=10_000u16, 1 => Just(10_000)], MAX_LIMITS * DAYS);
    (terms(), standings(), several, dates, used).prop_map(|(terms, standing, mut lines, dates, shares)| {
        number(&mut lines);
        for known in &mut lines {
            known.date = Timestamp(dates[usize::from(known.line.day)]);
        }
        let mut shares = shares.into_iter();
        let mut before = |limit: &Limit| BasisPoints(shares.next().unwrap_or_default()).of(Amount(limit.limit)).0;
        let place = |limit: &&Limit, slot: &Slot| (limit.unit, limit.term) == (slot.unit, slot.term);
        let used = Counters::new(&terms.limits, DAYS)
            .slots()
            .into_iter()
            .map(|slot| {
                let own = terms.limits.iter().filter(|limit| place(limit, &slot));
                (slot, own.map(|limit| (limit.kind(), before(limit))).collect())
            })
            .collect();
        Claim { terms, standing, days: DAYS, used, lines }
    })
}
