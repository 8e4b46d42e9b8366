//! `salus record open`: asking for access, and opening against the permit.

use crate::commands::access::reason;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::records::{self, Asked};
use crate::operations::{shares, Suite};
use crate::output::{write_out, Report};
use crate::service::ServiceOption;
use crate::values::{show_record, show_time};
use salus_client::ink_account;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_interface::access::AccessDecision;
use salus_release::wire::EntryRef;
use serde_json::json;
use std::io::IsTerminal;
use std::path::Path;

/// What is asked for.
pub(super) struct Question<'a> {
    pub(super) record: RecordId,
    pub(super) purpose: Purpose,
    pub(super) action: Action,
    pub(super) link: Option<&'a str>,
}

/// Where a record's content goes.
enum Sink<'a> {
    Stdout,
    File(&'a Path),
}

fn sink<'a>(output: Option<&'a Path>, as_json: bool, terminal: bool) -> Result<Sink<'a>, Failure> {
    let next = "name a new file with --output";
    match output {
        Some(file) if file != Path::new("-") => {
            let shown = file.display();
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if file.exists() {
                return Err(Failure::input("file.exists", format!("{shown} exists"), next));
            }
            match folder.is_dir() {
                true => Ok(Sink::File(file)),
                false => Err(Failure::input("file", format!("there is no folder for {shown}"), next)),
            }
        }
        _ if as_json => Err(Failure::usage("with --json, stdout is not for the content of a record", next)),
        None if terminal => Err(Failure::usage("the content of a record is not shown on a terminal", next)),
        _ => Ok(Sink::Stdout),
    }
}

/// Asks for access to a record, and opens it.
///
/// # Errors
/// [`Failure`], also where access is refused.
pub(super) async fn open(
    global: &GlobalOptions,
    question: &Question<'_>,
    output: Option<&Path>,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let accessor = global.signer()?;
    let Question { record, purpose, action, link } = *question;
    let link = link.map(|link| global.link(link)).transpose()?;
    let shown = show_record(record);
    if global.dry_run {
        let Suite { chain, deployment } = global.suite().await?;
        let account = link.as_ref().map(|link| ink_account(&link.account()));
        let message = deployment.grants().request_access(record, purpose, action, account);
        let forecast = message.forecast(&chain, &accessor).await?;
        let would = format!("ask for access to record {shown}");
        let report = Report::default().planned(&would).forecast(forecast.cost, forecast.fee, chain.token());
        return Ok(with_decision(report.field("record", shown), &forecast.value));
    }
    // Before the decision is written to the chain: access that is granted should not fail for want of a place.
    let sink = sink(output, global.json, std::io::stdout().is_terminal())?;
    let suite = global.suite().await?;
    let envelopes = service.envelopes(global, &suite)?;
    if let Some(link) = &link {
        shares::redeem(&suite, &accessor, link).await?;
    }
    let asked = Asked { record, purpose, action, link: link.as_ref() };
    let report = Report::default().field("record", shown.clone());
    let done = |report: Report, permit: &records::Permit, entry: Option<EntryRef>| {
        let report = report.done(&format!("record {shown} is opened")).evidence(&permit.evidence, suite.chain.token());
        let line = entry.map(|entry| format!("  the release service has it as entry {} of its log", entry.index));
        let report = report.lines(line).field("permit", json!(permit.place)).field("logEntry", json!(entry));
        with_decision(report, &permit.decided.decision)
    };
    match sink {
        Sink::File(file) => {
            let permit = records::permit(&suite, &accessor, asked).await?;
            let (found, entry) = envelopes.open_file(&accessor, &permit, asked.link, file).await?;
            let report = done(report, &permit, entry)
                .field("mediaType", found.media_type())
                .field("bytes", found.content_bytes())
                .field("output", file.display().to_string());
            Ok(report.line(format!("  content in {} ({})", file.display(), found.media_type())))
        }
        Sink::Stdout => {
            let (opened, permit) = records::open(&suite, &envelopes, &accessor, asked).await?;
            let written = write_out(&opened.content);
            Ok(done(report, &permit, opened.entry).broken_off(written.err().as_ref()).aside())
        }
    }
}

fn with_decision(report: Report, decision: &AccessDecision) -> Report {
    let (code, rule) = reason(decision);
    let (word, version, until) = match decision {
        AccessDecision::Permitted { version, until, .. } => ("permitted", Some(*version), show_time(*until)),
        AccessDecision::Refused(_) => ("refused", None, None),
    };
    let exit = if version.is_some() { Exit::Done } else { Exit::Refused };
    let report = report.line(format!("  {word}: {rule}")).field("decision", word).field("reason", code);
    report.field("rule", rule).field("version", version).field("until", until).exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_not_shown_on_a_terminal_unless_asked_for() {
        assert!(sink(None, false, true).is_err_and(|failure| failure.exit == Exit::Usage));
        assert!(matches!(sink(None, false, false), Ok(Sink::Stdout)));
        assert!(matches!(sink(Some(Path::new("-")), false, true), Ok(Sink::Stdout)));
    }

    #[test]
    fn content_is_not_mixed_with_json_and_overwrites_nothing() {
        assert!(sink(None, true, false).is_err());
        assert!(sink(Some(Path::new("-")), true, false).is_err());
        assert!(sink(Some(Path::new("Cargo.toml")), true, false).is_err_and(|failure| failure.exit == Exit::Input));
        assert!(matches!(sink(Some(Path::new("new")), true, false), Ok(Sink::File(_))));
        assert!(sink(Some(Path::new("no/such/file")), true, false).is_err_and(|failure| failure.code == "file"));
    }
}
