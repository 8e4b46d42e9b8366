//! What an appeal decides anew: what it pays, what it counts for, and what does not stand in its way.

use super::appeals::{appeal_of, appealed, denied, not_covered, REVIEW};
use super::testing::{newest, refused};
use super::*;
use salus_domain::codes::{Measure, Reason};
use salus_interface::claims::{AppealDecided, AppealStatus, Authorisation, ClaimsError};
use salus_interface::off_chain;

#[test]
fn what_an_insurer_granted_stays_whatever_the_arbiter_rules_afterwards() {
    for rulings in [0, 1] {
        let mut claims = appealed();
        calls(id(INSURER));
        assert_eq!(claims.decide_appeal(own(1), overturn(own(1), not_covered()), WORDS), Ok(AppealStatus::Granted));
        settle(&mut claims, own(1));
        calls(id(ARBITER));
        let more = not_covered().with(Reason::FeeSchedule);
        let ruling = [Ruling::Upheld, overturn(own(1), more)][rulings].clone();
        assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
        let appeal = known(&claims, own(1)).appeal.unwrap();
        assert_eq!((appeal.status, appeal.set_aside), (AppealStatus::Overturned, not_covered()));
        calls(id(INSURER));
        refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::AlreadyAppealed);
    }
}

#[test]
fn a_line_that_an_appeal_lets_in_counts_for_limits_also_where_nothing_is_paid() {
    let deductible = samples::limit(Measure::Deductible, 150);
    let mut claims = claims_under(PlanTerms { limits: vec![deductible], ..terms() });
    denied(&mut claims, 1);
    assert_eq!(known(&claims, own(1)).total.noncovered, Amount(100));
    claims.appeal(own(1), not_covered(), WORDS).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), not_covered());
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
    let anew = known(&claims, own(1));
    assert_eq!([anew.total.noncovered, anew.total.deductible, anew.total.payer].map(|it| it.0), [0, 100, 0]);
    assert_eq!(anew.status, ClaimStatus::Adjudicated);
    let next = submit(&mut claims, submission(3, &[line(3, 100)])).adjudication.total;
    assert_eq!(next.deductible, Amount(50), "of the deductible 50 are left");
}

#[test]
fn a_settled_claim_of_which_nothing_more_is_to_be_paid_stays_settled() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.set_fees(PLAN, 0, vec![salus_domain::plan::Fee { code: code(2), price: Amount(0) }]).unwrap();
    let dental = Line { category: Category::DentalCare, ..line(2, 100) };
    submit(&mut claims, submission(1, &[line(1, 100), dental]));
    settle(&mut claims, own(1));
    calls(id(MEMBER));
    claims.appeal(own(1), not_covered(), WORDS).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), not_covered());
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
    let claim = known(&claims, own(1));
    assert_eq!((claim.status, claim.paid, claim.total.payer), (ClaimStatus::Settled, Amount(80), Amount(80)));
    assert_eq!(
        [claim.total.noncovered, claim.total.adjustment],
        [Amount(0), Amount(100)],
        "the patient owes it no more"
    );
}

#[test]
fn no_authorisation_of_later_and_no_list_of_later_spoils_an_appeal() {
    for later in [0, 1, 2, 3] {
        let mut claims = claims();
        calls(id(INSURER));
        claims.revise_plan(PLAN, PlanTerms { networked: true, ..terms() }).unwrap();
        claims.set_network(PLAN, vec![id(PROVIDER)], true).unwrap();
        authorise(&mut claims, 1, 1);
        calls(id(PROVIDER));
        let dental = Line { category: Category::DentalCare, ..line(2, 100) };
        let receipt = submit(&mut claims, submission(1, &[maternity(1, 1, 50), dental]));
        assert_eq!(receipt.adjudication.total.payer, Amount(40));
        claims.appeal(own(1), not_covered(), WORDS).unwrap();
        claims.request_authorisation(PLAN, id(MEMBER), code(1), 3).unwrap();
        calls(id(INSURER));
        match later {
            0 => {}
            1 => claims.decide_authorisation(procedure(1), None).unwrap(),
            2 => claims.decide_authorisation(procedure(1), Some((1, day(500)))).unwrap(),
            _ => claims.set_network(PLAN, vec![id(PROVIDER)], false).unwrap(),
        }
        let before = claims.authorisation(procedure(1));
        calls(id(ARBITER));
        let ruling = overturn(own(1), not_covered());
        assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned), "{later}");
        assert_eq!(known(&claims, own(1)).total.payer, Amount(120));
        assert_eq!(claims.authorisation(procedure(1)), before, "what was asked for later stands as it did");
    }
}

