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

impl Amount {
    /// `self × count / of`, rounded down: the part of a charge that `count` of `of` units are. `count` is at most `of`, and
    /// `of` at least 1.
    #[must_use]
    pub fn part(self, count: u32, of: u32) -> Self {
        if count >= of {
            return self;
        }
        Self(share(self.0, count, of))
    }
}

/// `amount × count / of`, rounded down, where `count` is at most `of`. Exact for every amount: the product is never formed in one
/// piece.
fn share(amount: u128, count: u32, of: u32) -> u128 {
    let (whole, rest) = divide(amount, of);
    let (part, _) = divide(u128::from(u64::from(rest).saturating_mul(u64::from(count))), of);
    // At most `amount`.
    whole.saturating_mul(u128::from(count)).saturating_add(part)
}

/// The quotient and the remainder: a long division in digits of 32 bits. What the compiler has for 128 bits is ten times as long
/// in a contract.
fn divide(amount: u128, by: u32) -> (u128, u32) {
    let (mut quotient, mut rest) = (0u128, 0u64);
    for place in [96, 64, 32, 0] {
        let digits = rest << 32 | (amount >> place) as u64 & u64::from(u32::MAX);
        quotient = quotient << 32 | u128::from(digits.checked_div(u64::from(by)).unwrap_or_default());
        rest = digits.checked_rem(u64::from(by)).unwrap_or_default();
    }
    (quotient, rest as u32)
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

    /// This share of `amount`, rounded down.
    #[must_use]
    pub fn of(self, amount: Amount) -> Amount {
        Amount(share(amount.0, u32::from(self.0), u32::from(Self::WHOLE.0)))
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
