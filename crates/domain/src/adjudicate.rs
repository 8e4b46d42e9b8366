//! Adjudication: how much of each line the plan pays, how much the patient bears, and why. Exact integer arithmetic.
//!
//! Per line and per claim `submitted = payer + patient + adjustment + prior payer`, and
//! `patient = deductible + copay + coinsurance + noncovered`.
//!
//! The lines of a claim are decided in their order: each sees what those before it used of the limits.

use crate::claim::Line;
use crate::codes::{Liability, Measure, Network, Reason, ReasonSet, Term};
use crate::counters::{Counted, Counters};
use crate::money::Amount;
use crate::plan::{CostShare, Limit, PlanTerms};
use crate::time::{Period, Timestamp};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What is known about a claim as a whole when it is adjudicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When the claim was submitted for the first time.
    pub filed: Timestamp,
    /// The member's coverage under the plan, if there is one.
    pub coverage: Option<Period>,
    /// Whether the coverage pays only after another one that has not decided yet.
    pub other_first: bool,
    /// Whether the provider is in the plan's network; [`Network::In`] where the plan has none.
    pub network: Network,
    /// Whether the provider is credentialed now.
    pub credentialed: bool,
    /// Whether the patient's consents permit the insurer's use for payment now.
    pub consented: bool,
    /// What an appeal set aside: of [`ReasonSet::APPEALABLE`].
    pub set_aside: ReasonSet,
}

/// What is known of a line's prior authorisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorisation {
    /// There is none, or it is not decided yet.
    Missing,
    /// The insurer refused it.
    Refused,
    /// So many units are authorised and not used yet.
    Granted(u32),
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
    /// Whether another claim claimed the same service before.
    pub duplicate: bool,
    /// What other claims left of its prior authorisation. It is asked for where the plan's [`crate::plan::Benefit::authorisation`] says so, only.
    pub authorisation: Authorisation,
}

/// Where the money of one line, or of a whole claim, goes: amounts in minor units, by the categories of the HL7
/// `adjudication` code system and CARIN BB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode)]
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
    /// What the patient bears of what the plan covers: what counts towards the out-of-pocket maximum.
    #[must_use]
    pub const fn cost_share(&self) -> Amount {
        // The parts of one charge: their sum is at most `submitted`.
        Amount(self.deductible.0 + self.copay.0 + self.coinsurance.0)
    }

    /// What the patient bears in all (`memberliability`).
    #[must_use]
    pub const fn patient(&self) -> Amount {
        Amount(self.cost_share().0.saturating_add(self.noncovered.0))
    }

    /// What the plan recognises of the charge (`eligible`).
    #[must_use]
    pub const fn allowed(&self) -> Amount {
        self.submitted.minus(self.adjustment)
    }

    /// Takes `relief` off what the patient bears: first what the plan does not pay, then the steps of 4 from the last to
    /// the first.
    fn relieve(&mut self, relief: Amount) {
        let mut relief = relief;
        for part in [&mut self.noncovered, &mut self.coinsurance, &mut self.copay, &mut self.deductible] {
            let taken = relief.min(*part);
            *part = part.minus(taken);
            relief = relief.minus(taken);
        }
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

impl Decode for Split {
    /// Field by field: as one array, which is a third of the code.
    fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
        let [submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer] =
            <[u128; 8]>::decode(input)?.map(Amount);
        Ok(Self { submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer })
    }
}

/// The outcome of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct LineOutcome {
    /// Where the money goes.
    pub split: Split,
    /// How many units the plan pays for; 0 of a denied line.
    pub quantity: u32,
    /// How many units of its prior authorisation it uses: none where the plan asks for none, or where an appeal set the want of
    /// one aside.
    pub authorised: u32,
    /// Why.
    pub reasons: ReasonSet,
}

impl LineOutcome {
    /// Whether the line was denied.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        self.reasons.deny()
    }

    /// Whether the line waits for its authorisation.
    #[must_use]
    pub const fn is_pended(&self) -> bool {
        self.reasons.contains(Reason::AuthorisationMissing)
    }

    /// Whether the line counts as claimed: it was neither denied nor pended, and the plan pays for a unit of it.
    #[must_use]
    pub const fn is_covered(&self) -> bool {
        self.quantity > 0
    }
}

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Adjudication {
    /// Line by line, in the order of the claim.
    pub lines: Vec<LineOutcome>,
    /// All lines together.
    pub total: Split,
}

impl Adjudication {
    /// Whether a line waits for its authorisation: then nothing of the claim is paid yet.
    #[must_use]
    pub fn is_pended(&self) -> bool {
        self.lines.iter().any(LineOutcome::is_pended)
    }
}

