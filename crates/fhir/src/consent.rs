//! FHIR `Consent` to [`salus_domain::consent::Consent`].
//!
//! R4 (<https://hl7.org/fhir/R4/consent.html>): `policyRule` is the base decision, OPTIN or OPTOUT. The root
//! `provision` is the frame of the consent:
//! - its `period` is the consent's;
//! - where it names more than a period, its criteria scope the whole consent: the base decision becomes a provision
//!   with these criteria, and outside of them the consent is silent. Under OPTIN it must then say its `type`: without
//!   one, HL7's own examples mean what is withheld (`consent-example-notThem`), and the scope would permit just that;
//! - a `type` that says the same as the base adds nothing; one that contradicts it makes the root an exception to the
//!   base, like any other provision, and its period is then the exception's;
//! - where no `policyRule` tells the base, or it only names the law or the form behind the consent, the `type` is the base.
//!
//! R5 (<https://hl7.org/fhir/R5/consent.html>): `decision` is the base decision, `period` the consent's, and each
//! provision decides the opposite of what it is an exception to.

use crate::category::{categories, data_scope, Category};
use crate::date::{period, Early};
use crate::directory::Directory;
use crate::element::{Node, Object, OF_EVERY_RESOURCE};
use crate::error::{Collected, Refusals, Refused, RefusedReason};
use crate::json::Document;
use crate::policy::{base_decision, Rule};
use crate::provision::{decision, Compiler};
use crate::reference::Reference;
use salus_domain::consent::{Base, Consent, Decision, Malformed};
use salus_domain::ids::Hash;
use salus_domain::time::Period;

/// Which release of FHIR a consent is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// R4 (4.0.1), and R4B.
    R4,
    /// R5 (5.0.0).
    R5,
}

/// Whether the patient has decided (FHIR `Consent.status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentStatus {
    /// It is in force once it is on the chain.
    Active,
    /// It waits for the patient's answer.
    Proposed,
}

impl ConsentStatus {
    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Proposed => "proposed",
        }
    }
}

/// Something that the model expresses more narrowly than the document: it permits less or denies more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// The element.
    pub path: String,
    /// What holds instead.
    pub what: &'static str,
}

/// A compiled consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledConsent {
    /// The consent. It passed [`Consent::validate`]; its `source` is zero, for the caller to fill in
    /// ([`salus_domain::commitment::consent_source`]).
    pub consent: Consent,
    /// Its status.
    pub status: ConsentStatus,
    /// Whose it is (`Consent.patient`, R5 `Consent.subject`): the reference as it is written, or `system|value`.
    pub patient: String,
    /// What the document says more widely.
    pub narrowed: Vec<Narrowed>,
    /// The path of each provision's element, by its place in [`Consent::provisions`].
    pub paths: Vec<String>,
    /// The path of the element that the base decision comes from.
    pub base_path: String,
}

/// What describes a consent and decides nothing.
const DESCRIPTIVE: &[&str] = &[
    "identifier",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "verification",
];
/// The same, where R5 has other names. Grantor and grantee are "for ease of search only": who is meant, a provision says.
const DESCRIPTIVE_R5: &[&str] =
    &["date", "grantor", "grantee", "manager", "controller", "regulatoryBasis", "policyBasis", "policyText"];

/// Compiles a FHIR `Consent`, R4 or R5; it is R5 where it has a `decision` or a `subject`.
///
/// # Errors
/// [`Refused`], with the path of the element, for whatever the model cannot express (rule 7). It is the first of what
/// [`review`] finds.
pub fn compile(document: &[u8], directory: &Directory) -> Result<CompiledConsent, Refused> {
    review(document, directory).map_err(|refusals| refusals.first)
}

/// Compiles a FHIR `Consent` as [`compile`] does, and looks on behind what it refuses.
///
/// # Errors
/// [`Refusals`]: everything that was found. What cannot be read at all hides what stands in it.
pub fn review(document: &[u8], directory: &Directory) -> Result<CompiledConsent, Refusals> {
    compile_node(&Document::read(document)?.root(), directory, Scopes::Data)
}

/// Which kinds of consent are compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// Those that say who may have data: the chain asks about nothing else.
    Data,
    /// Also those to a treatment, and advance directives: whoever asks named that kind.
    Any,
}

