//! What an insurer paid that comes before: its `ExplanationOfBenefit` or `ClaimResponse`
//! (<https://hl7.org/fhir/R4/explanationofbenefit.html>, <https://hl7.org/fhir/R4/claimresponse.html>).
//!
//! An R4 `Claim` cannot say what another insurer paid for a line, so that insurer's own document has to be at hand.

use super::item::money;
use super::ClaimItem;
use crate::coding::{complete_codings, concept, ADJUDICATION, C4BB_ADJUDICATION};
use crate::date::{days_of, days_of_period, Early};
use crate::decimal::Asset;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::{Reference, INSURER, PATIENT};
use salus_domain::money::Amount;
use salus_domain::time::Period;
use std::collections::BTreeSet;

/// What one insurer paid for a claim, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorPayment {
    /// Who was treated.
    pub patient: String,
    /// The identifier of who was treated, as `system|value`, beside the reference or alone.
    pub patient_identifier: Option<String>,
    /// Whose answer it is, where the document names it.
    pub insurer: Option<String>,
    /// What it is called, where the document only says so (`insurer.display`).
    pub insurer_display: Option<String>,
    /// Its own name: `ClaimResponse/id` or `ExplanationOfBenefit/id`; `None` without an id.
    pub answer: Option<String>,
    /// Its lines, in the order of the document, each once.
    pub lines: Vec<PriorLine>,
}

impl PriorPayment {
    /// Its name, where it is a `ClaimResponse`: what a claim refers to.
    pub(super) fn response(&self) -> Option<&str> {
        self.answer.as_deref().filter(|name| name.starts_with("ClaimResponse/"))
    }

    /// Whether it is the same document, or another version of it.
    pub(super) fn is_same_answer(&self, other: &Self) -> bool {
        let of_others = self.insurer.is_some() && other.insurer.is_some() && self.insurer != other.insurer;
        self == other || (self.answer.is_some() && self.answer == other.answer && !of_others)
    }
}

/// What one insurer paid for a line, and what it says that the line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorLine {
    /// The number of the line in the claim.
    pub sequence: u32,
    /// What was paid for it, in minor units.
    pub paid: Amount,
    /// System and code of each coding of the service (`productOrService`) that has both; may be empty.
    pub services: Vec<(String, String)>,
    /// The days of the service (`serviced[x]`), where the document says so.
    pub days: Option<Period>,
}

impl PriorLine {
    /// Refuses what is about another service or another day, as far as the document tells: a code of another system than the
    /// claim's may mean the same.
    fn ensure_about(&self, item: &ClaimItem, path: &str) -> Result<(), Refused> {
        let mut codes = self.services.iter().filter(|(system, _)| *system == item.system).peekable();
        if codes.peek().is_some() && !codes.any(|(_, code)| *code == item.code) {
            return Err(Refused::new(path, RefusedReason::PriorOtherService));
        }
        match self.days.is_none_or(|days| days.contains(item.date)) {
            true => Ok(()),
            false => Err(Refused::new(path, RefusedReason::PriorOtherDay)),
        }
    }
}

