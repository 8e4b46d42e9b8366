//! `salus share`: a patient shares everything or a part with somebody new, by a link.

use crate::commands::key::write_private;
use crate::commands::record::with_records;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::links::Link;
use crate::operations::orders::name;
use crate::operations::records::listing::{self, visible, Listed, Viewer};
use crate::operations::shares::{self, Scope, Standing};
use crate::operations::{account_of, keys, OperationError, Suite};
use crate::output::{progress, Report};
use crate::service::ServiceOption;
use crate::values::{self, period_json, show_period, show_record, show_time};
use qrcode::render::{svg, unicode};
use qrcode::QrCode;
use salus_client::{client_account, AccountId32};
use salus_domain::codes::{Class, Purpose};
use salus_domain::ids::RecordId;
use salus_domain::time::{Timestamp, DAY};
use salus_fhir::consent_text;
use salus_interface::access::LinkRedeemed;
use serde_json::{json, Value};
use std::path::PathBuf;

/// For how long a link counts where nothing else is said, in milliseconds: a week.
const LIFETIME: u64 = 7 * DAY;

/// `salus share`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ShareCommand {
    /// Make a link that lets whoever redeems it first in: one consent, and the records' keys wrapped for the link
    #[command(after_help = "Example:
  salus share create --all --until 2030-01-01T00:00:00Z --suri //Dave
  salus share create --class Observation,DiagnosticReport --qr link.svg --suri //Dave

The link is a secret: hand it over as one. A credentialed provider redeems it with `salus share redeem`; it works for that
provider alone, and every access is decided and logged as any other. Records that are added later are not in it. A consent knows
records by what is said of them: with --record it permits what is labelled alike, and the keys decide which of those open.
With --service, the signer first collects its own envelope of each record, against a permit: one transaction a record.

JSON: dryRun, link (the text), account, group, patient, consent, purpose, until, text, records, missing (not in this vault), heldBack (refused
by another consent), qr, evidence|forecast.")]
    Create(CreateOptions),
    /// Redeem a link, as a credentialed provider, and list the records that it opens
    #[command(after_help = "Example:
  salus share redeem --suri //Charlie

The link is in SALUS_LINK, or the argument, which other users of the machine can see. Records are then opened with `salus record
open --link`. Doing it twice changes nothing.

JSON: dryRun, account, patient, changed, purpose, records [{record, version, custodian, class, confidentiality, sensitivity,
dataPeriod, opens, reason, rule, erased}], evidence|forecast.")]
    Redeem {
        /// The link
        #[arg(env = "SALUS_LINK", hide_env_values = true, value_name = "LINK", default_value = "")]
        link: String,
        /// What for (v3-ActReason)
        #[arg(long, default_value = "TREAT", value_parser = values::purpose)]
        purpose: Purpose,
    },
    /// List the signer's links that count, and who redeemed them
    #[command(after_help = "Example:
  salus share list --suri //Dave

A link that nobody has redeemed is known by the group that its consent names; by its account as well from then on.

JSON: patient, links [{group, account|null, consent, period {start, end}, text, redeemedBy|null}].")]
    List,
    /// Show one of the signer's links
    #[command(after_help = "Example:
  salus share show 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --suri //Dave

JSON: group, account|null, consent, period {start, end}, text, redeemedBy|null.")]
    Show {
        /// The link, its account, or its group
        #[arg(value_name = "LINK|ACCOUNT|GROUP")]
        link: String,
    },
    /// Revoke a link: its consent counts no more, and what was wrapped for it is removed from the vault
    #[command(after_help = "Example:
  salus share revoke 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --suri //Dave

Effective at once. It takes back nothing that was opened. Of a link that nobody redeemed, only the link itself says what was wrapped
for it; by the account alone that stays in the vault, of no use to anybody.

JSON: dryRun, group, consent, redeemedBy|null, removed (envelopes), evidence|forecast.")]
    Revoke {
        /// The link, its account, or its group
        #[arg(value_name = "LINK|ACCOUNT|GROUP")]
        link: String,
        /// Where the vault is.
        #[command(flatten)]
        service: ServiceOption,
    },
}

