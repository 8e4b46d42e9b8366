//! An insurer's plans, as it types them: terms, fees, money, network, members, authorisations.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::{sample, Practice, BOB};
use salus_client::bundle::Bundle;
use salus_client::contracts::TokenError;
use salus_client::{deployment, signer, Chain};
use serde_json::{json, Value};
use std::path::Path;

/// Whole tokens of 12 decimals, as JSON has them.
fn tokens(count: u128) -> Value {
    json!((count * 1_000_000_000_000).to_string())
}

#[test]
fn a_plan_is_opened_and_shown_and_its_terms_and_fees_are_replaced() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    let open = format!("plan open @/plan.json --arbiter {BOB} --suri //Eve");
    let planned = desk.done(&format!("{open} --dry-run"))?;
    assert_eq!((&planned["plan"], &planned["fees"]), (&json!(0), &json!(3)));
    desk.refused("plan show 0", 4, "input.plan")?;
    let opened = desk.done(&open)?;
    assert_eq!((&opened["arbiter"], &opened["remaining"], &opened["feePages"]), (&json!(BOB), &json!(0), &json!(1)));
    let shown = desk.done("plan show 0")?;
    assert_eq!((&shown["version"], &shown["frozen"], &shown["lossRatio"]), (&json!(0), &json!(false), &Value::Null));
    assert_eq!(shown["terms"]["deadlinesMs"]["settlement"], json!(14 * 86_400_000));

    let mut plan = sample("plan.json")?;
    plan["fees"][0]["amount"] = json!("120.00");
    plan["deadlines"]["settlementDays"] = json!(7);
    std::fs::write(desk.file("revised.json"), plan.to_string())?;
    let planned = desk.done("plan fees 0 revised.json --suri //Eve --dry-run")?;
    assert_eq!((&planned["changed"], each(&planned["forecast"], "fee").len()), (&json!(1), 1));
    desk.refused("plan fees 0 revised.json --suri //Charlie --dry-run", 3, "claims.NotInsurer")?;
    desk.refused("plan fees 0 revised.json --suri //Charlie", 3, "claims.NotInsurer")?;
    assert_eq!(desk.done("plan fees 0 revised.json --suri //Eve")?["changed"], 1);
    let again = desk.done("plan fees 0 revised.json --suri //Eve")?;
    assert_eq!((&again["changed"], &again["evidence"]), (&json!(0), &json!([])));
    desk.refused("plan revise 0 revised.json --suri //Charlie", 3, "claims.NotInsurer")?;
    assert_eq!(desk.done("plan revise 0 revised.json --suri //Eve")?["version"], 1);
    let settlement = |options: &str| -> Result<Value> {
        Ok(desk.done(&format!("plan show 0 {options}"))?["terms"]["deadlinesMs"]["settlement"].clone())
    };
    assert_eq!((settlement("")?, settlement("--terms 0")?), (json!(7 * 86_400_000), json!(14 * 86_400_000)));
    desk.refused("plan show 0 --terms 2", 4, "input.version")?;

    plan["asset"]["decimals"] = json!(6);
    std::fs::write(desk.file("other-units.json"), plan.to_string())?;
    desk.refused("plan open other-units.json --suri //Eve", 4, "document.decimals")?;
    desk.refused("plan revise 0 other-units.json --suri //Eve", 4, "document.decimals")
}

#[test]
fn a_plan_takes_its_terms_from_an_insurance_plan_and_the_rest_from_its_file() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    let opened = desk.done("plan open @/plan-bronze.json --insurance-plan @/insurance-plan.json --suri //Eve")?;
    assert_eq!((&opened["name"], &opened["fees"]), (&sample("insurance-plan.json")?["name"], &json!(3)));
    let shown = desk.done("plan show 0")?;
    assert_eq!(shown["terms"]["networked"], true);
    assert_eq!(shown["terms"]["deadlinesMs"]["settlement"], json!(14 * 86_400_000));
    let x_rays = shown["terms"]["exceptions"].as_array().into_iter().flatten().find(|one| one["category"] == "4");
    assert_eq!(x_rays.ok_or("an exception for X-rays")?["authorisation"], true);
    desk.done("plan revise 0 @/plan.json --suri //Eve")?;
    assert_eq!(desk.done("plan show 0")?["terms"]["networked"], false);
    desk.done("plan revise 0 @/plan-bronze.json --insurance-plan @/insurance-plan.json --suri //Eve")?;
    assert_eq!(desk.done("plan show 0")?["terms"]["networked"], true);
    let lost = "plan open @/plan.json --insurance-plan @/insurance-plan.json --suri //Eve";
    desk.refused(lost, 4, "document.insurancePlan")?;
    desk.refused("plan open @/plan-bronze.json --insurance-plan @/coverage.json --suri //Eve", 4, "document")
}

