//! `salus claim simulate`, as a user types it: no chain can be reached.

mod desk;
mod practice;

use desk::{each, Desk, Result};
use practice::{documents_of_others, sample};
use serde_json::{json, Value};
use std::path::Path;

const SIMULATE: &str = "claim simulate --plan @/plan.json --claim";

/// Minor units of a cent in the samples' asset, whose unit has 12 decimals.
const CENT: u128 = 10_000_000_000;

fn cents(json: &Value, field: &str) -> Result<u128> {
    let amount: u128 = json[field].as_str().ok_or_else(|| format!("no {field} in {json}"))?.parse()?;
    assert_eq!(amount % CENT, 0, "{field}: {json}");
    Ok(amount / CENT)
}

/// The columns of a line or a total, in cents.
fn columns(json: &Value) -> Result<[u128; 10]> {
    let mut columns = [0; 10];
    let names = [
        "submitted",
        "allowed",
        "adjustment",
        "priorPayer",
        "deductible",
        "copay",
        "coinsurance",
        "noncovered",
        "payer",
        "patient",
    ];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = cents(json, name)?;
    }
    Ok(columns)
}

/// Lines and totals of a claim add up, each and together. Returns its lines.
fn ensure_adds_up(claim: &Value) -> Result<usize> {
    let amount = |json: &Value, field: &str| -> Result<u128> {
        Ok(json[field].as_str().ok_or_else(|| format!("no {field} in {json}"))?.parse()?)
    };
    let lines = claim["lines"].as_array().ok_or("lines")?;
    for one in lines.iter().chain([&claim["total"]]) {
        let sum = |fields: &[&str]| -> Result<u128> { fields.iter().map(|field| amount(one, field)).sum() };
        assert_eq!(amount(one, "submitted")?, sum(&["payer", "patient", "adjustment", "priorPayer"])?, "{one}");
        assert_eq!(amount(one, "patient")?, sum(&["deductible", "copay", "coinsurance", "noncovered"])?, "{one}");
        assert_eq!(amount(one, "allowed")?, amount(one, "submitted")? - amount(one, "adjustment")?, "{one}");
    }
    for field in ["submitted", "payer", "patient", "adjustment", "priorPayer"] {
        let sum: u128 = lines.iter().map(|line| amount(line, field)).sum::<Result<u128>>()?;
        assert_eq!(sum, amount(&claim["total"], field)?, "{field}: {claim}");
    }
    Ok(lines.len())
}

#[test]
fn the_samples_are_decided_line_by_line_in_the_order_of_their_days() -> Result {
    let desk = Desk::off_line()?;
    // Named the other way round.
    let said = desk.done(&format!("{SIMULATE} @/claim-second.json @/claim.json"))?;
    assert_eq!(
        (&said["plan"], &said["asset"]),
        (&json!("Unity Silver"), &json!({ "currency": "USD", "decimals": 12 }))
    );
    let claims = said["claims"].as_array().ok_or("claims")?;
    assert_eq!(each(&said["claims"], "claim"), ["rosa-2026-09", "rosa-2026-10"]);
    let lines = |claim: &Value| -> Result<Vec<[u128; 10]>> {
        claim["lines"].as_array().ok_or("lines")?.iter().map(columns).collect()
    };
    let first = [
        // A visit of 135.00 for which the plan allows 110.00: the deductible of 100.00, then what is left as copay.
        [13_500, 11_000, 2_500, 0, 10_000, 1_000, 0, 0, 0, 11_000],
        // A laboratory test of 42.50, allowed 30.00, of which 10 % is the patient's.
        [4_250, 3_000, 1_250, 0, 0, 0, 300, 0, 2_700, 300],
        // Two X-rays of 47.50, allowed 40.00 each: a copay of 20.00, and 20 % of 60.00.
        [9_500, 8_000, 1_500, 0, 0, 2_000, 1_200, 0, 4_800, 3_200],
    ];
    assert_eq!(lines(&claims[0])?, first);
    assert_eq!(columns(&claims[0]["total"])?, [27_250, 22_000, 5_250, 0, 10_000, 3_000, 1_500, 0, 7_500, 14_500]);
    assert_eq!(cents(&claims[1]["total"], "payer")?, 13_100);
    assert_eq!(cents(&said["total"], "payer")?, 20_600);
    let reasons = each(&claims[0]["lines"], "reasons");
    let expected = [
        json!(["fee-schedule", "deductible", "copay"]),
        json!(["fee-schedule", "coinsurance"]),
        json!(["fee-schedule", "copay", "coinsurance"]),
    ];
    assert_eq!(reasons, expected);
    let line = &claims[0]["lines"][2];
    let known =
        ["line", "system", "code", "category", "date", "quantity", "denied", "pended"].map(|field| &line[field]);
    let cpt = "http://www.ama-assn.org/go/cpt";
    assert_eq!(json!(known), json!([3, cpt, "71046", "4", "2026-09-09", 2, false, false]));
    let left: Vec<(String, u128)> = (said["limits"].as_array().ok_or("limits")?.iter())
        .map(|one| Ok((one["measure"].as_str().ok_or("a measure")?.to_owned(), cents(one, "left")?)))
        .collect::<Result<_>>()?;
    let patient = cents(&said["total"], "patient")?;
    let expected = [("deductible", 0), ("out-of-pocket", 40_000 - patient), ("benefit", 200_000 - 20_600)];
    assert_eq!(left, expected.map(|(measure, left)| (measure.to_owned(), left)));
    assert_eq!(said["limits"][0]["whose"], "Patient/rosa-marin");
    assert_eq!(said["limits"][0]["since"], "2026-01-01");
    assert_eq!((&said["refused"], &said["passedOver"]), (&json!([]), &json!([])));
    Ok(())
}

