//! Several insurers: no service is paid twice, and together they pay no more than is allowed.

use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Category, CategorySet, Network, Reason, ReasonSet};
use salus_domain::ids::{Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, PlanTerms};
use salus_domain::time::Timestamp;
use salus_e2e_tests::claims::{all, reasons, Decided};
use salus_e2e_tests::samples::{benefit, code, line, share, submission, terms, words, UNIT};
use salus_e2e_tests::{account, id, Result, World};
use salus_interface::claims::{Asset, ClaimAdjudicated, ClaimStatus, ClaimsError, Filing, Receipt, Ruling};

const POOL: u128 = 100 * UNIT;

/// The patient bears half.
fn half() -> PlanTerms {
    PlanTerms { benefit: Benefit { in_network: share(0, 5_000), ..benefit() }, ..terms() }
}

/// What the insurers of these claims pay together, and what each allows.
fn paid(receipts: &[Receipt]) -> (u128, u128) {
    let totals = receipts.iter().map(|receipt| receipt.adjudication.total);
    (totals.clone().map(|total| total.payer.0).sum(), totals.map(|total| total.allowed().0).max().unwrap_or_default())
}

#[tokio::test]
async fn a_service_that_one_insurer_pays_is_a_duplicate_to_the_next() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let (_, other) = world.another_insurer(&terms(), POOL, false).await?;
    let twice = world.claim_of(plan, 1, vec![line(1, UNIT), line(1, UNIT)]).await?;
    let receipt = world.claims_for(&twice).await?;
    assert_eq!(receipt.adjudication.total.payer, Amount(UNIT * 8 / 10));
    assert_eq!(reasons(&receipt)[1], [Reason::Duplicate]);
    let elsewhere = world.claim_of(other, 2, vec![line(1, UNIT), line(2, UNIT)]).await?;
    let elsewhere = world.claims_for(&elsewhere).await?;
    assert_eq!(reasons(&elsewhere), [[Reason::Duplicate], [Reason::Coinsurance]], "whichever insurer is asked");

    // Nobody uses up another provider's services.
    let thief = world.another_doctor().await?;
    let today = world.yesterday().await?;
    let taken = submission(plan, &world.patient, 3, today, vec![line(3, UNIT)]);
    world.decides_for(&thief, &taken).await?;
    let own = world.decides(plan, 3, vec![line(3, UNIT)]).await?;
    assert_eq!(own.filing.lines[0].split.payer, Amount(UNIT * 8 / 10));
    Ok(())
}

#[tokio::test]
async fn the_first_and_the_second_insurer_decide_in_one_transaction_and_pay_what_is_allowed_at_the_most() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&half(), POOL).await?;
    let fees = [Fee { code: code(2), price: Amount(UNIT / 2) }];
    world.run(&world.insurer, world.claims.set_fees(plan, 0, &fees)).await?;
    let (second, other) = world.another_insurer(&terms(), POOL, true).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, UNIT), line(2, UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, Some(other))).await?;
    let [first, next] = done.forecast.as_slice() else { return Err("not two receipts".into()) };
    assert_eq!(
        all::<ClaimAdjudicated, _>(&done).iter().map(|told| told.prior).collect::<Vec<_>>(),
        [None, Some(first.claim)]
    );
    // Of the first line, the first pays half and the second the other half, up to 80 %; of the second line, half is allowed by
    // the first, and the second has no schedule.
    let payers =
        |receipt: &Receipt| receipt.adjudication.lines.iter().map(|line| line.split.payer.0).collect::<Vec<_>>();
    assert_eq!(payers(first), [UNIT / 2, UNIT / 4]);
    assert_eq!(payers(next), [UNIT / 2, UNIT * 3 / 4]);
    let (together, allowed) = paid(&done.forecast);
    assert!(together <= allowed, "{together} of {allowed}");
    for receipt in &done.forecast {
        let total = receipt.adjudication.total;
        assert_eq!(total.payer.0 + total.patient().0 + total.adjustment.0 + total.prior_payer.0, total.submitted.0);
    }
    let before = world.chain.balance(&account(&world.doctor)).await?;
    for (insurer, claim) in [(&world.insurer, first.claim), (&second, next.claim)] {
        assert!(world.settles(insurer, &[claim]).await?[0].is_ok());
    }
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + together);
    Ok(())
}

