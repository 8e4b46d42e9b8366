//! Settlement: singly or in batches, by the insurer or by anybody once it is due, each claim once.

use super::others::{manner, tokens, Manner};
use super::testing::{balance, count, newest, refused};
use super::*;
use salus_interface::claims::{ClaimsError, ClaimsSettled, Payment, MAX_BATCH};
use salus_interface::off_chain;

const UNKNOWN_CLAIM: ClaimId = ClaimId([0xEE; 32]);

fn payment(claim: ClaimId, amount: u128, withheld: u128) -> Payment {
    Payment { claim, amount: Amount(amount), withheld: Amount(withheld) }
}

fn submit_by(claims: &mut Claims, provider: u8, submission: Submission) -> ClaimId {
    calls(id(provider));
    claims.submit(submission, None).unwrap()[0].claim
}

#[test]
fn the_insurer_settles_and_the_provider_is_paid() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    let before = balance(id(PROVIDER));
    calls(id(INSURER));
    assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Ok(Amount(80))]));
    let payments = vec![payment(own(1), 80, 0)];
    assert_eq!(newest::<ClaimsSettled>(), ClaimsSettled { provider: id(PROVIDER), asset: Asset::Native, payments });
    assert_eq!((balance(id(PROVIDER)), balance(contract())), (before + 80, EXISTENTIAL + FUNDS - 80));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 0, 0, FUNDS - 80]);
    let claim = known(&claims, own(1));
    assert_eq!((claim.status, claim.paid), (ClaimStatus::Settled, Amount(80)));
}

#[test]
fn a_claim_is_settled_once() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    calls(id(INSURER));
    let twice = claims.settle(vec![own(1), own(1)]).unwrap();
    assert_eq!(twice, [Ok(Amount(80)), Err(ClaimsError::AlreadySettled)]);
    assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Err(ClaimsError::AlreadySettled)]));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 0, 0, FUNDS - 80]);
}

#[test]
fn before_a_claim_is_due_only_its_insurer_settles_it_and_then_anybody() {
    let mut claims = two_plans();
    submit_one(&mut claims, 1);
    let due = NOW.plus(DEADLINES.settlement);
    at(Timestamp(due.0 - 1));
    for who in [OTHER_INSURER, PROVIDER, MEMBER, ARBITER, STRANGER] {
        calls(id(who));
        assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Err(ClaimsError::NotInsurer)]));
    }
    at(due);
    let before = balance(id(PROVIDER));
    calls(id(STRANGER));
    assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Ok(Amount(80))]));
    assert_eq!(balance(id(PROVIDER)), before + 80);
}

#[test]
fn one_that_is_refused_does_not_keep_the_others_back() {
    let mut claims = two_plans();
    submit_one(&mut claims, 1);
    let waiting = submit(&mut claims, submission(2, &[maternity(2, 1, 100)])).claim;
    others(|others| others.unwilling.insert(id(MEMBER)));
    let denied = submit_one(&mut claims, 3);
    others(|others| others.unwilling.clear());
    let elsewhere = submit(&mut claims, Submission { plan: SECOND, ..submission(4, &[line(4, 100)]) }).claim;
    let reversed = submit_one(&mut claims, 5);
    claims.reverse(reversed, WORDS, filing(reversed)).unwrap();
    submit_one(&mut claims, 6);
    calls(id(INSURER));
    let answers = claims.settle(vec![UNKNOWN_CLAIM, own(1), waiting, denied, elsewhere, reversed, own(6)]).unwrap();
    let expected = [
        Err(ClaimsError::ClaimNotFound),
        Ok(Amount(80)),
        Err(ClaimsError::NotAdjudicated),
        Err(ClaimsError::NothingToPay),
        Err(ClaimsError::NotInsurer),
        Err(ClaimsError::NotAdjudicated),
        Ok(Amount(80)),
    ];
    assert_eq!(answers, expected);
    let payments = vec![payment(own(1), 80, 0), payment(own(6), 80, 0)];
    assert_eq!(newest::<ClaimsSettled>().payments, payments);
    refused(|| claims.settle(vec![own(1); MAX_BATCH + 1]), ClaimsError::BatchTooLarge);
    assert_eq!(claims.settle(vec![UNKNOWN_CLAIM; MAX_BATCH]).map(|answers| answers.len()), Ok(MAX_BATCH));
    assert_eq!(claims.settle(vec![]), Ok(vec![]));
}

#[test]
fn a_batch_is_one_transfer_for_each_provider_and_asset() {
    let mut claims = two_plans();
    let token = open(&mut claims, INSURER, Asset::Psp22(id(TOKEN)), terms(), FUNDS);
    at(NOW);
    let ids = [
        submit_by(&mut claims, PROVIDER, submission(1, &[line(1, 100)])),
        submit_by(&mut claims, OTHER_PROVIDER, submission(1, &[line(2, 100)])),
        submit_by(&mut claims, PROVIDER, Submission { plan: token, ..submission(3, &[line(3, 100)]) }),
        submit_by(&mut claims, PROVIDER, Submission { plan: SECOND, ..submission(4, &[line(4, 50)]) }),
        submit_by(&mut claims, PROVIDER, submission(5, &[line(5, 10)])),
    ];
    at(NOW.plus(DEADLINES.settlement));
    let (events_before, before) = (count(), [PROVIDER, OTHER_PROVIDER].map(|who| balance(id(who))));
    let answers = claims.settle(ids.to_vec()).unwrap();
    assert_eq!(answers, [80, 80, 80, 40, 8].map(|amount| Ok(Amount(amount))));
    let [one, two, three] = events::<ClaimsSettled>().try_into().unwrap();
    assert_eq!(count(), events_before + 3);
    assert_eq!(one.payments, [payment(ids[0], 80, 0), payment(ids[3], 40, 0), payment(ids[4], 8, 0)]);
    assert_eq!((two.provider, two.payments), (id(OTHER_PROVIDER), vec![payment(ids[1], 80, 0)]));
    assert_eq!((three.asset, three.payments), (Asset::Psp22(id(TOKEN)), vec![payment(ids[2], 80, 0)]));
    assert_eq!([PROVIDER, OTHER_PROVIDER].map(|who| balance(id(who))), [before[0] + 128, before[1] + 80]);
    assert_eq!(tokens(TOKEN, id(PROVIDER)), 80);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 168, 0, 0, FUNDS - 168]);
    assert_eq!(pool(&claims, SECOND), [FUNDS, 40, 0, 0, FUNDS - 40]);
}

