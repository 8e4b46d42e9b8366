//! `salus record export`: moving everything out.

use crate::commands::accounting;
use crate::commands::fhir::reference;
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::records::export::{self, Exported, MANIFEST};
use crate::operations::records::listing;
use crate::operations::{account_of, consents, Suite};
use crate::output::{progress, Report};
use crate::values::show_record;
use salus_client::{ink_account, AccountId32};
use salus_fhir::consent::{ConsentStatus, Release};
use salus_fhir::directory::Directory;
use salus_fhir::render::{render, About};
use serde_json::{json, Value};
use std::path::Path;

/// Moves everything of the signer's out into a folder.
///
/// # Errors
/// [`Failure`]. What is missing is a report that ends with [`Exit::Input`].
pub(super) async fn export(global: &GlobalOptions, folder: &Path) -> Result<Report, Failure> {
    let patient = global.signer()?;
    let (account, directory) = (account_of(&patient), global.directory()?);
    let vault = global.vault()?;
    let suite = global.suite().await?;
    let events = listing::events(&suite, progress()).await?;
    let shown = folder.display().to_string();
    let report = Report::default().field("patient", account.to_string()).field("folder", shown.clone());
    if global.dry_run {
        let count = listing::registered(&events, &account).len();
        return Ok(
            report.planned(&format!("open {count} records of {account} into {shown}, as far as the vault has them"))
        );
    }
    let mut lines = Vec::new();
    let told = |one: &Exported| {
        lines.push(format!("  record {} version {}: {} ({} bytes)", one.record, one.version, one.file, one.bytes));
    };
    let done = export::export(&suite, &vault, &patient, folder, &events, told).await?;
    let consents = consents_of(&suite, &account, &directory, folder).await?;
    accounting::write_for(&suite, &account, &directory, &folder.join("accounting.json")).await?;
    let (all, missing) = (done.manifest.records.len(), &done.missing);
    let list: Vec<Value> =
        missing.iter().map(|it| json!({ "record": show_record(it.record), "version": it.version })).collect();
    let erased: Vec<String> = done.erased.iter().copied().map(show_record).collect();
    let report = report
        .done(&format!(
            "{all} versions of records of {account} are in {shown} ({} of them new); {MANIFEST} says what they are",
            done.added
        ))
        .lines(lines)
        .line(format!("  {} consents and the accounting of disclosures", consents.len()))
        .field("records", all)
        .field("added", done.added)
        .field("complete", missing.is_empty())
        .field("missing", list)
        .field("erased", erased)
        .field("consents", consents);
    Ok(match missing.is_empty() {
        true => report,
        false => report
            .lines(
                missing
                    .iter()
                    .map(|it| format!("  not in this vault: record {} version {}", show_record(it.record), it.version)),
            )
            .line("  next: name the vault that has them (--vault), and do the same again")
            .exit(Exit::Input),
    })
}

/// Writes the consents in force as FHIR, or where FHIR cannot say the same, in words. Returns the files' names.
async fn consents_of(
    suite: &Suite,
    patient: &AccountId32,
    directory: &Directory,
    folder: &Path,
) -> Result<Vec<String>, Failure> {
    let below = folder.join("consents");
    std::fs::create_dir_all(&below)
        .map_err(|reason| export::ExportError::Unusable { file: below.display().to_string(), reason })?;
    let (registry, whose) = (suite.deployment.registry(), reference(patient, directory));
    let mut files = Vec::new();
    for one in consents::in_force(suite, patient).await? {
        let Some(consent) = registry.consent(ink_account(patient), one.id).read(&suite.chain).await? else {
            continue;
        };
        let id = one.id.0.to_string();
        let about = About { id: Some(&id), patient: &whose, status: ConsentStatus::Active };
        let rendered = [Release::R4, Release::R5].iter().find_map(|it| render(&consent, *it, &about, directory).ok());
        let (name, text) = match rendered {
            Some(resource) => (format!("consents/{id}.json"), format!("{resource:#}\n")),
            None => {
                let lines = salus_fhir::consent_text::lines(&consent, directory);
                (format!("consents/{id}.txt"), format!("{}\n", lines.join("\n")))
            }
        };
        export::write(&folder.join(&name), text.as_bytes())?;
        files.push(name);
    }
    Ok(files)
}
