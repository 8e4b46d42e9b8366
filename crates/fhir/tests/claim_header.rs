//! What a claim says of itself and of those it is about.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, claim, coding, dollars, refused, with, without};
use salus_domain::time::Timestamp;
use salus_fhir::claim::{authorisation, compile, ClaimOptions, CompiledClaim};
use salus_fhir::explain::Kind;
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn read(document: &Value) -> Result<CompiledClaim, Refused> {
    compile(&bytes(document), &ClaimOptions::new(dollars()))
}

fn assert_refused(document: &Value, path: &str, reason: R) {
    assert_eq!(read(document), Err(refused(path, reason)));
}

#[test]
fn a_claim_needs_its_number_and_its_parties() {
    for name in ["identifier", "patient", "provider", "insurance", "item"] {
        assert_refused(&without(&claim(), &format!("/{name}")), &format!("Claim.{name}"), R::Missing);
    }
    let unnumbered = with(&claim(), "/identifier", json!([{"value": "1"}]));
    assert_refused(&unnumbered, "Claim.identifier[0].system", R::Missing);
    let contained = R::ReferenceContained { reference: String::from("#p") };
    assert_refused(&with(&claim(), "/patient", json!({"reference": "#p"})), "Claim.patient", contained);
}

#[test]
fn parties_may_be_named_by_identifier() {
    let insurer = json!({"identifier": {"system": "http://bins", "value": "123456"}});
    let compiled = read(&with(&claim(), "/insurer", insurer)).unwrap();
    assert_eq!(compiled.insurer.as_deref(), Some("http://bins|123456"));
    assert_eq!(compiled.items[0].date, Timestamp(1_790_726_400_000));
}

#[test]
fn the_kind_of_a_claim_is_a_code_of_claim_type() {
    let system = "http://terminology.hl7.org/CodeSystem/claim-type";
    let of = |codings: Value| read(&with(&claim(), "/type", json!({"coding": codings})));
    assert_eq!(read(&claim()).unwrap().kind, None);
    for (code, kind) in [
        ("institutional", Kind::Institutional),
        ("oral", Kind::Oral),
        ("pharmacy", Kind::Pharmacy),
        ("professional", Kind::Professional),
        ("vision", Kind::Vision),
    ] {
        assert_eq!(of(json!([coding("http://kinds", "x"), coding(system, code)])).unwrap().kind, Some(kind));
    }
    let refused_at = |place: &str, reason| Err(refused(&format!("Claim.type{place}"), reason));
    let unknown = R::UnknownSystem { system: String::from("http://kinds") };
    assert_eq!(of(json!([coding("http://kinds", "oral")])), refused_at(".coding[0]", unknown));
    let unknown = R::UnknownCode { system: system.to_owned(), code: String::from("x") };
    assert_eq!(of(json!([coding(system, "x")])), refused_at(".coding[0]", unknown));
    assert_eq!(of(json!([coding(system, "oral"), coding(system, "vision")])), refused_at("", R::AmbiguousCoding));
    let text = with(&claim(), "/type", json!({"text": "oral"}));
    assert_eq!(read(&text), refused_at(".coding", R::Missing));
}

/// What explains a claim later has to write its numbers.
#[test]
fn numbers_of_lines_and_insurances_are_those_that_fhir_can_write() {
    let reason = || R::WrongType { expected: "a whole number from 1 to 2147483647" };
    for number in [json!(0), json!(2_147_483_648_u32), json!(-1), json!(1.5), json!("1")] {
        let expected = |path: &str| match number {
            Value::String(_) => Err(refused(path, R::WrongType { expected: "a number" })),
            _ => Err(refused(path, reason())),
        };
        assert_eq!(read(&with(&claim(), "/item/0/sequence", number.clone())), expected("Claim.item[0].sequence"));
        let path = "Claim.insurance[0].sequence";
        assert_eq!(read(&with(&claim(), "/insurance/0/sequence", number.clone())), expected(path));
        let asked = with(&with(&claim(), "/item/0/sequence", number.clone()), "/use", json!("preauthorization"));
        let asked = authorisation(&bytes(&asked), &ClaimOptions::new(dollars())).map(|_| ());
        assert_eq!(asked, expected("Claim.item[0].sequence").map(|_: CompiledClaim| ()));
    }
    assert_eq!(
        read(&with(&claim(), "/item/0/sequence", json!(2_147_483_647))).unwrap().items[0].sequence,
        2_147_483_647
    );
}

