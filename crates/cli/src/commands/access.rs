//! `salus access`: who may ask for records, and who did.

use crate::commands::accounting;
use crate::commands::consent::place;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::Suite;
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values::{self, show_account, show_time};
use salus_client::rules::Rule;
use salus_client::{client_account, ink_account};
use salus_domain::codes::{Role, RoleSet};
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecision, Ground, Standing, Vouched};
use serde_json::{json, Value};
use std::path::PathBuf;

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
    /// Let an organisation vouch for its own practitioners, as a credentialing authority
    #[command(after_help = "Example:
  salus access accredit Organization/mercy-hospital --role doctor,nurse --until 2030-01-01T00:00:00Z \
--directory samples/directory.json --suri //Alice

The organisation then vouches with `salus access credential`, in these roles at the most. Replaces what the signer accredited it for
before, also a suspension.

JSON: dryRun, organisation, roles, until, evidence|forecast.")]
    Accredit {
        /// The organisation: an account, or a reference of the directory
        organisation: String,
        /// In which roles it may vouch: doctor, nurse, pharmacist, researcher, teacher, ict, pay
        #[arg(long = "role", value_name = "ROLE", value_parser = values::role, value_delimiter = ',', required = true)]
        roles: Vec<Role>,
        /// Until when (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        until: Timestamp,
    },
    /// Suspend an organisation's accreditation; effective at once, for all whom it vouched for
    #[command(after_help = "Example:
  salus access suspend-organisation Organization/mercy-hospital --directory samples/directory.json --suri //Alice

JSON: dryRun, organisation, suspended, evidence|forecast.")]
    SuspendOrganisation {
        /// The organisation: an account, or a reference of the directory
        organisation: String,
    },
    /// End the suspension of an organisation's accreditation
    #[command(after_help = "Example:
  salus access reinstate-organisation Organization/mercy-hospital --directory samples/directory.json --suri //Alice

JSON: dryRun, organisation, suspended, evidence|forecast.")]
    ReinstateOrganisation {
        /// The organisation: an account, or a reference of the directory
        organisation: String,
    },
    /// Vouch for a provider, as a credentialing authority, or as an accredited organisation for itself
    #[command(after_help = "Example:
  salus access credential Practitioner/dr-adams --organisation Organization/mercy-hospital --role doctor \
--until 2030-01-01T00:00:00Z --directory samples/directory.json --suri //Alice

Replaces what the signer vouched for the same provider and organisation before, also a suspension.

JSON: dryRun, provider, organisation, roles, until, evidence|forecast.")]
    Credential {
        /// The provider: an account, or a reference of the directory
        provider: String,
        /// For whom the provider works [default: the signer, an organisation that vouches for itself]
        #[arg(long, value_name = "ACCOUNT")]
        organisation: Option<String>,
        /// In which roles: doctor, nurse, pharmacist, researcher, teacher, ict, pay
        #[arg(long = "role", value_name = "ROLE", value_parser = values::role, value_delimiter = ',', required = true)]
        roles: Vec<Role>,
        /// Until when (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        until: Timestamp,
    },
    /// Suspend a provider's credential; effective at once. Whoever vouched, or the organisation
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

JSON: account, authority, governor, encryptionKey, principal {organisations, roles}|null, credentials [{issuer, organisation,
roles, until, standing: good|suspended|barred}], accreditation {authority, roles, until, suspended}|null.")]
    Show {
        /// An account, or a reference of the directory
        account: String,
    },
    /// Who saw a patient's records, or tried to: the accounting of disclosures
    #[command(after_help = "Example:
  salus access list --patient Patient/rosa-marin --directory samples/directory.json
  salus access list --suri //Dave --fhir disclosures.json

Every decision on access, each emergency and how it ended, who redeemed a share link, what a release service logged as handed out,
and what became of the records themselves. --fhir writes it as a FHIR R4 Bundle of AuditEvents into a new file. Read from the
events of the chain, block by block since the suite was deployed. Wants a node that keeps its states. With --service, what a
release service has in its log about the patient is added, each entry proven by the chain.

