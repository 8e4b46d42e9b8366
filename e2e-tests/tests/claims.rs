//! Plans, pools, coverage, claims and payment.

use salus_client::contracts::Claims;
use salus_client::{blake2b_256, client_account, ink_account};
use salus_domain::claim::{CostShare, Line, PlanTerms, ServiceDay, TermsMalformed, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Reason, ReasonSet};
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::raw::call;
use salus_e2e_tests::samples::{code, day, for_payment, line, submission, terms, DAY, UNIT};
use salus_e2e_tests::{account, bundles, id, Result, World};
use salus_interface::claims::{
    ClaimAdjudicated, ClaimPended, ClaimSettled, ClaimStatus, ClaimSubmitted, ClaimsError, CoverageEnded, FeesSet,
    MemberCovered, PlanOpened, Pool, PoolFunded, PoolWithdrawn, Receipt, MAX_BATCH, MAX_COVERAGES, MAX_FEES,
    MAX_SERVICES_PER_DAY,
};
use scale::Encode;
use subxt::dynamic::Value;

const POOL: u128 = 100 * UNIT;

async fn yesterday(world: &World) -> Result<ServiceDay> {
    Ok(day(&world.doctor, &world.patient, world.now().await?, 1))
}

async fn pool(world: &World, plan: PlanId) -> Result<Pool> {
    Ok(world.read(world.claims.plan(plan)).await?.ok_or("no such plan")?.pool)
}

async fn held(world: &World) -> Result<u128> {
    Ok(world.chain.balance(world.claims.address()).await?)
}

fn reasons(receipt: &Receipt) -> Vec<Vec<Reason>> {
    receipt.adjudication.lines.iter().map(|line| line.reasons.iter().collect()).collect()
}

/// Claims one line and returns why it was denied; nothing may be reserved for it.
async fn denial(world: &World, plan: PlanId, reference: u8, line: Line, day: ServiceDay) -> Result<Vec<Reason>> {
    let before = pool(world, plan).await?;
    let receipt = world.claims_for(&submission(plan, &world.patient, reference, day, vec![line])).await?;
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
    assert_eq!(receipt.adjudication.total.payer, Amount::ZERO);
    assert_eq!(pool(world, plan).await?, before);
    let settle = world.claims.settle(receipt.claim);
    assert_eq!(world.refused(&world.insurer, settle).await?, ClaimsError::NothingToPay);
    Ok(reasons(&receipt).remove(0))
}

#[tokio::test]
async fn a_claim_is_adjudicated_reserved_settled_and_the_money_adds_up() -> Result {
    let world = World::new().await?;
    let terms = PlanTerms {
        deductible: Amount(10 * UNIT),
        exceptions: vec![(Category::DiagnosticLab, CostShare { copay: Amount(UNIT), coinsurance: BasisPoints(0) })],
        ..terms()
    };
    let empty = held(&world).await?;
    let plan = world.ready_for_claims(&terms, POOL).await?;
    let fees = [(code(1), Amount(40 * UNIT))];
    world.run(&world.insurer, world.claims.set_fees(plan, &fees)).await?.event::<FeesSet>()?;
    assert_eq!(world.read(world.claims.fee(plan, code(1))).await?, Some(Amount(40 * UNIT)));
    assert_eq!(world.read(world.claims.fee(plan, code(2))).await?, None);
    assert_eq!(held(&world).await?, empty + POOL);

    let lines = vec![
        line(1, 50 * UNIT),
        Line { category: Category::DiagnosticLab, prior_paid: Amount(2 * UNIT), ..line(2, 5 * UNIT) },
        Line { category: Category::Surgical, ..line(3, 7 * UNIT) },
    ];
    let claimed = submission(plan, &world.patient, 1, yesterday(&world).await?, lines);
    let done = world.run(&world.doctor, world.claims.submit(&claimed)).await?;
    let submitted = done.event::<ClaimSubmitted>()?;
    assert_eq!((submitted.provider, &submitted.submission), (id(&world.doctor), &claimed));
    let receipt = done.forecast.clone();
    assert_eq!(done.event::<ClaimAdjudicated>()?.lines, receipt.adjudication.lines);
    // 50 charged, 40 allowed, 10 deductible, 20 % of 30; 5 less 1 copay and what another paid; surgery is not covered.
    let total = receipt.adjudication.total;
    assert_eq!(total.submitted, Amount(62 * UNIT));
    assert_eq!(total.adjustment, Amount(10 * UNIT));
    assert_eq!(total.prior_payer, Amount(2 * UNIT));
    assert_eq!(total.payer, Amount(27 * UNIT));
    let parts = total.payer.0 + total.patient().0 + total.adjustment.0 + total.prior_payer.0;
    assert_eq!(parts, total.submitted.0);
    assert_eq!(reasons(&receipt)[2], [Reason::NotCovered]);

    let reserved = Pool { funded: Amount(POOL), paid: Amount::ZERO, reserved: total.payer };
    assert_eq!(pool(&world, plan).await?, reserved);
    assert_eq!(
        world.read(world.claims.claim_by_reference(id(&world.doctor), Hash([1; 32]))).await?,
        Some(receipt.claim)
    );

    let doctor = account(&world.doctor);
    let before = world.chain.balance(&doctor).await?;
    let settled = world.run(&world.insurer, world.claims.settle(receipt.claim)).await?;
    assert_eq!(settled.forecast, total.payer);
    let event = settled.event::<ClaimSettled>()?;
    assert_eq!((event.provider, event.amount), (id(&world.doctor), total.payer));
    assert_eq!(world.chain.balance(&doctor).await?, before + total.payer.0, "exactly that");
    assert_eq!(held(&world).await?, empty + POOL - total.payer.0, "and nothing got lost");
    let paid = Pool { funded: Amount(POOL), paid: total.payer, reserved: Amount::ZERO };
    assert_eq!(pool(&world, plan).await?, paid);

    let free = paid.free();
    let one_more = world.claims.withdraw(plan, Amount(free.0 + 1));
    assert_eq!(world.refused(&world.insurer, one_more).await?, ClaimsError::PoolTooSmall);
    world.run(&world.insurer, world.claims.withdraw(plan, free)).await?.event::<PoolWithdrawn>()?;
    assert_eq!(held(&world).await?, empty, "funded = paid + withdrawn");
    Ok(())
}

