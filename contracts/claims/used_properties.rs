//! What a claim, rebuilt from events, uses of limits, services and authorisations, and what is free again.

use super::rebuilt::{Filed, Freed, Rebuilt, Use};
use super::*;
use proptest::prelude::*;
use salus_domain::adjudicate::LineOutcome;
use salus_domain::codes::{Term, Unit};
use salus_interface::claims::*;
use scale::Encode;

impl Rebuilt {
    /// The limits that a line of a claim counts for, each with its place and what it used.
    fn uses(&self, filed: &Filed, line: &Line, outcome: &LineOutcome) -> Vec<Use> {
        let (claim, filing) = (&filed.claim, filed.filing.as_ref().unwrap());
        let told = self.of(claim.plan);
        let first = filing.submission.days.iter().map(|day| day.date).min().unwrap();
        let all = told.coverages.get(&claim.member).into_iter().flatten();
        let Some(coverage) = all.clone().find(|one| one.period.contains(first)) else { return vec![] };
        let limits = &told.terms[claim.version as usize].limits;
        let counting = limits.iter().filter(|limit| samples::counts(limits, limit, line.category, filing.network));
        counting
            .map(|limit| {
                let account = if limit.unit == Unit::Family { coverage.subscriber } else { claim.member };
                let term = match limit.term {
                    Term::Annual => Since::Annual(coverage.period.start),
                    Term::Lifetime => Since::Lifetime,
                    Term::Day => Since::Day(filing.submission.days[usize::from(line.day)].date),
                };
                let place = Place { unit: limit.unit, account, term };
                let amount = samples::uses(limit.measure, outcome);
                Use { plan: claim.plan, place, kind: limit.kind(), amount }
            })
            .collect()
    }

    /// What was used in all of the limit that `one` counts for.
    fn total(&mut self, one: Use) -> &mut Use {
        self.used.entry((one.plan, one.place, one.kind).encode()).or_insert(Use { amount: 0, ..one })
    }

    /// What a decision uses.
    pub fn use_up(&mut self, filed: &Filed, now: Timestamp) -> Result<(), TestCaseError> {
        let (claim, filing) = (&filed.claim, filed.filing.as_ref().unwrap());
        if !filing.lines.iter().any(LineOutcome::is_covered) {
            return Ok(());
        }
        for (number, (line, outcome)) in filing.submission.lines.iter().zip(&filing.lines).enumerate() {
            for one in self.uses(filed, line, outcome) {
                self.total(one).amount += one.amount;
            }
            if outcome.is_covered() && filing.held >> number & 1 == 0 {
                let day = filing.submission.days[usize::from(line.day)].nullifier;
                let services = self.services.entry((claim.provider, day)).or_default();
                prop_assert!(!services.contains(&line.code), "a service of a day is claimed once");
                services.push(line.code);
            }
            if outcome.authorised > 0 {
                self.authorise(claim, line.code, now, |left| left.saturating_sub(outcome.authorised));
            }
        }
        Ok(())
    }

    /// What a decision used is free again.
    pub fn take_back(&mut self, filed: &Filed, now: Timestamp, freed: Freed) {
        let (claim, filing) = (&filed.claim, filed.filing.as_ref().unwrap());
        for (number, (line, outcome)) in filing.submission.lines.iter().zip(&filing.lines).enumerate() {
            let held = filing.held >> number & 1 == 1;
            if freed == Freed::All && held || freed != Freed::None && outcome.is_covered() && !held {
                let day = filing.submission.days[usize::from(line.day)].nullifier;
                self.services.entry((claim.provider, day)).or_default().retain(|code| *code != line.code);
            }
            if outcome.is_covered() {
                for one in self.uses(filed, line, outcome) {
                    self.total(one).amount -= one.amount;
                }
            }
            if outcome.authorised > 0 {
                self.authorise(claim, line.code, now, |left| left.saturating_add(outcome.authorised));
            }
        }
    }

    fn authorise(&mut self, claim: &Claim, code: CodeTag, now: Timestamp, change: impl FnOnce(u32) -> u32) {
        let procedure = Procedure { plan: claim.plan, member: claim.member, provider: claim.provider, code };
        let Some((_, known)) = self.authorisations.get_mut(&procedure.encode()) else { return };
        match *known {
            Authorisation::Requested { quantity, deadline } if now >= deadline => {
                *known = Authorisation::Granted { quantity: change(quantity), until: Timestamp::MAX };
            }
            Authorisation::Granted { quantity, until } => {
                *known = Authorisation::Granted { quantity: change(quantity), until };
            }
            _ => {}
        }
    }
}
