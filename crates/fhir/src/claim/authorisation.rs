//! A `Claim` with the use `preauthorization`: a request for authorisation.

use super::header::Header;
use super::{item, tag, Assumed, ClaimOptions};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use salus_domain::claim::MAX_LINES;
use salus_domain::ids::CodeTag;

/// A compiled request for authorisation. References are as in [`super::CompiledClaim`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledAuthorisation {
    /// Who is to be treated.
    pub patient: String,
    /// Who asks, and will claim.
    pub provider: String,
    /// Who is to authorise it, where the document says so.
    pub insurer: Option<String>,
    /// The coverage under which it will be claimed.
    pub coverage: String,
    /// What is to be authorised, 1 to [`MAX_LINES`], in the order of the document.
    pub items: Vec<AuthorisationItem>,
    /// What the document does not say and was taken from the options.
    pub assumed: Vec<Assumed>,
}

/// One line (`Claim.item`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorisationItem {
    /// Its number, 1 to 2,147,483,647, unique within the request.
    pub sequence: u32,
    /// The code system of the service.
    pub system: String,
    /// The code of the service.
    pub code: String,
    /// How many, at least 1.
    pub quantity: u32,
}

impl CompiledAuthorisation {
    /// What the claims contract takes, under the consortium's `key`: each procedure once, with the units of all its lines, in
    /// the order of the document. More than a number holds counts as the largest.
    #[must_use]
    pub fn requests(&self, key: &[u8; 32]) -> Vec<(CodeTag, u32)> {
        let mut requests: Vec<(CodeTag, u32)> = Vec::new();
        for item in &self.items {
            let code = tag(key, &item.system, &item.code);
            match requests.iter_mut().find(|(other, _)| *other == code) {
                Some((_, quantity)) => *quantity = quantity.saturating_add(item.quantity),
                None => requests.push((code, item.quantity)),
            }
        }
        requests
    }
}

/// What is said about a service that is to be authorised and is not a part of it: an authorisation is for units of a
/// procedure, whatever they will be charged at, and the insurer says until when.
const DESCRIPTIVE: &[&str] = &["category", "servicedDate", "servicedPeriod", "unitPrice", "factor", "net", "detail"];

/// Compiles a FHIR R4 `Claim` with the use `preauthorization`. Of the options only [`ClaimOptions::default_coverage`] counts.
///
/// # Errors
/// [`Refused`], with the path of the element.
pub fn authorisation(document: &[u8], options: &ClaimOptions) -> Result<CompiledAuthorisation, Refused> {
    Document::read(document)?.root().resource("Claim", |object| {
        object.ignore(&["identifier", "billablePeriod", "total"]);
        let mut assumed = Vec::new();
        let header = Header::read(object, "preauthorization", options.default_coverage.as_deref(), &mut assumed)?;
        let Header { patient, provider, insurer, insurance, .. } = header;
        let nodes = object.required("item")?.list()?;
        if let Some(beyond) = nodes.get(MAX_LINES) {
            return Err(beyond.refuse(RefusedReason::TooManyLines { limit: MAX_LINES }));
        }
        let mut items: Vec<AuthorisationItem> = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let item = node.read(|object| {
                object.ignore(item::DESCRIPTIVE);
                object.ignore(DESCRIPTIVE);
                let sequence = object.required("sequence")?.positive()?;
                let (system, code) = item::service(object)?;
                Ok(AuthorisationItem { sequence, system, code, quantity: item::count(object)? })
            })?;
            if items.iter().any(|other| other.sequence == item.sequence) {
                return Err(Refused::new(format!("{}.sequence", node.path()), RefusedReason::RepeatedSequence));
            }
            items.push(item);
        }
        let (patient, coverage) = (patient.key, insurance.coverage);
        Ok(CompiledAuthorisation { patient, provider, insurer, coverage, items, assumed })
    })
}
