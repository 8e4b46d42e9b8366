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
use salus_domain::plan::{Benefit, PlanTerms};
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

/// A plan as a plan file describes it; where there is a FHIR InsurancePlan, as that one does, and in what it leaves open as the file
/// does ([`beside`]).
///
/// # Errors
/// [`OperationError::File`], [`OperationError::Document`], [`OperationError::BesideInsurancePlan`].
pub fn read(file: &Path, insurance_plan: Option<&Path>) -> Result<PlanFile, OperationError> {
    let document = Document::read(file)?;
    let plan = document.compile(salus_fhir::plan::compile)?;
    let Some(insurance_plan) = insurance_plan else { return Ok(plan) };
    let PlanFile { asset, token, terms, fees, .. } = plan;
    let options =
        InsurancePlanOptions { asset, token, plan: None, benefit: terms.benefit, deadlines: terms.deadlines, fees };
    let stated =
        Document::read(insurance_plan)?.compile(|bytes| salus_fhir::insurance_plan::compile(bytes, &options))?;
    match beside(&stated.terms, &terms) {
        Ok(terms) => Ok(PlanFile { terms, ..stated }),
        Err((element, why)) => Err(OperationError::BesideInsurancePlan { file: document.file, element, why }),
    }
}

/// The terms that an InsurancePlan states, with what the exceptions of the plan file beside it add: all terms of a category without
/// costs of its own, and of one with costs what an InsurancePlan cannot say.
///
/// # Errors
/// The element of the file that would be lost, and why.
fn beside(stated: &PlanTerms, file: &PlanTerms) -> Result<PlanTerms, (String, &'static str)> {
    if !file.limits.is_empty() {
        return Err(("limits".to_owned(), "the limits are the InsurancePlan's"));
    }
    let mut terms = stated.clone();
    for (place, (category, own)) in file.exceptions.iter().enumerate() {
        let at = |element: &str| format!("exceptions[{place}].{element}");
        if !stated.covered.contains(*category) {
            return Err((at("category"), "the InsurancePlan does not cover the category"));
        }
        let costs = "the InsurancePlan has costs of the category";
        match terms.exceptions.iter_mut().find(|(other, _)| other == category) {
            None => {
                let out_of_network = own.out_of_network.filter(|_| stated.networked);
                terms.exceptions.push((*category, Benefit { out_of_network, ..*own }));
            }
            Some(_) if own.in_network != file.benefit.in_network => return Err((at("inNetwork"), costs)),
            Some(_) if own.out_of_network != file.benefit.out_of_network => return Err((at("outOfNetwork"), costs)),
            Some((_, said)) => {
                let Benefit { in_network, out_of_network, .. } = *said;
                *said = Benefit { in_network, out_of_network, ..*own };
            }
        }
    }
    Ok(terms)
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

/// Opens a plan and sets its fees; `go_on` is that of [`schedule::set`]. Where that breaks off the plan is open, and its schedule says why it is not complete.
///
/// # Errors
/// [`OperationError::Claims`] where it could not be opened.
pub async fn open(
    suite: &Suite,
    insurer: &Keypair,
    arbiter: &AccountId32,
    file: &PlanFile,
    key: &ConsortiumKey,
    go_on: impl FnMut(usize) -> bool,
) -> Result<Opened, OperationError> {
    let claims = suite.deployment.claims();
    let pages = schedule::pages(file, key);
    let message = claims.open_plan(asset(file), ink_account(arbiter), schedule::count(&pages), &file.terms);
    let opened = message.submit(&suite.chain, insurer).await?;
    let plan = opened.event::<PlanOpened>()?.plan;
    let filled = pages.into_iter().filter(|(_, fees)| !fees.is_empty()).collect();
    let schedule = schedule::set(suite, insurer, plan, filled, go_on).await;
    Ok(Opened { plan, evidence: opened.evidence, schedule })
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::codes::Category;
    use salus_domain::money::BasisPoints;
    use salus_domain::time::DAY;
    use serde_json::{json, Value};

    /// The terms of the samples' InsurancePlan with their plan file beside it, to which this is added.
    fn read_with(pointer: &str, value: Value) -> Result<PlanTerms, Box<dyn std::error::Error>> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let mut plan: Value = serde_json::from_slice(&std::fs::read(samples.join("plan-bronze.json"))?)?;
        *plan.pointer_mut(pointer).ok_or("an element of the file")? = value;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("plan.json");
        std::fs::write(&file, plan.to_string())?;
        Ok(read(&file, Some(&samples.join("insurance-plan.json")))?.terms)
    }

    #[test]
    fn what_exceptions_say_beside_an_insurance_plan_counts_for_their_categories(
    ) -> Result<(), Box<dyn std::error::Error>> {
        let plain = read_with("/exceptions", json!([]))?;
        let special = json!([
            { "category": "5", "authorisation": true, "waitingPeriodDays": 7, "deductible": false },
            { "category": "4", "inNetwork": { "copay": "1.00", "coinsurance": "5%" }, "outOfNetwork": null },
        ]);
        let terms = read_with("/exceptions", special)?;
        let [tests, x_rays] = [Category::DiagnosticLab, Category::DiagnosticXray].map(|it| *terms.benefit(it));
        assert_eq!((tests.authorisation, tests.waiting_period, tests.deductible), (true, 7 * DAY, false));
        let before = plain.benefit(Category::DiagnosticLab);
        assert_eq!((tests.in_network, tests.out_of_network), (before.in_network, before.out_of_network));
        assert_eq!((x_rays.in_network.coinsurance, x_rays.out_of_network), (BasisPoints(500), None));
        assert_eq!(
            (terms.benefit(Category::Consultation), &terms.limits),
            (plain.benefit(Category::Consultation), &plain.limits)
        );
        Ok(())
    }

    #[test]
    fn what_would_be_lost_beside_an_insurance_plan_is_refused_by_name() {
        let share = json!({ "copay": "0.00", "coinsurance": "1%" });
        let limit = json!({ "measure": "deductible", "unit": "individual", "term": "annual", "amount": "1.00" });
        for (pointer, value, element) in [
            ("/limits", json!([limit]), "limits"),
            ("/exceptions", json!([{ "category": "35", "authorisation": true }]), "exceptions[0].category"),
            ("/exceptions", json!([{ "category": "5", "inNetwork": share }]), "exceptions[0].inNetwork"),
            ("/exceptions", json!([{ "category": "5", "outOfNetwork": share }]), "exceptions[0].outOfNetwork"),
        ] {
            let refused = read_with(pointer, value).map_err(|error| error.to_string());
            assert!(
                refused.as_ref().is_err_and(|said| said.contains(&format!("{element} "))),
                "{element}: {refused:?}"
            );
        }
    }
}
