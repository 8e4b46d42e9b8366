//! Time as the chain keeps it: Unix milliseconds.

use scale::{Decode, Encode};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, as `pallet-timestamp` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The earliest time: a period that starts here has no beginning.
    pub const MIN: Self = Self(0);
    /// The latest time: a period that ends here has no end.
    pub const MAX: Self = Self(u64::MAX);

    /// The time `milliseconds` later, at most [`Timestamp::MAX`].
    #[must_use]
    pub const fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// A day, in milliseconds.
pub const DAY: u64 = 24 * 60 * 60 * 1_000;

/// A half-open period: `start <= t < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Period {
    /// The first moment inside.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl Period {
    /// The period that contains every moment.
    pub const ALWAYS: Self = Self { start: Timestamp::MIN, end: Timestamp::MAX };

    /// Whether it contains at least one moment.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.start.0 < self.end.0
    }

    /// Whether `t` is inside.
    #[must_use]
    pub const fn contains(&self, t: Timestamp) -> bool {
        self.start.0 <= t.0 && t.0 < self.end.0
    }

    /// Whether every moment of `other` is inside.
    #[must_use]
    pub const fn covers(&self, other: &Self) -> bool {
        self.start.0 <= other.start.0 && other.end.0 <= self.end.0
    }

    /// Whether the two have a moment in common.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.start.0 < other.end.0 && other.start.0 < self.end.0
    }
}
