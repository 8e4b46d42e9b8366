//! FHIR `Coverage`: who is insured by whom, and when. <https://hl7.org/fhir/R4/coverage.html>

use crate::bundle::{self, Found};
use crate::coding::{complete_codings, concept, only_coding, Coding, COVERAGE_CLASS, RELATIONSHIP, SELF_PAY};
use crate::date::{anniversary, days_of_period, Early};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::{identifier_key, Reference, PATIENT, PAYOR, SUBSCRIBER};
use salus_domain::time::{Period, Timestamp};

/// A compiled coverage. References are as they are written, or `system|value` where only an identifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledCoverage {
    /// Who is insured (`beneficiary`).
    pub member: String,
    /// Who holds the contract (`subscriber`); the beneficiary where the document does not say and names no other
    /// relationship than `self`.
    pub subscriber: String,
    /// Who insures (`payor`).
    pub payor: String,
    /// When (`period`): the days that are written, whatever their zone, each from midnight UTC on as the day of a service is;
    /// without a start from [`Timestamp::MIN`] on, without an end up to [`Timestamp::MAX`]. It may be longer than the year
    /// that one coverage on the chain lasts: see [`years`].
    pub period: Period,
    /// Which of the member's coverages it is, from 1 on (`order`); `None` where the document does not say.
    pub order: Option<u32>,
    /// The number that the insurer gave the subscriber.
    pub subscriber_id: Option<String>,
    /// The insurer's name for the plan: the value of the class `plan`.
    pub plan: Option<String>,
    /// The insurer's name for the network of providers (`network`).
    pub network: Option<String>,
    /// What references name it by, beside its id: the `fullUrl` of its entry in a Bundle, and those of its identifiers that have
    /// a system and a value, as `system|value`.
    pub names: Vec<String>,
}

impl CompiledCoverage {
    /// Whether another insurer pays first: an `order` above 1.
    #[must_use]
    pub fn is_secondary(&self) -> bool {
        self.order.is_some_and(|order| order > 1)
    }

    /// Whether another one says the same, by whatever names.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let unnamed = |it: &Self| Self { names: Vec::new(), ..it.clone() };
        unnamed(self) == unnamed(other)
    }
}

/// The years of a period, from each anniversary of its start to the next one, the last one up to its end; those that begin
/// before `until`. Each lasts at most [`salus_domain::plan::YEAR`]. A year that begins on 29 February has its anniversaries on
/// 28 February where there is no other. `None`: the period has no start, or ends before it begins.
#[must_use]
pub fn years(period: Period, until: Timestamp) -> Option<Vec<Period>> {
    if period.start == Timestamp::MIN || !period.is_valid() {
        return None;
    }
    let mut years = Vec::new();
    let mut start = period.start;
    for number in 1.. {
        if start >= until || start >= period.end {
            break;
        }
        // Behind the last year of the calendar there is none.
        let Some(next) = anniversary(period.start, number) else { break };
        years.push(Period { start, end: next.min(period.end) });
        start = next;
    }
    Some(years)
}

/// What describes a coverage and decides nothing here: what the member bears is the plan's to say.
const DESCRIPTIVE: &[&str] = &["identifier", "policyHolder", "dependent", "costToBeneficiary", "contract"];

/// What a coverage has in R5 only: <https://hl7.org/fhir/R5/coverage.html>.
const OF_R5: [&str; 2] = ["kind", "insurer"];

/// Compiles a FHIR R4 `Coverage`.
///
/// # Errors
/// [`Refused`], with the path of the element.
pub fn compile(document: &[u8]) -> Result<CompiledCoverage, Refused> {
    read(&Document::read(document)?.root(), None)
}

/// Compiles each coverage of a document: of a `Bundle` each entry that is a `Coverage`, of any other document that document
/// itself ([`crate::bundle`]).
///
/// # Errors
/// [`Refused`] where the document cannot be read so far that its coverages are found, or has none.
pub fn coverages_of(document: &[u8]) -> Result<Vec<Found<CompiledCoverage>>, Refused> {
    bundle::find(document, "Coverage", read)
}

