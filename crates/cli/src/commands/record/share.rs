//! `salus record share` and `unshare`: envelopes in the vault.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::{keys, records};
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values::show_record;
use salus_client::client_account;
use salus_domain::ids::RecordId;

/// Wraps a record's key for somebody.
///
/// # Errors
/// [`Failure`].
pub(super) async fn share(
    global: &GlobalOptions,
    record: RecordId,
    with: &str,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let (with, owner) = (global.account(with)?, global.signer()?);
    let suite = global.suite().await?;
    let shown = show_record(record);
    let report = Report::default().field("record", shown.clone()).field("with", with.to_string());
    if global.dry_run {
        records::on_chain(&suite, record).await?;
        keys::published(&suite, &with).await?;
        let would = format!("wrap the key of record {shown} for {with}");
        return Ok(report.planned(&would));
    }
    let envelopes = service.envelopes(global, &suite)?;
    let created = records::share(&suite, &envelopes, &owner, record, &with).await?;
    let word = if created { "is shared with" } else { "was shared before with" };
    let report = report.done(&format!("record {shown} {word} {with}")).field("changed", created);
    Ok(report.line("  who may open it, and what for, is the patient's consent to say"))
}

/// Removes what was wrapped for somebody.
///
/// # Errors
/// [`Failure`], also where it is the patient: without that, nobody might ever open it again.
pub(super) async fn unshare(
    global: &GlobalOptions,
    record: RecordId,
    from: &str,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let from = global.account(from)?;
    let suite = global.suite().await?;
    let shown = show_record(record);
    let known = records::on_chain(&suite, record).await?;
    if client_account(known.patient) == from {
        return Err(Failure::usage(
            "what is wrapped for the patient is not removed: nobody might be able to open the record any more",
            "give the record up with `salus record erase`",
        ));
    }
    let key = keys::published(&suite, &from).await?;
    let report = Report::default().field("record", shown.clone()).field("from", from.to_string());
    if global.dry_run {
        return Ok(report.planned(&format!("remove what is wrapped of record {shown} for {from} from the vault")));
    }
    let removed = service.envelopes(global, &suite)?.unshare(&suite, record, &key).await? > 0;
    let word = if removed { "is no longer" } else { "was not" };
    let report = report.done(&format!("record {shown} {word} shared with {from} in this vault"));
    Ok(report.field("changed", removed).line("  who may open it, and what for, is the patient's consent to say"))
}