#[test]
fn money_goes_in_and_what_is_free_comes_out_and_a_frozen_plan_takes_no_claims() -> Result {
    let practice = Practice::new(100)?;
    let Practice { desk } = &practice;
    desk.refused("plan fund 0 0 --suri //Eve", 3, "claims.NothingTransferred")?;
    desk.refused("plan fund 0 1,5 --suri //Eve", 4, "input.amount")?;
    desk.refused("plan fund 7 1 --suri //Eve", 4, "input.plan")?;
    desk.done("plan freeze 0 --suri //Eve")?;
    assert_eq!(desk.done("plan show 0")?["frozen"], true);
    let quote = desk.done("claim eligibility --plan 0 --claim @/claim.json")?;
    assert_eq!((&quote["frozen"], &quote["quote"]["basis"]), (&json!(true), &json!("prediction")));
    assert_eq!(quote["quote"]["total"]["payer"], tokens(75));
    desk.refused("claim submit @/claim.json --plan 0 --suri //Charlie", 3, "claims.PlanFrozen")?;
    desk.refused("plan unfreeze 0 --suri //Charlie", 3, "claims.NotInsurer")?;
    desk.done("plan unfreeze 0 --suri //Eve")?;
    practice.submits()?;
    let shown = desk.done("plan show 0")?;
    assert_eq!((&shown["pool"]["reserved"], &shown["pool"]["free"]), (&tokens(75), &tokens(25)));
    assert_eq!(shown["lossRatio"], 7_500);
    desk.refused("plan withdraw 0 26 --suri //Eve", 3, "claims.PoolTooSmall")?;
    desk.done("plan withdraw 0 25 --suri //Eve")?;
    assert_eq!(desk.done("plan show 0")?["pool"]["funded"], tokens(75));

    let due = desk.done("plan due 0")?;
    assert_eq!((&due["total"], &due["totalDue"]), (&tokens(75), &json!("0")));
    assert_eq!(each(&due["claims"], "isDue"), [json!(false)]);
    Ok(())
}

#[test]
fn providers_are_taken_into_a_network_and_out_of_it() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan-dental.json --suri //Eve")?;
    let show = "plan network show 0 Practitioner/dr-adams";
    assert_eq!(desk.done(show)?["listed"], false);
    desk.refused("plan network add 0 Practitioner/dr-adams --suri //Charlie", 3, "claims.NotInsurer")?;
    let added = desk.done(&format!("plan network add 0 Practitioner/dr-adams {BOB} --suri //Eve"))?;
    assert_eq!(added["providers"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.done(show)?["listed"], true);
    desk.done("plan network remove 0 Practitioner/dr-adams --suri //Eve")?;
    assert_eq!(desk.done(show)?["listed"], false);
    Ok(())
}

/// A Coverage of a member of a directory that [`members`] writes.
fn coverage(number: usize, start: &str, end: Option<&str>) -> Value {
    let mut coverage = json!({
        "resourceType": "Coverage",
        "id": format!("c{number}"),
        "status": "active",
        "beneficiary": { "reference": format!("Patient/m{number}") },
        "payor": [{ "reference": "Organization/unity-insurance" }],
        "period": { "start": start },
    });
    if let Some(end) = end {
        coverage["period"]["end"] = end.into();
    }
    coverage
}

/// A directory with so many members, and the insurer.
fn members(count: usize) -> Result<Value> {
    let mut directory = sample("directory.json")?;
    for number in 0..count {
        let account = format!("0x{number:064x}");
        directory[format!("Patient/m{number}")] = json!({ "account": account });
    }
    Ok(directory)
}

