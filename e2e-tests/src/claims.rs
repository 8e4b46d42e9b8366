//! Plans, pools and claims, for the journeys about them.

use crate::samples::{self, day, submission, DAY};
use crate::{id, Result, World};
use ink_primitives::AccountId;
use salus_client::message::Executed;
use salus_client::Keypair;
use salus_domain::claim::{Line, ServiceDay, Submission};
use salus_domain::codes::{Reason, Role};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::PlanTerms;
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{
    Asset, Claim, ClaimAdjudicated, ClaimStatus, ClaimsError, Enrolment, Filing, Pool, Receipt,
};
use salus_interface::event::Event;

/// A claim that was decided, and what its events tell.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The claim.
    pub claim: ClaimId,
    /// What was claimed and decided.
    pub filing: Filing,
}

/// The reasons of each line.
#[must_use]
pub fn reasons(receipt: &Receipt) -> Vec<Vec<Reason>> {
    receipt.adjudication.lines.iter().map(|line| line.reasons.iter().collect()).collect()
}

/// All events of one kind, in order.
#[must_use]
pub fn all<E: Event, T>(done: &Executed<T>) -> Vec<E> {
    done.events.iter().filter_map(|event| event.decode()).collect()
}

/// A time that contains all services of these tests: 30 days before and after `now`.
#[must_use]
pub const fn around(now: Timestamp) -> Period {
    Period { start: Timestamp(now.0 - 30 * DAY), end: now.plus(30 * DAY) }
}

/// Somebody who holds the contract alone, and whom no other insurer covers.
#[must_use]
pub fn enrolment(member: &Keypair, period: Period) -> Enrolment {
    Enrolment { member: id(member), subscriber: id(member), period, secondary: false }
}

