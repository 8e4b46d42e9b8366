//! `salus claim`: claims, line by line, and their settlement.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::operations::{account_of, claims, Suite};
use crate::output::{progress, say, table, Report};
use crate::values::{asset, show_time};
use salus_client::{client_account, Token};
use salus_domain::adjudicate::{LineOutcome, Split};
use salus_domain::codes::Reason;
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_interface::claims::{Claim, ClaimAdjudicated, ClaimPended, ClaimStatus, ClaimSubmitted, Receipt};
use serde_json::{json, Value};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// `salus claim`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClaimCommand {
    /// Submit a FHIR Claim; it is adjudicated in the same block
    #[command(after_help = "Example:
  salus claim submit samples/claim.json --plan 0 --directory samples/directory.json --consortium-key-file consortium.key \
--suri //Charlie

JSON: dryRun, claim, status: pended|adjudicated|settled, assumed [{path, category}], lines [{line, submitted, allowed,
adjustment, priorPayer, deductible, copay, coinsurance, noncovered, payer, patient, denied, reasons}], total (the same
amounts), evidence|forecast.")]
    Submit {
        /// A FHIR R4 Claim
        file: PathBuf,
        /// The number of the plan that is to pay
        #[arg(long)]
        plan: u32,
        /// The currency in which the claim counts; one of it is one token
        #[arg(long, default_value = "USD")]
        currency: String,
    },
    /// Adjudicate a pended claim anew, once the pool has money
    #[command(after_help = "Example:
  salus claim retry 3 --suri //Charlie

JSON: as of salus claim submit, without assumed.")]
    Retry {
        /// The claim's number
        claim: u64,
    },
    /// Pay adjudicated claims to their providers
    #[command(after_help = "Example:
  salus claim settle 0 --suri //Eve
  salus claim settle 0 1 2 --suri //Eve --json

The insurer's; once the plan's settlement period is over, anybody's. Of several claims, one that is refused does not keep
the others back; it then ends with 3.

JSON: dryRun, settled [{claim, amount}], refused [{claim, code, rule, nextStep}], total, evidence|forecast (a list: one for
each batch), brokenOff {code, message} where a later batch failed.")]
    Settle {
        /// The claims' numbers
        #[arg(required = true)]
        claims: Vec<u64>,
    },
    /// Show where a claim stands and where its money goes
    #[command(after_help = "Example:
  salus claim show 0
  salus claim show 0 --lines

JSON: claim, plan, member, provider, status, due, total {…}, lines (with --lines; null where it is not adjudicated).")]
    Show {
        /// The claim's number
        claim: u64,
        /// Line by line: read from the events of the chain, block by block since the suite was deployed
        #[arg(long)]
        lines: bool,
    },
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ClaimCommand) -> Result<Report, Failure> {
    match command {
        ClaimCommand::Submit { file, plan, currency } => submit(global, file, PlanId(*plan), currency).await,
        ClaimCommand::Retry { claim } => retry(global, ClaimId(*claim)).await,
        ClaimCommand::Settle { claims } => {
            let claims: Vec<ClaimId> = claims.iter().copied().map(ClaimId).collect();
            crate::commands::settle::run(global, &claims).await
        }
        ClaimCommand::Show { claim, lines } => show(global, ClaimId(*claim), *lines).await,
    }
}

async fn submit(global: &GlobalOptions, file: &Path, plan: PlanId, currency: &str) -> Result<Report, Failure> {
    let (provider, key, directory) = (global.signer()?, global.consortium_key()?, global.directory()?);
    let document = Document::read(file)?;
    let suite = global.suite().await?;
    let asset = asset(currency, suite.chain.token());
    let account = account_of(&provider);
    let prepared = claims::prepare(&suite, &account, plan, asset, &document, &directory, &key).await?;
    let carried = if global.dry_run {
        let message = suite.deployment.claims().submit(&prepared.submission);
        Carried::Planned(message.forecast(&suite.chain, &provider).await?)
    } else {
        Carried::Done(claims::submit(&suite, &provider, &prepared).await?)
    };
    let assumed: Vec<Value> = (prepared.compiled.assumed.iter())
        .map(|it| json!({ "path": it.path, "category": it.category.code() }))
        .collect();
    let words = prepared.compiled.assumed.iter();
    let words = words.map(|it| format!("assumed at {}: {}", it.path, it.category.display())).collect::<Vec<_>>();
    Ok(decided(&suite, &carried, "submit").await?.field("assumed", assumed).lines(words))
}

