//! Plans: who opens, revises, funds, empties and freezes them, their fees and networks.

use super::testing::balance;
use super::testing::{newest, refused, taken_back};
use super::*;
use salus_domain::codes::{Measure, Reason};
use salus_domain::plan::{Fee, TermsMalformed, MAX_PAGE};
use salus_interface::claims::{
    ClaimsError, FeesSet, NetworkSet, Plan, PlanFrozen, PlanOpened, PlanRevised, PoolFunded, PoolWithdrawn, MAX_BATCH,
};

fn fee(number: u8, price: u128) -> Fee {
    Fee { code: code(number), price: Amount(price) }
}

#[test]
fn claims_ask_two_contracts_and_nothing_else() {
    let claims = bare();
    assert_eq!(claims.setup(), (id(REGISTRY), id(GRANTS)));
    assert_eq!(Claims::new(id(STRANGER), id(GRANTS)).err(), Some(ClaimsError::NotAContract));
    assert_eq!(Claims::new(id(REGISTRY), id(STRANGER)).err(), Some(ClaimsError::NotAContract));
}

#[test]
fn anybody_opens_a_plan_and_becomes_its_insurer() {
    let mut claims = bare();
    calls(id(STRANGER));
    let asset = Asset::Psp22(id(TOKEN));
    assert_eq!(claims.open_plan(asset, id(ARBITER), 4, terms()), Ok(PLAN));
    let opened =
        PlanOpened { insurer: id(STRANGER), plan: PLAN, arbiter: id(ARBITER), asset, fee_pages: 4, terms: terms() };
    assert_eq!(newest::<PlanOpened>(), opened);
    let pool = Pool::default();
    let (insurer, arbiter) = (id(STRANGER), id(ARBITER));
    let plan = Plan { insurer, arbiter, asset, version: 0, frozen: false, fee_pages: 4, pool };
    assert_eq!((claims.plan(PLAN), claims.terms(PLAN, 0)), (Some(plan), Some(terms())));
    assert_eq!(claims.open_plan(Asset::Native, id(ARBITER), 1, terms()), Ok(SECOND));
    assert_eq!((claims.plan(UNKNOWN), claims.terms(PLAN, 1)), (None, None));
}

#[test]
fn a_plan_that_is_not_well_formed_is_not_opened() {
    let mut claims = bare();
    calls(id(INSURER));
    let nothing = PlanTerms { covered: CategorySet::EMPTY, ..terms() };
    let malformed = ClaimsError::TermsMalformed(TermsMalformed::CoversNothing);
    refused(|| claims.open_plan(Asset::Native, id(ARBITER), 1, nothing.clone()), malformed);
    for pages in [0, 3, 512] {
        refused(|| claims.open_plan(Asset::Native, id(ARBITER), pages, terms()), ClaimsError::WrongPages);
    }
    assert_eq!(claims.open_plan(Asset::Native, id(ARBITER), 256, terms()), Ok(PLAN));
    refused(|| claims.revise_plan(PLAN, nothing), malformed);
}

#[test]
fn what_only_the_insurer_may_do_nobody_else_does() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    for who in [OTHER_INSURER, PROVIDER, MEMBER, ARBITER, STRANGER] {
        calls(id(who));
        refused(|| claims.revise_plan(PLAN, terms()), ClaimsError::NotInsurer);
        refused(|| claims.set_frozen(PLAN, true), ClaimsError::NotInsurer);
        refused(|| claims.withdraw(PLAN, Amount(1)), ClaimsError::NotInsurer);
        refused(|| claims.set_fees(PLAN, 0, vec![]), ClaimsError::NotInsurer);
        refused(|| claims.set_network(PLAN, vec![], true), ClaimsError::NotInsurer);
        refused(|| claims.cover(PLAN, vec![]), ClaimsError::NotInsurer);
        refused(|| claims.end_coverage(PLAN, id(MEMBER), NOW), ClaimsError::NotInsurer);
        refused(|| claims.decide_authorisation(procedure(1), None), ClaimsError::NotInsurer);
        refused(|| claims.answer_appeal(own(1), WORDS), ClaimsError::NotInsurer);
    }
}

