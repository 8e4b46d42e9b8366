//! The consents that HL7 publishes with FHIR R4: each compiles into a reviewed model or is refused for reviewed reasons.
//!
//! They are not a part of this repository. The tests read them from `../shared/data/fhir-r4` next to the workspace, and
//! say so on the standard error output where the folder is not there.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{account, documents};
use salus_fhir::consent::CompiledConsent;
use salus_fhir::directory::Directory;
use salus_fhir::{consent, consent_text, record, Refusals};

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
