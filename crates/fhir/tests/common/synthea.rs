//! Synthea's claims, and what is taken for granted of them.

use super::{documents, dollars};
use salus_domain::codes::Category;
use salus_fhir::claim::{claims_of, ClaimOptions, CompiledClaim, Unpriced};

/// Synthea's claims have no number, no category and no coverage, and the price of an encounter or of a drug stands in the
/// total only.
pub fn lenient() -> ClaimOptions {
    ClaimOptions {
        default_category: Some(Category::MedicalCare),
        id_system: Some(String::from("urn:ietf:rfc:3986")),
        default_coverage: Some(String::from("Coverage/assumed")),
        unpriced: Unpriced::Remainder,
        ..ClaimOptions::new(dollars())
    }
}

/// All claims, by patient, in the order of their documents.
pub fn claims() -> Vec<(String, Vec<CompiledClaim>)> {
    let patients = documents("synthea", "").into_iter().map(|(file, document)| {
        let name = file.split('_').next().unwrap_or_default().to_owned();
        let found = claims_of(&document, &lenient()).unwrap();
        (name, found.into_iter().map(|claim| claim.compiled.unwrap()).collect())
    });
    patients.collect()
}
