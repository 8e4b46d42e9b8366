//! Vaults by URL.

use std::path::PathBuf;

use url::Url;

use crate::{Vault, VaultError};

impl Vault {
    /// A vault by the URL of where it is: `file:///path` is [`Vault::local`]; with the feature `aws`,
    /// `s3://bucket/prefix` is a bucket in S3 or a store that is compatible with it.
    ///
    /// Of `options` only those count whose name begins with `aws_` in either case, so that `std::env::vars()` will do:
    /// `aws_access_key_id`, `aws_secret_access_key`, `aws_region`, `aws_endpoint` and the other ones of
    /// [`object_store`](https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html). The store
    /// must know `PUT` with `If-None-Match: *`.
    ///
    /// Errors: [`VaultError::InvalidUrl`], [`VaultError::UnsupportedUrl`], [`VaultError::Store`], and those of
    /// [`Vault::local`].
    pub fn from_url<K: AsRef<str>, V: Into<String>>(
        url: &str,
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, VaultError> {
        let invalid = || VaultError::InvalidUrl { url: url.to_owned() };
        let parsed = Url::parse(url).map_err(|_| invalid())?;
        match parsed.scheme() {
            "file" => {
                let folder: PathBuf = parsed.to_file_path().map_err(|()| invalid())?;
                Self::local(folder)
            }
            #[cfg(feature = "aws")]
            "s3" => s3::vault(&parsed, options),
            scheme => {
                // Without the feature nothing takes options.
                drop(options);
                Err(VaultError::UnsupportedUrl { scheme: scheme.to_owned() })
            }
        }
    }
}

#[cfg(feature = "aws")]
mod s3 {
    use std::sync::Arc;

    use object_store::{
        aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut},
        path::Path,
        prefix::PrefixStore,
    };
    use url::Url;

    use crate::{Vault, VaultError};

    pub(super) fn vault<K: AsRef<str>, V: Into<String>>(
        url: &Url,
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Vault, VaultError> {
        // The TLS of this process; where something else has chosen one already, that stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bucket = url.host_str().unwrap_or_default();
        let prefix = Path::from_url_path(url.path()).map_err(object_store::Error::from)?;
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for (name, value) in options {
            let name = name.as_ref().to_ascii_lowercase();
            if let Some(key) = name.starts_with("aws_").then(|| name.parse::<AmazonS3ConfigKey>().ok()).flatten() {
                builder = builder.with_config(key, value);
            }
        }
        let store = builder.with_bucket_name(bucket).with_conditional_put(S3ConditionalPut::ETagMatch).build()?;
        Ok(Vault::new(Arc::new(PrefixStore::new(store, prefix))))
    }
}
