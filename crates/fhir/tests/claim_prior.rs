//! What other insurers paid before, by their own documents.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{bytes, claim, coding, concept, dollars, refused, with, without};
use salus_domain::ids::{Account, PlanId};
use salus_domain::money::Amount;
use salus_fhir::claim::{compile, prior_payment, ClaimOptions, CompiledClaim, PriorLine, PriorPayment};
use salus_fhir::{Refused, RefusedReason as R};
use serde_json::{json, Value};

const C4BB: &str = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication";

fn amount(system: &str, code: &str, value: f64) -> Value {
    json!({"category": {"coding": [coding(system, code)]}, "amount": {"value": value, "currency": "USD"}})
}

/// An answer that pays 4.50 of line 1.
fn response() -> Value {
    let adjudication = [
        amount("adjudication", "submitted", 12.5),
        amount("adjudication", "benefit", 4.5),
        json!({"category": {"coding": [{"code": "eligpercent"}]}, "value": 80}),
    ];
    json!({
        "resourceType": "ClaimResponse",
        "id": "7",
        "status": "active",
        "use": "claim",
        "patient": {"reference": "Patient/c"},
        "outcome": "complete",
        "item": [{"itemSequence": 1, "adjudication": adjudication}],
    })
}

/// The same as an explanation of benefit.
fn explanation() -> Value {
    let item = with(&response()["item"][0], "/sequence", json!(1));
    let document = with(&response(), "/resourceType", json!("ExplanationOfBenefit"));
    with(&document, "/item", json!([without(&item, "/itemSequence")]))
}

fn paid(document: &Value) -> Result<PriorPayment, Refused> {
    prior_payment(&bytes(document), &dollars())
}

/// The numbers of the lines, and what was paid for them.
fn amounts(prior: &PriorPayment) -> Vec<(u32, Amount)> {
    prior.lines.iter().map(|line| (line.sequence, line.paid)).collect()
}

/// A line of which nothing else is told.
const fn line(sequence: u32, paid: u128) -> PriorLine {
    PriorLine { sequence, paid: Amount(paid), services: Vec::new(), days: None }
}

fn read(document: &Value, prior: &[PriorPayment]) -> Result<CompiledClaim, Refused> {
    compile(&bytes(document), &ClaimOptions { prior: prior.to_vec(), ..ClaimOptions::new(dollars()) })
}

/// A claim of which another insurance pays first.
fn second() -> Value {
    let focal = with(&claim()["insurance"][0], "/sequence", json!(2));
    let first = json!({"sequence": 1, "focal": false, "coverage": {"reference": "Coverage/0"},
        "claimResponse": {"reference": "http://first/ClaimResponse/7"}});
    with(&claim(), "/insurance", json!([first, focal]))
}

fn adjudications(list: Value) -> Value {
    with(&response(), "/item/0/adjudication", list)
}

#[test]
fn what_the_first_insurer_paid_stands_on_the_lines_for_the_second() {
    for document in [response(), explanation()] {
        let prior = paid(&document).unwrap();
        assert_eq!(amounts(&prior), [(1, Amount(450))]);
        let prior = [prior];
        let compiled = read(&second(), &prior).unwrap();
        assert_eq!((compiled.coverage.as_str(), compiled.items[0].prior_paid), ("Coverage/1", Amount(450)));
        // The insurer that pays first need not be listed: its document speaks for itself.
        assert_eq!(read(&claim(), &prior).unwrap().items[0].prior_paid, Amount(450));
    }
    assert_eq!(read(&second(), &[]), Err(refused("Claim.insurance", R::OtherInsurance)));
}

#[test]
fn an_insurer_that_paid_nothing_has_decided_all_the_same() {
    let nothing = paid(&adjudications(json!([amount("adjudication", "benefit", 0.0)]))).unwrap();
    let compiled = read(&second(), &[nothing]).unwrap();
    assert_eq!((compiled.prior_decided, compiled.items[0].prior_paid), (true, Amount::ZERO));
    let account = Account([1; 32]);
    assert!(compiled.submission(PlanId(0), account, account, &[0; 32]).prior_decided);
    assert!(!read(&claim(), &[]).unwrap().prior_decided);
}

