//! `salus key`: encryption keys of accounts, accounts for relationships, and the consortium's key.

use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::claims::ConsortiumKey;
use crate::operations::keys::{self, encryption_key, MAX_NUMBER};
use crate::operations::{account_of, rotations, OperationError, Suite};
use crate::output::{progress, Report};
use crate::service::ServiceOption;
use crate::values::show_record;
use salus_client::{ink_account, signer, AccountId32, Keypair};
use salus_domain::ids::RecordId;
use salus_release::client::ReleaseClient;
use salus_vault::{EncryptionPublicKey, Rotation};
use serde_json::{json, Value};
use std::io::Write;
use std::path::{Path, PathBuf};

/// `salus key`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// Publish the signer's encryption key, to which records are shared
    #[command(after_help = "Example:
  salus key publish --suri //Charlie

The key follows from the signer's secret; there is nothing else to keep. Doing it twice changes nothing. Keys are numbered;
to exchange one that is in use, `salus key rotate`.

JSON: dryRun, account, number, encryptionKey, changed, evidence|forecast.")]
    Publish {
        /// The number of the key [default: that of the key that is published, else 0]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
        number: Option<u32>,
    },
    /// Exchange the signer's encryption key for the next one, and wrap for it all that the vault has for the one before
    #[command(after_help = "Example:
  salus key rotate --suri //Charlie

The next key is published first. Where wrapping anew broke off, doing it again completes it and publishes nothing; so it does for
another vault (--vault). Copies that somebody made of envelopes before can still be opened with the old key.

With --service, the newest version of each record that the signer has, keeps or was let into is collected against a permit first, and
the next key is published only where all could be. Should it break off after that: publish the key before again (`salus key publish
--number`), and rotate again.

JSON: dryRun, account, number, encryptionKey, changed, moved (versions of records), failed [{record, version|null, message}], with
--service also refused (records that are no longer released to the signer), evidence|forecast.")]
    Rotate(ServiceOption),
    /// Take the signer's encryption key back: nothing is wrapped to it or released for it any more
    #[command(after_help = "Example:
  salus key revoke --suri //Charlie

What is wrapped for it in a vault stays there. To publish another one: `salus key publish --number`, with a number that was
not used before.

JSON: dryRun, account, number|null, evidence|forecast.")]
    Revoke,
    /// Show the encryption key that an account published
    #[command(after_help = "Example:
  salus key show Practitioner/dr-adams --directory samples/directory.json

JSON: account, encryptionKey|null, number (of the signer's own)|null.")]
    Show {
        /// An account, or a reference of the directory [default: the signer]
        account: Option<String>,
    },
    /// Show the account that the signer keeps for one relationship, for example with one hospital
    #[command(after_help = "Example:
  salus key relationship mercy --suri //Dave

With --relationship NAME every command signs as that account. Nobody without the key can tell that it and the signer's other
accounts belong together (docs/privacy.md). It has no tokens: what it decides is signed with `salus relay sign`, and
relayed by somebody else.

JSON: relationship, account.")]
    Relationship {
        /// What the signer calls it: any text without a slash
        name: String,
    },
    /// Make a new consortium key in a file that only its owner reads
    #[command(after_help = "Example:
  salus key consortium consortium.key

The insurers and providers of a consortium share it: it keeps procedure codes, service days and claim numbers from
everybody else. A file that exists is not overwritten. By the fingerprint they see whether they have the same key.

JSON: dryRun, file, fingerprint|null (in a dry run).")]
    Consortium {
        /// The file to make
        file: PathBuf,
    },
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &KeyCommand) -> Result<Report, Failure> {
    match command {
        KeyCommand::Publish { number } => publish(global, *number).await,
        KeyCommand::Rotate(service) => rotate(global, service).await,
        KeyCommand::Revoke => revoke(global).await,
        KeyCommand::Show { account } => show(global, account.as_deref()).await,
        KeyCommand::Relationship { name } => relationship(global, name),
        KeyCommand::Consortium { file } => consortium(global, file),
    }
}

async fn publish(global: &GlobalOptions, number: Option<u32>) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let account = account_of(&signer);
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let number = match number {
        Some(number) => number,
        None => own_number(&suite, &signer).await?.unwrap_or(0),
    };
    let key = encryption_key(&signer, number).public_key();
    let report = of_key(&account, number, &key);
    if global.dry_run {
        let would = format!("publish the encryption key {key} (number {number}) of {account}");
        return publishing(report, &suite, &signer, &key, &would).await;
    }
    let evidence = keys::publish(&suite, &signer, number).await?;
    let word = if evidence.is_some() { "is published" } else { "was published before" };
    let did = format!("the encryption key {key} (number {number}) of {account} {word}");
    Ok(report.done(&did).evidence_or_unchanged(evidence.as_ref(), token))
}

/// A report about one of an account's keys.
fn of_key(account: &AccountId32, number: u32, key: &EncryptionPublicKey) -> Report {
    Report::default()
        .field("account", account.to_string())
        .field("number", number)
        .field("encryptionKey", key.to_string())
}

