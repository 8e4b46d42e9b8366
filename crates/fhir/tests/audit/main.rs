//! What happened to a patient's records renders as FHIR R4 `AuditEvent`s that HL7's definition allows, each the same whoever
//! renders it.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

#[path = "../common/mod.rs"]
mod common;
mod events;

use common::structure::{assert_sound, codings, displays, faults, published};
use common::{account, cases, directory, workspace};
use events::{access, any_event, at, deciding, one_of_each, patient, permitted, NOON};
use proptest::prelude::*;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::Hash;
use salus_domain::time::Timestamp;
use salus_fhir::audit::{
    audit_event, bundle, id, Access, AuditedEvent, By, Happening, NotAudited, Outcome, Position, Why,
};
use salus_fhir::directory::Directory;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

fn rendered(event: &AuditedEvent) -> Value {
    audit_event(event, &directory()).unwrap()
}

fn decided(access: Access) -> AuditedEvent {
    AuditedEvent { place: at(1, 0), time: Timestamp(NOON), patient: patient(), what: Happening::AccessDecided(access) }
}

#[test]
fn each_kind_of_event_renders_as_it_was_reviewed() {
    let folder = workspace("crates/fhir/tests/audit/golden");
    let mut names = BTreeSet::new();
    for (name, event) in one_of_each() {
        let file = folder.join(format!("{name}.json"));
        let golden: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(rendered(&event), golden, "{name}: {:#}", rendered(&event));
        names.insert(format!("{name}.json"));
    }
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names);
}

#[test]
fn a_bundle_has_every_event_once_in_the_order_of_the_chain() {
    let mut events: Vec<AuditedEvent> = one_of_each().into_iter().map(|(_, event)| event).collect();
    let in_order = bundle(&events, &directory()).unwrap();
    assert_eq!(faults(&in_order), Vec::<String>::new());
    let entries = in_order["entry"].as_array().unwrap();
    let resources: Vec<Value> = entries.iter().map(|entry| entry["resource"].clone()).collect();
    assert_eq!(resources, events.iter().map(rendered).collect::<Vec<_>>());
    events.reverse();
    events.extend_from_within(3..5);
    assert_eq!(bundle(&events, &directory()).unwrap(), in_order);
}

#[test]
fn a_bundle_of_nothing_has_no_empty_list() {
    assert_eq!(bundle(&[], &directory()).unwrap(), json!({ "resourceType": "Bundle", "type": "collection" }));
}

#[test]
fn two_different_events_cannot_stand_at_the_same_place() {
    let one = decided(access(permitted(By::Patient)));
    let other = decided(access(Outcome::Refused(Why::NoConsent)));
    assert_eq!(bundle(&[one, other], &directory()), Err(NotAudited::SamePlace(Position { block: 1, event: 0 })));
}

#[test]
fn a_moment_that_fhir_cannot_write_is_refused() {
    let refused = Err(NotAudited::Time(Position { block: 1, event: 0 }));
    let late = AuditedEvent { time: Timestamp::MAX, ..decided(access(permitted(By::Patient))) };
    assert_eq!(audit_event(&late, &directory()), refused);
    let long = Outcome::Permitted { by: By::Patient, until: Timestamp::MAX };
    assert_eq!(audit_event(&decided(access(long)), &directory()), refused);
}

#[test]
fn an_entry_refers_to_the_permit_in_the_same_bundle() {
    let events: Vec<AuditedEvent> = one_of_each().into_iter().map(|(_, event)| event).collect();
    let bundle = bundle(&events, &directory()).unwrap();
    let released = bundle["entry"].as_array().unwrap().iter().find(|entry| entry["resource"]["action"] == "R").unwrap();
    let permit = &released["resource"]["entity"][2]["what"]["reference"];
    assert_eq!(permit, &bundle["entry"][0]["fullUrl"]);
    assert_eq!(permit.as_str().unwrap().strip_prefix("urn:uuid:"), bundle["entry"][0]["resource"]["id"].as_str());
}

