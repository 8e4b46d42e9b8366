//! What was told is enough to know what is kept: all that claims keep, rebuilt from events alone.

use super::*;
use ink::primitives::AccountId;
use proptest::prelude::*;
use salus_domain::adjudicate::Split;
use salus_domain::codes::Network;
use salus_domain::plan::{Fee, LimitKind};
use salus_interface::claims::*;
use scale::{DecodeAll, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// A plan and all that belongs to it.
#[derive(Clone, Debug)]
pub struct Told {
    pub plan: Plan,
    pub terms: Vec<PlanTerms>,
    pub fees: BTreeMap<u8, Vec<Fee>>,
    pub network: BTreeSet<AccountId>,
    pub coverages: BTreeMap<AccountId, Vec<Coverage>>,
    pub debts: BTreeMap<AccountId, u128>,
}

/// A claim as the events tell it. Of a pended one they do not tell the version, nor when it would have been due.
#[derive(Clone, Debug)]
pub struct Filed {
    pub claim: Claim,
    /// What was claimed and decided; `None` while it waits.
    pub filing: Option<Filing>,
}

/// What was used of a limit in a place.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub plan: PlanId,
    pub place: Place,
    pub kind: LimitKind,
    pub amount: u128,
}

/// Everything. What a member used of a coverage's annual limits has a place here, too.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    pub plans: Vec<Told>,
    pub claims: BTreeMap<ClaimId, Filed>,
    /// What claims that wait ask for; of the others, what they asked for before.
    pub pended: BTreeMap<ClaimId, Filing>,
    /// In the order in which they were first heard of.
    pub order: Vec<ClaimId>,
    pub used: BTreeMap<Vec<u8>, Use>,
    pub services: BTreeMap<(AccountId, Hash), Vec<CodeTag>>,
    pub authorisations: BTreeMap<Vec<u8>, (Procedure, Authorisation)>,
    /// What went to whom, by asset.
    pub received: BTreeMap<(Vec<u8>, AccountId), u128>,
    /// How many events were read.
    read: usize,
}

/// Which services a claim that is taken back frees: of none of its lines, of its own, or also of those that are held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    None,
    Own,
    All,
}

impl Rebuilt {
    /// Leaves out what a refused message told.
    pub fn skip(&mut self) {
        self.read = testing::count();
    }

