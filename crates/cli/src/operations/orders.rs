//! What can be ordered for a patient, in words and as JSON: what is signed, what is done, and what was done.

use super::{OperationError, Suite};
use crate::values::{period_json, show_account, show_period};
use salus_client::{blake2b_256, client_account, ink_account, AccountId32};
use salus_domain::codes::{Power, PowerSet};
use salus_domain::commitment;
use salus_domain::consent::Consent;
use salus_domain::ids::{Account, Hash};
use salus_domain::mandate::Mandate;
use salus_fhir::consent_text;
use salus_fhir::directory::Directory;
use salus_interface::consent::{Done, Instruction, Order};
use serde_json::{json, Value};

/// The hash by which a proposal is accepted.
#[must_use]
pub fn proposal_hash(consent: &Consent) -> Hash {
    commitment::proposal(&blake2b_256, consent)
}

/// A hash as it is written.
#[must_use]
pub fn show_hash(hash: Hash) -> String {
    format!("0x{}", hex::encode(hash.0))
}

/// An account as the directory knows it, or in SS58.
#[must_use]
pub fn name(directory: &Directory, account: &[u8; 32]) -> String {
    match directory.key(Account(*account)) {
        Some(key) => format!("{key} ({})", show_account(account)),
        None => show_account(account),
    }
}

/// What `proposer` proposes to `patient`.
///
/// # Errors
/// [`OperationError::NoProposal`].
pub async fn proposal(suite: &Suite, patient: &AccountId32, proposer: &AccountId32) -> Result<Consent, OperationError> {
    let query = suite.deployment.registry().proposal(ink_account(patient), ink_account(proposer));
    query.read(&suite.chain).await?.ok_or(OperationError::NoProposal { patient: *patient, proposer: *proposer })
}

/// An order for `patient`.
#[must_use]
pub fn order(patient: &AccountId32, instruction: Instruction) -> Order {
    Order { patient: ink_account(patient), instruction }
}

/// What an instruction says to do, as one line and, for a consent, its text below it.
#[must_use]
pub fn words(instruction: &Instruction, directory: &Directory) -> Vec<String> {
    let whom = |account| name(directory, &client_account(account).0);
    let with_text = |line: String, consent| {
        std::iter::once(line).chain(consent_text::lines(consent, directory).into_iter().map(|it| format!("  {it}")))
    };
    match instruction {
        Instruction::Record(consent) => with_text("record a consent:".to_owned(), consent).collect(),
        Instruction::Amend(id, consent) => {
            with_text(format!("replace the text of consent {} by:", id.0), consent).collect()
        }
        Instruction::Revoke(id) => vec![format!("revoke consent {}", id.0)],
        Instruction::RevokeAll => vec!["revoke every consent".to_owned()],
        Instruction::Accept(proposer, hash) => {
            vec![format!("accept what {} proposes, if it is proposal {}", whom(*proposer), show_hash(*hash))]
        }
        Instruction::Reject(proposer) => vec![format!("reject what {} proposes", whom(*proposer))],
        Instruction::NameProxy(proxy, mandate) => vec![format!("let {} {}", whom(*proxy), mandate_words(mandate))],
        Instruction::RemoveProxy(proxy) => vec![format!("take the mandate of {} back", whom(*proxy))],
    }
}

/// What a mandate lets do, and when.
#[must_use]
pub fn mandate_words(mandate: &Mandate) -> String {
    let powers: Vec<&str> = mandate.powers.iter().map(Power::display).collect();
    format!("{} ({})", powers.join(", "), show_period(mandate.period))
}

/// The codes of powers.
#[must_use]
pub fn power_codes(powers: PowerSet) -> Vec<&'static str> {
    powers.iter().map(Power::code).collect()
}

/// What doing it would be and is called: behind `would`, and as a sentence.
#[must_use]
pub fn sentences(instruction: &Instruction, done: Done, directory: &Directory) -> (String, String) {
    let whom = |account| name(directory, &client_account(account).0);
    match (instruction, done) {
        (Instruction::Accept(proposer, _), Done::Recorded(id)) => (
            format!("accept what {} proposes, as consent {}", whom(*proposer), id.0),
            format!("what {} proposed is accepted, as consent {}", whom(*proposer), id.0),
        ),
        (_, Done::Recorded(id)) => (format!("record consent {}", id.0), format!("consent {} is recorded", id.0)),
        (Instruction::Amend(id, _), Done::Amended(revision)) => (
            format!("amend consent {} (revision {revision})", id.0),
            format!("consent {} is amended (revision {revision})", id.0),
        ),
        (Instruction::Revoke(id), _) => (format!("revoke consent {}", id.0), format!("consent {} is revoked", id.0)),
        (_, Done::Revoked(count)) => {
            (format!("revoke every consent in force ({count})"), format!("every consent is revoked ({count})"))
        }
        (Instruction::Reject(proposer), _) => (
            format!("reject what {} proposes", whom(*proposer)),
            format!("what {} proposed is rejected", whom(*proposer)),
        ),
        (Instruction::NameProxy(proxy, mandate), _) => (
            format!("let {} {}", whom(*proxy), mandate_words(mandate)),
            format!("{} may {}", whom(*proxy), mandate_words(mandate)),
        ),
        (Instruction::RemoveProxy(proxy), _) => (
            format!("take the mandate of {} back", whom(*proxy)),
            format!("the mandate of {} is taken back", whom(*proxy)),
        ),
        // An answer that does not belong to the question: the order itself is then all that can be told.
        _ => {
            let line = words(instruction, directory).into_iter().next().unwrap_or_default();
            (line.clone(), line)
        }
    }
}

