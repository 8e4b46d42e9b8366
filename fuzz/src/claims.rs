//! Claims: what is decided of them by a plan's terms, and how that is told.

use crate::scale::read;
use salus_domain::adjudicate::{Adjudication, Authorisation, LineOutcome, Split};
use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Network, ReasonSet, Term, Unit};
use salus_domain::counters::Used;
use salus_domain::ids::{Account, ClaimId, CodeTag, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership};
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time::{Period, Timestamp};
use salus_fhir::claim::prior_payment;
use salus_fhir::decimal::{Asset, MAX_DECIMALS};
use salus_fhir::explain::{
    authorisation_reference, authorisation_response, balances, claim_response, eligibility_response,
    explanation_of_benefit, words, AnsweredAuthorisation, Appeal, AuthorisationAnswer, Decided, DecidedLine,
    Eligibility, Kind, NotExplained, Parties, Payment, Resource, Service, Status,
};
use salus_interface::claims;

/// What is put to the book of a plan: its terms and fees, which procedures are authorised for how many units (`None`: the
/// insurer refused), and claims in their order.
pub type Book = (PlanTerms, Vec<Fee>, Vec<(CodeTag, Option<u32>)>, Vec<Filed>);

/// A claim that is filed: what is claimed, by whom, under which coverage (its subscriber, its period, whether it is a
/// secondary one), when, in which network, whether the provider is credentialed and the patient consents, and
/// what an appeal set aside.
pub type Filed = (Submission, Account, (Account, Period, bool), Timestamp, Network, [bool; 2], ReasonSet);

/// Claims, put to a plan's book. Every amount goes somewhere, no limit is passed, what waits uses nothing, and no service is
/// paid twice.
pub fn ledger(data: &[u8]) {
    let Some((terms, fees, authorised, filed)) = read::<Book>(data) else { return };
    if terms.validate().is_err() {
        return;
    }
    let authorisation = |code: CodeTag, _| match authorised.iter().find(|(named, _)| *named == code) {
        None => Authorisation::Missing,
        Some((_, None)) => Authorisation::Refused,
        Some((_, Some(quantity))) => Authorisation::Granted(*quantity),
    };
    let mut ledger = Ledger::new(terms, fees);
    for (submission, provider, (subscriber, period, secondary), now, network, known, set_aside) in filed {
        if submission.validate(now).is_err() {
            continue;
        }
        let member = Membership { member: submission.member, subscriber, period, since: period.start, secondary };
        let [credentialed, consented] = known;
        let set_aside = set_aside.intersection(ReasonSet::APPEALABLE);
        let facts = Facts { now, network, credentialed, consented, set_aside };
        let before = ledger.clone();
        let decided = ledger.adjudicate(&member, &facts, provider, &submission, authorisation);
        assert_adds_up(&submission, &decided);
        if decided.is_pended() {
            assert_eq!(ledger, before);
            continue;
        }
        assert_within_limits(&ledger, &member, &submission);
        let again = ledger.clone().adjudicate(&member, &facts, provider, &submission, authorisation);
        assert_eq!(again.total.payer, Amount::ZERO);
    }
}

/// Of each line and of all together, what was submitted is what the four bear.
fn assert_adds_up(submission: &Submission, decided: &Adjudication) {
    assert_eq!(submission.lines.len(), decided.lines.len());
    for (line, outcome) in submission.lines.iter().zip(&decided.lines) {
        assert_eq!((outcome.split.submitted, outcome.split.prior_payer), (line.submitted, line.prior_paid));
        assert!(outcome.quantity <= line.quantity);
    }
    assert_eq!(sum(decided.lines.iter().map(|outcome| &outcome.split)), Some(decided.total));
    for split in decided.lines.iter().map(|outcome| &outcome.split).chain([&decided.total]) {
        assert_eq!(whole(split), Some(*split));
    }
}

