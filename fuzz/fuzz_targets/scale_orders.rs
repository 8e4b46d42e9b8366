//! See [`salus_fuzz::scale::orders`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::scale::orders(data));
