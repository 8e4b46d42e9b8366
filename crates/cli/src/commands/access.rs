//! `salus access`: who may ask for records, and who did.

use crate::commands::consent::place;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::{records, Suite};
use crate::output::{progress, say, table, Report};
use crate::values::{self, show_account, show_record, show_time};
use salus_client::rules::Rule;
use salus_client::{client_account, ink_account, Located};
use salus_domain::codes::{Role, RoleSet};
use salus_domain::ids::Account;
use salus_domain::time::Timestamp;
use salus_fhir::directory::Directory;
use salus_interface::access::{AccessDecided, AccessDecision, Ground};
use serde_json::{json, Value};
use std::io::IsTerminal;

/// `salus access`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AccessCommand {
    /// Name who may vouch for providers. The governor's: who deployed
    #[command(
        subcommand,
        after_help = "Example:
  salus access authority add 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --suri //Alice"
    )]
    Authority(AuthorityCommand),
    /// Vouch for a provider, as a credentialing authority
    #[command(after_help = "Example:
  salus access credential Practitioner/dr-adams --organisation Organization/mercy-hospital --role doctor \
--until 2030-01-01T00:00:00Z --directory samples/directory.json --suri //Alice

Replaces what the signer vouched for the same provider and organisation before, also a suspension.

JSON: dryRun, provider, organisation, roles, until, evidence|forecast.")]
    Credential {
        /// The provider: an account, or a reference of the directory
        provider: String,
        /// For whom the provider works
        #[arg(long, value_name = "ACCOUNT")]
        organisation: String,
        /// In which roles: doctor, nurse, pharmacist, researcher, teacher, ict, pay
        #[arg(long = "role", value_name = "ROLE", value_parser = values::role, value_delimiter = ',', required = true)]
        roles: Vec<Role>,
        /// Until when (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        until: Timestamp,
    },
    /// Suspend a provider's credential; effective at once
    #[command(after_help = "Example:
  salus access suspend Practitioner/dr-adams --organisation Organization/mercy-hospital \
--directory samples/directory.json --suri //Alice

JSON: dryRun, provider, organisation, suspended, evidence|forecast.")]
    Suspend(Suspension),
    /// End a suspension
    #[command(after_help = "Example:
  salus access reinstate Practitioner/dr-adams --organisation Organization/mercy-hospital \
--directory samples/directory.json --suri //Alice

JSON: dryRun, provider, organisation, suspended, evidence|forecast.")]
    Reinstate(Suspension),
    /// Show as whom an account counts: its credentials, its encryption key, whether it vouches
    #[command(after_help = "Example:
  salus access show Practitioner/dr-adams --directory samples/directory.json

JSON: account, authority, governor, encryptionKey, principal {organisations, roles}|null, credentials [{authority,
organisation, roles, until, suspended}].")]
    Show {
        /// An account, or a reference of the directory
        account: String,
    },
    /// Who saw a patient's records, or tried to: the accounting of disclosures
    #[command(after_help = "Example:
  salus access log --patient Patient/rosa-marin --directory samples/directory.json
  salus access log --suri //Dave --json

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: patient, accesses [{time, block, accessor, record, purpose, action, outcome: permitted|refused, reason, rule,
version}].")]
    Log {
        /// An account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
    },
}

/// `salus access authority`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AuthorityCommand {
    /// Let an account vouch for providers
    #[command(after_help = "Example:
  salus access authority add 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --suri //Alice

JSON: dryRun, authority, evidence|forecast.")]
    Add {
        /// An account, or a reference of the directory
        account: String,
    },
    /// Take that back; what it vouched for is void at once
    #[command(after_help = "Example:
  salus access authority remove 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --suri //Alice

JSON: dryRun, authority, evidence|forecast.")]
    Remove {
        /// An account, or a reference of the directory
        account: String,
    },
}