fn assert_within_limits(ledger: &Ledger, member: &Membership, submission: &Submission) {
    for limit in &ledger.terms().limits {
        for day in &submission.days {
            let kept = ledger.used(member.place(limit.unit, limit.term, day.date));
            let used = kept.iter().find(|(kind, _)| *kind == limit.kind()).map_or(0, |(_, used)| *used);
            assert!(used <= limit.limit, "{used} of {limit:?}");
        }
    }
}

/// What is told of a claim: its id, its lines with what was decided of each, its number and its day, the plan's terms and what
/// the member used in a year, an authorisation, what was paid (how much, how much of it was set off, when), whom it is about
/// and in which currency, numbers that choose what is told, where it stands, the appeal, the kind and the decimals, and
/// when it was decided.
pub type Told = (
    ClaimId,
    Vec<(Line, LineOutcome, u32, Timestamp)>,
    (PlanTerms, Used),
    claims::Authorisation,
    Option<(Amount, Amount, Option<Timestamp>)>,
    [String; 5],
    [u8; 5],
    Timestamp,
);

/// Whatever was decided, told in FHIR and in words. What is told of a claim that stands can be read by the next insurer, to
/// the last minor unit.
pub fn explain(data: &[u8]) {
    let Some(told) = read::<Told>(data) else { return };
    let [what, ..] = told.6;
    let Some((decided, terms, answer)) = decided(told) else { return };
    match what % 4 {
        0 => retold(&decided, explanation_of_benefit),
        1 => retold(&decided, claim_response),
        2 => eligible(&decided, &terms),
        _ => authorised(&decided, answer),
    }
}

fn retold(decided: &Decided, tell: fn(&Decided) -> Result<Resource, NotExplained>) {
    let in_words = words::explain(decided);
    let Ok(told) = tell(decided) else { return };
    assert!(in_words.is_ok(), "{in_words:?}");
    if !stands(decided) {
        return assert_json(&told);
    }
    // Who was treated is text that a reference need not be.
    let parties = Parties { patient: String::from("Patient/c"), ..decided.parties.clone() };
    let told = tell(&Decided { parties, ..decided.clone() }).expect("another patient is told of as well");
    let prior = prior_payment(told.to_string().as_bytes(), &decided.asset).expect("the next insurer can read it");
    let paid = decided.lines.iter().map(|line| (line.sequence, line.outcome.split.payer));
    let read = prior.lines.iter().map(|line| (line.sequence, line.paid));
    assert_eq!(read.collect::<Vec<_>>(), paid.collect::<Vec<_>>());
}

/// Whether it is decided for good, and its amounts can be read: the largest number is no amount.
fn stands(decided: &Decided) -> bool {
    matches!(decided.status, Status::Adjudicated | Status::Settled)
        && decided.appeal != Appeal::Open
        && decided.total.submitted < Amount::UNLIMITED
}

