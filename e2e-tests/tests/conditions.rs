//! Conditional release: beside the patient's consent, those agree whom the patient or the custodian has named.

use salus_client::Keypair;
use salus_domain::codes::{Power, Purpose, PurposeSet, Role};
use salus_domain::consent::{Actor, Base, Consent, Decision};
use salus_domain::ids::RecordId;
use salus_domain::time::Timestamp;
use salus_e2e_tests::orders::mandate;
use salus_e2e_tests::samples::{consent, for_treatment, provision, record, DAY};
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use salus_interface::access::{
    AccessDecision, AccessError, Agreement, AgreementChanged, Condition, ConditionSet, Refusal, Side,
};

const NOT_AGREED: AccessDecision = AccessDecision::Refused(Refusal::NotAgreed);

fn condition(parties: &[&Keypair], needed: u8) -> Condition {
    let mut parties: Vec<_> = parties.iter().map(|party| id(party)).collect();
    parties.sort();
    Condition { parties, needed }
}

async fn sets(world: &World, who: &Keypair, record: RecordId, condition: Option<Condition>) -> Result {
    let done = world.run(who, world.grants.set_condition(record, condition.clone())).await?;
    assert_eq!(done.event::<ConditionSet>()?.condition, condition);
    Ok(())
}

/// A party agrees that the doctor is let in for a purpose.
async fn agrees(world: &World, party: &Keypair, record: RecordId, purpose: Purpose, until: Timestamp) -> Result {
    let agreement = Some(Agreement { version: 1, purpose, until });
    let done = world.run(party, world.grants.set_agreement(record, id(&world.doctor), agreement)).await?;
    assert_eq!(done.event::<AgreementChanged>()?.party, id(party));
    Ok(())
}

fn is_permit(decision: AccessDecision) -> bool {
    matches!(decision, AccessDecision::Permitted { .. })
}

#[tokio::test]
async fn two_physicians_must_agree_before_a_third_is_let_in() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (first, second) = (world.somebody().await?, world.somebody().await?);
    let registered = world.registers(record(1)).await?;
    sets(&world, &world.patient, registered, Some(condition(&[&first, &second], 2))).await?;
    let until = world.now().await?.plus(DAY);
    let no_consent = AccessDecision::Refused(Refusal::NoConsent);
    assert_eq!(world.asks(&world.doctor, registered).await?, no_consent);

    world.consents(&for_treatment(&world.doctor)).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED);
    agrees(&world, &first, registered, Purpose::Treat, until).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED);
    agrees(&world, &second, registered, Purpose::Hresch, until).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED, "for something else");
    agrees(&world, &second, registered, Purpose::Treat, until).await?;
    assert!(is_permit(world.asks(&world.doctor, registered).await?));
    assert!(is_permit(world.asks(&world.patient, registered).await?), "the patient needs nobody");

    let disagree = || world.grants.set_agreement(registered, id(&world.doctor), None);
    world.run(&first, disagree()).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED, "at once");
    assert_eq!(world.refused(&first, disagree()).await?, AccessError::NotFound);
    agrees(&world, &first, registered, Purpose::Treat, until).await?;
    world.run(&world.patient, world.registry.revoke_all()).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, no_consent, "agreements are no consent");
    world.consents(&Consent { base: Base::Deny, ..consent(Vec::new()) }).await?;
    let denied = world.asks(&world.doctor, registered).await?;
    assert!(matches!(denied, AccessDecision::Refused(Refusal::DeniedBy(_))), "{denied:?}");
    Ok(())
}