/// Which credential.
#[derive(Clone, Debug, clap::Args)]
pub struct Suspension {
    /// The provider: an account, or a reference of the directory
    provider: String,
    /// For whom the provider works
    #[arg(long, value_name = "ACCOUNT")]
    organisation: String,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &AccessCommand) -> Result<Report, Failure> {
    match command {
        AccessCommand::Authority(AuthorityCommand::Add { account }) => authority(global, account, true).await,
        AccessCommand::Authority(AuthorityCommand::Remove { account }) => authority(global, account, false).await,
        AccessCommand::Credential { provider, organisation, roles, until } => {
            credential(global, provider, organisation, roles.iter().copied().collect(), *until).await
        }
        AccessCommand::Suspend(which) => suspend(global, which, true).await,
        AccessCommand::Reinstate(which) => suspend(global, which, false).await,
        AccessCommand::Show { account } => show(global, account).await,
        AccessCommand::Log { patient } => log(global, patient.as_deref()).await,
    }
}

async fn authority(global: &GlobalOptions, account: &str, added: bool) -> Result<Report, Failure> {
    let (account, governor) = (global.account(account)?, global.signer()?);
    let Suite { chain, deployment } = global.suite().await?;
    let grants = deployment.grants();
    let id = ink_account(&account);
    let message = if added { grants.add_authority(id) } else { grants.remove_authority(id) };
    let carried = global.carry_out(&chain, &governor, &message).await?;
    let (would, did) = match added {
        true => (format!("let {account} vouch for providers"), format!("{account} may vouch for providers")),
        false => (format!("no longer let {account} vouch"), format!("{account} no longer vouches for providers")),
    };
    Ok(carried.report(chain.token(), &would, &did).field("authority", account.to_string()))
}

async fn credential(
    global: &GlobalOptions,
    provider: &str,
    organisation: &str,
    roles: RoleSet,
    until: Timestamp,
) -> Result<Report, Failure> {
    let (provider, organisation) = (global.account(provider)?, global.account(organisation)?);
    let authority = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().credential(ink_account(&provider), ink_account(&organisation), roles, until);
    let carried = global.carry_out(&chain, &authority, &message).await?;
    let codes = role_codes(roles);
    let what = format!("{provider} as {} of {organisation}", codes.join(", "));
    let end = show_time(until).unwrap_or_default();
    let (would, did) = (format!("vouch for {what} until {end}"), format!("{what} is credentialed until {end}"));
    let report = carried.report(chain.token(), &would, &did);
    let report = report.field("provider", provider.to_string()).field("organisation", organisation.to_string());
    Ok(report.field("roles", codes).field("until", end))
}

fn role_codes(roles: RoleSet) -> Vec<&'static str> {
    roles.iter().map(Role::code).collect()
}

async fn suspend(global: &GlobalOptions, which: &Suspension, suspended: bool) -> Result<Report, Failure> {
    let (provider, organisation) = (global.account(&which.provider)?, global.account(&which.organisation)?);
    let authority = global.signer()?;
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().suspend(ink_account(&provider), ink_account(&organisation), suspended);
    let carried = global.carry_out(&chain, &authority, &message).await?;
    let what = format!("the credential of {provider} for {organisation}");
    let (would, did) = match suspended {
        true => (format!("suspend {what}"), format!("{what} is suspended")),
        false => (format!("reinstate {what}"), format!("{what} is reinstated")),
    };
    let report = carried.report(chain.token(), &would, &did);
    let report = report.field("provider", provider.to_string()).field("organisation", organisation.to_string());
    Ok(report.field("suspended", suspended))
}

