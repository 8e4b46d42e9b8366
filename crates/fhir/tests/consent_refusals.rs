//! What a consent is refused for, and where.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, coding, concept, consent, directory, refused, with, without};
use salus_domain::consent::Malformed;
use salus_fhir::account::AccountError;
use salus_fhir::consent::{compile, review};
use salus_fhir::directory::Directory;
use salus_fhir::RefusedReason as R;
use serde_json::{json, Value};

fn assert_refused(document: &Value, path: &str, reason: R) {
    assert_eq!(compile(&bytes(document), &directory()), Err(refused(path, reason)));
}

/// A nested provision that is refused in an opt-out consent.
fn assert_provision_refused(provision: Value, path: &str, reason: R) {
    let document = consent("OPTOUT", json!({"provision": [provision]}));
    assert_refused(&document, &format!("Consent.provision.provision[0]{path}"), reason);
}

fn assert_actor_refused(actor: Value, path: &str, reason: R) {
    assert_provision_refused(json!({"type": "permit", "actor": [actor]}), &format!(".actor[0]{path}"), reason);
}

fn unknown_code(system: &str, code: &str) -> R {
    R::UnknownCode { system: coding(system, code)["system"].as_str().unwrap().to_owned(), code: code.to_owned() }
}

fn plain() -> Value {
    consent("OPTIN", json!({"type": "permit"}))
}

#[test]
fn only_an_active_or_proposed_consent_counts() {
    for status in ["draft", "rejected", "inactive", "entered-in-error"] {
        let reason = R::Status { found: status.to_owned(), expected: "active" };
        assert_refused(&with(&plain(), "/status", json!(status)), "Consent.status", reason);
    }
    assert_refused(&without(&plain(), "/status"), "Consent.status", R::Missing);
}

#[test]
fn another_resource_is_not_a_consent() {
    let reason = R::WrongResource { expected: "Consent", found: String::from("Contract") };
    assert_refused(&with(&plain(), "/resourceType", json!("Contract")), "Contract.resourceType", reason);
}

#[test]
fn a_policy_does_not_tell_the_base() {
    let document = with(&without(&plain(), "/policyRule"), "/policy", json!([{"uri": "http://policy"}]));
    let untyped = without(&document, "/provision/type");
    let untyped = with(&untyped, "/provision/purpose", json!([coding("v3-ActReason", "TREAT")]));
    assert_refused(&untyped, "Consent.policyRule", R::NoBaseDecision);
    assert_refused(&without(&document, "/provision"), "Consent.policyRule", R::NoBaseDecision);
    let law = concept("consentpolicycodes", "hipaa-auth");
    let document = with(&without(&document, "/provision"), "/policyRule", law);
    assert_refused(&document, "Consent.policyRule", R::NoBaseDecision);
}

#[test]
fn rules_other_than_in_and_out_are_refused() {
    for (system, code) in [("v3-ActCode", "EMRGONLY"), ("consentpolicycodes", "OPTIN"), ("v3-ActCode", "42CFRPart2")] {
        let document = with(&plain(), "/policyRule", concept(system, code));
        assert_refused(&document, "Consent.policyRule.coding[0]", unknown_code(system, code));
    }
    let elsewhere = with(&plain(), "/policyRule", concept("http://rules", "OPTIN"));
    let reason = R::UnknownSystem { system: String::from("http://rules") };
    assert_refused(&elsewhere, "Consent.policyRule.coding[0]", reason);
    let both = json!({"coding": [coding("v3-ActCode", "OPTIN"), coding("v3-ActCode", "OPTOUT")]});
    assert_refused(&with(&plain(), "/policyRule", both), "Consent.policyRule", R::AmbiguousCoding);
    let words = json!({"text": "everything"});
    assert_refused(&with(&plain(), "/policyRule", words), "Consent.policyRule.coding", R::Missing);
}

#[test]
fn restrictions_that_are_announced_must_be_there() {
    let nothing = consent("OPTINR", json!({"type": "permit"}));
    assert_refused(&nothing, "Consent.policyRule", R::RestrictionsMissing);
    assert_refused(&without(&nothing, "/provision"), "Consent.policyRule", R::RestrictionsMissing);
    let permits = consent("OPTINR", json!({"provision": [{"type": "permit"}]}));
    assert_refused(&permits, "Consent.policyRule", R::RestrictionsMissing);
}

