//! The eight rules of consent (DESIGN, section 3), each by example, and what makes a consent malformed.

#![allow(clippy::unwrap_used)]

mod common;

use common::{account, consent, numbered, period};
use salus_domain::codes::{
    Action, ActionSet, Class, ClassSet, Confidentiality, ConfidentialitySet, Purpose, PurposeSet, Role, RoleSet,
    Sensitivity, SensitivitySet,
};
use salus_domain::consent::{
    Actor, Audience, Base, Consent, Decision, Malformed, Provision, MAX_ACTORS, MAX_DEPTH, MAX_PROVISIONS,
};
use salus_domain::evaluate::{evaluate, Answer, Deciding, Evaluation, Redaction};
use salus_domain::ids::ConsentId;
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};
use scale::{DecodeAll, Encode};

const NOW: Timestamp = Timestamp(50);

fn permit(depth: u8) -> Provision {
    Provision::new(depth, Decision::Permit)
}

fn deny(depth: u8) -> Provision {
    Provision::new(depth, Decision::Deny)
}

/// A doctor of hospital 11 asks for the whole record, to treat.
fn bundle() -> Request {
    Request {
        principal: Principal {
            account: account(1),
            organisations: vec![account(11)],
            roles: RoleSet::of(&[Role::Doctor]),
        },
        purpose: Purpose::Treat,
        action: Action::Access,
        confidentiality: None,
        sensitivity: None,
        classes: None,
        data_period: None,
    }
}

fn ask(consents: &[Consent], request: &Request) -> Evaluation {
    evaluate(&numbered(consents.to_vec()), request, NOW)
}

fn answer(consents: &[Consent], request: &Request) -> Answer {
    ask(consents, request).answer
}

/// What a silent consent with this one provision answers.
fn answer_of(provision: Provision, request: &Request) -> Answer {
    answer(&[consent(Base::Silent, vec![provision])], request)
}

fn by(consent: u32, provision: impl Into<Option<u8>>) -> Deciding {
    Deciding { consent: ConsentId(consent), provision: provision.into() }
}

// Rule 1: only what is in its period counts.

#[test]
fn a_consent_counts_from_its_start_until_before_its_end() {
    let consents = numbered([Consent { period: period(10, 20), ..consent(Base::Permit, vec![]) }]);
    for (now, expected) in [(9, Answer::NoConsent), (10, Answer::Permit), (19, Answer::Permit), (20, Answer::NoConsent)]
    {
        assert_eq!(evaluate(&consents, &bundle(), Timestamp(now)).answer, expected, "at {now}");
    }
}

#[test]
fn a_deny_that_is_over_no_longer_stands_in_the_way() {
    let over = Consent { period: period(0, 50), ..consent(Base::Deny, vec![]) };
    assert_eq!(answer(&[over, consent(Base::Permit, vec![])], &bundle()), Answer::Permit);
}

// Rule 2: the base, and exceptions to exceptions.

#[test]
fn without_a_matching_provision_the_base_answers() {
    let elsewhere = Provision { actors: vec![Actor::Account(account(9))], ..permit(1) };
    for (base, expected) in
        [(Base::Permit, Answer::Permit), (Base::Deny, Answer::Deny), (Base::Silent, Answer::NoConsent)]
    {
        assert_eq!(answer(&[consent(base, vec![elsewhere.clone()])], &bundle()), expected, "{base:?}");
    }
}

#[test]
fn a_provision_that_matches_replaces_the_base() {
    for base in [Base::Permit, Base::Deny, Base::Silent] {
        assert_eq!(answer(&[consent(base, vec![permit(1)])], &bundle()), Answer::Permit);
        assert_eq!(answer(&[consent(base, vec![deny(1)])], &bundle()), Answer::Deny);
    }
}

#[test]
fn a_child_is_an_exception_to_its_parent_at_any_depth() {
    let all = [permit(1), deny(2), permit(3), deny(4)];
    let answers = [Answer::Permit, Answer::Deny, Answer::Permit, Answer::Deny];
    for (depth, expected) in (1..=all.len()).zip(answers) {
        let evaluation = ask(&[consent(Base::Deny, all[..depth].to_vec())], &bundle());
        assert_eq!(evaluation.answer, expected, "at depth {depth}");
        assert_eq!(evaluation.deciding, [by(0, depth as u8 - 1)]);
    }
}

