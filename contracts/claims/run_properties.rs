//! A run of messages: who may send them, and what they are to the contract.

use super::ledger::Sent;
use super::rebuilt::{Rebuilt, Told};
use super::steps::{dated, partner, terms_of, Step, Who, HOSTILE, MEMBERS, NOBODYS, PEOPLE, PLANS, PROVIDERS, START};
use super::*;
use ink::primitives::AccountId;
use proptest::prelude::*;
use salus_domain::plan::Fee;
use salus_interface::claims::ClaimsError;
use scale::Encode;

/// A run: the contract, what the events told of it, and what was paid in.
pub struct Run {
    pub claims: Claims,
    pub told: Rebuilt,
    pub sent: Sent,
    pub now: Timestamp,
}

impl Run {
    /// Five plans with a little money in each pool, under which two members are covered.
    pub fn begin() -> Result<Self, TestCaseError> {
        let claims = bare();
        test::set_contract::<DefaultEnvironment>(id(HOSTILE));
        for who in PEOPLE {
            owns(id(who), START);
            for token in [TOKEN, HOSTILE] {
                others(|others| others.tokens.entry(id(token)).or_default().balances.insert(id(who), START));
            }
        }
        let now = Timestamp(NOW.0 + 1);
        at(now);
        calls(id(INSURER));
        let mut run = Self { claims, told: Rebuilt::default(), sent: Sent::new(), now };
        for (number, (insurer, asset)) in (0..).zip(PLANS) {
            let asset = if asset == 0 { Asset::Native } else { Asset::Psp22(id(asset)) };
            calls(id(insurer));
            run.claims.open_plan(asset, id(ARBITER), 1, terms_of(number)).unwrap();
            let plan = PlanId(number.into());
            let enrolments = MEMBERS.map(|member| Enrolment {
                period: period(day(990).0, day(1_060).0),
                secondary: number == 1 && member == CHILD,
                ..enrolment(member)
            });
            run.claims.cover(plan, enrolments.to_vec()).unwrap();
            run.claims.set_network(plan, vec![id(PROVIDER)], true).unwrap();
            run.told.read(id(insurer), now)?;
            run.send(id(insurer), &Step::Fund(plan.0, 500, 0)).unwrap();
            run.told.read(id(insurer), now)?;
        }
        Ok(run)
    }

    pub fn claim_at(&self, place: usize) -> ClaimId {
        // The newest ones first; from a place on, none.
        let newest = self.told.order.iter().rev().nth(place % self.told.order.len().max(1)).filter(|_| place < NOBODYS);
        newest.copied().unwrap_or(ClaimId([0xEE; 32]))
    }

    /// Mostly a claim of this kind, where there is one.
    fn claim_like(&self, place: usize, like: impl Fn(&Claim) -> bool) -> usize {
        let all = self.all_claims();
        let alike: Vec<usize> = all.into_iter().filter(|(_, claim)| like(claim)).map(|(place, _)| place).collect();
        if place.is_multiple_of(5) || place >= NOBODYS || alike.is_empty() {
            return place;
        }
        alike[place % alike.len()]
    }

    /// The same step about what it is mostly possible with.
    pub fn aimed(&self, step: &Step) -> Step {
        let pended = |place: &usize| self.claim_like(*place, |claim| claim.status.is_pended());
        let to_appeal = |claim: &Claim| claim.status.stands() && claim.appeal.is_none() && !claim.passed_on;
        match step {
            Step::Retry(place) => Step::Retry(pended(place)),
            Step::WithdrawClaim(place) => Step::WithdrawClaim(pended(place)),
            Step::Appeal(place, set_aside) => Step::Appeal(self.claim_like(*place, to_appeal), *set_aside),
            Step::Decide(place, upheld, set_aside, own) => {
                Step::Decide(self.claim_like(*place, crate::appeals::is_open), *upheld, *set_aside, *own)
            }
            Step::Repay(plan, who, amount, off) if amount % 4 > 0 => {
                let owed = |(plan, told): (u32, &Told)| {
                    PROVIDERS.into_iter().find_map(|who| {
                        let debt = told.debts.get(&id(who)).copied().filter(|debt| *debt > 0)?;
                        Some((plan, who, debt))
                    })
                };
                let (plan, who, most) = (0..).zip(&self.told.plans).find_map(owed).unwrap_or((*plan, *who, *amount));
                Step::Repay(plan, who, *amount.min(&most), *off)
            }
            other => other.clone(),
        }
    }