    /// Reads what a message of `caller`'s told at `now`.
    pub fn read(&mut self, caller: AccountId, now: Timestamp) -> Result<(), TestCaseError> {
        let told: Vec<_> = test::recorded_events().skip(self.read).collect();
        self.read += told.len();
        for event in told {
            let topic: Option<[u8; 32]> = event.topics.first().and_then(|topic| topic.as_slice().try_into().ok());
            macro_rules! dispatch {
                ($($Event:ident => $take:expr),+ $(,)?) => {
                    $(if topic == <$Event as ink::env::Event>::SIGNATURE_TOPIC {
                        let event = $Event::decode_all(&mut event.data.as_slice()).unwrap();
                        #[allow(clippy::redundant_closure_call)]
                        ($take)(event)?;
                        continue;
                    })+
                };
            }
            dispatch! {
                PlanOpened => |event| self.opened(event),
                PlanRevised => |event: PlanRevised| self.plan(event.plan, |told| { told.plan.version = event.version; told.terms.push(event.terms); }),
                PlanFrozen => |event: PlanFrozen| self.plan(event.plan, |told| told.plan.frozen = event.frozen),
                PoolFunded => |event: PoolFunded| self.plan(event.plan, |told| told.plan.pool.funded.0 += event.amount.0),
                PoolWithdrawn => |event| self.withdrawn(event),
                FeesSet => |event: FeesSet| self.plan(event.plan, |told| drop(told.fees.insert(event.page, event.fees))),
                NetworkSet => |event: NetworkSet| self.plan(event.plan, |told| for provider in event.providers {
                    if event.listed { told.network.insert(provider); } else { told.network.remove(&provider); }
                }),
                MembersCovered => |event: MembersCovered| self.plan(event.plan, |told| for one in event.enrolments {
                    let Enrolment { member, subscriber, period, secondary } = one;
                    let coverage = Coverage { period, subscriber, secondary, version: event.version, used: vec![] };
                    told.coverages.entry(member).or_default().push(coverage);
                }),
                CoverageEnded => |event: CoverageEnded| self.plan(event.plan, |told| {
                    let all = told.coverages.get_mut(&event.member).unwrap();
                    all.iter_mut().find(|one| one.period.contains(event.end)).unwrap().period.end = event.end;
                }),
                AuthorisationChanged => |event: AuthorisationChanged| {
                    self.authorisations.insert(event.procedure.encode(), (event.procedure, event.authorisation));
                    Ok::<(), TestCaseError>(())
                },
                ClaimPended => |event| self.pended(event),
                ClaimWithdrawn => |event: ClaimWithdrawn| {
                    let gone = self.claims.remove(&event.claim).unwrap();
                    prop_assert!(gone.claim.status.is_pended());
                    prop_assert_eq!(gone.claim.provider, caller);
                    if self.stands_alone(&gone.claim) {
                        self.disclaim(gone.claim.prior);
                    }
                    self.unlink(gone.claim.prior)
                },
                ClaimAdjudicated => |event| self.adjudicated(event),
                ClaimsSettled => |event| self.settled(event, caller, now),
                ClaimAppealed => |event: ClaimAppealed| {
                    let claim = &mut self.claims.get_mut(&event.claim).unwrap().claim;
                    prop_assert!(event.by == claim.member || event.by == claim.provider);
                    prop_assert!(claim.status.stands() && claim.appeal.is_none());
                    claim.appeal = Some(event.appeal);
                    Ok(())
                },
                AppealAnswered => |_: AppealAnswered| Ok::<(), TestCaseError>(()),
                AppealDecided => |event: AppealDecided| {
                    let appeal = self.claims.get_mut(&event.claim).unwrap().claim.appeal.as_mut().unwrap();
                    prop_assert!(appeal.status.is_open());
                    if appeal.status == AppealStatus::Granted {
                        prop_assert!(event.status != AppealStatus::Upheld, "nothing that was granted is taken back");
                    }
                    (appeal.status, appeal.set_aside) = (event.status, event.set_aside);
                    Ok(())
                },
                ClaimReversed => |event| self.reversed(event, now),
                DebtPaid => |event: DebtPaid| self.plan(event.plan, |told| {
                    told.plan.pool.paid.0 -= event.amount.0;
                    told.plan.pool.owed.0 -= event.amount.0;
                    *told.debts.get_mut(&event.provider).unwrap() -= event.amount.0;
                }),
            }
            prop_assert!(false, "an event that nobody knows");
        }
        Ok(())
    }

    fn plan(&mut self, plan: PlanId, change: impl FnOnce(&mut Told)) -> Result<(), TestCaseError> {
        change(&mut self.plans[plan.0 as usize]);
        Ok(())
    }

    pub fn of(&self, plan: PlanId) -> &Told {
        &self.plans[plan.0 as usize]
    }

    fn opened(&mut self, event: PlanOpened) -> Result<(), TestCaseError> {
        let PlanOpened { insurer, plan, arbiter, asset, fee_pages, terms } = event;
        prop_assert_eq!(plan.0 as usize, self.plans.len());
        let plan = Plan { insurer, arbiter, asset, version: 0, frozen: false, fee_pages, pool: Pool::default() };
        self.plans.push(Told {
            plan,
            terms: vec![terms],
            fees: BTreeMap::new(),
            network: BTreeSet::new(),
            coverages: BTreeMap::new(),
            debts: BTreeMap::new(),
        });
        Ok(())
    }

    fn withdrawn(&mut self, event: PoolWithdrawn) -> Result<(), TestCaseError> {
        let told = &mut self.plans[event.plan.0 as usize];
        prop_assert!(event.amount <= told.plan.pool.free(), "only what is free is withdrawn");
        told.plan.pool.funded.0 -= event.amount.0;
        let (asset, insurer) = (told.plan.asset, told.plan.insurer);
        *self.received.entry((asset.encode(), insurer)).or_default() += event.amount.0;
        Ok(())
    }

    fn link(&mut self, prior: Option<ClaimId>) -> Result<(), TestCaseError> {
        if let Some(prior) = prior.map(|id| self.claims.get_mut(&id).unwrap()) {
            prop_assert!(prior.claim.status.stands());
            prior.claim.passed_on = true;
        }
        Ok(())
    }

