//! `salus claim eligibility`: what a coverage is worth, before a treatment.

use super::explain::{not_explained, written};
use super::limits::{limit_json, limit_line};
use super::lines::{line_json, named_table, split_json};
use super::reading::{assumed_json, assumed_lines, Reading};
use super::unlisted::unlisted_of;
use super::word;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::claims::asked::{self, Asked};
use crate::operations::claims::eligibility::{quote, standing, unlisted, Basis, Quote, Standing};
use crate::operations::claims::explained::{coverage_urn, reference};
use crate::operations::claims::filing::{prepare_for_its_provider, PreparedClaim};
use crate::operations::claims::{self, balances, plan_and_asset, ConsortiumKey};
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::operations::Suite;
use crate::output::Report;
use crate::values::{period_json, show_claim, show_day, show_period};
use salus_client::{client_account, AccountId32};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::time::{Timestamp, DAY};
use salus_fhir::claim::Assumed;
use salus_fhir::decimal::Asset;
use salus_fhir::eligibility_request::CompiledEligibilityRequest;
use salus_fhir::explain::{self, eligibility_response, Eligibility, Parties, Party};
use salus_interface::claims::ClaimStatus;
use serde_json::{json, Value};
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim eligibility --plan 0 --member Patient/rosa-marin --directory samples/directory.json
  salus claim eligibility --plan 0 --claim samples/claim.json --directory samples/directory.json \
--consortium-key-file consortium.key
  salus claim eligibility --plan 0 --member Patient/rosa-marin --provider Practitioner/dr-adams --fhir
  salus claim eligibility --plan 0 --request samples/eligibility-request.json --directory samples/directory.json \
--consortium-key-file consortium.key

Signs and costs nothing. With a FHIR Claim, the contract is asked what it would decide if the claim's provider submitted it now. Of days
to come, of a frozen plan, and for a provider without tokens, that is computed by the same rules; of credentials and consent it is then
taken for granted that they are there. With a CoverageEligibilityRequest (--request), the same is said of its items that name a service and a price; options
that say something else than the request are refused.

