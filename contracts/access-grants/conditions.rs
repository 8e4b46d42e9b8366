//! Conditional release: who must agree before anybody but the patient is let into a record. Caller and time are arguments.

use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::codes::Purpose;
use salus_domain::ids::RecordId;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessError, Agreement, Condition, Record, Side};
use salus_interface::Cells;

/// Conditions, and what was agreed to.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Conditions {
    /// By record, and whether the patient's. Whoever set one pays for its cell and gets it back.
    conditions: Mapping<(RecordId, bool), Condition>,
    /// A cell for each party, so that nobody else can touch its deposit.
    agreements: Mapping<AgreementKey, Agreement>,
}

/// Record, accessor and party.
type AgreementKey = (RecordId, AccountId, AccountId);

impl Conditions {
    /// Sets or lifts the condition of one side. Does not check who calls.
    pub fn set(&mut self, record: RecordId, side: Side, condition: Option<&Condition>) -> Result<(), AccessError> {
        let cell = (record, side == Side::Patient);
        match condition {
            Some(condition) => {
                ensure_well_formed(condition)?;
                self.conditions.put(&cell, condition);
            }
            None => self.conditions.delete(&cell),
        }
        Ok(())
    }

    /// The condition of one side.
    pub fn get(&self, record: RecordId, side: Side) -> Option<Condition> {
        self.conditions.read(&(record, side == Side::Patient))
    }

    /// The condition that a side of a record has now. The record says whether there is one, which saves a look.
    fn standing(&self, id: RecordId, record: &Record, side: Side) -> Option<Condition> {
        let is_set = match side {
            Side::Patient => record.patient_condition,
            Side::Custodian => record.custodian_condition,
        };
        is_set.then(|| self.get(id, side)).flatten()
    }

    /// The guard of who agrees: a party that a condition of the record names.
    pub fn ensure_party(&self, id: RecordId, record: &Record, caller: &AccountId) -> Result<(), AccessError> {
        for side in [Side::Patient, Side::Custodian] {
            if self.standing(id, record, side).is_some_and(|condition| condition.parties.contains(caller)) {
                return Ok(());
            }
        }
        Err(AccessError::NotParty)
    }

    /// Notes what `party` agrees to. Does not check that it is one.
    pub fn agree(
        &mut self,
        record: RecordId,
        accessor: AccountId,
        party: AccountId,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        if agreement.until <= now {
            return Err(AccessError::AlreadyOver);
        }
        self.agreements.put(&(record, accessor, party), agreement);
        Ok(())
    }

    /// Takes an agreement back.
    pub fn disagree(&mut self, record: RecordId, accessor: AccountId, party: AccountId) -> Result<(), AccessError> {
        self.agreements.take((record, accessor, party)).map(drop).ok_or(AccessError::NotFound)
    }

    /// Until when the conditions of a record are met: as long as all agreements hold that hold now. `None` where not enough
    /// parties agree. Without conditions: for good.
    pub fn met_until(
        &self,
        id: RecordId,
        record: &Record,
        accessor: AccountId,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut until = Timestamp::MAX;
        for side in [Side::Patient, Side::Custodian] {
            let Some(condition) = self.standing(id, record, side) else {
                continue;
            };
            let mut missing = condition.needed;
            for party in condition.parties {
                let agreement = self.agreements.read(&(id, accessor, party));
                if let Some(agreement) = agreement.filter(|agreement| covers(agreement, record.version, purpose, now)) {
                    missing = missing.saturating_sub(1);
                    until = until.min(agreement.until);
                }
            }
            if missing > 0 {
                return None;
            }
        }
        Some(until)
    }
}

fn covers(agreement: &Agreement, version: u32, purpose: Purpose, now: Timestamp) -> bool {
    agreement.version == version && agreement.until > now && purpose.ancestors().contains(agreement.purpose)
}

fn ensure_well_formed(condition: &Condition) -> Result<(), AccessError> {
    let Condition { parties, needed } = condition;
    let is_ascending = parties.iter().zip(parties.iter().skip(1)).all(|(party, next)| party < next);
    let is_possible = (1..=parties.len()).contains(&usize::from(*needed));
    if parties.len() > Condition::MAX_PARTIES || !is_ascending || !is_possible {
        return Err(AccessError::BadCondition);
    }
    Ok(())
}