#[test]
fn people_get_the_same_as_a_table() -> Result {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_salus"))
        .current_dir(&samples)
        .args(["claim", "simulate", "--plan", "plan.json", "--claim", "claim.json"])
        .args(["--coverage", "coverage.json", "--at", "2026-09-10T00:00:00Z", "--authorised"])
        .env_remove("SALUS_DIRECTORY")
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout)?;
    let expected = "\
Unity Silver, in USD
  taken for granted: the provider is of the network, where the plan has one
  taken for granted: the provider is credentialed
  taken for granted: the patient consents to the insurer's use for payment
claim rosa-2026-09, 2026-09-07 to 2026-09-09: adjudicated
  line       submitted  allowed  adjustment  prior payer  deductible  copay  coinsurance  noncovered  payer  patient  reasons
  1 (99213)     135.00   110.00       25.00         0.00      100.00  10.00         0.00        0.00   0.00   110.00  fee-schedule, deductible, copay
  2 (83036)      42.50    30.00       12.50         0.00        0.00   0.00         3.00        0.00  27.00     3.00  fee-schedule, coinsurance
  3 (71046)      95.00    80.00       15.00         0.00        0.00  20.00        12.00        0.00  48.00    32.00  fee-schedule, copay, coinsurance
  total         272.50   220.00       52.50         0.00      100.00  30.00        15.00        0.00  75.00   145.00  in USD
limits
  Patient/rosa-marin: deductible (individual, annual, since 2026-01-01): 0.00 of 100.00 left
  Patient/rosa-marin: out-of-pocket (individual, annual, since 2026-01-01): 255.00 of 400.00 left
  Patient/rosa-marin: benefit (individual, annual, since 2026-01-01): 1925.00 of 2000.00 left
";
    assert_eq!(said, expected);
    Ok(())
}

/// The reasons of all lines of the first claim.
fn reasons(said: &Value) -> Vec<Value> {
    each(&said["claims"][0]["lines"], "reasons")
}

