//! Appeals: who may ask for a decision to be made anew, who decides, and what silence means.

use salus_client::Keypair;
use salus_domain::claim::Line;
use salus_domain::codes::{Category, Reason, ReasonSet};
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Deadlines, Fee, PlanTerms};
use salus_e2e_tests::claims::{all, Decided};
use salus_e2e_tests::samples::{benefit, code, for_payment, line, terms, words, DAY, UNIT};
use salus_e2e_tests::{account, id, node_of_my_own, Result, World};
use salus_interface::claims::{
    AppealAnswered, AppealDecided, AppealStatus, Authorisation, ClaimAdjudicated, ClaimAppealed, ClaimStatus,
    ClaimsError, Filing, Procedure, Ruling,
};

const POOL: u128 = 100 * UNIT;
/// What a plan of [`terms`] pays of one token.
const PAID: Amount = Amount(UNIT * 8 / 10);
const NOT_COVERED: ReasonSet = ReasonSet::of(&[Reason::NotCovered]);

fn surgery(number: u8) -> Line {
    Line { category: Category::Surgical, ..line(number, UNIT) }
}

fn overturned(set_aside: ReasonSet, filing: &Filing) -> Ruling {
    Ruling::Overturned { set_aside, filing: filing.clone() }
}

/// A claim whose only line is denied, and an appeal of the patient's against that.
async fn appealed(world: &World, plan: PlanId, number: u8) -> Result<Decided> {
    let decided = world.decides(plan, number, vec![surgery(number)]).await?;
    world.run(&world.patient, world.claims.appeal(decided.claim, NOT_COVERED, words(number))).await?;
    Ok(decided)
}

async fn appeal_status(world: &World, decided: &Decided) -> Result<Option<AppealStatus>> {
    Ok(world.kept_claim(decided.claim).await?.appeal.map(|appeal| appeal.status))
}

