//! Who asks, according to the directory: people, organisations, roles, and what is not known about them.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::world::{actor, asks, assert_answer, id, org, permit, practitioner, r4, role_of, world, World};
use common::{coding, concept, with};
use serde_json::{json, Value};

#[test]
fn identifiers_lead_to_references_through_organisations_and_roles() {
    let of = |reference: &str| r4("c", "OPTOUT", json!([permit(json!({"actor": [actor(reference)]}))]));
    let (permitted, denied) = ("permit |  | c:Consent.provision.provision[0]", "deny |  | c:Consent.policyRule");
    for (reference, asker, expected) in [
        ("Practitioner/adams", "staff|adams", permitted),
        ("Practitioner/adams", "staff|okafor", denied),
        ("http://mercy/fhir/Practitioner/adams", "staff|adams", permitted),
        ("Organization/mercy", "orgs|mercy", permitted),
        ("Organization/mercy", "orgs|unity", denied),
        // Who works there asks for it.
        ("Organization/mercy", "staff|okafor", permitted),
        ("Organization/mercy", "staff|adams", denied),
        ("PractitionerRole/okafor-mercy", "staff|okafor", permitted),
        ("PractitionerRole/okafor-mercy", "roles|okafor-mercy", permitted),
        ("Organization/mercy", "roles|okafor-mercy", permitted),
        ("Practitioner/okafor", "roles|okafor-mercy", permitted),
        ("PractitionerRole/okafor-mercy", "staff|adams", denied),
    ] {
        assert_answer(&world(&[of(reference)]), asks(asker, "TREAT"), expected);
    }
    let identifier = json!({"reference": {"type": "Organization", "identifier": id("orgs|mercy")}});
    let by_identifier = r4("c", "OPTOUT", json!([permit(json!({"actor": [identifier]}))]));
    assert_answer(&world(&[by_identifier]), asks("staff|okafor", "TREAT"), permitted);
}

#[test]
fn roles_come_from_the_directory_too() {
    let role = |system: &str, code: &str| {
        r4("c", "OPTIN", json!([{"type": "deny", "actor": [{"role": concept(system, code)}]}]))
    };
    let (permitted, denied) = ("permit |  | c:Consent.policyRule", "deny |  | c:Consent.provision.provision[0]");
    let nurses = world(&[role("practitioner-role", "nurse")]);
    assert_answer(&nurses, asks("staff|okafor", "TREAT"), denied);
    assert_answer(&nurses, asks("staff|adams", "TREAT"), permitted);
    let payers = world(&[role("organization-type", "pay")]);
    assert_answer(&payers, asks("orgs|unity", "TREAT"), denied);
    assert_answer(&payers, asks("orgs|mercy", "TREAT"), permitted);
}

#[test]
fn a_role_in_unknown_codes_may_be_any() {
    let mut world = world(&[r4(
        "c",
        "OPTIN",
        json!([{"type": "deny", "actor": [{"role": concept("practitioner-role", "nurse")}]}]),
    )]);
    let code = json!([concept("http://snomed.info/sct", "106292003")]);
    world.people.push(with(&role_of("adams", "mercy"), "/code", code));
    assert_answer(&world, asks("staff|adams", "TREAT"), "deny |  | c:Consent.provision.provision[0]");
    // Nor does a permit rest on it.
    world.consents =
        vec![r4("c", "OPTOUT", json!([permit(json!({"actor": [{"role": concept("practitioner-role", "nurse")}]}))]))];
    assert_answer(&world, asks("staff|adams", "TREAT"), "deny |  | c:Consent.policyRule");
    // A code that is known says what the other one means.
    let both = json!([{"coding": [coding("http://snomed.info/sct", "1"), coding("practitioner-role", "doctor")]}]);
    world.people.pop();
    world.people.push(with(&role_of("adams", "mercy"), "/code", both));
    world.consents =
        vec![r4("c", "OPTIN", json!([{"type": "deny", "actor": [{"role": concept("practitioner-role", "nurse")}]}]))];
    assert_answer(&world, asks("staff|adams", "TREAT"), "permit |  | c:Consent.policyRule");
}

