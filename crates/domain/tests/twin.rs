//! A second evaluator, written for clarity and nothing else, from the eight rules and the words of the module
//! documentation. It must agree with the first on everything.

mod common;

use common::{bundles, cases, evaluations, Case, Tree, CLASSES};
use proptest::prelude::*;
use salus_domain::codes::{Class, Confidentiality, Sensitivity};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::{Answer, Deciding, Redaction};
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_domain::time::Timestamp;
use std::collections::{BTreeSet, HashSet};

/// One piece of data: at most one code in each dimension.
#[derive(Clone, Copy)]
struct Piece {
    class: Option<Class>,
    sensitivity: Option<Sensitivity>,
    confidentiality: Option<Confidentiality>,
}

/// Whether a criterion holds. `Perhaps`: for some of the data that is asked for, as far as anybody knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Matches {
    No,
    Perhaps,
    Yes,
}

impl From<bool> for Matches {
    fn from(yes: bool) -> Self {
        if yes {
            Self::Yes
        } else {
            Self::No
        }
    }
}

/// Rule 3, criterion by criterion.
fn matches(provision: &Provision, request: &Request, piece: Piece, now: Timestamp) -> Matches {
    let criteria: [Matches; 7] = [
        match provision.period {
            None => Matches::Yes,
            Some(period) => (period.start <= now && now < period.end).into(),
        },
        (provision.actors.is_empty() || provision.actors.iter().any(|actor| is_one(actor, request))).into(),
        (provision.actions.is_empty() || provision.actions.iter().any(|action| action == request.action)).into(),
        (provision.purposes.is_empty()
            || provision.purposes.iter().any(|named| {
                let mut at = Some(request.purpose);
                while at.is_some() && at != Some(named) {
                    at = at.and_then(|purpose| purpose.parent());
                }
                at.is_some()
            }))
        .into(),
        (provision.classes.is_empty() || provision.classes.iter().any(|class| Some(class) == piece.class)).into(),
        labels_match(provision, piece).into(),
        date_matches(provision, request),
    ];
    criteria.into_iter().min().unwrap_or(Matches::Yes)
}

fn is_one(actor: &Actor, request: &Request) -> bool {
    let principal = &request.principal;
    match actor {
        Actor::Account(account) => *account == principal.account,
        Actor::Organisation(organisation) => principal.organisations.iter().any(|one| one == organisation),
        Actor::Role(role) => principal.roles.iter().any(|one| one == *role),
    }
}

/// "A deny that names both matches either, a permit that names both needs both."
fn labels_match(provision: &Provision, piece: Piece) -> bool {
    let level = provision.confidentiality.iter().any(|level| Some(level) == piece.confidentiality);
    let label = provision.sensitivity.iter().any(|named| {
        let mut at = piece.sensitivity;
        while at.is_some() && at != Some(named) {
            at = at.and_then(|label| label.parent());
        }
        at.is_some()
    });
    match (provision.confidentiality.is_empty(), provision.sensitivity.is_empty()) {
        (true, true) => true,
        (false, true) => level,
        (true, false) => label,
        (false, false) if provision.decision == Decision::Deny => level || label,
        (false, false) => level && label,
    }
}

/// Data of an unknown date may be of any.
fn date_matches(provision: &Provision, request: &Request) -> Matches {
    let Some(named) = provision.data_period else { return Matches::Yes };
    match request.data_period {
        None => Matches::Perhaps,
        Some(data) if data.end <= data.start => Matches::Perhaps,
        Some(data) if data.end <= named.start || named.end <= data.start => Matches::No,
        Some(data) if named.start <= data.start && data.end <= named.end => Matches::Yes,
        Some(_) => Matches::Perhaps,
    }
}

/// Rules 2 and 4 for siblings. What perhaps matches counts only where it closes.
fn among(siblings: &[Tree], request: &Request, piece: Piece, now: Timestamp) -> Option<(Decision, u8)> {
    let answers: Vec<_> = siblings
        .iter()
        .filter_map(|tree| {
            let how = matches(&tree.provision, request, piece, now);
            let own = (tree.provision.decision, tree.place);
            let answer = among(&tree.children, request, piece, now).unwrap_or(own);
            let counts = how == Matches::Yes || how == Matches::Perhaps && answer.0 == Decision::Deny;
            counts.then_some(answer)
        })
        .collect();
    answers.iter().find(|(decision, _)| *decision == Decision::Deny).or_else(|| answers.first()).copied()
}

/// Rules 1 and 2 for one consent.
fn one(consent: &Consent, request: &Request, piece: Piece, now: Timestamp) -> Option<(Decision, Option<u8>)> {
    if now < consent.period.start || consent.period.end <= now {
        return None;
    }
    match (among(&Tree::forest(&consent.provisions), request, piece, now), consent.base) {
        (Some((decision, place)), _) => Some((decision, Some(place))),
        (None, Base::Permit) => Some((Decision::Permit, None)),
        (None, Base::Deny) => Some((Decision::Deny, None)),
        (None, Base::Silent) => None,
    }
}

