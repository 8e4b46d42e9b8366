//! How the cells of a mapping are read and written.
//!
//! ink! makes the whole way to a cell and back for each type of key and value: a good part of the code of a contract that has many.
//! Here keys and values become bytes first, and the rest is the same for all. The cells are those of ink!.

use alloc::vec::Vec;
use ink::storage::traits::StorageKey;
use ink::storage::Mapping;
use scale::{Decode, Encode, EncodeLike, Error, Input, Output};

/// The cells of a mapping.
pub trait Cells<K, V: Encode> {
    /// What is in a cell.
    fn read(&self, key: &K) -> Option<V>;
    /// The same, as it is encoded: a contract's memory is not given back, and this takes half.
    fn bytes(&self, key: &K) -> Option<Vec<u8>>;
    /// Writes a cell.
    fn put<Q: EncodeLike<V>>(&mut self, key: &K, value: &Q);
    /// Empties a cell.
    fn delete(&mut self, key: &K);
}

impl<K: Encode, V: Encode + Decode, At: StorageKey> Cells<K, V> for Mapping<K, V, At>
where
    V: ink::storage::traits::Packed,
{
    fn read(&self, key: &K) -> Option<V> {
        let bytes = self.bytes(key)?;
        // A contract decodes what it has encoded itself.
        #[allow(clippy::expect_used, reason = "what was encoded decodes")]
        Some(<V as Decode>::decode(&mut bytes.as_slice()).expect("it was encoded by this contract"))
    }

    fn bytes(&self, key: &K) -> Option<Vec<u8>> {
        read(&cell(At::KEY, key))
    }

    fn put<Q: EncodeLike<V>>(&mut self, key: &K, value: &Q) {
        let mut bytes = empty();
        value.encode_to(&mut bytes);
        put(&cell(At::KEY, key), &bytes);
    }

    fn delete(&mut self, key: &K) {
        ink::env::clear_contract_storage(&Bytes(&cell(At::KEY, key)));
        #[cfg(feature = "std")]
        crate::off_chain::wrote(&cell(At::KEY, key), None);
    }
}

/// The name of a cell: that of the mapping, then the key.
fn cell<K: Encode>(at: u32, key: &K) -> Vec<u8> {
    let mut name = of(at);
    key.encode_to(&mut name);
    name
}

#[inline(never)]
fn of(at: u32) -> Vec<u8> {
    at.encode()
}

#[inline(never)]
fn empty() -> Vec<u8> {
    Vec::new()
}

#[inline(never)]
fn read(cell: &[u8]) -> Option<Vec<u8>> {
    // What does not fit into the buffer was not written.
    ink::env::get_contract_storage::<_, Raw>(&Bytes(cell)).ok().flatten().map(|Raw(bytes)| bytes)
}

#[inline(never)]
fn put(cell: &[u8], value: &[u8]) {
    ink::env::set_contract_storage(&Bytes(cell), &Bytes(value));
    #[cfg(feature = "std")]
    crate::off_chain::wrote(cell, Some(value));
}

/// Makes a cell what it was in a unit test.
#[cfg(feature = "std")]
pub(crate) fn set(cell: &[u8], value: Option<&[u8]>) {
    if let Some(value) = value {
        return put(cell, value);
    }
    ink::env::clear_contract_storage(&Bytes(cell));
    crate::off_chain::wrote(cell, None);
}

/// Bytes that are their own encoding.
struct Bytes<'a>(&'a [u8]);

impl Encode for Bytes<'_> {
    fn encode_to<T: Output + ?Sized>(&self, to: &mut T) {
        to.write(self.0);
    }
}

impl ink::storage::traits::Storable for Bytes<'_> {
    fn encode<T: Output + ?Sized>(&self, to: &mut T) {
        to.write(self.0);
    }

    fn decode<I: Input>(_: &mut I) -> Result<Self, Error> {
        Err("it is only written".into())
    }

    fn encoded_size(&self) -> usize {
        self.0.len()
    }
}

/// All that is left of the input.
pub(crate) struct Raw(pub(crate) Vec<u8>);

impl Decode for Raw {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let length = input.remaining_len()?.ok_or("the length is not known")?;
        let mut bytes = alloc::vec![0; length];
        input.read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl ink::storage::traits::Storable for Raw {
    fn encode<T: Output + ?Sized>(&self, to: &mut T) {
        to.write(&self.0);
    }

    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        <Self as Decode>::decode(input)
    }

    fn encoded_size(&self) -> usize {
        self.0.len()
    }
}
