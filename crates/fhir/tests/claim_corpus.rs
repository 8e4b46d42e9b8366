//! Every claim of the HL7 examples and of Synthea's bundles: each compiles into reviewed lines or is refused for a reviewed
//! reason.
//!
//! They are not a part of this repository: see [`common::documents`].
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::synthea::{claims, lenient};
use common::{documents, dollars, refused};
use salus_domain::codes::Category;
use salus_fhir::bundle::Found;
use salus_fhir::claim::{authorisation, claims_of, compile, prior_payment, Assumption, ClaimOptions, CompiledClaim};
use salus_fhir::{Refused, RefusedReason};

/// The lines in words: cents, and the total.
fn in_words(claim: &CompiledClaim) -> String {
    let cents: Vec<_> = claim.items.iter().map(|item| item.submitted.0).collect();
    let lines: Vec<_> = cents.iter().map(ToString::to_string).collect();
    format!("{} lines: {} = {}", cents.len(), lines.join(" + "), cents.iter().sum::<u128>())
}

fn result(found: Result<CompiledClaim, Refused>) -> String {
    found.map_or_else(|refused| refused.to_string(), |claim| in_words(&claim))
}

fn assert_reviewed(found: &[(String, String)], reviewed: &[(&str, &str)]) {
    if found.is_empty() {
        return;
    }
    let found: Vec<_> = found.iter().map(|(name, result)| (name.as_str(), result.as_str())).collect();
    assert_eq!(found, reviewed, "{found:#?}");
}

fn hl7(name: &str) -> Vec<u8> {
    documents("fhir-r4", name).pop().map(|(_, document)| document).unwrap_or_default()
}

fn hl7_options() -> ClaimOptions {
    ClaimOptions { default_category: Some(Category::MedicalCare), ..ClaimOptions::new(dollars()) }
}

#[test]
fn every_claim_of_the_hl7_examples_compiles_or_is_refused_as_reviewed() {
    let found: Vec<_> = documents("fhir-r4", "Claim-")
        .into_iter()
        .map(|(name, document)| (name, result(compile(&document, &hl7_options()))))
        .collect();
    assert_reviewed(&found, HL7);
}

#[test]
fn the_preauthorization_of_the_hl7_examples_is_a_request() {
    let document = hl7("Claim-100153");
    if document.is_empty() {
        return;
    }
    let request = authorisation(&document, &hl7_options()).unwrap();
    let items: Vec<_> = request.items.iter().map(|item| (item.code.as_str(), item.quantity)).collect();
    assert_eq!(items, [("ORTHPLAN", 1), ("21211", 1), ("27211", 1)]);
    assert_eq!((request.patient.as_str(), request.coverage.as_str()), ("Patient/1", "Coverage/9876B1"));
}

#[test]
fn the_answers_of_the_hl7_examples_say_what_was_paid_or_are_refused_as_reviewed() {
    let mut answers = documents("fhir-r4", "ClaimResponse-");
    answers.extend(documents("fhir-r4", "ExplanationOfBenefit-"));
    let found = answers.into_iter().map(|(name, document)| {
        let result = prior_payment(&document, &dollars()).map_or_else(
            |refused| refused.to_string(),
            |prior| {
                format!(
                    "{} {:?}",
                    prior.patient,
                    prior.lines.iter().map(|line| (line.sequence, line.paid.0)).collect::<Vec<_>>()
                )
            },
        );
        (name, result)
    });
    assert_reviewed(&found.collect::<Vec<_>>(), ANSWERS);
}

/// HL7's claim 660152 names the response R3500 as the answer of the insurer before. With it at hand, what is left is a category of
/// a code system that HL7 made up for the example; in words of FHIR's own, the claim is for the rest.
#[test]
fn the_second_claim_of_the_hl7_examples_takes_what_the_first_insurer_paid() {
    let (claim, answer) = (hl7("Claim-660152"), hl7("ClaimResponse-R3500"));
    if claim.is_empty() {
        return;
    }
    let prior = prior_payment(&answer, &dollars()).unwrap();
    let options = ClaimOptions { prior: vec![prior], ..hl7_options() };
    let example = "http://example.org/fhir/CodeSystem/benefit-subcategory";
    let system = RefusedReason::UnknownSystem { system: example.to_owned() };
    assert_eq!(compile(&claim, &options), Err(refused("Claim.item[0].category.coding[0]", system)));
    let known = String::from_utf8(claim).unwrap().replace(example, "http://hl7.org/fhir/ex-benefitcategory");
    let compiled = compile(known.as_bytes(), &options).unwrap();
    let lines: Vec<_> =
        compiled.items.iter().map(|item| (item.submitted.0, item.prior_paid.0, item.category)).collect();
    assert_eq!(lines, [(23_540, 9_047, Category::VisionCoverage)]);
}

