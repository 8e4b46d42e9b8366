//! FHIR documents and the files beside them.

use parity_scale_codec::{DecodeAll, Encode};
use salus_domain::codes::Category;
use salus_domain::consent::Consent;
use salus_domain::evaluate::Answer;
use salus_domain::ids::PlanId;
use salus_domain::time::Timestamp;
use salus_fhir::claim::ClaimOptions;
use salus_fhir::consent::{CompiledConsent, Release};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::people::People;
use salus_fhir::render::{render, About};
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{claim, consent, consent_text, consult, coverage, plan, record};
use serde_json::Value;
use std::sync::LazyLock;

const DIRECTORY: &[u8] = include_bytes!("../../samples/directory.json");
const PEOPLE: &[u8] = include_bytes!("../../samples/people.json");
const CONSENT: &[u8] = include_bytes!("../../samples/consent.json");
const REQUEST: &[u8] = include_bytes!("../../samples/request.json");
/// When the samples are in force.
const NOW: Timestamp = Timestamp(1_790_000_000_000);

static KNOWN: LazyLock<Directory> =
    LazyLock::new(|| Directory::from_json(DIRECTORY).expect("the sample is a directory"));

/// A consent. What compiles is well-formed, and compiles again from what it renders as.
pub fn consent(data: &[u8]) {
    let compiled = consent::compile(data, &KNOWN);
    assert_eq!(consent::review(data, &KNOWN).map_err(|refusals| refusals.first), compiled);
    let Ok(CompiledConsent { consent, status, patient, paths, .. }) = compiled else { return };
    assert_eq!(consent.validate(), Ok(()));
    assert_eq!(consent.provisions.len(), paths.len());
    assert_eq!(Consent::decode_all(&mut consent.encode().as_slice()).as_ref(), Ok(&consent));
    assert_eq!(consent_text::lines(&consent, &KNOWN).len(), 1 + paths.len());
    for release in [Release::R4, Release::R5] {
        let about = About { id: None, patient: &patient, status };
        let Ok(rendered) = render(&consent, release, &about, &KNOWN) else { continue };
        let entries = rendered["entry"].as_array().cloned();
        let entries = entries.map(|all| all.into_iter().map(|mut entry| entry["resource"].take()).collect());
        for resource in entries.unwrap_or_else(|| Vec::<Value>::from([rendered])) {
            if let Err(refused) = consent::compile(resource.to_string().as_bytes(), &KNOWN) {
                panic!("{refused}: {resource:#}");
            }
        }
    }
}

/// A claim, and a coverage.
pub fn claim(data: &[u8]) {
    let options = ClaimOptions {
        asset: Asset { currency: String::from("USD"), decimals: 2 },
        default_category: Some(Category::MedicalCare),
    };
    if let Ok(compiled) = claim::compile(data, &options) {
        let account = |byte: u8| salus_domain::ids::Account([byte; 32]);
        let submission = compiled.submission(PlanId(1), account(1), account(2), &[3; 32]);
        if let Err(malformed) = submission.validate(Timestamp::MAX) {
            panic!("{malformed:?}");
        }
    }
    let _ = coverage::compile(data);
}

/// A record.
pub fn record(data: &[u8]) {
    let _ = record::compile(data);
}

/// A plan.
pub fn plan(data: &[u8]) {
    if let Ok(plan) = plan::compile(data) {
        assert_eq!(plan.terms.validate(), Ok(()));
        let _ = plan.tagged_fees(&[3; 32]);
    }
}

/// A directory: a mapping, or resources.
pub fn directory(data: &[u8]) {
    let _ = Directory::from_json(data);
    let mut people = People::default();
    if people.add(data).is_ok() {
        let _ = people.directory();
        let _ = people.add(PEOPLE);
        simulate_with(&people, CONSENT, REQUEST);
    }
}

/// A request to simulate.
pub fn request(data: &[u8]) {
    static EVERYBODY: LazyLock<People> = LazyLock::new(|| {
        let mut people = People::default();
        [DIRECTORY, PEOPLE].iter().try_for_each(|document| people.add(document)).expect("the samples fit together");
        people
    });
    simulate_with(&EVERYBODY, CONSENT, data);
    simulate_with(&EVERYBODY, data, REQUEST);
}

/// Where a consent that may count cannot be expressed, nothing is permitted.
fn simulate_with(people: &People, consents: &[u8], request: &[u8]) {
    let Ok(consult) = consult::read(request) else { return };
    let Ok(consents) = ConsentFile::read("consent.json", consents) else { return };
    if let Ok(simulation) = run(people, &[consents], None, &consult, NOW) {
        assert!(simulation.refused.is_empty() || simulation.answer != Answer::Permit);
        let _ = simulation.to_json();
    }
}
