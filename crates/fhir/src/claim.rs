//! FHIR `Claim` to claim lines: <https://hl7.org/fhir/R4/claim.html>.

use crate::coding::{known_concept, only_coding, BENEFIT_CATEGORY, PAYEE_TYPE};
use crate::date::{day, day_of_period};
use crate::decimal::{Asset, Decimal};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::{identifier, Reference};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use salus_domain::claim::{Line, ServiceDay, Submission, MAX_LINES};
use salus_domain::codes::Category;
use salus_domain::commitment::{claim_reference, code_tag, service_day};
use salus_domain::ids::{Account, CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;

/// What the compiler needs to know beside the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOptions {
    /// What the plan pays in; every amount of the claim must be in its currency.
    pub asset: Asset,
    /// The category of a line that names none; `None` refuses such a line.
    pub default_category: Option<Category>,
}

/// A compiled claim. References are as they are written, or `system|value` where only an identifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledClaim {
    /// Who was treated.
    pub patient: String,
    /// Who claims, and is paid.
    pub provider: String,
    /// Who is to pay, where the claim says so.
    pub insurer: Option<String>,
    /// The coverage that the claim is made under.
    pub coverage: String,
    /// The provider's number of the claim: system and value of the first `Claim.identifier`.
    pub identifier: (String, String),
    /// Its lines, 1 to [`MAX_LINES`], in the order of the document.
    pub items: Vec<ClaimItem>,
    /// What the document does not say and was taken from the options.
    pub assumed: Vec<Assumed>,
}

/// One line (`Claim.item`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimItem {
    /// Its number, unique within the claim.
    pub sequence: u32,
    /// The code system of the service (`productOrService`).
    pub system: String,
    /// The code of the service.
    pub code: String,
    /// The kind of benefit.
    pub category: Category,
    /// The day of the service: midnight UTC.
    pub date: Timestamp,
    /// How many, at least 1.
    pub quantity: u32,
    /// What is charged for all of them, in minor units, more than 0.
    pub submitted: Amount,
    /// What another insurer paid, in minor units. An R4 claim cannot say it, so it is 0; a claim that names another
    /// insurance is refused.
    pub prior_paid: Amount,
}

/// Something that was taken from the options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The element that is missing.
    pub path: String,
    /// What was taken for it.
    pub category: Category,
}

impl CompiledClaim {
    /// What the claims contract takes: `key` is the consortium's, `member` and `provider` are the accounts of the patient
    /// and the provider. Codes, the identifier and the days become keyed commitments; each day is listed once.
    #[must_use]
    pub fn submission(&self, plan: PlanId, member: Account, provider: Account, key: &[u8; 32]) -> Submission {
        let (member_hex, provider_hex) = (hex::encode(member.0), hex::encode(provider.0));
        let mut days: Vec<ServiceDay> = Vec::new();
        let mut lines = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let place = days.iter().position(|day| day.date == item.date).unwrap_or_else(|| {
                let nullifier = service_day(&blake2b_256, key, &member_hex, &provider_hex, item.date);
                days.push(ServiceDay { date: item.date, nullifier });
                days.len() - 1
            });
            lines.push(Line {
                // At most MAX_LINES days; a claim that somebody made longer is refused by `Submission::validate`.
                day: u8::try_from(place).unwrap_or(u8::MAX),
                code: tag(key, &item.system, &item.code),
                category: item.category,
                quantity: item.quantity,
                submitted: item.submitted,
                prior_paid: item.prior_paid,
            });
        }
        let (system, value) = &self.identifier;
        Submission { plan, member, reference: claim_reference(&blake2b_256, key, system, value), days, lines }
    }
}

/// The tag of a code under the consortium's key: the same for claims and fee schedules.
pub(crate) fn tag(key: &[u8; 32], system: &str, code: &str) -> CodeTag {
    code_tag(&blake2b_256, key, system, code)
}

fn blake2b_256(input: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(input).into()
}

/// What describes a claim, or backs it up, and moves no money.
const DESCRIPTIVE: &[&str] = &[
    "id",
    "meta",
    "language",
    "text",
    "contained",
    "type",
    "subType",
    "created",
    "enterer",
    "priority",
    "fundsReserve",
    "related",
    "prescription",
    "originalPrescription",
    "referral",
    "facility",
    "careTeam",
    "supportingInfo",
    "diagnosis",
    "procedure",
    "accident",
];
const DESCRIPTIVE_INSURANCE: &[&str] = &["id", "sequence", "identifier", "preAuthRef"];
const DESCRIPTIVE_ITEM: &[&str] = &[
    "id",
    "careTeamSequence",
    "diagnosisSequence",
    "procedureSequence",
    "informationSequence",
    "revenue",
    "modifier",
    "programCode",
    "locationCodeableConcept",
    "locationAddress",
    "locationReference",
    "udi",
    "bodySite",
    "subSite",
    "encounter",
];
const DESCRIPTIVE_DETAIL: &[&str] =
    &["id", "sequence", "revenue", "category", "productOrService", "modifier", "programCode", "udi"];

