//! Claims to explain: some that the domain decided under one plan, and any.

use crate::common::{account, dollars};
use proptest::prelude::*;
use salus_domain::adjudicate::{adjudicate, Authorisation, KnownLine, LineOutcome, Split, Standing};
use salus_domain::claim::Line;
use salus_domain::codes::{Category, CategorySet, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::{Counters, Used};
use salus_domain::ids::{ClaimId, CodeTag, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms, YEAR};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::decimal::Asset;
use salus_fhir::explain::{
    authorisation_reference, authorisation_response, balances, claim_response, eligibility_response,
    explanation_of_benefit, AnsweredAuthorisation, Appeal, AuthorisationAnswer, Balance, Decided, DecidedLine,
    Eligibility, Kind, Parties, Payment, Resource, Service, Status,
};

/// 2026-09-30T00:00:00Z.
pub const DAY_OF_SERVICE: u64 = 1_790_726_400_000;
/// 2026-01-01T00:00:00Z.
const NEW_YEAR: u64 = 1_767_225_600_000;

pub fn parties() -> Parties {
    Parties {
        patient: String::from("Patient/c"),
        provider: String::from("Practitioner/a"),
        insurer: String::from("http://insurers|9"),
        coverage: String::from("Coverage/1"),
    }
}

/// Deductible 100, then a copay of 20 and 20 %; out of network 40 %. Restorative care needs an authorisation, half of it is
/// paid, 300 a year at most, and not in the first half of the year. The laboratory costs the patient 12.5 %.
pub fn terms() -> PlanTerms {
    let share = |copay, coinsurance| CostShare { copay: Amount(copay), coinsurance: BasisPoints(coinsurance) };
    let benefit = Benefit {
        in_network: share(20_00, 2_000),
        out_of_network: Some(share(0, 4_000)),
        deductible: true,
        authorisation: false,
        waiting_period: 0,
    };
    let restorative = Benefit {
        in_network: share(0, 5_000),
        out_of_network: None,
        authorisation: true,
        waiting_period: 182 * DAY,
        ..benefit
    };
    let laboratory = Benefit { in_network: share(0, 1_250), deductible: false, ..benefit };
    let limit = |measure, category, unit, term, limit| Limit { measure, category, network: None, unit, term, limit };
    PlanTerms {
        covered: CategorySet::of(&[Category::Consultation, Category::DiagnosticLab, Category::Restorative]),
        benefit,
        exceptions: vec![(Category::Restorative, restorative), (Category::DiagnosticLab, laboratory)],
        limits: vec![
            limit(Measure::Deductible, None, Unit::Individual, Term::Annual, 100_00),
            limit(Measure::OutOfPocket, None, Unit::Individual, Term::Annual, 1_000_00),
            limit(Measure::Deductible, None, Unit::Family, Term::Annual, 300_00),
            limit(Measure::Benefit, Some(Category::Restorative), Unit::Individual, Term::Annual, 300_00),
            limit(Measure::Services, Some(Category::Consultation), Unit::Individual, Term::Annual, 4),
            limit(Measure::Quantity, Some(Category::DiagnosticLab), Unit::Individual, Term::Day, 10),
            limit(Measure::Benefit, None, Unit::Individual, Term::Lifetime, u128::MAX),
        ],
        networked: true,
        deadlines: Deadlines {
            filing: 90 * DAY,
            authorisation: 7 * DAY,
            settlement: 14 * DAY,
            appeal: 60 * DAY,
            review: 30 * DAY,
            reversal: YEAR,
        },
    }
}

/// A line of the day of service, in cents.
pub fn line(category: Category, quantity: u32, submitted: u128) -> KnownLine {
    let code = CodeTag([category as u8; 16]);
    let (submitted, prior_paid) = (Amount(submitted), Amount::ZERO);
    KnownLine {
        line: Line { day: 0, code, category, quantity, submitted, prior_paid },
        date: Timestamp(DAY_OF_SERVICE),
        fee: None,
        duplicate: false,
        authorisation: Authorisation::Missing,
    }
}

/// What the plan decides about these lines.
pub fn decided(lines: &[KnownLine]) -> Decided {
    let terms = terms();
    let mut counters = Counters::new(&terms.limits, 1);
    let year = Period { start: Timestamp(NEW_YEAR), end: Timestamp(NEW_YEAR + 365 * DAY) };
    let standing = Standing {
        filed: Timestamp(DAY_OF_SERVICE + DAY),
        coverage: Some(year),
        other_first: false,
        network: Network::In,
        credentialed: true,
        consented: true,
        set_aside: ReasonSet::EMPTY,
    };
    let adjudication = adjudicate(&terms, &standing, &mut counters, lines.to_vec());
    let mut kept: Vec<(Unit, Term, Used)> = Vec::new();
    for slot in counters.slots() {
        let mut used = Used::new();
        counters.store(slot, &mut used);
        kept.push((slot.unit, slot.term, used));
    }
    let kept: Vec<_> = kept.iter().map(|(unit, term, used)| (*unit, *term, used)).collect();
    let of_line = |((known, outcome), sequence): ((&KnownLine, &LineOutcome), u32)| DecidedLine {
        sequence,
        service: Service::Known { system: String::from("http://codes"), code: known.line.category.code().to_owned() },
        category: known.line.category,
        date: known.date,
        quantity: known.line.quantity,
        outcome: *outcome,
    };
    Decided {
        claim: ClaimId([0xc1; 32]),
        request: Some(String::from("http://claims|1")),
        parties: parties(),
        kind: Kind::Professional,
        created: Timestamp(DAY_OF_SERVICE + DAY + 1),
        status: Status::Adjudicated,
        network: Some(Network::In),
        lines: lines.iter().zip(&adjudication.lines).zip(1..).map(of_line).collect(),
        total: adjudication.total,
        payment: None,
        appeal: Appeal::None,
        passed_on: false,
        authorisations: Vec::new(),
        balances: balances(&terms.limits, &kept),
        asset: dollars(),
    }
}

/// A consultation above the fee schedule, and a laboratory test: 200 and 48 dollars, of which 80 and 42 are paid.
pub fn cost_share() -> Decided {
    let consultation = KnownLine { fee: Some(Amount(220_00)), ..line(Category::Consultation, 1, 250_00) };
    decided(&[consultation, line(Category::DiagnosticLab, 2, 48_00)])
}

pub fn settled(claim: Decided, withheld: u128) -> Decided {
    let date = Some(Timestamp(DAY_OF_SERVICE + 9 * DAY));
    let payment = Payment { amount: claim.total.payer, withheld: Amount(withheld), date };
    Decided { status: Status::Settled, payment: Some(payment), ..claim }
}

pub fn restorative(authorisation: Authorisation) -> KnownLine {
    KnownLine { authorisation, ..line(Category::Restorative, 3, 1_350_00) }
}

fn masked(claim: Decided) -> Decided {
    let hide = |line: DecidedLine| DecidedLine { service: Service::Committed(CodeTag([0xcd; 16])), ..line };
    Decided { lines: claim.lines.into_iter().map(hide).collect(), request: None, ..claim }
}

pub fn asked(answer: AuthorisationAnswer) -> AnsweredAuthorisation {
    AnsweredAuthorisation {
        plan: PlanId(3),
        member: account(3),
        provider: account(1),
        code: CodeTag([0xcd; 16]),
        service: Service::Committed(CodeTag([0xcd; 16])),
        parties: parties(),
        kind: Kind::Oral,
        created: Timestamp(DAY_OF_SERVICE - 30 * DAY),
        answer,
    }
}

/// On the day of service; covered in 2026.
pub fn eligibility(terms: &PlanTerms, day: u64) -> Eligibility<'_> {
    Eligibility {
        parties: Parties { provider: String::from("Organization/b"), ..parties() },
        request: None,
        created: Timestamp(DAY_OF_SERVICE - DAY + 43_200_000),
        day: Timestamp(day),
        coverage: Some(Period { start: Timestamp(NEW_YEAR), end: Timestamp(NEW_YEAR + 365 * DAY) }),
        frozen: false,
        terms,
        balances: cost_share().balances,
        asset: dollars(),
    }
}

