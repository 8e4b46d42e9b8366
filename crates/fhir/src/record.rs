//! Any FHIR R4 resource, or a `Bundle` of them, as a record: what the chain and the consents need to know of it. All the
//! rest is content, which is encrypted as it is.

use crate::coding::{Coding, ACT_CODE, CONFIDENTIALITY};
use crate::date::{period, whole, Early};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::Reference;
use salus_domain::codes::{Class, Confidentiality, Sensitivity, SensitivitySet};
use salus_domain::time::Period;

/// A compiled record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledRecord {
    /// Its class: the resource type.
    pub class: Class,
    /// The most confidential label in it (`meta.security`); normal where a resource has none.
    pub confidentiality: Confidentiality,
    /// All sensitivity labels in it.
    pub sensitivity: SensitivitySet,
    /// When what it reports took place. `None`: it does not say, or some of it lies before 1970. To a consent such data
    /// may be of any time: a deny for a period holds for it, a permit for a period does not.
    pub data_period: Option<Period>,
    /// Whose data it is, as it is written; `None` where it does not say.
    pub patient: Option<String>,
}

/// Elements that say when what the resource reports took place, the most telling first.
const DATES: &[&str] = &[
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "collectedDateTime",
    "whenHandedOver",
    "servicedDate",
    "servicedPeriod",
    "billablePeriod",
    "started",
    "period",
    "executionPeriod",
    "recordedDate",
    "authoredOn",
    "issued",
    "recorded",
    "dateTime",
    "date",
    "created",
];
/// Elements that say when something took place in a way that is no period: the record then has none.
const TIMINGS: &[&str] = &["effectiveTiming", "performedString", "performedAge", "performedRange", "occurrenceTiming"];
/// Elements that say whose data it is.
const PATIENTS: &[&str] = &["patient", "subject", "beneficiary", "for", "individual"];
/// Entries of a bundle that report nothing that took place. Others must be a class of data.
const UNDATED: &[&str] = &[
    "Device",
    "Endpoint",
    "HealthcareService",
    "InsurancePlan",
    "Location",
    "Medication",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "Substance",
];

/// Compiles a FHIR R4 resource. A `Bundle` has the labels of all its entries, reports what they report together, and
/// must be about one patient.
///
/// # Errors
/// [`Refused`], with the path of the element: labels that are not known are never dropped (rule 7).
pub fn compile(document: &[u8]) -> Result<CompiledRecord, Refused> {
    let document = Document::read(document)?;
    let mut object = document.root().ignoring_extensions().open()?;
    let node = object.required("resourceType")?;
    let found = node.text()?;
    let Some(class) = Class::from_code(found) else {
        return Err(node.refuse(RefusedReason::NoSuchClass { found: found.to_owned() }));
    };
    let facts = Facts::read(&mut object)?;
    Ok(CompiledRecord {
        class,
        confidentiality: facts.confidentiality.unwrap_or(Confidentiality::N),
        sensitivity: facts.sensitivity,
        data_period: facts.data_period,
        patient: facts.patient(),
    })
}

/// What one resource says.
struct Facts {
    confidentiality: Option<Confidentiality>,
    sensitivity: SensitivitySet,
    data_period: Option<Period>,
    /// References to one patient; several are names of the same one.
    patients: Vec<String>,
}

impl Facts {
    /// The recursion into bundles of bundles ends at [`crate::MAX_NESTING`].
    fn read(object: &mut Object<'_>) -> Result<Self, Refused> {
        let mut facts =
            Self { confidentiality: None, sensitivity: SensitivitySet::EMPTY, data_period: None, patients: Vec::new() };
        facts.labels(object)?;
        for contained in object.items("contained")? {
            facts.labels(&mut contained.open()?)?;
        }
        if object.required("resourceType")?.text()? == "Bundle" {
            facts.entries(object)?;
        } else {
            facts.data_period = data_period(object)?;
            facts.patients = patient(object)?.into_iter().collect();
        }
        Ok(facts)
    }

