//! Envelopes that come and go, and records that are erased.

use super::{ink, of, rejected, Fixture, Result};
use crate::entry::Outcome;
use salus_domain::ids::{Hash, RecordId};
use salus_vault::{rewrap, EncryptionKeyPair, VaultError};

/// The envelope for another key, made by the patient.
async fn rewrapped(world: &Fixture, to: &EncryptionKeyPair) -> Result<Vec<u8>> {
    let own = world.service.vault.envelope(world.record, &world.patient_key.public_key()).await?;
    Ok(rewrap(world.record, &own.ok_or("no envelope")?, &world.patient_key, &to.public_key())?)
}

#[tokio::test]
async fn patient_and_custodian_put_envelopes_and_take_them_out() -> Result {
    let world = Fixture::new().await?;
    for (seed, who) in [(11, &world.patient), (12, &world.custodian)] {
        let new = EncryptionKeyPair::from_seed(&[seed; 32]);
        let (path, envelope) = (world.envelope_path(&new.public_key()), rewrapped(&world, &new).await?);
        let put = world.ask(who, "PUT", &path, &envelope).await?.ok()?;
        assert_eq!(put["changed"], true);
        assert_eq!(world.ask(who, "PUT", &path, &envelope).await?.ok()?["changed"], false, "again");
        assert!(world.service.vault.envelope(world.record, &new.public_key()).await?.is_some());
        assert_eq!(world.ask(who, "DELETE", &path, b"").await?.ok()?["changed"], true);
        assert_eq!(world.ask(who, "DELETE", &path, b"").await?.ok()?["changed"], false, "again");
        assert!(world.service.vault.envelope(world.record, &new.public_key()).await?.is_none());
        let first = world.service.journal.read(put["entry"]["index"].as_u64().ok_or("no index")?).await?;
        assert_eq!(first.entry.outcome, Outcome::EnvelopePut { key: *new.public_key().as_bytes() });
        assert_eq!(first.entry.accessor, of(who));
    }
    Ok(())
}

