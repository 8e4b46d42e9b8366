//! A small world for simulations: Rosa is the patient, Adams and Okafor are practitioners, Okafor is a nurse at Mercy.

use super::{bytes, concept};
use salus_fhir::date::whole;
use salus_fhir::people::People;
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{consult, Refused};
use serde_json::{json, Value};

/// What a request is put to.
#[derive(Clone)]
pub struct World {
    pub consents: Vec<Value>,
    pub people: Vec<Value>,
    pub at: String,
}

impl Default for World {
    fn default() -> Self {
        let role = json!([concept("practitioner-role", "nurse")]);
        let unity = super::with(&org("unity", "orgs|unity"), "/type", json!([concept("organization-type", "pay")]));
        let entries = [
            patient("rosa", "patients|rosa"),
            patient("leo", "patients|leo"),
            practitioner("adams", "staff|adams"),
            practitioner("okafor", "staff|okafor"),
            org("mercy", "orgs|mercy"),
            unity,
            super::with(&role_of("okafor", "mercy"), "/code", role),
        ];
        let entries = entries.map(|resource| {
            let kind = resource["resourceType"].as_str().unwrap();
            json!({"fullUrl": format!("http://mercy/fhir/{kind}/{}", resource["id"].as_str().unwrap()), "resource": resource})
        });
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
        Self { consents: Vec::new(), people: vec![bundle], at: String::from("2026-06-01T12:00:00Z") }
    }
}

/// The answer as JSON.
pub fn simulate(world: &World, request: &Value) -> Result<Value, Refused> {
    let mut people = People::default();
    for document in &world.people {
        people.add(&bytes(document))?;
    }
    let files = world
        .consents
        .iter()
        .enumerate()
        .map(|(place, consent)| ConsentFile::read(&format!("consent-{place}.json"), &bytes(consent)));
    let files: Vec<_> = files.collect::<Result<_, _>>()?;
    let consult = consult::read(&bytes(request))?;
    let at = whole(&world.at).unwrap().start;
    Ok(run(&people, &files, None, &consult, at)?.to_json())
}

/// An identifier of `system|value`.
pub fn id(key: &str) -> Value {
    let (system, value) = key.split_once('|').unwrap();
    json!({"system": format!("http://{system}"), "value": value})
}

fn resource(kind: &str, name: &str, identifier: &str) -> Value {
    json!({"resourceType": kind, "id": name, "identifier": [id(identifier)]})
}

pub fn patient(name: &str, identifier: &str) -> Value {
    resource("Patient", name, identifier)
}

pub fn practitioner(name: &str, identifier: &str) -> Value {
    resource("Practitioner", name, identifier)
}

pub fn org(name: &str, identifier: &str) -> Value {
    resource("Organization", name, identifier)
}

/// The role `practitioner-organisation`.
pub fn role_of(practitioner: &str, organisation: &str) -> Value {
    let name = format!("{practitioner}-{organisation}");
    let role = resource("PractitionerRole", &name, &format!("roles|{name}"));
    let role = super::with(&role, "/practitioner", json!({"reference": format!("Practitioner/{practitioner}")}));
    super::with(&role, "/organization", json!({"reference": format!("Organization/{organisation}")}))
}

/// A recipient.
pub fn actor(reference: &str) -> Value {
    json!({"role": concept("v3-ParticipationType", "IRCP"), "reference": {"reference": reference}})
}

pub fn permit(criteria: Value) -> Value {
    super::with(&criteria, "/type", json!("permit"))
}

/// An R4 consent of Rosa's with these exceptions to its rule.
pub fn r4(name: &str, rule: &str, exceptions: Value) -> Value {
    let root =
        if exceptions == json!([]) { json!({"period": {"start": "2020"}}) } else { json!({"provision": exceptions}) };
    let consent = super::with(&super::consent(rule, root), "/patient/reference", json!("Patient/rosa"));
    super::with(&consent, "/id", json!(name))
}

/// An R5 consent of Rosa's without provisions, or with these.
pub fn r5(name: &str, decision: &str, provisions: Value) -> Value {
    let consent = json!({"resourceType": "Consent", "id": name, "status": "active",
        "subject": {"reference": "Patient/rosa"}, "decision": decision});
    if provisions == json!([]) {
        consent
    } else {
        super::with(&consent, "/provision", provisions)
    }
}

/// A request of this party for this purpose, about Rosa.
pub fn asks(party: &str, purpose: &str) -> Value {
    json!({"patientId": [id("patients|rosa")], "actor": [id(party)], "purposeOfUse": [purpose]})
}

pub fn with_labels(request: &Value, labels: &[(&str, &str)]) -> Value {
    let labels: Vec<Value> = labels.iter().map(|(system, code)| super::coding(system, code)).collect();
    super::with(request, "/securityLabel", json!(labels))
}

/// The answer in short: the decision, what is redacted, what decided, what is refused.
fn short(answer: &Value) -> String {
    let list = |name: &str, show: &dyn Fn(&Value) -> String| {
        answer[name].as_array().unwrap().iter().map(show).collect::<Vec<_>>().join(" ")
    };
    let place = |it: &Value| format!("{}:{}", it["consent"].as_str().unwrap(), it["path"].as_str().unwrap());
    let codes = |it: &Value| {
        let codes = it["codes"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap());
        format!("{}({})", it["code"].as_str().unwrap(), codes.collect::<Vec<_>>().join(","))
    };
    let parts = [
        answer["decision"].as_str().unwrap().to_owned(),
        list("obligations", &codes),
        list("deciding", &place),
        list("refused", &place),
    ];
    parts.join(" | ").trim_end_matches([' ', '|']).to_owned()
}

/// Compares the answer to `request` with its short form.
pub fn assert_answer(world: &World, request: Value, expected: &str) {
    let answer = simulate(world, &request).unwrap();
    assert_eq!(short(&answer), expected, "{answer:#}");
}

/// The world with these consents.
pub fn world(consents: &[Value]) -> World {
    World { consents: consents.to_vec(), ..World::default() }
}
