//! What anybody may do, by right or not, with arguments that mostly make sense.

use super::others::Manner;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use salus_domain::codes::{Measure, Reason, Term, Unit};
use salus_domain::plan::Limit;

pub const PEOPLE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
pub const PROVIDERS: [u8; 2] = [PROVIDER, OTHER_PROVIDER];
pub const MEMBERS: [u8; 2] = [MEMBER, CHILD];
/// A token that does what it likes.
pub const HOSTILE: u8 = 0xB1;
/// 0 is the native token.
pub const ASSETS: [u8; 3] = [0, TOKEN, HOSTILE];
pub const CODES: u8 = 4;
/// The place of a claim that is not there.
pub const NOBODYS: usize = 1_000;
/// The plan that pays in the same asset.
pub const PARTNER: u32 = 100;
/// What everybody has of each asset in the beginning.
pub const START: u128 = 100_000_000;
/// Plans by insurer and asset.
pub const PLANS: [(u8, u8); 5] = [(1, 0), (2, 0), (1, TOKEN), (2, TOKEN), (2, HOSTILE)];

/// Who calls: whoever may, or somebody.
pub type Who = Option<u8>;

/// What somebody does, with plans and claims by their places.
#[derive(Clone, Debug)]
pub enum Step {
    Wait(u64),
    /// The hostile token's manner.
    Token(Manner),
    /// Whom the honest token cannot be moved to.
    Bar(u8, bool),
    Credential(u8, bool),
    Consent(u8, bool),
    Silent(u8, bool),
    Revise(u32, u8),
    Freeze(u32, bool),
    /// With how much more or less value than is said.
    Fund(u32, u128, i8),
    Withdraw(u32, u128),
    Fees(u32, Vec<u8>, u128),
    Network(u32, u8, bool),
    Cover(u32, u8, u64, u64, bool),
    End(u32, u8, u64),
    Request(u32, u8, u8, u32),
    Grant(u32, u8, u8, u8, Option<(u32, u64)>),
    Submit(Submission, u8, Option<u32>),
    /// With the claim's own filing, or another's.
    PassOn(usize, bool, u32),
    Retry(usize),
    WithdrawClaim(usize),
    Settle(Vec<usize>),
    Appeal(usize, ReasonSet),
    Answer(usize),
    Decide(usize, bool, Option<ReasonSet>, bool),
    Reverse(usize, bool),
    Repay(u32, u8, u128, i8),
}

pub fn day_of(time: Timestamp) -> u64 {
    time.0 / DAY
}

fn limit(measure: Measure, unit: Unit, term: Term, limit: u128) -> Limit {
    Limit { unit, term, ..samples::limit(measure, limit) }
}

/// Five kinds of plans.
pub fn terms_of(number: u8) -> PlanTerms {
    use Measure::{Benefit as Most, Deductible, OutOfPocket, Quantity, Services};
    use Term::{Annual, Day, Lifetime};
    use Unit::{Family, Individual};
    let deadlines = Deadlines {
        filing: 12 * DAY,
        authorisation: 2 * DAY,
        settlement: 3 * DAY,
        appeal: 6 * DAY,
        review: 3 * DAY,
        reversal: 5 * DAY,
    };
    let plain = PlanTerms { deadlines, exceptions: vec![], ..terms() };
    let outside = |out| Benefit { out_of_network: out, ..samples::benefit(samples::share(3, 1_000)) };
    match number % 5 {
        0 => PlanTerms {
            limits: vec![
                limit(Deductible, Individual, Annual, 50),
                limit(OutOfPocket, Family, Annual, 120),
                limit(Most, Individual, Annual, 900),
            ],
            ..plain
        },
        1 => PlanTerms {
            benefit: outside(Some(samples::share(0, 5_000))),
            networked: true,
            limits: vec![
                limit(Most, Individual, Day, 150),
                limit(Services, Individual, Annual, 9),
                limit(Most, Family, Lifetime, 1_500),
            ],
            ..plain
        },
        2 => PlanTerms { deadlines, limits: vec![limit(Quantity, Individual, Annual, 20)], ..terms() },
        3 => PlanTerms { benefit: outside(None), networked: true, covered: CategorySet::ALL, ..plain },
        _ => PlanTerms {
            benefit: Benefit { waiting_period: 5 * DAY, ..plain.benefit },
            deadlines: Deadlines { settlement: 0, review: 0, ..deadlines },
            ..plain
        },
    }
}

