//! The shapes in which requests come, and what they are refused for.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::world::{asks, id, org, practitioner, role_of, simulate, World};
use common::{bytes, coding, concept, refused, with, without};
use salus_fhir::consult::{read, Consult};
use salus_fhir::{Refused, RefusedReason as R, MAX_DOCUMENT};
use serde_json::{json, Value};

fn request() -> Value {
    json!({
        "patientId": [id("patients|rosa")],
        "category": [coding("consentscope", "patient-privacy")],
        "purposeOfUse": [coding("v3-ActReason", "TREAT")],
        "actor": [id("staff|adams")],
        "class": [coding("classes", "Observation")],
        "action": [coding("consentaction", "access")],
    })
}

fn consult(request: &Value) -> Result<Consult, Refused> {
    read(&bytes(request))
}

/// The same question, but for where it stands in the document.
fn assert_same(one: &Value) {
    let shown = |request: &Value| format!("{:?}", consult(request).unwrap()).replace("context.", "");
    assert_eq!(shown(one), shown(&request()), "{one:#}");
}

fn assert_refused(name: &str, value: Value, path: &str, reason: R) {
    assert_eq!(consult(&with(&request(), &format!("/{name}"), value)), Err(refused(path, reason)));
}

#[test]
fn a_question_has_several_shapes() {
    assert_same(&json!({
        "hook": "patient-consent-consult",
        "hookInstance": "1234",
        "fhirServer": "http://fhir",
        "prefetch": {"anything": 1},
        "context": request(),
    }));
    assert_same(&with(&request(), "/purposeOfUse", json!("TREAT")));
    assert_same(&with(&request(), "/purposeOfUse", json!(["TREAT"])));
    assert_same(&with(&request(), "/purposeOfUse", json!(["TREAT", coding("v3-ActReason", "TREAT")])));
    assert_same(&with(&request(), "/actor", id("staff|adams")));
    assert_same(&with(&request(), "/patientId", id("patients|rosa")));
    assert_same(&with(&request(), "/class", json!(["Observation"])));
    assert_same(&with(&request(), "/action", json!("access")));
    assert_same(&without(&request(), "/action"));
    assert_same(&with(&without(&request(), "/category"), "/scope", json!("patient-privacy")));
    assert_same(&with(&without(&request(), "/category"), "/scope", coding("consentscope", "patient-privacy")));
    assert_same(&with(&request(), "/securityLabel", json!([])));
    for (name, system, code) in [
        ("purposeOfUse", "v3-ActReason", "TREAT"),
        ("class", "classes", "Observation"),
        ("action", "consentaction", "access"),
    ] {
        let twice = json!({"coding": [coding(system, code), coding(system, code)], "text": "x"});
        assert_same(&with(&request(), &format!("/{name}"), json!([twice])));
    }
    assert_same(&with(&request(), "/category", concept("consentscope", "patient-privacy")));
    let labelled = |label: Value| format!("{:?}", consult(&with(&request(), "/securityLabel", json!([label]))));
    assert_eq!(labelled(concept("v3-ActCode", "HIV")), labelled(coding("v3-ActCode", "HIV")));
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    assert_refused("content", json!({}), "content", R::UnknownElement);
    assert_refused("modifierExtension", json!([]), "modifierExtension", R::ModifierExtension);
    let unknown = |system: &str, code: &str| R::UnknownCode {
        system: coding(system, "")["system"].as_str().unwrap().to_owned(),
        code: code.to_owned(),
    };
    assert_refused("purposeOfUse", json!(["TREAT", "FUN"]), "purposeOfUse[1]", unknown("v3-ActReason", "FUN"));
    assert_refused("purposeOfUse", json!("treat"), "purposeOfUse", unknown("v3-ActReason", "treat"));
    assert_refused("action", json!("destroy"), "action", unknown("consentaction", "destroy"));
    assert_refused("class", json!([coding("classes", "Obs")]), "class[0]", unknown("classes", "Obs"));
    assert_refused("category", json!(["privacy"]), "category[0]", unknown("consentscope", "privacy"));
    let both = json!({"coding": [coding("consentaction", "access"), coding("consentaction", "use")]});
    assert_refused("action", both, "action", R::AmbiguousCoding);
    let label = json!({"coding": [coding("v3-ActCode", "HIV"), coding("v3-ActCode", "R")]});
    assert_refused("securityLabel", label, "securityLabel.coding[1]", unknown("v3-ActCode", "R"));
    assert_refused("purposeOfUse", json!({"coding": []}), "purposeOfUse.coding", R::Empty);
    let other = coding("http://classes.example", "Observation");
    assert_refused(
        "class",
        json!([other]),
        "class[0]",
        R::UnknownSystem { system: "http://classes.example".to_owned() },
    );
    assert_refused("securityLabel", json!([coding("v3-ActCode", "R")]), "securityLabel[0]", unknown("v3-ActCode", "R"));
    let level = coding("v3-Confidentiality", "HIV");
    assert_refused("securityLabel", json!([level]), "securityLabel[0]", unknown("v3-Confidentiality", "HIV"));
    assert_refused(
        "securityLabel",
        json!([{"code": "R"}]),
        "securityLabel[0]",
        R::UnknownSystem { system: String::new() },
    );
}

