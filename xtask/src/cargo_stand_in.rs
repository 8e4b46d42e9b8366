//! This program in cargo's place.
//!
//! contract-build 5.0.3 is the last of its line and asks cargo for things that Rust 1.95 no longer has, or that make the
//! bytes of a contract depend on the folder where it is built. It takes its cargo from the variable `CARGO`; so that
//! variable names this program, which hands on to the real cargo what contract-build means:
//!
//! - `panic=immediate-abort` is a panic strategy now, no feature of the standard library;
//! - the temporary manifest becomes a small image of the workspace (see [`crate::temporary_manifest`]);
//! - all contracts share one target folder, so that the standard library is compiled once;
//! - no path of this machine gets into the code, and no setting of its user decides over it.

use crate::{process::sysroot, temporary_manifest};
use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

/// Tells this program that it was started in cargo's place, and which cargo is the real one.
const REAL_CARGO: &str = "XTASK_REAL_CARGO";
/// The root of the workspace.
const WORKSPACE: &str = "XTASK_WORKSPACE";
/// The folder of the contract that is being built.
const CONTRACT: &str = "XTASK_CONTRACT";

/// Between the flags in `CARGO_ENCODED_RUSTFLAGS`.
const FLAG_SEPARATOR: &str = "\u{1f}";

/// What contract-build asks of the standard library, and what that has become.
const OLD_IMMEDIATE_ABORT: &str = "-Zbuild-std-features=panic_immediate_abort";
const IMMEDIATE_ABORT: &str = "-Zpanic-immediate-abort";
/// How many bytes a message's arguments may have: ink!'s static buffer, which it compiles into a contract from the variable
/// `INK_STATIC_BUFFER_SIZE`. A relay of a hundred signed consents has about 24 KiB.
const STATIC_BUFFER: &str = "32768";

/// The profile of contracts, stated in full: a variable outranks the manifests and the user's configuration.
///
/// `overflow-checks` is on, against contract-build's habit: its lints hold for our crates only, this holds for all code.
const CONTRACT_PROFILE: [(&str, &str); 8] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "false"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z"),
    ("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true"),
    ("CARGO_PROFILE_RELEASE_PANIC", "immediate-abort"),
];

/// The profile of the program that prints the metadata. ink! lists the events in the order in which the linker finds them;
/// that is the order of the source only where a crate is compiled in one piece.
const METADATA_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_DEV_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_DEV_DEBUG", "false"),
    ("CARGO_PROFILE_DEV_INCREMENTAL", "false"),
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "0"),
];

/// What cargo is really asked to do.
#[derive(Debug, Default, PartialEq)]
struct Invocation {
    arguments: Vec<String>,
    /// Variables to set.
    environment: BTreeMap<String, String>,
}

/// The real cargo, and what it is to build.
#[derive(Debug)]
pub struct CargoStandIn {
    cargo: PathBuf,
    workspace: PathBuf,
    contract: PathBuf,
}

impl CargoStandIn {
    /// The stand-in that the variables describe, if this program was started as one.
    pub fn from_environment() -> Result<Option<Self>> {
        let path = |name| env::var_os(name).map(PathBuf::from).with_context(|| format!("{name} is not set"));
        if env::var_os(REAL_CARGO).is_none() {
            return Ok(None);
        }
        Ok(Some(Self { cargo: path(REAL_CARGO)?, workspace: path(WORKSPACE)?, contract: path(CONTRACT)? }))
    }

    /// Makes this program the cargo of everything that this process starts from now on: builds of the contract in the
    /// folder `contract`, below the root `workspace`.
    pub fn install(cargo: &Path, workspace: &Path, contract: &Path) -> Result<()> {
        env::set_var("CARGO", env::current_exe().context("this program's own path is unknown")?);
        env::set_var(REAL_CARGO, cargo);
        env::set_var(WORKSPACE, workspace);
        env::set_var(CONTRACT, contract);
        Ok(())
    }

    /// Does what contract-build means by `cargo <arguments>`.
    pub fn run(&self, arguments: Vec<String>) -> Result<ExitStatus> {
        match arguments.first().map(String::as_str) {
            Some("build") => self.build_code(arguments),
            Some("run") => self.generate_metadata(arguments),
            Some("clippy") => self.execute(lint_invocation(arguments), None),
            _ => self.execute(Invocation { arguments, ..Default::default() }, None),
        }
    }

