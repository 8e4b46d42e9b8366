//! The documents of a directory.

use super::{PartyId, People, RoleOf};
use crate::actor::professional_role;
use crate::coding::{Coding, ORGANISATION_TYPE};
use crate::date::{period, Early};
use crate::directory::{kind_of_key, mapping, Kind};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::kind_of;
use salus_domain::codes::{Role, RoleSet};
use salus_domain::time::Period;

pub(super) fn document(people: &mut People, document: &[u8]) -> Result<(), Refused> {
    let document = Document::parse(document)?;
    let root = document.root();
    let is_resource = root.is_object() && root.open()?.has("resourceType");
    if is_resource {
        return resource(people, &root, None);
    }
    root.refuse_modifiers()?;
    for (key, account) in mapping(&root)? {
        let refuse = |reason| Refused::new(key.clone(), reason);
        let id = people.named(&key);
        people.set_account(id, account, &key).map_err(refuse)?;
        if let Some(kind) = kind_of_key(&key) {
            people.set_kind(id, kind).map_err(refuse)?;
        }
    }
    Ok(())
}

/// Reads a resource and those in it. The recursion ends at [`crate::MAX_NESTING`].
fn resource(people: &mut People, node: &Node<'_>, full_url: Option<&str>) -> Result<(), Refused> {
    let mut object = node.clone().ignoring_extensions().open()?;
    let kind = object.required("resourceType")?.text()?;
    if kind == "Bundle" {
        for entry in object.items("entry")? {
            let mut entry = entry.open()?;
            let full_url = entry.optional("fullUrl").map(|url| url.text()).transpose()?;
            if let Some(node) = entry.optional("resource") {
                resource(people, &node, full_url)?;
            }
        }
        return Ok(());
    }
    if Kind::of(kind).is_none() {
        return Ok(());
    }
    node.refuse_modifiers()?;
    let id = object.optional("id").map(|id| id.text()).transpose()?;
    let mut reader = Reader { people, scope: String::new() };
    let names = names(kind, id, full_url);
    let party = match names.first() {
        Some(name) => reader.people.named(name),
        None => reader.people.new_party(),
    };
    reader.scope = format!("#{}", party.0);
    for name in names {
        reader.people.also_named(party, &name).map_err(|reason| node.refuse(reason))?;
    }
    reader.seen_at(node, party, full_url)?;
    for contained in object.items("contained")? {
        reader.contained(&contained)?;
    }
    reader.party(node, kind, party, &mut object)
}

/// `Type/id` and the `fullUrl`; a server's `fullUrl` has the former in it.
fn names(kind: &str, id: Option<&str>, full_url: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = id.map(|id| format!("{kind}/{id}")).into_iter().collect();
    if let Some(url) = full_url {
        if let (None, Some(true), Some((_, id))) = (id, kind_of(url).map(|of| of == kind), url.rsplit_once('/')) {
            names.push(format!("{kind}/{id}"));
        }
        names.push(url.to_owned());
    }
    names
}

struct Reader<'a> {
    people: &'a mut People,
    /// What the names of contained resources begin with.
    scope: String,
}

