//! See [`salus_fuzz::release::wire`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::release::wire(data));
