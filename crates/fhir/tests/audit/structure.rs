//! What FHIR R4 (4.0.1) demands of an `AuditEvent`, and of a `Bundle` of them.
//!
//! The elements, cardinalities and types are those of the specification's StructureDefinitions:
//! <https://hl7.org/fhir/R4/auditevent.html>, <https://hl7.org/fhir/R4/bundle.html>.

use serde_json::Value;

/// Type, element, least number, whether it may repeat, type of the element.
type Element = (&'static str, &'static str, u8, bool, &'static str);

#[rustfmt::skip]
pub const ELEMENTS: &[Element] = &[
    ("AuditEvent", "resourceType", 1, false, "code"),
    ("AuditEvent", "id", 0, false, "id"),
    ("AuditEvent", "meta", 0, false, "Meta"),
    ("AuditEvent", "text", 0, false, "any"),
    ("AuditEvent", "contained", 0, true, "any"),
    ("AuditEvent", "type", 1, false, "Coding"),
    ("AuditEvent", "subtype", 0, true, "Coding"),
    ("AuditEvent", "action", 0, false, "action"),
    ("AuditEvent", "period", 0, false, "any"),
    ("AuditEvent", "recorded", 1, false, "instant"),
    ("AuditEvent", "outcome", 0, false, "outcome"),
    ("AuditEvent", "outcomeDesc", 0, false, "string"),
    ("AuditEvent", "purposeOfEvent", 0, true, "CodeableConcept"),
    ("AuditEvent", "agent", 1, true, "AuditEvent.agent"),
    ("AuditEvent", "source", 1, false, "AuditEvent.source"),
    ("AuditEvent", "entity", 0, true, "AuditEvent.entity"),
    ("AuditEvent.agent", "type", 0, false, "CodeableConcept"),
    ("AuditEvent.agent", "role", 0, true, "CodeableConcept"),
    ("AuditEvent.agent", "who", 0, false, "Reference"),
    ("AuditEvent.agent", "altId", 0, false, "string"),
    ("AuditEvent.agent", "name", 0, false, "string"),
    ("AuditEvent.agent", "requestor", 1, false, "boolean"),
    ("AuditEvent.agent", "location", 0, false, "Reference"),
    ("AuditEvent.agent", "policy", 0, true, "uri"),
    ("AuditEvent.agent", "media", 0, false, "Coding"),
    ("AuditEvent.agent", "network", 0, false, "any"),
    ("AuditEvent.agent", "purposeOfUse", 0, true, "CodeableConcept"),
    ("AuditEvent.source", "site", 0, false, "string"),
    ("AuditEvent.source", "observer", 1, false, "Reference"),
    ("AuditEvent.source", "type", 0, true, "Coding"),
    ("AuditEvent.entity", "what", 0, false, "Reference"),
    ("AuditEvent.entity", "type", 0, false, "Coding"),
    ("AuditEvent.entity", "role", 0, false, "Coding"),
    ("AuditEvent.entity", "lifecycle", 0, false, "Coding"),
    ("AuditEvent.entity", "securityLabel", 0, true, "Coding"),
    ("AuditEvent.entity", "name", 0, false, "string"),
    ("AuditEvent.entity", "description", 0, false, "string"),
    ("AuditEvent.entity", "query", 0, false, "string"),
    ("AuditEvent.entity", "detail", 0, true, "AuditEvent.entity.detail"),
    ("AuditEvent.entity.detail", "type", 1, false, "string"),
    ("AuditEvent.entity.detail", "valueString", 0, false, "string"),
    ("AuditEvent.entity.detail", "valueBase64Binary", 0, false, "string"),
    ("Meta", "source", 0, false, "uri"),
    ("Meta", "security", 0, true, "Coding"),
    ("Coding", "system", 0, false, "uri"),
    ("Coding", "version", 0, false, "string"),
    ("Coding", "code", 0, false, "code"),
    ("Coding", "display", 0, false, "string"),
    ("CodeableConcept", "coding", 0, true, "Coding"),
    ("CodeableConcept", "text", 0, false, "string"),
    ("Reference", "reference", 0, false, "string"),
    ("Reference", "type", 0, false, "uri"),
    ("Reference", "identifier", 0, false, "Identifier"),
    ("Reference", "display", 0, false, "string"),
    ("Identifier", "type", 0, false, "CodeableConcept"),
    ("Identifier", "system", 0, false, "uri"),
    ("Identifier", "value", 0, false, "string"),
    ("Bundle", "resourceType", 1, false, "code"),
    ("Bundle", "type", 1, false, "code"),
    ("Bundle", "entry", 0, true, "Bundle.entry"),
    ("Bundle.entry", "fullUrl", 0, false, "uri"),
    ("Bundle.entry", "resource", 1, false, "AuditEvent"),
];

/// Every fault of `value`, which is to be of this type.
pub fn faults(value: &Value, kind: &str) -> Vec<String> {
    let mut faults = Vec::new();
    check(value, kind, kind, &mut faults);
    faults
}

fn check(value: &Value, kind: &str, path: &str, faults: &mut Vec<String>) {
    let elements: Vec<&Element> = ELEMENTS.iter().filter(|element| element.0 == kind).collect();
    let Some(members) = value.as_object() else {
        if !elements.is_empty() || !is_primitive(value, kind) {
            faults.push(format!("{path}: {value} is not a {kind}"));
        }
        return;
    };
    if kind == "any" {
        return;
    }
    if members.is_empty() {
        faults.push(format!("{path} is empty"));
    }
    for (name, member) in members {
        let path = format!("{path}.{name}");
        let Some((_, _, _, many, kind)) = elements.iter().find(|element| element.1 == name) else {
            faults.push(format!("{path} is not an element"));
            continue;
        };
        match (many, member.as_array()) {
            (true, Some(items)) if !items.is_empty() => items.iter().for_each(|item| check(item, kind, &path, faults)),
            (false, None) => check(member, kind, &path, faults),
            _ => faults.push(format!("{path} has the wrong cardinality")),
        }
    }
    for (_, name, least, ..) in elements {
        if *least > 0 && !members.contains_key(*name) {
            faults.push(format!("{path}.{name} is missing"));
        }
    }
    let has = |name| members.contains_key(name);
    match kind {
        "AuditEvent.entity" if has("name") && has("query") => faults.push(format!("{path}: sev-1")),
        "AuditEvent.entity.detail" if has("valueString") == has("valueBase64Binary") => {
            faults.push(format!("{path} must have one value"));
        }
        _ => {}
    }
}

/// Whether a text, number or truth value is of this type: <https://hl7.org/fhir/R4/datatypes.html#primitive>.
fn is_primitive(value: &Value, kind: &str) -> bool {
    if kind == "boolean" {
        return value.is_boolean();
    }
    let Some(text) = value.as_str() else { return false };
    let all = |allowed: fn(char) -> bool| !text.is_empty() && text.chars().all(allowed);
    match kind {
        "string" => !text.trim().is_empty(),
        "code" => all(|c| !c.is_control()) && text.trim() == text && !text.contains("  "),
        "uri" => all(|c| !c.is_whitespace()),
        "id" => text.len() <= 64 && all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'),
        // With seconds and a zone.
        "instant" => text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok(),
        "action" => ["C", "R", "U", "D", "E"].contains(&text),
        "outcome" => ["0", "4", "8", "12"].contains(&text),
        _ => false,
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
