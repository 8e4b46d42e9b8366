//! `AuditEvent`, and a `Bundle` of them.

use super::Type;

#[rustfmt::skip]
pub const TYPES: &[Type] = &[
    ("AuditEvent", &[
        ("type", 1, false, "Coding"),
        ("subtype", 0, true, "Coding"),
        ("action", 0, false, "audit-event-action"),
        ("period", 0, false, "any"),
        ("recorded", 1, false, "instant"),
        ("outcome", 0, false, "audit-event-outcome"),
        ("outcomeDesc", 0, false, "string"),
        ("purposeOfEvent", 0, true, "CodeableConcept"),
        ("agent", 1, true, "AuditEvent.agent"),
        ("source", 1, false, "AuditEvent.source"),
        ("entity", 0, true, "AuditEvent.entity"),
    ]),
    ("AuditEvent.agent", &[
        ("type", 0, false, "CodeableConcept"),
        ("role", 0, true, "CodeableConcept"),
        ("who", 0, false, "Reference"),
        ("altId", 0, false, "string"),
        ("name", 0, false, "string"),
        ("requestor", 1, false, "boolean"),
        ("location", 0, false, "Reference"),
        ("policy", 0, true, "uri"),
        ("media", 0, false, "Coding"),
        ("network", 0, false, "any"),
        ("purposeOfUse", 0, true, "CodeableConcept"),
    ]),
    ("AuditEvent.source", &[
        ("site", 0, false, "string"),
        ("observer", 1, false, "Reference"),
        ("type", 0, true, "Coding"),
    ]),
    ("AuditEvent.entity", &[
        ("what", 0, false, "Reference"),
        ("type", 0, false, "Coding"),
        ("role", 0, false, "Coding"),
        ("lifecycle", 0, false, "Coding"),
        ("securityLabel", 0, true, "Coding"),
        ("name", 0, false, "string"),
        ("description", 0, false, "string"),
        ("query", 0, false, "string"),
        ("detail", 0, true, "AuditEvent.entity.detail"),
    ]),
    ("AuditEvent.entity.detail", &[
        ("type", 1, false, "string"),
        ("valueString", 0, false, "string"),
        ("valueBase64Binary", 0, false, "string"),
    ]),
    ("Bundle", &[
        ("type", 1, false, "code"),
        ("entry", 0, true, "Bundle.entry"),
    ]),
    ("Bundle.entry", &[
        ("fullUrl", 0, false, "uri"),
        ("resource", 1, false, "AuditEvent"),
    ]),
];
