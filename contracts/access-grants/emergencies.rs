//! Break-glass: a provider's emergencies, one at a time with each patient. Caller, time and money are arguments; what is to
//! be paid out is the answer.

use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::ids::Hash;
use salus_domain::time::{Timestamp, DAY};
use salus_interface::access::{AccessError, Emergency, EmergencyGround, EmergencyState, EmergencyTerms, Finding};
use salus_interface::Cells;

/// The last emergency of each provider with each patient. A cell keeps its size, and is only ever paid for by the
/// provider.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Emergencies {
    /// By provider and patient.
    emergencies: Mapping<(AccountId, AccountId), Emergency>,
}

/// A bond that is paid out, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Which emergency it was the bond of, as it ended.
    pub emergency: Emergency,
    /// Who gets it.
    pub to: AccountId,
}

impl Emergencies {
    /// Opens an emergency. Does not check who calls, nor that the bond was sent.
    pub fn open(
        &mut self,
        provider: AccountId,
        patient: AccountId,
        terms: &EmergencyTerms,
        (ground, statement): (EmergencyGround, Hash),
        now: Timestamp,
    ) -> Result<Emergency, AccessError> {
        if provider == patient {
            return Err(AccessError::OwnEmergency);
        }
        let last = self.get(provider, patient);
        if last.is_some_and(|last| is_open(&last)) {
            return Err(AccessError::EmergencyOpen);
        }
        let emergency = Emergency {
            number: last.map_or(0, |last| last.number).saturating_add(1),
            ground,
            statement,
            bond: terms.bond,
            access_until: now.plus(terms.access),
            review_until: now.plus(terms.review),
            state: EmergencyState::Open,
        };
        self.emergencies.put(&(provider, patient), &emergency);
        Ok(emergency)
    }

    /// The provider's last emergency with a patient.
    pub fn get(&self, provider: AccountId, patient: AccountId) -> Option<Emergency> {
        self.emergencies.read(&(provider, patient))
    }

    /// The emergency that lets a provider in at `now`.
    pub fn in_force(&self, provider: AccountId, patient: AccountId, now: Timestamp) -> Option<Emergency> {
        self.get(provider, patient).filter(|last| last.state == EmergencyState::Open && now < last.access_until)
    }

    /// One that is not closed.
    fn standing(&self, provider: AccountId, patient: AccountId) -> Result<Emergency, AccessError> {
        let last = self.get(provider, patient).ok_or(AccessError::NotFound)?;
        if is_open(&last) {
            Ok(last)
        } else {
            Err(AccessError::EmergencyClosed)
        }
    }

    /// Notes that the patient disputes it. Does not check who calls.
    pub fn dispute(
        &mut self,
        provider: AccountId,
        patient: AccountId,
        now: Timestamp,
    ) -> Result<Emergency, AccessError> {
        let mut emergency = self.standing(provider, patient)?;
        if now >= emergency.review_until {
            return Err(AccessError::ReviewOver);
        }
        emergency.state = EmergencyState::Disputed;
        emergency.access_until = emergency.access_until.min(now);
        self.emergencies.put(&(provider, patient), &emergency);
        Ok(emergency)
    }

    /// Closes it by a finding. Does not check that the reviewer is an authority.
    pub fn review(
        &mut self,
        reviewer: AccountId,
        provider: AccountId,
        patient: AccountId,
        finding: Finding,
        now: Timestamp,
    ) -> Result<Payout, AccessError> {
        if reviewer == provider || reviewer == patient {
            return Err(AccessError::OwnEmergency);
        }
        let last = self.standing(provider, patient)?;
        if now >= last.review_until {
            return Err(AccessError::ReviewOver);
        }
        let (state, to) = match finding {
            Finding::Justified if now < last.access_until => return Err(AccessError::ReviewTooEarly),
            Finding::Justified => (EmergencyState::Justified, provider),
            Finding::Unjustified { suspend: false } => (EmergencyState::Unjustified, patient),
            Finding::Unjustified { suspend: true } => (EmergencyState::Barred, patient),
        };
        Ok(self.close(provider, patient, last, state, to))
    }

    /// Closes it because nobody reviewed it in time.
    pub fn forfeit(&mut self, provider: AccountId, patient: AccountId, now: Timestamp) -> Result<Payout, AccessError> {
        let last = self.standing(provider, patient)?;
        if now < last.review_until {
            return Err(AccessError::ReviewNotOver);
        }
        Ok(self.close(provider, patient, last, EmergencyState::Unreviewed, patient))
    }

    fn close(
        &mut self,
        provider: AccountId,
        patient: AccountId,
        last: Emergency,
        state: EmergencyState,
        to: AccountId,
    ) -> Payout {
        let mut emergency = last;
        emergency.state = state;
        self.emergencies.put(&(provider, patient), &emergency);
        Payout { emergency, to }
    }
}

fn is_open(emergency: &Emergency) -> bool {
    matches!(emergency.state, EmergencyState::Open | EmergencyState::Disputed)
}

/// The longest time for a review, in milliseconds: 366 days. A bond is not locked up for longer.
const MAX_REVIEW: u64 = 366 * DAY;

/// Fails where the bond could not be paid out to an account without tokens, or a review would be over before the access, or
/// never.
pub fn ensure_well_formed(terms: &EmergencyTerms, minimum_balance: u128) -> Result<(), AccessError> {
    if terms.bond.0 < minimum_balance || terms.access == 0 || terms.review <= terms.access || terms.review > MAX_REVIEW
    {
        return Err(AccessError::BadTerms);
    }
    Ok(())
}
