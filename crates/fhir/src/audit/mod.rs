//! What happened to a patient's records, as FHIR R4 `AuditEvent`: <https://hl7.org/fhir/R4/auditevent.html>. An accounting
//! of disclosures that a patient can take along: who, what, why, by which consent, when, and where on the chain it stands.
//!
//! The patterns are those of IHE BALP (<https://profiles.ihe.net/ITI/BALP/>): a decision is an authorization decision
//! (`AuthZconsent`), an envelope that a release service handed out is a privacy disclosure (`PrivacyDisclosure.Source`).
//! No profile is claimed in `meta.profile`, since both ask for network addresses, and a chain knows none.
//!
//! A decision is not yet a disclosure: it has the action E (execute) as in BALP, what was asked for is a second subtype. A
//! refusal has the outcome 8, as in BALP's example of one. `meta.source` names the place on the chain.

mod codes;
mod event;
mod parts;

use crate::directory::Directory;
use parts::Names;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, SensitivitySet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Account, Hash, RecordId};
use salus_domain::time::Timestamp;
use serde_json::{json, Map, Value};
use std::collections::btree_map::Entry;
use std::collections::BTreeMap;

pub use event::id;

/// The place of an event in a block: `(block, event)` is unique on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of the block.
    pub block: u64,
    /// The place of the event among all events of the block.
    pub event: u32,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The genesis hash of the chain.
    pub genesis: Hash,
    /// The account of the contract that emitted it.
    pub contract: Account,
    /// Where on the chain.
    pub position: Position,
}

/// An event that the log tells of a patient's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedEvent {
    /// Where it stands.
    pub place: Place,
    /// When: the time of its block.
    pub time: Timestamp,
    /// Whose records it is about.
    pub patient: Account,
    /// What happened.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Somebody asked for access, and this was the answer.
    AccessDecided(Access),
    /// A release service handed out an envelope.
    EnvelopeReleased {
        /// What was handed out.
        data: Data,
        /// To whom.
        accessor: Account,
        /// The service: the account of its log.
        service: Account,
        /// What for, where the permit is known.
        purpose: Option<Purpose>,
        /// Where the permit stands, on the same chain.
        permit: Position,
        /// The number of the entry in the service's log.
        number: u64,
    },
    /// A provider let itself in, in an emergency.
    GlassBroken {
        /// Who broke the glass.
        provider: Account,
        /// Which of the provider's emergencies with the patient.
        number: u32,
        /// On what ground.
        ground: Ground,
        /// The first moment at which the provider is no longer let in.
        access_until: Timestamp,
        /// The first moment at which it is too late for a review.
        review_until: Timestamp,
    },
    /// An emergency was disputed; access is over.
    EmergencyDisputed {
        /// Who broke the glass.
        provider: Account,
        /// Which of the provider's emergencies with the patient.
        number: u32,
        /// The patient, or the proxy who did it.
        by: Account,
    },
    /// An authority reviewed an emergency, which closed it.
    EmergencyReviewed {
        /// Who broke the glass.
        provider: Account,
        /// Which of the provider's emergencies with the patient.
        number: u32,
        /// The authority.
        reviewer: Account,
        /// What it found.
        finding: Finding,
    },
    /// Nobody reviewed an emergency in time, which closed it; the bond went to the patient.
    BondForfeited {
        /// Who broke the glass.
        provider: Account,
        /// Which of the provider's emergencies with the patient.
        number: u32,
    },
    /// A record was registered.
    RecordRegistered {
        /// Which record.
        data: Data,
        /// Who registered it.
        custodian: Account,
    },
    /// A record has a new version.
    RecordAmended {
        /// Which record, in its new version.
        data: Data,
        /// Who registered it, and alone can amend it.
        custodian: Account,
    },
    /// A record was given up: nobody is let in any more.
    RecordErased {
        /// Which record.
        data: Data,
        /// The patient, or the proxy who did it.
        by: Account,
    },
    /// A provider redeemed a share link of the patient's.
    LinkRedeemed {
        /// The link's account.
        link: Account,
        /// Who redeemed it.
        provider: Account,
    },
}

/// A request for access, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What was asked for; the version is that of the permit.
    pub data: Data,
    /// Who asked.
    pub accessor: Account,
    /// For which organisations the accessor works, as far as it is known.
    pub organisations: Vec<Account>,
    /// What for.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// The share link under which the accessor asked.
    pub link: Option<Account>,
    /// The answer.
    pub outcome: Outcome,
}