/// One of each, with a name.
pub fn one_of_each() -> Vec<(&'static str, Resource)> {
    let benefit = |claim: &Decided| explanation_of_benefit(claim).unwrap();
    let response = |claim: &Decided| claim_response(claim).unwrap();
    let paid = settled(cost_share(), 0);
    let limited = masked(Decided {
        kind: Kind::Oral,
        authorisations: vec![authorisation_reference(PlanId(3), account(3), account(1), CodeTag([0xcd; 16]))],
        ..decided(&[restorative(Authorisation::Granted(2)), line(Category::VisionCoverage, 1, 30_00)])
    });
    let mut second = line(Category::Consultation, 1, 250_00);
    second.line.prior_paid = Amount(150_00);
    let duplicate = KnownLine { duplicate: true, ..line(Category::DiagnosticLab, 1, 24_00) };
    let waits = decided(&[restorative(Authorisation::Missing), line(Category::Consultation, 1, 99_00)]);
    let waits = Decided { status: Status::AwaitsAuthorisation, ..waits };
    let untold = |claim| Decided { balances: Vec::new(), ..claim };
    let granted = AuthorisationAnswer::Granted { quantity: 2, until: Timestamp(DAY_OF_SERVICE + DAY - 1) };
    let requested = AuthorisationAnswer::Requested { quantity: 1, deadline: Timestamp(DAY_OF_SERVICE) };
    let terms = terms();
    vec![
        ("settled-benefit", benefit(&paid)),
        ("limited-benefit", benefit(&limited)),
        ("secondary-set-off-response", response(&settled(decided(&[second, duplicate]), 10_00))),
        ("awaits-authorisation-response", response(&waits)),
        ("awaits-funds-benefit", benefit(&Decided { status: Status::AwaitsFunds, ..untold(cost_share()) })),
        (
            "appeal-open-response",
            response(&Decided { appeal: Appeal::Open, ..decided(&[line(Category::Surgical, 1, 5_00)]) }),
        ),
        ("reversed-benefit", benefit(&Decided { status: Status::Reversed, ..untold(paid.clone()) })),
        ("authorisation-granted", authorisation_response(&asked(granted)).unwrap()),
        ("authorisation-requested", authorisation_response(&asked(requested)).unwrap()),
        ("authorisation-refused", authorisation_response(&asked(AuthorisationAnswer::Refused)).unwrap()),
        ("eligible", eligibility_response(&eligibility(&terms, DAY_OF_SERVICE)).unwrap()),
        ("not-eligible", eligibility_response(&eligibility(&terms, NEW_YEAR - DAY)).unwrap()),
    ]
}

