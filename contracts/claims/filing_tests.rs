//! Filing: what is submitted is decided or waits, is corrected, tried again or withdrawn.

use super::testing::{count, newest, refused, taken_back};
use super::*;
use salus_domain::adjudicate::{LineOutcome, Split};
use salus_domain::claim::ClaimMalformed;
use salus_domain::codes::{Action, Class, Measure, Network, Purpose, Reason, Role};
use salus_domain::commitment;
use salus_domain::time::Period;
use salus_interface::claims::{ClaimPended, ClaimWithdrawn, ClaimsError, MAX_SERVICES_PER_DAY};
use salus_interface::off_chain;

fn reason_of(receipt: &Receipt, line: usize, reason: Reason) -> bool {
    receipt.adjudication.lines[line].reasons.contains(reason)
}

/// A plan whose pool has nothing.
fn without_funds() -> Claims {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Native, terms(), 0);
    calls(id(PROVIDER));
    claims
}

#[test]
fn a_claim_is_adjudicated_and_what_it_pays_is_reserved() {
    let mut claims = claims();
    let receipt = submit(&mut claims, submission(1, &[line(1, 100), line(2, 50)]));
    let total = samples::split(150, 0, 0, [0, 0, 30, 0], 120);
    assert_eq!((receipt.claim, receipt.status, receipt.adjudication.total), (own(1), ClaimStatus::Adjudicated, total));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 120, 0, FUNDS - 120]);
    let lines = receipt.adjudication.lines;
    let filing = Filing {
        submission: submission(1, &[line(1, 100), line(2, 50)]),
        network: Network::In,
        held: 0,
        filed: NOW,
        lines,
    };
    let (decided, due) = (NOW, NOW.plus(DEADLINES.settlement));
    let told = ClaimAdjudicated {
        claim: own(1),
        provider: id(PROVIDER),
        filing: filing.clone(),
        version: 0,
        prior: None,
        decided,
        due,
    };
    assert_eq!(newest::<ClaimAdjudicated>(), told);
    let kept = Claim {
        plan: PLAN,
        version: 0,
        member: id(MEMBER),
        provider: id(PROVIDER),
        status: ClaimStatus::Adjudicated,
        total,
        paid: Amount::ZERO,
        decided,
        due,
        filing: crate::decisions::filing_hash(&filing),
        appeal: None,
        prior: None,
        passed_on: false,
    };
    assert_eq!(known(&claims, own(1)), kept);
    assert_eq!(claims.claim(own(2)), None);
}

#[test]
fn ids_and_commitments_are_those_of_the_domain() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    let hash = |input: &[u8]| {
        let mut digest = [0; 32];
        ink::env::hash_bytes::<ink::env::hash::Blake2x256>(input, &mut digest);
        digest
    };
    assert_eq!(own(1), commitment::claim_id(&hash, PLAN, account(PROVIDER), Hash([1; 32])));
    assert_eq!(known(&claims, own(1)).filing, commitment::filing(&hash, &filing(own(1))));
}

