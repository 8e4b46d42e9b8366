//! A provider's claims and what patients are told of them, as they type it.

mod desk;
mod practice;

use desk::{each, Result};
use practice::{id, Practice};
use serde_json::{json, Value};

/// Of each line, what goes where.
fn splits(lines: &Value) -> Vec<[Value; 5]> {
    let split =
        |line: &Value| ["submitted", "adjustment", "payer", "patient", "reasons"].map(|field| line[field].clone());
    lines.as_array().into_iter().flatten().map(split).collect()
}

/// The amount of a category of a FHIR resource's totals.
fn total(resource: &Value, category: &str) -> Option<f64> {
    let is_it =
        |one: &&Value| one["category"]["coding"].as_array().into_iter().flatten().any(|code| code["code"] == category);
    resource["total"].as_array().into_iter().flatten().find(is_it)?["amount"]["value"].as_f64()
}

#[test]
fn a_claim_that_is_submitted_again_is_shown_and_not_submitted() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let planned = desk.done("claim submit @/claim.json --plan 0 --suri //Charlie --dry-run")?;
    assert_eq!((&planned["dryRun"], &planned["changed"]), (&json!(true), &json!(true)));
    desk.refused(&format!("claim show {}", id(&planned)?), 4, "input.claim")?;
    let first = practice.submits()?;
    assert_eq!((&first["status"], &first["changed"]), (&json!("adjudicated"), &json!(true)));
    assert_eq!((id(&planned)?, splits(&planned["lines"])), (id(&first)?, splits(&first["lines"])));
    let again = practice.submits()?;
    assert_eq!((&again["changed"], &again["evidence"]), (&json!(false), &Value::Null));
    assert_eq!(
        (id(&again)?, splits(&again["lines"]), &again["total"]),
        (id(&first)?, splits(&first["lines"]), &first["total"])
    );
    desk.done(&format!("claim settle {} --suri //Eve", id(&first)?))?;
    assert_eq!(practice.submits()?["status"], "settled");

    let mut other = desk.sample("claim.json")?;
    other["item"].as_array_mut().ok_or("items")?.truncate(1);
    other["total"]["value"] = json!(135);
    practice.write("other.json", &other)?;
    desk.refused("claim submit other.json --plan 0 --suri //Charlie", 3, "claims.DuplicateClaim")?;
    let settled = desk.done(&format!("claim show {} --lines", id(&first)?))?;
    assert_eq!(each(&settled["history"], "what"), ["adjudicated", "settled"], "{settled}");
    desk.refused("claim submit @/claim.json --plan 7 --suri //Charlie", 4, "input.plan")?;
    desk.refused("claim submit @/claim.json --plan 0 --suri //Eve", 4, "document.otherParty")
}

#[test]
fn what_was_simulated_and_asked_before_is_what_the_contract_decides() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let simulated = desk.done(
        "claim simulate --plan @/plan.json --coverage @/coverage.json --claim @/claim.json @/claim-second.json",
    )?;
    let ask = |claim: &str| desk.done(&format!("claim eligibility --plan 0 --claim @/{claim}"));
    for (place, claim) in ["claim.json", "claim-second.json"].into_iter().enumerate() {
        let asked = ask(claim)?;
        assert_eq!((&asked["covered"], &asked["quote"]["basis"]), (&json!(true), &json!("dry-run")));
        let decided = desk.done(&format!("claim submit @/{claim} --plan 0 --suri //Charlie"))?;
        assert_eq!(splits(&simulated["claims"][place]["lines"]), splits(&decided["lines"]), "{claim}");
        assert_eq!(
            (splits(&asked["quote"]["lines"]), &asked["quote"]["claim"]),
            (splits(&decided["lines"]), &decided["claim"])
        );
    }
    let left = |said: &Value| each(&said["limits"], "left");
    let after = desk.done("claim eligibility --plan 0 --member Patient/rosa-marin")?;
    assert_eq!(left(&after), left(&simulated));
    desk.refused("claim eligibility --plan 0 --claim @/claim.json", 3, "claims.DuplicateClaim")
}

