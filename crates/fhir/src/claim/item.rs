//! `Claim.item`: what was done, when, how many, and for how much.

use super::{Assumed, Assumption, ClaimItem, ClaimOptions, Unpriced};
use crate::coding::{known_concept, only_coding, BENEFIT_CATEGORY, UNIT};
use crate::date::{day, day_of_period, days_of_period, Early};
use crate::decimal::{Asset, Decimal};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use salus_domain::claim::MAX_LINES;
use salus_domain::codes::Category;
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};
use std::collections::BTreeMap;

pub(super) const DESCRIPTIVE: &[&str] = &[
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
/// What tells apart services of one code, and is not a part of the code: a commitment to a service does not know it.
const APART: [&str; 3] = ["modifier", "bodySite", "subSite"];
const DESCRIPTIVE_DETAIL: &[&str] =
    &["id", "sequence", "revenue", "category", "productOrService", "modifier", "programCode", "udi"];

/// Codes of units that count. UCUM has the number and the annotation (`{tablet}`), HL7's examples write `TAB`.
const COUNTS: [&str; 2] = ["1", "TAB"];

/// `billablePeriod`: its element, and its days.
type Billed<'a> = (Node<'a>, Period);

/// A line as it is written.
struct Written<'a> {
    path: String,
    sequence: u32,
    system: String,
    code: String,
    category: Option<Category>,
    date: Timestamp,
    quantity: u32,
    /// In minor units; `None` where it has no price.
    charge: Option<Amount>,
    /// Whether it names an encounter.
    encounter: bool,
    /// [`APART`].
    apart: [Option<Node<'a>>; 3],
}

/// The lines, each with its path.
pub(super) fn items(
    object: &mut Object<'_>,
    options: &ClaimOptions,
    assumed: &mut Vec<Assumed>,
) -> Result<Vec<(ClaimItem, String)>, Refused> {
    let billed = object.optional("billablePeriod").map(|node| {
        let days = days_of_period(&node, Early::Open)?;
        Ok((node, days))
    });
    let billed: Option<Billed<'_>> = billed.transpose()?;
    let total = object.optional("total").map(|total| money(&total, &options.asset)).transpose()?;
    let nodes = object.required("item")?.list()?;
    if let Some(beyond) = nodes.get(MAX_LINES) {
        return Err(beyond.refuse(RefusedReason::TooManyLines { limit: MAX_LINES }));
    }
    let mut lines: Vec<Written<'_>> = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let line = written(node, options, billed.as_ref())?;
        if lines.iter().any(|other| other.sequence == line.sequence) {
            return Err(Refused::new(format!("{}.sequence", node.path()), RefusedReason::RepeatedSequence));
        }
        lines.push(line);
    }
    let total = total.map(|total| at(object, "total", total.minor_units(options.asset.decimals))).transpose()?;
    if lines.iter().any(|line| line.charge.is_none()) {
        share_out(object, &mut lines, total, assumed)?;
    }
    let mut sum = Amount::ZERO;
    for line in &lines {
        let too_large = || Refused::new(line.path.clone(), RefusedReason::AmountTooLarge);
        sum = sum.checked_add(line.charge.unwrap_or_default()).ok_or_else(too_large)?;
    }
    if total.is_some_and(|total| total != sum) {
        return Err(object.refuse("total", RefusedReason::Total));
    }
    lines.retain(|line| line.charge.is_some());
    ensure_together(&lines)?;
    lines.into_iter().map(|line| line.finish(options, assumed)).collect()
}