#[tokio::test]
async fn each_cause_of_a_denial_is_named_on_the_line() -> Result {
    let world = World::new().await?;
    let waiting = world.insures(&PlanTerms { waiting_period: 40 * DAY, ..terms() }, POOL).await?;
    let plan = world.insures(&terms(), POOL).await?;
    let now = world.now().await?;
    let (today, long_ago) = (yesterday(&world).await?, day(&world.doctor, &world.patient, now, 100));

    let early = denial(&world, plan, 1, line(1, UNIT), long_ago).await?;
    assert_eq!(early, [Reason::CoverageInactive]);
    assert_eq!(denial(&world, waiting, 2, line(1, UNIT), today).await?, [Reason::WaitingPeriod]);
    assert_eq!(denial(&world, plan, 3, line(1, UNIT), today).await?, [Reason::NotCredentialed]);
    world.establish().await?;
    assert_eq!(denial(&world, plan, 4, line(1, UNIT), today).await?, [Reason::NoConsent]);
    world.consents(&for_payment(&world.insurer)).await?;
    let surgery = Line { category: Category::Surgical, ..line(1, UNIT) };
    assert_eq!(denial(&world, plan, 5, surgery, today).await?, [Reason::NotCovered]);

    let paid = world.claims_for(&submission(plan, &world.patient, 6, today, vec![line(1, UNIT)])).await?;
    assert_eq!(paid.adjudication.total.payer, Amount(UNIT * 8 / 10), "a denied service can be claimed again");
    assert_eq!(denial(&world, plan, 7, line(1, UNIT), today).await?, [Reason::Duplicate]);
    assert_eq!(denial(&world, waiting, 8, line(1, UNIT), today).await?, [Reason::WaitingPeriod]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_a_denial_is_a_reason_too() -> Result {
    let world = World::new().await?;
    let terms = PlanTerms {
        deductible: Amount(10),
        cost_share: CostShare { copay: Amount(5), coinsurance: BasisPoints(5_000) },
        out_of_pocket_maximum: Amount(60),
        benefit_maximum: Amount(100),
        ..terms()
    };
    let plan = world.ready_for_claims(&terms, POOL).await?;
    world.run(&world.insurer, world.claims.set_fees(plan, &[(code(1), Amount(50))])).await?;
    let prior = Line { prior_paid: Amount(10), ..line(1, 100) };
    let lines = vec![prior, line(2, 100), line(3, 100)];
    let receipt = world.claims_for(&submission(plan, &world.patient, 1, yesterday(&world).await?, lines)).await?;
    let all: ReasonSet = reasons(&receipt).concat().into_iter().collect();
    let expected = [
        Reason::FeeSchedule,
        Reason::Deductible,
        Reason::Copay,
        Reason::Coinsurance,
        Reason::OutOfPocketMaximum,
        Reason::BenefitMaximum,
        Reason::PriorPayer,
    ];
    assert_eq!(all, expected.into_iter().collect());
    let used = world.read(world.claims.coverages(plan, id(&world.patient))).await?[0].used;
    assert_eq!(used, receipt.adjudication.accumulators);
    assert!(used.out_of_pocket <= Amount(60) && used.benefit <= Amount(100) && used.deductible <= Amount(10));
    Ok(())
}

#[tokio::test]
async fn a_claim_that_the_pool_cannot_cover_waits_and_is_retried() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), UNIT).await?;
    let claimed = submission(plan, &world.patient, 1, yesterday(&world).await?, vec![line(1, 10 * UNIT)]);
    let done = world.run(&world.doctor, world.claims.submit(&claimed)).await?;
    let claim = done.forecast.claim;
    assert_eq!(done.forecast.status, ClaimStatus::Pended);
    assert_eq!(done.event::<ClaimPended>()?, ClaimPended { claim, amount: Amount(8 * UNIT) });
    assert_eq!(pool(&world, plan).await?.reserved, Amount::ZERO, "nothing is half reserved");
    assert_eq!(world.refused(&world.insurer, world.claims.settle(claim)).await?, ClaimsError::NotAdjudicated);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, ClaimsError::PoolTooSmall);
    let again = world.claims.submit(&claimed);
    assert_eq!(world.refused(&world.doctor, again).await?, ClaimsError::DuplicateClaim(claim));

    world.run(&world.stranger, world.claims.fund(plan, Amount(7 * UNIT))).await?.event::<PoolFunded>()?;
    let retried = world.run(&world.stranger, world.claims.retry(claim)).await?;
    assert_eq!(retried.event::<ClaimAdjudicated>()?.claim, claim);
    assert_eq!(pool(&world, plan).await?.free(), Amount::ZERO);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, ClaimsError::NotPended);
    assert_eq!(world.run(&world.insurer, world.claims.settle(claim)).await?.forecast, Amount(8 * UNIT));
    Ok(())
}

