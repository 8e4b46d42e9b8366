//! The story, told by the binary as a user would hear it: `salus demo --json`.

use serde_json::Value;
use std::process::Command;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the demo says, line by line; the summary is the last.
fn told() -> Result<(Vec<Value>, Value)> {
    let url = salus_localnet::url_for_tests();
    let output = Command::new(env!("CARGO_BIN_EXE_salus")).args(["demo", "--json", "--url", &url]).output()?;
    let text = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut lines = text.lines().map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
    let last = lines.pop().ok_or("it said nothing")?;
    let summary = last.get("summary").ok_or("the last line is no summary")?.clone();
    Ok((lines, summary))
}

/// Finds the steps in this order; each is an actor, an outcome, an event (empty: none) and a part of its reason.
fn in_order(steps: &[Value], expected: &[(&str, &str, &str, &str)]) {
    let mut rest = steps.iter();
    for (actor, outcome, event, reason) in expected {
        let is_it = |step: &&Value| {
            let text = |field: &str| step[field].as_str().unwrap_or_default();
            text("actor") == *actor
                && text("outcome") == *outcome
                && text("event") == *event
                && text("reason").contains(reason)
        };
        let all: Vec<String> = steps.iter().map(Value::to_string).collect();
        assert!(rest.find(is_it).is_some(), "no ({actor}, {outcome}, {event}, {reason}) in\n{}", all.join("\n"));
    }
}

#[test]
fn the_story_is_told_in_order_and_its_sums_add_up() -> Result {
    let (steps, summary) = told()?;
    in_order(
        &steps,
        &[
            ("operator", "ok", "AuthorityAdded", ""),
            ("insurer", "ok", "PoolFunded", ""),
            ("doctor", "refused", "AccessDecided", "consent"),
            ("patient", "ok", "OrdersCarriedOut", "in force at once"),
            ("doctor", "permit", "AccessDecided", "permits it"),
            ("doctor", "refused", "AccessDecided", "Consent.provision"),
            ("research institute", "refused", "AccessDecided", "denies it"),
            ("doctor", "ok", "ClaimAdjudicated", "adjudicated"),
            ("insurer", "ok", "ClaimsSettled", "moved"),
            ("doctor", "ok", "ClaimAppealed", "the arbiter decides"),
            ("arbiter", "ok", "AppealDecided", "overturned"),
            ("insurer", "ok", "ClaimsSettled", "moved"),
            ("doctor", "ok", "ClaimReversed", "owes the pool"),
            ("doctor", "ok", "ClaimAdjudicated", "adjudicated"),
            ("insurer", "ok", "ClaimsSettled", "set off"),
            ("doctor", "ok", "DebtPaid", "nothing is owed"),
            ("patient", "ok", "OrdersCarriedOut", "same block"),
            ("doctor", "refused", "AccessDecided", "consent"),
            ("doctor", "deny", "ClaimAdjudicated", "no-consent"),
            ("doctor", "refused", "", "duplicate"),
            ("patient", "ok", "OrdersCarriedOut", "redeems the link first"),
            ("surgeon", "ok", "LinkRedeemed", "nobody else"),
            ("surgeon", "permit", "AccessDecided", "for the link"),
            ("surgeon", "ok", "EmergencyChanged", "at stake"),
            ("surgeon", "permit", "AccessDecided", "stands for consent"),
            ("patient", "ok", "EmergencyChanged", "over at once"),
            ("authority", "ok", "EmergencyChanged", "the patient's"),
            ("patient", "permit", "AccessDecided", "of the service's log"),
            ("patient", "ok", "RootAnchored", "the contract verifies it"),
            ("patient", "ok", "RecordErased", "then in the vault"),
        ],
    );
    let mut block = 0;
    for step in &steps {
        for field in ["step", "actor", "action", "outcome", "reason", "block", "extrinsic", "event"] {
            assert!(step.get(field).is_some(), "{field} is missing in {step}");
        }
        if let Some(number) = step["block"].as_u64() {
            assert!(number >= block, "blocks only go up: {step}");
            assert!(step["extrinsic"].as_str().is_some_and(|hash| hash.len() == 66), "{step}");
            block = number;
        }
    }

    let sum = |name: &str| summary["sums"][name].as_u64().ok_or_else(|| format!("no {name} in {summary}"));
    let parts = sum("payer")? + sum("patient")? + sum("adjustment")? + sum("priorPayer")?;
    assert_eq!(parts, sum("submitted")?);
    assert!(sum("payer")? > 0);
    assert_eq!(sum("providerReceived")?, sum("payer")?);
    assert_eq!(sum("poolFunded")?, sum("poolPaid")? + sum("poolReserved")? + sum("poolFree")?);
    for name in ["consentRegistry", "accessGrants", "claims"] {
        assert!(summary["addresses"][name].as_str().is_some_and(|address| address.starts_with('5')), "{summary}");
    }
    Ok(())
}

#[test]
fn the_story_can_be_told_again_on_the_same_chain() -> Result {
    let (_, first) = told()?;
    let (_, second) = told()?;
    assert_eq!(first["sums"], second["sums"]);
    assert_ne!(first["accounts"], second["accounts"]);
    Ok(())
}
