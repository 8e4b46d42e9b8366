//! Every document of `samples/` compiles, and to this.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{in_good_order, sample, workspace, SAMPLES};
use salus_domain::adjudicate::Authorisation;
use salus_domain::codes::{
    Action, ActionSet, Category, CategorySet, Class, ClassSet, Confidentiality, ConfidentialitySet, Measure, Purpose,
    PurposeSet, RoleSet, Sensitivity, SensitivitySet, Term, Unit,
};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::{evaluate, Answer};
use salus_domain::ids::{Account, ConsentId, Hash, PlanId};
use salus_domain::ledger::{Ledger, Membership};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms};
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::claim::{ClaimItem, ClaimOptions, CompiledClaim};
use salus_fhir::consent::{CompiledConsent, ConsentStatus, Release};
use salus_fhir::coverage::CompiledCoverage;
use salus_fhir::directory::Directory;
use salus_fhir::explain::Kind;
use salus_fhir::people::People;
use salus_fhir::plan::{Fee, PlanFile};
use salus_fhir::record::CompiledRecord;
use salus_fhir::render::{render, About};
use salus_fhir::simulate::{run, ConsentFile};
use salus_fhir::{claim, consent, consent_text, consult, coverage, date, plan, record};
use serde_json::json;

/// One dollar in minor units.
const DOLLAR: u128 = 1_000_000_000_000;

fn cents(cents: u128) -> Amount {
    Amount(cents * DOLLAR / 100)
}

fn directory() -> Directory {
    Directory::from_json(&sample("directory.json")).unwrap()
}

fn who(key: &str) -> Account {
    directory().account(key).unwrap()
}

fn at(text: &str) -> Timestamp {
    date::whole(text).unwrap().start
}

fn days(first: &str, last: &str) -> Period {
    Period { start: at(first), end: date::whole(last).unwrap().end }
}

fn options() -> ClaimOptions {
    ClaimOptions::new(the_plan().asset)
}

fn the_plan() -> PlanFile {
    plan::compile(&sample("plan.json")).unwrap()
}

#[test]
fn the_directory_has_the_development_accounts() {
    let hex = |key: &str| hex::encode(who(key).0);
    assert_eq!(hex("Practitioner/dr-adams"), "90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22");
    assert_eq!(hex("Organization/mercy-hospital"), "fe65717dad0447d715f660a0a58411de509b42e6efb8375f562f58a554d5860e");
    assert_eq!(hex("Patient/rosa-marin"), "306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20");
    assert_eq!(hex("Organization/unity-insurance"), "e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e");
    assert_eq!(hex("https://unity.example/payors|unity"), hex("Organization/unity-insurance"));
    assert_eq!(hex("Organization/lab-institute"), "1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c");
    assert_eq!(directory().iter().count(), 6);
}

#[test]
fn the_consent_is_an_opt_out_with_two_permits_and_one_exception() {
    let treatment = Provision {
        actors: vec![
            Actor::Account(who("Practitioner/dr-adams")),
            Actor::Organisation(who("Organization/mercy-hospital")),
        ],
        actions: ActionSet::of(&[Action::Collect, Action::Access, Action::Use]),
        purposes: Purpose::Treat.into(),
        classes: ClassSet::of(&[
            Class::Observation,
            Class::Condition,
            Class::MedicationRequest,
            Class::Encounter,
            Class::DiagnosticReport,
            Class::Bundle,
        ]),
        ..Provision::new(1, Decision::Permit)
    };
    let kept_back = Provision {
        confidentiality: ConfidentialitySet::of(&[Confidentiality::R, Confidentiality::V]),
        sensitivity: Sensitivity::Bh.into(),
        ..Provision::new(2, Decision::Deny)
    };
    let insurer = who("Organization/unity-insurance");
    let payment = Provision {
        actors: vec![Actor::Organisation(insurer), Actor::Account(insurer)],
        actions: ActionSet::of(&[Action::Use, Action::Disclose]),
        purposes: PurposeSet::of(&[Purpose::Hpaymt]),
        classes: ClassSet::of(&[Class::Claim, Class::Coverage, Class::ExplanationOfBenefit]),
        ..Provision::new(1, Decision::Permit)
    };
    let paths = ["provision[0]", "provision[0].provision[0]", "provision[1]"];
    let expected = CompiledConsent {
        consent: Consent {
            base: Base::Deny,
            period: days("2026-01-01", "2098-12-31"),
            source: Hash([0; 32]),
            provisions: vec![treatment, kept_back, payment],
        },
        status: ConsentStatus::Active,
        patient: String::from("Patient/rosa-marin"),
        narrowed: Vec::new(),
        paths: paths.map(|path| format!("Consent.provision.{path}")).to_vec(),
        base_path: String::from("Consent.policyRule"),
    };
    assert_eq!(consent::compile(&sample("consent.json"), &directory()), Ok(expected));
}