/// A record, as far as the log tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// Which record.
    pub record: RecordId,
    /// Its version.
    pub version: Option<u32>,
    /// What its custodian said of it.
    pub labels: Option<Labels>,
}

/// What the custodian of a record said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What kind of data it is.
    pub class: Class,
    /// How confidential it is.
    pub confidentiality: Confidentiality,
    /// Why it is sensitive; may be empty.
    pub sensitivity: SensitivitySet,
}

/// The answer to a request for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Access is granted.
    Permitted {
        /// On what ground.
        by: By,
        /// The first moment at which the permit is over.
        until: Timestamp,
    },
    /// Access is refused.
    Refused(Why),
}

/// Why access is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A consent permits it.
    Consent(Deciding),
    /// It is the patient's own record.
    Patient,
    /// The accessor broke the glass: the number of the accessor's emergency with the patient.
    Emergency(u32),
}

/// Why access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody who may vouch for the accessor does.
    NotCredentialed,
    /// Every credential of the accessor is over.
    CredentialExpired,
    /// The accessor's credential is suspended.
    CredentialSuspended,
    /// No consent of the patient says anything about it.
    NoConsent,
    /// A consent of the patient denies it.
    DeniedBy(Deciding),
    /// Not enough of the parties to a condition have agreed.
    NotAgreed,
    /// The record was erased.
    Erased,
    /// The accessor has not redeemed the share link that it named.
    NotRedeemed,
}

/// On what ground a provider breaks the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The patient's life or health is in danger, and there is no time to ask.
    ThreatToPatient,
    /// The patient cannot consent, nor anybody for the patient.
    UnableToConsent,
    /// The life or health of others is in danger.
    ThreatToOthers,
}

/// What an authority finds of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It was one: the bond goes back.
    Justified,
    /// It was none: the bond goes to the patient.
    Unjustified {
        /// Whether all of the provider's credentials are suspended.
        suspended: bool,
    },
}

/// Why events cannot be rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAudited {
    /// A moment that FHIR cannot write.
    #[error("the event at {}-{} has a moment after the year 9999", .0.block, .0.event)]
    Time(Position),
    /// Two different events are said to stand at the same place.
    #[error("two different events are said to stand at {}-{}", .0.block, .0.event)]
    SamePlace(Position),
}

/// Renders one event as an `AuditEvent`. Its id is [`id`]; accounts appear as the directory knows them, with the account
/// itself as the identifier.
///
/// # Errors
/// [`NotAudited::Time`].
pub fn audit_event(event: &AuditedEvent, directory: &Directory) -> Result<Value, NotAudited> {
    event::resource(event, &Names::new(directory))
}

/// Renders events as a `Bundle` of `AuditEvent`s, in the order of the chain. An event that is given twice is in it once. A
/// `collection`: what was gathered from a log is no answer of a server to a search. It can refer to itself: an entry's
/// `fullUrl` is `urn:uuid:` and its id.
///
/// # Errors
/// [`NotAudited`].
pub fn bundle(events: &[AuditedEvent], directory: &Directory) -> Result<Value, NotAudited> {
    let mut by_place = BTreeMap::new();
    for event in events {
        match by_place.entry((event.place.genesis, event.place.position)) {
            Entry::Vacant(place) => {
                place.insert(event);
            }
            Entry::Occupied(other) if *other.get() == event => {}
            Entry::Occupied(_) => return Err(NotAudited::SamePlace(event.place.position)),
        }
    }
    let names = Names::new(directory);
    let entries = by_place.into_values().map(|event| {
        let url = parts::event_reference(event.place.genesis, event.place.position);
        Ok(json!({ "fullUrl": url, "resource": event::resource(event, &names)? }))
    });
    let entries: Vec<Value> = entries.collect::<Result<_, _>>()?;
    let mut bundle = Map::new();
    bundle.insert(String::from("resourceType"), json!("Bundle"));
    bundle.insert(String::from("type"), json!("collection"));
    // A list in FHIR has something in it.
    if !entries.is_empty() {
        bundle.insert(String::from("entry"), Value::Array(entries));
    }
    Ok(Value::Object(bundle))
}
