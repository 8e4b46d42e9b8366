//! `salus audit verify` and `anchors`: a log against the chain.

use super::Source;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::audits::{self, AuditFailed, Found, OnChain, Place};
use crate::operations::OperationError;
use crate::output::{progress, Report};
use crate::values::show_time;
use salus_audit::Finding;
use serde_json::{json, Value};

/// Compares a log with the chain.
///
/// # Errors
/// [`Failure`]. What does not fit is a report that ends with [`Exit::Refused`].
pub(super) async fn verify(global: &GlobalOptions, source: &Source) -> Result<Report, Failure> {
    let suite = global.suite().await?;
    let client = source.client(global, &suite)?;
    let account = source.account(global, client.as_ref()).await?;
    let on_chain = audits::on_chain(&suite, &account, progress()).await?;
    if on_chain.anchors.is_empty() && on_chain.releases.is_empty() {
        return Err(OperationError::from(AuditFailed::NotOnChain(account)).into());
    }
    let copy = source.read(client.as_ref()).await?;
    let (size, root) = (copy.tree.size(), hex::encode(copy.tree.root().0));
    let report = Report::default()
        .field("account", account.to_string())
        .field("size", size)
        .field("root", root.clone())
        .field("anchors", on_chain.anchors.len())
        .field("releases", on_chain.releases.len())
        .field("tornBytes", copy.torn_bytes);
    let known = format!("{} roots and {} releases on the chain", on_chain.anchors.len(), on_chain.releases.len());
    match audits::compare(&copy, &on_chain) {
        Ok(done) => Ok(report
            .field("matches", true)
            .field("notAnchored", done.not_anchored)
            .field("findings", json!([]))
            .line(format!("the log of {account} is what was written: {size} entries, root {root}"))
            .line(format!("  it fits {known}; {} entries come after the last root", done.not_anchored))),
        Err(found) => {
            let list: Vec<Value> = found.iter().map(finding_json).collect();
            Ok(report
                .field("matches", false)
                .field("notAnchored", Value::Null)
                .field("findings", list)
                .line(format!("the log of {account} is NOT what was written: it does not fit the {known}"))
                .lines(found.iter().map(|one| format!("  {}", words(one))))
                .line("  next: keep this copy, and tell the patients and an authority")
                .exit(Exit::Refused))
        }
    }
}

fn at(place: &Place) -> String {
    format!("block {}, {}", place.block, show_time(place.time).unwrap_or_default())
}

fn words(found: &Found) -> String {
    match found {
        Found::Root(Finding::Shrunk { anchor, before }) => {
            format!(
                "a root of {} entries was put on the chain after one of {before} ({})",
                anchor.size,
                at(&anchor.place)
            )
        }
        Found::Root(Finding::Missing { anchor, entries }) => {
            let (from, to) = (entries.start, entries.end);
            format!("entries are missing: {from} up to {to}, which were there by {}", at(&anchor.place))
        }
        Found::Root(Finding::Changed { anchor, entries, .. }) => {
            let (from, to, at) = (entries.start, entries.end, at(&anchor.place));
            format!("from entry {from} up to {to} one was edited, put in, taken out or moved: not as it was by {at}")
        }
        Found::NoRelease { number, place } => {
            format!("release {number} is on the chain ({}), and not in the log", at(place))
        }
        Found::OtherRelease { number, index, place } => {
            format!("release {number} is another one on the chain ({}) than entry {index}", at(place))
        }
        Found::Unreadable { index } => format!("entry {index} cannot be read"),
    }
}

fn finding_json(found: &Found) -> Value {
    let (what, from, to, place) = match found {
        Found::Root(Finding::Shrunk { anchor, before }) => ("shrunk", anchor.size, *before, Some(anchor.place)),
        Found::Root(Finding::Missing { anchor, entries }) => {
            ("missing", entries.start, entries.end, Some(anchor.place))
        }
        Found::Root(Finding::Changed { anchor, entries, .. }) => {
            ("changed", entries.start, entries.end, Some(anchor.place))
        }
        Found::NoRelease { number, place } => ("no-release", *number, number.saturating_add(1), Some(*place)),
        Found::OtherRelease { index, place, .. } => ("other-release", *index, index.saturating_add(1), Some(*place)),
        Found::Unreadable { index } => ("unreadable", *index, index.saturating_add(1), None),
    };
    let block = place.map(|place| place.block);
    json!({ "what": what, "from": from, "to": to, "block": block, "message": words(found) })
}

/// Lists what is on the chain of a log.
///
/// # Errors
/// [`Failure`].
pub(super) async fn anchors(global: &GlobalOptions, log_account: Option<&str>) -> Result<Report, Failure> {
    let account = global.account_or_signer(log_account)?;
    let suite = global.suite().await?;
    let OnChain { anchors, releases } = audits::on_chain(&suite, &account, progress()).await?;
    let list: Vec<Value> = anchors
        .iter()
        .map(|anchor| {
            let Place { block, time } = anchor.place;
            json!({ "size": anchor.size, "root": hex::encode(anchor.root.0), "block": block, "time": show_time(time) })
        })
        .collect();
    let lines = anchors
        .iter()
        .map(|anchor| format!("{} entries, root {}, {}", anchor.size, hex::encode(anchor.root.0), at(&anchor.place)));
    let report = Report::default().lines(lines);
    let report = match (anchors.is_empty(), releases.len()) {
        (true, 0) => report.line(format!("nothing of a log of {account} is on the chain")),
        (_, 0) => report,
        (_, count) => report.line(format!("{count} releases were logged one by one")),
    };
    Ok(report.field("account", account.to_string()).field("anchors", list).field("releases", releases.len()))
}
