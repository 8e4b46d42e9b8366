//! What the client knows of the runtime: the shape of a block and the signatures of the runtime's functions.
//!
//! No pallet is linked. A call is encoded by the generated client side and executed by the Wasm in the chain's
//! state; the bodies below only satisfy the generator and are never reached.

use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_core::OpaqueMetadata;
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, Block as BlockT},
    transaction_validity::{TransactionSource, TransactionValidity},
    AccountId32, ApplyExtrinsicResult, ExtrinsicInclusionMode, OpaqueExtrinsic,
};
use sp_version::RuntimeVersion;
use sp_weights::Weight;

/// An account of the chain.
pub type AccountId = AccountId32;
/// An amount in the smallest unit: 10^-12 UNIT.
pub type Balance = u128;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// The hash of a block.
pub type Hash = sp_core::H256;
/// The header of a block.
pub type Header = generic::Header<u32, BlakeTwo256>;
/// A block whose transactions the client carries without looking into them.
pub type Block = generic::Block<Header, OpaqueExtrinsic>;

/// Weight, class and fee of a transaction, as the runtime encodes them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DispatchInfo {
    /// What executing it may take.
    pub weight: Weight,
    /// Which share of a block it draws on.
    pub class: DispatchClass,
    /// The fee, without a tip.
    pub partial_fee: Balance,
}

/// The share of a block that a transaction draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DispatchClass {
    /// An ordinary transaction.
    Normal,
    /// One that keeps the chain running.
    Operational,
    /// One that every block must have.
    Mandatory,
}

/// What a transaction's fee is made of, as the runtime encodes it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct FeeDetails {
    /// The fee for inclusion, if the transaction pays one.
    pub inclusion_fee: Option<InclusionFee>,
    /// The tip.
    pub tip: Balance,
}

/// The parts of the fee for inclusion, as the runtime encodes them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct InclusionFee {
    /// For any transaction.
    pub base_fee: Balance,
    /// For its length.
    pub len_fee: Balance,
    /// For its weight, at the present multiplier.
    pub adjusted_weight_fee: Balance,
}

sp_api::decl_runtime_apis! {
    /// The runtime's knowledge of fees.
    #[api_version(4)]
    pub trait TransactionPaymentApi {
        /// Weight, class and fee of a transaction of the given length.
        fn query_info(transaction: Block::Extrinsic, length: u32) -> DispatchInfo;
        /// What the fee of a transaction of the given length is made of.
        fn query_fee_details(transaction: Block::Extrinsic, length: u32) -> FeeDetails;
    }
}

/// Stands for the runtime where the generator wants a type.
pub struct Runtime;

macro_rules! declared {
    () => {
        unreachable!("declared only: the runtime's Wasm executes")
    };
}

sp_api::impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            declared!()
        }

        fn execute_block(_: Block) {
            declared!()
        }

        fn initialize_block(_: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            declared!()
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            declared!()
        }

        fn metadata_at_version(_: u32) -> Option<OpaqueMetadata> {
            declared!()
        }

        fn metadata_versions() -> Vec<u32> {
            declared!()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(_: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            declared!()
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            declared!()
        }

        fn inherent_extrinsics(_: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            declared!()
        }

        fn check_inherents(_: Block, _: sp_inherents::InherentData) -> sp_inherents::CheckInherentsResult {
            declared!()
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            _: TransactionSource,
            _: <Block as BlockT>::Extrinsic,
            _: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            declared!()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(_: Option<Vec<u8>>) -> Vec<u8> {
            declared!()
        }

        fn decode_session_keys(_: Vec<u8>) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
            declared!()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(_: AccountId) -> Nonce {
            declared!()
        }
    }

    impl crate::runtime_api::TransactionPaymentApi<Block> for Runtime {
        fn query_info(_: <Block as BlockT>::Extrinsic, _: u32) -> DispatchInfo {
            declared!()
        }

        fn query_fee_details(_: <Block as BlockT>::Extrinsic, _: u32) -> FeeDetails {
            declared!()
        }
    }
}
