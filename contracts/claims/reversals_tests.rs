//! Reversals: what a claim used is free again, and what it was paid is owed.

use super::testing::{balance, newest, refused};
use super::*;
use salus_domain::codes::{Measure, Term, Unit};
use salus_domain::plan::Limit;
use salus_interface::claims::{AppealStatus, Authorisation, ClaimReversed, ClaimsError, DebtPaid};
use salus_interface::off_chain;

/// A provider who was paid 80 and owes it.
fn in_debt() -> Claims {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    claims
}

#[test]
fn a_provider_takes_back_what_is_not_settled_and_owes_nothing() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    at(day(9_999));
    assert_eq!(claims.reverse(own(1), WORDS, filing(own(1))), Ok(Amount::ZERO));
    let told = ClaimReversed { claim: own(1), by: id(PROVIDER), owed: Amount::ZERO, statement: WORDS };
    assert_eq!(newest::<ClaimReversed>(), told);
    assert_eq!(status(&claims, own(1)), ClaimStatus::Reversed);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount::ZERO);
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::NotAdjudicated);
}

#[test]
fn what_was_paid_is_owed_to_the_pool() {
    let claims = in_debt();
    assert_eq!(newest::<ClaimReversed>().owed, Amount(80));
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount(80));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 0, 80, FUNDS - 80]);
    assert_eq!(balance(contract()), EXISTENTIAL + FUNDS - 80);
}

#[test]
fn the_insurer_reverses_what_is_settled_and_in_time() {
    let mut claims = two_plans();
    submit_one(&mut claims, 1);
    let filed = filing(own(1));
    for who in [OTHER_INSURER, MEMBER, ARBITER, STRANGER, OTHER_PROVIDER] {
        calls(id(who));
        refused(|| claims.reverse(own(1), WORDS, filed.clone()), ClaimsError::NotInsurer);
    }
    calls(id(INSURER));
    refused(|| claims.reverse(own(1), WORDS, filed.clone()), ClaimsError::NotSettled);
    settle(&mut claims, own(1));
    calls(id(INSURER));
    at(NOW.plus(DEADLINES.reversal));
    refused(|| claims.reverse(own(1), WORDS, filed.clone()), ClaimsError::TooLate);
    at(Timestamp(NOW.0 + DEADLINES.reversal - 1));
    assert_eq!(claims.reverse(own(1), WORDS, filed), Ok(Amount(80)));
    assert_eq!(newest::<ClaimReversed>().by, id(INSURER));
}

#[test]
fn an_insurer_that_lost_an_appeal_does_not_take_its_outcome_back() {
    let mut claims = claims();
    others(|others| others.unwilling.insert(id(MEMBER)));
    submit_one(&mut claims, 1);
    others(|others| others.unwilling.clear());
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), ReasonSet::EMPTY), WORDS).unwrap();
    settle(&mut claims, own(1));
    calls(id(INSURER));
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::AlreadyAppealed);
    calls(id(PROVIDER));
    assert_eq!(claims.reverse(own(1), WORDS, filing(own(1))), Ok(Amount(80)));
}

#[test]
fn what_does_not_stand_is_not_reversed() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    let filed = filing(own(1));
    refused(|| claims.reverse(own(2), WORDS, filed.clone()), ClaimsError::ClaimNotFound);
    submit(&mut claims, submission(2, &[maternity(2, 1, 100)]));
    refused(|| claims.reverse(own(2), WORDS, filed.clone()), ClaimsError::NotAdjudicated);
    submit_one(&mut claims, 3);
    refused(|| claims.reverse(own(3), WORDS, filed.clone()), ClaimsError::WrongFiling);
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    refused(|| claims.reverse(own(1), WORDS, filed.clone()), ClaimsError::AppealOpen);
    calls(id(ARBITER));
    assert_eq!(claims.decide_appeal(own(1), Ruling::Upheld, WORDS), Ok(AppealStatus::Upheld));
    calls(id(PROVIDER));
    claims.reverse(own(1), WORDS, filed).unwrap();
}

#[test]
fn limits_services_and_authorisations_are_what_they_were() {
    let of = |measure, unit, term, limit| Limit { unit, term, ..samples::limit(measure, limit) };
    let limits = vec![
        of(Measure::Deductible, Unit::Individual, Term::Annual, 30),
        of(Measure::OutOfPocket, Unit::Family, Term::Annual, 90),
        of(Measure::Benefit, Unit::Individual, Term::Lifetime, 150),
        of(Measure::Benefit, Unit::Family, Term::Day, 120),
        of(Measure::Services, Unit::Individual, Term::Annual, 5),
        of(Measure::Quantity, Unit::Individual, Term::Day, 9),
    ];
    let mut claims = claims_under(PlanTerms { limits, ..terms() });
    authorise(&mut claims, 9, 3);
    submit_one(&mut claims, 1);
    let before = off_chain::dump();
    let receipt = submit(&mut claims, submission(2, &[line(2, 70), maternity(9, 2, 50)]));
    assert!(receipt.adjudication.total.payer > Amount::ZERO);
    claims.reverse(own(2), WORDS, filing(own(2))).unwrap();
    let mut after = off_chain::dump();
    let added: Vec<Vec<u8>> = after.keys().filter(|cell| !before.contains_key(*cell)).cloned().collect();
    added.iter().for_each(|cell| drop(after.remove(cell)));
    assert_eq!((added.len(), after), (1, before), "the claim that is kept as reversed, and nothing else");
}

