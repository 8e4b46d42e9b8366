//! Commitments to records, and the question that access to one puts to the consent registry.

use ink::prelude::boxed::Box;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_domain::request::{Principal, Request};
use salus_interface::access::{AccessError, Record, RecordTerms, Side};
use salus_interface::Cells;

/// Every record.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Records {
    records: Mapping<RecordId, Record>,
}

impl Records {
    /// Adds a record in its first version. Does not check who calls.
    pub fn register(
        &mut self,
        id: RecordId,
        patient: AccountId,
        custodian: AccountId,
        terms: RecordTerms,
    ) -> Result<(), AccessError> {
        ensure_well_formed(&terms)?;
        if self.records.contains(id) {
            return Err(AccessError::AlreadyRegistered);
        }
        let record = Record {
            patient,
            custodian,
            version: 1,
            terms,
            patient_condition: false,
            custodian_condition: false,
            erased: false,
        };
        self.records.put(&id, &record);
        Ok(())
    }

    /// A record, erased or not. In a box: it is large, and goes from hand to hand.
    pub fn get(&self, id: RecordId) -> Option<Box<Record>> {
        self.records.read(&id).map(Box::new)
    }

    /// A record that is not erased.
    pub fn standing(&self, id: RecordId) -> Result<Box<Record>, AccessError> {
        let record = self.get(id).ok_or(AccessError::NotFound)?;
        if record.erased {
            return Err(AccessError::Erased);
        }
        Ok(record)
    }

    /// A record of `caller`'s: the guard of what only the custodian may do.
    pub fn of_custodian(&self, id: RecordId, caller: AccountId) -> Result<Box<Record>, AccessError> {
        let record = self.standing(id)?;
        if caller == record.custodian {
            Ok(record)
        } else {
            Err(AccessError::NotCustodian)
        }
    }

    /// A record, erased or not, and on whose side of it `caller` is: the guard of what only patient and custodian may do. A
    /// patient who is the custodian, too, is on the patient's side.
    pub fn of_side(&self, id: RecordId, caller: AccountId) -> Result<(Box<Record>, Side), AccessError> {
        let record = self.get(id).ok_or(AccessError::NotFound)?;
        if caller == record.patient {
            Ok((record, Side::Patient))
        } else if caller == record.custodian {
            Ok((record, Side::Custodian))
        } else {
            Err(AccessError::NotCustodian)
        }
    }

    /// Replaces what is said of a record by what is said of its next version, and returns its number. Does not check who
    /// calls.
    pub fn amend(&mut self, id: RecordId, record: &mut Record, terms: RecordTerms) -> Result<u32, AccessError> {
        ensure_well_formed(&terms)?;
        record.version = record.version.checked_add(1).ok_or(AccessError::VersionsUsedUp)?;
        record.terms = terms;
        self.records.put(&id, record);
        Ok(record.version)
    }

    /// Notes whether one side has a condition. Does not check who calls.
    pub fn note_condition(&mut self, id: RecordId, record: &mut Record, side: Side, is_set: bool) {
        match side {
            Side::Patient => record.patient_condition = is_set,
            Side::Custodian => record.custodian_condition = is_set,
        }
        self.records.put(&id, record);
    }

    /// Gives a record up for good. The cell keeps its size: its deposit stays the custodian's. Does not check who calls.
    pub fn erase(&mut self, id: RecordId, record: &mut Record) {
        record.erased = true;
        self.records.put(&id, record);
    }
}

fn ensure_well_formed(terms: &RecordTerms) -> Result<(), AccessError> {
    if terms.data_period.is_none_or(|period| period.is_valid()) {
        Ok(())
    } else {
        Err(AccessError::EmptyPeriod)
    }
}

/// What access to `record` means to a consent: every dimension of the data is named.
pub fn access_request(principal: Principal, record: &Record, purpose: Purpose, action: Action) -> Request {
    Request {
        principal,
        purpose,
        action,
        confidentiality: Some(record.terms.confidentiality),
        sensitivity: Some(record.terms.sensitivity),
        classes: Some(record.terms.class.into()),
        data_period: record.terms.data_period,
    }
}
