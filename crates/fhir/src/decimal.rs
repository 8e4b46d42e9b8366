//! Exact decimals: from the text of a JSON number to integer minor units, with no binary fraction in between.

use crate::error::RefusedReason;
use salus_domain::money::Amount;

/// How many decimals an asset has at most: the minor units of one unit then fit into 128 bits with room to spare.
pub const MAX_DECIMALS: u8 = 24;
/// The largest exponent, either way, that a number may be written with.
const MAX_EXPONENT: u32 = 64;

/// Currencies without a minor unit (ISO 4217).
const WHOLE: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies whose minor unit is a thousandth (ISO 4217).
const MILLS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// What amounts are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The currency that documents name (ISO 4217, FHIR `Money.currency`).
    pub currency: String,
    /// How many decimal digits one unit of the currency has in minor units: 12 for a token with 12 decimals.
    pub decimals: u8,
}

impl Asset {
    /// The minor units of a decimal number (`"12.50"`, `1.25e1`), exactly.
    ///
    /// # Errors
    /// [`RefusedReason::NotADecimal`], [`RefusedReason::Negative`], [`RefusedReason::ExponentOutOfRange`],
    /// [`RefusedReason::TooManyFractionDigits`] where the number is no whole number of minor units, and
    /// [`RefusedReason::AmountTooLarge`].
    pub fn parse(&self, text: &str) -> Result<Amount, RefusedReason> {
        self.decimal(text)?.minor_units(self.decimals)
    }

    /// A decimal number that is a whole number of minor units.
    pub(crate) fn decimal(&self, text: &str) -> Result<Decimal, RefusedReason> {
        let decimals = self.decimals;
        let number = Decimal::parse(text).and_then(|number| number.minor_units(decimals).map(|_| number));
        number.map_err(|reason| match reason {
            RefusedReason::TooManyFractionDigits { .. } => RefusedReason::TooManyFractionDigits { decimals },
            reason => reason,
        })
    }

    /// How many digits after the point a price is rounded to: those of the currency, and not more than the asset has.
    pub(crate) fn price_digits(&self) -> u8 {
        let own = match self.currency.as_str() {
            currency if WHOLE.contains(&currency) => 0,
            currency if MILLS.contains(&currency) => 3,
            _ => 2,
        };
        own.min(self.decimals)
    }

    /// The amount as a decimal number in units of the currency, without trailing zeros beyond cents: `12.50`.
    #[must_use]
    pub fn format(&self, amount: Amount) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", amount.0, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let significant = fraction.trim_end_matches('0').len().max(decimals.min(2));
        match fraction.get(..significant) {
            Some(fraction) if significant > 0 => format!("{whole}.{fraction}"),
            _ => whole.to_owned(),
        }
    }
}

/// A decimal number from 0 on: `digits / 10^scale`, with as few digits as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: u128,
    scale: u32,
}

impl Decimal {
    pub(crate) const ONE: Self = Self { digits: 1, scale: 0 };

