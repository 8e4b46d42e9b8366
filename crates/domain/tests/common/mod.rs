//! What the tests share: short ways to write values down, and proptest strategies that make things match often.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part of it")]

pub mod claims;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngAlgorithm;
use salus_domain::codes::{
    Action, ActionSet, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, PurposeSet, Role, RoleSet,
    Sensitivity, SensitivitySet,
};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision, MAX_DEPTH, MAX_PROVISIONS};
use salus_domain::evaluate::{evaluate, Answer, Evaluation};
use salus_domain::ids::{Account, ConsentId, Hash};
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};

/// How many cases a property test tries: 2,000, or 100,000 where `SALUS_LONG=1`, divided by what one case costs.
pub fn cases(cost: u32) -> ProptestConfig {
    let long = std::env::var("SALUS_LONG").is_ok_and(|value| value == "1");
    let all = if long { 100_000 } else { 2_000 };
    // The default generator is slow where it is not optimised.
    let rng_algorithm = RngAlgorithm::XorShift;
    ProptestConfig { cases: all / cost, failure_persistence: None, rng_algorithm, ..ProptestConfig::default() }
}

/// An account that is `byte` all over.
pub const fn account(byte: u8) -> Account {
    Account([byte; 32])
}

/// The period from `start` to `end`.
pub const fn period(start: u64, end: u64) -> Period {
    Period { start: Timestamp(start), end: Timestamp(end) }
}

/// A consent that always counts.
pub const fn consent(base: Base, provisions: Vec<Provision>) -> Consent {
    Consent { base, period: Period::ALWAYS, source: Hash([0; 32]), provisions }
}

/// The consents, numbered from 0.
pub fn numbered(consents: impl IntoIterator<Item = Consent>) -> Vec<(ConsentId, Consent)> {
    (0..).map(ConsentId).zip(consents).collect()
}

/// From the most closed to the most open.
pub const fn openness(answer: Answer) -> u8 {
    match answer {
        Answer::Deny => 0,
        Answer::NoConsent => 1,
        Answer::Permit => 2,
    }
}

/// A provision and what stands below it.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its place in preorder.
    pub place: u8,
    /// The provision.
    pub provision: Provision,
    /// Its exceptions.
    pub children: Vec<Self>,
}

impl Tree {
    /// The trees that a list in preorder stands for.
    pub fn forest(provisions: &[Provision]) -> Vec<Self> {
        let mut list = (0..).zip(provisions.iter().cloned()).peekable();
        Self::siblings(&mut list, 1)
    }

    fn siblings(list: &mut std::iter::Peekable<impl Iterator<Item = (u8, Provision)>>, depth: u8) -> Vec<Self> {
        let mut found = Vec::new();
        while let Some((place, provision)) = list.next_if(|(_, next)| next.depth == depth) {
            let children = Self::siblings(list, depth + 1);
            found.push(Self { place, provision, children });
        }
        found
    }

    /// The list in preorder that the trees stand for.
    pub fn preorder(forest: &[Self]) -> Vec<Provision> {
        let below = |tree: &Self| [vec![tree.provision.clone()], Self::preorder(&tree.children)].concat();
        forest.iter().flat_map(below).collect()
    }
}

/// A question and the consents that it is put to.
#[derive(Clone, Debug)]
pub struct Case {
    pub consents: Vec<(ConsentId, Consent)>,
    pub request: Request,
    pub now: Timestamp,
}

impl Case {
    pub fn evaluate(&self) -> Evaluation {
        evaluate(&self.consents, &self.request, self.now)
    }

    /// The same question with `request` in its place.
    pub fn ask(&self, request: &Request) -> Evaluation {
        evaluate(&self.consents, request, self.now)
    }
}

/// The end of the time in which generated cases live; it starts at 0.
pub const TIME: u64 = 8;

pub const PURPOSES: [Purpose; 7] = [
    Purpose::Treat,
    Purpose::Etreat,
    Purpose::Btg,
    Purpose::Hpaymt,
    Purpose::Coverage,
    Purpose::Eligver,
    Purpose::Hresch,
];
pub const ACTIONS: [Action; 3] = [Action::Access, Action::Use, Action::Disclose];
pub const LABELS: [Sensitivity; 6] =
    [Sensitivity::Hiv, Sensitivity::Spi, Sensitivity::Bh, Sensitivity::Psy, Sensitivity::Sud, Sensitivity::Ethud];
pub const CLASSES: [Class; 4] = [Class::Claim, Class::Condition, Class::Medication, Class::Observation];
pub const LEVELS: [Confidentiality; 4] =
    [Confidentiality::L, Confidentiality::N, Confidentiality::R, Confidentiality::V];

fn accounts() -> impl Strategy<Value = Account> {
    (1u8..4).prop_map(account)
}

fn organisations() -> impl Strategy<Value = Account> {
    (11u8..14).prop_map(account)
}

fn roles() -> impl Strategy<Value = Role> {
    select(vec![Role::Doctor, Role::Nurse, Role::Payer])
}

/// A period that has a moment in it.
pub fn periods() -> impl Strategy<Value = Period> {
    let bounded = (0..TIME, 1..=TIME).prop_map(|(start, length)| period(start, start + length));
    prop_oneof![1 => Just(Period::ALWAYS), 2 => Just(period(0, TIME)), 4 => bounded]
}

pub fn actors() -> impl Strategy<Value = Actor> {
    prop_oneof![
        accounts().prop_map(Actor::Account),
        organisations().prop_map(Actor::Organisation),
        roles().prop_map(Actor::Role),
    ]
}

