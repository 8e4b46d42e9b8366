//! What meets in one block: the order of the calls decides, and what was taken back lets nobody in behind it.

use salus_client::deployment::EMERGENCY_TERMS;
use salus_client::message::Message;
use salus_client::Keypair;
use salus_domain::codes::{Action, Purpose};
use salus_domain::commitment::redemption;
use salus_domain::ids::{Hash, RecordId};
use salus_e2e_tests::orders::without_tokens;
use salus_e2e_tests::raw::{contracts_call, Call};
use salus_e2e_tests::samples::{for_treatment, record, DAY};
use salus_e2e_tests::{id, person, Result, World};
use salus_interface::access::{
    AccessDecided, AccessDecision, Agreement, Condition, EmergencyChanged, EmergencyGround, EmergencyState, Finding,
    LinkRedeemed, Refusal,
};
use salus_interface::event::Event;

/// The three calls get into one block, one after the other; what access grants told of them.
async fn in_a_block<E: Event>(world: &World, calls: [(&Keypair, Call); 3]) -> Result<Vec<E>> {
    world.told(world.in_one_block(calls).await?).await
}

fn call<T, E>(world: &World, message: &Message<T, E>) -> Call
where
    T: scale::Decode,
    E: scale::Decode + salus_client::rules::Rule,
{
    contracts_call(world.grants.address(), 0, message.input())
}

/// Somebody takes something back between two requests of the doctor's: the first is granted, and the second refused.
async fn ends_access(
    world: &World,
    record: RecordId,
    purpose: Purpose,
    (who, takes_back): (&Keypair, Call),
) -> Result<Refusal> {
    let ask = world.grants.request_access(record, purpose, Action::Access, None);
    let asks = || (&world.doctor, call(world, &ask));
    let decided = in_a_block::<AccessDecided>(world, [asks(), (who, takes_back), asks()]).await?;
    match decided.iter().map(|event| event.decision).collect::<Vec<_>>()[..] {
        [AccessDecision::Permitted { .. }, AccessDecision::Refused(refusal)] => Ok(refusal),
        ref other => Err(format!("{other:?}").into()),
    }
}

#[tokio::test]
async fn whatever_is_taken_back_lets_nobody_in_behind_it_in_the_same_block() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (doctor, hospital) = (id(&world.doctor), id(&world.hospital));
    let registered = world.registers(record(1)).await?;
    let treat = Purpose::Treat;

    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let revoke = world.registry.revoke(given);
    let revokes = (&world.patient, contracts_call(world.registry.address(), 0, revoke.input()));
    assert_eq!(ends_access(&world, registered, treat, revokes).await?, Refusal::NoConsent);
    world.consents(&for_treatment(&world.doctor)).await?;

    let suspends = (&world.authority, call(&world, &world.grants.suspend(doctor, hospital, true)));
    assert_eq!(ends_access(&world, registered, treat, suspends).await?, Refusal::CredentialSuspended);
    world.run(&world.authority, world.grants.suspend(doctor, hospital, false)).await?;

    let removes = (&world.governor, call(&world, &world.grants.remove_authority(id(&world.authority))));
    assert_eq!(ends_access(&world, registered, treat, removes).await?, Refusal::NotCredentialed);
    world.run(&world.governor, world.grants.add_authority(id(&world.authority))).await?;

    let condition = Some(Condition { parties: vec![id(&world.stranger)], needed: 1 });
    let sets = (&world.patient, call(&world, &world.grants.set_condition(registered, condition)));
    assert_eq!(ends_access(&world, registered, treat, sets).await?, Refusal::NotAgreed);
    let agreement = Some(Agreement { version: 1, purpose: treat, until: world.now().await?.plus(DAY) });
    world.run(&world.stranger, world.grants.set_agreement(registered, doctor, agreement)).await?;
    let disagrees = (&world.stranger, call(&world, &world.grants.set_agreement(registered, doctor, None)));
    assert_eq!(ends_access(&world, registered, treat, disagrees).await?, Refusal::NotAgreed);
    world.run(&world.patient, world.registry.revoke_all()).await?;

    let (bond, ground) = (EMERGENCY_TERMS.bond, EmergencyGround::ThreatToPatient);
    let breaks = || world.grants.break_glass(id(&world.patient), ground, Hash([1; 32]), bond);
    world.run(&world.doctor, breaks()).await?;
    let dispute = world.grants.dispute(id(&world.patient), doctor);
    let disputes = (&world.patient, call(&world, &dispute));
    assert_eq!(ends_access(&world, registered, Purpose::Btg, disputes).await?, Refusal::NoConsent);
    let review = world.grants.review(doctor, id(&world.patient), Finding::Unjustified { suspend: false });
    world.run(&world.authority, review).await?;
    world.run(&world.doctor, breaks()).await?;
    let review = world.grants.review(doctor, id(&world.patient), Finding::Unjustified { suspend: true });
    let bars = (&world.authority, call(&world, &review));
    assert_eq!(ends_access(&world, registered, Purpose::Btg, bars).await?, Refusal::CredentialSuspended);
    world.run(&world.authority, world.grants.suspend(doctor, hospital, false)).await?;

    world.consents(&for_treatment(&world.doctor)).await?;
    world.run(&world.patient, world.grants.set_condition(registered, None)).await?;
    let erases = (&world.patient, call(&world, &world.grants.erase_record(registered)));
    assert_eq!(ends_access(&world, registered, treat, erases).await?, Refusal::Erased);
    Ok(())
}