#[test]
fn the_consent_reads_as_plain_english() {
    let compiled = consent::compile(&sample("consent.json"), &directory()).unwrap();
    let lines = consent_text::lines(&compiled.consent, &directory());
    assert_eq!(
        lines,
        [
            "Denies everything, except as said below. It counts from 2026-01-01 until before 2099-01-01.",
            "  - Permits Practitioner/dr-adams or whoever is credentialed for Organization/mercy-hospital; to do: collect, \
             access or use; for: treatment (TREAT); with: Bundle, Condition, Diagnostic Report, Encounter, Medication \
             Request or Observation.",
            "    - Denies anybody to do: any action; for: any purpose; with: labelled restricted confidentiality, very \
             restricted confidentiality or behavioral health information sensitivity (BH).",
            "  - Permits whoever is credentialed for Organization/unity-insurance or Organization/unity-insurance; to do: \
             use or disclose; for: healthcare payment (HPAYMT); with: Claim, Coverage or Explanation Of Benefit.",
        ]
    );
}

#[test]
fn the_doctor_reads_the_laboratory_value_and_not_the_questionnaire() {
    let compiled = consent::compile(&sample("consent.json"), &directory()).unwrap();
    let consents = [(ConsentId(0), compiled.consent)];
    let answer = |name: &str| {
        let record = record::compile(&sample(name)).unwrap();
        let account = who("Practitioner/dr-adams");
        let request = Request {
            principal: Principal { account, organisations: Vec::new(), roles: RoleSet::EMPTY },
            purpose: Purpose::Treat,
            action: Action::Access,
            confidentiality: Some(record.confidentiality),
            sensitivity: Some(record.sensitivity),
            classes: Some(record.class.into()),
            data_period: record.data_period,
        };
        evaluate(&consents, &request, at("2026-11-20")).answer
    };
    assert_eq!(answer("record-observation.json"), Answer::Permit);
    assert_eq!(answer("record-bundle.json"), Answer::Permit);
    assert_eq!(answer("record-sensitive.json"), Answer::Deny);
}

#[test]
fn the_consent_reads_the_same_in_either_release() {
    let compiled = consent::compile(&sample("consent.json"), &directory()).unwrap();
    let about = About { id: None, patient: "Patient/rosa-marin", status: ConsentStatus::Active };
    for release in [Release::R4, Release::R5] {
        let resource = render(&compiled.consent, release, &about, &directory()).unwrap();
        let again = consent::compile(resource.to_string().as_bytes(), &directory()).unwrap();
        assert_eq!(again.consent, compiled.consent, "{resource:#}");
    }
}

#[test]
fn a_nurse_of_the_hospital_gets_what_the_consent_does_not_keep_back() {
    let mut people = People::default();
    people.add(&sample("directory.json")).unwrap();
    people.add(&sample("people.json")).unwrap();
    let consents = [ConsentFile::read("consent.json", &sample("consent.json")).unwrap()];
    let consult = consult::read(&sample("request.json")).unwrap();
    let answer = |moment: &str| run(&people, &consents, None, &consult, at(moment)).unwrap();
    let permitted = answer("2026-11-20");
    let codes: Vec<_> = permitted.redacted().into_iter().map(|(_, code)| code).collect();
    assert_eq!(
        permitted.to_json()["deciding"],
        json!([{"consent": "rosa-marin-2026", "path": "Consent.provision.provision[0]"}])
    );
    assert_eq!(permitted.decision(), "permit");
    assert_eq!(codes.join(" "), "R V BH COGN DVD EMOTDIS MH PSY PSYTHPN SUD ETHUD OPIOIDUD");
    assert_eq!(answer("2099-01-01").decision(), "no-consent");
}

