//! The FHIR resources of one type that files, Bundles and folders hold.

use crate::operations::documents::{Document, FileError};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What is, or may be, of the type, in the order of the files: whoever compiles it refuses what is none.
    pub documents: Vec<FoundDocument>,
    /// Files of a folder that are about something else.
    pub passed_over: Vec<PassedOver>,
    /// Files that cannot be read.
    pub unreadable: Vec<(String, FileError)>,
}

/// A document that may be of the type.
#[derive(Clone, Debug)]
pub struct FoundDocument {
    /// Its id, or where it stands in its file: how people tell it from others.
    pub name: String,
    /// The document; its file's name is that of the file that it stands in.
    pub document: Document,
}

/// A file of a folder that holds nothing of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The file.
    pub file: String,
    /// What it holds: the type of its resource, where it says so.
    pub holds: String,
}

/// What a resource says that it is. The compiler says what is wrong with values of other types.
#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "resourceType")]
    kind: Option<Value>,
    id: Option<Value>,
}

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// What a file holds.
enum Holds {
    Wanted(Vec<FoundDocument>),
    Other(String),
}

impl Found {
    /// Looks for resources of a type through files (one each, and Bundles with any number of them) and folders (the `.json` files
    /// in them, by name).
    #[must_use]
    pub fn in_files(kind: &str, paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            if path.is_dir() {
                match files_of(path) {
                    Ok(files) => files.iter().for_each(|file| found.file(kind, file, true)),
                    Err(error) => found.unreadable.push((path.display().to_string(), error)),
                }
            } else {
                found.file(kind, path, false);
            }
        }
        found
    }

    fn file(&mut self, kind: &str, path: &Path, of_folder: bool) {
        let document = match Document::read(path) {
            Ok(document) => document,
            Err(error) => return self.unreadable.push((path.display().to_string(), error)),
        };
        match holds(kind, &document) {
            Holds::Wanted(documents) => self.documents.extend(documents),
            Holds::Other(holds) if of_folder => self.passed_over.push(PassedOver { file: document.file, holds }),
            // Who names a file means it: the compiler says what it is instead.
            Holds::Other(_) => self.documents.push(FoundDocument { name: document.file.clone(), document }),
        }
    }
}

fn holds(kind: &str, document: &Document) -> Holds {
    let alone = |id: Option<String>| {
        let name = id.unwrap_or_else(|| document.file.clone());
        Holds::Wanted(vec![FoundDocument { name, document: document.clone() }])
    };
    let Ok(resource) = serde_json::from_slice::<Resource>(&document.bytes) else { return alone(None) };
    match resource.kind.as_ref().and_then(Value::as_str) {
        Some(own) if own == kind => alone(resource.id()),
        Some("Bundle") => match bundled(kind, document) {
            Some(documents) if documents.is_empty() => Holds::Other(format!("a Bundle without a {kind}")),
            Some(documents) => Holds::Wanted(documents),
            None => alone(None),
        },
        Some(other) => Holds::Other(other.to_owned()),
        None => Holds::Other("no FHIR resource".to_owned()),
    }
}

/// The resources of the type in a Bundle, and what does not say what it is; `None` where it is not made like a Bundle.
fn bundled(kind: &str, document: &Document) -> Option<Vec<FoundDocument>> {
    let bundle: Bundle<'_> = serde_json::from_slice(&document.bytes).ok()?;
    let wanted = |(place, entry): (usize, &Entry<'_>)| {
        let text = entry.resource?.get();
        let resource = serde_json::from_str::<Resource>(text).ok();
        let own = resource.as_ref().and_then(|resource| resource.kind.as_ref()?.as_str());
        if own.is_some_and(|own| own != kind) {
            return None;
        }
        let name = resource.as_ref().and_then(Resource::id).unwrap_or_else(|| format!("entry[{place}]"));
        let document = Document { file: document.file.clone(), bytes: text.as_bytes().to_vec() };
        Some(FoundDocument { name, document })
    };
    Some(bundle.entry.iter().enumerate().filter_map(wanted).collect())
}

impl Resource {
    fn id(&self) -> Option<String> {
        self.id.as_ref().and_then(Value::as_str).map(str::to_owned)
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

    fn names(found: &Found) -> Vec<&str> {
        found.documents.iter().map(|document| document.name.as_str()).collect()
    }

    #[test]
    fn a_bundle_gives_its_claims_and_what_does_not_say_what_it_is() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bundle.json");
        let bundle = r#"{"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Claim", "id": "a", "total": {"value": 1.10}}},
            {"resource": {"resourceType": "Patient", "id": "p"}},
            {"resource": {"resourceType": "Claim"}},
            {"resource": {"id": "b"}},
            {"fullUrl": "urn:uuid:0"}
        ]}"#;
        std::fs::write(&file, bundle)?;
        let found = Found::in_files("Claim", &[file]);
        assert_eq!(names(&found), ["a", "entry[2]", "b"]);
        assert!(
            String::from_utf8_lossy(&found.documents[0].document.bytes).contains("1.10"),
            "numbers stay as written"
        );
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
        let found = Found::in_files("Claim", &[folder.path().to_owned()]);
        let broken = folder.path().join("4.json").display().to_string();
        assert_eq!(names(&found), ["a", &broken]);
        let passed_over: Vec<&str> = found.passed_over.iter().map(|one| one.holds.as_str()).collect();
        assert_eq!(passed_over, ["Patient", "no FHIR resource", "a Bundle without a Claim"]);
        let named = Found::in_files("Claim", &[folder.path().join("2.json"), folder.path().join("none.json")]);
        assert_eq!((named.documents.len(), named.unreadable.len()), (1, 1));
        Ok(())
    }
}
