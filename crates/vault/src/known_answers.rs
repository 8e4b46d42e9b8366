//! The primitives against published vectors, and the stored format against bytes an independent implementation made
//! from the description in the README.

#![allow(clippy::unwrap_used)]

use chacha20poly1305::{aead::AeadInOut, KeyInit, XChaCha20Poly1305};
use hpke::Serializable;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    client, commit,
    content::Sealer,
    envelope::{self, Envelope},
    key::ContentKey,
    suite, EncryptionKeyPair, EncryptionPublicKey, RecordRef,
};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

// RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
const IKM_E: &str = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
const IKM_R: &str = "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df";
const SK_RM: &str = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
const PK_RM: &str = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
const ENC: &str = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
const PLAINTEXT: &str = "4265617574792069732074727574682c20747275746820626561757479";
const AAD: &str = "436f756e742d30";
const CIPHERTEXT: &str = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";

fn ikm_e(buffer: &mut [u8]) -> Result<(), getrandom::Error> {
    buffer.copy_from_slice(&bytes(IKM_E));
    Ok(())
}

#[test]
fn a_seed_derives_the_key_pair_of_rfc_9180() {
    let pair = EncryptionKeyPair::from_seed(&array(IKM_R));
    // The RFC prints the private key before clamping; the first and last byte are where clamping shows.
    let mut clamped: [u8; 32] = array(SK_RM);
    clamped[0] &= 0xf8;
    clamped[31] = clamped[31] & 0x7f | 0x40;
    assert_eq!(pair.secret().to_bytes().as_slice(), clamped);
    assert_eq!(pair.public_key().to_string(), PK_RM);
}

#[test]
fn the_message_of_rfc_9180_opens() {
    let pair = EncryptionKeyPair::from_seed(&array(IKM_R));
    let opened = suite::open(pair.secret(), &array(ENC), &bytes(INFO), &bytes(AAD), &bytes(CIPHERTEXT)).unwrap();
    assert_eq!(*opened, bytes(PLAINTEXT));
}

#[test]
fn the_message_of_rfc_9180_is_sealed_to_the_same_bytes() {
    let recipient: EncryptionPublicKey = PK_RM.parse().unwrap();
    let (enc, ciphertext) = suite::seal(&recipient, &bytes(INFO), &bytes(AAD), &bytes(PLAINTEXT), ikm_e).unwrap();
    assert_eq!(enc, array::<32>(ENC));
    assert_eq!(ciphertext, bytes(CIPHERTEXT));
}

