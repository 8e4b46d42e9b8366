//! What patients decide, and that it holds at once.

use salus_domain::codes::{Action, Purpose, PurposeSet};
use salus_domain::consent::{Actor, Consent, Decision, Malformed, Provision};
use salus_domain::evaluate::{Answer, Deciding, Evaluation};
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, for_payment, for_treatment, provision, record, treatment_by};
use salus_e2e_tests::{account, endless, id, person, Result, World};
use salus_interface::access::{AccessDecided, AccessDecision, Ground, Refusal};
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentSummary, Done, Instruction, Order, OrdersCarriedOut, MAX_ENCODED_CONSENT, MAX_PAGE,
};
use scale::Encode;

/// What the registry tells of what the patient did by its own message.
fn told(world: &World, instruction: Instruction, done: Done, epoch: u32) -> CarriedOut {
    let order = Order { patient: id(&world.patient), instruction };
    CarriedOut { order, proxy: None, nonce: None, done, epoch }
}

async fn answer(world: &World, request: &Request) -> Result<Evaluation> {
    world.read(world.registry.decide(id(&world.patient), request)).await
}

#[tokio::test]
async fn a_recorded_consent_permits_what_it_says_and_nothing_else() -> Result {
    let world = World::new().await?;
    assert_eq!(answer(&world, &treatment_by(&world.doctor)).await?.answer, Answer::NoConsent);

    let written = for_treatment(&world.doctor);
    let done = world.run(&world.patient, world.registry.record(&written)).await?;
    let given = done.recorded()?;
    assert_eq!(done.forecast, given);
    assert_eq!(done.carried_out(), [told(&world, Instruction::Record(written.clone()), Done::Recorded(given), 1)]);
    assert_eq!(world.read(world.registry.consent(id(&world.patient), given)).await?, Some(written));

    let permitted = answer(&world, &treatment_by(&world.doctor)).await?;
    assert_eq!(permitted.answer, Answer::Permit);
    assert_eq!(permitted.deciding, [Deciding { consent: given, provision: Some(0) }]);
    assert_eq!(answer(&world, &treatment_by(&world.researcher)).await?.answer, Answer::NoConsent);
    let research = Request { purpose: Purpose::Hresch, ..treatment_by(&world.doctor) };
    assert_eq!(answer(&world, &research).await?.answer, Answer::NoConsent);
    let of_another = world.registry.decide(id(&world.stranger), &treatment_by(&world.doctor));
    assert_eq!(world.read(of_another).await?.answer, Answer::NoConsent);
    Ok(())
}

#[tokio::test]
async fn an_amended_consent_holds_at_once_and_keeps_its_id() -> Result {
    let world = World::new().await?;
    let kept = world.consents(&for_treatment(&world.doctor)).await?;
    let narrowed = consent(vec![provision(Decision::Deny, Actor::Account(person(&world.doctor)), PurposeSet::EMPTY)]);
    let done = world.run(&world.patient, world.registry.amend(kept, &narrowed)).await?;
    assert_eq!(done.carried_out(), [told(&world, Instruction::Amend(kept, narrowed), Done::Amended(1), 2)]);
    let denied = answer(&world, &treatment_by(&world.doctor)).await?;
    assert_eq!(denied.answer, Answer::Deny);
    assert_eq!(denied.deciding, [Deciding { consent: kept, provision: Some(0) }]);
    let again = world.run(&world.patient, world.registry.amend(kept, &for_treatment(&world.doctor))).await?;
    assert_eq!(again.forecast, 2);
    assert_eq!(answer(&world, &treatment_by(&world.doctor)).await?.answer, Answer::Permit);
    Ok(())
}

/// The three calls are one block's: request, revoke, request.
#[tokio::test]
async fn a_request_after_a_revoke_in_the_same_block_is_refused() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    let request = world.grants.request_access(registered, Purpose::Treat, Action::Access, None);
    let asks = || (&world.doctor, contracts_call(world.grants.address(), 0, request.input()));
    let revoke = world.registry.revoke(given);
    let revokes = (&world.patient, contracts_call(world.registry.address(), 0, revoke.input()));

    let block = world.in_one_block([asks(), revokes, asks()]).await?;
    let decisions = world.told::<AccessDecided>(block).await?;
    let decisions: Vec<_> = decisions.iter().map(|event| endless(event.decision)).collect();
    let ground = Ground::Consent(Deciding { consent: given, provision: Some(0) });
    let expected = [
        AccessDecision::Permitted { version: 1, ground, until: Timestamp::MAX },
        AccessDecision::Refused(Refusal::NoConsent),
    ];
    assert_eq!(decisions, expected);
    let revoked = world.chain.contract_events(world.registry.address(), block, block, |_| {}).await?;
    let revoked: Vec<_> = revoked.iter().filter_map(|found| found.event.decode::<OrdersCarriedOut>()).collect();
    let orders = vec![told(&world, Instruction::Revoke(given), Done::Revoked(1), 2)];
    assert_eq!(revoked, [OrdersCarriedOut { orders }]);
    Ok(())
}