#[test]
fn what_is_malformed_is_refused_where_it_stands() {
    let (text, object) = (|| R::WrongType { expected: "a string" }, || R::WrongType { expected: "an object" });
    assert_refused("purposeOfUse", json!([1]), "purposeOfUse[0]", object());
    assert_refused("purposeOfUse", json!(null), "purposeOfUse", object());
    assert_refused("purposeOfUse", json!([""]), "purposeOfUse[0]", R::Empty);
    assert_refused("actor", json!(["adams"]), "actor[0]", object());
    assert_refused("actor", json!([{"value": "adams"}]), "actor[0].system", R::Missing);
    assert_refused("actor", json!([{"system": "http://x", "value": 7}]), "actor[0].value", text());
    assert_refused("patientId", json!([]), "patientId", R::Missing);
    assert_refused("securityLabel", json!(["R"]), "securityLabel[0]", object());
    assert_refused("dataTime", json!("yesterday"), "dataTime", R::NotADate);
    assert_refused("dataTime", json!({"start": "2027", "end": "2026"}), "dataTime", R::EmptyPeriod);
    assert_refused("dataTime", json!([]), "dataTime", object());
    assert_eq!(consult(&without(&request(), "/patientId")), Err(refused("patientId", R::Missing)));
    let call = |hook: &str, context: Value| json!({"hook": hook, "context": context});
    let hook = R::Hook { found: "order-sign".to_owned() };
    assert_eq!(consult(&call("order-sign", request())), Err(refused("hook", hook)));
    let broken = call("patient-consent-consult", with(&request(), "/actor", json!([{}])));
    assert_eq!(consult(&broken), Err(refused("context.actor[0]", R::Empty)));
    assert_eq!(
        consult(&with(&call("patient-consent-consult", request()), "/user", json!(1))),
        Err(refused("user", R::UnknownElement))
    );
    assert_eq!(consult(&json!([])), Err(refused("$", R::WrongType { expected: "an object" })));
}

#[test]
fn documents_out_of_bounds_are_refused() {
    let huge = vec![b' '; MAX_DOCUMENT + 1];
    assert!(matches!(read(&huge).unwrap_err().reason, R::TooLarge { .. }));
    let deep = format!("{{\"actor\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(read(deep.as_bytes()).unwrap_err().reason, R::NestedTooDeep);
    let twice = br#"{"patientId": [], "patientId": []}"#;
    assert_eq!(read(twice), Err(refused("patientId", R::DuplicateKey)));
    assert!(matches!(read(b"{").unwrap_err().reason, R::NotJson { .. }));
}

#[test]
fn identifiers_must_name_one_patient_and_one_person() {
    let world = World::default();
    let ask = |name: &str, ids: &[&str]| {
        let ids: Vec<Value> = ids.iter().map(|key| id(key)).collect();
        simulate(&world, &with(&asks("staff|adams", "TREAT"), &format!("/{name}"), json!(ids))).map(|_| ())
    };
    assert_eq!(ask("patientId", &["patients|rosa", "passports|1"]), Ok(()));
    assert_eq!(
        ask("patientId", &["patients|rosa", "patients|leo"]),
        Err(refused("patientId[1]", R::DifferentPatients))
    );
    assert_eq!(ask("actor", &["staff|adams", "orgs|mercy", "orgs|unity"]), Ok(()));
    assert_eq!(
        ask("actor", &["orgs|mercy", "staff|adams", "staff|okafor"]),
        Err(refused("actor[2]", R::DifferentPeople))
    );
    assert_eq!(ask("actor", &["staff|adams", "roles|okafor-mercy"]), Err(refused("actor[1]", R::DifferentPeople)));
    assert_eq!(ask("actor", &["staff|okafor", "roles|okafor-mercy"]), Ok(()));
}

#[test]
fn who_may_be_too_many_things_is_asked_to_say_more() {
    let mut world = World::default();
    let mut actors = Vec::new();
    for number in 0..9 {
        let name = format!("o{number}");
        world.people.push(org(&name, &format!("orgs|{name}")));
        world.people.push(role_of("adams", &name));
        actors.push(common::world::actor(&format!("Organization/{name}")));
    }
    world.people.push(practitioner("adams", "staff|adams"));
    world.consents.push(common::world::r4("c", "OPTOUT", json!([{"type": "permit", "actor": actors}])));
    assert_eq!(simulate(&world, &asks("staff|adams", "TREAT")).unwrap()["decision"], "permit");
    let both = with(&asks("staff|adams", "TREAT"), "/actor", json!([id("staff|adams"), id("orgs|mercy")]));
    assert_eq!(simulate(&world, &both), Err(refused("actor", R::UnknownAsker)));
}

#[test]
fn a_patient_has_at_most_as_many_consents_as_on_the_chain() {
    let consents = |count: usize| (0..count).map(|number| common::world::r4(&number.to_string(), "OPTIN", json!([])));
    let world = |count: usize| World { consents: consents(count).collect(), ..World::default() };
    assert_eq!(simulate(&world(64), &asks("staff|adams", "TREAT")).unwrap()["decision"], "permit");
    let reason = R::TooManyConsents { limit: 64 };
    assert_eq!(simulate(&world(65), &asks("staff|adams", "TREAT")), Err(refused("patientId", reason)));
}

#[test]
fn what_is_not_a_consent_is_no_file_of_consents() {
    let world = |document: Value| World { consents: vec![document], ..World::default() };
    let reason = R::WrongResource { expected: "Consent", found: "Patient".to_owned() };
    let patient = world(json!({"resourceType": "Patient"}));
    assert_eq!(simulate(&patient, &asks("staff|adams", "TREAT")), Err(refused("Patient.resourceType", reason)));
    assert_eq!(simulate(&world(json!({})), &asks("staff|adams", "TREAT")), Err(refused("$", R::Empty)));
    let reason = R::WrongType { expected: "an object" };
    assert_eq!(simulate(&world(json!([])), &asks("staff|adams", "TREAT")), Err(refused("$", reason)));
}
