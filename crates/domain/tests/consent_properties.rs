//! What holds for every set of consents and every request.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    bundles, cases, consents, evaluations, openness, periods, provisions, requests, Case, Tree, CLASSES, LEVELS, TIME,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use salus_domain::codes::{Action, Class, ClassSet, Confidentiality, Purpose, Sensitivity, SensitivitySet};
use salus_domain::consent::{Audience, Base, Consent, Decision, Provision};
use salus_domain::evaluate::{Answer, Deciding, Evaluation, Redaction};
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_domain::time::{Period, Timestamp};
use scale::{Decode, DecodeAll, Encode};
use std::collections::HashSet;

fn set(deciding: &[Deciding]) -> HashSet<Deciding> {
    let set: HashSet<_> = deciding.iter().copied().collect();
    assert_eq!(set.len(), deciding.len(), "each is named once");
    set
}

fn deciding_consents(evaluation: &Evaluation) -> HashSet<ConsentId> {
    evaluation.deciding.iter().map(|one| one.consent).collect()
}

/// Puts siblings into another order, at every depth.
fn shuffled(mut forest: Vec<Tree>, random: &mut TestRng) -> Vec<Tree> {
    for i in (1..forest.len()).rev() {
        forest.swap(i, (random.next_u32() as usize) % (i + 1));
    }
    forest.into_iter().map(|tree| Tree { children: shuffled(tree.children, random), ..tree }).collect()
}

/// One piece of data, fully named: a class, a confidentiality, and one or no sensitivity.
type Named = (Class, Confidentiality, Option<Sensitivity>);

/// Every piece that is among what `request` asks for: of these classes, or of all.
fn pieces(request: &Request, classes: &[Class]) -> Vec<Named> {
    let classes = classes.iter().copied().filter(|class| request.classes.is_none_or(|named| named.contains(*class)));
    let levels = || {
        Confidentiality::ALL.iter().copied().filter(|level| request.confidentiality.is_none_or(|named| named == *level))
    };
    let labels = || {
        let none = request.sensitivity.is_none_or(SensitivitySet::is_empty).then_some(None);
        let named = request.sensitivity.unwrap_or(SensitivitySet::ALL);
        none.into_iter().chain(named.iter().map(Some))
    };
    classes.flat_map(|class| levels().flat_map(move |level| labels().map(move |label| (class, level, label)))).collect()
}

fn only(request: &Request, (class, level, label): Named) -> Request {
    Request {
        classes: Some(class.into()),
        confidentiality: Some(level),
        sensitivity: Some(label.into_iter().collect()),
        ..request.clone()
    }
}

fn redacted(redact: &Redaction, (class, level, label): Named) -> bool {
    redact.classes.contains(class)
        || redact.confidentiality.contains(level)
        || label.is_some_and(|label| redact.sensitivity.contains(label))
}

/// What is not redacted from a permitted bundle is permitted by itself.
fn redaction_suffices(case: &Case, classes: &[Class]) -> Result<(), TestCaseError> {
    let whole = case.evaluate();
    if whole.answer == Answer::Permit {
        for piece in pieces(&case.request, classes).into_iter().filter(|piece| !redacted(&whole.redact, *piece)) {
            prop_assert_eq!(case.ask(&only(&case.request, piece)).answer, Answer::Permit, "{:?}", piece);
        }
    }
    Ok(())
}

/// `None` and every code, or what the request says where it names the dimension.
fn unnamed_and<T: Copy, C: Copy>(named: Option<T>, all: &[C], to: impl Fn(C) -> T) -> Vec<Option<T>> {
    match named {
        Some(_) => vec![named],
        None => std::iter::once(None).chain(all.iter().map(|code| Some(to(*code)))).collect(),
    }
}