#[test]
fn a_claim_that_is_not_well_formed_is_refused() {
    let mut claims = claims();
    let lines = |lines: &[Line]| submission(1, lines);
    let days = |days: &[u64]| {
        let lines: Vec<Line> = (0..).take(days.len()).map(|day| Line { day, ..line(day, 1) }).collect();
        Submission { days: days.iter().copied().map(service_day).collect(), ..submission(1, &lines) }
    };
    let prior = Line { prior_paid: Amount(2), ..line(1, 1) };
    for (wrong, why) in [
        (lines(&[]), ClaimMalformed::NoLines),
        (lines(&[line(1, 1); 51]), ClaimMalformed::TooManyLines),
        (
            Submission { days: vec![service_day(998), service_day(999)], ..lines(&[line(1, 1)]) },
            ClaimMalformed::TooManyDays,
        ),
        (lines(&[line(1, 1), Line { day: 1, ..line(2, 1) }]), ClaimMalformed::UnknownDay),
        (lines(&[Line { day: 1, ..line(2, 1) }]), ClaimMalformed::UnusedDay),
        (days(&[999, 999]), ClaimMalformed::RepeatedDay),
        (days(&[1_001]), ClaimMalformed::FutureService),
        (lines(&[Line { quantity: 0, ..line(1, 1) }]), ClaimMalformed::ZeroQuantity),
        (lines(&[line(1, 0)]), ClaimMalformed::ZeroAmount),
        (lines(&[prior]), ClaimMalformed::PriorPaidAboveSubmitted),
        (
            Submission { prior_decided: false, ..lines(&[Line { prior_paid: Amount(1), ..prior }]) },
            ClaimMalformed::PriorPaidUndecided,
        ),
        (lines(&[line(1, u128::MAX), line(2, 1)]), ClaimMalformed::Overflow),
    ] {
        refused(|| claims.submit(wrong, None), ClaimsError::Malformed(why));
    }
}

#[test]
fn fifty_lines_of_the_largest_amounts_are_adjudicated_and_wait() {
    let mut claims = claims();
    let lines: Vec<Line> = (0..50).map(|number| line(number, samples::MOST)).collect();
    let receipt = submit(&mut claims, submission(1, &lines));
    assert_eq!(receipt.status, ClaimStatus::AwaitsFunds);
    assert!(samples::adds_up(&receipt.adjudication.total));
}

#[test]
fn the_registry_is_asked_whether_the_insurer_may_use_the_claim_for_payment() {
    let mut claims = claims();
    let lines = [line(1, 100), Line { day: 1, ..line(2, 100) }];
    let days = vec![service_day(999), service_day(990)];
    submit(&mut claims, Submission { days, ..submission(1, &lines) });
    let (patient, request) = others(|others| others.asked.clone()).unwrap();
    assert_eq!(patient, id(MEMBER));
    assert_eq!((request.purpose, request.action), (Purpose::Hpaymt, Action::Use));
    assert_eq!(request.principal.account, account(INSURER));
    assert_eq!(request.principal.organisations, [account(INSURER)]);
    assert!(request.principal.roles.contains(Role::Payer));
    assert_eq!(request.classes, Some(Class::Claim.into()));
    assert_eq!(request.data_period, Some(Period { start: day(990), end: day(1_000) }));
}

#[test]
fn without_a_credential_or_a_consent_each_line_is_denied() {
    let mut claims = claims();
    others(|others| others.uncredentialed.insert(id(PROVIDER)));
    let receipt = submit(&mut claims, submission(1, &[line(1, 100), line(2, 100)]));
    assert!(reason_of(&receipt, 0, Reason::NotCredentialed) && reason_of(&receipt, 1, Reason::NotCredentialed));
    others(|others| (others.uncredentialed.clear(), others.unwilling.insert(id(MEMBER))));
    let receipt = submit(&mut claims, submission(2, &[line(1, 100)]));
    assert!(reason_of(&receipt, 0, Reason::NoConsent));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
    others(|others| others.unwilling.clear());
    assert_eq!(submit(&mut claims, submission(3, &[line(1, 100)])).adjudication.total.payer, Amount(80));
}

#[test]
fn without_an_answer_of_the_other_contracts_nothing_is_decided() {
    let mut claims = claims();
    let appealed = submit_one(&mut claims, 1);
    claims.appeal(appealed, ReasonSet::EMPTY, WORDS).unwrap();
    for (other, why) in [(GRANTS, ClaimsError::AccessGrantsFailed), (REGISTRY, ClaimsError::ConsentRegistryFailed)] {
        others(|others| others.silent = [id(other)].into());
        calls(id(PROVIDER));
        refused(|| claims.submit(submission(2, &[line(2, 100)]), None), why);
        calls(id(ARBITER));
        refused(|| claims.decide_appeal(appealed, overturn(appealed, ReasonSet::EMPTY), WORDS), why);
    }
}

