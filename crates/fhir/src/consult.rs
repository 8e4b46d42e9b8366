//! The question of a CDS Hooks `patient-consent-consult` call: its `context`, or the whole call.
//!
//! ```json
//! {
//!   "patientId": [{ "system": "http://hl7.org/fhir/sid/us-medicare", "value": "0000-000-0000" }],
//!   "category": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy" }],
//!   "purposeOfUse": ["TREAT"],
//!   "actor": [{ "system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893" }],
//!   "class": [{ "system": "http://hl7.org/fhir/resource-types", "code": "Observation" }],
//!   "securityLabel": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N" }],
//!   "action": ["access"],
//!   "dataTime": { "start": "2026-01-01", "end": "2026-06-30" }
//! }
//! ```
//!
//! The last three are our own. Only `patientId` is needed. Where there can be several, one may stand without brackets; codes
//! may be codings, concepts (`{"coding": [...]}`) or, but for labels, bare codes; `scope` is the old name of `category`. What
//! is not named: `action` is then access, `purposeOfUse` and `actor` may be any (the answer holds for all of them), and the
//! data is all that there is, with obligations to redact.

use crate::category::Category;
use crate::coding::{concept, Coding, System, ACTION, CLASS, CONSENT_SCOPE, PURPOSE};
use crate::date::{period, whole, Early};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::provision::{known_class, Label};
use crate::reference::identifier;
use salus_domain::codes::{Action, ClassSet, Confidentiality, Purpose, SensitivitySet};
use salus_domain::time::Period;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consult {
    /// The patient: identifiers as `system|value`, at least one.
    pub(crate) patient: Vec<String>,
    /// The kinds of consent that are asked for; empty: all.
    pub(crate) categories: Vec<Category>,
    /// Each of them; empty: any.
    pub(crate) purposes: Vec<Purpose>,
    /// Each of them, at least one.
    pub(crate) actions: Vec<Action>,
    /// Who asks: identifiers as `system|value`; empty: anybody.
    pub(crate) actor: Vec<String>,
    pub(crate) confidentiality: Option<Confidentiality>,
    pub(crate) sensitivity: Option<SensitivitySet>,
    pub(crate) classes: Option<ClassSet>,
    pub(crate) data_period: Option<Period>,
    /// Where the identifiers stand, for refusals.
    pub(crate) patient_path: String,
    pub(crate) actor_path: String,
}

/// Members of a CDS Hooks call that say how it came here, not what is asked:
/// <https://cds-hooks.hl7.org/2.0/#calling-a-cds-service>.
const CALL: &[&str] = &["hookInstance", "fhirServer", "fhirAuthorization", "prefetch", "extension"];

/// Reads a request.
///
/// # Errors
/// [`Refused`], with the path of the member, for whatever is not known or not as it should be.
pub fn read(document: &[u8]) -> Result<Consult, Refused> {
    let document = Document::read(document)?;
    document.root().read(|object| match object.optional("context") {
        None => context(object),
        Some(node) => {
            object.ignore(CALL);
            if let Some(hook) = object.optional("hook") {
                let found = hook.text()?;
                if found != "patient-consent-consult" {
                    return Err(hook.refuse(RefusedReason::Hook { found: found.to_owned() }));
                }
            }
            node.read(context)
        }
    })
}

