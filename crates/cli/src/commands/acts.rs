//! `salus consent record`, `amend`, `revoke` and `revoke-all`: what changes a patient's consents.

use super::acting::{report, text_of, Acting, ForWhom};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use salus_client::ClientError;
use salus_domain::ids::ConsentId;
use salus_interface::consent::{Done, Instruction, Order};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Records the consent of one document, or of several in one transaction.
///
/// # Errors
/// [`Failure`]. Nothing is recorded then.
pub async fn record(global: &GlobalOptions, files: &[PathBuf], for_whom: &ForWhom) -> Result<Report, Failure> {
    let acting = Acting::new(global, for_whom)?;
    let [file] = files else {
        return record_all(global, files, &acting).await;
    };
    let directory = global.directory()?;
    let compiled = acting.compile(file, &directory)?;
    let instruction = Instruction::Record(compiled.consent.clone());
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    let (json, lines) = text_of(&compiled, &directory);
    let report = report(&suite, &acting, &instruction, &carried, &directory);
    Ok(report.field("consent", recorded(*carried.answer())?).fields(json).lines(lines))
}

async fn record_all(global: &GlobalOptions, files: &[PathBuf], acting: &Acting) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let compiled = files.iter().map(|file| acting.compile(file, &directory)).collect::<Result<Vec<_>, _>>()?;
    let orders: Vec<Order> =
        compiled.iter().map(|one| acting.order(Instruction::Record(one.consent.clone()))).collect();
    let suite = global.suite().await?;
    let carried = acting.carry_all(global, &suite, &orders).await?;
    let count = orders.len();
    let (would, did) = (format!("record {count} consents"), format!("{count} consents are recorded"));
    let mut report = carried.report(suite.chain.token(), &would, &did).field("patient", acting.patient.to_string());
    let mut list = Vec::new();
    for ((file, compiled), done) in files.iter().zip(&compiled).zip(carried.answer()) {
        let (id, file) = (recorded(*done)?, file.display().to_string());
        let (mut json, lines) = text_of(compiled, &directory);
        report = report.line(format!("consent {id}, of {file}")).lines(lines);
        json["consent"] = id.into();
        json["file"] = file.into();
        list.push(json);
    }
    Ok(report.field("consents", list))
}

fn recorded(done: Done) -> Result<u32, ClientError> {
    match done {
        Done::Recorded(id) => Ok(id.0),
        _ => Err(ClientError::NoEvent("ConsentRecorded")),
    }
}

/// Replaces a consent by that of another document.
///
/// # Errors
/// [`Failure`].
pub async fn amend(global: &GlobalOptions, id: ConsentId, file: &Path, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (acting, directory) = (Acting::new(global, for_whom)?, global.directory()?);
    let compiled = acting.compile(file, &directory)?;
    let instruction = Instruction::Amend(id, compiled.consent.clone());
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    let revision = match carried.answer() {
        Done::Amended(revision) => Value::from(*revision),
        _ => Value::Null,
    };
    let (json, lines) = text_of(&compiled, &directory);
    let report = report(&suite, &acting, &instruction, &carried, &directory);
    Ok(report.field("consent", id.0).field("revision", revision).fields(json).lines(lines))
}

/// Revokes a consent.
///
/// # Errors
/// [`Failure`].
pub async fn revoke(global: &GlobalOptions, id: ConsentId, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (acting, instruction) = (Acting::new(global, for_whom)?, Instruction::Revoke(id));
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    Ok(report(&suite, &acting, &instruction, &carried, &global.directory()?).field("consent", id.0))
}

/// Revokes every consent.
///
/// # Errors
/// [`Failure`].
pub async fn revoke_all(global: &GlobalOptions, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (acting, instruction) = (Acting::new(global, for_whom)?, Instruction::RevokeAll);
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    let count = match carried.answer() {
        Done::Revoked(count) => *count,
        _ => 0,
    };
    Ok(report(&suite, &acting, &instruction, &carried, &global.directory()?).field("revoked", count))
}
