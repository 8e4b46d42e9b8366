//! FHIR documents and the files beside them.

use parity_scale_codec::{DecodeAll, Encode};
use salus_domain::codes::Category;
use salus_domain::consent::Consent;
use salus_domain::evaluate::Answer;
use salus_domain::ids::{Account, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{fee_page, YEAR};
use salus_domain::time::Timestamp;
use salus_fhir::bundle::Found;
use salus_fhir::claim::{ClaimOptions, PriorPayment, Unpriced};
use salus_fhir::consent::{CompiledConsent, Release};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::insurance_plan::InsurancePlanOptions;
use salus_fhir::people::People;
use salus_fhir::plan::PlanFile;
use salus_fhir::render::{render, About};
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{claim, consent, consent_text, consult, coverage, eligibility_request, insurance_plan, plan, record};
use serde_json::Value;
use std::sync::LazyLock;

const DIRECTORY: &[u8] = include_bytes!("../../samples/directory.json");
const PEOPLE: &[u8] = include_bytes!("../../samples/people.json");
const CONSENT: &[u8] = include_bytes!("../../samples/consent.json");
const REQUEST: &[u8] = include_bytes!("../../samples/request.json");
const CLAIM: &[u8] = include_bytes!("../../samples/claim.json");
const RESPONSE: &[u8] = include_bytes!("../../samples/claim-response-other.json");
const PLAN: &[u8] = include_bytes!("../../samples/plan-dental.json");
/// The consortium's.
const KEY: [u8; 32] = [3; 32];
/// When the samples are in force.
const NOW: Timestamp = Timestamp(1_790_000_000_000);

static KNOWN: LazyLock<Directory> =
    LazyLock::new(|| Directory::from_json(DIRECTORY).expect("the sample is a directory"));
static ASSET: LazyLock<Asset> = LazyLock::new(|| Asset { currency: String::from("USD"), decimals: 2 });
static PRIOR: LazyLock<PriorPayment> =
    LazyLock::new(|| claim::prior_payment(RESPONSE, &ASSET).expect("the sample says what was paid"));
/// What a plan says that an `InsurancePlan` does not.
static BESIDE: LazyLock<InsurancePlanOptions> = LazyLock::new(|| {
    let PlanFile { asset, token, terms, fees, .. } = plan::compile(PLAN).expect("the sample is a plan");
    let (benefit, deadlines) = (terms.benefit, terms.deadlines);
    InsurancePlanOptions { asset, token, plan: None, benefit, deadlines, fees }
});

fn account(byte: u8) -> Account {
    Account([byte; 32])
}

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

/// Claims, alone or in a bundle, requests for authorisation, and what another insurer paid. What compiles is well-formed, and
/// nothing is assumed unless the options say so.
pub fn claim(data: &[u8]) {
    let strict = ClaimOptions::new(ASSET.clone());
    let lenient = ClaimOptions {
        default_category: Some(Category::MedicalCare),
        id_system: Some(String::from("urn:ids")),
        default_coverage: Some(String::from("Coverage/1")),
        unpriced: Unpriced::Remainder,
        ..strict.clone()
    };
    for options in [&strict, &lenient] {
        let found = claim::claims_of(data, options).unwrap_or_default();
        if let [Found { path, compiled: Ok(only), .. }] = found.as_slice() {
            assert!(path != "Claim" || claim::compile(data, options).as_ref() == Ok(only));
        }
        for compiled in found.iter().filter_map(|one| one.compiled.as_ref().ok()) {
            assert!(options != &strict || compiled.assumed.is_empty());
            let submission = compiled.submission(PlanId(1), account(1), account(2), &KEY);
            if let Err(malformed) = submission.validate(Timestamp::MAX) {
                panic!("{malformed:?}");
            }
            let _ = claim::compile(data, &ClaimOptions { prior: Vec::from([PRIOR.clone()]), ..options.clone() });
        }
    }
    if let Ok(asked) = claim::authorisation(data, &lenient) {
        let requests = asked.requests(&KEY);
        assert!(requests.len() <= asked.items.len() && requests.iter().all(|(_, quantity)| *quantity > 0));
    }
    if let Ok(prior) = claim::prior_payment(data, &ASSET) {
        let _ = claim::compile(CLAIM, &ClaimOptions { prior: Vec::from([prior]), ..strict });
    }
}

/// Coverages, alone or in a bundle, or a question about one.
pub fn coverage(data: &[u8]) {
    let _ = coverage::coverages_of(data);
    if let Ok(coverage) = coverage::compile(data) {
        let years = coverage::years(coverage.period, NOW).unwrap_or_default();
        assert!(years.iter().all(|year| year.is_valid() && year.end.0 - year.start.0 <= YEAR));
        assert!(years.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
    if let Ok(asked) = eligibility_request::compile(data, &ASSET) {
        let lines = asked.lines(Some(Category::MedicalCare));
        assert!(lines.iter().all(|line| line.quantity > 0 && line.submitted > Amount::ZERO));
        assert!(asked.lines(None).len() <= lines.len() && lines.len() <= asked.items.len());
    }
}

/// A record.
pub fn record(data: &[u8]) {
    let _ = record::compile(data);
}

/// A plan: a file, or an `InsurancePlan`. The pages of its fees have them all, each in its place.
pub fn plan(data: &[u8]) {
    let plans = [plan::compile(data), insurance_plan::compile(data, &BESIDE)];
    for plan in plans.into_iter().flatten() {
        assert_eq!(plan.terms.validate(), Ok(()));
        let pages = plan.fee_pages(&KEY);
        let count = u16::try_from(pages.len()).expect("there are few pages");
        assert!(count.is_power_of_two());
        assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), plan.fees.len());
        for (number, page) in pages.iter().enumerate() {
            assert!(page.iter().all(|fee| usize::from(fee_page(fee.code, count)) == number));
            assert!(page.windows(2).all(|pair| pair[0].code < pair[1].code));
        }
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
