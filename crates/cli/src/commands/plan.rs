//! `salus plan`: an insurer's plans, their money and their members.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::operations::{account_of, claims, Suite};
use crate::output::{evidence_json, evidence_line, Report};
use crate::values::{self, period_json, show_period, show_time};
use salus_client::message::Message;
use salus_client::{client_account, ink_account, Token};
use salus_domain::adjudicate::Accumulators;
use salus_domain::claim::PlanTerms;
use salus_domain::codes::Category;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{ClaimsError, MAX_FEES};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// `salus plan`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PlanCommand {
    /// Open a plan with its fee schedule; the signer becomes its insurer
    #[command(after_help = "Example:
  salus plan open samples/plan.json --consortium-key-file consortium.key --suri //Eve

The file's format is described in crates/fhir/src/plan.rs. In a dry run only opening is priced: what sets the fees needs
the plan's number.

JSON: dryRun, plan, name, insurer, fees (how many), evidence|forecast, feesEvidence [evidence].")]
    Open {
        /// A plan file
        file: PathBuf,
    },
    /// Add money to a plan's pool
    #[command(after_help = "Example:
  salus plan fund 0 250.5 --suri //Eve

JSON: dryRun, plan, amount, evidence|forecast.")]
    Fund(Money),
    /// Take free money out of a plan's pool
    #[command(after_help = "Example:
  salus plan withdraw 0 50 --suri //Eve

JSON: dryRun, plan, amount, evidence|forecast.")]
    Withdraw(Money),
    /// Show a plan's terms and its pool
    #[command(after_help = "Example:
  salus plan show 0

JSON: plan, insurer, pool {funded, paid, reserved, free}, terms {deductible, copay, coinsurance (basis points),
exceptions [{category, copay, coinsurance}], outOfPocketMaximum|null, benefitMaximum|null, waitingPeriodMs, covered,
settlementPeriodMs}.")]
    Show {
        /// The plan's number
        plan: u32,
    },
    /// Cover the member of a FHIR Coverage
    #[command(after_help = "Example:
  salus plan cover 0 samples/coverage.json --directory samples/directory.json --suri //Eve

JSON: dryRun, plan, member, period {start, end}, evidence|forecast.")]
    Cover {
        /// The plan's number
        plan: u32,
        /// A FHIR R4 Coverage
        file: PathBuf,
    },
    /// End a member's coverage early
    #[command(after_help = "Example:
  salus plan end-coverage 0 Patient/rosa-marin --at 2030-01-01T00:00:00Z --directory samples/directory.json --suri //Eve

JSON: dryRun, plan, member, end, evidence|forecast.")]
    EndCoverage {
        /// The plan's number
        plan: u32,
        /// The member: an account, or a reference of the directory
        member: String,
        /// The first moment that is no longer covered (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        at: Timestamp,
    },
    /// Show a member's coverages and what was used of their limits
    #[command(after_help = "Example:
  salus plan coverage 0 Patient/rosa-marin --directory samples/directory.json

JSON: plan, member, coverages [{period {start, end}, used {deductible, outOfPocket, benefit}}].")]
    Coverage {
        /// The plan's number
        plan: u32,
        /// The member: an account, or a reference of the directory
        member: String,
    },
}

/// A plan and an amount.
#[derive(Clone, Debug, clap::Args)]
pub struct Money {
    /// The plan's number
    plan: u32,
    /// How much, in whole tokens: 250.5
    amount: String,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &PlanCommand) -> Result<Report, Failure> {
    match command {
        PlanCommand::Open { file } => open(global, file).await,
        PlanCommand::Fund(money) => fund(global, money).await,
        PlanCommand::Withdraw(money) => withdraw(global, money).await,
        PlanCommand::Show { plan } => show(global, PlanId(*plan)).await,
        PlanCommand::Cover { plan, file } => cover(global, PlanId(*plan), file).await,
        PlanCommand::EndCoverage { plan, member, at } => end_coverage(global, PlanId(*plan), member, *at).await,
        PlanCommand::Coverage { plan, member } => coverage(global, PlanId(*plan), member).await,
    }
}

