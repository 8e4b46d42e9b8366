//! What a decision on one claim reads and changes of limits, services and authorisations. Nothing is written before
//! [`Book::save`].

use crate::coverages::Coverages;
use crate::plans::{FeePage, Plans};
use crate::register::Register;
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use salus_domain::adjudicate::{self, KnownLine, LineOutcome};
use salus_domain::claim::Submission;
use salus_domain::codes::{Term, Unit};
use salus_domain::counters::{Counters, Slot, Used};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::plan::{fee_page, PlanTerms};
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{Authorisation, ClaimsError, Coverage, Filing, Place, Procedure, Since};

/// Whose claim it is, and under which coverage.
pub struct Case {
    /// The plan.
    pub plan: PlanId,
    /// Who was treated.
    pub member: AccountId,
    /// Who claims.
    pub provider: AccountId,
    /// All coverages of the member, and the place of the one that counts.
    pub coverages: Vec<Coverage>,
    /// The place of the one that counts: in force on the first day of service.
    pub place: Option<usize>,
}

impl Case {
    /// The case of a claim.
    pub fn new(coverages: &Coverages, provider: AccountId, submission: &Submission) -> Self {
        let member = AccountId::from(submission.member.0);
        let coverages = coverages.of(submission.plan, member);
        let first = submission.period().start;
        let place = coverages.iter().position(|coverage| coverage.period.contains(first));
        Self { plan: submission.plan, member, provider, coverages, place }
    }

    /// The coverage that counts.
    pub fn coverage(&self) -> Option<&Coverage> {
        self.place.and_then(|place| self.coverages.get(place))
    }

    /// When the coverage that counts, and those before it that it continues, are in force.
    pub fn covered(&self) -> Option<Period> {
        let coverage = self.coverage()?;
        Some(Period { start: coverage.since(&self.coverages), end: coverage.period.end })
    }

    /// Where a slot is kept; `None`: with the coverage.
    fn kept_at(&self, coverage: &Coverage, slot: Slot, submission: &Submission) -> Option<Place> {
        let account = match slot.unit {
            Unit::Individual => self.member,
            Unit::Family => coverage.subscriber,
        };
        let term = match slot.term {
            _ if is_with_coverage(slot) => return None,
            Term::Annual => Since::Annual(coverage.period.start),
            Term::Lifetime => Since::Lifetime,
            Term::Day => Since::Day(submission.days.get(slot.day).map(|day| day.date).unwrap_or_default()),
        };
        Some(Place { unit: slot.unit, account, term })
    }

    fn procedure(&self, code: CodeTag) -> Procedure {
        Procedure { plan: self.plan, member: self.member, provider: self.provider, code }
    }
}

/// Which services nobody has claimed any more when a claim is taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// None: it was passed on, and the later insurer's claim has them.
    None,
    /// Its own.
    Own,
    /// Its own and those that it holds: the first insurer's claim was taken back before.
    All,
}

/// The authorisation of a service.
struct Units {
    code: CodeTag,
    found: Option<Authorisation>,
    /// What the same claim used of it, which counts for it whatever became of the authorisation.
    own: u32,
    changed: bool,
}

/// What a decision reads and changes.
pub struct Book<'a> {
    submission: &'a Submission,
    /// Whose claim it is.
    pub case: Case,
    /// What was used of the limits.
    pub counters: Counters<'a>,
    /// What was used, and where it is kept: `None` with the coverage.
    places: Vec<(Slot, Option<Place>, Used)>,
    /// The services that were claimed, day by day.
    days: Vec<Vec<CodeTag>>,
    /// The authorisations that lines need, each once.
    authorisations: Vec<Units>,
}

impl<'a> Book<'a> {
    /// Reads what counts for a claim.
    pub fn open(
        coverages: &Coverages,
        register: &Register,
        case: Case,
        terms: &'a PlanTerms,
        submission: &'a Submission,
        now: Timestamp,
    ) -> Self {
        let mut counters = Counters::new(&terms.limits, submission.days.len());
        let mut places = Vec::new();
        if let Some(coverage) = case.coverage() {
            for slot in counters.slots() {
                let place = case.kept_at(coverage, slot, submission);
                let used = place.map_or_else(|| coverage.used.clone(), |place| coverages.used(case.plan, place));
                counters.load(slot, &used);
                places.push((slot, place, used));
            }
        }
        let days = submission.days.iter().map(|day| register.services(case.provider, day.nullifier)).collect();
        let mut authorisations: Vec<Units> = Vec::new();
        for line in &submission.lines {
            let known = authorisations.iter().any(|units| units.code == line.code);
            if terms.benefit(line.category).authorisation && !known {
                let found = register.authorisation(case.procedure(line.code)).map(|found| found.in_effect(now));
                authorisations.push(Units { code: line.code, found, own: 0, changed: false });
            }
        }
        Self { submission, case, counters, places, days, authorisations }
    }

