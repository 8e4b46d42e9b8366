//! Adjudication: how much of each line the plan pays, how much the patient bears, and why. Exact integer arithmetic.
//!
//! Per line and per claim `submitted = payer + patient + adjustment + prior payer`, and
//! `patient = deductible + copay + coinsurance + noncovered`.

use crate::claim::{Line, PlanTerms};
use crate::codes::{Liability, Reason, ReasonSet};
use crate::money::Amount;
use crate::time::{Period, Timestamp};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What one member has used of a plan's limits in one coverage period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Accumulators {
    /// Of the deductible.
    pub deductible: Amount,
    /// Of the out-of-pocket maximum.
    pub out_of_pocket: Amount,
    /// Of the benefit maximum.
    pub benefit: Amount,
}

/// What is known about a claim as a whole when it is adjudicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The member's coverage under the plan, if there is one.
    pub coverage: Option<Period>,
    /// Whether the provider is credentialed now.
    pub credentialed: bool,
    /// Whether the patient's consents permit the insurer's use for payment now.
    pub consented: bool,
}

/// A line with what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownLine {
    /// The line.
    pub line: Line,
    /// The day of the service.
    pub date: Timestamp,
    /// The fee schedule's price of one, if it has one.
    pub fee: Option<Amount>,
    /// Whether the same service was claimed before.
    pub duplicate: bool,
}

/// Where the money of one line, or of a whole claim, goes: amounts in minor units, by the categories of the HL7
/// `adjudication` code system and CARIN BB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Split {
    /// What was charged (`submitted`).
    pub submitted: Amount,
    /// What nobody pays: the provider may not ask for it (CARIN `discount`).
    pub adjustment: Amount,
    /// What another insurer paid (`priorpayerpaid`).
    pub prior_payer: Amount,
    /// Borne by the patient as deductible (`deductible`).
    pub deductible: Amount,
    /// Borne by the patient as copayment (`copay`).
    pub copay: Amount,
    /// Borne by the patient as coinsurance (`coinsurance`).
    pub coinsurance: Amount,
    /// Borne by the patient because the plan does not pay it (`noncovered`).
    pub noncovered: Amount,
    /// What the plan pays (`benefit`).
    pub payer: Amount,
}

impl Split {
    /// What the patient bears in all (`memberliability`).
    #[must_use]
    pub const fn patient(&self) -> Amount {
        // The parts of one charge: their sum is at most `submitted`.
        Amount(self.deductible.0 + self.copay.0 + self.coinsurance.0 + self.noncovered.0)
    }

    /// What the plan recognises of the charge (`eligible`).
    #[must_use]
    pub const fn allowed(&self) -> Amount {
        self.submitted.minus(self.adjustment)
    }

    /// The sum, part by part; both together are at most what a validated claim submits, which fits.
    fn add(&mut self, line: &Self) {
        self.submitted.0 += line.submitted.0;
        self.adjustment.0 += line.adjustment.0;
        self.prior_payer.0 += line.prior_payer.0;
        self.deductible.0 += line.deductible.0;
        self.copay.0 += line.copay.0;
        self.coinsurance.0 += line.coinsurance.0;
        self.noncovered.0 += line.noncovered.0;
        self.payer.0 += line.payer.0;
    }
}

/// The outcome of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct LineOutcome {
    /// Where the money goes.
    pub split: Split,
    /// Why.
    pub reasons: ReasonSet,
}

impl LineOutcome {
    /// Whether the line was denied.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.reasons.iter().any(|reason| reason.denial().is_some())
    }
}

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Adjudication {
    /// Line by line, in the order of the claim. A line sees what the lines before it used of the limits.
    pub lines: Vec<LineOutcome>,
    /// All lines together.
    pub total: Split,
    /// What the member has used of the limits after it.
    pub accumulators: Accumulators,
}

/// Adjudicates the lines of one claim. The claim must have passed [`crate::claim::Submission::validate`] and the terms
/// [`PlanTerms::validate`].
#[must_use]
pub fn adjudicate(terms: &PlanTerms, standing: Standing, used: Accumulators, lines: &[KnownLine]) -> Adjudication {
    let mut accumulators = used;
    let mut total = Split::default();
    let lines = lines
        .iter()
        .map(|known| {
            let outcome = match denial(terms, standing, known) {
                Some(reason) => denied(&known.line, reason),
                None => covered(terms, known, &mut accumulators),
            };
            total.add(&outcome.split);
            outcome
        })
        .collect();
    Adjudication { lines, total, accumulators }
}

