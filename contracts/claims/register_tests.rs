//! Claims: which services were claimed before, what the consent registry is asked, and payment.

use super::*;
use crate::register::{payment_request, Register};
use salus_domain::adjudicate::{Adjudication, KnownLine, LineOutcome};
use salus_domain::claim::MAX_LINES;
use salus_domain::codes::{
    Action, CategorySet, Class, Confidentiality, Purpose, Reason, ReasonSet, Role, SensitivitySet,
};
use salus_domain::request::{Principal, Request};
use salus_domain::time::DAY;
use salus_interface::claims::{ClaimSettled, MAX_BATCH, MAX_SERVICES_PER_DAY};
use testing::events;

/// An outcome for each line: why it was denied, if so.
pub fn outcome(denials: &[Option<Reason>]) -> Adjudication {
    let line = |denial: &Option<Reason>| LineOutcome {
        split: Split::default(),
        reasons: denial.map_or(Reason::Coinsurance.into(), ReasonSet::from),
    };
    Adjudication {
        lines: denials.iter().map(line).collect(),
        total: Split::default(),
        accumulators: Accumulators::default(),
    }
}

fn duplicates(register: &Register, submission: &Submission) -> Vec<bool> {
    let lines = register.known_lines(id(PROVIDER), submission, CategorySet::ALL, |_| None).unwrap();
    lines.iter().map(|line| line.duplicate).collect()
}

#[test]
fn a_reference_is_used_once_by_each_provider() {
    new_chain();
    let mut register = Register::default();
    let (one, other) = (Hash([1; 32]), Hash([2; 32]));
    assert_eq!(register.ensure_new(id(PROVIDER), one), Ok(()));
    assert_eq!(register.next(id(PROVIDER), one), Ok(ClaimId(0)));
    assert_eq!(register.ensure_new(id(PROVIDER), one), Err(ClaimsError::DuplicateClaim(ClaimId(0))));
    assert_eq!(register.ensure_new(id(PROVIDER), other), Ok(()));
    assert_eq!(register.ensure_new(id(STRANGER), one), Ok(()));
    assert_eq!(register.next(id(STRANGER), one), Ok(ClaimId(1)));
    assert_eq!(register.by_reference(id(PROVIDER), one), Some(ClaimId(0)));
    assert_eq!(register.by_reference(id(PROVIDER), other), None);
}

#[test]
fn claim_ids_that_are_used_up_are_not_used_again() {
    new_chain();
    let mut register = <Register as Storable>::decode(&mut (u64::MAX - 1).to_le_bytes().as_slice()).unwrap();
    assert_eq!(register.next(id(PROVIDER), Hash([1; 32])), Ok(ClaimId(u64::MAX - 1)));
    assert_eq!(register.next(id(PROVIDER), Hash([2; 32])), Err(ClaimsError::IdsUsedUp));
    assert_eq!(register.by_reference(id(PROVIDER), Hash([2; 32])), None);
}

#[test]
fn each_line_is_known_with_its_day_and_its_fee() {
    new_chain();
    let register = Register::default();
    let claimed = submission(&[7, 5], &[(1, 1), (0, 2)]);
    let fee = |known: CodeTag| (known == code(2)).then_some(Amount(40));
    let expected = [
        KnownLine { line: line(1, 1), date: Timestamp(5), fee: None, duplicate: false },
        KnownLine { line: line(0, 2), date: Timestamp(7), fee: Some(Amount(40)), duplicate: false },
    ];
    assert_eq!(register.known_lines(id(PROVIDER), &claimed, CategorySet::ALL, fee), Ok(expected.to_vec()));
}

#[test]
fn a_service_that_was_claimed_and_not_denied_is_a_duplicate() {
    new_chain();
    let mut register = Register::default();
    let claimed = submission(&[5, 6], &[(0, 1), (0, 2), (1, 1)]);
    assert_eq!(duplicates(&register, &claimed), [false; 3], "the same code on another day is another service");
    register.remember_services(id(PROVIDER), &claimed, &outcome(&[None, Some(Reason::NoConsent), None])).unwrap();
    assert_eq!(duplicates(&register, &claimed), [true, false, true], "a denied one may come again");
    assert_eq!(duplicates(&register, &submission(&[8], &[(0, 1)])), [false]);
}

