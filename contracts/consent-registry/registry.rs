//! The storage of the consent registry and its logic, without environment: caller, time and signatures are arguments.
//!
//! Each account has a [`File`], which lists its consents and holds the short texts; a long text has a cell of its own. A
//! change reads and writes the file, a decision reads the file and, of the long texts, only those that can match.

use crate::file::{Entry, File, Text};
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::commitment::{self, Blake2b256};
use salus_domain::consent::{Actor, Audience, Consent, Provision, MAX_ACTIVE_CONSENTS};
use salus_domain::evaluate::{evaluate, Answer, Deciding, Evaluation, Redaction};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::request::Request;
use salus_domain::time::Timestamp;
use salus_interface::consent::{
    ConsentError, ConsentSummary, Done, Instruction, Order, RelayError, SignedOrder, MAX_DECODED_CONSENT,
    MAX_ENCODED_CONSENT, MAX_PAGE,
};
use scale::Encode;

/// Every patient's consents, what is proposed to them, and who acts for them.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Consents {
    files: Mapping<AccountId, File>,
    texts: Mapping<(AccountId, ConsentId), Kept>,
    /// By patient and who proposes.
    proposals: Mapping<(AccountId, AccountId), Kept>,
    /// By patient and proxy.
    mandates: Mapping<(AccountId, AccountId), Given>,
}

/// A consent in a cell of its own.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Kept(Consent);

/// A mandate in a cell of its own.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Given(Mandate);

impl scale::EncodeLike<Kept> for Consent {}
impl scale::EncodeLike<Given> for Mandate {}

salus_interface::kept_in_one_cell!(Kept, Given);

/// The file that is being worked on. Orders in a row for one patient read and write its file once.
#[derive(Default)]
pub struct Desk(Option<(AccountId, File, (u32, u32))>);