/// Whether naming `code` and perhaps more gives something else than a permit.
fn has_a_reason(case: &Case, request: &Request) -> bool {
    let classes = unnamed_and(request.classes, Class::ALL, ClassSet::from);
    let labels = unnamed_and(request.sensitivity, Sensitivity::ALL, SensitivitySet::from);
    let levels = unnamed_and(request.confidentiality, Confidentiality::ALL, |level| level);
    classes.iter().any(|classes| {
        labels.iter().any(|sensitivity| {
            levels.iter().any(|confidentiality| {
                let (classes, sensitivity, confidentiality) = (*classes, *sensitivity, *confidentiality);
                let narrower = Request { classes, sensitivity, confidentiality, ..request.clone() };
                case.ask(&narrower).answer != Answer::Permit
            })
        })
    })
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn the_order_of_consents_never_matters(
        (case, order) in evaluations().prop_flat_map(|case| {
            let order = Just(case.consents.clone()).prop_shuffle();
            (Just(case), order)
        })
    ) {
        let (before, after) = (case.evaluate(), Case { consents: order, ..case }.evaluate());
        prop_assert_eq!(before.answer, after.answer);
        prop_assert_eq!(before.redact, after.redact);
        prop_assert_eq!(set(&before.deciding), set(&after.deciding));
    }

    /// Where several siblings give the same answer, the first is named: so the consents stay the same, not the places.
    #[test]
    fn the_order_of_siblings_never_matters(case in evaluations(), seed: [u8; 32]) {
        let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut other = case.clone();
        for (_, consent) in &mut other.consents {
            consent.provisions = Tree::preorder(&shuffled(Tree::forest(&consent.provisions), &mut random));
            prop_assert_eq!(consent.validate(), Ok(()));
        }
        let (before, after) = (case.evaluate(), other.evaluate());
        prop_assert_eq!(before.answer, after.answer);
        prop_assert_eq!(before.redact, after.redact);
        prop_assert_eq!(deciding_consents(&before), deciding_consents(&after));
    }

    /// A deny that has an exception may open what a base denies: only one without can be added to any consent.
    #[test]
    fn another_deny_provision_never_opens(case in evaluations(), which: Index, place: Index, added in provisions()) {
        if case.consents.is_empty() {
            return Ok(());
        }
        let mut more = case.clone();
        let (_, consent) = &mut more.consents[which.index(case.consents.len())];
        let mut forest = Tree::forest(&consent.provisions);
        let deny = Tree { place: 0, provision: Provision { decision: Decision::Deny, ..added }, children: vec![] };
        forest.insert(place.index(forest.len() + 1), deny);
        consent.provisions = Tree::preorder(&forest);
        let (before, after) = (case.evaluate(), more.evaluate());
        prop_assert!(after.answer != Answer::Permit || before.answer == Answer::Permit);
        prop_assert!(before.answer != Answer::Deny || after.answer == Answer::Deny);
    }

    #[test]
    fn another_consent_that_can_only_deny_never_opens(case in evaluations(), place: Index, added in consents()) {
        let mut denies = added;
        denies.base = if denies.base == Base::Permit { Base::Deny } else { denies.base };
        for provision in &mut denies.provisions {
            provision.decision = Decision::Deny;
        }
        let mut more = case.clone();
        more.consents.insert(place.index(case.consents.len() + 1), (ConsentId(99), denies));
        prop_assert!(openness(more.evaluate().answer) <= openness(case.evaluate().answer));
    }

    #[test]
    fn what_one_consent_permits_is_over_with_it(consent in consents(), request in requests(), now in 0..2 * TIME) {
        let end = consent.period.end;
        let case = Case { consents: vec![(ConsentId(0), consent)], request, now: Timestamp(now) };
        if case.evaluate().answer == Answer::Permit {
            prop_assert!(case.now < end);
        }
        for after in [end, end.plus(1), end.plus(now)].into_iter().filter(|_| end != Timestamp::MAX) {
            prop_assert_eq!(Case { now: after, ..case.clone() }.evaluate().answer, Answer::NoConsent);
        }
    }

    #[test]
    fn what_no_consent_permits_any_more_is_not_permitted(case in evaluations()) {
        let last = case.consents.iter().map(|(_, consent)| consent.period.end).max().unwrap_or(Timestamp::MAX);
        if last != Timestamp::MAX {
            prop_assert_eq!(Case { now: last, ..case }.evaluate().answer, Answer::NoConsent);
        }
    }

    #[test]
    fn a_permit_names_a_consent_in_its_period_that_permits(case in evaluations()) {
        let evaluation = case.evaluate();
        prop_assert_eq!(evaluation.answer == Answer::NoConsent, evaluation.deciding.is_empty());
        prop_assert!(evaluation.answer == Answer::Permit || evaluation.redact.is_empty());
        for one in &evaluation.deciding {
            let (_, consent) = &case.consents[one.consent.0 as usize];
            prop_assert!(consent.period.contains(case.now));
            let permits = match one.provision {
                Some(place) => consent.provisions[usize::from(place)].decision == Decision::Permit,
                None => {
                    prop_assert_ne!(consent.base, Base::Silent);
                    consent.base == Base::Permit
                }
            };
            prop_assert_eq!(permits, evaluation.answer == Answer::Permit);
        }
    }

    #[test]
    fn a_request_of_several_parts_is_as_closed_as_its_most_closed_part(case in evaluations()) {
        let each = |set: Option<ClassSet>| match set {
            Some(named) if !named.is_empty() => named.iter().map(|class| Some(class.into())).collect(),
            unnamed => vec![unnamed],
        };
        let whole = case.evaluate();
        let mut parts = Vec::new();
        for classes in each(case.request.classes) {
            let labels: Vec<Option<SensitivitySet>> = match case.request.sensitivity {
                Some(named) if !named.is_empty() => named.iter().map(|label| Some(label.into())).collect(),
                unnamed => vec![unnamed],
            };
            for sensitivity in labels {
                parts.push(case.ask(&Request { classes, sensitivity, ..case.request.clone() }));
            }
        }
        let most_closed = parts.iter().map(|part| part.answer).min_by_key(|answer| openness(*answer));
        prop_assert_eq!(Some(whole.answer), most_closed);
        if whole.answer != Answer::NoConsent {
            let gave = parts.iter().filter(|part| part.answer == whole.answer).flat_map(|part| part.deciding.clone());
            prop_assert_eq!(set(&whole.deciding), gave.collect::<HashSet<_>>());
        }
    }

    #[test]
    fn leaving_out_whom_a_consent_does_not_concern_changes_nothing(case in evaluations()) {
        let asking = Audience::of(&case.request.principal);
        let concerned = case.consents.iter().filter(|(_, consent)| consent.audience().may_concern(asking)).cloned();
        prop_assert_eq!(Case { consents: concerned.collect(), ..case.clone() }.evaluate(), case.evaluate());
    }

    /// Data of an unknown date is as closed as of any date, and data of a long time as of each moment in it.
    #[test]
    fn an_unknown_date_never_opens(case in evaluations(), narrower in periods()) {
        let dated = |data_period: Option<Period>| case.ask(&Request { data_period, ..case.request.clone() });
        let (unknown, known) = (dated(None).answer, dated(Some(narrower)).answer);
        prop_assert!(openness(unknown) <= openness(known), "{:?} although {:?}", unknown, known);
        for moment in narrower.start.0..narrower.end.0.min(TIME + 2) {
            let one = dated(Some(common::period(moment, moment + 1))).answer;
            prop_assert!(openness(known) <= openness(one), "{:?} although {:?} at {}", known, one, moment);
        }
    }

    #[test]
    fn a_data_period_without_a_moment_is_an_unknown_date(case in evaluations(), start in 0..TIME, before in 0..TIME) {
        let none = Some(common::period(start, start.saturating_sub(before)));
        let unknown = case.ask(&Request { data_period: None, ..case.request.clone() });
        prop_assert_eq!(case.ask(&Request { data_period: none, ..case.request.clone() }), unknown);
    }
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn what_is_left_after_redaction_is_permitted(case in bundles()) {
        // A class that no provision is likely to name stands for all others.
        redaction_suffices(&case, &[CLASSES.as_slice(), &[Class::Binary]].concat())?;
    }

    #[test]
    fn what_is_left_after_redaction_is_permitted_at_any_date(case in bundles(), moment in 0..TIME) {
        let whole = case.ask(&Request { data_period: None, ..case.request.clone() });
        if whole.answer == Answer::Permit {
            let dated = Request { data_period: Some(common::period(moment, moment + 1)), ..case.request.clone() };
            let left = pieces(&dated, &CLASSES).into_iter().filter(|piece| !redacted(&whole.redact, *piece));
            for piece in left {
                prop_assert_eq!(case.ask(&only(&dated, piece)).answer, Answer::Permit, "{:?}", piece);
            }
        }
    }

    #[test]
    fn each_code_is_redacted_for_a_reason(case in bundles()) {
        let (request, redact) = (&case.request, case.evaluate().redact);
        for class in redact.classes.iter() {
            prop_assert_eq!(request.classes, None);
            prop_assert!(has_a_reason(&case, &Request { classes: Some(class.into()), ..request.clone() }), "{:?}", class);
        }
        for label in redact.sensitivity.iter() {
            prop_assert_eq!(request.sensitivity, None);
            let named = Request { sensitivity: Some(label.into()), ..request.clone() };
            prop_assert!(has_a_reason(&case, &named), "{:?}", label);
        }
        for level in redact.confidentiality.iter() {
            prop_assert_eq!(request.confidentiality, None);
            let named = Request { confidentiality: Some(level), ..request.clone() };
            prop_assert!(has_a_reason(&case, &named), "{:?}", level);
        }
    }

    /// Of a bundle that is named in no way, each code that is denied by itself.
    #[test]
    fn what_is_denied_by_itself_is_redacted(case in bundles()) {
        let bundle = Request { classes: None, sensitivity: None, confidentiality: None, ..case.request.clone() };
        let whole = case.ask(&bundle);
        let denied = |narrower: Request| case.ask(&narrower).answer != Answer::Permit;
        if whole.answer == Answer::Permit {
            for class in Class::ALL.iter().copied().filter(|class| !whole.redact.classes.contains(*class)) {
                prop_assert!(!denied(Request { classes: Some(class.into()), ..bundle.clone() }), "{:?}", class);
            }
            for label in Sensitivity::ALL.iter().copied().filter(|label| !whole.redact.sensitivity.contains(*label)) {
                prop_assert!(!denied(Request { sensitivity: Some(label.into()), ..bundle.clone() }), "{:?}", label);
            }
            for level in LEVELS.into_iter().filter(|level| !whole.redact.confidentiality.contains(*level)) {
                prop_assert!(!denied(Request { confidentiality: Some(level), ..bundle.clone() }), "{:?}", level);
            }
        }
    }
}

