//! Money: integer minor units, and basis points.

use scale::{Decode, Encode};

/// An amount in minor units of the plan's asset (for the native token: its smallest unit).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Amount(pub u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Used as a limit: no limit.
    pub const UNLIMITED: Self = Self(u128::MAX);

    /// The sum, or `None` where it does not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where it would be negative.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// What is left after taking `other`, never below zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The smaller of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// `self × quantity`, or `None` where it does not fit.
    #[must_use]
    pub const fn times(self, quantity: u32) -> Option<Self> {
        match self.0.checked_mul(quantity as u128) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
}

/// A share in 1/10,000: 2,000 is 20 %. At most 10,000 where it is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct BasisPoints(pub u16);

impl BasisPoints {
    /// The whole.
    pub const WHOLE: Self = Self(10_000);

    /// Whether it is at most the whole.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 <= Self::WHOLE.0
    }

    /// This share of `amount`, rounded down. Exact for every amount: the product is never formed in one piece.
    #[must_use]
    pub const fn of(self, amount: Amount) -> Amount {
        let whole = Self::WHOLE.0 as u128;
        let share = self.0 as u128;
        // Neither product can overflow for a valid share: the first is at most `amount`, the second below 10^8.
        Amount((amount.0 / whole).saturating_mul(share).saturating_add((amount.0 % whole) * share / whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_and_rounded_down() {
        assert_eq!(BasisPoints(2_000).of(Amount(12_345)), Amount(2_469));
        assert_eq!(BasisPoints(1).of(Amount(9_999)), Amount(0));
        assert_eq!(BasisPoints::WHOLE.of(Amount::UNLIMITED), Amount::UNLIMITED);
    }

    #[test]
    fn arithmetic_says_when_it_does_not_fit() {
        assert_eq!(Amount::UNLIMITED.checked_add(Amount(1)), None);
        assert_eq!(Amount(1).checked_sub(Amount(2)), None);
        assert_eq!(Amount(3).checked_sub(Amount(2)), Some(Amount(1)));
        assert_eq!(Amount::UNLIMITED.times(2), None);
        assert_eq!(Amount(7).times(3), Some(Amount(21)));
        assert_eq!(Amount(1).minus(Amount(2)), Amount::ZERO);
    }
}
