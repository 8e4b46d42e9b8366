//! One event as an `AuditEvent`.

use super::parts::{agent, consent_uri, hex, moment, requestor, Names};
use super::{
    codes, parts, Access, AuditedEvent, By, Finding, Ground, Happening, NotAudited, Outcome, Place, Position, Why,
};
use crate::code::Code;
use blake2::{Blake2b512, Digest};
use salus_domain::codes::Purpose;
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Account, Hash};
use serde_json::{json, Map, Value};

/// The id of the `AuditEvent` of an event: a UUID of version 8 (RFC 9562, section 5.8) made of the BLAKE2b digest of the
/// genesis hash and the place, so that everybody who renders the event gives it the same.
#[must_use]
pub fn id(genesis: Hash, position: Position) -> String {
    let digest = Blake2b512::new()
        .chain_update(b"salus/audit-event")
        .chain_update(genesis.0)
        .chain_update(position.block.to_le_bytes())
        .chain_update(position.event.to_le_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    groups.join("-")
}

/// What distinguishes one kind of event from another.
struct Shape {
    kind: Code,
    subtypes: Vec<Code>,
    /// C, R, U, D or E.
    action: &'static str,
    permitted: bool,
    said: String,
    purposes: Vec<Purpose>,
    agents: Vec<Value>,
    /// Beside the patient.
    entities: Vec<Value>,
    /// Who reported it, and what that is: the contract, or a release service.
    source: (Account, Code),
}

pub(super) fn resource(event: &AuditedEvent, names: &Names<'_>) -> Result<Value, NotAudited> {
    let Place { genesis, position, .. } = event.place;
    let shape = shape(event, names)?;
    let (observer, observer_kind) = shape.source;
    let mut resource = Map::new();
    let mut set = |name: &str, value: Value| resource.insert(name.to_owned(), value);
    set("resourceType", json!("AuditEvent"));
    set("id", json!(id(genesis, position)));
    let source = format!("urn:salus:event:{}:{}:{}", hex(&genesis.0), position.block, position.event);
    set("meta", json!({ "source": source }));
    set("type", json!(shape.kind));
    if !shape.subtypes.is_empty() {
        set("subtype", json!(shape.subtypes));
    }
    set("action", json!(shape.action));
    set("recorded", json!(moment(event.time, position)?));
    set("outcome", json!(if shape.permitted { "0" } else { "8" }));
    set("outcomeDesc", json!(shape.said));
    if !shape.purposes.is_empty() {
        let purposes = shape.purposes.into_iter().map(|purpose| Code::from(purpose).concept());
        set("purposeOfEvent", json!(purposes.collect::<Vec<_>>()));
    }
    set("agent", Value::Array(shape.agents));
    set(
        "source",
        json!({
            "site": hex(&genesis.0),
            "observer": names.typed(observer, "Device"),
            "type": [observer_kind],
        }),
    );
    let patient = parts::patient(event.patient, names);
    set("entity", std::iter::once(patient).chain(shape.entities).collect());
    Ok(Value::Object(resource))
}

fn shape(event: &AuditedEvent, names: &Names<'_>) -> Result<Shape, NotAudited> {
    let AuditedEvent { place, patient, .. } = *event;
    let contract = names.typed(place.contract, "Device");
    let alert = |subtypes: &[Code], said: &str| Shape {
        kind: codes::SECURITY_ALERT,
        subtypes: subtypes.to_vec(),
        action: "E",
        permitted: true,
        said: said.to_owned(),
        purposes: Vec::new(),
        agents: Vec::new(),
        entities: Vec::new(),
        source: (place.contract, codes::SECURITY_SERVER),
    };
    let change = |interaction: Code, action: &'static str, said: &str| Shape {
        kind: codes::PATIENT_RECORD,
        action,
        ..alert(&[interaction], said)
    };
    let in_person = |by: Account| {
        let kind = if by == patient { codes::PATIENT } else { codes::AGENT };
        requestor(kind, names.party(by), None, None)
    };
    let provider_agent = |provider: Account| agent(codes::PROVIDER, names.party(provider));
    let authorizer = || agent(codes::AUTHORIZATION_SERVER, contract.clone());
    Ok(match &event.what {
        Happening::AccessDecided(access) => decided(access, event, names, alert(&[], ""))?,
        Happening::EnvelopeReleased { data, accessor, service, purpose, permit, number } => Shape {
            kind: codes::EXPORT,
            action: "R",
            purposes: purpose.iter().copied().collect(),
            agents: Vec::from([
                agent(codes::SOURCE, names.typed(*service, "Device")),
                requestor(codes::DESTINATION, names.party(*accessor), *purpose, None),
            ]),
            entities: Vec::from([
                parts::record(data, Some(codes::DISCLOSURE), Vec::from([("log entry", number.to_string())])),
                parts::permit(place.genesis, *permit),
            ]),
            source: (*service, codes::APPLICATION_SERVER),
            ..alert(&[codes::DISCLOSE], "The envelope with the record's key was handed out.")
        },
        Happening::GlassBroken { provider, number, ground, access_until, review_until } => {
            let said = Vec::from([
                ("ground", ground_words(*ground).to_owned()),
                ("access until", moment(*access_until, place.position)?),
                ("review until", moment(*review_until, place.position)?),
            ]);
            let who = names.party(*provider);
            Shape {
                purposes: Vec::from([Purpose::Btg]),
                agents: Vec::from([requestor(codes::PROVIDER, who, Some(Purpose::Btg), None), authorizer()]),
                entities: Vec::from([parts::emergency(patient, *provider, *number, said)]),
                ..alert(&[codes::OVERRIDE_STARTED], "The provider broke the glass: access without consent.")
            }
        }
        Happening::EmergencyDisputed { provider, number, by } => Shape {
            agents: Vec::from([in_person(*by), provider_agent(*provider)]),
            entities: Vec::from([parts::emergency(patient, *provider, *number, Vec::new())]),
            ..alert(&[codes::OVERRIDE_STOPPED], "The emergency was disputed; access is over.")
        },
        Happening::EmergencyReviewed { provider, number, reviewer, finding } => {
            let (found, words) = match finding {
                Finding::Justified => ("justified", "The emergency was found justified."),
                Finding::Unjustified { suspended: false } => ("unjustified", "The emergency was found unjustified."),
                Finding::Unjustified { suspended: true } => {
                    ("unjustified", "The emergency was found unjustified, and the provider's credentials suspended.")
                }
            };
            let stopped = [codes::OVERRIDE_STOPPED, codes::USER_ATTRIBUTES_CHANGED];
            let suspended = *finding == Finding::Unjustified { suspended: true };
            let said = Vec::from([("finding", found.to_owned())]);
            Shape {
                agents: Vec::from([
                    requestor(codes::REVIEWER, names.party(*reviewer), None, None),
                    provider_agent(*provider),
                ]),
                entities: Vec::from([parts::emergency(patient, *provider, *number, said)]),
                ..alert(if suspended { &stopped } else { &stopped[..1] }, words)
            }
        }
        Happening::BondForfeited { provider, number } => Shape {
            agents: Vec::from([provider_agent(*provider)]),
            entities: Vec::from([parts::emergency(patient, *provider, *number, Vec::new())]),
            ..alert(&[codes::OVERRIDE_STOPPED], "Nobody reviewed the emergency in time; the bond went to the patient.")
        },
        Happening::RecordRegistered { data, custodian } => Shape {
            agents: Vec::from([requestor(codes::CUSTODIAN, names.party(*custodian), None, None)]),
            entities: Vec::from([parts::record(data, Some(codes::ORIGINATION), Vec::new())]),
            ..change(codes::CREATE, "C", "The record was registered.")
        },
        Happening::RecordAmended { data, custodian } => Shape {
            agents: Vec::from([requestor(codes::CUSTODIAN, names.party(*custodian), None, None)]),
            entities: Vec::from([parts::record(data, Some(codes::AMENDMENT), Vec::new())]),
            ..change(codes::UPDATE, "U", "The record has a new version.")
        },
        Happening::RecordErased { data, by } => Shape {
            agents: Vec::from([in_person(*by)]),
            entities: Vec::from([parts::record(data, Some(codes::LOGICAL_DELETION), Vec::new())]),
            ..change(codes::DELETE, "D", "The record was given up: nobody is let in any more.")
        },
        Happening::LinkRedeemed { link, provider } => Shape {
            kind: codes::USER_AUTHENTICATION,
            agents: Vec::from([requestor(codes::PROVIDER, names.party(*provider), None, None), authorizer()]),
            entities: Vec::from([parts::link(*link)]),
            ..alert(&[], "The provider redeemed the share link.")
        },
    })
}

