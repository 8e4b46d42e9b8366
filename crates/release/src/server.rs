//! The process: what is read at the start, what listens, how it ends.

use crate::journal::{Journal, JournalError};
use crate::keeper::{LogMismatch, LogMode, ENTRIES, INTERVAL};
use crate::nodes::{ChainNode, NoNode, Node, Nodes, Patience, SeenError};
use crate::request::Target;
use crate::routes::app;
use crate::service::{system_clock, Clock, Limits, Service};
use crate::ticket::Tickets;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use salus_client::deployment::Deployment;
use salus_client::{domain_account, Keypair};
use salus_domain::ids::{Account, Hash};
use salus_vault::{Vault, VaultError};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{watch, Mutex, Semaphore};
use tokio::task::JoinHandle;

/// How long a connection may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// How long its body may take.
const BODY: Duration = Duration::from_secs(10);
/// How many connections there are at the same time; the next ones wait.
const CONNECTIONS: usize = 1_024;
/// How long requests that are being worked on may take when the service ends.
const GRACE: Duration = Duration::from_secs(30);
/// After a connection could not be accepted, for instance because there are too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// What a service is told.
#[derive(Clone)]
pub struct Config {
    /// Where to listen. TLS is for a reverse proxy.
    pub listen: SocketAddr,
    /// Where the vault is: `file:///path` or `s3://bucket/prefix`. Credentials are taken from the environment.
    pub vault: String,
    /// The file of the log. Beside it, with `.head` at the end, is the newest final block that was seen.
    pub log: PathBuf,
    /// The addresses of the nodes.
    pub urls: Vec<String>,
    /// Where the contracts are.
    pub deployment: Deployment,
    /// Who signs what goes onto the chain. It needs funds.
    pub account: Keypair,
    /// How the log comes onto the chain.
    pub mode: LogMode,
    /// How old the newest final block may be; `None`: however old, for a chain that seals only on transactions.
    pub max_head_age: Option<Duration>,
    /// How long a node may take for one answer.
    pub rpc_timeout: Duration,
    /// How long the nodes may take, at the start, until one of them answers at all.
    pub start_timeout: Duration,
    /// How many requests are worked on at the same time.
    pub concurrency: usize,
}

