//! FHIR R4 `CoverageEligibilityRequest`: what a coverage promises for a treatment that is to be.
//! <https://hl7.org/fhir/R4/coverageeligibilityrequest.html>
//!
//! The answer is rendered by [`crate::explain::eligibility_response()`]; what the patient would owe, [`salus_domain::adjudicate`]
//! predicts of the items.

use crate::claim::{count, money, service, ClaimItem};
use crate::coding::{known_concept, BENEFIT_CATEGORY};
use crate::date::{day, day_of_period, ensure_date};
use crate::decimal::{Asset, Decimal};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::{identifier_key, Reference, COVERAGE, INSURER, PATIENT, PROVIDER};
use salus_domain::claim::MAX_LINES;
use salus_domain::codes::Category;
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;

/// A compiled request. References are as they are written, or `system|value` where only an identifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledEligibilityRequest {
    /// How an answer refers to it: `CoverageEligibilityRequest/id`, or else the first identifier; `None`: it has neither.
    pub reference: Option<String>,
    /// Who is to be treated.
    pub patient: String,
    /// Who asks, where the document says so.
    pub provider: Option<String>,
    /// Who is asked.
    pub insurer: String,
    /// The coverage that is asked about: the focal one, or else the only one; `None`: any that the insurer knows of.
    pub coverage: Option<String>,
    /// The day of the treatment (`serviced[x]`), or else the one on which it is asked (`created`): midnight UTC.
    pub day: Timestamp,
    /// What is to be done, at most [`MAX_LINES`]; empty: the coverage as a whole is asked about.
    pub items: Vec<EligibilityItem>,
}

/// One service (`CoverageEligibilityRequest.item`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EligibilityItem {
    /// The code system and the code of the service; `None`: all of the category are asked about.
    pub service: Option<(String, String)>,
    /// The kind of benefit.
    pub category: Option<Category>,
    /// How many, at least 1.
    pub quantity: u32,
    /// What would be charged for all of them, in minor units; `None` where the document gives no price.
    pub submitted: Option<Amount>,
}

impl CompiledEligibilityRequest {
    /// The items as lines of a claim of that day, numbered from 1: those that name a service, a category (or else have
    /// `default_category`) and a price above 0. Of others no share can be predicted.
    #[must_use]
    pub fn lines(&self, default_category: Option<Category>) -> Vec<ClaimItem> {
        let line = |(sequence, item): (u32, &EligibilityItem)| {
            let (system, code) = item.service.clone()?;
            Some(ClaimItem {
                sequence,
                system,
                code,
                category: item.category.or(default_category)?,
                date: self.day,
                quantity: item.quantity,
                submitted: item.submitted.filter(|amount| *amount > Amount::ZERO)?,
                prior_paid: Amount::ZERO,
            })
        };
        (1..).zip(&self.items).filter_map(line).collect()
    }
}

/// What describes a request, and changes nothing of what a coverage promises.
const DESCRIPTIVE: &[&str] = &["priority", "enterer", "facility", "supportingInfo"];
const DESCRIPTIVE_ITEM: &[&str] = &["id", "supportingInfoSequence", "modifier", "facility", "diagnosis", "detail"];
const PURPOSES: &[&str] = &["auth-requirements", "benefits", "discovery", "validation"];

