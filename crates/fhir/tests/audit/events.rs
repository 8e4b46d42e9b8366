//! Events to render: one of each kind, and any.

use crate::common::account;
use proptest::prelude::*;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Sensitivity, SensitivitySet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Account, ConsentId, Hash, RecordId};
use salus_domain::time::Timestamp;
use salus_fhir::audit::{
    Access, AuditedEvent, By, Data, Finding, Ground, Happening, Labels, Outcome, Place, Position, Why,
};

/// 2026-09-30T12:00:00Z.
pub const NOON: u64 = 1_790_769_600_000;

/// Patient/c of the directory.
pub fn patient() -> Account {
    account(3)
}

pub fn at(block: u64, event: u32) -> Place {
    Place { genesis: Hash([0xab; 32]), contract: account(9), position: Position { block, event } }
}

pub fn data() -> Data {
    let labels = Labels {
        class: Class::Observation,
        confidentiality: Confidentiality::R,
        sensitivity: SensitivitySet::of(&[Sensitivity::Hiv]),
    };
    Data { record: RecordId([0xcd; 32]), version: Some(2), labels: Some(labels) }
}

/// Practitioner/a asks for treatment.
pub fn access(outcome: Outcome) -> Access {
    Access {
        data: data(),
        accessor: account(1),
        organisations: vec![account(2)],
        purpose: Purpose::Treat,
        action: Action::Access,
        link: None,
        outcome,
    }
}

pub fn permitted(by: By) -> Outcome {
    Outcome::Permitted { by, until: Timestamp(NOON + 3_600_000) }
}

pub fn deciding(provision: Option<u8>) -> Deciding {
    Deciding { consent: ConsentId(7), provision }
}

/// One of each, with a name.
pub fn one_of_each() -> Vec<(&'static str, AuditedEvent)> {
    let decided = |outcome| Happening::AccessDecided(access(outcome));
    let emergency = Access { purpose: Purpose::Btg, ..access(permitted(By::Emergency(1))) };
    let own = Access { accessor: patient(), organisations: Vec::new(), ..access(permitted(By::Patient)) };
    let shared = Access { link: Some(account(6)), ..access(Outcome::Refused(Why::NotRedeemed)) };
    let bare = Data { version: None, labels: None, ..data() };
    let permit = Position { block: 1, event: 0 };
    let (provider, number) = (account(1), 1);
    let reviewed = |finding| Happening::EmergencyReviewed { provider, number, reviewer: account(8), finding };
    let happenings = vec![
        ("permitted-by-consent", decided(permitted(By::Consent(deciding(Some(0)))))),
        ("permitted-by-base", decided(permitted(By::Consent(deciding(None))))),
        ("permitted-to-patient", Happening::AccessDecided(own)),
        ("permitted-in-emergency", Happening::AccessDecided(emergency)),
        ("refused-by-consent", decided(Outcome::Refused(Why::DeniedBy(deciding(Some(3)))))),
        ("refused-without-consent", decided(Outcome::Refused(Why::NoConsent))),
        ("refused-without-link", Happening::AccessDecided(shared)),
        (
            "released",
            Happening::EnvelopeReleased {
                data: data(),
                accessor: provider,
                service: account(7),
                purpose: Some(Purpose::Treat),
                permit,
                number: 41,
            },
        ),
        (
            "glass-broken",
            Happening::GlassBroken {
                provider,
                number,
                ground: Ground::UnableToConsent,
                access_until: Timestamp(NOON + 3_600_000),
                review_until: Timestamp(NOON + 86_400_000),
            },
        ),
        ("disputed", Happening::EmergencyDisputed { provider, number, by: patient() }),
        ("reviewed-justified", reviewed(Finding::Justified)),
        ("reviewed-suspended", reviewed(Finding::Unjustified { suspended: true })),
        ("forfeited", Happening::BondForfeited { provider, number }),
        (
            "registered",
            Happening::RecordRegistered { data: Data { version: Some(1), ..data() }, custodian: account(4) },
        ),
        ("amended", Happening::RecordAmended { data: data(), custodian: account(4) }),
        ("erased", Happening::RecordErased { data: bare, by: account(5) }),
        ("link-redeemed", Happening::LinkRedeemed { link: account(6), provider }),
    ];
    let placed = happenings.into_iter().zip(1..).map(|((name, what), block)| {
        (name, AuditedEvent { place: at(block, 0), time: Timestamp(NOON), patient: patient(), what })
    });
    placed.collect()
}

fn any_account() -> impl Strategy<Value = Account> {
    (0..12u8).prop_map(account)
}

