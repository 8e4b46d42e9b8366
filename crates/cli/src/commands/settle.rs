//! `salus claim settle`: any number of claims, in batches.

use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::plans::{self, due, money::token_of};
use crate::operations::Suite;
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, progress, through_blocks, Report};
use crate::values::{self, show_claim};
use salus_client::rules::Rule;
use salus_client::settlement::{self, Expected, Outcome};
use salus_client::{CallError, Token};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_interface::claims::ClaimsError;
use serde_json::{json, Value};
use std::collections::btree_map::{BTreeMap, Entry};

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim settle 6b0e000000000000000000000000000000000000000000000000000000000001 --suri //Eve
  salus claim settle --plan 0 --suri //Eve
  salus claim settle --plan 0 --due --suri //Ferdie

The insurer's; once a claim is due, anybody's. What a provider owes the pool of reversed claims is withheld. Claims go in batches, as
many in each as one transaction takes; those of one provider are paid in one transfer. One that is refused does not keep the others
back; of several, it then ends with 3. Doing it again, also after it broke off, pays nothing twice.

JSON: dryRun, settled [{claim, plan|null, amount, withheld (not in a dry run)}], before [claim] (settled before), refused [{claim, code,
rule, nextStep}], totals [{symbol, decimals, amount}], evidence|forecast (a list: one for each batch), brokenOff {code, rule, nextStep,
message} where a later batch failed.";

/// Which claims.
#[derive(Clone, Debug, clap::Args)]
pub struct SettleOptions {
    /// The claims' ids
    #[arg(required_unless_present = "plan", conflicts_with = "plan", value_parser = values::claim)]
    claims: Vec<ClaimId>,
    /// All claims of a plan that wait to be settled, as the events of the chain tell it
    #[arg(long, value_name = "PLAN")]
    plan: Option<u32>,
    /// Only those that are due: what anybody may settle
    #[arg(long, requires = "plan")]
    due: bool,
}

/// Settles claims.
///
/// # Errors
/// [`Failure`]; of several claims, those that are refused are a part of the report, which then ends with
/// [`Exit::Refused`].
pub async fn settle(global: &GlobalOptions, options: &SettleOptions) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let suite = global.suite().await?;
    let claims = match options.plan {
        Some(plan) => waiting(&suite, PlanId(plan), options.due).await?,
        None => options.claims.clone(),
    };
    let assets = Assets::of(&suite, &claims, options.plan.map(PlanId)).await?;
    let contract = suite.deployment.claims();
    let token = suite.chain.token();
    let mut told = Told::default();
    let (mut proofs, mut details, mut stopped) = (Vec::new(), Vec::new(), None);
    if global.dry_run {
        let outlook = settlement::forecast(&suite.chain, &signer, &contract, &claims).await?;
        outlook.expected.into_iter().for_each(|(claim, expected)| told.expect(claim, expected));
        for forecast in &outlook.transactions {
            proofs.push(forecast_json(forecast.cost, forecast.fee));
            details.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
        }
    } else {
        let settled = settlement::submit(&suite.chain, &signer, &contract, &claims).await;
        settled.outcomes.into_iter().for_each(|(claim, outcome)| told.tell(claim, outcome));
        for evidence in &settled.transactions {
            proofs.push(evidence_json(evidence));
            details.push(evidence_line(evidence, token));
        }
        stopped = settled.stopped.map(Failure::from);
    }
    // One claim that is refused, and a chain that did nothing, are failures like any other.
    if let (Some(failure), true) = (&stopped, proofs.is_empty()) {
        return Err(failure.clone());
    }
    if let ([(_, error)], [_]) = (told.refused.as_slice(), claims.as_slice()) {
        return Err(CallError::Refused(*error).into());
    }
    let (count, all) = (told.settled.len(), told.settled.len() + told.before.len() + told.refused.len() + told.pending);
    let sums = assets.words(&told.settled);
    let report = match global.dry_run {
        true => Report::default().planned(&format!("settle {count} of {all} claims by paying {sums}")),
        false => Report::default().done(&format!("{count} of {all} claims settled: {sums}")),
    };
    let report = report.lines(details).lines(told.lines(&assets));
    let report = report.field(if global.dry_run { "forecast" } else { "evidence" }, proofs);
    let report = told.fields(report, &assets);
    Ok(report.broken_off(stopped.as_ref()))
}

