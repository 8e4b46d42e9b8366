//! The release service: hands out key envelopes and ciphertexts of a vault, to whoever shows a final permit that is still
//! good, and writes down every time in a log that is anchored on the chain. It holds no key that opens an envelope.
//!
//! [`serve`] is the service, [`app`] its routes, [`client`] the other side. The README has the routes, the errors, and what
//! it protects.

mod caller;
pub mod client;
pub mod entry;
mod journal;
mod keeper;
mod nodes;
mod rejection;
pub mod request;
mod routes;
mod server;
mod service;
mod ticket;
pub mod wire;

#[cfg(test)]
mod tests;

pub use journal::JournalError;
pub use keeper::{LogMismatch, LogMode};
pub use nodes::{ChainNode, Decided, NoNode, Node, NotDone, Question, SeenError, Standing};
pub use rejection::Rejection;
pub use routes::app;
pub use server::{serve, Config, Server, StartError};
pub use service::{Service, FRESHNESS};
pub use ticket::TICKET_LIFETIME;

pub(crate) use caller::Caller;

/// The same account, as the rules have it.
pub(crate) fn person(account: ink_primitives::AccountId) -> salus_domain::ids::Account {
    salus_client::domain_account(&salus_client::client_account(account))
}
