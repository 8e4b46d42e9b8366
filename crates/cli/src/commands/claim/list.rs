//! `salus claim list`.

use super::word;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::claims::told::{self, Told};
use crate::operations::orders::name;
use crate::operations::plans;
use crate::output::{progress, table, through_blocks, Report};
use crate::values::{show_account, show_claim};
use salus_domain::ids::PlanId;
use salus_fhir::directory::Directory;
use salus_interface::claims::ClaimStatus;
use serde_json::{json, Value};

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim list --member Patient/rosa-marin --directory samples/directory.json
  salus claim list --plan 0 --status adjudicated

Reads block by block since the suite was deployed. Claims that were withdrawn are gone.

JSON: claims [{claim, plan, member, provider, status, submitted, payer|null, patient|null (of a claim that waits, null), prior|null}],
the first ones first.";

/// Which claims.
#[derive(Clone, Debug, clap::Args)]
pub struct ListOptions {
    /// Of this member: an account, or a reference of the directory
    #[arg(long)]
    member: Option<String>,
    /// Of this provider: an account, or a reference of the directory
    #[arg(long)]
    provider: Option<String>,
    /// Under this plan
    #[arg(long)]
    plan: Option<u32>,
    /// Those that stand there
    #[arg(long, value_enum)]
    status: Option<Stands>,
}

/// Where claims stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stands {
    AwaitsFunds,
    AwaitsAuthorisation,
    Adjudicated,
    Settled,
    Reversed,
}

impl Stands {
    const fn is(self, status: ClaimStatus) -> bool {
        matches!(
            (self, status),
            (Self::AwaitsFunds, ClaimStatus::AwaitsFunds)
                | (Self::AwaitsAuthorisation, ClaimStatus::AwaitsAuthorisation)
                | (Self::Adjudicated, ClaimStatus::Adjudicated)
                | (Self::Settled, ClaimStatus::Settled)
                | (Self::Reversed, ClaimStatus::Reversed)
        )
    }
}

/// Lists.
///
/// # Errors
/// [`Failure`].
pub async fn list(global: &GlobalOptions, options: &ListOptions) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let account = |text: &Option<String>| text.as_deref().map(|text| global.account(text)).transpose();
    let (member, provider) = (account(&options.member)?, account(&options.provider)?);
    let suite = global.suite().await?;
    let plan = options.plan.map(PlanId);
    if let Some(plan) = plan {
        plans::plan(&suite, plan).await?;
    }
    let wanted = |told: &&Told| {
        member.is_none_or(|member| told.submission.member.0 == member.0)
            && provider.is_none_or(|provider| told.provider == provider)
            && plan.is_none_or(|plan| told.submission.plan == plan)
            && options.status.is_none_or(|status| status.is(told.status))
    };
    let all = through_blocks(told::all(&suite, progress())).await?;
    let found: Vec<&Told> = all.iter().filter(wanted).collect();
    let report = Report::default().field("claims", found.iter().map(|told| json_of(told)).collect::<Vec<_>>());
    Ok(match found.is_empty() {
        true => report.line("there is no such claim"),
        false => report.lines(rows(&found, &directory)),
    })
}

fn rows(found: &[&Told], directory: &Directory) -> Vec<String> {
    let head = ["claim", "plan", "status", "member", "provider"].map(str::to_owned).to_vec();
    let row = |told: &&Told| {
        vec![
            show_claim(told.claim),
            told.submission.plan.0.to_string(),
            word(told.status).to_owned(),
            name(directory, &told.submission.member.0),
            name(directory, &told.provider.0),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(found.iter().map(row)).collect();
    table(&rows, &[0, 2, 3, 4])
}

fn json_of(told: &Told) -> Value {
    let total = told.total().filter(|_| !told.status.is_pended());
    let submitted = told.submission.lines.iter().fold(0u128, |sum, line| sum.saturating_add(line.submitted.0));
    json!({
        "claim": show_claim(told.claim),
        "plan": told.submission.plan.0,
        "member": show_account(&told.submission.member.0),
        "provider": told.provider.to_string(),
        "status": word(told.status),
        "submitted": submitted.to_string(),
        "payer": total.map(|total| total.payer.0.to_string()),
        "patient": total.map(|total| total.patient().0.to_string()),
        "prior": told.prior.map(show_claim),
    })
}