#[test]
fn members_are_covered_in_bulk_and_doing_it_again_changes_nothing() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan.json --suri //Eve")?;
    let write = |name: &str, document: &Value| std::fs::write(desk.file(name), document.to_string());
    write("members.json", &members(120)?)?;
    let mut bundle: Vec<Value> =
        (1..119).map(|number| json!({ "resource": coverage(number, "2097-01-01", Some("2097-12-31")) })).collect();
    bundle.push(json!({ "resource": { "resourceType": "Patient", "id": "m1" } }));
    bundle.push(json!({ "resource": coverage(119, "2097-01-01", None) }));
    write("bundle.json", &json!({ "resourceType": "Bundle", "type": "collection", "entry": bundle }))?;

    let cover = "plan cover 0 bundle.json --directory members.json --suri //Eve";
    let (exit, said) = desk.salus(cover)?;
    assert_eq!((exit, each(&said["documents"], "code")), (4, vec![json!("document.openCoverage")]), "{said}");
    let cover = format!("{cover} --until 2099-01-01T00:00:00Z");
    let planned = desk.done(&format!("{cover} --dry-run"))?;
    assert_eq!((&planned["covered"], each(&planned["forecast"], "fee").len()), (&json!(120), 2));
    let covered = desk.done(&cover)?;
    assert_eq!((&covered["covered"], &covered["before"]), (&json!(120), &json!(0)));
    assert_eq!(covered["evidence"].as_array().map(Vec::len), Some(2), "100 and 20");
    let again = desk.done(&cover)?;
    assert_eq!((&again["covered"], &again["before"], &again["evidence"]), (&json!(0), &json!(120), &json!([])));
    let years = desk.done("plan coverage 0 Patient/m119 --directory members.json")?;
    assert_eq!(years["coverages"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.done("plan members 0")?["members"].as_array().map(Vec::len), Some(120));

    // One who is covered otherwise does not keep a new one back.
    write("other.json", &coverage(1, "2097-06-01", Some("2098-05-31")))?;
    write("new.json", &coverage(1, "2098-06-01", Some("2099-05-31")))?;
    let (exit, said) = desk.salus("plan cover 0 other.json new.json --directory members.json --suri //Eve")?;
    assert_eq!((exit, &said["covered"]), (3, &json!(1)), "{said}");
    assert_eq!(each(&said["refused"], "code"), [json!("claims.AlreadyCovered")]);

    desk.done("plan end-coverage 0 Patient/m2 --at 2097-07-01T00:00:00Z --directory members.json --suri //Eve")?;
    let ended = desk.done("plan coverage 0 Patient/m2 --directory members.json")?;
    assert_eq!(ended["coverages"][0]["period"]["end"], "2097-07-01T00:00:00Z");
    let members = desk.done("plan members 0")?;
    assert!(each(&members["members"], "period").contains(&ended["coverages"][0]["period"]));
    desk.refused("plan cover 0 new.json --directory members.json --suri //Charlie", 4, "document.otherParty")
}

#[test]
fn a_plan_that_pays_in_a_token_is_funded_by_an_allowance_and_settles_in_it() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let token = token_of_eve(desk)?;
    // A token that does not say how many decimals it has counts as having none.
    let mut plan = desk.sample("plan.json")?;
    plan["asset"]["decimals"] = json!(0);
    practice.write("whole.json", &plan)?;
    let open = "plan open whole.json --suri //Eve --token";
    let opened = desk.done(&format!("{open} {token}"))?;
    assert_eq!(opened["asset"]["token"], json!(token));
    desk.refused(&format!("plan open @/plan.json --suri //Eve --token {token}"), 4, "document.decimals")?;
    desk.refused(&format!("{open} {BOB}"), 4, "input.token")?;
    desk.done("plan cover 1 @/coverage.json --suri //Eve")?;
    let fund = "plan fund 1 500 --suri //Eve";
    let planned = desk.done(&format!("{fund} --dry-run"))?;
    assert!(planned["forecast"]["fee"].is_string(), "the allowance is priced: {planned}");
    let funded = desk.done(fund)?;
    assert!(!funded["allowance"].is_null() && !funded["evidence"].is_null(), "{funded}");
    assert_eq!(desk.done("plan show 1")?["pool"]["free"], "500");
    desk.refused("plan fund 1 500 --suri //Ferdie", 3, "claims.TransferFailed")?;
    // What claims may take stands: again, nothing more is allowed.
    let (_, said) = desk.salus("plan fund 1 600 --suri //Ferdie")?;
    assert!(!said["allowance"].is_null() && said["evidence"].is_null(), "{said}");
    let (_, said) = desk.salus("plan fund 1 600 --suri //Ferdie")?;
    assert!(said["allowance"].is_null() && said["error"]["code"] == "claims.TransferFailed", "{said}");
    let words = desk.words("plan fund 1 5 --suri //Eve")?;
    let block = |line: &str| line.trim().strip_prefix("block ")?.split(' ').next()?.parse::<u64>().ok();
    assert!(words.lines().filter_map(block).is_sorted(), "the allowance comes first: {words}");

    let mut claim = desk.sample("claim.json")?;
    for price in ["unitPrice", "net"] {
        claim["item"][1][price]["value"] = json!(42);
    }
    claim["item"][2]["unitPrice"]["value"] = json!(47);
    claim["total"]["value"] = json!(271);
    practice.write("whole-claim.json", &claim)?;
    let claim = desk.done("claim submit whole-claim.json --plan 1 --suri //Charlie")?;
    let settled = desk.done("claim settle --plan 1 --suri //Eve")?;
    assert_eq!(each(&settled["settled"], "claim"), [claim["claim"].clone()]);
    let symbol = format!("units of the token {token}");
    let total = json!({ "symbol": symbol, "decimals": 0, "amount": "75", "withheld": "0" });
    assert_eq!(settled["totals"], json!([total]));
    Ok(())
}

