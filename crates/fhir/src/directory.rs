//! Which account stands for which FHIR reference or business identifier. [`crate::people`] makes a directory of FHIR
//! resources too.

use crate::account;
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::people::stand_in;
use crate::reference::{current, kind_of};
use salus_domain::ids::Account;
use std::collections::{BTreeMap, BTreeSet};

/// The prefix of a reference that names its account itself: `urn:salus:account:` and what [`account::parse`] reads.
pub const ACCOUNT_URN: &str = "urn:salus:account:";

/// Whether an actor is a person or an organisation: it counts as itself, or as whoever is credentialed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Organisation,
}

impl Kind {
    /// What resources of a type are, where they can be an actor.
    pub(crate) fn of(resource_type: &str) -> Option<Self> {
        match resource_type {
            "Practitioner" | "PractitionerRole" | "Patient" | "RelatedPerson" | "Person" => Some(Self::Person),
            "Organization" => Some(Self::Organisation),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    account: Account,
    kind: Option<Kind>,
}

/// Maps references (`Practitioner/example`, absolute URLs) and business identifiers (`system|value`) to accounts.
/// A key counts as it is written, but for the version that a reference may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    entries: BTreeMap<String, Entry>,
    /// Who is listed without an account.
    without_account: BTreeSet<String>,
    /// See [`Directory::telling_apart`].
    told_apart: BTreeSet<String>,
    /// See [`Directory::listed_accounts_only`].
    listed_only: bool,
}

impl Directory {
    /// Reads a mapping: `{"Practitioner/dr-adams": {"account": "5F…"}, "http://sys|val": {"account": "0x…"}}`.
    ///
    /// # Errors
    /// [`Refused`], with the key in the path; [`RefusedReason::Account`] where the account is not one.
    pub fn from_json(document: &[u8]) -> Result<Self, Refused> {
        Ok(mapping(&Document::read(document)?.root())?.into_iter().collect())
    }

    /// The account that stands for `key`.
    #[must_use]
    pub fn account(&self, key: &str) -> Option<Account> {
        if let Some(text) = key.strip_prefix(ACCOUNT_URN) {
            let account = account::parse(text).ok();
            return account.filter(|account| !self.listed_only || self.key(*account).is_some());
        }
        let listed = self.entries.get(current(key)).map(|entry| entry.account);
        listed.or_else(|| system(key).filter(|system| self.told_apart.contains(*system)).map(|_| stand_in(key)))
    }

    /// The account that stands for `key`, or else a hash that is nobody's account: the same for each version of a reference.
    #[must_use]
    pub fn account_or_stand_in(&self, key: &str) -> Account {
        self.account(key).unwrap_or_else(|| stand_in(current(key)))
    }

    /// A key that stands for `account`, the first in alphabetical order.
    #[must_use]
    pub fn key(&self, account: Account) -> Option<&str> {
        self.iter().find(|(_, other)| *other == account).map(|(key, _)| key)
    }

    /// All keys and their accounts, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Account)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry.account))
    }

    pub(crate) fn kind(&self, key: &str) -> Option<Kind> {
        self.entries.get(current(key)).and_then(|entry| entry.kind)
    }

    pub(crate) fn insert(&mut self, key: String, account: Account, kind: Option<Kind>) {
        self.entries.insert(current(&key).to_owned(), Entry { account, kind });
    }

    /// Lists somebody who has no account.
    pub(crate) fn insert_without_account(&mut self, key: String) {
        self.without_account.insert(key);
    }

    pub(crate) fn is_without_account(&self, key: &str) -> bool {
        self.without_account.contains(current(key))
    }

    /// The same directory, in which an identifier of one of these systems that is not listed stands for somebody who is
    /// not listed either: everybody with whom it is to be compared has an identifier of that system, and another one.
    pub(crate) fn telling_apart(mut self, systems: BTreeSet<String>) -> Self {
        self.told_apart = systems;
        self
    }

    /// The same directory, in which a reference that names its account itself must name that of somebody who is listed: who
    /// is compared with it has no account, and may be that one.
    pub(crate) const fn listed_accounts_only(mut self) -> Self {
        self.listed_only = true;
        self
    }
}

/// What a key is, as far as it says so itself.
pub(crate) fn kind_of_key(key: &str) -> Option<Kind> {
    kind_of(key).filter(|_| system(key).is_none()).and_then(Kind::of)
}

/// The system of a business identifier, where the key is one.
pub(crate) fn system(key: &str) -> Option<&str> {
    key.split_once('|').map(|(system, _)| system)
}

/// The keys and accounts of a mapping file.
pub(crate) fn mapping(root: &Node<'_>) -> Result<Vec<(String, Account)>, Refused> {
    root.read(|object| {
        object.entries().into_iter().map(|(key, entry)| Ok((key.to_owned(), entry_account(&entry)?))).collect()
    })
}

impl FromIterator<(String, Account)> for Directory {
    fn from_iter<I: IntoIterator<Item = (String, Account)>>(entries: I) -> Self {
        let mut directory = Self::default();
        for (key, account) in entries {
            let kind = kind_of_key(&key);
            directory.insert(key, account, kind);
        }
        directory
    }
}

fn entry_account(entry: &Node<'_>) -> Result<Account, Refused> {
    entry.read(|object| {
        let account = object.required("account")?;
        account::parse(account.text()?).map_err(|error| account.refuse(RefusedReason::Account(error)))
    })
}
