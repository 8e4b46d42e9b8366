//! What is hashed into ids and commitments: pinned digests, and layouts that have nothing in common.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use proptest::prelude::*;
use salus_domain::commitment::{
    appeal_statement, claim_id, claim_reference, code_tag, consent_source, filing, order, proposal, record_id,
    service_day,
};
use salus_domain::consent::{Base, Consent};
use salus_domain::ids::{Account, ClaimId, Hash, PlanId};
use salus_domain::time::Timestamp;
use std::cell::RefCell;
use std::collections::HashSet;

mod common;

fn blake2b_256(input: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(input).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `commit` hashes.
fn hashed(commit: impl FnOnce(&dyn Fn(&[u8]) -> [u8; 32])) -> Vec<u8> {
    let input = RefCell::new(Vec::new());
    commit(&|bytes| {
        *input.borrow_mut() = bytes.to_vec();
        [0; 32]
    });
    input.into_inner()
}

/// Made by another program (Python's hashlib) from the layouts in the documentation: whoever changes one of them makes
/// every commitment that is already on a chain impossible to open.
#[test]
fn the_layouts_are_as_they_were() {
    let key = [7; 32];
    assert_eq!(
        hex(&record_id(&blake2b_256, Account([1; 32]), Hash([2; 32])).0),
        "bda594a55298e2e359e7efad0b13fa7086a9dd3f1a206a7dac30a34c63cdcad5"
    );
    assert_eq!(
        hex(&consent_source(&blake2b_256, [3; 32], b"{}").0),
        "01eabaeff943ca5c1318cf0c1ff0f4efff58e9f69c31c55d5544d320fe1a66d4"
    );
    assert_eq!(hex(&code_tag(&blake2b_256, &key, "http://loinc.org", "718-7").0), "ada7b263b3f1d092581c4f41e2613ba7");
    let date = Timestamp(1_700_000_000_000);
    assert_eq!(
        hex(&service_day(&blake2b_256, &key, "M-1", "P-2", date).0),
        "267c838151f0e53423cf7cbc2c6af060f390ed4189838e5769e909634eaf9396"
    );
    assert_eq!(
        hex(&claim_reference(&blake2b_256, &key, "urn:x", "42").0),
        "0f9c817f69c91250fc7809088f7480bea47e77a78a8edd8ee518f055221f0ba6"
    );
    let provisions = Vec::new();
    let consent = Consent { base: Base::Silent, period: common::period(1, 2), source: Hash([7; 32]), provisions };
    assert_eq!(
        hex(&proposal(&blake2b_256, &consent).0),
        "95adc08d7dd0089e35ef1b2f40f09c4c422fa513e82033a83007d40b697d1696"
    );
    assert_eq!(
        hex(&claim_id(&blake2b_256, PlanId(5), Account([1; 32]), Hash([2; 32])).0),
        "a8fc9653cf1a9ad3a042be5d1a96dbda5ed58b2cd52e0822d4b2f9d4aa27289f"
    );
    assert_eq!(
        hex(&appeal_statement(&blake2b_256, [3; 32], "words").0),
        "749ed17f12ad75462788df284cbcfe4d2336f57f708fa61603eca99c6e15ca16"
    );
    assert_eq!(
        hex(&filing(&blake2b_256, &[9_u8; 4]).0),
        "4caf6935b5627703fe64baf1b448dc9c68e6f5717f9dc0db4905ad78110b38be"
    );
}

#[test]
fn what_is_signed_is_wrapped_as_wallets_wrap_it() {
    let signed = order(&blake2b_256, &[9_u8; 4]);
    let digest = signed.strip_prefix(b"<Bytes>".as_slice()).and_then(|rest| rest.strip_suffix(b"</Bytes>".as_slice()));
    let expected = "b54a4ee53e7affe4ca154d9cc0ef87739c9f5394f648e3b2b624d7a29b6f82e3";
    assert_eq!(digest.map(hex).as_deref(), Some(expected));
}

#[test]
fn the_same_bytes_under_another_name_are_another_commitment() {
    let key = [0; 32];
    let all = [
        record_id(&blake2b_256, Account(key), Hash([0; 32])).0,
        consent_source(&blake2b_256, key, &[0; 31]).0,
        service_day(&blake2b_256, &key, "", "", Timestamp(0)).0,
        claim_reference(&blake2b_256, &key, "", "").0,
    ];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    let tag = code_tag(&blake2b_256, &key, "", "");
    assert!(all.iter().all(|digest| !digest.starts_with(&tag.0)));
}

#[test]
fn where_one_text_ends_and_the_next_begins_is_a_part_of_it() {
    let key = [7; 32];
    assert_ne!(code_tag(&blake2b_256, &key, "ab", "c"), code_tag(&blake2b_256, &key, "a", "bc"));
    assert_ne!(claim_reference(&blake2b_256, &key, "ab", "c"), claim_reference(&blake2b_256, &key, "a", "bc"));
    let date = Timestamp(0);
    assert_ne!(service_day(&blake2b_256, &key, "ab", "c", date), service_day(&blake2b_256, &key, "a", "bc", date));
    // What a length is written as does not help either: 4 is the length 1, 12 the length 3.
    assert_ne!(code_tag(&blake2b_256, &key, "a\u{4}b", ""), code_tag(&blake2b_256, &key, "a", "b"));
}

#[test]
fn a_tag_is_the_first_half_of_the_digest() {
    let counting = |_: &[u8]| std::array::from_fn(|place| place as u8);
    assert_eq!(code_tag(&counting, &[0; 32], "", "").0, std::array::from_fn(|place| place as u8));
}

#[test]
fn an_id_is_what_it_is_made_from() {
    assert_eq!(Account::from([1; 32]), Account([1; 32]));
    assert_eq!(ClaimId::from([7; 32]), ClaimId([7; 32]));
}

/// Short texts of few letters, so that two of them are often equal, or one is the beginning of the other.
fn texts() -> impl Strategy<Value = String> {
    "[ab\u{4}\u{8}]{0,3}"
}

fn keys() -> impl Strategy<Value = [u8; 32]> {
    (0u8..3).prop_map(|byte| [byte; 32])
}

proptest! {
    #![proptest_config(common::cases(1))]

    /// No two different commitments hash the same bytes, within one kind or across kinds.
    #[test]
    fn other_fields_are_other_bytes(
        one in (keys(), texts(), texts(), 0..3u64),
        other in (keys(), texts(), texts(), 0..3u64),
    ) {
        let all = |(key, a, b, date): &([u8; 32], String, String, u64)| {
            let (a, b) = (a.as_str(), b.as_str());
            [
                hashed(|hash| { record_id(&hash, Account(*key), Hash([*date as u8; 32])); }),
                hashed(|hash| { consent_source(&hash, *key, a.as_bytes()); }),
                hashed(|hash| { code_tag(&hash, key, a, b); }),
                hashed(|hash| { service_day(&hash, key, a, b, Timestamp(*date)); }),
                hashed(|hash| { claim_reference(&hash, key, a, b); }),
            ]
        };
        let same = |fields: [bool; 4]| fields.iter().all(|same| *same);
        let (key, a, b, date) = (one.0 == other.0, one.1 == other.1, one.2 == other.2, one.3 == other.3);
        let expected = [
            same([key, true, true, date]),
            same([key, a, true, true]),
            same([key, a, b, true]),
            same([key, a, b, date]),
            same([key, a, b, true]),
        ];
        let (left, right) = (all(&one), all(&other));
        for i in 0..left.len() {
            for j in 0..right.len() {
                prop_assert_eq!(left[i] == right[j], i == j && expected[i], "{} and {}", i, j);
            }
        }
    }
}
