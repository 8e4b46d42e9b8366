//! Who is credentialed, which records there are, and who is let in.

use salus_client::rules::Rule;
use salus_client::{blake2b_256, ink_account};
use salus_domain::codes::{Action, Confidentiality, Purpose, PurposeSet, Role, RoleSet, Sensitivity, SensitivitySet};
use salus_domain::commitment::record_id;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Hash, RecordId};
use salus_domain::request::Principal;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::samples::{consent, for_treatment, provision, record, DAY};
use salus_e2e_tests::{bundles, endless, id, person, Result, World};
use salus_interface::access::{
    AccessDecided, AccessDecision, AccessError, AuthorityAdded, AuthorityRemoved, Ground, KeyPublished, KeyRevoked,
    OrganisationAccredited, ProviderCredentialed, Record, RecordAmended, RecordRegistered, RecordTerms, Refusal,
    Standing,
};
use scale::Encode;

fn refused(refusal: Refusal) -> AccessDecision {
    AccessDecision::Refused(refusal)
}

fn permitted(version: u32, deciding: Deciding) -> AccessDecision {
    AccessDecision::Permitted { version, ground: Ground::Consent(deciding), until: Timestamp::MAX }
}

#[tokio::test]
async fn a_provider_needs_a_credential_and_a_consent() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    assert_eq!(world.asks(&world.doctor, registered).await?, refused(Refusal::NoConsent));
    assert_eq!(world.asks(&world.researcher, registered).await?, refused(Refusal::NotCredentialed));

    let given = world.consents(&for_treatment(&world.doctor)).await?;
    let deciding = Deciding { consent: given, provision: Some(0) };
    assert_eq!(world.asks(&world.doctor, registered).await?, permitted(1, deciding));
    world.consents(&for_treatment(&world.researcher)).await?;
    let still = world.asks(&world.researcher, registered).await?;
    assert_eq!(still, refused(Refusal::NotCredentialed), "a consent does not replace a credential");
    Ok(())
}

#[tokio::test]
async fn a_refusal_names_the_consent_and_the_provision_that_denied() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let sensitive = RecordTerms {
        sensitivity: SensitivitySet::of(&[Sensitivity::Psy]),
        confidentiality: Confidentiality::R,
        ..record(1)
    };
    let (plain, sensitive) = (world.registers(record(2)).await?, world.registers(sensitive).await?);
    let doctor = Actor::Account(person(&world.doctor));
    let exception =
        Provision { sensitivity: Sensitivity::Bh.into(), ..provision(Decision::Deny, doctor, PurposeSet::EMPTY) };
    let text = consent(vec![
        provision(Decision::Permit, Actor::Account(person(&world.researcher)), PurposeSet::EMPTY),
        provision(Decision::Permit, doctor, Purpose::Treat.into()),
        Provision { depth: 2, ..exception },
    ]);
    let given = world.consents(&text).await?;
    let by = |place| Deciding { consent: given, provision: Some(place) };
    assert_eq!(world.asks(&world.doctor, plain).await?, permitted(1, by(1)));
    assert_eq!(world.asks(&world.doctor, sensitive).await?, refused(Refusal::DeniedBy(by(2))));

    let opt_out = world.consents(&Consent { base: Base::Deny, ..consent(Vec::new()) }).await?;
    let base = Deciding { consent: opt_out, provision: None };
    assert_eq!(world.asks(&world.doctor, plain).await?, refused(Refusal::DeniedBy(base)), "deny wins");
    Ok(())
}

#[tokio::test]
async fn a_suspension_bites_at_once_and_can_be_ended() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    let suspend = |on| world.grants.suspend(id(&world.doctor), id(&world.hospital), on);

    world.run(&world.authority, suspend(true)).await?.event::<ProviderCredentialed>()?;
    assert_eq!(world.asks(&world.doctor, registered).await?, refused(Refusal::CredentialSuspended));
    assert_eq!(world.read(world.grants.principal(id(&world.doctor))).await?, None);
    let register = world.grants.register_record(id(&world.patient), record(2));
    assert_eq!(world.refused(&world.doctor, register).await?, AccessError::NotCredentialed);

    world.run(&world.authority, suspend(false)).await?.event::<ProviderCredentialed>()?;
    assert!(matches!(world.asks(&world.doctor, registered).await?, AccessDecision::Permitted { .. }));
    Ok(())
}