#[test]
fn a_member_who_is_not_covered_is_denied_and_not_refused() {
    let mut claims = claims();
    let receipt = submit(&mut claims, Submission { member: account(CHILD), ..submission(1, &[line(1, 100)]) });
    assert!(reason_of(&receipt, 0, Reason::CoverageInactive));
    assert_eq!(receipt.adjudication.total, samples::split(100, 0, 0, [0, 0, 0, 100], 0));
    assert_eq!(status(&claims, own(1)), ClaimStatus::Adjudicated);
}

#[test]
fn a_reference_is_used_once_by_each_provider_for_each_plan() {
    let mut claims = two_plans();
    submit_one(&mut claims, 1);
    refused(|| claims.submit(submission(1, &[line(2, 100)]), None), ClaimsError::DuplicateClaim);
    settle(&mut claims, own(1));
    refused(|| claims.submit(submission(1, &[line(2, 100)]), None), ClaimsError::DuplicateClaim);
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    refused(|| claims.submit(submission(1, &[line(2, 100)]), None), ClaimsError::DuplicateClaim);
    claims.submit(Submission { plan: SECOND, ..submission(1, &[line(2, 100)]) }, None).unwrap();
    calls(id(OTHER_PROVIDER));
    let [receipt] = claims.submit(submission(1, &[line(2, 100)]), None).unwrap().try_into().unwrap();
    assert_eq!(receipt.claim, claim_id(PLAN, OTHER_PROVIDER, 1));
}

#[test]
fn a_service_of_a_day_is_paid_once() {
    let mut claims = claims();
    let receipt = submit(&mut claims, submission(1, &[line(1, 100), line(1, 100), line(2, 100)]));
    assert!(reason_of(&receipt, 1, Reason::Duplicate) && !reason_of(&receipt, 2, Reason::Duplicate));
    let receipt = submit(&mut claims, submission(2, &[line(2, 100), line(3, 100)]));
    assert!(reason_of(&receipt, 0, Reason::Duplicate) && !reason_of(&receipt, 1, Reason::Duplicate));
    let days = vec![service_day(998)];
    let receipt = submit(&mut claims, Submission { days, ..submission(3, &[line(2, 100)]) });
    assert!(!reason_of(&receipt, 0, Reason::Duplicate));
    calls(id(OTHER_PROVIDER));
    let [receipt] = claims.submit(submission(1, &[line(1, 100)]), None).unwrap().try_into().unwrap();
    assert!(!reason_of(&receipt, 0, Reason::Duplicate));
}

#[test]
fn what_was_denied_takes_no_service_away() {
    let mut claims = claims();
    let dental = Line { category: Category::DentalCare, ..line(1, 100) };
    let receipt = submit(&mut claims, submission(1, &[dental, line(1, 100)]));
    assert!(reason_of(&receipt, 0, Reason::NotCovered) && !reason_of(&receipt, 1, Reason::Duplicate));
    others(|others| others.unwilling.insert(id(MEMBER)));
    submit(&mut claims, submission(2, &[line(2, 100)]));
    others(|others| others.unwilling.clear());
    assert!(!reason_of(&submit(&mut claims, submission(3, &[line(2, 100)])), 0, Reason::Duplicate));
}

#[test]
fn a_day_has_a_hundred_services_at_most() {
    let mut claims = claims();
    let lines = |from: u8, many: u8| (from..from + many).map(|number| line(number, 1)).collect::<Vec<_>>();
    submit(&mut claims, submission(1, &lines(0, 50)));
    submit(&mut claims, submission(2, &lines(50, 49)));
    assert_eq!(MAX_SERVICES_PER_DAY, 100);
    refused(|| claims.submit(submission(3, &lines(99, 2)), None), ClaimsError::TooManyServices);
    submit(&mut claims, submission(3, &lines(99, 1)));
    refused(|| claims.submit(submission(4, &lines(100, 1)), None), ClaimsError::TooManyServices);
}

