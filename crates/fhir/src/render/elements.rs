//! The elements of a provision.

use super::tree::Tree;
use super::NotRenderable;
use crate::code::Code;
use crate::consent::Release;
use crate::date::bounds;
use crate::directory::{system, Directory, Kind, ACCOUNT_URN};
use salus_domain::codes::{Action, Class, Confidentiality, ConfidentialitySet, Purpose, Role, Sensitivity};
use salus_domain::consent::{Actor, Decision, Provision};
use salus_domain::ids::Account;
use salus_domain::time::Period;
use serde_json::{json, Map, Value};

/// What every element is written with.
pub(super) struct Writer<'a> {
    pub(super) directory: &'a Directory,
    pub(super) release: Release,
}

pub(super) fn concept(system: &'static str, code: &'static str) -> Value {
    json!(Code::bare(system, code).concept())
}

fn coding(system: &'static str, code: &'static str) -> Value {
    json!(Code::bare(system, code))
}

/// A reference, or an identifier written as `system|value`.
pub(super) fn party(key: &str) -> Value {
    match system(key) {
        Some(system) => json!({ "identifier": { "system": system, "value": &key[system.len() + 1..] } }),
        None => json!({ "reference": key }),
    }
}

pub(super) fn base_rule(base: Decision) -> Value {
    concept(Sensitivity::SYSTEM, if base == Decision::Permit { "OPTIN" } else { "OPTOUT" })
}

/// A provision with all below it.
pub(super) fn provision(tree: &Tree, writer: &Writer<'_>) -> Result<Value, NotRenderable> {
    let Tree { provision: own, children, .. } = tree;
    let mut element = Map::new();
    let mut set = |name: &str, value: Value| element.insert(name.to_owned(), value);
    if writer.release == Release::R4 {
        set("type", json!(if own.decision == Decision::Permit { "permit" } else { "deny" }));
    }
    let bare = *own == Provision::new(own.depth, own.decision) && children.is_empty();
    if let Some(limit) = own.period {
        set("period", period(limit)?);
    } else if bare && writer.release == Release::R5 {
        // An element has something in it. The chain's clock shows no time before this.
        set("period", period(Period::ALWAYS)?);
    }
    let mut list = |name: &str, items: Vec<Value>| {
        if !items.is_empty() {
            set(name, Value::Array(items));
        }
    };
    list("actor", own.actors.iter().map(|one| actor(one, writer.directory)).collect());
    list("action", own.actions.iter().map(|action| concept(Action::SYSTEM, action.code())).collect());
    list("purpose", own.purposes.iter().map(|purpose| coding(Purpose::SYSTEM, purpose.code())).collect());
    list("securityLabel", labels(tree)?);
    let (name, of) = match writer.release {
        Release::R4 => ("class", Class::SYSTEM),
        Release::R5 => ("resourceType", "http://hl7.org/fhir/fhir-types"),
    };
    list(name, own.classes.iter().map(|class| coding(of, class.code())).collect());
    if let Some(limit) = own.data_period {
        set("dataPeriod", period(limit)?);
    }
    if !children.is_empty() {
        let children: Result<Vec<_>, _> = children.iter().map(|child| provision(child, writer)).collect();
        set("provision", Value::Array(children?));
    }
    Ok(Value::Object(element))
}

/// One level is enough to name a permit up to it, or a deny from it on.
fn labels(tree: &Tree) -> Result<Vec<Value>, NotRenderable> {
    let Tree { provision, place, .. } = tree;
    let levels = provision.confidentiality;
    let mark = match provision.decision {
        Decision::Permit => levels.iter().max().map(|level| (level, ConfidentialitySet::up_to(level))),
        Decision::Deny => levels.iter().min().map(|level| (level, ConfidentialitySet::from_level(level))),
    };
    if mark.is_some_and(|(_, named)| named != levels) {
        return Err(NotRenderable::Confidentiality { provision: *place });
    }
    let both = mark.is_some() && !provision.sensitivity.is_empty();
    if both && provision.decision == Decision::Permit && !tree.is_uniform(Decision::Permit) {
        return Err(NotRenderable::BothLabels { provision: *place });
    }
    let level = mark.map(|(level, _)| coding(Confidentiality::SYSTEM, level.code()));
    let labels = provision.sensitivity.iter().map(|label| coding(Sensitivity::SYSTEM, label.code()));
    Ok(level.into_iter().chain(labels).collect())
}

fn actor(actor: &Actor, directory: &Directory) -> Value {
    let asks = concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP");
    match actor {
        Actor::Account(account) => {
            json!({ "role": asks, "reference": account_reference(*account, Kind::Person, directory) })
        }
        Actor::Organisation(account) => {
            json!({ "role": asks, "reference": account_reference(*account, Kind::Organisation, directory) })
        }
        Actor::Role(Role::Payer) => {
            json!({ "role": concept("http://terminology.hl7.org/CodeSystem/organization-type", Role::Payer.code()) })
        }
        Actor::Role(role) => json!({ "role": concept(Role::SYSTEM, role.code()) }),
    }
}

/// As the directory knows the account, else the account itself.
fn account_reference(account: Account, kind: Kind, directory: &Directory) -> Value {
    let keys = directory.iter().filter(|(key, other)| *other == account && directory.kind(key) == Some(kind));
    match keys.map(|(key, _)| key).find(|key| crate::directory::kind_of_key(key) == Some(kind)) {
        Some(key) => json!({ "reference": key }),
        None => {
            let reference = format!("{ACCOUNT_URN}0x{}", hex::encode(account.0));
            match kind {
                Kind::Person => json!({ "reference": reference }),
                Kind::Organisation => json!({ "reference": reference, "type": "Organization" }),
            }
        }
    }
}

/// A FHIR `Period`.
pub(super) fn period(period: Period) -> Result<Value, NotRenderable> {
    let bounds = bounds(period).ok_or(NotRenderable::Time)?;
    Ok(bounds.into_iter().map(|(name, bound)| (name.to_owned(), json!(bound))).collect())
}
