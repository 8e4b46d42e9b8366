//! What a call would do and cost, asked of the node without a transaction.

use crate::chain::AtBlock;
use crate::error::ClientError;
use scale::{Compact, Decode, Encode};
use subxt::utils::AccountId32;

/// What a call needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Computation, in picoseconds of reference hardware.
    pub ref_time: u64,
    /// Storage proof, in bytes.
    pub proof_size: u64,
    /// Storage deposit in the token's smallest unit: positive is charged, negative is given back.
    pub deposit: i128,
}

/// Added to the weight that a dry run needed, in percent: the state may differ a little when it is the transaction's
/// turn.
const WEIGHT_MARGIN: u64 = 10;

impl Cost {
    /// The weight that a transaction is to be given: computation and storage proof.
    pub(crate) fn with_margin(self) -> (u64, u64) {
        let with_margin = |needed: u64| needed.saturating_add(needed / 100 * WEIGHT_MARGIN);
        (with_margin(self.ref_time), with_margin(self.proof_size))
    }
}

/// The start of pallet-contracts' `ContractResult`; what follows depends on the call.
#[derive(Decode)]
struct Head {
    _consumed: (Compact<u64>, Compact<u64>),
    required: (Compact<u64>, Compact<u64>),
    deposit: StorageDeposit,
    debug: Vec<u8>,
}

#[derive(Decode)]
enum StorageDeposit {
    Refund(u128),
    Charge(u128),
}

/// pallet-contracts' `ExecReturnValue`.
#[derive(Decode)]
pub(crate) struct Returned {
    flags: u32,
    /// What the contract gave back.
    pub data: Vec<u8>,
}

impl Returned {
    /// Whether the contract asked that nothing of what it did be kept.
    pub(crate) fn reverted(&self) -> bool {
        self.flags & 1 != 0
    }
}

/// What the call would have ended with.
pub(crate) enum Ended<T> {
    Returned(T),
    /// The pallet's reason, by name, for example `ContractTrapped`.
    Failed(String),
}

pub(crate) struct DryRun<T> {
    pub cost: Cost,
    pub ended: Ended<T>,
}

/// Calls a contract.
pub(crate) async fn call(
    at: &AtBlock,
    origin: &AccountId32,
    contract: &AccountId32,
    value: u128,
    input: &[u8],
) -> Result<DryRun<Returned>, ClientError> {
    let limits = (None::<(Compact<u64>, Compact<u64>)>, None::<u128>);
    run(at, "ContractsApi_call", &(origin, contract, value, limits, input)).await
}

/// Instantiates code that is on the chain, or given here.
pub(crate) async fn instantiate(
    at: &AtBlock,
    origin: &AccountId32,
    code: &Code<'_>,
    input: &[u8],
    salt: &[u8],
) -> Result<DryRun<(Returned, AccountId32)>, ClientError> {
    let limits = (None::<(Compact<u64>, Compact<u64>)>, None::<u128>);
    run(at, "ContractsApi_instantiate", &(origin, 0u128, limits, code, input, salt)).await
}

/// pallet-contracts' `Code`.
#[derive(Encode)]
pub(crate) enum Code<'a> {
    Upload(&'a [u8]),
}

async fn run<T: Decode>(at: &AtBlock, function: &str, arguments: &impl Encode) -> Result<DryRun<T>, ClientError> {
    let answer = at.runtime_apis().call_raw(function, Some(&arguments.encode())).await?;
    let unreadable =
        |error: scale::Error| ClientError::Node(format!("the result of a dry run cannot be read: {error}"));
    let rest = &mut answer.as_slice();
    let head = Head::decode(rest).map_err(unreadable)?;
    let cost = Cost {
        ref_time: head.required.0 .0,
        proof_size: head.required.1 .0,
        deposit: match head.deposit {
            StorageDeposit::Charge(amount) => i128::try_from(amount).unwrap_or(i128::MAX),
            StorageDeposit::Refund(amount) => i128::try_from(amount).map_or(i128::MIN, |amount| -amount),
        },
    };
    let ended = match u8::decode(rest).map_err(unreadable)? {
        0 => Ended::Returned(T::decode(rest).map_err(unreadable)?),
        _ => {
            let mut reason = match subxt::error::DispatchError::decode_from(*rest, at.metadata()) {
                Ok(error) => name_of(&error),
                Err(error) => error.to_string(),
            };
            let debug = String::from_utf8_lossy(&head.debug);
            if !debug.is_empty() {
                reason = format!("{reason} ({})", debug.trim());
            }
            Ended::Failed(reason)
        }
    };
    Ok(DryRun { cost, ended })
}

/// Whether a dry run failed because the origin cannot pay. The calls here state no limit for the deposit: the limit is then
/// what the origin has, and an exhausted one says the same as the others.
pub(crate) fn is_about_funds(reason: &str) -> bool {
    [
        "StorageDepositNotEnoughFunds",
        "StorageDepositLimitExhausted",
        "TransferFailed",
        "Funds are unavailable",
        "FundsUnavailable",
        "NoProviders",
    ]
    .iter()
    .any(|cause| reason.contains(cause))
}

/// A module's error by its name, any other in words.
pub(crate) fn name_of(error: &subxt::error::DispatchError) -> String {
    match error {
        subxt::error::DispatchError::Module(module) => module.details_string(),
        other => other.to_string(),
    }
}
