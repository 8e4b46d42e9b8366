//! Conditions on the release of a record. That they are asked for where consents permit is tested on a node.

use super::*;
use crate::conditions::Conditions;
use salus_domain::codes::Purpose;
use salus_domain::ids::RecordId;
use salus_interface::access::{Agreement, AgreementChanged, Condition, ConditionSet, Record, Side};

const FIRST: u8 = 20;
const SECOND: u8 = 21;
const THIRD: u8 = 22;

fn condition(parties: &[u8], needed: u8) -> Condition {
    Condition { parties: parties.iter().map(|party| id(*party)).collect(), needed }
}

fn agreement(purpose: Purpose, until: Timestamp) -> Option<Agreement> {
    Some(Agreement { version: 1, purpose, until })
}

/// A record of the patient's that the doctor registered; the doctor calls.
fn grants_with_record() -> (AccessGrants, RecordId) {
    let mut grants = grants_with_doctor();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    (grants, record)
}

fn sets(grants: &mut AccessGrants, caller: u8, record: RecordId, condition: Option<Condition>) {
    calls(id(caller));
    grants.set_condition(record, condition).unwrap();
}

/// Until when the doctor is let in for a purpose, as far as conditions go.
fn met(grants: &AccessGrants, record: RecordId, purpose: Purpose, now: Timestamp) -> Option<Timestamp> {
    let known = grants.record(record).unwrap();
    Conditions::default().met_until(record, &known, id(DOCTOR), purpose, now)
}

#[test]
fn patient_and_custodian_set_a_condition_each_and_nobody_else_does() {
    let (mut grants, record) = grants_with_record();
    let sides = [(PATIENT, Side::Patient, condition(&[FIRST], 1)), (DOCTOR, Side::Custodian, condition(&[SECOND], 1))];
    for (caller, side, text) in sides.clone() {
        assert_eq!(grants.condition(record, side), None);
        sets(&mut grants, caller, record, Some(text.clone()));
        let told = ConditionSet { patient: id(PATIENT), record, side, condition: Some(text.clone()) };
        assert_eq!(newest::<ConditionSet>(), told);
        assert_eq!(grants.condition(record, side), Some(text));
    }
    let known = grants.record(record).unwrap();
    assert!(known.patient_condition && known.custodian_condition);
    for caller in [GOVERNOR, AUTHORITY, HOSPITAL, FIRST, STRANGER] {
        calls(id(caller));
        for text in [None, Some(condition(&[caller], 1))] {
            assert_eq!(grants.set_condition(record, text), Err(AccessError::NotCustodian));
        }
    }
    assert_eq!(grants.set_condition(RecordId([9; 32]), None), Err(AccessError::NotFound));
    sets(&mut grants, PATIENT, record, None);
    assert_eq!(
        newest::<ConditionSet>(),
        ConditionSet { patient: id(PATIENT), record, side: Side::Patient, condition: None }
    );
    assert_eq!(grants.condition(record, Side::Patient), None);
    assert_eq!(grants.condition(record, Side::Custodian), Some(sides[1].2.clone()), "the other one stands");
    let known = grants.record(record).unwrap();
    assert!(!known.patient_condition && known.custodian_condition);
}

#[test]
fn a_patient_who_is_the_custodian_has_the_patients_side_alone() {
    let mut grants = grants();
    calls(id(PATIENT));
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
    assert_eq!(newest::<ConditionSet>().side, Side::Patient);
    assert_eq!(grants.condition(record, Side::Custodian), None);
    sets(&mut grants, PATIENT, record, None);
    assert_eq!(met(&grants, record, Purpose::Treat, NOW), Some(Timestamp::MAX));
}

