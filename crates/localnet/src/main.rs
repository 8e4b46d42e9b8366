//! `salus-localnet`: lends a node to a command.

use clap::{Parser, Subcommand};
use salus_localnet::{find_program, run, Node, NodeError, Options};
use std::{
    error::Error,
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    process::{ExitCode, ExitStatus},
};

/// A contracts node for as long as a command needs it.
#[derive(Debug, Parser)]
#[command(
    name = "salus-localnet",
    version,
    after_help = "Examples:
  salus-localnet run -- cargo test --workspace   one node for all tests
  CONTRACTS_NODE=$(salus-localnet which)          for programs that start a node themselves"
)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a node, run the command with its address in SALUS_NODE_URL, stop the node; exit as the command does
    Run {
        /// Seconds between a block and its finalisation, instead of the node's own default
        #[arg(long, value_name = "SECONDS")]
        finalize_delay_sec: Option<u8>,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Print the path of the node that would be started
    Which,
}

fn main() -> ExitCode {
    match Arguments::parse().act() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(cause) = error.source() {
                eprintln!("caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn act(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.action {
            Action::Which => {
                println!("{}", find_program(None)?.display());
                Ok(ExitCode::SUCCESS)
            }
            Action::Run { finalize_delay_sec, command } => {
                let (program, arguments) = command.split_first().ok_or("no command")?;
                let node = start(finalize_delay_sec)?;
                eprintln!("Started a node at {}", node.url());
                Ok(exit_code(run(node, program, arguments)?))
            }
        }
    }
}

fn start(finalize_delay_sec: Option<u8>) -> Result<Node, NodeError> {
    Node::find_or_start(Options { finalize_delay_sec, ..Options::default() }.with_slow_start_notice())
}

/// As a shell reports it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
