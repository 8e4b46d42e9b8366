//! The bundles' contracts on a node, through ink!'s framework and its generated call builders.

use ink::codegen::TraitCallBuilder;
use ink::primitives::{AccountId, ConstructorResult};
use ink_e2e::Keypair;
use salus_domain::codes::{Action, Purpose, Role};
use salus_domain::consent::Actor;
use salus_domain::evaluate::{Answer, Deciding, Redaction};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp, DAY};
use salus_ink_e2e::samples::{consent, record, request, submission, terms};
use salus_ink_e2e::{account, at, id, new_claims, new_grants, signed, ClaimsRef, GrantsRef, RegistryRef, World, UNIT};
use salus_interface::access::{AccessDecided, AccessDecision, AccessError, AccessGrants, Ground, Refusal};
use salus_interface::claims::{Asset, ClaimStatus, Claims, ClaimsError, ClaimsSettled, Enrolment, Payment, Pool};
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentRegistry, Done, Instruction, Order, OrdersCarriedOut, Place, RelayError,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// A doctor for whom an authority vouches.
async fn credentialed_doctor(world: &mut World) -> Keypair {
    let (governor, authority, doctor) = (world.governor.clone(), world.somebody().await, world.somebody().await);
    let hospital = AccountId::from([9; 32]);
    let mut grants: GrantsRef = at(world.grants);
    world.run(&governor, grants.call_mut().add_authority(id(&authority))).await;
    let vouch = grants.call_mut().credential(id(&doctor), hospital, Role::Doctor.into(), Timestamp::MAX);
    world.run(&authority, vouch).await;
    doctor
}

#[tokio::test]
async fn a_consent_lets_a_credentialed_doctor_in_and_its_revocation_keeps_the_doctor_out() {
    let mut world = World::new().await;
    let (registry_address, grants_address) = (world.registry, world.grants);
    let (mut registry, mut grants): (RegistryRef, GrantsRef) = (at(registry_address), at(grants_address));
    let patient = world.somebody().await;
    let doctor = credentialed_doctor(&mut world).await;
    let stranger = world.somebody().await;

    let document = world.run(&doctor, grants.call_mut().register_record(id(&patient), record())).await.value;
    let mut ask = || grants.call_mut().request_access(document, Purpose::Treat, Action::Access, None);
    let before = world.run(&doctor, ask()).await;
    assert_eq!(before.value, AccessDecision::Refused(Refusal::NoConsent));

    let text = consent(Actor::Account(account(&doctor)), Purpose::Treat);
    let recorded = world.run(&patient, registry.call_mut().record(text.clone())).await;
    let event: OrdersCarriedOut = recorded.event(registry_address);
    let order = Order { patient: id(&patient), instruction: Instruction::Record(text) };
    let told = CarriedOut { order, proxy: None, nonce: None, done: Done::Recorded(recorded.value), epoch: 1 };
    assert_eq!(event.orders, [told]);

    let permitted = world.run(&doctor, ask()).await;
    let ground = Ground::Consent(Deciding { consent: recorded.value, provision: Some(0) });
    let event: AccessDecided = permitted.event(grants_address);
    assert_eq!((event.accessor, event.record), (id(&doctor), document));
    // The answer is a dry run's, made a little earlier.
    for decision in [permitted.value, event.decision] {
        assert!(matches!(decision, AccessDecision::Permitted { version: 1, ground: found, .. } if found == ground));
    }
    let uncredentialed = world.run(&stranger, ask()).await;
    assert_eq!(uncredentialed.value, AccessDecision::Refused(Refusal::NotCredentialed));

    world.run(&patient, registry.call_mut().revoke(recorded.value)).await;
    let refused = world.run(&doctor, ask()).await;
    assert_eq!(refused.value, AccessDecision::Refused(Refusal::NoConsent));
    let event: AccessDecided = refused.event(grants_address);
    assert_eq!(event.decision, refused.value, "a refusal leaves its mark");
}

#[tokio::test]
async fn what_a_patient_signs_is_carried_out_for_whoever_relays_it() {
    let mut world = World::new().await;
    let registry_address = world.registry;
    let mut registry: RegistryRef = at(registry_address);
    let (patient, doctor, relayer) = (world.somebody().await, world.somebody().await, world.somebody().await);
    let place = Place { genesis: world.genesis, contract: registry_address };
    assert_eq!(world.read(&relayer, registry.call().genesis()).await, place.genesis);

    let text = consent(Actor::Account(account(&doctor)), Purpose::Treat);
    let grant = signed(&patient, Instruction::Record(text), 0, &place);
    let elsewhere = Place { genesis: Hash([7; 32]), ..place };
    let abroad = registry.call_mut().relay(elsewhere, vec![grant.clone()]);
    assert_eq!(world.refused(&relayer, abroad).await, ConsentError::OtherChain);

    let relayed = world.run(&relayer, registry.call_mut().relay(place, vec![grant.clone(), grant.clone()])).await;
    assert_eq!(relayed.value, [Ok(Done::Recorded(ConsentId(0))), Err(RelayError::NonceUsed)]);
    let event: OrdersCarriedOut = relayed.event(registry_address);
    let done = Done::Recorded(ConsentId(0));
    assert_eq!(event.orders, [CarriedOut { order: grant.order, proxy: None, nonce: Some(0), done, epoch: 1 }]);
    let decided = registry.call().decide(id(&patient), request(&doctor, Role::Doctor));
    assert_eq!(world.read(&doctor, decided).await.answer, Answer::Permit);
    assert_eq!(world.read(&doctor, registry.call().nonce(id(&patient))).await, 1);
}

