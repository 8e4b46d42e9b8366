//! Consents, records, plans and claims to begin with; a test changes what it is about.

use crate::person;
use salus_client::{blake2b_256, Keypair};
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{
    Action, Category, CategorySet, Class, Confidentiality, Measure, Purpose, PurposeSet, Role, SensitivitySet, Term,
    Unit,
};
use salus_domain::commitment::service_day;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms, YEAR};
use salus_domain::request::{Principal, Request};
pub use salus_domain::time::DAY;
use salus_domain::time::{Period, Timestamp};
use salus_interface::access::RecordTerms;

/// One whole token of the development chain.
pub const UNIT: u128 = 1_000_000_000_000;

/// A consent that speaks only where a provision matches, without end.
#[must_use]
pub fn consent(provisions: Vec<Provision>) -> Consent {
    Consent { base: Base::Silent, period: Period::ALWAYS, source: Hash([1; 32]), provisions }
}

/// A provision of the consent itself about somebody, for some purposes (none: for all).
#[must_use]
pub fn provision(decision: Decision, actor: Actor, purposes: PurposeSet) -> Provision {
    Provision { actors: vec![actor], purposes, ..Provision::new(1, decision) }
}

/// Lets somebody in for treatment.
#[must_use]
pub fn for_treatment(who: &Keypair) -> Consent {
    consent(vec![provision(Decision::Permit, Actor::Account(person(who)), Purpose::Treat.into())])
}

/// Lets an insurer use the data for payment.
#[must_use]
pub fn for_payment(insurer: &Keypair) -> Consent {
    consent(vec![provision(Decision::Permit, Actor::Organisation(person(insurer)), Purpose::Hpaymt.into())])
}

/// A laboratory value of normal confidentiality; `number` tells records apart.
#[must_use]
pub fn record(number: u8) -> RecordTerms {
    RecordTerms {
        commitment: Hash([number; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: None,
    }
}

/// What the patient bears of a service: an amount and basis points.
#[must_use]
pub const fn share(copay: u128, coinsurance: u16) -> CostShare {
    CostShare { copay: Amount(copay), coinsurance: BasisPoints(coinsurance) }
}

/// The patient bears 20 % after the deductible, with every provider.
#[must_use]
pub const fn benefit() -> Benefit {
    Benefit {
        in_network: share(0, 2_000),
        out_of_network: None,
        deductible: true,
        authorisation: false,
        waiting_period: 0,
    }
}

/// A plan that pays 80 % of consultations and laboratory tests, without limits, within a day. Everything else has ten days.
#[must_use]
pub fn terms() -> PlanTerms {
    PlanTerms {
        covered: CategorySet::of(&[Category::Consultation, Category::DiagnosticLab]),
        benefit: benefit(),
        exceptions: Vec::new(),
        limits: Vec::new(),
        networked: false,
        deadlines: Deadlines {
            filing: YEAR,
            authorisation: 10 * DAY,
            settlement: DAY,
            appeal: 10 * DAY,
            review: 10 * DAY,
            reversal: 10 * DAY,
        },
    }
}

/// A limit for each member and coverage, of all services.
#[must_use]
pub const fn limit(measure: Measure, limit: u128) -> Limit {
    Limit { measure, category: None, network: None, unit: Unit::Individual, term: Term::Annual, limit }
}

/// A procedure code's tag.
#[must_use]
pub const fn code(number: u8) -> CodeTag {
    CodeTag([number; 16])
}

/// A line for one consultation on the claim's first day.
#[must_use]
pub const fn line(number: u8, submitted: u128) -> Line {
    Line {
        day: 0,
        code: code(number),
        category: Category::Consultation,
        quantity: 1,
        submitted: Amount(submitted),
        prior_paid: Amount::ZERO,
    }
}

/// A day of service, `before` days before `now`.
#[must_use]
pub fn day(provider: &Keypair, member: &Keypair, now: Timestamp, before: u64) -> ServiceDay {
    let date = Timestamp((now.0 / DAY - before) * DAY);
    let names = [member, provider].map(|who| hex::encode(person(who).0));
    let nullifier = service_day(&blake2b_256, &[7; 32], &names[0], &names[1], date);
    ServiceDay { date, nullifier }
}

/// A claim for services of one day; `reference` tells claims apart.
#[must_use]
pub fn submission(plan: PlanId, member: &Keypair, reference: u8, day: ServiceDay, lines: Vec<Line>) -> Submission {
    let prior_decided = lines.iter().any(|line| line.prior_paid > Amount::ZERO);
    let (member, reference) = (person(member), Hash([reference; 32]));
    Submission { plan, member, reference, prior_decided, days: vec![day], lines }
}

/// What somebody says about an appeal or a reversal.
#[must_use]
pub const fn words(number: u8) -> Hash {
    Hash([number; 32])
}

/// A doctor asks to access whatever there is, for treatment.
#[must_use]
pub fn treatment_by(who: &Keypair) -> Request {
    let principal = Principal { account: person(who), organisations: Vec::new(), roles: Role::Doctor.into() };
    Request {
        principal,
        purpose: Purpose::Treat,
        action: Action::Access,
        confidentiality: None,
        sensitivity: None,
        classes: None,
        data_period: None,
    }
}
