//! Who gets an envelope, and who does not.

use crate::support::{send, Running, Scene, AT_THE_END, CONTENT};
use futures_util::StreamExt;
use salus_audit::LogFile;
use salus_client::{blake2b_256, domain_account, signer};
use salus_domain::codes::{Action, Purpose, Role};
use salus_domain::commitment::{link_group, redemption};
use salus_domain::consent::{Actor, Decision};
use salus_domain::time::Timestamp;
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{self, for_treatment, provision, DAY};
use salus_e2e_tests::{account, id, person, OwnNode, Result, World};
use salus_interface::access::{AccessDecided, PERMIT_LIFETIME};
use salus_release::entry::{Entry, Outcome};
use salus_release::wire::PermitPlace;
use salus_vault::{rewrap, unwrap_and_decrypt, EncryptionKeyPair, VaultError};

type Rejected = std::result::Result<(), (String, Option<String>)>;

fn rejected(code: &str) -> Rejected {
    Err((code.to_owned(), None))
}

fn refused(refusal: &str) -> Rejected {
    Err(("refused".to_owned(), Some(refusal.to_owned())))
}

#[tokio::test]
async fn a_doctor_with_a_permit_collects_and_opens_the_record() -> Result {
    let scene = Scene::new().await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let doctor = scene.client(&running, &scene.world.doctor)?;
    let key = scene.doctor_key.public_key();
    let released = doctor.release(scene.record, 1, permit, Some(&key)).await?;
    let mut ciphertext = Vec::new();
    let mut stream = doctor.content(&released.answer).await?;
    while let Some(bytes) = stream.next().await {
        ciphertext.extend_from_slice(&bytes?);
    }
    let mut opened = Vec::new();
    let (place, key) = (scene.place, &scene.doctor_key);
    let unsealed = unwrap_and_decrypt(place, &released.envelope, ciphertext.as_slice(), key, &mut opened).await?;
    assert_eq!(opened, CONTENT);
    let facts = scene.world.read(scene.world.grants.record(scene.record)).await?.ok_or("no record")?;
    unsealed.verify_commitment(&facts.terms.commitment.0)?;

    let patient = scene.client(&running, &scene.world.patient)?;
    let page = patient.entries_of(&account(&scene.world.patient), 0).await?;
    let [entry] = page.entries.as_slice() else { return Err("not one entry".into()) };
    let Entry::V1(said) = entry.read()?;
    assert_eq!(said.accessor.0, scene.world.doctor.public_key().0);
    assert_eq!(said.outcome, Outcome::Released { key: *scene.doctor_key.public_key().as_bytes() });
    assert_eq!(entry.leaf, released.answer.entry.leaf);
    let health = patient.health().await?;
    assert_eq!((health.code, health.log_size), (None, 1));
    running.stop().await
}

#[tokio::test]
async fn a_request_is_signed_by_who_asks_for_what_is_asked_just_now_and_once() -> Result {
    let scene = Scene::new().await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let url = running.url();
    let (proof, body) = scene.signed(&scene.world.doctor, permit)?;

    let mut foreign = proof.clone();
    foreign.account = account(&scene.world.stranger);
    let mut stale = proof.clone();
    stale.at = Timestamp(stale.at.0 - 121_000);
    for (proof, code) in [(foreign, "bad_signature"), (stale, "stale")] {
        let (status, answer) = send(&url, &proof, &body).await?;
        assert_eq!((status, answer["code"].as_str()), (401, Some(code)));
    }
    let (status, first) = send(&url, &proof, &body).await?;
    let (_, again) = send(&url, &proof, &body).await?;
    assert_eq!((status, &first["entry"], &first["envelope"]), (200, &again["entry"], &again["envelope"]));
    running.stop().await?;

    // Another process, the same log.
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let (_, later) = send(&running.url(), &proof, &body).await?;
    assert_eq!(first["entry"], later["entry"]);
    running.stop().await?;
    assert_eq!(LogFile::read(scene.folder.path().join("releases.log"))?.tree().size(), 1);
    Ok(())
}

