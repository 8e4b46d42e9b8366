//! The command line: what there is, and how a command ends.

use crate::commands::{
    access, appeal, audit, authorisation, claim, consent, deploy, emergency, key, plan, proposal, proxy, record, relay,
    release, share,
};
use crate::context::GlobalOptions;
use crate::demo;
use crate::failure::{Exit, Failure};
use crate::output::{print_failure, Report};
use clap::error::ErrorKind;
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

/// Patient consent, access to records and insurance claims on one contracts chain.
#[derive(clap::Parser)]
#[command(name = "salus", version, propagate_version = true, after_help = AFTER_HELP, max_term_width = 120)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "Example:
  salus deploy --url ws://127.0.0.1:9944 --suri //Alice

Exit codes:
  0  done
  1  unexpected: something that should not happen
  2  the command line is wrong
  3  refused by a rule of a contract or of consent; verifying found a difference
  4  a document, a file or another input is wrong
  5  the chain or the release service cannot be reached, or it is not the right one; Ctrl-C ended what is done in batches
  6  the account cannot pay
  130  a second Ctrl-C ended it at once: what became of the last batch is not told

With --json, the outcome is one JSON object on stdout; each command's help names its fields. Amounts are strings in the
token's smallest unit, times are RFC 3339, accounts SS58. `evidence` is {block, blockHash, extrinsic, fee}, `forecast` (in a
dry run, instead of it) {refTime, proofSize, deposit, fee}; a negative deposit is given back. A failure is
{\"error\": {code, rule, nextStep, message}}, with the same exit codes.

Variables: SALUS_URL, SALUS_DEPLOYMENT, SALUS_SURI, SALUS_KEY_PASSWORD, SALUS_RELATIONSHIP, SALUS_VAULT,
SALUS_RELEASE, SALUS_LINK, SALUS_DIRECTORY, SALUS_CONSORTIUM_KEY_FILE. What is on the command line comes before them.";

/// The commands.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Deploy the suite on a chain; what is there already is left as it is
    Deploy(deploy::DeployOptions),
    /// Compare what is on the chain with the bundles
    Verify(deploy::VerifyOptions),
    /// What a patient decided: record, amend, revoke, explain, ask, look back
    #[command(subcommand, after_help = "Example:\n  salus consent list --suri //Dave")]
    Consent(consent::ConsentCommand),
    /// What a provider asks a patient for, and the answer
    #[command(subcommand, after_help = "Example:\n  salus proposal list --suri //Dave")]
    Proposal(proposal::ProposalCommand),
    /// Who acts for a patient
    #[command(subcommand, after_help = "Example:\n  salus proxy list --suri //Dave")]
    Proxy(proxy::ProxyCommand),
    /// Orders that are signed off line and relayed by somebody else: a patient needs no tokens
    #[command(subcommand, after_help = "Example:\n  salus relay submit order.json --suri //Ferdie")]
    Relay(relay::RelayCommand),
    /// Who may ask for records, and who did
    #[command(subcommand, after_help = "Example:\n  salus access list --suri //Dave")]
    Access(access::AccessCommand),
    /// Encryption keys, accounts for relationships, and the consortium's key
    #[command(subcommand, after_help = "Example:\n  salus key publish --suri //Dave")]
    Key(key::KeyCommand),
    /// Records: encrypted in the vault, committed to on the chain
    #[command(
        subcommand,
        after_help = "Example:
  salus record add samples/record-observation.json --patient Patient/rosa-marin \
--directory samples/directory.json --suri //Charlie"
    )]
    Record(record::RecordCommand),
    /// Share everything or a part with a new doctor in one step, by a link
    #[command(subcommand, after_help = "Example:\n  salus share create --all --suri //Dave")]
    Share(share::ShareCommand),
    /// Break the glass, and what follows: the patient is told, may dispute it, and an authority reviews it
    #[command(subcommand, after_help = "Example:\n  salus emergency list --suri //Dave")]
    Emergency(emergency::EmergencyCommand),
    /// The service that hands out records' keys against permits, and logs every time
    #[command(subcommand, after_help = "Example:\n  salus release health --service http://127.0.0.1:8780")]
    Release(release::ReleaseCommand),
    /// The log of a release service: compare it with the chain, read it, prove entries
    #[command(subcommand, after_help = "Example:\n  salus audit show --log releases.log")]
    Audit(audit::AuditCommand),
    /// An insurer's plans, their money and their members
    #[command(subcommand, after_help = "Example:\n  salus plan show 0")]
    Plan(plan::PlanCommand),
    /// What a plan pays only if it authorised it before: ask for it, grant it, refuse it
    #[command(subcommand, after_help = "Example:\n  salus authorisation list 0")]
    Authorisation(authorisation::AuthorisationCommand),
    /// Claims: simulate, submit, settle, explain line by line, take back
    #[command(subcommand, after_help = "Example:\n  salus claim settle --plan 0 --suri //Eve")]
    Claim(claim::ClaimCommand),
    /// Appeals against decisions about claims: file, answer, decide
    #[command(subcommand, after_help = "Example:\n  salus appeal list")]
    Appeal(appeal::AppealCommand),
    /// Play the story: every part of the suite at work on a real chain
    #[command(after_help = "Examples:\n  salus demo\n  salus demo --samples story")]
    Demo(demo::DemoOptions),
}