fn submissions() -> impl Strategy<Value = Submission> {
    let categories =
        select(vec![Category::MedicalCare, Category::MedicalCare, Category::Maternity, Category::DentalCare]);
    let quantities = prop_oneof![60 => 1..4u32, 1 => Just(0), 2 => Just(u32::MAX)];
    let charges = prop_oneof![60 => 1..200u128, 1 => Just(0), 2 => any::<u128>()];
    let prior = prop_oneof![8 => Just(0), 1 => 0..30u128];
    let lines = (0..2u8, 0..CODES, categories, quantities, charges, prior).prop_map(
        |(day, number, category, quantity, submitted, prior)| Line {
            day,
            category,
            quantity,
            submitted: Amount(submitted),
            prior_paid: Amount(prior),
            ..line(number, 1)
        },
    );
    // Days before today; they are made dates when the claim is made.
    let days = (0..5u64, 0..14u64, prop::bool::weighted(0.03));
    (0..5u32, select(vec![MEMBER, MEMBER, CHILD, STRANGER]), 0..14u8, vec(lines, 1..5), days).prop_map(
        |(plan, member, reference, mut lines, (near, far, ahead))| {
            let mut days = vec![near, if far == near { near + 1 } else { far }];
            if !lines.iter().any(|line| line.day == 1) {
                days.pop();
            } else if !lines.iter().any(|line| line.day == 0) {
                lines[0].day = 0;
                if !lines.iter().any(|line| line.day == 1) {
                    days.pop();
                }
            }
            let ago = |day: u64| if ahead { u64::MAX } else { day };
            let days = days.into_iter().map(|day| ServiceDay { date: Timestamp(ago(day)), ..service_day(0) });
            Submission {
                plan: PlanId(plan),
                member: account(member),
                days: days.collect(),
                ..submission(reference, &lines)
            }
        },
    )
}

/// The same claim with dates and their nullifiers instead of days ago.
pub fn dated(mut submission: Submission, now: Timestamp) -> Submission {
    for (place, day) in submission.days.iter_mut().enumerate() {
        let number = day_of(now).saturating_add_signed(if day.date.0 == u64::MAX {
            place as i64 + 1
        } else {
            -(day.date.0 as i64)
        });
        let [low, high, ..] = number.to_le_bytes();
        let mut nullifier = [low; 32];
        (nullifier[0], nullifier[1]) = (high, submission.member.0[0]);
        *day = ServiceDay { date: self::day(number), nullifier: Hash(nullifier) };
    }
    submission
}

