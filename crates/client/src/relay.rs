//! Orders that are signed off line and relayed by somebody else, so that a patient needs no tokens.
//!
//! [`sign`] and [`is_signed`] need no chain. [`submit`] relays many orders, and says of each what became of it. The
//! [`mod@file`] format is how orders get from who signs to who relays.

mod batch;
pub mod file;
mod submit;

pub use submit::{forecast, submit, Expected, Outcome, Outlook, Relayed};

use crate::{blake2b_256, ink_account};
use salus_domain::time::Timestamp;
use salus_interface::consent::{Order, Place, SignedOrder};
use subxt_signer::sr25519::{self, Keypair, PublicKey, Signature};

/// How many bytes a message's input may have: the buffer of the contract.
pub const MAX_INPUT: usize = 32 * 1024;

/// Signs an order, as the patient or, where the key is not the patient's, as a proxy. `nonce` is the signer's next one
/// ([`crate::contracts::ConsentRegistry::nonce`]); from `deadline` on it is too late. Needs no chain.
#[must_use]
pub fn sign(keypair: &Keypair, place: &Place, order: Order, nonce: u32, deadline: Timestamp) -> SignedOrder {
    let signer = ink_account(&keypair.public_key().to_account_id());
    let proxy = Some(signer).filter(|signer| *signer != order.patient);
    let mut signed = SignedOrder { order, proxy, nonce, deadline, signature: [0; 64] };
    signed.signature = keypair.sign(&bytes(place, &signed)).0;
    signed
}

/// Whether the signature is the signer's, for this order at this place. Needs no chain.
#[must_use]
pub fn is_signed(place: &Place, signed: &SignedOrder) -> bool {
    let signer = PublicKey(*signed.signer().as_ref());
    sr25519::verify(&Signature(signed.signature), bytes(place, signed), &signer)
}

fn bytes(place: &Place, signed: &SignedOrder) -> Vec<u8> {
    signed.signed_bytes(&blake2b_256, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::from_suri;
    use ink_primitives::AccountId;
    use salus_domain::ids::{ConsentId, Hash};
    use salus_interface::consent::Instruction;

    type Result = std::result::Result<(), crate::signer::SignerError>;

    fn place() -> Place {
        Place { genesis: Hash([1; 32]), contract: AccountId::from([2; 32]) }
    }

    fn order(patient: &Keypair) -> Order {
        let patient = ink_account(&patient.public_key().to_account_id());
        Order { patient, instruction: Instruction::Revoke(ConsentId(3)) }
    }

    #[test]
    fn what_a_patient_signs_is_the_patients() -> Result {
        let patient = from_suri("//Dave")?;
        let signed = sign(&patient, &place(), order(&patient), 4, Timestamp(5));
        assert_eq!((signed.proxy, signed.nonce, signed.deadline), (None, 4, Timestamp(5)));
        assert!(is_signed(&place(), &signed));
        Ok(())
    }

    #[test]
    fn what_another_signs_is_a_proxys() -> Result {
        let (patient, proxy) = (from_suri("//Dave")?, from_suri("//Eve")?);
        let signed = sign(&proxy, &place(), order(&patient), 0, Timestamp(5));
        assert_eq!(signed.proxy, Some(ink_account(&proxy.public_key().to_account_id())));
        assert!(is_signed(&place(), &signed));
        assert!(!is_signed(&place(), &SignedOrder { proxy: None, ..signed }));
        Ok(())
    }

    #[test]
    fn nothing_of_it_can_be_changed() -> Result {
        let patient = from_suri("//Dave")?;
        let (here, signed) = (place(), sign(&patient, &place(), order(&patient), 4, Timestamp(5)));
        let other = Order { instruction: Instruction::RevokeAll, ..signed.order.clone() };
        let somebody = Order { patient: AccountId::from([9; 32]), ..signed.order.clone() };
        for changed in [
            SignedOrder { order: other, ..signed.clone() },
            SignedOrder { order: somebody, ..signed.clone() },
            SignedOrder { nonce: 5, ..signed.clone() },
            SignedOrder { deadline: Timestamp(6), ..signed.clone() },
            SignedOrder { signature: [0; 64], ..signed.clone() },
        ] {
            assert!(!is_signed(&here, &changed), "{changed:?}");
        }
        assert!(!is_signed(&Place { genesis: Hash([0; 32]), ..here }, &signed));
        assert!(!is_signed(&Place { contract: AccountId::from([0; 32]), ..here }, &signed));
        Ok(())
    }
}
