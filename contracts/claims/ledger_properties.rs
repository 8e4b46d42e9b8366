//! What holds after every message: the cells are what the events tell, and the money adds up.

use super::rebuilt::{Filed, Rebuilt, Use};
use super::steps::{ASSETS, CODES, HOSTILE, MEMBERS, PEOPLE, PROVIDERS, START};
use super::testing::balance;
use super::*;
use ink::primitives::AccountId;
use proptest::prelude::*;
use salus_domain::codes::{Term, Unit};
use salus_domain::counters::Used;
use salus_interface::claims::{Coverage, Place, Since};
use scale::Encode;
use std::collections::BTreeMap;

/// What everybody has paid in, by asset.
pub type Sent = BTreeMap<(Vec<u8>, AccountId), u128>;

fn asset(number: u8) -> Asset {
    if number == 0 {
        Asset::Native
    } else {
        Asset::Psp22(id(number))
    }
}

fn has(asset: Asset, who: AccountId) -> u128 {
    match asset {
        Asset::Native => balance(who),
        Asset::Psp22(token) => others(|others| others.tokens[&token].balances.get(&who).copied().unwrap_or(0)),
    }
}

fn nonzero(used: &Used) -> BTreeMap<u32, u128> {
    used.iter().filter(|(_, used)| *used > 0).map(|(kind, used)| (kind.0, *used)).collect()
}

impl Rebuilt {
    /// The claim of the first insurer behind a claim.
    fn root(&self, id: ClaimId) -> ClaimId {
        self.claims[&id].claim.prior.map_or(id, |prior| self.root(prior))
    }

    fn used_in(&self, plan: PlanId, place: Place) -> BTreeMap<u32, u128> {
        let here = self.used.values().filter(|one| (one.plan, one.place) == (plan, place) && one.amount > 0);
        here.map(|one| (one.kind.0, one.amount)).collect()
    }
}

/// Cells are what was told.
pub fn same(claims: &Claims, told: &Rebuilt) -> Result<(), TestCaseError> {
    prop_assert_eq!(claims.plan(PlanId(told.plans.len() as u32)), None);
    for (number, known) in (0..).zip(&told.plans) {
        let plan = PlanId(number);
        prop_assert_eq!(claims.plan(plan), Some(known.plan));
        prop_assert_eq!(known.plan.version as usize + 1, known.terms.len());
        for (version, terms) in (0..).zip(&known.terms) {
            prop_assert_eq!(claims.terms(plan, version), Some(terms.clone()));
        }
        let fees: Vec<_> = known.fees.values().flatten().collect();
        for code in (0..CODES).map(code) {
            let fee = fees.iter().find(|fee| fee.code == code).map(|fee| fee.price);
            prop_assert_eq!(claims.fee(plan, code), fee);
        }
        for provider in PROVIDERS.map(id) {
            prop_assert_eq!(claims.in_network(plan, provider), known.network.contains(&provider));
            prop_assert_eq!(claims.debt(plan, provider).0, known.debts.get(&provider).copied().unwrap_or(0));
        }
        for member in MEMBERS.map(id) {
            let kept = claims.coverages(plan, member);
            let bare = |one: &Coverage| Coverage { used: vec![], ..one.clone() };
            let coverages = known.coverages.get(&member).cloned().unwrap_or_default();
            prop_assert_eq!(kept.iter().map(bare).collect::<Vec<_>>(), coverages);
            for one in &kept {
                let place = Place { unit: Unit::Individual, account: member, term: Since::Annual(one.period.start) };
                prop_assert_eq!(nonzero(&one.used), told.used_in(plan, place));
            }
        }
    }
    for Use { plan, place, .. } in told.used.values() {
        if (place.unit, matches!(place.term, Since::Annual(_))) != (Unit::Individual, true) {
            prop_assert_eq!(nonzero(&claims.used(*plan, *place)), told.used_in(*plan, *place));
        }
    }
    for ((provider, day), services) in &told.services {
        let sorted = |mut all: Vec<CodeTag>| {
            all.sort_by_key(|code| code.0);
            all
        };
        prop_assert_eq!(sorted(claims.register.services(*provider, *day)), sorted(services.clone()));
    }
    for (procedure, authorisation) in told.authorisations.values() {
        prop_assert_eq!(claims.authorisation(*procedure), Some(*authorisation));
    }
    for id in &told.order {
        let (kept, known) = (claims.claim(*id), told.claims.get(id).map(|known| known.claim));
        match (kept, known) {
            // Of a pended claim the events do not tell by which terms it would be decided.
            (Some(kept), Some(known)) if kept.status.is_pended() => {
                let Claim { version, due, .. } = kept;
                prop_assert_eq!(kept, Claim { version, due, ..known });
                prop_assert_eq!(claims.register.pended(*id).ok(), told.pended.get(id).cloned());
            }
            (Some(kept), Some(known)) => prop_assert_eq!(kept, known),
            (kept, known) => prop_assert_eq!(kept, known),
        }
    }
    Ok(())
}

