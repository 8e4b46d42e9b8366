//! Records of any kind: stored, amended, listed, released on conditions, erased and moved out.

mod clinic;
mod desk;

use clinic::{text, Clinic, UNTIL};
use desk::{each, Result};
use salus_vault::{RecordRef, Vault};
use serde_json::{json, Value};

fn open(record: &str, file: &str) -> String {
    format!("record open {record} --purpose TREAT --action access --output {file}")
}

#[test]
fn an_organisation_vouches_for_its_own_and_no_further_than_it_is_accredited() -> Result {
    let clinic = Clinic::new()?;
    let (hospital, novak, adams) = (clinic.account("hospital")?, clinic.account("novak")?, clinic.account("adams")?);
    let vouch = |role: &str| format!("access credential {novak} --role {role} --until {UNTIL}");
    clinic.refused("hospital", &vouch("pharmacist"), 3, "access.BeyondAccreditation")?;
    clinic.refused("novak", &vouch("doctor"), 3, "access.NotAuthority")?;
    clinic.refused(
        "hospital",
        &format!("access accredit {novak} --role doctor --until {UNTIL}"),
        3,
        "access.NotAuthority",
    )?;

    let shown = clinic.done("rosa", &format!("access show {adams}"))?;
    let credential = &shown["credentials"][0];
    assert_eq!((&credential["issuer"], &credential["standing"]), (&json!(hospital), &json!("good")));
    let of_hospital = clinic.done("rosa", &format!("access show {hospital}"))?["accreditation"].clone();
    assert_eq!((&of_hospital["roles"], &of_hospital["suspended"]), (&json!(["doctor", "nurse"]), &json!(false)));

    clinic.done("authority", &format!("access suspend-organisation {hospital}"))?;
    assert_eq!(clinic.done("rosa", &format!("access show {adams}"))?["principal"], Value::Null);
    clinic.refused("hospital", &vouch("doctor"), 3, "access.NotAuthority")?;
    clinic.done("authority", &format!("access reinstate-organisation {hospital}"))?;
    clinic.done("hospital", &format!("access suspend {adams} --organisation {hospital}"))?;
    let shown = clinic.done("rosa", &format!("access show {adams}"))?;
    assert_eq!(shown["credentials"][0]["standing"], "suspended");
    clinic.done("hospital", &format!("access reinstate {adams} --organisation {hospital}"))?;
    Ok(())
}

#[test]
fn any_file_is_stored_with_its_labels_and_amended_for_all_who_can_open_it() -> Result {
    let clinic = Clinic::new()?;
    let rosa = clinic.account("rosa")?;
    clinic.write("scan.dcm", b"first")?;
    let labels = "--media-type application/dicom --class ImagingStudy --confidentiality R --sensitivity PSY \
                  --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z";
    let add = format!("record add scan.dcm --patient {rosa} {labels}");
    let planned = clinic.done("adams", &format!("{add} --dry-run"))?;
    let added = clinic.done("adams", &add)?;
    assert_eq!((&planned["record"], &added["changed"]), (&added["record"], &json!(true)));
    assert_eq!(clinic.done("adams", &add)?["changed"], false, "the same again finds what is there");
    assert_eq!((&added["class"], &added["sensitivity"]), (&json!("ImagingStudy"), &json!(["PSY"])));
    assert_eq!(added["dataPeriod"]["end"], "2026-03-02T00:00:00Z");
    let record = text(&added, "record")?;
    clinic.refused("daughter", &add, 3, "access.NotCredentialed")?;
    clinic.refused("adams", "record add missing.pdf --patient //", 4, "input.account")?;
    clinic.refused("adams", &format!("record add missing.pdf --patient {rosa}"), 4, "file")?;
    let relabelled = format!("record add @/record-observation.json --patient {rosa} --confidentiality U");
    clinic.refused("adams", &relabelled, 2, "usage")?;
    let untyped = format!("record add scan.dcm --patient {rosa} --media-type nonsense");
    clinic.refused("adams", &untyped, 4, "input.mediaType")?;

    clinic.done("adams", &format!("record share {record} --with {}", clinic.account("novak")?))?;
    clinic.write("again.dcm", b"second")?;
    let amend = format!("record amend {record} again.dcm {labels}");
    clinic.refused("rosa", &amend, 3, "access.NotCustodian")?;
    let amended = clinic.done("adams", &amend)?;
    assert_eq!((&amended["version"], &amended["changed"]), (&json!(2), &json!(true)));
    assert_eq!(clinic.done("adams", &amend)?["changed"], false);
    clinic.done("rosa", &open(&record, "opened.dcm"))?;
    assert_eq!(clinic.read("opened.dcm")?, b"second");
    clinic.consents("novak")?;
    clinic.done("novak", &open(&record, "by-novak.dcm"))?;
    assert_eq!(clinic.read("by-novak.dcm")?, b"second", "who could open the version before opens this one");

    let novak = clinic.account("novak")?;
    assert_eq!(clinic.done("rosa", &format!("record unshare {record} --from {novak}"))?["changed"], true);
    assert_eq!(clinic.done("rosa", &format!("record unshare {record} --from {novak}"))?["changed"], false);
    clinic.refused("novak", &open(&record, "no"), 3, "vault.notShared")?;
    clinic.refused("rosa", &format!("record unshare {record} --from {rosa}"), 2, "usage")
}

