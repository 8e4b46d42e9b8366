//! `Claim.insurance`: which coverage is to pay, and which come before it.
//!
//! The one that is to pay is `focal`. `sequence` is the order in which insurers pay (coordination of benefits): what those
//! behind it will pay changes nothing here; of those before it one has to know what they paid.

use super::{Assumed, Assumption, PriorPayment};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::reference::{identifier_key, Reference, CLAIM_RESPONSE, COVERAGE};
use std::collections::BTreeSet;

const DESCRIPTIVE: &[&str] = &["id", "identifier", "preAuthRef"];

/// The insurances of a claim.
pub(super) struct Insurance {
    /// Where they stand.
    path: String,
    /// The coverage that is to pay.
    pub(super) coverage: String,
    /// Those that pay before it: see [`response`].
    before: Vec<Option<(String, String)>>,
}

/// One of them.
struct Entry<'a> {
    node: Node<'a>,
    focal: bool,
    sequence: Option<u32>,
    claim_response: Option<(String, String)>,
    coverage: Option<String>,
}

impl Insurance {
    pub(super) fn read(
        object: &mut Object<'_>,
        default_coverage: Option<&str>,
        assumed: &mut Vec<Assumed>,
    ) -> Result<Self, Refused> {
        let insurances = object.required("insurance")?;
        let entries: Vec<Entry<'_>> = insurances.list()?.iter().map(entry).collect::<Result<_, _>>()?;
        let mut focal = entries.iter().filter(|entry| entry.focal);
        let chosen = match (focal.next(), focal.next(), entries.first()) {
            (Some(chosen), None, _) => chosen,
            (Some(_), Some(second), _) => {
                return Err(Refused::new(focal_path(&second.node), RefusedReason::SeveralFocal));
            }
            (None, _, first) => {
                let node = first.map_or(&insurances, |first| &first.node);
                return Err(Refused::new(focal_path(node), RefusedReason::NotFocal));
            }
        };
        let before = if entries.len() > 1 { before(&entries, chosen)? } else { Vec::new() };
        let place = format!("{}.coverage", chosen.node.path());
        let coverage = match (&chosen.coverage, default_coverage) {
            (Some(coverage), _) => coverage.clone(),
            (None, Some(coverage)) => {
                assumed.push(Assumed { path: place, what: Assumption::Coverage(coverage.to_owned()) });
                coverage.to_owned()
            }
            (None, None) => return Err(Refused::new(format!("{place}.reference"), RefusedReason::Missing)),
        };
        Ok(Self { path: insurances.path().to_owned(), coverage, before })
    }

    /// Refuses unless there is a document of each insurer that pays before, about this patient; those that the claim names are
    /// among them. A claim may leave those insurers out of its list: their documents speak for themselves.
    pub(super) fn check_prior(&self, patient: &Reference, prior: &[PriorPayment]) -> Result<(), Refused> {
        let refuse = |reason| Err(Refused::new(self.path.clone(), reason));
        match (self.before.len(), prior.len()) {
            (0, _) => {}
            (_, 0) => return refuse(RefusedReason::OtherInsurance),
            (needed, given) if needed != given => return refuse(RefusedReason::PriorDocuments { needed, given }),
            _ => {}
        }
        let is_other = |it: &&PriorPayment| !patient.names(&it.patient, it.patient_identifier.as_deref());
        if let Some(other) = prior.iter().find(is_other) {
            return refuse(RefusedReason::PriorPatient { patient: other.patient.clone() });
        }
        let is_repeated =
            |(place, one): (usize, &PriorPayment)| prior.iter().skip(place + 1).any(|other| other.is_same_answer(one));
        if prior.iter().enumerate().any(is_repeated) {
            return refuse(RefusedReason::RepeatedPrior);
        }
        self.check_responses(prior)
    }

    /// Refuses where a response that the claim names is not among the documents, as far as it can be told: what has no name
    /// as a response may stand for any one of them.
    fn check_responses(&self, prior: &[PriorPayment]) -> Result<(), Refused> {
        let given: BTreeSet<&str> = prior.iter().filter_map(PriorPayment::response).collect();
        let unnamed = prior.iter().filter(|document| document.response().is_none()).count();
        let mut missing = self.before.iter().flatten().filter(|(_, name)| !given.contains(name.as_str())).peekable();
        let first = missing.peek().map(|(path, name)| (path.clone(), name.clone()));
        match first.filter(|_| missing.count() > unnamed) {
            Some((path, reference)) => Err(Refused::new(path, RefusedReason::PriorResponse { reference })),
            None => Ok(()),
        }
    }
}

fn entry<'a>(node: &Node<'a>) -> Result<Entry<'a>, Refused> {
    node.read(|object| {
        object.ignore(DESCRIPTIVE);
        let focal = object.required("focal")?.boolean()?;
        let sequence = object.optional("sequence").map(|sequence| sequence.positive()).transpose()?;
        // Of the one that is to pay there is no answer yet.
        let claim_response = match focal {
            true => None,
            false => object.optional("claimResponse").map(|node| response(&node)).transpose()?.flatten(),
        };
        let coverage = coverage(&object.required("coverage")?)?;
        Ok(Entry { node: node.clone(), focal, sequence, claim_response, coverage })
    })
}

fn focal_path(node: &Node<'_>) -> String {
    format!("{}.focal", node.path())
}

/// The `claimResponse` of those whose number is below that of the one that is to pay.
fn before(entries: &[Entry<'_>], chosen: &Entry<'_>) -> Result<Vec<Option<(String, String)>>, Refused> {
    let number = |entry: &Entry<'_>| {
        let path = format!("{}.sequence", entry.node.path());
        entry.sequence.ok_or(Refused::new(path, RefusedReason::Missing))
    };
    let own = number(chosen)?;
    let mut seen = BTreeSet::new();
    let mut before = Vec::new();
    for entry in entries {
        let number = number(entry)?;
        if !seen.insert(number) {
            let path = format!("{}.sequence", entry.node.path());
            return Err(Refused::new(path, RefusedReason::RepeatedSequence));
        }
        if number < own {
            before.push(entry.claim_response.clone());
        }
    }
    Ok(before)
}

/// The path of a `claimResponse`, and `ClaimResponse/id`; `None` where it does not name a response so (`urn:uuid:…`, an
/// identifier): which document is meant cannot be told then.
fn response(node: &Node<'_>) -> Result<Option<(String, String)>, Refused> {
    let reference = Reference::to(node, CLAIM_RESPONSE)?;
    Ok(reference.relative().map(|name| (node.path().to_owned(), name)))
}

/// The coverage; `None` where it is only described.
fn coverage(node: &Node<'_>) -> Result<Option<String>, Refused> {
    let only_described = node.read(|object| {
        object.ignore(&["id", "display", "type"]);
        let identifier = object.optional("identifier").map(|identifier| identifier_key(&identifier)).transpose()?;
        Ok(object.optional("reference").is_none() && identifier.is_none())
    })?;
    match only_described {
        true => Ok(None),
        false => Ok(Some(Reference::to(node, COVERAGE)?.key)),
    }
}
