//! Provisions: <https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision>.
//!
//! What the model cannot say exactly is said more narrowly where that is safe, and refused elsewhere. It is safe only
//! where all provisions below decide the same: a deny that is widened, or a permit that is narrowed, moves the reach of
//! its exceptions too, and an exception that permits would then permit more.
//!
//! Extensions are refused here, even those that are no modifiers: what is not understood must not be agreed to.

use crate::coding::{
    known_concept, Coding, ACTION, ACT_CODE, CLASS, CONFIDENTIALITY, ORGANISATION_TYPE, PARTICIPATION,
    PRACTITIONER_ROLE, PURPOSE, ROLE_CLASS, ROLE_CODE,
};
use crate::consent::Narrowed;
use crate::date::{period, Early};
use crate::directory::Directory;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::reference::Reference;
use salus_domain::codes::{Action, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, Role, Sensitivity};
use salus_domain::consent::{Actor, Decision, Provision};

/// Which release of FHIR a consent is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    R4,
    R5,
}

/// Roles in which an actor asks for data or acts for somebody who does. They add nothing to the reference beside them.
/// Others (AUT, CST, INF, …) say who wrote, keeps or gave the data: a criterion on the data, which the model lacks.
const ASKING_PARTICIPATIONS: &[&str] = &["IRCP", "PRCP", "REFT", "TRC"];
const ASKING_ROLE_CLASSES: &[&str] =
    &["AGNT", "ASSIGNED", "CAREGIVER", "ECON", "EMP", "GUARD", "NOK", "PAT", "PAYOR", "PROV"];
const ASKING_ROLE_CODES: &[&str] =
    &["DELEGATEE", "DPOWATT", "GRANTEE", "GUARD", "HPOWATT", "POWATT", "RESPRSN", "SPOWATT"];

/// What a consent's provisions compile into, in preorder.
pub(crate) struct Compiler<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) release: Release,
    pub(crate) provisions: Vec<Provision>,
    pub(crate) paths: Vec<String>,
    pub(crate) narrowed: Vec<Narrowed>,
}

/// The criteria of one provision, and what of them was narrowed.
pub(crate) struct Criteria {
    pub(crate) provision: Provision,
    pub(crate) narrowed: Vec<Narrowed>,
}

impl Criteria {
    /// Whether the element names nothing but a period.
    pub(crate) fn only_period(&self) -> bool {
        let Provision { depth, decision, period, .. } = self.provision;
        self.narrowed.is_empty() && self.provision == Provision { period, ..Provision::new(depth, decision) }
    }
}