/// Rules 4, 5 and 8 for one piece.
fn all(
    consents: &[(ConsentId, Consent)],
    request: &Request,
    piece: Piece,
    now: Timestamp,
) -> (Answer, HashSet<Deciding>) {
    let answers: Vec<_> = consents
        .iter()
        .filter_map(|(id, consent)| {
            let (decision, provision) = one(consent, request, piece, now)?;
            Some((decision, Deciding { consent: *id, provision }))
        })
        .collect();
    let gave = |wanted| answers.iter().filter(|(own, _)| *own == wanted).map(|(_, by)| *by).collect();
    if answers.iter().any(|(own, _)| *own == Decision::Deny) {
        (Answer::Deny, gave(Decision::Deny))
    } else if answers.is_empty() {
        (Answer::NoConsent, HashSet::new())
    } else {
        (Answer::Permit, gave(Decision::Permit))
    }
}

/// One by one what the request names in a dimension, be it nothing; `otherwise` where it does not name the dimension.
fn named_or<C: Copy>(named: Option<Vec<C>>, otherwise: &[Option<C>]) -> Vec<Option<C>> {
    match named {
        None => otherwise.to_vec(),
        Some(codes) if codes.is_empty() => vec![None],
        Some(codes) => codes.into_iter().map(Some).collect(),
    }
}

/// The whole is as closed as its most closed part.
fn whole(case: &Case) -> (Answer, HashSet<Deciding>, Redaction) {
    let request = &case.request;
    let ask = |piece| all(&case.consents, request, piece, case.now);
    let parts = |classes: &[Option<Class>], labels: &[Option<Sensitivity>], levels: &[Option<Confidentiality>]| {
        let classes = named_or(request.classes.map(|named| named.iter().collect()), classes);
        let labels = named_or(request.sensitivity.map(|named| named.iter().collect()), labels);
        let levels = named_or(request.confidentiality.map(|named| vec![named]), levels);
        let mut pieces = Vec::new();
        for class in &classes {
            for sensitivity in &labels {
                for confidentiality in &levels {
                    let (class, sensitivity, confidentiality) = (*class, *sensitivity, *confidentiality);
                    pieces.push(Piece { class, sensitivity, confidentiality });
                }
            }
        }
        pieces
    };

    let answers: Vec<_> = parts(&[None], &[None], &[None]).into_iter().map(ask).collect();
    let gave = |wanted| answers.iter().filter(|(own, _)| *own == wanted).flat_map(|(_, by)| by.clone()).collect();
    if answers.iter().any(|(own, _)| *own == Answer::Deny) {
        return (Answer::Deny, gave(Answer::Deny), Redaction::default());
    }
    if answers.iter().any(|(own, _)| *own == Answer::NoConsent) {
        return (Answer::NoConsent, HashSet::new(), Redaction::default());
    }

    // Rule 6. Pieces that name less come first; then class by class, label by label, level by level.
    let none_and =
        |codes: BTreeSet<Class>| std::iter::once(None).chain(codes.into_iter().map(Some)).collect::<Vec<_>>();
    let mentioned =
        case.consents.iter().flat_map(|(_, consent)| &consent.provisions).flat_map(|one| one.classes.iter());
    let classes = none_and(CLASSES.into_iter().chain([Class::Binary]).chain(mentioned).collect());
    let labels: Vec<_> = std::iter::once(None).chain(Sensitivity::ALL.iter().copied().map(Some)).collect();
    let levels: Vec<_> = std::iter::once(None).chain(Confidentiality::ALL.iter().copied().map(Some)).collect();
    let added = |piece: &Piece| {
        usize::from(request.classes.is_none() && piece.class.is_some())
            + usize::from(request.sensitivity.is_none() && piece.sensitivity.is_some())
            + usize::from(request.confidentiality.is_none() && piece.confidentiality.is_some())
    };
    let pieces = parts(&classes, &labels, &levels);
    let (mut no_classes, mut no_labels, mut no_levels) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for names in 1..=3 {
        for piece in pieces.iter().filter(|piece| added(piece) == names) {
            let covered = piece.class.is_some_and(|class| no_classes.contains(&class))
                || piece.sensitivity.is_some_and(|label| no_labels.contains(&label))
                || piece.confidentiality.is_some_and(|level| no_levels.contains(&level));
            if covered || ask(*piece).0 == Answer::Permit {
                continue;
            }
            match *piece {
                Piece { sensitivity: Some(label), .. } if request.sensitivity.is_none() => no_labels.insert(label),
                Piece { class: Some(class), .. } if request.classes.is_none() => no_classes.insert(class),
                Piece { confidentiality, .. } => confidentiality.is_some_and(|level| no_levels.insert(level)),
            };
        }
    }
    let redact = Redaction {
        confidentiality: no_levels.into_iter().collect(),
        sensitivity: no_labels.into_iter().collect(),
        classes: no_classes.into_iter().collect(),
    };
    (Answer::Permit, gave(Answer::Permit), redact)
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn both_evaluators_agree(case in prop_oneof![2 => evaluations(), 1 => bundles()]) {
        let evaluation = case.evaluate();
        let (answer, deciding, redact) = whole(&case);
        prop_assert_eq!(evaluation.answer, answer);
        prop_assert_eq!(evaluation.redact, redact);
        prop_assert_eq!(evaluation.deciding.len(), deciding.len());
        prop_assert_eq!(evaluation.deciding.into_iter().collect::<HashSet<_>>(), deciding);
    }
}
