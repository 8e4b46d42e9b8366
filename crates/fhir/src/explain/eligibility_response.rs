//! The `CoverageEligibilityResponse`: <https://hl7.org/fhir/R4/coverageeligibilityresponse.html>.

use super::tree::{Members, Resource};
use super::{codes, parts, words, Balance, NotExplained, Parties};
use crate::code::Code;
use crate::decimal::Asset;
use crate::json::Value;
use salus_domain::codes::{Category, Network};
use salus_domain::money::BasisPoints;
use salus_domain::plan::{Benefit, CostShare, PlanTerms};
use salus_domain::time::{Period, Timestamp};

/// What a coverage promises, asked for before a treatment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eligibility<'a> {
    /// Who it is about; the provider is who asks.
    pub parties: Parties,
    /// The FHIR `CoverageEligibilityRequest`, if there is one: a chain is asked without.
    pub request: Option<String>,
    /// When it was asked.
    pub created: Timestamp,
    /// The day on which the treatment is to be: midnight UTC.
    pub day: Timestamp,
    /// The coverage that counts on that day, or else another one; `None` where the member has none.
    pub coverage: Option<Period>,
    /// Whether the plan takes no claims at the moment.
    pub frozen: bool,
    /// The terms of the plan that hold for the coverage.
    pub terms: &'a PlanTerms,
    /// The plan's limits ([`super::balances`]); may be empty.
    pub balances: Vec<Balance>,
    /// What amounts are in.
    pub asset: Asset,
}

impl Eligibility<'_> {
    fn in_force(&self) -> bool {
        self.coverage.is_some_and(|coverage| coverage.contains(self.day))
    }
}

/// What a coverage promises: for each category whether it is excluded, what the patient bears in and out of network, and
/// whether an authorisation is needed; then the limits with what was used of them. Of a coverage that is not in force, only
/// that.
///
/// # Errors
/// [`NotExplained`].
pub fn eligibility_response(asked: &Eligibility<'_>) -> Result<Resource, NotExplained> {
    let Parties { patient, provider, insurer, coverage } = &asked.parties;
    let in_force = asked.in_force();
    let mut items = Vec::new();
    if in_force {
        for category in Category::ALL {
            items.extend(category_items(asked, *category)?);
        }
        items.extend(parts::limits(&asked.balances, &asked.asset, "benefit")?);
    }
    let insurance = Members::of("coverage", parts::reference("insurance.coverage", coverage, Some("Coverage"))?)
        .set("inforce", in_force)
        .some("benefitPeriod", asked.coverage.map(parts::period).transpose()?)
        .list("item", items);
    let day = words::date(asked.day).ok_or(NotExplained::Time)?;
    let not = if in_force { "" } else { "not " };
    let frozen = if asked.frozen { " The plan is frozen: it takes no claims at the moment." } else { "" };
    let disposition = format!("The patient is {not}insured under this plan on {day}.{frozen}");
    let request = match asked.request.as_deref() {
        Some(key) => parts::reference("request", key, Some("CoverageEligibilityRequest"))?,
        None => absent(),
    };
    let resource = Members::of("resourceType", "CoverageEligibilityResponse")
        .set("status", "active")
        .list("purpose", ["auth-requirements", "benefits", "validation"].map(Value::from).into())
        .set("patient", parts::reference("patient", patient, Some("Patient"))?)
        .set("servicedDate", parts::day(asked.day)?)
        .set("created", parts::moment(asked.created)?)
        .set("requestor", parts::reference("requestor", provider, None)?)
        .set("request", request)
        .set("outcome", "complete")
        .set("disposition", disposition)
        .set("insurer", parts::reference("insurer", insurer, Some("Organization"))?)
        .list("insurance", Vec::from([insurance.into()]));
    Ok(Resource(resource.into()))
}

/// An element that FHIR asks for and that does not exist: <https://hl7.org/fhir/R4/extension-data-absent-reason.html>.
fn absent() -> Value {
    let why = Members::of("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
    Members::default().list("extension", Vec::from([why.set("valueCode", "not-applicable").into()])).into()
}

fn category_items(asked: &Eligibility<'_>, category: Category) -> Result<Vec<Value>, NotExplained> {
    let head = Members::of("category", Code::from(category).concept());
    if !asked.terms.covered.contains(category) {
        if category == Category::HealthBenefitPlanCoverage {
            // Readers take this one for the plan as a whole; so do the limits.
            return Ok(Vec::new());
        }
        return Ok(Vec::from([head.set("excluded", true).into()]));
    }
    let benefit = asked.terms.benefit(category);
    let shares = match asked.terms.networked {
        true => [(Some(Network::In), Some(benefit.in_network)), (Some(Network::Out), benefit.out_of_network)].to_vec(),
        false => Vec::from([(None, Some(benefit.in_network))]),
    };
    let item = |(network, share): (Option<Network>, Option<CostShare>)| {
        let head = head.clone();
        let network = network.map(|network| Code::from(network).concept());
        let Some(share) = share else { return Ok(head.set("excluded", true).some("network", network).into()) };
        Ok(head
            .set("excluded", false)
            .some("description", description(asked, benefit))
            .some("network", network)
            .list("benefit", cost_share(share, &asked.asset)?)
            .set("authorizationRequired", benefit.authorisation)
            .into())
    };
    shares.into_iter().map(item).collect()
}

fn cost_share(share: CostShare, asset: &Asset) -> Result<Vec<Value>, NotExplained> {
    let copay =
        Members::of("type", codes::BENEFIT_COPAY.concept()).set("allowedMoney", parts::money(share.copay, asset)?);
    let percent = Members::of("type", codes::BENEFIT_COPAY_PERCENT.concept());
    let percent = match percentage(share.coinsurance) {
        (whole, 0) => percent.set("allowedUnsignedInt", u32::from(whole)),
        // FHIR has room for whole numbers only.
        (whole, fraction) => percent.set("allowedString", format!("{whole}.{fraction:02}%")),
    };
    Ok(Vec::from([copay.into(), percent.into()]))
}

/// Per cent, and hundredths of one.
const fn percentage(share: BasisPoints) -> (u16, u16) {
    (share.0 / 100, share.0 % 100)
}

fn description(asked: &Eligibility<'_>, benefit: &Benefit) -> Option<String> {
    let deductible = benefit.deductible.then(|| String::from("The deductible comes first."));
    let begins = asked.coverage.map(|coverage| coverage.start.plus(benefit.waiting_period));
    let waits = begins.filter(|begins| asked.day < *begins).map(|begins| match words::date(begins) {
        Some(day) => format!("The plan pays nothing for this before {day}."),
        None => String::from("The plan does not pay for this yet."),
    });
    let said: Vec<String> = deductible.into_iter().chain(waits).collect();
    (!said.is_empty()).then(|| said.join(" "))
}