#[test]
fn what_is_said_of_a_plan_that_is_not_there_is_refused() {
    let mut claims = claims();
    let unknown = Procedure { plan: UNKNOWN, ..procedure(1) };
    let elsewhere = Submission { plan: UNKNOWN, ..submission(1, &[line(1, 1)]) };
    refused(|| claims.revise_plan(UNKNOWN, terms()), ClaimsError::PlanNotFound);
    refused(|| claims.set_frozen(UNKNOWN, true), ClaimsError::PlanNotFound);
    refused(|| claims.fund(UNKNOWN, Amount(1)), ClaimsError::PlanNotFound);
    refused(|| claims.withdraw(UNKNOWN, Amount(1)), ClaimsError::PlanNotFound);
    refused(|| claims.set_fees(UNKNOWN, 0, vec![]), ClaimsError::PlanNotFound);
    refused(|| claims.set_network(UNKNOWN, vec![], true), ClaimsError::PlanNotFound);
    refused(|| claims.cover(UNKNOWN, vec![]), ClaimsError::PlanNotFound);
    refused(|| claims.end_coverage(UNKNOWN, id(MEMBER), NOW), ClaimsError::PlanNotFound);
    refused(|| claims.request_authorisation(UNKNOWN, id(MEMBER), code(1), 1), ClaimsError::PlanNotFound);
    refused(|| claims.decide_authorisation(unknown, None), ClaimsError::PlanNotFound);
    refused(|| claims.submit(elsewhere, None), ClaimsError::PlanNotFound);
    refused(|| claims.repay(UNKNOWN, id(PROVIDER), Amount(1)), ClaimsError::PlanNotFound);
}

#[test]
fn new_terms_hold_for_coverages_that_are_made_afterwards() {
    let mut claims = claims();
    let dearer = PlanTerms { benefit: samples::benefit(samples::share(50, 0)), ..terms() };
    calls(id(INSURER));
    assert_eq!(claims.revise_plan(PLAN, dearer.clone()), Ok(1));
    assert_eq!(newest::<PlanRevised>(), PlanRevised { plan: PLAN, version: 1, terms: dearer.clone() });
    claims.cover(PLAN, vec![enrolment(CHILD)]).unwrap();
    let paid = submit(&mut claims, submission(1, &[line(1, 100)])).adjudication.total.payer;
    let childs = Submission { member: account(CHILD), ..submission(2, &[line(2, 100)]) };
    let childs_paid = submit(&mut claims, childs).adjudication.total.payer;
    assert_eq!((paid, childs_paid), (Amount(80), Amount(50)));
    assert_eq!((known(&claims, own(1)).version, known(&claims, own(2)).version), (0, 1));
    assert_eq!((claims.terms(PLAN, 0), claims.terms(PLAN, 1)), (Some(terms()), Some(dearer)));
}

#[test]
fn what_was_used_counts_on_under_the_same_limit_of_new_terms() {
    let lifetime = |most| salus_domain::plan::Limit {
        term: salus_domain::codes::Term::Lifetime,
        ..samples::limit(Measure::Benefit, most)
    };
    let mut claims = claims_under(PlanTerms { limits: vec![lifetime(100)], ..terms() });
    submit_one(&mut claims, 1);
    calls(id(INSURER));
    claims.end_coverage(PLAN, id(MEMBER), NOW).unwrap();
    claims.revise_plan(PLAN, PlanTerms { limits: vec![lifetime(90)], ..terms() }).unwrap();
    let next = Enrolment { period: period(day(1_000).0, day(1_200).0), ..enrolment(MEMBER) };
    claims.cover(PLAN, vec![next]).unwrap();
    at(day(1_001));
    let later = Submission { days: vec![service_day(1_000)], ..submission(2, &[line(2, 100)]) };
    let receipt = submit(&mut claims, later);
    assert_eq!(receipt.adjudication.total.payer, Amount(10));
    assert!(receipt.adjudication.lines[0].reasons.contains(Reason::LifetimeMaximum));
}