/// Step 1, and what the plan covers: why the line is not paid at all, if so.
fn denial(terms: &PlanTerms, standing: Standing, known: &KnownLine) -> Option<Reason> {
    let Some(coverage) = standing.coverage.filter(|coverage| coverage.contains(known.date)) else {
        return Some(Reason::CoverageInactive);
    };
    if known.date < coverage.start.plus(terms.waiting_period) {
        return Some(Reason::WaitingPeriod);
    }
    if !standing.credentialed {
        return Some(Reason::NotCredentialed);
    }
    if !standing.consented {
        return Some(Reason::NoConsent);
    }
    if known.duplicate {
        return Some(Reason::Duplicate);
    }
    if !terms.covered.contains(known.line.category) {
        return Some(Reason::NotCovered);
    }
    None
}

fn denied(line: &Line, reason: Reason) -> LineOutcome {
    let rest = line.submitted.minus(line.prior_paid);
    let mut split = Split { submitted: line.submitted, prior_payer: line.prior_paid, ..Split::default() };
    match reason.denial() {
        Some(Liability::Patient) => split.noncovered = rest,
        Some(Liability::Provider) | None => split.adjustment = rest,
    }
    LineOutcome { split, reasons: reason.into() }
}

/// Steps 2 to 7.
fn covered(terms: &PlanTerms, known: &KnownLine, accumulators: &mut Accumulators) -> LineOutcome {
    let line = &known.line;
    let share = terms.cost_share(line.category);

    // 2. The fee schedule; a price times a quantity that does not fit is above any charge.
    let allowed =
        known.fee.and_then(|fee| fee.times(line.quantity)).map_or(line.submitted, |fee| fee.min(line.submitted));

    // 4. Deductible, then copay, then coinsurance on what is left.
    let deductible = terms.deductible.minus(accumulators.deductible).min(allowed);
    let after_deductible = allowed.minus(deductible);
    let copay = share.copay.min(after_deductible);
    let after_copay = after_deductible.minus(copay);
    let coinsurance = share.coinsurance.of(after_copay);
    let mut split = Split { submitted: line.submitted, deductible, copay, coinsurance, ..Split::default() };
    let mut reasons = ReasonSet::EMPTY;

    // 5. The out-of-pocket maximum caps the patient's share; the excess goes to the payer.
    let left = terms.out_of_pocket_maximum.minus(accumulators.out_of_pocket);
    let above = split.patient().minus(left);
    if above > Amount::ZERO {
        relieve(&mut split, above);
        reasons = reasons.with(Reason::OutOfPocketMaximum);
    }

    // 6. The benefit maximum caps the payer; the excess goes to the patient.
    let promised = allowed.minus(split.patient());
    split.payer = promised.min(terms.benefit_maximum.minus(accumulators.benefit));
    split.noncovered = promised.minus(split.payer);

    // 7. A secondary payer pays at most what the first left of the allowed amount; the patient bears the rest.
    split.prior_payer = line.prior_paid;
    let open = allowed.minus(line.prior_paid);
    split.payer = split.payer.min(open);
    let already_paid = split.patient().minus(open.minus(split.payer));
    relieve(&mut split, already_paid);
    split.adjustment = line.submitted.minus(if allowed > line.prior_paid { allowed } else { line.prior_paid });

    for (part, reason) in [
        (split.adjustment, Reason::FeeSchedule),
        (split.prior_payer, Reason::PriorPayer),
        (split.deductible, Reason::Deductible),
        (split.copay, Reason::Copay),
        (split.coinsurance, Reason::Coinsurance),
        (split.noncovered, Reason::BenefitMaximum),
    ] {
        if part > Amount::ZERO {
            reasons = reasons.with(reason);
        }
    }
    accumulators.deductible.0 += split.deductible.0;
    accumulators.out_of_pocket.0 += split.deductible.0 + split.copay.0 + split.coinsurance.0;
    accumulators.benefit.0 += split.payer.0;
    LineOutcome { split, reasons }
}

/// Takes `relief` off what the patient bears: first what the plan does not pay, then the steps of 4 from the last to
/// the first.
fn relieve(split: &mut Split, relief: Amount) {
    let mut relief = relief;
    for part in [&mut split.noncovered, &mut split.coinsurance, &mut split.copay, &mut split.deductible] {
        let taken = relief.min(*part);
        *part = part.minus(taken);
        relief = relief.minus(taken);
    }
}
