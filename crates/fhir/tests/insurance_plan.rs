//! InsurancePlans: what becomes a plan, and what is refused.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, coding, concept, dollars, refused, with, without};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, TermsMalformed};
use salus_domain::time::{Period, DAY};
use salus_fhir::date::whole;
use salus_fhir::insurance_plan::{compile, InsurancePlanOptions};
use salus_fhir::plan::PlanFile;
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn share(copay: u128, points: u16) -> CostShare {
    CostShare { copay: Amount(copay), coinsurance: BasisPoints(points) }
}

fn options() -> InsurancePlanOptions {
    let benefit = Benefit {
        in_network: share(0, 0),
        out_of_network: Some(share(0, 5_000)),
        deductible: true,
        authorisation: false,
        waiting_period: DAY,
    };
    let week = 7 * DAY;
    let deadlines =
        Deadlines { filing: week, authorisation: week, settlement: week, appeal: week, review: week, reversal: week };
    InsurancePlanOptions { asset: dollars(), token: None, plan: None, benefit, deadlines, fees: Vec::new() }
}

fn dollar(value: f64) -> Value {
    json!({"value": value, "system": "urn:iso:std:iso:4217", "code": "USD"})
}

fn percent(value: f64) -> Value {
    json!({"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"})
}

fn cost(kind: &str, network: Option<&str>, value: Value) -> Value {
    let cost = json!({"type": concept("coverage-copay-type", kind), "value": value});
    network.map_or_else(|| cost.clone(), |code| with(&cost, "/applicability", concept("applicability", code)))
}

fn general(kind: &str, size: Option<u32>, value: f64) -> Value {
    let cost = json!({
        "type": concept("coverage-copay-type", kind),
        "cost": {"value": value, "currency": "USD"},
        "comment": "for people",
    });
    size.map_or_else(|| cost.clone(), |size| with(&cost, "/groupSize", json!(size)))
}

/// A plan for visits, laboratory tests and dental care.
fn document() -> Value {
    let category = |code: &str| concept("ex-benefitcategory", code);
    let crowns = json!({
        "type": category("36"),
        "limit": [
            {"value": dollar(1500.0), "code": concept("benefit-term", "lifetime")},
            {"value": {"value": 2, "system": "http://unitsofmeasure.org", "code": "{visits}"},
             "code": concept("benefit-term", "annual")},
        ],
    });
    let visits = json!({"type": category("3"), "cost": [
        cost("copay", Some("in-network"), dollar(25.0)),
        cost("copay", Some("out-of-network"), dollar(60.0)),
        cost("copaypct", Some("out-of-network"), percent(12.5)),
    ]});
    let dental = json!({"type": category("36"), "cost": [
        cost("copaypct", None, percent(40.0)),
        cost("deductible", None, dollar(75.0)),
        cost("maxoutofpocket", Some("in-network"), dollar(900.0)),
    ]});
    json!({
        "resourceType": "InsurancePlan",
        "id": "silver",
        "status": "active",
        "name": "Silver",
        "ownedBy": {"reference": "Organization/2"},
        "network": [{"reference": "Organization/net"}],
        "coverage": [
            {"type": {"text": "medical"}, "benefit": [{"type": category("3")}, {"type": category("5")}]},
            {"type": {"text": "dental"}, "benefit": [crowns]},
        ],
        "plan": [{
            "type": {"text": "silver"},
            "generalCost": [
                general("deductible", None, 500.0),
                general("deductible", Some(4), 1000.0),
                general("maxoutofpocket", Some(1), 3000.0),
            ],
            "specificCost": [
                {"category": {"text": "visits"}, "benefit": [visits]},
                {"category": {"text": "dental"}, "benefit": [dental]},
            ],
        }],
    })
}

fn read(document: &Value) -> Result<PlanFile, Refused> {
    compile(&bytes(document), &options())
}

fn assert_refused(document: &Value, path: &str, reason: R) {
    assert_eq!(read(document), Err(refused(path, reason)));
}

