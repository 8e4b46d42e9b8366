//! A contracts node for the demo, the tests and the cost tables.
//!
//! [`Node::find_or_start`] takes the node at an address, or starts one, in this order:
//!
//! 1. [`Options::url`]: the node there; nothing is started.
//! 2. [`Options::program`], else the environment's `CONTRACTS_NODE`: a path, or a name on the `PATH`.
//! 3. The environment's `SALUS_NODE`, else `~/.cache/salus/node/current/salus-node`, where `scripts/setup` puts it.
//! 4. `substrate-contracts-node` on the `PATH`. After our own, because only our own has a clock that tests can move.
//!
//! A started node listens on a free port of the loopback interface, keeps its chain in memory, and does not outlive
//! the [`Node`]; where util-linux's `setpriv` is installed, not even a process that is killed.
//!
//! The program `salus-localnet run -- COMMAND…` lends one node to all the processes of a test run;
//! [`url_for_tests`] finds it there.

mod error;
mod log;
mod node;
mod process;
mod run;
mod search;
mod shared;

pub use error::NodeError;
pub use node::{Node, Options};
pub use run::run;
pub use search::find_program;
pub use shared::{url_for_tests, URL_VARIABLE};