#[test]
fn a_child_is_not_tried_where_its_parent_does_not_match() {
    let research = Provision { purposes: PurposeSet::of(&[Purpose::Hresch]), ..deny(1) };
    assert_eq!(answer(&[consent(Base::Deny, vec![research, permit(2)])], &bundle()), Answer::Deny);
}

#[test]
fn a_child_that_does_not_match_leaves_its_parents_decision() {
    let research = Provision { purposes: PurposeSet::of(&[Purpose::Hresch]), ..deny(2) };
    let evaluation = ask(&[consent(Base::Deny, vec![permit(1), research])], &bundle());
    assert_eq!((evaluation.answer, evaluation.deciding), (Answer::Permit, vec![by(0, 0)]));
}

#[test]
fn a_child_is_an_exception_to_its_own_parent_only() {
    // The permit stands below the first deny; the second deny has no exception.
    let consents = [consent(Base::Permit, vec![deny(1), permit(2), deny(1)])];
    assert_eq!(ask(&consents, &bundle()).deciding, [by(0, 2)]);
    assert_eq!(answer(&consents, &bundle()), Answer::Deny);
}

// Rule 3: criteria.

#[test]
fn a_provision_without_criteria_matches_anything() {
    assert_eq!(answer_of(permit(1), &bundle()), Answer::Permit);
}

#[test]
fn each_criterion_that_is_named_must_match() {
    let both = Provision {
        actions: ActionSet::of(&[Action::Access]),
        purposes: PurposeSet::of(&[Purpose::Treat]),
        ..permit(1)
    };
    assert_eq!(answer_of(both.clone(), &bundle()), Answer::Permit);
    assert_eq!(answer_of(both.clone(), &Request { action: Action::Use, ..bundle() }), Answer::NoConsent);
    assert_eq!(answer_of(both, &Request { purpose: Purpose::Hresch, ..bundle() }), Answer::NoConsent);
}

#[test]
fn a_provision_holds_only_in_its_own_period() {
    for (own, expected) in
        [(period(50, 51), Answer::Permit), (period(0, 50), Answer::NoConsent), (period(51, 99), Answer::NoConsent)]
    {
        assert_eq!(answer_of(Provision { period: Some(own), ..permit(1) }, &bundle()), expected, "{own:?}");
    }
}

#[test]
fn an_actor_is_an_account_an_organisation_or_a_role() {
    for (actor, expected) in [
        (Actor::Account(account(1)), Answer::Permit),
        (Actor::Account(account(11)), Answer::NoConsent),
        (Actor::Organisation(account(11)), Answer::Permit),
        (Actor::Organisation(account(1)), Answer::NoConsent),
        (Actor::Role(Role::Doctor), Answer::Permit),
        (Actor::Role(Role::Nurse), Answer::NoConsent),
    ] {
        assert_eq!(answer_of(Provision { actors: vec![actor], ..permit(1) }, &bundle()), expected, "{actor:?}");
        let one_of_two = Provision { actors: vec![Actor::Account(account(9)), actor], ..permit(1) };
        assert_eq!(answer_of(one_of_two, &bundle()), expected, "{actor:?} among others");
    }
}

#[test]
fn a_purpose_covers_what_is_below_it_and_not_what_is_above() {
    for (named, asked, expected) in [
        (Purpose::Treat, Purpose::Treat, Answer::Permit),
        (Purpose::Treat, Purpose::Btg, Answer::Permit),
        (Purpose::Etreat, Purpose::Btg, Answer::Permit),
        (Purpose::Etreat, Purpose::Treat, Answer::NoConsent),
        (Purpose::Treat, Purpose::Clintrch, Answer::NoConsent),
    ] {
        let provision = Provision { purposes: named.into(), ..permit(1) };
        assert_eq!(answer_of(provision, &Request { purpose: asked, ..bundle() }), expected, "{named:?} for {asked:?}");
    }
}