#[tokio::test]
async fn a_constructor_refuses_the_address_of_somebody_who_is_not_a_contract() {
    let mut world = World::new().await;
    let person = id(&world.somebody().await);
    let (registry, grants) = (world.registry, world.grants);

    let answer = world.try_new("access_grants", new_grants(person)).await;
    let refused: ConstructorResult<Result<(), AccessError>> = answer.constructor_result();
    assert_eq!(refused, Ok(Err(AccessError::NotAContract)));
    assert!(!world.instantiates("access_grants", new_grants(person)).await);

    for (registry, grants) in [(person, grants), (registry, person)] {
        let answer = world.try_new("claims", new_claims(registry, grants)).await;
        let refused: ConstructorResult<Result<(), ClaimsError>> = answer.constructor_result();
        assert_eq!(refused, Ok(Err(ClaimsError::NotAContract)));
        assert!(!world.instantiates("claims", new_claims(registry, grants)).await);
    }
}

#[tokio::test]
async fn an_empty_registry_answers_that_there_is_no_consent() {
    let mut world = World::new().await;
    let (patient, doctor) = (world.somebody().await, world.somebody().await);
    let mut registry: RegistryRef = at(world.registry);

    let evaluation = world.read(&doctor, registry.call().decide(id(&patient), request(&doctor, Role::Doctor))).await;
    assert_eq!(evaluation.answer, Answer::NoConsent);
    assert_eq!(evaluation.deciding, []);
    assert_eq!(evaluation.redact, Redaction::default());
    assert_eq!(world.read(&doctor, registry.call().epoch(id(&patient))).await, 0);
    let revoke = registry.call_mut().revoke(ConsentId(0));
    assert_eq!(world.refused(&patient, revoke).await, ConsentError::NotFound);
}

#[tokio::test]
async fn a_claim_is_adjudicated_and_settled_and_the_money_moves() {
    let mut world = World::new().await;
    let claims_address = world.claims;
    let (mut registry, mut claims): (RegistryRef, ClaimsRef) = (at(world.registry), at(claims_address));
    let (patient, insurer) = (world.somebody().await, world.somebody().await);
    let doctor = credentialed_doctor(&mut world).await;
    let held_at_first = world.balance(claims_address).await;

    let arbiter = id(&world.somebody().await);
    let open = claims.call_mut().open_plan(Asset::Native.into(), arbiter.into(), 1, terms().into());
    let plan = world.run(&insurer, open).await.value;
    let pool = Amount(100 * UNIT);
    world.pay(&insurer, pool.0, claims.call_mut().fund(plan, pool)).await;
    let now = now();
    let period = Period { start: Timestamp(now.0 - 30 * DAY), end: now.plus(30 * DAY) };
    let enrolment = Enrolment { member: id(&patient), subscriber: id(&patient), period, secondary: false };
    world.run(&insurer, claims.call_mut().cover(plan, vec![enrolment])).await;
    let for_payment = consent(Actor::Organisation(account(&insurer)), Purpose::Hpaymt);
    world.run(&patient, registry.call_mut().record(for_payment)).await;
    assert_eq!(world.balance(claims_address).await, held_at_first + pool.0);

    let claimed = submission(plan, &patient, now, Amount(50 * UNIT));
    let receipt = world.run(&doctor, claims.call_mut().submit(claimed.clone().into(), None)).await.value.remove(0);
    let paid = Amount(40 * UNIT);
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
    assert_eq!(receipt.adjudication.total.payer, paid);
    let again = world.refused(&doctor, claims.call_mut().submit(claimed.into(), None)).await;
    assert_eq!(again, ClaimsError::DuplicateClaim);
    let mut settle = || claims.call_mut().settle(vec![receipt.claim]);
    assert_eq!(world.run(&doctor, settle()).await.value, [Err(ClaimsError::NotInsurer)], "too early for others");

    let before = world.balance(id(&doctor)).await;
    let settled = world.run(&insurer, settle()).await;
    assert_eq!(settled.value, [Ok(paid)]);
    let event: ClaimsSettled = settled.event(claims_address);
    let payment = Payment { claim: receipt.claim, amount: paid, withheld: Amount::ZERO };
    assert_eq!((event.provider, event.payments), (id(&doctor), vec![payment]));
    assert_eq!(world.balance(id(&doctor)).await, before + paid.0);
    assert_eq!(world.balance(claims_address).await, held_at_first + 60 * UNIT);
    let found = world.read(&insurer, claims.call().plan(plan)).await.map(|plan| plan.pool);
    assert_eq!(found, Some(Pool { funded: pool, paid, ..Pool::default() }));
}

/// The time, as the node has it.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    Timestamp(u64::try_from(since.as_millis()).expect("it fits into 64 bits"))
}

#[tokio::test]
async fn uploaded_code_has_the_hash_that_the_metadata_names() {
    let mut world = World::new().await;
    for contract in ["consent_registry", "access_grants", "claims"] {
        let hash = world.upload(contract).await;
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let named = metadata::read(contract)["source"]["hash"].clone();
        assert_eq!(named, format!("0x{hex}"), "{contract}");
    }
}

#[test]
fn calls_begin_with_the_selectors_that_the_metadata_names() {
    metadata::ensure_selectors();
}

mod metadata;
