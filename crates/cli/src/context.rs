//! What the commands have in common: the options that each takes, and what follows from them.

use crate::deployments;
use crate::failure::Failure;
use crate::operations::claims::ConsortiumKey;
use crate::operations::documents::{self, Document};
use crate::operations::found::PassedOver;
use crate::operations::links::Link;
use crate::operations::{account_of, Suite};
use crate::output::Report;
use crate::values::Secret;
use salus_client::deployment::Deployment;
use salus_client::message::{Executed, Forecast, Message};
use salus_client::rules::Rule;
use salus_client::{signer, AccountId32, CallError, Chain, Evidence, Keypair, Token};
use salus_domain::ids::Account;
use salus_fhir::directory::Directory;
use salus_fhir::people::People;
use salus_vault::Vault;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The node that is asked where no other is named.
pub const DEFAULT_URL: &str = "ws://127.0.0.1:9944";

/// The options of every command. `url`, `suri` and `json` are also the story's, with its own defaults.
#[derive(Clone, clap::Args)]
pub struct GlobalOptions {
    /// The node to talk to [default: ws://127.0.0.1:9944]
    #[arg(long, global = true, env = "SALUS_URL", value_name = "URL", help_heading = "Chain")]
    pub url: Option<String>,
    /// The deployment file [default: the one in deployments/ that is about the node's chain]
    #[arg(long, global = true, env = "SALUS_DEPLOYMENT", value_name = "FILE", help_heading = "Chain")]
    pub deployment: Option<PathBuf>,
    /// Who signs, as a secret URI: a mnemonic, a 0x seed or a development name. On the command line other users of the
    /// machine can see it: better set the variable
    #[arg(
        long,
        global = true,
        env = "SALUS_SURI",
        hide_env_values = true,
        value_name = "SURI",
        help_heading = "Signer"
    )]
    pub suri: Option<String>,
    /// Who signs, as a polkadot-js account export (sr25519). Comes before a secret URI. Its password is SALUS_KEY_PASSWORD
    /// or in --password-file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Signer")]
    pub key_file: Option<PathBuf>,
    /// A file whose first line is the password of the key file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Signer")]
    pub password_file: Option<PathBuf>,
    /// Sign as the account that the signer keeps for one relationship, for example with one hospital, so that nobody can tell
    /// that it is the same person as elsewhere: the hard derivation //salus-relationship//NAME of the key
    #[arg(long, global = true, env = "SALUS_RELATIONSHIP", value_name = "NAME", help_heading = "Signer")]
    pub relationship: Option<String>,
    /// The vault with the encrypted records: a folder, or the URL of a store (file:///path, s3://bucket/prefix with the AWS_
    /// variables) [default: salus/vault in the user's data folder]
    #[arg(long, global = true, env = "SALUS_VAULT", value_name = "DIR|URL", help_heading = "Files")]
    pub vault: Option<PathBuf>,
    /// Who is who: which account stands for which FHIR reference (a JSON file), or FHIR resources of people and
    /// organisations. Repeatable; without it, those of SALUS_DIRECTORY, separated as in PATH
    #[arg(long, global = true, value_name = "FILE", help_heading = "Files")]
    pub directory: Vec<PathBuf>,
    /// The key that a consortium of insurers and providers shares: 64 hexadecimal digits
    #[arg(long, global = true, env = "SALUS_CONSORTIUM_KEY_FILE", value_name = "FILE", help_heading = "Files")]
    pub consortium_key_file: Option<PathBuf>,
    /// Say the outcome as one JSON object on stdout
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Submit and write nothing: say what would happen, with weight, deposit and fee. Changes nothing about commands that
    /// only read
    #[arg(long, global = true, help_heading = "Output")]
    pub dry_run: bool,
}

/// What became of a message.
pub enum Carried<T> {
    /// Nothing was submitted: this is what it would do and need.
    Planned(Forecast<T>),
    /// It is in a block.
    Done(Executed<T>),
}

impl<T> Carried<T> {
    /// What the message answers, as the dry run had it, or as [`Carried::told`] has it.
    pub const fn answer(&self) -> &T {
        match self {
            Self::Planned(forecast) => &forecast.value,
            Self::Done(executed) => &executed.forecast,
        }
    }

    /// The same with another answer: what a dry run's says, or what the transaction told.
    ///
    /// # Errors
    /// Those of `told`.
    pub fn told<U, E>(
        self,
        said: impl FnOnce(&T) -> U,
        told: impl FnOnce(&Executed<T>) -> Result<U, E>,
    ) -> Result<Carried<U>, E> {
        Ok(match self {
            Self::Planned(Forecast { value, cost, fee }) => {
                Carried::Planned(Forecast { value: said(&value), cost, fee })
            }
            Self::Done(executed) => {
                let forecast = told(&executed)?;
                Carried::Done(Executed { forecast, evidence: executed.evidence, events: executed.events })
            }
        })
    }

