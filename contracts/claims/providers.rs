//! What a provider does with prior authorisations and claims.

use crate::appeals;
use crate::book::Freed;
use crate::claims::Claims;
use crate::decisions::Behind;
use crate::register::request;
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use salus_domain::claim::Submission;
use salus_domain::ids::{ClaimId, CodeTag, PlanId};
use salus_interface::claims::{
    AuthorisationChanged, Claim, ClaimStatus, ClaimWithdrawn, ClaimsError, Filing, Procedure, Receipt,
};
use salus_interface::emit;

impl Claims {
    pub(crate) fn do_request_authorisation(
        &mut self,
        plan: PlanId,
        member: AccountId,
        code: CodeTag,
        quantity: u32,
    ) -> Result<(), ClaimsError> {
        let version = self.plans.get(plan)?.version;
        if self.coverages.of(plan, member).is_empty() {
            return Err(ClaimsError::NotCovered);
        }
        let procedure = Procedure { plan, member, provider: self.caller(), code };
        let deadline = self.now().plus(self.plans.terms(plan, version)?.deadlines.authorisation);
        let before = self.register.authorisation(procedure);
        let authorisation = request(before, quantity, self.now(), deadline)?;
        self.register.write_authorisation(procedure, &authorisation);
        emit(AuthorisationChanged { member, procedure, authorisation });
        Ok(())
    }

    pub(crate) fn do_submit(
        &mut self,
        submission: Submission,
        secondary: Option<PlanId>,
    ) -> Result<Vec<Receipt>, ClaimsError> {
        let (provider, first, now) = (self.caller(), submission.plan, self.now());
        let (receipt, filing) =
            self.file(provider, submission, Behind { filed: now, ..Behind::default() }, secondary.is_some(), now)?;
        let prior = receipt.claim;
        let mut receipts = ink::prelude::vec![receipt];
        if let (Some(plan), Some(filing)) = (secondary, filing) {
            receipts.push(self.follow(prior, filing, first, provider, plan, now)?);
        }
        Ok(receipts)
    }

    pub(crate) fn do_pass_on(&mut self, id: ClaimId, filing: Filing, plan: PlanId) -> Result<Receipt, ClaimsError> {
        let mut claim = self.decided(id, &filing)?;
        if self.caller() != claim.provider {
            return Err(ClaimsError::NotProvider);
        }
        if claim.passed_on {
            return Err(ClaimsError::PassedOn);
        }
        if appeals::waits(&claim, self.now()) {
            return Err(ClaimsError::AppealOpen);
        }
        claim.passed_on = true;
        self.register.write(id, &claim);
        self.follow(id, filing, claim.plan, claim.provider, plan, self.now())
    }

    pub(crate) fn do_retry(&mut self, id: ClaimId) -> Result<Receipt, ClaimsError> {
        let Claim { provider, status, prior, total, .. } = *self.register.get(id)?;
        if !status.is_pended() {
            return Err(ClaimsError::NotPended);
        }
        let Filing { submission, held, filed, .. } = self.register.pended(id)?;
        let (receipt, _) = self.file(provider, submission, Behind { prior, held, filed }, false, self.now())?;
        // Somebody else cannot choose a bad moment for it. What waits for an authorisation does not count yet.
        let payer = receipt.adjudication.total.payer;
        let worse = payer < total.payer || status == ClaimStatus::AwaitsAuthorisation && payer == total.payer;
        match receipt.status {
            ClaimStatus::AwaitsFunds => Err(ClaimsError::PoolTooSmall),
            ClaimStatus::AwaitsAuthorisation => Err(ClaimsError::AuthorisationMissing),
            _ if worse && self.caller() != provider => Err(ClaimsError::NotProvider),
            _ => Ok(receipt),
        }
    }

    pub(crate) fn do_withdraw_claim(&mut self, id: ClaimId) -> Result<(), ClaimsError> {
        let claim = self.register.get(id)?;
        if self.caller() != claim.provider {
            return Err(ClaimsError::NotProvider);
        }
        if !claim.status.is_pended() {
            return Err(ClaimsError::NotPended);
        }
        if self.unlink(claim.prior) {
            // Nobody has the services of those before it any more.
            self.release(&claim, &self.register.pended(id)?, Freed::All)?;
        }
        self.register.remove(id);
        emit(ClaimWithdrawn { claim: id });
        Ok(())
    }
}
