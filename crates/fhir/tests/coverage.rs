//! Coverages, and the years that they last.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, coding, concept, documents, refused, with, without};
use proptest::prelude::*;
use salus_domain::plan::YEAR;
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::coverage::{compile, coverages_of, years, CompiledCoverage};
use salus_fhir::date::{day, whole};
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn coverage() -> Value {
    json!({
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": {"reference": "Patient/c"},
        "payor": [{"reference": "Organization/b"}],
    })
}

fn read(document: &Value) -> Result<CompiledCoverage, Refused> {
    compile(&bytes(document))
}

fn days(first: &str, last: &str) -> Period {
    Period { start: day(first).unwrap(), end: whole(last).unwrap().end }
}

#[test]
fn what_is_not_said_is_left_open() {
    let compiled = read(&coverage()).unwrap();
    let (member, payor) = (String::from("Patient/c"), String::from("Organization/b"));
    let expected = CompiledCoverage {
        subscriber: member.clone(),
        member,
        payor,
        period: Period::ALWAYS,
        order: None,
        subscriber_id: None,
        plan: None,
        network: None,
        names: Vec::new(),
    };
    assert!(!compiled.is_secondary());
    assert_eq!(compiled, expected);
}

#[test]
fn references_name_it_by_the_url_of_its_entry_or_by_an_identifier() {
    let identifiers = json!([{"system": "http://ids", "value": "1"}, {"value": "2"}, "3"]);
    let named = with(&coverage(), "/identifier", identifiers);
    let alone = read(&named).unwrap();
    assert_eq!(alone.names, ["http://ids|1"]);
    let entries = json!([{"fullUrl": "urn:uuid:1", "resource": named}, {"fullUrl": 2, "resource": coverage()}]);
    let found = coverages_of(&bytes(&json!({"resourceType": "Bundle", "entry": entries}))).unwrap();
    let found: Vec<_> = found.into_iter().map(|one| one.compiled.unwrap()).collect();
    assert_eq!(found[0].names, ["urn:uuid:1", "http://ids|1"]);
    assert!(found[1].names.is_empty());
    // It is the same coverage by any name.
    assert!(found.iter().all(|one| one.says_the_same(&alone)));
    let other = read(&with(&named, "/order", json!(2))).unwrap();
    assert!(!other.says_the_same(&alone));
    assert_eq!(read(&with(&coverage(), "/identifier", json!({}))), read(&coverage()));
}

#[test]
fn the_order_says_whether_another_insurer_pays_first() {
    let order = |order: u32| read(&with(&coverage(), "/order", json!(order)));
    assert!(!order(1).unwrap().is_secondary());
    assert!(order(2).unwrap().is_secondary());
    let reason = R::WrongType { expected: "a whole number from 1 to 2147483647" };
    assert_eq!(order(0), Err(refused("Coverage.order", reason)));
}

/// Services count by the day that is written, and so does the coverage.
#[test]
fn the_days_of_a_period_are_those_that_are_written_in_whatever_zone() {
    let read = |start: &str, end: &str| read(&with(&coverage(), "/period", json!({"start": start, "end": end})));
    let year = days("2026-01-01", "2026-12-31");
    for zone in ["-05:00", "-12:00", "+02:00", "+14:00", "Z"] {
        let (start, end) = (format!("2026-01-01T00:00:00{zone}"), format!("2026-12-31T23:59:59{zone}"));
        assert_eq!(read(&start, &end).unwrap().period, year, "{zone}");
        assert!(year.contains(day("2026-01-01").unwrap()) && year.contains(day("2026-12-31").unwrap()));
        assert!(!year.contains(day("2025-12-31").unwrap()) && !year.contains(day("2027-01-01").unwrap()));
        assert_eq!(years(read(&start, &end).unwrap().period, Timestamp::MAX), Some(vec![year]));
        assert_eq!(read(&start, "2026-12-31").unwrap().period, year);
        assert_eq!(read("2026-01-01", &end).unwrap().period, year);
    }
    // Of a month or a year that is written, all days.
    assert_eq!(read("2026", "2026-12").unwrap().period, year);
    let noon = read("2026-01-01T12:00:00Z", "2026-12-31T12:00:00Z").unwrap();
    assert_eq!(noon.period, year);
    let reversed = read("2026-01-01T12:00:00Z", "2026-01-01T11:59:58Z");
    assert_eq!(reversed, Err(refused("Coverage.period", R::EmptyPeriod)));
    assert_eq!(read("2026-01-02", "2026-01-01"), Err(refused("Coverage.period", R::EmptyPeriod)));
}

