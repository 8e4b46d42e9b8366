//! Share links, from who makes one to who is refused after it is revoked.

mod clinic;
mod desk;

use clinic::{text, with, Clinic, UNTIL};
use desk::{each, Result};
use salus_cli::operations::links::Link;
use serde_json::{json, Value};

#[test]
fn a_patient_shares_with_a_new_doctor_by_a_link_sees_it_and_revokes_it() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"%PDF-1.7 the letter")?;
    let scan = clinic.letter("scan.png", b"\x89PNG the scan")?;
    let shown = clinic.done("rosa", &format!("record show {letter}"))?;
    assert_eq!((&shown["class"], &shown["confidentiality"]), (&json!("DocumentReference"), &json!("N")));
    clinic.refused(
        "novak",
        &format!("record open {letter} --purpose TREAT --action access --output no"),
        3,
        "refusal.NoConsent",
    )?;

    let planned = clinic.done("rosa", "share create --all --dry-run")?;
    assert_eq!((planned["records"].as_array().map(Vec::len), &planned["link"]), (Some(2), &Value::Null));
    let share = format!("share create --class DocumentReference --until {UNTIL} --qr link.svg");
    let made = clinic.done("rosa", &share)?;
    let (link, account) = (text(&made, "link")?, text(&made, "account")?);
    assert_eq!((&made["records"], &made["missing"], &made["heldBack"]), (&json!([letter]), &json!([]), &json!([])));
    assert!(String::from_utf8(clinic.read("link.svg")?)?.contains("<svg"));
    assert_eq!(clinic.done("rosa", "share list")?["links"][0]["redeemedBy"], Value::Null);

    let opened = format!("record open {letter} --purpose TREAT --action access --link {link} --output opened.pdf");
    clinic.refused("daughter", &format!("share redeem {link}"), 3, "access.NotCredentialed")?;
    let redeemed = clinic.done("novak", &format!("share redeem {link}"))?;
    assert_eq!((&redeemed["changed"], each(&redeemed["records"], "record")), (&json!(true), vec![json!(letter)]));
    assert_eq!(clinic.done("novak", &format!("share redeem {link}"))?["changed"], false, "twice changes nothing");
    clinic.refused("adams", &format!("share redeem {link}"), 3, "access.AlreadyRedeemed")?;
    let permitted = clinic.done("novak", &opened)?;
    assert_eq!((&permitted["decision"], &permitted["mediaType"]), (&json!("permitted"), &json!("application/pdf")));
    assert_eq!(clinic.read("opened.pdf")?, b"%PDF-1.7 the letter");
    // What is not shared stays closed, and without the link so does what is.
    let other =
        |record: &str, link: &str| format!("record open {record} --purpose TREAT --action access{link} --output no");
    clinic.refused("novak", &other(&scan, &format!(" --link {link}")), 3, "refusal.NoConsent")?;
    clinic.refused("novak", &other(&letter, ""), 3, "refusal.NoConsent")?;
    clinic.refused("adams", &other(&letter, &format!(" --link {link}")), 3, "access.AlreadyRedeemed")?;

    let novak = clinic.account("novak")?;
    let mine = clinic.done("rosa", "share list")?["links"].clone();
    assert_eq!((&mine[0]["account"], &mine[0]["redeemedBy"]), (&json!(account), &json!(novak)));
    let entries = clinic.done("rosa", "access list --fhir disclosures.json")?["entries"].clone();
    let redeemed = with(&entries, "what", "redeemed");
    assert_eq!((redeemed.len(), &redeemed[0]["who"]), (1, &json!(novak)));
    let by_link: Vec<&Value> = with(&entries, "outcome", "permitted");
    assert_eq!((by_link.len(), &by_link[0]["link"]), (1, &json!(account)), "{entries}");
    let bundle: Value = serde_json::from_slice(&clinic.read("disclosures.json")?)?;
    assert_eq!(bundle["entry"].as_array().map(Vec::len), entries.as_array().map(Vec::len));
    clinic.refused("rosa", "access list --fhir disclosures.json", 4, "file.exists")?;

    let revoked = clinic.done("rosa", &format!("share revoke {account}"))?;
    assert_eq!((&revoked["redeemedBy"], &revoked["removed"]), (&json!(novak), &json!(1)));
    clinic.refused("novak", &other(&letter, &format!(" --link {link}")), 3, "refusal.NoConsent")?;
    let listed = clinic.done("novak", &format!("record list --link {link}"))?;
    assert_eq!(listed["records"], json!([]));
    clinic.refused("rosa", &format!("share revoke {account}"), 4, "link.unknown")
}