    /// Compiles the contract for the chain. contract-build runs this in the folder of the temporary manifest.
    fn build_code(&self, mut arguments: Vec<String>) -> Result<ExitStatus> {
        let folder = env::current_dir().context("there is no current folder")?;
        let expected = take_target_folder(&mut arguments)?;
        let shared = shared_target_folder(&expected)?;
        let target = value_of(&arguments, "--target").context("contract-build names no target")?;
        let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
        let invocation = code_invocation(arguments, &shared, &flags, &self.path_prefixes(&shared)?);

        let package = temporary_manifest::complete(&folder, &self.workspace, &self.contract)?;
        let status = self.execute(invocation, Some(&folder))?;
        if status.success() {
            temporary_manifest::check_lock(&folder, &self.workspace)?;
            let file = Path::new(&target).join("release").join(package).with_extension("wasm");
            hand_over_code(&shared, &expected, &file)?;
        }
        Ok(status)
    }

    /// Compiles the contract for this machine and has it print its metadata. contract-build names the temporary manifest.
    fn generate_metadata(&self, mut arguments: Vec<String>) -> Result<ExitStatus> {
        let manifest = value_of(&arguments, "--manifest-path").context("contract-build names no manifest")?;
        let folder = Path::new(&manifest).parent().context("the manifest is in no folder")?.to_path_buf();
        let shared = shared_target_folder(&take_target_folder(&mut arguments)?)?;

        temporary_manifest::complete(&folder, &self.workspace, &self.contract)?;
        self.execute(metadata_invocation(arguments, &shared), Some(&folder))
    }

