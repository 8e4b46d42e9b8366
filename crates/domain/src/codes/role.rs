//! In which role somebody acts.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/practitioner-role";
    /// In which role somebody acts: HL7 `practitioner-role`, with `researcher` and, from `organization-type`, `pay`.
    code Role;
    /// Several roles.
    set RoleSet(u16);
    Doctor = 0, "doctor", "Doctor";
    Nurse = 1, "nurse", "Nurse";
    Pharmacist = 2, "pharmacist", "Pharmacist";
    Researcher = 3, "researcher", "Researcher";
    Teacher = 4, "teacher", "Teacher/educator";
    Ict = 5, "ict", "ICT professional";
    Payer = 6, "pay", "Payer";
}