    fn unlink(&mut self, prior: Option<ClaimId>) -> Result<(), TestCaseError> {
        if let Some(prior) = prior.map(|id| self.claims.get_mut(&id).unwrap()) {
            prop_assert!(prior.claim.passed_on);
            prior.claim.passed_on = false;
            let Claim { status, prior, .. } = prior.claim;
            if status == ClaimStatus::Reversed {
                self.unlink(prior)?;
            }
        }
        Ok(())
    }

    /// Whether there were claims before this one, and all were taken back.
    fn stands_alone(&self, claim: &Claim) -> bool {
        claim.prior.map(|prior| &self.claims[&prior].claim).is_some_and(|prior| {
            prior.status == ClaimStatus::Reversed && (prior.prior.is_none() || self.stands_alone(prior))
        })
    }

    /// The services of a claim that was taken back, and of those before it, are free.
    fn disclaim(&mut self, claim: Option<ClaimId>) {
        let filed = self.claims[&claim.unwrap()].clone();
        let filing = filed.filing.unwrap();
        for (number, (line, outcome)) in filing.submission.lines.iter().zip(&filing.lines).enumerate() {
            if outcome.is_covered() || filing.held >> number & 1 == 1 {
                let day = filing.submission.days[usize::from(line.day)].nullifier;
                self.services.entry((filed.claim.provider, day)).or_default().retain(|code| *code != line.code);
            }
        }
    }

    fn pended(&mut self, event: ClaimPended) -> Result<(), TestCaseError> {
        let ClaimPended { claim: id, status, submission, provider, prior, total, filed } = event;
        prop_assert!(status.is_pended());
        if let Some(before) = self.claims.get(&id).map(|before| before.claim) {
            prop_assert!(before.prior == prior);
            if before.status == ClaimStatus::Reversed {
                prop_assert!(prior.is_some(), "passed on once more");
                self.link(prior)?;
            } else {
                prop_assert!(before.status.is_pended());
            }
        } else {
            self.order.push(id);
            self.link(prior)?;
        }
        let claim = Claim {
            plan: submission.plan,
            version: 0,
            member: AccountId::from(submission.member.0),
            provider,
            status,
            total,
            paid: Amount::ZERO,
            decided: filed,
            due: Timestamp::MIN,
            filing: Hash([0; 32]),
            appeal: None,
            prior,
            passed_on: false,
        };
        let held = prior.and_then(|prior| self.claims[&prior].filing.clone()).map_or(0, |filing| {
            let covered = filing.lines.iter().enumerate().filter(|(_, outcome)| outcome.is_covered());
            covered.fold(filing.held, |held, (number, _)| held | 1 << number)
        });
        self.pended.insert(id, Filing { submission, network: Network::In, held, filed, lines: vec![] });
        self.claims.insert(id, Filed { claim, filing: None });
        Ok(())
    }

    fn adjudicated(&mut self, event: ClaimAdjudicated) -> Result<(), TestCaseError> {
        let ClaimAdjudicated { claim: id, provider, filing, version, prior, decided, due } = event;
        let before = self.claims.get(&id).cloned();
        let stands = |before: &&Filed| before.filing.is_some() && before.claim.status != ClaimStatus::Reversed;
        let held_before = before.as_ref().filter(stands).cloned();
        let mut claim = Claim {
            plan: filing.submission.plan,
            version,
            member: AccountId::from(filing.submission.member.0),
            provider,
            status: ClaimStatus::Adjudicated,
            total: Split::default(),
            paid: Amount::ZERO,
            decided,
            due,
            filing: crate::decisions::filing_hash(&filing),
            appeal: None,
            prior,
            passed_on: false,
        };
        for outcome in &filing.lines {
            prop_assert!(samples::adds_up(&outcome.split), "{:?}", outcome);
            let [mut total, part] = [claim.total, outcome.split].map(|split| samples::amounts(&split));
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
            let [submitted, adjustment, prior, deductible, copay, coinsurance, noncovered, payer] = total;
            claim.total =
                samples::split(submitted, adjustment, prior, [deductible, copay, coinsurance, noncovered], payer);
        }
        prop_assert!(samples::adds_up(&claim.total));
        match (&before, &held_before) {
            (_, Some(decided_before)) => {
                let old = &decided_before.claim;
                prop_assert!(old.status.stands() && old.prior == prior && old.provider == provider);
                prop_assert!(old.appeal.is_some_and(|appeal| appeal.status.is_open()));
                prop_assert!(claim.total.payer >= old.total.payer, "an appeal never pays less");
                let earlier = &decided_before.filing.as_ref().unwrap().lines;
                let mut both = earlier.iter().zip(&filing.lines);
                prop_assert!(both.clone().all(|(was, is)| !was.is_covered() || is.is_covered()));
                let gains = both.any(|(was, is)| !was.is_covered() && is.is_covered());
                prop_assert!(gains || claim.total.payer > old.total.payer, "it brings more or changes nothing");
                if old.status == ClaimStatus::Settled && claim.total.payer == old.paid {
                    claim.status = ClaimStatus::Settled;
                }
                (claim.paid, claim.appeal, claim.passed_on) = (old.paid, old.appeal, old.passed_on);
                self.take_back(&decided_before.clone(), decided, Freed::Own);
            }
            (Some(gone), None) if gone.claim.status == ClaimStatus::Reversed => {
                prop_assert!(prior.is_some() && gone.claim.prior == prior, "passed on once more");
                self.link(prior)?;
            }
            (Some(waiting), None) => prop_assert!(waiting.claim.status.is_pended() && waiting.claim.prior == prior),
            (None, None) => {
                self.order.push(id);
                self.link(prior)?;
            }
        }
        let reserved_before = held_before.map_or(0, |before| before.claim.total.payer.0);
        let pool = &mut self.plans[claim.plan.0 as usize].plan.pool;
        pool.reserved.0 = pool.reserved.0 + claim.total.payer.0 - reserved_before;
        let filed = Filed { claim, filing: Some(filing) };
        self.use_up(&filed, decided)?;
        self.claims.insert(id, filed);
        Ok(())
    }

