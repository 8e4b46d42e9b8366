//! `salus claim explain`: a decision, for those whom it is about.

use super::lines::{line_json, split_json};
use super::reading::Reading;
use super::word;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::claims::explained::{explained, Beside};
use crate::operations::claims::{self, plan_and_asset, told};
use crate::operations::documents::Document;
use crate::output::{progress, say, through_blocks, Report};
use crate::values::{self, show_claim, show_day};
use salus_domain::ids::ClaimId;
use salus_fhir::decimal::Asset;
use salus_fhir::explain::{claim_response, explanation_of_benefit, words, Decided, NotExplained, Resource, Service};
use serde_json::{json, Value};
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim explain 6b0e000000000000000000000000000000000000000000000000000000000001 --directory samples/directory.json
  salus claim explain 6b0e000000000000000000000000000000000000000000000000000000000001 --claim samples/claim.json --fhir eob

What was claimed is read from the events of the chain, which know procedures by commitments only. With the FHIR Claim (--claim) they
are named; with the consortium's key, they are compared with the commitments.

JSON: claim, plan, status, compared|null (whether the codes of --claim were compared), text, lines [{line, system|null, code|null, tag, category, date, text, and the amounts of salus claim
submit}], total {…}. With --fhir, the output is the FHIR resource.";

/// What is said where the codes are only the document's.
const NOT_COMPARED: &str = "codes not compared: no consortium key (--consortium-key-file)";

/// Which claim, and how it is told.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainOptions {
    /// The claim's id
    #[arg(value_parser = values::claim)]
    claim: ClaimId,
    /// As a FHIR R4 resource
    #[arg(long, value_enum, value_name = "KIND")]
    fhir: Option<Kind>,
    /// The FHIR Claim that was submitted
    #[arg(long = "claim", value_name = "FILE")]
    document: Option<PathBuf>,
    /// The currency in which the claim counts; one of it is one token
    #[arg(long, default_value = "USD")]
    currency: String,
    #[command(flatten)]
    reading: Reading,
}

/// A FHIR resource about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// ExplanationOfBenefit: for the patient.
    Eob,
    /// ClaimResponse: for the provider.
    ClaimResponse,
}

/// Explains.
///
/// # Errors
/// [`Failure`].
pub async fn explain(global: &GlobalOptions, options: &ExplainOptions) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let key = global.consortium_key_file.as_ref().map(|_| global.consortium_key()).transpose()?;
    let document = options.document.as_deref().map(Document::read).transpose()?;
    let suite = global.suite().await?;
    let claim = claims::claim(&suite, options.claim).await?;
    let (_, paid_in) = plan_and_asset(&suite, claim.plan).await?;
    let asset = Asset { currency: options.currency.clone(), ..paid_in };
    let reading = options.reading.options(asset.clone())?;
    let told = through_blocks(told::one(&suite, options.claim, progress())).await?;
    let compared = document.as_ref().map(|_| key.is_some());
    let document = document.as_ref().map(|document| (document, &reading));
    let beside = Beside { directory: &directory, asset, document, key: key.as_ref() };
    let decided = explained(&suite, &claim, &told, &beside).await?;
    let resource = match options.fhir {
        None => {
            let words = words::explain(&decided).map_err(|error| not_explained(&error))?;
            let report = in_words(&decided, &words).field("plan", claim.plan.0).field("status", word(claim.status));
            let not_compared = (compared == Some(false)).then(|| format!("  {NOT_COMPARED}"));
            return Ok(report.field("compared", compared).lines(not_compared));
        }
        Some(Kind::Eob) => explanation_of_benefit(&decided),
        Some(Kind::ClaimResponse) => claim_response(&decided),
    };
    if compared == Some(false) {
        say(NOT_COMPARED);
    }
    written(&resource.map_err(|error| not_explained(&error))?)
}

/// A FHIR resource as what the command says, to the last digit.
///
/// # Errors
/// [`Failure`].
pub fn written(resource: &Resource) -> Result<Report, Failure> {
    match serde_json::to_string_pretty(resource) {
        Ok(text) => Ok(Report::default().document(text)),
        Err(error) => Err(Failure::new(Exit::Internal, "internal", error.to_string(), "do the same again")),
    }
}

/// Why FHIR cannot say it.
#[must_use]
pub fn not_explained(error: &NotExplained) -> Failure {
    let next = match error {
        NotExplained::Currency(_) => "name the currency in which the claim counts (--currency)",
        NotExplained::RepeatedSequence(_) | NotExplained::Number(_) | NotExplained::Text(_) => {
            "mend the FHIR Claim or the directory"
        }
        NotExplained::Time | NotExplained::NoLines | NotExplained::Sums => "see it without --fhir (`salus claim show`)",
    };
    Failure::input("input.notExplained", format!("it cannot be told like that: {error}"), next)
}

fn in_words(decided: &Decided, words: &words::Words) -> Report {
    let lines = decided.lines.iter().zip(&words.lines).map(|(line, (_, text))| {
        let mut json = line_json(line.sequence, &line.outcome);
        let (system, code, tag) = match &line.service {
            Service::Known { system, code } => (Some(system), Some(code), None),
            Service::Committed(tag) => (None, None, Some(format!("0x{}", hex::encode(tag.0)))),
        };
        json["system"] = json!(system);
        json["code"] = json!(code);
        json["tag"] = json!(tag);
        json["category"] = line.category.code().into();
        json["date"] = show_day(line.date).into();
        json["text"] = text.as_str().into();
        json
    });
    let said = decided.lines.iter().zip(&words.lines).map(|(line, (number, text))| {
        let code = match &line.service {
            Service::Known { code, .. } => format!(" ({code})"),
            Service::Committed(_) => String::new(),
        };
        format!("  {number}{code}. {text}")
    });
    Report::default()
        .field("claim", show_claim(decided.claim))
        .field("text", words.claim.clone())
        .field("lines", lines.collect::<Vec<Value>>())
        .field("total", split_json(&decided.total))
        .line(words.claim.clone())
        .lines(said)
}
