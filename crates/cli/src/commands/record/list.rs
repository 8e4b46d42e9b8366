//! `salus record list` and `show`: what the chain knows of records.

use super::conditions::with_conditions;
use super::{terms_json, terms_words, with_terms};
use crate::commands::access::reason;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::records::listing::{visible, Listed, Viewer};
use crate::operations::{account_of, records};
use crate::output::{progress, Report};
use crate::values::show_record;
use salus_client::client_account;
use salus_domain::codes::Purpose;
use salus_domain::ids::RecordId;
use salus_interface::access::AccessDecision;
use serde_json::{json, Value};

/// Lists the records of a patient.
///
/// # Errors
/// [`Failure`].
pub(super) async fn list(
    global: &GlobalOptions,
    patient: Option<&str>,
    purpose: Purpose,
    link: Option<&str>,
) -> Result<Report, Failure> {
    let signer = account_of(&global.signer()?);
    let link = link.map(|link| global.link(link)).transpose()?;
    let patient = match (&link, patient) {
        (Some(link), None) => link.patient(),
        (_, patient) => global.account_or_signer(patient)?,
    };
    let suite = global.suite().await?;
    if let Some(link) = &link {
        link.ensure_of(&suite.chain)?;
    }
    let viewer = Viewer { account: signer, purpose, link: link.map(|link| link.account()) };
    let found = visible(&suite, &patient, viewer, progress()).await?;
    let report = Report::default().field("patient", patient.to_string()).field("purpose", purpose.code());
    let report = with_records(report, &found);
    Ok(match found.is_empty() {
        true => report.line(format!("there is no record of {patient} that {signer} may see for {}", purpose.display())),
        false => report,
    })
}

/// Adds records that were listed.
pub(crate) fn with_records(mut report: Report, found: &[Listed]) -> Report {
    let mut list: Vec<Value> = Vec::new();
    for Listed { record, known, decision } in found {
        let (code, rule) = reason(decision);
        let opens = matches!(decision, AccessDecision::Permitted { .. });
        report = report.line(format!("record {}", show_record(*record)));
        report = report.line(format!("  {}, version {}", terms_words(&known.terms), known.version));
        if !opens {
            report = report.line(format!("  would not be opened now: {rule}"));
        }
        let mut json = terms_json(&known.terms);
        json["record"] = show_record(*record).into();
        json["version"] = known.version.into();
        json["custodian"] = client_account(known.custodian).to_string().into();
        json["opens"] = opens.into();
        json["reason"] = code.into();
        json["rule"] = rule.into();
        json["erased"] = known.erased.into();
        list.push(json);
    }
    report.field("records", json!(list))
}

/// Shows what the chain knows of a record.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, record: RecordId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let known = records::on_chain(&suite, record).await?;
    let commitment = hex::encode(known.terms.commitment.0);
    let report = Report::default()
        .line(format!("record {}", show_record(record)))
        .line(format!("  patient {}", name(&directory, known.patient.as_ref())))
        .line(format!("  custodian {}", name(&directory, known.custodian.as_ref())))
        .line(format!("  version {}, commitment {commitment}", known.version))
        .field("record", show_record(record))
        .field("patient", client_account(known.patient).to_string())
        .field("custodian", client_account(known.custodian).to_string())
        .field("version", known.version)
        .field("commitment", commitment)
        .field("erased", known.erased);
    let report = match known.erased {
        true => report.line("  ERASED: nobody is let in any more"),
        false => report,
    };
    let report = with_terms(report, &known.terms);
    with_conditions(report, &suite, record, &known, &directory).await
}
