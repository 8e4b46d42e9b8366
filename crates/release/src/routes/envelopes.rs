//! Envelopes that are put into the vault, and taken out. The entry is written first, so that no change is without one.

use super::{key, path, version, Read};
use crate::entry::Outcome;
use crate::nodes::{Node, View};
use crate::rejection::Rejection;
use crate::service::{About, Service};
use crate::wire::EnvelopeChanged;
use crate::{person, Caller};
use axum::extract::State;
use axum::Json;
use salus_domain::ids::RecordId;
use salus_interface::access::Record;
use salus_vault::{EncryptionPublicKey, RecordRef, ShareOutcome, UnshareOutcome, VaultError};
use std::sync::Arc;

/// What is to be done with the envelope for a key.
#[derive(Clone, Copy)]
enum Change {
    /// The body is put there; `replace`: also where there is another one.
    Put { replace: bool },
    /// It is taken out; `last`: also where it is the only one.
    Remove { last: bool },
}

/// Puts an envelope into the vault that somebody made who can open the record.
pub(super) async fn put_envelope<N: Node>(
    State(service): State<Arc<Service<N>>>,
    place: Read<(String, u32, String)>,
    caller: Caller,
) -> Result<Json<EnvelopeChanged>, Rejection> {
    let asked = Asked::read(service, place, caller).await?;
    let replace = match asked.right().await? {
        Some(Right::Patient) => true,
        Some(Right::Custodian) => !asked.is_patients().await?,
        None if asked.rotates().await? => false,
        None => return Err(Rejection::NotAllowed),
    };
    if asked.facts.erased {
        return Err(Rejection::Gone);
    }
    asked.carry_out(Change::Put { replace }).await
}

/// Takes an envelope out of the vault.
pub(super) async fn remove_envelope<N: Node>(
    State(service): State<Arc<Service<N>>>,
    place: Read<(String, u32, String)>,
    caller: Caller,
) -> Result<Json<EnvelopeChanged>, Rejection> {
    let asked = Asked::read(service, place, caller).await?;
    let last = match asked.right().await? {
        Some(Right::Patient) => true,
        Some(Right::Custodian) if !asked.is_patients().await? => false,
        _ => return Err(Rejection::NotAllowed),
    };
    asked.carry_out(Change::Remove { last }).await
}

/// By what right somebody changes envelopes of a record.
enum Right {
    Patient,
    /// Who has a valid credential now.
    Custodian,
}

/// A request about the envelope of a version for a key.
struct Asked<N> {
    service: Arc<Service<N>>,
    caller: Caller,
    view: View<N>,
    facts: Record,
    place: RecordRef,
    key: EncryptionPublicKey,
}

impl<N: Node> Asked<N> {
    async fn read(
        service: Arc<Service<N>>,
        place: Read<(String, u32, String)>,
        caller: Caller,
    ) -> Result<Self, Rejection> {
        let (record, number, to) = path(place)?;
        let (place, key) = (version((record, number))?, key(&to)?);
        let view = service.view().await?;
        let facts = view.record(record_id(place)).await?.ok_or(Rejection::NoRecord)?;
        Ok(Self { service, caller, view, facts, place, key })
    }

    async fn right(&self) -> Result<Option<Right>, Rejection> {
        let caller = self.caller.account;
        if person(self.facts.patient) == caller {
            return Ok(Some(Right::Patient));
        }
        let holds = person(self.facts.custodian) == caller && self.view.is_credentialed(caller).await?;
        Ok(holds.then_some(Right::Custodian))
    }

    /// Whether the envelope is for the key that the patient has on the chain, or for one that the patient was ever handed an
    /// envelope for.
    async fn is_patients(&self) -> Result<bool, Rejection> {
        let (patient, key) = (person(self.facts.patient), self.key.as_bytes());
        let released = self.service.journal.released(record_id(self.place), self.place.version, patient);
        Ok(released.contains(key) || self.view.key_of(patient).await?.as_ref() == Some(key))
    }