#[test]
fn payments_of_several_insurers_add_up() {
    let one = paid(&response()).unwrap();
    let answer = Some(String::from("ClaimResponse/8"));
    let other = PriorPayment { answer, lines: vec![line(1, 800)], ..one.clone() };
    assert_eq!(read(&claim(), &[one.clone(), other.clone()]).unwrap().items[0].prior_paid, Amount(1_250));
    let more = PriorPayment { lines: vec![line(1, 801)], ..other.clone() };
    assert_eq!(read(&claim(), &[one.clone(), more]), Err(refused("Claim.item[0]", R::PriorAboveCharge)));
    let reason = R::PriorDocuments { needed: 1, given: 2 };
    assert_eq!(read(&second(), &[one, other]), Err(refused("Claim.insurance", reason)));
}

#[test]
fn the_documents_are_about_this_claim() {
    let prior = paid(&response()).unwrap();
    let somebody = PriorPayment { patient: String::from("Patient/d"), ..prior.clone() };
    let reason = R::PriorPatient { patient: String::from("Patient/d") };
    assert_eq!(read(&claim(), &[somebody]), Err(refused("Claim.insurance", reason)));
    let other = PriorPayment { answer: Some(String::from("ClaimResponse/8")), ..prior.clone() };
    let reason = R::PriorResponse { reference: String::from("ClaimResponse/7") };
    assert_eq!(read(&second(), &[other]), Err(refused("Claim.insurance[0].claimResponse", reason)));
    let elsewhere = PriorPayment { lines: vec![line(1, 0), line(2, 1)], ..prior.clone() };
    assert_eq!(read(&claim(), &[elsewhere]), Err(refused("Claim.item", R::PriorOtherLine { sequence: 2 })));
    let silent = PriorPayment { lines: Vec::new(), ..prior };
    assert_eq!(read(&claim(), &[silent]), Err(refused("Claim.item[0]", R::PriorUnknown)));
}

/// What becomes of a claim of `own` with the other insurer's document about `theirs`, both as `Patient` references.
fn about(own: &Value, theirs: &Value) -> Result<Amount, R> {
    let prior = paid(&with(&response(), "/patient", theirs.clone())).unwrap();
    let compiled = read(&with(&claim(), "/patient", own.clone()), &[prior]);
    compiled.map(|claim| claim.items[0].prior_paid).map_err(|refusal| refusal.reason)
}

#[test]
fn the_documents_are_about_the_patient_whatever_version_of_it_they_name() {
    let [plain, first, second] =
        ["Patient/c", "Patient/c/_history/1", "Patient/c/_history/2"].map(|it| json!({ "reference": it }));
    for (own, theirs) in [(&plain, &first), (&first, &plain), (&first, &second)] {
        assert_eq!(about(own, theirs), Ok(Amount(450)));
    }
    let other = json!({"reference": "Patient/d/_history/1"});
    let reason = R::PriorPatient { patient: String::from("Patient/d/_history/1") };
    assert_eq!(about(&first, &other), Err(reason));
}

