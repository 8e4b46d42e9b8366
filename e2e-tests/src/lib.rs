//! What the journeys share: a world with a suite of its own, documents to put into it, and a way past the typed client.

mod block;
pub mod claims;
pub mod orders;
mod own_node;
pub mod public;
pub mod raw;
pub mod samples;
pub mod tokens;
mod world;

pub use own_node::OwnNode;
pub use world::{account, bundles, bundles_folder, endless, id, node_of_my_own, person, World};

/// What a test returns.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