#[test]
fn the_records_have_their_labels_and_days() {
    let rosa = Some(String::from("Patient/rosa-marin"));
    let observed = |text| Some(date::whole(text).unwrap());
    let plain = CompiledRecord {
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: observed("2026-09-07T06:30:00Z"),
        patient: rosa.clone(),
    };
    assert_eq!(record::compile(&sample("record-observation.json")), Ok(plain.clone()));
    let sensitive = CompiledRecord {
        confidentiality: Confidentiality::R,
        sensitivity: Sensitivity::Psy.into(),
        data_period: observed("2026-09-14T14:00:00Z"),
        ..plain.clone()
    };
    assert_eq!(record::compile(&sample("record-sensitive.json")), Ok(sensitive));
    let bundle = CompiledRecord {
        class: Class::Bundle,
        data_period: Some(Period { start: at("2021-03"), end: Timestamp(at("2026-09-07T06:45:00Z").0 + 1000) }),
        ..plain
    };
    assert_eq!(record::compile(&sample("record-bundle.json")), Ok(bundle));
}

#[test]
fn the_coverage_is_for_the_year() {
    let expected = CompiledCoverage {
        member: String::from("Patient/rosa-marin"),
        subscriber: String::from("Patient/rosa-marin"),
        payor: String::from("Organization/unity-insurance"),
        period: days("2026-01-01", "2026-12-31"),
        order: None,
        subscriber_id: Some(String::from("77-1024")),
        plan: Some(String::from("unity-silver")),
        network: None,
        names: Vec::from([String::from("https://unity.example/certificates|UN-77-1024")]),
    };
    assert_eq!(coverage::compile(&sample("coverage.json")), Ok(expected));
}

#[test]
fn the_plan_has_its_terms_and_fees() {
    let fee = |code: &str, amount| Fee {
        system: String::from("http://www.ama-assn.org/go/cpt"),
        code: code.to_owned(),
        amount: cents(amount),
    };
    let share = |copay, points| CostShare { copay: cents(copay), coinsurance: BasisPoints(points) };
    let benefit = Benefit {
        in_network: share(2_000, 2_000),
        out_of_network: None,
        deductible: true,
        authorisation: false,
        waiting_period: 30 * DAY,
    };
    let except = |category, points| (category, Benefit { in_network: share(0, points), ..benefit });
    let annual = |measure, amount| Limit {
        measure,
        category: None,
        network: None,
        unit: Unit::Individual,
        term: Term::Annual,
        limit: cents(amount).0,
    };
    let terms = PlanTerms {
        covered: CategorySet::of(&[
            Category::MedicalCare,
            Category::Surgical,
            Category::Consultation,
            Category::DiagnosticXray,
            Category::DiagnosticLab,
            Category::DentalCare,
            Category::HospitalRoomAndBoard,
            Category::Maternity,
        ]),
        benefit,
        exceptions: vec![except(Category::DiagnosticLab, 1_000), except(Category::DentalCare, 5_000)],
        limits: vec![
            annual(Measure::Deductible, 10_000),
            annual(Measure::OutOfPocket, 40_000),
            annual(Measure::Benefit, 200_000),
        ],
        networked: false,
        deadlines: Deadlines {
            filing: 365 * DAY,
            authorisation: 7 * DAY,
            settlement: 14 * DAY,
            appeal: 60 * DAY,
            review: 30 * DAY,
            reversal: 180 * DAY,
        },
    };
    let plan = the_plan();
    assert_eq!(plan.name, "Unity Silver");
    assert_eq!((plan.asset.currency.as_str(), plan.asset.decimals), ("USD", 12));
    assert_eq!(plan.terms, terms);
    assert_eq!(plan.fees, [fee("99213", 11_000), fee("83036", 3_000), fee("71046", 4_000)]);
}

