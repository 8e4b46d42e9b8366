//! What consents answer to a request, without a chain: tables of consents, directories, requests and answers.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::world::{actor, asks, assert_answer, id, permit, r4, r5, simulate, with_labels, world, World};
use common::{coding, concept, with};
use serde_json::{json, Value};

#[test]
fn the_answer_has_this_shape() {
    let consent = r4("c", "OPTIN", json!([{"type": "deny", "securityLabel": [coding("v3-ActCode", "HIV")]}]));
    let broken = with(&consent, "/provision/provision/0/securityLabel/0/code", json!("MOOD"));
    let expected = json!({
        "decision": "permit",
        "obligations": [{"code": "REDACT", "codes": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"},
        ]}],
        "deciding": [{"consent": "c", "path": "Consent.policyRule"}],
        "refused": [],
    });
    assert_eq!(simulate(&world(&[consent]), &asks("staff|adams", "TREAT")), Ok(expected));
    let expected = json!({
        "decision": "deny",
        "obligations": [],
        "deciding": [],
        "refused": [{
            "consent": "c",
            "path": "Consent.provision.provision[0].securityLabel[0]",
            "reason": "the code \"MOOD\" of http://terminology.hl7.org/CodeSystem/v3-ActCode is not known here; use one \
                       that is, or a broader one",
        }],
    });
    assert_eq!(simulate(&world(&[broken]), &asks("staff|adams", "TREAT")), Ok(expected));
}

#[test]
fn base_decisions_come_from_the_element_that_has_them() {
    let typed = common::without(&r4("t", "OPTIN", json!([])), "/policyRule");
    let typed = with(&typed, "/provision/type", json!("permit"));
    for (consent, expected) in [
        (r4("c", "OPTIN", json!([])), "permit |  | c:Consent.policyRule"),
        (r4("c", "OPTOUT", json!([])), "deny |  | c:Consent.policyRule"),
        (r5("c", "permit", json!([])), "permit |  | c:Consent.decision"),
        (r5("c", "deny", json!([])), "deny |  | c:Consent.decision"),
        (typed, "permit |  | t:Consent.provision"),
    ] {
        assert_answer(&world(&[consent]), asks("staff|adams", "TREAT"), expected);
    }
    assert_answer(&world(&[]), asks("staff|adams", "TREAT"), "no-consent");
}

#[test]
fn exceptions_alternate_four_deep() {
    let deepest = json!({"type": "permit", "class": [coding("classes", "Condition")]});
    let third = json!({"type": "deny", "action": [concept("consentaction", "disclose")], "provision": [deepest]});
    let second = json!({"type": "permit", "purpose": [coding("v3-ActReason", "ETREAT")], "provision": [third]});
    let first = json!({"type": "deny", "purpose": [coding("v3-ActReason", "TREAT")], "provision": [second]});
    let world = world(&[r4("c", "OPTIN", json!([first]))]);
    let request = |purpose: &str, action: &str, class: &str| {
        let request = with(&asks("staff|adams", purpose), "/action", json!(action));
        with(&request, "/class", json!([coding("classes", class)]))
    };
    let path = |depth: usize| format!("c:Consent.provision{}", ".provision[0]".repeat(depth));
    for (request, decision, depth) in [
        (request("HPAYMT", "disclose", "Observation"), "permit |  | c:Consent.policyRule".to_owned(), 0),
        (request("TREAT", "access", "Observation"), "deny".to_owned(), 1),
        (request("ETREAT", "access", "Observation"), "permit".to_owned(), 2),
        (request("ETREAT", "disclose", "Observation"), "deny".to_owned(), 3),
        (request("ETREAT", "disclose", "Condition"), "permit".to_owned(), 4),
    ] {
        let expected = if depth == 0 { decision } else { format!("{decision} |  | {}", path(depth)) };
        assert_answer(&world, request, &expected);
    }
}

