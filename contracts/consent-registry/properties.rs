//! What holds after every sequence of calls by anybody, against a model that is a plain list.

use super::common::{account, cases, consents, evaluations, period, requests, Case};
use super::testing::{at, calls, count, id, new_chain, newest};
use super::{ConsentRegistry, Consents, MAX_ACTIVE_CONSENTS};
use ink::primitives::AccountId;
use proptest::collection::vec;
use proptest::prelude::*;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::evaluate;
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_domain::time::Timestamp;
use salus_interface::consent::{
    ConsentAmended, ConsentError, ConsentRecorded, ConsentRegistry as _, ConsentRevoked, ConsentSummary,
    MAX_ENCODED_CONSENT, MAX_PAGE,
};
use scale::Encode;

#[derive(Clone, Debug)]
enum Step {
    Record(u8, Consent),
    Amend(u8, u32, Consent),
    Revoke(u8, u32),
    RevokeAll(u8),
    Wait(u64),
    Ask(u8, Request),
}

fn steps(patients: u8, ids: u32, consents: impl Strategy<Value = Consent> + Clone) -> impl Strategy<Value = Step> {
    let who = move || 0..patients;
    prop_oneof![
        8 => (who(), consents.clone()).prop_map(|(who, consent)| Step::Record(who, consent)),
        4 => (who(), 0..ids, consents).prop_map(|(who, id, consent)| Step::Amend(who, id, consent)),
        3 => (who(), 0..ids).prop_map(|(who, id)| Step::Revoke(who, id)),
        1 => who().prop_map(Step::RevokeAll),
        2 => (1u64..4).prop_map(Step::Wait),
        4 => (who(), requests()).prop_map(|(who, request)| Step::Ask(who, request)),
    ]
}

/// What one patient has: nothing is clever here.
#[derive(Clone, Debug, Default)]
struct Model {
    epoch: u32,
    next: u32,
    kept: Vec<(ConsentId, u32, Consent)>,
}

impl Model {
    fn accepts(consent: &Consent, now: Timestamp) -> Result<(), ConsentError> {
        consent.validate().map_err(ConsentError::Malformed)?;
        if consent.period.end <= now {
            Err(ConsentError::AlreadyOver)
        } else if consent.encode().len() > MAX_ENCODED_CONSENT {
            Err(ConsentError::TooLarge)
        } else {
            Ok(())
        }
    }

    fn record(&mut self, consent: Consent, now: Timestamp) -> Result<ConsentId, ConsentError> {
        Self::accepts(&consent, now)?;
        if self.kept.len() >= MAX_ACTIVE_CONSENTS {
            if self.kept.iter().all(|(_, _, kept)| kept.period.end > now) {
                return Err(ConsentError::TooManyActive);
            }
            self.kept.retain(|(_, _, kept)| kept.period.end > now);
        }
        let id = ConsentId(self.next);
        self.kept.push((id, 0, consent));
        self.next += 1;
        self.epoch += 1;
        Ok(id)
    }

    fn amend(&mut self, id: ConsentId, consent: Consent, now: Timestamp) -> Result<u32, ConsentError> {
        Self::accepts(&consent, now)?;
        let kept = self.kept.iter_mut().find(|(known, _, _)| *known == id).ok_or(ConsentError::NotFound)?;
        *kept = (id, kept.1 + 1, consent);
        self.epoch += 1;
        Ok(kept.1)
    }

    fn revoke(&mut self, id: ConsentId) -> Result<(), ConsentError> {
        let place = self.kept.iter().position(|(known, _, _)| *known == id).ok_or(ConsentError::NotFound)?;
        self.kept.remove(place);
        self.epoch += 1;
        Ok(())
    }

    fn revoke_all(&mut self) -> u32 {
        let count = self.kept.len() as u32;
        self.epoch += u32::from(count > 0);
        self.kept.clear();
        count
    }

    /// Every consent, whomever it can concern.
    fn all(&self) -> Vec<(ConsentId, Consent)> {
        self.kept.iter().map(|(id, _, consent)| (*id, consent.clone())).collect()
    }
}

fn patient(who: u8) -> AccountId {
    id(100 + who)
}

