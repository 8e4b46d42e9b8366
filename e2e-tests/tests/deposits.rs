//! Nobody gets back a storage deposit that somebody else has paid.

use salus_client::deployment::EMERGENCY_TERMS;
use salus_client::message::Message;
use salus_client::rules::Rule;
use salus_client::{CallError, Keypair};
use salus_domain::codes::{Action, Power, Purpose, ReasonSet, Role, RoleSet};
use salus_domain::ids::Hash;
use salus_domain::money::Amount;
use salus_domain::plan::{Deadlines, Fee, PlanTerms};
use salus_domain::request::Principal;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::mandate;
use salus_e2e_tests::samples::{code, line, record, terms, words, DAY, UNIT};
use salus_e2e_tests::{account, id, node_of_my_own, Result, World};
use salus_interface::access::{Agreement, Condition, EmergencyGround, Finding, RecordTerms, Release};
use salus_interface::claims::Asset;
use scale::Decode;

/// The deposit of a message of somebody's as it would be now; `None` where it is refused. Negative is given back.
async fn deposit<T: Decode, E: Decode + Rule>(
    world: &World,
    who: &Keypair,
    message: Message<T, E>,
) -> Result<Option<i128>> {
    match message.dry_run(&world.chain, &account(who)).await {
        Ok((_, cost)) => Ok(Some(cost.deposit)),
        Err(CallError::Refused(_)) => Ok(None),
        Err(CallError::Client(error)) => Err(format!("{}: {error}", message.name()).into()),
    }
}

