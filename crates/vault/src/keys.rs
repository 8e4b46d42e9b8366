//! X25519 key pairs of recipients.

use std::{fmt, str::FromStr};

use crate::{random::random, record::parse_hex32, suite, VaultError};

/// The public key of a recipient: the 32 bytes of an X25519 point (RFC 7748 section 5). Text form: 64 lower-case
/// hexadecimal digits (upper case is read too).
///
/// Any 32 bytes can be held; whether they can be wrapped for is decided on wrapping
/// ([`VaultError::InvalidPublicKey`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncryptionPublicKey([u8; 32]);

impl EncryptionPublicKey {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the bytes are the one encoding of their point that a recipient derives from its private key: below
    /// 2^255 - 19, little endian. Wrapping for another encoding would give an envelope nobody can open, because HPKE
    /// binds the bytes of the key.
    pub(crate) fn is_canonical(&self) -> bool {
        let [lowest, middle @ .., highest] = &self.0;
        let at_least_p = *highest == 0x7f && *lowest >= 0xed && middle.iter().all(|byte| *byte == 0xff);
        *highest <= 0x7f && !at_least_p
    }
}

impl From<[u8; 32]> for EncryptionPublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for EncryptionPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for EncryptionPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionPublicKey({self})")
    }
}

impl FromStr for EncryptionPublicKey {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex32(text).map(Self)
    }
}

/// A recipient's key pair. The private half is wiped when dropped, never printed and never given out: to have a pair
/// again later, keep its seed.
pub struct EncryptionKeyPair {
    secret: suite::PrivateKey,
    public: EncryptionPublicKey,
}

impl EncryptionKeyPair {
    /// A new pair from the operating system's randomness.
    ///
    /// Errors: [`VaultError::NoRandomness`].
    pub fn generate() -> Result<Self, VaultError> {
        Ok(Self::from_seed(&*random::<32>()?))
    }

    /// The pair that `DeriveKeyPair` (RFC 9180 section 7.1.3) makes of 32 bytes of input keying material, which need
    /// the full 256 bits of entropy: a chain account's secret will do, a password will not.
    pub fn from_seed(ikm: &[u8; 32]) -> Self {
        let (secret, public) = suite::derive_key_pair(ikm);
        Self { secret, public: public.into() }
    }

    /// The public half.
    pub fn public_key(&self) -> EncryptionPublicKey {
        self.public
    }

    pub(crate) fn secret(&self) -> &suite::PrivateKey {
        &self.secret
    }
}

impl fmt::Debug for EncryptionKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}
