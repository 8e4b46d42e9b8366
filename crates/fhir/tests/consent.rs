//! What a consent compiles into.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, bytes, coding, concept, consent, directory, with};
use salus_domain::codes::{
    Action, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, Role, Sensitivity, SensitivitySet,
};
use salus_domain::consent::{Actor, Base, Decision, Provision};
use salus_domain::time::{Period, Timestamp};
use salus_fhir::consent::{compile, CompiledConsent, ConsentStatus, Narrowed};
use salus_fhir::date::whole;
use serde_json::{json, Value};

fn compiled(document: &Value) -> CompiledConsent {
    compile(&bytes(document), &directory()).unwrap()
}

fn provisions(rule: &str, root: Value) -> (Base, Vec<Provision>) {
    let consent = compiled(&consent(rule, root)).consent;
    (consent.base, consent.provisions)
}

#[test]
fn without_a_root_provision_the_base_holds_always() {
    let document = common::without(&consent("OPTIN", json!({})), "/provision");
    let compiled = compiled(&document);
    assert_eq!(compiled.consent.base, Base::Permit);
    assert_eq!(compiled.consent.period, Period::ALWAYS);
    assert_eq!((compiled.consent.provisions, compiled.paths), (vec![], vec![]));
    assert_eq!(compiled.patient, "Patient/c");
}

#[test]
fn the_end_of_a_period_is_inclusive_in_fhir_and_exclusive_here() {
    let root = json!({"period": {"start": "1964-01-01", "end": "2026-02-28"}});
    let expected = Period { start: Timestamp::MIN, end: whole("2026-03-01").unwrap().start };
    assert_eq!(compiled(&consent("OPTIN", root)).consent.period, expected);
}

#[test]
fn a_root_type_that_repeats_the_base_adds_nothing() {
    assert_eq!(provisions("OPTOUT", json!({"type": "deny"})), (Base::Deny, vec![]));
}

#[test]
fn criteria_of_the_root_scope_the_whole_consent() {
    let period = json!({"start": "2026", "end": "2026"});
    let nested = json!([{"type": "deny", "purpose": [coding("v3-ActReason", "HMARKT")]}]);
    let class = json!([coding("classes", "Observation")]);
    let root = json!({"type": "permit", "period": period, "class": class, "provision": nested});
    let compiled = compiled(&consent("OPTIN", root));
    let scoped = Provision { classes: Class::Observation.into(), ..Provision::new(1, Decision::Permit) };
    let exception = Provision { purposes: Purpose::Hmarkt.into(), ..Provision::new(2, Decision::Deny) };
    assert_eq!(compiled.consent.base, Base::Silent);
    assert_eq!(compiled.consent.period, whole("2026").unwrap());
    assert_eq!(compiled.consent.provisions, [scoped, exception]);
    assert_eq!(compiled.paths, ["Consent.provision", "Consent.provision.provision[0]"]);
}

#[test]
fn an_opt_out_of_what_the_root_names_needs_no_type() {
    let deny = Provision { classes: Class::Observation.into(), ..Provision::new(1, Decision::Deny) };
    let root = json!({"class": [coding("classes", "Observation")]});
    assert_eq!(provisions("OPTOUT", root), (Base::Silent, vec![deny]));
}

#[test]
fn a_root_type_that_contradicts_the_base_makes_the_root_an_exception_to_it() {
    let root = json!({"type": "deny", "period": {"end": "2026"}, "action": [concept("consentaction", "access")]});
    let compiled = compiled(&consent("OPTIN", root));
    let period = Some(Period { start: Timestamp::MIN, end: whole("2026").unwrap().end });
    let exception = Provision { period, actions: Action::Access.into(), ..Provision::new(1, Decision::Deny) };
    assert_eq!((compiled.consent.base, compiled.consent.period), (Base::Permit, Period::ALWAYS));
    assert_eq!(compiled.consent.provisions, [exception]);
}

