//! Records, and access to them up to where the consent registry is asked.

use super::testing::write_cell;
use super::*;
use crate::records::{access_request, Records};
use salus_domain::codes::{Action, Purpose};
use salus_domain::commitment::record_id;
use salus_domain::ids::RecordId;
use salus_domain::request::Request;
use salus_interface::access::{
    AccessDecided, AccessDecision, Ground, Record, RecordAmended, RecordErased, RecordRegistered, PERMIT_LIFETIME,
};

fn record_of(custodian: u8, version: u32, terms: RecordTerms) -> Record {
    Record {
        patient: id(PATIENT),
        custodian: id(custodian),
        version,
        terms,
        patient_condition: false,
        custodian_condition: false,
        erased: false,
    }
}

#[test]
fn a_record_is_registered_by_a_credentialed_provider_or_its_patient() {
    let mut grants = grants_with_doctor();
    let expected = record_id(&blake2b_256, account(DOCTOR), terms(1).commitment);
    assert_eq!(grants.register_record(id(PATIENT), terms(1)), Ok(expected));
    let (patient, custodian) = (id(PATIENT), id(DOCTOR));
    let told = RecordRegistered { patient, record: expected, custodian, terms: terms(1) };
    assert_eq!(newest::<RecordRegistered>(), told);
    assert_eq!(grants.record(expected), Some(record_of(DOCTOR, 1, terms(1))));
    assert_eq!(grants.register_record(id(STRANGER), terms(1)), Err(AccessError::AlreadyRegistered));

    calls(id(STRANGER));
    assert_eq!(grants.register_record(id(PATIENT), terms(2)), Err(AccessError::NotCredentialed));
    calls(id(PATIENT));
    let own = grants.register_record(id(PATIENT), terms(1)).unwrap();
    assert_ne!(own, expected, "nobody takes another's id by being first");
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), true).unwrap();
    calls(id(DOCTOR));
    assert_eq!(grants.register_record(id(PATIENT), terms(3)), Err(AccessError::NotCredentialed));
    assert_eq!(grants.record(RecordId([0; 32])), None);
}

#[test]
fn a_record_is_amended_by_its_custodian_only() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    assert_eq!(grants.amend_record(record, terms(2)), Ok(2));
    let told = RecordAmended { patient: id(PATIENT), record, version: 2, terms: terms(2) };
    assert_eq!(newest::<RecordAmended>(), told);
    for caller in [PATIENT, GOVERNOR, AUTHORITY, STRANGER] {
        calls(id(caller));
        assert_eq!(grants.amend_record(record, terms(3)), Err(AccessError::NotCustodian));
    }
    assert_eq!(grants.amend_record(RecordId([9; 32]), terms(3)), Err(AccessError::NotFound));
    let kept = record_of(DOCTOR, 2, terms(2));
    assert_eq!(grants.record(record), Some(kept));
}

#[test]
fn data_that_was_made_at_no_time_is_refused() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    let empty = RecordTerms { data_period: Some(period(5, 5)), ..terms(2) };
    assert_eq!(grants.register_record(id(PATIENT), empty), Err(AccessError::EmptyPeriod));
    assert_eq!(grants.amend_record(record, empty), Err(AccessError::EmptyPeriod));
    assert_eq!(grants.amend_record(record, RecordTerms { data_period: None, ..empty }), Ok(2));
}

#[test]
fn versions_that_are_used_up_are_not_used_again() {
    new_chain();
    let mut records = Records::default();
    let old = record_of(DOCTOR, u32::MAX - 1, terms(1));
    write_cell("Records::records", RecordId([1; 32]), &old);
    let mut amend = || {
        let mut known = records.of_custodian(RecordId([1; 32]), id(DOCTOR))?;
        records.amend(RecordId([1; 32]), &mut known, terms(2))
    };
    assert_eq!(amend(), Ok(u32::MAX));
    assert_eq!(amend(), Err(AccessError::VersionsUsedUp));
}

#[test]
fn a_patient_is_let_into_their_own_record_and_that_is_told() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    grants.amend_record(record, terms(2)).unwrap();
    calls(id(PATIENT));
    let decision = AccessDecision::Permitted { version: 2, ground: Ground::Patient, until: NOW.plus(PERMIT_LIFETIME) };
    let (purpose, action) = (Purpose::Patrqt, Action::Disclose);
    assert_eq!(grants.request_access(record, purpose, action, None), Ok(decision));
    let (patient, accessor) = (id(PATIENT), id(PATIENT));
    let told = AccessDecided { patient, record, accessor, purpose, action, link: None, decision };
    assert_eq!(newest::<AccessDecided>(), told);
}

