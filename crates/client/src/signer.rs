//! Who signs. Secrets are taken in here and never printed: errors say what is wrong with them, not what they are.

use std::path::Path;
use std::str::FromStr;
use subxt_signer::sr25519::Keypair;
use subxt_signer::{DeriveJunction, SecretUri};

/// The largest key file that is read, in bytes.
const MAX_KEY_FILE: u64 = 64 * 1024;

/// Why there is no signer.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The secret URI cannot be read.
    #[error("the secret URI cannot be read\n  next: give a mnemonic, a 0x seed or a derivation such as //Alice")]
    BadSuri,
    /// The key file cannot be read.
    #[error("the key file {0} cannot be read: {1}")]
    BadFile(String, String),
    /// The key file is too large to be one.
    #[error("{0} is larger than a key file can be")]
    FileTooLarge(String),
    /// The key file or its password is wrong.
    #[error("the key file {0} cannot be opened\n  next: check that it is a polkadot-js account export (sr25519), and its password")]
    CannotDecrypt(String),
    /// The name cannot be a part of a derivation.
    #[error("{0:?} cannot be the name of a relationship\n  next: give one that is not empty and has no slash")]
    BadRelationship(String),
}

/// The key pair of a secret URI: a mnemonic phrase, a `0x` seed or a development name, with derivations and password, as
/// Substrate's `subkey` has them. The scheme is sr25519.
///
/// # Errors
/// [`SignerError::BadSuri`].
pub fn from_suri(suri: &str) -> Result<Keypair, SignerError> {
    let uri = SecretUri::from_str(suri).map_err(|_| SignerError::BadSuri)?;
    Keypair::from_uri(&uri).map_err(|_| SignerError::BadSuri)
}

/// The key pair of an account that polkadot-js exported as a JSON file.
///
/// # Errors
/// [`SignerError::BadFile`], [`SignerError::FileTooLarge`], [`SignerError::CannotDecrypt`].
pub fn from_polkadot_js(file: &Path, password: &str) -> Result<Keypair, SignerError> {
    let name = file.display().to_string();
    let bad = |error: std::io::Error| SignerError::BadFile(name.clone(), error.to_string());
    if std::fs::metadata(file).map_err(bad)?.len() > MAX_KEY_FILE {
        return Err(SignerError::FileTooLarge(name));
    }
    let json = std::fs::read_to_string(file).map_err(bad)?;
    subxt_signer::polkadot_js_compat::decrypt_json(&json, password).map_err(|_| SignerError::CannotDecrypt(name))
}

/// The key pair with which the holder of `key` meets one other party, for example a hospital: the hard derivation
/// `//salus-relationship//NAME` of a secret URI. Nobody without the secret can tell that two such accounts, or one and the
/// account of `key`, belong together. A name that is a number counts as that number, as in every secret URI.
///
/// # Errors
/// [`SignerError::BadRelationship`].
pub fn for_relationship(key: &Keypair, name: &str) -> Result<Keypair, SignerError> {
    if name.is_empty() || name.contains('/') {
        return Err(SignerError::BadRelationship(name.to_owned()));
    }
    Ok(key.derive(["salus-relationship", name].map(|part| DeriveJunction::from(part).harden())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relationship_is_a_hard_derivation_of_the_secret_uri() -> Result<(), SignerError> {
        let key = from_suri("//Dave")?;
        for name in ["mercy", "42", "Dr. Adams of Mercy Hospital, the eighth floor"] {
            let derived = for_relationship(&key, name)?.public_key().0;
            assert_eq!(derived, from_suri(&format!("//Dave//salus-relationship//{name}"))?.public_key().0, "{name}");
            assert_ne!(derived, key.public_key().0);
        }
        assert_ne!(for_relationship(&key, "mercy")?.public_key().0, for_relationship(&key, "unity")?.public_key().0);
        Ok(())
    }

    #[test]
    fn a_name_that_would_be_another_derivation_is_refused() -> Result<(), SignerError> {
        for name in ["", "a/b", "/soft", "a///password"] {
            let refused = for_relationship(&from_suri("//Dave")?, name);
            assert!(matches!(refused, Err(SignerError::BadRelationship(_))), "{name}");
        }
        Ok(())
    }

    #[test]
    fn development_names_give_the_known_accounts() -> Result<(), SignerError> {
        let alice = from_suri("//Alice")?.public_key().to_account_id();
        assert_eq!(alice.to_string(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
        Ok(())
    }

    #[test]
    fn a_wrong_secret_is_refused_and_not_repeated() {
        let error = from_suri("correct horse battery staple").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("secret URI") && !error.contains("horse"), "{error}");
    }

    #[test]
    fn a_key_file_that_is_not_one_is_refused() {
        assert!(matches!(from_polkadot_js(Path::new("/no/such/file"), ""), Err(SignerError::BadFile(..))));
        assert!(matches!(from_polkadot_js(Path::new("Cargo.toml"), ""), Err(SignerError::CannotDecrypt(_))));
    }
}
