//! `salus consent history`: who did what with a patient's consents, and when.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::history::{act_json, doer, line, read, text};
use crate::operations::Suite;
use crate::output::{progress, say, Report};
use crate::values::show_time;
use salus_client::history::History;
use salus_client::ink_account;
use salus_fhir::consent_text;
use std::io::IsTerminal;

/// The registry's history, with a word on how far reading is where somebody looks at it.
///
/// # Errors
/// [`Failure`].
pub async fn of(suite: &Suite) -> Result<History, Failure> {
    let history = read(suite, progress()).await?;
    if std::io::stderr().is_terminal() {
        say("");
    }
    Ok(history)
}

/// Tells it.
///
/// # Errors
/// [`Failure`].
pub async fn history(global: &GlobalOptions, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    let history = of(&global.suite().await?).await?;
    let mut report = Report::default();
    let mut acts = Vec::new();
    for act in history.acts_of(ink_account(&patient)) {
        let by = doer(act, &directory).map(|by| format!(", {by}")).unwrap_or_default();
        let when = show_time(act.time).unwrap_or_default();
        report = report.line(format!("{when} (block {}): {}{by}", act.block, line(act, &directory)));
        if let Some(consent) = text(act) {
            report =
                report.lines(consent_text::lines(consent, &directory).into_iter().map(|line| format!("    {line}")));
        }
        acts.push(act_json(act, &directory));
    }
    if acts.is_empty() {
        report = report.line(format!("nothing was ever done with consents of {patient}"));
    }
    let id = ink_account(&patient);
    Ok(report
        .field("patient", patient.to_string())
        .field("epoch", history.epoch(id))
        .field("nonce", history.nonce(id))
        .field("acts", acts))
}
