//! Who changes what in the vault, and that no change is without its entry.

use super::{assemble, of, rejected, Differently, Fixture, Result};
use crate::entry::tests::entry;
use crate::entry::{EntryV1, Outcome};
use axum::body::Body;
use axum::http::{header::AUTHORIZATION, Request};
use salus_domain::ids::RecordId;
use salus_vault::{rewrap, EncryptionKeyPair, EncryptionPublicKey};
use std::future::Future;
use std::path::PathBuf;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tower::ServiceExt;

const RECORD: RecordId = RecordId([7; 32]);

fn new_key() -> EncryptionKeyPair {
    EncryptionKeyPair::from_seed(&[11; 32])
}

/// An envelope for a key, other bytes each time.
async fn wrapped(world: &Fixture, to: &EncryptionPublicKey) -> Result<Vec<u8>> {
    let own = world.service.vault.envelope(world.record, &world.patient_key.public_key()).await?.ok_or("none")?;
    Ok(rewrap(world.record, &own, &world.patient_key, to)?)
}

async fn stored(world: &Fixture, key: &EncryptionPublicKey) -> Result<Option<Vec<u8>>> {
    Ok(world.service.vault.envelope(world.record, key).await?)
}

fn publish(world: &Fixture, who: &salus_client::Keypair, key: &EncryptionPublicKey) {
    let mut chain = world.node.chain();
    chain.number += 1;
    chain.keys.insert(of(who), *key.as_bytes());
}

/// The log says that an envelope for the key was handed out.
async fn was_released(world: &Fixture, to: &salus_client::Keypair, key: &EncryptionPublicKey) -> Result {
    let released = entry(Outcome::Released { key: *key.as_bytes() });
    let id = [world.service.journal.size() as u8 + 100; 32];
    let (patient, accessor) = (of(&world.patient), of(to));
    world.service.journal.append(id, EntryV1 { record: RECORD, version: 1, patient, accessor, ..released }).await?;
    Ok(())
}

#[tokio::test]
async fn a_custodian_without_a_credential_changes_nothing() -> Result {
    let world = Fixture::new().await?;
    let (doctors, new) = (world.doctor_key.public_key(), new_key().public_key());
    let envelope = wrapped(&world, &new).await?;
    {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.credentialed.clear();
    }
    for (method, key, body) in [("DELETE", doctors, &b""[..]), ("PUT", new, &envelope)] {
        let answer = world.ask(&world.custodian, method, &world.envelope_path(&key), body).await?;
        assert_eq!(answer.rejected()?, rejected(403, "not_allowed"), "{method}");
    }
    assert!(stored(&world, &doctors).await?.is_some());
    assert_eq!((stored(&world, &new).await?, world.service.journal.size()), (None, 0));
    Ok(())
}

#[tokio::test]
async fn a_custodian_leaves_the_patients_envelopes_and_the_last_one() -> Result {
    let world = Fixture::new().await?;
    let (patients, doctors) = (world.patient_key.public_key(), world.doctor_key.public_key());
    let asks = async |method: &str, key: &EncryptionPublicKey, body: &[u8]| {
        world.ask(&world.custodian, method, &world.envelope_path(key), body).await
    };
    publish(&world, &world.patient, &patients);
    assert_eq!(asks("DELETE", &patients, b"").await?.rejected()?, rejected(403, "not_allowed"), "published");
    let other = wrapped(&world, &patients).await?;
    assert_eq!(asks("PUT", &patients, &other).await?.rejected()?, rejected(409, "other_envelope"), "nor replaces it");

    publish(&world, &world.patient, &new_key().public_key());
    was_released(&world, &world.patient, &patients).await?;
    assert_eq!(asks("DELETE", &patients, b"").await?.rejected()?, rejected(403, "not_allowed"), "once handed out");

    world.ask(&world.patient, "DELETE", &world.envelope_path(&patients), b"").await?.ok()?;
    assert_eq!(asks("DELETE", &doctors, b"").await?.rejected()?, rejected(403, "not_allowed"), "the last one");
    world.ask(&world.patient, "DELETE", &world.envelope_path(&doctors), b"").await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn who_squats_on_a_key_is_replaced_by_patient_and_custodian() -> Result {
    let world = Fixture::new().await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    // The doctor publishes a colleague's key, and puts something there.
    let key = new_key().public_key();
    publish(&world, &world.doctor, &key);
    let path = world.envelope_path(&key);
    world.ask(&world.doctor, "PUT", &path, &wrapped(&world, &key).await?).await?.ok()?;
    for who in [&world.custodian, &world.patient] {
        let real = wrapped(&world, &key).await?;
        let put = world.ask(who, "PUT", &path, &real).await?.ok()?;
        assert_eq!((&put["changed"], stored(&world, &key).await?), (&true.into(), Some(real)));
        let index = put["entry"]["index"].as_u64().ok_or("no index")?;
        let kept = world.service.journal.read(index).await?;
        assert_eq!(kept.entry.outcome, Outcome::EnvelopePut { key: *key.as_bytes() });
    }
    let squatted = world.ask(&world.doctor, "PUT", &path, &wrapped(&world, &key).await?).await?;
    assert_eq!(squatted.rejected()?, rejected(409, "other_envelope"), "a reader replaces none");
    let garbage = world.ask(&world.patient, "PUT", &path, b"garbage").await?;
    assert_eq!(garbage.rejected()?, rejected(422, "bad_envelope"));
    assert!(stored(&world, &key).await?.is_some(), "what is no envelope replaces none");
    Ok(())
}

#[tokio::test]
async fn a_reader_rotates_to_no_key_of_somebody_else() -> Result {
    let key = new_key().public_key();
    let owned: [fn(&Fixture, EncryptionPublicKey); 2] =
        [|world, key| publish(world, &world.patient, &key), |world, key| publish(world, &world.custodian, &key)];
    for (number, owned) in owned.into_iter().map(Some).chain([None]).enumerate() {
        let world = Fixture::new().await?;
        world.release(&world.doctor, &world.question()).await?.ok()?;
        publish(&world, &world.doctor, &key);
        match owned {
            Some(owned) => owned(&world, key),
            None => was_released(&world, &world.stranger, &key).await?,
        }
        let (path, envelope) = (world.envelope_path(&key), wrapped(&world, &key).await?);
        let answer = world.ask(&world.doctor, "PUT", &path, &envelope).await?;
        assert_eq!(answer.rejected()?, rejected(403, "not_allowed"), "{number}");
        assert_eq!(stored(&world, &key).await?, None);
    }
    Ok(())
}

/// What changes the vault, each as a patient's request: method, path, body.
async fn changes(world: &Fixture) -> Result<Vec<(&'static str, String, Vec<u8>)>> {
    let new = new_key().public_key();
    Ok(vec![
        ("PUT", world.envelope_path(&new), wrapped(world, &new).await?),
        ("DELETE", world.envelope_path(&world.doctor_key.public_key()), Vec::new()),
        ("POST", format!("/v1/records/{}/erasure", world.record.record), Vec::new()),
    ])
}

/// The files of the envelopes, by their names.
fn envelopes(world: &Fixture) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let version = world.folder.path().join(format!("vault/records/{}/1", world.record.record));
    for sealing in std::fs::read_dir(version)?.flatten() {
        let folder = sealing.path().join("envelopes");
        if folder.is_dir() {
            found.extend(std::fs::read_dir(folder)?.flatten().map(|file| file.path()));
        }
    }
    found.retain(|file| !file.to_string_lossy().contains('#'));
    found.sort();
    Ok(found)
}

