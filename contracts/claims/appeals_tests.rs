//! Appeals: by the member or the provider, decided by the arbiter or by silence; the insurer can grant them.

use super::testing::{newest, refused};
use super::*;
use salus_domain::codes::Reason;
use salus_interface::claims::{Appeal, AppealAnswered, AppealDecided, AppealStatus, ClaimAppealed, ClaimsError};

pub const REVIEW: Timestamp = NOW.plus(DEADLINES.review);

/// A claim of 100 that is denied since nothing of dental care is covered.
pub fn denied(claims: &mut Claims, reference: u8) -> ClaimId {
    let dental = Line { category: Category::DentalCare, ..line(reference, 100) };
    submit(claims, submission(reference, &[dental])).claim
}

pub fn not_covered() -> ReasonSet {
    Reason::NotCovered.into()
}

/// The provider's appeal against the denial of the first claim.
pub fn appealed() -> Claims {
    let mut claims = claims();
    denied(&mut claims, 1);
    claims.appeal(own(1), not_covered(), WORDS).unwrap();
    claims
}

pub fn appeal_of(claims: &Claims, claim: ClaimId) -> AppealStatus {
    known(claims, claim).appeal.unwrap().status
}

#[test]
fn the_member_or_the_provider_appeals() {
    for who in [PROVIDER, MEMBER] {
        let mut claims = claims();
        denied(&mut claims, 1);
        calls(id(who));
        claims.appeal(own(1), not_covered(), WORDS).unwrap();
        let appeal = Appeal { set_aside: not_covered(), deadline: REVIEW, status: AppealStatus::Open };
        let told = ClaimAppealed { claim: own(1), by: id(who), appeal, statement: WORDS };
        assert_eq!(newest::<ClaimAppealed>(), told);
        assert_eq!(known(&claims, own(1)).appeal, Some(appeal));
    }
    let mut claims = claims();
    denied(&mut claims, 1);
    for who in [INSURER, ARBITER, STRANGER, OTHER_PROVIDER, CHILD] {
        calls(id(who));
        refused(|| claims.appeal(own(1), not_covered(), WORDS), ClaimsError::NotParty);
    }
}

#[test]
fn what_is_not_decided_cannot_be_appealed() {
    let mut claims = claims();
    refused(|| claims.appeal(own(1), ReasonSet::EMPTY, WORDS), ClaimsError::ClaimNotFound);
    submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    refused(|| claims.appeal(own(1), ReasonSet::EMPTY, WORDS), ClaimsError::NotAdjudicated);
    submit_one(&mut claims, 2);
    claims.reverse(own(2), WORDS, filing(own(2))).unwrap();
    refused(|| claims.appeal(own(2), ReasonSet::EMPTY, WORDS), ClaimsError::NotAdjudicated);
}

#[test]
fn an_appeal_sets_aside_judgements_and_no_facts() {
    let mut claims = claims();
    denied(&mut claims, 1);
    for reason in Reason::ALL.iter().filter(|reason| !ReasonSet::APPEALABLE.contains(**reason)) {
        let set_aside = not_covered().with(*reason);
        refused(|| claims.appeal(own(1), set_aside, WORDS), ClaimsError::NotAppealable);
    }
    claims.appeal(own(1), ReasonSet::APPEALABLE, WORDS).unwrap();
    calls(id(ARBITER));
    let wrong = overturn(own(1), Reason::Duplicate.into());
    refused(|| claims.decide_appeal(own(1), wrong, WORDS), ClaimsError::NotAppealable);
}

#[test]
fn a_decision_is_appealed_once_and_in_time() {
    let mut claims = appealed();
    refused(|| claims.appeal(own(1), not_covered(), WORDS), ClaimsError::AlreadyAppealed);
    calls(id(ARBITER));
    claims.decide_appeal(own(1), Ruling::Upheld, WORDS).unwrap();
    calls(id(PROVIDER));
    refused(|| claims.appeal(own(1), not_covered(), WORDS), ClaimsError::AlreadyAppealed);
    denied(&mut claims, 2);
    at(NOW.plus(DEADLINES.appeal));
    refused(|| claims.appeal(own(2), not_covered(), WORDS), ClaimsError::TooLate);
    at(Timestamp(NOW.0 + DEADLINES.appeal - 1));
    claims.appeal(own(2), not_covered(), WORDS).unwrap();
}