/// Takes each step in the contract and in the model, and compares.
fn agree(models: &mut [Model], steps: Vec<Step>) -> Result<(), TestCaseError> {
    new_chain();
    let mut registry = ConsentRegistry::new();
    for (who, model) in models.iter_mut().enumerate() {
        calls(patient(who as u8));
        for (_, _, consent) in std::mem::take(&mut model.kept) {
            model.record(consent.clone(), Timestamp(0)).unwrap();
            registry.record(consent).unwrap();
        }
    }
    let mut now = Timestamp(0);
    for step in steps {
        let before = count();
        let (who, told) = match step {
            Step::Wait(time) => {
                now = now.plus(time);
                at(now);
                continue;
            }
            Step::Ask(who, request) => {
                let evaluation = registry.decide(patient(who), request.clone());
                prop_assert_eq!(evaluation, evaluate(&models[usize::from(who)].all(), &request, now));
                (who, 0)
            }
            Step::Record(who, consent) => {
                calls(patient(who));
                let expected = models[usize::from(who)].record(consent.clone(), now);
                prop_assert_eq!(registry.record(consent.clone()), expected);
                if let Ok(id) = expected {
                    let epoch = models[usize::from(who)].epoch;
                    let event = ConsentRecorded { patient: patient(who), id, epoch, consent };
                    prop_assert_eq!(newest::<ConsentRecorded>(), event);
                }
                (who, usize::from(expected.is_ok()))
            }
            Step::Amend(who, id, consent) => {
                let id = ConsentId(id);
                calls(patient(who));
                let expected = models[usize::from(who)].amend(id, consent.clone(), now);
                prop_assert_eq!(registry.amend(id, consent.clone()), expected);
                if let Ok(revision) = expected {
                    let epoch = models[usize::from(who)].epoch;
                    let event = ConsentAmended { patient: patient(who), id, revision, epoch, consent };
                    prop_assert_eq!(newest::<ConsentAmended>(), event);
                }
                (who, usize::from(expected.is_ok()))
            }
            Step::Revoke(who, id) => {
                let id = ConsentId(id);
                calls(patient(who));
                let expected = models[usize::from(who)].revoke(id);
                prop_assert_eq!(registry.revoke(id), expected);
                if expected.is_ok() {
                    let epoch = models[usize::from(who)].epoch;
                    prop_assert_eq!(newest::<ConsentRevoked>(), ConsentRevoked { patient: patient(who), id, epoch });
                }
                (who, usize::from(expected.is_ok()))
            }
            Step::RevokeAll(who) => {
                calls(patient(who));
                let revoked = models[usize::from(who)].revoke_all();
                prop_assert_eq!(registry.revoke_all(), Ok(revoked));
                (who, revoked as usize)
            }
        };
        prop_assert_eq!(count() - before, told, "one event for each change, none for a refusal");
        // Only the caller's consents can have changed; all are compared in the end.
        same(&registry, patient(who), &models[usize::from(who)])?;
    }
    for (who, model) in (0..).zip(&*models) {
        same(&registry, patient(who), model)?;
    }
    Ok(())
}

/// Index and texts are what the model has, and there is no text besides.
fn same(registry: &ConsentRegistry, patient: AccountId, model: &Model) -> Result<(), TestCaseError> {
    prop_assert!(model.kept.len() <= MAX_ACTIVE_CONSENTS);
    prop_assert_eq!(registry.epoch(patient), model.epoch);
    let listed: Vec<_> = model
        .kept
        .iter()
        .map(|(id, revision, consent)| ConsentSummary { id: *id, revision: *revision, period: consent.period })
        .collect();
    prop_assert_eq!(registry.in_force(patient, ConsentId(0), MAX_PAGE), listed);
    let mut kept = model.kept.iter().peekable();
    for id in (0..=model.next).map(ConsentId) {
        let text = kept.next_if(|(known, _, _)| *known == id).map(|(_, _, consent)| consent.clone());
        prop_assert_eq!(registry.consent(patient, id), text);
    }
    Ok(())
}

/// Short, for one account, and over soon or never.
fn brief() -> impl Strategy<Value = Consent> + Clone {
    let one = |(byte, end): (u8, u64)| Consent {
        base: Base::Silent,
        period: period(0, if end < 12 { end } else { u64::MAX }),
        source: salus_domain::ids::Hash([byte; 32]),
        provisions: vec![Provision {
            actors: vec![Actor::Account(account(byte))],
            ..Provision::new(1, Decision::Permit)
        }],
    };
    (0..4u8, 1..24u64).prop_map(one)
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn the_registry_does_what_a_plain_list_does(steps in vec(steps(3, 6, consents().boxed()), 0..24)) {
        agree(&mut vec![Model::default(); 3], steps)?;
    }

    #[test]
    fn leaving_out_whom_a_consent_cannot_concern_never_changes_the_answer(case in evaluations()) {
        let Case { consents, request, now } = case;
        new_chain();
        let mut registry = Consents::default();
        for (_, consent) in &consents {
            registry.record(id(1), consent, Timestamp(0)).unwrap();
        }
        prop_assert_eq!(registry.decide(id(1), &request, now), evaluate(&consents, &request, now));
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn active_consents_are_never_more_than_64_and_those_that_are_over_make_room(
        begin in vec(brief(), 58..=MAX_ACTIVE_CONSENTS),
        steps in vec(steps(1, 70, brief()), 0..60),
    ) {
        let kept = begin.into_iter().map(|consent| (ConsentId(0), 0, consent)).collect();
        let steps = steps.into_iter().filter(|step| !matches!(step, Step::RevokeAll(_))).collect();
        agree(&mut [Model { kept, ..Model::default() }], steps)?;
    }
}
