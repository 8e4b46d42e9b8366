//! Signed orders, from who signs them to who relays them.

mod desk;

use desk::{each, Desk, Result};
use salus_cli::values;
use salus_client::deployment::Deployment;
use salus_client::{ink_account, relay, signer};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{Account, Hash};
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{Instruction, Order, Place};
use serde_json::{json, Value};

/// A deployment that is nowhere: signing asks only for its genesis hash and the registry's address.
fn nowhere(desk: &Desk) -> Result<String> {
    let contract = |n: u8| {
        let address = salus_client::AccountId32([n; 32]).to_string();
        json!({ "address": address, "codeHash": "0x00", "bundleSha256": "00" })
    };
    let deployment = json!({
        "network": "Nowhere",
        "genesisHash": format!("0x{}", "01".repeat(32)),
        "deployer": salus_client::AccountId32([0; 32]).to_string(),
        "block": 1,
        "consentRegistry": contract(1),
        "accessGrants": contract(2),
        "claims": contract(3),
    });
    std::fs::write(desk.file("deployment.json"), deployment.to_string())?;
    Ok("--deployment deployment.json".to_owned())
}

/// Reads a file of orders, changes it, and writes it under another name.
fn changed(desk: &Desk, from: &str, to: &str, change: impl FnOnce(&mut Value)) -> Result {
    let mut orders: Value = serde_json::from_str(&std::fs::read_to_string(desk.file(from))?)?;
    change(&mut orders);
    Ok(std::fs::write(desk.file(to), orders.to_string())?)
}

#[test]
fn an_order_is_signed_and_checked_without_any_connection() -> Result {
    let desk = Desk::off_line()?;
    let deployment = nowhere(&desk)?;
    let account = desk.account("rosa")?;
    let directory = desk.directory("directory.json", &account, &desk.account("adams")?)?;
    desk.consent("treat.json", "active", "TREAT")?;
    desk.consent("research.json", "active", "HRESCH")?;
    let by_rosa = format!("--suri {} {deployment} --directory {directory}", desk.secret("rosa"));

    let files = "treat.json research.json";
    let signed = desk.done(&format!("relay sign record {files} --nonce 4 --valid-for 7d --out two.json {by_rosa}"))?;
    assert_eq!(each(&signed["orders"], "nonce"), [json!(4), json!(5)]);
    assert!(signed["orders"][0]["text"].to_string().contains("TREAT"), "{signed}");
    let shown = desk.done("relay show two.json")?["orders"].clone();
    assert_eq!((each(&shown, "signed"), each(&shown, "signer")), (vec![json!(true); 2], vec![json!(account); 2]));

    for command in [
        "amend 0 treat.json",
        "revoke 0",
        "revoke-all",
        &format!("accept Practitioner/adams --expect {}", "ab".repeat(32)),
        "reject Practitioner/adams",
        "name-proxy Practitioner/adams --power revoke --until 2098-01-01T00:00:00Z",
        "remove-proxy Practitioner/adams",
    ] {
        let out = "--nonce 0 --deadline 2098-01-01T00:00:00Z --out one.json";
        let signed = desk.done(&format!("relay sign {command} {out} {by_rosa}"))?;
        assert_eq!(signed["orders"][0]["act"].as_str(), command.split(' ').next(), "{signed}");
        let shown = desk.done("relay show one.json")?;
        assert_eq!(
            (&shown["orders"][0]["signed"], &shown["orders"][0]["proxy"]),
            (&json!(true), &signed["orders"][0]["proxy"])
        );
        std::fs::remove_file(desk.file("one.json"))?;
    }

    for (change, with) in [("nonce", json!(9)), ("deadline", json!(1)), ("proxy", json!(desk.account("adams")?))] {
        changed(&desk, "two.json", "changed.json", |orders| orders["orders"][0][change] = with)?;
        let (exit, shown) = desk.salus("relay show changed.json")?;
        assert_eq!((exit, each(&shown["orders"], "signed")), (3, vec![json!(false), json!(true)]), "{change}");
    }

    let sign = format!("relay sign revoke 0 {by_rosa}");
    desk.refused(&format!("{sign} --nonce 0 --out two.json"), 4, "file.exists")?;
    desk.refused(&sign, 5, "chain.unreachable")?;
    desk.refused(&format!("relay sign accept Practitioner/adams --nonce 0 {by_rosa}"), 5, "chain.unreachable")?;
    desk.refused("relay show treat.json", 4, "input.orders")
}