#[test]
fn a_day_with_many_services_spoils_no_appeal_and_has_an_end() {
    let mut claims = claims();
    denied(&mut claims, 1);
    let dental: Vec<_> =
        (0..50).map(|number| Line { category: Category::DentalCare, ..line(200 + number, 1) }).collect();
    submit(&mut claims, submission(2, &dental));
    for half in [0, 50] {
        let lines: Vec<_> = (0..50).map(|number| line(100 + half + number, 1)).collect();
        submit(&mut claims, submission(3 + half, &lines));
    }
    let one_more = submission(200, &[line(250, 1)]);
    refused(|| claims.submit(one_more, None), ClaimsError::TooManyServices);
    for (appealed, outcome) in [(2, Ok(AppealStatus::Overturned)), (1, Err(ClaimsError::TooManyServices))] {
        calls(id(PROVIDER));
        claims.appeal(own(appealed), not_covered(), WORDS).unwrap();
        calls(id(ARBITER));
        let ruling = overturn(own(appealed), not_covered());
        assert_eq!(claims.decide_appeal(own(appealed), ruling, WORDS), outcome);
    }
    assert_eq!(appeal_of(&claims, own(1)), AppealStatus::Open);
}

#[test]
fn what_costs_the_plan_nothing_and_the_patient_something_only_the_arbiter_decides() {
    let late = Reason::FilingDeadline.into();
    for who in [INSURER, PROVIDER, ARBITER] {
        let deductible = samples::limit(Measure::Deductible, 150);
        let deadlines = Deadlines { filing: 0, ..DEADLINES };
        let mut claims = claims_under(PlanTerms { limits: vec![deductible], deadlines, ..terms() });
        let total = submit(&mut claims, submission(1, &[line(1, 100)])).adjudication.total;
        assert_eq!((total.adjustment, total.patient()), (Amount(100), Amount::ZERO));
        claims.appeal(own(1), late, WORDS).unwrap();
        if who == PROVIDER {
            at(REVIEW);
        }
        calls(id(who));
        let ruling = overturn(own(1), late);
        if who == ARBITER {
            assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
            assert_eq!(known(&claims, own(1)).total.deductible, Amount(100));
        } else {
            refused(|| claims.decide_appeal(own(1), ruling, WORDS), ClaimsError::NothingToPay);
        }
    }
}

#[test]
fn what_the_insurer_granted_is_ended_by_who_may_appeal_after_the_deadline() {
    let mut claims = appealed();
    calls(id(INSURER));
    let ruling = || overturn(own(1), not_covered());
    assert_eq!(claims.decide_appeal(own(1), ruling(), WORDS), Ok(AppealStatus::Granted));
    calls(id(PROVIDER));
    refused(|| claims.decide_appeal(own(1), ruling(), WORDS), ClaimsError::NotArbiter);
    at(REVIEW);
    let decisions = events::<ClaimAdjudicated>().len();
    assert_eq!(claims.decide_appeal(own(1), ruling(), WORDS), Ok(AppealStatus::Overturned));
    assert_eq!(events::<ClaimAdjudicated>().len(), decisions);
}

#[test]
fn of_a_claim_that_was_paid_only_what_is_more_is_paid_then() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.set_fees(PLAN, 0, vec![salus_domain::plan::Fee { code: code(1), price: Amount(50) }]).unwrap();
    submit_one(&mut claims, 1);
    claims.appeal(own(1), Reason::FeeSchedule.into(), WORDS).unwrap();
    settle(&mut claims, own(1));
    assert_eq!(known(&claims, own(1)).paid, Amount(40));
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), Reason::FeeSchedule.into()), WORDS).unwrap();
    assert_eq!(status(&claims, own(1)), ClaimStatus::Adjudicated);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 40, 40, 0, FUNDS - 80]);
    calls(id(INSURER));
    assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Ok(Amount(40))]));
    assert_eq!(known(&claims, own(1)).paid, Amount(80));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 0, 0, FUNDS - 80]);
}