/// What publishing a key would cost.
async fn publishing(
    report: Report,
    suite: &Suite,
    signer: &Keypair,
    key: &EncryptionPublicKey,
    would: &str,
) -> Result<Report, Failure> {
    let message = suite.deployment.grants().publish_key(*key.as_bytes());
    let forecast = message.forecast(&suite.chain, signer).await?;
    Ok(report.planned(would).forecast(forecast.cost, forecast.fee, suite.chain.token()))
}

/// The number of the key that is published; `None` where none is, or one that is not the account's own, which can be replaced and
/// taken back all the same.
async fn own_number(suite: &Suite, signer: &Keypair) -> Result<Option<u32>, OperationError> {
    match keys::current(suite, signer).await {
        Err(OperationError::ForeignKey { .. }) => Ok(None),
        found => found,
    }
}

async fn rotate(global: &GlobalOptions, service: &ServiceOption) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let account = account_of(&signer);
    let suite = global.suite().await?;
    if let Some(client) = service.client(global, &suite)? {
        return exchange(global, &suite, &client).await;
    }
    let vault = global.vault()?;
    let token = suite.chain.token();
    let current = keys::current(&suite, &signer).await?.ok_or(OperationError::NoEncryptionKey(account))?;
    let behind = keys::left_behind(&vault, &signer, current).await?;
    let is_begun = !behind.is_empty();
    let number = if is_begun { current } else { current + 1 };
    ensure_left(number)?;
    let key = encryption_key(&signer, number).public_key();
    let report = of_key(&account, number, &key);
    if global.dry_run {
        if is_begun {
            return Ok(report.planned(&format!("wrap for key {number} of {account} what is left for keys before it")));
        }
        let would =
            format!("publish key {number} of {account}, and wrap for it all that the vault has for key {current}");
        return publishing(report, &suite, &signer, &key, &would).await;
    }
    let (old, evidence) = match is_begun {
        true => (behind, None),
        false => (vec![current], keys::publish(&suite, &signer, number).await?),
    };
    let done = keys::rotate(&vault, &signer, &old, number).await?;
    let did = match is_begun {
        true => format!("a rotation that broke off is completed: key {number} of {account} is {key}"),
        false => format!("key {number} of {account} is published: {key}"),
    };
    let report = report.done(&did).evidence_or_unchanged(evidence.as_ref(), token);
    Ok(with_rotation(report, &done))
}

fn ensure_left(number: u32) -> Result<(), Failure> {
    match number > MAX_NUMBER {
        true => Err(Failure::input(
            "input.keysUsedUp",
            format!("the account has used up its {} keys", MAX_NUMBER + 1),
            "use another account",
        )),
        false => Ok(()),
    }
}

/// Exchanges the key where the envelopes are behind a service.
async fn exchange(global: &GlobalOptions, suite: &Suite, client: &ReleaseClient) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let (account, token) = (account_of(&signer), suite.chain.token());
    let current = keys::current(suite, &signer).await?.ok_or(OperationError::NoEncryptionKey(account))?;
    let number = current + 1;
    ensure_left(number)?;
    let key = encryption_key(&signer, number).public_key();
    let report = of_key(&account, number, &key);
    if global.dry_run {
        let would = format!(
            "collect what is wrapped for key {current} of {account}, publish key {number}, and wrap it for that"
        );
        return publishing(report, suite, &signer, &key, &would).await;
    }
    let done = rotations::exchange(suite, client, &signer, number, progress()).await?;
    let failed = done.failed.iter().map(|(at, error)| {
        let record = show_record(RecordId(*at.record.as_bytes()));
        json!({ "record": record, "version": at.version, "message": error.to_string() })
    });
    let without = done.without.iter().map(|record| {
        let message = format!("there is no envelope for key {current}");
        json!({ "record": show_record(*record), "version": null, "message": message })
    });
    let failed: Vec<Value> = failed.chain(without).collect();
    let refused: Vec<String> = done.refused.iter().copied().map(show_record).collect();
    let did = match &done.evidence {
        Some(_) => format!("key {number} of {account} is published: {key}"),
        None => format!("nothing is changed: key {current} of {account} stays"),
    };
    let lines = failed.iter().map(|one| format!("  {} is not: {}", one["record"], one["message"]));
    let report = report
        .done(&did)
        .evidence_or_unchanged(done.evidence.as_ref(), token)
        .line(format!("  {} versions of records are wrapped for it", done.moved.len()))
        .lines(refused.iter().map(|record| format!("  {record} is no longer released to the signer")))
        .lines(lines)
        .field("moved", done.moved.len())
        .field("refused", refused)
        .field("failed", failed.clone());
    let next = match (&done.evidence, done.without.is_empty()) {
        (None, false) => format!(
            "  next: where a rotation broke off, `salus key publish --number {}` and do the same again; else have them shared anew",
            current.saturating_sub(1)
        ),
        (None, true) => "  next: see to what is wrong with them, and do the same again".to_owned(),
        (Some(_), _) => format!("  next: `salus key publish --number {current}`, and do the same again"),
    };
    Ok(if failed.is_empty() { report } else { report.line(next).exit(Exit::Input) })
}