/// Compiles a FHIR R4 `CoverageEligibilityRequest`. Amounts must be in the currency of `asset`.
///
/// # Errors
/// [`Refused`], with the path of the element. An item of another provider than the one that asks is refused: its network
/// may be another.
pub fn compile(document: &[u8], asset: &Asset) -> Result<CompiledEligibilityRequest, Refused> {
    Document::read(document)?.root().resource("CoverageEligibilityRequest", |object| {
        object.ignore(DESCRIPTIVE);
        let status = object.required("status")?;
        if status.text()? != "active" {
            let reason = RefusedReason::Status { found: status.text()?.to_owned(), expected: "active" };
            return Err(status.refuse(reason));
        }
        for purpose in object.required("purpose")?.list()? {
            if !PURPOSES.contains(&purpose.text()?) {
                let system = String::from("http://hl7.org/fhir/eligibilityrequest-purpose");
                let reason = RefusedReason::UnknownCode { system, code: purpose.text()?.to_owned() };
                return Err(purpose.refuse(reason));
            }
        }
        let reference = reference(object)?;
        let patient = Reference::to(&object.required("patient")?, PATIENT)?.key;
        let provider = object.optional("provider").map(|provider| Reference::to(&provider, PROVIDER)).transpose()?;
        let insurer = Reference::to(&object.required("insurer")?, INSURER)?.key;
        let coverage = coverage(object)?;
        let created = object.required("created")?;
        ensure_date(&created)?;
        let one_day = |date: Node<'_>| day(date.text()?).map_err(|reason| date.refuse(reason));
        let day = match (object.optional("servicedDate"), object.optional("servicedPeriod")) {
            (Some(date), None) => one_day(date)?,
            (None, Some(period)) => day_of_period(&period)?,
            (None, None) => one_day(created)?,
            (Some(_), Some(period)) => return Err(period.refuse(RefusedReason::NotOneDay)),
        };
        let nodes = object.items("item")?;
        if let Some(beyond) = nodes.get(MAX_LINES) {
            return Err(beyond.refuse(RefusedReason::TooManyLines { limit: MAX_LINES }));
        }
        let items = nodes.iter().map(|node| item(node, asset, provider.as_ref())).collect::<Result<_, _>>()?;
        let provider = provider.map(|provider| provider.key);
        Ok(CompiledEligibilityRequest { reference, patient, provider, insurer, coverage, day, items })
    })
}

fn reference(object: &mut Object<'_>) -> Result<Option<String>, Refused> {
    let identifiers = object.items("identifier")?;
    Ok(match object.optional("id") {
        Some(id) => Some(format!("CoverageEligibilityRequest/{}", id.text()?)),
        None => identifiers.iter().find_map(|identifier| identifier_key(identifier).ok()),
    })
}

/// The coverage that is asked about.
fn coverage(object: &mut Object<'_>) -> Result<Option<String>, Refused> {
    let mut found: Vec<(bool, String, String)> = Vec::new();
    for node in object.items("insurance")? {
        let entry = node.read(|object| {
            object.ignore(&["id"]);
            let focal = object.optional("focal").map_or(Ok(false), |focal| focal.boolean())?;
            Ok((focal, Reference::to(&object.required("coverage")?, COVERAGE)?.key, node.path().to_owned()))
        })?;
        found.push(entry);
    }
    let mut focal = found.iter().filter(|(focal, ..)| *focal);
    match (focal.next(), focal.next(), found.as_slice()) {
        (Some((_, coverage, _)), None, _) | (None, None, [(_, coverage, _)]) => Ok(Some(coverage.clone())),
        (Some(_), Some((.., path)), _) => Err(Refused::new(format!("{path}.focal"), RefusedReason::SeveralFocal)),
        (None, _, []) => Ok(None),
        (None, ..) => Err(object.refuse("insurance", RefusedReason::NotFocal)),
    }
}

fn item(node: &Node<'_>, asset: &Asset, provider: Option<&Reference>) -> Result<EligibilityItem, Refused> {
    node.read(|object| {
        object.ignore(DESCRIPTIVE_ITEM);
        if let Some(own) = object.optional("provider").map(|own| Reference::to(&own, PROVIDER)).transpose()? {
            if !provider.is_some_and(|provider| own.is_same(provider)) {
                return Err(own.refuse(RefusedReason::OtherProvider));
            }
        }
        let service = object.has("productOrService").then(|| service(object)).transpose()?;
        let category = object
            .optional("category")
            .map(|category| known_concept(&category, &BENEFIT_CATEGORY, Category::from_code))
            .transpose()?;
        if service.is_none() && category.is_none() {
            return Err(object.refuse("productOrService", RefusedReason::Missing));
        }
        let quantity = count(object)?;
        let price = object.optional("unitPrice");
        let charge = |price: Node<'_>| {
            let product = money(&price, asset)?.times(Decimal::from(quantity));
            product.and_then(|charge| charge.minor_units(asset.decimals)).map_err(|reason| price.refuse(reason))
        };
        Ok(EligibilityItem { service, category, quantity, submitted: price.map(charge).transpose()? })
    })
}
