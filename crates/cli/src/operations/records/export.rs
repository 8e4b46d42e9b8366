//! Moving everything out: every record of a patient in a folder, with what proves them.

use super::content::is_fhir;
use super::{listing, permit, sealed, Asked};
use crate::operations::{keys, OperationError, Suite};
use crate::values::{period_json, show_record};
use salus_client::{AccountId32, Keypair, Located};
use salus_domain::codes::{Action, Purpose, Sensitivity};
use salus_domain::ids::RecordId;
use salus_interface::access::RecordTerms;
use salus_vault::{Vault, VaultError};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a manifest says that it is.
const FORMAT: &str = "salus/export/1";
/// The name of the manifest in its folder.
pub const MANIFEST: &str = "manifest.json";
/// The largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 64 * 1024 * 1024;

/// Why an export cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file or the folder cannot be used.
    #[error("{file} cannot be used: {reason}\n  next: name another folder")]
    Unusable {
        /// Which.
        file: String,
        /// Why.
        reason: std::io::Error,
    },
    /// The manifest in the folder is none.
    #[error("{0} is not the manifest of an export\n  next: name another folder")]
    NotAnExport(String),
    /// The folder has another patient's export, or one from another chain.
    #[error(
        "{0} is the manifest of another patient's export, or of one from another chain\n  next: name another folder"
    )]
    OtherExport(String),
}

/// What an export consists of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    format: String,
    genesis_hash: String,
    access_grants: AccountId32,
    patient: AccountId32,
    /// The versions that were moved out.
    pub records: Vec<Exported>,
}

/// A version of a record that was moved out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exported {
    /// The record's id.
    pub record: String,
    /// The number of the version.
    pub version: u32,
    /// Whether it is the newest one.
    pub newest: bool,
    /// The name of the file with its content.
    pub file: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What the chain commits to: `salus_vault::commit` of salt and content.
    pub commitment: String,
    /// The salt: whoever has it and the content can check the commitment.
    pub salt: String,
    /// What kind of data it is.
    pub class: String,
    /// How confidential it is.
    pub confidentiality: String,
    /// Why it is sensitive.
    pub sensitivity: Vec<String>,
    /// When the data was made.
    pub data_period: serde_json::Value,
}

/// A version that is not in the vault, or not for the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The record.
    pub record: RecordId,
    /// The number of the version.
    pub version: u32,
}

/// What an export did.
#[derive(Debug)]
pub struct Export {
    /// All that is in the folder now.
    pub manifest: Manifest,
    /// How many versions this run moved out.
    pub added: usize,
    /// What is not there yet.
    pub missing: Vec<Missing>,
    /// The records that were erased: nothing of them can be moved out.
    pub erased: Vec<RecordId>,
}

/// Writes a file that only its owner reads: all of it or nothing. One that is there is replaced.
///
/// # Errors
/// [`ExportError::Unusable`].
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let failed = |reason| ExportError::Unusable { file: file.display().to_string(), reason };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unfinished = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    unfinished.write_all(bytes).and_then(|()| unfinished.as_file().sync_all()).map_err(failed)?;
    unfinished.persist(file).map(|_| ()).map_err(|error| failed(error.error))
}

impl Manifest {
    fn new(suite: &Suite, patient: AccountId32) -> Self {
        Self {
            format: FORMAT.to_owned(),
            genesis_hash: suite.deployment.genesis_hash.clone(),
            access_grants: suite.deployment.access_grants.address,
            patient,
            records: Vec::new(),
        }
    }

    /// The manifest of the folder, or an empty one.
    fn open(folder: &Path, suite: &Suite, patient: AccountId32) -> Result<Self, ExportError> {
        let file = folder.join(MANIFEST);
        let name = file.display().to_string();
        let unusable = |reason| ExportError::Unusable { file: name.clone(), reason };
        let new = Self::new(suite, patient);
        match std::fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(new),
            Err(error) => return Err(unusable(error)),
            Ok(found) if found.len() > MAX_MANIFEST => return Err(ExportError::NotAnExport(name)),
            Ok(_) => {}
        }
        let text = std::fs::read(&file).map_err(unusable)?;
        let found: Self = serde_json::from_slice(&text).map_err(|_| ExportError::NotAnExport(name.clone()))?;
        if found.format != FORMAT {
            return Err(ExportError::NotAnExport(name));
        }
        let same = found.genesis_hash == new.genesis_hash
            && found.access_grants == new.access_grants
            && found.patient == new.patient;
        match same {
            true => Ok(found),
            false => Err(ExportError::OtherExport(name)),
        }
    }

    fn write(&self, folder: &Path) -> Result<(), ExportError> {
        // It has strings and numbers only, which are always JSON.
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        write(&folder.join(MANIFEST), &text)
    }

    fn forget(&mut self, record: &str, version: u32) {
        self.records.retain(|one| one.record != record || one.version != version);
    }

    /// Whether a version was moved out, and its file is still there.
    fn has(&self, folder: &Path, record: &str, version: u32) -> bool {
        let found = self.records.iter().find(|one| one.record == record && one.version == version);
        found.is_some_and(|one| {
            is_plain(&one.file) && std::fs::metadata(folder.join(&one.file)).is_ok_and(|file| file.len() == one.bytes)
        })
    }
}

