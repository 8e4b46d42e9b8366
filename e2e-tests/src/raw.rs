//! The chain past the typed client: what a hostile or broken client could send.

use crate::{account, Result};
use salus_client::{signer, AccountId32, Keypair};
use scale::{Compact, Decode, Encode};
use std::time::Duration;
use subxt::backend::{BlockRef, LegacyBackend};
use subxt::client::{ClientAtBlock, OnlineClientAtBlockImpl};
use subxt::config::substrate::SubstrateExtrinsicParamsBuilder;
use subxt::config::{RpcConfigFor, SubstrateConfig};
use subxt::dynamic::Value;
use subxt::error::{DispatchError, TransactionEventsError};
use subxt::ext::scale_value::Composite;
use subxt::rpcs::methods::LegacyRpcMethods;
use subxt::rpcs::RpcClient;
use subxt::transactions::{DynamicPayload, TransactionStatus};
use subxt::utils::H256;
use subxt::OnlineClient;
use tokio::sync::Mutex;

/// More than any message of the suite needs.
const WEIGHT: (u128, u128) = (200_000_000_000, 3_000_000);
/// How long a node may say nothing of a transaction that it took.
const SILENCE: Duration = Duration::from_secs(60);
/// How often a transaction is signed anew because another process took the nonce.
const NONCE_RETRIES: usize = 20;

/// A call of the runtime.
pub type Call = DynamicPayload<Composite<()>>;

/// A connection that sends whatever it is told to.
#[derive(Clone)]
pub struct Raw {
    pub(crate) client: OnlineClient<SubstrateConfig>,
    pub(crate) transport: RpcClient,
    /// The node's methods.
    pub rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
}

/// A transaction that succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Included {
    /// The number of its block.
    pub block: u64,
    /// The contract that it instantiated.
    pub instantiated: Option<[u8; 32]>,
}

/// What a contract gave back in a dry run.
#[derive(Debug, PartialEq, Eq, Decode)]
pub struct Returned {
    flags: u32,
    /// The bytes.
    pub data: Vec<u8>,
}

impl Returned {
    /// Whether the contract asked that nothing of what it did be kept.
    #[must_use]
    pub const fn reverted(&self) -> bool {
        self.flags & 1 != 0
    }
}

impl Raw {
    /// Connects to a node.
    ///
    /// # Errors
    /// The transport's.
    pub async fn connect(url: &str) -> Result<Self> {
        let transport = RpcClient::from_insecure_url(url).await?;
        let rpc = LegacyRpcMethods::new(transport.clone());
        let backend = LegacyBackend::builder().build(transport.clone());
        let client = OnlineClient::from_backend(std::sync::Arc::new(backend)).await?;
        Ok(Self { client, transport, rpc })
    }

    /// Signs a call and waits until it is in a block. The inner error is the dispatch error's name.
    ///
    /// # Errors
    /// Where it does not get into a block, or the node says nothing of it for [`SILENCE`].
    pub async fn submit(&self, call: &Call, signer: &Keypair) -> Result<std::result::Result<Included, String>> {
        /// Alice signs for all tests of a process, one after the other.
        static SUBMITTING: Mutex<()> = Mutex::const_new(());
        let mut tries = 0;
        let mut progress = loop {
            let _held = SUBMITTING.lock().await;
            let at = self.best().await?;
            let nonce = self.rpc.system_account_next_index(&account(signer)).await?;
            let params = SubstrateExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
            let signed = at.transactions().create_signable_offline(call, params)?.sign(signer)?;
            match signed.submit_and_watch().await {
                Ok(progress) => break progress,
                Err(error) if tries < NONCE_RETRIES && is_nonce_taken(&format!("{error:?}")) => tries += 1,
                Err(error) => return Err(error.into()),
            }
        };
        loop {
            let told = tokio::time::timeout(SILENCE, progress.next()).await;
            let told = told.map_err(|_| format!("the node said nothing of the transaction for {SILENCE:?}"))?;
            let status = told.ok_or("the node stopped telling of the transaction")??;
            let block = match status {
                TransactionStatus::InBestBlock(block) | TransactionStatus::InFinalizedBlock(block) => block,
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => return Err(message.into()),
                _ => continue,
            };
            let number = block.at().await?.block_number();
            let events = match block.wait_for_success().await {
                Ok(events) => events,
                Err(TransactionEventsError::ExtrinsicFailed(error)) => return Ok(Err(name_of(&error))),
                Err(error) => return Err(error.into()),
            };
            let mut instantiated = None;
            for event in events.iter() {
                let event = event?;
                if (event.pallet_name(), event.event_name()) == ("Contracts", "Instantiated") {
                    instantiated = event.field_bytes().get(32..64).and_then(|id| id.try_into().ok());
                }
            }
            return Ok(Ok(Included { block: number, instantiated }));
        }
    }

