//! What a claim says before its lines: who was treated, who claims, who is to pay.

use super::insurance::Insurance;
use super::Assumed;
use crate::coding::{concept, ensure_concept, only_coding, CLAIM_TYPE, PAYEE_TYPE};
use crate::date::ensure_date;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::explain::Kind;
use crate::reference::{Reference, INSURER, PATIENT, PROVIDER};

/// What describes a claim, or backs it up, and moves no money.
const DESCRIPTIVE: &[&str] = &[
    "subType",
    "enterer",
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

/// Who a claim is about.
pub(super) struct Header {
    pub(super) kind: Option<Kind>,
    pub(super) patient: Reference,
    pub(super) provider: String,
    pub(super) insurer: Option<String>,
    pub(super) insurance: Insurance,
}

impl Header {
    /// Reads it from a claim with this use.
    pub(super) fn read(
        object: &mut Object<'_>,
        wanted: &'static str,
        default_coverage: Option<&str>,
        assumed: &mut Vec<Assumed>,
    ) -> Result<Self, Refused> {
        object.ignore(DESCRIPTIVE);
        object.optional("created").map_or(Ok(()), |created| ensure_date(&created))?;
        object.optional("priority").map_or(Ok(()), |priority| ensure_concept(&priority))?;
        fixed(object, "status", "active", |found| RefusedReason::Status { found, expected: "active" })?;
        fixed(object, "use", wanted, |found| match wanted {
            "claim" => RefusedReason::Use { found },
            _ => RefusedReason::NotAnAuthorisation { found },
        })?;
        let kind = object.optional("type").map(|node| kind(&node)).transpose()?;
        let patient = Reference::to(&object.required("patient")?, PATIENT)?;
        let provider = Reference::to(&object.required("provider")?, PROVIDER)?;
        let insurer = object.optional("insurer").map(|insurer| Reference::to(&insurer, INSURER)).transpose()?;
        if let Some(payee) = object.optional("payee") {
            check_payee(&payee, &provider)?;
        }
        let insurance = Insurance::read(object, default_coverage, assumed)?;
        let insurer = insurer.map(|insurer| insurer.key);
        Ok(Self { kind, patient, provider: provider.key, insurer, insurance })
    }
}

/// The code of HL7 `claim-type`. The binding is extensible: there may be codings of other systems beside it.
fn kind(node: &Node<'_>) -> Result<Kind, Refused> {
    let codings = concept(node)?;
    let mut known: Option<Kind> = None;
    for coding in codings.iter().filter(|coding| coding.is_of(&CLAIM_TYPE)) {
        let kind = coding.known(&CLAIM_TYPE, Kind::from_code)?;
        if known.replace(kind).is_some_and(|other| other != kind) {
            return Err(node.refuse(RefusedReason::AmbiguousCoding));
        }
    }
    match (known, codings.first()) {
        (Some(kind), _) => Ok(kind),
        (None, Some(other)) => Err(other.unknown_system()),
        (None, None) => Err(node.refuse(RefusedReason::Missing)),
    }
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
fn check_payee(node: &Node<'_>, provider: &Reference) -> Result<(), Refused> {
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
            Some(party) if !party.is_same(provider) => Err(party.refuse(RefusedReason::PayeeNotProvider)),
            _ => Ok(()),
        }
    })
}
