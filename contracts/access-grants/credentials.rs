//! Who may act for whom: authorities, and what they vouched for. Caller and time are arguments.

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::codes::RoleSet;
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessError, Credential, Refusal};
use salus_interface::account;

/// Authorities and credentials.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Credentials {
    authorities: Mapping<AccountId, ()>,
    /// By provider; one for each organisation.
    vouched: Mapping<AccountId, Vec<Credential>>,
}

impl Credentials {
    /// Returns whether it was none before.
    pub fn add_authority(&mut self, authority: AccountId) -> bool {
        self.authorities.insert(authority, &()).is_none()
    }

    /// Fails where it was none.
    pub fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
        self.authorities.take(authority).ok_or(AccessError::NotFound)
    }

    /// Whether `account` may vouch.
    pub fn is_authority(&self, account: AccountId) -> bool {
        self.authorities.contains(account)
    }

    /// The guard of what only authorities may do.
    pub fn ensure_authority(&self, caller: AccountId) -> Result<AccountId, AccessError> {
        if self.is_authority(caller) {
            Ok(caller)
        } else {
            Err(AccessError::NotAuthority)
        }
    }

    /// Adds a credential, or replaces that of the same authority for the same organisation. Does not check the
    /// authority.
    pub fn vouch(&mut self, provider: AccountId, credential: Credential, now: Timestamp) -> Result<(), AccessError> {
        if credential.roles.is_empty() {
            return Err(AccessError::NoRoles);
        }
        if credential.valid_until <= now {
            return Err(AccessError::AlreadyOver);
        }
        let mut credentials = self.of(provider);
        if credentials.len() >= Principal::MAX_ORGANISATIONS {
            // Those that are void or over make room.
            credentials.retain(|known| {
                known.organisation == credential.organisation
                    || (self.is_authority(known.authority) && known.valid_until > now)
            });
        }
        let is_full = credentials.len() >= Principal::MAX_ORGANISATIONS;
        match credentials.iter_mut().find(|known| known.organisation == credential.organisation) {
            // What a removed authority vouched for is void, and holds nobody else back.
            Some(known) if known.authority != credential.authority && self.is_authority(known.authority) => {
                return Err(AccessError::OtherAuthority)
            }
            Some(known) => *known = credential,
            None if is_full => return Err(AccessError::TooManyCredentials),
            None => credentials.push(credential),
        }
        self.vouched.insert(provider, &credentials);
        Ok(())
    }

    /// Suspends or reinstates what `authority` vouched for.
    pub fn suspend(
        &mut self,
        authority: AccountId,
        provider: AccountId,
        organisation: AccountId,
        suspended: bool,
    ) -> Result<(), AccessError> {
        let mut credentials = self.of(provider);
        let known =
            credentials.iter_mut().find(|known| known.organisation == organisation).ok_or(AccessError::NotFound)?;
        if known.authority != authority {
            return Err(AccessError::OtherAuthority);
        }
        known.suspended = suspended;
        self.vouched.insert(provider, &credentials);
        Ok(())
    }

    /// Every credential of `provider`.
    pub fn of(&self, provider: AccountId) -> Vec<Credential> {
        self.vouched.get(provider).unwrap_or_default()
    }

    /// As whom `provider` counts at `now`, or why as nobody: of several reasons the one that is closest to being let in.
    pub fn principal(&self, provider: AccountId, now: Timestamp) -> Result<Principal, Refusal> {
        let mut organisations = Vec::new();
        let mut roles = RoleSet::EMPTY;
        let mut refusal = Refusal::NotCredentialed;
        for credential in self.of(provider) {
            if !self.is_authority(credential.authority) {
                continue;
            }
            if credential.suspended {
                refusal = Refusal::CredentialSuspended;
            } else if credential.valid_until <= now {
                if refusal == Refusal::NotCredentialed {
                    refusal = Refusal::CredentialExpired;
                }
            } else {
                organisations.push(account(credential.organisation));
                roles = roles.union(credential.roles);
            }
        }
        if organisations.is_empty() {
            return Err(refusal);
        }
        Ok(Principal { account: account(provider), organisations, roles })
    }
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
