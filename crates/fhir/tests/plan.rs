//! Plan files and accounts.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use blake2::{Blake2b512, Digest};
use common::{bytes, refused, sample, with, without, workspace};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use salus_domain::ids::Account;
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{fee_page, Benefit, CostShare, Limit, PlanTerms, TermsMalformed, MAX_LIMITS, MAX_PAGE};
use salus_domain::time::DAY;
use salus_fhir::account::{parse, AccountError};
use salus_fhir::decimal::MAX_DECIMALS;
use salus_fhir::plan::{compile, MAX_FEES};
use salus_fhir::RefusedReason as R;
use serde_json::{json, Value};

fn plan() -> Value {
    serde_json::from_slice(&sample("plan.json")).unwrap()
}

fn assert_refused(pointer: &str, value: Value, path: &str, reason: R) {
    assert_eq!(compile(&bytes(&with(&plan(), pointer, value))), Err(refused(path, reason)));
}

#[test]
fn the_example_of_the_reference_compiles() {
    let reference = std::fs::read_to_string(workspace("crates/fhir/src/plan.rs")).unwrap();
    let lines = reference.lines().map(|line| line.trim_start_matches("//!"));
    let example: Vec<_> = lines.skip_while(|line| !line.contains("```json")).skip(1).collect();
    let end = example.iter().position(|line| line.contains("```")).unwrap();
    let plan = compile(example[..end].join("\n").as_bytes()).unwrap();
    assert_eq!((plan.terms.limits.len(), plan.terms.exceptions.len(), plan.fees.len()), (4, 1, 1));
    assert_eq!(plan.token, parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY").ok());
}

/// A plan with a network.
fn networked() -> Value {
    let document = with(&plan(), "/networked", json!(true));
    with(&document, "/benefit/outOfNetwork", json!({"copay": "5.00", "coinsurance": "50%"}))
}

fn terms(document: &Value) -> PlanTerms {
    compile(&bytes(document)).unwrap().terms
}

fn limit(value: Value) -> Value {
    with(&networked(), "/limits/0", value)
}

#[test]
fn what_is_left_out_has_its_default() {
    let document = ["exceptions", "limits", "fees"].iter().fold(plan(), |it, name| without(&it, &format!("/{name}")));
    let document = without(&document, "/benefit/waitingPeriodDays");
    let compiled = compile(&bytes(&document)).unwrap();
    let terms = &compiled.terms;
    assert!(terms.exceptions.is_empty() && terms.limits.is_empty() && compiled.fees.is_empty());
    let benefit = Benefit {
        in_network: CostShare { copay: Amount(20_000_000_000_000), coinsurance: BasisPoints(2_000) },
        out_of_network: None,
        deductible: true,
        authorisation: false,
        waiting_period: 0,
    };
    assert_eq!((terms.benefit, terms.networked, compiled.token), (benefit, false, None));
    for name in ["exceptions", "limits", "fees"] {
        assert_eq!(compile(&bytes(&with(&document, &format!("/{name}"), json!([])))), Ok(compiled.clone()));
    }
}

#[test]
fn all_other_keys_are_needed_and_no_other_is_known() {
    for name in ["name", "asset", "covered", "benefit", "deadlines"] {
        let refusal = compile(&bytes(&without(&plan(), &format!("/{name}"))));
        assert_eq!(refusal, Err(refused(name, R::Missing)));
    }
    for name in ["filingDays", "authorisationDays", "settlementDays", "appealDays", "reviewDays", "reversalDays"] {
        let path = format!("deadlines.{name}");
        let refusal = compile(&bytes(&without(&plan(), &format!("/deadlines/{name}"))));
        assert_eq!(refusal, Err(refused(&path, R::Missing)));
        let long = R::Terms(TermsMalformed::DeadlineTooLong);
        assert_refused(&format!("/deadlines/{name}"), json!(367), &path, long);
        assert!(compile(&bytes(&with(&plan(), &format!("/deadlines/{name}"), json!(366)))).is_ok());
    }
    assert_refused("/benefit/limit", json!(1), "benefit.limit", R::UnknownElement);
    assert_refused("/extension", json!(1), "extension", R::UnknownElement);
    assert_refused("/asset/token", json!("0x12"), "asset.token", R::Account(AccountError::Hex));
}

#[test]
fn an_exception_is_as_the_benefit_in_what_it_leaves_out() {
    let exception = json!({"category": "35", "authorisation": true, "waitingPeriodDays": 90, "outOfNetwork": null});
    let terms = terms(&with(&networked(), "/exceptions", json!([exception])));
    let expected = Benefit {
        out_of_network: None,
        authorisation: true,
        waiting_period: 90 * DAY,
        ..*terms.benefit(Category::Surgical)
    };
    assert_eq!(terms.exceptions, [(Category::DentalCare, expected)]);
    assert_eq!(terms.benefit.out_of_network.unwrap().coinsurance, BasisPoints(5_000));
}

#[test]
fn a_network_is_spoken_of_where_there_is_one_only() {
    assert_refused("/benefit/outOfNetwork", Value::Null, "benefit.outOfNetwork", R::NoNetwork);
    assert_refused("/limits/0/network", json!("in"), "limits[0].network", R::NoNetwork);
    let refusal = compile(&bytes(&with(&plan(), "/networked", json!(true))));
    assert_eq!(refusal, Err(refused("benefit.outOfNetwork", R::Missing)));
}

#[test]
fn limits_are_amounts_or_numbers() {
    let of = |measure: &str, key: &str, value: Value| json!({"measure": measure, "category": "35", "network": "out", "unit": "family", "term": "lifetime", key: value});
    let expected = |measure, limit| Limit {
        measure,
        category: Some(Category::DentalCare),
        network: Some(Network::Out),
        unit: Unit::Family,
        term: Term::Lifetime,
        limit,
    };
    let amount = terms(&limit(of("benefit", "amount", json!("1.50")))).limits[0];
    assert_eq!(amount, expected(Measure::Benefit, 1_500_000_000_000));
    assert_eq!(terms(&limit(of("quantity", "count", json!(2)))).limits[0], expected(Measure::Quantity, 2));
    for (value, path, reason) in [
        (of("services", "amount", json!("2")), "limits[0].count", R::Missing),
        (of("deductible", "count", json!(2)), "limits[0].amount", R::Missing),
        (with(&of("services", "count", json!(2)), "/amount", json!("1")), "limits[0].amount", R::UnknownElement),
        (of("services", "count", json!(-2)), "limits[0].count", whole()),
        (of("services", "count", json!("2")), "limits[0].count", R::WrongType { expected: "a number" }),
        (without(&of("services", "count", json!(2)), "/unit"), "limits[0].unit", R::Missing),
        (without(&of("services", "count", json!(2)), "/term"), "limits[0].term", R::Missing),
    ] {
        assert_eq!(compile(&bytes(&limit(value))), Err(refused(path, reason)));
    }
    let copay = R::UnknownCode { system: Measure::SYSTEM.to_owned(), code: String::from("copay") };
    assert_eq!(compile(&bytes(&limit(of("copay", "amount", json!("1"))))), Err(refused("limits[0].measure", copay)));
}

#[test]
fn limits_are_not_too_many_and_each_is_about_something_else() {
    let base = plan()["limits"][0].clone();
    let twice = with(&plan(), "/limits", json!([base, with(&base, "/term", json!("day")), base]));
    let reason = R::Terms(TermsMalformed::RepeatedLimit);
    assert_eq!(compile(&bytes(&twice)), Err(refused("limits[2]", reason)));
    let codes =
        Category::ALL.iter().take(MAX_LIMITS + 1).map(|category| with(&base, "/category", json!(category.code())));
    let many = with(&plan(), "/limits", Value::from(codes.collect::<Vec<_>>()));
    let reason = R::Terms(TermsMalformed::TooManyLimits);
    assert_eq!(compile(&bytes(&many)), Err(refused("limits[24]", reason)));
}

fn whole() -> R {
    R::WrongType { expected: "a whole number from 0 to 4294967295" }
}

#[test]
fn amounts_and_shares_are_refused_where_they_stand() {
    let amount = "limits[0].amount";
    assert_refused("/limits/0/amount", json!("-1"), amount, R::Negative);
    assert_refused("/limits/0/amount", json!("1,00"), amount, R::NotADecimal);
    assert_refused("/limits/0/amount", json!(1), amount, R::WrongType { expected: "a string" });
    assert_refused("/limits/0/amount", Value::Null, amount, R::WrongType { expected: "a string" });
    let share = "exceptions[1].inNetwork.coinsurance";
    for wrong in ["20", "100.01%", "0.001%", "-1%", "%", "655.37%"] {
        assert_refused("/exceptions/1/inNetwork/coinsurance", json!(wrong), share, R::NotAPercentage);
    }
    let limit = R::TooManyDecimals { limit: MAX_DECIMALS };
    assert_refused("/asset/decimals", json!(25), "asset.decimals", limit);
    assert_refused("/deadlines/settlementDays", json!(1.5), "deadlines.settlementDays", whole());
}

#[test]
fn categories_and_fees_are_named_once() {
    assert_eq!(terms(&with(&plan(), "/covered", json!("all"))).covered, CategorySet::ALL);
    let repeated = R::Terms(TermsMalformed::RepeatedCategory);
    assert_refused("/exceptions/1/category", json!("5"), "exceptions[1]", repeated);
    assert_refused("/covered", json!([]), "covered", R::Empty);
    let system = String::from("http://terminology.hl7.org/CodeSystem/ex-benefitcategory");
    let unknown = R::UnknownCode { system, code: String::from("99") };
    assert_refused("/covered/0", json!("99"), "covered[0]", unknown);
    assert_refused("/fees/2/code", json!("99213"), "fees[2]", R::RepeatedFee);
}

#[test]
fn fees_are_spread_over_pages_by_their_tags() {
    let fees = |count: usize| {
        let fees = (0..count).map(|code| json!({"system": "s", "code": code.to_string(), "amount": "1"}));
        compile(&bytes(&with(&plan(), "/fees", fees.collect()))).unwrap()
    };
    for (count, pages) in [(0, 1), (64, 1), (65, 2), (129, 4), (1_000, 16), (16_385, 256), (MAX_FEES, 256)] {
        let plan = fees(count);
        let found = plan.fee_pages(&[7; 32]);
        assert_eq!(found.len(), pages, "{count} fees");
        let mut all: Vec<_> = found.concat();
        for (place, page) in found.iter().enumerate() {
            assert!(page.iter().all(|fee| usize::from(fee_page(fee.code, pages as u16)) == place));
            assert!(page.is_sorted_by(|one, other| one.code < other.code) && page.len() <= MAX_PAGE, "{}", page.len());
        }
        let mut expected = plan.tagged_fees(&[7; 32]);
        all.sort_by_key(|fee| fee.code);
        expected.sort_by_key(|fee| fee.code);
        assert_eq!(all, expected);
    }
    let fees = (0..=MAX_FEES).map(|code| json!({"system": "s", "code": code.to_string(), "amount": "1"}));
    let document = with(&plan(), "/fees", fees.collect());
    let reason = R::TooManyFees { limit: MAX_FEES };
    assert_eq!(compile(&bytes(&document)), Err(refused(&format!("fees[{MAX_FEES}]"), reason)));
}

#[test]
fn the_dental_plan_of_the_samples_has_a_network_a_family_and_authorisations() {
    let plan = compile(&sample("plan-dental.json")).unwrap();
    let terms = &plan.terms;
    assert!(terms.networked && terms.limits.len() == 7 && plan.fees.len() == 3 && plan.token.is_none());
    let family = |limit: &&Limit| limit.unit == Unit::Family;
    let families: Vec<_> = terms.limits.iter().filter(family).map(|limit| (limit.measure, limit.network)).collect();
    assert_eq!(families, [(Measure::Deductible, None), (Measure::OutOfPocket, Some(Network::In))]);
    let crowns = terms.benefit(Category::DentalCrowns);
    assert!(crowns.authorisation && crowns.deductible && crowns.out_of_network.is_none());
    assert_eq!((crowns.waiting_period, terms.benefit.waiting_period), (180 * DAY, 0));
    assert!(!terms.benefit(Category::DiagnosticDental).deductible);
    let frequency = terms.limits.iter().find(|limit| limit.measure == Measure::Services).unwrap();
    assert_eq!((frequency.category, frequency.limit), (Some(Category::DiagnosticDental), 2));
}

#[test]
fn accounts_are_read_from_ss58_and_hexadecimal() {
    let alice = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    let expected = Account(hex::decode(&alice[2..]).unwrap().try_into().unwrap());
    assert_eq!(parse(alice), Ok(expected));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), Ok(expected));
    // The same account on Polkadot, whose prefix is 0.
    assert_eq!(parse("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"), Ok(expected));
}

#[test]
fn a_network_prefix_of_two_bytes_is_passed_over() {
    let mut address = [&[0x50, 0x01][..], &[7; 32]].concat();
    let digest = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&address).finalize();
    address.extend_from_slice(&digest[..2]);
    assert_eq!(parse(&bs58::encode(&address).into_string()), Ok(Account([7; 32])));
    assert_eq!(parse(&bs58::encode(&address[1..]).into_string()), Err(AccountError::Checksum));
}

#[test]
fn texts_that_are_no_account_are_refused_by_cause() {
    assert_eq!(parse("0xd43593"), Err(AccountError::Hex));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0"), Err(AccountError::Base58));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ"), Err(AccountError::Checksum));
    for text in ["", "5Grwva", "111111111111111111111111111111111111111111111111111"] {
        assert_eq!(parse(text), Err(AccountError::Length), "{text}");
    }
}