/// What a link is to be for.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("scope").required(true).args(["all", "classes", "records"]))]
pub struct CreateOptions {
    /// All records of the signer
    #[arg(long)]
    all: bool,
    /// The records of these classes: FHIR resource types
    #[arg(long = "class", value_name = "CLASS", value_parser = values::class, value_delimiter = ',')]
    classes: Vec<Class>,
    /// These records
    #[arg(long = "record", value_name = "RECORD", value_parser = values::record, value_delimiter = ',')]
    records: Vec<RecordId>,
    /// What for, and what is under it (v3-ActReason)
    #[arg(long, default_value = "TREAT", value_parser = values::purpose)]
    purpose: Purpose,
    /// Until when (RFC 3339) [default: a week from now]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    until: Option<Timestamp>,
    /// Write the link as a QR code into a new SVG file that only its owner reads
    #[arg(long, value_name = "FILE")]
    qr: Option<PathBuf>,
    /// Show the link as a QR code on the terminal
    #[arg(long)]
    qr_terminal: bool,
    /// Where the vault is.
    #[command(flatten)]
    service: ServiceOption,
}

impl CreateOptions {
    fn scope(&self) -> Scope {
        if self.all {
            Scope::All
        } else if self.classes.is_empty() {
            Scope::Records(self.records.clone())
        } else {
            Scope::Classes(self.classes.clone())
        }
    }
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ShareCommand) -> Result<Report, Failure> {
    match command {
        ShareCommand::Create(options) => create(global, options).await,
        ShareCommand::Redeem { link, purpose } => redeem(global, link, *purpose).await,
        ShareCommand::List => list(global).await,
        ShareCommand::Show { link } => show(global, link).await,
        ShareCommand::Revoke { link, service } => revoke(global, link, service).await,
    }
}

async fn create(global: &GlobalOptions, options: &CreateOptions) -> Result<Report, Failure> {
    let (patient, directory) = (global.signer()?, global.directory()?);
    if let Some(file) = options.qr.as_deref().filter(|file| file.exists()) {
        return Err(Failure::input("file.exists", format!("{} exists", file.display()), "name a new file with --qr"));
    }
    let (account, scope, purpose) = (account_of(&patient), options.scope(), options.purpose);
    let suite = global.suite().await?;
    let envelopes = options.service.envelopes(global, &suite)?;
    keys::published(&suite, &account).await?;
    let found = shares::within(&suite, &account, &scope, progress()).await?;
    let until = match options.until {
        Some(until) => until,
        None => suite.chain.now().await?.plus(LIFETIME),
    };
    let genesis = suite.chain.genesis_hash();
    let link = Link::generate(&genesis, account).map_err(|_| OperationError::NoRandomness)?;
    let terms: Vec<_> = found.iter().map(|one| one.known.terms).collect();
    let consent = shares::consent(&patient, &link.account(), &scope, &terms, purpose, until)?;
    let text = consent_text::lines(&consent, &directory);
    let message = suite.deployment.registry().record(&consent);
    let report = Report::default()
        .field("patient", account.to_string())
        .field("purpose", purpose.code())
        .field("until", show_time(until))
        .field("text", text.clone());
    if global.dry_run {
        let forecast = message.forecast(&suite.chain, &patient).await?;
        let would = format!("wrap {} records for a new link, and record a consent for it", found.len());
        let report = report.planned(&would).forecast(forecast.cost, forecast.fee, suite.chain.token());
        return Ok(report.field("records", ids(&found)).lines(text));
    }
    // What the registry would refuse is not wrapped.
    message.dry_run(&suite.chain, &account).await?;
    let missing = shares::wrap(&suite, &envelopes, &patient, &found, &link).await?;
    let executed = match message.submit_final(&suite.chain, &patient).await {
        Ok(executed) => executed,
        Err(error) => {
            // What is left behind is wrapped for a key that is nowhere.
            let records: Vec<RecordId> = found.iter().map(|one| one.record).collect();
            let _ = shares::unwrap(&suite, &envelopes, &records, &link.encryption_key().public_key()).await;
            return Err(error.into());
        }
    };
    let held = shares::held_back(&suite, &account, &link.account(), &found, purpose).await?;
    let shared = found.len().saturating_sub(missing.len());
    let words = link.text();
    let report = report
        .done(&format!(
            "{shared} records are shared by a link, for {} until {}",
            purpose.display(),
            show_time(until).unwrap_or_default()
        ))
        .evidence(&executed.evidence, suite.chain.token())
        .field("account", link.account().to_string())
        .field("group", shares::group(&link.account()).to_string())
        .field("consent", executed.recorded()?.0)
        .field("records", ids(&found))
        .field("missing", missing.iter().copied().map(show_record).collect::<Vec<_>>())
        .field("heldBack", held.iter().copied().map(show_record).collect::<Vec<_>>())
        .field("link", words.as_str())
        .lines(text)
        .lines(missing.iter().map(|record| format!("  not in this vault, and so not shared: {}", show_record(*record))))
        .lines(held.iter().map(|record| format!("  refused by another consent of yours: {}", show_record(*record))));
    with_qr(report.line(format!("  link {}", words.as_str())), &words, options)
}

