//! What holds after every sequence of calls by anybody.

use super::common::cases;
use super::register::outcome;
use super::*;
use crate::register::Register;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;
use salus_domain::codes::Reason;
use salus_interface::claims::ClaimSettled;
use std::collections::HashSet;
use testing::events;

#[derive(Clone, Debug)]
enum Step {
    Fund(u8, u128),
    Withdraw(u8, u128),
    Adjudicate(u128),
    Settle(u8, u64),
    SettleBatch(u8, Vec<u64>),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let anybody = || prop_oneof![3 => Just(INSURER), 2 => INSURER..=STRANGER];
    let amount = || prop_oneof![8 => 0..60u128, 1 => any::<u128>(), 1 => Just(u128::MAX)];
    let claim = || 0..8u64;
    prop_oneof![
        3 => (anybody(), 0..60u128).prop_map(|(caller, amount)| Step::Fund(caller, amount)),
        2 => (anybody(), amount()).prop_map(|(caller, amount)| Step::Withdraw(caller, amount)),
        5 => amount().prop_map(Step::Adjudicate),
        4 => (anybody(), claim()).prop_map(|(caller, claim)| Step::Settle(caller, claim)),
        2 => (anybody(), vec(claim(), 0..5)).prop_map(|(caller, claims)| Step::SettleBatch(caller, claims)),
        1 => (1..400u64).prop_map(Step::Wait),
    ]
}

/// What a ledger keeps of a plan and its claims, without a word of [`Pool`].
#[derive(Debug, Default)]
struct Ledger {
    paid_in: u128,
    withdrawn: u128,
    paid_out: u128,
    /// For each claim: what is to be paid, from when on anybody may settle it, and whether it was paid.
    claims: Vec<(u128, Timestamp, bool)>,
}

impl Ledger {
    fn reserved(&self) -> u128 {
        self.claims.iter().filter(|(_, _, paid)| !paid).map(|(amount, _, _)| amount).sum()
    }

    fn free(&self) -> u128 {
        self.paid_in - self.withdrawn - self.paid_out - self.reserved()
    }

    fn settle(&mut self, caller: u8, claim: u64, now: Timestamp) -> Result<Amount, ClaimsError> {
        let known = self.claims.get_mut(claim as usize).ok_or(ClaimsError::ClaimNotFound)?;
        match *known {
            (_, _, true) => Err(ClaimsError::AlreadySettled),
            (0, _, _) => Err(ClaimsError::NothingToPay),
            (_, due, _) if now < due && caller != INSURER => Err(ClaimsError::NotInsurer),
            (amount, _, _) => {
                known.2 = true;
                self.paid_out += amount;
                Ok(Amount(amount))
            }
        }
    }
}

