//! Prior authorisations: asked for, granted, refused, granted by silence, used up.

use super::testing::{newest, refused};
use super::*;
use salus_domain::codes::Reason;
use salus_interface::claims::{Authorisation, AuthorisationChanged, ClaimsError};

fn request(claims: &mut Claims, number: u8, quantity: u32) {
    calls(id(PROVIDER));
    claims.request_authorisation(PLAN, id(MEMBER), code(number), quantity).unwrap();
}

fn decide(claims: &mut Claims, number: u8, grant: Option<(u32, Timestamp)>) {
    calls(id(INSURER));
    claims.decide_authorisation(procedure(number), grant).unwrap();
    calls(id(PROVIDER));
}

fn standing(claims: &Claims, number: u8) -> Option<Authorisation> {
    claims.authorisation(procedure(number))
}

const fn granted(quantity: u32) -> Option<Authorisation> {
    Some(Authorisation::Granted { quantity, until: Timestamp::MAX })
}

#[test]
fn a_provider_asks_and_the_insurer_decides() {
    let mut claims = claims();
    request(&mut claims, 1, 5);
    let deadline = NOW.plus(DEADLINES.authorisation);
    let authorisation = Authorisation::Requested { quantity: 5, deadline };
    let told = AuthorisationChanged { member: id(MEMBER), procedure: procedure(1), authorisation };
    assert_eq!(newest::<AuthorisationChanged>(), told);
    assert_eq!(standing(&claims, 1), Some(authorisation));
    decide(&mut claims, 1, None);
    assert_eq!(newest::<AuthorisationChanged>().authorisation, Authorisation::Refused);
    assert_eq!((standing(&claims, 1), standing(&claims, 2)), (Some(Authorisation::Refused), None));
    decide(&mut claims, 1, Some((3, NOW)));
    let authorisation = Authorisation::Granted { quantity: 3, until: NOW };
    assert_eq!(newest::<AuthorisationChanged>(), AuthorisationChanged { authorisation, ..told });
}

#[test]
fn what_is_granted_is_not_taken_back() {
    let mut claims = claims();
    request(&mut claims, 1, 5);
    at(NOW.plus(DEADLINES.authorisation));
    authorise(&mut claims, 2, 5);
    for number in [1, 2] {
        calls(id(INSURER));
        for less in [None, Some((4, Timestamp::MAX)), Some((9, Timestamp(u64::MAX - 1)))] {
            refused(|| claims.decide_authorisation(procedure(number), less), ClaimsError::TooLate);
        }
        submit(&mut claims, submission(number, &[maternity(number, 3, 100)]));
        decide(&mut claims, number, Some((2, Timestamp::MAX)));
        submit(
            &mut claims,
            Submission { days: vec![service_day(998)], ..submission(10 + number, &[maternity(number, 2, 100)]) },
        );
        assert_eq!(standing(&claims, number), granted(0));
        decide(&mut claims, number, None);
    }
}

#[test]
fn a_stranger_does_not_choose_a_bad_moment_for_a_claim_that_waits() {
    let mut claims = claims();
    submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    authorise(&mut claims, 1, 1);
    others(|others| others.uncredentialed.insert(id(PROVIDER)));
    calls(id(STRANGER));
    testing::taken_back(|| claims.retry(own(1)), ClaimsError::NotProvider);
    others(|others| others.uncredentialed.clear());
    assert_eq!(claims.retry(own(1)).unwrap().adjudication.total.payer, Amount(80));
}

#[test]
fn a_reversal_gives_back_line_by_line_what_was_taken() {
    let mut claims = claims();
    authorise(&mut claims, 1, 5);
    decide(&mut claims, 2, None);
    submit(&mut claims, submission(1, &[maternity(1, 5, 100), maternity(2, 1, 100)]));
    assert_eq!(standing(&claims, 1), granted(0));
    let set_aside = Reason::AuthorisationRefused.into();
    claims.appeal(own(1), set_aside, WORDS).unwrap();
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), set_aside), WORDS).unwrap();
    assert_eq!(known(&claims, own(1)).total.payer, Amount(160));
    calls(id(PROVIDER));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!((standing(&claims, 1), standing(&claims, 2)), (granted(5), Some(Authorisation::Refused)));
}