async fn retry(global: &GlobalOptions, claim: ClaimId) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let suite = global.suite().await?;
    let message = suite.deployment.claims().retry(claim);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    decided(&suite, &carried, "adjudicate").await
}

/// What was decided of a claim: by the events where it is on the chain, by the dry run where it is not.
async fn decided(suite: &Suite, carried: &Carried<Receipt>, verb: &str) -> Result<Report, Failure> {
    let token = suite.chain.token();
    let answer = carried.answer();
    let (id, status, total, lines) = match carried {
        Carried::Planned(_) => {
            let adjudication = &answer.adjudication;
            (answer.claim, answer.status, adjudication.total, adjudication.lines.clone())
        }
        Carried::Done(executed) => {
            let submitted = executed.event::<ClaimSubmitted>().ok().map(|event| event.claim);
            let adjudicated = executed.event::<ClaimAdjudicated>().ok();
            let pended = executed.event::<ClaimPended>().ok();
            let id = submitted.or(adjudicated.as_ref().map(|event| event.claim)).unwrap_or(answer.claim);
            let status = if pended.is_some() { ClaimStatus::Pended } else { ClaimStatus::Adjudicated };
            let lines = adjudicated.map_or_else(|| answer.adjudication.lines.clone(), |event| event.lines);
            (id, status, on_chain(suite, id).await?.total, lines)
        }
    };
    let (would, did) = match status {
        ClaimStatus::Pended => (
            format!("{verb} claim {}, which the pool cannot cover: it would be pended", id.0),
            format!("claim {} is pended: the pool cannot cover it", id.0),
        ),
        ClaimStatus::Adjudicated | ClaimStatus::Settled => (
            format!("{verb} claim {}: the plan would pay {}", id.0, token.show(total.payer.0)),
            format!("claim {} is adjudicated: the plan pays {}", id.0, token.show(total.payer.0)),
        ),
    };
    let report = carried.report(token, &would, &did).field("claim", id.0).field("status", word(status));
    let report = report.field("total", split_json(&total)).field("lines", lines_json(&lines));
    let report = report.lines(lines_table(&lines, &total, token));
    Ok(match status {
        ClaimStatus::Pended => report.line("  next: fund the pool (`salus plan fund`), then `salus claim retry`"),
        ClaimStatus::Adjudicated | ClaimStatus::Settled => report,
    })
}

async fn on_chain(suite: &Suite, claim: ClaimId) -> Result<Claim, Failure> {
    let found = suite.deployment.claims().claim(claim).read(&suite.chain).await?;
    found.ok_or_else(|| {
        let message = format!("there is no claim {} on this chain", claim.0);
        Failure::input("input.claim", message, "check the claim's number")
    })
}

const fn word(status: ClaimStatus) -> &'static str {
    match status {
        ClaimStatus::Pended => "pended",
        ClaimStatus::Adjudicated => "adjudicated",
        ClaimStatus::Settled => "settled",
    }
}

/// The columns of a split, in the order of the adjudication; the first adds up to adjustment, prior payer, payer and
/// patient.
const COLUMNS: [&str; 10] = [
    "submitted",
    "allowed",
    "adjustment",
    "prior payer",
    "deductible",
    "copay",
    "coinsurance",
    "noncovered",
    "payer",
    "patient",
];

const fn columns(split: &Split) -> [Amount; 10] {
    [
        split.submitted,
        split.allowed(),
        split.adjustment,
        split.prior_payer,
        split.deductible,
        split.copay,
        split.coinsurance,
        split.noncovered,
        split.payer,
        split.patient(),
    ]
}

fn split_json(split: &Split) -> Value {
    let names = COLUMNS.map(|name| if name == "prior payer" { "priorPayer" } else { name });
    let amounts =
        names.iter().zip(columns(split)).map(|(name, amount)| ((*name).to_owned(), amount.0.to_string().into()));
    Value::Object(amounts.collect())
}

fn lines_json(lines: &[LineOutcome]) -> Vec<Value> {
    let with_place = lines.iter().enumerate().map(|(place, line)| {
        let mut json = split_json(&line.split);
        json["line"] = (place + 1).into();
        json["denied"] = line.is_denied().into();
        json["reasons"] = line.reasons.iter().map(Reason::code).collect::<Vec<_>>().into();
        json
    });
    with_place.collect()
}

