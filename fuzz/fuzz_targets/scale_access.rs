//! See [`salus_fuzz::scale::access`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::scale::access(data));