/// As [`review`], for a resource whose modifiers were looked for.
pub(crate) fn compile_node(
    node: &Node<'_>,
    directory: &Directory,
    scopes: Scopes,
) -> Result<CompiledConsent, Refusals> {
    let mut object = open(node)?;
    object.ignore(OF_EVERY_RESOURCE);
    object.ignore(DESCRIPTIVE);
    let mut compiler = Compiler {
        directory,
        release: release(&object),
        frame: Period::ALWAYS,
        provisions: Vec::new(),
        paths: Vec::new(),
        narrowed: Vec::new(),
        refused: Collected::default(),
    };
    let status = compiler.refused.keep(status(&mut object));
    let kinds = compiler.refused.keep(categories(&mut object));
    if scopes == Scopes::Data {
        compiler.refused.keep(data_scope(&object, &kinds.unwrap_or_default()));
    }
    let read = match compiler.release {
        Release::R4 => r4(&mut object, &mut compiler),
        Release::R5 => r5(&mut object, &mut compiler),
    };
    compiler.refused.note(object.unread());
    let Compiler { provisions, paths, narrowed, refused, .. } = compiler;
    refused.into_result()?;
    let (Some(status), Some(Frame { patient, base, base_path, period })) = (status, read) else {
        // Whatever is missing was refused above.
        return Err(node.refuse(RefusedReason::Missing).into());
    };
    let consent = Consent { base, period, source: Hash([0; 32]), provisions };
    consent.validate().map_err(|malformed| refuse_malformed(&consent, malformed, &paths))?;
    Ok(CompiledConsent { consent, status, patient, narrowed, paths, base_path })
}

fn open<'a>(node: &Node<'a>) -> Result<Object<'a>, Refused> {
    let mut object = node.clone().ignoring_extensions().open()?;
    object.expect_resource("Consent")?;
    Ok(object)
}

/// What a consent says beside its provisions.
struct Frame {
    patient: String,
    base: Base,
    base_path: String,
    period: Period,
}

fn release(object: &Object<'_>) -> Release {
    match object.has("decision") || object.has("subject") {
        true => Release::R5,
        false => Release::R4,
    }
}

fn status(object: &mut Object<'_>) -> Result<ConsentStatus, Refused> {
    let node = object.required("status")?;
    match node.text()? {
        "active" => Ok(ConsentStatus::Active),
        "proposed" => Ok(ConsentStatus::Proposed),
        other => Err(node.refuse(RefusedReason::Status { found: other.to_owned(), expected: "active" })),
    }
}

fn patient(object: &mut Object<'_>, name: &str) -> Result<String, Refused> {
    Ok(Reference::read(&object.required(name)?)?.key)
}

fn r4(object: &mut Object<'_>, compiler: &mut Compiler<'_>) -> Option<Frame> {
    let patient = compiler.refused.keep(patient(object, "patient"));
    let rule = object.optional("policyRule");
    let rule_path = object.path_of("policyRule");
    let rule = rule.map_or(Ok(Rule::Silent), |node| base_decision(&node));
    let rule = compiler.refused.keep(rule);
    let root = object.optional("provision").map(Node::refusing_extensions);
    let opened = root.and_then(|root| compiler.refused.keep(root.open()));
    let Some(mut root) = opened else {
        let base = rule?.decision();
        let base = compiler
            .refused
            .keep(base.ok_or_else(|| Refused::new(rule_path.clone(), RefusedReason::NoBaseDecision)))?;
        compiler.refused.keep(rule?.check(&rule_path, &compiler.provisions));
        return Some(Frame { patient: patient?, base: of(base), base_path: rule_path, period: Period::ALWAYS });
    };
    let path = root.path().to_owned();
    let stated = root.optional("type").and_then(|node| compiler.refused.keep(decision(&node)));
    let base = rule.and_then(Rule::decision);
    if let (Some(_), None, None) = (rule, base, stated) {
        compiler.refused.note([Refused::new(rule_path.clone(), RefusedReason::NoBaseDecision)]);
    }
    let base_path = if base.is_some() { rule_path.clone() } else { path.clone() };
    let known = base.or(stated);
    // Where the base is not known the consent is refused; any decision lets the reader look for more.
    let base = known.unwrap_or(Decision::Deny);
    let own = stated.unwrap_or(base);
    let mut criteria = compiler.criteria(&mut root, 1, own);
    let children = compiler.refused.keep(root.items("provision")).unwrap_or_default();
    let type_path = root.path_of("type");
    compiler.refused.note(root.unread());
    let only_period = criteria.only_period();
    let (base, period) = if own != base {
        compiler.push(&path, criteria, &children);
        (of(base), Period::ALWAYS)
    } else if only_period {
        compiler.exceptions(&children, 0, base);
        (of(base), criteria.provision.period.unwrap_or(Period::ALWAYS))
    } else {
        if stated.is_none() && base == Decision::Permit {
            compiler.refused.note([Refused::new(type_path, RefusedReason::RootWithoutType)]);
        }
        let period = criteria.provision.period.take().unwrap_or(Period::ALWAYS);
        compiler.push(&path, criteria, &children);
        (Base::Silent, period)
    };
    compiler.refused.keep(rule?.check(&rule_path, &compiler.provisions));
    known?;
    Some(Frame { patient: patient?, base, base_path, period })
}