#[tokio::test]
async fn revoke_all_takes_every_consent_back_at_once() -> Result {
    let world = World::new().await?;
    let first = world.consents(&for_treatment(&world.doctor)).await?;
    let second = world.consents(&for_treatment(&world.researcher)).await?;
    let done = world.run(&world.patient, world.registry.revoke_all()).await?;
    assert_eq!(done.forecast, 2);
    assert_eq!(done.carried_out(), [told(&world, Instruction::RevokeAll, Done::Revoked(2), 3)]);
    assert_eq!(answer(&world, &treatment_by(&world.doctor)).await?.answer, Answer::NoConsent);
    for gone in [first, second] {
        assert_eq!(world.read(world.registry.consent(id(&world.patient), gone)).await?, None);
    }

    let again = world.run(&world.patient, world.registry.revoke_all()).await?;
    assert_eq!(again.forecast, 0, "none is not an error");
    assert_eq!(again.carried_out(), [told(&world, Instruction::RevokeAll, Done::Revoked(0), 3)]);
    assert_eq!(world.read(world.registry.epoch(id(&world.patient))).await?, 3);
    Ok(())
}

#[tokio::test]
async fn an_id_is_not_used_again_after_a_revoke() -> Result {
    let world = World::new().await?;
    let first = world.consents(&for_treatment(&world.doctor)).await?;
    world.run(&world.patient, world.registry.revoke(first)).await?;
    let second = world.consents(&for_treatment(&world.doctor)).await?;
    assert!(second > first);
    assert_eq!(world.refused(&world.patient, world.registry.revoke(first)).await?, ConsentError::NotFound);
    Ok(())
}

#[tokio::test]
async fn nobody_else_can_amend_or_revoke_a_consent() -> Result {
    let world = World::new().await?;
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    for other in [&world.doctor, &world.governor, &world.stranger] {
        let amend = world.registry.amend(given, &for_treatment(other));
        assert_eq!(world.refused(other, amend).await?, ConsentError::NotFound);
        assert_eq!(world.refused(other, world.registry.revoke(given)).await?, ConsentError::NotFound);
        assert_eq!(world.run(other, world.registry.revoke_all()).await?.forecast, 0);
    }
    assert_eq!(answer(&world, &treatment_by(&world.doctor)).await?.answer, Answer::Permit);
    assert_eq!(world.read(world.registry.epoch(id(&world.patient))).await?, 1);
    Ok(())
}

#[tokio::test]
async fn revoking_gives_the_storage_deposit_back_to_the_patient() -> Result {
    let world = World::new().await?;
    let patient = account(&world.patient);
    let recorded = world.registry.record(&for_treatment(&world.doctor));
    let (_, charged) = recorded.dry_run(&world.chain, &patient).await?;
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let before = world.chain.balance(&patient).await?;
    let done = world.run(&world.patient, world.registry.revoke(given)).await?;
    let after = world.chain.balance(&patient).await?;
    assert!(charged.deposit > 0);
    assert!(after + done.evidence.fee > before, "something came back beside the fee");
    Ok(())
}

/// Every variant of [`ConsentError`] that is about a text and its id, but `IdsUsedUp`, which takes 2^32 consents.
#[tokio::test]
async fn every_consent_that_breaks_a_rule_is_refused_by_that_rule() -> Result {
    let world = World::new().await?;
    let good = for_treatment(&world.doctor);
    let given = world.consents(&good).await?;
    let now = world.now().await?;
    let nested = |depths: &[u8]| consent(depths.iter().map(|depth| Provision::new(*depth, Decision::Permit)).collect());
    let actors = |count: usize| vec![Actor::Account(person(&world.doctor)); count];
    let with_actors = |provisions: usize, count: usize| {
        let one = Provision { actors: actors(count), ..Provision::new(1, Decision::Permit) };
        consent(vec![one; provisions])
    };
    let empty = Period { start: Timestamp(5), end: Timestamp(5) };
    let over = Period { start: Timestamp(0), end: now };
    let large = with_actors(32, 8);
    assert!(large.encoded_size() > MAX_ENCODED_CONSENT && large.validate().is_ok());
    let broken: Vec<(Consent, ConsentError)> = vec![
        (nested(&[1, 2, 3, 4, 5]), ConsentError::Malformed(Malformed::TooDeep)),
        (nested(&[1; 33]), ConsentError::Malformed(Malformed::TooManyProvisions)),
        (with_actors(1, 17), ConsentError::Malformed(Malformed::TooManyActors)),
        (nested(&[0]), ConsentError::Malformed(Malformed::BrokenNesting)),
        (nested(&[2]), ConsentError::Malformed(Malformed::BrokenNesting)),
        (nested(&[1, 3]), ConsentError::Malformed(Malformed::BrokenNesting)),
        (Consent { period: empty, ..good.clone() }, ConsentError::Malformed(Malformed::EmptyPeriod)),
        (nested(&[]), ConsentError::Malformed(Malformed::SaysNothing)),
        (large, ConsentError::TooLarge),
        (Consent { period: over, ..good.clone() }, ConsentError::AlreadyOver),
    ];
    for (consent, error) in broken {
        assert_eq!(world.refused(&world.patient, world.registry.record(&consent)).await?, error);
        assert_eq!(world.refused(&world.patient, world.registry.amend(given, &consent)).await?, error);
    }
    let unknown = ConsentId(given.0 + 1);
    assert_eq!(world.refused(&world.patient, world.registry.amend(unknown, &good)).await?, ConsentError::NotFound);
    assert_eq!(world.refused(&world.patient, world.registry.revoke(unknown)).await?, ConsentError::NotFound);
    let listed = world.read(world.registry.in_force(id(&world.patient), ConsentId(0), MAX_PAGE)).await?;
    assert_eq!(listed.len(), 1, "nothing of it was written");
    assert_eq!(world.read(world.registry.epoch(id(&world.patient))).await?, 1);
    Ok(())
}