impl Compiler<'_> {
    /// A provision and all below it. `implied` is what it decides where the release says so (R5: the opposite of the
    /// provision above); in R4 the element does.
    pub(crate) fn nested(&mut self, node: &Node<'_>, depth: u8, implied: Option<Decision>) -> Result<(), Refused> {
        node.read(|object| {
            let decision = match implied {
                Some(decision) => decision,
                None => decision(&object.required("type")?)?,
            };
            let criteria = self.criteria(object, depth, decision)?;
            let children = object.items("provision")?;
            self.push(object.path(), criteria, &children)
        })
    }

    /// Adds a provision and compiles its exceptions.
    pub(crate) fn push(&mut self, path: &str, criteria: Criteria, children: &[Node<'_>]) -> Result<(), Refused> {
        let Criteria { provision, narrowed } = criteria;
        let (depth, decision) = (provision.depth, provision.decision);
        let place = self.provisions.len();
        self.provisions.push(provision);
        self.paths.push(path.to_owned());
        self.exceptions(children, depth, decision)?;
        let uniform = self.provisions.iter().skip(place).all(|below| below.decision == decision);
        if let (Some(narrowed), false) = (narrowed.first(), uniform) {
            return Err(Refused::new(narrowed.path.clone(), RefusedReason::CannotNarrow));
        }
        self.narrowed.extend(narrowed);
        Ok(())
    }

    /// Compiles the exceptions to what is `depth` deep (0: the consent itself) and decides `decision`.
    pub(crate) fn exceptions(&mut self, nodes: &[Node<'_>], depth: u8, decision: Decision) -> Result<(), Refused> {
        let implied = match (self.release, decision) {
            (Release::R4, _) => None,
            (Release::R5, Decision::Permit) => Some(Decision::Deny),
            (Release::R5, Decision::Deny) => Some(Decision::Permit),
        };
        nodes.iter().try_for_each(|node| self.nested(node, depth.saturating_add(1), implied))
    }

    /// Reads every criterion; what is left in `object` are `type` and `provision`.
    pub(crate) fn criteria(&self, object: &mut Object<'_>, depth: u8, decision: Decision) -> Result<Criteria, Refused> {
        object.ignore(&["id"]);
        let mut provision = Provision::new(depth, decision);
        let mut narrowed = Vec::new();
        provision.period = object.optional("period").map(|node| period(&node, Early::Open)).transpose()?;
        provision.data_period = object.optional("dataPeriod").map(|node| period(&node, Early::Refuse)).transpose()?;
        for actor in object.items("actor")? {
            provision.actors.push(self.actor(&actor)?);
        }
        for action in object.items("action")? {
            provision.actions = provision.actions.with(known_concept(&action, &ACTION, Action::from_code)?);
        }
        for purpose in object.items("purpose")? {
            let purpose = Coding::read(&purpose)?.known(&PURPOSE, Purpose::from_code)?;
            provision.purposes = provision.purposes.with(purpose);
        }
        labels(object, &mut provision, &mut narrowed)?;
        let (classes, documents) = match self.release {
            Release::R4 => ("class", None),
            Release::R5 => ("resourceType", Some("documentType")),
        };
        provision.classes = read_classes(object, classes, decision, &mut narrowed)?;
        for name in documents.into_iter().chain(["code"]) {
            if object.optional(name).is_none() {
                continue;
            }
            if decision == Decision::Permit {
                return Err(object.refuse(name, RefusedReason::PermitByCode));
            }
            narrowed.push(Narrowed { path: object.path_of(name), what: "denied whatever the code or document type" });
        }
        if object.has("data") {
            return Err(object.refuse("data", RefusedReason::DataNotExpressible));
        }
        Ok(Criteria { provision, narrowed })
    }

    fn actor(&self, node: &Node<'_>) -> Result<Actor, Refused> {
        node.read(|object| {
            object.ignore(&["id"]);
            let role = object.optional("role").map(|role| actor_role(&role)).transpose()?.flatten();
            let reference = object.optional("reference").map(|reference| Reference::read(&reference)).transpose()?;
            let reference = match (reference, role) {
                (Some(reference), None) => reference,
                (None, Some(role)) => return Ok(Actor::Role(role)),
                (Some(_), Some(_)) => return Err(node.refuse(RefusedReason::RoleWithReference)),
                (None, None) => return Err(node.refuse(RefusedReason::ActorWithoutWho)),
            };
            let person = match reference.kind.as_deref() {
                Some("Practitioner" | "PractitionerRole" | "Patient" | "RelatedPerson") => true,
                Some("Organization") => false,
                None if reference.key.starts_with(crate::directory::ACCOUNT_URN) => true,
                Some(kind) => return Err(reference.refuse(RefusedReason::ActorKind { kind: kind.to_owned() })),
                None => return Err(reference.refuse(RefusedReason::ReferenceWithoutType)),
            };
            let account = reference.account(self.directory)?;
            Ok(if person { Actor::Account(account) } else { Actor::Organisation(account) })
        })
    }
}

/// `permit` or `deny`.
pub(crate) fn decision(node: &Node<'_>) -> Result<Decision, Refused> {
    match node.text()? {
        "permit" => Ok(Decision::Permit),
        "deny" => Ok(Decision::Deny),
        other => {
            let system = String::from("http://hl7.org/fhir/consent-provision-type");
            Err(node.refuse(RefusedReason::UnknownCode { system, code: other.to_owned() }))
        }
    }
}

/// A professional role; `None`: a role that only says that the actor asks.
fn actor_role(node: &Node<'_>) -> Result<Option<Role>, Refused> {
    known_role(&crate::coding::only_coding(node)?)
}

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
    // The domain's roles are those of `practitioner-role`, and `pay` of `organization-type`.
    let of_organisations = coding.is_of(&ORGANISATION_TYPE);
    if !of_organisations && !coding.is_of(&PRACTITIONER_ROLE) {
        return Err(coding.unknown_system());
    }
    match Role::from_code(coding.code).filter(|role| (*role == Role::Payer) == of_organisations) {
        Some(role) => Ok(Some(role)),
        None => Err(coding.unknown_code()),
    }
}

/// `securityLabel`: a permit that names a level of confidentiality reaches up to it, a deny keeps back from it on.
fn labels(object: &mut Object<'_>, provision: &mut Provision, narrowed: &mut Vec<Narrowed>) -> Result<(), Refused> {
    for label in object.items("securityLabel")? {
        let label = Coding::read(&label)?;
        if label.is_of(&CONFIDENTIALITY) {
            let level = label.known(&CONFIDENTIALITY, Confidentiality::from_code)?;
            let levels = match provision.decision {
                Decision::Permit => ConfidentialitySet::up_to(level),
                Decision::Deny => ConfidentialitySet::from_level(level),
            };
            provision.confidentiality = provision.confidentiality.union(levels);
        } else {
            let sensitivity = label.known(&ACT_CODE, Sensitivity::from_code)?;
            provision.sensitivity = provision.sensitivity.with(sensitivity);
        }
    }
    let both = !provision.confidentiality.is_empty() && !provision.sensitivity.is_empty();
    if both && provision.decision == Decision::Permit {
        narrowed.push(Narrowed {
            path: object.path_of("securityLabel"),
            what: "permitted only for data that has both a confidentiality and a sensitivity named here",
        });
    }
    Ok(())
}

/// Classes that are not known (document types, profiles) leave a permit, and widen a deny to all classes.
fn read_classes(
    object: &mut Object<'_>,
    name: &str,
    decision: Decision,
    narrowed: &mut Vec<Narrowed>,
) -> Result<ClassSet, Refused> {
    let mut classes = ClassSet::EMPTY;
    let mut widened = false;
    for node in object.items(name)? {
        let coding = Coding::read(&node)?;
        match Class::from_code(coding.code).filter(|_| coding.is_of(&CLASS)) {
            Some(class) => classes = classes.with(class),
            None => {
                let what = match decision {
                    Decision::Permit => "not permitted, as this class is not known",
                    Decision::Deny => "denied for all classes, as this one is not known",
                };
                widened = true;
                narrowed.push(Narrowed { path: node.path().to_owned(), what });
            }
        }
    }
    match decision {
        Decision::Permit if widened && classes.is_empty() => {
            Err(object.refuse(name, RefusedReason::PermitOfUnknownClasses))
        }
        Decision::Deny if widened => Ok(ClassSet::EMPTY),
        Decision::Permit | Decision::Deny => Ok(classes),
    }
}
