//! What consents answer to a request ([`crate::consult`]), without a chain: the same compiler, and the same evaluation, as
//! for what is on it.
//!
//! Whoever has no account in the directory ([`crate::people`]) gets a stand-in, so that actors can be compared. Where
//! something is not known for sure (which purpose, who asks, what it counts as), the answer holds for each possibility: it
//! is a permit only where all of them are permitted. A consent that may count and is refused by the compiler could be a
//! deny, so that with one there is no permit.

mod decide;

use crate::category::{is_other_kind, Category};
use crate::consent::{compile_node, period_of_refused, Header, Scopes};
use crate::consult::Consult;
use crate::directory::Directory;
use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::people::{Asker, People, Same};
use crate::render;
use decide::decide;
use salus_domain::codes::{Class, Confidentiality, Sensitivity};
use salus_domain::consent::{Actor, Consent};
use salus_domain::evaluate::{Answer, Redaction};
use salus_domain::ids::{Account, ConsentId};
use salus_domain::time::Timestamp;
use serde_json::{json, Value};

/// A document with consents: a `Consent`, or a `Bundle` with any number of them.
#[derive(Clone, Debug)]
pub struct ConsentFile {
    name: String,
    /// What it was refused for, if its elements cannot be told.
    document: Result<Document, Refused>,
}

impl ConsentFile {
    /// Reads a document; `name` is that of its consents that have no id.
    ///
    /// # Errors
    /// [`Refused`], where it is not JSON, too large or another resource. What is wrong with a consent in it, [`run`] says.
    pub fn read(name: &str, document: &[u8]) -> Result<Self, Refused> {
        let document = match Document::parse(document) {
            Err(refused)
                if matches!(refused.reason, RefusedReason::NotJson { .. } | RefusedReason::TooLarge { .. }) =>
            {
                return Err(refused);
            }
            document => document,
        };
        if let Ok(document) = &document {
            let mut object = document.root().open()?;
            let kind = object.required("resourceType")?;
            if !matches!(kind.text()?, "Consent" | "Bundle") {
                let found = kind.text()?.to_owned();
                return Err(kind.refuse(RefusedReason::WrongResource { expected: "Consent", found }));
            }
        }
        Ok(Self { name: name.to_owned(), document })
    }
}

/// What a patient has in force on a chain.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The patient.
    pub patient: Account,
    /// The consents.
    pub consents: Vec<(ConsentId, Consent)>,
}

/// The answer, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The answer.
    pub answer: Answer,
    /// What to redact; empty unless the answer is permit.
    pub redact: Redaction,
    /// What gave the answer. Empty where no consent did: none says anything, or one is refused.
    pub deciding: Vec<Place>,
    /// The consents that may count and cannot be expressed.
    pub refused: Vec<RefusedConsent>,
    /// The consents that do not count.
    pub passed_over: Vec<(String, PassedOver)>,
}

impl Simulation {
    /// `permit`, `deny` or `no-consent`, which everyone treats as deny (rule 5).
    #[must_use]
    pub const fn decision(&self) -> &'static str {
        match self.answer {
            Answer::Permit => "permit",
            Answer::Deny => "deny",
            Answer::NoConsent => "no-consent",
        }
    }

    /// What to redact: the code system and the code of each label, level and class.
    #[must_use]
    pub fn redacted(&self) -> Vec<(&'static str, &'static str)> {
        let Redaction { confidentiality, sensitivity, classes } = self.redact;
        let levels = confidentiality.iter().map(|level| (Confidentiality::SYSTEM, level.code()));
        let labels = sensitivity.iter().map(|label| (Sensitivity::SYSTEM, label.code()));
        let classes = classes.iter().map(|class| (Class::SYSTEM, class.code()));
        levels.chain(labels).chain(classes).collect()
    }

    /// The answer as JSON: `{decision, obligations [{code, codes [{system, code}]}], deciding [{consent, path}], refused
    /// [{consent, path, reason}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let codes: Vec<Value> =
            self.redacted().iter().map(|(system, code)| json!({ "system": system, "code": code })).collect();
        let obligations: Vec<Value> =
            (!codes.is_empty()).then(|| json!({ "code": "REDACT", "codes": codes })).into_iter().collect();
        let deciding = self.deciding.iter().map(|it| json!({ "consent": it.consent, "path": it.path }));
        let refused = self.refused.iter().map(
            |it| json!({ "consent": it.consent, "path": it.refused.path, "reason": it.refused.reason.to_string() }),
        );
        json!({
            "decision": self.decision(),
            "obligations": obligations,
            "deciding": deciding.collect::<Vec<_>>(),
            "refused": refused.collect::<Vec<_>>(),
        })
    }
}

