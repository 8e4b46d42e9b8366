//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// The port that the RPC server listens on unless told otherwise.
pub const DEFAULT_RPC_PORT: u16 = 9944;

/// The development chain of Salus: pallet-contracts, instant blocks, a clock that tests can move.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "salus-node",
    version,
    after_help = "Examples:\n  \
        salus-node --dev                       a chain in memory, RPC on 127.0.0.1:9944\n  \
        salus-node --dev --rpc-port 0          on a free port; the log tells which\n  \
        salus-node --base-path ./chain         a chain that survives a restart\n  \
        salus-node --dev -l runtime::contracts=debug",
    after_long_help = "Examples:\n  \
        salus-node --dev                       a chain in memory, RPC on 127.0.0.1:9944\n  \
        salus-node --dev --rpc-port 0          on a free port; the log tells which\n  \
        salus-node --base-path ./chain         a chain that survives a restart\n  \
        salus-node --dev -l runtime::contracts=debug\n\n\
        Environment:\n  \
        RUST_LOG           log filter, in the form of --log\n  \
        SALUS_NODE_CACHE   folder for compiled runtimes (default: ~/.cache/salus/node-wasm)"
)]
pub struct Options {
    /// Run the development chain in memory; this is also what happens without any option.
    #[arg(long)]
    pub dev: bool,

    /// The same as --dev: nothing is written to disk.
    #[arg(long, conflicts_with = "base_path")]
    pub tmp: bool,

    /// Keep the chain in this folder.
    #[arg(long, short = 'd', value_name = "DIR")]
    pub base_path: Option<PathBuf>,

    /// Port of the JSON-RPC server (HTTP and WebSocket) on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_RPC_PORT)]
    pub rpc_port: u16,

    /// Accepted for compatibility: this node has no peer-to-peer network.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Seconds between a block and its finalisation; 0 finalises with the seal.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub finalize_delay_sec: u8,

    /// Log filter: levels and `target=level`, separated by commas.
    #[arg(long, short = 'l', value_name = "FILTER")]
    pub log: Vec<String>,

    /// Flags of other Substrate nodes that test harnesses pass.
    #[command(flatten)]
    pub ignored: Ignored,
}

/// Accepted, without effect: the chain has one author, and no keys are needed to seal.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Accepted for compatibility, without effect")]
pub struct Ignored {
    #[arg(long, hide = true)]
    alice: bool,
    #[arg(long, hide = true)]
    bob: bool,
    #[arg(long, hide = true)]
    charlie: bool,
    #[arg(long, hide = true)]
    dave: bool,
    #[arg(long, hide = true)]
    eve: bool,
    #[arg(long, hide = true)]
    ferdie: bool,
    #[arg(long, hide = true)]
    one: bool,
    #[arg(long, hide = true)]
    two: bool,
    #[arg(long, hide = true)]
    force_authoring: bool,
    #[arg(long, hide = true)]
    no_telemetry: bool,
    #[arg(long, hide = true)]
    no_prometheus: bool,
    #[arg(long, hide = true, value_name = "CORS")]
    rpc_cors: Option<String>,
    #[arg(long, hide = true, value_name = "METHODS")]
    rpc_methods: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn what_ink_e2e_passes_is_accepted() {
        let options =
            Options::try_parse_from(["salus-node", "--dev", "--port=0", "--rpc-port=0", "--alice"]).expect("accepted");
        assert!(options.dev);
        assert_eq!(options.rpc_port, 0);
        assert_eq!(options.finalize_delay_sec, 1);
    }

    #[test]
    fn a_temporary_chain_has_no_base_path() {
        assert!(Options::try_parse_from(["salus-node", "--tmp", "--base-path", "x"]).is_err());
    }
}
