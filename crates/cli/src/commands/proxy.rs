//! `salus proxy`: who acts for a patient.

use super::acting::{report, Acting, ForWhom};
use super::history;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::{mandate_words, name, power_codes};
use crate::output::Report;
use crate::values::{self, period_json};
use salus_client::{client_account, ink_account};
use salus_domain::codes::Power;
use salus_domain::mandate::Mandate;
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::Instruction;
use serde_json::json;

/// `salus proxy`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ProxyCommand {
    /// Let an account act for the signer: a parent, a guardian, the holder of a power of attorney
    #[command(after_help = "Example:
  salus proxy name 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --power record,amend,revoke,answer \
--until 2030-01-01T00:00:00Z --suri //Dave

A mandate that the account has already is replaced. The account then acts with --for, here and in `salus relay sign`. It
cannot name proxies.

JSON: dryRun, patient, proxy, powers, period {start, end}, evidence|forecast.")]
    Name {
        /// An account, or a reference of the directory
        account: String,
        /// What it may do.
        #[command(flatten)]
        mandate: MandateOptions,
    },
    /// Take an account's mandate back; effective at once. The proxy can do so too
    #[command(after_help = "Example:
  salus proxy remove 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --suri //Dave

JSON: dryRun, patient, proxy, evidence|forecast.")]
    Remove {
        /// An account, or a reference of the directory
        account: String,
        /// For whom.
        #[command(flatten)]
        for_whom: ForWhom,
    },
    /// List who has a mandate from a patient, also one that is over
    #[command(after_help = "Example:
  salus proxy list Patient/rosa-marin --directory samples/directory.json

Read from the events of the chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: patient, proxies [{proxy, powers, period {start, end}, now: in-force|not-yet|over}].")]
    List {
        /// An account, or a reference of the directory [default: the signer]
        patient: Option<String>,
    },
}

/// What a proxy may do, and when.
#[derive(Clone, Debug, clap::Args)]
pub struct MandateOptions {
    /// What it may do: record, amend, revoke, answer (accept and reject proposals)
    #[arg(long = "power", value_name = "POWER", value_parser = values::power, value_delimiter = ',', required = true)]
    powers: Vec<Power>,
    /// From when on (RFC 3339) [default: at once]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    from: Option<Timestamp>,
    /// Until when (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    until: Timestamp,
}

impl MandateOptions {
    /// The mandate.
    #[must_use]
    pub fn mandate(&self) -> Mandate {
        let period = Period { start: self.from.unwrap_or(Timestamp::MIN), end: self.until };
        Mandate { powers: self.powers.iter().copied().collect(), period }
    }
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ProxyCommand) -> Result<Report, Failure> {
    match command {
        ProxyCommand::Name { account, mandate } => name_proxy(global, account, mandate.mandate()).await,
        ProxyCommand::Remove { account, for_whom } => remove(global, account, for_whom).await,
        ProxyCommand::List { patient } => list(global, patient.as_deref()).await,
    }
}

async fn name_proxy(global: &GlobalOptions, account: &str, mandate: Mandate) -> Result<Report, Failure> {
    // Only the patient can.
    let (acting, proxy) = (Acting::new(global, &ForWhom::default())?, global.account(account)?);
    let instruction = Instruction::NameProxy(ink_account(&proxy), mandate);
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    Ok(report(&suite, &acting, &instruction, &carried, &global.directory()?)
        .field("proxy", proxy.to_string())
        .field("powers", power_codes(mandate.powers))
        .field("period", period_json(mandate.period)))
}

async fn remove(global: &GlobalOptions, account: &str, for_whom: &ForWhom) -> Result<Report, Failure> {
    let (acting, proxy) = (Acting::new(global, for_whom)?, global.account(account)?);
    let instruction = Instruction::RemoveProxy(ink_account(&proxy));
    let suite = global.suite().await?;
    let carried = acting.carry(global, &suite, &instruction).await?;
    let report = report(&suite, &acting, &instruction, &carried, &global.directory()?);
    Ok(report.field("proxy", proxy.to_string()))
}

async fn list(global: &GlobalOptions, patient: Option<&str>) -> Result<Report, Failure> {
    let patient = global.account_or_signer(patient)?;
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let history = history::of(&suite).await?;
    let now = suite.chain.now().await?;
    let mandates =
        history.standing(ink_account(&patient)).map(|standing| standing.mandates.clone()).unwrap_or_default();
    let mut report = Report::default().field("patient", patient.to_string());
    let mut proxies = Vec::new();
    for (proxy, mandate) in mandates {
        let proxy = client_account(proxy);
        let word = validity(mandate.period, now);
        let note = if word == "in-force" { String::new() } else { format!(" ({})", word.replace('-', " ")) };
        report = report.line(format!("{}: {}{note}", name(&directory, &proxy.0), mandate_words(&mandate)));
        proxies.push(json!({
            "proxy": proxy.to_string(),
            "powers": power_codes(mandate.powers),
            "period": period_json(mandate.period),
            "now": word,
        }));
    }
    if proxies.is_empty() {
        report = report.line(format!("nobody has a mandate from {patient}"));
    }
    Ok(report.field("proxies", proxies))
}

const fn validity(period: Period, now: Timestamp) -> &'static str {
    if period.contains(now) {
        "in-force"
    } else if period.end.0 <= now.0 {
        "over"
    } else {
        "not-yet"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mandate_is_in_force_from_its_first_moment_until_before_its_end() {
        let period = Period { start: Timestamp(10), end: Timestamp(20) };
        let words = [9, 10, 19, 20].map(|now| validity(period, Timestamp(now)));
        assert_eq!(words, ["not-yet", "in-force", "in-force", "over"]);
    }
}
