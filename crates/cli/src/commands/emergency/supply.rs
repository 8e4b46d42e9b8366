//! Handing the keys of a patient's records to who broke the glass: whoever registered them does.

use super::tell::{last, with_parties};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::account_of;
use crate::operations::records::{self, listing};
use crate::output::{progress, Report};
use crate::service::ServiceOption;
use crate::values::show_record;
use salus_client::ink_account;
use salus_interface::access::EmergencyState;

/// Wraps the keys of all records of a patient that the signer registered for a provider whose emergency is not over.
///
/// # Errors
/// [`Failure`], also where the emergency is over.
pub(super) async fn supply(
    global: &GlobalOptions,
    provider: &str,
    patient: &str,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let (provider, patient, custodian) = (global.account(provider)?, global.account(patient)?, global.signer()?);
    let suite = global.suite().await?;
    let emergency = last(&suite, &provider, &patient).await?;
    if emergency.state != EmergencyState::Open || suite.chain.now().await? >= emergency.access_until {
        return Err(Failure::input(
            "input.emergency",
            format!("the last emergency of {provider} with {patient} is over or disputed"),
            "see how it stands with `salus emergency show`",
        ));
    }
    let own = ink_account(&account_of(&custodian));
    let mut kept = Vec::new();
    for record in listing::registered(&listing::events(&suite, progress()).await?, &patient) {
        let known = records::on_chain(&suite, record).await?;
        if known.custodian == own && !known.erased {
            kept.push(record);
        }
    }
    let shown: Vec<String> = kept.iter().map(|record| show_record(*record)).collect();
    let report = with_parties(Report::default(), &provider, &patient).field("records", shown.clone());
    if global.dry_run {
        let would = format!("wrap the keys of {} records for {provider}, without a transaction", shown.len());
        return Ok(report.planned(&would));
    }
    let envelopes = service.envelopes(global, &suite)?;
    let mut new = 0usize;
    for record in kept {
        new += usize::from(records::share(&suite, &envelopes, &custodian, record, &provider).await?);
    }
    let report = report.done(&format!("the keys of {} records are wrapped for {provider}", shown.len()));
    Ok(report.field("new", new).line("  each is opened with `salus record open --purpose BTG`, and leaves its mark"))
}
