//! The chain's clock: the system's time, moved forward by an offset, and never too slow for the runtime.

use std::time::Duration;

use sp_timestamp::Timestamp;

/// What the runtime's timestamp pallet demands between two blocks (its `MinimumPeriod`).
pub const MINIMUM_PERIOD: Duration = Duration::from_millis(5);

/// How far the clock may be moved ahead of the system's: 100 years of 365.25 days.
pub const MAXIMUM_OFFSET: Duration = Duration::from_secs(100 * 31_557_600);

/// The clock cannot be moved that far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock can be at most {} ms ahead of the system's time", MAXIMUM_OFFSET.as_millis())]
pub struct TooFar;

/// The chain's clock. The system's time is always an argument, as a duration since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    offset: Duration,
    last: Duration,
}

impl Clock {
    /// A clock for a chain whose best block carries the time `last` (zero: no time yet). A chain that is ahead of
    /// the system stays ahead.
    pub fn new(last: Timestamp, system: Timestamp) -> Self {
        let last = last.as_duration();
        Self { offset: last.saturating_sub(system.as_duration()), last }
    }

    /// How far the clock is ahead of the system's.
    pub fn offset(&self) -> Duration {
        self.offset
    }

    /// The time that a block sealed now would carry.
    pub fn reading(&self, system: Timestamp) -> Timestamp {
        let earliest = self.last.saturating_add(MINIMUM_PERIOD);
        let moved = system.as_duration().saturating_add(self.offset);
        // Whole milliseconds below u64::MAX: both operands came from 64-bit milliseconds, bounded offsets aside.
        Timestamp::new(u64::try_from(moved.max(earliest).as_millis()).unwrap_or(u64::MAX))
    }

    /// The time for the block that is being sealed now: later than any before by at least [`MINIMUM_PERIOD`].
    pub fn tick(&mut self, system: Timestamp) -> Timestamp {
        let now = self.reading(system);
        self.last = now.as_duration();
        now
    }

    /// Moves the clock forward, counted from what it reads now.
    ///
    /// # Errors
    /// [`TooFar`], and the clock stays as it was, if it would be ahead of the system by more than
    /// [`MAXIMUM_OFFSET`].
    pub fn advance(&mut self, by: Duration, system: Timestamp) -> Result<(), TooFar> {
        let ahead = self.reading(system).as_duration().saturating_sub(system.as_duration());
        let offset = ahead.checked_add(by).filter(|offset| *offset <= MAXIMUM_OFFSET).ok_or(TooFar)?;
        self.offset = offset;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::new(1_800_000_000_000);

    fn later(milliseconds: u64) -> Timestamp {
        Timestamp::new(NOW.as_millis() + milliseconds)
    }

    #[test]
    fn an_unmoved_clock_reads_the_system() {
        let mut clock = Clock::new(Timestamp::new(0), NOW);
        assert_eq!(clock.tick(NOW), NOW);
        assert_eq!(clock.tick(later(1000)), later(1000));
    }

    #[test]
    fn blocks_within_one_millisecond_are_a_minimum_period_apart() {
        let mut clock = Clock::new(Timestamp::new(0), NOW);
        let times: Vec<_> = (0..4).map(|_| clock.tick(NOW)).collect();
        assert_eq!(times, [later(0), later(5), later(10), later(15)]);
    }

    #[test]
    fn a_system_clock_set_back_does_not_take_the_chain_back() {
        let mut clock = Clock::new(Timestamp::new(0), NOW);
        assert_eq!(clock.tick(later(60_000)), later(60_000));
        assert_eq!(clock.tick(NOW), later(60_005));
    }

    #[test]
    fn advancing_counts_from_the_reading() {
        let mut clock = Clock::new(Timestamp::new(0), NOW);
        for _ in 0..3 {
            clock.tick(NOW);
        }
        assert_eq!(clock.reading(NOW), later(15));
        clock.advance(Duration::from_secs(1), NOW).expect("within bounds");
        assert_eq!(clock.tick(NOW), later(1015));
    }

    #[test]
    fn a_restarted_chain_stays_ahead() {
        let clock = Clock::new(later(3_600_000), NOW);
        assert_eq!(clock.offset(), Duration::from_secs(3600));
        assert_eq!(clock.reading(NOW), later(3_600_005));
    }

    #[test]
    fn a_century_is_the_limit_and_a_refusal_changes_nothing() {
        let mut clock = Clock::new(Timestamp::new(0), NOW);
        let before = clock.clone();
        assert_eq!(clock.advance(MAXIMUM_OFFSET + Duration::from_millis(1), NOW), Err(TooFar));
        assert_eq!(clock.advance(Duration::from_millis(u64::MAX), NOW), Err(TooFar));
        assert_eq!(clock, before);
        clock.advance(MAXIMUM_OFFSET, NOW).expect("within bounds");
        assert_eq!(clock.advance(Duration::from_millis(1), NOW), Err(TooFar));
    }
}
