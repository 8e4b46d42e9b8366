//! Public examples of how deductible, copay, coinsurance, out-of-pocket maximum, annual maximum and coordination of
//! benefits work, each with its source, in cents. What an example does not say is said in its test.

mod common;

use common::account;
use common::claims::{adds_up, benefit, limit, plan, share, split};
use salus_domain::adjudicate::{Authorisation, Split};
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{Category, Measure, Network, ReasonSet, Unit};
use salus_domain::ids::{CodeTag, Hash, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership};
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, Limit, PlanTerms};
use salus_domain::time::{Period, Timestamp};

/// Dollars in cents.
const fn usd(dollars: u128) -> u128 {
    dollars * 100
}

/// The parts of a split in dollars: submitted, adjustment, prior payer, [deductible, copay, coinsurance, noncovered],
/// payer.
fn dollars(submitted: u128, adjustment: u128, prior: u128, patient: [u128; 4], payer: u128) -> Split {
    split(usd(submitted), usd(adjustment), usd(prior), patient.map(usd), usd(payer))
}

/// A year under one plan of a family: every service of its own.
struct Year {
    ledger: Ledger,
    services: u8,
}

impl Year {
    fn new(share: (u128, u16), limits: Vec<Limit>) -> Self {
        Self::under(plan(self::share(usd(share.0), share.1), limits))
    }

    fn under(terms: PlanTerms) -> Self {
        assert_eq!(terms.validate(), Ok(()));
        Self { ledger: Ledger::new(terms, []), services: 0 }
    }

    /// Allows so much for each service.
    fn allowing(self, price: u128) -> Self {
        let fee = |service| Fee { code: CodeTag([service; 16]), price: Amount(usd(price)) };
        Self { ledger: Ledger::new(self.ledger.terms().clone(), (0..=u8::MAX).map(fee)), ..self }
    }

    /// What becomes of one service, in dollars, given to this member; another insurer paid `prior` of it.
    fn claim(&mut self, member: u8, category: Category, charge: u128, prior: u128) -> Split {
        let period = Period { start: Timestamp(0), end: Timestamp(1_000) };
        let own = Membership {
            member: account(member),
            subscriber: account(1),
            period,
            since: period.start,
            secondary: prior > 0,
        };
        let facts = Facts {
            now: Timestamp(10),
            network: Network::In,
            credentialed: true,
            consented: true,
            set_aside: ReasonSet::EMPTY,
        };
        let line = Line {
            day: 0,
            code: CodeTag([self.services; 16]),
            category,
            quantity: 1,
            submitted: Amount(usd(charge)),
            prior_paid: Amount(usd(prior)),
        };
        self.services += 1;
        let submission = Submission {
            plan: PlanId(0),
            member: own.member,
            reference: Hash([self.services; 32]),
            prior_decided: prior > 0,
            days: vec![ServiceDay { date: Timestamp(0), nullifier: Hash([member; 32]) }],
            lines: vec![line],
        };
        assert_eq!(submission.validate(facts.now), Ok(()));
        let missing = |_, _| Authorisation::Missing;
        let total = self.ledger.adjudicate(&own, &facts, account(9), &submission, missing).total;
        assert!(adds_up(&total));
        total
    }

    /// Medical care of the first member.
    fn care(&mut self, charge: u128) -> Split {
        self.claim(1, Category::MedicalCare, charge, 0)
    }
}

fn deductible(dollars: u128) -> Limit {
    limit(Measure::Deductible, usd(dollars))
}

fn out_of_pocket(dollars: u128) -> Limit {
    limit(Measure::OutOfPocket, usd(dollars))
}

fn of_family(limit: Limit) -> Limit {
    Limit { unit: Unit::Family, ..limit }
}

/// <https://www.healthcare.gov/glossary/co-insurance/>: a visit of $100, coinsurance 20 %. With the deductible paid the
/// patient pays $20, without it $100.
#[test]
fn healthcare_gov_coinsurance_of_a_visit() {
    assert_eq!(Year::new((0, 2_000), vec![]).care(100), dollars(100, 0, 0, [0, 0, 20, 0], 80));
    assert_eq!(Year::new((0, 2_000), vec![deductible(3_000)]).care(100), dollars(100, 0, 0, [100, 0, 0, 0], 0));
}

