//! Where the money of a claim goes, line by line: as JSON and as a table.

use crate::output::table;
use salus_domain::adjudicate::{LineOutcome, Split};
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::money::Amount;
use salus_fhir::decimal::Asset;
use serde_json::Value;

/// The columns of a split, in the order of the adjudication; the first adds up to adjustment, prior payer, payer and
/// patient.
const COLUMNS: [&str; 10] = [
    "submitted",
    "allowed",
    "adjustment",
    "prior payer",
    "deductible",
    "copay",
    "coinsurance",
    "noncovered",
    "payer",
    "patient",
];

const fn columns(split: &Split) -> [Amount; 10] {
    [
        split.submitted,
        split.allowed(),
        split.adjustment,
        split.prior_payer,
        split.deductible,
        split.copay,
        split.coinsurance,
        split.noncovered,
        split.payer,
        split.patient(),
    ]
}

/// A split as JSON: `{submitted, allowed, adjustment, priorPayer, deductible, copay, coinsurance, noncovered, payer, patient}`,
/// in minor units.
#[must_use]
pub fn split_json(split: &Split) -> Value {
    let names = COLUMNS.map(|name| if name == "prior payer" { "priorPayer" } else { name });
    let amounts =
        names.iter().zip(columns(split)).map(|(name, amount)| ((*name).to_owned(), amount.0.to_string().into()));
    Value::Object(amounts.collect())
}

/// The codes of reasons, in the order of their numbers.
#[must_use]
pub fn reason_codes(reasons: ReasonSet) -> Vec<&'static str> {
    reasons.iter().map(Reason::code).collect()
}

/// A line as JSON: a split with `line`, `quantity` (what the plan pays for), `denied`, `pended` and `reasons`.
#[must_use]
pub fn line_json(number: u32, line: &LineOutcome) -> Value {
    let mut json = split_json(&line.split);
    json["line"] = number.into();
    json["quantity"] = line.quantity.into();
    json["denied"] = line.is_denied().into();
    json["pended"] = line.is_pended().into();
    json["reasons"] = reason_codes(line.reasons).into();
    json
}

/// Lines as JSON, numbered from 1 on.
#[must_use]
pub fn lines_json(lines: &[LineOutcome]) -> Vec<Value> {
    lines.iter().zip(1..).map(|(line, number)| line_json(number, line)).collect()
}

/// Lines and their total as a table: each row is named by its number.
#[must_use]
pub fn lines_table(lines: &[LineOutcome], total: &Split, asset: &Asset) -> Vec<String> {
    let numbered = lines.iter().zip(1..).map(|(line, number): (_, u32)| (number.to_string(), line));
    named_table("line", numbered, total, asset)
}

/// Lines and their total as a table: each row has a name of its own, below the head `what`.
#[must_use]
pub fn named_table<'a>(
    what: &str,
    lines: impl IntoIterator<Item = (String, &'a LineOutcome)>,
    total: &Split,
    asset: &Asset,
) -> Vec<String> {
    let row = |first: String, split: &Split, last: String| -> Vec<String> {
        let amounts = columns(split).map(|amount| asset.format(amount));
        std::iter::once(first).chain(amounts).chain([last]).collect()
    };
    let head = [what].into_iter().chain(COLUMNS).chain(["reasons"]).map(str::to_owned);
    let mut rows = vec![head.collect()];
    for (name, line) in lines {
        let word = match (line.is_denied(), line.is_pended()) {
            (true, _) => "DENIED: ",
            (false, true) => "WAITS: ",
            (false, false) => "",
        };
        rows.push(row(name, &line.split, format!("{word}{}", reason_codes(line.reasons).join(", "))));
    }
    rows.push(row("total".into(), total, format!("in {}", asset.currency)));
    table(&rows, &[0, COLUMNS.len() + 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asset() -> Asset {
        Asset { currency: "UNIT".into(), decimals: 2 }
    }

    #[test]
    fn a_line_has_each_amount_once_and_its_reasons_by_code() {
        let split = Split { submitted: Amount(10), payer: Amount(7), copay: Amount(3), ..Split::default() };
        let line = LineOutcome { split, quantity: 2, authorised: 0, reasons: ReasonSet::of(&[Reason::Copay]) };
        let json = Value::from(lines_json(&[line]));
        assert_eq!((&json[0]["submitted"], &json[0]["patient"]), (&json!("10"), &json!("3")));
        assert_eq!((&json[0]["priorPayer"], &json[0]["quantity"]), (&json!("0"), &json!(2)));
        assert_eq!((&json[0]["denied"], &json[0]["pended"]), (&json!(false), &json!(false)));
        assert_eq!(json[0]["reasons"], json!(["copay"]));
    }

    #[test]
    fn the_table_names_every_column_and_the_total() {
        let split = Split { submitted: Amount(1234), noncovered: Amount(1234), ..Split::default() };
        let denied = LineOutcome { split, quantity: 0, authorised: 0, reasons: Reason::NotCovered.into() };
        let waits = LineOutcome { reasons: Reason::AuthorisationMissing.into(), ..denied };
        let table = lines_table(&[denied, waits], &split, &asset());
        assert!(COLUMNS.iter().all(|name| table[0].contains(name)));
        assert!(table[1].contains("12.34") && table[1].ends_with("DENIED: not-covered"));
        assert!(table[2].ends_with("WAITS: authorisation-missing"));
        assert!(table[3].starts_with("total") && table[3].ends_with("in UNIT"));
    }
}
