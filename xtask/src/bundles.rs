//! `cargo xtask bundles`: the contracts as they are deployed, in `bundles/`.
//!
//! The bytes are a function of the sources, `Cargo.lock` and the compiler's version, and of nothing else: not of the
//! folder, the user, the target folder or the compiler's host. So `--check` can prove that what is committed is what
//! the sources say, and an auditor can do the same.

use crate::{
    cargo_stand_in::CargoStandIn,
    process::{output, sysroot},
};
use anyhow::{ensure, Context, Result};
use contract_build::{metadata::write_metadata, BuildMode, BuildResult, ExecuteArgs, ManifestPath, Verbosity};
use contract_metadata::ContractMetadata;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The names of the packages of contracts that are deployed, of the folder of their sources, and of that of their bundles.
const DEPLOYED: Set =
    Set { sources: "contracts", packages: &["consent-registry", "access-grants", "claims"], bundles: "bundles" };
/// Those that `cargo xtask costs` compares with, and the tokens of the tests.
const MEASURED: Set = Set {
    sources: "benches/contracts",
    packages: &["access-floor", "asker", "consent-twin", "decision-floor", "flag", "hostile-token", "token"],
    bundles: "benches/bundles",
};

/// Contracts whose bundles are in one folder.
struct Set {
    sources: &'static str,
    packages: &'static [&'static str],
    bundles: &'static str,
}
/// The digests of all files in `bundles/`, for `sha256sum --check`.
const SUMS: &str = "SHA256SUMS";

/// Build the contracts for the chain and write them to bundles/, and those of benches/ to benches/bundles/.
///
/// For each contract NAME: NAME.contract (code and metadata, for deployment and for clients), NAME.wasm (code), NAME.json
/// (metadata), and the digests of all in SHA256SUMS. The same sources, lock file and compiler give the same bytes
/// everywhere. Needs the sources of Rust's standard library: scripts/lib/rust-src.sh.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bundles                     build all contracts, write bundles/
  cargo xtask bundles --contract claims   only this one
  cargo xtask bundles --check             write nothing; fail where bundles/ is not what the sources give")]
pub struct Bundles {
    /// Write nothing; build, compare with bundles/ byte for byte, and fail where they differ
    #[arg(long)]
    check: bool,
    /// Only this contract
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new([DEPLOYED.packages, MEASURED.packages].concat()))]
    contract: Option<String>,
}

/// File names, and what is in them.
type Files = BTreeMap<String, Vec<u8>>;

impl Bundles {
    /// Does the task.
    pub fn run(&self) -> Result<()> {
        let builder = Builder::new()?;
        for set in [DEPLOYED, MEASURED] {
            self.run_for(&builder, &set)?;
        }
        Ok(())
    }

    fn run_for(&self, builder: &Builder, set: &Set) -> Result<()> {
        let mut built = Files::new();
        for name in set.packages.iter().filter(|name| self.contract.as_ref().is_none_or(|wanted| wanted == *name)) {
            let sources = builder.workspace.join(set.sources).join(name);
            let result = builder.build(name, &sources).with_context(|| format!("cannot build the contract {name}"))?;
            built.extend(result);
        }
        if built.is_empty() {
            return Ok(());
        }
        let folder = builder.workspace.join(set.bundles);
        let committed = read_files(&folder)?;
        built.insert(SUMS.to_owned(), sums(&committed, &built).into_bytes());
        for (name, bytes) in built.iter().filter(|(name, _)| name.ends_with(".wasm")) {
            println!("{name}: {} bytes", bytes.len());
        }
        match self.check {
            true => check(&committed, &built),
            false => write_files(&folder, &built),
        }
    }
}

/// What building a contract takes.
struct Builder {
    cargo: PathBuf,
    workspace: PathBuf,
    /// Where contract-build works, below the common target folder.
    target: PathBuf,
}

