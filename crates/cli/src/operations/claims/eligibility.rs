//! What a coverage is worth before a treatment: whether it is in force, what is left of its limits, and what a claim would
//! come to.

use super::balances::{self, Kept};
use super::filing::PreparedClaim;
use crate::operations::plans::{self, schedule};
use crate::operations::{OperationError, Suite};
use salus_client::{client_account, domain_account, ink_account, AccountId32, CallError, ClientError};
use salus_domain::adjudicate::{Authorisation, LineOutcome};
use salus_domain::claim::{ClaimMalformed, Submission};
use salus_domain::codes::{Network, ReasonSet, Term};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership};
use salus_domain::plan::{Fee, Limit, PlanTerms};
use salus_domain::time::{Period, Timestamp};
use salus_interface::claims::{Authorisation as OnFile, ClaimStatus, ClaimsError, Coverage, Plan, Procedure};
use std::collections::BTreeMap;

/// How a member stands with a plan on a day.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The plan.
    pub plan: Plan,
    /// The terms of it that hold: of the coverage, or the newest ones.
    pub terms: PlanTerms,
    /// The coverage that counts on that day, or else the latest one; `None`: the member never had one.
    pub coverage: Option<Coverage>,
    /// Since when the member is covered without a break.
    pub since: Timestamp,
    /// What is used of limits under that coverage.
    pub kept: Vec<Kept>,
}

/// Reads how a member stands with a plan on a day (midnight UTC).
///
/// # Errors
/// [`OperationError::NoPlan`], [`OperationError::Client`].
pub async fn standing(
    suite: &Suite,
    plan: PlanId,
    member: &AccountId32,
    day: Timestamp,
) -> Result<Standing, OperationError> {
    let found = plans::plan(suite, plan).await?;
    let coverages = suite.deployment.claims().coverages(plan, ink_account(member)).read(&suite.chain).await?;
    let coverage = balances::counting(&coverages, day).cloned();
    let version = coverage.as_ref().map_or(found.version, |coverage| coverage.version);
    let terms = plans::terms(suite, plan, version).await?;
    let kept = match &coverage {
        Some(coverage) => balances::kept(suite, plan, member, coverage, &terms.limits, day).await?,
        None => Vec::new(),
    };
    let since = coverage.as_ref().map_or(Timestamp::MIN, |coverage| coverage.since(&coverages));
    Ok(Standing { plan: found, terms, coverage, since, kept })
}

/// How it is known what a claim would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The contract said so, asked as the provider.
    DryRun,
    /// Computed by the contract's rules, for services of days to come, for plans that are frozen and for providers without tokens: of
    /// credentials and consent it is taken for granted that they are there.
    Prediction,
}

/// What a claim would come to.
#[derive(Clone, Debug)]
pub struct Quote {
    /// How it is known.
    pub basis: Basis,
    /// Where the claim would stand.
    pub status: ClaimStatus,
    /// The outcome line by line.
    pub lines: Vec<LineOutcome>,
}