/// A decision, from an alert that is otherwise empty.
fn decided(access: &Access, event: &AuditedEvent, names: &Names<'_>, alert: Shape) -> Result<Shape, NotAudited> {
    let AuditedEvent { place, patient, .. } = *event;
    let mut purposes = Vec::from([access.purpose]);
    let mut said = Vec::new();
    let mut policy = None;
    let mut entities = Vec::new();
    if let Outcome::Permitted { by, until } = access.outcome {
        said.push(("permitted until", moment(until, place.position)?));
        match by {
            By::Consent(deciding) => policy = Some(consent_uri(patient, deciding)),
            By::Patient => {}
            By::Emergency(number) => {
                if access.purpose != Purpose::Btg {
                    purposes.push(Purpose::Btg);
                }
                entities.push(parts::emergency(patient, access.accessor, number, Vec::new()));
            }
        }
    }
    if let Some(deciding) = access.outcome.deciding() {
        entities.push(parts::consent(patient, deciding));
    }
    entities.extend(access.link.map(parts::link));
    entities.insert(0, parts::record(&access.data, None, said));
    let mut agents =
        Vec::from([requestor(codes::RECIPIENT, names.party(access.accessor), Some(access.purpose), policy)]);
    let organisations = access.organisations.iter();
    agents.extend(organisations.map(|account| agent(codes::PROVIDER, names.typed(*account, "Organization"))));
    agents.push(agent(codes::AUTHORIZATION_SERVER, names.typed(place.contract, "Device")));
    let decided_by = if access.outcome.asked_consents() { codes::BY_CONSENT } else { codes::BY_ROLE };
    Ok(Shape {
        subtypes: Vec::from([decided_by, access.action.into()]),
        permitted: matches!(access.outcome, Outcome::Permitted { .. }),
        said: access.outcome.words(),
        purposes,
        agents,
        entities,
        ..alert
    })
}

