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

/// A coverage of a document.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its id, or else how people tell it from others.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// What it says.
    pub coverage: CompiledCoverage,
}

impl Given {
    /// Whether a reference names it: `Coverage/id`, with or without a server before it or a version behind it, or one of
    /// [`CompiledCoverage::names`].
    fn is_named(&self, reference: &str) -> bool {
        let id = reference.split('/').skip_while(|part| *part != "Coverage").nth(1);
        id == Some(self.name.as_str()) || self.coverage.names.iter().any(|name| name == reference)
    }

    /// Its name, and the file where that is another one.
    fn described(&self) -> String {
        match self.name == self.file {
            true => self.file.clone(),
            false => format!("{} ({})", self.name, self.file),
        }
    }
}

/// A claim that an insurer can decide.
#[derive(Clone, Debug)]
pub struct Decidable<'a> {
    case: &'a Case,
    submission: Submission,
    provider: Account,
    now: Timestamp,
    membership: Membership,
    /// Who holds the family's contract; `None`: the member is not covered.
    subscriber: Option<String>,
}

/// Why a claim is not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// The contract would refuse it outright.
    Refused(ClaimsError),
    /// Several coverages of the patient are in force on the claim's first day, and it does not say which one counts: their
    /// names and files.
    SeveralCoverages(Vec<String>),
    /// The coverage is another insurer's.
    OtherInsurer {
        /// The file of the coverage.
        file: String,
        /// Whose it is (`Coverage.payor`).
        payor: String,
        /// Whose it should be (`Claim.insurer`).
        insurer: String,
    },
}

