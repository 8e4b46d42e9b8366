//! Whom a resource is about, and how it names them.

use crate::directory::{system, Directory};
use crate::reference::{kind_of, INSURER, PATIENT, PROVIDER};
use salus_domain::ids::Account;

/// Who a claim is about. Each is a FHIR reference (`Patient/c`), a URI, or an identifier as `system|value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Who was treated (`patient`).
    pub patient: String,
    /// Who claims, and is paid (`provider`, `payee`, `requestor`).
    pub provider: String,
    /// Who pays (`insurer`).
    pub insurer: String,
    /// Under which coverage (`insurance.coverage`).
    pub coverage: String,
}

/// What somebody is in a claim: FHIR says which types of resources an element may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Who was treated: a `Patient`.
    Patient,
    /// Who claims: a `Practitioner`, a `PractitionerRole` or an `Organization`.
    Provider,
    /// Who pays: an `Organization`.
    Insurer,
}

impl Party {
    const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Patient => PATIENT,
            Self::Provider => PROVIDER,
            Self::Insurer => INSURER,
        }
    }

    /// What a directory calls an account where it is this: a reference to a resource of a type that may stand there, or else a key
    /// that names no type, such as an identifier; of several the first in alphabetical order. `None`: the directory has no such
    /// name for it.
    #[must_use]
    pub fn named(self, directory: &Directory, account: Account) -> Option<&str> {
        let kind = |key| kind_of(key).filter(|_| system(key).is_none());
        let keys = || directory.iter().filter(|(_, known)| *known == account).map(|(key, _)| key);
        let fitting = keys().find(|key| kind(key).is_some_and(|kind| self.types().contains(&kind)));
        fitting.or_else(|| keys().find(|key| kind(key).is_none()))
    }
}
