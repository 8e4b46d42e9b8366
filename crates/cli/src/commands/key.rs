//! `salus key`: encryption keys of accounts, accounts for relationships, and the consortium's key.

use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::{account_of, encryption_key, records, Suite};
use crate::output::Report;
use salus_client::{ink_account, signer};
use std::io::Write;
use std::path::{Path, PathBuf};

/// `salus key`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// Publish the signer's encryption key, to which records are shared
    #[command(after_help = "Example:
  salus key publish --suri //Charlie

The key follows from the signer's secret; there is nothing else to keep. Doing it twice changes nothing.

JSON: dryRun, account, encryptionKey, changed, evidence|forecast.")]
    Publish,
    /// Show the encryption key that an account published
    #[command(after_help = "Example:
  salus key show Practitioner/dr-adams --directory samples/directory.json

JSON: account, encryptionKey|null.")]
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
everybody else. A file that exists is not overwritten.

JSON: dryRun, file.")]
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
        KeyCommand::Publish => publish(global).await,
        KeyCommand::Show { account } => show(global, account.as_deref()).await,
        KeyCommand::Relationship { name } => relationship(global, name),
        KeyCommand::Consortium { file } => consortium(global, file),
    }
}

async fn publish(global: &GlobalOptions) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let (account, key) = (account_of(&signer), encryption_key(&signer).public_key());
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let report = if global.dry_run {
        let message = suite.deployment.grants().publish_key(*key.as_bytes());
        let forecast = message.forecast(&suite.chain, &signer).await?;
        Report::default().planned(&format!("publish the encryption key {key} of {account}")).forecast(
            forecast.cost,
            forecast.fee,
            token,
        )
    } else {
        let evidence = records::publish_key(&suite, &signer).await?;
        let word = if evidence.is_some() { "is published" } else { "was published before" };
        Report::default()
            .done(&format!("the encryption key {key} of {account} {word}"))
            .evidence_or_unchanged(evidence.as_ref(), token)
    };
    Ok(report.field("account", account.to_string()).field("encryptionKey", key.to_string()))
}

async fn show(global: &GlobalOptions, account: Option<&str>) -> Result<Report, Failure> {
    let account = global.account_or_signer(account)?;
    let Suite { chain, deployment } = global.suite().await?;
    let key = deployment.grants().encryption_key(ink_account(&account)).read(&chain).await?.map(hex::encode);
    let line = key.clone().unwrap_or_else(|| format!("{account} has not published an encryption key"));
    Ok(Report::default().field("account", account.to_string()).field("encryptionKey", key).line(line))
}

fn relationship(global: &GlobalOptions, name: &str) -> Result<Report, Failure> {
    let account = account_of(&signer::for_relationship(&global.key()?, name)?).to_string();
    Ok(Report::default().field("relationship", name).field("account", account.clone()).line(account))
}

fn consortium(global: &GlobalOptions, file: &Path) -> Result<Report, Failure> {
    let shown = file.display().to_string();
    if file.exists() {
        return Err(exists(&shown));
    }
    let report = Report::default().field("file", shown.clone());
    if global.dry_run {
        return Ok(report.planned(&format!("make a consortium key in {shown}")));
    }
    make(file)?;
    Ok(report.done(&format!("a new consortium key is in {shown}; share it with the consortium, and nobody else")))
}

fn exists(file: &str) -> Failure {
    Failure::input("file.exists", format!("{file} exists; it is not overwritten"), "name another file")
}

fn make(file: &Path) -> Result<(), Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| {
        Failure::new(Exit::Internal, "internal", "the operating system gave no randomness", "do the same again")
    })?;
    write_private(file, format!("{}\n", hex::encode(key)).as_bytes())
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
        make(&file).map_err(|failure| failure.message)?;
        let key = std::fs::read_to_string(&file)?;
        assert_eq!(key.trim().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
        }
        let again = make(&file).map_err(|failure| (failure.exit, failure.code));
        assert_eq!(again, Err((Exit::Input, "file.exists".to_owned())));
        assert_eq!(std::fs::read_to_string(&file)?, key);
        Ok(())
    }
}
