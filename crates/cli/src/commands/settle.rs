//! `salus claim settle`: any number of claims, in batches.

use super::claim::unlisted_lines;
use crate::batches::watch;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::plans::{self, due, money::token_of};
use crate::operations::{claims, OperationError, Suite};
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, progress, through_blocks, Report};
use crate::values::{self, show_claim};
use salus_client::settlement::{self, Expected, Outcome};
use salus_client::{client_account, AccountId32, CallError, Token};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_interface::claims::{Claim, ClaimsError, MAX_BATCH};
use serde_json::{json, Value};
use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::BTreeSet;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim settle 6b0e000000000000000000000000000000000000000000000000000000000001 --suri //Eve
  salus claim settle --plan 0 --suri //Eve
  salus claim settle --plan 0 --due --suri //Ferdie

The insurer's; once a claim is due, anybody's. What a provider owes the pool of reversed claims is withheld. Claims go in batches, as
many in each as one transaction takes; those of one provider are paid in one transfer. One that is refused does not keep the others
back; of several, it then ends with 3. Doing it again, also after it broke off, pays nothing twice. Ctrl-C ends it
once the batch that is under way is done.

JSON: dryRun, settled [{claim, plan|null, amount, withheld (a part of amount), unlisted [line] (not in the plan's fee schedule; with
--plan)}], before [claim] (settled before), refused [{claim, code,
rule, nextStep}], totals [{symbol, decimals, amount, withheld}], evidence|forecast (a list: one for each batch), brokenOff {code, rule,
nextStep, message} where a later batch failed.";

/// Which claims.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").args(["claims", "plan"]).required(true)))]
pub struct SettleOptions {
    /// The claims' ids
    #[arg(value_parser = values::claim)]
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
    let open = match options.plan {
        Some(plan) => waiting(&suite, PlanId(plan), options.due).await?,
        None => Vec::new(),
    };
    let claims = if options.plan.is_some() { open.iter().map(|it| it.claim).collect() } else { options.claims.clone() };
    let mut assets = Assets::of(&suite, &claims, options.plan.map(PlanId)).await?;
    assets.unlisted = open.into_iter().map(|it| (it.claim, it.unlisted)).collect();
    let contract = suite.deployment.claims();
    let token = suite.chain.token();
    let mut told = Told::default();
    let (mut proofs, mut details, mut stopped) = (Vec::new(), Vec::new(), None);
    if global.dry_run {
        let outlook = settlement::forecast(&suite.chain, &signer, &contract, &claims).await?;
        told = expected(&suite, &assets, outlook.expected).await?;
        for forecast in &outlook.transactions {
            proofs.push(forecast_json(forecast.cost, forecast.fee));
            details.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
        }
    } else {
        let go_on = watch(claims.len(), MAX_BATCH);
        let settled = settlement::submit_while(&suite.chain, &signer, &contract, &claims, go_on).await;
        settled.outcomes.into_iter().for_each(|(claim, outcome)| told.tell(claim, outcome));
        for evidence in &settled.transactions {
            proofs.push(evidence_json(evidence));
            details.push(evidence_line(evidence, token));
        }
        let interrupted = (told.pending > 0).then(|| OperationError::Interrupted.into());
        stopped = settled.stopped.map(Failure::from).or(interrupted);
    }
    // One claim that is refused, and a chain that did nothing, are failures like any other.
    if let (Some(failure), true) = (&stopped, proofs.is_empty()) {
        return Err(failure.clone());
    }
    if let ([(_, error)], [_]) = (told.refused.as_slice(), claims.as_slice()) {
        return Err(refusal(*error));
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
async fn waiting(suite: &Suite, plan: PlanId, only_due: bool) -> Result<Vec<due::Open>, Failure> {
    plans::plan(suite, plan).await?;
    let open = due::open(&through_blocks(plans::events(suite, progress())).await?, plan);
    let now = suite.chain.now().await?;
    Ok(open.into_iter().filter(|it| !only_due || it.is_due(now)).collect())
}

/// What a dry run found, with what would be set off against what the providers owe.
async fn expected(suite: &Suite, assets: &Assets, found: Vec<(ClaimId, Expected)>) -> Result<Told, Failure> {
    let mut told = Told::default();
    let mut debts: BTreeMap<(PlanId, AccountId32), Amount> = BTreeMap::new();
    for (claim, expected) in found {
        let owed = assets.plans.get(&claim).is_some_and(|plan| assets.owed.contains(plan));
        let withheld = match expected {
            Expected::Settled(amount) if owed => {
                let Claim { plan, provider, .. } = claims::claim(suite, claim).await?;
                let debt = match debts.entry((plan, client_account(provider))) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        new.insert(suite.deployment.claims().debt(plan, provider).read(&suite.chain).await?)
                    }
                };
                let withheld = amount.min(*debt);
                *debt = debt.minus(withheld);
                withheld
            }
            _ => Amount::ZERO,
        };
        told.expect(claim, expected, withheld);
    }
    Ok(told)
}

