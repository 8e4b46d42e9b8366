//! Breaking the glass, from the emergency to its end.

mod clinic;
mod desk;

use clinic::{text, with, Clinic};
use desk::{Desk, Result};
use salus_localnet::{Node, Options};
use serde_json::{json, Value};

const BREAK: &str = "--ground unable-to-consent --statement-file statement.txt";

fn open(record: &str, file: &str) -> String {
    format!("record open {record} --purpose BTG --action access --output {file}")
}

fn clinic() -> Result<(Clinic, String)> {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    clinic.write("statement.txt", b"Found unconscious, no relatives\n")?;
    Ok((clinic, letter))
}

#[test]
fn who_breaks_the_glass_is_let_in_the_patient_is_told_disputes_it_and_an_authority_reviews_it() -> Result {
    let (clinic, letter) = clinic()?;
    let (rosa, novak) = (clinic.account("rosa")?, clinic.account("novak")?);
    let terms = clinic.done("rosa", "emergency terms")?;
    assert_eq!((&terms["bond"], &terms["accessMilliseconds"]), (&json!("10000000000000"), &json!(86_400_000)));
    clinic.refused("novak", &open(&letter, "no"), 3, "refusal.NoConsent")?;
    let glass = format!("emergency break {rosa} {BREAK}");
    clinic.refused("daughter", &glass, 3, "access.NotCredentialed")?;
    clinic.refused("novak", &format!("emergency break {novak} {BREAK}"), 3, "access.OwnEmergency")?;
    clinic.refused("novak", &format!("emergency break {rosa} --ground unable-to-consent"), 2, "usage")?;
    let planned = clinic.done("novak", &format!("{glass} --dry-run"))?;
    let broken = clinic.done("novak", &glass)?;
    assert_eq!((&broken["number"], &broken["state"]), (&json!(1), &json!("open")), "{broken}");
    assert_eq!(planned["statement"], broken["statement"], "the same words give the same commitment");
    clinic.refused("novak", &glass, 3, "access.EmergencyOpen")?;
    clinic.refused("novak", &open(&letter, "no"), 3, "vault.notShared")?;
    let supplied = clinic.done("adams", &format!("emergency supply {novak} {rosa}"))?;
    assert_eq!((&supplied["records"], &supplied["new"]), (&json!([letter]), &json!(1)), "{supplied}");
    clinic.done("novak", &open(&letter, "opened.pdf"))?;
    assert_eq!(clinic.read("opened.pdf")?, b"letter");

    let told = clinic.done("rosa", "emergency list")?["emergencies"].clone();
    assert_eq!((&told[0]["provider"], &told[0]["accesses"]), (&json!(novak), &json!(2)), "{told}");
    assert_eq!((&told[0]["ground"], &told[0]["state"]), (&json!("unable-to-consent"), &json!("open")));
    let of_provider = clinic.done("rosa", &format!("emergency list --provider {novak}"))?["emergencies"].clone();
    assert_eq!(of_provider, told);
    let check = format!("emergency check-statement {novak} {rosa} --salt {}", text(&broken, "salt")?);
    assert_eq!(clinic.done("authority", &format!("{check} --statement-file statement.txt"))?["matches"], true);
    let (exit, other) = clinic.desk.salus(&format!("{check} --statement other"))?;
    assert_eq!((exit, &other["matches"]), (3, &json!(false)));

    let review = format!("emergency review {novak} {rosa}");
    clinic.refused("authority", &format!("{review} --justified"), 3, "access.ReviewTooEarly")?;
    clinic.refused("hospital", &format!("{review} --unjustified"), 3, "access.NotAuthority")?;
    clinic.refused("authority", &review, 2, "usage")?;
    clinic.refused("authority", &format!("emergency forfeit {novak} {rosa}"), 3, "access.ReviewNotOver")?;
    clinic.refused("daughter", &format!("emergency dispute {novak} --for {rosa}"), 3, "access.NotPatient")?;
    clinic.refused("rosa", &format!("emergency dispute {}", clinic.account("adams")?), 4, "input.emergency")?;
    assert_eq!(clinic.done("rosa", &format!("emergency dispute {novak}"))?["changed"], true);
    assert_eq!(clinic.done("rosa", &format!("emergency dispute {novak}"))?["changed"], false);
    clinic.refused("novak", &open(&letter, "no"), 3, "refusal.NoConsent")?;
    clinic.refused("adams", &format!("emergency supply {novak} {rosa}"), 4, "input.emergency")?;

    let found = clinic.done("authority", &format!("{review} --unjustified --suspend"))?;
    assert_eq!((&found["finding"], &found["number"]), (&json!("unjustified"), &json!(1)));
    clinic.refused("rosa", &format!("emergency dispute {novak}"), 3, "access.EmergencyClosed")?;
    assert_eq!(clinic.done("rosa", &format!("emergency show {novak} {rosa}"))?["state"], "barred");
    let standing = clinic.done("rosa", &format!("access show {novak}"))?["credentials"][0]["standing"].clone();
    assert_eq!(standing, "barred");
    let entries = clinic.done("rosa", "access list --fhir disclosures.json")?["entries"].clone();
    for what in ["glass-broken", "disputed", "reviewed"] {
        assert_eq!(with(&entries, "what", what).len(), 1, "{what}: {entries}");
    }
    assert_eq!(with(&entries, "reason", "emergency").len(), 2, "{entries}");
    let bundle: Value = serde_json::from_slice(&clinic.read("disclosures.json")?)?;
    assert_eq!(bundle["entry"].as_array().map(Vec::len), entries.as_array().map(Vec::len));
    Ok(())
}

