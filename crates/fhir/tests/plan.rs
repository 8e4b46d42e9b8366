//! Plan files and accounts.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use blake2::{Blake2b512, Digest};
use common::{bytes, refused, sample, with, without};
use salus_domain::claim::TermsMalformed;
use salus_domain::codes::CategorySet;
use salus_domain::ids::Account;
use salus_domain::money::{Amount, BasisPoints};
use salus_fhir::account::{parse, AccountError};
use salus_fhir::decimal::MAX_DECIMALS;
use salus_fhir::plan::compile;
use salus_fhir::RefusedReason as R;
use serde_json::{json, Value};

fn plan() -> Value {
    serde_json::from_slice(&sample("plan.json")).unwrap()
}

fn assert_refused(pointer: &str, value: Value, path: &str, reason: R) {
    assert_eq!(compile(&bytes(&with(&plan(), pointer, value))), Err(refused(path, reason)));
}

#[test]
fn no_limit_and_all_categories_can_be_said() {
    let document = with(&plan(), "/outOfPocketMaximum", Value::Null);
    let document = with(&document, "/benefitMaximum", Value::Null);
    let document = with(&document, "/covered", json!("all"));
    let document = with(&document, "/costShare/coinsurance", json!("12.5%"));
    let terms = compile(&bytes(&document)).unwrap().terms;
    assert_eq!((terms.out_of_pocket_maximum, terms.benefit_maximum), (Amount::UNLIMITED, Amount::UNLIMITED));
    assert_eq!((terms.covered, terms.cost_share.coinsurance), (CategorySet::ALL, BasisPoints(1_250)));
}

#[test]
fn a_plan_says_everything_and_nothing_else() {
    for name in plan().as_object().unwrap().keys() {
        let refusal = compile(&bytes(&without(&plan(), &format!("/{name}"))));
        assert_eq!(refusal, Err(refused(name, R::Missing)));
    }
    assert_refused("/costShare/limit", json!(1), "costShare.limit", R::UnknownElement);
    assert_refused("/extension", json!(1), "extension", R::UnknownElement);
}

#[test]
fn amounts_and_shares_are_refused_where_they_stand() {
    assert_refused("/deductible", json!("-1"), "deductible", R::Negative);
    assert_refused("/deductible", json!("1,00"), "deductible", R::NotADecimal);
    assert_refused("/deductible", json!(1), "deductible", R::WrongType { expected: "a string" });
    assert_refused("/deductible", Value::Null, "deductible", R::WrongType { expected: "a string" });
    let share = "exceptions[1].coinsurance";
    for wrong in ["20", "100.01%", "0.001%", "-1%", "%", "655.37%"] {
        assert_refused("/exceptions/1/coinsurance", json!(wrong), share, R::NotAPercentage);
    }
    let limit = R::TooManyDecimals { limit: MAX_DECIMALS };
    assert_refused("/asset/decimals", json!(25), "asset.decimals", limit);
    let whole = R::WrongType { expected: "a whole number from 0 to 4294967295" };
    assert_refused("/settlementDays", json!(1.5), "settlementDays", whole);
}

#[test]
fn categories_and_fees_are_named_once() {
    let repeated = R::Terms(TermsMalformed::RepeatedCategory);
    assert_refused("/exceptions/1/category", json!("5"), "exceptions[1]", repeated);
    assert_refused("/covered", json!([]), "covered", R::Empty);
    let system = String::from("http://terminology.hl7.org/CodeSystem/ex-benefitcategory");
    let unknown = R::UnknownCode { system, code: String::from("99") };
    assert_refused("/covered/0", json!("99"), "covered[0]", unknown);
    assert_refused("/fees/2/code", json!("99213"), "fees[2]", R::RepeatedFee);
}

#[test]
fn accounts_are_read_from_ss58_and_hexadecimal() {
    let alice = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    let expected = Account(hex::decode(&alice[2..]).unwrap().try_into().unwrap());
    assert_eq!(parse(alice), Ok(expected));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), Ok(expected));
    // The same account on Polkadot, whose prefix is 0.
    assert_eq!(parse("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"), Ok(expected));
}

#[test]
fn a_network_prefix_of_two_bytes_is_passed_over() {
    let mut address = [&[0x50, 0x01][..], &[7; 32]].concat();
    let digest = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&address).finalize();
    address.extend_from_slice(&digest[..2]);
    assert_eq!(parse(&bs58::encode(&address).into_string()), Ok(Account([7; 32])));
    assert_eq!(parse(&bs58::encode(&address[1..]).into_string()), Err(AccountError::Checksum));
}

#[test]
fn texts_that_are_no_account_are_refused_by_cause() {
    assert_eq!(parse("0xd43593"), Err(AccountError::Hex));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0"), Err(AccountError::Base58));
    assert_eq!(parse("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ"), Err(AccountError::Checksum));
    for text in ["", "5Grwva", "111111111111111111111111111111111111111111111111111"] {
        assert_eq!(parse(text), Err(AccountError::Length), "{text}");
    }
}
