//! Encryption keys of accounts. Each account has a row of them, numbered, so that one can be exchanged for the next; all
//! follow from the account's secret, and none needs a file of its own.

use super::{account_of, secret_of, OperationError, Suite};
use salus_client::{ink_account, AccountId32, Evidence, Keypair};
use salus_vault::{EncryptionKeyPair, EncryptionPublicKey, RecordRef, Rotation, Vault, VaultError};
use std::collections::BTreeSet;

/// The highest number that a key can have. Looking for a key's number tries them all, which takes a moment.
pub const MAX_NUMBER: u32 = 1_000;

/// What an account's own key is derived by.
const LABEL: &str = "salus-encryption";

/// The account's encryption key with this number. The first has the number 0.
#[must_use]
pub fn encryption_key(account: &Keypair, number: u32) -> EncryptionKeyPair {
    let secret = match number {
        0 => secret_of(account, LABEL),
        number => {
            let path = [LABEL.into(), u64::from(number).to_string()];
            salus_client::blake2b_256(&account.derive(path.map(hard)).public_key().0)
        }
    };
    EncryptionKeyPair::from_seed(&secret)
}

fn hard(part: String) -> subxt_signer::DeriveJunction {
    subxt_signer::DeriveJunction::from(part.as_str()).harden()
}

/// The number of one of the account's keys; `None` where none up to [`MAX_NUMBER`] is it.
#[must_use]
pub fn number_of(account: &Keypair, key: &EncryptionPublicKey) -> Option<u32> {
    (0..=MAX_NUMBER).find(|number| encryption_key(account, *number).public_key() == *key)
}

/// The account's key that opens what is wrapped for one of `recipients`.
#[must_use]
pub fn among(account: &Keypair, recipients: &[EncryptionPublicKey]) -> Option<EncryptionKeyPair> {
    // Most have the first one, and then there is nothing to look for.
    let first = encryption_key(account, 0);
    if recipients.contains(&first.public_key()) {
        return Some(first);
    }
    (1..=MAX_NUMBER).map(|number| encryption_key(account, number)).find(|pair| recipients.contains(&pair.public_key()))
}

/// The encryption key that an account published.
///
/// # Errors
/// [`OperationError::NoEncryptionKey`].
pub async fn published(suite: &Suite, account: &AccountId32) -> Result<EncryptionPublicKey, OperationError> {
    let key = suite.deployment.grants().encryption_key(ink_account(account)).read(&suite.chain).await?;
    key.map(EncryptionPublicKey::from).ok_or_else(|| OperationError::NoEncryptionKey(*account))
}

