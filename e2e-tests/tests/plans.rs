//! Plans and coverages: what an insurer promises, to whom, and when that changes.

use salus_client::ink_account;
use salus_domain::codes::{Category, CategorySet, Measure, Reason, ReasonSet, Unit};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, Fee, Limit, PlanTerms, TermsMalformed, MAX_LIMITS, MAX_PAGE, YEAR};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::claims::{around, enrolment, reasons, Decided};
use salus_e2e_tests::samples::{benefit, day, for_payment, limit, line, share, submission, terms, words, DAY, UNIT};
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use salus_interface::claims::{
    AppealStatus, Asset, ClaimStatus, ClaimsError, CoverageEnded, Enrolment, MembersCovered, NetworkSet, PlanFrozen,
    PlanOpened, PlanRevised, Ruling, MAX_BATCH, MAX_COVERAGES,
};

const POOL: u128 = 100 * UNIT;

fn code(first: u8, number: u16) -> CodeTag {
    let mut tag = [0; 16];
    tag[0] = first;
    tag[1..3].copy_from_slice(&number.to_be_bytes());
    CodeTag(tag)
}

fn fee(first: u8, number: u16) -> Fee {
    Fee { code: code(first, number), price: Amount(u128::from(number) + 1) }
}

#[tokio::test]
async fn plans_keep_their_bounds() -> Result {
    let world = World::new().await?;
    let above = Benefit { in_network: share(0, 10_001), ..benefit() };
    let outside = Benefit { out_of_network: Some(share(0, 10_001)), ..benefit() };
    let surgical = |benefit| (Category::Surgical, benefit);
    let limits: Vec<_> = (0..=MAX_LIMITS)
        .map(|number| Limit { category: Category::ALL.get(number).copied(), ..limit(Measure::Benefit, 1) })
        .collect();
    for (broken, why) in [
        (PlanTerms { benefit: above, ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
        (PlanTerms { benefit: outside, ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
        (PlanTerms { exceptions: vec![surgical(above)], ..terms() }, TermsMalformed::CoinsuranceAboveWhole),
        (PlanTerms { exceptions: vec![surgical(benefit()); 2], ..terms() }, TermsMalformed::RepeatedCategory),
        (PlanTerms { covered: CategorySet::EMPTY, ..terms() }, TermsMalformed::CoversNothing),
        (PlanTerms { limits: limits.clone(), ..terms() }, TermsMalformed::TooManyLimits),
        (PlanTerms { limits: vec![limits[0]; 2], ..terms() }, TermsMalformed::RepeatedLimit),
        (
            PlanTerms { deadlines: Deadlines { review: YEAR + 1, ..terms().deadlines }, ..terms() },
            TermsMalformed::DeadlineTooLong,
        ),
    ] {
        let error = ClaimsError::TermsMalformed(why);
        let open = world.claims.open_plan(Asset::Native, id(&world.arbiter), 1, &broken);
        assert_eq!(world.refused(&world.insurer, open).await?, error);
    }
    let plan = world.opens(&world.insurer, Asset::Native, &terms()).await?;
    let broken = PlanTerms { covered: CategorySet::EMPTY, ..terms() };
    let revise = world.claims.revise_plan(plan, &broken);
    let error = ClaimsError::TermsMalformed(TermsMalformed::CoversNothing);
    assert_eq!(world.refused(&world.insurer, revise).await?, error);
    for pages in [0, 3, 257, 512] {
        let open = world.claims.open_plan(Asset::Native, id(&world.arbiter), pages, &terms());
        assert_eq!(world.refused(&world.insurer, open).await?, ClaimsError::WrongPages);
    }
    let person = Asset::Psp22(id(&world.stranger));
    let without_token = world.opens(&world.insurer, person, &terms()).await?;
    let fund = world.claims.fund(without_token, Amount(5), person);
    assert_eq!(world.refused(&world.insurer, fund).await?, ClaimsError::TransferFailed);
    let fund = world.claims.fund(plan, Amount::ZERO, Asset::Native);
    assert_eq!(world.refused(&world.insurer, fund).await?, ClaimsError::NothingTransferred);
    let without = world.claims.fund(plan, Amount(5), Asset::Psp22(ink_account(world.claims.address())));
    assert_eq!(world.refused(&world.insurer, without).await?, ClaimsError::WrongValue, "nothing was sent along");
    Ok(())
}

#[tokio::test]
async fn a_plan_with_as_many_limits_and_exceptions_as_there_can_be_works() -> Result {
    let world = World::new().await?;
    let limits = (0..MAX_LIMITS).map(|number| Limit {
        category: Category::ALL.get(number).copied(),
        unit: if number % 2 == 0 { Unit::Individual } else { Unit::Family },
        ..limit(Measure::Benefit, u128::MAX)
    });
    let exceptions = Category::ALL.iter().map(|category| (*category, benefit()));
    let terms = PlanTerms {
        limits: limits.collect(),
        exceptions: exceptions.collect(),
        covered: CategorySet::of(Category::ALL),
        ..terms()
    };
    let plan = world.ready_for_claims(&terms, POOL).await?;
    assert_eq!(world.read(world.claims.terms(plan, 0)).await?, Some(terms));
    let Decided { filing, .. } = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    assert_eq!(filing.lines[0].split.payer, Amount(UNIT * 8 / 10));
    Ok(())
}

#[tokio::test]
async fn a_revised_plan_leaves_who_is_covered_and_what_was_claimed_as_it_was() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 2 * UNIT).await?;
    let decided = world.decides(plan, 1, vec![line(1, UNIT)]).await?;
    let pended = world.claims_for(&world.claim_of(plan, 2, vec![line(2, 10 * UNIT)]).await?).await?.claim;
    let half = PlanTerms { benefit: Benefit { in_network: share(0, 5_000), ..benefit() }, ..terms() };
    let revised = world.run(&world.insurer, world.claims.revise_plan(plan, &half)).await?;
    assert_eq!(revised.forecast, 1);
    assert_eq!(revised.event::<PlanRevised>()?, PlanRevised { plan, version: 1, terms: half.clone() });
    assert_eq!(world.read(world.claims.plan(plan)).await?.map(|plan| plan.version), Some(1));
    let versions = [Some(terms()), Some(half), None];
    for (version, expected) in (0..).zip(versions) {
        assert_eq!(world.read(world.claims.terms(plan, version)).await?, expected);
    }

    // Who was covered before keeps the terms, for what was claimed and what will be.
    assert_eq!(world.kept_claim(decided.claim).await?.version, 0);
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Ok(Amount(UNIT * 8 / 10))]);
    world.funds(&world.insurer, plan, 100 * UNIT).await?;
    let retried = world.run(&world.doctor, world.claims.retry(pended)).await?.forecast;
    assert_eq!(retried.adjudication.total.payer, Amount(8 * UNIT));
    let later = world.decides(plan, 3, vec![line(3, UNIT)]).await?;
    assert_eq!(later.filing.lines[0].split.payer, Amount(UNIT * 8 / 10));

    // Who is covered from then on has the new ones.
    let member = &world.researcher;
    world.run(member, world.registry.record(&for_payment(&world.insurer))).await?;
    let covered = [enrolment(member, around(world.now().await?))];
    let told = world.run(&world.insurer, world.claims.cover(plan, &covered)).await?.event::<MembersCovered>()?;
    assert_eq!(told, MembersCovered { plan, version: 1, enrolments: covered.to_vec() });
    let day = day(&world.doctor, member, world.now().await?, 1);
    let claimed = submission(plan, member, 4, day, vec![line(1, UNIT)]);
    let other = world.decides_for(&world.doctor, &claimed).await?;
    assert_eq!(other.filing.lines[0].split.payer, Amount(UNIT / 2));
    assert_eq!(world.kept_claim(other.claim).await?.version, 1);
    Ok(())
}