#[test]
fn deny_wins_among_siblings_and_among_consents() {
    let siblings = json!([permit(json!({"purpose": [coding("v3-ActReason", "TREAT")]})), {"type": "deny",
        "class": [coding("classes", "Observation")]}]);
    let request = with(&asks("staff|adams", "TREAT"), "/class", json!([coding("classes", "Observation")]));
    let out = r4("out", "OPTOUT", siblings);
    assert_answer(&world(std::slice::from_ref(&out)), request.clone(), "deny |  | out:Consent.provision.provision[1]");
    let open = r4("open", "OPTIN", json!([]));
    assert_answer(&world(&[open.clone(), out]), request.clone(), "deny |  | out:Consent.provision.provision[1]");
    let both = world(&[open.clone(), with(&open, "/id", json!("too"))]);
    assert_answer(&both, request, "permit |  | open:Consent.policyRule too:Consent.policyRule");
}

#[test]
fn a_purpose_covers_what_is_under_it_and_several_must_all_be_permitted() {
    let consent = r4("c", "OPTOUT", json!([permit(json!({"purpose": [coding("v3-ActReason", "TREAT")]}))]));
    let world = world(&[consent]);
    let (permitted, denied) = ("permit |  | c:Consent.provision.provision[0]", "deny |  | c:Consent.policyRule");
    let purpose = |purpose: Value| with(&asks("staff|adams", "TREAT"), "/purposeOfUse", purpose);
    let etreat = coding("v3-ActReason", "ETREAT");
    for (request, expected) in [
        (purpose(json!("BTG")), permitted),
        (purpose(etreat.clone()), permitted),
        (purpose(json!(["TREAT", "ETREAT"])), permitted),
        (purpose(json!([etreat, "HPAYMT"])), denied),
        (purpose(json!("HMARKT")), denied),
        // Any purpose, then.
        (purpose(json!([])), denied),
        (common::without(&purpose(json!([])), "/purposeOfUse"), denied),
    ] {
        assert_answer(&world, request, expected);
    }
}

#[test]
fn without_a_purpose_the_answer_holds_for_each() {
    let request = common::without(&asks("staff|adams", "TREAT"), "/purposeOfUse");
    let open = r4("c", "OPTIN", json!([{"type": "deny", "actor": [actor("Practitioner/okafor")]}]));
    assert_answer(&world(&[open]), request.clone(), "permit |  | c:Consent.policyRule");
    let market = r4("c", "OPTIN", json!([{"type": "deny", "purpose": [coding("v3-ActReason", "HMARKT")]}]));
    assert_answer(&world(&[market]), request, "deny |  | c:Consent.provision.provision[0]");
}

#[test]
fn several_actions_must_all_be_permitted() {
    let consent = r4("c", "OPTOUT", json!([permit(json!({"action": [concept("consentaction", "access")]}))]));
    let world = world(&[consent]);
    let request = |action: Value| with(&asks("staff|adams", "TREAT"), "/action", action);
    assert_answer(&world, asks("staff|adams", "TREAT"), "permit |  | c:Consent.provision.provision[0]");
    assert_answer(&world, request(json!(["access", coding("consentaction", "use")])), "deny |  | c:Consent.policyRule");
}

#[test]
fn a_consent_counts_from_its_first_moment_until_before_its_end() {
    let consent =
        with(&r4("c", "OPTIN", json!([])), "/provision/period", json!({"start": "2026-02-01", "end": "2026-02-28"}));
    let at = |at: &str| World { at: at.to_owned(), ..world(std::slice::from_ref(&consent)) };
    for (moment, expected) in [
        ("2026-01-31T23:59:59.999Z", "no-consent"),
        ("2026-02-01T00:00:00.000Z", "permit |  | c:Consent.policyRule"),
        ("2026-02-28T23:59:59.999Z", "permit |  | c:Consent.policyRule"),
        ("2026-03-01T00:00:00.000Z", "no-consent"),
    ] {
        assert_answer(&at(moment), asks("staff|adams", "TREAT"), expected);
    }
}

