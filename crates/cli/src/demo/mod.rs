//! The story: every part of the suite at work on a real chain, step by step, with its evidence.

mod cast;
mod claims;
mod narrator;
mod samples;
mod second;
mod story;

use crate::commands::key::write_private;
use crate::failure::{Exit, Failure};
use crate::operations::claims::ConsortiumKey;
use crate::operations::envelopes::Envelopes;
use crate::operations::Suite;
use crate::output::Report;
use anyhow::Context;
use cast::Cast;
use narrator::Narrator;
use salus_client::{deployment, Chain};
use salus_localnet::{Node, Options};
use salus_vault::Vault;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How `salus demo` is run.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoOptions {
    /// Write one JSON object per step, and last one with the summary
    #[arg(long)]
    pub json: bool,
    /// Leave the chain running until Ctrl-C, with all that the story made, for experiments
    #[arg(long)]
    pub keep: bool,
    /// Play on the chain of this node instead of starting one; the funder pays there
    #[arg(long, env = "SALUS_URL")]
    pub url: Option<String>,
    /// The contracts node to start; else CONTRACTS_NODE, this project's own, or substrate-contracts-node on the PATH
    #[arg(long)]
    pub node: Option<PathBuf>,
    /// Play nothing: write the story's documents into a new folder, with claims of the week before the chain's time, or today
    #[arg(long, value_name = "FOLDER", conflicts_with = "keep")]
    pub samples: Option<PathBuf>,
    /// Who deploys and gives the others their first tokens
    #[arg(long, default_value = "//Alice", env = "SALUS_SURI", hide_env_values = true)]
    pub suri: String,
}

/// Plays the story. Whatever it started has ended when it returns, also after an error or Ctrl-C.
///
/// # Errors
/// Whatever did not go as the story says.
pub async fn run(options: DemoOptions) -> Result<Report, Failure> {
    if let Some(folder) = &options.samples {
        return write_samples(folder, options.url.as_deref()).await;
    }
    tokio::select! {
        result = play(&options) => Ok(result.map(|()| Report::default())?),
        _ = tokio::signal::ctrl_c() => {
            if options.keep {
                return Ok(Report::default());
            }
            let next = "play it again to see the end; the chain that was started has ended";
            Err(Failure::new(Exit::Internal, "stopped", "stopped by Ctrl-C before the end", next))
        }
    }
}

/// Writes the documents, dated by the chain at an address, or by this machine's clock.
async fn write_samples(folder: &Path, url: Option<&str>) -> Result<Report, Failure> {
    let now = match url {
        Some(url) => Chain::connect(url).await?.now().await?,
        None => crate::commands::simulate::now(),
    };
    let written = samples::write(folder, now)?;
    let said = format!("wrote {} documents into {}", written.len(), folder.display());
    Ok(Report::default().line(said).field("folder", folder.display().to_string()).field("written", written))
}

async fn play(options: &DemoOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let folder = Folder::new(options.keep)?;
    let mut narrator = Narrator::new(options.json);
    // Before a node is started: a secret that cannot be read needs none.
    let funder = salus_client::signer::from_suri(&options.suri)?;
    let node = find_or_start(options)?;
    let chain = Chain::connect(node.url()).await?;
    narrator.opening(&chain);

    let cast = Cast::new()?;
    cast.fund(&chain, &funder).await.context("giving the cast their first tokens")?;
    let bundles = crate::bundles::embedded()?;
    let salt = cast.run.as_bytes();
    let (terms, mode) = (deployment::EMERGENCY_TERMS, deployment::Mode::DeployNow);
    let deploy = deployment::deploy(&chain, &funder, &bundles, salt, terms, mode, |step| narrator.deployed(step));
    let deployment = deploy.await?;
    let suite = Suite { chain, deployment };
    let place = folder.path().join("vault");
    let (vault, envelopes) = (Vault::local(&place)?, Envelopes::Vault(Vault::local(&place)?));
    let key = ConsortiumKey(cast::random()?);

    let sums = story::play(&suite, (&vault, &envelopes, &place), &key, &cast, &funder, &mut narrator).await?;
    let kept = options.keep.then(|| folder.path());
    narrator.summary(&suite, &cast, &sums, started.elapsed(), kept);

    if options.keep {
        keep(&folder, &suite, &cast, &key, &node, options.json).await?;
    }
    Ok(())
}

fn find_or_start(options: &DemoOptions) -> anyhow::Result<Node> {
    let node = Node::find_or_start(Options {
        url: options.url.clone(),
        program: options.node.clone(),
        finalize_delay_sec: Some(0),
        on_slow_start: Some((
            Duration::from_secs(3),
            Box::new(|| eprintln!("starting the chain: it compiles its runtime the first time …")),
        )),
        ..Options::default()
    })?;
    Ok(node)
}

/// Where the story keeps its files: a temporary folder, or one that stays.
enum Folder {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn new(keep: bool) -> anyhow::Result<Self> {
        if !keep {
            return Ok(Self::Temporary(tempfile::tempdir()?));
        }
        let folder = PathBuf::from(".salus/demo");
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("clearing .salus/demo of an earlier run"),
        }
        std::fs::create_dir_all(&folder).context("making .salus/demo")?;
        Ok(Self::Kept(folder))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

/// Writes down what experiments need, says how to use it, and waits for Ctrl-C.
async fn keep(
    folder: &Folder,
    suite: &Suite,
    cast: &Cast,
    key: &ConsortiumKey,
    node: &Node,
    json: bool,
) -> anyhow::Result<()> {
    let folder = folder.path();
    suite.deployment.write(&folder.join("deployment.json"))?;
    std::fs::write(folder.join("directory.json"), cast.directory_json()?)?;
    write_private(&folder.join("consortium.key"), hex::encode(key.0).as_bytes())
        .map_err(|failure| anyhow::anyhow!(failure.message))?;
    if !json {
        let folder = folder.display();
        println!("\nThe chain keeps running at {} until Ctrl-C. In another terminal, for example:", node.url());
        println!("  export SALUS_URL={} SALUS_DEPLOYMENT={folder}/deployment.json", node.url());
        println!("  export SALUS_DIRECTORY={folder}/directory.json SALUS_VAULT={folder}/vault");
        println!("  export SALUS_CONSORTIUM_KEY_FILE={folder}/consortium.key");
        let salus = std::env::current_exe()?;
        let (salus, patient) = (salus.display(), cast.suri("patient"));
        println!("  {salus} verify");
        println!("  {salus} access list --suri '{patient}'");
        println!("  {salus} consent record samples/consent.json --suri '{patient}'");
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
