//! What claims must keep by what they have told: the events are folded one by one, and no message is asked.

use ink_primitives::AccountId;
use salus_client::{blake2b_256, Located};
use salus_domain::adjudicate::{self, LineOutcome, Split};
use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Measure, Network, Term, Unit};
use salus_domain::commitment;
use salus_domain::counters::{Counted, Counters, Slot, Used};
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{Fee, PlanTerms};
use salus_domain::time::Timestamp;
use salus_e2e_tests::Result;
use salus_interface::claims::{
    AppealAnswered, AppealDecided, Authorisation, AuthorisationChanged, Claim, ClaimAdjudicated, ClaimAppealed,
    ClaimPended, ClaimReversed, ClaimStatus, ClaimWithdrawn, ClaimsSettled, Coverage, CoverageEnded, DebtPaid, FeesSet,
    Filing, MembersCovered, NetworkSet, Place, Plan, PlanFrozen, PlanOpened, PlanRevised, Pool, PoolFunded,
    PoolWithdrawn, Procedure, Since,
};
use scale::Encode;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Everything that claims keep, by the events.
#[derive(Default)]
pub struct Books {
    pub plans: BTreeMap<PlanId, Plan>,
    pub terms: BTreeMap<(PlanId, u32), PlanTerms>,
    pub fees: BTreeMap<(PlanId, u8), Vec<Fee>>,
    pub network: BTreeSet<(PlanId, AccountId)>,
    pub debts: BTreeMap<(PlanId, AccountId), Amount>,
    pub coverages: BTreeMap<(PlanId, AccountId), Vec<Coverage>>,
    /// By the plan and the encoded [`Place`].
    pub used: BTreeMap<(PlanId, Vec<u8>), Used>,
    pub claims: BTreeMap<ClaimId, Claim>,
    /// Without outcomes.
    pub pended: BTreeMap<ClaimId, Filing>,
    pub services: BTreeMap<(AccountId, Hash), Vec<CodeTag>>,
    /// By the encoded [`Procedure`].
    pub authorisations: BTreeMap<Vec<u8>, Authorisation>,
    filings: HashMap<ClaimId, Filing>,
    /// The names of what was told, each once.
    pub told: BTreeSet<&'static str>,
}

fn is_held(held: u64, line: usize) -> bool {
    held >> line & 1 == 1
}

fn sum(lines: &[LineOutcome]) -> Split {
    lines.iter().fold(Split::default(), |sum, LineOutcome { split, .. }| Split {
        submitted: Amount(sum.submitted.0 + split.submitted.0),
        adjustment: Amount(sum.adjustment.0 + split.adjustment.0),
        prior_payer: Amount(sum.prior_payer.0 + split.prior_payer.0),
        deductible: Amount(sum.deductible.0 + split.deductible.0),
        copay: Amount(sum.copay.0 + split.copay.0),
        coinsurance: Amount(sum.coinsurance.0 + split.coinsurance.0),
        noncovered: Amount(sum.noncovered.0 + split.noncovered.0),
        payer: Amount(sum.payer.0 + split.payer.0),
    })
}

fn uses(line: &Line, network: Network, outcome: &LineOutcome, counters: &mut Counters<'_>) {
    let counted = Counted { category: line.category, network, day: usize::from(line.day) };
    let split = &outcome.split;
    counters.add(Measure::Deductible, counted, split.deductible.0);
    counters.add(Measure::OutOfPocket, counted, split.cost_share().0);
    counters.add(Measure::Benefit, counted, split.payer.0);
    counters.add(Measure::Services, counted, u128::from(outcome.is_covered()));
    counters.add(Measure::Quantity, counted, u128::from(outcome.quantity));
}

/// Which services are free when a claim is taken back: none where the next insurer's claim has them, its own, or also those that
/// it holds, where the first insurer's claim was taken back before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Freed {
    None,
    Own,
    All,
}

/// Whether what was decided is counted, or taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// At this time.
    Counts(Timestamp),
    /// And these services with it.
    TakenBack(Freed),
}