#[test]
fn a_line_that_is_not_paid_takes_no_units_from_another() {
    let mut claims = claims();
    authorise(&mut claims, 1, 5);
    let days = vec![service_day(800), service_day(999)];
    let late = maternity(1, 5, 100);
    let receipt = submit(&mut claims, Submission { days, ..submission(1, &[late, Line { day: 1, ..late }]) });
    assert_eq!(receipt.adjudication.lines[0].quantity, 0);
}

#[test]
fn what_is_asked_for_or_granted_is_not_asked_for_again() {
    let mut claims = claims();
    refused(|| claims.request_authorisation(PLAN, id(MEMBER), code(1), 0), ClaimsError::ZeroQuantity);
    refused(|| claims.request_authorisation(PLAN, id(CHILD), code(1), 1), ClaimsError::NotCovered);
    request(&mut claims, 1, 1);
    refused(|| claims.request_authorisation(PLAN, id(MEMBER), code(1), 1), ClaimsError::AlreadyRequested);
    decide(&mut claims, 1, Some((1, NOW)));
    refused(|| claims.request_authorisation(PLAN, id(MEMBER), code(1), 1), ClaimsError::AlreadyRequested);
    at(Timestamp(NOW.0 + 1));
    request(&mut claims, 1, 1);
    decide(&mut claims, 1, None);
    calls(id(PROVIDER));
    refused(|| claims.request_authorisation(PLAN, id(MEMBER), code(1), 1), ClaimsError::AlreadyRequested);
    calls(id(INSURER));
    let nothing = Some((0, NOW));
    refused(|| claims.decide_authorisation(procedure(1), nothing), ClaimsError::ZeroQuantity);
}

#[test]
fn a_claim_waits_for_its_authorisation_and_then_uses_it_up() {
    let mut claims = claims();
    let receipt = submit(&mut claims, submission(1, &[line(2, 100), maternity(1, 2, 100)]));
    assert_eq!(receipt.status, ClaimStatus::AwaitsAuthorisation);
    assert!(receipt.adjudication.lines[1].reasons.contains(Reason::AuthorisationMissing));
    request(&mut claims, 1, 5);
    testing::taken_back(|| claims.retry(receipt.claim), ClaimsError::AuthorisationMissing);
    decide(&mut claims, 1, Some((3, Timestamp::MAX)));
    assert_eq!(claims.retry(receipt.claim).unwrap().adjudication.total.payer, Amount(160));
    assert_eq!(standing(&claims, 1), granted(1));
    let days = vec![service_day(998)];
    let receipt = submit(&mut claims, Submission { days, ..submission(2, &[maternity(1, 4, 100)]) });
    assert_eq!(receipt.adjudication.total.payer, Amount(20), "one of four units");
    assert!(receipt.adjudication.lines[0].reasons.contains(Reason::AuthorisationExceeded));
    assert_eq!(standing(&claims, 1), granted(0));
    let days = vec![service_day(997)];
    let receipt = submit(&mut claims, Submission { days, ..submission(3, &[maternity(1, 1, 100)]) });
    assert_eq!(receipt.status, ClaimStatus::AwaitsAuthorisation);
    request(&mut claims, 1, 1);
}

#[test]
fn the_lines_of_one_claim_share_an_authorisation() {
    let mut claims = claims();
    authorise(&mut claims, 1, 3);
    let later = Line { day: 1, ..maternity(1, 2, 100) };
    let days = vec![service_day(998), service_day(999)];
    let receipt = submit(&mut claims, Submission { days, ..submission(1, &[maternity(1, 2, 100), later]) });
    let payers = receipt.adjudication.lines.iter().map(|line| line.split.payer.0);
    assert_eq!(payers.collect::<Vec<_>>(), [80, 40]);
    assert_eq!(standing(&claims, 1), granted(0));
}

