//! FHIR `Coverage`: who is insured by whom, and when. <https://hl7.org/fhir/R4/coverage.html>

use crate::coding::{only_coding, COVERAGE_CLASS};
use crate::date::{period, Early};
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::Reference;
use salus_domain::time::Period;

/// A compiled coverage. References are as they are written, or `system|value` where only an identifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledCoverage {
    /// Who is insured (`beneficiary`).
    pub member: String,
    /// Who insures (`payor`).
    pub payor: String,
    /// When (`period`); [`Period::ALWAYS`] where the document does not say.
    pub period: Period,
    /// The number that the insurer gave the subscriber.
    pub subscriber_id: Option<String>,
    /// The insurer's name for the plan: the value of the class `plan`.
    pub plan: Option<String>,
}

/// What describes a coverage and decides nothing here: what the member bears is the plan's to say.
const DESCRIPTIVE: &[&str] = &[
    "id",
    "meta",
    "language",
    "text",
    "contained",
    "identifier",
    "type",
    "policyHolder",
    "subscriber",
    "dependent",
    "relationship",
    "order",
    "network",
    "costToBeneficiary",
    "subrogation",
    "contract",
];

/// Compiles a FHIR R4 `Coverage`.
///
/// # Errors
/// [`Refused`], with the path of the element.
pub fn compile(document: &[u8]) -> Result<CompiledCoverage, Refused> {
    Document::read(document)?.root().resource("Coverage", |object| {
        object.ignore(DESCRIPTIVE);
        let status = object.required("status")?;
        if status.text()? != "active" {
            let reason = RefusedReason::Status { found: status.text()?.to_owned(), expected: "active" };
            return Err(status.refuse(reason));
        }
        let member = Reference::read(&object.required("beneficiary")?)?.key;
        let payors = object.required("payor")?;
        let list = payors.list()?;
        let [payor] = list.as_slice() else { return Err(payors.refuse(RefusedReason::SeveralPayors)) };
        let payor = Reference::read(payor)?.key;
        let period = object.optional("period").map_or(Ok(Period::ALWAYS), |node| period(&node, Early::Open))?;
        let subscriber_id = object.optional("subscriberId").map(|id| id.text().map(str::to_owned)).transpose()?;
        let mut plan = None;
        for class in object.items("class")? {
            let Some(value) = plan_class(&class)? else { continue };
            if plan.replace(value).is_some() {
                return Err(class.refuse(RefusedReason::AmbiguousCoding));
            }
        }
        Ok(CompiledCoverage { member, payor, period, subscriber_id, plan })
    })
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