    /// Whether the caller, to whom the log says that an envelope of this version was handed out which is still there, puts
    /// one for the key that it has on the chain now. Anybody can publish anybody's key: one that is the patient's or the
    /// custodian's, or that something was released for to somebody else, is none for a reader.
    async fn rotates(&self) -> Result<bool, Rejection> {
        let (caller, key) = (self.caller.account, *self.key.as_bytes());
        if self.view.key_of(caller).await? != Some(key) || self.service.journal.is_held_by_another(&key, caller) {
            return Ok(false);
        }
        for other in [self.facts.patient, self.facts.custodian] {
            if self.view.key_of(person(other)).await? == Some(key) {
                return Ok(false);
            }
        }
        for released in self.service.journal.released(record_id(self.place), self.place.version, caller) {
            if self.service.vault.envelope(self.place, &EncryptionPublicKey::from(released)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on where the request is dropped: what is begun is done.
    async fn carry_out(self, change: Change) -> Result<Json<EnvelopeChanged>, Rejection> {
        tokio::spawn(self.log_and_change(change)).await.map_err(|_| Rejection::VaultFailed)?.map(Json)
    }

    async fn log_and_change(self, change: Change) -> Result<EnvelopeChanged, Rejection> {
        let Self { service, caller, view, facts, place, key } = self;
        let _turn = service.changing.lock().await;
        // What can be refused without a change is refused without an entry.
        let there = service.vault.envelope(place, &key).await?;
        let outcome = match change {
            Change::Put { replace } => {
                if !replace && there.is_some_and(|there| there != caller.body) {
                    return Err(Rejection::OtherEnvelope);
                }
                Outcome::EnvelopePut { key: *key.as_bytes() }
            }
            Change::Remove { last } => {
                if !last && there.is_some() && service.vault.recipients(place).await?.len() == 1 {
                    return Err(Rejection::NotAllowed);
                }
                Outcome::EnvelopeRemoved { key: *key.as_bytes() }
            }
        };
        let about = About { record: record_id(place), version: place.version, facts: &facts, permit: None };
        let kept = service.log(&caller, &view, about, outcome).await?;
        // The same request again completes what it did not complete. It does not undo what was done since.
        let newest = service.journal.last_change(record_id(place), place.version, *key.as_bytes());
        let changed = newest == Some(kept.index)
            && match change {
                Change::Put { .. } => put(&service, place, &key, &caller.body).await?,
                Change::Remove { .. } => service.vault.unshare(place, &key).await? == UnshareOutcome::Removed,
            };
        Ok(EnvelopeChanged { changed, entry: kept.reference() })
    }
}

/// Puts an envelope, in the place of another one where there is one.
async fn put<N>(
    service: &Service<N>,
    place: RecordRef,
    to: &EncryptionPublicKey,
    envelope: &[u8],
) -> Result<bool, Rejection> {
    let put = match service.vault.put_envelope(place, to, envelope).await {
        // These bytes are an envelope, else that would have been said.
        Err(VaultError::OtherEnvelope { .. }) => {
            service.vault.unshare(place, to).await?;
            service.vault.put_envelope(place, to, envelope).await
        }
        put => put,
    };
    let put = put.map_err(|error| match error {
        VaultError::InvalidPublicKey { .. }
        | VaultError::ForeignObject { .. }
        | VaultError::UnsupportedFormat { .. }
        | VaultError::WrongRecordOrVersion { .. }
        | VaultError::WrongRecipient { .. }
        | VaultError::WrongSealing { .. }
        | VaultError::Truncated { .. }
        | VaultError::EnvelopeTampered { .. } => Rejection::BadEnvelope,
        error => error.into(),
    })?;
    Ok(put == ShareOutcome::Created)
}

fn record_id(place: RecordRef) -> RecordId {
    RecordId(*place.record.as_bytes())
}