    /// Begins a report: `would` in a dry run, `did` otherwise, and evidence or forecast.
    pub fn report(&self, token: &Token, would: &str, did: &str) -> Report {
        match self {
            Self::Planned(forecast) => Report::default().planned(would).forecast(forecast.cost, forecast.fee, token),
            Self::Done(executed) => Report::default().done(did).evidence(&executed.evidence, token),
        }
    }
}

impl Report {
    /// Begins with what a dry run found would be done.
    #[must_use]
    pub fn planned(self, would: &str) -> Self {
        self.field("dryRun", true).line(format!("dry run, nothing was done: would {would}"))
    }

    /// Begins with what was done.
    #[must_use]
    pub fn done(self, did: &str) -> Self {
        self.field("dryRun", false).line(did)
    }

    /// With the files of folders that are about something else.
    #[must_use]
    pub fn passed_over(self, files: &[PassedOver]) -> Self {
        let list = files.iter().map(|one| json!({ "file": one.file, "holds": one.holds }));
        self.lines(files.iter().map(|one| format!("passed over: {} ({})", one.file, one.holds)))
            .field("passedOver", list.collect::<Vec<_>>())
    }

    /// With evidence, or with a word that there was nothing to do.
    #[must_use]
    pub fn evidence_or_unchanged(self, evidence: Option<&Evidence>, token: &Token) -> Self {
        match evidence {
            Some(evidence) => self.field("changed", true).evidence(evidence, token),
            None => self.field("changed", false).field("evidence", serde_json::Value::Null),
        }
    }
}

impl GlobalOptions {
    /// The chain of the node.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be reached.
    pub async fn chain(&self) -> Result<Chain, Failure> {
        Ok(Chain::connect(self.url.as_deref().unwrap_or(DEFAULT_URL)).await?)
    }

    /// The suite that is deployed on the node's chain.
    ///
    /// # Errors
    /// [`Failure`] where the chain cannot be reached, or no one deployment file is about it.
    pub async fn suite(&self) -> Result<Suite, Failure> {
        let chain = self.chain().await?;
        let deployment = match &self.deployment {
            Some(file) => Deployment::read(file)?,
            None => deployments::find(Path::new(deployments::FOLDER), &chain)?,
        };
        deployment.ensure_of(&chain)?;
        Ok(Suite { chain, deployment })
    }

    /// Who signs: the account of the key, or of the relationship that is named.
    ///
    /// # Errors
    /// [`Failure`] where nobody does, or the key cannot be read.
    pub fn signer(&self) -> Result<Keypair, Failure> {
        let key = self.key()?;
        match &self.relationship {
            Some(name) => Ok(signer::for_relationship(&key, name)?),
            None => Ok(key),
        }
    }

    /// The accounts by which documents may name the signer: the one that signs, and the one whose relationship it is.
    ///
    /// # Errors
    /// As [`GlobalOptions::signer`].
    pub fn own_accounts(&self) -> Result<Vec<AccountId32>, Failure> {
        let mut accounts = vec![account_of(&self.signer()?)];
        if self.relationship.is_some() {
            accounts.push(account_of(&self.key()?));
        }
        Ok(accounts)
    }

    /// The key that is given, whichever relationship is named.
    ///
    /// # Errors
    /// As [`GlobalOptions::signer`].
    pub fn key(&self) -> Result<Keypair, Failure> {
        if let Some(file) = &self.key_file {
            return Ok(signer::from_polkadot_js(file, self.password()?.reveal())?);
        }
        match &self.suri {
            Some(suri) => Ok(signer::from_suri(suri)?),
            None => Err(Failure::usage(
                "nobody signs",
                "set SALUS_SURI, or give --key-file with a polkadot-js account export",
            )),
        }
    }

    fn password(&self) -> Result<Secret, Failure> {
        let text = match &self.password_file {
            Some(file) => text_of(file)?.lines().next().unwrap_or_default().to_owned(),
            None => std::env::var("SALUS_KEY_PASSWORD").unwrap_or_default(),
        };
        Ok(text.into())
    }

    /// Which account stands for which reference; nobody where there is no file.
    ///
    /// # Errors
    /// As [`GlobalOptions::people`].
    pub fn directory(&self) -> Result<Directory, Failure> {
        Ok(self.people()?.directory())
    }

    /// Everybody that the files of the directory name.
    ///
    /// # Errors
    /// [`Failure`] where a file is not a directory, or contradicts one before.
    pub fn people(&self) -> Result<People, Failure> {
        let set = std::env::var_os("SALUS_DIRECTORY").filter(|_| self.directory.is_empty()).unwrap_or_default();
        let of_variable = std::env::split_paths(&set).filter(|file| !file.as_os_str().is_empty());
        let mut people = People::default();
        for file in self.directory.iter().cloned().chain(of_variable) {
            Document::read(&file)?.compile(|bytes| people.add(bytes))?;
        }
        Ok(people)
    }