async fn show(global: &GlobalOptions, account: &str) -> Result<Report, Failure> {
    let account = global.account(account)?;
    let directory = global.directory()?;
    let Suite { chain, deployment } = global.suite().await?;
    let (grants, id) = (deployment.grants(), ink_account(&account));
    let is_authority = grants.is_authority(id).read(&chain).await?;
    let is_governor = grants.governor().read(&chain).await? == id;
    let key = grants.encryption_key(id).read(&chain).await?.map(hex::encode);
    let principal = grants.principal(id).read(&chain).await?;
    let credentials = grants.credentials(id).read(&chain).await?;
    let list: Vec<Value> = credentials
        .iter()
        .map(|it| {
            json!({
                "authority": client_account(it.authority).to_string(),
                "organisation": client_account(it.organisation).to_string(),
                "roles": role_codes(it.roles),
                "until": show_time(it.valid_until),
                "suspended": it.suspended,
            })
        })
        .collect();
    let counts_as = principal.as_ref().map(|it| {
        let organisations: Vec<String> = it.organisations.iter().map(|one| show_account(&one.0)).collect();
        json!({ "organisations": organisations, "roles": role_codes(it.roles) })
    });
    let mut report = Report::default()
        .field("account", account.to_string())
        .field("authority", is_authority)
        .field("governor", is_governor)
        .field("encryptionKey", key.clone())
        .field("principal", counts_as)
        .field("credentials", list)
        .line(name(&directory, &account.0))
        .line(format!("  encryption key: {}", key.unwrap_or_else(|| "none (`salus key publish`)".to_owned())));
    if is_governor {
        report = report.line("  is the governor: names the credentialing authorities");
    }
    if is_authority {
        report = report.line("  is a credentialing authority");
    }
    report = report.line(match principal {
        Some(principal) => format!("  counts now as: {}", role_codes(principal.roles).join(", ")),
        None => "  counts now as: nobody (no valid credential)".to_owned(),
    });
    for it in &credentials {
        report = report.line(format!(
            "  {} of {}, vouched for by {}, until {}{}",
            role_codes(it.roles).join(", "),
            name(&directory, it.organisation.as_ref()),
            name(&directory, it.authority.as_ref()),
            show_time(it.valid_until).unwrap_or_else(|| "further notice".to_owned()),
            if it.suspended { ", SUSPENDED" } else { "" },
        ));
    }
    Ok(report)
}

async fn log(global: &GlobalOptions, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let accesses = records::accesses(&suite, &patient, progress()).await?;
    if std::io::stderr().is_terminal() {
        say("");
    }
    let head = ["time", "block", "accessor", "record", "purpose", "action", "outcome", "reason"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for (located, decided) in &accesses {
        rows.push(row(&directory, located, decided));
        list.push(access_json(located, decided));
    }
    let report = Report::default().field("patient", patient.to_string()).field("accesses", list);
    Ok(match accesses.is_empty() {
        true => report.line(format!("nobody asked for a record of {patient}")),
        false => report.lines(table(&rows, &[0, 2, 3, 4, 5, 6, 7])),
    })
}

fn row(directory: &Directory, located: &Located, decided: &AccessDecided) -> Vec<String> {
    let accessor: &[u8; 32] = decided.accessor.as_ref();
    let outcome = if is_permitted(&decided.decision) { "permitted" } else { "REFUSED" };
    vec![
        show_time(located.time).unwrap_or_default(),
        located.block.to_string(),
        directory.key(Account(*accessor)).map_or_else(|| show_account(accessor), str::to_owned),
        show_record(decided.record),
        decided.purpose.code().to_owned(),
        decided.action.code().to_owned(),
        outcome.to_owned(),
        reason(&decided.decision).1,
    ]
}

const fn is_permitted(decision: &AccessDecision) -> bool {
    matches!(decision, AccessDecision::Permitted { .. })
}

/// Why a decision is as it is: a code that stays, and words.
#[must_use]
pub fn reason(decision: &AccessDecision) -> (String, String) {
    match decision {
        AccessDecision::Permitted { ground: Ground::Patient, .. } => ("patient".into(), "the patient asked".into()),
        AccessDecision::Permitted { ground: Ground::Consent(deciding), .. } => ("consent".into(), place(*deciding)),
        AccessDecision::Refused(refusal) => {
            let code = refusal.name();
            let code = code.split('(').next().unwrap_or_default();
            (code.to_owned(), refusal.rule())
        }
    }
}

fn access_json(located: &Located, decided: &AccessDecided) -> Value {
    let (code, rule) = reason(&decided.decision);
    let version = match decided.decision {
        AccessDecision::Permitted { version, .. } => Some(version),
        AccessDecision::Refused(_) => None,
    };
    json!({
        "time": show_time(located.time),
        "block": located.block,
        "accessor": client_account(decided.accessor).to_string(),
        "record": show_record(decided.record),
        "purpose": decided.purpose.code(),
        "action": decided.action.code(),
        "outcome": if is_permitted(&decided.decision) { "permitted" } else { "refused" },
        "reason": code,
        "rule": rule,
        "version": version,
    })
}
