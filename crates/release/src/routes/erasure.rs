//! Destroying what the chain says is erased.

use super::{path, Read};
use crate::entry::Outcome;
use crate::nodes::{Node, View};
use crate::rejection::Rejection;
use crate::service::{About, Service};
use crate::wire::{Destroyed, DestroyedObject, Hex32};
use crate::{person, Caller};
use axum::extract::State;
use axum::Json;
use salus_client::blake2b_256;
use salus_domain::ids::{Hash, RecordId};
use salus_interface::access::Record;
use salus_vault::Destruction;
use std::sync::Arc;

/// Destroys all versions of a record, and tells what there was. Again: the same.
pub(super) async fn erase<N: Node>(
    State(service): State<Arc<Service<N>>>,
    place: Read<String>,
    caller: Caller,
) -> Result<Json<Destroyed>, Rejection> {
    let vaults: salus_vault::RecordId = path(place)?.parse().map_err(|_| Rejection::BadPath)?;
    let record = RecordId(*vaults.as_bytes());
    let view = service.view().await?;
    let facts = view.record(record).await?.ok_or(Rejection::NoRecord)?;
    let is_patient = person(facts.patient) == caller.account;
    if !is_patient && !view.is_credentialed(caller.account).await? {
        return Err(Rejection::NotAllowed);
    }
    if !facts.erased {
        return Err(Rejection::NotErased);
    }
    // Goes on where the request is dropped: what is begun is done.
    let work = destroy(service, caller, view, facts, vaults);
    tokio::spawn(work).await.map_err(|_| Rejection::VaultFailed)?.map(Json)
}

/// That it is begun is written before anything is destroyed, and what was destroyed after it, once for each list.
async fn destroy<N: Node>(
    service: Arc<Service<N>>,
    caller: Caller,
    view: View<N>,
    facts: Record,
    vaults: salus_vault::RecordId,
) -> Result<Destroyed, Rejection> {
    let record = RecordId(*vaults.as_bytes());
    let about = || About { record, version: 0, facts: &facts, permit: None };
    let id = |destruction: &Destruction| {
        blake2b_256(&[b"salus/erased".as_slice(), vaults.as_bytes(), &destruction.digest()].concat())
    };
    let _turn = service.changing.lock().await;
    let is_logged = match service.vault.destruction(&vaults).await? {
        Some(destruction) => service.journal.find(id(&destruction)).await?.is_some(),
        None => false,
    };
    if !is_logged {
        service.log(&caller, &view, about(), Outcome::ErasureBegun).await?;
    }
    let destruction = service.vault.destroy(&vaults).await?;
    let outcome = Outcome::Erased { digest: Hash(destruction.digest()) };
    let kept = service.log_as(id(&destruction), caller.account, &view, about(), outcome).await?;
    Ok(Destroyed { objects: objects(&destruction), digest: Hex32(destruction.digest()), entry: kept.reference() })
}

fn objects(destruction: &Destruction) -> Vec<DestroyedObject> {
    let objects = destruction.objects().iter();
    objects
        .map(|object| DestroyedObject { path: object.path.clone(), bytes: object.bytes, sha256: Hex32(object.sha256) })
        .collect()
}
