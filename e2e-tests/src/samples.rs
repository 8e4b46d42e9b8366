//! Consents, records, plans and claims to begin with; a test changes what it is about.

use crate::person;
use salus_client::{blake2b_256, Keypair};
use salus_domain::claim::{CostShare, Line, PlanTerms, ServiceDay, Submission};
use salus_domain::codes::{
    Action, Category, CategorySet, Class, Confidentiality, Purpose, PurposeSet, Role, SensitivitySet,
};
use salus_domain::commitment::service_day;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
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

/// A plan that pays 80 % of consultations and laboratory tests, without limits, within a day.
#[must_use]
pub fn terms() -> PlanTerms {
    PlanTerms {
        deductible: Amount::ZERO,
        cost_share: CostShare { copay: Amount::ZERO, coinsurance: BasisPoints(2_000) },
        exceptions: Vec::new(),
        out_of_pocket_maximum: Amount::UNLIMITED,
        benefit_maximum: Amount::UNLIMITED,
        waiting_period: 0,
        covered: CategorySet::of(&[Category::Consultation, Category::DiagnosticLab]),
        settlement_period: DAY,
    }
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
    Submission { plan, member: person(member), reference: Hash([reference; 32]), days: vec![day], lines }
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