impl Consents {
    /// Records a consent; returns its id. Does not check who calls.
    pub fn record(
        &mut self,
        desk: &mut Desk,
        patient: AccountId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<ConsentId, ConsentError> {
        let text = acceptable(consent, now)?;
        let file = self.open(desk, patient);
        let id = ConsentId(file.next);
        let next = file.next.checked_add(1).ok_or(ConsentError::IdsUsedUp)?;
        // Those that are over can never count again: they make room.
        let mut over = Vec::new();
        if file.entries.len() >= MAX_ACTIVE_CONSENTS {
            over.extend(file.entries.iter().filter(|entry| entry.period.end <= now).map(|entry| entry.id));
            if over.is_empty() {
                return Err(ConsentError::TooManyActive);
            }
        }
        for id in over {
            self.drop_text(file, patient, id)?;
        }
        file.next = next;
        self.write_text(file, patient, file.entries.len(), Entry::of(id, 0, consent), (consent, &text));
        Ok(id)
    }

    /// Replaces a consent's text; returns its revision. Does not check who calls.
    pub fn amend(
        &mut self,
        desk: &mut Desk,
        patient: AccountId,
        id: ConsentId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<u32, ConsentError> {
        let text = acceptable(consent, now)?;
        let file = self.open(desk, patient);
        let place = file.place(id)?;
        let entry = file.entries.get(place).ok_or(ConsentError::NotFound)?;
        let revision = entry.revision.checked_add(1).ok_or(ConsentError::IdsUsedUp)?;
        self.write_text(file, patient, place, Entry::of(id, revision, consent), (consent, &text));
        Ok(revision)
    }

    /// Takes a consent out. Does not check who calls.
    fn revoke(&mut self, desk: &mut Desk, patient: AccountId, id: ConsentId) -> Result<(), ConsentError> {
        let file = self.open(desk, patient);
        self.drop_text(file, patient, id)?;
        file.changed();
        Ok(())
    }

    /// Takes all consents out; returns how many there were. Does not check who calls.
    fn revoke_all(&mut self, desk: &mut Desk, patient: AccountId) -> u32 {
        let file = self.open(desk, patient);
        for entry in file.entries.iter().filter(|entry| !entry.is_inline()) {
            self.texts.remove((patient, entry.id));
        }
        let count = file.clear();
        if count > 0 {
            file.changed();
        }
        count
    }

    /// Keeps what `proposer` asks a patient for, in place of what it asked for before.
    pub fn propose(
        &mut self,
        proposer: AccountId,
        patient: AccountId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), ConsentError> {
        acceptable(consent, now)?;
        self.proposals.insert((patient, proposer), consent);
        Ok(())
    }

    /// Takes a proposal out. Does not check who calls.
    pub fn close(&mut self, patient: AccountId, proposer: AccountId) -> Result<(), ConsentError> {
        if !self.proposals.contains((patient, proposer)) {
            return Err(ConsentError::NoProposal);
        }
        self.proposals.remove((patient, proposer));
        Ok(())
    }

    /// Records a proposal, if it is what was agreed to; returns the consent's id. Does not check who calls.
    fn accept(
        &mut self,
        desk: &mut Desk,
        (patient, proposer): (AccountId, AccountId),
        agreed: Hash,
        now: Timestamp,
        hash: &impl Blake2b256,
    ) -> Result<ConsentId, ConsentError> {
        let consent = self.proposal(patient, proposer).ok_or(ConsentError::NoProposal)?;
        if commitment::proposal(hash, &consent) != agreed {
            return Err(ConsentError::ProposalChanged);
        }
        let id = self.record(desk, patient, &consent, now)?;
        self.proposals.remove((patient, proposer));
        Ok(id)
    }

    /// Gives a mandate, or replaces it. Does not check who calls.
    fn name_proxy(
        &mut self,
        patient: AccountId,
        proxy: AccountId,
        mandate: &Mandate,
        now: Timestamp,
    ) -> Result<(), ConsentError> {
        mandate.validate(now).map_err(ConsentError::MandateMalformed)?;
        self.mandates.insert((patient, proxy), mandate);
        Ok(())
    }

    /// Takes a mandate back. Does not check who calls.
    fn remove_proxy(&mut self, patient: AccountId, proxy: AccountId) -> Result<(), ConsentError> {
        if !self.mandates.contains((patient, proxy)) {
            return Err(ConsentError::NoProxy);
        }
        self.mandates.remove((patient, proxy));
        Ok(())
    }

    /// Carries out an order of the patient's, or of a proxy's with the power for it. What it changes in a file stands on the
    /// desk until [`Self::put_back`]; an order that is refused changes nothing.
    pub fn carry_out(
        &mut self,
        desk: &mut Desk,
        by: AccountId,
        order: &Order,
        now: Timestamp,
        hash: &impl Blake2b256,
    ) -> Result<Done, ConsentError> {
        let patient = order.patient;
        self.ensure_may(by, order, now)?;
        match &order.instruction {
            Instruction::Record(consent) => self.record(desk, patient, consent, now).map(Done::Recorded),
            Instruction::Amend(id, consent) => self.amend(desk, patient, *id, consent, now).map(Done::Amended),
            Instruction::Revoke(id) => self.revoke(desk, patient, *id).map(|()| Done::Revoked(1)),
            Instruction::RevokeAll => Ok(Done::Revoked(self.revoke_all(desk, patient))),
            Instruction::Accept(proposer, agreed) => {
                self.accept(desk, (patient, *proposer), *agreed, now, hash).map(Done::Recorded)
            }
            Instruction::Reject(proposer) => self.close(patient, *proposer).map(|()| Done::Rejected),
            Instruction::NameProxy(proxy, mandate) => {
                self.name_proxy(patient, *proxy, mandate, now).map(|()| Done::ProxyNamed)
            }
            Instruction::RemoveProxy(proxy) => self.remove_proxy(patient, *proxy).map(|()| Done::ProxyRemoved),
        }
    }

    /// The guard of what was signed: it is in time, in turn, and the signer's. `is_signed` says whether the signature is.
    /// Returns the nonce after it, for [`Self::use_nonce`] once the order was carried out.
    pub fn ensure_signed(
        &mut self,
        desk: &mut Desk,
        signed: &SignedOrder,
        now: Timestamp,
        is_signed: impl FnOnce(&SignedOrder) -> bool,
    ) -> Result<u32, RelayError> {
        if signed.deadline <= now {
            return Err(RelayError::DeadlineOver);
        }
        let nonce = self.open(desk, signed.signer()).nonce;
        if signed.nonce < nonce {
            return Err(RelayError::NonceUsed);
        }
        if signed.nonce > nonce {
            return Err(RelayError::NonceAhead);
        }
        if !is_signed(signed) {
            return Err(RelayError::BadSignature);
        }
        nonce.checked_add(1).ok_or(RelayError::Refused(ConsentError::IdsUsedUp))
    }

    /// Sets the nonce that the account's next signed order must have.
    pub fn use_nonce(&mut self, desk: &mut Desk, signer: AccountId, next: u32) {
        self.open(desk, signer).nonce = next;
    }

    /// Writes the file on the desk, if anything in it changed.
    pub fn put_back(&mut self, desk: Desk) {
        let Some((account, file, before)) = desk.0 else { return };
        if (file.epoch, file.nonce) != before {
            self.files.insert(account, &file);
        }
    }

    /// What the patient's consents answer.
    pub fn decide(&self, patient: AccountId, request: &Request, now: Timestamp) -> Evaluation {
        let asking = Audience::of(&request.principal);
        let file = self.file(patient);
        let mut consents = Vec::new();
        for (place, entry) in file.entries.iter().enumerate() {
            if !(entry.period.contains(now) && entry.audience.may_concern(asking)) {
                continue;
            }
            // Rule 7: what cannot be read is no permit.
            let Some(consent) = self.text(&file, patient, place) else {
                let deciding = [Deciding { consent: entry.id, provision: None }].into();
                return Evaluation { answer: Answer::Deny, deciding, redact: Redaction::default() };
            };
            consents.push((entry.id, consent));
        }
        evaluate(&consents, request, now)
    }

    /// A consent's text.
    pub fn consent(&self, patient: AccountId, id: ConsentId) -> Option<Consent> {
        let file = self.file(patient);
        self.text(&file, patient, file.place(id).ok()?)
    }

    /// A page of the patient's active consents.
    pub fn in_force(&self, patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary> {
        self.file(patient)
            .entries
            .iter()
            .filter(|entry| entry.id >= from)
            .take(limit.min(MAX_PAGE) as usize)
            .map(Entry::summary)
            .collect()
    }

    /// The patient's epoch.
    pub fn epoch(&self, patient: AccountId) -> u32 {
        self.file(patient).epoch
    }

    /// The patient's epoch after what was done on the desk.
    pub fn epoch_on(&self, desk: &Desk, patient: AccountId) -> u32 {
        match &desk.0 {
            Some((account, file, _)) if *account == patient => file.epoch,
            _ => self.epoch(patient),
        }
    }

    /// The nonce of the account's next signed order.
    pub fn nonce(&self, account: AccountId) -> u32 {
        self.file(account).nonce
    }

    /// What is proposed to a patient.
    pub fn proposal(&self, patient: AccountId, proposer: AccountId) -> Option<Consent> {
        self.proposals.get((patient, proposer)).map(|Kept(consent)| consent)
    }

    /// What a proxy may do.
    pub fn mandate(&self, patient: AccountId, proxy: AccountId) -> Option<Mandate> {
        self.mandates.get((patient, proxy)).map(|Given(mandate)| mandate)
    }

    /// The guard of everything that is done for a patient.
    fn ensure_may(&self, by: AccountId, order: &Order, now: Timestamp) -> Result<(), ConsentError> {
        if by == order.patient || order.instruction == Instruction::RemoveProxy(by) {
            return Ok(());
        }
        let power = order.instruction.power().ok_or(ConsentError::NotMandated)?;
        match self.mandate(order.patient, by) {
            Some(mandate) if mandate.allows(power, now) => Ok(()),
            _ => Err(ConsentError::NotMandated),
        }
    }

    fn file(&self, account: AccountId) -> File {
        self.files.get(account).unwrap_or_default()
    }

    /// The account's file on the desk; the one that was there is put back.
    fn open<'a>(&mut self, desk: &'a mut Desk, account: AccountId) -> &'a mut File {
        if !matches!(&desk.0, Some((there, ..)) if *there == account) {
            self.put_back(core::mem::take(desk));
        }
        let (_, file, _) = desk.0.get_or_insert_with(|| {
            let file = self.file(account);
            let before = (file.epoch, file.nonce);
            (account, file, before)
        });
        file
    }

    fn text(&self, file: &File, patient: AccountId, place: usize) -> Option<Consent> {
        match file.text(place) {
            Text::Inline(consent) => consent,
            Text::Apart => {
                let id = file.entries.get(place)?.id;
                self.texts.get((patient, id)).map(|Kept(consent)| consent)
            }
        }
    }

    /// Writes a text where it belongs, and counts the change. It comes with its encoding.
    fn write_text(
        &mut self,
        file: &mut File,
        patient: AccountId,
        place: usize,
        entry: Entry,
        (consent, encoded): (&Consent, &[u8]),
    ) {
        let was_apart = file.entries.get(place).is_some_and(|entry| !entry.is_inline());
        let id = entry.id;
        if !file.put(place, entry, encoded) {
            self.texts.insert((patient, id), consent);
        } else if was_apart {
            self.texts.remove((patient, id));
        }
        file.changed();
    }

    fn drop_text(&mut self, file: &mut File, patient: AccountId, id: ConsentId) -> Result<(), ConsentError> {
        let place = file.place(id)?;
        if file.entries.get(place).is_some_and(|entry| !entry.is_inline()) {
            self.texts.remove((patient, id));
        }
        file.take(place);
        Ok(())
    }
}

/// Whether it can be recorded; its encoding.
fn acceptable(consent: &Consent, now: Timestamp) -> Result<Vec<u8>, ConsentError> {
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
    let encoded = consent.encode();
    if encoded.len() > MAX_ENCODED_CONSENT || decoded > MAX_DECODED_CONSENT {
        return Err(ConsentError::TooLarge);
    }
    Ok(encoded)
}