impl Builder {
    fn new() -> Result<Self> {
        let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let metadata = output(Command::new(&cargo).args(["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo's metadata is no JSON")?;
        let path = |name| metadata[name].as_str().map(PathBuf::from).with_context(|| format!("cargo tells no {name}"));
        let (workspace, target) = (path("workspace_root")?, path("target_directory")?.join("ink"));
        // The stand-in sets it. contract-build, where it sees it, throws away all that was built before.
        env::remove_var("INK_STATIC_BUFFER_SIZE");

        ensure!(
            sysroot()?.join("lib/rustlib/src/rust/library/core/Cargo.toml").exists(),
            "the sources of Rust's standard library are missing; run scripts/lib/rust-src.sh"
        );
        Ok(Self { cargo, workspace, target })
    }

    /// Builds one contract and returns its bundle, code and metadata.
    fn build(&self, name: &str, contract: &Path) -> Result<Files> {
        CargoStandIn::install(&self.cargo, &self.workspace, contract)?;
        // contract-build skips its last steps where it finds its own older results, even if the metadata has changed.
        remove_folder(&self.target.join(name.replace('-', "_")))?;
        let result = contract_build::execute(ExecuteArgs {
            manifest_path: ManifestPath::new(contract.join("Cargo.toml"))?,
            build_mode: BuildMode::Release,
            ..Default::default()
        })?;
        collect(result)
    }
}

/// Takes the results from where contract-build has put them, and takes this machine out of the metadata.
fn collect(result: BuildResult) -> Result<Files> {
    let artifacts = result.metadata_result.context("contract-build has made no metadata")?;
    let code = result.dest_wasm.context("contract-build has made no code")?;

    let mut metadata = ContractMetadata::load(&artifacts.dest_bundle)?;
    let toolchain = metadata.source.compiler.version.to_string();
    let build_info = metadata.source.build_info.as_mut().context("the metadata has no build_info")?;
    // It says "stable-<this machine's triple>": less about the code, and more about the machine, than the version.
    build_info.insert("rust_toolchain".to_owned(), toolchain.into());
    write_metadata(&artifacts, metadata, &Verbosity::Quiet, true)?;

    [artifacts.dest_bundle, artifacts.dest_metadata, code]
        .iter()
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).context("a result has no name")?;
            let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((name.to_owned(), bytes))
        })
        .collect()
}

/// The lines of SHA256SUMS for what is built now, and for what is committed and was not built now.
fn sums(committed: &Files, built: &Files) -> String {
    let all: BTreeMap<_, _> = committed.iter().chain(built).filter(|(name, _)| *name != SUMS).collect();
    all.into_iter().map(|(name, bytes)| format!("{}  {name}\n", digest(bytes))).collect()
}

/// Says for each file whether it is as committed, and fails unless all are.
fn check(committed: &Files, built: &Files) -> Result<()> {
    let mut differences = 0;
    for (name, bytes) in built {
        let old = committed.get(name);
        if old == Some(bytes) {
            println!("equal      {name}");
        } else {
            differences += 1;
            println!("DIFFERENT  {name}");
            println!("           committed  {}", old.map_or("nothing".to_owned(), |old| digest(old)));
            println!("           built      {}", digest(bytes));
        }
    }
    ensure!(
        differences == 0,
        "{differences} file(s) are not what the sources give: run `cargo xtask bundles` and commit"
    );
    Ok(())
}

/// The SHA-256 of the bytes in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The bundles' files in the folder; none where there is no folder yet.
fn read_files(folder: &Path) -> Result<Files> {
    let context = || format!("cannot read {}", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Files::new()),
        entries => entries.with_context(context)?,
    };
    let mut files = Files::new();
    for entry in entries {
        let path = entry.with_context(context)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name == SUMS || [".contract", ".json", ".wasm"].iter().any(|ending| name.ends_with(ending)) {
            files.insert(name.to_owned(), fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    Ok(files)
}

fn write_files(folder: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
