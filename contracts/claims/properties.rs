//! What holds after every sequence of messages by anybody, with tokens of every kind.

use super::common::cases;
use super::ledger::{adds_up, is_edge, same, within_limits};
use super::run::Run;
use super::steps::{steps, Step, Who, HOSTILE, PEOPLE, PLANS};
use super::*;
use ink::primitives::AccountId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use salus_interface::claims::{AppealStatus, ClaimsError};
use salus_interface::off_chain;
use std::cell::Cell;

/// What claims can come to, as [`Run::reached`] counts it.
const OUTCOMES: [&str; 5] = ["settled", "granted", "overturned", "reversed", "passed on"];
/// How many cases more are tried where no claim came to one of them.
const MORE: u32 = 200;

impl Run {
    /// How many claims came to each of [`OUTCOMES`] so far.
    fn reached(&self) -> [usize; OUTCOMES.len()] {
        let claims = |is: fn(&Claim) -> bool| self.told.claims.values().filter(|filed| is(&filed.claim)).count();
        let granted = |claim: &Claim| claim.appeal.is_some_and(|appeal| appeal.status == AppealStatus::Granted);
        let overturned = |claim: &Claim| claim.appeal.is_some_and(|appeal| appeal.status == AppealStatus::Overturned);
        [
            claims(|claim| claim.status == ClaimStatus::Settled),
            claims(granted),
            claims(overturned),
            claims(|claim| claim.status == ClaimStatus::Reversed),
            claims(|claim| claim.passed_on),
        ]
    }

    /// What a settlement must answer; of the hostile token's claims, if it gets that far, only that it is paid or failed.
    fn settlement(&self, caller: AccountId, places: &[usize]) -> Vec<Result<Option<u128>, ClaimsError>> {
        let mut debts: Vec<_> = self.told.plans.iter().map(|told| told.debts.clone()).collect();
        let mut answers = vec![];
        let mut owing: Vec<((Asset, AccountId), u128, Vec<usize>)> = vec![];
        let mut done: Vec<ClaimId> = vec![];
        for (number, place) in places.iter().enumerate() {
            let Some(claim) = self.known(*place) else {
                answers.push(Err(ClaimsError::ClaimNotFound));
                continue;
            };
            let plan = self.told.of(claim.plan).plan;
            let amount = claim.total.payer.minus(claim.paid).0;
            answers.push(match claim.status {
                _ if done.contains(&self.claim_at(*place)) => Err(ClaimsError::AlreadySettled),
                ClaimStatus::Settled => Err(ClaimsError::AlreadySettled),
                ClaimStatus::Adjudicated if amount == 0 => Err(ClaimsError::NothingToPay),
                ClaimStatus::Adjudicated if self.now < claim.due && caller != plan.insurer => {
                    Err(ClaimsError::NotInsurer)
                }
                ClaimStatus::Adjudicated => Ok(Some(amount)),
                _ => Err(ClaimsError::NotAdjudicated),
            });
            if answers[number].is_ok() {
                done.push(self.claim_at(*place));
                let debt = debts[claim.plan.0 as usize].entry(claim.provider).or_default();
                let withheld = amount.min(*debt);
                *debt -= withheld;
                let to = (plan.asset, claim.provider);
                let at = owing.iter().position(|(other, ..)| *other == to).unwrap_or_else(|| {
                    owing.push((to, 0, vec![]));
                    owing.len() - 1
                });
                owing[at].1 += amount - withheld;
                owing[at].2.push(number);
            }
        }
        for ((asset, provider), _, numbers) in owing.into_iter().filter(|(_, sum, _)| *sum > 0) {
            let barred = others(|others| others.tokens[&id(TOKEN)].barred.contains(&provider));
            for number in numbers {
                if asset == Asset::Psp22(id(HOSTILE)) {
                    answers[number] = Ok(None);
                } else if asset == Asset::Psp22(id(TOKEN)) && barred {
                    answers[number] = Err(ClaimsError::TransferFailed);
                }
            }
        }
        answers
    }