fn with_rotation(report: Report, done: &Rotation) -> Report {
    let failed: Vec<Value> = done
        .failed
        .iter()
        .map(|(at, error)| {
            let record = show_record(RecordId(*at.record.as_bytes()));
            json!({ "record": record, "version": at.version, "message": error.to_string() })
        })
        .collect();
    let lines = done.failed.iter().map(|(at, error)| format!("  {at} is not: {error}"));
    let report = report
        .line(format!("  {} versions of records are wrapped for it", done.moved.len()))
        .lines(lines)
        .field("moved", done.moved.len())
        .field("failed", failed);
    match done.is_complete() {
        true => report,
        false => report.line("  next: mend what is wrong with them, and do the same again").exit(Exit::Input),
    }
}

async fn revoke(global: &GlobalOptions) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let account = account_of(&signer);
    let suite = global.suite().await?;
    let number = own_number(&suite, &signer).await?;
    let message = suite.deployment.grants().revoke_key();
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    let (would, did) = (
        format!("take the encryption key of {account} back"),
        format!("the encryption key of {account} is taken back: nothing is wrapped to it or released for it any more"),
    );
    let report = carried.report(suite.chain.token(), &would, &did);
    let next = number
        .map(|number| format!("  its number was {number}; the next one: `salus key publish --number {}`", number + 1));
    Ok(report.lines(next).field("account", account.to_string()).field("number", number))
}

async fn show(global: &GlobalOptions, account: Option<&str>) -> Result<Report, Failure> {
    let whose = global.account_or_signer(account)?;
    let Suite { chain, deployment } = global.suite().await?;
    let key = deployment.grants().encryption_key(ink_account(&whose)).read(&chain).await?;
    let own = global.signer().ok().filter(|signer| account_of(signer) == whose);
    let number = own.zip(key).and_then(|(own, key)| keys::number_of(&own, &EncryptionPublicKey::from(key)));
    let shown = key.map(hex::encode);
    let line = match (&shown, number) {
        (None, _) => format!("{whose} has not published an encryption key"),
        (Some(key), None) => key.clone(),
        (Some(key), Some(number)) => format!("{key} (number {number})"),
    };
    let report = Report::default().field("account", whose.to_string()).field("encryptionKey", shown);
    Ok(report.field("number", number).line(line))
}

fn relationship(global: &GlobalOptions, name: &str) -> Result<Report, Failure> {
    let account = account_of(&signer::for_relationship(&global.key()?, name)?).to_string();
    Ok(Report::default().field("relationship", name).field("account", account.clone()).line(account))
}

fn consortium(global: &GlobalOptions, file: &Path) -> Result<Report, Failure> {
    let shown = file.display().to_string();
    if file.exists() {
        let there = GlobalOptions { consortium_key_file: Some(file.to_owned()), ..global.clone() }.consortium_key();
        let holds = there.map(|key| format!("{shown} (the consortium key {})", key.fingerprint()));
        return Err(exists(&holds.unwrap_or(shown)));
    }
    let report = Report::default().field("file", shown.clone());
    if global.dry_run {
        return Ok(report.planned(&format!("make a consortium key in {shown}")).field("fingerprint", Value::Null));
    }
    let fingerprint = make(file)?.fingerprint();
    let words =
        format!("a new consortium key ({fingerprint}) is in {shown}; share it with the consortium, and nobody else");
    Ok(report.done(&words).field("fingerprint", fingerprint))
}

fn exists(file: &str) -> Failure {
    Failure::input("file.exists", format!("{file} exists; it is not overwritten"), "name another file")
}

fn make(file: &Path) -> Result<ConsortiumKey, Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| {
        Failure::new(Exit::Internal, "internal", "the operating system gave no randomness", "do the same again")
    })?;
    write_private(file, format!("{}\n", hex::encode(key)).as_bytes())?;
    Ok(ConsortiumKey(key))
}

/// Writes a new file that only its owner reads and writes.
///
/// # Errors
/// [`Failure`], also where the file exists.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let shown = file.display().to_string();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(&shown),
        _ => Failure::input("file", format!("{shown} cannot be written: {error}"), "name another file"),
    };
    let mut opened = options.open(file).map_err(failed)?;
    opened.write_all(bytes).and_then(|()| opened.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consortium_key_is_private_and_never_overwritten() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("key");
        let made = make(&file).map_err(|failure| failure.message)?;
        assert_eq!(made.fingerprint().len(), 16);
        assert_ne!(made.fingerprint(), ConsortiumKey([0; 32]).fingerprint());
        let key = std::fs::read_to_string(&file)?;
        assert_eq!(key.trim().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
        }
        let again = make(&file).map(|_| ()).map_err(|failure| (failure.exit, failure.code));
        assert_eq!(again, Err((Exit::Input, "file.exists".to_owned())));
        assert_eq!(std::fs::read_to_string(&file)?, key);
        Ok(())
    }
}
