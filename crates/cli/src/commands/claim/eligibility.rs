//! `salus claim eligibility`: what a coverage is worth, before a treatment.

use super::explain::{not_explained, written};
use super::limits::{limit_json, limit_line};
use super::lines::{lines_json, lines_table, split_json};
use super::reading::{assumed_json, assumed_lines, Reading};
use super::word;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::claims::eligibility::{quote, standing, Basis, Quote, Standing};
use crate::operations::claims::explained::{coverage_urn, reference};
use crate::operations::claims::filing::{prepare_for_its_provider, PreparedClaim};
use crate::operations::claims::{self, balances, plan_and_asset};
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::output::Report;
use crate::values::{period_json, show_claim, show_day, show_period};
use salus_client::{client_account, AccountId32};
use salus_domain::ids::PlanId;
use salus_domain::time::{Timestamp, DAY};
use salus_fhir::decimal::Asset;
use salus_fhir::explain::{self, eligibility_response, Eligibility, Parties};
use salus_interface::claims::ClaimStatus;
use serde_json::{json, Value};
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim eligibility --plan 0 --member Patient/rosa-marin --directory samples/directory.json
  salus claim eligibility --plan 0 --claim samples/claim.json --directory samples/directory.json \
--consortium-key-file consortium.key
  salus claim eligibility --plan 0 --member Patient/rosa-marin --provider Practitioner/dr-adams --fhir

Signs and costs nothing. With a FHIR Claim, the contract is asked what it would decide if the claim's provider submitted it now. Of days
to come, and for a provider without tokens, that is computed by the same rules; of credentials and consent it is then taken for granted
that they are there.

JSON: plan, member, day, covered, coverage|null {period {start, end}, subscriber, secondary, version}, limits [{measure, category|null,
network|null, unit, term, since|null, limit, used, left}], quote|null {basis: dry-run|prediction, claim, status, lines, total as of salus
claim submit, assumed [{path, what}]}. With --fhir, the output is a CoverageEligibilityResponse.";

/// Whose coverage, and for what.
#[derive(Clone, Debug, clap::Args)]
pub struct EligibilityOptions {
    /// The number of the plan
    #[arg(long)]
    plan: u32,
    /// The member: an account, or a reference of the directory [default: the claim's patient]
    #[arg(long, required_unless_present = "document")]
    member: Option<String>,
    /// The day of the treatment: 2026-09-07 [default: the first day of the claim, or today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    day: Option<Timestamp>,
    /// What a treatment would cost: a FHIR Claim of it
    #[arg(long = "claim", value_name = "FILE", id = "document")]
    document: Option<PathBuf>,
    /// As a FHIR R4 CoverageEligibilityResponse: the coverage, its terms and its limits
    #[arg(long, conflicts_with = "document")]
    fhir: bool,
    /// Who asks, for FHIR: an account, or a reference of the directory [default: who signs]
    #[arg(long)]
    provider: Option<String>,
    /// The currency in which claims count; one of it is one token
    #[arg(long, default_value = "USD")]
    currency: String,
    #[command(flatten)]
    reading: Reading,
}

fn day(text: &str) -> Result<Timestamp, String> {
    salus_fhir::date::day(text).map_err(|_| "a day is written as 2026-09-07".to_owned())
}

/// Answers.
///
/// # Errors
/// [`Failure`].
pub async fn eligibility(global: &GlobalOptions, options: &EligibilityOptions) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let document = options.document.as_deref().map(Document::read).transpose()?;
    let named = options.member.as_deref().map(|member| global.account(member)).transpose()?;
    let suite = global.suite().await?;
    let plan = PlanId(options.plan);
    let (_, paid_in) = plan_and_asset(&suite, plan).await?;
    let asset = Asset { currency: options.currency.clone(), ..paid_in };
    let claim = match &document {
        Some(document) => {
            let (key, reading) = (global.consortium_key()?, options.reading.options(asset.clone())?);
            Some(prepare_for_its_provider(&suite, plan, &reading, document, &directory, &key).await?)
        }
        None => None,
    };
    let patient = claim.as_ref().map(|claim| AccountId32(claim.submission.member.0));
    let member = match (named, patient) {
        (Some(named), Some(patient)) if named != patient => {
            let message = format!("the claim is about {patient}, not about {named}");
            return Err(Failure::input("document.otherParty", message, "leave out --member"));
        }
        // The command line has one of them.
        (named, patient) => named.or(patient).unwrap_or(AccountId32([0; 32])),
    };
    let now = suite.chain.now().await?;
    let first = claim.as_ref().and_then(|claim| claim.submission.days.iter().map(|day| day.date).min());
    let day = options.day.or(first).unwrap_or(Timestamp(now.0 - now.0 % DAY));
    let standing = standing(&suite, plan, &member, day).await?;
    if options.fhir {
        let provider = global.account_or_signer(options.provider.as_deref())?;
        let parties = Parties {
            patient: reference(&directory, &member, "Patient/"),
            provider: reference(&directory, &provider, ""),
            insurer: reference(&directory, &client_account(standing.plan.insurer), "Organization/"),
            coverage: coverage_urn(plan, &member),
        };
        return as_fhir(&standing, parties, day, now, asset);
    }
    let quoted = match &claim {
        Some(claim) => Some((claim, quote(&suite, claim, plan).await?)),
        None => None,
    };
    let report = in_words(&standing, plan, &name(&directory, &member.0), day, &asset);
    let report = report.field("member", member.to_string());
    Ok(match &quoted {
        None => report.field("quote", Value::Null),
        Some((claim, quote)) => with_quote(report, claim, quote, plan, &asset),
    })
}