#[test]
fn who_asks_before_a_treatment_is_told_what_the_patient_would_owe() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let never = desk.done("claim eligibility --plan 0 --member Practitioner/dr-adams")?;
    assert_eq!((&never["covered"], &never["coverage"], &never["limits"]), (&json!(false), &Value::Null, &json!([])));
    let mut coverage = desk.sample("coverage.json")?;
    let last: jiff::civil::Date = coverage["period"]["end"].as_str().ok_or("an end")?.parse()?;
    let after = last.tomorrow()?;
    let over = desk.done(&format!("claim eligibility --plan 0 --member Patient/rosa-marin --day {after}"))?;
    let end = json!(format!("{after}T00:00:00Z"));
    assert_eq!((&over["covered"], &over["coverage"]["period"]["end"]), (&json!(false), &end));

    // Days to come: the same rules, computed here.
    let mut planned = desk.sample("claim.json")?;
    let served = planned["item"][0]["servicedDate"].as_str().ok_or("a day")?.to_owned();
    coverage["period"] = json!({ "start": "2098-01-01", "end": "2098-12-31" });
    practice.write("coming.json", &coverage)?;
    desk.done("plan cover 0 coming.json --suri //Eve")?;
    for (item, day) in ["2098-12-30", "2098-12-30", "2098-12-31"].iter().enumerate() {
        planned["item"][item]["servicedDate"] = json!(day);
    }
    practice.write("planned.json", &planned)?;
    let asked = desk.done("claim eligibility --plan 0 --claim planned.json")?;
    assert_eq!((&asked["quote"]["basis"], &asked["day"]), (&json!("prediction"), &json!("2098-12-30")));
    let now = desk.done("claim eligibility --plan 0 --claim @/claim.json")?;
    assert_eq!(now["quote"]["basis"], "dry-run");
    assert_eq!(splits(&asked["quote"]["lines"]), splits(&now["quote"]["lines"]));
    assert_eq!(asked["quote"]["total"]["patient"], "145000000000000");

    // Whoever the provider is: one without a token, too.
    let mut strange = desk.sample("claim.json")?;
    strange["provider"]["reference"] = json!("Practitioner/strange");
    practice.write("strange.json", &strange)?;
    let mut directory = desk.sample("directory.json")?;
    directory["Practitioner/strange"] = json!({ "account": desk.account("strange")? });
    practice.write("directory.json", &directory)?;
    let asked = desk.done("claim eligibility --plan 0 --claim strange.json --directory directory.json")?;
    assert_eq!(
        (&asked["quote"]["basis"], splits(&asked["quote"]["lines"])),
        (&json!("prediction"), splits(&now["quote"]["lines"]))
    );

    let fhir = "claim eligibility --plan 0 --member Patient/rosa-marin --provider Practitioner/dr-adams --fhir --day";
    let response = desk.done(&format!("{fhir} {served}"))?;
    assert_eq!(
        (&response["resourceType"], &response["insurance"][0]["inforce"]),
        (&json!("CoverageEligibilityResponse"), &json!(true))
    );
    assert_eq!(response["patient"]["reference"], "Patient/rosa-marin");
    assert_eq!(desk.done(&format!("{fhir} 2020-01-01"))?["insurance"][0]["inforce"], false);
    desk.refused("claim eligibility --plan 0 --member Patient/rosa-marin --fhir", 2, "usage")?;
    desk.refused("claim eligibility --plan 0", 2, "usage")?;
    desk.refused(
        "claim eligibility --plan 0 --claim @/claim.json --member Practitioner/dr-adams",
        4,
        "document.otherParty",
    )
}