#[test]
fn circumstances_change_the_outcome_and_are_not_taken_for_granted_then() -> Result {
    let desk = Desk::off_line()?;
    let assumed = |said: &Value| said["assumed"].to_string();
    let plain = desk.done(&format!("{SIMULATE} @/claim.json"))?;
    for word in ["covered", "network", "credentialed", "consents", "authorised", "last day"] {
        assert!(assumed(&plain).contains(word), "{word}: {plain}");
    }
    let refused = desk.done(&format!("{SIMULATE} @/claim.json --no-consent"))?;
    assert_eq!(reasons(&refused), vec![json!(["no-consent"]); 3]);
    assert!(!assumed(&refused).contains("consents"));
    let covered = desk.done(&format!("{SIMULATE} @/claim.json --coverage @/coverage.json"))?;
    assert_eq!(covered["total"], plain["total"]);
    assert!(!assumed(&covered).contains("is covered"));

    let mut coverage = sample("coverage.json")?;
    coverage["period"] = json!({ "start": "2026-08-20", "end": "2026-12-31" });
    std::fs::write(desk.file("late.json"), coverage.to_string())?;
    let waiting = desk.done(&format!("{SIMULATE} @/claim.json --coverage late.json"))?;
    assert_eq!(reasons(&waiting), vec![json!(["waiting-period"]); 3]);
    for who in ["beneficiary", "subscriber"] {
        coverage[who] = json!({ "reference": "Patient/somebody-else" });
    }
    std::fs::write(desk.file("other.json"), coverage.to_string())?;
    let inactive = desk.done(&format!("{SIMULATE} @/claim.json --coverage other.json"))?;
    assert_eq!(reasons(&inactive), vec![json!(["coverage-inactive"]); 3]);
    coverage["period"] = json!({ "end": "2026-12-31" });
    std::fs::write(desk.file("open.json"), coverage.to_string())?;
    desk.refused(&format!("{SIMULATE} @/claim.json --coverage open.json"), 4, "document.period")?;

    let late = desk.done(&format!("{SIMULATE} @/claim.json --at 2028-01-01T00:00:00Z"))?;
    assert_eq!(reasons(&late), vec![json!(["filing-deadline"]); 3]);
    let (code, early) = desk.salus(&format!("{SIMULATE} @/claim.json --at 2026-01-01T00:00:00Z"))?;
    assert_eq!((code, &early["error"]["code"]), (3, &json!("claims.Malformed")), "{early}");
    Ok(())
}

#[test]
fn a_network_and_authorisations_are_the_plan_s_to_ask_for() -> Result {
    let desk = Desk::off_line()?;
    let mut plan = sample("plan.json")?;
    plan["networked"] = json!(true);
    plan["benefit"]["outOfNetwork"] = json!({ "copay": "0.00", "coinsurance": "50%" });
    plan["exceptions"][0]["outOfNetwork"] = Value::Null;
    plan["exceptions"][1]["outOfNetwork"] = Value::Null;
    plan["exceptions"][0]["authorisation"] = json!(true);
    std::fs::write(desk.file("plan.json"), plan.to_string())?;
    let ask = "claim simulate --plan plan.json --claim @/claim.json";
    let pended = desk.done(ask)?;
    assert_eq!(pended["claims"][0]["status"], "pended");
    assert_eq!(each(&pended["claims"][0]["lines"], "pended"), [false, true, false]);
    assert_eq!(pended["limits"][0]["used"], "0", "a claim that waits uses nothing: {pended}");
    let authorised = desk.done(&format!("{ask} --authorised"))?;
    assert_eq!(
        (&authorised["claims"][0]["status"], cents(&authorised["total"], "payer")?),
        (&json!("adjudicated"), 7_500)
    );
    let outside = desk.done(&format!("{ask} --authorised --out-of-network"))?;
    assert_eq!(reasons(&outside)[1], json!(["out-of-network"]));
    // 10.00 is left of the visit after the deductible, and 80.00 of the X-rays are allowed: half of each.
    assert_eq!(cents(&outside["total"], "coinsurance")?, 500 + 4_000);
    Ok(())
}

