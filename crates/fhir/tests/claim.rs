//! What a claim compiles into, and what it is refused for.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, bytes, claim, coding, concept, dollars, refused, with, without};
use proptest::prelude::*;
use salus_domain::claim::MAX_LINES;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_fhir::claim::{compile, ClaimOptions, CompiledClaim};
use salus_fhir::date::day;
use salus_fhir::decimal::Asset;
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

fn read(document: &Value) -> Result<CompiledClaim, Refused> {
    compile(&bytes(document), &ClaimOptions::new(dollars()))
}

/// The first line of the claim with `value` at `pointer` of the line.
fn line(pointer: &str, value: Value) -> Value {
    with(&claim(), &format!("/item/0{pointer}"), value)
}

fn assert_refused(document: &Value, path: &str, reason: R) {
    assert_eq!(read(document), Err(refused(path, reason)));
}

fn money(value: f64) -> Value {
    json!({"value": value, "currency": "USD"})
}

fn two_lines() -> Value {
    let first = claim()["item"][0].clone();
    let second = with(&with(&first, "/sequence", json!(2)), "/servicedDate", json!("2026-09-29"));
    let third = with(&first, "/sequence", json!(3));
    with(&claim(), "/item", json!([first, second, third]))
}

#[test]
fn a_submission_lists_each_day_once_and_keeps_its_codes_to_itself() {
    let compiled = read(&two_lines()).unwrap();
    let submission = compiled.submission(PlanId(3), account(1), account(2), &[9; 32]);
    assert_eq!(submission.validate(day("2026-11-20").unwrap()), Ok(()));
    let dates: Vec<_> = submission.days.iter().map(|day| day.date).collect();
    assert_eq!(dates, [day("2026-09-30").unwrap(), day("2026-09-29").unwrap()]);
    assert_eq!(submission.lines.iter().map(|line| line.day).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!((submission.plan, submission.member), (PlanId(3), account(1)));
    assert_eq!(submission.lines[0].code, submission.lines[1].code);
    assert_eq!(submission.lines[0].submitted, Amount(1250));
    assert_eq!(submission, compiled.submission(PlanId(3), account(1), account(2), &[9; 32]));
    let other_key = compiled.submission(PlanId(3), account(1), account(2), &[8; 32]);
    assert_ne!(submission.lines[0].code, other_key.lines[0].code);
    assert_ne!(submission.reference, other_key.reference);
    let other_provider = compiled.submission(PlanId(3), account(1), account(3), &[9; 32]);
    assert_ne!(submission.days[0].nullifier, other_provider.days[0].nullifier);
}

#[test]
fn without_a_net_amount_the_charge_is_the_exact_product() {
    let document = without(&claim(), "/item/0/net");
    let document = with(&document, "/item/0/unitPrice", money(19.99));
    let document = with(&document, "/item/0/quantity", json!({"value": 3.0, "unit": "TAB"}));
    let document = with(&document, "/item/0/factor", json!(2));
    let item = read(&document).unwrap().items.remove(0);
    assert_eq!((item.quantity, item.submitted), (3, Amount(11_994)));
    let fraction = with(&document, "/item/0/factor", json!(0.333));
    assert_refused(&fraction, "Claim.item[0].net", R::TooManyFractionDigits { decimals: 2 });
}

#[test]
fn a_net_amount_beside_a_price_is_the_product_or_the_product_rounded_to_cents() {
    // 6.65667.
    let document = with(&line("/unitPrice", money(19.99)), "/item/0/factor", json!(0.333));
    for (net, accepted) in [(6.65, false), (6.66, true), (6.64, false), (6.67, false)] {
        let document = with(&document, "/item/0/net", money(net));
        match accepted {
            true => assert!(read(&document).is_ok(), "{net}"),
            false => assert_refused(&document, "Claim.item[0].net", R::NetNotProduct),
        }
    }
    let twice = with(&line("/unitPrice", money(6.25)), "/item/0/quantity", json!({"value": 2}));
    assert_eq!(read(&twice).unwrap().items[0].submitted, Amount(1_250));
    let off = with(&twice, "/item/0/unitPrice", money(6.24));
    assert_refused(&off, "Claim.item[0].net", R::NetNotProduct);
}

/// The net amount that `price × factor` may be rounded to, in a currency and with the decimals of its asset.
#[test]
fn a_net_amount_is_rounded_to_the_minor_unit_of_its_currency() {
    let reads = |currency: &str, decimals: u8, [price, factor, net]: [&str; 3]| {
        let money = |value: &str| format!("{{\"value\":{value},\"currency\":\"{currency}\"}}");
        let document = with(
            &with(&line("/net", json!("NET")), "/item/0/unitPrice", json!("PRICE")),
            "/item/0/factor",
            json!("FACTOR"),
        );
        let document = document.to_string().replace("\"NET\"", &money(net)).replace("\"PRICE\"", &money(price));
        let document = document.replace("\"FACTOR\"", factor);
        let asset = Asset { currency: currency.to_owned(), decimals };
        match compile(document.as_bytes(), &ClaimOptions::new(asset)) {
            Ok(_) => true,
            Err(refusal) => {
                assert_eq!(refusal, refused("Claim.item[0].net", R::NetNotProduct));
                false
            }
        }
    };
    // 6.1725 dinars of 1000 fils.
    for (net, accepted) in
        [("6.172", true), ("6.173", true), ("6.1725", true), ("6.17", false), ("6.18", false), ("6.171", false)]
    {
        assert_eq!(reads("KWD", 12, ["12.345", "0.5", net]), accepted, "{net}");
    }
    // 166.5 yen.
    for (net, accepted) in
        [("166", true), ("167", true), ("166.5", true), ("165", false), ("168", false), ("166.4", false)]
    {
        assert_eq!(reads("JPY", 12, ["333", "0.5", net]), accepted, "{net}");
    }
    for (net, accepted) in
        [("100.02", true), ("100.020001", true), ("100.03", false), ("100.01", false), ("100.0200", true)]
    {
        assert_eq!(reads("USD", 12, ["100.020001", "1", net]), accepted, "{net}");
    }
    assert!(!reads("USD", 12, ["0.001", "1", "0.01"]));
    assert!(reads("USD", 12, ["0.005", "1", "0.01"]));
    // An asset that has fewer decimals than its currency.
    assert!(reads("USD", 1, ["0.5", "0.3", "0.1"]) && reads("USD", 1, ["0.5", "0.3", "0.2"]));
    assert!(!reads("USD", 1, ["0.5", "0.3", "0.3"]));
    // A product with more digits after the point than 128 bits have room for.
    assert!(!reads("USD", 12, ["0.000000000001", "0.000000000000000000000000000000000001", "1"]));
}

#[test]
fn the_day_comes_from_the_line_or_else_from_the_bill() {
    let undated = without(&claim(), "/item/0/servicedDate");
    assert_refused(&undated, "Claim.item[0].servicedDate", R::Missing);
    let period = json!({"start": "2026-09-30T23:30:00-05:00", "end": "2026-09-30T23:45:00-05:00"});
    for document in
        [with(&undated, "/item/0/servicedPeriod", period.clone()), with(&undated, "/billablePeriod", period)]
    {
        // The day on the provider's calendar, not on that of UTC.
        assert_eq!(read(&document).unwrap().items[0].date, day("2026-09-30").unwrap());
    }
    let two_days = json!({"start": "2026-09-29", "end": "2026-09-30"});
    let document = with(&undated, "/item/0/servicedPeriod", two_days);
    assert_refused(&document, "Claim.item[0].servicedPeriod", R::NotOneDay);
    let reversed = json!({"start": "2026-09-30T15:00:00Z", "end": "2026-09-30T14:00:00Z"});
    let document = with(&undated, "/item/0/servicedPeriod", reversed);
    assert_refused(&document, "Claim.item[0].servicedPeriod", R::EmptyPeriod);
    for (start, end) in [("2026-09-30T23:30:00-05:00", "2026-09-30"), ("2026-09-30T14:00:00Z", "2026-09-30T14:00:00Z")]
    {
        let document = with(&undated, "/item/0/servicedPeriod", json!({"start": start, "end": end}));
        assert_eq!(read(&document).unwrap().items[0].date, day("2026-09-30").unwrap());
    }
    assert_refused(&line("/servicedDate", json!("2026-09")), "Claim.item[0].servicedDate", R::NotOneDay);
    assert_refused(&line("/servicedDate", json!("1969-12-31")), "Claim.item[0].servicedDate", R::BeforeEpoch);
}

#[test]
fn only_an_active_claim_counts() {
    let status = R::Status { found: String::from("cancelled"), expected: "active" };
    assert_refused(&with(&claim(), "/status", json!("cancelled")), "Claim.status", status);
    for found in ["preauthorization", "predetermination"] {
        let reason = R::Use { found: found.to_owned() };
        assert_refused(&with(&claim(), "/use", json!(found)), "Claim.use", reason);
    }
}

#[test]
fn the_focal_insurance_pays_and_those_behind_it_change_nothing() {
    let insurance = claim()["insurance"][0].clone();
    let other = with(&with(&insurance, "/focal", json!(false)), "/coverage/reference", json!("Coverage/2"));
    let at = |sequence: u32| with(&other, "/sequence", json!(sequence));
    let behind = with(&claim(), "/insurance", json!([at(2), insurance]));
    assert_eq!(read(&behind).unwrap().coverage, "Coverage/1");
    let before = with(&claim(), "/insurance", json!([at(1), with(&insurance, "/sequence", json!(2))]));
    assert_refused(&before, "Claim.insurance", R::OtherInsurance);
    let same = with(&claim(), "/insurance", json!([insurance, at(1)]));
    assert_refused(&same, "Claim.insurance[1].sequence", R::RepeatedSequence);
    let unnumbered = with(&claim(), "/insurance", json!([insurance, without(&other, "/sequence")]));
    assert_refused(&unnumbered, "Claim.insurance[1].sequence", R::Missing);
    let second = with(&insurance, "/sequence", json!(2));
    let two = with(&claim(), "/insurance", json!([insurance, second]));
    assert_refused(&two, "Claim.insurance[1].focal", R::SeveralFocal);
    let not_focal = with(&claim(), "/insurance/0/focal", json!(false));
    assert_refused(&not_focal, "Claim.insurance[0].focal", R::NotFocal);
    let settled = with(&claim(), "/insurance/0/claimResponse", json!({"reference": "ClaimResponse/1"}));
    assert_refused(&settled, "Claim.insurance[0].claimResponse", R::UnknownElement);
}

#[test]
fn nobody_but_the_provider_is_paid() {
    let payee = |code: &str, party: &str| {
        let payee = json!({"type": {"coding": [{"code": code}]}, "party": {"reference": party}});
        with(&claim(), "/payee", payee)
    };
    for party in ["Practitioner/a", "Practitioner/a/_history/1"] {
        assert!(read(&payee("provider", party)).is_ok(), "{party}");
    }
    assert_refused(&payee("provider", "Practitioner/b/_history/1"), "Claim.payee.party", R::PayeeNotProvider);
    assert_refused(&payee("subscriber", "Patient/c"), "Claim.payee.type.coding[0]", R::PayeeNotProvider);
    assert_refused(&payee("provider", "Patient/c"), "Claim.payee.party", R::PayeeNotProvider);
    let system = R::UnknownSystem { system: String::from("http://payees") };
    let document = with(&claim(), "/payee", json!({"type": {"coding": [coding("http://payees", "provider")]}}));
    assert_refused(&document, "Claim.payee.type.coding[0]", system);
}

#[test]
fn a_service_has_one_code_of_a_named_system() {
    let unnamed = line("/productOrService", json!({"coding": [{"code": "x"}]}));
    let reason = R::UnknownSystem { system: String::new() };
    assert_refused(&unnamed, "Claim.item[0].productOrService.coding[0]", reason);
    // Which of two is hashed would decide whether a second claim for the same service is found out.
    let two = line("/productOrService", json!({"coding": [coding("http://a", "x"), coding("http://b", "y")]}));
    assert_refused(&two, "Claim.item[0].productOrService", R::AmbiguousCoding);
    let system = String::from("http://terminology.hl7.org/CodeSystem/ex-benefitcategory");
    let reason = R::UnknownCode { system, code: String::from("99") };
    let unknown = line("/category", concept("ex-benefitcategory", "99"));
    assert_refused(&unknown, "Claim.item[0].category.coding[0]", reason);
}

#[test]
fn an_element_of_a_line_that_is_not_known_is_refused() {
    let tax = line("/tax", money(1.0));
    assert_refused(&tax, "Claim.item[0].tax", R::UnknownElement);
    let comparator = line("/quantity", json!({"value": 1, "comparator": ">"}));
    assert_refused(&comparator, "Claim.item[0].quantity.comparator", R::UnknownElement);
    let paid = with(&claim(), "/patientPaid", money(1.0));
    assert_refused(&paid, "Claim.patientPaid", R::UnknownElement);
}

#[test]
fn quantities_are_whole_and_at_least_one() {
    for value in
        ["0", "1.5", "4294967296", "-1", "-0.5", "1e99", "1e40", "1.0000000000000000000000000000000000000000000001"]
    {
        let document = line("/quantity", json!({"value": 0})).to_string();
        let document = document.replace("{\"value\":0}", &format!("{{\"value\":{value}}}"));
        let options = ClaimOptions::new(dollars());
        let refusal = compile(document.as_bytes(), &options);
        assert_eq!(refusal, Err(refused("Claim.item[0].quantity.value", R::NotAQuantity)));
    }
}

#[test]
fn a_quantity_counts_and_does_not_measure() {
    let of = |unit: Value| {
        let mut quantity = json!({"value": 500});
        quantity.as_object_mut().unwrap().extend(unit.as_object().unwrap().clone());
        line("/quantity", quantity)
    };
    let ucum = |code: &str| of(json!({"unit": "tablets", "system": "http://unitsofmeasure.org", "code": code}));
    let words = of(json!({"unit": "mg"}));
    let of_another_system = of(json!({"system": "http://units", "code": "UN"}));
    for counted in [words, of_another_system, ucum("1"), ucum("{tablet}"), ucum("TAB")] {
        assert_eq!(read(&counted).unwrap().items[0].quantity, 500, "{counted}");
    }
    for unit in ["mg", "mg{total}", "{a}mg{b}", "h", "10*3", "{", "}"] {
        let reason = R::NotACount { unit: unit.to_owned() };
        assert_refused(&ucum(unit), "Claim.item[0].quantity.code", reason);
    }
    let reason = R::NotACount { unit: String::from("mg") };
    assert_refused(&of(json!({"code": "mg"})), "Claim.item[0].quantity.code", reason);
}

#[test]
fn amounts_are_exact_positive_and_in_the_plans_currency() {
    let net = |value: &str| {
        let document = line("/net/value", json!(0)).to_string();
        let document = document.replace("\"value\":0", &format!("\"value\":{value}"));
        compile(document.as_bytes(), &ClaimOptions::new(dollars()))
    };
    assert_eq!(net("1.25e3").unwrap().items[0].submitted, Amount(125_000));
    assert_eq!(net("90071992547409.93").unwrap().items[0].submitted, Amount(9_007_199_254_740_993));
    let refusal = |value: &str| net(value).unwrap_err();
    assert_eq!(refusal("-1"), refused("Claim.item[0].net.value", R::Negative));
    assert_eq!(refusal("0.001").reason, R::TooManyFractionDigits { decimals: 2 });
    assert_eq!(refusal("1e99").reason, R::ExponentOutOfRange);
    assert_eq!(refusal("1e40").reason, R::AmountTooLarge);
    assert_eq!(refusal("0.00"), refused("Claim.item[0].net", R::ZeroAmount));
    assert_eq!(refusal("\"1\"").reason, R::WrongType { expected: "a number" });
    let currency = R::Currency { expected: String::from("USD"), found: String::from("EUR") };
    assert_refused(&line("/net/currency", json!("EUR")), "Claim.item[0].net.currency", currency);
    assert_refused(&without(&claim(), "/item/0/net"), "Claim.item[0].net", R::Missing);
}

#[test]
fn the_parts_of_a_line_add_up_to_it() {
    let service = concept("http://codes", "y");
    let part = |net: f64| json!({"sequence": 1, "productOrService": service, "net": money(net)});
    assert!(read(&line("/detail", json!([part(12.0), part(0.5)]))).is_ok());
    let wrong = line("/detail", json!([part(12.0), part(0.25)]));
    assert_refused(&wrong, "Claim.item[0].detail[1]", R::DetailSum);
    let below = with(&part(12.5), "/subDetail", json!([part(12.5)]));
    assert!(read(&line("/detail", json!([below]))).is_ok());
    let wrong_below = with(&part(12.5), "/subDetail", json!([part(12.4)]));
    assert_refused(&line("/detail", json!([wrong_below])), "Claim.item[0].detail[0].subDetail[0]", R::DetailSum);
    let unpriced = line("/detail", json!([{"sequence": 1, "productOrService": service}]));
    assert_refused(&unpriced, "Claim.item[0].detail[0].net", R::Missing);
}

#[test]
fn the_lines_add_up_to_the_total() {
    assert!(read(&with(&two_lines(), "/total", money(37.5))).is_ok());
    assert_refused(&with(&two_lines(), "/total", money(37.49)), "Claim.total", R::Total);
}

#[test]
fn lines_that_add_up_to_more_than_128_bits_are_refused() {
    let largest = "3402823669209384634633746074317682114.54";
    let document = with(&two_lines(), "/item/0/net/value", json!("large"));
    let document = with(&document, "/item/2/net/value", json!("large"));
    let document = document.to_string().replace("\"large\"", largest);
    let refusal = compile(document.as_bytes(), &ClaimOptions::new(dollars()));
    assert_eq!(refusal, Err(refused("Claim.item[1]", R::AmountTooLarge)));
}

proptest! {
    #[test]
    fn a_net_amount_is_accepted_where_it_is_the_product_or_rounded_from_it_and_nowhere_else(
        quantity in 1u64..1_000,
        price in 1u64..1_000_000,
        factor in 1u64..2_000,
        off in -3i64..=3,
    ) {
        // In cents and thousandths: the product in hundred-thousandths.
        let product = quantity * price * factor;
        let (below, rest) = (i64::try_from(product / 1_000).unwrap(), product % 1_000);
        let net = below + off;
        prop_assume!(net > 0);
        let cents = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        let money = |name: &str| json!({"value": name, "currency": "USD"});
        let item = with(&claim()["item"][0], "/quantity", json!({"value": quantity}));
        let item = with(&with(&item, "/unitPrice", money("PRICE")), "/net", money("NET"));
        let document = with(&claim(), "/item/0", with(&item, "/factor", json!("FACTOR"))).to_string();
        // Written as they are: not every number of cents is a binary fraction.
        let document = document.replace("\"PRICE\"", &cents(price)).replace("\"NET\"", &cents(net.try_into().unwrap()));
        let document = document.replace("\"FACTOR\"", &format!("{}.{:03}", factor / 1_000, factor % 1_000));
        let result = compile(document.as_bytes(), &ClaimOptions::new(dollars()));
        let accepted = (off == 0 && rest <= 500) || (off == 1 && rest >= 500);
        match accepted {
            true => prop_assert_eq!(result.unwrap().items[0].submitted, Amount(u128::try_from(net).unwrap())),
            false => prop_assert_eq!(result, Err(refused("Claim.item[0].net", R::NetNotProduct))),
        }
    }
}

#[test]
fn lines_are_numbered_apart_and_not_too_many() {
    let item = claim()["item"][0].clone();
    let twice = with(&claim(), "/item", json!([item, item]));
    assert_refused(&twice, "Claim.item[1].sequence", R::RepeatedSequence);
    let many = with(&claim(), "/item", json!(vec![item; MAX_LINES + 1]));
    assert_refused(&many, "Claim.item[50]", R::TooManyLines { limit: MAX_LINES });
}

/// The second would be denied as a duplicate, and the provider would bear it.
#[test]
fn one_service_for_two_sites_stands_on_one_line() {
    let site = |code: &str| concept("ex-tooth", code);
    let two = |name: &str, first: Option<Value>, second: Option<Value>| {
        let lines = [first, second].into_iter().zip(1..).map(|(value, number)| {
            let line = with(&claim()["item"][0], "/sequence", json!(number));
            value.map_or_else(|| line.clone(), |value| with(&line, &format!("/{name}"), value))
        });
        with(&claim(), "/item", lines.collect())
    };
    let apart = || refused("Claim.item[1]", R::ServiceApart);
    for (name, one, other) in [
        ("bodySite", site("14"), site("15")),
        ("subSite", json!([site("M")]), json!([site("D")])),
        ("modifier", json!([concept("http://m", "LT")]), json!([concept("http://m", "RT")])),
    ] {
        assert_eq!(read(&two(name, Some(one.clone()), Some(other.clone()))), Err(apart()), "{name}");
        assert_eq!(read(&two(name, Some(one.clone()), None)), Err(apart()), "{name}");
        assert_eq!(read(&two(name, None, Some(other.clone()))), Err(apart()), "{name}");
        // A duplicate is the plan's to deny.
        assert_eq!(read(&two(name, Some(one.clone()), Some(one.clone()))).unwrap().items.len(), 2, "{name}");
        let days =
            with(&two(name, Some(one.clone()), Some(other.clone())), "/item/1/servicedDate", json!("2026-09-29"));
        assert_eq!(read(&days).unwrap().items.len(), 2, "{name}");
        let codes = with(&two(name, Some(one), Some(other)), "/item/1/productOrService", concept("http://codes", "y"));
        assert_eq!(read(&codes).unwrap().items.len(), 2, "{name}");
    }
}