#[test]
fn a_claim_that_waits_for_money_is_corrected_or_withdrawn_or_tried_again() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let waiting = practice.submits()?;
    let claim = id(&waiting)?;
    assert_eq!(waiting["status"], "awaits-funds");
    assert_eq!(waiting["total"]["payer"], "75000000000000", "what it would pay");
    desk.refused(&format!("claim retry {claim} --suri //Charlie"), 3, "claims.PoolTooSmall")?;
    desk.refused(&format!("claim withdraw {claim} --suri //Eve"), 3, "claims.NotProvider")?;
    let told = desk.done(&format!("claim explain {claim}"))?;
    assert!(told["text"].as_str().is_some_and(|text| text.contains("waiting") && text.contains("USD 75.00")), "{told}");
    assert_eq!(desk.done(&format!("claim explain {claim} --fhir eob"))?["outcome"], "queued");
    let shown = desk.done(&format!("claim show {claim} --lines"))?;
    assert_eq!(
        (&shown["status"], &shown["lines"], &shown["decided"]),
        (&json!("awaits-funds"), &Value::Null, &Value::Null)
    );

    let again = practice.submits()?;
    assert_eq!(
        (&again["changed"], &again["status"], &again["total"]),
        (&json!(false), &json!("awaits-funds"), &waiting["total"])
    );

    // Corrected: the same number, another charge.
    let mut corrected = desk.sample("claim.json")?;
    corrected["item"].as_array_mut().ok_or("items")?.truncate(2);
    corrected["total"]["value"] = json!(177.5);
    practice.write("corrected.json", &corrected)?;
    let again = desk.done("claim submit corrected.json --plan 0 --suri //Charlie")?;
    assert_eq!(
        (id(&again)?, &again["status"], &again["changed"]),
        (claim.clone(), &json!("awaits-funds"), &json!(true))
    );
    desk.done("plan fund 0 100 --suri //Eve")?;
    let decided = desk.done(&format!("claim retry {claim} --suri //Ferdie"))?;
    assert_eq!((&decided["status"], &decided["total"]["payer"]), (&json!("adjudicated"), &json!("27000000000000")));
    desk.refused(&format!("claim withdraw {claim} --suri //Charlie"), 3, "claims.NotPended")?;
    desk.refused(&format!("claim retry {claim} --suri //Charlie"), 3, "claims.NotPended")?;
    let history = desk.done(&format!("claim show {claim} --lines"))?;
    assert_eq!(each(&history["history"], "what"), ["awaits-funds", "awaits-funds", "adjudicated"]);

    // The second waits again, as the pool has 73 left and the plan would pay 131; withdrawn, its number is free.
    let second = desk.done("claim submit @/claim-second.json --plan 0 --suri //Charlie")?;
    assert_eq!(second["status"], "awaits-funds");
    let second = id(&second)?;
    assert_eq!(desk.done(&format!("claim withdraw {second} --suri //Charlie --dry-run"))?["dryRun"], true);
    desk.done(&format!("claim withdraw {second} --suri //Charlie"))?;
    desk.refused(&format!("claim show {second}"), 4, "input.claim")?;
    assert_eq!(each(&desk.done("claim list")?["claims"], "claim"), [json!(claim)]);
    Ok(())
}

#[test]
fn the_second_insurer_decides_in_the_same_transaction_or_later_and_once() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    practice.second_plan(1000)?;
    let both = desk.done("claim submit @/claim.json --plan 0 --secondary 1 --suri //Charlie")?;
    let second = &both["secondary"];
    assert_eq!((&second["plan"], &second["status"]), (&json!(1), &json!("adjudicated")));
    assert_eq!(second["total"]["priorPayer"], both["total"]["payer"]);
    let paid = each(&second["lines"], "payer");
    // The first left 110.00, 3.00 and 32.00; of its own the second would pay 72.00, 27.00 and 48.00.
    assert_eq!(paid, ["72000000000000", "3000000000000", "32000000000000"]);
    let again = desk.done("claim submit @/claim.json --plan 0 --secondary 1 --suri //Charlie")?;
    assert_eq!((&again["changed"], &again["secondary"]), (&json!(false), second));

    let first = desk.done("claim submit @/claim-second.json --plan 0 --suri //Charlie")?;
    assert_eq!(first["secondary"], Value::Null);
    let pass_on = format!("claim pass-on {} --plan 1", id(&first)?);
    desk.refused(&format!("{pass_on} --suri //Eve"), 3, "claims.NotProvider")?;
    assert_eq!(desk.done(&format!("{pass_on} --suri //Charlie --dry-run"))?["dryRun"], true);
    let passed_on = desk.done(&format!("{pass_on} --suri //Charlie"))?;
    assert_eq!((&passed_on["changed"], &passed_on["prior"]), (&json!(true), &first["claim"]));
    assert_eq!(passed_on["total"]["priorPayer"], first["total"]["payer"]);
    let repeated = desk.done(&format!("{pass_on} --suri //Charlie"))?;
    assert_eq!(
        (&repeated["changed"], &repeated["claim"], &repeated["total"]),
        (&json!(false), &passed_on["claim"], &passed_on["total"])
    );
    let shown = desk.done(&format!("claim show {}", id(&passed_on)?))?;
    assert_eq!((&shown["prior"], &shown["plan"]), (&first["claim"], &json!(1)));
    assert_eq!(desk.done(&format!("claim show {}", id(&first)?))?["passedOn"], true);

    let all = desk.done("claim list --provider Practitioner/dr-adams")?;
    assert_eq!(each(&all["claims"], "plan"), [0, 1, 0, 1]);
    assert_eq!(
        each(&desk.done("claim list --plan 1")?["claims"], "claim"),
        [second["claim"].clone(), passed_on["claim"].clone()]
    );
    assert_eq!(desk.done("claim list --status settled")?["claims"], json!([]));
    assert_eq!(desk.done("claim list --member Practitioner/dr-adams")?["claims"], json!([]));
    Ok(())
}

