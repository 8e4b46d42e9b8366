//! Claims are adjudicated: where the money of each line goes, and why.

use salus_client::contracts::Claims;
use salus_client::{blake2b_256, client_account};
use salus_domain::claim::{Line, ServiceDay, MAX_LINES};
use salus_domain::codes::{Category, Measure, Reason, ReasonSet, Term, Unit};
use salus_domain::commitment::claim_id;
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, Limit, PlanTerms};
use salus_domain::time::Timestamp;
use salus_e2e_tests::claims::{reasons, Decided};
use salus_e2e_tests::samples::{benefit, code, day, for_payment, limit, line, share, submission, terms, DAY, UNIT};
use salus_e2e_tests::{account, bundles, id, person, Result, World};
use salus_interface::claims::{
    Asset, ClaimAdjudicated, ClaimPended, ClaimStatus, ClaimWithdrawn, ClaimsError, ClaimsSettled, FeesSet, Filing,
    Payment, Place, PlanOpened, Pool, PoolFunded, PoolWithdrawn, Since, MAX_SERVICES_PER_DAY,
};
use scale::Encode;

const POOL: u128 = 100 * UNIT;

/// Claims one line and returns why it was denied; nothing may be reserved for it.
async fn denial(world: &World, plan: PlanId, reference: u8, line: Line, day: ServiceDay) -> Result<Vec<Reason>> {
    let before = world.pool(plan).await?;
    let receipt = world.claims_for(&submission(plan, &world.patient, reference, day, vec![line])).await?;
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
    assert_eq!(receipt.adjudication.total.payer, Amount::ZERO);
    assert_eq!(world.pool(plan).await?, before);
    assert_eq!(world.settles(&world.insurer, &[receipt.claim]).await?, [Err(ClaimsError::NothingToPay)]);
    Ok(reasons(&receipt).remove(0))
}

fn tag(number: u32) -> CodeTag {
    let mut tag = [0; 16];
    tag[..4].copy_from_slice(&number.to_le_bytes());
    CodeTag(tag)
}

#[tokio::test]
async fn a_claim_is_adjudicated_reserved_settled_and_the_money_adds_up() -> Result {
    let world = World::new().await?;
    let laboratory = Benefit { in_network: share(UNIT, 0), deductible: false, ..benefit() };
    let terms = PlanTerms {
        exceptions: vec![(Category::DiagnosticLab, laboratory)],
        limits: vec![limit(Measure::Deductible, 10 * UNIT)],
        ..terms()
    };
    let empty = world.held().await?;
    let plan = world.ready_for_claims(&terms, POOL).await?;
    let fees = [Fee { code: code(1), price: Amount(40 * UNIT) }];
    world.run(&world.insurer, world.claims.set_fees(plan, 0, &fees)).await?.event::<FeesSet>()?;
    assert_eq!(world.read(world.claims.fee(plan, code(1))).await?, Some(Amount(40 * UNIT)));
    assert_eq!(world.read(world.claims.fee(plan, code(2))).await?, None);
    assert_eq!(world.held().await?, empty + POOL);

    let lines = vec![
        line(1, 50 * UNIT),
        Line { category: Category::DiagnosticLab, prior_paid: Amount(2 * UNIT), ..line(2, 5 * UNIT) },
        Line { category: Category::Surgical, ..line(3, 7 * UNIT) },
    ];
    let claimed = world.claim_of(plan, 1, lines).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, None)).await?;
    let receipt = done.forecast[0].clone();
    let told = done.event::<ClaimAdjudicated>()?;
    assert_eq!((told.provider, &told.filing.submission), (id(&world.doctor), &claimed));
    assert_eq!((told.claim, &told.filing.lines), (receipt.claim, &receipt.adjudication.lines));
    let named = claim_id(&blake2b_256, plan, person(&world.doctor), Hash([1; 32]));
    assert_eq!(receipt.claim, named, "its provider knows it before");
    // 50 charged, 40 allowed, 10 deductible, 20 % of 30; of 5, another paid 2 and the plan the rest, as the copay of 1 is paid
    // by that; surgery is not covered.
    let total = receipt.adjudication.total;
    assert_eq!(total.submitted, Amount(62 * UNIT));
    assert_eq!(total.adjustment, Amount(10 * UNIT));
    assert_eq!(total.prior_payer, Amount(2 * UNIT));
    assert_eq!(total.payer, Amount(27 * UNIT));
    let parts = total.payer.0 + total.patient().0 + total.adjustment.0 + total.prior_payer.0;
    assert_eq!(parts, total.submitted.0);
    assert_eq!(reasons(&receipt)[2], [Reason::NotCovered]);
    let reserved = Pool { funded: Amount(POOL), reserved: total.payer, ..Pool::default() };
    assert_eq!(world.pool(plan).await?, reserved);

    let doctor = account(&world.doctor);
    let before = world.chain.balance(&doctor).await?;
    let settled = world.run(&world.insurer, world.claims.settle(&[receipt.claim])).await?;
    assert_eq!(settled.forecast, [Ok(total.payer)]);
    let payment = Payment { claim: receipt.claim, amount: total.payer, withheld: Amount::ZERO };
    let paid = ClaimsSettled { provider: id(&world.doctor), asset: Asset::Native, payments: vec![payment] };
    assert_eq!(settled.event::<ClaimsSettled>()?, paid);
    assert_eq!(world.chain.balance(&doctor).await?, before + total.payer.0, "exactly that");
    assert_eq!(world.held().await?, empty + POOL - total.payer.0, "and nothing got lost");
    let paid = Pool { funded: Amount(POOL), paid: total.payer, ..Pool::default() };
    assert_eq!(world.pool(plan).await?, paid);

    let free = paid.free();
    let one_more = world.claims.withdraw(plan, Amount(free.0 + 1));
    assert_eq!(world.refused(&world.insurer, one_more).await?, ClaimsError::PoolTooSmall);
    world.run(&world.insurer, world.claims.withdraw(plan, free)).await?.event::<PoolWithdrawn>()?;
    assert_eq!(world.held().await?, empty, "funded = paid + withdrawn");
    Ok(())
}