#[test]
fn a_patient_that_insurers_name_differently_is_known_by_the_identifier() {
    let identified = |reference: &str, value: &str| {
        let identifier = json!({"system": "http://ids/_history/", "value": value});
        json!({"reference": reference, "identifier": identifier})
    };
    let refused = |patient: &str| Err(R::PriorPatient { patient: patient.to_owned() });
    let own = identified("Patient/c", "1");
    let elsewhere = "http://payer/Patient/77";
    assert_eq!(about(&own, &identified(elsewhere, "1")), Ok(Amount(450)));
    assert_eq!(about(&without(&own, "/reference"), &identified(elsewhere, "1")), Ok(Amount(450)));
    assert_eq!(about(&own, &without(&own, "/reference")), Ok(Amount(450)));
    // Beside one of them only, another one, of another system, or of somebody else of the same name.
    assert_eq!(about(&json!({"reference": "Patient/c"}), &identified(elsewhere, "1")), refused(elsewhere));
    assert_eq!(about(&own, &json!({"reference": elsewhere})), refused(elsewhere));
    assert_eq!(about(&own, &identified(elsewhere, "2")), refused(elsewhere));
    let other_system = with(&identified(elsewhere, "1"), "/identifier/system", json!("http://ids"));
    assert_eq!(about(&own, &other_system), refused(elsewhere));
    assert_eq!(about(&own, &identified("Patient/c", "2")), refused("Patient/c"));
    // An identifier has no version.
    let alone = |system: &str| json!({"identifier": {"system": format!("http://ids/_history/{system}"), "value": "1"}});
    assert_eq!(about(&alone("a"), &alone("b")), refused("http://ids/_history/b|1"));
}

#[test]
fn the_answer_that_the_claim_names_is_told_by_its_id_in_whatever_version() {
    let named = |reference: Value, id: &str| {
        let claim = with(&second(), "/insurance/0/claimResponse", reference);
        read(&claim, &[paid(&with(&response(), "/id", json!(id))).unwrap()]).map(|_| ()).map_err(|it| it.reason)
    };
    let versioned = json!({"reference": "http://first/ClaimResponse/7/_history/3"});
    assert_eq!(named(versioned.clone(), "7"), Ok(()));
    assert_eq!(named(versioned, "3"), Err(R::PriorResponse { reference: String::from("ClaimResponse/7") }));
    // What has no id cannot be told apart.
    let numbered = json!({"identifier": {"system": "http://first/ClaimResponse/numbers", "value": "9"}});
    for reference in [json!({"reference": "urn:uuid:0e0c0e0c-0000-4000-8000-000000000000"}), numbered] {
        assert_eq!(named(reference, "7"), Ok(()));
    }
}

#[test]
fn an_explanation_of_benefit_stands_for_one_of_the_answers_that_the_claim_names() {
    let named = |id: &str, sequence: u32| {
        json!({"sequence": sequence, "focal": false, "coverage": {"reference": "Coverage/0"},
            "claimResponse": {"reference": format!("ClaimResponse/{id}")}})
    };
    let focal = with(&claim()["insurance"][0], "/sequence", json!(3));
    let claim = with(&claim(), "/insurance", json!([named("7", 1), named("8", 2), focal]));
    let [one, explained] = [response(), explanation()].map(|document| paid(&document).unwrap());
    assert!(read(&claim, &[explained.clone(), one.clone()]).is_ok());
    let foreign = PriorPayment { answer: Some(String::from("ClaimResponse/9")), ..one };
    let reason = R::PriorResponse { reference: String::from("ClaimResponse/7") };
    assert_eq!(read(&claim, &[explained, foreign]), Err(refused("Claim.insurance[0].claimResponse", reason)));
}

#[test]
fn one_answer_counts_once() {
    let twice = Err(refused("Claim.insurance", R::RepeatedPrior));
    for document in [response(), explanation(), without(&explanation(), "/id")] {
        let prior = paid(&document).unwrap();
        assert_eq!(read(&claim(), &[prior.clone(), prior]), twice);
    }
    let of = |insurer: &str| paid(&with(&response(), "/insurer", json!({ "reference": insurer }))).unwrap();
    let (one, other) = (of("Organization/1"), of("Organization/2"));
    assert_eq!(read(&claim(), &[one.clone(), other.clone()]).unwrap().items[0].prior_paid, Amount(900));
    let newer = PriorPayment { lines: vec![line(1, 0)], ..one.clone() };
    assert_eq!(read(&claim(), &[one, other, newer.clone()]), twice);
    assert_eq!(read(&claim(), &[newer.clone(), PriorPayment { insurer: None, ..newer }]), twice);
}

