//! What a coverage is worth, asked by a CoverageEligibilityRequest.

mod desk;
mod practice;

use desk::{each, Result};
use practice::Practice;
use serde_json::{json, Value};

#[test]
fn a_request_about_eligibility_is_answered_in_words_and_as_fhir() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let ask = "claim eligibility --plan 0 --request";
    let said = desk.done(&format!("{ask} @/eligibility-request.json"))?;
    let serviced = desk.sample("eligibility-request.json")?["servicedDate"].clone();
    assert_eq!((&said["day"], &said["covered"]), (&serviced, &json!(true)));
    assert_eq!(said["request"], "CoverageEligibilityRequest/rosa-2026-11");
    let quote = &said["quote"];
    assert_eq!((each(&quote["lines"], "line"), &quote["claim"]), (vec![json!(1), json!(2)], &Value::Null));
    // Two tests at 42.50 are allowed 30.00 each, of which 10 % is the patient's; the visit is as in the first claim.
    assert_eq!(each(&quote["lines"], "patient"), ["110000000000000", "6000000000000"]);
    assert_eq!((&said["notPredicted"], &quote["assumed"]), (&json!([]), &json!([])));

    let mut request = desk.sample("eligibility-request.json")?;
    request["item"][0].as_object_mut().ok_or("an item")?.remove("unitPrice");
    request["item"][1].as_object_mut().ok_or("an item")?.remove("category");
    request.as_object_mut().ok_or("a request")?.remove("provider");
    practice.write("bare.json", &request)?;
    let bare = desk.done(&format!("{ask} bare.json --provider Practitioner/dr-adams"))?;
    assert_eq!((each(&bare["quote"]["lines"], "line"), &bare["notPredicted"]), (vec![json!(2)], &json!([1])));
    assert_eq!(each(&bare["quote"]["assumed"], "path"), ["CoverageEligibilityRequest.item[1].category"]);
    desk.refused(&format!("{ask} bare.json"), 2, "usage")?;
    request.as_object_mut().ok_or("a request")?.remove("item");
    practice.write("whole.json", &request)?;
    assert_eq!(desk.done(&format!("{ask} whole.json"))?["quote"], Value::Null);

    let response = desk.done(&format!("{ask} @/eligibility-request.json --fhir"))?;
    assert_eq!(response["request"], json!({ "reference": "CoverageEligibilityRequest/rosa-2026-11" }));
    assert_eq!(
        (
            &response["patient"]["reference"],
            &response["insurance"][0]["coverage"]["reference"],
            &response["servicedDate"]
        ),
        (&json!("Patient/rosa-marin"), &json!("Coverage/rosa-unity"), &serviced)
    );
    request.as_object_mut().ok_or("a request")?.remove("id");
    practice.write("unnamed.json", &request)?;
    let unnamed = format!("{ask} unnamed.json --fhir --provider Practitioner/dr-adams");
    desk.refused(&unnamed, 4, "document.unnamed")?;
    request["identifier"] = json!([{ "system": "urn:asked", "value": "7" }]);
    practice.write("unnamed.json", &request)?;
    assert_eq!(desk.done(&unnamed)?["request"]["identifier"], json!({ "system": "urn:asked", "value": "7" }));
    Ok(())
}

#[test]
fn options_that_contradict_a_request_are_refused_by_name() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let ask = "claim eligibility --plan 0 --request @/eligibility-request.json";
    let day = desk.sample("eligibility-request.json")?["servicedDate"].as_str().ok_or("a day")?.to_owned();
    desk.done(&format!("{ask} --member Patient/rosa-marin --provider Practitioner/dr-adams --day {day}"))?;
    for (options, exit, code) in [
        ("--member Practitioner/dr-adams", 4, "document.otherParty"),
        ("--provider Patient/rosa-marin", 4, "document.otherParty"),
        ("--day 2020-01-01", 4, "document.otherDay"),
        ("--currency EUR", 4, "document"),
        ("--claim @/claim.json", 2, "usage"),
        ("--id-system urn:x", 2, "usage"),
    ] {
        for fhir in ["", "--fhir"].into_iter().filter(|fhir| fhir.is_empty() || exit == 4) {
            desk.refused(&format!("{ask} {options} {fhir}"), exit, code)?;
        }
    }
    let mut request = desk.sample("eligibility-request.json")?;
    request["insurer"]["reference"] = json!("Organization/mercy-hospital");
    practice.write("other.json", &request)?;
    desk.refused("claim eligibility --plan 0 --request other.json", 4, "document.otherParty")
}