    pub fn known(&self, place: usize) -> Option<Claim> {
        self.told.claims.get(&self.claim_at(place)).map(|filed| filed.claim)
    }

    /// The filing of a claim, or that of any other.
    fn filing_of(&self, place: usize, own: bool) -> Filing {
        let own = if own { self.told.claims.get(&self.claim_at(place)) } else { None };
        let filed = own.and_then(|filed| filed.filing.clone());
        let any = || self.told.claims.values().rev().find_map(|filed| filed.filing.clone());
        let none = || Filing {
            submission: submission(0, &[]),
            network: salus_domain::codes::Network::In,
            held: 0,
            filed: Timestamp::MIN,
            lines: vec![],
        };
        filed.or_else(any).unwrap_or_else(none)
    }

    fn insurer(&self, plan: u32) -> Option<AccountId> {
        self.told.plans.get(plan as usize).map(|told| told.plan.insurer)
    }

    /// Who may do it; `None`: anybody.
    pub fn may(&self, step: &Step) -> Option<Vec<AccountId>> {
        let of = |place: usize| self.known(place);
        let insurer_of = |claim: Claim| self.insurer(claim.plan.0);
        Some(match step {
            Step::Revise(plan, _)
            | Step::Freeze(plan, _)
            | Step::Withdraw(plan, _)
            | Step::Fees(plan, ..)
            | Step::Network(plan, ..)
            | Step::Cover(plan, ..)
            | Step::End(plan, ..)
            | Step::Grant(plan, ..) => self.insurer(*plan).into_iter().collect(),
            Step::PassOn(claim, ..) | Step::WithdrawClaim(claim) => {
                of(*claim).map(|one| one.provider).into_iter().collect()
            }
            Step::Appeal(claim, _) => of(*claim).map_or(vec![], |one| vec![one.provider, one.member]),
            Step::Answer(claim) => of(*claim).and_then(insurer_of).into_iter().collect(),
            Step::Reverse(claim, _) => {
                of(*claim).map_or(vec![], |one| vec![one.provider].into_iter().chain(insurer_of(one)).collect())
            }
            Step::Decide(claim, true, ..) => of(*claim).map_or(vec![], |_| vec![id(ARBITER)]),
            Step::Decide(claim, false, ..) => {
                let claim = of(*claim)?;
                let late = claim.appeal.is_some_and(|appeal| self.now >= appeal.deadline);
                let end = if late { vec![claim.provider, claim.member] } else { vec![id(ARBITER)] };
                end.into_iter().chain(insurer_of(claim)).collect()
            }
            _ => return None,
        })
    }

    /// Whoever calls by right.
    pub fn caller(&self, who: Who, step: &Step) -> AccountId {
        let by_right = match step {
            Step::Submit(_, provider, _) => id(*provider),
            Step::Request(_, _, code, _) => id(PROVIDERS[usize::from(*code) % 2]),
            Step::Repay(_, provider, ..) => id(*provider),
            Step::Settle(claims) => {
                let first = claims.first().and_then(|place| self.known(*place));
                first.and_then(|claim| self.insurer(claim.plan.0)).unwrap_or(id(STRANGER))
            }
            Step::Fund(plan, ..) => self.insurer(*plan).unwrap_or(id(STRANGER)),
            // The insurer grants as often as others decide.
            Step::Decide(_, false, ..) if self.told.order.len().is_multiple_of(2) => {
                self.may(step).and_then(|who| who.last().copied()).unwrap_or(id(ARBITER))
            }
            _ => self.may(step).and_then(|who| who.first().copied()).unwrap_or(id(ARBITER)),
        };
        who.map_or(by_right, id)
    }

