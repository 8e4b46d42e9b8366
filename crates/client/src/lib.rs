//! Typed client of the Salus contracts over subxt.
//!
//! ```no_run
//! # async fn example(consent: salus_domain::consent::Consent) -> Result<(), Box<dyn std::error::Error>> {
//! use salus_client::{contracts::ConsentRegistry, deployment::Deployment, signer, Chain};
//!
//! let chain = Chain::connect("ws://127.0.0.1:9944").await?;
//! let deployment = Deployment::read("deployments/dev.json".as_ref())?;
//! let registry = ConsentRegistry::at(deployment.consent_registry.address);
//! let patient = signer::from_suri("//Dave")?;
//! let recorded = registry.record(&consent).submit(&chain, &patient).await?;
//! println!("in block {}", recorded.evidence.block);
//! # Ok(())
//! # }
//! ```
//!
//! A [`message::Message`] is dry-run before it is submitted: a refusal by a contract costs no fee, and comes back as the
//! contract's own error. Calls are encoded, and answers, errors and events decoded, with the types of
//! `salus_interface`, which the contracts are compiled from.

pub mod bundle;
mod chain;
pub mod contracts;
pub mod deployment;
mod dry_run;
mod error;
mod events;
pub mod history;
mod inclusion;
pub mod message;
pub mod relay;
pub mod rules;
pub mod settlement;
pub mod signer;
mod splitting;
mod submit;

pub use chain::{Chain, Head, Token};
pub use dry_run::Cost;
pub use error::{CallError, ClientError};
pub use events::{ContractEvent, Located};
pub use inclusion::Evidence;
pub use subxt::utils::AccountId32;
pub use subxt_signer::sr25519::Keypair;

use ink_primitives::AccountId;
use salus_domain::ids::Account;

/// The same account, as ink! has it.
#[must_use]
pub fn ink_account(account: &AccountId32) -> AccountId {
    AccountId::from(account.0)
}

/// The same account, as this client has it.
#[must_use]
pub fn client_account(account: AccountId) -> AccountId32 {
    AccountId32(*account.as_ref())
}

/// The same account, as the rules in `domain` have it.
#[must_use]
pub fn domain_account(account: &AccountId32) -> Account {
    Account(account.0)
}

/// BLAKE2b-256, as the chain's host function computes it: for the layouts in `salus_domain::commitment`.
#[must_use]
pub fn blake2b_256(input: &[u8]) -> [u8; 32] {
    use blake2::Digest;
    blake2::Blake2b::<blake2::digest::consts::U32>::digest(input).into()
}