impl Reader<'_> {
    fn also_named(&mut self, at: &Node<'_>, party: PartyId, name: &str) -> Result<(), Refused> {
        self.people.also_named(party, name).map_err(|reason| at.refuse(reason))
    }

    /// Two servers can have different resources under one `Type/id`.
    fn seen_at(&mut self, node: &Node<'_>, party: PartyId, full_url: Option<&str>) -> Result<(), Refused> {
        let Some(url) = full_url.filter(|url| url.starts_with("http")) else { return Ok(()) };
        let last_two = |url: &str| url.rsplitn(3, '/').take(2).map(str::to_owned).collect::<Vec<_>>();
        let known = self.people.party(party).urls.iter();
        let twin = known.filter(|known| *known != url).find(|known| last_two(known) == last_two(url)).cloned();
        match twin {
            Some(one) => {
                let name = self.people.name(party);
                Err(node.refuse(RefusedReason::TwoServers { name, one, other: url.to_owned() }))
            }
            None => {
                self.people.party_mut(party).urls.push(url.to_owned());
                Ok(())
            }
        }
    }

    fn contained(&mut self, node: &Node<'_>) -> Result<(), Refused> {
        let mut object = node.clone().ignoring_extensions().open()?;
        let kind = object.required("resourceType")?.text()?;
        let id = object.required("id")?.text()?;
        if Kind::of(kind).is_none() {
            return Ok(());
        }
        let party = self.people.named(&format!("{}#{id}", self.scope));
        self.party(node, kind, party, &mut object)
    }

    fn party(&mut self, node: &Node<'_>, kind: &str, party: PartyId, object: &mut Object<'_>) -> Result<(), Refused> {
        self.people.party_mut(party).described = true;
        if let Some(kind) = Kind::of(kind) {
            self.people.set_kind(party, kind).map_err(|reason| node.refuse(reason))?;
        }
        let identifiers = identifiers(object)?;
        if kind == "PractitionerRole" {
            return self.role(party, identifiers, object);
        }
        for identifier in identifiers {
            self.also_named(node, party, &identifier)?;
        }
        match kind {
            "Organization" => self.organisation(party, object),
            "Patient" => object.items("link")?.iter().try_for_each(|link| {
                let mut object = link.open()?;
                self.same_person(party, &object.required("other")?)
            }),
            "Person" => object.items("link")?.iter().try_for_each(|link| {
                let mut object = link.open()?;
                let assurance = object.optional("assurance");
                if let Some(node) = assurance.filter(|node| matches!(node.text(), Ok("level1" | "level2"))) {
                    return Err(node.refuse(RefusedReason::UnsureLink));
                }
                self.same_person(party, &object.required("target")?)
            }),
            _ => Ok(()),
        }
    }

    fn same_person(&mut self, party: PartyId, reference: &Node<'_>) -> Result<(), Refused> {
        match self.referred(reference)? {
            Some(other) => self.people.merge(party, other).map_err(|reason| reference.refuse(reason)),
            None => Ok(()),
        }
    }

    fn organisation(&mut self, party: PartyId, object: &mut Object<'_>) -> Result<(), Refused> {
        for concept in object.items("type")? {
            let (roles, known) = roles(&concept, |coding| coding.is_of(&ORGANISATION_TYPE) && coding.code != "ins")?;
            let organisation = self.people.party_mut(party);
            organisation.roles = organisation.roles.union(roles);
            organisation.unclear_roles |= !known;
        }
        if let Some(whole) = object.optional("partOf") {
            let whole = self.referred(&whole)?;
            self.people.party_mut(party).part_of.extend(whole);
        }
        Ok(())
    }

    fn role(&mut self, role: PartyId, identifiers: Vec<String>, object: &mut Object<'_>) -> Result<(), Refused> {
        let practitioner = object.optional("practitioner").map(|node| self.referred(&node)).transpose()?.flatten();
        let organisation = object.optional("organization").map(|node| self.referred(&node)).transpose()?.flatten();
        let period = object.optional("period").map(|node| period(&node, Early::Open)).transpose();
        // A role that was over before 1970 is over.
        let (period, over) = match period {
            Err(Refused { reason: RefusedReason::BeforeEpoch, .. }) => (None, true),
            period => (period?, false),
        };
        let mut found = RoleOf {
            role,
            practitioner,
            organisation,
            identifiers,
            roles: RoleSet::EMPTY,
            unclear_roles: false,
            active: object.optional("active").map_or(Ok(true), |active| active.boolean())? && !over,
            period: period.unwrap_or(Period::ALWAYS),
        };
        for concept in object.items("code")? {
            let (roles, known) = roles(&concept, |_| false)?;
            found.roles = found.roles.union(roles);
            found.unclear_roles |= !known;
        }
        self.people.roles.push(found);
        Ok(())
    }

    /// The party that a reference names, by reference, identifier or both; `None`: it only has a name for people.
    fn referred(&mut self, node: &Node<'_>) -> Result<Option<PartyId>, Refused> {
        let mut object = node.clone().ignoring_extensions().open()?;
        let reference = object.optional("reference").map(|reference| reference.text()).transpose()?;
        let identifier = object.optional("identifier").map(|node| identifier(&node)).transpose()?.flatten();
        let reference = reference.map(|reference| match reference.starts_with('#') {
            true => format!("{}{reference}", self.scope),
            false => reference.to_owned(),
        });
        let party = reference.map(|reference| self.people.named(&reference));
        match (party, identifier) {
            (Some(party), Some(identifier)) => {
                self.also_named(node, party, &identifier)?;
                Ok(Some(party))
            }
            (None, Some(identifier)) => Ok(Some(self.people.named(&identifier))),
            (party, None) => Ok(party),
        }
    }
}

/// The roles that a concept names, and whether it is known whether it names any. A concept has one meaning: a code that is
/// known says what the others mean. One that is not known may be a role under another name.
fn roles(node: &Node<'_>, is_none: impl Fn(&Coding<'_>) -> bool) -> Result<(RoleSet, bool), Refused> {
    let mut object = node.clone().ignoring_extensions().open()?;
    let mut found: Option<RoleSet> = None;
    for node in object.items("coding")? {
        if !node.open()?.has("code") {
            continue;
        }
        let coding = Coding::read(&node)?;
        match professional_role(&coding) {
            Some(role) => found = Some(found.unwrap_or_default().with(role)),
            None if is_none(&coding) => found = Some(found.unwrap_or_default()),
            None => {}
        }
    }
    Ok((found.unwrap_or_default(), found.is_some()))
}

/// The business identifiers that have a system and a value: only these can be told from others.
fn identifiers(object: &mut Object<'_>) -> Result<Vec<String>, Refused> {
    let nodes = object.items("identifier")?;
    let found: Result<Vec<_>, _> = nodes.iter().map(identifier).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn identifier(node: &Node<'_>) -> Result<Option<String>, Refused> {
    let mut object = node.clone().ignoring_extensions().open()?;
    let system = object.optional("system").map(|system| system.text()).transpose()?;
    let value = object.optional("value").map(|value| value.text()).transpose()?;
    Ok(system.zip(value).map(|(system, value)| format!("{system}|{value}")))
}

/// Every role that somebody of unclear roles may have.
pub(super) fn possible_roles(of_organisation: bool) -> RoleSet {
    Role::ALL.iter().copied().filter(|role| (*role == Role::Payer) == of_organisation).collect()
}