impl World {
    /// An insurer opens a plan with one page of fees, on which this world's arbiter decides appeals.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn opens(&self, insurer: &Keypair, asset: Asset, terms: &PlanTerms) -> Result<PlanId> {
        let open = self.claims.open_plan(asset, id(&self.arbiter), 1, terms);
        Ok(self.run(insurer, open).await?.event::<salus_interface::claims::PlanOpened>()?.plan)
    }

    /// Somebody pays the native token into a plan's pool.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn funds(&self, from: &Keypair, plan: PlanId, amount: u128) -> Result {
        self.run(from, self.claims.fund(plan, Amount(amount), Asset::Native)).await?;
        Ok(())
    }

    /// An insurer covers somebody from 30 days ago to 30 days ahead.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn covers(&self, insurer: &Keypair, plan: PlanId, member: &Keypair) -> Result {
        let enrolment = enrolment(member, around(self.now().await?));
        self.run(insurer, self.claims.cover(plan, &[enrolment])).await?;
        Ok(())
    }

    /// The insurer opens a plan in the native token, funds it, and covers the patient from 30 days ago to 30 days ahead.
    ///
    /// # Errors
    /// Where one of it fails.
    pub async fn insures(&self, terms: &PlanTerms, pool: u128) -> Result<PlanId> {
        let plan = self.opens(&self.insurer, Asset::Native, terms).await?;
        if pool > 0 {
            self.funds(&self.insurer, plan, pool).await?;
        }
        self.covers(&self.insurer, plan, &self.patient).await?;
        Ok(plan)
    }

    /// All that a claim needs: the doctor is credentialed, the patient is insured and lets the insurer pay.
    ///
    /// # Errors
    /// Where one of it fails.
    pub async fn ready_for_claims(&self, terms: &PlanTerms, pool: u128) -> Result<PlanId> {
        self.establish().await?;
        self.consents(&samples::for_payment(&self.insurer)).await?;
        self.insures(terms, pool).await
    }

    /// Another provider, for whom the authority vouches.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn another_doctor(&self) -> Result<Keypair> {
        let doctor = self.somebody().await?;
        self.credential(&doctor, &self.hospital, Role::Doctor, 365 * DAY).await?;
        Ok(doctor)
    }

    /// Another insurer, whom the patient lets pay, with a plan that covers it and may pay second.
    ///
    /// # Errors
    /// Where one of it fails.
    pub async fn another_insurer(&self, terms: &PlanTerms, pool: u128, secondary: bool) -> Result<(Keypair, PlanId)> {
        let insurer = self.somebody().await?;
        self.consents(&samples::for_payment(&insurer)).await?;
        let plan = self.opens(&insurer, Asset::Native, terms).await?;
        if pool > 0 {
            self.funds(&insurer, plan, pool).await?;
        }
        let enrolment = Enrolment { secondary, ..enrolment(&self.patient, around(self.now().await?)) };
        self.run(&insurer, self.claims.cover(plan, &[enrolment])).await?;
        Ok((insurer, plan))
    }

    /// Yesterday, as [`World::today`] has it, with the doctor and the patient.
    ///
    /// # Errors
    /// The client's.
    pub async fn yesterday(&self) -> Result<ServiceDay> {
        Ok(day(&self.doctor, &self.patient, self.today().await?, 1))
    }

    /// The doctor's claim for services of yesterday; `reference` tells claims apart.
    ///
    /// # Errors
    /// The client's.
    pub async fn claim_of(&self, plan: PlanId, reference: u8, lines: Vec<Line>) -> Result<Submission> {
        Ok(submission(plan, &self.patient, reference, self.yesterday().await?, lines))
    }

    /// The doctor submits a claim to one insurer.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn claims_for(&self, submission: &Submission) -> Result<Receipt> {
        let receipts = self.run(&self.doctor, self.claims.submit(submission, None)).await?.forecast;
        let [receipt] = <[Receipt; 1]>::try_from(receipts).map_err(|_| "not one receipt")?;
        Ok(receipt)
    }

    /// The doctor claims services of yesterday, which must be decided.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn decides(&self, plan: PlanId, reference: u8, lines: Vec<Line>) -> Result<Decided> {
        let submission = self.claim_of(plan, reference, lines).await?;
        self.decides_for(&self.doctor, &submission).await
    }

    /// Somebody submits a claim, which must be decided.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn decides_for(&self, provider: &Keypair, submission: &Submission) -> Result<Decided> {
        let done = self.run(provider, self.claims.submit(submission, None)).await?;
        let ClaimAdjudicated { claim, filing, .. } = done.event()?;
        Ok(Decided { claim, filing })
    }

    /// What each claim was settled with, or why not.
    ///
    /// # Errors
    /// Where the batch as a whole is refused.
    pub async fn settles(
        &self,
        who: &Keypair,
        claims: &[ClaimId],
    ) -> Result<Vec<std::result::Result<Amount, ClaimsError>>> {
        Ok(self.run(who, self.claims.settle(claims)).await?.forecast)
    }

    /// A plan's pool.
    ///
    /// # Errors
    /// The client's.
    pub async fn pool(&self, plan: PlanId) -> Result<Pool> {
        Ok(self.read(self.claims.plan(plan)).await?.ok_or("no such plan")?.pool)
    }

    /// What claims hold of the native token.
    ///
    /// # Errors
    /// The client's.
    pub async fn held(&self) -> Result<u128> {
        Ok(self.chain.balance(self.claims.address()).await?)
    }

    /// A claim as it is kept.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn kept_claim(&self, claim: ClaimId) -> Result<Claim> {
        Ok(self.read(self.claims.claim(claim)).await?.ok_or("no such claim")?)
    }

    /// Where a claim stands.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn status(&self, claim: ClaimId) -> Result<ClaimStatus> {
        Ok(self.kept_claim(claim).await?.status)
    }

    /// What a provider owes a plan's pool.
    ///
    /// # Errors
    /// The client's.
    pub async fn debt(&self, plan: PlanId, provider: AccountId) -> Result<Amount> {
        self.read(self.claims.debt(plan, provider)).await
    }
}
