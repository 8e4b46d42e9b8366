//! The standard code systems, each as an enum of single codes and a bit set of several.
//!
//! A set decodes only from bits that stand for a code: an unknown bit is an error, never skipped (rule 7). A code that
//! has a parent is covered by whatever names the parent: see `ancestors`.

mod action;
mod benefit;
mod category;
mod class;
mod confidentiality;
mod power;
mod purpose;
mod reason;
mod role;
mod sensitivity;

pub use action::{Action, ActionSet};
pub use benefit::{Measure, MeasureSet, Network, NetworkSet, Term, TermSet, Unit, UnitSet};
pub use category::{Category, CategorySet};
pub use class::{Class, ClassSet};
pub use confidentiality::{Confidentiality, ConfidentialitySet};
pub use power::{Power, PowerSet};
pub use purpose::{Purpose, PurposeSet};
pub use reason::{Liability, Reason, ReasonSet};
pub use role::{Role, RoleSet};
pub use sensitivity::{Sensitivity, SensitivitySet};

/// Makes an enum of codes (each with its number, code, display text and, in a hierarchy, its parent) and its bit set.
macro_rules! codes {
    (
        system $system:literal;
        $(#[$code_meta:meta])* code $Code:ident;
        $(#[$set_meta:meta])* set $Set:ident($bits:ty);
        $($Variant:ident = $bit:literal, $code:literal, $display:literal $(, under $Parent:ident)?;)+
    ) => {
        $(#[$code_meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, scale::Encode, scale::Decode)]
        #[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
        #[repr(u8)]
        pub enum $Code {
            $(
                #[doc = concat!("`", $code, "`: ", $display, ".")]
                #[codec(index = $bit)]
                $Variant = $bit,
            )+
        }

        impl $Code {
            /// The canonical URL of the code system.
            pub const SYSTEM: &'static str = $system;
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),+];

            /// The code as the code system writes it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$Variant => $code),+ }
            }

            /// What the code means, in the code system's words.
            #[must_use]
            pub const fn display(self) -> &'static str {
                match self { $(Self::$Variant => $display),+ }
            }

            /// The code that is written `code`, if it is one of these.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$Variant),)+ _ => None }
            }

            /// The code directly above this one in the code system's hierarchy.
            #[must_use]
            pub const fn parent(self) -> Option<Self> {
                #[allow(unreachable_patterns, reason = "a flat code system has no codes with a parent")]
                match self { $($(Self::$Variant => Some(Self::$Parent),)?)+ _ => None }
            }

            /// The code itself and all codes above it: whatever names one of them covers this code.
            #[must_use]
            pub const fn ancestors(self) -> $Set {
                let mut bits = 0;
                let mut at = Some(self);
                while let Some(code) = at {
                    bits |= 1 << code as u8;
                    at = code.parent();
                }
                $Set(bits)
            }
        }

        $(#[$set_meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, scale::Encode)]
        #[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
        pub struct $Set($bits);

        impl $Set {
            /// The set with no code.
            pub const EMPTY: Self = Self(0);
            /// The set with every code.
            pub const ALL: Self = Self(0 $(| 1 << $bit)+);

            /// The set with these codes.
            #[must_use]
            pub const fn of(codes: &[$Code]) -> Self {
                let mut bits = 0;
                let mut i = 0;
                while i < codes.len() {
                    bits |= 1 << codes[i] as u8;
                    i += 1;
                }
                Self(bits)
            }

            /// The set with these bits, or `None` where a bit stands for no code.
            #[must_use]
            pub const fn from_bits(bits: $bits) -> Option<Self> {
                if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
            }

            /// Its bits: bit `n` is the code with number `n`.
            #[must_use]
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// Whether it has no code.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether `code` is in it.
            #[must_use]
            pub const fn contains(self, code: $Code) -> bool {
                self.0 & (1 << code as u8) != 0
            }

            /// Whether the two have a code in common.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Whether every code of it is in `other`.
            #[must_use]
            pub const fn is_subset(self, other: Self) -> bool {
                self.0 & !other.0 == 0
            }

            /// The codes of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The codes that are in both.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// This set and `code`.
            #[must_use]
            pub const fn with(self, code: $Code) -> Self {
                Self(self.0 | 1 << code as u8)
            }

            /// Its codes, by number.
            pub fn iter(self) -> impl Iterator<Item = $Code> {
                $Code::ALL.iter().copied().filter(move |code| self.contains(*code))
            }

            /// Every code that is covered by what `named` names.
            #[must_use]
            pub fn under(named: Self) -> Self {
                Self::ALL.iter().filter(|code| code.ancestors().intersects(named)).collect()
            }

            /// Its codes and all codes above them: what names one of those covers a code of it.
            #[must_use]
            pub fn named_by(self) -> Self {
                self.iter().fold(Self::EMPTY, |all, code| all.union(code.ancestors()))
            }

            /// Whether a code of it is `named`, itself or through a code above it.
            #[must_use]
            pub fn any_under(self, named: Self) -> bool {
                self.iter().any(|code| code.ancestors().intersects(named))
            }

            /// Whether each code of it is `named`, itself or through a code above it.
            #[must_use]
            pub fn all_under(self, named: Self) -> bool {
                self.iter().all(|code| code.ancestors().intersects(named))
            }
        }

        impl FromIterator<$Code> for $Set {
            fn from_iter<I: IntoIterator<Item = $Code>>(codes: I) -> Self {
                codes.into_iter().fold(Self::EMPTY, Self::with)
            }
        }

        impl From<$Code> for $Set {
            fn from(code: $Code) -> Self {
                Self::of(&[code])
            }
        }

        impl scale::Decode for $Set {
            fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
                Self::from_bits(<$bits>::decode(input)?).ok_or_else(|| concat!("unknown code in ", stringify!($Set)).into())
            }
        }

        impl core::fmt::Debug for $Set {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_set().entries(self.iter().map(|code| code.code())).finish()
            }
        }
    };
}
use codes;

#[cfg(test)]
mod tests;
