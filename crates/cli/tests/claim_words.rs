//! What is said of claims: their lines, what is set off, what still is to be done.

mod desk;
mod practice;

use desk::{each, Result};
use practice::{id, Practice};
use serde_json::{json, Value};

/// Whole tokens of 12 decimals, as JSON has them.
fn tokens(count: u128) -> Value {
    json!((count * 1_000_000_000_000).to_string())
}

#[test]
fn lines_that_the_fee_schedule_does_not_know_are_named_to_everybody() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    assert_eq!(practice.submits()?["unlisted"], json!([]));
    let mut other = desk.sample("claim.json")?;
    other["identifier"][0]["value"] = json!("M-2026-0918");
    other["id"] = json!("other");
    practice.write("other.json", &other)?;
    desk.done("key consortium another.key")?;
    let options = "--plan 0 --consortium-key-file another.key";
    let quoted = desk.done(&format!("claim eligibility --claim other.json {options}"))?;
    assert_eq!(quoted["quote"]["unlisted"], json!([1, 2, 3]));
    let submit = format!("claim submit other.json {options} --suri //Charlie");
    assert!(desk.words(&format!("{submit} --dry-run"))?.contains("no line is in the plan's fee schedule"));
    let submitted = desk.done(&submit)?;
    assert_eq!(submitted["unlisted"], json!([1, 2, 3]));
    let id = id(&submitted)?;
    let due = desk.done("plan due 0")?;
    let unlisted =
        |list: &Value| each(list, "claim").into_iter().zip(each(list, "unlisted")).find(|(claim, _)| *claim == id);
    assert_eq!(unlisted(&due["claims"]), Some((json!(id), json!([1, 2, 3]))));
    assert!(desk.words("plan due 0")?.contains(&format!("claim {id}, line 2: not in the plan's fee schedule")));
    let settled = desk.done("claim settle --plan 0 --suri //Eve --dry-run")?;
    assert_eq!(unlisted(&settled["settled"]), Some((json!(id), json!([1, 2, 3]))));

    // A plan without a schedule has nothing to miss.
    let mut plan = desk.sample("plan.json")?;
    plan["fees"] = json!([]);
    practice.write("without.json", &plan)?;
    practice.plan(1, "without.json", 1_000, "@/coverage.json")?;
    let mut third = desk.sample("claim-second.json")?;
    third["identifier"][0]["value"] = json!("M-2026-0919");
    practice.write("third.json", &third)?;
    desk.done("claim submit third.json --plan 1 --suri //Charlie")?;
    assert_eq!(each(&desk.done("plan due 1")?["claims"], "unlisted"), [json!([])]);
    Ok(())
}

#[test]
fn what_is_set_off_is_said_before_and_after() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    let first = id(&practice.submits()?)?;
    desk.done("claim settle --plan 0 --suri //Eve")?;
    let owed = desk.done(&format!("claim reverse {first} --statement wrong --suri //Eve"))?["owed"].clone();
    assert_eq!(owed, tokens(75));
    let second = id(&desk.done("claim submit @/claim-second.json --plan 0 --suri //Charlie")?)?;
    let settle = "claim settle --plan 0 --suri //Eve";
    let planned = desk.done(&format!("{settle} --dry-run"))?;
    assert_eq!(each(&planned["settled"], "claim"), [json!(second)]);
    assert_eq!(each(&planned["settled"], "withheld"), [tokens(51)]);
    assert_eq!(each(&planned["totals"], "withheld"), [tokens(51)]);
    assert!(desk.words(&format!("{settle} --dry-run"))?.contains("51 UNIT, 51 UNIT of it set off"));
    let settled = desk.done(settle)?;
    assert_eq!((&settled["totals"], &settled["settled"]), (&planned["totals"], &planned["settled"]));
    Ok(())
}

#[test]
fn what_was_passed_on_is_told_with_the_claim_that_holds_it() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    practice.second_plan(1_000)?;
    let both = desk.done("claim submit @/claim.json --plan 0 --secondary 1 --suri //Charlie")?;
    let (first, second) = (id(&both)?, id(&both["secondary"])?);
    let told = |claim: &str| desk.words(&format!("claim explain {claim}"));
    let next = "passed on to the next insurer";
    assert!(told(&first)?.contains(next) && !told(&first)?.contains("You owe"), "{}", told(&first)?);
    assert!(!told(&second)?.contains(next) && told(&second)?.contains("You owe USD 38.00"), "{}", told(&second)?);
    for kind in ["eob", "claim-response"] {
        let resource = desk.done(&format!("claim explain {first} --fhir {kind}"))?;
        assert!(resource["disposition"].as_str().is_some_and(|said| said.contains(next)), "{resource}");
    }

    let reverse = |claim: &str| format!("claim reverse {claim} --statement wrong --suri //Charlie");
    let planned = desk.words(&format!("{} --dry-run", reverse(&first)))?;
    assert!(planned.contains(&format!("salus claim reverse {second}")), "{planned}");
    assert_eq!(desk.done(&reverse(&first))?["heldBy"], json!([second]));
    assert_eq!(desk.done(&reverse(&second))?["heldBy"], json!([]));
    assert!(!told(&first)?.contains(next));
    Ok(())
}