#[test]
fn a_role_that_is_over_or_not_active_counts_for_nothing() {
    let mut world = world(&[r4("c", "OPTOUT", json!([permit(json!({"actor": [actor("Organization/mercy")]}))]))]);
    let (permitted, denied) = ("permit |  | c:Consent.provision.provision[0]", "deny |  | c:Consent.policyRule");
    let role = role_of("adams", "mercy");
    for (changed, expected) in [
        (role.clone(), permitted),
        (with(&role, "/active", json!(false)), denied),
        (with(&role, "/period", json!({"end": "2025"})), denied),
        (with(&role, "/period", json!({"end": "1950"})), denied),
        (with(&role, "/period", json!({"start": "2025"})), permitted),
    ] {
        world.people.push(changed);
        assert_answer(&world, asks("staff|adams", "TREAT"), expected);
        world.people.pop();
    }
}

#[test]
fn who_names_the_organisation_that_it_acts_for_is_not_permitted_through_another() {
    let mut world = world(&[r4("c", "OPTOUT", json!([permit(json!({"actor": [actor("Organization/mercy")]}))]))]);
    let both = |organisation: &str| {
        with(&asks("staff|okafor", "TREAT"), "/actor", json!([id("staff|okafor"), id(organisation)]))
    };
    assert_answer(&world, both("orgs|mercy"), "permit |  | c:Consent.provision.provision[0]");
    assert_answer(&world, both("orgs|unity"), "deny |  | c:Consent.policyRule");
    // A deny reaches it through either.
    world.consents = vec![r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor("Organization/mercy")]}]))];
    assert_answer(&world, both("orgs|unity"), "deny |  | c:Consent.provision.provision[0]");
}

#[test]
fn a_deny_to_the_whole_reaches_its_parts_and_a_permit_does_not() {
    let mut world = world(&[r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor("Organization/mercy")]}]))]);
    world.people.push(with(&org("ward", "orgs|ward"), "/partOf", json!({"reference": "Organization/mercy"})));
    assert_answer(&world, asks("orgs|ward", "TREAT"), "deny |  | c:Consent.provision.provision[0]");
    world.consents = vec![r4("c", "OPTOUT", json!([permit(json!({"actor": [actor("Organization/mercy")]}))]))];
    assert_answer(&world, asks("orgs|ward", "TREAT"), "deny |  | c:Consent.policyRule");
}

#[test]
fn who_does_not_say_who_asks_may_be_anybody() {
    let request = common::without(&asks("staff|adams", "TREAT"), "/actor");
    let treat = coding("v3-ActReason", "TREAT");
    assert_answer(
        &world(&[r4("c", "OPTOUT", json!([permit(json!({"purpose": [treat]}))]))]),
        request.clone(),
        "permit |  | c:Consent.provision.provision[0]",
    );
    let denied = r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor("Practitioner/adams")]}]));
    assert_answer(&world(&[denied]), request.clone(), "deny |  | c:Consent.provision.provision[0]");
    let permitted = r4("c", "OPTOUT", json!([permit(json!({"actor": [actor("Practitioner/adams")]}))]));
    assert_answer(&world(&[permitted]), request, "deny |  | c:Consent.policyRule");
}

