//! See [`salus_fuzz::client::orders`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::client::orders(data));