impl Config {
    /// How old the newest final block may be, unless it is said otherwise.
    pub const MAX_HEAD_AGE: Duration = Duration::from_secs(120);
    /// How long a node may take for one answer, unless it is said otherwise.
    pub const RPC_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long the nodes may take at the start, unless it is said otherwise.
    pub const START_TIMEOUT: Duration = Duration::from_secs(15);
    /// How many requests are worked on at the same time, unless it is said otherwise.
    pub const CONCURRENCY: usize = 256;
    /// How the log comes onto the chain, unless it is said otherwise.
    pub const MODE: LogMode = LogMode::Batch { entries: ENTRIES, interval: INTERVAL };
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No nodes are named.
    #[error("no node is named\n  next: name one with --url")]
    NoUrl,
    /// The genesis hash in the deployment is not one.
    #[error("the genesis hash of the deployment cannot be read")]
    BadGenesis,
    /// The vault.
    #[error("the vault cannot be used: {0}")]
    Vault(#[from] VaultError),
    /// The log.
    #[error("the log cannot be used: {0}")]
    Log(#[from] JournalError),
    /// The log is not the one that the chain knows.
    #[error(transparent)]
    Mismatch(#[from] LogMismatch),
    /// The file of the newest block.
    #[error(transparent)]
    Seen(#[from] SeenError),
    /// No node can be asked.
    #[error("{0}\n  next: check the nodes, and start again")]
    NoNode(#[from] NoNode),
    /// The system has no randomness to give.
    #[error("the system has no randomness to give")]
    NoRandomness,
    /// The address cannot be listened at.
    #[error("{0} cannot be listened at")]
    Listen(SocketAddr, #[source] io::Error),
    /// The process is ending.
    #[error("the process is ending")]
    Ending,
}

/// What a [`Service`] is put together from.
pub(crate) struct Parts<N> {
    pub nodes: Vec<N>,
    pub vault: Vault,
    pub log: PathBuf,
    pub account: Account,
    pub target: Target,
    pub mode: LogMode,
    pub start_timeout: Duration,
    pub patience: Patience,
    pub limits: Limits,
    pub clock: Clock,
}

impl<N: Node> Service<N> {
    /// Reads the log, and compares it with what the chain knows of it.
    pub(crate) async fn assemble(parts: Parts<N>) -> Result<Arc<Self>, StartError> {
        let nodes = Nodes::new(parts.nodes, parts.patience, beside(&parts.log))?;
        let log = parts.log;
        let journal = tokio::task::spawn_blocking(move || Journal::open(&log)).await;
        let service = Self {
            nodes,
            vault: parts.vault,
            journal: journal.map_err(|_| StartError::Ending)??,
            tickets: Tickets::new().map_err(|_| StartError::NoRandomness)?,
            account: parts.account,
            target: parts.target,
            clock: parts.clock,
            limits: parts.limits,
            changing: Mutex::new(()),
            anchored: AtomicU64::new(0),
            permits: Arc::new(Semaphore::new(parts.limits.concurrency)),
            logged: (parts.mode == LogMode::Event).then(|| watch::channel(0).0),
        };
        service.check(parts.start_timeout).await??;
        Ok(Arc::new(service))
    }
}

/// The file of the newest block, for a log.
fn beside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".head");
    name.into()
}

/// A service that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<Service<ChainNode>>,
    keeper: JoinHandle<()>,
    ending: watch::Sender<bool>,
}

impl Server {
    /// Opens vault and log, compares the log with the chain, and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let genesis = hex_hash(&config.deployment.genesis_hash).ok_or(StartError::BadGenesis)?;
        if config.urls.is_empty() {
            return Err(StartError::NoUrl);
        }
        let access_grants = domain_account(&config.deployment.access_grants.address);
        let node = |url| ChainNode::new(url, config.deployment.clone(), config.account.clone());
        let service = Service::assemble(Parts {
            nodes: config.urls.into_iter().map(node).collect(),
            vault: Vault::from_url(&config.vault, environment())?,
            log: config.log,
            account: domain_account(&config.account.public_key().to_account_id()),
            target: Target { genesis, access_grants },
            mode: config.mode,
            start_timeout: config.start_timeout,
            patience: Patience { timeout: config.rpc_timeout, max_head_age: config.max_head_age },
            limits: Limits {
                concurrency: config.concurrency,
                request: Duration::from_secs(40),
                body: BODY,
                unanchored: config.mode.max_unanchored(),
                logging: Duration::from_secs(30),
            },
            clock: Box::new(system_clock),
        })
        .await?;
        let cannot = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (ending, told) = watch::channel(false);
        let keeper = tokio::spawn(Arc::clone(&service).keep(config.mode, told));
        Ok(Self { listener, address, service, keeper, ending })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown` is over. Then those that came in are finished, and the log is brought onto the
    /// chain.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let routes = app(Arc::clone(&self.service));
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = async {
                // Never closed.
                let permit = Arc::clone(&connections).acquire_owned().await.ok();
                (self.listener.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                accepted = accepted => accepted,
                () = &mut shutdown => break,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            // A connection that breaks at once breaks below.
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // What breaks is the caller's business.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were not finished in time");
        }
        // Changes whose connection broke are finished as well.
        if tokio::time::timeout(GRACE, self.service.changing.lock()).await.is_err() {
            tracing::warn!("a change of the vault was not finished in time");
        }
        let _ = self.ending.send(true);
        // It does not panic.
        let _ = self.keeper.await;
    }
}

/// Starts a service, tells where it listens, and runs it until `shutdown` is over.
///
/// # Errors
/// [`StartError`].
pub async fn serve(
    config: Config,
    listening: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let server = Server::start(config).await?;
    listening(server.address());
    server.run(shutdown).await;
    Ok(())
}

/// The environment, without what is not text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A hash in hex with `0x`.
pub(crate) fn hex_hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut hash).ok()?;
    Some(Hash(hash))
}
