//! `salus access list`: the accounting of disclosures, in words, as JSON and as FHIR.

use crate::commands::access::reason;
use crate::commands::audit::{entry_json, entry_line};
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::accounting::{self, Entry, Happened};
use crate::operations::audits::{self, Proven};
use crate::operations::disclosures::audited;
use crate::operations::emergencies::{ground_code, ground_words, state_code};
use crate::operations::records::export::write;
use crate::operations::Suite;
use crate::output::{progress, say, table, Report};
use crate::service::ServiceOption;
use crate::values::{show_account, show_record, show_time};
use salus_client::{client_account, AccountId32};
use salus_domain::ids::{Account, RecordId};
use salus_fhir::audit::bundle;
use salus_fhir::directory::Directory;
use salus_interface::access::{AccessDecided, AccessDecision, Emergency, EmergencyState};
use salus_release::client::ReleaseClient;
use serde_json::{json, Value};
use std::io::IsTerminal;
use std::path::Path;

/// Lists who saw a patient's records, or tried to.
///
/// # Errors
/// [`Failure`].
pub(super) async fn list(
    global: &GlobalOptions,
    patient: Option<&str>,
    fhir: Option<&Path>,
    service: &ServiceOption,
) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    if let Some(file) = fhir.filter(|file| file.exists()) {
        return Err(Failure::input("file.exists", format!("{} exists", file.display()), "name a new file with --fhir"));
    }
    let suite = global.suite().await?;
    let entries = accounting::read(&suite, &patient, progress()).await?;
    if std::io::stderr().is_terminal() {
        say("");
    }
    let head = ["time", "block", "who", "what", "record", "purpose", "action", "outcome", "reason"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for entry in &entries {
        let told = Told::of(entry);
        rows.push(told.row(entry, &directory));
        list.push(told.json(entry));
    }
    let mut report = Report::default().field("patient", patient.to_string()).field("entries", list);
    if let Some(file) = fhir.filter(|_| !global.dry_run) {
        write(file, rendered(&entries, &suite, &patient, &directory)?.as_bytes())?;
        report = report.field("fhir", file.display().to_string());
    }
    let report = match entries.is_empty() {
        true => report.line(format!("nothing happened to records of {patient}")),
        false => report.lines(table(&rows, &[0, 2, 3, 4, 5, 6, 7, 8])),
    };
    match service.client(global, &suite)? {
        Some(client) => with_log(report, &suite, &client, &patient, &directory).await,
        None => Ok(report),
    }
}

/// Adds what a release service has in its log about the patient, each entry checked against the chain.
async fn with_log(
    report: Report,
    suite: &Suite,
    client: &ReleaseClient,
    patient: &AccountId32,
    directory: &Directory,
) -> Result<Report, Failure> {
    let account = client.head().await?.account;
    let pages = audits::of_patient(client, patient).await?;
    let known = audits::on_chain(suite, &account, progress()).await?;
    let mut report = report.line(format!("in the log of the release service {account}:"));
    let (mut list, mut all_hold) = (Vec::new(), true);
    for (page, entry) in pages.iter().flat_map(|page| page.entries.iter().map(move |entry| (page, entry))) {
        let (code, words) = match audits::proven(entry, page, &known) {
            Proven::Anchored => ("anchored", "proven by a root on the chain"),
            Proven::Logged => ("logged", "it stands on the chain"),
            Proven::NotYet => ("not-yet", "not on the chain yet"),
            Proven::Wrong => ("wrong", "its proof does NOT hold: tell an authority"),
        };
        all_hold &= code != "wrong";
        let kept = audits::kept(entry);
        let mut json = entry_json(&kept);
        json["proof"] = code.into();
        list.push(json);
        report = report.line(format!("{} ({words})", entry_line(&kept, directory)));
    }
    let report = report.field("log", json!({ "account": account.to_string(), "entries": list }));
    Ok(if all_hold { report } else { report.exit(Exit::Refused) })
}

/// Writes the accounting of a patient as a Bundle of AuditEvents; one that is there is replaced.
///
/// # Errors
/// [`Failure`].
pub(super) async fn write_for(
    suite: &Suite,
    patient: &AccountId32,
    directory: &Directory,
    file: &Path,
) -> Result<(), Failure> {
    let entries = accounting::read(suite, patient, progress()).await?;
    Ok(write(file, rendered(&entries, suite, patient, directory)?.as_bytes())?)
}

fn rendered(entries: &[Entry], suite: &Suite, patient: &AccountId32, directory: &Directory) -> Result<String, Failure> {
    let bundle = bundle(&audited(entries, suite, patient), directory).map_err(|error| {
        Failure::input("input.release", format!("FHIR cannot say it: {error}"), "read it without --fhir")
    })?;
    Ok(format!("{bundle:#}\n"))
}

