//! Plans that are paid in PSP22 tokens: one that keeps to the standard, and one that does not.

use salus_client::{blake2b_256, ink_account};
use salus_domain::claim::Line;
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Deadlines, PlanTerms};
use salus_e2e_tests::samples::{for_payment, line, submission, terms, words, UNIT};
use salus_e2e_tests::tokens::{Behaviour, Token, SUPPLY};
use salus_e2e_tests::{account, id, Result, World};
use salus_interface::claims::{Asset, ClaimStatus, ClaimsError, ClaimsSettled, Payment, Pool, PoolFunded};
use scale::Encode;

const POOL: u128 = 100 * UNIT;
/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);

async fn behaves(world: &World, token: &Token, behaviour: Behaviour) -> Result {
    world.run(&world.stranger, token.behave(behaviour)).await?;
    Ok(())
}

/// The doctor is credentialed, and the patient is insured in a hostile token, which is honest at first.
async fn hostile(world: &World) -> Result<(Token, PlanId)> {
    let token = world.hostile_token().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures_in(&token, &terms(), POOL).await?;
    Ok((token, plan))
}

async fn claimed(world: &World, plan: PlanId, number: u8) -> Result<ClaimId> {
    Ok(world.decides(plan, number, vec![line(number, UNIT)]).await?.claim)
}

#[tokio::test]
async fn a_plan_in_a_token_is_funded_settled_set_off_repaid_and_emptied() -> Result {
    let world = World::new().await?;
    let token = world.token().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures_in(&token, &terms(), POOL).await?;
    let asset = token.asset();
    let native = world.held().await?;
    let insurer = account(&world.insurer);
    assert_eq!((world.held_of(&token).await?, world.has(&token, &insurer).await?), (POOL, SUPPLY - POOL));

    let refused = |message| world.refused(&world.insurer, message);
    let unapproved = world.claims.fund(plan, Amount(1), asset);
    assert_eq!(refused(unapproved).await?, ClaimsError::TransferFailed);
    let in_native = world.claims.fund(plan, Amount(1), Asset::Native);
    assert_eq!(refused(in_native).await?, ClaimsError::WrongValue);
    let nothing = world.claims.fund(plan, Amount::ZERO, asset);
    assert_eq!(refused(nothing).await?, ClaimsError::NothingTransferred);

    let first = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let done = world.run(&world.insurer, world.claims.settle(&[first.claim])).await?;
    let payment = Payment { claim: first.claim, amount: PAID, withheld: Amount::ZERO };
    let told = ClaimsSettled { provider: world.doctor_id(), asset, payments: vec![payment] };
    assert_eq!(done.event::<ClaimsSettled>()?, told);
    assert_eq!((world.earned(&token).await?, world.held_of(&token).await?), (PAID.0, POOL - PAID.0));

    world.run(&world.insurer, world.claims.reverse(first.claim, words(1), &first.filing)).await?;
    let doctor = world.doctor_id();
    world.approves(&world.doctor, &token, PAID.0).await?;
    let half = Amount(PAID.0 / 2);
    world.run(&world.doctor, world.claims.repay(plan, doctor, half, asset)).await?;
    assert_eq!(world.debt(plan, doctor).await?, half);
    let second = claimed(&world, plan, 2).await?;
    let done = world.run(&world.insurer, world.claims.settle(&[second])).await?;
    assert_eq!(done.event::<ClaimsSettled>()?.payments[0].withheld, half);
    assert_eq!(world.earned(&token).await?, PAID.0, "half paid back, half set off, once paid in all");

    let left = Pool { funded: Amount(POOL), paid: PAID, ..Pool::default() };
    assert_eq!(world.pool(plan).await?, left);
    assert_eq!(world.held_of(&token).await?, POOL - PAID.0, "what is funded and not paid");
    world.run(&world.insurer, world.claims.withdraw(plan, left.free())).await?;
    assert_eq!((world.held_of(&token).await?, world.has(&token, &insurer).await?), (0, SUPPLY - PAID.0));
    assert_eq!(world.held().await?, native, "none of the native token has moved");
    Ok(())
}

#[tokio::test]
async fn claims_in_several_assets_are_settled_in_one_batch() -> Result {
    let world = World::new().await?;
    let native = world.ready_for_claims(&terms(), POOL).await?;
    let token = world.token().await?;
    let in_token = world.insures_in(&token, &terms(), POOL).await?;
    let claims = [
        claimed(&world, native, 1).await?,
        claimed(&world, in_token, 2).await?,
        claimed(&world, native, 3).await?,
        claimed(&world, in_token, 4).await?,
    ];
    let before = world.chain.balance(&account(&world.doctor)).await?;
    assert_eq!(world.settles(&world.insurer, &claims).await?, [Ok(PAID); 4]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + 2 * PAID.0);
    assert_eq!(world.earned(&token).await?, 2 * PAID.0);
    Ok(())
}

