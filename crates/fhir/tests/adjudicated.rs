//! Every claim of Synthea's patients, adjudicated under three plans (`tests/plans`).
//!
//! The six patients are one family: Alberto holds the contract. Claims are decided in the order of their days, those of one
//! day in the order of the documents; a coverage lasts a calendar year. Synthea's lines have no category: here a line of an
//! encounter or of a drug is a consultation, one of a vaccine medical care, and one of a procedure surgical.
//!
//! Synthea bills a drug under the code of the encounter in which it was prescribed. Where the encounter is billed too, the second
//! line of that code, on that day and by that provider, is a duplicate: it is so in seven encounters, unless the first of
//! the two lines was not covered.
//!
//! The totals of `adjudicated.json` are the same as those of a recomputation from the documents that shares no code with this one.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use blake2::{digest::consts::U32, Blake2b, Digest};
use common::synthea::claims;
use common::{dollars, in_good_order, workspace};
use salus_domain::adjudicate::{Adjudication, Authorisation, Split};
use salus_domain::codes::Category;
use salus_domain::ids::{Account, PlanId};
use salus_domain::ledger::{Ledger, Membership};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::claim::{Assumption, CompiledClaim};
use salus_fhir::coverage::years;
use salus_fhir::date::day;
use salus_fhir::plan::{compile, PlanFile};
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

const KEY: [u8; 32] = [7; 32];

/// A claim, and what became of it.
struct Decided {
    /// The patient's first name, and the place of the claim in the document, from 1 on.
    name: (String, usize),
    outcome: Adjudication,
}

fn who(reference: &str) -> Account {
    Account(Blake2b::<U32>::digest(reference).into())
}

fn plan(name: &str) -> PlanFile {
    let file = workspace("crates/fhir/tests/plans").join(format!("{name}.json"));
    compile(&std::fs::read(file).unwrap()).unwrap()
}

/// The claim with the categories of this test.
fn categorised(mut claim: CompiledClaim) -> CompiledClaim {
    let charged = claim.assumed.iter().any(|assumed| matches!(assumed.what, Assumption::Charge(_)));
    assert!(charged, "each claim of Synthea has a line of its encounter or of its drug");
    for item in &mut claim.items {
        item.category = match (item.sequence, item.system.as_str()) {
            (1, _) => Category::Consultation,
            (_, "http://hl7.org/fhir/sid/cvx") => Category::MedicalCare,
            _ => Category::Surgical,
        };
    }
    claim
}

/// All claims in the order in which they are decided.
fn in_order() -> Vec<((String, usize), Timestamp, CompiledClaim)> {
    let patients = claims().into_iter().flat_map(|(name, claims)| {
        claims.into_iter().enumerate().map(move |(place, claim)| ((name.clone(), place + 1), categorised(claim)))
    });
    let mut all: Vec<_> = patients.map(|(name, claim)| (name, claim.items[0].date, claim)).collect();
    all.sort_by_key(|(_, date, _)| *date);
    all
}

fn decide(plan: &PlanFile) -> Vec<Decided> {
    let mut ledger = Ledger::new(plan.terms.clone(), plan.tagged_fees(&KEY));
    let open = Period { start: day("1976-01-01").unwrap(), end: Timestamp::MAX };
    let calendar = years(open, day("2022-01-01").unwrap()).unwrap();
    let decide = |(name, date, claim): ((String, usize), Timestamp, CompiledClaim)| {
        let (member, provider) = (who(&claim.patient), who(&claim.provider));
        let submission = claim.submission(PlanId(0), member, provider, &KEY);
        let now = date.plus(10 * DAY);
        assert_eq!(submission.validate(now), Ok(()), "{name:?}");
        let period = *calendar.iter().find(|year| year.contains(date)).unwrap();
        let membership =
            Membership { member, subscriber: who("Alberto"), period, since: period.start, secondary: false };
        let missing = |_, _| Authorisation::Missing;
        let outcome = ledger.adjudicate(&membership, &in_good_order(now), provider, &submission, missing);
        Decided { name, outcome }
    };
    in_order().into_iter().map(decide).collect()
}

fn assert_identity(split: &Split, place: &str) {
    let parts = [split.payer, split.patient(), split.adjustment, split.prior_payer];
    assert_eq!(split.submitted.0, parts.iter().map(|part| part.0).sum(), "{place}");
    let borne = [split.deductible, split.copay, split.coinsurance, split.noncovered];
    assert_eq!(split.patient().0, borne.iter().map(|part| part.0).sum(), "{place}");
}

/// The parts of all splits together, in cents.
fn sum<'a>(splits: impl Iterator<Item = &'a Split>) -> Split {
    splits.fold(Split::default(), |mut sum, split| {
        sum.submitted.0 += split.submitted.0;
        sum.adjustment.0 += split.adjustment.0;
        sum.prior_payer.0 += split.prior_payer.0;
        sum.deductible.0 += split.deductible.0;
        sum.copay.0 += split.copay.0;
        sum.coinsurance.0 += split.coinsurance.0;
        sum.noncovered.0 += split.noncovered.0;
        sum.payer.0 += split.payer.0;
        sum
    })
}

/// What one patient's claims came to.
fn totals(decided: &[&Decided]) -> Value {
    let split = sum(decided.iter().map(|one| &one.outcome.total));
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for line in decided.iter().flat_map(|one| &one.outcome.lines) {
        for reason in line.reasons.iter() {
            *reasons.entry(reason.code()).or_default() += 1;
        }
    }
    let text = |amount| dollars().format(amount);
    json!({
        "claims": decided.len(),
        "lines": decided.iter().map(|one| one.outcome.lines.len()).sum::<usize>(),
        "submitted": text(split.submitted),
        "adjustment": text(split.adjustment),
        "deductible": text(split.deductible),
        "copay": text(split.copay),
        "coinsurance": text(split.coinsurance),
        "noncovered": text(split.noncovered),
        "payer": text(split.payer),
        "patient": text(split.patient()),
        "reasons": reasons,
    })
}

