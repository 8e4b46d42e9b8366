//! What is asked about before a treatment.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, concept, documents, dollars, refused, sample, with, without};
use salus_domain::codes::Category;
use salus_domain::money::Amount;
use salus_fhir::date::day;
use salus_fhir::eligibility_request::{compile, CompiledEligibilityRequest};
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn request() -> Value {
    serde_json::from_slice(&sample("eligibility-request.json")).unwrap()
}

fn read(document: &Value) -> Result<CompiledEligibilityRequest, Refused> {
    compile(&bytes(document), &dollars())
}

fn assert_refused(document: &Value, path: &str, reason: R) {
    assert_eq!(read(document), Err(refused(&format!("CoverageEligibilityRequest.{path}"), reason)));
}

#[test]
fn a_request_is_about_services_on_a_day_under_a_coverage() {
    let request = read(&request()).unwrap();
    assert_eq!(
        (request.patient.as_str(), request.insurer.as_str()),
        ("Patient/rosa-marin", "Organization/unity-insurance")
    );
    assert_eq!(request.provider.as_deref(), Some("Practitioner/dr-adams"));
    assert_eq!((request.coverage.as_deref(), request.day), (Some("Coverage/rosa-unity"), day("2026-11-25").unwrap()));
    let lines: Vec<_> =
        request.lines(None).into_iter().map(|line| (line.sequence, line.code, line.quantity, line.submitted)).collect();
    assert_eq!(lines, [(1, String::from("99213"), 1, Amount(13_500)), (2, String::from("83036"), 2, Amount(8_500))]);
}

#[test]
fn only_what_has_a_service_a_category_and_a_price_can_be_predicted() {
    let document = without(&request(), "/item/0/category");
    let document = without(&document, "/item/1/unitPrice");
    let request = read(&document).unwrap();
    assert_eq!(request.lines(None), []);
    let lines = request.lines(Some(Category::MedicalCare));
    assert_eq!((lines.len(), lines[0].sequence, lines[0].category), (1, 1, Category::MedicalCare));
    let whole = with(&document, "/item", json!([{"category": concept("ex-benefitcategory", "35")}]));
    let request = read(&whole).unwrap();
    assert_eq!((request.items[0].category, request.items[0].service.as_ref()), (Some(Category::DentalCare), None));
    let nothing = with(&document, "/item", json!([{"quantity": {"value": 1}}]));
    assert_refused(&nothing, "item[0].productOrService", R::Missing);
}

#[test]
fn without_a_day_of_service_it_is_the_day_of_the_request() {
    let document = without(&request(), "/servicedDate");
    assert_eq!(read(&document).unwrap().day, day("2026-11-20").unwrap());
    let period = with(&document, "/servicedPeriod", json!({"start": "2026-11-25", "end": "2026-11-26"}));
    assert_refused(&period, "servicedPeriod", R::NotOneDay);
}

#[test]
fn the_day_of_the_request_is_needed_only_where_it_is_the_day_of_service() {
    let month = with(&request(), "/created", json!("2026-11"));
    assert_eq!(read(&month).unwrap().day, day("2026-11-25").unwrap());
    assert_refused(&without(&month, "/servicedDate"), "created", R::NotOneDay);
    assert_refused(&with(&month, "/created", json!("soon")), "created", R::NotADate);
}

#[test]
fn it_is_about_one_coverage_and_one_provider() {
    let own = request()["insurance"][0].clone();
    let other = with(&without(&own, "/focal"), "/coverage/reference", json!("Coverage/2"));
    let of = |insurance: Value| with(&request(), "/insurance", insurance);
    assert_eq!(read(&of(json!([other, own]))).unwrap().coverage.as_deref(), Some("Coverage/rosa-unity"));
    assert_eq!(read(&of(json!([other]))).unwrap().coverage.as_deref(), Some("Coverage/2"));
    assert_eq!(read(&without(&request(), "/insurance")).unwrap().coverage, None);
    assert_refused(&of(json!([other, other])), "insurance", R::NotFocal);
    assert_refused(&of(json!([own, own])), "insurance[1].focal", R::SeveralFocal);
    let provider = with(&request(), "/item/0/provider", json!({"reference": "Practitioner/other"}));
    assert_refused(&provider, "item[0].provider", R::OtherProvider);
    let version = with(&request(), "/item/0/provider", json!({"reference": "Practitioner/dr-adams/_history/2"}));
    assert!(read(&version).is_ok());
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    let system = String::from("http://hl7.org/fhir/eligibilityrequest-purpose");
    let reason = R::UnknownCode { system, code: String::from("x") };
    assert_refused(&with(&request(), "/purpose/1", json!("x")), "purpose[1]", reason);
    assert_refused(&with(&request(), "/item/0/tax", json!(1)), "item[0].tax", R::UnknownElement);
    let currency = R::Currency { expected: String::from("USD"), found: String::from("EUR") };
    let euros = with(&request(), "/item/0/unitPrice/currency", json!("EUR"));
    assert_refused(&euros, "item[0].unitPrice.currency", currency);
    let status = R::Status { found: String::from("draft"), expected: "active" };
    assert_refused(&with(&request(), "/status", json!("draft")), "status", status);
    for name in ["status", "purpose", "patient", "insurer", "created"] {
        assert_refused(&without(&request(), &format!("/{name}")), name, R::Missing);
    }
    let many = with(&request(), "/item", json!(vec![request()["item"][0].clone(); 51]));
    assert_refused(&many, "item[50]", R::TooManyLines { limit: 50 });
}

#[test]
fn the_request_of_the_hl7_examples_is_about_a_coverage_as_a_whole() {
    for (_, document) in documents("fhir-r4", "CoverageEligibilityRequest-") {
        let request = compile(&document, &dollars()).unwrap();
        assert_eq!((request.coverage.as_deref(), request.items.len()), (Some("Coverage/9876B1"), 0));
        assert_eq!((request.patient.as_str(), request.day), ("Patient/pat1", day("2014-08-16").unwrap()));
    }
}

#[test]
fn an_answer_refers_to_the_id_or_else_to_an_identifier() {
    let reference = |document: &Value| read(document).unwrap().reference;
    assert_eq!(reference(&request()).as_deref(), Some("CoverageEligibilityRequest/rosa-2026-11"));
    let unnamed = without(&request(), "/id");
    assert_eq!(reference(&unnamed), None);
    let identifiers = json!([{"value": "6"}, {"system": "urn:asked", "value": "7"}]);
    assert_eq!(reference(&with(&unnamed, "/identifier", identifiers)).as_deref(), Some("urn:asked|7"));
}