/// Compiles a FHIR R4 `Claim`.
///
/// # Errors
/// [`Refused`], with the path of the element, for whatever the model cannot express (rule 7).
pub fn compile(document: &[u8], options: &ClaimOptions) -> Result<CompiledClaim, Refused> {
    Document::read(document)?.root().resource("Claim", |object| {
        object.ignore(DESCRIPTIVE);
        fixed(object, "status", "active", |found| RefusedReason::Status { found, expected: "active" })?;
        fixed(object, "use", "claim", |found| RefusedReason::Use { found })?;
        let patient = Reference::read(&object.required("patient")?)?.key;
        let provider = Reference::read(&object.required("provider")?)?.key;
        let insurer = object.optional("insurer").map(|insurer| Reference::read(&insurer)).transpose()?;
        if let Some(payee) = object.optional("payee") {
            check_payee(&payee, &provider)?;
        }
        let coverage = focal_coverage(object)?;
        let identifiers = object.required("identifier")?.list()?;
        let Some((system, value)) = identifiers.first().map(identifier).transpose()? else {
            return Err(object.refuse("identifier", RefusedReason::Missing));
        };
        let identifier = (system.to_owned(), value.to_owned());
        let (items, assumed) = items(object, options)?;
        let insurer = insurer.map(|insurer| insurer.key);
        Ok(CompiledClaim { patient, provider, insurer, coverage, identifier, items, assumed })
    })
}

fn fixed(
    object: &mut Object<'_>,
    name: &str,
    expected: &str,
    reason: impl Fn(String) -> RefusedReason,
) -> Result<(), Refused> {
    let node = object.required(name)?;
    match node.text()? {
        found if found == expected => Ok(()),
        found => Err(node.refuse(reason(found.to_owned()))),
    }
}

/// No path pays anybody but the provider (DESIGN, section 5).
fn check_payee(node: &Node<'_>, provider: &str) -> Result<(), Refused> {
    node.read(|object| {
        object.ignore(&["id"]);
        let kind = object.required("type")?;
        let coding = only_coding(&kind)?;
        if coding.system.is_some() && !coding.is_of(&PAYEE_TYPE) {
            return Err(coding.unknown_system());
        }
        if coding.code != "provider" {
            return Err(coding.refuse(RefusedReason::PayeeNotProvider));
        }
        match object.optional("party").map(|party| Reference::read(&party)).transpose()? {
            Some(party) if party.key != provider => Err(party.refuse(RefusedReason::PayeeNotProvider)),
            _ => Ok(()),
        }
    })
}

fn focal_coverage(object: &mut Object<'_>) -> Result<String, Refused> {
    let insurances = object.required("insurance")?;
    let list = insurances.list()?;
    let [insurance] = list.as_slice() else {
        return Err(insurances.refuse(RefusedReason::OtherInsurance));
    };
    insurance.read(|object| {
        object.ignore(DESCRIPTIVE_INSURANCE);
        let focal = object.required("focal")?;
        if !focal.boolean()? {
            return Err(focal.refuse(RefusedReason::NotFocal));
        }
        Ok(Reference::read(&object.required("coverage")?)?.key)
    })
}

fn items(object: &mut Object<'_>, options: &ClaimOptions) -> Result<(Vec<ClaimItem>, Vec<Assumed>), Refused> {
    let billed = object.optional("billablePeriod");
    let total = object.optional("total").map(|total| money(&total, &options.asset)).transpose()?;
    let nodes = object.required("item")?.list()?;
    if let Some(beyond) = nodes.get(MAX_LINES) {
        return Err(beyond.refuse(RefusedReason::TooManyLines { limit: MAX_LINES }));
    }
    let mut items: Vec<ClaimItem> = Vec::with_capacity(nodes.len());
    let mut assumed = Vec::new();
    let mut sum = Amount::ZERO;
    for node in &nodes {
        let item = item(node, options, billed.as_ref(), &mut assumed)?;
        if items.iter().any(|other| other.sequence == item.sequence) {
            return Err(Refused::new(format!("{}.sequence", node.path()), RefusedReason::RepeatedSequence));
        }
        sum = sum.checked_add(item.submitted).ok_or_else(|| node.refuse(RefusedReason::AmountTooLarge))?;
        items.push(item);
    }
    match total {
        Some(total) if total.minor_units(options.asset.decimals) != Ok(sum) => {
            Err(object.refuse("total", RefusedReason::Total))
        }
        _ => Ok((items, assumed)),
    }
}

