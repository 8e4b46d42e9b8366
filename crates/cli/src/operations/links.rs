//! Share links: a text that lets whoever has it in, once, to what a patient chose to share.
//!
//! `salus:share/1/<first 4 bytes of the genesis hash, in hex>/<base64url of patient ‖ secret ‖ checksum>`, where the checksum is
//! the first 4 bytes of `BLAKE2b-256("salus/share-link/1" ‖ genesis prefix ‖ patient ‖ secret)`. base64url is that of RFC
//! 4648, section 5, without padding.

use super::keys;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine;
use salus_client::{blake2b_256, domain_account, AccountId32, Chain, Keypair};
use salus_domain::commitment::redemption;
use salus_vault::EncryptionKeyPair;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What every link begins with, whatever its version.
const SCHEME: &str = "salus:share/";
/// The version of links that this program makes, and the only one it reads.
const VERSION: &str = "1";
const CHECKSUM_BYTES: usize = 4;
const PAYLOAD_BYTES: usize = 32 + 32 + CHECKSUM_BYTES;

/// Why a text is not a share link, or not one for this chain. The text itself is a secret and not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not begin like one.
    #[error("that is no share link: one begins with {SCHEME}\n  next: copy all of the link that the patient gave you")]
    NotALink,
    /// It is one of another version.
    #[error("that is a share link of version {0}; this program reads version {VERSION}\n  next: use the version of `salus` that made it")]
    OtherVersion(String),
    /// A part of it is missing, or has characters that no link has.
    #[error("the share link is not complete, or has characters that none has\n  next: copy all of the link that the patient gave you")]
    Incomplete,
    /// A character of it is another one.
    #[error("the share link is damaged: its checksum does not fit\n  next: copy the link anew, or ask the patient for a new one")]
    Damaged,
    /// It is for another chain.
    #[error("the share link is for another chain (genesis {expected}); the node's is {actual}\n  next: check --url")]
    OtherChain {
        /// The beginning of the genesis hash that the link names, in hex.
        expected: String,
        /// The beginning of the node's.
        actual: String,
    },
}

/// A share link. Whoever knows it can redeem it; it is not shown by `Debug`.
#[derive(Clone)]
pub struct Link {
    network: [u8; 4],
    patient: AccountId32,
    secret: Zeroizing<[u8; 32]>,
    keypair: Keypair,
}

impl Link {
    /// A link of `patient`, on the chain with this genesis hash. The secret comes from the operating system's randomness.
    ///
    /// # Errors
    /// Where there is none.
    pub fn generate(genesis: &[u8; 32], patient: AccountId32) -> Result<Self, getrandom::Error> {
        let mut secret = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(secret.as_mut())?;
            let [a, b, c, d, ..] = *genesis;
            if let Some(link) = Self::of([a, b, c, d], patient, secret.clone()) {
                return Ok(link);
            }
        }
    }

    /// `None` where the secret is no seed; each of 32 bytes is one.
    fn of(network: [u8; 4], patient: AccountId32, secret: Zeroizing<[u8; 32]>) -> Option<Self> {
        let keypair = Keypair::from_secret_key(*secret).ok()?;
        Some(Self { network, patient, secret, keypair })
    }

    /// Whose records it is about.
    #[must_use]
    pub const fn patient(&self) -> AccountId32 {
        self.patient
    }

    /// The account that it is on the chain. Consents name the organisation that it stands for.
    #[must_use]
    pub fn account(&self) -> AccountId32 {
        self.keypair.public_key().to_account_id()
    }

    /// The pair to which the keys of the shared records are wrapped.
    #[must_use]
    pub fn encryption_key(&self) -> EncryptionKeyPair {
        keys::encryption_key(&self.keypair, 0)
    }

    /// What redeems it for `provider`: the link's signature.
    #[must_use]
    pub fn sign_for(&self, access_grants: &AccountId32, provider: &AccountId32) -> [u8; 64] {
        let key = *self.encryption_key().public_key().as_bytes();
        let accounts = [access_grants, &self.account(), provider].map(domain_account);
        let [grants, link, provider] = accounts;
        self.keypair.sign(&redemption(&blake2b_256, grants, link, provider, key)).0
    }

    /// Fails where the link is for another chain than the one that is connected.
    ///
    /// # Errors
    /// [`LinkError::OtherChain`].
    pub fn ensure_of(&self, chain: &Chain) -> Result<(), LinkError> {
        let [a, b, c, d, ..] = chain.genesis_hash();
        match self.network == [a, b, c, d] {
            true => Ok(()),
            false => {
                Err(LinkError::OtherChain { expected: hex::encode(self.network), actual: hex::encode([a, b, c, d]) })
            }
        }
    }

    /// The link as text. It is as secret as the records that it opens.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let checksum = checksum(self.network, &self.patient, &self.secret);
        let payload = Zeroizing::new([&self.patient.0[..], &self.secret[..], &checksum[..]].concat());
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(payload.as_slice()));
        Zeroizing::new(format!("{SCHEME}{VERSION}/{}/{}", hex::encode(self.network), encoded.as_str()))
    }
}

