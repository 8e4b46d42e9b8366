//! `salus deploy` and `salus verify`.

use crate::bundles;
use crate::context::GlobalOptions;
use crate::deployments;
use crate::failure::{Exit, Failure};
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use crate::values;
use salus_client::bundle::{BundleError, Bundles};
use salus_client::deployment::{self, Deployment, Mode, Outcome, Step, EMERGENCY_TERMS};
use salus_client::{Chain, Token};
use salus_domain::time::DAY;
use salus_interface::access::EmergencyTerms;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// An hour, in milliseconds.
const HOUR: u64 = 60 * 60 * 1_000;

/// `salus deploy`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  salus deploy --url ws://127.0.0.1:9944 --suri //Alice
  salus deploy --network testnet --dry-run --json

Addresses follow from signer, code, salt and the terms of emergencies: a deployment that broke off is taken up where it stopped, and one that is
complete is left as it is.

JSON: dryRun, file, changed, contracts [{contract, address, outcome: unchanged|instantiated|planned, evidence|forecast}].
In a dry run the forecast of a contract that asks one which is not there yet is null.")]
pub struct DeployOptions {
    /// The name of the deployment file in deployments/ [default: after the chain's name]
    #[arg(long, value_name = "NAME", value_parser = network_name)]
    network: Option<String>,
    /// Tells apart several suites of the same signer
    #[arg(long, value_name = "TEXT", default_value = "")]
    salt: String,
    /// The folder with the contract bundles [default: those that this program was built with]
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
    /// What a provider deposits who breaks the glass, in whole tokens [default: 10 tokens of 12 decimals]
    #[arg(long, value_name = "AMOUNT")]
    emergency_bond: Option<String>,
    /// For how long breaking the glass lets in
    #[arg(long, value_name = "HOURS", default_value_t = EMERGENCY_TERMS.access / HOUR)]
    emergency_access: u64,
    /// Within how many days an emergency must be reviewed; not less than the time that it lets in
    #[arg(long, value_name = "DAYS", default_value_t = EMERGENCY_TERMS.review / DAY)]
    emergency_review: u64,
    /// Let the deployment file forget another suite that it is about
    #[arg(long)]
    replace: bool,
}

/// `salus verify`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  salus verify --url ws://127.0.0.1:9944
  salus verify --bundles bundles --json

Compares code hashes on the chain, the deployment file and the bundles, and how the contracts are wired. Ends with 3 where
they differ.

JSON: verified, findings [{contract, address, verified, problems}].")]
pub struct VerifyOptions {
    /// The folder with the contract bundles [default: those that this program was built with]
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
}

impl DeployOptions {
    fn emergency(&self, token: &Token) -> Result<EmergencyTerms, Failure> {
        let bond = match &self.emergency_bond {
            Some(text) => values::amount(text, token).map_err(|reason| {
                Failure::usage(
                    format!("{text} is no amount: {reason}"),
                    "give the bond in whole tokens, for example 10",
                )
            })?,
            None => EMERGENCY_TERMS.bond,
        };
        let times = (self.emergency_access.checked_mul(HOUR), self.emergency_review.checked_mul(DAY));
        match times {
            (Some(access), Some(review)) if 0 < access && access <= review => {
                Ok(EmergencyTerms { bond, access, review })
            }
            _ => Err(Failure::usage(
                "the review of an emergency must not end before the access, and neither be over at once",
                "give a later --emergency-review, or a shorter --emergency-access",
            )),
        }
    }
}

/// A name that is a file's name and nothing else.
fn network_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("a network's name has letters, digits, - and _".to_owned()),
    }
}

/// What the chain calls itself, as the name of a file.
fn file_name(chain: &str) -> String {
    let dashed: String =
        chain.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        "chain".to_owned()
    } else {
        parts.join("-")
    }
}

fn load(folder: Option<&Path>) -> Result<Bundles, BundleError> {
    folder.map_or_else(bundles::embedded, Bundles::read)
}

/// Deploys what is missing and writes the deployment file.
///
/// # Errors
/// [`Failure`].
pub async fn deploy(global: &GlobalOptions, options: &DeployOptions) -> Result<Report, Failure> {
    let bundles = load(options.bundles.as_deref())?;
    let signer = global.signer()?;
    let chain = global.chain().await?;
    let salt = options.salt.as_bytes();
    let emergency = options.emergency(chain.token())?;
    let file = match (&global.deployment, &options.network) {
        (_, Some(network)) => Path::new(deployments::FOLDER).join(format!("{network}.json")),
        (Some(file), None) => file.clone(),
        (None, None) => Path::new(deployments::FOLDER).join(format!("{}.json", file_name(chain.name()))),
    };
    let before = file.exists().then(|| Deployment::read(&file)).transpose()?;
    if let Some(before) = before.as_ref().filter(|_| !options.replace) {
        before.ensure_of(&chain)?;
    }
    let mut steps = Vec::new();
    let plan =
        deployment::deploy(&chain, &signer, &bundles, salt, emergency, Mode::DryRun, |step| steps.push(step.clone()))
            .await?;
    let same = before.filter(|before| is_same(before, &plan));
    if same.is_none() && !options.replace && file.exists() {
        ensure_gone(&Deployment::read(&file)?, &chain, &file).await?;
    }
    let shown = file.display().to_string();
    if global.dry_run {
        let changed = same.is_none() || steps.iter().any(|step| !matches!(step.outcome, Outcome::Unchanged));
        let would = match changed {
            true => format!("deploy what is missing of the suite, and write {shown}"),
            false => format!("change nothing: the suite is deployed, as {shown} says"),
        };
        let report = Report::default().planned(&would).field("file", shown).field("changed", changed);
        return Ok(with_steps(report, &steps, chain.token()));
    }
    steps.clear();
    let now = deployment::deploy(&chain, &signer, &bundles, salt, emergency, Mode::DeployNow, |step| {
        steps.push(step.clone())
    })
    .await?;
    let now = Deployment { block: first_block(&steps, same.as_ref(), now.block), ..now };
    let changed = same.as_ref() != Some(&now);
    let did = if changed {
        now.write(&file)?;
        format!("the suite is deployed on {}; {shown} says where", chain.name())
    } else {
        format!("nothing to do: the suite is deployed on {}, as {shown} says", chain.name())
    };
    let report = Report::default().done(&did).field("file", shown).field("changed", changed);
    Ok(with_steps(report, &steps, chain.token()))
}