/// What the claims' plans pay in, and what is to be said of their lines.
#[derive(Default)]
struct Assets {
    plans: BTreeMap<ClaimId, PlanId>,
    tokens: BTreeMap<PlanId, Token>,
    /// The plans to which providers owe something.
    owed: BTreeSet<PlanId>,
    /// The lines that the plan's fee schedule has no price for, where that is known.
    unlisted: BTreeMap<ClaimId, Vec<u32>>,
}

impl Assets {
    async fn of(suite: &Suite, claims: &[ClaimId], plan: Option<PlanId>) -> Result<Self, Failure> {
        let mut assets = Self::default();
        for claim in claims {
            let plan = match plan {
                Some(plan) => Some(plan),
                None => suite.deployment.claims().claim(*claim).read(&suite.chain).await?.map(|found| found.plan),
            };
            let Some(plan) = plan else { continue };
            assets.plans.insert(*claim, plan);
            if let Entry::Vacant(vacant) = assets.tokens.entry(plan) {
                let found = plans::plan(suite, plan).await?;
                vacant.insert(token_of(&suite.chain, found.asset).await?);
                if found.pool.owed > Amount::ZERO {
                    assets.owed.insert(plan);
                }
            }
        }
        Ok(assets)
    }

    fn unlisted(&self, claim: ClaimId) -> &[u32] {
        self.unlisted.get(&claim).map_or(&[], Vec::as_slice)
    }

    fn show(&self, one: &Settled) -> String {
        match self.plans.get(&one.claim).and_then(|plan| self.tokens.get(plan)) {
            Some(token) => with_set_off(token, one.amount, one.withheld),
            None => one.amount.0.to_string(),
        }
    }

    /// The sums, each in its asset: of the amounts, and of what is withheld of them.
    fn totals(&self, settled: &[Settled]) -> Vec<(&Token, Amount, Amount)> {
        let mut totals: Vec<(&Token, Amount, Amount)> = Vec::new();
        let add = |sum: &mut Amount, more: Amount| *sum = Amount(sum.0.saturating_add(more.0));
        for one in settled {
            let Some(token) = self.plans.get(&one.claim).and_then(|plan| self.tokens.get(plan)) else { continue };
            match totals.iter_mut().find(|(other, ..)| *other == token) {
                Some((_, sum, withheld)) => {
                    add(sum, one.amount);
                    add(withheld, one.withheld);
                }
                None => totals.push((token, one.amount, one.withheld)),
            }
        }
        totals
    }

    fn words(&self, settled: &[Settled]) -> String {
        let words = |(token, sum, withheld): &(&Token, Amount, Amount)| with_set_off(token, *sum, *withheld);
        let totals: Vec<String> = self.totals(settled).iter().map(words).collect();
        if totals.is_empty() {
            return "nothing".to_owned();
        }
        totals.join(" and ")
    }
}

/// An amount, and how much of it does not move.
fn with_set_off(token: &Token, amount: Amount, withheld: Amount) -> String {
    let amount = token.show(amount.0);
    match withheld {
        Amount::ZERO => amount,
        withheld => format!("{amount}, {} of it set off", token.show(withheld.0)),
    }
}

