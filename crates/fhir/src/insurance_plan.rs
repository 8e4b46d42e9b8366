//! FHIR R4 `InsurancePlan` to a plan: <https://hl7.org/fhir/R4/insuranceplan.html>.
//!
//! | element | becomes |
//! |---|---|
//! | `coverage.benefit.type` | a category that is covered (HL7 `ex-benefitcategory`) |
//! | `coverage.benefit.limit` | a limit for each member: with the code of a term (HL7 `benefit-term`), of an amount or of visits |
//! | `plan.generalCost` | a limit on all categories: the deductible or the out-of-pocket maximum of a year, of a member or, with a `groupSize` above 1, of a family |
//! | `plan.specificCost.benefit` | the terms of its category: copay, coinsurance, and a deductible or out-of-pocket maximum of its own |
//! | `cost.applicability` | for providers in or out of the network; for all where it is missing |
//! | `network`, `coverage.network`, `plan.network` | that the plan has one, as an `applicability` says too |
//! | `period` | when the plan is offered ([`PlanFile::period`]) |
//!
//! Types of costs are codes of HL7 `coverage-copay-type` or `benefit-type`. `coverage.type` and `specificCost.category` are
//! headings. What an InsurancePlan has no element for comes from [`InsurancePlanOptions`].

use crate::claim::{decimal, money};
use crate::coding::{
    known_concept, only_coding, APPLICABILITY, BENEFIT_CATEGORY, BENEFIT_TERM, BENEFIT_TYPE, COPAY_TYPE, CURRENCY, UNIT,
};
use crate::date::{days_of_period, Early};
use crate::decimal::{Asset, Decimal};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::plan::{basis_points, refuse_malformed, Fee, PlanFile};
use salus_domain::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use salus_domain::ids::Account;
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Limit, PlanTerms};
use salus_domain::time::Period;

/// What an InsurancePlan does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsurancePlanOptions {
    /// What the plan pays in; every amount must be in its currency.
    pub asset: Asset,
    /// The PSP22 token that it pays in; `None`: the native token of the chain.
    pub token: Option<Account>,
    /// Which of several `plan`s, counted from 0; `None`: the only one.
    pub plan: Option<usize>,
    /// The terms of a category that has no cost, and of others whether the deductible comes first, what needs an
    /// authorisation, the waiting period, and the share with providers of whom no cost is said. Without a network, what it
    /// says of providers outside of one does not count.
    pub benefit: Benefit,
    /// By when somebody has to act.
    pub deadlines: Deadlines,
    /// The fee schedule.
    pub fees: Vec<Fee>,
}

const DESCRIPTIVE: &[&str] =
    &["identifier", "type", "alias", "ownedBy", "administeredBy", "coverageArea", "contact", "endpoint"];

/// Compiles a FHIR R4 `InsurancePlan`.
///
/// # Errors
/// [`Refused`], with the path of the element, for whatever a plan file could not say either, and for what contradicts.
pub fn compile(document: &[u8], options: &InsurancePlanOptions) -> Result<PlanFile, Refused> {
    Document::read(document)?.root().resource("InsurancePlan", |object| {
        object.ignore(DESCRIPTIVE);
        let status = object.required("status")?;
        if status.text()? != "active" {
            let reason = RefusedReason::Status { found: status.text()?.to_owned(), expected: "active" };
            return Err(status.refuse(reason));
        }
        let name = object.required("name")?.text()?.to_owned();
        let period = object.optional("period").map_or(Ok(Period::ALWAYS), |node| days_of_period(&node, Early::Open))?;
        let mut found = Found { asset: &options.asset, networked: object.has("network"), ..Found::new(&options.asset) };
        object.ignore(&["network"]);
        for coverage in object.required("coverage")?.list()? {
            found.coverage(&coverage)?;
        }
        let plans = object.required("plan")?;
        let list = plans.list()?;
        let chosen = match (options.plan, list.as_slice()) {
            (None, [only]) => only,
            (Some(place), list) => list.get(place).ok_or_else(|| plans.refuse(RefusedReason::Missing))?,
            (None, _) => return Err(plans.refuse(RefusedReason::SeveralPlans)),
        };
        found.plan(chosen)?;
        let limits = found.limits.iter().map(|(limit, _)| *limit).collect();
        let networked = found.networked;
        let benefit = Costs::default().benefit(&options.benefit, networked);
        let exceptions = found
            .costs
            .iter()
            .map(|(category, costs)| (*category, costs.benefit(&options.benefit, networked)))
            .collect();
        let covered = found.covered;
        let terms = PlanTerms { covered, benefit, exceptions, limits, networked, deadlines: options.deadlines };
        terms.validate().map_err(|malformed| {
            let refused = refuse_malformed(&terms, malformed);
            // Limits are named by their place in the document.
            let place =
                refused.path.strip_prefix("limits[").and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
            let path = place.and_then(|place| found.limits.get(place)).map(|(_, path)| path.clone());
            Refused { path: path.unwrap_or_else(|| String::from("InsurancePlan")), ..refused }
        })?;
        let (asset, token, fees) = (options.asset.clone(), options.token, options.fees.clone());
        Ok(PlanFile { name, period, asset, token, terms, fees })
    })
}