/// An entry, as it is told.
struct Told {
    what: &'static str,
    who: Option<AccountId32>,
    record: Option<RecordId>,
    /// A code that stays, and words.
    reason: (String, String),
    more: Value,
}

impl Told {
    fn of(entry: &Entry) -> Self {
        let new = |what, who, record: Option<RecordId>, code: &str, words: String| Self {
            what,
            who: Some(client_account(who)),
            record,
            reason: (code.to_owned(), words),
            more: json!({}),
        };
        let with = |told: Self, more: Value| Self { more, ..told };
        match &entry.happened {
            Happened::Decided(it) => {
                let (code, words) = reason(&it.decision);
                let told = new("access", it.accessor, Some(it.record), &code, words);
                with(told, decided_json(it))
            }
            Happened::Emergency(it) => {
                let Emergency { number, ground, access_until, state, .. } = it.emergency;
                let (what, words) = match state {
                    EmergencyState::Open => ("glass-broken", ground_words(ground)),
                    EmergencyState::Disputed => ("disputed", "disputed; access is over"),
                    EmergencyState::Justified => ("reviewed", "found justified"),
                    EmergencyState::Unjustified => ("reviewed", "found unjustified"),
                    EmergencyState::Barred => ("reviewed", "found unjustified; the provider is suspended"),
                    EmergencyState::Unreviewed => ("forfeited", "not reviewed in time; the bond is the patient's"),
                };
                let code = match state {
                    EmergencyState::Open => ground_code(ground),
                    state => state_code(state),
                };
                let told = new(what, it.provider, None, code, format!("emergency {number}: {words}"));
                let by = client_account(it.by).to_string();
                with(told, json!({ "emergency": number, "by": by, "until": show_time(access_until) }))
            }
            Happened::Redeemed(it) => {
                let link = client_account(it.link).to_string();
                let words = format!("redeemed the share link {link}");
                with(new("redeemed", it.provider, None, "link", words), json!({ "link": link }))
            }
            Happened::Released(it) => {
                let words = format!("version {} was handed out, entry {} of a log", it.release.version, it.number);
                let more = json!({
                    "log": client_account(it.log).to_string(),
                    "number": it.number,
                    "version": it.release.version,
                    "permitBlock": it.release.permit_block,
                    "permitEvent": it.release.permit_event,
                });
                with(new("released", it.release.accessor, Some(it.release.record), "released", words), more)
            }
            Happened::Registered(it) => {
                new("registered", it.custodian, Some(it.record), "registered", "version 1".to_owned())
            }
            Happened::Amended(it) => Self {
                what: "amended",
                who: None,
                record: Some(it.record),
                reason: ("amended".to_owned(), format!("version {}", it.version)),
                more: json!({ "version": it.version }),
            },
            Happened::Erased(it) => {
                new("erased", it.by, Some(it.record), "erased", "nobody is let in any more".to_owned())
            }
        }
    }

    fn row(&self, entry: &Entry, directory: &Directory) -> Vec<String> {
        let name = |account: &AccountId32| {
            directory.key(Account(account.0)).map_or_else(|| show_account(&account.0), str::to_owned)
        };
        let decided = entry.decided();
        let outcome = match decided.map(|it| &it.decision) {
            Some(AccessDecision::Permitted { .. }) => "permitted",
            Some(AccessDecision::Refused(_)) => "REFUSED",
            None => "",
        };
        vec![
            show_time(entry.time).unwrap_or_default(),
            entry.block.to_string(),
            self.who.as_ref().map(name).unwrap_or_default(),
            self.what.to_owned(),
            self.record.map(show_record).unwrap_or_default(),
            decided.map(|it| it.purpose.code().to_owned()).unwrap_or_default(),
            decided.map(|it| it.action.code().to_owned()).unwrap_or_default(),
            outcome.to_owned(),
            self.reason.1.clone(),
        ]
    }

    fn json(&self, entry: &Entry) -> Value {
        let mut json = self.more.clone();
        json["time"] = show_time(entry.time).into();
        json["block"] = entry.block.into();
        json["event"] = entry.event.into();
        json["what"] = self.what.into();
        json["who"] = self.who.as_ref().map(ToString::to_string).into();
        json["record"] = self.record.map(show_record).into();
        json["reason"] = self.reason.0.clone().into();
        json["rule"] = self.reason.1.clone().into();
        json
    }
}

fn decided_json(decided: &AccessDecided) -> Value {
    let (outcome, version, until) = match decided.decision {
        AccessDecision::Permitted { version, until, .. } => ("permitted", Some(version), show_time(until)),
        AccessDecision::Refused(_) => ("refused", None, None),
    };
    json!({
        "purpose": decided.purpose.code(),
        "action": decided.action.code(),
        "link": decided.link.map(|link| client_account(link).to_string()),
        "outcome": outcome,
        "version": version,
        "until": until,
    })
}