/// A plan, and the book that it keeps of claims.
pub struct Insurer<'a> {
    plan: &'a PlanFile,
    directory: &'a Directory,
    circumstances: Circumstances,
    /// `None`: whoever is treated is covered.
    coverages: Option<&'a [Given]>,
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
        coverages: Option<&'a [Given]>,
    ) -> Self {
        let ledger = Ledger::new(plan.terms.clone(), plan.tagged_fees(&KEY));
        Self { plan, directory, circumstances, coverages, ledger, decided: BTreeSet::new(), places: BTreeMap::new() }
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &PlanFile {
        self.plan
    }

    /// Looks whether a claim can be decided, and by which coverage. `passed_on` says that another insurer decides before.
    ///
    /// # Errors
    /// [`Undecided`].
    pub fn decidable<'c>(&self, case: &'c Case, passed_on: bool) -> Result<Decidable<'c>, Undecided> {
        let (member, provider) = (self.account(&case.claim.patient), self.account(&case.claim.provider));
        let mut submission = case.claim.submission(PlanId(0), member, provider, &KEY);
        submission.prior_decided |= passed_on;
        let now = self.circumstances.at.unwrap_or_else(|| case.last_day());
        submission.validate(now).map_err(|error| Undecided::Refused(ClaimsError::Malformed(error)))?;
        if self.decided.contains(&(provider, submission.reference)) {
            return Err(Undecided::Refused(ClaimsError::DuplicateClaim));
        }
        let (membership, subscriber) = self.membership(case, member, passed_on)?;
        Ok(Decidable { case, submission, provider, now, membership, subscriber })
    }

    /// Decides a claim that is decidable, and books it. `paid` is what was paid once the insurer before had decided, line by line
    /// ([`paid_so_far`]); empty: there is none before.
    pub fn decide(&mut self, decidable: Decidable<'_>, paid: &[Amount]) -> Adjudication {
        let Decidable { case, mut submission, provider, now, membership, subscriber } = decidable;
        for (line, paid) in submission.lines.iter_mut().zip(paid) {
            line.prior_paid = *paid;
        }
        if let Some(subscriber) = subscriber {
            self.note_places(&membership, &case.claim.patient, &subscriber, &submission);
        }
        let granted =
            if self.circumstances.authorised { Authorisation::Granted(u32::MAX) } else { Authorisation::Missing };
        let adjudication = self.ledger.adjudicate(&membership, &self.facts(now), provider, &submission, |_, _| granted);
        if !adjudication.is_pended() {
            self.decided.insert((provider, submission.reference));
        }
        adjudication
    }

    /// Whether one of the coverages that are given is the patient's; where none is given, everybody is covered.
    #[must_use]
    pub fn covers(&self, case: &Case) -> bool {
        let member = self.account(&case.claim.patient);
        self.coverages.is_none_or(|given| self.own(given, member).next().is_some())
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

    fn facts(&self, now: Timestamp) -> Facts {
        let network = if self.plan.terms.networked { self.circumstances.network } else { Network::In };
        let set_aside = match self.coverages {
            Some(_) => ReasonSet::EMPTY,
            // Covered on every day means: for long.
            None => Reason::WaitingPeriod.into(),
        };
        Facts { now, network, credentialed: true, consented: self.circumstances.consented, set_aside }
    }

    fn own(&self, given: &'a [Given], member: Account) -> impl DoubleEndedIterator<Item = &'a Given> + '_ {
        given.iter().filter(move |it| self.account(&it.coverage.member) == member)
    }

    /// The coverage by which a claim is decided: of the member's that are in force on its first day the one that it is made under,
    /// or else its insurer's; where none is in force, the last of them. A claim that is passed on names the first insurer, and the
    /// coverage there. `None`: the member has none.
    fn coverage(
        &self,
        given: &'a [Given],
        case: &Case,
        member: Account,
        passed_on: bool,
    ) -> Result<Option<&'a Given>, Undecided> {
        let (day, named) = (case.first_day(), &case.claim.coverage);
        let insurer = case.claim.insurer.as_deref().filter(|_| !passed_on);
        let is_insurers = |it: &Given| insurer.is_some_and(|key| self.account(key) == self.account(&it.coverage.payor));
        let mut fitting: Vec<&Given> = self.own(given, member).filter(|it| it.coverage.period.contains(day)).collect();
        if !passed_on {
            narrow(&mut fitting, |it| it.is_named(named));
            narrow(&mut fitting, is_insurers);
        }
        let [one, others @ ..] = fitting.as_slice() else { return Ok(self.own(given, member).next_back()) };
        if others.iter().any(|other| !other.coverage.says_the_same(&one.coverage)) {
            return Err(Undecided::SeveralCoverages(fitting.iter().map(|it| it.described()).collect()));
        }
        match insurer.filter(|insurer| self.is_another(insurer, &one.coverage.payor)) {
            Some(insurer) => Err(Undecided::OtherInsurer {
                file: one.file.clone(),
                payor: one.coverage.payor.clone(),
                insurer: insurer.to_owned(),
            }),
            None => Ok(Some(one)),
        }
    }

    /// Whether two references stand for two parties, as far as it can be told: of who is not in the directory, where both are
    /// written in one way.
    fn is_another(&self, one: &str, other: &str) -> bool {
        let known = [one, other].iter().all(|key| self.directory.account(key).is_some());
        let before = |key: &str| key.rsplit_once(['/', '|', ':']).map(|(before, _)| before.to_owned());
        self.account(one) != self.account(other) && (known || before(one) == before(other))
    }

    /// The member's coverage, and who holds the family's contract. Of a member without one, a coverage that was over before it
    /// began, and nobody.
    fn membership(
        &self,
        case: &Case,
        member: Account,
        passed_on: bool,
    ) -> Result<(Membership, Option<String>), Undecided> {
        let day = case.first_day();
        let alone = |period| Membership { member, subscriber: member, period, since: period.start, secondary: false };
        let Some(given) = self.coverages else {
            let year = Period { start: start_of_year(day), end: Timestamp::MAX };
            return Ok((alone(year), Some(case.claim.patient.clone())));
        };
        let Some(Given { coverage, .. }) = self.coverage(given, case, member, passed_on)? else {
            return Ok((alone(Period { start: Timestamp::MIN, end: Timestamp::MIN }), None));
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
        Ok((membership, Some(coverage.subscriber.clone())))
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

/// Keeps those for which this holds, if there are any.
fn narrow(all: &mut Vec<&Given>, holds: impl Fn(&Given) -> bool) {
    if all.iter().any(|one| holds(one)) {
        all.retain(|one| holds(one));
    }
}

/// Midnight of the first of January of a day's year.
fn start_of_year(day: Timestamp) -> Timestamp {
    let year = i64::try_from(day.0).ok().and_then(|day| jiff::Timestamp::from_millisecond(day).ok());
    let year = year.map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).year());
    let whole = year.and_then(|year| salus_fhir::date::whole(&format!("{year:04}")).ok());
    // A day of a document lies in a year that documents can name.
    whole.map_or(Timestamp::MIN, |year| year.start)
}
