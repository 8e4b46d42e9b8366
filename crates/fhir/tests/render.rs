//! A model renders as FHIR that compiles into the same model, or into one that answers alike.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, bytes, directory, requests};
use proptest::prelude::*;
use salus_domain::codes::{
    Action, ActionSet, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, PurposeSet, Role, Sensitivity,
    SensitivitySet,
};
use salus_domain::consent::{Actor, Base, Consent, Decision, Malformed, Provision};
use salus_domain::evaluate::evaluate;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::consent::{compile, ConsentStatus, Release};
use salus_fhir::render::{render, About, NotRenderable};
use serde_json::{json, Value};

const ABOUT: About<'_> = About { id: Some("7"), patient: "Patient/c", status: ConsentStatus::Active };

fn rendered(consent: &Consent, release: Release) -> Result<Value, NotRenderable> {
    render(consent, release, &ABOUT, &directory())
}

/// What the resource, or each one in the bundle, compiles into.
fn compiled(resource: &Value) -> Vec<Consent> {
    let one = |resource: &Value| {
        let compiled =
            compile(&bytes(resource), &directory()).unwrap_or_else(|refused| panic!("{refused}: {resource:#}"));
        assert_eq!((compiled.patient.as_str(), compiled.status), ("Patient/c", ConsentStatus::Active));
        compiled.consent
    };
    match resource["entry"].as_array() {
        Some(entries) => entries.iter().map(|entry| one(&entry["resource"])).collect(),
        None => vec![one(resource)],
    }
}

fn numbered(consents: Vec<Consent>) -> Vec<(ConsentId, Consent)> {
    consents.into_iter().zip(0..).map(|(consent, id)| (ConsentId(id), consent)).collect()
}

fn period() -> impl Strategy<Value = Period> {
    // The last of them is the end of the year 9999.
    let bounds = vec![0, 1, 5 * DAY, 5 * DAY + 3_600_000, 10 * DAY, 20_000 * DAY - 1, 253_402_300_800_000];
    let starts = bounds[..5].to_vec();
    (prop::sample::select(starts), prop::sample::select(bounds), any::<bool>()).prop_filter_map(
        "a period has a moment",
        |(start, end, open)| {
            let end = if open { Timestamp::MAX } else { Timestamp(end) };
            let period = Period { start: Timestamp(start), end };
            period.is_valid().then_some(period)
        },
    )
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        (1..10u8).prop_map(|byte| Actor::Account(account(byte))),
        (1..10u8).prop_map(|byte| Actor::Organisation(account(byte))),
        prop::sample::select(Role::ALL).prop_map(Actor::Role),
    ]
}

fn some<T: Clone + std::fmt::Debug + 'static, S: FromIterator<T> + std::fmt::Debug>(
    codes: Vec<T>,
) -> impl Strategy<Value = S> {
    prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::sample::subsequence(codes, 1..=2),
    ]
    .prop_map(|codes| codes.into_iter().collect())
}

fn provision(depth: u8) -> impl Strategy<Value = Provision> {
    let who = (any::<bool>(), prop_oneof![Just(Vec::new()), prop::collection::vec(actor(), 1..3)]);
    let level = prop::option::weighted(0.2, prop::sample::select(Confidentiality::ALL));
    let purposes = some::<_, PurposeSet>(vec![Purpose::Treat, Purpose::Etreat, Purpose::Hpaymt]);
    let what = (
        some::<_, ActionSet>(vec![Action::Access, Action::Use]),
        purposes,
        level,
        some::<_, SensitivitySet>(vec![Sensitivity::Bh, Sensitivity::Psy, Sensitivity::Hiv]),
        some::<_, ClassSet>(vec![Class::Observation, Class::Claim]),
    );
    let when = (prop::option::weighted(0.3, period()), prop::option::weighted(0.2, period()));
    (who, what, when).prop_map(move |((permit, actors), (actions, purposes, level, sensitivity, classes), when)| {
        let decision = if permit { Decision::Permit } else { Decision::Deny };
        let confidentiality = match (level, decision) {
            (None, _) => ConfidentialitySet::EMPTY,
            (Some(level), Decision::Permit) => ConfidentialitySet::up_to(level),
            (Some(level), Decision::Deny) => ConfidentialitySet::from_level(level),
        };
        let (period, data_period) = when;
        Provision {
            depth,
            decision,
            period,
            actors,
            actions,
            purposes,
            confidentiality,
            sensitivity,
            classes,
            data_period,
        }
    })
}

fn consent() -> impl Strategy<Value = Consent> {
    let base = prop::sample::select(&[Base::Permit, Base::Deny, Base::Silent][..]);
    let period = prop_oneof![Just(Period::ALWAYS), period()];
    let provisions = prop::collection::vec((1..=4u8).prop_flat_map(provision), 0..7);
    (base, period, provisions).prop_filter_map("a consent says something", |(base, period, mut provisions)| {
        let mut above = 0;
        for provision in &mut provisions {
            provision.depth = provision.depth.min(above + 1);
            above = provision.depth;
        }
        let consent = Consent { base, period, source: Hash([0; 32]), provisions };
        consent.validate().is_ok().then_some(consent)
    })
}

