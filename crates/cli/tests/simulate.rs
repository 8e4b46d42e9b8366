//! `salus consent simulate`, `explain` and `show --fhir`, as a user types them.

mod desk;

use desk::{Desk, Result};
use serde_json::{json, Value};
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// The question of the samples, by everybody that the samples name.
const ASKED: &str = "consent simulate --consent @/consent.json --directory @/directory.json @/people.json \
                     --request @/request.json --at";

fn redacted() -> Value {
    let of = |system: &str, codes: &str| -> Vec<Value> {
        let system = format!("http://terminology.hl7.org/CodeSystem/{system}");
        codes.split(' ').map(|code| json!({ "system": system, "code": code })).collect()
    };
    let labels = "BH COGN DVD EMOTDIS MH PSY PSYTHPN SUD ETHUD OPIOIDUD";
    let codes = [of("v3-Confidentiality", "R V"), of("v3-ActCode", labels)].concat();
    json!([{ "code": "REDACT", "codes": codes }])
}

#[test]
fn the_answer_is_this_json_and_needs_no_chain() -> Result {
    let desk = Desk::off_line()?;
    let expected = json!({
        "decision": "permit",
        "obligations": redacted(),
        "deciding": [{ "consent": "rosa-marin-2026", "path": "Consent.provision.provision[0]" }],
        "refused": [],
    });
    assert_eq!(desk.done(&format!("{ASKED} 2026-11-20T12:00:00Z"))?, expected);
    let over = json!({ "decision": "no-consent", "obligations": [], "deciding": [], "refused": [] });
    assert_eq!(desk.done(&format!("{ASKED} 2099-01-01T00:00:00Z"))?, over);
    Ok(())
}

#[test]
fn a_refused_consent_is_an_answer_and_a_deny() -> Result {
    let desk = Desk::off_line()?;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let consent = std::fs::read_to_string(samples.join("consent.json"))?;
    std::fs::write(desk.file("broken.json"), consent.replace("\"BH\"", "\"MOOD\"").replace("\"id\"", "\"_id\""))?;
    let asked =
        "consent simulate --consent @/consent.json broken.json --directory @/people.json --directory @/directory.json \
                 --request @/request.json --at 2026-11-20T12:00:00Z";
    let expected = json!({
        "decision": "deny",
        "obligations": [],
        "deciding": [],
        "refused": [{
            "consent": "broken.json",
            "path": "Consent.provision.provision[0].provision[0].securityLabel[0]",
            "reason": "the code \"MOOD\" of http://terminology.hl7.org/CodeSystem/v3-ActCode is not known here; use one that \
                       is, or a broader one",
        }],
    });
    assert_eq!(desk.done(asked)?, expected);
    Ok(())
}

