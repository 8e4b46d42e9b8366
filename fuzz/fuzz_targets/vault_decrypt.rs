//! See [`salus_fuzz::vault::decrypt`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::vault::decrypt(data));