/// Runs the command line `arguments`, the first of which is the program's name.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error, &arguments),
    };
    let as_json = cli.global.json;
    let exit = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => match runtime.block_on(carry_out(&cli)) {
            Ok(report) => match report.print(as_json) {
                Ok(()) => report.exit_code(),
                Err(failure) => failed(&failure, false),
            },
            Err(failure) => failed(&failure, as_json),
        },
        Err(error) => {
            let message = format!("the runtime cannot be started: {error}");
            failed(&Failure::new(Exit::Internal, "internal", message, "do the same again"), as_json)
        }
    };
    ExitCode::from(exit as u8)
}

fn failed(failure: &Failure, as_json: bool) -> Exit {
    print_failure(failure, as_json);
    failure.exit
}

/// Help and version, which are asked for, and a command line that is wrong.
fn misunderstood(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !is_asked_for && arguments.iter().any(|argument| argument == "--json") {
        let text = error.to_string();
        // What is wrong comes first, then how it should be.
        let wrong: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:")).collect();
        let message = wrong.join(" ");
        let message = message.trim().strip_prefix("error: ").unwrap_or(message.trim());
        return ExitCode::from(failed(&Failure::usage(message, "see --help"), true) as u8);
    }
    let exit = match error.print() {
        _ if !is_asked_for => Exit::Usage,
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Internal,
        _ => Exit::Done,
    };
    ExitCode::from(exit as u8)
}