/// What Synthea leaves out is never filled in unasked.
#[test]
fn without_options_every_claim_of_the_synthetic_patients_is_refused() {
    for (file, document) in documents("synthea", "") {
        for Found { path, compiled, .. } in claims_of(&document, &ClaimOptions::new(dollars())).unwrap() {
            let place = format!("{path}.insurance[0].coverage.reference");
            assert_eq!(compiled, Err(refused(&place, RefusedReason::Missing)), "{file}");
        }
    }
}

#[test]
fn what_was_filled_in_of_the_claims_of_the_synthetic_patients_is_listed() {
    let all: Vec<_> = claims().into_iter().flat_map(|(_, claims)| claims).collect();
    let count = |is: fn(&Assumption) -> bool| {
        all.iter().flat_map(|claim| &claim.assumed).filter(|assumed| is(&assumed.what)).count()
    };
    if all.is_empty() {
        return;
    }
    assert_eq!(count(|it| matches!(it, Assumption::Coverage(_))), 50);
    assert_eq!(count(|it| matches!(it, Assumption::Number { .. })), 50);
    assert_eq!(count(|it| matches!(it, Assumption::Charge(_))), 50);
    assert_eq!(count(|it| matches!(it, Assumption::NoCharge)), 13);
    assert_eq!(count(|it| matches!(it, Assumption::Category(_))), 117);
}

#[test]
fn every_claim_of_the_synthetic_patients_compiles_as_reviewed() {
    let mut found = Vec::new();
    for (file, document) in documents("synthea", "") {
        let patient = file.split('_').next().unwrap();
        for (number, claim) in claims_of(&document, &lenient()).unwrap().into_iter().enumerate() {
            assert!(claim.path.starts_with("Bundle.entry["));
            found.push((format!("{patient} {}", number + 1), result(claim.compiled)));
        }
    }
    assert!(found.is_empty() || found.len() == 50);
    assert_reviewed(&found, SYNTHEA);
}

/// Codes without a system cannot be told apart from those of another one (100150, 100154). A patient within the document has
/// no account (100152, 100155, MED-00050). 100156 is to be paid to a relative. 660152 needs the answer of the insurer before.
const HL7: &[(&str, &str)] = &[
    ("100150", "Claim.item[0].productOrService.coding[0]: the coding names no code system; use the one that FHIR binds to the element"),
    ("100151", "3 lines: 13557 + 10500 + 110000 = 134057"),
    ("100152", "Claim.patient: \"#patient-1\" is contained in the document and has no account; refer to a resource of its own"),
    ("100153", "Claim.use: a preauthorization is not adjudicated here, only a claim; submit it when the service was given"),
    ("100154", "Claim.item[0].productOrService.coding[0]: the coding names no code system; use the one that FHIR binds to the element"),
    ("100155", "Claim.patient: \"#patient-1\" is contained in the document and has no account; refer to a resource of its own"),
    ("100156", "Claim.payee.type.coding[0]: only the claim's provider is ever paid; name it as the payee or leave the payee out"),
    ("660151", "1 lines: 21400 = 21400"),
    ("660152", "Claim.insurance: what an insurance paid that comes before cannot be told from a claim; give its ExplanationOfBenefit or ClaimResponse"),
    ("760150", "1 lines: 6000 = 6000"),
    ("760151", "1 lines: 9000 = 9000"),
    ("960150", "1 lines: 12500 = 12500"),
    ("MED-00050", "Claim.patient: \"#patient-1\" is contained in the document and has no account; refer to a resource of its own"),
];

/// R3501 is an answer to a claim that could not be processed, UR3503 one to a request for authorisation. The total of R3502 says
/// that 182.00 dollars were paid, its line 172.32; that of EB3500 says 96.00, its lines 96.00 and 180.00.
const ANSWERS: &[(&str, &str)] = &[
    ("R3500", "Patient/1 [(1, 9047)]"),
    ("R3501", "ClaimResponse.outcome: the status is \"error\", only \"complete\" counts"),
    ("R3502", "ClaimResponse.total: the other insurer's document gives two different amounts for what was paid; ask for one that does not"),
    ("UR3503", "ClaimResponse.use: the status is \"preauthorization\", only \"claim\" counts"),
    ("EB3500", "ExplanationOfBenefit.total: the other insurer's document gives two different amounts for what was paid; ask for one that does not"),
];

