//! `salus record condition`, `agree` and `disagree`: who must agree to the release of a record.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::records::listing::{agreements, events};
use crate::operations::{account_of, records, Suite};
use crate::output::{progress, Report};
use crate::values::{show_record, show_time};
use salus_client::{client_account, ink_account};
use salus_domain::codes::Purpose;
use salus_domain::ids::RecordId;
use salus_domain::time::Timestamp;
use salus_fhir::directory::Directory;
use salus_interface::access::{Agreement, AgreementChanged, Condition, Record, Side};
use serde_json::{json, Value};

/// Sets the signer's condition.
///
/// # Errors
/// [`Failure`].
pub(super) async fn set(
    global: &GlobalOptions,
    record: RecordId,
    parties: &[String],
    needed: Option<u8>,
) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let mut accounts = parties.iter().map(|party| global.account(party)).collect::<Result<Vec<_>, _>>()?;
    // The contract wants them in ascending order, and refuses one that is named twice.
    accounts.sort_unstable_by_key(|account| account.0);
    // More than 255 are refused by the contract, like all above 8.
    let needed = needed.unwrap_or_else(|| u8::try_from(accounts.len()).unwrap_or(u8::MAX));
    let condition = Condition { parties: accounts.iter().map(ink_account).collect(), needed };
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().set_condition(record, Some(condition));
    let carried = global.carry_out(&chain, &signer, &message).await?;
    let shown = show_record(record);
    let who: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let rule = format!("nobody but the patient is let into record {shown} unless {needed} of {} agree", who.len());
    let report = carried.report(chain.token(), &format!("see to it that {rule}"), &rule);
    let lines = who.iter().map(|party| format!("  {party}")).collect::<Vec<_>>();
    Ok(report.lines(lines).field("record", shown).field("needed", needed).field("parties", who))
}

/// Lifts the signer's condition.
///
/// # Errors
/// [`Failure`].
pub(super) async fn lift(global: &GlobalOptions, record: RecordId) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().set_condition(record, None);
    let carried = global.carry_out(&chain, &signer, &message).await?;
    let shown = show_record(record);
    let (would, did) = (
        format!("lift the signer's condition on record {shown}"),
        format!("the signer's condition on record {shown} is lifted"),
    );
    Ok(carried.report(chain.token(), &would, &did).field("record", shown))
}

/// Agrees that somebody is let in.
///
/// # Errors
/// [`Failure`].
pub(super) async fn agree(
    global: &GlobalOptions,
    record: RecordId,
    accessor: &str,
    purpose: Purpose,
    until: Timestamp,
) -> Result<Report, Failure> {
    let (accessor, party) = (global.account(accessor)?, global.signer()?);
    let suite = global.suite().await?;
    let version = records::on_chain(&suite, record).await?.version;
    let agreement = Agreement { version, purpose, until };
    let message = suite.deployment.grants().set_agreement(record, ink_account(&accessor), Some(agreement));
    let carried = global.carry_out(&suite.chain, &party, &message).await?;
    let (shown, end) = (show_record(record), show_time(until).unwrap_or_default());
    let what =
        format!("{accessor} is let into version {version} of record {shown} for {} until {end}", purpose.display());
    let report = carried.report(suite.chain.token(), &format!("agree that {what}"), &format!("agreed that {what}"));
    let report = report.field("record", shown).field("version", version).field("accessor", accessor.to_string());
    Ok(report.field("party", account_of(&party).to_string()).field("purpose", purpose.code()).field("until", end))
}

/// Takes an agreement back.
///
/// # Errors
/// [`Failure`].
pub(super) async fn disagree(global: &GlobalOptions, record: RecordId, accessor: &str) -> Result<Report, Failure> {
    let (accessor, party) = (global.account(accessor)?, global.signer()?);
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().set_agreement(record, ink_account(&accessor), None);
    let carried = global.carry_out(&chain, &party, &message).await?;
    let shown = show_record(record);
    let (would, did) = (
        format!("no longer agree that {accessor} is let into record {shown}"),
        format!("no longer agreed that {accessor} is let into record {shown}"),
    );
    let report = carried.report(chain.token(), &would, &did).field("record", shown);
    Ok(report.field("accessor", accessor.to_string()).field("party", account_of(&party).to_string()))
}

/// Shows the conditions of a record, and what was agreed to.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, record: RecordId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let known = records::on_chain(&suite, record).await?;
    let report = Report::default().field("record", show_record(record));
    let mut report = with_conditions(report, &suite, record, &known, &directory).await?;
    if !known.patient_condition && !known.custodian_condition {
        report = report.line("nobody but the patient's consents is asked");
    }
    let mut list: Vec<Value> = Vec::new();
    for AgreementChanged { accessor, party, agreement, .. } in agreements(&events(&suite, progress()).await?, record) {
        let Some(Agreement { version, purpose, until }) = agreement else {
            continue;
        };
        let [accessor, party] = [accessor, party].map(client_account);
        let end = show_time(until).unwrap_or_else(|| "further notice".to_owned());
        report = report.line(format!(
            "  {} agrees that {} is let into version {version} for {} until {end}",
            name(&directory, &party.0),
            name(&directory, &accessor.0),
            purpose.display()
        ));
        list.push(json!({
            "party": party.to_string(),
            "accessor": accessor.to_string(),
            "version": version,
            "purpose": purpose.code(),
            "until": show_time(until),
        }));
    }
    Ok(report.field("agreements", list))
}

/// Adds the conditions of a record.
///
/// # Errors
/// [`Failure`].
pub(super) async fn with_conditions(
    mut report: Report,
    suite: &Suite,
    record: RecordId,
    known: &Record,
    directory: &Directory,
) -> Result<Report, Failure> {
    let grants = suite.deployment.grants();
    let sides = [
        (Side::Patient, "patient", known.patient_condition),
        (Side::Custodian, "custodian", known.custodian_condition),
    ];
    let mut list: Vec<Value> = Vec::new();
    for (side, word, _) in sides.into_iter().filter(|(.., there)| *there) {
        let Some(Condition { parties, needed }) = grants.condition(record, side).read(&suite.chain).await? else {
            continue;
        };
        report = report.line(format!("  the {word}: {needed} of {} must agree", parties.len()));
        report = report.lines(parties.iter().map(|party| format!("    {}", name(directory, party.as_ref()))));
        let parties: Vec<String> = parties.iter().map(|party| client_account(*party).to_string()).collect();
        list.push(json!({ "side": word, "needed": needed, "parties": parties }));
    }
    Ok(report.field("conditions", list))
}
