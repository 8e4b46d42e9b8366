//! `engine_*`: blocks on command, by the methods of Substrate's manual seal.

use std::sync::Arc;

use jsonrpsee::{core::async_trait, proc_macros::rpc, types::ErrorObjectOwned};
use sc_consensus::ImportedAux;
use serde::Serialize;
use sp_core::Bytes;
use tokio::sync::Mutex;

use crate::{
    runtime_api::Hash,
    sealing::{self, Sealer},
    service::Client,
};

/// A block that was sealed on command.
#[derive(Debug, Clone, Serialize)]
pub struct CreatedBlock {
    hash: Hash,
    aux: ImportedAux,
    /// Always zero: blocks are built without a proof.
    proof_size: usize,
}

/// Blocks on command.
#[rpc(server, namespace = "engine")]
pub trait EngineApi {
    /// Seals a block on the given parent, or on the best block.
    #[method(name = "createBlock")]
    async fn create_block(
        &self,
        create_empty: bool,
        finalize: bool,
        parent_hash: Option<Hash>,
    ) -> Result<CreatedBlock, ErrorObjectOwned>;

    /// Finalises a block and its ancestors. A justification is accepted and not kept.
    #[method(name = "finalizeBlock")]
    async fn finalize_block(&self, hash: Hash, justification: Option<Bytes>) -> Result<bool, ErrorObjectOwned>;
}

/// Implements [`EngineApiServer`].
pub struct Engine {
    client: Arc<Client>,
    sealer: Arc<Mutex<Sealer>>,
}

impl Engine {
    /// For this chain.
    pub fn new(client: Arc<Client>, sealer: Arc<Mutex<Sealer>>) -> Self {
        Self { client, sealer }
    }
}

#[async_trait]
impl EngineApiServer for Engine {
    async fn create_block(
        &self,
        create_empty: bool,
        finalize: bool,
        parent_hash: Option<Hash>,
    ) -> Result<CreatedBlock, ErrorObjectOwned> {
        let sealed = self.sealer.lock().await.seal(parent_hash, create_empty, finalize).await?;
        Ok(CreatedBlock { hash: sealed.hash, aux: sealed.import, proof_size: 0 })
    }

    async fn finalize_block(&self, hash: Hash, _justification: Option<Bytes>) -> Result<bool, ErrorObjectOwned> {
        sealing::finalise(&self.client, hash)?;
        Ok(true)
    }
}