async fn carry_out(cli: &Cli) -> Result<Report, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Deploy(options) => deploy::deploy(global, options).await,
        Command::Verify(options) => deploy::verify(global, options).await,
        Command::Consent(command) => consent::run(global, command).await,
        Command::Proposal(command) => proposal::run(global, command).await,
        Command::Proxy(command) => proxy::run(global, command).await,
        Command::Relay(command) => relay::run(global, command).await,
        Command::Access(command) => access::run(global, command).await,
        Command::Key(command) => key::run(global, command).await,
        Command::Record(command) => record::run(global, command).await,
        Command::Share(command) => share::run(global, command).await,
        Command::Emergency(command) => emergency::run(global, command).await,
        Command::Release(command) => release::run(global, command).await,
        Command::Audit(command) => audit::run(global, command).await,
        Command::Plan(command) => plan::run(global, command).await,
        Command::Authorisation(command) => authorisation::run(global, command).await,
        Command::Claim(command) => claim::run(global, command).await,
        Command::Appeal(command) => appeal::run(global, command).await,
        Command::Demo(_) if global.dry_run => {
            Err(Failure::usage("the story cannot be played without transactions", "leave out --dry-run"))
        }
        Command::Demo(options) => demo::run(options.clone()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The commands that do something, with their help.
    fn leaves(command: &clap::Command, path: &str) -> Vec<(String, String)> {
        let path = format!("{path} {}", command.get_name());
        let mut found: Vec<_> = command.get_subcommands().flat_map(|below| leaves(below, &path)).collect();
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.push((path.trim().to_owned(), help));
        found
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_exit_code_is_in_the_help() {
        use crate::failure::Exit::{Chain, Done, Funds, Input, Internal, Refused, Usage};
        let codes = [Done, Internal, Usage, Refused, Input, Chain, Funds].map(|exit| i32::from(exit as u8));
        for code in codes.into_iter().chain([crate::batches::ENDED_BY_SIGINT]) {
            assert!(AFTER_HELP.contains(&format!("\n  {code}  ")), "{code}");
        }
    }

    #[test]
    fn every_command_has_an_example_that_is_understood() {
        for (path, help) in leaves(&Cli::command(), "") {
            let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  salus ")).collect();
            assert!(!examples.is_empty(), "{path} has no example");
            for example in examples {
                assert!(example.trim().starts_with(&path), "{path}: {example}");
                let parsed = Cli::try_parse_from(example.split_whitespace());
                assert!(parsed.is_ok(), "{example}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
            }
        }
    }

    /// The texts between back-ticks that begin with the program's name, in the sources below a folder.
    fn named_commands(folder: &std::path::Path, found: &mut Vec<String>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                named_commands(&path, found)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path)?;
                found.extend(text.split('`').filter(|part| part.starts_with("salus ")).map(str::to_owned));
            }
        }
        Ok(())
    }

    #[test]
    fn every_command_that_a_next_step_names_exists() -> std::io::Result<()> {
        let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut named = Vec::new();
        for sources in ["cli/src", "client/src"] {
            named_commands(&crates.join(sources), &mut named)?;
        }
        assert!(named.len() > 50, "{named:?}");
        for text in named.iter().filter(|text| !text.contains(['{', '"'])) {
            let mut at = Cli::command();
            for word in text.split_whitespace().skip(1).take_while(|word| !word.starts_with('-')) {
                if at.get_subcommands().next().is_none() {
                    break;
                }
                let below = at.find_subcommand(word).cloned();
                assert!(below.is_some(), "there is no `{text}`");
                at = below.unwrap_or(at);
            }
        }
        Ok(())
    }

    #[test]
    fn every_command_says_what_its_json_is() {
        let exempt = ["salus", "salus demo"];
        for command in leaves(&Cli::command(), "").into_iter().filter(|(path, _)| !exempt.contains(&path.as_str())) {
            let (path, help) = command;
            let is_group = Cli::command()
                .get_subcommands()
                .any(|group| format!("salus {}", group.get_name()) == path && group.get_subcommands().next().is_some());
            assert!(
                is_group
                    || ["salus access authority", "salus plan network", "salus record condition"]
                        .contains(&path.as_str())
                    || help.contains("JSON"),
                "{path}"
            );
        }
    }

    #[test]
    fn global_options_are_understood_behind_the_command() {
        let cli = Cli::try_parse_from(["salus", "consent", "list", "--json", "--suri", "//Dave", "--dry-run"]);
        let global = cli.map(|cli| cli.global);
        assert!(global.is_ok_and(|global| global.json && global.dry_run && global.suri.as_deref() == Some("//Dave")));
    }

    #[test]
    fn what_is_missing_is_said_with_what_would_do_instead() {
        let said = |line: &str| Cli::try_parse_from(line.split(' ')).err().map(|it| it.to_string()).unwrap_or_default();
        assert!(said("salus claim settle").contains("<CLAIMS|--plan <PLAN>>"), "{}", said("salus claim settle"));
        let eligibility = said("salus claim eligibility --plan 0");
        assert!(["--member", "--claim", "--request"].iter().all(|way| eligibility.contains(way)), "{eligibility}");
        let id = "01".repeat(32);
        assert!(said(&format!("salus claim settle {id} --plan 0")).contains("cannot be used with"));
        for line in [
            "salus claim eligibility --plan 0 --member x --claim y".to_owned(),
            "salus plan fund 0 -5".to_owned(),
            "salus plan withdraw 0 -5".to_owned(),
            format!("salus claim settle {id} {id}"),
            "salus claim settle --plan 0 --due".to_owned(),
        ] {
            assert_eq!(said(&line), "", "{line}");
        }
    }

    #[test]
    fn the_story_starts_its_own_node_unless_told_otherwise() {
        let url = |arguments: &[&str]| match Cli::try_parse_from(arguments).map(|cli| cli.command) {
            Ok(Command::Demo(options)) => options.url,
            _ => Some("not understood".to_owned()),
        };
        if std::env::var_os("SALUS_URL").is_none() {
            assert_eq!(url(&["salus", "demo"]), None);
        }
        assert_eq!(url(&["salus", "demo", "--url", "ws://x"]).as_deref(), Some("ws://x"));
        assert_eq!(url(&["salus", "--url", "ws://x", "demo"]).as_deref(), Some("ws://x"));
    }
}
