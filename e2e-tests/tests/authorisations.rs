//! Prior authorisations: asked for, granted, refused, used up, and granted by silence.

use salus_client::Keypair;
use salus_domain::claim::Line;
use salus_domain::codes::Reason;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, PlanTerms};
use salus_e2e_tests::claims::reasons;
use salus_e2e_tests::samples::{benefit, code, day, line, submission, terms, words, DAY, UNIT};
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use salus_interface::claims::{
    Authorisation, AuthorisationChanged, ClaimAdjudicated, ClaimPended, ClaimStatus, ClaimsError, Procedure,
};

const POOL: u128 = 100 * UNIT;

/// A plan that pays only what it authorised before.
fn asks_first() -> PlanTerms {
    PlanTerms { benefit: Benefit { authorisation: true, ..benefit() }, ..terms() }
}

fn procedure(world: &World, plan: PlanId, number: u8) -> Procedure {
    Procedure { plan, member: id(&world.patient), provider: id(&world.doctor), code: code(number) }
}

async fn requests(world: &World, who: &Keypair, procedure: Procedure, quantity: u32) -> Result<AuthorisationChanged> {
    let Procedure { plan, member, code, .. } = procedure;
    let done = world.run(who, world.claims.request_authorisation(plan, member, code, quantity)).await?;
    Ok(done.event()?)
}

#[tokio::test]
async fn a_claim_without_its_authorisation_waits_until_it_is_granted_and_uses_it_up() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&asks_first(), POOL).await?;
    let asked = procedure(&world, plan, 1);
    let claimed = world.claim_of(plan, 1, vec![Line { quantity: 2, ..line(1, UNIT) }]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, None)).await?;
    assert_eq!(done.event::<ClaimPended>()?.status, ClaimStatus::AwaitsAuthorisation);
    let claim = done.forecast[0].claim;
    assert_eq!(reasons(&done.forecast[0]), [[Reason::AuthorisationMissing]]);
    let waits = ClaimsError::AuthorisationMissing;
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, waits);

    let told = requests(&world, &world.doctor, asked, 3).await?;
    assert_eq!((told.member, told.procedure), (asked.member, asked));
    assert!(matches!(told.authorisation, Authorisation::Requested { quantity: 3, .. }));
    assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(told.authorisation));
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, waits, "it is only asked for");

    let until = world.now().await?.plus(DAY);
    let granted = Authorisation::Granted { quantity: 3, until };
    let grant = world.claims.decide_authorisation(asked, Some((3, until)));
    let told = AuthorisationChanged { member: asked.member, procedure: asked, authorisation: granted };
    assert_eq!(world.run(&world.insurer, grant).await?.event::<AuthorisationChanged>()?, told);
    let retried = world.run(&world.doctor, world.claims.retry(claim)).await?;
    assert_eq!(retried.event::<ClaimAdjudicated>()?.filing.lines[0].split.payer, Amount(UNIT * 8 / 10));
    let left = Authorisation::Granted { quantity: 1, until };
    assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(left));

    // Of two more, one is authorised: what is charged counts in proportion.
    let now = world.now().await?;
    let day = day(&world.doctor, &world.patient, now, 2);
    let more = submission(plan, &world.patient, 2, day, vec![Line { quantity: 2, ..line(1, UNIT) }]);
    let more = world.decides_for(&world.doctor, &more).await?;
    assert_eq!(more.filing.lines[0].split.payer, Amount(UNIT * 4 / 10));
    assert!(more.filing.lines[0].reasons.contains(Reason::AuthorisationExceeded));
    let used_up = Authorisation::Granted { quantity: 0, until };
    assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(used_up));

    // A claim that is taken back gives back what it used.
    world.run(&world.doctor, world.claims.reverse(more.claim, words(1), &more.filing)).await?;
    assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(left));
    Ok(())
}

#[tokio::test]
async fn a_refused_authorisation_denies_and_can_be_replaced() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&asks_first(), POOL).await?;
    let asked = procedure(&world, plan, 1);
    let pended = world.claims_for(&world.claim_of(plan, 1, vec![line(1, UNIT)]).await?).await?.claim;
    requests(&world, &world.doctor, asked, 1).await?;
    world.run(&world.insurer, world.claims.decide_authorisation(asked, None)).await?;
    assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(Authorisation::Refused));
    let denied = world.run(&world.doctor, world.claims.retry(pended)).await?.forecast;
    assert_eq!(reasons(&denied), [[Reason::AuthorisationRefused]]);
    assert_eq!(denied.adjudication.total.patient(), Amount::ZERO, "the provider bears it");

    // It is not asked for again, and may be granted after all; unasked, too.
    let again = world.claims.request_authorisation(plan, id(&world.patient), asked.code, 1);
    assert_eq!(world.refused(&world.doctor, again).await?, ClaimsError::AlreadyRequested);
    let until = world.now().await?.plus(DAY);
    for number in [1, 2] {
        let grant = world.claims.decide_authorisation(procedure(&world, plan, number), Some((1, until)));
        world.run(&world.insurer, grant).await?;
        let decided = world.decides(plan, 10 + number, vec![line(number, UNIT)]).await?;
        assert_eq!(decided.filing.lines[0].split.payer, Amount(UNIT * 8 / 10));
    }
    Ok(())
}

