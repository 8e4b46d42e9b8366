//! The storage of the consent registry and its logic, without environment: caller and time are arguments.
//!
//! Two kinds of cells. The *index* of a patient is one cell with a short entry for each active consent: its id, its
//! period and whom it can concern. A consent's text is a cell of its own. So a change reads and writes the index and one
//! text, and a decision reads the index and only the texts that can match.

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::consent::{Actor, Audience, Consent, Provision, MAX_ACTIVE_CONSENTS};
use salus_domain::evaluate::{evaluate, Evaluation};
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{ConsentError, ConsentSummary, MAX_DECODED_CONSENT, MAX_ENCODED_CONSENT, MAX_PAGE};
use scale::Encode;

/// Every patient's consents.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Consents {
    indexes: Mapping<AccountId, Index>,
    texts: Mapping<(AccountId, ConsentId), Text>,
}

/// A consent's text.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Text(Consent);

impl scale::EncodeLike<Text> for Consent {}

/// What is known of a patient's consents without reading one.
#[derive(Default)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Index {
    /// Goes up with every change.
    epoch: u32,
    /// The id of the patient's next consent.
    next: u32,
    /// The active consents, by id.
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
struct Entry {
    id: ConsentId,
    revision: u32,
    period: Period,
    audience: Audience,
}

salus_interface::kept_in_one_cell!(Text, Index);

impl Index {
    fn place(&self, id: ConsentId) -> Result<usize, ConsentError> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).map_err(|_| ConsentError::NotFound)
    }
}

impl Consents {
    /// Records a consent; returns its id and the patient's epoch. Does not check who calls.
    pub fn record(
        &mut self,
        patient: AccountId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(ConsentId, u32), ConsentError> {
        ensure_acceptable(consent, now)?;
        let mut index = self.index(patient);
        // Those that are over can never count again: they make room.
        let mut over = Vec::new();
        if index.entries.len() >= MAX_ACTIVE_CONSENTS {
            over.extend(index.entries.iter().filter(|entry| entry.period.end <= now).map(|entry| entry.id));
            index.entries.retain(|entry| entry.period.end > now);
        }
        if index.entries.len() >= MAX_ACTIVE_CONSENTS {
            return Err(ConsentError::TooManyActive);
        }
        let id = ConsentId(index.next);
        index.next = index.next.checked_add(1).ok_or(ConsentError::IdsUsedUp)?;
        index.entries.push(Entry { id, revision: 0, period: consent.period, audience: consent.audience() });
        for id in over {
            self.texts.remove((patient, id));
        }
        self.texts.insert((patient, id), consent);
        Ok((id, self.write(patient, index)))
    }

    /// Replaces a consent's text; returns its revision and the patient's epoch.
    pub fn amend(
        &mut self,
        patient: AccountId,
        id: ConsentId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(u32, u32), ConsentError> {
        ensure_acceptable(consent, now)?;
        let mut index = self.index(patient);
        let place = index.place(id)?;
        let entry = index.entries.get_mut(place).ok_or(ConsentError::NotFound)?;
        let revision = entry.revision.checked_add(1).ok_or(ConsentError::IdsUsedUp)?;
        *entry = Entry { id, revision, period: consent.period, audience: consent.audience() };
        self.texts.insert((patient, id), consent);
        Ok((revision, self.write(patient, index)))
    }

    /// Takes a consent out; returns the patient's epoch.
    pub fn revoke(&mut self, patient: AccountId, id: ConsentId) -> Result<u32, ConsentError> {
        let mut index = self.index(patient);
        let place = index.place(id)?;
        index.entries.remove(place);
        self.texts.remove((patient, id));
        Ok(self.write(patient, index))
    }

    /// Takes all consents out; returns which, and the patient's epoch.
    pub fn revoke_all(&mut self, patient: AccountId) -> (Vec<ConsentId>, u32) {
        let mut index = self.index(patient);
        let revoked: Vec<_> = index.entries.drain(..).map(|entry| entry.id).collect();
        if revoked.is_empty() {
            return (revoked, index.epoch);
        }
        for id in &revoked {
            self.texts.remove((patient, *id));
        }
        let epoch = self.write(patient, index);
        (revoked, epoch)
    }

    /// What the patient's consents answer.
    pub fn decide(&self, patient: AccountId, request: &Request, now: Timestamp) -> Evaluation {
        let asking = Audience::of(&request.principal);
        let consents: Vec<_> = self
            .index(patient)
            .entries
            .iter()
            .filter(|entry| entry.period.contains(now) && entry.audience.may_concern(asking))
            .filter_map(|entry| self.consent(patient, entry.id).map(|consent| (entry.id, consent)))
            .collect();
        evaluate(&consents, request, now)
    }

    /// A consent's text.
    pub fn consent(&self, patient: AccountId, id: ConsentId) -> Option<Consent> {
        self.texts.get((patient, id)).map(|Text(consent)| consent)
    }

    /// A page of the patient's active consents.
    pub fn in_force(&self, patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary> {
        self.index(patient)
            .entries
            .iter()
            .filter(|entry| entry.id >= from)
            .take(limit.min(MAX_PAGE) as usize)
            .map(|entry| ConsentSummary { id: entry.id, revision: entry.revision, period: entry.period })
            .collect()
    }

    /// The patient's epoch.
    pub fn epoch(&self, patient: AccountId) -> u32 {
        self.index(patient).epoch
    }

    fn index(&self, patient: AccountId) -> Index {
        self.indexes.get(patient).unwrap_or_default()
    }

    /// The epoch may begin again after 2^32 changes: a cache only asks whether it is another one.
    fn write(&mut self, patient: AccountId, mut index: Index) -> u32 {
        index.epoch = index.epoch.wrapping_add(1);
        self.indexes.insert(patient, &index);
        index.epoch
    }
}

fn ensure_acceptable(consent: &Consent, now: Timestamp) -> Result<(), ConsentError> {
    consent.validate().map_err(ConsentError::Malformed)?;
    if consent.period.end <= now {
        return Err(ConsentError::AlreadyOver);
    }
    let actors: usize = consent.provisions.iter().map(|provision| provision.actors.len()).sum();
    let decoded = consent
        .provisions
        .len()
        .saturating_mul(core::mem::size_of::<Provision>())
        .saturating_add(actors.saturating_mul(core::mem::size_of::<Actor>()));
    if consent.encoded_size() > MAX_ENCODED_CONSENT || decoded > MAX_DECODED_CONSENT {
        return Err(ConsentError::TooLarge);
    }
    Ok(())
}