#[tokio::test]
async fn what_a_removed_authority_vouched_for_is_void_at_once() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    world.consents(&for_treatment(&world.doctor)).await?;
    let registered = world.registers(record(1)).await?;
    assert!(world.read(world.grants.vouched(id(&world.authority))).await?.is_authority);

    let remove = || world.grants.remove_authority(id(&world.authority));
    world.run(&world.governor, remove()).await?.event::<AuthorityRemoved>()?;
    assert!(!world.read(world.grants.vouched(id(&world.authority))).await?.is_authority);
    assert_eq!(world.asks(&world.doctor, registered).await?, refused(Refusal::NotCredentialed));
    assert_eq!(world.read(world.grants.vouched(id(&world.doctor))).await?.credentials.len(), 1, "it is kept, and void");
    assert_eq!(world.refused(&world.governor, remove()).await?, AccessError::NotFound);
    let suspend = world.grants.suspend(id(&world.doctor), id(&world.hospital), true);
    assert_eq!(world.refused(&world.authority, suspend).await?, AccessError::NotAuthority);

    world.run(&world.governor, world.grants.add_authority(id(&world.stranger))).await?;
    let until = world.now().await?.plus(DAY);
    let vouch = world.grants.credential(id(&world.doctor), id(&world.hospital), Role::Doctor.into(), until);
    world.run(&world.stranger, vouch).await?;
    assert!(matches!(world.asks(&world.doctor, registered).await?, AccessDecision::Permitted { .. }));
    Ok(())
}

#[tokio::test]
async fn a_patient_is_always_let_into_their_own_record() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    world.consents(&Consent { base: Base::Deny, ..consent(Vec::new()) }).await?;
    let own = AccessDecision::Permitted { version: 1, ground: Ground::Patient, until: Timestamp::MAX };
    assert_eq!(world.asks(&world.patient, registered).await?, own);
    Ok(())
}

#[tokio::test]
async fn every_attempt_leaves_its_decision_as_an_event() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    for (who, purpose, action) in [
        (&world.stranger, Purpose::Hmarkt, Action::Disclose),
        (&world.doctor, Purpose::Btg, Action::Access),
        (&world.patient, Purpose::Patrqt, Action::Correct),
    ] {
        let done = world.run(who, world.grants.request_access(registered, purpose, action, None)).await?;
        let event = done.event::<AccessDecided>()?;
        assert_eq!(endless(event.decision), endless(done.forecast));
        let said = (event.patient, event.record, event.accessor, event.purpose, event.action);
        assert_eq!(said, (id(&world.patient), registered, id(who), purpose, action));
    }
    let to = world.chain.block_number().await?;
    let all = world.chain.contract_events(world.grants.address(), world.deployment.block, to, |_| {}).await?;
    assert_eq!(all.iter().filter(|found| found.event.decode::<AccessDecided>().is_some()).count(), 3);

    let unknown = world.grants.request_access(RecordId([9; 32]), Purpose::Treat, Action::Access, None);
    assert_eq!(world.refused(&world.doctor, unknown).await?, AccessError::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_consent_for_an_organisation_or_a_role_reaches_whoever_is_credentialed_for_it() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let registered = world.registers(record(1)).await?;
    let hospital = Actor::Organisation(person(&world.hospital));
    let given = world.consents(&consent(vec![provision(Decision::Permit, hospital, Purpose::Treat.into())])).await?;
    let deciding = Deciding { consent: given, provision: Some(0) };
    assert_eq!(world.asks(&world.doctor, registered).await?, permitted(1, deciding));

    world.credential(&world.researcher, &world.stranger, Role::Researcher, DAY).await?;
    assert_eq!(world.asks(&world.researcher, registered).await?, refused(Refusal::NoConsent));
    let no_research = provision(Decision::Deny, Actor::Role(Role::Researcher), PurposeSet::EMPTY);
    let denying = world.consents(&consent(vec![no_research])).await?;
    let deciding = Deciding { consent: denying, provision: Some(0) };
    assert_eq!(world.asks(&world.researcher, registered).await?, refused(Refusal::DeniedBy(deciding)));
    Ok(())
}

