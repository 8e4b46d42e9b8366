//! What is hashed into an id or a commitment. Only the layouts: the hash function is the caller's, so that a contract
//! can use the chain's host function and a client a library. Both use BLAKE2b-256.

use crate::consent::Consent;
use crate::ids::{Account, ClaimId, CodeTag, Hash, PlanId, RecordId};
use crate::time::Timestamp;
use alloc::vec::Vec;
use scale::Encode;

/// A BLAKE2b-256 function.
pub trait Blake2b256 {
    /// The digest of `input`.
    fn blake2b_256(&self, input: &[u8]) -> [u8; 32];
}

impl<F: Fn(&[u8]) -> [u8; 32]> Blake2b256 for F {
    fn blake2b_256(&self, input: &[u8]) -> [u8; 32] {
        self(input)
    }
}

/// The id of a record: `H("salus/record" ‖ registrant ‖ commitment)`. The registrant is a part of it, so that nobody
/// can take another's id by being first.
pub fn record_id(hash: &impl Blake2b256, registrant: Account, commitment: Hash) -> RecordId {
    RecordId(digest(hash, b"salus/record", &(registrant, commitment)))
}

/// Salted commitment to the document that a consent was made from: `H("salus/consent-source" ‖ salt ‖ document)`.
pub fn consent_source(hash: &impl Blake2b256, salt: [u8; 32], document: &[u8]) -> Hash {
    Hash(digest(hash, b"salus/consent-source", &(salt, document)))
}

/// What a patient agrees to who accepts a proposal: `H("salus/proposal" ‖ consent)`. A proposal that was exchanged in the
/// meantime has another one.
pub fn proposal(hash: &impl Blake2b256, consent: &Consent) -> Hash {
    Hash(digest(hash, b"salus/proposal", consent))
}

/// What is signed off line to be relayed: `"<Bytes>" ‖ H("salus/order/1" ‖ order) ‖ "</Bytes>"`, where `order` begins with
/// the genesis hash of the chain and the address of the contract. Wallets wrap raw bytes like that, so that none of them
/// can be a transaction.
pub fn order(hash: &impl Blake2b256, order: &impl Encode) -> Vec<u8> {
    [b"<Bytes>".as_slice(), &digest(hash, b"salus/order/1", order), b"</Bytes>"].concat()
}

/// The organisation that whoever redeems a share link becomes a member of: `H("salus/link" ‖ link)`. It is no account that
/// anybody has the key of, so that no organisation can pass as one by signing a redemption.
pub fn link_group(hash: &impl Blake2b256, link: Account) -> Account {
    Account(digest(hash, b"salus/link", &link))
}

/// What a share link signs for whoever redeems it: `H("salus/redemption/1" ‖ access grants ‖ link ‖ provider ‖ key)`. A link's
/// key signs nothing else.
pub fn redemption(
    hash: &impl Blake2b256,
    access_grants: Account,
    link: Account,
    provider: Account,
    key: [u8; 32],
) -> [u8; 32] {
    digest(hash, b"salus/redemption/1", &(access_grants, link, provider, key))
}

/// Salted commitment to the words in which a provider states an emergency: `H("salus/emergency" ‖ salt ‖ words)`.
pub fn statement(hash: &impl Blake2b256, salt: [u8; 32], words: &str) -> Hash {
    Hash(digest(hash, b"salus/emergency", &(salt, words)))
}

/// Salted commitment to the words of an appeal, of its answer, of a ruling or of a reversal:
/// `H("salus/appeal" ‖ salt ‖ words)`.
pub fn appeal_statement(hash: &impl Blake2b256, salt: [u8; 32], words: &str) -> Hash {
    Hash(digest(hash, b"salus/appeal", &(salt, words)))
}

/// The id of a claim: `H("salus/claim-id" ‖ plan ‖ provider ‖ reference)`. Its provider knows it before it is submitted.
pub fn claim_id(hash: &impl Blake2b256, plan: PlanId, provider: Account, reference: Hash) -> ClaimId {
    ClaimId(digest(hash, b"salus/claim-id", &(plan, provider, reference)))
}

/// What a claim keeps of what was claimed and decided: `H("salus/filing" ‖ filing)`.
pub fn filing(hash: &impl Blake2b256, filing: &impl Encode) -> Hash {
    Hash(digest(hash, b"salus/filing", filing))
}

/// Salted commitment to a procedure code: the first 16 bytes of `H("salus/code" ‖ key ‖ system ‖ code)`. Everybody in
/// the consortium that shares the key gets the same tag; nobody else can tell which code it is.
pub fn code_tag(hash: &impl Blake2b256, key: &[u8; 32], system: &str, code: &str) -> CodeTag {
    let digest = digest(hash, b"salus/code", &(key, system, code));
    let mut tag = [0; 16];
    for (to, from) in tag.iter_mut().zip(digest) {
        *to = from;
    }
    CodeTag(tag)
}

/// The part of the nullifier that all lines of one day share: `H("salus/service-day" ‖ key ‖ member ‖ provider ‖ date)`.
/// Together with a line's [`CodeTag`] it is the line's nullifier: the same service cannot be claimed twice, whichever
/// insurer of the consortium it is claimed from.
pub fn service_day(hash: &impl Blake2b256, key: &[u8; 32], member: &str, provider: &str, date: Timestamp) -> Hash {
    Hash(digest(hash, b"salus/service-day", &(key, member, provider, date)))
}

/// Keyed commitment to the number that a provider gave a claim (FHIR `Claim.identifier`):
/// `H("salus/claim" ‖ key ‖ system ‖ value)`.
pub fn claim_reference(hash: &impl Blake2b256, key: &[u8; 32], system: &str, value: &str) -> Hash {
    Hash(digest(hash, b"salus/claim", &(key, system, value)))
}

/// The domain and the fields are encoded with SCALE, which gives each its length: no two layouts have an encoding in
/// common.
fn digest(hash: &impl Blake2b256, domain: &[u8], fields: &impl Encode) -> [u8; 32] {
    let mut input: Vec<u8> = domain.encode();
    fields.encode_to(&mut input);
    hash.blake2b_256(&input)
}
