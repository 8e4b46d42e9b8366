//! What ink!'s off-chain engine lacks, for unit tests of contracts: other contracts that answer, and cells that can be looked at
//! as a whole and put back, as a chain does where a message is refused. On a chain nothing of this exists.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;
use ink::primitives::AccountId;

/// What other contracts answer to an encoded call; `None`: they do not carry it out.
pub type Answers = Box<dyn Fn(AccountId, &[u8]) -> Option<Vec<u8>>>;

/// What is in all cells of mappings, by the names of the cells.
pub type Dump = BTreeMap<Vec<u8>, Vec<u8>>;

std::thread_local! {
    static OTHERS: RefCell<Option<Answers>> = const { RefCell::new(None) };
    static CELLS: RefCell<Dump> = const { RefCell::new(BTreeMap::new()) };
}

/// An empty chain, on which other contracts answer like that. For this thread.
pub fn begin(others: Answers) {
    OTHERS.set(Some(others));
    CELLS.take();
}

/// All that was written on this thread since [`begin`].
#[must_use]
pub fn dump() -> Dump {
    CELLS.with_borrow(Clone::clone)
}

/// Makes all cells what they were.
pub fn restore(before: &Dump) {
    let mut cells: Vec<Vec<u8>> = dump().into_keys().collect();
    cells.extend(before.keys().cloned());
    for cell in cells {
        crate::cells::set(&cell, before.get(&cell).map(Vec::as_slice));
    }
}

/// The answer to a call, where anything answers on this thread.
pub(crate) fn asked(callee: AccountId, input: &[u8]) -> Option<Option<Vec<u8>>> {
    OTHERS.with_borrow(|others| others.as_ref().map(|answer| answer(callee, input)))
}

/// A cell was written, or emptied.
pub(crate) fn wrote(cell: &[u8], value: Option<&[u8]>) {
    CELLS.with_borrow_mut(|cells| match value {
        Some(value) => cells.insert(cell.to_vec(), value.to_vec()),
        None => cells.remove(cell),
    });
}