#[tokio::test]
async fn a_pended_claim_is_decided_by_what_holds_when_it_is_retried() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let given = world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures(&terms(), 0).await?;
    let today = yesterday(&world).await?;
    let receipt = world.claims_for(&submission(plan, &world.patient, 1, today, vec![line(1, UNIT)])).await?;
    assert_eq!(receipt.status, ClaimStatus::Pended);
    world.run(&world.patient, world.registry.revoke(given)).await?;
    let retried = world.run(&world.doctor, world.claims.retry(receipt.claim)).await?.forecast;
    assert_eq!(reasons(&retried), [[Reason::NoConsent]]);
    assert_eq!(retried.adjudication.total.payer, Amount::ZERO);
    Ok(())
}

#[tokio::test]
async fn a_claim_is_paid_once_and_before_its_due_date_only_by_the_insurer() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let today = yesterday(&world).await?;
    let claim = world.claims_for(&submission(plan, &world.patient, 1, today, vec![line(1, UNIT)])).await?.claim;
    for other in [&world.doctor, &world.patient, &world.governor, &world.stranger] {
        assert_eq!(world.refused(other, world.claims.settle(claim)).await?, ClaimsError::NotInsurer);
        let batch = world.run(other, world.claims.settle_batch(&[claim])).await?;
        assert_eq!(batch.forecast, [Err(ClaimsError::NotInsurer)]);
    }
    world.run(&world.insurer, world.claims.settle(claim)).await?;
    let before = pool(&world, plan).await?;
    assert_eq!(world.refused(&world.insurer, world.claims.settle(claim)).await?, ClaimsError::AlreadySettled);
    let twice = world.run(&world.insurer, world.claims.settle_batch(&[claim, claim])).await?;
    assert_eq!(twice.forecast, [Err(ClaimsError::AlreadySettled); 2]);
    assert_eq!(pool(&world, plan).await?, before);
    let unknown = world.claims.settle(ClaimId(99));
    assert_eq!(world.refused(&world.insurer, unknown).await?, ClaimsError::ClaimNotFound);
    assert_eq!(world.refused(&world.insurer, world.claims.retry(ClaimId(99))).await?, ClaimsError::ClaimNotFound);
    Ok(())
}

