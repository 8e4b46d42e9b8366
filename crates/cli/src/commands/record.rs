//! `salus record`: records in the vault and on the chain.

use crate::commands::access::reason;
use crate::commands::key::write_private;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::operations::{account_of, records, OperationError, Suite};
use crate::output::{write_out, Report};
use crate::values::{self, period_json, show_period, show_record};
use salus_client::{client_account, ink_account, AccountId32};
use salus_domain::codes::{Action, Purpose, Sensitivity};
use salus_domain::ids::RecordId;
use salus_fhir::directory::Directory;
use salus_interface::access::{AccessDecision, RecordTerms};
use salus_vault::ShareOutcome;
use serde_json::Value;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// `salus record`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum RecordCommand {
    /// Encrypt a FHIR resource into the vault and register it on the chain
    #[command(after_help = "Example:
  salus record register samples/record-observation.json --patient Patient/rosa-marin \
--directory samples/directory.json --suri //Charlie

The patient and the signer can then open it. Doing it again completes what broke off and changes nothing else.

JSON: dryRun, record, patient, class, confidentiality, sensitivity, dataPeriod, changed, evidence|forecast.")]
    Register {
        /// A FHIR R4 resource, or a Bundle
        file: PathBuf,
        /// Whose data it is: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        patient: String,
    },
    /// Wrap a record's key for somebody, who still needs the patient's consent to open it. No transaction
    #[command(after_help = "Example:
  salus record share 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --with Practitioner/dr-adams \
--directory samples/directory.json --suri //Dave

JSON: dryRun, record, with, changed.")]
    Share {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// With whom: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        with: String,
    },
    /// Ask for access to a record and open it. The decision is on the chain, whichever it is
    #[command(after_help = "Example:
  salus record open 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --purpose TREAT --action access \
--output observation.json --suri //Charlie

The content goes to the file, which only its owner reads, or to stdout where that is a pipe or a file; what else there is
to say goes to stderr then. It is never shown on a terminal, unless --output - says so.

JSON (needs --output FILE): dryRun, record, decision: permitted|refused, reason, rule, version, mediaType, bytes, output,
evidence|forecast.")]
    Open {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// What for (v3-ActReason), for example TREAT
        #[arg(long, value_parser = values::purpose)]
        purpose: Purpose,
        /// To do what: collect, access, use, disclose or correct
        #[arg(long, value_parser = values::action)]
        action: Action,
        /// Where the content goes: a new file, or - for stdout
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show what the chain knows of a record
    #[command(after_help = "Example:
  salus record show 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4

JSON: record, patient, custodian, version, commitment, class, confidentiality, sensitivity, dataPeriod {start, end}|null.")]
    Show {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
    },
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &RecordCommand) -> Result<Report, Failure> {
    match command {
        RecordCommand::Register { file, patient } => register(global, file, patient).await,
        RecordCommand::Share { record, with } => share(global, *record, with).await,
        RecordCommand::Open { record, purpose, action, output } => {
            open(global, *record, *purpose, *action, output.as_deref()).await
        }
        RecordCommand::Show { record } => show(global, *record).await,
    }
}

async fn register(global: &GlobalOptions, file: &Path, patient: &str) -> Result<Report, Failure> {
    let (patient, registrant) = (global.account(patient)?, global.signer()?);
    let document = Document::read(file)?;
    ensure_about(&document, &global.directory()?, &patient)?;
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let (record, terms, report) = if global.dry_run {
        let (terms, _) = records::describe(&document, &patient, &registrant)?;
        let record = records::id_of(&terms, &account_of(&registrant));
        let grants = suite.deployment.grants();
        let begun = Report::default();
        let report = if grants.record(record).read(&suite.chain).await?.is_some() {
            begun.planned(&format!("change nothing: record {} is registered", show_record(record)))
        } else {
            records::published_key(&suite, &patient).await?;
            let message = grants.register_record(ink_account(&patient), terms);
            let forecast = message.forecast(&suite.chain, &registrant).await?;
            let would = format!("seal record {} in the vault and register it", show_record(record));
            begun.planned(&would).forecast(forecast.cost, forecast.fee, token)
        };
        (record, terms, report)
    } else {
        let registered = records::register(&suite, &global.vault()?, &registrant, &patient, &document).await?;
        let shown = show_record(registered.record);
        let did = match &registered.evidence {
            Some(_) => format!("record {shown} is in the vault and registered"),
            None => format!("record {shown} was registered before"),
        };
        let report = Report::default().done(&did).evidence_or_unchanged(registered.evidence.as_ref(), token);
        (registered.record, registered.terms, report)
    };
    let report = report.field("record", show_record(record)).field("patient", patient.to_string());
    Ok(with_terms(report, &terms))
}

/// Fails where the document names a patient whom the directory knows as somebody else.
fn ensure_about(document: &Document, directory: &Directory, patient: &AccountId32) -> Result<(), OperationError> {
    let compiled = document.compile(salus_fhir::record::compile)?;
    let named = compiled.patient.filter(|reference| directory.account(reference).is_some());
    named.map_or(Ok(()), |reference| document.ensure_is(directory, "the patient", &reference, patient))
}

fn with_terms(report: Report, terms: &RecordTerms) -> Report {
    let sensitivity: Vec<&str> = terms.sensitivity.iter().map(Sensitivity::code).collect();
    let labels = match sensitivity.is_empty() {
        true => "no sensitivity label".to_owned(),
        false => format!("sensitivity {}", sensitivity.join(", ")),
    };
    let (class, level) = (terms.class.code(), terms.confidentiality);
    let period = terms.data_period.map(|period| format!(", {}", show_period(period))).unwrap_or_default();
    report
        .line(format!("  {class}, {} ({}), {labels}{period}", level.display(), level.code()))
        .field("class", class)
        .field("confidentiality", level.code())
        .field("sensitivity", sensitivity)
        .field("dataPeriod", terms.data_period.map_or(Value::Null, period_json))
}