/// Adjudicates the lines of one claim, and adds what they use to `counters`. Of two lines with the same service on the same day the
/// second is a duplicate, if the plan pays for a unit of the first; lines of one procedure share its authorisation. The claim must
/// have passed [`crate::claim::Submission::validate`] and the terms [`PlanTerms::validate`].
#[must_use]
pub fn adjudicate(
    terms: &PlanTerms,
    standing: &Standing,
    counters: &mut Counters<'_>,
    mut lines: Vec<KnownLine>,
) -> Adjudication {
    let mut total = Split::default();
    let mut decided: Vec<LineOutcome> = Vec::with_capacity(lines.len());
    let mut rest = lines.as_mut_slice();
    while let Some((known, later)) = rest.split_first_mut() {
        let outcome = decide(terms, standing, counters, known);
        for other in later.iter_mut().filter(|other| other.line.code == known.line.code) {
            other.duplicate |= outcome.is_covered() && other.line.day == known.line.day;
            if let Authorisation::Granted(left) = &mut other.authorisation {
                *left = left.saturating_sub(outcome.authorised);
            }
        }
        total.add(&outcome.split);
        decided.push(outcome);
        rest = later;
    }
    Adjudication { lines: decided, total }
}

/// Takes back what a line used of the limits.
pub fn release(counters: &mut Counters<'_>, line: &Line, network: Network, outcome: &LineOutcome) {
    let counted = Counted { category: line.category, network, day: usize::from(line.day) };
    for (measure, amount) in &uses(outcome) {
        counters.take(*measure, counted, *amount);
    }
}

/// What a line uses, measure by measure.
fn uses(outcome: &LineOutcome) -> [(Measure, u128); 5] {
    let split = &outcome.split;
    [
        (Measure::Deductible, split.deductible.0),
        (Measure::OutOfPocket, split.cost_share().0),
        (Measure::Benefit, split.payer.0),
        (Measure::Services, u128::from(outcome.quantity > 0)),
        (Measure::Quantity, u128::from(outcome.quantity)),
    ]
}

fn decide(terms: &PlanTerms, standing: &Standing, counters: &mut Counters<'_>, known: &KnownLine) -> LineOutcome {
    let line = &known.line;
    let counted = Counted { category: line.category, network: standing.network, day: usize::from(line.day) };
    let share = match denial(terms, standing, counters, known, counted) {
        Ok(share) => share,
        Err(reason) => return denied(line, reason),
    };
    let outcome = covered(terms, standing, counters, known, counted, share);
    for (measure, amount) in &uses(&outcome) {
        counters.add(*measure, counted, *amount);
    }
    outcome
}

/// Steps 1 and 3, and what the plan covers: why the line is not paid at all, if so; else what the patient's share is.
fn denial(
    terms: &PlanTerms,
    standing: &Standing,
    counters: &Counters<'_>,
    known: &KnownLine,
    counted: Counted,
) -> Result<CostShare, Reason> {
    let benefit = terms.benefit(known.line.category);
    let set_aside = |reason| standing.set_aside.contains(reason);
    let share = match standing.network {
        Network::In => Some(benefit.in_network),
        Network::Out => benefit.out_of_network,
    };
    let coverage =
        standing.coverage.filter(|coverage| coverage.contains(known.date)).ok_or(Reason::CoverageInactive)?;
    let refused = match known.authorisation {
        Authorisation::Missing => Some(Reason::AuthorisationMissing),
        Authorisation::Refused => Some(Reason::AuthorisationRefused),
        Authorisation::Granted(_) => None,
    };
    let unauthorised = refused.filter(|_| benefit.authorisation);
    for (holds, reason) in &[
        (known.date < coverage.start.plus(benefit.waiting_period), Reason::WaitingPeriod),
        (!standing.credentialed, Reason::NotCredentialed),
        (!standing.consented, Reason::NoConsent),
        (known.duplicate, Reason::Duplicate),
        (known.date.plus(terms.deadlines.filing) < standing.filed, Reason::FilingDeadline),
        (!terms.covered.contains(known.line.category), Reason::NotCovered),
        (share.is_none(), Reason::OutOfNetwork),
        (standing.other_first, Reason::OtherPayerFirst),
        (counters.left(Measure::Services, counted) == Some(0), Reason::FrequencyLimit),
        (unauthorised.is_some(), unauthorised.unwrap_or(Reason::AuthorisationMissing)),
    ] {
        if *holds && !set_aside(*reason) {
            return Err(*reason);
        }
    }
    Ok(share.unwrap_or(benefit.in_network))
}

fn denied(line: &Line, reason: Reason) -> LineOutcome {
    let rest = line.submitted.minus(line.prior_paid);
    let mut split = Split { submitted: line.submitted, prior_payer: line.prior_paid, ..Split::default() };
    match reason.denial() {
        Some(Liability::Patient) => split.noncovered = rest,
        Some(Liability::Provider) | None => split.adjustment = rest,
    }
    LineOutcome { split, quantity: 0, authorised: 0, reasons: reason.into() }
}

