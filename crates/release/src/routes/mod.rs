//! The routes.

mod envelopes;
mod erasure;
mod health;
mod logs;
#[cfg(test)]
pub(crate) use logs::PAGE;
mod records;
mod releases;

use crate::nodes::Node;
use crate::rejection::Rejection;
use crate::service::Service;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::middleware::{from_fn_with_state, Next};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::Router;
use salus_vault::{EncryptionPublicKey, RecordRef};
use std::sync::Arc;

/// The routes of a service.
pub fn app<N: Node>(service: Arc<Service<N>>) -> Router {
    Router::new()
        .route("/v1/releases", post(releases::release::<N>))
        .route("/v1/records/{record}/{version}/content", get(records::content::<N>))
        .route(
            "/v1/records/{record}/{version}/envelopes/{key}",
            put(envelopes::put_envelope::<N>).delete(envelopes::remove_envelope::<N>),
        )
        .route("/v1/records/{record}/erasure", post(erasure::erase::<N>))
        .route("/v1/patients/{account}/entries", get(logs::of_patient::<N>))
        .route("/v1/log/head", get(logs::head::<N>))
        .route("/v1/log/entries", get(logs::entries::<N>))
        .route("/v1/log/proof", get(logs::proof::<N>))
        .route("/v1/log/consistency", get(logs::consistency::<N>))
        .route("/health", get(health::health::<N>))
        .fallback(|| async { Rejection::NoRoute })
        .method_not_allowed_fallback(|| async { Rejection::NoMethod })
        .layer(from_fn_with_state(Arc::clone(&service), bounded::<N>))
        .with_state(service)
}

/// No request for longer than the limit.
async fn bounded<N: Node>(
    State(service): State<Arc<Service<N>>>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    tokio::time::timeout(service.limits.request, next.run(request)).await.map_err(|_| Rejection::TimedOut)
}

/// A path that was read, or not.
type Read<T> = Result<Path<T>, PathRejection>;

fn path<T>(read: Read<T>) -> Result<T, Rejection> {
    read.map(|Path(path)| path).map_err(|_| Rejection::BadPath)
}

fn version((record, version): (String, u32)) -> Result<RecordRef, Rejection> {
    Ok(RecordRef { record: record.parse().map_err(|_| Rejection::BadPath)?, version })
}

fn key(key: &str) -> Result<EncryptionPublicKey, Rejection> {
    key.parse().map_err(|_| Rejection::BadPath)
}
