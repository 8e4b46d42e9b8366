//! What was decided about a claim, as FHIR R4 and in plain words: for the patient an
//! [`ExplanationOfBenefit`](explanation_of_benefit()) and [`words`], for the provider a [`ClaimResponse`](claim_response()), and
//! before a treatment a [`CoverageEligibilityResponse`](eligibility_response()).
//!
//! Amounts have the categories of HL7 `adjudication` and of CARIN Blue Button's `C4BBAdjudication`, the same on lines and
//! in totals; reasons are those of `salus_domain` with X12's codes ([`codes`]). No profile of CARIN is claimed in
//! `meta.profile`: they ask for diagnoses and for American identifiers, which a chain does not know.
//!
//! Of a claim that waits, nothing is decided: it is `queued`, and tells only what was submitted, and which lines wait for
//! what. A claim with an open appeal is `partial`: the decision stands for the time being. A reversed claim is `cancelled` and
//! tells what had been decided. The outcome `error` is for documents that could not be processed; the chain refuses those
//! and keeps nothing of them.
//!
//! Where only the commitment to a procedure code is known, `productOrService` is `masked` (HL7 `data-absent-reason`), with
//! the commitment itself under [`CODE_TAG`]: who has the consortium's key and a guess can check it.

mod check;
mod claim_response;
pub mod codes;
mod eligibility_response;
mod explanation_of_benefit;
mod parties;
mod parts;
mod tree;
pub mod words;

use crate::code::Code;
use crate::decimal::Asset;
use salus_domain::adjudicate::{LineOutcome, Split};
use salus_domain::codes::{Category, Network, Term, Unit};
use salus_domain::counters::Used;
use salus_domain::ids::{Account, ClaimId, CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::Limit;
use salus_domain::time::Timestamp;

pub use claim_response::{authorisation_response, claim_response, AnsweredAuthorisation, AuthorisationAnswer};
pub use eligibility_response::{eligibility_response, Eligibility};
pub use explanation_of_benefit::explanation_of_benefit;
pub use parties::{Parties, Party};
pub use tree::Resource;

/// The code system of commitments to procedure codes ([`salus_domain::commitment::code_tag`]), written as `0x` and hex digits.
pub const CODE_TAG: &str = "urn:salus:code-tag";

/// What kind of claim it is: HL7 `claim-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of a hospital or another institution.
    Institutional,
    /// Of a dentist.
    Oral,
    /// Of a pharmacy.
    Pharmacy,
    /// Of a physician or another professional.
    Professional,
    /// Of an optician or an eye doctor.
    Vision,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Institutional, Self::Oral, Self::Pharmacy, Self::Professional, Self::Vision];

    /// The kind with this code.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code().code == code)
    }

    const fn code(self) -> Code {
        match self {
            Self::Institutional => codes::INSTITUTIONAL,
            Self::Oral => codes::ORAL,
            Self::Pharmacy => codes::PHARMACY,
            Self::Professional => codes::PROFESSIONAL,
            Self::Vision => codes::VISION,
        }
    }

    /// What the categories of its lines tell, where the claim itself is not at hand: oral or vision where all are, else
    /// professional.
    #[must_use]
    pub fn of_categories(categories: &[Category]) -> Self {
        let all = |kind: &[Category]| !categories.is_empty() && categories.iter().all(|own| kind.contains(own));
        if all(DENTAL) {
            Self::Oral
        } else if all(&[Category::VisionCoverage]) {
            Self::Vision
        } else {
            Self::Professional
        }
    }
}

const DENTAL: &[Category] = &[
    Category::DiagnosticDental,
    Category::Periodontics,
    Category::Restorative,
    Category::Endodontics,
    Category::MaxillofacialProsthetics,
    Category::AdjunctiveDental,
    Category::DentalCare,
    Category::DentalCrowns,
    Category::DentalAccident,
    Category::DentalCoverage,
];

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for money in the plan's pool.
    AwaitsFunds,
    /// It waits for a prior authorisation.
    AwaitsAuthorisation,
    /// Decided, and not paid, or not in full.
    Adjudicated,
    /// Paid.
    Settled,
    /// Taken back.
    Reversed,
}

impl Status {
    /// Whether it waits to be decided.
    #[must_use]
    pub const fn is_pended(self) -> bool {
        matches!(self, Self::AwaitsFunds | Self::AwaitsAuthorisation)
    }
}

/// Where an appeal against the decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appeal {
    /// There is none.
    None,
    /// It has to be decided.
    Open,
    /// The decision stands.
    Upheld,
    /// The claim was decided anew.
    Overturned,
}

