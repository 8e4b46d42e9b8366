//! Which node to start.

use crate::NodeError;
use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where scripts/setup puts our own node, below the home folder.
const BUILT: &str = ".cache/salus/node/current/salus-node";
/// The node of the polkadot-sdk's contracts.
const OTHER: &str = "substrate-contracts-node";

/// The node that would be started: the given one, or else as the crate's documentation says.
///
/// # Errors
/// [`NodeError::NotFound`] if there is none, [`NodeError::NotAProgram`] if the one that is named is not there.
pub fn find_program(given: Option<&Path>) -> Result<PathBuf, NodeError> {
    Places::from_environment().find(given)
}

/// What the environment says about where to look.
#[derive(Debug, Default)]
struct Places {
    contracts_node: Option<OsString>,
    salus_node: Option<OsString>,
    home: Option<OsString>,
    path: Option<OsString>,
}

impl Places {
    fn from_environment() -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        Self {
            contracts_node: variable("CONTRACTS_NODE"),
            salus_node: variable("SALUS_NODE"),
            home: variable("HOME"),
            path: variable("PATH"),
        }
    }

    fn find(&self, given: Option<&Path>) -> Result<PathBuf, NodeError> {
        let named = [
            (given.map(Path::as_os_str), "the caller"),
            (self.contracts_node.as_deref(), "CONTRACTS_NODE"),
            (self.salus_node.as_deref(), "SALUS_NODE"),
        ];
        if let Some((program, named_by)) = named.into_iter().find_map(|(name, by)| Some((name?, by))) {
            return self.resolve(program).ok_or_else(|| NodeError::NotAProgram { program: program.into(), named_by });
        }
        let built = self.home.as_ref().map(|home| Path::new(home).join(BUILT)).filter(|path| is_program(path));
        built.or_else(|| self.resolve(OTHER.as_ref())).ok_or(NodeError::NotFound)
    }

    /// As a shell would: a name without a slash is looked up on the `PATH`.
    fn resolve(&self, program: &OsStr) -> Option<PathBuf> {
        if program.as_encoded_bytes().contains(&b'/') {
            return Some(PathBuf::from(program)).filter(|path| is_program(path));
        }
        env::split_paths(self.path.as_ref()?).map(|folder| folder.join(program)).find(|path| is_program(path))
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    /// A home with our own node in it, and a folder on the `PATH` with the other one.
    fn both() -> (TempDir, Places) {
        let folder = TempDir::new().expect("a temporary folder");
        let (home, bin) = (folder.path().join("home"), folder.path().join("bin"));
        put(&home.join(BUILT));
        put(&bin.join(OTHER));
        let places = Places { home: Some(home.into()), path: Some(bin.into()), ..Places::default() };
        (folder, places)
    }

    fn put(program: &Path) {
        fs::create_dir_all(program.parent().expect("has one")).expect("a folder");
        fs::write(program, "").expect("a file");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    #[test]
    fn our_own_node_comes_before_the_one_on_the_path() {
        let (folder, places) = both();
        assert_eq!(places.find(None).expect("found"), folder.path().join("home").join(BUILT));
    }

    #[test]
    fn without_our_own_the_one_on_the_path_is_taken() {
        let (folder, mut places) = both();
        places.home = None;
        assert_eq!(places.find(None).expect("found"), folder.path().join("bin").join(OTHER));
    }

    #[test]
    fn contracts_node_comes_before_both_and_may_be_a_name_on_the_path() {
        let (folder, mut places) = both();
        places.contracts_node = Some(OTHER.into());
        assert_eq!(places.find(None).expect("found"), folder.path().join("bin").join(OTHER));
    }

    #[test]
    fn the_given_program_comes_before_the_environment() {
        let (folder, mut places) = both();
        places.contracts_node = Some(OTHER.into());
        let given = folder.path().join("given");
        put(&given);
        assert_eq!(places.find(Some(&given)).expect("found"), given);
    }

    #[test]
    fn a_named_program_that_is_missing_is_an_error_and_not_passed_over() {
        let (_folder, mut places) = both();
        places.salus_node = Some("/nowhere/salus-node".into());
        assert!(matches!(places.find(None), Err(NodeError::NotAProgram { named_by: "SALUS_NODE", .. })));
    }

    #[test]
    fn a_file_that_cannot_be_executed_is_no_program() {
        let (folder, places) = both();
        let given = folder.path().join("text");
        fs::write(&given, "").expect("a file");
        assert!(matches!(places.find(Some(&given)), Err(NodeError::NotAProgram { .. })));
    }

    #[test]
    fn where_nothing_is_found_the_error_tells_the_way_out() {
        let error = Places::default().find(None).expect_err("nothing there");
        assert!(matches!(error, NodeError::NotFound));
        assert!(error.to_string().contains("scripts/setup"));
    }
}
