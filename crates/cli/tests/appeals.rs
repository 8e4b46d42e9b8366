//! Claims after their decision, as people type it: settled, appealed, taken back, paid back; and what silence does.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::{id, Practice, BOB};
use salus_client::Chain;
use salus_localnet::{Node, Options};
use serde_json::{json, Value};

/// Cents of a token of 12 decimals, as JSON has them.
fn cents(count: u128) -> Value {
    json!((count * 10_000_000_000).to_string())
}

#[test]
fn claims_are_settled_in_one_transfer_once_and_by_the_insurer() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let first = id(&practice.submits()?)?;
    let second = id(&desk.done("claim submit @/claim-second.json --plan 0 --suri //Charlie")?)?;
    desk.refused(&format!("claim settle {first} --suri //Charlie"), 3, "claims.NotInsurer")?;
    let (exit, both) = desk.salus(&format!("claim settle {first} {second} --suri //Charlie"))?;
    assert_eq!((exit, both["refused"].as_array().map(Vec::len)), (3, Some(2)), "{both}");
    desk.refused(&format!("claim settle {} --suri //Eve", "00".repeat(32)), 3, "claims.ClaimNotFound")?;
    desk.refused("claim settle --plan 7 --suri //Eve", 4, "input.plan")?;
    desk.refused("claim settle --suri //Eve", 2, "usage")?;

    let planned = desk.done("claim settle --plan 0 --suri //Eve --dry-run")?;
    assert_eq!(planned["forecast"].as_array().map(Vec::len), Some(1));
    let settled = desk.done("claim settle --plan 0 --suri //Eve")?;
    assert_eq!(each(&settled["totals"], "amount"), [cents(20_600)]);
    assert_eq!(settled["evidence"].as_array().map(Vec::len), Some(1), "one transaction");
    let again = desk.done(&format!("claim settle {first} {second} {first} --suri //Eve"))?;
    assert_eq!(
        (&again["settled"], &again["before"], &again["evidence"]),
        (&json!([]), &json!([first, second]), &json!([]))
    );
    assert_eq!(desk.done("claim settle --plan 0 --suri //Eve")?["settled"], json!([]));
    Ok(())
}

#[test]
fn an_appeal_is_heard_and_what_is_paid_more_is_settled() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("claim settle {claim} --suri //Eve"))?;
    std::fs::write(desk.file("appeal.txt"), "It was urgent\n")?;
    let file = format!("appeal file {claim} --set-aside fee-schedule --statement-file appeal.txt");
    desk.refused(&format!("{file} --suri //Ferdie"), 3, "claims.NotParty")?;
    desk.refused(&format!("appeal file {claim} --set-aside no-consent --statement No --suri //Dave"), 2, "usage")?;
    desk.refused(&format!("appeal answer {claim} --statement No --suri //Eve"), 3, "claims.NotAppealed")?;
    let planned = desk.done(&format!("{file} --suri //Dave --dry-run"))?;
    let filed = desk.done(&format!("{file} --suri //Dave"))?;
    assert_eq!((&filed["setAside"], &filed["salt"]), (&json!(["fee-schedule"]), &planned["salt"]));
    desk.refused(&format!("{file} --suri //Charlie"), 3, "claims.AlreadyAppealed")?;
    let open = desk.done(&format!("appeal list --arbiter {BOB}"))?["appeals"].clone();
    assert_eq!((each(&open, "claim"), each(&open, "deadline")), (vec![json!(claim)], vec![filed["deadline"].clone()]));
    assert_eq!(desk.done("appeal list --arbiter Patient/rosa-marin")?["appeals"], json!([]));
    desk.done(&format!("appeal answer {claim} --statement No --suri //Eve"))?;
    let salt = filed["salt"].as_str().ok_or("a salt")?;
    let check = format!("appeal check-statement {claim} --salt {salt}");
    let right = desk.done(&format!("{check} --statement-file appeal.txt"))?;
    assert_eq!((&right["matches"], &right["said"]), (&json!(true), &json!("appeal")));
    let (exit, wrong) = desk.salus(&format!("{check} --statement other"))?;
    assert_eq!((exit, &wrong["matches"]), (3, &json!(false)));

    let decide = format!("appeal decide {claim} --statement Granted");
    desk.refused(&format!("{decide} --suri //Bob"), 2, "usage")?;
    desk.refused(&format!("{decide} --overturned --suri //Charlie"), 3, "claims.NotArbiter")?;
    desk.refused(&format!("{decide} --upheld --suri //Eve"), 3, "claims.NotArbiter")?;
    assert_eq!(desk.done(&format!("{decide} --overturned --suri //Bob --dry-run"))?["status"], "overturned");
    let decided = desk.done(&format!("{decide} --overturned --suri //Bob"))?;
    assert_eq!((&decided["status"], &decided["total"]["payer"]), (&json!("overturned"), &cents(11_025)));
    let shown = desk.done(&format!("appeal show {claim}"))?;
    assert_eq!(shown["appeal"]["status"], "overturned");
    assert_eq!(each(&shown["said"], "said"), [json!("appeal"), json!("answer"), json!("ruling")]);
    assert_eq!(desk.done("appeal list")?["appeals"], json!([]));

    assert_eq!(desk.done("plan due 0")?["total"], cents(3_525));
    let settled = desk.done("claim settle --plan 0 --suri //Eve")?;
    assert_eq!(each(&settled["settled"], "amount"), [cents(3_525)]);
    desk.refused(&format!("{decide} --upheld --suri //Bob"), 3, "claims.NotAppealed")
}

