//! What was told is enough to know what is kept.

use super::keys::link_id;
use super::model::Model;
use super::properties::record_at;
use super::testing::events;
use ink::primitives::AccountId;
use proptest::prelude::*;
use salus_interface::access::{
    AgreementChanged, AuthorityAdded, AuthorityRemoved, ConditionSet, EmergencyChanged, EmergencyState, KeyPublished,
    KeyRevoked, LinkRedeemed, OrganisationAccredited, ProviderCredentialed, RecordAmended, RecordErased,
    RecordRegistered, ReleaseLogged, RootAnchored, Side, Standing,
};
use std::collections::{BTreeMap, BTreeSet};

/// All that was told leads to what is kept.
pub fn told(model: &Model) -> Result<(), TestCaseError> {
    let mut authorities = BTreeSet::from_iter(events::<AuthorityAdded>().iter().map(|event| event.authority));
    authorities.retain(|who| {
        let is = |other: &AccountId| other == who;
        let added = events::<AuthorityAdded>().iter().filter(|event| is(&event.authority)).count();
        added > events::<AuthorityRemoved>().iter().filter(|event| is(&event.authority)).count()
    });
    prop_assert_eq!(authorities, model.authorities.iter().copied().collect());
    let accredited =
        events::<OrganisationAccredited>().into_iter().map(|event| (event.organisation, event.accreditation));
    prop_assert_eq!(&accredited.collect::<BTreeMap<_, _>>(), &model.accredited);
    let vouched = events::<ProviderCredentialed>();
    let barred: BTreeSet<_> = events::<EmergencyChanged>()
        .iter()
        .filter(|event| event.emergency.state == EmergencyState::Barred)
        .map(|event| event.provider)
        .collect();
    for (provider, all) in &model.vouched {
        for kept in all {
            let about = vouched
                .iter()
                .rfind(|event| event.provider == *provider && event.credential.organisation == kept.organisation);
            let told = about.map(|event| event.credential);
            let is_barred = kept.standing == Standing::Barred && barred.contains(provider);
            prop_assert!(told == Some(*kept) || is_barred && told.is_some());
        }
    }
    let mut records: BTreeMap<_, _> = events::<RecordRegistered>()
        .into_iter()
        .map(|event| (event.record, (event.patient, event.custodian, 1, event.terms)))
        .collect();
    for RecordAmended { patient, record, version, terms } in events() {
        let custodian = records[&record].1;
        records.insert(record, (patient, custodian, version, terms));
    }
    let erased: BTreeSet<_> = events::<RecordErased>().iter().map(|event| event.record).collect();
    let kept = |one: &salus_interface::access::Record| (one.patient, one.custodian, one.version, one.terms);
    prop_assert_eq!(records, model.records.iter().map(|(record, one)| (*record, kept(one))).collect());
    let known = model.records.iter().filter(|(_, one)| one.erased).map(|(record, _)| *record);
    prop_assert_eq!(erased, known.collect());
    let sides: BTreeMap<_, _> = events::<ConditionSet>()
        .into_iter()
        .map(|event| ((event.record, event.side == Side::Patient), event.condition))
        .collect();
    let sides: BTreeMap<_, _> = sides.into_iter().filter_map(|(key, text)| Some((key, text?))).collect();
    let known = model.conditions.iter().map(|((place, side), text)| ((record_at(model, *place), *side), text.clone()));
    prop_assert_eq!(sides, known.collect());
    let agreed: BTreeMap<_, _> = events::<AgreementChanged>()
        .into_iter()
        .map(|event| ((event.record, event.accessor, event.party), event.agreement))
        .collect();
    let agreed: BTreeMap<_, _> = agreed.into_iter().filter_map(|(key, agreement)| Some((key, agreement?))).collect();
    let known = model
        .agreements
        .iter()
        .map(|((place, accessor, party), agreement)| ((record_at(model, *place), *accessor, *party), *agreement));
    prop_assert_eq!(agreed, known.collect());
    let redeemed: BTreeMap<_, _> =
        events::<LinkRedeemed>().into_iter().map(|event| (event.link, (event.provider, event.key))).collect();
    let known = model.redeemed.iter().map(|(link, one)| (link_id(*link), (one.provider, one.key)));
    prop_assert_eq!(redeemed, known.collect());
    let emergencies: BTreeMap<_, _> = events::<EmergencyChanged>()
        .into_iter()
        .map(|event| ((event.provider, event.patient), event.emergency))
        .collect();
    prop_assert_eq!(&emergencies, &model.emergencies);
    let anchored: BTreeMap<_, _> =
        events::<RootAnchored>().into_iter().map(|event| (event.log, event.anchor)).collect();
    let known = model.logs.iter().filter_map(|(log, one)| Some((*log, one.anchor?)));
    prop_assert_eq!(anchored, known.collect());
    for (log, one) in &model.logs {
        let numbers = events::<ReleaseLogged>().into_iter().filter(|event| event.log == *log).map(|event| event.number);
        prop_assert_eq!(numbers.collect::<Vec<_>>(), (0..one.written).collect::<Vec<_>>());
    }
    // The engine does not tell in which order events of two kinds were emitted; a key that was revoked last is not kept.
    for (who, key) in &model.keys {
        let of_who = events::<KeyPublished>().into_iter().rfind(|event| event.account == *who);
        prop_assert_eq!(of_who.map(|event| event.key), Some(*key));
    }
    let changes = events::<KeyPublished>().len() >= events::<KeyRevoked>().len();
    prop_assert!(changes);
    Ok(())
}
