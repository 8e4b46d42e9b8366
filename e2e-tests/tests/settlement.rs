//! Claims are paid: once, to their providers only, whatever gets in the way of others.

use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Deadlines, PlanTerms};
use salus_e2e_tests::claims::{all, Decided};
use salus_e2e_tests::raw::call;
use salus_e2e_tests::samples::{line, submission, terms, words, DAY, UNIT};
use salus_e2e_tests::{account, id, Result, World};
use salus_interface::claims::Asset;
use salus_interface::claims::{ClaimStatus, ClaimsError, ClaimsSettled, DebtPaid, Payment, Pool, MAX_BATCH};
use subxt::dynamic::Value;

const POOL: u128 = 100 * UNIT;
/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);

/// Claims of one token each, with references and procedures from `first` on.
async fn claims_of(world: &World, plan: PlanId, first: u8, count: u8) -> Result<Vec<ClaimId>> {
    let mut claims = Vec::new();
    for number in first..first + count {
        claims.push(world.decides(plan, number, vec![line(number, UNIT)]).await?.claim);
    }
    Ok(claims)
}

#[tokio::test]
async fn a_claim_is_paid_once_and_before_its_due_date_only_by_the_insurer() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let claim = world.decides(plan, 1, vec![line(1, UNIT)]).await?.claim;
    for other in [&world.doctor, &world.patient, &world.arbiter, &world.governor, &world.stranger] {
        assert_eq!(world.settles(other, &[claim]).await?, [Err(ClaimsError::NotInsurer)]);
    }
    let twice = world.run(&world.insurer, world.claims.settle(&[claim, claim])).await?;
    assert_eq!(twice.forecast, [Ok(PAID), Err(ClaimsError::AlreadySettled)]);
    assert_eq!(all::<ClaimsSettled, _>(&twice).len(), 1);
    let before = (world.pool(plan).await?, world.held().await?);
    assert_eq!(world.settles(&world.insurer, &[claim, claim]).await?, [Err(ClaimsError::AlreadySettled); 2]);
    assert_eq!((world.pool(plan).await?, world.held().await?), before);
    let unknown = ClaimId([99; 32]);
    assert_eq!(world.settles(&world.insurer, &[unknown]).await?, [Err(ClaimsError::ClaimNotFound)]);
    Ok(())
}

#[tokio::test]
async fn a_batch_pays_what_it_can_in_one_transfer_and_says_why_not_the_rest() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let claims = claims_of(&world, plan, 1, 3).await?;
    world.settles(&world.insurer, &[claims[1]]).await?;
    let denied = world.decides(plan, 9, vec![line(1, UNIT)]).await?.claim;
    let doctor = account(&world.doctor);
    let (before, held_before) = (world.chain.balance(&doctor).await?, world.held().await?);
    let mixed = [claims[0], claims[1], ClaimId([99; 32]), claims[2], claims[0], denied];
    let done = world.run(&world.insurer, world.claims.settle(&mixed)).await?;
    let expected = [
        Ok(PAID),
        Err(ClaimsError::AlreadySettled),
        Err(ClaimsError::ClaimNotFound),
        Ok(PAID),
        Err(ClaimsError::AlreadySettled),
        Err(ClaimsError::NothingToPay),
    ];
    assert_eq!(done.forecast, expected);
    let payment = |claim| Payment { claim, amount: PAID, withheld: Amount::ZERO };
    let payments = vec![payment(claims[0]), payment(claims[2])];
    let told = ClaimsSettled { provider: id(&world.doctor), asset: Asset::Native, payments };
    assert_eq!(all::<ClaimsSettled, _>(&done), [told]);
    assert_eq!(world.chain.balance(&doctor).await?, before + 2 * PAID.0);
    assert_eq!(world.held().await?, held_before - 2 * PAID.0);
    assert_eq!(world.pool(plan).await?.reserved, Amount::ZERO);
    assert_eq!(world.settles(&world.insurer, &[]).await?, []);
    let too_many = world.claims.settle(&[ClaimId([0; 32]); MAX_BATCH + 1]);
    assert_eq!(world.refused(&world.insurer, too_many).await?, ClaimsError::BatchTooLarge);
    Ok(())
}

