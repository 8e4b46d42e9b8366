//! Claims are taken back: by whom, until when, and what is free again then.

use salus_domain::codes::{Measure, Reason, ReasonSet, Term, Unit};
use salus_domain::money::Amount;
use salus_domain::plan::{Limit, PlanTerms};
use salus_e2e_tests::claims::Decided;
use salus_e2e_tests::samples::{limit, line, terms, words, DAY, UNIT};
use salus_e2e_tests::{account, id, node_of_my_own, Result, World};
use salus_interface::claims::{ClaimReversed, ClaimStatus, ClaimsError, Place, Pool, Ruling, Since};

const POOL: u128 = 100 * UNIT;
/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);

#[tokio::test]
async fn a_provider_takes_back_what_is_not_paid_yet_and_the_money_is_free_again() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let reverse = || world.claims.reverse(claim, words(1), &filing);
    assert_eq!(world.refused(&world.insurer, reverse()).await?, ClaimsError::NotSettled);
    for other in [&world.patient, &world.arbiter, &world.stranger] {
        assert_eq!(world.refused(other, reverse()).await?, ClaimsError::NotInsurer);
    }
    let reversed = world.run(&world.doctor, reverse()).await?;
    let told = ClaimReversed { claim, by: id(&world.doctor), owed: Amount::ZERO, statement: words(1) };
    assert_eq!((reversed.forecast, reversed.event::<ClaimReversed>()?), (Amount::ZERO, told));
    assert_eq!(world.pool(plan).await?, Pool { funded: Amount(POOL), ..Pool::default() });
    assert_eq!(world.status(claim).await?, ClaimStatus::Reversed);
    assert_eq!(world.refused(&world.doctor, reverse()).await?, ClaimsError::NotAdjudicated);
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Err(ClaimsError::NotAdjudicated)]);

    // The reference stays used, the service does not.
    let same = world.claims.submit(&world.claim_of(plan, 1, vec![line(1, UNIT)]).await?, None);
    assert_eq!(world.refused(&world.doctor, same).await?, ClaimsError::DuplicateClaim);
    let corrected = world.decides(plan, 2, vec![line(1, UNIT)]).await?;
    assert_eq!(corrected.filing.lines[0].split.payer, PAID);
    Ok(())
}

#[tokio::test]
async fn an_insurer_takes_back_what_is_paid_and_a_corrected_claim_is_paid_again() -> Result {
    let world = World::new().await?;
    let family = Limit { unit: Unit::Family, term: Term::Lifetime, ..limit(Measure::Benefit, 2 * UNIT) };
    let terms = PlanTerms {
        limits: vec![limit(Measure::Deductible, UNIT / 2), limit(Measure::Services, 1), family],
        ..terms()
    };
    let plan = world.ready_for_claims(&terms, POOL).await?;
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let paid = filing.lines[0].split.payer;
    let member = id(&world.patient);
    let place = Place { unit: Unit::Family, account: member, term: Since::Lifetime };
    let own = || async {
        Ok::<_, salus_client::ClientError>(
            world.claims.coverages(plan, member).read(&world.chain).await?.remove(0).used,
        )
    };
    assert_eq!(own().await?, [(terms.limits[0].kind(), UNIT / 2), (terms.limits[1].kind(), 1)]);
    assert_eq!(world.read(world.claims.used(plan, place)).await?, [(family.kind(), paid.0)]);
    let again = world.decides(plan, 2, vec![line(2, UNIT)]).await?;
    assert!(again.filing.lines[0].reasons.contains(Reason::FrequencyLimit));

    world.settles(&world.insurer, &[claim]).await?;
    let reversed = world.run(&world.insurer, world.claims.reverse(claim, words(1), &filing)).await?;
    assert_eq!(reversed.event::<ClaimReversed>()?.owed, paid);
    assert_eq!(world.debt(plan, id(&world.doctor)).await?, paid);
    assert_eq!(own().await?, [(terms.limits[0].kind(), 0), (terms.limits[1].kind(), 0)]);
    assert_eq!(world.read(world.claims.used(plan, place)).await?, [(family.kind(), 0)]);

    let corrected = world.decides(plan, 3, vec![line(1, UNIT)]).await?;
    assert_eq!(corrected.filing.lines, filing.lines, "as the first time");
    let before = world.chain.balance(&account(&world.doctor)).await?;
    assert_eq!(world.settles(&world.insurer, &[corrected.claim]).await?, [Ok(paid)]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before, "set off");
    let even = Pool { funded: Amount(POOL), paid, ..Pool::default() };
    assert_eq!(world.pool(plan).await?, even);
    Ok(())
}

