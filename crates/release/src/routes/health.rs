//! Whether the service can release.

use crate::nodes::Node;
use crate::rejection::Rejection;
use crate::service::Service;
use crate::wire::{Health, NodeHealth};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::Json;
use std::sync::Arc;

pub(super) async fn health<N: Node>(State(service): State<Arc<Service<N>>>) -> Response {
    let _permit = match service.permit() {
        Ok(permit) => permit,
        Err(busy) => return busy.into_response(),
    };
    let view = service.view().await;
    let log = match &view {
        Ok(view) => view.log(service.account).await.map_err(Rejection::from),
        Err(rejection) => Err(rejection.clone()),
    };
    let rejection = match log.as_ref() {
        _ if service.journal.is_broken() => Some(Rejection::LogFailed),
        _ if service.is_overdue() => Some(Rejection::Unanchored),
        log => log.err().cloned(),
    };
    let (unanchored, age) = service.unanchored();
    let head = view.as_ref().ok().map(|view| *view.head());
    // Not their addresses: nobody proves who asks.
    let nodes = service.nodes.heights().into_iter().enumerate();
    let health = Health {
        code: rejection.as_ref().map(|rejection| rejection.parts().1.to_owned()),
        final_height: head.map(|head| head.number),
        final_time: head.map(|head| head.time.0),
        nodes: nodes.map(|(node, final_height)| NodeHealth { node, final_height }).collect(),
        log_size: service.journal.size(),
        anchored_size: log.ok().and_then(|log| log.anchor).map(|anchor| anchor.size),
        unanchored,
        unanchored_for: age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
    };
    let status = if rejection.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(health)).into_response()
}