#[test]
fn the_cipher_matches_the_xchacha_draft() {
    // draft-irtf-cfrg-xchacha-03 appendix A.3.1.
    let key = array("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let nonce = array("404142434445464748494a4b4c4d4e4f5051525354555657");
    let aad = bytes("50515253c0c1c2c3c4c5c6c7");
    let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for \
        the future, sunscreen would be it.";

    let mut buffer = plaintext.to_vec();
    let cipher = XChaCha20Poly1305::new((&key as &[u8; 32]).into());
    let nonce: &[u8; 24] = &nonce;
    let tag = cipher.encrypt_inout_detached(nonce.into(), &aad, buffer.as_mut_slice().into()).unwrap();
    assert_eq!(
        buffer,
        bytes(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52e"
        )
    );
    assert_eq!(tag.as_slice(), bytes("c0875924c1c7987947deafd8780acf49"));

    cipher.decrypt_inout_detached(nonce.into(), &aad, buffer.as_mut_slice().into(), &tag).unwrap();
    assert_eq!(buffer, plaintext);
}

#[test]
fn a_commitment_is_the_documented_hash() {
    let mut salt = [0; 32];
    (0..).zip(&mut salt).for_each(|(value, byte)| *byte = value);
    assert_eq!(
        commit(&salt, b"blood pressure 120/80 mmHg"),
        array("6d29344fecdf7c29780f1eb5692c739112fc61bb09325699f9c1b3d611b868a8")
    );
}

// Made by a Python program from the tables of the README: seed 00..1f, record 11.., version 3, salt 22.., content key
// 33.., nonce prefix 44.., ephemeral seed 55...
const STORED_CONTENT: &str =
    "53564c4300021111111111111111111111111111111111111111111111111111111111111111000000032698bf157337eb85561a\
    f8177a9a48795da06c659143d31b33d5f14b0351bd2d00010000156170706c69636174696f6e2f666869722b6a736f6e44444444\
    444444444444444444444444444444df6a12f935d26f3e91b362a1bfa98c929fd0740029660b25d8695682fadaa9bde795da4eaf\
    55a5ef3460ef06163289c09e3bca5199ccb4971cd08c18e1560dfad92812957834f201a5d0ad632d05";
const STORED_ENVELOPE: &str =
    "53564c4500021111111111111111111111111111111111111111111111111111111111111111000000032698bf157337eb85561a\
    f8177a9a48795da06c659143d31b33d5f14b0351bd2db1f1b840de7a3241b02748cf9b05b74dc8c5e8451298738817bd76aa8ebe\
    8c2b79d32518232dd78292aac6c8e228dadc854a35124bbcb410c24105bb8d4b522f2d1fc3e0cd07f128108abd1b349f1f9565b2\
    0512f2f8a44913d8de531629f2cd89be62f34279f7e791e27e810d10dead";
// The same with 200 000 bytes of content, 00 to fa over and over: four chunks.
const LONG_CONTENT_BYTES: usize = 200_000;
const LONG_OBJECT_SHA256: &str = "f6c8059026d392d0e78d0c073b472d8fac0ff270d49f050c4faa9b986479bb45";

fn stored_record() -> RecordRef {
    RecordRef { record: [0x11; 32].into(), version: 3 }
}

fn stored_recipient() -> EncryptionKeyPair {
    let mut seed = [0; 32];
    (0..).zip(&mut seed).for_each(|(value, byte)| *byte = value);
    EncryptionKeyPair::from_seed(&seed)
}

fn stored_key() -> ContentKey {
    ContentKey::from(Zeroizing::new([0x33; 32]))
}

#[tokio::test]
async fn stored_objects_of_another_implementation_open() {
    let (envelope, content) = (bytes(STORED_ENVELOPE), bytes(STORED_CONTENT));
    let mut out = vec![];
    let recipient = stored_recipient();
    let opening = client::unwrap_and_decrypt(stored_record(), &envelope, content.as_slice(), &recipient, &mut out);
    let unsealed = opening.await.unwrap();
    assert_eq!(out, br#"{"resourceType":"Observation"}"#);
    assert_eq!(unsealed.media_type(), "application/fhir+json");
    assert_eq!(unsealed.salt(), &[0x22; 32]);
    assert_eq!(unsealed.commitment(), commit(&[0x22; 32], &out));
}

#[test]
fn content_is_written_to_the_bytes_of_another_implementation() {
    let sealer = || Sealer::with_nonce(stored_record(), "application/fhir+json", &stored_key(), &[0x44; 19]).unwrap();
    let write = |content: &[u8]| {
        let header = sealer().header().to_vec();
        let plain = [&[0x22; 32], content].concat();
        [header, sealer().encrypt_last(Zeroizing::new(plain)).unwrap()].concat()
    };
    assert_eq!(hex::encode(write(br#"{"resourceType":"Observation"}"#)), STORED_CONTENT);

    let long: Vec<u8> = (0..LONG_CONTENT_BYTES).map(|at| (at % 251) as u8).collect();
    assert_eq!(hex::encode(Sha256::digest(write(&long))), LONG_OBJECT_SHA256);
}

#[test]
fn an_envelope_is_written_to_the_bytes_of_another_implementation() {
    let envelope = envelope::wrap(stored_record(), &stored_recipient().public_key(), &stored_key(), |buffer| {
        buffer.fill(0x55);
        Ok(())
    })
    .unwrap();
    assert_eq!(hex::encode(&envelope), STORED_ENVELOPE);
    let recipient = stored_recipient();
    let read = Envelope::read(&envelope, stored_record(), recipient.public_key()).unwrap();
    assert_eq!(read.unwrap(&recipient).unwrap().as_bytes(), &[0x33; 32]);
}
