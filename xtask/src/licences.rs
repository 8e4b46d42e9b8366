//! `cargo xtask licences`: every package that is built is under a licence that deny.toml allows, and from crates.io.
//!
//! The rules are cargo-deny's, in its files, so that `cargo deny check licenses bans sources` can be had instead. It
//! is not used here because a fresh machine lacks it, and building it takes longer than all that this needs.

use anyhow::{ensure, Context, Result};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspaces; each has a lock file.
const WORKSPACES: [&str; 4] = [".", "fuzz", "node", "e2e-tests/ink"];
/// The only registry that packages may come from, as Cargo.lock names it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the licences and sources of all workspaces, and fails unless all are allowed.
pub fn run() -> Result<()> {
    let root = &crate::process::repository_root()?;
    let mut problems = Vec::new();
    for workspace in WORKSPACES {
        let folder = root.join(workspace);
        let policy = Policy::read(root, &folder)?;
        let packages = packages(&folder)?;
        let lock = read(&folder.join("Cargo.lock"))?;

        let found = policy.problems(&packages).chain(foreign_sources(&lock)?);
        problems.extend(found.map(|problem| format!("{workspace}: {problem}")));
        println!("{workspace}: {} packages", packages.len());
    }
    ensure!(problems.is_empty(), "not as deny.toml and deny.exceptions.toml say:\n  {}", problems.join("\n  "));
    println!("All licences and sources are allowed.");
    Ok(())
}

/// A package that is built.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// As in its manifest; empty where that names only a file.
    licence: String,
}

/// All packages that any target or test of the workspace builds.
///
/// From `cargo tree`, because `cargo metadata` also lists what no enabled feature asks for.
fn packages(workspace: &Path) -> Result<BTreeSet<Package>> {
    let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let mut tree = Command::new(cargo);
    tree.current_dir(workspace)
        .args(["tree", "--locked", "--workspace", "--target=all", "--edges=normal,build,dev", "--prefix=none"])
        .args(["--format", "{p}\t{l}\t"]);
    let output = tree.output().with_context(|| format!("cannot run {tree:?}"))?;
    ensure!(output.status.success(), "{tree:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).context("cargo prints something else than UTF-8")?;
    lines.lines().filter(|line| !line.is_empty()).map(parse_line).collect()
}

/// Parses "name vVERSION (where or what it is)", tab, licence, tab, and a mark on what is repeated.
fn parse_line(line: &str) -> Result<Package> {
    let parse = || {
        let (package, rest) = line.split_once('\t')?;
        let (licence, _) = rest.split_once('\t')?;
        let (name, rest) = package.split_once(" v")?;
        let version = rest.split(' ').next()?;
        Some(Package { name: name.into(), version: version.into(), licence: licence.into() })
    };
    parse().with_context(|| format!("cargo tree prints an unknown line: {line:?}"))
}

/// The packages of a lock file that come from elsewhere than crates.io.
fn foreign_sources(lock: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        /// None for the workspace's own.
        source: Option<String>,
    }
    let lock: Lock = toml::from_str(lock).context("Cargo.lock")?;
    let foreign = |package: Locked| {
        let source = package.source.filter(|source| source != CRATES_IO)?;
        Some(format!("{} comes from {source}", package.name))
    };
    Ok(lock.package.into_iter().filter_map(foreign).collect())
}

/// What deny.toml and a workspace's deny.exceptions.toml say about licences.
#[derive(Debug)]
struct Policy {
    allowed: Vec<Licensee>,
    /// For a package's name: what it may have besides.
    exceptions: BTreeMap<String, Vec<Licensee>>,
    /// For a package's name: the licence of one whose manifest names only a file.
    clarified: BTreeMap<String, String>,
}

/// The part of deny.toml that is read here.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    clarify: Vec<Clarification>,
}

#[derive(Deserialize)]
struct Clarification {
    #[serde(rename = "crate")]
    package: String,
    expression: String,
}

/// deny.exceptions.toml.
#[derive(Default, Deserialize)]
struct Exceptions {
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

impl Policy {
    /// Reads the policy of the workspace in this folder, the exceptions from the nearest file as cargo-deny does.
    fn read(root: &Path, workspace: &Path) -> Result<Self> {
        let deny = read(&root.join("deny.toml"))?;
        let folders = workspace.ancestors().take_while(|folder| folder.starts_with(root));
        let exceptions = folders.map(|folder| folder.join("deny.exceptions.toml")).find(|path| path.exists());
        let exceptions = exceptions.map_or(Ok(String::new()), |path| read(&path))?;
        Self::parse(&deny, &exceptions)
    }

    fn parse(deny: &str, exceptions: &str) -> Result<Self> {
        let Deny { licenses } = toml::from_str(deny).context("deny.toml")?;
        let exceptions: Exceptions = match exceptions {
            "" => Exceptions::default(),
            text => toml::from_str(text).context("deny.exceptions.toml")?,
        };
        Ok(Self {
            allowed: licensees(&licenses.allow)?,
            exceptions: exceptions
                .exceptions
                .into_iter()
                .map(|exception| Ok((exception.package, licensees(&exception.allow)?)))
                .collect::<Result<_>>()?,
            clarified: licenses.clarify.into_iter().map(|entry| (entry.package, entry.expression)).collect(),
        })
    }

