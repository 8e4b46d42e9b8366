//! See [`salus_fuzz::audit::merkle`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::audit::merkle(data));
