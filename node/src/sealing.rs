//! Blocks: sealed for every transaction or on command, one at a time, and finalised some time later.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use sc_basic_authorship::ProposerFactory;
use sc_client_api::Finalizer;
use sc_consensus::{
    BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult, ImportedAux, StateAction, StorageChanges,
};
use sc_transaction_pool_api::TransactionPool;
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, DisableProofRecording, Environment, Proposer};
use sp_inherents::InherentDataProvider as _;
use sp_runtime::traits::{Block as _, Header as _};
use sp_timestamp::Timestamp;
use tokio::{
    sync::{mpsc, Mutex},
    time::Instant,
};

use crate::{
    clock::{Clock, TooFar},
    runtime_api::{Block, Hash},
    service::{Backend, Client, Pool},
};

/// How long putting a block together may take.
const PROPOSAL_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait for the pool to take note of a block, before a look at what is left in it.
const POOL_LIMIT: Duration = Duration::from_secs(1);

/// The only inherent extrinsic: the time.
const INHERENTS: usize = 1;

/// Why a block was not sealed or finalised.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No transaction is ready, and no empty block was asked for.
    #[error("no transaction is ready, and no empty block was asked for")]
    NothingToSeal,
    /// The chain has no such block.
    #[error("the chain has no block {0}")]
    UnknownBlock(Hash),
    /// The time could not be put into the block.
    #[error("the time could not be put into the block: {0}")]
    Inherents(#[from] sp_inherents::Error),
    /// The chain's database failed.
    #[error("the chain's database: {0}")]
    Blockchain(#[from] sp_blockchain::Error),
    /// The client did not take the block.
    #[error("the block was not imported: {0}")]
    Import(#[from] sp_consensus::Error),
    /// The client knows better than to take the block.
    #[error("the block was not imported: {0:?}")]
    NotImported(ImportResult),
    /// The clock cannot be moved that far.
    #[error(transparent)]
    Clock(#[from] TooFar),
}

/// A block that was sealed.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its hash.
    pub hash: Hash,
    /// Its number.
    pub number: u32,
    /// The time that it carries.
    pub now: Timestamp,
    /// What the import says of it.
    pub import: ImportedAux,
}

/// When a block is finalised.
#[derive(Debug)]
pub enum Finality {
    /// With the seal.
    Immediate,
    /// Some time after the seal: the block is handed to [`finalise_when_due`].
    Delayed(Duration, mpsc::UnboundedSender<(Instant, Hash)>),
}

/// Seals blocks. Shared behind a lock, so that there is one at a time.
pub struct Sealer {
    client: Arc<Client>,
    pool: Arc<Pool>,
    proposers: ProposerFactory<Pool, Client, DisableProofRecording>,
    clock: Clock,
    finality: Finality,
}

impl Sealer {
    /// A sealer for the client's chain.
    pub fn new(
        client: Arc<Client>,
        pool: Arc<Pool>,
        proposers: ProposerFactory<Pool, Client, DisableProofRecording>,
        clock: Clock,
        finality: Finality,
    ) -> Self {
        Self { client, pool, proposers, clock, finality }
    }

    /// The chain's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Seals what is ready, in as many blocks as it takes.
    ///
    /// # Errors
    /// Those of [`Self::seal`], except that nothing to seal is no error.
    pub async fn seal_ready(&mut self) -> Result<(), SealError> {
        while self.pool.status().ready > 0 {
            let sealed = match self.seal(None, false, false).await {
                Err(SealError::NothingToSeal) => break,
                sealed => sealed?,
            };
            // What did not fit, and what only now has the right nonce, gets a block of its own.
            let noted = self.pool.ready_at(sealed.number);
            if tokio::time::timeout(POOL_LIMIT, noted).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Seals a block on `parent`, or on the best block.
    ///
    /// # Errors
    /// If there is nothing to seal and not `empty`, or the block cannot be built or imported.
    pub async fn seal(&mut self, parent: Option<Hash>, empty: bool, finalise: bool) -> Result<Sealed, SealError> {
        let parent = parent.unwrap_or_else(|| self.client.info().best_hash);
        let parent = self.client.header(parent)?.ok_or(SealError::UnknownBlock(parent))?;

        let now = self.clock.tick(Timestamp::current());
        let inherents = sp_timestamp::InherentDataProvider::new(now).create_inherent_data().await?;
        let proposer = self.proposers.init(&parent).await?;
        let proposal = proposer.propose(inherents, Default::default(), PROPOSAL_LIMIT, None).await?;

        let (header, body) = proposal.block.deconstruct();
        let transactions = body.len().saturating_sub(INHERENTS);
        if transactions == 0 && !empty {
            return Err(SealError::NothingToSeal);
        }
        let (hash, number) = (header.hash(), *header.number());

        let mut import = BlockImportParams::new(BlockOrigin::Own, header);
        import.body = Some(body);
        import.finalized = finalise || matches!(self.finality, Finality::Immediate);
        import.fork_choice = Some(ForkChoiceStrategy::LongestChain);
        import.state_action = StateAction::ApplyChanges(StorageChanges::Changes(proposal.storage_changes));
        let finalised = import.finalized;
        let import = match self.client.import_block(import).await? {
            ImportResult::Imported(import) => import,
            other => return Err(SealError::NotImported(other)),
        };
        if let (Finality::Delayed(delay, due), false) = (&self.finality, finalised) {
            // The receiver is gone only when the node is ending.
            let _ = due.send((Instant::now() + *delay, hash));
        }
        log::info!("Sealed block {number} with {transactions} transactions: {hash:?}");
        Ok(Sealed { hash, number, now, import })
    }

    /// Moves the chain's clock forward and seals a block that carries the new time.
    ///
    /// # Errors
    /// If the clock would be too far ahead, or the block cannot be sealed; the clock is then as before.
    pub async fn advance_clock(&mut self, by: Duration) -> Result<Sealed, SealError> {
        let before = self.clock.clone();
        self.clock.advance(by, Timestamp::current())?;
        let sealed = self.seal(None, true, false).await;
        if sealed.is_err() {
            self.clock = before;
        }
        sealed
    }
}

/// Seals a block whenever transactions come in, until the pool is gone.
pub async fn seal_on_transactions(pool: Arc<Pool>, sealer: Arc<Mutex<Sealer>>) {
    let mut incoming = pool.import_notification_stream();
    while incoming.next().await.is_some() {
        if let Err(error) = sealer.lock().await.seal_ready().await {
            log::error!("no block sealed: {error}");
        }
    }
}

/// Finalises blocks when they are due, in the order of their sealing.
pub async fn finalise_when_due(client: Arc<Client>, mut sealed: mpsc::UnboundedReceiver<(Instant, Hash)>) {
    while let Some((due, hash)) = sealed.recv().await {
        tokio::time::sleep_until(due).await;
        match client.number(hash) {
            Ok(Some(number)) if number > client.info().finalized_number => {
                if let Err(error) = finalise(&client, hash) {
                    log::warn!("block {hash} not finalised: {error}");
                }
            }
            // A later block was finalised on command, and this one with it.
            _ => log::debug!("block {hash} needs no finalisation"),
        }
    }
}

/// Finalises a block and its ancestors.
///
/// # Errors
/// If the chain has no such block, or has finalised one beside it.
pub fn finalise(client: &Client, hash: Hash) -> Result<(), SealError> {
    if client.header(hash)?.is_none() {
        return Err(SealError::UnknownBlock(hash));
    }
    Ok(Finalizer::<Block, Backend>::finalize_block(client, hash, None, true)?)
}
