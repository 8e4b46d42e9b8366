//! Prior authorisations: for whom, by whom, of what; and the requests that wait.

use super::claims::ConsortiumKey;
use super::documents::Document;
use super::{OperationError, Suite};
use salus_client::{blake2b_256, client_account, ink_account, AccountId32, Located};
use salus_domain::commitment;
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::time::Timestamp;
use salus_fhir::claim::ClaimOptions;
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_interface::claims::{Authorisation, AuthorisationChanged, Procedure};

/// Units of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What people call it: `system|code`, or the tag.
    pub name: String,
    /// What the chain calls it.
    pub code: CodeTag,
    /// How many units.
    pub quantity: u32,
}

/// What is to be authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who is to be treated.
    pub member: AccountId32,
    /// Who is to treat.
    pub provider: AccountId32,
    /// Of what, each procedure once.
    pub services: Vec<Service>,
}

impl Subject {
    /// By what the authorisation of a service is found.
    #[must_use]
    pub fn procedure(&self, plan: PlanId, service: &Service) -> Procedure {
        let (member, provider) = (ink_account(&self.member), ink_account(&self.provider));
        Procedure { plan, member, provider, code: service.code }
    }
}

/// The tag of a procedure, as claims have it.
#[must_use]
pub fn tag(key: &ConsortiumKey, system: &str, code: &str) -> CodeTag {
    commitment::code_tag(&blake2b_256, &key.0, system, code)
}

/// What a FHIR Claim with the use `preauthorization` asks for.
///
/// # Errors
/// [`OperationError::Document`], [`OperationError::UnknownReference`].
pub fn subject(document: &Document, directory: &Directory, key: &ConsortiumKey) -> Result<Subject, OperationError> {
    // Amounts do not count, nor what they are in.
    let options = ClaimOptions::new(Asset { currency: String::new(), decimals: 0 });
    let compiled = document.compile(|bytes| salus_fhir::claim::authorisation(bytes, &options))?;
    let member = document.resolve(directory, "Claim.patient", &compiled.patient)?;
    let provider = document.resolve(directory, "Claim.provider", &compiled.provider)?;
    let services = compiled.requests(&key.0).into_iter().map(|(code, quantity)| {
        let named = compiled.items.iter().find(|item| tag(key, &item.system, &item.code) == code);
        let name = named.map_or_else(|| show_tag(code), |item| format!("{}|{}", item.system, item.code));
        Service { name, code, quantity }
    });
    Ok(Subject { member, provider, services: services.collect() })
}

/// A tag as it is written: 32 hexadecimal digits.
#[must_use]
pub fn show_tag(tag: CodeTag) -> String {
    hex::encode(tag.0)
}

/// How an authorisation stands.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn standing(suite: &Suite, procedure: Procedure) -> Result<Option<Authorisation>, OperationError> {
    Ok(suite.deployment.claims().authorisation(procedure).read(&suite.chain).await?)
}

/// One word for how an authorisation stands; a request that nobody decided in time counts as granted.
#[must_use]
pub fn status_code(authorisation: Option<&Authorisation>, now: Timestamp) -> &'static str {
    match authorisation {
        None => "none",
        Some(Authorisation::Requested { deadline, .. }) if *deadline <= now => "granted-by-silence",
        Some(Authorisation::Requested { .. }) => "requested",
        Some(Authorisation::Granted { .. }) => "granted",
        Some(Authorisation::Refused) => "refused",
    }
}

/// A request for authorisation that nobody has decided.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// Who is to be treated.
    pub member: AccountId32,
    /// Who asks, and is to treat.
    pub provider: AccountId32,
    /// Of what.
    pub code: CodeTag,
    /// How many units.
    pub quantity: u32,
    /// By when the insurer has to decide.
    pub deadline: Timestamp,
}

/// The requests that wait under a plan, as these events of claims tell it, the earliest deadline first.
#[must_use]
pub fn pending(events: &[Located], plan: PlanId) -> Vec<Pending> {
    let mut pending: Vec<(Procedure, Pending)> = Vec::new();
    let changed = events.iter().filter_map(|located| located.event.decode::<AuthorisationChanged>());
    for AuthorisationChanged { procedure, authorisation, .. } in changed.filter(|it| it.procedure.plan == plan) {
        pending.retain(|(other, _)| *other != procedure);
        if let Authorisation::Requested { quantity, deadline } = authorisation {
            let (member, provider) = (client_account(procedure.member), client_account(procedure.provider));
            pending.push((procedure, Pending { member, provider, code: procedure.code, quantity, deadline }));
        }
    }
    let mut pending: Vec<Pending> = pending.into_iter().map(|(_, it)| it).collect();
    pending.sort_by_key(|it| it.deadline);
    pending
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::located;

    fn changed(plan: u32, code: u8, authorisation: Authorisation) -> Located {
        let (member, code) = ([1; 32].into(), CodeTag([code; 16]));
        let procedure = Procedure { plan: PlanId(plan), member, provider: [2; 32].into(), code };
        located(&AuthorisationChanged { member, procedure, authorisation })
    }

    const fn requested(deadline: u64) -> Authorisation {
        Authorisation::Requested { quantity: 2, deadline: Timestamp(deadline) }
    }

    #[test]
    fn requests_wait_until_they_are_decided_and_the_most_urgent_comes_first() {
        let events = [
            changed(0, 1, requested(9)),
            changed(0, 2, requested(5)),
            changed(0, 3, requested(7)),
            changed(1, 4, requested(1)),
            changed(0, 3, Authorisation::Refused),
        ];
        let codes: Vec<_> = pending(&events, PlanId(0)).iter().map(|it| it.code.0[0]).collect();
        assert_eq!(codes, [2, 1]);
    }

    #[test]
    fn silence_counts_as_granted_from_the_deadline_on() {
        assert_eq!(status_code(Some(&requested(9)), Timestamp(8)), "requested");
        assert_eq!(status_code(Some(&requested(9)), Timestamp(9)), "granted-by-silence");
        assert_eq!(status_code(None, Timestamp(9)), "none");
    }
}
