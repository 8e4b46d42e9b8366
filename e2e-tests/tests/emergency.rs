//! Break-glass: who is let in without consent, for how long, and where the bond goes.

use ink_primitives::AccountId;
use salus_client::deployment::EMERGENCY_TERMS;
use salus_client::{ink_account, Keypair};
use salus_domain::codes::{Action, Power, PowerSet, Purpose, Role};
use salus_domain::consent::{Base, Consent};
use salus_domain::ids::{Hash, RecordId};
use salus_e2e_tests::orders::{mandate, without_tokens};
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, record, DAY};
use salus_e2e_tests::{account, id, node_of_my_own, Result, World};
use salus_interface::access::{
    AccessDecision, AccessError, Emergency, EmergencyChanged, EmergencyGround, EmergencyState, Finding, Ground,
    Refusal, Standing, PERMIT_LIFETIME,
};

const BOND: u128 = EMERGENCY_TERMS.bond.0;
const UNJUSTIFIED: Finding = Finding::Unjustified { suspend: false };
const SUSPENDS: Finding = Finding::Unjustified { suspend: true };

/// The doctor breaks the glass for somebody.
async fn breaks(world: &World, patient: AccountId) -> Result<Emergency> {
    let (bond, ground) = (EMERGENCY_TERMS.bond, EmergencyGround::UnableToConsent);
    let message = world.grants.break_glass(patient, ground, Hash([7; 32]), bond);
    Ok(world.run(&world.doctor, message).await?.event::<EmergencyChanged>()?.emergency)
}

async fn asks(world: &World, record: RecordId, purpose: Purpose) -> Result<AccessDecision> {
    let ask = world.grants.request_access(record, purpose, Action::Access, None);
    Ok(world.run(&world.doctor, ask).await?.forecast)
}

async fn reviews(world: &World, patient: AccountId, finding: Finding) -> Result<EmergencyState> {
    let review = world.grants.review(id(&world.doctor), patient, finding);
    Ok(world.run(&world.authority, review).await?.event::<EmergencyChanged>()?.emergency.state)
}

/// What access grants hold beyond what they had at first, and what an account has.
async fn money(world: &World, who: &Keypair) -> Result<(u128, u128)> {
    Ok((world.chain.balance(world.grants.address()).await?, world.chain.balance(&account(who)).await?))
}

fn refused(refusal: Refusal) -> AccessDecision {
    AccessDecision::Refused(refusal)
}

fn is_emergency(decision: AccessDecision, expected: u32) -> bool {
    matches!(decision, AccessDecision::Permitted { ground: Ground::Emergency { number }, .. } if number == expected)
}

#[tokio::test]
async fn a_broken_glass_lets_in_against_any_consent_for_that_purpose_and_that_patient_alone() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.consents(&Consent { base: Base::Deny, ..consent(Vec::new()) }).await?;
    let registered = world.registers(record(1)).await?;
    let register = world.grants.register_record(id(&world.stranger), record(2));
    let of_another = world.run(&world.doctor, register).await?.forecast;
    let denied = asks(&world, registered, Purpose::Btg).await?;
    assert!(matches!(denied, AccessDecision::Refused(Refusal::DeniedBy(_))), "{denied:?}");
    let before = money(&world, &world.patient).await?;

    let opened = breaks(&world, id(&world.patient)).await?;
    let now = world.now().await?;
    assert_eq!((opened.number, opened.state, opened.bond), (1, EmergencyState::Open, EMERGENCY_TERMS.bond));
    assert_eq!(opened.review_until.0 - opened.access_until.0, EMERGENCY_TERMS.review - EMERGENCY_TERMS.access);
    assert_eq!(money(&world, &world.patient).await?, (before.0 + BOND, before.1), "the bond is held");
    let decision = asks(&world, registered, Purpose::Btg).await?;
    assert!(is_emergency(decision, 1));
    let AccessDecision::Permitted { until, .. } = decision else { return Err("a permit".into()) };
    assert!(until >= now.plus(PERMIT_LIFETIME) && until < now.plus(2 * PERMIT_LIFETIME), "a permit lasts an hour");
    assert!(matches!(asks(&world, registered, Purpose::Treat).await?, AccessDecision::Refused(_)), "for BTG alone");
    assert!(matches!(asks(&world, registered, Purpose::Etreat).await?, AccessDecision::Refused(_)));
    assert_eq!(asks(&world, of_another, Purpose::Btg).await?, refused(Refusal::NoConsent), "for that patient alone");
    world.credential(&world.researcher, &world.hospital, Role::Doctor, DAY).await?;
    let ask = world.grants.request_access(registered, Purpose::Btg, Action::Access, None);
    let other = world.run(&world.researcher, ask).await?.forecast;
    assert!(matches!(other, AccessDecision::Refused(Refusal::DeniedBy(_))), "to that provider alone");

    world.run(&world.patient, world.grants.dispute(id(&world.patient), id(&world.doctor))).await?;
    let denied = asks(&world, registered, Purpose::Btg).await?;
    assert!(matches!(denied, AccessDecision::Refused(Refusal::DeniedBy(_))), "not after the dispute");
    assert_eq!(reviews(&world, id(&world.patient), Finding::Justified).await?, EmergencyState::Justified);
    assert_eq!(money(&world, &world.patient).await?.0, before.0);
    Ok(())
}