#[tokio::test]
async fn each_cause_of_a_denial_is_named_on_the_line() -> Result {
    let world = World::new().await?;
    let later = Benefit { waiting_period: 40 * DAY, ..benefit() };
    let waiting = world.insures(&PlanTerms { benefit: later, ..terms() }, POOL).await?;
    let deadlines = salus_domain::plan::Deadlines { filing: 5 * DAY, ..terms().deadlines };
    let limits = vec![limit(Measure::Services, 1)];
    let plan = world.insures(&PlanTerms { deadlines, limits, ..terms() }, POOL).await?;
    let networked = world.insures(&PlanTerms { networked: true, ..terms() }, POOL).await?;
    let now = world.now().await?;
    let before = |days| day(&world.doctor, &world.patient, now, days);
    let today = before(1);

    assert_eq!(denial(&world, plan, 1, line(1, UNIT), before(100)).await?, [Reason::CoverageInactive]);
    assert_eq!(denial(&world, waiting, 2, line(1, UNIT), today).await?, [Reason::WaitingPeriod]);
    assert_eq!(denial(&world, plan, 3, line(1, UNIT), today).await?, [Reason::NotCredentialed]);
    world.establish().await?;
    assert_eq!(denial(&world, plan, 4, line(1, UNIT), today).await?, [Reason::NoConsent]);
    world.consents(&for_payment(&world.insurer)).await?;
    let surgery = Line { category: Category::Surgical, ..line(1, UNIT) };
    assert_eq!(denial(&world, plan, 5, surgery, today).await?, [Reason::NotCovered]);
    assert_eq!(denial(&world, plan, 9, line(1, UNIT), before(20)).await?, [Reason::FilingDeadline]);
    assert_eq!(denial(&world, networked, 10, line(1, UNIT), today).await?, [Reason::OutOfNetwork]);

    let paid = world.claims_for(&submission(plan, &world.patient, 6, today, vec![line(1, UNIT)])).await?;
    assert_eq!(paid.adjudication.total.payer, Amount(UNIT * 8 / 10), "a denied service can be claimed again");
    assert_eq!(denial(&world, plan, 7, line(1, UNIT), today).await?, [Reason::Duplicate]);
    assert_eq!(denial(&world, waiting, 8, line(1, UNIT), today).await?, [Reason::WaitingPeriod]);
    assert_eq!(denial(&world, plan, 11, line(2, UNIT), today).await?, [Reason::FrequencyLimit]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_a_denial_is_a_reason_too() -> Result {
    let world = World::new().await?;
    let whole = |measure, most| Limit { term: Term::Lifetime, ..limit(measure, most) };
    let terms = PlanTerms {
        benefit: Benefit { in_network: share(5, 5_000), ..benefit() },
        limits: vec![
            limit(Measure::Deductible, 10),
            limit(Measure::OutOfPocket, 60),
            limit(Measure::Benefit, 100),
            whole(Measure::Quantity, 4),
            Limit { unit: Unit::Family, term: Term::Day, ..limit(Measure::Services, 9) },
        ],
        ..terms()
    };
    let plan = world.ready_for_claims(&terms, POOL).await?;
    let fees = [Fee { code: code(1), price: Amount(50) }];
    world.run(&world.insurer, world.claims.set_fees(plan, 0, &fees)).await?;
    let prior = Line { prior_paid: Amount(10), ..line(1, 100) };
    let lines = vec![prior, line(2, 100), Line { quantity: 4, ..line(3, 100) }];
    let receipt = world.claims_for(&world.claim_of(plan, 1, lines).await?).await?;
    let all: ReasonSet = reasons(&receipt).concat().into_iter().collect();
    let expected = [
        Reason::FeeSchedule,
        Reason::Deductible,
        Reason::Copay,
        Reason::Coinsurance,
        Reason::OutOfPocketMaximum,
        Reason::BenefitMaximum,
        Reason::PriorPayer,
        Reason::QuantityLimit,
    ];
    assert_eq!(all, expected.into_iter().collect());
    let used = world.read(world.claims.coverages(plan, id(&world.patient))).await?.remove(0).used;
    let of = |limit: &Limit| used.iter().find(|(kind, _)| *kind == limit.kind()).map(|(_, used)| *used);
    assert_eq!(of(&terms.limits[0]), Some(10));
    assert_eq!(of(&terms.limits[1]), Some(receipt.adjudication.total.cost_share().0));
    assert_eq!(of(&terms.limits[2]), Some(receipt.adjudication.total.payer.0));
    assert!(terms.limits.iter().all(|limit| of(limit).is_none_or(|used| used <= limit.limit)));

    let at = |unit, term| Place { unit, account: id(&world.patient), term };
    let quantity = world.read(world.claims.used(plan, at(Unit::Individual, Since::Lifetime))).await?;
    assert_eq!(quantity, [(terms.limits[3].kind(), 4)]);
    let day = Since::Day(world.yesterday().await?.date);
    let services = world.read(world.claims.used(plan, at(Unit::Family, day))).await?;
    assert_eq!(services, [(terms.limits[4].kind(), 3)]);
    Ok(())
}

#[tokio::test]
async fn a_claim_that_the_pool_cannot_cover_waits_and_is_retried() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), UNIT).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, 10 * UNIT)]).await?;
    let done = world.run(&world.doctor, world.claims.submit(&claimed, None)).await?;
    let receipt = &done.forecast[0];
    let claim = receipt.claim;
    assert_eq!(receipt.status, ClaimStatus::AwaitsFunds);
    assert_eq!(receipt.adjudication.total.payer, Amount(8 * UNIT), "what it would have been");
    let (status, provider) = (ClaimStatus::AwaitsFunds, id(&world.doctor));
    let told = done.event::<ClaimPended>()?;
    let (total, filed) = (receipt.adjudication.total, told.filed);
    let expected = ClaimPended { claim, status, submission: claimed, provider, prior: None, total, filed };
    assert_eq!(told, expected);
    assert_eq!(world.pool(plan).await?.reserved, Amount::ZERO, "nothing is half reserved");
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Err(ClaimsError::NotAdjudicated)]);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, ClaimsError::PoolTooSmall);

    let fund = world.claims.fund(plan, Amount(7 * UNIT), Asset::Native);
    let told = PoolFunded { plan, from: id(&world.stranger), amount: Amount(7 * UNIT) };
    assert_eq!(world.run(&world.stranger, fund).await?.event::<PoolFunded>()?, told);
    let retried = world.run(&world.stranger, world.claims.retry(claim)).await?;
    assert_eq!(retried.event::<ClaimAdjudicated>()?.claim, claim);
    assert_eq!(world.pool(plan).await?.free(), Amount::ZERO);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(claim)).await?, ClaimsError::NotPended);
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Ok(Amount(8 * UNIT))]);
    Ok(())
}

