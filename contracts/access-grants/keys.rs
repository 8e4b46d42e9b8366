//! Encryption keys, and share links. The caller is an argument.

use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_interface::access::{AccessError, Redemption};
use salus_interface::Cells;

/// Published keys, and who redeemed which link.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Keys {
    /// Kept as accounts, which have 32 bytes as well: another type would be a kilobyte of code more.
    published: Mapping<AccountId, AccountId>,
    /// By link.
    redeemed: Mapping<AccountId, Redemption>,
}

impl Keys {
    /// Replaces what `account` published before.
    pub fn publish(&mut self, account: AccountId, key: &[u8; 32]) -> Result<(), AccessError> {
        ensure_strong(key)?;
        self.published.put(&account, &AccountId::from(*key));
        Ok(())
    }

    /// Takes the key of `account` back.
    pub fn revoke(&mut self, account: AccountId) -> Result<(), AccessError> {
        self.published.take(account).map(drop).ok_or(AccessError::NotFound)
    }

    /// The key of `account`.
    pub fn of(&self, account: AccountId) -> Option<[u8; 32]> {
        self.published.read(&account).map(|key| *key.as_ref())
    }

    /// Gives the link to whoever comes first; returns whether it is new. `signed` says whether the link signed that.
    pub fn redeem(&mut self, link: AccountId, redemption: &Redemption, signed: bool) -> Result<bool, AccessError> {
        ensure_strong(&redemption.key)?;
        if !signed {
            return Err(AccessError::BadSignature);
        }
        match self.redemption(link) {
            None => {
                self.redeemed.put(&link, redemption);
                Ok(true)
            }
            Some(known) if known == *redemption => Ok(false),
            Some(_) => Err(AccessError::AlreadyRedeemed),
        }
    }

    /// Who redeemed a link.
    pub fn redemption(&self, link: AccountId) -> Option<Redemption> {
        self.redeemed.read(&link)
    }
}

fn ensure_strong(key: &[u8; 32]) -> Result<(), AccessError> {
    if is_weak(key) {
        return Err(AccessError::WeakKey);
    }
    Ok(())
}

/// Whether an X25519 public key is one of those with which every shared secret is zero (RFC 7748, section 6.1): the
/// points of small order, in each of their encodings. The top bit does not count (section 5).
pub fn is_weak(key: &[u8; 32]) -> bool {
    /// The u-coordinates of the two points of order 8.
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
            0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
            0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ],
    ];
    let mut key = *key;
    key[31] &= 0x7f;
    if ORDER_8.contains(&key) {
        return true;
    }
    // The others are near 0 or near p = 2^255 - 19: 0, 1, p - 1, p and p + 1.
    let middle = key.get(1..31).unwrap_or_default();
    let near_zero = key[0] <= 1 && middle.iter().all(|byte| *byte == 0) && key[31] == 0;
    let near_p = (0xec..=0xee).contains(&key[0]) && middle.iter().all(|byte| *byte == 0xff) && key[31] == 0x7f;
    near_zero || near_p
}
