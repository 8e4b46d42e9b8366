//! See [`salus_fuzz::scale::domain`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::scale::domain(data));
