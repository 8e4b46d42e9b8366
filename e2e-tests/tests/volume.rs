//! As much as there can be: a thousand claims at once, the largest claims and amounts, and batches above a block's weight.

use salus_client::settlement::{submit, Outcome};
use salus_client::Keypair;
use salus_domain::claim::{Line, Submission, MAX_LINES};
use salus_domain::codes::{Measure, Term, Unit};
use salus_domain::ids::{CodeTag, Hash};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, Fee, Limit, PlanTerms, MAX_PAGE, YEAR};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::claims::enrolment;
use salus_e2e_tests::raw::contracts_call_within;
use salus_e2e_tests::samples::{benefit, day, for_payment, limit, line, submission, terms, DAY, UNIT};
use salus_e2e_tests::tokens::Behaviour;
use salus_e2e_tests::{account, id, node_of_my_own, person, Result, World};
use salus_interface::claims::{Asset, ClaimAdjudicated, ClaimStatus, ClaimsError, PlanOpened};
use std::collections::{BTreeMap, HashSet};

/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);
/// What a claim of one line needs, and a little more: refTime and proof size.
const NEEDED: (u128, u128) = (4_000_000_000, 600_000);
/// A thousand claims: of so many providers, so many each.
const PROVIDERS: usize = 20;
const EACH: u8 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_claims_at_once_are_all_adjudicated_and_settled() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = world.ready_for_claims(&terms(), 0).await?;
    let all = PROVIDERS as u128 * u128::from(EACH);
    world.raw.endow(&[account(&world.insurer)], (all + 1) * UNIT).await?;
    world.funds(&world.insurer, plan, all * PAID.0).await?;
    let mut providers = Vec::new();
    for _ in 0..PROVIDERS {
        providers.push(world.another_doctor().await?);
    }
    let today = world.yesterday().await?;
    let mut calls = Vec::new();
    for number in 0..EACH {
        for provider in &providers {
            let claimed = submission(plan, &world.patient, number, today, vec![line(number, UNIT)]);
            let message = world.claims.submit(&claimed, None);
            calls.push((provider, contracts_call_within(NEEDED, world.claims.address(), 0, message.input())));
        }
    }
    let from = world.chain.block_number().await? + 1;
    world.raw.flood(&calls).await?;

    let to = world.chain.block_number().await?;
    let told = world.chain.contract_events(world.claims.address(), from, to, |_| {}).await?;
    let mut blocks = BTreeMap::<u64, usize>::new();
    let mut claims = HashSet::new();
    for found in &told {
        let told: ClaimAdjudicated = found.event.decode().ok_or("something else was told")?;
        assert_eq!(told.filing.lines[0].split.payer, PAID);
        claims.insert(told.claim);
        *blocks.entry(found.block).or_default() += 1;
    }
    assert_eq!(claims.len() as u128, all);
    let pool = world.pool(plan).await?;
    assert_eq!((pool.reserved, pool.free()), (Amount(all * PAID.0), Amount::ZERO));
    let fullest = blocks.values().max().copied().unwrap_or_default();
    println!(
        "{all} claims in {} blocks, {fullest} in the fullest: {:?}",
        blocks.len(),
        blocks.values().collect::<Vec<_>>()
    );

    let mut before = Vec::new();
    for provider in &providers {
        before.push(world.chain.balance(&account(provider)).await?);
    }
    let claims: Vec<_> = claims.into_iter().collect();
    let settlement = submit(&world.chain, &world.insurer, &world.claims, &claims).await;
    assert!(settlement.stopped.is_none(), "{:?}", settlement.stopped);
    assert!(settlement.outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Settled(..))));
    for (provider, before) in providers.iter().zip(before) {
        assert_eq!(world.chain.balance(&account(provider)).await?, before + u128::from(EACH) * PAID.0);
    }
    assert_eq!(world.pool(plan).await?.paid, Amount(all * PAID.0));
    println!("settled in {} transactions", settlement.transactions.len());
    Ok(())
}

fn tag(number: u8) -> CodeTag {
    CodeTag([number; 16])
}

/// The price of a code on this page; where `second` is the page too, of [`tag`].
fn fee(page: u8, second: u8) -> Fee {
    let mut code = [page; 16];
    code[1] = second;
    Fee { code: CodeTag(code), price: Amount(UNIT) }
}

