//! What is told of emergencies.

use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::emergencies::{self, ground_code, ground_words, state_code};
use crate::operations::orders::name;
use crate::operations::records::listing;
use crate::operations::Suite;
use crate::output::{progress, Report};
use crate::values::show_time;
use salus_client::{AccountId32, Token};
use salus_domain::ids::Hash;
use salus_fhir::directory::Directory;
use salus_interface::access::{Emergency, EmergencyState};
use serde_json::{json, Value};

/// Shows the terms of emergencies.
///
/// # Errors
/// [`Failure`].
pub(super) async fn terms(global: &GlobalOptions) -> Result<Report, Failure> {
    let Suite { chain, deployment } = global.suite().await?;
    let terms = deployment.grants().setup().read(&chain).await?.emergency;
    Ok(Report::default()
        .line(format!("bond {}", chain.token().show(terms.bond.0)))
        .line(format!("lets in for {}", lasts(terms.access)))
        .line(format!("is reviewed within {}, else the bond is the patient's", lasts(terms.review)))
        .field("bond", terms.bond.0.to_string())
        .field("accessMilliseconds", terms.access)
        .field("reviewMilliseconds", terms.review))
}

/// A duration in words: hours, and below that minutes or seconds.
fn lasts(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        s if s >= 3_600 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// Shows a provider's last emergency with a patient.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, provider: &str, patient: &str) -> Result<Report, Failure> {
    let (provider, patient) = (global.account(provider)?, global.account(patient)?);
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let emergency = last(&suite, &provider, &patient).await?;
    let report = with_parties(Report::default(), &provider, &patient).fields(emergency_json(&emergency));
    let head = heading(&directory, &provider, &patient);
    Ok(report.line(head).lines(emergency_lines(&emergency, suite.chain.token())))
}

/// Lists emergencies.
///
/// # Errors
/// [`Failure`].
pub(super) async fn list(
    global: &GlobalOptions,
    patient: Option<&str>,
    provider: Option<&str>,
) -> Result<Report, Failure> {
    let provider = provider.map(|provider| global.account(provider)).transpose()?;
    let patient = match &provider {
        Some(_) => None,
        None => Some(global.account_or_signer(patient)?),
    };
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let all = emergencies::all(&listing::events(&suite, progress()).await?);
    let wanted = |it: &&emergencies::Told| {
        patient.is_none_or(|patient| it.patient == patient) && provider.is_none_or(|provider| it.provider == provider)
    };
    let mut report = Report::default();
    let mut list = Vec::new();
    for it in all.iter().filter(wanted) {
        let time = show_time(it.time).unwrap_or_default();
        let reviewer = it.reviewer.map(|reviewer| reviewer.to_string());
        report = report
            .line(format!("{time} {}", heading(&directory, &it.provider, &it.patient)))
            .lines(emergency_lines(&it.emergency, suite.chain.token()))
            .line(format!("  let in {} times", it.accesses));
        let mut json = emergency_json(&it.emergency);
        json["time"] = time.into();
        json["block"] = it.block.into();
        json["provider"] = it.provider.to_string().into();
        json["patient"] = it.patient.to_string().into();
        json["accesses"] = it.accesses.into();
        json["reviewer"] = reviewer.into();
        list.push(json);
    }
    let is_empty = list.is_empty();
    let report = report.field("emergencies", list);
    Ok(if is_empty { report.line("nobody broke the glass") } else { report })
}

/// Checks that a statement is the one that was committed to.
///
/// # Errors
/// [`Failure`].
pub(super) async fn check(
    global: &GlobalOptions,
    provider: &str,
    patient: &str,
    words: &str,
    Hash(salt): Hash,
) -> Result<Report, Failure> {
    let (provider, patient) = (global.account(provider)?, global.account(patient)?);
    let suite = global.suite().await?;
    let emergency = last(&suite, &provider, &patient).await?;
    let matches = emergencies::committed(salt, words) == emergency.statement;
    let report = with_parties(Report::default(), &provider, &patient)
        .field("number", emergency.number)
        .field("matches", matches)
        .field("statement", hex::encode(emergency.statement.0));
    Ok(match matches {
        true => report.line(format!("that is what {provider} stated in emergency {}", emergency.number)),
        false => report
            .line(format!("that is NOT what {provider} stated in emergency {}", emergency.number))
            .line("  next: ask the provider for the exact words, and the salt")
            .exit(Exit::Refused),
    })
}

pub(super) fn with_parties(report: Report, provider: &AccountId32, patient: &AccountId32) -> Report {
    report.field("provider", provider.to_string()).field("patient", patient.to_string())
}

pub(super) fn emergency_json(emergency: &Emergency) -> Value {
    json!({
        "number": emergency.number,
        "ground": ground_code(emergency.ground),
        "statement": hex::encode(emergency.statement.0),
        "bond": emergency.bond.0.to_string(),
        "accessUntil": show_time(emergency.access_until),
        "reviewUntil": show_time(emergency.review_until),
        "state": state_code(emergency.state),
    })
}

fn emergency_lines(emergency: &Emergency, token: &Token) -> Vec<String> {
    let Emergency { number, ground, statement, bond, access_until, review_until, state } = emergency;
    let [access, review] = [access_until, review_until].map(|time| show_time(*time).unwrap_or_default());
    let stands = match state {
        EmergencyState::Open => format!("not reviewed; the review ends {review}"),
        EmergencyState::Disputed => format!("DISPUTED, access is over; the review ends {review}"),
        EmergencyState::Justified => "found justified; the bond went back".to_owned(),
        EmergencyState::Unjustified => "found UNJUSTIFIED; the bond went to the patient".to_owned(),
        EmergencyState::Barred => {
            "found UNJUSTIFIED, and the provider suspended; the bond went to the patient".to_owned()
        }
        EmergencyState::Unreviewed => "nobody reviewed it in time; the bond went to the patient".to_owned(),
    };
    vec![
        format!("  emergency {number}: {}", ground_words(*ground)),
        format!("  lets in until {access}, bond {}", token.show(bond.0)),
        format!("  statement {}", hex::encode(statement.0)),
        format!("  {stands}"),
    ]
}

/// The last emergency of a provider with a patient.
pub(super) async fn last(suite: &Suite, provider: &AccountId32, patient: &AccountId32) -> Result<Emergency, Failure> {
    emergencies::last(suite, provider, patient).await?.ok_or_else(|| {
        Failure::input(
            "input.emergency",
            format!("{provider} never broke the glass to records of {patient}"),
            "see what there was with `salus emergency list`",
        )
    })
}

fn heading(directory: &Directory, provider: &AccountId32, patient: &AccountId32) -> String {
    format!("{} with {}", name(directory, &provider.0), name(directory, &patient.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_the_largest_unit_that_is_exact() {
        assert_eq!(lasts(24 * 3_600_000), "24 h");
        assert_eq!(lasts(90 * 60_000), "90 min");
        assert_eq!(lasts(15_000), "15 s");
    }
}
