//! What the release service and its client read of each other, and what stands in its log.

use parity_scale_codec::Encode;
use salus_domain::ids::{Account, Hash};
use salus_release::entry::Entry;
use salus_release::request::{Asked, Proof, Target};
use salus_release::wire;

/// The request that the seed `signed` is the proof of.
const TARGET: Target = Target { genesis: Hash([1; 32]), access_grants: Account([2; 32]) };
const ASKED: Asked<'static> = Asked { method: "POST", path_and_query: "/v1/releases?a=b", body: b"body" };
const SIGNED: &str = include_str!("../corpus/release_header/signed");

/// An entry of the log.
pub fn entry(data: &[u8]) {
    if let Ok(entry) = Entry::decode_bytes(data) {
        assert_eq!(entry.encode(), data);
    }
}

/// The value of the header `Authorization`.
pub fn header(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(proof) = Proof::parse(text) else { return };
    assert_eq!(Proof::parse(&proof.header()), Ok(proof.clone()));
    if proof.verify(&TARGET, &ASKED).is_some() {
        assert_eq!(Proof::parse(SIGNED), Ok(proof), "a proof was changed and holds");
    }
}

/// The bodies of requests and answers.
pub fn wire(data: &[u8]) {
    use crate::json;
    json::<wire::ReleaseRequest>(data);
    json::<wire::Released>(data);
    json::<wire::EnvelopeChanged>(data);
    json::<wire::Destroyed>(data);
    json::<wire::LogHead>(data);
    json::<wire::Hashes>(data);
    json::<wire::Health>(data);
    json::<wire::Problem>(data);
    for entry in json::<wire::Entries>(data).map(|page| page.entries).unwrap_or_default() {
        let _ = entry.read();
    }
}
