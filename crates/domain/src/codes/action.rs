//! What is done with the data.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/consentaction";
    /// What is done with the data: HL7 `consentaction` (FHIR `Consent.provision.action`).
    code Action;
    /// Several actions; on a provision the empty set is "not named".
    set ActionSet(u8);
    Collect = 0, "collect", "Collect";
    Access = 1, "access", "Access";
    Use = 2, "use", "Use";
    Disclose = 3, "disclose", "Disclose";
    Correct = 4, "correct", "Access and Correct";
}