#[tokio::test]
async fn of_two_who_redeem_a_link_in_one_block_the_first_has_it() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.credential(&world.researcher, &world.hospital, salus_domain::codes::Role::Nurse, DAY).await?;
    for order in [[&world.doctor, &world.researcher], [&world.researcher, &world.doctor]] {
        let link = without_tokens(1)?.remove(0);
        let redeem = |who: &Keypair| {
            let grants = salus_client::domain_account(world.grants.address());
            let signed =
                link.sign(&redemption(&salus_client::blake2b_256, grants, person(&link), person(who), [9; 32])).0;
            call(&world, &world.grants.redeem(id(&link), [9; 32], signed))
        };
        let [first, second] = order;
        let calls = [(first, redeem(first)), (second, redeem(second)), (first, redeem(first))];
        let told = in_a_block::<LinkRedeemed>(&world, calls).await?;
        assert_eq!(told.iter().map(|event| event.provider).collect::<Vec<_>>(), [id(first)]);
    }
    Ok(())
}

#[tokio::test]
async fn the_glass_that_is_broken_twice_in_one_block_costs_one_bond() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (bond, patient) = (EMERGENCY_TERMS.bond, id(&world.patient));
    let message = world.grants.break_glass(patient, EmergencyGround::ThreatToPatient, Hash([1; 32]), bond);
    let breaks = || (&world.doctor, contracts_call(world.grants.address(), bond.0, message.input()));
    let before = world.chain.balance(world.grants.address()).await?;
    let told = in_a_block::<EmergencyChanged>(&world, [breaks(), breaks(), breaks()]).await?;
    assert_eq!(told.iter().map(|event| event.emergency.number).collect::<Vec<_>>(), [1]);
    assert_eq!(world.chain.balance(world.grants.address()).await?, before + bond.0);

    // A review that is too early stays so until the dispute, and pays once.
    let review = world.grants.review(id(&world.doctor), patient, Finding::Justified);
    let reviews = || (&world.authority, call(&world, &review));
    let disputes = (&world.patient, call(&world, &world.grants.dispute(patient, id(&world.doctor))));
    let told = in_a_block::<EmergencyChanged>(&world, [reviews(), disputes, reviews()]).await?;
    let states: Vec<_> = told.iter().map(|event| event.emergency.state).collect();
    assert_eq!(states, [EmergencyState::Disputed, EmergencyState::Justified]);
    let told = in_a_block::<EmergencyChanged>(&world, [reviews(), reviews(), reviews()]).await?;
    assert_eq!(told, []);
    assert_eq!(world.chain.balance(world.grants.address()).await?, before);
    Ok(())
}
