//! What reasons and amounts are called in other people's code systems.
//!
//! # Amounts
//!
//! Every part of a [`Split`] is one amount, on lines and in totals. HL7's `adjudication` has too few categories; CARIN Blue
//! Button's `C4BBAdjudication` (<http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication>) complements it.
//!
//! | amount | code | code system |
//! |---|---|---|
//! | `submitted` | `submitted` | HL7 `adjudication` |
//! | `allowed()` | `eligible` | HL7 `adjudication` |
//! | `adjustment` | `discount` | `C4BBAdjudication` |
//! | `prior_payer` | `priorpayerpaid` | `C4BBAdjudication` |
//! | `deductible` | `deductible` | HL7 `adjudication` |
//! | `copay` | `copay` | HL7 `adjudication` |
//! | `coinsurance` | `coinsurance` | `C4BBAdjudication` |
//! | `noncovered` | `noncovered` | `C4BBAdjudication` |
//! | `patient()` | `memberliability` | `C4BBAdjudication` |
//! | `payer` | `benefit` | HL7 `adjudication` |
//! | what was paid, in totals only | `paidtoprovider` | `C4BBAdjudication` |
//!
//! `submitted = benefit + memberliability + discount + priorpayerpaid`, and
//! `memberliability = deductible + copay + coinsurance + noncovered`.
//!
//! # Reasons
//!
//! A reason is written with our own code (`https://salus.health/CodeSystem/adjudication-reason`, one for each cause), with X12's
//! group and claim adjustment reason code, where these say too little with a remark code, and with HL7's
//! `adjudication-reason` where it has one. The sources are X12's external code lists
//! <https://x12.org/codes/claim-adjustment-reason-codes>, <https://x12.org/codes/claim-adjustment-group-codes> and
//! <https://x12.org/codes/remittance-advice-remark-codes>, and <http://terminology.hl7.org/CodeSystem/adjudication-reason>, which
//! has two codes. X12's texts are X12's own, so that its codings have no `display`.
//!
//! | reason | group | X12 | remark | HL7 |
//! |---|---|---|---|---|
//! | `coverage-inactive` | PR | 27 | | `ar001` |
//! | `waiting-period` | PR | 179 | | |
//! | `not-credentialed` | CO | B7 | | |
//! | `no-consent` | CO | 272 | N28 | |
//! | `duplicate` | OA | 18 | | |
//! | `not-covered` | PR | 204 | | `ar001` |
//! | `fee-schedule` | CO | 45 | | |
//! | `deductible` | PR | 1 | | |
//! | `copay` | PR | 3 | | |
//! | `coinsurance` | PR | 2 | | |
//! | `out-of-pocket-maximum` | | | | |
//! | `benefit-maximum` | PR | 119 | | `ar002` |
//! | `prior-payer` | OA | 23 | | |
//! | `filing-deadline` | CO | 29 | | |
//! | `out-of-network` | PR | 242 | | |
//! | `other-payer-first` | CO | 22 | | |
//! | `authorisation-refused` | CO | 39 | | |
//! | `authorisation-missing` | OA | 197 | | |
//! | `authorisation-exceeded` | CO | 198 | | |
//! | `frequency-limit` | PR | 119 | N640 | `ar002` |
//! | `quantity-limit` | PR | 119 | N362 | `ar002` |
//! | `category-maximum` | PR | 119 | | `ar002` |
//! | `day-maximum` | PR | 119 | | `ar002` |
//! | `lifetime-maximum` | PR | 35 | | `ar002` |
//!
//! - The group is the one of [`Reason::denial`]: PR where the patient bears it, CO where the provider does. X12 lets 18 and 23
//!   be used with OA only; a line that waits (197) is nobody's yet.
//! - 27 is X12's for services after a coverage. It has another one (26) for services before it; our reason does not tell
//!   which.
//! - 204 (not covered by this plan) says more than 96 (not covered), which may not stand without a remark.
//! - Limits of the plan are 119: what it pays for in a period is used up. 151 is a judgement on what was submitted, and 222
//!   is expressly not about one patient.
//! - X12 has no code for a patient who need not pay more: nothing is taken off then. Nor has it one for a missing
//!   consent to payment: 272 says that the plan's conditions were not met, and N28 which.
//!
//! [`Split`]: salus_domain::adjudicate::Split

