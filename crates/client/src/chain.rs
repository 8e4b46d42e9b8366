//! The connection to a chain: what it is, its clock, its accounts.

use crate::dry_run::Cost;
use crate::error::ClientError;
use salus_domain::time::Timestamp;
use scale::Decode;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use subxt::backend::LegacyBackend;
use subxt::client::{ClientAtBlock, OnlineClientAtBlockImpl};
use subxt::config::{RpcConfigFor, SubstrateConfig};
use subxt::dynamic;
use subxt::rpcs::client::reconnecting_rpc_client::{ExponentialBackoff, RpcClient as ReconnectingRpcClient};
use subxt::rpcs::methods::LegacyRpcMethods;
use subxt::rpcs::{rpc_params, RpcClient};
use subxt::utils::{AccountId32, H256};
use subxt::OnlineClient;
use tokio::sync::Mutex;

/// A client at one block.
pub(crate) type AtBlock = ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

/// How long a node may take to answer the first request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a broken connection is made anew, with growing pauses: about 15 seconds in all.
const RECONNECTS: usize = 7;

/// A chain that runs `pallet-contracts`, over the JSON-RPC of one of its nodes. Cheap to clone; a broken connection is
/// made anew.
#[derive(Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    client: OnlineClient<SubstrateConfig>,
    rpc: RpcClient,
    legacy: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
    url: String,
    name: String,
    token: Token,
    /// One lock for each account that submits: a nonce is taken and used before the next one is taken.
    submitting: Mutex<HashMap<[u8; 32], Arc<Mutex<()>>>>,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its time.
    pub time: Timestamp,
}

/// The chain's native token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its symbol.
    pub symbol: String,
    /// How many decimals its unit has.
    pub decimals: u8,
}

impl Token {
    /// `amount`, in the token's smallest unit, written in whole tokens with its symbol.
    #[must_use]
    pub fn show(&self, amount: u128) -> String {
        let Some(unit) = 10u128.checked_pow(u32::from(self.decimals)).filter(|unit| *unit > 1) else {
            return format!("{amount} {}", self.symbol);
        };
        let fraction = format!("{:0width$}", amount % unit, width = usize::from(self.decimals));
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{}{point}{fraction} {}", amount / unit, self.symbol)
    }
}

