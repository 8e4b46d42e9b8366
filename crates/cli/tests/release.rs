//! Records behind a release service, from who opens one to who is refused, and the log that is left.

mod clinic;
mod counter;
mod desk;

use clinic::{text, Clinic, UNTIL};
use counter::{log, Counter};
use desk::{Desk, Result};
use salus_audit::{Log, LogFile};
use salus_cli::failure::{Exit, Failure};
use salus_client::deployment::Deployment;
use salus_localnet::{Node, Options};
use salus_release::client::ReleaseClient;
use salus_release::wire::PermitPlace;
use serde_json::{json, Value};
use std::time::{Duration, Instant};

/// The chain of tests makes blocks of transactions only.
const ANY_AGE: &str = "--max-head-age off";

fn open(record: &str, file: &str) -> String {
    format!("record open {record} --purpose TREAT --action access --output {file}")
}

/// A clinic and its service, and a letter of Rosa's that Dr Novak has an envelope of, and consent to open.
fn clinic(options: &str) -> Result<(Clinic, Counter, String)> {
    let clinic = Clinic::new()?;
    clinic.desk.endow(&["operator"])?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    let counter = Counter::open(&clinic, &salus_localnet::url_for_tests(), &format!("{ANY_AGE} {options}"))?;
    Ok((clinic, counter, letter))
}