#[test]
fn a_link_for_single_records_opens_these_and_says_what_another_consent_holds_back() -> Result {
    let clinic = Clinic::new()?;
    let (one, other) = (clinic.letter("one.pdf", b"one")?, clinic.letter("other.pdf", b"other")?);
    let made = clinic.done("rosa", &format!("share create --record {one}"))?;
    assert_eq!((&made["records"], &made["heldBack"]), (&json!([one]), &json!([])));
    let link = text(&made, "link")?;
    clinic.done("novak", &format!("share redeem {link}"))?;
    let open = |record: &str, file: &str| {
        format!("record open {record} --purpose TREAT --action access --link {link} --output {file}")
    };
    clinic.done("novak", &open(&one, "one"))?;
    // Labelled alike, so the consent permits it; but no key of it was wrapped for the link.
    clinic.refused("novak", &open(&other, "other"), 3, "vault.notShared")?;

    clinic.consents("adams")?;
    let held = clinic.done("rosa", &format!("share create --record {one}"))?;
    assert_eq!(held["heldBack"], json!([one]), "an opt-out for all others wins over a link: {held}");
    clinic.done("rosa", &format!("share revoke {}", text(&held, "link")?))?;
    Ok(())
}

#[test]
fn a_link_that_is_none_is_refused_as_what_it_is() -> Result {
    let clinic = Clinic::new()?;
    clinic.letter("letter.pdf", b"letter")?;
    let link = text(&clinic.done("rosa", "share create --all")?, "link")?;
    let redeem = |link: &str| format!("share redeem {link}");
    clinic.refused("novak", "share redeem", 2, "usage")?;
    clinic.refused("novak", &redeem("https://example.org/"), 4, "link.notALink")?;
    clinic.refused("novak", &redeem(&link.replacen("/1/", "/9/", 1)), 4, "link.otherVersion")?;
    clinic.refused("novak", &redeem(&link[..link.len() - 3]), 4, "link.incomplete")?;
    let swapped = if link.ends_with("AA") { "BA" } else { "AA" };
    clinic.refused("novak", &redeem(&format!("{}{swapped}", &link[..link.len() - 2])), 4, "link.damaged")?;
    let mut characters: Vec<char> = link.chars().collect();
    let place = link.len() - 20;
    characters[place] = if characters[place] == 'x' { 'y' } else { 'x' };
    let changed: String = characters.into_iter().collect();
    clinic.refused("novak", &redeem(&changed), 4, "link.damaged")?;
    let rosa = clinic.account("rosa")?.parse()?;
    let elsewhere = Link::generate(&[7; 32], rosa).map_err(|error| error.to_string())?.text();
    clinic.refused("novak", &redeem(&elsewhere), 5, "link.otherChain")?;
    clinic.refused("rosa", "share create", 2, "usage")?;
    clinic.refused("rosa", "share create --class Observation", 4, "input.nothingToShare")?;
    clinic.refused("rosa", &format!("share create --record {}", "ab".repeat(32)), 4, "input.record")?;
    clinic.refused("rosa", "share create --all --until 2001-01-01T00:00:00Z", 3, "consent.AlreadyOver")?;
    clinic.refused("daughter", "share create --all", 3, "access.NoEncryptionKey")
}
