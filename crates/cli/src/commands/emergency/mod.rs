//! `salus emergency`: breaking the glass, and what follows from it.

mod acts;
mod supply;
mod tell;

use crate::commands::acting::ForWhom;
use crate::commands::statement::Statement;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values;
use salus_domain::ids::Hash;
use salus_interface::access::EmergencyGround;

/// `salus emergency`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum EmergencyCommand {
    /// Show what breaking the glass costs and allows
    #[command(after_help = "Example:
  salus emergency terms

JSON: bond, accessMilliseconds, reviewMilliseconds.")]
    Terms,
    /// Break the glass: be let into all records of a patient without consent, for a short time, against a bond. A provider's
    #[command(after_help = "Example:
  salus emergency break Patient/rosa-marin --ground unable-to-consent --statement-file statement.txt \
--directory samples/directory.json --suri //Charlie

Records are then opened with `salus record open --purpose BTG`. The patient is told (`salus emergency list`), and can dispute it;
an authority reviews it. Found justified, the bond comes back; else, or where nobody reviews it in time, it is the patient's. The
chain has a commitment to the statement only: give the reviewer statement and salt.

JSON: dryRun, provider, patient, number, ground, statement (commitment), salt, bond, accessUntil, reviewUntil, state,
evidence|forecast.")]
    Break {
        /// The patient: an account, or a reference of the directory
        patient: String,
        /// On what ground
        #[arg(long, value_enum)]
        ground: GroundName,
        /// What it is.
        #[command(flatten)]
        statement: Statement,
    },
    /// Hand who broke the glass the keys of the patient's records that the signer registered. Whoever keeps records does that
    #[command(after_help = "Example:
  salus emergency supply Practitioner/dr-okoye Patient/rosa-marin --directory samples/directory.json --suri //Charlie

A permit alone opens nothing: the key of a record is wrapped for the patient and for whoever registered it. Only while the
emergency is in force; doing it twice changes nothing.

JSON: dryRun, provider, patient, records, new.")]
    Supply {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// The patient: an account, or a reference of the directory
        patient: String,
        /// Where the envelopes are.
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Dispute an emergency: the provider's access is over at once. The patient's
    #[command(after_help = "Example:
  salus emergency dispute Practitioner/dr-adams --directory samples/directory.json --suri //Dave

JSON: dryRun, provider, patient, number, state, changed, evidence|forecast.")]
    Dispute {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Close an emergency by a finding, and pay the bond out. A credentialing authority's
    #[command(after_help = "Example:
  salus emergency review Practitioner/dr-adams Patient/rosa-marin --unjustified --suspend \
--directory samples/directory.json --suri //Alice

Found justified no earlier than the access is over or disputed: the patient has time to be heard.

JSON: dryRun, provider, patient, number, finding: justified|unjustified, suspended, evidence|forecast.")]
    Review {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// The patient: an account, or a reference of the directory
        patient: String,
        /// What was found.
        #[command(flatten)]
        found: Found,
    },
    /// Close an emergency that nobody reviewed in time: the bond goes to the patient. Anybody's
    #[command(after_help = "Example:
  salus emergency forfeit Practitioner/dr-adams Patient/rosa-marin --directory samples/directory.json --suri //Dave

JSON: dryRun, provider, patient, evidence|forecast.")]
    Forfeit {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// The patient: an account, or a reference of the directory
        patient: String,
    },
    /// Show a provider's last emergency with a patient
    #[command(after_help = "Example:
  salus emergency show Practitioner/dr-adams Patient/rosa-marin --directory samples/directory.json

JSON: provider, patient, number, ground, statement (commitment), bond, accessUntil, reviewUntil, state:
open|disputed|justified|unjustified|barred|unreviewed.")]
    Show {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// The patient: an account, or a reference of the directory
        patient: String,
    },
    /// List emergencies of a patient, or of a provider: what the patient is to be told, and how it ended
    #[command(after_help = "Example:
  salus emergency list --suri //Dave
  salus emergency list --provider Practitioner/dr-adams --directory samples/directory.json

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: emergencies [{time, block, provider, patient, number, ground, statement, bond, accessUntil, reviewUntil, state, accesses,
reviewer|null}].")]
    List {
        /// The patient: an account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "provider")]
        patient: Option<String>,
        /// Who broke the glass: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        provider: Option<String>,
    },
    /// Check that a statement is the one that the provider committed to
    #[command(after_help = "Example:
  salus emergency check-statement Practitioner/dr-adams Patient/rosa-marin --statement-file statement.txt \
--salt 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4 --directory samples/directory.json

Ends with 3 where it is another one.

JSON: provider, patient, number, matches, statement (commitment).")]
    CheckStatement {
        /// Who broke the glass: an account, or a reference of the directory
        provider: String,
        /// The patient: an account, or a reference of the directory
        patient: String,
        /// What it is.
        #[command(flatten)]
        statement: Statement,
        /// The salt that the provider gave with it: 64 hexadecimal digits
        #[arg(long, value_name = "SALT", value_parser = values::hash)]
        salt: Hash,
    },
}

/// A ground for breaking the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum GroundName {
    /// The patient's life or health is in danger, and there is no time to ask
    ThreatToPatient,
    /// The patient cannot consent, nor anybody for the patient
    UnableToConsent,
    /// The life or health of others is in danger
    ThreatToOthers,
}

impl From<GroundName> for EmergencyGround {
    fn from(name: GroundName) -> Self {
        match name {
            GroundName::ThreatToPatient => Self::ThreatToPatient,
            GroundName::UnableToConsent => Self::UnableToConsent,
            GroundName::ThreatToOthers => Self::ThreatToOthers,
        }
    }
}

/// What an authority found.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("found").required(true).args(["justified", "unjustified"]))]
pub struct Found {
    /// It was an emergency: the bond goes back
    #[arg(long)]
    justified: bool,
    /// It was none: the bond goes to the patient
    #[arg(long)]
    unjustified: bool,
    /// Suspend all of the provider's credentials as well
    #[arg(long, conflicts_with = "justified")]
    suspend: bool,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &EmergencyCommand) -> Result<Report, Failure> {
    match command {
        EmergencyCommand::Terms => tell::terms(global).await,
        EmergencyCommand::Break { patient, ground, statement } => {
            acts::break_glass(global, patient, (*ground).into(), statement).await
        }
        EmergencyCommand::Supply { provider, patient, service } => {
            supply::supply(global, provider, patient, service).await
        }
        EmergencyCommand::Dispute { provider, for_whom } => acts::dispute(global, provider, for_whom).await,
        EmergencyCommand::Review { provider, patient, found } => acts::review(global, provider, patient, found).await,
        EmergencyCommand::Forfeit { provider, patient } => acts::forfeit(global, provider, patient).await,
        EmergencyCommand::Show { provider, patient } => tell::show(global, provider, patient).await,
        EmergencyCommand::List { patient, provider } => {
            tell::list(global, patient.as_deref(), provider.as_deref()).await
        }
        EmergencyCommand::CheckStatement { provider, patient, statement, salt } => {
            tell::check(global, provider, patient, &statement.words()?, *salt).await
        }
    }
}