#[tokio::test]
async fn a_batch_pays_what_it_can_and_says_why_not_the_rest() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let today = yesterday(&world).await?;
    let mut claims = Vec::new();
    for number in 1..=3 {
        let lines = vec![line(number, u128::from(number) * UNIT)];
        claims.push(world.claims_for(&submission(plan, &world.patient, number, today, lines)).await?.claim);
    }
    world.run(&world.insurer, world.claims.settle(claims[1])).await?;
    let doctor = account(&world.doctor);
    let (before, held_before) = (world.chain.balance(&doctor).await?, held(&world).await?);
    let all = [claims[0], claims[1], ClaimId(99), claims[2], claims[0]];
    let done = world.run(&world.insurer, world.claims.settle_batch(&all)).await?;
    let expected = [
        Ok(Amount(UNIT * 8 / 10)),
        Err(ClaimsError::AlreadySettled),
        Err(ClaimsError::ClaimNotFound),
        Ok(Amount(UNIT * 24 / 10)),
        Err(ClaimsError::AlreadySettled),
    ];
    assert_eq!(done.forecast, expected);
    assert_eq!(done.events.iter().filter(|event| event.decode::<ClaimSettled>().is_some()).count(), 2);
    assert_eq!(world.chain.balance(&doctor).await?, before + UNIT * 32 / 10);
    assert_eq!(held(&world).await?, held_before - UNIT * 32 / 10);
    assert_eq!(pool(&world, plan).await?.reserved, Amount::ZERO);
    assert_eq!(world.run(&world.insurer, world.claims.settle_batch(&[])).await?.forecast, []);
    let too_many = world.claims.settle_batch(&[ClaimId(0); MAX_BATCH + 1]);
    assert_eq!(world.refused(&world.insurer, too_many).await?, ClaimsError::BatchTooLarge);
    Ok(())
}

/// The provider's account is gone, and what is due is less than the least that an account can hold.
#[tokio::test]
async fn a_transfer_that_the_chain_refuses_leaves_the_claim_to_be_paid_later() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let today = yesterday(&world).await?;
    let claim = world.claims_for(&submission(plan, &world.patient, 1, today, vec![line(1, 1_000)])).await?.claim;
    let keep = Value::bool(false);
    let to = Value::unnamed_variant("Id", [Value::from_bytes(account(&world.stranger).0)]);
    let leave = call("Balances", "transfer_all", [("dest", to), ("keep_alive", keep)]);
    world.raw.submit(&leave, &world.doctor).await??;
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, 0);

    let before = (pool(&world, plan).await?, held(&world).await?);
    assert_eq!(world.refused(&world.insurer, world.claims.settle(claim)).await?, ClaimsError::TransferFailed);
    let batch = world.run(&world.insurer, world.claims.settle_batch(&[claim])).await?;
    assert_eq!(batch.forecast, [Err(ClaimsError::TransferFailed)]);
    assert_eq!(batch.events, []);
    assert_eq!((pool(&world, plan).await?, held(&world).await?), before);
    let kept = world.read(world.claims.claim(claim)).await?.ok_or("no claim")?;
    assert_eq!(kept.status, ClaimStatus::Adjudicated);

    world.raw.endow(&[account(&world.doctor)], UNIT).await?;
    assert_eq!(world.run(&world.insurer, world.claims.settle(claim)).await?.forecast, Amount(800));
    Ok(())
}

#[tokio::test]
async fn only_free_money_can_be_withdrawn() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 10 * UNIT).await?;
    let today = yesterday(&world).await?;
    world.claims_for(&submission(plan, &world.patient, 1, today, vec![line(1, 10 * UNIT)])).await?;
    let too_much = world.claims.withdraw(plan, Amount(2 * UNIT + 1));
    assert_eq!(world.refused(&world.insurer, too_much).await?, ClaimsError::PoolTooSmall);
    let far_too_much = world.claims.withdraw(plan, Amount::UNLIMITED);
    assert_eq!(world.refused(&world.insurer, far_too_much).await?, ClaimsError::PoolTooSmall);
    world.run(&world.insurer, world.claims.withdraw(plan, Amount(2 * UNIT))).await?;
    let left = Pool { funded: Amount(8 * UNIT), paid: Amount::ZERO, reserved: Amount(8 * UNIT) };
    assert_eq!(pool(&world, plan).await?, left);

    let other = world.run(&world.stranger, world.claims.open_plan(&terms())).await?.event::<PlanOpened>()?.plan;
    let foreign = world.claims.withdraw(other, Amount(1));
    assert_eq!(world.refused(&world.stranger, foreign).await?, ClaimsError::PoolTooSmall, "pools are apart");
    Ok(())
}

