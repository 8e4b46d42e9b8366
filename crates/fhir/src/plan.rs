//! The plan file: an insurer's terms and fee schedule, as this project writes them down.
//!
//! ```json
//! {
//!   "name": "Unity Silver",
//!   "asset": { "currency": "USD", "decimals": 12, "token": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" },
//!   "covered": ["1", "3", "5", "35"],
//!   "networked": true,
//!   "benefit": {
//!     "inNetwork": { "copay": "20.00", "coinsurance": "20%" },
//!     "outOfNetwork": { "copay": "0.00", "coinsurance": "50%" },
//!     "deductible": true,
//!     "authorisation": false,
//!     "waitingPeriodDays": 30
//!   },
//!   "exceptions": [{ "category": "35", "outOfNetwork": null, "authorisation": true }],
//!   "limits": [
//!     { "measure": "deductible", "unit": "individual", "term": "annual", "amount": "500.00" },
//!     { "measure": "deductible", "unit": "family", "term": "annual", "amount": "1000.00" },
//!     { "measure": "out-of-pocket", "network": "in", "unit": "individual", "term": "annual", "amount": "3000.00" },
//!     { "measure": "services", "category": "35", "unit": "individual", "term": "annual", "count": 2 }
//!   ],
//!   "deadlines": {
//!     "filingDays": 365,
//!     "authorisationDays": 7,
//!     "settlementDays": 14,
//!     "appealDays": 60,
//!     "reviewDays": 30,
//!     "reversalDays": 180
//!   },
//!   "fees": [{ "system": "http://www.ama-assn.org/go/cpt", "code": "99213", "amount": "110.00" }]
//! }
//! ```
//!
//! | key | meaning | where it is left out |
//! |---|---|---|
//! | `name` | what people call the plan | needed |
//! | `asset` | what it pays in: the `currency` that documents name, how many `decimals` its unit has, and the address of a PSP22 `token` | needed; `token`: the native token of the chain |
//! | `covered` | the categories that it pays for, or `"all"` | needed |
//! | `networked` | whether providers are in or out of a network | `false` |
//! | `benefit` | on what terms it pays ([`Benefit`]) | needed |
//! | `benefit.inNetwork` | what the patient bears of a line, after the deductible | needed |
//! | `benefit.outOfNetwork` | the same with providers outside of the network; `null`: the plan does not pay them | needed with a network, refused without one |
//! | `benefit.deductible` | whether the deductible comes first | `true` |
//! | `benefit.authorisation` | whether it pays only what it authorised before | `false` |
//! | `benefit.waitingPeriodDays` | how long after the start of the coverage it pays nothing | `0` |
//! | `exceptions` | categories with terms of their own | none; what an exception leaves out is as in `benefit` |
//! | `limits` | what adds up and is limited ([`Limit`]) | none |
//! | `limits[].measure` | `deductible`, `out-of-pocket`, `benefit`: an `amount`; `services`, `quantity`: a `count` | needed |
//! | `limits[].category` | of which category | of all |
//! | `limits[].network` | with providers `in` or `out` of the network | with all |
//! | `limits[].unit`, `limits[].term` | `individual` or `family`; `annual`, `day` or `lifetime` | needed |
//! | `deadlines` | by when somebody has to act ([`Deadlines`]), in days, each at most 366 | needed |
//! | `fees` | what it allows for one unit of a procedure | none |
//!
//! No other key is known. Amounts are decimal numbers in units of the asset's currency, written as strings. Categories are
//! codes of HL7 `ex-benefitcategory`, units of `benefit-unit`, terms of `benefit-term`, networks of `benefit-network`.

use crate::account;
use crate::claim::tag;
use crate::decimal::{Asset, Decimal, MAX_DECIMALS};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use salus_domain::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use salus_domain::ids::Account;
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{fee_page, Benefit, CostShare, Deadlines, Limit, PlanTerms, TermsMalformed, MAX_PAGES, YEAR};
use salus_domain::time::{Period, DAY};
use std::collections::BTreeSet;

