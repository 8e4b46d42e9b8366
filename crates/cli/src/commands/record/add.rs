//! `salus record add` and `amend`: what is sealed in the vault and committed to on the chain.

use super::{with_terms, FileOptions};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::documents::Document;
use crate::operations::records::content::{class_of, guess, is_fhir, Content, Labels, FHIR_JSON};
use crate::operations::{account_of, keys, records, OperationError};
use crate::output::Report;
use crate::values::show_record;
use salus_client::{client_account, ink_account, AccountId32};
use salus_domain::codes::Confidentiality;
use salus_domain::ids::RecordId;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::directory::Directory;
use salus_interface::access::RecordTerms;

impl FileOptions {
    /// The content, and the document where it is FHIR.
    fn content(&self, directory: &Directory, patient: &AccountId32) -> Result<Content, Failure> {
        let guessed = || match guess(&self.file) {
            json if json == "application/json" => FHIR_JSON.to_owned(),
            other => other,
        };
        let media_type = self.media_type.clone().unwrap_or_else(guessed);
        if !is_fhir(&media_type) {
            let labels = self.labels(&media_type)?;
            return Ok(Content::file(&self.file, media_type, labels));
        }
        if self.says_labels() {
            return Err(Failure::usage(
                "a FHIR resource says itself what kind of data it is, how confidential, how sensitive and of when",
                "leave these options out, and mend the resource where it is wrong; or give another --media-type",
            ));
        }
        let document = Document::read(&self.file)?;
        ensure_about(&document, directory, patient)?;
        Ok(Content::fhir(document)?)
    }

    fn says_labels(&self) -> bool {
        self.class.is_some()
            || self.confidentiality.is_some()
            || !self.sensitivity.is_empty()
            || self.from.is_some()
            || self.to.is_some()
    }

    fn labels(&self, media_type: &str) -> Result<Labels, Failure> {
        let data_period = match (self.from, self.to) {
            (None, None) => None,
            (from, to) => Some(Period { start: from.unwrap_or(Timestamp::MIN), end: to.unwrap_or(Timestamp::MAX) }),
        };
        if data_period.is_some_and(|period| !period.is_valid()) {
            return Err(Failure::usage("--to is not after --from", "give a later end"));
        }
        Ok(Labels {
            class: self.class.unwrap_or_else(|| class_of(media_type)),
            confidentiality: self.confidentiality.unwrap_or(Confidentiality::N),
            sensitivity: self.sensitivity.iter().copied().collect(),
            data_period,
        })
    }
}

/// Fails where the document names a patient whom the directory knows as somebody else.
fn ensure_about(document: &Document, directory: &Directory, patient: &AccountId32) -> Result<(), OperationError> {
    let compiled = document.compile(salus_fhir::record::compile)?;
    let named = compiled.patient.filter(|reference| directory.account(reference).is_some());
    named.map_or(Ok(()), |reference| document.ensure_is(directory, "the patient", &reference, patient))
}

/// Seals and registers a record.
///
/// # Errors
/// [`Failure`].
pub(super) async fn add(global: &GlobalOptions, file: &FileOptions, patient: &str) -> Result<Report, Failure> {
    let (patient, registrant) = (global.account(patient)?, global.signer()?);
    let content = file.content(&global.directory()?, &patient)?;
    let suite = global.suite().await?;
    let token = suite.chain.token();
    if global.dry_run {
        let terms = content.describe(&patient, &registrant).await?.terms;
        let record = records::id_of(&terms, &account_of(&registrant));
        let grants = suite.deployment.grants();
        let report = if grants.record(record).read(&suite.chain).await?.is_some() {
            Report::default().planned(&format!("change nothing: record {} is registered", show_record(record)))
        } else {
            keys::published(&suite, &patient).await?;
            let message = grants.register_record(ink_account(&patient), terms);
            let forecast = message.forecast(&suite.chain, &registrant).await?;
            let would = format!("seal record {} in the vault and register it", show_record(record));
            Report::default().planned(&would).forecast(forecast.cost, forecast.fee, token)
        };
        return Ok(told(report, record, 1, &patient, &content, &terms));
    }
    let registered = records::register(&suite, &global.vault()?, &registrant, &patient, &content).await?;
    let shown = show_record(registered.record);
    let did = match &registered.evidence {
        Some(_) => format!("record {shown} is in the vault and registered"),
        None => format!("record {shown} was registered before"),
    };
    let report = Report::default().done(&did).evidence_or_unchanged(registered.evidence.as_ref(), token);
    Ok(told(report, registered.record, registered.version, &patient, &content, &registered.terms))
}

