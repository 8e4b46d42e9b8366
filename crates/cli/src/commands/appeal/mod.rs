//! `salus appeal`: against decisions about claims; by patients and providers, insurers and arbiters.

mod acts;
mod tell;

use crate::commands::statement::Statement;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::output::Report;
use crate::values;
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash};

/// `salus appeal`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AppealCommand {
    /// Appeal against a decision. The patient's and the provider's
    #[command(after_help = FILE_HELP)]
    File {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
        /// The reasons that the arbiter is to set aside
        #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = appealable)]
        set_aside: Vec<Reason>,
        /// Why.
        #[command(flatten)]
        statement: Statement,
    },
    /// Say something about an open appeal. The insurer's
    #[command(after_help = "Example:
  salus appeal answer 6b0e000000000000000000000000000000000000000000000000000000000001 --statement-file answer.txt --suri //Eve

To grant the appeal, decide it (`salus appeal decide --overturned`). The chain has a commitment to the statement only: give the arbiter
statement and salt.

JSON: dryRun, claim, statement (commitment), salt, evidence|forecast.")]
    Answer {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
        /// What there is to say.
        #[command(flatten)]
        statement: Statement,
    },
    /// Decide an appeal. The arbiter's until its deadline; to grant it also the insurer's, and after the deadline the member's and the provider's
    #[command(after_help = DECIDE_HELP)]
    Decide {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
        /// How.
        #[command(flatten)]
        ruling: RulingOptions,
        /// Why.
        #[command(flatten)]
        statement: Statement,
    },
    /// Show the appeal against a claim
    #[command(after_help = "Example:
  salus appeal show 6b0e000000000000000000000000000000000000000000000000000000000001

What was said is read from the events of the chain, block by block since the suite was deployed.

JSON: claim, plan, arbiter, appeal|null {setAside, deadline, status: open|granted|upheld|overturned}, appealableUntil, said [{time, block,
said: appeal|answer|ruling|reversal, by|null, statement}].")]
    Show {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
    },
    /// List the appeals that nobody has decided: read from the events of the chain
    #[command(after_help = "Example:
  salus appeal list
  salus appeal list --arbiter 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty

Wants a node that keeps its states.

JSON: appeals [{claim, plan, arbiter, by, setAside, deadline}].")]
    List {
        /// Only those that this account decides: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        arbiter: Option<String>,
    },
    /// Check that a statement is one that was committed to: of an appeal, an answer, a ruling or a reversal
    #[command(after_help = "Example:
  salus appeal check-statement 6b0e000000000000000000000000000000000000000000000000000000000001 --statement-file answer.txt \
--salt 4b1f0a86e5b1c6d5c3f1a7f0b1d2e3f405162738495a6b7c8d9eafb0c1d2e3f4

Ends with 3 where it is none of them.

JSON: claim, matches, said: appeal|answer|ruling|reversal|null, by|null, statement (commitment).")]
    CheckStatement {
        /// The claim's id
        #[arg(value_parser = values::claim)]
        claim: ClaimId,
        /// What it is.
        #[command(flatten)]
        statement: Statement,
        /// The salt that its author gave with it: 64 hexadecimal digits
        #[arg(long, value_name = "SALT", value_parser = values::hash)]
        salt: Hash,
    },
}

/// The help behind the options of `file`.
const FILE_HELP: &str = "Example:
  salus appeal file 6b0e000000000000000000000000000000000000000000000000000000000001 --set-aside fee-schedule \
--statement-file appeal.txt --suri //Dave

An appeal sets judgements aside: waiting-period, not-credentialed, not-covered, fee-schedule, filing-deadline, out-of-network,
other-payer-first, authorisation-refused, authorisation-missing, authorisation-exceeded. Without one, the claim is to be decided
anew by what holds now: a consent that was given, a coverage that was mended. What is decided is settled all the same. Where nobody
decides within the deadline, the member or the provider has it granted as asked for (`salus appeal decide --overturned`). The chain has a
commitment to the statement only: give the arbiter statement and salt.

JSON: dryRun, claim, setAside, deadline (not in a dry run), statement (commitment), salt, evidence|forecast.";

/// The help behind the options of `decide`.
const DECIDE_HELP: &str = "Example:
  salus appeal decide 6b0e000000000000000000000000000000000000000000000000000000000001 --overturned --statement-file ruling.txt \
--suri //Ferdie
  salus appeal decide 6b0e000000000000000000000000000000000000000000000000000000000001 --upheld --statement Plain --suri //Ferdie

Overturned, the claim is adjudicated anew, by what holds now: by the arbiter where that pays more or covers what was denied, and where not
the appeal is upheld; by the insurer, and after the deadline by the member and the provider, only where it pays more. What is paid more
is due like a new claim. What the insurer granted stays granted: until the deadline the arbiter can still give more, nobody less, and
after it the member or the provider ends the appeal. What was claimed is read from the events of the chain. The chain has a commitment
to the statement only: keep statement and salt.

JSON: dryRun, claim, status: upheld|overturned|granted, setAside, total|null (what of the claim goes where since then, if that changed),
statement (commitment), salt, evidence|forecast.";

/// How an appeal is decided.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("ruling").required(true).args(["upheld", "overturned"]))]
pub struct RulingOptions {
    /// The decision stands
    #[arg(long)]
    upheld: bool,
    /// The claim is adjudicated anew
    #[arg(long)]
    overturned: bool,
    /// The reasons that do not count then [default: those that the appeal names]
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = appealable, conflicts_with = "upheld")]
    set_aside: Option<Vec<Reason>>,
}

/// A reason that an appeal can set aside, by its code.
fn appealable(text: &str) -> Result<Reason, String> {
    let found = Reason::from_code(text).filter(|reason| ReasonSet::APPEALABLE.contains(*reason));
    found.ok_or_else(|| {
        let known: Vec<&str> = ReasonSet::APPEALABLE.iter().map(Reason::code).collect();
        format!("it is none of {}", known.join(", "))
    })
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &AppealCommand) -> Result<Report, Failure> {
    match command {
        AppealCommand::File { claim, set_aside, statement } => {
            acts::file(global, *claim, set_aside.iter().copied().collect(), statement).await
        }
        AppealCommand::Answer { claim, statement } => acts::answer(global, *claim, statement).await,
        AppealCommand::Decide { claim, ruling, statement } => acts::decide(global, *claim, ruling, statement).await,
        AppealCommand::Show { claim } => tell::show(global, *claim).await,
        AppealCommand::List { arbiter } => tell::list(global, arbiter.as_deref()).await,
        AppealCommand::CheckStatement { claim, statement, salt } => {
            tell::check(global, *claim, &statement.words()?, *salt).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_cannot_be_set_aside_and_the_help_names_all_judgements() {
        assert_eq!(appealable("fee-schedule"), Ok(Reason::FeeSchedule));
        assert!(appealable("no-consent").is_err_and(|error| error.contains("fee-schedule")));
        for reason in ReasonSet::APPEALABLE.iter() {
            assert!(FILE_HELP.contains(reason.code()), "{}", reason.code());
        }
    }
}