#[test]
fn what_the_second_insurer_has_no_money_for_waits_and_is_told_as_it_would_be() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    practice.second_plan(0)?;
    let first = practice.submits()?;
    let unpassed = desk.done("claim submit @/claim.json --plan 0 --secondary 1 --suri //Charlie")?;
    assert_eq!((&unpassed["changed"], &unpassed["secondary"]), (&json!(false), &Value::Null));
    let pass_on = format!("claim pass-on {} --plan 1 --suri //Charlie", id(&first)?);
    let waiting = desk.done(&pass_on)?;
    assert_eq!((&waiting["status"], &waiting["total"]["payer"]), (&json!("awaits-funds"), &json!("107000000000000")));
    let again = desk.done(&pass_on)?;
    assert_eq!((&again["changed"], splits(&again["lines"])), (&json!(false), splits(&waiting["lines"])));
    let told = desk.done(&format!("claim explain {}", id(&waiting)?))?;
    assert_eq!(told["total"], waiting["total"]);
    desk.done("plan fund 1 200 --suri //Eve")?;
    let decided = desk.done(&format!("claim retry {} --suri //Charlie", id(&waiting)?))?;
    assert_eq!(splits(&decided["lines"]), splits(&waiting["lines"]));
    desk.refused("claim submit @/claim.json --plan 1 --suri //Charlie", 3, "claims.DuplicateClaim")
}

#[test]
fn what_needs_authorisation_waits_and_is_foretold_with_it() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let mut plan = desk.sample("plan.json")?;
    plan["exceptions"][0]["authorisation"] = json!(true);
    practice.write("strict.json", &plan)?;
    let last = practice.two_years()?;
    practice.plan(1, "strict.json", 1000, "two-years.json")?;
    let mut planned = desk.sample("claim.json")?;
    for item in planned["item"].as_array_mut().ok_or("items")? {
        item["servicedDate"] = json!(last.to_string());
    }
    practice.write("planned.json", &planned)?;
    let quote = |claim: &str| -> Result<Value> {
        Ok(desk.done(&format!("claim eligibility --plan 1 --claim {claim}"))?["quote"].clone())
    };
    for (claim, basis) in [("@/claim.json", "dry-run"), ("planned.json", "prediction")] {
        let before = quote(claim)?;
        assert_eq!((&before["basis"], &before["status"]), (&json!(basis), &json!("awaits-authorisation")));
        assert_eq!(each(&before["lines"], "pended"), [false, true, false]);
    }
    let procedure = "1 --member Patient/rosa-marin --provider Practitioner/dr-adams \
                     --code http://www.ama-assn.org/go/cpt|83036";
    desk.done(&format!("authorisation grant {procedure} --quantity 1 --until 2098-01-01T00:00:00Z --suri //Eve"))?;
    for claim in ["@/claim.json", "planned.json"] {
        let after = quote(claim)?;
        assert_eq!((&after["status"], &after["total"]["payer"]), (&json!("adjudicated"), &json!("75000000000000")));
    }
    Ok(())
}