fn is_same(one: &Deployment, other: &Deployment) -> bool {
    let addresses = |it: &Deployment| [it.consent_registry.address.0, it.access_grants.address.0, it.claims.address.0];
    one.genesis_hash == other.genesis_hash && addresses(one) == addresses(other)
}

/// Where reading events begins. Of contracts that were there before, only the file knows since when; without it, reading
/// begins with the chain.
fn first_block(steps: &[Step], known: Option<&Deployment>, started: u64) -> u64 {
    let all_new = steps.iter().all(|step| matches!(step.outcome, Outcome::Instantiated(_)));
    match known {
        _ if all_new => started,
        Some(known) => known.block,
        None => 0,
    }
}

/// Fails where the file tells of another suite that still exists.
async fn ensure_gone(other: &Deployment, chain: &Chain, file: &Path) -> Result<(), Failure> {
    if chain.code_hash(&other.consent_registry.address).await?.is_none() {
        return Ok(());
    }
    Err(Failure::input(
        "deployment.otherSuite",
        format!("{} is about another suite on this chain, deployed by {}", file.display(), other.deployer),
        "give this one a --network name of its own, or let go of the other with --replace",
    ))
}

fn with_steps(report: Report, steps: &[Step], token: &Token) -> Report {
    let (mut contracts, mut lines) = (Vec::new(), Vec::new());
    for Step { contract, address, outcome } in steps {
        let mut json = json!({ "contract": contract, "address": address.to_string() });
        let (word, detail) = match outcome {
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Instantiated(evidence) => {
                json["evidence"] = evidence_json(evidence);
                ("instantiated", Some(evidence_line(evidence, token)))
            }
            // What asks a contract that is not there yet cannot be dry-run.
            Outcome::Planned(None) => {
                json["forecast"] = Value::Null;
                ("planned", Some("  its cost can be told once the contract that it asks is there".to_owned()))
            }
            Outcome::Planned(Some(forecast)) => {
                json["forecast"] = forecast_json(forecast.cost, forecast.fee);
                ("planned", Some(format!("  {}", cost_line(forecast.cost, forecast.fee, token))))
            }
        };
        json["outcome"] = word.into();
        contracts.push(json);
        lines.push(format!("{contract} {address}: {word}"));
        lines.extend(detail);
    }
    report.field("contracts", contracts).lines(lines)
}

/// Compares chain, deployment file and bundles.
///
/// # Errors
/// [`Failure`]. A difference is a report that ends with [`Exit::Refused`].
pub async fn verify(global: &GlobalOptions, options: &VerifyOptions) -> Result<Report, Failure> {
    let bundles = load(options.bundles.as_deref())?;
    let suite = global.suite().await?;
    let findings = deployment::verify(&suite.chain, &suite.deployment, &bundles).await?;
    let verified = findings.iter().all(|finding| finding.verified);
    let mut report = Report::default().field("verified", verified);
    let mut list = Vec::new();
    for finding in findings {
        let word = if finding.verified { "verified" } else { "DIFFERS" };
        report = report.line(format!("{} {}: {word}", finding.contract, finding.address));
        report = report.lines(finding.problems.iter().map(|problem| format!("  {problem}")));
        list.push(json!({
            "contract": finding.contract,
            "address": finding.address.to_string(),
            "verified": finding.verified,
            "problems": finding.problems,
        }));
    }
    let report = report.field("findings", list);
    Ok(match verified {
        true => report,
        false => report
            .line("  next: deploy the suite of these bundles (`salus deploy`), or name the right ones with --bundles")
            .exit(Exit::Refused),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_name_becomes_a_file_name() {
        assert_eq!(file_name("Development"), "development");
        assert_eq!(file_name("Aleph Zero (Testnet)"), "aleph-zero-testnet");
        assert_eq!(file_name("../.."), "chain");
    }

    #[test]
    fn a_network_name_is_no_path() {
        assert!(network_name("testnet-2").is_ok());
        assert!(network_name("../x").is_err());
        assert!(network_name("").is_err());
    }
}
