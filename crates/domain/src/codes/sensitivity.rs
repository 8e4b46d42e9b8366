//! Why the data is sensitive.

super::codes! {
    system "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    /// Why the data is sensitive: the information sensitivity policies of v3-ActCode.
    code Sensitivity;
    /// Several sensitivities; on a provision the empty set is "not named".
    set SensitivitySet(u32);
    Eth = 0, "ETH", "substance abuse information sensitivity";
    Gdis = 1, "GDIS", "genetic disease information sensitivity";
    Hiv = 2, "HIV", "HIV/AIDS information sensitivity";
    Mst = 3, "MST", "military sexual trauma information sensitivity";
    Pregnant = 4, "PREGNANT", "pregnancy information sensitivity";
    Sca = 5, "SCA", "sickle cell anemia information sensitivity";
    Sdv = 6, "SDV", "sexual assault, abuse, or domestic violence information sensitivity";
    Sex = 7, "SEX", "sexuality and reproductive health information sensitivity";
    Spi = 8, "SPI", "specially protected information sensitivity";
    Bh = 9, "BH", "behavioral health information sensitivity", under Spi;
    Cogn = 10, "COGN", "cognitive disability information sensitivity", under Bh;
    Dvd = 11, "DVD", "developmental disability information sensitivity", under Bh;
    Emotdis = 12, "EMOTDIS", "emotional disturbance information sensitivity", under Bh;
    Mh = 13, "MH", "mental health information sensitivity", under Bh;
    Psy = 14, "PSY", "psychiatry disorder information sensitivity", under Bh;
    Psythpn = 15, "PSYTHPN", "psychotherapy note information sensitivity", under Bh;
    Sud = 16, "SUD", "substance use disorder information sensitivity", under Bh;
    Ethud = 17, "ETHUD", "alcohol substance use disorder information sensitivity", under Sud;
    Opioidud = 18, "OPIOIDUD", "opioid use disorder information sensitivity", under Sud;
    Std = 19, "STD", "sexually transmitted disease information sensitivity";
    Tboo = 20, "TBOO", "taboo";
    Vio = 21, "VIO", "violence information sensitivity";
}