#[tokio::test]
async fn the_glass_is_broken_only_by_the_credentialed_for_the_bond_and_once_at_a_time() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (patient, bond, ground) = (id(&world.patient), EMERGENCY_TERMS.bond, EmergencyGround::ThreatToOthers);
    let by = |who: AccountId, bond: u128| {
        world.grants.break_glass(who, ground, Hash([7; 32]), salus_domain::money::Amount(bond))
    };
    let held = money(&world, &world.doctor).await?.0;
    for other in [&world.patient, &world.stranger, &world.authority, &world.governor] {
        assert_eq!(world.refused(other, by(patient, bond.0)).await?, AccessError::NotCredentialed);
    }
    for wrong in [0, 1, bond.0 - 1, bond.0 + 1] {
        assert_eq!(world.refused(&world.doctor, by(patient, wrong)).await?, AccessError::WrongBond);
    }
    assert_eq!(world.refused(&world.doctor, by(id(&world.doctor), bond.0)).await?, AccessError::OwnEmergency);
    breaks(&world, patient).await?;
    assert_eq!(world.refused(&world.doctor, by(patient, bond.0)).await?, AccessError::EmergencyOpen);
    assert_eq!(money(&world, &world.doctor).await?.0, held + BOND, "what was refused took nothing");

    for (caller, error) in [
        (&world.doctor, AccessError::NotAuthority),
        (&world.patient, AccessError::NotAuthority),
        (&world.governor, AccessError::NotAuthority),
    ] {
        for finding in [Finding::Justified, UNJUSTIFIED, SUSPENDS] {
            let review = world.grants.review(id(&world.doctor), patient, finding);
            assert_eq!(world.refused(caller, review).await?, error);
        }
    }
    let review = |finding| world.grants.review(id(&world.doctor), patient, finding);
    assert_eq!(world.refused(&world.authority, review(Finding::Justified)).await?, AccessError::ReviewTooEarly);
    let forfeit = world.grants.forfeit(id(&world.doctor), patient);
    assert_eq!(world.refused(&world.patient, forfeit).await?, AccessError::ReviewNotOver);
    for involved in [&world.doctor, &world.patient] {
        world.run(&world.governor, world.grants.add_authority(id(involved))).await?;
        assert_eq!(world.refused(involved, review(UNJUSTIFIED)).await?, AccessError::OwnEmergency);
    }
    assert_eq!(reviews(&world, patient, UNJUSTIFIED).await?, EmergencyState::Unjustified);
    for finding in [Finding::Justified, UNJUSTIFIED, SUSPENDS] {
        assert_eq!(world.refused(&world.authority, review(finding)).await?, AccessError::EmergencyClosed);
    }
    assert_eq!(money(&world, &world.doctor).await?.0, held);
    Ok(())
}

