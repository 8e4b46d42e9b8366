//! `salus plan show` and `debt`.

use super::open::asset_json;
use super::terms::{terms_json, terms_lines};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::orders::name;
use crate::operations::plans::{self, money::token_of};
use crate::output::Report;
use crate::values::show_account;
use salus_client::ink_account;
use salus_domain::ids::PlanId;
use salus_interface::claims::Pool;
use serde_json::json;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus plan show 0
  salus plan show 0 --terms 0

The pool: funded (paid in, less withdrawn) = paid (to providers, less what they paid back) + reserved + free. Liabilities are
what is reserved: adjudicated and not settled. Owed is what providers have to pay back of reversed claims; it is a part of paid.
The loss ratio is (paid + reserved) / funded, in basis points, rounded down: how much of what came in went, or will go, to claims.
Where nothing was funded there is none.

JSON: plan, insurer, arbiter, asset {token|null, symbol, decimals}, frozen, feePages, version (newest), pool {funded, paid, reserved,
owed, free}, lossRatio|null, terms {version, covered, networked, benefit {inNetwork {copay, coinsurance (basis points)}, outOfNetwork|null,
deductible, authorisation, waitingPeriodMs}, exceptions [{category, …}], limits [{measure, category|null, network|null, unit, term,
limit}], deadlinesMs {filing, authorisation, settlement, appeal, review, reversal}}.";

/// Shows a plan.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, id: PlanId, version: Option<u32>) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let plan = plans::plan(&suite, id).await?;
    let version = version.unwrap_or(plan.version);
    let terms = suite.deployment.claims().terms(id, version).read(&suite.chain).await?.ok_or_else(|| {
        let message = format!("plan {} has no terms of version {version}", id.0);
        Failure::input("input.version", message, format!("give a number from 0 to {} (--terms)", plan.version))
    })?;
    let token = token_of(&suite.chain, plan.asset).await?;
    let Pool { funded, paid, reserved, owed } = plan.pool;
    let (free, ratio) = (plan.pool.free(), loss_ratio(&plan.pool));
    let show = |amount: salus_domain::money::Amount| token.show(amount.0);
    let frozen = if plan.frozen { ", FROZEN: it takes no claims" } else { "" };
    let ratio_words = ratio.map_or_else(
        || "loss ratio: none, nothing was funded".to_owned(),
        |ratio| format!("loss ratio {}.{:02} %", ratio / 100, ratio % 100),
    );
    Ok(Report::default()
        .field("plan", id.0)
        .field("insurer", show_account(plan.insurer.as_ref()))
        .field("arbiter", show_account(plan.arbiter.as_ref()))
        .field("asset", asset_json(plan.asset, &token))
        .field("frozen", plan.frozen)
        .field("feePages", plan.fee_pages)
        .field("version", plan.version)
        .field(
            "pool",
            json!({
                "funded": funded.0.to_string(),
                "paid": paid.0.to_string(),
                "reserved": reserved.0.to_string(),
                "owed": owed.0.to_string(),
                "free": free.0.to_string(),
            }),
        )
        .field("lossRatio", ratio.map(|ratio| u64::try_from(ratio).unwrap_or(u64::MAX)))
        .field("terms", terms_json(version, &terms))
        .line(format!("plan {} of {}{frozen}", id.0, name(&directory, plan.insurer.as_ref())))
        .line(format!("  appeals are decided by {}", name(&directory, plan.arbiter.as_ref())))
        .line(format!(
            "  pool: {} funded = {} paid + {} reserved + {} free",
            show(funded),
            show(paid),
            show(reserved),
            show(free)
        ))
        .line(format!("  liabilities {}, owed by providers {}, {ratio_words}", show(reserved), show(owed)))
        .line(format!("  terms {version}{}:", if version == plan.version { " (newest)" } else { "" }))
        .lines(terms_lines(&terms, &token)))
}

/// How much of what came in went, or will go, to claims: (paid + reserved) / funded, in basis points, rounded down; `None`
/// where nothing came in.
fn loss_ratio(pool: &Pool) -> Option<u128> {
    let losses = pool.paid.0.saturating_add(pool.reserved.0);
    // Amounts of which ten thousand times as much does not fit are divided first: then only the last digits are lost.
    match losses.checked_mul(10_000) {
        Some(losses) => losses.checked_div(pool.funded.0),
        None => losses.checked_div(pool.funded.0.checked_div(10_000)?),
    }
}

/// Shows what a provider owes.
///
/// # Errors
/// [`Failure`].
pub(super) async fn debt(global: &GlobalOptions, id: PlanId, provider: &str) -> Result<Report, Failure> {
    let provider = global.account(provider)?;
    let suite = global.suite().await?;
    let plan = plans::plan(&suite, id).await?;
    let token = token_of(&suite.chain, plan.asset).await?;
    let owed = suite.deployment.claims().debt(id, ink_account(&provider)).read(&suite.chain).await?;
    Ok(Report::default()
        .line(format!("{provider} owes plan {} {}", id.0, token.show(owed.0)))
        .field("plan", id.0)
        .field("provider", provider.to_string())
        .field("owed", owed.0.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::money::Amount;

    #[test]
    fn the_loss_ratio_counts_what_was_and_what_will_be_paid() {
        let pool = Pool { funded: Amount(1_000), paid: Amount(300), reserved: Amount(150), owed: Amount(50) };
        assert_eq!(loss_ratio(&pool), Some(4_500));
        assert_eq!(loss_ratio(&Pool::default()), None);
        let huge = Pool { funded: Amount::UNLIMITED, paid: Amount(u128::MAX / 2), ..Pool::default() };
        assert_eq!(loss_ratio(&huge), Some(5_000));
    }
}
