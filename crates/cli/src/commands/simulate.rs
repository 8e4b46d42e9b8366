//! `salus consent simulate`: what FHIR consents answer to a request, without a transaction.

use super::consent::on_chain;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::consents;
use crate::operations::documents::Document;
use crate::output::Report;
use crate::values;
use salus_domain::evaluate::Answer;
use salus_domain::ids::Account;
use salus_domain::time::Timestamp;
use salus_fhir::consult;
use salus_fhir::simulate::{run, ConsentFile, Recorded, Simulation};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus consent simulate --consent samples/consent.json --directory samples/directory.json samples/people.json \
--request samples/request.json --at 2026-11-20T12:00:00Z

The request is the context of a CDS Hooks patient-consent-consult call, or the whole call: patientId and actor (identifiers),
purposeOfUse, category, class, securityLabel, action, dataTime. What is not named: the action is then access, the answer holds for
any purpose and anybody, and for all data, with what must be redacted. The directory is any mix of mapping files and FHIR resources
(Bundle, Organization, Practitioner, PractitionerRole, Patient and others); nobody in it needs an account.

A consent that may count and cannot be expressed is refused, and the decision is then deny.

JSON: decision: permit|deny|no-consent, obligations [{code: REDACT, codes [{system, code}]}], deciding [{consent, path}], refused
[{consent, path, reason}].";

/// What is asked, and by which consents it is answered.
#[derive(Clone, Debug, clap::Args)]
pub struct SimulateOptions {
    /// FHIR Consents, R4 or R5, or Bundles with consents; all of them together
    #[arg(long = "consent", value_name = "FILE", num_args = 1.., required_unless_present = "recorded")]
    consents: Vec<PathBuf>,
    /// Also by what this patient has in force on the chain: an account, or a reference of the directory
    #[arg(long, value_name = "PATIENT")]
    recorded: Option<String>,
    /// The question: the context of a CDS Hooks patient-consent-consult call
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// When it is asked [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    at: Option<Timestamp>,
    /// Who is who: mapping files, and FHIR resources of people and organisations
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Files")]
    directory: Vec<PathBuf>,
}

/// Answers.
///
/// # Errors
/// [`Failure`] where an input is wrong; the answer is none, whichever it is.
pub async fn simulate(global: &GlobalOptions, options: &SimulateOptions) -> Result<Report, Failure> {
    let global = match options.directory.as_slice() {
        [] => global.clone(),
        files => GlobalOptions { directory: files.to_vec(), ..global.clone() },
    };
    let people = global.people()?;
    let mut files = Vec::new();
    for file in &options.consents {
        let document = Document::read(file)?;
        files.push(document.compile(|bytes| ConsentFile::read(&name(file), bytes))?);
    }
    let request = Document::read(&options.request)?;
    let consult = request.compile(consult::read)?;
    let recorded = match &options.recorded {
        Some(patient) => Some(recorded(&global, patient).await?),
        None => None,
    };
    let at = options.at.unwrap_or_else(now);
    let simulation = request.compile(|_| run(&people, &files, recorded.as_ref(), &consult, at))?;
    Ok(report(&simulation))
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The time by this machine's clock, in Unix milliseconds.
pub fn now() -> Timestamp {
    // A clock before 1970 or beyond 64 bits of milliseconds shows no time at which a consent counts.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

async fn recorded(global: &GlobalOptions, patient: &str) -> Result<Recorded, Failure> {
    let patient = global.account(patient)?;
    let suite = global.suite().await?;
    let mut found = Vec::new();
    for summary in consents::in_force(&suite, &patient).await? {
        found.push((summary.id, on_chain(&suite, &patient, summary.id).await?));
    }
    Ok(Recorded { patient: Account(patient.0), consents: found })
}

fn report(simulation: &Simulation) -> Report {
    let Simulation { answer, deciding, refused, passed_over, .. } = simulation;
    let sentence = match answer {
        Answer::Permit => "permit",
        Answer::Deny if deciding.is_empty() => "deny: a consent that may count is refused",
        Answer::Deny => "deny",
        Answer::NoConsent => "deny: no consent says anything about it",
    };
    let redacted: Vec<&str> = simulation.redacted().iter().map(|(_, code)| *code).collect();
    Report::default()
        .fields(simulation.to_json())
        .line(sentence)
        .lines(deciding.iter().map(|it| format!("  by {}: {}", it.consent, it.path)))
        .lines((!redacted.is_empty()).then(|| format!("  redact: {}", redacted.join(", "))))
        .lines(refused.iter().map(|it| format!("  refused: {}: {}", it.consent, it.refused)))
        .lines(passed_over.iter().map(|(consent, why)| format!("  not counted: {consent}: {why}")))
}
