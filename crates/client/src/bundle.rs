//! Contract bundles: the `.contract` files that hold a contract's Wasm and metadata.

use sha2::{Digest, Sha256};
use std::path::Path;

/// The largest bundle that is read, in bytes.
const MAX_BUNDLE: u64 = 4 * 1024 * 1024;

/// A contract's code, out of its bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The name of the contract's package, for example `consent-registry`.
    pub name: String,
    /// The Wasm.
    pub code: Vec<u8>,
    /// Its BLAKE2b-256 hash, by which the chain knows it.
    pub code_hash: [u8; 32],
    /// The SHA-256 digest of the bundle file.
    pub sha256: [u8; 32],
}

/// The three bundles of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundles {
    /// `consent_registry.contract`.
    pub consent_registry: Bundle,
    /// `access_grants.contract`.
    pub access_grants: Bundle,
    /// `claims.contract`.
    pub claims: Bundle,
}

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file cannot be read.
    #[error("the bundle {0} cannot be read: {1}\n  next: name the folder that has it with --bundles")]
    Unreadable(String, String),
    /// The file is too large to be one.
    #[error("{0} is larger than a contract bundle can be")]
    TooLarge(String),
    /// The file is not a bundle.
    #[error("{name} is not a contract bundle: {reason}")]
    NotABundle {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Bundle {
    /// Reads a bundle from a file's bytes; `name` is for errors.
    ///
    /// # Errors
    /// [`BundleError::NotABundle`], also where the Wasm does not have the hash that the bundle states.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, BundleError> {
        #[derive(serde::Deserialize)]
        struct File {
            source: Source,
            contract: Contract,
        }
        #[derive(serde::Deserialize)]
        struct Source {
            hash: String,
            wasm: Option<String>,
        }
        #[derive(serde::Deserialize)]
        struct Contract {
            name: String,
        }
        let broken = |reason| BundleError::NotABundle { name: name.to_owned(), reason };
        let file: File = serde_json::from_slice(bytes).map_err(|_| broken("it is not the JSON of one"))?;
        let wasm = file.source.wasm.ok_or_else(|| broken("it has no Wasm"))?;
        let code = unhex(&wasm).ok_or_else(|| broken("its Wasm is not hexadecimal"))?;
        let code_hash = crate::blake2b_256(&code);
        if unhex(&file.source.hash).as_deref() != Some(&code_hash[..]) {
            return Err(broken("its Wasm does not have the hash that it states"));
        }
        Ok(Self { name: file.contract.name, code, code_hash, sha256: Sha256::digest(bytes).into() })
    }

    /// Reads a bundle from a file.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn read(file: &Path) -> Result<Self, BundleError> {
        let name = file.display().to_string();
        let unreadable = |error: std::io::Error| BundleError::Unreadable(name.clone(), error.to_string());
        if std::fs::metadata(file).map_err(unreadable)?.len() > MAX_BUNDLE {
            return Err(BundleError::TooLarge(name));
        }
        Self::parse(&name, &std::fs::read(file).map_err(unreadable)?)
    }
}

impl Bundles {
    /// Reads the three bundles from a folder.
    ///
    /// # Errors
    /// [`BundleError`] of the first that is not right.
    pub fn read(folder: &Path) -> Result<Self, BundleError> {
        Ok(Self {
            consent_registry: Bundle::read(&folder.join("consent_registry.contract"))?,
            access_grants: Bundle::read(&folder.join("access_grants.contract"))?,
            claims: Bundle::read(&folder.join("claims.contract"))?,
        })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        Bundle::parse("x.contract", bytes).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_not_a_bundle_is_refused_by_reason() {
        assert!(refused(b"{").contains("not the JSON"));
        assert!(refused(br#"{"source":{"hash":"0x00"},"contract":{"name":"x"}}"#).contains("no Wasm"));
        assert!(refused(br#"{"source":{"hash":"0x00","wasm":"0xzz"},"contract":{"name":"x"}}"#).contains("hexadecimal"));
        assert!(refused(br#"{"source":{"hash":"0x00","wasm":"0x00"},"contract":{"name":"x"}}"#).contains("hash"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Bundle::read(Path::new("/no/such.contract")).err().map(|error| error.to_string());
        assert!(error.unwrap_or_default().contains("/no/such.contract"));
    }
}