#[tokio::test]
async fn the_wrong_caller_is_refused_on_every_privileged_message() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let member = id(&world.patient);
    let now = world.now().await?;
    let later = Period { start: now.plus(60 * DAY), end: now.plus(90 * DAY) };
    let before = pool(&world, plan).await?;
    let unknown = PlanId(plan.0 + 1);
    for other in [&world.governor, &world.doctor, &world.patient, &world.stranger] {
        for (named, error) in [(plan, ClaimsError::NotInsurer), (unknown, ClaimsError::PlanNotFound)] {
            assert_eq!(world.refused(other, world.claims.withdraw(named, Amount(1))).await?, error);
            assert_eq!(world.refused(other, world.claims.set_fees(named, &[(code(1), Amount(1))])).await?, error);
            assert_eq!(world.refused(other, world.claims.cover(named, member, later)).await?, error);
            assert_eq!(world.refused(other, world.claims.end_coverage(named, member, now.plus(DAY))).await?, error);
        }
    }
    assert_eq!(pool(&world, plan).await?, before);
    assert_eq!(world.read(world.claims.fee(plan, code(1))).await?, None);
    assert_eq!(world.read(world.claims.coverages(plan, member)).await?.len(), 1);
    let fund = world.claims.fund(unknown, Amount(1));
    assert_eq!(world.refused(&world.stranger, fund).await?, ClaimsError::PlanNotFound);
    assert_eq!(world.read(world.claims.plan(unknown)).await?, None);
    assert_eq!(world.read(world.claims.consent_registry()).await?, ink_account(world.registry.address()));
    assert_eq!(world.read(world.claims.access_grants()).await?, ink_account(world.grants.address()));
    Ok(())
}

