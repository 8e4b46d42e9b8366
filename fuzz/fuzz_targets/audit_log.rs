//! See [`salus_fuzz::audit::log`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::audit::log(data));
