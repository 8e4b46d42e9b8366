//! Who a provision is about: <https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision.actor>.

use crate::coding::{only_coding, Coding, ORGANISATION_TYPE, PARTICIPATION, PRACTITIONER_ROLE, ROLE_CLASS, ROLE_CODE};
use crate::directory::{Directory, Kind, ACCOUNT_URN};
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::reference::Reference;
use salus_domain::codes::Role;
use salus_domain::consent::Actor;

/// Roles in which an actor asks for data or acts for somebody who does. They add nothing to the reference beside them.
/// Others (AUT, CST, INF, …) say who wrote, keeps or gave the data: a criterion on the data, which the model lacks.
const ASKING_PARTICIPATIONS: &[&str] = &["IRCP", "PRCP", "REFT", "TRC"];
const ASKING_ROLE_CLASSES: &[&str] =
    &["AGNT", "ASSIGNED", "CAREGIVER", "ECON", "EMP", "GUARD", "NOK", "PAT", "PAYOR", "PROV"];
const ASKING_ROLE_CODES: &[&str] =
    &["DELEGATEE", "DPOWATT", "GRANTEE", "GUARD", "HPOWATT", "POWATT", "RESPRSN", "SPOWATT"];

pub(crate) fn actor(node: &Node<'_>, directory: &Directory) -> Result<Actor, Refused> {
    node.read(|object| {
        object.ignore(&["id"]);
        let role = object.optional("role").map(|role| known_role(&only_coding(&role)?)).transpose()?.flatten();
        let reference = object.optional("reference").map(|reference| Reference::read(&reference)).transpose()?;
        match (reference, role) {
            (Some(reference), None) => referred(&reference, directory),
            (None, Some(role)) => Ok(Actor::Role(role)),
            (Some(_), Some(_)) => Err(node.refuse(RefusedReason::RoleWithReference)),
            (None, None) => Err(node.refuse(RefusedReason::ActorWithoutWho)),
        }
    })
}

fn referred(reference: &Reference, directory: &Directory) -> Result<Actor, Refused> {
    let listed = reference.listed_kind(directory);
    let stated = match reference.kind.as_deref() {
        Some(kind) => match Kind::of(kind) {
            Some(kind) => Some(kind),
            None => return Err(reference.refuse(RefusedReason::ActorKind { kind: kind.to_owned() })),
        },
        None if reference.key.starts_with(ACCOUNT_URN) => Some(Kind::Person),
        None => None,
    };
    let kind = match (stated, listed) {
        (Some(stated), Some(listed)) if stated != listed => {
            return Err(reference.refuse(RefusedReason::ReferenceContradicts));
        }
        (stated, listed) => stated.or(listed),
    };
    // Whom the directory does not know is the refusal that helps more.
    let account = reference.account(directory);
    match kind {
        Some(Kind::Person) => account.map(Actor::Account),
        Some(Kind::Organisation) => account.map(Actor::Organisation),
        None => Err(reference.refuse(RefusedReason::ReferenceWithoutType)),
    }
}

/// A professional role; `None`: a role that only says that the actor asks.
fn known_role(coding: &Coding<'_>) -> Result<Option<Role>, Refused> {
    for (system, asking) in
        [(&PARTICIPATION, ASKING_PARTICIPATIONS), (&ROLE_CLASS, ASKING_ROLE_CLASSES), (&ROLE_CODE, ASKING_ROLE_CODES)]
    {
        if coding.is_of(system) {
            return match asking.contains(&coding.code) {
                true => Ok(None),
                false => Err(coding.refuse(RefusedReason::ActorRole { code: coding.code.to_owned() })),
            };
        }
    }
    let of_professions = coding.is_of(&ORGANISATION_TYPE) || coding.is_of(&PRACTITIONER_ROLE);
    match professional_role(coding) {
        Some(role) => Ok(Some(role)),
        None if of_professions => Err(coding.unknown_code()),
        None => Err(coding.unknown_system()),
    }
}

/// The domain's roles are those of `practitioner-role`, and `pay` of `organization-type`.
pub(crate) fn professional_role(coding: &Coding<'_>) -> Option<Role> {
    let of_organisations = coding.is_of(&ORGANISATION_TYPE);
    let role = Role::from_code(coding.code).filter(|_| of_organisations || coding.is_of(&PRACTITIONER_ROLE));
    role.filter(|role| (*role == Role::Payer) == of_organisations)
}