#[tokio::test]
async fn nothing_is_changed_that_cannot_be_written_down() -> Result {
    let world = Fixture::new().await?;
    let before = envelopes(&world)?;
    world.service.journal.break_off();
    for (method, path, body) in changes(&world).await? {
        world.facts(|facts| facts.erased = method == "POST");
        let answer = world.ask(&world.patient, method, &path, &body).await?;
        assert_eq!(answer.rejected()?, rejected(503, "log_failed"), "{method}");
        assert_eq!(envelopes(&world)?, before, "{method}");
        assert!(world.service.vault.destruction(&world.record.record).await?.is_none());
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_dropped_at_its_first_effect_has_its_entry_and_its_change() -> Result {
    for number in 0..3 {
        let world = Fixture::new().await?;
        let (method, path, body) = changes(&world).await?.swap_remove(number);
        world.facts(|facts| facts.erased = method == "POST");
        let before = envelopes(&world)?;
        let has_entry = || world.service.journal.size() > 0;
        let header = world.sign(&world.patient, method, &path, &body).header();
        let request = Request::builder().method(method).uri(&path).header(AUTHORIZATION, header);
        let mut request = Box::pin(world.app.clone().oneshot(request.body(Body::from(body))?));
        while !has_entry() && envelopes(&world)? == before {
            if request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return Err(format!("{method}: it was answered, and nothing had changed").into());
            }
            tokio::task::yield_now().await;
        }
        drop(request);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !has_entry() || envelopes(&world)? == before {
            assert!(Instant::now() < deadline, "{method}: entry {}, change missing or the reverse", has_entry());
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_logged_already_completes_its_change() -> Result {
    let world = Fixture::new().await?;
    let key = world.doctor_key.public_key();
    let path = world.envelope_path(&key);
    let proof = world.sign(&world.patient, "DELETE", &path, b"");
    // The process was killed after it wrote the entry.
    let asked = crate::request::Asked { method: "DELETE", path_and_query: &path, body: b"" };
    let id = proof.verify(&super::TARGET, &asked).ok_or("not signed")?;
    let removed = entry(Outcome::EnvelopeRemoved { key: *key.as_bytes() });
    let (patient, accessor) = (of(&world.patient), of(&world.patient));
    world.service.journal.append(id, EntryV1 { record: RECORD, version: 1, patient, accessor, ..removed }).await?;
    let Fixture { folder, node, service, app, clock, .. } = world;
    drop((service, app));
    let service = assemble(folder.path(), vec![node], &clock, Differently::default()).await?;
    let request = Request::builder().method("DELETE").uri(&path).header(AUTHORIZATION, proof.header());
    let answer = crate::app(std::sync::Arc::clone(&service)).oneshot(request.body(Body::empty())?).await?;
    assert_eq!(answer.status().as_u16(), 200);
    let place = salus_vault::RecordRef { record: [7; 32].into(), version: 1 };
    assert_eq!(service.vault.envelope(place, &key).await?, None);
    assert_eq!(service.journal.size(), 1);
    Ok(())
}

#[tokio::test]
async fn an_erasure_is_announced_before_and_accounted_for_after() -> Result {
    let world = Fixture::new().await?;
    world.facts(|facts| facts.erased = true);
    let path = format!("/v1/records/{}/erasure", world.record.record);
    for _ in 0..2 {
        world.ask(&world.patient, "POST", &path, b"").await?.ok()?;
    }
    let said = world.service.journal.page(0, 9, 9).await?;
    let said: Vec<_> = said.into_iter().map(|kept| kept.entry.outcome).collect();
    assert!(matches!(said.as_slice(), [Outcome::ErasureBegun, Outcome::Erased { .. }]), "{said:?}");
    Ok(())
}
