//! The project's own build tasks: `cargo xtask --help`.

mod access_comparison;
mod access_costs;
mod bundles;
mod cargo_stand_in;
mod claims_comparison;
mod claims_costs;
mod comparison;
mod costs;
mod licences;
mod process;
mod temporary_manifest;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own build tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Bundles(bundles::Bundles),
    Costs(costs::Costs),
    /// Check the licences and sources of all dependencies
    Licences,
}

fn main() -> Result<()> {
    // contract-build starts this program again where it means cargo; then there are cargo's arguments, not ours.
    if let Some(stand_in) = cargo_stand_in::CargoStandIn::from_environment()? {
        let status = stand_in.run(std::env::args().skip(1).collect())?;
        std::process::exit(status.code().unwrap_or(1));
    }
    match Arguments::parse().task {
        Task::Bundles(bundles) => bundles.run(),
        Task::Costs(costs) => costs.run(),
        Task::Licences => licences::run(),
    }
}
