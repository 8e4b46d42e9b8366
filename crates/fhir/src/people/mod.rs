//! Who is who: references and identifiers of people and organisations, from mapping files ([`crate::directory`]) and from
//! FHIR resources, whichever of them names whom.
//!
//! Every name of one resource (`Type/id`, the `fullUrl` of its entry, its business identifiers) stands for one party, and
//! resources that share a name are one party. `Patient.link` and `Person.link` make one party of two. A `PractitionerRole`
//! is a party of its own, since whoever is named in one role is not meant in another: it makes a practitioner act for an
//! organisation and in a role.

mod asker;
mod read;

pub(crate) use asker::{Asker, Same};

use crate::directory::{kind_of_key, Directory, Kind};
use crate::error::{Refused, RefusedReason};
use crate::reference::current;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use salus_domain::codes::RoleSet;
use salus_domain::ids::Account;
use salus_domain::time::Period;
use std::collections::BTreeMap;

/// A party by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartyId(usize);

/// Somebody: a person, an organisation, a person in a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Party {
    /// The account, and the key that has it in a mapping file.
    account: Option<(Account, String)>,
    kind: Option<Kind>,
    /// Whether a resource or a mapping file is about it; otherwise another resource only refers to it.
    described: bool,
    /// What an organisation is known as (`Organization.type`).
    roles: RoleSet,
    /// Whether it has a type that is not known.
    unclear_roles: bool,
    /// The organisations that it is a part of.
    part_of: Vec<PartyId>,
    /// Where it is on servers: absolute `fullUrl`s.
    urls: Vec<String>,
    /// The party that this one turned out to be.
    same_as: Option<PartyId>,
}

/// A `PractitionerRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RoleOf {
    role: PartyId,
    practitioner: Option<PartyId>,
    organisation: Option<PartyId>,
    identifiers: Vec<String>,
    roles: RoleSet,
    unclear_roles: bool,
    active: bool,
    period: Period,
}

/// Everybody that the documents of a directory name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    parties: Vec<Party>,
    keys: BTreeMap<String, PartyId>,
    roles: Vec<RoleOf>,
    /// The identifiers of roles that are nobody else's.
    role_keys: BTreeMap<String, PartyId>,
    /// What stands for the accounts of those who have none.
    stand_ins: BTreeMap<PartyId, Account>,
}

impl People {
    /// Reads one more document: a mapping file, or any FHIR resource. Of a `Bundle`, each entry counts; resources that are
    /// neither people nor organisations are passed over.
    ///
    /// # Errors
    /// [`Refused`]: the document cannot be read, or it contradicts itself or one that was read before. What was read of it
    /// until then stays.
    pub fn add(&mut self, document: &[u8]) -> Result<(), Refused> {
        read::document(self, document)?;
        self.role_keys = self.name_roles()?;
        let without = self.best_names().into_iter().filter(|(id, _)| !self.has_account(*id));
        self.stand_ins = without.map(|(id, name)| (id, stand_in(name))).collect();
        Ok(())
    }

    /// Practitioners and their roles often share an identifier: it then names the practitioner, who is more than one of
    /// the roles.
    fn name_roles(&self) -> Result<BTreeMap<String, PartyId>, Refused> {
        let mut named: BTreeMap<String, (PartyId, Option<PartyId>)> = BTreeMap::new();
        for role in &self.roles {
            let practitioner = role.practitioner.map(|id| self.find(id));
            for identifier in role.identifiers.iter().filter(|identifier| !self.keys.contains_key(*identifier)) {
                let found = (self.find(role.role), practitioner);
                match named.get_mut(identifier) {
                    None => {
                        named.insert(identifier.clone(), found);
                    }
                    Some((other, _)) if *other == found.0 => {}
                    Some((other, Some(of_other))) if Some(*of_other) == practitioner => *other = *of_other,
                    Some(_) => {
                        let name = identifier.clone();
                        let reason = RefusedReason::RolesOfDifferentPeople { name };
                        return Err(Refused::new(identifier, reason));
                    }
                }
            }
        }
        Ok(named.into_iter().map(|(key, (id, _))| (key, id)).collect())
    }

    /// The accounts that the mapping files give, under every name of their parties.
    #[must_use]
    pub fn directory(&self) -> Directory {
        let mut directory = Directory::default();
        for (key, id) in self.names() {
            match &self.party(id).account {
                Some((account, _)) => directory.insert(key.to_owned(), *account, self.kind(key, id)),
                None => directory.insert_without_account(key.to_owned()),
            }
        }
        directory
    }

    /// The same, in which whoever has no account has a stand-in for one.
    pub(crate) fn directory_with_stand_ins(&self) -> Directory {
        let mut directory = Directory::default();
        for (key, id) in self.names() {
            directory.insert(key.to_owned(), self.account(id), self.kind(key, id));
        }
        directory
    }

    fn kind(&self, key: &str, id: PartyId) -> Option<Kind> {
        self.party(id).kind.or_else(|| kind_of_key(key))
    }

    /// All names that others can use; those of contained resources are nobody else's.
    fn names(&self) -> impl Iterator<Item = (&str, PartyId)> {
        let names = self.keys.iter().filter(|(key, _)| !key.starts_with('#')).chain(&self.role_keys);
        names.map(|(key, id)| (key.as_str(), self.find(*id)))
    }

