//! Why a line was adjudicated as it was.

super::codes! {
    system "https://salus.health/CodeSystem/adjudication-reason";
    /// Why a line was adjudicated as it was: one code per cause. The first six deny the line, the others say where a
    /// part of the money went.
    code Reason;
    /// Several reasons.
    set ReasonSet(u16);
    CoverageInactive = 0, "coverage-inactive", "The coverage was not in force on the day of the service";
    WaitingPeriod = 1, "waiting-period", "The waiting period was not over on the day of the service";
    NotCredentialed = 2, "not-credentialed", "The provider was not credentialed when the claim was made";
    NoConsent = 3, "no-consent", "The patient's consent does not let the insurer use the data for payment";
    Duplicate = 4, "duplicate", "The same service was claimed before";
    NotCovered = 5, "not-covered", "The plan does not cover this category of benefit";
    FeeSchedule = 6, "fee-schedule", "More was charged than the fee schedule allows";
    Deductible = 7, "deductible", "The deductible was not used up";
    Copay = 8, "copay", "The plan asks for a copayment";
    Coinsurance = 9, "coinsurance", "The plan asks for coinsurance";
    OutOfPocketMaximum = 10, "out-of-pocket-maximum", "The patient's share reached the out-of-pocket maximum";
    BenefitMaximum = 11, "benefit-maximum", "The plan's share reached the benefit maximum";
    PriorPayer = 12, "prior-payer", "Another insurer paid before";
}

/// Who bears what is not paid of a denied line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// The patient: the plan never promised it (X12 claim adjustment group PR).
    Patient,
    /// The provider: it must not be billed to the patient (X12 claim adjustment group CO).
    Provider,
}

impl Reason {
    /// Who bears a line that is denied for this reason; `None` where the reason does not deny.
    #[must_use]
    pub const fn denial(self) -> Option<Liability> {
        match self {
            Self::CoverageInactive | Self::WaitingPeriod | Self::NotCovered => Some(Liability::Patient),
            Self::NotCredentialed | Self::NoConsent | Self::Duplicate => Some(Liability::Provider),
            _ => None,
        }
    }
}