/// All there is of the token goes in, out and in again: what was funded in all does not fit any more.
#[tokio::test]
async fn a_pool_that_would_be_larger_than_128_bits_is_refused() -> Result {
    let world = World::new().await?;
    let token = world.token_of("token", u128::MAX).await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures_in(&token, &terms(), u128::MAX).await?;
    let all = world.decides(plan, 1, vec![line(1, u128::MAX)]).await?;
    let paid = all.filing.lines[0].split;
    assert_eq!(paid.payer.0 + paid.coinsurance.0, u128::MAX);
    assert_eq!(world.settles(&world.insurer, &[all.claim]).await?, [Ok(paid.payer)]);
    world.approves(&world.doctor, &token, u128::MAX).await?;
    let again = world.claims.fund(plan, Amount(1), token.asset());
    assert_eq!(world.refused(&world.doctor, again).await?, ClaimsError::PoolOverflow);
    assert_eq!(world.earned(&token).await?, paid.payer.0);
    assert_eq!(world.pool(plan).await?.free(), paid.coinsurance);
    Ok(())
}

#[tokio::test]
async fn only_what_arrives_is_counted_as_funded_or_repaid() -> Result {
    let world = World::new().await?;
    let (token, plan) = hostile(&world).await?;
    let fund = |amount| world.claims.fund(plan, Amount(amount), token.asset());
    let before = world.pool(plan).await?;
    for behaviour in [Behaviour::Lie, Behaviour::Refuse, Behaviour::Trap, Behaviour::Fee(UNIT)] {
        behaves(&world, &token, behaviour).await?;
        assert_eq!(world.refused(&world.insurer, fund(UNIT)).await?, ClaimsError::TransferFailed);
    }
    let done = world.run(&world.insurer, fund(3 * UNIT)).await?;
    assert_eq!(done.event::<PoolFunded>()?.amount, Amount(2 * UNIT));
    assert_eq!(world.pool(plan).await?.funded, Amount(before.funded.0 + 2 * UNIT));
    assert_eq!(world.held_of(&token).await?, POOL + 2 * UNIT);

    behaves(&world, &token, Behaviour::Honest).await?;
    let first = world.decides(plan, 1, vec![line(1, 10 * UNIT)]).await?;
    world.settles(&world.insurer, &[first.claim]).await?;
    world.run(&world.doctor, world.claims.reverse(first.claim, words(1), &first.filing)).await?;
    behaves(&world, &token, Behaviour::Fee(UNIT)).await?;
    let repay = world.claims.repay(plan, world.doctor_id(), Amount(3 * UNIT), token.asset());
    world.run(&world.doctor, repay).await?;
    assert_eq!(world.debt(plan, world.doctor_id()).await?, Amount(6 * UNIT));
    let pool = world.pool(plan).await?;
    assert_eq!(world.held_of(&token).await?, pool.funded.0 - pool.paid.0);
    Ok(())
}

#[tokio::test]
async fn a_token_that_fails_keeps_its_claims_waiting_and_no_others() -> Result {
    let world = World::new().await?;
    let (token, plan) = hostile(&world).await?;
    let native = world.insures(&terms(), POOL).await?;
    let good = world.token().await?;
    let in_good = world.insures_in(&good, &terms(), POOL).await?;
    let mut number = 0;
    for behaviour in [Behaviour::Refuse, Behaviour::Trap] {
        let claims = [
            claimed(&world, native, number + 1).await?,
            claimed(&world, plan, number + 2).await?,
            claimed(&world, in_good, number + 3).await?,
            claimed(&world, plan, number + 4).await?,
        ];
        number += 4;
        behaves(&world, &token, behaviour).await?;
        let (before, earned) = (world.pool(plan).await?, world.earned(&good).await?);
        let failed = Err(ClaimsError::TransferFailed);
        assert_eq!(world.settles(&world.insurer, &claims).await?, [Ok(PAID), failed, Ok(PAID), failed]);
        assert_eq!(world.pool(plan).await?, before);
        assert_eq!(world.earned(&good).await?, earned + PAID.0);
        for claim in [claims[1], claims[3]] {
            let kept = world.kept_claim(claim).await?;
            assert_eq!((kept.status, kept.paid), (ClaimStatus::Adjudicated, Amount::ZERO));
        }
        let withdraw = world.claims.withdraw(plan, Amount(1));
        assert_eq!(world.refused(&world.insurer, withdraw).await?, ClaimsError::TransferFailed);
        assert_eq!(world.pool(plan).await?, before);

        behaves(&world, &token, Behaviour::Honest).await?;
        let again = world.settles(&world.insurer, &claims).await?;
        let settled = Err(ClaimsError::AlreadySettled);
        assert_eq!(again, [settled, Ok(PAID), settled, Ok(PAID)]);
    }
    assert_eq!(world.earned(&token).await?, 4 * PAID.0);
    assert_eq!(world.held_of(&token).await?, POOL - 4 * PAID.0);
    Ok(())
}