/// An element of a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The consent: its id, else the name of its file; `recorded:` and its number where it is on the chain.
    pub consent: String,
    /// The element.
    pub path: String,
}

/// A consent that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedConsent {
    /// Which: see [`Place::consent`].
    pub consent: String,
    /// Where and why.
    pub refused: Refused,
}

/// Why a consent does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassedOver {
    /// It is not active.
    #[error("its status is {0}")]
    NotActive(String),
    /// It is of another kind than those that are asked for.
    #[error("it is of another category")]
    OtherCategory,
    /// It is another patient's.
    #[error("it is another patient's")]
    OtherPatient,
    /// It has not begun, or is over.
    #[error("it is not in its period")]
    OutsidePeriod,
}

/// A consent that counts.
struct Counted {
    name: String,
    consent: Consent,
    base_path: String,
    paths: Vec<String>,
}

/// Answers `consult` at `at` by the consents of `files`, and by those `recorded` on a chain.
///
/// # Errors
/// [`Refused`], where the request contradicts the directory or itself, with the path in the request.
pub fn run(
    people: &People,
    files: &[ConsentFile],
    recorded: Option<&Recorded>,
    consult: &Consult,
    at: Timestamp,
) -> Result<Simulation, Refused> {
    let another =
        |place: &usize| consult.patient.iter().take(*place).any(|id| people.are_two(id, &consult.patient[*place]));
    if let Some(place) = (0..consult.patient.len()).find(another) {
        return Err(Refused::new(format!("{}[{place}]", consult.patient_path), RefusedReason::DifferentPatients));
    }
    let different_people =
        |place| Refused::new(format!("{}[{place}]", consult.actor_path), RefusedReason::DifferentPeople);
    let asker = people.asker(&consult.actor, at).map_err(different_people)?;
    let directory = people.directory_for(&consult.actor);
    let directory = if asker.without_account { directory.listed_accounts_only() } else { directory };
    let mut gathered =
        Gathered { people, directory, consult, at, counted: Vec::new(), refused: Vec::new(), passed_over: Vec::new() };
    for file in files {
        gathered.file(file);
    }
    if let Some(recorded) = recorded {
        gathered.recorded(recorded, &asker)?;
    }
    let Gathered { counted, refused, passed_over, .. } = gathered;
    let mut simulation = decide(&counted, &asker, consult, at)?;
    if !refused.is_empty() {
        if simulation.answer != Answer::Deny {
            simulation.deciding.clear();
        }
        simulation.answer = Answer::Deny;
        simulation.redact = Redaction::default();
    }
    Ok(Simulation { refused, passed_over, ..simulation })
}

/// The consents, sorted by whether they count.
struct Gathered<'a> {
    people: &'a People,
    directory: Directory,
    consult: &'a Consult,
    at: Timestamp,
    counted: Vec<Counted>,
    refused: Vec<RefusedConsent>,
    passed_over: Vec<(String, PassedOver)>,
}