/// Reads what an insurer paid from its `ExplanationOfBenefit` or `ClaimResponse`: of each line the amount of the category
/// `benefit` (HL7 `adjudication`), or else the sum of `paidtoprovider` and `paidtopatient` (CARIN Blue Button). All other
/// categories say where the rest went. What a line is made up of (`detail`) is a part of its own amounts. What the document says
/// that was paid in all (`total`, `adjudication`) is what the lines add up to; one of the two parts alone may be less. What was
/// transferred (`payment`) may be less as well, and tells nothing.
///
/// # Errors
/// [`Refused`], with the path of the element: a document that is not a complete answer to a claim, a line without such an
/// amount or with two that differ, another sum than that of the lines, lines that the insurer added, another currency.
pub fn prior_payment(document: &[u8], asset: &Asset) -> Result<PriorPayment, Refused> {
    let document = Document::read(document)?;
    let mut object = document.root().ignoring_extensions().open()?;
    let kind = object.required("resourceType")?;
    let (name, number) = match kind.text()? {
        name @ "ExplanationOfBenefit" => (name, "sequence"),
        name @ "ClaimResponse" => (name, "itemSequence"),
        found => {
            let expected = "ExplanationOfBenefit or ClaimResponse";
            return Err(kind.refuse(RefusedReason::WrongResource { expected, found: found.to_owned() }));
        }
    };
    expect(&mut object, "status", "active")?;
    expect(&mut object, "use", "claim")?;
    expect(&mut object, "outcome", "complete")?;
    if let Some(added) = object.optional("addItem") {
        return Err(added.refuse(RefusedReason::UnknownElement));
    }
    let Reference { key: patient, identifier: patient_identifier, .. } =
        Reference::to(&object.required("patient")?, PATIENT)?;
    let (insurer, insurer_display) = insurer(&mut object);
    let id = object.optional("id").map(|id| id.text()).transpose()?;
    let answer = id.map(|id| format!("{name}/{id}"));
    let (mut lines, mut told_of_lines, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for node in object.required("item")?.list()? {
        let mut item = node.open()?;
        let sequence = item.required(number)?;
        let number = sequence.positive()?;
        if !seen.insert(number) {
            return Err(sequence.refuse(RefusedReason::RepeatedSequence));
        }
        let adjudications = item.required("adjudication")?;
        let told = told(&adjudications, asset)?;
        let paid = paid(&adjudications, &told)?;
        told_of_lines.push(told);
        let services =
            item.optional("productOrService").map_or_else(|| Ok(Vec::new()), |node| complete_codings(&node))?;
        let services = services.into_iter().map(|(system, code)| (system.to_owned(), code.to_owned())).collect();
        lines.push(PriorLine { sequence: number, paid, services, days: serviced(&mut item)? });
    }
    ensure_sum(&mut object, &lines, &told_of_lines, asset)?;
    Ok(PriorPayment { patient, patient_identifier, insurer, insurer_display, answer, lines })
}

/// Who insures, or else what it is called.
fn insurer(object: &mut Object<'_>) -> (Option<String>, Option<String>) {
    let Some(node) = object.optional("insurer") else { return (None, None) };
    let display = || node.open().ok()?.optional("display")?.text().ok().map(str::to_owned);
    Reference::to(&node, INSURER).map_or_else(|_| (None, display()), |insurer| (Some(insurer.key), None))
}

/// Refuses another sum of what was paid than that of the lines. One of the parts alone may be less, unless each line tells that
/// part as well.
fn ensure_sum(object: &mut Object<'_>, lines: &[PriorLine], of_lines: &[Told], asset: &Asset) -> Result<(), Refused> {
    let part_of_lines = |part: fn(&Told) -> Option<Amount>| {
        of_lines.iter().map(part).try_fold(Amount::ZERO, |sum, part| sum.checked_add(part?))
    };
    let agrees = |told: Option<Amount>, part| told.zip(part_of_lines(part)).is_none_or(|(told, sum)| told == sum);
    let sum = lines.iter().map(|line| line.paid).try_fold(Amount::ZERO, Amount::checked_add);
    let sum = sum.ok_or_else(|| object.refuse("item", RefusedReason::AmountTooLarge))?;
    for name in ["total", "adjudication"] {
        let Some(node) = object.optional(name) else { continue };
        let told = told(&node, asset)?;
        let is_right = match (told.all, told.parts(&node)?) {
            (Some(all), _) => all == sum,
            (None, Some(parts)) if told.provider.is_some() && told.patient.is_some() => parts == sum,
            (None, Some(part)) => {
                part <= sum && agrees(told.provider, |line| line.provider) && agrees(told.patient, |line| line.patient)
            }
            (None, None) => true,
        };
        if !is_right {
            return Err(node.refuse(RefusedReason::PriorContradicts));
        }
    }
    Ok(())
}

/// The days of `serviced[x]`.
fn serviced(item: &mut Object<'_>) -> Result<Option<Period>, Refused> {
    if let Some(date) = item.optional("servicedDate") {
        return days_of(&date).map(Some);
    }
    item.optional("servicedPeriod").map(|period| days_of_period(&period, Early::Open)).transpose()
}

fn expect(object: &mut Object<'_>, name: &str, expected: &'static str) -> Result<(), Refused> {
    let node = object.required(name)?;
    match node.text()? {
        found if found == expected => Ok(()),
        found => Err(node.refuse(RefusedReason::Status { found: found.to_owned(), expected })),
    }
}

/// What a category says about who was paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paid {
    /// `benefit`: all of it.
    All,
    /// `paidtoprovider`: that part.
    Provider,
    /// `paidtopatient`: that part.
    Patient,
}