/// What was paid of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// In minor units, with what was withheld; at most what the plan pays.
    pub amount: Amount,
    /// How much of that was set off against what the provider owed of reversed claims, in minor units; at most `amount`.
    pub withheld: Amount,
    /// When, where it is known.
    pub date: Option<Timestamp>,
}

/// What a line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// As the claim says it.
    Known {
        /// The code system.
        system: String,
        /// The code.
        code: String,
    },
    /// Only the commitment to it is known: the chain keeps no more.
    Committed(CodeTag),
}

/// A line, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedLine {
    /// Its number in the claim, 1 to 2,147,483,647.
    pub sequence: u32,
    /// What it is for.
    pub service: Service,
    /// The kind of benefit.
    pub category: Category,
    /// The day of the service: midnight UTC.
    pub date: Timestamp,
    /// How many were given.
    pub quantity: u32,
    /// What was decided; of a claim that waits, what would have been.
    pub outcome: LineOutcome,
}

/// A limit of the plan, and what was used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The limit.
    pub limit: Limit,
    /// What was used, in the limit's own unit, where it is known.
    pub used: Option<u128>,
}

/// A place where use is kept, and what is kept there.
pub type KeptUse<'a> = (Unit, Term, &'a Used);

/// The limits of a plan with what was used of them. Of a place that is not in `kept`, the use is not known; what a place does
/// not name was not used.
#[must_use]
pub fn balances(limits: &[Limit], kept: &[KeptUse<'_>]) -> Vec<Balance> {
    let used = |limit: &Limit| {
        let (_, _, used) = kept.iter().find(|(unit, term, _)| (*unit, *term) == (limit.unit, limit.term))?;
        Some(used.iter().find(|(kind, _)| *kind == limit.kind()).map_or(0, |(_, used)| *used))
    };
    limits.iter().map(|limit| Balance { limit: *limit, used: used(limit) }).collect()
}

/// A claim, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its id on the chain.
    pub claim: ClaimId,
    /// The FHIR `Claim`, where it is known: a reference, or the provider's number of the claim as `system|value`.
    pub request: Option<String>,
    /// Who it is about.
    pub parties: Parties,
    /// What kind of claim it is.
    pub kind: Kind,
    /// When it was decided; of a claim that waits, when it was made.
    pub created: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Whether the provider is in the plan's network; `None` where the plan has none.
    pub network: Option<Network>,
    /// Its lines, in order; no two with the same number.
    pub lines: Vec<DecidedLine>,
    /// All lines together.
    pub total: Split,
    /// What was paid, if anything.
    pub payment: Option<Payment>,
    /// Where an appeal stands.
    pub appeal: Appeal,
    /// Whether it was passed on to the next insurer, whose decision stands: what this one leaves is not what the patient owes.
    pub passed_on: bool,
    /// The prior authorisations that its lines used: [`authorisation_reference`].
    pub authorisations: Vec<String>,
    /// The plan's limits, where they are to be told; may be empty.
    pub balances: Vec<Balance>,
    /// What amounts are in.
    pub asset: Asset,
}

/// What a prior authorisation is called (`preAuthRef`): the chain keeps one for each plan, member, provider and procedure.
#[must_use]
pub fn authorisation_reference(plan: PlanId, member: Account, provider: Account, code: CodeTag) -> String {
    let (member, provider, code) = (hex::encode(member.0), hex::encode(provider.0), hex::encode(code.0));
    format!("urn:salus:authorisation:{}:0x{member}:0x{provider}:0x{code}", plan.0)
}

/// Why something cannot be put into FHIR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExplained {
    /// A moment that FHIR cannot write.
    #[error("a moment lies after the year 9999")]
    Time,
    /// A currency that is none of ISO 4217, which FHIR binds `Money.currency` to.
    #[error("\"{0}\" is not a currency of ISO 4217 (three capital letters)")]
    Currency(String),
    /// A number that FHIR cannot write there.
    #[error("{0} is out of FHIR's range (at most 2147483647)")]
    Number(&'static str),
    /// A text that is empty, or has spaces where FHIR has none.
    #[error("{0} is empty, or has spaces where FHIR has none")]
    Text(&'static str),
    /// Two lines with the same number.
    #[error("there are two lines with the number {0}")]
    RepeatedSequence(u32),
    /// A claim without lines.
    #[error("the claim has no lines")]
    NoLines,
    /// The parts of a line are not the whole, the lines not the total, or more was paid than the plan pays.
    #[error("the amounts do not add up")]
    Sums,
}