/// The claims of a plan that wait to be settled.
async fn waiting(suite: &Suite, plan: PlanId, only_due: bool) -> Result<Vec<ClaimId>, Failure> {
    plans::plan(suite, plan).await?;
    let open = due::open(&through_blocks(plans::events(suite, progress())).await?, plan);
    let now = suite.chain.now().await?;
    Ok(open.iter().filter(|it| !only_due || it.is_due(now)).map(|it| it.claim).collect())
}

/// What the claims' plans pay in.
struct Assets {
    plans: BTreeMap<ClaimId, PlanId>,
    tokens: BTreeMap<PlanId, Token>,
}

impl Assets {
    async fn of(suite: &Suite, claims: &[ClaimId], plan: Option<PlanId>) -> Result<Self, Failure> {
        let mut assets = Self { plans: BTreeMap::new(), tokens: BTreeMap::new() };
        for claim in claims {
            let plan = match plan {
                Some(plan) => Some(plan),
                None => suite.deployment.claims().claim(*claim).read(&suite.chain).await?.map(|found| found.plan),
            };
            let Some(plan) = plan else { continue };
            assets.plans.insert(*claim, plan);
            if let Entry::Vacant(vacant) = assets.tokens.entry(plan) {
                let asset = plans::plan(suite, plan).await?.asset;
                vacant.insert(token_of(&suite.chain, asset).await?);
            }
        }
        Ok(assets)
    }

    fn show(&self, claim: ClaimId, amount: Amount) -> String {
        match self.plans.get(&claim).and_then(|plan| self.tokens.get(plan)) {
            Some(token) => token.show(amount.0),
            None => amount.0.to_string(),
        }
    }

    /// The sums, each in its asset.
    fn totals(&self, settled: &[Settled]) -> Vec<(&Token, Amount)> {
        let mut totals: Vec<(&Token, Amount)> = Vec::new();
        for one in settled {
            let Some(token) = self.plans.get(&one.claim).and_then(|plan| self.tokens.get(plan)) else { continue };
            match totals.iter_mut().find(|(other, _)| *other == token) {
                Some((_, sum)) => *sum = Amount(sum.0.saturating_add(one.amount.0)),
                None => totals.push((token, one.amount)),
            }
        }
        totals
    }

    fn words(&self, settled: &[Settled]) -> String {
        let totals: Vec<String> = self.totals(settled).iter().map(|(token, sum)| token.show(sum.0)).collect();
        if totals.is_empty() {
            return "nothing".to_owned();
        }
        totals.join(" and ")
    }
}

/// A claim that is settled, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settled {
    claim: ClaimId,
    amount: Amount,
    /// `None` in a dry run, where it is not known.
    withheld: Option<Amount>,
}

/// What became, or would become, of the claims.
#[derive(Debug, Default)]
struct Told {
    settled: Vec<Settled>,
    before: Vec<ClaimId>,
    refused: Vec<(ClaimId, ClaimsError)>,
    pending: usize,
}

impl Told {
    fn tell(&mut self, claim: ClaimId, outcome: Outcome) {
        match outcome {
            Outcome::Settled(payment, _) => {
                self.settled.push(Settled { claim, amount: payment.amount, withheld: Some(payment.withheld) });
            }
            Outcome::Before => self.before.push(claim),
            Outcome::Refused(error) => self.refused.push((claim, error)),
            Outcome::Pending => self.pending += 1,
        }
    }

    fn expect(&mut self, claim: ClaimId, expected: Expected) {
        match expected {
            Expected::Settled(amount) => self.settled.push(Settled { claim, amount, withheld: None }),
            Expected::Before => self.before.push(claim),
            Expected::Refused(error) => self.refused.push((claim, error)),
        }
    }