#[tokio::test]
async fn records_are_registered_once_and_amended_by_their_custodian_only() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let done = world.run(&world.doctor, world.grants.register_record(id(&world.patient), record(1))).await?;
    let event = done.event::<RecordRegistered>()?;
    let computed = record_id(&blake2b_256, person(&world.doctor), Hash([1; 32]));
    assert_eq!((event.record, done.forecast), (computed, computed));
    let again = world.grants.register_record(id(&world.patient), record(1));
    assert_eq!(world.refused(&world.doctor, again).await?, AccessError::AlreadyRegistered);
    let elsewhere = world.grants.register_record(id(&world.stranger), record(1));
    assert_eq!(world.refused(&world.doctor, elsewhere).await?, AccessError::AlreadyRegistered);

    let next = RecordTerms { confidentiality: Confidentiality::V, ..record(2) };
    for other in [&world.patient, &world.stranger, &world.governor] {
        let amend = world.grants.amend_record(computed, next);
        assert_eq!(world.refused(other, amend).await?, AccessError::NotCustodian);
    }
    let amended = world.run(&world.doctor, world.grants.amend_record(computed, next)).await?;
    assert_eq!(amended.event::<RecordAmended>()?.version, 2);
    let known = Record {
        patient: id(&world.patient),
        custodian: id(&world.doctor),
        version: 2,
        terms: next,
        patient_condition: false,
        custodian_condition: false,
        erased: false,
    };
    assert_eq!(world.read(world.grants.record(computed)).await?, Some(known));

    let missing = world.grants.amend_record(RecordId([9; 32]), next);
    assert_eq!(world.refused(&world.doctor, missing).await?, AccessError::NotFound);
    let empty = Some(Period { start: Timestamp(2), end: Timestamp(1) });
    let broken = RecordTerms { data_period: empty, ..record(3) };
    let amend = world.grants.amend_record(computed, broken);
    assert_eq!(world.refused(&world.doctor, amend).await?, AccessError::EmptyPeriod);
    let register = world.grants.register_record(id(&world.patient), broken);
    assert_eq!(world.refused(&world.doctor, register).await?, AccessError::EmptyPeriod);
    Ok(())
}

#[tokio::test]
async fn a_patient_registers_their_own_records_and_a_stranger_none() -> Result {
    let world = World::new().await?;
    let own = world.run(&world.patient, world.grants.register_record(id(&world.patient), record(1))).await?;
    assert_eq!(own.event::<RecordRegistered>()?.custodian, id(&world.patient));
    let foreign = world.grants.register_record(id(&world.patient), record(2));
    assert_eq!(world.refused(&world.stranger, foreign).await?, AccessError::NotCredentialed);
    Ok(())
}

#[tokio::test]
async fn the_wrong_caller_is_refused_on_every_privileged_message() -> Result {
    let world = World::new().await?;
    world.establish().await?;
    let until = world.now().await?.plus(DAY);
    for other in [&world.authority, &world.doctor, &world.patient, &world.stranger] {
        let add = world.grants.add_authority(id(other));
        assert_eq!(world.refused(other, add).await?, AccessError::NotGovernor);
        let remove = world.grants.remove_authority(id(&world.authority));
        assert_eq!(world.refused(other, remove).await?, AccessError::NotGovernor);
    }
    for other in [&world.governor, &world.doctor, &world.patient, &world.stranger] {
        let vouch = world.grants.credential(id(other), id(&world.hospital), Role::Doctor.into(), until);
        assert_eq!(world.refused(other, vouch).await?, AccessError::NotAuthority);
        let suspend = world.grants.suspend(id(&world.doctor), id(&world.hospital), true);
        assert_eq!(world.refused(other, suspend).await?, AccessError::NotAuthority);
    }
    world.run(&world.governor, world.grants.add_authority(id(&world.stranger))).await?;
    let vouch = world.grants.credential(id(&world.doctor), id(&world.hospital), Role::Nurse.into(), until);
    assert_eq!(world.refused(&world.stranger, vouch).await?, AccessError::OtherIssuer);
    let reinstate = world.grants.suspend(id(&world.doctor), id(&world.hospital), false);
    assert_eq!(world.refused(&world.stranger, reinstate).await?, AccessError::OtherIssuer);
    let kept = world.read(world.grants.vouched(id(&world.doctor))).await?.credentials;
    assert!(kept.iter().all(|one| one.standing == Standing::Good && one.issuer == id(&world.authority)));
    assert_eq!(world.read(world.grants.setup()).await?.governor, id(&world.governor));
    assert_eq!(world.read(world.grants.setup()).await?.consent_registry, ink_account(world.registry.address()));
    Ok(())
}

