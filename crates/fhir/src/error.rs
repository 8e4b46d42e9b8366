//! Where a document was refused, and everything that it was refused for.

pub use crate::reason::RefusedReason;
use thiserror::Error;

/// A refused document: nothing was compiled from it (rule 7).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {reason}")]
pub struct Refused {
    /// The element: `Consent.provision.provision[0].actor[1].reference`; `$` is the whole document.
    pub path: String,
    /// Why.
    pub reason: RefusedReason,
}

impl Refused {
    pub(crate) fn new(path: impl Into<String>, reason: RefusedReason) -> Self {
        Self { path: path.into(), reason }
    }
}

/// Everything that a document was refused for, as far as it could be read: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{first}")]
pub struct Refusals {
    /// The first that was found.
    pub first: Refused,
    /// All others, in the order in which they were found.
    pub others: Vec<Refused>,
}

impl Refusals {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Refused> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Refused> for Refusals {
    fn from(first: Refused) -> Self {
        Self { first, others: Vec::new() }
    }
}

/// Collects refusals, so that a reader can go on behind the first.
#[derive(Debug, Default)]
pub(crate) struct Collected(Vec<Refused>);

impl Collected {
    /// The value; `None`: it was refused, which is noted.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Refused>) -> Option<T> {
        result.map_err(|refused| self.0.push(refused)).ok()
    }

    pub(crate) fn note(&mut self, refusals: impl IntoIterator<Item = Refused>) {
        self.0.extend(refusals);
    }

    pub(crate) fn into_result(self) -> Result<(), Refusals> {
        let mut all = self.0.into_iter();
        all.next().map_or(Ok(()), |first| Err(Refusals { first, others: all.collect() }))
    }
}
