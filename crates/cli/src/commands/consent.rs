//! `salus consent`: what a patient decided.

use super::acting::ForWhom;
use super::{acts, fhir, history, simulate};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::{consents, Suite};
use crate::output::{table, Report};
use crate::values::{self, period_json, show_account, show_period};
use salus_client::{domain_account, ink_account, AccountId32};
use salus_domain::codes::{Action, Class, ClassSet, Confidentiality, Purpose, Sensitivity, SensitivitySet};
use salus_domain::consent::{Actor, Base, Consent, Decision};
use salus_domain::evaluate::{Answer, Deciding, Evaluation};
use salus_domain::ids::ConsentId;
use salus_domain::request::{Principal, Request};
use salus_fhir::consent_text;
use serde_json::{json, Value};
use std::path::PathBuf;

/// `salus consent`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConsentCommand {
    /// Record the consent of a FHIR document, or of several in one transaction; in force at once
    #[command(after_help = "Example:
  salus consent record samples/consent.json --directory samples/directory.json --suri //Dave

Several documents are recorded together, all or none of them.

JSON: dryRun, consent (its id), patient, text, narrowed [{path, what}], evidence|forecast. Of several documents: dryRun,
patient, consents [{consent, file, text, narrowed}], evidence|forecast.")]
    Record {
        /// A FHIR Consent, R4 or R5
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Replace a consent by that of another document; effective at once
    #[command(after_help = "Example:
  salus consent amend 0 samples/consent.json --directory samples/directory.json --suri //Dave

JSON: dryRun, consent, revision, patient, text, narrowed [{path, what}], evidence|forecast.")]
    Amend {
        /// The consent's id
        id: u32,
        /// A FHIR Consent, R4 or R5
        file: PathBuf,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Revoke a consent; effective at once
    #[command(after_help = "Example:
  salus consent revoke 0 --suri //Dave

JSON: dryRun, consent, patient, evidence|forecast.")]
    Revoke {
        /// The consent's id
        id: u32,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Revoke every consent of the signer, or of the patient for whom it acts; effective at once
    #[command(after_help = "Example:
  salus consent revoke-all --suri //Dave

JSON: dryRun, revoked (how many), patient, evidence|forecast.")]
    RevokeAll {
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// List the consents of a patient that are recorded and not revoked
    #[command(after_help = "Example:
  salus consent list Patient/rosa-marin --directory samples/directory.json

JSON: patient, consents [{consent, revision, period {start, end}}].")]
    List {
        /// An account, or a reference of the directory [default: the signer]
        patient: Option<String>,
    },
    /// Show a consent in plain English, or as FHIR
    #[command(after_help = "Example:
  salus consent show 0 --patient Patient/rosa-marin --directory samples/directory.json

JSON: patient, consent, base: permit|deny|silent, period {start, end}, source, text, provisions [{depth, decision, actors,
actions, purposes, confidentiality, sensitivity, classes, period, dataPeriod}]. With --fhir: the FHIR Consent itself, or, where
the release needs several consents to say the same, a Bundle of them.")]
    Show {
        /// The consent's id
        id: u32,
        /// An account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
        /// As a FHIR Consent of this release
        #[arg(long, value_name = "RELEASE", num_args = 0..=1, default_missing_value = "r4")]
        fhir: Option<fhir::FhirRelease>,
    },
    /// Ask what a patient's consents answer, and why. The answer is no error, whichever it is
    #[command(after_help = "Example:
  salus consent decide --patient Patient/rosa-marin --as Practitioner/dr-adams --purpose TREAT --action access \
--class Observation --confidentiality N --directory samples/directory.json

Organisations and roles are those of the account's credentials. What is not named is not asked about: the answer is then
for everything, with what must be redacted.

JSON: patient, as, credentialed, answer: permit|deny|noConsent, deciding [{consent, provision}], redact {confidentiality, sensitivity,
classes}.")]
    Decide(DecideOptions),
    /// Tell who did what with a patient's consents, and when: every revision, proposal and proxy
    #[command(after_help = "Example:
  salus consent history Patient/rosa-marin --directory samples/directory.json

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: patient, epoch, nonce (of the next signed order), acts [{act: recorded|amended|revoked|all-revoked|lapsed|proposed|accepted|
rejected|withdrawn|proxy-named|proxy-removed, time, block, by|null, nonce|null, consent, revision, revoked, proposer, proposal,
proxy, powers, period, source, text}]. nonce is there where it was done by a signed order.")]
    History {
        /// An account, or a reference of the directory [default: the signer]
        patient: Option<String>,
    },
    /// Say in plain English what a document decides; needs no chain
    #[command(after_help = "Example:
  salus consent explain samples/consent.json --directory samples/directory.json

JSON: patient, status: active|proposed, text, narrowed [{path, what}]. Of a document that is refused: error, and all that it is
refused for: refused [{path, reason}].")]
    Explain {
        /// A FHIR Consent, R4 or R5
        file: PathBuf,
    },
    /// Answer a request by FHIR consents, without a transaction. The answer is no error, whichever it is
    #[command(after_help = simulate::HELP)]
    Simulate(simulate::SimulateOptions),
}

/// What is asked.
#[derive(Clone, Debug, clap::Args)]
pub struct DecideOptions {
    /// Whose data it is: an account, or a reference of the directory
    #[arg(long, value_name = "ACCOUNT")]
    patient: String,
    /// Who asks: an account, or a reference of the directory
    #[arg(long = "as", value_name = "ACCOUNT")]
    asker: String,
    /// What for (v3-ActReason), for example TREAT, HPAYMT, HRESCH
    #[arg(long, value_parser = values::purpose)]
    purpose: Purpose,
    /// To do what: collect, access, use, disclose or correct
    #[arg(long, value_parser = values::action)]
    action: Action,
    /// The FHIR resource types of the data
    #[arg(long = "class", value_name = "CLASS", value_parser = values::class, value_delimiter = ',')]
    classes: Vec<Class>,
    /// How confidential the data is: U, L, M, N, R or V
    #[arg(long, value_name = "LEVEL", value_parser = values::confidentiality)]
    confidentiality: Option<Confidentiality>,
    /// Why the data is sensitive (v3-ActCode), for example PSY
    #[arg(long, value_name = "CODE", value_parser = values::sensitivity, value_delimiter = ',')]
    sensitivity: Vec<Sensitivity>,
    /// The data has no sensitivity label
    #[arg(long, conflicts_with = "sensitivity")]
    not_sensitive: bool,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ConsentCommand) -> Result<Report, Failure> {
    match command {
        ConsentCommand::Record { files, for_whom } => acts::record(global, files, for_whom).await,
        ConsentCommand::Amend { id, file, for_whom } => acts::amend(global, ConsentId(*id), file, for_whom).await,
        ConsentCommand::Revoke { id, for_whom } => acts::revoke(global, ConsentId(*id), for_whom).await,
        ConsentCommand::RevokeAll { for_whom } => acts::revoke_all(global, for_whom).await,
        ConsentCommand::History { patient } => history::history(global, patient.as_deref()).await,
        ConsentCommand::List { patient } => list(global, patient.as_deref()).await,
        ConsentCommand::Show { id, patient, fhir: Some(release) } => {
            fhir::show(global, ConsentId(*id), patient.as_deref(), *release).await
        }
        ConsentCommand::Show { id, patient, fhir: None } => show(global, ConsentId(*id), patient.as_deref()).await,
        ConsentCommand::Decide(options) => decide(global, options).await,
        ConsentCommand::Explain { file } => fhir::explain(global, file),
        ConsentCommand::Simulate(options) => simulate::simulate(global, options).await,
    }
}

async fn list(global: &GlobalOptions, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let suite = global.suite().await?;
    let all = consents::in_force(&suite, &patient).await?;
    let mut rows = vec![["consent", "revision", "counts"].map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for one in &all {
        rows.push(vec![one.id.0.to_string(), one.revision.to_string(), show_period(one.period)]);
        list.push(json!({ "consent": one.id.0, "revision": one.revision, "period": period_json(one.period) }));
    }
    let report = Report::default().field("patient", patient.to_string()).field("consents", list);
    Ok(match all.is_empty() {
        true => report.line(format!("{patient} has no consent in force")),
        false => report.lines(table(&rows, &[2])),
    })
}

async fn show(global: &GlobalOptions, id: ConsentId, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let suite = global.suite().await?;
    let consent = on_chain(&suite, &patient, id).await?;
    let text = consent_text::lines(&consent, &global.directory()?);
    let base = match consent.base {
        Base::Permit => "permit",
        Base::Deny => "deny",
        Base::Silent => "silent",
    };
    let report = Report::default()
        .field("patient", patient.to_string())
        .field("consent", id.0)
        .field("base", base)
        .field("period", period_json(consent.period))
        .field("source", format!("0x{}", hex::encode(consent.source.0)))
        .field("provisions", provisions_json(&consent))
        .field("text", text.clone());
    Ok(report.line(format!("consent {} of {patient}", id.0)).lines(text))
}

pub(super) async fn on_chain(suite: &Suite, patient: &AccountId32, id: ConsentId) -> Result<Consent, Failure> {
    let found = suite.deployment.registry().consent(ink_account(patient), id).read(&suite.chain).await?;
    found.ok_or_else(|| {
        Failure::input(
            "input.consent",
            format!("{patient} has no consent {} in force", id.0),
            "see what is in force with `salus consent list`",
        )
    })
}

fn provisions_json(consent: &Consent) -> Vec<Value> {
    let provisions = consent.provisions.iter().map(|provision| {
        let actors = provision.actors.iter().map(|actor| match actor {
            Actor::Account(account) => json!({ "account": show_account(&account.0) }),
            Actor::Organisation(account) => json!({ "organisation": show_account(&account.0) }),
            Actor::Role(role) => json!({ "role": role.code() }),
        });
        json!({
            "depth": provision.depth,
            "decision": if provision.decision == Decision::Permit { "permit" } else { "deny" },
            "actors": actors.collect::<Vec<_>>(),
            "actions": provision.actions.iter().map(Action::code).collect::<Vec<_>>(),
            "purposes": provision.purposes.iter().map(Purpose::code).collect::<Vec<_>>(),
            "confidentiality": provision.confidentiality.iter().map(Confidentiality::code).collect::<Vec<_>>(),
            "sensitivity": provision.sensitivity.iter().map(Sensitivity::code).collect::<Vec<_>>(),
            "classes": provision.classes.iter().map(Class::code).collect::<Vec<_>>(),
            "period": provision.period.map(period_json),
            "dataPeriod": provision.data_period.map(period_json),
        })
    });
    provisions.collect()
}

async fn decide(global: &GlobalOptions, options: &DecideOptions) -> Result<Report, Failure> {
    let (patient, asker) = (global.account(&options.patient)?, global.account(&options.asker)?);
    let suite = global.suite().await?;
    let principal = suite.deployment.grants().principal(ink_account(&asker)).read(&suite.chain).await?;
    let credentialed = principal.is_some();
    let nobody = Principal { account: domain_account(&asker), organisations: Vec::new(), roles: Default::default() };
    let sensitivity: SensitivitySet = options.sensitivity.iter().copied().collect();
    let classes: ClassSet = options.classes.iter().copied().collect();
    let request = Request {
        principal: principal.unwrap_or(nobody),
        purpose: options.purpose,
        action: options.action,
        confidentiality: options.confidentiality,
        sensitivity: Some(sensitivity).filter(|set| options.not_sensitive || !set.is_empty()),
        classes: Some(classes).filter(|set| !set.is_empty()),
        data_period: None,
    };
    let asked = suite.deployment.registry().decide(ink_account(&patient), &request);
    let Evaluation { answer, deciding, redact } = asked.read(&suite.chain).await?;
    let (word, sentence) = match answer {
        Answer::Permit => ("permit", "permit"),
        Answer::Deny => ("deny", "deny"),
        Answer::NoConsent => ("noConsent", "deny: no consent says anything about it"),
    };
    let redacted = json!({
        "confidentiality": redact.confidentiality.iter().map(Confidentiality::code).collect::<Vec<_>>(),
        "sensitivity": redact.sensitivity.iter().map(Sensitivity::code).collect::<Vec<_>>(),
        "classes": redact.classes.iter().map(Class::code).collect::<Vec<_>>(),
    });
    let decided: Vec<Value> =
        deciding.iter().map(|it| json!({ "consent": it.consent.0, "provision": it.provision })).collect();
    let mut report = Report::default()
        .field("patient", patient.to_string())
        .field("as", asker.to_string())
        .field("credentialed", credentialed)
        .field("answer", word)
        .field("deciding", decided)
        .field("redact", redacted)
        .line(sentence);
    if !credentialed {
        report =
            report.line("  (no authority vouches for who asks: access to a record would be refused for that alone)");
    }
    let directory = global.directory()?;
    for one in &deciding {
        let consent = on_chain(&suite, &patient, one.consent).await?;
        let text = consent_text::lines(&consent, &directory);
        let line = text
            .get(one.provision.map_or(0, |place| usize::from(place) + 1))
            .map_or("", |line| line.trim_start_matches([' ', '-']));
        report = report.line(format!("  by {}: {line}", place(*one)));
    }
    if !redact.is_empty() {
        let codes: Vec<&str> = (redact.confidentiality.iter().map(Confidentiality::code))
            .chain(redact.sensitivity.iter().map(Sensitivity::code))
            .chain(redact.classes.iter().map(Class::code))
            .collect();
        report = report.line(format!("  redact: {}", codes.join(", ")));
    }
    Ok(report)
}

/// What decided, in words.
#[must_use]
pub fn place(deciding: Deciding) -> String {
    match deciding.provision {
        Some(provision) => format!("provision {provision} of consent {}", deciding.consent.0),
        None => format!("consent {}", deciding.consent.0),
    }
}
