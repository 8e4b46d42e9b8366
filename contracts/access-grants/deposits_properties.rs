//! Who pays for what is kept, and that nobody else gets it back.

use super::model::{Model, Step};
use super::testing::{cell_size, contract};
use ink::env::{test, DefaultEnvironment};
use proptest::prelude::*;
use scale::Encode;
use std::collections::{BTreeMap, BTreeSet};

/// A cell: the mapping that it is in, and its key there.
type Cell = (&'static str, Vec<u8>);

impl Model {
    /// The size of every cell.
    fn cells(&self) -> BTreeMap<Cell, usize> {
        let mut cells = BTreeMap::<Cell, usize>::new();
        let mut add = |mapping, key: Vec<u8>, size| {
            cells.insert((mapping, key), size);
        };
        self.authorities.iter().for_each(|who| add("Credentials::authorities", who.encode(), 0));
        for (who, one) in &self.accredited {
            add("Credentials::accredited", who.encode(), one.encoded_size());
        }
        for (who, all) in &self.vouched {
            add("Credentials::vouched", who.encode(), all.encoded_size());
        }
        self.keys.iter().for_each(|(who, one)| add("Keys::published", who.encode(), one.encoded_size()));
        for (link, one) in &self.redeemed {
            add("Keys::redeemed", super::keys::link_id(*link).encode(), one.encoded_size());
        }
        self.records.iter().for_each(|(known, one)| add("Records::records", known.encode(), one.encoded_size()));
        for ((place, side), one) in &self.conditions {
            add("Conditions::conditions", (self.records[*place].0, side).encode(), one.encoded_size());
        }
        for ((place, accessor, party), one) in &self.agreements {
            add("Conditions::agreements", (self.records[*place].0, accessor, party).encode(), one.encoded_size());
        }
        for (who, one) in &self.emergencies {
            add("Emergencies::emergencies", who.encode(), one.encoded_size());
        }
        self.logs.iter().for_each(|(who, one)| add("Logs::logs", who.encode(), one.encoded_size()));
        cells
    }
}

/// Who paid for each cell: who made it or made it larger.
#[derive(Default)]
pub struct Deposits {
    cells: BTreeMap<Cell, (usize, BTreeSet<u8>)>,
    /// What was there once. The engine still counts a cell whose value was taken out of it.
    gone: BTreeSet<Cell>,
}

impl Deposits {
    /// Whoever makes a cell smaller has paid for all of it.
    pub fn settle(&mut self, model: &Model, caller: u8, step: &Step) -> Result<(), TestCaseError> {
        let now = model.cells();
        let gone: Vec<_> = self.cells.keys().filter(|cell| !now.contains_key(*cell)).cloned().collect();
        for cell in gone {
            let payers = self.cells.remove(&cell).map(|(_, payers)| payers);
            prop_assert_eq!(payers, Some(BTreeSet::from([caller])), "{:?} {:?}", cell, step);
            prop_assert_eq!(cell_size(cell.0, &cell.1), None);
            if cell.0 != "Conditions::conditions" {
                self.gone.insert(cell);
            }
        }
        for (cell, size) in now {
            prop_assert_eq!(cell_size(cell.0, &cell.1), Some(size), "{:?}", cell);
            self.gone.remove(&cell);
            let (before, payers) = self.cells.entry(cell.clone()).or_default();
            if payers.is_empty() || size > *before {
                payers.insert(caller);
            }
            if size < *before {
                prop_assert_eq!(&*payers, &BTreeSet::from([caller]), "{:?} {:?}", cell, step);
            }
            *before = size;
        }
        let counted = test::count_used_storage_cells::<DefaultEnvironment>(&contract()).unwrap_or(0);
        prop_assert_eq!(counted, self.cells.len() + self.gone.len(), "there is no other cell");
        Ok(())
    }
}