#[test]
fn the_insurer_answers_an_open_appeal() {
    let mut claims = appealed();
    denied(&mut claims, 2);
    calls(id(INSURER));
    claims.answer_appeal(own(1), WORDS).unwrap();
    assert_eq!(newest::<AppealAnswered>(), AppealAnswered { claim: own(1), statement: WORDS });
    refused(|| claims.answer_appeal(own(2), WORDS), ClaimsError::NotAppealed);
    refused(|| claims.answer_appeal(own(3), WORDS), ClaimsError::ClaimNotFound);
    calls(id(ARBITER));
    refused(|| claims.answer_appeal(own(1), WORDS), ClaimsError::NotInsurer);
}

#[test]
fn the_arbiter_upholds_and_nobody_else_does() {
    let mut claims = appealed();
    for who in [INSURER, PROVIDER, MEMBER, STRANGER] {
        calls(id(who));
        refused(|| claims.decide_appeal(own(1), Ruling::Upheld, WORDS), ClaimsError::NotArbiter);
    }
    at(REVIEW);
    for who in [INSURER, STRANGER, ARBITER] {
        calls(id(who));
        refused(|| claims.decide_appeal(own(1), Ruling::Upheld, WORDS), ClaimsError::NotArbiter);
    }
    at(Timestamp(REVIEW.0 - 1));
    let before = known(&claims, own(1));
    assert_eq!(claims.decide_appeal(own(1), Ruling::Upheld, WORDS), Ok(AppealStatus::Upheld));
    let (by, set_aside, status) = (id(ARBITER), not_covered(), AppealStatus::Upheld);
    let told = AppealDecided { claim: own(1), by, status, set_aside, statement: WORDS };
    assert_eq!(newest::<AppealDecided>(), told);
    let appeal = Some(Appeal { status: AppealStatus::Upheld, ..before.appeal.unwrap() });
    assert_eq!(known(&claims, own(1)), Claim { appeal, ..before });
    refused(|| claims.decide_appeal(own(1), Ruling::Upheld, WORDS), ClaimsError::NotAppealed);
    refused(|| claims.decide_appeal(own(2), Ruling::Upheld, WORDS), ClaimsError::ClaimNotFound);
}

#[test]
fn an_insurer_does_not_end_an_appeal_by_granting_little() {
    let mut claims = appealed();
    calls(id(INSURER));
    claims.set_fees(PLAN, 0, vec![salus_domain::plan::Fee { code: code(1), price: Amount(5) }]).unwrap();
    let granted = claims.decide_appeal(own(1), overturn(own(1), not_covered()), WORDS);
    assert_eq!((granted, known(&claims, own(1)).total.payer), (Ok(AppealStatus::Granted), Amount(4)));
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::NotSettled);
    settle(&mut claims, own(1));
    calls(id(INSURER));
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::AppealOpen);
    calls(id(ARBITER));
    let both = not_covered().with(Reason::FeeSchedule);
    assert_eq!(claims.decide_appeal(own(1), overturn(own(1), both), WORDS), Ok(AppealStatus::Overturned));
    assert_eq!(known(&claims, own(1)).total.payer, Amount(80));
}

#[test]
fn an_appeal_delays_nothing_that_is_not_in_dispute() {
    let mut claims = claims();
    let dental = Line { category: Category::DentalCare, ..line(2, 100) };
    submit(&mut claims, submission(1, &[line(1, 100), dental]));
    let due = known(&claims, own(1)).due;
    claims.appeal(own(1), not_covered(), WORDS).unwrap();
    at(day(1_010));
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), not_covered()), WORDS).unwrap();
    assert_eq!((known(&claims, own(1)).due, due), (due, NOW.plus(DEADLINES.settlement)));
}

#[test]
fn an_appeal_that_nobody_decides_keeps_its_provider_from_nothing() {
    for passes_on in [true, false] {
        let mut claims = two_plans();
        submit_one(&mut claims, 1);
        settle(&mut claims, own(1));
        claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
        at(Timestamp(REVIEW.0 - 1));
        refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::AppealOpen);
        at(REVIEW);
        calls(id(INSURER));
        refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::AppealOpen);
        calls(id(PROVIDER));
        if passes_on {
            claims.pass_on(own(1), filing(own(1)), SECOND).unwrap();
        } else {
            claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
        }
    }
}

