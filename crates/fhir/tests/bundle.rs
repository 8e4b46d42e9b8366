//! What is found of one type in a document, and what keeps a Bundle or an entry of it from being read.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, claim, dollars, refused, sample, with, without};
use salus_fhir::bundle::{Found, MAX_REFUSED};
use salus_fhir::claim::{claims_of, compile, ClaimOptions, CompiledClaim};
use salus_fhir::coverage::coverages_of;
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn strict() -> ClaimOptions {
    ClaimOptions::new(dollars())
}

fn find(document: &Value) -> Result<Vec<Found<CompiledClaim>>, Refused> {
    claims_of(&bytes(document), &strict())
}

fn entry(resource: Value) -> Value {
    json!({"fullUrl": "urn:uuid:1", "resource": resource})
}

fn bundle(entries: impl Into<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries.into()})
}

/// The one refusal of an entry that stands beside a claim, which it keeps from nothing.
fn refused_beside_a_claim(other: Value) -> (String, Refused) {
    let found = find(&bundle([entry(claim()), other])).unwrap();
    assert_eq!(found[0].compiled, compile(&bytes(&claim()), &strict()));
    assert_eq!(found.len(), 2, "{found:?}");
    (found[1].path.clone(), found[1].compiled.clone().unwrap_err())
}

#[test]
fn each_resource_of_a_bundle_is_compiled_on_its_own() {
    let broken = with(&with(&claim(), "/status", json!("draft")), "/id", json!("b"));
    let modified = with(&claim(), "/item/0/modifierExtension", json!([{"url": "x"}]));
    let patient = json!({"resourceType": "Patient", "modifierExtension": [{"url": "x"}]});
    let entries = [entry(patient), entry(claim()), entry(broken), json!({"fullUrl": "urn:uuid:2"}), entry(modified)];
    let found = find(&bundle(entries)).unwrap();
    let places: Vec<_> = found.iter().map(|one| (one.path.as_str(), one.id.as_deref())).collect();
    let expected = [
        ("Bundle.entry[1].resource", None),
        ("Bundle.entry[2].resource", Some("b")),
        ("Bundle.entry[4].resource", None),
    ];
    assert_eq!(places, expected);
    assert_eq!(found[0].compiled, compile(&bytes(&claim()), &strict()));
    let status = R::Status { found: String::from("draft"), expected: "active" };
    assert_eq!(found[1].compiled, Err(refused("Bundle.entry[2].resource.status", status)));
    let path = "Bundle.entry[4].resource.item[0].modifierExtension";
    assert_eq!(found[2].compiled, Err(refused(path, R::ModifierExtension)));
}

#[test]
fn a_document_of_the_type_is_the_one_resource() {
    let found = find(&claim()).unwrap();
    let (path, compiled) = (String::from("Claim"), compile(&bytes(&claim()), &strict()));
    assert_eq!(found, [Found { path, id: None, compiled }]);
    let modified = with(&claim(), "/implicitRules", json!("http://rules"));
    assert_eq!(find(&modified).unwrap()[0].compiled, Err(refused("Claim.implicitRules", R::ImplicitRules)));
    let coverage = coverages_of(&sample("coverage.json")).unwrap();
    assert_eq!((coverage.len(), coverage[0].path.as_str()), (1, "Coverage"));
}

#[test]
fn where_there_is_none_of_the_type_it_is_said_what_there_is() {
    let wrong = |found: &str| R::WrongResource { expected: "Claim", found: found.to_owned() };
    let patient = json!({"resourceType": "Patient", "id": "1"});
    assert_eq!(find(&patient), Err(refused("Patient.resourceType", wrong("Patient"))));
    let none = Err(refused("Bundle.resourceType", wrong("Bundle")));
    assert_eq!(find(&bundle([entry(patient)])), none);
    assert_eq!(find(&bundle(json!([]))), none);
    assert_eq!(find(&without(&bundle(json!([])), "/entry")), none);
    assert_eq!(find(&json!({"name": "plan"})), Err(refused("resourceType", R::Missing)));
}