#[test]
fn a_pool_is_funded_by_anybody_with_what_is_sent() {
    let mut claims = claims();
    paying(id(STRANGER), 500, || claims.fund(PLAN, Amount(500))).unwrap();
    assert_eq!(newest::<PoolFunded>(), PoolFunded { plan: PLAN, from: id(STRANGER), amount: Amount(500) });
    assert_eq!(pool(&claims, PLAN), [FUNDS + 500, 0, 0, 0, FUNDS + 500]);
    for (value, amount) in [(1, 2), (2, 1), (0, 1)] {
        refused(|| paying(id(STRANGER), value, || claims.fund(PLAN, Amount(amount))), ClaimsError::WrongValue);
    }
    refused(|| claims.fund(PLAN, Amount::ZERO), ClaimsError::NothingTransferred);
    test::set_value_transferred::<DefaultEnvironment>(u128::MAX);
    refused(|| claims.fund(PLAN, Amount::UNLIMITED), ClaimsError::PoolOverflow);
    test::set_value_transferred::<DefaultEnvironment>(0);
}

#[test]
fn only_free_money_is_withdrawn_and_only_to_the_insurer() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 80, 0, FUNDS - 80]);
    calls(id(INSURER));
    refused(|| claims.withdraw(PLAN, Amount(FUNDS - 79)), ClaimsError::PoolTooSmall);
    let before = balance(id(INSURER));
    claims.withdraw(PLAN, Amount(FUNDS - 80)).unwrap();
    assert_eq!(newest::<PoolWithdrawn>(), PoolWithdrawn { plan: PLAN, amount: Amount(FUNDS - 80) });
    assert_eq!(pool(&claims, PLAN), [80, 0, 80, 0, 0]);
    assert_eq!((balance(id(INSURER)), balance(contract())), (before + FUNDS - 80, EXISTENTIAL + 80));
    refused(|| claims.withdraw(PLAN, Amount(1)), ClaimsError::PoolTooSmall);
}

#[test]
fn a_withdrawal_that_the_chain_does_not_carry_out_changes_nothing() {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Psp22(id(TOKEN)), terms(), FUNDS);
    others::manner(TOKEN, others::Manner::Refusing);
    calls(id(INSURER));
    taken_back(|| claims.withdraw(PLAN, Amount(1)), ClaimsError::TransferFailed);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
}

#[test]
fn a_frozen_plan_takes_no_claims_and_pays_what_is_adjudicated() {
    let mut claims = claims();
    let (paid, appealed) = (submit_one(&mut claims, 1), submit_one(&mut claims, 2));
    let waiting = submit(&mut claims, submission(3, &[maternity(3, 1, 100)])).claim;
    claims.appeal(appealed, ReasonSet::EMPTY, WORDS).unwrap();
    calls(id(INSURER));
    claims.set_frozen(PLAN, true).unwrap();
    assert_eq!(newest::<PlanFrozen>(), PlanFrozen { plan: PLAN, frozen: true });
    calls(id(PROVIDER));
    refused(|| claims.submit(submission(4, &[line(4, 100)]), None), ClaimsError::PlanFrozen);
    refused(|| claims.retry(waiting), ClaimsError::PlanFrozen);
    settle(&mut claims, paid);
    calls(id(ARBITER));
    claims.decide_appeal(appealed, overturn(appealed, ReasonSet::EMPTY), WORDS).unwrap();
    calls(id(INSURER));
    claims.set_frozen(PLAN, false).unwrap();
    assert_eq!(newest::<PlanFrozen>(), PlanFrozen { plan: PLAN, frozen: false });
    assert_eq!(submit(&mut claims, submission(4, &[line(4, 100)])).status, ClaimStatus::Adjudicated);
}

#[test]
fn a_page_of_fees_holds_for_what_is_adjudicated_from_then_on() {
    let mut claims = claims();
    calls(id(INSURER));
    let fees = vec![fee(1, 50), fee(2, 60)];
    claims.set_fees(PLAN, 0, fees.clone()).unwrap();
    assert_eq!(newest::<FeesSet>(), FeesSet { plan: PLAN, page: 0, fees });
    assert_eq!([1, 2, 3].map(|number| claims.fee(PLAN, code(number))), [Some(Amount(50)), Some(Amount(60)), None]);
    assert_eq!(claims.fee(UNKNOWN, code(1)), None);
    let receipt = submit(&mut claims, submission(1, &[line(1, 100), line(3, 100)]));
    let payers = receipt.adjudication.lines.iter().map(|line| line.split.payer.0);
    assert_eq!(payers.collect::<Vec<_>>(), [40, 80]);
    calls(id(INSURER));
    claims.set_fees(PLAN, 0, vec![]).unwrap();
    assert_eq!(claims.fee(PLAN, code(1)), None);
}

