//! See [`salus_fuzz::audit::proof`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::audit::proof(data));