#[test]
fn a_sensitivity_covers_what_is_below_it_and_not_what_is_above() {
    for (named, asked, expected) in [
        (Sensitivity::Bh, Sensitivity::Ethud, Answer::Deny),
        (Sensitivity::Ethud, Sensitivity::Bh, Answer::Permit),
        (Sensitivity::Hiv, Sensitivity::Bh, Answer::Permit),
    ] {
        let consents = [consent(Base::Permit, vec![Provision { sensitivity: named.into(), ..deny(1) }])];
        let request = Request { sensitivity: Some(asked.into()), ..bundle() };
        assert_eq!(answer(&consents, &request), expected, "{named:?} for {asked:?}");
    }
}

#[test]
fn a_permit_that_names_a_label_or_class_says_nothing_about_data_without_one() {
    let request = bundle();
    for provision in [
        Provision { confidentiality: ConfidentialitySet::ALL, ..permit(1) },
        Provision { sensitivity: SensitivitySet::ALL, ..permit(1) },
        Provision { classes: ClassSet::ALL, ..permit(1) },
    ] {
        assert_eq!(answer_of(provision, &request), Answer::NoConsent);
    }
    let unlabelled = Request { sensitivity: Some(SensitivitySet::EMPTY), ..request };
    assert_eq!(answer_of(Provision { sensitivity: SensitivitySet::ALL, ..permit(1) }, &unlabelled), Answer::NoConsent);
}

#[test]
fn a_deny_matches_either_label_and_a_permit_needs_both() {
    let labels = |provision| Provision {
        confidentiality: Confidentiality::R.into(),
        sensitivity: Sensitivity::Hiv.into(),
        ..provision
    };
    for (level, label, permitted, denied) in [
        (Confidentiality::R, Some(Sensitivity::Hiv), Answer::Permit, Answer::Deny),
        (Confidentiality::R, None, Answer::NoConsent, Answer::Deny),
        (Confidentiality::N, Some(Sensitivity::Hiv), Answer::NoConsent, Answer::Deny),
        (Confidentiality::N, None, Answer::NoConsent, Answer::NoConsent),
    ] {
        let sensitivity = Some(label.into_iter().collect());
        let request = Request { confidentiality: Some(level), sensitivity, ..bundle() };
        assert_eq!(answer_of(labels(permit(1)), &request), permitted, "{level:?} {label:?}");
        assert_eq!(answer_of(labels(deny(1)), &request), denied, "{level:?} {label:?}");
    }
}

#[test]
fn a_permit_needs_all_of_the_data_in_its_period_and_a_deny_only_some() {
    let named = |provision| Provision { data_period: Some(period(10, 20)), ..provision };
    for (data, permitted, denied) in [
        (Some(period(10, 20)), Answer::Permit, Answer::Deny),
        (Some(period(12, 15)), Answer::Permit, Answer::Deny),
        (Some(period(5, 15)), Answer::NoConsent, Answer::Deny),
        (Some(period(15, 21)), Answer::NoConsent, Answer::Deny),
        (Some(period(0, 10)), Answer::NoConsent, Answer::NoConsent),
        (Some(period(20, 30)), Answer::NoConsent, Answer::NoConsent),
        (None, Answer::NoConsent, Answer::Deny),
    ] {
        let request = Request { data_period: data, ..bundle() };
        assert_eq!(answer_of(named(permit(1)), &request), permitted, "{data:?}");
        assert_eq!(answer_of(named(deny(1)), &request), denied, "{data:?}");
    }
}

#[test]
fn an_exception_to_what_may_not_match_does_not_open_it() {
    // What was made in the period may be seen; the date of the data is not known.
    let dated = Provision { data_period: Some(period(10, 20)), ..deny(1) };
    let consents = [consent(Base::Deny, vec![dated, permit(2)])];
    for (data, expected) in [
        (Some(period(10, 20)), Answer::Permit),
        (Some(period(30, 40)), Answer::Deny),
        (Some(period(10, 40)), Answer::Deny),
        (None, Answer::Deny),
    ] {
        assert_eq!(answer(&consents, &Request { data_period: data, ..bundle() }), expected, "{data:?}");
    }
}