#[tokio::test]
async fn a_claim_is_passed_on_once_by_its_provider() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&half(), POOL).await?;
    let (second, other) = world.another_insurer(&terms(), POOL, true).await?;
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let pass_on = |plan, filing: &Filing| world.claims.pass_on(claim, filing, plan);
    for stranger in [&world.insurer, &world.patient, &second, &world.stranger] {
        assert_eq!(world.refused(stranger, pass_on(other, &filing)).await?, ClaimsError::NotProvider);
    }
    assert_eq!(world.refused(&world.doctor, pass_on(plan, &filing)).await?, ClaimsError::WrongPlan, "itself");
    let token = world.token().await?;
    let in_token = world.opens(&world.insurer, token.asset(), &terms()).await?;
    assert_eq!(world.refused(&world.doctor, pass_on(in_token, &filing)).await?, ClaimsError::WrongPlan);
    let nowhere = PlanId(in_token.0 + 1);
    assert_eq!(world.refused(&world.doctor, pass_on(nowhere, &filing)).await?, ClaimsError::PlanNotFound);
    let forged =
        Filing { submission: Submission { reference: Hash([9; 32]), ..filing.submission.clone() }, ..filing.clone() };
    assert_eq!(world.refused(&world.doctor, pass_on(other, &forged)).await?, ClaimsError::WrongFiling);

    let passed = world.run(&world.doctor, pass_on(other, &filing)).await?;
    let next = passed.event::<ClaimAdjudicated>()?;
    assert_eq!((next.prior, next.filing.lines[0].split.payer), (Some(claim), Amount(UNIT / 2)));
    assert!(world.kept_claim(claim).await?.passed_on);
    assert_eq!(world.refused(&world.doctor, pass_on(other, &filing)).await?, ClaimsError::PassedOn);
    let (_, third) = world.another_insurer(&terms(), POOL, true).await?;
    assert_eq!(world.refused(&world.doctor, pass_on(third, &filing)).await?, ClaimsError::PassedOn);

    // The third after the second: everything is paid already.
    let last = world.claims.pass_on(next.claim, &next.filing, third);
    let last = world.run(&world.doctor, last).await?.event::<ClaimAdjudicated>()?;
    assert_eq!(last.filing.lines[0].split.payer, Amount::ZERO);
    Ok(())
}

#[tokio::test]
async fn a_claim_is_not_passed_on_before_it_is_decided_or_while_an_appeal_is_open() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), UNIT).await?;
    let (_, other) = world.another_insurer(&terms(), POOL, true).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, 10 * UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, Some(other))).await?;
    let [pended] = done.forecast.as_slice() else { return Err("it was passed on".into()) };
    assert_eq!(pended.status, ClaimStatus::AwaitsFunds);
    let filing = Filing {
        submission: claimed,
        network: Network::In,
        held: 0,
        filed: Timestamp(0),
        lines: pended.adjudication.lines.clone(),
    };
    let early = world.claims.pass_on(pended.claim, &filing, other);
    assert_eq!(world.refused(&world.doctor, early).await?, ClaimsError::NotAdjudicated);

    world.funds(&world.insurer, plan, POOL).await?;
    let decided = world.run(&world.doctor, world.claims.retry(pended.claim)).await?.event::<ClaimAdjudicated>()?;
    assert!(!world.kept_claim(pended.claim).await?.passed_on);
    let appeal = world.claims.appeal(decided.claim, ReasonSet::EMPTY, words(1));
    world.run(&world.doctor, appeal).await?;
    let pass_on = || world.claims.pass_on(decided.claim, &decided.filing, other);
    assert_eq!(world.refused(&world.doctor, pass_on()).await?, ClaimsError::AppealOpen);
    let upheld = world.claims.decide_appeal(decided.claim, &Ruling::Upheld, words(2));
    world.run(&world.arbiter, upheld).await?;
    let next = world.run(&world.doctor, pass_on()).await?.forecast;
    assert_eq!(next.adjudication.total.payer, Amount(2 * UNIT), "what the first one left");
    Ok(())
}

#[tokio::test]
async fn an_insurer_that_pays_second_denies_what_the_first_has_not_decided() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&half(), POOL).await?;
    let (_, second) = world.another_insurer(&terms(), POOL, true).await?;
    let alone = world.claims_for(&world.claim_of(second, 1, vec![line(1, UNIT)]).await?).await?;
    assert_eq!(reasons(&alone), [[Reason::OtherPayerFirst]]);
    // What another insurer outside of this chain paid is known from the claim.
    let outside = Line { prior_paid: Amount(UNIT * 9 / 10), ..line(2, UNIT) };
    let outside = world.claims_for(&world.claim_of(second, 2, vec![outside]).await?).await?;
    assert_eq!(outside.adjudication.total.payer, Amount(UNIT / 10));
    // Also where it left everything to the patient.
    let nothing = world.claim_of(second, 4, vec![line(4, UNIT)]).await?;
    let nothing = world.claims_for(&Submission { prior_decided: true, ..nothing }).await?;
    assert_eq!(nothing.adjudication.total.payer, Amount(UNIT * 8 / 10));
    // Denied by the first, it is the second's alone.
    let surgery = Line { category: Category::Surgical, ..line(3, UNIT) };
    let all = PlanTerms { covered: CategorySet::of(Category::ALL), ..terms() };
    let (_, wide) = world.another_insurer(&all, POOL, true).await?;
    let claimed = world.claim_of(plan, 3, vec![surgery]).await?;
    let both = world.run(&world.doctor, world.claims.submit(&claimed, Some(wide))).await?.forecast;
    let payers: Vec<_> = both.iter().map(|receipt| receipt.adjudication.total.payer.0).collect();
    assert_eq!(payers, [0, UNIT * 8 / 10]);
    Ok(())
}