/// Seals and registers a new version of a record.
///
/// # Errors
/// [`Failure`].
pub(super) async fn amend(global: &GlobalOptions, record: RecordId, file: &FileOptions) -> Result<Report, Failure> {
    let (custodian, directory) = (global.signer()?, global.directory()?);
    let suite = global.suite().await?;
    let token = suite.chain.token();
    let patient = client_account(records::on_chain(&suite, record).await?.patient);
    let content = file.content(&directory, &patient)?;
    let shown = show_record(record);
    if global.dry_run {
        let described = content.describe(&patient, &custodian).await?;
        let (_, version, there) = records::next_version(&suite, record, &described).await?;
        let report = if there {
            Report::default().planned(&format!("change nothing: that is version {version} of record {shown}"))
        } else {
            let message = suite.deployment.grants().amend_record(record, described.terms);
            let forecast = message.forecast(&suite.chain, &custodian).await?;
            let would = format!("seal version {version} of record {shown} in the vault and register it");
            Report::default().planned(&would).forecast(forecast.cost, forecast.fee, token)
        };
        return Ok(told(report, record, version, &patient, &content, &described.terms));
    }
    let amended = records::amend(&suite, &global.vault()?, &custodian, record, &content).await?;
    let did = match &amended.evidence {
        Some(_) => format!("version {} of record {shown} is in the vault and registered", amended.version),
        None => format!("that was version {} of record {shown} before", amended.version),
    };
    let report = Report::default().done(&did).evidence_or_unchanged(amended.evidence.as_ref(), token);
    Ok(told(report, record, amended.version, &patient, &content, &amended.terms))
}

fn told(
    report: Report,
    record: RecordId,
    version: u32,
    patient: &AccountId32,
    content: &Content,
    terms: &RecordTerms,
) -> Report {
    let report = report
        .field("record", show_record(record))
        .field("patient", patient.to_string())
        .field("version", version)
        .field("mediaType", content.media_type.clone());
    with_terms(report, terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use salus_domain::codes::{Class, Sensitivity};
    use salus_domain::ids::Account;
    use std::path::{Path, PathBuf};

    fn options(file: &str) -> FileOptions {
        FileOptions {
            file: PathBuf::from(file),
            media_type: None,
            class: None,
            confidentiality: None,
            sensitivity: Vec::new(),
            from: None,
            to: None,
        }
    }

    const PATIENT: AccountId32 = AccountId32([1; 32]);

    fn samples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
    }

    #[test]
    fn any_file_is_a_document_or_an_image_unless_the_options_say_more() -> Result<(), Failure> {
        let of = |options: &FileOptions| options.content(&Directory::default(), &PATIENT);
        let letter = of(&options("letter.pdf"))?;
        assert_eq!((letter.media_type.as_str(), letter.labels.class), ("application/pdf", Class::DocumentReference));
        assert_eq!(of(&options("scan.png"))?.labels.class, Class::Media);
        let psychiatric = FileOptions {
            media_type: Some("application/dicom".into()),
            class: Some(Class::ImagingStudy),
            confidentiality: Some(Confidentiality::R),
            sensitivity: vec![Sensitivity::Psy],
            from: Some(Timestamp(5)),
            ..options("scan")
        };
        let labels = of(&psychiatric)?.labels;
        assert_eq!((labels.class, labels.confidentiality), (Class::ImagingStudy, Confidentiality::R));
        assert_eq!(labels.data_period, Some(Period { start: Timestamp(5), end: Timestamp::MAX }));
        let backwards = FileOptions { to: Some(Timestamp(4)), ..psychiatric };
        assert!(of(&backwards).is_err_and(|failure| failure.exit == Exit::Usage));
        Ok(())
    }

    #[test]
    fn what_a_fhir_resource_says_cannot_be_said_otherwise() -> Result<(), Failure> {
        let file = samples().join("record-observation.json");
        let observation = FileOptions { file, ..options("") };
        let content = observation.content(&Directory::default(), &PATIENT)?;
        assert_eq!((content.media_type.as_str(), content.labels.class), (FHIR_JSON, Class::Observation));
        let relabelled = FileOptions { confidentiality: Some(Confidentiality::U), ..observation };
        let refused = relabelled.content(&Directory::default(), &PATIENT);
        assert!(refused.is_err_and(|failure| failure.exit == Exit::Usage));
        Ok(())
    }

    #[test]
    fn a_document_about_somebody_else_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let document = Document::read(&samples().join("record-observation.json"))?;
        let directory = Document::read(&samples().join("directory.json"))?.compile(Directory::from_json)?;
        let rosa = directory.account("Patient/rosa-marin").map(|Account(id)| AccountId32(id)).ok_or("unknown")?;
        assert!(ensure_about(&document, &directory, &rosa).is_ok());
        let other = ensure_about(&document, &directory, &AccountId32([1; 32]));
        assert!(matches!(other, Err(OperationError::WrongParty { .. })));
        Ok(())
    }
}