#[test]
fn a_consent_to_a_treatment_does_not_say_who_may_have_data() {
    for code in ["adr", "treatment"] {
        let scope = concept("consentscope", code);
        let reason = || R::Scope { code: code.to_owned() };
        assert_refused(&with(&plain(), "/scope", scope.clone()), "Consent.scope", reason());
        assert_refused(&with(&plain(), "/category", json!([scope])), "Consent.category", reason());
    }
}

#[test]
fn scope_and_category_have_their_types() {
    assert_refused(&with(&plain(), "/scope", json!("x")), "Consent.scope", R::WrongType { expected: "an object" });
    let category = json!([{"coding": [{"code": 1}]}]);
    let reason = R::WrongType { expected: "a string" };
    assert_refused(&with(&plain(), "/category", category), "Consent.category[0].coding[0].code", reason);
}

#[test]
fn an_opt_in_must_say_whether_its_root_permits_or_withholds() {
    let document = consent("OPTIN", json!({"actor": [{"reference": {"reference": "Practitioner/a"}}]}));
    assert_refused(&document, "Consent.provision.type", R::RootWithoutType);
}

#[test]
fn an_element_that_is_not_known_is_refused_where_it_stands() {
    assert_refused(&with(&plain(), "/decisionMode", json!("x")), "Consent.decisionMode", R::UnknownElement);
    assert_provision_refused(json!({"type": "deny", "unless": "x"}), ".unless", R::UnknownElement);
    assert_provision_refused(json!({"type": "deny", "_type": {"id": "x"}}), "._type", R::UnknownElement);
    let r5 = json!({"resourceType": "Consent", "status": "active", "subject": {"reference": "Patient/c"},
        "decision": "deny", "provision": [{"expression": {}}]});
    assert_refused(&r5, "Consent.provision[0].expression", R::UnknownElement);
    let r4_rule_in_r5 = with(&plain(), "/decision", json!("permit"));
    let r4_rule_in_r5 = with(&without(&r4_rule_in_r5, "/patient"), "/subject", json!({"reference": "Patient/c"}));
    let r4_rule_in_r5 = without(&r4_rule_in_r5, "/provision");
    assert_refused(&r4_rule_in_r5, "Consent.policyRule", R::UnknownElement);
}

#[test]
fn extensions_are_passed_over_outside_of_provisions_only() {
    let extension = json!([{"url": "http://x", "valueCode": "y"}]);
    assert!(compile(&bytes(&with(&plain(), "/extension", extension.clone())), &directory()).is_ok());
    assert_refused(
        &with(&plain(), "/provision/extension", extension),
        "Consent.provision.extension",
        R::UnknownElement,
    );
}

#[test]
fn modifiers_are_refused_everywhere() {
    let extension = json!([{"url": "http://x", "valueCode": "y"}]);
    let document = with(&plain(), "/verification", json!([{"modifierExtension": extension}]));
    assert_refused(&document, "Consent.verification[0].modifierExtension", R::ModifierExtension);
    assert_refused(&with(&plain(), "/implicitRules", json!("http://x")), "Consent.implicitRules", R::ImplicitRules);
}

#[test]
fn an_empty_criterion_is_not_an_unnamed_one() {
    for (name, value) in [("actor", json!([])), ("period", json!({})), ("class", json!([])), ("purpose", json!([]))] {
        assert_provision_refused(json!({"type": "permit", name: value}), &format!(".{name}"), R::Empty);
    }
}

#[test]
fn a_nested_provision_needs_its_type() {
    assert_provision_refused(json!({"action": [concept("consentaction", "use")]}), ".type", R::Missing);
    let system = String::from("http://hl7.org/fhir/consent-provision-type");
    let reason = R::UnknownCode { system, code: String::from("maybe") };
    assert_provision_refused(json!({"type": "maybe"}), ".type", reason);
    assert_provision_refused(json!({"type": 1}), ".type", R::WrongType { expected: "a string" });
}

#[test]
fn codes_that_are_not_known_are_refused() {
    for (name, system, code) in [
        ("purpose", "v3-ActReason", "CAREMGT"),
        ("securityLabel", "v3-ActCode", "NOREUSE"),
        ("securityLabel", "v3-Confidentiality", "X"),
    ] {
        let provision = json!({"type": "deny", name: [coding(system, code)]});
        assert_provision_refused(provision, &format!(".{name}[0]"), unknown_code(system, code));
    }
    let provision = json!({"type": "deny", "action": [concept("consentaction", "destroy")]});
    assert_provision_refused(provision, ".action[0].coding[0]", unknown_code("consentaction", "destroy"));
    for (system, code) in [("v3-ActCode", "R"), ("v3-Confidentiality", "HIV"), ("v3-ActReason", "HIV")] {
        let provision = json!({"type": "deny", "securityLabel": [coding(system, code)]});
        let reason = match system {
            "v3-ActReason" => R::UnknownSystem { system: coding(system, code)["system"].as_str().unwrap().to_owned() },
            _ => unknown_code(system, code),
        };
        assert_provision_refused(provision, ".securityLabel[0]", reason);
    }
    let provision = json!({"type": "deny", "purpose": [{"code": "TREAT"}]});
    assert_provision_refused(provision, ".purpose[0]", R::UnknownSystem { system: String::new() });
}