/// How many fees a plan has at most: 100 on each of 256 pages, about. The odds that a page has more than
/// [`salus_domain::plan::MAX_PAGE`] are then below one in a trillion; the contract refuses such a page.
pub const MAX_FEES: usize = 25_600;
/// How many fees a page has, about, where there are enough pages.
const FEES_A_PAGE: usize = 64;

/// A plan as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// What people call it; not on the chain.
    pub name: String,
    /// When it is offered, in days as they are written: [`Period::ALWAYS`] where nothing is said, as in a plan file. Not on the
    /// chain: whoever knows the time compares it.
    pub period: Period,
    /// What it pays in.
    pub asset: Asset,
    /// The PSP22 token that it pays in; `None`: the native token of the chain.
    pub token: Option<Account>,
    /// Its terms. They passed [`PlanTerms::validate`].
    pub terms: PlanTerms,
    /// Its fee schedule, each code once.
    pub fees: Vec<Fee>,
}

/// A price of the fee schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// The code system of the service.
    pub system: String,
    /// The code of the service.
    pub code: String,
    /// The price of one, in minor units.
    pub amount: Amount,
}

impl PlanFile {
    /// The fee schedule as the claims contract takes it, under the consortium's `key`, in the order of the file: the tags
    /// are those of [`crate::claim::CompiledClaim::submission`].
    #[must_use]
    pub fn tagged_fees(&self, key: &[u8; 32]) -> Vec<salus_domain::plan::Fee> {
        let fees = self.fees.iter();
        fees.map(|fee| salus_domain::plan::Fee { code: tag(key, &fee.system, &fee.code), price: fee.amount }).collect()
    }

    /// The pages of the fee schedule: as many as are returned, a power of 2, each with its fees in ascending order of their
    /// codes. A plan without fees has one empty page.
    #[must_use]
    pub fn fee_pages(&self, key: &[u8; 32]) -> Vec<Vec<salus_domain::plan::Fee>> {
        let wanted = self.fees.len().div_ceil(FEES_A_PAGE).next_power_of_two();
        self.fees_on(u16::try_from(wanted).unwrap_or(MAX_PAGES).min(MAX_PAGES), key)
    }

    /// The same on `count` pages, a power of 2: as many as a plan was opened with.
    #[must_use]
    pub fn fees_on(&self, count: u16, key: &[u8; 32]) -> Vec<Vec<salus_domain::plan::Fee>> {
        let mut pages = vec![Vec::new(); usize::from(count)];
        for fee in self.tagged_fees(key) {
            if let Some(page) = pages.get_mut(usize::from(fee_page(fee.code, count))) {
                page.push(fee);
            }
        }
        for page in &mut pages {
            page.sort_unstable_by_key(|fee| fee.code);
        }
        pages
    }
}

/// Reads a plan file.
///
/// # Errors
/// [`Refused`], with the path of the element.
pub fn compile(document: &[u8]) -> Result<PlanFile, Refused> {
    Document::read(document)?.root().read(|object| {
        let name = object.required("name")?.text()?.to_owned();
        let (asset, token) = asset(&object.required("asset")?)?;
        let networked = object.optional("networked").map_or(Ok(false), |node| node.boolean())?;
        let reader = Reader { asset: &asset, networked };
        let benefit = object.required("benefit")?.read(|object| reader.benefit(object, None))?;
        let exceptions = list_of(object, "exceptions", |node| {
            node.read(|object| Ok((category(&object.required("category")?)?, reader.benefit(object, Some(&benefit))?)))
        })?;
        let terms = PlanTerms {
            covered: covered(&object.required("covered")?)?,
            benefit,
            exceptions,
            limits: list_of(object, "limits", |node| reader.limit(node))?,
            networked,
            deadlines: deadlines(&object.required("deadlines")?)?,
        };
        terms.validate().map_err(|malformed| refuse_malformed(&terms, malformed))?;
        let fees = fees(object, &asset)?;
        Ok(PlanFile { name, period: Period::ALWAYS, asset, token, terms, fees })
    })
}

