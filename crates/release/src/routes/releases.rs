//! Handing out an envelope.

use crate::entry::{Outcome, Permit, Reason};
use crate::nodes::{Node, Question, View};
use crate::rejection::Rejection;
use crate::service::{About, Service};
use crate::wire::{Hex32, ReleaseRequest, Released};
use crate::{person, Caller};
use axum::extract::State;
use axum::Json;
use base64::prelude::{Engine, BASE64_STANDARD};
use salus_domain::codes::Action;
use salus_domain::ids::{Account, RecordId};
use salus_interface::access::AccessDecision;
use salus_vault::{EncryptionPublicKey, RecordRef, Vault, VaultError};
use std::sync::Arc;

/// The entry is durable, and in event mode on the chain, before anything is handed out.
pub(super) async fn release<N: Node>(
    State(service): State<Arc<Service<N>>>,
    caller: Caller,
) -> Result<Json<Released>, Rejection> {
    let request: ReleaseRequest = caller.json()?;
    let (record, version) = (RecordId(request.record.0), request.version);
    let place = RecordRef { record: record.0.into(), version };
    if service.is_overdue() {
        return Err(Rejection::Unanchored);
    }
    let view = service.view().await?;
    let facts = view.record(record).await?.ok_or(Rejection::NoRecord)?;

    let (permit, decided) = decide(&view, &service.vault, caller.account, &request, place).await?;
    let outcome = match &decided {
        Ok(envelope) => Outcome::Released { key: envelope.key },
        Err(reason) => Outcome::Refused(*reason),
    };
    let kept = service.log(&caller, &view, About { record, version, facts: &facts, permit }, outcome).await?;
    let refused = |reason| Rejection::Refused { reason, entry: kept.reference() };
    // The entry may be that of an earlier time: then what it says stands, and what is so now as well.
    let envelope = match (kept.entry.outcome, decided) {
        (Outcome::Refused(reason), _) | (_, Err(reason)) => return Err(refused(reason)),
        (Outcome::Released { key }, Ok(envelope)) if key == envelope.key => envelope,
        _ => return Err(refused(Reason::KeyRevoked)),
    };
    service.await_logged(&kept).await?;

    let ticket = service.tickets.issue(place, caller.account, service.now()).ok_or(Rejection::LogFailed)?;
    Ok(Json(Released {
        envelope: BASE64_STANDARD.encode(&envelope.bytes),
        key: Hex32(envelope.key),
        content: format!("/v1/records/{}/{version}/content?ticket={ticket}", place.record),
        entry: kept.reference(),
        height: view.head().number,
    }))
}

struct Envelope {
    key: [u8; 32],
    bytes: Vec<u8>,
}

/// The permit that was shown, and the envelope or why there is none.
type Decision = (Option<Permit>, Result<Envelope, Reason>);

async fn decide<N: Node>(
    view: &View<N>,
    vault: &Vault,
    caller: Account,
    request: &ReleaseRequest,
    place: RecordRef,
) -> Result<Decision, Rejection> {
    let (record, version) = (RecordId(request.record.0), request.version);
    let (block, event) = (request.permit.block, request.permit.event);
    if block > view.head().number {
        return Ok((None, Err(Reason::PermitNotFinal)));
    }
    let Some((_, decided)) = view.decision(block, event).await? else {
        return Ok((None, Err(Reason::NoPermit)));
    };
    let link = decided.link.map(person);
    let (purpose, action) = (decided.purpose, decided.action);
    let permit = Some(Permit { block, event, purpose, action, link });
    let shown = if person(decided.accessor) != caller {
        Err(Reason::OtherAccessor)
    } else if decided.record != record {
        Err(Reason::OtherRecord)
    } else if !opens(action) {
        Err(Reason::OtherAction)
    } else {
        match decided.decision {
            AccessDecision::Refused(refusal) => Err(Reason::PermitRefused(refusal)),
            AccessDecision::Permitted { version: permitted, .. } if permitted != version => Err(Reason::OtherVersion),
            AccessDecision::Permitted { until, .. } if until <= view.head().time => Err(Reason::PermitOver),
            AccessDecision::Permitted { .. } => Ok(()),
        }
    };
    if let Err(reason) = shown {
        return Ok((permit, Err(reason)));
    }

    // The permit was good when it was given. Whether it still is, is asked again: a revocation counts at once.
    let again = view.may_access(Question { accessor: caller, record, purpose, action, link });
    let (again, key) = tokio::try_join!(again, key_of(view, caller, link))?;
    let refused = match again.map_err(|_| Rejection::Undecided)? {
        AccessDecision::Refused(refusal) => Some(Reason::Refused(refusal)),
        AccessDecision::Permitted { version: permitted, .. } if permitted != version => Some(Reason::Superseded),
        AccessDecision::Permitted { .. } => None,
    };
    if let Some(reason) = refused {
        return Ok((permit, Err(reason)));
    }
    let key = key.filter(|key| request.key.is_none_or(|asked| asked.0 == *key));
    let Some(key) = key else { return Ok((permit, Err(Reason::KeyRevoked))) };
    let envelope = match vault.envelope(place, &EncryptionPublicKey::from(key)).await {
        Ok(envelope) => envelope,
        Err(VaultError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok((permit, envelope.map(|bytes| Envelope { key, bytes }).ok_or(Reason::NoEnvelope)))
}

/// Whether an action needs the content of a record. Collecting a record, for one, does not.
const fn opens(action: Action) -> bool {
    matches!(action, Action::Access | Action::Use | Action::Disclose | Action::Correct)
}

/// The key that an envelope must be for: the caller's, or that of the link that the caller redeemed.
async fn key_of<N: Node>(
    view: &View<N>,
    caller: Account,
    link: Option<Account>,
) -> Result<Option<[u8; 32]>, crate::nodes::NoNode> {
    match link {
        None => view.key_of(caller).await,
        Some(link) => {
            let redemption = view.redemption(link).await?;
            Ok(redemption.filter(|redemption| person(redemption.provider) == caller).map(|found| found.key))
        }
    }
}