/// Fifty lines on fifty days, of fifty full pages of fees, each with an authorisation, against as many limits as a plan has: what
/// reads and writes the most.
#[tokio::test]
async fn the_claim_that_touches_the_most_fits_into_a_block() -> Result {
    let world = World::new().await?;
    let places = [Unit::Individual, Unit::Family]
        .into_iter()
        .flat_map(|unit| [Term::Annual, Term::Day, Term::Lifetime].map(|term| (unit, term)));
    let measures = [Measure::Deductible, Measure::OutOfPocket, Measure::Benefit, Measure::Quantity];
    let limits =
        places.flat_map(|(unit, term)| measures.map(|measure| Limit { unit, term, ..limit(measure, 1_000 * UNIT) }));
    let terms = PlanTerms {
        benefit: Benefit { authorisation: true, ..benefit() },
        limits: limits.collect(),
        deadlines: Deadlines { filing: YEAR, authorisation: 0, ..terms().deadlines },
        ..terms()
    };
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let open = world.claims.open_plan(Asset::Native, id(&world.arbiter), 256, &terms);
    let plan = world.run(&world.insurer, open).await?.event::<PlanOpened>()?.plan;
    world.funds(&world.insurer, plan, 10 * UNIT).await?;
    let now = world.now().await?;
    let period = Period { start: Timestamp(now.0 - 100 * DAY), end: now.plus(30 * DAY) };
    world.run(&world.insurer, world.claims.cover(plan, &[enrolment(&world.patient, period)])).await?;
    let mut days = Vec::new();
    let mut lines = Vec::new();
    for number in 0..MAX_LINES as u8 {
        let fees: Vec<_> = (0..MAX_PAGE as u8).map(|second| fee(number, second)).collect();
        world.run(&world.insurer, world.claims.set_fees(plan, number, &fees)).await?;
        let ask = world.claims.request_authorisation(plan, id(&world.patient), tag(number), 1);
        world.run(&world.doctor, ask).await?;
        days.push(day(&world.doctor, &world.patient, now, 1 + u64::from(number)));
        lines.push(Line { day: number, ..line(number, 1_000) });
    }
    let claimed = Submission {
        plan,
        member: person(&world.patient),
        reference: Hash([1; 32]),
        prior_decided: false,
        days,
        lines,
    };
    let submit = world.claims.submit(&claimed, None);
    let (_, cost) = submit.dry_run(&world.chain, &account(&world.doctor)).await?;
    let receipt = world.run(&world.doctor, submit).await?.forecast.remove(0);
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
    assert_eq!(receipt.adjudication.total.submitted, Amount(MAX_LINES as u128 * 1_000));
    println!("fifty lines that have nothing in common: {cost:?}");
    Ok(())
}

/// A pool that has all there is of a token, and a claim of it.
#[tokio::test]
async fn fifty_lines_of_as_much_as_fits_into_128_bits_are_exact() -> Result {
    let world = World::new().await?;
    let token = world.token_of("token", u128::MAX).await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures_in(&token, &terms(), u128::MAX).await?;
    let largest = u128::MAX / MAX_LINES as u128;
    let lines = |quantity| (0..MAX_LINES as u8).map(move |number| Line { quantity, ..line(number, largest) });
    let mut over = lines(1).collect::<Vec<_>>();
    over[0].submitted = Amount(largest + u128::MAX % MAX_LINES as u128 + 1);
    let over = world.claims.submit(&world.claim_of(plan, 1, over).await?, None);
    let overflow = ClaimsError::Malformed(salus_domain::claim::ClaimMalformed::Overflow);
    assert_eq!(world.refused(&world.doctor, over).await?, overflow);
    let nothing = world.claims.submit(&world.claim_of(plan, 1, lines(0).collect()).await?, None);
    let zero = ClaimsError::Malformed(salus_domain::claim::ClaimMalformed::ZeroQuantity);
    assert_eq!(world.refused(&world.doctor, nothing).await?, zero);

    let decided = world.decides(plan, 1, lines(u32::MAX).collect()).await?;
    let total = world.kept_claim(decided.claim).await?.total;
    assert_eq!(total.payer.0 + total.coinsurance.0, largest * MAX_LINES as u128);
    assert_eq!(total.coinsurance.0, (largest / 5) * MAX_LINES as u128, "the patient's share is rounded down");
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Ok(total.payer)]);
    assert_eq!(world.earned(&token).await?, total.payer.0);
    assert_eq!(world.held_of(&token).await?, u128::MAX - total.payer.0);
    Ok(())
}

/// A token that makes each transfer so dear that a block has room for few: the client settles in as many transactions as that takes.
#[tokio::test]
async fn a_batch_above_the_weight_of_a_block_is_split() -> Result {
    let world = World::new().await?;
    let token = world.hostile_token().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures_in(&token, &terms(), 100 * UNIT).await?;
    let today = world.yesterday().await?;
    let (mut providers, mut claims): (Vec<Keypair>, Vec<_>) = (Vec::new(), Vec::new());
    for number in 0..12 {
        let provider = world.another_doctor().await?;
        let claimed = submission(plan, &world.patient, number, today, vec![line(number, UNIT)]);
        claims.push(world.decides_for(&provider, &claimed).await?.claim);
        providers.push(provider);
    }
    world.run(&world.stranger, token.behave(Behaviour::Burn(60_000))).await?;
    assert!(world.claims.settle(&claims).submit(&world.chain, &world.insurer).await.is_err(), "too much for a block");
    let settlement = submit(&world.chain, &world.insurer, &world.claims, &claims).await;
    assert!(settlement.stopped.is_none(), "{:?}", settlement.stopped);
    assert!(settlement.transactions.len() > 1);
    assert!(settlement.outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Settled(..))));
    for provider in &providers {
        assert_eq!(world.has(&token, &account(provider)).await?, PAID.0);
    }
    println!("{} claims in {} transactions", claims.len(), settlement.transactions.len());

    // What no block has room for is left for later: the client says so, and the others are paid.
    let native = world.insures(&terms(), 10 * UNIT).await?;
    let heavy = world.decides(plan, 50, vec![line(50, UNIT)]).await?.claim;
    let light = world.decides(native, 51, vec![line(51, UNIT)]).await?.claim;
    world.run(&world.stranger, token.behave(Behaviour::Burn(u32::MAX))).await?;
    let settlement = submit(&world.chain, &world.insurer, &world.claims, &[heavy, light]).await;
    assert!(settlement.stopped.is_some());
    assert_eq!(world.status(light).await?, ClaimStatus::Settled);
    assert_eq!(world.status(heavy).await?, ClaimStatus::Adjudicated);
    world.run(&world.stranger, token.behave(Behaviour::Honest)).await?;
    let settlement = submit(&world.chain, &world.insurer, &world.claims, &[heavy, light]).await;
    assert!(matches!(settlement.outcomes.as_slice(), [(_, Outcome::Settled(..)), (_, Outcome::Before)]));
    Ok(())
}