#[test]
fn an_amendment_that_broke_off_is_completed_with_the_same_content_only() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    clinic.write("corrected.pdf", b"corrected")?;
    // As far as a run gets that is interrupted before the transaction: the version is sealed, and not registered.
    let id: [u8; 32] = hex::decode(&letter)?.try_into().map_err(|_| "an id has 32 bytes")?;
    let version = RecordRef { record: id.into(), version: 2 };
    let adams = salus_client::signer::from_suri(&clinic.desk.secret("adams"))?;
    let key = salus_cli::operations::keys::encryption_key(&adams, 0).public_key();
    tokio::runtime::Runtime::new()?.block_on(async {
        let vault = Vault::local(clinic.desk.file("vault"))?;
        vault.seal(version, "application/pdf", b"something else", &[1; 32], &[key]).await
    })?;
    clinic.refused("adams", &format!("record amend {letter} corrected.pdf"), 4, "vault.sealedOtherwise")?;
    assert_eq!(clinic.done("rosa", &format!("record show {letter}"))?["version"], 1);
    Ok(())
}

#[test]
fn what_no_consent_lets_somebody_see_is_not_listed() -> Result {
    let clinic = Clinic::new()?;
    let rosa = clinic.account("rosa")?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    let all = clinic.done("rosa", "record list")?["records"].clone();
    assert_eq!((each(&all, "record"), each(&all, "opens")), (vec![json!(letter)], vec![json!(true)]));
    assert_eq!(clinic.done("novak", &format!("record list {rosa}"))?["records"], json!([]));
    clinic.consents("novak")?;
    let seen = clinic.done("novak", &format!("record list {rosa}"))?["records"].clone();
    assert_eq!(each(&seen, "record"), [json!(letter)]);
    let for_research = clinic.done("novak", &format!("record list {rosa} --purpose HRESCH"))?;
    assert_eq!(for_research["records"], json!([]));
    Ok(())
}

#[test]
fn a_record_is_released_only_when_enough_of_the_parties_agree() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    let [rosa, adams, novak, daughter] =
        [clinic.account("rosa")?, clinic.account("adams")?, clinic.account("novak")?, clinic.account("daughter")?];
    clinic.done("adams", &format!("record share {letter} --with {novak}"))?;
    clinic.consents("novak")?;
    let set = format!("record condition set {letter} --party {adams} --party {daughter} --needed");
    clinic.refused("novak", &format!("{set} 2"), 3, "access.NotCustodian")?;
    clinic.refused("rosa", &format!("{set} 3"), 3, "access.BadCondition")?;
    clinic.done("rosa", &format!("{set} 2"))?;
    clinic.refused("novak", &open(&letter, "no"), 3, "refusal.NotAgreed")?;
    let listed = clinic.done("novak", &format!("record list {rosa}"))?["records"].clone();
    assert_eq!((&listed[0]["opens"], &listed[0]["reason"]), (&json!(false), &json!("NotAgreed")));

    let agree = format!("record agree {letter} {novak} --purpose TREAT --until {UNTIL}");
    clinic.refused("novak", &agree, 3, "access.NotParty")?;
    let late = format!("record agree {letter} {novak} --purpose TREAT --until 2001-01-01T00:00:00Z");
    clinic.refused("adams", &late, 3, "access.AlreadyOver")?;
    clinic.done("adams", &agree)?;
    clinic.refused("novak", &open(&letter, "no"), 3, "refusal.NotAgreed")?;
    clinic.done("daughter", &agree)?;
    clinic.done("novak", &open(&letter, "agreed.pdf"))?;
    let shown = clinic.done("rosa", &format!("record condition show {letter}"))?;
    let condition = &shown["conditions"][0];
    assert_eq!((&condition["side"], &condition["needed"]), (&json!("patient"), &json!(2)));
    assert_eq!(each(&shown["agreements"], "party"), [json!(adams), json!(daughter)]);
    assert_eq!(shown["agreements"][0]["accessor"], json!(novak));

    clinic.done("daughter", &format!("record disagree {letter} {novak}"))?;
    clinic.refused("daughter", &format!("record disagree {letter} {novak}"), 3, "access.NotFound")?;
    clinic.refused("novak", &open(&letter, "no"), 3, "refusal.NotAgreed")?;
    clinic.done("rosa", &format!("record condition lift {letter}"))?;
    let shown = clinic.done("rosa", &format!("record condition show {letter}"))?;
    assert_eq!(shown["conditions"], json!([]));
    clinic.done("novak", &open(&letter, "lifted.pdf"))?;
    Ok(())
}

