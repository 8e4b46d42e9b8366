//! The log, as patients and auditors see it.

use super::{of, rejected, Fixture, Result};
use crate::keeper::LogMode;
use crate::wire::{Entries, Hashes, LogHead};
use salus_audit::{leaf_of, sha_256};
use salus_domain::ids::Hash;
use salus_domain::merkle::{verify_consistency, verify_inclusion};
use std::sync::Arc;
use std::time::Duration;

/// Anchors all there is.
async fn anchor(world: &Fixture) -> Result {
    let (ending, told) = tokio::sync::watch::channel(true);
    let mode = LogMode::Batch { entries: 1, interval: Duration::from_secs(60) };
    Arc::clone(&world.service).keep(mode, told).await;
    drop(ending);
    world.node.chain().number += 1;
    Ok(())
}

#[tokio::test]
async fn a_patient_reads_and_proves_the_entries_about_their_data() -> Result {
    let world = Fixture::new().await?;
    for _ in 0..5 {
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    anchor(&world).await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    let path = format!("/v1/patients/{}/entries?from=1", world.patient.public_key().to_account_id());
    let answer = world.ask(&world.patient, "GET", &path, b"").await?;
    answer.ok()?;
    let page: Entries = serde_json::from_slice(&answer.body)?;
    let anchored = page.anchored.ok_or("not anchored")?;
    assert_eq!((anchored.size, page.next), (5, None));
    assert_eq!(page.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for entry in &page.entries {
        assert_eq!(leaf_of(&entry.id(), &entry.entry), Hash::from(entry.leaf));
        entry.read()?;
        let Some(proof) = &entry.proof else {
            assert_eq!(entry.index, 5, "the one that is not anchored yet");
            continue;
        };
        let proof: Vec<Hash> = proof.iter().copied().map(Hash::from).collect();
        let root = anchored.root.into();
        assert_eq!(verify_inclusion(&sha_256, entry.leaf.into(), entry.index, 5, &proof, root), Ok(()));
    }
    Ok(())
}

#[tokio::test]
async fn pages_end_where_the_next_one_begins() -> Result {
    let world = Fixture::new().await?;
    let body = serde_json::to_vec(&world.question())?;
    for _ in 0..super::super::routes::PAGE + 5 {
        world.ask(&world.doctor, "POST", "/v1/releases", &body).await?.ok()?;
    }
    world.node.chain().auditors.insert(of(&world.stranger));
    let patient = world.patient.public_key().to_account_id();
    for (who, path) in [
        (&world.patient, format!("/v1/patients/{patient}/entries?from=")),
        (&world.stranger, "/v1/log/entries?from=".to_owned()),
    ] {
        let (mut from, mut seen) = (Some(0), Vec::new());
        while let Some(start) = from {
            let answer = world.ask(who, "GET", &format!("{path}{start}"), b"").await?;
            answer.ok()?;
            let page: Entries = serde_json::from_slice(&answer.body)?;
            seen.extend(page.entries.iter().map(|entry| entry.index));
            from = page.next;
        }
        assert_eq!(seen, (0..super::super::routes::PAGE + 5).collect::<Vec<_>>(), "{path}");
    }
    let answer = world.ask(&world.stranger, "GET", "/v1/log/entries?from=3&to=5", b"").await?.ok()?;
    assert_eq!((answer["entries"].as_array().map(Vec::len), answer["next"].as_u64()), (Some(2), None));
    Ok(())
}

#[tokio::test]
async fn entries_are_for_the_patient_and_for_auditors() -> Result {
    let world = Fixture::new().await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    let patient = format!("/v1/patients/{}/entries", world.patient.public_key().to_account_id());
    for path in [patient.as_str(), "/v1/log/entries"] {
        for who in [&world.doctor, &world.custodian] {
            assert_eq!(world.ask(who, "GET", path, b"").await?.rejected()?, rejected(403, "not_allowed"), "{path}");
        }
    }
    assert_eq!(
        world.ask(&world.patient, "GET", "/v1/log/entries", b"").await?.rejected()?,
        rejected(403, "not_allowed"),
        "a patient's own entries are not all entries"
    );
    world.node.chain().auditors.insert(of(&world.stranger));
    world.node.chain().number += 1;
    for path in [patient.as_str(), "/v1/log/entries"] {
        let page = world.ask(&world.stranger, "GET", path, b"").await?.ok()?;
        assert_eq!(page["entries"].as_array().map(Vec::len), Some(1), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn heads_and_proofs_fit_each_other() -> Result {
    let world = Fixture::new().await?;
    for _ in 0..7 {
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    anchor(&world).await?;
    let get = |path| world.ask(&world.stranger, "GET", path, b"");
    let head: LogHead = serde_json::from_slice(&get("/v1/log/head").await?.body)?;
    assert_eq!((head.size, head.anchored.map(|anchored| anchored.size)), (7, Some(7)));
    assert_eq!(head.anchored.map(|anchored| anchored.root), Some(head.root));
    let leaf = world.service.journal.read(2).await?.leaf;
    let hashes = |answer: Hashes| answer.hashes.into_iter().map(Hash::from).collect::<Vec<_>>();
    let proof: Hashes = serde_json::from_slice(&get("/v1/log/proof?index=2&size=7").await?.body)?;
    assert_eq!(verify_inclusion(&sha_256, leaf, 2, 7, &hashes(proof), head.root.into()), Ok(()));
    let proof: Hashes = serde_json::from_slice(&get("/v1/log/consistency?old=3&new=7").await?.body)?;
    let old = world.service.journal.root_at(3)?;
    assert_eq!(verify_consistency(&sha_256, 3, old, 7, head.root.into(), &hashes(proof)), Ok(()));
    for path in ["/v1/log/proof?index=7&size=7", "/v1/log/proof?index=0&size=8", "/v1/log/consistency?old=0&new=8"] {
        assert_eq!(get(path).await?.rejected()?, rejected(404, "beyond_log"), "{path}");
    }
    Ok(())
}