    /// Gives accounts money of `//Alice`'s.
    ///
    /// # Errors
    /// Where that fails.
    pub async fn endow(&self, accounts: &[AccountId32], each: u128) -> Result {
        let transfers = accounts.iter().map(|to| {
            let fields = [("dest", address(to)), ("value", Value::u128(each))];
            call("Balances", "transfer_keep_alive", fields).into_value()
        });
        let batch = call("Utility", "batch_all", [("calls", Value::unnamed_composite(transfers))]);
        self.submit(&batch, &signer::from_suri("//Alice")?).await??;
        Ok(())
    }

    /// Calls a contract with any bytes.
    ///
    /// # Errors
    /// As [`Raw::submit`].
    pub async fn call(
        &self,
        signer: &Keypair,
        contract: &AccountId32,
        value: u128,
        input: &[u8],
    ) -> Result<std::result::Result<Included, String>> {
        self.submit(&contracts_call(contract, value, input), signer).await
    }

    /// Instantiates code with any bytes as the constructor's input.
    ///
    /// # Errors
    /// As [`Raw::submit`].
    pub async fn instantiate(
        &self,
        signer: &Keypair,
        code: &[u8],
        input: &[u8],
        salt: &[u8],
    ) -> Result<std::result::Result<AccountId32, String>> {
        let fields = [
            ("value", Value::u128(0)),
            ("gas_limit", weight_of(WEIGHT)),
            ("storage_deposit_limit", Value::unnamed_variant("None", [])),
            ("code", Value::from_bytes(code)),
            ("data", Value::from_bytes(input)),
            ("salt", Value::from_bytes(salt)),
        ];
        let included = self.submit(&call("Contracts", "instantiate_with_code", fields), signer).await?;
        included
            .map(|included| Ok(AccountId32(included.instantiated.ok_or("no Instantiated event")?)))
            .transpose_inner()
    }

    /// What a constructor would give back.
    ///
    /// # Errors
    /// Where the pallet does not run it.
    pub async fn try_instantiate(&self, signer: &Keypair, code: &[u8], input: &[u8]) -> Result<Returned> {
        let limits = (None::<(u64, u64)>, None::<u128>);
        let no_salt: &[u8] = &[];
        let arguments = (account(signer), 0u128, limits, 0u8, code, input, no_salt).encode();
        self.dry_run("ContractsApi_instantiate", &arguments).await
    }

    /// What a message would give back.
    ///
    /// # Errors
    /// Where the pallet does not run it.
    pub async fn try_call(&self, signer: &Keypair, contract: &AccountId32, input: &[u8]) -> Result<Returned> {
        let limits = (None::<(u64, u64)>, None::<u128>);
        self.dry_run("ContractsApi_call", &(account(signer), contract, 0u128, limits, input).encode()).await
    }

    async fn dry_run(&self, function: &str, arguments: &[u8]) -> Result<Returned> {
        #[derive(Decode)]
        struct Head {
            _consumed: (Compact<u64>, Compact<u64>),
            _required: (Compact<u64>, Compact<u64>),
            _deposit: (u8, u128),
            debug: Vec<u8>,
        }
        let best = self.rpc.chain_get_block_hash(None).await?;
        let answer = self.rpc.state_call(function, Some(arguments), best).await?;
        let rest = &mut answer.as_slice();
        let head = Head::decode(rest)?;
        match u8::decode(rest)? {
            0 => Ok(Returned::decode(rest)?),
            _ => Err(format!("the pallet refused: {rest:?} {}", String::from_utf8_lossy(&head.debug)).into()),
        }
    }