/// Steps 2 to 7.
fn covered(
    terms: &PlanTerms,
    standing: &Standing,
    counters: &Counters<'_>,
    known: &KnownLine,
    counted: Counted,
    share: CostShare,
) -> LineOutcome {
    let line = &known.line;
    let benefit = terms.benefit(line.category);
    let set_aside = |reason| standing.set_aside.contains(reason);
    let mut reasons = ReasonSet::EMPTY;

    // 3. Of more units than are authorised or than the plan pays for, the charge counts in proportion.
    let granted = match known.authorisation {
        Authorisation::Granted(left) if benefit.authorisation => Some(left),
        _ => None,
    };
    let most =
        granted.filter(|_| !set_aside(Reason::AuthorisationExceeded)).unwrap_or(line.quantity).min(line.quantity);
    let left = counters.left(Measure::Quantity, counted).unwrap_or(u128::MAX);
    let quantity = u32::try_from(left).unwrap_or(u32::MAX).min(most);
    let charge = line.submitted.part(most, line.quantity);
    let eligible = line.submitted.part(quantity, line.quantity);

    // 2. The fee schedule; a price times a quantity that does not fit is above any charge.
    let fee = known.fee.filter(|_| !set_aside(Reason::FeeSchedule));
    let allowed = fee.and_then(|fee| fee.times(quantity)).map_or(eligible, |fee| fee.min(eligible));

    // 4. Deductible, then copay, then coinsurance on what is left.
    let open = if benefit.deductible { counters.left(Measure::Deductible, counted).unwrap_or(0) } else { 0 };
    let deductible = Amount(open).min(allowed);
    let after_deductible = allowed.minus(deductible);
    let copay = share.copay.min(after_deductible);
    let after_copay = after_deductible.minus(copay);
    let coinsurance = share.coinsurance.of(after_copay);
    let mut split = Split { submitted: line.submitted, deductible, copay, coinsurance, ..Split::default() };

    // 5. The out-of-pocket maximum caps the patient's share; the excess goes to the payer.
    let left = counters.left(Measure::OutOfPocket, counted).unwrap_or(u128::MAX);
    let above = split.patient().minus(Amount(left));
    if above > Amount::ZERO {
        split.relieve(above);
        reasons = reasons.with(Reason::OutOfPocketMaximum);
    }

    // 6. The benefit maximum caps the payer; the excess goes to the patient.
    let promised = allowed.minus(split.patient());
    let left = counters.left(Measure::Benefit, counted).unwrap_or(u128::MAX);
    split.payer = promised.min(Amount(left));
    split.noncovered = promised.minus(split.payer);

    // 7. A secondary payer pays at most what the first left of the allowed amount. What it paid goes to what the patient would
    // bear of that, then to the units that the plan does not pay for, then to the provider's adjustment.
    split.prior_payer = line.prior_paid;
    let open = allowed.minus(line.prior_paid);
    split.payer = split.payer.min(open);
    split.relieve(split.patient().minus(open.minus(split.payer)));
    let above_maximum = split.noncovered;
    let beyond = line.prior_paid.minus(allowed);
    let units = charge.minus(eligible);
    // The parts of one charge: their sum is at most `submitted`.
    split.noncovered = Amount(above_maximum.0.saturating_add(units.minus(beyond).0));
    let adjustment = line.submitted.minus(charge).0.saturating_add(eligible.minus(allowed).0);
    split.adjustment = Amount(adjustment).minus(beyond.minus(units));

    for (holds, reason) in &[
        (fee.is_some() && eligible > allowed, Reason::FeeSchedule),
        (most < line.quantity, Reason::AuthorisationExceeded),
        (quantity < most, Reason::QuantityLimit),
        (split.prior_payer > Amount::ZERO, Reason::PriorPayer),
        (split.deductible > Amount::ZERO, Reason::Deductible),
        (split.copay > Amount::ZERO, Reason::Copay),
        (split.coinsurance > Amount::ZERO, Reason::Coinsurance),
    ] {
        if *holds {
            reasons = reasons.with(*reason);
        }
    }
    if above_maximum > Amount::ZERO {
        let reached = counters.reached(Measure::Benefit, counted, left).into_iter().map(maximum);
        reasons = reached.fold(reasons, ReasonSet::with);
    }
    let authorised = granted.unwrap_or(0).min(quantity);
    LineOutcome { split, quantity, authorised, reasons }
}

/// What a limit on what the plan pays is called.
const fn maximum(limit: &Limit) -> Reason {
    match (limit.category, limit.term) {
        (Some(_), _) => Reason::CategoryMaximum,
        (None, Term::Annual) => Reason::BenefitMaximum,
        (None, Term::Day) => Reason::DayMaximum,
        (None, Term::Lifetime) => Reason::LifetimeMaximum,
    }
}
