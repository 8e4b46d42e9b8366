//! How FHIR Claims are read: what may be filled in that they do not say, and what other insurers paid.

use crate::failure::Failure;
use crate::operations::claims::filing;
use crate::operations::documents::Document;
use salus_fhir::claim::{prior_payment, Assumed, ClaimOptions, Unpriced};
use salus_fhir::decimal::Asset;
use serde_json::{json, Value};
use std::path::PathBuf;

/// What the commands that read claims have in common.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Reading claims")]
pub struct Reading {
    /// What becomes of lines without a price
    #[arg(long, value_enum, value_name = "HOW", default_value = "refuse")]
    unpriced: UnpricedLines,
    /// What insurers paid that come before: their FHIR ExplanationOfBenefit or ClaimResponse, one each
    #[arg(long, value_name = "FILE", num_args = 1..)]
    prior: Vec<PathBuf>,
    /// The system under which the id of a claim without an identifier is its number; without it, such a claim is refused
    #[arg(long, value_name = "SYSTEM")]
    id_system: Option<String>,
    /// The coverage of a claim that only describes its coverage; without it, such a claim is refused
    #[arg(long, value_name = "REFERENCE")]
    default_coverage: Option<String>,
}

/// What becomes of lines that have neither a net nor a unit price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum UnpricedLines {
    /// The claim is refused.
    Refuse,
    /// What the priced lines leave of the total is charged for the one line of an encounter or a prescription; the others charge
    /// nothing, and are left out (as Synthea writes claims).
    Remainder,
}

impl Reading {
    /// How claims are compiled whose amounts are in `asset`.
    ///
    /// # Errors
    /// [`Failure`] where another insurer's answer cannot be used.
    pub fn options(&self, asset: Asset) -> Result<ClaimOptions, Failure> {
        let mut prior = Vec::new();
        for file in &self.prior {
            prior.push(Document::read(file)?.compile(|bytes| prior_payment(bytes, &asset))?);
        }
        Ok(ClaimOptions {
            id_system: self.id_system.clone(),
            default_coverage: self.default_coverage.clone(),
            unpriced: match self.unpriced {
                UnpricedLines::Refuse => Unpriced::Refuse,
                UnpricedLines::Remainder => Unpriced::Remainder,
            },
            prior,
            ..filing::options(asset)
        })
    }

    /// Whether what another insurer paid is given: it is about one claim.
    #[must_use]
    pub const fn is_about_one_claim(&self) -> bool {
        !self.prior.is_empty()
    }
}

/// What was filled in, as JSON: `[{path, what}]`.
#[must_use]
pub fn assumed_json(assumed: &[Assumed]) -> Vec<Value> {
    assumed.iter().map(|one| json!({ "path": one.path, "what": one.what.to_string() })).collect()
}

/// What was filled in, in words.
#[must_use]
pub fn assumed_lines(assumed: &[Assumed]) -> Vec<String> {
    assumed.iter().map(|one| format!("  assumed at {}: {}", one.path, one.what)).collect()
}
