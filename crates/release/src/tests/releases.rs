//! Handing out envelopes.

use super::{ink, of, permitted, rejected, Differently, Fixture, Result, NOW, PERMIT, SECRET};
use crate::entry::{Outcome, Reason};
use crate::ticket::TICKET_LIFETIME;
use crate::LogMode;
use base64::prelude::{Engine, BASE64_STANDARD};
use salus_domain::codes::Action;
use salus_domain::ids::{Account, RecordId};
use salus_interface::access::{AccessDecision, AccessError, Redemption, Refusal};
use salus_vault::{unwrap_and_decrypt, EncryptionKeyPair};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_final_permit_that_is_still_good_gets_envelope_and_ciphertext() -> Result {
    let world = Fixture::new().await?;
    let answer = world.release(&world.doctor, &world.question()).await?;
    let released = answer.ok()?;
    assert_eq!((released["height"].as_u64(), released["entry"]["index"].as_u64()), (Some(10), Some(0)));
    assert_eq!(released["key"].as_str(), Some(world.doctor_key.public_key().to_string().as_str()));

    let path = released["content"].as_str().ok_or("no content")?;
    let content = world.ask(&world.doctor, "GET", path, b"").await?;
    assert_eq!(content.status.as_u16(), 200);
    let envelope = BASE64_STANDARD.decode(released["envelope"].as_str().ok_or("no envelope")?)?;
    let mut opened = Vec::new();
    unwrap_and_decrypt(world.record, &envelope, content.body.as_slice(), &world.doctor_key, &mut opened).await?;
    assert_eq!(opened, SECRET);

    let kept = world.service.journal.read(0).await?;
    assert_eq!(released["entry"]["leaf"], hex::encode(kept.leaf.0));
    assert_eq!(released["entry"]["id"], hex::encode(kept.id));
    let entry = kept.entry;
    assert_eq!(
        (entry.accessor, entry.patient, entry.record),
        (of(&world.doctor), of(&world.patient), RecordId([7; 32]))
    );
    assert_eq!(entry.permit.map(|permit| (permit.block, permit.event)), Some(PERMIT));
    assert_eq!(entry.outcome, Outcome::Released { key: *world.doctor_key.public_key().as_bytes() });
    Ok(())
}