#[test]
fn answers_without_an_id_are_told_apart_by_the_words_for_their_insurers() {
    let of = |insurer: Value| {
        let nothing = json!([amount("adjudication", "benefit", 0.0)]);
        let document = with(&without(&response(), "/id"), "/item/0/adjudication", nothing);
        paid(&with(&document, "/insurer", insurer)).unwrap()
    };
    let (state, county) = (of(json!({"display": "State"})), of(json!({"display": "County"})));
    assert_eq!(read(&claim(), &[state.clone(), county]).unwrap().items[0].prior_paid, Amount(0));
    assert_eq!(read(&claim(), &[state.clone(), state]), Err(refused("Claim.insurance", R::RepeatedPrior)));
    // Who is referred to is the same by whatever words.
    let [one, other] = ["State", "The State"].map(|words| of(json!({"reference": "Organization/1", "display": words})));
    assert_eq!(read(&claim(), &[one, other]), Err(refused("Claim.insurance", R::RepeatedPrior)));
}

#[test]
fn what_was_paid_in_all_is_what_the_lines_add_up_to() {
    let item = response()["item"][0].clone();
    let document = with(&response(), "/item", json!([item, with(&item, "/itemSequence", json!(2))]));
    let benefit = |value: f64| amount("adjudication", "benefit", value);
    let carin = |code: &str, value: f64| amount(C4BB, code, value);
    for name in ["total", "adjudication"] {
        let told = |amounts: Value| paid(&with(&document, &format!("/{name}"), amounts)).map(|_| ());
        let place = format!("ClaimResponse.{name}");
        let contradicts = Err(refused(&place, R::PriorContradicts));
        assert_eq!(told(json!([amount("adjudication", "submitted", 25.0)])), Ok(()));
        assert_eq!(told(json!([benefit(9.0)])), Ok(()));
        assert_eq!(told(json!([benefit(9.01)])), contradicts);
        assert_eq!(told(json!([benefit(4.5)])), contradicts);
        assert_eq!(told(json!([carin("paidtoprovider", 8.0), carin("paidtopatient", 1.0)])), Ok(()));
        assert_eq!(told(json!([carin("paidtoprovider", 8.0), carin("paidtopatient", 0.5)])), contradicts);
        // Of one part alone, the rest is the other one.
        for part in ["paidtoprovider", "paidtopatient"] {
            assert_eq!(told(json!([carin(part, 8.0)])), Ok(()));
            assert_eq!(told(json!([carin(part, 9.01)])), contradicts);
        }
        // What was paid up to now may be a part of it.
        assert_eq!(told(json!([benefit(9.0), carin("paidtoprovider", 8.0)])), Ok(()));
        let second = format!("{place}[1].amount");
        assert_eq!(told(json!([benefit(9.0), benefit(8.0)])), Err(refused(&second, R::PriorContradicts)));
        let euros = with(&benefit(9.0), "/amount/currency", json!("EUR"));
        let currency = R::Currency { expected: String::from("USD"), found: String::from("EUR") };
        assert_eq!(told(json!([euros])), Err(refused(&format!("{place}[0].amount.currency"), currency)));
    }
}

#[test]
fn a_part_of_what_was_paid_in_all_is_what_the_lines_add_up_to_that_tell_it() {
    let carin = |code: &str, value: f64| amount(C4BB, code, value);
    let told = |lines: [Value; 2], total: Value| {
        let items: Vec<Value> =
            lines.iter().zip(1..).map(|(it, line)| json!({"itemSequence": line, "adjudication": it})).collect();
        paid(&with(&with(&response(), "/item", json!(items)), "/total", total)).map(|_| ())
    };
    let provider = |value: f64| json!([carin("paidtoprovider", value)]);
    let contradicts = Err(refused("ClaimResponse.total", R::PriorContradicts));
    assert_eq!(told([provider(6.0), provider(2.0)], provider(8.0)), Ok(()));
    assert_eq!(told([provider(6.0), provider(2.0)], provider(5.0)), contradicts);
    // What the second line's provider got is not known.
    let benefit = || json!([amount("adjudication", "benefit", 2.0)]);
    assert_eq!(told([provider(6.0), benefit()], provider(5.0)), Ok(()));
    assert_eq!(told([provider(6.0), benefit()], provider(8.5)), contradicts);
}