/// Mostly one that FHIR can write.
fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![9 => 0..253_370_764_800_000u64, 1 => any::<u64>()].prop_map(Timestamp)
}

fn any_data() -> impl Strategy<Value = Data> {
    let labels = (
        prop::sample::select(Class::ALL),
        prop::sample::select(Confidentiality::ALL),
        prop::collection::vec(prop::sample::select(Sensitivity::ALL), 0..4),
    );
    let labels = labels.prop_map(|(class, confidentiality, sensitivity)| Labels {
        class,
        confidentiality,
        sensitivity: sensitivity.into_iter().collect(),
    });
    (any::<[u8; 32]>(), any::<Option<u32>>(), prop::option::of(labels)).prop_map(|(record, version, labels)| Data {
        record: RecordId(record),
        version,
        labels,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let deciding = || {
        (any::<u32>(), any::<Option<u8>>()).prop_map(|(id, provision)| Deciding { consent: ConsentId(id), provision })
    };
    let by = prop_oneof![deciding().prop_map(By::Consent), Just(By::Patient), any::<u32>().prop_map(By::Emergency)];
    let plain = vec![
        Why::NotCredentialed,
        Why::CredentialExpired,
        Why::CredentialSuspended,
        Why::NoConsent,
        Why::NotAgreed,
        Why::Erased,
        Why::NotRedeemed,
    ];
    prop_oneof![
        (by, time()).prop_map(|(by, until)| Outcome::Permitted { by, until }),
        prop_oneof![prop::sample::select(plain), deciding().prop_map(Why::DeniedBy)].prop_map(Outcome::Refused),
    ]
}

fn any_access() -> impl Strategy<Value = Happening> {
    (
        any_data(),
        any_account(),
        prop::collection::vec(any_account(), 0..4),
        prop::sample::select(Purpose::ALL),
        prop::sample::select(Action::ALL),
        prop::option::of(any_account()),
        outcome(),
    )
        .prop_map(|(data, accessor, organisations, purpose, action, link, outcome)| {
            Happening::AccessDecided(Access { data, accessor, organisations, purpose, action, link, outcome })
        })
}

fn any_position() -> impl Strategy<Value = Position> {
    // Few, so that two events meet.
    (0..4u64, 0..4u32).prop_map(|(block, event)| Position { block, event })
}

fn any_other() -> impl Strategy<Value = Happening> {
    let grounds = vec![Ground::ThreatToPatient, Ground::UnableToConsent, Ground::ThreatToOthers];
    let findings =
        vec![Finding::Justified, Finding::Unjustified { suspended: false }, Finding::Unjustified { suspended: true }];
    let emergency = || (any_account(), any::<u32>());
    let purpose = prop::option::of(prop::sample::select(Purpose::ALL));
    prop_oneof![
        (any_data(), any_account(), any_account(), purpose, any_position(), any::<u64>()).prop_map(
            |(data, accessor, service, purpose, permit, number)| Happening::EnvelopeReleased {
                data,
                accessor,
                service,
                purpose,
                permit,
                number
            }
        ),
        (emergency(), prop::sample::select(grounds), time(), time()).prop_map(
            |((provider, number), ground, access_until, review_until)| Happening::GlassBroken {
                provider,
                number,
                ground,
                access_until,
                review_until
            }
        ),
        (emergency(), any_account()).prop_map(|((provider, number), by)| Happening::EmergencyDisputed {
            provider,
            number,
            by
        }),
        (emergency(), any_account(), prop::sample::select(findings)).prop_map(
            |((provider, number), reviewer, finding)| Happening::EmergencyReviewed {
                provider,
                number,
                reviewer,
                finding
            }
        ),
        emergency().prop_map(|(provider, number)| Happening::BondForfeited { provider, number }),
        (any_data(), any_account()).prop_map(|(data, custodian)| Happening::RecordRegistered { data, custodian }),
        (any_data(), any_account()).prop_map(|(data, custodian)| Happening::RecordAmended { data, custodian }),
        (any_data(), any_account()).prop_map(|(data, by)| Happening::RecordErased { data, by }),
        (any_account(), any_account()).prop_map(|(link, provider)| Happening::LinkRedeemed { link, provider }),
    ]
}

/// Any event.
pub fn any_event() -> impl Strategy<Value = AuditedEvent> {
    let what = prop_oneof![any_access(), any_other()];
    (any_position(), time(), any_account(), what).prop_map(|(position, time, patient, what)| AuditedEvent {
        place: at(position.block, position.event),
        time,
        patient,
        what,
    })
}