#[tokio::test]
async fn a_captured_request_does_not_undo_what_was_done_since() -> Result {
    let world = Fixture::new().await?;
    let new = EncryptionKeyPair::from_seed(&[11; 32]);
    let (path, envelope) = (world.envelope_path(&new.public_key()), rewrapped(&world, &new).await?);
    let header = world.sign(&world.patient, "PUT", &path, &envelope).header();
    world.raw("PUT", &path, Some(header.clone()), &envelope).await?.ok()?;
    world.ask(&world.patient, "DELETE", &path, b"").await?.ok()?;
    let replayed = world.raw("PUT", &path, Some(header), &envelope).await?.ok()?;
    assert_eq!((&replayed["changed"], &replayed["entry"]["index"]), (&false.into(), &0.into()));
    assert!(world.service.vault.envelope(world.record, &new.public_key()).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn others_do_not_put_or_remove_envelopes() -> Result {
    let world = Fixture::new().await?;
    let new = EncryptionKeyPair::from_seed(&[11; 32]);
    let (path, envelope) = (world.envelope_path(&new.public_key()), rewrapped(&world, &new).await?);
    for who in [&world.stranger, &world.doctor] {
        assert_eq!(world.ask(who, "PUT", &path, &envelope).await?.rejected()?, rejected(403, "not_allowed"));
        let theirs = world.envelope_path(&world.patient_key.public_key());
        assert_eq!(world.ask(who, "DELETE", &theirs, b"").await?.rejected()?, rejected(403, "not_allowed"));
    }
    assert!(world.service.vault.envelope(world.record, &world.patient_key.public_key()).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_reader_who_exchanged_the_key_wraps_what_it_holds_to_the_new_one() -> Result {
    let world = Fixture::new().await?;
    let new = EncryptionKeyPair::from_seed(&[11; 32]);
    let own = world.service.vault.envelope(world.record, &world.doctor_key.public_key()).await?.ok_or("none")?;
    let envelope = rewrap(world.record, &own, &world.doctor_key, &new.public_key())?;
    let path = world.envelope_path(&new.public_key());
    let publish = |key: &EncryptionKeyPair| {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.keys.insert(of(&world.doctor), *key.public_key().as_bytes());
    };
    let put = || world.ask(&world.doctor, "PUT", &path, &envelope);
    publish(&new);
    assert_eq!(put().await?.rejected()?, rejected(403, "not_allowed"), "nothing was handed out to the doctor yet");
    publish(&world.doctor_key);
    world.release(&world.doctor, &world.question()).await?.ok()?;
    assert_eq!(put().await?.rejected()?, rejected(403, "not_allowed"), "the new key is not the doctor's");
    publish(&new);
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(404, "no_envelope"));
    assert_eq!(put().await?.ok()?["changed"], true);
    world.release(&world.doctor, &world.question()).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn what_was_taken_from_a_reader_is_not_wrapped_anew() -> Result {
    let world = Fixture::new().await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    let own = world.service.vault.envelope(world.record, &world.doctor_key.public_key()).await?.ok_or("none")?;
    let theirs = world.envelope_path(&world.doctor_key.public_key());
    world.ask(&world.patient, "DELETE", &theirs, b"").await?.ok()?;
    let new = EncryptionKeyPair::from_seed(&[11; 32]);
    let envelope = rewrap(world.record, &own, &world.doctor_key, &new.public_key())?;
    {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.keys.insert(of(&world.doctor), *new.public_key().as_bytes());
    }
    let answer = world.ask(&world.doctor, "PUT", &world.envelope_path(&new.public_key()), &envelope).await?;
    assert_eq!(answer.rejected()?, rejected(403, "not_allowed"));
    Ok(())
}

#[tokio::test]
async fn bytes_that_are_no_envelope_for_the_key_are_refused() -> Result {
    let world = Fixture::new().await?;
    let new = EncryptionKeyPair::from_seed(&[11; 32]);
    let (path, envelope) = (world.envelope_path(&new.public_key()), rewrapped(&world, &new).await?);
    let put = |path, body| world.ask(&world.patient, "PUT", path, body);
    assert_eq!(put(&path, b"nonsense").await?.rejected()?, rejected(422, "bad_envelope"));
    let other = world.envelope_path(&EncryptionKeyPair::from_seed(&[12; 32]).public_key());
    assert_eq!(put(&other, &envelope).await?.rejected()?, rejected(422, "bad_envelope"));
    put(&path, &envelope).await?.ok()?;
    let another = rewrapped(&world, &new).await?;
    assert_eq!(put(&path, &another).await?.ok()?["changed"], true, "the patient replaces it");
    let newer = path.replace("/1/envelopes", "/2/envelopes");
    assert_eq!(put(&newer, &envelope).await?.rejected()?, rejected(404, "not_in_vault"));
    Ok(())
}

#[tokio::test]
async fn an_erased_record_is_destroyed_once_and_for_all() -> Result {
    let world = Fixture::new().await?;
    let path = format!("/v1/records/{}/erasure", world.record.record);
    let erase = |who| world.ask(who, "POST", &path, b"");
    assert_eq!(erase(&world.patient).await?.rejected()?, rejected(409, "not_erased"));
    assert_eq!(erase(&world.stranger).await?.rejected()?, rejected(403, "not_allowed"));
    let released = world.release(&world.doctor, &world.question()).await?.ok()?;

    world.facts(|facts| facts.erased = true);
    assert_eq!(erase(&world.stranger).await?.rejected()?, rejected(403, "not_allowed"));
    world.node.chain().credentialed.insert(of(&world.stranger));
    world.node.chain().number += 1;
    let destroyed = erase(&world.stranger).await?.ok()?;
    assert_eq!(destroyed["objects"].as_array().map(Vec::len), Some(4), "manifest, content, two envelopes");
    let again = erase(&world.patient).await?.ok()?;
    assert_eq!(again, destroyed, "the same list, and the same entry");
    let index = destroyed["entry"]["index"].as_u64().ok_or("no index")?;
    let digest = world.service.vault.destruction(&world.record.record).await?.ok_or("none")?.digest();
    assert_eq!(world.service.journal.read(index).await?.entry.outcome, Outcome::Erased { digest: Hash(digest) });

    let content = released["content"].as_str().ok_or("no content")?;
    assert_eq!(world.ask(&world.doctor, "GET", content, b"").await?.rejected()?, rejected(410, "erased"));
    let envelope = world.envelope_path(&world.doctor_key.public_key());
    assert_eq!(world.ask(&world.patient, "PUT", &envelope, b"").await?.rejected()?, rejected(410, "erased"));
    assert!(matches!(world.service.vault.recipients(world.record).await, Err(VaultError::Destroyed { .. })));
    Ok(())
}

#[tokio::test]
async fn a_record_that_the_vault_never_had_is_not_destroyed() -> Result {
    let world = Fixture::new().await?;
    {
        let mut chain = world.node.chain();
        let mut facts = *chain.records.get(&RecordId([7; 32])).ok_or("no record")?;
        (facts.erased, facts.patient) = (true, ink(&world.patient));
        chain.records.insert(RecordId([8; 32]), facts);
    }
    let erase = |record: u8| {
        let path = format!("/v1/records/{}/erasure", hex::encode([record; 32]));
        let world = &world;
        async move { world.ask(&world.patient, "POST", &path, b"").await }
    };
    assert_eq!(erase(8).await?.rejected()?, rejected(404, "not_in_vault"));
    assert_eq!(erase(9).await?.rejected()?, rejected(404, "no_record"));
    Ok(())
}