fn checksum(network: [u8; 4], patient: &AccountId32, secret: &[u8; 32]) -> [u8; CHECKSUM_BYTES] {
    let input = Zeroizing::new([b"salus/share-link/1".as_slice(), &network, &patient.0, secret].concat());
    let [a, b, c, d, ..] = blake2b_256(&input);
    [a, b, c, d]
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(LinkError::NotALink)?;
        let (version, rest) = rest.split_once('/').ok_or(LinkError::Incomplete)?;
        if version != VERSION {
            // What is no number may be the secret in the wrong place.
            let number: u32 = version.parse().map_err(|_| LinkError::NotALink)?;
            return Err(LinkError::OtherVersion(number.to_string()));
        }
        let (prefix, encoded) = rest.split_once('/').ok_or(LinkError::Incomplete)?;
        let mut network = [0; 4];
        hex::decode_to_slice(prefix, &mut network).map_err(|_| LinkError::Incomplete)?;
        // A longer one is none, and not worth the memory.
        if encoded.len() > PAYLOAD_BYTES * 2 {
            return Err(LinkError::Incomplete);
        }
        let payload = URL_SAFE_NO_PAD.decode(encoded).map(Zeroizing::new).map_err(|_| LinkError::Incomplete)?;
        let (patient, rest) = payload.split_first_chunk::<32>().ok_or(LinkError::Incomplete)?;
        let (secret, found) = rest.split_first_chunk::<32>().ok_or(LinkError::Incomplete)?;
        if found.len() != CHECKSUM_BYTES {
            return Err(LinkError::Incomplete);
        }
        let patient = AccountId32(*patient);
        if checksum(network, &patient, secret) != *found {
            return Err(LinkError::Damaged);
        }
        Self::of(network, patient, Zeroizing::new(*secret)).ok_or(LinkError::Damaged)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("account", &self.account().to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    const PATIENT: AccountId32 = AccountId32([7; 32]);

    fn link() -> Result<Link> {
        Ok(Link::generate(&[0xab; 32], PATIENT)?)
    }

    fn refusal(text: &str) -> Option<LinkError> {
        text.parse::<Link>().err()
    }

    #[test]
    fn a_link_goes_there_and_back() -> Result {
        let link = link()?;
        let again: Link = link.text().parse()?;
        assert_eq!((again.account(), again.patient()), (link.account(), PATIENT));
        assert_eq!(again.encryption_key().public_key(), link.encryption_key().public_key());
        assert_eq!(*again.text(), *link.text());
        assert!(link.text().starts_with("salus:share/1/abababab/"), "{}", *link.text());
        let padded: Link = format!("  {}\n", *link.text()).parse()?;
        assert_eq!(padded.account(), link.account());
        Ok(())
    }

    #[test]
    fn each_character_that_is_exchanged_is_noticed() -> Result {
        let text = link()?.text();
        let begin = "salus:share/1/".len();
        for place in begin..text.len() {
            for other in ['A', '7', '%', 'ö', '/'] {
                let mut characters: Vec<char> = text.chars().collect();
                if characters[place] == other {
                    continue;
                }
                characters[place] = other;
                let changed: String = characters.into_iter().collect();
                // Hexadecimal digits of either case are the same prefix.
                let same = place < begin + 8 && text.eq_ignore_ascii_case(&changed);
                assert!(same || refusal(&changed).is_some(), "place {place}, {other}: {changed}");
            }
        }
        Ok(())
    }

    #[test]
    fn each_beginning_of_a_link_is_refused_as_what_it_is() -> Result {
        let text = link()?.text();
        for end in 0..text.len() {
            let expected = match end {
                0..12 => LinkError::NotALink,
                _ => LinkError::Incomplete,
            };
            let found = refusal(&text[..end]);
            assert_eq!(found, Some(expected), "{end}");
        }
        assert_eq!(refusal(&format!("{}AAAA", *text)), Some(LinkError::Incomplete));
        Ok(())
    }

    #[test]
    fn a_link_of_another_version_or_of_something_else_is_told_apart() {
        assert_eq!(refusal("salus:share/2/abababab/AAAA"), Some(LinkError::OtherVersion("2".into())));
        assert_eq!(refusal("salus:share/secret/abababab/AAAA"), Some(LinkError::NotALink));
        assert_eq!(refusal("https://example.org/"), Some(LinkError::NotALink));
        assert_eq!(refusal(&format!("salus:share/1/abababab/{}", "A".repeat(1 << 20))), Some(LinkError::Incomplete));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_decoder_panic_and_what_it_takes_is_written_the_same(
            version in "[0-9]{0,3}",
            network in "[0-9a-f]{0,9}",
            rest in "\\PC{0,120}",
            encoded in "[A-Za-z0-9_-]{89,93}",
        ) {
            let texts = [
                rest.clone(),
                format!("salus:share/{rest}"),
                format!("salus:share/{version}/{network}/{rest}"),
                format!("salus:share/1/{network}/{encoded}"),
            ];
            for text in texts {
                if let Ok(link) = text.parse::<Link>() {
                    let again = link.text();
                    proptest::prop_assert_eq!(again.as_str(), text.trim());
                }
            }
        }
    }

    #[test]
    fn two_links_have_nothing_in_common_and_neither_is_shown() -> Result {
        let (one, other) = (link()?, link()?);
        assert_ne!(one.account(), other.account());
        let shown = format!("{one:?}");
        let text = one.text();
        let secret = text.rsplit('/').next().ok_or("a secret")?;
        assert!(!shown.contains(secret) && !shown.contains(&hex::encode(&one.secret[..])), "{shown}");
        Ok(())
    }
}