proptest! {
    // As `what_is_left_after_redaction_is_permitted`, with every class there is: some thousand questions a case.
    #![proptest_config(cases(4))]

    #[test]
    fn what_is_left_after_redaction_is_permitted_for_every_class(case in bundles()) {
        redaction_suffices(&case, Class::ALL)?;
    }
}

fn round_trips<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let decoded = T::decode_all(&mut value.encode().as_slice());
    prop_assert_eq!(decoded.as_ref(), Ok(value));
    Ok(())
}

/// Whatever decodes has one encoding only, so that a hash of it is a hash of its meaning.
fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = T::decode_all(&mut &*bytes) {
        prop_assert_eq!(value.encode(), bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn what_is_encoded_decodes_to_the_same(case in evaluations()) {
        round_trips(&case.consents)?;
        round_trips(&case.request)?;
        round_trips(&case.evaluate())?;
        for (_, consent) in &case.consents {
            round_trips(&consent.validate())?;
            round_trips(&consent.audience())?;
        }
    }

    #[test]
    fn random_bytes_are_refused_or_canonical(bytes in vec(any::<u8>(), 0..200)) {
        canonical::<Consent>(&bytes)?;
        canonical::<Provision>(&bytes)?;
        canonical::<Request>(&bytes)?;
        canonical::<Evaluation>(&bytes)?;
    }

    #[test]
    fn damaged_bytes_are_refused_or_canonical(
        case in evaluations(),
        consent in consents(),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
        cut: Option<Index>,
    ) {
        let damaged = |mut bytes: Vec<u8>| {
            for (place, byte) in &damage {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
            bytes
        };
        canonical::<Request>(&damaged(case.request.encode()))?;
        canonical::<Evaluation>(&damaged(case.evaluate().encode()))?;
        let bytes = damaged(consent.encode());
        canonical::<Consent>(&bytes)?;
        if let Ok(consent) = Consent::decode_all(&mut bytes.as_slice()) {
            // Whatever is well-formed can be evaluated, whatever it says.
            if consent.validate().is_ok() {
                let _ = Case { consents: vec![(ConsentId(0), consent)], ..case }.evaluate();
            }
        }
    }

    /// The layout of a provision, with its sets as bare bits.
    #[test]
    fn an_unknown_bit_is_refused(provision in provisions(), which in 0..5, bit in 0..64u32) {
        let flipped = |this, bits: u64, width: u32| if which == this { bits ^ 1 << (bit % width) } else { bits };
        let actions = flipped(0, provision.actions.bits().into(), 8) as u8;
        let purposes = flipped(1, provision.purposes.bits(), 64);
        let confidentiality = flipped(2, provision.confidentiality.bits().into(), 8) as u8;
        let sensitivity = flipped(3, provision.sensitivity.bits().into(), 32) as u32;
        let classes = flipped(4, provision.classes.bits(), 64);
        let number_of_codes = [
            Action::ALL.len(), Purpose::ALL.len(), Confidentiality::ALL.len(), Sensitivity::ALL.len(), Class::ALL.len(),
        ][which as usize];
        let width = [8, 64, 8, 32, 64][which as usize];
        let bytes = (
            (provision.depth, provision.decision, provision.period, &provision.actors),
            (actions, purposes, confidentiality, sensitivity, classes, provision.data_period),
        ).encode();
        let decoded = Provision::decode_all(&mut bytes.as_slice());
        prop_assert_eq!(decoded.is_ok(), ((bit % width) as usize) < number_of_codes);
        if let Ok(decoded) = decoded {
            prop_assert_ne!(&decoded, &provision);
            prop_assert_eq!(decoded.encode(), bytes);
        }
    }
}

/// The properties above say something only if the strategies get everywhere.
#[test]
fn the_strategies_reach_every_answer() {
    let mut runner = TestRunner::deterministic();
    let (general, bundle) = (evaluations(), bundles());
    let (mut permitted, mut denied, mut redacting, mut combined, mut several, mut exceptions) = (0, 0, 0, 0, 0, 0);
    let all = 500;
    for _ in 0..all {
        let case = general.new_tree(&mut runner).unwrap().current();
        let evaluation = case.evaluate();
        permitted += u32::from(evaluation.answer == Answer::Permit);
        denied += u32::from(evaluation.answer == Answer::Deny);
        several += u32::from(evaluation.deciding.len() > 1);
        let depth = |one: &Deciding| {
            one.provision.map(|place| case.consents[one.consent.0 as usize].1.provisions[usize::from(place)].depth)
        };
        exceptions += u32::from(evaluation.deciding.iter().any(|one| depth(one) > Some(1)));
        assert!(case.consents.iter().all(|(_, consent)| consent.validate() == Ok(())));

        let redact = bundle.new_tree(&mut runner).unwrap().current().evaluate().redact;
        redacting += u32::from(!redact.is_empty());
        combined += u32::from(!redact.classes.is_empty() && !redact.sensitivity.is_empty());
    }
    println!("of {all}: {permitted} permit, {denied} deny, {several} several, {exceptions} exceptions, {redacting} redact, {combined} combine");
    for count in [permitted, denied, all - permitted - denied, redacting] {
        assert!(count > all / 8);
    }
    for count in [several, exceptions, combined] {
        assert!(count > all / 20);
    }
}
