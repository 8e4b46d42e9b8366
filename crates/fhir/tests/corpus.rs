//! The examples that HL7 publishes with FHIR R4: each compiles into a reviewed model or is refused for reviewed reasons.
//!
//! They are not a part of this repository. The tests read them from `../shared/data/fhir-r4` next to the workspace, and
//! say so on the standard error output where the folder is not there.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, workspace};
use salus_domain::codes::Category;
use salus_fhir::claim::ClaimOptions;
use salus_fhir::consent::CompiledConsent;
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::{claim, consent, consent_text, record, Refusals};
use std::path::PathBuf;

/// The documents of a folder whose names begin with `prefix`, by name.
fn documents(folder: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder: PathBuf = workspace("../shared/data").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is not there, nothing of it was tested", folder.display());
        return Vec::new();
    };
    let mut documents: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let name = name.strip_prefix(prefix)?.strip_suffix(".json")?.to_owned();
            Some((name, std::fs::read(entry.path()).unwrap()))
        })
        .collect();
    documents.sort();
    documents
}

/// The whole model in words: the frame, each provision with the path of its element, and what was narrowed.
fn model(compiled: &CompiledConsent, directory: &Directory) -> String {
    let lines = consent_text::lines(&compiled.consent, directory);
    let paths = std::iter::once(&compiled.base_path).chain(&compiled.paths);
    let said = lines.iter().zip(paths).map(|(line, path)| format!("{} [{path}]", line.trim_start()));
    let narrowed = compiled.narrowed.iter().map(|narrowed| format!("{}: {}", narrowed.path, narrowed.what));
    std::iter::once(compiled.patient.clone()).chain(said).chain(narrowed).collect::<Vec<_>>().join("\n")
}

fn reasons(refusals: &Refusals) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn assert_reviewed(found: Vec<(String, String)>, reviewed: &[(&str, &str)]) {
    if found.is_empty() {
        return;
    }
    let reviewed: Vec<_> = reviewed.iter().map(|(name, result)| ((*name).to_owned(), (*result).to_owned())).collect();
    assert_eq!(found, reviewed);
}

#[test]
fn every_consent_of_the_hl7_examples_compiles_or_is_refused_as_reviewed() {
    let keys =
        ["Organization/f001", "Patient/example", "Practitioner/f204", "Practitioner/13", "Practitioner/xcda-author"];
    let directory: Directory = keys.into_iter().zip(1..).map(|(key, byte)| (key.to_owned(), account(byte))).collect();
    let found = documents("fhir-r4", "Consent-").into_iter().map(|(name, document)| {
        let result = match consent::review(&document, &directory) {
            Ok(compiled) => model(&compiled, &directory),
            Err(refusals) => reasons(&refusals),
        };
        (name, result)
    });
    let reviewed: Vec<_> = CONSENTS.iter().map(|(name, lines)| (*name, lines.join("\n"))).collect();
    let reviewed: Vec<_> = reviewed.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_reviewed(found.collect(), &reviewed);
}

#[test]
fn every_claim_of_the_hl7_examples_compiles_or_is_refused_as_reviewed() {
    let asset = Asset { currency: String::from("USD"), decimals: 2 };
    let options = ClaimOptions { asset, default_category: Some(Category::MedicalCare) };
    let found = documents("fhir-r4", "Claim-").into_iter().map(|(name, document)| {
        let result = match claim::compile(&document, &options) {
            Ok(compiled) => {
                let cents: Vec<_> = compiled.items.iter().map(|item| item.submitted.0.to_string()).collect();
                format!("{} cents, {} assumed", cents.join(" + "), compiled.assumed.len())
            }
            Err(refused) => refused.to_string(),
        };
        (name, result)
    });
    assert_reviewed(found.collect(), CLAIMS);
}

#[test]
fn every_bundle_of_synthetic_patients_is_a_record_of_one_patient() {
    for (name, document) in documents("synthea", "") {
        let record = record::compile(&document).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert!(record.patient.is_some_and(|patient| patient.starts_with("Patient/")), "{name}");
    }
}

