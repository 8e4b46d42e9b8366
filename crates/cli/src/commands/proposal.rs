//! `salus proposal`: a provider asks for a consent, the patient answers.

use super::acting::{report, text_of, Acting, ForWhom};
use super::history;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::documents::Document;
use crate::operations::history::{proposals, Answer, Proposal};
use crate::operations::orders::{self, name, proposal_hash, show_hash};
use crate::operations::{account_of, consents};
use crate::output::Report;
use crate::values::{self, period_json, show_time};
use salus_client::{ink_account, CallError};
use salus_domain::ids::Hash;
use salus_fhir::consent_text;
use salus_interface::consent::{ConsentError, Done, Instruction};
use scale::Encode;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// `salus proposal`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ProposalCommand {
    /// Ask a patient for a consent, in place of what the signer asked for before
    #[command(after_help = "Example:
  salus proposal send proposed.json --directory samples/directory.json --suri //Charlie

The document's status is `proposed`. It decides nothing until the patient accepts it. Who sends it pays the storage deposit,
and the answer gives it to whoever submits that.

JSON: dryRun, patient, proposer, proposal (the hash by which it is accepted), text, narrowed [{path, what}],
evidence|forecast.")]
    Send {
        /// A FHIR Consent, R4 or R5, with the status `proposed`
        file: PathBuf,
    },
    /// List what was ever proposed to a patient, and how that ended
    #[command(after_help = "Example:
  salus proposal list Patient/rosa-marin --directory samples/directory.json

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: patient, proposals [{proposer, proposal, status: standing|accepted|rejected|withdrawn|replaced, consent|null, time, block,
period {start, end}, text}].")]
    List {
        /// An account, or a reference of the directory [default: the signer]
        patient: Option<String>,
    },
    /// Show what an account proposes to a patient, in plain English
    #[command(after_help = "Example:
  salus proposal show Practitioner/dr-adams --patient Patient/rosa-marin --directory samples/directory.json

JSON: patient, proposer, proposal, period {start, end}, source, text, encoded (its SCALE encoding: with it in a file, the proposal
can be accepted without a connection, `salus relay sign accept --shown`).")]
    Show {
        /// Who proposes: an account, or a reference of the directory
        proposer: String,
        /// An account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
    },
    /// Accept what an account proposes: it is then a consent, in force at once
    #[command(after_help = "Example:
  salus proposal accept Practitioner/dr-adams --directory samples/directory.json --suri //Dave

Accepts what it shows and nothing else: if the proposal changes in between, it is refused.

JSON: dryRun, patient, proposer, proposal, consent (its id), text, evidence|forecast.")]
    Accept {
        /// Who proposes: an account, or a reference of the directory
        proposer: String,
        /// Accept only the proposal with this hash
        #[arg(long, value_name = "HASH", value_parser = values::hash)]
        expect: Option<Hash>,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Reject what an account proposes
    #[command(after_help = "Example:
  salus proposal reject Practitioner/dr-adams --directory samples/directory.json --suri //Dave

JSON: dryRun, patient, proposer, evidence|forecast.")]
    Reject {
        /// Who proposes: an account, or a reference of the directory
        proposer: String,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// Take back what the signer proposes to a patient
    #[command(after_help = "Example:
  salus proposal withdraw Patient/rosa-marin --directory samples/directory.json --suri //Charlie

JSON: dryRun, patient, proposer, evidence|forecast.")]
    Withdraw {
        /// The patient: an account, or a reference of the directory
        patient: String,
    },
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ProposalCommand) -> Result<Report, Failure> {
    match command {
        ProposalCommand::Send { file } => send(global, file).await,
        ProposalCommand::List { patient } => list(global, patient.as_deref()).await,
        ProposalCommand::Show { proposer, patient } => show(global, proposer, patient.as_deref()).await,
        ProposalCommand::Accept { proposer, expect, for_whom } => accept(global, proposer, *expect, for_whom).await,
        ProposalCommand::Reject { proposer, for_whom } => reject(global, proposer, for_whom).await,
        ProposalCommand::Withdraw { patient } => withdraw(global, patient).await,
    }
}

async fn send(global: &GlobalOptions, file: &Path) -> Result<Report, Failure> {
    let (directory, proposer) = (global.directory()?, global.signer()?);
    let (patient, compiled) = consents::compile_proposal(&Document::read(file)?, &directory, &proposer)?;
    if consents::is_decided(&compiled) {
        return Err(Failure::input(
            "document.notProposed",
            format!("{}: only the patient decides: its status is active", file.display()),
            "set the status to proposed; the patient's own decision is recorded with `salus consent record`",
        ));
    }
    let suite = global.suite().await?;
    let message = suite.deployment.registry().propose(ink_account(&patient), &compiled.consent);
    let carried = global.carry_out(&suite.chain, &proposer, &message).await?;
    let whom = name(&directory, &patient.0);
    let (would, did) = (format!("ask {whom} for a consent"), format!("{whom} is asked for a consent"));
    let hash = show_hash(proposal_hash(&compiled.consent));
    let (json, lines) = text_of(&compiled, &directory);
    Ok(carried
        .report(suite.chain.token(), &would, &did)
        .line(format!("  proposal {hash}"))
        .field("patient", patient.to_string())
        .field("proposer", account_of(&proposer).to_string())
        .field("proposal", hash)
        .fields(json)
        .lines(lines))
}

async fn list(global: &GlobalOptions, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    let history = history::of(&global.suite().await?).await?;
    let mut report = Report::default().field("patient", patient.to_string());
    let mut all = Vec::new();
    for Proposal { act, proposer, consent, answer } in proposals(&history, &patient) {
        let (hash, when) = (show_hash(proposal_hash(consent)), show_time(act.time).unwrap_or_default());
        let (word, id) = match answer {
            Answer::Accepted(id) => (format!("accepted as consent {id}"), Some(id)),
            other => (other.code().to_owned(), None),
        };
        let text = consent_text::lines(consent, &directory);
        report = report
            .line(format!("{when} by {}: {word}", name(&directory, &proposer.0)))
            .line(format!("  proposal {hash}"))
            .lines(text.iter().map(|line| format!("  {line}")));
        all.push(json!({
            "proposer": proposer.to_string(),
            "proposal": hash,
            "status": answer.code(),
            "consent": id,
            "time": when,
            "block": act.block,
            "period": period_json(consent.period),
            "text": text,
        }));
    }
    if all.is_empty() {
        report = report.line(format!("nothing was ever proposed to {patient}"));
    }
    Ok(report.field("proposals", all))
}

async fn show(global: &GlobalOptions, proposer: &str, patient: Option<&str>) -> Result<Report, Failure> {
    let (proposer, patient) = (global.account(proposer)?, global.account_or_signer(patient)?);
    let directory = global.directory()?;
    let consent = orders::proposal(&global.suite().await?, &patient, &proposer).await?;
    let (hash, text) = (show_hash(proposal_hash(&consent)), consent_text::lines(&consent, &directory));
    Ok(Report::default()
        .line(format!("{} proposes, by proposal {hash}:", name(&directory, &proposer.0)))
        .field("patient", patient.to_string())
        .field("proposer", proposer.to_string())
        .field("proposal", hash)
        .field("period", period_json(consent.period))
        .field("source", show_hash(consent.source))
        .field("encoded", format!("0x{}", hex::encode(consent.encode())))
        .field("text", text.clone())
        .lines(text))
}

/// Fails unless the proposal is the one that was expected.
///
/// # Errors
/// [`Failure`], as the registry would refuse it.
pub fn ensure_expected(found: Hash, expected: Option<Hash>) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != found => Err(CallError::Refused(ConsentError::ProposalChanged).into()),
        _ => Ok(()),
    }
}