fn item(sequence: u32, code: &str, category: Category, day: &str, quantity: u32, submitted: u128) -> ClaimItem {
    ClaimItem {
        sequence,
        system: String::from("http://www.ama-assn.org/go/cpt"),
        code: code.to_owned(),
        category,
        date: at(day),
        quantity,
        submitted: cents(submitted),
        prior_paid: Amount::ZERO,
    }
}

fn expected_claim(number: &str, items: Vec<ClaimItem>) -> CompiledClaim {
    CompiledClaim {
        kind: Some(Kind::Professional),
        patient: String::from("Patient/rosa-marin"),
        provider: String::from("Practitioner/dr-adams"),
        insurer: Some(String::from("Organization/unity-insurance")),
        prior_decided: false,
        coverage: String::from("Coverage/rosa-unity"),
        identifier: (String::from("https://mercy.example/claims"), number.to_owned()),
        items,
        assumed: Vec::new(),
    }
}

#[test]
fn the_claims_have_their_lines() {
    let first = vec![
        item(1, "99213", Category::Consultation, "2026-09-07", 1, 13_500),
        item(2, "83036", Category::DiagnosticLab, "2026-09-07", 1, 4_250),
        item(3, "71046", Category::DiagnosticXray, "2026-09-09", 2, 9_500),
    ];
    assert_eq!(claim::compile(&sample("claim.json"), &options()), Ok(expected_claim("M-2026-0917", first)));
    let second = vec![
        item(1, "99214", Category::Consultation, "2026-10-15", 1, 15_000),
        item(2, "83036", Category::DiagnosticLab, "2026-10-15", 1, 3_025),
    ];
    assert_eq!(claim::compile(&sample("claim-second.json"), &options()), Ok(expected_claim("M-2026-1021", second)));
}

#[test]
fn the_plan_pays_what_the_table_of_samples_says() {
    let plan = the_plan();
    let coverage = coverage::compile(&sample("coverage.json")).unwrap();
    let (member, subscriber) = (who(&coverage.member), who(&coverage.subscriber));
    let membership = Membership {
        member,
        subscriber,
        period: coverage.period,
        since: coverage.period.start,
        secondary: coverage.is_secondary(),
    };
    let key = [7; 32];
    let mut ledger = Ledger::new(plan.terms.clone(), plan.tagged_fees(&key));
    let mut paid = Vec::new();
    for name in ["claim.json", "claim-second.json"] {
        let compiled = claim::compile(&sample(name), &options()).unwrap();
        let provider = who(&compiled.provider);
        let submission = compiled.submission(PlanId(0), member, provider, &key);
        let now = at("2026-11-20");
        assert_eq!(submission.validate(now), Ok(()));
        let missing = |_, _| Authorisation::Missing;
        let outcome = ledger.adjudicate(&membership, &in_good_order(now), provider, &submission, missing);
        paid.push(outcome.lines.iter().map(|line| line.split.payer).collect::<Vec<_>>());
    }
    assert_eq!(paid, [vec![cents(0), cents(2_700), cents(4_800)], vec![cents(10_400), cents(2_700)]]);
    let used = ledger.used(membership.place(Unit::Individual, Term::Annual, at("2026-09-07")));
    assert_eq!(used.first(), Some(&(plan.terms.limits[0].kind(), cents(10_000).0)));
}

#[test]
fn the_corrected_claim_is_the_first_one_with_one_xray_and_a_number_of_its_own() {
    let [first, corrected] =
        ["claim.json", "claim-corrected.json"].map(|name| claim::compile(&sample(name), &options()).unwrap());
    assert_ne!(corrected.identifier, first.identifier);
    let mut items = first.items.clone();
    (items[2].quantity, items[2].submitted) = (1, cents(4_750));
    assert_eq!(corrected, CompiledClaim { identifier: corrected.identifier.clone(), items, ..first });
}

#[test]
fn every_sample_is_looked_at_here() {
    let mut names: Vec<_> = std::fs::read_dir(workspace("samples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    assert_eq!(names, SAMPLES);
}