/// A criterion: `not_named` times in ten none, else one to three of the codes, and now and then any codes at all.
fn criterion<C, S>(not_named: u32, common: &'static [C], all: &'static [C]) -> impl Strategy<Value = S>
where
    C: Copy + std::fmt::Debug + 'static,
    S: Default + FromIterator<C> + std::fmt::Debug + Clone + 'static,
{
    let collect = |codes: Vec<C>| codes.into_iter().collect::<S>();
    prop_oneof![
        10 * not_named => Just(S::default()),
        97 - 10 * not_named => subsequence(common, 1..=3).prop_map(collect),
        3 => subsequence(all, 1..=3).prop_map(collect),
    ]
}

pub fn provisions() -> impl Strategy<Value = Provision> {
    (
        prop_oneof![Just(Decision::Permit), Just(Decision::Deny)],
        prop_oneof![4 => Just(None), 1 => periods().prop_map(Some)],
        prop_oneof![2 => Just(Vec::new()), 1 => vec(actors(), 1..4)],
        criterion::<_, ActionSet>(8, &ACTIONS, Action::ALL),
        criterion::<_, PurposeSet>(7, &PURPOSES, Purpose::ALL),
        criterion::<_, ConfidentialitySet>(8, &LEVELS, Confidentiality::ALL),
        criterion::<_, SensitivitySet>(7, &LABELS, Sensitivity::ALL),
        criterion::<_, ClassSet>(7, &CLASSES, Class::ALL),
        prop_oneof![5 => Just(None), 1 => periods().prop_map(Some)],
    )
        .prop_map(
            |(decision, period, actors, actions, purposes, confidentiality, sensitivity, classes, data_period)| {
                Provision {
                    depth: 1,
                    decision,
                    period,
                    actors,
                    actions,
                    purposes,
                    confidentiality,
                    sensitivity,
                    classes,
                    data_period,
                }
            },
        )
}

/// Provisions in preorder: each at the depth that was drawn for it, or as deep as the one before allows.
fn nested() -> impl Strategy<Value = Vec<Provision>> {
    let one = || (1..=MAX_DEPTH, provisions());
    prop_oneof![15 => vec(one(), 0..6), 1 => vec(one(), 0..=MAX_PROVISIONS)].prop_map(|drawn| {
        let mut above = 0;
        let mut list = Vec::new();
        for (depth, provision) in drawn {
            above = depth.min(above + 1);
            list.push(Provision { depth: above, ..provision });
        }
        list
    })
}

pub fn consents() -> impl Strategy<Value = Consent> {
    let bases = prop_oneof![2 => Just(Base::Permit), 1 => Just(Base::Deny), 3 => Just(Base::Silent)];
    let sources = any::<[u8; 32]>().prop_map(Hash);
    (bases, periods(), sources, nested(), provisions()).prop_map(|(base, period, source, mut provisions, one)| {
        if base == Base::Silent && provisions.is_empty() {
            provisions.push(one);
        }
        Consent { base, period, source, provisions }
    })
}

pub fn principals() -> impl Strategy<Value = Principal> {
    (accounts(), vec(organisations(), 0..3), vec(roles(), 0..3)).prop_map(|(account, organisations, roles)| Principal {
        account,
        organisations,
        roles: roles.into_iter().collect::<RoleSet>(),
    })
}

pub fn requests() -> impl Strategy<Value = Request> {
    (
        principals(),
        select(PURPOSES.as_slice()),
        select(ACTIONS.as_slice()),
        prop_oneof![2 => Just(None), 1 => select(Confidentiality::ALL).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => criterion::<_, SensitivitySet>(3, &LABELS, Sensitivity::ALL).prop_map(Some)],
        prop_oneof![2 => Just(None), 1 => criterion::<_, ClassSet>(1, &CLASSES, Class::ALL).prop_map(Some)],
        prop_oneof![1 => Just(None), 1 => periods().prop_map(Some)],
    )
        .prop_map(|(principal, purpose, action, confidentiality, sensitivity, classes, data_period)| Request {
            principal,
            purpose,
            action,
            confidentiality,
            sensitivity,
            classes,
            data_period,
        })
}

/// A request and up to four consents, rarely more.
pub fn evaluations() -> impl Strategy<Value = Case> {
    let several = prop_oneof![30 => vec(consents(), 0..5), 1 => vec(consents(), 5..12)];
    (several, requests(), 0..TIME).prop_map(|(consents, request, now)| Case {
        consents: numbered(consents),
        request,
        now: Timestamp(now),
    })
}

/// A request for a bundle and consents that permit most of it.
pub fn bundles() -> impl Strategy<Value = Case> {
    (evaluations(), 0..8u8).prop_map(|(mut case, named)| {
        for (_, consent) in &mut case.consents {
            consent.base = Base::Permit;
            let whole = |one: &Provision| {
                one.depth == 1
                    && one.decision == Decision::Deny
                    && (one.classes.is_empty() && one.sensitivity.is_empty() && one.confidentiality.is_empty())
            };
            for (place, provision) in consent.provisions.iter_mut().enumerate().filter(|(_, one)| whole(one)) {
                provision.classes = CLASSES[place % CLASSES.len()].into();
            }
        }
        let request = &mut case.request;
        // In most cases none of the dimensions is named, else the one or the other.
        request.classes = request.classes.filter(|_| named == 0);
        request.sensitivity = request.sensitivity.filter(|_| named == 1);
        request.confidentiality = request.confidentiality.filter(|_| named <= 2);
        case
    })
}