#[test]
fn the_same_service_twice_in_one_claim_is_a_duplicate() {
    new_chain();
    let register = Register::default();
    let claimed = submission(&[5, 6], &[(0, 1), (1, 1), (0, 1), (0, 2), (1, 1)]);
    assert_eq!(duplicates(&register, &claimed), [false, false, true, false, true]);
}

#[test]
fn nobody_uses_up_the_services_of_another_provider() {
    new_chain();
    let mut register = Register::default();
    let claimed = submission(&[5], &[(0, 1)]);
    register.remember_services(id(STRANGER), &claimed, &outcome(&[None])).unwrap();
    assert_eq!(duplicates(&register, &claimed), [false], "the same nullifier, from somebody else");
}

#[test]
fn what_the_plan_does_not_cover_takes_nothing_away_from_another_line() {
    new_chain();
    let register = Register::default();
    let claimed = submission(&[5], &[(0, 1), (0, 1)]);
    let known = register.known_lines(id(PROVIDER), &claimed, CategorySet::EMPTY, |_| None).unwrap();
    assert!(known.iter().all(|line| !line.duplicate));
}

#[test]
fn so_many_services_of_a_day_are_remembered_and_no_more() {
    new_chain();
    let mut register = Register::default();
    let lines = |from: u8| (from..from + MAX_LINES as u8).map(|number| (0, number)).collect::<Vec<_>>();
    let full: Vec<_> = (0..MAX_SERVICES_PER_DAY / MAX_LINES).map(|part| lines((part * MAX_LINES) as u8)).collect();
    for part in full {
        register.remember_services(id(PROVIDER), &submission(&[5], &part), &outcome(&[None; MAX_LINES])).unwrap();
    }
    let one_more = submission(&[5], &[(0, 255)]);
    let denied = outcome(&[Some(Reason::NotCovered)]);
    assert_eq!(register.remember_services(id(PROVIDER), &one_more, &denied), Ok(()));
    assert_eq!(
        register.remember_services(id(PROVIDER), &one_more, &outcome(&[None])),
        Err(ClaimsError::TooManyServices)
    );
    assert_eq!(duplicates(&register, &one_more), [false]);
    let next_day = submission(&[6], &[(0, 255)]);
    assert_eq!(register.remember_services(id(PROVIDER), &next_day, &outcome(&[None])), Ok(()));
}

#[test]
fn paying_a_claim_is_the_insurers_use_of_it_for_payment() {
    let mut claimed = submission(&[7, 5, 6], &[(0, 1)]);
    let insurer = account(INSURER);
    let expected = Request {
        principal: Principal { account: insurer, organisations: vec![insurer], roles: Role::Payer.into() },
        purpose: Purpose::Hpaymt,
        action: Action::Use,
        confidentiality: Some(Confidentiality::N),
        sensitivity: Some(SensitivitySet::EMPTY),
        classes: Some(Class::Claim.into()),
        data_period: Some(period(5, 7 + DAY)),
    };
    assert_eq!(payment_request(id(INSURER), &claimed), expected);
    claimed.days.clear();
    assert_eq!(payment_request(id(INSURER), &claimed).data_period, None);
}

#[test]
fn what_a_pended_claim_asks_for_is_kept_until_it_is_taken() {
    new_chain();
    let mut register = Register::default();
    let claimed = submission(&[5], &[(0, 1)]);
    assert_eq!(register.take_pended(ClaimId(0)), Err(ClaimsError::NotPended));
    register.pend(ClaimId(0), &claimed);
    assert_eq!(register.take_pended(ClaimId(0)), Ok(claimed));
    assert_eq!(register.take_pended(ClaimId(0)), Err(ClaimsError::NotPended));
}

#[test]
fn only_a_pended_claim_is_retried() {
    let mut claims = claims_with_money(100);
    assert_eq!(claims.retry(ClaimId(0)).err(), Some(ClaimsError::ClaimNotFound));
    let claim = adjudicated(&mut claims, 0, 10);
    assert_eq!(claims.retry(claim).err(), Some(ClaimsError::NotPended));
    claims.settle(claim).unwrap();
    assert_eq!(claims.retry(claim).err(), Some(ClaimsError::NotPended));
}