JSON: patient, fhir, entries [{what: access|glass-broken|disputed|reviewed|forfeited|redeemed|released|registered|amended|erased,
time, block, event, who|null, record|null, reason, rule, and of access: purpose, action, link|null, outcome: permitted|refused,
version|null, until|null; of the others: emergency, until, by, link, log, number, version, permitBlock, permitEvent}]; with
--service also log {account, entries [as in `salus audit show`, and proof: anchored|logged|not-yet|wrong]}. Ends with 3 where a
proof of the service does not hold.")]
    List {
        /// An account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
        /// Write it as FHIR as well: a new file
        #[arg(long, value_name = "FILE")]
        fhir: Option<PathBuf>,
        /// Add what its log says about the patient. The patient's, an authority's or the governor's.
        #[command(flatten)]
        service: ServiceOption,
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
            credential(global, provider, organisation.as_deref(), roles.iter().copied().collect(), *until).await
        }
        AccessCommand::Accredit { organisation, roles, until } => {
            accredit(global, organisation, roles.iter().copied().collect(), *until).await
        }
        AccessCommand::SuspendOrganisation { organisation } => suspend_organisation(global, organisation, true).await,
        AccessCommand::ReinstateOrganisation { organisation } => {
            suspend_organisation(global, organisation, false).await
        }
        AccessCommand::Suspend(which) => suspend(global, which, true).await,
        AccessCommand::Reinstate(which) => suspend(global, which, false).await,
        AccessCommand::Show { account } => show(global, account).await,
        AccessCommand::List { patient, fhir, service } => {
            accounting::list(global, patient.as_deref(), fhir.as_deref(), service).await
        }
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
    organisation: Option<&str>,
    roles: RoleSet,
    until: Timestamp,
) -> Result<Report, Failure> {
    let (provider, organisation) = (global.account(provider)?, global.account_or_signer(organisation)?);
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

async fn accredit(
    global: &GlobalOptions,
    organisation: &str,
    roles: RoleSet,
    until: Timestamp,
) -> Result<Report, Failure> {
    let (organisation, authority) = (global.account(organisation)?, global.signer()?);
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.grants().accredit(ink_account(&organisation), roles, until, false);
    let carried = global.carry_out(&chain, &authority, &message).await?;
    let (codes, end) = (role_codes(roles), show_time(until).unwrap_or_default());
    let what = format!("{organisation} vouch for its own {} until {end}", codes.join(", "));
    let report = carried.report(
        chain.token(),
        &format!("let {what}"),
        &format!("{} may vouch for its own {} until {end}", organisation, codes.join(", ")),
    );
    Ok(report.field("organisation", organisation.to_string()).field("roles", codes).field("until", end))
}

async fn suspend_organisation(global: &GlobalOptions, organisation: &str, suspended: bool) -> Result<Report, Failure> {
    let (organisation, authority) = (global.account(organisation)?, global.signer()?);
    let Suite { chain, deployment } = global.suite().await?;
    let (grants, id) = (deployment.grants(), ink_account(&organisation));
    let known = grants.vouched(id).read(&chain).await?.accreditation.ok_or_else(|| {
        Failure::input(
            "input.organisation",
            format!("no authority accredited {organisation}"),
            "accredit it first (`salus access accredit`)",
        )
    })?;
    let message = grants.accredit(id, known.roles, known.valid_until, suspended);
    let carried = global.carry_out(&chain, &authority, &message).await?;
    let what = format!("the accreditation of {organisation}");
    let (would, did) = match suspended {
        true => (format!("suspend {what}"), format!("{what} is suspended, and all whom it vouched for")),
        false => (format!("reinstate {what}"), format!("{what} is reinstated")),
    };
    let report = carried.report(chain.token(), &would, &did);
    Ok(report.field("organisation", organisation.to_string()).field("suspended", suspended))
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
    let Vouched { is_authority, accreditation, credentials } = grants.vouched(id).read(&chain).await?;
    let is_governor = grants.setup().read(&chain).await?.governor == id;
    let key = grants.encryption_key(id).read(&chain).await?.map(hex::encode);
    let principal = grants.principal(id).read(&chain).await?;
    let list: Vec<Value> = credentials
        .iter()
        .map(|it| {
            json!({
                "issuer": client_account(it.issuer).to_string(),
                "organisation": client_account(it.organisation).to_string(),
                "roles": role_codes(it.roles),
                "until": show_time(it.valid_until),
                "standing": standing(it.standing),
            })
        })
        .collect();
    let accredited = accreditation.map(|it| {
        json!({
            "authority": client_account(it.authority).to_string(),
            "roles": role_codes(it.roles),
            "until": show_time(it.valid_until),
            "suspended": it.suspended,
        })
    });
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
        .field("accreditation", accredited)
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
            name(&directory, it.issuer.as_ref()),
            show_time(it.valid_until).unwrap_or_else(|| "further notice".to_owned()),
            match it.standing {
                Standing::Good => "",
                Standing::Suspended => ", SUSPENDED",
                Standing::Barred => ", SUSPENDED by the review of an emergency",
            },
        ));
    }
    if let Some(it) = accreditation {
        report = report.line(format!(
            "  vouches for its own {}, accredited by {}, until {}{}",
            role_codes(it.roles).join(", "),
            name(&directory, it.authority.as_ref()),
            show_time(it.valid_until).unwrap_or_else(|| "further notice".to_owned()),
            if it.suspended { ", SUSPENDED" } else { "" },
        ));
    }
    Ok(report)
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Suspended => "suspended",
        Standing::Barred => "barred",
    }
}

/// Why a decision is as it is: a code that stays, and words.
#[must_use]
pub fn reason(decision: &AccessDecision) -> (String, String) {
    match decision {
        AccessDecision::Permitted { ground: Ground::Patient, .. } => ("patient".into(), "the patient asked".into()),
        AccessDecision::Permitted { ground: Ground::Consent(deciding), .. } => ("consent".into(), place(*deciding)),
        AccessDecision::Permitted { ground: Ground::Emergency { number }, .. } => {
            ("emergency".into(), format!("emergency {number}: the accessor broke the glass"))
        }
        AccessDecision::Refused(refusal) => {
            let code = refusal.name();
            let code = code.split('(').next().unwrap_or_default();
            (code.to_owned(), refusal.rule())
        }
    }
}
