//! Every message about a claim in every state that a claim can be in, by whoever may call it: what goes through, and why the
//! rest does not.

use salus_client::message::Message;
use salus_client::rules::Rule;
use salus_client::{CallError, Keypair};
use salus_domain::claim::Line;
use salus_domain::codes::{Category, Reason, ReasonSet};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, PlanTerms};
use salus_e2e_tests::claims::{around, enrolment, Decided};
use salus_e2e_tests::samples::{benefit, code, line, terms, words, DAY, UNIT};
use salus_e2e_tests::{account, id, Result, World};
use salus_interface::claims::{Asset, Claim, ClaimAdjudicated, ClaimsError, Filing, Pool, Procedure, Ruling};

const NOT_COVERED: ReasonSet = ReasonSet::of(&[Reason::NotCovered]);

/// A state, how it is called, and what stands in it.
struct State {
    name: &'static str,
    claim: ClaimId,
    filing: Filing,
}

/// Claims of one world, one in each state; what the first plan pays is 0.8 of each line, the second asks for authorisation.
async fn states(world: &World) -> Result<(Vec<State>, PlanId)> {
    let plan = world.ready_for_claims(&terms(), 50 * UNIT).await?;
    let asks = PlanTerms { benefit: Benefit { authorisation: true, ..benefit() }, ..terms() };
    let asks = world.insures(&asks, UNIT).await?;
    let (_, next) = world.another_insurer(&terms(), 50 * UNIT, true).await?;
    let mixed =
        |number: u8| vec![line(number, UNIT), Line { category: Category::Surgical, ..line(number + 100, UNIT) }];
    let mut states = Vec::new();
    let mut add = |name, decided: &Decided| {
        states.push(State { name, claim: decided.claim, filing: decided.filing.clone() });
    };

    let decided = world.decides(plan, 1, mixed(1)).await?;
    add("adjudicated", &decided);
    let mut settled = Vec::new();
    for number in 2..=6 {
        let decided = world.decides(plan, number, mixed(number)).await?;
        assert!(world.settles(&world.insurer, &[decided.claim]).await?[0].is_ok());
        settled.push(decided);
    }
    add("settled", &settled[0]);
    world.run(&world.doctor, world.claims.appeal(settled[1].claim, NOT_COVERED, words(1))).await?;
    add("appealed", &settled[1]);
    world.run(&world.doctor, world.claims.appeal(settled[2].claim, NOT_COVERED, words(1))).await?;
    world.run(&world.arbiter, world.claims.decide_appeal(settled[2].claim, &Ruling::Upheld, words(2))).await?;
    add("upheld", &settled[2]);
    world.run(&world.insurer, world.claims.reverse(settled[3].claim, words(3), &settled[3].filing)).await?;
    add("reversed", &settled[3]);
    world.run(&world.doctor, world.claims.pass_on(settled[4].claim, &settled[4].filing, next)).await?;
    add("passed on", &settled[4]);

    let appealed = world.decides(plan, 7, mixed(7)).await?;
    world.run(&world.doctor, world.claims.appeal(appealed.claim, NOT_COVERED, words(1))).await?;
    let ruling = Ruling::Overturned { set_aside: NOT_COVERED, filing: appealed.filing };
    let ruled = world.run(&world.arbiter, world.claims.decide_appeal(appealed.claim, &ruling, words(2))).await?;
    let ClaimAdjudicated { claim, filing, .. } = ruled.event()?;
    add("overturned", &Decided { claim, filing });

    let denied = world.decides(plan, 8, vec![Line { category: Category::Surgical, ..line(8, UNIT) }]).await?;
    add("denied", &denied);
    for (name, plan, lines) in
        [("awaits funds", plan, vec![line(9, 1_000 * UNIT)]), ("awaits authorisation", asks, vec![line(10, UNIT)])]
    {
        let receipt = world.claims_for(&world.claim_of(plan, lines[0].code.0[0], lines).await?).await?;
        assert!(receipt.status.is_pended());
        add(name, &Decided { claim: receipt.claim, filing: decided.filing.clone() });
    }
    add("unknown", &Decided { claim: ClaimId([99; 32]), filing: decided.filing });
    Ok((states, next))
}

/// How a message would end now; nothing is changed.
async fn tried<T: scale::Decode, E: scale::Decode + Rule>(
    world: &World,
    who: &Keypair,
    message: Message<T, E>,
) -> Result<std::result::Result<(), E>> {
    match message.dry_run(&world.chain, &account(who)).await {
        Ok(_) => Ok(Ok(())),
        Err(CallError::Refused(refusal)) => Ok(Err(refusal)),
        Err(CallError::Client(error)) => Err(format!("{}: {error}", message.name()).into()),
    }
}