#[tokio::test]
async fn a_frozen_plan_takes_no_claims_and_pays_and_answers_all_the_same() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 2 * UNIT).await?;
    let paid = world.decides(plan, 1, vec![line(1, UNIT)]).await?.claim;
    let pended = world.claims_for(&world.claim_of(plan, 2, vec![line(2, 10 * UNIT)]).await?).await?.claim;
    let disputed = world
        .decides(plan, 3, vec![salus_domain::claim::Line { category: Category::Surgical, ..line(3, UNIT) }])
        .await?;
    let (_, elsewhere) = world.another_insurer(&terms(), POOL, false).await?;
    let first = world.decides(elsewhere, 4, vec![line(4, UNIT)]).await?;
    let frozen = world.run(&world.insurer, world.claims.set_frozen(plan, true)).await?;
    assert_eq!(frozen.event::<PlanFrozen>()?, PlanFrozen { plan, frozen: true });

    let refused = ClaimsError::PlanFrozen;
    let claimed = world.claim_of(plan, 5, vec![line(5, 1)]).await?;
    assert_eq!(world.refused(&world.doctor, world.claims.submit(&claimed, None)).await?, refused);
    assert_eq!(world.refused(&world.doctor, world.claims.retry(pended)).await?, refused);
    let pass_on = world.claims.pass_on(first.claim, &first.filing, plan);
    assert_eq!(world.refused(&world.doctor, pass_on).await?, refused);
    let both = world.claim_of(elsewhere, 6, vec![line(6, UNIT)]).await?;
    let both = world.claims.submit(&both, Some(plan));
    assert_eq!(world.refused(&world.doctor, both).await?, refused, "neither insurer decides");

    assert_eq!(world.settles(&world.insurer, &[paid]).await?, [Ok(Amount(UNIT * 8 / 10))]);
    let set_aside = ReasonSet::from(Reason::NotCovered);
    world.run(&world.patient, world.claims.appeal(disputed.claim, set_aside, words(1))).await?;
    let ruling = Ruling::Overturned { set_aside, filing: disputed.filing };
    let ruled = world.run(&world.arbiter, world.claims.decide_appeal(disputed.claim, &ruling, words(2))).await?;
    assert_eq!(ruled.forecast, AppealStatus::Overturned);

    world.run(&world.insurer, world.claims.set_frozen(plan, false)).await?;
    world.funds(&world.insurer, plan, POOL).await?;
    world.run(&world.doctor, world.claims.retry(pended)).await?;
    assert_eq!(world.status(pended).await?, ClaimStatus::Adjudicated);
    Ok(())
}