/// While it is asked to move something, the token calls claims, and would then do what it was asked to: whatever it calls, the
/// transfer fails and nothing has changed. The same call to anybody else gets through.
#[tokio::test]
async fn a_token_that_calls_back_gets_nowhere() -> Result {
    let world = World::new().await?;
    let token = world.hostile_token().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    // What is due at once anybody may settle, the token too.
    let at_once = PlanTerms { deadlines: Deadlines { settlement: 0, ..terms().deadlines }, ..terms() };
    let plan = world.insures_in(&token, &at_once, POOL).await?;
    let native = world.insures(&at_once, POOL).await?;
    let claims = [claimed(&world, plan, 1).await?, claimed(&world, native, 2).await?];
    let pended = world.claims_for(&world.claim_of(plan, 3, vec![line(3, 1_000 * UNIT)]).await?).await?.claim;
    let another = world.claim_of(plan, 4, vec![Line { quantity: 2, ..line(4, UNIT) }]).await?;
    let settle = world.claims.settle(&claims).input().to_vec();
    let messages = [
        settle.clone(),
        world.claims.settle(&claims[1..]).input().to_vec(),
        world.claims.withdraw(plan, Amount(UNIT)).input().to_vec(),
        world.claims.fund(plan, Amount(UNIT), token.asset()).input().to_vec(),
        world.claims.submit(&another, None).input().to_vec(),
        world.claims.retry(pended).input().to_vec(),
        world.claims.open_plan(Asset::Native, id(&world.arbiter), 1, &terms()).input().to_vec(),
        [&blake2b_256(b"Claims::plan")[..4], &plan.encode()].concat(),
    ];
    let state = || async {
        let pools = (world.pool(plan).await?, world.pool(native).await?);
        let kept = (world.status(claims[0]).await?, world.status(claims[1]).await?, world.status(pended).await?);
        let held = (world.held_of(&token).await?, world.held().await?, world.earned(&token).await?);
        let opened = world.read(world.claims.plan(PlanId(native.0 + 1))).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((pools, kept, held, opened))
    };
    let before = state().await?;
    for input in messages {
        behaves(&world, &token, Behaviour::Reenter { target: world.claims_id(), input }).await?;
        let failed = ClaimsError::TransferFailed;
        assert_eq!(world.settles(&world.insurer, &claims[..1]).await?, [Err(failed)]);
        let fund = world.claims.fund(plan, Amount(UNIT), token.asset());
        assert_eq!(world.refused(&world.insurer, fund).await?, failed);
        let withdraw = world.claims.withdraw(plan, Amount(UNIT));
        assert_eq!(world.refused(&world.insurer, withdraw).await?, failed);
        assert_eq!(state().await?, before);
    }
    // Another claim of the batch is paid all the same.
    assert_eq!(world.settles(&world.insurer, &claims).await?, [Err(ClaimsError::TransferFailed), Ok(PAID)]);
    let elsewhere = ink_account(world.registry.address());
    behaves(&world, &token, Behaviour::Reenter { target: elsewhere, input: settle }).await?;
    assert_eq!(world.settles(&world.stranger, &claims[..1]).await?, [Ok(PAID)]);
    Ok(())
}

/// Two plans in one hostile token, whose pools the contract's balance does not tell apart: each is paid out of its own only.
#[tokio::test]
async fn pools_in_one_token_are_apart() -> Result {
    let world = World::new().await?;
    let (token, plan) = hostile(&world).await?;
    let other = world.insures_in(&token, &terms(), UNIT / 2).await?;
    let today = world.yesterday().await?;
    let claimed = submission(other, &world.patient, 1, today, vec![line(1, UNIT)]);
    assert_eq!(world.claims_for(&claimed).await?.status, ClaimStatus::AwaitsFunds);
    let withdraw = world.claims.withdraw(other, Amount(UNIT / 2 + 1));
    assert_eq!(world.refused(&world.insurer, withdraw).await?, ClaimsError::PoolTooSmall);
    let sum = world.pool(plan).await?.funded.0 + world.pool(other).await?.funded.0;
    assert_eq!(world.held_of(&token).await?, sum);
    Ok(())
}