fn ids(found: &[Listed]) -> Vec<String> {
    found.iter().map(|one| show_record(one.record)).collect()
}

fn with_qr(mut report: Report, text: &str, options: &CreateOptions) -> Result<Report, Failure> {
    if options.qr.is_none() && !options.qr_terminal {
        return Ok(report);
    }
    // A link is far shorter than what a code holds.
    let code = QrCode::new(text.as_bytes())
        .map_err(|error| Failure::input("link.qr", format!("the link is no QR code: {error}"), "use it as text"))?;
    if let Some(file) = &options.qr {
        write_private(file, qr_svg(&code).as_bytes())?;
        report = report.field("qr", file.display().to_string()).line(format!("  QR code in {}", file.display()));
    }
    if options.qr_terminal {
        report = report.lines(code.render::<unicode::Dense1x2>().build().lines().map(str::to_owned));
    }
    Ok(report)
}

fn qr_svg(code: &QrCode) -> String {
    code.render::<svg::Color<'_>>().min_dimensions(320, 320).build()
}

async fn redeem(global: &GlobalOptions, text: &str, purpose: Purpose) -> Result<Report, Failure> {
    if text.is_empty() {
        return Err(Failure::usage("no link is given", "set SALUS_LINK, or name the link"));
    }
    let (link, provider) = (global.link(text)?, global.signer()?);
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let account = account_of(&provider);
    let report = Report::default()
        .field("account", link.account().to_string())
        .field("patient", link.patient().to_string())
        .field("purpose", purpose.code());
    if global.dry_run {
        let forecast = shares::redeem_message(&suite, &account, &link)?.forecast(&suite.chain, &provider).await?;
        let report = report.planned(&format!("redeem the share link of {}", link.patient()));
        return Ok(report.forecast(forecast.cost, forecast.fee, token));
    }
    let evidence = shares::redeem(&suite, &provider, &link).await?;
    let word = if evidence.is_some() { "is redeemed" } else { "was redeemed before" };
    let report = report
        .done(&format!("the share link of {} {word}", link.patient()))
        .evidence_or_unchanged(evidence.as_ref(), token);
    let viewer = Viewer { account, purpose, link: Some(link.account()) };
    let found = visible(&suite, &link.patient(), viewer, progress()).await?;
    let report = with_records(report, &found);
    Ok(match found.is_empty() {
        true => report.line("  it opens nothing now: ask the patient"),
        false => report.line("  open them with `salus record open --link`"),
    })
}

fn link_json(one: &Standing, text: &[String]) -> Value {
    json!({
        "group": one.group.to_string(),
        "account": one.redemption.as_ref().map(|it| client_account(it.link).to_string()),
        "consent": one.id.0,
        "period": period_json(one.consent.period),
        "text": text,
        "redeemedBy": one.redemption.as_ref().map(|it| client_account(it.provider).to_string()),
    })
}

fn link_lines(one: &Standing, text: Vec<String>, global: &GlobalOptions) -> Result<Vec<String>, Failure> {
    let by = match &one.redemption {
        Some(LinkRedeemed { provider, .. }) => format!("redeemed by {}", name(&global.directory()?, provider.as_ref())),
        None => "not redeemed".to_owned(),
    };
    let head = format!("link {}: consent {}, {}, {by}", one.group, one.id.0, show_period(one.consent.period));
    Ok(std::iter::once(head).chain(text.into_iter().map(|line| format!("  {line}"))).collect())
}

