//! `salus relay sign`.

use super::{signed_json, signed_lines};
use crate::commands::acting::{Acting, ForWhom};
use crate::commands::key::write_private;
use crate::commands::proposal::ensure_expected;
use crate::commands::proxy::MandateOptions;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::documents;
use crate::operations::orders::{proposal, proposal_hash};
use crate::operations::{account_of, Suite};
use crate::output::{write_out, Report};
use crate::values;
use salus_client::deployment::Deployment;
use salus_client::relay::{self, file};
use salus_client::{ink_account, AccountId32};
use salus_domain::consent::Consent;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::time::Timestamp;
use salus_fhir::consent_text;
use salus_fhir::directory::Directory;
use salus_interface::consent::{Instruction, Place, SignedOrder};
use scale::DecodeAll;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// An hour, in milliseconds.
const HOUR: u64 = 60 * 60 * 1_000;

/// How `salus relay sign` is called.
#[derive(Clone, Debug, clap::Args)]
pub struct SignOptions {
    /// What is signed.
    #[command(subcommand)]
    order: OrderCommand,
    /// The patient for whom the signer acts as a proxy: an account, or a reference of the directory [default: the signer]
    #[arg(long = "for", global = true, value_name = "PATIENT")]
    patient: Option<String>,
    /// The signer's next nonce [default: what the chain says]
    #[arg(long, global = true, value_name = "N")]
    nonce: Option<u32>,
    /// From when on it is too late (RFC 3339)
    #[arg(long, global = true, value_name = "TIME", value_parser = values::time, conflicts_with = "valid_for")]
    deadline: Option<Timestamp>,
    /// For how long it can be relayed, for example 12h or 7d; from an hour on, until the full hour after that [default: 1d]
    #[arg(long, global = true, value_name = "DURATION", value_parser = values::duration)]
    valid_for: Option<u64>,
    /// The file to make; one that exists is not overwritten [default: stdout]
    #[arg(long, global = true, value_name = "FILE")]
    out: Option<PathBuf>,
}

macro_rules! example {
    ($line:literal) => {
        concat!(
            "Example:\n  salus relay sign ",
            $line,
            " --suri //Dave\n\nOptions and the file are in `salus relay sign --help`.\n\n",
            "JSON: dryRun, genesis, contract, out|null, orders [{signer, nonce, deadline, act, patient, …}], signed (the file)."
        )
    };
}

/// What is signed.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum OrderCommand {
    /// Record the consent of a FHIR document; of several, each by an order of its own
    #[command(after_help = example!("record samples/consent.json --directory samples/directory.json --out order.json"))]
    Record {
        /// A FHIR Consent, R4 or R5
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Replace a consent by that of another document
    #[command(after_help = example!("amend 0 samples/consent.json --directory samples/directory.json --out order.json"))]
    Amend {
        /// The consent's id
        id: u32,
        /// A FHIR Consent, R4 or R5
        file: PathBuf,
    },
    /// Revoke a consent
    #[command(after_help = example!("revoke 0 --valid-for 7d --out order.json"))]
    Revoke {
        /// The consent's id
        id: u32,
    },
    /// Revoke every consent
    #[command(after_help = example!("revoke-all --valid-for 7d --out order.json"))]
    RevokeAll,
    /// Accept what an account proposes: what it proposes now, or, without a connection, what --shown or --expect says
    #[command(after_help = example!("accept Practitioner/dr-adams --directory samples/directory.json --out order.json"))]
    Accept {
        /// Who proposes: an account, or a reference of the directory
        proposer: String,
        /// Accept only the proposal with this hash
        #[arg(long, value_name = "HASH", value_parser = values::hash)]
        expect: Option<Hash>,
        /// Accept only the proposal in this file: what `salus proposal show --json` said
        #[arg(long, value_name = "FILE")]
        shown: Option<PathBuf>,
    },
    /// Reject what an account proposes
    #[command(after_help = example!("reject Practitioner/dr-adams --directory samples/directory.json --out order.json"))]
    Reject {
        /// Who proposes: an account, or a reference of the directory
        proposer: String,
    },
    /// Let an account act for the signer
    #[command(after_help = example!("name-proxy 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --power revoke \
--until 2030-01-01T00:00:00Z --out order.json"))]
    NameProxy {
        /// An account, or a reference of the directory
        account: String,
        /// What it may do.
        #[command(flatten)]
        mandate: MandateOptions,
    },
    /// Take an account's mandate back
    #[command(after_help = example!("remove-proxy 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw --out order.json"))]
    RemoveProxy {
        /// An account, or a reference of the directory
        account: String,
    },
}

