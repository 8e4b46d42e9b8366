//! Who asks: the account whose signature a request bears.

use crate::nodes::Node;
use crate::rejection::Rejection;
use crate::request::{Asked, Proof};
use crate::service::{Service, FRESHNESS};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::AUTHORIZATION;
use bytes::Bytes;
use salus_client::domain_account;
use salus_domain::ids::Account;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// How long a body may be, in bytes: far more than an envelope or a question has.
pub(crate) const MAX_BODY: usize = 16 * 1024;

/// A request whose signature holds.
#[derive(Debug)]
pub(crate) struct Caller {
    pub account: Account,
    /// The id of the request.
    pub id: [u8; 32],
    pub body: Bytes,
    /// Counts among the requests that are worked on, as long as it is there.
    _permit: OwnedSemaphorePermit,
}

impl Caller {
    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        serde_json::from_slice(&self.body).map_err(|_| Rejection::BadBody)
    }
}

impl<N: Node> FromRequest<Arc<Service<N>>> for Caller {
    type Rejection = Rejection;

    async fn from_request(request: Request, service: &Arc<Service<N>>) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        let header = parts.headers.get(AUTHORIZATION).ok_or(Rejection::NoProof)?;
        let proof = Proof::parse(header.to_str().unwrap_or_default())?;
        let now = service.now();
        if proof.at.0.abs_diff(now.0) > FRESHNESS {
            return Err(Rejection::Stale { now });
        }
        let body = timeout(service.limits.body, to_bytes(body, MAX_BODY)).await.map_err(|_| Rejection::TimedOut)?;
        let body = body.map_err(|_| Rejection::TooLarge)?;
        let path_and_query = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let asked = Asked { method: parts.method.as_str(), path_and_query, body: &body };
        let id = proof.verify(&service.target, &asked).ok_or(Rejection::BadSignature)?;
        // Not before: whoever has no account, or sends no body, keeps nobody else from being answered.
        Ok(Self { account: domain_account(&proof.account), id, body, _permit: service.permit()? })
    }
}
