//! `salus relay`: orders that are signed off line, and relayed by somebody who pays for it.

mod sign;
mod submit;

use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::documents;
use crate::operations::orders::{name, order_json, words};
use crate::operations::Suite;
use crate::output::Report;
use crate::values::show_time;
use salus_client::relay::{file, is_signed};
use salus_client::{client_account, ink_account};
use salus_domain::time::Timestamp;
use salus_fhir::directory::Directory;
use salus_interface::consent::{Place, SignedOrder};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// `salus relay`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum RelayCommand {
    /// Sign an order for somebody else to relay. The signer needs no tokens
    #[command(after_help = "Example:
  salus relay sign revoke 0 --nonce 4 --valid-for 7d --out order.json --deployment deployments/development.json \
--suri //Dave

With --deployment and --nonce (and --shown or --expect where a proposal is accepted) it needs no connection at all. Without
them it asks the node.

The file is JSON: {\"format\": \"salus-orders/1\", genesis, contract, orders [{patient, proxy|null, instruction, nonce, deadline,
signature}]}. genesis is the hash of the chain's genesis block, contract the registry's address, instruction its SCALE
encoding, deadline in Unix milliseconds; bytes are hexadecimal with 0x, accounts SS58. Without --out it goes to stdout.")]
    Sign(sign::SignOptions),
    /// Say what signed orders are to do, and check their signatures; needs no chain. Ends with 3 where one is wrong
    #[command(after_help = "Example:
  salus relay show order.json

JSON: orders [{file, genesis, contract, signer, signed: true|false, nonce, deadline, act, patient, …}].")]
    Show {
        /// What `salus relay sign` made
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Relay signed orders, many in one transaction; the signer of the transaction pays
    #[command(after_help = "Example:
  salus relay submit order.json --suri //Ferdie

Each order stands for itself: one that is refused costs nothing and does not hold up the others. Ends with 3 where one is
refused. Doing it again is harmless: what was carried out is then refused as relay.NonceUsed.

JSON: dryRun, orders [{file, signer, nonce, act, patient, outcome: done|refused|pending|later, code, rule, nextStep,
transaction, consent|revision|revoked, …}], done, refused, pending, transactions [evidence|forecast], stopped|null.
`pending` is what it did not come to because of `stopped`; `later`, in a dry run, what follows orders in another transaction.")]
    Submit {
        /// What `salus relay sign` made
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show the nonce that an account's next signed order must have
    #[command(after_help = "Example:
  salus relay nonce Patient/rosa-marin --directory samples/directory.json

JSON: account, nonce.")]
    Nonce {
        /// An account, or a reference of the directory [default: the signer]
        account: Option<String>,
    },
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &RelayCommand) -> Result<Report, Failure> {
    match command {
        RelayCommand::Sign(options) => sign::sign(global, options).await,
        RelayCommand::Show { files } => show(global, files),
        RelayCommand::Submit { files } => submit::submit(global, files).await,
        RelayCommand::Nonce { account } => nonce(global, account.as_deref()).await,
    }
}

/// The signed orders of a file, and where they count.
struct Orders {
    file: String,
    place: Place,
    signed: Vec<SignedOrder>,
}

impl Orders {
    fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display().to_string();
        let (place, signed) = file::from_json(&documents::read(file)?).map_err(|error| {
            Failure::input("input.orders", format!("{shown}: {error}"), "give a file that `salus relay sign` made")
        })?;
        Ok(Self { file: shown, place, signed })
    }
}

/// Everything that is signed, as JSON.
fn signed_json(signed: &SignedOrder, directory: &Directory) -> Value {
    let mut json = order_json(&signed.order, directory);
    json["signer"] = client_account(signed.signer()).to_string().into();
    json["nonce"] = signed.nonce.into();
    json["deadline"] = deadline(signed.deadline).into();
    json
}

/// Everything that is signed, in words.
fn signed_lines(signed: &SignedOrder, directory: &Directory) -> Vec<String> {
    let whom = |account| name(directory, &client_account(account).0);
    let who = match signed.proxy {
        None => format!("{} is", whom(signed.order.patient)),
        Some(proxy) => format!("{}, a proxy, is for {}", whom(proxy), whom(signed.order.patient)),
    };
    let mut lines = words(&signed.order.instruction, directory);
    if let Some(first) = lines.first_mut() {
        *first = format!("{who} to {first}");
    }
    lines.push(format!("  once, with nonce {}, before {}", signed.nonce, deadline(signed.deadline)));
    lines
}

/// A deadline by RFC 3339; one that is out of its range in Unix milliseconds.
fn deadline(deadline: Timestamp) -> String {
    show_time(deadline).unwrap_or_else(|| format!("{} ms after 1970", deadline.0))
}

fn show(global: &GlobalOptions, files: &[PathBuf]) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let mut report = Report::default();
    let mut list = Vec::new();
    for file in files {
        let Orders { file, place, signed } = Orders::read(file)?;
        let (genesis, contract) = (format!("0x{}", hex::encode(place.genesis.0)), client_account(place.contract));
        report = report.line(format!("{file}: for the registry {contract} on the chain with genesis {genesis}"));
        for one in &signed {
            let holds = is_signed(&place, one);
            let word = if holds { "the signature holds" } else { "THE SIGNATURE IS WRONG" };
            report = report.lines(signed_lines(one, &directory)).line(format!("  {word}"));
            if !holds {
                report = report.exit(Exit::Refused);
            }
            let mut json = signed_json(one, &directory);
            json["file"] = file.clone().into();
            json["genesis"] = genesis.clone().into();
            json["contract"] = contract.to_string().into();
            json["signed"] = holds.into();
            list.push(json);
        }
    }
    Ok(report.field("orders", json!(list)))
}

async fn nonce(global: &GlobalOptions, account: Option<&str>) -> Result<Report, Failure> {
    let account = global.account_or_signer(account)?;
    let Suite { chain, deployment } = global.suite().await?;
    let nonce = deployment.registry().nonce(ink_account(&account)).read(&chain).await?;
    let report = Report::default().field("account", account.to_string()).field("nonce", nonce);
    Ok(report.line(nonce.to_string()))
}