/// <https://www.healthcare.gov/glossary/co-insurance/>, "high medical costs": $12,000 allowed, deductible $3,000,
/// coinsurance 20 %, out-of-pocket maximum $6,850. The patient pays $3,000 and 20 % of $9,000, together $4,800; at
/// $6,850, no more.
#[test]
fn healthcare_gov_high_medical_costs() {
    let mut year = Year::new((0, 2_000), vec![deductible(3_000), out_of_pocket(6_850)]);
    assert_eq!(year.care(12_000), dollars(12_000, 0, 0, [3_000, 0, 1_800, 0], 7_200));
    // 20 % of 20,000 are 4,000; 6,850 - 4,800 = 2,050 are left.
    assert_eq!(year.care(20_000), dollars(20_000, 0, 0, [0, 0, 2_050, 0], 17_950));
    assert_eq!(year.care(500), dollars(500, 0, 0, [0; 4], 500));
}

/// <https://www.healthcare.gov/glossary/co-payment/>: a visit of $100, copayment $20. With the deductible paid the
/// patient pays $20, without it $100.
#[test]
fn healthcare_gov_copayment_of_a_visit() {
    let mut year = Year::new((20, 0), vec![deductible(100)]);
    assert_eq!(year.care(100), dollars(100, 0, 0, [100, 0, 0, 0], 0));
    assert_eq!(year.care(100), dollars(100, 0, 0, [0, 20, 0, 0], 80));
}

/// <https://www.healthcare.gov/glossary/balance-billing/>: charged $100, allowed $70; a preferred provider may not bill
/// the other $30.
#[test]
fn healthcare_gov_balance_billing_by_a_preferred_provider() {
    assert_eq!(Year::new((0, 0), vec![]).allowing(70).care(100), dollars(100, 30, 0, [0; 4], 70));
}

/// Uniform Glossary (CMS; <https://www.healthcare.gov/sbc-glossary/>), "How You and Your Insurer Share Costs":
/// deductible $1,500, coinsurance 20 %, out-of-pocket limit $5,000. In January Jane pays $125 of $125; with the
/// deductible met $15 of $75; with the limit met $0 of $200.
#[test]
fn uniform_glossary_janes_year() {
    let mut year = Year::new((0, 2_000), vec![deductible(1_500), out_of_pocket(5_000)]);
    assert_eq!(year.care(125), dollars(125, 0, 0, [125, 0, 0, 0], 0));
    // The rest of the deductible, which the example leaves to several visits.
    assert_eq!(year.care(1_375), dollars(1_375, 0, 0, [1_375, 0, 0, 0], 0));
    assert_eq!(year.care(75), dollars(75, 0, 0, [0, 0, 15, 0], 60));
    // 5,000 - 1,515 = 3,485 is 20 % of 17,425.
    assert_eq!(year.care(17_425), dollars(17_425, 0, 0, [0, 0, 3_485, 0], 13_940));
    assert_eq!(year.care(200), dollars(200, 0, 0, [0; 4], 200));
}

/// <http://www.bcbsla.com/FindAPlan/gettingstarted/Pages/HowInsuranceWorks.aspx>: an accident of $50,000, deductible
/// $5,000, coinsurance 20 %, out-of-pocket maximum $6,000: $5,000, then coinsurance up to $6,000, then the plan.
#[test]
fn blue_cross_louisiana_a_serious_accident() {
    let mut year = Year::new((0, 2_000), vec![deductible(5_000), out_of_pocket(6_000)]);
    // 20 % of 45,000 are 9,000, of which 1,000 are left.
    assert_eq!(year.care(50_000), dollars(50_000, 0, 0, [5_000, 0, 1_000, 0], 44_000));
}

/// <http://www.bcbstx.com/insurance-basics/how-health-insurance-works/deductibles-and-coinsurance>, examples 1 and 2:
/// deductible $5,000, 20 %, maximum $6,000. An X-ray of $200 after the deductible: $40, the plan $160. With $1,000 of
/// coinsurance paid the plan covers all.
#[test]
fn blue_cross_texas_an_x_ray_after_the_deductible() {
    let mut year = Year::new((0, 2_000), vec![deductible(5_000), out_of_pocket(6_000)]);
    assert_eq!(year.care(5_000), dollars(5_000, 0, 0, [5_000, 0, 0, 0], 0));
    assert_eq!(year.care(200), dollars(200, 0, 0, [0, 0, 40, 0], 160));
    assert_eq!(year.care(4_800), dollars(4_800, 0, 0, [0, 0, 960, 0], 3_840));
    assert_eq!(year.care(200), dollars(200, 0, 0, [0; 4], 200));
}

/// <https://www.insure.com/health-insurance/health-insurance-deductible>: an MRI of $2,000, deductible $1,000,
/// coinsurance 20 %: $1,000 and $200.
#[test]
fn insure_com_an_mri() {
    let mut year = Year::new((0, 2_000), vec![deductible(1_000)]);
    assert_eq!(year.care(2_000), dollars(2_000, 0, 0, [1_000, 0, 200, 0], 800));
}

