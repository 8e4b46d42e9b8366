//! The contract bundles that this binary was built with.

use salus_client::bundle::{Bundle, BundleError, Bundles};

/// The suite's bundles, as they stand in `bundles/`.
///
/// # Errors
/// [`BundleError::NotABundle`] where the binary was built with a broken one.
pub fn embedded() -> Result<Bundles, BundleError> {
    Ok(Bundles {
        consent_registry: Bundle::parse(
            "consent_registry.contract",
            include_bytes!("../../../bundles/consent_registry.contract"),
        )?,
        access_grants: Bundle::parse(
            "access_grants.contract",
            include_bytes!("../../../bundles/access_grants.contract"),
        )?,
        claims: Bundle::parse("claims.contract", include_bytes!("../../../bundles/claims.contract"))?,
    })
}