#[tokio::test]
async fn the_largest_consent_within_the_bounds_is_kept_and_evaluated() -> Result {
    let world = World::new().await?;
    let actors = vec![Actor::Account(person(&world.researcher)); 6];
    let mut provisions: Vec<_> =
        (0..31).map(|_| Provision { actors: actors.clone(), ..Provision::new(1, Decision::Permit) }).collect();
    provisions.push(provision(Decision::Permit, Actor::Account(person(&world.doctor)), PurposeSet::EMPTY));
    let large = consent(provisions);
    assert!(large.encoded_size() > MAX_ENCODED_CONSENT * 3 / 4, "{}", large.encoded_size());
    let kept = world.consents(&large).await?;
    let permitted = answer(&world, &treatment_by(&world.doctor)).await?;
    assert_eq!(permitted.deciding, [Deciding { consent: kept, provision: Some(31) }]);
    Ok(())
}

#[tokio::test]
async fn a_full_list_refuses_one_more_and_is_read_page_by_page() -> Result {
    let world = World::new().await?;
    let first = world.consents(&for_treatment(&world.doctor)).await?;
    let text = for_payment(&world.insurer);
    let order = Order { patient: id(&world.patient), instruction: Instruction::Record(text.clone()) };
    world.run(&world.patient, world.registry.carry_out(&vec![order; 63])).await?;
    let one_more = world.registry.record(&text);
    assert_eq!(world.refused(&world.patient, one_more).await?, ConsentError::TooManyActive);

    let patient = id(&world.patient);
    let all = world.read(world.registry.in_force(patient, first, u32::MAX)).await?;
    assert_eq!(all.iter().map(|entry| entry.id.0).collect::<Vec<_>>(), (0..64).collect::<Vec<_>>());
    let mut paged: Vec<ConsentSummary> = Vec::new();
    loop {
        let from = ConsentId(paged.last().map_or(0, |last| last.id.0 + 1));
        let page = world.read(world.registry.in_force(patient, from, 25)).await?;
        assert!(page.len() <= 25);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    assert_eq!(world.read(world.registry.in_force(patient, ConsentId(0), 0)).await?, []);
    assert_eq!(answer(&world, &treatment_by(&world.doctor)).await?.answer, Answer::Permit);

    world.run(&world.patient, world.registry.revoke(ConsentId(30))).await?;
    assert_eq!(world.consents(&text).await?, ConsentId(64), "a revoked one makes room");
    assert_eq!(world.run(&world.patient, world.registry.revoke_all()).await?.forecast, 64);
    Ok(())
}

#[tokio::test]
async fn the_epoch_goes_up_by_one_with_every_change_and_only_then() -> Result {
    let world = World::new().await?;
    let patient = id(&world.patient);
    let epoch = || world.read(world.registry.epoch(patient));
    assert_eq!(epoch().await?, 0);
    let given = world.consents(&for_treatment(&world.doctor)).await?;
    assert_eq!(epoch().await?, 1);
    world.run(&world.patient, world.registry.amend(given, &for_payment(&world.insurer))).await?;
    assert_eq!(epoch().await?, 2);
    let silent = consent(Vec::new());
    world.refused(&world.patient, world.registry.record(&silent)).await?;
    assert_eq!(epoch().await?, 2);
    world.run(&world.patient, world.registry.revoke(given)).await?;
    assert_eq!(epoch().await?, 3);
    world.run(&world.stranger, world.registry.record(&for_treatment(&world.doctor))).await?;
    assert_eq!(epoch().await?, 3, "another patient's changes are another patient's");
    Ok(())
}