#[tokio::test]
async fn an_insurer_has_its_time_to_take_back_and_a_provider_always() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let mut claims = Vec::new();
    for number in 1..=3 {
        let decided = world.decides(plan, number, vec![line(number, UNIT)]).await?;
        world.settles(&world.insurer, &[decided.claim]).await?;
        claims.push(decided);
    }
    let reverse = |place: usize| world.claims.reverse(claims[place].claim, words(1), &claims[place].filing);
    world.chain.advance_clock(9 * DAY).await?;
    assert_eq!(world.run(&world.insurer, reverse(0)).await?.forecast, PAID);
    world.chain.advance_clock(2 * DAY).await?;
    assert_eq!(world.refused(&world.insurer, reverse(1)).await?, ClaimsError::TooLate);
    assert_eq!(world.run(&world.doctor, reverse(1)).await?.forecast, PAID);
    assert_eq!(world.debt(plan, id(&world.doctor)).await?, Amount(2 * PAID.0));
    Ok(())
}

#[tokio::test]
async fn nothing_is_taken_back_while_an_appeal_is_open() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    world.settles(&world.insurer, &[claim]).await?;
    world.run(&world.patient, world.claims.appeal(claim, ReasonSet::EMPTY, words(1))).await?;
    let reverse = || world.claims.reverse(claim, words(2), &filing);
    for party in [&world.insurer, &world.doctor] {
        assert_eq!(world.refused(party, reverse()).await?, ClaimsError::AppealOpen);
    }
    world.run(&world.arbiter, world.claims.decide_appeal(claim, &Ruling::Upheld, words(3))).await?;
    assert_eq!(world.run(&world.insurer, reverse()).await?.forecast, PAID);
    Ok(())
}

/// A claim that was overturned on appeal and settled in part is owed as far as it was paid.
#[tokio::test]
async fn what_is_owed_is_what_was_paid_and_the_rest_is_free() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let surgery = salus_domain::claim::Line { category: salus_domain::codes::Category::Surgical, ..line(2, UNIT) };
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT), surgery]).await?;
    world.settles(&world.insurer, &[claim]).await?;
    let set_aside = ReasonSet::from(Reason::NotCovered);
    world.run(&world.patient, world.claims.appeal(claim, set_aside, words(1))).await?;
    let ruling = Ruling::Overturned { set_aside, filing };
    let ruled = world.run(&world.arbiter, world.claims.decide_appeal(claim, &ruling, words(2))).await?;
    let filing = ruled.event::<salus_interface::claims::ClaimAdjudicated>()?.filing;
    assert_eq!(world.pool(plan).await?.reserved, PAID);
    let reverse = world.claims.reverse(claim, words(3), &filing);
    assert_eq!(world.refused(&world.insurer, reverse).await?, ClaimsError::NotSettled, "a part is not paid");
    let reversed = world.run(&world.doctor, world.claims.reverse(claim, words(3), &filing)).await?;
    assert_eq!(reversed.forecast, PAID);
    let left = Pool { funded: Amount(POOL), paid: PAID, reserved: Amount::ZERO, owed: PAID };
    assert_eq!(world.pool(plan).await?, left);
    Ok(())
}
