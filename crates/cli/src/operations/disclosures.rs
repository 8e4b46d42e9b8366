//! The accounting of disclosures as FHIR: what `salus_fhir::audit` renders.

use super::accounting::{Entry, Happened};
use super::Suite;
use salus_client::{client_account, domain_account, AccountId32};
use salus_domain::codes::Purpose;
use salus_domain::ids::{Account, Hash, RecordId};
use salus_fhir::audit::{
    Access, AuditedEvent, By, Data, Finding, Ground, Happening, Labels, Outcome, Place, Position, Why,
};
use salus_interface::access::{
    self, AccessDecided, AccessDecision, Emergency, EmergencyChanged, EmergencyGround, EmergencyState, RecordTerms,
    Refusal,
};
use std::collections::BTreeMap;

/// What stood on the chain before an entry: it is not told again with each.
#[derive(Default)]
struct Known {
    labels: BTreeMap<[u8; 32], Labels>,
    custodians: BTreeMap<[u8; 32], Account>,
    purposes: BTreeMap<Position, Purpose>,
}

impl Known {
    fn says(&mut self, record: RecordId, terms: &RecordTerms) {
        let RecordTerms { class, confidentiality, sensitivity, .. } = *terms;
        self.labels.insert(record.0, Labels { class, confidentiality, sensitivity });
    }

    /// A record that is amended was registered before; what is told of it begins with that.
    fn custodian(&self, record: RecordId) -> Account {
        self.custodians.get(&record.0).copied().unwrap_or(Account([0; 32]))
    }

    fn data(&self, record: RecordId, version: Option<u32>) -> Data {
        Data { record, version, labels: self.labels.get(&record.0).copied() }
    }
}

/// The accounting of a patient, for [`salus_fhir::audit::bundle`].
#[must_use]
pub fn audited(entries: &[Entry], suite: &Suite, patient: &AccountId32) -> Vec<AuditedEvent> {
    let genesis = Hash(suite.chain.genesis_hash());
    let contract = domain_account(&suite.deployment.access_grants.address);
    let patient = domain_account(patient);
    let mut known = Known::default();
    let event = |entry: &Entry| {
        let position = Position { block: entry.block, event: entry.event };
        let what = happening(&entry.happened, position, &mut known);
        AuditedEvent { place: Place { genesis, contract, position }, time: entry.time, patient, what }
    };
    entries.iter().map(event).collect()
}

fn happening(happened: &Happened, position: Position, known: &mut Known) -> Happening {
    let id = |id| domain_account(&client_account(id));
    match happened {
        Happened::Decided(decided) => {
            known.purposes.insert(position, decided.purpose);
            Happening::AccessDecided(access(decided, known))
        }
        Happened::Emergency(it) => emergency(it),
        Happened::Redeemed(it) => Happening::LinkRedeemed { link: id(it.link), provider: id(it.provider) },
        Happened::Released(it) => {
            let permit = Position { block: it.release.permit_block, event: it.release.permit_event };
            Happening::EnvelopeReleased {
                data: known.data(it.release.record, Some(it.release.version)),
                accessor: id(it.release.accessor),
                service: id(it.log),
                purpose: known.purposes.get(&permit).copied(),
                permit,
                number: it.number,
            }
        }
        Happened::Registered(it) => {
            known.says(it.record, &it.terms);
            known.custodians.insert(it.record.0, id(it.custodian));
            Happening::RecordRegistered { data: known.data(it.record, Some(1)), custodian: id(it.custodian) }
        }
        Happened::Amended(it) => {
            known.says(it.record, &it.terms);
            Happening::RecordAmended {
                data: known.data(it.record, Some(it.version)),
                custodian: known.custodian(it.record),
            }
        }
        Happened::Erased(it) => Happening::RecordErased { data: known.data(it.record, None), by: id(it.by) },
    }
}

fn emergency(it: &EmergencyChanged) -> Happening {
    let [provider, by] = [it.provider, it.by].map(|id| domain_account(&client_account(id)));
    let Emergency { number, ground, access_until, review_until, state, .. } = it.emergency;
    let reviewed = |finding| Happening::EmergencyReviewed { provider, number, reviewer: by, finding };
    match state {
        EmergencyState::Open => {
            let ground = match ground {
                EmergencyGround::ThreatToPatient => Ground::ThreatToPatient,
                EmergencyGround::UnableToConsent => Ground::UnableToConsent,
                EmergencyGround::ThreatToOthers => Ground::ThreatToOthers,
            };
            Happening::GlassBroken { provider, number, ground, access_until, review_until }
        }
        EmergencyState::Disputed => Happening::EmergencyDisputed { provider, number, by },
        EmergencyState::Justified => reviewed(Finding::Justified),
        EmergencyState::Unjustified => reviewed(Finding::Unjustified { suspended: false }),
        EmergencyState::Barred => reviewed(Finding::Unjustified { suspended: true }),
        EmergencyState::Unreviewed => Happening::BondForfeited { provider, number },
    }
}

fn access(decided: &AccessDecided, known: &Known) -> Access {
    let id = |id| domain_account(&client_account(id));
    let (version, outcome) = match decided.decision {
        AccessDecision::Permitted { version, ground, until } => {
            let by = match ground {
                access::Ground::Consent(deciding) => By::Consent(deciding),
                access::Ground::Patient => By::Patient,
                access::Ground::Emergency { number } => By::Emergency(number),
            };
            (Some(version), Outcome::Permitted { by, until })
        }
        AccessDecision::Refused(refusal) => (None, Outcome::Refused(why(refusal))),
    };
    Access {
        data: known.data(decided.record, version),
        accessor: id(decided.accessor),
        organisations: Vec::new(),
        purpose: decided.purpose,
        action: decided.action,
        link: decided.link.map(id),
        outcome,
    }
}

const fn why(refusal: Refusal) -> Why {
    match refusal {
        Refusal::NotCredentialed => Why::NotCredentialed,
        Refusal::CredentialExpired => Why::CredentialExpired,
        Refusal::CredentialSuspended => Why::CredentialSuspended,
        Refusal::NoConsent => Why::NoConsent,
        Refusal::DeniedBy(deciding) => Why::DeniedBy(deciding),
        Refusal::NotAgreed => Why::NotAgreed,
        Refusal::Erased => Why::Erased,
        Refusal::NotRedeemed => Why::NotRedeemed,
    }
}