    fn lines(&self, assets: &Assets) -> Vec<String> {
        let settled = self.settled.iter().map(|one| {
            let withheld = one.withheld.filter(|withheld| *withheld > Amount::ZERO);
            let withheld = withheld.map(|it| format!(", {} of it set off", assets.show(one.claim, it)));
            let amount = assets.show(one.claim, one.amount);
            format!("  claim {}: {amount}{}", show_claim(one.claim), withheld.unwrap_or_default())
        });
        let before = self.before.iter().map(|claim| format!("  claim {}: settled before", show_claim(*claim)));
        let refused = self.refused.iter().map(|(claim, error)| {
            format!("  claim {}: REFUSED, {}\n    next: {}", show_claim(*claim), error.rule(), error.next_step())
        });
        settled.chain(before).chain(refused).collect()
    }

    fn fields(&self, report: Report, assets: &Assets) -> Report {
        let settled: Vec<Value> = (self.settled.iter())
            .map(|one| {
                let mut json = json!({
                    "claim": show_claim(one.claim),
                    "plan": assets.plans.get(&one.claim).map(|plan| plan.0),
                    "amount": one.amount.0.to_string(),
                });
                if let Some(withheld) = one.withheld {
                    json["withheld"] = withheld.0.to_string().into();
                }
                json
            })
            .collect();
        let before: Vec<String> = self.before.iter().map(|claim| show_claim(*claim)).collect();
        let refused: Vec<Value> = (self.refused.iter())
            .map(|(claim, error)| {
                let mut json = Failure::from(CallError::Refused(*error)).json();
                json["claim"] = show_claim(*claim).into();
                json
            })
            .collect();
        let totals: Vec<Value> = (assets.totals(&self.settled).iter())
            .map(|(token, sum)| json!({ "symbol": token.symbol, "decimals": token.decimals, "amount": sum.0.to_string() }))
            .collect();
        let exit = if refused.is_empty() { Exit::Done } else { Exit::Refused };
        let report = report.field("settled", settled).field("before", before).field("refused", refused);
        report.field("totals", totals).exit(exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_interface::claims::Payment;

    const ONE: ClaimId = ClaimId([1; 32]);
    const TWO: ClaimId = ClaimId([2; 32]);

    fn assets() -> Assets {
        let token = |symbol: &str| Token { symbol: symbol.into(), decimals: 0 };
        Assets {
            plans: BTreeMap::from([(ONE, PlanId(0)), (TWO, PlanId(1))]),
            tokens: BTreeMap::from([(PlanId(0), token("UNIT")), (PlanId(1), token("USDT"))]),
        }
    }

    fn settled(claim: ClaimId, amount: u128, withheld: u128) -> Outcome {
        Outcome::Settled(Payment { claim, amount: Amount(amount), withheld: Amount(withheld) }, 0)
    }

    #[test]
    fn sums_of_different_assets_are_not_added_up() {
        let mut told = Told::default();
        told.tell(ONE, settled(ONE, 10, 4));
        told.tell(TWO, settled(TWO, 5, 0));
        assert_eq!(assets().words(&told.settled), "10 UNIT and 5 USDT");
        let lines = told.lines(&assets());
        assert!(lines[0].ends_with("10 UNIT, 4 UNIT of it set off") && lines[1].ends_with(": 5 USDT"), "{lines:?}");
    }

    #[test]
    fn one_refused_claim_of_several_shows_in_the_exit_code_and_one_that_was_settled_before_does_not() {
        let mut told = Told::default();
        told.tell(ONE, settled(ONE, 10, 0));
        told.tell(TWO, Outcome::Before);
        assert_eq!(told.fields(Report::default(), &assets()).exit_code(), Exit::Done);
        told.tell(TWO, Outcome::Refused(ClaimsError::NotInsurer));
        assert_eq!(told.fields(Report::default(), &assets()).exit_code(), Exit::Refused);
    }
}