use crate::code::{codes, Code, Concept};
use salus_domain::codes::{Measure, Reason};

/// Who bears an adjustment: X12's claim adjustment group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// PR: the patient bears it.
    PatientResponsibility,
    /// CO: the provider bears it, and may not bill the patient for it.
    ContractualObligation,
    /// OA: neither of them.
    OtherAdjustment,
}

impl Group {
    /// As X12 writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PatientResponsibility => "PR",
            Self::ContractualObligation => "CO",
            Self::OtherAdjustment => "OA",
        }
    }
}

/// An adjustment as X12 tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Who bears it.
    pub group: Group,
    /// The claim adjustment reason code.
    pub reason: &'static str,
    /// The remittance advice remark code that makes it more precise.
    pub remark: Option<&'static str>,
}

/// What X12 calls a reason; `None` where it has no code for it. See the table of the [module](self).
#[must_use]
pub const fn x12(reason: Reason) -> Option<Adjustment> {
    use Group::{ContractualObligation as CO, OtherAdjustment as OA, PatientResponsibility as PR};
    let (group, code, remark) = match reason {
        Reason::CoverageInactive => (PR, "27", None),
        Reason::WaitingPeriod => (PR, "179", None),
        Reason::NotCredentialed => (CO, "B7", None),
        Reason::NoConsent => (CO, "272", Some("N28")),
        Reason::Duplicate => (OA, "18", None),
        Reason::NotCovered => (PR, "204", None),
        Reason::FeeSchedule => (CO, "45", None),
        Reason::Deductible => (PR, "1", None),
        Reason::Copay => (PR, "3", None),
        Reason::Coinsurance => (PR, "2", None),
        Reason::OutOfPocketMaximum => return None,
        Reason::BenefitMaximum | Reason::CategoryMaximum | Reason::DayMaximum => (PR, "119", None),
        Reason::PriorPayer => (OA, "23", None),
        Reason::FilingDeadline => (CO, "29", None),
        Reason::OutOfNetwork => (PR, "242", None),
        Reason::OtherPayerFirst => (CO, "22", None),
        Reason::AuthorisationRefused => (CO, "39", None),
        Reason::AuthorisationMissing => (OA, "197", None),
        Reason::AuthorisationExceeded => (CO, "198", None),
        Reason::FrequencyLimit => (PR, "119", Some("N640")),
        Reason::QuantityLimit => (PR, "119", Some("N362")),
        Reason::LifetimeMaximum => (PR, "35", None),
    };
    Some(Adjustment { group, reason: code, remark })
}

/// The code of HL7 `adjudication-reason` for a reason, where there is one.
const fn hl7(reason: Reason) -> Option<Code> {
    match reason {
        Reason::CoverageInactive | Reason::NotCovered => Some(NOT_COVERED),
        Reason::BenefitMaximum
        | Reason::CategoryMaximum
        | Reason::DayMaximum
        | Reason::LifetimeMaximum
        | Reason::FrequencyLimit
        | Reason::QuantityLimit => Some(PLAN_LIMIT_REACHED),
        _ => None,
    }
}

/// A reason with all its codings. X12's have no text: it is not ours to repeat.
pub(super) fn reason(reason: Reason) -> Concept {
    let x12 = x12(reason).into_iter().flat_map(|adjustment| {
        let group = Code::bare("https://x12.org/codes/claim-adjustment-group-codes", adjustment.group.code());
        let code = Code::bare("https://x12.org/codes/claim-adjustment-reason-codes", adjustment.reason);
        let remark =
            adjustment.remark.map(|code| Code::bare("https://x12.org/codes/remittance-advice-remark-codes", code));
        [group, code].into_iter().chain(remark)
    });
    std::iter::once(Code::from(reason)).chain(x12).chain(hl7(reason)).collect()
}

