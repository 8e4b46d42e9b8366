//! The RPC: what every Substrate node has, and what a development chain has beyond it.

mod dev;
mod engine;
mod payment;
mod system;

use std::sync::Arc;

use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned, RpcModule};
use sc_client_db::{BlocksPruning, PruningMode};
use sc_service::{GenericChainSpec, SpawnTaskHandle};
use sp_keystore::KeystorePtr;
use substrate_frame_rpc_system::SystemApiServer as _;
use tokio::sync::Mutex;

use self::{dev::DevApiServer as _, engine::EngineApiServer as _, payment::PaymentApiServer as _};
use crate::{
    sealing::{SealError, Sealer},
    service::{Backend, Client, Pool},
};

/// What the RPC is made from.
pub struct Parts {
    /// The chain.
    pub client: Arc<Client>,
    /// Its database.
    pub backend: Arc<Backend>,
    /// The transactions that wait.
    pub pool: Arc<Pool>,
    /// The node's keys: none.
    pub keystore: KeystorePtr,
    /// Seals blocks on command.
    pub sealer: Arc<Mutex<Sealer>>,
    /// Runs subscriptions.
    pub tasks: SpawnTaskHandle,
    /// The chain's name and properties.
    pub chain_spec: GenericChainSpec,
    /// Which states are kept.
    pub state_pruning: PruningMode,
    /// Which blocks are kept.
    pub blocks_pruning: BlocksPruning,
}

/// All methods.
///
/// # Errors
/// If two methods have one name.
#[allow(clippy::result_large_err, reason = "the type that `gen_rpc_module` wants")]
pub fn module(parts: Parts) -> Result<RpcModule<()>, sc_service::Error> {
    let Parts { client, backend, pool, keystore, sealer, tasks, chain_spec, state_pruning, blocks_pruning } = parts;

    let (requests, answers) = system::requests(client.clone());
    tasks.spawn("system-rpc", Some("rpc"), answers);

    let own = {
        let (client, pool) = (client.clone(), pool.clone());
        move || -> Result<RpcModule<()>, RegisterMethodError> {
            let mut own = RpcModule::new(());
            own.merge(substrate_frame_rpc_system::System::new(client.clone(), pool.clone()).into_rpc())?;
            own.merge(payment::Payment::new(client.clone()).into_rpc())?;
            own.merge(engine::Engine::new(client.clone(), sealer.clone()).into_rpc())?;
            own.merge(dev::Dev::new(sealer.clone()).into_rpc())?;
            Ok(own)
        }
    };
    let mut methods = sc_service::gen_rpc_module(
        tasks,
        client,
        pool,
        keystore,
        requests,
        "Salus Node".to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
        &chain_spec,
        &Some(state_pruning),
        blocks_pruning,
        backend,
        &|_| own().map_err(|error| sc_service::Error::Application(error.into())),
    )?;
    list_methods(&mut methods).map_err(|error| sc_service::Error::Application(error.into()))?;
    Ok(methods)
}

/// Adds `rpc_methods`, which names all methods.
fn list_methods(methods: &mut RpcModule<()>) -> Result<(), RegisterMethodError> {
    const OWN_NAME: &str = "rpc_methods";
    let mut names: Vec<_> = methods.method_names().chain([OWN_NAME]).map(str::to_owned).collect();
    names.sort();
    let list = serde_json::json!({ "methods": names });
    methods.register_method(OWN_NAME, move |_, _, _| list.clone())?;
    Ok(())
}

/// The codes of [`SealError`]. Those of `engine_*` are the ones that Substrate's manual seal uses.
impl From<SealError> for ErrorObjectOwned {
    fn from(error: SealError) -> Self {
        let code = match error {
            SealError::NotImported(_) => 11_000,
            SealError::NothingToSeal => 12_000,
            SealError::UnknownBlock(_) => 13_000,
            SealError::Import(_) => 14_000,
            SealError::Inherents(_) => 15_000,
            SealError::Blockchain(_) => 16_000,
            SealError::Clock(_) => 30_001,
        };
        ErrorObjectOwned::owned(code, error.to_string(), None::<()>)
    }
}
