//! Which records there are of a patient, as far as somebody may know.

use crate::operations::{OperationError, Suite};
use salus_client::CallError;
use salus_client::{ink_account, AccountId32, Located};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_interface::access::{
    AccessDecision, AccessError, AgreementChanged, Record, RecordAmended, RecordRegistered, RecordTerms, Refusal,
};

/// Everything that access grants told, from the events of the chain.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn events(suite: &Suite, progress: impl FnMut(u64)) -> Result<Vec<Located>, OperationError> {
    let grants = suite.deployment.grants();
    let to = suite.chain.block_number().await?;
    Ok(suite.chain.contract_events(grants.address(), suite.deployment.block, to, progress).await?)
}

/// The records that were ever registered of a patient, the earliest first.
#[must_use]
pub fn registered(events: &[Located], patient: &AccountId32) -> Vec<RecordId> {
    let patient = ink_account(patient);
    let told = events.iter().filter_map(|located| located.event.decode::<RecordRegistered>());
    told.filter(|told| told.patient == patient).map(|told| told.record).collect()
}

/// What was said of each version of a record, the first one first.
#[must_use]
pub fn versions(events: &[Located], record: RecordId) -> Vec<RecordTerms> {
    let told = events.iter().filter_map(|located| {
        let first = located.event.decode::<RecordRegistered>().map(|told| (told.record, told.terms));
        first.or_else(|| located.event.decode::<RecordAmended>().map(|told| (told.record, told.terms)))
    });
    told.filter(|(of, _)| *of == record).map(|(_, terms)| terms).collect()
}

/// What each party agreed to last, of one record, by accessor and party.
#[must_use]
pub fn agreements(events: &[Located], record: RecordId) -> Vec<AgreementChanged> {
    let told = events.iter().filter_map(|located| located.event.decode::<AgreementChanged>());
    let mut last: Vec<AgreementChanged> = Vec::new();
    for told in told.filter(|told| told.record == record) {
        last.retain(|other| (other.accessor, other.party) != (told.accessor, told.party));
        last.push(told);
    }
    last
}

/// A record that somebody may know of.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its id.
    pub record: RecordId,
    /// What the chain knows of it.
    pub known: Record,
    /// Whether it would be opened now.
    pub decision: AccessDecision,
}

/// For whom, and for what, records are listed.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// Who looks.
    pub account: AccountId32,
    /// What for.
    pub purpose: Purpose,
    /// The share link under which the viewer asks.
    pub link: Option<AccountId32>,
}

/// The records of `patient` that the patient's consents let the viewer see: those that would be opened, and those that only
/// lack the agreement of others. Of the rest nothing is said, not even how many there are.
///
/// # Errors
/// [`OperationError::Client`], [`OperationError::Access`].
pub async fn visible(
    suite: &Suite,
    patient: &AccountId32,
    viewer: Viewer,
    progress: impl FnMut(u64),
) -> Result<Vec<Listed>, OperationError> {
    let events = events(suite, progress).await?;
    let (account, link) = (ink_account(&viewer.account), viewer.link.map(|link| ink_account(&link)));
    let grants = suite.deployment.grants();
    let mut listed = Vec::new();
    for record in registered(&events, patient) {
        let asked = grants.may_access(account, record, viewer.purpose, Action::Access, link).read(&suite.chain).await?;
        let decision = asked.map_err(CallError::<AccessError>::Refused)?;
        let seen = match decision {
            AccessDecision::Permitted { .. } | AccessDecision::Refused(Refusal::NotAgreed) => true,
            AccessDecision::Refused(_) => viewer.account == *patient,
        };
        if let Some(known) = grants.record(record).read(&suite.chain).await?.filter(|_| seen) {
            listed.push(Listed { record, known, decision });
        }
    }
    Ok(listed)
}