#[test]
fn an_appeal_does_not_use_up_the_time_to_take_a_claim_back() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    at(day(1_050));
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    calls(id(ARBITER));
    claims.decide_appeal(own(1), Ruling::Upheld, WORDS).unwrap();
    let last = day(1_050).plus(DEADLINES.review).plus(DEADLINES.reversal);
    calls(id(INSURER));
    at(last);
    refused(|| claims.reverse(own(1), WORDS, filing(own(1))), ClaimsError::TooLate);
    at(Timestamp(last.0 - 1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
}

#[test]
fn nobody_but_the_arbiter_ends_an_appeal_that_brings_no_more() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    claims.appeal(own(1), ReasonSet::EMPTY, WORDS).unwrap();
    let not_arbiter = ClaimsError::NotArbiter;
    for (who, now, error) in [
        (INSURER, NOW, ClaimsError::NothingToPay),
        (PROVIDER, REVIEW, ClaimsError::NothingToPay),
        (MEMBER, REVIEW, ClaimsError::NothingToPay),
        (STRANGER, REVIEW, not_arbiter),
        (ARBITER, REVIEW, not_arbiter),
    ] {
        at(now);
        calls(id(who));
        let ruling = overturn(own(1), ReasonSet::EMPTY);
        refused(|| claims.decide_appeal(own(1), ruling, WORDS), error);
    }
    at(NOW);
    assert_eq!(claims.decide_appeal(own(1), Ruling::Upheld, WORDS), Ok(AppealStatus::Upheld));
}

#[test]
fn once_the_deadline_is_over_who_may_appeal_has_it_granted_as_it_asks_for() {
    for appellant in [PROVIDER, MEMBER] {
        let mut claims = appealed();
        at(Timestamp(REVIEW.0 - 1));
        for who in [PROVIDER, MEMBER, STRANGER] {
            calls(id(who));
            let ruling = overturn(own(1), not_covered());
            refused(|| claims.decide_appeal(own(1), ruling, WORDS), ClaimsError::NotArbiter);
        }
        at(REVIEW);
        for who in [STRANGER, ARBITER] {
            calls(id(who));
            let ruling = overturn(own(1), not_covered());
            refused(|| claims.decide_appeal(own(1), ruling, WORDS), ClaimsError::NotArbiter);
        }
        for who in [INSURER, appellant] {
            calls(id(who));
            for other in [ReasonSet::EMPTY, not_covered().with(Reason::FeeSchedule)] {
                refused(|| claims.decide_appeal(own(1), overturn(own(1), other), WORDS), ClaimsError::NotArbiter);
            }
        }
        let ruling = overturn(own(1), not_covered());
        assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
        assert_eq!(newest::<AppealDecided>().by, id(appellant));
    }
}

#[test]
fn the_arbiter_may_set_other_reasons_aside_than_were_asked_for() {
    let mut claims = appealed();
    calls(id(ARBITER));
    let more = not_covered().with(Reason::FeeSchedule);
    assert_eq!(claims.decide_appeal(own(1), overturn(own(1), more), WORDS), Ok(AppealStatus::Overturned));
    assert_eq!(known(&claims, own(1)).appeal.unwrap().set_aside, more);
    assert_eq!(newest::<AppealDecided>().set_aside, more);
}

#[test]
fn an_appeal_is_decided_by_the_filing_of_its_claim() {
    let mut claims = appealed();
    denied(&mut claims, 2);
    calls(id(ARBITER));
    let wrong = Ruling::Overturned { set_aside: not_covered(), filing: filing(own(2)) };
    refused(|| claims.decide_appeal(own(1), wrong, WORDS), ClaimsError::WrongFiling);
}

#[test]
fn an_appeal_that_the_pool_cannot_cover_stays_open() {
    let mut claims = appealed();
    calls(id(INSURER));
    claims.withdraw(PLAN, Amount(FUNDS - 79)).unwrap();
    calls(id(ARBITER));
    let ruling = overturn(own(1), not_covered());
    refused(|| claims.decide_appeal(own(1), ruling.clone(), WORDS), ClaimsError::PoolTooSmall);
    assert_eq!(appeal_of(&claims, own(1)), AppealStatus::Open);
    fund(&mut claims, STRANGER, PLAN, 1);
    at(REVIEW);
    calls(id(PROVIDER));
    assert_eq!(claims.decide_appeal(own(1), ruling, WORDS), Ok(AppealStatus::Overturned));
}
