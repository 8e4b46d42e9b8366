//! What a plan limits and what is left of it: as JSON and in words.

use crate::values::show_day;
use salus_domain::codes::{Category, Measure, Network};
use salus_domain::money::Amount;
use salus_domain::plan::Limit;
use salus_domain::time::Timestamp;
use salus_fhir::decimal::Asset;
use serde_json::{json, Value};

/// A limit as JSON: `{measure, category|null, network|null, unit, term, limit}`; amounts in minor units.
#[must_use]
pub fn terms_of(limit: &Limit) -> Value {
    json!({
        "measure": limit.measure.code(),
        "category": limit.category.map(Category::code),
        "network": limit.network.map(Network::code),
        "unit": limit.unit.code(),
        "term": limit.term.code(),
        "limit": limit.limit.to_string(),
    })
}

/// A limit and what is used of it as JSON: `{measure, category|null, network|null, unit, term, since|null, limit, used, left}`;
/// amounts in minor units.
#[must_use]
pub fn limit_json(limit: &Limit, used: u128, since: Option<Timestamp>) -> Value {
    let mut json = terms_of(limit);
    json["since"] = since.map(show_day).into();
    json["used"] = used.to_string().into();
    json["left"] = limit.limit.saturating_sub(used).to_string().into();
    json
}

/// A limit and what is left of it in words: `deductible (individual, annual, since 2026-01-01): 0.00 of 100.00 left`.
#[must_use]
pub fn limit_line(limit: &Limit, used: u128, since: Option<Timestamp>, asset: &Asset) -> String {
    let show = |number: u128| match limit.measure {
        Measure::Deductible | Measure::OutOfPocket | Measure::Benefit => asset.format(Amount(number)),
        Measure::Services | Measure::Quantity => number.to_string(),
    };
    let category = limit.category.map(|category| category.display().to_owned());
    let network = limit.network.map(|network| network.display().to_owned());
    let since = since.map(|since| format!("since {}", show_day(since)));
    let about: Vec<String> =
        [category, network, Some(limit.unit.code().to_owned()), Some(limit.term.code().to_owned()), since]
            .into_iter()
            .flatten()
            .collect();
    let left = limit.limit.saturating_sub(used);
    format!("{} ({}): {} of {} left", limit.measure.code(), about.join(", "), show(left), show(limit.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::codes::{Term, Unit};

    #[test]
    fn amounts_and_numbers_are_told_apart_and_what_is_left_is_never_below_nothing() {
        let asset = Asset { currency: "USD".into(), decimals: 2 };
        let (category, network) = (Some(Category::DentalCare), Some(Network::In));
        let limit = Limit {
            measure: Measure::Benefit,
            category,
            network,
            unit: Unit::Family,
            term: Term::Annual,
            limit: 10_000,
        };
        let since = Some(Timestamp(1_893_456_000_000));
        assert_eq!(
            limit_line(&limit, 2_550, since, &asset),
            "benefit (Dental Care, In Network, family, annual, since 2030-01-01): 74.50 of 100.00 left"
        );
        let visits = Limit { measure: Measure::Services, category: None, network: None, term: Term::Lifetime, ..limit };
        assert_eq!(limit_line(&visits, 10_001, None, &asset), "services (family, lifetime): 0 of 10000 left");
        let json = limit_json(&visits, 1, None);
        assert_eq!((&json["left"], &json["category"], &json["since"]), (&json!("9999"), &Value::Null, &Value::Null));
    }
}
