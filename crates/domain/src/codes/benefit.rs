//! What a limit of a plan counts, for whom, for how long, and where: HL7's codes for benefits.

super::codes! {
    system "https://salus.health/CodeSystem/limit-measure";
    /// What a limit counts. The first three are amounts (HL7 `benefit-type`: `deductible`, `benefit`; `out-of-pocket` is a name
    /// of FHIR InsurancePlan's `plan.generalCost`), the others are numbers (`visit` and what a quantity counts).
    code Measure;
    /// Several measures.
    set MeasureSet(u8);
    Deductible = 0, "deductible", "What the patient bears before the plan pays anything";
    OutOfPocket = 1, "out-of-pocket", "What the patient bears of deductible, copay and coinsurance";
    Benefit = 2, "benefit", "What the plan pays";
    Services = 3, "services", "How many lines the plan pays for";
    Quantity = 4, "quantity", "How many units the plan pays for";
}

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/benefit-unit";
    /// Whose use counts: HL7 `benefit-unit`.
    code Unit;
    /// Several units.
    set UnitSet(u8);
    Individual = 0, "individual", "Individual";
    Family = 1, "family", "Family";
}

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/benefit-term";
    /// For how long use adds up: HL7 `benefit-term`. The annual term is one coverage, which lasts a year at most.
    code Term;
    /// Several terms.
    set TermSet(u8);
    Annual = 0, "annual", "Annual";
    Day = 1, "day", "Day";
    Lifetime = 2, "lifetime", "Lifetime";
}

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/benefit-network";
    /// Whether the provider has a contract with the insurer: HL7 `benefit-network`.
    code Network;
    /// Both, or one.
    set NetworkSet(u8);
    In = 0, "in", "In Network";
    Out = 1, "out", "Out of Network";
}
