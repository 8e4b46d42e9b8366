//! What a request is signed over, and how its proof travels.

use salus_client::{blake2b_256, domain_account, AccountId32, Keypair};
use salus_domain::ids::{Account, Hash};
use salus_domain::time::Timestamp;
use scale::Encode;
use sha2::{Digest, Sha256};
use subxt_signer::sr25519::{PublicKey, Signature};

/// The scheme of the `Authorization` header.
pub const SCHEME: &str = "Salus";

/// For which chain and which contract a request is meant: what it is signed for cannot be used elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The genesis hash of the chain.
    pub genesis: Hash,
    /// The address of the access grants.
    pub access_grants: Account,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path, and the query with its `?`, as they are sent.
    pub path_and_query: &'a str,
    /// The body; empty where there is none.
    pub body: &'a [u8],
}

/// Who asks, and the signature that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who.
    pub account: AccountId32,
    /// When it was signed, by the caller's clock.
    pub at: Timestamp,
    /// Tells apart two requests that are otherwise the same.
    pub nonce: [u8; 16],
    /// The account's sr25519 signature of [`signed_bytes`].
    pub signature: [u8; 64],
}

/// Why the header is not a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// It does not begin with [`SCHEME`].
    #[error("the scheme is not Salus")]
    Scheme,
    /// There are not four parts, parted by colons.
    #[error("it does not have four parts")]
    Parts,
    /// The first part is not an account in SS58.
    #[error("the account is not in SS58")]
    Account,
    /// The second part is not a number of milliseconds.
    #[error("the time is not a number")]
    Time,
    /// The third part is not 16 bytes in hex.
    #[error("the nonce is not 16 bytes in hex")]
    Nonce,
    /// The fourth part is not 64 bytes in hex.
    #[error("the signature is not 64 bytes in hex")]
    Signature,
}

/// The id of a request:
/// `BLAKE2b-256("salus/request/1" ‖ genesis ‖ access grants ‖ account ‖ method ‖ path and query ‖ SHA-256(body) ‖ time ‖ nonce)`.
/// All is encoded with SCALE, which gives each part its length, as in `salus_domain::commitment`; the time is in Unix
/// milliseconds.
#[must_use]
pub fn request_id(target: &Target, account: Account, asked: &Asked<'_>, at: Timestamp, nonce: [u8; 16]) -> [u8; 32] {
    let body: [u8; 32] = Sha256::digest(asked.body).into();
    let mut input = b"salus/request/1".as_slice().encode();
    (target.genesis, target.access_grants, account).encode_to(&mut input);
    (asked.method, asked.path_and_query, body, at, nonce).encode_to(&mut input);
    blake2b_256(&input)
}

/// What is signed: `"<Bytes>" ‖ id ‖ "</Bytes>"`. Wallets wrap raw bytes like that, so that none of them can be a
/// transaction.
#[must_use]
pub fn signed_bytes(id: [u8; 32]) -> Vec<u8> {
    [b"<Bytes>".as_slice(), &id, b"</Bytes>"].concat()
}

impl Proof {
    /// Signs a request.
    #[must_use]
    pub fn sign(signer: &Keypair, target: &Target, asked: &Asked<'_>, at: Timestamp, nonce: [u8; 16]) -> Self {
        let account = signer.public_key().to_account_id();
        let id = request_id(target, domain_account(&account), asked, at, nonce);
        Self { account, at, nonce, signature: signer.sign(&signed_bytes(id)).0 }
    }

    /// The id of the request that it is for, or `None` where the signature is not the account's.
    #[must_use]
    pub fn verify(&self, target: &Target, asked: &Asked<'_>) -> Option<[u8; 32]> {
        let id = request_id(target, domain_account(&self.account), asked, self.at, self.nonce);
        let signature = Signature(self.signature);
        subxt_signer::sr25519::verify(&signature, signed_bytes(id), &PublicKey(self.account.0)).then_some(id)
    }

    /// The value of the `Authorization` header: `Salus <account>:<time>:<nonce>:<signature>`.
    #[must_use]
    pub fn header(&self) -> String {
        let (nonce, signature) = (hex::encode(self.nonce), hex::encode(self.signature));
        format!("{SCHEME} {}:{}:{nonce}:{signature}", self.account, self.at.0)
    }

    /// Reads the value of the header, whoever it is from.
    ///
    /// # Errors
    /// [`BadProof`].
    pub fn parse(header: &str) -> Result<Self, BadProof> {
        let rest = header.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(' ')).ok_or(BadProof::Scheme)?;
        let parts: Vec<&str> = rest.split(':').collect();
        let [account, at, nonce, signature] = parts.as_slice() else { return Err(BadProof::Parts) };
        Ok(Self {
            account: account.parse().map_err(|_| BadProof::Account)?,
            at: Timestamp(at.parse().map_err(|_| BadProof::Time)?),
            nonce: bytes(nonce).ok_or(BadProof::Nonce)?,
            signature: bytes(signature).ok_or(BadProof::Signature)?,
        })
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::signer;

