//! The state of the first block: made by the runtime itself, from its defaults and a patch.
//!
//! The runtime is executed by the node's own executor, under the same code hash as later calls, so it is compiled
//! once.

use codec::{Decode, Encode};
use sc_executor::WasmExecutor;
use serde_json::Value;
use sp_core::{
    storage::{well_known_keys, Storage},
    traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
};
use sp_runtime::BuildStorage;
use sp_state_machine::BasicExternalities;
use sp_wasm_interface::HostFunctions;

/// Why the first block's state could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The runtime trapped, or lacks the function.
    #[error("the runtime failed in {function}: {reason}")]
    Call {
        /// The runtime's function.
        function: &'static str,
        /// What the executor says.
        reason: String,
    },
    /// The runtime has no default configuration.
    #[error("the runtime has no default genesis configuration")]
    NoDefault,
    /// An answer of the runtime is not in the form that the API prescribes.
    #[error("the runtime answered {function} in an unknown form")]
    Answer {
        /// The runtime's function.
        function: &'static str,
    },
    /// The runtime does not accept the patched configuration.
    #[error("the runtime refuses the genesis configuration: {0}")]
    Refused(String),
}

const GET_PRESET: &str = "GenesisBuilder_get_preset";
const BUILD_STATE: &str = "GenesisBuilder_build_state";

/// The state of the first block under `code`, with `patch` laid over the runtime's default configuration.
///
/// # Errors
/// If the runtime cannot be executed or does not accept the configuration.
pub fn storage<H: HostFunctions>(
    executor: &WasmExecutor<H>,
    code: &[u8],
    patch: Value,
) -> Result<Storage, GenesisError> {
    let defaults = call(executor, code, &mut BasicExternalities::new_empty(), GET_PRESET, &None::<String>.encode())?;
    let defaults = Option::<Vec<u8>>::decode(&mut &defaults[..])
        .map_err(|_| GenesisError::Answer { function: GET_PRESET })?
        .ok_or(GenesisError::NoDefault)?;
    let mut config: Value =
        serde_json::from_slice(&defaults).map_err(|_| GenesisError::Answer { function: GET_PRESET })?;
    lay_over(&mut config, patch);

    let mut state = BasicExternalities::new_empty();
    let built = call(executor, code, &mut state, BUILD_STATE, &config.to_string().encode())?;
    Result::<(), String>::decode(&mut &built[..])
        .map_err(|_| GenesisError::Answer { function: BUILD_STATE })?
        .map_err(GenesisError::Refused)?;

    let mut storage = state.into_storages();
    storage.top.insert(well_known_keys::CODE.to_vec(), code.to_vec());
    Ok(storage)
}

fn call<H: HostFunctions>(
    executor: &WasmExecutor<H>,
    code: &[u8],
    state: &mut BasicExternalities,
    function: &'static str,
    arguments: &[u8],
) -> Result<Vec<u8>, GenesisError> {
    let code_fetcher = WrappedRuntimeCode(code.into());
    let runtime =
        RuntimeCode { code_fetcher: &code_fetcher, heap_pages: None, hash: sp_core::blake2_256(code).to_vec() };
    let (answer, _) = executor.call(state, &runtime, function, arguments, CallContext::Offchain);
    answer.map_err(|error| GenesisError::Call { function, reason: error.to_string() })
}

/// Lays `patch` over `base`: objects are merged, anything else is replaced.
fn lay_over(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                lay_over(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// A state that is already made, for the genesis block's builder.
pub struct Made(pub Storage);

impl BuildStorage for Made {
    fn assimilate_storage(&self, storage: &mut Storage) -> Result<(), String> {
        storage.top.extend(self.0.top.clone());
        storage.children_default.extend(self.0.children_default.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_changes_what_it_names_and_keeps_the_rest() {
        let mut base = json!({ "balances": { "balances": [], "kept": 1 }, "sudo": { "key": null } });
        lay_over(&mut base, json!({ "balances": { "balances": [["a", 2]] }, "sudo": { "key": "a" } }));
        assert_eq!(base, json!({ "balances": { "balances": [["a", 2]], "kept": 1 }, "sudo": { "key": "a" } }));
    }
}
