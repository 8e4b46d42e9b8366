//! See [`salus_fuzz::client::deployment`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::client::deployment(data));