async fn open(global: &GlobalOptions, file: &Path) -> Result<Report, Failure> {
    let (insurer, key) = (global.signer()?, global.consortium_key()?);
    let plan = Document::read(file)?.compile(salus_fhir::plan::compile)?;
    let suite = global.suite().await?;
    let token = suite.chain.token();
    ensure_decimals(&plan, token, file)?;
    let count = plan.fees.len();
    let report = if global.dry_run {
        let message = suite.deployment.claims().open_plan(&plan.terms);
        let forecast = message.forecast(&suite.chain, &insurer).await?;
        let batches = count.div_ceil(MAX_FEES);
        Report::default()
            .planned(&format!(
                "open plan {} ({}), then set {count} fees by {batches} more",
                forecast.value.0, plan.name
            ))
            .forecast(forecast.cost, forecast.fee, token)
            .field("plan", forecast.value.0)
    } else {
        let (id, evidence) = claims::open_plan(&suite, &insurer, &plan, &key).await?;
        let mut report = Report::default()
            .done(&format!("plan {} ({}) is open, with {count} fees", id.0, plan.name))
            .field("plan", id.0);
        if let Some((opened, fees)) = evidence.split_first() {
            report = report.evidence(opened, token).lines(fees.iter().map(|it| evidence_line(it, token)));
            report = report.field("feesEvidence", fees.iter().map(evidence_json).collect::<Vec<_>>());
        }
        report
    };
    let report = report.field("name", plan.name).field("insurer", account_of(&insurer).to_string());
    Ok(report.field("fees", count))
}

/// The file's amounts were turned into minor units by its own decimals: they must be the token's.
fn ensure_decimals(plan: &PlanFile, token: &Token, file: &Path) -> Result<(), Failure> {
    if plan.asset.decimals == token.decimals {
        return Ok(());
    }
    Err(Failure::input(
        "document.decimals",
        format!(
            "{}: asset.decimals is {}, the chain's token ({}) has {}",
            file.display(),
            plan.asset.decimals,
            token.symbol,
            token.decimals
        ),
        "set asset.decimals to that of the token",
    ))
}

fn amount(money: &Money, token: &Token) -> Result<Amount, Failure> {
    values::amount(&money.amount, token).map_err(|reason| {
        Failure::input(
            "input.amount",
            format!("{} is not an amount: {reason}", money.amount),
            format!("give it in whole {}, with at most {} decimals: 250.5", token.symbol, token.decimals),
        )
    })
}

async fn fund(global: &GlobalOptions, money: &Money) -> Result<Report, Failure> {
    let Suite { chain, deployment } = global.suite().await?;
    let amount = amount(money, chain.token())?;
    let message = deployment.claims().fund(PlanId(money.plan), amount);
    let what = format!("{} to the pool of plan {}", chain.token().show(amount.0), money.plan);
    moved(
        global,
        &Suite { chain, deployment },
        money,
        amount,
        &message,
        [&format!("add {what}"), &format!("added {what}")],
    )
    .await
}

async fn withdraw(global: &GlobalOptions, money: &Money) -> Result<Report, Failure> {
    let Suite { chain, deployment } = global.suite().await?;
    let amount = amount(money, chain.token())?;
    let message = deployment.claims().withdraw(PlanId(money.plan), amount);
    let what = format!("{} from the pool of plan {}", chain.token().show(amount.0), money.plan);
    let words = [&format!("withdraw {what}"), &format!("withdrew {what}")];
    moved(global, &Suite { chain, deployment }, money, amount, &message, words).await
}

async fn moved(
    global: &GlobalOptions,
    suite: &Suite,
    money: &Money,
    amount: Amount,
    message: &Message<(), ClaimsError>,
    [would, did]: [&String; 2],
) -> Result<Report, Failure> {
    let carried = global.carry_out(&suite.chain, &global.signer()?, message).await?;
    let report = carried.report(suite.chain.token(), would, did);
    Ok(report.field("plan", money.plan).field("amount", amount.0.to_string()))
}