/// The money is where it belongs.
pub fn adds_up(told: &Rebuilt, sent: &Sent) -> Result<(), TestCaseError> {
    for (number, known) in (0..).zip(&told.plans) {
        let pool = known.plan.pool;
        let bound = pool.paid.checked_add(pool.reserved).unwrap();
        prop_assert_eq!(pool.funded.checked_sub(bound), Some(pool.free()), "funded = paid + reserved + free");
        prop_assert!(pool.owed <= pool.paid);
        prop_assert_eq!(pool.owed.0, known.debts.values().sum::<u128>());
        let of_plan = |filed: &&Filed| filed.claim.plan == PlanId(number);
        let standing = told.claims.values().filter(of_plan).map(|filed| filed.claim);
        let open = standing.filter(|claim| claim.status.stands()).map(|claim| claim.total.payer.minus(claim.paid).0);
        prop_assert_eq!(pool.reserved.0, open.sum::<u128>(), "what is reserved is what is to be paid");
    }
    for asset in ASSETS.map(asset) {
        let plans = told.plans.iter().filter(|known| known.plan.asset == asset);
        let held: u128 = plans.map(|known| known.plan.pool.funded.minus(known.plan.pool.paid).0).sum();
        let beyond = if asset == Asset::Native { EXISTENTIAL } else { 0 };
        if asset == Asset::Psp22(id(HOSTILE)) {
            prop_assert!(has(asset, contract()) >= held, "a token that lies keeps what it says it paid");
            continue;
        }
        prop_assert_eq!(has(asset, contract()), beyond + held, "what is funded and not paid");
        for who in PEOPLE.map(id) {
            let [sent, received] =
                [sent, &told.received].map(|all| all.get(&(asset.encode(), who)).copied().unwrap_or(0));
            prop_assert_eq!(has(asset, who), START + received - sent, "only payees are paid");
        }
    }
    let mut served: BTreeMap<(AccountId, Hash, [u8; 16]), ClaimId> = BTreeMap::new();
    for (id, filed) in &told.claims {
        let claim = filed.claim;
        let standing = filed.filing.as_ref().filter(|_| claim.status.stands());
        for (line, outcome) in standing.iter().flat_map(|filing| filing.submission.lines.iter().zip(&filing.lines)) {
            let day = standing.map(|filing| filing.submission.days[usize::from(line.day)].nullifier).unwrap();
            if outcome.is_covered() {
                let root = told.root(*id);
                let other = *served.entry((claim.provider, day, line.code.0)).or_insert(root);
                prop_assert_eq!(other, root, "a service is one claim's and those that it was passed on to");
            }
        }
        prop_assert!(claim.paid <= claim.total.payer);
        let paid_up = claim.paid == claim.total.payer;
        prop_assert!(claim.status != ClaimStatus::Settled || paid_up);
    }
    Ok(())
}

/// No limit is exceeded; what is used of one that terms have lowered was used before.
pub fn within_limits(told: &Rebuilt) -> Result<(), TestCaseError> {
    for Use { plan, place, kind, amount } in told.used.values() {
        let known = told.of(*plan);
        let term = match place.term {
            Since::Annual(_) => Term::Annual,
            Since::Day(_) => Term::Day,
            Since::Lifetime => Term::Lifetime,
        };
        let limits = known.terms.iter().flat_map(|terms| &terms.limits);
        let same = limits.filter(|limit| (limit.kind(), limit.unit, limit.term) == (*kind, place.unit, term));
        let most = same.map(|limit| limit.limit).max().unwrap();
        prop_assert!(*amount <= most, "{:?} {} {}", place, amount, most);
    }
    Ok(())
}

/// Whether a claim may go from here to there.
pub fn is_edge(from: Option<ClaimStatus>, to: Option<ClaimStatus>) -> bool {
    use ClaimStatus::{Adjudicated, Reversed, Settled};
    match (from, to) {
        (None, None) => true,
        (None, Some(to)) => to.is_pended() || to == Adjudicated,
        (Some(from), None) => from.is_pended(),
        (Some(from), Some(to)) if from.is_pended() => to.is_pended() || to == Adjudicated,
        (Some(Adjudicated), Some(to)) => [Adjudicated, Settled, Reversed].contains(&to),
        // An appeal adjudicates anew.
        (Some(Settled), Some(to)) => [Adjudicated, Settled, Reversed].contains(&to),
        // Passed on once more; `Rebuilt` sees that nothing else brings it back.
        (Some(_), Some(to)) => to != Settled,
    }
}