/// Refuses services of one code and day that stand on several lines for what tells them apart: all but the first would be denied
/// as duplicates.
fn ensure_together(lines: &[Written<'_>]) -> Result<(), Refused> {
    let service = |line: &Written<'_>| (line.date, line.system.clone(), line.code.clone());
    let mut first: BTreeMap<_, &Written<'_>> = BTreeMap::new();
    for line in lines {
        let other = *first.entry(service(line)).or_insert(line);
        if !other.is_done_as(line) {
            return Err(Refused::new(line.path.clone(), RefusedReason::ServiceApart));
        }
    }
    Ok(())
}

/// Gives the rest of the total to the line whose price is missing ([`Unpriced::Remainder`]).
fn share_out(
    object: &Object<'_>,
    lines: &mut [Written<'_>],
    total: Option<Amount>,
    assumed: &mut Vec<Assumed>,
) -> Result<(), Refused> {
    let total = total.ok_or_else(|| object.refuse("total", RefusedReason::Missing))?;
    let priced = lines.iter().filter_map(|line| line.charge).try_fold(Amount::ZERO, Amount::checked_add);
    let rest = priced.and_then(|priced| total.checked_sub(priced));
    let rest = rest.ok_or_else(|| object.refuse("total", RefusedReason::Total))?;
    if rest == Amount::ZERO && lines.iter().all(|line| line.charge.is_none()) {
        return Err(object.refuse("total", RefusedReason::ZeroAmount));
    }
    let unpriced = lines.iter().filter(|line| line.charge.is_none()).count();
    let of_encounters = lines.iter().filter(|line| line.charge.is_none() && line.encounter).count();
    let only_one = object.has("prescription") && unpriced == 1;
    if rest > Amount::ZERO && of_encounters != 1 && !only_one {
        return Err(object.refuse("item", RefusedReason::UnpricedLines));
    }
    for line in lines.iter_mut().filter(|line| line.charge.is_none()) {
        let what = match rest > Amount::ZERO && (line.encounter || only_one) {
            true => {
                line.charge = Some(rest);
                Assumption::Charge(rest)
            }
            false => Assumption::NoCharge,
        };
        let path = match what {
            Assumption::NoCharge => line.path.clone(),
            _ => format!("{}.net", line.path),
        };
        assumed.push(Assumed { path, what });
    }
    Ok(())
}

/// The day of a line: its own, which is one of those that the claim bills, or else the one that the claim bills.
fn day_of(object: &mut Object<'_>, billed: Option<&Billed<'_>>) -> Result<Timestamp, Refused> {
    let (node, day) = match (object.optional("servicedDate"), object.optional("servicedPeriod"), billed) {
        (Some(date), None, _) => {
            let day = day(date.text()?).map_err(|reason| date.refuse(reason))?;
            (date, day)
        }
        (None, Some(period), _) => {
            let day = day_of_period(&period)?;
            (period, day)
        }
        (None, None, Some((billed, _))) => return day_of_period(billed),
        (None, None, None) => return Err(object.refuse("servicedDate", RefusedReason::Missing)),
        (Some(_), Some(period), _) => return Err(period.refuse(RefusedReason::NotOneDay)),
    };
    match billed.is_none_or(|(_, days)| days.contains(day)) {
        true => Ok(day),
        false => Err(node.refuse(RefusedReason::NotBilled)),
    }
}

fn written<'a>(node: &Node<'a>, options: &ClaimOptions, billed: Option<&Billed<'_>>) -> Result<Written<'a>, Refused> {
    node.read(|object| {
        object.ignore(DESCRIPTIVE);
        let apart = APART.map(|name| object.optional(name));
        let encounter = object.has("encounter");
        let sequence = object.required("sequence")?.positive()?;
        let (system, code) = service(object)?;
        let category = object.optional("category");
        let category =
            category.map(|category| known_concept(&category, &BENEFIT_CATEGORY, Category::from_code)).transpose()?;
        if category.is_none() && options.default_category.is_none() {
            return Err(object.refuse("category", RefusedReason::Missing));
        }
        let date = day_of(object, billed)?;
        let path = object.path().to_owned();
        let may_be_unpriced = options.unpriced == Unpriced::Remainder;
        if may_be_unpriced && !["net", "unitPrice", "factor", "detail"].iter().any(|name| object.has(name)) {
            let quantity = count(object)?;
            let charge = None;
            return Ok(Written { path, sequence, system, code, category, date, quantity, charge, encounter, apart });
        }
        let Priced { quantity, charge } = priced(object, &options.asset)?;
        let details = object.items("detail")?;
        check_parts(&details, charge, &options.asset, "subDetail")?;
        let charge = at(object, "net", charge.minor_units(options.asset.decimals))?;
        if charge == Amount::ZERO {
            return Err(object.refuse("net", RefusedReason::ZeroAmount));
        }
        let charge = Some(charge);
        Ok(Written { path, sequence, system, code, category, date, quantity, charge, encounter, apart })
    })
}

impl Written<'_> {
    fn is_done_as(&self, other: &Self) -> bool {
        self.apart.iter().zip(&other.apart).all(|pair| match pair {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        })
    }

    fn finish(self, options: &ClaimOptions, assumed: &mut Vec<Assumed>) -> Result<(ClaimItem, String), Refused> {
        let Self { path, sequence, system, code, category, date, quantity, charge, .. } = self;
        let category = match (category, options.default_category) {
            (Some(category), _) => category,
            (None, Some(category)) => {
                let what = Assumption::Category(category);
                assumed.push(Assumed { path: format!("{path}.category"), what });
                category
            }
            (None, None) => return Err(Refused::new(format!("{path}.category"), RefusedReason::Missing)),
        };
        let submitted = charge.unwrap_or_default();
        let prior_paid = Amount::ZERO;
        Ok((ClaimItem { sequence, system, code, category, date, quantity, submitted, prior_paid }, path))
    }
}

/// System and code of `productOrService`.
pub(crate) fn service(object: &mut Object<'_>) -> Result<(String, String), Refused> {
    let service = only_coding(&object.required("productOrService")?)?;
    match service.system {
        Some(system) => Ok((system.to_owned(), service.code.to_owned())),
        None => Err(service.unknown_system()),
    }
}

/// How many, and what is charged for all of them.
struct Priced {
    quantity: u32,
    charge: Decimal,
}

/// `net`, which is `quantity × unitPrice × factor` where there is a `unitPrice`.
fn priced(object: &mut Object<'_>, asset: &Asset) -> Result<Priced, Refused> {
    let quantity = count(object)?;
    let unit_price = object.optional("unitPrice").map(|node| money(&node, asset)).transpose()?;
    let factor = object.optional("factor").map_or(Ok(Decimal::ONE), |node| decimal(&node))?;
    let product = |unit_price: Decimal| unit_price.times(factor).and_then(|price| price.times(Decimal::from(quantity)));
    let charge = match (object.optional("net"), unit_price) {
        (Some(net), unit_price) => {
            let charge = money(&net, asset)?;
            if let Some(unit_price) = unit_price {
                let product = product(unit_price).map_err(|reason| net.refuse(reason))?;
                if !product.rounds_to(charge, asset.price_digits()) {
                    return Err(net.refuse(RefusedReason::NetNotProduct));
                }
            }
            charge
        }
        (None, Some(unit_price)) => at(object, "net", product(unit_price))?,
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

/// `quantity`, a FHIR `SimpleQuantity` that counts; 1 where it is missing. A unit in words, or of another system than UCUM, is
/// the name of what is counted.
pub(crate) fn count(object: &mut Object<'_>) -> Result<u32, Refused> {
    let Some(node) = object.optional("quantity") else { return Ok(1) };
    node.read(|object| {
        object.ignore(&["id", "unit"]);
        let system = object.optional("system").map(|system| system.text()).transpose()?;
        if let Some(code) = object.optional("code").filter(|_| system.is_none_or(|system| UNIT.knows(system))) {
            let found = code.text()?;
            if !COUNTS.contains(&found) && !is_annotation(found) {
                return Err(code.refuse(RefusedReason::NotACount { unit: found.to_owned() }));
            }
        }
        let value = object.required("value")?;
        let count = Decimal::parse(value.number()?).ok().and_then(Decimal::whole);
        let count = count.and_then(|count| u32::try_from(count).ok());
        count.filter(|count| *count > 0).ok_or_else(|| value.refuse(RefusedReason::NotAQuantity))
    })
}

/// Whether a UCUM code is an annotation alone, which has no unit: `{visits}`.
fn is_annotation(code: &str) -> bool {
    let text = code.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    text.is_some_and(|text| !text.contains(['{', '}']))
}

/// A FHIR `Money` in the plan's currency.
pub(crate) fn money(node: &Node<'_>, asset: &Asset) -> Result<Decimal, Refused> {
    node.read(|object| {
        object.ignore(&["id"]);
        let currency = object.required("currency")?;
        let found = currency.text()?;
        if found != asset.currency {
            let reason = RefusedReason::Currency { expected: asset.currency.clone(), found: found.to_owned() };
            return Err(currency.refuse(reason));
        }
        let value = object.required("value")?;
        asset.decimal(value.number()?).map_err(|reason| value.refuse(reason))
    })
}

pub(crate) fn decimal(node: &Node<'_>) -> Result<Decimal, Refused> {
    Decimal::parse(node.number()?).map_err(|reason| node.refuse(reason))
}

fn at<T>(object: &Object<'_>, name: &str, result: Result<T, RefusedReason>) -> Result<T, Refused> {
    result.map_err(|reason| object.refuse(name, reason))
}