#[tokio::test]
async fn a_hundred_claims_of_two_providers_are_paid_in_two_transfers() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let other = world.another_doctor().await?;
    let today = world.yesterday().await?;
    let mut claims = Vec::new();
    for number in 0..(MAX_BATCH / 2) as u8 {
        for provider in [&world.doctor, &other] {
            let claimed = submission(plan, &world.patient, number, today, vec![line(number, UNIT)]);
            claims.push(world.decides_for(provider, &claimed).await?.claim);
        }
    }
    let balances = || async {
        let (first, second) = (account(&world.doctor), account(&other));
        Ok::<_, salus_client::ClientError>((world.chain.balance(&first).await?, world.chain.balance(&second).await?))
    };
    let (before, held) = (balances().await?, world.held().await?);
    let done = world.run(&world.insurer, world.claims.settle(&claims)).await?;
    assert_eq!(done.forecast, [Ok(PAID); MAX_BATCH]);
    let told = all::<ClaimsSettled, _>(&done);
    assert_eq!(told.iter().map(|told| told.payments.len()).collect::<Vec<_>>(), [50, 50]);
    let half = 50 * PAID.0;
    assert_eq!(balances().await?, (before.0 + half, before.1 + half));
    assert_eq!(world.held().await?, held - 2 * half);
    Ok(())
}

/// The same plan, on which anybody may settle at once.
fn due_at_once() -> PlanTerms {
    PlanTerms { deadlines: Deadlines { settlement: 0, ..terms().deadlines }, ..terms() }
}

#[tokio::test]
async fn anybody_settles_what_is_due_and_only_the_provider_is_paid() -> Result {
    let world = World::new().await?;
    let due = world.ready_for_claims(&due_at_once(), POOL).await?;
    let later = world.insures(&terms(), POOL).await?;
    let claims = [
        world.decides(due, 1, vec![line(1, UNIT)]).await?.claim,
        world.decides(later, 2, vec![line(2, UNIT)]).await?.claim,
    ];
    let before = world.chain.balance(&account(&world.doctor)).await?;
    let settled = world.settles(&world.stranger, &claims).await?;
    assert_eq!(settled, [Ok(PAID), Err(ClaimsError::NotInsurer)]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + PAID.0);
    let withdraw = world.claims.withdraw(due, Amount(1));
    assert_eq!(world.refused(&world.stranger, withdraw).await?, ClaimsError::NotInsurer, "only that is free to all");
    Ok(())
}

/// The provider's account is gone, and what is due is less than the least that an account can hold.
#[tokio::test]
async fn a_transfer_that_the_chain_refuses_leaves_the_claim_to_be_paid_later() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let other = world.another_doctor().await?;
    let claim = world.decides(plan, 1, vec![line(1, 1_000)]).await?.claim;
    let today = world.yesterday().await?;
    let good = submission(plan, &world.patient, 2, today, vec![line(1, UNIT)]);
    let good = world.decides_for(&other, &good).await?.claim;
    let keep = Value::bool(false);
    let to = Value::unnamed_variant("Id", [Value::from_bytes(account(&world.stranger).0)]);
    let leave = call("Balances", "transfer_all", [("dest", to), ("keep_alive", keep)]);
    world.raw.submit(&leave, &world.doctor).await??;
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, 0);

    let before = (world.pool(plan).await?, world.held().await?);
    let refused = world.run(&world.insurer, world.claims.settle(&[claim])).await?;
    assert_eq!(refused.forecast, [Err(ClaimsError::TransferFailed)]);
    assert_eq!(refused.events, []);
    assert_eq!((world.pool(plan).await?, world.held().await?), before);
    assert_eq!(world.status(claim).await?, ClaimStatus::Adjudicated);
    let batch = world.settles(&world.insurer, &[claim, good]).await?;
    assert_eq!(batch, [Err(ClaimsError::TransferFailed), Ok(PAID)], "it does not keep the others back");
    let left = Pool { funded: Amount(POOL), paid: PAID, reserved: Amount(800), owed: Amount::ZERO };
    assert_eq!(world.pool(plan).await?, left);

    world.raw.endow(&[account(&world.doctor)], UNIT).await?;
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Ok(Amount(800))]);
    Ok(())
}