#[test]
fn data_that_is_not_named_is_redacted_and_data_that_is_named_decides() {
    let deny =
        json!({"type": "deny", "securityLabel": [coding("v3-ActCode", "BH"), coding("v3-Confidentiality", "R")]});
    let world = world(&[r4("c", "OPTIN", json!([deny, {"type": "deny", "class": [coding("classes", "Claim")]}]))]);
    let redact = "R,V,BH,COGN,DVD,EMOTDIS,MH,PSY,PSYTHPN,SUD,ETHUD,OPIOIDUD,Claim";
    assert_answer(&world, asks("staff|adams", "TREAT"), &format!("permit | REDACT({redact}) | c:Consent.policyRule"));
    let labels = |labels: &[(&str, &str)]| with_labels(&asks("staff|adams", "TREAT"), labels);
    let first = "deny |  | c:Consent.provision.provision[0]";
    assert_answer(&world, labels(&[("v3-ActCode", "PSY")]), first);
    assert_answer(&world, labels(&[("v3-Confidentiality", "N"), ("v3-Confidentiality", "R")]), first);
    let harmless = labels(&[("v3-ActCode", "HIV"), ("v3-Confidentiality", "N")]);
    assert_answer(&world, harmless.clone(), "permit | REDACT(Claim) | c:Consent.policyRule");
    let claim = with(&harmless, "/class", json!([coding("classes", "Claim"), "Observation"]));
    assert_answer(&world, claim, "deny |  | c:Consent.provision.provision[1]");
}

#[test]
fn data_of_an_unknown_time_is_denied_by_a_dated_deny() {
    let dated = json!([{"type": "deny", "dataPeriod": {"start": "2020", "end": "2020"}}]);
    let world = world(&[r4("c", "OPTIN", dated)]);
    let request = |time: Value| with(&asks("staff|adams", "TREAT"), "/dataTime", time);
    let (permitted, denied) = ("permit |  | c:Consent.policyRule", "deny |  | c:Consent.provision.provision[0]");
    assert_answer(&world, asks("staff|adams", "TREAT"), denied);
    assert_answer(&world, request(json!("2021-05-01")), permitted);
    assert_answer(&world, request(json!("2020-05-01T10:00:00Z")), denied);
    assert_answer(&world, request(json!({"start": "2020-12-31", "end": "2021"})), denied);
    assert_answer(&world, request(json!({"start": "1950", "end": "1960"})), denied);
}

#[test]
fn consents_that_are_not_active_do_not_count_whatever_is_in_them() {
    let deny = r4("c", "OPTOUT", json!([{"type": "nonsense"}]));
    let open = r4("open", "OPTIN", json!([]));
    for status in ["draft", "proposed", "rejected", "inactive", "entered-in-error", "not-done"] {
        let world = world(&[with(&deny, "/status", json!(status)), open.clone()]);
        assert_answer(&world, asks("staff|adams", "TREAT"), "permit |  | open:Consent.policyRule");
    }
    for status in [json!("unknown"), json!("actve"), json!(1), json!(null)] {
        let world = world(&[with(&deny, "/status", status), open.clone()]);
        assert_answer(&world, asks("staff|adams", "TREAT"), "deny |  |  | c:Consent.status");
    }
}

#[test]
fn a_refused_consent_that_is_over_does_not_count() {
    let broken = r4("c", "OPTOUT", json!([{"type": "nonsense"}]));
    let over = with(&broken, "/provision/period", json!({"end": "2020"}));
    let open = r4("open", "OPTIN", json!([]));
    assert_answer(
        &world(&[over.clone(), open.clone()]),
        asks("staff|adams", "TREAT"),
        "permit |  | open:Consent.policyRule",
    );
    // The period of a root that contradicts the base is not that of the consent.
    let exception = with(&over, "/provision/type", json!("permit"));
    let refused = "deny |  |  | c:Consent.provision.provision[0].type";
    assert_answer(&world(&[exception, open.clone()]), asks("staff|adams", "TREAT"), refused);
    let modified = with(&over, "/modifierExtension", json!([{"url": "http://x"}]));
    assert_answer(&world(&[modified, open]), asks("staff|adams", "TREAT"), "deny |  |  | c:Consent.modifierExtension");
}

