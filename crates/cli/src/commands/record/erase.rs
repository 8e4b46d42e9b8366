//! `salus record erase`: giving a record up for good.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::records;
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values::show_record;
use salus_client::client_account;
use salus_domain::ids::RecordId;
use serde_json::{json, Value};

/// Erases a record on the chain, and then in the vault.
///
/// # Errors
/// [`Failure`].
pub(super) async fn erase(
    global: &GlobalOptions,
    record: RecordId,
    yes: bool,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let shown = show_record(record);
    if !yes && !global.dry_run {
        return Err(Failure::usage(
            format!("record {shown} would be erased for good: nobody could open it any more, and the vault would destroy it"),
            "say so with --yes; see what it is with `salus record show`, keep a copy with `salus record open`",
        ));
    }
    let suite = global.suite().await?;
    // Before the chain is told: a vault that cannot be reached should not leave half of it undone.
    let vault = if global.dry_run { None } else { Some(service.envelopes(global, &suite)?) };
    let token = suite.chain.token();
    let known = records::on_chain(&suite, record).await?;
    let message = suite.deployment.grants().erase_record(record);
    let report = match (&vault, known.erased) {
        (None, true) => Report::default().planned(&format!("destroy what the vault still has of record {shown}")),
        (None, false) => {
            let forecast = message.forecast(&suite.chain, &signer).await?;
            let would = format!("erase record {shown} for good, and destroy it in the vault");
            Report::default().planned(&would).forecast(forecast.cost, forecast.fee, token)
        }
        (Some(_), true) => {
            Report::default().done(&format!("record {shown} was erased before")).evidence_or_unchanged(None, token)
        }
        (Some(_), false) => {
            let executed = message.submit_final(&suite.chain, &signer).await?;
            Report::default()
                .done(&format!("record {shown} is erased: nobody is let in any more"))
                .evidence_or_unchanged(Some(&executed.evidence), token)
        }
    };
    let report = report.field("record", shown).field("patient", client_account(known.patient).to_string());
    let Some(vault) = vault else {
        return Ok(report.field("destroyed", Value::Null));
    };
    let destroyed = vault.destroy(&suite, &signer, record).await?;
    let line = match &destroyed {
        None => "  this vault has nothing of it; another one that has is told by erasing it again (--vault)".to_owned(),
        Some(done) => format!(
            "  destroyed in the vault: {} objects, {} bytes; proof {}",
            done.objects,
            done.bytes,
            hex::encode(done.digest)
        ),
    };
    let json = destroyed.map(|done| {
        json!({
            "digest": hex::encode(done.digest),
            "objects": done.objects,
            "bytes": done.bytes,
            "logEntry": done.entry,
        })
    });
    Ok(report.line(line).field("destroyed", json))
}