#[test]
fn every_purpose_and_action_is_in_its_own_code_system() {
    for (&purpose, &action) in Purpose::ALL.iter().zip(Action::ALL.iter().cycle()) {
        let event = rendered(&decided(Access { purpose, action, ..access(permitted(By::Consent(deciding(None)))) }));
        let system = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
        let coding =
            json!([{ "coding": [{ "system": system, "code": purpose.code(), "display": purpose.display() }] }]);
        assert_eq!(event["purposeOfEvent"], coding);
        assert_eq!(event["agent"][0]["purposeOfUse"], coding);
        let system = "http://terminology.hl7.org/CodeSystem/consentaction";
        let coding = json!({ "system": system, "code": action.code(), "display": action.display() });
        assert_eq!(event["subtype"][1], coding);
    }
}

#[test]
fn every_refusal_is_a_failure_that_says_why_and_no_permit_is() {
    let whys = [
        Why::NotCredentialed,
        Why::CredentialExpired,
        Why::CredentialSuspended,
        Why::NoConsent,
        Why::DeniedBy(deciding(Some(3))),
        Why::DeniedBy(deciding(None)),
        Why::NotAgreed,
        Why::Erased,
        Why::NotRedeemed,
    ];
    let mut said = BTreeSet::new();
    for why in whys {
        let event = rendered(&decided(access(Outcome::Refused(why))));
        assert_eq!(event["outcome"], "8", "{why:?}");
        assert!(event["agent"][0].get("policy").is_none(), "{why:?}: nothing authorized it");
        let by_consent = matches!(why, Why::NoConsent | Why::DeniedBy(_) | Why::NotAgreed);
        assert_eq!(event["subtype"][0]["code"], if by_consent { "AuthZ-Consent" } else { "AuthZ-Role" }, "{why:?}");
        said.insert(event["outcomeDesc"].as_str().unwrap().to_owned());
    }
    for by in [By::Consent(deciding(None)), By::Patient, By::Emergency(1)] {
        let event = rendered(&decided(access(permitted(by))));
        assert_eq!(event["outcome"], "0", "{by:?}");
        said.insert(event["outcomeDesc"].as_str().unwrap().to_owned());
    }
    assert_eq!(said.len(), whys.len() + 3, "no two answers are put into the same words: {said:#?}");
}