async fn show(global: &GlobalOptions, id: PlanId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let plan = claims::plan(&suite, id).await?;
    let token = suite.chain.token();
    let (pool, free) = (plan.pool, plan.pool.free());
    Ok(Report::default()
        .field("plan", id.0)
        .field("insurer", client_account(plan.insurer).to_string())
        .field(
            "pool",
            json!({
                "funded": pool.funded.0.to_string(),
                "paid": pool.paid.0.to_string(),
                "reserved": pool.reserved.0.to_string(),
                "free": free.0.to_string(),
            }),
        )
        .field("terms", terms_json(&plan.terms))
        .line(format!("plan {} of {}", id.0, name(&directory, plan.insurer.as_ref())))
        .line(format!(
            "  pool: {} funded = {} paid + {} reserved + {} free",
            token.show(pool.funded.0),
            token.show(pool.paid.0),
            token.show(pool.reserved.0),
            token.show(free.0)
        ))
        .lines(terms_lines(&plan.terms, token)))
}

/// A limit; `None` where there is none.
fn limited(amount: Amount) -> Option<Amount> {
    Some(amount).filter(|amount| *amount != Amount::UNLIMITED)
}

fn terms_json(terms: &PlanTerms) -> Value {
    let exceptions = terms.exceptions.iter().map(|(category, share)| {
        json!({
            "category": category.code(),
            "copay": share.copay.0.to_string(),
            "coinsurance": share.coinsurance.0,
        })
    });
    json!({
        "deductible": terms.deductible.0.to_string(),
        "copay": terms.cost_share.copay.0.to_string(),
        "coinsurance": terms.cost_share.coinsurance.0,
        "exceptions": exceptions.collect::<Vec<_>>(),
        "outOfPocketMaximum": limited(terms.out_of_pocket_maximum).map(|it| it.0.to_string()),
        "benefitMaximum": limited(terms.benefit_maximum).map(|it| it.0.to_string()),
        "waitingPeriodMs": terms.waiting_period,
        "covered": terms.covered.iter().map(Category::code).collect::<Vec<_>>(),
        "settlementPeriodMs": terms.settlement_period,
    })
}

fn terms_lines(terms: &PlanTerms, token: &Token) -> Vec<String> {
    let show = |amount: Amount| limited(amount).map_or_else(|| "no limit".to_owned(), |it| token.show(it.0));
    let percent = |points: u16| format!("{}.{:02} %", points / 100, points % 100);
    let days = |milliseconds: u64| format!("{} days", milliseconds / (24 * 60 * 60 * 1000));
    let share = terms.cost_share;
    let mut lines = vec![
        format!("  deductible {}", show(terms.deductible)),
        format!("  copay {}, coinsurance {}", show(share.copay), percent(share.coinsurance.0)),
    ];
    lines.extend(terms.exceptions.iter().map(|(category, share)| {
        format!("    {}: copay {}, coinsurance {}", category.display(), show(share.copay), percent(share.coinsurance.0))
    }));
    let covered: Vec<&str> = terms.covered.iter().map(Category::display).collect();
    lines.extend([
        format!("  out-of-pocket maximum {}", show(terms.out_of_pocket_maximum)),
        format!("  benefit maximum {}", show(terms.benefit_maximum)),
        format!("  waiting period {}, settled within {}", days(terms.waiting_period), days(terms.settlement_period)),
        format!("  covers {}", covered.join(", ")),
    ]);
    lines
}

