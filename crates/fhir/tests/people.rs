//! Who is who, from mapping files and FHIR resources.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::world::{id, org, patient, practitioner, role_of};
use common::{account, bytes, refused, with, without};
use salus_domain::ids::Account;
use salus_fhir::people::People;
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn people(documents: &[Value]) -> Result<People, Refused> {
    let mut people = People::default();
    documents.iter().try_for_each(|document| people.add(&bytes(document)))?;
    Ok(people)
}

fn mapping(entries: &[(&str, u8)]) -> Value {
    let entry =
        |(key, byte): &(&str, u8)| ((*key).to_owned(), json!({"account": format!("0x{}", hex::encode([*byte; 32]))}));
    Value::Object(entries.iter().map(entry).collect())
}

fn bundle(entries: &[(&str, Value)]) -> Value {
    let entries: Vec<_> = entries.iter().map(|(url, resource)| json!({"fullUrl": url, "resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

fn of(documents: &[Value], key: &str) -> Option<Account> {
    people(documents).unwrap().directory().account(key)
}

fn assert_refused(documents: &[Value], path: &str, reason: R) {
    assert_eq!(people(documents), Err(refused(path, reason)));
}

#[test]
fn a_mapping_file_is_read_as_before() {
    let file = common::sample("directory.json");
    let mut people = People::default();
    people.add(&file).unwrap();
    let (ours, before) = (people.directory(), salus_fhir::directory::Directory::from_json(&file).unwrap());
    assert!(ours.iter().eq(before.iter()));
}

#[test]
fn every_name_of_a_resource_stands_for_its_account() {
    let adams = bundle(&[("http://mercy/fhir/Practitioner/adams", practitioner("adams", "staff|adams"))]);
    let names = [
        "Practitioner/adams",
        "http://mercy/fhir/Practitioner/adams",
        "http://staff|adams",
        "Practitioner/adams/_history/3",
    ];
    for known in &names[..3] {
        for documents in [[adams.clone(), mapping(&[(known, 1)])], [mapping(&[(known, 1)]), adams.clone()]] {
            for name in names {
                assert_eq!(of(&documents, name), Some(account(1)), "{known} is {name}");
            }
        }
    }
    assert_eq!(of(std::slice::from_ref(&adams), "Practitioner/adams"), None, "nobody gave it an account");
    let nameless = without(&practitioner("adams", "staff|adams"), "/id");
    let documents =
        [bundle(&[("http://mercy/fhir/Practitioner/adams", nameless)]), mapping(&[("Practitioner/adams", 1)])];
    assert_eq!(of(&documents, "http://staff|adams"), Some(account(1)));
}

#[test]
fn entries_of_a_bundle_refer_to_each_other_by_uuid() {
    let role =
        with(&role_of("x", "mercy"), "/practitioner", json!({"reference": "urn:uuid:1", "identifier": id("npi|1")}));
    let lee = without(&practitioner("lee", "staff|lee"), "/id");
    let documents = [bundle(&[("urn:uuid:2", role), ("urn:uuid:1", lee)]), mapping(&[("http://staff|lee", 4)])];
    assert_eq!(of(&documents, "urn:uuid:1"), Some(account(4)));
    assert_eq!(of(&documents, "http://npi|1"), Some(account(4)), "a reference may have an identifier beside it");
}

#[test]
fn resources_that_share_an_identifier_are_one_party() {
    let (one, other) = (org("one", "orgs|x"), org("other", "orgs|x"));
    let both = json!([id("orgs|x"), id("orgs|y")]);
    let documents = [one, with(&other, "/identifier", both), mapping(&[("Organization/one", 2)])];
    assert_eq!(of(&documents, "Organization/other"), Some(account(2)));
    assert_eq!(of(&documents, "http://orgs|y"), Some(account(2)));
}

#[test]
fn identifiers_without_a_system_or_a_value_name_nobody() {
    let identifiers = json!([{"value": "1"}, {"system": "http://x"}, id("orgs|x")]);
    let one = with(&org("one", "orgs|x"), "/identifier", identifiers.clone());
    let other = with(&org("other", "orgs|y"), "/identifier", json!([identifiers[0], identifiers[1]]));
    let documents = [one, other, mapping(&[("Organization/one", 2)])];
    assert_eq!(of(&documents, "Organization/other"), None);
    assert_eq!(of(&documents, "http://orgs|x"), Some(account(2)));
}

#[test]
fn links_make_one_person_of_two() {
    let link = |name: &str| json!([{"other": {"reference": name}, "type": "seealso"}]);
    let old = with(&patient("old", "patients|1"), "/link", link("Patient/new"));
    assert_eq!(of(&[old, mapping(&[("Patient/new", 3)])], "http://patients|1"), Some(account(3)));
    let person = |assurance: &str| {
        json!({"resourceType": "Person", "id": "p", "link": [
            {"target": {"reference": "Patient/a"}}, {"target": {"reference": "RelatedPerson/b"}, "assurance": assurance},
        ]})
    };
    let documents = [person("level3"), mapping(&[("Patient/a", 3)])];
    assert_eq!(of(&documents, "RelatedPerson/b"), Some(account(3)));
    assert_refused(&[person("level2")], "Person.link[1].assurance", R::UnsureLink);
}

#[test]
fn contained_resources_are_known_to_what_contains_them_only() {
    let lee = without(&practitioner("lee", "staff|lee"), "/resourceType");
    let contained = json!([with(&lee, "/resourceType", json!("Practitioner"))]);
    let role = with(&role_of("x", "mercy"), "/practitioner", json!({"reference": "#lee"}));
    let documents = [with(&role, "/contained", contained), mapping(&[("http://staff|lee", 5)])];
    assert_eq!(of(&documents, "http://staff|lee"), Some(account(5)));
    assert_eq!(of(&documents, "Practitioner/lee"), None);
    assert_eq!(of(&documents, "#lee"), None);
}

#[test]
fn what_is_neither_a_person_nor_an_organisation_is_passed_over() {
    let observation = json!({"resourceType": "Observation", "modifierExtension": [{"url": "http://x"}]});
    let documents = [bundle(&[("urn:uuid:1", observation), ("urn:uuid:2", org("mercy", "orgs|mercy"))])];
    assert_eq!(
        of(&[documents[0].clone(), mapping(&[("Organization/mercy", 1)])], "http://orgs|mercy"),
        Some(account(1))
    );
    assert!(people(&[json!({"resourceType": "Location", "id": "x"})]).is_ok());
}

#[test]
fn one_party_with_two_accounts_is_refused_by_name() {
    let files = [mapping(&[("Practitioner/adams", 1)]), mapping(&[("Practitioner/adams", 2)])];
    let reason = |name: &str, other: &str| R::TwoAccounts { name: name.to_owned(), other: other.to_owned() };
    assert_refused(&files, "Practitioner/adams", reason("Practitioner/adams", "Practitioner/adams"));
    let contradictory =
        [mapping(&[("Practitioner/adams", 1), ("http://staff|adams", 2)]), practitioner("adams", "staff|adams")];
    assert_refused(&contradictory, "Practitioner", reason("Practitioner/adams", "http://staff|adams"));
    let text = people(&contradictory).unwrap_err().to_string();
    assert!(text.contains("\"Practitioner/adams\" and \"http://staff|adams\" are the same party"), "{text}");
    // The same account under both names is no contradiction.
    assert!(people(&[
        mapping(&[("Practitioner/adams", 1), ("http://staff|adams", 1)]),
        practitioner("adams", "staff|adams")
    ])
    .is_ok());
}

#[test]
fn a_person_that_is_an_organisation_is_refused() {
    let documents = [practitioner("adams", "npi|1"), org("adams-inc", "npi|1")];
    let reason =
        R::PersonAndOrganisation { name: "Practitioner/adams".to_owned(), other: "Organization/adams-inc".to_owned() };
    assert_refused(&documents, "Organization", reason);
}

#[test]
fn two_servers_may_have_different_resources_under_one_reference() {
    let here = bundle(&[("http://here/fhir/Organization/1", org("1", "orgs|here"))]);
    let there = bundle(&[("http://there/fhir/Organization/1", org("1", "orgs|there"))]);
    assert!(people(&[here.clone(), here.clone()]).is_ok());
    let reason = R::TwoServers {
        name: "Organization/1".to_owned(),
        one: "http://here/fhir/Organization/1".to_owned(),
        other: "http://there/fhir/Organization/1".to_owned(),
    };
    assert_refused(&[here, there], "Bundle.entry[0].resource", reason);
}

#[test]
fn an_identifier_that_a_practitioner_shares_with_a_role_names_the_practitioner() {
    let role = |name: &str, practitioner: &str| with(&role_of(practitioner, name), "/identifier", json!([id("npi|1")]));
    let files = [mapping(&[("Practitioner/lee", 1), ("PractitionerRole/lee-mercy", 2)])];
    for documents in [
        [practitioner("lee", "npi|1"), role("mercy", "lee"), files[0].clone()],
        [role("mercy", "lee"), practitioner("lee", "npi|1"), files[0].clone()],
        [role("mercy", "lee"), role("unity", "lee"), files[0].clone()],
    ] {
        assert_eq!(of(&documents, "http://npi|1"), Some(account(1)));
        assert_eq!(of(&documents, "PractitionerRole/lee-mercy"), Some(account(2)));
    }
    let alone = [role("mercy", "lee"), files[0].clone()];
    assert_eq!(of(&alone, "http://npi|1"), Some(account(2)));
    let reason = R::RolesOfDifferentPeople { name: "http://npi|1".to_owned() };
    assert_refused(&[role("mercy", "lee"), role("mercy", "kim")], "http://npi|1", reason);
}

#[test]
fn documents_that_cannot_be_read_are_refused_where_they_are_wrong() {
    let mercy = org("mercy", "orgs|mercy");
    assert_refused(
        &[with(&mercy, "/modifierExtension", json!([{}]))],
        "Organization.modifierExtension",
        R::ModifierExtension,
    );
    let reason = || R::WrongType { expected: "an array" };
    assert_refused(&[with(&mercy, "/identifier", id("orgs|x"))], "Organization.identifier", reason());
    assert_refused(&[json!([1])], "$", R::WrongType { expected: "an object" });
    assert_refused(&[json!({})], "$", R::Empty);
    assert_refused(&[json!({"Patient/x": {"acount": "5F"}})], "Patient/x.account", R::Missing);
    let role = with(&role_of("lee", "mercy"), "/active", json!("yes"));
    assert_refused(&[role], "PractitionerRole.active", R::WrongType { expected: "true or false" });
    assert_eq!(People::default().add(b"{\"a\": 1, \"a\": 2}"), Err(refused("a", R::DuplicateKey)));
}

#[test]
fn who_has_no_account_is_told_from_who_is_not_known() {
    let directory = people(&[org("mercy", "orgs|mercy")]).unwrap().directory();
    let refusal = |reference: &str| {
        let actors = json!([{"reference": {"reference": reference}}]);
        let consent = common::consent("OPTOUT", json!({"provision": [{"type": "permit", "actor": actors}]}));
        salus_fhir::consent::compile(&bytes(&consent), &directory).unwrap_err().reason
    };
    assert_eq!(refusal("Organization/mercy"), R::NoAccount { reference: "Organization/mercy".to_owned() });
    assert_eq!(refusal("Organization/unity"), R::ReferenceUnresolved { reference: "Organization/unity".to_owned() });
}

#[test]
fn a_consent_finds_accounts_through_resources() {
    let documents = [
        practitioner("adams", "staff|adams"),
        org("mercy", "orgs|mercy"),
        mapping(&[("Practitioner/adams", 1), ("http://orgs|mercy", 2)]),
    ];
    let directory = people(&documents).unwrap().directory();
    let compile = |reference: Value| {
        let actors = json!([{"reference": reference}]);
        let consent = common::consent("OPTOUT", json!({"provision": [{"type": "permit", "actor": actors}]}));
        salus_fhir::consent::compile(&bytes(&consent), &directory)
            .map(|compiled| compiled.consent.provisions[0].actors[0])
    };
    use salus_domain::consent::Actor;
    let adams = Ok(Actor::Account(account(1)));
    assert_eq!(compile(json!({"type": "Practitioner", "identifier": id("staff|adams")})), adams);
    assert_eq!(compile(json!({"identifier": id("staff|adams")})), adams, "the directory says that it is a person");
    assert_eq!(compile(json!({"reference": "Practitioner/9", "identifier": id("staff|adams")})), adams);
    assert_eq!(compile(json!({"reference": "Organization/mercy"})), Ok(Actor::Organisation(account(2))));
    let path = "Consent.provision.provision[0].actor[0].reference";
    let wrong = compile(json!({"type": "Practitioner", "identifier": id("orgs|mercy")}));
    assert_eq!(wrong, Err(refused(path, R::ReferenceContradicts)));
}