fn take(claims: &mut Claims, ledger: &mut Ledger, now: &mut Timestamp, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Wait(time) => {
            *now = now.plus(time);
            at(*now);
        }
        Step::Fund(caller, amount) => {
            calls(id(caller));
            let expected = if amount == 0 { Err(ClaimsError::NothingTransferred) } else { Ok(()) };
            prop_assert_eq!(funds(claims, PLAN, amount), expected);
            ledger.paid_in += amount;
        }
        Step::Withdraw(caller, amount) => {
            calls(id(caller));
            let expected = match () {
                () if caller != INSURER => Err(ClaimsError::NotInsurer),
                () if amount > ledger.free() => Err(ClaimsError::PoolTooSmall),
                () => Ok(()),
            };
            prop_assert_eq!(claims.withdraw(PLAN, Amount(amount)), expected);
            ledger.withdrawn += expected.map_or(0, |()| amount);
        }
        Step::Adjudicate(amount) => {
            if amount > ledger.free() {
                prop_assert_eq!(claims.plans.reserve(PLAN, Amount(amount)), Err(ClaimsError::PoolTooSmall));
            } else {
                let claim = adjudicated(claims, ledger.claims.len() as u64, amount);
                ledger.claims.push((amount, claims.claim(claim).unwrap().due, false));
            }
        }
        Step::Settle(caller, claim) => {
            calls(id(caller));
            prop_assert_eq!(claims.settle(ClaimId(claim)), ledger.settle(caller, claim, *now));
        }
        Step::SettleBatch(caller, batch) => {
            calls(id(caller));
            let expected: Vec<_> = batch.iter().map(|claim| ledger.settle(caller, *claim, *now)).collect();
            prop_assert_eq!(claims.settle_batch(batch.into_iter().map(ClaimId).collect()), Ok(expected));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn funded_is_paid_and_reserved_and_free_and_a_claim_is_paid_at_most_once(steps in vec(steps(), 0..60)) {
        let mut claims = claims_with_money(100);
        let (mut ledger, mut now) = (Ledger { paid_in: 100, ..Ledger::default() }, NOW);
        let before = [id(PROVIDER), id(MEMBER), id(OTHER_INSURER), id(STRANGER)].map(balance);
        for step in steps {
            take(&mut claims, &mut ledger, &mut now, step)?;
            let pool = pool(&claims);
            prop_assert_eq!(pool.funded.0, ledger.paid_in - ledger.withdrawn);
            prop_assert_eq!((pool.paid.0, pool.reserved.0), (ledger.paid_out, ledger.reserved()));
            prop_assert_eq!(pool.funded.0, pool.paid.0 + pool.reserved.0 + pool.free().0);
            let other = claims.plan(PlanId(1)).unwrap().pool;
            prop_assert_eq!(other, Pool { funded: Amount(100), ..Pool::default() }, "pools are apart");
            let held = [pool, other].iter().map(|pool| pool.funded.0 - pool.paid.0).sum::<u128>();
            prop_assert_eq!(balance(contract()) - EXISTENTIAL, held, "the contract holds what is not paid");
        }
        let after = [id(PROVIDER), id(MEMBER), id(OTHER_INSURER), id(STRANGER)].map(balance);
        prop_assert_eq!(after[0] - before[0], ledger.paid_out);
        prop_assert_eq!(&after[1..], &before[1..], "nobody but the payee is paid");
        let told: Vec<_> = events::<ClaimSettled>().iter().map(|event| event.claim).collect();
        prop_assert_eq!(told.iter().collect::<HashSet<_>>().len(), told.len());
    }

    #[test]
    fn a_service_is_let_through_at_most_once(
        all in vec((hash_set(5..9u64, 1..4), vec((0..3u8, 0..4u8, any::<bool>()), 1..6)), 1..8)
    ) {
        new_chain();
        let mut register = Register::default();
        let mut let_through = HashSet::new();
        for (days, lines) in all {
            let days: Vec<_> = days.into_iter().collect();
            let place = |day: u8| day % days.len() as u8;
            let claimed: Vec<_> = lines.iter().map(|(day, number, _)| (place(*day), *number)).collect();
            let claimed = submission(&days, &claimed);
            let known = register.known_lines(id(PROVIDER), &claimed, CategorySet::ALL, |_| None).unwrap();
            let mut in_this_claim = HashSet::new();
            let mut denials = Vec::new();
            for (line, (_, number, denied)) in known.iter().zip(&lines) {
                let service = (line.date, *number);
                let before = let_through.contains(&service) || !in_this_claim.insert(service);
                prop_assert_eq!(line.duplicate, before);
                denials.push(match (line.duplicate, denied) {
                    (true, _) => Some(Reason::Duplicate),
                    (false, true) => Some(Reason::NotCovered),
                    (false, false) => None,
                });
                if denials.last() == Some(&None) {
                    prop_assert!(let_through.insert(service), "once");
                }
            }
            register.remember_services(id(PROVIDER), &claimed, &outcome(&denials)).unwrap();
        }
    }

    #[test]
    fn coverages_do_not_overlap_and_an_ended_one_is_never_longer(
        steps in vec((any::<bool>(), 0..40u64, 0..12u64, 0..3u64), 0..60)
    ) {
        new_chain();
        let mut plans = Plans::default();
        let (mut now, member) = (Timestamp(0), id(MEMBER));
        for (is_cover, start, length, time) in steps {
            now = now.plus(time);
            let before = plans.coverages(PLAN, member);
            let done = if is_cover {
                plans.cover(PLAN, member, period(start, start + length))
            } else {
                plans.end_coverage(PLAN, member, Timestamp(start), now)
            };
            let after = plans.coverages(PLAN, member);
            prop_assert!(after.len() <= MAX_COVERAGES);
            prop_assert!(after.iter().all(|one| one.period.is_valid()));
            prop_assert!(after.windows(2).all(|two| two[0].period.end <= two[1].period.start));
            for (old, new) in before.iter().zip(&after) {
                prop_assert!(old.period.start == new.period.start && old.period.end >= new.period.end);
            }
            prop_assert_eq!(done.is_err(), before == after);
        }
    }
}