#[test]
fn nested_provisions_are_exceptions_in_preorder() {
    let deepest = json!([{"type": "deny"}]);
    let nested = json!([{"type": "permit", "provision": [{"type": "deny"}, {"type": "permit", "provision": deepest}]}]);
    let compiled = compiled(&consent("OPTOUT", json!({"provision": nested})));
    let shape: Vec<_> = compiled.consent.provisions.iter().map(|p| (p.depth, p.decision)).collect();
    assert_eq!(shape, [(1, Decision::Permit), (2, Decision::Deny), (2, Decision::Permit), (3, Decision::Deny)]);
    assert_eq!(compiled.paths[3], "Consent.provision.provision[0].provision[1].provision[0]");
}

#[test]
fn actors_are_people_organisations_and_roles() {
    let role = concept("v3-ParticipationType", "PRCP");
    let actor = |reference: Value| json!({"role": role, "reference": reference});
    let actors = json!([
        actor(json!({"reference": "Practitioner/a"})),
        actor(json!({"reference": "Organization/b", "display": "B"})),
        actor(json!({"reference": "Patient/c", "type": "Patient"})),
        actor(json!({"type": "Organization", "identifier": {"system": "http://ids", "value": "d"}})),
        actor(json!({"reference": format!("urn:salus:account:0x{}", "09".repeat(32))})),
        actor(json!({"reference": format!("urn:salus:account:0x{}", "08".repeat(32)), "type": "Organization"})),
        json!({"role": concept("practitioner-role", "nurse")}),
        json!({"role": concept("organization-type", "pay")}),
    ]);
    let (_, provisions) = provisions("OPTOUT", json!({"provision": [{"type": "permit", "actor": actors}]}));
    assert_eq!(
        provisions[0].actors,
        [
            Actor::Account(account(1)),
            Actor::Organisation(account(2)),
            Actor::Account(account(3)),
            Actor::Organisation(account(4)),
            Actor::Account(account(9)),
            Actor::Organisation(account(8)),
            Actor::Role(Role::Nurse),
            Actor::Role(Role::Payer),
        ]
    );
}

#[test]
fn a_permit_reaches_up_to_a_level_and_a_deny_keeps_back_from_it_on() {
    let label = json!([coding("v3-Confidentiality", "R")]);
    let nested = json!([{"type": "permit", "securityLabel": label}, {"type": "deny", "securityLabel": label}]);
    let (_, provisions) = provisions("OPTOUT", json!({"provision": nested}));
    assert_eq!(provisions[0].confidentiality, ConfidentialitySet::up_to(Confidentiality::R));
    assert_eq!(provisions[1].confidentiality, ConfidentialitySet::from_level(Confidentiality::R));
}

#[test]
fn a_permit_for_both_kinds_of_labels_is_narrowed_and_a_deny_is_not() {
    let labels = json!([coding("v3-Confidentiality", "N"), coding("v3-ActCode", "HIV")]);
    let nested = json!([{"type": "permit", "securityLabel": labels}, {"type": "deny", "securityLabel": labels}]);
    let compiled = compiled(&consent("OPTOUT", json!({"provision": nested})));
    assert_eq!(compiled.consent.provisions[1].sensitivity, SensitivitySet::from(Sensitivity::Hiv));
    let paths: Vec<_> = compiled.narrowed.iter().map(|narrowed| narrowed.path.as_str()).collect();
    assert_eq!(paths, ["Consent.provision.provision[0].securityLabel"]);
}

#[test]
fn a_class_that_is_not_known_leaves_a_permit_and_widens_a_deny_to_all() {
    let classes = json!([coding("classes", "Observation"), coding("http://loinc.org", "34133-9")]);
    let nested = json!([{"type": "permit", "class": classes}, {"type": "deny", "class": classes}]);
    let compiled = compiled(&consent("OPTOUT", json!({"provision": nested})));
    assert_eq!(compiled.consent.provisions[0].classes, ClassSet::from(Class::Observation));
    assert_eq!(compiled.consent.provisions[1].classes, ClassSet::EMPTY);
    let narrowed = [
        ("Consent.provision.provision[0].class[1]", "not permitted, as this class is not known"),
        ("Consent.provision.provision[1].class[1]", "denied for all classes, as this one is not known"),
    ];
    assert_eq!(compiled.narrowed, narrowed.map(|(path, what)| Narrowed { path: path.to_owned(), what }));
}

