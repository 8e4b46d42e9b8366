//! No input makes the compiler panic.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, dollars, sample};
use proptest::prelude::*;
use salus_domain::codes::Category;
use salus_domain::evaluate::Answer;
use salus_domain::time::Timestamp;
use salus_fhir::claim::ClaimOptions;
use salus_fhir::directory::Directory;
use salus_fhir::people::People;
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{claim, consent, consult, coverage, plan, record};
use serde_json::{json, Value};

const SAMPLES: [&str; 11] = [
    "claim-second.json",
    "claim.json",
    "consent.json",
    "coverage.json",
    "directory.json",
    "people.json",
    "plan.json",
    "record-bundle.json",
    "record-observation.json",
    "record-sensitive.json",
    "request.json",
];

/// Puts a document to every compiler.
fn compile_all(document: &[u8]) {
    let directory = Directory::from_json(&sample("directory.json")).unwrap();
    let options = ClaimOptions { asset: dollars(), default_category: Some(Category::MedicalCare) };
    let compiled = consent::compile(document, &directory);
    assert_eq!(consent::review(document, &directory).map_err(|refusals| refusals.first), compiled);
    if let Ok(compiled) = compiled {
        assert_eq!(compiled.consent.validate(), Ok(()));
        assert_eq!(compiled.consent.provisions.len(), compiled.paths.len());
        let _ = salus_fhir::consent_text::lines(&compiled.consent, &directory);
    }
    let _ = claim::compile(document, &options);
    let _ = coverage::compile(document);
    let _ = record::compile(document);
    let _ = plan::compile(document);
    let _ = Directory::from_json(document);
    simulate_all(document);
}

/// Puts it to a simulation as each of its documents, beside the sample of the other ones.
fn simulate_all(document: &[u8]) {
    let (consent, request) = (sample("consent.json"), sample("request.json"));
    let (directory, people) = (sample("directory.json"), sample("people.json"));
    for [consent, people, request] in
        [[document, &people, &request], [&consent, document, &request], [&consent, &people, document]]
    {
        let mut everybody = People::default();
        let added = [directory.as_slice(), people].iter().try_for_each(|document| everybody.add(document));
        let _ = (everybody.directory(), added);
        let Ok(consult) = consult::read(request) else { continue };
        let Ok(consents) = ConsentFile::read("consent.json", consent) else { continue };
        if let Ok(simulation) = run(&everybody, &[consents], None, &consult, Timestamp(1_790_000_000_000)) {
            assert!(simulation.refused.is_empty() || simulation.answer == Answer::Deny);
        }
    }
}

/// How many values there are in `value`, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Replaces the value number `place` in depth-first order.
fn replace(value: &mut Value, place: &mut usize, with: &Value) {
    if *place == 0 {
        *value = with.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    let below: Vec<_> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in below {
        if *place == usize::MAX {
            return;
        }
        replace(value, place, with);
    }
}

fn replacement() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{}]])),
        Just(json!({"reference": "#"})),
        Just(json!("deny")),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(document in prop::collection::vec(any::<u8>(), 0..200)) {
        compile_all(&document);
    }

    #[test]
    fn samples_with_random_bytes_in_them_do_no_harm(
        name in prop::sample::select(&SAMPLES[..]),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut document = sample(name);
        let place = place.index(document.len());
        document[place] = byte;
        compile_all(&document);
    }

    #[test]
    fn samples_with_other_values_in_them_do_no_harm(
        name in prop::sample::select(&SAMPLES[..]),
        place in any::<prop::sample::Index>(),
        with in replacement(),
    ) {
        let mut document: Value = serde_json::from_slice(&sample(name)).unwrap();
        let mut place = place.index(count(&document));
        replace(&mut document, &mut place, &with);
        compile_all(&bytes(&document));
    }

    #[test]
    fn a_sample_with_an_element_added_to_a_provision_is_refused(name in "[a-z]{1,12}", deny in any::<bool>()) {
        let known = ["action", "actor", "class", "code", "data", "id", "period", "provision", "purpose", "type"];
        prop_assume!(!known.contains(&name.as_str()));
        let pointer = if deny { "/provision/provision/0/provision/0" } else { "/provision/provision/1" };
        let mut document: Value = serde_json::from_slice(&sample("consent.json")).unwrap();
        document.pointer_mut(pointer).unwrap()[&name] = json!("x");
        let directory = Directory::from_json(&sample("directory.json")).unwrap();
        prop_assert!(consent::compile(&bytes(&document), &directory).is_err());
    }
}
