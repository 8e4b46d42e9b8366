//! Who asks: the parties that a request names, and what they count as ([`Actor`]) according to the directory.
//!
//! On the chain, whoever asks counts as what its credentials say. Here the directory says it: a practitioner acts for the
//! organisations of its roles and in these roles, as far as they are active. Where that cannot be told for sure, a permit
//! must not rest on it and a deny must not miss it, so that it is uncertain whether the asker counts as such an actor:
//! - roles and organisations of a practitioner, where the request names other organisations that it acts for;
//! - a role that the request names and that is over or not active;
//! - the whole of which an organisation is a part (`partOf`);
//! - whoever is listed without an identifier, where the request has one that is not listed: it may be theirs;
//! - the domain's roles, where a role or a type of organisation is only given in codes that are not known.

use super::read::possible_roles;
use super::{stand_in, PartyId, People, RoleOf};
use crate::directory::{system, Directory, Kind};
use salus_domain::consent::Actor;
use salus_domain::ids::Account;
use salus_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Whether two names are those of one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Same {
    Yes,
    No,
    /// The directory does not say it.
    Unknown,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asker {
    certain: BTreeSet<Key>,
    uncertain: BTreeSet<Key>,
    /// Whether some of it has no account, so that it may be an account that the directory does not know.
    pub(crate) without_account: bool,
}

/// An actor, in an order.
type Key = (u8, [u8; 32]);

fn key(actor: &Actor) -> Key {
    match actor {
        Actor::Account(account) => (0, account.0),
        Actor::Organisation(account) => (1, account.0),
        Actor::Role(role) => (2, [*role as u8; 32]),
    }
}

impl Asker {
    /// Whether it counts as the actor.
    pub(crate) fn is(&self, actor: &Actor) -> bool {
        self.certain.contains(&key(actor))
    }

    /// Whether it may count as the actor; that it does is not sure.
    pub(crate) fn may_be(&self, actor: &Actor) -> bool {
        self.uncertain.contains(&key(actor)) && !self.is(actor)
    }

    fn counts(&mut self, actor: Actor, surely: bool) {
        let known = if surely { &mut self.certain } else { &mut self.uncertain };
        known.insert(key(&actor));
    }
}

impl People {
    /// Whether two names are those of one party. Where two parties have identifiers of the same system and none in common,
    /// they are two; so are two that resources or mapping files are about.
    pub(crate) fn same(&self, one: &str, other: &str) -> Same {
        if one == other {
            return Same::Yes;
        }
        let (first, second) = (self.get(one), self.get(other));
        if let (Some(first), Some(second)) = (first, second) {
            if first == second {
                return Same::Yes;
            }
            if self.has_account(first) && self.has_account(second) {
                return if self.account(first) == self.account(second) { Same::Yes } else { Same::No };
            }
            if self.party(first).described && self.party(second).described {
                return Same::No;
            }
        }
        let systems = |key: &str, id: Option<PartyId>| -> BTreeSet<String> {
            let of_party = id.map(|id| self.shared_systems(&BTreeSet::from([id]))).unwrap_or_default();
            of_party.into_iter().chain(system(key).map(str::to_owned)).collect()
        };
        match systems(one, first).is_disjoint(&systems(other, second)) {
            true => Same::Unknown,
            false => Same::No,
        }
    }

    /// Whether the directory says that two names are those of two parties.
    pub(crate) fn are_two(&self, one: &str, other: &str) -> bool {
        self.get(one).is_some() && self.get(other).is_some() && self.same(one, other) == Same::No
    }

    /// The systems in which all of these parties have identifiers.
    fn shared_systems(&self, ids: &BTreeSet<PartyId>) -> BTreeSet<String> {
        let mut of_each: BTreeMap<PartyId, BTreeSet<&str>> = ids.iter().map(|id| (*id, BTreeSet::new())).collect();
        for (key, id) in self.names() {
            if let (Some(systems), Some(system)) = (of_each.get_mut(&id), system(key)) {
                systems.insert(system);
            }
        }
        let mut all = of_each.into_values();
        let first = all.next().unwrap_or_default();
        let shared = all.fold(first, |shared, systems| shared.intersection(&systems).copied().collect());
        shared.into_iter().map(str::to_owned).collect()
    }

    /// All accounts that the directory knows, stand-ins among them.
    pub(crate) fn accounts(&self) -> BTreeSet<Account> {
        self.directory_with_stand_ins().iter().map(|(_, account)| account).collect()
    }

    /// Who asks, where these identifiers name it, at `at`.
    ///
    /// # Errors
    /// The place of the identifier that names another person than one before.
    pub(crate) fn asker(&self, identifiers: &[String], at: Timestamp) -> Result<Asker, usize> {
        let mut named = Named::default();
        let mut asker = Asker::default();
        for (place, key) in identifiers.iter().enumerate() {
            match self.get(key) {
                Some(id) => self.add_named(&mut named, id).map_err(|()| place)?,
                // Nobody that the directory knows: it counts as what is named just like this.
                None => {
                    asker.counts(Actor::Account(stand_in(key)), true);
                    asker.counts(Actor::Organisation(stand_in(key)), true);
                    asker.without_account = true;
                    named.has_strangers = true;
                }
            }
        }
        self.count(&named, &mut asker, at);
        Ok(asker)
    }

    fn add_named(&self, named: &mut Named, id: PartyId) -> Result<(), ()> {
        let role = self.roles.iter().find(|role| self.find(role.role) == id);
        match (role, self.party(id).kind) {
            (Some(role), _) => {
                named.roles.push(id);
                match role.practitioner {
                    Some(practitioner) => self.add_person(named, self.find(practitioner)),
                    None => Ok(()),
                }
            }
            (None, Some(Kind::Person)) => self.add_person(named, id),
            (None, Some(Kind::Organisation)) => {
                named.organisations.push(id);
                Ok(())
            }
            (None, None) => {
                named.others.push(id);
                // A mapping file can give the same account to a name that says what it is.
                let twins: BTreeSet<PartyId> =
                    self.with_account(id).filter(|id| self.party(*id).kind.is_some()).collect();
                twins.into_iter().try_for_each(|id| self.add_named(named, id))
            }
        }
    }

    fn add_person(&self, named: &mut Named, id: PartyId) -> Result<(), ()> {
        let account = |id| self.party(id).account.as_ref().map(|(account, _)| *account);
        let same = |other: &PartyId| *other == id || (account(id).is_some() && account(*other) == account(id));
        if !named.people.iter().all(same) {
            return Err(());
        }
        named.people.push(id);
        Ok(())
    }

    fn count(&self, named: &Named, asker: &mut Asker, at: Timestamp) {
        let organisations = self.with_their_account(&named.organisations);
        let alone = named.people.is_empty() && named.roles.is_empty();
        for id in &organisations {
            self.count_organisation(asker, *id, true);
            if alone {
                asker.counts(Actor::Account(self.account(*id)), true);
            }
        }
        for id in &named.others {
            asker.counts(Actor::Account(self.account(*id)), true);
            asker.counts(Actor::Organisation(self.account(*id)), true);
        }
        let people = self.with_their_account(&named.people);
        for id in &people {
            asker.counts(Actor::Account(self.account(*id)), true);
        }
        let acts_for_named = !named.organisations.is_empty() || !named.roles.is_empty() || named.has_strangers;
        for role in &self.roles {
            let is_named = named.roles.contains(&self.find(role.role));
            let is_theirs = role.practitioner.is_some_and(|id| people.contains(&self.find(id)));
            let holds = role.active && role.period.contains(at);
            let is_for_named = role.organisation.is_some_and(|id| organisations.contains(&self.find(id)));
            if is_named || (is_theirs && holds) {
                self.count_role(asker, role, holds && (is_named || is_for_named || !acts_for_named));
            }
        }
        if named.has_strangers {
            self.count_unidentified(named, asker);
        }
        let all = named.organisations.iter().chain(&named.others).chain(&named.people).chain(&named.roles);
        asker.without_account |= all.into_iter().any(|id| !self.has_account(*id));
    }

    /// Counts those of whom no identifier is known. Where the request names a person, nobody else is the person.
    fn count_unidentified(&self, named: &Named, asker: &mut Asker) {
        let identified: BTreeSet<PartyId> =
            self.names().filter(|(key, _)| system(key).is_some()).map(|(_, id)| id).collect();
        let is_unidentified = |id: PartyId| !identified.contains(&self.find(id));
        for id in self.names().map(|(_, id)| id).filter(|id| is_unidentified(*id)) {
            if self.party(id).kind != Some(Kind::Person) {
                self.count_organisation(asker, id, false);
            }
        }
        if !named.people.is_empty() || !named.roles.is_empty() {
            return;
        }
        let of_identified = |role: &RoleOf| role.practitioner.is_some_and(|id| !is_unidentified(id));
        let roles: Vec<&RoleOf> =
            self.roles.iter().filter(|role| is_unidentified(role.role) && !of_identified(role)).collect();
        roles.iter().for_each(|role| self.count_role(asker, role, false));
        let is_role = |id: PartyId| self.roles.iter().any(|role| self.find(role.role) == id);
        for id in self.names().map(|(_, id)| id).filter(|id| is_unidentified(*id) && !is_role(*id)) {
            asker.counts(Actor::Account(self.account(id)), false);
        }
    }

    fn count_role(&self, asker: &mut Asker, role: &RoleOf, surely: bool) {
        asker.counts(Actor::Account(self.account(role.role)), surely);
        if let Some(id) = role.organisation {
            self.count_organisation(asker, self.find(id), surely);
        }
        role.roles.iter().for_each(|role| asker.counts(Actor::Role(role), surely));
        if role.unclear_roles {
            possible_roles(false).iter().for_each(|role| asker.counts(Actor::Role(role), false));
        }
    }

    fn count_organisation(&self, asker: &mut Asker, id: PartyId, surely: bool) {
        asker.counts(Actor::Organisation(self.account(id)), surely);
        asker.without_account |= !self.has_account(id);
        let party = self.party(id);
        party.roles.iter().for_each(|role| asker.counts(Actor::Role(role), surely));
        if party.unclear_roles {
            possible_roles(true).iter().for_each(|role| asker.counts(Actor::Role(role), false));
        }
        for whole in self.wholes(id) {
            asker.counts(Actor::Organisation(self.account(whole)), false);
        }
    }

    /// The organisations that one is a part of, directly or not.
    fn wholes(&self, id: PartyId) -> BTreeSet<PartyId> {
        let mut found = BTreeSet::new();
        let mut next = Vec::from([id]);
        while let Some(part) = next.pop() {
            for whole in self.party(part).part_of.iter().map(|id| self.find(*id)) {
                if whole != id && found.insert(whole) {
                    next.push(whole);
                }
            }
        }
        found
    }

    /// These parties, and those of the same kind that have their accounts: several names for one party in mapping files.
    fn with_their_account(&self, ids: &[PartyId]) -> BTreeSet<PartyId> {
        let twins = |id: &PartyId| {
            let kind = self.party(*id).kind;
            self.with_account(*id).filter(move |twin| self.party(*twin).kind == kind)
        };
        ids.iter().copied().chain(ids.iter().flat_map(twins)).collect()
    }

    /// The parties that have the account of this one.
    fn with_account(&self, id: PartyId) -> impl Iterator<Item = PartyId> + '_ {
        let account = self.party(id).account.as_ref().map(|(account, _)| *account);
        self.names().map(|(_, id)| id).filter(move |id| {
            account.is_some() && self.party(*id).account.as_ref().map(|(account, _)| *account) == account
        })
    }

    /// The directory that consents are compiled with against a request of these identifiers: stand-ins for whoever has no
    /// account, and for identifiers that are not listed where they can be told from everybody who asks.
    pub(crate) fn directory_for(&self, identifiers: &[String]) -> Directory {
        let mut directory = self.directory_with_stand_ins();
        let mut parties: Vec<BTreeSet<String>> = Vec::new();
        for key in identifiers {
            match self.get(key) {
                Some(id) => parties.push(self.shared_systems(&self.concerned(id))),
                None => {
                    directory.insert(key.clone(), stand_in(key), None);
                    parties.push(system(key).map(str::to_owned).into_iter().collect());
                }
            }
        }
        let shared = parties.split_first().map(|(first, others)| {
            let in_all = first.iter().filter(|system| others.iter().all(|systems| systems.contains(*system)));
            in_all.cloned().collect()
        });
        directory.telling_apart(shared.unwrap_or_default())
    }

    /// A party, and everybody for whom it may act.
    fn concerned(&self, id: PartyId) -> BTreeSet<PartyId> {
        let mut all = BTreeSet::from([id]);
        for role in &self.roles {
            let practitioner = role.practitioner.map(|id| self.find(id));
            if self.find(role.role) == id || practitioner == Some(id) {
                all.extend(practitioner);
                all.extend(role.organisation.map(|id| self.find(id)));
            }
        }
        let wholes: Vec<PartyId> = all.iter().flat_map(|id| self.wholes(*id)).collect();
        all.extend(wholes);
        all
    }
}

/// The parties that a request names.
#[derive(Default)]
struct Named {
    people: Vec<PartyId>,
    roles: Vec<PartyId>,
    organisations: Vec<PartyId>,
    /// Those of which it is not known what they are.
    others: Vec<PartyId>,
    /// Whether it names somebody that the directory does not know: an organisation that it acts for, perhaps.
    has_strangers: bool,
}