#[test]
fn patients_without_tokens_decide_by_orders_that_one_other_relays() -> Result {
    let desk = Desk::deployed()?;
    desk.endow(&["adams"])?;
    let adams = desk.account("adams")?;
    let submit = format!("--suri {}", desk.secret("adams"));
    let deployment = format!("--deployment {}", desk.deployment()?.display());
    desk.consent("treat.json", "active", "TREAT")?;
    desk.consent("proposed.json", "proposed", "HRESCH")?;
    let mut files = Vec::new();
    for who in ["rosa", "rita", "raul"] {
        let directory = desk.directory(&format!("{who}-directory.json"), &desk.account(who)?, &adams)?;
        let by = format!("--suri {} --directory {directory}", desk.secret(who));
        desk.done(&format!("proposal send proposed.json {submit} --directory {directory}"))?;
        desk.done(&format!("relay sign record treat.json {by} --out {who}-1.json"))?;
        let shown = desk.done(&format!("proposal show Practitioner/adams {by}"))?;
        std::fs::write(desk.file("shown.json"), shown.to_string())?;
        let accept = "relay sign accept Practitioner/adams --shown shown.json --nonce 1";
        let accepted = desk.done(&format!("{accept} {by} {deployment} --out {who}-2.json"))?;
        assert_eq!(accepted["orders"][0]["proposal"], shown["proposal"]);
        // The later one is given first: each signer's are relayed by nonce.
        files.push(format!("{who}-2.json {who}-1.json"));
    }
    let files = files.join(" ");

    let planned = desk.done(&format!("relay submit {files} {submit} --dry-run"))?;
    assert_eq!((planned["done"].as_u64(), planned["transactions"].as_array().map(Vec::len)), (Some(6), Some(1)));
    let relayed = desk.done(&format!("relay submit {files} {submit}"))?;
    assert_eq!((relayed["done"].as_u64(), relayed["transactions"].as_array().map(Vec::len)), (Some(6), Some(1)));
    assert_eq!(relayed["orders"][0]["consent"], 1, "{relayed}");
    for who in ["rosa", "rita", "raul"] {
        let account = desk.account(who)?;
        let all = desk.done(&format!("consent list {account}"))?["consents"].clone();
        assert_eq!(each(&all, "consent"), [json!(0), json!(1)], "{who}");
        assert_eq!(desk.done(&format!("relay nonce {account}"))?["nonce"], 2);
    }

    // Doing it again does nothing twice.
    let (exit, again) = desk.salus(&format!("relay submit {files} {submit}"))?;
    assert_eq!((exit, &again["transactions"], &again["stopped"]), (3, &json!([]), &Value::Null));
    assert_eq!(each(&again["orders"], "code"), vec![json!("relay.NonceUsed"); 6]);

    let history = desk.done(&format!("consent history {}", desk.account("rosa")?))?["acts"].clone();
    assert_eq!(each(&history, "act"), ["proposed", "recorded", "accepted"]);
    assert_eq!(
        (each(&history, "nonce"), &history[1]["by"]),
        (vec![Value::Null, json!(0), json!(1)], &json!(desk.account("rosa")?))
    );
    Ok(())
}