#[test]
fn an_appeal_that_brings_no_more_is_upheld_and_changes_nothing_else() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    let before = off_chain::dump();
    let decisions = events::<ClaimAdjudicated>().len();
    calls(id(ARBITER));
    let ruling = overturn(own(1), ReasonSet::EMPTY);
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Upheld));
    let after = off_chain::dump();
    let changed = after.iter().filter(|(cell, value)| before.get(*cell) != Some(value)).count();
    assert_eq!((changed, before.len()), (1, after.len()), "the claim alone");
    assert_eq!(events::<ClaimAdjudicated>().len(), decisions);
    assert_eq!(appeal_of(&claims, own(1)), AppealStatus::Upheld);
}

#[test]
fn an_appeal_sees_what_has_changed_without_setting_anything_aside() {
    let mut claims = claims();
    others(|others| others.unwilling.insert(id(MEMBER)));
    submit_one(&mut claims, 1);
    others(|others| others.unwilling.clear());
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), ReasonSet::EMPTY);
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
    assert_eq!(known(&claims, own(1)).total.payer, Amount(80));
}

#[test]
fn an_appeal_sets_a_refused_authorisation_aside_and_uses_none_up() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.decide_authorisation(procedure(1), None).unwrap();
    submit(&mut claims, submission(1, &[maternity(1, 2, 100)]));
    let set_aside = Reason::AuthorisationRefused.into();
    claims.appeal(own(1), set_aside, WORDS).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), set_aside);
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
    assert_eq!(claims.authorisation(procedure(1)), Some(Authorisation::Refused));
    calls(id(INSURER));
    claims.decide_authorisation(procedure(1), Some((3, Timestamp::MAX))).unwrap();
    calls(id(PROVIDER));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    let kept = Some(Authorisation::Granted { quantity: 3, until: Timestamp::MAX });
    assert_eq!(claims.authorisation(procedure(1)), kept, "what was not taken is not given back");
}

#[test]
fn a_service_that_an_appeal_lets_in_is_claimed_then_and_only_once() {
    let mut claims = claims();
    let dental = Line { category: Category::DentalCare, ..line(1, 100) };
    submit(&mut claims, submission(1, &[dental, line(1, 100)]));
    claims.appeal(own(1), not_covered(), WORDS).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), not_covered());
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Upheld), "one of the two, as before");
    denied(&mut claims, 2);
    claims.appeal(own(2), not_covered(), WORDS).unwrap();
    submit(&mut claims, submission(3, &[line(2, 100)]));
    calls(id(ARBITER));
    let ruling = overturn(own(2), not_covered());
    assert_eq!(claims.decide_appeal(own(2), ruling, WORDS), Ok(AppealStatus::Upheld), "another claim has it");
}

#[test]
fn an_appeal_that_is_granted_adjudicates_anew_and_pays_the_difference() {
    for (who, status) in [(ARBITER, AppealStatus::Overturned), (INSURER, AppealStatus::Granted)] {
        let mut claims = appealed();
        at(day(1_001));
        calls(id(who));
        let ruling = overturn(own(1), not_covered());
        assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(status));
        let (by, set_aside) = (id(who), not_covered());
        let told = AppealDecided { claim: own(1), by, status, set_aside, statement: WORDS };
        assert_eq!(newest::<AppealDecided>(), told);
        let decided = events::<ClaimAdjudicated>().pop().unwrap();
        assert_eq!((decided.decided, decided.due), (day(1_001), day(1_031)));
        let claim = known(&claims, own(1));
        assert_eq!((claim.status, claim.total.payer), (ClaimStatus::Adjudicated, Amount(80)));
        assert_eq!(claim.filing, crate::decisions::filing_hash(&decided.filing));
        assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 80, 0, FUNDS - 80]);
        settle(&mut claims, own(1));
        calls(id(who));
        let again = overturn(own(1), not_covered());
        let error = if who == ARBITER { ClaimsError::NotAppealed } else { ClaimsError::NothingToPay };
        refused(|| claims.decide_appeal(own(1), again, WORDS), error);
    }
}