/// Each sum is the `total` of the document. What is not there are lines of diagnoses, which charge nothing.
const SYNTHEA: &[(&str, &str)] = &[
    ("Alberto 1", "1 lines: 25500 = 25500"),
    ("Alberto 2", "1 lines: 12500 = 12500"),
    ("Alberto 3", "1 lines: 25500 = 25500"),
    ("Alberto 4", "1 lines: 12500 = 12500"),
    ("Alberto 5", "2 lines: 12500 + 14052 = 26552"),
    ("Alberto 6", "3 lines: 12500 + 14052 + 50561 = 77113"),
    ("Alberto 7", "6 lines: 12500 + 14052 + 14052 + 14052 + 14052 + 44313 = 113021"),
    ("Alberto 8", "3 lines: 12500 + 14052 + 71787 = 98339"),
    ("Clemente 1", "2 lines: 12500 + 14052 = 26552"),
    ("Clemente 2", "3 lines: 12500 + 14052 + 14052 = 40604"),
    ("Clemente 3", "3 lines: 12500 + 14052 + 66515 = 93067"),
    ("Eddy 1", "1 lines: 12500 = 12500"),
    ("Eddy 2", "1 lines: 25500 = 25500"),
    ("Eddy 3", "3 lines: 12500 + 1039789 + 78798 = 1131087"),
    ("Eddy 4", "2 lines: 12500 + 47828 = 60328"),
    ("Eddy 5", "2 lines: 12500 + 1135447 = 1147947"),
    ("Eddy 6", "2 lines: 12500 + 14052 = 26552"),
    ("Eddy 7", "2 lines: 12500 + 14052 = 26552"),
    ("Eddy 8", "2 lines: 12500 + 1767045 = 1779545"),
    ("Eddy 9", "1 lines: 25500 = 25500"),
    ("Eddy 10", "2 lines: 12500 + 1155573 = 1168073"),
    ("Eddy 11", "3 lines: 12500 + 14052 + 14052 = 40604"),
    ("Eddy 12", "2 lines: 12500 + 51494 = 63994"),
    ("Eddy 13", "2 lines: 12500 + 135637 = 148137"),
    ("Eddy 14", "3 lines: 12500 + 14052 + 81899 = 108451"),
    ("Eddy 15", "1 lines: 12500 = 12500"),
    ("Eddy 16", "1 lines: 12500 = 12500"),
    ("Luigi 1", "2 lines: 12500 + 14052 = 26552"),
    ("Luigi 2", "3 lines: 12500 + 14052 + 80277 = 106829"),
    ("Luigi 3", "7 lines: 12500 + 14052 + 14052 + 14052 + 14052 + 14052 + 39916 = 122676"),
    ("Luigi 4", "6 lines: 12500 + 14052 + 14052 + 14052 + 14052 + 14052 = 82760"),
    ("Mohamed 1", "3 lines: 12500 + 14052 + 68265 = 94817"),
    ("Mohamed 2", "1 lines: 12500 = 12500"),
    ("Mohamed 3", "1 lines: 12500 = 12500"),
    ("Mohamed 4", "4 lines: 12500 + 14052 + 14052 + 45879 = 86483"),
    ("Mohamed 5", "3 lines: 12500 + 14052 + 48361 = 74913"),
    ("Mohamed 6", "1 lines: 25500 = 25500"),
    ("Mohamed 7", "2 lines: 12500 + 51665 = 64165"),
    ("Mohamed 8", "2 lines: 12500 + 39266 = 51766"),
    ("Mohamed 9", "3 lines: 12500 + 14052 + 48732 = 75284"),
    ("Mohamed 10", "3 lines: 12500 + 14052 + 46659 = 73211"),
    ("Mohamed 11", "5 lines: 12500 + 14052 + 14052 + 14052 + 14052 = 68708"),
    ("Ned 1", "2 lines: 12500 + 14052 = 26552"),
    ("Ned 2", "2 lines: 12500 + 14052 = 26552"),
    ("Ned 3", "5 lines: 12500 + 14052 + 14052 + 14052 + 14052 = 68708"),
    ("Ned 4", "1 lines: 25500 = 25500"),
    ("Ned 5", "1 lines: 12500 = 12500"),
    ("Ned 6", "2 lines: 12500 + 14052 = 26552"),
    ("Ned 7", "1 lines: 25500 = 25500"),
    ("Ned 8", "1 lines: 12500 = 12500"),
];
