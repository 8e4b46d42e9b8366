//! What the tests share: documents to start from, and a way to change them.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod structure;
pub mod synthea;
pub mod world;

use proptest::prelude::*;
use salus_domain::codes::{Action, Class, Confidentiality, Network, Purpose, ReasonSet, Role, Sensitivity};
use salus_domain::ids::Account;
use salus_domain::ledger::Facts;
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::{Refused, RefusedReason};
use serde_json::{json, Value};
use std::path::PathBuf;

/// How many cases the properties of the rendering try: 2,000, or 100,000 where `SALUS_LONG=1`.
pub fn cases() -> ProptestConfig {
    let long = std::env::var("SALUS_LONG").is_ok_and(|value| value == "1");
    let cases = if long { 100_000 } else { 2_000 };
    // The strategies throw about six draws away for ten cases; this many, of all cases together, are too many.
    let max_local_rejects = 1_000_000;
    ProptestConfig { cases, max_local_rejects, failure_persistence: None, ..ProptestConfig::default() }
}

/// A path within the workspace.
pub fn workspace(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// All samples of `samples/`.
pub const SAMPLES: [&str; 18] = [
    "claim-authorisation.json",
    "claim-corrected.json",
    "claim-response-other.json",
    "claim-second.json",
    "claim.json",
    "consent.json",
    "coverage.json",
    "directory.json",
    "eligibility-request.json",
    "insurance-plan.json",
    "people.json",
    "plan-bronze.json",
    "plan-dental.json",
    "plan.json",
    "record-bundle.json",
    "record-observation.json",
    "record-sensitive.json",
    "request.json",
];

/// A sample of `samples/`.
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(workspace("samples").join(name)).unwrap()
}

/// The documents of a folder whose names begin with `prefix`, by name.
pub fn documents(folder: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder: PathBuf = workspace("../shared/data").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is not there, nothing of it was tested", folder.display());
        return Vec::new();
    };
    let mut documents: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let name = name.strip_prefix(prefix)?.strip_suffix(".json")?.to_owned();
            Some((name, std::fs::read(entry.path()).unwrap()))
        })
        .collect();
    documents.sort();
    documents
}

/// The account that is 32 times this byte.
pub fn account(byte: u8) -> Account {
    Account([byte; 32])
}

/// Practitioner/a is account 1, Organization/b account 2, Patient/c account 3, `http://ids|d` account 4.
pub fn directory() -> Directory {
    let entries = [("Practitioner/a", 1), ("Organization/b", 2), ("Patient/c", 3), ("http://ids|d", 4), ("urn:x", 5)];
    entries.into_iter().map(|(key, byte)| (key.to_owned(), account(byte))).collect()
}

/// US dollars with two decimals.
pub fn dollars() -> Asset {
    Asset { currency: String::from("USD"), decimals: 2 }
}

/// What is known about a claim in good order of a provider of the network.
pub const fn in_good_order(now: Timestamp) -> Facts {
    Facts { now, network: Network::In, credentialed: true, consented: true, set_aside: ReasonSet::EMPTY }
}

/// `document` with `value` at `pointer` (RFC 6901), whose parent must be there.
pub fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.insert(key.to_owned(), value);
        }
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other} has no members"),
    }
    document
}

/// `document` without what is at `pointer`.
pub fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    document
}

/// Its bytes.
pub fn bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

/// A refusal.
pub fn refused(path: &str, reason: RefusedReason) -> Refused {
    Refused { path: path.to_owned(), reason }
}

pub fn coding(system: &str, code: &str) -> Value {
    let system = match system {
        "classes" => String::from("http://hl7.org/fhir/resource-types"),
        other if other.starts_with("http") || other.starts_with("urn") => other.to_owned(),
        other => format!("http://terminology.hl7.org/CodeSystem/{other}"),
    };
    json!({"system": system, "code": code})
}

pub fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [coding(system, code)]})
}

/// An R4 consent of Patient/c with this rule (OPTIN, OPTOUT) and this root provision.
pub fn consent(rule: &str, root: Value) -> Value {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "patient": {"reference": "Patient/c"},
        "policyRule": concept("v3-ActCode", rule),
        "provision": root,
    })
}

/// A claim with one line over 12.50 dollars.
pub fn claim() -> Value {
    json!({
        "resourceType": "Claim",
        "identifier": [{"system": "http://claims", "value": "1"}],
        "status": "active",
        "use": "claim",
        "patient": {"reference": "Patient/c"},
        "provider": {"reference": "Practitioner/a"},
        "insurance": [{"sequence": 1, "focal": true, "coverage": {"reference": "Coverage/1"}}],
        "item": [{
            "sequence": 1,
            "category": concept("ex-benefitcategory", "1"),
            "productOrService": coding_only("http://codes", "x"),
            "servicedDate": "2026-09-30",
            "net": {"value": 12.5, "currency": "USD"},
        }],
    })
}

fn coding_only(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// Requests of all kinds, by one of the accounts that the tests use.
pub fn requests() -> impl Strategy<Value = Request> {
    let who = (1..10u8, prop::option::of(1..10u8), prop::option::of(prop::sample::select(Role::ALL)));
    let purposes = &[Purpose::Treat, Purpose::Etreat, Purpose::Btg, Purpose::Hpaymt, Purpose::Hmarkt];
    let what = (
        prop::sample::select(&purposes[..]),
        prop::sample::select(&[Action::Access, Action::Use, Action::Disclose][..]),
    );
    let labels = [Sensitivity::Bh, Sensitivity::Psy, Sensitivity::Hiv, Sensitivity::Sdv];
    let classes = [Class::Observation, Class::Claim, Class::Condition];
    let data = (
        prop::option::of(prop::sample::select(Confidentiality::ALL)),
        prop::option::of(prop::sample::subsequence(labels.to_vec(), 0..=2)),
        prop::option::of(prop::sample::subsequence(classes.to_vec(), 1..=2)),
        prop::option::of((0..30 * DAY, 1..10 * DAY)),
    );
    (who, what, data).prop_map(|((person, organisation, role), (purpose, action), (level, labels, classes, made))| {
        Request {
            principal: Principal {
                account: account(person),
                organisations: organisation.map(account).into_iter().collect(),
                roles: role.into_iter().collect(),
            },
            purpose,
            action,
            confidentiality: level,
            sensitivity: labels.map(|labels| labels.into_iter().collect()),
            classes: classes.map(|classes| classes.into_iter().collect()),
            data_period: made.map(|(start, length)| Period { start: Timestamp(start), end: Timestamp(start + length) }),
        }
    })
}