#[tokio::test]
async fn a_fee_schedule_is_set_page_by_page() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let open = world.claims.open_plan(Asset::Native, id(&world.arbiter), 4, &terms());
    let plan = world.run(&world.insurer, open).await?.event::<PlanOpened>()?.plan;
    world.funds(&world.insurer, plan, POOL).await?;
    world.covers(&world.insurer, plan, &world.patient).await?;
    let set = |page, fees: &[Fee]| world.claims.set_fees(plan, page, fees);
    let refused = |message| world.refused(&world.insurer, message);

    assert_eq!(refused(set(1, &[fee(2, 0)])).await?, ClaimsError::NotOnThisPage);
    assert_eq!(refused(set(0, &[fee(0, 2), fee(0, 1)])).await?, ClaimsError::NotOnThisPage, "not in order");
    assert_eq!(refused(set(0, &[fee(0, 1), fee(0, 1)])).await?, ClaimsError::NotOnThisPage, "twice");
    assert_eq!(refused(set(4, &[])).await?, ClaimsError::NotOnThisPage, "there are pages 0 to 3");
    let full: Vec<_> = (0..=MAX_PAGE as u16).map(|number| fee(3, number)).collect();
    assert_eq!(refused(set(3, &full)).await?, ClaimsError::BatchTooLarge);
    world.run(&world.insurer, set(3, &full[..MAX_PAGE])).await?;
    world.run(&world.insurer, set(1, &[fee(1, 50), fee(5, 50), fee(253, 60)])).await?;
    for (at, expected) in [
        (code(3, 0), Some(1)),
        (code(3, MAX_PAGE as u16 - 1), Some(MAX_PAGE as u128)),
        (code(3, MAX_PAGE as u16), None),
        (code(5, 50), Some(51)),
        (code(253, 60), Some(61)),
        (code(2, 0), None),
    ] {
        assert_eq!(world.read(world.claims.fee(plan, at)).await?, expected.map(Amount));
    }

    let of = |code| salus_domain::claim::Line { code, ..line(0, 1_000) };
    let lines = vec![of(code(3, MAX_PAGE as u16 - 1)), of(code(5, 50)), of(code(2, 0))];
    let allowed: Vec<_> =
        world.decides(plan, 1, lines).await?.filing.lines.iter().map(|line| line.split.allowed().0).collect();
    assert_eq!(allowed, [MAX_PAGE as u128, 51, 1_000]);
    world.run(&world.insurer, set(1, &[fee(1, 9)])).await?;
    assert_eq!(world.read(world.claims.fee(plan, code(5, 50))).await?, None, "a page is set as a whole");
    assert_eq!(world.read(world.claims.fee(plan, code(3, 0))).await?, Some(Amount(1)), "and the others stay");
    Ok(())
}