    /// The bytes of the transaction with this hash, out of its block.
    ///
    /// # Errors
    /// Where it is not there.
    pub async fn extrinsic(&self, evidence: &salus_client::Evidence) -> Result<Vec<u8>> {
        let block = H256(Decode::decode(&mut hex::decode(evidence.block_hash.trim_start_matches("0x"))?.as_slice())?);
        let found = self.rpc.chain_get_block(Some(block)).await?.ok_or("no such block")?;
        let is_it = |bytes: &[u8]| evidence.extrinsic == format!("0x{}", hex::encode(salus_client::blake2b_256(bytes)));
        let bytes = found.block.extrinsics.into_iter().map(|extrinsic| extrinsic.0).find(|bytes| is_it(bytes));
        Ok(bytes.ok_or("no such transaction")?)
    }

    pub(crate) async fn best(
        &self,
    ) -> Result<ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>> {
        let best = self.rpc.chain_get_block_hash(None).await?.ok_or("no best block")?;
        Ok(self.client.at_block(BlockRef::from_hash(best)).await?)
    }
}

/// A `Result` within a `Result`, the other way round.
trait Transpose<T> {
    fn transpose_inner(self) -> Result<std::result::Result<T, String>>;
}

impl<T> Transpose<T> for std::result::Result<Result<T>, String> {
    fn transpose_inner(self) -> Result<std::result::Result<T, String>> {
        match self {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(error)) => Err(error),
            Err(name) => Ok(Err(name)),
        }
    }
}

/// A call of the runtime, by the names of its fields.
pub fn call<const N: usize>(pallet: &str, name: &str, fields: [(&str, Value); N]) -> Call {
    subxt::dynamic::transaction(pallet, name, Composite::named(fields))
}

/// `Contracts.call` with any bytes.
#[must_use]
pub fn contracts_call(contract: &AccountId32, value: u128, input: &[u8]) -> Call {
    contracts_call_within(WEIGHT, contract, value, input)
}

/// `Contracts.call` with any bytes, and so much refTime and proof size at the most: a block has room for what is declared.
#[must_use]
pub fn contracts_call_within(most: (u128, u128), contract: &AccountId32, value: u128, input: &[u8]) -> Call {
    let fields = [
        ("dest", address(contract)),
        ("value", Value::u128(value)),
        ("gas_limit", weight_of(most)),
        ("storage_deposit_limit", Value::unnamed_variant("None", [])),
        ("data", Value::from_bytes(input)),
    ];
    call("Contracts", "call", fields)
}

/// The sudo key's order that these calls be carried out in one block, one after the other, each as another's.
#[must_use]
pub fn in_one_block<const N: usize>(calls: [(&Keypair, Call); N]) -> Call {
    let calls = calls.map(|(who, as_who)| {
        let signed = Value::unnamed_variant("Signed", [Value::from_bytes(account(who).0)]);
        let origin = Value::unnamed_variant("system", [signed]);
        call("Utility", "dispatch_as", [("as_origin", origin), ("call", as_who.into_value())]).into_value()
    });
    let batch = call("Utility", "batch_all", [("calls", Value::unnamed_composite(calls))]);
    call("Sudo", "sudo", [("call", batch.into_value())])
}

fn address(account: &AccountId32) -> Value {
    Value::unnamed_variant("Id", [Value::from_bytes(account.0)])
}

fn weight_of((ref_time, proof_size): (u128, u128)) -> Value {
    Value::named_composite([("ref_time", Value::u128(ref_time)), ("proof_size", Value::u128(proof_size))])
}

/// `error` as `Debug` has it: why a transaction is invalid stands only in the data of the node's answer.
fn is_nonce_taken(error: &str) -> bool {
    ["outdated", "Priority is too low", "Already Imported"].iter().any(|cause| error.contains(cause))
}

fn name_of(error: &DispatchError) -> String {
    match error {
        DispatchError::Module(module) => module.details_string(),
        other => other.to_string(),
    }
}