#[test]
fn a_deny_for_certain_codes_is_a_deny_for_all_codes() {
    let deny = json!({"type": "deny", "code": [concept("http://loinc.org", "34133-9")]});
    let compiled = compiled(&consent("OPTIN", json!({"provision": [deny]})));
    assert_eq!(compiled.consent.provisions, [Provision::new(1, Decision::Deny)]);
    assert_eq!(compiled.narrowed[0].path, "Consent.provision.provision[0].code");
}

#[test]
fn older_names_of_the_code_systems_mean_the_same() {
    for system in ["v3-ActReason", "http://hl7.org/fhir/v3/ActReason", "urn:oid:2.16.840.1.113883.5.8"] {
        let nested = json!([{"type": "permit", "purpose": [coding(system, "TREAT")]}]);
        let (_, provisions) = provisions("OPTOUT", json!({"provision": nested}));
        assert_eq!(provisions[0].purposes, Purpose::Treat.into());
    }
}

#[test]
fn a_proposed_consent_says_so() {
    let document = with(&consent("OPTIN", json!({"type": "permit"})), "/status", json!("proposed"));
    assert_eq!(compiled(&document).status, ConsentStatus::Proposed);
}

#[test]
fn an_r5_consent_alternates_from_its_decision_on() {
    let document = json!({
        "resourceType": "Consent",
        "status": "active",
        "subject": {"reference": "Patient/c"},
        "date": "2026-01-01",
        "period": {"start": "2026", "end": "2026"},
        "regulatoryBasis": [{"text": "GDPR"}],
        "decision": "deny",
        "provision": [
            {
                "resourceType": [coding("http://hl7.org/fhir/fhir-types", "Observation")],
                "purpose": [coding("v3-ActReason", "TREAT")],
                "provision": [{"securityLabel": [coding("v3-ActCode", "PSY")]}],
            },
            {"actor": [{"reference": {"reference": "Practitioner/a"}}]},
        ],
    });
    let compiled = compiled(&document);
    let shape: Vec<_> = compiled.consent.provisions.iter().map(|p| (p.depth, p.decision)).collect();
    assert_eq!((compiled.consent.base, compiled.consent.period), (Base::Deny, whole("2026").unwrap()));
    assert_eq!(shape, [(1, Decision::Permit), (2, Decision::Deny), (1, Decision::Permit)]);
    assert_eq!(compiled.consent.provisions[0].classes, Class::Observation.into());
    assert_eq!(compiled.paths[1], "Consent.provision[0].provision[0]");
}

#[test]
fn the_type_of_the_root_is_the_base_where_no_rule_tells_it() {
    let root = json!({"type": "permit", "period": {"end": "2026"}, "provision": [{"type": "deny"}]});
    for law in [json!(null), concept("consentpolicycodes", "hipaa-self-pay"), concept("v3-ActCode", "hipaa-auth")] {
        let document = match law.is_null() {
            true => common::without(&consent("OPTIN", root.clone()), "/policyRule"),
            false => with(&consent("OPTIN", root.clone()), "/policyRule", law),
        };
        let compiled = compiled(&document);
        assert_eq!((compiled.consent.base, compiled.consent.period.end), (Base::Permit, whole("2026").unwrap().end));
        assert_eq!(compiled.consent.provisions, [Provision::new(1, Decision::Deny)]);
        assert_eq!(compiled.base_path, "Consent.provision");
    }
    let scoped = json!({"type": "permit", "purpose": [coding("v3-ActReason", "TREAT")]});
    let document = common::without(&consent("OPTIN", scoped), "/policyRule");
    assert_eq!(compiled(&document).consent.base, Base::Silent);
}

