//! What FHIR R4 (4.0.1) demands of the resources that are rendered.
//!
//! The elements, cardinalities, types and required value sets are those of the specification's StructureDefinitions:
//! <https://hl7.org/fhir/R4/auditevent.html>, <https://hl7.org/fhir/R4/bundle.html>,
//! <https://hl7.org/fhir/R4/explanationofbenefit.html>, <https://hl7.org/fhir/R4/claimresponse.html>,
//! <https://hl7.org/fhir/R4/coverageeligibilityresponse.html>.

mod audit;
mod claims;
mod data_types;

use super::documents;
use serde_json::Value;
use std::collections::BTreeMap;

/// Element, least number, whether it may repeat, type of the element.
type Element = (&'static str, u8, bool, &'static str);
/// A type, and its elements.
type Type = (&'static str, &'static [Element]);

const RESOURCES: &[&str] =
    &["AuditEvent", "Bundle", "ClaimResponse", "CoverageEligibilityResponse", "ExplanationOfBenefit"];

const EVERY_RESOURCE: &[Element] = &[
    ("resourceType", 1, false, "code"),
    ("id", 0, false, "id"),
    ("meta", 0, false, "Meta"),
    ("text", 0, false, "any"),
    ("contained", 0, true, "any"),
];

/// Every fault of a resource.
pub fn faults(resource: &Value) -> Vec<String> {
    let kind = resource["resourceType"].as_str().unwrap_or("a resource");
    let mut faults = Vec::new();
    check(resource, kind, &mut vec![kind], &mut faults);
    faults
}

fn check<'a>(value: &'a Value, kind: &str, path: &mut Vec<&'a str>, faults: &mut Vec<String>) {
    if kind == "any" {
        return;
    }
    let types = || audit::TYPES.iter().chain(claims::TYPES).chain(data_types::TYPES);
    let own = types().find(|(name, _)| *name == kind).map(|(_, elements)| *elements);
    let (Some(own), Some(members)) = (own, value.as_object()) else {
        if own.is_some() || !data_types::is_primitive(value, kind) {
            faults.push(format!("{}: {value} is not a {kind}", path.join(".")));
        }
        return;
    };
    if members.is_empty() {
        faults.push(format!("{} is empty", path.join(".")));
    }
    let of_resource = if RESOURCES.contains(&kind) { EVERY_RESOURCE } else { &[] };
    let elements = || of_resource.iter().chain(own);
    for (name, member) in members {
        path.push(name);
        match (elements().find(|element| element.0 == name), member.as_array()) {
            (None, _) => faults.push(format!("{} is not an element", path.join("."))),
            (Some((_, _, true, kind)), Some(items)) if !items.is_empty() => {
                items.iter().for_each(|item| check(item, kind, path, faults));
            }
            (Some((_, _, false, kind)), None) => check(member, kind, path, faults),
            _ => faults.push(format!("{} has the wrong cardinality", path.join("."))),
        }
        path.pop();
    }
    let mut fault = |what: &str| faults.push(format!("{}: {what}", path.join(".")));
    for (name, ..) in elements().filter(|(name, least, ..)| *least > 0 && !members.contains_key(*name)) {
        fault(&format!("{name} is missing"));
    }
    for choice in ["allowed", "used", "serviced"] {
        if members.keys().filter(|name| name.starts_with(choice)).count() > 1 {
            fault(&format!("{choice}[x] must be one"));
        }
    }
    let has = |name| members.contains_key(name);
    match kind {
        "CoverageEligibilityResponse.insurance.item" if has("category") == has("productOrService") => {
            fault("ces-1: a category or a service must be there");
        }
        "AuditEvent.entity" if has("name") && has("query") => fault("sev-1: a name and a query"),
        "AuditEvent.entity.detail" if has("valueString") == has("valueBase64Binary") => fault("it must have one value"),
        _ => {}
    }
}

/// Every coding in it, as system, code and display.
pub fn codings(value: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let own = value.get("system").and_then(Value::as_str).zip(value.get("code").and_then(Value::as_str));
    let own = own.map(|(system, code)| (system, code, value.get("display").and_then(Value::as_str)));
    let below: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(below.into_iter().flat_map(codings)).collect()
}

/// What HL7 publishes as examples of these types. They are not a part of this repository.
pub fn published(kinds: &[&str]) -> Vec<(String, Value)> {
    let read = |(name, document): (String, Vec<u8>)| (name, serde_json::from_slice(&document).unwrap());
    kinds.iter().flat_map(|kind| documents("fhir-r4", &format!("{kind}-"))).map(read).collect()
}

/// Checks that no resource has a fault.
pub fn assert_sound(resources: &[(String, Value)]) {
    for (name, resource) in resources {
        assert_eq!(faults(resource), Vec::<String>::new(), "{name}");
    }
}

/// What codes are called in resources, by system and code.
pub fn displays(resources: &[(String, Value)]) -> BTreeMap<(&str, &str), &str> {
    let codings = resources.iter().flat_map(|(_, resource)| codings(resource));
    codings.filter_map(|(system, code, display)| Some(((system, code), display?))).collect()
}