#[tokio::test]
async fn only_free_money_can_be_withdrawn() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 10 * UNIT).await?;
    world.decides(plan, 1, vec![line(1, 10 * UNIT)]).await?;
    let too_much = world.claims.withdraw(plan, Amount(2 * UNIT + 1));
    assert_eq!(world.refused(&world.insurer, too_much).await?, ClaimsError::PoolTooSmall);
    let far_too_much = world.claims.withdraw(plan, Amount::UNLIMITED);
    assert_eq!(world.refused(&world.insurer, far_too_much).await?, ClaimsError::PoolTooSmall);
    world.run(&world.insurer, world.claims.withdraw(plan, Amount(2 * UNIT))).await?;
    let left = Pool { funded: Amount(8 * UNIT), reserved: Amount(8 * UNIT), ..Pool::default() };
    assert_eq!(world.pool(plan).await?, left);

    let other = world.opens(&world.stranger, Asset::Native, &terms()).await?;
    let foreign = world.claims.withdraw(other, Amount(1));
    assert_eq!(world.refused(&world.stranger, foreign).await?, ClaimsError::PoolTooSmall, "pools are apart");
    Ok(())
}

/// The pool runs dry in the middle of what is claimed: what it covers is paid, the rest waits, and in the end each claim is
/// settled once.
#[tokio::test]
async fn a_pool_that_runs_dry_pays_every_claim_once_in_the_end() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 5 * PAID.0 / 2).await?;
    let mut claims = Vec::new();
    for number in 0..5 {
        claims.push(world.claims_for(&world.claim_of(plan, number, vec![line(number, UNIT)]).await?).await?);
    }
    let decided = claims.iter().map(|receipt| receipt.status == ClaimStatus::Adjudicated);
    assert_eq!(decided.collect::<Vec<_>>(), [true, true, false, false, false]);
    let claims: Vec<_> = claims.iter().map(|receipt| receipt.claim).collect();
    let before = world.chain.balance(&account(&world.doctor)).await?;
    let waits = Err(ClaimsError::NotAdjudicated);
    assert_eq!(world.settles(&world.insurer, &claims).await?, [Ok(PAID), Ok(PAID), waits, waits, waits]);

    world.funds(&world.stranger, plan, PAID.0).await?;
    for (claim, refusal) in [(claims[2], None), (claims[3], Some(ClaimsError::PoolTooSmall))] {
        let retry = world.claims.retry(claim);
        match refusal {
            None => drop(world.run(&world.stranger, retry).await?),
            Some(error) => assert_eq!(world.refused(&world.stranger, retry).await?, error),
        }
    }
    world.funds(&world.insurer, plan, 2 * PAID.0).await?;
    for claim in &claims[3..] {
        world.run(&world.stranger, world.claims.retry(*claim)).await?;
    }
    let settled = Err(ClaimsError::AlreadySettled);
    let last = world.settles(&world.insurer, &claims).await?;
    assert_eq!(last, [settled, settled, Ok(PAID), Ok(PAID), Ok(PAID)]);
    assert_eq!(world.settles(&world.insurer, &claims).await?, [settled; 5]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + 5 * PAID.0);
    assert_eq!(world.pool(plan).await?.paid, Amount(5 * PAID.0));
    Ok(())
}