async fn list(global: &GlobalOptions) -> Result<Report, Failure> {
    let (patient, directory) = (global.signer()?, global.directory()?);
    let suite = global.suite().await?;
    let all = shares::standing(&suite, &patient, progress()).await?;
    let mut report = Report::default().field("patient", account_of(&patient).to_string());
    let mut list = Vec::new();
    for one in &all {
        let text = consent_text::lines(&one.consent, &directory);
        list.push(link_json(one, &text));
        report = report.lines(link_lines(one, text, global)?);
    }
    let report = report.field("links", list);
    Ok(if all.is_empty() { report.line("no link of the signer's counts") } else { report })
}

/// The account of a link or what it stands for, where that is given; and the link, if it is text.
fn which(global: &GlobalOptions, text: &str) -> Result<(AccountId32, Option<Link>), Failure> {
    if text.trim().starts_with("salus:") {
        let link = global.link(text)?;
        return Ok((link.account(), Some(link)));
    }
    Ok((global.account(text)?, None))
}

async fn of(global: &GlobalOptions, suite: &Suite, account: &AccountId32) -> Result<Standing, Failure> {
    let all = shares::standing(suite, &global.signer()?, progress()).await?;
    let group = shares::group(account);
    all.into_iter().find(|one| one.group == *account || one.group == group).ok_or_else(|| {
        Failure::input(
            "link.unknown",
            format!("{account} is no link of the signer's that counts"),
            "see which there are with `salus share list`",
        )
    })
}

async fn show(global: &GlobalOptions, text: &str) -> Result<Report, Failure> {
    let (account, _) = which(global, text)?;
    let suite = global.suite().await?;
    let one = of(global, &suite, &account).await?;
    let text = consent_text::lines(&one.consent, &global.directory()?);
    Ok(Report::default().fields(link_json(&one, &text)).lines(link_lines(&one, text, global)?))
}

async fn revoke(global: &GlobalOptions, text: &str, service: &ServiceOption) -> Result<Report, Failure> {
    let (patient, (account, link)) = (global.signer()?, which(global, text)?);
    let suite = global.suite().await?;
    let one = of(global, &suite, &account).await?;
    let message = suite.deployment.registry().revoke(one.id);
    let carried = global.carry_out(&suite.chain, &patient, &message).await?;
    let (would, did) = (
        format!("revoke link {} (consent {})", one.group, one.id.0),
        format!("link {} is revoked (consent {})", one.group, one.id.0),
    );
    let report = carried.report(suite.chain.token(), &would, &did);
    let redeemed = one.redemption.as_ref().map(|it| client_account(it.provider).to_string());
    let report = report.field("group", one.group.to_string()).field("consent", one.id.0).field("redeemedBy", redeemed);
    if global.dry_run {
        return Ok(report);
    }
    let key = link.map(|link| link.encryption_key().public_key()).or(one.redemption.map(|it| it.key.into()));
    let removed = match key {
        Some(key) => {
            let events = listing::events(&suite, progress()).await?;
            let records = listing::registered(&events, &account_of(&patient));
            shares::unwrap(&suite, &service.envelopes(global, &suite)?, &records, &key).await?
        }
        None => 0,
    };
    Ok(report.field("removed", removed).line(format!("  {removed} envelopes are removed from the vault")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_into_a_qr_code() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let link = Link::generate(&[1; 32], AccountId32([2; 32])).map_err(|error| error.to_string())?;
        let file = folder.path().join("link.svg");
        let options = CreateOptions {
            all: true,
            classes: Vec::new(),
            records: Vec::new(),
            purpose: Purpose::Treat,
            until: None,
            qr: Some(file.clone()),
            qr_terminal: true,
            service: ServiceOption { service: None },
        };
        with_qr(Report::default(), &link.text(), &options).map_err(|failure| failure.message)?;
        let written = std::fs::read_to_string(&file)?;
        assert!(written.contains("<svg") && !written.contains(&*link.text()), "{written}");
        let again = with_qr(Report::default(), &link.text(), &options);
        assert!(again.is_err_and(|failure| failure.code == "file.exists"));
        Ok(())
    }
}
