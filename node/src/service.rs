//! Puts the node together: executor, database, client, transaction pool, sealing and RPC.
//!
//! There is no network: no peer-to-peer port is opened, and `system_*` answers as a node without peers.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use codec::Decode;
use sc_basic_authorship::ProposerFactory;
use sc_client_api::{execution_extensions::ExecutionExtensions, StorageProvider};
use sc_client_db::{BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sc_executor::WasmExecutor;
use sc_service::{
    config::KeystoreConfig, BuildGenesisBlock, ClientConfig, GenesisBlockBuilder, KeystoreContainer, TFullBackend,
    TFullClient, TaskManager,
};
use sp_blockchain::HeaderBackend;
use sp_core::storage::StorageKey;
use sp_timestamp::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{mpsc, Mutex},
};

use crate::{
    chain_spec,
    cli::Options,
    clock::Clock,
    genesis, rpc,
    runtime_api::{Block, RuntimeApi},
    sealing::{self, Finality, Sealer},
    server::RpcServer,
    wasm_cache::WasmCache,
};

/// Executes the runtime, with the host functions that every Substrate node offers.
pub type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;
/// The chain's database.
pub type Backend = TFullBackend<Block>;
/// The chain.
pub type Client = TFullClient<Block, RuntimeApi, Executor>;
/// The transactions that wait.
pub type Pool = sc_transaction_pool::FullPool<Block, Client>;

/// How many calls into the runtime may run at once before one has to wait for a new instance.
const RUNTIME_INSTANCES: usize = 8;
/// How many runtimes are kept compiled: an upgrade needs two.
const RUNTIMES: u8 = 2;
/// Memory for parts of the state that were read lately.
const TRIE_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// How long connections may take to close at the end.
const CONNECTION_GRACE: Duration = Duration::from_millis(300);

