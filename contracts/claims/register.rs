//! The claims themselves, the services and prior authorisations. Caller and time are arguments.

use ink::prelude::{boxed::Box, vec::Vec};
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::claim::Submission;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Role, SensitivitySet};
use salus_domain::ids::{ClaimId, CodeTag, Hash};
use salus_domain::request::{Principal, Request};
use salus_domain::time::Timestamp;
use salus_interface::claims::{Authorisation, Claim, ClaimsError, Filing, Procedure};
use salus_interface::{account, Cells};

/// Every claim.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Register {
    claims: Mapping<ClaimId, Claim>,
    /// What pended claims ask for, without outcomes; of the others a commitment is kept.
    pended: Mapping<ClaimId, Filing>,
    /// By provider and the nullifier of a day, which names the provider too but cannot be checked here: so that nobody
    /// uses up another's. The services that were claimed of it and not denied. With the code's tag it is the
    /// nullifier of a line, for all lines of one day in one cell.
    services: Mapping<(AccountId, Hash), Services>,
    authorisations: Mapping<Procedure, Authorisation>,
}

/// Services of one day.
#[derive(Default)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Services(Vec<CodeTag>);

salus_interface::kept_in_one_cell!(Services);

impl Register {
    /// A claim, where there is one.
    pub fn find(&self, claim: ClaimId) -> Option<Box<Claim>> {
        self.claims.read(&claim).map(Box::new)
    }

    /// A claim.
    pub fn get(&self, claim: ClaimId) -> Result<Box<Claim>, ClaimsError> {
        self.find(claim).ok_or(ClaimsError::ClaimNotFound)
    }

    /// Writes a claim.
    pub fn write(&mut self, id: ClaimId, claim: &Claim) {
        self.claims.put(&id, claim);
    }

    /// Removes a claim that was never decided.
    pub fn remove(&mut self, id: ClaimId) {
        self.claims.delete(&id);
        self.pended.delete(&id);
    }

    /// Keeps what a claim asks for.
    pub fn pend(&mut self, claim: ClaimId, pended: &Filing) {
        self.pended.put(&claim, pended);
    }

    /// Forgets what a claim asked for that is decided.
    pub fn unpend(&mut self, claim: ClaimId) {
        self.pended.delete(&claim);
    }

    /// What a pended claim asks for.
    pub fn pended(&self, claim: ClaimId) -> Result<Filing, ClaimsError> {
        self.pended.read(&claim).ok_or(ClaimsError::NotPended)
    }

    /// The services that were claimed of a day.
    pub fn services(&self, provider: AccountId, day: Hash) -> Vec<CodeTag> {
        self.services.read(&(provider, day)).map(|Services(codes)| codes).unwrap_or_default()
    }

    /// Writes the services of a day.
    pub fn write_services(&mut self, provider: AccountId, day: Hash, services: Vec<CodeTag>) {
        self.services.put(&(provider, day), &Services(services));
    }

    /// How a prior authorisation stands.
    pub fn authorisation(&self, procedure: Procedure) -> Option<Authorisation> {
        self.authorisations.read(&procedure)
    }

    /// Writes a prior authorisation.
    pub fn write_authorisation(&mut self, procedure: Procedure, authorisation: &Authorisation) {
        self.authorisations.put(&procedure, authorisation);
    }
}

/// A prior authorisation that was asked for. It cannot be where it is open, was refused, or is granted and not used up.
pub fn request(
    before: Option<Authorisation>,
    quantity: u32,
    now: Timestamp,
    deadline: Timestamp,
) -> Result<Authorisation, ClaimsError> {
    if quantity == 0 {
        return Err(ClaimsError::ZeroQuantity);
    }
    match before {
        Some(Authorisation::Requested { .. } | Authorisation::Refused) => Err(ClaimsError::AlreadyRequested),
        Some(Authorisation::Granted { quantity, until }) if quantity > 0 && until >= now => {
            Err(ClaimsError::AlreadyRequested)
        }
        _ => Ok(Authorisation::Requested { quantity, deadline }),
    }
}

/// What paying a claim means to the patient's consent: that the insurer uses a claim, of the days of its services, for
/// payment (v3-ActReason HPAYMT).
pub fn payment_request(insurer: AccountId, submission: &Submission) -> Request {
    let insurer = account(insurer);
    Request {
        principal: Principal { account: insurer, organisations: [insurer].into(), roles: Role::Payer.into() },
        purpose: Purpose::Hpaymt,
        action: Action::Use,
        confidentiality: Some(Confidentiality::N),
        sensitivity: Some(SensitivitySet::EMPTY),
        classes: Some(Class::Claim.into()),
        data_period: Some(submission.period()),
    }
}
