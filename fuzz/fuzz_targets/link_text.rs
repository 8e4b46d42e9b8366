//! See [`salus_fuzz::link::text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::link::text(data));
