//! Records and coverages.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, coding, concept, refused, with, without};
use salus_domain::codes::{Class, Confidentiality, Sensitivity, SensitivitySet};
use salus_domain::time::Period;
use salus_fhir::coverage;
use salus_fhir::date::whole;
use salus_fhir::record::{compile, CompiledRecord};
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn read(document: &Value) -> Result<CompiledRecord, Refused> {
    compile(&bytes(document))
}

fn condition(patient: &str, labels: Value) -> Value {
    json!({
        "resourceType": "Condition",
        "meta": {"security": labels},
        "subject": {"reference": patient},
        "recordedDate": "2026-05",
        "extension": [{"url": "http://x"}],
    })
}

fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<_> = resources.iter().map(|resource| json!({"resource": resource})).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

#[test]
fn a_record_without_labels_is_of_normal_confidentiality() {
    let record = read(&without(&condition("Patient/c", json!([])), "/meta")).unwrap();
    assert_eq!((record.class, record.confidentiality), (Class::Condition, Confidentiality::N));
    assert!(record.sensitivity.is_empty());
    assert_eq!(record.data_period, Some(whole("2026-05").unwrap()));
    assert_eq!(record.patient.as_deref(), Some("Patient/c"));
}

#[test]
fn a_bundle_is_as_sensitive_as_all_that_is_in_it() {
    let open = condition("Patient/c", json!([coding("v3-Confidentiality", "U")]));
    let closed = condition("Patient/c", json!([coding("v3-Confidentiality", "V"), coding("v3-ActCode", "HIV")]));
    let inner = bundle(&[condition("Patient/c", json!([coding("v3-ActCode", "SUD")]))]);
    let contained = with(&open, "/contained", json!([{"meta": {"security": [coding("v3-ActCode", "STD")]}}]));
    let record = read(&bundle(&[contained, closed, inner])).unwrap();
    assert_eq!(record.confidentiality, Confidentiality::V);
    let labels = [Sensitivity::Hiv, Sensitivity::Sud, Sensitivity::Std];
    assert_eq!(record.sensitivity, SensitivitySet::of(&labels));
    // Unlabelled data beside open data is normal.
    let mixed = bundle(&[open.clone(), without(&open, "/meta")]);
    assert_eq!(read(&mixed).unwrap().confidentiality, Confidentiality::N);
}

#[test]
fn labels_that_are_not_known_are_refused() {
    let unknown = condition("Patient/c", json!([coding("v3-ActCode", "NOREUSE")]));
    let system = String::from("http://terminology.hl7.org/CodeSystem/v3-ActCode");
    let reason = R::UnknownCode { system, code: String::from("NOREUSE") };
    assert_eq!(read(&bundle(&[unknown])), Err(refused("Bundle.entry[0].resource.meta.security[0]", reason)));
    let other = condition("Patient/c", json!([coding("http://labels", "x")]));
    let reason = R::UnknownSystem { system: String::from("http://labels") };
    assert_eq!(read(&other), Err(refused("Condition.meta.security[0]", reason)));
}

#[test]
fn a_bundle_reports_what_its_entries_report_together() {
    let patient = json!({"resourceType": "Patient", "id": "c", "birthDate": "1950-01-01"});
    let early =
        with(&condition("Patient/c", json!([coding("v3-Confidentiality", "N")])), "/recordedDate", json!("2024"));
    let late = with(&early, "/recordedDate", json!("2026-05-03"));
    let expected = Period { start: whole("2024").unwrap().start, end: whole("2026-05-03").unwrap().end };
    assert_eq!(read(&bundle(&[patient, early.clone(), late])).unwrap().data_period, Some(expected));
    let undated = without(&early, "/recordedDate");
    assert_eq!(read(&bundle(&[early, undated])).unwrap().data_period, None);
}

#[test]
fn data_from_before_1970_has_no_period() {
    let old = with(&condition("Patient/c", json!([coding("v3-Confidentiality", "N")])), "/recordedDate", json!("1969"));
    assert_eq!(read(&old).unwrap().data_period, None);
    let timed = with(&old, "/effectiveTiming", json!({}));
    assert_eq!(read(&timed).unwrap().data_period, None);
    let wrong = with(&old, "/recordedDate", json!("May 2026"));
    assert_eq!(read(&wrong), Err(refused("Condition.recordedDate", R::NotADate)));
}

#[test]
fn a_bundle_is_about_one_patient() {
    let labels = json!([coding("v3-Confidentiality", "N")]);
    let two = bundle(&[condition("Patient/c", labels.clone()), condition("Patient/d", labels.clone())]);
    assert_eq!(read(&two), Err(refused("Bundle.entry[1].resource", R::SeveralPatients)));
    let patient = json!({"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "c"}});
    let mut same = bundle(&[condition("urn:uuid:1", labels.clone()), condition("Patient/c", labels)]);
    same["entry"].as_array_mut().unwrap().insert(1, patient);
    assert_eq!(read(&same).unwrap().patient.as_deref(), Some("Patient/c"));
}

#[test]
fn what_is_no_class_of_data_is_no_record() {
    let reason = R::NoSuchClass { found: String::from("Organization") };
    assert_eq!(read(&json!({"resourceType": "Organization"})), Err(refused("Organization.resourceType", reason)));
    let reason = R::NoSuchClass { found: String::from("Parameters") };
    let hidden = bundle(&[json!({"resourceType": "Parameters"})]);
    assert_eq!(read(&hidden), Err(refused("Bundle.entry[0].resource.resourceType", reason)));
}

fn coverage() -> Value {
    json!({
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": {"reference": "Patient/c"},
        "payor": [{"identifier": {"system": "http://bins", "value": "1"}}],
        "class": [
            {"type": concept("coverage-class", "group"), "value": "g"},
            {"type": concept("coverage-class", "plan"), "value": "p", "name": "P"},
        ],
    })
}

#[test]
fn a_coverage_names_member_payor_and_plan() {
    let compiled = coverage::compile(&bytes(&coverage())).unwrap();
    assert_eq!((compiled.member.as_str(), compiled.payor.as_str()), ("Patient/c", "http://bins|1"));
    assert_eq!((compiled.period, compiled.plan.as_deref()), (Period::ALWAYS, Some("p")));
    assert_eq!(compiled.subscriber_id, None);
}

#[test]
fn a_coverage_that_is_not_in_force_or_not_clear_is_refused() {
    let refusal = |document: &Value| coverage::compile(&bytes(document)).unwrap_err();
    let status = R::Status { found: String::from("draft"), expected: "active" };
    assert_eq!(refusal(&with(&coverage(), "/status", json!("draft"))), refused("Coverage.status", status));
    let payor = coverage()["payor"][0].clone();
    let two = with(&coverage(), "/payor", json!([payor, payor]));
    assert_eq!(refusal(&two), refused("Coverage.payor", R::SeveralPayors));
    let plan = coverage()["class"][1].clone();
    let plans = with(&coverage(), "/class", json!([plan, plan]));
    assert_eq!(refusal(&plans), refused("Coverage.class[1]", R::AmbiguousCoding));
    let unknown = with(&coverage(), "/dependents", json!(2));
    assert_eq!(refusal(&unknown), refused("Coverage.dependents", R::UnknownElement));
}