impl Books {
    /// Writes down what was told.
    pub fn note(&mut self, found: &Located) -> Result {
        macro_rules! told {
            ($($Event:ident($told:ident) => $then:expr;)+) => {
                $(if let Some($told) = found.event.decode::<$Event>() {
                    self.told.insert(stringify!($Event));
                    $then;
                    return Ok(());
                })+
            };
        }
        told! {
            PlanOpened(told) => {
                let PlanOpened { insurer, plan, arbiter, asset, fee_pages, terms } = told;
                let pool = Pool::default();
                let opened = Plan { insurer, arbiter, asset, version: 0, frozen: false, fee_pages, pool };
                self.plans.insert(plan, opened);
                self.terms.insert((plan, 0), terms);
            };
            PlanRevised(told) => {
                self.plan(told.plan)?.version = told.version;
                self.terms.insert((told.plan, told.version), told.terms);
            };
            PlanFrozen(told) => self.plan(told.plan)?.frozen = told.frozen;
            PoolFunded(told) => self.plan(told.plan)?.pool.funded.0 += told.amount.0;
            PoolWithdrawn(told) => self.plan(told.plan)?.pool.funded.0 -= told.amount.0;
            FeesSet(told) => drop(self.fees.insert((told.plan, told.page), told.fees));
            NetworkSet(told) => for provider in told.providers {
                match told.listed {
                    true => self.network.insert((told.plan, provider)),
                    false => self.network.remove(&(told.plan, provider)),
                };
            };
            MembersCovered(told) => for enrolment in told.enrolments {
                self.coverages.entry((told.plan, enrolment.member)).or_default().push(Coverage {
                    period: enrolment.period,
                    subscriber: enrolment.subscriber,
                    secondary: enrolment.secondary,
                    version: told.version,
                    used: Vec::new(),
                });
            };
            CoverageEnded(told) => {
                let coverages = self.coverages.get_mut(&(told.plan, told.member)).ok_or("not covered")?;
                let lasts = |coverage: &&mut Coverage| coverage.period.contains(told.end);
                coverages.iter_mut().find(lasts).ok_or("not covered")?.period.end = told.end;
            };
            AuthorisationChanged(told) => {
                self.authorisations.insert(told.procedure.encode(), told.authorisation);
            };
            ClaimPended(told) => self.pends(told, found.time)?;
            ClaimWithdrawn(told) => {
                let pended = self.pended.remove(&told.claim).ok_or("it does not wait")?;
                let claim = self.claims.remove(&told.claim).ok_or("no such claim")?;
                if self.unlinks(claim.prior)? {
                    self.disclaims(claim.provider, &pended.submission, pended.held);
                }
            };
            ClaimAdjudicated(told) => self.decides(told)?;
            ClaimsSettled(told) => self.settles(told)?;
            ClaimAppealed(told) => self.claim(told.claim)?.appeal = Some(told.appeal);
            // Nothing is kept of it.
            AppealAnswered(told) => self.claim(told.claim)?.appeal.ok_or("no appeal")?;
            AppealDecided(told) => {
                let appeal = self.claim(told.claim)?.appeal.as_mut().ok_or("no appeal")?;
                (appeal.status, appeal.set_aside) = (told.status, told.set_aside);
            };
            ClaimReversed(told) => self.takes_back(&told)?;
            DebtPaid(told) => {
                let pool = &mut self.plan(told.plan)?.pool;
                pool.paid.0 -= told.amount.0;
                pool.owed.0 -= told.amount.0;
                self.owes(told.plan, told.provider, |debt| debt - told.amount.0);
            };
        }
        Err(format!("an event that nobody knows: {:?}", found.event).into())
    }

    fn plan(&mut self, plan: PlanId) -> Result<&mut Plan> {
        Ok(self.plans.get_mut(&plan).ok_or("no such plan")?)
    }

    fn claim(&mut self, claim: ClaimId) -> Result<&mut Claim> {
        Ok(self.claims.get_mut(&claim).ok_or("no such claim")?)
    }

    fn owes(&mut self, plan: PlanId, provider: AccountId, change: impl FnOnce(u128) -> u128) {
        let debt = change(self.debts.remove(&(plan, provider)).unwrap_or_default().0);
        if debt > 0 {
            self.debts.insert((plan, provider), Amount(debt));
        }
    }

    fn passes_on(&mut self, prior: Option<ClaimId>) {
        if let Some(claim) = prior.and_then(|prior| self.claims.get_mut(&prior)) {
            claim.passed_on = true;
        }
    }

