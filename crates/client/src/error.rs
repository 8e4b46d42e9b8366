//! What can go wrong between here and the chain.

use crate::rules::Rule;

/// Why the client, the node or the chain could not do something. What a contract refused is [`CallError::Refused`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answers at the address, or not in time.
    #[error("no node answers at {url}: {reason}\n  next: start one (`scripts/setup` puts it at ~/.cache/salus/node/current/salus-node), or check --url")]
    Unreachable {
        /// The address.
        url: String,
        /// What the transport says.
        reason: String,
    },
    /// The address cannot be one of a node.
    #[error("{0} is not the address of a node\n  next: give one such as ws://127.0.0.1:9944")]
    BadUrl(String),
    /// The node's chain has no `pallet-contracts`.
    #[error("the chain at {url} ({name}) has no contracts pallet\n  next: use a chain that runs pallet-contracts")]
    NotAContractsChain {
        /// The address.
        url: String,
        /// The chain's name.
        name: String,
    },
    /// The connection broke, or the node refused a request.
    #[error("the node did not answer as it should: {0}\n  next: see whether it still runs; then do the same again")]
    Node(String),
    /// The node did not take the transaction, or dropped it.
    #[error("the transaction was not accepted: {0}\n  next: do the same again")]
    NotIncluded(String),
    /// The transaction was handed over, and whether it did what it should was not learnt.
    #[error("it is not known whether extrinsic {extrinsic} is on the chain: {reason}\n  next: look for it before doing the same again")]
    Unconfirmed {
        /// Its hash, in hex with `0x`.
        extrinsic: String,
        /// What broke off.
        reason: String,
    },
    /// The account cannot pay.
    #[error("{account} cannot pay for that: it has {free} and {needed} are needed\n  next: send it funds")]
    NoFunds {
        /// The account, in SS58.
        account: String,
        /// What it has, with the token's symbol.
        free: String,
        /// What is needed.
        needed: String,
    },
    /// The chain refused to carry out the call.
    #[error("the chain refused: {0}")]
    Dispatch(String),
    /// The contract trapped: it cannot be the one that this client was made for.
    #[error("the contract at {contract} broke off while answering {message}: {reason}\n  next: check the address, or run `salus verify`")]
    Trapped {
        /// Its address.
        contract: String,
        /// The message.
        message: String,
        /// What the chain says of it.
        reason: String,
    },
    /// There is no contract at the address.
    #[error("there is no contract at {0} on this chain\n  next: deploy first (`salus deploy`), or name the right deployment file")]
    NoContract(String),
    /// The contract answered with something else than this client expects.
    #[error("the answer of {contract} to {message} cannot be read: it is not the contract that this client was made for\n  next: run `salus verify`")]
    Undecodable {
        /// Its address.
        contract: String,
        /// The message.
        message: String,
    },
    /// The node does not have a development clock.
    #[error("this node's clock cannot be moved\n  next: use the development node of this project")]
    NoDevClock,
    /// A transaction succeeded without the event that it should have left.
    #[error("the transaction left no {0} event: it is not the contract that this client was made for\n  next: run `salus verify`")]
    NoEvent(&'static str),
}

/// Why a call was not carried out. Nothing was written, unless it is [`ClientError::Unconfirmed`].
#[derive(Debug, thiserror::Error)]
pub enum CallError<E: Rule> {
    /// The contract refused, by one of its rules.
    #[error("refused: {}\n  next: {}", .0.rule(), .0.next_step())]
    Refused(E),
    /// It did not come to that.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl From<subxt::rpcs::Error> for ClientError {
    fn from(error: subxt::rpcs::Error) -> Self {
        Self::Node(error.to_string())
    }
}

macro_rules! node_errors {
    ($($Error:ty),+ $(,)?) => {$(
        impl From<$Error> for ClientError {
            fn from(error: $Error) -> Self {
                Self::Node(error.to_string())
            }
        }
    )+};
}
node_errors!(
    subxt::error::OnlineClientAtBlockError,
    subxt::error::RuntimeApiError,
    subxt::error::EventsError,
    subxt::error::StorageError,
    subxt::error::BlockError,
    subxt::error::ExtrinsicError,
);
