//! The decoders that read foreign bytes, each as a function of the bytes: it panics where a promise does not hold. Each is
//! a target of libFuzzer in `fuzz_targets/`, with seeds in `corpus/`.
//!
//! What is promised besides that nothing panics: what is read is written back to what was read, what was changed is not
//! accepted, and no more memory is taken than [`MEMORY`].

pub mod audit;
pub mod claims;
pub mod client;
pub mod fhir;
pub mod link;
pub mod release;
pub mod scale;
pub mod vault;

use std::alloc::System;
use std::fmt::Debug;

/// How much memory a program of this crate may have on its heap, in bytes: a thousand times what a seed has. An allocation
/// beyond it fails, and that ends the program. libFuzzer's own memory does not count.
pub const MEMORY: usize = 32 << 20;

#[global_allocator]
static HEAP: cap::Cap<System> = cap::Cap::new(System, MEMORY);

/// Puts bytes to a type's reader of JSON, and what it reads to its writer and its reader again.
fn json<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(data).ok()?;
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, read);
    Some(read)
}