#[tokio::test]
async fn a_pended_claim_is_decided_by_what_holds_when_it_is_retried() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let given = world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.insures(&terms(), 0).await?;
    let receipt = world.claims_for(&world.claim_of(plan, 1, vec![line(1, UNIT)]).await?).await?;
    assert_eq!(receipt.status, ClaimStatus::AwaitsFunds);
    world.run(&world.patient, world.registry.revoke(given)).await?;
    let retried = world.run(&world.doctor, world.claims.retry(receipt.claim)).await?.forecast;
    assert_eq!(reasons(&retried), [[Reason::NoConsent]]);
    assert_eq!(retried.adjudication.total.payer, Amount::ZERO);
    Ok(())
}

#[tokio::test]
async fn a_pended_claim_is_corrected_under_its_reference_or_withdrawn() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), UNIT).await?;
    let claimed = |amount| world.claim_of(plan, 1, vec![line(1, amount)]);
    let first = world.claims_for(&claimed(100 * UNIT).await?).await?;
    let still = world.claims_for(&claimed(50 * UNIT).await?).await?;
    assert_eq!((still.claim, still.status), (first.claim, ClaimStatus::AwaitsFunds));
    assert_eq!(world.kept_claim(first.claim).await?.total.submitted, Amount(50 * UNIT));
    let corrected = world.claims_for(&claimed(UNIT).await?).await?;
    assert_eq!((corrected.claim, corrected.status), (first.claim, ClaimStatus::Adjudicated));
    assert_eq!(world.pool(plan).await?.reserved, Amount(UNIT * 8 / 10));
    let again = world.claims.submit(&claimed(UNIT).await?, None);
    assert_eq!(world.refused(&world.doctor, again).await?, ClaimsError::DuplicateClaim, "it is decided");

    let pended = world.claims_for(&world.claim_of(plan, 2, vec![line(2, 100 * UNIT)]).await?).await?.claim;
    for other in [&world.insurer, &world.patient, &world.stranger] {
        assert_eq!(world.refused(other, world.claims.withdraw_claim(pended)).await?, ClaimsError::NotProvider);
    }
    let withdrawn = world.run(&world.doctor, world.claims.withdraw_claim(pended)).await?;
    assert_eq!(withdrawn.event::<ClaimWithdrawn>()?, ClaimWithdrawn { claim: pended });
    assert_eq!(world.read(world.claims.claim(pended)).await?, None);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(pended)).await?, ClaimsError::ClaimNotFound);
    let Decided { claim, .. } = world.decides(plan, 2, vec![line(2, UNIT / 8)]).await?;
    assert_eq!(claim, pended, "the reference is free again");
    let too_late = world.claims.withdraw_claim(claim);
    assert_eq!(world.refused(&world.doctor, too_late).await?, ClaimsError::NotPended);
    Ok(())
}

