//! Coordination of benefits: a claim that one insurer has decided goes on to the next.

use super::testing::{balance, refused, taken_back};
use super::*;
use salus_domain::codes::Reason;
use salus_interface::claims::{ClaimPended, ClaimWithdrawn, ClaimsError};

fn second(reference: u8) -> ClaimId {
    claim_id(SECOND, PROVIDER, reference)
}

fn on(plan: PlanId, lines: &[Line]) -> Submission {
    Submission { plan, ..submission(1, lines) }
}

/// Three plans; the second one has nothing in its pool.
fn with_an_empty_pool() -> Claims {
    let mut claims = claims();
    open(&mut claims, OTHER_INSURER, Asset::Native, terms(), 0);
    open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    calls(id(PROVIDER));
    claims
}

#[test]
fn a_claim_is_decided_by_both_insurers_in_one_message() {
    let mut claims = two_plans();
    let lines = [line(1, 100), line(2, 50)];
    let receipts = claims.submit(submission(1, &lines), Some(SECOND)).unwrap();
    let [first, next] = &receipts[..] else { panic!("one receipt for each plan") };
    assert_eq!((first.claim, next.claim), (own(1), second(1)));
    assert_eq!(first.adjudication.total.payer, Amount(120));
    assert_eq!(next.adjudication.total, samples::split(150, 0, 120, [0; 4], 30), "what the first left");
    assert!(next.adjudication.lines[0].reasons.contains(Reason::PriorPayer));
    assert!(!next.adjudication.lines[0].reasons.contains(Reason::Duplicate));
    let (one, two) = (known(&claims, own(1)), known(&claims, second(1)));
    assert_eq!((one.passed_on, one.prior, two.passed_on, two.prior), (true, None, false, Some(own(1))));
    let filing = filing(second(1));
    assert_eq!(filing.held, 0b11);
    assert_eq!(filing.submission.lines[0].prior_paid, Amount(80));
    let told: Vec<_> = events::<ClaimAdjudicated>().into_iter().map(|event| (event.claim, event.prior)).collect();
    assert_eq!(told, [(own(1), None), (second(1), Some(own(1)))]);
    let before = balance(id(PROVIDER));
    for claim in [own(1), second(1)] {
        settle(&mut claims, claim);
    }
    assert_eq!(balance(id(PROVIDER)), before + 150);
}

#[test]
fn a_decided_claim_is_passed_on_once_and_by_its_provider() {
    let mut claims = two_plans();
    let third = open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    submit_one(&mut claims, 1);
    let filed = filing(own(1));
    for who in [INSURER, OTHER_INSURER, MEMBER, STRANGER] {
        calls(id(who));
        refused(|| claims.pass_on(own(1), filed.clone(), SECOND), ClaimsError::NotProvider);
    }
    calls(id(PROVIDER));
    let wrong = Filing { held: 1, ..filed.clone() };
    refused(|| claims.pass_on(own(1), wrong, SECOND), ClaimsError::WrongFiling);
    refused(|| claims.pass_on(own(2), filed.clone(), SECOND), ClaimsError::ClaimNotFound);
    taken_back(|| claims.pass_on(own(1), filed.clone(), PLAN), ClaimsError::WrongPlan);
    taken_back(|| claims.pass_on(own(1), filed.clone(), UNKNOWN), ClaimsError::PlanNotFound);
    settle(&mut claims, own(1));
    let receipt = claims.pass_on(own(1), filed.clone(), SECOND).unwrap();
    assert_eq!((receipt.claim, receipt.adjudication.total.payer), (second(1), Amount(20)), "settled or not");
    for plan in [SECOND, third] {
        refused(|| claims.pass_on(own(1), filed.clone(), plan), ClaimsError::PassedOn);
    }
}