/// A token of which //Eve has all.
fn token_of_eve(desk: &Desk) -> Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/bundles/token.contract");
    let bundle = Bundle::read(&file)?;
    let eve = signer::from_suri("//Eve")?;
    let salt = desk.name().as_bytes();
    let supply = 1_000_000_000_000_000_000u128;
    let address = tokio::runtime::Runtime::new()?.block_on(async {
        let chain = Chain::connect(desk.url()).await?;
        let made = deployment::instantiate::<TokenError>(&chain, &eve, &bundle, &(supply,), salt).await?;
        Ok::<_, Box<dyn std::error::Error>>(made)
    })?;
    Ok(address.to_string())
}

#[test]
fn an_authorisation_is_asked_for_granted_and_refused() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan-dental.json --suri //Eve")?;
    let request = "authorisation request 0 @/claim-authorisation.json --suri //Charlie";
    desk.refused(request, 3, "claims.NotCovered")?;
    desk.done("plan cover 0 @/coverage.json --suri //Eve")?;
    desk.refused("authorisation request 0 @/claim-authorisation.json --suri //Eve", 4, "document.otherParty")?;
    let asked = desk.done(request)?;
    assert_eq!((&asked["services"][0]["quantity"], &asked["services"][0]["changed"]), (&json!(2), &json!(true)));
    let again = desk.done(request)?;
    assert_eq!((&again["services"][0]["changed"], &again["evidence"]), (&json!(false), &json!([])));
    let waits = desk.done("authorisation list 0")?["requests"].clone();
    assert_eq!(each(&waits, "tag"), [asked["services"][0]["tag"].clone()]);

    let status = || -> Result<Value> {
        Ok(desk.done("authorisation show 0 @/claim-authorisation.json")?["services"][0]["status"].clone())
    };
    assert_eq!(status()?, "requested");
    let tag = asked["services"][0]["tag"].as_str().ok_or("a tag")?.to_owned();
    let parties = "--member Patient/rosa-marin --provider Practitioner/dr-adams";
    let refuse = format!("authorisation refuse 0 {parties} --code {tag} --suri //Eve");
    desk.done(&refuse)?;
    assert_eq!(status()?, "refused");
    assert_eq!(desk.done("authorisation list 0")?["requests"], json!([]));
    let grant = "authorisation grant 0 @/claim-authorisation.json --until 2098-01-01T00:00:00Z";
    desk.refused(&format!("{grant} --suri //Charlie"), 3, "claims.NotInsurer")?;
    desk.done(&format!("{grant} --suri //Eve"))?;
    assert_eq!(status()?, "granted");
    desk.refused(&refuse, 3, "claims.TooLate")?;
    desk.refused(&format!("authorisation show 0 {parties} --code D2740"), 4, "input.code")
}

#[test]
fn a_bundle_of_coverages_that_deletes_one_covers_nobody() -> Result {
    let desk = Desk::off_line()?;
    std::fs::write(desk.file("members.json"), members(3)?.to_string())?;
    let deleted = json!({
        "resource": coverage(2, "2027-01-01", Some("2027-12-31")),
        "request": { "method": "DELETE", "url": "Coverage/c2" },
    });
    let entries = [json!({ "resource": coverage(1, "2027-01-01", Some("2027-12-31")) }), deleted];
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
    std::fs::write(desk.file("bundle.json"), bundle.to_string())?;
    let (exit, said) = desk.salus("plan cover 0 bundle.json --directory members.json --suri //Eve")?;
    assert_eq!((exit, each(&said["documents"], "name")), (4, vec![json!("c2")]), "{said}");
    let message = said["documents"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("Bundle.entry[1].request.method"), "{message}");
    Ok(())
}