/// The number of the account's key that is published; `None` where none is.
///
/// # Errors
/// [`OperationError::ForeignKey`] where it is none of the account's.
pub async fn current(suite: &Suite, account: &Keypair) -> Result<Option<u32>, OperationError> {
    let published = match published(suite, &account_of(account)).await {
        Ok(published) => published,
        Err(OperationError::NoEncryptionKey(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    number_of(account, &published).map(Some).ok_or(OperationError::ForeignKey { account: account_of(account) })
}

/// The key that the account wraps for itself with: the one that is published, else the first.
///
/// # Errors
/// As [`current`].
pub async fn own(suite: &Suite, account: &Keypair) -> Result<EncryptionKeyPair, OperationError> {
    Ok(encryption_key(account, current(suite, account).await?.unwrap_or(0)))
}

/// Publishes the account's key with this number, unless it is the one that is published.
///
/// # Errors
/// [`OperationError::Access`].
pub async fn publish(suite: &Suite, account: &Keypair, number: u32) -> Result<Option<Evidence>, OperationError> {
    let key = encryption_key(account, number).public_key();
    let grants = suite.deployment.grants();
    let published = grants.encryption_key(ink_account(&account_of(account))).read(&suite.chain).await?;
    if published == Some(*key.as_bytes()) {
        return Ok(None);
    }
    Ok(Some(grants.publish_key(*key.as_bytes()).submit(&suite.chain, account).await?.evidence))
}

/// The account's pair that opens a record version in the vault.
///
/// # Errors
/// [`VaultError::NoEnvelope`] where none does, and what reading the vault fails with.
pub async fn opener(vault: &Vault, sealed: RecordRef, account: &Keypair) -> Result<EncryptionKeyPair, VaultError> {
    let recipients = vault.recipients(sealed).await?;
    let recipient = encryption_key(account, 0).public_key();
    among(account, &recipients).ok_or(VaultError::NoEnvelope { record: sealed, recipient })
}

/// The numbers below `current` whose keys still have envelopes in the vault: what a rotation has not moved yet.
///
/// # Errors
/// What reading the vault fails with.
pub async fn left_behind(vault: &Vault, account: &Keypair, current: u32) -> Result<Vec<u32>, VaultError> {
    let mut recipients = BTreeSet::new();
    for record in vault.records().await? {
        match vault.recipients(record).await {
            Ok(found) => recipients.extend(found),
            // What cannot be read cannot be moved either: moving the others tells of it.
            Err(VaultError::Store(error)) => return Err(VaultError::Store(error)),
            Err(_) => {}
        }
    }
    Ok((0..current).filter(|number| recipients.contains(&encryption_key(account, *number).public_key())).collect())
}

/// Moves what is wrapped for the keys with the numbers `old` to the key with the number `new`.
///
/// # Errors
/// What reading the vault fails with. What is wrong with a single record is in the [`Rotation`].
pub async fn rotate(vault: &Vault, account: &Keypair, old: &[u32], new: u32) -> Result<Rotation, VaultError> {
    let to = encryption_key(account, new).public_key();
    let mut all = Rotation::default();
    for number in old {
        let rotation = vault.rotate(&encryption_key(account, *number), &to, |_, _| ()).await?;
        all.moved.extend(rotation.moved);
        all.failed.extend(rotation.failed);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::signer::{from_suri, SignerError};

    #[test]
    fn the_first_key_is_the_hard_derivation_of_its_label() -> Result<(), SignerError> {
        let derived = from_suri("//Dave//salus-encryption")?.public_key().0;
        let expected = EncryptionKeyPair::from_seed(&salus_client::blake2b_256(&derived)).public_key();
        assert_eq!(encryption_key(&from_suri("//Dave")?, 0).public_key(), expected);
        Ok(())
    }

    #[test]
    fn a_later_key_is_a_further_hard_derivation_by_its_number() -> Result<(), SignerError> {
        let derived = from_suri("//Dave//salus-encryption//7")?.public_key().0;
        let expected = EncryptionKeyPair::from_seed(&salus_client::blake2b_256(&derived)).public_key();
        assert_eq!(encryption_key(&from_suri("//Dave")?, 7).public_key(), expected);
        Ok(())
    }

    #[test]
    fn a_key_is_found_by_its_public_half_up_to_the_last_number() -> Result<(), SignerError> {
        let dave = from_suri("//Dave")?;
        for number in [0, 1, 42, MAX_NUMBER] {
            assert_eq!(number_of(&dave, &encryption_key(&dave, number).public_key()), Some(number));
        }
        assert_eq!(number_of(&dave, &encryption_key(&dave, MAX_NUMBER + 1).public_key()), None);
        assert_eq!(number_of(&from_suri("//Eve")?, &encryption_key(&dave, 0).public_key()), None);
        Ok(())
    }

    #[test]
    fn whichever_key_a_record_is_wrapped_for_opens_it() -> Result<(), SignerError> {
        let (dave, eve) = (from_suri("//Dave")?, from_suri("//Eve")?);
        let recipients = [encryption_key(&eve, 0).public_key(), encryption_key(&dave, 3).public_key()];
        assert_eq!(among(&dave, &recipients).map(|pair| pair.public_key()), Some(recipients[1]));
        assert!(among(&dave, &recipients[..1]).is_none());
        Ok(())
    }
}