#[tokio::test]
async fn the_same_signed_request_has_one_entry() -> Result {
    let world = Fixture::new().await?;
    let body = serde_json::to_vec(&world.question())?;
    let header = world.sign(&world.doctor, "POST", "/v1/releases", &body).header();
    let first = world.raw("POST", "/v1/releases", Some(header.clone()), &body).await?.ok()?;
    let again = world.raw("POST", "/v1/releases", Some(header.clone()), &body).await?.ok()?;
    assert_eq!((&first["entry"], &first["envelope"]), (&again["entry"], &again["envelope"]));
    assert_eq!(world.service.journal.size(), 1);

    // A revocation counts for it as well, and the entry stays.
    {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.answers.insert((of(&world.doctor), RecordId([7; 32])), Ok(AccessDecision::Refused(Refusal::NoConsent)));
    }
    let later = world.raw("POST", "/v1/releases", Some(header), &body).await?;
    assert_eq!(later.rejected()?, rejected(403, "refused"));
    assert_eq!(later.json()?["entry"], first["entry"]);
    assert_eq!(world.service.journal.size(), 1);
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_refused_stays_refused() -> Result {
    let world = Fixture::new().await?;
    let refused = Ok(AccessDecision::Refused(Refusal::NoConsent));
    world.node.chain().answers.insert((of(&world.doctor), RecordId([7; 32])), refused);
    let body = serde_json::to_vec(&world.question())?;
    let header = world.sign(&world.doctor, "POST", "/v1/releases", &body).header();
    let ask = || world.raw("POST", "/v1/releases", Some(header.clone()), &body);
    assert_eq!(ask().await?.rejected()?, rejected(403, "refused"));
    {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.answers.insert((of(&world.doctor), RecordId([7; 32])), Ok(permitted(1, NOW.plus(5))));
    }
    assert_eq!(ask().await?.rejected()?, rejected(403, "refused"));
    world.release(&world.doctor, &world.question()).await?.ok()?;
    assert_eq!(world.service.journal.size(), 2);
    Ok(())
}

/// What is changed, what is answered, and what the log says.
type Case = (fn(&Fixture), (u16, &'static str), Reason);

#[tokio::test]
async fn whatever_does_not_fit_is_refused_and_written_down() -> Result {
    let doctor_refused: fn(&Fixture) = |world| {
        let refused = Ok(AccessDecision::Refused(Refusal::CredentialSuspended));
        world.node.chain().answers.insert((of(&world.doctor), RecordId([7; 32])), refused);
    };
    let cases: [Case; 12] = [
        (|_| {}, (409, "permit_not_final"), Reason::PermitNotFinal),
        (|world| world.node.chain().decisions.clear(), (404, "no_permit"), Reason::NoPermit),
        (
            |world| world.permit(|permit| permit.accessor = ink(&world.stranger)),
            (403, "other_accessor"),
            Reason::OtherAccessor,
        ),
        (|world| world.permit(|permit| permit.record = RecordId([8; 32])), (403, "other_record"), Reason::OtherRecord),
        (|world| world.permit(|permit| permit.action = Action::Collect), (403, "other_action"), Reason::OtherAction),
        (
            |world| world.permit(|permit| permit.decision = permitted(2, NOW.plus(9))),
            (403, "other_version"),
            Reason::OtherVersion,
        ),
        (
            |world| world.permit(|permit| permit.decision = AccessDecision::Refused(Refusal::NotAgreed)),
            (403, "permit_refused"),
            Reason::PermitRefused(Refusal::NotAgreed),
        ),
        (|world| world.permit(|permit| permit.decision = permitted(1, NOW)), (403, "permit_over"), Reason::PermitOver),
        (doctor_refused, (403, "refused"), Reason::Refused(Refusal::CredentialSuspended)),
        (
            |world| {
                let newer = Ok(permitted(2, NOW.plus(9)));
                world.node.chain().answers.insert((of(&world.doctor), RecordId([7; 32])), newer);
            },
            (403, "superseded"),
            Reason::Superseded,
        ),
        (|world| world.node.chain().keys.clear(), (403, "key_revoked"), Reason::KeyRevoked),
        (
            |world| {
                world.node.chain().keys.insert(of(&world.doctor), [3; 32]);
            },
            (404, "no_envelope"),
            Reason::NoEnvelope,
        ),
    ];
    for (change, (status, code), reason) in cases {
        let head = if reason == Reason::PermitNotFinal { PERMIT.0 - 1 } else { 10 };
        let world = Fixture::with(Differently { head, ..Differently::default() }).await?;
        change(&world);
        let answer = world.release(&world.doctor, &world.question()).await?;
        assert_eq!(answer.rejected()?, rejected(status, code));
        let body = String::from_utf8(answer.body.clone())?;
        assert!(!body.contains("envelope\":\""), "{body}");
        let kept = world.service.journal.read(0).await?;
        assert_eq!(kept.entry.outcome, Outcome::Refused(reason), "{code}");
        assert_eq!(answer.json()?["entry"]["leaf"], hex::encode(kept.leaf.0));
        let named = match reason {
            Reason::Refused(refusal) | Reason::PermitRefused(refusal) => json!(format!("{refusal:?}")),
            _ => json!(null),
        };
        assert_eq!(answer.json()?["refusal"], named);
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_asked_for_must_be_the_one_on_the_chain() -> Result {
    let world = Fixture::new().await?;
    let mut question = world.question();
    question["key"] = json!(world.doctor_key.public_key().to_string());
    world.release(&world.doctor, &question).await?.ok()?;
    question["key"] = json!(world.patient_key.public_key().to_string());
    assert_eq!(world.release(&world.doctor, &question).await?.rejected()?, rejected(403, "key_revoked"));
    Ok(())
}

#[tokio::test]
async fn a_permit_under_a_link_gets_the_envelope_for_the_link() -> Result {
    let world = Fixture::new().await?;
    let link = Account([6; 32]);
    world.permit(|permit| permit.link = Some(link.0.into()));
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(403, "key_revoked"));
    let key = *world.patient_key.public_key().as_bytes();
    let redeemed_by = |who| {
        let mut chain = world.node.chain();
        chain.number += 1;
        chain.redemptions.insert(link, Redemption { provider: ink(who), key });
    };
    redeemed_by(&world.stranger);
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(403, "key_revoked"));
    redeemed_by(&world.doctor);
    let released = world.release(&world.doctor, &world.question()).await?.ok()?;
    assert_eq!(released["key"].as_str(), Some(hex::encode(key).as_str()));
    Ok(())
}

#[tokio::test]
async fn a_record_that_the_chain_does_not_know_leaves_no_mark() -> Result {
    let world = Fixture::new().await?;
    let mut question = world.question();
    question["record"] = json!(hex::encode([8; 32]));
    assert_eq!(world.release(&world.doctor, &question).await?.rejected()?, rejected(404, "no_record"));
    assert_eq!(world.service.journal.size(), 0);
    Ok(())
}

#[tokio::test]
async fn where_the_contract_cannot_decide_nothing_is_decided() -> Result {
    let world = Fixture::new().await?;
    let failed = Err(AccessError::ConsentRegistryFailed);
    world.node.chain().answers.insert((of(&world.doctor), RecordId([7; 32])), failed);
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(503, "undecided"));
    assert_eq!(world.service.journal.size(), 0);
    Ok(())
}

#[tokio::test]
async fn nothing_is_handed_out_that_cannot_be_written_down() -> Result {
    let world = Fixture::new().await?;
    world.service.journal.break_off();
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(503, "log_failed"));
    assert_eq!(world.raw("GET", "/health", None, b"").await?.json()?["code"], "log_failed");
    Ok(())
}

#[tokio::test]
async fn a_vault_that_is_damaged_is_no_refusal() -> Result {
    let world = Fixture::new().await?;
    let manifest = world.folder.path().join(format!("vault/records/{}/1/manifest", world.record.record));
    std::fs::write(manifest, b"SVLM")?;
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(503, "vault_failed"));
    assert_eq!(world.service.journal.size(), 0);
    Ok(())
}