    fn entries(&mut self, bundle: &mut Object<'_>) -> Result<(), Refused> {
        let mut dated = None;
        let mut all_dated = true;
        for entry in bundle.items("entry")? {
            let mut entry = entry.open()?;
            let full_url = entry.optional("fullUrl").map(|url| url.text()).transpose()?;
            let Some(resource) = entry.optional("resource") else { continue };
            let mut resource = resource.open()?;
            let node = resource.required("resourceType")?;
            let kind = node.text()?;
            if Class::from_code(kind).is_none() && !UNDATED.contains(&kind) {
                return Err(node.refuse(RefusedReason::NoSuchClass { found: kind.to_owned() }));
            }
            let mut own = Self::read(&mut resource)?;
            if let (Some(url), "Patient") = (full_url, kind) {
                own.patients.push(url.to_owned());
            }
            match own.data_period {
                Some(period) => dated = Some(dated.map_or(period, |so_far| hull(so_far, period))),
                None => all_dated &= UNDATED.contains(&kind),
            }
            self.add_labels(&own);
            self.add_patients(own.patients, &resource)?;
        }
        self.data_period = dated.filter(|_| all_dated);
        Ok(())
    }

    fn labels(&mut self, object: &mut Object<'_>) -> Result<(), Refused> {
        let Some(meta) = object.optional("meta") else { return Ok(()) };
        for label in meta.open()?.items("security")? {
            let label = Coding::read(&label)?;
            if label.is_of(&CONFIDENTIALITY) {
                let level = label.known(&CONFIDENTIALITY, Confidentiality::from_code)?;
                self.confidentiality = self.confidentiality.max(Some(level));
            } else {
                self.sensitivity = self.sensitivity.with(label.known(&ACT_CODE, Sensitivity::from_code)?);
            }
        }
        Ok(())
    }

    /// A resource without a label is of normal confidentiality, so that a bundle is never less confidential than that.
    fn add_labels(&mut self, other: &Self) {
        let level = other.confidentiality.unwrap_or(Confidentiality::N);
        self.confidentiality = self.confidentiality.max(Some(level));
        self.sensitivity = self.sensitivity.union(other.sensitivity);
    }

    /// The patient's reference within its server where there is one (`Patient/…`), else the first that was read.
    fn patient(self) -> Option<String> {
        let place = self.patients.iter().position(|patient| patient.starts_with("Patient/")).unwrap_or(0);
        self.patients.into_iter().nth(place)
    }

    fn add_patients(&mut self, others: Vec<String>, resource: &Object<'_>) -> Result<(), Refused> {
        let same =
            self.patients.is_empty() || others.is_empty() || others.iter().any(|one| self.patients.contains(one));
        if !same {
            return Err(Refused::new(resource.path(), RefusedReason::SeveralPatients));
        }
        for other in others {
            if !self.patients.contains(&other) {
                self.patients.push(other);
            }
        }
        Ok(())
    }
}

fn hull(one: Period, other: Period) -> Period {
    Period { start: one.start.min(other.start), end: one.end.max(other.end) }
}

fn data_period(object: &mut Object<'_>) -> Result<Option<Period>, Refused> {
    if TIMINGS.iter().any(|name| object.has(name)) {
        return Ok(None);
    }
    let Some(node) = DATES.iter().find_map(|name| object.optional(name)) else { return Ok(None) };
    let read = match node.text() {
        Ok(text) => whole(text).map_err(|reason| node.refuse(reason)),
        Err(_) => period(&node, Early::Refuse),
    };
    match read {
        Ok(period) => Ok(Some(period)),
        Err(Refused { reason: RefusedReason::BeforeEpoch, .. }) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// The patient that a resource names; a `Patient` is its own. Subjects of another kind (groups, devices) are none.
fn patient(object: &mut Object<'_>) -> Result<Option<String>, Refused> {
    let own = object.optional("resourceType").map(|kind| kind.text()).transpose()? == Some("Patient");
    if own {
        let id = object.optional("id").map(|id| id.text()).transpose()?;
        return Ok(id.map(|id| format!("Patient/{id}")));
    }
    let Some(node) = PATIENTS.iter().find_map(|name| object.optional(name)) else { return Ok(None) };
    let reference = read_reference(&node)?;
    Ok(reference.filter(|reference| reference.kind.as_deref().is_none_or(|kind| kind == "Patient")).map(|it| it.key))
}

/// A reference with no more than a name for people in it refers to nothing.
fn read_reference(node: &Node<'_>) -> Result<Option<Reference>, Refused> {
    let object = node.open()?;
    match object.has("reference") || object.has("identifier") {
        true => Reference::read(node).map(Some),
        false => Ok(None),
    }
}
