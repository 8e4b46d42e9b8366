//! What a claim may leave out, and what is then taken for it.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, claim, concept, dollars, refused, sample, with, without};
use salus_domain::codes::Category;
use salus_domain::money::Amount;
use salus_fhir::claim::{authorisation, compile, Assumed, Assumption, ClaimOptions, CompiledAuthorisation, Unpriced};
use salus_fhir::{plan, Refused, RefusedReason as R};
use serde_json::{json, Value};

fn strict() -> ClaimOptions {
    ClaimOptions::new(dollars())
}

fn remainder() -> ClaimOptions {
    ClaimOptions { unpriced: Unpriced::Remainder, ..strict() }
}

fn assumed(path: &str, what: Assumption) -> Assumed {
    Assumed { path: path.to_owned(), what }
}

fn assert_refused(document: &Value, options: &ClaimOptions, path: &str, reason: R) {
    assert_eq!(compile(&bytes(document), options), Err(refused(path, reason)));
}

/// A claim over 100 dollars in all with these lines: a net price, or `None`, and whether it names an encounter.
fn of_lines(lines: &[(Option<f64>, bool)]) -> Value {
    let line = |(place, (net, encounter)): (usize, &(Option<f64>, bool))| {
        let mut line = without(&claim()["item"][0], "/net");
        line = with(&line, "/sequence", json!(place + 1));
        if let Some(net) = net {
            line = with(&line, "/net", json!({"value": net, "currency": "USD"}));
        }
        match encounter {
            true => with(&line, "/encounter", json!([{"reference": "Encounter/1"}])),
            false => line,
        }
    };
    let lines: Vec<Value> = lines.iter().enumerate().map(line).collect();
    with(&with(&claim(), "/item", lines.into()), "/total", json!({"value": 100, "currency": "USD"}))
}

#[test]
fn a_missing_category_is_taken_from_the_options_and_listed() {
    let document = without(&claim(), "/item/0/category");
    assert_refused(&document, &strict(), "Claim.item[0].category", R::Missing);
    let options = ClaimOptions { default_category: Some(Category::MedicalCare), ..strict() };
    let compiled = compile(&bytes(&document), &options).unwrap();
    assert_eq!(compiled.assumed, [assumed("Claim.item[0].category", Assumption::Category(Category::MedicalCare))]);
    assert_eq!(compiled.assumed[0].what.to_string(), "Medical Care");
    assert_eq!(compiled.items[0].category, Category::MedicalCare);
}

#[test]
fn a_missing_number_is_the_id_in_the_system_of_the_options() {
    let document = without(&with(&claim(), "/id", json!("7")), "/identifier");
    assert_refused(&document, &strict(), "Claim.identifier", R::Missing);
    let options = ClaimOptions { id_system: Some(String::from("urn:ids")), ..strict() };
    let compiled = compile(&bytes(&document), &options).unwrap();
    let (system, value) = (String::from("urn:ids"), String::from("7"));
    assert_eq!(compiled.identifier, (system.clone(), value.clone()));
    assert_eq!(compiled.assumed, [assumed("Claim.identifier", Assumption::Number { system, value })]);
    assert_refused(&without(&document, "/id"), &options, "Claim.identifier", R::Missing);
    let numbered = compile(&bytes(&with(&claim(), "/id", json!("7"))), &options).unwrap();
    assert_eq!((numbered.identifier.1.as_str(), numbered.assumed.len()), ("1", 0));
}

#[test]
fn a_coverage_that_is_only_described_is_taken_from_the_options() {
    let document = with(&claim(), "/insurance/0/coverage", json!({"display": "private"}));
    assert_refused(&document, &strict(), "Claim.insurance[0].coverage.reference", R::Missing);
    let options = ClaimOptions { default_coverage: Some(String::from("Coverage/9")), ..strict() };
    let compiled = compile(&bytes(&document), &options).unwrap();
    let what = Assumption::Coverage(String::from("Coverage/9"));
    assert_eq!(compiled.assumed, [assumed("Claim.insurance[0].coverage", what)]);
    assert_eq!(compiled.coverage, "Coverage/9");
    assert_eq!(compile(&bytes(&claim()), &options).unwrap().coverage, "Coverage/1");
}

#[test]
fn the_rest_of_the_total_is_the_charge_of_the_encounter() {
    let document = of_lines(&[(None, true), (None, false), (Some(30.25), false), (None, false)]);
    assert_refused(&document, &strict(), "Claim.item[0].net", R::Missing);
    let compiled = compile(&bytes(&document), &remainder()).unwrap();
    let lines: Vec<_> = compiled.items.iter().map(|item| (item.sequence, item.submitted)).collect();
    assert_eq!(lines, [(1, Amount(6_975)), (3, Amount(3_025))]);
    assert_eq!(
        compiled.assumed,
        [
            assumed("Claim.item[0].net", Assumption::Charge(Amount(6_975))),
            assumed("Claim.item[1]", Assumption::NoCharge),
            assumed("Claim.item[3]", Assumption::NoCharge),
        ]
    );
}