#[test]
fn a_third_insurer_pays_what_two_have_left() {
    let mut claims = two_plans();
    let third = open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    calls(id(INSURER));
    let fees = vec![salus_domain::plan::Fee { code: code(1), price: Amount(50) }];
    claims.set_fees(PLAN, 0, fees).unwrap();
    calls(id(OTHER_INSURER));
    let fees = vec![salus_domain::plan::Fee { code: code(1), price: Amount(70) }];
    claims.set_fees(SECOND, 0, fees).unwrap();
    calls(id(PROVIDER));
    let receipts = claims.submit(submission(1, &[line(1, 100), line(2, 100)]), Some(SECOND)).unwrap();
    let payers = receipts.iter().map(|receipt| receipt.adjudication.total.payer.0);
    assert_eq!(payers.collect::<Vec<_>>(), [120, 30 + 20]);
    let last = claims.pass_on(second(1), filing(second(1)), third).unwrap();
    assert_eq!(last.adjudication.total, samples::split(200, 0, 170, [0; 4], 30));
    let held = filing(last.claim).held;
    assert_eq!((held, known(&claims, last.claim).prior), (0b11, Some(second(1))));
    taken_back(|| claims.pass_on(last.claim, filing(last.claim), PLAN), ClaimsError::DuplicateClaim);
}

#[test]
fn a_secondary_coverage_waits_for_the_first_insurer() {
    let mut claims = claims();
    calls(id(OTHER_INSURER));
    claims.open_plan(Asset::Native, id(ARBITER), 1, terms()).unwrap();
    claims.cover(SECOND, vec![Enrolment { secondary: true, ..enrolment(MEMBER) }]).unwrap();
    fund(&mut claims, OTHER_INSURER, SECOND, FUNDS);
    let alone = submit(&mut claims, Submission { reference: Hash([9; 32]), ..on(SECOND, &[line(1, 100)]) });
    assert!(alone.adjudication.lines[0].reasons.contains(Reason::OtherPayerFirst));
    let prior = Line { prior_paid: Amount(10), ..line(2, 100) };
    let stated = submit(&mut claims, Submission { reference: Hash([8; 32]), ..on(SECOND, &[prior]) });
    assert_eq!(stated.adjudication.total.payer, Amount(80));
    let nothing = Submission { reference: Hash([7; 32]), prior_decided: true, ..on(SECOND, &[line(3, 100)]) };
    assert_eq!(submit(&mut claims, nothing).adjudication.total.payer, Amount(80), "it decided, and paid nothing");
    let dental = Line { category: Category::DentalCare, ..line(4, 100) };
    let receipts = claims.submit(submission(1, &[line(1, 100), dental]), Some(SECOND)).unwrap();
    let denied = &receipts[1].adjudication.lines[1];
    assert!(denied.reasons.contains(Reason::NotCovered), "and not that the other comes first");
}

#[test]
fn plans_in_different_assets_do_not_follow_each_other() {
    let mut claims = claims();
    open(&mut claims, OTHER_INSURER, Asset::Psp22(id(TOKEN)), terms(), 0);
    calls(id(PROVIDER));
    taken_back(|| claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)), ClaimsError::WrongPlan);
    assert_eq!(claims.claim(own(1)), None);
    submit_one(&mut claims, 1);
    taken_back(|| claims.pass_on(own(1), filing(own(1)), SECOND), ClaimsError::WrongPlan);
    assert!(!known(&claims, own(1)).passed_on);
}

#[test]
fn a_claim_that_waits_is_not_passed_on() {
    let mut claims = two_plans();
    let receipts = claims.submit(submission(1, &[maternity(1, 1, 100)]), Some(SECOND)).unwrap();
    assert_eq!(receipts.len(), 1);
    assert!(!known(&claims, own(1)).passed_on);
    submit_one(&mut claims, 2);
    refused(|| claims.pass_on(own(1), filing(own(2)), SECOND), ClaimsError::NotAdjudicated);
    authorise(&mut claims, 1, 1);
    claims.retry(own(1)).unwrap();
    let receipt = claims.pass_on(own(1), filing(own(1)), SECOND).unwrap();
    assert_eq!(receipt.status, ClaimStatus::AwaitsAuthorisation, "each plan authorises for itself");
}

#[test]
fn a_second_claim_that_waits_is_retried_with_what_it_stands_behind() {
    let mut claims = with_an_empty_pool();
    let receipts = claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)).unwrap();
    assert_eq!(receipts[1].status, ClaimStatus::AwaitsFunds);
    assert_eq!(testing::newest::<ClaimPended>().prior, Some(own(1)));
    refused(|| claims.submit(on(SECOND, &[line(1, 100)]), None), ClaimsError::DuplicateClaim);
    fund(&mut claims, STRANGER, SECOND, 20);
    let receipt = claims.retry(second(1)).unwrap();
    assert_eq!(receipt.adjudication.total.payer, Amount(20));
    assert_eq!((filing(second(1)).held, known(&claims, second(1)).prior), (1, Some(own(1))));
}

