//! How confidential the data is.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    /// How confidential the data is: v3-Confidentiality, ordered U < L < M < N < R < V.
    code Confidentiality;
    /// Several levels; on a provision the empty set is "not named".
    set ConfidentialitySet(u8);
    U = 0, "U", "unrestricted";
    L = 1, "L", "low";
    M = 2, "M", "moderate";
    N = 3, "N", "normal";
    R = 4, "R", "restricted";
    V = 5, "V", "very restricted";
}

impl ConfidentialitySet {
    /// `level` and all below it. A permit that names a level reaches up to it: FHIR R4 `Consent.provision.securityLabel`
    /// makes confidentiality a high-water mark.
    #[must_use]
    pub const fn up_to(level: Confidentiality) -> Self {
        Self((2 << level as u8) - 1)
    }

    /// `level` and all above it: what a deny that names a level keeps back.
    #[must_use]
    pub const fn from_level(level: Confidentiality) -> Self {
        Self(Self::ALL.0 & !((1 << level as u8) - 1))
    }
}
