//! Signed orders as a file, on their way from who signs to who relays:
//!
//! ```json
//! {
//!   "format": "salus-orders/1",
//!   "genesis": "0x…",
//!   "contract": "5…",
//!   "orders": [
//!     { "patient": "5…", "proxy": null, "instruction": "0x…", "nonce": 0, "deadline": 1893456000000, "signature": "0x…" }
//!   ]
//! }
//! ```
//!
//! `genesis` is the hash of the chain's genesis block, `contract` the address of the consent registry, `instruction` the
//! SCALE encoding of a [`salus_interface::consent::Instruction`], `deadline` the first moment at which it is too late in
//! Unix milliseconds, `signature` the 64 bytes of [`SignedOrder::signature`]. `proxy` is null where the patient signed.
//! Accounts are SS58, bytes hexadecimal with `0x`. What is signed is [`SignedOrder::signed_bytes`].

use crate::{client_account, ink_account, AccountId32};
use salus_domain::ids::Hash;
use salus_domain::time::Timestamp;
use salus_interface::consent::{Instruction, Order, Place, SignedOrder};
use scale::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};

/// What `format` says.
pub const FORMAT: &str = "salus-orders/1";

/// Why a text is not a file of signed orders. Whether the signatures hold is not asked here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOrders {
    /// It is not the JSON of one.
    #[error("it is not a file of signed orders: {0}")]
    Json(String),
    /// Its format is another one.
    #[error("its format is {0:?}, and {FORMAT:?} is what can be read")]
    Format(String),
    /// The genesis hash is not one.
    #[error("its genesis is not 0x and 64 hexadecimal digits")]
    Genesis,
    /// The instruction of this order cannot be read.
    #[error("the instruction of order {0} is not the encoding of one")]
    Instruction(usize),
    /// The signature of this order cannot be one.
    #[error("the signature of order {0} is not 0x and 128 hexadecimal digits")]
    Signature(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    genesis: String,
    contract: AccountId32,
    orders: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    patient: AccountId32,
    proxy: Option<AccountId32>,
    instruction: String,
    nonce: u32,
    deadline: u64,
    signature: String,
}

/// The file with these orders, as JSON.
#[must_use]
pub fn to_json(place: &Place, orders: &[SignedOrder]) -> serde_json::Value {
    let entry = |signed: &SignedOrder| Entry {
        patient: client_account(signed.order.patient),
        proxy: signed.proxy.map(client_account),
        instruction: hex0x(&signed.order.instruction.encode()),
        nonce: signed.nonce,
        deadline: signed.deadline.0,
        signature: hex0x(&signed.signature),
    };
    let file = File {
        format: FORMAT.to_owned(),
        genesis: hex0x(&place.genesis.0),
        contract: client_account(place.contract),
        orders: orders.iter().map(entry).collect(),
    };
    serde_json::json!(file)
}

/// The orders of a file, and where they count.
///
/// # Errors
/// [`NotOrders`].
pub fn from_json(text: &[u8]) -> Result<(Place, Vec<SignedOrder>), NotOrders> {
    let file: File = serde_json::from_slice(text).map_err(|error| NotOrders::Json(error.to_string()))?;
    if file.format != FORMAT {
        return Err(NotOrders::Format(file.format));
    }
    let genesis = Hash(unhex(&file.genesis).ok_or(NotOrders::Genesis)?);
    let place = Place { genesis, contract: ink_account(&file.contract) };
    let orders = file.orders.into_iter().enumerate().map(|(index, entry)| {
        let instruction = entry.instruction.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        let instruction = instruction.and_then(|bytes| Instruction::decode_all(&mut bytes.as_slice()).ok());
        Ok(SignedOrder {
            order: Order {
                patient: ink_account(&entry.patient),
                instruction: instruction.ok_or(NotOrders::Instruction(index))?,
            },
            proxy: entry.proxy.as_ref().map(ink_account),
            nonce: entry.nonce,
            deadline: Timestamp(entry.deadline),
            signature: unhex(&entry.signature).ok_or(NotOrders::Signature(index))?,
        })
    });
    Ok((place, orders.collect::<Result<_, _>>()?))
}

fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink_primitives::AccountId;
    use salus_domain::codes::{Power, PowerSet};
    use salus_domain::ids::ConsentId;
    use salus_domain::mandate::Mandate;
    use salus_domain::time::Period;

    fn place() -> Place {
        Place { genesis: Hash([1; 32]), contract: AccountId::from([2; 32]) }
    }

    fn order(instruction: Instruction, proxy: Option<[u8; 32]>) -> SignedOrder {
        SignedOrder {
            order: Order { patient: AccountId::from([3; 32]), instruction },
            proxy: proxy.map(AccountId::from),
            nonce: 7,
            deadline: Timestamp(u64::MAX),
            signature: [4; 64],
        }
    }

    #[test]
    fn orders_are_read_as_they_were_written() {
        let mandate = Mandate { powers: PowerSet::of(&[Power::Answer]), period: Period::ALWAYS };
        let orders = [
            order(Instruction::RevokeAll, None),
            order(Instruction::Revoke(ConsentId(5)), Some([6; 32])),
            order(Instruction::NameProxy(AccountId::from([8; 32]), mandate), None),
        ];
        let text = to_json(&place(), &orders).to_string();
        assert_eq!(from_json(text.as_bytes()), Ok((place(), orders.to_vec())));
    }

    #[test]
    fn what_is_no_file_of_orders_is_refused_by_reason() {
        let written = to_json(&place(), &[order(Instruction::RevokeAll, None)]);
        let with = |path: &str, value: serde_json::Value| {
            let mut changed = written.clone();
            *changed.pointer_mut(path).expect("a field of the file") = value;
            from_json(changed.to_string().as_bytes()).err()
        };
        assert_eq!(with("/format", "salus-orders/2".into()), Some(NotOrders::Format("salus-orders/2".into())));
        assert_eq!(with("/genesis", "0x01".into()), Some(NotOrders::Genesis));
        assert_eq!(with("/orders/0/instruction", "0xff".into()), Some(NotOrders::Instruction(0)));
        // An instruction and something behind it.
        assert_eq!(with("/orders/0/instruction", "0x0300".into()), Some(NotOrders::Instruction(0)));
        assert_eq!(with("/orders/0/signature", "0x00".into()), Some(NotOrders::Signature(0)));
        assert!(matches!(with("/orders/0/nonce", (-1).into()), Some(NotOrders::Json(_))));
        assert!(matches!(with("/contract", "5x".into()), Some(NotOrders::Json(_))));
        assert!(matches!(from_json(b"{}"), Err(NotOrders::Json(_))));
        let mut more = written.clone();
        more["orders"][0]["note"] = "x".into();
        assert!(matches!(from_json(more.to_string().as_bytes()), Err(NotOrders::Json(_))));
    }
}
