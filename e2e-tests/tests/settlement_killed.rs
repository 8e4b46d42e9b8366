//! The node is killed again and again while an insurer settles, and each time both are started again: in the end every claim
//! is settled exactly once.

use salus_client::settlement::{submit, Outcome};
use salus_client::Chain;
use salus_domain::ids::ClaimId;
use salus_domain::money::Amount;
use salus_e2e_tests::raw::Raw;
use salus_e2e_tests::samples::{line, submission, terms, UNIT};
use salus_e2e_tests::{account, OwnNode, Result, World};
use salus_interface::claims::{ClaimStatus, ClaimsSettled};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How many claims there are, of how many providers.
const CLAIMS: u8 = 90;
const PROVIDERS: usize = 3;
/// How many the insurer's client is given at a time, so that there are many transactions.
const AT_A_TIME: usize = 2;
/// After how many settled batches it is killed: at least one, and so many at most.
const LIFE: u32 = 5;
/// Up to how many milliseconds later it is.
const LATER: u64 = 20;
/// When it is left alone.
const PATIENCE: Duration = Duration::from_secs(240);
const PAID: Amount = Amount(UNIT * 8 / 10);

/// The insurer's client: settles all, tells of each batch that it settled, and says whether it came to the end.
async fn settle_all(url: &str, world: &World, claims: &[ClaimId], settled: &Semaphore) -> bool {
    let Ok(chain) = Chain::connect(url).await else { return false };
    for batch in claims.chunks(AT_A_TIME) {
        let settlement = submit(&chain, &world.insurer, &world.claims, batch).await;
        let done = |outcome: &Outcome| matches!(outcome, Outcome::Settled(..) | Outcome::Before);
        if settlement.stopped.is_some() || !settlement.outcomes.iter().all(|(_, outcome)| done(outcome)) {
            return false;
        }
        if settlement.outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Settled(..))) {
            settled.add_permits(1);
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_claim_is_settled_once_however_often_the_node_is_killed() -> Result {
    let folder = tempfile::tempdir()?;
    let mut node = OwnNode::kept_in(folder.path()).await?;
    let mut world = World::on(&node.url).await?;
    let plan = world.ready_for_claims(&terms(), 100 * UNIT).await?;
    let mut providers = Vec::new();
    for _ in 0..PROVIDERS {
        providers.push(world.another_doctor().await?);
    }
    let today = world.yesterday().await?;
    let mut claims = Vec::new();
    for number in 0..CLAIMS {
        let provider = &providers[usize::from(number) % PROVIDERS];
        let claimed = submission(plan, &world.patient, number, today, vec![line(number, UNIT)]);
        claims.push(world.decides_for(provider, &claimed).await?.claim);
    }
    let mut before = Vec::new();
    for provider in &providers {
        before.push(world.chain.balance(&account(provider)).await?);
    }
    let first_block = world.chain.block_number().await?;

    let mut moments = fastrand::Rng::with_seed(5);
    let (begun, mut kills) = (Instant::now(), 0);
    loop {
        let (life, later) = (moments.u32(1..=LIFE), Duration::from_millis(moments.u64(..LATER)));
        let settled = Semaphore::new(0);
        let doom = async {
            if begun.elapsed() > PATIENCE || settled.acquire_many(life).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(later).await;
        };
        let is_done = tokio::select! {
            is_done = settle_all(&node.url, &world, &claims, &settled) => is_done,
            () = doom => false,
        };
        if is_done {
            break;
        }
        assert!(begun.elapsed() < 2 * PATIENCE, "settled within {PATIENCE:?} of a node that is left alone");
        node.kill()?;
        kills += 1;
        node = OwnNode::kept_in(folder.path()).await?;
        world.chain = Chain::connect(&node.url).await?;
        world.raw = Raw::connect(&node.url).await?;
    }
    assert!(kills > 2, "killed {kills} times");

    let to = world.chain.block_number().await?;
    let told = world.chain.contract_events(world.claims.address(), first_block, to, |_| {}).await?;
    let mut paid: HashMap<ClaimId, usize> = HashMap::new();
    let mut transactions = 0;
    for event in told.iter().filter_map(|found| found.event.decode::<ClaimsSettled>()) {
        transactions += 1;
        for payment in event.payments {
            assert_eq!((payment.amount, payment.withheld), (PAID, Amount::ZERO));
            *paid.entry(payment.claim).or_default() += 1;
        }
    }
    assert_eq!(paid.len(), claims.len());
    assert!(paid.values().all(|times| *times == 1), "{paid:?}");
    for claim in &claims {
        let kept = world.kept_claim(*claim).await?;
        assert_eq!((kept.status, kept.paid), (ClaimStatus::Settled, PAID));
    }
    let each = u128::from(CLAIMS) / PROVIDERS as u128 * PAID.0;
    for (provider, before) in providers.iter().zip(before) {
        assert_eq!(world.chain.balance(&account(provider)).await?, before + each);
    }
    let pool = world.pool(plan).await?;
    assert_eq!((pool.paid, pool.reserved), (Amount(each * PROVIDERS as u128), Amount::ZERO));
    println!("{CLAIMS} claims in {transactions} transfers, the node killed {kills} times");
    Ok(())
}