#[test]
fn elements_of_the_other_release_are_refused() {
    for name in ["documentType", "resourceType"] {
        let provision = json!({"type": "deny", name: [coding("http://loinc.org", "34133-9")]});
        assert_provision_refused(provision, &format!(".{name}"), R::UnknownElement);
    }
    let provision = json!([{"type": "deny", "purpose": [coding("v3-ActReason", "TREAT")]}]);
    assert_refused(&r5("permit", provision), "Consent.provision[0].type", R::UnknownElement);
}

fn r5(decision: &str, provision: Value) -> Value {
    json!({"resourceType": "Consent", "status": "active", "subject": {"reference": "Patient/c"}, "decision": decision,
        "period": {"start": "2026", "end": "2027"}, "provision": provision})
}

#[test]
fn an_r5_consent_without_a_decision_tells_nothing() {
    let document = without(&r5("permit", json!([{"purpose": [coding("v3-ActReason", "TREAT")]}])), "/decision");
    assert_refused(&document, "Consent.decision", R::NoBaseDecision);
}

#[test]
fn an_r5_deny_that_holds_longer_than_its_consent_is_refused() {
    for period in [json!({"start": "2026", "end": "2028"}), json!({"start": "2025", "end": "2026"})] {
        let document = r5("permit", json!([{"period": period}]));
        assert_refused(&document, "Consent.provision[0].period", R::PeriodBeyondConsent);
    }
}

#[test]
fn a_review_finds_everything_that_is_refused() {
    let provision = json!([
        {"type": "deny", "actor": [{"reference": {"reference": "Practitioner/x"}}], "unless": "x"},
        {"purpose": [coding("v3-ActReason", "FUN")], "provision": [{"type": "permit", "data": []}]},
        {"type": "permit", "period": {"start": "soon"}, "class": [coding("classes", "Observation")]},
    ]);
    let document = with(&consent("OPTOUT", json!({"provision": provision, "modality": 1})), "/status", json!("draft"));
    let found = review(&bytes(&document), &directory()).unwrap_err();
    let paths: Vec<_> = found.iter().map(|refused| refused.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "Consent.status",
            "Consent.provision.modality",
            "Consent.provision.provision[0].actor[0].reference",
            "Consent.provision.provision[0].unless",
            "Consent.provision.provision[1].type",
            "Consent.provision.provision[1].purpose[0]",
            "Consent.provision.provision[1].provision[0].data",
            "Consent.provision.provision[2].period.start",
        ]
    );
    assert_eq!(compile(&bytes(&document), &directory()), Err(found.first));
}

#[test]
fn single_resources_cannot_be_expressed() {
    let data = json!([{"meaning": "instance", "reference": {"reference": "Task/1"}}]);
    assert_provision_refused(json!({"type": "deny", "data": data}), ".data", R::DataNotExpressible);
}

#[test]
fn a_permit_by_code_cannot_be_expressed() {
    let code = json!([concept("http://loinc.org", "34133-9")]);
    assert_provision_refused(json!({"type": "permit", "code": code}), ".code", R::PermitByCode);
}

#[test]
fn a_permit_of_classes_that_are_all_unknown_is_refused() {
    let class = json!([coding("urn:ietf:bcp:13", "application/hl7-cda+xml")]);
    assert_provision_refused(json!({"type": "permit", "class": class}), ".class", R::PermitOfUnknownClasses);
}

#[test]
fn nothing_is_narrowed_that_has_exceptions_the_other_way() {
    // Widened to all codes, the deny would let its permit reach what the base keeps back.
    let code = json!([concept("http://loinc.org", "34133-9")]);
    let deny = json!({"type": "deny", "code": code, "provision": [{"type": "permit"}]});
    assert_provision_refused(deny, ".code", R::CannotNarrow);
    // Without its unknown class, the permit would take its deny along, and leave the class to what is above.
    let classes = json!([coding("classes", "Observation"), coding("http://loinc.org", "34133-9")]);
    let permit = json!({"type": "permit", "class": classes, "provision": [{"type": "deny"}]});
    assert_provision_refused(permit, ".class[1]", R::CannotNarrow);
}