#[test]
fn restrictions_and_exceptions_can_be_announced() {
    let exception = |decision: &str| json!({"provision": [{"type": decision}]});
    assert_eq!(provisions("OPTINR", exception("deny")), (Base::Permit, vec![Provision::new(1, Decision::Deny)]));
    assert_eq!(provisions("OPTOUTE", exception("permit")), (Base::Deny, vec![Provision::new(1, Decision::Permit)]));
    let law = json!({"coding": [coding("consentpolicycodes", "hipaa-npp"), coding("v3-ActCode", "OPTOUT")]});
    let document = with(&consent("OPTIN", json!({})), "/policyRule", law);
    let compiled = compiled(&common::without(&document, "/provision"));
    assert_eq!((compiled.consent.base, compiled.base_path.as_str()), (Base::Deny, "Consent.policyRule"));
}

#[test]
fn a_privacy_consent_may_be_of_other_kinds_too() {
    let categories =
        json!([concept("consentscope", "patient-privacy"), concept("http://loinc.org", "59284-0"), {"text": "x"}]);
    let document = with(&consent("OPTIN", json!({"type": "permit"})), "/category", categories);
    assert!(compile(&bytes(&with(&document, "/scope", concept("consentscope", "treatment"))), &directory()).is_ok());
    assert!(compile(&bytes(&with(&document, "/scope", concept("http://scopes", "adr"))), &directory()).is_ok());
}

fn r5(decision: &str, provision: Value) -> Value {
    json!({"resourceType": "Consent", "status": "active", "subject": {"reference": "Patient/c"}, "decision": decision,
        "period": {"start": "2026", "end": "2026"}, "provision": provision})
}

#[test]
fn an_r5_permit_that_would_hold_longer_than_its_consent_is_narrowed() {
    let treat = coding("v3-ActReason", "TREAT");
    let longer =
        json!([{"period": {"start": "2026", "end": "2028"}, "purpose": [treat]}, {"period": {"start": "2026-06"}}]);
    let compiled = compiled(&r5("deny", longer));
    let narrowed = Narrowed {
        path: String::from("Consent.provision[0].period"),
        what: "permitted only while the consent itself counts",
    };
    assert_eq!(compiled.narrowed, [narrowed]);
    assert_eq!(compiled.base_path, "Consent.decision");
}

#[test]
fn an_r5_deny_is_as_wide_as_its_documents() {
    let types = json!([coding("http://hl7.org/fhir/fhir-types", "DeviceUsage")]);
    let documents = json!([coding("http://loinc.org", "34133-9")]);
    let compiled =
        compiled(&r5("permit", json!([{"resourceType": types, "documentType": documents}, {"class": types}])));
    assert_eq!(compiled.consent.provisions[0].classes, Class::DeviceUseStatement.into());
    assert_eq!(
        compiled.consent.provisions[1].classes,
        Class::DeviceUseStatement.into(),
        "its name in the ballots of R5"
    );
    let paths: Vec<_> = compiled.narrowed.iter().map(|narrowed| narrowed.path.as_str()).collect();
    assert_eq!(paths, ["Consent.provision[0].documentType"]);
}

#[test]
fn what_only_describes_an_r5_consent_decides_nothing() {
    let plain = r5("permit", json!([{"purpose": [coding("v3-ActReason", "HMARKT")]}]));
    let document = [
        ("grantor", json!([{"reference": "Patient/c"}])),
        ("grantee", json!([{"reference": "Organization/x"}])),
        ("controller", json!([{"reference": "Organization/x"}])),
        ("policyBasis", json!({"url": "http://policy"})),
        ("policyText", json!([{"reference": "DocumentReference/x"}])),
        ("verification", json!([{"verified": true}])),
    ]
    .into_iter()
    .fold(plain.clone(), |document, (name, value)| with(&document, &format!("/{name}"), value));
    assert_eq!(compiled(&document), compiled(&plain));
}