#[test]
fn a_claim_that_the_pool_cannot_cover_waits_with_nothing_reserved_or_used() {
    let mut claims = without_funds();
    let receipt = submit(&mut claims, submission(1, &[line(1, 100)]));
    let told = ClaimPended {
        claim: own(1),
        status: ClaimStatus::AwaitsFunds,
        submission: submission(1, &[line(1, 100)]),
        provider: id(PROVIDER),
        prior: None,
        total: receipt.adjudication.total,
        filed: NOW,
    };
    assert_eq!((receipt.status, newest::<ClaimPended>()), (ClaimStatus::AwaitsFunds, told));
    assert_eq!(receipt.adjudication.total.payer, Amount(80));
    assert_eq!(pool(&claims, PLAN), [0; 5]);
    taken_back(|| claims.retry(own(1)), ClaimsError::PoolTooSmall);
    fund(&mut claims, STRANGER, PLAN, 79);
    taken_back(|| claims.retry(own(1)), ClaimsError::PoolTooSmall);
    fund(&mut claims, STRANGER, PLAN, 1);
    calls(id(STRANGER));
    let receipt = claims.retry(own(1)).unwrap();
    assert_eq!((receipt.status, receipt.claim), (ClaimStatus::Adjudicated, own(1)));
    assert_eq!(newest::<ClaimAdjudicated>().claim, own(1));
    assert_eq!(known(&claims, own(1)).provider, id(PROVIDER), "whoever tries again");
    assert_eq!(pool(&claims, PLAN), [80, 0, 80, 0, 0]);
    refused(|| claims.retry(own(1)), ClaimsError::NotPended);
    refused(|| claims.retry(own(2)), ClaimsError::ClaimNotFound);
}

#[test]
fn of_a_claim_with_a_line_that_waits_nothing_is_paid() {
    let mut claims = claims();
    let receipt = submit(&mut claims, submission(1, &[line(1, 100), maternity(2, 1, 100)]));
    assert_eq!(receipt.status, ClaimStatus::AwaitsAuthorisation);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
    assert!(!reason_of(&submit(&mut claims, submission(2, &[line(1, 100)])), 0, Reason::Duplicate));
    authorise(&mut claims, 2, 1);
    let receipt = claims.retry(own(1)).unwrap();
    assert!(reason_of(&receipt, 0, Reason::Duplicate), "what holds now");
    assert_eq!(receipt.adjudication.total.payer, Amount(80));
}

#[test]
fn a_pended_claim_is_decided_by_what_holds_when_it_is_retried() {
    let mut claims = without_funds();
    submit(&mut claims, submission(1, &[line(1, 100)]));
    others(|others| others.unwilling.insert(id(MEMBER)));
    calls(id(STRANGER));
    taken_back(|| claims.retry(own(1)), ClaimsError::NotProvider);
    calls(id(PROVIDER));
    let receipt = claims.retry(own(1)).unwrap();
    assert!(reason_of(&receipt, 0, Reason::NoConsent));
    assert_eq!(status(&claims, own(1)), ClaimStatus::Adjudicated);
}

#[test]
fn a_claim_is_late_by_the_time_of_its_filing_and_not_because_it_waited() {
    let mut claims = without_funds();
    submit(&mut claims, submission(1, &[line(1, 100)]));
    at(day(999).plus(DEADLINES.filing + 1));
    fund(&mut claims, INSURER, PLAN, 1_000);
    assert_eq!(claims.retry(own(1)).unwrap().adjudication.total.payer, Amount(80));
    let late = submit(&mut claims, submission(2, &[line(2, 100)]));
    assert!(reason_of(&late, 0, Reason::FilingDeadline));
}

