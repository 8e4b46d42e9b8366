//! How a claim is decided: the two other contracts are asked, `domain` adjudicates, the money is reserved. Caller and time are
//! arguments.

use crate::book::{Book, Case, Freed};
use crate::claims::Claims;
use crate::plans;
use crate::register::payment_request;
use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::{boxed::Box, vec::Vec};
use ink::primitives::AccountId;
use salus_domain::adjudicate::{adjudicate, Adjudication, Standing};
use salus_domain::claim::{Submission, MAX_LINES};
use salus_domain::codes::{Network, ReasonSet};
use salus_domain::commitment;
use salus_domain::evaluate::Answer;
use salus_domain::ids::{ClaimId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::PlanTerms;
use salus_domain::time::Timestamp;
use salus_interface::access::AccessGrants;
use salus_interface::claims::{
    Claim, ClaimAdjudicated, ClaimPended, ClaimStatus, ClaimsError, Filing, Plan, Receipt, MAX_SERVICES_PER_DAY,
};
use salus_interface::consent::ConsentRegistry;
use salus_interface::{account, ask, emit};
use scale::Decode;

/// What stands behind a claim: the claim of the insurer that decided before.
#[derive(Clone, Copy, Default)]
pub struct Behind {
    /// That claim.
    pub prior: Option<ClaimId>,
    /// The lines whose services it and those before it have claimed.
    pub held: u64,
    /// When the claim was submitted for the first time.
    pub filed: Timestamp,
}

/// A plan as a claim meets it.
pub struct Met {
    /// The plan.
    pub plan: Box<Plan>,
    /// The version of its terms that holds.
    pub version: u32,
    /// Its terms.
    pub terms: PlanTerms,
    /// Whether the provider is in its network.
    pub network: Network,
}

/// The id of a claim.
pub fn claim_id(plan: PlanId, provider: AccountId, reference: Hash) -> ClaimId {
    commitment::claim_id(&blake2b_256, plan, account(provider), reference)
}

/// The commitment to a filing.
pub fn filing_hash(filing: &Filing) -> Hash {
    commitment::filing(&blake2b_256, filing)
}

fn blake2b_256(input: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    ink::env::hash_bytes::<ink::env::hash::Blake2x256>(input, &mut digest);
    digest
}

impl Claims {
    fn is_credentialed(&self, provider: AccountId) -> Result<bool, ClaimsError> {
        let grants: ink::contract_ref!(AccessGrants, DefaultEnvironment) = self.access_grants.into();
        // An `Option<Principal>`: who it is does not matter here.
        match ask(grants.call().principal(provider)).as_deref() {
            Some([0]) => Ok(false),
            Some([1, ..]) => Ok(true),
            _ => Err(ClaimsError::AccessGrantsFailed),
        }
    }

    fn is_consented(&self, insurer: AccountId, submission: &Submission) -> Result<bool, ClaimsError> {
        let registry: ink::contract_ref!(ConsentRegistry, DefaultEnvironment) = self.consent_registry.into();
        let member = AccountId::from(submission.member.0);
        let answer = ask(registry.call().decide(member, payment_request(insurer, submission)));
        // An `Evaluation`, which begins with the answer.
        let answer = answer.and_then(|answer| Answer::decode(&mut answer.as_slice()).ok());
        Ok(answer.ok_or(ClaimsError::ConsentRegistryFailed)? == Answer::Permit)
    }

    /// A plan as this case meets it.
    pub(crate) fn meet(&self, case: &Case) -> Result<Met, ClaimsError> {
        let plan = self.plans.get(case.plan)?;
        let version = case.coverage().map_or(plan.version, |coverage| coverage.version);
        let terms = self.plans.terms(case.plan, version)?;
        let listed = !terms.networked || self.plans.in_network(case.plan, case.provider);
        let network = if listed { Network::In } else { Network::Out };
        Ok(Met { plan, version, terms, network })
    }

    /// Decides a claim by the rules of `domain`, from what this contract keeps and the two others answer now. Writes nothing.
    #[allow(clippy::too_many_arguments, reason = "they are what a decision depends on")]
    pub(crate) fn adjudicate(
        &self,
        met: &Met,
        book: &mut Book<'_>,
        submission: &Submission,
        behind: Behind,
        set_aside: ReasonSet,
    ) -> Result<Adjudication, ClaimsError> {
        let case = &book.case;
        let coverage = case.coverage();
        let standing = Standing {
            filed: behind.filed,
            coverage: case.covered(),
            other_first: !submission.prior_decided && coverage.is_some_and(|coverage| coverage.secondary),
            network: met.network,
            credentialed: self.is_credentialed(case.provider)?,
            consented: self.is_consented(met.plan.insurer, submission)?,
            set_aside,
        };
        let lines = book.known_lines(&self.plans, met.plan.fee_pages, behind.held);
        Ok(adjudicate(&met.terms, &standing, &mut book.counters, lines))
    }

    /// Decides a claim for the first time: reserves what it pays and remembers what it used, or pends it. `passed_on` says that
    /// it is passed on where it is decided.
    pub(crate) fn file(
        &mut self,
        provider: AccountId,
        submission: Submission,
        behind: Behind,
        passed_on: bool,
        now: Timestamp,
    ) -> Result<(Receipt, Option<Filing>), ClaimsError> {
        submission.validate(now).map_err(ClaimsError::Malformed)?;
        let id = claim_id(submission.plan, provider, submission.reference);
        let before = self.register.find(id);
        let stands = |claim: &Claim| match claim.status {
            // Passed on once more, after it was taken back.
            ClaimStatus::Reversed => claim.prior.is_none(),
            status => !status.is_pended(),
        };
        if before.as_ref().is_some_and(|claim| stands(claim) || claim.prior != behind.prior) {
            return Err(ClaimsError::DuplicateClaim);
        }
        let case = Case::new(&self.coverages, provider, &submission);
        let mut met = self.meet(&case)?;
        if met.plan.frozen {
            return Err(ClaimsError::PlanFrozen);
        }
        let member = case.member;
        let mut book = Book::open(&self.coverages, &self.register, case, &met.terms, &submission, now);
        let adjudication = self.adjudicate(&met, &mut book, &submission, behind, ReasonSet::EMPTY)?;
        let amount = adjudication.total.payer;
        let status = if adjudication.is_pended() {
            ClaimStatus::AwaitsAuthorisation
        } else if amount > met.plan.pool.free() {
            ClaimStatus::AwaitsFunds
        } else {
            ClaimStatus::Adjudicated
        };
        let due = now.plus(met.terms.deadlines.settlement);
        let mut claim = Box::new(Claim {
            plan: submission.plan,
            version: met.version,
            member,
            provider,
            status,
            total: adjudication.total,
            paid: Amount::ZERO,
            decided: if status.is_pended() { behind.filed } else { now },
            due,
            filing: Hash([0; 32]),
            appeal: None,
            prior: behind.prior,
            passed_on: passed_on && !status.is_pended(),
        });
        let filing = if status.is_pended() {
            self.register.write(id, &claim);
            let Behind { prior, held, filed } = behind;
            let pended = Filing { submission, network: Network::In, held, filed, lines: Vec::new() };
            self.register.pend(id, &pended);
            let (submission, total) = (pended.submission, claim.total);
            emit(ClaimPended { claim: id, status, submission, provider, prior, total, filed });
            None
        } else {
            let (held, network, lines) = (behind.held, met.network, adjudication.lines.clone());
            book.claim(&lines, held, MAX_SERVICES_PER_DAY)?;
            if lines.iter().any(|line| line.is_covered()) {
                book.save(&mut self.coverages, &mut self.register);
            }
            if amount > Amount::ZERO {
                plans::reserve(&mut met.plan.pool, amount)?;
                self.plans.write(claim.plan, &met.plan);
            }
            if before.is_some() {
                self.register.unpend(id);
            }
            let filing = Filing { submission, network, held, filed: behind.filed, lines };
            claim.filing = filing_hash(&filing);
            self.register.write(id, &claim);
            Some(tell(id, &claim, filing))
        };
        Ok((Receipt { claim: id, status, adjudication }, filing))
    }

    /// Passes a decided claim on to the next insurer. Does not look at the claim itself.
    pub(crate) fn follow(
        &mut self,
        prior: ClaimId,
        filing: Filing,
        from: PlanId,
        provider: AccountId,
        plan: PlanId,
        now: Timestamp,
    ) -> Result<Receipt, ClaimsError> {
        if plan == from || self.plans.get(plan)?.asset != self.plans.get(from)?.asset {
            return Err(ClaimsError::WrongPlan);
        }
        let Filing { mut submission, held, lines, .. } = filing;
        submission.plan = plan;
        submission.prior_decided = true;
        let mut holds = held;
        for (number, (line, outcome)) in submission.lines.iter_mut().zip(&lines).enumerate() {
            line.prior_paid = Amount(outcome.split.prior_payer.0.saturating_add(outcome.split.payer.0));
            if outcome.is_covered() {
                // At most 50 lines.
                holds |= 1u64.checked_shl(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or_default();
            }
        }
        let behind = Behind { prior: Some(prior), held: holds, filed: now };
        Ok(self.file(provider, submission, behind, false, now)?.0)
    }

    /// A claim that is decided, and whose filing this is.
    pub(crate) fn decided(&self, id: ClaimId, filing: &Filing) -> Result<Box<Claim>, ClaimsError> {
        let claim = self.register.get(id)?;
        if !claim.status.stands() {
            return Err(ClaimsError::NotAdjudicated);
        }
        if claim.filing != filing_hash(filing) {
            return Err(ClaimsError::WrongFiling);
        }
        Ok(claim)
    }

    /// Decides a claim anew, with these reasons set aside and nothing of its own in the way. Where that pays less, no longer covers a
    /// line, or pays no more and, for an arbiter, covers no line more, nothing changes and the answer is `false`.
    pub(crate) fn decide_anew(
        &mut self,
        id: ClaimId,
        claim: &mut Claim,
        filing: Filing,
        set_aside: ReasonSet,
        arbiter: bool,
        now: Timestamp,
    ) -> Result<bool, ClaimsError> {
        let Filing { submission, held, filed, .. } = &filing;
        let case = Case::new(&self.coverages, claim.provider, submission);
        let mut met = self.meet(&case)?;
        // Who was in the network when it was decided is not out of it now.
        if filing.network == Network::In {
            met.network = Network::In;
        }
        let mut book = Book::open(&self.coverages, &self.register, case, &met.terms, submission, now);
        book.release(&filing, Freed::Own);
        let behind = Behind { prior: claim.prior, held: *held, filed: *filed };
        let adjudication = self.adjudicate(&met, &mut book, submission, behind, set_aside)?;
        let Some(more) = adjudication.total.payer.checked_sub(claim.total.payer) else { return Ok(false) };
        let mut brings = more > Amount::ZERO;
        for (was, is) in filing.lines.iter().zip(&adjudication.lines) {
            match (was.is_covered(), is.is_covered()) {
                // Its service is claimed.
                (true, false) => return Ok(false),
                // What costs the plan no more costs the patient: only the arbiter decides that.
                (false, true) => brings |= arbiter,
                _ => {}
            }
        }
        if adjudication.is_pended() || !brings {
            return Ok(false);
        }
        plans::reserve(&mut met.plan.pool, more)?;
        // Nobody is to lose an appeal by other claims of the day.
        book.claim(&adjudication.lines, *held, MAX_SERVICES_PER_DAY + MAX_LINES)?;
        book.save(&mut self.coverages, &mut self.register);
        self.plans.write(claim.plan, &met.plan);
        let filing = Filing { network: met.network, lines: adjudication.lines, ..filing };
        if more > Amount::ZERO {
            // What was not in dispute is due as before.
            if claim.paid == claim.total.payer {
                claim.due = now.plus(met.terms.deadlines.settlement);
            }
            claim.status = ClaimStatus::Adjudicated;
        }
        claim.version = met.version;
        claim.total = adjudication.total;
        claim.decided = now;
        claim.filing = filing_hash(&filing);
        tell(id, claim, filing);
        Ok(true)
    }

    /// Takes back what a claim used of limits, services and authorisations.
    pub(crate) fn release(&mut self, claim: &Claim, filing: &Filing, freed: Freed) -> Result<(), ClaimsError> {
        let mut case = Case::new(&self.coverages, claim.provider, &filing.submission);
        if filing.lines.is_empty() {
            // One that waits has used nothing.
            case.place = None;
        }
        let terms = self.plans.terms(claim.plan, claim.version)?;
        let mut book = Book::open(&self.coverages, &self.register, case, &terms, &filing.submission, self.now());
        book.release(filing, freed);
        book.save(&mut self.coverages, &mut self.register);
        Ok(())
    }
}

/// Tells of a decision.
fn tell(id: ClaimId, claim: &Claim, filing: Filing) -> Filing {
    let Claim { provider, version, prior, decided, due, .. } = *claim;
    emit(ClaimAdjudicated { claim: id, provider, filing, version, prior, decided, due }).filing
}