/// Summary of Benefits and Coverage, "Peg is having a baby", of Mississippi's employees' plan
/// (<https://mshealth.docshound.net/summary-of-benefits-and-coverage-base-coverage/coverage-examples>): deductible
/// $1,800, all coinsurance 20 %: $1,800 and $2,180, together $3,980. All services cost $12,700: 20 % of $10,900 are
/// $2,180.
#[test]
fn coverage_example_peg_is_having_a_baby() {
    let mut year = Year::new((0, 2_000), vec![deductible(1_800)]);
    let total = year.claim(1, Category::Maternity, 12_700, 0);
    assert_eq!(total, dollars(12_700, 0, 0, [1_800, 0, 2_180, 0], 8_720));
    assert_eq!(total.patient(), Amount(usd(3_980)));
}

/// The same example of another plan (<https://cld.bz/bookdata/PsZqru/basic-html/page-58.html>): $12,800, deductible
/// $2,900, coinsurance 20 %: $2,900 and $2,000, together $4,900. The form rounds to hundreds: 20 % of $9,900 are
/// $1,980. In three services, as in one.
#[test]
fn coverage_example_peg_is_having_a_baby_in_three_services() {
    let mut year = Year::new((0, 2_000), vec![deductible(2_900)]);
    let mut claim = |charge| year.claim(1, Category::Maternity, charge, 0);
    assert_eq!(claim(2_000), dollars(2_000, 0, 0, [2_000, 0, 0, 0], 0));
    assert_eq!(claim(1_800), dollars(1_800, 0, 0, [900, 0, 180, 0], 720));
    assert_eq!(claim(9_000), dollars(9_000, 0, 0, [0, 0, 1_800, 0], 7_200));
}

/// <https://www.helpbetter.org/academy/guides/insurance-basics/examples>: deductible $1,000, visit copay $30 without
/// the deductible, coinsurance 20 %, maximum $6,000. A visit of $200: $30, the plan $170. An MRI of $11,000, negotiated
/// $1,500: $9,500 nobody owes, $1,000 and $100, the plan $400. Then a hospital stay of $50,000: 20 % are $10,000, of
/// which the maximum leaves $6,000 - $1,100 = $4,900; the visit is of another year.
#[test]
fn help_better_a_visit_an_mri_and_a_hospital_stay() {
    let visit = Benefit { deductible: false, ..benefit(share(usd(30), 0)) };
    let terms = PlanTerms {
        exceptions: vec![(Category::Consultation, visit)],
        ..plan(share(0, 2_000), vec![deductible(1_000), out_of_pocket(6_000)])
    };
    let visited = Year::under(terms.clone()).claim(1, Category::Consultation, 200, 0);
    assert_eq!(visited, dollars(200, 0, 0, [0, 30, 0, 0], 170));
    let mut year = Year::under(terms);
    year.ledger = Ledger::new(year.ledger.terms().clone(), [Fee { code: CodeTag([0; 16]), price: Amount(usd(1_500)) }]);
    let mri = year.claim(1, Category::MriScan, 11_000, 0);
    assert_eq!(mri, dollars(11_000, 9_500, 0, [1_000, 0, 100, 0], 400));
    let stay = year.claim(1, Category::HospitalRoomAndBoard, 50_000, 0);
    assert_eq!(stay, dollars(50_000, 0, 0, [0, 0, 4_900, 0], 45_100));
}

/// <https://deltadentalazblog.com/dental-decoded-what-is-an-annual-maximum>: annual maximum $1,000, a crown of $800 at
/// 50 %: $400 and $400; $600 are left of the maximum, above which the patient is responsible.
#[test]
fn delta_dental_an_annual_maximum() {
    let mut year = Year::new((0, 5_000), vec![limit(Measure::Benefit, usd(1_000))]);
    let mut crown = || year.claim(1, Category::DentalCrowns, 800, 0);
    assert_eq!(crown(), dollars(800, 0, 0, [0, 0, 400, 0], 400));
    assert_eq!(crown(), dollars(800, 0, 0, [0, 0, 400, 0], 400));
    assert_eq!(crown(), dollars(800, 0, 0, [0, 0, 400, 200], 200));
    assert_eq!(crown(), dollars(800, 0, 0, [0, 0, 400, 400], 0));
}

/// <https://www.caplinedentalservices.com/glossaries/family-deductible/>: family deductible $100, individual $50. When
/// two members have used theirs, the others have none.
#[test]
fn capline_two_members_use_up_the_familys_deductible() {
    let mut year = Year::new((0, 0), vec![deductible(50), of_family(deductible(100))]);
    let mut deductible = |member| year.claim(member, Category::DentalCare, 80, 0).deductible;
    assert_eq!([1, 1, 2, 3].map(|member| deductible(member).0), [usd(50), 0, usd(50), 0]);
}

