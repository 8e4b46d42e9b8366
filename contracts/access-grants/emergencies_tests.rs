//! Break-glass: states, boundaries and bonds.

use super::testing::{balance, paying};
use super::*;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_interface::access::{
    AccessDecision, Emergency, EmergencyChanged, EmergencyGround, EmergencyState, Finding, Ground,
};

const BOND: u128 = EMERGENCY_TERMS.bond.0;
/// What the doctor and the patient have at first.
const FUNDS: u128 = 10 * BOND;
const ACCESS_UNTIL: Timestamp = NOW.plus(EMERGENCY_TERMS.access);
const REVIEW_UNTIL: Timestamp = NOW.plus(EMERGENCY_TERMS.review);
const STATEMENT: Hash = Hash([8; 32]);

fn grants_with_funds() -> AccessGrants {
    let grants = grants_with_doctor();
    owns(id(DOCTOR), FUNDS);
    owns(id(PATIENT), FUNDS);
    grants
}

fn breaks(grants: &mut AccessGrants) -> Result<(), AccessError> {
    paying(id(DOCTOR), BOND, || grants.break_glass(id(PATIENT), EmergencyGround::UnableToConsent, STATEMENT))
}

fn emergency(state: EmergencyState) -> Emergency {
    Emergency {
        number: 1,
        ground: EmergencyGround::UnableToConsent,
        statement: STATEMENT,
        bond: EMERGENCY_TERMS.bond,
        access_until: ACCESS_UNTIL,
        review_until: REVIEW_UNTIL,
        state,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Break,
    Dispute,
    Review(Finding),
    Forfeit,
}

/// Steps, and when they are taken.
type Way = &'static [(Step, Timestamp)];

const JUSTIFIED: Step = Step::Review(Finding::Justified);
const UNJUSTIFIED: Step = Step::Review(Finding::Unjustified { suspend: false });
const SUSPENDS: Step = Step::Review(Finding::Unjustified { suspend: true });
const STEPS: [Step; 6] = [Step::Break, Step::Dispute, JUSTIFIED, UNJUSTIFIED, SUSPENDS, Step::Forfeit];

/// Whoever may takes a step at a time.
fn take(grants: &mut AccessGrants, step: Step, now: Timestamp) -> Result<(), AccessError> {
    at(now);
    match step {
        Step::Break => breaks(grants),
        Step::Dispute => {
            calls(id(PATIENT));
            grants.dispute(id(PATIENT), id(DOCTOR))
        }
        Step::Review(finding) => {
            calls(id(OTHER_AUTHORITY));
            grants.review(id(DOCTOR), id(PATIENT), finding)
        }
        Step::Forfeit => {
            calls(id(STRANGER));
            grants.forfeit(id(DOCTOR), id(PATIENT))
        }
    }
}

#[test]
fn the_glass_is_broken_for_the_bond_by_a_credentialed_provider() {
    let mut grants = grants_with_funds();
    for value in [0, BOND - 1, BOND + 1, u128::MAX] {
        let done =
            paying(id(DOCTOR), value, || grants.break_glass(id(PATIENT), EmergencyGround::UnableToConsent, STATEMENT));
        assert_eq!(done, Err(AccessError::WrongBond));
    }
    for caller in [STRANGER, PATIENT, AUTHORITY, GOVERNOR] {
        let done =
            paying(id(caller), BOND, || grants.break_glass(id(PATIENT), EmergencyGround::UnableToConsent, STATEMENT));
        assert_eq!(done, Err(AccessError::NotCredentialed));
    }
    let own = paying(id(DOCTOR), BOND, || grants.break_glass(id(DOCTOR), EmergencyGround::UnableToConsent, STATEMENT));
    assert_eq!(own, Err(AccessError::OwnEmergency));
    for value in [0, BOND] {
        let ours =
            paying(id(DOCTOR), value, || grants.break_glass(contract(), EmergencyGround::UnableToConsent, STATEMENT));
        assert_eq!(ours, Err(AccessError::OwnEmergency), "what it pays itself it could not pay out");
    }
    assert_eq!(grants.emergency(id(DOCTOR), id(PATIENT)), None);

    assert_eq!(breaks(&mut grants), Ok(()));
    let open = emergency(EmergencyState::Open);
    let (patient, provider) = (id(PATIENT), id(DOCTOR));
    assert_eq!(newest::<EmergencyChanged>(), EmergencyChanged { patient, provider, by: provider, emergency: open });
    assert_eq!(grants.emergency(provider, patient), Some(open));
    assert_eq!(grants.emergency(patient, provider), None);
    assert_eq!((balance(contract()), balance(provider)), (EXISTENTIAL + BOND, FUNDS - BOND));
    let other = paying(provider, BOND, || grants.break_glass(id(STRANGER), EmergencyGround::ThreatToOthers, STATEMENT));
    assert_eq!(other, Ok(()), "another patient is another emergency");
}

/// Every state with every step: during the access, after it, on the last millisecond, and after the deadline.
#[test]
fn each_step_from_each_state_leads_where_the_table_says() {
    use AccessError::{EmergencyClosed, EmergencyOpen, NotFound, ReviewNotOver, ReviewOver, ReviewTooEarly};
    use EmergencyState::{Barred, Disputed, Justified, Open, Unjustified, Unreviewed};
    let last = |until: Timestamp| Timestamp(until.0 - 1);
    let times = [NOW, last(ACCESS_UNTIL), ACCESS_UNTIL, last(REVIEW_UNTIL), REVIEW_UNTIL, REVIEW_UNTIL.plus(99)];
    // How to get there, and what the emergency is then.
    let states: [(Way, Option<EmergencyState>); 7] = [
        (&[], None),
        (&[(Step::Break, NOW)], Some(Open)),
        (&[(Step::Break, NOW), (Step::Dispute, NOW)], Some(Disputed)),
        (&[(Step::Break, NOW), (Step::Dispute, NOW), (JUSTIFIED, NOW)], Some(Justified)),
        (&[(Step::Break, NOW), (UNJUSTIFIED, NOW)], Some(Unjustified)),
        (&[(Step::Break, NOW), (SUSPENDS, NOW)], Some(Barred)),
        (&[(Step::Break, NOW), (Step::Forfeit, REVIEW_UNTIL)], Some(Unreviewed)),
    ];
    for (way, state) in states {
        for (step, now) in STEPS.into_iter().flat_map(|step| times.map(|now| (step, now))) {
            let mut grants = grants_with_funds();
            for (step, now) in way {
                take(&mut grants, *step, *now).unwrap();
            }
            let before = grants.emergency(id(DOCTOR), id(PATIENT));
            assert_eq!(before.map(|one| one.state), state);
            let held = balance(contract()) - EXISTENTIAL;
            assert_eq!(held, if matches!(state, Some(Open | Disputed)) { BOND } else { 0 });
            let expected = match (state, step) {
                (Some(Barred), Step::Break) => Err(AccessError::NotCredentialed),
                (Some(Open | Disputed), Step::Break) => Err(EmergencyOpen),
                (_, Step::Break) => Ok(Open),
                (None, _) => Err(NotFound),
                (Some(Open | Disputed), Step::Forfeit) if now < REVIEW_UNTIL => Err(ReviewNotOver),
                (Some(Open | Disputed), Step::Forfeit) => Ok(Unreviewed),
                (Some(Open | Disputed), _) if now >= REVIEW_UNTIL => Err(ReviewOver),
                (Some(Open | Disputed), Step::Dispute) => Ok(Disputed),
                (Some(Open), JUSTIFIED) if now < ACCESS_UNTIL => Err(ReviewTooEarly),
                (Some(Open | Disputed), JUSTIFIED) => Ok(Justified),
                (Some(Open | Disputed), UNJUSTIFIED) => Ok(Unjustified),
                (Some(Open | Disputed), SUSPENDS) => Ok(Barred),
                _ => Err(EmergencyClosed),
            };
            let (told, doctor, patient) = (count(), balance(id(DOCTOR)), balance(id(PATIENT)));
            let done = take(&mut grants, step, now);
            let after = grants.emergency(id(DOCTOR), id(PATIENT));
            let case = format!("{state:?} {step:?} {now:?}");
            match expected {
                Err(error) => {
                    assert_eq!(done, Err(error), "{case}");
                    assert_eq!((after, count()), (before, told), "{case}");
                    assert_eq!((balance(id(DOCTOR)), balance(id(PATIENT))), (doctor, patient), "{case}");
                }
                Ok(next) => {
                    assert_eq!((done, after.map(|one| one.state)), (Ok(()), Some(next)), "{case}");
                    assert_eq!(count(), told + 1, "{case}");
                    let event = newest::<EmergencyChanged>();
                    assert_eq!((Some(event.emergency), event.provider), (after, id(DOCTOR)), "{case}");
                    let sent = if step == Step::Break { BOND } else { 0 };
                    let gains = (balance(id(DOCTOR)) + sent - doctor, balance(id(PATIENT)) - patient);
                    let paid = match next {
                        Open | Disputed => (0, 0),
                        Justified => (BOND, 0),
                        Unjustified | Barred | Unreviewed => (0, BOND),
                    };
                    assert_eq!(gains, paid, "{case}");
                    let held = balance(contract()) - EXISTENTIAL;
                    assert_eq!(held, if matches!(next, Open | Disputed) { BOND } else { 0 }, "{case}");
                }
            }
        }
    }
}

#[test]
fn a_dispute_ends_access_at_once_and_is_not_later_than_it_would_have_ended() {
    let mut grants = grants_with_funds();
    breaks(&mut grants).unwrap();
    take(&mut grants, Step::Dispute, NOW.plus(7)).unwrap();
    let disputed = Emergency { access_until: NOW.plus(7), ..emergency(EmergencyState::Disputed) };
    assert_eq!(grants.emergency(id(DOCTOR), id(PATIENT)), Some(disputed));
    take(&mut grants, Step::Dispute, ACCESS_UNTIL.plus(1)).unwrap();
    assert_eq!(grants.emergency(id(DOCTOR), id(PATIENT)), Some(disputed), "once more changes nothing");

    let mut grants = grants_with_funds();
    at(NOW);
    breaks(&mut grants).unwrap();
    take(&mut grants, Step::Dispute, ACCESS_UNTIL.plus(1)).unwrap();
    let event = newest::<EmergencyChanged>();
    assert_eq!((event.by, event.emergency), (id(PATIENT), emergency(EmergencyState::Disputed)));
}

#[test]
fn only_an_authority_that_has_no_part_in_it_reviews() {
    let mut grants = grants_with_funds();
    breaks(&mut grants).unwrap();
    let unjustified = Finding::Unjustified { suspend: true };
    for caller in [GOVERNOR, DOCTOR, PATIENT, HOSPITAL, STRANGER] {
        calls(id(caller));
        assert_eq!(grants.review(id(DOCTOR), id(PATIENT), unjustified), Err(AccessError::NotAuthority));
    }
    calls(id(GOVERNOR));
    for part in [DOCTOR, PATIENT] {
        calls(id(GOVERNOR));
        grants.add_authority(id(part)).unwrap();
        calls(id(part));
        for finding in [Finding::Justified, unjustified] {
            assert_eq!(grants.review(id(DOCTOR), id(PATIENT), finding), Err(AccessError::OwnEmergency));
        }
    }
    assert_eq!(standing(&grants), Some(Standing::Good));
    at(ACCESS_UNTIL);
    calls(id(AUTHORITY));
    assert_eq!(grants.review(id(DOCTOR), id(PATIENT), Finding::Justified), Ok(()));
    assert_eq!(newest::<EmergencyChanged>().by, id(AUTHORITY));
}

#[test]
fn a_review_that_suspends_bars_every_credential_and_they_come_back_by_an_authority() {
    let mut grants = grants_with_funds();
    calls(id(OTHER_AUTHORITY));
    grants.credential(id(DOCTOR), id(STRANGER), Role::Nurse.into(), LATER).unwrap();
    breaks(&mut grants).unwrap();
    let before = count();
    take(&mut grants, SUSPENDS, NOW).unwrap();
    assert_eq!(count(), before + 1, "it is told by how the emergency stands");
    let credentials = grants.vouched(id(DOCTOR)).credentials;
    assert_eq!(credentials.iter().map(|one| one.standing).collect::<Vec<_>>(), [Standing::Barred; 2]);
    assert_eq!(grants.principal(id(DOCTOR)), None);
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), false).unwrap();
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)), "one at a time");
    at(NOW);
    assert_eq!(breaks(&mut grants), Ok(()));
    assert_eq!(grants.emergency(id(DOCTOR), id(PATIENT)).map(|one| one.number), Some(2));
}

