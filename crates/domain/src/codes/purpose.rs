//! What the data is used for.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    /// Purpose of use: the tree below `PurposeOfUse` in v3-ActReason. What names a purpose covers its descendants.
    code Purpose;
    /// Several purposes; on a provision the empty set is "not named".
    set PurposeSet(u64);
    Treat = 0, "TREAT", "treatment";
    Clintrl = 1, "CLINTRL", "clinical trial", under Treat;
    Coc = 2, "COC", "coordination of care", under Treat;
    Etreat = 3, "ETREAT", "emergency treatment", under Treat;
    Btg = 4, "BTG", "break the glass", under Etreat;
    Ertreat = 5, "ERTREAT", "emergency room treatment", under Etreat;
    Pophlth = 6, "POPHLTH", "population health", under Treat;
    Hpaymt = 7, "HPAYMT", "healthcare payment";
    Clmattch = 8, "CLMATTCH", "claim attachment", under Hpaymt;
    Covauth = 9, "COVAUTH", "coverage authorization", under Hpaymt;
    Coverage = 10, "COVERAGE", "coverage under policy or program", under Hpaymt;
    Eligdtrm = 11, "ELIGDTRM", "eligibility determination", under Coverage;
    Eligver = 12, "ELIGVER", "eligibility verification", under Coverage;
    Enrollm = 13, "ENROLLM", "enrollment", under Coverage;
    Remitadv = 14, "REMITADV", "remittance advice", under Hpaymt;
    Hoperat = 15, "HOPERAT", "healthcare operations";
    Donat = 16, "DONAT", "donation", under Hoperat;
    Fraud = 17, "FRAUD", "fraud", under Hoperat;
    Gov = 18, "GOV", "government", under Hoperat;
    Hlegal = 19, "HLEGAL", "legal", under Hoperat;
    Houtcoms = 20, "HOUTCOMS", "health outcome measure", under Hoperat;
    Hqualimp = 21, "HQUALIMP", "health quality improvement", under Hoperat;
    Patadmin = 22, "PATADMIN", "patient administration", under Hoperat;
    Patsfty = 23, "PATSFTY", "patient safety", under Hoperat;
    Train = 24, "TRAIN", "training", under Hoperat;
    Hresch = 25, "HRESCH", "healthcare research";
    Biorch = 26, "BIORCH", "biomedical research", under Hresch;
    Clintrch = 27, "CLINTRCH", "clinical trial research", under Hresch;
    Dsrch = 28, "DSRCH", "disease specific healthcare research", under Hresch;
    Poarch = 29, "POARCH", "population origins or ancestry healthcare research", under Hresch;
    Transrch = 30, "TRANSRCH", "translational healthcare research", under Hresch;
    Patrqt = 31, "PATRQT", "patient requested";
    Famrqt = 32, "FAMRQT", "family requested", under Patrqt;
    Pwatrny = 33, "PWATRNY", "power of attorney", under Patrqt;
    Supnwk = 34, "SUPNWK", "support network", under Patrqt;
    Pubhlth = 35, "PUBHLTH", "public health";
    Disaster = 36, "DISASTER", "disaster", under Pubhlth;
    Threat = 37, "THREAT", "threat", under Pubhlth;
    Hmarkt = 38, "HMARKT", "healthcare marketing";
}
