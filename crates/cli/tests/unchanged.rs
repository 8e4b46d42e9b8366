//! What is as it should be already is left as it is, and that is said; what would do nothing is refused.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::{Practice, BOB};
use serde_json::{json, Value};

#[test]
fn a_network_changes_only_where_it_has_to() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan-dental.json --suri //Eve")?;
    let remove = "plan network remove 0 Practitioner/dr-adams --suri //Eve";
    let removed = desk.done(remove)?;
    assert_eq!((&removed["changed"], &removed["evidence"]), (&json!([]), &json!([])));
    assert!(desk.words(remove)?.starts_with("nothing changed in the network of plan 0"));
    desk.done(&format!("plan network add 0 {BOB} --suri //Eve"))?;
    let added = desk.done(&format!("plan network add 0 Practitioner/dr-adams {BOB} --suri //Eve"))?;
    assert_eq!(added["providers"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (added["changed"].as_array().map(Vec::len), added["evidence"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    assert_eq!(desk.done(&format!("{remove} --dry-run"))?["forecast"].as_array().map(Vec::len), Some(1));
    for command in ["add 7 Practitioner/dr-adams --suri //Eve", "show 7 Practitioner/dr-adams"] {
        desk.refused(&format!("plan network {command}"), 4, "input.plan")?;
    }
    Ok(())
}

#[test]
fn the_same_terms_again_make_no_version_and_nothing_is_not_withdrawn() -> Result {
    let practice = Practice::new(10)?;
    let Practice { desk } = &practice;
    let again = desk.done("plan revise 0 @/plan.json --suri //Eve")?;
    assert_eq!((&again["changed"], &again["version"], &again["evidence"]), (&json!(false), &json!(0), &Value::Null));
    let mut plan = desk.sample("plan.json")?;
    plan["deadlines"]["settlementDays"] = json!(7);
    practice.write("revised.json", &plan)?;
    let revise = "plan revise 0 revised.json --suri //Eve";
    let revised = desk.done(revise)?;
    assert_eq!((&revised["changed"], &revised["version"]), (&json!(true), &json!(1)));
    assert!(desk.words(revise)?.contains("nothing changed"));
    assert_eq!(desk.done("plan show 0")?["version"], 1);

    desk.refused("plan withdraw 0 0 --suri //Eve", 3, "claims.NothingTransferred")?;
    let (exit, said) = desk.salus("plan withdraw 0 10.5 --suri //Eve")?;
    assert_eq!((exit, &said["error"]["code"]), (3, &json!("claims.PoolTooSmall")));
    assert_eq!(said["error"]["nextStep"], "withdraw no more than what is free: 10 UNIT");
    let (exit, said) = desk.salus("claim repay --plan 0 --suri //Charlie")?;
    assert_eq!((exit, &said["error"]["code"]), (3, &json!("claims.NothingOwed")));
    let text = said["error"].to_string();
    assert!(text.contains("owes plan 0 nothing") && text.contains("salus plan debt"), "{text}");
    let (_, said) = desk.salus("plan freeze 0 --suri //Charlie")?;
    assert!(!said["error"].to_string().contains("due"), "{said}");
    let (exit, said) = desk.salus("plan fund 0 -5 --suri //Eve")?;
    assert_eq!((exit, &said["error"]["code"]), (4, &json!("input.amount")), "{said}");
    Ok(())
}

#[test]
fn a_plan_is_frozen_once_and_goes_on_once() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let eligibility = "claim eligibility --plan 0 --member Patient/rosa-marin";
    let disposition = || -> Result<String> {
        let told = desk.done(&format!("{eligibility} --fhir --provider Practitioner/dr-adams"))?;
        Ok(told["disposition"].as_str().unwrap_or_default().to_owned())
    };
    for (command, frozen, nothing) in [
        ("plan unfreeze 0", false, "nothing changed: plan 0 takes claims already"),
        ("plan freeze 0", true, "nothing changed: plan 0 is frozen already"),
    ] {
        let command = format!("{command} --suri //Eve");
        assert_eq!(desk.done(&command)?["changed"], frozen);
        let again = desk.done(&command)?;
        assert_eq!(
            (&again["changed"], &again["frozen"], &again["evidence"]),
            (&json!(false), &json!(frozen), &Value::Null)
        );
        assert!(desk.words(&command)?.contains(nothing));
        assert_eq!(desk.done(eligibility)?["frozen"], frozen);
        assert_eq!(desk.words(eligibility)?.contains("plan 0 is frozen: it takes no claims"), frozen);
        assert_eq!(disposition()?.contains("frozen"), frozen);
    }
    desk.refused("plan freeze 7 --suri //Eve", 4, "input.plan")
}

#[test]
fn what_was_refused_is_not_said_to_be_asked_for_and_nobody_is_authorised_by_default() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan-dental.json --suri //Eve")?;
    desk.done("plan cover 0 @/coverage.json --suri //Eve")?;
    let request = "authorisation request 0 @/claim-authorisation.json --suri //Charlie";
    assert_eq!(each(&desk.done(request)?["services"], "status"), [Value::Null]);
    let more = "0 --member Patient/rosa-marin --code http://www.ada.org/cdt|D2740 --quantity 7 --suri //Charlie";
    let more = format!("authorisation request {more}");
    let left = desk.done(&more)?["services"].clone();
    assert_eq!((each(&left, "status"), each(&left, "standing")), (vec![json!("requested")], vec![json!(2)]));
    assert!(desk.words(&more)?.contains("requested, 2 units, and left as it is"));
    let refused = desk.words("authorisation refuse 0 @/claim-authorisation.json --suri //Eve")?;
    assert!(refused.starts_with("refused: http://www.ada.org/cdt|D2740 to "), "{refused}");
    assert_eq!(each(&desk.done(request)?["services"], "status"), ["refused"]);
    assert!(desk.words(request)?.contains("refused, and left as it is"));

    let member = "0 --member Patient/rosa-marin --code http://www.ada.org/cdt|D2740";
    for command in ["grant --until 2099-01-01T00:00:00Z", "refuse", "show"] {
        desk.refused(&format!("authorisation {command} {member} --suri //Eve"), 2, "usage")?;
    }
    let member = format!("{member} --provider Practitioner/dr-adams");
    assert_eq!(each(&desk.done(&format!("authorisation show {member}"))?["services"], "status"), ["refused"]);
    let past = format!("authorisation grant {member} --until 2020-01-01T00:00:00Z --suri //Eve");
    desk.refused(&past, 4, "input.until")?;
    assert_eq!(each(&desk.done(&format!("authorisation show {member}"))?["services"], "status"), ["refused"]);
    Ok(())
}

#[test]
fn a_folder_of_coverages_says_what_it_passes_over_and_what_cannot_be_used() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    std::fs::create_dir(desk.file("members"))?;
    practice.write("members/coverage.json", &desk.sample("coverage.json")?)?;
    practice.write("members/claim.json", &desk.sample("claim.json")?)?;
    let cover = "plan cover 0 members --suri //Eve";
    let passed_over = json!([{ "file": "members/claim.json", "holds": "Claim" }]);
    assert_eq!(desk.done(cover)?["passedOver"], passed_over);
    assert!(desk.words(cover)?.contains("passed over: members/claim.json (Claim)"));
    let mut open = desk.sample("coverage.json")?;
    open["period"].as_object_mut().ok_or("a period")?.remove("end");
    practice.write("members/open.json", &open)?;
    desk.refused(cover, 4, "document.openCoverage")?;
    let (_, said) = desk.salus(cover)?;
    assert_eq!((&said["plan"], &said["passedOver"]), (&json!(0), &passed_over));
    assert_eq!(each(&said["documents"], "file"), ["members/open.json"]);
    Ok(())
}
