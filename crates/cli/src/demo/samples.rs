//! The documents of the story. Those about claims are dated anew: nobody pays for services of long ago.

use crate::failure::Failure;
use crate::operations::documents::Document;
use jiff::civil::{date, Date};
use jiff::tz::Offset;
use jiff::Span;
use salus_domain::time::Timestamp;
use std::path::Path;

/// The day by which all was done that the documents claim.
const TOLD: Date = date(2026, 10, 16);

/// A sample document, as it stands in `samples/`.
macro_rules! sample {
    ($name:literal) => {
        $crate::operations::documents::Document {
            file: concat!("samples/", $name).to_owned(),
            bytes: include_bytes!(concat!("../../../../samples/", $name)).to_vec(),
        }
    };
}
pub(super) use sample;

/// The documents as they are written into a folder.
fn all(now: Timestamp) -> [Document; 18] {
    let dated = |document| dated(document, now);
    [
        dated(sample!("claim-authorisation.json")),
        dated(sample!("claim-corrected.json")),
        dated(sample!("claim-response-other.json")),
        dated(sample!("claim-second.json")),
        dated(sample!("claim.json")),
        sample!("consent.json"),
        dated(sample!("coverage.json")),
        sample!("directory.json"),
        dated(sample!("eligibility-request.json")),
        sample!("insurance-plan.json"),
        sample!("people.json"),
        sample!("plan-bronze.json"),
        sample!("plan-dental.json"),
        sample!("plan.json"),
        sample!("record-bundle.json"),
        sample!("record-observation.json"),
        sample!("record-sensitive.json"),
        sample!("request.json"),
    ]
}

/// Writes the documents into a new folder, such that what they claim was done in the week before `now`; their names.
///
/// # Errors
/// Where the folder is there already, or cannot be written.
pub fn write(folder: &Path, now: Timestamp) -> Result<Vec<String>, Failure> {
    std::fs::create_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::input("input.folder", format!("{} is there already", folder.display()), "name a new folder")
        }
        _ => unwritten(folder, error),
    })?;
    let mut written = Vec::new();
    for Document { file, bytes } in all(now) {
        let name = file.trim_start_matches("samples/");
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|error| unwritten(&path, error))?;
        written.push(name.to_owned());
    }
    Ok(written)
}

fn unwritten(path: &Path, error: std::io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    Failure::input("file", message, "check the path")
}

/// The document with all its dates later by so many weeks that what the samples claim was done in the week before `now`. Before
/// the day of [`TOLD`], the document as it is.
pub fn dated(document: Document, now: Timestamp) -> Document {
    let bytes = match std::str::from_utf8(&document.bytes) {
        Ok(text) => later(text, weeks(now)).into_bytes(),
        Err(_) => document.bytes,
    };
    Document { bytes, ..document }
}

/// The whole weeks between [`TOLD`] and a time.
fn weeks(now: Timestamp) -> i64 {
    let told = Offset::UTC.to_timestamp(TOLD.to_datetime(jiff::civil::Time::midnight()));
    let since = told.map_or(0, |told| i64::try_from(now.0).unwrap_or(i64::MAX).saturating_sub(told.as_millisecond()));
    since.max(0) / (7 * 24 * 60 * 60 * 1_000)
}

/// The JSON text with all dates so many weeks later: strings that are a date, or begin with one and a time.
fn later(text: &str, weeks: i64) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        moved.push_str(before);
        moved.push('"');
        rest = after;
        let Some((day, behind)) = after.split_at_checked(10) else { continue };
        if let (Some(day), true) = (day_later(day, weeks), behind.starts_with(['"', 'T'])) {
            moved.push_str(&day);
            rest = behind;
        }
    }
    moved.push_str(rest);
    moved
}

/// The day so many weeks after one that is written as `2026-09-07`.
fn day_later(day: &str, weeks: i64) -> Option<String> {
    let known: Date = day.parse().ok()?;
    let moved = known.checked_add(Span::new().try_weeks(weeks).ok()?).ok()?;
    (known.to_string() == day).then(|| moved.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_document_is_forgotten() -> std::io::Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let files = std::fs::read_dir(folder)?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
        let files = files.collect::<std::io::Result<BTreeSet<String>>>()?;
        let all = all(Timestamp(0)).map(|document| document.file.trim_start_matches("samples/").to_owned());
        let all: BTreeSet<String> = all.into_iter().chain(["README.md".to_owned()]).collect();
        assert_eq!(all, files);
        Ok(())
    }

    #[test]
    fn only_dates_are_later_and_everything_else_is_as_it_was() {
        let text =
            r#"{ "id": "m-2026-09-07", "a": "2026-09-07", "b":["2026-12-31T08:00:00Z", "2026-09", "1999-13-01"] }"#;
        let moved =
            r#"{ "id": "m-2026-09-07", "a": "2026-09-21", "b":["2027-01-14T08:00:00Z", "2026-09", "1999-13-01"] }"#;
        assert_eq!(later(text, 2), moved);
        assert_eq!(later(text, 0), text);
    }

    #[test]
    fn what_is_claimed_was_done_in_the_week_before() -> Result<(), jiff::Error> {
        for (now, last) in [
            ("2026-10-16T00:00:00Z", "2026-10-15"),
            ("2026-10-22T23:59:59Z", "2026-10-15"),
            ("2026-10-23T00:00:00Z", "2026-10-22"),
            ("2031-06-30T12:00:00Z", "2031-06-26"),
            ("2025-01-01T00:00:00Z", "2026-10-15"),
        ] {
            let time: jiff::Timestamp = now.parse()?;
            let now = Timestamp(time.as_millisecond().unsigned_abs());
            let claim = dated(sample!("claim-second.json"), now);
            let text = String::from_utf8_lossy(&claim.bytes);
            assert!(text.contains(&format!("\"servicedDate\": \"{last}\"")), "{time}: {text}");
        }
        Ok(())
    }
}
