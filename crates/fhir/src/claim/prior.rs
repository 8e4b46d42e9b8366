//! What an insurer paid that comes before: its `ExplanationOfBenefit` or `ClaimResponse`
//! (<https://hl7.org/fhir/R4/explanationofbenefit.html>, <https://hl7.org/fhir/R4/claimresponse.html>).
//!
//! An R4 `Claim` cannot say what another insurer paid for a line, so that insurer's own document has to be at hand.

use super::item::money;
use super::ClaimItem;
use crate::coding::{concept, ADJUDICATION, C4BB_ADJUDICATION};
use crate::decimal::Asset;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::Reference;
use salus_domain::money::Amount;

/// What one insurer paid for a claim, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorPayment {
    /// Who was treated.
    pub patient: String,
    /// `ClaimResponse/id`; `None` of an explanation of benefit.
    pub claim_response: Option<String>,
    /// The number of each line of the claim, and what was paid for it, in minor units.
    pub lines: Vec<(u32, Amount)>,
}

/// Reads what an insurer paid from its `ExplanationOfBenefit` or `ClaimResponse`: of each line the amount of the category
/// `benefit` (HL7 `adjudication`), or else the sum of `paidtoprovider` and `paidtopatient` (CARIN Blue Button). All other
/// categories say where the rest went. What a line is made up of (`detail`) is a part of its own amounts.
///
/// # Errors
/// [`Refused`], with the path of the element: a document that is not a complete answer to a claim, a line without such an
/// amount or with two that differ, lines that the insurer added, another currency.
pub fn prior_payment(document: &[u8], asset: &Asset) -> Result<PriorPayment, Refused> {
    let document = Document::read(document)?;
    let mut object = document.root().ignoring_extensions().open()?;
    let kind = object.required("resourceType")?;
    let (number, is_response) = match kind.text()? {
        "ExplanationOfBenefit" => ("sequence", false),
        "ClaimResponse" => ("itemSequence", true),
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
    let patient = Reference::read(&object.required("patient")?)?.key;
    let id = object.optional("id").map(|id| id.text()).transpose()?;
    let claim_response = id.filter(|_| is_response).map(|id| format!("ClaimResponse/{id}"));
    let mut lines: Vec<(u32, Amount)> = Vec::new();
    for node in object.required("item")?.list()? {
        let mut item = node.open()?;
        let sequence = item.required(number)?;
        let line = sequence.whole_number()?;
        if lines.iter().any(|(other, _)| *other == line) {
            return Err(sequence.refuse(RefusedReason::RepeatedSequence));
        }
        lines.push((line, paid(&item.required("adjudication")?, asset)?));
    }
    Ok(PriorPayment { patient, claim_response, lines })
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
    /// A part, to somebody.
    To,
    /// Nothing.
    Silent,
}

/// What the insurer paid for a line.
fn paid(adjudications: &Node<'_>, asset: &Asset) -> Result<Amount, Refused> {
    let (mut all, mut parts): (Option<Amount>, Option<Amount>) = (None, None);
    for node in adjudications.list()? {
        let mut object = node.open()?;
        let category = paid_by(&object.required("category")?)?;
        if category == Paid::Silent {
            continue;
        }
        let amount = object.required("amount")?;
        let found = money(&amount, asset)?.minor_units(asset.decimals).map_err(|reason| amount.refuse(reason))?;
        match category {
            Paid::All if all.is_some_and(|all| all != found) => {
                return Err(amount.refuse(RefusedReason::PriorContradicts));
            }
            Paid::All => all = Some(found),
            _ => {
                let sum = parts.unwrap_or_default().checked_add(found);
                parts = Some(sum.ok_or_else(|| amount.refuse(RefusedReason::AmountTooLarge))?);
            }
        }
    }
    match (all, parts) {
        (Some(all), Some(parts)) if all != parts => Err(adjudications.refuse(RefusedReason::PriorContradicts)),
        (Some(paid), _) | (None, Some(paid)) => Ok(paid),
        (None, None) => Err(adjudications.refuse(RefusedReason::PriorUnknown)),
    }
}

/// HL7's examples write the codes of `adjudication` without the system.
fn paid_by(node: &Node<'_>) -> Result<Paid, Refused> {
    let mut found = Paid::Silent;
    for coding in concept(node)? {
        let own = coding.system.is_none() || coding.is_of(&ADJUDICATION);
        let carin = coding.is_of(&C4BB_ADJUDICATION);
        found = match coding.code {
            "benefit" if own => Paid::All,
            "paidtoprovider" | "paidtopatient" if carin => Paid::To,
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
        let line = document.lines.iter().find(|(sequence, _)| *sequence == item.sequence);
        let (_, paid) = line.ok_or_else(|| refuse(RefusedReason::PriorUnknown))?;
        sum = sum.checked_add(*paid).ok_or_else(|| refuse(RefusedReason::AmountTooLarge))?;
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
    let mut lines = prior.iter().flat_map(|document| &document.lines).filter(|(_, paid)| *paid > Amount::ZERO);
    match lines.find(|(line, _)| !known(*line)) {
        Some((line, _)) => Err(object.refuse("item", RefusedReason::PriorOtherLine { sequence: *line })),
        None => Ok(()),
    }
}