    /// What must not be found in the code: where cargo and the compiler keep sources, and the target folder.
    fn path_prefixes(&self, target: &Path) -> Result<[(PathBuf, &'static str); 3]> {
        let home = match env::var_os("CARGO_HOME") {
            Some(home) => PathBuf::from(home),
            None => PathBuf::from(env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?).join(".cargo"),
        };
        Ok([(home, "/cargo"), (sysroot()?, "/rust"), (target.to_path_buf(), "/target")])
    }

    /// Runs the real cargo and waits for it.
    fn execute(&self, invocation: Invocation, folder: Option<&Path>) -> Result<ExitStatus> {
        let mut command = Command::new(&self.cargo);
        command.args(invocation.arguments);
        for name in ["CARGO", REAL_CARGO, WORKSPACE, CONTRACT] {
            command.env_remove(name);
        }
        command.envs(invocation.environment);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        command.status().with_context(|| format!("cannot run {}", self.cargo.display()))
    }
}

/// contract-build's lints, for the contract alone. Its lints on arithmetic stand in for overflow checks, which all of our
/// code has, and take the saturating operators of `salus-domain` for unchecked ones.
fn lint_invocation(mut arguments: Vec<String>) -> Invocation {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    arguments.insert(end, "--no-deps".to_owned());
    Invocation { arguments, ..Default::default() }
}

/// The build for the chain: arguments and variables for the real cargo.
fn code_invocation(arguments: Vec<String>, target: &Path, flags: &str, prefixes: &[(PathBuf, &str)]) -> Invocation {
    let mut arguments: Vec<String> = arguments
        .into_iter()
        .map(|argument| if argument == OLD_IMMEDIATE_ABORT { IMMEDIATE_ABORT.to_owned() } else { argument })
        .collect();
    arguments.extend(shared_arguments(target));

    let mut flags: Vec<String> = flags.split(FLAG_SEPARATOR).filter(|flag| !flag.is_empty()).map(Into::into).collect();
    flags.push("-Cpanic=immediate-abort".to_owned());
    flags.push("-Zunstable-options".to_owned());
    flags.extend(prefixes.iter().map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display())));

    let mut environment = shared_environment();
    environment.extend(CONTRACT_PROFILE.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment.insert("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join(FLAG_SEPARATOR));
    Invocation { arguments, environment }
}

/// The program that prints the metadata: only its output matters, so it is compiled as fast as can be.
fn metadata_invocation(mut arguments: Vec<String>, target: &Path) -> Invocation {
    arguments.retain(|argument| argument != "--release");
    arguments.extend(shared_arguments(target));
    let mut environment = shared_environment();
    environment.extend(METADATA_PROFILE.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Invocation { arguments, environment }
}

/// What is new is told by content, not by date: a second checkout may be older than the shared target folder.
fn shared_arguments(target: &Path) -> [String; 2] {
    [format!("--target-dir={}", target.display()), "-Zchecksum-freshness".to_owned()]
}

/// Both builds allow unstable features, since some build scripts ask for that and would run again at each change.
fn shared_environment() -> BTreeMap<String, String> {
    let variables = [("RUSTC_BOOTSTRAP", "1"), ("INK_STATIC_BUFFER_SIZE", STATIC_BUFFER)];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// contract-build gives each contract a target folder of its own, `ink/<contract>`; the common one is beside it. cargo does
/// not see that ink! depends on a variable, so each of its values has a folder.
fn shared_target_folder(own: &Path) -> Result<PathBuf> {
    let parent = own.parent().context("contract-build's target folder has no parent")?;
    Ok(parent.join(format!("buffer-{STATIC_BUFFER}")))
}

/// Removes `--target-dir`, in either spelling, and returns its value.
fn take_target_folder(arguments: &mut Vec<String>) -> Result<PathBuf> {
    let value = value_of(arguments, "--target-dir").context("contract-build names no target folder")?;
    if let Some(position) = arguments.iter().position(|argument| argument == "--target-dir") {
        arguments.drain(position..position + 2);
    }
    arguments.retain(|argument| !argument.starts_with("--target-dir="));
    Ok(PathBuf::from(value))
}

/// The value of an option that is spelled `--name value` or `--name=value`.
fn value_of(arguments: &[String], name: &str) -> Option<String> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix(name) {
            Some("") => return arguments.next().cloned(),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            _ => {}
        }
    }
    None
}

/// Copies the code from the common target folder to where contract-build looks for it.
fn hand_over_code(shared: &Path, own: &Path, file: &Path) -> Result<()> {
    let (from, to) = (shared.join(file), own.join(file));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(Into::into).collect()
    }

    fn code() -> Invocation {
        let arguments = words(
            "build --color=always --release --target=wasm32-unknown-unknown -Zbuild-std=core,alloc --no-default-features \
             -Zbuild-std-features=panic_immediate_abort",
        );
        let flags = "-Clinker-plugin-lto\u{1f}-Ctarget-cpu=mvp";
        let prefixes = [(PathBuf::from("/home/alice/.cargo"), "/cargo")];
        code_invocation(arguments, Path::new("/target/ink"), flags, &prefixes)
    }

    #[test]
    fn immediate_abort_is_asked_for_in_the_new_way() {
        let expected = "build --color=always --release --target=wasm32-unknown-unknown -Zbuild-std=core,alloc \
                        --no-default-features -Zpanic-immediate-abort --target-dir=/target/ink -Zchecksum-freshness";
        assert_eq!(code().arguments, words(expected));
        assert_eq!(code().environment["CARGO_PROFILE_RELEASE_PANIC"], "immediate-abort");
    }

    #[test]
    fn compiler_flags_are_kept_and_no_path_of_this_machine_is_left() {
        let flags: Vec<_> = code().environment["CARGO_ENCODED_RUSTFLAGS"].split('\u{1f}').map(String::from).collect();
        let expected = "-Clinker-plugin-lto -Ctarget-cpu=mvp -Cpanic=immediate-abort -Zunstable-options \
                        --remap-path-prefix=/home/alice/.cargo=/cargo";
        assert_eq!(flags, words(expected));
    }

    #[test]
    fn no_flags_before_means_no_empty_flag_after() {
        let invocation = code_invocation(words("build"), Path::new("/target/ink"), "", &[]);
        let flags = &invocation.environment["CARGO_ENCODED_RUSTFLAGS"];
        assert_eq!(flags, "-Cpanic=immediate-abort\u{1f}-Zunstable-options");
    }

    #[test]
    fn code_checks_for_overflow() {
        assert_eq!(code().environment["CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS"], "true");
    }

    #[test]
    fn lints_are_for_the_contract_alone() {
        let invocation = lint_invocation(words("clippy --all-features -- -Dclippy::cast_sign_loss"));
        assert_eq!(invocation.arguments, words("clippy --all-features --no-deps -- -Dclippy::cast_sign_loss"));
    }

    #[test]
    fn metadata_is_generated_without_optimisation() {
        let arguments = words("run --package metadata-gen --manifest-path=/tmp/x/Cargo.toml --release");
        let invocation = metadata_invocation(arguments, Path::new("/target/ink"));
        let expected = "run --package metadata-gen --manifest-path=/tmp/x/Cargo.toml --target-dir=/target/ink \
                        -Zchecksum-freshness";
        assert_eq!(invocation.arguments, words(expected));
    }

    #[test]
    fn metadata_lists_events_in_the_order_of_the_source() {
        let environment = metadata_invocation(words("run"), Path::new("/target/ink")).environment;
        assert_eq!(environment["CARGO_PROFILE_DEV_CODEGEN_UNITS"], "1");
        assert_eq!(environment["CARGO_PROFILE_DEV_INCREMENTAL"], "false");
    }

    #[test]
    fn target_folder_is_taken_in_either_spelling() -> Result<()> {
        for text in ["build --target-dir=/t/ink/claims --release", "build --target-dir /t/ink/claims --release"] {
            let mut arguments = words(text);
            assert_eq!(take_target_folder(&mut arguments)?, Path::new("/t/ink/claims"));
            assert_eq!(arguments, words("build --release"));
        }
        assert!(take_target_folder(&mut words("build --release")).is_err());
        Ok(())
    }

    #[test]
    fn option_is_not_confused_with_a_longer_one() {
        assert_eq!(value_of(&words("build --target-dir=/t --target=wasm32"), "--target"), Some("wasm32".to_owned()));
        assert_eq!(value_of(&words("build --target-dir=/t"), "--target"), None);
    }
}
