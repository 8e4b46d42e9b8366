//! Provisions: <https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision>.
//!
//! What the model cannot say exactly is said more narrowly where that is safe, and refused elsewhere. It is safe only
//! where all provisions below decide the same: a deny that is widened, or a permit that is narrowed, moves the reach of
//! its exceptions too, and an exception that permits would then permit more.
//!
//! Extensions are refused here, even those that are no modifiers: what is not understood must not be agreed to.

use crate::actor::actor;
use crate::coding::{known_concept, Coding, ACTION, ACT_CODE, CLASS, CONFIDENTIALITY, PURPOSE};
use crate::consent::{Narrowed, Release};
use crate::date::{period, Early};
use crate::directory::Directory;
use crate::element::{Node, Object};
use crate::error::{Collected, Refused, RefusedReason};
use salus_domain::codes::{Action, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, Sensitivity};
use salus_domain::consent::{Decision, Provision};
use salus_domain::time::{Period, Timestamp};

/// What a consent's provisions compile into, in preorder, and what of the whole consent is refused.
pub(crate) struct Compiler<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) release: Release,
    /// When an R5 consent counts: its provisions may say otherwise. In R4 the root provision says it for all below it.
    pub(crate) frame: Period,
    pub(crate) provisions: Vec<Provision>,
    pub(crate) paths: Vec<String>,
    pub(crate) narrowed: Vec<Narrowed>,
    pub(crate) refused: Collected,
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
    fn nested(&mut self, node: &Node<'_>, depth: u8, implied: Option<Decision>) {
        let Some(mut object) = self.refused.keep(node.open()) else { return };
        let stated = implied.map(Ok).unwrap_or_else(|| object.required("type").and_then(|node| decision(&node)));
        let stated = self.refused.keep(stated);
        // Without a type the consent is refused; any decision lets the reader look for more.
        let mut criteria = self.criteria(&mut object, depth, stated.unwrap_or(Decision::Deny));
        if stated.is_none() {
            criteria.narrowed.clear();
        }
        let children = self.refused.keep(object.items("provision")).unwrap_or_default();
        let path = object.path().to_owned();
        self.refused.note(object.unread());
        self.push(&path, criteria, &children);
    }

    /// Adds a provision and compiles its exceptions.
    pub(crate) fn push(&mut self, path: &str, criteria: Criteria, children: &[Node<'_>]) {
        let Criteria { provision, narrowed } = criteria;
        let (depth, decision) = (provision.depth, provision.decision);
        let place = self.provisions.len();
        self.beyond_frame(path, &provision);
        self.provisions.push(provision);
        self.paths.push(path.to_owned());
        self.exceptions(children, depth, decision);
        let uniform = self.provisions.iter().skip(place).all(|below| below.decision == decision);
        if let (Some(narrowed), false) = (narrowed.first(), uniform) {
            self.refused.note([Refused::new(narrowed.path.clone(), RefusedReason::CannotNarrow)]);
        }
        self.narrowed.extend(narrowed);
    }

    /// Compiles the exceptions to what is `depth` deep (0: the consent itself) and decides `decision`.
    pub(crate) fn exceptions(&mut self, nodes: &[Node<'_>], depth: u8, decision: Decision) {
        let implied = match (self.release, decision) {
            (Release::R4, _) => None,
            (Release::R5, Decision::Permit) => Some(Decision::Deny),
            (Release::R5, Decision::Deny) => Some(Decision::Permit),
        };
        for node in nodes {
            self.nested(node, depth.saturating_add(1), implied);
        }
    }

    /// R5 lets a provision hold longer than the consent; here nothing of a consent counts outside of its period.
    fn beyond_frame(&mut self, path: &str, provision: &Provision) {
        let Period { start, end } = provision.period.unwrap_or(Period::ALWAYS);
        let early = start != Timestamp::MIN && start < self.frame.start;
        let late = end != Timestamp::MAX && end > self.frame.end;
        let path = format!("{path}.period");
        match provision.decision {
            _ if !early && !late => {}
            Decision::Deny => self.refused.note([Refused::new(path, RefusedReason::PeriodBeyondConsent)]),
            Decision::Permit => {
                self.narrowed.push(Narrowed { path, what: "permitted only while the consent itself counts" });
            }
        }
    }

    /// Reads every criterion; what is left in `object` are `type` and `provision`.
    pub(crate) fn criteria(&mut self, object: &mut Object<'_>, depth: u8, decision: Decision) -> Criteria {
        object.ignore(&["id"]);
        let mut provision = Provision::new(depth, decision);
        let mut narrowed = Vec::new();
        let refused = &mut self.refused;
        provision.period = object.optional("period").and_then(|node| refused.keep(period(&node, Early::Open)));
        provision.data_period =
            object.optional("dataPeriod").and_then(|node| refused.keep(period(&node, Early::Refuse)));
        for node in refused.keep(object.items("actor")).unwrap_or_default() {
            provision.actors.extend(refused.keep(actor(&node, self.directory)));
        }
        for node in refused.keep(object.items("action")).unwrap_or_default() {
            let action = refused.keep(known_concept(&node, &ACTION, Action::from_code));
            provision.actions = action.into_iter().fold(provision.actions, |all, action| all.with(action));
        }
        for node in refused.keep(object.items("purpose")).unwrap_or_default() {
            let purpose = Coding::read(&node).and_then(|coding| coding.known(&PURPOSE, Purpose::from_code));
            provision.purposes = refused.keep(purpose).into_iter().fold(provision.purposes, |all, one| all.with(one));
        }
        labels(object, &mut provision, &mut narrowed, refused);
        provision.classes = classes(object, self.release, decision, &mut narrowed, refused);
        // An R4 provision has no `documentType`: there it is refused as unknown.
        let documents = (self.release == Release::R5).then_some("documentType");
        for name in documents.into_iter().chain(["code"]) {
            if object.optional(name).is_none() {
                continue;
            }
            if decision == Decision::Permit {
                refused.note([object.refuse(name, RefusedReason::PermitByCode)]);
            }
            narrowed.push(Narrowed { path: object.path_of(name), what: "denied whatever the code or document type" });
        }
        if object.optional("data").is_some() {
            refused.note([object.refuse("data", RefusedReason::DataNotExpressible)]);
        }
        Criteria { provision, narrowed }
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

/// A security label that is known: a level of confidentiality or a sensitivity.
pub(crate) enum Label {
    Confidentiality(Confidentiality),
    Sensitivity(Sensitivity),
}

impl Label {
    pub(crate) fn of(label: &Coding<'_>) -> Result<Self, Refused> {
        match label.is_of(&CONFIDENTIALITY) {
            true => label.known(&CONFIDENTIALITY, Confidentiality::from_code).map(Self::Confidentiality),
            false => label.known(&ACT_CODE, Sensitivity::from_code).map(Self::Sensitivity),
        }
    }
}

/// `securityLabel`: a permit that names a level of confidentiality reaches up to it, a deny keeps back from it on.
fn labels(object: &mut Object<'_>, provision: &mut Provision, narrowed: &mut Vec<Narrowed>, refused: &mut Collected) {
    for node in refused.keep(object.items("securityLabel")).unwrap_or_default() {
        match refused.keep(Coding::read(&node).and_then(|coding| Label::of(&coding))) {
            Some(Label::Confidentiality(level)) => {
                let levels = match provision.decision {
                    Decision::Permit => ConfidentialitySet::up_to(level),
                    Decision::Deny => ConfidentialitySet::from_level(level),
                };
                provision.confidentiality = provision.confidentiality.union(levels);
            }
            Some(Label::Sensitivity(label)) => provision.sensitivity = provision.sensitivity.with(label),
            None => {}
        }
    }
    let both = !provision.confidentiality.is_empty() && !provision.sensitivity.is_empty();
    if both && provision.decision == Decision::Permit {
        narrowed.push(Narrowed {
            path: object.path_of("securityLabel"),
            what: "permitted only for data that has both a confidentiality and a sensitivity named here",
        });
    }
}

/// `class` (R5: `resourceType`, in its ballots still `class`). Classes that are not known (document types, profiles) leave
/// a permit, and widen a deny to all classes.
fn classes(
    object: &mut Object<'_>,
    release: Release,
    decision: Decision,
    narrowed: &mut Vec<Narrowed>,
    refused: &mut Collected,
) -> ClassSet {
    let name = if release == Release::R5 && !object.has("class") { "resourceType" } else { "class" };
    let nodes = refused.keep(object.items(name)).unwrap_or_default();
    let mut classes = ClassSet::EMPTY;
    let mut widened = false;
    for node in &nodes {
        let Some(coding) = refused.keep(Coding::read(node)) else { continue };
        match known_class(&coding) {
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
            refused.note([object.refuse(name, RefusedReason::PermitOfUnknownClasses)]);
            classes
        }
        Decision::Deny if widened => ClassSet::EMPTY,
        Decision::Permit | Decision::Deny => classes,
    }
}

/// A class by its R4 resource type, or by the one name that R5 changed.
pub(crate) fn known_class(coding: &Coding<'_>) -> Option<Class> {
    let code = match coding.code {
        "DeviceUsage" => "DeviceUseStatement",
        code => code,
    };
    Class::from_code(code).filter(|_| coding.is_of(&CLASS))
}