/// What a limit counts: our own code, and HL7's `benefit-type` where it has one.
pub(super) fn measure(measure: Measure) -> Concept {
    let hl7 = match measure {
        Measure::Deductible => Some(BENEFIT_DEDUCTIBLE),
        Measure::Benefit => Some(BENEFIT_MAXIMUM),
        Measure::Services => Some(BENEFIT_VISIT),
        Measure::OutOfPocket | Measure::Quantity => None,
    };
    hl7.into_iter().chain([Code::from(measure)]).collect()
}

codes! {
    "http://terminology.hl7.org/CodeSystem/adjudication" {
        SUBMITTED = "submitted", "Submitted Amount";
        ELIGIBLE = "eligible", "Eligible Amount";
        DEDUCTIBLE = "deductible", "Deductible";
        COPAY = "copay", "CoPay";
        BENEFIT = "benefit", "Benefit Amount";
    }
    "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication" {
        DISCOUNT = "discount", "Discount";
        PRIOR_PAYER_PAID = "priorpayerpaid", "Prior payer paid";
        COINSURANCE = "coinsurance", "Co-insurance";
        NONCOVERED = "noncovered", "Noncovered";
        MEMBER_LIABILITY = "memberliability", "Member liability";
        PAID_TO_PROVIDER = "paidtoprovider", "Paid to provider";
    }
    "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudicationDiscriminator" {
        ADJUSTMENT_REASON = "adjustmentreason", "Adjustment Reason";
        ALLOWED_UNITS = "allowedunits", "allowed units";
        BENEFIT_PAYMENT_STATUS = "benefitpaymentstatus", "Benefit Payment Status";
    }
    "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBPayerAdjudicationStatus" {
        IN_NETWORK = "innetwork", "In Network";
        OUT_OF_NETWORK = "outofnetwork", "Out Of Network";
        NO_NETWORK = "other", "Other";
    }
    "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType" {
        UNIQUE_CLAIM_ID = "uc", "Unique Claim ID";
    }
    "http://terminology.hl7.org/CodeSystem/adjudication-reason" {
        NOT_COVERED = "ar001", "Not covered";
        PLAN_LIMIT_REACHED = "ar002", "Plan Limit Reached";
    }
    "http://terminology.hl7.org/CodeSystem/benefit-type" {
        BENEFIT_MAXIMUM = "benefit", "Benefit";
        BENEFIT_DEDUCTIBLE = "deductible", "Deductible";
        BENEFIT_VISIT = "visit", "Visit";
        BENEFIT_COPAY = "copay", "Copayment per service";
        BENEFIT_COPAY_PERCENT = "copay-percent", "Copayment Percent per service";
    }
    "http://terminology.hl7.org/CodeSystem/claim-type" {
        INSTITUTIONAL = "institutional", "Institutional";
        ORAL = "oral", "Oral";
        PHARMACY = "pharmacy", "Pharmacy";
        PROFESSIONAL = "professional", "Professional";
        VISION = "vision", "Vision";
    }
    "http://terminology.hl7.org/CodeSystem/payeetype" {
        PROVIDER = "provider", "Provider";
    }
    "http://terminology.hl7.org/CodeSystem/ex-paymenttype" {
        PAID_IN_FULL = "complete", "Complete";
        PAID_IN_PART = "partial", "Partial";
    }
    "http://terminology.hl7.org/CodeSystem/payment-adjustment-reason" {
        PRIOR_PAYMENT_REVERSAL = "a001", "Prior Payment Reversal";
    }
    "http://terminology.hl7.org/CodeSystem/data-absent-reason" {
        MASKED = "masked", "Masked";
    }
    "urn:ietf:bcp:47" {
        BRITISH_ENGLISH = "en-GB", "English (Great Britain)";
    }
}
