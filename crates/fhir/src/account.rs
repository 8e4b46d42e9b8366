//! Accounts as people write them: SS58 (Substrate's address format) or `0x` and 64 hexadecimal digits.

use blake2::{Blake2b512, Digest};
use salus_domain::ids::Account;
use thiserror::Error;

/// Why a text is not an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccountError {
    /// It begins with `0x`, and 64 hexadecimal digits do not follow.
    #[error("0x must be followed by 64 hexadecimal digits")]
    Hex,
    /// It is not base 58.
    #[error("an SS58 address is written in base 58")]
    Base58,
    /// It is not a network prefix, 32 bytes and a checksum of 2 bytes.
    #[error("an SS58 address of an account has a network prefix, 32 bytes and a checksum of 2 bytes")]
    Length,
    /// The checksum is that of another address: a slip of the pen.
    #[error("the checksum is wrong; check for a typing error")]
    Checksum,
}

/// The account that `text` names. An SS58 address counts whatever network its prefix names: the account is the same.
///
/// # Errors
/// [`AccountError`].
pub fn parse(text: &str) -> Result<Account, AccountError> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut account = [0; 32];
        hex::decode_to_slice(digits, &mut account).map_err(|_| AccountError::Hex)?;
        return Ok(Account(account));
    }
    // An account's address has at most 36 bytes, in base 58 at most 50 characters.
    if text.len() > 50 {
        return Err(AccountError::Length);
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| AccountError::Base58)?;
    // The first byte says how long the prefix is: below 64 it is all of it, below 128 it is the first of two.
    let prefix = match bytes.first() {
        Some(0..64) => 1,
        Some(64..128) => 2,
        _ => return Err(AccountError::Length),
    };
    let (Some(account), Some(checksum), true) =
        (bytes.get(prefix..prefix + 32), bytes.get(prefix + 32..), bytes.len() == prefix + 34)
    else {
        return Err(AccountError::Length);
    };
    let digest = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&bytes[..prefix + 32]).finalize();
    if digest[..2] != *checksum {
        return Err(AccountError::Checksum);
    }
    <[u8; 32]>::try_from(account).map(Account).map_err(|_| AccountError::Length)
}