#[test]
fn a_deny_below_a_permit_that_may_match_holds() {
    // What was made in the period may not be seen; the date of the data is not known.
    let dated = Provision { data_period: Some(period(10, 20)), ..permit(1) };
    let consents = [consent(Base::Permit, vec![dated, deny(2)])];
    for (data, expected) in [
        (Some(period(10, 20)), Answer::Deny),
        (Some(period(30, 40)), Answer::Permit),
        (Some(period(10, 40)), Answer::Deny),
        (None, Answer::Deny),
    ] {
        assert_eq!(answer(&consents, &Request { data_period: data, ..bundle() }), expected, "{data:?}");
    }
}

#[test]
fn a_data_period_that_is_none_is_treated_as_unknown() {
    for backwards in [period(30, 5), period(15, 15), period(0, 0)] {
        let request = Request { data_period: Some(backwards), ..bundle() };
        let named = |provision| Provision { data_period: Some(period(10, 20)), ..provision };
        assert_eq!(answer_of(named(permit(1)), &request), Answer::NoConsent, "{backwards:?}");
        assert_eq!(answer_of(named(deny(1)), &request), Answer::Deny, "{backwards:?}");
    }
}

// Rule 4: deny wins.

#[test]
fn among_siblings_deny_wins() {
    for (first, second, decided_by) in [(permit(1), deny(1), 1), (deny(1), permit(1), 0)] {
        let evaluation = ask(&[consent(Base::Permit, vec![first, second])], &bundle());
        assert_eq!((evaluation.answer, evaluation.deciding), (Answer::Deny, vec![by(0, decided_by)]));
    }
}

#[test]
fn among_siblings_deny_wins_also_below_others() {
    let consents = [consent(Base::Deny, vec![permit(1), deny(2), permit(2)])];
    assert_eq!(ask(&consents, &bundle()).deciding, [by(0, 1)]);
}

#[test]
fn a_sibling_answers_with_its_exception() {
    // The deny is lifted by its exception, so that both siblings permit; the first one is named.
    let evaluation = ask(&[consent(Base::Deny, vec![deny(1), permit(2), permit(1)])], &bundle());
    assert_eq!((evaluation.answer, evaluation.deciding), (Answer::Permit, vec![by(0, 1)]));
}

#[test]
fn among_consents_deny_wins() {
    let (yes, no) = (consent(Base::Permit, vec![]), consent(Base::Deny, vec![]));
    for (consents, deniers) in [
        (vec![yes.clone(), no.clone()], vec![by(1, None)]),
        (vec![no.clone(), yes.clone()], vec![by(0, None)]),
        (vec![no.clone(), yes, no], vec![by(0, None), by(2, None)]),
    ] {
        let evaluation = ask(&consents, &bundle());
        assert_eq!((evaluation.answer, evaluation.deciding), (Answer::Deny, deniers));
    }
}

// Rule 5: no consent.

#[test]
fn without_a_consent_there_is_no_consent() {
    let expected = Evaluation { answer: Answer::NoConsent, deciding: vec![], redact: Redaction::default() };
    assert_eq!(ask(&[], &bundle()), expected);
}

#[test]
fn a_silent_consent_leaves_what_it_does_not_name_to_the_others() {
    let own =
        |byte| consent(Base::Silent, vec![Provision { actors: vec![Actor::Account(account(byte))], ..permit(1) }]);
    assert_eq!(answer(&[own(2), own(1)], &bundle()), Answer::Permit);
    assert_eq!(ask(&[own(2), own(1)], &bundle()).deciding, [by(1, 0)]);
    assert_eq!(answer(&[own(2), own(3)], &bundle()), Answer::NoConsent);
}

// Rule 6: bundles.