/// A proxy needs the power over records to dispute and to erase; no other power suffices.
#[tokio::test]
async fn a_proxy_with_the_power_over_records_disputes_and_erases_and_no_other_does() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (proxy, patient) = (&world.researcher, id(&world.patient));
    let registered = world.registers(record(1)).await?;
    breaks(&world, patient).await?;
    let dispute = || world.grants.dispute(patient, id(&world.doctor));
    let erase = || world.grants.erase_record(registered);
    let others: PowerSet = Power::ALL.iter().copied().filter(|power| *power != Power::Records).collect();
    for powers in [None, Some(others)] {
        if let Some(powers) = powers {
            world.run(&world.patient, world.registry.name_proxy(id(proxy), &mandate(powers))).await?;
        }
        for who in [proxy, &world.doctor, &world.authority, &world.governor, &world.stranger] {
            assert_eq!(world.refused(who, dispute()).await?, AccessError::NotPatient);
            assert_eq!(world.refused(who, erase()).await?, AccessError::NotPatient);
        }
    }
    world.run(&world.patient, world.registry.name_proxy(id(proxy), &mandate(Power::Records.into()))).await?;
    let told = world.run(proxy, dispute()).await?.event::<EmergencyChanged>()?;
    assert_eq!((told.by, told.patient, told.emergency.state), (id(proxy), patient, EmergencyState::Disputed));
    let erased = world.run(proxy, erase()).await?.event::<salus_interface::access::RecordErased>()?;
    assert_eq!((erased.by, erased.patient), (id(proxy), patient));
    let ask = |who| world.grants.may_access(id(who), registered, Purpose::Btg, Action::Access, None);
    for who in [&world.doctor, &world.patient, proxy] {
        assert_eq!(world.read(ask(who)).await?, Ok(refused(Refusal::Erased)));
    }
    // A proxy disputes for its patient, and for nobody else.
    let elsewhere = world.grants.dispute(id(&world.stranger), id(&world.doctor));
    assert_eq!(world.refused(proxy, elsewhere).await?, AccessError::NotPatient);
    world.run(&world.patient, world.registry.remove_proxy(patient, id(proxy))).await?;
    assert_eq!(world.refused(proxy, dispute()).await?, AccessError::NotPatient, "not after it was removed");
    Ok(())
}

#[tokio::test]
async fn a_suspended_provider_is_out_at_once_and_a_review_that_suspends_bars_for_good() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let patient = id(&world.patient);
    let registered = world.registers(record(1)).await?;
    breaks(&world, patient).await?;
    assert!(is_emergency(asks(&world, registered, Purpose::Btg).await?, 1));
    let suspend = |on| world.grants.suspend(id(&world.doctor), id(&world.hospital), on);
    world.run(&world.authority, suspend(true)).await?;
    assert_eq!(asks(&world, registered, Purpose::Btg).await?, refused(Refusal::CredentialSuspended));
    world.run(&world.authority, suspend(false)).await?;
    assert!(is_emergency(asks(&world, registered, Purpose::Btg).await?, 1));

    let before = money(&world, &world.patient).await?;
    assert_eq!(reviews(&world, patient, SUSPENDS).await?, EmergencyState::Barred);
    assert_eq!(money(&world, &world.patient).await?, (before.0 - BOND, before.1 + BOND));
    assert_eq!(asks(&world, registered, Purpose::Btg).await?, refused(Refusal::CredentialSuspended));
    let kept = world.read(world.grants.vouched(id(&world.doctor))).await?.credentials;
    assert!(kept.iter().all(|one| one.standing == Standing::Barred));

    // An organisation cannot undo it, not even one that is accredited.
    let organisation = &world.researcher;
    let until = world.now().await?.plus(DAY);
    let accredit = world.grants.accredit(id(organisation), Role::Doctor.into(), until, false);
    world.run(&world.authority, accredit).await?;
    let vouch = world.grants.credential(id(&world.doctor), id(organisation), Role::Doctor.into(), until);
    assert_eq!(world.refused(organisation, vouch).await?, AccessError::Barred);
    world.run(&world.authority, suspend(false)).await?;
    assert_eq!(breaks(&world, patient).await?.number, 2);
    assert!(is_emergency(asks(&world, registered, Purpose::Btg).await?, 2));
    Ok(())
}