/// The path of the exception or of the limit that breaks a rule; percentages, deadlines and the categories covered are
/// checked where they are read.
pub(crate) fn refuse_malformed(terms: &PlanTerms, malformed: TermsMalformed) -> Refused {
    let breaks = |terms: PlanTerms| terms.validate() == Err(malformed);
    let first_exceptions = |count: usize| PlanTerms {
        exceptions: terms.exceptions.iter().take(count).copied().collect(),
        ..terms.clone()
    };
    let first_limits =
        |count: usize| PlanTerms { limits: terms.limits.iter().take(count).copied().collect(), ..terms.clone() };
    let exception = (1..=terms.exceptions.len()).find(|count| breaks(first_exceptions(*count)));
    let limit = (1..=terms.limits.len()).find(|count| breaks(first_limits(*count)));
    let path = match (malformed, exception, limit) {
        (TermsMalformed::RepeatedCategory, Some(count), _) => format!("exceptions[{}]", count - 1),
        (_, _, Some(count)) => format!("limits[{}]", count - 1),
        _ => String::from("$"),
    };
    Refused::new(path, RefusedReason::Terms(malformed))
}

fn asset(node: &Node<'_>) -> Result<(Asset, Option<Account>), Refused> {
    node.read(|object| {
        let currency = object.required("currency")?.text()?.to_owned();
        let decimals = object.required("decimals")?;
        let asset = match u8::try_from(decimals.whole_number()?) {
            Ok(decimals) if decimals <= MAX_DECIMALS => Asset { currency, decimals },
            _ => return Err(decimals.refuse(RefusedReason::TooManyDecimals { limit: MAX_DECIMALS })),
        };
        let token = object
            .optional("token")
            .map(|token| account::parse(token.text()?).map_err(|error| token.refuse(RefusedReason::Account(error))));
        Ok((asset, token.transpose()?))
    })
}

/// What amounts are in, and whether there is a network to speak of.
struct Reader<'a> {
    asset: &'a Asset,
    networked: bool,
}

impl Reader<'_> {
    /// The terms; what is left out is as in `other`.
    fn benefit(&self, object: &mut Object<'_>, other: Option<&Benefit>) -> Result<Benefit, Refused> {
        let in_network = match (object.optional("inNetwork"), other) {
            (Some(node), _) => self.cost_share(&node)?,
            (None, Some(other)) => other.in_network,
            (None, None) => return Err(object.refuse("inNetwork", RefusedReason::Missing)),
        };
        let out_of_network = match (object.optional("outOfNetwork"), other) {
            (Some(node), _) if !self.networked => return Err(node.refuse(RefusedReason::NoNetwork)),
            (Some(node), _) if node.is_null() => None,
            (Some(node), _) => Some(self.cost_share(&node)?),
            (None, Some(other)) => other.out_of_network,
            (None, None) if self.networked => return Err(object.refuse("outOfNetwork", RefusedReason::Missing)),
            (None, None) => None,
        };
        let mut flag = |name: &str, otherwise| object.optional(name).map_or(Ok(otherwise), |node| node.boolean());
        let deductible = flag("deductible", other.is_none_or(|other| other.deductible))?;
        let authorisation = flag("authorisation", other.is_some_and(|other| other.authorisation))?;
        let waiting_period = match object.optional("waitingPeriodDays") {
            Some(node) => days(&node)?,
            None => other.map_or(0, |other| other.waiting_period),
        };
        Ok(Benefit { in_network, out_of_network, deductible, authorisation, waiting_period })
    }

    fn cost_share(&self, node: &Node<'_>) -> Result<CostShare, Refused> {
        node.read(|object| {
            Ok(CostShare {
                copay: amount(&object.required("copay")?, self.asset)?,
                coinsurance: percentage(&object.required("coinsurance")?)?,
            })
        })
    }

    fn limit(&self, node: &Node<'_>) -> Result<Limit, Refused> {
        node.read(|object| {
            let measure = code(&object.required("measure")?, Measure::SYSTEM, Measure::from_code)?;
            let network = match object.optional("network") {
                Some(node) if !self.networked => return Err(node.refuse(RefusedReason::NoNetwork)),
                node => node.map(|node| code(&node, Network::SYSTEM, Network::from_code)).transpose()?,
            };
            let limit = match measure {
                Measure::Deductible | Measure::OutOfPocket | Measure::Benefit => {
                    amount(&object.required("amount")?, self.asset)?.0
                }
                Measure::Services | Measure::Quantity => object.required("count")?.whole_number()?.into(),
            };
            Ok(Limit {
                measure,
                category: object.optional("category").map(|node| category(&node)).transpose()?,
                network,
                unit: code(&object.required("unit")?, Unit::SYSTEM, Unit::from_code)?,
                term: code(&object.required("term")?, Term::SYSTEM, Term::from_code)?,
                limit,
            })
        })
    }
}