fn names_nothing_but_a_period(provision: &Provision) -> bool {
    let Provision { depth, decision, period, .. } = *provision;
    *provision == Provision { period, ..Provision::new(depth, decision) }
}

/// Whether R4 has a document for exactly this model.
fn is_r4(consent: &Consent) -> bool {
    let mut outermost = consent.provisions.iter().filter(|provision| provision.depth == 1);
    match (consent.base, outermost.next(), outermost.next()) {
        (Base::Permit | Base::Deny, ..) => true,
        (Base::Silent, Some(root), None) => root.period.is_none() && !names_nothing_but_a_period(root),
        (Base::Silent, ..) => false,
    }
}

/// Whether R5 has a document for exactly this model.
fn is_r5(consent: &Consent) -> bool {
    let mut above = vec![match consent.base {
        Base::Permit => Decision::Permit,
        Base::Deny => Decision::Deny,
        Base::Silent => return false,
    }];
    consent.provisions.iter().enumerate().all(|(place, provision)| {
        above.truncate(usize::from(provision.depth));
        let alternates = above.last() != Some(&provision.decision);
        above.push(provision.decision);
        let is_leaf = consent.provisions.get(place + 1).is_none_or(|next| next.depth <= provision.depth);
        let says_nothing = is_leaf && *provision == Provision::new(provision.depth, provision.decision);
        let fits = provision.decision == Decision::Permit
            || provision.period.is_none_or(|period| {
                let (start, end) = (period.start, period.end);
                (start == Timestamp::MIN || start >= consent.period.start)
                    && (end == Timestamp::MAX || end <= consent.period.end)
            });
        alternates && fits && !says_nothing
    })
}

proptest! {
    #![proptest_config(common::cases())]

    #[test]
    fn a_model_that_the_release_can_express_compiles_into_itself(consent in consent()) {
        for (release, is_exact) in [(Release::R4, is_r4(&consent)), (Release::R5, is_r5(&consent))] {
            match rendered(&consent, release) {
                Ok(resource) if is_exact => {
                    prop_assert_eq!(compiled(&resource), std::slice::from_ref(&consent), "{:#}", resource);
                }
                Ok(_) => {}
                Err(NotRenderable::BothLabels { .. }) => {}
                Err(error) => prop_assert!(!is_exact, "{}", error),
            }
        }
    }

    #[test]
    fn any_rendering_answers_every_request_as_the_model_does(
        consent in consent(),
        requests in prop::collection::vec(requests(), 12),
        times in prop::collection::vec(0..30_000 * DAY, 3),
    ) {
        let original = numbered(vec![consent.clone()]);
        for release in [Release::R4, Release::R5] {
            let Ok(resource) = rendered(&consent, release) else { continue };
            let again = numbered(compiled(&resource));
            for now in times.iter().chain(&[0, 5 * DAY, 10 * DAY]).map(|now| Timestamp(*now)) {
                for request in &requests {
                    let (expected, found) = (evaluate(&original, request, now), evaluate(&again, request, now));
                    prop_assert_eq!(expected.answer, found.answer, "{:?} at {:?}: {:#}", request, now, resource);
                    prop_assert_eq!(expected.redact, found.redact, "{:?} at {:?}: {:#}", request, now, resource);
                }
            }
        }
    }
}

fn model(base: Base, provisions: Vec<Provision>) -> Consent {
    Consent { base, period: Period::ALWAYS, source: Hash([0; 32]), provisions }
}

fn permit(depth: u8, purpose: Purpose) -> Provision {
    Provision { purposes: purpose.into(), ..Provision::new(depth, Decision::Permit) }
}

fn deny(depth: u8, purpose: Purpose) -> Provision {
    Provision { purposes: purpose.into(), ..Provision::new(depth, Decision::Deny) }
}

#[test]
fn a_consent_looks_as_people_write_it() {
    let actors = vec![Actor::Account(account(1)), Actor::Organisation(account(2)), Actor::Organisation(account(9))];
    let provision = Provision { actors, period: None, ..permit(1, Purpose::Treat) };
    let period = Period { start: Timestamp(20_000 * DAY), end: Timestamp(20_001 * DAY + 3_600_000) };
    let consent = Consent { period, ..model(Base::Deny, vec![provision]) };
    let who =
        |reference: Value| json!({"role": common::concept("v3-ParticipationType", "IRCP"), "reference": reference});
    let account = format!("urn:salus:account:0x{}", "09".repeat(32));
    let expected = json!({
        "resourceType": "Consent",
        "id": "7",
        "status": "active",
        "scope": common::concept("consentscope", "patient-privacy"),
        "category": [common::concept("http://loinc.org", "59284-0")],
        "patient": {"reference": "Patient/c"},
        "policyRule": common::concept("v3-ActCode", "OPTOUT"),
        "provision": {
            "period": {"start": "2024-10-04", "end": "2024-10-05T00:59:59.999Z"},
            "provision": [{
                "type": "permit",
                "actor": [
                    who(json!({"reference": "Practitioner/a"})),
                    who(json!({"reference": "Organization/b"})),
                    who(json!({"reference": account, "type": "Organization"})),
                ],
                "purpose": [common::coding("v3-ActReason", "TREAT")],
            }],
        },
    });
    assert_eq!(rendered(&consent, Release::R4), Ok(expected));
}