    /// The claim before may be passed on again; of claims that were taken back, the one before those. Whether all were taken back.
    fn unlinks(&mut self, mut prior: Option<ClaimId>) -> Result<bool> {
        let mut all = false;
        while let Some(before) = prior {
            let before = self.claim(before)?;
            before.passed_on = false;
            all = before.status == ClaimStatus::Reversed;
            prior = before.prior.filter(|_| all);
        }
        Ok(all)
    }

    /// These lines' services are free.
    fn disclaims(&mut self, provider: AccountId, submission: &Submission, lines: u64) {
        for (_, line) in submission.lines.iter().enumerate().filter(|(number, _)| is_held(lines, *number)) {
            let day = submission.days[usize::from(line.day)].nullifier;
            self.services.entry((provider, day)).or_default().retain(|code| *code != line.code);
        }
    }

    /// The place of the coverage that counts for a claim.
    fn coverage(&self, submission: &Submission) -> Option<usize> {
        let first = submission.days.iter().map(|day| day.date).min()?;
        let member = AccountId::from(submission.member.0);
        let coverages = self.coverages.get(&(submission.plan, member))?;
        coverages.iter().position(|coverage| coverage.period.contains(first))
    }

    fn pends(&mut self, told: ClaimPended, now: Timestamp) -> Result {
        let ClaimPended { claim, status, submission, provider, prior, total, filed } = told;
        let (plan, member) = (submission.plan, AccountId::from(submission.member.0));
        let version = match self.coverage(&submission) {
            Some(place) => self.coverages[&(plan, member)][place].version,
            None => self.plan(plan)?.version,
        };
        let held = prior.map_or(0, |prior| {
            let filing = &self.filings[&prior];
            let covered = filing.lines.iter().enumerate().filter(|(_, outcome)| outcome.is_covered());
            covered.fold(filing.held, |held, (number, _)| held | 1 << number)
        });
        let kept = Claim {
            plan,
            version,
            member,
            provider,
            status,
            total,
            paid: Amount::ZERO,
            decided: filed,
            due: now.plus(self.terms[&(plan, version)].deadlines.settlement),
            filing: Hash([0; 32]),
            appeal: None,
            prior,
            passed_on: false,
        };
        self.claims.insert(claim, kept);
        let pended = Filing { submission, network: Network::In, held, filed, lines: Vec::new() };
        self.pended.insert(claim, pended);
        self.passes_on(prior);
        Ok(())
    }

    fn decides(&mut self, told: ClaimAdjudicated) -> Result {
        let ClaimAdjudicated { claim: id, provider, filing, version, prior, decided, due } = told;
        let before = self.claims.remove(&id).filter(|claim| claim.status.stands());
        if let Some(earlier) = before.is_some().then(|| self.filings.remove(&id)).flatten() {
            // By the terms of now, which are those of the coverage.
            self.counts(version, provider, &earlier, Way::TakenBack(Freed::Own))?;
        }
        self.counts(version, provider, &filing, Way::Counts(decided))?;
        self.pended.remove(&id);
        let total = sum(&filing.lines);
        let (reserved, paid, appeal, passed_on) = match before {
            Some(claim) => (claim.total.payer.0, claim.paid, claim.appeal, claim.passed_on),
            None => (0, Amount::ZERO, None, false),
        };
        let plan = filing.submission.plan;
        self.plan(plan)?.pool.reserved.0 += total.payer.0 - reserved;
        let settled = paid > Amount::ZERO && paid == total.payer;
        let kept = Claim {
            plan,
            version,
            member: filing.submission.member.0.into(),
            provider,
            status: if settled { ClaimStatus::Settled } else { ClaimStatus::Adjudicated },
            total,
            paid,
            decided,
            due,
            filing: commitment::filing(&blake2b_256, &filing),
            appeal,
            prior,
            passed_on,
        };
        self.claims.insert(id, kept);
        self.filings.insert(id, filing);
        self.passes_on(prior);
        Ok(())
    }

    fn settles(&mut self, told: ClaimsSettled) -> Result {
        for payment in told.payments {
            let claim = self.claim(payment.claim)?;
            (claim.status, claim.paid) = (ClaimStatus::Settled, claim.total.payer);
            let plan = claim.plan;
            let pool = &mut self.plan(plan)?.pool;
            pool.reserved.0 -= payment.amount.0;
            pool.paid.0 += payment.amount.0 - payment.withheld.0;
            pool.owed.0 -= payment.withheld.0;
            self.owes(plan, told.provider, |debt| debt - payment.withheld.0);
        }
        Ok(())
    }