/// Custodians (CST) and authors (AUT) say where data comes from: `notAuthor` withholds what an organisation wrote, not
/// what it asks for. `notThem` withholds without a type, and so may `signature`. `basic` and `notTime` are written alike and
/// mean the opposite: the period is the consent's, as in `basic` and as the definition of the element has it. The nested
/// provisions of `pkb` have no type, which R4 asks for.
const CONSENTS: &[(&str, &[&str])] = &[
    (
        "consent-example-Emergency",
        &[
            "Consent.provision.actor[0].role.coding[0]: in the role \"CST\" the actor does not ask for the data; name the \
             recipient (IRCP or PRCP)",
            "Consent.provision.provision[0].actor[0].role.coding[0]: in the role \"CST\" the actor does not ask for the \
             data; name the recipient (IRCP or PRCP)",
        ],
    ),
    (
        "consent-example-basic",
        &["Patient/f001", "Permits everything, except as said below. It counts before 2016-01-02. [Consent.policyRule]"],
    ),
    (
        "consent-example-grantor",
        &["Consent.provision.actor[0].role.coding[0]: in the role \"CST\" the actor does not ask for the data; name the \
           recipient (IRCP or PRCP)"],
    ),
    (
        "consent-example-notAuthor",
        &["Consent.provision.actor[0].role.coding[0]: in the role \"CST\" the actor does not ask for the data; name the \
           recipient (IRCP or PRCP)"],
    ),
    (
        "consent-example-notOrg",
        &[
            "Patient/f001",
            "Permits everything, except as said below. It counts at any time. [Consent.policyRule]",
            "- Denies whoever is credentialed for Organization/f001; to do: access or access and correct; for: any purpose; \
             with: any data. [Consent.provision]",
        ],
    ),
    (
        "consent-example-notThem",
        &["Consent.provision.type: it cannot be told whether the root provision permits or withholds; state its type"],
    ),
    (
        "consent-example-notThis",
        &["Consent.provision.data: a provision about single resources cannot be expressed; name their class, labels or \
           period"],
    ),
    (
        "consent-example-notTime",
        &[
            "Patient/f001",
            "Permits everything, except as said below. It counts from 2015-01-01 until before 2015-02-02. \
             [Consent.policyRule]",
        ],
    ),
    (
        "consent-example-pkb",
        &[
            "Consent.provision.provision[0].type: the element is missing; add it",
            "Consent.provision.provision[1].type: the element is missing; add it",
            "Consent.provision.provision[2].type: the element is missing; add it",
            "Consent.provision.provision[3].type: the element is missing; add it",
            "Consent.provision.provision[4].type: the element is missing; add it",
            "Consent.provision.provision[5].type: the element is missing; add it",
            "Consent.provision.provision[6].type: the element is missing; add it",
            "Consent.provision.provision[7].type: the element is missing; add it",
            "Consent.provision.provision[8].type: the element is missing; add it",
            "Consent.provision.provision[9].type: the element is missing; add it",
            "Consent.provision.provision[10].type: the element is missing; add it",
        ],
    ),
    (
        "consent-example-signature",
        &[
            "Consent.provision.type: it cannot be told whether the root provision permits or withholds; state its type",
            "Consent.provision.provision[0].actor[0].role.coding[0]: in the role \"AUT\" the actor does not ask for the \
             data; name the recipient (IRCP or PRCP)",
            "Consent.provision.provision[0].class: a permit for these classes cannot be expressed; name FHIR resource types",
            "Consent.provision.provision[0].code: a permit for certain codes or document types only cannot be expressed; \
             name classes or labels",
        ],
    ),
];

const CLAIMS: &[(&str, &str)] = &[
    ("100150", NO_SYSTEM),
    ("100151", "13557 + 10500 + 110000 cents, 3 assumed"),
    ("100152", CONTAINED),
    (
        "100153",
        "Claim.use: a preauthorization is not adjudicated here, only a claim; submit it when the service was given",
    ),
    ("100154", NO_SYSTEM),
    ("100155", CONTAINED),
    (
        "100156",
        "Claim.payee.type.coding[0]: only the claim's provider is ever paid; name it as the payee or leave the payee \
         out",
    ),
    ("660151", "21400 cents, 1 assumed"),
    (
        "660152",
        "Claim.insurance: what other insurances paid cannot be told from a claim; name only the one that is to pay",
    ),
    ("760150", "6000 cents, 1 assumed"),
    ("760151", "9000 cents, 1 assumed"),
    ("960150", "12500 cents, 1 assumed"),
    ("MED-00050", CONTAINED),
];
const NO_SYSTEM: &str =
    "Claim.item[0].productOrService.coding[0]: the code system \"\" is not known here; use the one \
                         that FHIR binds to the element";
const CONTAINED: &str = "Claim.patient: \"#patient-1\" is contained in the document and has no account; refer to a \
                         resource of its own";