#[tokio::test]
async fn one_provider_claims_so_many_services_of_a_day_and_no_more() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let lines = |from: usize, count: usize| -> Vec<Line> {
        (from..from + count).map(|number| Line { code: tag(number as u32), ..line(0, 10) }).collect()
    };
    for batch in 0..MAX_SERVICES_PER_DAY / MAX_LINES {
        let lines = lines(batch * MAX_LINES, MAX_LINES);
        let receipt = world.claims_for(&world.claim_of(plan, batch as u8, lines).await?).await?;
        assert_eq!(receipt.adjudication.total.payer, Amount(8 * MAX_LINES as u128));
    }
    let one_more = world.claim_of(plan, 100, lines(MAX_SERVICES_PER_DAY, 1)).await?;
    let error = world.refused(&world.doctor, world.claims.submit(&one_more, None)).await?;
    assert_eq!(error, ClaimsError::TooManyServices);
    let known = world.claim_of(plan, 101, lines(0, 1)).await?;
    assert_eq!(reasons(&world.claims_for(&known).await?), [[Reason::Duplicate]]);
    Ok(())
}

/// Claims that were told of the wrong contracts: what is there answers, but not as one of them.
#[tokio::test]
async fn without_an_answer_of_the_other_contracts_nothing_is_decided() -> Result {
    let world = World::new().await?;
    let code = bundles()?.claims.code;
    let (registry, grants) = world.read(world.claims.setup()).await?;
    assert_eq!(&client_account(registry), world.registry.address());
    assert_eq!(&client_account(grants), world.grants.address());
    let today = world.yesterday().await?;
    for (wrong, salt, error) in [
        ((registry, registry), b"grants", ClaimsError::AccessGrantsFailed),
        ((grants, grants), b"consen", ClaimsError::ConsentRegistryFailed),
    ] {
        let input = [&blake2b_256(b"new")[..4], &wrong.encode()].concat();
        let lonely = Claims::at(world.raw.instantiate(&world.governor, &code, &input, salt).await??);
        let open = lonely.open_plan(Asset::Native, id(&world.arbiter), 1, &terms());
        let plan = world.run(&world.insurer, open).await?.event::<PlanOpened>()?.plan;
        let claimed = submission(plan, &world.patient, 1, today, vec![line(1, UNIT)]);
        assert_eq!(world.refused(&world.doctor, lonely.submit(&claimed, None)).await?, error);
        let claim = claim_id(&blake2b_256, plan, person(&world.doctor), claimed.reference);
        assert_eq!(world.read(lonely.claim(claim)).await?, None);
        assert_eq!(world.read(lonely.setup()).await?, wrong);
    }
    Ok(())
}

