//! `salus plan due`.

use crate::commands::claim::unlisted_lines;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::plans::{self, due, money::token_of};
use crate::output::{progress, table, through_blocks, Report};
use crate::values::{show_claim, show_time};
use salus_domain::ids::PlanId;
use serde_json::json;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus plan due 0 --directory samples/directory.json

What is due may be settled by anybody (`salus claim settle --plan 0 --due`), the rest by the insurer only. Read from the events of the
chain, block by block since the suite was deployed. Wants a node that keeps its states.

JSON: plan, claims [{claim, provider, amount, due, isDue, unlisted [line] (not in the plan's fee schedule, where it has one)}], total,
totalDue.";

/// Lists what waits to be settled.
///
/// # Errors
/// [`Failure`].
pub(super) async fn due(global: &GlobalOptions, plan: PlanId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let token = token_of(&suite.chain, plans::plan(&suite, plan).await?.asset).await?;
    let open = due::open(&through_blocks(plans::events(&suite, progress())).await?, plan);
    let now = suite.chain.now().await?;
    let mut rows = vec![["claim", "provider", "amount", "anybody's from", ""].map(str::to_owned).to_vec()];
    let (mut list, mut unlisted) = (Vec::new(), Vec::new());
    let (mut total, mut total_due) = (0u128, 0u128);
    for it in &open {
        let (is_due, from) = (it.is_due(now), show_time(it.due).unwrap_or_default());
        total = total.saturating_add(it.amount.0);
        if is_due {
            total_due = total_due.saturating_add(it.amount.0);
        }
        let word = if is_due { "DUE" } else { "" };
        let (claim, who) = (show_claim(it.claim), name(&directory, &it.provider.0));
        rows.push(vec![claim.clone(), who, token.show(it.amount.0), from.clone(), word.to_owned()]);
        list.push(json!({
            "claim": claim,
            "provider": it.provider.to_string(),
            "amount": it.amount.0.to_string(),
            "due": from,
            "isDue": is_due,
            "unlisted": it.unlisted,
        }));
        unlisted.extend(unlisted_lines(&it.unlisted).map(|line| format!("claim {}, {line}", show_claim(it.claim))));
    }
    let report = Report::default()
        .field("plan", plan.0)
        .field("claims", list)
        .field("total", total.to_string())
        .field("totalDue", total_due.to_string());
    Ok(match open.is_empty() {
        true => report.line(format!("no claim of plan {} waits to be settled", plan.0)),
        false => report.lines(table(&rows, &[0, 1, 3, 4])).lines(unlisted).line(format!(
            "{} in all, {} of it due",
            token.show(total),
            token.show(total_due)
        )),
    })
}
