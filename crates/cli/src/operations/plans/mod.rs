//! Plans: opened from plan files, their fee schedules, their money, their members, and what is due.

pub mod due;
pub mod enrolment;
pub mod money;
pub mod schedule;

use super::claims::ConsortiumKey;
use super::documents::Document;
use super::{OperationError, Suite};
use salus_client::{ink_account, AccountId32, Evidence, Keypair, Located};
use salus_domain::ids::PlanId;
use salus_domain::plan::PlanTerms;
use salus_fhir::insurance_plan::InsurancePlanOptions;
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{Asset, Plan, PlanOpened};
use std::path::Path;

/// Everything that claims told, from the events of the chain.
///
/// # Errors
/// [`OperationError::Client`], also where the node has discarded the state of a block.
pub async fn events(suite: &Suite, progress: impl FnMut(u64)) -> Result<Vec<Located>, OperationError> {
    let claims = suite.deployment.claims();
    let to = suite.chain.block_number().await?;
    Ok(suite.chain.contract_events(claims.address(), suite.deployment.block, to, progress).await?)
}

/// A plan on the chain.
///
/// # Errors
/// [`OperationError::NoPlan`].
pub async fn plan(suite: &Suite, plan: PlanId) -> Result<Plan, OperationError> {
    let found = suite.deployment.claims().plan(plan).read(&suite.chain).await?;
    found.ok_or(OperationError::NoPlan(plan.0))
}

/// A version of a plan's terms.
///
/// # Errors
/// [`OperationError::NoPlan`] where there is no such version.
pub async fn terms(suite: &Suite, plan: PlanId, version: u32) -> Result<PlanTerms, OperationError> {
    let found = suite.deployment.claims().terms(plan, version).read(&suite.chain).await?;
    found.ok_or(OperationError::NoPlan(plan.0))
}

/// A plan as a plan file describes it; where there is a FHIR InsurancePlan, with its name and terms, and of the file what an
/// InsurancePlan cannot say: asset, deadlines, fees, and the terms of what it leaves open.
///
/// # Errors
/// [`OperationError::File`], [`OperationError::Document`].
pub fn read(file: &Path, insurance_plan: Option<&Path>) -> Result<PlanFile, OperationError> {
    let plan = Document::read(file)?.compile(salus_fhir::plan::compile)?;
    let Some(insurance_plan) = insurance_plan else { return Ok(plan) };
    let PlanFile { asset, token, terms, fees, .. } = plan;
    let (benefit, deadlines) = (terms.benefit, terms.deadlines);
    let options = InsurancePlanOptions { asset, token, plan: None, benefit, deadlines, fees };
    Document::read(insurance_plan)?.compile(|bytes| salus_fhir::insurance_plan::compile(bytes, &options))
}

/// What a plan file says that the plan pays in.
#[must_use]
pub fn asset(file: &PlanFile) -> Asset {
    file.token.map_or(Asset::Native, |token| Asset::Psp22(ink_account(&AccountId32(token.0))))
}

/// A plan that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its number.
    pub plan: PlanId,
    /// Where its opening stands on the chain.
    pub evidence: Evidence,
    /// What became of its fee schedule.
    pub schedule: schedule::Set,
}

/// Opens a plan and sets its fees. Where that breaks off the plan is open, and its schedule says why it is not complete.
///
/// # Errors
/// [`OperationError::Claims`] where it could not be opened.
pub async fn open(
    suite: &Suite,
    insurer: &Keypair,
    arbiter: &AccountId32,
    file: &PlanFile,
    key: &ConsortiumKey,
) -> Result<Opened, OperationError> {
    let claims = suite.deployment.claims();
    let pages = schedule::pages(file, key);
    let message = claims.open_plan(asset(file), ink_account(arbiter), schedule::count(&pages), &file.terms);
    let opened = message.submit(&suite.chain, insurer).await?;
    let plan = opened.event::<PlanOpened>()?.plan;
    let filled = pages.into_iter().filter(|(_, fees)| !fees.is_empty()).collect();
    let schedule = schedule::set(suite, insurer, plan, filled).await;
    Ok(Opened { plan, evidence: opened.evidence, schedule })
}
