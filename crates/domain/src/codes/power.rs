//! What a proxy may do for a patient.

super::codes! {
    system "urn:salus:proxy-power";
    /// What a proxy may do for a patient, with consents and records. No published code system has these; who is a proxy and why (guardian,
    /// holder of a power of attorney, …) is `v3-RoleCode` and stays off the chain.
    code Power;
    /// Several powers.
    set PowerSet(u8);
    Record = 0, "record", "record consents";
    Amend = 1, "amend", "amend consents";
    Revoke = 2, "revoke", "revoke consents";
    Answer = 3, "answer", "accept and reject proposals";
    Records = 4, "records", "erase records and dispute emergencies";
}