JSON: plan, frozen (it takes no claims at the moment), member, day, covered, coverage|null {period {start, end}, subscriber, secondary, version}, limits [{measure, category|null,
network|null, unit, term, since|null, limit, used, left}], quote|null {basis: dry-run|prediction, claim (null of a request), status,
lines (of a request, line is the place of its item from 1 on), total as of salus claim submit, assumed [{path, what}], unlisted [line]
(not in the plan's fee schedule)}; with --request also request|null (what it is called), notPredicted (the places of the other items).
With --fhir, the output is a CoverageEligibilityResponse: it tells the terms of all categories, and no quote; its request is that of
--request.";

/// Whose coverage, and for what.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("whom").args(["member", "document", "request"]).required(true).multiple(true)))]
pub struct EligibilityOptions {
    /// The number of the plan
    #[arg(long)]
    plan: u32,
    /// The member: an account, or a reference of the directory [default: the claim's or the request's patient]
    #[arg(long)]
    member: Option<String>,
    /// The day of the treatment: 2026-09-07 [default: the first day of the claim, the day of the request, or today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    day: Option<Timestamp>,
    /// What a treatment would cost: a FHIR Claim of it
    #[arg(long = "claim", value_name = "FILE", id = "document")]
    document: Option<PathBuf>,
    /// What is asked: a FHIR R4 CoverageEligibilityRequest. It says who is to be treated, when, under which coverage, and for what
    #[arg(long, value_name = "FILE", conflicts_with_all = ["document", "unpriced", "prior", "id_system", "default_coverage"])]
    request: Option<PathBuf>,
    /// As a FHIR R4 CoverageEligibilityResponse: the coverage, its terms and its limits
    #[arg(long, conflicts_with = "document")]
    fhir: bool,
    /// Who asks, for FHIR and for a request: an account, or a reference of the directory [default: the request's provider, or who signs]
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
    let request = options.request.as_deref().map(Document::read).transpose()?;
    let member = options.member.as_deref().map(|member| global.account(member)).transpose()?;
    let provider = options.provider.as_deref().map(|provider| global.account(provider)).transpose()?;
    let suite = global.suite().await?;
    let plan = PlanId(options.plan);
    let (_, paid_in) = plan_and_asset(&suite, plan).await?;
    let asset = Asset { currency: options.currency.clone(), ..paid_in };
    let asked = match &request {
        Some(request) => Some(asked::read(&suite, plan, request, &directory, &asset).await?),
        None => None,
    };
    let claim = match &document {
        Some(document) => {
            let (key, reading) = (global.consortium_key()?, options.reading.options(asset.clone())?);
            Some(prepare_for_its_provider(&suite, plan, &reading, document, &directory, &key).await?)
        }
        None => None,
    };
    let patient = claim.as_ref().map(|claim| AccountId32(claim.submission.member.0));
    let patient = patient.or_else(|| asked.as_ref().map(|asked| asked.member));
    // The command line has one of them.
    let member = agreed("member", member, patient)?.unwrap_or(AccountId32([0; 32]));
    let named = claim.as_ref().map(|claim| &claim.provider).or_else(|| asked.as_ref()?.provider.as_ref());
    let provider = agreed("provider", provider, named.cloned())?;
    let provider = || provider.map_or_else(|| who_signs(global), Ok);
    let now = suite.chain.now().await?;
    let first = claim.as_ref().and_then(|claim| claim.submission.days.iter().map(|day| day.date).min());
    let day = day_of(options.day, asked.as_ref())?.or(first).unwrap_or(Timestamp(now.0 - now.0 % DAY));
    let standing = standing(&suite, plan, &member, day).await?;
    if options.fhir {
        let provider = reference(&directory, &provider()?, Party::Provider);
        let parties = Parties {
            patient: reference(&directory, &member, Party::Patient),
            insurer: reference(&directory, &client_account(standing.plan.insurer), Party::Insurer),
            coverage: coverage_urn(plan, &member),
            provider,
        };
        let request = asked.map(|asked| Answered::of(asked.compiled, &parties)).transpose()?;
        return as_fhir(&standing, request.unwrap_or(Answered { parties, request: None }), day, now, asset);
    }
    let report = in_words(&standing, plan, &name(&directory, &member.0), day, &asset);
    let report = with_request(report.field("member", member.to_string()), asked.as_ref());
    let quoted = match (claim, &asked) {
        (Some(claim), _) => Quoted::of_claim(&suite, claim, plan).await?,
        (None, Some(asked)) if asked.has_lines() => {
            Quoted::of_request(&suite, asked.claim(plan, &provider()?, &global.consortium_key()?), plan).await?
        }
        (None, _) => return Ok(report.field("quote", Value::Null)),
    };
    Ok(quoted.told(report, &asset, &global.consortium_key()?))
}

/// Who asks, where neither an option nor a document says it.
fn who_signs(global: &GlobalOptions) -> Result<AccountId32, Failure> {
    global.account_or_signer(None).map_err(|failure| match failure.exit {
        Exit::Usage => {
            Failure::usage("nobody signs, and nothing says who asks", "name who asks (--provider), or sign (--suri)")
        }
        _ => failure,
    })
}

/// An account that an option and a document name: they must be the same.
fn agreed(
    what: &str,
    option: Option<AccountId32>,
    document: Option<AccountId32>,
) -> Result<Option<AccountId32>, Failure> {
    match (option, document) {
        (Some(option), Some(document)) if option != document => {
            let message = format!("the document names {document} as the {what}, and --{what} {option}");
            Err(Failure::input("document.otherParty", message, format!("leave out --{what}")))
        }
        (option, document) => Ok(option.or(document)),
    }
}

/// The day that an option or a request names: they must be the same.
fn day_of(option: Option<Timestamp>, asked: Option<&Asked>) -> Result<Option<Timestamp>, Failure> {
    let asked = asked.map(|asked| asked.compiled.day);
    match (option, asked) {
        (Some(option), Some(asked)) if option != asked => {
            let message = format!("the request is about {}, and --day is {}", show_day(asked), show_day(option));
            Err(Failure::input("document.otherDay", message, "leave out --day"))
        }
        (option, asked) => Ok(option.or(asked)),
    }
}

/// Whom an answer in FHIR is about, and what it answers.
struct Answered {
    parties: Parties,
    request: Option<String>,
}

impl Answered {
    /// The answer to a request names everybody as the request does.
    fn of(request: CompiledEligibilityRequest, parties: &Parties) -> Result<Self, Failure> {
        let CompiledEligibilityRequest { reference: Some(reference), patient, provider, insurer, coverage, .. } =
            request
        else {
            let message = "the request has neither an id nor an identifier that the answer could refer to";
            return Err(Failure::input("document.unnamed", message, "give the request an id"));
        };
        let parties = Parties {
            patient,
            provider: provider.unwrap_or_else(|| parties.provider.clone()),
            insurer,
            coverage: coverage.unwrap_or_else(|| parties.coverage.clone()),
        };
        Ok(Self { parties, request: Some(reference) })
    }
}

fn as_fhir(
    standing: &Standing,
    answered: Answered,
    day: Timestamp,
    created: Timestamp,
    asset: Asset,
) -> Result<Report, Failure> {
    let kept: Vec<_> = standing.kept.iter().map(|(unit, term, used)| (*unit, *term, used)).collect();
    let asked = Eligibility {
        parties: answered.parties,
        request: answered.request,
        created,
        day,
        coverage: standing.coverage.as_ref().map(|coverage| coverage.period),
        frozen: standing.plan.frozen,
        terms: &standing.terms,
        balances: explain::balances(&standing.terms.limits, &kept),
        asset,
    };
    written(&eligibility_response(&asked).map_err(|error| not_explained(&error))?)
}

/// With what is said of a request beside what it would cost.
fn with_request(report: Report, asked: Option<&Asked>) -> Report {
    let Some(asked) = asked else { return report };
    let left_out = asked.not_predicted();
    report
        .lines(left_out.iter().map(|item| format!("  item {item} is not predicted: it names no service, or no price")))
        .field("request", asked.compiled.reference.clone())
        .field("notPredicted", left_out)
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
    if standing.plan.frozen {
        report = report.line(format!("  plan {} is frozen: it takes no claims at the moment", plan.0));
    }
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
        .field("frozen", standing.plan.frozen)
        .field("day", date)
        .field("covered", covered)
        .field("coverage", coverage)
        .field("limits", limits)
}

/// What a claim would come to.
struct Quoted {
    /// Its id; `None`: it is made up of the items of a request.
    claim: Option<ClaimId>,
    /// What its lines are called.
    numbers: Vec<u32>,
    quote: Quote,
    /// The lines that the plan's fee schedule has no price for.
    unlisted: Vec<u32>,
    assumed: Vec<Assumed>,
}

impl Quoted {
    /// Of a claim, whose lines are numbered from 1 on.
    async fn of_claim(suite: &Suite, claim: PreparedClaim, plan: PlanId) -> Result<Self, Failure> {
        let numbers = (1..).zip(&claim.compiled.items).map(|(number, _)| number).collect();
        Ok(Self { claim: Some(claim.id(plan)), ..Self::of(suite, claim, plan, numbers).await? })
    }

    /// Of the items of a request, which have their numbers there.
    async fn of_request(suite: &Suite, items: PreparedClaim, plan: PlanId) -> Result<Self, Failure> {
        let numbers = items.compiled.items.iter().map(|item| item.sequence).collect();
        Self::of(suite, items, plan, numbers).await
    }

    async fn of(suite: &Suite, claim: PreparedClaim, plan: PlanId, numbers: Vec<u32>) -> Result<Self, Failure> {
        let quote = quote(suite, &claim, plan).await?;
        let places = unlisted(suite, plan, &claim.submission).await?;
        let unlisted = (1..).zip(&numbers).filter(|(place, _)| places.contains(place)).map(|(_, number)| *number);
        Ok(Self { claim: None, unlisted: unlisted.collect(), numbers, quote, assumed: claim.compiled.assumed })
    }

    fn told(&self, report: Report, asset: &Asset, key: &ConsortiumKey) -> Report {
        let lines = || self.numbers.iter().zip(&self.quote.lines);
        let total = claims::sum(self.quote.lines.iter().map(|line| &line.split));
        let (basis, said) = match self.quote.basis {
            Basis::DryRun => ("dry-run", "the contract would decide"),
            Basis::Prediction => ("prediction", "by the contract's rules, it would be decided"),
        };
        let waits = match self.quote.status {
            ClaimStatus::AwaitsFunds => Some("the pool cannot cover it"),
            ClaimStatus::AwaitsAuthorisation => Some("a line needs prior authorisation"),
            _ => None,
        };
        let owed = asset.format(total.patient());
        let json = json!({
            "basis": basis,
            "claim": self.claim.map(show_claim),
            "status": word(self.quote.status),
            "lines": lines().map(|(number, line)| line_json(*number, line)).collect::<Vec<_>>(),
            "total": split_json(&total),
            "assumed": assumed_json(&self.assumed),
            "unlisted": self.unlisted,
        });
        report
            .line(format!("{said}: the patient would owe {owed} {}", asset.currency))
            .lines(named_table("line", lines().map(|(number, line)| (number.to_string(), line)), &total, asset))
            .lines(waits.map(|waits| format!("  it would wait: {waits}")))
            .lines(assumed_lines(&self.assumed))
            .lines(unlisted_of(&self.unlisted, self.numbers.len(), key))
            .field("quote", json)
    }
}
