//! Consents as FHIR documents: what one means (`salus consent explain`), and one of the chain as a document
//! (`salus consent show --fhir`).

use super::acting::text_of;
use super::consent::on_chain;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::documents::Document;
use crate::output::Report;
use salus_client::AccountId32;
use salus_domain::ids::ConsentId;
use salus_fhir::consent::{ConsentStatus, Release};
use salus_fhir::directory::{Directory, ACCOUNT_URN};
use salus_fhir::render::{render, About, NotRenderable};
use salus_fhir::Refusals;
use serde_json::{json, Value};
use std::path::Path;

/// A release of FHIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FhirRelease {
    /// R4 (4.0.1).
    R4,
    /// R5 (5.0.0).
    R5,
}

/// What a document decides, in words, or everything that it is refused for.
///
/// # Errors
/// [`Failure`].
pub fn explain(global: &GlobalOptions, file: &Path) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let document = Document::read(file)?;
    let compiled = match salus_fhir::consent::review(&document.bytes, &directory) {
        Ok(compiled) => compiled,
        Err(refusals) => return Ok(refused(&document.file, &refusals)),
    };
    let status = compiled.status.code();
    let (json, lines) = text_of(&compiled, &directory);
    let report = Report::default()
        .field("patient", compiled.patient.clone())
        .field("status", status)
        .line(format!("consent of {} ({status})", compiled.patient));
    Ok(report.fields(json).lines(lines))
}

/// A refused document is a wrong input, as everywhere; here it is also the answer.
fn refused(file: &str, refusals: &Refusals) -> Report {
    let all: Vec<Value> =
        refusals.iter().map(|it| json!({ "path": it.path, "reason": it.reason.to_string() })).collect();
    let first = &refusals.first;
    let error = json!({
        "code": "document",
        "rule": first.reason.to_string(),
        "nextStep": format!("mend the document at {}", first.path),
        "message": format!("{file}: {first}"),
    });
    let lines = refusals.iter().map(|it| format!("  {it}"));
    Report::default()
        .exit(Exit::Input)
        .field("error", error)
        .field("refused", all)
        .line(format!("{file} is refused:"))
        .lines(lines)
}

/// A consent of the chain as a FHIR resource.
///
/// # Errors
/// [`Failure`], also where the release cannot say the same.
pub async fn show(
    global: &GlobalOptions,
    id: ConsentId,
    patient: Option<&str>,
    release: FhirRelease,
) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let consent = on_chain(&suite, &patient, id).await?;
    let about =
        About { id: Some(&id.0.to_string()), patient: &reference(&patient, &directory), status: ConsentStatus::Active };
    let release = match release {
        FhirRelease::R4 => Release::R4,
        FhirRelease::R5 => Release::R5,
    };
    let resource = render(&consent, release, &about, &directory).map_err(|error| not_renderable(id, error))?;
    let text = format!("{resource:#}");
    Ok(Report::default().fields(resource).line(text))
}

/// How a document refers to a patient: as the directory knows the patient, or by the account.
#[must_use]
pub fn reference(patient: &AccountId32, directory: &Directory) -> String {
    let names = directory.iter().filter(|(_, account)| account.0 == patient.0).map(|(key, _)| key);
    let known = names.into_iter().find(|key| key.starts_with("Patient/"));
    known.map_or_else(|| format!("{ACCOUNT_URN}{patient}"), str::to_owned)
}

fn not_renderable(id: ConsentId, error: NotRenderable) -> Failure {
    Failure::input(
        "input.release",
        format!("consent {} cannot be written in this release of FHIR: {error}", id.0),
        "read it in plain English, without --fhir, or try the other release (--fhir r4, --fhir r5)",
    )
}
