//! A consent of the model as FHIR: what [`crate::consent`] compiles into the same model again, wherever the release can
//! express it, and else into one that answers every request alike.
//!
//! R4 has no consent that is silent but where a provision matches, except for one whose root names criteria. A silent
//! consent with several outermost provisions is a bundle of several consents: among consents, as among siblings, deny wins.
//! R5 cannot have a silent consent, and each provision of it decides the opposite of what it is an exception to (`r5`).

mod elements;
mod r5;
mod tree;

use crate::consent::{ConsentStatus, Release};
use crate::directory::Directory;
use elements::{base_rule, concept, party, provision, Writer};
use salus_domain::consent::{Base, Consent, Decision, Malformed};
use salus_domain::time::Period;
use serde_json::{json, Map, Value};
use tree::{intersection, trees, Tree};

/// What a model does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The id of the resource, if it is to have one. Where it takes several, they are numbered.
    pub id: Option<&'a str>,
    /// Whose it is: a reference, or an identifier as `system|value`.
    pub patient: &'a str,
    /// Its status. R5 knows no `proposed`: there it is `draft`.
    pub status: ConsentStatus,
}

/// Why a consent cannot be rendered. Provisions are named by their place in [`Consent::provisions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRenderable {
    /// It is not well-formed.
    #[error("the consent is not well-formed, or its provisions are too many or too deep for this release ({0:?})")]
    Malformed(Malformed),
    /// Levels of confidentiality that are not all up to one level (permit), or all from one on (deny).
    #[error(
        "provision {provision} names levels of confidentiality that FHIR cannot name: its labels are high-water marks"
    )]
    Confidentiality {
        /// The provision.
        provision: usize,
    },
    /// A permit for both kinds of label, with exceptions that deny: FHIR does not say that both are needed.
    #[error(
        "provision {provision} permits data that has two labels, and has exceptions: FHIR does not say it exactly"
    )]
    BothLabels {
        /// The provision.
        provision: usize,
    },
    /// A moment that FHIR cannot write.
    #[error("a period has a bound after the year 9999")]
    Time,
    /// A consent that is never in force.
    #[error("none of its provisions holds while it counts")]
    NeverHolds,
    /// A silent consent in R5.
    #[error("an R5 consent speaks about everything, this one only where a provision matches; render it as R4")]
    SilentInR5,
    /// A provision that decides the same as what it is an exception to, in R5.
    #[error("provision {provision} decides the same as the one above it, which R5 cannot say of it; render it as R4")]
    SameDecision {
        /// The provision.
        provision: usize,
    },
}

/// Renders a consent as a FHIR `Consent`, or, where it takes several, as a `Bundle` of them.
///
/// # Errors
/// [`NotRenderable`], where nothing in this release answers every request alike.
pub fn render(
    consent: &Consent,
    release: Release,
    about: &About<'_>,
    directory: &Directory,
) -> Result<Value, NotRenderable> {
    consent.validate().map_err(NotRenderable::Malformed)?;
    let writer = Writer { directory, release };
    let resources = match release {
        Release::R4 => r4(consent, &writer)?,
        Release::R5 => Vec::from([r5::resource(consent, &writer)?]),
    };
    let several = resources.len() > 1;
    let mut rendered = resources.into_iter().enumerate().map(|(place, resource)| {
        let id = about.id.map(|id| if several { format!("{id}-{place}") } else { id.to_owned() });
        described(resource, release, about, id)
    });
    match (rendered.next(), several) {
        (Some(resource), false) => Ok(resource),
        (first, _) => {
            let entries: Vec<Value> = first.into_iter().chain(rendered).map(|one| json!({ "resource": one })).collect();
            Ok(json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }))
        }
    }
}

