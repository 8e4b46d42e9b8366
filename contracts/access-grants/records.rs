//! Commitments to records, and the question that access to one puts to the consent registry.

use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_domain::request::{Principal, Request};
use salus_interface::access::{AccessError, Record, RecordTerms};

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
        self.records.insert(id, &Record { patient, custodian, version: 1, terms });
        Ok(())
    }

    /// A record of `caller`'s: the guard of what only the custodian may do.
    pub fn of_custodian(&self, id: RecordId, caller: AccountId) -> Result<Record, AccessError> {
        let record = self.get(id).ok_or(AccessError::NotFound)?;
        if caller == record.custodian {
            Ok(record)
        } else {
            Err(AccessError::NotCustodian)
        }
    }

    /// Replaces what is said of a record by what is said of its next version, and returns the record. Does not check who
    /// calls.
    pub fn amend(&mut self, id: RecordId, record: Record, terms: RecordTerms) -> Result<Record, AccessError> {
        ensure_well_formed(&terms)?;
        let version = record.version.checked_add(1).ok_or(AccessError::VersionsUsedUp)?;
        let amended = Record { version, terms, ..record };
        self.records.insert(id, &amended);
        Ok(amended)
    }

    /// A record.
    pub fn get(&self, id: RecordId) -> Option<Record> {
        self.records.get(id)
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