#[test]
fn a_second_insurer_pays_at_most_what_the_first_left() -> Result {
    let desk = Desk::off_line()?;
    let mut second = sample("plan.json")?;
    second["name"] = json!("Second");
    second["limits"] = json!([]);
    std::fs::write(desk.file("second.json"), second.to_string())?;
    let ask = "claim simulate --plan second.json --primary @/plan.json --claim @/claim.json";
    let said = desk.done(ask)?;
    let claim = &said["claims"][0];
    assert_eq!((&said["plan"], &said["primary"]), (&json!("Second"), &json!("Unity Silver")));
    assert_eq!(cents(&claim["primary"]["total"], "payer")?, 7_500);
    // The first left 110.00, 3.00 and 32.00; of its own the second would pay 72.00, 27.00 and 48.00.
    let paid: Vec<u128> =
        claim["lines"].as_array().ok_or("lines")?.iter().map(|line| cents(line, "payer")).collect::<Result<_>>()?;
    assert_eq!(paid, [7_200, 300, 3_200]);
    assert_eq!(cents(&claim["total"], "priorPayer")?, 7_500);
    ensure_adds_up(claim)?;

    // The same by the first insurer's own document.
    let benefit = |value: f64| {
        json!([{
            "category": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "benefit" }] },
            "amount": { "value": value, "currency": "USD" },
        }])
    };
    let items: Vec<Value> = [0.0, 27.0, 48.0]
        .iter()
        .zip(1..)
        .map(|(value, sequence)| json!({ "itemSequence": sequence, "adjudication": benefit(*value) }))
        .collect();
    let response = json!({
        "resourceType": "ClaimResponse",
        "id": "first",
        "status": "active",
        "use": "claim",
        "outcome": "complete",
        "patient": { "reference": "Patient/rosa-marin" },
        "item": items,
    });
    std::fs::write(desk.file("response.json"), response.to_string())?;
    let told = desk.done("claim simulate --plan second.json --claim @/claim.json --prior response.json")?;
    assert_eq!(told["total"], said["total"]);
    let both = "claim simulate --plan second.json --claim @/claim.json @/claim-second.json --prior response.json";
    desk.refused(both, 2, "usage")?;

    let mut euros = second.clone();
    euros["asset"]["currency"] = json!("EUR");
    std::fs::write(desk.file("euros.json"), euros.to_string())?;
    let mixed = "claim simulate --plan euros.json --primary @/plan.json --claim @/claim.json";
    desk.refused(mixed, 4, "input.plan")
}

#[test]
fn every_claim_of_synthea_is_decided_and_adds_up() -> Result {
    let Some(folder) = documents_of_others("synthea") else { return Ok(()) };
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let desk = Desk::off_line()?;
    let (mut claims, mut lines) = (0, 0);
    for file in files {
        let file = file.to_str().ok_or("a path that is text")?;
        let said = desk.done(&format!("{SIMULATE} {file} --unpriced remainder"))?;
        let found = said["claims"].as_array().ok_or("claims")?;
        let mut days = Vec::new();
        for claim in found {
            lines += ensure_adds_up(claim)?;
            assert_eq!(claim["status"], "adjudicated");
            days.push(claim["lines"][0]["date"].as_str().ok_or("a day")?.to_owned());
        }
        assert!(days.is_sorted(), "{days:?}");
        claims += found.len();
        for limit in said["limits"].as_array().ok_or("limits")? {
            let number = |field: &str| limit[field].as_str().and_then(|text| text.parse::<u128>().ok());
            assert!(number("used") <= number("limit"), "{limit}");
        }
    }
    assert_eq!((claims, lines), (50, 117));
    Ok(())
}