#[tokio::test]
async fn patient_and_provider_appeal_once_and_nobody_else() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    for (number, who) in [(1, &world.patient), (2, &world.doctor)] {
        let Decided { claim, .. } = world.decides(plan, number, vec![surgery(number)]).await?;
        let appeal = |set_aside| world.claims.appeal(claim, set_aside, words(7));
        for other in [&world.insurer, &world.arbiter, &world.governor, &world.stranger] {
            assert_eq!(world.refused(other, appeal(NOT_COVERED)).await?, ClaimsError::NotParty);
        }
        for fact in [Reason::NoConsent, Reason::Duplicate, Reason::CoverageInactive, Reason::BenefitMaximum] {
            let error = world.refused(who, appeal(NOT_COVERED.with(fact))).await?;
            assert_eq!(error, ClaimsError::NotAppealable, "{fact:?}");
        }
        let told = world.run(who, appeal(NOT_COVERED)).await?.event::<ClaimAppealed>()?;
        assert_eq!((told.claim, told.by, told.statement), (claim, id(who), words(7)));
        assert_eq!((told.appeal.set_aside, told.appeal.status), (NOT_COVERED, AppealStatus::Open));
        assert_eq!(world.kept_claim(claim).await?.appeal, Some(told.appeal));
        for party in [&world.patient, &world.doctor] {
            assert_eq!(world.refused(party, appeal(NOT_COVERED)).await?, ClaimsError::AlreadyAppealed);
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_arbiter_upholds_and_the_decision_stands_for_good() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let decided = appealed(&world, plan, 1).await?;
    let uphold = || world.claims.decide_appeal(decided.claim, &Ruling::Upheld, words(2));
    for other in [&world.insurer, &world.doctor, &world.patient, &world.stranger] {
        assert_eq!(world.refused(other, uphold()).await?, ClaimsError::NotArbiter);
    }
    let ruled = world.run(&world.arbiter, uphold()).await?;
    let (claim, by) = (decided.claim, id(&world.arbiter));
    let told = AppealDecided { claim, by, status: AppealStatus::Upheld, set_aside: NOT_COVERED, statement: words(2) };
    assert_eq!((ruled.forecast, ruled.event::<AppealDecided>()?), (AppealStatus::Upheld, told));
    assert_eq!(world.refused(&world.arbiter, uphold()).await?, ClaimsError::NotAppealed);
    let again = world.claims.appeal(claim, NOT_COVERED, words(3));
    assert_eq!(world.refused(&world.patient, again).await?, ClaimsError::AlreadyAppealed);
    assert_eq!(world.settles(&world.insurer, &[claim]).await?, [Err(ClaimsError::NothingToPay)]);
    Ok(())
}

#[tokio::test]
async fn the_arbiter_overturns_and_the_claim_is_decided_and_paid_anew() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let decided = world.decides(plan, 1, vec![line(1, UNIT), surgery(2)]).await?;
    world.settles(&world.insurer, &[decided.claim]).await?;
    world.run(&world.doctor, world.claims.appeal(decided.claim, NOT_COVERED, words(1))).await?;
    let (before, pool) = (world.chain.balance(&account(&world.doctor)).await?, world.pool(plan).await?);

    let ruling = overturned(NOT_COVERED, &decided.filing);
    let decide = || world.claims.decide_appeal(decided.claim, &ruling, words(2));
    for other in [&world.doctor, &world.patient, &world.stranger] {
        assert_eq!(world.refused(other, decide()).await?, ClaimsError::NotArbiter, "the arbiter has its time");
    }
    let mut forged = decided.filing.clone();
    forged.submission.lines[1].submitted = Amount(50 * UNIT);
    let forged = world.claims.decide_appeal(decided.claim, &overturned(NOT_COVERED, &forged), words(2));
    assert_eq!(world.refused(&world.arbiter, forged).await?, ClaimsError::WrongFiling);
    let facts = overturned(NOT_COVERED.with(Reason::Duplicate), &decided.filing);
    let facts = world.claims.decide_appeal(decided.claim, &facts, words(2));
    assert_eq!(world.refused(&world.arbiter, facts).await?, ClaimsError::NotAppealable);

    let ruled = world.run(&world.arbiter, decide()).await?;
    assert_eq!(ruled.forecast, AppealStatus::Overturned);
    let anew = ruled.event::<ClaimAdjudicated>()?;
    assert_eq!(anew.filing.lines.iter().map(|line| line.split.payer).collect::<Vec<_>>(), [PAID, PAID]);
    let kept = world.kept_claim(decided.claim).await?;
    assert_eq!((kept.status, kept.paid, kept.total.payer), (ClaimStatus::Adjudicated, PAID, Amount(2 * PAID.0)));
    assert_eq!(world.pool(plan).await?.reserved, PAID, "the difference");
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Ok(PAID)]);
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Err(ClaimsError::AlreadySettled)]);
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, before + PAID.0);
    assert_eq!(world.pool(plan).await?.paid, Amount(pool.paid.0 + PAID.0));
    assert_eq!(world.refused(&world.arbiter, decide()).await?, ClaimsError::NotAppealed);

    // All of it is taken back where it was wrong after all: with the filing that holds now only.
    let old = world.claims.reverse(decided.claim, words(3), &decided.filing);
    assert_eq!(world.refused(&world.insurer, old).await?, ClaimsError::WrongFiling);
    let take_back = || world.claims.reverse(decided.claim, words(3), &anew.filing);
    assert_eq!(world.refused(&world.insurer, take_back()).await?, ClaimsError::AlreadyAppealed, "it lost");
    let reversed = world.run(&world.doctor, take_back()).await?;
    assert_eq!(reversed.forecast, Amount(2 * PAID.0));
    Ok(())
}

#[tokio::test]
async fn the_insurer_answers_and_may_give_in() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let decided = appealed(&world, plan, 1).await?;
    let answer = || world.claims.answer_appeal(decided.claim, words(2));
    for other in [&world.doctor, &world.patient, &world.arbiter, &world.stranger] {
        assert_eq!(world.refused(other, answer()).await?, ClaimsError::NotInsurer);
    }
    let told = world.run(&world.insurer, answer()).await?.event::<AppealAnswered>()?;
    assert_eq!(told, AppealAnswered { claim: decided.claim, statement: words(2) });
    for other in [ReasonSet::EMPTY, NOT_COVERED.with(Reason::WaitingPeriod)] {
        let ruling = overturned(other, &decided.filing);
        let other = world.claims.decide_appeal(decided.claim, &ruling, words(3));
        assert_eq!(world.refused(&world.insurer, other).await?, ClaimsError::NotArbiter, "it was not asked for that");
    }
    let ruling = overturned(NOT_COVERED, &decided.filing);
    let gives_in = world.claims.decide_appeal(decided.claim, &ruling, words(3));
    let ruled = world.run(&world.insurer, gives_in).await?;
    let ended = ruled.event::<AppealDecided>()?;
    assert_eq!((ended.by, ended.status), (id(&world.insurer), AppealStatus::Granted), "only the arbiter ends it");
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Ok(PAID)]);
    let uphold = world.claims.decide_appeal(decided.claim, &Ruling::Upheld, words(4));
    assert_eq!(world.run(&world.arbiter, uphold).await?.forecast, AppealStatus::Overturned, "what is granted stays");
    let anew = ruled.event::<ClaimAdjudicated>()?.filing;
    let take_back = world.claims.reverse(decided.claim, words(5), &anew);
    assert_eq!(world.refused(&world.insurer, take_back).await?, ClaimsError::AlreadyAppealed);
    assert_eq!(world.refused(&world.insurer, answer()).await?, ClaimsError::NotAppealed);
    Ok(())
}

