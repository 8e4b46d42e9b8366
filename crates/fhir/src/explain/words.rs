//! What was decided, in plain words for the patient: what was billed, what the plan paid, what is owed and why.
//!
//! Each reason is one sentence. Amounts are written with their currency: `USD 12.50`.

use super::{Appeal, AuthorisationAnswer, Decided, DecidedLine, NotExplained, Status};
use crate::decimal::Asset;
use jiff::tz::TimeZone;
use salus_domain::adjudicate::Split;
use salus_domain::codes::{Category, Reason};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;

/// What is to be said about a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// About the claim as a whole: one paragraph.
    pub claim: String,
    /// About each line, in order: its number, and one paragraph.
    pub lines: Vec<(u32, String)>,
}

/// Puts what was decided about a claim into words.
///
/// # Errors
/// [`NotExplained::NoLines`], [`NotExplained::RepeatedSequence`], [`NotExplained::Sums`].
pub fn explain(decided: &Decided) -> Result<Words, NotExplained> {
    decided.check()?;
    let lines = decided.lines.iter().map(|line| (line.sequence, line_words(decided, line))).collect();
    Ok(Words { claim: claim_words(decided), lines })
}

/// One sentence that says a reason, with the amount of `split` that it is about.
#[must_use]
pub fn sentence(reason: Reason, split: &Split, asset: &Asset) -> String {
    let money = |amount| money(amount, asset);
    let text = match reason {
        Reason::Deductible => {
            return format!(
                "{} is your deductible: what you pay yourself before the plan begins to pay.",
                money(split.deductible)
            );
        }
        Reason::Copay => {
            return format!("{} is the fixed charge that you pay for each such service.", money(split.copay))
        }
        Reason::Coinsurance => {
            return format!("{} is the percentage of the cost that falls to you.", money(split.coinsurance));
        }
        Reason::PriorPayer => "Another insurer comes first, and the plan pays only towards what that one left.",
        Reason::CoverageInactive => "You were not insured under this plan on that day.",
        Reason::WaitingPeriod => "On that day you still had to wait until the plan pays for such a service.",
        Reason::NotCredentialed => {
            "The provider was not recognised when it sent the bill, and may not charge you for this."
        }
        Reason::NoConsent => {
            "You have not allowed the insurer to use your data for payment; the provider may not charge you for this."
        }
        Reason::Duplicate => "The same service was billed before, and you need not pay for it twice.",
        Reason::NotCovered => "Your plan does not pay for this kind of care.",
        Reason::FeeSchedule => "The provider charged more than the price that the plan accepts.",
        // Of what the plan does not pay it takes nothing over.
        Reason::OutOfPocketMaximum if split.noncovered > Amount::ZERO => {
            "You have reached the most that you have to pay yourself of what the plan pays for."
        }
        Reason::OutOfPocketMaximum => {
            "You have reached the most that you have to pay yourself, so the plan takes over the rest of your share."
        }
        Reason::BenefitMaximum => "The plan has paid the most that it pays during this insurance.",
        Reason::FilingDeadline => "The provider sent the bill too late, and may not charge you for this.",
        Reason::OutOfNetwork => "Your plan pays only providers that it works with, and this is not one of them.",
        Reason::OtherPayerFirst => {
            "Another insurer of yours has to decide first, and has not; the provider may not charge you for this."
        }
        Reason::AuthorisationRefused => {
            "The insurer did not agree to this service beforehand, and the provider may not charge you for it."
        }
        Reason::AuthorisationMissing => "The insurer has to agree to this service first, and has not yet.",
        Reason::AuthorisationExceeded => {
            "More was done than the insurer agreed to, and the provider may not charge you for the rest."
        }
        Reason::FrequencyLimit => "You have had this kind of care as often as the plan pays for it.",
        Reason::QuantityLimit => "You were given more of this than the plan pays for.",
        Reason::CategoryMaximum => "The plan has paid the most that it pays for this kind of care.",
        Reason::DayMaximum => "The plan has paid the most that it pays for one day.",
        Reason::LifetimeMaximum => "The plan has paid the most that it ever pays.",
    };
    text.to_owned()
}

