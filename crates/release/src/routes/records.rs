//! Ciphertexts.

use super::{path, version, Read};
use crate::nodes::Node;
use crate::rejection::Rejection;
use crate::service::Service;
use crate::ticket::BadTicket;
use crate::Caller;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithTicket {
    ticket: String,
}

/// The content, encrypted as it is stored.
pub(super) async fn content<N: Node>(
    State(service): State<Arc<Service<N>>>,
    place: Read<(String, u32)>,
    query: Result<Query<WithTicket>, QueryRejection>,
    caller: Caller,
) -> Result<Response, Rejection> {
    let place = version(path(place)?)?;
    let Query(WithTicket { ticket }) = query.map_err(|_| Rejection::BadPath)?;
    service.tickets.check(&ticket, place, caller.account, service.now()).map_err(|bad| match bad {
        BadTicket::Invalid => Rejection::BadTicket,
        BadTicket::Over => Rejection::TicketOver,
    })?;
    let (length, bytes) = service.vault.content_stream(place).await?;
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, length.to_string())];
    Ok((headers, Body::from_stream(bytes)).into_response())
}
