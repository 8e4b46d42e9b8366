//! What the three contracts show to their callers and to each other: for each a trait, its errors and its events.
//!
//! The traits are the one place where a message is documented. A contract knows the others only through this crate; a
//! client encodes calls and decodes answers, errors and events with the same types.
//!
//! ink! itself comes in with the feature `contract` only: a client needs the types and not the framework.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod access;
#[cfg(feature = "contract")]
mod answer;
mod apart;
#[cfg(feature = "contract")]
mod ask;
#[cfg(feature = "contract")]
mod cells;
pub mod claims;
pub mod consent;
#[cfg(feature = "contract")]
mod emit;
pub mod event;
mod layout;
#[cfg(all(feature = "contract", feature = "std"))]
pub mod off_chain;

#[cfg(feature = "contract")]
pub use answer::{answer, tell};
#[cfg(feature = "contract")]
pub use ask::ask;
#[cfg(feature = "contract")]
pub use cells::Cells;
#[cfg(feature = "contract")]
pub use emit::emit;

use ink_primitives::AccountId;
use salus_domain::ids::Account;

/// The same account, as the rules in `domain` know it.
#[must_use]
pub fn account(id: AccountId) -> Account {
    Account(*id.as_ref())
}
