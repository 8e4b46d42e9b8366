//! `payment_*`: what a transaction would cost, in the form that Substrate's transaction payment RPC has.

use std::sync::Arc;

use codec::Decode;
use jsonrpsee::{proc_macros::rpc, types::ErrorObjectOwned};
use serde::Serialize;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;
use sp_rpc::number::NumberOrHex;
use sp_runtime::OpaqueExtrinsic;
use sp_weights::Weight;

use crate::{
    runtime_api::{Balance, DispatchClass, Hash, TransactionPaymentApi as _},
    service::Client,
};

const RUNTIME_ERROR: i32 = 1;
const DECODE_ERROR: i32 = 2;

/// Weight, class and fee of a transaction.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    weight: Weight,
    class: DispatchClass,
    /// In decimal digits: JSON numbers are too small.
    partial_fee: String,
}

/// What a fee is made of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    inclusion_fee: Option<Inclusion>,
}

/// The parts of the fee for inclusion.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inclusion {
    base_fee: NumberOrHex,
    len_fee: NumberOrHex,
    adjusted_weight_fee: NumberOrHex,
}

/// The costs of a transaction.
#[rpc(server, namespace = "payment")]
pub trait PaymentApi {
    /// Weight, class and fee of an encoded transaction.
    #[method(name = "queryInfo", blocking)]
    fn query_info(&self, transaction: Bytes, at: Option<Hash>) -> Result<Info, ErrorObjectOwned>;

    /// What the fee of an encoded transaction is made of.
    #[method(name = "queryFeeDetails", blocking)]
    fn query_fee_details(&self, transaction: Bytes, at: Option<Hash>) -> Result<Details, ErrorObjectOwned>;
}

/// Implements [`PaymentApiServer`].
pub struct Payment {
    client: Arc<Client>,
}

impl Payment {
    /// For this chain.
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    fn at(&self, at: Option<Hash>) -> Hash {
        at.unwrap_or_else(|| self.client.info().best_hash)
    }
}

/// The transaction and its length.
fn decode(transaction: &Bytes) -> Result<(OpaqueExtrinsic, u32), ErrorObjectOwned> {
    let refused = |reason: String| ErrorObjectOwned::owned(DECODE_ERROR, "not a transaction", Some(reason));
    let length = u32::try_from(transaction.len()).map_err(|error| refused(error.to_string()))?;
    let transaction = OpaqueExtrinsic::decode(&mut &transaction[..]).map_err(|error| refused(error.to_string()))?;
    Ok((transaction, length))
}

fn failed(error: ApiError) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(RUNTIME_ERROR, "the runtime cannot tell the fee", Some(error.to_string()))
}

/// A plain number where it fits 64 bits, hexadecimal where not.
fn amount(balance: Balance) -> NumberOrHex {
    match u64::try_from(balance) {
        Ok(small) => small.into(),
        Err(_) => balance.into(),
    }
}

impl PaymentApiServer for Payment {
    fn query_info(&self, transaction: Bytes, at: Option<Hash>) -> Result<Info, ErrorObjectOwned> {
        let (transaction, length) = decode(&transaction)?;
        let info = self.client.runtime_api().query_info(self.at(at), transaction, length).map_err(failed)?;
        Ok(Info { weight: info.weight, class: info.class, partial_fee: info.partial_fee.to_string() })
    }

    fn query_fee_details(&self, transaction: Bytes, at: Option<Hash>) -> Result<Details, ErrorObjectOwned> {
        let (transaction, length) = decode(&transaction)?;
        let details = self.client.runtime_api().query_fee_details(self.at(at), transaction, length).map_err(failed)?;
        let inclusion_fee = details.inclusion_fee.map(|fee| Inclusion {
            base_fee: amount(fee.base_fee),
            len_fee: amount(fee.len_fee),
            adjusted_weight_fee: amount(fee.adjusted_weight_fee),
        });
        Ok(Details { inclusion_fee })
    }
}
