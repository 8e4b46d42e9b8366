//! The plan file: an insurer's terms and fee schedule, as this project writes them down.
//!
//! ```json
//! {
//!   "name": "Unity Silver",
//!   "asset": { "currency": "USD", "decimals": 12 },
//!   "deductible": "500.00",
//!   "costShare": { "copay": "20.00", "coinsurance": "20%" },
//!   "exceptions": [{ "category": "35", "copay": "0.00", "coinsurance": "50%" }],
//!   "outOfPocketMaximum": "3000.00",
//!   "benefitMaximum": null,
//!   "waitingPeriodDays": 0,
//!   "covered": ["1", "3", "5", "35"],
//!   "settlementDays": 14,
//!   "fees": [{ "system": "http://www.ama-assn.org/go/cpt", "code": "99213", "amount": "110.00" }]
//! }
//! ```
//!
//! Every key is needed, and no other is known. Amounts are decimal numbers in units of the asset's currency, written as
//! strings; `null` is no limit. Categories are codes of HL7 `ex-benefitcategory`; `"covered": "all"` names each of them.

use crate::claim::tag;
use crate::decimal::{Asset, Decimal, MAX_DECIMALS};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use salus_domain::claim::{CostShare, PlanTerms, TermsMalformed};
use salus_domain::codes::{Category, CategorySet};
use salus_domain::ids::CodeTag;
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::time::DAY;

/// A plan as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// What people call it; not on the chain.
    pub name: String,
    /// What it pays in.
    pub asset: Asset,
    /// Its terms. They passed [`PlanTerms::validate`].
    pub terms: PlanTerms,
    /// Its fee schedule, each code once.
    pub fees: Vec<Fee>,
}

/// A price of the fee schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// The code system of the service.
    pub system: String,
    /// The code of the service.
    pub code: String,
    /// The price of one, in minor units.
    pub amount: Amount,
}

impl PlanFile {
    /// The fee schedule as the claims contract takes it, under the consortium's `key`: the tags are those of
    /// [`crate::claim::CompiledClaim::submission`].
    #[must_use]
    pub fn tagged_fees(&self, key: &[u8; 32]) -> Vec<(CodeTag, Amount)> {
        self.fees.iter().map(|fee| (tag(key, &fee.system, &fee.code), fee.amount)).collect()
    }
}

/// Reads a plan file.
///
/// # Errors
/// [`Refused`], with the path of the element.
pub fn compile(document: &[u8]) -> Result<PlanFile, Refused> {
    Document::read(document)?.root().read(|object| {
        let name = object.required("name")?.text()?.to_owned();
        let asset = asset(&object.required("asset")?)?;
        let exceptions = object.required("exceptions")?;
        let terms = PlanTerms {
            deductible: amount(&object.required("deductible")?, &asset)?,
            cost_share: object.required("costShare")?.read(|object| cost_share(object, &asset))?,
            exceptions: list_or_empty(&exceptions)?
                .iter()
                .map(|node| exception(node, &asset))
                .collect::<Result<_, _>>()?,
            out_of_pocket_maximum: limit(&object.required("outOfPocketMaximum")?, &asset)?,
            benefit_maximum: limit(&object.required("benefitMaximum")?, &asset)?,
            waiting_period: days(&object.required("waitingPeriodDays")?)?,
            covered: covered(&object.required("covered")?)?,
            settlement_period: days(&object.required("settlementDays")?)?,
        };
        terms.validate().map_err(|malformed| refuse_malformed(&terms, malformed))?;
        let mut fees: Vec<Fee> = Vec::new();
        for node in list_or_empty(&object.required("fees")?)? {
            let fee = fee(&node, &asset)?;
            if fees.iter().any(|other| other.system == fee.system && other.code == fee.code) {
                return Err(node.refuse(RefusedReason::RepeatedFee));
            }
            fees.push(fee);
        }
        Ok(PlanFile { name, asset, terms, fees })
    })
}