    proptest::proptest! {
        #[test]
        fn a_foreign_header_is_a_proof_or_refused(header in "(Salus )?[!-~:]{0,40}:[0-9]{0,22}:[0-9a-f]{0,40}:[0-9a-zA-Z]{0,140}") {
            if let Ok(proof) = Proof::parse(&header) {
                proptest::prop_assert_eq!(Proof::parse(&proof.header()), Ok(proof));
            }
        }
    }

    const TARGET: Target = Target { genesis: Hash([1; 32]), access_grants: Account([2; 32]) };
    const ASKED: Asked<'static> = Asked { method: "POST", path_and_query: "/v1/releases?a=b", body: b"body" };
    const AT: Timestamp = Timestamp(1_700_000_000_000);

    fn proof() -> Result<Proof, signer::SignerError> {
        Ok(Proof::sign(&signer::from_suri("//Alice")?, &TARGET, &ASKED, AT, [3; 16]))
    }

    /// Put together by hand, from what the README says.
    #[test]
    fn the_layout_is_what_is_written_down() -> Result<(), signer::SignerError> {
        let account = signer::from_suri("//Alice")?.public_key().0;
        let mut input = vec![15 << 2];
        input.extend_from_slice(b"salus/request/1");
        input.extend_from_slice(&[1; 32]);
        input.extend_from_slice(&[2; 32]);
        input.extend_from_slice(&account);
        input.push(4 << 2);
        input.extend_from_slice(b"POST");
        input.push(16 << 2);
        input.extend_from_slice(b"/v1/releases?a=b");
        input.extend_from_slice(&Sha256::digest(b"body"));
        input.extend_from_slice(&1_700_000_000_000u64.to_le_bytes());
        input.extend_from_slice(&[3; 16]);
        assert_eq!(request_id(&TARGET, Account(account), &ASKED, AT, [3; 16]), blake2b_256(&input));
        Ok(())
    }

    #[test]
    fn a_proof_survives_the_header_and_holds() -> Result<(), Box<dyn std::error::Error>> {
        let proof = proof()?;
        let read = Proof::parse(&proof.header())?;
        assert_eq!(read, proof);
        let id = request_id(&TARGET, domain_account(&proof.account), &ASKED, AT, [3; 16]);
        assert_eq!(read.verify(&TARGET, &ASKED), Some(id));
        Ok(())
    }

    #[test]
    fn a_proof_holds_for_nothing_but_what_was_signed() -> Result<(), Box<dyn std::error::Error>> {
        let proof = proof()?;
        for target in
            [Target { genesis: Hash([9; 32]), ..TARGET }, Target { access_grants: Account([9; 32]), ..TARGET }]
        {
            assert_eq!(proof.verify(&target, &ASKED), None);
        }
        for asked in [
            Asked { method: "PUT", ..ASKED },
            Asked { path_and_query: "/v1/releases?a=c", ..ASKED },
            Asked { body: b"", ..ASKED },
        ] {
            assert_eq!(proof.verify(&TARGET, &asked), None, "{asked:?}");
        }
        let bob = signer::from_suri("//Bob")?.public_key().to_account_id();
        for other in [
            Proof { account: bob, ..proof.clone() },
            Proof { at: Timestamp(AT.0 + 1), ..proof.clone() },
            Proof { nonce: [4; 16], ..proof.clone() },
            Proof { signature: [0; 64], ..proof },
        ] {
            assert_eq!(other.verify(&TARGET, &ASKED), None, "{other:?}");
        }
        Ok(())
    }

    #[test]
    fn a_header_that_is_not_a_proof_is_refused_by_its_part() -> Result<(), Box<dyn std::error::Error>> {
        let header = proof()?.header();
        let parts: Vec<&str> = header.trim_start_matches("Salus ").split(':').collect();
        let with = |at: usize, text: &str| {
            let mut parts = parts.clone();
            parts[at] = text;
            Proof::parse(&format!("Salus {}", parts.join(":"))).err()
        };
        assert_eq!(Proof::parse("Bearer abc").err(), Some(BadProof::Scheme));
        assert_eq!(Proof::parse("Salus a:b:c").err(), Some(BadProof::Parts));
        assert_eq!(Proof::parse(&format!("{header}:")).err(), Some(BadProof::Parts));
        assert_eq!(with(0, "nobody"), Some(BadProof::Account));
        assert_eq!(with(1, "-1"), Some(BadProof::Time));
        assert_eq!(with(2, "ab"), Some(BadProof::Nonce));
        assert_eq!(with(3, "zz"), Some(BadProof::Signature));
        Ok(())
    }
}