impl Chain {
    /// Connects to a node, by `ws://` or `wss://`.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::Unreachable`], [`ClientError::NotAContractsChain`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        if !(url.starts_with("ws://") || url.starts_with("wss://")) {
            return Err(ClientError::BadUrl(url.to_owned()));
        }
        let unreachable = |reason: &dyn std::fmt::Display| ClientError::Unreachable {
            url: url.to_owned(),
            reason: reason.to_string(),
        };
        // The reconnecting client goes on trying; a first look says at once that nobody listens.
        ensure_listening(url).await.map_err(|error| unreachable(&error))?;
        let reconnecting = ReconnectingRpcClient::builder()
            // The base is raised to a power, and not multiplied by one: 100 ms, 200 ms, 400 ms, …
            .retry_policy(
                ExponentialBackoff::from_millis(2).factor(50).max_delay(Duration::from_secs(8)).take(RECONNECTS),
            )
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(REQUEST_TIMEOUT)
            .build(url);
        let reconnecting = tokio::time::timeout(CONNECT_TIMEOUT, reconnecting)
            .await
            .map_err(|_| unreachable(&"time-out"))?
            .map_err(|error| unreachable(&error))?;
        let rpc = RpcClient::new(reconnecting);
        let legacy = LegacyRpcMethods::<RpcConfigFor<SubstrateConfig>>::new(rpc.clone());
        let first = tokio::time::timeout(CONNECT_TIMEOUT, legacy.system_chain());
        let name = first.await.map_err(|_| unreachable(&"time-out"))?.map_err(|error| unreachable(&error))?;
        let properties = legacy.system_properties().await?;
        let symbol = properties.get("tokenSymbol").and_then(|symbol| symbol.as_str()).unwrap_or("UNIT").to_owned();
        let decimals = properties.get("tokenDecimals").and_then(serde_json::Value::as_u64);
        let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or(12);
        let backend = LegacyBackend::builder().build(rpc.clone());
        let client = OnlineClient::<SubstrateConfig>::from_backend(Arc::new(backend))
            .await
            .map_err(|error| unreachable(&error))?;
        let token = Token { symbol, decimals };
        let submitting = Mutex::default();
        let inner = Inner { client, rpc, legacy, url: url.to_owned(), name, token, submitting };
        let chain = Self { inner: Arc::new(inner) };
        if chain.best().await?.metadata_ref().pallet_by_name("Contracts").is_none() {
            let name = chain.inner.name.clone();
            return Err(ClientError::NotAContractsChain { url: url.to_owned(), name });
        }
        Ok(chain)
    }

    /// The address of the node.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// What the chain calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The hash of its genesis block: what tells it from all others.
    #[must_use]
    pub fn genesis_hash(&self) -> [u8; 32] {
        self.inner.client.genesis_hash().0
    }

    /// Its native token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.inner.token
    }

    /// The number of the newest block.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn block_number(&self) -> Result<u64, ClientError> {
        Ok(self.best().await?.block_number())
    }

    /// The number of the newest block that is final.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn finalised_block_number(&self) -> Result<u64, ClientError> {
        Ok(self.inner.client.at_current_block().await?.block_number())
    }

    /// The newest block that is final.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn finalised(&self) -> Result<Head, ClientError> {
        self.head(&self.inner.client.at_current_block().await?).await
    }

    /// The block with this number; where it is final, nothing else ever has this number.
    ///
    /// # Errors
    /// [`ClientError::Node`], also where there is none.
    pub async fn block(&self, number: u64) -> Result<Head, ClientError> {
        self.head(&self.at_number(number).await?).await
    }

    async fn head(&self, at: &AtBlock) -> Result<Head, ClientError> {
        Ok(Head { number: at.block_number(), hash: at.block_hash().0, time: self.time_at(at).await? })
    }

    /// Whether the node knows that it is still catching up with the others (`system_health`).
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn is_syncing(&self) -> Result<bool, ClientError> {
        Ok(self.inner.legacy.system_health().await?.is_syncing)
    }

    /// The time of the newest block.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn now(&self) -> Result<Timestamp, ClientError> {
        self.time_at(&self.best().await?).await
    }

    pub(crate) async fn time_at(&self, at: &AtBlock) -> Result<Timestamp, ClientError> {
        let address = dynamic::storage::<(), u64>("Timestamp", "Now");
        let now = at.storage().fetch(address, ()).await?;
        u64::decode(&mut now.bytes()).map(Timestamp).map_err(|error| ClientError::Node(error.to_string()))
    }

    /// What an account can spend, in the token's smallest unit; 0 where it does not exist.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn balance(&self, account: &AccountId32) -> Result<u128, ClientError> {
        // frame-system's AccountInfo: nonce, consumers, providers, sufficients, then the balances with `free` first.
        type Start = (u32, u32, u32, u32, u128);
        let address = dynamic::storage::<(AccountId32,), dynamic::Value>("System", "Account");
        let at = self.best().await?;
        let Some(info) = at.storage().try_fetch(address, (*account,)).await? else {
            return Ok(0);
        };
        let (.., free) = Start::decode(&mut info.bytes()).map_err(|error| ClientError::Node(error.to_string()))?;
        Ok(free)
    }

    /// The hash of the code of the contract at `address`, or `None` where there is none.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn code_hash(&self, address: &AccountId32) -> Result<Option<[u8; 32]>, ClientError> {
        let storage = dynamic::storage::<(AccountId32,), CodeHash>("Contracts", "ContractInfoOf");
        let at = self.best().await?;
        let Some(info) = at.storage().try_fetch(storage, (*address,)).await? else {
            return Ok(None);
        };
        let info = info.decode().map_err(|error| ClientError::Node(error.to_string()))?;
        Ok(Some(info.code_hash.0))
    }

    /// Whether a transaction that needs `cost` fits into a block.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub(crate) async fn takes(&self, cost: Cost) -> Result<bool, ClientError> {
        let limits = subxt::constants::dynamic::<BlockWeights>("System", "BlockWeights");
        let limits = self.best().await?.constants().entry(limits);
        let BlockWeights { max_block, per_class } = limits.map_err(|error| ClientError::Node(error.to_string()))?;
        let Weight { ref_time, proof_size } = per_class.normal.max_extrinsic.unwrap_or(max_block);
        let (needed_time, needed_proof) = cost.with_margin();
        Ok(needed_time <= ref_time && needed_proof <= proof_size)
    }

    /// Moves the clock of a development node forward, and returns the time of the block that it sealed.
    ///
    /// # Errors
    /// [`ClientError::NoDevClock`] where the node has no such thing.
    pub async fn advance_clock(&self, milliseconds: u64) -> Result<Timestamp, ClientError> {
        #[derive(serde::Deserialize)]
        struct Clock {
            now: u64,
        }
        let clock: Clock = self
            .inner
            .rpc
            .request("dev_advanceClock", rpc_params![milliseconds])
            .await
            .map_err(|_| ClientError::NoDevClock)?;
        Ok(Timestamp(clock.now))
    }

    /// The client at the newest block. Not `at_current_block`, which is the last final one.
    pub(crate) async fn best(&self) -> Result<AtBlock, ClientError> {
        let best = self.inner.legacy.chain_get_block_hash(None).await?;
        let best = best.ok_or_else(|| ClientError::Node("it has no best block".to_owned()))?;
        self.at_hash(best.0).await
    }

    pub(crate) async fn at_hash(&self, hash: [u8; 32]) -> Result<AtBlock, ClientError> {
        Ok(self.inner.client.at_block(subxt::backend::BlockRef::from_hash(H256(hash))).await?)
    }

    /// The client at a block.
    pub(crate) async fn at_number(&self, number: u64) -> Result<AtBlock, ClientError> {
        Ok(self.inner.client.at_block(number).await?)
    }

    pub(crate) async fn next_nonce(&self, account: &AccountId32) -> Result<u64, ClientError> {
        Ok(self.inner.legacy.system_account_next_index(account).await?)
    }

    pub(crate) async fn submitting(&self, account: &AccountId32) -> Arc<Mutex<()>> {
        self.inner.submitting.lock().await.entry(account.0).or_default().clone()
    }
}