/// What is known of where and when an order counts.
struct Ground {
    place: Place,
    /// Where the chain is connected.
    suite: Option<Suite>,
}

/// Signs, and shows what.
///
/// # Errors
/// [`Failure`].
pub async fn sign(global: &GlobalOptions, options: &SignOptions) -> Result<Report, Failure> {
    let acting = Acting::new(global, &ForWhom { patient: options.patient.clone() })?;
    let directory = global.directory()?;
    let needs_chain =
        options.nonce.is_none() || matches!(options.order, OrderCommand::Accept { expect: None, shown: None, .. });
    let ground = ground(global, needs_chain).await?;
    let (instructions, proposed) = instructions(global, &options.order, &acting, &directory, &ground).await?;
    let (nonce, deadline) =
        (first_nonce(options, &ground, &account_of(&acting.signer)).await?, deadline(options, &ground).await?);
    let mut signed = Vec::new();
    for (nonce, instruction) in (nonce..).zip(instructions) {
        signed.push(relay::sign(&acting.signer, &ground.place, acting.order(instruction), nonce, deadline));
    }
    let text = proposed.map(|consent| consent_text::lines(&consent, &directory)).unwrap_or_default();
    report(global, options, &ground.place, &signed, &text, &directory)
}

/// Where the order counts: by the deployment file alone, if that suffices.
async fn ground(global: &GlobalOptions, needs_chain: bool) -> Result<Ground, Failure> {
    let (deployment, suite) = match &global.deployment {
        Some(file) if !needs_chain => (Deployment::read(file)?, None),
        _ => {
            let suite = global.suite().await?;
            (suite.deployment.clone(), Some(suite))
        }
    };
    let genesis = values::hash(&deployment.genesis_hash).map_err(|reason| {
        let message = format!("the deployment file's genesisHash cannot be used: {reason}");
        Failure::input("deployment.malformed", message, "mend the file, or deploy again (`salus deploy`)")
    })?;
    let place = Place { genesis, contract: ink_account(&deployment.consent_registry.address) };
    Ok(Ground { place, suite })
}

/// What the command says is to be done, and the text of the proposal that it accepts, where that is known.
async fn instructions(
    global: &GlobalOptions,
    order: &OrderCommand,
    acting: &Acting,
    directory: &Directory,
    ground: &Ground,
) -> Result<(Vec<Instruction>, Option<Consent>), Failure> {
    let account = |text: &str| global.account(text).map(|account| ink_account(&account));
    let one = match order {
        OrderCommand::Record { files } => {
            let record = |file: &PathBuf| Ok(Instruction::Record(acting.compile(file, directory)?.consent));
            return Ok((files.iter().map(record).collect::<Result<_, Failure>>()?, None));
        }
        OrderCommand::Amend { id, file } => {
            Instruction::Amend(ConsentId(*id), acting.compile(file, directory)?.consent)
        }
        OrderCommand::Revoke { id } => Instruction::Revoke(ConsentId(*id)),
        OrderCommand::RevokeAll => Instruction::RevokeAll,
        OrderCommand::Accept { proposer, expect, shown } => {
            let proposer = global.account(proposer)?;
            let shown = shown.as_deref().map(read_shown).transpose()?;
            let (hash, consent) = agreed(ground, acting, &proposer, *expect, shown).await?;
            return Ok((vec![Instruction::Accept(ink_account(&proposer), hash)], consent));
        }
        OrderCommand::Reject { proposer } => Instruction::Reject(account(proposer)?),
        OrderCommand::NameProxy { account: proxy, mandate } => {
            Instruction::NameProxy(account(proxy)?, mandate.mandate())
        }
        OrderCommand::RemoveProxy { account: proxy } => Instruction::RemoveProxy(account(proxy)?),
    };
    Ok((vec![one], None))
}

/// The consent in a file that `salus proposal show --json` made.
fn read_shown(file: &Path) -> Result<Consent, Failure> {
    let said: Option<serde_json::Value> = serde_json::from_slice(&documents::read(file)?).ok();
    let encoded = said.as_ref().and_then(|said| said["encoded"].as_str()?.strip_prefix("0x"));
    let encoded = encoded.and_then(|digits| hex::decode(digits).ok());
    encoded.and_then(|bytes| Consent::decode_all(&mut bytes.as_slice()).ok()).ok_or_else(|| {
        let message = format!("{} does not have a proposal in it", file.display());
        Failure::input("input.proposal", message, "give what `salus proposal show --json` said")
    })
}

