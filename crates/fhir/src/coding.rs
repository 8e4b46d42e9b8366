//! Codings, and the code systems that are known, under each name that documents use for them.

use crate::element::Node;
use crate::error::{Refused, RefusedReason};

/// A code system: the names that it goes by, the canonical one first.
pub(crate) struct System(&'static [&'static str]);

pub(crate) const ACTION: System =
    System(&["http://terminology.hl7.org/CodeSystem/consentaction", "http://hl7.org/fhir/consentaction"]);
/// The value sets of purposes are among its names: all their codes are its.
pub(crate) const PURPOSE: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "http://hl7.org/fhir/v3/ActReason",
    "urn:oid:2.16.840.1.113883.5.8",
    "http://terminology.hl7.org/ValueSet/v3-PurposeOfUse",
    "http://hl7.org/fhir/ValueSet/v3-PurposeOfUse",
]);
pub(crate) const CONFIDENTIALITY: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "http://hl7.org/fhir/v3/Confidentiality",
    "urn:oid:2.16.840.1.113883.5.25",
]);
/// Sensitivities, and the policy rules OPTIN and OPTOUT.
pub(crate) const ACT_CODE: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://hl7.org/fhir/v3/ActCode",
    "urn:oid:2.16.840.1.113883.5.4",
]);
pub(crate) const CLASS: System = System(&["http://hl7.org/fhir/resource-types", "http://hl7.org/fhir/fhir-types"]);
pub(crate) const PARTICIPATION: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    "http://hl7.org/fhir/v3/ParticipationType",
    "urn:oid:2.16.840.1.113883.5.90",
]);
pub(crate) const ROLE_CLASS: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-RoleClass",
    "http://hl7.org/fhir/v3/RoleClass",
    "urn:oid:2.16.840.1.113883.5.110",
]);
pub(crate) const ROLE_CODE: System = System(&[
    "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
    "http://hl7.org/fhir/v3/RoleCode",
    "urn:oid:2.16.840.1.113883.5.111",
]);
pub(crate) const PRACTITIONER_ROLE: System =
    System(&["http://terminology.hl7.org/CodeSystem/practitioner-role", "http://hl7.org/fhir/practitioner-role"]);
pub(crate) const ORGANISATION_TYPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/organization-type", "http://hl7.org/fhir/organization-type"]);
/// Laws and forms behind a consent.
pub(crate) const CONSENT_POLICY: System =
    System(&["http://terminology.hl7.org/CodeSystem/consentpolicycodes", "http://hl7.org/fhir/consentpolicycodes"]);
pub(crate) const CONSENT_SCOPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/consentscope", "http://hl7.org/fhir/consentscope"]);
pub(crate) const BENEFIT_CATEGORY: System =
    System(&["http://terminology.hl7.org/CodeSystem/ex-benefitcategory", "http://hl7.org/fhir/ex-benefitcategory"]);
pub(crate) const CLAIM_TYPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/claim-type", "http://hl7.org/fhir/ex-claimtype"]);
pub(crate) const PAYEE_TYPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/payeetype", "http://hl7.org/fhir/payeetype"]);
pub(crate) const COVERAGE_CLASS: System =
    System(&["http://terminology.hl7.org/CodeSystem/coverage-class", "http://hl7.org/fhir/coverage-class"]);
/// Of R4, for whoever pays without an insurer: <https://hl7.org/fhir/R4/valueset-coverage-selfpay.html>.
pub(crate) const SELF_PAY: System =
    System(&["http://terminology.hl7.org/CodeSystem/coverage-selfpay", "http://hl7.org/fhir/coverage-selfpay"]);
pub(crate) const ADJUDICATION: System =
    System(&["http://terminology.hl7.org/CodeSystem/adjudication", "http://hl7.org/fhir/adjudication"]);
/// CARIN Blue Button: <https://hl7.org/fhir/us/carin-bb/CodeSystem-C4BBAdjudication.html>.
pub(crate) const C4BB_ADJUDICATION: System = System(&["http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication"]);
pub(crate) const RELATIONSHIP: System =
    System(&["http://terminology.hl7.org/CodeSystem/subscriber-relationship", "http://hl7.org/fhir/relationship"]);
/// Kinds of costs, and what limits count.
pub(crate) const COPAY_TYPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/coverage-copay-type", "http://hl7.org/fhir/coverage-copay-type"]);
pub(crate) const BENEFIT_TYPE: System =
    System(&["http://terminology.hl7.org/CodeSystem/benefit-type", "http://hl7.org/fhir/benefit-type"]);
pub(crate) const BENEFIT_TERM: System =
    System(&["http://terminology.hl7.org/CodeSystem/benefit-term", "http://hl7.org/fhir/benefit-term"]);