#[tokio::test]
async fn a_permit_is_somebodys_own_for_one_version_and_no_refusal() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let refusal = scene.decided(&world.stranger).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let collect =
        async |who, permit| -> Result<Rejected> { Ok(scene.collect_as(&running, who, permit).await?.map(drop)) };

    assert_eq!(collect(&world.stranger, permit).await?, rejected("other_accessor"));
    let permit_refused = Err(("permit_refused".to_owned(), Some("NotCredentialed".to_owned())));
    assert_eq!(collect(&world.stranger, refusal).await?, permit_refused);
    let beside = PermitPlace { event: permit.event + 1, ..permit };
    assert_eq!(collect(&world.doctor, beside).await?, rejected("no_permit"));
    let ahead = PermitPlace { block: permit.block + 1_000_000, ..permit };
    assert_eq!(collect(&world.doctor, ahead).await?, rejected("permit_not_final"));
    let newer = scene.client(&running, &world.doctor)?.release(scene.record, 2, permit, None).await;
    assert_eq!(newer.err().as_ref().and_then(|error| error.code()), Some("other_version"));

    world.run(&world.doctor, world.grants.amend_record(scene.record, samples::record(2))).await?;
    scene.until_all_final().await?;
    assert_eq!(collect(&world.doctor, permit).await?, rejected("superseded"));
    running.stop().await?;
    let log = LogFile::read(scene.folder.path().join("releases.log"))?;
    assert_eq!(log.tree().size(), 6, "every attempt leaves a mark");
    Ok(())
}

#[tokio::test]
async fn a_permit_is_over_after_an_hour() -> Result {
    let node = OwnNode::start().await?;
    let scene = Scene::in_world(World::on(&node.url).await?).await?;
    let permit = scene.decided(&scene.world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    scene.world.chain.advance_clock(PERMIT_LIFETIME - 60_000).await?;
    scene.until_all_final().await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    scene.world.chain.advance_clock(60_000).await?;
    scene.until_all_final().await?;
    assert_eq!(scene.collect(&running, permit).await?.map(drop), rejected("permit_over"));
    running.stop().await
}

#[tokio::test]
async fn a_revoke_counts_between_the_permit_and_the_release() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    assert!(scene.collect(&running, permit).await?.is_ok());
    world.run(&world.patient, world.registry.revoke(scene.consent)).await?;
    scene.until_all_final().await?;
    assert_eq!(scene.collect(&running, permit).await?.map(drop), refused("NoConsent"));

    world.consents(&for_treatment(&world.doctor)).await?;
    world.run(&world.authority, world.grants.suspend(id(&world.doctor), id(&world.hospital), true)).await?;
    scene.until_all_final().await?;
    assert_eq!(scene.collect(&running, permit).await?.map(drop), refused("CredentialSuspended"));
    running.stop().await
}

/// In the same block, one after the other, in both orders. Either way the revoke is final when the envelope is asked for.
#[tokio::test]
async fn a_revoke_in_the_block_of_the_request_counts_whichever_comes_first() -> Result {
    for revoke_first in [false, true] {
        let scene = Scene::new().await?;
        let world = &scene.world;
        let running = Running::start(scene.config(AT_THE_END)).await?;
        let request = world.grants.request_access(scene.record, Purpose::Treat, Action::Access, None);
        let revoke = world.registry.revoke(scene.consent);
        let asks = (&world.doctor, contracts_call(world.grants.address(), 0, request.input()));
        let revokes = (&world.patient, contracts_call(world.registry.address(), 0, revoke.input()));
        let order = if revoke_first { [revokes, asks] } else { [asks, revokes] };
        let block = world.in_one_block(order).await?;
        scene.until_final(block).await?;
        let events = world.chain.contract_events(world.grants.address(), block, block, |_| {}).await?;
        let decided = events.iter().find(|found| found.event.decode::<AccessDecided>().is_some()).ok_or("none")?;
        let place = PermitPlace { block, event: decided.event.index };
        let expected = if revoke_first {
            Err(("permit_refused".to_owned(), Some("NoConsent".to_owned())))
        } else {
            refused("NoConsent")
        };
        assert_eq!(scene.collect(&running, place).await?.map(drop), expected);
        running.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_revoked_or_exchanged_gets_nothing() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let first = scene.collect(&running, permit).await?.map_err(|(code, _)| code)?;

    let new = EncryptionKeyPair::generate()?;
    world.run(&world.doctor, world.grants.publish_key(*new.public_key().as_bytes())).await?;
    scene.until_all_final().await?;
    let doctor = scene.client(&running, &world.doctor)?;
    let with_old = doctor.release(scene.record, 1, permit, Some(&scene.doctor_key.public_key())).await;
    assert_eq!(with_old.err().as_ref().and_then(|error| error.code()), Some("key_revoked"));
    assert_eq!(scene.collect(&running, permit).await?.map(drop), rejected("no_envelope"));
    let envelope = rewrap(scene.place, &first.envelope, &scene.doctor_key, &new.public_key())?;
    assert!(doctor.put_envelope(scene.place, &new.public_key(), envelope).await?.changed);
    assert!(doctor.release(scene.record, 1, permit, Some(&new.public_key())).await.is_ok());

    world.run(&world.doctor, world.grants.revoke_key()).await?;
    scene.until_all_final().await?;
    assert_eq!(scene.collect(&running, permit).await?.map(drop), rejected("key_revoked"));
    running.stop().await
}

#[tokio::test]
async fn an_erased_record_is_refused_and_destroyed() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let permit = scene.decided(&world.doctor).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let doctor = scene.client(&running, &world.doctor)?;
    let early = doctor.erase(scene.record).await;
    assert_eq!(early.err().as_ref().and_then(|error| error.code()), Some("not_erased"));
    world.run(&world.patient, world.grants.erase_record(scene.record)).await?;
    scene.until_all_final().await?;
    assert_eq!(scene.collect(&running, permit).await?.map(drop), refused("Erased"));
    let stranger = scene.client(&running, &world.stranger)?.erase(scene.record).await;
    assert_eq!(stranger.err().as_ref().and_then(|error| error.code()), Some("not_allowed"));
    let destroyed = doctor.erase(scene.record).await?;
    assert_eq!(destroyed.objects.len(), 4, "manifest, content, two envelopes");
    assert_eq!(scene.client(&running, &world.patient)?.erase(scene.record).await?, destroyed, "again");
    let gone = scene.vault.open(scene.place, &scene.doctor_key).await;
    assert!(matches!(gone, Err(VaultError::Destroyed { .. })));
    running.stop().await
}

