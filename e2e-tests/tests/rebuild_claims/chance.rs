//! Two providers, two members and two insurers with four plans do whatever comes to their minds about claims. One of the plans is
//! paid in a token that calls claims back, whenever it likes.

use super::full_terms;
use fastrand::Rng;
use ink_primitives::AccountId;
use salus_client::message::Message;
use salus_client::{CallError, Keypair};
use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Category, Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Deadlines, PlanTerms};
use salus_e2e_tests::claims::{all, around, enrolment};
use salus_e2e_tests::samples::{code, day, for_payment, line, terms, words, DAY, UNIT};
use salus_e2e_tests::tokens::{Behaviour, Token};
use salus_e2e_tests::{id, person, Result, World};
use salus_interface::claims::{
    Asset, Claim, ClaimAdjudicated, ClaimAppealed, ClaimPended, ClaimStatus, ClaimWithdrawn, ClaimsError,
    ClaimsSettled, Enrolment, Filing, Procedure, Ruling,
};
use scale::Decode;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The people, the plans, and the claims that were made.
struct Stage<'a> {
    world: &'a World,
    rng: Rng,
    providers: [&'a Keypair; 2],
    members: [&'a Keypair; 2],
    plans: [(PlanId, &'a Keypair, Asset); 4],
    token: &'a Token,
    hostile: &'a Token,
    /// Whether the hostile token calls back.
    calls_back: bool,
    claims: Vec<ClaimId>,
    pended: Vec<ClaimId>,
    asked: BTreeMap<ClaimId, ClaimPended>,
    appealed: Vec<ClaimId>,
    /// What was decided last about each claim, and its provider. In the order of the first decisions, which the seed fixes.
    filings: Vec<(ClaimId, Filing, usize)>,
    done: Done,
}

/// How many messages there are to send.
pub const MESSAGES: usize = 13;

/// What came of the steps.
#[derive(Debug, Default)]
pub struct Done {
    /// How often each message went through, and was refused.
    pub messages: BTreeMap<&'static str, (usize, usize)>,
    /// How many claims were not paid because the token called back.
    pub called_back: usize,
}

impl Done {
    /// Whether each message went through, and the token called back.
    fn is_everything(&self) -> bool {
        let went_through = self.messages.values().filter(|(through, _)| *through > 0).count();
        went_through >= MESSAGES && self.called_back > 0
    }
}

/// So many steps; where something has not happened by then, more, up to the end of the range.
pub async fn happens(world: &World, steps: RangeInclusive<usize>) -> Result<Done> {
    let empty = world.held().await?;
    world.establish().await?;
    let (other, second) = (world.another_doctor().await?, world.somebody().await?);
    let (token, hostile) = (world.token().await?, world.hostile_token().await?);
    let generous = PlanTerms { networked: true, ..full_terms() };
    let first = world.opens(&world.insurer, Asset::Native, &full_terms()).await?;
    let next = world.opens(&second, Asset::Native, &terms()).await?;
    let in_token = world.opens(&world.insurer, token.asset(), &generous).await?;
    // What is due at once, anybody may settle: the token too.
    let at_once = PlanTerms { deadlines: Deadlines { settlement: 0, ..terms().deadlines }, ..terms() };
    let in_hostile = world.opens(&world.insurer, hostile.asset(), &at_once).await?;
    world.funds(&world.insurer, first, 15 * UNIT).await?;
    world.funds(&second, next, 10 * UNIT).await?;
    world.funds_in(&token, in_token, 20 * UNIT).await?;
    world.funds_in(&hostile, in_hostile, 20 * UNIT).await?;
    world.run(&world.insurer, world.claims.set_network(in_token, &[id(&world.doctor)], true)).await?;
    let members = [&world.patient, &world.researcher];
    let period = around(world.now().await?);
    let plans = [
        (first, &world.insurer, Asset::Native),
        (next, &second, Asset::Native),
        (in_token, &world.insurer, token.asset()),
        (in_hostile, &world.insurer, hostile.asset()),
    ];
    for (plan, insurer, _) in plans {
        let secondary = plan == next;
        let enrolments = members.map(|member| {
            let subscriber = id(&world.patient);
            Enrolment { subscriber, secondary, ..enrolment(member, period) }
        });
        world.run(insurer, world.claims.cover(plan, &enrolments)).await?;
    }
    for member in members {
        for insurer in [&world.insurer, &second] {
            world.run(member, world.registry.record(&for_payment(insurer))).await?;
        }
    }
    let mut stage = Stage {
        world,
        rng: Rng::with_seed(7),
        providers: [&world.doctor, &other],
        members,
        plans,
        token: &token,
        hostile: &hostile,
        calls_back: false,
        claims: Vec::new(),
        pended: Vec::new(),
        asked: BTreeMap::new(),
        appealed: Vec::new(),
        filings: Vec::new(),
        done: Done::default(),
    };
    for step in 0..*steps.end() {
        if step >= *steps.start() && stage.done.is_everything() {
            break;
        }
        stage.step().await?;
    }
    println!("{:?}", stage.done);
    let holds = [(Asset::Native, world.held().await? - empty)];
    let of_tokens = [(token.asset(), world.held_of(&token).await?), (hostile.asset(), world.held_of(&hostile).await?)];
    for (asset, holds) in holds.into_iter().chain(of_tokens) {
        let mut left = 0;
        for (plan, ..) in stage.plans.iter().filter(|(.., other)| *other == asset) {
            let pool = world.pool(*plan).await?;
            left += pool.funded.0 - pool.paid.0;
        }
        assert_eq!(holds, left, "funded and not paid, of {asset:?}");
    }
    Ok(stage.done)
}

impl Stage<'_> {
    /// Sends a message that may well be refused.
    async fn tries<T: Decode>(&mut self, who: &Keypair, message: Message<T, ClaimsError>) -> Result {
        self.sends(who, message).await.map(drop)
    }

    /// The same, with the answer where it was not refused.
    async fn sends<T: Decode>(&mut self, who: &Keypair, message: Message<T, ClaimsError>) -> Result<Option<T>> {
        let counts = self.done.messages.entry(message.name()).or_default();
        match message.submit(&self.world.chain, who).await {
            Ok(done) => {
                counts.0 += 1;
                let moved = |told: &ClaimsSettled| told.payments.iter().any(|paid| paid.amount > paid.withheld);
                let of_hostile = |told: &&ClaimsSettled| told.asset == self.hostile.asset();
                if self.calls_back && all::<ClaimsSettled, _>(&done).iter().filter(of_hostile).any(moved) {
                    return Err("a token that called back was paid in".into());
                }
                for told in all::<ClaimAdjudicated, _>(&done) {
                    self.pended.retain(|claim| *claim != told.claim);
                    let own = usize::from(told.provider != id(self.providers[0]));
                    self.claims.push(told.claim);
                    let anew = (told.claim, told.filing, own);
                    match self.filings.iter_mut().find(|(claim, ..)| *claim == told.claim) {
                        Some(before) => *before = anew,
                        None => self.filings.push(anew),
                    }
                }
                for told in all::<ClaimWithdrawn, _>(&done) {
                    self.pended.retain(|claim| *claim != told.claim);
                }
                for told in all::<ClaimPended, _>(&done) {
                    self.pended.push(told.claim);
                    self.asked.insert(told.claim, told);
                }
                self.appealed.extend(all::<ClaimAppealed, _>(&done).iter().map(|told| told.claim));
                Ok(Some(done.forecast))
            }
            Err(CallError::Refused(_)) => {
                counts.1 += 1;
                Ok(None)
            }
            Err(CallError::Client(error)) => Err(format!("{}: {error}", message.name()).into()),
        }
    }

    /// One of the claims of which something was told, mostly one of `among`.
    fn claim(&mut self, among: fn(&Self) -> &Vec<ClaimId>) -> ClaimId {
        let (any, number) = (self.rng.u8(..4) == 0, self.rng.usize(..));
        let all = if any { &self.claims } else { among(self) };
        all.get(number % all.len().max(1)).copied().unwrap_or(ClaimId([0; 32]))
    }

    /// A decided claim with its filing, and its provider.
    fn decided(&mut self) -> Option<(ClaimId, Filing, usize)> {
        let place = self.rng.usize(..self.filings.len().max(1));
        self.filings.get(place).cloned()
    }

    async fn submission(&mut self, plan: PlanId) -> Result<(usize, Submission)> {
        let now = self.world.now().await?;
        let (provider, member) = (self.rng.usize(..2), self.members[self.rng.usize(..2)]);
        let count = self.rng.u8(1..=3);
        let days = (1..=count).map(|before| day(self.providers[provider], member, now, before.into()));
        let days: Vec<_> = days.collect();
        let categories = [Category::Consultation, Category::DiagnosticLab, Category::Surgical];
        let mut lines = Vec::new();
        for number in 0..count + self.rng.u8(..3) {
            let submitted =
                if self.rng.u8(..10) == 0 { 10 * UNIT } else { u128::from(self.rng.u64(1..3 * UNIT as u64)) };
            let category = categories[self.rng.usize(..3)];
            let quantity = self.rng.u32(1..4);
            lines.push(Line { day: number % count, category, quantity, ..line(self.rng.u8(..8), submitted) });
        }
        let reference = Hash([self.rng.u8(..60); 32]);
        let prior_decided = self.rng.u8(..4) == 0;
        Ok((provider, Submission { plan, member: person(member), reference, prior_decided, days, lines }))
    }

    /// Mostly one of a plan.
    fn decided_of(&mut self, plan: PlanId) -> Option<(ClaimId, Filing, usize)> {
        let mut found: Vec<_> = (0..8).filter_map(|_| self.decided()).collect();
        let place = found.iter().position(|(_, filing, _)| filing.submission.plan == plan).unwrap_or(0);
        (!found.is_empty()).then(|| found.swap_remove(place))
    }

    /// The insurer authorises all that a claim asks for that waits.
    async fn authorises(&mut self, claim: ClaimId) -> Result {
        let Some(ClaimPended { submission, provider, .. }) = self.asked.get(&claim).cloned() else { return Ok(()) };
        let (plan, member) = (submission.plan, AccountId::from(submission.member.0));
        let Some((_, insurer, _)) = self.plans.iter().find(|(other, ..)| *other == plan).copied() else {
            return Ok(());
        };
        let until = self.world.now().await?.plus(DAY);
        for Line { code, .. } in submission.lines {
            let procedure = Procedure { plan, member, provider, code };
            self.tries(insurer, self.world.claims.decide_authorisation(procedure, Some((20, until)))).await?;
        }
        Ok(())
    }

    /// A provider that owes something to a plan's pool, if any does, or one that does not.
    async fn debtor(&mut self) -> Result<(PlanId, AccountId, Asset, Amount)> {
        let mut all = Vec::new();
        for (plan, _, asset) in self.plans {
            for provider in self.providers.map(id) {
                all.push((plan, provider, asset, self.world.debt(plan, provider).await?));
            }
        }
        self.rng.shuffle(&mut all);
        let owing = all.iter().find(|(.., debt)| *debt > Amount::ZERO).copied();
        Ok(owing.unwrap_or(all[0]))
    }

    /// What the hostile token does from then on.
    async fn turns(&mut self, plan: PlanId) -> Result {
        let (world, claims, asset) = (self.world, &self.world.claims, self.hostile.asset());
        self.calls_back = self.rng.bool();
        let behaviour = if self.calls_back {
            let claim = self.claim(|stage| &stage.claims);
            let input = match self.rng.u8(..5) {
                0 | 1 => claims.settle(&[claim]).input().to_vec(),
                2 => claims.retry(self.claim(|stage| &stage.pended)).input().to_vec(),
                3 => claims.fund(plan, Amount(1), asset).input().to_vec(),
                _ => claims.submit(&self.submission(plan).await?.1, None).input().to_vec(),
            };
            Behaviour::Reenter { target: world.claims_id(), input }
        } else {
            Behaviour::Honest
        };
        world.run(&world.stranger, self.hostile.behave(behaviour)).await.map(drop)
    }

    async fn step(&mut self) -> Result {
        let world = self.world;
        let (plan, insurer, asset) = self.plans[self.rng.usize(..self.plans.len())];
        let claims = &world.claims;
        match self.rng.u8(..38) {
            0..=8 => {
                let next = self.plans[self.rng.usize(..self.plans.len())].0;
                let secondary = (self.rng.u8(..3) == 0).then_some(next);
                let (provider, submission) = self.submission(plan).await?;
                self.tries(self.providers[provider], claims.submit(&submission, secondary)).await
            }
            9..=13 => {
                let batch: Vec<_> = (0..self.rng.usize(1..6)).map(|_| self.claim(|stage| &stage.claims)).collect();
                let who = if self.rng.u8(..4) == 0 { &world.stranger } else { insurer };
                let answers = self.sends(who, claims.settle(&batch)).await?.unwrap_or_default();
                let failed = |answer: &&_| **answer == Err(ClaimsError::TransferFailed);
                self.done.called_back += answers.iter().filter(failed).count();
                Ok(())
            }
            14 | 15 => {
                let claim = self.claim(|stage| &stage.pended);
                let kept = world.read(claims.claim(claim)).await?;
                if let Some(Claim { plan, total, status: ClaimStatus::AwaitsFunds, .. }) = kept {
                    // As long as nobody pays in, nothing comes of it.
                    self.tries(&world.stranger, claims.fund(plan, total.payer, Asset::Native)).await?;
                }
                if self.rng.bool() {
                    self.authorises(claim).await?;
                }
                self.tries(&world.stranger, claims.retry(claim)).await
            }
            16 => {
                let (claim, provider) = (self.claim(|stage| &stage.pended), self.providers[self.rng.usize(..2)]);
                self.tries(provider, claims.withdraw_claim(claim)).await
            }
            17 | 18 => match self.decided_of(self.plans[0].0) {
                Some((claim, filing, own)) => {
                    // Only the second plan pays after another one.
                    let next = if self.rng.u8(..4) == 0 { plan } else { self.plans[1].0 };
                    self.tries(self.providers[own], claims.pass_on(claim, &filing, next)).await
                }
                None => Ok(()),
            },
            19 | 20 => match self.decided() {
                Some((claim, filing, own)) => {
                    let who = if self.rng.bool() { self.providers[own] } else { insurer };
                    self.tries(who, claims.reverse(claim, words(1), &filing)).await
                }
                None => Ok(()),
            },
            21 | 22 => match self.decided() {
                Some((claim, _, own)) => {
                    let set_aside = [ReasonSet::EMPTY, Reason::NotCovered.into(), Reason::AuthorisationRefused.into()];
                    let set_aside = set_aside[self.rng.usize(..3)];
                    self.tries(self.providers[own], claims.appeal(claim, set_aside, words(2))).await
                }
                None => Ok(()),
            },
            23..=25 => {
                let claim = self.claim(|stage| &stage.appealed);
                let decided = self.filings.iter().find(|(other, ..)| *other == claim);
                let Some((_, filing, _)) = decided.cloned() else { return Ok(()) };
                // The events do not tell what a ruling sets aside beyond what the appeal asks for.
                let kept = world.read(claims.claim(claim)).await?;
                let set_aside = kept.and_then(|kept| kept.appeal).map_or(ReasonSet::EMPTY, |appeal| appeal.set_aside);
                let upheld = self.rng.u8(..3) == 0;
                let ruling = if upheld { Ruling::Upheld } else { Ruling::Overturned { set_aside, filing } };
                self.tries(&world.arbiter, claims.decide_appeal(claim, &ruling, words(3))).await
            }
            26 | 27 => {
                let (plan, provider, asset, debt) = self.debtor().await?;
                for token in [self.token, self.hostile].into_iter().filter(|token| token.asset() == asset) {
                    world.approves(&world.insurer, token, debt.0.max(1)).await?;
                }
                self.tries(&world.insurer, claims.repay(plan, provider, Amount((debt.0 / 2).max(1)), asset)).await
            }
            31 => {
                let amount = Amount(self.rng.u64(1..UNIT as u64).into());
                self.tries(insurer, claims.withdraw(plan, amount)).await
            }
            28..=30 if asset != self.token.asset() => {
                let amount = Amount(self.rng.u64(1..5 * UNIT as u64).into());
                let who = if asset == Asset::Native { &world.stranger } else { insurer };
                self.tries(who, claims.fund(plan, amount, asset)).await
            }
            32 | 33 => self.turns(plan).await,
            _ => {
                let (member, provider) = (id(self.members[self.rng.usize(..2)]), self.providers[self.rng.usize(..2)]);
                let code = code(self.rng.u8(..8));
                if self.rng.bool() {
                    let quantity = self.rng.u32(..9);
                    return self.tries(provider, claims.request_authorisation(plan, member, code, quantity)).await;
                }
                let until = world.now().await?.plus(DAY);
                let grant = (self.rng.u8(..3) > 0).then_some((self.rng.u32(1..9), until));
                let procedure = Procedure { plan, member, provider: id(provider), code };
                self.tries(insurer, claims.decide_authorisation(procedure, grant)).await
            }
        }
    }
}
