//! A provider asks, the patient answers.

use salus_client::message::Message;
use salus_client::rules::Rule;
use salus_client::Keypair;
use salus_domain::consent::{Base, Consent, Decision, Malformed, Provision, MAX_ACTIVE_CONSENTS};
use salus_domain::evaluate::Answer;
use salus_domain::ids::ConsentId;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::{agreed, order, without_tokens};
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, for_payment, for_treatment, treatment_by, DAY};
use salus_e2e_tests::{account, id, node_of_my_own, person, Result, World};
use salus_interface::consent::{
    CarriedOut, ConsentError, ConsentProposed, Done, Instruction, Order, ProposalWithdrawn, RelayError,
};
use scale::Decode;

const FIRST: ConsentId = ConsentId(0);

/// The doctor asks the patient for a consent.
async fn proposes(world: &World, consent: &Consent) -> Result {
    world.run(&world.doctor, world.registry.propose(id(&world.patient), consent)).await?;
    assert_eq!(proposed(world).await?.as_ref(), Some(consent));
    Ok(())
}

/// What the doctor asks for.
async fn proposed(world: &World) -> Result<Option<Consent>> {
    world.read(world.registry.proposal(id(&world.patient), id(&world.doctor))).await
}

/// What the doctor may do for treatment.
async fn answer(world: &World) -> Result<Answer> {
    let request = treatment_by(&world.doctor);
    Ok(world.read(world.registry.decide(id(&world.patient), &request)).await?.answer)
}

/// What somebody paid as a deposit for a message, or was given back; the balance tells the same.
async fn deposit<T: Decode, E: Decode + Rule>(world: &World, who: &Keypair, message: Message<T, E>) -> Result<i128> {
    let (_, cost) = message.dry_run(&world.chain, &account(who)).await?;
    let before = i128::try_from(world.chain.balance(&account(who)).await?)?;
    let fee = i128::try_from(world.run(who, message).await?.evidence.fee)?;
    let after = i128::try_from(world.chain.balance(&account(who)).await?)?;
    assert_eq!(before - after, fee + cost.deposit);
    Ok(cost.deposit)
}

/// Whether all of `paid` was given back. What is removed has its share of all that the contract holds, and the chain rounds.
const fn is_all(given_back: i128, paid: i128) -> bool {
    given_back.saturating_add(paid).abs() < 10
}

#[tokio::test]
async fn a_proposal_decides_nothing_until_the_patient_accepts_it() -> Result {
    let world = World::new().await?;
    let (patient, proposer) = (id(&world.patient), id(&world.doctor));
    let text = for_treatment(&world.doctor);
    let done = world.run(&world.doctor, world.registry.propose(patient, &text)).await?;
    assert_eq!(done.event::<ConsentProposed>()?, ConsentProposed { patient, proposer, consent: text.clone() });
    assert_eq!(done.events.len(), 1);
    assert_eq!((proposed(&world).await?.as_ref(), answer(&world).await?), (Some(&text), Answer::NoConsent));
    assert_eq!(world.counts(patient).await?, (0, 0, 0));

    let accept = || world.registry.accept(proposer, agreed(&text));
    let done = world.run(&world.patient, accept()).await?;
    assert_eq!(done.forecast, FIRST);
    let instruction = Instruction::Accept(proposer, agreed(&text));
    let order = Order { patient, instruction };
    let told = CarriedOut { order, proxy: None, nonce: None, done: Done::Recorded(FIRST), epoch: 1 };
    assert_eq!(done.carried_out(), [told]);
    assert_eq!((proposed(&world).await?, answer(&world).await?), (None, Answer::Permit));
    assert_eq!(world.read(world.registry.consent(patient, FIRST)).await?, Some(text.clone()));
    assert_eq!(world.refused(&world.patient, accept()).await?, ConsentError::NoProposal, "once");
    world.run(&world.patient, world.registry.revoke(FIRST)).await?;
    assert_eq!(answer(&world).await?, Answer::NoConsent, "it is the patient's like any other");
    Ok(())
}

