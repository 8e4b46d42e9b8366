//! What an insurer promises: the terms of a plan, and the bounds that they keep.

use crate::codes::{Category, CategorySet, Measure, Network, Term, Unit};
use crate::counters::Slot;
use crate::ids::CodeTag;
use crate::money::{Amount, BasisPoints};
use crate::time::DAY;
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// How many limits a plan has at most.
pub const MAX_LIMITS: usize = 24;
/// The longest that a coverage lasts, and the longest that any deadline of a plan is away, in milliseconds: a leap year.
pub const YEAR: u64 = 366 * DAY;

/// What the patient bears of a covered service, after the deductible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct CostShare {
    /// A fixed amount per line.
    pub copay: Amount,
    /// A share of what is left.
    pub coinsurance: BasisPoints,
}

/// On what terms the plan pays for services of a category (FHIR `InsurancePlan.plan.specificCost`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Benefit {
    /// What the patient bears with a provider of the network; of a plan without one, with any provider.
    pub in_network: CostShare,
    /// What the patient bears with another provider; `None`: the plan does not pay then.
    pub out_of_network: Option<CostShare>,
    /// Whether the deductible comes first.
    pub deductible: bool,
    /// Whether the plan pays only what it authorised before.
    pub authorisation: bool,
    /// How long after the start of the coverage the plan pays nothing, in milliseconds.
    pub waiting_period: u64,
}

impl Benefit {
    /// Whether no coinsurance is above the whole.
    fn is_valid(&self) -> bool {
        let valid = |share: &CostShare| share.coinsurance.is_valid();
        valid(&self.in_network) && self.out_of_network.as_ref().is_none_or(valid)
    }
}

/// A limit on what adds up: an amount in minor units, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Limit {
    /// What it counts.
    pub measure: Measure,
    /// Of which category; `None`: of all. A deductible of a category replaces the general ones there; of all other limits
    /// each one holds.
    pub category: Option<Category>,
    /// With providers in or out of the network; `None`: with all.
    pub network: Option<Network>,
    /// Whose use counts.
    pub unit: Unit,
    /// For how long use adds up.
    pub term: Term,
    /// The limit: minor units of the plan's asset, or a number.
    pub limit: u128,
}

/// What a limit is called where its use is kept: the same in all versions of a plan. Unit and term are those of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct LimitKind(pub u32);

impl Limit {
    /// Its name: measure, category and network, a byte each; 0 is all.
    #[must_use]
    pub fn kind(&self) -> LimitKind {
        let category = self.category.map_or(0, |category| 1 + category as u32);
        let network = self.network.map_or(0, |network| 1 + network as u32);
        LimitKind(self.measure as u32 | category << 8 | network << 16)
    }

    /// Whether its use is kept in this place.
    #[must_use]
    pub fn is_kept_in(&self, slot: Slot) -> bool {
        (self.unit, self.term) == (slot.unit, slot.term)
    }

    /// Whether it is about services of this category from this network.
    #[must_use]
    pub fn covers(&self, category: Category, network: Network) -> bool {
        self.category.is_none_or(|own| own == category) && self.network.is_none_or(|own| own == network)
    }
}

/// By when somebody has to act, each in milliseconds and at most [`YEAR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Deadlines {
    /// From the day of a service: how long it can be claimed.
    pub filing: u64,
    /// From a request for authorisation: how long the insurer has to decide; after that it counts as granted.
    pub authorisation: u64,
    /// From an adjudication: how long the insurer may hold back the payment; after that anybody may settle.
    pub settlement: u64,
    /// From an adjudication: how long it can be appealed.
    pub appeal: u64,
    /// From an appeal: how long the arbiter has to decide; after that the member or the provider may have it granted as asked for.
    pub review: u64,
    /// From an adjudication: how long the insurer can reverse the payment.
    pub reversal: u64,
}

