//! Who may act for a patient: a parent, a guardian, the holder of a power of attorney.

use crate::codes::{Power, PowerSet};
use crate::time::{Period, Timestamp};
use scale::{Decode, Encode};

/// What a proxy may do for a patient, and when. A proxy never names proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Mandate {
    /// What the proxy may do.
    pub powers: PowerSet,
    /// When.
    pub period: Period,
}

/// Why a mandate is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum MandateMalformed {
    /// It gives no power.
    NoPowers,
    /// Its period ends before it begins, or as it begins.
    EmptyPeriod,
    /// Its period has ended already.
    AlreadyOver,
}

impl Mandate {
    /// Checks that the mandate can ever be used.
    ///
    /// # Errors
    /// The first [`MandateMalformed`] that is found.
    pub const fn validate(&self, now: Timestamp) -> Result<(), MandateMalformed> {
        if self.powers.is_empty() {
            Err(MandateMalformed::NoPowers)
        } else if !self.period.is_valid() {
            Err(MandateMalformed::EmptyPeriod)
        } else if self.period.end.0 <= now.0 {
            Err(MandateMalformed::AlreadyOver)
        } else {
            Ok(())
        }
    }

    /// Whether it gives `power` at `now`.
    #[must_use]
    pub const fn allows(&self, power: Power, now: Timestamp) -> bool {
        self.period.contains(now) && self.powers.contains(power)
    }
}
