//! What is done in batches: ended by Ctrl-C, and said of files that cannot be used.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::sample;
use serde_json::{json, Value};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How many members are covered: more batches than are done before somebody sees the first.
const MEMBERS: u64 = 10_000;

/// How long something may take at most.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command that is under way, and ended where the test gives up before it.
struct Running(Option<Child>);

impl Running {
    fn id(&self) -> u32 {
        self.0.as_ref().map(Child::id).unwrap_or_default()
    }

    fn output(mut self) -> Result<Output> {
        Ok(self.0.take().ok_or("it runs")?.wait_with_output()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn coverage(number: u64) -> Value {
    json!({
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": { "reference": format!("Patient/m{number}") },
        "payor": [{ "reference": "Organization/unity-insurance" }],
        "period": { "start": "2097-01-01", "end": "2097-12-31" },
    })
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_behind_a_batch_and_it_can_be_done_again() -> Result {
    let desk = Desk::deployed()?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan.json --suri //Eve")?;
    let mut directory = sample("directory.json")?;
    for number in 0..MEMBERS {
        directory[format!("Patient/m{number}")] = json!({ "account": format!("0x{number:064x}") });
    }
    std::fs::write(desk.file("members.json"), directory.to_string())?;
    let entries: Vec<Value> = (0..MEMBERS).map(|number| json!({ "resource": coverage(number) })).collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    std::fs::write(desk.file("bundle.json"), bundle.to_string())?;

    let cover = "plan cover 0 bundle.json --directory members.json --suri //Eve";
    let running = desk.command(cover)?.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let running = Running(Some(running));
    let begun = Instant::now();
    let first = "plan coverage 0 Patient/m0 --directory members.json";
    while desk.done(first)?["coverages"] == json!([]) {
        assert!(begun.elapsed() < PATIENCE, "nobody is covered");
    }
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status()?.success());
    let ended = running.output()?;
    let said: Value = serde_json::from_slice(&ended.stdout)?;
    assert_eq!((ended.status.code(), &said["brokenOff"]["code"]), (Some(5), &json!("interrupted")), "{said}");
    assert!(String::from_utf8(ended.stderr)?.contains("it ends once the batch that is under way is done"));
    let covered = said["covered"].as_u64().ok_or("a number")?;
    assert!((100..MEMBERS).contains(&covered), "{covered}");
    assert_eq!(each(&said["evidence"], "block").len() as u64, covered / 100);

    let again = desk.done(cover)?;
    assert_eq!((&again["before"], &again["covered"]), (&json!(covered), &json!(MEMBERS - covered)));
    Ok(())
}

#[test]
fn a_file_that_cannot_be_used_is_named_once_and_told_by_its_format() -> Result {
    let desk = Desk::off_line()?;
    std::fs::write(desk.file("lines.json"), format!("{}\n{}\n", coverage(1), coverage(2)))?;
    std::fs::write(desk.file("mark.json"), format!("\u{feff}{}", coverage(1)))?;
    let output = desk.command("plan cover 0 lines.json mark.json --suri //Eve")?.output()?;
    let said = String::from_utf8(output.stdout)?;
    for line in [
        "  lines.json: it holds several JSON documents\n    next: give each a file of its own, or put them into a Bundle",
        "  mark.json: it begins with a byte order mark\n    next: save it as UTF-8 without one",
    ] {
        assert!(said.contains(line), "{said}");
    }
    desk.refused("plan cover 0 mark.json --suri //Eve", 4, "document")
}
