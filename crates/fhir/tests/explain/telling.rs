//! What is told of a claim, in whichever state it is.

use crate::cases::{asked, cost_share, decided, eligibility, line, restorative, settled, terms, DAY_OF_SERVICE};
use crate::common::dollars;
use crate::value;
use salus_domain::adjudicate::{Authorisation, Split};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Reason, ReasonSet, Term, Unit};
use salus_domain::counters::Used;
use salus_domain::money::Amount;
use salus_domain::plan::Limit;
use salus_domain::time::Period;
use salus_fhir::explain::words::{disposition, explain, sentence};
use salus_fhir::explain::{
    authorisation_response, balances, claim_response, eligibility_response, explanation_of_benefit, Appeal,
    AuthorisationAnswer, Balance, Decided, Eligibility, Kind, Payment, Status,
};
use serde_json::{json, Value};
use std::collections::BTreeSet;

const STATUSES: [Status; 5] =
    [Status::AwaitsFunds, Status::AwaitsAuthorisation, Status::Adjudicated, Status::Settled, Status::Reversed];

/// The codes of our own reasons on a line.
fn reasons(resource: &Value, item: usize) -> Vec<String> {
    let all = resource["item"][item]["adjudication"].as_array().unwrap().iter();
    let codings = all.filter_map(|told| told["reason"]["coding"].as_array()).flatten();
    let ours = codings.filter(|coding| coding["system"] == "https://salus.health/CodeSystem/adjudication-reason");
    ours.map(|coding| coding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_coverage_without_bounds_has_a_period_that_is_not_empty() {
    let terms = terms();
    let open = Eligibility { coverage: Some(Period::ALWAYS), ..eligibility(&terms, DAY_OF_SERVICE) };
    let response = value(&eligibility_response(&open).unwrap());
    assert_eq!(response["insurance"][0]["benefitPeriod"], json!({ "start": "1970-01-01" }));
}

#[test]
fn a_claim_is_queued_then_complete_and_partial_while_an_appeal_is_open() {
    for (status, appeal, expected) in [
        (Status::AwaitsFunds, Appeal::None, ["active", "queued"]),
        (Status::AwaitsAuthorisation, Appeal::None, ["active", "queued"]),
        (Status::Adjudicated, Appeal::None, ["active", "complete"]),
        (Status::Adjudicated, Appeal::Open, ["active", "partial"]),
        (Status::Settled, Appeal::Open, ["active", "partial"]),
        (Status::Settled, Appeal::Upheld, ["active", "complete"]),
        (Status::Adjudicated, Appeal::Overturned, ["active", "complete"]),
        (Status::Reversed, Appeal::Overturned, ["cancelled", "complete"]),
    ] {
        let claim = Decided { status, appeal, ..cost_share() };
        for resource in [explanation_of_benefit(&claim), claim_response(&claim)] {
            let resource = value(&resource.unwrap());
            assert_eq!([&resource["status"], &resource["outcome"]], expected, "{status:?} {appeal:?}");
            assert_eq!(resource["disposition"], disposition(&claim));
        }
    }
}

#[test]
fn no_two_states_are_put_into_the_same_words() {
    let mut said = BTreeSet::new();
    let appeals = [Appeal::None, Appeal::Open, Appeal::Upheld, Appeal::Overturned];
    for (status, appeal) in STATUSES.iter().flat_map(|status| appeals.map(|appeal| (*status, appeal))) {
        said.insert(explain(&Decided { status, appeal, ..cost_share() }).unwrap().claim);
    }
    assert_eq!(said.len(), 20);
}

#[test]
fn a_claim_that_waits_tells_which_line_waits_and_no_amount_but_what_was_submitted() {
    let claim = decided(&[restorative(Authorisation::Missing), line(Category::Consultation, 1, 99_00)]);
    let waits = value(&claim_response(&Decided { status: Status::AwaitsAuthorisation, ..claim }).unwrap());
    assert_eq!(reasons(&waits, 0), ["authorisation-missing"]);
    assert_eq!(reasons(&waits, 1), Vec::<String>::new());
    let total = waits["total"].as_array().unwrap();
    assert_eq!(total.len(), 1);
    assert_eq!(total[0]["amount"]["value"], 1449.0);
    let funds = Decided { status: Status::AwaitsFunds, ..cost_share() };
    assert_eq!(reasons(&value(&explanation_of_benefit(&funds).unwrap()), 0), Vec::<String>::new());
}

/// In which network the provider is, the chain keeps with the decision.
#[test]
fn a_claim_that_waits_says_nothing_of_a_network() {
    let says = |status: Status, network: Option<Network>| {
        let claim = Decided { status, network, ..cost_share() };
        [explanation_of_benefit(&claim), claim_response(&claim)].map(|told| {
            let told = value(&told.unwrap());
            let mut all = told["item"][0]["adjudication"].as_array().unwrap().iter();
            all.any(|told| told["category"]["coding"][0]["code"] == "benefitpaymentstatus")
        })
    };
    for status in STATUSES {
        for network in [None, Some(Network::In), Some(Network::Out)] {
            assert_eq!(says(status, network), [!status.is_pended(); 2], "{status:?}");
        }
    }
}

#[test]
fn a_line_tells_each_of_its_reasons_once_and_how_many_units_are_paid_for() {
    let claim = decided(&[restorative(Authorisation::Granted(1))]);
    let expected = ReasonSet::of(&[Reason::Deductible, Reason::Coinsurance, Reason::AuthorisationExceeded]);
    assert_eq!(claim.lines[0].outcome.reasons, expected);
    let told = value(&explanation_of_benefit(&claim).unwrap());
    assert_eq!(reasons(&told, 0), ["deductible", "coinsurance", "authorisation-exceeded"]);
    let all = told["item"][0]["adjudication"].as_array().unwrap();
    let units = all.iter().find(|told| told["category"]["coding"][0]["code"] == "allowedunits").unwrap();
    assert_eq!(units["value"], 1);
    let network = all.last().unwrap();
    assert_eq!(network["reason"]["coding"][0]["code"], "innetwork");
}

#[test]
fn the_network_is_told_as_it_is() {
    for (network, code) in [(Some(Network::In), "innetwork"), (Some(Network::Out), "outofnetwork"), (None, "other")] {
        let told = value(&claim_response(&Decided { network, ..cost_share() }).unwrap());
        let last = told["item"][0]["adjudication"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["reason"]["coding"][0]["code"], code);
    }
}

#[test]
fn a_payment_is_what_arrived_and_what_was_set_off_stands_beside_it() {
    let claim = settled(cost_share(), 22_00);
    let told = value(&claim_response(&claim).unwrap());
    assert_eq!(claim.total.payer, Amount(122_00));
    assert_eq!(told["payment"]["type"]["coding"][0]["code"], "complete");
    assert_eq!(told["payment"]["amount"]["value"], 100.0);
    assert_eq!(told["payment"]["adjustment"]["value"], 22.0);
    assert_eq!(told["payment"]["adjustmentReason"]["coding"][0]["code"], "a001");
    assert_eq!(told["payment"]["date"], "2026-10-09");
}

#[test]
fn a_claim_that_an_appeal_raised_is_paid_in_part_until_the_rest_is_settled() {
    let payment = Some(Payment { amount: Amount(22_00), withheld: Amount::ZERO, date: None });
    let claim = Decided { appeal: Appeal::Overturned, payment, ..cost_share() };
    let told = value(&claim_response(&claim).unwrap());
    assert_eq!(told["payment"]["type"]["coding"][0]["code"], "partial");
    assert!(told["payment"].get("adjustment").is_none());
    assert!(explain(&claim).unwrap().claim.ends_with("So far the plan has paid USD 22.00."));
}

#[test]
fn what_has_to_be_paid_back_is_no_payment() {
    let claim = Decided { status: Status::Reversed, ..settled(cost_share(), 0) };
    let told = value(&explanation_of_benefit(&claim).unwrap());
    assert!(told.get("payment").is_none());
    assert!(told["total"]
        .as_array()
        .unwrap()
        .iter()
        .all(|told| told["category"]["coding"][0]["code"] != "paidtoprovider"));
    // Also once that is done.
    assert!(explain(&claim).unwrap().claim.ends_with("The provider had to pay USD 122.00 back to the plan."));
}

#[test]
fn what_was_passed_on_is_no_debt_of_the_patient() {
    for status in [Status::Adjudicated, Status::Settled, Status::Reversed] {
        let claim = Decided { status, ..cost_share() };
        let passed_on = Decided { passed_on: true, ..claim.clone() };
        let next = "passed on to the next insurer, whose explanation says what is owed in the end";
        for (claim, expected) in [(&claim, false), (&passed_on, true)] {
            let words = explain(claim).unwrap();
            assert_eq!(words.claim.contains(next), expected, "{}", words.claim);
            for text in [&words.claim, &words.lines[0].1] {
                assert_eq!(text.contains("You owe ") || text.contains("You were to owe "), !expected, "{text}");
            }
            for resource in [explanation_of_benefit(claim), claim_response(claim)] {
                let disposition = value(&resource.unwrap())["disposition"].clone();
                assert_eq!(disposition.as_str().unwrap().contains(next), expected, "{disposition}");
            }
        }
    }
    let settled = Decided { passed_on: true, ..settled(cost_share(), 0) };
    assert!(explain(&settled).unwrap().claim.contains("What is left for the next insurer and you is USD 146.00."));
}

#[test]
fn a_plan_takes_nothing_over_of_a_line_that_it_does_not_pay_in_full() {
    let split = |noncovered| Split { noncovered: Amount(noncovered), ..Split::default() };
    let said = |noncovered| sentence(Reason::OutOfPocketMaximum, &split(noncovered), &dollars());
    assert!(said(0).ends_with("so the plan takes over the rest of your share."));
    assert_eq!(said(1), "You have reached the most that you have to pay yourself of what the plan pays for.");
}

/// FHIR's integers end at 2,147,483,647.
#[test]
fn a_count_above_the_integers_of_fhir_is_a_text() {
    let (unit, term) = (Unit::Individual, Term::Annual);
    let limit = |limit| Limit { measure: Measure::Services, category: None, network: None, unit, term, limit };
    for (allowed, used, written) in [
        (
            2_147_483_647,
            2_147_483_647,
            [json!({ "allowedUnsignedInt": 2_147_483_647u32 }), json!({ "usedUnsignedInt": 2_147_483_647u32 })],
        ),
        (2_147_483_648, 1, [json!({ "allowedString": "2147483648" }), json!({ "usedUnsignedInt": 1 })]),
        (
            4_294_967_295,
            2_147_483_648,
            [json!({ "allowedString": "4294967295" }), json!({ "usedString": "2147483648" })],
        ),
    ] {
        let balances = vec![Balance { limit: limit(allowed), used: Some(used) }];
        let terms = terms();
        let asked = Eligibility { balances: balances.clone(), ..eligibility(&terms, DAY_OF_SERVICE) };
        let promised = value(&eligibility_response(&asked).unwrap());
        let told = value(&explanation_of_benefit(&Decided { balances, ..cost_share() }).unwrap());
        let [promised, told] = [
            promised["insurance"][0]["item"].as_array().unwrap().last().unwrap()["benefit"][0].clone(),
            told["benefitBalance"][0]["financial"][0].clone(),
        ];
        for (name, value) in written.iter().flat_map(|written| written.as_object().unwrap()) {
            assert_eq!(promised[name], *value, "{promised}");
            // Where R4 has no text, nothing is said.
            let value = if name == "usedString" { &Value::Null } else { value };
            assert_eq!(told[name], *value, "{told}");
        }
    }
}

#[test]
fn each_line_names_the_note_with_its_own_words() {
    let claim = settled(cost_share(), 0);
    let (told, words) = (value(&explanation_of_benefit(&claim).unwrap()), explain(&claim).unwrap());
    let note = |number: &Value| {
        let mut notes = told["processNote"].as_array().unwrap().iter();
        notes.find(|note| note["number"] == *number).unwrap()["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(note(&json!(1)), words.claim);
    for (item, (sequence, text)) in told["item"].as_array().unwrap().iter().zip(&words.lines) {
        assert_eq!(item["sequence"], *sequence);
        assert_eq!(note(&item["noteNumber"][0]), *text);
    }
}

#[test]
fn words_say_what_was_billed_what_the_plan_paid_what_is_owed_and_why() {
    let words = explain(&settled(cost_share(), 0)).unwrap();
    assert_eq!(
        words.claim,
        "USD 298.00 was billed for 2 services. This claim is decided and paid. The plan paid USD 122.00. You owe USD 146.00. \
         The provider may not charge you the other USD 30.00."
    );
    assert_eq!(
        words.lines[0].1,
        "Consultation on 30 September 2026: USD 250.00 was billed. The plan paid USD 80.00. You owe USD 140.00. The provider \
         may not charge you the other USD 30.00. The provider charged more than the price that the plan accepts. USD 100.00 \
         is your deductible: what you pay yourself before the plan begins to pay. USD 20.00 is the fixed charge that you pay \
         for each such service. USD 20.00 is the percentage of the cost that falls to you."
    );
}

#[test]
fn the_kind_of_a_claim_is_told_by_its_lines_where_the_claim_is_not_at_hand() {
    for (categories, kind) in [
        (&[Category::Restorative, Category::DentalCare][..], Kind::Oral),
        (&[Category::VisionCoverage], Kind::Vision),
        (&[Category::VisionCoverage, Category::DentalCare], Kind::Professional),
        (&[], Kind::Professional),
    ] {
        assert_eq!(Kind::of_categories(categories), kind);
    }
}

#[test]
fn what_a_place_does_not_name_was_not_used_and_of_an_unknown_place_nothing_is_said() {
    let limit =
        |measure, term| Limit { measure, category: None, network: None, unit: Unit::Individual, term, limit: 5 };
    let limits = [
        limit(Measure::Services, Term::Annual),
        limit(Measure::Quantity, Term::Annual),
        limit(Measure::Benefit, Term::Day),
    ];
    let used: Used = vec![(limits[0].kind(), 2)];
    let balances = balances(&limits, &[(Unit::Individual, Term::Annual, &used)]);
    assert_eq!(balances.iter().map(|balance| balance.used).collect::<Vec<_>>(), [Some(2), Some(0), None]);
}

#[test]
fn a_prior_authorisation_has_its_reference_once_it_is_granted() {
    use salus_domain::time::Timestamp;
    let told = |answer| value(&authorisation_response(&asked(answer)).unwrap());
    let granted = told(AuthorisationAnswer::Granted { quantity: 2, until: Timestamp(DAY_OF_SERVICE) });
    assert!(granted["preAuthRef"].as_str().unwrap().starts_with("urn:salus:authorisation:3:0x0303"));
    assert_eq!(granted["preAuthPeriod"]["end"], "2026-09-30T00:00:00.000Z");
    assert_eq!([&granted["use"], &granted["outcome"]], ["preauthorization", "complete"]);
    let requested = told(AuthorisationAnswer::Requested { quantity: 2, deadline: Timestamp(DAY_OF_SERVICE) });
    assert_eq!(requested["outcome"], "queued");
    let refused = told(AuthorisationAnswer::Refused);
    for other in [&requested, &refused] {
        assert!(other.get("preAuthRef").is_none() && other.get("preAuthPeriod").is_none());
    }
    let words = |told: &Value| told["disposition"].as_str().unwrap().to_owned();
    assert_eq!([&granted, &requested, &refused].map(words).into_iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_coverage_that_is_not_in_force_promises_nothing() {
    let terms = terms();
    let before = value(&eligibility_response(&eligibility(&terms, DAY_OF_SERVICE - 300 * 86_400_000)).unwrap());
    assert_eq!(before["insurance"][0]["inforce"], false);
    assert!(before["insurance"][0].get("item").is_none());
    let none = Eligibility { coverage: None, ..eligibility(&terms, DAY_OF_SERVICE) };
    let none = value(&eligibility_response(&none).unwrap());
    assert_eq!(none["insurance"][0]["inforce"], false);
    assert!(none["insurance"][0].get("benefitPeriod").is_none());
}

#[test]
fn a_plan_that_is_frozen_is_said_to_be_in_the_disposition_alone() {
    let terms = terms();
    let frozen = Eligibility { frozen: true, ..eligibility(&terms, DAY_OF_SERVICE) };
    let mut told = value(&eligibility_response(&frozen).unwrap());
    let said = told["disposition"].as_str().unwrap();
    assert!(said.ends_with("September 2026. The plan is frozen: it takes no claims at the moment."), "{said}");
    let open = value(&eligibility_response(&eligibility(&terms, DAY_OF_SERVICE)).unwrap());
    told["disposition"] = open["disposition"].clone();
    assert_eq!(told, open);
}

#[test]
fn a_coverage_in_force_tells_every_category_and_network() {
    let terms = terms();
    let told = value(&eligibility_response(&eligibility(&terms, DAY_OF_SERVICE)).unwrap());
    assert_eq!(told["insurance"][0]["benefitPeriod"], json!({ "start": "2026-01-01", "end": "2026-12-31" }));
    let items = told["insurance"][0]["item"].as_array().unwrap();
    let of = |category: Category, network: &str| {
        let mut items = items.iter().filter(|item| item["category"]["coding"][0]["code"] == category.code());
        items.find(|item| item["network"]["coding"][0]["code"] == network).unwrap().clone()
    };
    let out = of(Category::Consultation, "out");
    assert_eq!(out["benefit"][1]["allowedUnsignedInt"], 40);
    assert_eq!([&out["excluded"], &out["authorizationRequired"]], [false, false]);
    assert_eq!(of(Category::DiagnosticLab, "in")["benefit"][1]["allowedString"], "12.50%");
    let restorative = of(Category::Restorative, "in");
    assert_eq!(restorative["authorizationRequired"], true);
    assert_eq!(of(Category::Restorative, "out")["excluded"], true);
    let excluded: CategorySet = Category::ALL
        .iter()
        .copied()
        .filter(|category| {
            items.iter().any(|item| {
                item["category"]["coding"][0]["code"] == category.code()
                    && item["excluded"] == true
                    && item.get("network").is_none()
            })
        })
        .collect();
    // Which stands for the plan as a whole.
    let whole = CategorySet::from(Category::HealthBenefitPlanCoverage);
    assert_eq!(excluded.union(terms.covered).union(whole), CategorySet::ALL);
    assert!(!excluded.intersects(whole));
    assert!(!excluded.intersects(terms.covered));
}

#[test]
fn a_waiting_period_is_told_until_it_is_over() {
    let terms = terms();
    let described = |day| {
        let told = value(&eligibility_response(&eligibility(&terms, day)).unwrap());
        let items = told["insurance"][0]["item"].as_array().unwrap().clone();
        let restorative = items.iter().find(|item| item["authorizationRequired"] == true).unwrap();
        restorative["description"].as_str().unwrap().to_owned()
    };
    assert_eq!(described(DAY_OF_SERVICE), "The deductible comes first.");
    assert_eq!(
        described(DAY_OF_SERVICE - 200 * 86_400_000),
        "The deductible comes first. The plan pays nothing for this before 2 July 2026."
    );
}
