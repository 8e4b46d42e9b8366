//! The HPKE suite of this vault (RFC 9180): DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001,
//! ChaCha20Poly1305 0x0003, base mode, one message per context.
//!
//! `info` and `aad` are free here, so that the suite can be held against the vectors of the RFC; the envelope fixes
//! them.

use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use crate::{
    random::{Entropy, Fill},
    EncryptionPublicKey, VaultError,
};

type SuiteKem = hpke::kem::X25519HkdfSha256;
type SuiteKdf = hpke::kdf::HkdfSha256;
type SuiteAead = hpke::aead::ChaCha20Poly1305;

/// A private key; wiped when dropped.
pub(crate) type PrivateKey = <SuiteKem as Kem>::PrivateKey;

/// Length of an encapsulated key (`Nenc`, section 7.1).
pub(crate) const ENC_BYTES: usize = 32;
/// Length of the authentication tag (`Nt`, section 7.3).
pub(crate) const TAG_BYTES: usize = 16;

/// The message could not be opened with this key, `info` and `aad`.
#[derive(Debug)]
pub(crate) struct NotAuthentic;

/// `DeriveKeyPair` (section 7.1.3).
pub(crate) fn derive_key_pair(ikm: &[u8; 32]) -> (PrivateKey, [u8; 32]) {
    let (secret, public) = SuiteKem::derive_keypair(ikm);
    (secret, public.to_bytes().into())
}

/// `SealBase` (section 6.1): the encapsulated key and the ciphertext with its tag.
///
/// Errors: `InvalidPublicKey`, `NoRandomness`.
pub(crate) fn seal(
    recipient: &EncryptionPublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    fill: Fill,
) -> Result<([u8; ENC_BYTES], Vec<u8>), VaultError> {
    let invalid = || VaultError::InvalidPublicKey { key: *recipient };
    if !recipient.is_canonical() {
        return Err(invalid());
    }
    let public = <SuiteKem as Kem>::PublicKey::from_bytes(recipient.as_bytes()).map_err(|_| invalid())?;
    let mut entropy = Entropy::new(fill);
    let sealed = hpke::single_shot_seal_with_rng::<SuiteAead, SuiteKdf, SuiteKem>(
        &OpModeS::Base,
        &public,
        info,
        plaintext,
        aad,
        &mut entropy,
    );
    // Of the causes hpke knows only an all-zero shared secret remains: a point of low order (section 7.1.4).
    let (enc, ciphertext) = entropy.checked(sealed)?.map_err(|_| invalid())?;
    Ok((enc.to_bytes().into(), ciphertext))
}

/// `OpenBase` (section 6.1).
pub(crate) fn open(
    secret: &PrivateKey,
    enc: &[u8; ENC_BYTES],
    info: &[u8],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let enc = <SuiteKem as Kem>::EncappedKey::from_bytes(enc).map_err(|_| NotAuthentic)?;
    hpke::single_shot_open::<SuiteAead, SuiteKdf, SuiteKem>(&OpModeR::Base, secret, &enc, info, ciphertext, aad)
        .map(Zeroizing::new)
        .map_err(|_| NotAuthentic)
}