#[test]
fn a_bond_goes_back_where_the_emergency_is_found_justified() -> Result {
    let (clinic, _) = clinic()?;
    let (rosa, novak) = (clinic.account("rosa")?, clinic.account("novak")?);
    clinic.done("novak", &format!("emergency break {rosa} {BREAK}"))?;
    clinic.done("rosa", &format!("emergency dispute {novak}"))?;
    clinic.done("authority", &format!("emergency review {novak} {rosa} --justified"))?;
    let state = clinic.done("rosa", &format!("emergency show {novak} {rosa}"))?["state"].clone();
    assert_eq!(state, "justified");
    let again = clinic.done("novak", &format!("emergency break {rosa} {BREAK}"))?;
    assert_eq!(again["number"], 2, "the next one is another one");
    Ok(())
}

#[test]
fn the_bond_is_the_patients_where_nobody_reviews_in_time() -> Result {
    // A chain of its own: its clock is moved.
    let node = Node::find_or_start(Options::default())?;
    let terms = "--emergency-bond 2.5 --emergency-access 3 --emergency-review 1";
    let clinic = Clinic::at(Desk::on(node.url(), terms)?)?;
    clinic.write("statement.txt", b"Found unconscious\n")?;
    let (rosa, novak) = (clinic.account("rosa")?, clinic.account("novak")?);
    let said = clinic.done("rosa", "emergency terms")?;
    assert_eq!((&said["bond"], &said["reviewMilliseconds"]), (&json!("2500000000000"), &json!(86_400_000)));
    clinic.done("novak", &format!("emergency break {rosa} {BREAK}"))?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let chain = salus_client::Chain::connect(node.url()).await?;
        chain.advance_clock(86_400_000).await
    })?;
    clinic.refused("authority", &format!("emergency review {novak} {rosa} --unjustified"), 3, "access.ReviewOver")?;
    clinic.done("daughter", &format!("emergency forfeit {novak} {rosa}"))?;
    clinic.refused("daughter", &format!("emergency forfeit {novak} {rosa}"), 3, "access.EmergencyClosed")?;
    assert_eq!(clinic.done("rosa", &format!("emergency show {novak} {rosa}"))?["state"], "unreviewed");
    clinic.desk.refused("deploy --suri //Alice --emergency-access 48 --emergency-review 1", 2, "usage")
}