    /// The name that each party goes by: a reference where it has one, the first in alphabetical order.
    fn best_names(&self) -> BTreeMap<PartyId, &str> {
        let mut best: BTreeMap<PartyId, &str> = BTreeMap::new();
        for (key, id) in self.names() {
            let so_far = best.entry(id).or_insert(key);
            if kind_of_key(so_far).is_none() && kind_of_key(key).is_some() {
                *so_far = key;
            }
        }
        best
    }

    /// The account of a party, or what stands for one.
    fn account(&self, id: PartyId) -> Account {
        let own = self.party(id).account.as_ref().map(|(account, _)| *account);
        // A party without a name is nobody's actor.
        own.or_else(|| self.stand_ins.get(&self.find(id)).copied()).unwrap_or_else(|| stand_in(""))
    }

    fn has_account(&self, id: PartyId) -> bool {
        self.party(id).account.is_some()
    }

    fn name(&self, id: PartyId) -> String {
        self.best_names().get(&self.find(id)).map_or_else(String::new, |name| (*name).to_owned())
    }

    /// The party that a name stands for.
    pub(crate) fn get(&self, key: &str) -> Option<PartyId> {
        let key = current(key);
        self.keys.get(key).or_else(|| self.role_keys.get(key)).map(|id| self.find(*id))
    }

    fn get_named(&self, key: &str) -> Option<PartyId> {
        self.keys.get(current(key)).map(|id| self.find(*id))
    }

    /// The party that a name stands for; a new one where nobody had the name.
    fn named(&mut self, key: &str) -> PartyId {
        if let Some(id) = self.get_named(key) {
            return id;
        }
        let id = self.new_party();
        self.keys.insert(current(key).to_owned(), id);
        id
    }

    fn new_party(&mut self) -> PartyId {
        self.parties.push(Party::default());
        PartyId(self.parties.len() - 1)
    }

    fn find(&self, mut id: PartyId) -> PartyId {
        while let Some(next) = self.parties.get(id.0).and_then(|party| party.same_as) {
            id = next;
        }
        id
    }

    fn party(&self, id: PartyId) -> &Party {
        // Every number is that of a party: only `new_party` makes them, and none is ever removed.
        &self.parties[self.find(id).0]
    }

    fn party_mut(&mut self, id: PartyId) -> &mut Party {
        let id = self.find(id);
        &mut self.parties[id.0]
    }

    /// Gives a party one more name. Where the name was somebody's, they are one.
    fn also_named(&mut self, id: PartyId, key: &str) -> Result<(), RefusedReason> {
        match self.get_named(key) {
            Some(other) => self.merge(id, other),
            None => {
                self.keys.insert(current(key).to_owned(), self.find(id));
                Ok(())
            }
        }
    }

    /// Makes one party of two.
    fn merge(&mut self, one: PartyId, other: PartyId) -> Result<(), RefusedReason> {
        let (one, other) = (self.find(one), self.find(other));
        if one == other {
            return Ok(());
        }
        // The older one stays, so that the way to it stays short.
        let (one, other) = (one.min(other), one.max(other));
        let (ours, theirs) = (self.party(one), self.party(other));
        if let (Some((mine, name)), Some((account, other))) = (&ours.account, &theirs.account) {
            if mine != account {
                return Err(RefusedReason::TwoAccounts { name: name.clone(), other: other.clone() });
            }
        }
        if ours.kind.is_some() && theirs.kind.is_some() && ours.kind != theirs.kind {
            return Err(RefusedReason::PersonAndOrganisation { name: self.name(one), other: self.name(other) });
        }
        let gone = std::mem::take(self.party_mut(other));
        self.party_mut(other).same_as = Some(one);
        let stays = self.party_mut(one);
        stays.account = stays.account.take().or(gone.account);
        stays.kind = stays.kind.or(gone.kind);
        stays.described |= gone.described;
        stays.roles = stays.roles.union(gone.roles);
        stays.unclear_roles |= gone.unclear_roles;
        stays.part_of.extend(gone.part_of);
        stays.urls.extend(gone.urls);
        Ok(())
    }

    /// Gives a party an account, under the key of the mapping file.
    fn set_account(&mut self, id: PartyId, account: Account, key: &str) -> Result<(), RefusedReason> {
        let party = self.party_mut(id);
        party.described = true;
        match &party.account {
            Some((other, name)) if *other != account => {
                Err(RefusedReason::TwoAccounts { name: name.clone(), other: key.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                party.account = Some((account, key.to_owned()));
                Ok(())
            }
        }
    }

    fn set_kind(&mut self, id: PartyId, kind: Kind) -> Result<(), RefusedReason> {
        match self.party_mut(id).kind.replace(kind) {
            Some(other) if other != kind => {
                let name = self.name(id);
                Err(RefusedReason::PersonAndOrganisation { name: name.clone(), other: name })
            }
            _ => Ok(()),
        }
    }
}

/// What stands for the account of a party that has none: a hash, which is nobody's account.
pub(crate) fn stand_in(key: &str) -> Account {
    let digest = Blake2b::<U32>::new().chain_update(b"salus/stand-in/1\0").chain_update(key.as_bytes());
    Account(digest.finalize().into())
}
