//! Several settle at the same time, or do something else about the same claim in the same block: it is paid once or not at all.

use salus_client::message::Message;
use salus_client::rules::Rule;
use salus_client::settlement::{submit, Outcome};
use salus_client::Keypair;
use salus_domain::ids::ClaimId;
use salus_domain::money::Amount;
use salus_domain::plan::{Deadlines, PlanTerms};
use salus_e2e_tests::raw::{contracts_call, Call};
use salus_e2e_tests::samples::{line, terms, words, UNIT};
use salus_e2e_tests::{account, id, Result, World};
use salus_interface::claims::{Asset, ClaimStatus, ClaimsSettled};
use scale::Decode;
use std::collections::HashMap;

/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);

fn due_at_once() -> PlanTerms {
    PlanTerms { deadlines: Deadlines { settlement: 0, ..terms().deadlines }, ..terms() }
}

fn call<T: Decode, E: Decode + Rule>(world: &World, message: &Message<T, E>) -> Call {
    contracts_call(world.claims.address(), 0, message.input())
}

/// How often each claim was paid from a block on.
async fn paid(world: &World, from: u64) -> Result<HashMap<ClaimId, usize>> {
    let to = world.chain.block_number().await?;
    let told = world.chain.contract_events(world.claims.address(), from, to, |_| {}).await?;
    let payments = told.iter().filter_map(|found| found.event.decode::<ClaimsSettled>()).flat_map(|told| told.payments);
    let mut paid = HashMap::new();
    payments.for_each(|payment| *paid.entry(payment.claim).or_default() += 1);
    Ok(paid)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_clients_that_settle_the_same_claims_pay_each_once() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&due_at_once(), 100 * UNIT).await?;
    let mut claims = Vec::new();
    for number in 0..40 {
        claims.push(world.decides(plan, number, vec![line(number, UNIT)]).await?.claim);
    }
    let (from, before) = (world.chain.block_number().await?, world.chain.balance(&account(&world.doctor)).await?);
    let run = |who: &'static str| (who, claims.clone());
    let settle = |(who, mut claims): (&'static str, Vec<ClaimId>)| {
        let signer: &Keypair = match who {
            "insurer" => &world.insurer,
            "patient" => &world.patient,
            _ => &world.stranger,
        };
        if who == "patient" {
            claims.reverse();
        }
        let (chain, contract) = (&world.chain, &world.claims);
        async move {
            let mut outcomes = Vec::new();
            for batch in claims.chunks(4) {
                let settlement = submit(chain, signer, contract, batch).await;
                outcomes.extend(settlement.outcomes);
                if let Some(error) = settlement.stopped {
                    return Err(error.to_string());
                }
            }
            Ok(outcomes)
        }
    };
    let (first, second, third) = tokio::join!(settle(run("insurer")), settle(run("patient")), settle(run("stranger")));
    let mut settled = 0;
    for (_, outcome) in [first?, second?, third?].concat() {
        match outcome {
            Outcome::Settled(payment, _) => {
                assert_eq!(payment.amount, PAID);
                settled += 1;
            }
            Outcome::Before => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    assert_eq!(settled, claims.len(), "each is somebody's");
    let paid = paid(&world, from).await?;
    assert!(paid.len() == claims.len() && paid.values().all(|times| *times == 1), "{paid:?}");
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + 40 * PAID.0);
    Ok(())
}

#[tokio::test]
async fn what_meets_in_one_block_is_decided_by_its_order() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&due_at_once(), 10 * UNIT).await?;
    let claims = &world.claims;
    let twice = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let settle = call(&world, &claims.settle(&[twice.claim]));
    let block = world.in_one_block([(&world.insurer, settle.clone()), (&world.stranger, settle)]).await?;
    assert_eq!(paid(&world, block).await?, HashMap::from([(twice.claim, 1)]));

    // Taken back before it is paid, and after.
    let late = world.decides(plan, 2, vec![line(2, UNIT)]).await?;
    let settle = call(&world, &claims.settle(&[late.claim]));
    let reverse = call(&world, &claims.reverse(late.claim, words(1), &late.filing));
    let block = world.in_one_block([(&world.doctor, reverse), (&world.insurer, settle)]).await?;
    assert_eq!(paid(&world, block).await?, HashMap::new());
    assert_eq!(
        (world.status(late.claim).await?, world.debt(plan, id(&world.doctor)).await?),
        (ClaimStatus::Reversed, Amount(0))
    );
    let early = world.decides(plan, 3, vec![line(3, UNIT)]).await?;
    let settle = call(&world, &claims.settle(&[early.claim]));
    let reverse = call(&world, &claims.reverse(early.claim, words(1), &early.filing));
    let block = world.in_one_block([(&world.stranger, settle), (&world.doctor, reverse)]).await?;
    assert_eq!(paid(&world, block).await?, HashMap::from([(early.claim, 1)]));
    assert_eq!(world.debt(plan, id(&world.doctor)).await?, PAID);

    // The last money of a pool: withdrawn first, there is none for the claim; reserved first, there is none to withdraw.
    for (reference, withdrawn_first) in [(4, true), (5, false)] {
        let free = world.pool(plan).await?.free();
        let lines = vec![line(reference, free.0 * 10 / 8)];
        let claimed = world.claim_of(plan, reference, lines).await?;
        let submit = (&world.doctor, call(&world, &claims.submit(&claimed, None)));
        let withdraw = (&world.insurer, call(&world, &claims.withdraw(plan, free)));
        let calls = if withdrawn_first { [withdraw, submit] } else { [submit, withdraw] };
        world.in_one_block(calls).await?;
        let id = salus_domain::commitment::claim_id(
            &salus_client::blake2b_256,
            plan,
            salus_e2e_tests::person(&world.doctor),
            claimed.reference,
        );
        let expected = if withdrawn_first { ClaimStatus::AwaitsFunds } else { ClaimStatus::Adjudicated };
        assert_eq!(world.status(id).await?, expected);
        let pool = world.pool(plan).await?;
        assert!(pool.paid.0 + pool.reserved.0 <= pool.funded.0);
        world.run(&world.insurer, claims.fund(plan, Amount(UNIT), Asset::Native)).await?;
    }
    Ok(())
}
