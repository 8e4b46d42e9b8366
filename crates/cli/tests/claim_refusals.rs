//! What `salus claim simulate` refuses, by name: no chain can be reached.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::{documents_of_others, sample};
use serde_json::{json, Value};
use std::collections::BTreeSet;

const SIMULATE: &str = "claim simulate --plan @/plan.json --claim";

/// The sample's claim, changed at a JSON pointer.
fn changed(pointer: &str, to: Value) -> Result<Value> {
    let mut claim = sample("claim.json")?;
    *claim.pointer_mut(pointer).ok_or_else(|| pointer.to_owned())? = to;
    Ok(claim)
}

#[test]
fn every_wrong_claim_is_refused_with_its_element_and_the_reason() -> Result {
    let desk = Desk::off_line()?;
    let item = sample("claim.json")?["item"][0].clone();
    let many: Vec<Value> = (1..=51)
        .map(|sequence| {
            let mut item = item.clone();
            item["sequence"] = json!(sequence);
            item
        })
        .collect();
    let wrong = [
        ("/item/0/net/currency", json!("EUR"), "Claim.item[0].net.currency", "EUR"),
        ("/item/0/net/value", json!(-1), "Claim.item[0].net.value", "negative"),
        ("/item/1/net/value", json!(1e-13), "Claim.item[1].net.value", "12"),
        ("/item/0/net/value", json!(0), "Claim.item[0].net", ""),
        ("/item/0/net/value", json!("135.00"), "Claim.item[0].net.value", "number"),
        ("/total/value", json!(272.51), "Claim.total", ""),
        ("/item/0/category/coding/0/code", json!("99"), "Claim.item[0].category", "99"),
        ("/item/0/servicedDate", json!("2026-09"), "Claim.item[0].servicedDate", "day"),
        ("/item/2/quantity/value", json!(0), "Claim.item[2].quantity.value", ""),
        ("/item/2/quantity/value", json!(1.5), "Claim.item[2].quantity.value", ""),
        ("/item/1/sequence", json!(1), "Claim.item[1].sequence", ""),
        ("/item", json!(many), "Claim.item[50]", "50"),
        ("/item", json!([]), "Claim.item", ""),
        ("/status", json!("cancelled"), "Claim.status", "cancelled"),
        ("/use", json!("predetermination"), "Claim.use", "predetermination"),
        ("/payee/type/coding/0/code", json!("subscriber"), "Claim.payee.type", ""),
        ("/resourceType", json!("Patient"), "", "Claim"),
    ];
    for (pointer, to, path, reason) in wrong {
        std::fs::write(desk.file("wrong.json"), changed(pointer, to)?.to_string())?;
        let (code, said) = desk.salus(&format!("{SIMULATE} wrong.json"))?;
        assert_eq!((code, &said["error"]["code"]), (4, &json!("document")), "{pointer}: {said}");
        let message = said["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(path) && message.contains(reason), "{pointer}: {path} {reason}: {message}");
        assert_eq!(said["refused"][0]["reason"], said["error"]["message"], "{said}");
        assert_eq!((&said["claims"], said["refused"].as_array().map(Vec::len)), (&json!([]), Some(1)), "{said}");
    }
    Ok(())
}

#[test]
fn what_is_no_document_is_refused_by_name() -> Result {
    let desk = Desk::off_line()?;
    std::fs::write(desk.file("broken.json"), "{\"resourceType\": \"Claim\"")?;
    std::fs::write(desk.file("array.json"), "[]")?;
    std::fs::write(desk.file("binary.json"), [0xff, 0xfe, 0x00])?;
    std::fs::write(desk.file("deep.json"), format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)))?;
    std::fs::write(desk.file("empty-bundle.json"), r#"{"resourceType": "Bundle", "type": "collection"}"#)?;
    std::fs::File::create(desk.file("huge.json"))?.set_len(500_000_000)?;
    for file in ["broken.json", "array.json", "binary.json", "deep.json", "empty-bundle.json"] {
        let (code, said) = desk.salus(&format!("{SIMULATE} {file}"))?;
        assert_eq!((code, &said["error"]["code"]), (4, &json!("document")), "{file}: {said}");
        assert_eq!(said["refused"][0]["file"], file, "{said}");
    }
    for file in ["huge.json", "no-such-file.json"] {
        let (code, said) = desk.salus(&format!("{SIMULATE} {file}"))?;
        assert_eq!((code, &said["error"]["code"]), (4, &json!("file")), "{file}: {said}");
    }
    desk.refused("claim simulate --plan broken.json --claim @/claim.json", 4, "document")?;
    desk.refused("claim simulate --plan no-such-file.json --claim @/claim.json", 4, "file")?;
    desk.refused("claim simulate --plan @/plan.json", 2, "usage")?;
    desk.refused("claim simulate --claim @/claim.json", 2, "usage")?;
    desk.refused(&format!("{SIMULATE} @/claim.json --out-of-network"), 4, "input.network")?;
    desk.refused(&format!("{SIMULATE} @/claim.json --coverage @/claim.json"), 4, "document")
}

