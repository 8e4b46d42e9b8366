//! Codes of other people's code systems, as documents are written with them.

use salus_domain::codes::{
    Action, Category, Confidentiality, Measure, Network, Purpose, Reason, Sensitivity, Term, Unit,
};
use serde::Serialize;

/// A code, as its code system writes and displays it. As JSON it is a `Coding`.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Code {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) display: Option<&'static str>,
}

impl Code {
    /// A code without its text.
    pub(crate) const fn bare(system: &'static str, code: &'static str) -> Self {
        Self { system, code, display: None }
    }

    pub(crate) fn concept(self) -> Concept {
        std::iter::once(self).collect()
    }
}

/// A `CodeableConcept`.
#[derive(Clone, Serialize)]
pub(crate) struct Concept {
    pub(crate) coding: Vec<Code>,
}

impl FromIterator<Code> for Concept {
    fn from_iter<I: IntoIterator<Item = Code>>(codes: I) -> Self {
        Self { coding: codes.into_iter().collect() }
    }
}

macro_rules! from_domain {
    ($($Code:ident),+) => {
        $(impl From<$Code> for Code {
            fn from(code: $Code) -> Self {
                Self { system: $Code::SYSTEM, code: code.code(), display: Some(code.display()) }
            }
        })+
    };
}
from_domain!(Action, Category, Confidentiality, Measure, Network, Purpose, Reason, Sensitivity, Term, Unit);

/// A constant for each code: its code system, its name here, the code and its text.
macro_rules! codes {
    ($($system:literal { $($(#[$meta:meta])* $NAME:ident = $code:literal, $display:literal;)+ })+) => {
        $($(
            $(#[$meta])*
            pub(super) const $NAME: $crate::code::Code =
                $crate::code::Code { system: $system, code: $code, display: Some($display) };
        )+)+
    };
}
pub(crate) use codes;
