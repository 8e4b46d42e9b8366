//! No input makes the compiler panic.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, bytes, dollars, sample, SAMPLES};
use proptest::prelude::*;
use salus_domain::codes::Category;
use salus_domain::evaluate::Answer;
use salus_domain::ids::PlanId;
use salus_domain::plan::YEAR;
use salus_domain::time::Timestamp;
use salus_fhir::claim::{ClaimOptions, Unpriced};
use salus_fhir::directory::Directory;
use salus_fhir::insurance_plan::InsurancePlanOptions;
use salus_fhir::people::People;
use salus_fhir::plan::PlanFile;
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{claim, consent, consult, coverage, eligibility_request, insurance_plan, plan, record};
use serde_json::{json, Value};

/// Puts a document to every compiler.
fn compile_all(document: &[u8]) {
    let directory = Directory::from_json(&sample("directory.json")).unwrap();
    for options in [ClaimOptions::new(dollars()), lenient()] {
        compile_claims(document, &options);
    }
    let compiled = consent::compile(document, &directory);
    assert_eq!(consent::review(document, &directory).map_err(|refusals| refusals.first), compiled);
    if let Ok(compiled) = compiled {
        assert_eq!(compiled.consent.validate(), Ok(()));
        assert_eq!(compiled.consent.provisions.len(), compiled.paths.len());
        let _ = salus_fhir::consent_text::lines(&compiled.consent, &directory);
    }
    if let Ok(coverage) = coverage::compile(document) {
        let years = coverage::years(coverage.period, Timestamp(1_900_000_000_000)).unwrap_or_default();
        assert!(years.iter().all(|year| year.is_valid() && year.end.0 - year.start.0 <= YEAR));
    }
    let _ = record::compile(document);
    for plan in [plan::compile(document), insurance_plan::compile(document, &plan_options())].into_iter().flatten() {
        assert_eq!(plan.terms.validate(), Ok(()));
        assert!(plan.fee_pages(&[3; 32]).len().is_power_of_two());
    }
    let _ = Directory::from_json(document);
    simulate_all(document);
}

/// What the dental plan of the samples says of what an InsurancePlan does not.
fn plan_options() -> InsurancePlanOptions {
    let PlanFile { token, terms, fees, .. } = plan::compile(&sample("plan-dental.json")).unwrap();
    let (benefit, deadlines) = (terms.benefit, terms.deadlines);
    InsurancePlanOptions { asset: dollars(), token, plan: None, benefit, deadlines, fees }
}

/// Options that fill in whatever a claim leaves out.
fn lenient() -> ClaimOptions {
    ClaimOptions {
        default_category: Some(Category::MedicalCare),
        id_system: Some(String::from("urn:ids")),
        default_coverage: Some(String::from("Coverage/1")),
        unpriced: Unpriced::Remainder,
        ..ClaimOptions::new(dollars())
    }
}

/// What compiles is well-formed, and no line claims that more was paid before than it charges.
fn compile_claims(document: &[u8], options: &ClaimOptions) {
    let whole = claim::compile(document, options);
    let Ok(found) = claim::claims_of(document, options) else { return };
    for compiled in found.into_iter().filter_map(|one| one.compiled.ok()) {
        let submission = compiled.submission(PlanId(1), account(1), account(2), &[3; 32]);
        assert_eq!(submission.validate(Timestamp::MAX), Ok(()));
        assert!(options != &ClaimOptions::new(dollars()) || compiled.assumed.is_empty());
    }
    let _ = eligibility_request::compile(document, &options.asset).map(|it| it.lines(options.default_category));
    if let Ok(prior) = claim::prior_payment(document, &options.asset) {
        let _ = claim::compile(&sample("claim.json"), &ClaimOptions { prior: vec![prior], ..options.clone() });
    }
    let _ = (whole, claim::authorisation(document, options).map(|it| it.requests(&[3; 32])));
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
    fn claims_within_bundles_with_other_values_in_them_do_no_harm(
        place in any::<prop::sample::Index>(),
        with in replacement(),
    ) {
        let claims = ["claim.json", "claim-authorisation.json", "claim-second.json"];
        let entry = |name| json!({"fullUrl": name, "resource": serde_json::from_slice::<Value>(&sample(name)).unwrap()});
        let mut document = json!({"resourceType": "Bundle", "type": "collection", "entry": claims.map(entry)});
        let mut place = place.index(count(&document));
        replace(&mut document, &mut place, &with);
        for options in [ClaimOptions::new(dollars()), lenient()] {
            compile_claims(&bytes(&document), &options);
        }
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
