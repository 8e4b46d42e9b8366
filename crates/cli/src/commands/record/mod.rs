//! `salus record`: records in the vault and on the chain.

mod add;
mod conditions;
mod erase;
mod export;
mod list;
mod open;
mod share;

pub(super) use list::with_records;

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values::{self, period_json, show_period};
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Sensitivity};
use salus_domain::ids::RecordId;
use salus_domain::time::Timestamp;
use salus_interface::access::RecordTerms;
use serde_json::Value;
use std::path::PathBuf;

/// `salus record`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum RecordCommand {
    /// Encrypt a file into the vault and register it on the chain: a FHIR resource, a PDF, an image, anything
    #[command(after_help = "Example:
  salus record add samples/record-observation.json --patient Patient/rosa-marin --directory samples/directory.json \
--suri //Charlie
  salus record add letter.pdf --patient Patient/rosa-marin --confidentiality R --sensitivity PSY \
--from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --directory samples/directory.json --suri //Charlie

A FHIR resource says itself what kind of data it is, how confidential, how sensitive and of when. Of any other file the
options say so; without them it is a DocumentReference (an image, audio or video: Media) of normal confidentiality, without a
sensitivity label, of unknown date. Files of up to 16 GiB are encrypted as they are read.

The patient and the signer can then open it. Doing it again completes what broke off and changes nothing else.

JSON: dryRun, record, patient, version, mediaType, class, confidentiality, sensitivity, dataPeriod, changed, evidence|forecast.")]
    Add {
        /// What it consists of.
        #[command(flatten)]
        file: FileOptions,
        /// Whose data it is: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        patient: String,
    },
    /// Replace a record by a new version. Who registered it
    #[command(after_help = "Example:
  salus record amend 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 corrected.pdf --suri //Charlie

Whoever can open the version before can open the new one. Versions before stay in the vault; a permit is for the newest.
Doing it again completes what broke off.

JSON: dryRun, record, patient, version, mediaType, class, confidentiality, sensitivity, dataPeriod, changed, evidence|forecast.")]
    Amend {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// What it consists of.
        #[command(flatten)]
        file: FileOptions,
    },
    /// Give a record up for good: nobody is let in any more, and the vault destroys it. The patient's
    #[command(after_help = "Example:
  salus record erase 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --yes --suri //Dave

This cannot be undone. What the chain says of the record stays there: it is no content. Copies that were opened before, and
other vaults, are not reached. Doing it again, here or where another vault is, destroys what is left.

With --service, the service is told once the chain has it as final, and what it says was destroyed is compared with its log.

