//! The registry as plain lists and maps: nothing is clever here, and nothing is shared with the contract but the types.

use super::orders::{blake2b_256, signer};
use ink::primitives::AccountId;
use salus_domain::codes::{Power, PowerSet};
use salus_domain::commitment;
use salus_domain::consent::{Consent, MAX_ACTIVE_CONSENTS};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::{Mandate, MandateMalformed};
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{ConsentError, Done, Instruction, RelayError, MAX_ENCODED_CONSENT};
use scale::Encode;
use std::collections::BTreeMap;

/// How many people there are: each is a patient, asks for consents, is a proxy and signs.
pub const PEOPLE: u8 = 3;

/// The account of one of the people.
pub fn person(who: u8) -> AccountId {
    signer(100 + who)
}

/// What is agreed to who accepts `consent`.
pub fn agreed(consent: &Consent) -> Hash {
    commitment::proposal(&blake2b_256, consent)
}

/// What one patient has.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    pub epoch: u32,
    pub next: u32,
    pub kept: Vec<(ConsentId, u32, Consent)>,
}

/// What everybody has, by number.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub now: Timestamp,
    pub patients: BTreeMap<u8, Patient>,
    pub proposals: BTreeMap<(u8, u8), Consent>,
    pub mandates: BTreeMap<(u8, u8), (PowerSet, Period)>,
    pub nonces: BTreeMap<u8, u32>,
}

/// An instruction, with people by number.
#[derive(Clone, Debug)]
pub enum Told {
    Record(Consent),
    Amend(u32, Consent),
    Revoke(u32),
    RevokeAll,
    /// The flag: what is agreed to is what is proposed.
    Accept(u8, bool),
    Reject(u8),
    NameProxy(u8, PowerSet, Period),
    RemoveProxy(u8),
}

impl Model {
    pub fn patient(&self, who: u8) -> Patient {
        self.patients.get(&who).cloned().unwrap_or_default()
    }

    pub fn nonce(&self, who: u8) -> u32 {
        self.nonces.get(&who).copied().unwrap_or_default()
    }

    /// As the contract takes it.
    pub fn instruction(&self, patient: u8, told: &Told) -> Instruction {
        match told {
            Told::Record(consent) => Instruction::Record(consent.clone()),
            Told::Amend(id, consent) => Instruction::Amend(ConsentId(*id), consent.clone()),
            Told::Revoke(id) => Instruction::Revoke(ConsentId(*id)),
            Told::RevokeAll => Instruction::RevokeAll,
            Told::Accept(who, true) => {
                let proposed = self.proposals.get(&(patient, *who));
                Instruction::Accept(person(*who), proposed.map_or(Hash([0; 32]), agreed))
            }
            Told::Accept(who, false) => Instruction::Accept(person(*who), Hash([1; 32])),
            Told::Reject(who) => Instruction::Reject(person(*who)),
            Told::NameProxy(who, powers, period) => {
                Instruction::NameProxy(person(*who), Mandate { powers: *powers, period: *period })
            }
            Told::RemoveProxy(who) => Instruction::RemoveProxy(person(*who)),
        }
    }

    pub fn acceptable(&self, consent: &Consent) -> Result<(), ConsentError> {
        consent.validate().map_err(ConsentError::Malformed)?;
        if consent.period.end <= self.now {
            Err(ConsentError::AlreadyOver)
        } else if consent.encode().len() > MAX_ENCODED_CONSENT {
            Err(ConsentError::TooLarge)
        } else {
            Ok(())
        }
    }

    fn may(&self, by: u8, patient: u8, told: &Told) -> bool {
        let power = match told {
            Told::Record(_) => Power::Record,
            Told::Amend(..) => Power::Amend,
            Told::Revoke(_) | Told::RevokeAll => Power::Revoke,
            Told::Accept(..) | Told::Reject(_) => Power::Answer,
            Told::NameProxy(..) => return by == patient,
            Told::RemoveProxy(proxy) => return by == patient || by == *proxy,
        };
        let mandate = self.mandates.get(&(patient, by));
        by == patient
            || mandate.is_some_and(|(powers, period)| {
                period.start <= self.now && self.now < period.end && powers.contains(power)
            })
    }

