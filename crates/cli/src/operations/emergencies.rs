//! Emergencies: what a provider states who breaks the glass, and what became of it.

use super::{secret_of, Suite};
use salus_client::{blake2b_256, client_account, ink_account, AccountId32, ClientError, Keypair, Located};
use salus_domain::commitment;
use salus_domain::ids::Hash;
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessDecided, AccessDecision, Emergency, EmergencyChanged, EmergencyGround, EmergencyState, Ground,
};

/// The salt of a statement. It follows from the provider's secret, the patient and the words: stating the same again gives
/// the same commitment.
#[must_use]
pub fn salt(provider: &Keypair, patient: &AccountId32, words: &str) -> [u8; 32] {
    let secret = secret_of(provider, "salus-emergency-salt");
    blake2b_256(&[secret.as_slice(), &patient.0, words.as_bytes()].concat())
}

/// The commitment to a statement.
#[must_use]
pub fn committed(salt: [u8; 32], words: &str) -> Hash {
    commitment::statement(&blake2b_256, salt, words)
}

/// The last emergency of a provider with a patient.
///
/// # Errors
/// [`ClientError`].
pub async fn last(
    suite: &Suite,
    provider: &AccountId32,
    patient: &AccountId32,
) -> Result<Option<Emergency>, ClientError> {
    suite.deployment.grants().emergency(ink_account(provider), ink_account(patient)).read(&suite.chain).await
}

/// An emergency, with all that was told of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The patient.
    pub patient: AccountId32,
    /// Who broke the glass.
    pub provider: AccountId32,
    /// When.
    pub time: Timestamp,
    /// The number of the block.
    pub block: u64,
    /// What was stated, and how it stands now.
    pub emergency: Emergency,
    /// Who reviewed it.
    pub reviewer: Option<AccountId32>,
    /// How often the provider was let in by it.
    pub accesses: usize,
}

/// All emergencies that these events of access grants tell of, the earliest first.
#[must_use]
pub fn all(events: &[Located]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for Located { block, time, event } in events {
        if let Some(EmergencyChanged { patient, provider, by, emergency }) = event.decode() {
            let (patient, provider) = (client_account(patient), client_account(provider));
            let reviewer = is_reviewed(emergency.state).then(|| client_account(by));
            match find(&mut told, &patient, &provider, emergency.number) {
                Some(it) => (it.emergency, it.reviewer) = (emergency, reviewer),
                None => {
                    let (time, block) = (*time, *block);
                    told.push(Told { patient, provider, time, block, emergency, reviewer, accesses: 0 });
                }
            }
        } else if let Some((patient, provider, number)) = event.decode().and_then(let_in) {
            if let Some(it) = find(&mut told, &patient, &provider, number) {
                it.accesses += 1;
            }
        }
    }
    told
}

/// The patient, the provider and the number of the emergency by which a provider was let in.
fn let_in(decided: AccessDecided) -> Option<(AccountId32, AccountId32, u32)> {
    match decided.decision {
        AccessDecision::Permitted { ground: Ground::Emergency { number }, .. } => {
            Some((client_account(decided.patient), client_account(decided.accessor), number))
        }
        _ => None,
    }
}

fn find<'a>(told: &'a mut [Told], patient: &AccountId32, provider: &AccountId32, number: u32) -> Option<&'a mut Told> {
    told.iter_mut().find(|it| it.patient == *patient && it.provider == *provider && it.emergency.number == number)
}

/// Whether an authority has found something.
#[must_use]
pub const fn is_reviewed(state: EmergencyState) -> bool {
    matches!(state, EmergencyState::Justified | EmergencyState::Unjustified | EmergencyState::Barred)
}

/// One word for a ground: that of the command line.
#[must_use]
pub const fn ground_code(ground: EmergencyGround) -> &'static str {
    match ground {
        EmergencyGround::ThreatToPatient => "threat-to-patient",
        EmergencyGround::UnableToConsent => "unable-to-consent",
        EmergencyGround::ThreatToOthers => "threat-to-others",
    }
}

/// A ground in words.
#[must_use]
pub const fn ground_words(ground: EmergencyGround) -> &'static str {
    match ground {
        EmergencyGround::ThreatToPatient => "danger to the patient's life or health",
        EmergencyGround::UnableToConsent => "the patient cannot consent",
        EmergencyGround::ThreatToOthers => "danger to the life or health of others",
    }
}

/// One word for how an emergency stands.
#[must_use]
pub const fn state_code(state: EmergencyState) -> &'static str {
    match state {
        EmergencyState::Open => "open",
        EmergencyState::Disputed => "disputed",
        EmergencyState::Justified => "justified",
        EmergencyState::Unjustified => "unjustified",
        EmergencyState::Barred => "barred",
        EmergencyState::Unreviewed => "unreviewed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::located;
    use salus_client::signer::{from_suri, SignerError};
    use salus_domain::money::Amount;

    fn changed(number: u32, by: u8, state: EmergencyState) -> Located {
        let emergency = Emergency {
            number,
            ground: EmergencyGround::UnableToConsent,
            statement: Hash([0; 32]),
            bond: Amount(1),
            access_until: Timestamp(5),
            review_until: Timestamp(9),
            state,
        };
        let by = [by; 32].into();
        located(&EmergencyChanged { patient: [1; 32].into(), provider: [2; 32].into(), by, emergency })
    }

    #[test]
    fn each_emergency_is_told_with_its_own_end() {
        let events = [
            changed(1, 2, EmergencyState::Open),
            changed(1, 1, EmergencyState::Disputed),
            changed(1, 3, EmergencyState::Barred),
            changed(2, 2, EmergencyState::Open),
            changed(2, 7, EmergencyState::Unreviewed),
            changed(3, 2, EmergencyState::Open),
        ];
        let told = all(&events);
        let states: Vec<_> = told.iter().map(|it| state_code(it.emergency.state)).collect();
        assert_eq!(states, ["barred", "unreviewed", "open"]);
        let reviewers: Vec<_> = told.iter().map(|it| it.reviewer).collect();
        assert_eq!(reviewers, [Some(AccountId32([3; 32])), None, None]);
    }

    #[test]
    fn a_statement_is_committed_to_alike_by_the_same_provider_and_patient_alone() -> Result<(), SignerError> {
        let (eve, patient) = (from_suri("//Eve")?, AccountId32([1; 32]));
        let one = committed(salt(&eve, &patient, "unconscious"), "unconscious");
        assert_eq!(one, committed(salt(&eve, &patient, "unconscious"), "unconscious"));
        assert_ne!(one, committed(salt(&eve, &AccountId32([2; 32]), "unconscious"), "unconscious"));
        assert_ne!(one, committed(salt(&from_suri("//Dave")?, &patient, "unconscious"), "unconscious"));
        assert_ne!(one, committed(salt(&eve, &patient, "unconscious"), "conscious"));
        Ok(())
    }
}
