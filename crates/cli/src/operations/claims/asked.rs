//! What is asked before a treatment by a FHIR CoverageEligibilityRequest.

use super::filing::{PreparedClaim, DEFAULT_CATEGORY};
use super::ConsortiumKey;
use crate::operations::documents::Document;
use crate::operations::{plans, OperationError, Suite};
use salus_client::{client_account, domain_account, AccountId32};
use salus_domain::ids::PlanId;
use salus_fhir::claim::{Assumed, Assumption, ClaimItem, CompiledClaim};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_fhir::eligibility_request::{compile, CompiledEligibilityRequest, EligibilityItem};

/// A request, put to the insurer of a plan.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What the document says.
    pub compiled: CompiledEligibilityRequest,
    /// Who is to be treated.
    pub member: AccountId32,
    /// Who asks, where the document says so.
    pub provider: Option<AccountId32>,
}

/// Reads a request, whose amounts are in `asset`.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::UnknownReference`], [`OperationError::WrongParty`] where another insurer is
/// asked, [`OperationError::NoPlan`].
pub async fn read(
    suite: &Suite,
    plan: PlanId,
    document: &Document,
    directory: &Directory,
    asset: &Asset,
) -> Result<Asked, OperationError> {
    let compiled = document.compile(|bytes| compile(bytes, asset))?;
    let member = document.resolve(directory, "CoverageEligibilityRequest.patient", &compiled.patient)?;
    let provider = |named| document.resolve(directory, "CoverageEligibilityRequest.provider", named);
    let provider = compiled.provider.as_deref().map(provider).transpose()?;
    let insurer = client_account(plans::plan(suite, plan).await?.insurer);
    document.ensure_is(directory, "CoverageEligibilityRequest.insurer", &compiled.insurer, &insurer)?;
    Ok(Asked { compiled, member, provider })
}

impl Asked {
    /// Whether there is an item that can be predicted.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        !self.lines().is_empty()
    }

    /// The items that can be predicted, as a claim that `provider` would make of them. The numbers of its lines are those of the items,
    /// from 1 on.
    #[must_use]
    pub fn claim(&self, plan: PlanId, provider: &AccountId32, key: &ConsortiumKey) -> PreparedClaim {
        let items = self.lines();
        let assumed = items.iter().filter(|line| self.item(line).is_some_and(|item| item.category.is_none()));
        let assumed = assumed.map(|line| Assumed {
            path: format!("CoverageEligibilityRequest.item[{}].category", line.sequence.saturating_sub(1)),
            what: Assumption::Category(DEFAULT_CATEGORY),
        });
        let compiled = CompiledClaim {
            kind: None,
            patient: self.compiled.patient.clone(),
            provider: self.compiled.provider.clone().unwrap_or_else(|| provider.to_string()),
            insurer: Some(self.compiled.insurer.clone()),
            prior_decided: false,
            coverage: self.compiled.coverage.clone().unwrap_or_default(),
            // A number that no claim has: nothing is submitted under it.
            identifier: (
                "urn:salus:eligibility-request".to_owned(),
                self.compiled.reference.clone().unwrap_or_default(),
            ),
            assumed: assumed.collect(),
            items,
        };
        let submission = compiled.submission(plan, domain_account(&self.member), domain_account(provider), &key.0);
        PreparedClaim { compiled, submission, provider: *provider }
    }

    /// The numbers of the items that cannot be predicted: they name no service, or no price.
    #[must_use]
    pub fn not_predicted(&self) -> Vec<u32> {
        let lines = self.lines();
        let is_predicted = |number: &u32| lines.iter().any(|line| line.sequence == *number);
        (1..).zip(&self.compiled.items).map(|(number, _)| number).filter(|number| !is_predicted(number)).collect()
    }

    fn lines(&self) -> Vec<ClaimItem> {
        self.compiled.lines(Some(DEFAULT_CATEGORY))
    }

    fn item(&self, line: &ClaimItem) -> Option<&EligibilityItem> {
        (1..).zip(&self.compiled.items).find(|(number, _)| *number == line.sequence).map(|(_, item)| item)
    }
}