#[test]
fn an_appeal_that_would_not_pay_more_is_upheld() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("appeal file {claim} --statement Again --suri //Charlie"))?;
    let decide = format!("appeal decide {claim} --overturned --statement Looked");
    desk.refused(&format!("{decide} --suri //Eve"), 3, "claims.NothingToPay")?;
    let decided = desk.done(&format!("{decide} --suri //Bob"))?;
    assert_eq!((&decided["status"], &decided["total"]), (&json!("upheld"), &Value::Null));
    Ok(())
}

#[test]
fn a_payment_is_taken_back_set_off_and_paid_back() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    let reverse = format!("claim reverse {claim} --statement Twice");
    desk.refused(&format!("{reverse} --suri //Eve"), 3, "claims.NotSettled")?;
    desk.done(&format!("claim settle {claim} --suri //Eve"))?;
    desk.refused(&format!("{reverse} --suri //Ferdie"), 3, "claims.NotInsurer")?;
    assert_eq!(desk.done(&format!("{reverse} --suri //Eve --dry-run"))?["owed"], cents(7_500));
    let reversed = desk.done(&format!("{reverse} --suri //Eve"))?;
    assert_eq!(reversed["owed"], cents(7_500));
    desk.refused(&format!("{reverse} --suri //Eve"), 3, "claims.NotAdjudicated")?;
    let debt = || -> Result<Value> { Ok(desk.done("plan debt 0 Practitioner/dr-adams")?["owed"].clone()) };
    assert_eq!(debt()?, cents(7_500));
    assert_eq!(desk.done("plan show 0")?["pool"]["owed"], cents(7_500));

    let corrected = id(&desk.done("claim submit @/claim-corrected.json --plan 0 --suri //Charlie")?)?;
    let settled = desk.done(&format!("claim settle {corrected} --suri //Eve"))?;
    assert_eq!(
        (each(&settled["settled"], "amount"), each(&settled["settled"], "withheld")),
        (vec![cents(4_300)], vec![cents(4_300)])
    );
    assert_eq!(debt()?, cents(3_200));
    desk.refused("claim repay --plan 0 --amount 33 --suri //Charlie", 3, "claims.NothingOwed")?;
    desk.done("claim repay --plan 0 --amount 2 --provider Practitioner/dr-adams --suri //Ferdie")?;
    assert_eq!(desk.done("claim repay --plan 0 --suri //Charlie")?["amount"], cents(3_000));
    assert_eq!(debt()?, json!("0"));
    desk.refused("claim repay --plan 0 --suri //Charlie", 3, "claims.NothingOwed")
}

