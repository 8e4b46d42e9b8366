//! Elements that several resources have in common.

use super::tree::Members;
use super::{codes, Balance, Decided, DecidedLine, NotExplained, Service, Status, CODE_TAG};
use crate::code::Code;
use crate::date::{bounds, date_of, instant};
use crate::decimal::Asset;
use crate::directory::system;
use crate::element::MAX_INT;
use crate::json::Value;
use crate::reference::kind_of;
use salus_domain::adjudicate::Split;
use salus_domain::codes::{Category, Measure, Network, Reason};
use salus_domain::money::Amount;
use salus_domain::plan::Limit;
use salus_domain::time::{Period, Timestamp};

/// A text as FHIR's `string`, `code` and `uri` all allow it.
fn text(element: &'static str, text: &str) -> Result<Value, NotExplained> {
    let plain =
        text.split(' ').all(|word| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control()));
    if plain {
        Ok(text.into())
    } else {
        Err(NotExplained::Text(element))
    }
}

fn uri(element: &'static str, uri: &str) -> Result<Value, NotExplained> {
    if uri.contains(' ') {
        Err(NotExplained::Text(element))
    } else {
        text(element, uri)
    }
}

/// A `Reference`: a reference as it is, or an identifier that is written as `system|value`. `kind` is the type of what it refers
/// to, where only one is allowed there.
pub(super) fn reference(element: &'static str, key: &str, kind: Option<&str>) -> Result<Value, NotExplained> {
    if let Some(system) = system(key) {
        let value = key.get(system.len() + 1..).unwrap_or_default();
        let identifier = Members::of("system", uri(element, system)?).set("value", text(element, value)?);
        return Ok(Members::default().some("type", kind).set("identifier", identifier).into());
    }
    let reference = Members::of("reference", uri(element, key)?);
    Ok(reference.some("type", kind.filter(|_| kind_of(key).is_none())).into())
}

/// `preAuthRef`.
pub(super) fn authorisations(references: &[String]) -> Result<Vec<Value>, NotExplained> {
    references.iter().map(|reference| text("insurance.preAuthRef", reference)).collect()
}

/// A `Money`, to the last digit.
pub(super) fn money(amount: Amount, asset: &Asset) -> Result<Value, NotExplained> {
    let currency = asset.currency.as_str();
    if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(NotExplained::Currency(currency.to_owned()));
    }
    Ok(Members::of("value", Value::Number(asset.format(amount))).set("currency", currency).into())
}

/// A `positiveInt`.
pub(super) fn positive(element: &'static str, number: u32) -> Result<Value, NotExplained> {
    if number == 0 {
        Err(NotExplained::Number(element))
    } else {
        unsigned(element, number.into())
    }
}

/// An `unsignedInt`.
fn unsigned(element: &'static str, number: u128) -> Result<Value, NotExplained> {
    if number > MAX_INT.into() {
        Err(NotExplained::Number(element))
    } else {
        Ok(Value::Number(number.to_string()))
    }
}

/// A `dateTime`.
pub(super) fn moment(time: Timestamp) -> Result<String, NotExplained> {
    instant(time.0).ok_or(NotExplained::Time)
}

/// A `date`: the day in UTC.
pub(super) fn day(time: Timestamp) -> Result<String, NotExplained> {
    date_of(time.0).ok_or(NotExplained::Time)
}

/// A `Period`.
pub(super) fn period(period: Period) -> Result<Value, NotExplained> {
    let bounds = bounds(period).ok_or(NotExplained::Time)?;
    Ok(bounds.into_iter().fold(Members::default(), |members, (name, bound)| members.set(name, bound)).into())
}

/// A `productOrService`.
pub(super) fn service(service: &Service) -> Result<Value, NotExplained> {
    let codings = match service {
        Service::Known { system, code } => {
            let system = uri("productOrService.coding.system", system)?;
            let code = text("productOrService.coding.code", code)?;
            Vec::from([Members::of("system", system).set("code", code).into()])
        }
        Service::Committed(tag) => {
            let tag = format!("0x{}", hex::encode(tag.0));
            Vec::from([codes::MASKED.into(), Members::of("system", CODE_TAG).set("code", tag).into()])
        }
    };
    Ok(Members::default().list("coding", codings).into())
}

/// Every amount of a split, with its category: see the table of [`super::codes`].
fn amounts(split: &Split) -> [(Code, Amount); 10] {
    [
        (codes::SUBMITTED, split.submitted),
        (codes::ELIGIBLE, split.allowed()),
        (codes::DISCOUNT, split.adjustment),
        (codes::PRIOR_PAYER_PAID, split.prior_payer),
        (codes::DEDUCTIBLE, split.deductible),
        (codes::COPAY, split.copay),
        (codes::COINSURANCE, split.coinsurance),
        (codes::NONCOVERED, split.noncovered),
        (codes::MEMBER_LIABILITY, split.patient()),
        (codes::BENEFIT, split.payer),
    ]
}

/// The amounts that are told: of a claim that waits, only what was submitted.
fn told(decided: &Decided, split: &Split) -> impl Iterator<Item = (Code, Amount)> {
    amounts(split).into_iter().take(if decided.status.is_pended() { 1 } else { usize::MAX })
}

fn amount((category, amount): (Code, Amount), asset: &Asset) -> Result<Value, NotExplained> {
    Ok(Members::of("category", category.concept()).set("amount", money(amount, asset)?).into())
}