/// How settling one claim would end.
async fn settled(world: &World, claim: ClaimId) -> Result<std::result::Result<(), ClaimsError>> {
    let (answers, _) = world.claims.settle(&[claim]).dry_run(&world.chain, &account(&world.insurer)).await?;
    Ok(answers.into_iter().next().ok_or("no answer")?.map(drop))
}

type Row = (&'static str, [std::result::Result<(), ClaimsError>; 10]);

/// Submit again, retry, withdraw, settle, pass on, appeal, answer, uphold, overturn, reverse (as the insurer): each by who may.
#[tokio::test]
async fn every_message_in_every_state_goes_through_or_says_why_not() -> Result {
    use ClaimsError::{
        AlreadyAppealed, AlreadySettled, AppealOpen, AuthorisationMissing, ClaimNotFound, DuplicateClaim,
        NotAdjudicated, NotAppealed, NotPended, NotSettled, NothingToPay, PassedOn, PoolTooSmall,
    };

    let world = World::new().await?;
    let (states, next) = states(&world).await?;
    let mut table: Vec<Row> = Vec::new();
    for State { name, claim, filing } in &states {
        let claims = &world.claims;
        let overturn = Ruling::Overturned { set_aside: NOT_COVERED, filing: filing.clone() };
        let row = [
            tried(&world, &world.doctor, claims.submit(&filing.submission, None)).await?,
            tried(&world, &world.stranger, claims.retry(*claim)).await?,
            tried(&world, &world.doctor, claims.withdraw_claim(*claim)).await?,
            settled(&world, *claim).await?,
            tried(&world, &world.doctor, claims.pass_on(*claim, filing, next)).await?,
            tried(&world, &world.patient, claims.appeal(*claim, NOT_COVERED, words(1))).await?,
            tried(&world, &world.insurer, claims.answer_appeal(*claim, words(1))).await?,
            tried(&world, &world.arbiter, claims.decide_appeal(*claim, &Ruling::Upheld, words(1))).await?,
            tried(&world, &world.arbiter, claims.decide_appeal(*claim, &overturn, words(1))).await?,
            tried(&world, &world.insurer, claims.reverse(*claim, words(1), filing)).await?,
        ];
        table.push((*name, row));
    }
    const YES: std::result::Result<(), ClaimsError> = Ok(());
    let no = Err::<(), ClaimsError>;
    let (used, open) = (no(DuplicateClaim), no(NotAppealed));
    // The filings of claims that wait are another's, whose reference is used.
    let pended = |retry| {
        [
            used,
            no(retry),
            YES,
            no(NotAdjudicated),
            no(NotAdjudicated),
            no(NotAdjudicated),
            open,
            open,
            open,
            no(NotAdjudicated),
        ]
    };
    let stands = |settle, pass_on, appeal, rule, reverse| {
        [used, no(NotPended), no(NotPended), settle, pass_on, appeal, rule, rule, rule, reverse]
    };
    let gone = no(NotAdjudicated);
    let expected: [Row; 11] = [
        ("adjudicated", stands(YES, YES, YES, open, no(NotSettled))),
        ("settled", stands(no(AlreadySettled), YES, YES, open, YES)),
        ("appealed", stands(no(AlreadySettled), no(AppealOpen), no(AlreadyAppealed), YES, no(AppealOpen))),
        ("upheld", stands(no(AlreadySettled), YES, no(AlreadyAppealed), open, YES)),
        ("reversed", stands(gone, gone, gone, open, gone)),
        ("passed on", stands(no(AlreadySettled), no(PassedOn), YES, open, YES)),
        ("overturned", stands(YES, YES, no(AlreadyAppealed), open, no(NotSettled))),
        ("denied", stands(no(NothingToPay), YES, YES, open, no(NotSettled))),
        ("awaits funds", pended(PoolTooSmall)),
        ("awaits authorisation", pended(AuthorisationMissing)),
        ("unknown", {
            let mut row = [no(ClaimNotFound); 10];
            row[0] = used;
            row
        }),
    ];
    assert_eq!(table.len(), expected.len());
    for (found, expected) in table.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    Ok(())
}

/// Whoever is not named by a message is refused in every state, and nothing has changed.
#[tokio::test]
async fn the_wrong_caller_is_refused_in_every_state() -> Result {
    let world = World::new().await?;
    let (states, next) = states(&world).await?;
    let everybody = [
        &world.doctor,
        &world.patient,
        &world.insurer,
        &world.arbiter,
        &world.governor,
        &world.authority,
        &world.stranger,
    ];
    let state = || async {
        let mut kept: Vec<Option<Claim>> = Vec::new();
        for State { claim, .. } in &states {
            kept.push(world.read(world.claims.claim(*claim)).await?);
        }
        let pools: (Pool, Pool) = (world.pool(PlanId(0)).await?, world.pool(next).await?);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((kept, pools))
    };
    let before = state().await?;
    for State { name, claim, filing } in &states {
        let overturn = Ruling::Overturned { set_aside: NOT_COVERED, filing: filing.clone() };
        for (number, who) in everybody.iter().enumerate() {
            let wrong = |who: &Keypair| everybody[number].public_key().0 != who.public_key().0;
            let claims = &world.claims;
            let mut refused = Vec::new();
            if wrong(&world.doctor) {
                refused.push(tried(&world, who, claims.withdraw_claim(*claim)).await?);
                refused.push(tried(&world, who, claims.pass_on(*claim, filing, next)).await?);
                if wrong(&world.patient) {
                    refused.push(tried(&world, who, claims.appeal(*claim, NOT_COVERED, words(1))).await?);
                }
                if wrong(&world.insurer) {
                    refused.push(tried(&world, who, claims.reverse(*claim, words(1), filing)).await?);
                }
            }
            if wrong(&world.insurer) {
                refused.push(tried(&world, who, claims.answer_appeal(*claim, words(1))).await?);
                let (answers, _) = claims.settle(&[*claim]).dry_run(&world.chain, &account(who)).await?;
                refused.push(answers[0].map(drop));
                if wrong(&world.arbiter) {
                    refused.push(tried(&world, who, claims.decide_appeal(*claim, &overturn, words(1))).await?);
                }
            }
            if wrong(&world.arbiter) {
                refused.push(tried(&world, who, claims.decide_appeal(*claim, &Ruling::Upheld, words(1))).await?);
            }
            assert!(refused.iter().all(std::result::Result::is_err), "{name}, caller {number}: {refused:?}");
        }
    }
    assert_eq!(state().await?, before);
    Ok(())
}

/// What only the insurer may do with its plan.
#[tokio::test]
async fn the_wrong_caller_is_refused_on_every_message_about_a_plan() -> Result {
    let world = World::new().await?;
    let plan = world.ready_for_claims(&terms(), 10 * UNIT).await?;
    let (member, provider, now) = (id(&world.patient), id(&world.doctor), world.now().await?);
    let unknown = PlanId(plan.0 + 1);
    let enrolments = [enrolment(&world.stranger, around(now))];
    let fees = [Fee { code: code(1), price: Amount(1) }];
    let before = world.read(world.claims.plan(plan)).await?;
    for other in [&world.governor, &world.authority, &world.arbiter, &world.doctor, &world.patient, &world.stranger] {
        for (named, error) in [(plan, ClaimsError::NotInsurer), (unknown, ClaimsError::PlanNotFound)] {
            let claims = &world.claims;
            let asked = Procedure { plan: named, member, provider, code: code(1) };
            let refused = [
                world.refused(other, claims.revise_plan(named, &terms())).await?,
                world.refused(other, claims.set_frozen(named, true)).await?,
                world.refused(other, claims.withdraw(named, Amount(1))).await?,
                world.refused(other, claims.set_fees(named, 0, &fees)).await?,
                world.refused(other, claims.set_network(named, &[provider], true)).await?,
                world.refused(other, claims.cover(named, &enrolments)).await?,
                world.refused(other, claims.end_coverage(named, member, now.plus(DAY))).await?,
                world.refused(other, claims.decide_authorisation(asked, None)).await?,
            ];
            assert_eq!(refused, [error; 8]);
        }
    }
    assert_eq!(world.read(world.claims.plan(plan)).await?, before);
    assert_eq!(world.read(world.claims.fee(plan, code(1))).await?, None);
    assert_eq!(world.read(world.claims.coverages(plan, id(&world.stranger))).await?, []);
    let fund = world.claims.fund(unknown, Amount(1), Asset::Native);
    assert_eq!(world.refused(&world.stranger, fund).await?, ClaimsError::PlanNotFound);
    assert_eq!(world.read(world.claims.plan(unknown)).await?, None);
    assert_eq!(world.read(world.claims.terms(unknown, 0)).await?, None);
    Ok(())
}
