//! The claims themselves, and which services were claimed before. Caller and time are arguments.

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::adjudicate::{Adjudication, KnownLine};
use salus_domain::claim::Submission;
use salus_domain::codes::{Action, CategorySet, Class, Confidentiality, Purpose, Role, SensitivitySet};
use salus_domain::ids::{ClaimId, CodeTag, Hash};
use salus_domain::money::Amount;
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_interface::account;
use salus_interface::claims::{Claim, ClaimsError, Coverage, MAX_SERVICES_PER_DAY};

/// Every claim.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Register {
    next: u64,
    claims: Mapping<ClaimId, Claim>,
    references: Mapping<(AccountId, Hash), Reference>,
    /// What pended claims ask for; nothing is kept of the others but their outcome.
    pended: Mapping<ClaimId, Pended>,
    /// By provider and the nullifier of a day, which names the provider too but cannot be checked here: so that nobody
    /// uses up another's. The services that were claimed of it and not denied. With the code's tag it is the
    /// nullifier of a line, for all lines of one day in one cell.
    services: Mapping<(AccountId, Hash), Services>,
}

/// The claim that a reference was used for.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Reference(ClaimId);

/// What a pended claim asks for.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Pended(Submission);

impl scale::EncodeLike<Pended> for Submission {}

/// Services of one day.
#[derive(Default)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Services(Vec<CodeTag>);

salus_interface::kept_in_one_cell!(Reference, Pended, Services);

/// A decision that is not written yet.
pub struct Adjudicated {
    /// The coverage that it was made under.
    pub coverage: Option<Coverage>,
    /// The decision.
    pub adjudication: Adjudication,
    /// From when on anybody may settle it.
    pub due: Timestamp,
}

impl Register {
    /// Fails where the provider used the reference before.
    pub fn ensure_new(&self, provider: AccountId, reference: Hash) -> Result<(), ClaimsError> {
        match self.by_reference(provider, reference) {
            Some(earlier) => Err(ClaimsError::DuplicateClaim(earlier)),
            None => Ok(()),
        }
    }

    /// The claim that a provider submitted under a reference.
    pub fn by_reference(&self, provider: AccountId, reference: Hash) -> Option<ClaimId> {
        self.references.get((provider, reference)).map(|Reference(claim)| claim)
    }

    /// Takes the next id, for this reference.
    pub fn next(&mut self, provider: AccountId, reference: Hash) -> Result<ClaimId, ClaimsError> {
        let id = ClaimId(self.next);
        self.next = self.next.checked_add(1).ok_or(ClaimsError::IdsUsedUp)?;
        self.references.insert((provider, reference), &Reference(id));
        Ok(id)
    }

    /// A claim.
    pub fn get(&self, claim: ClaimId) -> Result<Claim, ClaimsError> {
        self.claims.get(claim).ok_or(ClaimsError::ClaimNotFound)
    }

    /// Writes a claim.
    pub fn write(&mut self, id: ClaimId, claim: &Claim) {
        self.claims.insert(id, claim);
    }

    /// Keeps what a claim asks for.
    pub fn pend(&mut self, claim: ClaimId, submission: &Submission) {
        self.pended.insert(claim, submission);
    }

    /// Takes out what a pended claim asks for.
    pub fn take_pended(&mut self, claim: ClaimId) -> Result<Submission, ClaimsError> {
        self.pended.take(claim).map(|Pended(submission)| submission).ok_or(ClaimsError::NotPended)
    }

    /// The lines of a validated claim, each with its day, its fee and whether it was claimed before, be it in the claim
    /// itself.
    pub fn known_lines(
        &self,
        provider: AccountId,
        submission: &Submission,
        covered: CategorySet,
        fee: impl Fn(CodeTag) -> Option<Amount>,
    ) -> Result<Vec<KnownLine>, ClaimsError> {
        let mut days: Vec<_> =
            submission.days.iter().map(|day| (day.date, self.services_of(provider, day.nullifier))).collect();
        let mut lines = Vec::with_capacity(submission.lines.len());
        for line in &submission.lines {
            // Validated: the day is there.
            let Some((date, services)) = days.get_mut(usize::from(line.day)) else { continue };
            let duplicate = services.contains(&line.code);
            // What the plan does not cover is not paid, and takes nothing away from another line.
            if !duplicate && covered.contains(line.category) {
                services.push(line.code);
            }
            lines.push(KnownLine { line: *line, date: *date, fee: fee(line.code), duplicate });
        }
        Ok(lines)
    }

    /// Remembers the services that were not denied, so that they are claimed once.
    pub fn remember_services(
        &mut self,
        provider: AccountId,
        submission: &Submission,
        adjudication: &Adjudication,
    ) -> Result<(), ClaimsError> {
        for (place, day) in submission.days.iter().enumerate() {
            let mut services = self.services_of(provider, day.nullifier);
            let before = services.len();
            for (line, outcome) in submission.lines.iter().zip(&adjudication.lines) {
                if usize::from(line.day) == place && !outcome.is_denied() {
                    services.push(line.code);
                }
            }
            if services.len() > MAX_SERVICES_PER_DAY {
                return Err(ClaimsError::TooManyServices);
            }
            if services.len() > before {
                self.services.insert((provider, day.nullifier), &Services(services));
            }
        }
        Ok(())
    }

    fn services_of(&self, provider: AccountId, day: Hash) -> Vec<CodeTag> {
        self.services.get((provider, day)).map(|Services(codes)| codes).unwrap_or_default()
    }
}

/// What paying a claim means to the patient's consent: that the insurer uses a claim, of the days of its services, for
/// payment (v3-ActReason HPAYMT).
pub fn payment_request(insurer: AccountId, submission: &Submission) -> Request {
    let insurer = account(insurer);
    let first = submission.days.iter().map(|day| day.date).min();
    let last = submission.days.iter().map(|day| day.date.plus(DAY)).max();
    Request {
        principal: Principal { account: insurer, organisations: [insurer].into(), roles: Role::Payer.into() },
        purpose: Purpose::Hpaymt,
        action: Action::Use,
        confidentiality: Some(Confidentiality::N),
        sensitivity: Some(SensitivitySet::EMPTY),
        classes: Some(Class::Claim.into()),
        data_period: first.zip(last).map(|(start, end)| Period { start, end }),
    }
}