#[tokio::test]
async fn plans_and_coverages_keep_their_bounds() -> Result {
    let world = World::new().await?;
    let above = CostShare { copay: Amount::ZERO, coinsurance: BasisPoints(10_001) };
    let exception = (Category::Surgical, CostShare { copay: Amount(1), coinsurance: BasisPoints(0) });
    for (broken, why) in [
        (PlanTerms { cost_share: above, ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
        (PlanTerms { exceptions: vec![(Category::Surgical, above)], ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
        (PlanTerms { exceptions: vec![exception; 2], ..terms() }, TermsMalformed::RepeatedCategory),
        (PlanTerms { covered: CategorySet::EMPTY, ..terms() }, TermsMalformed::CoversNothing),
    ] {
        let open = world.claims.open_plan(&broken);
        assert_eq!(world.refused(&world.insurer, open).await?, ClaimsError::TermsMalformed(why));
    }
    let plan = world.insures(&terms(), 0).await?;
    let member = id(&world.patient);
    let refused = |message| world.refused(&world.insurer, message);
    assert_eq!(refused(world.claims.fund(plan, Amount::ZERO)).await?, ClaimsError::NothingTransferred);
    let fees: Vec<_> = (0..=MAX_FEES as u32).map(|number| (tag(number), Amount(1))).collect();
    assert_eq!(refused(world.claims.set_fees(plan, &fees)).await?, ClaimsError::BatchTooLarge);
    world.run(&world.insurer, world.claims.set_fees(plan, &fees[..MAX_FEES])).await?;

    let now = world.now().await?;
    let cover = |start: Timestamp, end: Timestamp| world.claims.cover(plan, member, Period { start, end });
    assert_eq!(refused(cover(now.plus(40 * DAY), now.plus(40 * DAY))).await?, ClaimsError::EmptyPeriod);
    assert_eq!(refused(cover(now.plus(20 * DAY), now.plus(40 * DAY))).await?, ClaimsError::AlreadyCovered);
    assert_eq!(refused(cover(Timestamp(0), Timestamp(1))).await?, ClaimsError::AlreadyCovered);

    let end = |at: Timestamp| world.claims.end_coverage(plan, member, at);
    assert_eq!(refused(end(Timestamp(now.0 - 1))).await?, ClaimsError::InThePast);
    assert_eq!(refused(end(now.plus(100 * DAY))).await?, ClaimsError::NotCovered);
    let ended = world.run(&world.insurer, end(now.plus(DAY))).await?.event::<CoverageEnded>()?;
    assert_eq!(ended.end, now.plus(DAY));
    assert_eq!(refused(end(now.plus(DAY))).await?, ClaimsError::NotCovered);

    for number in 1..MAX_COVERAGES as u64 {
        let next = cover(now.plus(number * DAY), now.plus((number + 1) * DAY));
        world.run(&world.insurer, next).await?.event::<MemberCovered>()?;
    }
    let one_more = cover(now.plus(100 * DAY), now.plus(101 * DAY));
    assert_eq!(refused(one_more).await?, ClaimsError::TooManyCoverages);
    assert_eq!(world.read(world.claims.coverages(plan, member)).await?.len(), MAX_COVERAGES);
    Ok(())
}

fn tag(number: u32) -> CodeTag {
    let mut tag = [0; 16];
    tag[..4].copy_from_slice(&number.to_le_bytes());
    CodeTag(tag)
}

#[tokio::test]
async fn one_provider_claims_so_many_services_of_a_day_and_no_more() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let today = yesterday(&world).await?;
    let lines = |from: usize, count: usize| -> Vec<Line> {
        (from..from + count).map(|number| Line { code: tag(number as u32), ..line(0, 10) }).collect()
    };
    for batch in 0..MAX_SERVICES_PER_DAY / MAX_LINES {
        let lines = lines(batch * MAX_LINES, MAX_LINES);
        let receipt = world.claims_for(&submission(plan, &world.patient, batch as u8, today, lines)).await?;
        assert_eq!(receipt.adjudication.total.payer, Amount(8 * MAX_LINES as u128));
    }
    let one_more = submission(plan, &world.patient, 100, today, lines(MAX_SERVICES_PER_DAY, 1));
    let error = world.refused(&world.doctor, world.claims.submit(&one_more)).await?;
    assert_eq!(error, ClaimsError::TooManyServices);
    let known = submission(plan, &world.patient, 101, today, lines(0, 1));
    assert_eq!(reasons(&world.claims_for(&known).await?), [[Reason::Duplicate]]);
    Ok(())
}

#[tokio::test]
async fn the_same_service_twice_in_one_claim_is_paid_once() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let today = yesterday(&world).await?;
    let twice = submission(plan, &world.patient, 1, today, vec![line(1, UNIT), line(1, UNIT)]);
    let receipt = world.claims_for(&twice).await?;
    assert_eq!(receipt.adjudication.total.payer, Amount(UNIT * 8 / 10));
    assert_eq!(reasons(&receipt)[1], [Reason::Duplicate]);

    let other = world.run(&world.stranger, world.claims.open_plan(&terms())).await?.event::<PlanOpened>()?.plan;
    world.run(&world.stranger, world.claims.fund(other, Amount(POOL))).await?;
    let always = Period { start: Timestamp(0), end: Timestamp::MAX };
    world.run(&world.stranger, world.claims.cover(other, id(&world.patient), always)).await?;
    world.consents(&for_payment(&world.stranger)).await?;
    let elsewhere = submission(other, &world.patient, 2, today, vec![line(1, UNIT)]);
    assert_eq!(reasons(&world.claims_for(&elsewhere).await?), [[Reason::Duplicate]], "whichever insurer is asked");
    Ok(())
}

/// Claims that were told of the wrong contracts: what is there answers, but not as one of them.
#[tokio::test]
async fn without_an_answer_of_the_other_contracts_nothing_is_decided() -> Result {
    let world = World::new().await?;
    let code = bundles()?.claims.code;
    let (registry, grants) = (ink_account(world.registry.address()), ink_account(world.grants.address()));
    let today = yesterday(&world).await?;
    for (wrong, salt, error) in [
        ((registry, registry), b"grants", ClaimsError::AccessGrantsFailed),
        ((grants, grants), b"consen", ClaimsError::ConsentRegistryFailed),
    ] {
        let input = [&blake2b_256(b"new")[..4], &wrong.encode()].concat();
        let lonely = Claims::at(world.raw.instantiate(&world.governor, &code, &input, salt).await??);
        let plan = world.run(&world.insurer, lonely.open_plan(&terms())).await?.event::<PlanOpened>()?.plan;
        let claimed = submission(plan, &world.patient, 1, today, vec![line(1, UNIT)]);
        assert_eq!(world.refused(&world.doctor, lonely.submit(&claimed)).await?, error);
        assert_eq!(world.read(lonely.claim(ClaimId(0))).await?, None);
        assert_eq!(client_account(world.read(lonely.access_grants()).await?), client_account(wrong.1));
    }
    Ok(())
}
