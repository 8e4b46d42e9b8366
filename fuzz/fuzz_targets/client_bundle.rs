//! See [`salus_fuzz::client::bundle`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::client::bundle(data));