#[test]
fn an_insurance_plan_becomes_the_terms_that_it_says() {
    let plan = read(&document()).unwrap();
    let terms = &plan.terms;
    assert_eq!((plan.name.as_str(), &plan.asset, terms.networked), ("Silver", &dollars(), true));
    let covered = [Category::Consultation, Category::DiagnosticLab, Category::DentalCrowns];
    assert_eq!((terms.covered, terms.benefit), (CategorySet::of(&covered), options().benefit));
    let expected = |in_network, out| Benefit { in_network, out_of_network: Some(out), ..options().benefit };
    assert_eq!(
        terms.exceptions,
        [
            (Category::Consultation, expected(share(2_500, 0), share(6_000, 1_250))),
            (Category::DentalCrowns, expected(share(0, 4_000), share(0, 4_000))),
        ]
    );
    let of = |measure, limit| Limit {
        measure,
        category: None,
        network: None,
        unit: Unit::Individual,
        term: Term::Annual,
        limit,
    };
    let crowns = Some(Category::DentalCrowns);
    let expected = [
        Limit { category: crowns, term: Term::Lifetime, ..of(Measure::Benefit, 150_000) },
        Limit { category: crowns, ..of(Measure::Services, 2) },
        of(Measure::Deductible, 50_000),
        Limit { unit: Unit::Family, ..of(Measure::Deductible, 100_000) },
        of(Measure::OutOfPocket, 300_000),
        Limit { category: crowns, ..of(Measure::Deductible, 7_500) },
        Limit { category: crowns, network: Some(Network::In), ..of(Measure::OutOfPocket, 90_000) },
    ];
    assert_eq!(terms.limits, expected);
}

#[test]
fn without_a_network_nobody_is_outside_of_it() {
    let document = without(&document(), "/network");
    let visits = json!([cost("copay", None, dollar(25.0))]);
    let document = with(&document, "/plan/0/specificCost/0/benefit/0/cost", visits);
    let document = with(&document, "/plan/0/specificCost/1/benefit/0/cost", json!([cost("copay", None, dollar(5.0))]));
    let terms = read(&document).unwrap().terms;
    let expected = Benefit { in_network: share(2_500, 0), out_of_network: None, ..options().benefit };
    assert_eq!((terms.networked, terms.benefit(Category::Consultation)), (false, &expected));
    assert_eq!(terms.benefit.out_of_network, None);
    let networked = with(&document, "/coverage/0/network", json!([{"reference": "Organization/net"}]));
    assert!(read(&networked).unwrap().terms.networked);
}

#[test]
fn one_of_several_plans_is_named() {
    let plan = document()["plan"][0].clone();
    let two = with(&document(), "/plan", json!([plan, {"type": {"text": "empty"}}]));
    assert_refused(&two, "InsurancePlan.plan", R::SeveralPlans);
    let second = InsurancePlanOptions { plan: Some(1), ..options() };
    assert_eq!(compile(&bytes(&two), &second).unwrap().terms.limits.len(), 2);
    let third = InsurancePlanOptions { plan: Some(2), ..options() };
    assert_eq!(compile(&bytes(&two), &third), Err(refused("InsurancePlan.plan", R::Missing)));
}

#[test]
fn what_contradicts_is_refused() {
    let place = "InsurancePlan.plan[0].specificCost[0].benefit[0]";
    let uncovered = with(&document(), "/plan/0/specificCost/0/benefit/0/type", concept("ex-benefitcategory", "69"));
    assert_refused(&uncovered, &format!("{place}.type"), R::CostNotCovered);
    let twice = with(&document(), "/plan/0/specificCost/0/benefit/0/type", concept("ex-benefitcategory", "36"));
    assert_refused(&twice, "InsurancePlan.plan[0].specificCost[1].benefit[0].type", R::RepeatedCost);
    let both = cost("copay", None, dollar(1.0));
    let overlapping = with(&document(), "/plan/0/specificCost/0/benefit/0/cost/1", both);
    assert_refused(&overlapping, &format!("{place}.cost[1]"), R::RepeatedCost);
    let limits = with(&document(), "/plan/0/generalCost/1/groupSize", json!(1));
    let reason = R::Terms(TermsMalformed::RepeatedLimit);
    assert_refused(&limits, "InsurancePlan.plan[0].generalCost[1]", reason);
}

