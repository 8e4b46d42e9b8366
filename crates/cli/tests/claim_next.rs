//! What is to be done about a claim next, wherever it is shown.

mod desk;
mod practice;

use desk::{each, Result};
use practice::{id, Practice};
use serde_json::{json, Value};

#[test]
fn a_claim_that_waits_says_how_it_goes_on() -> Result {
    let practice = Practice::new(0)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    let show = format!("claim show {claim}");
    let next = format!("next: have the pool funded (`salus plan fund`), then `salus claim retry {claim}`");
    assert!(desk.words(&show)?.contains(&next));
    assert!(desk.words("claim submit @/claim.json --plan 0 --suri //Charlie")?.contains(&next));
    desk.done("plan fund 0 100 --suri //Eve")?;
    desk.done(&format!("claim retry {claim} --suri //Charlie"))?;
    assert!(!desk.words(&show)?.contains("next:"));
    Ok(())
}

#[test]
fn a_claim_that_was_taken_back_needs_a_new_number_and_what_stands_in_its_way_is_named() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    let submit = "claim submit @/claim.json --plan 0 --suri //Charlie";
    let first = id(&desk.done(submit)?)?;
    let mut again = desk.sample("claim.json")?;
    again["identifier"][0]["value"] = json!("M-2026-0918");
    practice.write("again.json", &again)?;
    let denied = desk.words("claim submit again.json --plan 0 --suri //Charlie")?;
    assert!(denied.contains("next: see which claim has the service (`salus claim list --member`)"), "{denied}");
    desk.done(&format!("claim reverse {first} --statement wrong --suri //Charlie"))?;
    let reversed = desk.words(submit)?;
    assert!(reversed.contains("it was taken back; the plan was to pay 75.00 UNIT"), "{reversed}");
    assert!(reversed.contains("next: submit it under a new number"), "{reversed}");
    again["identifier"][0]["value"] = json!("M-2026-0919");
    practice.write("again.json", &again)?;
    let anew = desk.words("claim submit again.json --plan 0 --suri //Charlie")?;
    assert!(anew.contains("the plan pays 75.00 UNIT") && !anew.contains("next:"), "{anew}");
    Ok(())
}

#[test]
fn what_was_passed_on_and_taken_back_is_passed_on_once_more() -> Result {
    let practice = Practice::new(1_000)?;
    let Practice { desk } = &practice;
    practice.second_plan(1_000)?;
    let submit = "claim submit @/claim.json --plan 0 --secondary 1 --suri //Charlie";
    let both = desk.done(submit)?;
    let pass_on = format!("claim pass-on {} --plan 1 --suri //Charlie", id(&both)?);
    assert_eq!(desk.done(&pass_on)?["changed"], false);
    desk.done(&format!("claim reverse {} --statement wrong --suri //Charlie", id(&both["secondary"])?))?;
    assert_eq!(desk.done(submit)?["secondary"], Value::Null);
    assert!(desk.words(submit)?.contains("next: pass it on"));
    let again = desk.done(&pass_on)?;
    assert_eq!((&again["changed"], each(&again["lines"], "denied")), (&json!(true), vec![json!(false); 3]));
    for claim in [id(&again)?, id(&both)?] {
        desk.done(&format!("claim reverse {claim} --statement wrong --suri //Charlie"))?;
    }
    let reversed = desk.words(submit)?;
    assert!(
        reversed.contains("next: submit it under a new number") && !reversed.contains("next: pass it on"),
        "{reversed}"
    );
    Ok(())
}