#[tokio::test]
async fn in_event_mode_nothing_is_handed_out_before_it_stands_on_the_chain() -> Result {
    let world = Fixture::with(Differently { mode: LogMode::Event, ..Differently::default() }).await?;
    let body = serde_json::to_vec(&world.question())?;
    let header = world.sign(&world.doctor, "POST", "/v1/releases", &body).header();
    let ask = || world.raw("POST", "/v1/releases", Some(header.clone()), &body);
    let waiting = ask().await?;
    assert_eq!(waiting.rejected()?, rejected(503, "not_logged"));
    assert_eq!(waiting.json()?["entry"]["index"], 0);
    let (ending, told) = tokio::sync::watch::channel(false);
    let keeper = tokio::spawn(std::sync::Arc::clone(&world.service).keep(LogMode::Event, told));
    let deadline = Instant::now() + Duration::from_secs(10);
    let logged = loop {
        let answer = ask().await?;
        if answer.json()?["code"] != "not_logged" || Instant::now() > deadline {
            break answer.ok()?;
        }
    };
    assert_eq!(logged["entry"]["index"], 0, "the same request, once it is there");
    ending.send(true)?;
    keeper.await?;
    assert_eq!(world.node.chain().releases.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_ciphertext_is_for_whoever_was_handed_the_envelope_and_for_a_while() -> Result {
    let world = Fixture::new().await?;
    let released = world.release(&world.doctor, &world.question()).await?.ok()?;
    let path = released["content"].as_str().ok_or("no content")?;
    let get = |who, path| world.ask(who, "GET", path, b"");
    assert_eq!(world.raw("GET", path, None, b"").await?.rejected()?, rejected(401, "no_proof"));
    assert_eq!(get(&world.stranger, path).await?.rejected()?, rejected(403, "bad_ticket"));
    let other = path.replace("/1/content", "/2/content");
    assert_eq!(get(&world.doctor, &other).await?.rejected()?, rejected(403, "bad_ticket"));
    world.clock.store(NOW.0 + TICKET_LIFETIME, Ordering::Relaxed);
    assert_eq!(get(&world.doctor, path).await?.rejected()?, rejected(403, "ticket_over"));
    Ok(())
}

#[tokio::test]
async fn requests_of_one_block_ask_the_chain_once() -> Result {
    let world = Fixture::new().await?;
    world.release(&world.doctor, &world.question()).await?.ok()?;
    let asked = world.node.chain().asked;
    for _ in 0..5 {
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    let now = world.node.chain().asked;
    assert_eq!(now.0 - asked.0, 5, "where it stands, each time");
    assert_eq!(now.1 - asked.1, 5, "and nothing else");
    Ok(())
}

#[tokio::test]
async fn nobody_elses_key_opens_what_was_handed_out() -> Result {
    let world = Fixture::new().await?;
    let released = world.release(&world.doctor, &world.question()).await?.ok()?;
    let envelope = BASE64_STANDARD.decode(released["envelope"].as_str().ok_or("no envelope")?)?;
    let stranger = EncryptionKeyPair::generate()?;
    let opened = unwrap_and_decrypt(world.record, &envelope, &b""[..], &stranger, Vec::new()).await;
    assert!(opened.is_err());
    Ok(())
}

#[tokio::test]
async fn every_action_but_to_collect_opens_the_record() -> Result {
    for action in [Action::Access, Action::Use, Action::Disclose, Action::Correct] {
        let world = Fixture::new().await?;
        world.permit(|permit| permit.action = action);
        world.release(&world.doctor, &world.question()).await?.ok()?;
    }
    Ok(())
}