/// Access, review and forfeit by the clock, twice; and the bond is paid once, however often it is asked for.
#[tokio::test]
async fn an_emergency_that_nobody_reviews_in_time_is_forfeited_once() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    let (doctor, patient) = (id(&world.doctor), id(&world.patient));
    let registered = world.registers(record(1)).await?;
    breaks(&world, patient).await?;
    world.chain.advance_clock(DAY).await?;
    assert_eq!(asks(&world, registered, Purpose::Btg).await?, refused(Refusal::NoConsent));
    let before = money(&world, &world.doctor).await?;
    assert_eq!(reviews(&world, patient, Finding::Justified).await?, EmergencyState::Justified);
    assert_eq!(money(&world, &world.doctor).await?, (before.0 - BOND, before.1 + BOND), "the doctor has it back");

    assert_eq!(breaks(&world, patient).await?.number, 2);
    world.run(&world.patient, world.grants.dispute(patient, doctor)).await?;
    let forfeit = || world.grants.forfeit(doctor, patient);
    world.chain.advance_clock(EMERGENCY_TERMS.review - DAY).await?;
    assert_eq!(world.refused(&world.patient, forfeit()).await?, AccessError::ReviewNotOver);
    world.chain.advance_clock(DAY).await?;
    let late = world.grants.review(doctor, patient, SUSPENDS);
    assert_eq!(world.refused(&world.authority, late).await?, AccessError::ReviewOver);
    let dispute = world.grants.dispute(patient, doctor);
    assert_eq!(world.refused(&world.patient, dispute).await?, AccessError::ReviewOver);

    let before = money(&world, &world.patient).await?;
    let input = forfeit();
    let forfeits = || (&world.stranger, contracts_call(world.grants.address(), 0, input.input()));
    let block = world.in_one_block([forfeits(), forfeits(), forfeits()]).await?;
    assert_eq!(money(&world, &world.patient).await?, (before.0 - BOND, before.1 + BOND), "once");
    let told = world.told::<EmergencyChanged>(block).await?;
    assert_eq!(told.iter().map(|event| event.emergency.state).collect::<Vec<_>>(), [EmergencyState::Unreviewed]);
    assert_eq!(told[0].by, id(&world.stranger));
    assert_eq!(world.refused(&world.stranger, forfeit()).await?, AccessError::EmergencyClosed);
    Ok(())
}

/// A bond reaches whoever it is owed to: somebody who never had tokens, and a contract, whose code is not run by it.
#[tokio::test]
async fn a_bond_is_paid_to_an_account_without_tokens_and_to_a_contract_without_calling_it() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let nobody = without_tokens(1)?.remove(0);
    breaks(&world, id(&nobody)).await?;
    assert_eq!(reviews(&world, id(&nobody), UNJUSTIFIED).await?, EmergencyState::Unjustified);
    assert_eq!(world.chain.balance(&account(&nobody)).await?, BOND);

    // The registry has no message that would take it: it would refuse every call.
    let contract = world.registry.address();
    breaks(&world, ink_account(contract)).await?;
    let before = world.chain.balance(contract).await?;
    let review = world.grants.review(id(&world.doctor), ink_account(contract), UNJUSTIFIED);
    let done = world.run(&world.authority, review).await?;
    assert_eq!(done.events.len(), 1, "nothing but the emergency's end");
    assert_eq!(world.chain.balance(contract).await?, before + BOND);

    let (bond, ground) = (EMERGENCY_TERMS.bond, EmergencyGround::ThreatToPatient);
    let itself = world.grants.break_glass(ink_account(world.grants.address()), ground, Hash([7; 32]), bond);
    assert_eq!(world.refused(&world.doctor, itself).await?, AccessError::OwnEmergency, "where it would stay for good");
    Ok(())
}

#[tokio::test]
async fn an_erased_record_stays_closed_to_an_emergency() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    breaks(&world, id(&world.patient)).await?;
    world.run(&world.patient, world.grants.erase_record(registered)).await?;
    assert_eq!(asks(&world, registered, Purpose::Btg).await?, refused(Refusal::Erased));
    assert_eq!(world.asks(&world.patient, registered).await?, refused(Refusal::Erased));
    let amend = world.grants.amend_record(registered, record(2));
    assert_eq!(world.refused(&world.doctor, amend).await?, AccessError::Erased);
    let again = world.grants.register_record(id(&world.patient), record(1));
    assert_eq!(world.refused(&world.doctor, again).await?, AccessError::AlreadyRegistered);
    let unknown = world.grants.erase_record(RecordId([9; 32]));
    assert_eq!(world.refused(&world.patient, unknown).await?, AccessError::NotFound);
    Ok(())
}
