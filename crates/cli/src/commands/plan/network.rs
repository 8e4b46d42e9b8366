//! `salus plan network`: which providers have a contract with the insurer.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::{plans, Suite};
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use salus_client::{ink_account, AccountId32};
use salus_domain::ids::PlanId;
use salus_interface::claims::MAX_BATCH;

/// `salus plan network`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum NetworkCommand {
    /// Take providers into a plan's network
    #[command(after_help = "Example:
  salus plan network add 0 Practitioner/dr-adams --directory samples/directory.json --suri //Eve

The insurer's. It counts for what is adjudicated from then on, where the plan has a network. Who is in it already is left as it is.

JSON: dryRun, plan, listed, providers, changed (those of them who were not in it), evidence|forecast (a list: one for each batch of
100).")]
    Add(Providers),
    /// Take providers out of a plan's network
    #[command(after_help = "Example:
  salus plan network remove 0 Practitioner/dr-adams --directory samples/directory.json --suri //Eve

JSON: dryRun, plan, listed, providers, changed (those of them who were in it), evidence|forecast (a list: one for each batch of 100).")]
    Remove(Providers),
    /// Say whether a provider is in a plan's network
    #[command(after_help = "Example:
  salus plan network show 0 Practitioner/dr-adams --directory samples/directory.json

JSON: plan, provider, listed.")]
    Show {
        /// The plan's number
        plan: u32,
        /// The provider: an account, or a reference of the directory
        provider: String,
    },
}

/// A plan and providers.
#[derive(Clone, Debug, clap::Args)]
pub struct Providers {
    /// The plan's number
    plan: u32,
    /// The providers: accounts, or references of the directory
    #[arg(required = true)]
    providers: Vec<String>,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub(super) async fn run(global: &GlobalOptions, command: &NetworkCommand) -> Result<Report, Failure> {
    match command {
        NetworkCommand::Add(providers) => set(global, providers, true).await,
        NetworkCommand::Remove(providers) => set(global, providers, false).await,
        NetworkCommand::Show { plan, provider } => show(global, PlanId(*plan), provider).await,
    }
}

async fn set(global: &GlobalOptions, named: &Providers, listed: bool) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let providers = named.providers.iter().map(|name| global.account(name)).collect::<Result<Vec<_>, _>>()?;
    let suite = global.suite().await?;
    let differing = differing(&suite, PlanId(named.plan), &providers, listed).await?;
    let Suite { chain, deployment } = suite;
    let token = chain.token();
    let accounts: Vec<_> = differing.iter().map(ink_account).collect();
    let (mut proofs, mut lines) = (Vec::new(), Vec::new());
    for batch in accounts.chunks(MAX_BATCH) {
        let message = deployment.claims().set_network(PlanId(named.plan), batch, listed);
        match global.carry_out(&chain, &insurer, &message).await? {
            Carried::Planned(forecast) => {
                proofs.push(forecast_json(forecast.cost, forecast.fee));
                lines.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
            }
            Carried::Done(executed) => {
                proofs.push(evidence_json(&executed.evidence));
                lines.push(evidence_line(&executed.evidence, token));
            }
        }
    }
    let (plan, way) = (named.plan, if listed { "into" } else { "out of" });
    let count = match differing.len() {
        1 => "1 provider".to_owned(),
        several => format!("{several} providers"),
    };
    let (would, did) = match differing.len() {
        0 => ("change nothing".to_owned(), format!("nothing changed in the network of plan {plan}")),
        _ => (
            format!("take {count} {way} the network of plan {plan}"),
            format!("taken {way} the network of plan {plan}: {count}"),
        ),
    };
    let report = match global.dry_run {
        true => Report::default().planned(&would).field("forecast", proofs),
        false => Report::default().done(&did).field("evidence", proofs),
    };
    let names = |accounts: &[AccountId32]| accounts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let report = report.lines(lines).field("plan", plan).field("listed", listed);
    Ok(report.field("providers", names(&providers)).field("changed", names(&differing)))
}

/// The providers who do not stand to the plan's network as they should.
async fn differing(
    suite: &Suite,
    plan: PlanId,
    providers: &[AccountId32],
    listed: bool,
) -> Result<Vec<AccountId32>, Failure> {
    plans::plan(suite, plan).await?;
    let mut differing = Vec::new();
    for provider in providers {
        if suite.deployment.claims().in_network(plan, ink_account(provider)).read(&suite.chain).await? != listed {
            differing.push(*provider);
        }
    }
    Ok(differing)
}

async fn show(global: &GlobalOptions, plan: PlanId, provider: &str) -> Result<Report, Failure> {
    let provider = global.account(provider)?;
    let suite = global.suite().await?;
    plans::plan(&suite, plan).await?;
    let listed = suite.deployment.claims().in_network(plan, ink_account(&provider)).read(&suite.chain).await?;
    let not = if listed { "" } else { "NOT " };
    Ok(Report::default()
        .line(format!("{provider} is {not}in the network of plan {}", plan.0))
        .field("plan", plan.0)
        .field("provider", provider.to_string())
        .field("listed", listed))
}