#[test]
fn one_refused_consent_is_enough_for_a_deny() {
    let open = r4("open", "OPTIN", json!([]));
    let out = r4("out", "OPTOUT", json!([]));
    let provision = |provision: Value| r4("c", "OPTIN", json!([provision]));
    let root = "Consent.provision.provision[0]";
    for (broken, path) in [
        (
            provision(json!({"type": "deny", "actor": [actor("Practitioner/nobody")]})),
            format!("{root}.actor[0].reference"),
        ),
        (provision(json!({"type": "deny", "purpose": [coding("v3-ActReason", "FUN")]})), format!("{root}.purpose[0]")),
        (provision(json!({"type": "deny", "unless": 1})), format!("{root}.unless")),
        (with(&out, "/id", json!("c")).tap_implicit_rules(), "Consent.implicitRules".to_owned()),
    ] {
        let expected = format!("deny |  |  | c:{path}");
        assert_answer(&world(&[open.clone(), broken.clone()]), asks("staff|adams", "TREAT"), &expected);
        let denied = format!("deny |  | out:Consent.policyRule | c:{path}");
        assert_answer(&world(&[out.clone(), broken]), asks("staff|adams", "TREAT"), &denied);
    }
}

trait Tap {
    fn tap_implicit_rules(self) -> Value;
}

impl Tap for Value {
    fn tap_implicit_rules(self) -> Value {
        with(&self, "/implicitRules", json!("http://rules"))
    }
}

#[test]
fn the_consents_of_another_patient_do_not_count() {
    let request = |patient: &str| with(&asks("staff|adams", "TREAT"), "/patientId", json!([id(patient)]));
    let mine = r4("mine", "OPTIN", json!([]));
    let theirs = with(&r4("theirs", "OPTOUT", json!([{"type": "?"}])), "/patient/reference", json!("Patient/leo"));
    let world = world(&[mine, theirs]);
    assert_answer(&world, request("patients|rosa"), "permit |  | mine:Consent.policyRule");
    let leo = "deny |  |  | theirs:Consent.provision.provision[0].type";
    assert_answer(&world, request("patients|leo"), leo);
    // Nobody in the directory, but both of them have another number of this kind.
    assert_answer(&world, request("patients|mia"), "no-consent");
    // With a number of a kind that nobody has, it may be either.
    assert_answer(&world, request("passports|77"), leo);
}

#[test]
fn a_consent_may_name_its_patient_by_identifier() {
    let consent = |identifier: &str| {
        let patient = json!({"identifier": id(identifier)});
        with(&r4("c", "OPTIN", json!([])), "/patient", patient)
    };
    assert_answer(
        &world(&[consent("patients|rosa")]),
        asks("staff|adams", "TREAT"),
        "permit |  | c:Consent.policyRule",
    );
    assert_answer(&world(&[consent("patients|mia")]), asks("staff|adams", "TREAT"), "no-consent");
    assert_answer(&world(&[consent("visits|9")]), asks("staff|adams", "TREAT"), "permit |  | c:Consent.policyRule");
}

#[test]
fn a_request_for_a_kind_of_consent_leaves_out_the_others() {
    let research = with(&r4("research", "OPTOUT", json!([])), "/scope", concept("consentscope", "research"));
    let privacy =
        with(&r4("privacy", "OPTIN", json!([])), "/category", json!([concept("http://loinc.org", "59284-0")]));
    let privacy = with(&privacy, "/scope", concept("http://hl7.org/fhir/consentscope", "patient-privacy"));
    let world = world(&[research.clone(), privacy]);
    let request = |name: &str, category: Value| with(&asks("staff|adams", "TREAT"), &format!("/{name}"), category);
    let privacy = "permit |  | privacy:Consent.policyRule";
    assert_answer(&world, request("category", json!([coding("consentscope", "patient-privacy")])), privacy);
    assert_answer(&world, request("category", json!([coding("http://loinc.org", "59284-0")])), privacy);
    assert_answer(&world, request("scope", json!("patient-privacy")), privacy);
    let research_only = "deny |  | research:Consent.policyRule";
    assert_answer(&world, request("category", json!([coding("consentscope", "research")])), research_only);
    assert_answer(&world, asks("staff|adams", "TREAT"), research_only);
    // One that has no category may be of any.
    let world = World { consents: vec![r4("c", "OPTIN", json!([]))], ..world };
    assert_answer(&world, request("scope", json!("patient-privacy")), "permit |  | c:Consent.policyRule");
}

