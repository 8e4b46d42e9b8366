//! `salus audit prove` and `check`: that one entry is in a log.

use super::show::{entry_json, entry_line};
use crate::commands::key::write_private;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::audits::{self, AuditFailed, Kept};
use crate::operations::{documents, OperationError, Suite};
use crate::output::{progress, Report};
use crate::values::show_time;
use salus_audit::InclusionProof;
use salus_client::{ink_account, AccountId32};
use serde_json::{json, Value};
use std::path::Path;

/// Which entry.
pub(super) enum Which {
    Index(u64),
    Id([u8; 32]),
}

/// Makes a proof.
///
/// # Errors
/// [`Failure`].
pub(super) async fn prove(
    global: &GlobalOptions,
    file: &Path,
    which: Which,
    log_account: Option<&str>,
    output: Option<&Path>,
) -> Result<Report, Failure> {
    let log = audits::open(file)?;
    let next = "see what there is with `salus audit show`";
    let index = match which {
        Which::Index(index) => index,
        Which::Id(id) => {
            log.find(&id).ok_or_else(|| Failure::input("input.entry", "the log has no entry with that id", next))?
        }
    };
    let size = match log_account {
        None => log.tree().size(),
        Some(account) => {
            let account = global.account(account)?;
            let Suite { chain, deployment } = global.suite().await?;
            let anchor = deployment.grants().log(ink_account(&account)).read(&chain).await?.anchor;
            anchor.ok_or(OperationError::from(AuditFailed::NotOnChain(account)))?.size
        }
    };
    if index >= size {
        let message = format!("entry {index} is not among the {size} entries that the root is about");
        return Err(Failure::input("input.entry", message, "wait until it is anchored (`salus audit anchors`)"));
    }
    let proof = log.prove(index, size).map_err(|error| {
        let file = file.display().to_string();
        OperationError::from(AuditFailed::Log { file, error })
    })?;
    let json = serde_json::to_value(&proof).map_err(|error| {
        Failure::new(Exit::Internal, "internal", format!("the proof cannot be written: {error}"), "do the same again")
    })?;
    let root = hex::encode(proof.root.0);
    let report = Report::default()
        .field("index", index)
        .field("id", hex::encode(proof.id))
        .field("logSize", size)
        .field("root", root.clone())
        .field("proof", json.clone());
    match output.filter(|_| !global.dry_run) {
        Some(output) => {
            write_private(output, format!("{json:#}\n").as_bytes())?;
            let shown = output.display().to_string();
            let line = format!("{shown} proves that entry {index} is among the {size} of root {root}");
            Ok(report.field("output", shown).line(line))
        }
        None => Ok(report.field("output", Value::Null).line(format!("{json:#}"))),
    }
}

/// Checks a proof.
///
/// # Errors
/// [`Failure`]. One that does not hold is a report that ends with [`Exit::Refused`].
pub(super) async fn check(global: &GlobalOptions, file: &Path, log_account: Option<&str>) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let account = log_account.map(|account| global.account(account)).transpose()?;
    let proof = InclusionProof::from_json(&documents::read(file)?).map_err(AuditFailed::from);
    let proof = proof.map_err(OperationError::from)?;
    let (index, size, root) = (proof.index, proof.log_size, hex::encode(proof.root.0));
    let report = Report::default().field("index", index).field("logSize", size).field("root", root.clone());
    if let Err(bad) = proof.verify() {
        let report = report.field("holds", false).field("anchored", Value::Null).field("contract", Value::Null);
        let report = report.field("entry", Value::Null).field("reason", bad.to_string());
        return Ok(report.line(format!("the proof does NOT hold: {bad}")).exit(Exit::Refused));
    }
    let kept = Kept::new(index, proof.id, &proof.entry);
    let report = report
        .field("holds", true)
        .field("entry", entry_json(&kept))
        .line(format!("the proof holds: entry {index} is among the {size} of root {root}"))
        .line(format!("  {}", entry_line(&kept, &directory)));
    match account {
        None => Ok(report
            .field("anchored", Value::Null)
            .field("contract", Value::Null)
            .line("  whether that root is one of the log's is for the chain to say: --on-chain")),
        Some(account) => on_chain(global, report, &proof, account).await,
    }
}

async fn on_chain(
    global: &GlobalOptions,
    report: Report,
    proof: &InclusionProof,
    account: AccountId32,
) -> Result<Report, Failure> {
    let suite = global.suite().await?;
    let known = audits::on_chain(&suite, &account, progress()).await?;
    let Some(place) = known.place_of(proof.log_size, proof.root) else {
        let line = format!("  NO log of {account} with that size and root is on the chain");
        let report = report.field("anchored", Value::Null).field("contract", Value::Null);
        return Ok(report.line(line).exit(Exit::Refused));
    };
    let time = show_time(place.time);
    let line = format!("  the root is on the chain: block {}, {}", place.block, time.clone().unwrap_or_default());
    let report = report.field("anchored", json!({ "block": place.block, "time": time })).line(line);
    let grants = suite.deployment.grants();
    let newest = grants.log(ink_account(&account)).read(&suite.chain).await?.anchor;
    if newest.is_none_or(|anchor| (anchor.size, anchor.root) != (proof.log_size, proof.root)) {
        return Ok(report
            .field("contract", Value::Null)
            .line("  it is not the newest, which the contract verifies by"));
    }
    let message = grants.verify_inclusion(ink_account(&account), proof.leaf, proof.index, proof.path.clone());
    Ok(match message.read(&suite.chain).await? {
        true => report.field("contract", "verified").line("  the contract verifies it"),
        false => {
            let report = report.field("contract", "refused").line("  the contract does NOT verify it");
            report.exit(Exit::Refused)
        }
    })
}