#[test]
fn who_withdraws_a_second_claim_can_pass_the_first_on_again() {
    let mut claims = with_an_empty_pool();
    claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)).unwrap();
    claims.withdraw_claim(second(1)).unwrap();
    assert_eq!(testing::newest::<ClaimWithdrawn>().claim, second(1));
    assert!(!known(&claims, own(1)).passed_on);
    let receipt = claims.pass_on(own(1), filing(own(1)), PlanId(2)).unwrap();
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
}

#[test]
fn what_is_passed_on_is_appealed_and_taken_back_all_the_same() {
    let mut claims = two_plans();
    let dental = Line { category: Category::DentalCare, ..line(2, 100) };
    claims.submit(submission(1, &[line(1, 100), dental]), Some(SECOND)).unwrap();
    calls(id(MEMBER));
    claims.appeal(own(1), Reason::NotCovered.into(), WORDS).unwrap();
    calls(id(ARBITER));
    // The second insurer counts on what was paid.
    let ruling = || overturn(own(1), Reason::NotCovered.into());
    refused(|| claims.decide_appeal(own(1), ruling(), WORDS), ClaimsError::PassedOn);
    claims.decide_appeal(own(1), Ruling::Upheld, WORDS).unwrap();
    calls(id(PROVIDER));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
}

#[test]
fn services_are_free_once_the_last_insurers_claim_is_taken_back_too() {
    for order in [[own(1), second(1)], [second(1), own(1)]] {
        let mut claims = two_plans();
        claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)).unwrap();
        claims.reverse(order[0], WORDS, filing(order[0])).unwrap();
        let early = submit(&mut claims, submission(2, &[line(1, 100)]));
        assert!(early.adjudication.lines[0].reasons.contains(Reason::Duplicate), "the other still stands");
        claims.reverse(order[1], WORDS, filing(order[1])).unwrap();
        assert!(!known(&claims, own(1)).passed_on);
        assert_eq!(submit(&mut claims, submission(3, &[line(1, 100)])).adjudication.total.payer, Amount(80));
    }
}

#[test]
fn a_claim_under_appeal_is_not_passed_on_before_that_is_decided() {
    let mut claims = two_plans();
    submit_one(&mut claims, 1);
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    refused(|| claims.pass_on(own(1), filing(own(1)), SECOND), ClaimsError::AppealOpen);
    calls(id(ARBITER));
    claims.decide_appeal(own(1), Ruling::Upheld, WORDS).unwrap();
    calls(id(PROVIDER));
    claims.pass_on(own(1), filing(own(1)), SECOND).unwrap();
}

#[test]
fn a_service_that_the_first_insurer_pays_is_not_paid_again_by_another_line_of_the_claim() {
    let mut claims = claims();
    let other = PlanTerms { covered: Category::DentalCare.into(), ..terms() };
    open(&mut claims, OTHER_INSURER, Asset::Native, other, FUNDS);
    calls(id(PROVIDER));
    let dental = Line { category: Category::DentalCare, ..line(1, 100) };
    for (reference, lines, repeated) in [(1, [line(1, 100), dental], 1), (2, [dental, line(1, 100)], 0)] {
        let days = vec![service_day(900 + u64::from(reference))];
        let receipts = claims.submit(Submission { days, ..submission(reference, &lines) }, Some(SECOND)).unwrap();
        assert_eq!(receipts[0].adjudication.total.payer, Amount(80));
        assert!(receipts[1].adjudication.lines[repeated].reasons.contains(Reason::Duplicate));
        assert_eq!(receipts[1].adjudication.total.payer, Amount::ZERO);
    }
}

/// A claim of 100 that three insurers have shared: 40 of 50, 24 of 30, and the rest.
fn shared_by_three() -> (Claims, [ClaimId; 3]) {
    let mut claims = two_plans();
    let third = open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    for (insurer, plan, price) in [(INSURER, PLAN, 50), (OTHER_INSURER, SECOND, 70)] {
        calls(id(insurer));
        claims.set_fees(plan, 0, vec![salus_domain::plan::Fee { code: code(1), price: Amount(price) }]).unwrap();
    }
    calls(id(PROVIDER));
    claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)).unwrap();
    let last = claims.pass_on(second(1), filing(second(1)), third).unwrap().claim;
    (claims, [own(1), second(1), last])
}