fn item(
    node: &Node<'_>,
    options: &ClaimOptions,
    billed: Option<&Node<'_>>,
    assumed: &mut Vec<Assumed>,
) -> Result<ClaimItem, Refused> {
    node.read(|object| {
        object.ignore(DESCRIPTIVE_ITEM);
        let sequence = object.required("sequence")?.whole_number()?;
        let service = only_coding(&object.required("productOrService")?)?;
        let Some(system) = service.system else { return Err(service.unknown_system()) };
        let category = match (object.optional("category"), options.default_category) {
            (Some(category), _) => known_concept(&category, &BENEFIT_CATEGORY, Category::from_code)?,
            (None, Some(category)) => {
                assumed.push(Assumed { path: object.path_of("category"), category });
                category
            }
            (None, None) => return Err(object.refuse("category", RefusedReason::Missing)),
        };
        let date = match (object.optional("servicedDate"), object.optional("servicedPeriod"), billed) {
            (Some(date), None, _) => day(date.text()?).map_err(|reason| date.refuse(reason))?,
            (None, Some(period), _) => day_of_period(&period)?,
            (None, None, Some(billed)) => day_of_period(billed)?,
            (None, None, None) => return Err(object.refuse("servicedDate", RefusedReason::Missing)),
            (Some(_), Some(period), _) => return Err(period.refuse(RefusedReason::NotOneDay)),
        };
        let priced = priced(object, &options.asset)?;
        let details = object.items("detail")?;
        check_parts(&details, priced.charge, &options.asset, "subDetail")?;
        let charge = at(object, "net", priced.charge.minor_units(options.asset.decimals))?;
        if charge == Amount::ZERO {
            return Err(object.refuse("net", RefusedReason::ZeroAmount));
        }
        Ok(ClaimItem {
            sequence,
            system: system.to_owned(),
            code: service.code.to_owned(),
            category,
            date,
            quantity: priced.quantity,
            submitted: charge,
            prior_paid: Amount::ZERO,
        })
    })
}

/// How many, and what is charged for all of them.
struct Priced {
    quantity: u32,
    charge: Decimal,
}

/// `net`, or else `quantity × unitPrice × factor`.
fn priced(object: &mut Object<'_>, asset: &Asset) -> Result<Priced, Refused> {
    let quantity = object.optional("quantity").map_or(Ok(1), |node| quantity(&node))?;
    let unit_price = object.optional("unitPrice").map(|node| money(&node, asset)).transpose()?;
    let factor = object.optional("factor").map_or(Ok(Decimal::ONE), |node| decimal(&node))?;
    let charge = match (object.optional("net"), unit_price) {
        (Some(net), _) => money(&net, asset)?,
        (None, Some(unit_price)) => {
            let charge = unit_price.times(factor).and_then(|price| price.times(Decimal::from(quantity)));
            at(object, "net", charge)?
        }
        (None, None) => return Err(object.refuse("net", RefusedReason::Missing)),
    };
    Ok(Priced { quantity, charge })
}

/// What a line is made up of must add up to it, down to the last level.
fn check_parts(parts: &[Node<'_>], whole: Decimal, asset: &Asset, below: &'static str) -> Result<(), Refused> {
    let mut sum = Amount::ZERO;
    for part in parts {
        let charge = part.read(|object| {
            object.ignore(DESCRIPTIVE_DETAIL);
            let priced = priced(object, asset)?;
            if below == "subDetail" {
                let details = object.items(below)?;
                check_parts(&details, priced.charge, asset, "")?;
            }
            at(object, "net", priced.charge.minor_units(asset.decimals))
        })?;
        sum = sum.checked_add(charge).ok_or_else(|| part.refuse(RefusedReason::AmountTooLarge))?;
    }
    match parts.last() {
        Some(last) if whole.minor_units(asset.decimals) != Ok(sum) => Err(last.refuse(RefusedReason::DetailSum)),
        _ => Ok(()),
    }
}

/// A FHIR `SimpleQuantity` that counts.
fn quantity(node: &Node<'_>) -> Result<u32, Refused> {
    node.read(|object| {
        object.ignore(&["id", "unit", "system", "code"]);
        let value = object.required("value")?;
        let count = decimal(&value)?.whole().and_then(|count| u32::try_from(count).ok());
        count.filter(|count| *count > 0).ok_or_else(|| value.refuse(RefusedReason::NotAQuantity))
    })
}

/// A FHIR `Money` in the plan's currency.
fn money(node: &Node<'_>, asset: &Asset) -> Result<Decimal, Refused> {
    node.read(|object| {
        object.ignore(&["id"]);
        let currency = object.required("currency")?;
        let found = currency.text()?;
        if found != asset.currency {
            let reason = RefusedReason::Currency { expected: asset.currency.clone(), found: found.to_owned() };
            return Err(currency.refuse(reason));
        }
        let value = object.required("value")?;
        let amount = decimal(&value)?;
        amount.minor_units(asset.decimals).map_err(|reason| value.refuse(reason))?;
        Ok(amount)
    })
}

fn decimal(node: &Node<'_>) -> Result<Decimal, Refused> {
    Decimal::parse(node.number()?).map_err(|reason| node.refuse(reason))
}

fn at<T>(object: &Object<'_>, name: &str, result: Result<T, RefusedReason>) -> Result<T, Refused> {
    result.map_err(|reason| object.refuse(name, reason))
}