pub fn steps() -> impl Strategy<Value = (Who, Step)> {
    let plan = || prop_oneof![30 => 0..5u32, 1 => Just(9u32)];
    let claim = || prop_oneof![25 => 0..10usize, 1 => Just(NOBODYS)];
    let next = || prop_oneof![5 => Just(PARTNER), 1 => plan()];
    let authorising = || prop_oneof![3 => Just(2u32), 1 => plan()];
    let provider = || select(PROVIDERS.to_vec());
    let member = || select(MEMBERS.to_vec());
    let amount = || prop_oneof![9 => 0..2_000u128, 1 => any::<u128>()];
    let small = || prop_oneof![9 => 0..120u128, 1 => Just(u128::MAX)];
    let off = || prop_oneof![12 => Just(0i8), 1 => -1..=1i8];
    let mostly = || prop::bool::weighted(0.93);
    let reasons = || {
        let some = vec(select(ReasonSet::APPEALABLE.iter().collect::<Vec<_>>()), 0..3);
        let some = some.prop_map(|some| some.into_iter().collect::<ReasonSet>());
        prop_oneof![6 => some, 2 => Just(ReasonSet::APPEALABLE), 1 => Just(ReasonSet::from(Reason::Duplicate))]
    };
    let manners = select(vec![Manner::Honest, Manner::Refusing, Manner::Trapping, Manner::Lying, Manner::Charging]);
    let grants = prop_oneof![4 => (0..6u32, 0..40u64).prop_map(Some), 1 => Just(None)];
    let others = prop_oneof![
        12 => (1..50u64).prop_map(Step::Wait),
        2 => manners.prop_map(Step::Token),
        1 => (provider(), mostly()).prop_map(|(who, on)| Step::Bar(who, !on)),
        1 => (provider(), mostly()).prop_map(|(who, on)| Step::Credential(who, on)),
        1 => (member(), mostly()).prop_map(|(who, on)| Step::Consent(who, on)),
        1 => (select(vec![GRANTS, REGISTRY]), mostly()).prop_map(|(who, on)| Step::Silent(who, on)),
    ];
    let insurers = prop_oneof![
        1 => (plan(), 0..5u8).prop_map(|(plan, terms)| Step::Revise(plan, terms)),
        2 => (plan(), prop::bool::weighted(0.1)).prop_map(|(plan, frozen)| Step::Freeze(plan, frozen)),
        8 => (plan(), small(), off()).prop_map(|(plan, amount, off)| Step::Fund(plan, amount, off)),
        4 => (plan(), amount()).prop_map(|(plan, amount)| Step::Withdraw(plan, amount)),
        2 => (plan(), vec(0..CODES, 0..4), 1..150u128).prop_map(|(plan, codes, price)| Step::Fees(plan, codes, price)),
        3 => (plan(), provider(), mostly()).prop_map(|(plan, who, on)| Step::Network(plan, who, on)),
        2 => (plan(), member(), 0..120u64, 0..400u64, any::<bool>())
            .prop_map(|(plan, who, start, length, second)| Step::Cover(plan, who, start, length, second)),
        1 => (plan(), member(), 0..60u64).prop_map(|(plan, who, end)| Step::End(plan, who, end)),
        5 => (authorising(), member(), provider(), 0..CODES, grants)
            .prop_map(|(plan, member, provider, code, grant)| Step::Grant(plan, member, provider, code, grant)),
    ];
    let providers = prop_oneof![
        24 => (submissions(), provider(), prop_oneof![3 => Just(None), 1 => next().prop_map(Some)])
            .prop_map(|(claim, by, secondary)| Step::Submit(claim, by, secondary)),
        4 => (authorising(), member(), 0..CODES, 0..5u32)
            .prop_map(|(plan, member, code, quantity)| Step::Request(plan, member, code, quantity)),
        5 => (claim(), mostly(), next()).prop_map(|(claim, own, plan)| Step::PassOn(claim, own, plan)),
        6 => claim().prop_map(Step::Retry),
        2 => claim().prop_map(Step::WithdrawClaim),
        12 => vec(claim(), 0..6).prop_map(Step::Settle),
        5 => (plan(), provider(), 0..60u128, off()).prop_map(|(plan, who, much, off)| Step::Repay(plan, who, much, off)),
    ];
    let appeals = prop_oneof![
        6 => (claim(), reasons()).prop_map(|(claim, reasons)| Step::Appeal(claim, reasons)),
        1 => claim().prop_map(Step::Answer),
        7 => (claim(), prop::bool::weighted(0.3), prop_oneof![3 => Just(None), 1 => reasons().prop_map(Some)], mostly())
            .prop_map(|(claim, upheld, reasons, own)| Step::Decide(claim, upheld, reasons, own)),
        4 => (claim(), mostly()).prop_map(|(claim, own)| Step::Reverse(claim, own)),
    ];
    let who = prop_oneof![5 => Just(None), 1 => (1..=STRANGER).prop_map(Some)];
    (who, prop_oneof![3 => others, 5 => insurers, 8 => providers, 4 => appeals])
}

/// The plan of this number, or the one that pays in the same asset.
pub fn partner(of: PlanId, plan: u32) -> PlanId {
    PlanId(if plan == PARTNER { of.0 ^ 1 } else { plan })
}
