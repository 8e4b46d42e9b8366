//! The development chain: its name, its runtime and who owns what in its first block.

use sc_service::{ChainType, GenericChainSpec, Properties};
use serde_json::{json, Value};
use sp_core::{crypto::Ss58Codec, sr25519, Pair};

use crate::runtime_api::AccountId;

/// The runtime of substrate-contracts-node 0.42.0, compressed. `node/README.md` says how it is made.
pub const RUNTIME: &[u8] = include_bytes!("../chain/contracts_node_runtime.compact.compressed.wasm");

/// What each development account owns in the first block.
const ENDOWMENT: u64 = 1 << 60;

/// The account that may use the sudo pallet.
const SUDO: &str = "//Alice";

/// The derivation paths of the development accounts.
const DEVELOPMENT_ACCOUNTS: [&str; 12] = [
    "//Alice",
    "//Alice//stash",
    "//Bob",
    "//Bob//stash",
    "//Charlie",
    "//Charlie//stash",
    "//Dave",
    "//Dave//stash",
    "//Eve",
    "//Eve//stash",
    "//Ferdie",
    "//Ferdie//stash",
];

/// The account that the well-known development phrase gives with the derivation path.
fn development_account(path: &str) -> AccountId {
    sr25519::Pair::from_string(path, None)
        .expect("the paths are constants of this file, each well formed")
        .public()
        .into()
}

/// What the first block's state has beyond the runtime's own defaults.
pub fn genesis_patch() -> Value {
    let address = |path: &str| development_account(path).to_ss58check();
    let balances: Vec<(String, u64)> = DEVELOPMENT_ACCOUNTS.iter().map(|path| (address(path), ENDOWMENT)).collect();
    json!({
        "balances": { "balances": balances },
        "sudo": { "key": address(SUDO) },
    })
}

/// How wallets show amounts and addresses of this chain.
fn properties() -> Properties {
    [("tokenSymbol", json!("UNIT")), ("tokenDecimals", json!(12)), ("ss58Format", json!(42))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The specification that the RPC answers from.
pub fn development() -> GenericChainSpec {
    GenericChainSpec::builder(RUNTIME, None)
        .with_name("Development")
        .with_id("dev")
        .with_chain_type(ChainType::Development)
        .with_properties(properties())
        .with_genesis_config_patch(genesis_patch())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_the_one_whose_digest_is_committed() {
        let committed = include_str!("../chain/runtime.sha256");
        let (digest, name) = committed.trim().split_once("  ").expect("the form of sha256sum");
        assert_eq!(name, "contracts_node_runtime.compact.compressed.wasm");
        assert_eq!(hex::encode(sp_core::hashing::sha2_256(RUNTIME)), digest);
    }

    #[test]
    fn alice_is_alice() {
        assert_eq!(development_account("//Alice").to_ss58check(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
    }
}