/// The path that each element would have in an R4 consent: that of the base decision, and those of the provisions. Where
/// it takes several consents, the outermost provisions are numbered.
pub(crate) fn paths(consent: &Consent) -> (String, Vec<String>) {
    let outermost = consent.provisions.iter().filter(|provision| provision.depth == 1).count();
    let is_root = consent.base == Base::Silent && outermost == 1;
    let root = if consent.base == Base::Silent { "Consent" } else { "Consent.provision" };
    let mut above: Vec<(String, usize)> = Vec::from([(root.to_owned(), 0)]);
    let mut paths = Vec::with_capacity(consent.provisions.len());
    for provision in &consent.provisions {
        above.truncate(usize::from(provision.depth.max(1)));
        let path = match above.last_mut() {
            Some((parent, _)) if is_root && provision.depth == 1 => format!("{parent}.provision"),
            Some((parent, next)) => {
                *next += 1;
                format!("{parent}.provision[{}]", *next - 1)
            }
            None => root.to_owned(),
        };
        above.push((path.clone(), 0));
        paths.push(path);
    }
    (String::from("Consent.policyRule"), paths)
}

/// What stands before the provisions.
fn described(mut resource: Map<String, Value>, release: Release, about: &About<'_>, id: Option<String>) -> Value {
    let scope = concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy");
    let category = concept("http://loinc.org", "59284-0");
    let mut set = |name: &str, value: Value| resource.insert(name.to_owned(), value);
    set("resourceType", json!("Consent"));
    if let Some(id) = id {
        set("id", json!(id));
    }
    match release {
        Release::R4 => {
            set("status", json!(about.status.code()));
            set("scope", scope);
            set("category", json!([category]));
            set("patient", party(about.patient));
        }
        Release::R5 => {
            let status = if about.status == ConsentStatus::Active { "active" } else { "draft" };
            set("status", json!(status));
            set("category", json!([scope, category]));
            set("subject", party(about.patient));
        }
    }
    Value::Object(resource)
}

fn r4(consent: &Consent, writer: &Writer<'_>) -> Result<Vec<Map<String, Value>>, NotRenderable> {
    let outermost = trees(&consent.provisions);
    match consent.base {
        Base::Permit => Ok(Vec::from([r4_resource(Decision::Permit, consent.period, &outermost, writer)?])),
        Base::Deny => Ok(Vec::from([r4_resource(Decision::Deny, consent.period, &outermost, writer)?])),
        Base::Silent => {
            let mut resources = Vec::new();
            for root in &outermost {
                let period =
                    root.provision.period.map_or(Some(consent.period), |own| intersection(own, consent.period));
                // What never holds decides nothing.
                let Some(period) = period else { continue };
                resources.push(r4_scoped(root, period, writer)?);
            }
            if resources.is_empty() {
                return Err(NotRenderable::NeverHolds);
            }
            Ok(resources)
        }
    }
}

/// A consent with a base decision, and exceptions to it.
fn r4_resource(
    base: Decision,
    period: Period,
    exceptions: &[Tree],
    writer: &Writer<'_>,
) -> Result<Map<String, Value>, NotRenderable> {
    let mut root = Map::new();
    if period != Period::ALWAYS {
        root.insert(String::from("period"), elements::period(period)?);
    }
    if !exceptions.is_empty() {
        let exceptions: Result<Vec<_>, _> = exceptions.iter().map(|tree| provision(tree, writer)).collect();
        root.insert(String::from("provision"), Value::Array(exceptions?));
    }
    let mut resource = Map::from_iter([(String::from("policyRule"), base_rule(base))]);
    if !root.is_empty() {
        resource.insert(String::from("provision"), Value::Object(root));
    }
    Ok(resource)
}

/// A consent that speaks only where `root` matches, within `period`.
fn r4_scoped(root: &Tree, period: Period, writer: &Writer<'_>) -> Result<Map<String, Value>, NotRenderable> {
    let decision = root.provision.decision;
    if root.names_nothing_but_a_period() {
        // It matches whenever the consent counts: that is what a base decision is.
        return r4_resource(decision, period, &root.children, writer);
    }
    let mut scope = root.clone();
    scope.provision.period = (period != Period::ALWAYS).then_some(period);
    let resource = [("policyRule", base_rule(decision)), ("provision", provision(&scope, writer)?)];
    Ok(resource.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
