//! The terms of a plan: as JSON and in words.

use crate::commands::claim::limits::terms_of;
use salus_client::Token;
use salus_domain::codes::{Category, Measure, Term, Unit};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms};
use salus_domain::time::DAY;
use serde_json::{json, Value};

/// The terms as JSON; amounts in minor units, shares in basis points, times in milliseconds.
pub(super) fn terms_json(version: u32, terms: &PlanTerms) -> Value {
    let exceptions = terms.exceptions.iter().map(|(category, benefit)| {
        let mut json = benefit_json(benefit);
        json["category"] = category.code().into();
        json
    });
    let Deadlines { filing, authorisation, settlement, appeal, review, reversal } = terms.deadlines;
    json!({
        "version": version,
        "covered": terms.covered.iter().map(Category::code).collect::<Vec<_>>(),
        "networked": terms.networked,
        "benefit": benefit_json(&terms.benefit),
        "exceptions": exceptions.collect::<Vec<_>>(),
        "limits": terms.limits.iter().map(terms_of).collect::<Vec<_>>(),
        "deadlinesMs": {
            "filing": filing,
            "authorisation": authorisation,
            "settlement": settlement,
            "appeal": appeal,
            "review": review,
            "reversal": reversal,
        },
    })
}

fn benefit_json(benefit: &Benefit) -> Value {
    let share = |share: CostShare| json!({ "copay": share.copay.0.to_string(), "coinsurance": share.coinsurance.0 });
    json!({
        "inNetwork": share(benefit.in_network),
        "outOfNetwork": benefit.out_of_network.map(share),
        "deductible": benefit.deductible,
        "authorisation": benefit.authorisation,
        "waitingPeriodMs": benefit.waiting_period,
    })
}

/// The terms in words.
pub(super) fn terms_lines(terms: &PlanTerms, token: &Token) -> Vec<String> {
    let covered: Vec<&str> = terms.covered.iter().map(Category::display).collect();
    let mut lines = vec![
        format!("    covers {}", covered.join(", ")),
        format!("    the patient bears {}", benefit_words(&terms.benefit, terms.networked, token)),
    ];
    lines.extend(terms.exceptions.iter().map(|(category, benefit)| {
        format!("      {}: {}", category.display(), benefit_words(benefit, terms.networked, token))
    }));
    lines.extend(terms.limits.iter().map(|limit| format!("    {}", limit_words(limit, token))));
    let Deadlines { filing, authorisation, settlement, appeal, review, reversal } = terms.deadlines;
    lines.extend([
        format!("    claims are made within {} of the service", days(filing)),
        format!("    an authorisation is decided within {}, else it counts as granted", days(authorisation)),
        format!("    a claim is settled within {} of its decision, then by anybody", days(settlement)),
        format!(
            "    it is appealed within {}, and the appeal decided within {}, else granted",
            days(appeal),
            days(review)
        ),
        format!("    the insurer takes a payment back within {}", days(reversal)),
    ]);
    lines
}

fn benefit_words(benefit: &Benefit, networked: bool, token: &Token) -> String {
    let share = |share: CostShare| {
        let points = share.coinsurance.0;
        format!("{} copay, then {}.{:02} %", token.show(share.copay.0), points / 100, points % 100)
    };
    let mut parts = vec![share(benefit.in_network)];
    if networked {
        parts.push(match benefit.out_of_network {
            Some(out) => format!("out of network {}", share(out)),
            None => "all of it out of network".to_owned(),
        });
    }
    if benefit.deductible {
        parts.push("after the deductible".to_owned());
    }
    if benefit.authorisation {
        parts.push("only what was authorised".to_owned());
    }
    if benefit.waiting_period > 0 {
        parts.push(format!("from {} of coverage on", days(benefit.waiting_period)));
    }
    parts.join(", ")
}

/// A limit in words: `benefit maximum: 2000 UNIT for each member and coverage`.
fn limit_words(limit: &Limit, token: &Token) -> String {
    let amount = match limit.measure {
        Measure::Deductible | Measure::OutOfPocket | Measure::Benefit => token.show(limit.limit),
        Measure::Services | Measure::Quantity => limit.limit.to_string(),
    };
    let whose = match limit.unit {
        Unit::Individual => "each member",
        Unit::Family => "each family",
    };
    let term = match limit.term {
        Term::Annual => "and coverage",
        Term::Day => "and day",
        Term::Lifetime => "for life",
    };
    let category = limit.category.map(|category| format!(" of {}", category.display())).unwrap_or_default();
    let network = limit.network.map(|network| format!(", {}", network.display())).unwrap_or_default();
    format!("{}: {amount}{category} for {whose} {term}{network}", measure_word(limit.measure))
}

const fn measure_word(measure: Measure) -> &'static str {
    match measure {
        Measure::Deductible => "deductible",
        Measure::OutOfPocket => "out-of-pocket maximum",
        Measure::Benefit => "benefit maximum",
        Measure::Services => "services",
        Measure::Quantity => "units",
    }
}

fn days(milliseconds: u64) -> String {
    match (milliseconds / DAY, milliseconds % DAY) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ => format!("{} s", milliseconds / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::documents::Document;
    use std::path::Path;

    #[test]
    fn the_terms_of_the_sample_are_put_in_words() -> Result<(), Box<dyn std::error::Error>> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/plan.json");
        let plan = Document::read(&file)?.compile(salus_fhir::plan::compile)?;
        let lines = terms_lines(&plan.terms, &Token { symbol: "UNIT".into(), decimals: 12 });
        for wanted in
            ["20 UNIT copay, then 20.00 %", "deductible: 100 UNIT for each member and coverage", "within 14 days"]
        {
            assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted}: {lines:?}");
        }
        let json = terms_json(0, &plan.terms);
        assert_eq!(json["limits"].as_array().map(Vec::len), Some(plan.terms.limits.len()));
        Ok(())
    }

    #[test]
    fn a_duration_that_is_no_number_of_days_is_told_in_seconds() {
        assert_eq!([days(DAY), days(14 * DAY), days(1_500)], ["1 day", "14 days", "1 s"]);
    }
}