#[test]
fn what_a_plan_cannot_say_is_refused_where_it_stands() {
    let cost_at = "/plan/0/specificCost/0/benefit/0/cost/0";
    let path = "InsurancePlan.plan[0].specificCost[0].benefit[0].cost[0]";
    let at = |pointer: &str, value: Value| with(&document(), &format!("{cost_at}{pointer}"), value);
    let qualified = at("/qualifiers", json!([{"text": "after deductible"}]));
    assert_refused(&qualified, &format!("{path}.qualifiers"), R::UnknownElement);
    let system = String::from("http://terminology.hl7.org/CodeSystem/applicability");
    let other = R::UnknownCode { system, code: String::from("other") };
    let document_of_other = at("/applicability", concept("applicability", "other"));
    assert_refused(&document_of_other, &format!("{path}.applicability.coding[0]"), other);
    assert_refused(&at("/value", percent(10.0)), &format!("{path}.value"), R::CostUnit);
    let euros = R::Currency { expected: String::from("USD"), found: String::from("EUR") };
    assert_refused(&at("/value/code", json!("EUR")), &format!("{path}.value.code"), euros);
    assert_refused(
        &at("/value/value", json!(0.001)),
        &format!("{path}.value.value"),
        R::TooManyFractionDigits { decimals: 2 },
    );
    assert_refused(&at("/value/comparator", json!("<")), &format!("{path}.value.comparator"), R::UnknownElement);
    let unknown = R::UnknownSystem { system: String::from("http://costs") };
    let document_of_unknown = at("/type", json!({"coding": [coding("http://costs", "copay")]}));
    assert_refused(&document_of_unknown, &format!("{path}.type.coding[0]"), unknown);
    let general_copay = with(&document(), "/plan/0/generalCost/0/type", concept("benefit-type", "copay"));
    assert_refused(&general_copay, "InsurancePlan.plan[0].generalCost[0].type", R::CostOfNothing);
    let referral = with(&document(), "/coverage/0/benefit/0/requirement", json!("referral"));
    assert_refused(&referral, "InsurancePlan.coverage[0].benefit[0].requirement", R::UnknownElement);
    let share = with(&document(), "/coverage/1/benefit/0/limit/0/value", percent(10.0));
    assert_refused(&share, "InsurancePlan.coverage[1].benefit[0].limit[0].value.value", R::UnknownElement);
    let draft = R::Status { found: String::from("draft"), expected: "active" };
    assert_refused(&with(&document(), "/status", json!("draft")), "InsurancePlan.status", draft);
    for name in ["status", "name", "coverage", "plan"] {
        assert_refused(&without(&document(), &format!("/{name}")), &format!("InsurancePlan.{name}"), R::Missing);
    }
}

#[test]
fn a_plan_says_when_it_is_offered() {
    assert_eq!(read(&document()).unwrap().period, Period::ALWAYS);
    let offered = |period: Value| read(&with(&document(), "/period", period));
    let year = whole("2026").unwrap();
    assert_eq!(offered(json!({"start": "2026-01-01", "end": "2026-12-31"})).unwrap().period, year);
    let until = Period { end: year.end, ..Period::ALWAYS };
    assert_eq!(offered(json!({"end": "2026-12-31T23:59:59-05:00"})).unwrap().period, until);
    let reason = R::NotADate;
    assert_eq!(offered(json!({"end": "soon"})), Err(refused("InsurancePlan.period.end", reason)));
}

/// The shape of HL7's own example: categories in words only, and no plan.
#[test]
fn an_insurance_plan_in_words_is_refused() {
    let words = with(&document(), "/coverage/0/benefit/0/type", json!({"text": "Primary care visits"}));
    assert_refused(&words, "InsurancePlan.coverage[0].benefit[0].type.coding", R::Missing);
}

#[test]
fn the_insurance_plan_of_the_samples_becomes_a_plan_with_a_network() {
    let plan = compile(&common::sample("insurance-plan.json"), &options()).unwrap();
    assert_eq!((plan.name.as_str(), plan.terms.networked, plan.terms.limits.len()), ("Unity Bronze", true, 4));
    assert_eq!(plan.terms.benefit(Category::Consultation).in_network, share(3_000, 0));
    assert_eq!(plan.terms.benefit(Category::DiagnosticLab).out_of_network, Some(share(0, 2_000)));
    assert_eq!(plan.terms.benefit(Category::DiagnosticXray), &options().benefit);
}
