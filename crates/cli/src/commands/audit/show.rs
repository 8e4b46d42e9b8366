//! `salus audit show`: what entries say.

use super::Source;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::audits::{self, Kept};
use crate::operations::orders::name;
use crate::output::Report;
use crate::values::{show_account, show_record, show_time};
use salus_domain::ids::RecordId;
use salus_fhir::directory::Directory;
use salus_release::entry::{EntryV1, Outcome};
use salus_release::Rejection;
use serde_json::{json, Value};

/// Which entries.
pub(super) struct About<'a> {
    pub(super) record: Option<RecordId>,
    pub(super) patient: Option<&'a str>,
    pub(super) accessor: Option<&'a str>,
}

/// Shows entries.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, source: &Source, about: &About<'_>) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let patient = about.patient.map(|account| global.account(account)).transpose()?;
    let accessor = about.accessor.map(|account| global.account(account)).transpose()?;
    // A file is read without a chain.
    let client = match source.log {
        Some(_) => None,
        None => source.client(global, &global.suite().await?)?,
    };
    let entries: Vec<Kept> = match (&client, &patient) {
        (Some(client), Some(patient)) => {
            let pages = audits::of_patient(client, patient).await?;
            pages.iter().flat_map(|page| &page.entries).map(audits::kept).collect()
        }
        _ => source.read(client.as_ref()).await?.entries,
    };
    let asked_for = |kept: &&Kept| match &kept.says {
        None => about.record.is_none() && patient.is_none() && accessor.is_none(),
        Some(says) => {
            about.record.is_none_or(|record| record == says.record)
                && patient.is_none_or(|patient| patient.0 == says.patient.0)
                && accessor.is_none_or(|accessor| accessor.0 == says.accessor.0)
        }
    };
    let shown: Vec<&Kept> = entries.iter().filter(asked_for).collect();
    let list: Vec<Value> = shown.iter().map(|kept| entry_json(kept)).collect();
    let report = Report::default().field("entries", list);
    Ok(match shown.is_empty() {
        true => report.line("there is no such entry"),
        false => report.lines(shown.into_iter().map(|kept| entry_line(kept, &directory))),
    })
}

/// What came of a request: a code, a reason with its rule where it was refused, a key, a digest.
struct Came {
    code: &'static str,
    reason: Option<(String, String)>,
    key: Option<[u8; 32]>,
    digest: Option<[u8; 32]>,
}

impl Came {
    fn of(kept: &Kept, says: &EntryV1) -> Self {
        let came = |code, key| Self { code, reason: None, key, digest: None };
        match says.outcome {
            Outcome::Released { key } => came("released", Some(key)),
            Outcome::Refused(reason) => {
                let problem = Rejection::Refused { reason, entry: kept.place }.problem();
                let reason = Some((problem.refusal.unwrap_or(problem.code), problem.message));
                Self { reason, ..came("refused", None) }
            }
            Outcome::ErasureBegun => came("erasure-begun", None),
            Outcome::Erased { digest } => Self { digest: Some(digest.0), ..came("erased", None) },
            Outcome::EnvelopePut { key } => came("envelope-put", Some(key)),
            Outcome::EnvelopeRemoved { key } => came("envelope-removed", Some(key)),
        }
    }
}

/// An entry as JSON.
pub(in crate::commands) fn entry_json(kept: &Kept) -> Value {
    let (id, leaf) = (hex::encode(kept.place.id.0), hex::encode(kept.place.leaf.0));
    let place = json!({ "index": kept.place.index, "id": id, "leaf": leaf });
    let Some(says) = &kept.says else {
        let mut place = place;
        place["outcome"] = "unreadable".into();
        return place;
    };
    let came = Came::of(kept, says);
    let permit = says.permit.map(|permit| {
        json!({
            "block": permit.block,
            "event": permit.event,
            "purpose": permit.purpose.code(),
            "action": permit.action.code(),
            "link": permit.link.map(|link| show_account(&link.0)),
        })
    });
    let mut entry = json!({
        "time": show_time(says.at),
        "record": show_record(says.record),
        "version": says.version,
        "patient": show_account(&says.patient.0),
        "accessor": show_account(&says.accessor.0),
        "permit": permit,
        "finalBlock": says.head_number,
        "outcome": came.code,
        "reason": came.reason.as_ref().map(|(code, _)| code),
        "rule": came.reason.as_ref().map(|(_, rule)| rule),
        "key": came.key.map(hex::encode),
        "digest": came.digest.map(hex::encode),
    });
    if let (Value::Object(entry), Value::Object(place)) = (&mut entry, place) {
        entry.extend(place);
    }
    entry
}

/// An entry in words.
pub(in crate::commands) fn entry_line(kept: &Kept, directory: &Directory) -> String {
    let index = kept.place.index;
    let Some(says) = &kept.says else { return format!("entry {index} cannot be read") };
    let Came { code, reason, .. } = Came::of(kept, says);
    let accessor = name(directory, &says.accessor.0);
    let patient = name(directory, &says.patient.0);
    let what = match code {
        "released" => "was handed the key of",
        "refused" => "was REFUSED",
        "erasure-begun" => "has the vault begin to destroy",
        "erased" => "had the vault destroy",
        "envelope-put" => "put an envelope into the vault for",
        _ => "took an envelope out of the vault of",
    };
    let version = if says.version == 0 { String::new() } else { format!(" version {}", says.version) };
    let purpose = says.permit.map(|permit| format!(", {}", permit.purpose.display())).unwrap_or_default();
    let why = reason.map(|(_, rule)| format!(": {rule}")).unwrap_or_default();
    let (time, record) = (show_time(says.at).unwrap_or_default(), show_record(says.record));
    format!("{index}  {time}  {accessor} {what} record {record}{version} of {patient}{purpose}{why}")
}
