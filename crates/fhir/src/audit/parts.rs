//! Agents, entities and references of an `AuditEvent`.

use super::{codes, Data, NotAudited, Position};
use crate::code::Code;
use crate::directory::{kind_of_key, system, Directory, ACCOUNT_URN};
use crate::reference::kind_of;
use salus_domain::codes::Purpose;
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Account, Hash};
use salus_domain::time::Timestamp;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

/// The identifier system of what is named by a URI: <https://hl7.org/fhir/R4/identifier-registry.html>.
const URI: &str = "urn:ietf:rfc:3986";

/// What a directory calls each account.
pub(super) struct Names<'a>(BTreeMap<Account, Vec<&'a str>>);

impl<'a> Names<'a> {
    pub(super) fn new(directory: &'a Directory) -> Self {
        let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, account) in directory.iter() {
            names.entry(account).or_default().push(key);
        }
        Self(names)
    }

    /// A `Reference` to a party, whatever it is.
    pub(super) fn party(&self, account: Account) -> Value {
        let keys = self.keys(account);
        let known = keys.iter().find(|key| kind_of_key(key).is_some());
        self.reference(account, known.or_else(|| keys.iter().find(|key| system(key).is_none())), None)
    }

    /// A `Reference` to a resource of one type.
    pub(super) fn typed(&self, account: Account, kind: &str) -> Value {
        let keys = self.keys(account).iter();
        let known = keys.clone().find(|key| system(key).is_none() && kind_of(key) == Some(kind));
        self.reference(account, known, Some(kind))
    }

    fn keys(&self, account: Account) -> &[&'a str] {
        self.0.get(&account).map_or(&[], Vec::as_slice)
    }

    /// With the account itself: what a directory calls somebody may change. As the reference where nobody is known by one;
    /// then there is room for a business identifier.
    fn reference(&self, account: Account, known: Option<&&str>, kind: Option<&str>) -> Value {
        let urn = format!("{ACCOUNT_URN}{}", hex(&account.0));
        if let Some(key) = known {
            return json!({ "reference": key, "identifier": { "system": URI, "value": urn } });
        }
        let mut reference = Map::from_iter([(String::from("reference"), json!(urn))]);
        if let Some(kind) = kind {
            reference.insert(String::from("type"), json!(kind));
        }
        if let Some((system, value)) = self.keys(account).iter().find_map(|key| key.split_once('|')) {
            reference.insert(String::from("identifier"), json!({ "system": system, "value": value }));
        }
        Value::Object(reference)
    }
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A FHIR `instant` or `dateTime`.
pub(super) fn moment(time: Timestamp, at: Position) -> Result<String, NotAudited> {
    crate::date::instant(time.0).ok_or(NotAudited::Time(at))
}

/// The reference to an event of the chain, also to one in another bundle.
pub(super) fn event_reference(genesis: Hash, position: Position) -> String {
    format!("urn:uuid:{}", super::id(genesis, position))
}

/// A consent's URI: a patient's consents count up from 0.
pub(super) fn consent_uri(patient: Account, consent: Deciding) -> String {
    format!("urn:salus:consent:{}:{}", hex(&patient.0), consent.consent.0)
}

/// An agent that did not ask.
pub(super) fn agent(kind: Code, who: Value) -> Value {
    json!({ "type": kind.concept(), "who": who, "requestor": false })
}

/// The agent that asked.
pub(super) fn requestor(kind: Code, who: Value, purpose: Option<Purpose>, policy: Option<String>) -> Value {
    let mut agent = Map::new();
    let mut set = |name: &str, value: Value| agent.insert(name.to_owned(), value);
    set("type", json!(kind.concept()));
    set("who", who);
    set("requestor", json!(true));
    if let Some(policy) = policy {
        set("policy", json!([policy]));
    }
    if let Some(purpose) = purpose {
        set("purposeOfUse", json!([Code::from(purpose).concept()]));
    }
    Value::Object(agent)
}

/// What a detail says, and its name.
pub(super) type Detail = (&'static str, String);

fn details(details: Vec<Detail>) -> Vec<Value> {
    details.into_iter().map(|(kind, value)| json!({ "type": kind, "valueString": value })).collect()
}

/// Whose records it is about.
pub(super) fn patient(account: Account, names: &Names<'_>) -> Value {
    json!({
        "what": names.typed(account, "Patient"),
        "type": codes::PERSON,
        "role": codes::PATIENT_ROLE,
    })
}

/// A record, with what its custodian said of it.
pub(super) fn record(data: &Data, lifecycle: Option<Code>, mut said: Vec<Detail>) -> Value {
    let mut entity = Map::new();
    let mut set = |name: &str, value: Value| entity.insert(name.to_owned(), value);
    set("what", identified(format!("urn:salus:record:{}", hex(&data.record.0))));
    set("type", json!(codes::SYSTEM_OBJECT));
    set("role", json!(codes::DOMAIN_RESOURCE));
    if let Some(lifecycle) = lifecycle {
        set("lifecycle", json!(lifecycle));
    }
    if let Some(labels) = data.labels {
        let sensitivity = labels.sensitivity.iter().map(Code::from);
        let all = std::iter::once(Code::from(labels.confidentiality)).chain(sensitivity);
        set("securityLabel", json!(all.collect::<Vec<_>>()));
        said.insert(0, ("class", labels.class.code().to_owned()));
    }
    if let Some(version) = data.version {
        said.insert(0, ("version", version.to_string()));
    }
    if !said.is_empty() {
        set("detail", Value::Array(details(said)));
    }
    Value::Object(entity)
}

/// The consent that decided.
pub(super) fn consent(patient: Account, deciding: Deciding) -> Value {
    let provision = deciding.provision.map_or_else(|| String::from("base decision"), |place| place.to_string());
    let mut what = identified(consent_uri(patient, deciding));
    what["type"] = json!("Consent");
    json!({
        "what": what,
        "type": codes::CONSENT,
        "role": codes::SECURITY_RESOURCE,
        "detail": details(Vec::from([("provision", provision)])),
    })
}

/// An emergency: a provider's with a patient are numbered.
pub(super) fn emergency(patient: Account, provider: Account, number: u32, said: Vec<Detail>) -> Value {
    let uri = format!("urn:salus:emergency:{}:{}:{number}", hex(&patient.0), hex(&provider.0));
    let mut entity = security_object(identified(uri), "Emergency access (break the glass)");
    if !said.is_empty() {
        entity["detail"] = Value::Array(details(said));
    }
    entity
}

/// A share link.
pub(super) fn link(account: Account) -> Value {
    security_object(identified(format!("{ACCOUNT_URN}{}", hex(&account.0))), "Share link")
}

/// The permit on which an envelope was released.
pub(super) fn permit(genesis: Hash, position: Position) -> Value {
    json!({
        "what": { "reference": event_reference(genesis, position), "type": "AuditEvent" },
        "type": codes::AUDIT_EVENT,
        "role": codes::SECURITY_RESOURCE,
        "description": "Permit",
    })
}

fn security_object(what: Value, description: &str) -> Value {
    json!({
        "what": what,
        "type": codes::SYSTEM_OBJECT,
        "role": codes::SECURITY_RESOURCE,
        "description": description,
    })
}

fn identified(uri: String) -> Value {
    json!({ "identifier": { "system": URI, "value": uri } })
}