#[tokio::test]
async fn research_needs_the_patient_and_the_ethics_board() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let board = world.somebody().await?;
    world.credential(&world.researcher, &world.hospital, Role::Researcher, DAY).await?;
    let registered = world.registers(record(1)).await?;
    let researchers = provision(Decision::Permit, Actor::Role(Role::Researcher), PurposeSet::EMPTY);
    world.consents(&consent(vec![researchers])).await?;
    sets(&world, &world.doctor, registered, Some(condition(&[&world.patient, &board], 2))).await?;
    assert_eq!(world.asks(&world.researcher, registered).await?, NOT_AGREED);

    let until = world.now().await?.plus(DAY / 48);
    let agreement = Some(Agreement { version: 1, purpose: Purpose::Hresch, until });
    let ask = || {
        let (purpose, action) = (Purpose::Biorch, salus_domain::codes::Action::Access);
        world.grants.request_access(registered, purpose, action, None)
    };
    for (party, is_enough) in [(&world.patient, false), (&board, true)] {
        world.run(party, world.grants.set_agreement(registered, id(&world.researcher), agreement)).await?;
        let decision = world.run(&world.researcher, ask()).await?.forecast;
        assert_eq!(is_permit(decision), is_enough);
        if let AccessDecision::Permitted { until: end, .. } = decision {
            assert_eq!(end, until, "a permit ends with the first agreement");
        }
    }
    assert_eq!(world.asks(&world.researcher, registered).await?, NOT_AGREED, "research is not treatment");

    // The patient's own condition stands beside it, and each side lifts its own.
    sets(&world, &world.patient, registered, Some(condition(&[&world.stranger], 1))).await?;
    assert_eq!(world.run(&world.researcher, ask()).await?.forecast, NOT_AGREED);
    sets(&world, &world.patient, registered, None).await?;
    assert!(is_permit(world.run(&world.researcher, ask()).await?.forecast));
    assert!(world.read(world.grants.condition(registered, Side::Custodian)).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn only_the_sides_set_conditions_and_only_whom_they_name_agrees() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    let proxy = &world.researcher;
    world.run(&world.patient, world.registry.name_proxy(id(proxy), &mandate(Power::Records.into()))).await?;
    for other in [proxy, &world.authority, &world.governor, &world.stranger] {
        for text in [None, Some(condition(&[other], 1))] {
            let set = world.grants.set_condition(registered, text);
            assert_eq!(world.refused(other, set).await?, AccessError::NotCustodian);
        }
    }
    let descending = Condition { parties: vec![[2; 32].into(), [1; 32].into()], needed: 1 };
    let set = world.grants.set_condition(registered, Some(descending));
    assert_eq!(world.refused(&world.patient, set).await?, AccessError::BadCondition);
    sets(&world, &world.patient, registered, Some(condition(&[&world.stranger], 1))).await?;
    let now = world.now().await?;
    let agree = |until| {
        let agreement = Some(Agreement { version: 1, purpose: Purpose::Treat, until });
        world.grants.set_agreement(registered, id(&world.doctor), agreement)
    };
    for other in [&world.patient, &world.doctor, proxy, &world.authority] {
        assert_eq!(world.refused(other, agree(now.plus(DAY))).await?, AccessError::NotParty);
    }
    assert_eq!(world.refused(&world.stranger, agree(now)).await?, AccessError::AlreadyOver);

    world.run(&world.stranger, agree(now.plus(DAY))).await?;
    world.run(&world.patient, world.grants.erase_record(registered)).await?;
    assert_eq!(world.refused(&world.stranger, agree(now.plus(DAY))).await?, AccessError::Erased);
    let set = world.grants.set_condition(registered, Some(condition(&[&world.stranger], 1)));
    assert_eq!(world.refused(&world.patient, set).await?, AccessError::Erased);
    sets(&world, &world.patient, registered, None).await?;
    world.run(&world.stranger, world.grants.set_agreement(registered, id(&world.doctor), None)).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_amended_must_be_agreed_to_again() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    sets(&world, &world.patient, registered, Some(condition(&[&world.stranger], 1))).await?;
    let until = world.now().await?.plus(DAY);
    agrees(&world, &world.stranger, registered, Purpose::Treat, until).await?;
    assert!(is_permit(world.asks(&world.doctor, registered).await?));
    world.run(&world.doctor, world.grants.amend_record(registered, record(2))).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED);
    let agreement = Some(Agreement { version: 2, purpose: Purpose::Treat, until });
    world.run(&world.stranger, world.grants.set_agreement(registered, id(&world.doctor), agreement)).await?;
    assert!(is_permit(world.asks(&world.doctor, registered).await?));
    Ok(())
}

#[tokio::test]
async fn an_agreement_ends_without_anybody_doing_anything() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    sets(&world, &world.patient, registered, Some(condition(&[&world.stranger], 1))).await?;
    let until = world.now().await?.plus(DAY);
    agrees(&world, &world.stranger, registered, Purpose::Treat, until).await?;
    assert!(is_permit(world.asks(&world.doctor, registered).await?));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, NOT_AGREED);
    let kept = world.read(world.grants.condition(registered, Side::Patient)).await?;
    assert_eq!(kept.map(|condition| condition.parties), Some(vec![id(&world.stranger)]));
    Ok(())
}
