//! The book of one plan, kept off chain: what the claims contract would decide of claims in their order.
//!
//! What has to agree with the contract, so that the prediction is true:
//! - the coverage is the one in force on the claim's first day of service; where the given one is not, there is none;
//! - use is kept by [`Place`]: a member's own annual use for each coverage, a family's for its subscriber and the start
//!   of its coverages, daily use by the day, lifetime use for ever;
//! - a service is claimed before where the provider's services of the day's nullifier have its code; lines of the same
//!   claim meet in [`known_lines`];
//! - a claim of which a line is pended uses nothing, and none of its services is remembered; of other claims, services
//!   of covered lines are.
//!
//! What it does not know: the pool (a claim that it cannot pay is pended as a whole); services that were claimed of
//! other plans, which count as well, except those that were passed on ([`Ledger::add_services`]); and that a contract
//! refuses claims outright, as it does where they are malformed, the plan is frozen or a reference was used before.

use crate::adjudicate::{adjudicate, Adjudication, Authorisation, KnownLine, Standing};
use crate::claim::{Line, Submission};
use crate::codes::{Network, ReasonSet, Term, Unit};
use crate::counters::{Counters, Slot, Used};
use crate::ids::{Account, CodeTag, Hash};
use crate::money::Amount;
use crate::plan::{Fee, PlanTerms};
use crate::time::{Period, Timestamp};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// A member's coverage under the plan (FHIR `Coverage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The member (`beneficiary`).
    pub member: Account,
    /// Who holds the family's contract (`subscriber`).
    pub subscriber: Account,
    /// When services are covered (`period`).
    pub period: Period,
    /// Since when the member is covered without a break: waiting periods count from it.
    pub since: Timestamp,
    /// Whether another insurer pays first (`order` above 1).
    pub secondary: bool,
}

/// What is known about a claim when it is made, besides its coverage: see [`Standing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The time.
    pub now: Timestamp,
    /// Whether the provider is in the plan's network; [`Network::In`] where the plan has none.
    pub network: Network,
    /// Whether the provider is credentialed.
    pub credentialed: bool,
    /// Whether the patient's consents permit the insurer's use for payment.
    pub consented: bool,
    /// What an appeal set aside.
    pub set_aside: ReasonSet,
}

/// Where use of limits is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The member, or the family's subscriber.
    pub account: Account,
    /// Whose use counts.
    pub unit: Unit,
    /// For how long it adds up.
    pub term: Term,
    /// Since when: of annual use the start of the coverage, of daily use the day, of lifetime use
    /// [`Timestamp::MIN`].
    pub since: Timestamp,
}

impl Membership {
    /// Where use of the member's, or of the family's, on `date` is kept.
    #[must_use]
    pub const fn place(&self, unit: Unit, term: Term, date: Timestamp) -> Place {
        let account = match unit {
            Unit::Individual => self.member,
            Unit::Family => self.subscriber,
        };
        let since = match term {
            Term::Annual => self.period.start,
            Term::Day => date,
            Term::Lifetime => Timestamp::MIN,
        };
        Place { account, unit, term, since }
    }
}

/// The book of one plan: its terms and fees, what was used of its limits, and which services were claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    terms: PlanTerms,
    fees: BTreeMap<CodeTag, Amount>,
    used: BTreeMap<Place, Used>,
    /// By provider and nullifier of the day.
    services: BTreeMap<(Account, Hash), BTreeSet<CodeTag>>,
}

impl Ledger {
    /// A book in which nothing was claimed yet. The terms must have passed [`PlanTerms::validate`]; of several fees of
    /// one procedure the last holds.
    pub fn new(terms: PlanTerms, fees: impl IntoIterator<Item = Fee>) -> Self {
        let fees = fees.into_iter().map(|fee| (fee.code, fee.price)).collect();
        Self { terms, fees, used: BTreeMap::new(), services: BTreeMap::new() }
    }

    /// The plan's terms.
    #[must_use]
    pub const fn terms(&self) -> &PlanTerms {
        &self.terms
    }

    /// What was used of the limits that are kept in this place.
    #[must_use]
    pub fn used(&self, place: Place) -> Used {
        self.used.get(&place).cloned().unwrap_or_default()
    }

    /// Takes over what the chain knows of this place, instead of what the book has.
    pub fn set_used(&mut self, place: Place, used: Used) {
        self.used.insert(place, used);
    }

    /// Takes over services that a provider claimed of a day: [`crate::claim::ServiceDay::nullifier`].
    pub fn add_services(&mut self, provider: Account, day: Hash, codes: impl IntoIterator<Item = CodeTag>) {
        self.services.entry((provider, day)).or_default().extend(codes);
    }

    /// Decides a claim and writes down what it uses. `submission` must have passed [`Submission::validate`];
    /// `authorisation` says what the insurer authorised of a procedure for a service at a time, less what claims
    /// before this one used of it.
    pub fn adjudicate(
        &mut self,
        member: &Membership,
        facts: &Facts,
        provider: Account,
        submission: &Submission,
        authorisation: impl Fn(CodeTag, Timestamp) -> Authorisation,
    ) -> Adjudication {
        let lines = self.known_lines(provider, submission, authorisation);
        let first = submission.days.iter().map(|day| day.date).min();
        let standing = Standing {
            filed: facts.now,
            coverage: Some(Period { start: member.since, end: member.period.end })
                .filter(|_| first.is_some_and(|first| member.period.contains(first))),
            other_first: member.secondary && !submission.prior_decided,
            network: facts.network,
            credentialed: facts.credentialed,
            consented: facts.consented,
            set_aside: facts.set_aside,
        };
        let place = |slot: Slot| {
            // Only daily slots have a day; a validated claim has it.
            let date = submission.days.get(slot.day).map_or(Timestamp::MIN, |day| day.date);
            member.place(slot.unit, slot.term, date)
        };
        let mut counters = Counters::new(&self.terms.limits, submission.days.len());
        for slot in counters.slots() {
            if let Some(used) = self.used.get(&place(slot)) {
                counters.load(slot, used);
            }
        }
        let decided = adjudicate(&self.terms, &standing, &mut counters, lines);
        if decided.is_pended() {
            return decided;
        }
        for slot in counters.slots() {
            counters.store(slot, self.used.entry(place(slot)).or_default());
        }
        for (line, outcome) in submission.lines.iter().zip(&decided.lines) {
            if let Some(day) = submission.days.get(usize::from(line.day)).filter(|_| outcome.is_covered()) {
                self.add_services(provider, day.nullifier, [line.code]);
            }
        }
        decided
    }

    /// The lines of a validated claim, each with what the book and the insurer know about it.
    fn known_lines(
        &self,
        provider: Account,
        submission: &Submission,
        authorisation: impl Fn(CodeTag, Timestamp) -> Authorisation,
    ) -> Vec<KnownLine> {
        let known = |line: &Line| {
            let day = submission.days.get(usize::from(line.day))?;
            Some(KnownLine {
                line: *line,
                date: day.date,
                fee: self.fees.get(&line.code).copied(),
                duplicate: self
                    .services
                    .get(&(provider, day.nullifier))
                    .is_some_and(|codes| codes.contains(&line.code)),
                authorisation: authorisation(line.code, day.date),
            })
        };
        submission.lines.iter().filter_map(known).collect()
    }
}