async fn ensure_listening(url: &str) -> std::io::Result<()> {
    let (secure, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme == "wss", rest),
        None => (false, url),
    };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    // Behind `user@`, and behind the brackets of an IPv6 address, a colon begins the port.
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    let port = if secure { 443 } else { 80 };
    let address = if has_port { host.to_owned() } else { format!("{host}:{port}") };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, tokio::net::TcpStream::connect(address)).await;
    connected.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?.map(drop)
}

#[derive(subxt::ext::scale_decode::DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct CodeHash {
    code_hash: H256,
}

/// frame-system's `BlockWeights`.
#[derive(subxt::ext::scale_decode::DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct BlockWeights {
    max_block: Weight,
    per_class: PerClass,
}

#[derive(subxt::ext::scale_decode::DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct PerClass {
    normal: ClassLimits,
}

#[derive(subxt::ext::scale_decode::DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct ClassLimits {
    max_extrinsic: Option<Weight>,
}

#[derive(subxt::ext::scale_decode::DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Weight {
    ref_time: u64,
    proof_size: u64,
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn amounts_are_shown_in_whole_tokens() {
        let token = Token { symbol: "UNIT".into(), decimals: 12 };
        assert_eq!(token.show(1_500_000_000_000), "1.5 UNIT");
        assert_eq!(token.show(7), "0.000000000007 UNIT");
        assert_eq!(token.show(2_000_000_000_000), "2 UNIT");
        assert_eq!(Token { symbol: "X".into(), decimals: 0 }.show(5), "5 X");
        assert_eq!(Token { symbol: "X".into(), decimals: 255 }.show(5), "5 X");
    }
}