/// A hospital that is accredited staffs itself, within its roles and as long as its authority lets it.
#[tokio::test]
async fn an_accredited_organisation_vouches_for_its_own_and_for_nobody_elses() -> Result {
    let world = World::new().await?;
    world.run(&world.governor, world.grants.add_authority(id(&world.authority))).await?;
    let hospital = world.somebody().await?;
    let (doctor, clinical) = (id(&world.doctor), RoleSet::of(&[Role::Doctor, Role::Nurse]));
    let until = world.now().await?.plus(DAY);
    let accredit = |suspended| world.grants.accredit(id(&hospital), clinical, until, suspended);
    let vouch = |organisation, role: Role| world.grants.credential(doctor, organisation, role.into(), until);
    assert_eq!(world.refused(&hospital, accredit(false)).await?, AccessError::NotAuthority);
    let staffs = vouch(id(&hospital), Role::Doctor);
    assert_eq!(world.refused(&hospital, staffs).await?, AccessError::NotAuthority);
    let told = world.run(&world.authority, accredit(false)).await?.event::<OrganisationAccredited>()?;
    assert_eq!((told.organisation, told.accreditation.authority), (id(&hospital), id(&world.authority)));

    let beyond = vouch(id(&hospital), Role::Researcher);
    assert_eq!(world.refused(&hospital, beyond).await?, AccessError::BeyondAccreditation);
    let elsewhere = vouch(id(&world.hospital), Role::Doctor);
    assert_eq!(world.refused(&hospital, elsewhere).await?, AccessError::NotAuthority);
    let vouched = world.run(&hospital, vouch(id(&hospital), Role::Doctor)).await?.event::<ProviderCredentialed>()?;
    assert_eq!((vouched.provider, vouched.credential.issuer), (doctor, id(&hospital)));
    let members = Actor::Organisation(person(&hospital));
    world.consents(&consent(vec![provision(Decision::Permit, members, Purpose::Treat.into())])).await?;
    let registered = world.registers(record(1)).await?;
    let is_in = || world.asks(&world.doctor, registered);
    assert!(matches!(is_in().await?, AccessDecision::Permitted { .. }));

    world.run(&world.authority, accredit(true)).await?;
    assert_eq!(is_in().await?, refused(Refusal::CredentialSuspended), "with its hospital");
    world.run(&world.authority, accredit(false)).await?;
    world.run(&hospital, world.grants.suspend(doctor, id(&hospital), true)).await?;
    assert_eq!(is_in().await?, refused(Refusal::CredentialSuspended), "by its hospital");
    let reinstate = || world.grants.suspend(doctor, id(&hospital), false);
    assert_eq!(world.refused(&world.authority, reinstate()).await?, AccessError::OtherIssuer);
    world.run(&hospital, reinstate()).await?;
    assert!(matches!(is_in().await?, AccessDecision::Permitted { .. }));
    world.run(&world.governor, world.grants.remove_authority(id(&world.authority))).await?;
    assert_eq!(is_in().await?, refused(Refusal::NotCredentialed), "with the authority that accredited the hospital");
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_taken_back_is_gone_until_another_is_published() -> Result {
    let world = World::new().await?;
    let own = id(&world.doctor);
    assert_eq!(world.refused(&world.doctor, world.grants.revoke_key()).await?, AccessError::NotFound);
    world.run(&world.doctor, world.grants.publish_key([9; 32])).await?;
    assert_eq!(world.refused(&world.stranger, world.grants.revoke_key()).await?, AccessError::NotFound);
    let told = world.run(&world.doctor, world.grants.revoke_key()).await?.event::<KeyRevoked>()?;
    assert_eq!((told.account, world.read(world.grants.encryption_key(own)).await?), (own, None));
    world.run(&world.doctor, world.grants.publish_key([8; 32])).await?;
    assert_eq!(world.read(world.grants.encryption_key(own)).await?, Some([8; 32]));
    Ok(())
}

#[tokio::test]
async fn credentials_keep_their_bounds() -> Result {
    let world = World::new().await?;
    let added = world.run(&world.governor, world.grants.add_authority(id(&world.authority))).await?;
    assert_eq!(added.event::<AuthorityAdded>()?.authority, id(&world.authority));
    let again = world.run(&world.governor, world.grants.add_authority(id(&world.authority))).await?;
    assert_eq!(again.events.len(), 0, "doing it twice changes nothing");

    let now = world.now().await?;
    let doctor = id(&world.doctor);
    let vouch = |organisation: u8, roles: RoleSet, until| {
        world.grants.credential(doctor, [organisation; 32].into(), roles, until)
    };
    let none = vouch(1, RoleSet::EMPTY, now.plus(DAY));
    assert_eq!(world.refused(&world.authority, none).await?, AccessError::NoRoles);
    let over = vouch(1, Role::Doctor.into(), now);
    assert_eq!(world.refused(&world.authority, over).await?, AccessError::AlreadyOver);
    let missing = world.grants.suspend(doctor, id(&world.hospital), true);
    assert_eq!(world.refused(&world.authority, missing).await?, AccessError::NotFound);

    for organisation in 0..Principal::MAX_ORGANISATIONS as u8 {
        let done = world.run(&world.authority, vouch(organisation, Role::Doctor.into(), now.plus(DAY))).await?;
        assert_eq!(done.event::<ProviderCredentialed>()?.provider, doctor);
    }
    let one_more = vouch(100, Role::Doctor.into(), now.plus(DAY));
    assert_eq!(world.refused(&world.authority, one_more).await?, AccessError::TooManyCredentials);
    world.run(&world.authority, vouch(3, Role::Nurse.into(), now.plus(2 * DAY))).await?;
    let principal = world.read(world.grants.principal(doctor)).await?.ok_or("no principal")?;
    assert_eq!(principal.organisations.len(), Principal::MAX_ORGANISATIONS);
    assert_eq!(principal.roles, RoleSet::of(&[Role::Doctor, Role::Nurse]));
    assert_eq!(principal.account, person(&world.doctor));
    Ok(())
}

#[tokio::test]
async fn a_key_to_which_no_secret_can_be_wrapped_is_refused() -> Result {
    let world = World::new().await?;
    let own = id(&world.doctor);
    assert_eq!(world.read(world.grants.encryption_key(own)).await?, None);
    let done = world.run(&world.doctor, world.grants.publish_key([9; 32])).await?;
    assert_eq!(done.event::<KeyPublished>()?, KeyPublished { account: own, key: [9; 32] });

    let with = |first: u8, rest: u8, last: u8| {
        let mut key = [rest; 32];
        (key[0], key[31]) = (first, last);
        key
    };
    let order_8 = |text: &str| -> Result<[u8; 32]> { Ok(hex::decode(text)?.try_into().map_err(|_| "32 bytes")?) };
    let mut weak = vec![
        order_8("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")?,
        order_8("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")?,
    ];
    weak.extend([with(0, 0, 0), with(1, 0, 0)]);
    weak.extend([0xec, 0xed, 0xee].map(|first| with(first, 0xff, 0x7f)));
    for key in weak.clone() {
        let mut high = key;
        high[31] |= 0x80;
        weak.push(high);
    }
    for key in weak {
        assert_eq!(world.refused(&world.doctor, world.grants.publish_key(key)).await?, AccessError::WeakKey);
    }
    assert_eq!(world.read(world.grants.encryption_key(own)).await?, Some([9; 32]));
    world.run(&world.doctor, world.grants.publish_key([8; 32])).await?;
    assert_eq!(world.read(world.grants.encryption_key(own)).await?, Some([8; 32]));
    Ok(())
}

/// Access grants that were told of the wrong registry: what is there answers, but not as one.
#[tokio::test]
async fn without_an_answer_of_the_registry_nothing_is_decided() -> Result {
    let world = World::new().await?;
    let wrong = ink_account(world.claims.address());
    let terms = salus_client::deployment::EMERGENCY_TERMS;
    let input = [&blake2b_256(b"new")[..4], &(wrong, terms).encode()].concat();
    let code = bundles()?.access_grants.code;
    let lonely = world.raw.instantiate(&world.governor, &code, &input, b"lonely").await??;
    let lonely = salus_client::contracts::AccessGrants::at(lonely);
    world.run(&world.governor, lonely.add_authority(id(&world.authority))).await?;
    let until = world.now().await?.plus(DAY);
    let vouch = lonely.credential(id(&world.doctor), id(&world.hospital), Role::Doctor.into(), until);
    world.run(&world.authority, vouch).await?;
    let registered = world.run(&world.doctor, lonely.register_record(id(&world.patient), record(1))).await?.forecast;
    let ask = || lonely.request_access(registered, Purpose::Treat, Action::Access, None);
    let error = world.refused(&world.doctor, ask()).await?;
    assert_eq!(error, AccessError::ConsentRegistryFailed, "{}", error.rule());
    // Nor is it known who acts for the patient.
    let erase = lonely.erase_record(registered);
    assert_eq!(world.refused(&world.stranger, erase).await?, AccessError::ConsentRegistryFailed);
    let dispute = lonely.dispute(id(&world.patient), id(&world.doctor));
    assert_eq!(world.refused(&world.stranger, dispute).await?, AccessError::ConsentRegistryFailed);
    let own = endless(world.run(&world.patient, ask()).await?.forecast);
    assert_eq!(own, AccessDecision::Permitted { version: 1, ground: Ground::Patient, until: Timestamp::MAX });
    Ok(())
}
