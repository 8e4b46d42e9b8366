//! Finding the deployment file that is about the node's chain.

use crate::failure::{Exit, Failure};
use salus_client::deployment::Deployment;
use salus_client::Chain;
use std::path::{Path, PathBuf};

/// Where deployment files are.
pub const FOLDER: &str = "deployments";

/// The one deployment file in a folder that is about the chain.
///
/// # Errors
/// [`Failure`] where there is none, or several.
pub fn find(folder: &Path, chain: &Chain) -> Result<Deployment, Failure> {
    let mut found: Vec<(PathBuf, Deployment)> = Vec::new();
    let mut unreadable = None;
    for file in files(folder)? {
        // Another file in the folder is no reason not to use the right one.
        match Deployment::read(&file) {
            Ok(deployment) if deployment.ensure_of(chain).is_ok() => found.push((file, deployment)),
            Ok(_) => {}
            Err(error) => unreadable = Some(error),
        }
    }
    if let (true, Some(error)) = (found.is_empty(), unreadable) {
        return Err(error.into());
    }
    one(found, folder, chain.name())
}

/// The JSON files in a folder, by name; none where there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        let next = "name the deployment file with --deployment";
        Failure::input("deployment.file", format!("the folder {} cannot be read: {error}", folder.display()), next)
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn one(mut found: Vec<(PathBuf, Deployment)>, folder: &Path, chain: &str) -> Result<Deployment, Failure> {
    let names: Vec<String> = found.iter().map(|(file, _)| file.display().to_string()).collect();
    let folder = folder.display();
    match found.pop() {
        Some((_, deployment)) if found.is_empty() => Ok(deployment),
        Some(_) => Err(Failure::input(
            "deployment.several",
            format!("several deployment files are about this chain: {}", names.join(", ")),
            "name one with --deployment",
        )),
        None => Err(Failure::new(
            Exit::Chain,
            "deployment.none",
            format!("no deployment file in {folder}/ is about this chain ({chain})"),
            "deploy first (`salus deploy`), or name the file with --deployment",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::AccountId32;

    fn deployment() -> Result<Deployment, serde_json::Error> {
        let contract = |n: u8| {
            let address = AccountId32([n; 32]).to_string();
            serde_json::json!({ "address": address, "codeHash": "0x00", "bundleSha256": "00" })
        };
        serde_json::from_value(serde_json::json!({
            "network": "Development",
            "genesisHash": "0x00",
            "deployer": AccountId32([0; 32]).to_string(),
            "block": 1,
            "consentRegistry": contract(1),
            "accessGrants": contract(2),
            "claims": contract(3),
        }))
    }

    #[test]
    fn exactly_one_deployment_file_must_be_about_the_chain() -> Result<(), serde_json::Error> {
        let file = |name: &str| PathBuf::from(name);
        let none = one(Vec::new(), Path::new("deployments"), "Development");
        assert_eq!(none.map_err(|failure| (failure.exit, failure.code)), Err((Exit::Chain, "deployment.none".into())));
        let found = vec![(file("a.json"), deployment()?)];
        assert_eq!(one(found, Path::new("deployments"), "Development"), Ok(deployment()?));
        let found = vec![(file("a.json"), deployment()?), (file("b.json"), deployment()?)];
        let several = one(found, Path::new("deployments"), "Development");
        let message = several.map_err(|failure| failure.message).err().unwrap_or_default();
        assert!(message.contains("a.json, b.json"), "{message}");
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_deployments() {
        assert_eq!(files(Path::new("no/such/folder")), Ok(Vec::new()));
    }
}
