//! The insurer's chapters: a plan, a claim that is paid, an appeal that is granted, a payment that is taken back.

use super::narrator::{Narrator, Outcome, Step};
use super::samples::{dated, sample};
use super::story::Story;
use crate::operations::claims::filing::{self, Decision};
use crate::operations::claims::{self, told, PreparedClaim};
use crate::operations::documents::Document;
use crate::operations::plans::{self, enrolment, money};
use crate::operations::{account_of, appeals, OperationError};
use crate::values::show_claim;
use anyhow::{bail, ensure, Context};
use salus_client::rules::Rule;
use salus_client::settlement::{self, Outcome as Settled};
use salus_client::{ink_account, CallError, Evidence};
use salus_domain::adjudicate::Split;
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{AppealStatus, Payment, Ruling};

/// What the insurer pays into the pool, in whole tokens.
const POOL: u128 = 1_000;
/// Why the doctor appeals.
const APPEAL: &str = "The schedule is older than the contract that we have had since June";
/// Why the arbiter grants it.
const RULING: &str = "The contract names the charges";
/// Why the doctor takes the claim back.
const REVERSAL: &str = "One X-ray was taken, two were charged";

/// What the doctor was paid, and where the money of the claim that stands goes.
pub(super) struct Paid {
    /// What arrived, less what was paid back.
    pub received: u128,
    pub total: Split,
}