#[test]
fn each_order_that_is_refused_says_why_and_holds_up_no_other() -> Result {
    let desk = Desk::deployed()?;
    desk.endow(&["adams"])?;
    let deployment = format!("--deployment {}", desk.deployment()?.display());
    let sign = |order: &str, who: &str, nonce: u32, out: &str| {
        let by = format!("--suri {} {deployment} --nonce {nonce} --out {out}", desk.secret(who));
        desk.done(&format!("relay sign {order} {by}"))
    };
    sign("revoke-all", "rosa", 0, "good.json")?;
    sign("revoke 7", "rita", 0, "refused.json")?;
    sign("revoke-all", "rita", 1, "ahead.json")?;
    sign("revoke-all --deadline 2001-01-01T00:00:00Z", "raul", 0, "late.json")?;
    sign(&format!("revoke-all --for {}", desk.account("rosa")?), "raul", 0, "stranger.json")?;
    changed(&desk, "good.json", "forged.json", |orders| orders["orders"][0]["nonce"] = json!(1))?;

    let submit = format!("--suri {}", desk.secret("adams"));
    let files = "refused.json ahead.json late.json stranger.json forged.json good.json";
    let (exit, said) = desk.salus(&format!("relay submit {files} {submit}"))?;
    let codes = [
        json!("consent.NotFound"),
        json!("relay.NonceAhead"),
        json!("relay.DeadlineOver"),
        json!("consent.NotMandated"),
        json!("relay.BadSignature"),
        Value::Null,
    ];
    assert_eq!((exit, each(&said["orders"], "code")), (3, codes.to_vec()), "{said}");
    assert_eq!((said["done"].as_u64(), said["refused"].as_u64()), (Some(1), Some(5)));
    for order in said["orders"].as_array().into_iter().flatten().take(5) {
        assert!(order["rule"].is_string() && order["nextStep"].is_string(), "{order}");
    }

    changed(&desk, "good.json", "elsewhere.json", |orders| orders["contract"] = json!(desk.account("rosa").ok()))?;
    desk.refused(&format!("relay submit elsewhere.json {submit}"), 3, "consent.OtherContract")?;
    let genesis = json!(format!("0x{}", "01".repeat(32)));
    changed(&desk, "good.json", "elsewhere.json", |orders| orders["genesis"] = genesis)?;
    desk.refused(&format!("relay submit elsewhere.json {submit}"), 3, "consent.OtherChain")
}

#[test]
fn a_relationship_is_an_account_of_its_own_and_needs_no_tokens() -> Result {
    let desk = Desk::deployed()?;
    desk.endow(&["adams"])?;
    let (rosa, adams) = (desk.secret("rosa"), desk.account("adams")?);
    let mercy = desk.done(&format!("key relationship mercy --suri {rosa}"))?["account"].clone();
    let unity = desk.done(&format!("key relationship unity --suri {rosa}"))?["account"].clone();
    let own = json!(desk.account("rosa")?);
    assert!(mercy != own && unity != own && mercy != unity);
    // Rosa's own directory names her by the account of her key.
    let directory = desk.directory("directory.json", &desk.account("rosa")?, &adams)?;
    desk.consent("treat.json", "active", "TREAT")?;
    for name in ["mercy", "unity"] {
        let by = format!("--suri {rosa} --relationship {name} --directory {directory}");
        desk.done(&format!("relay sign record treat.json {by} --out {name}.json"))?;
    }
    let relayed = desk.done(&format!("relay submit mercy.json unity.json --suri {}", desk.secret("adams")))?;
    assert_eq!((each(&relayed["orders"], "patient"), relayed["done"].as_u64()), (vec![mercy.clone(), unity], Some(2)));
    let of = |arguments: &str| desk.done(&format!("consent {arguments} --suri {rosa}"));
    assert_eq!(of("list --relationship mercy")?["patient"], mercy);
    assert_eq!(each(&of("list --relationship mercy")?["consents"], "consent"), [json!(0)]);
    assert_eq!(of("list")?["consents"], json!([]));
    let source = |name: &str| {
        Ok::<_, Box<dyn std::error::Error>>(of(&format!("show 0 --relationship {name}"))?["source"].clone())
    };
    assert_ne!(source("mercy")?, source("unity")?, "the same document is committed to differently");
    desk.refused(&format!("key relationship a/b --suri {rosa}"), 4, "signer")
}

