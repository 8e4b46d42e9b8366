//! FHIR `Claim` to claim lines and to requests for authorisation: <https://hl7.org/fhir/R4/claim.html>.
//!
//! A claim is refused unless it says all that is needed. What real documents leave out can be filled in by
//! [`ClaimOptions`], one by one; [`CompiledClaim::assumed`] then lists each element that was.

mod authorisation;
mod header;
mod insurance;
mod item;
mod number;
mod prior;

pub use authorisation::{authorisation, AuthorisationItem, CompiledAuthorisation};
pub(crate) use item::{count, decimal, money, service};
pub use prior::{prior_payment, PriorLine, PriorPayment};

use crate::bundle::{self, Found};
use crate::decimal::Asset;
use crate::element::Node;
use crate::error::Refused;
use crate::explain::Kind;
use crate::json::Document;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use header::Header;
use number::number;
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::Category;
use salus_domain::commitment::{claim_reference, code_tag, service_day};
use salus_domain::ids::{Account, CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use std::fmt;

/// What the compiler needs to know beside the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOptions {
    /// What the plan pays in; every amount of the claim must be in its currency.
    pub asset: Asset,
    /// The category of a line that names none; `None` refuses such a line.
    pub default_category: Option<Category>,
    /// The system under which `Claim.id` is the number of a claim that has no identifier; `None` refuses such a claim.
    pub id_system: Option<String>,
    /// The coverage of a claim that only describes its coverage (`display`); `None` refuses such a claim.
    pub default_coverage: Option<String>,
    /// What becomes of lines without a price.
    pub unpriced: Unpriced,
    /// What the insurers paid that come before the one that is to pay, one document each.
    pub prior: Vec<PriorPayment>,
}

impl ClaimOptions {
    /// The options that assume nothing.
    #[must_use]
    pub const fn new(asset: Asset) -> Self {
        Self {
            asset,
            default_category: None,
            id_system: None,
            default_coverage: None,
            unpriced: Unpriced::Refuse,
            prior: Vec::new(),
        }
    }
}

/// What becomes of lines that have neither `net` nor `unitPrice`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpriced {
    /// The claim is refused.
    #[default]
    Refuse,
    /// What the priced lines leave of `Claim.total` is the charge of the one unpriced line that names an encounter or, of a
    /// claim for a prescription, of its one unpriced line. The other unpriced lines charge nothing and are left out. Synthea
    /// writes claims like that: the price of an encounter or of a drug is in the total only, and diagnoses are lines.
    /// Where there are several such lines or none, or no total, the claim is refused.
    Remainder,
}

/// A compiled claim. References are as they are written, or `system|value` where only an identifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledClaim {
    /// What kind of claim it is (`type`), where the claim says so.
    pub kind: Option<Kind>,
    /// Who was treated.
    pub patient: String,
    /// Who claims, and is paid.
    pub provider: String,
    /// Who is to pay, where the claim says so.
    pub insurer: Option<String>,
    /// Whether other insurers have decided before ([`ClaimOptions::prior`]), whatever they paid.
    pub prior_decided: bool,
    /// The coverage that the claim is made under.
    pub coverage: String,
    /// The provider's number of the claim: system and value of the `Claim.identifier` that is official, or of the only one that
    /// is neither old nor temporary.
    pub identifier: (String, String),
    /// Its lines, 1 to [`salus_domain::claim::MAX_LINES`], in the order of the document.
    pub items: Vec<ClaimItem>,
    /// What the document does not say and was taken from the options.
    pub assumed: Vec<Assumed>,
}

/// One line (`Claim.item`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimItem {
    /// Its number, 1 to 2,147,483,647, unique within the claim.
    pub sequence: u32,
    /// The code system of the service (`productOrService`).
    pub system: String,
    /// The code of the service.
    pub code: String,
    /// The kind of benefit.
    pub category: Category,
    /// The day of the service: midnight UTC.
    pub date: Timestamp,
    /// How many, at least 1.
    pub quantity: u32,
    /// What is charged for all of them, in minor units, more than 0.
    pub submitted: Amount,
    /// What other insurers paid ([`ClaimOptions::prior`]), in minor units, at most `submitted`.
    pub prior_paid: Amount,
}

/// Something that was taken from the options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The element that is missing, or of a line that is left out the line.
    pub path: String,
    /// What was taken for it.
    pub what: Assumption,
}