/// Who may appeal has it granted, as it was asked for and no further.
#[tokio::test]
async fn an_arbiter_that_is_silent_until_the_deadline_has_overturned() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let deadlines = Deadlines { review: 3 * DAY, ..terms().deadlines };
    let plan = world.ready_for_claims(&PlanTerms { deadlines, ..terms() }, POOL).await?;
    let decided = appealed(&world, plan, 1).await?;
    let grant = |set_aside| {
        let ruling = overturned(set_aside, &decided.filing);
        world.claims.decide_appeal(decided.claim, &ruling, words(2))
    };
    world.chain.advance_clock(2 * DAY).await?;
    assert_eq!(world.refused(&world.stranger, grant(NOT_COVERED)).await?, ClaimsError::NotArbiter);
    world.chain.advance_clock(DAY).await?;
    for late in [&world.stranger, &world.arbiter] {
        let uphold = world.claims.decide_appeal(decided.claim, &Ruling::Upheld, words(2));
        assert_eq!(world.refused(late, uphold).await?, ClaimsError::NotArbiter);
        assert_eq!(world.refused(late, grant(NOT_COVERED)).await?, ClaimsError::NotArbiter);
    }
    for other in [&world.stranger, &world.insurer, &world.patient] {
        for wider in [ReasonSet::EMPTY, NOT_COVERED.with(Reason::FeeSchedule)] {
            assert_eq!(world.refused(other, grant(wider)).await?, ClaimsError::NotArbiter);
        }
    }
    assert_eq!(world.run(&world.patient, grant(NOT_COVERED)).await?.forecast, AppealStatus::Overturned);
    assert_eq!(world.settles(&world.insurer, &[decided.claim]).await?, [Ok(PAID)]);
    Ok(())
}

#[tokio::test]
async fn an_appeal_is_made_in_time_or_not_at_all() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = world.ready_for_claims(&terms(), POOL).await?;
    let claims =
        [world.decides(plan, 1, vec![surgery(1)]).await?.claim, world.decides(plan, 2, vec![surgery(2)]).await?.claim];
    let appeal = |claim| world.claims.appeal(claim, NOT_COVERED, words(1));
    world.chain.advance_clock(9 * DAY).await?;
    world.run(&world.patient, appeal(claims[0])).await?;
    world.chain.advance_clock(DAY).await?;
    assert_eq!(world.refused(&world.patient, appeal(claims[1])).await?, ClaimsError::TooLate);
    Ok(())
}

/// What is a fact is not set aside: where it has changed, an appeal sees that.
#[tokio::test]
async fn a_claim_denied_for_want_of_consent_is_paid_on_appeal_once_there_is_one() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let plan = world.insures(&terms(), POOL).await?;
    let rule = |world: &World, decided: &Decided| {
        let ruling = overturned(ReasonSet::EMPTY, &decided.filing);
        world.claims.decide_appeal(decided.claim, &ruling, words(2))
    };
    let mut denied = Vec::new();
    for number in [1, 2] {
        let decided = world.decides(plan, number, vec![line(number, UNIT)]).await?;
        assert!(decided.filing.lines[0].reasons.contains(Reason::NoConsent));
        world.run(&world.patient, world.claims.appeal(decided.claim, ReasonSet::EMPTY, words(1))).await?;
        denied.push(decided);
    }
    let still = world.run(&world.arbiter, rule(&world, &denied[0])).await?;
    assert_eq!(still.forecast, AppealStatus::Upheld, "it would not pay more");
    assert_eq!(all::<ClaimAdjudicated, _>(&still), []);
    assert_eq!(appeal_status(&world, &denied[0]).await?, Some(AppealStatus::Upheld));

    world.consents(&for_payment(&world.insurer)).await?;
    let ruled = world.run(&world.arbiter, rule(&world, &denied[1])).await?;
    assert_eq!(ruled.forecast, AppealStatus::Overturned);
    assert_eq!(world.settles(&world.insurer, &[denied[1].claim]).await?, [Ok(PAID)]);
    Ok(())
}

