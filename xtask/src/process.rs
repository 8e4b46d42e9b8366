//! Asking other programs.

use anyhow::{ensure, Context, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What a command prints. Fails if the command does.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).with_context(|| format!("{command:?} prints something else than UTF-8"))
}

/// Where this project is.
pub fn repository_root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is a folder of the workspace")?;
    Ok(root.to_path_buf())
}

/// Where the compiler's own files are.
pub fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim_end()))
}
