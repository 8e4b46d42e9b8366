//! The base decision of an R4 consent: `Consent.policyRule`, <https://hl7.org/fhir/R4/consent-definitions.html#Consent.policyRule>.

use crate::coding::{concept, ACT_CODE, CONSENT_POLICY};
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use salus_domain::consent::{Decision, Provision};

/// What a policy rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The base decision: OPTIN or OPTOUT, the latter also with exceptions (OPTOUTE).
    Base(Decision),
    /// Everything but for restrictions, which the consent must then state (OPTINR).
    Restricted,
    /// Nothing about the base: the law or the form behind the consent, or no rule at all. R5 calls it `regulatoryBasis`.
    Silent,
}

/// The codes of `consentpolicycodes`, which documents also write as codes of v3-ActCode.
const LAWS_AND_FORMS: &[&str] = &[
    "at-elga",
    "cric",
    "dch-3927",
    "ga4gh",
    "hipaa-auth",
    "hipaa-npp",
    "hipaa-research",
    "hipaa-restrictions",
    "hipaa-self-pay",
    "illinois-minor-procedure",
    "mdhhs-5515",
    "nci",
    "nih-527",
    "nih-grdr",
    "nih-hipaa",
    "nl-lsp",
    "nyssipp",
    "squaxin",
    "ssa-827",
    "va-10-0484",
    "va-10-0485",
    "va-10-10116",
    "va-10-5345",
    "va-10-5345a",
    "va-10-5345b",
    "va-21-4142",
];

impl Rule {
    pub(crate) const fn decision(self) -> Option<Decision> {
        match self {
            Self::Base(decision) => Some(decision),
            Self::Restricted => Some(Decision::Permit),
            Self::Silent => None,
        }
    }

    /// Refuses restrictions that are announced and not there.
    pub(crate) fn check(self, path: &str, provisions: &[Provision]) -> Result<(), Refused> {
        match self == Self::Restricted && provisions.iter().all(|provision| provision.decision == Decision::Permit) {
            true => Err(Refused::new(path, RefusedReason::RestrictionsMissing)),
            false => Ok(()),
        }
    }
}

/// What a `policyRule` says. Of several codings, those about the base must say the same.
pub(crate) fn base_decision(node: &Node<'_>) -> Result<Rule, Refused> {
    let mut found = Rule::Silent;
    for coding in concept(node)? {
        let rule = match coding.code {
            code if (coding.is_of(&ACT_CODE) || coding.is_of(&CONSENT_POLICY)) && LAWS_AND_FORMS.contains(&code) => {
                continue;
            }
            "OPTIN" if coding.is_of(&ACT_CODE) => Rule::Base(Decision::Permit),
            "OPTINR" if coding.is_of(&ACT_CODE) => Rule::Restricted,
            "OPTOUT" | "OPTOUTE" if coding.is_of(&ACT_CODE) => Rule::Base(Decision::Deny),
            _ if coding.is_of(&ACT_CODE) || coding.is_of(&CONSENT_POLICY) => return Err(coding.unknown_code()),
            _ => return Err(coding.unknown_system()),
        };
        if found != Rule::Silent && found != rule {
            return Err(node.refuse(RefusedReason::AmbiguousCoding));
        }
        found = rule;
    }
    Ok(found)
}
