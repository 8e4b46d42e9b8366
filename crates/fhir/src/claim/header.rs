//! What a claim says before its lines: who was treated, who claims, who is to pay.

use super::insurance::Insurance;
use super::Assumed;
use crate::coding::{only_coding, PAYEE_TYPE};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::reference::Reference;

/// What describes a claim, or backs it up, and moves no money.
const DESCRIPTIVE: &[&str] = &[
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

/// Who a claim is about.
pub(super) struct Header {
    pub(super) patient: String,
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
        fixed(object, "status", "active", |found| RefusedReason::Status { found, expected: "active" })?;
        fixed(object, "use", wanted, |found| match wanted {
            "claim" => RefusedReason::Use { found },
            _ => RefusedReason::NotAnAuthorisation { found },
        })?;
        let patient = Reference::read(&object.required("patient")?)?.key;
        let provider = Reference::read(&object.required("provider")?)?.key;
        let insurer = object.optional("insurer").map(|insurer| Reference::read(&insurer)).transpose()?;
        if let Some(payee) = object.optional("payee") {
            check_payee(&payee, &provider)?;
        }
        let insurance = Insurance::read(object, default_coverage, assumed)?;
        Ok(Self { patient, provider, insurer: insurer.map(|insurer| insurer.key), insurance })
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