/// Everybody tries every message on everything that others have paid for.
#[tokio::test]
async fn a_deposit_goes_back_only_to_who_paid_it() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let (doctor, patient, hospital) = (id(&world.doctor), id(&world.patient), id(&world.hospital));
    let (organisation, party) = (&world.insurer, &world.stranger);
    let until = world.now().await?.plus(30 * DAY);
    let roles = RoleSet::of(&[Role::Doctor, Role::Nurse]);
    world.run(&world.authority, world.grants.accredit(id(organisation), roles, until, false)).await?;
    world.run(organisation, world.grants.credential(doctor, id(organisation), roles, until)).await?;
    world.run(&world.doctor, world.grants.publish_key([9; 32])).await?;
    let dated = RecordTerms { data_period: Some(Period { start: Timestamp(1), end: Timestamp(2) }), ..record(1) };
    let registered = world.registers(dated).await?;
    let mut parties = vec![id(party), doctor, patient];
    parties.sort();
    let wide = Condition { parties, needed: 1 };
    for side in [&world.patient, &world.doctor] {
        world.run(side, world.grants.set_condition(registered, Some(wide.clone()))).await?;
    }
    let agreement = Some(Agreement { version: 1, purpose: Purpose::Treat, until });
    world.run(party, world.grants.set_agreement(registered, doctor, agreement)).await?;
    let proxy = &world.researcher;
    world.run(&world.patient, world.registry.name_proxy(id(proxy), &mandate(Power::Records.into()))).await?;
    let (bond, ground, statement) = (EMERGENCY_TERMS.bond, EmergencyGround::ThreatToPatient, Hash([1; 32]));
    world.run(&world.doctor, world.grants.break_glass(patient, ground, statement, bond)).await?;
    world.run(&world.doctor, world.grants.anchor(1, Hash([1; 32]), Vec::new())).await?;

    let narrow = Condition { parties: vec![id(party)], needed: 1 };
    let release =
        Release { record: registered, version: 1, accessor: doctor, permit_block: 1, permit_event: 1, leaf: statement };
    let (unjustified, suspends) = (Finding::Unjustified { suspend: false }, Finding::Unjustified { suspend: true });
    let grants = &world.grants;
    let mut given_back = Vec::new();
    let people = [
        ("governor", &world.governor),
        ("authority", &world.authority),
        ("organisation", organisation),
        ("doctor", &world.doctor),
        ("patient", &world.patient),
        ("proxy", proxy),
        ("party", party),
    ];
    for (name, who) in people {
        let mut tried = Vec::new();
        macro_rules! tries {
            ($($what:literal: $message:expr),+ $(,)?) => {
                $(tried.push(($what, deposit(&world, who, $message).await?));)+
            };
        }
        tries! {
            "add_authority": grants.add_authority(id(who)),
            "remove_authority": grants.remove_authority(id(&world.authority)),
            "accredit": grants.accredit(id(organisation), Role::Nurse.into(), until, true),
            "credential, again": grants.credential(doctor, hospital, Role::Nurse.into(), until),
            "credential, of the organisation": grants.credential(doctor, id(organisation), Role::Nurse.into(), until),
            "suspend": grants.suspend(doctor, hospital, true),
            "suspend, of the organisation": grants.suspend(doctor, id(organisation), true),
            "publish_key": grants.publish_key([8; 32]),
            "revoke_key": grants.revoke_key(),
            "register_record": grants.register_record(patient, record(7)),
            "amend_record, shorter": grants.amend_record(registered, record(2)),
            "amend_record": grants.amend_record(registered, RecordTerms { commitment: Hash([3; 32]), ..dated }),
            "erase_record": grants.erase_record(registered),
            "set_condition, none": grants.set_condition(registered, None),
            "set_condition, shorter": grants.set_condition(registered, Some(narrow.clone())),
            "set_agreement, none": grants.set_agreement(registered, doctor, None),
            "set_agreement": grants.set_agreement(registered, doctor, agreement),
            "request_access": grants.request_access(registered, Purpose::Btg, Action::Access, None),
            "break_glass": grants.break_glass(patient, ground, statement, bond),
            "dispute": grants.dispute(patient, doctor),
            "review": grants.review(doctor, patient, unjustified),
            "review, suspends": grants.review(doctor, patient, suspends),
            "forfeit": grants.forfeit(doctor, patient),
            "anchor": grants.anchor(1, Hash([1; 32]), Vec::new()),
            "log_release": grants.log_release(0, release),
        }
        let refunds = tried.iter().filter(|(_, deposit)| deposit.is_some_and(|deposit| deposit < 0));
        given_back.extend(refunds.map(|(what, _)| (name, *what)));
        assert!(tried.iter().any(|(_, deposit)| deposit.is_some_and(|deposit| deposit > 0)), "{name} pays for its own");
    }
    let expected = [
        ("governor", "remove_authority"),
        ("doctor", "revoke_key"),
        ("doctor", "amend_record, shorter"),
        ("doctor", "set_condition, none"),
        ("doctor", "set_condition, shorter"),
        ("patient", "set_condition, none"),
        ("patient", "set_condition, shorter"),
        ("party", "set_agreement, none"),
    ];
    assert_eq!(given_back, expected, "each of whom paid for just that");

    // The end of an emergency frees nothing either, whoever brings it about.
    world.run(&world.patient, grants.dispute(patient, doctor)).await?;
    for finding in [Finding::Justified, unjustified, suspends] {
        let review = grants.review(doctor, patient, finding);
        assert_eq!(deposit(&world, &world.authority, review).await?, Some(0));
    }
    world.run(&world.authority, grants.review(doctor, patient, Finding::Justified)).await?;
    let again = grants.break_glass(patient, ground, statement, bond);
    assert_eq!(deposit(&world, &world.doctor, again).await?, Some(0), "the next one lies where the last one lay");
    world.run(&world.patient, grants.erase_record(registered)).await?;
    for who in [&world.patient, &world.doctor] {
        let lifts = deposit(&world, who, grants.set_condition(registered, None)).await?;
        assert!(lifts.is_some_and(|deposit| deposit < 0), "what was erased still gives back what stood beside it");
    }
    Ok(())
}

/// A full list makes room for one more in the place of what is over: neither an authority nor an organisation gains by it.
#[tokio::test]
async fn what_makes_room_gives_nothing_back_to_whoever_vouches_next() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    let (doctor, organisation) = (id(&world.doctor), &world.researcher);
    let now = world.now().await?;
    let vouch =
        |number: u8, until: Timestamp| world.grants.credential(doctor, [number; 32].into(), Role::Doctor.into(), until);
    let accredit = world.grants.accredit(id(organisation), Role::Doctor.into(), now.plus(30 * DAY), false);
    world.run(&world.authority, accredit).await?;
    for number in 1..Principal::MAX_ORGANISATIONS as u8 {
        world.run(&world.authority, vouch(number, now.plus(DAY))).await?;
    }
    let own = || world.grants.credential(doctor, id(organisation), Role::Doctor.into(), now.plus(9 * DAY));
    assert_eq!(deposit(&world, organisation, own()).await?, None, "full");
    world.chain.advance_clock(DAY).await?;
    assert_eq!(deposit(&world, organisation, own()).await?, Some(0));
    assert_eq!(deposit(&world, &world.authority, vouch(99, now.plus(9 * DAY))).await?, Some(0));
    assert_eq!(deposit(&world, &world.patient, own()).await?, None, "nobody else gets at it");
    Ok(())
}

