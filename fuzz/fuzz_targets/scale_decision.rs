//! See [`salus_fuzz::scale::decision`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::scale::decision(data));
