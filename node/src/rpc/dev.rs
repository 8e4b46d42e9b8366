//! `dev_*`: the chain's clock.

use std::{sync::Arc, time::Duration};

use jsonrpsee::{core::async_trait, proc_macros::rpc, types::ErrorObjectOwned};
use serde::Serialize;
use sp_timestamp::Timestamp;
use tokio::sync::Mutex;

use crate::sealing::Sealer;

/// The chain's time after a move.
#[derive(Debug, Clone, Serialize)]
pub struct Advanced {
    /// The time in force, in milliseconds since the Unix epoch.
    now: u64,
}

/// The chain's clock.
#[derive(Debug, Clone, Serialize)]
pub struct ClockReading {
    /// Milliseconds that the clock is ahead of the system's.
    offset: u64,
    /// The time that a block sealed now would carry, in milliseconds since the Unix epoch.
    now: u64,
}

/// The chain's clock, for tests.
#[rpc(server, namespace = "dev")]
pub trait DevApi {
    /// Moves the chain's clock forward by so many milliseconds and seals a block that carries the new time.
    #[method(name = "advanceClock")]
    async fn advance_clock(&self, milliseconds: u64) -> Result<Advanced, ErrorObjectOwned>;

    /// Reads the chain's clock.
    #[method(name = "clock")]
    async fn clock(&self) -> Result<ClockReading, ErrorObjectOwned>;
}

/// Implements [`DevApiServer`].
pub struct Dev {
    sealer: Arc<Mutex<Sealer>>,
}

impl Dev {
    /// For the clock of this sealer.
    pub fn new(sealer: Arc<Mutex<Sealer>>) -> Self {
        Self { sealer }
    }
}

#[async_trait]
impl DevApiServer for Dev {
    async fn advance_clock(&self, milliseconds: u64) -> Result<Advanced, ErrorObjectOwned> {
        let sealed = self.sealer.lock().await.advance_clock(Duration::from_millis(milliseconds)).await?;
        Ok(Advanced { now: sealed.now.as_millis() })
    }

    async fn clock(&self) -> Result<ClockReading, ErrorObjectOwned> {
        let sealer = self.sealer.lock().await;
        let system = Timestamp::current();
        let clock = sealer.clock();
        Ok(ClockReading {
            // The offset is at most a century, which fits.
            offset: u64::try_from(clock.offset().as_millis()).unwrap_or(u64::MAX),
            now: clock.reading(system).as_millis(),
        })
    }
}
