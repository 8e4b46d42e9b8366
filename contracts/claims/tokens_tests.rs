//! Plans that pay in a PSP22 token, whatever the token does.

use super::others::{manner, tokens, Manner};
use super::testing::{newest, refused, taken_back};
use super::*;
use salus_interface::claims::{ClaimsError, DebtPaid, PoolFunded};

/// A plan in the token, with [`FUNDS`].
fn in_tokens() -> Claims {
    let mut claims = bare();
    open(&mut claims, INSURER, Asset::Psp22(id(TOKEN)), terms(), FUNDS);
    calls(id(INSURER));
    claims
}

/// A provider who owes 80.
fn in_debt() -> Claims {
    let mut claims = in_tokens();
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    claims.reverse(own(1), WORDS, filing(own(1))).unwrap();
    claims
}

#[test]
fn tokens_go_in_and_out() {
    let mut claims = in_tokens();
    assert_eq!(newest::<PoolFunded>(), PoolFunded { plan: PLAN, from: id(INSURER), amount: Amount(FUNDS) });
    assert_eq!((pool(&claims, PLAN), tokens(TOKEN, contract())), ([FUNDS, 0, 0, 0, FUNDS], FUNDS));
    submit_one(&mut claims, 1);
    settle(&mut claims, own(1));
    calls(id(INSURER));
    claims.withdraw(PLAN, Amount(FUNDS - 80)).unwrap();
    assert_eq!([PROVIDER, INSURER, 0xC0].map(|who| tokens(TOKEN, id(who))), [80, 10 * FUNDS - 80, 0]);
    assert_eq!(pool(&claims, PLAN), [80, 80, 0, 0, 0]);
}

#[test]
fn of_a_token_that_charges_what_arrives_counts() {
    let mut claims = in_tokens();
    manner(TOKEN, Manner::Charging);
    claims.fund(PLAN, Amount(1_000)).unwrap();
    assert_eq!(newest::<PoolFunded>().amount, Amount(900));
    assert_eq!((pool(&claims, PLAN)[0], tokens(TOKEN, contract())), (FUNDS + 900, FUNDS + 900));
}

#[test]
fn of_a_token_that_lies_nothing_counts() {
    let mut claims = in_tokens();
    for how in [Manner::Lying, Manner::Refusing, Manner::Trapping] {
        manner(TOKEN, how);
        refused(|| claims.fund(PLAN, Amount(1_000)), ClaimsError::TransferFailed);
    }
    others(|others| others.silent.insert(id(TOKEN)));
    refused(|| claims.fund(PLAN, Amount(1_000)), ClaimsError::TransferFailed);
}

#[test]
fn with_tokens_no_value_is_sent_along() {
    let mut claims = in_debt();
    test::set_value_transferred::<DefaultEnvironment>(1_000);
    refused(|| claims.fund(PLAN, Amount(1_000)), ClaimsError::WrongValue);
    refused(|| claims.repay(PLAN, id(PROVIDER), Amount(80)), ClaimsError::WrongValue);
    test::set_value_transferred::<DefaultEnvironment>(0);
    refused(|| claims.fund(PLAN, Amount::ZERO), ClaimsError::NothingTransferred);
}

#[test]
fn a_withdrawal_that_the_token_refuses_is_none() {
    let mut claims = in_tokens();
    for how in [Manner::Refusing, Manner::Trapping] {
        manner(TOKEN, how);
        taken_back(|| claims.withdraw(PLAN, Amount(1)), ClaimsError::TransferFailed);
        assert_eq!(pool(&claims, PLAN), [FUNDS, 0, 0, 0, FUNDS]);
    }
}

#[test]
fn a_debt_is_paid_in_the_token_and_what_arrives_counts() {
    let mut claims = in_debt();
    manner(TOKEN, Manner::Charging);
    claims.repay(PLAN, id(PROVIDER), Amount(50)).unwrap();
    assert_eq!(newest::<DebtPaid>(), DebtPaid { plan: PLAN, provider: id(PROVIDER), amount: Amount(45) });
    assert_eq!(claims.debt(PLAN, id(PROVIDER)), Amount(35));
    assert_eq!(pool(&claims, PLAN), [FUNDS, 35, 0, 35, FUNDS - 35]);
    assert_eq!(tokens(TOKEN, contract()), FUNDS - 35);
    manner(TOKEN, Manner::Lying);
    refused(|| claims.repay(PLAN, id(PROVIDER), Amount(35)), ClaimsError::TransferFailed);
}

#[test]
fn one_token_pays_for_the_plans_in_it_and_for_no_other() {
    let mut claims = in_tokens();
    let native = open(&mut claims, OTHER_INSURER, Asset::Native, terms(), FUNDS);
    manner(TOKEN, Manner::Trapping);
    submit_one(&mut claims, 1);
    let paid = submit(&mut claims, Submission { plan: native, ..submission(2, &[line(2, 100)]) }).claim;
    at(NOW.plus(DEADLINES.settlement));
    let answers = claims.settle(vec![own(1), paid]).unwrap();
    assert_eq!(answers, [Err(ClaimsError::TransferFailed), Ok(Amount(80))]);
}