#[test]
fn access_in_an_emergency_is_marked_as_breaking_the_glass_whatever_purpose_was_stated() {
    let codes = |purpose| {
        let event = rendered(&decided(Access { purpose, ..access(permitted(By::Emergency(2))) }));
        let purposes = event["purposeOfEvent"].as_array().unwrap().iter();
        purposes.map(|purpose| purpose["coding"][0]["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(Purpose::Btg), ["BTG"]);
    assert_eq!(codes(Purpose::Etreat), ["ETREAT", "BTG"]);
}

#[test]
fn an_account_appears_as_the_directory_knows_it_and_as_itself() {
    let who = |byte: u8, directory: &Directory| {
        let event = decided(Access { accessor: account(byte), ..access(permitted(By::Patient)) });
        audit_event(&event, directory).unwrap()["agent"][0]["who"].clone()
    };
    let urn = |byte: &str| format!("urn:salus:account:0x{}", byte.repeat(32));
    let itself = json!({ "system": "urn:ietf:rfc:3986", "value": urn("01") });
    assert_eq!(who(1, &directory()), json!({ "reference": "Practitioner/a", "identifier": itself }));
    let business = json!({ "system": "http://ids", "value": "d" });
    assert_eq!(who(4, &directory()), json!({ "reference": urn("04"), "identifier": business }));
    assert_eq!(who(1, &Directory::default()), json!({ "reference": urn("01") }));
    // The directory reads the reference back.
    assert_eq!(directory().account(&urn("01")), Some(account(1)));
}

#[test]
fn a_patient_who_is_also_a_practitioner_is_a_patient_in_their_own_accounting() {
    let both = [("Practitioner/a", patient()), ("Patient/c", patient())];
    let directory: Directory = both.into_iter().map(|(key, account)| (key.to_owned(), account)).collect();
    let event = audit_event(&decided(access(permitted(By::Patient))), &directory).unwrap();
    assert_eq!(event["entity"][0]["what"]["reference"], "Patient/c");
}

#[test]
fn an_id_names_the_chain_the_block_and_the_event() {
    let place = Position { block: 256, event: 1 };
    let known = id(Hash([0xab; 32]), place);
    assert_eq!(known, id(Hash([0xab; 32]), place));
    assert_eq!(known.len(), 36);
    assert_eq!((&known[14..15], known[19..20].contains(['8', '9', 'a', 'b'])), ("8", true), "{known} is of version 8");
    let others = [
        id(Hash([0xac; 32]), place),
        id(Hash([0xab; 32]), Position { block: 1, ..place }),
        id(Hash([0xab; 32]), Position { event: 256, ..place }),
        id(Hash([0xab; 32]), Position { block: 1, event: 256 }),
    ];
    assert!(!others.contains(&known));
}

#[test]
fn the_check_finds_each_required_element_that_is_missing() {
    let whole = rendered(&one_of_each()[0].1);
    assert_eq!(faults(&whole), Vec::<String>::new());
    for pointer in ["/type", "/recorded", "/agent", "/source", "/agent/0/requestor", "/source/observer"] {
        assert_eq!(faults(&common::without(&whole, pointer)).len(), 1, "{pointer}");
    }
    for (pointer, value) in [
        ("/outcome", json!("1")),
        ("/action", json!("X")),
        ("/recorded", json!("2026-09-30")),
        ("/agent", json!([])),
        ("/subtype", json!({})),
        ("/id", json!("a b")),
        ("/severity", json!("high")),
        ("/entity/0/what", json!({})),
    ] {
        assert_ne!(faults(&common::with(&whole, pointer, value)), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn the_check_accepts_what_hl7_publishes() {
    assert_sound(&published(&["AuditEvent"]));
}

#[test]
fn a_code_that_hl7_publishes_has_the_same_words_here() {
    let examples = published(&["AuditEvent"]);
    let theirs = displays(&examples);
    let mut common = 0;
    for (name, event) in one_of_each() {
        for (system, code, display) in codings(&rendered(&event)) {
            if let Some(words) = theirs.get(&(system, code)) {
                assert_eq!(display.unwrap().to_lowercase(), words.to_lowercase(), "{name}: {system} {code}");
                common += 1;
            }
        }
    }
    assert!(examples.is_empty() || common > 0);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_event_is_a_valid_audit_event_and_always_the_same(event in any_event()) {
        let once = audit_event(&event, &directory());
        prop_assert_eq!(&once, &audit_event(&event.clone(), &directory()));
        match once {
            Ok(resource) => {
                prop_assert_eq!(faults(&resource), Vec::<String>::new());
                let without_words = codings(&resource).into_iter().find(|(.., display)| display.is_none());
                prop_assert_eq!(without_words, None);
            }
            Err(error) => prop_assert_eq!(error, NotAudited::Time(event.place.position)),
        }
    }

    #[test]
    fn no_two_events_share_an_id(
        places in prop::collection::hash_set((0..3u8, any::<u64>(), any::<u32>()), 2..20),
    ) {
        let ids: BTreeSet<String> =
            places.iter().map(|&(chain, block, event)| id(Hash([chain; 32]), Position { block, event })).collect();
        prop_assert_eq!(ids.len(), places.len());
    }

    #[test]
    fn a_bundle_tells_every_event_once_or_refuses(events in prop::collection::vec(any_event(), 0..6)) {
        let places: BTreeMap<Position, &AuditedEvent> =
            events.iter().map(|event| (event.place.position, event)).collect();
        let contradicts = events.iter().any(|event| places[&event.place.position] != event);
        match bundle(&events, &directory()) {
            Ok(bundle) => {
                prop_assert!(!contradicts);
                prop_assert_eq!(faults(&bundle), Vec::<String>::new());
                let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
                let ids: BTreeSet<_> = entries.iter().map(|entry| entry["resource"]["id"].as_str()).collect();
                prop_assert_eq!((ids.len(), entries.len()), (places.len(), places.len()));
            }
            Err(NotAudited::SamePlace(_)) => prop_assert!(contradicts),
            Err(NotAudited::Time(_)) => {
                let each = events.iter().any(|event| audit_event(event, &directory()).is_err());
                prop_assert!(each);
            }
        }
    }
}