#[tokio::test]
async fn patients_collect_their_own_records() -> Result {
    let scene = Scene::new().await?;
    let permit = scene.decided(&scene.world.patient).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let released = scene.collect_as(&running, &scene.world.patient, permit).await?.map_err(|(code, _)| code)?;
    assert_eq!(released.answer.key.0, *scene.patient_key.public_key().as_bytes());
    running.stop().await
}

#[tokio::test]
async fn a_colleague_who_is_let_in_has_no_envelope_until_somebody_shares() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    world.credential(&world.researcher, &world.hospital, Role::Doctor, DAY).await?;
    world.consents(&for_treatment(&world.researcher)).await?;
    let key = EncryptionKeyPair::generate()?;
    world.run(&world.researcher, world.grants.publish_key(*key.public_key().as_bytes())).await?;
    let permit = scene.decided(&world.researcher).await?;
    let running = Running::start(scene.config(AT_THE_END)).await?;
    let collect = async || scene.collect_as(&running, &world.researcher, permit).await;
    assert_eq!(collect().await?.map(drop), rejected("no_envelope"));
    let own = scene.vault.envelope(scene.place, &scene.patient_key.public_key()).await?.ok_or("none")?;
    let envelope = rewrap(scene.place, &own, &scene.patient_key, &key.public_key())?;
    let patient = scene.client(&running, &world.patient)?;
    patient.put_envelope(scene.place, &key.public_key(), envelope).await?;
    assert!(collect().await?.is_ok());
    assert!(patient.remove_envelope(scene.place, &key.public_key()).await?.changed);
    assert_eq!(collect().await?.map(drop), rejected("no_envelope"));
    running.stop().await
}

#[tokio::test]
async fn a_share_link_that_was_redeemed_gets_the_envelope_for_the_links_key() -> Result {
    let scene = Scene::new().await?;
    let world = &scene.world;
    let (link, link_key) = (signer::from_suri(&format!("{}//link", scene.suri))?, EncryptionKeyPair::generate()?);
    let organisation = Actor::Organisation(link_group(&blake2b_256, person(&link)));
    world.consents(&samples::consent(vec![provision(Decision::Permit, organisation, Purpose::Treat.into())])).await?;
    scene.vault.share(scene.place, &scene.patient_key, &link_key.public_key()).await?;

    world.credential(&world.researcher, &world.hospital, Role::Doctor, DAY).await?;
    let key = *link_key.public_key().as_bytes();
    let grants = domain_account(world.grants.address());
    let signed = redemption(&blake2b_256, grants, person(&link), person(&world.researcher), key);
    let redeem = world.grants.redeem(id(&link), key, link.sign(&signed).0);
    world.run(&world.researcher, redeem).await?;
    let request = world.grants.request_access(scene.record, Purpose::Treat, Action::Access, Some(id(&link)));
    let done = world.run(&world.researcher, request).await?;
    let event = done.events.iter().find(|event| event.decode::<AccessDecided>().is_some()).ok_or("no decision")?;
    let permit = PermitPlace { block: done.evidence.block, event: event.index };
    scene.until_final(permit.block).await?;

    let running = Running::start(scene.config(AT_THE_END)).await?;
    let released = scene.collect_as(&running, &world.researcher, permit).await?.map_err(|(code, _)| code)?;
    assert_eq!(released.answer.key.0, key);
    running.stop().await
}