impl Story<'_> {
    /// Opens the plan, funds it and covers the patient.
    pub(super) async fn plan(&self, narrator: &mut Narrator) -> anyhow::Result<(PlanId, PlanFile)> {
        let Self { suite, cast, .. } = self;
        let file = sample!("plan.json").compile(salus_fhir::plan::compile)?;
        let opened = plans::open(suite, &cast.insurer, &account_of(&cast.arbiter), &file, self.key, |_| true).await?;
        if let Some(error) = opened.schedule.stopped {
            return Err(error.into());
        }
        let plan = opened.plan;
        narrator.tell(Step {
            step: 1,
            actor: "insurer",
            action: format!("opens the plan {} with {} fees", file.name, file.fees.len()),
            outcome: Outcome::Ok,
            reason: format!("it is plan {}; a neutral arbiter decides appeals", plan.0),
            evidence: Some(&opened.evidence),
            event: Some("PlanOpened"),
        });
        let unit = 10u128.pow(u32::from(suite.chain.token().decimals));
        let funded = money::fund(suite, &cast.insurer, plan, Amount(POOL * unit)).await?;
        narrator.tell(Step {
            step: 1,
            actor: "insurer",
            action: "funds its pool".into(),
            outcome: Outcome::Ok,
            reason: format!("{} are free to pay claims", suite.chain.token().show(POOL * unit)),
            evidence: Some(&funded.evidence),
            event: Some("PoolFunded"),
        });
        let insurer = account_of(&cast.insurer);
        let coverage = self.dated(sample!("coverage.json"));
        let compiled = coverage.compile(salus_fhir::coverage::compile)?;
        let enrolments = enrolment::of(&coverage.file, &compiled, &self.directory, &insurer, None)?;
        let covered = enrolment::cover(suite, &cast.insurer, plan, enrolments, false, |_| true).await;
        if let Some(error) = covered.stopped {
            return Err(error.into());
        }
        ensure!(covered.covered == 1, "the patient was not covered: {:?}", covered.refused);
        narrator.tell(Step {
            step: 1,
            actor: "insurer",
            action: "covers the patient, by the FHIR Coverage".into(),
            outcome: Outcome::Ok,
            reason: "for a year".into(),
            evidence: covered.evidence.first(),
            event: Some("MembersCovered"),
        });
        Ok((plan, file))
    }

    /// The claim is adjudicated and paid. Returns its id and what arrived.
    pub(super) async fn claim(
        &self,
        plan: PlanId,
        file: &PlanFile,
        narrator: &mut Narrator,
    ) -> anyhow::Result<(ClaimId, u128)> {
        let claim = self.prepare(plan, file, &self.dated(sample!("claim.json"))).await?;
        let decision = self.submit(5, &claim, "the claim", narrator).await?;
        let (payment, received) = self.settle(5, decision.claim, "triggers settlement", narrator).await?;
        ensure!(received == payment.amount.0, "the provider received {received}, not {}", payment.amount.0);
        Ok((decision.claim, received))
    }

    /// The doctor appeals against the fee schedule, and the arbiter grants it. Returns what arrived.
    pub(super) async fn appeal(&self, claim: ClaimId, narrator: &mut Narrator) -> anyhow::Result<u128> {
        let Self { suite, cast, .. } = self;
        let (contract, token) = (suite.deployment.claims(), suite.chain.token());
        let set_aside = ReasonSet::of(&[Reason::FeeSchedule]);
        let statement = |who, words| appeals::committed(appeals::salt(who, claim, words), words);
        let message = contract.appeal(claim, set_aside, statement(&cast.doctor, APPEAL));
        let appealed = message.submit(&suite.chain, &cast.doctor).await?;
        narrator.tell(Step {
            step: 6,
            actor: "doctor",
            action: "appeals: the fee schedule is to be set aside".into(),
            outcome: Outcome::Ok,
            reason: "the chain has a commitment to the reason; the arbiter decides within the deadline, or it counts as granted"
                .into(),
            evidence: Some(&appealed.evidence),
            event: Some("ClaimAppealed"),
        });
        let before = claims::claim(suite, claim).await?.total.payer;
        let filing = told::filing(suite, claim, |_| ()).await?;
        let ruling = Ruling::Overturned { set_aside, filing };
        let message = contract.decide_appeal(claim, &ruling, statement(&cast.arbiter, RULING));
        let decided = message.submit(&suite.chain, &cast.arbiter).await?;
        let status = decided.event::<salus_interface::claims::AppealDecided>()?.status;
        ensure!(status == AppealStatus::Overturned, "the appeal was not granted");
        let now = claims::claim(suite, claim).await?.total.payer;
        narrator.tell(Step {
            step: 6,
            actor: "arbiter",
            action: "grants the appeal".into(),
            outcome: Outcome::Ok,
            reason: format!(
                "overturned: adjudicated anew, the plan pays {} instead of {}",
                token.show(now.0),
                token.show(before.0)
            ),
            evidence: Some(&decided.evidence),
            event: Some("AppealDecided"),
        });
        let (payment, received) = self.settle(6, claim, "settles the rest", narrator).await?;
        ensure!(payment.amount == now.minus(before), "the rest is {}, not {}", payment.amount.0, now.minus(before).0);
        Ok(received)
    }

    /// The doctor takes the claim back; a corrected one is set off against it, and the doctor pays the rest back.
    pub(super) async fn reversal(
        &self,
        (plan, file): (PlanId, &PlanFile),
        claim: ClaimId,
        received: u128,
        narrator: &mut Narrator,
    ) -> anyhow::Result<Paid> {
        let Self { suite, cast, .. } = self;
        let (contract, token) = (suite.deployment.claims(), suite.chain.token());
        let filing = told::filing(suite, claim, |_| ()).await?;
        let statement = appeals::committed(appeals::salt(&cast.doctor, claim, REVERSAL), REVERSAL);
        let reversed = contract.reverse(claim, statement, &filing).submit(&suite.chain, &cast.doctor).await?;
        let owed = reversed.event::<salus_interface::claims::ClaimReversed>()?.owed;
        ensure!(owed.0 == received, "{} are owed, of {received} that were received", owed.0);
        narrator.tell(Step {
            step: 7,
            actor: "doctor",
            action: "takes the claim back: one X-ray was taken, two were charged".into(),
            outcome: Outcome::Ok,
            reason: format!("the doctor owes the pool {}; the services can be claimed anew", token.show(owed.0)),
            evidence: Some(&reversed.evidence),
            event: Some("ClaimReversed"),
        });
        let corrected = self.prepare(plan, file, &self.dated(sample!("claim-corrected.json"))).await?;
        let decision = self.submit(7, &corrected, "the corrected claim", narrator).await?;
        let (payment, arrived) =
            self.settle(7, decision.claim, "settles it by setting it off against the debt", narrator).await?;
        ensure!(payment.withheld == payment.amount && arrived == 0, "it was not set off: {payment:?}");
        let rest = contract.debt(plan, ink_account(&account_of(&cast.doctor))).read(&suite.chain).await?;
        let asset = plans::plan(suite, plan).await?.asset;
        let message = contract.repay(plan, ink_account(&account_of(&cast.doctor)), rest, asset);
        let repaid = message.submit(&suite.chain, &cast.doctor).await?;
        narrator.tell(Step {
            step: 7,
            actor: "doctor",
            action: format!("pays back the other {}", token.show(rest.0)),
            outcome: Outcome::Ok,
            reason: "nothing is owed any more".into(),
            evidence: Some(&repaid.evidence),
            event: Some("DebtPaid"),
        });
        let total = claims::sum(decision.lines.iter().map(|line| &line.split));
        Ok(Paid { received: received - rest.0, total })
    }

    /// Without consent, a claim is denied.
    pub(super) async fn denied(&self, plan: PlanId, file: &PlanFile, narrator: &mut Narrator) -> anyhow::Result<()> {
        let second = self.prepare(plan, file, &self.dated(sample!("claim-second.json"))).await?;
        let (decision, evidence) = self.decide(&second).await?;
        let total = claims::sum(decision.lines.iter().map(|line| &line.split));
        ensure!(total.payer == Amount::ZERO, "a claim was to be paid without consent");
        let reasons: Vec<_> = decision.lines.iter().flat_map(|line| line.reasons.iter()).collect();
        let reason = reasons.first().context("the claim was denied without a reason")?;
        narrator.tell(Step {
            step: 8,
            actor: "doctor",
            action: "submits a second claim".into(),
            outcome: Outcome::Deny,
            reason: format!("{}: {}", reason.code(), reason.display()),
            evidence: Some(&evidence),
            event: Some("ClaimAdjudicated"),
        });
        Ok(())
    }

    /// The same claim is accepted once.
    pub(super) async fn duplicate(&self, plan: PlanId, file: &PlanFile, narrator: &mut Narrator) -> anyhow::Result<()> {
        let claim = self.prepare(plan, file, &self.dated(sample!("claim-corrected.json"))).await?;
        let refusal = match claims::submit(self.suite, &self.cast.doctor, &claim, None).await {
            Err(OperationError::Claims(CallError::Refused(refusal))) => refusal,
            Err(error) => return Err(error.into()),
            Ok(_) => bail!("the same claim was accepted twice"),
        };
        narrator.tell(Step {
            step: 9,
            actor: "doctor",
            action: "submits the corrected claim again".into(),
            outcome: Outcome::Refused,
            reason: refusal.rule(),
            evidence: None,
            event: None,
        });
        Ok(())
    }

    fn dated(&self, document: Document) -> Document {
        dated(document, self.now)
    }

    async fn prepare(
        &self,
        plan: PlanId,
        file: &PlanFile,
        document: &Document,
    ) -> Result<PreparedClaim, OperationError> {
        let (provider, options) = (account_of(&self.cast.doctor), filing::options(file.asset.clone()));
        claims::prepare(self.suite, &provider, plan, &options, document, &self.directory, self.key).await
    }

    /// Submits a claim; what was decided, and where that stands on the chain.
    async fn decide(&self, claim: &PreparedClaim) -> anyhow::Result<(Decision, Evidence)> {
        let submitted = claims::submit(self.suite, &self.cast.doctor, claim, None).await?;
        let decision = filing::decided(&submitted, &submitted.forecast).into_iter().next();
        Ok((decision.context("nothing was decided about the claim")?, submitted.evidence))
    }

    async fn submit(
        &self,
        step: u8,
        claim: &PreparedClaim,
        what: &str,
        narrator: &mut Narrator,
    ) -> anyhow::Result<Decision> {
        let token = self.suite.chain.token();
        let (decision, evidence) = self.decide(claim).await?;
        let total = claims::sum(decision.lines.iter().map(|line| &line.split));
        narrator.tell(Step {
            step,
            actor: "doctor",
            action: format!("submits {what} of {} from the FHIR Claim", token.show(total.submitted.0)),
            outcome: Outcome::Ok,
            reason: format!(
                "claim {} is adjudicated: the plan pays {}, the patient bears {}, {} is adjustment",
                short(decision.claim),
                token.show(total.payer.0),
                token.show(total.patient().0),
                token.show(total.adjustment.0)
            ),
            evidence: Some(&evidence),
            event: Some("ClaimAdjudicated"),
        });
        for (item, line) in claim.compiled.items.iter().zip(&decision.lines) {
            let reasons: Vec<_> = line.reasons.iter().map(Reason::code).collect();
            narrator.detail(&format!(
                "line {} ({}): submitted {}, allowed {}, plan {}, patient {} [{}]",
                item.sequence,
                item.code,
                token.show(line.split.submitted.0),
                token.show(line.split.allowed().0),
                token.show(line.split.payer.0),
                token.show(line.split.patient().0),
                reasons.join(", ")
            ));
        }
        Ok(decision)
    }

    /// The insurer settles a claim; what it was settled with, and what arrived at the doctor's.
    async fn settle(
        &self,
        step: u8,
        claim: ClaimId,
        action: &str,
        narrator: &mut Narrator,
    ) -> anyhow::Result<(Payment, u128)> {
        let Self { suite, cast, .. } = self;
        let (doctor, token) = (account_of(&cast.doctor), suite.chain.token());
        let before = suite.chain.balance(&doctor).await?;
        let settled = settlement::submit(&suite.chain, &cast.insurer, &suite.deployment.claims(), &[claim]).await;
        if let Some(error) = settled.stopped {
            return Err(error.into());
        }
        let [(_, Settled::Settled(payment, _))] = settled.outcomes.as_slice() else {
            bail!("the claim was not settled: {:?}", settled.outcomes);
        };
        let received = suite.chain.balance(&doctor).await?.saturating_sub(before);
        let withheld = payment.withheld.0;
        narrator.tell(Step {
            step,
            actor: "insurer",
            action: action.to_owned(),
            outcome: Outcome::Ok,
            reason: match withheld {
                0 => format!("{} moved from the pool to the provider", token.show(payment.amount.0)),
                _ => format!("{} were set off against what the doctor owes", token.show(withheld)),
            },
            evidence: settled.transactions.first(),
            event: Some("ClaimsSettled"),
        });
        Ok((*payment, received))
    }
}

/// The beginning of a claim's id.
fn short(claim: ClaimId) -> String {
    let id = show_claim(claim);
    format!("{}…", id.get(..8).unwrap_or(&id))
}