/// What was taken for an element that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// A category ([`ClaimOptions::default_category`]).
    Category(Category),
    /// The number of the claim: its id, in a system ([`ClaimOptions::id_system`]).
    Number {
        /// The system.
        system: String,
        /// The id.
        value: String,
    },
    /// A coverage ([`ClaimOptions::default_coverage`]).
    Coverage(String),
    /// A charge: what the other lines leave of the total ([`Unpriced::Remainder`]), in minor units.
    Charge(Amount),
    /// That nothing is charged ([`Unpriced::Remainder`]).
    NoCharge,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Category(category) => f.write_str(category.display()),
            Self::Number { system, value } => write!(f, "the id: {system}|{value}"),
            Self::Coverage(coverage) => f.write_str(coverage),
            Self::Charge(amount) => write!(f, "the rest of the total: {} minor units", amount.0),
            Self::NoCharge => f.write_str("no charge: the line is left out"),
        }
    }
}

impl CompiledClaim {
    /// What the claims contract takes: `key` is the consortium's, `member` and `provider` are the accounts of the patient
    /// and the provider. Codes, the identifier and the days become keyed commitments; each day is listed once.
    #[must_use]
    pub fn submission(&self, plan: PlanId, member: Account, provider: Account, key: &[u8; 32]) -> Submission {
        let (member_hex, provider_hex) = (hex::encode(member.0), hex::encode(provider.0));
        let mut days: Vec<ServiceDay> = Vec::new();
        let mut lines = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let place = days.iter().position(|day| day.date == item.date).unwrap_or_else(|| {
                let nullifier = service_day(&blake2b_256, key, &member_hex, &provider_hex, item.date);
                days.push(ServiceDay { date: item.date, nullifier });
                days.len() - 1
            });
            lines.push(Line {
                // At most MAX_LINES days; a claim that somebody made longer is refused by `Submission::validate`.
                day: u8::try_from(place).unwrap_or(u8::MAX),
                code: tag(key, &item.system, &item.code),
                category: item.category,
                quantity: item.quantity,
                submitted: item.submitted,
                prior_paid: item.prior_paid,
            });
        }
        let (system, value) = &self.identifier;
        let reference = claim_reference(&blake2b_256, key, system, value);
        Submission { plan, member, reference, prior_decided: self.prior_decided, days, lines }
    }
}

/// The tag of a code under the consortium's key: the same for claims, authorisations and fee schedules.
pub(crate) fn tag(key: &[u8; 32], system: &str, code: &str) -> CodeTag {
    code_tag(&blake2b_256, key, system, code)
}

fn blake2b_256(input: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(input).into()
}

/// Compiles a FHIR R4 `Claim`.
///
/// # Errors
/// [`Refused`], with the path of the element, for whatever the model cannot express (rule 7).
pub fn compile(document: &[u8], options: &ClaimOptions) -> Result<CompiledClaim, Refused> {
    read(&Document::read(document)?.root(), options)
}

/// Compiles each claim of a document: of a `Bundle` each entry that is a `Claim`, of any other document that document itself
/// ([`crate::bundle`]).
///
/// # Errors
/// [`Refused`] where the document cannot be read so far that its claims are found, or has none.
pub fn claims_of(document: &[u8], options: &ClaimOptions) -> Result<Vec<Found<CompiledClaim>>, Refused> {
    bundle::find(document, "Claim", |node, _| read(node, options))
}

fn read(node: &Node<'_>, options: &ClaimOptions) -> Result<CompiledClaim, Refused> {
    node.resource("Claim", |object| {
        let mut assumed = Vec::new();
        let header = Header::read(object, "claim", options.default_coverage.as_deref(), &mut assumed)?;
        let Header { kind, patient, provider, insurer, insurance } = header;
        insurance.check_prior(&patient, &options.prior)?;
        let identifier = number(object, options, &mut assumed)?;
        let mut items = item::items(object, options, &mut assumed)?;
        for (item, path) in &mut items {
            item.prior_paid = prior::paid_for(item, path, &options.prior)?;
        }
        prior::check_lines(&items, object, &options.prior)?;
        let items = items.into_iter().map(|(item, _)| item).collect();
        let (patient, coverage, prior_decided) = (patient.key, insurance.coverage, !options.prior.is_empty());
        Ok(CompiledClaim { kind, patient, provider, insurer, prior_decided, coverage, identifier, items, assumed })
    })
}