/// Asks what a claim would come to if its provider submitted it now or, for services of days to come, on the last of them; of a plan
/// that is frozen, if it were not.
///
/// # Errors
/// [`OperationError::Claims`] where it would be refused.
pub async fn quote(suite: &Suite, claim: &PreparedClaim, plan: PlanId) -> Result<Quote, OperationError> {
    let message = suite.deployment.claims().submit(&claim.submission, None);
    match message.dry_run(&suite.chain, &claim.provider).await {
        Ok((receipts, _)) => {
            // One plan was asked, and answers.
            let receipt = receipts.into_iter().next();
            let (status, lines) = receipt
                .map_or((ClaimStatus::Adjudicated, Vec::new()), |receipt| (receipt.status, receipt.adjudication.lines));
            Ok(Quote { basis: Basis::DryRun, status, lines })
        }
        // Who has no tokens cannot be asked as, not even without a transaction.
        Err(
            CallError::Refused(ClaimsError::PlanFrozen | ClaimsError::Malformed(ClaimMalformed::FutureService))
            | CallError::Client(ClientError::NoFunds { .. }),
        ) => {
            let last = claim.submission.days.iter().map(|day| day.date).max();
            let now = suite.chain.now().await?.max(last.unwrap_or_default());
            predict(suite, plan, &claim.provider, &claim.submission, now).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What a claim comes to if it is made at `now`, by what the chain knows today: of credentials and consent it is taken for granted
/// that they are there.
///
/// # Errors
/// [`OperationError::Claims`] of a claim that is malformed, [`OperationError::NoPlan`], [`OperationError::Client`].
pub async fn predict(
    suite: &Suite,
    plan: PlanId,
    provider: &AccountId32,
    submission: &Submission,
    now: Timestamp,
) -> Result<Quote, OperationError> {
    submission.validate(now).map_err(|malformed| CallError::Refused(ClaimsError::Malformed(malformed)))?;
    let dates = || submission.days.iter().map(|day| day.date);
    let member = AccountId32(submission.member.0);
    // A validated claim has a day.
    let Standing { plan: found, terms, coverage, since, .. } =
        standing(suite, plan, &member, dates().min().unwrap_or_default()).await?;
    let mut ledger = Ledger::new(terms.clone(), fees(suite, plan, submission).await?);
    let membership = match &coverage {
        Some(coverage) => {
            let membership = Membership {
                member: submission.member,
                subscriber: domain_account(&client_account(coverage.subscriber)),
                period: coverage.period,
                since,
                secondary: coverage.secondary,
            };
            let daily: Vec<Limit> = terms.limits.iter().filter(|limit| limit.term == Term::Day).copied().collect();
            for (place, day) in dates().enumerate() {
                // What is not daily is the same for each day.
                let limits = if place == 0 { &terms.limits } else { &daily };
                for (unit, term, used) in balances::kept(suite, plan, &member, coverage, limits, day).await? {
                    ledger.set_used(membership.place(unit, term, day), used);
                }
            }
            membership
        }
        None => Membership {
            member: submission.member,
            subscriber: submission.member,
            period: Period { start: Timestamp::MIN, end: Timestamp::MIN },
            since: Timestamp::MIN,
            secondary: false,
        },
    };
    let network = match terms.networked {
        true if !suite.deployment.claims().in_network(plan, ink_account(provider)).read(&suite.chain).await? => {
            Network::Out
        }
        _ => Network::In,
    };
    let authorised = authorisations(suite, plan, provider, submission).await?;
    let facts = Facts { now, network, credentialed: true, consented: true, set_aside: ReasonSet::EMPTY };
    let adjudication = ledger.adjudicate(&membership, &facts, domain_account(provider), submission, |code, date| {
        authorised.get(&code).map_or(Authorisation::Missing, |kept| kept.in_effect(now).worth(date))
    });
    let status = if adjudication.is_pended() {
        ClaimStatus::AwaitsAuthorisation
    } else if adjudication.total.payer > found.pool.free() {
        ClaimStatus::AwaitsFunds
    } else {
        ClaimStatus::Adjudicated
    };
    Ok(Quote { basis: Basis::Prediction, status, lines: adjudication.lines })
}

/// Each procedure of a claim, once.
fn procedures(submission: &Submission) -> Vec<CodeTag> {
    let mut all: Vec<CodeTag> = submission.lines.iter().map(|line| line.code).collect();
    all.sort_unstable();
    all.dedup();
    all
}

async fn fees(suite: &Suite, plan: PlanId, submission: &Submission) -> Result<Vec<Fee>, OperationError> {
    let mut fees = Vec::new();
    for code in procedures(submission) {
        if let Some(price) = suite.deployment.claims().fee(plan, code).read(&suite.chain).await? {
            fees.push(Fee { code, price });
        }
    }
    Ok(fees)
}

/// The numbers, from 1 on, of the lines that a plan's fee schedule has no price for.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn unlisted(suite: &Suite, plan: PlanId, submission: &Submission) -> Result<Vec<u32>, OperationError> {
    let fees = fees(suite, plan, submission).await?;
    Ok(schedule::unlisted(&submission.lines, |code| fees.iter().any(|fee| fee.code == code)))
}

async fn authorisations(
    suite: &Suite,
    plan: PlanId,
    provider: &AccountId32,
    submission: &Submission,
) -> Result<BTreeMap<CodeTag, OnFile>, OperationError> {
    let member = ink_account(&AccountId32(submission.member.0));
    let mut all = BTreeMap::new();
    for code in procedures(submission) {
        let procedure = Procedure { plan, member, provider: ink_account(provider), code };
        if let Some(kept) = suite.deployment.claims().authorisation(procedure).read(&suite.chain).await? {
            all.insert(code, kept);
        }
    }
    Ok(all)
}
