//! What `salus claim simulate` says.

use super::limits::{limit_json, limit_line};
use super::lines::{line_json, named_table, split_json};
use super::reading::{assumed_json, assumed_lines};
use crate::failure::Failure;
use crate::operations::claims::simulation::{Case, LimitUse};
use crate::operations::claims::sum;
use crate::operations::found::PassedOver;
use crate::output::Report;
use crate::values::show_day;
use salus_domain::adjudicate::{Adjudication, Split};
use salus_fhir::decimal::Asset;
use salus_fhir::plan::PlanFile;
use serde_json::{json, Value};

/// What became of a claim that was not refused.
pub struct Decided {
    /// The claim.
    pub case: Case,
    /// What the plan decided that decides before.
    pub primary: Option<Adjudication>,
    /// What the plan decided; `None`: it was not passed on, because the first plan has not decided yet.
    pub adjudication: Option<Adjudication>,
    /// Whether coverages are given, and none is about the patient.
    pub uncovered: bool,
}

/// A claim, or a file, that was refused.
pub struct RefusedClaim {
    /// How people tell it from others.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// Why.
    pub failure: Failure,
}

/// Everything that is to be said.
pub struct Outcome<'a> {
    /// The plan.
    pub plan: &'a PlanFile,
    /// The plan that decides before.
    pub primary: Option<&'a PlanFile>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// The claims, in the order in which they were decided.
    pub decided: Vec<Decided>,
    /// What is used of limits, and of which plan they are.
    pub limits: Vec<(String, LimitUse)>,
    /// What was refused.
    pub refused: Vec<RefusedClaim>,
    /// Files of folders that are about something else.
    pub passed_over: Vec<PassedOver>,
}

impl Outcome<'_> {
    /// All of it. Where a claim was refused, it ends with the first one's exit code.
    #[must_use]
    pub fn report(&self) -> Report {
        let report = self.lines(self.fields());
        match self.refused.first() {
            None => report,
            Some(first) => report.field("error", first.failure.json()).exit(first.failure.exit),
        }
    }

    fn fields(&self) -> Report {
        let asset = &self.plan.asset;
        let refused = self.refused.iter().map(|one| {
            json!({ "claim": one.name, "file": one.file, "code": one.failure.code, "reason": one.failure.message })
        });
        let limits = self.limits.iter().map(|(plan, one)| {
            let mut json = limit_json(&one.limit, one.used, one.since);
            json["plan"] = plan.as_str().into();
            json["whose"] = one.whose.as_str().into();
            json
        });
        Report::default()
            .field("plan", self.plan.name.clone())
            .field("primary", self.primary.map(|plan| plan.name.clone()))
            .field("asset", json!({ "currency": asset.currency, "decimals": asset.decimals }))
            .field("assumed", self.assumed.clone())
            .field("claims", self.decided.iter().map(Decided::json).collect::<Vec<_>>())
            .field("total", split_json(&sum(self.totals())))
            .field("limits", limits.collect::<Vec<_>>())
            .field("refused", refused.collect::<Vec<_>>())
    }

    fn totals(&self) -> impl Iterator<Item = &Split> {
        self.decided.iter().filter_map(|one| Some(&one.adjudication.as_ref()?.total))
    }

    fn lines(&self, report: Report) -> Report {
        let asset = &self.plan.asset;
        let before = self.primary.map(|plan| format!(", after {}", plan.name)).unwrap_or_default();
        let mut report = report
            .line(format!("{}{before}, in {}", self.plan.name, asset.currency))
            .lines(self.assumed.iter().map(|one| format!("  taken for granted: {one}")));
        for one in &self.decided {
            report = report.lines(one.lines(asset, self.plan, self.primary));
        }
        if self.decided.len() > 1 {
            report = report.line(format!("all {} claims", self.decided.len())).lines(named_table(
                "",
                [],
                &sum(self.totals()),
                asset,
            ));
        }
        if !self.limits.is_empty() {
            report = report.line("limits");
        }
        let limits = self.limits.iter().map(|(plan, one)| {
            let of = if self.primary.is_some() { format!(" ({plan})") } else { String::new() };
            format!("  {}{of}: {}", one.whose, limit_line(&one.limit, one.used, one.since, asset))
        });
        report
            .lines(limits)
            .lines(self.refused.iter().map(|one| format!("REFUSED: {}: {}", one.name, one.failure.message)))
            .passed_over(&self.passed_over)
    }
}

impl Decided {
    /// A claim with what the plans decided in their turn; `after_primary` says that there are two.
    #[must_use]
    pub fn new(case: Case, adjudications: Vec<Adjudication>, after_primary: bool, uncovered: bool) -> Self {
        let mut adjudications = adjudications.into_iter();
        let primary = if after_primary { adjudications.next() } else { None };
        Self { case, primary, adjudication: adjudications.next(), uncovered }
    }

    fn status(&self) -> &'static str {
        match &self.adjudication {
            None => "not-passed-on",
            Some(adjudication) => status(adjudication),
        }
    }

    fn json(&self) -> Value {
        let primary = self.primary.as_ref().map(|adjudication| {
            json!({
                "status": status(adjudication),
                "lines": self.lines_json(adjudication),
                "total": split_json(&adjudication.total),
            })
        });
        json!({
            "claim": self.case.name,
            "file": self.case.file,
            "patient": self.case.claim.patient,
            "provider": self.case.claim.provider,
            "uncovered": self.uncovered,
            "status": self.status(),
            "lines": self.adjudication.as_ref().map(|it| self.lines_json(it)).unwrap_or_default(),
            "total": self.adjudication.as_ref().map(|it| split_json(&it.total)),
            "primary": primary,
            "assumed": assumed_json(&self.case.claim.assumed),
        })
    }

    fn lines_json(&self, adjudication: &Adjudication) -> Vec<Value> {
        let of_item = |(item, line): (&salus_fhir::claim::ClaimItem, _)| {
            let mut json = line_json(item.sequence, line);
            json["system"] = item.system.as_str().into();
            json["code"] = item.code.as_str().into();
            json["category"] = item.category.code().into();
            json["date"] = show_day(item.date).into();
            json
        };
        self.case.claim.items.iter().zip(&adjudication.lines).map(of_item).collect()
    }

    fn lines(&self, asset: &Asset, plan: &PlanFile, primary: Option<&PlanFile>) -> Vec<String> {
        let Case { name, claim, .. } = &self.case;
        let (first, last) = (show_day(self.case.first_day()), show_day(self.case.last_day()));
        let days = if first == last { first } else { format!("{first} to {last}") };
        let mut lines = vec![format!("claim {name}, {days}: {}", self.status())];
        for (plan, adjudication) in [(primary, &self.primary), (Some(plan), &self.adjudication)] {
            let (Some(plan), Some(adjudication)) = (plan, adjudication) else { continue };
            if primary.is_some() {
                lines.push(format!("  by {}", plan.name));
            }
            let named = claim.items.iter().zip(&adjudication.lines);
            let named = named.map(|(item, line)| (format!("{} ({})", item.sequence, item.code), line));
            lines.extend(
                named_table("line", named, &adjudication.total, asset).into_iter().map(|row| format!("  {row}")),
            );
        }
        lines.extend(self.uncovered.then(|| format!("  no coverage given is about {}", claim.patient)));
        lines.extend(assumed_lines(&claim.assumed));
        lines
    }
}

fn status(adjudication: &Adjudication) -> &'static str {
    if adjudication.is_pended() {
        "pended"
    } else {
        "adjudicated"
    }
}