#[test]
fn a_bundle_is_permitted_with_what_to_redact() {
    let consents = [consent(
        Base::Permit,
        vec![
            Provision { sensitivity: Sensitivity::Sud.into(), ..deny(1) },
            Provision { classes: ClassSet::of(&[Class::Claim, Class::Coverage]), ..deny(1) },
            Provision { confidentiality: ConfidentialitySet::from_level(Confidentiality::R), ..deny(1) },
        ],
    )];
    let expected = Redaction {
        confidentiality: ConfidentialitySet::of(&[Confidentiality::R, Confidentiality::V]),
        sensitivity: SensitivitySet::of(&[Sensitivity::Sud, Sensitivity::Ethud, Sensitivity::Opioidud]),
        classes: ClassSet::of(&[Class::Claim, Class::Coverage]),
    };
    let evaluation = ask(&consents, &bundle());
    assert_eq!(evaluation, Evaluation { answer: Answer::Permit, deciding: vec![by(0, None)], redact: expected });
    assert!(!evaluation.redact.is_empty());
}

#[test]
fn a_bundle_without_exceptions_is_permitted_whole() {
    assert!(ask(&[consent(Base::Permit, vec![])], &bundle()).redact.is_empty());
}

#[test]
fn an_exception_to_a_deny_is_not_redacted() {
    let provisions = vec![
        Provision { sensitivity: Sensitivity::Sud.into(), ..deny(1) },
        Provision { sensitivity: Sensitivity::Ethud.into(), ..permit(2) },
    ];
    let redact = ask(&[consent(Base::Permit, provisions)], &bundle()).redact;
    assert_eq!(redact.sensitivity, SensitivitySet::of(&[Sensitivity::Sud, Sensitivity::Opioidud]));
}

#[test]
fn a_deny_of_a_label_within_a_class_redacts_the_label() {
    let within = Provision { classes: Class::Observation.into(), sensitivity: Sensitivity::Hiv.into(), ..deny(1) };
    let redact = ask(&[consent(Base::Permit, vec![within])], &bundle()).redact;
    assert_eq!(redact, Redaction { sensitivity: Sensitivity::Hiv.into(), ..Redaction::default() });
}

#[test]
fn a_deny_of_a_level_within_a_class_redacts_the_class() {
    let within =
        Provision { classes: Class::Observation.into(), confidentiality: Confidentiality::V.into(), ..deny(1) };
    let redact = ask(&[consent(Base::Permit, vec![within])], &bundle()).redact;
    assert_eq!(redact, Redaction { classes: Class::Observation.into(), ..Redaction::default() });
}

#[test]
fn a_deny_of_a_level_within_the_class_that_is_asked_for_redacts_the_level() {
    let within =
        Provision { classes: Class::Observation.into(), confidentiality: Confidentiality::V.into(), ..deny(1) };
    let request = Request { classes: Some(Class::Observation.into()), ..bundle() };
    let redact = ask(&[consent(Base::Permit, vec![within])], &request).redact;
    assert_eq!(redact, Redaction { confidentiality: Confidentiality::V.into(), ..Redaction::default() });
}

#[test]
fn what_is_denied_by_itself_is_redacted_before_what_is_denied_in_combination() {
    // In a claim, HIV of level V is denied, though neither is by itself; in an observation, V is.
    let provisions = vec![
        Provision { classes: Class::Claim.into(), sensitivity: Sensitivity::Hiv.into(), ..deny(1) },
        permit(2),
        Provision { confidentiality: Confidentiality::V.into(), ..deny(3) },
        Provision { classes: Class::Observation.into(), confidentiality: Confidentiality::V.into(), ..deny(1) },
    ];
    let request = Request { classes: Some(ClassSet::of(&[Class::Claim, Class::Observation])), ..bundle() };
    let redact = ask(&[consent(Base::Permit, provisions)], &request).redact;
    assert_eq!(redact, Redaction { confidentiality: Confidentiality::V.into(), ..Redaction::default() });
}

#[test]
fn what_the_request_names_is_answered_and_not_redacted() {
    let consents = [consent(Base::Permit, vec![Provision { sensitivity: Sensitivity::Hiv.into(), ..deny(1) }])];
    let named = |labels: &[Sensitivity]| Request { sensitivity: Some(SensitivitySet::of(labels)), ..bundle() };
    assert_eq!(answer(&consents, &named(&[Sensitivity::Hiv])), Answer::Deny);
    let none = ask(&consents, &named(&[]));
    assert_eq!((none.answer, none.redact), (Answer::Permit, Redaction::default()));
}

