//! Consents of the chain in a simulation.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::world::{asks, r4, World};
use common::{account, bytes, refused};
use salus_domain::codes::Purpose;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::time::{Period, Timestamp};
use salus_fhir::people::People;
use salus_fhir::simulate::{run, ConsentFile, Recorded};
use salus_fhir::{consult, Refused, RefusedReason as R};
use serde_json::{json, Value};

fn consent(base: Base, provisions: Vec<Provision>) -> Consent {
    Consent { base, period: Period::ALWAYS, source: Hash([0; 32]), provisions }
}

fn treat(depth: u8, decision: Decision, actors: &[Actor]) -> Provision {
    Provision { purposes: Purpose::Treat.into(), actors: actors.to_vec(), ..Provision::new(depth, decision) }
}

/// Rosa is account 1, Adams account 2; Okafor has none.
fn answer(consents: Vec<Consent>, files: &[Value], request: &Value) -> Result<Value, Refused> {
    let mut people = People::default();
    let mapping = |byte: u8| json!({"account": format!("0x{}", hex::encode([byte; 32]))});
    let accounts = json!({"Patient/rosa": mapping(1), "Practitioner/adams": mapping(2)});
    for document in World::default().people.iter().chain([&accounts]) {
        people.add(&bytes(document))?;
    }
    let consents = consents.into_iter().zip(5..).map(|(consent, id)| (ConsentId(id), consent)).collect();
    let recorded = Recorded { patient: account(1), consents };
    let files: Vec<_> = files.iter().map(|file| ConsentFile::read("f.json", &bytes(file)).unwrap()).collect();
    let consult = consult::read(&bytes(request))?;
    Ok(run(&people, &files, Some(&recorded), &consult, Timestamp(1_790_000_000_000))?.to_json())
}

fn decided(decision: &str, deciding: &[(&str, &str)], refused: &[(&str, &str)]) -> (String, Vec<String>, Vec<String>) {
    let join = |places: &[(&str, &str)]| places.iter().map(|(consent, path)| format!("{consent} {path}")).collect();
    (decision.to_owned(), join(deciding), join(refused))
}

fn short(answer: &Value) -> (String, Vec<String>, Vec<String>) {
    let places = |name: &str| {
        let list = answer[name].as_array().unwrap().iter();
        list.map(|it| format!("{} {}", it["consent"].as_str().unwrap(), it["path"].as_str().unwrap())).collect()
    };
    (answer["decision"].as_str().unwrap().to_owned(), places("deciding"), places("refused"))
}

#[test]
fn recorded_consents_answer_together_with_documents() {
    let adams = [Actor::Account(account(2))];
    let open = consent(Base::Deny, vec![treat(1, Decision::Permit, &adams)]);
    let permitted = answer(vec![open.clone()], &[r4("f", "OPTIN", json!([]))], &asks("staff|adams", "TREAT")).unwrap();
    let both = [("f", "Consent.policyRule"), ("recorded:5", "Consent.provision.provision[0]")];
    assert_eq!(short(&permitted), decided("permit", &both, &[]));
    let out = answer(vec![open], &[r4("f", "OPTOUT", json!([]))], &asks("staff|adams", "TREAT")).unwrap();
    assert_eq!(short(&out), decided("deny", &[("f", "Consent.policyRule")], &[]));
}

#[test]
fn their_elements_have_the_places_that_a_document_would_give_them() {
    let deny = Provision { purposes: Purpose::Btg.into(), ..Provision::new(2, Decision::Deny) };
    let scoped = vec![treat(1, Decision::Permit, &[]), deny.clone()];
    let ask = |base: Base, provisions: Vec<Provision>| {
        short(&answer(vec![consent(base, provisions)], &[], &asks("staff|adams", "BTG")).unwrap())
    };
    let at = |path: &str| decided("deny", &[("recorded:5", path)], &[]);
    assert_eq!(ask(Base::Silent, scoped.clone()), at("Consent.provision.provision[0]"));
    assert_eq!(ask(Base::Deny, scoped.clone()), at("Consent.provision.provision[0].provision[0]"));
    assert_eq!(ask(Base::Deny, Vec::new()), at("Consent.policyRule"));
    let other = treat(1, Decision::Permit, &[Actor::Account(account(2))]);
    let several = [vec![other], scoped].concat();
    assert_eq!(ask(Base::Silent, several), at("Consent.provision[1].provision[0]"));
}

#[test]
fn an_account_that_nobody_has_may_be_that_of_who_asks() {
    let stranger = [Actor::Account(account(2)), Actor::Organisation(account(9))];
    let consents = vec![consent(Base::Permit, vec![treat(1, Decision::Deny, &stranger)])];
    let okafor = answer(consents.clone(), &[], &asks("staff|okafor", "TREAT")).unwrap();
    let refused_at = [("recorded:5", "Consent.provision.provision[0].actor[1]")];
    assert_eq!(short(&okafor), decided("deny", &[], &refused_at));
    let adams = answer(consents, &[], &asks("staff|adams", "HPAYMT")).unwrap();
    assert_eq!(short(&adams), decided("permit", &[("recorded:5", "Consent.policyRule")], &[]));
}

#[test]
fn recorded_consents_must_be_those_of_the_patient() {
    let request = common::with(&asks("staff|adams", "TREAT"), "/patientId/0/value", json!("leo"));
    let mine = || vec![consent(Base::Permit, Vec::new())];
    assert_eq!(answer(mine(), &[], &request), Err(refused("patientId", R::OtherPatient)));
    // With a number of a kind that nobody has, it may be either.
    let request = common::with(&request, "/patientId/0/system", json!("http://passports"));
    assert_eq!(short(&answer(mine(), &[], &request).unwrap()).0, "permit");
    let mut people = People::default();
    people.add(&bytes(&json!({"http://patients|rosa": {"account": format!("0x{}", hex::encode([8; 32]))}}))).unwrap();
    let recorded = Recorded { patient: account(1), consents: Vec::new() };
    let consult = consult::read(&bytes(&asks("staff|adams", "TREAT"))).unwrap();
    let refusal = run(&people, &[], Some(&recorded), &consult, Timestamp(0)).unwrap_err();
    assert_eq!(refusal, refused("patientId", R::OtherPatient));
}

#[test]
fn a_recorded_consent_that_is_over_does_not_count() {
    let over = Consent { period: Period { start: Timestamp(0), end: Timestamp(1) }, ..consent(Base::Deny, Vec::new()) };
    let open = consent(Base::Permit, Vec::new());
    let answer = answer(vec![over, open], &[], &asks("staff|adams", "TREAT")).unwrap();
    assert_eq!(short(&answer), decided("permit", &[("recorded:6", "Consent.policyRule")], &[]));
}
