//! Consents, records, plans and claims to begin with.

use crate::account;
use ink_e2e::Keypair;
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{
    Action, Category, CategorySet, Class, Confidentiality, Purpose, PurposeSet, Role, SensitivitySet,
};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, PlanTerms};
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_interface::access::RecordTerms;

/// A consent without end that lets `who` in for a purpose, and leaves the rest to others.
#[must_use]
pub fn consent(who: Actor, purpose: Purpose) -> Consent {
    let provision =
        Provision { actors: vec![who], purposes: PurposeSet::of(&[purpose]), ..Provision::new(1, Decision::Permit) };
    Consent { base: Base::Silent, period: Period::ALWAYS, source: Hash([1; 32]), provisions: vec![provision] }
}

/// A laboratory value of normal confidentiality.
#[must_use]
pub fn record() -> RecordTerms {
    RecordTerms {
        commitment: Hash([2; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: None,
    }
}

/// `who` wants to read everything, for treatment.
#[must_use]
pub fn request(who: &Keypair, role: Role) -> Request {
    Request {
        principal: Principal { account: account(who), organisations: Vec::new(), roles: role.into() },
        purpose: Purpose::Treat,
        action: Action::Access,
        confidentiality: None,
        sensitivity: None,
        classes: None,
        data_period: None,
    }
}

/// A plan that pays 80 % of consultations.
#[must_use]
pub fn terms() -> PlanTerms {
    let share = CostShare { copay: Amount::ZERO, coinsurance: BasisPoints(2_000) };
    let benefit =
        Benefit { in_network: share, out_of_network: None, deductible: false, authorisation: false, waiting_period: 0 };
    let deadlines =
        Deadlines { filing: 366 * DAY, authorisation: DAY, settlement: DAY, appeal: DAY, review: DAY, reversal: DAY };
    PlanTerms {
        covered: CategorySet::of(&[Category::Consultation]),
        benefit,
        exceptions: Vec::new(),
        limits: Vec::new(),
        networked: false,
        deadlines,
    }
}

/// A claim for one consultation on the day of `now`.
#[must_use]
pub fn submission(plan: PlanId, member: &Keypair, now: Timestamp, submitted: Amount) -> Submission {
    let day = ServiceDay { date: Timestamp(now.0 / DAY * DAY), nullifier: Hash([3; 32]) };
    let line = Line {
        day: 0,
        code: CodeTag([4; 16]),
        category: Category::Consultation,
        quantity: 1,
        submitted,
        prior_paid: Amount::ZERO,
    };
    Submission {
        plan,
        member: account(member),
        reference: Hash([5; 32]),
        prior_decided: false,
        days: vec![day],
        lines: vec![line],
    }
}