/// `adjudication` of a line: its amounts, its reasons, and once it is decided the units that are paid for and the network.
pub(super) fn adjudication(decided: &Decided, line: &DecidedLine) -> Result<Vec<Value>, NotExplained> {
    let mut all =
        told(decided, &line.outcome.split).map(|told| amount(told, &decided.asset)).collect::<Result<Vec<_>, _>>()?;
    let pended = decided.status.is_pended();
    let reasons = line.outcome.reasons.iter().filter(|reason| !pended || *reason == Reason::AuthorisationMissing);
    all.extend(reasons.map(because));
    if !pended {
        all.push(units(line.outcome.quantity));
        all.push(payment_status(decided.network));
    }
    Ok(all)
}

/// An `adjudication` that says in which network the provider is.
fn payment_status(network: Option<Network>) -> Value {
    let network = match network {
        Some(Network::In) => codes::IN_NETWORK,
        Some(Network::Out) => codes::OUT_OF_NETWORK,
        None => codes::NO_NETWORK,
    };
    Members::of("category", codes::BENEFIT_PAYMENT_STATUS.concept()).set("reason", network.concept()).into()
}

/// An `adjudication` that says why.
pub(super) fn because(reason: Reason) -> Value {
    Members::of("category", codes::ADJUSTMENT_REASON.concept()).set("reason", codes::reason(reason)).into()
}

/// An `adjudication` that says how many units are paid for.
pub(super) fn units(quantity: u32) -> Value {
    Members::of("category", codes::ALLOWED_UNITS.concept()).set("value", quantity).into()
}

/// `total`: the same amounts as on the lines, and what was paid.
pub(super) fn totals(decided: &Decided) -> Result<Vec<Value>, NotExplained> {
    let paid = decided.payment.filter(|_| is_paid(decided)).map(|payment| (codes::PAID_TO_PROVIDER, payment.amount));
    told(decided, &decided.total).chain(paid).map(|told| amount(told, &decided.asset)).collect()
}

/// Whether something was paid, and is not to be paid back.
fn is_paid(decided: &Decided) -> bool {
    let standing = !matches!(decided.status, Status::Reversed);
    standing && decided.payment.is_some_and(|payment| payment.amount > Amount::ZERO)
}

/// `payment`.
pub(super) fn payment(decided: &Decided) -> Result<Option<Value>, NotExplained> {
    let Some(payment) = decided.payment.filter(|_| is_paid(decided)) else { return Ok(None) };
    let whole = payment.amount == decided.total.payer;
    let kind = if whole { codes::PAID_IN_FULL } else { codes::PAID_IN_PART };
    let mut element = Members::of("type", kind.concept());
    if payment.withheld > Amount::ZERO {
        element = element
            .set("adjustment", money(payment.withheld, &decided.asset)?)
            .set("adjustmentReason", codes::PRIOR_PAYMENT_REVERSAL.concept());
    }
    let element = element.some("date", payment.date.map(day).transpose()?);
    Ok(Some(element.set("amount", money(payment.amount.minus(payment.withheld), &decided.asset)?).into()))
}

/// Limits and their use, with one element for each category, network, unit and term; `name` is what FHIR calls the list of
/// what is counted there.
pub(super) fn limits(balances: &[Balance], asset: &Asset, name: &str) -> Result<Vec<Value>, NotExplained> {
    let place = |limit: &Limit| (limit.category, limit.network, limit.unit, limit.term);
    let mut groups: Vec<(Limit, Vec<Value>)> = Vec::new();
    for balance in balances {
        let counted = counted(balance, asset, name)?;
        match groups.iter_mut().find(|(limit, _)| place(limit) == place(&balance.limit)) {
            Some((_, all)) => all.push(counted),
            None => groups.push((balance.limit, Vec::from([counted]))),
        }
    }
    let element = |(limit, counted): (Limit, Vec<Value>)| {
        let category = Code::from(limit.category.unwrap_or(Category::HealthBenefitPlanCoverage));
        Members::of("category", category.concept())
            .some("name", limit.category.is_none().then_some("All benefits"))
            .some("network", limit.network.map(|network| Code::from(network).concept()))
            .set("unit", Code::from(limit.unit).concept())
            .set("term", Code::from(limit.term).concept())
            .list(name, counted)
            .into()
    };
    Ok(groups.into_iter().map(element).collect())
}

fn counted(balance: &Balance, asset: &Asset, name: &str) -> Result<Value, NotExplained> {
    let Balance { limit, used } = balance;
    let is_money = matches!(limit.measure, Measure::Deductible | Measure::OutOfPocket | Measure::Benefit);
    // The type of `allowed[x]` and `used[x]`, and what is written: a count above FHIR's integers is a string.
    let write = |number: u128| match (is_money, unsigned("a count", number)) {
        (true, _) => Ok(("Money", money(Amount(number), asset)?)),
        (false, Ok(count)) => Ok(("UnsignedInt", count)),
        (false, Err(_)) => Ok(("String", number.to_string().into())),
    };
    let (kind, allowed) = match Amount(limit.limit) == Amount::UNLIMITED {
        true => ("String", "no limit".into()),
        false => write(limit.limit)?,
    };
    let element = Members::of("type", codes::measure(limit.measure)).set(&format!("allowed{kind}"), allowed);
    // R4's `benefitBalance.financial.used[x]` has no string.
    let used = used.map(write).transpose()?.filter(|(kind, _)| *kind != "String" || name != "financial");
    Ok(match used {
        Some((kind, used)) => element.set(&format!("used{kind}"), used).into(),
        None => element.into(),
    })
}
