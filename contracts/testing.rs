//! What the unit tests of the three contracts share: ink!'s off-chain engine in few words.

#![allow(dead_code, unreachable_pub, reason = "each contract uses a part of it")]

use ink::env::{test, DefaultEnvironment};
use ink::primitives::AccountId;
use salus_domain::time::Timestamp;
use salus_interface::event::Event;
use salus_interface::off_chain;
use scale::DecodeAll;
use std::fmt::Debug;

/// An account that is `byte` all over.
pub fn id(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

/// The contract under test.
pub fn contract() -> AccountId {
    id(0xC0)
}

/// An empty chain at time 0, on which [`contract`] is one.
pub fn new_chain() {
    test::run_test::<DefaultEnvironment, _>(|_| {
        test::set_callee::<DefaultEnvironment>(contract());
        Ok(())
    })
    .unwrap();
}

/// From now on `caller` calls.
pub fn calls(caller: AccountId) {
    test::set_caller::<DefaultEnvironment>(caller);
}

/// The time is now `now`.
pub fn at(now: Timestamp) {
    test::set_block_timestamp::<DefaultEnvironment>(now.0);
}

/// How many events there are.
pub fn count() -> usize {
    test::recorded_events().count()
}

/// Every event of this kind, the oldest first.
pub fn events<E: Event + ink::env::Event>() -> Vec<E> {
    let signature = E::SIGNATURE_TOPIC.unwrap();
    test::recorded_events()
        .filter(|event| event.topics.first().is_some_and(|topic| *topic == signature))
        .map(|event| E::decode_all(&mut event.data.as_slice()).unwrap())
        .collect()
}

/// The newest event, which is of this kind.
pub fn newest<E: Event + ink::env::Event>() -> E {
    let newest = test::recorded_events().last().unwrap();
    assert_eq!(newest.topics[0], E::SIGNATURE_TOPIC.unwrap(), "the newest event is {}", E::NAME);
    E::decode_all(&mut newest.data.as_slice()).unwrap()
}

/// Writes into a cell of a storage item that a test made with `default()`.
pub fn write_cell(
    mapping: &str,
    key: impl scale::Encode,
    value: &(impl scale::Encode + ink::storage::traits::Storable),
) {
    ink::env::set_contract_storage(&(ink::primitives::KeyComposer::from_str(mapping), key), value);
}

/// What an account has.
pub fn balance(of: AccountId) -> u128 {
    test::get_account_balance::<DefaultEnvironment>(of).unwrap_or(0)
}

/// From now on an account has that much.
pub fn owns(account: AccountId, amount: u128) {
    test::set_account_balance::<DefaultEnvironment>(account, amount);
}

/// Does something with so much sent along, which goes from the caller to [`contract`] where it is not refused.
pub fn paying<T, E>(caller: AccountId, value: u128, message: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    calls(caller);
    test::set_value_transferred::<DefaultEnvironment>(value);
    let done = message();
    test::set_value_transferred::<DefaultEnvironment>(0);
    if done.is_ok() {
        owns(caller, balance(caller) - value);
        owns(contract(), balance(contract()) + value);
    }
    done
}

/// How many bytes a cell of a mapping holds, by the encoding of its key there.
pub fn cell_size(mapping: &str, key: &[u8]) -> Option<usize> {
    struct Encoded<'a>(&'a [u8]);
    impl scale::Encode for Encoded<'_> {
        fn encode_to<T: scale::Output + ?Sized>(&self, to: &mut T) {
            to.write(self.0);
        }
    }
    let cell = (ink::primitives::KeyComposer::from_str(mapping), Encoded(key));
    ink::env::contains_contract_storage(&cell).map(|size| size as usize)
}

/// Carries a message out as a chain does: where it is refused, every cell is what it was.
pub fn message<T, E>(message: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let before = off_chain::dump();
    let done = message();
    if done.is_err() {
        off_chain::restore(&before);
    }
    done
}

/// A message is refused before it has written or told anything.
pub fn refused<T: PartialEq + Debug, E: PartialEq + Debug>(message: impl FnOnce() -> Result<T, E>, why: E) {
    let (cells, events) = (off_chain::dump(), count());
    assert_eq!(message(), Err(why));
    assert_eq!(off_chain::dump(), cells, "a refused message writes nothing");
    assert_eq!(count(), events, "a refused message tells nothing");
}

/// A message is refused after it has written, which a chain takes back.
pub fn taken_back<T: PartialEq + Debug, E: PartialEq + Debug>(call: impl FnOnce() -> Result<T, E>, why: E) {
    assert_eq!(message(call), Err(why));
}