#[test]
fn the_documents_are_about_the_services_and_the_days_of_this_claim() {
    let item = |name: &str, value: Value| {
        let document = with(&explanation(), &format!("/item/0/{name}"), value);
        read(&claim(), &[paid(&document).unwrap()]).map(|claim| claim.items[0].prior_paid)
    };
    let path = "Claim.item[0]";
    let service = |code: &str| concept("http://codes", code);
    assert_eq!(item("productOrService", service("x")), Ok(Amount(450)));
    assert_eq!(item("productOrService", service("y")), Err(refused(path, R::PriorOtherService)));
    let both = json!({"coding": [coding("http://codes", "y"), coding("http://codes", "x")]});
    assert_eq!(item("productOrService", both), Ok(Amount(450)));
    // Another code system, a code without one, words: they may mean the same.
    for other in [concept("http://other", "y"), json!({"coding": [{"code": "y"}]}), json!({"text": "a visit"})] {
        assert_eq!(item("productOrService", other), Ok(Amount(450)));
    }
    for (date, about) in [("2026-09-30", true), ("2026-09", true), ("2026-09-29", false), ("2025-09-30", false)] {
        let expected = if about { Ok(Amount(450)) } else { Err(refused(path, R::PriorOtherDay)) };
        assert_eq!(item("servicedDate", json!(date)), expected, "{date}");
    }
    let period = |start: &str, end: &str| item("servicedPeriod", json!({"start": start, "end": end}));
    assert_eq!(period("2026-09-30T22:00:00-05:00", "2026-09-30T23:00:00-05:00"), Ok(Amount(450)));
    assert_eq!(period("2026-09-28", "2026-09-30"), Ok(Amount(450)));
    assert_eq!(period("2026-10-01", "2026-10-02"), Err(refused(path, R::PriorOtherDay)));
    let undated = with(&explanation(), "/item/0/servicedDate", json!("soon"));
    assert_eq!(paid(&undated), Err(refused("ExplanationOfBenefit.item[0].servicedDate", R::NotADate)));
}

#[test]
fn the_numbers_and_the_patient_of_an_answer_are_what_fhir_has_there() {
    let zero = with(&response(), "/item/0/itemSequence", json!(0));
    let reason = R::WrongType { expected: "a whole number from 1 to 2147483647" };
    assert_eq!(paid(&zero), Err(refused("ClaimResponse.item[0].itemSequence", reason)));
    let group = with(&response(), "/patient", json!({"reference": "Group/1"}));
    let reason = R::ReferenceKind { found: String::from("Group"), allowed: &["Patient"] };
    assert_eq!(paid(&group), Err(refused("ClaimResponse.patient", reason)));
    let response = json!({"reference": "Claim/7"});
    let reason = R::ReferenceKind { found: String::from("Claim"), allowed: &["ClaimResponse"] };
    let named = with(&second(), "/insurance/0/claimResponse", response);
    assert_eq!(read(&named, &[]), Err(refused("Claim.insurance[0].claimResponse", reason)));
}

#[test]
fn benefit_or_payments_to_provider_and_patient_tell_what_was_paid() {
    let carin = json!([amount(C4BB, "paidtoprovider", 4.0), amount(C4BB, "paidtopatient", 0.25)]);
    assert_eq!(amounts(&paid(&adjudications(carin)).unwrap()), [(1, Amount(425))]);
    let both = json!([amount("adjudication", "benefit", 4.0), amount(C4BB, "paidtoprovider", 4.0)]);
    assert_eq!(amounts(&paid(&adjudications(both)).unwrap()), [(1, Amount(400))]);
    let differ = json!([amount("adjudication", "benefit", 4.0), amount(C4BB, "paidtoprovider", 3.0)]);
    let place = "ClaimResponse.item[0].adjudication";
    assert_eq!(paid(&adjudications(differ)), Err(refused(place, R::PriorContradicts)));
    let twice = json!([amount("adjudication", "benefit", 4.0), amount("adjudication", "benefit", 3.0)]);
    let second = "ClaimResponse.item[0].adjudication[1].amount";
    assert_eq!(paid(&adjudications(twice)), Err(refused(second, R::PriorContradicts)));
    let neither = json!([amount("adjudication", "eligible", 4.0)]);
    assert_eq!(paid(&adjudications(neither)), Err(refused(place, R::PriorUnknown)));
    let foreign = json!([amount("http://elsewhere", "benefit", 4.0)]);
    assert_eq!(paid(&adjudications(foreign)), Err(refused(place, R::PriorUnknown)));
}