impl Outcome {
    /// The consent that decided, where one did.
    const fn deciding(self) -> Option<Deciding> {
        match self {
            Self::Permitted { by: By::Consent(deciding), .. } | Self::Refused(Why::DeniedBy(deciding)) => {
                Some(deciding)
            }
            _ => None,
        }
    }

    /// Whether the answer came from the patient's consents, or from there being none.
    const fn asked_consents(self) -> bool {
        match self {
            Self::Permitted { by: By::Consent(_), .. } => true,
            Self::Permitted { by: By::Patient | By::Emergency(_), .. } => false,
            Self::Refused(Why::NoConsent | Why::DeniedBy(_) | Why::NotAgreed) => true,
            Self::Refused(
                Why::NotCredentialed
                | Why::CredentialExpired
                | Why::CredentialSuspended
                | Why::Erased
                | Why::NotRedeemed,
            ) => false,
        }
    }

    fn words(self) -> String {
        let plain = match self {
            Self::Permitted { by: By::Consent(deciding), .. } => return by_consent("Permitted", deciding),
            Self::Refused(Why::DeniedBy(deciding)) => return by_consent("Refused", deciding),
            Self::Permitted { by: By::Emergency(number), .. } => {
                return format!("Permitted without consent: emergency {number} of the accessor with the patient.")
            }
            Self::Permitted { by: By::Patient, .. } => "Permitted: it is the patient's own record.",
            Self::Refused(Why::NotCredentialed) => "Refused: nobody who may vouch for the accessor does.",
            Self::Refused(Why::CredentialExpired) => "Refused: every credential of the accessor is over.",
            Self::Refused(Why::CredentialSuspended) => "Refused: the accessor's credential is suspended.",
            Self::Refused(Why::NoConsent) => "Refused: no consent of the patient says anything about it.",
            Self::Refused(Why::NotAgreed) => "Refused: not enough of the parties to a condition have agreed.",
            Self::Refused(Why::Erased) => "Refused: the record was erased.",
            Self::Refused(Why::NotRedeemed) => "Refused: the accessor has not redeemed the share link that it named.",
        };
        plain.to_owned()
    }
}

fn by_consent(decision: &str, deciding: Deciding) -> String {
    let consent = deciding.consent.0;
    match deciding.provision {
        Some(provision) => format!("{decision} by consent {consent}, provision {provision}."),
        None => format!("{decision} by consent {consent}, by its base decision."),
    }
}

const fn ground_words(ground: Ground) -> &'static str {
    match ground {
        Ground::ThreatToPatient => "threat to the patient",
        Ground::UnableToConsent => "unable to consent",
        Ground::ThreatToOthers => "threat to others",
    }
}
