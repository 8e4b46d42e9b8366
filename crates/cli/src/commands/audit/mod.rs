//! `salus audit`: the log of a release service against the chain, its entries, and proofs of them.

mod proof;
mod show;
mod verify;

pub(super) use show::{entry_json, entry_line};

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::audits::{self, LogCopy};
use crate::operations::Suite;
use crate::output::Report;
use crate::service::ServiceOption;
use crate::values;
use salus_client::AccountId32;
use salus_domain::ids::{Hash, RecordId};
use salus_release::client::ReleaseClient;
use std::path::PathBuf;

/// `salus audit`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Compare a log with the roots and releases on the chain: nothing removed, nothing reordered, nothing put in between
    #[command(after_help = "Example:
  salus audit verify --log releases.log --log-account 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw
  salus audit verify --service https://releases.example.org --suri //Bob

Of a service, the entries are asked for: authorities may, and the governor. Entries after the last root are counted; nothing
vouches for them yet. Ends with 3 where something does not fit.

JSON: account, matches, size, root, anchors (how many), releases (logged one by one), notAnchored, tornBytes, findings [{what:
shrunk|missing|changed|no-release|other-release|unreadable, from, to (without it), block|null, message}].")]
    Verify(Source),
    /// Show what the entries of a log say
    #[command(after_help = "Example:
  salus audit show --log releases.log --accessor Practitioner/dr-adams --directory samples/directory.json

JSON: entries [{index, id, leaf, time, record, version, patient, accessor, permit {block, event, purpose, action, link}|null,
finalBlock, outcome: released|refused|erasure-begun|erased|envelope-put|envelope-removed|unreadable, reason|null, rule|null, key|null,
digest|null}].")]
    Show {
        /// Which log.
        #[command(flatten)]
        source: Source,
        /// Those about this record alone
        #[arg(long, value_parser = values::record)]
        record: Option<RecordId>,
        /// Those about records of this account alone. Of a service, a patient may ask for its own
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
        /// Those of requests by this account alone
        #[arg(long, value_name = "ACCOUNT")]
        accessor: Option<String>,
    },
    /// Make a proof that an entry is in a log, for whoever knows its root
    #[command(after_help = "Example:
  salus audit prove --log releases.log --index 7 --log-account 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw \
--output proof.json

With --log-account, the proof is about the newest root on the chain, which the contract verifies as well; without, about all of the
file. The proof contains the entry.

JSON: index, id, logSize, root, output|null, proof {logSize, index, leaf, entry, id, path, root}.")]
    Prove {
        /// The file of the log
        #[arg(long, value_name = "FILE")]
        log: PathBuf,
        /// The entry by its number, from 0
        #[arg(long, value_name = "N", required_unless_present = "id")]
        index: Option<u64>,
        /// The entry by its id
        #[arg(long, value_name = "HEX", value_parser = values::hash, conflicts_with = "index")]
        id: Option<Hash>,
        /// Whose log it is on the chain: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        log_account: Option<String>,
        /// Write the proof into a new file
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check a proof, in itself and against the chain
    #[command(after_help = "Example:
  salus audit check proof.json --on-chain --log-account 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw

A proof that holds in itself says nothing without a root that is known from elsewhere. With --on-chain, its root is looked for among
those on the chain; where it is the newest, the contract verifies the proof as well. Ends with 3 where it does not hold.

JSON: index, logSize, root, holds, anchored: null|{block, time}, contract: null|verified|refused, entry (as in `salus audit show`).")]
    Check {
        /// The proof, as `salus audit prove` writes it
        proof: PathBuf,
        /// Look for its root on the chain
        #[arg(long, requires = "log_account")]
        on_chain: bool,
        /// Whose log it is: an account, or a reference of the directory
        #[arg(long, value_name = "ACCOUNT")]
        log_account: Option<String>,
    },
    /// List what is on the chain of a log, and since when
    #[command(after_help = "Example:
  salus audit anchors --log-account 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw

JSON: account, anchors [{size, root, block, time}], releases (how many were logged one by one).")]
    Anchors {
        /// Whose log: an account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        log_account: Option<String>,
    },
}

/// Which log.
#[derive(Clone, Debug, clap::Args)]
pub struct Source {
    /// The file of the log, or a copy of it. Comes before a service
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The service that keeps it.
    #[command(flatten)]
    service: ServiceOption,
    /// Whose log it is on the chain: an account, or a reference of the directory [default: what the service says; else the signer]
    #[arg(long, value_name = "ACCOUNT")]
    log_account: Option<String>,
}

impl Source {
    fn client(&self, global: &GlobalOptions, suite: &Suite) -> Result<Option<ReleaseClient>, Failure> {
        match &self.log {
            Some(_) => Ok(None),
            None => Ok(Some(self.service.client(global, suite)?.ok_or_else(|| {
                Failure::usage("no log is named", "name its file with --log, or a release service with --service")
            })?)),
        }
    }

    async fn read(&self, client: Option<&ReleaseClient>) -> Result<LogCopy, Failure> {
        match (client, &self.log) {
            (Some(client), _) => Ok(audits::collect(client).await?),
            (None, log) => Ok(audits::read(&log.clone().unwrap_or_default())?),
        }
    }

    async fn account(&self, global: &GlobalOptions, client: Option<&ReleaseClient>) -> Result<AccountId32, Failure> {
        match (&self.log_account, client) {
            (None, Some(client)) => Ok(client.head().await?.account),
            (named, _) => global.account_or_signer(named.as_deref()),
        }
    }
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &AuditCommand) -> Result<Report, Failure> {
    match command {
        AuditCommand::Verify(source) => verify::verify(global, source).await,
        AuditCommand::Show { source, record, patient, accessor } => {
            let about = show::About { record: *record, patient: patient.as_deref(), accessor: accessor.as_deref() };
            show::show(global, source, &about).await
        }
        AuditCommand::Prove { log, index, id, log_account, output } => {
            let which = match (index, id) {
                (Some(index), _) => proof::Which::Index(*index),
                (None, id) => proof::Which::Id(id.unwrap_or(Hash([0; 32])).0),
            };
            proof::prove(global, log, which, log_account.as_deref(), output.as_deref()).await
        }
        AuditCommand::Check { proof, on_chain, log_account } => {
            let account = log_account.as_deref().filter(|_| *on_chain);
            proof::check(global, proof, account).await
        }
        AuditCommand::Anchors { log_account } => verify::anchors(global, log_account.as_deref()).await,
    }
}