/// An order as JSON: `{act, patient, …}` with what it is about.
#[must_use]
pub fn order_json(order: &Order, directory: &Directory) -> Value {
    let account = |account| client_account(account).to_string();
    let mut json = match &order.instruction {
        Instruction::Record(consent) => json!({ "text": consent_text::lines(consent, directory) }),
        Instruction::Amend(id, consent) => {
            json!({ "consent": id.0, "text": consent_text::lines(consent, directory) })
        }
        Instruction::Revoke(id) => json!({ "consent": id.0 }),
        Instruction::RevokeAll => json!({}),
        Instruction::Accept(proposer, hash) => json!({ "proposer": account(*proposer), "proposal": show_hash(*hash) }),
        Instruction::Reject(proposer) => json!({ "proposer": account(*proposer) }),
        Instruction::NameProxy(proxy, mandate) => json!({
            "proxy": account(*proxy),
            "powers": power_codes(mandate.powers),
            "period": period_json(mandate.period),
        }),
        Instruction::RemoveProxy(proxy) => json!({ "proxy": account(*proxy) }),
    };
    json["act"] = act(&order.instruction).into();
    json["patient"] = account(order.patient).into();
    json
}

/// The name of an instruction: that of the command that signs it.
#[must_use]
pub const fn act(instruction: &Instruction) -> &'static str {
    match instruction {
        Instruction::Record(_) => "record",
        Instruction::Amend(..) => "amend",
        Instruction::Revoke(_) => "revoke",
        Instruction::RevokeAll => "revoke-all",
        Instruction::Accept(..) => "accept",
        Instruction::Reject(_) => "reject",
        Instruction::NameProxy(..) => "name-proxy",
        Instruction::RemoveProxy(_) => "remove-proxy",
    }
}

/// What doing it gave, as a field of JSON; none where it gives nothing.
#[must_use]
pub fn done_field(done: Done) -> Option<(&'static str, u32)> {
    match done {
        Done::Recorded(id) => Some(("consent", id.0)),
        Done::Amended(revision) => Some(("revision", revision)),
        Done::Revoked(count) => Some(("revoked", count)),
        Done::Rejected | Done::ProxyNamed | Done::ProxyRemoved => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::consent::Base;
    use salus_domain::ids::ConsentId;
    use salus_domain::time::{Period, Timestamp};

    fn consent() -> Consent {
        Consent { base: Base::Deny, period: Period::ALWAYS, source: Hash([0; 32]), provisions: Vec::new() }
    }

    #[test]
    fn what_is_signed_is_told_with_the_text_of_the_consent() {
        let lines = words(&Instruction::Amend(ConsentId(2), consent()), &Directory::default());
        assert_eq!(lines[0], "replace the text of consent 2 by:");
        assert!(lines[1].starts_with("  Denies everything"), "{lines:?}");
    }

    #[test]
    fn a_mandate_is_told_with_its_powers_and_its_end() {
        let period = Period { start: Timestamp::MIN, end: Timestamp(1_893_456_000_000) };
        let mandate = Mandate { powers: PowerSet::of(&[Power::Revoke, Power::Answer]), period };
        let words = mandate_words(&mandate);
        assert_eq!(words, "revoke consents, accept and reject proposals (always until 2030-01-01T00:00:00Z)");
    }

    #[test]
    fn an_accepted_proposal_and_a_recorded_consent_are_told_apart() {
        let (directory, done) = (Directory::default(), Done::Recorded(ConsentId(4)));
        let accept = Instruction::Accept([7; 32].into(), proposal_hash(&consent()));
        assert!(sentences(&accept, done, &directory).1.ends_with("is accepted, as consent 4"));
        assert_eq!(sentences(&Instruction::Record(consent()), done, &directory).1, "consent 4 is recorded");
    }

    #[test]
    fn an_order_is_json_with_its_act_and_its_patient() {
        let patient = AccountId32([3; 32]);
        let json = order_json(&order(&patient, Instruction::Revoke(ConsentId(1))), &Directory::default());
        assert_eq!(json, json!({ "act": "revoke", "consent": 1, "patient": patient.to_string() }));
    }
}