/// Why a claim is not settled: what only the insurer may do, anybody may do later.
fn refusal(error: ClaimsError) -> Failure {
    let failure = Failure::from(CallError::Refused(error));
    if error != ClaimsError::NotInsurer {
        return failure;
    }
    let rule = "only the plan's insurer settles a claim before it is due";
    Failure {
        rule: Some(rule.to_owned()),
        message: format!("refused: {rule}"),
        next_step: format!("{}, or wait until it is due (`salus claim show`)", failure.next_step),
        ..failure
    }
}

/// A claim that is settled, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settled {
    claim: ClaimId,
    amount: Amount,
    /// What of it is set off against what the provider owes.
    withheld: Amount,
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
                self.settled.push(Settled { claim, amount: payment.amount, withheld: payment.withheld });
            }
            Outcome::Before => self.before.push(claim),
            Outcome::Refused(error) => self.refused.push((claim, error)),
            Outcome::Pending => self.pending += 1,
        }
    }

    fn expect(&mut self, claim: ClaimId, expected: Expected, withheld: Amount) {
        match expected {
            Expected::Settled(amount) => self.settled.push(Settled { claim, amount, withheld }),
            Expected::Before => self.before.push(claim),
            Expected::Refused(error) => self.refused.push((claim, error)),
        }
    }

    fn lines(&self, assets: &Assets) -> Vec<String> {
        let settled = self.settled.iter().flat_map(|one| {
            let said = unlisted_lines(assets.unlisted(one.claim)).map(|line| format!("    {line}"));
            std::iter::once(format!("  claim {}: {}", show_claim(one.claim), assets.show(one))).chain(said)
        });
        let before = self.before.iter().map(|claim| format!("  claim {}: settled before", show_claim(*claim)));
        let refused = self.refused.iter().map(|(claim, error)| {
            let Failure { rule, next_step, .. } = refusal(*error);
            format!("  claim {}: REFUSED, {}\n    next: {next_step}", show_claim(*claim), rule.unwrap_or_default())
        });
        settled.chain(before).chain(refused).collect()
    }

    fn fields(&self, report: Report, assets: &Assets) -> Report {
        let settled: Vec<Value> = (self.settled.iter())
            .map(|one| {
                json!({
                    "claim": show_claim(one.claim),
                    "plan": assets.plans.get(&one.claim).map(|plan| plan.0),
                    "amount": one.amount.0.to_string(),
                    "withheld": one.withheld.0.to_string(),
                    "unlisted": assets.unlisted(one.claim),
                })
            })
            .collect();
        let before: Vec<String> = self.before.iter().map(|claim| show_claim(*claim)).collect();
        let refused: Vec<Value> = (self.refused.iter())
            .map(|(claim, error)| {
                let mut json = refusal(*error).json();
                json["claim"] = show_claim(*claim).into();
                json
            })
            .collect();
        let totals: Vec<Value> = (assets.totals(&self.settled).iter())
            .map(|(token, sum, withheld)| {
                json!({
                    "symbol": token.symbol,
                    "decimals": token.decimals,
                    "amount": sum.0.to_string(),
                    "withheld": withheld.0.to_string(),
                })
            })
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
            ..Assets::default()
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
        assert_eq!(assets().words(&told.settled), "10 UNIT, 4 UNIT of it set off and 5 USDT");
        let lines = told.lines(&assets());
        assert!(lines[0].ends_with("10 UNIT, 4 UNIT of it set off") && lines[1].ends_with(": 5 USDT"), "{lines:?}");
    }

    #[test]
    fn who_settles_too_early_is_told_to_wait() {
        let mut told = Told::default();
        told.tell(ONE, Outcome::Refused(ClaimsError::NotInsurer));
        let lines = told.lines(&assets()).join("\n");
        assert!(lines.contains("before it is due") && lines.contains("wait until it is due"), "{lines}");
        assert_eq!(refusal(ClaimsError::NotInsurer).code, "claims.NotInsurer");
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
