//! One node for all tests of a run.

use crate::{Node, Options};
use std::{env, sync::OnceLock};

/// The variable with the address of the node that `salus-localnet run` lends.
pub const URL_VARIABLE: &str = "SALUS_NODE_URL";

/// The address of the node that all tests share.
///
/// That is the one of `salus-localnet run`, which `scripts/test` uses; outside of it, one node for each test process,
/// which ends with the process. Tests share the chain: each takes accounts and contracts of its own.
///
/// # Panics
/// If no node is found or started; that says how to get one.
pub fn url_for_tests() -> String {
    static NODE: OnceLock<Node> = OnceLock::new();
    if let Some(url) = env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()) {
        return url;
    }
    let start = || Node::find_or_start(Options::default().with_slow_start_notice());
    // Statics are not dropped: the kernel ends the node with the thread that reads its log.
    NODE.get_or_init(|| start().unwrap_or_else(|error| panic!("the test needs a node: {error}"))).url().to_owned()
}
