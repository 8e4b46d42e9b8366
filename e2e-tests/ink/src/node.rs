//! One node for all tests of a process.

use ink_e2e::{PolkadotConfig, RpcClient, TestNodeProcess};
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;

const DEFAULT_PROGRAM: &str = "substrate-contracts-node";

/// A development chain. It stops with the last test that holds it: what is in a `static` is never dropped, and would
/// leave the process behind.
pub struct Node(TestNodeProcess<PolkadotConfig>);

impl Node {
    /// The node that the tests running at the moment have in common; started where there is none.
    pub async fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Node>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        if let Some(node) = running.upgrade() {
            return node;
        }
        ensure_program();
        let process = TestNodeProcess::build_with_env_or_default().spawn().await;
        let node = Arc::new(Self(process.unwrap_or_else(|error| panic!("the node does not start: {error}"))));
        *running = Arc::downgrade(&node);
        node
    }

    /// A connection that lives on the caller's runtime: each test has its own, and the node's own connection ends with
    /// the test that started it.
    pub async fn connect(&self) -> RpcClient {
        RpcClient::from_url(self.0.url()).await.expect("the node takes connections")
    }
}

/// Says what to do where there is no node.
fn ensure_program() {
    let named = std::env::var("CONTRACTS_NODE");
    let program = named.as_deref().unwrap_or(DEFAULT_PROGRAM);
    if which::which(program).is_ok() {
        return;
    }
    let missing = match &named {
        Ok(path) => format!("CONTRACTS_NODE is {path:?}, which is not a program"),
        Err(_) => format!("CONTRACTS_NODE is not set, and {DEFAULT_PROGRAM} is not on the PATH"),
    };
    panic!(
        "No node to test on: {missing}. Get one with `scripts/setup`, then\n\
         CONTRACTS_NODE=$(cargo run --quiet --package salus-localnet -- which) cargo test --manifest-path \
         e2e-tests/ink/Cargo.toml"
    );
}