#[test]
fn a_refusal_of_somebody_without_a_valid_credential_is_told() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    let refused = |grants: &mut AccessGrants, accessor: u8, refusal| {
        calls(id(accessor));
        let decision = AccessDecision::Refused(refusal);
        assert_eq!(grants.request_access(record, Purpose::Treat, Action::Access, None), Ok(decision));
        let event = newest::<AccessDecided>();
        assert_eq!((event.accessor, event.patient, event.decision), (id(accessor), id(PATIENT), decision));
    };
    refused(&mut grants, STRANGER, Refusal::NotCredentialed);
    refused(&mut grants, AUTHORITY, Refusal::NotCredentialed);
    refused(&mut grants, GOVERNOR, Refusal::NotCredentialed);
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), true).unwrap();
    refused(&mut grants, DOCTOR, Refusal::CredentialSuspended);
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), false).unwrap();
    at(LATER);
    refused(&mut grants, DOCTOR, Refusal::CredentialExpired);
    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    refused(&mut grants, DOCTOR, Refusal::NotCredentialed);
    let before = count();
    assert_eq!(
        grants.request_access(RecordId([9; 32]), Purpose::Treat, Action::Access, None),
        Err(AccessError::NotFound)
    );
    assert_eq!(count(), before);
}

#[test]
fn access_to_a_record_names_every_dimension_of_the_data() {
    let record = record_of(DOCTOR, 1, terms(1));
    let asked = access_request(principal(Role::Doctor), &record, Purpose::Btg, Action::Correct);
    let expected = Request {
        principal: principal(Role::Doctor),
        purpose: Purpose::Btg,
        action: Action::Correct,
        confidentiality: Some(Confidentiality::R),
        sensitivity: Some(SensitivitySet::of(&[Sensitivity::Hiv, Sensitivity::Psy])),
        classes: Some(Class::Observation.into()),
        data_period: Some(period(10, 20)),
    };
    assert_eq!(asked, expected);
    let bare = RecordTerms { sensitivity: SensitivitySet::EMPTY, data_period: None, ..terms(1) };
    let asked = access_request(principal(Role::Doctor), &Record { terms: bare, ..record }, Purpose::Btg, Action::Use);
    assert_eq!((asked.sensitivity, asked.data_period), (Some(SensitivitySet::EMPTY), None));
}

#[test]
fn a_record_is_erased_by_its_patient_once_and_then_refuses_everybody_everything() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    calls(id(PATIENT));
    assert_eq!(grants.erase_record(RecordId([9; 32])), Err(AccessError::NotFound));
    assert_eq!(grants.erase_record(record), Ok(()));
    let (patient, by) = (id(PATIENT), id(PATIENT));
    assert_eq!(newest::<RecordErased>(), RecordErased { patient, record, by });
    let kept = Record { erased: true, ..record_of(DOCTOR, 1, terms(1)) };
    assert_eq!(grants.record(record), Some(kept));

    for caller in [PATIENT, DOCTOR, STRANGER, AUTHORITY] {
        calls(id(caller));
        assert_eq!(grants.erase_record(record), Err(AccessError::Erased));
        assert_eq!(grants.amend_record(record, terms(2)), Err(AccessError::Erased));
        let refused = Ok(AccessDecision::Refused(Refusal::Erased));
        for purpose in [Purpose::Treat, Purpose::Patrqt, Purpose::Btg] {
            let may = grants.may_access(id(caller), record, purpose, Action::Access, None);
            assert_eq!(may, refused);
            assert_eq!(grants.request_access(record, purpose, Action::Access, Some(id(9))), refused);
            assert_eq!(newest::<AccessDecided>().decision, AccessDecision::Refused(Refusal::Erased));
        }
    }
    calls(id(DOCTOR));
    assert_eq!(grants.register_record(id(PATIENT), terms(1)), Err(AccessError::AlreadyRegistered), "it stays erased");
    assert_eq!(grants.record(record), Some(kept));
}

#[test]
fn a_link_counts_for_who_redeemed_it_only() {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    let link = keys::link_id(1);
    let refused = Ok(AccessDecision::Refused(Refusal::NotRedeemed));
    let ask = |grants: &mut AccessGrants| grants.request_access(record, Purpose::Treat, Action::Access, Some(link));
    assert_eq!(ask(&mut grants), refused);
    assert_eq!(newest::<AccessDecided>().link, Some(link));
    calls(id(AUTHORITY));
    grants.credential(id(STRANGER), id(HOSPITAL), Role::Nurse.into(), LATER).unwrap();
    calls(id(STRANGER));
    grants.redeem(link, [9; 32], keys::signature(1, contract(), id(STRANGER), [9; 32])).unwrap();
    calls(id(DOCTOR));
    assert_eq!(ask(&mut grants), refused, "another's");
    let elsewhere = grants.may_access(id(STRANGER), record, Purpose::Treat, Action::Access, Some(keys::link_id(2)));
    assert_eq!(elsewhere, refused);
    calls(id(PATIENT));
    assert!(matches!(ask(&mut grants), Ok(AccessDecision::Permitted { ground: Ground::Patient, .. })));
}