#[test]
fn an_identifier_that_is_not_listed_is_somebody_else_only_where_it_can_be_told() {
    let deny = |identifier: &str| {
        let reference = json!({"type": "Practitioner", "identifier": id(identifier)});
        r4("c", "OPTIN", json!([{"type": "deny", "actor": [{"reference": reference}]}]))
    };
    let (permitted, denied) = ("permit |  | c:Consent.policyRule", "deny |  | c:Consent.provision.provision[0]");
    let refused = "deny |  |  | c:Consent.provision.provision[0].actor[0].reference";
    assert_answer(&world(&[deny("staff|stranger")]), asks("staff|adams", "TREAT"), permitted);
    assert_answer(&world(&[deny("npi|1")]), asks("staff|adams", "TREAT"), refused);
    // Nobody in the directory: names are compared as they are.
    let nobody = |consent: Value| World { people: Vec::new(), ..world(&[consent]) };
    assert_answer(&nobody(deny("npi|1")), asks("npi|1", "TREAT"), denied);
    assert_answer(&nobody(deny("npi|1")), asks("npi|2", "TREAT"), permitted);
    assert_answer(&nobody(deny("npi|1")), asks("staff|2", "TREAT"), refused);
    let named = r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor("Practitioner/adams")]}]));
    assert_answer(&nobody(named), asks("npi|1", "TREAT"), refused);
}

#[test]
fn an_account_that_nobody_has_may_be_that_of_who_asks() {
    let account = format!("urn:salus:account:0x{}", "07".repeat(32));
    let consent = r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor(&account)]}]));
    let mut world = world(&[consent]);
    let refused = "deny |  |  | c:Consent.provision.provision[0].actor[0].reference";
    assert_answer(&world, asks("staff|adams", "TREAT"), refused);
    world.people.push(json!({"Practitioner/adams": {"account": format!("0x{}", "08".repeat(32))}}));
    assert_answer(&world, asks("staff|adams", "TREAT"), "permit |  | c:Consent.policyRule");
    world.people.push(json!({"Practitioner/okafor": {"account": format!("0x{}", "07".repeat(32))}}));
    assert_answer(&world, asks("staff|okafor", "TREAT"), "deny |  | c:Consent.provision.provision[0]");
    let practitioner = practitioner("lee", "staff|lee");
    world.people.push(practitioner);
    assert_answer(&world, asks("staff|lee", "TREAT"), "permit |  | c:Consent.policyRule");
}

#[test]
fn an_identifier_that_is_not_listed_may_be_that_of_whoever_has_none() {
    let of =
        |rule: &str, kind: &str, reference: &str| r4("c", rule, json!([{"type": kind, "actor": [actor(reference)]}]));
    let (permitted, denied) = ("permit |  | c:Consent.policyRule", "deny |  | c:Consent.provision.provision[0]");
    let ask = |consent: Value, actors: &[&str]| {
        let mut world = world(&[consent]);
        let nameless = |resource: Value| common::without(&resource, "/identifier");
        world.people.push(nameless(org("ward", "orgs|ward")));
        world.people.push(nameless(practitioner("lee", "staff|lee")));
        world.people.push(nameless(role_of("lee", "mercy")));
        world.people.push(nameless(role_of("adams", "unity")));
        let actors: Vec<Value> = actors.iter().map(|key| id(key)).collect();
        (world, with(&asks("staff|adams", "TREAT"), "/actor", json!(actors)))
    };
    for (reference, actors, expected) in [
        ("Organization/ward", &["npi|9"][..], denied),
        ("Practitioner/lee", &["npi|9"], denied),
        ("PractitionerRole/lee-mercy", &["npi|9"], denied),
        ("Organization/mercy", &["npi|9"], denied),
        // The person is known; the organisation is not.
        ("Practitioner/lee", &["staff|adams", "npi|9"], permitted),
        ("Organization/ward", &["staff|adams", "npi|9"], denied),
        // Whoever has an identifier has this one, and no other.
        ("Organization/unity", &["npi|9"], permitted),
        ("PractitionerRole/adams-unity", &["npi|9"], permitted),
        ("Organization/ward", &["orgs|mercy"], permitted),
    ] {
        let (world, request) = ask(of("OPTIN", "deny", reference), actors);
        assert_answer(&world, request, expected);
    }
    // No permit rests on it.
    let (world, request) = ask(of("OPTOUT", "permit", "Organization/ward"), &["npi|9"]);
    assert_answer(&world, request, "deny |  | c:Consent.policyRule");
}