#[test]
fn a_family_shares_limits_and_each_year_has_its_own() -> Result {
    let desk = Desk::off_line()?;
    let mut plan = sample("plan.json")?;
    let limit = |measure: &str, unit: &str, term: &str, field: &str, limit: Value| {
        let mut json = json!({ "measure": measure, "unit": unit, "term": term });
        json[field] = limit;
        json
    };
    plan["limits"] = json!([
        limit("deductible", "individual", "annual", "amount", json!("100.00")),
        limit("deductible", "family", "annual", "amount", json!("150.00")),
        limit("services", "individual", "day", "count", json!(2)),
        limit("benefit", "individual", "lifetime", "amount", json!("90.00")),
    ]);
    std::fs::write(desk.file("plan.json"), plan.to_string())?;
    let write = |name: &str, patient: &str, year: &str| -> Result {
        let mut claim = sample("claim.json")?;
        claim["id"] = json!(name);
        claim["identifier"][0]["value"] = json!(name);
        claim["patient"]["reference"] = json!(patient);
        for item in claim["item"].as_array_mut().ok_or("items")? {
            item["servicedDate"] = json!(format!("{year}-03-01"));
        }
        Ok(std::fs::write(desk.file(&format!("{name}.json")), claim.to_string())?)
    };
    let cover = |name: &str, patient: &str| -> Result {
        let mut coverage = sample("coverage.json")?;
        coverage["beneficiary"]["reference"] = json!(patient);
        coverage["relationship"]["coding"][0]["code"] = json!(if name == "rosa" { "self" } else { "child" });
        coverage["period"] = json!({ "start": "2025-01-01", "end": "2026-12-31" });
        Ok(std::fs::write(desk.file(&format!("{name}-coverage.json")), coverage.to_string())?)
    };
    cover("rosa", "Patient/rosa-marin")?;
    cover("luz", "Patient/luz-marin")?;
    write("next", "Patient/rosa-marin", "2026")?;
    write("first", "Patient/rosa-marin", "2025")?;
    write("child", "Patient/luz-marin", "2025")?;
    let ask = "claim simulate --plan plan.json --coverage rosa-coverage.json luz-coverage.json --claim";
    let said = desk.done(&format!("{ask} next.json first.json child.json"))?;
    assert_eq!(each(&said["claims"], "claim"), ["first", "child", "next"]);
    let deductibles: Vec<u128> = (said["claims"].as_array().ok_or("claims")?.iter())
        .map(|claim| cents(&claim["total"], "deductible"))
        .collect::<Result<_>>()?;
    // The child's is what is left of the family's; in the next year both begin anew.
    assert_eq!(deductibles, [10_000, 5_000, 10_000]);
    for claim in said["claims"].as_array().ok_or("claims")? {
        ensure_adds_up(claim)?;
        assert_eq!(claim["lines"][2]["reasons"], json!(["frequency-limit"]), "the third of one day: {claim}");
    }
    let left = |measure: &str, unit: &str, whose: &str| -> Vec<(Value, Value)> {
        let limits = said["limits"].as_array().into_iter().flatten();
        let found = limits.filter(|one| one["measure"] == measure && one["unit"] == unit && one["whose"] == whose);
        found.map(|one| (one["since"].clone(), one["left"].clone())).collect()
    };
    let since = |day: &str, left: &str| (json!(day), json!(left));
    let family = [since("2025-01-01", "0"), since("2026-01-01", "50000000000000")];
    assert_eq!(left("deductible", "family", "Patient/rosa-marin"), family);
    assert_eq!(left("deductible", "family", "Patient/luz-marin"), []);
    assert_eq!(
        left("services", "individual", "Patient/rosa-marin"),
        [since("2025-03-01", "0"), since("2026-03-01", "0")]
    );
    // 27.00 in each year.
    assert_eq!(left("benefit", "individual", "Patient/rosa-marin"), [(Value::Null, json!("36000000000000"))]);
    Ok(())
}

#[test]
fn versions_of_a_reference_that_no_directory_knows_are_one_member() -> Result {
    let desk = Desk::off_line()?;
    for (file, patient) in [("claim.json", "Patient/unknown"), ("claim-second.json", "Patient/unknown/_history/2")] {
        let mut claim = sample(file)?;
        claim["patient"]["reference"] = json!(patient);
        std::fs::write(desk.file(file), claim.to_string())?;
    }
    let known = desk.done(&format!("{SIMULATE} @/claim.json @/claim-second.json"))?;
    let unknown = desk.done(&format!("{SIMULATE} claim.json claim-second.json"))?;
    assert_eq!(unknown["total"], known["total"], "the deductible is one member's");
    assert_eq!(each(&unknown["limits"], "used"), each(&known["limits"], "used"));
    Ok(())
}

#[test]
fn of_a_bundle_of_refused_claims_the_help_says_how_many_are_told() -> Result {
    let desk = Desk::off_line()?;
    let bound = salus_fhir::bundle::MAX_REFUSED;
    for command in ["claim simulate", "plan cover"] {
        // Lines break where the terminal ends.
        let help = desk.words(&format!("{command} --help"))?.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(&format!("more than {bound} of one Bundle")), "{command}: {help}");
    }
    let bundle = json!({ "resourceType": "Bundle", "entry": vec![json!({}); bound + 2] });
    std::fs::write(desk.file("bundle.json"), bundle.to_string())?;
    let (exit, said) = desk.salus(&format!("{SIMULATE} bundle.json"))?;
    let refused = each(&said["refused"], "claim");
    assert_eq!((exit, refused.len(), &refused[bound]), (4, bound + 1, &json!("bundle.json")));
    Ok(())
}