async fn share(global: &GlobalOptions, record: RecordId, with: &str) -> Result<Report, Failure> {
    let (with, owner) = (global.account(with)?, global.signer()?);
    let suite = global.suite().await?;
    let shown = show_record(record);
    let report = Report::default().field("record", shown.clone()).field("with", with.to_string());
    if global.dry_run {
        records::on_chain(&suite, record).await?;
        records::published_key(&suite, &with).await?;
        let would = format!("wrap the key of record {shown} for {with}, in the vault and without a transaction");
        return Ok(report.planned(&would));
    }
    let created = records::share(&suite, &global.vault()?, &owner, record, &with).await? == ShareOutcome::Created;
    let word = if created { "is shared with" } else { "was shared before with" };
    let report = report.done(&format!("record {shown} {word} {with}")).field("changed", created);
    Ok(report.line("  who may open it, and what for, is the patient's consent to say"))
}

/// Where a record's content goes.
enum Sink<'a> {
    Stdout,
    File(&'a Path),
}

fn sink<'a>(output: Option<&'a Path>, as_json: bool, terminal: bool) -> Result<Sink<'a>, Failure> {
    let next = "name a new file with --output";
    match output {
        Some(file) if file != Path::new("-") => match file.exists() {
            true => Err(Failure::input("file.exists", format!("{} exists", file.display()), next)),
            false => Ok(Sink::File(file)),
        },
        _ if as_json => Err(Failure::usage("with --json, stdout is not for the content of a record", next)),
        None if terminal => Err(Failure::usage("the content of a record is not shown on a terminal", next)),
        _ => Ok(Sink::Stdout),
    }
}

async fn open(
    global: &GlobalOptions,
    record: RecordId,
    purpose: Purpose,
    action: Action,
    output: Option<&Path>,
) -> Result<Report, Failure> {
    let accessor = global.signer()?;
    let shown = show_record(record);
    if global.dry_run {
        let Suite { chain, deployment } = global.suite().await?;
        let message = deployment.grants().request_access(record, purpose, action);
        let forecast = message.forecast(&chain, &accessor).await?;
        let would = format!("ask for access to record {shown}");
        let report = Report::default().planned(&would).forecast(forecast.cost, forecast.fee, chain.token());
        return Ok(with_decision(report.field("record", shown), &forecast.value));
    }
    // Before the decision is written to the chain: access that is granted should not fail for want of a place.
    let sink = sink(output, global.json, std::io::stdout().is_terminal())?;
    let vault = global.vault()?;
    let suite = global.suite().await?;
    let opened = records::open(&suite, &vault, &accessor, record, purpose, action).await?;
    let report = Report::default()
        .done(&format!("record {shown} is opened"))
        .evidence(&opened.evidence, suite.chain.token())
        .field("record", shown)
        .field("mediaType", opened.content.media_type())
        .field("bytes", opened.content.content().len());
    let report = with_decision(report, &opened.decided.decision);
    match sink {
        Sink::File(file) => {
            write_private(file, opened.content.content())?;
            Ok(report.field("output", file.display().to_string()).line(format!("  content in {}", file.display())))
        }
        Sink::Stdout => {
            write_out(opened.content.content());
            Ok(report.aside())
        }
    }
}

fn with_decision(report: Report, decision: &AccessDecision) -> Report {
    let (code, rule) = reason(decision);
    let (word, version) = match decision {
        AccessDecision::Permitted { version, .. } => ("permitted", Some(*version)),
        AccessDecision::Refused(_) => ("refused", None),
    };
    let exit = if version.is_some() { Exit::Done } else { Exit::Refused };
    let report = report.line(format!("  {word}: {rule}")).field("decision", word).field("reason", code);
    report.field("rule", rule).field("version", version).exit(exit)
}

async fn show(global: &GlobalOptions, record: RecordId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let known = records::on_chain(&suite, record).await?;
    let commitment = hex::encode(known.terms.commitment.0);
    let report = Report::default()
        .line(format!("record {}", show_record(record)))
        .line(format!("  patient {}", name(&directory, known.patient.as_ref())))
        .line(format!("  custodian {}", name(&directory, known.custodian.as_ref())))
        .line(format!("  version {}, commitment {commitment}", known.version))
        .field("record", show_record(record))
        .field("patient", client_account(known.patient).to_string())
        .field("custodian", client_account(known.custodian).to_string())
        .field("version", known.version)
        .field("commitment", commitment);
    Ok(with_terms(report, &known.terms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::ids::Account;

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
        assert!(matches!(sink(Some(Path::new("no/such/file")), true, false), Ok(Sink::File(_))));
    }

    #[test]
    fn a_document_about_somebody_else_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let document = Document::read(&samples.join("record-observation.json"))?;
        let directory = Document::read(&samples.join("directory.json"))?.compile(Directory::from_json)?;
        let rosa = directory.account("Patient/rosa-marin").map(|Account(id)| AccountId32(id)).ok_or("unknown")?;
        assert!(ensure_about(&document, &directory, &rosa).is_ok());
        let other = ensure_about(&document, &directory, &AccountId32([1; 32]));
        assert!(matches!(other, Err(OperationError::WrongParty { .. })));
        Ok(())
    }
}