#[tokio::test]
async fn an_authorisation_is_for_its_provider_its_member_and_its_time() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&asks_first(), POOL).await?;
    let other = world.another_doctor().await?;
    let now = world.now().await?;
    let until = salus_domain::time::Timestamp(now.0 - 5 * DAY);
    let grant = world.claims.decide_authorisation(procedure(&world, plan, 1), Some((9, until)));
    world.run(&world.insurer, grant).await?;
    let claimed = |reference, before| {
        let day = day(&world.doctor, &world.patient, now, before);
        submission(plan, &world.patient, reference, day, vec![line(1, UNIT)])
    };
    assert_eq!(world.claims_for(&claimed(1, 7)).await?.status, ClaimStatus::Adjudicated);
    assert_eq!(world.claims_for(&claimed(2, 1)).await?.status, ClaimStatus::AwaitsAuthorisation, "a service too late");
    let theirs = world.run(&other, world.claims.submit(&claimed(3, 7), None)).await?.forecast.remove(0);
    assert_eq!(theirs.status, ClaimStatus::AwaitsAuthorisation);
    Ok(())
}

#[tokio::test]
async fn authorisations_are_asked_for_and_decided_by_whom_they_concern_only() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&asks_first(), POOL).await?;
    let unknown = PlanId(plan.0 + 1);
    let asked = procedure(&world, plan, 1);
    let ask = |plan, member, quantity| world.claims.request_authorisation(plan, member, code(1), quantity);
    let refused = |message| world.refused(&world.doctor, message);
    assert_eq!(refused(ask(plan, asked.member, 0)).await?, ClaimsError::ZeroQuantity);
    assert_eq!(refused(ask(unknown, asked.member, 1)).await?, ClaimsError::PlanNotFound);
    assert_eq!(refused(ask(plan, id(&world.stranger), 1)).await?, ClaimsError::NotCovered);
    requests(&world, &world.doctor, asked, 1).await?;
    assert_eq!(refused(ask(plan, asked.member, 1)).await?, ClaimsError::AlreadyRequested);

    let until = world.now().await?.plus(DAY);
    let decide = |procedure, grant| world.claims.decide_authorisation(procedure, grant);
    for other in [&world.doctor, &world.patient, &world.arbiter, &world.stranger] {
        let before = world.read(world.claims.authorisation(asked)).await?;
        for grant in [None, Some((1, until))] {
            assert_eq!(world.refused(other, decide(asked, grant)).await?, ClaimsError::NotInsurer);
            let nowhere = decide(Procedure { plan: unknown, ..asked }, grant);
            assert_eq!(world.refused(other, nowhere).await?, ClaimsError::PlanNotFound);
        }
        assert_eq!(world.read(world.claims.authorisation(asked)).await?, before);
    }
    let nothing = decide(asked, Some((0, until)));
    assert_eq!(world.refused(&world.insurer, nothing).await?, ClaimsError::ZeroQuantity);
    world.run(&world.insurer, decide(asked, Some((1, until)))).await?;
    assert_eq!(refused(ask(plan, asked.member, 1)).await?, ClaimsError::AlreadyRequested, "granted and not used up");
    Ok(())
}

#[tokio::test]
async fn an_insurer_that_is_silent_until_the_deadline_has_authorised() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let deadlines = Deadlines { authorisation: 2 * DAY, ..terms().deadlines };
    let plan = world.ready_for_claims(&PlanTerms { deadlines, ..asks_first() }, POOL).await?;
    let asked = procedure(&world, plan, 1);
    let pended = world.claims_for(&world.claim_of(plan, 1, vec![line(1, UNIT)]).await?).await?.claim;
    requests(&world, &world.doctor, asked, 1).await?;
    world.chain.advance_clock(DAY).await?;
    let waits = ClaimsError::AuthorisationMissing;
    assert_eq!(world.refused(&world.stranger, world.claims.retry(pended)).await?, waits);
    world.chain.advance_clock(DAY).await?;
    let retried = world.run(&world.stranger, world.claims.retry(pended)).await?.forecast;
    assert_eq!(retried.adjudication.total.payer, Amount(UNIT * 8 / 10));
    let again = world.claims_for(&world.claim_of(plan, 2, vec![line(1, UNIT)]).await?).await?;
    assert_eq!(again.status, ClaimStatus::AwaitsAuthorisation, "one unit was asked for");
    Ok(())
}

/// A provider asks for more than it ever got, and then takes back a claim of the same procedure.
#[tokio::test]
async fn taking_a_claim_back_grants_nothing_that_was_only_asked_for() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&asks_first(), POOL).await?;
    let until = world.now().await?.plus(DAY);
    let asked = procedure(&world, plan, 1);
    world.run(&world.insurer, world.claims.decide_authorisation(asked, Some((1, until)))).await?;
    let used = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let denied = world.decides(plan, 2, vec![line(1, UNIT)]).await?;
    assert!(denied.filing.lines[0].reasons.contains(Reason::Duplicate));
    let requested = requests(&world, &world.doctor, asked, 1_000).await?.authorisation;
    for claim in [denied, used] {
        world.run(&world.doctor, world.claims.reverse(claim.claim, words(1), &claim.filing)).await?;
        assert_eq!(world.read(world.claims.authorisation(asked)).await?, Some(requested));
    }
    Ok(())
}
