//! Two providers, two members and two insurers with three plans do whatever comes to their minds about claims.

use super::full_terms;
use fastrand::Rng;
use salus_client::message::Message;
use salus_client::{CallError, Keypair};
use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Category, Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::PlanTerms;
use salus_e2e_tests::claims::{all, around, enrolment};
use salus_e2e_tests::samples::{code, day, for_payment, line, terms, words, DAY, UNIT};
use salus_e2e_tests::tokens::Token;
use salus_e2e_tests::{id, person, Result, World};
use salus_interface::claims::{
    Asset, ClaimAdjudicated, ClaimAppealed, ClaimPended, ClaimsError, Enrolment, Filing, Procedure, Ruling,
};
use scale::Decode;
use std::collections::BTreeMap;

/// The people, the plans, and the claims that were made.
struct Stage<'a> {
    world: &'a World,
    rng: Rng,
    providers: [&'a Keypair; 2],
    members: [&'a Keypair; 2],
    plans: [(PlanId, &'a Keypair, Asset); 3],
    claims: Vec<ClaimId>,
    pended: Vec<ClaimId>,
    appealed: Vec<ClaimId>,
    filings: BTreeMap<ClaimId, (Filing, usize)>,
    done: BTreeMap<&'static str, (usize, usize)>,
}

/// So many steps; how often each message went through and was refused.
pub async fn happens(world: &World, steps: usize) -> Result<BTreeMap<&'static str, (usize, usize)>> {
    let empty = world.held().await?;
    world.establish().await?;
    let (other, second) = (world.another_doctor().await?, world.somebody().await?);
    let token = world.token().await?;
    let generous = PlanTerms { networked: true, ..full_terms() };
    let first = world.opens(&world.insurer, Asset::Native, &full_terms()).await?;
    let next = world.opens(&second, Asset::Native, &terms()).await?;
    let in_token = world.opens(&world.insurer, token.asset(), &generous).await?;
    world.funds(&world.insurer, first, 15 * UNIT).await?;
    world.funds(&second, next, 10 * UNIT).await?;
    world.funds_in(&token, in_token, 20 * UNIT).await?;
    world.run(&world.insurer, world.claims.set_network(in_token, &[id(&world.doctor)], true)).await?;
    let members = [&world.patient, &world.researcher];
    let period = around(world.now().await?);
    for (plan, insurer, secondary) in
        [(first, &world.insurer, false), (next, &second, true), (in_token, &world.insurer, false)]
    {
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
        plans: [
            (first, &world.insurer, Asset::Native),
            (next, &second, Asset::Native),
            (in_token, &world.insurer, token.asset()),
        ],
        claims: Vec::new(),
        pended: Vec::new(),
        appealed: Vec::new(),
        filings: BTreeMap::new(),
        done: BTreeMap::new(),
    };
    for _ in 0..steps {
        stage.step(&token).await?;
    }
    let mut holds = [0; 2];
    for (plan, _, asset) in stage.plans {
        let pool = world.pool(plan).await?;
        holds[usize::from(asset != Asset::Native)] += pool.funded.0 - pool.paid.0;
    }
    assert_eq!([world.held().await? - empty, world.held_of(&token).await?], holds, "funded and not paid");
    Ok(stage.done)
}

impl Stage<'_> {
    /// Sends a message that may well be refused.
    async fn tries<T: Decode>(&mut self, who: &Keypair, message: Message<T, ClaimsError>) -> Result {
        let counts = self.done.entry(message.name()).or_default();
        match message.submit(&self.world.chain, who).await {
            Ok(done) => {
                counts.0 += 1;
                for told in all::<ClaimAdjudicated, _>(&done) {
                    let own = usize::from(told.provider != id(self.providers[0]));
                    self.claims.push(told.claim);
                    self.filings.insert(told.claim, (told.filing, own));
                }
                self.pended.extend(all::<ClaimPended, _>(&done).iter().map(|told| told.claim));
                self.appealed.extend(all::<ClaimAppealed, _>(&done).iter().map(|told| told.claim));
                Ok(())
            }
            Err(CallError::Refused(_)) => {
                counts.1 += 1;
                Ok(())
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
        self.filings.iter().nth(place).map(|(claim, (filing, provider))| (*claim, filing.clone(), *provider))
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
        Ok((provider, Submission { plan, member: person(member), reference, days, lines }))
    }

    async fn step(&mut self, token: &Token) -> Result {
        let world = self.world;
        let (plan, insurer, asset) = self.plans[self.rng.usize(..3)];
        let claims = &world.claims;
        match self.rng.u8(..32) {
            0..=8 => {
                let secondary = (self.rng.u8(..3) == 0).then_some(self.plans[self.rng.usize(..3)].0);
                let (provider, submission) = self.submission(plan).await?;
                self.tries(self.providers[provider], claims.submit(&submission, secondary)).await
            }
            9..=13 => {
                let batch: Vec<_> = (0..self.rng.usize(1..6)).map(|_| self.claim(|stage| &stage.claims)).collect();
                let who = if self.rng.u8(..4) == 0 { &world.stranger } else { insurer };
                self.tries(who, claims.settle(&batch)).await
            }
            14 | 15 => {
                let claim = self.claim(|stage| &stage.pended);
                self.tries(&world.stranger, claims.retry(claim)).await
            }
            16 => {
                let (claim, provider) = (self.claim(|stage| &stage.pended), self.providers[self.rng.usize(..2)]);
                self.tries(provider, claims.withdraw_claim(claim)).await
            }
            17 | 18 => match self.decided() {
                Some((claim, filing, own)) => {
                    self.tries(self.providers[own], claims.pass_on(claim, &filing, plan)).await
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
                let Some((filing, _)) = self.filings.get(&claim).cloned() else { return Ok(()) };
                // The events do not tell what a ruling sets aside beyond what the appeal asks for.
                let kept = world.read(claims.claim(claim)).await?;
                let set_aside = kept.and_then(|kept| kept.appeal).map_or(ReasonSet::EMPTY, |appeal| appeal.set_aside);
                let upheld = self.rng.u8(..3) == 0;
                let ruling = if upheld { Ruling::Upheld } else { Ruling::Overturned { set_aside, filing } };
                self.tries(&world.arbiter, claims.decide_appeal(claim, &ruling, words(3))).await
            }
            26 => {
                let provider = self.providers[self.rng.usize(..2)];
                let debt = world.debt(plan, id(provider)).await?;
                if let Asset::Psp22(_) = asset {
                    world.approves(&world.insurer, token, debt.0.max(1)).await?;
                }
                self.tries(&world.insurer, claims.repay(plan, id(provider), Amount((debt.0 / 2).max(1)), asset)).await
            }
            27 => {
                let amount = Amount(self.rng.u64(1..UNIT as u64).into());
                self.tries(insurer, claims.withdraw(plan, amount)).await
            }
            28 if asset == Asset::Native => {
                let amount = Amount(self.rng.u64(1..5 * UNIT as u64).into());
                self.tries(&world.stranger, claims.fund(plan, amount, asset)).await
            }
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