/// Where a claim stands: one to three sentences, also for the provider.
#[must_use]
pub fn disposition(decided: &Decided) -> String {
    let stands = match decided.status {
        Status::AwaitsFunds => "This claim is waiting: the plan does not have the money for it at the moment.",
        Status::AwaitsAuthorisation => "This claim is waiting until the insurer agrees to a service.",
        Status::Adjudicated if decided.total.payer == Amount::ZERO => {
            "This claim is decided, and the plan has nothing to pay."
        }
        Status::Adjudicated => "This claim is decided, and the plan still has to pay.",
        Status::Settled => "This claim is decided and paid.",
        Status::Reversed => "This claim was taken back: what was decided no longer counts.",
    };
    let appeal = match decided.appeal {
        Appeal::None => None,
        Appeal::Open => Some("Somebody has appealed against the decision, and it may change."),
        Appeal::Upheld => Some("There was an appeal, and the decision was found to be right."),
        Appeal::Overturned => Some("There was an appeal, and the claim was decided anew."),
    };
    let next = "It was passed on to the next insurer, whose explanation says what is owed in the end.";
    let next = decided.passed_on.then_some(next);
    [Some(stands), appeal, next].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How a request for prior authorisation stands: one sentence or two.
#[must_use]
pub fn authorisation(answer: AuthorisationAnswer) -> String {
    let on = |time| date(time).map_or_else(String::new, |date| format!(" on {date}"));
    match answer {
        AuthorisationAnswer::Requested { quantity, deadline } => format!(
            "The insurer was asked to agree to {}, and has not decided. Without an answer it counts as agreed{}.",
            units(quantity),
            on(deadline)
        ),
        AuthorisationAnswer::Granted { quantity, until } => {
            format!("The insurer agrees to {}. This ends{}.", units(quantity), on(until))
        }
        AuthorisationAnswer::Refused => String::from("The insurer does not agree."),
    }
}

fn line_words(decided: &Decided, line: &DecidedLine) -> String {
    let Decided { asset, status, .. } = decided;
    let split = &line.outcome.split;
    let what = care(line.category);
    let when = date(line.date).map_or_else(String::new, |date| format!(" on {date}"));
    let mut said = Vec::from([format!("{what}{when}: {} was billed.", money(split.submitted, asset))]);
    // Of a claim that waits for an agreement, what it would come to is not known.
    if *status != Status::AwaitsAuthorisation {
        said.extend(amounts(decided, split));
        if split.noncovered > Amount::ZERO {
            said.push(format!("{} of your share is not covered.", money(split.noncovered, asset)));
        }
    }
    let waits = *status == Status::AwaitsAuthorisation;
    let reasons = line.outcome.reasons.iter().filter(|reason| !waits || *reason == Reason::AuthorisationMissing);
    said.extend(reasons.map(|reason| sentence(reason, split, asset)));
    said.join(" ")
}

fn claim_words(decided: &Decided) -> String {
    let Decided { asset, status, total, .. } = decided;
    let services = match decided.lines.len() {
        1 => String::from("one service"),
        many => format!("{many} services"),
    };
    let mut said = Vec::from([format!("{} was billed for {services}.", money(total.submitted, asset))]);
    said.push(disposition(decided));
    if *status != Status::AwaitsAuthorisation {
        said.extend(amounts(decided, total));
    }
    if status.is_pended() {
        said.push(String::from("Nothing is decided yet, and you need not pay anything for now."));
    }
    if let Some(payment) = decided.payment.filter(|payment| payment.amount > Amount::ZERO) {
        match status {
            Status::Adjudicated => said.push(format!("So far the plan has paid {}.", money(payment.amount, asset))),
            Status::Reversed => {
                // Debts are one sum for each provider: what of it was paid back is not known.
                said.push(format!("The provider had to pay {} back to the plan.", money(payment.amount, asset)));
            }
            Status::AwaitsFunds | Status::AwaitsAuthorisation | Status::Settled => {}
        }
    }
    said.join(" ")
}

/// What a category is, in everyday words.
const fn care(category: Category) -> &'static str {
    match category {
        Category::MedicalCare | Category::MedicalCoverage => "Medical care",
        Category::MajorMedical => "Major medical care",
        Category::HealthBenefitPlanCoverage => "Health care",
        Category::Surgical => "Surgery",
        Category::Consultation => "Consultation",
        Category::DiagnosticXray => "X-ray",
        Category::MriScan => "MRI scan",
        Category::DiagnosticLab => "Laboratory test",
        Category::RenalSupplies => "Supplies for kidney patients",
        Category::RenalDialysis => "Dialysis",
        Category::DonorProcedures => "Care of a donor",
        Category::Maternity => "Maternity care",
        Category::InVitroFertilization => "Fertility treatment",
        Category::HospitalRoomAndBoard => "Hospital stay",
        Category::MedicallyRelatedTransportation => "Patient transport",
        Category::DiagnosticDental => "Dental examination",
        Category::Periodontics => "Treatment of the gums",
        Category::Restorative => "Filling or other repair of teeth",
        Category::Endodontics => "Root canal treatment",
        Category::MaxillofacialProsthetics => "Replacement in the face or jaw",
        Category::AdjunctiveDental => "Other dental service",
        Category::DentalCare | Category::DentalCoverage => "Dental care",
        Category::DentalCrowns => "Dental crown",
        Category::DentalAccident => "Dental care after an accident",
        Category::HearingCoverage => "Hearing care",
        Category::VisionCoverage => "Eye care",
    }
}

/// Who pays what. What the next insurer makes of the rest is its own to tell.
fn amounts(decided: &Decided, split: &Split) -> Vec<String> {
    let money = |amount| money(amount, &decided.asset);
    let (plan, you, provider) = match decided.status {
        Status::AwaitsFunds | Status::AwaitsAuthorisation => {
            ("As it stands, the plan would pay", "You would owe", "The provider could not charge you")
        }
        Status::Adjudicated => ("The plan pays", "You owe", "The provider may not charge you"),
        Status::Settled => ("The plan paid", "You owe", "The provider may not charge you"),
        Status::Reversed => ("The plan was to pay", "You were to owe", "The provider was not to charge you"),
    };
    let you = match (decided.passed_on, decided.status) {
        (false, _) => you,
        (true, Status::Reversed) => "What was left for the next insurer and you was",
        (true, _) => "What is left for the next insurer and you is",
    };
    let mut said = Vec::from([format!("{plan} {}.", money(split.payer)), format!("{you} {}.", money(split.patient()))]);
    if split.prior_payer > Amount::ZERO {
        said.push(format!("Another insurer paid {}.", money(split.prior_payer)));
    }
    if split.adjustment > Amount::ZERO {
        said.push(format!("{provider} the other {}.", money(split.adjustment)));
    }
    said
}

fn money(amount: Amount, asset: &Asset) -> String {
    format!("{} {}", asset.currency, asset.format(amount))
}

fn units(quantity: u32) -> String {
    match quantity {
        1 => String::from("one unit"),
        many => format!("{many} units"),
    }
}

/// `30 September 2026`, the day in UTC; `None` after the year 9999.
pub(super) fn date(time: Timestamp) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(time.0).ok()?).ok()?;
    Some(time.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string())
}