/// Why the node did not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operating system refused something.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The RPC port cannot be had.
    #[error("RPC port {port}: {reason}")]
    RpcPort {
        /// The port.
        port: u16,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The chain's database or its first block.
    #[error("the chain cannot be opened: {0}")]
    Chain(#[from] sp_blockchain::Error),
    /// Anything else that the client's parts report.
    #[error("{0}")]
    Service(Box<sc_service::Error>),
}

impl From<sc_service::Error> for StartError {
    fn from(error: sc_service::Error) -> Self {
        Self::Service(Box::new(error))
    }
}

/// A running node.
pub struct Node {
    tasks: TaskManager,
    rpc: RpcServer,
}

impl Node {
    /// Ends only when a task ends that the node cannot do without.
    ///
    /// # Errors
    /// Which is always an error.
    pub async fn essential_task_ended(&mut self) -> Result<(), StartError> {
        Ok(self.tasks.future().await?)
    }

    /// Ends the RPC and all tasks.
    pub async fn stop(self) {
        self.rpc.stop(CONNECTION_GRACE).await;
        drop(self.tasks);
    }
}

/// Starts a node.
///
/// # Errors
/// If the chain cannot be opened or the RPC port cannot be had.
pub async fn start(options: &Options) -> Result<Node, StartError> {
    let tasks =
        TaskManager::new(Handle::current(), None).map_err(|error| sc_service::Error::Other(error.to_string()))?;
    let chain = open_chain(options.base_path.as_deref(), &tasks)?;
    let Chain { client, backend } = chain;

    let pool = sc_transaction_pool::BasicPool::new_full(
        sc_transaction_pool::Options::default(),
        true.into(),
        None,
        tasks.spawn_essential_handle(),
        client.clone(),
    );
    tasks.spawn_handle().spawn(
        "txpool-notifications",
        Some("transaction-pool"),
        sc_transaction_pool::notification_future(client.clone(), pool.clone()),
    );

    let finality = match options.finalize_delay_sec {
        0 => Finality::Immediate,
        seconds => {
            let (due, sealed) = mpsc::unbounded_channel();
            tasks.spawn_essential_handle().spawn(
                "finality",
                Some("sealing"),
                sealing::finalise_when_due(client.clone(), sealed),
            );
            Finality::Delayed(Duration::from_secs(seconds.into()), due)
        }
    };
    let proposers = ProposerFactory::new(tasks.spawn_handle(), client.clone(), pool.clone(), None, None);
    let clock = Clock::new(last_time(&client)?, Timestamp::current());
    let sealer = Arc::new(Mutex::new(Sealer::new(client.clone(), pool.clone(), proposers, clock, finality)));
    tasks.spawn_essential_handle().spawn(
        "seal-on-transactions",
        Some("sealing"),
        sealing::seal_on_transactions(pool.clone(), sealer.clone()),
    );

    let genesis = client.info().genesis_hash;
    let methods = rpc::module(rpc::Parts {
        client,
        backend,
        pool,
        keystore: KeystoreContainer::new(&KeystoreConfig::InMemory)?.keystore(),
        sealer,
        tasks: tasks.spawn_handle(),
        chain_spec: chain_spec::development(),
        state_pruning: STATE_PRUNING,
        blocks_pruning: BLOCKS_PRUNING,
    })?;
    let rpc = RpcServer::start(options.rpc_port, methods)
        .await
        .map_err(|reason| StartError::RpcPort { port: options.rpc_port, reason })?;
    announce(rpc.address, genesis);
    Ok(Node { tasks, rpc })
}

/// Test harnesses look for the last line, and take the port from it.
fn announce(address: SocketAddr, genesis: crate::runtime_api::Hash) {
    log::info!("Salus Node {}, development chain, genesis {genesis:?}", env!("CARGO_PKG_VERSION"));
    log::info!("Running JSON-RPC server: addr={address}");
}

/// A development chain keeps everything.
const STATE_PRUNING: PruningMode = PruningMode::ArchiveAll;
const BLOCKS_PRUNING: BlocksPruning = BlocksPruning::KeepAll;

struct Chain {
    client: Arc<Client>,
    backend: Arc<Backend>,
}

/// Opens the chain in the folder, or one in memory; where there is none yet, its first block is made.
fn open_chain(folder: Option<&Path>, tasks: &TaskManager) -> Result<Chain, StartError> {
    let cache = WasmCache::open(chain_spec::RUNTIME);
    let mut executor =
        Executor::builder().with_max_runtime_instances(RUNTIME_INSTANCES).with_runtime_cache_size(RUNTIMES);
    if let Some(cache) = &cache {
        executor = executor.with_cache_path(cache.folder());
    }
    let executor = executor.build();

    let source = match folder {
        Some(folder) => DatabaseSource::ParityDb { path: folder.join("chains/dev/paritydb") },
        None => DatabaseSource::Custom { db: Arc::new(sp_database::MemDb::default()), require_create_flag: true },
    };
    let backend = sc_service::new_db_backend::<Block>(DatabaseSettings {
        trie_cache_maximum_size: Some(TRIE_CACHE_BYTES),
        state_pruning: Some(STATE_PRUNING),
        source,
        blocks_pruning: BLOCKS_PRUNING,
    })?;
    let client = sc_service::new_client::<_, _, RuntimeApi, _>(
        backend.clone(),
        executor.clone(),
        FirstBlock { backend: backend.clone(), executor: executor.clone() },
        Default::default(),
        Default::default(),
        ExecutionExtensions::new(None, Arc::new(executor)),
        Box::new(tasks.spawn_handle()),
        None,
        None,
        ClientConfig::default(),
    )?;
    let client = Arc::new(client);
    // The first call into the runtime compiles it, unless making the first block did.
    sp_api::Core::version(&*sp_api::ProvideRuntimeApi::runtime_api(&*client), client.info().best_hash)
        .map_err(sp_blockchain::Error::from)?;
    if let Some(cache) = cache {
        cache.record();
    }
    Ok(Chain { client, backend })
}

/// Makes the chain's first block, when the client finds that there is none.
struct FirstBlock {
    backend: Arc<Backend>,
    executor: Executor,
}

impl BuildGenesisBlock<Block> for FirstBlock {
    type BlockImportOperation = <Backend as sc_client_api::Backend<Block>>::BlockImportOperation;

    fn build_genesis_block(self) -> sp_blockchain::Result<(Block, Self::BlockImportOperation)> {
        let state = genesis::storage(&self.executor, chain_spec::RUNTIME, chain_spec::genesis_patch())
            .map_err(|error| sp_blockchain::Error::Storage(error.to_string()))?;
        GenesisBlockBuilder::new(&genesis::Made(state), true, self.backend, self.executor)?.build_genesis_block()
    }
}

/// The time that the best block carries; zero where it has none.
fn last_time(client: &Client) -> Result<Timestamp, StartError> {
    let key = [sp_core::twox_128(b"Timestamp"), sp_core::twox_128(b"Now")].concat();
    let stored = client.storage(client.info().best_hash, &StorageKey(key))?;
    let milliseconds = stored.and_then(|stored| u64::decode(&mut &stored.0[..]).ok()).unwrap_or_default();
    Ok(Timestamp::new(milliseconds))
}
