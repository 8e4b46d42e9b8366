//! References, by reference or by business identifier: <https://hl7.org/fhir/R4/references.html#Reference>.

use crate::directory::{system, Directory, Kind};
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::json::is_type_name;
use salus_domain::ids::Account;

/// What a reference names.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    path: String,
    /// The reference as it is written, or else the identifier as `system|value`.
    pub(crate) key: String,
    /// The resource type, where it can be told.
    pub(crate) kind: Option<String>,
    /// The identifier, beside a reference or alone.
    pub(crate) identifier: Option<String>,
}

/// Who is treated: `Claim.patient` and its like.
pub(crate) const PATIENT: &[&str] = &["Patient"];
/// Who claims: `Claim.provider` and its like.
pub(crate) const PROVIDER: &[&str] = &["Practitioner", "PractitionerRole", "Organization"];
/// Who pays: `Claim.insurer` and its like.
pub(crate) const INSURER: &[&str] = &["Organization"];
/// `Claim.insurance.coverage` and its like.
pub(crate) const COVERAGE: &[&str] = &["Coverage"];
/// `Coverage.subscriber`.
pub(crate) const SUBSCRIBER: &[&str] = &["Patient", "RelatedPerson"];
/// `Coverage.payor`.
pub(crate) const PAYOR: &[&str] = &["Organization", "Patient", "RelatedPerson"];
/// `Claim.insurance.claimResponse`.
pub(crate) const CLAIM_RESPONSE: &[&str] = &["ClaimResponse"];

impl Reference {
    /// Reads a reference that names a resource of one of these types, where its type can be told.
    pub(crate) fn to(node: &Node<'_>, allowed: &'static [&'static str]) -> Result<Self, Refused> {
        let reference = Self::read(node)?;
        match &reference.kind {
            Some(kind) if !allowed.contains(&kind.as_str()) => {
                Err(reference.refuse(RefusedReason::ReferenceKind { found: kind.clone(), allowed }))
            }
            _ => Ok(reference),
        }
    }

    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Refused> {
        node.read(|object| {
            object.ignore(&["id", "display"]);
            let reference = object.optional("reference").map(|reference| reference.text()).transpose()?;
            let stated = object.optional("type").map(|kind| kind.text()).transpose()?.map(last_segment);
            let identifier = object.optional("identifier").map(|identifier| identifier_key(&identifier)).transpose()?;
            if let Some(reference) = reference.filter(|reference| reference.starts_with('#')) {
                let reason = RefusedReason::ReferenceContained { reference: reference.to_owned() };
                return Err(node.refuse(reason));
            }
            let implied = reference.and_then(kind_of);
            if let (Some(stated), Some(implied)) = (stated, implied) {
                if stated != implied {
                    return Err(node.refuse(RefusedReason::ReferenceContradicts));
                }
            }
            let kind = implied.or(stated).map(str::to_owned);
            let path = node.path().to_owned();
            match (reference, identifier) {
                (Some(reference), identifier) => Ok(Self { path, key: reference.to_owned(), kind, identifier }),
                (None, Some(key)) => Ok(Self { path, key: key.clone(), kind, identifier: Some(key) }),
                (None, None) => Err(object.refuse("reference", RefusedReason::Missing)),
            }
        })
    }

    /// The account that the directory has for it, under the reference, the identifier beside it, or both.
    pub(crate) fn account(&self, directory: &Directory) -> Result<Account, Refused> {
        let other = self.identifier.as_ref().and_then(|identifier| directory.account(identifier));
        match (directory.account(&self.key), other) {
            (Some(account), Some(other)) if account != other => Err(self.refuse(RefusedReason::ReferenceContradicts)),
            (Some(account), _) | (None, Some(account)) => Ok(account),
            (None, None) => {
                let reference = self.key.clone();
                Err(self.refuse(match directory.is_without_account(&self.key) {
                    true => RefusedReason::NoAccount { reference },
                    false => RefusedReason::ReferenceUnresolved { reference },
                }))
            }
        }
    }

    /// Whether it names the same as another key, with the identifier of that one: by the identifiers where both have one of
    /// the same system, or else by the references, whatever versions these name.
    pub(crate) fn names(&self, key: &str, identifier: Option<&str>) -> bool {
        match (self.identifier.as_deref(), identifier) {
            (Some(own), Some(other)) if system(own) == system(other) => own == other,
            _ => current(&self.key) == current(key),
        }
    }

    /// [`Self::names`] of another reference.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.names(&other.key, other.identifier.as_deref())
    }

    /// `Type/id`, without a server before it or a version behind it; `None` where it is not written so.
    pub(crate) fn relative(&self) -> Option<String> {
        let kind = kind_of(&self.key).filter(|_| self.identifier.as_ref() != Some(&self.key))?;
        let (_, id) = current(&self.key).rsplit_once('/')?;
        Some(format!("{kind}/{id}"))
    }

    /// What the directory says it is.
    pub(crate) fn listed_kind(&self, directory: &Directory) -> Option<Kind> {
        let of_identifier = self.identifier.as_ref().and_then(|identifier| directory.kind(identifier));
        directory.kind(&self.key).or(of_identifier)
    }

    pub(crate) fn refuse(&self, reason: RefusedReason) -> Refused {
        Refused::new(self.path.clone(), reason)
    }
}

/// A FHIR `Identifier` as `system|value`.
pub(crate) fn identifier_key(node: &Node<'_>) -> Result<String, Refused> {
    let (system, value) = identifier(node)?;
    Ok(format!("{system}|{value}"))
}

/// The system and value of a FHIR `Identifier`.
pub(crate) fn identifier<'a>(node: &Node<'a>) -> Result<(&'a str, &'a str), Refused> {
    node.read(|object| {
        object.ignore(&["id", "use", "type", "period", "assigner"]);
        Ok((object.required("system")?.text()?, object.required("value")?.text()?))
    })
}

/// `Reference.type` is a resource type, or the URL of one.
fn last_segment(kind: &str) -> &str {
    kind.rsplit_once('/').map_or(kind, |(_, last)| last)
}

/// The resource type in `Type/id`, with or without a server before it or a version behind it.
pub(crate) fn kind_of(reference: &str) -> Option<&str> {
    let (before, _) = current(reference).rsplit_once('/')?;
    Some(last_segment(before)).filter(|kind| is_type_name(kind))
}

/// The reference without the version that it may name. An identifier (`system|value`) names none.
pub(crate) fn current(reference: &str) -> &str {
    match reference.split_once("/_history/") {
        Some((current, _)) if system(reference).is_none() => current,
        _ => reference,
    }
}
