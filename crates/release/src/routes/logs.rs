//! The log, for patients and auditors.

use super::{path, Read};
use crate::journal::Kept;
use crate::nodes::{Node, View};
use crate::rejection::Rejection;
use crate::service::Service;
use crate::wire::{Anchored, Entries, Hashes, Hex32, LogEntry, LogHead};
use crate::Caller;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::Json;
use salus_client::{domain_account, AccountId32};
use salus_domain::ids::Hash;
use salus_interface::access::Anchor;
use serde::Deserialize;
use std::sync::Arc;

/// How many entries a page has at most.
pub(crate) const PAGE: u64 = 100;

type Asked<T> = Result<Query<T>, QueryRejection>;

fn asked<T>(query: Asked<T>) -> Result<T, Rejection> {
    query.map(|Query(asked)| asked).map_err(|_| Rejection::BadPath)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    #[serde(default)]
    from: u64,
}

/// The entries about a patient, for the patient and for auditors.
pub(super) async fn of_patient<N: Node>(
    State(service): State<Arc<Service<N>>>,
    patient: Read<String>,
    query: Asked<From>,
    caller: Caller,
) -> Result<Json<Entries>, Rejection> {
    let patient: AccountId32 = path(patient)?.parse().map_err(|_| Rejection::BadPath)?;
    let patient = domain_account(&patient);
    let From { from } = asked(query)?;
    let view = service.view().await?;
    if caller.account != patient && !view.is_auditor(caller.account).await? {
        return Err(Rejection::NotAllowed);
    }
    // One more than a page has tells whether there is another page.
    let mut kept = service.journal.about(patient, from, PAGE as usize + 1).await?;
    let next = kept.get(PAGE as usize).map(|kept| kept.index);
    kept.truncate(PAGE as usize);
    page(&service, &view, kept, next).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    from: u64,
    to: Option<u64>,
}

/// All entries, for auditors.
pub(super) async fn entries<N: Node>(
    State(service): State<Arc<Service<N>>>,
    query: Asked<Range>,
    caller: Caller,
) -> Result<Json<Entries>, Rejection> {
    let Range { from, to } = asked(query)?;
    let view = service.view().await?;
    if !view.is_auditor(caller.account).await? {
        return Err(Rejection::NotAllowed);
    }
    let to = to.unwrap_or(u64::MAX).min(service.journal.size());
    let kept = service.journal.page(from, to, PAGE).await?;
    let after = kept.last().map(|kept| kept.index.saturating_add(1));
    page(&service, &view, kept, after.filter(|after| *after < to)).await
}

async fn page<N: Node>(
    service: &Service<N>,
    view: &View<N>,
    kept: Vec<Kept>,
    next: Option<u64>,
) -> Result<Json<Entries>, Rejection> {
    let anchored = view.log(service.account).await?.anchor;
    let size = anchored.map_or(0, |anchor| anchor.size);
    let mut entries = Vec::with_capacity(kept.len());
    for kept in kept {
        let proof = if kept.index < size { Some(hex(service.journal.inclusion(kept.index, size)?)) } else { None };
        let (id, leaf) = (Hex32(kept.id), kept.leaf.into());
        entries.push(LogEntry { index: kept.index, id, leaf, entry: kept.bytes, proof });
    }
    Ok(Json(Entries { entries, anchored: anchored.map(shown), height: view.head().number, next }))
}

fn shown(anchor: Anchor) -> Anchored {
    Anchored { size: anchor.size, root: anchor.root.into() }
}

fn hex(hashes: Vec<Hash>) -> Vec<Hex32> {
    hashes.into_iter().map(Hex32::from).collect()
}

/// How far the log is, and how far it is anchored.
pub(super) async fn head<N: Node>(
    State(service): State<Arc<Service<N>>>,
    _caller: Caller,
) -> Result<Json<LogHead>, Rejection> {
    let view = service.view().await?;
    let anchored = view.log(service.account).await?.anchor.map(shown);
    let size = service.journal.size();
    let root = service.journal.root_at(size)?.into();
    Ok(Json(LogHead { account: AccountId32(service.account.0), size, root, anchored, height: view.head().number }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inclusion {
    index: u64,
    size: u64,
}

/// That an entry is in the log of a size.
pub(super) async fn proof<N: Node>(
    State(service): State<Arc<Service<N>>>,
    query: Asked<Inclusion>,
    _caller: Caller,
) -> Result<Json<Hashes>, Rejection> {
    let Inclusion { index, size } = asked(query)?;
    let hashes = hex(service.journal.inclusion(index, size)?);
    Ok(Json(Hashes { hashes, root: service.journal.root_at(size)?.into() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consistency {
    old: u64,
    new: u64,
}

/// That the log of one size begins with that of another.
pub(super) async fn consistency<N: Node>(
    State(service): State<Arc<Service<N>>>,
    query: Asked<Consistency>,
    _caller: Caller,
) -> Result<Json<Hashes>, Rejection> {
    let Consistency { old, new } = asked(query)?;
    let hashes = hex(service.journal.consistency(old, new)?);
    Ok(Json(Hashes { hashes, root: service.journal.root_at(new)?.into() }))
}