fn read(node: &Node<'_>, full_url: Option<&str>) -> Result<CompiledCoverage, Refused> {
    node.resource("Coverage", |object| {
        object.ignore(DESCRIPTIVE);
        for name in OF_R5 {
            if let Some(node) = object.optional(name) {
                return Err(node.refuse(RefusedReason::OnlyR4 { resource: "Coverage" }));
            }
        }
        let status = object.required("status")?;
        if status.text()? != "active" {
            let reason = RefusedReason::Status { found: status.text()?.to_owned(), expected: "active" };
            return Err(status.refuse(reason));
        }
        if let Some(subrogation) = object.optional("subrogation") {
            if subrogation.boolean()? {
                return Err(subrogation.refuse(RefusedReason::Subrogation));
            }
        }
        if let Some(kind) = object.optional("type") {
            if complete_codings(&kind)?.iter().any(|(system, code)| SELF_PAY.knows(system) && *code == "pay") {
                return Err(kind.refuse(RefusedReason::SelfPay));
            }
        }
        let member = Reference::to(&object.required("beneficiary")?, PATIENT)?;
        let subscriber = subscriber(object, &member)?;
        let member = member.key;
        let payors = object.required("payor")?;
        let list = payors.list()?;
        let [payor] = list.as_slice() else { return Err(payors.refuse(RefusedReason::SeveralPayors)) };
        let payor = Reference::to(payor, PAYOR)?.key;
        let period = object.optional("period").map_or(Ok(Period::ALWAYS), |node| days_of_period(&node, Early::Open))?;
        let order = object.optional("order").map(|order| order.positive()).transpose()?;
        let mut text = |name: &str| object.optional(name).map(|node| node.text().map(str::to_owned)).transpose();
        let (subscriber_id, network) = (text("subscriberId")?, text("network")?);
        let mut plan = None;
        for class in object.items("class")? {
            let Some(value) = plan_class(&class)? else { continue };
            if plan.replace(value).is_some() {
                return Err(class.refuse(RefusedReason::AmbiguousCoding));
            }
        }
        // What cannot be read names nothing.
        let identifiers = object.items("identifier").unwrap_or_default();
        let identifiers = identifiers.iter().filter_map(|identifier| identifier_key(identifier).ok());
        let names = full_url.map(str::to_owned).into_iter().chain(identifiers).collect();
        Ok(CompiledCoverage { member, subscriber, payor, period, order, subscriber_id, plan, network, names })
    })
}

/// The subscriber. HL7's examples write the codes of `subscriber-relationship` without the system.
fn subscriber(object: &mut Object<'_>, member: &Reference) -> Result<String, Refused> {
    let own = |coding: &Coding<'_>| coding.system.is_none() || coding.is_of(&RELATIONSHIP);
    let is_self = |node: Node<'_>| match node.open()?.has("coding") {
        true => Ok(concept(&node)?.iter().any(|coding| own(coding) && coding.code == "self")),
        // Words alone may say anything.
        false => Ok(false),
    };
    let is_self = object.optional("relationship").map(is_self).transpose()?;
    match object.optional("subscriber").map(|subscriber| Reference::to(&subscriber, SUBSCRIBER)).transpose()? {
        Some(subscriber) if is_self == Some(true) && !subscriber.is_same(member) => {
            Err(subscriber.refuse(RefusedReason::SubscriberContradicts))
        }
        Some(subscriber) => Ok(subscriber.key),
        None if is_self == Some(false) => Err(object.refuse("subscriber", RefusedReason::Missing)),
        None => Ok(member.key.clone()),
    }
}

/// The value of a class of the type `plan`.
fn plan_class(node: &Node<'_>) -> Result<Option<String>, Refused> {
    node.read(|object| {
        object.ignore(&["id", "name"]);
        let kind = only_coding(&object.required("type")?)?;
        let value = object.required("value")?.text()?;
        Ok((kind.is_of(&COVERAGE_CLASS) && kind.code == "plan").then(|| value.to_owned()))
    })
}