#[test]
fn a_coverage_that_is_there_for_subrogation_is_not_adjudicated() {
    let subrogation = |value: Value| read(&with(&coverage(), "/subrogation", value));
    assert_eq!(subrogation(json!(true)), Err(refused("Coverage.subrogation", R::Subrogation)));
    assert!(subrogation(json!(false)).is_ok());
    let reason = R::WrongType { expected: "true or false" };
    assert_eq!(subrogation(json!("true")), Err(refused("Coverage.subrogation", reason)));
}

#[test]
fn a_coverage_without_an_insurer_is_not_adjudicated() {
    let of = |kind: Value| read(&with(&coverage(), "/type", kind));
    let reason = || Err(refused("Coverage.type", R::SelfPay));
    assert_eq!(of(concept("coverage-selfpay", "pay")), reason());
    let own = coding("coverage-selfpay", "pay");
    assert_eq!(of(json!({"coding": [{"display": "own"}, coding("v3-ActCode", "HIP"), own]})), reason());
    for other in [concept("v3-ActCode", "HIP"), concept("v3-ActCode", "pay"), json!({"text": "self-pay"})] {
        assert!(of(other.clone()).is_ok(), "{other}");
    }
}

#[test]
fn a_coverage_of_r5_is_refused_by_that_name() {
    let renamed = with(&without(&coverage(), "/payor"), "/insurer", json!({"reference": "Organization/b"}));
    let reason = || R::OnlyR4 { resource: "Coverage" };
    assert_eq!(read(&renamed), Err(refused("Coverage.insurer", reason())));
    assert_eq!(read(&with(&renamed, "/kind", json!("self-pay"))), Err(refused("Coverage.kind", reason())));
}

#[test]
fn who_is_insured_by_whom_are_people_and_insurers() {
    let kinds = |name: &str, allowed: &'static [&'static str]| {
        let reference = json!({"reference": "Coverage/1"});
        let value = if name == "payor" { json!([reference]) } else { reference };
        let path = format!("Coverage.{name}{}", if name == "payor" { "[0]" } else { "" });
        let reason = R::ReferenceKind { found: String::from("Coverage"), allowed };
        assert_eq!(read(&with(&coverage(), &format!("/{name}"), value)), Err(refused(&path, reason)));
    };
    kinds("beneficiary", &["Patient"]);
    kinds("subscriber", &["Patient", "RelatedPerson"]);
    kinds("payor", &["Organization", "Patient", "RelatedPerson"]);
}

#[test]
fn a_member_who_is_not_the_subscriber_names_who_is() {
    let named = |relationship: Value, subscriber: Option<&str>| {
        let document = with(&coverage(), "/relationship", relationship);
        match subscriber {
            Some(subscriber) => read(&with(&document, "/subscriber", json!({"reference": subscriber}))),
            None => read(&document),
        }
    };
    let own = concept("subscriber-relationship", "self");
    let child = concept("subscriber-relationship", "child");
    assert_eq!(named(own.clone(), None).unwrap().subscriber, "Patient/c");
    assert_eq!(named(child.clone(), Some("Patient/d")).unwrap().subscriber, "Patient/d");
    assert_eq!(named(child, None), Err(refused("Coverage.subscriber", R::Missing)));
    assert_eq!(named(json!({"text": "daughter"}), None), Err(refused("Coverage.subscriber", R::Missing)));
    assert!(named(own.clone(), Some("Patient/c/_history/1")).is_ok());
    assert_eq!(named(own, Some("Patient/d")), Err(refused("Coverage.subscriber", R::SubscriberContradicts)));
}