#[test]
fn wrong_inputs_have_an_exit_code_and_a_way_out() -> Result {
    let desk = Desk::off_line()?;
    let write = |name: &str, text: &str| std::fs::write(desk.file(name), text);
    File::create(desk.file("huge.json"))?.set_len(500_000_000)?;
    write("broken.json", "{")?;
    write("patient.json", r#"{"resourceType": "Patient"}"#)?;
    write("deep.json", &format!("{{\"patientId\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000)))?;
    write("twice.json", r#"{"patientId": [], "patientId": []}"#)?;
    write("unknown.json", r#"{"patientId": [{"system": "http://x", "value": "1"}], "purposeOfUse": ["FUN"]}"#)?;
    write(
        "other.json",
        r#"{"Practitioner/dr-adams": {"account": "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw"}}"#,
    )?;
    for request in ["huge.json", "no-such-file.json"] {
        desk.refused(&format!("consent simulate --consent @/consent.json --request {request}"), 4, "file")?;
    }
    for request in ["broken.json", "patient.json", "deep.json", "twice.json", "unknown.json"] {
        desk.refused(&format!("consent simulate --consent @/consent.json --request {request}"), 4, "document")?;
    }
    let (_, said) = desk.salus("consent simulate --consent @/consent.json --request unknown.json")?;
    assert_eq!(said["error"]["nextStep"], "mend the document at purposeOfUse[0]");
    for consent in ["broken.json", "patient.json"] {
        desk.refused(&format!("consent simulate --consent {consent} --request @/request.json"), 4, "document")?;
    }
    let two =
        "consent simulate --consent @/consent.json --request @/request.json --directory @/directory.json other.json";
    desk.refused(two, 4, "document")?;
    desk.refused("consent simulate --request @/request.json", 2, "usage")?;
    desk.refused("consent simulate --consent @/consent.json --request @/request.json --at soon", 2, "usage")
}

#[test]
fn people_get_the_same_in_words() -> Result {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let files = [samples.join("directory.json"), samples.join("people.json")];
    let say = |at: &str| -> Result<String> {
        let output = Command::new(env!("CARGO_BIN_EXE_salus"))
            .current_dir(&samples)
            .args(["consent", "simulate", "--consent", "consent.json", "--request", "request.json", "--at", at])
            .env("SALUS_DIRECTORY", std::env::join_paths(&files)?)
            .output()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    };
    let permitted =
        "permit\n  by rosa-marin-2026: Consent.provision.provision[0]\n  redact: R, V, BH, COGN, DVD, EMOTDIS, MH, \
                     PSY, PSYTHPN, SUD, ETHUD, OPIOIDUD\n";
    assert_eq!(say("2026-11-20T12:00:00Z")?, permitted);
    let over = "deny: no consent says anything about it\n  not counted: rosa-marin-2026: it is not in its period\n";
    assert_eq!(say("2099-11-20T12:00:00Z")?, over);
    Ok(())
}

#[test]
fn explaining_tells_everything_that_is_refused() -> Result {
    let desk = Desk::off_line()?;
    let (code, said) = desk.salus("consent explain @/consent.json --directory @/people.json")?;
    assert_eq!((code, &said["error"]["code"]), (4, &json!("document")), "{said}");
    let refused = said["refused"].as_array().ok_or("a list")?;
    let paths: Vec<_> = refused.iter().filter_map(|one| one["path"].as_str()).collect();
    let path = |place: &str| format!("Consent.provision.provision{place}.reference");
    assert_eq!(paths, [path("[0].actor[0]"), path("[0].actor[1]"), path("[1].actor[0]")]);
    assert!(refused.iter().all(|one| one["reason"].as_str().is_some_and(|reason| reason.contains("has no account"))));
    let explained = desk.done("consent explain @/consent.json")?;
    assert_eq!((&explained["status"], &explained["narrowed"]), (&json!("active"), &json!([])));
    Ok(())
}

#[test]
fn what_is_recorded_answers_and_reads_as_fhir_like_the_document() -> Result {
    let desk = Desk::deployed()?;
    desk.done("consent record @/consent.json --suri //Dave")?;
    let asked = "--directory @/directory.json @/people.json --request @/request.json --at 2026-11-20T12:00:00Z";
    let recorded = desk.done(&format!("consent simulate --recorded Patient/rosa-marin {asked}"))?;
    let place = |consent: &str| json!({ "consent": consent, "path": "Consent.provision.provision[0]" });
    assert_eq!(recorded["deciding"], json!([place("recorded:0")]));
    assert_eq!((&recorded["decision"], &recorded["obligations"]), (&json!("permit"), &redacted()));
    let both =
        desk.done(&format!("consent simulate --consent @/consent.json --recorded Patient/rosa-marin {asked}"))?;
    assert_eq!(both["deciding"], json!([place("rosa-marin-2026"), place("recorded:0")]));
    for release in ["r4", "r5"] {
        let shown = desk.done(&format!("consent show 0 --patient Patient/rosa-marin --fhir {release}"))?;
        std::fs::write(desk.file("shown.json"), shown.to_string())?;
        let again = desk.done("consent explain shown.json")?;
        let explained = desk.done("consent explain @/consent.json")?;
        assert_eq!((&again["text"], &again["patient"]), (&explained["text"], &explained["patient"]), "{shown}");
        let answer = desk.done(&format!("consent simulate --consent shown.json {asked}"))?;
        assert_eq!((&answer["decision"], &answer["obligations"]), (&json!("permit"), &redacted()));
    }
    let other = "consent simulate --recorded Organization/unity-insurance";
    desk.refused(&format!("{other} {asked}"), 4, "document")
}