#[tokio::test]
async fn providers_are_taken_into_the_network_and_out_of_it() -> Result {
    let world = World::new().await?;
    let outside = Benefit { out_of_network: Some(share(0, 5_000)), ..benefit() };
    let exceptions = vec![(Category::DiagnosticLab, outside)];
    let plan = world.ready_for_claims(&PlanTerms { networked: true, exceptions, ..terms() }, POOL).await?;
    let both = |first| {
        let laboratory = salus_domain::claim::Line { category: Category::DiagnosticLab, ..line(first + 1, 100) };
        vec![line(first, 100), laboratory]
    };
    let doctor = id(&world.doctor);
    let paid = |decided: Decided| decided.filing.lines.iter().map(|line| line.split.payer.0).collect::<Vec<_>>();
    assert_eq!(paid(world.decides(plan, 1, both(10)).await?), [0, 50]);
    let set = world.run(&world.insurer, world.claims.set_network(plan, &[doctor], true)).await?;
    assert_eq!(set.event::<NetworkSet>()?, NetworkSet { plan, providers: vec![doctor], listed: true });
    assert!(world.read(world.claims.in_network(plan, doctor)).await?);
    assert_eq!(paid(world.decides(plan, 2, both(20)).await?), [80, 80]);
    world.run(&world.insurer, world.claims.set_network(plan, &[doctor], false)).await?;
    assert!(!world.read(world.claims.in_network(plan, doctor)).await?);
    assert_eq!(paid(world.decides(plan, 3, both(30)).await?), [0, 50]);

    let many: Vec<_> = (0..=MAX_BATCH as u8).map(|number| [number; 32].into()).collect();
    let refused = world.claims.set_network(plan, &many, true);
    assert_eq!(world.refused(&world.insurer, refused).await?, ClaimsError::BatchTooLarge);
    world.run(&world.insurer, world.claims.set_network(plan, &many[1..], true)).await?;
    assert!(world.read(world.claims.in_network(plan, many[MAX_BATCH])).await?);
    Ok(())
}