#[test]
fn an_adjudicated_claim_is_paid_to_its_provider_once() {
    let mut claims = claims_with_money(100);
    let claim = adjudicated(&mut claims, 0, 30);
    let before = (balance(id(PROVIDER)), balance(contract()));
    assert_eq!(claims.settle(claim), Ok(Amount(30)));
    assert_eq!(newest::<ClaimSettled>(), ClaimSettled { claim, provider: id(PROVIDER), amount: Amount(30) });
    assert_eq!((balance(id(PROVIDER)), balance(contract())), (before.0 + 30, before.1 - 30));
    assert_eq!(pool(&claims), Pool { funded: Amount(100), paid: Amount(30), reserved: Amount::ZERO });
    assert_eq!(claims.claim(claim).unwrap().status, ClaimStatus::Settled);
    assert_eq!(claims.settle(claim), Err(ClaimsError::AlreadySettled));
    assert_eq!(claims.settle_batch(vec![claim; 2]), Ok(vec![Err(ClaimsError::AlreadySettled); 2]));
    assert_eq!((balance(id(PROVIDER)), events::<ClaimSettled>().len()), (before.0 + 30, 1));
}

#[test]
fn before_it_is_due_only_the_insurer_settles_a_claim() {
    let mut claims = claims_with_money(100);
    let (first, second) = (adjudicated(&mut claims, 0, 30), adjudicated(&mut claims, 1, 30));
    at(Timestamp(NOW.0 + 499));
    for caller in [OTHER_INSURER, PROVIDER, MEMBER, STRANGER] {
        calls(id(caller));
        assert_eq!(claims.settle(first), Err(ClaimsError::NotInsurer));
    }
    calls(id(INSURER));
    assert_eq!(claims.settle(first), Ok(Amount(30)));
    at(NOW.plus(500));
    calls(id(STRANGER));
    assert_eq!(claims.settle(second), Ok(Amount(30)), "it is due");
    assert_eq!(newest::<ClaimSettled>().provider, id(PROVIDER), "and paid to no other");
}

#[test]
fn what_cannot_be_paid_says_why() {
    let mut claims = claims_with_money(100);
    assert_eq!(claims.settle(ClaimId(7)), Err(ClaimsError::ClaimNotFound));
    let nothing = adjudicated(&mut claims, 0, 0);
    assert_eq!(claims.settle(nothing), Err(ClaimsError::NothingToPay));
    let pended = ClaimId(1);
    let known = claims.claim(nothing).unwrap();
    claims.register.write(pended, &Claim { status: ClaimStatus::Pended, ..known });
    assert_eq!(claims.settle(pended), Err(ClaimsError::NotAdjudicated));
    assert_eq!((pool(&claims).paid, events::<ClaimSettled>().len()), (Amount::ZERO, 0));
}

#[test]
fn a_transfer_that_the_chain_refuses_leaves_pool_and_claim_as_they_were() {
    let mut claims = claims();
    // The engine refuses a transfer of an account that it does not know.
    claims.plans.fund(PLAN, Amount(100)).unwrap();
    let claim = adjudicated(&mut claims, 0, 30);
    let before = (pool(&claims), claims.claim(claim), count());
    assert_eq!(claims.settle(claim), Err(ClaimsError::TransferFailed));
    assert_eq!(claims.settle_batch(vec![claim]), Ok(vec![Err(ClaimsError::TransferFailed)]));
    assert_eq!((pool(&claims), claims.claim(claim), count()), before);
    set_account_balance::<DefaultEnvironment>(contract(), EXISTENTIAL + 100);
    assert_eq!(claims.settle(claim), Ok(Amount(30)));
}

#[test]
fn a_batch_pays_what_it_can_and_says_why_not_the_rest() {
    let mut claims = claims_with_money(100);
    let (first, second) = (adjudicated(&mut claims, 0, 30), adjudicated(&mut claims, 1, 20));
    let answers = claims.settle_batch(vec![first, ClaimId(9), second, first]).unwrap();
    let expected = [Ok(Amount(30)), Err(ClaimsError::ClaimNotFound), Ok(Amount(20)), Err(ClaimsError::AlreadySettled)];
    assert_eq!(answers, expected);
    assert_eq!(events::<ClaimSettled>().len(), 2);
    assert_eq!(claims.settle_batch(Vec::new()), Ok(Vec::new()));
    assert_eq!(claims.settle_batch(vec![first; MAX_BATCH]).unwrap().len(), MAX_BATCH);
    assert_eq!(claims.settle_batch(vec![first; MAX_BATCH + 1]), Err(ClaimsError::BatchTooLarge));
}