/// <http://saaccess.com/term-dictionary/RmFtaWx5IGRlZHVjdGlibGU>: a family of five, individual $500, family $1,500.
/// Once $1,500 are spent by several, all are covered, also who has not spent $500.
#[test]
fn a_family_of_five_spends_its_deductible_together() {
    let mut year = Year::new((0, 0), vec![deductible(500), of_family(deductible(1_500))]);
    let mut deductible = |member, charge| year.claim(member, Category::MedicalCare, charge, 0).deductible.0;
    let spent =
        [(1, 400), (2, 400), (3, 400), (4, 400), (5, 400), (1, 400)].map(|(member, charge)| deductible(member, charge));
    assert_eq!(spent, [400, 400, 400, 300, 0, 0].map(usd));
}

/// <https://illinoisinsurance.org/news-updates/how-do-different-deductibles-work-my-family-health-insurance>: an
/// embedded deductible, $5,000 individual and $10,000 family, then 80 %. Dad meets his $5,000 by a surgery and is
/// covered at 80 %; mother and children have theirs until the family's $10,000 are reached; then all are covered at 80
/// %.
#[test]
fn illinois_insurance_an_embedded_deductible() {
    let mut year = Year::new((0, 2_000), vec![deductible(5_000), of_family(deductible(10_000))]);
    let mut claim = |member, charge| year.claim(member, Category::Surgical, charge, 0);
    assert_eq!(claim(1, 20_000), dollars(20_000, 0, 0, [5_000, 0, 3_000, 0], 12_000));
    assert_eq!(claim(1, 1_000), dollars(1_000, 0, 0, [0, 0, 200, 0], 800));
    assert_eq!(claim(2, 3_000), dollars(3_000, 0, 0, [3_000, 0, 0, 0], 0));
    // 2,000 are left of the family's: 20 % of the other 500.
    assert_eq!(claim(3, 2_500), dollars(2_500, 0, 0, [2_000, 0, 100, 0], 400));
    assert_eq!(claim(2, 1_000), dollars(1_000, 0, 0, [0, 0, 200, 0], 800));
}

/// <https://opendental.com/manual/cob.html>, "Basic": the secondary plan pays the lesser of what it would have paid
/// alone and of its allowed amount less what the first paid. A procedure of $100, of which it allows $90: the first
/// paid $80 and both pay 80 %: the lesser of $72 and $10; the first paid $50 and both pay 50 %: the lesser of $45 and
/// $40. (The page's allowed amounts above the charge do not occur here: no more is allowed than is charged.)
#[test]
fn open_dental_basic_coordination_of_benefits() {
    let secondary = |coinsurance, prior| {
        Year::new((0, coinsurance), vec![]).allowing(90).claim(1, Category::DentalCare, 100, prior)
    };
    assert_eq!(secondary(2_000, 80), dollars(100, 10, 80, [0; 4], 10));
    assert_eq!(secondary(5_000, 50), dollars(100, 10, 50, [0; 4], 40));
}

/// <https://insuredandmore.com/how-does-coordination-of-benefits-work-example>: of a visit of $80 the primary plan pays
/// $50 and the secondary the other $30; of one of $250, $200 and $50.
#[test]
fn insured_and_more_a_secondary_plan_pays_the_rest() {
    let mut secondary = Year::new((0, 0), vec![]);
    assert_eq!(secondary.claim(1, Category::MedicalCare, 80, 50), dollars(80, 0, 50, [0; 4], 30));
    assert_eq!(secondary.claim(1, Category::MedicalCare, 250, 200), dollars(250, 0, 200, [0; 4], 50));
}

/// 42 CFR 411.33 (b) (<https://www.law.cornell.edu/cfr/text/42/411.33>): charged $175; the primary payer allowed $150
/// and paid $120; Medicare pays the lowest of $55, of 80 % of its own fee, and of the higher allowed amount less $120:
/// $30. With the higher allowed amount as the fee it is the same here. With Medicare's own fee of $125, a plan of this
/// suite pays less: it looks at its own allowed amount only.
#[test]
fn medicare_as_secondary_payer() {
    let secondary = |fee| Year::new((0, 2_000), vec![]).allowing(fee).claim(1, Category::MedicalCare, 175, 120);
    assert_eq!(secondary(150), dollars(175, 25, 120, [0; 4], 30));
    assert_eq!(secondary(125), dollars(175, 50, 120, [0; 4], 5));
}