/// Waits until the service is well and knows a block as final.
fn until_final(clinic: &Clinic, counter: &Counter, block: u64) -> Result {
    let health = format!("release health --service {}", counter.url()?);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (exit, said) = clinic.desk.salus(&health)?;
        if exit == 0 && said["finalHeight"].as_u64() >= Some(block) {
            return Ok(());
        }
        assert!(Instant::now() < deadline, "block {block} never becomes final: {exit}: {said}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_record_behind_a_service_is_shared_opened_logged_and_closed_again_by_revoking() -> Result {
    let (clinic, counter, letter) = clinic("")?;
    let (novak, at) = (clinic.account("novak")?, counter.option()?);
    clinic.refused("rosa", &format!("{} --vault no-vault", open(&letter, "no")), 4, "vault.notFound")?;
    let own = clinic.done("rosa", &format!("{} {at}", open(&letter, "own.pdf")))?;
    assert_eq!((&own["mediaType"], &own["logEntry"]["index"]), (&json!("application/pdf"), &json!(0)), "{own}");
    assert_eq!(clinic.read("own.pdf")?, b"letter");

    clinic.consents("novak")?;
    let without = format!("{} {at}", open(&letter, "no"));
    clinic.refused("novak", &without, 3, "release.noEnvelope")?;
    let share = format!("record share {letter} --with {novak} {at}");
    assert_eq!(clinic.done("rosa", &share)?["changed"], true);
    // Again puts another envelope in its place, which opens the same.
    clinic.done("rosa", &share)?;
    let opened = clinic.done("novak", &format!("{} {at}", open(&letter, "opened.pdf")))?;
    assert_eq!(clinic.read("opened.pdf")?, b"letter");

    // Somebody who keeps a permit is refused by the service as soon as the consent is revoked, for the contract's reason.
    let revoked = clinic.done("rosa", "consent revoke-all")?;
    let block = revoked["evidence"]["block"].as_u64().ok_or("no block")?;
    until_final(&clinic, &counter, block)?;
    let permit: PermitPlace = serde_json::from_value(opened["permit"].clone())?;
    let deployment = Deployment::read(&clinic.desk.deployment()?)?;
    let signer = salus_client::signer::from_suri(&clinic.desk.secret("novak"))?;
    let client = ReleaseClient::new(&counter.url()?, &deployment, signer)?;
    let record = salus_cli::values::record(&letter)?;
    let late = tokio::runtime::Runtime::new()?.block_on(client.release(record, 1, permit, None));
    let failure = Failure::from(late.err().ok_or("it was released after the consent was revoked")?);
    assert_eq!((failure.exit, failure.code.as_str()), (Exit::Refused, "refusal.NoConsent"), "{failure:?}");
    clinic.refused("novak", &without, 3, "refusal.NoConsent")?;
    assert_eq!(clinic.done("rosa", &format!("record unshare {letter} --from {novak} {at}"))?["changed"], true);
    assert_eq!(clinic.done("rosa", &format!("record unshare {letter} --from {novak} {at}"))?["changed"], false);

    // The patient reads what the log says of her, and that it stands on the chain.
    let head = clinic.done("rosa", &format!("release head --service {}", counter.url()?))?;
    let operator = text(&head, "account")?;
    assert_eq!(operator, clinic.account("operator")?);
    let told = clinic.done("rosa", &format!("access list --service {}", counter.url()?))?["log"].clone();
    let outcomes: Vec<&str> =
        told["entries"].as_array().into_iter().flatten().filter_map(|it| it["outcome"].as_str()).collect();
    let expected =
        ["released", "refused", "released", "envelope-put", "released", "envelope-put", "released", "refused"];
    assert!(outcomes.starts_with(&expected), "{outcomes:?}");
    clinic.refused("novak", &format!("audit show --service {}", counter.url()?), 3, "release.notAllowed")?;
    counter.close()?;

    let verified = clinic.done("rosa", &format!("audit verify --log releases.log --log-account {operator}"))?;
    assert_eq!((&verified["matches"], &verified["notAnchored"]), (&json!(true), &json!(0)), "{verified}");
    let shown = clinic.done("rosa", &format!("audit show --log releases.log --accessor {novak}"))?["entries"].clone();
    assert!(shown.as_array().is_some_and(|all| all.iter().all(|one| one["accessor"] == json!(novak))), "{shown}");
    assert_eq!(desk::each(&shown, "reason"), [json!("no_envelope"), Value::Null, json!("NoConsent")]);
    Ok(())
}

#[test]
fn a_link_opens_records_behind_a_service() -> Result {
    let (clinic, counter, letter) = clinic("--log-mode event")?;
    let at = counter.option()?;
    let made = clinic.done("rosa", &format!("share create --all --until {UNTIL} {at}"))?;
    assert_eq!((&made["records"], &made["missing"]), (&json!([letter]), &json!([])), "{made}");
    let link = text(&made, "link")?;
    clinic.done("novak", &format!("{} {at} --link {link}", open(&letter, "opened.pdf")))?;
    assert_eq!(clinic.read("opened.pdf")?, b"letter");
    let released = clinic.done("rosa", &format!("access list --service {}", counter.url()?))?;
    assert_eq!(
        clinic::with(&released["entries"], "what", "released").len(),
        2,
        "each release is on the chain: {released}"
    );
    assert!(!clinic::with(&released["log"]["entries"], "proof", "logged").is_empty(), "{released}");
    let revoked = clinic.done("rosa", &format!("share revoke {link} {at}"))?;
    assert_eq!(revoked["removed"], 1);

    let erased = clinic.done("rosa", &format!("record erase {letter} --yes {at}"))?;
    assert_eq!(erased["destroyed"]["digest"].as_str().map(str::len), Some(64), "{erased}");
    clinic.refused("rosa", &format!("{} {at}", open(&letter, "no")), 3, "refusal.Erased")?;
    let again = clinic.done("rosa", &format!("record erase {letter} --yes {at}"))?;
    assert_eq!((&again["changed"], &again["destroyed"]), (&json!(false), &erased["destroyed"]));
    counter.close()?;
    let operator = clinic.account("operator")?;
    let verified = clinic.done("rosa", &format!("audit verify --log releases.log --log-account {operator}"))?;
    assert_eq!((&verified["matches"], &verified["releases"]), (&json!(true), &json!(2)), "{verified}");
    Ok(())
}

#[test]
fn a_key_is_exchanged_behind_a_service_and_opens_what_the_one_before_did() -> Result {
    let (clinic, counter, letter) = clinic("")?;
    let (novak, at) = (clinic.account("novak")?, counter.option()?);
    clinic.consents("novak")?;
    clinic.done("rosa", &format!("record share {letter} --with {novak} {at}"))?;
    clinic.done("novak", &format!("{} {at}", open(&letter, "before.pdf")))?;
    for who in ["rosa", "novak"] {
        let rotated = clinic.done(who, &format!("key rotate {at}"))?;
        assert_eq!(
            (&rotated["number"], &rotated["moved"], &rotated["failed"]),
            (&json!(1), &json!(1), &json!([])),
            "{who}: {rotated}"
        );
        clinic.done(who, &format!("{} {at}", open(&letter, &format!("{who}.pdf"))))?;
    }
    // Whose key was exchanged without its envelopes is told, and nothing is changed.
    clinic.done("rosa", "key publish --number 2")?;
    let (exit, said) = clinic.desk.salus(&format!("key rotate {at} --suri {}", clinic.desk.secret("rosa")))?;
    assert_eq!((exit, &said["changed"], &said["failed"][0]["record"]), (4, &json!(false), &json!(letter)), "{said}");
    counter.close()
}

#[test]
fn an_audit_finds_whatever_was_done_to_a_copy_of_a_log() -> Result {
    let (clinic, counter, letter) = clinic("--anchor-every 1")?;
    let at = counter.option()?;
    for file in ["one.pdf", "two.pdf", "three.pdf"] {
        clinic.done("rosa", &format!("{} {at}", open(&letter, file)))?;
    }
    let service = counter.url()?;
    clinic.done("authority", &format!("audit verify --service {service}"))?;
    counter.close()?;
    let operator = clinic.account("operator")?;
    let kept = LogFile::read(log(&clinic))?;
    let entries = kept.entries(0..3).collect::<std::result::Result<Vec<_>, _>>()?;
    let write = |name: &str, order: &[usize], edited: Option<usize>| -> Result {
        let copy = Log::open(clinic.desk.file(name))?;
        for at in order {
            let mut bytes = entries[*at].bytes.clone();
            if edited == Some(*at) {
                // The time, in the last byte that hours and days are in.
                bytes[5] ^= 1;
            }
            copy.append(entries[*at].id, &bytes)?;
        }
        Ok(())
    };
    write("same.log", &[0, 1, 2], None)?;
    write("deleted.log", &[0, 2], None)?;
    write("cut.log", &[0, 1], None)?;
    write("edited.log", &[0, 1, 2], Some(1))?;
    write("reordered.log", &[1, 0, 2], None)?;
    let audit = |name: &str| format!("audit verify --log {name} --log-account {operator}");
    assert_eq!(clinic.desk.done(&audit("same.log"))?["findings"], json!([]));
    for (name, found) in
        [("deleted.log", "changed"), ("cut.log", "missing"), ("edited.log", "changed"), ("reordered.log", "changed")]
    {
        let (exit, said) = clinic.desk.salus(&audit(name))?;
        assert_eq!((exit, &said["matches"]), (3, &json!(false)), "{name}: {said}");
        assert!(desk::each(&said["findings"], "what").contains(&json!(found)), "{name}: {said}");
    }
    let mut bytes = clinic.read("releases.log")?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    clinic.write("flipped.log", &bytes)?;
    clinic.desk.refused(&audit("flipped.log"), 3, "audit.damaged")?;
    clinic.desk.refused(&audit("letter.pdf"), 4, "audit.log")?;
    clinic.desk.refused(&audit("no-such.log"), 4, "file")?;
    let other = format!("audit verify --log same.log --log-account {}", clinic.account("novak")?);
    clinic.desk.refused(&other, 4, "audit.notOnChain")?;

    // A proof is handed on, and whoever has it asks the contract.
    let prove = format!("audit prove --log releases.log --index 1 --log-account {operator} --output proof.json");
    assert_eq!(clinic.desk.done(&prove)?["logSize"], 3);
    let checked = clinic.desk.done(&format!("audit check proof.json --on-chain --log-account {operator}"))?;
    assert_eq!((&checked["holds"], &checked["contract"]), (&json!(true), &json!("verified")), "{checked}");
    assert_eq!(checked["entry"]["outcome"], "released");
    let mut proof: Value = serde_json::from_slice(&clinic.read("proof.json")?)?;
    clinic.desk.done("audit prove --log edited.log --index 1 --output other.json")?;
    let (exit, said) = clinic.desk.salus(&format!("audit check other.json --on-chain --log-account {operator}"))?;
    assert_eq!((exit, &said["holds"], &said["anchored"]), (3, &json!(true), &Value::Null), "{said}");
    proof["index"] = json!(0);
    clinic.write("moved.json", proof.to_string().as_bytes())?;
    let (exit, said) = clinic.desk.salus("audit check moved.json")?;
    assert_eq!((exit, &said["holds"]), (3, &json!(false)), "{said}");
    let anchors = clinic.desk.done(&format!("audit anchors --log-account {operator}"))?["anchors"].clone();
    assert_eq!(desk::each(&anchors, "size").last(), Some(&json!(3)), "{anchors}");
    Ok(())
}

#[test]
fn a_service_whose_nodes_are_gone_says_that_it_cannot_release() -> Result {
    let node = Node::find_or_start(Options::default())?;
    let clinic = Clinic::at(Desk::on(node.url(), "")?)?;
    let deployment = clinic.desk.deployment()?;
    let counter = Counter::open(&clinic, node.url(), ANY_AGE)?;
    let health = format!("release health --service {} --deployment {}", counter.url()?, deployment.display());
    let said = clinic.desk.done(&health)?;
    assert_eq!((&said["healthy"], &said["code"]), (&json!(true), &Value::Null), "{said}");
    drop(node);
    let (exit, said) = clinic.desk.salus(&health)?;
    assert_eq!((exit, &said["healthy"]), (5, &json!(false)), "{said}");
    assert_eq!(said["code"], "node_unavailable");
    let gone = format!("release health --service http://127.0.0.1:1 --deployment {}", deployment.display());
    clinic.desk.refused(&gone, 5, "release.unreachable")?;
    clinic.desk.refused("release health", 2, "usage")
}

#[test]
fn a_service_does_not_start_with_a_log_that_was_cut() -> Result {
    let (clinic, counter, letter) = clinic("")?;
    clinic.done("rosa", &format!("{} {}", open(&letter, "one.pdf"), counter.option()?))?;
    counter.close()?;
    std::fs::remove_file(log(&clinic))?;
    let serve = format!("release serve --listen 127.0.0.1:0 --log releases.log {ANY_AGE}");
    clinic.refused("operator", &serve, 3, "release.otherLog")?;
    clinic.refused("operator", "release serve --log no/such/folder.log", 4, "release.log")?;
    clinic.refused("operator", &format!("{serve} --dry-run"), 2, "usage")
}