#[test]
fn of_a_prescription_the_one_line_without_a_price_is_charged() {
    let document = of_lines(&[(None, false)]);
    assert_refused(&document, &remainder(), "Claim.item", R::UnpricedLines);
    let document = with(&document, "/prescription", json!({"reference": "MedicationRequest/1"}));
    assert_eq!(compile(&bytes(&document), &remainder()).unwrap().items[0].submitted, Amount(10_000));
    let two = with(&of_lines(&[(None, false), (None, false)]), "/prescription", json!({"reference": "x/1"}));
    assert_refused(&two, &remainder(), "Claim.item", R::UnpricedLines);
}

#[test]
fn where_it_is_not_clear_what_is_charged_the_claim_is_refused() {
    let two = of_lines(&[(None, true), (None, true), (Some(1.0), false)]);
    assert_refused(&two, &remainder(), "Claim.item", R::UnpricedLines);
    let none = of_lines(&[(None, false), (Some(1.0), false)]);
    assert_refused(&none, &remainder(), "Claim.item", R::UnpricedLines);
    let without_total = without(&of_lines(&[(None, true)]), "/total");
    assert_refused(&without_total, &remainder(), "Claim.total", R::Missing);
    let above = of_lines(&[(None, true), (Some(100.01), false)]);
    assert_refused(&above, &remainder(), "Claim.total", R::Total);
    let priced = of_lines(&[(Some(99.99), true)]);
    assert_refused(&priced, &remainder(), "Claim.total", R::Total);
    let nothing = with(&of_lines(&[(None, true)]), "/total/value", json!(0));
    assert_refused(&nothing, &remainder(), "Claim.total", R::ZeroAmount);
    // A factor, or parts that have prices, are no line without a price.
    let factor = with(&of_lines(&[(None, true)]), "/item/0/factor", json!(2));
    assert_refused(&factor, &remainder(), "Claim.item[0].net", R::Missing);
}

#[test]
fn nothing_is_left_of_the_total_so_nothing_is_charged() {
    let document = of_lines(&[(None, true), (Some(100.0), false)]);
    let compiled = compile(&bytes(&document), &remainder()).unwrap();
    assert_eq!(compiled.items.len(), 1);
    assert_eq!(compiled.assumed, [assumed("Claim.item[0]", Assumption::NoCharge)]);
}

fn request() -> Value {
    let first = claim()["item"][0].clone();
    let second = with(&with(&first, "/sequence", json!(2)), "/quantity", json!({"value": 3}));
    let other = with(&with(&first, "/sequence", json!(3)), "/productOrService", concept("http://codes", "y"));
    with(&with(&claim(), "/use", json!("preauthorization")), "/item", json!([first, second, other]))
}

fn ask(document: &Value) -> Result<CompiledAuthorisation, Refused> {
    authorisation(&bytes(document), &strict())
}

#[test]
fn a_request_for_authorisation_is_for_units_of_procedures() {
    let request = ask(&request()).unwrap();
    assert_eq!((request.patient.as_str(), request.coverage.as_str()), ("Patient/c", "Coverage/1"));
    let lines: Vec<_> = request.items.iter().map(|item| (item.sequence, item.code.as_str(), item.quantity)).collect();
    assert_eq!(lines, [(1, "x", 1), (2, "x", 3), (3, "y", 1)]);
    let quantities: Vec<_> = request.requests(&[1; 32]).iter().map(|(_, quantity)| *quantity).collect();
    assert_eq!(quantities, [4, 1]);
    let claimed = compile(&bytes(&claim()), &strict()).unwrap();
    let (member, provider) = (common::account(1), common::account(2));
    let submission = claimed.submission(salus_domain::ids::PlanId(0), member, provider, &[1; 32]);
    assert_eq!(request.requests(&[1; 32])[0].0, submission.lines[0].code);
}

#[test]
fn a_claim_is_no_request_and_a_request_no_claim() {
    let reason = R::NotAnAuthorisation { found: String::from("claim") };
    assert_eq!(ask(&claim()), Err(refused("Claim.use", reason)));
    let reason = R::Use { found: String::from("preauthorization") };
    assert_refused(&request(), &strict(), "Claim.use", reason);
    let repeated = with(&request(), "/item/2/sequence", json!(1));
    assert_eq!(ask(&repeated), Err(refused("Claim.item[2].sequence", R::RepeatedSequence)));
    let unknown = with(&request(), "/item/1/tax", json!(1));
    assert_eq!(ask(&unknown), Err(refused("Claim.item[1].tax", R::UnknownElement)));
}

#[test]
fn the_request_of_the_samples_is_for_two_crowns() {
    let request = authorisation(&sample("claim-authorisation.json"), &strict()).unwrap();
    assert_eq!((request.patient.as_str(), request.provider.as_str()), ("Patient/rosa-marin", "Practitioner/dr-adams"));
    let crowns: Vec<_> = request.items.iter().map(|item| (item.code.as_str(), item.quantity)).collect();
    assert_eq!(crowns, [("D2740", 2)]);
    let plan = plan::compile(&sample("plan-dental.json")).unwrap();
    assert_eq!(request.requests(&[7; 32]), [(plan.tagged_fees(&[7; 32])[2].code, 2)]);
}