#[test]
fn a_condition_that_cannot_be_met_or_is_not_in_order_is_refused() {
    let (mut grants, record) = grants_with_record();
    let nine: Vec<u8> = (30..39).collect();
    let before = count();
    for (parties, needed) in [
        (&[][..], 0),
        (&[], 1),
        (&[FIRST], 0),
        (&[FIRST], 2),
        (&[FIRST, SECOND], 3),
        (&[FIRST, SECOND], 255),
        (&[FIRST, FIRST], 1),
        (&[SECOND, FIRST], 1),
        (&[FIRST, THIRD, SECOND], 1),
        (&nine, 1),
    ] {
        assert_eq!(grants.set_condition(record, Some(condition(parties, needed))), Err(AccessError::BadCondition));
    }
    assert_eq!((grants.condition(record, Side::Custodian), count()), (None, before));
    for (parties, needed) in [(&nine[..8], 8), (&nine[..8], 1), (&[DOCTOR][..], 1)] {
        assert_eq!(grants.set_condition(record, Some(condition(parties, needed))), Ok(()));
    }
}

#[test]
fn only_whom_a_condition_names_agrees_and_only_for_itself() {
    let (mut grants, record) = grants_with_record();
    calls(id(FIRST));
    let treat = agreement(Purpose::Treat, LATER);
    assert_eq!(grants.set_agreement(record, id(DOCTOR), treat), Err(AccessError::NotParty), "there is no condition");
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
    sets(&mut grants, DOCTOR, record, Some(condition(&[SECOND], 1)));
    for caller in [PATIENT, DOCTOR, AUTHORITY, THIRD] {
        calls(id(caller));
        assert_eq!(grants.set_agreement(record, id(DOCTOR), treat), Err(AccessError::NotParty));
        assert_eq!(grants.set_agreement(record, id(DOCTOR), None), Err(AccessError::NotFound));
    }
    for party in [FIRST, SECOND] {
        calls(id(party));
        assert_eq!(grants.set_agreement(RecordId([9; 32]), id(DOCTOR), treat), Err(AccessError::NotFound));
        assert_eq!(
            grants.set_agreement(record, id(DOCTOR), agreement(Purpose::Treat, NOW)),
            Err(AccessError::AlreadyOver)
        );
        assert_eq!(grants.set_agreement(record, id(DOCTOR), treat), Ok(()));
        let (patient, accessor) = (id(PATIENT), id(DOCTOR));
        let told = AgreementChanged { patient, record, accessor, party: id(party), agreement: treat };
        assert_eq!(newest::<AgreementChanged>(), told);
    }
    assert_eq!(met(&grants, record, Purpose::Treat, NOW), Some(LATER));
    assert_eq!(grants.set_agreement(record, id(DOCTOR), None), Ok(()));
    assert_eq!(newest::<AgreementChanged>().agreement, None);
    assert_eq!(met(&grants, record, Purpose::Treat, NOW), None, "taken back, at once");
    assert_eq!(grants.set_agreement(record, id(DOCTOR), None), Err(AccessError::NotFound));
}

#[test]
fn as_many_parties_as_needed_must_agree_on_both_sides() {
    let agrees = |parties: &[u8], patients: Option<Condition>, custodians: Option<Condition>| {
        let (mut grants, record) = grants_with_record();
        sets(&mut grants, PATIENT, record, Some(condition(&[FIRST, SECOND, THIRD], 1)));
        for (number, party) in parties.iter().enumerate() {
            calls(id(*party));
            let until = LATER.plus(10 - number as u64);
            grants.set_agreement(record, id(DOCTOR), agreement(Purpose::Treat, until)).unwrap();
        }
        sets(&mut grants, PATIENT, record, patients);
        sets(&mut grants, DOCTOR, record, custodians);
        let elsewhere =
            Conditions::default().met_until(record, &grants.record(record).unwrap(), id(STRANGER), Purpose::Treat, NOW);
        assert_eq!(
            elsewhere.is_some(),
            grants.condition(record, Side::Patient).is_none() && grants.condition(record, Side::Custodian).is_none(),
            "it is agreed to one accessor"
        );
        met(&grants, record, Purpose::Treat, NOW)
    };
    let two_of_three = || Some(condition(&[FIRST, SECOND, THIRD], 2));
    let second = || Some(condition(&[SECOND], 1));
    assert_eq!(agrees(&[], None, None), Some(Timestamp::MAX), "there is none");
    assert_eq!(agrees(&[], two_of_three(), None), None);
    assert_eq!(agrees(&[FIRST], two_of_three(), None), None);
    assert_eq!(agrees(&[FIRST, THIRD], two_of_three(), None), Some(LATER.plus(9)), "as long as all that agree do");
    assert_eq!(agrees(&[FIRST, SECOND, THIRD], two_of_three(), None), Some(LATER.plus(8)));
    assert_eq!(agrees(&[FIRST, THIRD], two_of_three(), second()), None, "both sides count");
    assert_eq!(agrees(&[SECOND], two_of_three(), second()), None);
    assert_eq!(agrees(&[SECOND, THIRD], two_of_three(), second()), Some(LATER.plus(9)), "one counts for both");
    assert_eq!(agrees(&[FIRST, THIRD], second(), None), None, "who is not named any more does not count");
}