#[test]
fn data_of_several_classes_is_as_closed_as_its_most_closed_part() {
    let only = |class: Class, provision| Provision { classes: class.into(), ..provision };
    let consents = [consent(Base::Silent, vec![only(Class::Observation, permit(1)), only(Class::Claim, deny(1))])];
    let of = |classes: &[Class]| ask(&consents, &Request { classes: Some(ClassSet::of(classes)), ..bundle() });
    assert_eq!(of(&[Class::Observation]).answer, Answer::Permit);
    assert_eq!(of(&[Class::Observation, Class::Patient]).answer, Answer::NoConsent);
    assert_eq!(of(&[Class::Observation, Class::Patient]).deciding, []);
    assert_eq!(of(&[Class::Claim, Class::Observation, Class::Patient]).answer, Answer::Deny);
    assert_eq!(of(&[Class::Claim, Class::Observation, Class::Patient]).deciding, [by(0, 1)]);
    // In the order of the classes' numbers, the deny comes last here.
    let last = [consent(Base::Silent, vec![only(Class::Observation, permit(1)), only(Class::Task, deny(1))])];
    let request = Request { classes: Some(ClassSet::of(&[Class::Observation, Class::Task])), ..bundle() };
    let evaluation = ask(&last, &request);
    assert_eq!((evaluation.answer, evaluation.deciding), (Answer::Deny, vec![by(0, 1)]));
}

#[test]
fn a_denied_bundle_has_nothing_to_redact() {
    let consents = [consent(Base::Deny, vec![Provision { classes: Class::Claim.into(), ..deny(1) }])];
    assert!(ask(&consents, &bundle()).redact.is_empty());
}

// Rule 7: what is unknown or exceeds a bound is refused.

#[test]
fn an_unknown_decision_base_or_actor_does_not_decode() {
    assert!(Decision::decode_all(&mut [2].as_slice()).is_err());
    assert!(Base::decode_all(&mut [3].as_slice()).is_err());
    assert!(Actor::decode_all(&mut (3u8, [0u8; 32]).encode().as_slice()).is_err());
    assert!(Actor::decode_all(&mut [2, Role::ALL.len() as u8].as_slice()).is_err());
}

#[test]
fn a_consent_within_the_bounds_is_well_formed() {
    let widest = Provision { actors: vec![Actor::Role(Role::Doctor); MAX_ACTORS], ..permit(1) };
    let deepest = (1..=MAX_DEPTH).map(permit);
    let provisions: Vec<_> =
        std::iter::once(widest).chain(deepest).chain((5..MAX_PROVISIONS).map(|_| deny(1))).collect();
    assert_eq!(provisions.len(), MAX_PROVISIONS);
    assert_eq!(consent(Base::Silent, provisions).validate(), Ok(()));
    for base in [Base::Permit, Base::Deny] {
        assert_eq!(consent(base, vec![]).validate(), Ok(()));
    }
}

#[test]
fn more_provisions_than_the_bound_are_refused() {
    let provisions = vec![permit(1); MAX_PROVISIONS + 1];
    assert_eq!(consent(Base::Deny, provisions).validate(), Err(Malformed::TooManyProvisions));
}

#[test]
fn a_provision_deeper_than_the_bound_is_refused() {
    let provisions = (1..=MAX_DEPTH + 1).map(permit).collect();
    assert_eq!(consent(Base::Deny, provisions).validate(), Err(Malformed::TooDeep));
}

#[test]
fn more_actors_than_the_bound_are_refused() {
    let provision = Provision { actors: vec![Actor::Role(Role::Doctor); MAX_ACTORS + 1], ..permit(1) };
    assert_eq!(consent(Base::Deny, vec![provision]).validate(), Err(Malformed::TooManyActors));
}

#[test]
fn a_list_that_is_no_preorder_is_refused() {
    for depths in [vec![0], vec![2], vec![1, 3], vec![1, 2, 0], vec![1, 2, 1, 3]] {
        let provisions = depths.iter().copied().map(permit).collect();
        assert_eq!(consent(Base::Deny, provisions).validate(), Err(Malformed::BrokenNesting), "{depths:?}");
    }
}

