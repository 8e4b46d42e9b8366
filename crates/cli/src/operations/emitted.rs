//! Events as the chain has them, for tests.

use salus_client::{blake2b_256, AccountId32, ContractEvent, Located};
use salus_domain::time::Timestamp;
use salus_interface::event::Event;

/// An event of block 1, which was made at the time 1.
pub fn located<E: Event>(event: &E) -> Located {
    let topics = vec![blake2b_256(E::SIGNATURE.replace(char::is_whitespace, "").as_bytes())];
    let event = ContractEvent { contract: AccountId32([0; 32]), index: 0, topics, data: event.encode() };
    Located { block: 1, time: Timestamp(1), event }
}
