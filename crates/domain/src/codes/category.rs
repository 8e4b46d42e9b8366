//! The kind of benefit that a claim line falls under.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/ex-benefitcategory";
    /// The kind of benefit that a claim line falls under: HL7 `ex-benefitcategory` (FHIR `Claim.item.category`).
    code Category;
    /// Several categories.
    set CategorySet(u32);
    MedicalCare = 0, "1", "Medical Care";
    Surgical = 1, "2", "Surgical";
    Consultation = 2, "3", "Consultation";
    DiagnosticXray = 3, "4", "Diagnostic XRay";
    DiagnosticLab = 4, "5", "Diagnostic Lab";
    RenalSupplies = 5, "14", "Renal Supplies";
    DiagnosticDental = 6, "23", "Diagnostic Dental";
    Periodontics = 7, "24", "Periodontics";
    Restorative = 8, "25", "Restorative";
    Endodontics = 9, "26", "Endodontics";
    MaxillofacialProsthetics = 10, "27", "Maxillofacial Prosthetics";
    AdjunctiveDental = 11, "28", "Adjunctive Dental Services";
    HealthBenefitPlanCoverage = 12, "30", "Health Benefit Plan Coverage";
    DentalCare = 13, "35", "Dental Care";
    DentalCrowns = 14, "36", "Dental Crowns";
    DentalAccident = 15, "37", "Dental Accident";
    HospitalRoomAndBoard = 16, "49", "Hospital Room and Board";
    MajorMedical = 17, "55", "Major Medical";
    MedicallyRelatedTransportation = 18, "56", "Medically Related Transportation";
    InVitroFertilization = 19, "61", "In-vitro Fertilization";
    MriScan = 20, "62", "MRI Scan";
    DonorProcedures = 21, "63", "Donor Procedures";
    Maternity = 22, "69", "Maternity";
    RenalDialysis = 23, "76", "Renal Dialysis";
    MedicalCoverage = 24, "F1", "Medical Coverage";
    DentalCoverage = 25, "F3", "Dental Coverage";
    HearingCoverage = 26, "F4", "Hearing Coverage";
    VisionCoverage = 27, "F6", "Vision Coverage";
}