#[test]
fn periods_are_refused_with_the_bound_that_is_wrong() {
    let period = |start: &str, end: &str| json!({"type": "permit", "period": {"start": start, "end": end}});
    assert_provision_refused(period("2027", "2026"), ".period", R::EmptyPeriod);
    assert_provision_refused(period("2026-13-01", "2027"), ".period.start", R::NotADate);
    assert_provision_refused(period("2026", "2026-01-01T10:00:00"), ".period.end", R::DateWithoutZone);
    assert_provision_refused(period("1950", "1960"), ".period.end", R::BeforeEpoch);
    let data = json!({"type": "permit", "dataPeriod": {"start": "1964"}});
    assert_provision_refused(data, ".dataPeriod.start", R::BeforeEpoch);
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    let unresolved = |reference: &str| R::ReferenceUnresolved { reference: reference.to_owned() };
    let actor = |reference: &str| json!({"reference": {"reference": reference}});
    assert_actor_refused(actor("Practitioner/x"), ".reference", unresolved("Practitioner/x"));
    assert_actor_refused(actor("urn:salus:account:5F"), ".reference", unresolved("urn:salus:account:5F"));
    let contained = R::ReferenceContained { reference: String::from("#x") };
    assert_actor_refused(actor("#x"), ".reference", contained);
    assert_actor_refused(actor("urn:x"), ".reference", R::ReferenceWithoutType);
    assert_actor_refused(actor("http://a/Group/x"), ".reference", R::ActorKind { kind: String::from("Group") });
    let contradicts = json!({"reference": {"reference": "Practitioner/a", "type": "Organization"}});
    assert_actor_refused(contradicts, ".reference", R::ReferenceContradicts);
    let other = json!({"reference": "Practitioner/a", "identifier": {"system": "http://ids", "value": "d"}});
    assert_actor_refused(json!({"reference": other}), ".reference", R::ReferenceContradicts);
    assert_actor_refused(json!({"reference": {"display": "Dr A"}}), ".reference.reference", R::Missing);
}

#[test]
fn an_actor_who_wrote_or_keeps_the_data_is_not_one_who_asks_for_it() {
    for code in ["AUT", "CST", "INF"] {
        let role = concept("v3-ParticipationType", code);
        let actor = json!({"role": role, "reference": {"reference": "Practitioner/a"}});
        assert_actor_refused(actor, ".role.coding[0]", R::ActorRole { code: code.to_owned() });
    }
}

#[test]
fn an_actor_is_a_reference_or_a_role() {
    let role = concept("practitioner-role", "doctor");
    let both = json!({"role": role, "reference": {"reference": "Organization/b"}});
    assert_actor_refused(both, "", R::RoleWithReference);
    assert_actor_refused(json!({"role": concept("v3-ParticipationType", "PRCP")}), "", R::ActorWithoutWho);
    let provider = json!({"role": concept("organization-type", "prov")});
    assert_actor_refused(provider, ".role.coding[0]", unknown_code("organization-type", "prov"));
}

#[test]
fn the_bounds_of_the_model_name_the_provision_that_is_too_much() {
    let permits = vec![json!({"type": "permit"}); 33];
    let document = consent("OPTOUT", json!({"provision": permits}));
    let reason = R::Malformed(Malformed::TooManyProvisions);
    assert_refused(&document, "Consent.provision.provision[32]", reason);

    let actors = vec![json!({"reference": {"reference": "Practitioner/a"}}); 17];
    assert_provision_refused(json!({"type": "permit", "actor": actors}), "", R::Malformed(Malformed::TooManyActors));

    let deep = (0..4).fold(json!({"type": "deny"}), |below, _| json!({"type": "deny", "provision": [below]}));
    let path = ".provision[0].provision[0].provision[0].provision[0]";
    assert_provision_refused(deep, path, R::Malformed(Malformed::TooDeep));
}

#[test]
fn a_directory_names_the_entry_whose_account_is_wrong() {
    let mapping = json!({"Practitioner/a": {"account": "0x12"}});
    let reason = R::Account(AccountError::Hex);
    assert_eq!(Directory::from_json(&bytes(&mapping)), Err(refused("Practitioner/a.account", reason)));
}