pub(crate) const APPLICABILITY: System =
    System(&["http://terminology.hl7.org/CodeSystem/applicability", "http://hl7.org/fhir/applicability"]);
/// ISO 4217.
pub(crate) const CURRENCY: System = System(&["urn:iso:std:iso:4217"]);
/// UCUM.
pub(crate) const UNIT: System = System(&["http://unitsofmeasure.org"]);

impl System {
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    pub(crate) const fn canonical(&self) -> &'static str {
        self.0[0]
    }
}

/// A FHIR `Coding`: <https://hl7.org/fhir/R4/datatypes.html#Coding>.
#[derive(Clone, Debug)]
pub(crate) struct Coding<'a> {
    path: String,
    pub(crate) system: Option<&'a str>,
    pub(crate) code: &'a str,
}

impl<'a> Coding<'a> {
    pub(crate) fn read(node: &Node<'a>) -> Result<Self, Refused> {
        node.read(|object| {
            object.ignore(&["id", "version", "display", "userSelected"]);
            Ok(Self {
                path: node.path().to_owned(),
                system: object.optional("system").map(|system| system.text()).transpose()?,
                code: object.required("code")?.text()?,
            })
        })
    }

    /// A bare code of `system`.
    pub(crate) fn of(node: &Node<'a>, system: &System) -> Result<Self, Refused> {
        Ok(Self { path: node.path().to_owned(), system: Some(system.canonical()), code: node.text()? })
    }

    pub(crate) fn refuse(&self, reason: RefusedReason) -> Refused {
        Refused::new(self.path.clone(), reason)
    }

    pub(crate) fn is_of(&self, system: &System) -> bool {
        self.system.is_some_and(|name| system.knows(name))
    }

    pub(crate) fn unknown_system(&self) -> Refused {
        self.refuse(RefusedReason::UnknownSystem { system: self.system.unwrap_or_default().to_owned() })
    }

    pub(crate) fn unknown_code(&self) -> Refused {
        let system = self.system.unwrap_or_default().to_owned();
        self.refuse(RefusedReason::UnknownCode { system, code: self.code.to_owned() })
    }

    /// The code, which must be one of `system`.
    pub(crate) fn known<T>(&self, system: &System, from_code: impl Fn(&str) -> Option<T>) -> Result<T, Refused> {
        if !self.is_of(system) {
            return Err(self.unknown_system());
        }
        from_code(self.code).ok_or_else(|| self.unknown_code())
    }
}

/// A FHIR `CodeableConcept`: the codings of one concept, at least one. Its `text` is for people.
pub(crate) fn concept<'a>(node: &Node<'a>) -> Result<Vec<Coding<'a>>, Refused> {
    node.read(|object| {
        object.ignore(&["id", "text"]);
        object.required("coding")?.list()?.iter().map(Coding::read).collect()
    })
}

/// Refuses what is no FHIR `CodeableConcept`, which may be in words alone: for what decides nothing.
pub(crate) fn ensure_concept(node: &Node<'_>) -> Result<(), Refused> {
    node.read(|object| {
        object.ignore(&["id"]);
        object.optional("text").map(|text| text.text()).transpose()?;
        object.items("coding")?.iter().try_for_each(|coding| coding.open().map(|_| ()))
    })
}

/// System and code of each coding of a concept that has both: for what may say it otherwise, or not at all.
pub(crate) fn complete_codings<'a>(node: &Node<'a>) -> Result<Vec<(&'a str, &'a str)>, Refused> {
    let mut found = Vec::new();
    for coding in node.open()?.items("coding")? {
        let mut coding = coding.open()?;
        if let (Some(system), Some(code)) = (coding.optional("system"), coding.optional("code")) {
            found.push((system.text()?, code.text()?));
        }
    }
    Ok(found)
}

/// The code of a concept, which must be one of `system`; several codings must mean the same code.
pub(crate) fn known_concept<T: PartialEq>(
    node: &Node<'_>,
    system: &System,
    from_code: impl Fn(&str) -> Option<T>,
) -> Result<T, Refused> {
    let codings = concept(node)?;
    let mut known = None;
    for coding in &codings {
        let code = coding.known(system, &from_code)?;
        if known.as_ref().is_some_and(|known| *known != code) {
            return Err(node.refuse(RefusedReason::AmbiguousCoding));
        }
        known = Some(code);
    }
    known.ok_or_else(|| node.refuse(RefusedReason::Missing))
}

/// The only coding of a concept.
pub(crate) fn only_coding<'a>(node: &Node<'a>) -> Result<Coding<'a>, Refused> {
    let mut codings = concept(node)?.into_iter();
    match (codings.next(), codings.next()) {
        (Some(coding), None) => Ok(coding),
        _ => Err(node.refuse(RefusedReason::AmbiguousCoding)),
    }
}