async fn cover(global: &GlobalOptions, plan: PlanId, file: &Path) -> Result<Report, Failure> {
    let (insurer, directory) = (global.signer()?, global.directory()?);
    let document = Document::read(file)?;
    let compiled = document.compile(salus_fhir::coverage::compile)?;
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let (member, carried) = if global.dry_run {
        document.ensure_is(&directory, "Coverage.payor", &compiled.payor, &account_of(&insurer))?;
        let member = document.resolve(&directory, "Coverage.beneficiary", &compiled.member)?;
        let message = suite.deployment.claims().cover(plan, ink_account(&member), compiled.period);
        (member, Carried::Planned(message.forecast(&suite.chain, &insurer).await?))
    } else {
        let (member, executed) = claims::cover(&suite, &insurer, plan, &document, &directory).await?;
        (member, Carried::Done(executed))
    };
    let period = show_period(compiled.period);
    let would = format!("cover {member} under plan {} {period}", plan.0);
    let did = format!("{member} is covered under plan {} {period}", plan.0);
    let report = carried.report(token, &would, &did).field("plan", plan.0);
    Ok(report.field("member", member.to_string()).field("period", period_json(compiled.period)))
}

async fn end_coverage(global: &GlobalOptions, plan: PlanId, member: &str, at: Timestamp) -> Result<Report, Failure> {
    let (insurer, member) = (global.signer()?, global.account(member)?);
    let Suite { chain, deployment } = global.suite().await?;
    let message = deployment.claims().end_coverage(plan, ink_account(&member), at);
    let carried = global.carry_out(&chain, &insurer, &message).await?;
    let end = show_time(at).unwrap_or_default();
    let would = format!("end the coverage of {member} under plan {} at {end}", plan.0);
    let did = format!("the coverage of {member} under plan {} ends at {end}", plan.0);
    let report = carried.report(chain.token(), &would, &did).field("plan", plan.0);
    Ok(report.field("member", member.to_string()).field("end", end))
}

async fn coverage(global: &GlobalOptions, plan: PlanId, member: &str) -> Result<Report, Failure> {
    let member = global.account(member)?;
    let suite = global.suite().await?;
    let terms = claims::plan(&suite, plan).await?.terms;
    let coverages = suite.deployment.claims().coverages(plan, ink_account(&member)).read(&suite.chain).await?;
    let token = suite.chain.token();
    let mut list = Vec::new();
    let mut report = match coverages.is_empty() {
        true => Report::default().line(format!("{member} was never covered under plan {}", plan.0)),
        false => Report::default().line(format!("{member} under plan {}", plan.0)),
    };
    for it in &coverages {
        let Accumulators { deductible, out_of_pocket, benefit } = it.used;
        let of = |used: Amount, limit: Amount| match limited(limit) {
            Some(limit) => format!("{} of {}", token.show(used.0), token.show(limit.0)),
            None => token.show(used.0),
        };
        report = report.line(format!("  {}", show_period(it.period))).line(format!(
            "    used: deductible {}, out of pocket {}, benefit {}",
            of(deductible, terms.deductible),
            of(out_of_pocket, terms.out_of_pocket_maximum),
            of(benefit, terms.benefit_maximum)
        ));
        list.push(json!({
            "period": period_json(it.period),
            "used": {
                "deductible": deductible.0.to_string(),
                "outOfPocket": out_of_pocket.0.to_string(),
                "benefit": benefit.0.to_string(),
            },
        }));
    }
    Ok(report.field("plan", plan.0).field("member", member.to_string()).field("coverages", list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_file_in_other_units_than_the_token_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/plan.json");
        let plan = Document::read(&file)?.compile(salus_fhir::plan::compile)?;
        let token = |decimals| Token { symbol: "UNIT".into(), decimals };
        assert!(ensure_decimals(&plan, &token(12), &file).is_ok());
        assert!(ensure_decimals(&plan, &token(10), &file).is_err_and(|failure| failure.code == "document.decimals"));
        Ok(())
    }

    #[test]
    fn what_is_no_amount_says_how_one_is_written() {
        let token = Token { symbol: "UNIT".into(), decimals: 12 };
        let money = Money { plan: 0, amount: "1,5".into() };
        let failure = amount(&money, &token).map_err(|failure| (failure.code, failure.next_step));
        assert_eq!(
            failure,
            Err(("input.amount".to_owned(), "give it in whole UNIT, with at most 12 decimals: 250.5".to_owned()))
        );
    }
}