JSON: dryRun, record, patient, changed, destroyed: null|{digest, objects, bytes, logEntry|null}, evidence|forecast.")]
    Erase {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Where the vault is.
        #[command(flatten)]
        service: ServiceOption,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
    /// List the records of a patient, as far as the patient's consents let the signer see them
    #[command(after_help = "Example:
  salus record list --suri //Dave
  salus record list Patient/rosa-marin --purpose TREAT --directory samples/directory.json --suri //Charlie

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states. What
no consent lets the signer see is not listed, and not counted.

JSON: patient, purpose, records [{record, version, custodian, class, confidentiality, sensitivity, dataPeriod, opens, reason,
rule, erased}].")]
    List {
        /// An account, or a reference of the directory [default: the signer; with a link, whoever made it]
        patient: Option<String>,
        /// What for (v3-ActReason)
        #[arg(long, default_value = "TREAT", value_parser = values::purpose)]
        purpose: Purpose,
        /// The share link that the signer redeemed
        #[arg(long, value_name = "LINK", env = "SALUS_LINK", hide_env_values = true)]
        link: Option<String>,
    },
    /// Show what the chain knows of a record: its versions, who must agree to its release, whether it was erased
    #[command(after_help = "Example:
  salus record show 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4

JSON: record, patient, custodian, version, commitment, class, confidentiality, sensitivity, dataPeriod {start, end}|null,
erased, conditions [{side: patient|custodian, needed, parties}].")]
    Show {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
    },
    /// Wrap a record's key for somebody, who still needs the patient's consent to open it
    #[command(after_help = "Example:
  salus record share 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --with Practitioner/dr-adams \
--directory samples/directory.json --suri //Dave

Without a transaction in a vault at hand. With --service, the signer first collects its own envelope against a permit, for its own
use (PATRQT), or as who registered the record for treatment, which then needs consent.

JSON: dryRun, record, with, changed.")]
    Share {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Where the vault is.
        #[command(flatten)]
        service: ServiceOption,
        /// With whom: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        with: String,
    },
    /// Remove what was wrapped for somebody from the vault. It takes back nothing that was opened. No transaction
    #[command(after_help = "Example:
  salus record unshare 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --from Practitioner/dr-adams \
--directory samples/directory.json

With --service, the patient's, or who registered the record.

JSON: dryRun, record, from, changed.")]
    Unshare {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Where the vault is.
        #[command(flatten)]
        service: ServiceOption,
        /// From whom: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        from: String,
    },
    /// Ask for access to a record and open it. The decision is on the chain, whichever it is
    #[command(after_help = "Example:
  salus record open 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --purpose TREAT --action access \
--output observation.json --suri //Charlie

The content goes to the file, which only its owner reads and which is there only when all of it is what the chain commits
to, or to stdout where that is a pipe or a file (up to 64 MiB); what else there is to say goes to stderr then. It is never
shown on a terminal, unless --output - says so. With --link, the link is redeemed if it was not, and the record is opened
by the link's key. With --service, envelope and ciphertext come from a release service, which wants the decision in a final
block, asks the contract again, and logs it; what it gives is decrypted here, and checked as from a vault.

JSON (needs --output FILE): dryRun, record, decision: permitted|refused, reason, rule, version, until, mediaType, bytes, output,
permit {block, event}, logEntry {index, id, leaf}|null, evidence|forecast.")]
    Open {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Where the vault is.
        #[command(flatten)]
        service: ServiceOption,
        /// What for (v3-ActReason), for example TREAT
        #[arg(long, value_parser = values::purpose)]
        purpose: Purpose,
        /// To do what: collect, access, use, disclose or correct
        #[arg(long, value_parser = values::action)]
        action: Action,
        /// The share link that the patient gave you. On the command line other users of the machine can see it: better set the
        /// variable
        #[arg(long, value_name = "LINK", env = "SALUS_LINK", hide_env_values = true)]
        link: Option<String>,
        /// Where the content goes: a new file, or - for stdout
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Who must agree, beside the patient's consent, before anybody but the patient is let into a record
    #[command(
        subcommand,
        after_help = "Example:
  salus record condition show 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4"
    )]
    Condition(ConditionCommand),
    /// Agree that somebody is let into a record. A party's that a condition of the record names
    #[command(after_help = "Example:
  salus record agree 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 Practitioner/dr-adams --purpose TREAT \
--until 2030-01-01T00:00:00Z --directory samples/directory.json --suri //Eve

The agreement is for the newest version: what is amended needs a new one.

JSON: dryRun, record, version, accessor, party, purpose, until, evidence|forecast.")]
    Agree {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Who may be let in: an account, or a reference of the directory
        accessor: String,
        /// For what, and what is under it (v3-ActReason)
        #[arg(long, value_parser = values::purpose)]
        purpose: Purpose,
        /// Until when (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        until: Timestamp,
    },
    /// Take an agreement back; effective at once
    #[command(after_help = "Example:
  salus record disagree 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 Practitioner/dr-adams \
--directory samples/directory.json --suri //Eve

JSON: dryRun, record, accessor, party, evidence|forecast.")]
    Disagree {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Who is no longer to be let in: an account, or a reference of the directory
        accessor: String,
    },
    /// Move everything out: the signer's records, consents and the accounting of disclosures, into a folder
    #[command(after_help = "Example:
  salus record export moved-out --suri //Dave

Opens every record of the signer, each version that the vault has, into files that only their owner reads. manifest.json says
what each is, with the commitment of the chain and the salt that proves it; consents/ has the consents as FHIR. Running it
again completes what broke off, also from another vault (--vault), and opens nothing twice. Ends with 4 where something is
missing.

JSON: dryRun, patient, folder, records, added, complete, missing [{record, version}], erased, consents.")]
    Export {
        /// The folder: a new one, or that of an export that broke off
        folder: PathBuf,
    },
}

/// What a record consists of.
#[derive(Clone, Debug, clap::Args)]
pub struct FileOptions {
    /// The file: a FHIR R4 resource or a Bundle, or anything else
    file: PathBuf,
    /// Its media type [default: after the file's extension; .json is FHIR]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// What kind of data it is, as a FHIR resource type. Not for FHIR
    #[arg(long, value_name = "CLASS", value_parser = values::class)]
    class: Option<Class>,
    /// How confidential it is: U, L, M, N, R or V. Not for FHIR
    #[arg(long, value_name = "LEVEL", value_parser = values::confidentiality)]
    confidentiality: Option<Confidentiality>,
    /// Why it is sensitive (v3-ActCode), for example PSY. Not for FHIR
    #[arg(long, value_name = "CODE", value_parser = values::sensitivity, value_delimiter = ',')]
    sensitivity: Vec<Sensitivity>,
    /// The first moment that the data is about (RFC 3339). Not for FHIR
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    from: Option<Timestamp>,
    /// The first moment after it. Not for FHIR
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    to: Option<Timestamp>,
}