    /// Takes back what an earlier decision on the same claim used of limits, services and authorisations; a claim that waits has
    /// no outcomes, and only services that it holds.
    pub fn release(&mut self, filing: &Filing, freed: Freed) {
        for (number, line) in self.submission.lines.iter().enumerate() {
            let (held, outcome) = (is_held(filing.held, number), filing.lines.get(number));
            let own = !held && outcome.is_some_and(LineOutcome::is_covered);
            if freed == Freed::All && held || freed != Freed::None && own {
                self.disclaim(line.day, line.code);
            }
            if let Some(outcome) = outcome {
                adjudicate::release(&mut self.counters, line, filing.network, outcome);
                self.authorise(line.code, 0, outcome.authorised);
            }
        }
    }

    fn disclaim(&mut self, day: u8, code: CodeTag) {
        if let Some(services) = self.days.get_mut(usize::from(day)) {
            services.retain(|claimed| *claimed != code);
        }
    }

    /// Takes units of an authorisation, and gives others back.
    #[inline(never)]
    fn authorise(&mut self, code: CodeTag, taken: u32, given: u32) {
        let Some(units) = self.authorisations.iter_mut().find(|units| units.code == code) else { return };
        units.own = units.own.saturating_add(given);
        if let Some(Authorisation::Granted { quantity, .. }) = &mut units.found {
            units.changed |= taken != given;
            *quantity = quantity.saturating_sub(taken).saturating_add(given);
        }
    }

    /// The lines, each with its day, its fee, its authorisation and whether another claim claimed it before; `held` are those whose
    /// services earlier insurers' claims have claimed.
    pub fn known_lines(&self, plans: &Plans, fee_pages: u16, held: u64) -> Vec<KnownLine> {
        let mut pages: Vec<(u8, FeePage)> = Vec::new();
        let mut lines = Vec::with_capacity(self.submission.lines.len());
        for (number, line) in self.submission.lines.iter().enumerate() {
            let day = usize::from(line.day);
            // Validated: the day is there.
            let (Some(services), Some(date)) = (self.days.get(day), self.submission.days.get(day)) else { continue };
            let page = fee_page(line.code, fee_pages);
            let at = pages.iter().position(|(number, _)| *number == page).unwrap_or_else(|| {
                pages.push((page, plans.fee_page(self.case.plan, page)));
                pages.len().saturating_sub(1)
            });
            lines.push(KnownLine {
                line: *line,
                date: date.date,
                fee: pages.get(at).and_then(|(_, page)| page.price(line.code)),
                duplicate: !is_held(held, number) && services.contains(&line.code),
                authorisation: self.authorisation(line.code, date.date),
            });
        }
        lines
    }

    /// What is known of the authorisation of a service on this day.
    fn authorisation(&self, code: CodeTag, date: Timestamp) -> adjudicate::Authorisation {
        let Some(Units { found, own, .. }) = self.authorisations.iter().find(|units| units.code == code) else {
            return adjudicate::Authorisation::Missing;
        };
        match found.map_or(adjudicate::Authorisation::Missing, |found| found.worth(date)) {
            adjudicate::Authorisation::Missing | adjudicate::Authorisation::Refused if *own > 0 => {
                adjudicate::Authorisation::Granted(*own)
            }
            worth => worth,
        }
    }

    /// Remembers the services of lines that were covered, but for those that are held, and uses their authorisations up. No day
    /// has more than `most` services then.
    pub fn claim(&mut self, lines: &[LineOutcome], held: u64, most: usize) -> Result<(), ClaimsError> {
        for (number, (line, outcome)) in self.submission.lines.iter().zip(lines).enumerate() {
            let Some(services) = self.days.get_mut(usize::from(line.day)) else { continue };
            if outcome.is_covered() && !is_held(held, number) {
                services.push(line.code);
                if services.len() > most {
                    return Err(ClaimsError::TooManyServices);
                }
            }
            self.authorise(line.code, outcome.authorised, 0);
        }
        Ok(())
    }

    /// Writes what has changed.
    pub fn save(mut self, coverages: &mut Coverages, register: &mut Register) {
        let (plan, member, provider) = (self.case.plan, self.case.member, self.case.provider);
        for (slot, place, mut used) in self.places {
            self.counters.store(slot, &mut used);
            if let Some(place) = place {
                coverages.write_used(plan, place, &used);
            } else if let Some(coverage) = self.case.place.and_then(|place| self.case.coverages.get_mut(place)) {
                coverage.used = used;
                coverages.write(plan, member, &self.case.coverages);
            }
        }
        for Units { code, found, changed, .. } in &self.authorisations {
            if let (Some(authorisation), true) = (found, changed) {
                register.write_authorisation(self.case.procedure(*code), authorisation);
            }
        }
        for (day, services) in self.submission.days.iter().zip(self.days) {
            register.write_services(provider, day.nullifier, services);
        }
    }
}

/// Whether what is used is kept with the coverage.
fn is_with_coverage(slot: Slot) -> bool {
    (slot.unit, slot.term) == (Unit::Individual, Term::Annual)
}

/// Whether a line is one of those whose services earlier insurers' claims have claimed.
#[inline(never)]
pub fn is_held(held: u64, line: usize) -> bool {
    u32::try_from(line).ok().and_then(|line| held.checked_shr(line)).is_some_and(|bits| bits & 1 == 1)
}