#[test]
fn what_is_due_is_settled_by_anybody_and_silence_grants_an_appeal_and_an_authorisation() -> Result {
    let node = Node::find_or_start(Options::default())?;
    let practice = Practice::at(Desk::on(node.url(), "")?, 1000)?;
    let Practice { desk } = &practice;
    practice.two_years()?;
    practice.plan(1, "@/plan-dental.json", 0, "two-years.json")?;
    desk.done("authorisation request 1 @/claim-authorisation.json --suri //Charlie")?;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("appeal file {claim} --set-aside fee-schedule --statement Late --suri //Dave"))?;
    assert_eq!(desk.done("claim settle --plan 0 --due --suri //Ferdie")?["settled"], json!([]));
    let advance = |days: u64| -> Result {
        tokio::runtime::Runtime::new()?.block_on(async {
            let chain = Chain::connect(node.url()).await?;
            chain.advance_clock(days * 86_400_000).await
        })?;
        Ok(())
    };
    advance(15)?;
    assert_eq!(each(&desk.done("plan due 0")?["claims"], "isDue"), [json!(true)]);
    let settled = desk.done("claim settle --plan 0 --due --suri //Ferdie")?;
    assert_eq!(each(&settled["settled"], "amount"), [cents(7_500)]);
    let asked = desk.done("authorisation show 1 @/claim-authorisation.json")?;
    assert_eq!(each(&asked["services"], "status"), [json!("granted-by-silence")]);

    let decide = format!("appeal decide {claim} --overturned --statement Silence --suri //Dave");
    desk.refused(&decide, 3, "claims.NotArbiter")?;
    advance(16)?;
    desk.refused(&format!("{decide} --set-aside fee-schedule,not-covered"), 3, "claims.NotArbiter")?;
    assert_eq!(desk.done(&decide)?["total"]["payer"], cents(11_025));
    Ok(())
}

#[test]
fn an_insurer_that_grants_an_appeal_pays_more_and_leaves_it_open() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("appeal file {claim} --set-aside fee-schedule --statement Late --suri //Dave"))?;
    let granted = desk.done(&format!("appeal decide {claim} --overturned --statement Fine --suri //Eve"))?;
    assert_eq!((&granted["status"], &granted["total"]["payer"]), (&json!("granted"), &cents(11_025)));
    assert_eq!(each(&desk.done(&format!("appeal list --arbiter {BOB}"))?["appeals"], "claim"), [json!(claim)]);
    let ended = desk.done(&format!("appeal decide {claim} --upheld --statement Fine --suri //Bob"))?;
    assert_eq!((&ended["status"], &ended["total"]), (&json!("overturned"), &Value::Null), "it stays as it was granted");
    assert!(desk.done(&format!("claim show {claim} --lines"))?.to_string().contains("\"granted\""));
    assert!(desk.words(&format!("appeal show {claim}"))?.contains("  ended, and stays as its insurer granted it"));
    Ok(())
}

#[test]
fn an_arbiter_that_gives_no_more_than_was_granted_ends_it_as_it_was_granted() -> Result {
    let practice = Practice::new(1000)?;
    let Practice { desk } = &practice;
    let claim = id(&practice.submits()?)?;
    desk.done(&format!("appeal file {claim} --set-aside fee-schedule --statement Late --suri //Dave"))?;
    desk.done(&format!("appeal decide {claim} --overturned --statement Fine --suri //Eve"))?;
    let decide = format!("appeal decide {claim} --overturned --statement Fine --suri //Bob");
    let planned = desk.words(&format!("{decide} --dry-run"))?;
    assert!(planned.contains("stays as its insurer granted it where not"), "{planned}");
    let ended = desk.words(&decide)?;
    assert!(ended.contains("is ended, and stays as its insurer granted it") && !ended.contains("anew"), "{ended}");
    assert!(desk.words(&format!("appeal show {claim}"))?.contains("  ended, and stays as its insurer granted it"));
    Ok(())
}