    fn takes_back(&mut self, told: &ClaimReversed) -> Result {
        let claim = self.claim(told.claim)?;
        claim.status = ClaimStatus::Reversed;
        let Claim { plan, version, provider, paid, total, prior, passed_on, .. } = *claim;
        let pool = &mut self.plan(plan)?.pool;
        pool.reserved.0 -= total.payer.0 - paid.0;
        pool.owed.0 += told.owed.0;
        self.owes(plan, provider, |debt| debt + told.owed.0);
        let filing = self.filings.remove(&told.claim).ok_or("no filing")?;
        let freed = match passed_on {
            true => Freed::None,
            // Nobody has the services of those before it any more.
            false if self.unlinks(prior)? => Freed::All,
            false => Freed::Own,
        };
        self.counts(version, provider, &filing, Way::TakenBack(freed))
    }

    /// Counts what was decided against limits, services and authorisations, or takes it back.
    fn counts(&mut self, version: u32, provider: AccountId, filing: &Filing, way: Way) -> Result {
        let submission = &filing.submission;
        let (plan, member) = (submission.plan, AccountId::from(submission.member.0));
        let terms = self.terms.get(&(plan, version)).ok_or("no such terms")?.clone();
        self.adds_up(&terms, filing, way);
        for (number, (line, outcome)) in submission.lines.iter().zip(&filing.lines).enumerate() {
            let day = submission.days[usize::from(line.day)].nullifier;
            let services = self.services.entry((provider, day)).or_default();
            let held = is_held(filing.held, number);
            let own = outcome.is_covered() && !held;
            match way {
                Way::Counts(_) if own => services.push(line.code),
                Way::TakenBack(freed) if freed == Freed::All && held || freed != Freed::None && own => {
                    services.retain(|code| *code != line.code);
                }
                _ => {}
            }
            if outcome.authorised == 0 {
                continue;
            }
            let procedure = Procedure { plan, member, provider, code: line.code };
            let change = |left: u32| match way {
                Way::Counts(_) => left.saturating_sub(outcome.authorised),
                Way::TakenBack(_) => left.saturating_add(outcome.authorised),
            };
            match self.authorisations.get_mut(&procedure.encode()) {
                Some(Authorisation::Granted { quantity, .. }) => *quantity = change(*quantity),
                Some(asked @ Authorisation::Requested { .. }) => {
                    if let (Authorisation::Requested { quantity, deadline }, Way::Counts(now)) = (*asked, way) {
                        // Silence granted it; else it is for later claims.
                        if now >= deadline {
                            *asked = Authorisation::Granted { quantity: change(quantity), until: Timestamp::MAX };
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn adds_up(&mut self, terms: &PlanTerms, filing: &Filing, way: Way) {
        let submission = &filing.submission;
        let (plan, member) = (submission.plan, AccountId::from(submission.member.0));
        let Some(place) = self.coverage(submission) else { return };
        let coverage = self.coverages[&(plan, member)][place].clone();
        let at = |slot: Slot| {
            let account = if slot.unit == Unit::Individual { member } else { coverage.subscriber };
            let term = match slot.term {
                Term::Annual => Since::Annual(coverage.period.start),
                Term::Lifetime => Since::Lifetime,
                Term::Day => Since::Day(submission.days[slot.day].date),
            };
            (plan, Place { unit: slot.unit, account, term }.encode())
        };
        let own = |slot: Slot| (slot.unit, slot.term) == (Unit::Individual, Term::Annual);
        let mut counters = Counters::new(&terms.limits, submission.days.len());
        let slots = counters.slots();
        for slot in &slots {
            let kept = if own(*slot) { Some(&coverage.used) } else { self.used.get(&at(*slot)) };
            kept.into_iter().for_each(|kept| counters.load(*slot, kept));
        }
        for (line, outcome) in submission.lines.iter().zip(&filing.lines) {
            match way {
                Way::Counts(_) => uses(line, filing.network, outcome, &mut counters),
                Way::TakenBack(_) => adjudicate::release(&mut counters, line, filing.network, outcome),
            }
        }
        for slot in slots {
            if own(slot) {
                let coverages = self.coverages.entry((plan, member)).or_default();
                counters.store(slot, &mut coverages[place].used);
            } else {
                counters.store(slot, self.used.entry(at(slot)).or_default());
            }
        }
    }
}