/// Whether a name is that of a file in the folder itself.
fn is_plain(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|plain| plain == name)
}

fn make(folder: &Path) -> Result<(), ExportError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let name = folder.display().to_string();
    builder.create(folder).map_err(|reason| ExportError::Unusable { file: name, reason })
}

/// Opens every record of the signing patient into a folder, each version that the vault has. What is in the folder already is
/// left as it is, so that an export that broke off is completed by doing it again. For each record that is opened, the
/// decision that lets the patient in stands on the chain.
///
/// # Errors
/// [`OperationError::Export`], [`OperationError::Access`], [`OperationError::Vault`] where a record is not what the chain
/// commits to.
pub async fn export(
    suite: &Suite,
    vault: &Vault,
    patient: &Keypair,
    folder: &Path,
    events: &[Located],
    mut told: impl FnMut(&Exported),
) -> Result<Export, OperationError> {
    let account = crate::operations::account_of(patient);
    make(folder)?;
    let mut manifest = Manifest::open(folder, suite, account)?;
    let (mut added, mut missing, mut erased) = (0, Vec::new(), Vec::new());
    for record in listing::registered(events, &account) {
        if super::on_chain(suite, record).await?.erased {
            erased.push(record);
            continue;
        }
        let name = show_record(record);
        let mut permitted = false;
        let versions = listing::versions(events, record);
        let newest = versions.len();
        for (number, terms) in (1..).zip(versions) {
            if manifest.has(folder, &name, number) {
                continue;
            }
            let version = sealed(record, number);
            let pair = match keys::opener(vault, version, patient).await {
                Ok(pair) => pair,
                Err(VaultError::NotFound { .. } | VaultError::NoEnvelope { .. } | VaultError::Destroyed { .. }) => {
                    missing.push(Missing { record, version: number });
                    // A file that was lost is not said to be there.
                    manifest.forget(&name, number);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if !permitted {
                let asked = Asked { record, purpose: Purpose::Patrqt, action: Action::Access, link: None };
                permit(suite, patient, asked).await?;
                permitted = true;
            }
            let partial = folder.join(format!("{name}-{number}"));
            let found = vault.open_file(version, &pair, &partial, Some(&terms.commitment.0)).await?;
            let file = format!("{name}-{number}.{}", extension(found.media_type()));
            rename(&partial, &folder.join(&file))?;
            let is_newest = usize::try_from(number).is_ok_and(|number| number == newest);
            let exported = Exported {
                record: name.clone(),
                version: number,
                newest: is_newest,
                file,
                media_type: found.media_type().to_owned(),
                bytes: found.content_bytes(),
                commitment: hex::encode(found.commitment()),
                salt: hex::encode(found.salt()),
                ..labelled(&terms)
            };
            told(&exported);
            manifest.forget(&name, number);
            manifest.records.push(exported);
            manifest.write(folder)?;
            added += 1;
        }
        for one in manifest.records.iter_mut().filter(|one| one.record == name) {
            one.newest = usize::try_from(one.version).is_ok_and(|number| number == newest);
        }
    }
    manifest.write(folder)?;
    Ok(Export { manifest, added, missing, erased })
}

fn labelled(terms: &RecordTerms) -> Exported {
    Exported {
        record: String::new(),
        version: 0,
        newest: false,
        file: String::new(),
        media_type: String::new(),
        bytes: 0,
        commitment: String::new(),
        salt: String::new(),
        class: terms.class.code().to_owned(),
        confidentiality: terms.confidentiality.code().to_owned(),
        sensitivity: terms.sensitivity.iter().map(Sensitivity::code).map(str::to_owned).collect(),
        data_period: terms.data_period.map_or(serde_json::Value::Null, period_json),
    }
}

fn rename(from: &PathBuf, to: &Path) -> Result<(), ExportError> {
    std::fs::rename(from, to).map_err(|reason| ExportError::Unusable { file: to.display().to_string(), reason })
}

/// The extension of a file with content of a media type.
fn extension(media_type: &str) -> &str {
    if is_fhir(media_type) {
        return "json";
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match essence {
        // The first of the many that the table has for them is not the usual one.
        "image/jpeg" => "jpg",
        "text/plain" => "txt",
        other => {
            let (main, sub) = other.split_once('/').unwrap_or((other, ""));
            mime_guess::get_extensions(main, sub).and_then(<[&str]>::first).copied().unwrap_or("bin")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_media_type() {
        assert_eq!(extension("application/fhir+json"), "json");
        assert_eq!(extension("image/jpeg"), "jpg");
        assert_eq!(extension("text/plain; charset=utf-8"), "txt");
        assert_eq!(extension("image/png"), "png");
        assert_eq!(extension("x/unknown"), "bin");
    }

    #[test]
    fn a_manifest_names_only_files_of_its_folder() {
        assert!(is_plain("a.json"));
        for name in ["../a.json", "/etc/passwd", "a/b", "", ".."] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn a_file_is_written_whole_and_private() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(MANIFEST);
        write(&file, b"one")?;
        write(&file, b"two")?;
        assert_eq!(std::fs::read(&file)?, b"two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1, "nothing unfinished is left");
        Ok(())
    }
}