#[test]
fn an_agreement_covers_its_purpose_and_what_is_under_it_until_it_is_over() {
    let (mut grants, record) = grants_with_record();
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
    calls(id(FIRST));
    grants.set_agreement(record, id(DOCTOR), agreement(Purpose::Etreat, LATER)).unwrap();
    for purpose in [Purpose::Etreat, Purpose::Ertreat, Purpose::Btg] {
        assert_eq!(met(&grants, record, purpose, NOW), Some(LATER));
    }
    for purpose in [Purpose::Treat, Purpose::Coc, Purpose::Hresch] {
        assert_eq!(met(&grants, record, purpose, NOW), None);
    }
    assert_eq!(met(&grants, record, Purpose::Etreat, Timestamp(LATER.0 - 1)), Some(LATER));
    assert_eq!(met(&grants, record, Purpose::Etreat, LATER), None, "to the millisecond");
    grants.set_agreement(record, id(DOCTOR), agreement(Purpose::Treat, LATER.plus(1))).unwrap();
    assert_eq!(met(&grants, record, Purpose::Treat, LATER), Some(LATER.plus(1)), "a new one replaces it");
}

#[test]
fn what_was_erased_takes_no_condition_and_no_agreement_but_gives_agreements_back() {
    let (mut grants, record) = grants_with_record();
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
    calls(id(FIRST));
    let treat = agreement(Purpose::Treat, LATER);
    grants.set_agreement(record, id(DOCTOR), treat).unwrap();
    calls(id(PATIENT));
    grants.erase_record(record).unwrap();
    for caller in [PATIENT, DOCTOR] {
        calls(id(caller));
        assert_eq!(grants.set_condition(record, Some(condition(&[FIRST], 1))), Err(AccessError::Erased));
    }
    calls(id(FIRST));
    assert_eq!(grants.set_agreement(record, id(DOCTOR), treat), Err(AccessError::Erased));
    assert_eq!(grants.set_agreement(record, id(DOCTOR), None), Ok(()));
    sets(&mut grants, PATIENT, record, None);
    let known: Record = grants.record(record).unwrap();
    assert!(known.erased && !known.patient_condition, "what was paid for it goes back, and the record stays erased");
}

#[test]
fn a_custodian_without_a_credential_sets_no_condition() {
    let (mut grants, record) = grants_with_record();
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), true).unwrap();
    calls(id(DOCTOR));
    for text in [None, Some(condition(&[FIRST], 1))] {
        assert_eq!(grants.set_condition(record, text), Err(AccessError::NotCredentialed));
    }
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
}

#[test]
fn an_agreement_is_to_one_version_of_the_record() {
    let (mut grants, record) = grants_with_record();
    sets(&mut grants, PATIENT, record, Some(condition(&[FIRST], 1)));
    calls(id(FIRST));
    grants.set_agreement(record, id(DOCTOR), agreement(Purpose::Treat, LATER)).unwrap();
    calls(id(DOCTOR));
    grants.amend_record(record, terms(2)).unwrap();
    assert_eq!(met(&grants, record, Purpose::Treat, NOW), None);
    calls(id(FIRST));
    let of = |version| Some(Agreement { version, purpose: Purpose::Treat, until: LATER });
    for (version, until) in [(1, None), (3, None), (2, Some(LATER))] {
        grants.set_agreement(record, id(DOCTOR), of(version)).unwrap();
        assert_eq!(met(&grants, record, Purpose::Treat, NOW), until);
    }
}