/// What the chain keeps of a decided claim is a commitment to what its events tell.
#[tokio::test]
async fn the_filing_of_the_event_is_the_one_that_the_chain_has_committed_to() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let Decided { claim, filing } = world.decides(plan, 1, vec![line(1, UNIT), line(2, UNIT)]).await?;
    let kept = world.kept_claim(claim).await?;
    assert_eq!(kept.filing, salus_domain::commitment::filing(&blake2b_256, &filing));
    assert_eq!((kept.plan, kept.version, kept.member), (plan, 0, id(&world.patient)));
    assert_eq!((kept.provider, kept.paid, kept.appeal), (id(&world.doctor), Amount::ZERO, None));
    assert!((kept.decided, kept.due) > (Timestamp(0), kept.decided));
    let mut other = filing.clone();
    other.lines[0].split.payer = Amount(UNIT);
    for wrong in [Filing { lines: Vec::new(), ..filing.clone() }, other] {
        let reverse = world.claims.reverse(claim, Hash([1; 32]), &wrong);
        assert_eq!(world.refused(&world.doctor, reverse).await?, ClaimsError::WrongFiling);
    }
    let unknown = ClaimId([9; 32]);
    assert_eq!(world.read(world.claims.claim(unknown)).await?, None);
    assert_eq!(world.refused(&world.insurer, world.claims.retry(unknown)).await?, ClaimsError::ClaimNotFound);
    Ok(())
}

/// Before it treats anybody, a provider can ask what would become of a claim: nothing is written, and nothing is paid.
#[tokio::test]
async fn a_dry_run_tells_what_the_patient_would_owe_and_changes_nothing() -> Result {
    let world = World::new().await?;
    let terms = PlanTerms { limits: vec![limit(Measure::Deductible, UNIT / 2)], ..terms() };
    let plan = world.ready_for_claims(&terms, POOL).await?;
    let claimed = world.claim_of(plan, 1, vec![line(1, UNIT)]).await?;
    let before = world.pool(plan).await?;
    let submit = world.claims.submit(&claimed, None);
    let (receipts, _) = submit.dry_run(&world.chain, &account(&world.doctor)).await?;
    let total = receipts[0].adjudication.total;
    assert_eq!(
        (total.deductible, total.coinsurance, total.payer.0),
        (Amount(UNIT / 2), Amount(UNIT / 10), UNIT * 4 / 10)
    );
    assert_eq!(world.pool(plan).await?, before);
    assert_eq!(world.read(world.claims.claim(receipts[0].claim)).await?, None);
    assert_eq!(world.claims_for(&claimed).await?, receipts[0], "and that is what becomes of it");
    Ok(())
}