#[test]
fn every_claim_of_the_synthetic_patients_is_paid_as_reviewed_under_three_plans() {
    let mut plans = Map::new();
    for name in ["simple", "copay", "family"] {
        let decided = decide(&plan(name));
        if decided.is_empty() {
            return;
        }
        assert_eq!(decided.len(), 50);
        let mut patients: BTreeMap<&str, Vec<&Decided>> = BTreeMap::new();
        for one in &decided {
            let place = format!("{name} {:?}", one.name);
            assert!(!one.outcome.is_pended(), "{place}");
            one.outcome.lines.iter().for_each(|line| assert_identity(&line.split, &place));
            assert_identity(&one.outcome.total, &place);
            assert_eq!(sum(one.outcome.lines.iter().map(|line| &line.split)), one.outcome.total, "{place}");
            patients.entry(one.name.0.as_str()).or_default().push(one);
        }
        let totals = patients.iter().map(|(patient, decided)| ((*patient).to_owned(), totals(decided)));
        plans.insert(name.to_owned(), Value::Object(totals.collect()));
    }
    let golden = std::fs::read(workspace("crates/fhir/tests/adjudicated.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let found = Value::Object(plans);
    assert_eq!(found, golden, "{found:#}");
}

/// Of each line of a claim, in cents: what the plan pays, what the patient bears, what the provider may not ask for.
fn lines(decided: &[Decided], patient: &str, number: usize) -> Vec<(u128, u128, u128)> {
    let Some(found) = decided.iter().find(|one| one.name == (patient.to_owned(), number)) else { return Vec::new() };
    let cents = |split: &Split| (split.payer.0, split.patient().0, split.adjustment.0);
    found.outcome.lines.iter().map(|line| cents(&line.split)).collect()
}

/// Worked by hand.
#[test]
fn under_a_deductible_of_500_and_coinsurance_of_20_per_cent_up_to_2500() {
    let decided = decide(&plan("simple"));
    if decided.is_empty() {
        return;
    }
    // 2013, the first claim of the year: 125.00 and 140.52 are below the deductible, of which 234.48 is left; 505.61 - 234.48 =
    // 271.13, of which 20 % are 54.22.
    assert_eq!(lines(&decided, "Alberto", 6), [(0, 12_500, 0), (0, 14_052, 0), (21_691, 23_448 + 5_422, 0)]);
    // 1976: 125.00 and 255.00 before, so 120.00 of the deductible and 2120.00 up to the maximum are left. The encounter was
    // claimed with the drug. 10397.89 - 120.00 = 10277.89, of which 20 % are 2055.57: with the deductible more than what is left.
    assert_eq!(lines(&decided, "Eddy", 1), [(0, 12_500, 0)]);
    assert_eq!(lines(&decided, "Eddy", 2), [(0, 25_500, 0)]);
    let expected = [(0, 0, 12_500), (1_039_789 - 212_000, 212_000, 0), (78_798, 0, 0)];
    assert_eq!(lines(&decided, "Eddy", 3), expected);
}

/// Worked by hand.
#[test]
fn under_copayments_and_maxima_of_a_day_a_year_and_a_lifetime() {
    let decided = decide(&plan("copay"));
    if decided.is_empty() {
        return;
    }
    // The check-up: 110.00 of 125.00 are allowed, 25.00 the patient's. Of 458.79 for the procedure 100.00 and 10 % of the rest.
    let expected = [(8_500, 2_500, 1_500), (9_550, 0, 4_502), (14_052, 0, 0), (32_292, 10_000 + 3_587, 0)];
    assert_eq!(lines(&decided, "Mohamed", 4), expected);
    // 85.00 and 230.00 are paid of that day before, so 4185.00 up to its maximum are left. 10397.89 - 100.00 = 10297.89, of which
    // 10 % are 1029.78; of the other 9268.11 the plan pays 4185.00.
    let expected = [(0, 0, 12_500), (418_500, 10_000 + 102_978 + 508_311, 0), (0, 78_798, 0)];
    assert_eq!(lines(&decided, "Eddy", 3), expected);
    // 4185.00 and 340.46 were paid for procedures before, of at most 5500.00 in a lifetime: 974.54 are left.
    assert_eq!(lines(&decided, "Eddy", 4)[1], (34_046, 13_782, 0));
    assert_eq!(lines(&decided, "Eddy", 13), [(10_000, 2_500, 0), (97_454, 135_637 - 97_454, 0)]);
    // The seventh consultation of the year.
    assert_eq!(lines(&decided, "Eddy", 9), [(0, 25_500, 0)]);
}

/// Worked by hand.
#[test]
fn under_the_limits_of_a_family() {
    let decided = decide(&plan("family"));
    if decided.is_empty() {
        return;
    }
    // 2013, of the family's deductible of 1000.00 and of its maximum of 1150.00: Alberto 125.00 and 505.61, Ned 125.00. Mohamed
    // has 125.00, then 119.39 of the deductible are left. 483.61 - 119.39 = 364.22, of which half is 182.11; up to the maximum
    // only 269.39 are left.
    assert_eq!(lines(&decided, "Alberto", 6), [(0, 12_500, 0), (14_052, 0, 0), (0, 50_561, 0)]);
    assert_eq!(lines(&decided, "Ned", 2), [(0, 12_500, 0), (14_052, 0, 0)]);
    assert_eq!(lines(&decided, "Mohamed", 5), [(0, 12_500, 0), (14_052, 0, 0), (48_361 - 26_939, 26_939, 0)]);
}