#[test]
fn only_complete_answers_to_claims_count() {
    let status = |found: &str, expected| R::Status { found: found.to_owned(), expected };
    for (name, found, expected) in
        [("status", "cancelled", "active"), ("use", "preauthorization", "claim"), ("outcome", "partial", "complete")]
    {
        let document = with(&response(), &format!("/{name}"), json!(found));
        let path = format!("ClaimResponse.{name}");
        assert_eq!(paid(&document), Err(refused(&path, status(found, expected))));
    }
    let added = with(&response(), "/addItem", json!([{"itemSequence": [1]}]));
    assert_eq!(paid(&added), Err(refused("ClaimResponse.addItem", R::UnknownElement)));
    let item = response()["item"][0].clone();
    let repeated = with(&response(), "/item", json!([item, item]));
    assert_eq!(paid(&repeated), Err(refused("ClaimResponse.item[1].itemSequence", R::RepeatedSequence)));
    let euros = with(&response(), "/item/0/adjudication/1/amount/currency", json!("EUR"));
    let currency = R::Currency { expected: String::from("USD"), found: String::from("EUR") };
    assert_eq!(paid(&euros), Err(refused("ClaimResponse.item[0].adjudication[1].amount.currency", currency)));
    let wrong = R::WrongResource { expected: "ExplanationOfBenefit or ClaimResponse", found: String::from("Claim") };
    assert_eq!(paid(&claim()), Err(refused("Claim.resourceType", wrong)));
}

#[test]
fn the_answer_of_the_samples_is_about_the_claim_of_the_samples() {
    let prior = prior_payment(&common::sample("claim-response-other.json"), &dollars()).unwrap();
    let options = ClaimOptions { prior: vec![prior], ..ClaimOptions::new(dollars()) };
    let compiled = compile(&common::sample("claim.json"), &options).unwrap();
    let paid: Vec<_> = compiled.items.iter().map(|item| item.prior_paid).collect();
    assert_eq!(paid, [Amount(6_000), Amount(2_000), Amount(0)]);
}

/// One insurer's answer, as it is rendered here, is what the next one reads.
#[test]
fn the_answers_that_are_rendered_here_are_read_where_they_are_final() {
    let mut read = 0;
    for entry in std::fs::read_dir(common::workspace("crates/fhir/tests/explain/golden")).unwrap() {
        let document: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let number = match document["resourceType"].as_str() {
            Some("ExplanationOfBenefit") => "sequence",
            Some("ClaimResponse") => "itemSequence",
            _ => continue,
        };
        let is_final = [("status", "active"), ("use", "claim"), ("outcome", "complete")]
            .iter()
            .all(|(name, value)| document[name] == *value);
        let found = paid(&document).ok().map(|prior| amounts(&prior));
        let benefit = |item: &Value| {
            let mut all = item["adjudication"].as_array().unwrap().iter();
            let benefit = all.find(|it| it["category"]["coding"][0]["code"] == "benefit").unwrap();
            let cents = (benefit["amount"]["value"].as_f64().unwrap() * 100.0).round();
            (u32::try_from(item[number].as_u64().unwrap()).unwrap(), Amount(cents as u128))
        };
        let expected = is_final.then(|| document["item"].as_array().unwrap().iter().map(benefit).collect::<Vec<_>>());
        assert_eq!(found, expected, "{document:#}");
        read += u32::from(is_final);
    }
    assert!(read > 0);
}