#[test]
fn what_changes_the_meaning_of_a_bundle_refuses_all_of_it() {
    let bundle = bundle([entry(claim())]);
    let modified = with(&bundle, "/modifierExtension", json!([{"url": "x"}]));
    assert_eq!(find(&modified), Err(refused("Bundle.modifierExtension", R::ModifierExtension)));
    let rules = with(&bundle, "/implicitRules", json!("http://rules"));
    assert_eq!(find(&rules), Err(refused("Bundle.implicitRules", R::ImplicitRules)));
    let history = with(&bundle, "/type", json!("history"));
    assert_eq!(find(&history), Err(refused("Bundle.type", R::History)));
    // Versions of something else are nobody's concern.
    let other = with(&history, "/entry/0/resource/resourceType", json!("Patient"));
    let reason = R::WrongResource { expected: "Claim", found: String::from("Bundle") };
    assert_eq!(find(&other), Err(refused("Bundle.resourceType", reason)));
}

#[test]
fn an_entry_that_may_be_of_the_type_and_cannot_be_read_is_refused_on_its_own() {
    let modified = with(&entry(claim()), "/modifierExtension", json!([{"url": "x"}]));
    let (path, reason) = refused_beside_a_claim(modified);
    assert_eq!(path, "Bundle.entry[1].resource");
    assert_eq!(reason, refused("Bundle.entry[1].modifierExtension", R::ModifierExtension));
    let (path, reason) = refused_beside_a_claim(entry(bundle([entry(claim())])));
    assert_eq!((path.as_str(), reason), ("Bundle.entry[1].resource", refused(&path, R::NestedBundle)));
    let (path, reason) = refused_beside_a_claim(entry(json!({"id": "b"})));
    assert_eq!(reason, refused(&format!("{path}.resourceType"), R::Missing));
    let (path, reason) = refused_beside_a_claim(json!("claim"));
    assert_eq!(path, "Bundle.entry[1]");
    assert_eq!(reason, refused(&path, R::WrongType { expected: "an object" }));
}

#[test]
fn of_a_bundle_of_refused_entries_not_all_are_told() {
    let patient = entry(json!({"resourceType": "Patient"}));
    let empty = |count: usize| std::iter::repeat_n(json!({}), count);
    let of = |count: usize| {
        let entries = [entry(claim()), patient.clone()].into_iter().chain(empty(count)).chain([entry(claim())]);
        find(&bundle(entries.collect::<Vec<_>>())).unwrap()
    };
    let all = of(MAX_REFUSED);
    assert_eq!(all.len(), MAX_REFUSED + 2);
    assert!(all[MAX_REFUSED + 1].compiled.is_ok());
    for count in [1, 2, 100] {
        let some = of(MAX_REFUSED + count);
        assert_eq!(some[..=MAX_REFUSED], all[..=MAX_REFUSED]);
        // It is the Bundle's, and not that of the entry at which the reading ends.
        let (path, last) = (String::from("Bundle"), format!("Bundle.entry[{}]", MAX_REFUSED + 2));
        let compiled = Err(refused(&last, R::TooManyRefused { limit: MAX_REFUSED }));
        assert_eq!(some[MAX_REFUSED + 1..], [Found { path, id: None, compiled }]);
    }
}

#[test]
fn what_an_entry_deletes_is_refused_unless_it_is_something_else() {
    let deletes = |url: &str| json!({"request": {"method": "DELETE", "url": url}});
    let request = |method: &str| json!({"method": method, "url": "Claim"});
    let expected = refused("Bundle.entry[1].request.method", R::Deletion);
    assert_eq!(refused_beside_a_claim(with(&entry(claim()), "/request", request("DELETE"))).1, expected);
    for url in ["Claim/1", "http://server/Claim/1", "Claim?identifier=1"] {
        assert_eq!(refused_beside_a_claim(deletes(url)).1, expected, "{url}");
    }
    let nested = json!({"method": "DELETE", "url": "Claim/1", "modifierExtension": [{"url": "x"}]});
    let path = "Bundle.entry[1].request.modifierExtension";
    assert_eq!(refused_beside_a_claim(json!({"request": nested})).1, refused(path, R::ModifierExtension));
    let others = [
        deletes("Patient/1"),
        with(&entry(json!({"resourceType": "Patient"})), "/request", request("DELETE")),
        with(&entry(claim()), "/request", request("POST")),
    ];
    let found = find(&bundle(others)).unwrap();
    assert_eq!((found.len(), found[0].path.as_str()), (1, "Bundle.entry[2].resource"));
    assert!(found[0].compiled.is_ok());
}