/// What was found so far.
struct Found<'a> {
    asset: &'a Asset,
    networked: bool,
    covered: CategorySet,
    costs: Vec<(Category, Costs)>,
    /// Each with the path of its element.
    limits: Vec<(Limit, String)>,
}

/// What the patient bears, as far as it is said: with providers in and out of the network.
#[derive(Clone, Copy, Default)]
struct Costs {
    copay: [Option<Amount>; 2],
    coinsurance: [Option<BasisPoints>; 2],
}

impl Costs {
    /// The terms of a category with these costs.
    fn benefit(&self, otherwise: &Benefit, networked: bool) -> Benefit {
        let share = |network: Network| {
            let place = network as usize;
            let (copay, coinsurance) = (self.copay[place], self.coinsurance[place]);
            let share = CostShare { copay: copay.unwrap_or_default(), coinsurance: coinsurance.unwrap_or_default() };
            (copay.is_some() || coinsurance.is_some()).then_some(share)
        };
        Benefit {
            in_network: share(Network::In).unwrap_or(otherwise.in_network),
            out_of_network: share(Network::Out).or(otherwise.out_of_network).filter(|_| networked),
            ..*otherwise
        }
    }
}

/// What kind of cost it is.
#[derive(Clone, Copy)]
enum Cost {
    Deductible,
    OutOfPocket,
    Copay,
    Coinsurance,
}

impl<'a> Found<'a> {
    const fn new(asset: &'a Asset) -> Self {
        Self { asset, networked: false, covered: CategorySet::EMPTY, costs: Vec::new(), limits: Vec::new() }
    }

    fn limit(&mut self, node: &Node<'_>, limit: Limit) {
        self.limits.push((limit, node.path().to_owned()));
    }

    fn coverage(&mut self, node: &Node<'_>) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id", "type"]);
            self.networked |= object.optional("network").is_some();
            for benefit in object.required("benefit")?.list()? {
                benefit.read(|object| {
                    object.ignore(&["id"]);
                    let category = category(&object.required("type")?)?;
                    self.covered = self.covered.with(category);
                    for limit in object.items("limit")? {
                        self.benefit_limit(&limit, category)?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })
    }

    fn benefit_limit(&mut self, node: &Node<'_>, category: Category) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id"]);
            let term = known_concept(&object.required("code")?, &BENEFIT_TERM, Term::from_code)?;
            let (measure, limit) = match quantity(&object.required("value")?, self.asset)? {
                Quantity::Money(amount) => (Measure::Benefit, amount.0),
                Quantity::Visits(count) => (Measure::Services, count),
                Quantity::Percent(_, node) => return Err(node.refuse(RefusedReason::UnknownElement)),
            };
            self.limit(node, Limit { term, ..individual(measure, limit, Some(category)) });
            Ok(())
        })
    }

    fn plan(&mut self, node: &Node<'_>) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id", "identifier", "type", "coverageArea"]);
            self.networked |= object.optional("network").is_some();
            for cost in object.items("generalCost")? {
                self.general_cost(&cost)?;
            }
            for cost in object.items("specificCost")? {
                cost.read(|object| {
                    object.ignore(&["id", "category"]);
                    object.items("benefit")?.iter().try_for_each(|benefit| self.specific_costs(benefit))
                })?;
            }
            Ok(())
        })
    }

    fn general_cost(&mut self, node: &Node<'_>) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id", "comment"]);
            let kind = object.required("type")?;
            let measure = match cost_type(&kind)? {
                Cost::Deductible => Measure::Deductible,
                Cost::OutOfPocket => Measure::OutOfPocket,
                Cost::Copay | Cost::Coinsurance => return Err(kind.refuse(RefusedReason::CostOfNothing)),
            };
            let size = object.optional("groupSize").map_or(Ok(1), |size| size.positive())?;
            let unit = if size > 1 { Unit::Family } else { Unit::Individual };
            let cost = object.required("cost")?;
            let amount = money(&cost, self.asset)?.minor_units(self.asset.decimals);
            let amount = amount.map_err(|reason| cost.refuse(reason))?;
            self.limit(node, Limit { unit, ..individual(measure, amount.0, None) });
            Ok(())
        })
    }

    fn specific_costs(&mut self, node: &Node<'_>) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id"]);
            let kind = object.required("type")?;
            let category = category(&kind)?;
            if !self.covered.contains(category) {
                return Err(kind.refuse(RefusedReason::CostNotCovered));
            }
            if self.costs.iter().any(|(other, _)| *other == category) {
                return Err(kind.refuse(RefusedReason::RepeatedCost));
            }
            let mut costs = Costs::default();
            for cost in object.items("cost")? {
                self.specific_cost(&cost, category, &mut costs)?;
            }
            self.costs.push((category, costs));
            Ok(())
        })
    }

    fn specific_cost(&mut self, node: &Node<'_>, category: Category, costs: &mut Costs) -> Result<(), Refused> {
        node.read(|object| {
            object.ignore(&["id"]);
            let network = object.optional("applicability").map(|node| applicability(&node)).transpose()?;
            self.networked |= network.is_some();
            let kind = cost_type(&object.required("type")?)?;
            let value = object.required("value")?;
            let (measure, amount) = match (kind, quantity(&value, self.asset)?) {
                (Cost::Copay, Quantity::Money(amount)) => return fill(&mut costs.copay, network, amount, node),
                (Cost::Coinsurance, Quantity::Percent(share, _)) => {
                    return fill(&mut costs.coinsurance, network, share, node);
                }
                (Cost::Deductible, Quantity::Money(amount)) => (Measure::Deductible, amount),
                (Cost::OutOfPocket, Quantity::Money(amount)) => (Measure::OutOfPocket, amount),
                _ => return Err(value.refuse(RefusedReason::CostUnit)),
            };
            self.limit(node, Limit { network, ..individual(measure, amount.0, Some(category)) });
            Ok(())
        })
    }
}