async fn accept(
    global: &GlobalOptions,
    proposer: &str,
    expected: Option<Hash>,
    for_whom: &ForWhom,
) -> Result<Report, Failure> {
    let (acting, proposer) = (Acting::new(global, for_whom)?, global.account(proposer)?);
    let (directory, suite) = (global.directory()?, global.suite().await?);
    let consent = orders::proposal(&suite, &acting.patient, &proposer).await?;
    let hash = proposal_hash(&consent);
    ensure_expected(hash, expected)?;
    let instruction = Instruction::Accept(ink_account(&proposer), hash);
    let carried = acting.carry(global, &suite, &instruction).await?;
    let id = match carried.answer() {
        Done::Recorded(id) => Value::from(id.0),
        _ => Value::Null,
    };
    let text = consent_text::lines(&consent, &directory);
    Ok(report(&suite, &acting, &instruction, &carried, &directory)
        .field("proposer", proposer.to_string())
        .field("proposal", show_hash(hash))
        .field("consent", id)
        .field("text", text.clone())
        .lines(text))
}

async fn reject(global: &GlobalOptions, proposer: &str, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (acting, proposer) = (Acting::new(global, for_whom)?, global.account(proposer)?);
    let (directory, suite) = (global.directory()?, global.suite().await?);
    let instruction = Instruction::Reject(ink_account(&proposer));
    let carried = acting.carry(global, &suite, &instruction).await?;
    let report = report(&suite, &acting, &instruction, &carried, &directory);
    Ok(report.field("proposer", proposer.to_string()))
}

async fn withdraw(global: &GlobalOptions, patient: &str) -> Result<Report, Failure> {
    let (proposer, patient) = (global.signer()?, global.account(patient)?);
    let suite = global.suite().await?;
    let message = suite.deployment.registry().withdraw(ink_account(&patient));
    let carried = global.carry_out(&suite.chain, &proposer, &message).await?;
    let whom = name(&global.directory()?, &patient.0);
    let would = format!("take back what is proposed to {whom}");
    let did = format!("nothing is proposed to {whom} any more");
    Ok(carried
        .report(suite.chain.token(), &would, &did)
        .field("patient", patient.to_string())
        .field("proposer", account_of(&proposer).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    #[test]
    fn only_what_is_expected_is_accepted() {
        let (this, other) = (Hash([1; 32]), Hash([2; 32]));
        assert_eq!((ensure_expected(this, None), ensure_expected(this, Some(this))), (Ok(()), Ok(())));
        let refused = ensure_expected(this, Some(other)).map_err(|failure| (failure.exit, failure.code));
        assert_eq!(refused, Err((Exit::Refused, "consent.ProposalChanged".to_owned())));
    }
}