/// With lines and a total that add up; `None` where that does not fit.
fn decided(told: Told) -> Option<(Decided, PlanTerms, AuthorisationAnswer)> {
    let (claim, lines, (terms, used), authorisation, payment, names, [_, status, appeal, kind, decimals], created) =
        told;
    let [patient, provider, insurer, coverage, currency] = names;
    let answer = match authorisation {
        claims::Authorisation::Requested { quantity, deadline } => {
            AuthorisationAnswer::Requested { quantity, deadline }
        }
        claims::Authorisation::Granted { quantity, until } => AuthorisationAnswer::Granted { quantity, until },
        claims::Authorisation::Refused => AuthorisationAnswer::Refused,
    };
    let line = |(line, outcome, sequence, date): (Line, LineOutcome, u32, Timestamp)| {
        let outcome = LineOutcome { split: whole(&outcome.split)?, ..outcome };
        let service = Service::Committed(line.code);
        Some(DecidedLine { sequence, service, category: line.category, date, quantity: line.quantity, outcome })
    };
    let lines = lines.into_iter().map(line).collect::<Option<Vec<_>>>()?;
    let categories: Vec<_> = lines.iter().map(|line| line.category).collect();
    let kinds = [Kind::Institutional, Kind::Oral, Kind::Pharmacy, Kind::of_categories(&categories), Kind::Professional];
    let statuses =
        [Status::AwaitsFunds, Status::AwaitsAuthorisation, Status::Adjudicated, Status::Settled, Status::Reversed];
    let appeals = [Appeal::None, Appeal::Open, Appeal::Upheld, Appeal::Overturned];
    let decided = Decided {
        claim,
        request: Some(patient.clone()),
        parties: Parties { patient, provider, insurer, coverage },
        kind: chosen(&kinds, kind),
        created,
        status: chosen(&statuses, status),
        network: terms.networked.then_some(Network::Out),
        total: sum(lines.iter().map(|line| &line.outcome.split))?,
        lines,
        payment: payment.map(|(amount, withheld, date)| Payment { amount, withheld, date }),
        appeal: chosen(&appeals, appeal),
        passed_on: appeal % 2 == 0,
        authorisations: Vec::from([authorisation_reference(PlanId(1), MEMBER, PROVIDER, CODE)]),
        balances: balances(&terms.limits, &[(Unit::Individual, Term::Annual, &used)]),
        asset: Asset { currency, decimals: decimals % (MAX_DECIMALS + 1) },
    };
    Some((decided, terms, answer))
}

const MEMBER: Account = Account([1; 32]);
const PROVIDER: Account = Account([2; 32]);
const CODE: CodeTag = CodeTag([3; 16]);

fn chosen<T: Copy>(all: &[T], number: u8) -> T {
    all[usize::from(number) % all.len()]
}

fn eligible(decided: &Decided, terms: &PlanTerms) {
    let coverage = decided.lines.first().map(|line| Period { start: line.date, end: decided.created.plus(1) });
    let Decided { parties, asset, balances, created, .. } = decided.clone();
    let (day, frozen) = (created, decided.lines.is_empty());
    let asked = Eligibility { parties, request: None, created, day, coverage, frozen, terms, balances, asset };
    if let Ok(resource) = eligibility_response(&asked) {
        assert_json(&resource);
    }
}

fn authorised(decided: &Decided, answer: AuthorisationAnswer) {
    let Decided { parties, kind, created, .. } = decided.clone();
    let service = Service::Committed(CODE);
    let (plan, member, provider, code) = (PlanId(1), MEMBER, PROVIDER, CODE);
    let asked = AnsweredAuthorisation { plan, member, provider, code, service, parties, kind, created, answer };
    if let Ok(resource) = authorisation_response(&asked) {
        assert_json(&resource);
    }
}

fn assert_json(resource: &Resource) {
    serde_json::from_str::<serde_json::Value>(&resource.to_string()).expect("what is told is JSON");
}

/// The same parts, of as much as they come to; `None` where that does not fit.
fn whole(split: &Split) -> Option<Split> {
    let Split { submitted: _, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer } = *split;
    let parts = [adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer];
    let submitted = parts.into_iter().try_fold(Amount::ZERO, Amount::checked_add)?;
    Some(Split { submitted, ..*split })
}

/// All together; `None` where that does not fit.
fn sum<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Option<Split> {
    splits.into_iter().try_fold(Split::default(), |sum, split| {
        Some(Split {
            submitted: sum.submitted.checked_add(split.submitted)?,
            adjustment: sum.adjustment.checked_add(split.adjustment)?,
            prior_payer: sum.prior_payer.checked_add(split.prior_payer)?,
            deductible: sum.deductible.checked_add(split.deductible)?,
            copay: sum.copay.checked_add(split.copay)?,
            coinsurance: sum.coinsurance.checked_add(split.coinsurance)?,
            noncovered: sum.noncovered.checked_add(split.noncovered)?,
            payer: sum.payer.checked_add(split.payer)?,
        })
    })
}