#[test]
fn whoever_has_several_names_is_called_by_one_that_may_stand_there() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    let mut directory = desk.sample("directory.json")?;
    for (name, same) in [
        ("Organization/another-rosa", "Patient/rosa-marin"),
        ("Patient/another-rosa", "Patient/rosa-marin"),
        ("Patient/adams", "Practitioner/dr-adams"),
        ("Group/unity", "Organization/unity-insurance"),
    ] {
        directory[name] = directory[same].clone();
    }
    practice.write("several.json", &directory)?;
    let explain = format!("claim explain {claim} --directory several.json --fhir eob");
    let named = |said: &Value| ["patient", "provider", "insurer"].map(|who| said[who]["reference"].clone());
    let [adams, unity] = ["Practitioner/dr-adams", "Organization/unity-insurance"];
    let plain = desk.done(&explain)?;
    assert_eq!(named(&plain), ["Patient/another-rosa", adams, unity]);
    let benefit = desk.done(&format!("{explain} --claim @/claim.json"))?;
    assert_eq!(named(&benefit), ["Patient/rosa-marin", adams, unity]);
    assert_eq!(benefit["payee"]["party"]["reference"], adams);
    practice.write("benefit.json", &benefit)?;
    let next = desk.done("claim simulate --plan @/plan.json --claim @/claim.json --prior benefit.json")?;
    assert_eq!(next["total"]["priorPayer"], tokens(75));
    Ok(())
}

#[test]
fn what_is_over_is_not_said_to_be_still_to_do() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    let paid = id(&practice.submits()?)?;
    assert!(desk.words(&format!("claim show {paid}"))?.contains("anybody may settle it from"));
    let early = desk.salus(&format!("claim settle {paid} --suri //Ferdie"))?.1["error"].to_string();
    assert!(early.contains("claims.NotInsurer") && early.contains("wait until it is due"), "{early}");
    let mut again = desk.sample("claim.json")?;
    again["identifier"][0]["value"] = json!("M-2026-0918");
    practice.write("again.json", &again)?;
    let denied = id(&desk.done("claim submit again.json --plan 0 --suri //Charlie")?)?;
    let shown = desk.words(&format!("claim show {denied}"))?;
    assert!(shown.contains("nothing is to be paid") && !shown.contains("anybody may settle"), "{shown}");

    desk.done(&format!("appeal file {paid} --set-aside fee-schedule --statement no --suri //Charlie"))?;
    assert!(desk.words(&format!("claim show {paid}"))?.contains("to be decided by"));
    desk.done(&format!("appeal decide {paid} --upheld --statement yes --suri //Bob"))?;
    let shown = desk.words(&format!("claim show {paid}"))?;
    assert!(shown.contains("appeal: upheld\n"), "{shown}");
    desk.refused("claim list --plan 99", 4, "input.plan")
}

#[test]
fn codes_that_are_not_compared_are_said_to_be_and_another_key_is_named() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    let explain = format!("claim explain {} --claim @/claim.json", id(&practice.submits()?)?);
    assert_eq!(desk.done(&explain)?["compared"], true);
    assert!(!desk.words(&explain)?.contains("not compared"));
    let without = || -> Result<_> {
        let mut command = desk.command(&explain)?;
        command.env_remove("SALUS_CONSORTIUM_KEY_FILE");
        Ok(command)
    };
    assert!(String::from_utf8(without()?.output()?.stdout)?.contains("codes not compared: no consortium key"));
    let said = without()?.args(["--fhir", "eob"]).output()?;
    assert!(String::from_utf8(said.stderr)?.contains("codes not compared"));
    serde_json::from_slice::<Value>(&said.stdout)?;

    desk.done("key consortium another.key")?;
    let (exit, said) = desk.salus(&format!("{explain} --consortium-key-file another.key"))?;
    assert_eq!((exit, &said["error"]["code"]), (4, &json!("document.otherClaim")));
    assert!(said["error"]["message"].as_str().is_some_and(|message| message.contains("consortium key")), "{said}");
    let (_, said) = desk.salus(&explain.replace("claim.json", "claim-second.json"))?;
    assert!(said["error"]["message"].as_str().is_some_and(|message| message.contains("charges")), "{said}");
    Ok(())
}

#[test]
fn a_day_at_the_end_of_the_calendar_is_said_and_whoever_asks_is_to_be_named() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let eligibility = "claim eligibility --plan 0 --member Patient/rosa-marin";
    assert_eq!(desk.done(&format!("{eligibility} --day 9999-12-31"))?["day"], "9999-12-31");
    let (exit, said) = desk.salus(&format!("{eligibility} --fhir"))?;
    assert_eq!(exit, 2);
    assert!(said["error"]["nextStep"].as_str().is_some_and(|next| next.contains("--provider")), "{said}");
    desk.done(&format!("{eligibility} --fhir --provider Practitioner/dr-adams"))?;
    Ok(())
}