fn lines_table(lines: &[LineOutcome], total: &Split, token: &Token) -> Vec<String> {
    let asset = asset(&token.symbol, token);
    let amounts = |split: &Split| columns(split).map(|amount| asset.format(amount));
    let row = |first: String, split: &Split, last: String| {
        std::iter::once(first).chain(amounts(split)).chain([last]).collect::<Vec<String>>()
    };
    let head = ["line"].into_iter().chain(COLUMNS).chain(["reasons"]).map(str::to_owned);
    let mut rows = vec![head.collect()];
    for (place, line) in lines.iter().enumerate() {
        let reasons: Vec<&str> = line.reasons.iter().map(Reason::code).collect();
        let denied = if line.is_denied() { "DENIED: " } else { "" };
        rows.push(row((place + 1).to_string(), &line.split, format!("{denied}{}", reasons.join(", "))));
    }
    rows.push(row("total".into(), total, format!("in {}", token.symbol)));
    table(&rows, &[0, 11])
}

async fn show(global: &GlobalOptions, id: ClaimId, with_lines: bool) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let claim = on_chain(&suite, id).await?;
    let token = suite.chain.token();
    let mut report = Report::default()
        .line(format!("claim {} under plan {}: {}", id.0, claim.plan.0, word(claim.status)))
        .line(format!("  member {}", name(&directory, claim.member.as_ref())))
        .line(format!("  provider {}", name(&directory, claim.provider.as_ref())));
    if claim.status == ClaimStatus::Adjudicated {
        let due = show_time(claim.due).unwrap_or_else(|| "never".to_owned());
        report = report.line(format!("  anybody may settle it from {due} on"));
    }
    let lines = if with_lines { outcome(&suite, id).await? } else { None };
    let report = report.lines(lines_table(lines.as_deref().unwrap_or_default(), &claim.total, token));
    let report = if with_lines { report.field("lines", lines.as_deref().map(lines_json)) } else { report };
    Ok(report
        .field("claim", id.0)
        .field("plan", claim.plan.0)
        .field("member", client_account(claim.member).to_string())
        .field("provider", client_account(claim.provider).to_string())
        .field("status", word(claim.status))
        .field("due", show_time(claim.due))
        .field("total", split_json(&claim.total)))
}

/// The outcome of a claim line by line, as it was decided last; `None` where it was not adjudicated.
async fn outcome(suite: &Suite, id: ClaimId) -> Result<Option<Vec<LineOutcome>>, Failure> {
    let to = suite.chain.block_number().await?;
    let claims = suite.deployment.claims();
    let events = suite.chain.contract_events(claims.address(), suite.deployment.block, to, progress()).await?;
    if std::io::stderr().is_terminal() {
        say("");
    }
    let decided = events.iter().rev().filter_map(|located| located.event.decode::<ClaimAdjudicated>());
    Ok(decided.filter(|event| event.claim == id).map(|event| event.lines).next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::codes::ReasonSet;

    #[test]
    fn a_line_has_each_amount_once_and_its_reasons_by_code() {
        let split = Split { submitted: Amount(10), payer: Amount(7), copay: Amount(3), ..Split::default() };
        let line = LineOutcome { split, reasons: ReasonSet::of(&[Reason::Copay]) };
        let json = Value::from(lines_json(&[line]));
        assert_eq!(json[0]["submitted"], "10");
        assert_eq!(json[0]["patient"], "3");
        assert_eq!(json[0]["priorPayer"], "0");
        assert_eq!(json[0]["denied"], false);
        assert_eq!(json[0]["reasons"], json!(["copay"]));
    }

    #[test]
    fn the_table_names_every_column_and_the_total() {
        let token = Token { symbol: "UNIT".into(), decimals: 2 };
        let split = Split { submitted: Amount(1234), noncovered: Amount(1234), ..Split::default() };
        let line = LineOutcome { split, reasons: Reason::NotCovered.into() };
        let table = lines_table(&[line], &split, &token);
        assert!(COLUMNS.iter().all(|name| table[0].contains(name)));
        assert!(table[1].contains("12.34") && table[1].ends_with("DENIED: not-covered"));
        assert!(table[2].starts_with("total"));
    }
}