/// A limit of one member in a year.
const fn individual(measure: Measure, limit: u128, category: Option<Category>) -> Limit {
    Limit { measure, category, network: None, unit: Unit::Individual, term: Term::Annual, limit }
}

/// Notes a cost for providers of the network, for others, or for both.
fn fill<T: Copy>(
    sides: &mut [Option<T>; 2],
    network: Option<Network>,
    value: T,
    node: &Node<'_>,
) -> Result<(), Refused> {
    for one in Network::ALL.iter().filter(|one| network.is_none_or(|network| network == **one)) {
        // `Network` has as many codes as there are sides.
        let Some(side) = sides.get_mut(*one as usize) else { continue };
        if side.replace(value).is_some() {
            return Err(node.refuse(RefusedReason::RepeatedCost));
        }
    }
    Ok(())
}

fn category(node: &Node<'_>) -> Result<Category, Refused> {
    known_concept(node, &BENEFIT_CATEGORY, Category::from_code)
}

fn cost_type(node: &Node<'_>) -> Result<Cost, Refused> {
    let coding = only_coding(node)?;
    if !coding.is_of(&COPAY_TYPE) && !coding.is_of(&BENEFIT_TYPE) {
        return Err(coding.unknown_system());
    }
    match coding.code {
        "deductible" => Ok(Cost::Deductible),
        "copay" => Ok(Cost::Copay),
        "maxoutofpocket" if coding.is_of(&COPAY_TYPE) => Ok(Cost::OutOfPocket),
        "copaypct" if coding.is_of(&COPAY_TYPE) => Ok(Cost::Coinsurance),
        "copay-percent" if coding.is_of(&BENEFIT_TYPE) => Ok(Cost::Coinsurance),
        _ => Err(coding.unknown_code()),
    }
}

fn applicability(node: &Node<'_>) -> Result<Network, Refused> {
    known_concept(node, &APPLICABILITY, |code| match code {
        "in-network" => Some(Network::In),
        "out-of-network" => Some(Network::Out),
        _ => None,
    })
}

/// What a FHIR `Quantity` counts here.
enum Quantity<'a> {
    Money(Amount),
    Percent(BasisPoints, Node<'a>),
    Visits(u128),
}

/// A `Quantity`: of money (ISO 4217), per cent (UCUM `%`), or visits (UCUM `{visit}` or `{visits}`).
fn quantity<'a>(node: &Node<'a>, asset: &Asset) -> Result<Quantity<'a>, Refused> {
    node.read(|object| {
        object.ignore(&["id", "unit"]);
        let value = object.required("value")?;
        let number = decimal(&value)?;
        let (system, code) = (object.required("system")?, object.required("code")?);
        let found = code.text()?;
        if CURRENCY.knows(system.text()?) {
            if found != asset.currency {
                let reason = RefusedReason::Currency { expected: asset.currency.clone(), found: found.to_owned() };
                return Err(code.refuse(reason));
            }
            let amount = number.minor_units(asset.decimals).map_err(|reason| value.refuse(reason))?;
            return Ok(Quantity::Money(amount));
        }
        match found {
            _ if !UNIT.knows(system.text()?) => {
                Err(system.refuse(RefusedReason::UnknownSystem { system: system.text()?.to_owned() }))
            }
            "%" => {
                let share = basis_points(number).ok_or_else(|| value.refuse(RefusedReason::NotAPercentage))?;
                Ok(Quantity::Percent(share, value))
            }
            "{visit}" | "{visits}" => visits(number, &value),
            _ => Err(unknown_unit(object, found)),
        }
    })
}

fn visits<'a>(number: Decimal, value: &Node<'_>) -> Result<Quantity<'a>, Refused> {
    number.whole().map(Quantity::Visits).ok_or_else(|| value.refuse(RefusedReason::NotAQuantity))
}

fn unknown_unit(object: &Object<'_>, found: &str) -> Refused {
    let system = UNIT.canonical().to_owned();
    object.refuse("code", RefusedReason::UnknownCode { system, code: found.to_owned() })
}