/// What amounts with categories tell about what was paid.
#[derive(Default)]
struct Told {
    /// All of it ([`Paid::All`]).
    all: Option<Amount>,
    /// What the provider got ([`Paid::Provider`]).
    provider: Option<Amount>,
    /// What the patient got ([`Paid::Patient`]).
    patient: Option<Amount>,
}

impl Told {
    /// The sum of the parts of `adjudications` that are told.
    fn parts(&self, adjudications: &Node<'_>) -> Result<Option<Amount>, Refused> {
        let mut parts = self.provider.into_iter().chain(self.patient);
        let Some(first) = parts.next() else { return Ok(None) };
        let sum = parts.try_fold(first, Amount::checked_add);
        sum.map(Some).ok_or_else(|| adjudications.refuse(RefusedReason::AmountTooLarge))
    }
}

/// What the insurer paid for a line.
fn paid(adjudications: &Node<'_>, told: &Told) -> Result<Amount, Refused> {
    match (told.all, told.parts(adjudications)?) {
        (Some(all), Some(parts)) if all != parts => Err(adjudications.refuse(RefusedReason::PriorContradicts)),
        (Some(paid), _) | (None, Some(paid)) => Ok(paid),
        (None, None) => Err(adjudications.refuse(RefusedReason::PriorUnknown)),
    }
}

fn told(adjudications: &Node<'_>, asset: &Asset) -> Result<Told, Refused> {
    let mut told = Told::default();
    for node in adjudications.list()? {
        let mut object = node.open()?;
        let Some(category) = paid_by(&object.required("category")?)? else { continue };
        let amount = object.required("amount")?;
        let found = money(&amount, asset)?.minor_units(asset.decimals).map_err(|reason| amount.refuse(reason))?;
        let part = match category {
            Paid::All if told.all.is_some_and(|all| all != found) => {
                return Err(amount.refuse(RefusedReason::PriorContradicts));
            }
            Paid::All => {
                told.all = Some(found);
                continue;
            }
            Paid::Provider => &mut told.provider,
            Paid::Patient => &mut told.patient,
        };
        let sum = part.unwrap_or_default().checked_add(found);
        *part = Some(sum.ok_or_else(|| amount.refuse(RefusedReason::AmountTooLarge))?);
    }
    Ok(told)
}

/// `None`: nothing. HL7's examples write the codes of `adjudication` without the system.
fn paid_by(node: &Node<'_>) -> Result<Option<Paid>, Refused> {
    let mut found = None;
    for coding in concept(node)? {
        let own = coding.system.is_none() || coding.is_of(&ADJUDICATION);
        let carin = coding.is_of(&C4BB_ADJUDICATION);
        found = match coding.code {
            "benefit" if own => Some(Paid::All),
            "paidtoprovider" if carin => Some(Paid::Provider),
            "paidtopatient" if carin => Some(Paid::Patient),
            _ => found,
        };
    }
    Ok(found)
}

/// What all of the documents say was paid for a line.
pub(super) fn paid_for(item: &ClaimItem, path: &str, prior: &[PriorPayment]) -> Result<Amount, Refused> {
    let refuse = |reason| Refused::new(path, reason);
    let mut sum = Amount::ZERO;
    for document in prior {
        let line = document.lines.iter().find(|line| line.sequence == item.sequence);
        let line = line.ok_or_else(|| refuse(RefusedReason::PriorUnknown))?;
        line.ensure_about(item, path)?;
        sum = sum.checked_add(line.paid).ok_or_else(|| refuse(RefusedReason::AmountTooLarge))?;
    }
    match sum <= item.submitted {
        true => Ok(sum),
        false => Err(refuse(RefusedReason::PriorAboveCharge)),
    }
}

/// Refuses documents that are about other lines.
pub(super) fn check_lines(
    items: &[(ClaimItem, String)],
    object: &Object<'_>,
    prior: &[PriorPayment],
) -> Result<(), Refused> {
    let known = |line: u32| items.iter().any(|(item, _)| item.sequence == line);
    let mut lines = prior.iter().flat_map(|document| &document.lines).filter(|line| line.paid > Amount::ZERO);
    match lines.find(|line| !known(line.sequence)) {
        Some(line) => Err(object.refuse("item", RefusedReason::PriorOtherLine { sequence: line.sequence })),
        None => Ok(()),
    }
}
