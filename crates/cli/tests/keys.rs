//! Encryption keys: published, exchanged for the next, taken back.

mod clinic;
mod desk;

use clinic::{text, Clinic};
use desk::Result;
use salus_client::deployment::Deployment;
use serde_json::{json, Value};

fn open(record: &str, file: &str) -> String {
    format!("record open {record} --purpose TREAT --action access --output {file}")
}

#[test]
fn records_open_with_the_next_key_after_a_rotation() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    clinic.refused("daughter", "key rotate", 3, "access.NoEncryptionKey")?;
    let before = clinic.done("rosa", "key show")?;
    assert_eq!(before["number"], 0);
    let planned = clinic.done("rosa", "key rotate --dry-run")?;
    let rotated = clinic.done("rosa", "key rotate")?;
    assert_eq!((&rotated["number"], &rotated["moved"], &rotated["changed"]), (&json!(1), &json!(1), &json!(true)));
    assert_eq!((&planned["encryptionKey"], &rotated["failed"]), (&rotated["encryptionKey"], &json!([])));
    assert_ne!(before["encryptionKey"], rotated["encryptionKey"]);
    clinic.done("rosa", &open(&letter, "after.pdf"))?;
    assert_eq!(clinic.read("after.pdf")?, b"letter");
    let second = clinic.letter("second.pdf", b"second")?;
    clinic.done("rosa", &open(&second, "second-opened.pdf"))?;
    assert_eq!(clinic.done("rosa", "key publish")?["changed"], false, "what is published is the newest");
    assert_eq!(clinic.done("rosa", "key rotate")?["number"], 2);
    clinic.done("rosa", &open(&letter, "again.pdf"))?;
    Ok(())
}

#[test]
fn a_rotation_that_broke_off_is_completed_and_publishes_nothing_more() -> Result {
    let clinic = Clinic::new()?;
    let letter = clinic.letter("letter.pdf", b"letter")?;
    // As far as a run gets that is interrupted after the first step.
    clinic.done("rosa", "key publish --number 1")?;
    clinic.done("rosa", &open(&letter, "between.pdf"))?;
    let completed = clinic.done("rosa", "key rotate")?;
    assert_eq!(
        (&completed["number"], &completed["moved"], &completed["changed"]),
        (&json!(1), &json!(1), &json!(false))
    );
    clinic.done("rosa", &open(&letter, "after.pdf"))?;
    Ok(())
}

#[test]
fn nothing_is_wrapped_for_a_key_that_was_taken_back() -> Result {
    let clinic = Clinic::new()?;
    let (rosa, adams) = (clinic.account("rosa")?, clinic.account("adams")?);
    let revoked = clinic.done("adams", "key revoke")?;
    assert_eq!(revoked["number"], 0);
    assert_eq!(clinic.done("rosa", &format!("key show {adams}"))?["encryptionKey"], Value::Null);
    clinic.refused("adams", "key revoke", 3, "access.NotFound")?;
    clinic.write("letter.pdf", b"letter")?;
    let own = clinic.done("rosa", &format!("record add letter.pdf --patient {rosa}"))?;
    let share = format!("record share {} --with {adams}", text(&own, "record")?);
    clinic.refused("rosa", &share, 3, "access.NoEncryptionKey")?;
    let next = clinic.done("adams", "key publish --number 1")?;
    assert_eq!((&next["number"], &next["changed"]), (&json!(1), &json!(true)));
    clinic.done("rosa", &share)?;
    clinic.refused("adams", "key publish --number 1001", 2, "usage")
}

#[test]
fn a_key_that_is_not_the_accounts_own_is_told_and_replaced() -> Result {
    let clinic = Clinic::new()?;
    let deployment = Deployment::read(&clinic.desk.deployment()?)?;
    let rosa = salus_client::signer::from_suri(&clinic.desk.secret("rosa"))?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let chain = salus_client::Chain::connect(&salus_localnet::url_for_tests()).await?;
        deployment.grants().publish_key([9; 32]).submit(&chain, &rosa).await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    assert_eq!(clinic.done("rosa", "key show")?["number"], Value::Null);
    clinic.refused("rosa", "key rotate", 4, "input.foreignKey")?;
    assert_eq!(clinic.done("rosa", "key publish")?["number"], 0);
    clinic.done("rosa", "key publish --number 1000")?;
    clinic.refused("rosa", "key rotate", 4, "input.keysUsedUp")
}
