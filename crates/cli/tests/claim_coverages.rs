//! Which coverage and which plan decide in `salus claim simulate`: no chain can be reached.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::sample;
use serde_json::{json, Value};

const SIMULATE: &str = "claim simulate --plan @/plan.json --claim @/claim.json --coverage";

/// The sample's coverage with some elements set, in a file.
fn write(desk: &Desk, file: &str, elements: Value) -> Result {
    let mut coverage = sample("coverage.json")?;
    for (name, value) in elements.as_object().ok_or("elements")? {
        coverage[name] = value.clone();
    }
    Ok(std::fs::write(desk.file(file), coverage.to_string())?)
}

/// Of a coverage that began in August: the plan makes its members wait.
fn late() -> Value {
    json!({ "start": "2026-08-20", "end": "2026-12-31" })
}

fn reasons(said: &Value) -> Value {
    said["claims"][0]["lines"][0]["reasons"].clone()
}

#[test]
fn whom_no_coverage_is_about_is_named_and_has_no_limits() -> Result {
    let desk = Desk::off_line()?;
    let other = json!({ "reference": "Patient/somebody-else" });
    write(&desk, "other.json", json!({ "beneficiary": other, "subscriber": other }))?;
    let ask = format!("{SIMULATE} other.json");
    let said = desk.done(&ask)?;
    assert_eq!((&said["claims"][0]["uncovered"], &said["limits"]), (&json!(true), &json!([])));
    assert_eq!(reasons(&said), json!(["coverage-inactive"]));
    let words = desk.words(&ask)?;
    assert!(words.contains("\n  no coverage given is about Patient/rosa-marin\n"), "{words}");
    assert!(!words.contains("\nlimits\n"), "{words}");

    let covered = desk.done(&format!("{SIMULATE} other.json @/coverage.json"))?;
    assert_eq!(
        (&covered["claims"][0]["uncovered"], reasons(&covered)[0].clone()),
        (&json!(false), json!("fee-schedule"))
    );
    let granted = desk.done("claim simulate --plan @/plan.json --claim @/claim.json")?;
    assert_eq!(granted["claims"][0]["uncovered"], false);
    Ok(())
}

#[test]
fn of_several_coverages_in_force_the_claim_s_own_decides_in_whichever_order() -> Result {
    let desk = Desk::off_line()?;
    write(&desk, "late.json", json!({ "id": "late", "period": late() }))?;
    for files in ["late.json @/coverage.json", "@/coverage.json late.json"] {
        assert_eq!(reasons(&desk.done(&format!("{SIMULATE} {files}"))?)[0], "fee-schedule", "{files}");
    }
    let mut claim = sample("claim.json")?;
    for (named, reason) in [
        ("Coverage/late", "waiting-period"),
        ("https://unity.example/Coverage/late/_history/2", "waiting-period"),
        ("Coverage/rosa-unity", "fee-schedule"),
    ] {
        claim["insurance"][0]["coverage"]["reference"] = json!(named);
        std::fs::write(desk.file("claim.json"), claim.to_string())?;
        let said =
            desk.done("claim simulate --plan @/plan.json --claim claim.json --coverage late.json @/coverage.json")?;
        assert_eq!(reasons(&said)[0], reason, "{named}");
    }
    // Given twice, it is still one.
    desk.done(&format!("{SIMULATE} @/coverage.json @/coverage.json"))?;
    Ok(())
}