    /// The account that somebody on the command line is: a reference that the directory knows, SS58 or hexadecimal.
    ///
    /// # Errors
    /// [`Failure`] where it is none of these.
    pub fn account(&self, text: &str) -> Result<AccountId32, Failure> {
        if let Some(Account(account)) = self.directory()?.account(text) {
            return Ok(AccountId32(account));
        }
        match salus_fhir::account::parse(text) {
            Ok(Account(account)) => Ok(AccountId32(account)),
            Err(error) => Err(Failure::input(
                "input.account",
                format!("{text} is neither an account nor a reference that the directory knows: {error}"),
                "give an SS58 address, 0x and 64 hexadecimal digits, or a reference of the file --directory",
            )),
        }
    }

    /// As [`GlobalOptions::account`]; where nobody is named, whoever signs.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn account_or_signer(&self, text: Option<&str>) -> Result<AccountId32, Failure> {
        match text {
            Some(text) => self.account(text),
            None => Ok(account_of(&self.signer()?)),
        }
    }

    /// The share link that a text on the command line is.
    ///
    /// # Errors
    /// [`Failure`] where it is none.
    pub fn link(&self, text: &str) -> Result<Link, Failure> {
        Ok(text.parse::<Link>()?)
    }

    /// The vault.
    ///
    /// # Errors
    /// [`Failure`] where its folder cannot be made, or its store not be used.
    pub fn vault(&self) -> Result<Vault, Failure> {
        match self.vault_place()? {
            Ok(url) => Ok(Vault::from_url(&url, std::env::vars())?),
            Err(folder) => Ok(Vault::local(folder)?),
        }
    }

    /// The URL of the vault, whose folder is made where there is none.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be.
    pub fn vault_url(&self) -> Result<String, Failure> {
        let folder = match self.vault_place()? {
            Ok(url) => return Ok(url),
            Err(folder) => folder,
        };
        Vault::local(&folder)?;
        let absolute = std::path::absolute(&folder).ok().and_then(|folder| url::Url::from_directory_path(folder).ok());
        absolute.map(String::from).ok_or_else(|| {
            let message = format!("{} is no folder that can be named", folder.display());
            Failure::input("input.vault", message, "name another one (--vault)")
        })
    }

    /// A URL, or else a folder.
    fn vault_place(&self) -> Result<Result<String, PathBuf>, Failure> {
        match &self.vault {
            Some(place) if place.to_str().is_some_and(|place| place.contains("://")) => {
                Ok(Ok(place.to_string_lossy().into_owned()))
            }
            Some(folder) => Ok(Err(folder.clone())),
            None => Ok(Err(data_folder()?.join("salus").join("vault"))),
        }
    }

    /// The consortium's key.
    ///
    /// # Errors
    /// [`Failure`] where there is no file, or it is not one.
    pub fn consortium_key(&self) -> Result<ConsortiumKey, Failure> {
        let Some(file) = &self.consortium_key_file else {
            return Err(Failure::usage(
                "there is no consortium key",
                "name its file with --consortium-key-file; `salus key consortium FILE` makes a new one",
            ));
        };
        let mut key = [0; 32];
        hex::decode_to_slice(text_of(file)?.trim(), &mut key).map_err(|_| {
            Failure::input(
                "input.consortiumKey",
                format!("{} is not a consortium key: it has 64 hexadecimal digits", file.display()),
                "name the file that `salus key consortium` made",
            )
        })?;
        Ok(ConsortiumKey(key))
    }

    /// Submits a message and waits until it is in a block; in a dry run, only says what it would do.
    ///
    /// # Errors
    /// [`Failure`], also in a dry run where the contract would refuse.
    pub async fn carry_out<T: scale::Decode, E: scale::Decode + Rule>(
        &self,
        chain: &Chain,
        signer: &Keypair,
        message: &Message<T, E>,
    ) -> Result<Carried<T>, Failure>
    where
        Failure: From<CallError<E>>,
    {
        Ok(if self.dry_run {
            Carried::Planned(message.forecast(chain, signer).await?)
        } else {
            Carried::Done(message.submit(chain, signer).await?)
        })
    }
}

fn text_of(file: &Path) -> Result<String, Failure> {
    let bytes = documents::read(file)?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::input("file", format!("{} is not text", file.display()), "check the path"))
}

fn data_folder() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local").join("share"))).ok_or_else(|| {
        Failure::usage("it cannot be told where the vault is: HOME is not set", "name its folder with --vault")
    })
}
