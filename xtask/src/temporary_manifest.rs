//! The temporary manifest that contract-build writes for each build.
//!
//! It is a changed copy of the contract's manifest, in a folder of its own, and a workspace by itself. As it stands, it
//! inherits nothing, knows no lock file, and names the crates beside the contract by absolute paths, from which cargo
//! derives the names of symbols. So the folder is made an image of our workspace: with its common tables, its lock file,
//! and links to its folders. Then every path is relative, and the bytes are the same wherever the repository lies.

use anyhow::{bail, Context, Result};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Component, Path},
};
use toml::{Table, Value};

/// Completes the temporary manifest in `folder` for the contract in the folder `contract` of `workspace`, and returns the
/// name of the contract's package.
pub fn complete(folder: &Path, workspace: &Path, contract: &Path) -> Result<String> {
    let mut manifest = read_table(&folder.join("Cargo.toml"))?;
    let original = read_table(&contract.join("Cargo.toml"))?;
    let root = read_table(&workspace.join("Cargo.toml"))?;
    let package = match original.get("package").and_then(|package| package.get("name")).and_then(Value::as_str) {
        Some(name) => name.to_owned(),
        None => bail!("{} names no package", contract.join("Cargo.toml").display()),
    };

    inherit(&mut manifest, &original, &root)?;
    relative_source(&mut manifest, workspace)?;
    let text = toml::to_string(&manifest).context("the temporary manifest cannot be written as TOML")?;
    fs::write(folder.join("Cargo.toml"), text).context("cannot write the temporary manifest")?;

    let contract = contract.strip_prefix(workspace).context("the contract is not in the workspace")?;
    for name in linked_folders(&root, contract) {
        link_folder(&workspace.join(&name), &folder.join(&name))?;
    }
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    Ok(package)
}

/// Makes sure that the build in `folder` took every package from the lock file of `workspace`. cargo itself cannot be
/// asked with `--locked`, as it drops from the copy what one contract alone does not use.
pub fn check_lock(folder: &Path, workspace: &Path) -> Result<()> {
    let (used, known) = (read_table(&folder.join("Cargo.lock"))?, read_table(&workspace.join("Cargo.lock"))?);
    let known = locked_packages(&known)?;
    if let Some((name, version, _)) = locked_packages(&used)?.difference(&known).next() {
        bail!("{name} {version} is not in Cargo.lock; bring it up to date with `cargo metadata > /dev/null`");
    }
    Ok(())
}

/// Gives the manifest the workspace's tables, and its own dependencies back as they were before contract-build resolved
/// them to absolute paths.
fn inherit(manifest: &mut Table, original: &Table, root: &Table) -> Result<()> {
    let common = root.get("workspace").and_then(Value::as_table).context("the root manifest has no workspace")?;
    let own = manifest.entry("workspace").or_insert_with(|| Table::new().into());
    let own = own.as_table_mut().context("the temporary manifest's workspace is no table")?;
    for name in ["resolver", "package", "dependencies", "lints"] {
        if let Some(value) = common.get(name) {
            own.insert(name.to_owned(), value.clone());
        }
    }
    match original.get("dependencies") {
        Some(dependencies) => manifest.insert("dependencies".to_owned(), dependencies.clone()),
        None => manifest.remove("dependencies"),
    };
    manifest.remove("dev-dependencies");
    Ok(())
}

/// Makes the path of the contract's source, in `[lib]` or `[[bin]]`, relative to the workspace.
fn relative_source(manifest: &mut Table, workspace: &Path) -> Result<()> {
    let target = match manifest.contains_key("lib") {
        true => manifest.get_mut("lib"),
        false => manifest.get_mut("bin").and_then(|programs| programs.get_mut(0)),
    };
    let path = target.and_then(|target| target.get_mut("path")).context("the temporary manifest has no target")?;
    let relative = path.as_str().and_then(|path| Path::new(path).strip_prefix(workspace).ok()?.to_str());
    *path = Value::from(relative.context("the contract's source is not in the workspace")?);
    Ok(())
}

/// The top folders of the workspace in which the contract and the workspace's own crates lie.
fn linked_folders(root: &Table, contract: &Path) -> BTreeSet<String> {
    let dependencies = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let dependencies = dependencies.and_then(Value::as_table).into_iter().flat_map(Table::values);
    let paths = dependencies.filter_map(|dependency| dependency.get("path")?.as_str()).map(Path::new);
    let top = |path: &Path| match path.components().next() {
        Some(Component::Normal(name)) => name.to_str().map(Into::into),
        _ => None,
    };
    paths.chain([contract]).filter_map(top).collect()
}

