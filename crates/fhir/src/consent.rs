//! FHIR `Consent` to [`salus_domain::consent::Consent`].
//!
//! R4 (<https://hl7.org/fhir/R4/consent.html>): `policyRule` is the base decision, OPTIN or OPTOUT. The root `provision`
//! is the frame of the consent:
//! - its `period` is the consent's;
//! - where it names more than a period, its criteria scope the whole consent: the base decision becomes a provision
//!   with these criteria, and outside of them the consent is silent. Under OPTIN it must then say its `type`: without
//!   one, HL7's own examples mean what is withheld (`consent-example-notThem`), and the scope would permit just that;
//! - a `type` that says the same as the base adds nothing; one that contradicts it makes the root an exception to the
//!   base, like any other provision, and its period is then the exception's.
//!
//! R5 (<https://hl7.org/fhir/R5/consent.html>): `decision` is the base decision, `period` the consent's, and each
//! provision decides the opposite of what it is an exception to.

use crate::coding::{known_concept, ACT_CODE};
use crate::date::{period, Early};
use crate::directory::Directory;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::provision::{decision, Compiler, Release};
use crate::reference::Reference;
use salus_domain::consent::{Base, Consent, Decision, Malformed};
use salus_domain::ids::Hash;
use salus_domain::time::Period;

/// Whether the patient has decided (FHIR `Consent.status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentStatus {
    /// It is in force once it is on the chain.
    Active,
    /// It waits for the patient's answer.
    Proposed,
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
}

/// What describes a consent and decides nothing. `scope` and `category` only sort consents.
const DESCRIPTIVE: &[&str] = &[
    "id",
    "meta",
    "language",
    "text",
    "contained",
    "identifier",
    "scope",
    "category",
    "dateTime",
    "performer",
    "organization",
    "sourceAttachment",
    "sourceReference",
    "policy",
    "verification",
];
/// The same, where R5 has other names.
const DESCRIPTIVE_R5: &[&str] = &[
    "date",
    "grantor",
    "grantee",
    "manager",
    "controller",
    "sourceAttachment",
    "sourceReference",
    "regulatoryBasis",
    "policyBasis",
    "policyText",
];

/// Compiles a FHIR `Consent`, R4 or R5; it is R5 where it has a `decision`.
///
/// # Errors
/// [`Refused`], with the path of the element, for whatever the model cannot express (rule 7).
pub fn compile(document: &[u8], directory: &Directory) -> Result<CompiledConsent, Refused> {
    Document::read(document)?.root().resource("Consent", |object| {
        object.ignore(DESCRIPTIVE);
        let status = status(object)?;
        let release = if object.has("decision") { Release::R5 } else { Release::R4 };
        let mut compiler =
            Compiler { directory, release, provisions: Vec::new(), paths: Vec::new(), narrowed: Vec::new() };
        let (patient, base, period) = match release {
            Release::R4 => r4(object, &mut compiler)?,
            Release::R5 => r5(object, &mut compiler)?,
        };
        let Compiler { provisions, paths, narrowed, .. } = compiler;
        let consent = Consent { base, period, source: Hash([0; 32]), provisions };
        consent.validate().map_err(|malformed| refuse_malformed(&consent, malformed, &paths))?;
        Ok(CompiledConsent { consent, status, patient, narrowed, paths })
    })
}

fn status(object: &mut Object<'_>) -> Result<ConsentStatus, Refused> {
    let node = object.required("status")?;
    match node.text()? {
        "active" => Ok(ConsentStatus::Active),
        "proposed" => Ok(ConsentStatus::Proposed),
        other => Err(node.refuse(RefusedReason::Status { found: other.to_owned(), expected: "active" })),
    }
}

fn r4(object: &mut Object<'_>, compiler: &mut Compiler<'_>) -> Result<(String, Base, Period), Refused> {
    let patient = Reference::read(&object.required("patient")?)?.key;
    let Some(rule) = object.optional("policyRule") else {
        return Err(object.refuse("policyRule", RefusedReason::NoBaseDecision));
    };
    let base = known_concept(&rule, &ACT_CODE, |code| match code {
        "OPTIN" => Some(Decision::Permit),
        "OPTOUT" => Some(Decision::Deny),
        _ => None,
    })?;
    let Some(root) = object.optional("provision") else {
        return Ok((patient, of(base), Period::ALWAYS));
    };
    let (base, period) = root.refusing_extensions().read(|object| {
        let stated = object.optional("type").map(|node| decision(&node)).transpose()?;
        let own = stated.unwrap_or(base);
        let mut criteria = compiler.criteria(object, 1, own)?;
        let children = object.items("provision")?;
        if own != base {
            compiler.push(object.path(), criteria, &children)?;
            return Ok((of(base), Period::ALWAYS));
        }
        let only_period = criteria.only_period();
        if stated.is_none() && !only_period && base == Decision::Permit {
            return Err(object.refuse("type", RefusedReason::RootWithoutType));
        }
        let period = criteria.provision.period.take().unwrap_or(Period::ALWAYS);
        if only_period {
            compiler.exceptions(&children, 0, base)?;
            return Ok((of(base), period));
        }
        compiler.push(object.path(), criteria, &children)?;
        Ok((Base::Silent, period))
    })?;
    Ok((patient, base, period))
}

fn r5(object: &mut Object<'_>, compiler: &mut Compiler<'_>) -> Result<(String, Base, Period), Refused> {
    object.ignore(DESCRIPTIVE_R5);
    let patient = Reference::read(&object.required("subject")?)?.key;
    let base = decision(&object.required("decision")?)?;
    let period = object.optional("period").map(|node| period(&node, Early::Open)).transpose()?;
    let provisions: Vec<_> = object.items("provision")?.into_iter().map(Node::refusing_extensions).collect();
    compiler.exceptions(&provisions, 0, base)?;
    Ok((patient, of(base), period.unwrap_or(Period::ALWAYS)))
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
