//! Which account stands for which FHIR reference.

use crate::account;
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use salus_domain::ids::Account;
use std::collections::BTreeMap;

/// The prefix of a reference that names its account itself: `urn:salus:account:` and what [`account::parse`] reads.
pub const ACCOUNT_URN: &str = "urn:salus:account:";

/// Maps references (`Practitioner/example`, absolute URLs) and business identifiers (`system|value`) to accounts.
/// A key counts as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(BTreeMap<String, Account>);

impl Directory {
    /// Reads a mapping: `{"Practitioner/dr-adams": {"account": "5F…"}, "http://sys|val": {"account": "0x…"}}`.
    ///
    /// # Errors
    /// [`Refused`], with the key in the path; [`RefusedReason::Account`] where the account is not one.
    pub fn from_json(document: &[u8]) -> Result<Self, Refused> {
        let document = Document::read(document)?;
        document.root().read(|object| {
            object.entries().into_iter().map(|(key, entry)| Ok((key.to_owned(), entry_account(&entry)?))).collect()
        })
    }

    /// The account that stands for `key`.
    #[must_use]
    pub fn account(&self, key: &str) -> Option<Account> {
        match key.strip_prefix(ACCOUNT_URN) {
            Some(text) => account::parse(text).ok(),
            None => self.0.get(key).copied(),
        }
    }

    /// A key that stands for `account`, the first in alphabetical order.
    #[must_use]
    pub fn key(&self, account: Account) -> Option<&str> {
        self.0.iter().find(|(_, other)| **other == account).map(|(key, _)| key.as_str())
    }

    /// All keys and their accounts, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Account)> {
        self.0.iter().map(|(key, account)| (key.as_str(), *account))
    }
}

impl FromIterator<(String, Account)> for Directory {
    fn from_iter<I: IntoIterator<Item = (String, Account)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

fn entry_account(entry: &Node<'_>) -> Result<Account, Refused> {
    entry.read(|object| {
        let account = object.required("account")?;
        account::parse(account.text()?).map_err(|error| account.refuse(RefusedReason::Account(error)))
    })
}