/// Name, version and checksum of each package that a lock file takes from a registry.
fn locked_packages(lock: &Table) -> Result<BTreeSet<(&str, &str, &str)>> {
    let packages = lock.get("package").and_then(Value::as_array).context("the lock file lists no packages")?;
    Ok(packages
        .iter()
        .filter_map(|package| {
            let field = |name| package.get(name).and_then(Value::as_str);
            Some((field("name")?, field("version")?, field("checksum")?))
        })
        .collect())
}

#[cfg(unix)]
fn link_folder(from: &Path, to: &Path) -> Result<()> {
    match std::os::unix::fs::symlink(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot link {} to {}", to.display(), from.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn link_folder(_: &Path, _: &Path) -> Result<()> {
    bail!("contracts can only be built where there are symbolic links; use the image of CI or WSL")
}

fn read_table(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not valid TOML", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace]
        resolver = "2"
        members = ["contracts/claims", "xtask"]
        [workspace.package]
        edition = "2021"
        [workspace.dependencies]
        ink = { version = "=5.1.1", default-features = false }
        salus-domain = { path = "crates/domain", default-features = false }
        [workspace.lints.rust]
        unsafe_code = "forbid"
        [profile.dev]
        debug = false
    "#;
    const ORIGINAL: &str = r#"
        [package]
        name = "claims"
        edition.workspace = true
        [lib]
        path = "lib.rs"
        [dependencies]
        ink = { workspace = true }
        salus-domain = { workspace = true }
        [dev-dependencies]
        proptest = { workspace = true }
        [lints]
        workspace = true
    "#;
    /// As contract-build writes it.
    const TEMPORARY: &str = r#"
        [package]
        name = "claims"
        edition.workspace = true
        [[bin]]
        name = "claims"
        path = "/repo/contracts/claims/lib.rs"
        [dependencies]
        ink = { version = "=5.1.1", default-features = false }
        salus-domain = { path = "/repo/contracts/claims/crates/domain", default-features = false }
        [dev-dependencies]
        proptest = "1"
        [lints]
        workspace = true
        [workspace]
        members = [".ink/metadata_gen"]
    "#;

    fn completed() -> Result<Table> {
        let mut manifest = TEMPORARY.parse()?;
        inherit(&mut manifest, &ORIGINAL.parse()?, &ROOT.parse()?)?;
        relative_source(&mut manifest, Path::new("/repo"))?;
        Ok(manifest)
    }

    #[test]
    fn temporary_workspace_has_the_common_tables_and_its_own_members() -> Result<()> {
        let (manifest, root): (Table, Table) = (completed()?, ROOT.parse()?);
        for name in ["resolver", "package", "dependencies", "lints"] {
            assert_eq!(manifest["workspace"][name], root["workspace"][name]);
        }
        assert_eq!(manifest["workspace"]["members"], Value::from(vec![".ink/metadata_gen"]));
        Ok(())
    }

    #[test]
    fn no_absolute_path_is_left() -> Result<()> {
        let manifest = completed()?;
        assert_eq!(manifest["bin"][0]["path"].as_str(), Some("contracts/claims/lib.rs"));
        assert!(!manifest.to_string().contains("/repo"));
        Ok(())
    }

    #[test]
    fn source_outside_the_workspace_is_refused() -> Result<()> {
        assert!(relative_source(&mut TEMPORARY.parse()?, Path::new("/elsewhere")).is_err());
        Ok(())
    }

    #[test]
    fn folders_of_the_contract_and_of_its_crates_are_linked() -> Result<()> {
        let folders = linked_folders(&ROOT.parse()?, Path::new("contracts/claims"));
        assert_eq!(folders.into_iter().collect::<Vec<_>>(), ["contracts", "crates"]);
        Ok(())
    }

    #[test]
    fn only_packages_of_a_registry_are_compared() -> Result<()> {
        let lock: Table = r#"
            [[package]]
            name = "claims"
            version = "0.1.0"
            [[package]]
            name = "ink"
            version = "5.1.1"
            checksum = "00"
        "#
        .parse()?;
        assert_eq!(locked_packages(&lock)?, BTreeSet::from([("ink", "5.1.1", "00")]));
        Ok(())
    }
}