/// Signs orders at the desk's registry, and writes them into a file.
fn write_orders(desk: &Desk, file: &str, orders: &[(salus_client::Keypair, Instruction, u32)]) -> Result {
    let deployment = Deployment::read(&desk.deployment()?)?;
    let genesis = values::hash(&deployment.genesis_hash)?;
    let place = Place { genesis, contract: ink_account(&deployment.consent_registry.address) };
    let sign = |(key, instruction, nonce): &(salus_client::Keypair, Instruction, u32)| {
        let patient = ink_account(&key.public_key().to_account_id());
        let order = Order { patient, instruction: instruction.clone() };
        relay::sign(key, &place, order, *nonce, Timestamp(4_000_000_000_000))
    };
    let signed: Vec<_> = orders.iter().map(sign).collect();
    Ok(std::fs::write(desk.file(file), relay::file::to_json(&place, &signed).to_string())?)
}

#[test]
fn a_long_list_takes_several_transactions_and_keeps_each_signers_order() -> Result {
    let desk = Desk::deployed()?;
    desk.endow(&["adams"])?;
    let submit = format!("--suri {}", desk.secret("adams"));
    let rosa = signer::from_suri(&desk.secret("rosa"))?;
    // The last one first.
    let orders: Vec<_> = (0..300).rev().map(|nonce| (rosa.clone(), Instruction::RevokeAll, nonce)).collect();
    write_orders(&desk, "many.json", &orders)?;
    let planned = desk.done(&format!("relay submit many.json {submit} --dry-run"))?;
    let outcomes = each(&planned["orders"], "outcome");
    assert_eq!((&outcomes[299], &outcomes[0]), (&json!("done"), &json!("later")), "{planned}");
    let relayed = desk.done(&format!("relay submit many.json {submit}"))?;
    assert_eq!((relayed["done"].as_u64(), relayed["transactions"].as_array().map(Vec::len)), (Some(300), Some(3)));
    assert_eq!((&relayed["orders"][299]["transaction"], &relayed["orders"][0]["transaction"]), (&json!(0), &json!(2)));
    assert_eq!(desk.done(&format!("relay nonce {}", desk.account("rosa")?))?["nonce"], 300);
    Ok(())
}

#[test]
fn orders_that_are_large_take_more_transactions() -> Result {
    let desk = Desk::deployed()?;
    desk.endow(&["adams"])?;
    let actors = (0..16).map(|n| Actor::Account(Account([n; 32]))).collect();
    let provision = Provision { actors, ..Provision::new(1, Decision::Permit) };
    let consent = Consent {
        base: Base::Silent,
        period: Period::ALWAYS,
        source: Hash([0; 32]),
        // About 4 KiB.
        provisions: vec![provision; 7],
    };
    let patients = (0..20).map(|n| Ok((signer::from_suri(&desk.secret(&format!("patient-{n}")))?, n)));
    let patients = patients.collect::<Result<Vec<_>>>()?;
    let orders: Vec<_> = patients.into_iter().map(|(key, _)| (key, Instruction::Record(consent.clone()), 0)).collect();
    write_orders(&desk, "large.json", &orders)?;
    let relayed = desk.done(&format!("relay submit large.json --suri {}", desk.secret("adams")))?;
    assert_eq!((relayed["done"].as_u64(), relayed["transactions"].as_array().map(Vec::len)), (Some(20), Some(3)));
    let last = desk.account("patient-19")?;
    assert_eq!(each(&desk.done(&format!("consent history {last}"))?["acts"], "nonce"), [json!(0)]);
    Ok(())
}