#[test]
fn a_pended_claim_is_corrected_under_its_reference() {
    let mut claims = without_funds();
    submit(&mut claims, submission(1, &[line(1, 100)]));
    let receipt = submit(&mut claims, submission(1, &[line(1, 90)]));
    assert_eq!((receipt.claim, receipt.status), (own(1), ClaimStatus::AwaitsFunds));
    assert_eq!(newest::<ClaimPended>().submission, submission(1, &[line(1, 90)]));
    fund(&mut claims, INSURER, PLAN, 1_000);
    assert_eq!(claims.retry(own(1)).unwrap().adjudication.total.payer, Amount(72));
    let cells = off_chain::dump().len();
    let mut others = without_funds();
    submit(&mut others, submission(1, &[line(1, 100)]));
    fund(&mut others, INSURER, PLAN, 1_000);
    submit(&mut others, submission(1, &[line(1, 90)]));
    assert_eq!(status(&others, own(1)), ClaimStatus::Adjudicated);
    assert_eq!(off_chain::dump().len(), cells, "what was pended is forgotten");
}

#[test]
fn a_pended_claim_is_withdrawn_and_leaves_nothing() {
    let mut claims = without_funds();
    let before = off_chain::dump();
    submit(&mut claims, submission(1, &[line(1, 100)]));
    for who in [INSURER, MEMBER, STRANGER, OTHER_PROVIDER] {
        calls(id(who));
        refused(|| claims.withdraw_claim(own(1)), ClaimsError::NotProvider);
    }
    calls(id(PROVIDER));
    claims.withdraw_claim(own(1)).unwrap();
    assert_eq!(newest::<ClaimWithdrawn>(), ClaimWithdrawn { claim: own(1) });
    assert_eq!(off_chain::dump(), before);
    refused(|| claims.withdraw_claim(own(1)), ClaimsError::ClaimNotFound);
    submit(&mut claims, submission(1, &[line(1, 90)]));
    fund(&mut claims, INSURER, PLAN, 1_000);
    claims.retry(own(1)).unwrap();
    calls(id(PROVIDER));
    refused(|| claims.withdraw_claim(own(1)), ClaimsError::NotPended);
}

#[test]
fn limits_are_used_by_claims_one_after_the_other() {
    let limits = vec![samples::limit(Measure::Deductible, 150), samples::limit(Measure::Services, 3)];
    let mut claims = claims_under(PlanTerms { limits, ..terms() });
    let paid = |claims: &mut Claims, number| {
        submit(claims, submission(number, &[line(number, 100)])).adjudication.total.payer.0
    };
    assert_eq!([1, 2, 3, 4].map(|number| paid(&mut claims, number)), [0, 40, 80, 0]);
    assert!(filing(own(4)).lines[0].reasons.contains(Reason::FrequencyLimit));
    let coverages = claims.coverages(PLAN, id(MEMBER));
    let mut used: Vec<u128> = coverages[0].used.iter().map(|(_, used)| *used).collect();
    used.sort_unstable();
    assert_eq!(used, [3, 150]);
}

#[test]
fn a_claim_that_pays_nothing_writes_no_pool_and_no_service() {
    let mut claims = claims();
    let before = off_chain::dump();
    others(|others| others.unwilling.insert(id(MEMBER)));
    let receipt = submit(&mut claims, submission(1, &[line(1, 100)]));
    let outcome = LineOutcome {
        split: Split { submitted: Amount(100), adjustment: Amount(100), ..Split::default() },
        quantity: 0,
        authorised: 0,
        reasons: Reason::NoConsent.into(),
    };
    assert_eq!(receipt.adjudication.lines, [outcome]);
    let after = off_chain::dump();
    assert_eq!(after.len(), before.len() + 1, "the claim alone");
    assert!(before.iter().all(|(cell, value)| after.get(cell) == Some(value)));
    assert_eq!(count(), 4, "opened, covered, funded, adjudicated");
}
