//! `salus-node`: the development chain of Salus.
//!
//! The runtime of substrate-contracts-node, as WebAssembly, under a slim client: one process, no peer-to-peer
//! network, a block for every transaction, and a clock that tests can move.

mod chain_spec;
mod cli;
mod clock;
mod genesis;
mod logging;
mod rpc;
mod runtime_api;
mod sealing;
mod server;
mod service;
mod wasm_cache;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use tokio::signal::unix::{signal, SignalKind};

/// How long tasks that are still at work may take to end once the node is told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(800);

fn main() -> ExitCode {
    let options = cli::Options::parse();
    logging::init(&options.log);

    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::error!("cannot start the thread pool: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(options));
    runtime.shutdown_timeout(SHUTDOWN_GRACE);

    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the node until SIGINT or SIGTERM, or until an essential task ends.
async fn run(options: cli::Options) -> Result<(), service::StartError> {
    // The handlers come first, so that a signal during the start also ends the node in order.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let mut node = tokio::select! {
        node = service::start(&options) => node?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };

    let outcome = tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        ended = node.essential_task_ended() => ended,
    };
    log::info!("Stopping");
    node.stop().await;
    outcome
}