    /// Reads the grammar of a JSON number (RFC 8259, section 6).
    pub(crate) fn parse(text: &str) -> Result<Self, RefusedReason> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, Some(exponent)),
            None => (text, None),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
        if !is_digits(whole) || leads_with_zero || !fraction.is_none_or(is_digits) {
            return Err(RefusedReason::NotADecimal);
        }
        if !exponent.is_none_or(is_exponent) {
            return Err(RefusedReason::NotADecimal);
        }
        let fraction = fraction.unwrap_or_default().trim_end_matches('0');
        if fraction.is_empty() && whole == "0" {
            return Ok(Self { digits: 0, scale: 0 });
        }
        if negative {
            return Err(RefusedReason::Negative);
        }
        // At most a document's length, so that neither can overflow.
        let scale = fraction.len() as i64 - exponent.map_or(Ok(0), read_exponent)?;
        let point = whole.len() as i64 + fraction.len() as i64 - scale;
        let digits = read_digits(whole.bytes().chain(fraction.bytes()), point)?;
        let decimal = match u32::try_from(scale) {
            Ok(scale) => Self { digits, scale },
            Err(_) => {
                let zeros = u32::try_from(-scale).map_err(|_| RefusedReason::AmountTooLarge)?;
                Self { digits: shifted(digits, zeros)?, scale: 0 }
            }
        };
        Ok(decimal.shortest())
    }

    fn shortest(mut self) -> Self {
        while self.scale > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.scale -= 1;
            if self.digits == 0 {
                self.scale = 0;
            }
        }
        self
    }

    pub(crate) fn times(self, other: Self) -> Result<Self, RefusedReason> {
        let digits = self.digits.checked_mul(other.digits).ok_or(RefusedReason::AmountTooLarge)?;
        let scale = self.scale.checked_add(other.scale).ok_or(RefusedReason::AmountTooLarge)?;
        Ok(Self { digits, scale }.shortest())
    }

    /// The number, where it is whole.
    pub(crate) fn whole(self) -> Option<u128> {
        (self.scale == 0).then_some(self.digits)
    }

    /// Whether `other` is this number, or what rounding it to so many digits after the point makes of it: the nearest such
    /// number, either of two that are equally near.
    pub(crate) fn rounds_to(self, other: Self, digits: u8) -> bool {
        let beyond = self.scale.checked_sub(u32::from(digits));
        let (Some(beyond), Ok(Amount(rounded))) = (beyond, other.minor_units(digits)) else { return self == other };
        // A unit of more than 128 bits: this number is below half of it.
        let Some(unit) = 10u128.checked_pow(beyond) else { return rounded == 0 };
        let (below, rest) = (self.digits / unit, self.digits % unit);
        let (down, up) = (rest <= unit - rest, rest > 0 && rest >= unit - rest);
        (down && rounded == below) || (up && rounded == below + 1)
    }

    /// The number times `10^decimals`, which must be whole.
    pub(crate) fn minor_units(self, decimals: u8) -> Result<Amount, RefusedReason> {
        let zeros =
            u32::from(decimals).checked_sub(self.scale).ok_or(RefusedReason::TooManyFractionDigits { decimals })?;
        match shifted(self.digits, zeros)? {
            // The largest amount means "no limit".
            u128::MAX => Err(RefusedReason::AmountTooLarge),
            units => Ok(Amount(units)),
        }
    }
}

impl From<u32> for Decimal {
    fn from(whole: u32) -> Self {
        Self { digits: whole.into(), scale: 0 }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that the digits make. Where they are too many, it depends on the side of the point on which the first one
/// stands that is too much.
fn read_digits(digits: impl Iterator<Item = u8>, point: i64) -> Result<u128, RefusedReason> {
    let mut number = 0u128;
    for (place, digit) in (0..).zip(digits) {
        let next = number.checked_mul(10).and_then(|number| number.checked_add(u128::from(digit - b'0')));
        number = next.ok_or(match place < point {
            true => RefusedReason::AmountTooLarge,
            false => RefusedReason::TooManyFractionDigits { decimals: MAX_DECIMALS },
        })?;
    }
    Ok(number)
}

fn is_exponent(text: &str) -> bool {
    is_digits(text.strip_prefix(['+', '-']).unwrap_or(text))
}

fn read_exponent(text: &str) -> Result<i64, RefusedReason> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    match text.trim_start_matches(['+', '-']).parse::<u32>() {
        Ok(exponent) if exponent <= MAX_EXPONENT => Ok(sign * i64::from(exponent)),
        _ => Err(RefusedReason::ExponentOutOfRange),
    }
}

fn shifted(digits: u128, zeros: u32) -> Result<u128, RefusedReason> {
    if digits == 0 {
        return Ok(0);
    }
    10u128.checked_pow(zeros).and_then(|power| digits.checked_mul(power)).ok_or(RefusedReason::AmountTooLarge)
}