impl Gathered<'_> {
    fn refuse(&mut self, name: &str, refused: Refused) {
        self.refused.push(RefusedConsent { consent: name.to_owned(), refused });
    }

    fn file(&mut self, file: &ConsentFile) {
        let read = file.document.clone();
        match read.as_ref().map_err(Clone::clone).and_then(|document| consents(&document.root())) {
            Ok(nodes) => {
                for node in nodes {
                    self.consent(&node, &file.name);
                }
            }
            Err(refused) => self.refuse(&file.name, refused),
        }
    }

    fn consent(&mut self, node: &Node<'_>, file: &str) {
        let id = node.open().ok().and_then(|mut object| object.optional("id")).and_then(|id| id.text().ok());
        let name = id.unwrap_or(file);
        let header = match Header::read(node) {
            Ok(header) => header,
            Err(refused) => return self.refuse(name, refused),
        };
        if let Some(why) = self.does_not_count(&header) {
            return self.passed_over.push((name.to_owned(), why));
        }
        let any = self.consult.categories.iter().any(Category::is_not_about_data);
        let scopes = if any { Scopes::Any } else { Scopes::Data };
        if let Err(refused) = node.refuse_modifiers() {
            return self.refuse(name, refused);
        }
        let (period, result) = match compile_node(node, &self.directory, scopes) {
            Ok(compiled) => (Some(compiled.consent.period), Ok(compiled)),
            Err(refusals) => (period_of_refused(node), Err(refusals.first)),
        };
        if period.is_some_and(|period| !period.contains(self.at)) {
            return self.passed_over.push((name.to_owned(), PassedOver::OutsidePeriod));
        }
        match result {
            Ok(compiled) => self.counted.push(Counted {
                name: name.to_owned(),
                consent: compiled.consent,
                base_path: compiled.base_path,
                paths: compiled.paths,
            }),
            Err(refused) => self.refuse(name, refused),
        }
    }

    fn does_not_count(&self, header: &Header) -> Option<PassedOver> {
        if !header.active {
            return Some(PassedOver::NotActive(header.status.clone()));
        }
        if is_other_kind(&header.categories, &self.consult.categories) {
            return Some(PassedOver::OtherCategory);
        }
        let patient = header.patient.as_ref()?;
        self.is_other_patient(patient).then_some(PassedOver::OtherPatient)
    }

    /// Whether a name is that of another patient than the one that is asked about.
    fn is_other_patient(&self, patient: &str) -> bool {
        let same: Vec<Same> = self.consult.patient.iter().map(|id| self.people.same(id, patient)).collect();
        !same.contains(&Same::Yes) && same.contains(&Same::No)
    }

    fn recorded(&mut self, recorded: &Recorded, asker: &Asker) -> Result<(), Refused> {
        let directory = self.people.directory();
        if directory.key(recorded.patient).is_some_and(|patient| self.is_other_patient(patient))
            || self.consult.patient.iter().any(|id| directory.account(id).is_some_and(|own| own != recorded.patient))
        {
            return Err(Refused::new(self.consult.patient_path.clone(), RefusedReason::OtherPatient));
        }
        let known = self.people.accounts();
        for (id, consent) in &recorded.consents {
            let name = format!("recorded:{}", id.0);
            let (base_path, paths) = render::paths(consent);
            let stranger = consent.provisions.iter().zip(&paths).find_map(|(provision, path)| {
                let unknown = |actor: &Actor| match actor {
                    Actor::Account(account) | Actor::Organisation(account) => !known.contains(account),
                    Actor::Role(_) => false,
                };
                let place = provision.actors.iter().position(unknown)?;
                Some(format!("{path}.actor[{place}]"))
            });
            match stranger {
                _ if !consent.period.contains(self.at) => {
                    self.passed_over.push((name, PassedOver::OutsidePeriod));
                }
                Some(path) if asker.without_account => {
                    self.refuse(&name, Refused::new(path, RefusedReason::NotComparable))
                }
                _ => self.counted.push(Counted { name, consent: consent.clone(), base_path, paths }),
            }
        }
        Ok(())
    }
}

/// The consents of a document: itself, or the entries of a bundle.
fn consents<'a>(root: &Node<'a>) -> Result<Vec<Node<'a>>, Refused> {
    let mut object = root.clone().ignoring_extensions().open()?;
    if object.required("resourceType")?.text()? == "Consent" {
        return Ok(Vec::from([root.clone()]));
    }
    if let Some(kind) = object.optional("type") {
        if kind.text()? == "history" {
            return Err(kind.refuse(RefusedReason::History));
        }
    }
    let mut found = Vec::new();
    for entry in object.items("entry")? {
        let mut entry = entry.open()?;
        let resource = entry.optional("resource");
        entry.refuse_unread_modifiers()?;
        let Some(resource) = resource else { continue };
        let kind = resource.open()?.required("resourceType")?;
        match kind.text()? {
            "Consent" => found.push(resource.named("Consent")),
            "Bundle" => found.extend(consents(&resource)?),
            _ => {}
        }
    }
    object.refuse_unread_modifiers()?;
    Ok(found)
}