#[test]
fn what_is_erased_is_gone_from_the_vault_and_opens_for_nobody() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    let erase = format!("record erase {letter}");
    clinic.refused("rosa", &erase, 2, "usage")?;
    clinic.refused("adams", &format!("{erase} --yes"), 3, "access.NotPatient")?;
    assert_eq!(clinic.done("rosa", &format!("{erase} --dry-run"))?["destroyed"], Value::Null);
    clinic.done("rosa", &open(&letter, "before.pdf"))?;
    let erased = clinic.done("rosa", &format!("{erase} --yes"))?;
    assert_eq!(erased["destroyed"]["digest"].as_str().map(str::len), Some(64), "{erased}");
    assert!(erased["destroyed"]["objects"].as_u64().is_some_and(|objects| objects >= 3), "{erased}");
    clinic.refused("rosa", &open(&letter, "after.pdf"), 3, "refusal.Erased")?;
    assert_eq!(clinic.done("rosa", &format!("record show {letter}"))?["erased"], true);
    let again = clinic.done("rosa", &format!("{erase} --yes"))?;
    assert_eq!((&again["changed"], &again["destroyed"]), (&json!(false), &erased["destroyed"]));
    clinic.refused("adams", &format!("record amend {letter} letter.pdf --confidentiality R"), 3, "access.Erased")?;

    // A proxy with the power over records erases for the patient.
    let other = clinic.letter("other.pdf", b"other")?;
    let daughter = clinic.account("daughter")?;
    clinic.refused("daughter", &format!("record erase {other} --yes"), 3, "access.NotPatient")?;
    clinic.done("rosa", &format!("proxy name {daughter} --power records --until {UNTIL}"))?;
    clinic.done("daughter", &format!("record erase {other} --yes"))?;
    Ok(())
}

#[test]
fn everything_can_be_moved_out_and_an_export_that_broke_off_is_completed() -> Result {
    let clinic = Clinic::new()?;
    let (letter, erased) = (clinic.letter("letter.pdf", b"letter")?, clinic.letter("erased.pdf", b"erased")?);
    clinic.write("corrected.pdf", b"corrected")?;
    clinic.done("adams", &format!("record amend {letter} corrected.pdf"))?;
    clinic.done("rosa", &format!("record erase {erased} --yes"))?;
    clinic.consents("novak")?;
    let rosa = clinic.account("rosa")?;
    clinic.write("elsewhere.txt", b"elsewhere")?;
    let elsewhere = format!("record add elsewhere.txt --patient {rosa} --vault other-vault");
    let elsewhere = text(&clinic.done("adams", &elsewhere)?, "record")?;

    let (exit, first) = clinic.desk.salus(&format!("record export out --suri {}", clinic.desk.secret("rosa")))?;
    assert_eq!((exit, &first["records"], &first["complete"]), (4, &json!(2), &json!(false)), "{first}");
    assert_eq!((&first["missing"][0]["record"], &first["erased"]), (&json!(elsewhere), &json!([erased])));
    let manifest: Value = serde_json::from_slice(&clinic.read("out/manifest.json")?)?;
    assert_eq!(
        (each(&manifest["records"], "version"), each(&manifest["records"], "newest")),
        (vec![json!(1), json!(2)], vec![json!(false), json!(true)],)
    );
    let newest = &manifest["records"][1];
    let content = clinic.read(&format!("out/{}", text(newest, "file")?))?;
    assert_eq!(content, b"corrected");
    let salt: [u8; 32] = hex::decode(text(newest, "salt")?)?.try_into().map_err(|_| "a salt has 32 bytes")?;
    assert_eq!(hex::encode(salus_vault::commit(&salt, &content)), text(newest, "commitment")?);
    let consent: Value = serde_json::from_slice(&clinic.read("out/consents/0.json")?)?;
    assert_eq!(consent["resourceType"], "Consent");
    let accounting: Value = serde_json::from_slice(&clinic.read("out/accounting.json")?)?;
    assert!(accounting["entry"].as_array().is_some_and(|entries| entries.len() >= 5), "{accounting}");

    // One file was lost; the other vault has the rest.
    std::fs::remove_file(clinic.desk.file(&format!("out/{}", text(newest, "file")?)))?;
    let rosa = clinic.desk.secret("rosa");
    let (exit, second) = clinic.desk.salus(&format!("record export out --vault other-vault --suri {rosa}"))?;
    assert_eq!((exit, &second["added"], &second["records"]), (4, &json!(1), &json!(2)), "{second}");
    assert_eq!(second["missing"][0]["record"], json!(letter));
    let third = clinic.done("rosa", "record export out")?;
    assert_eq!((&third["added"], &third["complete"]), (&json!(1), &json!(true)), "{third}");
    let again = clinic.done("rosa", "record export out")?;
    assert_eq!((&again["records"], &again["added"], &again["complete"]), (&json!(3), &json!(0), &json!(true)));
    clinic.refused("adams", "record export out", 4, "export.other")?;
    clinic.write("out/manifest.json", b"{}")?;
    clinic.refused("rosa", "record export out", 4, "export.malformed")
}
