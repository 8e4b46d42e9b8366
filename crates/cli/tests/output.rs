//! What becomes of the output: of a full disk, and of control characters in documents.

mod clinic;
mod desk;
mod practice;

use clinic::Clinic;
use desk::{Desk, Result};
use practice::sample;
use serde_json::json;
use std::fs::File;

#[test]
fn output_that_cannot_be_written_is_a_failure() -> Result {
    let desk = Desk::off_line()?;
    let full = || File::options().write(true).open("/dev/full");
    let simulate = "claim simulate --plan @/plan.json --claim @/claim.json";
    for arguments in [simulate, &format!("{simulate} --json"), "--help"] {
        let output = desk.command(arguments)?.stdout(full()?).output()?;
        assert_eq!(output.status.code(), Some(1), "{arguments}");
    }
    let output = desk.command(simulate)?.stdout(full()?).output()?;
    assert!(String::from_utf8(output.stderr)?.contains("the output cannot be written"));
    // What failed anyhow still says why.
    let output = desk.command("claim simulate --plan none.json --claim none.json --json")?.stdout(full()?).output()?;
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8(output.stderr)?.contains("none.json cannot be read"));
    Ok(())
}

#[test]
fn what_a_document_calls_itself_does_not_steer_the_terminal() -> Result {
    let desk = Desk::off_line()?;
    let (mut claim, mut plan) = (sample("claim.json")?, sample("plan.json")?);
    claim["id"] = json!("a\u{1b}[31mb\u{9b}2J");
    plan["name"] = json!("Unity\u{1b}]0;owned\u{7}");
    for (file, document) in [("claim.json", claim), ("plan.json", plan)] {
        std::fs::write(desk.file(file), document.to_string())?;
    }
    let said = desk.words("claim simulate --plan plan.json --claim claim.json")?;
    assert!(said.contains("a\\u{1b}[31mb\\u{9b}2J") && said.contains("Unity\\u{1b}]0;owned\\u{7}"), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    // Errors name documents as well.
    std::fs::write(desk.file("e\u{1b}[1m.json"), "{")?;
    let output = desk.command("claim simulate --plan e\u{1b}[1m.json --claim claim.json")?.output()?;
    assert!(!String::from_utf8(output.stderr)?.contains('\u{1b}'));
    Ok(())
}

#[test]
fn content_that_cannot_be_written_is_a_failure_that_says_where_the_permit_is() -> Result {
    let clinic = Clinic::new()?;
    let record = clinic.letter("letter.txt", b"a letter")?;
    let open = format!("record open {record} --purpose TREAT --action access --suri {}", clinic.desk.secret("rosa"));
    let full = File::options().write(true).open("/dev/full")?;
    let output = clinic.desk.command(&open)?.stdout(full).output()?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("extrinsic") && said.contains("the output cannot be written"), "{said}");
    assert_eq!(clinic.desk.command(&open)?.output()?.stdout, b"a letter");
    Ok(())
}