fn r5(object: &mut Object<'_>, compiler: &mut Compiler<'_>) -> Option<Frame> {
    object.ignore(DESCRIPTIVE_R5);
    let patient = compiler.refused.keep(patient(object, "subject"));
    let base_path = object.path_of("decision");
    let base = match object.optional("decision") {
        Some(node) => decision(&node),
        None => Err(Refused::new(base_path.clone(), RefusedReason::NoBaseDecision)),
    };
    let base = compiler.refused.keep(base);
    let period = object.optional("period").and_then(|node| compiler.refused.keep(period(&node, Early::Open)));
    compiler.frame = period.unwrap_or(Period::ALWAYS);
    let provisions = compiler.refused.keep(object.items("provision")).unwrap_or_default();
    let provisions: Vec<_> = provisions.into_iter().map(Node::refusing_extensions).collect();
    compiler.exceptions(&provisions, 0, base.unwrap_or(Decision::Permit));
    Some(Frame { patient: patient?, base: of(base?), base_path, period: compiler.frame })
}

/// The period of a consent that was refused, as far as it can be read: a consent that is over does not count, whatever
/// else is in it. `None`: it cannot be told.
pub(crate) fn period_of_refused(node: &Node<'_>) -> Option<Period> {
    let mut object = open(node).ok()?;
    if release(&object) == Release::R5 {
        return object.optional("period").and_then(|node| period(&node, Early::Open).ok());
    }
    let rule = base_decision(&object.optional("policyRule")?).ok()?.decision()?;
    let mut root = object.optional("provision")?.open().ok()?;
    let stated = match root.optional("type") {
        Some(node) => decision(&node).ok()?,
        None => rule,
    };
    // The period of a root that contradicts the base is not the consent's.
    let node = root.optional("period").filter(|_| stated == rule)?;
    period(&node, Early::Open).ok()
}

/// What [`crate::simulate`] looks at before it compiles a consent.
pub(crate) struct Header {
    /// `None`: it is not active, and does not count (rule 1).
    pub(crate) active: bool,
    pub(crate) status: String,
    pub(crate) patient: Option<String>,
    pub(crate) categories: Vec<Category>,
}

/// The codes of `Consent.status` that say that a consent does not count, of R4 and R5. `unknown` is not among them: such a
/// consent may count.
const NOT_ACTIVE: &[&str] = &["draft", "proposed", "rejected", "inactive", "entered-in-error", "not-done"];

impl Header {
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Refused> {
        let mut object = open(node)?;
        let status = object.required("status")?;
        let code = status.text()?;
        if code != "active" && !NOT_ACTIVE.contains(&code) {
            let system = String::from("http://hl7.org/fhir/consent-state-codes");
            return Err(status.refuse(RefusedReason::UnknownCode { system, code: code.to_owned() }));
        }
        let named = if release(&object) == Release::R5 { "subject" } else { "patient" };
        Ok(Self {
            active: code == "active",
            status: code.to_owned(),
            patient: patient(&mut object, named).ok(),
            // What cannot be read the compiler refuses, if the consent counts.
            categories: categories(&mut object).unwrap_or_default(),
        })
    }
}

const fn of(decision: Decision) -> Base {
    match decision {
        Decision::Permit => Base::Permit,
        Decision::Deny => Base::Deny,
    }
}

/// The path of the provision that breaks a bound: the last one of the shortest beginning that breaks it too.
fn refuse_malformed(consent: &Consent, malformed: Malformed, paths: &[String]) -> Refused {
    let breaks = |count: &usize| {
        let provisions = consent.provisions.iter().take(*count).cloned().collect();
        Consent { provisions, ..consent.clone() }.validate() == Err(malformed)
    };
    let count = (1..=consent.provisions.len().min(salus_domain::consent::MAX_PROVISIONS + 1)).find(breaks);
    let path = count.and_then(|count| paths.get(count - 1)).map_or("Consent", String::as_str);
    Refused::new(path, RefusedReason::Malformed(malformed))
}
