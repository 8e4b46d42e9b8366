//! What was decided about a claim renders as FHIR R4 that HL7's definitions allow, to the last cent, and in plain words.
#![allow(
    clippy::unwrap_used,
    clippy::inconsistent_digit_grouping,
    reason = "in a test, a panic is a failure; cents stand apart"
)]

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod parties;
mod reasons;
mod refusals;
mod telling;

use cases::{any_decided, decided, line, one_of_each};
use common::structure::{assert_sound, codings, displays, faults, published};
use common::{cases, workspace};
use proptest::prelude::*;
use salus_domain::adjudicate::Split;
use salus_domain::codes::Category;
use salus_domain::money::Amount;
use salus_fhir::decimal::Asset;
use salus_fhir::explain::{claim_response, explanation_of_benefit, Decided, NotExplained, Resource, Status};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

/// As JSON; its decimals are no longer exact.
fn value(resource: &Resource) -> Value {
    serde_json::to_value(resource).unwrap()
}

/// The amounts of an explanation or a response, as they are written.
#[derive(Deserialize)]
struct Told {
    item: Vec<ToldItem>,
    total: Vec<ToldAmount>,
}

#[derive(Deserialize)]
struct ToldItem {
    adjudication: Vec<ToldAmount>,
}

#[derive(Deserialize)]
struct ToldAmount {
    category: Value,
    amount: Option<ToldMoney>,
}

#[derive(Deserialize)]
struct ToldMoney {
    value: Box<RawValue>,
}

fn amounts(told: &[ToldAmount], asset: &Asset) -> BTreeMap<String, u128> {
    let amount = |told: &ToldAmount| {
        let code = told.category["coding"][0]["code"].as_str().unwrap().to_owned();
        Some((code, asset.parse(told.amount.as_ref()?.value.get()).unwrap().0))
    };
    let amounts: Vec<_> = told.iter().filter_map(amount).collect();
    let by_code: BTreeMap<_, _> = amounts.iter().cloned().collect();
    assert_eq!(by_code.len(), amounts.len(), "a category is there once");
    by_code
}

/// What each category has to be.
fn expected(split: &Split, paid: Option<Amount>) -> BTreeMap<String, u128> {
    let all = [
        ("submitted", split.submitted.0),
        ("eligible", split.submitted.0 - split.adjustment.0),
        ("discount", split.adjustment.0),
        ("priorpayerpaid", split.prior_payer.0),
        ("deductible", split.deductible.0),
        ("copay", split.copay.0),
        ("coinsurance", split.coinsurance.0),
        ("noncovered", split.noncovered.0),
        ("memberliability", split.patient().0),
        ("benefit", split.payer.0),
    ];
    let paid = paid.map(|paid| ("paidtoprovider", paid.0));
    all.into_iter().chain(paid).map(|(code, amount)| (code.to_owned(), amount)).collect()
}

fn check_amounts(claim: &Decided, resource: &Resource) {
    let told: Told = serde_json::from_str(&resource.to_string()).unwrap();
    let paid =
        claim.payment.map(|payment| payment.amount).filter(|paid| paid.0 > 0 && claim.status != Status::Reversed);
    let splits = claim.lines.iter().map(|line| &line.outcome.split);
    let items: Vec<_> = told.item.iter().map(|item| amounts(&item.adjudication, &claim.asset)).collect();
    let total = amounts(&told.total, &claim.asset);
    if claim.status.is_pended() {
        let submitted = |split: &Split| BTreeMap::from([(String::from("submitted"), split.submitted.0)]);
        assert_eq!(items, splits.map(submitted).collect::<Vec<_>>());
        assert_eq!(total, submitted(&claim.total));
        return;
    }
    assert_eq!(items, splits.map(|split| expected(split, None)).collect::<Vec<_>>());
    assert_eq!(total, expected(&claim.total, paid));
    for told in items.iter().chain([&total]) {
        let parts = ["benefit", "memberliability", "discount", "priorpayerpaid"];
        assert_eq!(told["submitted"], parts.into_iter().map(|part| told[part]).sum::<u128>());
        let parts = ["deductible", "copay", "coinsurance", "noncovered"];
        assert_eq!(told["memberliability"], parts.into_iter().map(|part| told[part]).sum::<u128>());
        for (category, amount) in told.iter().filter(|(category, _)| *category != "paidtoprovider") {
            assert!(*amount <= total[category], "{category}");
        }
    }
}

#[test]
fn each_case_renders_as_it_was_reviewed() {
    let folder = workspace("crates/fhir/tests/explain/golden");
    let mut names = BTreeSet::new();
    for (name, resource) in one_of_each() {
        let written = serde_json::to_string_pretty(&resource).unwrap() + "\n";
        let golden = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        assert_eq!(written, golden, "{name}: {written}");
        names.insert(format!("{name}.json"));
    }
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names);
}

