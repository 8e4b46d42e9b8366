//! Files that users hand to the client.

use salus_client::blake2b_256;
use salus_client::bundle::Bundle;
use salus_client::deployment::Deployment;
use salus_client::relay::{file, is_signed};

/// A file of signed orders.
pub fn orders(data: &[u8]) {
    let Ok((place, orders)) = file::from_json(data) else { return };
    let written = file::to_json(&place, &orders).to_string();
    assert_eq!(file::from_json(written.as_bytes()), Ok((place, orders.clone())));
    for signed in orders.iter().take(2) {
        let _ = is_signed(&place, signed);
    }
}

/// A deployment file.
pub fn deployment(data: &[u8]) {
    let Some(deployment) = crate::json::<Deployment>(data) else { return };
    let _ = (deployment.registry(), deployment.grants(), deployment.claims());
}

/// A contract bundle.
pub fn bundle(data: &[u8]) {
    if let Ok(bundle) = Bundle::parse("bundle", data) {
        assert_eq!(blake2b_256(&bundle.code), bundle.code_hash);
    }
}