#[test]
fn a_payee_that_cannot_receive_keeps_no_other_back_and_is_paid_later() {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Psp22(id(TOKEN)), terms(), FUNDS);
    let barred = [1, 2].map(|number| submit_by(&mut claims, PROVIDER, submission(number, &[line(number, 100)])));
    let paid = submit_by(&mut claims, OTHER_PROVIDER, submission(3, &[line(3, 100)]));
    others(|others| others.tokens.get_mut(&id(TOKEN)).unwrap().barred.insert(id(PROVIDER)));
    let before = off_chain::dump();
    calls(id(INSURER));
    let events_before = count();
    let failed = vec![Err(ClaimsError::TransferFailed); 2];
    assert_eq!(claims.settle(barred.to_vec()), Ok(failed));
    assert_eq!(off_chain::dump(), before, "as if it had not been tried");
    assert_eq!(count(), events_before);
    let answers = claims.settle(vec![barred[0], paid, barred[1]]).unwrap();
    assert_eq!(answers, [Err(ClaimsError::TransferFailed), Ok(Amount(80)), Err(ClaimsError::TransferFailed)]);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 160, 0, FUNDS - 240]);
    others(|others| others.tokens.get_mut(&id(TOKEN)).unwrap().barred.clear());
    assert_eq!(claims.settle(barred.to_vec()), Ok(vec![Ok(Amount(80)); 2]));
    assert_eq!(tokens(TOKEN, id(PROVIDER)), 160);
}

#[test]
fn a_transfer_that_the_chain_refuses_leaves_pool_and_claim_as_they_were() {
    let mut claims = bare();
    calls(id(INSURER));
    claims.open_plan(Asset::Psp22(id(TOKEN)), id(ARBITER), 1, terms()).unwrap();
    claims.cover(PLAN, vec![enrolment(MEMBER)]).unwrap();
    fund(&mut claims, INSURER, PLAN, FUNDS);
    submit_one(&mut claims, 1);
    for how in [Manner::Refusing, Manner::Trapping] {
        manner(TOKEN, how);
        let before = off_chain::dump();
        calls(id(INSURER));
        assert_eq!(claims.settle(vec![own(1)]), Ok(vec![Err(ClaimsError::TransferFailed)]));
        assert_eq!(off_chain::dump(), before);
    }
}

#[test]
fn what_a_provider_owes_is_set_off_against_what_it_is_paid() {
    let mut claims = claims();
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    assert_eq!(pool(&claims, PLAN), [FUNDS, 80, 0, 80, FUNDS - 80]);
    for (number, charge) in [(2, 50), (3, 100), (4, 100)] {
        submit(&mut claims, submission(number, &[line(number, charge)]));
    }
    let other = submit_by(&mut claims, OTHER_PROVIDER, submission(5, &[line(5, 100)]));
    let before = [PROVIDER, OTHER_PROVIDER].map(|who| balance(id(who)));
    calls(id(INSURER));
    let answers = claims.settle(vec![own(2), other, own(3), own(4)]).unwrap();
    assert_eq!(answers, [40, 80, 80, 80].map(|amount| Ok(Amount(amount))));
    let payments = [payment(own(2), 40, 40), payment(own(3), 80, 40), payment(own(4), 80, 0)];
    assert_eq!(events::<ClaimsSettled>()[1].payments, payments);
    assert_eq!([PROVIDER, OTHER_PROVIDER].map(|who| balance(id(who))), [before[0] + 120, before[1] + 80]);
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount::ZERO);
    assert_eq!(pool(&claims, PLAN), [FUNDS, 280, 0, 0, FUNDS - 280]);
}

#[test]
fn a_claim_that_is_set_off_wholly_is_settled_without_a_transfer() {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Psp22(id(TOKEN)), terms(), FUNDS);
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    submit(&mut claims, submission(2, &[line(2, 50)]));
    submit(&mut claims, submission(3, &[line(3, 100)]));
    manner(TOKEN, Manner::Trapping);
    calls(id(INSURER));
    assert_eq!(claims.settle(vec![own(2)]), Ok(vec![Ok(Amount(40))]));
    assert_eq!(newest::<ClaimsSettled>().payments, [payment(own(2), 40, 40)]);
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount(40));
    let before = off_chain::dump();
    assert_eq!(claims.settle(vec![own(3)]), Ok(vec![Err(ClaimsError::TransferFailed)]));
    assert_eq!(off_chain::dump(), before, "the debt, too, is what it was");
}