#[test]
fn each_case_is_what_r4_demands() {
    for (name, resource) in one_of_each() {
        assert_eq!(faults(&value(&resource)), Vec::<String>::new(), "{name}");
    }
}

/// What is rendered here.
const KINDS: [&str; 3] = ["ExplanationOfBenefit", "ClaimResponse", "CoverageEligibilityResponse"];

#[test]
fn the_check_accepts_what_hl7_publishes() {
    assert_sound(&published(&KINDS));
}

#[test]
fn the_check_finds_what_is_wrong() {
    let all: BTreeMap<_, _> = one_of_each().into_iter().map(|(name, resource)| (name, value(&resource))).collect();
    for (name, pointer, wrong) in [
        ("settled-benefit", "/outcome", json!("done")),
        ("settled-benefit", "/use", json!("payment")),
        ("settled-benefit", "/status", json!("paid")),
        ("settled-benefit", "/insurance", json!([])),
        ("settled-benefit", "/item/0/sequence", json!(0)),
        ("settled-benefit", "/item/0/net/currency", json!("dollars")),
        ("settled-benefit", "/item/0/net/value", json!("12.50")),
        ("settled-benefit", "/item/0/amount", json!(12.5)),
        ("settled-benefit", "/processNote/0/type", json!("text")),
        ("settled-benefit", "/created", json!("30.09.2026")),
        ("secondary-set-off-response", "/item/0/adjudication", json!([])),
        ("secondary-set-off-response", "/payment", json!({ "date": "2026-10-09" })),
        ("eligible", "/purpose", json!(["curiosity"])),
        ("eligible", "/insurance/0/inforce", json!("yes")),
        ("eligible", "/insurance/0/item/0/productOrService", json!({ "text": "x" })),
    ] {
        assert_ne!(faults(&common::with(&all[name], pointer, wrong)), Vec::<String>::new(), "{name} {pointer}");
    }
    for pointer in ["/outcome", "/patient", "/insurance/0/coverage", "/item/0/productOrService"] {
        assert_ne!(faults(&common::without(&all["settled-benefit"], pointer)), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn a_code_that_hl7_publishes_has_the_same_words_here() {
    let examples = published(&KINDS);
    let theirs = displays(&examples);
    let mut common = 0;
    for (name, resource) in one_of_each() {
        let resource = value(&resource);
        for (system, code, display) in codings(&resource) {
            if let Some(words) = theirs.get(&(system, code)) {
                assert_eq!(display, Some(*words), "{name}: {system} {code}");
                common += 1;
            }
        }
    }
    assert!(examples.is_empty() || common > 0);
}

#[test]
fn a_coding_has_words_unless_they_are_not_ours_to_repeat() {
    for (name, resource) in one_of_each() {
        for (system, code, display) in codings(&value(&resource)) {
            let others =
                system.starts_with("https://x12.org/") || ["http://codes", "urn:salus:code-tag"].contains(&system);
            assert_eq!(display.is_none(), others, "{name}: {system} {code}");
        }
    }
}

#[test]
fn amounts_are_exact_where_a_binary_fraction_is_not() {
    let mut claim = decided(&[line(Category::VisionCoverage, 1, 123_456_789_012_345_678_901_234_567_890)]);
    claim.asset.decimals = 24;
    let written = explanation_of_benefit(&claim).unwrap().to_string();
    assert!(written.contains(r#""net":{"value":123456.78901234567890123456789,"currency":"USD"}"#), "{written}");
    check_amounts(&claim, &explanation_of_benefit(&claim).unwrap());
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_claim_is_explained_to_the_last_minor_unit_or_refused(claim in any_decided()) {
        for rendered in [explanation_of_benefit(&claim), claim_response(&claim)] {
            match rendered {
                Ok(resource) => {
                    check_amounts(&claim, &resource);
                    let resource = value(&resource);
                    prop_assert_eq!(faults(&resource), Vec::<String>::new());
                    prop_assert_eq!(resource["outcome"] == "queued", claim.status.is_pended());
                }
                Err(error) => prop_assert!(error == NotExplained::Time, "{error}"),
            }
        }
    }

    #[test]
    fn whatever_the_plan_decides_can_be_explained(
        lines in prop::collection::vec(
            (prop::sample::select(Category::ALL), 1..20u32, 1..2_000_00u128, any::<bool>(), 0..3u32), 1..5,
        ),
    ) {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(category, quantity, submitted, duplicate, other)| {
                let mut line = line(category, quantity, submitted);
                line.duplicate = duplicate;
                line.line.prior_paid = Amount(submitted * u128::from(other) / 3);
                line
            })
            .collect();
        let claim = decided(&lines);
        let explained = explanation_of_benefit(&claim).unwrap();
        prop_assert_eq!(faults(&value(&explained)), Vec::<String>::new());
        check_amounts(&claim, &explained);
        check_amounts(&claim, &claim_response(&claim).unwrap());
    }
}