#[test]
fn one_refused_claim_of_several_is_named_and_keeps_no_other_back() -> Result {
    let desk = Desk::off_line()?;
    let wrong = changed("/item/0/net/currency", json!("EUR"))?;
    let mut named = wrong.clone();
    named["id"] = json!("in-euros");
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
        { "resource": named },
        { "resource": sample("claim-second.json")? },
        { "resource": { "resourceType": "Patient", "id": "rosa-marin" } },
    ] });
    std::fs::create_dir(desk.file("claims"))?;
    std::fs::write(desk.file("claims/1.json"), bundle.to_string())?;
    std::fs::write(desk.file("claims/2.json"), sample("claim.json")?.to_string())?;
    std::fs::write(desk.file("claims/3.json"), sample("coverage.json")?.to_string())?;
    let (code, said) = desk.salus(&format!("{SIMULATE} claims"))?;
    assert_eq!(code, 4, "{said}");
    assert_eq!(each(&said["claims"], "claim"), ["rosa-2026-09", "rosa-2026-10"]);
    assert_eq!(each(&said["refused"], "claim"), ["in-euros"]);
    assert_eq!(each(&said["refused"], "file"), ["claims/1.json"]);
    assert_eq!(said["passedOver"], json!([{ "file": "claims/3.json", "holds": "Coverage" }]));
    assert_eq!(said["total"]["payer"], "206000000000000");
    Ok(())
}

#[test]
fn of_a_folder_of_hl7_s_examples_each_file_is_accounted_for() -> Result {
    let desk = Desk::off_line()?;
    let Some(folder) = documents_of_others("fhir-r4") else { return Ok(()) };
    let files = std::fs::read_dir(&folder)?.count();
    let (code, said) = desk.salus(&format!("{SIMULATE} {}", folder.to_str().ok_or("a path that is text")?))?;
    assert_eq!(code, 4, "some of them are refused");
    let (claims, refused) = (each(&said["claims"], "file"), each(&said["refused"], "file"));
    let all: Vec<Value> = [claims.clone(), refused.clone(), each(&said["passedOver"], "file")].concat();
    let once: BTreeSet<&str> = all.iter().filter_map(Value::as_str).collect();
    assert_eq!((all.len(), once.len()), (files, files));
    let is_claim = |file: &Value| file.as_str().is_some_and(|file| file.contains("/Claim-"));
    assert!(claims.iter().chain(&refused).all(is_claim), "{said}");
    assert_eq!(each(&said["claims"], "claim"), ["100151", "660151", "760150", "960150"]);
    for one in said["refused"].as_array().ok_or("a list")? {
        let reason = one["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("Claim.") || one["code"] == "claims.DuplicateClaim", "{one}");
    }
    Ok(())
}

#[test]
fn the_same_number_is_refused_and_the_same_service_denied() -> Result {
    let desk = Desk::off_line()?;
    std::fs::write(desk.file("other-number.json"), changed("/identifier/0/value", json!("M-2026-0918"))?.to_string())?;
    let (code, said) = desk.salus(&format!("{SIMULATE} @/claim.json @/claim.json other-number.json"))?;
    assert_eq!((code, &said["error"]["code"]), (3, &json!("claims.DuplicateClaim")), "{said}");
    let claims = said["claims"].as_array().ok_or("claims")?;
    assert_eq!((claims.len(), said["refused"].as_array().map(Vec::len)), (2, Some(1)));
    for line in claims[1]["lines"].as_array().ok_or("lines")? {
        assert_eq!((&line["denied"], &line["reasons"]), (&json!(true), &json!(["duplicate"])));
        assert_eq!(line["adjustment"], line["submitted"], "the provider bears it: {line}");
    }
    Ok(())
}

#[test]
fn a_claim_without_prices_is_refused_unless_the_rest_of_the_total_counts_as_one() -> Result {
    let desk = Desk::off_line()?;
    let mut claim = sample("claim.json")?;
    for field in ["net", "unitPrice"] {
        claim["item"][0].as_object_mut().ok_or("an item")?.remove(field);
    }
    claim["item"][0]["encounter"] = json!([{ "reference": "Encounter/visit" }]);
    std::fs::write(desk.file("unpriced.json"), claim.to_string())?;
    desk.refused(&format!("{SIMULATE} unpriced.json"), 4, "document")?;
    let said = desk.done(&format!("{SIMULATE} unpriced.json --unpriced remainder"))?;
    assert_eq!(said["claims"][0]["lines"][0]["submitted"], "135000000000000");
    assert_eq!(each(&said["claims"][0]["assumed"], "path"), ["Claim.item[0].net"]);
    Ok(())
}

#[test]
fn what_a_bundle_says_of_its_claims_is_not_passed_over() -> Result {
    let desk = Desk::off_line()?;
    let bundle = |entry: Value| -> Result<Value> {
        let entries = [json!({ "resource": sample("claim-second.json")? }), entry];
        Ok(json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }))
    };
    let claim = || sample("claim.json");
    let modifier = json!([{ "url": "http://modifies" }]);
    let mut history = bundle(json!({ "resource": claim()? }))?;
    history["type"] = json!("history");
    let mut ruled = bundle(json!({ "resource": claim()? }))?;
    ruled["implicitRules"] = json!("http://rules");
    let mut modified = bundle(json!({ "resource": claim()? }))?;
    modified["modifierExtension"] = modifier.clone();
    for (bundle, path) in
        [(history, "Bundle.type"), (ruled, "Bundle.implicitRules"), (modified, "Bundle.modifierExtension")]
    {
        std::fs::write(desk.file("bundle.json"), bundle.to_string())?;
        let (code, said) = desk.salus(&format!("{SIMULATE} bundle.json"))?;
        assert_eq!((code, &said["claims"]), (4, &json!([])), "{path}: {said}");
        assert!(said["error"]["message"].as_str().is_some_and(|message| message.contains(path)), "{path}: {said}");
    }
    let mut wrong = claim()?;
    wrong["status"] = json!("draft");
    let nested = json!({ "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": claim()? }] });
    for (entry, path) in [
        (json!({ "resource": wrong }), "Bundle.entry[1].resource.status"),
        (json!({ "resource": claim()?, "modifierExtension": modifier }), "Bundle.entry[1].modifierExtension"),
        (
            json!({ "resource": claim()?, "request": { "method": "DELETE", "url": "Claim/1" } }),
            "Bundle.entry[1].request.method",
        ),
        (json!({ "request": { "method": "DELETE", "url": "Claim/1" } }), "Bundle.entry[1].request.method"),
        (json!({ "resource": nested }), "Bundle.entry[1].resource"),
    ] {
        std::fs::write(desk.file("bundle.json"), bundle(entry)?.to_string())?;
        let (code, said) = desk.salus(&format!("{SIMULATE} bundle.json"))?;
        assert_eq!((code, each(&said["claims"], "claim")), (4, vec![json!("rosa-2026-10")]), "{path}: {said}");
        assert_eq!(said["refused"].as_array().map(Vec::len), Some(1), "{path}: {said}");
        let reason = said["refused"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with(&format!("bundle.json: {path}: ")), "{path}: {reason}");
    }
    Ok(())
}

