//! What elements of resources are made of: <https://hl7.org/fhir/R4/datatypes.html>.

use super::Type;
use serde_json::Value;

#[rustfmt::skip]
pub const TYPES: &[Type] = &[
    ("Meta", &[
        ("source", 0, false, "uri"),
        ("security", 0, true, "Coding"),
    ]),
    ("Coding", &[
        ("system", 0, false, "uri"),
        ("version", 0, false, "string"),
        ("code", 0, false, "code"),
        ("display", 0, false, "string"),
    ]),
    ("CodeableConcept", &[
        ("coding", 0, true, "Coding"),
        ("text", 0, false, "string"),
    ]),
    ("Extension", &[
        ("url", 1, false, "uri"),
        ("valueCode", 0, false, "code"),
    ]),
    ("Reference", &[
        ("extension", 0, true, "Extension"),
        ("reference", 0, false, "uri"),
        ("type", 0, false, "uri"),
        ("identifier", 0, false, "Identifier"),
        ("display", 0, false, "string"),
    ]),
    ("Identifier", &[
        ("type", 0, false, "CodeableConcept"),
        ("system", 0, false, "uri"),
        ("value", 0, false, "string"),
    ]),
    ("Money", &[
        ("value", 0, false, "decimal"),
        ("currency", 0, false, "currency"),
    ]),
    ("Quantity", &[
        ("value", 0, false, "decimal"),
    ]),
    ("Period", &[
        ("start", 0, false, "dateTime"),
        ("end", 0, false, "dateTime"),
    ]),
];

/// The codes of the required bindings.
const VALUE_SETS: &[(&str, &[&str])] = &[
    ("audit-event-action", &["C", "R", "U", "D", "E"]),
    ("audit-event-outcome", &["0", "4", "8", "12"]),
    ("eob-status", &["active", "cancelled", "draft", "entered-in-error"]),
    ("fm-status", &["active", "cancelled", "draft", "entered-in-error"]),
    ("use", &["claim", "preauthorization", "predetermination"]),
    ("outcome", &["queued", "complete", "error", "partial"]),
    ("note-type", &["display", "print", "printoper"]),
    ("purpose", &["auth-requirements", "benefits", "discovery", "validation"]),
];

/// Whether it is of this type: <https://hl7.org/fhir/R4/datatypes.html#primitive>.
pub fn is_primitive(value: &Value, kind: &str) -> bool {
    let whole = value.as_u64().filter(|number| *number < 1 << 31);
    match kind {
        "boolean" => return value.is_boolean(),
        "decimal" => return value.is_number(),
        "unsignedInt" => return whole.is_some(),
        "positiveInt" => return whole.is_some_and(|number| number > 0),
        _ => {}
    }
    let Some(text) = value.as_str() else { return false };
    if let Some((_, codes)) = VALUE_SETS.iter().find(|(name, _)| *name == kind) {
        return codes.contains(&text);
    }
    let all = |allowed: fn(char) -> bool| !text.is_empty() && text.chars().all(allowed);
    let is_date = || text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    match kind {
        "string" => !text.trim().is_empty(),
        "code" => all(|c| !c.is_control()) && text.trim() == text && !text.contains("  "),
        "uri" => all(|c| !c.is_whitespace()),
        "id" => text.len() <= 64 && all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'),
        // With seconds and a zone.
        "instant" => text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok(),
        "date" => is_date(),
        "dateTime" => is_date() || text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok(),
        "currency" => text.len() == 3 && all(|c| c.is_ascii_uppercase()),
        _ => false,
    }
}