    /// One step, and all that must hold after it.
    fn take(&mut self, who: Who, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Wait(hours) => {
                self.now = self.now.plus(hours * DAY / 24);
                at(self.now);
            }
            Step::Token(manner) => super::others::manner(HOSTILE, *manner),
            Step::Bar(who, on) => {
                others(|others| toggle(&mut others.tokens.get_mut(&id(TOKEN)).unwrap().barred, *who, *on))
            }
            Step::Credential(who, on) => others(|others| toggle(&mut others.uncredentialed, *who, !on)),
            Step::Consent(who, on) => others(|others| toggle(&mut others.unwilling, *who, !on)),
            Step::Silent(who, on) => others(|others| toggle(&mut others.silent, *who, !on)),
            _ => {}
        }
        let caller = self.caller(who, step);
        let may = self.may(step);
        let expected = if let Step::Settle(places) = step { self.settlement(caller, places) } else { vec![] };
        let statuses = self.statuses();
        let (cells, tokens, events) = (off_chain::dump(), others(|others| others.tokens.clone()), testing::count());
        let done = self.send(caller, step);
        if done.is_ok() {
            prop_assert!(may.is_none_or(|may| may.contains(&caller)), "{caller:?} may not {step:?}");
            self.told.read(caller, self.now)?;
        } else {
            // What else is refused is refused before it writes.
            let late =
                matches!(step, Step::Submit(_, _, Some(_)) | Step::PassOn(..) | Step::Retry(_) | Step::Withdraw(..));
            if !late {
                prop_assert!(
                    off_chain::dump() == cells && testing::count() == events,
                    "{step:?} was refused and wrote"
                );
            }
            off_chain::restore(&cells);
            others(|others| others.tokens = tokens);
            self.told.skip();
        }
        if let (Step::Settle(_), Ok(answers)) = (step, done) {
            let paid = |amount: &Option<u128>| amount.map(Amount);
            let expected: Vec<_> = expected.iter().map(|answer| answer.as_ref().map(paid)).collect();
            for (given, expected) in answers.into_iter().zip(expected) {
                match expected {
                    Ok(None) => prop_assert!(given.is_ok() || given == Err(ClaimsError::TransferFailed)),
                    Ok(Some(amount)) => prop_assert_eq!(given, Ok(amount)),
                    Err(error) => prop_assert_eq!(given, Err(*error)),
                }
            }
        }
        for (id, from) in statuses {
            let to = self.told.claims.get(&id).map(|filed| filed.claim.status);
            prop_assert!(is_edge(Some(from), to), "{from:?} to {to:?}");
        }
        same(&self.claims, &self.told)?;
        adds_up(&self.told, &self.sent)?;
        within_limits(&self.told)
    }

    fn statuses(&self) -> Vec<(ClaimId, ClaimStatus)> {
        self.told.claims.iter().map(|(id, filed)| (*id, filed.claim.status)).collect()
    }

    /// Once all deadlines are over, anybody gets everything paid; then nothing is reserved, and what is free goes back.
    fn end(&mut self, reverse: bool) -> Result<(), TestCaseError> {
        others(|others| {
            others.silent.clear();
            others.unwilling.clear();
            others.uncredentialed.clear();
            others.tokens.values_mut().for_each(|token| (token.manner, token.barred) = Default::default());
        });
        self.take(None, &Step::Wait(3 * YEAR / DAY * 24))?;
        for number in 0..PLANS.len() as u32 {
            self.take(Some(STRANGER), &Step::Fund(number, 1_000_000, 0))?;
        }
        for (place, claim) in self.all_claims() {
            if crate::appeals::is_open(&claim) {
                // What brings no more, or was passed on, stays open, and keeps the provider from nothing.
                self.take(Some(provider_of(&claim)), &Step::Decide(place, false, None, true))?;
            }
        }
        self.take(None, &Step::Wait(YEAR / DAY * 24))?;
        let all: Vec<usize> = self.all_claims().into_iter().map(|(place, _)| place).collect();
        for batch in all.chunks(20) {
            self.take(Some(STRANGER), &Step::Settle(batch.to_vec()))?;
        }
        for (place, claim) in self.all_claims() {
            let is_paid = !claim.status.stands() || claim.paid == claim.total.payer;
            prop_assert!(is_paid, "anybody settles what is due: {claim:?}");
            if claim.status.is_pended() {
                self.take(None, &Step::WithdrawClaim(place))?;
                prop_assert!(self.known(place).is_none());
            } else if reverse && claim.status.stands() {
                self.take(Some(provider_of(&claim)), &Step::Reverse(place, true))?;
                prop_assert_eq!(self.known(place).map(|claim| claim.status), Some(ClaimStatus::Reversed));
            }
        }
        for number in 0..PLANS.len() as u32 {
            let pool = self.told.of(PlanId(number)).plan.pool;
            prop_assert_eq!(pool.reserved, Amount::ZERO, "no deadline strands money");
            self.take(None, &Step::Withdraw(number, pool.free().0))?;
            let pool = self.told.of(PlanId(number)).plan.pool;
            prop_assert_eq!(pool.funded, pool.paid);
        }
        Ok(())
    }
}

fn provider_of(claim: &Claim) -> u8 {
    PEOPLE.into_iter().find(|who| id(*who) == claim.provider).unwrap_or(STRANGER)
}

fn toggle(all: &mut std::collections::BTreeSet<AccountId>, who: u8, on: bool) {
    if on {
        all.insert(id(who));
    } else {
        all.remove(&id(who));
    }
}

/// A case is a hundred messages and more, after each of which everything is compared. All cases together must have come to
/// something.
#[test]
fn money_adds_up_and_cells_are_what_was_told_whoever_does_what() {
    let reached = Cell::new([0; OUTCOMES.len()]);
    let holds = |(steps, reverse): (Vec<(Who, Step)>, bool)| {
        let mut run = Run::begin()?;
        for (who, step) in &steps {
            run.take(*who, &run.aimed(step))?;
        }
        let of_case = run.reached();
        reached.set(std::array::from_fn(|outcome| reached.get()[outcome] + of_case[outcome]));
        run.end(reverse)
    };
    let (config, strategy) = (cases(100), (vec(steps(), 100..160), any::<bool>()));
    let (cases, mut runner) = (config.cases, TestRunner::new(config));
    for number in 0..cases + MORE {
        if number >= cases && !reached.get().contains(&0) {
            break;
        }
        let case = strategy.new_tree(&mut runner).unwrap();
        runner.run_one(case, holds).unwrap_or_else(|error| panic!("{error}"));
    }
    for (outcome, claims) in OUTCOMES.iter().zip(reached.get()) {
        assert!(claims > 0, "no claim was {outcome}");
    }
}