#[test]
fn the_patient_is_told_what_was_billed_and_what_is_owed_and_why() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("claim settle {claim} --suri //Eve"))?;
    let told = desk.done(&format!("claim explain {claim}"))?;
    let text = told["text"].as_str().ok_or("a text")?;
    for part in ["USD 272.50 was billed", "USD 75.00", "USD 145.00", "USD 52.50"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        told["lines"][0]["text"].as_str().is_some_and(|text| text.contains("USD 100.00 is your deductible")),
        "{told}"
    );
    assert_eq!(
        (&told["lines"][0]["code"], each(&told["lines"], "line")),
        (&Value::Null, vec![json!(1), json!(2), json!(3)])
    );
    assert!(told["lines"][0]["tag"].as_str().is_some_and(|tag| tag.len() == 34), "{told}");

    let named = desk.done(&format!("claim explain {claim} --claim @/claim.json"))?;
    assert_eq!(each(&named["lines"], "code"), ["99213", "83036", "71046"]);
    let wrong = format!("claim explain {claim} --claim @/claim-second.json");
    desk.refused(&wrong, 4, "document.otherClaim")?;
    let mut other = desk.sample("claim.json")?;
    other["item"][0]["productOrService"]["coding"][0]["code"] = json!("99214");
    practice.write("other.json", &other)?;
    desk.refused(&format!("claim explain {claim} --claim other.json"), 4, "document.otherClaim")?;

    let benefit = desk.done(&format!("claim explain {claim} --claim @/claim.json --fhir eob"))?;
    assert_eq!((&benefit["resourceType"], &benefit["outcome"]), (&json!("ExplanationOfBenefit"), &json!("complete")));
    assert_eq!((total(&benefit, "benefit"), total(&benefit, "memberliability")), (Some(75.0), Some(145.0)));
    assert_eq!(benefit["item"][0]["productOrService"]["coding"][0]["code"], "99213");
    assert_eq!(benefit["insurer"]["reference"], "Organization/unity-insurance");
    assert_eq!(benefit["payment"]["amount"]["value"].as_f64(), Some(75.0));
    let response = desk.done(&format!("claim explain {claim} --fhir claim-response"))?;
    assert_eq!((&response["resourceType"], total(&response, "submitted")), (&json!("ClaimResponse"), Some(272.5)));
    // What an insurer's answer says is what the next insurer counts as paid before.
    practice.write("response.json", &response)?;
    let next = desk.done("claim simulate --plan @/plan.json --claim @/claim.json --prior response.json")?;
    assert_eq!(next["total"]["priorPayer"], "75000000000000");
    desk.refused(&format!("claim explain {claim} --fhir eob --currency UNITS"), 4, "input.notExplained")?;
    desk.refused(&format!("claim explain {}", "00".repeat(32)), 4, "input.claim")?;
    desk.refused("claim explain 7", 2, "usage")
}

#[test]
fn who_has_no_consent_is_not_paid_and_the_patient_owes_nothing() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    desk.done("consent revoke-all --suri //Dave")?;
    let decided = practice.submits()?;
    assert_eq!(each(&decided["lines"], "reasons"), vec![json!(["no-consent"]); 3]);
    assert_eq!((&decided["total"]["payer"], &decided["total"]["patient"]), (&json!("0"), &json!("0")));
    let told = desk.done(&format!("claim explain {}", id(&decided)?))?;
    assert!(told["lines"][0]["text"].as_str().is_some_and(|text| text.contains("not allowed the insurer")), "{told}");
    Ok(())
}

#[test]
fn a_claim_is_explained_as_of_the_kind_that_it_says() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let mut claim = desk.sample("claim.json")?;
    claim["type"]["coding"][0]["code"] = json!("institutional");
    practice.write("institutional.json", &claim)?;
    let submitted = id(&desk.done("claim submit institutional.json --plan 0 --suri //Charlie")?)?;
    let kind = |options: &str| -> Result<Value> {
        let said = desk.done(&format!("claim explain {submitted} --fhir eob {options}"))?;
        Ok(said["type"]["coding"][0]["code"].clone())
    };
    assert_eq!((kind("--claim institutional.json")?, kind("")?), (json!("institutional"), json!("professional")));
    claim["type"]["coding"][0]["system"] = json!("http://kinds");
    practice.write("other-kind.json", &claim)?;
    desk.refused("claim submit other-kind.json --plan 0 --suri //Charlie", 4, "document")
}