#[test]
fn a_coverage_has_one_payor_one_plan_and_is_active() {
    let payor = coverage()["payor"][0].clone();
    let two = with(&coverage(), "/payor", json!([payor, payor]));
    assert_eq!(read(&two), Err(refused("Coverage.payor", R::SeveralPayors)));
    let class = json!({"type": concept("coverage-class", "plan"), "value": "gold"});
    assert_eq!(read(&with(&coverage(), "/class", json!([class]))).unwrap().plan.as_deref(), Some("gold"));
    let plans = with(&coverage(), "/class", json!([class, class]));
    assert_eq!(read(&plans), Err(refused("Coverage.class[1]", R::AmbiguousCoding)));
    let status = R::Status { found: String::from("draft"), expected: "active" };
    assert_eq!(read(&with(&coverage(), "/status", json!("draft"))), Err(refused("Coverage.status", status)));
    for name in ["beneficiary", "payor", "status"] {
        let path = format!("Coverage.{name}");
        assert_eq!(read(&without(&coverage(), &format!("/{name}"))), Err(refused(&path, R::Missing)));
    }
}

#[test]
fn a_period_is_split_on_its_anniversaries() {
    let found = years(days("2024-03-01", "2026-08-31"), Timestamp::MAX).unwrap();
    let expected =
        [days("2024-03-01", "2025-02-28"), days("2025-03-01", "2026-02-28"), days("2026-03-01", "2026-08-31")];
    assert_eq!(found, expected);
    let leap = years(days("2024-02-29", "2028-03-31"), Timestamp::MAX).unwrap();
    let starts: Vec<_> = leap.iter().map(|year| year.start).collect();
    let expected = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"];
    assert_eq!(starts, expected.map(|text| day(text).unwrap()));
    assert_eq!(leap[3].end.0 - leap[3].start.0, YEAR);
}

#[test]
fn a_period_without_an_end_has_as_many_years_as_are_asked_for() {
    let open = Period { start: day("2025-01-01").unwrap(), end: Timestamp::MAX };
    let found = years(open, day("2027-01-01").unwrap()).unwrap();
    assert_eq!(found, [days("2025-01-01", "2025-12-31"), days("2026-01-01", "2026-12-31")]);
    assert_eq!(years(open, day("2025-01-01").unwrap()), Some(Vec::new()));
    // Up to the end of the calendar.
    assert_eq!(years(open, Timestamp::MAX).unwrap().len(), 7_974);
    assert_eq!(years(Period::ALWAYS, Timestamp::MAX), None);
}

proptest! {
    #[test]
    fn years_follow_each_other_without_a_gap(start in 1..100_000 * DAY, length in 1..20_000 * DAY, until in any::<u64>()) {
        let period = Period { start: Timestamp(start), end: Timestamp(start + length) };
        let all = years(period, Timestamp::MAX).unwrap();
        prop_assert!(all.iter().all(|year| year.is_valid() && year.end.0 - year.start.0 <= YEAR));
        prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].end.0 - pair[0].start.0 >= YEAR - DAY));
        prop_assert_eq!(all.first().map(|year| year.start), Some(period.start));
        prop_assert_eq!(all.last().map(|year| year.end), Some(period.end));
        let some = years(period, Timestamp(until)).unwrap();
        prop_assert_eq!(some, all.into_iter().filter(|year| year.start.0 < until).collect::<Vec<_>>());
    }
}

#[test]
fn every_coverage_of_the_hl7_examples_compiles_as_reviewed() {
    let found: Vec<_> = documents("fhir-r4", "Coverage-")
        .into_iter()
        .map(|(name, document)| {
            let it = compile(&document).unwrap();
            let years = years(it.period, Timestamp::MAX).map(|years| years.len());
            (name, it.member, it.payor, it.order, it.plan, it.network, years)
        })
        .collect();
    if found.is_empty() {
        return;
    }
    let text = |text: &str| String::from(text);
    let ehic = text("http://ehic.com/insurer|123456789");
    let second = Some(2);
    assert_eq!(
        found,
        [
            // A year and a day: an annual coverage, and a day that begins another.
            (
                text("7546D"),
                text("Patient/5"),
                text("Organization/2"),
                second,
                Some(text("BG4352")),
                Some(text("5")),
                Some(2)
            ),
            // A European Health Insurance Card, of which only the end is known.
            (text("7547E"), text("Patient/5"), ehic, None, None, None, None),
            (text("9876B1"), text("Patient/4"), text("Organization/2"), None, Some(text("B37FC")), None, Some(2)),
        ]
    );
}