#[test]
fn a_service_of_which_nothing_is_authorised_can_be_claimed_again() {
    let mut claims = claims();
    authorise(&mut claims, 1, 2);
    let later = Line { day: 1, ..maternity(1, 2, 100) };
    let days = vec![service_day(998), service_day(999)];
    let receipt = submit(&mut claims, Submission { days, ..submission(1, &[maternity(1, 2, 100), later]) });
    assert_eq!(receipt.adjudication.lines[1].reasons, Reason::AuthorisationExceeded.into());
    authorise(&mut claims, 1, 2);
    let receipt = submit(&mut claims, submission(2, &[maternity(1, 2, 100)]));
    assert_eq!(receipt.adjudication.total.payer, Amount(80));
}

#[test]
fn an_authorisation_is_of_one_procedure_for_one_member_by_one_provider() {
    let mut claims = claims();
    calls(id(INSURER));
    for other in [
        Procedure { member: id(CHILD), ..procedure(1) },
        Procedure { provider: id(OTHER_PROVIDER), ..procedure(1) },
        procedure(2),
    ] {
        claims.decide_authorisation(other, Some((9, Timestamp::MAX))).unwrap();
    }
    let receipt = submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    assert_eq!(receipt.status, ClaimStatus::AwaitsAuthorisation);
}

#[test]
fn a_refused_authorisation_denies_and_one_that_is_over_waits() {
    let mut claims = claims();
    decide(&mut claims, 1, None);
    let receipt = submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    assert_eq!(receipt.status, ClaimStatus::Adjudicated);
    assert!(receipt.adjudication.lines[0].reasons.contains(Reason::AuthorisationRefused));
    decide(&mut claims, 2, Some((1, Timestamp(day(999).0 - 1))));
    assert_eq!(submit(&mut claims, submission(2, &[maternity(2, 1, 1)])).status, ClaimStatus::AwaitsAuthorisation);
    decide(&mut claims, 2, Some((1, day(999))));
    assert_eq!(claims.retry(own(2)).unwrap().status, ClaimStatus::Adjudicated);
}

#[test]
fn what_the_insurer_does_not_decide_in_time_counts_as_granted() {
    let mut claims = claims();
    request(&mut claims, 1, 5);
    let waiting = submit(&mut claims, submission(1, &[maternity(1, 2, 100)])).claim;
    at(Timestamp(NOW.0 + DEADLINES.authorisation - 1));
    testing::taken_back(|| claims.retry(waiting), ClaimsError::AuthorisationMissing);
    at(NOW.plus(DEADLINES.authorisation));
    assert_eq!(claims.retry(waiting).unwrap().adjudication.total.payer, Amount(80));
    assert_eq!(standing(&claims, 1), granted(3));
}

#[test]
fn a_reversal_does_not_grant_what_is_asked_for_in_the_meantime() {
    let mut claims = claims();
    authorise(&mut claims, 1, 1);
    submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    request(&mut claims, 1, 1_000);
    let open = standing(&claims, 1);
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(standing(&claims, 1), open);
}

#[test]
fn an_appeal_uses_no_authorisation_that_it_sets_aside() {
    let mut claims = claims();
    decide(&mut claims, 1, None);
    submit(&mut claims, submission(1, &[maternity(1, 1, 100)]));
    let open = standing(&claims, 1);
    let set_aside = ReasonSet::of(&[Reason::AuthorisationMissing, Reason::AuthorisationRefused]);
    claims.appeal(own(1), set_aside, WORDS).unwrap();
    calls(id(ARBITER));
    claims.decide_appeal(own(1), overturn(own(1), set_aside), WORDS).unwrap();
    assert_eq!(known(&claims, own(1)).total.payer, Amount(80));
    assert_eq!(standing(&claims, 1), open);
}

#[test]
fn a_reversal_gives_back_no_more_than_was_taken() {
    let mut claims = claims();
    authorise(&mut claims, 1, 3);
    // The same procedure on another day, in a category that needs no authorisation.
    let free = Line { day: 1, ..line(1, 100) };
    let days = vec![service_day(998), service_day(999)];
    submit(&mut claims, Submission { days, ..submission(1, &[maternity(1, 2, 100), free]) });
    assert_eq!(standing(&claims, 1), granted(1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(standing(&claims, 1), granted(3));
}