fn as_fhir(
    standing: &Standing,
    parties: Parties,
    day: Timestamp,
    created: Timestamp,
    asset: Asset,
) -> Result<Report, Failure> {
    let kept: Vec<_> = standing.kept.iter().map(|(unit, term, used)| (*unit, *term, used)).collect();
    let asked = Eligibility {
        parties,
        request: None,
        created,
        day,
        coverage: standing.coverage.as_ref().map(|coverage| coverage.period),
        terms: &standing.terms,
        balances: explain::balances(&standing.terms.limits, &kept),
        asset,
    };
    written(&eligibility_response(&asked).map_err(|error| not_explained(&error))?)
}

fn in_words(standing: &Standing, plan: PlanId, member: &str, day: Timestamp, asset: &Asset) -> Report {
    let coverage = standing.coverage.as_ref();
    let covered = coverage.is_some_and(|coverage| coverage.period.contains(day));
    let date = show_day(day);
    let mut report = Report::default().line(match (covered, coverage) {
        (true, _) => format!("{member} is covered under plan {} on {date}", plan.0),
        (false, Some(_)) => format!("{member} is not covered under plan {} on {date}", plan.0),
        (false, None) => format!("{member} was never covered under plan {}", plan.0),
    });
    let mut limits = Vec::new();
    if let Some(coverage) = coverage {
        let secondary = if coverage.secondary { ", after another insurer" } else { "" };
        report = report.line(format!("  {}{secondary}", show_period(coverage.period)));
        for limit in &standing.terms.limits {
            let (used, since) = (balances::used(&standing.kept, limit), balances::since(limit.term, coverage, day));
            report = report.line(format!("  {}", limit_line(limit, used, since, asset)));
            limits.push(limit_json(limit, used, since));
        }
    }
    let coverage = coverage.map(|coverage| {
        json!({
            "period": period_json(coverage.period),
            "subscriber": client_account(coverage.subscriber).to_string(),
            "secondary": coverage.secondary,
            "version": coverage.version,
        })
    });
    report
        .field("plan", plan.0)
        .field("day", date)
        .field("covered", covered)
        .field("coverage", coverage)
        .field("limits", limits)
}

fn with_quote(report: Report, claim: &PreparedClaim, quote: &Quote, plan: PlanId, asset: &Asset) -> Report {
    let total = claims::sum(quote.lines.iter().map(|line| &line.split));
    let (basis, said) = match quote.basis {
        Basis::DryRun => ("dry-run", "the contract would decide"),
        Basis::Prediction => ("prediction", "by the contract's rules, it would be decided"),
    };
    let waits = match quote.status {
        ClaimStatus::AwaitsFunds => Some("the pool cannot cover it"),
        ClaimStatus::AwaitsAuthorisation => Some("a line needs prior authorisation"),
        _ => None,
    };
    let owed = asset.format(total.patient());
    let json = json!({
        "basis": basis,
        "claim": show_claim(claim.id(plan)),
        "status": word(quote.status),
        "lines": lines_json(&quote.lines),
        "total": split_json(&total),
        "assumed": assumed_json(&claim.compiled.assumed),
    });
    report
        .line(format!("{said}: the patient would owe {owed} {}", asset.currency))
        .lines(lines_table(&quote.lines, &total, asset))
        .lines(waits.map(|waits| format!("  it would wait: {waits}")))
        .lines(assumed_lines(&claim.compiled.assumed))
        .field("quote", json)
}