#[test]
fn what_a_later_insurer_counts_on_is_not_passed_on_though_a_claim_between_is_taken_back() {
    let (mut claims, [first, between, last]) = shared_by_three();
    claims.reverse(between, WORDS, filing(between)).unwrap();
    refused(|| claims.pass_on(first, filing(first), SECOND), ClaimsError::PassedOn);
    claims.reverse(last, WORDS, filing(last)).unwrap();
    assert!([first, between].iter().all(|claim| !known(&claims, *claim).passed_on));
    assert_eq!(claims.pass_on(first, filing(first), SECOND).unwrap().claim, between);
}

#[test]
fn services_are_free_once_all_insurers_claims_are_taken_back() {
    let (mut claims, all) = shared_by_three();
    for (claim, reference) in all.into_iter().zip(2..) {
        let early = submit(&mut claims, submission(reference, &[line(1, 100)]));
        assert!(early.adjudication.lines[0].reasons.contains(Reason::Duplicate), "another still stands");
        claims.reverse(claim, WORDS, filing(claim)).unwrap();
    }
    assert_eq!(submit(&mut claims, submission(9, &[line(1, 100)])).adjudication.total.payer, Amount(40));
}

#[test]
fn services_are_free_once_a_claim_that_waits_is_withdrawn_and_those_before_it_are_taken_back() {
    for withdrawn_first in [true, false] {
        let mut claims = with_an_empty_pool();
        let receipts = claims.submit(submission(1, &[line(1, 100), line(2, 50)]), Some(SECOND)).unwrap();
        assert_eq!(receipts[1].status, ClaimStatus::AwaitsFunds);
        let mut steps: [&mut dyn FnMut(&mut Claims); 2] =
            [&mut |claims| claims.withdraw_claim(second(1)).unwrap(), &mut |claims| {
                assert_eq!(claims.reverse(own(1), WORDS, filing(own(1))), Ok(Amount::ZERO))
            }];
        if !withdrawn_first {
            steps.reverse();
        }
        steps.into_iter().for_each(|step| step(&mut claims));
        let again = submit(&mut claims, submission(2, &[line(1, 100), line(2, 50)]));
        assert_eq!(again.adjudication.total.payer, Amount(120), "withdrawn first: {withdrawn_first}");
    }
}

#[test]
fn a_claim_frees_no_more_than_eight_before_it() {
    let mut claims = claims();
    for _ in 0..10 {
        open(&mut claims, OTHER_INSURER, Asset::Native, terms(), 0);
    }
    calls(id(PROVIDER));
    let on_plan = |number: u32| claim_id(PlanId(PLAN.0 + number), PROVIDER, 1);
    let dental = Line { category: Category::DentalCare, ..line(1, 100) };
    submit(&mut claims, submission(1, &[dental]));
    for number in 0..10 {
        let next = PlanId(PLAN.0 + number + 1);
        claims.pass_on(on_plan(number), filing(on_plan(number)), next).unwrap();
    }
    for number in 0..=10 {
        claims.reverse(on_plan(number), WORDS, filing(on_plan(number))).unwrap();
    }
    let passed_on = (0..10).map(|number| known(&claims, on_plan(number)).passed_on);
    assert_eq!(passed_on.collect::<Vec<_>>(), [vec![true; 2], vec![false; 8]].concat());
}

#[test]
fn a_claim_is_passed_on_once_more_after_the_second_insurers_is_taken_back() {
    let mut claims = two_plans();
    claims.submit(submission(1, &[line(1, 100)]), Some(SECOND)).unwrap();
    settle(&mut claims, second(1));
    claims.reverse(second(1), WORDS, filing(second(1))).unwrap();
    refused(|| claims.submit(on(SECOND, &[line(1, 100)]), None), ClaimsError::DuplicateClaim);
    let receipt = claims.pass_on(own(1), filing(own(1)), SECOND).unwrap();
    assert_eq!((receipt.claim, receipt.adjudication.total.payer), (second(1), Amount(20)));
    assert_eq!((status(&claims, second(1)), known(&claims, second(1)).paid), (ClaimStatus::Adjudicated, Amount::ZERO));
    assert_eq!(claims.debt(SECOND, id(PROVIDER)), Amount(20));
}