#[test]
fn a_period_without_a_moment_is_refused() {
    for empty in [period(5, 5), period(6, 5)] {
        let own = Consent { period: empty, ..consent(Base::Deny, vec![]) };
        assert_eq!(own.validate(), Err(Malformed::EmptyPeriod));
        for provision in
            [Provision { period: Some(empty), ..permit(1) }, Provision { data_period: Some(empty), ..permit(1) }]
        {
            assert_eq!(consent(Base::Deny, vec![provision]).validate(), Err(Malformed::EmptyPeriod));
        }
    }
}

#[test]
fn a_consent_that_could_never_decide_is_refused() {
    assert_eq!(consent(Base::Silent, vec![]).validate(), Err(Malformed::SaysNothing));
}

// Rule 8: what decided.

#[test]
fn the_result_names_every_consent_that_gave_the_answer() {
    let other = consent(Base::Silent, vec![Provision { actors: vec![Actor::Account(account(9))], ..permit(1) }]);
    let doctors = Provision { actors: vec![Actor::Role(Role::Doctor)], ..permit(1) };
    let consents = [
        consent(Base::Permit, vec![]),
        other.clone(),
        consent(Base::Silent, vec![other.provisions[0].clone(), doctors]),
    ];
    assert_eq!(ask(&consents, &bundle()).deciding, [by(0, None), by(2, 1)]);
}

#[test]
fn the_result_names_each_once_for_several_parts() {
    let consents = [consent(Base::Permit, vec![])];
    let request = Request { classes: Some(ClassSet::of(&[Class::Claim, Class::Observation])), ..bundle() };
    assert_eq!(ask(&consents, &request).deciding, [by(0, None)]);
}

// Whom a consent may concern.

fn named(actors: Vec<Actor>) -> Consent {
    consent(Base::Silent, vec![Provision { actors, ..permit(1) }])
}

#[test]
fn a_consent_concerns_the_actors_that_it_names() {
    let asking = Audience::of(&bundle().principal);
    for actor in [Actor::Account(account(1)), Actor::Organisation(account(11)), Actor::Role(Role::Doctor)] {
        assert!(named(vec![actor]).audience().may_concern(asking), "{actor:?}");
        assert!(named(vec![Actor::Account(account(9)), actor]).audience().may_concern(asking), "{actor:?}");
    }
    for actor in [Actor::Account(account(9)), Actor::Organisation(account(19)), Actor::Role(Role::Nurse)] {
        assert!(!named(vec![actor]).audience().may_concern(asking), "{actor:?}");
    }
}

#[test]
fn a_consent_that_speaks_to_everyone_concerns_everyone() {
    let elsewhere = vec![Actor::Account(account(9))];
    assert_eq!(consent(Base::Deny, named(elsewhere.clone()).provisions).audience(), Audience::EVERYONE);
    assert_eq!(consent(Base::Permit, vec![]).audience(), Audience::EVERYONE);
    let also_everyone = [named(elsewhere).provisions, vec![permit(1)]].concat();
    assert_eq!(consent(Base::Silent, also_everyone).audience(), Audience::EVERYONE);
    let nobody = Principal { account: account(0), organisations: vec![], roles: RoleSet::EMPTY };
    assert!(Audience::EVERYONE.may_concern(Audience::of(&nobody)));
}

#[test]
fn an_exception_to_what_concerns_others_concerns_nobody_else() {
    let mut provisions = named(vec![Actor::Account(account(9))]).provisions;
    provisions.push(deny(2));
    assert!(!consent(Base::Silent, provisions).audience().may_concern(Audience::of(&bundle().principal)));
}

#[test]
fn times_without_an_end_hold_for_ever() {
    let consents = numbered([consent(Base::Permit, vec![])]);
    assert_eq!(evaluate(&consents, &bundle(), Timestamp(u64::MAX - 1)).answer, Answer::Permit);
    assert!(Period::ALWAYS.is_valid());
}