    /// What is wrong with the packages, and exceptions for packages that are not among them.
    fn problems<'a>(&'a self, packages: &'a BTreeSet<Package>) -> impl Iterator<Item = String> + 'a {
        let used: BTreeSet<_> = packages.iter().map(|package| package.name.as_str()).collect();
        let unused = self.exceptions.keys().filter(move |name| !used.contains(name.as_str()));
        packages
            .iter()
            .filter_map(|package| self.problem(package))
            .chain(unused.map(|name| format!("{name} has an exception and is not used")))
    }

    fn problem(&self, package: &Package) -> Option<String> {
        let Package { name, version, licence } = package;
        let licence = match (licence.as_str(), self.clarified.get(name)) {
            ("", Some(clarified)) => clarified,
            ("", None) => return Some(format!("{name} {version} names no licence")),
            (licence, _) => licence,
        };
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
            return Some(format!("{name} {version} names a licence that is none: {licence}"));
        };
        let more = self.exceptions.get(name).map_or(&[][..], Vec::as_slice);
        let allowed = expression.evaluate(|wanted| self.allowed.iter().chain(more).any(|one| one.satisfies(wanted)));
        (!allowed).then(|| format!("{name} {version} is under {licence}"))
    }
}

fn licensees(names: &[String]) -> Result<Vec<Licensee>> {
    names.iter().map(|name| Licensee::parse(name).with_context(|| format!("{name:?} is no licence"))).collect()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        [licenses]
        allow = ["Apache-2.0", "MIT", "ISC", "Unicode-3.0"]
        [[licenses.clarify]]
        crate = "webpki"
        expression = "ISC"
    "#;
    const EXCEPTIONS: &str = r#"
        exceptions = [{ crate = "sc-service", allow = ["GPL-3.0-or-later WITH Classpath-exception-2.0"] }]
    "#;

    fn problems(exceptions: &str, packages: &[(&str, &str)]) -> Vec<String> {
        let package = |&(name, licence): &(&str, &str)| Package {
            name: name.into(),
            version: "1.0.0".into(),
            licence: licence.into(),
        };
        let packages = packages.iter().map(package).collect();
        Policy::parse(DENY, exceptions).expect("well-formed").problems(&packages).collect()
    }

    #[test]
    fn an_allowed_licence_is_no_problem() {
        assert!(problems("", &[("serde", "MIT OR Apache-2.0"), ("old", "MIT/Apache-2.0")]).is_empty());
    }

    #[test]
    fn one_allowed_licence_of_a_choice_is_enough() {
        assert!(problems("", &[("subxt", "Apache-2.0 OR GPL-3.0")]).is_empty());
    }

    #[test]
    fn all_licences_that_apply_together_must_be_allowed() {
        assert!(problems("", &[("unicode-ident", "(MIT OR Apache-2.0) AND Unicode-3.0")]).is_empty());
        assert_eq!(problems("", &[("ring", "Apache-2.0 AND OpenSSL")]), ["ring 1.0.0 is under Apache-2.0 AND OpenSSL"]);
    }

    #[test]
    fn copyleft_is_refused() {
        for licence in ["GPL-3.0-only", "GPL-3.0", "AGPL-3.0-or-later", "LGPL-2.1-or-later"] {
            assert_eq!(problems("", &[("copyleft", licence)]), [format!("copyleft 1.0.0 is under {licence}")]);
        }
    }

    #[test]
    fn an_exception_is_for_its_package_and_its_licence_alone() {
        let licence = "GPL-3.0-or-later WITH Classpath-exception-2.0";
        assert!(problems(EXCEPTIONS, &[("sc-service", licence)]).is_empty());
        assert_eq!(problems(EXCEPTIONS, &[("sc-service", licence), ("other", licence)]).len(), 1);
        assert_eq!(problems(EXCEPTIONS, &[("sc-service", "GPL-3.0-or-later")]).len(), 1);
    }

    #[test]
    fn an_exception_that_nothing_needs_is_reported() {
        assert_eq!(problems(EXCEPTIONS, &[("serde", "MIT")]), ["sc-service has an exception and is not used"]);
    }

    #[test]
    fn a_package_that_names_only_a_file_needs_a_clarification() {
        assert_eq!(problems("", &[("unknown", ""), ("webpki", "")]), ["unknown 1.0.0 names no licence"]);
    }

    #[test]
    fn words_that_are_no_licence_are_reported() {
        let found = problems("", &[("odd", "do what you like")]);
        assert_eq!(found, ["odd 1.0.0 names a licence that is none: do what you like"]);
    }

    #[test]
    fn lines_of_cargo_tree_are_read_with_and_without_marks() {
        let expected = Package { name: "serde".into(), version: "1.0.0".into(), licence: "MIT".into() };
        for line in ["serde v1.0.0\tMIT\t", "serde v1.0.0 (proc-macro)\tMIT\t (*)", "serde v1.0.0 (/a b)\tMIT\t"] {
            assert_eq!(parse_line(line).expect("known"), expected);
        }
        assert!(parse_line("[dev-dependencies]").is_err());
    }

    #[test]
    fn only_crates_io_and_the_workspace_itself_are_sources() {
        let lock = format!(
            "[[package]]\nname = 'own'\n[[package]]\nname = 'good'\nsource = '{CRATES_IO}'\n\
             [[package]]\nname = 'bad'\nsource = 'git+https://example.org/bad'"
        );
        assert_eq!(foreign_sources(&lock).expect("well-formed"), ["bad comes from git+https://example.org/bad"]);
    }
}