#[test]
fn a_bond_that_the_chain_does_not_move_is_said_so() {
    let mut grants = grants_with_funds();
    // The engine moves nothing for a contract that has no account.
    let elsewhere = |grants: &mut AccessGrants, step| {
        ink::env::test::set_callee::<ink::env::DefaultEnvironment>(contract());
        breaks(grants).unwrap();
        let emergency = grants.emergency(id(DOCTOR), id(PATIENT)).unwrap();
        ink::env::test::set_callee::<ink::env::DefaultEnvironment>(id(0xC9));
        testing::write_cell("Emergencies::emergencies", (id(DOCTOR), id(PATIENT)), &emergency);
        take(grants, step, if step == Step::Forfeit { REVIEW_UNTIL } else { NOW })
    };
    let before = count();
    calls(id(GOVERNOR));
    ink::env::test::set_callee::<ink::env::DefaultEnvironment>(id(0xC9));
    grants.add_authority(id(OTHER_AUTHORITY)).unwrap();
    assert_eq!(elsewhere(&mut grants, Step::Forfeit), Err(AccessError::TransferFailed));
    assert_eq!(count(), before + 2, "an authority, the emergency, and nothing of its end");
}

#[test]
fn an_emergency_lets_its_provider_in_for_breaking_the_glass_until_it_is_over() {
    let mut grants = grants_with_funds();
    let record = grants.register_record(id(PATIENT), terms(1)).unwrap();
    breaks(&mut grants).unwrap();
    let ask = |grants: &AccessGrants, record: RecordId, now: Timestamp| {
        at(now);
        grants.may_access(id(DOCTOR), record, Purpose::Btg, Action::Access, None)
    };
    let ground = Ground::Emergency { number: 1 };
    let permitted = Ok(AccessDecision::Permitted { version: 1, ground, until: ACCESS_UNTIL });
    assert_eq!(ask(&grants, record, NOW), permitted);
    assert_eq!(ask(&grants, record, Timestamp(ACCESS_UNTIL.0 - 1)), permitted);
    assert_eq!(ask(&grants, RecordId([9; 32]), NOW), Err(AccessError::NotFound));

    let refused = |refusal| Ok(AccessDecision::Refused(refusal));
    calls(id(AUTHORITY));
    at(NOW);
    grants.suspend(id(DOCTOR), id(HOSPITAL), true).unwrap();
    assert_eq!(ask(&grants, record, NOW), refused(Refusal::CredentialSuspended), "an emergency is no credential");
    calls(id(AUTHORITY));
    grants.suspend(id(DOCTOR), id(HOSPITAL), false).unwrap();
    assert_eq!(ask(&grants, record, NOW), permitted);
    let until = NOW.plus(10);
    grants.credential(id(DOCTOR), id(HOSPITAL), Role::Doctor.into(), until).unwrap();
    let shorter = Ok(AccessDecision::Permitted { version: 1, ground, until });
    assert_eq!(ask(&grants, record, NOW), shorter, "a permit ends with what it rests on");
    assert_eq!(ask(&grants, record, until), refused(Refusal::CredentialExpired));
    calls(id(PATIENT));
    at(NOW);
    grants.erase_record(record).unwrap();
    assert_eq!(ask(&grants, record, NOW), refused(Refusal::Erased), "an emergency raises nothing");
}