    /// Carries a message out with so much value, and as a chain does where it is refused.
    pub fn send(&mut self, caller: AccountId, step: &Step) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError> {
        let filing = |place: &usize, own: &bool| self.filing_of(*place, *own);
        let claim = |place: &usize| self.claim_at(*place);
        calls(caller);
        let (plan_of, now) = (|plan: &u32| PlanId(*plan), self.now);
        let done = match step {
            Step::Revise(plan, number) => self.claims.revise_plan(plan_of(plan), terms_of(*number)).map(drop),
            Step::Freeze(plan, frozen) => self.claims.set_frozen(plan_of(plan), *frozen),
            Step::Withdraw(plan, amount) => self.claims.withdraw(plan_of(plan), Amount(*amount)),
            Step::Fees(plan, codes, price) => {
                let mut codes: Vec<u8> = codes.clone();
                codes.sort_unstable();
                let fees = codes.iter().map(|number| Fee { code: code(*number), price: Amount(*price) });
                self.claims.set_fees(plan_of(plan), 0, fees.collect())
            }
            Step::Network(plan, who, listed) => self.claims.set_network(plan_of(plan), vec![id(*who)], *listed),
            Step::Cover(plan, member, start, length, secondary) => {
                let start = 990 + start;
                let period = period(day(start).0, day(start + length).0);
                let first = Enrolment { period, secondary: *secondary, ..enrolment(*member) };
                self.claims.cover(plan_of(plan), vec![first])
            }
            Step::End(plan, member, end) => self.claims.end_coverage(plan_of(plan), id(*member), day(1_000 + end)),
            Step::Request(plan, member, number, quantity) => {
                self.claims.request_authorisation(plan_of(plan), id(*member), code(*number), *quantity)
            }
            Step::Grant(plan, member, provider, number, grant) => {
                let (member, provider) = (id(*member), id(*provider));
                let procedure = Procedure { plan: plan_of(plan), member, provider, code: code(*number) };
                let grant = grant.map(|(quantity, until)| (quantity, day(1_000 + until)));
                self.claims.decide_authorisation(procedure, grant)
            }
            Step::Submit(submission, _, secondary) => {
                let next = secondary.map(|plan| partner(submission.plan, plan));
                self.claims.submit(dated(submission.clone(), now), next).map(drop)
            }
            Step::PassOn(place, own, plan) => {
                let (claim, filing) = (claim(place), filing(place, own));
                let next = partner(filing.submission.plan, *plan);
                self.claims.pass_on(claim, filing, next).map(drop)
            }
            Step::Retry(place) => {
                let claim = claim(place);
                self.claims.retry(claim).map(drop)
            }
            Step::WithdrawClaim(place) => {
                let claim = claim(place);
                self.claims.withdraw_claim(claim)
            }
            Step::Settle(places) => {
                let all: Vec<ClaimId> = places.iter().map(claim).collect();
                return self.claims.settle(all);
            }
            Step::Appeal(place, set_aside) => {
                let claim = claim(place);
                self.claims.appeal(claim, *set_aside, WORDS)
            }
            Step::Answer(place) => {
                let claim = claim(place);
                self.claims.answer_appeal(claim, WORDS)
            }
            Step::Decide(place, upheld, set_aside, own) => {
                let (claim, filing) = (claim(place), filing(place, own));
                let asked = self.known(*place).and_then(|claim| claim.appeal).map(|appeal| appeal.set_aside);
                let set_aside = set_aside.or(asked).unwrap_or(ReasonSet::EMPTY);
                let ruling = if *upheld { Ruling::Upheld } else { Ruling::Overturned { set_aside, filing } };
                self.claims.decide_appeal(claim, ruling, WORDS).map(drop)
            }
            Step::Reverse(place, own) => {
                let (claim, filing) = (claim(place), filing(place, own));
                self.claims.reverse(claim, WORDS, filing).map(drop)
            }
            Step::Fund(..) | Step::Repay(..) => self.pay_in(caller, step),
            Step::Wait(_)
            | Step::Token(_)
            | Step::Bar(..)
            | Step::Credential(..)
            | Step::Consent(..)
            | Step::Silent(..) => Ok(()),
        };
        done.map(|()| vec![])
    }

    /// Funds a plan or repays a debt, with more or less value than is said.
    fn pay_in(&mut self, caller: AccountId, step: &Step) -> Result<(), ClaimsError> {
        let (Step::Fund(plan, amount, off) | Step::Repay(plan, _, amount, off)) = step else { return Ok(()) };
        let asset = self.told.plans.get(*plan as usize).map_or(Asset::Native, |told| told.plan.asset);
        let said = if asset == Asset::Native { *amount } else { 0 };
        let value = said.saturating_add_signed((*off).into());
        if value > START / 2 {
            // Nobody has that.
            return Err(ClaimsError::WrongValue);
        }
        let claims = &mut self.claims;
        paying(caller, value, || match step {
            Step::Repay(plan, provider, amount, _) => claims.repay(PlanId(*plan), id(*provider), Amount(*amount)),
            _ => claims.fund(PlanId(*plan), Amount(*amount)),
        })?;
        *self.sent.entry((asset.encode(), caller)).or_default() += amount;
        Ok(())
    }

    /// Every claim, the newest first, by its place.
    pub fn all_claims(&self) -> Vec<(usize, Claim)> {
        (0..self.told.order.len()).filter_map(|place| Some((place, self.known(place)?))).collect()
    }
}