/// The path of the exception that breaks a rule; percentages and the categories covered are checked where they are read.
fn refuse_malformed(terms: &PlanTerms, malformed: TermsMalformed) -> Refused {
    let breaks = |count: &usize| {
        let exceptions = terms.exceptions.iter().take(*count).copied().collect();
        PlanTerms { exceptions, ..terms.clone() }.validate() == Err(malformed)
    };
    let path = match (0..=terms.exceptions.len()).find(breaks) {
        Some(count) if count > 0 => format!("exceptions[{}]", count - 1),
        _ => String::from("$"),
    };
    Refused::new(path, RefusedReason::Terms(malformed))
}

fn asset(node: &Node<'_>) -> Result<Asset, Refused> {
    node.read(|object| {
        let currency = object.required("currency")?.text()?.to_owned();
        let decimals = object.required("decimals")?;
        match u8::try_from(decimals.whole_number()?) {
            Ok(decimals) if decimals <= MAX_DECIMALS => Ok(Asset { currency, decimals }),
            _ => Err(decimals.refuse(RefusedReason::TooManyDecimals { limit: MAX_DECIMALS })),
        }
    })
}

fn exception(node: &Node<'_>, asset: &Asset) -> Result<(Category, CostShare), Refused> {
    node.read(|object| Ok((category(&object.required("category")?)?, cost_share(object, asset)?)))
}

fn cost_share(object: &mut Object<'_>, asset: &Asset) -> Result<CostShare, Refused> {
    let copay = amount(&object.required("copay")?, asset)?;
    let coinsurance = percentage(&object.required("coinsurance")?)?;
    Ok(CostShare { copay, coinsurance })
}

fn fee(node: &Node<'_>, asset: &Asset) -> Result<Fee, Refused> {
    node.read(|object| {
        Ok(Fee {
            system: object.required("system")?.text()?.to_owned(),
            code: object.required("code")?.text()?.to_owned(),
            amount: amount(&object.required("amount")?, asset)?,
        })
    })
}

fn covered(node: &Node<'_>) -> Result<CategorySet, Refused> {
    match node.text() {
        Ok("all") => Ok(CategorySet::ALL),
        _ => node.list()?.iter().map(category).collect(),
    }
}

fn category(node: &Node<'_>) -> Result<Category, Refused> {
    let code = node.text()?;
    Category::from_code(code).ok_or_else(|| {
        node.refuse(RefusedReason::UnknownCode { system: Category::SYSTEM.to_owned(), code: code.to_owned() })
    })
}

fn limit(node: &Node<'_>, asset: &Asset) -> Result<Amount, Refused> {
    match node.is_null() {
        true => Ok(Amount::UNLIMITED),
        false => amount(node, asset),
    }
}

fn amount(node: &Node<'_>, asset: &Asset) -> Result<Amount, Refused> {
    asset.parse(node.text()?).map_err(|reason| node.refuse(reason))
}

fn days(node: &Node<'_>) -> Result<u64, Refused> {
    // 2^32 days are less than 2^64 milliseconds.
    Ok(u64::from(node.whole_number()?) * DAY)
}

/// `20%`: basis points are hundredths of a percent.
fn percentage(node: &Node<'_>) -> Result<BasisPoints, Refused> {
    let read = || {
        let percent = Decimal::parse(node.text().ok()?.strip_suffix('%')?).ok()?;
        let points = u16::try_from(percent.minor_units(2).ok()?.0).ok()?;
        Some(BasisPoints(points)).filter(|points| points.is_valid())
    };
    read().ok_or_else(|| node.refuse(RefusedReason::NotAPercentage))
}

/// In a plan file, unlike in FHIR, a list may be empty.
fn list_or_empty<'a>(node: &Node<'a>) -> Result<Vec<Node<'a>>, Refused> {
    match node.list() {
        Err(Refused { reason: RefusedReason::Empty, .. }) => Ok(Vec::new()),
        result => result,
    }
}
