//! What was used of a plan's limits: the accumulators of one claim.
//!
//! Use is kept apart by [`Unit`] and [`Term`]: each [`Slot`] is one place, which a contract keeps in one cell.

use crate::codes::{Category, Measure, Network, Term, Unit};
use crate::plan::{Limit, LimitKind};
use alloc::vec;
use alloc::vec::Vec;

/// What was used, limit by limit, as it is kept in one place. What is not named was not used.
pub type Used = Vec<(LimitKind, u128)>;

/// A place where use is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Whose use it is.
    pub unit: Unit,
    /// For how long it adds up.
    pub term: Term,
    /// Of a daily one, the place of the day in the claim; else 0.
    pub day: usize,
}

/// What was used of each limit that counts for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters<'a> {
    limits: &'a [Limit],
    /// How many rows [`Counters::used`] has: one for each day of the claim where a limit is daily, else one.
    rows: usize,
    /// Row by row. The use of what is not daily stands in the first.
    used: Vec<u128>,
}

/// What a line is, as far as limits ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its category.
    pub category: Category,
    /// Its provider's network.
    pub network: Network,
    /// The place of its day in the claim.
    pub day: usize,
}

impl<'a> Counters<'a> {
    /// Nothing was used yet. `days` is the number of days of the claim.
    #[must_use]
    pub fn new(limits: &'a [Limit], days: usize) -> Self {
        let daily = limits.iter().any(|limit| limit.term == Term::Day);
        let rows = if daily { days.max(1) } else { 1 };
        // At most 24 limits and 50 days.
        Self { limits, rows, used: vec![0; limits.len().saturating_mul(rows)] }
    }

    /// The places that the limits speak of.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for Limit { unit, term, .. } in self.limits {
            let (unit, term) = (*unit, *term);
            if slots.iter().any(|slot| (slot.unit, slot.term) == (unit, term)) {
                continue;
            }
            let days = if term == Term::Day { self.rows } else { 1 };
            for day in 0..days {
                slots.push(Slot { unit, term, day });
            }
        }
        slots
    }

    /// Takes over what was used before.
    pub fn load(&mut self, slot: Slot, kept: &Used) {
        for (number, limit) in self.limits.iter().enumerate() {
            let found = kept.iter().find(|(kind, _)| *kind == limit.kind());
            if let (true, Some((_, kept))) = (limit.is_kept_in(slot), found) {
                if let Some(used) = self.used_of(number, slot.day) {
                    *used = *kept;
                }
            }
        }
    }

    /// Writes what is used now into what was used before. What no limit is about any more stays.
    pub fn store(&mut self, slot: Slot, kept: &mut Used) {
        for (number, limit) in self.limits.iter().enumerate() {
            if !limit.is_kept_in(slot) {
                continue;
            }
            let used = self.used_of(number, slot.day).map_or(0, |used| *used);
            match kept.iter_mut().find(|(kind, _)| *kind == limit.kind()) {
                Some((_, kept)) => *kept = used,
                None if used > 0 => kept.push((limit.kind(), used)),
                None => {}
            }
        }
    }

    fn used_of(&mut self, number: usize, day: usize) -> Option<&mut u128> {
        // At most 24 limits and 50 days.
        self.used.get_mut(day.saturating_mul(self.limits.len()).saturating_add(number))
    }

    /// The places of the limits of a measure that count for a line, in [`Counters::used`]. A deductible of the line's category
    /// replaces the general ones.
    fn counting(&self, measure: Measure, line: Counted) -> Vec<usize> {
        let (mut own, mut general) = (Vec::new(), Vec::new());
        for (number, limit) in self.limits.iter().enumerate() {
            if limit.measure != measure || !limit.covers(line.category, line.network) {
                continue;
            }
            let row = if limit.term == Term::Day { line.day } else { 0 };
            let place = row.saturating_mul(self.limits.len()).saturating_add(number);
            if limit.category.is_some() { &mut own } else { &mut general }.push(place);
        }
        if measure != Measure::Deductible || own.is_empty() {
            own.append(&mut general);
        }
        own
    }

    fn limit_of(&self, place: usize) -> Option<&'a Limit> {
        self.limits.get(place.checked_rem(self.limits.len())?)
    }

    fn left_of(&self, place: usize) -> u128 {
        let used = self.used.get(place).copied().unwrap_or_default();
        self.limit_of(place).map_or(0, |limit| limit.limit.saturating_sub(used))
    }

    /// What is left of the narrowest limit; `None` where there is none.
    #[must_use]
    pub fn left(&self, measure: Measure, line: Counted) -> Option<u128> {
        self.counting(measure, line).into_iter().map(|place| self.left_of(place)).min()
    }

    /// The limits of which exactly `left` is left.
    #[must_use]
    pub fn reached(&self, measure: Measure, line: Counted, left: u128) -> Vec<&'a Limit> {
        let reached = self.counting(measure, line).into_iter().filter(|place| self.left_of(*place) == left);
        reached.filter_map(|place| self.limit_of(place)).collect()
    }

    /// Adds to what was used of every limit that counts.
    pub fn add(&mut self, measure: Measure, line: Counted, amount: u128) {
        self.change(measure, line, |used| used.saturating_add(amount));
    }

    /// Takes back what was added.
    pub fn take(&mut self, measure: Measure, line: Counted, amount: u128) {
        self.change(measure, line, |used| used.saturating_sub(amount));
    }

    fn change(&mut self, measure: Measure, line: Counted, change: impl Fn(u128) -> u128) {
        for place in self.counting(measure, line) {
            if let Some(used) = self.used.get_mut(place) {
                *used = change(*used);
            }
        }
    }
}