    fn record(&mut self, patient: u8, consent: &Consent) -> Result<Done, ConsentError> {
        self.acceptable(consent)?;
        let now = self.now;
        let patient = self.patients.entry(patient).or_default();
        if patient.kept.len() >= MAX_ACTIVE_CONSENTS {
            if patient.kept.iter().all(|(_, _, kept)| kept.period.end > now) {
                return Err(ConsentError::TooManyActive);
            }
            patient.kept.retain(|(_, _, kept)| kept.period.end > now);
        }
        let id = ConsentId(patient.next);
        patient.kept.push((id, 0, consent.clone()));
        patient.next += 1;
        patient.epoch += 1;
        Ok(Done::Recorded(id))
    }

    /// What `by` does for `patient`.
    pub fn carry_out(&mut self, by: u8, patient: u8, told: &Told) -> Result<Done, ConsentError> {
        if !self.may(by, patient, told) {
            return Err(ConsentError::NotMandated);
        }
        match told {
            Told::Record(consent) => self.record(patient, consent),
            Told::Amend(id, consent) => {
                self.acceptable(consent)?;
                let patient = self.patients.entry(patient).or_default();
                let kept =
                    patient.kept.iter_mut().find(|(known, _, _)| known.0 == *id).ok_or(ConsentError::NotFound)?;
                *kept = (kept.0, kept.1 + 1, consent.clone());
                patient.epoch += 1;
                Ok(Done::Amended(kept.1))
            }
            Told::Revoke(id) => {
                let patient = self.patients.entry(patient).or_default();
                let place = patient.kept.iter().position(|(known, _, _)| known.0 == *id);
                patient.kept.remove(place.ok_or(ConsentError::NotFound)?);
                patient.epoch += 1;
                Ok(Done::Revoked(1))
            }
            Told::RevokeAll => {
                let patient = self.patients.entry(patient).or_default();
                let count = patient.kept.len() as u32;
                patient.epoch += u32::from(count > 0);
                patient.kept.clear();
                Ok(Done::Revoked(count))
            }
            Told::Accept(proposer, as_proposed) => {
                let consent = self.proposals.get(&(patient, *proposer)).cloned().ok_or(ConsentError::NoProposal)?;
                if !as_proposed {
                    return Err(ConsentError::ProposalChanged);
                }
                let done = self.record(patient, &consent)?;
                self.proposals.remove(&(patient, *proposer));
                Ok(done)
            }
            Told::Reject(proposer) => {
                self.proposals.remove(&(patient, *proposer)).ok_or(ConsentError::NoProposal)?;
                Ok(Done::Rejected)
            }
            Told::NameProxy(proxy, powers, period) => {
                let malformed = |why| Err(ConsentError::MandateMalformed(why));
                if powers.is_empty() {
                    return malformed(MandateMalformed::NoPowers);
                }
                if period.start >= period.end {
                    return malformed(MandateMalformed::EmptyPeriod);
                }
                if period.end <= self.now {
                    return malformed(MandateMalformed::AlreadyOver);
                }
                self.mandates.insert((patient, *proxy), (*powers, *period));
                Ok(Done::ProxyNamed)
            }
            Told::RemoveProxy(proxy) => {
                self.mandates.remove(&(patient, *proxy)).ok_or(ConsentError::NoProxy)?;
                Ok(Done::ProxyRemoved)
            }
        }
    }

    /// What `by` signed for `patient`, with this nonce and deadline.
    pub fn relay(
        &mut self,
        by: u8,
        patient: u8,
        told: &Told,
        (nonce, deadline): (u32, Timestamp),
        is_genuine: bool,
    ) -> Result<Done, RelayError> {
        if deadline <= self.now {
            return Err(RelayError::DeadlineOver);
        }
        if nonce != self.nonce(by) {
            return Err(if nonce < self.nonce(by) { RelayError::NonceUsed } else { RelayError::NonceAhead });
        }
        if !is_genuine {
            return Err(RelayError::BadSignature);
        }
        let done = self.carry_out(by, patient, told).map_err(RelayError::Refused)?;
        *self.nonces.entry(by).or_default() += 1;
        Ok(done)
    }

    /// Every consent of a patient, whomever it can concern.
    pub fn all(&self, who: u8) -> Vec<(ConsentId, Consent)> {
        self.patient(who).kept.iter().map(|(id, _, consent)| (*id, consent.clone())).collect()
    }
}