/// Parts of a charge: of cents, or of a token with many decimals.
fn any_split() -> impl Strategy<Value = Split> {
    let part = || prop_oneof![2 => Just(0), 3 => 0..1_000_00u128, 1 => 0..u128::MAX / 1_000];
    [part(), part(), part(), part(), part(), part(), part()].prop_map(|parts| {
        let [adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer] = parts.map(Amount);
        let submitted = Amount(parts.into_iter().sum());
        Split { submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer }
    })
}

fn any_reasons() -> impl Strategy<Value = ReasonSet> {
    prop::collection::vec(prop::sample::select(Reason::ALL), 0..5).prop_map(|reasons| reasons.into_iter().collect())
}

fn any_line() -> impl Strategy<Value = DecidedLine> {
    let service = prop_oneof![
        any::<[u8; 16]>().prop_map(|tag| Service::Committed(CodeTag(tag))),
        ("http://[a-z]{1,9}", "[A-Z0-9]{1,5}").prop_map(|(system, code)| Service::Known { system, code }),
    ];
    let category = prop::sample::select(Category::ALL);
    let days = prop_oneof![19 => 0..2_900_000u64, 1 => any::<u64>()];
    (service, category, days, any::<u32>(), any_split(), any::<u32>(), any_reasons()).prop_map(
        |(service, category, days, quantity, split, paid_for, reasons)| DecidedLine {
            sequence: 0,
            service,
            category,
            date: Timestamp(days.saturating_mul(DAY)),
            quantity,
            outcome: LineOutcome { split, quantity: paid_for, authorised: 0, reasons },
        },
    )
}

