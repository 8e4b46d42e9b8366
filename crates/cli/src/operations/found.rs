//! The FHIR resources of one type that files, Bundles and folders hold.

use crate::operations::documents::{self, FileError, Format};
use crate::operations::OperationError;
use salus_fhir::{bundle, Refused, RefusedReason};
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Debug)]
pub struct Found<T> {
    /// What is, or may be, of the type, in the order of the files, and files that cannot be used.
    pub resources: Vec<Resource<T>>,
    /// Files of a folder that are about something else.
    pub passed_over: Vec<PassedOver>,
}

/// A resource, or a file that cannot be used.
#[derive(Debug)]
pub struct Resource<T> {
    /// Its id, or its path in a Bundle, or its file: how people tell it from others.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// What became of it.
    pub compiled: Result<T, OperationError>,
}

/// A file of a folder that holds nothing of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The file.
    pub file: String,
    /// What it holds: the type of its resource, where it says so.
    pub holds: String,
}

/// Looks for resources of a type through files (one each, and Bundles with any number of them) and folders (the `.json` files
/// in them, by name). `read` is one of `salus_fhir`'s functions that read all of a document.
pub fn in_files<T>(paths: &[PathBuf], read: impl Fn(&[u8]) -> Result<Vec<bundle::Found<T>>, Refused>) -> Found<T> {
    let mut found = Found { resources: Vec::new(), passed_over: Vec::new() };
    for path in paths {
        if path.is_dir() {
            match files_of(path) {
                Ok(files) => files.iter().for_each(|file| found.file(file, true, &read)),
                Err(error) => found.refuse(path.display().to_string(), error.into()),
            }
        } else {
            found.file(path, false, &read);
        }
    }
    found
}

impl<T> Found<T> {
    fn file(&mut self, path: &Path, of_folder: bool, read: impl Fn(&[u8]) -> Result<Vec<bundle::Found<T>>, Refused>) {
        let file = path.display().to_string();
        let bytes = match documents::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return self.refuse(file, error.into()),
        };
        match read(&bytes) {
            Ok(all) => self.resources.extend(all.into_iter().map(|one| Resource::of(&file, one))),
            Err(refused) => match holds(&refused).filter(|_| of_folder) {
                Some(holds) => self.passed_over.push(PassedOver { file, holds }),
                // Who names a file means it.
                None => self.refuse(file.clone(), documents::refused(file, &bytes, refused)),
            },
        }
    }

    fn refuse(&mut self, file: String, error: OperationError) {
        self.resources.push(Resource { name: file.clone(), file, compiled: Err(of_many(error)) });
    }
}

impl<T> Resource<T> {
    fn of(file: &str, found: bundle::Found<T>) -> Self {
        let bundle::Found { path, id, compiled } = found;
        let in_bundle = Some(path).filter(|path| path.contains('.'));
        Self {
            name: id.or(in_bundle).unwrap_or_else(|| file.to_owned()),
            file: file.to_owned(),
            compiled: compiled.map_err(|refused| OperationError::Document { file: file.to_owned(), refused }),
        }
    }
}

/// The error of a file where any number of files and Bundles are read: something else can be done about it there.
fn of_many(error: OperationError) -> OperationError {
    match error {
        OperationError::File(FileError::TooLarge { file, limit, .. }) => {
            FileError::TooLarge { file, limit, bundles: true }.into()
        }
        OperationError::Format { file, format: Format::Several { .. } } => {
            OperationError::Format { file, format: Format::Several { bundles: true } }
        }
        other => other,
    }
}

/// What a document holds that was refused because it has nothing of the type.
fn holds(refused: &Refused) -> Option<String> {
    match &refused.reason {
        RefusedReason::WrongResource { expected, found } if found == "Bundle" => {
            Some(format!("a Bundle without a {expected}"))
        }
        RefusedReason::WrongResource { found, .. } => Some(found.clone()),
        RefusedReason::Missing if refused.path == "resourceType" => Some("no FHIR resource".to_owned()),
        _ => None,
    }
}

/// The `.json` files of a folder, by name.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let unreadable = |error| FileError::Unreadable(folder.display().to_string(), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_fhir::claim::{claims_of, ClaimOptions, CompiledClaim};
    use salus_fhir::decimal::Asset;

    fn claims(paths: &[PathBuf]) -> Found<CompiledClaim> {
        let options = ClaimOptions::new(Asset { currency: "USD".to_owned(), decimals: 2 });
        in_files(paths, |bytes| claims_of(bytes, &options))
    }

    fn names(found: &Found<CompiledClaim>) -> Vec<&str> {
        found.resources.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn a_bundle_gives_its_claims_and_what_does_not_say_what_it_is() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bundle.json");
        let bundle = r#"{"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Claim", "id": "a"}},
            {"resource": {"resourceType": "Patient", "id": "p"}},
            {"resource": {"resourceType": "Claim"}},
            {"resource": {"id": "b"}},
            {"fullUrl": "urn:uuid:0"}
        ]}"#;
        std::fs::write(&file, bundle)?;
        let found = claims(&[file]);
        assert_eq!(names(&found), ["a", "Bundle.entry[2].resource", "b"]);
        let refused = found.resources[1].compiled.as_ref().map_err(ToString::to_string).map(|_| ());
        assert!(refused.is_err_and(|refused| refused.contains("Bundle.entry[2].resource.status")));
        Ok(())
    }

    #[test]
    fn what_is_too_much_for_a_file_can_go_into_bundles_and_other_files_here_and_not_where_one_document_is_read(
    ) -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let [several, large] = ["several.json", "large.json"].map(|name| folder.path().join(name));
        std::fs::write(&several, "{}\n{}\n")?;
        std::fs::File::create(&large)?.set_len(salus_fhir::MAX_DOCUMENT as u64 + 1)?;
        for (file, hint) in [(several, "or put them into a Bundle"), (large, "any number of files and folders")] {
            let found = claims(std::slice::from_ref(&file));
            let here = found.resources[0].compiled.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let alone = documents::Document::read(&file).map_err(OperationError::from);
            let alone = alone.and_then(|one| one.compile(salus_fhir::plan::compile));
            let alone = alone.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(here.contains(hint) && alone.contains("next: ") && !alone.contains(hint), "{here} {alone}");
        }
        Ok(())
    }

    #[test]
    fn a_folder_says_what_it_passes_over_and_a_named_file_is_never_passed_over(
    ) -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("1.json", r#"{"resourceType": "Claim", "id": "a"}"#)?;
        write("2.json", r#"{"resourceType": "Patient"}"#)?;
        write("3.json", r#"{"name": "plan"}"#)?;
        write("4.json", "{")?;
        write("5.json", r#"{"resourceType": "Bundle", "entry": []}"#)?;
        write("6.txt", "not looked at")?;
        let found = claims(&[folder.path().to_owned()]);
        let broken = folder.path().join("4.json").display().to_string();
        assert_eq!(names(&found), ["a", &broken]);
        let passed_over: Vec<&str> = found.passed_over.iter().map(|one| one.holds.as_str()).collect();
        assert_eq!(passed_over, ["Patient", "no FHIR resource", "a Bundle without a Claim"]);
        let named = claims(&[folder.path().join("2.json"), folder.path().join("none.json")]);
        assert!(matches!(named.resources[0].compiled, Err(OperationError::Document { .. })));
        assert!(matches!(named.resources[1].compiled, Err(OperationError::File(_))));
        assert_eq!((named.resources.len(), named.passed_over.len()), (2, 0));
        Ok(())
    }
}