#[tokio::test]
async fn an_appeal_that_the_pool_cannot_pay_for_stays_open() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), PAID.0 / 2).await?;
    let decided = appealed(&world, plan, 1).await?;
    let ruling = overturned(NOT_COVERED, &decided.filing);
    let rule = || world.claims.decide_appeal(decided.claim, &ruling, words(2));
    assert_eq!(world.refused(&world.arbiter, rule()).await?, ClaimsError::PoolTooSmall);
    assert_eq!(appeal_status(&world, &decided).await?, Some(AppealStatus::Open));
    world.funds(&world.insurer, plan, PAID.0).await?;
    world.run(&world.arbiter, rule()).await?;
    assert_eq!(world.pool(plan).await?.reserved, PAID);
    Ok(())
}

/// Each of [`ReasonSet::APPEALABLE`] that is a judgement on the facts of one line.
#[tokio::test]
async fn every_reason_that_can_be_appealed_can_be_overturned() -> Result {
    let world = World::new().await?;
    let other = world.somebody().await?;
    world.establish().await?;
    world.consents(&for_payment(&world.insurer)).await?;
    let denies = |reason| {
        let authorisation = matches!(reason, Reason::AuthorisationRefused | Reason::AuthorisationExceeded);
        let waiting_period = if reason == Reason::WaitingPeriod { 300 * DAY } else { 0 };
        let filing = if reason == Reason::FilingDeadline { 0 } else { terms().deadlines.filing };
        PlanTerms {
            benefit: Benefit { authorisation, waiting_period, ..benefit() },
            deadlines: Deadlines { filing, ..terms().deadlines },
            networked: reason == Reason::OutOfNetwork,
            ..terms()
        }
    };
    let reasons = [
        Reason::WaitingPeriod,
        Reason::NotCredentialed,
        Reason::NotCovered,
        Reason::FeeSchedule,
        Reason::FilingDeadline,
        Reason::OutOfNetwork,
        Reason::AuthorisationRefused,
        Reason::AuthorisationExceeded,
    ];
    for (number, reason) in (1..).zip(reasons) {
        let plan = world.insures(&denies(reason), 10 * UNIT).await?;
        let provider: &Keypair = if reason == Reason::NotCredentialed { &other } else { &world.doctor };
        let mut claimed = Line { quantity: 2, ..line(number, UNIT) };
        let until = world.now().await?.plus(DAY);
        let asked = Procedure { plan, member: id(&world.patient), provider: id(provider), code: code(number) };
        match reason {
            Reason::NotCovered => claimed.category = Category::Surgical,
            Reason::FeeSchedule => {
                let fee = Fee { code: code(number), price: Amount(UNIT / 8) };
                world.run(&world.insurer, world.claims.set_fees(plan, 0, &[fee])).await?;
            }
            Reason::AuthorisationRefused => {
                world.run(&world.insurer, world.claims.decide_authorisation(asked, None)).await?;
            }
            Reason::AuthorisationExceeded => {
                world.run(&world.insurer, world.claims.decide_authorisation(asked, Some((1, until)))).await?;
            }
            _ => {}
        }
        let submission = world.claim_of(plan, number, vec![claimed]).await?;
        let decided = world.decides_for(provider, &submission).await?;
        let [outcome] = decided.filing.lines.as_slice() else { return Err("not one line".into()) };
        assert!(outcome.reasons.contains(reason), "{reason:?}: {outcome:?}");
        assert!(outcome.split.payer < PAID, "{reason:?}: {outcome:?}");
        world.run(provider, world.claims.appeal(decided.claim, reason.into(), words(1))).await?;
        let ruling = overturned(reason.into(), &decided.filing);
        let ruled = world.run(&world.arbiter, world.claims.decide_appeal(decided.claim, &ruling, words(2))).await?;
        assert_eq!(ruled.forecast, AppealStatus::Overturned, "{reason:?}");
        let anew = ruled.event::<ClaimAdjudicated>()?.filing;
        assert_eq!(anew.lines[0].split.payer, PAID, "{reason:?}");
        if reason == Reason::AuthorisationExceeded {
            let used_up = world.read(world.claims.authorisation(asked)).await?;
            assert_eq!(used_up, Some(Authorisation::Granted { quantity: 0, until }), "never less than nothing");
        }
    }
    Ok(())
}