fn context(object: &mut Object<'_>) -> Result<Consult, Refused> {
    let patient = identifiers(object, "patientId")?;
    if patient.is_empty() {
        return Err(object.refuse("patientId", RefusedReason::Missing));
    }
    let mut labels = (None, None);
    for node in several(object, "securityLabel") {
        for coding in codings(&node)? {
            match Label::of(&coding)? {
                // A high-water mark: data of two levels is of the higher.
                Label::Confidentiality(level) => labels.0 = labels.0.max(Some(level)),
                Label::Sensitivity(label) => labels.1 = Some(labels.1.unwrap_or(SensitivitySet::EMPTY).with(label)),
            }
        }
    }
    let classes = several(object, "class");
    let classes: Vec<_> = classes.iter().map(|node| known(node, &CLASS, known_class)).collect::<Result<_, _>>()?;
    let mut actions = codes(object, "action", &ACTION, Action::from_code)?;
    if actions.is_empty() {
        actions.push(Action::Access);
    }
    let mut categories = Vec::new();
    for node in several(object, "category").into_iter().chain(several(object, "scope")) {
        categories.extend(categories_of(&node)?);
    }
    Ok(Consult {
        patient,
        categories,
        purposes: codes(object, "purposeOfUse", &PURPOSE, Purpose::from_code)?,
        actions,
        actor: identifiers(object, "actor")?,
        confidentiality: labels.0,
        sensitivity: labels.1,
        classes: (!classes.is_empty()).then(|| classes.into_iter().collect()),
        data_period: object.optional("dataTime").map(|node| data_time(&node)).transpose()?.flatten(),
        patient_path: object.path_of("patientId"),
        actor_path: object.path_of("actor"),
    })
}

/// Each item of a member that may be missing, an array or a single one.
fn several<'a>(object: &mut Object<'a>, name: &str) -> Vec<Node<'a>> {
    object.optional(name).map(|node| node.one_or_many()).unwrap_or_default()
}

fn identifiers(object: &mut Object<'_>, name: &str) -> Result<Vec<String>, Refused> {
    let nodes = several(object, name);
    nodes.iter().map(|node| identifier(node).map(|(system, value)| format!("{system}|{value}"))).collect()
}

fn codes<T: PartialEq>(
    object: &mut Object<'_>,
    name: &str,
    system: &System,
    from_code: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Refused> {
    let mut codes = Vec::new();
    for node in several(object, name) {
        let code = known(&node, system, |coding| from_code(coding.code).filter(|_| coding.is_of(system)))?;
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    Ok(codes)
}

/// The codings of a concept, or the one that stands for itself.
fn codings<'a>(node: &Node<'a>) -> Result<Vec<Coding<'a>>, Refused> {
    match node.is_object() && node.open()?.has("coding") {
        true => concept(node),
        false => Ok(Vec::from([Coding::read(node)?])),
    }
}

/// A coding, a concept whose codings mean the same, or a bare code of `system`.
fn known<T: PartialEq>(
    node: &Node<'_>,
    system: &System,
    known: impl Fn(&Coding<'_>) -> Option<T>,
) -> Result<T, Refused> {
    let codings = match node.is_text() {
        true => Vec::from([Coding::of(node, system)?]),
        false => codings(node)?,
    };
    let mut found = None;
    for coding in &codings {
        let code = match known(coding) {
            Some(code) => code,
            None if coding.is_of(system) => return Err(coding.unknown_code()),
            None => return Err(coding.unknown_system()),
        };
        if found.as_ref().is_some_and(|found| *found != code) {
            return Err(node.refuse(RefusedReason::AmbiguousCoding));
        }
        found = Some(code);
    }
    found.ok_or_else(|| node.refuse(RefusedReason::Missing))
}

fn categories_of(node: &Node<'_>) -> Result<Vec<Category>, Refused> {
    if node.is_text() {
        let scope = Category { system: Some(CONSENT_SCOPE.canonical().to_owned()), code: node.text()?.to_owned() };
        return Ok(Vec::from([scope.known(node)?]));
    }
    let category = |coding: &Coding<'_>| {
        Category { system: coding.system.map(str::to_owned), code: coding.code.to_owned() }.known(node)
    };
    codings(node)?.iter().map(category).collect()
}

/// When the data was made; `None`: before 1970, at least in part. Then it may be of any time, as in [`crate::record`].
fn data_time(node: &Node<'_>) -> Result<Option<Period>, Refused> {
    let read = match node.is_text() {
        true => whole(node.text()?).map_err(|reason| node.refuse(reason)),
        false => period(node, Early::Refuse),
    };
    match read {
        Err(Refused { reason: RefusedReason::BeforeEpoch, .. }) => Ok(None),
        read => read.map(Some),
    }
}
