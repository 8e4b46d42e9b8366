//! What time alone changes. Each test moves the clock of a node of its own.

use salus_domain::codes::{Reason, Role};
use salus_domain::consent::Consent;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, PlanTerms};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::samples::{benefit, day, for_payment, for_treatment, line, record, submission, terms, DAY, UNIT};
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use salus_interface::access::{AccessDecision, AccessError, Refusal};
use salus_interface::claims::ClaimsError;

#[tokio::test]
async fn a_consent_ends_without_anybody_doing_anything() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    let now = world.now().await?;
    let period = Period { start: now.plus(DAY), end: now.plus(2 * DAY) };
    world.consents(&Consent { period, ..for_treatment(&world.doctor) }).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, AccessDecision::Refused(Refusal::NoConsent));
    world.chain.advance_clock(DAY).await?;
    assert!(matches!(world.asks(&world.doctor, registered).await?, AccessDecision::Permitted { .. }));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, AccessDecision::Refused(Refusal::NoConsent));
    Ok(())
}

/// A full list makes room by itself for what its ended consents leave.
#[tokio::test]
async fn consents_that_are_over_make_room_for_new_ones() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let now = world.now().await?;
    let brief = Consent { period: Period { start: now, end: now.plus(DAY) }, ..for_treatment(&world.doctor) };
    for _ in 0..63 {
        world.consents(&brief).await?;
    }
    let lasting = world.consents(&for_payment(&world.insurer)).await?;
    let one_more = world.registry.record(&brief);
    let error = world.refused(&world.patient, one_more).await?;
    assert_eq!(error, salus_interface::consent::ConsentError::TooManyActive);
    world.chain.advance_clock(DAY).await?;
    let newest = world.consents(&for_treatment(&world.researcher)).await?;
    let listed = world.read(world.registry.in_force(id(&world.patient), salus_domain::ids::ConsentId(0), 64)).await?;
    assert_eq!(listed.iter().map(|entry| entry.id).collect::<Vec<_>>(), [lasting, newest]);
    Ok(())
}

#[tokio::test]
async fn a_credential_ends_on_its_day_and_can_be_renewed() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.run(&world.governor, world.grants.add_authority(id(&world.authority))).await?;
    world.credential(&world.doctor, &world.hospital, Role::Doctor, DAY).await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    assert!(matches!(world.asks(&world.doctor, registered).await?, AccessDecision::Permitted { .. }));

    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, AccessDecision::Refused(Refusal::CredentialExpired));
    assert_eq!(world.read(world.grants.principal(id(&world.doctor))).await?, None);
    let register = world.grants.register_record(id(&world.patient), record(2));
    assert_eq!(world.refused(&world.doctor, register).await?, AccessError::NotCredentialed);
    world.credential(&world.doctor, &world.hospital, Role::Doctor, DAY).await?;
    assert!(matches!(world.asks(&world.doctor, registered).await?, AccessDecision::Permitted { .. }));
    Ok(())
}

#[tokio::test]
async fn a_service_counts_by_the_coverage_of_its_day() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    // Covered from 30 days ago to 30 days ahead, and paid for from 5 days ahead.
    let benefit = Benefit { waiting_period: 35 * DAY, ..benefit() };
    let plan = world.insures(&PlanTerms { benefit, ..terms() }, 100 * UNIT).await?;
    let start = world.now().await?;
    let mut reference = 0;
    let mut claimed = Vec::new();
    for days in [1, 10, 25] {
        let now = world.chain.advance_clock(days * DAY).await?;
        reference += 1;
        let day = day(&world.doctor, &world.patient, now, 0);
        let receipt = world.claims_for(&submission(plan, &world.patient, reference, day, vec![line(1, UNIT)])).await?;
        claimed.push(receipt.adjudication.lines[0].reasons.iter().collect::<Vec<_>>());
    }
    assert_eq!(claimed, [vec![Reason::WaitingPeriod], vec![Reason::Coinsurance], vec![Reason::CoverageInactive]]);

    // Claimed late, for a day that was covered.
    let now = world.now().await?;
    assert!(now > start.plus(30 * DAY));
    let late = submission(plan, &world.patient, 9, day(&world.doctor, &world.patient, now, 20), vec![line(2, UNIT)]);
    assert_eq!(world.claims_for(&late).await?.adjudication.total.payer, Amount(UNIT * 8 / 10));
    let end = world.claims.end_coverage(plan, id(&world.patient), Timestamp(now.0 - DAY));
    assert_eq!(world.refused(&world.insurer, end).await?, ClaimsError::InThePast);
    Ok(())
}

/// It was claimed in time, and waited for what was not its provider's to do.
#[tokio::test]
async fn a_claim_that_waits_is_not_late_because_it_waited() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let deadlines = Deadlines { filing: 5 * DAY, ..terms().deadlines };
    let plan = world.ready_for_claims(&PlanTerms { deadlines, ..terms() }, 0).await?;
    let waits = world.claims_for(&world.claim_of(plan, 1, vec![line(1, UNIT)]).await?).await?.claim;
    world.chain.advance_clock(10 * DAY).await?;
    world.funds(&world.insurer, plan, UNIT).await?;
    let retried = world.run(&world.doctor, world.claims.retry(waits)).await?.forecast;
    assert_eq!(retried.adjudication.total.payer, Amount(UNIT * 8 / 10), "{:?}", retried.adjudication.lines);
    Ok(())
}
