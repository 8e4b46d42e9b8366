//! Rule 7, against the evaluation itself: what is compiled more narrowly than it is written never permits more.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, bytes, coding, consent, directory};
use proptest::prelude::*;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, RoleSet, SensitivitySet};
use salus_domain::evaluate::{evaluate, Answer};
use salus_domain::ids::ConsentId;
use salus_domain::request::{Principal, Request};
use salus_domain::time::Timestamp;
use salus_fhir::consent::{compile, CompiledConsent};
use serde_json::{json, Value};

/// Stands for a class of data that the compiler does not know; the evaluation knows it as `Basic`.
const UNKNOWN: &str = "unknown";

fn provision(depth: u32) -> BoxedStrategy<Value> {
    let below = match depth {
        0 => Just(Vec::new()).boxed(),
        _ => prop::collection::vec(provision(depth - 1), 0..3).boxed(),
    };
    let classes = prop::sample::subsequence(vec!["Observation", "Condition", UNKNOWN], 0..=3);
    let purposes = prop::sample::subsequence(vec!["TREAT", "HPAYMT"], 0..=1);
    (any::<bool>(), classes, purposes, below)
        .prop_map(|(permit, classes, purposes, below)| {
            let mut provision = json!({"type": if permit { "permit" } else { "deny" }});
            let mut criterion = |name: &str, items: Vec<Value>| {
                if !items.is_empty() {
                    provision[name] = Value::Array(items);
                }
            };
            criterion("class", classes.into_iter().map(|class| coding("classes", class)).collect());
            criterion("purpose", purposes.into_iter().map(|purpose| coding("v3-ActReason", purpose)).collect());
            criterion("provision", below);
            provision
        })
        .boxed()
}

fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for class in [Class::Observation, Class::Condition, Class::Basic] {
        for purpose in [Purpose::Treat, Purpose::Hpaymt, Purpose::Hmarkt] {
            requests.push(Request {
                principal: Principal { account: account(1), organisations: Vec::new(), roles: RoleSet::EMPTY },
                purpose,
                action: Action::Access,
                confidentiality: Some(Confidentiality::N),
                sensitivity: Some(SensitivitySet::EMPTY),
                classes: Some(class.into()),
                data_period: None,
            });
        }
    }
    requests
}

fn permits(compiled: &CompiledConsent, request: &Request) -> bool {
    let consents = [(ConsentId(0), compiled.consent.clone())];
    evaluate(&consents, request, Timestamp(0)).answer == Answer::Permit
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_consent_with_unknown_classes_permits_at_most_what_it_would_if_they_were_known(
        rule in prop::sample::select(&["OPTIN", "OPTOUT"][..]),
        provisions in prop::collection::vec(provision(2), 1..3),
    ) {
        let document = consent(rule, json!({"provision": provisions}));
        let known = document.to_string().replace(UNKNOWN, "Basic");
        let reference = compile(known.as_bytes(), &directory()).unwrap();
        prop_assert!(reference.narrowed.is_empty());
        if let Ok(compiled) = compile(&bytes(&document), &directory()) {
            for request in requests() {
                prop_assert!(!permits(&compiled, &request) || permits(&reference, &request), "{:?}", request);
            }
        }
    }
}