    fn settled(&mut self, event: ClaimsSettled, caller: AccountId, now: Timestamp) -> Result<(), TestCaseError> {
        for Payment { claim: id, amount, withheld } in event.payments {
            let claim = &mut self.claims.get_mut(&id).unwrap().claim;
            let told = &mut self.plans[claim.plan.0 as usize];
            prop_assert_eq!((claim.provider, told.plan.asset), (event.provider, event.asset), "only the payee is paid");
            prop_assert_eq!(claim.status, ClaimStatus::Adjudicated, "a decision is settled once");
            prop_assert!(now >= claim.due || caller == told.plan.insurer);
            prop_assert_eq!(claim.paid.0 + amount.0, claim.total.payer.0);
            prop_assert!(amount > Amount::ZERO && withheld <= amount);
            (claim.status, claim.paid) = (ClaimStatus::Settled, claim.total.payer);
            let pool = &mut told.plan.pool;
            pool.reserved.0 -= amount.0;
            pool.paid.0 += amount.0 - withheld.0;
            pool.owed.0 -= withheld.0;
            if withheld > Amount::ZERO {
                *told.debts.get_mut(&event.provider).unwrap() -= withheld.0;
            }
            *self.received.entry((event.asset.encode(), event.provider)).or_default() += amount.0 - withheld.0;
        }
        Ok(())
    }

    fn reversed(&mut self, event: ClaimReversed, now: Timestamp) -> Result<(), TestCaseError> {
        let filed = self.claims[&event.claim].clone();
        let (claim, told) = (filed.claim, &mut self.plans[filed.claim.plan.0 as usize]);
        let open = crate::appeals::waits(&claim, now) || event.by != claim.provider && crate::appeals::is_open(&claim);
        prop_assert!(claim.status.stands() && !open);
        let lost = claim.appeal.is_some_and(|appeal| appeal.status == AppealStatus::Overturned);
        let by_insurer = event.by == told.plan.insurer && claim.status == ClaimStatus::Settled && !lost;
        prop_assert!(event.by == claim.provider || by_insurer);
        prop_assert_eq!(event.owed, claim.paid);
        told.plan.pool.reserved.0 -= claim.total.payer.0 - claim.paid.0;
        told.plan.pool.owed.0 += claim.paid.0;
        *told.debts.entry(claim.provider).or_default() += claim.paid.0;
        let freed = match self.stands_alone(&claim) {
            // The later insurer's claim has them.
            _ if claim.passed_on => Freed::None,
            // Nobody has those of earlier claims any more.
            true => Freed::All,
            false => Freed::Own,
        };
        self.take_back(&filed, now, freed);
        self.claims.get_mut(&event.claim).unwrap().claim.status = ClaimStatus::Reversed;
        if claim.passed_on {
            Ok(())
        } else {
            self.unlink(claim.prior)
        }
    }
}