fn any_balances() -> impl Strategy<Value = Vec<Balance>> {
    let number = || prop_oneof![4 => 0..1_000_000u128, 1 => any::<u128>(), 1 => Just(u128::MAX)];
    let balance = (
        prop::sample::select(Measure::ALL),
        prop::option::of(prop::sample::select(Category::ALL)),
        prop::option::of(prop::sample::select(Network::ALL)),
        prop::sample::select(Unit::ALL),
        prop::sample::select(Term::ALL),
        number(),
        prop::option::of(number()),
    );
    let balance = balance.prop_map(|(measure, category, network, unit, term, limit, used)| Balance {
        limit: Limit { measure, category, network, unit, term, limit },
        used,
    });
    prop::collection::vec(balance, 0..4)
}

/// Any claim whose amounts add up.
pub fn any_decided() -> impl Strategy<Value = Decided> {
    let statuses =
        vec![Status::AwaitsFunds, Status::AwaitsAuthorisation, Status::Adjudicated, Status::Settled, Status::Reversed];
    let kinds = vec![Kind::Institutional, Kind::Oral, Kind::Pharmacy, Kind::Professional, Kind::Vision];
    let appeals = vec![Appeal::None, Appeal::Open, Appeal::Upheld, Appeal::Overturned];
    let how = (
        prop::sample::select(statuses),
        prop::sample::select(kinds),
        prop::sample::select(appeals),
        prop::option::of(prop::sample::select(Network::ALL)),
    );
    let paid = prop::option::of((any::<u128>(), any::<u128>(), prop::option::of(0..253_370_764_800_000u64)));
    let what = (prop::collection::vec(any_line(), 1..4), any_balances(), any::<[u8; 32]>(), 0..=24u8, paid);
    let all = (how, what, any::<bool>());
    all.prop_map(|((status, kind, appeal, network), (mut lines, balances, id, decimals, paid), passed_on)| {
        let mut total = Split::default();
        for (line, sequence) in lines.iter_mut().zip(1..) {
            line.sequence = sequence;
            let split = &line.outcome.split;
            for (sum, part) in [
                (&mut total.submitted, split.submitted),
                (&mut total.adjustment, split.adjustment),
                (&mut total.prior_payer, split.prior_payer),
                (&mut total.deductible, split.deductible),
                (&mut total.copay, split.copay),
                (&mut total.coinsurance, split.coinsurance),
                (&mut total.noncovered, split.noncovered),
                (&mut total.payer, split.payer),
            ] {
                *sum = sum.checked_add(part).unwrap();
            }
        }
        let most = if status.is_pended() { 0 } else { total.payer.0 };
        let up_to = |number: u128, most: u128| Amount(most.checked_add(1).map_or(number, |end| number % end));
        let payment = paid.map(|(amount, withheld, date)| {
            let amount = up_to(amount, most);
            Payment { amount, withheld: up_to(withheld, amount.0), date: date.map(Timestamp) }
        });
        Decided {
            claim: ClaimId(id),
            request: None,
            parties: parties(),
            kind,
            created: Timestamp(DAY_OF_SERVICE),
            status,
            network,
            lines,
            total,
            payment,
            appeal,
            passed_on,
            authorisations: Vec::new(),
            balances,
            asset: Asset { currency: String::from("EUR"), decimals },
        }
    })
}