/// What is accepted: what the chain has, or, without it, what was shown or is expected.
async fn agreed(
    ground: &Ground,
    acting: &Acting,
    proposer: &AccountId32,
    expected: Option<Hash>,
    shown: Option<Consent>,
) -> Result<(Hash, Option<Consent>), Failure> {
    let hash_shown = shown.as_ref().map(proposal_hash);
    let known = match &ground.suite {
        Some(suite) => Some(proposal(suite, &acting.patient, proposer).await?),
        None => shown,
    };
    let hash = known.as_ref().map(proposal_hash).or(expected).ok_or_else(|| {
        Failure::usage("without a connection it cannot be told what is proposed", "give it with --shown or --expect")
    })?;
    ensure_expected(hash, expected)?;
    ensure_expected(hash, hash_shown)?;
    Ok((hash, known))
}

async fn first_nonce(options: &SignOptions, ground: &Ground, signer: &AccountId32) -> Result<u32, Failure> {
    match (options.nonce, &ground.suite) {
        (Some(nonce), _) => Ok(nonce),
        (None, Some(suite)) => Ok(suite.deployment.registry().nonce(ink_account(signer)).read(&suite.chain).await?),
        (None, None) => Err(Failure::usage("without a connection the nonce cannot be told", "give it with --nonce")),
    }
}

/// A day from now, where nothing else is said. Now is the chain's, if there is one: a development chain has a clock of its
/// own.
async fn deadline(options: &SignOptions, ground: &Ground) -> Result<Timestamp, Failure> {
    if let Some(deadline) = options.deadline {
        return Ok(deadline);
    }
    let now = match &ground.suite {
        Some(suite) => suite.chain.now().await?,
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
            Timestamp(u64::try_from(since).unwrap_or(u64::MAX))
        }
    };
    Ok(ends(now, options.valid_for.unwrap_or(salus_domain::time::DAY)))
}

/// When something ends that lasts so long from now on. A deadline is public: from an hour on it is rounded up to a full hour, so
/// that it does not tell when the order was signed.
const fn ends(now: Timestamp, lasts: u64) -> Timestamp {
    let end = now.plus(lasts);
    if lasts < HOUR {
        return end;
    }
    end.plus((HOUR - end.0 % HOUR) % HOUR)
}

fn report(
    global: &GlobalOptions,
    options: &SignOptions,
    place: &Place,
    signed: &[SignedOrder],
    proposed: &[String],
    directory: &Directory,
) -> Result<Report, Failure> {
    let file = file::to_json(place, signed);
    let (genesis, contract) = (file["genesis"].clone(), file["contract"].clone());
    let begun = match global.dry_run {
        true => Report::default().planned("sign this:"),
        false => Report::default().done("signed:"),
    };
    let report = begun
        .lines(signed.iter().flat_map(|one| signed_lines(one, directory)))
        .lines(proposed.iter().map(|line| format!("  {line}")))
        .line(format!("  for the registry {} on the chain with genesis {}", text(&contract), text(&genesis)))
        .field("genesis", genesis)
        .field("contract", contract)
        .field("out", options.out.as_ref().map(|file| file.display().to_string()))
        .field("orders", signed.iter().map(|one| signed_json(one, directory)).collect::<Vec<_>>());
    if global.dry_run {
        return Ok(report);
    }
    match &options.out {
        Some(out) => {
            write_private(out, format!("{file:#}\n").as_bytes())?;
            let shown = out.display();
            Ok(report
                .field("signed", file)
                .line(format!("{shown} can be given to anybody to relay: `salus relay submit {shown}`")))
        }
        None if global.json => Ok(report.field("signed", file)),
        None => {
            write_out(format!("{file:#}\n").as_bytes())?;
            Ok(report.aside())
        }
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_does_not_tell_when_the_order_was_signed() {
        let (early, late) = (Timestamp(5 * HOUR + 1), Timestamp(6 * HOUR));
        assert_eq!((ends(early, 2 * HOUR), ends(late, 2 * HOUR)), (Timestamp(8 * HOUR), Timestamp(8 * HOUR)));
        assert_eq!(ends(early, 1_000), Timestamp(5 * HOUR + 1_001), "what is short stays short");
        assert_eq!(ends(Timestamp::MAX, HOUR), Timestamp::MAX);
    }
}