#[tokio::test]
async fn only_what_the_patient_saw_can_be_accepted() -> Result {
    let world = World::new().await?;
    let seen = for_treatment(&world.doctor);
    let wider = Consent { base: Base::Permit, ..seen.clone() };
    proposes(&world, &seen).await?;
    proposes(&world, &wider).await?;
    let before = world.kept().await?;
    let accept = |text: &Consent| world.registry.accept(id(&world.doctor), agreed(text));
    assert_eq!(world.refused(&world.patient, accept(&seen)).await?, ConsentError::ProposalChanged);
    let instruction = Instruction::Accept(id(&world.doctor), agreed(&seen));
    let batch = world.registry.carry_out(&[order(&world.patient, instruction.clone())]);
    assert_eq!(world.refused(&world.patient, batch).await?, ConsentError::ProposalChanged);
    let signed = world.own(&world.patient, instruction, 0);
    let refused = world.relays_in_vain(&[signed]).await?;
    assert_eq!(refused, [RelayError::Refused(ConsentError::ProposalChanged)]);
    assert_eq!(world.kept().await?, before);
    assert_eq!(
        world.run(&world.patient, accept(&wider)).await?.forecast,
        FIRST,
        "it is there, and so can be agreed to"
    );
    Ok(())
}

/// The two calls are one block's: the proposer exchanges the text just before the patient's acceptance of the former one.
#[tokio::test]
async fn a_proposal_that_is_exchanged_in_the_last_moment_is_not_accepted() -> Result {
    let world = World::new().await?;
    let seen = for_treatment(&world.doctor);
    let wider = Consent { base: Base::Permit, ..seen.clone() };
    proposes(&world, &seen).await?;
    let exchange = world.registry.propose(id(&world.patient), &wider);
    let accept = world.registry.accept(id(&world.doctor), agreed(&seen));
    let registry = world.registry.address();
    let calls = [
        (&world.doctor, contracts_call(registry, 0, exchange.input())),
        (&world.patient, contracts_call(registry, 0, accept.input())),
    ];
    world.in_one_block(calls).await?;
    assert_eq!((proposed(&world).await?, answer(&world).await?), (Some(wider), Answer::NoConsent));
    assert_eq!(world.counts(id(&world.patient)).await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn a_proposal_that_is_rejected_or_withdrawn_is_gone() -> Result {
    let world = World::new().await?;
    let (patient, proposer) = (id(&world.patient), id(&world.doctor));
    let text = for_treatment(&world.doctor);
    proposes(&world, &text).await?;
    let done = world.run(&world.patient, world.registry.reject(proposer)).await?;
    let order = Order { patient, instruction: Instruction::Reject(proposer) };
    let told = CarriedOut { order, proxy: None, nonce: None, done: Done::Rejected, epoch: 0 };
    assert_eq!(done.carried_out(), [told]);
    assert_eq!(proposed(&world).await?, None);

    proposes(&world, &text).await?;
    let done = world.run(&world.doctor, world.registry.withdraw(patient)).await?;
    assert_eq!(done.event::<ProposalWithdrawn>()?, ProposalWithdrawn { patient, proposer });
    assert_eq!((proposed(&world).await?, done.events.len()), (None, 1));

    let accept = world.registry.accept(proposer, agreed(&text));
    assert_eq!(world.refused(&world.patient, accept).await?, ConsentError::NoProposal);
    assert_eq!(world.refused(&world.patient, world.registry.reject(proposer)).await?, ConsentError::NoProposal);
    assert_eq!(world.refused(&world.doctor, world.registry.withdraw(patient)).await?, ConsentError::NoProposal);
    assert_eq!(world.counts(patient).await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn each_account_asks_each_patient_for_one_thing_and_answers_only_what_it_was_asked() -> Result {
    let world = World::new().await?;
    let (patient, other) = (id(&world.patient), id(&world.stranger));
    let (ours, theirs) = (for_treatment(&world.doctor), for_payment(&world.insurer));
    proposes(&world, &ours).await?;
    world.run(&world.doctor, world.registry.propose(other, &theirs)).await?;
    world.run(&world.insurer, world.registry.propose(patient, &theirs)).await?;
    let before = world.kept().await?;
    // Nobody answers or withdraws what was asked of, or by, somebody else.
    for who in [&world.governor, &world.researcher, &world.insurer] {
        for proposer in [&world.doctor, who] {
            let accept = world.registry.accept(id(proposer), agreed(&ours));
            assert_eq!(world.refused(who, accept).await?, ConsentError::NoProposal);
            assert_eq!(world.refused(who, world.registry.reject(id(proposer))).await?, ConsentError::NoProposal);
        }
        assert_eq!(world.refused(who, world.registry.withdraw(other)).await?, ConsentError::NoProposal);
    }
    let mixed_up = world.registry.accept(id(&world.insurer), agreed(&ours));
    assert_eq!(world.refused(&world.patient, mixed_up).await?, ConsentError::ProposalChanged);
    assert_eq!(world.kept().await?, before);
    world.run(&world.stranger, world.registry.reject(id(&world.doctor))).await?;
    world.run(&world.insurer, world.registry.withdraw(patient)).await?;
    assert_eq!(proposed(&world).await?, Some(ours), "the others' answers are the others'");
    Ok(())
}

#[tokio::test]
async fn what_could_not_be_recorded_cannot_be_proposed() -> Result {
    let world = World::new().await?;
    let good = for_treatment(&world.doctor);
    let crowd = vec![salus_domain::consent::Actor::Account(person(&world.doctor)); 8];
    let provision = Provision { actors: crowd, ..Provision::new(1, Decision::Permit) };
    let over = Period { start: Timestamp(0), end: world.now().await? };
    for (broken, error) in [
        (consent(Vec::new()), ConsentError::Malformed(Malformed::SaysNothing)),
        (consent(vec![Provision::new(2, Decision::Permit)]), ConsentError::Malformed(Malformed::BrokenNesting)),
        (consent(vec![provision; 32]), ConsentError::TooLarge),
        (Consent { period: over, ..good }, ConsentError::AlreadyOver),
    ] {
        let propose = world.registry.propose(id(&world.patient), &broken);
        assert_eq!(world.refused(&world.doctor, propose).await?, error);
    }
    assert_eq!(proposed(&world).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_proposal_whose_period_has_ended_can_only_be_put_away() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let period = Period { start: Timestamp(0), end: world.now().await?.plus(DAY) };
    let brief = Consent { period, ..for_treatment(&world.doctor) };
    proposes(&world, &brief).await?;
    world.chain.advance_clock(DAY).await?;
    let accept = world.registry.accept(id(&world.doctor), agreed(&brief));
    assert_eq!(world.refused(&world.patient, accept).await?, ConsentError::AlreadyOver);
    assert_eq!(proposed(&world).await?, Some(brief));
    world.run(&world.patient, world.registry.reject(id(&world.doctor))).await?;
    Ok(())
}

#[tokio::test]
async fn a_proposal_waits_until_a_full_list_has_room() -> Result {
    let world = World::new().await?;
    let text = for_treatment(&world.doctor);
    proposes(&world, &text).await?;
    let record = order(&world.patient, Instruction::Record(text.clone()));
    world.run(&world.patient, world.registry.carry_out(&vec![record; MAX_ACTIVE_CONSENTS])).await?;
    let accept = || world.registry.accept(id(&world.doctor), agreed(&text));
    assert_eq!(world.refused(&world.patient, accept()).await?, ConsentError::TooManyActive);
    assert_eq!(proposed(&world).await?.as_ref(), Some(&text));
    world.run(&world.patient, world.registry.revoke(FIRST)).await?;
    assert_eq!(world.run(&world.patient, accept()).await?.forecast, ConsentId(64));
    Ok(())
}

#[tokio::test]
async fn patients_without_tokens_answer_by_signature() -> Result {
    let world = World::new().await?;
    let people = without_tokens(2)?;
    let text = for_treatment(&world.doctor);
    for who in &people {
        world.run(&world.doctor, world.registry.propose(id(who), &text)).await?;
    }
    let accept = world.own(&people[0], Instruction::Accept(id(&world.doctor), agreed(&text)), 0);
    let reject = world.own(&people[1], Instruction::Reject(id(&world.doctor)), 0);
    assert_eq!(world.relays(&[accept, reject]).await?, [Ok(Done::Recorded(FIRST)), Ok(Done::Rejected)]);
    assert_eq!(world.counts(id(&people[0])).await?, (1, 1, 1));
    assert_eq!(world.counts(id(&people[1])).await?, (0, 1, 0));
    Ok(())
}

#[tokio::test]
async fn who_proposes_pays_and_who_puts_the_proposal_away_is_given_the_deposit() -> Result {
    let world = World::new().await?;
    let (patient, proposer) = (id(&world.patient), id(&world.doctor));
    let (text, longer) = (for_treatment(&world.doctor), {
        let doctor = for_treatment(&world.doctor).provisions;
        consent([doctor.clone(), doctor].concat())
    });
    let propose = |text| world.registry.propose(patient, text);
    let purse = account(&world.patient);
    let at_first = world.chain.balance(&purse).await?;

    let paid = deposit(&world, &world.doctor, propose(&text)).await?;
    let more = deposit(&world, &world.doctor, propose(&longer)).await?;
    assert!(paid > 0 && more > 0 && deposit(&world, &world.doctor, propose(&longer)).await? == 0);
    assert!(is_all(deposit(&world, &world.doctor, propose(&text)).await?, more), "what is left out is given back");
    assert!(is_all(deposit(&world, &world.doctor, world.registry.withdraw(patient)).await?, paid));
    assert_eq!(world.chain.balance(&purse).await?, at_first, "all of it between the proposer and the contract");

    deposit(&world, &world.doctor, propose(&text)).await?;
    assert!(is_all(deposit(&world, &world.patient, world.registry.reject(proposer)).await?, paid));

    deposit(&world, &world.doctor, propose(&text)).await?;
    let record = world.registry.record(&text).dry_run(&world.chain, &account(&world.patient)).await?.1.deposit;
    let accept = world.registry.accept(proposer, agreed(&text));
    let accepted = deposit(&world, &world.patient, accept).await?;
    assert!(is_all(accepted - record, paid), "as a record, with the proposal's towards it: {accepted}");
    Ok(())
}

#[tokio::test]
async fn nobody_but_proposer_patient_and_the_patients_relayer_gets_at_a_proposals_deposit() -> Result {
    let world = World::new().await?;
    let patient = &without_tokens(1)?[0];
    let text = for_treatment(&world.doctor);
    let paid = deposit(&world, &world.doctor, world.registry.propose(id(patient), &text)).await?;
    let doctor_has = world.chain.balance(&account(&world.doctor)).await?;
    let thief = &world.researcher;
    let signed_by_thief = world.signed(thief, order(patient, Instruction::Reject(id(&world.doctor))), 0);
    let as_patient = salus_interface::consent::SignedOrder { proxy: None, ..signed_by_thief.clone() };
    let attempts = [
        world.registry.withdraw(id(patient)).input().to_vec(),
        world.registry.reject(id(&world.doctor)).input().to_vec(),
        world.registry.accept(id(&world.doctor), agreed(&text)).input().to_vec(),
        world.registry.carry_out(&[order(patient, Instruction::Reject(id(&world.doctor)))]).input().to_vec(),
        world.registry.relay(&world.place(), &[signed_by_thief, as_patient]).input().to_vec(),
    ];
    let before = (world.kept().await?, world.chain.balance(&account(thief)).await?);
    for (number, attempt) in attempts.iter().enumerate() {
        let sent = world.raw.call(thief, world.registry.address(), 0, attempt).await?;
        assert_eq!(sent.is_ok(), number == 4, "only a relay of which nothing is carried out is no failure: {sent:?}");
    }
    // A proposal of the thief's own, and its withdrawal, give back what it cost.
    let own = deposit(&world, thief, world.registry.propose(id(patient), &text)).await?;
    assert!(is_all(deposit(&world, thief, world.registry.withdraw(id(patient))).await?, own));
    assert_eq!(world.kept().await?, before.0);
    assert!(world.chain.balance(&account(thief)).await? < before.1, "it cost fees and brought nothing");
    assert_eq!(world.chain.balance(&account(&world.doctor)).await?, doctor_has);

    let reject = world.own(patient, Instruction::Reject(id(&world.doctor)), 0);
    let given = deposit(&world, &world.stranger, world.registry.relay(&world.place(), &[reject])).await?;
    assert!(
        given < 0 && given > -paid,
        "who relays is given it, less what the patient's file with its nonce costs: {given}"
    );
    Ok(())
}