fn deadlines(node: &Node<'_>) -> Result<Deadlines, Refused> {
    node.read(|object| {
        let mut deadline = |name| {
            let node = object.required(name)?;
            match days(&node)? {
                away if away <= YEAR => Ok(away),
                _ => Err(node.refuse(RefusedReason::Terms(TermsMalformed::DeadlineTooLong))),
            }
        };
        Ok(Deadlines {
            filing: deadline("filingDays")?,
            authorisation: deadline("authorisationDays")?,
            settlement: deadline("settlementDays")?,
            appeal: deadline("appealDays")?,
            review: deadline("reviewDays")?,
            reversal: deadline("reversalDays")?,
        })
    })
}

fn fees(object: &mut Object<'_>, asset: &Asset) -> Result<Vec<Fee>, Refused> {
    let mut seen = BTreeSet::new();
    list_of(object, "fees", |node| {
        let (fee, named) = node.read(|object| {
            let (system, code) = (object.required("system")?.text()?, object.required("code")?.text()?);
            let amount = amount(&object.required("amount")?, asset)?;
            Ok((Fee { system: system.to_owned(), code: code.to_owned(), amount }, (system, code)))
        })?;
        if !seen.insert(named) {
            return Err(node.refuse(RefusedReason::RepeatedFee));
        }
        match seen.len() <= MAX_FEES {
            true => Ok(fee),
            false => Err(node.refuse(RefusedReason::TooManyFees { limit: MAX_FEES })),
        }
    })
}

fn covered(node: &Node<'_>) -> Result<CategorySet, Refused> {
    match node.text() {
        Ok("all") => Ok(CategorySet::ALL),
        _ => node.list()?.iter().map(category).collect(),
    }
}

fn category(node: &Node<'_>) -> Result<Category, Refused> {
    code(node, Category::SYSTEM, Category::from_code)
}

/// A bare code of a system.
fn code<T>(node: &Node<'_>, system: &str, from_code: impl Fn(&str) -> Option<T>) -> Result<T, Refused> {
    let code = node.text()?;
    from_code(code)
        .ok_or_else(|| node.refuse(RefusedReason::UnknownCode { system: system.to_owned(), code: code.to_owned() }))
}

fn amount(node: &Node<'_>, asset: &Asset) -> Result<Amount, Refused> {
    asset.parse(node.text()?).map_err(|reason| node.refuse(reason))
}

fn days(node: &Node<'_>) -> Result<u64, Refused> {
    // 2^32 days are less than 2^64 milliseconds.
    Ok(u64::from(node.whole_number()?) * DAY)
}

/// `20%`: basis points are hundredths of a percent.
fn percentage(node: &Node<'_>) -> Result<BasisPoints, Refused> {
    let percent = node.text().ok().and_then(|text| Decimal::parse(text.strip_suffix('%')?).ok());
    percent.and_then(basis_points).ok_or_else(|| node.refuse(RefusedReason::NotAPercentage))
}

/// The basis points of a number of percent; `None` where it is not exact, or above 100.
pub(crate) fn basis_points(percent: Decimal) -> Option<BasisPoints> {
    let points = u16::try_from(percent.minor_units(2).ok()?.0).ok()?;
    Some(BasisPoints(points)).filter(|points| points.is_valid())
}

/// The items of a list that may be missing. In a plan file, unlike in FHIR, it may be empty.
fn list_of<'a, T>(
    object: &mut Object<'a>,
    name: &str,
    read: impl FnMut(&Node<'a>) -> Result<T, Refused>,
) -> Result<Vec<T>, Refused> {
    let items = match object.items(name) {
        Err(Refused { reason: RefusedReason::Empty, .. }) => Vec::new(),
        result => result?,
    };
    items.iter().map(read).collect()
}
