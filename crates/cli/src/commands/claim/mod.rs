//! `salus claim`: what providers claim, and what patients are told of it.

mod eligibility;
mod explain;
pub mod limits;
mod lines;
mod list;
mod pass_on;
mod reading;
mod show;
mod simulate;
mod simulated;
mod submit;
mod unlisted;
mod withdraw;

pub(super) use lines::split_json;
pub(super) use unlisted::unlisted_lines;

use super::{reversal, settle};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use crate::values;
use salus_domain::ids::ClaimId;
use salus_interface::claims::ClaimStatus;

/// `salus claim`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ClaimCommand {
    /// What a plan would decide of FHIR Claims, line by line, without a chain
    #[command(after_help = simulate::HELP)]
    Simulate(simulate::SimulateOptions),
    /// Whether a member is covered, what is left of each limit, and what a treatment would cost: a free read
    #[command(after_help = eligibility::HELP)]
    Eligibility(eligibility::EligibilityOptions),
    /// Submit a FHIR Claim; it is adjudicated in the same block
    #[command(after_help = submit::HELP)]
    Submit(submit::SubmitOptions),
    /// Pass a decided claim on to the member's next insurer
    #[command(after_help = pass_on::HELP)]
    PassOn(pass_on::PassOnOptions),
    /// Adjudicate a claim that waits anew, once the pool has money or the authorisation is there
    #[command(after_help = "Example:
  salus claim retry 6b0e000000000000000000000000000000000000000000000000000000000001 --suri //Charlie

JSON: as of salus claim submit, without assumed.")]
    Retry {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
    },
    /// Withdraw a claim that waits: nothing of it is kept, and its number is free again
    #[command(after_help = withdraw::HELP)]
    Withdraw {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
    },
    /// Pay adjudicated claims to their providers
    #[command(after_help = settle::HELP)]
    Settle(settle::SettleOptions),
    /// Take a decided claim back; what was paid is owed to the pool
    #[command(after_help = reversal::REVERSE_HELP)]
    Reverse(reversal::ReverseOptions),
    /// Pay back what a provider owes a pool of reversed claims
    #[command(after_help = reversal::REPAY_HELP)]
    Repay(reversal::RepayOptions),
    /// Show where a claim stands and where its money goes
    #[command(after_help = show::HELP)]
    Show {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
        /// Line by line, with all that happened to it: read from the events of the chain, block by block since the suite was
        /// deployed
        #[arg(long)]
        lines: bool,
    },
    /// Say in plain words, or as FHIR, what was billed, what the plan pays, what the patient owes, and why
    #[command(after_help = explain::HELP)]
    Explain(explain::ExplainOptions),
    /// List claims: read from the events of the chain
    #[command(after_help = list::HELP)]
    List(list::ListOptions),
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ClaimCommand) -> Result<Report, Failure> {
    match command {
        ClaimCommand::Simulate(options) => simulate::simulate(global, options),
        ClaimCommand::Eligibility(options) => eligibility::eligibility(global, options).await,
        ClaimCommand::Submit(options) => submit::submit(global, options).await,
        ClaimCommand::PassOn(options) => pass_on::pass_on(global, options).await,
        ClaimCommand::Retry { claim } => submit::retry(global, *claim).await,
        ClaimCommand::Withdraw { claim } => withdraw::withdraw(global, *claim).await,
        ClaimCommand::Settle(options) => settle::settle(global, options).await,
        ClaimCommand::Reverse(options) => reversal::reverse(global, options).await,
        ClaimCommand::Repay(options) => reversal::repay(global, options).await,
        ClaimCommand::Show { claim, lines } => show::show(global, *claim, *lines).await,
        ClaimCommand::Explain(options) => explain::explain(global, options).await,
        ClaimCommand::List(options) => list::list(global, options).await,
    }
}

/// Where a claim stands, in one word.
const fn word(status: ClaimStatus) -> &'static str {
    match status {
        ClaimStatus::AwaitsFunds => "awaits-funds",
        ClaimStatus::AwaitsAuthorisation => "awaits-authorisation",
        ClaimStatus::Adjudicated => "adjudicated",
        ClaimStatus::Settled => "settled",
        ClaimStatus::Reversed => "reversed",
    }
}
