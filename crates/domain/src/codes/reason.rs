//! Why a line was adjudicated as it was.

super::codes! {
    system "https://salus.health/CodeSystem/adjudication-reason";
    /// Why a line was adjudicated as it was: one code per cause. Those with a [`Reason::denial`] deny the line, one pends the
    /// claim, and the others say where a part of the money went.
    code Reason;
    /// Several reasons.
    set ReasonSet(u32);
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
    BenefitMaximum = 11, "benefit-maximum", "The plan's share reached the benefit maximum of the coverage";
    PriorPayer = 12, "prior-payer", "Another insurer paid before";
    FilingDeadline = 13, "filing-deadline", "The claim was made too long after the service";
    OutOfNetwork = 14, "out-of-network", "The plan does not pay providers outside of its network";
    OtherPayerFirst = 15, "other-payer-first", "Another insurer has to decide before this one, and did not";
    AuthorisationRefused = 16, "authorisation-refused", "The insurer refused the prior authorisation";
    AuthorisationMissing = 17, "authorisation-missing", "The plan asks for prior authorisation, which is not there yet";
    AuthorisationExceeded = 18, "authorisation-exceeded", "More was given than was authorised";
    FrequencyLimit = 19, "frequency-limit", "The plan pays for no more services of this kind";
    QuantityLimit = 20, "quantity-limit", "The plan pays for no more units of this kind";
    CategoryMaximum = 21, "category-maximum", "The plan's share reached the maximum for this category of benefit";
    DayMaximum = 22, "day-maximum", "The plan's share reached the maximum for one day";
    LifetimeMaximum = 23, "lifetime-maximum", "The plan's share reached the lifetime maximum";
}

/// Who bears what is not paid of a denied line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// The patient: the plan never promised it (X12 claim adjustment group PR).
    Patient,
    /// The provider: it must not be billed to the patient (X12 claim adjustment group CO).
    Provider,
}

impl ReasonSet {
    /// The reasons that deny a line which the patient bears then.
    const DENIED_TO_PATIENT: Self = Self::of(&[
        Reason::CoverageInactive,
        Reason::WaitingPeriod,
        Reason::NotCovered,
        Reason::OutOfNetwork,
        Reason::FrequencyLimit,
    ]);
    /// The reasons that deny a line which the provider bears then.
    const DENIED_TO_PROVIDER: Self = Self::of(&[
        Reason::NotCredentialed,
        Reason::NoConsent,
        Reason::Duplicate,
        Reason::FilingDeadline,
        Reason::OtherPayerFirst,
        Reason::AuthorisationRefused,
    ]);
    /// The reasons that an appeal can set aside: judgements. A patient's consent, the dates of a coverage, the limits of a plan and
    /// what was paid before are facts: where they have changed, an appeal sees that without setting anything aside.
    pub const APPEALABLE: Self = Self::of(&[
        Reason::WaitingPeriod,
        Reason::NotCredentialed,
        Reason::NotCovered,
        Reason::FeeSchedule,
        Reason::FilingDeadline,
        Reason::OutOfNetwork,
        Reason::OtherPayerFirst,
        Reason::AuthorisationRefused,
        Reason::AuthorisationMissing,
        Reason::AuthorisationExceeded,
    ]);

    /// Whether a line with these reasons was denied.
    #[must_use]
    pub const fn deny(self) -> bool {
        self.intersects(Self::DENIED_TO_PATIENT.union(Self::DENIED_TO_PROVIDER))
    }
}

impl Reason {
    /// Who bears a line that is denied for this reason; `None` where the reason does not deny.
    #[must_use]
    pub const fn denial(self) -> Option<Liability> {
        if ReasonSet::DENIED_TO_PATIENT.contains(self) {
            Some(Liability::Patient)
        } else if ReasonSet::DENIED_TO_PROVIDER.contains(self) {
            Some(Liability::Provider)
        } else {
            None
        }
    }
}
