//! The evaluation of the consents that count, for each possibility.

use super::{Counted, Place, Simulation};
use crate::consult::Consult;
use crate::error::{Refused, RefusedReason};
use crate::people::{stand_in, Asker};
use salus_domain::codes::{Purpose, PurposeSet, RoleSet};
use salus_domain::consent::{Actor, Consent, MAX_ACTIVE_CONSENTS};
use salus_domain::evaluate::{evaluate, Answer, Deciding, Evaluation, Redaction};
use salus_domain::ids::ConsentId;
use salus_domain::request::{Principal, Request};
use salus_domain::time::Timestamp;

/// How many things about who asks may be uncertain: each doubles the number of possibilities.
const MAX_UNCERTAIN: usize = 8;

/// What the consents that count answer, whatever is uncertain.
pub(super) fn decide(
    counted: &[Counted],
    asker: &Asker,
    consult: &Consult,
    at: Timestamp,
) -> Result<Simulation, Refused> {
    if counted.len() > MAX_ACTIVE_CONSENTS {
        let reason = RefusedReason::TooManyConsents { limit: MAX_ACTIVE_CONSENTS };
        return Err(Refused::new(consult.patient_path.clone(), reason));
    }
    let mut named: Vec<Actor> = Vec::new();
    for actor in counted.iter().flat_map(|counted| &counted.consent.provisions).flat_map(|provision| &provision.actors)
    {
        if !named.contains(actor) {
            named.push(*actor);
        }
    }
    let anybody = consult.actor.is_empty();
    let certain: Vec<Actor> = named.iter().filter(|actor| asker.is(actor)).copied().collect();
    let uncertain: Vec<Actor> = named.into_iter().filter(|actor| anybody || asker.may_be(actor)).collect();
    if uncertain.len() > MAX_UNCERTAIN {
        return Err(Refused::new(consult.actor_path.clone(), RefusedReason::UnknownAsker));
    }
    let purposes = if consult.purposes.is_empty() { distinct_purposes(counted) } else { consult.purposes.clone() };
    let mut outcomes = Outcomes::default();
    for possibility in 0..1usize << uncertain.len() {
        let also = uncertain.iter().enumerate().filter(|(place, _)| possibility & (1 << place) != 0);
        let actors: Vec<Actor> = certain.iter().chain(also.map(|(_, actor)| actor)).copied().collect();
        let (principal, consents) = as_one(&actors, counted);
        for purpose in &purposes {
            for action in &consult.actions {
                let request = Request {
                    principal: principal.clone(),
                    purpose: *purpose,
                    action: *action,
                    confidentiality: consult.confidentiality,
                    sensitivity: consult.sensitivity,
                    classes: consult.classes,
                    data_period: consult.data_period,
                };
                outcomes.add(evaluate(&consents, &request, at));
            }
        }
    }
    Ok(outcomes.simulation(counted))
}

/// The evaluation knows one account per asker. Whoever counts as several is made one here, in the request and the consents.
fn as_one(actors: &[Actor], counted: &[Counted]) -> (Principal, Vec<(ConsentId, Consent)>) {
    let account = stand_in("\0whoever asks");
    let mut principal = Principal { account, organisations: Vec::new(), roles: RoleSet::EMPTY };
    for actor in actors {
        match actor {
            Actor::Account(_) => {}
            Actor::Organisation(organisation) => principal.organisations.push(*organisation),
            Actor::Role(role) => principal.roles = principal.roles.with(*role),
        }
    }
    let consents = counted.iter().zip(0..).map(|(counted, id)| {
        let mut consent = counted.consent.clone();
        for actor in consent.provisions.iter_mut().flat_map(|provision| &mut provision.actors) {
            if matches!(actor, Actor::Account(_)) && actors.contains(actor) {
                *actor = Actor::Account(account);
            }
        }
        (ConsentId(id), consent)
    });
    (principal, consents.collect())
}

/// One purpose for each way in which the consents tell purposes apart.
fn distinct_purposes(counted: &[Counted]) -> Vec<Purpose> {
    let provisions = counted.iter().flat_map(|counted| &counted.consent.provisions);
    let named = provisions.fold(PurposeSet::EMPTY, |all, provision| all.union(provision.purposes));
    let mut seen = Vec::new();
    let distinct = |purpose: &&Purpose| {
        let told_by = purpose.ancestors().bits() & named.bits();
        let is_new = !seen.contains(&told_by);
        if is_new {
            seen.push(told_by);
        }
        is_new
    };
    Purpose::ALL.iter().filter(distinct).copied().collect()
}

/// What the possibilities answer together: the most closed of their answers.
#[derive(Default)]
struct Outcomes {
    answer: Option<Answer>,
    deciding: Vec<Deciding>,
    redact: Redaction,
}

impl Outcomes {
    fn add(&mut self, evaluation: Evaluation) {
        let closed = |answer: Answer| match answer {
            Answer::Permit => 0,
            Answer::NoConsent => 1,
            Answer::Deny => 2,
        };
        let Evaluation { answer, deciding, redact } = evaluation;
        self.redact.confidentiality = self.redact.confidentiality.union(redact.confidentiality);
        self.redact.sensitivity = self.redact.sensitivity.union(redact.sensitivity);
        self.redact.classes = self.redact.classes.union(redact.classes);
        match self.answer {
            Some(so_far) if closed(answer) < closed(so_far) => return,
            Some(so_far) if answer == so_far => {}
            _ => self.deciding.clear(),
        }
        self.answer = Some(answer);
        for one in deciding {
            if !self.deciding.contains(&one) {
                self.deciding.push(one);
            }
        }
    }

    fn simulation(self, counted: &[Counted]) -> Simulation {
        let place = |deciding: &Deciding| {
            let counted = counted.get(usize::try_from(deciding.consent.0).ok()?)?;
            let path = match deciding.provision {
                Some(provision) => counted.paths.get(usize::from(provision))?,
                None => &counted.base_path,
            };
            Some(Place { consent: counted.name.clone(), path: path.clone() })
        };
        let answer = self.answer.unwrap_or(Answer::NoConsent);
        Simulation {
            answer,
            redact: if answer == Answer::Permit { self.redact } else { Redaction::default() },
            deciding: self.deciding.iter().filter_map(place).collect(),
            refused: Vec::new(),
            passed_over: Vec::new(),
        }
    }
}
