//! Who signs. Secrets are taken in here and never printed: errors say what is wrong with them, not what they are.

use std::path::Path;
use std::str::FromStr;
use subxt_signer::sr25519::Keypair;
use subxt_signer::SecretUri;

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

#[cfg(test)]
mod tests {
    use super::*;

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