#[test]
fn an_r5_consent_has_its_own_elements() {
    let class = Provision { classes: Class::Observation.into(), ..Provision::new(1, Decision::Deny) };
    let about = About { id: None, patient: "http://ids|5|6", status: ConsentStatus::Proposed };
    let resource = render(&model(Base::Permit, vec![class]), Release::R5, &about, &directory());
    let expected = json!({
        "resourceType": "Consent",
        "status": "draft",
        "category": [common::concept("consentscope", "patient-privacy"), common::concept("http://loinc.org", "59284-0")],
        "subject": {"identifier": {"system": "http://ids", "value": "5|6"}},
        "decision": "permit",
        "provision": [{"resourceType": [common::coding("http://hl7.org/fhir/fhir-types", "Observation")]}],
    });
    assert_eq!(resource, Ok(expected));
}

#[test]
fn a_silent_consent_with_several_outermost_provisions_is_a_bundle() {
    let consent = model(Base::Silent, vec![permit(1, Purpose::Treat), deny(2, Purpose::Btg), deny(1, Purpose::Hmarkt)]);
    let bundle = rendered(&consent, Release::R4).unwrap();
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("collection")));
    let ids: Vec<_> = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"]["id"].clone()).collect();
    assert_eq!(ids, [json!("7-0"), json!("7-1")]);
    assert_eq!(compiled(&bundle)[0], model(Base::Silent, vec![permit(1, Purpose::Treat), deny(2, Purpose::Btg)]));
    assert_eq!(rendered(&consent, Release::R5), Err(NotRenderable::SilentInR5));
}

#[test]
fn what_no_document_can_say_is_refused() {
    let r4 = |consent: &Consent| rendered(consent, Release::R4).unwrap_err();
    let nothing = model(Base::Silent, Vec::new());
    assert_eq!(r4(&nothing), NotRenderable::Malformed(Malformed::SaysNothing));
    let gap = Provision { confidentiality: Confidentiality::N.into(), ..permit(1, Purpose::Treat) };
    assert_eq!(r4(&model(Base::Deny, vec![gap])), NotRenderable::Confidentiality { provision: 0 });
    let both = Provision {
        confidentiality: ConfidentialitySet::up_to(Confidentiality::N),
        sensitivity: Sensitivity::Hiv.into(),
        ..permit(1, Purpose::Treat)
    };
    let excepted = model(Base::Deny, vec![both.clone(), deny(2, Purpose::Btg)]);
    assert_eq!(r4(&excepted), NotRenderable::BothLabels { provision: 0 });
    let late =
        Consent { period: Period { start: Timestamp(1), end: Timestamp(u64::MAX - 1) }, ..model(Base::Deny, vec![]) };
    assert_eq!(r4(&late), NotRenderable::Time);
    let never =
        Provision { period: Some(Period { start: Timestamp(0), end: Timestamp(1) }), ..permit(1, Purpose::Treat) };
    let over = Period { start: Timestamp(1), end: Timestamp::MAX };
    assert_eq!(r4(&Consent { period: over, ..model(Base::Silent, vec![never]) }), NotRenderable::NeverHolds);
    let same = model(Base::Permit, vec![both, deny(2, Purpose::Btg)]);
    assert_eq!(rendered(&same, Release::R5), Err(NotRenderable::SameDecision { provision: 0 }));
    let mut deep: Vec<_> = (1..=4).map(|depth| deny(depth, Purpose::Treat)).collect();
    deep[3] = permit(4, Purpose::Treat);
    let malformed = NotRenderable::Malformed(Malformed::TooDeep);
    assert_eq!(rendered(&model(Base::Deny, deep), Release::R5), Err(malformed));
}

#[test]
fn in_r5_a_deny_under_a_deny_keeps_its_siblings_back() {
    let consent = model(Base::Deny, vec![permit(1, Purpose::Treat), deny(1, Purpose::Btg), deny(2, Purpose::Etreat)]);
    let expected = model(Base::Deny, vec![permit(1, Purpose::Treat), deny(2, Purpose::Btg)]);
    assert_eq!(compiled(&rendered(&consent, Release::R5).unwrap()), [expected]);
}
