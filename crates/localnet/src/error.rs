//! Why there is no node.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why there is no node.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// None of the places has a node.
    #[error("no contracts node found: run scripts/setup, or set CONTRACTS_NODE, or pass --url")]
    NotFound,
    /// What was asked for by name is not there.
    #[error("{} is no program that can be started (it is named by {named_by})", program.display())]
    NotAProgram {
        /// The name or path.
        program: PathBuf,
        /// Who named it.
        named_by: &'static str,
    },
    /// The system did not start it.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The node.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("{} ended before it was ready ({status}); its last lines:\n{last_lines}", program.display())]
    ExitedEarly {
        /// The node.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        last_lines: String,
    },
    /// It was not ready in time, and was stopped.
    #[error("{} was not ready within {limit:?}; its last lines:\n{last_lines}", program.display())]
    TimedOut {
        /// The node.
        program: PathBuf,
        /// How long it had.
        limit: Duration,
        /// The end of its log.
        last_lines: String,
    },
}