#[tokio::test]
async fn what_was_passed_on_is_taken_back_by_each_insurer_and_free_after_both() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&half(), POOL).await?;
    let (second, other) = world.another_insurer(&terms(), POOL, true).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, Some(other))).await?;
    let told = all::<ClaimAdjudicated, _>(&done);
    let [first, next] = told.as_slice() else { return Err("not two claims".into()) };
    world.settles(&world.insurer, &[first.claim]).await?;
    world.settles(&second, &[next.claim]).await?;
    let take_back = |told: &ClaimAdjudicated| world.claims.reverse(told.claim, words(1), &told.filing);
    assert_eq!(world.run(&second, take_back(next)).await?.forecast, Amount(UNIT / 2));
    assert!(!world.kept_claim(first.claim).await?.passed_on);

    // To another one, or the first takes its own back.
    let (_, third) = world.another_insurer(&terms(), POOL, true).await?;
    let pass_on = world.claims.pass_on(first.claim, &first.filing, third);
    let again = world.run(&world.doctor, pass_on).await?.event::<ClaimAdjudicated>()?;
    assert_eq!(again.filing.lines[0].split.payer, Amount(UNIT / 2));
    // The first insurer's decision is taken back first: the later one's claim keeps the service.
    world.run(&world.insurer, take_back(first)).await?;
    let twice = world.decides(plan, 3, vec![line(1, UNIT)]).await?;
    assert_eq!(twice.filing.lines[0].reasons.iter().collect::<Vec<_>>(), [Reason::Duplicate]);
    world.run(&world.doctor, take_back(&again)).await?;
    assert_eq!(world.debt(plan, id(&world.doctor)).await?, Amount(UNIT / 2));
    assert_eq!(world.debt(other, id(&world.doctor)).await?, Amount(UNIT / 2));

    // The service is free again, for whoever pays first.
    let corrected = world.decides(plan, 2, vec![line(1, UNIT)]).await?;
    assert_eq!(corrected.filing.lines[0].split.payer, Amount(UNIT / 2));
    Ok(())
}

/// The second's pool cannot cover it: the first's decision stands, and the rest waits or is withdrawn and passed on elsewhere.
#[tokio::test]
async fn a_second_insurer_without_money_keeps_the_claim_waiting() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&half(), POOL).await?;
    let (_, poor) = world.another_insurer(&terms(), 0, true).await?;
    let (_, rich) = world.another_insurer(&terms(), POOL, true).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, Some(poor))).await?;
    let [first, waits] = done.forecast.as_slice() else { return Err("not two receipts".into()) };
    assert_eq!((first.status, waits.status), (ClaimStatus::Adjudicated, ClaimStatus::AwaitsFunds));
    let filing = done.event::<ClaimAdjudicated>()?.filing;
    let elsewhere = || world.claims.pass_on(first.claim, &filing, rich);
    assert_eq!(world.refused(&world.doctor, elsewhere()).await?, ClaimsError::PassedOn);
    world.run(&world.doctor, world.claims.withdraw_claim(waits.claim)).await?;
    let moved = world.run(&world.doctor, elsewhere()).await?.forecast;
    assert_eq!(moved.adjudication.total.payer, Amount(UNIT / 2));

    let again = world.claim_of(plan, 2, vec![line(2, UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&again, Some(poor))).await?;
    let waits = done.forecast[1].claim;
    world.run(&world.stranger, world.claims.fund(poor, Amount(UNIT), Asset::Native)).await?;
    let retried = world.run(&world.stranger, world.claims.retry(waits)).await?.forecast;
    assert_eq!(retried.adjudication.total.payer, Amount(UNIT / 2));
    assert_eq!(world.kept_claim(waits).await?.prior, Some(done.forecast[0].claim));
    Ok(())
}

/// Anybody can open a plan. A provider that passes its claim on to one of its own does not get it out of anybody's hands.
#[tokio::test]
async fn a_plan_of_the_providers_own_shields_no_claim_from_appeal_and_reversal() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let own = world.opens(&world.doctor, Asset::Native, &terms()).await?;
    world.funds(&world.doctor, own, UNIT).await?;
    world.covers(&world.doctor, own, &world.patient).await?;
    let surgery = Line { category: Category::Surgical, ..line(2, UNIT) };
    let decided = world.decides(plan, 1, vec![line(1, UNIT), surgery]).await?;
    world.settles(&world.insurer, &[decided.claim]).await?;
    world.run(&world.doctor, world.claims.pass_on(decided.claim, &decided.filing, own)).await?;
    let appeal = world.claims.appeal(decided.claim, ReasonSet::from(Reason::NotCovered), words(1));
    world.run(&world.patient, appeal).await?;
    world.run(&world.arbiter, world.claims.decide_appeal(decided.claim, &Ruling::Upheld, words(2))).await?;
    let reverse = world.claims.reverse(decided.claim, words(3), &decided.filing);
    assert_eq!(world.run(&world.insurer, reverse).await?.forecast, Amount(UNIT * 8 / 10));
    Ok(())
}