/// Of claims, everybody gets back what it paid for itself. Where anybody may end what waits or is owed, whoever does so gets
/// back the deposit of that cell.
#[tokio::test]
async fn a_deposit_of_claims_goes_back_to_who_paid_it_or_to_who_ends_what_anybody_may_end() -> Result {
    let world = World::new().await?;
    let deadlines = Deadlines { settlement: 0, ..terms().deadlines };
    let plan = world.ready_for_claims(&PlanTerms { deadlines, ..terms() }, 10 * UNIT).await?;
    let (claims, doctor) = (&world.claims, id(&world.doctor));
    let fees = [Fee { code: code(1), price: Amount(UNIT) }, Fee { code: code(2), price: Amount(UNIT) }];
    world.run(&world.insurer, claims.set_fees(plan, 0, &fees)).await?;
    world.run(&world.insurer, claims.set_network(plan, &[doctor], true)).await?;
    let settled = world.decides(plan, 1, vec![line(1, UNIT), line(2, UNIT)]).await?;
    let owed = world.decides(plan, 2, vec![line(3, UNIT)]).await?;
    world.settles(&world.insurer, &[settled.claim, owed.claim]).await?;
    world.run(&world.insurer, claims.reverse(owed.claim, words(1), &owed.filing)).await?;
    let due = world.decides(plan, 3, vec![line(4, 2 * UNIT)]).await?;
    let waits = world.claims_for(&world.claim_of(plan, 4, vec![line(5, 10 * UNIT)]).await?).await?.claim;
    world.funds(&world.insurer, plan, 20 * UNIT).await?;
    let debt = world.debt(plan, doctor).await?;

    let mut given_back = Vec::new();
    let people = [("insurer", &world.insurer), ("doctor", &world.doctor), ("patient", &world.patient)];
    for (name, who) in people.into_iter().chain([("stranger", &world.stranger)]) {
        let tried = [
            ("set_fees, fewer", deposit(&world, who, claims.set_fees(plan, 0, &fees[..1])).await?),
            ("set_network, out", deposit(&world, who, claims.set_network(plan, &[doctor], false)).await?),
            ("withdraw_claim", deposit(&world, who, claims.withdraw_claim(waits)).await?),
            ("retry", deposit(&world, who, claims.retry(waits)).await?),
            ("settle, set off", deposit(&world, who, claims.settle(&[due.claim])).await?),
            ("repay", deposit(&world, who, claims.repay(plan, doctor, debt, Asset::Native)).await?),
            ("reverse", deposit(&world, who, claims.reverse(settled.claim, words(1), &settled.filing)).await?),
            ("appeal", deposit(&world, who, claims.appeal(due.claim, ReasonSet::EMPTY, words(1))).await?),
        ];
        let refunds = tried.iter().filter(|(_, deposit)| deposit.is_some_and(|deposit| deposit < 0));
        given_back.extend(refunds.map(|(what, _)| (name, *what)));
    }
    let anybody = ["retry", "settle, set off", "repay"];
    let by_all = |name: &'static str| anybody.map(|what| (name, what)).into_iter();
    let expected = [("insurer", "set_fees, fewer"), ("insurer", "set_network, out")]
        .into_iter()
        .chain(by_all("insurer"))
        .chain([("insurer", "reverse"), ("doctor", "withdraw_claim")])
        .chain(by_all("doctor"))
        .chain([("doctor", "reverse")])
        .chain(by_all("patient"))
        .chain(by_all("stranger"));
    assert_eq!(given_back, expected.collect::<Vec<_>>());
    Ok(())
}