#[test]
fn of_several_identifiers_the_official_one_is_the_number() {
    let number = |identifiers: Value| read(&with(&claim(), "/identifier", identifiers)).map(|claim| claim.identifier.1);
    let of = |usage: &str, value: &str| json!({"use": usage, "system": "http://claims", "value": value});
    let plain = |value: &str| json!({"system": "http://claims", "value": value});
    for (identifiers, expected) in [
        (json!([of("old", "1"), of("official", "2")]), "2"),
        (json!([of("temp", "1"), plain("2")]), "2"),
        (json!([of("usual", "1"), of("secondary", "3"), of("official", "2")]), "2"),
        (json!([plain("2"), of("usual", "2")]), "2"),
        (json!([{"value": "1"}, plain("2")]), "2"),
        (json!([{"use": "official", "system": "http://claims"}, plain("2")]), "2"),
        (json!([{"use": "old", "value": "1"}, of("secondary", "2")]), "2"),
    ] {
        assert_eq!(number(identifiers.clone()).as_deref(), Ok(expected), "{identifiers}");
    }
    let several = |place: usize| Err(refused(&format!("Claim.identifier[{place}]"), R::SeveralNumbers));
    assert_eq!(number(json!([plain("1"), plain("2")])), several(1));
    assert_eq!(number(json!([of("official", "1"), plain("3"), of("official", "2")])), several(2));
    let elsewhere = json!({"system": "http://elsewhere", "value": "1"});
    assert_eq!(number(json!([plain("1"), plain("1"), elsewhere])), several(2));
    assert_eq!(number(json!([of("old", "1"), of("temp", "2")])), Err(refused("Claim.identifier", R::Missing)));
    let system = String::from("http://hl7.org/fhir/identifier-use");
    let reason = R::UnknownCode { system, code: String::from("best") };
    assert_eq!(number(json!([of("best", "1")])), Err(refused("Claim.identifier[0].use", reason)));
    let unknown = json!([{"system": "http://claims", "value": "1", "state": "void"}, plain("2")]);
    assert_eq!(number(unknown), Err(refused("Claim.identifier[0].state", R::UnknownElement)));
}

#[test]
fn parties_are_of_the_types_that_fhir_has_there() {
    let kind = |pointer: &str, reference: Value, found: &str, allowed: &'static [&'static str]| {
        let path = format!("Claim{}", pointer.replace("/insurance/0", "/insurance[0]").replace('/', "."));
        let reason = R::ReferenceKind { found: found.to_owned(), allowed };
        assert_refused(&with(&claim(), pointer, reference), &path, reason);
    };
    let to = |reference: &str| json!({"reference": reference});
    let providers = &["Practitioner", "PractitionerRole", "Organization"];
    kind("/patient", to("Organization/b"), "Organization", &["Patient"]);
    kind("/provider", to("http://server/fhir/Patient/c/_history/2"), "Patient", providers);
    kind("/insurer", to("Patient/c"), "Patient", &["Organization"]);
    kind("/insurance/0/coverage", to("Patient/c"), "Patient", &["Coverage"]);
    let identified = json!({"type": "Device", "identifier": {"system": "http://ids", "value": "1"}});
    kind("/patient", identified, "Device", &["Patient"]);
    // What it is cannot be told.
    for reference in ["urn:uuid:0e0c0e0c-0000-4000-8000-000000000000", "http://server/patients/1"] {
        assert_eq!(read(&with(&claim(), "/patient", to(reference))).unwrap().patient, reference);
    }
    assert!(read(&with(&claim(), "/provider", to("PractitionerRole/a"))).is_ok());
}

#[test]
fn services_are_on_days_that_the_claim_bills() {
    let billed = |start: &str, end: &str| with(&claim(), "/billablePeriod", json!({"start": start, "end": end}));
    for (start, end) in [
        ("2026-09-30", "2026-09-30"),
        ("2026-09", "2026-10"),
        ("2026-09-30T23:30:00-05:00", "2026-10-01T23:45:00-05:00"),
        ("2026-09-29T00:00:00+14:00", "2026-09-30T00:00:00+14:00"),
        ("1969-12-31", "2026-09-30"),
    ] {
        assert!(read(&billed(start, end)).is_ok(), "{start} {end}");
    }
    let path = "Claim.item[0].servicedDate";
    assert_refused(&billed("2026-10-01", "2026-10-02"), path, R::NotBilled);
    assert_refused(&billed("2026-08-01", "2026-09-29"), path, R::NotBilled);
    let open = with(&claim(), "/billablePeriod", json!({"start": "2026-10-01"}));
    assert_refused(&open, path, R::NotBilled);
    let period = json!({"start": "2026-09-30T08:00:00Z", "end": "2026-09-30T09:00:00Z"});
    let timed = with(&without(&open, "/item/0/servicedDate"), "/item/0/servicedPeriod", period);
    assert_refused(&timed, "Claim.item[0].servicedPeriod", R::NotBilled);
    assert_refused(&billed("soon", "2026-09-30"), "Claim.billablePeriod.start", R::NotADate);
    assert_refused(&billed("2026-10-01", "2026-09-30"), "Claim.billablePeriod", R::EmptyPeriod);
}

#[test]
fn what_only_describes_a_claim_is_well_formed_where_it_is_there() {
    for created in ["2026-09-30", "2026-09", "1969-01-01", "2026-09-30T12:00:00+02:00"] {
        assert!(read(&with(&claim(), "/created", json!(created))).is_ok(), "{created}");
    }
    assert_refused(&with(&claim(), "/created", json!("not a date")), "Claim.created", R::NotADate);
    assert_refused(&with(&claim(), "/created", json!("2026-09-30T12:00:00")), "Claim.created", R::DateWithoutZone);
    assert_refused(&with(&claim(), "/created", json!(2026)), "Claim.created", R::WrongType { expected: "a string" });
    for priority in
        [json!({"coding": [{"code": "stat"}]}), json!({"text": "soon"}), json!({"coding": [{"display": "soon"}]})]
    {
        assert!(read(&with(&claim(), "/priority", priority.clone())).is_ok(), "{priority}");
    }
    let object = || R::WrongType { expected: "an object" };
    assert_refused(&with(&claim(), "/priority", json!("stat")), "Claim.priority", object());
    assert_refused(&with(&claim(), "/priority", json!({"coding": ["stat"]})), "Claim.priority.coding[0]", object());
    assert_refused(&with(&claim(), "/priority", json!({"code": "stat"})), "Claim.priority.code", R::UnknownElement);
}
