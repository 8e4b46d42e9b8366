//! What plans would decide of FHIR Claims, with no chain: by the same rules, and in the order of their first days of
//! service.

use salus_domain::adjudicate::{Adjudication, Authorisation};
use salus_domain::claim::Submission;
use salus_domain::codes::{Network, Reason, ReasonSet, Term, Unit};
use salus_domain::ids::{Account, Hash, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership, Place};
use salus_domain::money::Amount;
use salus_domain::plan::Limit;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::claim::CompiledClaim;
use salus_fhir::coverage::{years, CompiledCoverage};
use salus_fhir::directory::Directory;
use salus_fhir::plan::PlanFile;
use salus_interface::claims::ClaimsError;
use std::collections::{BTreeMap, BTreeSet};

/// The key of the commitments: nothing leaves this process.
const KEY: [u8; 32] = [0; 32];

/// What the documents do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// Where the providers stand to the plan.
    pub network: Network,
    /// Whether the patients consent to the insurer's use for payment.
    pub consented: bool,
    /// Whether the insurer authorised all that the plan wants authorised; else nothing.
    pub authorised: bool,
    /// When the claims are made; `None`: each on its last day of service.
    pub at: Option<Timestamp>,
}

/// A claim of a document.
#[derive(Clone, Debug)]
pub struct Case {
    /// How people tell it from others.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// What it says.
    pub claim: CompiledClaim,
}

impl Case {
    /// Its first day of service: what claims are ordered by.
    #[must_use]
    pub fn first_day(&self) -> Timestamp {
        // A compiled claim has a line.
        self.claim.items.iter().map(|item| item.date).min().unwrap_or(Timestamp::MIN)
    }

    /// Its last day of service.
    #[must_use]
    pub fn last_day(&self) -> Timestamp {
        self.claim.items.iter().map(|item| item.date).max().unwrap_or(Timestamp::MIN)
    }
}

/// Whose use of a limit it is, and how much of the limit is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUse {
    /// The member, or the family's subscriber: as the documents refer to them.
    pub whose: String,
    /// The limit.
    pub limit: Limit,
    /// From when on it is used: of an annual one the start of the coverage, of a daily one the day.
    pub since: Option<Timestamp>,
    /// How much of it.
    pub used: u128,
}

impl LimitUse {
    /// How much of it is left.
    #[must_use]
    pub const fn left(&self) -> u128 {
        self.limit.limit.saturating_sub(self.used)
    }
}

/// A plan, and the book that it keeps of claims.
pub struct Insurer<'a> {
    plan: &'a PlanFile,
    directory: &'a Directory,
    circumstances: Circumstances,
    /// `None`: whoever is treated is covered.
    coverages: Option<&'a [CompiledCoverage]>,
    ledger: Ledger,
    /// The numbers of the claims that were decided.
    decided: BTreeSet<(Account, Hash)>,
    /// Where use was looked up, and whose it is.
    places: BTreeMap<Place, String>,
}