impl Decode for Deadlines {
    /// As one array, which is less code in a contract.
    fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
        let [filing, authorisation, settlement, appeal, review, reversal] = <[u64; 6]>::decode(input)?;
        Ok(Self { filing, authorisation, settlement, appeal, review, reversal })
    }
}

/// What a plan pays for (FHIR `InsurancePlan.plan`). Amounts are in minor units of the plan's asset.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct PlanTerms {
    /// The categories that the plan pays for.
    pub covered: CategorySet,
    /// On what terms, where no exception names the category.
    pub benefit: Benefit,
    /// Categories that have terms of their own, each at most once.
    pub exceptions: Vec<(Category, Benefit)>,
    /// What adds up and is limited, at most [`MAX_LIMITS`]; no two that differ in their limit only.
    pub limits: Vec<Limit>,
    /// Whether providers are in or out of a network. Without one, all count as in it.
    pub networked: bool,
    /// By when somebody has to act.
    pub deadlines: Deadlines,
}

/// Why plan terms are not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum TermsMalformed {
    /// A coinsurance is above 10,000 basis points.
    CoinsuranceAboveWhole,
    /// Two exceptions name the same category.
    RepeatedCategory,
    /// No category is covered.
    CoversNothing,
    /// It has more than [`MAX_LIMITS`] limits.
    TooManyLimits,
    /// Two limits are about the same.
    RepeatedLimit,
    /// A deadline is more than [`YEAR`] away.
    DeadlineTooLong,
}

impl PlanTerms {
    /// Checks the bounds and the shape.
    ///
    /// # Errors
    /// The first [`TermsMalformed`] that is found.
    pub fn validate(&self) -> Result<(), TermsMalformed> {
        if self.covered.is_empty() {
            return Err(TermsMalformed::CoversNothing);
        }
        let mut seen = CategorySet::EMPTY;
        for (category, _) in &self.exceptions {
            if seen.contains(*category) {
                return Err(TermsMalformed::RepeatedCategory);
            }
            seen = seen.with(*category);
        }
        if !self.benefit.is_valid() || self.exceptions.iter().any(|(_, benefit)| !benefit.is_valid()) {
            return Err(TermsMalformed::CoinsuranceAboveWhole);
        }
        if self.limits.len() > MAX_LIMITS {
            return Err(TermsMalformed::TooManyLimits);
        }
        let place = |limit: &Limit| (limit.kind(), limit.unit, limit.term);
        for (number, limit) in self.limits.iter().enumerate() {
            if self.limits.iter().take(number).any(|other| place(other) == place(limit)) {
                return Err(TermsMalformed::RepeatedLimit);
            }
        }
        let Deadlines { filing, authorisation, settlement, appeal, review, reversal } = self.deadlines;
        if [filing, authorisation, settlement, appeal, review, reversal].iter().any(|away| *away > YEAR) {
            return Err(TermsMalformed::DeadlineTooLong);
        }
        Ok(())
    }

    /// On what terms the plan pays for services of `category`.
    #[must_use]
    pub fn benefit(&self, category: Category) -> &Benefit {
        self.exceptions.iter().find(|(named, _)| *named == category).map_or(&self.benefit, |(_, benefit)| benefit)
    }
}

/// How many fees a page of a fee schedule has at most: the pages of a claim's lines fit into a contract's memory.
pub const MAX_PAGE: usize = 200;
/// How many pages a fee schedule has at most.
pub const MAX_PAGES: u16 = 256;

/// What a plan allows for one unit of a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Fee {
    /// The procedure: [`crate::commitment::code_tag`].
    pub code: CodeTag,
    /// The price, in minor units.
    pub price: Amount,
}

/// The page of a fee schedule of `pages` pages (a power of 2) on which a procedure stands: the low bits of its tag's first
/// byte. Claims read whole pages: a claim of many lines reads few cells.
#[must_use]
pub fn fee_page(code: CodeTag, pages: u16) -> u8 {
    let [first, ..] = code.0;
    first & u8::try_from(pages.saturating_sub(1)).unwrap_or(u8::MAX)
}