#[test]
fn a_service_can_be_claimed_again_under_another_reference() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(submit(&mut claims, submission(2, &[line(1, 60)])).adjudication.total.payer, Amount(48));
}

#[test]
fn authorisations_are_given_back_where_they_were_taken() {
    let mut claims = claims();
    authorise(&mut claims, 1, 3);
    submit(&mut claims, submission(1, &[maternity(1, 5, 100)]));
    let standing = |claims: &Claims| claims.authorisation(procedure(1));
    assert_eq!(standing(&claims), Some(Authorisation::Granted { quantity: 0, until: Timestamp::MAX }));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(standing(&claims), Some(Authorisation::Granted { quantity: 3, until: Timestamp::MAX }));
}

#[test]
fn the_services_of_an_earlier_insurers_claim_stay_claimed() {
    let mut claims = two_plans();
    calls(id(OTHER_INSURER));
    claims.revise_plan(SECOND, PlanTerms { covered: CategorySet::ALL, ..terms() }).unwrap();
    let child = Enrolment { subscriber: id(CHILD), ..enrolment(CHILD) };
    claims.cover(SECOND, vec![child]).unwrap();
    calls(id(INSURER));
    claims.cover(PLAN, vec![child]).unwrap();
    calls(id(PROVIDER));
    let of_child = |reference, lines: &[Line]| Submission { member: account(CHILD), ..submission(reference, lines) };
    let dental = Line { category: Category::DentalCare, ..line(2, 100) };
    let receipts = claims.submit(of_child(1, &[line(1, 100), dental]), Some(SECOND)).unwrap();
    assert_eq!(receipts[1].adjudication.total.payer, Amount(20 + 80));
    let next = receipts[1].claim;
    claims.reverse(next, WORDS, filing(next)).unwrap();
    let again = submit(&mut claims, Submission { plan: SECOND, ..of_child(2, &[line(1, 100), dental]) });
    let payers = again.adjudication.lines.iter().map(|line| line.split.payer.0);
    assert_eq!(payers.collect::<Vec<_>>(), [0, 80], "the first insurer's claim still has the first service");
}

#[test]
fn a_debt_is_paid_back_by_anybody_in_parts() {
    let mut claims = in_debt();
    paying(id(STRANGER), 30, || claims.repay(PLAN, id(PROVIDER), Amount(30))).unwrap();
    let told = DebtPaid { plan: PLAN, provider: id(PROVIDER), amount: Amount(30) };
    assert_eq!(newest::<DebtPaid>(), told);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 50, 0, 50, FUNDS - 50]);
    for (value, amount, why) in
        [(51, 51, ClaimsError::NothingOwed), (49, 50, ClaimsError::WrongValue), (0, 0, ClaimsError::NothingTransferred)]
    {
        refused(|| paying(id(STRANGER), value, || claims.repay(PLAN, id(PROVIDER), Amount(amount))), why);
    }
    paying(id(PROVIDER), 50, || claims.repay(PLAN, id(PROVIDER), Amount(50))).unwrap();
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount::ZERO);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
    assert_eq!(balance(contract()), EXISTENTIAL + FUNDS);
    refused(|| paying(id(PROVIDER), 1, || claims.repay(PLAN, id(PROVIDER), Amount(1))), ClaimsError::NothingOwed);
    refused(|| paying(id(PROVIDER), 1, || claims.repay(PLAN, id(STRANGER), Amount(1))), ClaimsError::NothingOwed);
}

#[test]
fn a_claim_that_was_overturned_owes_what_was_paid_and_frees_what_was_not() {
    let mut claims = claims();
    calls(id(INSURER));
    claims.set_fees(PLAN, 0, vec![salus_domain::plan::Fee { code: code(1), price: Amount(50) }]).unwrap();
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    let set_aside = salus_domain::codes::Reason::FeeSchedule.into();
    claims.appeal(own(1), set_aside, WORDS).unwrap();
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), set_aside), WORDS).unwrap();
    assert_eq!(pool(&claims, PLAN), [FUNDS, 40, 40, 0, FUNDS - 80]);
    calls(id(INSURER));
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::NotSettled);
    calls(id(PROVIDER));
    assert_eq!(claims.reverse(own(1), WORDS, filing(own(1))), Ok(Amount(40)));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 40, 0, 40, FUNDS - 40]);
}
