//! What changes emergencies: breaking the glass, disputing, reviewing, forfeiting.

use super::tell::{emergency_json, last, with_parties};
use super::Found;
use crate::commands::acting::ForWhom;
use crate::commands::statement::Statement;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::emergencies::{self, ground_code, state_code};
use crate::operations::{account_of, Suite};
use crate::output::Report;
use crate::values::show_time;
use salus_client::ink_account;
use salus_interface::access::{EmergencyChanged, EmergencyGround, EmergencyState, Finding};

/// Breaks the glass.
///
/// # Errors
/// [`Failure`].
pub(super) async fn break_glass(
    global: &GlobalOptions,
    patient: &str,
    ground: EmergencyGround,
    statement: &Statement,
) -> Result<Report, Failure> {
    let (patient, provider, words) = (global.account(patient)?, global.signer()?, statement.words()?);
    let salt = emergencies::salt(&provider, &patient, &words);
    let committed = emergencies::committed(salt, &words);
    let Suite { chain, deployment } = global.suite().await?;
    let grants = deployment.grants();
    let bond = grants.setup().read(&chain).await?.emergency.bond;
    let message = grants.break_glass(ink_account(&patient), ground, committed, bond);
    let carried = global.carry_out(&chain, &provider, &message).await?;
    let carried = carried.told(|()| None, |done| done.event::<EmergencyChanged>().map(|told| Some(told.emergency)))?;
    let shown = chain.token().show(bond.0);
    let end = carried.answer().and_then(|emergency| show_time(emergency.access_until)).unwrap_or_default();
    let (would, did) = (
        format!("break the glass to the records of {patient}, against a bond of {shown}"),
        format!("the glass is broken to the records of {patient} until {end}, against a bond of {shown}"),
    );
    let report = carried.report(chain.token(), &would, &did);
    let report = with_parties(report, &account_of(&provider), &patient)
        .field("ground", ground_code(ground))
        .field("statement", hex::encode(committed.0))
        .field("bond", bond.0.to_string());
    let report = match carried.answer() {
        Some(emergency) => report.fields(emergency_json(emergency)),
        None => report,
    };
    Ok(report
        .line("  open records with `salus record open --purpose BTG`; the patient is told")
        .line(format!("  for the reviewer: the statement, and its salt {}", hex::encode(salt)))
        .field("salt", hex::encode(salt)))
}

/// Disputes an emergency.
///
/// # Errors
/// [`Failure`].
pub(super) async fn dispute(global: &GlobalOptions, provider: &str, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (provider, signer) = (global.account(provider)?, global.signer()?);
    let patient = global.account_or_signer(for_whom.patient.as_deref())?;
    let suite = global.suite().await?;
    let emergency = last(&suite, &provider, &patient).await?;
    let token = suite.chain.token();
    let number = emergency.number;
    let report = if emergency.state == EmergencyState::Disputed {
        let was = format!("emergency {number} of {provider} was disputed before");
        match global.dry_run {
            true => Report::default().planned(&format!("change nothing: {was}")),
            false => Report::default().done(&was).evidence_or_unchanged(None, token),
        }
    } else {
        let message = suite.deployment.grants().dispute(ink_account(&patient), ink_account(&provider));
        let carried = global.carry_out(&suite.chain, &signer, &message).await?;
        let (would, did) = (
            format!("dispute emergency {number} of {provider}"),
            format!("emergency {number} of {provider} is disputed: access is over"),
        );
        carried.report(token, &would, &did).field("changed", true)
    };
    let report = with_parties(report, &provider, &patient).field("number", number);
    Ok(report.field("state", state_code(EmergencyState::Disputed)))
}

/// Closes an emergency by a finding.
///
/// # Errors
/// [`Failure`].
pub(super) async fn review(
    global: &GlobalOptions,
    provider: &str,
    patient: &str,
    found: &Found,
) -> Result<Report, Failure> {
    let (provider, patient) = (global.account(provider)?, global.account(patient)?);
    let authority = global.signer()?;
    let finding = match found.justified {
        true => Finding::Justified,
        false => Finding::Unjustified { suspend: found.suspend },
    };
    let suite = global.suite().await?;
    let emergency = last(&suite, &provider, &patient).await?;
    let message = suite.deployment.grants().review(ink_account(&provider), ink_account(&patient), finding);
    let carried = global.carry_out(&suite.chain, &authority, &message).await?;
    // The dry run saw the last emergency; the transaction says which it closed.
    let number = emergency.number;
    let carried =
        carried.told(|()| number, |done| done.event::<EmergencyChanged>().map(|told| told.emergency.number))?;
    let (word, bond) = match found.justified {
        true => ("justified", "the provider"),
        false => ("unjustified", "the patient"),
    };
    let suspended = if found.suspend { ", and the provider suspended" } else { "" };
    let (would, did) = (
        format!("find emergency {number} of {provider} {word}: the bond goes to {bond}{suspended}"),
        format!("emergency {number} of {provider} is found {word}: the bond went to {bond}{suspended}"),
    );
    let report = carried.report(suite.chain.token(), &would, &did);
    let report = with_parties(report, &provider, &patient).field("number", *carried.answer());
    Ok(report.field("finding", word).field("suspended", found.suspend))
}

/// Closes an emergency that nobody reviewed in time.
///
/// # Errors
/// [`Failure`].
pub(super) async fn forfeit(global: &GlobalOptions, provider: &str, patient: &str) -> Result<Report, Failure> {
    let (provider, patient) = (global.account(provider)?, global.account(patient)?);
    let signer = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().forfeit(ink_account(&provider), ink_account(&patient));
    let carried = global.carry_out(&chain, &signer, &message).await?;
    let (would, did) = (
        format!("close the emergency of {provider} that nobody reviewed: the bond goes to {patient}"),
        format!("the emergency of {provider} that nobody reviewed is closed: the bond went to {patient}"),
    );
    Ok(with_parties(carried.report(chain.token(), &would, &did), &provider, &patient))
}