#[test]
fn a_consent_that_does_not_tell_its_kind_counts_for_each() {
    let loinc = |code: &str| json!([concept("http://loinc.org", code)]);
    let request = |category: Value| with(&asks("staff|adams", "TREAT"), "/category", json!([category]));
    let privacy = || request(coding("consentscope", "patient-privacy"));
    // R5 has no scope; that it is a consent document rules out no scope.
    let deny = with(&r5("deny", "deny", json!([])), "/category", loinc("59284-0"));
    let open = with(&r4("open", "OPTIN", json!([])), "/scope", concept("consentscope", "patient-privacy"));
    let world = world(&[deny, open]);
    assert_answer(&world, privacy(), "deny |  | deny:Consent.decision");
    assert_answer(&world, request(coding("http://loinc.org", "59284-0")), "deny |  | deny:Consent.decision");
    assert_answer(&world, request(coding("http://loinc.org", "57016-8")), "no-consent");
    // A scope that cannot be told.
    for scope in [json!({"text": "privacy"}), concept("http://scopes.example", "x")] {
        let deny = with(&with(&r4("c", "OPTOUT", json!([])), "/category", loinc("59284-0")), "/scope", scope);
        let world = World { consents: vec![deny, world.consents[1].clone()], ..world.clone() };
        assert_answer(&world, privacy(), "deny |  | c:Consent.policyRule");
    }
    let unknown = with(&r4("c", "OPTOUT", json!([])), "/scope", concept("consentscope", "x"));
    let world = |consent: Value| World { consents: vec![consent], ..world.clone() };
    assert_answer(&world(unknown.clone()), privacy(), "deny |  |  | c:Consent.scope.coding[0]");
    assert_answer(&world(with(&unknown, "/status", json!("inactive"))), privacy(), "no-consent");
}

#[test]
fn a_consent_to_a_treatment_answers_who_asks_for_that_kind_only() {
    let consent = with(&r4("c", "OPTIN", json!([])), "/scope", concept("consentscope", "treatment"));
    let world = world(&[consent]);
    assert_answer(&world, asks("staff|adams", "TREAT"), "deny |  |  | c:Consent.scope");
    let asked = with(&asks("staff|adams", "TREAT"), "/category", json!([coding("consentscope", "treatment")]));
    assert_answer(&world, asked, "permit |  | c:Consent.policyRule");
    // Another name of the consent's does not ask for that kind.
    let category = json!([concept("http://loinc.org", "59284-0")]);
    let world = World { consents: vec![with(&world.consents[0], "/category", category)], ..world };
    let asked = with(&asks("staff|adams", "TREAT"), "/category", json!([coding("http://loinc.org", "59284-0")]));
    assert_answer(&world, asked, "deny |  |  | c:Consent.scope");
}

#[test]
fn consents_are_found_in_bundles() {
    let entry = |resource: Value| json!({"fullUrl": "urn:uuid:1", "resource": resource});
    let noise = json!({"resourceType": "Observation", "modifierExtension": [{"url": "http://x"}]});
    let bundle = |kind: &str, entries: Vec<Value>| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let open = r4("open", "OPTIN", json!([]));
    let nameless = common::without(&r4("c", "OPTOUT", json!([])), "/id");
    let search = bundle("searchset", vec![entry(noise), entry(open.clone()), json!({"fullUrl": "urn:uuid:2"})]);
    assert_answer(
        &world(std::slice::from_ref(&search)),
        asks("staff|adams", "TREAT"),
        "permit |  | open:Consent.policyRule",
    );
    let nested = bundle("collection", vec![entry(search), entry(nameless)]);
    assert_answer(&world(&[nested]), asks("staff|adams", "TREAT"), "deny |  | consent-0.json:Consent.policyRule");
    let history = bundle("history", vec![entry(open.clone())]);
    assert_answer(&world(&[history]), asks("staff|adams", "TREAT"), "deny |  |  | consent-0.json:Bundle.type");
    let modified =
        with(&bundle("collection", vec![entry(open)]), "/entry/0/modifierExtension", json!([{"url": "http://x"}]));
    let refused = "deny |  |  | consent-0.json:Bundle.entry[0].modifierExtension";
    assert_answer(&world(&[modified]), asks("staff|adams", "TREAT"), refused);
}