/// `salus record condition`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConditionCommand {
    /// Set who must agree, in place of what the signer set before. The patient and who registered the record each have one
    #[command(after_help = "Example:
  salus record condition set 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 \
--party Practitioner/dr-adams --party 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --needed 2 \
--directory samples/directory.json --suri //Dave

JSON: dryRun, record, needed, parties, evidence|forecast.")]
    Set {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
        /// Whose agreement counts: an account, or a reference of the directory. Repeatable, up to 8 times
        #[arg(long = "party", value_name = "ACCOUNT", required = true)]
        parties: Vec<String>,
        /// How many of them must agree [default: all]
        #[arg(long, value_name = "N")]
        needed: Option<u8>,
    },
    /// Lift the signer's condition
    #[command(after_help = "Example:
  salus record condition lift 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --suri //Dave

JSON: dryRun, record, evidence|forecast.")]
    Lift {
        /// The record's id
        #[arg(value_parser = values::record)]
        record: RecordId,
    },
    /// Show the conditions of a record, and who agreed to let somebody in
    #[command(after_help = "Example:
  salus record condition show 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4

Agreements are read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: record, conditions [{side: patient|custodian, needed, parties}], agreements [{party, accessor, version, purpose, until}].")]
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
    use ConditionCommand as Condition;
    match command {
        RecordCommand::Add { file, patient } => add::add(global, file, patient).await,
        RecordCommand::Amend { record, file } => add::amend(global, *record, file).await,
        RecordCommand::Erase { record, yes, service } => erase::erase(global, *record, *yes, service).await,
        RecordCommand::List { patient, purpose, link } => {
            list::list(global, patient.as_deref(), *purpose, link.as_deref()).await
        }
        RecordCommand::Show { record } => list::show(global, *record).await,
        RecordCommand::Share { record, with, service } => share::share(global, *record, with, service).await,
        RecordCommand::Unshare { record, from, service } => share::unshare(global, *record, from, service).await,
        RecordCommand::Open { record, purpose, action, link, output, service } => {
            let asked = open::Question { record: *record, purpose: *purpose, action: *action, link: link.as_deref() };
            open::open(global, &asked, output.as_deref(), service).await
        }
        RecordCommand::Condition(Condition::Set { record, parties, needed }) => {
            conditions::set(global, *record, parties, *needed).await
        }
        RecordCommand::Condition(Condition::Lift { record }) => conditions::lift(global, *record).await,
        RecordCommand::Condition(Condition::Show { record }) => conditions::show(global, *record).await,
        RecordCommand::Agree { record, accessor, purpose, until } => {
            conditions::agree(global, *record, accessor, *purpose, *until).await
        }
        RecordCommand::Disagree { record, accessor } => conditions::disagree(global, *record, accessor).await,
        RecordCommand::Export { folder } => export::export(global, folder).await,
    }
}

/// What is said of a record on the chain, as JSON and in words.
fn terms_json(terms: &RecordTerms) -> Value {
    serde_json::json!({
        "class": terms.class.code(),
        "confidentiality": terms.confidentiality.code(),
        "sensitivity": terms.sensitivity.iter().map(Sensitivity::code).collect::<Vec<_>>(),
        "dataPeriod": terms.data_period.map_or(Value::Null, period_json),
    })
}

/// What is said of a record on the chain, in words.
fn terms_words(terms: &RecordTerms) -> String {
    let sensitivity: Vec<&str> = terms.sensitivity.iter().map(Sensitivity::code).collect();
    let labels = match sensitivity.is_empty() {
        true => "no sensitivity label".to_owned(),
        false => format!("sensitivity {}", sensitivity.join(", ")),
    };
    let (class, level) = (terms.class.code(), terms.confidentiality);
    let period = terms.data_period.map(|period| format!(", {}", show_period(period))).unwrap_or_default();
    format!("{class}, {} ({}), {labels}{period}", level.display(), level.code())
}

fn with_terms(report: Report, terms: &RecordTerms) -> Report {
    report.line(format!("  {}", terms_words(terms))).fields(terms_json(terms))
}