impl<'a> Insurer<'a> {
    /// A plan of which nothing was claimed yet. Whoever the directory does not know gets an account that nobody else has.
    #[must_use]
    pub fn new(
        plan: &'a PlanFile,
        directory: &'a Directory,
        circumstances: Circumstances,
        coverages: Option<&'a [CompiledCoverage]>,
    ) -> Self {
        let ledger = Ledger::new(plan.terms.clone(), plan.tagged_fees(&KEY));
        Self { plan, directory, circumstances, coverages, ledger, decided: BTreeSet::new(), places: BTreeMap::new() }
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &PlanFile {
        self.plan
    }

    /// Decides a claim, of which insurers before paid `paid` line by line; `None`: there is none before.
    ///
    /// # Errors
    /// [`ClaimsError`], where the contract would refuse it outright.
    pub fn decide(&mut self, case: &Case, paid: Option<&[Amount]>) -> Result<Adjudication, ClaimsError> {
        let (member, provider) = (self.account(&case.claim.patient), self.account(&case.claim.provider));
        let mut submission = case.claim.submission(PlanId(0), member, provider, &KEY);
        for (line, paid) in submission.lines.iter_mut().zip(paid.unwrap_or_default()) {
            line.prior_paid = *paid;
        }
        let now = self.circumstances.at.unwrap_or_else(|| case.last_day());
        submission.validate(now).map_err(ClaimsError::Malformed)?;
        if self.decided.contains(&(provider, submission.reference)) {
            return Err(ClaimsError::DuplicateClaim);
        }
        let (membership, subscriber) = self.membership(case, member);
        self.note_places(&membership, &case.claim.patient, &subscriber, &submission);
        let granted =
            if self.circumstances.authorised { Authorisation::Granted(u32::MAX) } else { Authorisation::Missing };
        let adjudication =
            self.ledger
                .adjudicate(&membership, &self.facts(now, paid.is_some()), provider, &submission, |_, _| granted);
        if !adjudication.is_pended() {
            self.decided.insert((provider, submission.reference));
        }
        Ok(adjudication)
    }

    /// How much of each limit is used, for whomever it was asked.
    #[must_use]
    pub fn limits(&self) -> Vec<LimitUse> {
        let mut all = Vec::new();
        for (place, whose) in &self.places {
            let used = self.ledger.used(*place);
            let limits =
                self.plan.terms.limits.iter().filter(|limit| (limit.unit, limit.term) == (place.unit, place.term));
            all.extend(limits.map(|limit| LimitUse {
                whose: whose.clone(),
                limit: *limit,
                since: (place.term != Term::Lifetime).then_some(place.since),
                used: used.iter().find(|(kind, _)| *kind == limit.kind()).map_or(0, |(_, used)| *used),
            }));
        }
        // What a day has not touched is of no interest: there is another one tomorrow.
        all.retain(|one| one.limit.term != Term::Day || one.used > 0);
        all.sort_by(|a, b| (&a.whose, a.since).cmp(&(&b.whose, b.since)));
        all
    }

    fn account(&self, reference: &str) -> Account {
        self.directory.account_or_stand_in(reference)
    }

    fn facts(&self, now: Timestamp, passed_on: bool) -> Facts {
        let network = if self.plan.terms.networked { self.circumstances.network } else { Network::In };
        let set_aside = match self.coverages {
            Some(_) => ReasonSet::EMPTY,
            // Covered on every day means: for long.
            None => Reason::WaitingPeriod.into(),
        };
        Facts { now, network, credentialed: true, consented: self.circumstances.consented, passed_on, set_aside }
    }

    /// The member's coverage on the claim's first day, and who holds the family's contract. Of a member without one, a coverage
    /// that was over before it began.
    fn membership(&self, case: &Case, member: Account) -> (Membership, String) {
        let day = case.first_day();
        let alone = |period| Membership { member, subscriber: member, period, since: period.start, secondary: false };
        let Some(coverages) = self.coverages else {
            return (alone(Period { start: start_of_year(day), end: Timestamp::MAX }), case.claim.patient.clone());
        };
        let own = || coverages.iter().filter(|coverage| self.account(&coverage.member) == member);
        let in_force = |coverage: &&'a CompiledCoverage| coverage.period.contains(day);
        let Some(coverage) = own().find(in_force).or_else(|| own().next_back()) else {
            return (alone(Period { start: Timestamp::MIN, end: Timestamp::MIN }), case.claim.patient.clone());
        };
        // A coverage of the chain lasts a year, and has annual limits of its own.
        let year = years(coverage.period, day.plus(1)).and_then(|years| years.last().copied());
        let membership = Membership {
            member,
            subscriber: self.account(&coverage.subscriber),
            period: year.unwrap_or(coverage.period),
            since: coverage.period.start,
            secondary: coverage.is_secondary(),
        };
        (membership, coverage.subscriber.clone())
    }

    fn note_places(&mut self, membership: &Membership, member: &str, subscriber: &str, submission: &Submission) {
        for limit in &self.plan.terms.limits {
            let whose = match limit.unit {
                Unit::Individual => member,
                Unit::Family => subscriber,
            };
            for day in &submission.days {
                let place = membership.place(limit.unit, limit.term, day.date);
                self.places.entry(place).or_insert_with(|| whose.to_owned());
            }
        }
    }
}

/// What is paid line by line once a plan has decided: what the next one counts as paid before.
#[must_use]
pub fn paid_so_far(adjudication: &Adjudication) -> Vec<Amount> {
    // Both are parts of one charge.
    let paid = |split: &salus_domain::adjudicate::Split| Amount(split.prior_payer.0.saturating_add(split.payer.0));
    adjudication.lines.iter().map(|line| paid(&line.split)).collect()
}

/// Midnight of the first of January of a day's year.
fn start_of_year(day: Timestamp) -> Timestamp {
    let year = i64::try_from(day.0).ok().and_then(|day| jiff::Timestamp::from_millisecond(day).ok());
    let year = year.map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).year());
    let whole = year.and_then(|year| salus_fhir::date::whole(&format!("{year:04}")).ok());
    // A day of a document lies in a year that documents can name.
    whole.map_or(Timestamp::MIN, |year| year.start)
}