#[tokio::test]
async fn a_hundred_members_are_covered_by_one_message_or_none_is() -> Result {
    let world = World::new().await?;
    let plan = world.opens(&world.insurer, Asset::Native, &terms()).await?;
    let period = around(world.now().await?);
    let member = |number: u8| Enrolment {
        member: [number; 32].into(),
        subscriber: [number / 4; 32].into(),
        period,
        secondary: number.is_multiple_of(2),
    };
    let all: Vec<_> = (1..=MAX_BATCH as u8 + 1).map(member).collect();
    let too_many = world.claims.cover(plan, &all);
    assert_eq!(world.refused(&world.insurer, too_many).await?, ClaimsError::BatchTooLarge);
    let twice: Vec<_> = all[..MAX_BATCH - 1].iter().chain(&all[..1]).copied().collect();
    let refused = world.claims.cover(plan, &twice);
    assert_eq!(world.refused(&world.insurer, refused).await?, ClaimsError::AlreadyCovered);
    assert_eq!(world.read(world.claims.coverages(plan, all[1].member)).await?, []);

    world.run(&world.insurer, world.claims.cover(plan, &all[..MAX_BATCH])).await?;
    for enrolled in [&all[0], &all[MAX_BATCH - 1]] {
        let kept = world.read(world.claims.coverages(plan, enrolled.member)).await?;
        let [kept] = kept.as_slice() else { return Err("not one coverage".into()) };
        assert_eq!((kept.period, kept.subscriber, kept.secondary), (period, enrolled.subscriber, enrolled.secondary));
        assert_eq!((kept.version, kept.used.as_slice()), (0, [].as_slice()));
    }
    assert_eq!(world.read(world.claims.coverages(plan, all[MAX_BATCH].member)).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_family_shares_its_limits_and_keeps_its_members_own() -> Result {
    let world = World::new().await?;
    let family = Limit { unit: Unit::Family, ..limit(Measure::Deductible, 150) };
    let terms = PlanTerms { limits: vec![limit(Measure::Deductible, 100), family], ..terms() };
    world.establish().await?;
    let plan = world.opens(&world.insurer, Asset::Native, &terms).await?;
    world.funds(&world.insurer, plan, POOL).await?;
    let period = around(world.now().await?);
    let mut deductibles = Vec::new();
    let members = [&world.patient, &world.researcher, &world.stranger];
    let enrolments = members.map(|member| Enrolment { subscriber: id(&world.patient), ..enrolment(member, period) });
    world.run(&world.insurer, world.claims.cover(plan, &enrolments)).await?;
    for (number, member) in (1..).zip(members) {
        world.run(member, world.registry.record(&for_payment(&world.insurer))).await?;
        let day = day(&world.doctor, member, world.now().await?, 1);
        let claimed = submission(plan, member, number, day, vec![line(1, 120), line(2, 120)]);
        let decided = world.decides_for(&world.doctor, &claimed).await?;
        deductibles.push(decided.filing.lines.iter().map(|line| line.split.deductible.0).sum::<u128>());
    }
    assert_eq!(deductibles, [100, 50, 0]);
    Ok(())
}

#[tokio::test]
async fn coverages_keep_their_bounds() -> Result {
    let world = World::new().await?;
    let plan = world.insures(&terms(), 0).await?;
    let (now, member) = (world.now().await?, id(&world.patient));
    let refused = |message| world.refused(&world.insurer, message);
    let cover = |start: Timestamp, end: Timestamp| {
        world.claims.cover(plan, &[enrolment(&world.patient, Period { start, end })])
    };
    assert_eq!(refused(cover(now.plus(40 * DAY), now.plus(40 * DAY))).await?, ClaimsError::EmptyPeriod);
    assert_eq!(refused(cover(now.plus(40 * DAY), now.plus(39 * DAY))).await?, ClaimsError::EmptyPeriod);
    let long = now.plus(40 * DAY);
    assert_eq!(refused(cover(long, long.plus(YEAR + 1))).await?, ClaimsError::PeriodTooLong);
    assert_eq!(refused(cover(now.plus(20 * DAY), now.plus(40 * DAY))).await?, ClaimsError::AlreadyCovered);
    assert_eq!(refused(cover(Timestamp(0), Timestamp(1))).await?, ClaimsError::AlreadyCovered);

    let end = |at: Timestamp| world.claims.end_coverage(plan, member, at);
    assert_eq!(refused(end(Timestamp(now.0 - 1))).await?, ClaimsError::InThePast);
    assert_eq!(refused(end(now.plus(100 * DAY))).await?, ClaimsError::NotCovered);
    let ended = world.run(&world.insurer, end(now.plus(DAY))).await?.event::<CoverageEnded>()?;
    assert_eq!(ended, CoverageEnded { plan, member, end: now.plus(DAY) });
    assert_eq!(refused(end(now.plus(DAY))).await?, ClaimsError::NotCovered);

    for number in 1..MAX_COVERAGES as u64 {
        let next = cover(now.plus(number * DAY), now.plus((number + 1) * DAY));
        world.run(&world.insurer, next).await?.event::<MembersCovered>()?;
    }
    let one_more = cover(now.plus(100 * DAY), now.plus(101 * DAY));
    assert_eq!(refused(one_more).await?, ClaimsError::TooManyCoverages);
    assert_eq!(world.read(world.claims.coverages(plan, member)).await?.len(), MAX_COVERAGES);
    Ok(())
}

#[tokio::test]
async fn a_coverage_that_was_ended_pays_for_what_was_before_and_nothing_after() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let end = world.now().await?.plus(DAY);
    world.run(&world.insurer, world.claims.end_coverage(plan, id(&world.patient), end)).await?;
    let now = world.chain.advance_clock(3 * DAY).await?;
    let of = |reference, before| {
        let day = day(&world.doctor, &world.patient, now, before);
        submission(plan, &world.patient, reference, day, vec![line(1, UNIT)])
    };
    let late = world.claims_for(&of(1, 0)).await?;
    assert_eq!(reasons(&late), [[Reason::CoverageInactive]]);
    let before = world.claims_for(&of(2, 4)).await?;
    assert_eq!(before.adjudication.total.payer, Amount(UNIT * 8 / 10));
    Ok(())
}

/// A coverage after another has annual limits of its own, and the terms of its time.
#[tokio::test]
async fn the_next_coverage_begins_with_limits_that_nothing_was_used_of() -> Result {
    let world = World::new().await?;
    let terms = PlanTerms { limits: vec![limit(Measure::Deductible, 100)], ..terms() };
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let plan = world.opens(&world.insurer, Asset::Native, &terms).await?;
    world.funds(&world.insurer, plan, POOL).await?;
    let now = world.now().await?;
    let middle = Timestamp((now.0 / DAY - 10) * DAY);
    let first = Period { start: Timestamp(now.0 - 30 * DAY), end: middle };
    let second = Period { start: middle, end: now.plus(30 * DAY) };
    world.run(&world.insurer, world.claims.cover(plan, &[enrolment(&world.patient, first)])).await?;
    world.run(&world.insurer, world.claims.cover(plan, &[enrolment(&world.patient, second)])).await?;
    let mut deductibles = Vec::new();
    for (reference, before) in [(1, 20), (2, 19), (3, 5)] {
        let day = day(&world.doctor, &world.patient, now, before);
        let claimed = submission(plan, &world.patient, reference, day, vec![line(1, 1_000)]);
        let decided = world.decides_for(&world.doctor, &claimed).await?;
        deductibles.push(decided.filing.lines[0].split.deductible.0);
    }
    assert_eq!(deductibles, [100, 0, 100]);
    assert_eq!(world.read(world.claims.coverages(PlanId(plan.0 + 1), id(&world.patient))).await?, []);
    Ok(())
}