/// What is settled pays off debts first; what is repaid is free again.
#[tokio::test]
async fn what_a_provider_owes_is_set_off_or_paid_back() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let Decided { claim: wrong, filing } = world.decides(plan, 1, vec![line(1, 2 * UNIT)]).await?;
    world.settles(&world.insurer, &[wrong]).await?;
    world.run(&world.insurer, world.claims.reverse(wrong, words(1), &filing)).await?;
    let doctor = id(&world.doctor);
    assert_eq!(world.debt(plan, doctor).await?, Amount(2 * PAID.0));
    let owed =
        Pool { funded: Amount(POOL), paid: Amount(2 * PAID.0), reserved: Amount::ZERO, owed: Amount(2 * PAID.0) };
    assert_eq!(world.pool(plan).await?, owed);

    let claims = claims_of(&world, plan, 2, 3).await?;
    let (before, held) = (world.chain.balance(&account(&world.doctor)).await?, world.held().await?);
    let done = world.run(&world.insurer, world.claims.settle(&claims[..1])).await?;
    let payment = Payment { claim: claims[0], amount: PAID, withheld: PAID };
    assert_eq!(done.event::<ClaimsSettled>()?.payments, [payment]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before, "all of it was set off");
    assert_eq!(world.debt(plan, doctor).await?, PAID);

    let too_much = world.claims.repay(plan, doctor, Amount(PAID.0 + 1), Asset::Native);
    assert_eq!(world.refused(&world.stranger, too_much).await?, ClaimsError::NothingOwed);
    let nothing = world.claims.repay(plan, doctor, Amount::ZERO, Asset::Native);
    assert_eq!(world.refused(&world.stranger, nothing).await?, ClaimsError::NothingTransferred);
    let part = Amount(PAID.0 / 4);
    let repaid = world.run(&world.stranger, world.claims.repay(plan, doctor, part, Asset::Native)).await?;
    assert_eq!(repaid.event::<DebtPaid>()?, DebtPaid { plan, provider: doctor, amount: part });
    assert_eq!(world.held().await?, held + part.0);

    let left = PAID.0 - part.0;
    let settled = world.run(&world.insurer, world.claims.settle(&claims[1..])).await?;
    let withheld: Vec<_> = settled.event::<ClaimsSettled>()?.payments.iter().map(|paid| paid.withheld.0).collect();
    assert_eq!(withheld, [left, 0]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + 2 * PAID.0 - left);
    assert_eq!(world.debt(plan, doctor).await?, Amount::ZERO);
    let pool = world.pool(plan).await?;
    let even = Pool { funded: Amount(POOL), paid: Amount(3 * PAID.0), reserved: Amount::ZERO, owed: Amount::ZERO };
    assert_eq!(pool, even);
    let unknown = world.claims.repay(PlanId(plan.0 + 1), doctor, part, Asset::Native);
    assert_eq!(world.refused(&world.stranger, unknown).await?, ClaimsError::PlanNotFound);
    Ok(())
}

#[tokio::test]
async fn a_settlement_period_of_a_day_is_over_after_a_day() -> Result {
    let node = salus_e2e_tests::node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let claim = world.decides(plan, 1, vec![line(1, UNIT)]).await?.claim;
    let early = [Err(ClaimsError::NotInsurer)];
    assert_eq!(world.settles(&world.doctor, &[claim]).await?, early);
    world.chain.advance_clock(DAY / 2).await?;
    assert_eq!(world.settles(&world.doctor, &[claim]).await?, early);
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.settles(&world.stranger, &[claim]).await?, [Ok(PAID)]);
    assert_eq!(world.settles(&world.doctor, &[claim]).await?, [Err(ClaimsError::AlreadySettled)]);
    Ok(())
}

/// A decision stands: what changes afterwards does not change what is paid.
#[tokio::test]
async fn what_is_decided_is_paid_whatever_ends_in_the_meantime() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let claim = world.decides(plan, 1, vec![line(1, UNIT)]).await?.claim;
    world.run(&world.patient, world.registry.revoke_all()).await?;
    world.run(&world.authority, world.grants.suspend(id(&world.doctor), id(&world.hospital), true)).await?;
    let end = world.now().await?.plus(DAY);
    world.run(&world.insurer, world.claims.end_coverage(plan, id(&world.patient), end)).await?;
    world.run(&world.insurer, world.claims.set_frozen(plan, true)).await?;
    world.run(&world.insurer, world.claims.withdraw(plan, Amount(POOL - PAID.0))).await?;
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Ok(PAID)]);
    assert_eq!(world.pool(plan).await?.free(), Amount::ZERO);
    Ok(())
}
