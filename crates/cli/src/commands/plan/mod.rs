//! `salus plan`: an insurer's plans, their money, their members and what is due.

mod cover;
mod due;
mod fund;
mod members;
mod network;
mod open;
mod show;
mod terms;

pub(super) use fund::pay;

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use crate::values;
use salus_client::Token;
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use std::path::PathBuf;

/// `salus plan`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PlanCommand {
    /// Open a plan with its fee schedule; the signer becomes its insurer
    #[command(after_help = open::HELP)]
    Open(open::OpenOptions),
    /// Give a plan new terms, for coverages that are made from then on
    #[command(after_help = open::REVISE_HELP)]
    Revise {
        /// The plan's number
        plan: u32,
        /// The terms.
        #[command(flatten)]
        described: open::Described,
    },
    /// Replace what differs in a plan's fee schedule, or complete one of which setting broke off
    #[command(after_help = open::FEES_HELP)]
    Fees {
        /// The plan's number
        plan: u32,
        /// A plan file
        file: PathBuf,
    },
    /// Let a plan take no claims for the time being
    #[command(after_help = "Example:
  salus plan freeze 0 --suri //Eve

The insurer's. What is adjudicated is settled all the same, and appeals are decided. A plan that is frozen is left as it is.

JSON: dryRun, changed, plan, frozen, evidence|forecast (null where nothing changed: evidence).")]
    Freeze {
        /// The plan's number
        plan: u32,
    },
    /// Let a frozen plan go on
    #[command(after_help = "Example:
  salus plan unfreeze 0 --suri //Eve

JSON: as of salus plan freeze.")]
    Unfreeze {
        /// The plan's number
        plan: u32,
    },
    /// Add money to a plan's pool
    #[command(after_help = fund::HELP)]
    Fund(Money),
    /// Take free money out of a plan's pool
    #[command(after_help = "Example:
  salus plan withdraw 0 50 --suri //Eve

The insurer's. Money that is reserved for claims cannot be taken, and nothing is not taken.

JSON: dryRun, plan, amount, evidence|forecast.")]
    Withdraw(Money),
    /// The plan's network of providers
    #[command(
        subcommand,
        after_help = "Example:
  salus plan network add 0 Practitioner/dr-adams --suri //Eve"
    )]
    Network(network::NetworkCommand),
    /// Cover the members of FHIR Coverages, any number at once
    #[command(after_help = cover::HELP)]
    Cover(cover::CoverOptions),
    /// End a member's coverage early
    #[command(after_help = "Example:
  salus plan end-coverage 0 Patient/rosa-marin --at 2030-01-01T00:00:00Z --directory samples/directory.json --suri //Eve

JSON: dryRun, plan, member, end, evidence|forecast.")]
    EndCoverage {
        /// The plan's number
        plan: u32,
        /// The member: an account, or a reference of the directory
        member: String,
        /// The first moment that is no longer covered (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        at: Timestamp,
    },
    /// Show a member's coverages
    #[command(after_help = "Example:
  salus plan coverage 0 Patient/rosa-marin --directory samples/directory.json

What is left of the limits says salus claim eligibility.

JSON: plan, member, coverages [{period {start, end}, subscriber, secondary, version}].")]
    Coverage {
        /// The plan's number
        plan: u32,
        /// The member: an account, or a reference of the directory
        member: String,
    },
    /// List who is covered: read from the events of the chain
    #[command(after_help = "Example:
  salus plan members 0 --directory samples/directory.json

Wants a node that keeps its states.

JSON: plan, members [{member, subscriber, secondary, version, period {start, end}}].")]
    Members {
        /// The plan's number
        plan: u32,
    },
    /// Show a plan's pool, its liabilities, its loss ratio and its terms in words
    #[command(after_help = show::HELP)]
    Show {
        /// The plan's number
        plan: u32,
        /// The version of its terms [default: the newest]
        #[arg(long, value_name = "VERSION")]
        terms: Option<u32>,
    },
    /// List the claims that are decided and not settled, with when anybody may settle them
    #[command(after_help = due::HELP)]
    Due {
        /// The plan's number
        plan: u32,
    },
    /// Show what a provider owes the pool of reversed claims
    #[command(after_help = "Example:
  salus plan debt 0 Practitioner/dr-adams --directory samples/directory.json

It is set off against what the provider is paid next; salus claim repay pays it back.

JSON: plan, provider, owed.")]
    Debt {
        /// The plan's number
        plan: u32,
        /// The provider: an account, or a reference of the directory
        provider: String,
    },
}

/// A plan and an amount.
#[derive(Clone, Debug, clap::Args)]
pub struct Money {
    /// The plan's number
    plan: u32,
    /// How much, in whole units of what the plan pays in: 250.5
    #[arg(allow_negative_numbers = true)]
    amount: String,
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &PlanCommand) -> Result<Report, Failure> {
    match command {
        PlanCommand::Open(options) => open::open(global, options).await,
        PlanCommand::Revise { plan, described } => open::revise(global, PlanId(*plan), described).await,
        PlanCommand::Fees { plan, file } => open::fees(global, PlanId(*plan), file).await,
        PlanCommand::Freeze { plan } => open::freeze(global, PlanId(*plan), true).await,
        PlanCommand::Unfreeze { plan } => open::freeze(global, PlanId(*plan), false).await,
        PlanCommand::Fund(money) => fund::fund(global, money).await,
        PlanCommand::Withdraw(money) => fund::withdraw(global, money).await,
        PlanCommand::Network(command) => network::run(global, command).await,
        PlanCommand::Cover(options) => cover::cover(global, options).await,
        PlanCommand::EndCoverage { plan, member, at } => cover::end_coverage(global, PlanId(*plan), member, *at).await,
        PlanCommand::Coverage { plan, member } => cover::coverage(global, PlanId(*plan), member).await,
        PlanCommand::Members { plan } => members::members(global, PlanId(*plan)).await,
        PlanCommand::Show { plan, terms } => show::show(global, PlanId(*plan), *terms).await,
        PlanCommand::Due { plan } => due::due(global, PlanId(*plan)).await,
        PlanCommand::Debt { plan, provider } => show::debt(global, PlanId(*plan), provider).await,
    }
}

/// An amount on the command line, in whole units of what a plan pays in.
///
/// # Errors
/// [`Failure`] where it is none.
pub(super) fn amount(text: &str, token: &Token) -> Result<Amount, Failure> {
    values::amount(text, token).map_err(|reason| {
        let Token { symbol, decimals } = token;
        let next = match decimals {
            0 => format!("give it in whole {symbol}, without decimals: 250"),
            _ => format!("give it in whole {symbol}, with at most {decimals} decimals: 250.5"),
        };
        Failure::input("input.amount", format!("{text} is not an amount: {reason}"), next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_amount_says_how_one_is_written() {
        let token = Token { symbol: "UNIT".into(), decimals: 12 };
        let failure = amount("1,5", &token).map_err(|failure| (failure.code, failure.next_step));
        assert_eq!(
            failure,
            Err(("input.amount".to_owned(), "give it in whole UNIT, with at most 12 decimals: 250.5".to_owned()))
        );
        let whole = amount("1.5", &Token { symbol: "UNIT".into(), decimals: 0 });
        assert!(whole.is_err_and(|failure| failure.next_step == "give it in whole UNIT, without decimals: 250"));
    }
}
