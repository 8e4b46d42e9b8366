//! Encryption keys and share links.

use super::*;
use crate::keys::is_weak;
use salus_domain::commitment::redemption;
use salus_interface::access::{KeyPublished, KeyRevoked, LinkRedeemed, Redemption};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

#[test]
fn a_key_is_published_by_its_owner_and_replaced() {
    let mut grants = grants();
    calls(id(DOCTOR));
    assert_eq!(grants.encryption_key(id(DOCTOR)), None);
    for key in [[9; 32], [8; 32]] {
        assert_eq!(grants.publish_key(key), Ok(()));
        assert_eq!(newest::<KeyPublished>(), KeyPublished { account: id(DOCTOR), key });
        assert_eq!(grants.encryption_key(id(DOCTOR)), Some(key));
    }
    let before = count();
    assert_eq!(grants.publish_key([0; 32]), Err(AccessError::WeakKey));
    assert_eq!((grants.encryption_key(id(DOCTOR)), count()), (Some([8; 32]), before));
    assert_eq!(grants.encryption_key(id(PATIENT)), None);
}

#[test]
fn a_key_is_taken_back_by_its_owner_alone() {
    let mut grants = grants();
    calls(id(DOCTOR));
    grants.publish_key([9; 32]).unwrap();
    calls(id(PATIENT));
    assert_eq!(grants.revoke_key(), Err(AccessError::NotFound));
    assert_eq!(grants.encryption_key(id(DOCTOR)), Some([9; 32]));
    calls(id(DOCTOR));
    assert_eq!(grants.revoke_key(), Ok(()));
    assert_eq!(newest::<KeyRevoked>(), KeyRevoked { account: id(DOCTOR) });
    assert_eq!(grants.encryption_key(id(DOCTOR)), None);
    assert_eq!(grants.revoke_key(), Err(AccessError::NotFound));
    assert_eq!(grants.publish_key([9; 32]), Ok(()));
}

pub fn link(seed: u8) -> Keypair {
    MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

pub fn link_id(seed: u8) -> AccountId {
    link(seed).public.to_bytes().into()
}

/// The link's signature for a provider and a key, as it counts for some access grants.
pub fn signature(seed: u8, grants: AccountId, provider: AccountId, key: [u8; 32]) -> [u8; 64] {
    let [grants, link_account, provider] = [grants, link_id(seed), provider].map(salus_interface::account);
    let signed = redemption(&blake2b_256, grants, link_account, provider, key);
    link(seed).sign_simple(b"substrate", &signed).to_bytes()
}

#[test]
fn a_link_is_redeemed_by_whoever_it_signed_for_and_doing_it_twice_changes_nothing() {
    let mut grants = grants_with_doctor();
    let (link, key) = (link_id(1), [9; 32]);
    let signed = signature(1, contract(), id(DOCTOR), key);
    assert_eq!(grants.redemption(link), None);
    assert_eq!(grants.redeem(link, key, signed), Ok(()));
    assert_eq!(newest::<LinkRedeemed>(), LinkRedeemed { link, provider: id(DOCTOR), key });
    assert_eq!(grants.redemption(link), Some(Redemption { provider: id(DOCTOR), key }));
    let before = count();
    assert_eq!(grants.redeem(link, key, signed), Ok(()));
    assert_eq!(count(), before);
    let other_key = signature(1, contract(), id(DOCTOR), [8; 32]);
    assert_eq!(grants.redeem(link, [8; 32], other_key), Err(AccessError::AlreadyRedeemed));

    calls(id(AUTHORITY));
    grants.credential(id(STRANGER), id(HOSPITAL), Role::Nurse.into(), LATER).unwrap();
    calls(id(STRANGER));
    assert_eq!(grants.redeem(link, key, signed), Err(AccessError::BadSignature), "it signed for another");
    let second = signature(1, contract(), id(STRANGER), key);
    assert_eq!(grants.redeem(link, key, second), Err(AccessError::AlreadyRedeemed));
    assert_eq!(grants.redemption(link), Some(Redemption { provider: id(DOCTOR), key }));
}

#[test]
fn a_redemption_of_which_anything_was_changed_is_refused() {
    let mut grants = grants_with_doctor();
    let (key, before) = ([9; 32], count());
    let good = signature(1, contract(), id(DOCTOR), key);
    let mut forged = good;
    forged[5] ^= 1;
    for (link, key, signed) in [
        (link_id(1), key, forged),
        (link_id(1), key, [0; 64]),
        (link_id(2), key, good),
        (link_id(1), [8; 32], good),
        (link_id(1), key, signature(1, id(0xC1), id(DOCTOR), key)),
        (link_id(1), key, signature(1, contract(), id(STRANGER), key)),
        (id(1), key, good),
    ] {
        assert_eq!(grants.redeem(link, key, signed), Err(AccessError::BadSignature));
    }
    let weak = signature(1, contract(), id(DOCTOR), [0; 32]);
    assert_eq!(grants.redeem(link_id(1), [0; 32], weak), Err(AccessError::WeakKey));
    calls(id(STRANGER));
    let uncredentialed = signature(1, contract(), id(STRANGER), key);
    assert_eq!(grants.redeem(link_id(1), key, uncredentialed), Err(AccessError::NotCredentialed));
    assert_eq!((grants.redemption(link_id(1)), count()), (None, before));
}

/// A u-coordinate by its first byte, those in the middle, and its last.
fn coordinate(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut key = [middle; 32];
    (key[0], key[31]) = (first, last);
    key
}

fn order_8() -> [[u8; 32]; 2] {
    [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ]
    .map(|text| std::array::from_fn(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap()))
}

#[test]
fn each_encoding_of_a_point_of_small_order_is_weak() {
    let mut weak = order_8().to_vec();
    weak.extend([0, 1].map(|first| coordinate(first, 0, 0)));
    weak.extend([0xec, 0xed, 0xee].map(|first| coordinate(first, 0xff, 0x7f)));
    for mut key in weak {
        assert!(is_weak(&key));
        key[31] |= 0x80;
        assert!(is_weak(&key), "the top bit does not count");
    }
}

#[test]
fn what_is_next_to_a_point_of_small_order_is_not_weak() {
    let mut sound = vec![coordinate(2, 0, 0), coordinate(0, 0, 1), coordinate(0, 0, 0x7f), [0xff; 32]];
    sound.extend([0xeb, 0xef].map(|first| coordinate(first, 0xff, 0x7f)));
    sound.extend([0xd9, 0xda, 0xdb].map(|first| coordinate(first, 0xff, 0xff)));
    for mut key in order_8() {
        // Its other encoding, p higher, does not fit into 255 bits.
        key[17] ^= 1;
        sound.push(key);
    }
    for place in 1..31 {
        for (key, bit) in [(coordinate(0, 0, 0), 1), (coordinate(0xed, 0xff, 0x7f), 0x10)] {
            let mut key = key;
            key[place] ^= bit;
            sound.push(key);
        }
    }
    for key in sound {
        assert!(!is_weak(&key), "{key:?}");
    }
}