#[test]
fn fees_stand_on_their_page_in_order_each_once() {
    let mut claims = bare();
    calls(id(INSURER));
    claims.open_plan(Asset::Native, id(ARBITER), 2, terms()).unwrap();
    for (page, fees) in [
        (0, vec![fee(1, 5)]),
        (1, vec![fee(3, 5), fee(1, 5)]),
        (1, vec![fee(1, 5), fee(1, 6)]),
        (2, vec![]),
        (255, vec![]),
    ] {
        refused(|| claims.set_fees(PLAN, page, fees), ClaimsError::NotOnThisPage);
    }
    refused(|| claims.set_fees(PLAN, 0, vec![fee(0, 5); MAX_PAGE + 1]), ClaimsError::BatchTooLarge);
    claims.set_fees(PLAN, 1, vec![fee(1, 5), fee(3, 6)]).unwrap();
    claims.set_fees(PLAN, 0, vec![fee(2, 7)]).unwrap();
    assert_eq!([1, 2, 3].map(|number| claims.fee(PLAN, code(number)).unwrap().0), [5, 7, 6]);
}

#[test]
fn a_full_page_of_fees_fits() {
    let mut claims = claims();
    calls(id(INSURER));
    let tag = |number: usize| CodeTag((number as u128).to_be_bytes());
    let fees: Vec<Fee> = (0..MAX_PAGE).map(|number| Fee { code: tag(number), price: Amount(9) }).collect();
    claims.set_fees(PLAN, 0, fees).unwrap();
    assert_eq!(claims.fee(PLAN, tag(MAX_PAGE - 1)), Some(Amount(9)));
}

#[test]
fn a_provider_out_of_the_network_is_paid_on_other_terms() {
    let outside = Benefit { out_of_network: Some(samples::share(0, 5_000)), ..terms().benefit };
    let mut claims = claims_under(PlanTerms { benefit: outside, networked: true, ..terms() });
    let paid = |claims: &mut Claims, number| {
        submit(claims, submission(number, &[line(number, 100)])).adjudication.total.payer.0
    };
    assert_eq!(paid(&mut claims, 1), 50);
    calls(id(INSURER));
    let providers = vec![id(PROVIDER), id(OTHER_PROVIDER)];
    claims.set_network(PLAN, providers.clone(), true).unwrap();
    assert_eq!(newest::<NetworkSet>(), NetworkSet { plan: PLAN, providers, listed: true });
    assert!(claims.in_network(PLAN, id(PROVIDER)));
    assert_eq!(paid(&mut claims, 2), 80);
    calls(id(INSURER));
    claims.set_network(PLAN, vec![id(PROVIDER)], false).unwrap();
    assert!(!claims.in_network(PLAN, id(PROVIDER)) && claims.in_network(PLAN, id(OTHER_PROVIDER)));
    assert_eq!(paid(&mut claims, 3), 50);
    calls(id(INSURER));
    refused(|| claims.set_network(PLAN, vec![id(PROVIDER); MAX_BATCH + 1], true), ClaimsError::BatchTooLarge);
}

#[test]
fn ids_that_are_used_up_are_refused() {
    let mut claims = claims();
    calls(id(INSURER));
    let mut plan = claims.plan(PLAN).unwrap();
    plan.version = u32::MAX;
    claims.plans.write(PLAN, &plan);
    refused(|| claims.revise_plan(PLAN, terms()), ClaimsError::IdsUsedUp);
    ink::env::set_contract_storage(&ink::primitives::KeyComposer::from_str("Plans::next"), &u32::MAX);
    refused(|| claims.open_plan(Asset::Native, id(ARBITER), 1, terms()), ClaimsError::IdsUsedUp);
}

#[test]
fn deadlines_are_a_year_at_most() {
    let mut claims = bare();
    let late = PlanTerms { deadlines: Deadlines { review: YEAR + 1, ..DEADLINES }, ..terms() };
    let malformed = ClaimsError::TermsMalformed(TermsMalformed::DeadlineTooLong);
    refused(|| claims.open_plan(Asset::Native, id(ARBITER), 1, late), malformed);
}