#[test]
fn a_number_that_is_used_twice_names_both_claims_and_their_files() -> Result {
    let desk = Desk::off_line()?;
    for (file, name) in [("first.json", "first"), ("second.json", "second")] {
        std::fs::write(desk.file(file), changed("/id", json!(name))?.to_string())?;
    }
    let (exit, said) = desk.salus(&format!("{SIMULATE} first.json second.json"))?;
    assert_eq!((exit, each(&said["refused"], "claim")), (3, vec![json!("second")]), "{said}");
    let reason = said["refused"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("second.json: ") && reason.ends_with("as claim first of first.json"), "{reason}");
    Ok(())
}

#[test]
fn a_coding_without_a_system_is_said_to_have_none() -> Result {
    let desk = Desk::off_line()?;
    let coding = json!([{ "code": "1" }]);
    std::fs::write(desk.file("claim.json"), changed("/item/0/category/coding", coding)?.to_string())?;
    let (exit, said) = desk.salus(&format!("{SIMULATE} claim.json"))?;
    let message = said["error"]["message"].as_str().unwrap_or_default();
    assert!(exit == 4 && message.contains("names no code system"), "{said}");
    Ok(())
}

#[test]
fn a_folder_without_claims_decides_nothing() -> Result {
    let desk = Desk::off_line()?;
    std::fs::create_dir(desk.file("none"))?;
    desk.refused(&format!("{SIMULATE} none"), 4, "input.claim")?;
    std::fs::write(desk.file("none/coverage.json"), sample("coverage.json")?.to_string())?;
    desk.refused(&format!("{SIMULATE} none"), 4, "input.claim")
}

#[test]
fn what_an_insurance_plan_states_can_be_tried_before_it_is_opened() -> Result {
    let desk = Desk::off_line()?;
    let simulate = "claim simulate --plan @/plan-bronze.json --claim @/claim.json --insurance-plan";
    let said = desk.done(&format!("{simulate} @/insurance-plan.json"))?;
    assert_eq!(said["plan"], sample("insurance-plan.json")?["name"]);
    desk.refused(&format!("{simulate} @/coverage.json"), 4, "document")
}