#[test]
fn a_claim_that_does_not_say_which_of_several_coverages_counts_is_refused() -> Result {
    let desk = Desk::off_line()?;
    write(&desk, "late.json", json!({ "id": "late", "period": late() }))?;
    write(&desk, "own.json", json!({ "id": "own" }))?;
    let ask = format!("{SIMULATE} late.json own.json");
    desk.refused(&ask, 4, "input.coverage")?;
    let (_, said) = desk.salus(&ask)?;
    let message = said["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("late (late.json), own (own.json)"), "{message}");
    assert!(message.contains("Patient/rosa-marin"), "{message}");

    // Of two insurers' coverages, that of the claim's insurer decides.
    write(
        &desk,
        "late.json",
        json!({ "payor": [{ "reference": "Organization/other" }], "id": "late", "period": late() }),
    )?;
    assert_eq!(reasons(&desk.done(&ask)?)[0], "fee-schedule");
    // What is passed on to the plan was made under another coverage, to another insurer.
    desk.refused(&format!("{ask} --primary @/plan.json"), 4, "input.coverage")
}

#[test]
fn a_claim_names_a_coverage_by_the_url_of_its_entry_or_by_an_identifier_too() -> Result {
    let desk = Desk::off_line()?;
    let (url, number) = ("urn:uuid:7d6c2f0e-0000-4000-8000-000000000001", "https://unity.example/certificates");
    let mut late = sample("coverage.json")?;
    (late["id"], late["period"]) = (json!("late"), self::late());
    late["identifier"] = json!([{ "system": number, "value": "late" }]);
    let mut own = sample("coverage.json")?;
    own["id"] = json!("own");
    let mut claim = sample("claim.json")?;
    for (named, reason) in [
        (json!({ "reference": url }), "waiting-period"),
        (json!({ "identifier": { "system": number, "value": "late" } }), "waiting-period"),
        (json!({ "identifier": { "system": number, "value": "UN-77-1024" } }), "fee-schedule"),
    ] {
        claim["insurance"][0]["coverage"] = named;
        let entries = json!([{ "resource": claim }, { "fullUrl": url, "resource": late }, { "resource": own }]);
        let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
        std::fs::write(desk.file("all.json"), bundle.to_string())?;
        let said = desk.done("claim simulate --plan @/plan.json --claim all.json --coverage all.json")?;
        assert_eq!(reasons(&said)[0], reason, "{claim}");
    }
    Ok(())
}

#[test]
fn no_plan_books_a_claim_that_a_plan_behind_it_refuses() -> Result {
    let desk = Desk::off_line()?;
    write(&desk, "first.json", json!({ "id": "first", "period": { "start": "2026-01-01", "end": "2026-07-31" } }))?;
    write(&desk, "then.json", json!({ "id": "then", "period": { "start": "2026-07-01", "end": "2026-12-31" } }))?;
    // Of the same number, and under both coverages.
    let mut claim = sample("claim.json")?;
    claim["id"] = json!("july");
    for item in claim["item"].as_array_mut().ok_or("items")? {
        item["servicedDate"] = json!("2026-07-15");
    }
    std::fs::write(desk.file("july.json"), claim.to_string())?;
    let ask = "claim simulate --plan @/plan-bronze.json --primary @/plan.json --coverage first.json then.json \
               --authorised --claim @/claim.json";
    let alone = desk.done(ask)?;
    let (exit, both) = desk.salus(&format!("{ask} july.json"))?;
    assert_eq!((exit, &both["error"]["code"]), (4, &json!("input.coverage")), "{both}");
    assert_eq!(each(&both["refused"], "claim"), ["july"]);
    for field in ["claims", "total", "limits"] {
        assert_eq!(both[field], alone[field], "{field}");
    }
    Ok(())
}

#[test]
fn the_coverage_of_another_insurer_is_refused() -> Result {
    let desk = Desk::off_line()?;
    let payor = |reference: Value| json!({ "payor": [reference] });
    for other in ["Organization/mercy-hospital", "Organization/nobody-knows"] {
        write(&desk, "other.json", payor(json!({ "reference": other })))?;
        desk.refused(&format!("{SIMULATE} other.json"), 4, "document.otherParty")?;
    }
    desk.done(&format!("{SIMULATE} other.json --primary @/plan.json"))?;
    let identifier = json!({ "system": "https://unity.example/payors", "value": "unity" });
    write(&desk, "same.json", payor(json!({ "identifier": identifier })))?;
    desk.done(&format!("{SIMULATE} same.json"))?;
    // Without a directory it cannot be told who is meant.
    let unlisted = desk.command(&format!("{SIMULATE} same.json"))?.env_remove("SALUS_DIRECTORY").output()?;
    assert!(unlisted.status.success(), "{}", String::from_utf8_lossy(&unlisted.stderr));
    Ok(())
}

#[test]
fn coverages_are_read_from_bundles_and_folders_too() -> Result {
    let desk = Desk::off_line()?;
    let entries = [json!({ "resourceType": "Patient", "id": "rosa-marin" }), sample("coverage.json")?];
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "collection",
        "entry": entries.map(|resource| json!({ "resource": resource })),
    });
    std::fs::create_dir(desk.file("members"))?;
    std::fs::write(desk.file("members/bundle.json"), bundle.to_string())?;
    std::fs::write(desk.file("members/claim.json"), sample("claim.json")?.to_string())?;
    let single = desk.done(&format!("{SIMULATE} @/coverage.json"))?;
    let bundled = desk.done(&format!("{SIMULATE} members/bundle.json"))?;
    assert_eq!((&bundled["claims"], &bundled["limits"]), (&single["claims"], &single["limits"]));
    let folder = desk.done(&format!("{SIMULATE} members"))?;
    assert_eq!((&folder["claims"], each(&folder["passedOver"], "holds")), (&single["claims"], vec![json!("Claim")]));
    std::fs::remove_file(desk.file("members/bundle.json"))?;
    desk.refused(&format!("{SIMULATE} members"), 4, "input.coverage")?;
    desk.refused(&format!("{SIMULATE} @/claim.json"), 4, "document")
}

#[test]
fn an_insurance_plan_with_several_plans_says_what_to_do() -> Result {
    let desk = Desk::off_line()?;
    let mut several = sample("insurance-plan.json")?;
    let plan = several["plan"][0].clone();
    several["plan"].as_array_mut().ok_or("plans")?.push(plan);
    std::fs::write(desk.file("several.json"), several.to_string())?;
    let ask = "claim simulate --plan @/plan-bronze.json --claim @/claim.json --insurance-plan several.json";
    let (exit, said) = desk.salus(ask)?;
    assert_eq!((exit, &said["error"]["code"]), (4, &json!("document")), "{said}");
    assert_eq!(said["error"]["nextStep"], "leave only that one in the document");
    Ok(())
}
