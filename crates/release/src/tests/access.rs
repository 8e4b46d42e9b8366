//! Who asks, and what cannot be read.

use super::{rejected, Differently, Fixture, Result, NOW};
use crate::caller::MAX_BODY;
use crate::service::FRESHNESS;
use axum::body::Body;
use axum::http::{header::AUTHORIZATION, Request};
use salus_domain::time::Timestamp;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tower::ServiceExt;

#[tokio::test]
async fn nobody_is_answered_without_a_proof() -> Result {
    let world = Fixture::new().await?;
    let body = serde_json::to_vec(&world.question())?;
    let answer = world.raw("POST", "/v1/releases", None, &body).await?;
    assert_eq!(answer.rejected()?, rejected(401, "no_proof"));
    let answer = world.raw("POST", "/v1/releases", Some("Bearer x".into()), &body).await?;
    assert_eq!(answer.rejected()?, rejected(401, "bad_proof"));
    for (method, path) in [
        ("GET", "/v1/log/head"),
        ("GET", "/v1/log/entries"),
        ("GET", "/v1/log/proof?index=0&size=1"),
        ("GET", "/v1/log/consistency?old=0&new=0"),
        ("GET", "/v1/patients/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY/entries"),
    ] {
        assert_eq!(world.raw(method, path, None, b"").await?.rejected()?, rejected(401, "no_proof"), "{path}");
    }
    assert_eq!(world.service.journal.size(), 0, "the unauthenticated leave no mark");
    Ok(())
}

#[tokio::test]
async fn a_signature_is_for_one_account_and_one_request() -> Result {
    let world = Fixture::new().await?;
    let body = serde_json::to_vec(&world.question())?;
    let mut proof = world.sign(&world.doctor, "POST", "/v1/releases", &body);
    let other_body = [body.as_slice(), b" "].concat();
    let answer = world.raw("POST", "/v1/releases", Some(proof.header()), &other_body).await?;
    assert_eq!(answer.rejected()?, rejected(401, "bad_signature"));
    proof.account = world.stranger.public_key().to_account_id();
    let answer = world.raw("POST", "/v1/releases", Some(proof.header()), &body).await?;
    assert_eq!(answer.rejected()?, rejected(401, "bad_signature"));
    assert_eq!(world.service.journal.size(), 0);
    Ok(())
}

#[tokio::test]
async fn a_request_is_good_for_two_minutes_either_way() -> Result {
    let world = Fixture::new().await?;
    for (offset, fresh) in [(0, true), (FRESHNESS, true), (FRESHNESS + 1, false)] {
        for at in [NOW.0 + offset, NOW.0 - offset] {
            world.clock.store(at, Ordering::Relaxed);
            let proof = world.sign(&world.doctor, "GET", "/v1/log/proof?index=0&size=0", b"");
            world.clock.store(NOW.0, Ordering::Relaxed);
            let answer = world.raw("GET", "/v1/log/proof?index=0&size=0", Some(proof.header()), b"").await?;
            let expected = if fresh { rejected(404, "beyond_log") } else { rejected(401, "stale") };
            assert_eq!(answer.rejected()?, expected, "{at}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() -> Result {
    let world = Fixture::new().await?;
    let doctor = &world.doctor;
    let at = async |method: &str, path: &str, body: &[u8]| world.ask(doctor, method, path, body).await;
    assert_eq!(at("POST", "/v1/nothing", b"").await?.rejected()?, rejected(404, "no_route"));
    assert_eq!(at("GET", "/v1/releases", b"").await?.rejected()?, rejected(405, "no_method"));
    assert_eq!(at("POST", "/v1/releases", b"{}").await?.rejected()?, rejected(400, "bad_body"));
    let large = vec![b' '; MAX_BODY + 1];
    assert_eq!(at("POST", "/v1/releases", &large).await?.rejected()?, rejected(413, "too_large"));
    let record = world.record.record;
    for (method, path) in [
        ("POST", "/v1/records/xyz/erasure".to_owned()),
        ("PUT", format!("/v1/records/{record}/one/envelopes/00")),
        ("PUT", format!("/v1/records/{record}/1/envelopes/00")),
        ("GET", format!("/v1/records/{record}/1/content")),
        ("GET", format!("/v1/records/{record}/99999999999/content?ticket=00")),
        ("GET", "/v1/patients/nobody/entries".to_owned()),
        ("GET", "/v1/log/entries?from=-1".to_owned()),
        ("GET", "/v1/log/proof?index=0".to_owned()),
    ] {
        assert_eq!(at(method, &path, b"").await?.rejected()?, rejected(400, "bad_path"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn too_many_requests_are_turned_away() -> Result {
    let world = Fixture::with(Differently { concurrency: 0, ..Differently::default() }).await?;
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(503, "busy"));
    Ok(())
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() -> Result {
    let (request, node) = (Duration::from_millis(50), Duration::from_secs(60));
    let world = Fixture::with(Differently { request, node, ..Differently::default() }).await?;
    world.node.chain().hangs = true;
    assert_eq!(world.release(&world.doctor, &world.question()).await?.rejected()?, rejected(503, "timed_out"));
    Ok(())
}

#[tokio::test]
async fn a_stale_answer_tells_the_services_clock() -> Result {
    let world = Fixture::new().await?;
    let proof = world.sign(&world.doctor, "GET", "/v1/log/head", b"");
    world.clock.store(Timestamp(NOW.0 + FRESHNESS + 1).0, Ordering::Relaxed);
    let answer = world.raw("GET", "/v1/log/head", Some(proof.header()), b"").await?;
    let message = answer.json()?["message"].to_string();
    assert!(message.contains(&(NOW.0 + FRESHNESS + 1).to_string()), "{message}");
    Ok(())
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up_and_keeps_nobody_waiting() -> Result {
    let stalled = |world: &Fixture| {
        let header = world.sign(&world.doctor, "POST", "/v1/releases", b"").header();
        let body = Body::from_stream(futures_util::stream::pending::<std::io::Result<bytes::Bytes>>());
        let request = Request::builder().method("POST").uri("/v1/releases").header(AUTHORIZATION, header).body(body);
        request.map(|request| world.app.clone().oneshot(request))
    };
    let world = Fixture::with(Differently { concurrency: 1, ..Differently::default() }).await?;
    let question = world.question();
    let answer = tokio::select! {
        biased;
        _ = stalled(&world)? => return Err("it was answered without its body".into()),
        answer = world.release(&world.doctor, &question) => answer?,
    };
    answer.ok()?;

    let body = Duration::from_millis(50);
    let world = Fixture::with(Differently { body, ..Differently::default() }).await?;
    assert_eq!(stalled(&world)?.await?.status().as_u16(), 503);
    Ok(())
}
